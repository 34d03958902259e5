"""Lay a scenario out as tables that give it again, and give tables back with comments in them."""

import io
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from raastof_geo.errors import Finding, InputError, Place, refusing
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import Language, Message
from raastof_geo.region.projection import DEGREES
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.fault import find_type
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.grid import WORKBOOKS, find_kind, read_grids, text_of_cell
from raastof_geo.scenario.tables.heading import ROLES, SCENARIO, SITES, ColumnKey, list_keys
from raastof_geo.scenario.tables.source import WHOLE
from raastof_geo.units import read_quantity

KEY, VALUE = "key", "value"
_MOST_LEVELS = 3
"""So deep mappings of a scenario are taken apart into rows; what is deeper is a cell of YAML."""
_PARTING = (";", "\n")

Cells = dict[str, Any]
_AUTHOR = "raastof_geo"
_WIDE, _HIGH_LINE, _LETTERS = 380, 18, 52
"""Width of a comment and height of its lines [px], and letters on a line."""


def lay_out(
    scenario: Scenario, into: Path, *, named: Language | None = None
) -> dict[str, list[Cells]]:
    """Give the rows of each table of a scenario by dotted keys, for files in a folder.

    `named`: a language in which entries of the catalogue are named; none: by their ids.
    """
    values: dict[str, Any] = json.loads(json.dumps(scenario.values))
    files = [(values.get("network"), "file"), (values.get("report"), "template")]
    for part, key in (*files, *((zone, "file") for zone in values.get("zones", ()))):
        if isinstance(part, dict) and part.get(key):
            file = os.path.relpath(scenario.home / part[key], into.resolve())
            part[key] = Path(file).as_posix()  # as it is found from that folder
    sites = values.pop("sites")
    tables: dict[str, list[Cells]] = defaultdict(list)
    tables[SCENARIO] = [{KEY: key, VALUE: value} for key, value in _flatten_all(values)]
    for id_, site in sites.items():
        own = {key: value for key, value in site.items() if key not in ROLES.values()}
        below = [(SITES, own)]
        for scope, role in ROLES.items():
            there = site.get(role) or []
            below += [(scope, one) for one in (there if isinstance(there, list) else [there])]
        for scope, said in below:
            keys = list_keys(scope)
            row = {"id": id_, **dict(_flatten(said, keys))}
            amounts = {key: row[key] for key in row if keys[key].kind == "amount"}
            due = {key: read_quantity(one) for key, one in amounts.items()}
            units = {str(one).partition(" ")[2] for one in due.values()}
            if len(units) == 1:  # amounts are numbers, where all of a row have the same unit
                row |= {key: one.value for key, one in due.items()} | {"unit": units.pop()}
            if named is not None:
                row = {key: _name(scenario, keys[key], one, named) for key, one in row.items()}
            tables[scope].append(row)
    return {scope: tables[scope] for scope in (SCENARIO, SITES, *ROLES) if scope in tables}


def _flatten(
    said: Mapping[str, Any], keys: Mapping[str, ColumnKey], above: str = ""
) -> Iterator[tuple[str, Any]]:
    """Give what is said by the dotted keys that a table may have."""
    for key, value in said.items():
        dotted = f"{above}{key}"
        if dotted in keys and value is not None:
            yield dotted, _write(value, keys[dotted].kind)
        elif isinstance(value, dict):
            yield from _flatten(value, keys, f"{dotted}.")


