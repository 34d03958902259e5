"""Read workbooks and texts with separators into grids."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raastof_geo.language import say_text
from raastof_geo.scenario.tables.grid import MOST_CELLS, Grid, Spoilt, refuse_table

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_MOST_UNPACKED_MB = 200
_SEPARATORS = ";\t,|"
_SUM = re.compile(r"=\s*(?:SUM|SUBTOTAL|SUM\.?IFS?|AGGREGATE)\b", re.IGNORECASE)
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile)
"""What openpyxl and its reader of XML raise at files that are cut short, changed or encrypted."""


def read_workbook(path: Path, shown: str) -> list[Grid]:
    """Read the visible sheets of a workbook, with the values that its formulas had when saved."""
    try:
        with zipfile.ZipFile(path) as package:
            unpacked = sum(one.file_size for one in package.infolist())
        if unpacked > _MOST_UNPACKED_MB * 1_000_000:
            raise refuse_table("unpacked", shown, most=_MOST_UNPACKED_MB)
        import openpyxl

        values, formulas = (openpyxl.load_workbook(path, data_only=one) for one in (True, False))
    except _DAMAGED as error:
        if getattr(error, "findings", None):
            raise
        raise refuse_table("no workbook", shown, problem=str(error)[:200]) from error
    seen = [one for one in values.worksheets if one.sheet_state == "visible"]
    return [_read_sheet(one, formulas[one.title], shown) for one in seen]


def _read_sheet(sheet: Worksheet, formulas: Worksheet, shown: str) -> Grid:
    size = {"rows": sheet.max_row, "columns": sheet.max_column}
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        raise refuse_table("wide", shown, sheet=f"`{sheet.title}`", **size)
    rows: list[list[Any]] = []
    sums = set()
    for number, (row, said) in enumerate(zip(sheet.rows, formulas.rows, strict=False)):
        rows.append([_read_cell(*pair) for pair in zip(row, said, strict=False)])
        texts = [one.value if one.data_type == "f" else None for one in said]
        sums |= {(number, at) for at, one in enumerate(texts) if _SUM.match(str(one))}
    for block in sheet.merged_cells.ranges:
        # What is written once beside several rows holds for each of them.
        for number in range(block.min_row, block.max_row):
            rows[number][block.min_col - 1] = rows[block.min_row - 1][block.min_col - 1]
    return Grid(shown, sheet.title, rows, frozenset(sums))


def _read_cell(cell: Cell, said: Cell) -> Any:
    if cell.data_type == "e":
        return Spoilt(say_text("tables", "error", given=f"`{cell.value}`"))
    if cell.value is None and said.data_type == "f":
        return Spoilt(say_text("tables", "formula", given=f"`{str(said.value)[:60]}`"))
    return cell.value


def read_separated(path: Path, shown: str) -> list[Grid]:
    """Read a text with separators, in UTF-8, UTF-16 or as older Danish systems write (cp1252)."""
    raw, text = path.read_bytes(), None
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("cp1252", "utf-8-sig"):
        with suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
    if text is None or "\0" in text:
        raise refuse_table("no text", shown)
    lines = (line for line in text.splitlines() if any(one in line for one in _SEPARATORS))
    first = next(lines, "")
    separator = max(_SEPARATORS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise refuse_table("no workbook", shown, problem=str(error)) from error
    if sum(map(len, rows)) > MOST_CELLS:
        raise refuse_table("wide", shown, sheet="", rows=len(rows), columns=max(map(len, rows)))
    return [Grid(shown, "", rows)]
