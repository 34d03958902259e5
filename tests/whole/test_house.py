"""The house keeps its promises: no circles, no crowded rooms, no names twice, fences round all.

What still stands against a promise is listed by name, so that nothing is added and whoever mends
it strikes it out.
"""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
import networkx as nx
from places import ROOT

HOUSE = ROOT / "raastof_geo"
FREE = {"babel", "geopandas", "numpy", "pandas", "pydantic", "pyproj", "scipy", "shapely"}
"""Libraries that any room may call."""
IMPORTED_AS = {
    "python-docx": "docx",
    "routingkit-cch": "routingkit_cch",
    "ruamel.yaml": "ruamel",
    "xstatic-leaflet": "xstatic",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): ast.parse(path.read_text("utf-8")) for path in HOUSE.rglob("*.py")}


def list_imports(tree: ast.Module) -> Iterator[str]:
    """Every module of ours that is imported, at the top, late or for types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for one in named:
            ours = one.removeprefix("raastof_geo").removeprefix(".")
            if one.startswith("raastof_geo"):
                yield ours if ours in MODULES else ours.rpartition(".")[0]


def list_names(tree: ast.Module) -> Iterator[str]:
    """Public names that a module defines."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            named = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = [one.id for one in targets if isinstance(one, ast.Name)]
        else:
            continue
        yield from (name for name in named if not name.startswith("_"))


def find(kind: type[ast.AST], wanted=lambda _: True) -> list[str]:
    return sorted(
        name
        for name, tree in MODULES.items()
        if any(isinstance(node, kind) and wanted(node) for node in ast.walk(tree))
    )


def test_no_import_goes_in_a_circle():
    """Late imports and those for types are arrows too."""
    arrows = [(name, other) for name, tree in MODULES.items() for other in list_imports(tree)]
    parts = nx.strongly_connected_components(nx.DiGraph(arrows))
    assert sorted(sorted(part) for part in parts if len(part) > 1) == []


def test_no_room_is_crowded_and_each_says_what_it_is():
    """At most 15 modules in a folder, whose first line is a sentence."""
    folders = Counter(path.parent for path in HOUSE.rglob("*.py") if not path.name.startswith("__"))
    assert {str(folder): count for folder, count in folders.items() if count > 15} == {}
    for folder in folders:
        said = (ast.get_docstring(MODULES[name_of(folder / "__init__.py")]) or "").split("\n")[0]
        assert re.fullmatch(r".{20,96}\.", said), f"{folder}: {said!r}"


def test_nothing_reaches_behind_types_and_names():
    """No `__dict__`, no keys of `id()`, no `assert` that a type should have made needless."""
    assert find(ast.Attribute, lambda node: node.attr == "__dict__") == []
    assert find(ast.Call, lambda node: ast.unparse(node.func) == "id") == []
    assert find(ast.Assert) == []


def test_one_name_is_one_thing():
    """No public name is defined by two modules."""
    where = defaultdict(set)
    for module, tree in MODULES.items():
        for name in list_names(tree):
            where[name].add(module)
    assert sorted(name for name, modules in where.items() if len(modules) > 1) == []


def test_the_house_stays_small():
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in HOUSE.rglob("*.py"))
    assert lines < 40_000
    folders = {path.parent for path in HOUSE.rglob("*.py")}
    assert max(len(list(folder.glob("*.py"))) for folder in folders) <= 15


def test_every_library_has_its_fence_or_is_free():
    """A contract in pyproject.toml keeps a library to one room, or the list above frees it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    fenced = {
        library
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["name"].startswith("Fence")
        for library in contract["forbidden_modules"]
    }
    asked = [re.match(r"[\w.-]+", line)[0].lower() for line in project["project"]["dependencies"]]
    assert {IMPORTED_AS.get(name, name) for name in asked} - fenced == FREE
    assert not fenced & FREE
