"""Read the file of a scenario with the tables that it names, or that it is, into one tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from raastof_geo.errors import Finding, InputError, Place, tell_reason
from raastof_geo.language import say_text
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Scalar, find_node, put_node
from raastof_geo.scenario.reading.refusal import explain_errors, find_type
from raastof_geo.scenario.reading.tree import Tree, plant, read_root
from raastof_geo.scenario.reading.zones import find_beside
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.table import Table
from raastof_geo.scenario.tables.cell import find_kind, make_node
from raastof_geo.scenario.tables.gather import Sheet, gather_sites
from raastof_geo.scenario.tables.grid import Grid, Unusable, refuse_table, show_cell
from raastof_geo.scenario.tables.heading import SCENARIO, SITES, check_named, find_scope, find_trail, read_heads
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
_SAID = tuple(Table.model_fields)


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
        tables = [(Table(file=Path(path.name)), root.place)]
    else:
        root, tree = read_root(path)
        tables = [*_list_tables(root, tree)]
    reader = _Reader(root, tree, path.parent, anywhere)
    for number, frame in enumerate(frames, 1):
        reader.grids.append((lay_out_frame(frame, f"frame {number}", ""), Table(file=Path())))
    for table, place in tables:
        reader.open(table, place)
    if reader.grids:
        reader.join()
    return plant(root, tree)


def _list_tables(root: nodes.Mapping, tree: Tree) -> Iterator[tuple[Table, Place]]:
    """Take the tables that `sites:` names out of it, each with the place of its file."""
    sites = find_node(root, "sites")
    file = find_node(sites, "file")
    if not isinstance(sites, nodes.Mapping) or not isinstance(file, Scalar | nodes.Sequence):
        return
    said = [one for one in sites.entries if isinstance(one[0], Scalar) and one[0].text in _SAID]
    sites.entries = [one for one in sites.entries if one not in said]
    common = [one for one in said if one[1] is not file]
    for one in file.items if isinstance(file, nodes.Sequence) else [file]:
        own = one.entries if isinstance(one, nodes.Mapping) else [(said[0][0], one)]
        if not isinstance(one, nodes.Mapping):
            own = [(Scalar(one.place, "file", plain=False), one)]
        keys = {key.text for key, _ in own if isinstance(key, Scalar)}
        rest = [pair for pair in common if isinstance(pair[0], Scalar) and pair[0].text not in keys]
        whole = nodes.Mapping(one.place, [*own, *rest])
        outer = nodes.Mapping(one.place, [(Scalar(one.place, "sites", plain=False), whole)])
        draft = plant(outer, Tree(tree.file))
        try:
            yield Table.model_validate(draft.values["sites"]), draft.place(("sites", "file"))
        except ValidationError as error:
            tree.findings += [*draft.findings, *explain_errors(error, draft, Table, below=("sites",))]


class _Reader:
    """Opens tables, and joins what they hold to the root of a scenario."""

    def __init__(self, root: nodes.Mapping, tree: Tree, home: Path, anywhere: bool) -> None:
        self.root, self.tree, self.home, self.anywhere = root, tree, home, anywhere
        self.grids: list[tuple[Grid, Table]] = []

    def open(self, table: Table, place: Place) -> None:
        """Read a file into grids; what keeps it from being read is a finding."""
        try:
            find_system(table.crs)
            path = find_beside(self.home.resolve(), table.file, anywhere=self.anywhere)
            grids = self._pick(read_grids(path, (self.home / table.file).as_posix(), table.crs), table)
            digest = self.tree.digest + hashlib.sha256(path.read_bytes()).hexdigest()
            self.tree.digest = hashlib.sha256(digest.encode()).hexdigest()
            for key, told in check_named(table.columns, SITES, grids):
                self.tree.findings.append(Finding(say_text("tables", "columns", key=key, problem=told), place))
            self.grids += [(one, table) for one in grids]
        except InputError as error:
            self.tree.findings += [Finding(one.message, place) for one in error.findings]

    def _pick(self, grids: list[Grid], table: Table) -> list[Grid]:
        """Take the sheet that is named, else those with names of tables, else the first."""
        if table.sheet is not None:
            found = [one for one in grids if one.sheet.casefold() == table.sheet.casefold()]
            if not found:
                there = ", ".join(f"`{one.sheet}`" for one in grids)
                raise refuse_table("no sheet", table.file.name, sheet=f"`{table.sheet}`", there=there)
            return found
        return [one for one in grids if find_scope(one.sheet)] or grids[:1]

    def join(self) -> None:
        """Put what the scenario's own sheet says into the root, and then the sites of all others."""
        sheets = []
        for grid, table in self.grids:
            scope = find_scope(grid.sheet) or SITES
            if scope == SCENARIO:
                self._take_scenario(grid)
            elif not any(grid.filled()):
                continue
            elif (heads := read_heads(grid, SITES if table.columns else scope, table.columns)) is None:
                self.tree.findings.append(Finding(say_text("tables", "no headings"), grid.place(0, 0)))
            else:
                sheets.append(Sheet(grid, scope, heads, table.crs))
        periods = find_node(self.root, "periods")
        said = nodes.Mapping(self.root.place, [(Scalar(self.root.place, "periods", plain=False), periods or self.root)])
        calendar = read_calendar(plant(said, Tree("")).values["periods"])
        own = find_node(self.root, "sites")
        own = own if isinstance(own, nodes.Mapping) else nodes.Mapping(self.root.place)
        sites, mistakes, doubts = gather_sites(sheets, own, calendar)
        self.root.entries = [one for one in self.root.entries if getattr(one[0], "text", "") != "sites"]
        put_node(self.root, ("sites",), sites)
        self.tree.findings += mistakes
        self.tree.doubts += doubts

    def _take_scenario(self, grid: Grid) -> None:
        """Read rows of a key and its value; the first row is the heading."""
        for row in grid.filled():
            key, value, place = show_cell(grid.value(row, 0)), grid.value(row, 1), grid.place(row, 1)
            if row == 0 or not key or not show_cell(value):
                continue
            if isinstance(value, Unusable):
                self.tree.findings.append(Finding(value.message, place))
                continue
            trail = find_trail(key, ScenarioFile)
            if find_node(self.root, *map(str, trail)) is not None:
                told = say_text("tables", "heading twice", given=f"`{key}`", first=f"`{key}`")
                self.tree.findings.append(Finding(told, place))
                continue
            kind = find_kind(find_type(ScenarioFile, trail), str(trail[-1]))
            node, slips = make_node(value, kind, place)
            self.tree.findings += slips
            put_node(self.root, tuple(map(str, trail)), node)


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

