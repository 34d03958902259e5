"""Give tables back with a comment in every cell that is wrong."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raastof_geo.errors import Finding, InputError, Place, refusing
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import Message
from raastof_geo.region.projection import DEGREES
from raastof_geo.scenario.tables.grid import WORKBOOKS, read_grids, text_of_cell
from raastof_geo.scenario.tables.source import WHOLE

if TYPE_CHECKING:
    from openpyxl import Workbook

_AUTHOR = "raastof_geo"
_WIDE, _HIGH_LINE, _LETTERS = 380, 18, 52
"""Width of a comment and height of its lines [px], and letters on a line."""


def mark_tables(findings: Iterable[Finding]) -> list[Path]:
    """Write a workbook beside each table with mistakes: a copy, with comments where they are.

    What has no cell is told in the first one of a workbook. Comments of an earlier check are gone,
    those of others stay. Tables that are no workbooks become one; what cannot be read has no copy.
    """
    by_file: dict[Path, list[tuple[Place, Message]]] = defaultdict(list)
    for place, message in ((one.place, one.message) for one in findings):
        if place and (place.sheet is not None or place.file.lower().endswith(WHOLE)):
            by_file[Path(place.file)].append((place, message))
    books: dict[Path, Workbook] = {}
    for file in filter(Path.is_file, by_file):
        with suppress(InputError), refusing("tables", "no workbook", file=file.name):
            books[file] = _open(file)
    return [_mark(file, book, by_file[file]) for file, book in books.items()]


def _mark(path: Path, book: Workbook, findings: list[tuple[Place, Message]]) -> Path:
    said: dict[Any, list[str]] = defaultdict(list)
    for place, message in findings:
        title = place.sheet if place.sheet in book.sheetnames else book.sheetnames[0]
        said[title, *_upper_left(book[title], place.line, place.column)].append(str(message))
    for (title, row, column), messages in said.items():
        _comment(book[title].cell(row, column), messages)
    ending = path.suffix if path.suffix.lower() in WORKBOOKS else ".xlsx"
    written = io.BytesIO()
    book.save(written)
    stem = path.stem.removesuffix("_marked")
    return write_whole(name_free(path.with_name(f"{stem}_marked{ending}")), written.getvalue())


def _open(path: Path) -> Workbook:
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


def _upper_left(sheet: Any, row: int, column: int) -> tuple[int, int]:
    """Give the cell that holds what a cell shows: that of a merged block is its first."""
    for block in sheet.merged_cells.ranges:
        if block.min_row <= row <= block.max_row and block.min_col <= column <= block.max_col:
            return block.min_row, block.min_col
    return row, column


def _comment(cell: Any, messages: list[str]) -> None:
    from openpyxl.comments import Comment

    there = [cell.comment.text] if cell.comment is not None else []
    text = "\n".join((*there, *dict.fromkeys(messages)))
    lines = text.count("\n") + len(text) // _LETTERS + 3
    cell.comment = Comment(text, _AUTHOR, height=lines * _HIGH_LINE, width=_WIDE)
