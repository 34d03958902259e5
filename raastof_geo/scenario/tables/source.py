"""Read the tables that a scenario names, or that it is, into its tree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from raastof_geo.errors import InputError, Place, ScenarioError
from raastof_geo.language import Message, list_codes, say_text
from raastof_geo.scenario.reading.beside import find_beside
from raastof_geo.scenario.reading.refusal import explain_errors, find_type
from raastof_geo.scenario.reading.tree import Trail, Tree, merge_values, read_tree
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.site import SiteTable
from raastof_geo.scenario.tables.cell import find_kind, read_cell
from raastof_geo.scenario.tables.gather import Gatherer
from raastof_geo.scenario.tables.grid import (
    WORKBOOKS,
    Grid,
    lay_out_frame,
    read_grids,
    text_of_cell,
)
from raastof_geo.scenario.tables.heading import SCENARIO, SITES, check_named, find_scope, read_heads

if TYPE_CHECKING:
    from raastof_geo.region.layer import Layer

WHOLE = (*WORKBOOKS, ".gpkg")
"""Endings of files of tables that may be a scenario by themselves."""
_FILE: Trail = ("sites", "file")


def read_source(path: Path, *, anywhere: bool = False, frames: Sequence[Layer] = ()) -> Tree:
    """Read a scenario in YAML and its tables, or one that is a workbook or a GeoPackage.

    `frames`: more tables of sites. Raises a `ScenarioError`; what is wrong with cells are findings
    of the tree.
    """
    if path.suffix.lower() in WHOLE:
        tree = Tree(path.as_posix(), places={(): Place(path.as_posix(), 1, 1)})
        tree.put(_FILE, path.name, tree.place(()))
    else:
        tree = read_tree(path)
        _extend(tree, [path.resolve()], anywhere=anywhere)
    join_tables(tree, path.parent, frames, anywhere=anywhere)
    if tree.findings and tree.values == {"sites": {}}:
        raise ScenarioError(*tree.findings)  # nothing of it was read, so nothing of it is missing
    return tree


def _extend(tree: Tree, above: Sequence[Path], *, anywhere: bool) -> None:
    """Lay a tree over the file that it `extends`, key by key; lists replace as a whole.

    `above`: the files that lead to it, this one last. Each value keeps the place where it stands.
    """
    base, place = tree.values.pop("extends", None), tree.place(("extends",))
    if base is None:
        return
    with tree.telling(place):
        path = find_beside(above[-1].parent, Path(str(base)), anywhere=anywhere)
        if path.resolve() in above:
            raise InputError.saying_text("files beside", "circle", file=f"`{base}`")
        below = read_tree(path, shown_as=Path(tree.file).with_name(str(base)).as_posix())
        _extend(below, [*above, path.resolve()], anywhere=anywhere)
        tree.values = merge_values(below.values, tree.values)
        for told in ("keys", "places", "written"):
            setattr(tree, told, {**getattr(below, told), **getattr(tree, told)})
        tree.findings[:0], tree.doubts[:0] = below.findings, below.doubts
        tree.digest = hashlib.sha256(f"{tree.digest} {below.digest}".encode()).hexdigest()


def join_tables(tree: Tree, home: Path, frames: Sequence[Layer], *, anywhere: bool) -> None:
    """Put what tables say into a tree: those that it names below `sites`, and frames."""
    grids: list[tuple[Grid, SiteTable]] = []
    sites = tree.values.get("sites")
    if isinstance(sites, dict) and isinstance(sites.get("file"), str | list):
        said = {key: sites.pop(key) for key in SiteTable.model_fields if key in sites}
        listed = said["file"] if isinstance(said["file"], list) else [said["file"]]
        for number, one in enumerate(listed):
            grids += _open_table(tree, said, number, one, home, anywhere=anywhere)
    for number, frame in enumerate(frames, 1):
        grids.append((lay_out_frame(frame, f"frame {number}", ""), SiteTable(file=Path())))
    sheets = []
    for grid, table in grids:
        if find_scope(grid.sheet) == SCENARIO:
            _take_scenario(tree, grid)
        elif (headed := read_heads(grid, table)) is not None:
            sheets.append(headed)
        elif grid.filled():
            tree.tell(grid.place(0, 0), say_text("tables", "no headings"))
    gatherer = Gatherer(tree)
    for sheet in sorted(sheets, key=lambda one: one.scope != SITES):
        gatherer.take(sheet)


def _open_table(
    tree: Tree, said: Mapping[str, Any], number: int, one: Any, home: Path, *, anywhere: bool
) -> list[tuple[Grid, SiteTable]]:
    """Read a file into grids; what keeps it from being read is a finding."""
    own = one if isinstance(one, Mapping) else {"file": one}
    try:
        table = SiteTable.model_validate({**said, "file": None, **own})
    except ValidationError as error:
        below: Trail = (*_FILE, number) if isinstance(one, Mapping) else ("sites",)
        tree.findings += explain_errors(error, tree, SiteTable, below=below)
        return []
    place = tree.place((*_FILE, number, "file"))
    with tree.telling(place):
        path = find_beside(home.resolve(), table.file, anywhere=anywhere)
        grids = _pick(read_grids(path, (home / table.file).as_posix(), table.crs), table)
        digest = tree.digest + hashlib.sha256(path.read_bytes()).hexdigest()
        tree.digest = hashlib.sha256(digest.encode()).hexdigest()
        wrong = [*check_named(table.columns, grids)]
        tree.tell(place, *wrong)
        return [] if wrong else [(grid, table) for grid in grids]
    return []


def _take_scenario(tree: Tree, grid: Grid) -> None:
    """Read rows of a key and its value; the first row is the heading."""
    for row in grid.filled():
        key, value = text_of_cell(grid.rows[row][0]), (*grid.rows[row], None)[1]
        trail, place = tuple(key.split(".")), grid.place(row, 1)
        if row == 0 or not key or not text_of_cell(value):
            continue
        if isinstance(value, Message):
            tree.tell(place, value)
        else:
            kind = find_kind(find_type(ScenarioFile, trail), trail[-1])
            with tree.telling(place):
                if tree.put(trail, read_cell(value, kind), place) is not None:
                    tree.tell(place, say_text("tables", "key twice", key=f"`{key}`"))


def _pick(grids: list[Grid], table: SiteTable) -> list[Grid]:
    """Take the sheet that is named, else those that are called as tables are, else the first."""
    if table.sheet is None:
        return [one for one in grids if find_scope(one.sheet)] or grids[:1]
    found = [one for one in grids if one.sheet.casefold() == table.sheet.casefold()]
    if not found:
        told = {"file": f"`{table.file.name}`", "sheet": f"`{table.sheet}`"}
        there = list_codes(one.sheet for one in grids)
        raise InputError.saying_text("tables", "no sheet", there=there, **told)
    return found
