"""Match surplus with need across construction projects, on real roads, with the least emissions.

The door: stations, types and errors, as `__init__.pyi` names them. They are looked up when first
used, so that `import raastof_geo` is quick.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

_ROOMS = {
    alias.name: str(node.module)
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
"""Where each name is defined."""

__all__ = list(_ROOMS)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    raise AttributeError(f"module 'raastof_geo' has no attribute {name!r}")
