"""Read the file of a scenario with the tables that it names, or that it is, into one tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from raastof_geo.errors import Finding, InputError, Place, tell_reason
from raastof_geo.language import Message, list_codes, say_text
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Scalar, find_node, put_node
from raastof_geo.scenario.reading.refusal import explain_errors, find_type
from raastof_geo.scenario.reading.tree import Trail, Tree, plant, read_root
from raastof_geo.scenario.reading.zones import find_beside
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.site import SiteTable
from raastof_geo.scenario.tables.cell import find_kind, make_node
from raastof_geo.scenario.tables.gather import Gathered, Headed
from raastof_geo.scenario.tables.grid import Grid, Spoilt, refuse_table, text_of_cell
from raastof_geo.scenario.tables.heading import (
    SCENARIO,
    SITES,
    check_named,
    find_scope,
    find_trail,
    read_heads,
)
from raastof_geo.scenario.tables.layer import lay_out_frame, lay_out_layers
from raastof_geo.scenario.tables.spreadsheet import read_separated, read_workbook
from raastof_geo.scenario.tables.system import find_system

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

WORKBOOKS, TEXTS = (".xlsx", ".xlsm"), (".csv", ".tsv", ".txt")
LAYERS = (".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".shp", ".fgb")
WHOLE = (*WORKBOOKS, ".gpkg")
"""Endings of files of tables that may be a scenario by themselves."""
_LARGEST_BYTES = 30_000_000
_SAID = tuple(SiteTable.model_fields)


def read_source(
    path: Path, *, anywhere: bool = False, frames: Sequence[gpd.GeoDataFrame | pd.DataFrame] = ()
) -> Tree:
    """Read a scenario in YAML and its tables, or one that is a workbook or a GeoPackage.

    `frames`: more tables of sites. Raises a `ScenarioError`; what is wrong with cells are findings
    of the tree.
    """
    name = path.as_posix()
    if path.suffix.lower() in WHOLE:
        root, tree = nodes.Mapping(Place(name, 1, 1)), Tree(name)
        put_node(root, ("sites",), nodes.Mapping(root.place))
        tables = [(SiteTable(file=Path(path.name)), root.place)]
    else:
        root, tree = read_root(path)
        tables = [*_list_tables(root, tree)]
    reader = _Reader(root, tree, path.parent, anywhere)
    for table, place in tables:
        reader.open(table, place)
    for number, frame in enumerate(frames, 1):
        reader.grids.append((lay_out_frame(frame, f"frame {number}", ""), SiteTable(file=Path())))
    if reader.grids:
        reader.join()
    return plant(root, tree)


def _list_tables(root: nodes.Mapping, tree: Tree) -> Iterator[tuple[SiteTable, Place]]:
    """Take the tables that `sites:` names out of it, each with the place of its file."""
    sites = find_node(root, "sites")
    is_table = isinstance(find_node(sites, "file"), Scalar | nodes.Sequence)
    if not isinstance(sites, nodes.Mapping) or not is_table:
        return
    said = [one for one in sites.entries if isinstance(one[0], Scalar) and one[0].text in _SAID]
    sites.entries = [one for one in sites.entries if one not in said]
    outer = nodes.Mapping(sites.place)
    put_node(outer, ("sites",), nodes.Mapping(sites.place, said))
    draft = plant(outer, Tree(tree.file))
    values, below = draft.values["sites"], ("sites", "file")
    listed = values["file"] if isinstance(values["file"], list) else [values["file"]]
    for number, one in enumerate(listed):
        own = one if isinstance(one, dict) else {"file": one}
        try:
            table = SiteTable.model_validate({**values, "file": None, **own})
            yield table, draft.place((*below, number, "file"))
        except ValidationError as error:
            at: Trail = (*below, number) if isinstance(one, dict) else ("sites",)
            tree.findings += explain_errors(error, draft, SiteTable, below=at)


class _Reader:
    """Opens tables, and joins what they hold to the root of a scenario."""

    def __init__(self, root: nodes.Mapping, tree: Tree, home: Path, anywhere: bool) -> None:
        self.root, self.tree, self.home, self.anywhere = root, tree, home, anywhere
        self.grids: list[tuple[Grid, SiteTable]] = []

    def open(self, table: SiteTable, place: Place) -> None:
        """Read a file into grids; what keeps it from being read is a finding."""
        try:
            find_system(table.crs)
            path = find_beside(self.home.resolve(), table.file, anywhere=self.anywhere)
            every = read_grids(path, (self.home / table.file).as_posix(), table.crs)
            digest = self.tree.digest + hashlib.sha256(path.read_bytes()).hexdigest()
            self.tree.digest = hashlib.sha256(digest.encode()).hexdigest()
            grids = _pick(every, table)
            wrong = [*check_named(table.columns, grids)]
            self._tell(place, *wrong)
            self.grids += [] if wrong else [(one, table) for one in grids]
        except InputError as error:
            self._tell(place, *(one.message for one in error.findings))

    def join(self) -> None:
        """Put what the scenario's own sheet says into the root, and then all of its sites."""
        sheets = []
        for grid, table in self.grids:
            scope = find_scope(grid.sheet) or SITES
            if scope == SCENARIO:
                self._take_scenario(grid)
            elif (heads := read_heads(grid, scope, table.columns)) is not None:
                sheets.append(Headed(grid, scope, heads, table.crs))
            elif any(grid.filled()):
                self._tell(grid.place(0, 0), say_text("tables", "no headings"))
        own, periods = (find_node(self.root, one) for one in ("sites", "periods"))
        said = nodes.Mapping(self.root.place)
        put_node(said, ("periods",), periods or self.root)
        calendar = read_calendar(plant(said, Tree("")).values["periods"])
        known = own if isinstance(own, nodes.Mapping) else nodes.Mapping(self.root.place)
        gathered = Gathered(known, calendar)
        for sheet in sorted(sheets, key=lambda one: one.scope != SITES):
            gathered.take(sheet)
        gathered.finish()
        self.root.entries = [one for one in self.root.entries if one[1] is not own]
        put_node(self.root, ("sites",), gathered.sites)
        self.tree.findings += gathered.mistakes
        self.tree.doubts += gathered.doubts

    def _take_scenario(self, grid: Grid) -> None:
        """Read rows of a key and its value; the first row is the heading."""
        for row in grid.filled():
            key, value, place = (
                text_of_cell(grid.value(row, 0)),
                grid.value(row, 1),
                grid.place(row, 1),
            )
            if row == 0 or not key or not text_of_cell(value):
                continue
            trail = find_trail(key)
            if isinstance(value, Spoilt):
                self._tell(place, value.message)
            elif find_node(self.root, *trail) is not None:
                self._tell(place, say_text("tables", "key twice", key=f"`{key}`"))
            else:
                kind = find_kind(find_type(ScenarioFile, trail), trail[-1])
                node, slips = make_node(value, kind, place)
                self.tree.findings += slips
                put_node(self.root, trail, node)

    def _tell(self, place: Place, *messages: Message) -> None:
        self.tree.findings += [Finding(one, place) for one in messages]


def _pick(grids: list[Grid], table: SiteTable) -> list[Grid]:
    """Take the sheet that is named, else those that are called as tables are, else the first."""
    if table.sheet is None:
        return [one for one in grids if find_scope(one.sheet)] or grids[:1]
    found = [one for one in grids if one.sheet.casefold() == table.sheet.casefold()]
    if not found:
        there = list_codes(one.sheet for one in grids)
        raise refuse_table("no sheet", table.file.name, sheet=f"`{table.sheet}`", there=there)
    return found


def read_grids(path: Path, shown: str, crs: str | None) -> list[Grid]:
    """Read a file of tables by its ending, or raise an `InputError`."""
    ending = path.suffix.lower()
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise refuse_table("large", shown, most=_LARGEST_BYTES // 1_000_000)
        if ending in WORKBOOKS:
            return read_workbook(path, shown)
        if ending in TEXTS:
            return read_separated(path, shown)
        if ending in LAYERS:
            return lay_out_layers(path, shown, find_system(crs))
    except OSError as error:
        raise refuse_table("closed", shown, reason=tell_reason(error)) from error
    raise refuse_table("kind", shown, endings=", ".join((*WORKBOOKS, *TEXTS, *LAYERS)))
