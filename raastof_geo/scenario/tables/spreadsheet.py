"""Read workbooks and texts with separators into grids."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raastof_geo.errors import InputError
from raastof_geo.language import say_text
from raastof_geo.scenario.tables.grid import Grid, Spoilt, refuse_wide

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_MOST_UNPACKED_MB = 200
_SEPARATORS = ";\t,|"


def read_workbook(path: Path, shown: str) -> list[Grid]:
    """Read the visible sheets of a workbook, with the values that its formulas had when saved."""
    import openpyxl

    with zipfile.ZipFile(path) as package:
        unpacked = sum(one.file_size for one in package.infolist())
    if unpacked > _MOST_UNPACKED_MB * 1_000_000:
        told = {"file": f"`{shown}`", "most": _MOST_UNPACKED_MB}
        raise InputError.saying_text("files beside", "large", **told)
    values, formulas = (openpyxl.load_workbook(path, data_only=one) for one in (True, False))
    seen = [one for one in values.worksheets if one.sheet_state == "visible"]
    return [_read_sheet(one, formulas[one.title], shown) for one in seen]


def _read_sheet(sheet: Worksheet, formulas: Worksheet, shown: str) -> Grid:
    refuse_wide(shown, sheet.title, sheet.max_row, sheet.max_column)
    rows = [
        [_read_cell(*pair) for pair in zip(row, said, strict=False)]
        for row, said in zip(sheet.rows, formulas.rows, strict=False)
    ]
    for block in sheet.merged_cells.ranges:
        # What is written once beside several rows holds for each of them.
        for number in range(block.min_row, block.max_row):
            rows[number][block.min_col - 1] = rows[block.min_row - 1][block.min_col - 1]
    return Grid(shown, sheet.title, rows)


def _read_cell(cell: Cell, said: Cell) -> Any:
    if cell.data_type == "e":
        return Spoilt(say_text("tables", "error", given=f"`{cell.value}`"))
    if cell.value is None and said.data_type == "f":
        return Spoilt(say_text("tables", "formula", given=f"`{str(said.value)[:60]}`"))
    return cell.value


def read_separated(path: Path, shown: str) -> list[Grid]:
    """Read a text with separators, in UTF-8, UTF-16 or as older Danish systems write (cp1252)."""
    raw, text = path.read_bytes(), "\0"
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("cp1252", "utf-8-sig"):
        with suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
    if "\0" in text:
        raise InputError.saying_text("tables", "no text", file=f"`{shown}`")
    lines = (line for line in text.splitlines() if any(one in line for one in _SEPARATORS))
    separator = max(_SEPARATORS, key=next(lines, "").count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    refuse_wide(shown, "", len(rows), max(map(len, rows), default=0))
    return [Grid(shown, "", rows)]
