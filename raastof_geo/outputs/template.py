"""Read templates, scripts and styles of pages: what is put into them is text, never markup."""

from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any
from raastof_geo.language import plain


@lru_cache
def read_template(name: str, **filters: Callable[[Any], str]) -> Any:
    """Read a template by its path in `outputs`; what it lacks when it is rendered is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("raastof_geo.outputs", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": plain, **filters}
    return environment.get_template(name)


@lru_cache
def read_asset(name: str) -> str:
    """Read a script or style by its path in `outputs`."""
    return (resources.files("raastof_geo.outputs") / name).read_text(encoding="utf-8")