def _flatten_all(said: Mapping[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    """Give what a scenario says by dotted keys, down to some levels."""
    for key, value in said.items():
        trail = *above, key
        dotted = value and isinstance(value, dict) and not any("." in str(one) for one in value)
        if dotted and len(trail) < _MOST_LEVELS:
            yield from _flatten_all(value, *trail)
        else:
            kind = find_kind(find_type(ScenarioFile, trail), key)
            yield ".".join(trail), _write(value, kind)


def _write(value: Any, kind: str) -> Any:
    """Write a value into a cell: lists parted by `;`, years as words, what holds more as YAML."""
    words = isinstance(value, list) and value and all(type(one) in (str, int) for one in value)
    if words and kind == "list" and not any(mark in str(one) for one in value for mark in _PARTING):
        return "; ".join(map(str, value))
    free = isinstance(value, bool) and kind == "free"  # where yes and no would be texts
    if isinstance(value, dict | list) or value is None or free:
        return json.dumps(value, ensure_ascii=False)
    return str(value) if kind == "period" else value  # a spreadsheet would show 2.028


def _name(scenario: Scenario, key: ColumnKey, said: Any, language: Language) -> Any:
    """Write the names of ids, where a name alone is known for the id."""
    if key.section not in Catalogue.model_fields or said[:1] in ("[", "{"):
        return said
    names = scenario.catalogue.names(key.section)
    return "; ".join(name_entry(names, one, language) for one in said.split("; "))


def name_entry(names: Mapping[str, Mapping[str, str]], one: str, language: Language) -> str:
    """Give the name of an entry as a table may hold it; its id, where the name is not its own."""
    name = names.get(one, {}).get(language, "")
    alone = sum(name in called.values() for called in names.values()) == 1 and name not in names
    return name if alone and not any(mark in name for mark in _PARTING) else one


def mark_tables(findings: Iterable[Finding]) -> list[Path]:
    """Write a workbook beside each table with mistakes: a copy, with comments where they are.

    What has no cell is told in the first one of a workbook. Comments of an earlier check are gone,
    those of others stay. Tables that are no workbooks become one; what cannot be read has no copy.
    """
    by_file: dict[Path, list[tuple[Place, Message]]] = defaultdict(list)
    for place, message in ((one.place, one.message) for one in findings):
        if place and (place.sheet is not None or place.file.lower().endswith(WHOLE)):
            by_file[Path(place.file)].append((place, message))
    books: dict[Path, Any] = {}
    for file in filter(Path.is_file, by_file):
        with suppress(InputError), refusing("tables", "no workbook", file=file.name):
            books[file] = _open(file)
    return [_mark(file, book, by_file[file]) for file, book in books.items()]


def _mark(path: Path, book: Any, findings: list[tuple[Place, Message]]) -> Path:
    from openpyxl.comments import Comment

    said: dict[Any, list[str]] = defaultdict(list)
    for place, message in findings:
        title = place.sheet if place.sheet in book.sheetnames else book.sheetnames[0]
        row, column = place.line, place.column
        for block in book[title].merged_cells.ranges:  # the first cell holds what all show
            if block.min_row <= row <= block.max_row and block.min_col <= column <= block.max_col:
                row, column = block.min_row, block.min_col
        said[title, row, column].append(str(message))
    for (title, row, column), messages in said.items():
        cell = book[title].cell(row, column)
        there = [cell.comment.text] if cell.comment is not None else []
        text = "\n".join((*there, *dict.fromkeys(messages)))
        lines = text.count("\n") + len(text) // _LETTERS + 3
        cell.comment = Comment(text, _AUTHOR, height=lines * _HIGH_LINE, width=_WIDE)
    ending = path.suffix if path.suffix.lower() in WORKBOOKS else ".xlsx"
    written = io.BytesIO()
    book.save(written)
    stem = path.stem.removesuffix("_marked")
    return write_whole(name_free(path.with_name(f"{stem}_marked{ending}")), written.getvalue())


def _open(path: Path) -> Any:
    """Open a workbook without our earlier comments, or make one of another table."""
    import openpyxl

    if path.suffix.lower() in WORKBOOKS:
        book = openpyxl.load_workbook(path, keep_vba=path.suffix.lower() == ".xlsm")
        for cell in (cell for sheet in book.worksheets for row in sheet.rows for cell in row):
            if cell.comment is not None and cell.comment.author == _AUTHOR:
                cell.comment = None
        return book
    book = openpyxl.Workbook()
    book.remove(book.active)
    for grid in read_grids(path, path.name, DEGREES):
        sheet = book.create_sheet(grid.sheet or path.stem)
        for row in grid.rows:
            sheet.append([one if isinstance(one, float) else text_of_cell(one) for one in row])
    return book
