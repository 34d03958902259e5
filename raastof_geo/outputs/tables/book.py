"""A workbook that people read on a screen and on paper: its looks, and sheets that grow by rows."""

from __future__ import annotations

import datetime
import io
import math
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from raastof_geo.language import Readable, plain, say
from raastof_geo.scenario.scenario import Scenario

_Look: TypeAlias = Mapping[str, Any]
_MOST_LETTERS = 32_767
_NARROWEST = 9
_WIDEST = ((10, 48), (13, 36), (16, 28), (20, 22), (1_000, 11))
"""The widest column on a sheet of so many: one page wide, it has to stay legible on paper."""
_MOST_HEAD_LINES = 3
_A4 = 9
_LINE, _MOST_LINES = 15.5, 26
"""Height of a line [points], and as many as Excel has room for in a row."""
_THOUSAND = 999.5
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.75, "bottom": 0.65}
"""[inches]"""
_MOST_IN_HEADER = 90
_HEAD, _FILL_IN = "#E3EBF0", "#FFF6CC"
_WORDS = {"text_wrap": True, "align": "left", "indent": 1}
_REGIONS = {"da": ("[$-406]", "d. mmm yyyy"), "en": ("[$-809]", "d mmm yyyy")}
"""So that numbers and days are written as in the language, whatever the reader's system speaks."""


@contextmanager
def open_book(scenario: Scenario, path: Path) -> Iterator[Book]:
    """Give a workbook about a scenario to write sheets into; it is written at the end."""
    as_they_are = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    options = {"in_memory": True, **dict.fromkeys(as_they_are, False)}
    written = io.BytesIO()
    with Workbook(written, options) as workbook:
        first = min(period.start for period in scenario.periods.values())
        created = datetime.datetime.combine(first, datetime.time())
        about = {"title": _text(scenario.said.title)[:250], "author": "raastof_geo"}
        workbook.set_properties(about | {"created": created})
        book = Book(workbook, scenario)
        yield book
        for sheet in book.sheets:
            sheet.close()
    path.write_bytes(written.getvalue())


class Formula(NamedTuple):
    """A formula with the value that it has; `#` in it stands for the row that it is written in."""

    text: str
    value: float | str
    percent: bool = False


def across(columns: Iterable[str], text: str, values: Iterable[float]) -> list[Formula]:
    """Repeat a formula. Returns one for each of some columns, which `@` in it stands for."""
    each = zip(columns, values, strict=True)
    return [Formula(text.replace("@", column), value) for column, value in each]


class Book:
    """A workbook and the looks of its cells."""

    def __init__(self, workbook: Any, scenario: Scenario) -> None:
        self.workbook, self.sheets = workbook, list[Sheet]()
        self.title = _text(scenario.said.title)
        self.region, self.day = _REGIONS[scenario.said.language]
        # Many cells look alike: each look is made once.
        self.look, self.number = lru_cache(1000)(self._look), lru_cache(1000)(self._number)

    def _look(self, **how: Any) -> Any:
        """Make a look of cells. Returns XlsxWriter's format."""
        return self.workbook.add_format({"valign": "top", **how})

    def _number(self, digits: int, **how: Any) -> Any:
        shown = f"{self.region}#,##0.{'0' * digits}".rstrip(".")
        return self.look(num_format=shown, **how)

    def sheet(self, name: Readable, about: Readable = "", reader: Readable = "") -> Sheet:
        """Add a sheet, with what the first sheet says of it: what it holds, and for whom."""
        title = str(name)[:31]
        sheet = Sheet(self, self.workbook.add_worksheet(title), title, about, reader)
        self.sheets.append(sheet)
        return sheet


class Sheet:
    """A sheet that grows row by row, and widens its columns to what stands in them."""

    def __init__(
        self, book: Book, worksheet: Any, name: str, about: Readable, reader: Readable
    ) -> None:
        self.book, self.worksheet, self.name = book, worksheet, name
        self.about, self.reader = about, reader
        self.row = self.columns = self.high = 0
        self.widths = defaultdict[int, int](lambda: _NARROWEST)
        self.heading: tuple[int, Sequence[str]] = 0, ()
        self.to_fill, self.numeric = set[int](), set[int]()
        self.texts: list[tuple[int, int, str]] = []
        self.totalled = False
        self.notes: list[tuple[int, str, Any]] = []

    def heads(
        self, heads: Sequence[Readable], *, freeze: int = 1, to_fill: Collection[Readable] = ()
    ) -> None:
        """Write the head, and keep it in sight; `to_fill` are heads of what readers fill in."""
        self.to_fill = {column for column, head in enumerate(heads) if head in to_fill}
        self.heading = self.row, [str(head) for head in heads]
        for column, text in enumerate(self.heading[1]):
            self._widen(column, _head_width(text))
        self.columns = len(heads)
        self.row += 1
        self.worksheet.freeze_panes(self.row, freeze)
        self.worksheet.repeat_rows(self.row - 1)

    def cells(self, cells: Iterable[Any], *, digits: int = 1, total: bool = False) -> None:
        """Write a row: words, numbers and days as what they are."""
        bold = {"bold": True, "top": int(not self.totalled)} if total else {}
        self.totalled |= total
        column = -1
        for column, value in enumerate(cells):
            if column in self.to_fill and (value is None or value == ""):
                look = self.book.look(bg_color=_FILL_IN)
                self.worksheet.write_blank(self.row, column, None, look)
            elif value is not None:
                self._write(column, value, digits, bold)
        self.columns = max(self.columns, column + 1)
        self.row += 1

    def _write(self, column: int, value: Any, digits: int, how: _Look) -> None:
        book, sheet, at = self.book, self.worksheet, (self.row, column)
        match value:
            case Formula():
                look = book.look(num_format=f"{book.region}0.0 %")
                look = look if value.percent else self._number(column, value.value, digits, how)
                text = value.text.replace("#", str(self.row + 1))
                sheet.write_formula(*at, text, look, value.value)
            case bool():
                answer = say("yes") if value else say("no")
                sheet.write_string(*at, str(answer), book.look(**_WORDS))
            case int() | float():
                sheet.write_number(*at, value, self._number(column, value, digits, how))
            case datetime.date():
                look = book.look(num_format=book.region + book.day, align="right")
                sheet.write_datetime(*at, value, look)
                self._widen(column, 12)
            case _:
                text = _text(value)
                sheet.write_string(*at, text, book.look(**_WORDS, **how))
                self._widen(column, len(text) + len(text) // 8 * bool(how) + 1)
                if len(text) > _NARROWEST:
                    self.texts.append((*at, text))

    def _number(self, column: int, value: float | str, digits: int, how: _Look) -> Any:
        """Widen a column to a number, and give its look: of thousands no decimals are read."""
        self.numeric.add(column)
        if not isinstance(value, str):
            digits = 0 if abs(value) >= _THOUSAND or isinstance(value, int) else digits
            self._widen(column, len(f"{value:,.{digits}f}"))
        return self.book.number(digits, **how)

    def table(
        self,
        heads: Sequence[Readable],
        rows: Iterable[Iterable[Any]],
        *,
        freeze: int = 1,
        digits: int = 1,
        sums: Sequence[float] = (),
        to_fill: Collection[Readable] = (),
    ) -> None:
        """Write rows, and the sums of their columns after those that stay in sight."""
        self.heads(heads, freeze=freeze, to_fill=to_fill)
        for row in rows:
            self.cells(row, digits=digits)
        self.filter()
        if sums:
            columns = (xl_col_to_name(at) for at in range(freeze, freeze + len(sums)))
            added = across(columns, f"=SUM(@2:@{self.row})", sums) if self.row > 1 else sums
            self.cells([say("Total"), *[""] * (freeze - 1), *added], digits=digits, total=True)

    def note(self, text: Readable, look: Any = None) -> None:
        """Write words across the sheet, below each other as far as they are long."""
        self.notes.append((self.row, _text(text), look or self.book.look(**_WORDS)))
        self.row += 1

    def filter(self) -> None:
        """Let readers pick among the rows written so far."""
        if self.row > 1:
            self.worksheet.autofilter(0, 0, self.row - 1, self.columns - 1)

    def close(self) -> None:
        """Set widths, and how it is printed: A4 across, as wide as the page, its name on each."""
        most = next(width for columns, width in _WIDEST if self.columns <= columns)
        least = {at: max(most, _head_width(text)) for at, text in enumerate(self.heading[1])}
        wide = {at: min(least.get(at, most), width + 2) for at, width in self.widths.items()}
        self._write_heads(wide)
        self._raise_rows(wide)
        self._write_notes(sum(wide.values()))
        sheet = self.worksheet
        for column, width in wide.items():
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(**_MARGINS)
        sheet.fit_to_pages(1, self.high)
        sheet.print_area(0, 0, max(0, self.row - 1), max(0, self.columns - 1))
        title = textwrap.shorten(self.book.title, _MOST_IN_HEADER, placeholder="…")
        left, right = (text.replace("&", "&&") for text in (title, self.name))
        pages = say("page {page} of {pages}", page="&P", pages="&N")
        sheet.set_header(f"&L{left}&R{right}")
        sheet.set_footer(f"&Lraastof_geo&R{pages}")

    def _write_heads(self, wide: Mapping[int, int]) -> None:
        """Write the head above what stands there: numbers to the right, another colour to fill."""
        top, heads = self.heading
        for column, text in enumerate(heads):
            how = _WORDS | ({"align": "right", "indent": 0} if column in self.numeric else {})
            colour = _FILL_IN if column in self.to_fill else _HEAD
            look = self.book.look(bold=True, bottom=1, bg_color=colour, **how)
            self.worksheet.write_string(top, column, text, look)
        lines = [len(textwrap.wrap(text, wide[at] - 3)) for at, text in enumerate(heads)]
        self.worksheet.set_row(top, _LINE * max(lines, default=1))

    def _raise_rows(self, wide: Mapping[int, int]) -> None:
        many: dict[int, int] = {}
        for row, column, text in self.texts:
            if len(text) > wide[column]:
                wrapped = _count_lines(text, int(1.1 * wide[column]) - 2)
                many[row] = max(many.get(row, 1), min(wrapped, _MOST_LINES))
        for row, found in many.items():
            self.worksheet.set_row(row, _LINE * found)

    def _write_notes(self, across: int) -> None:
        for row, text, look in self.notes:
            size = look.font_size / 11
            high = _LINE * size * math.ceil(len(text) * size / (1.05 * across))
            self.worksheet.set_row(row, high)
            self.worksheet.merge_range(row, 0, row, self.columns - 1, "", look)
            self.worksheet.write_string(row, 0, text, look)

    def _widen(self, column: int, width: int) -> None:
        self.widths[column] = max(self.widths[column], width)


@lru_cache(maxsize=10_000)
def _count_lines(text: str, width: int) -> int:
    """Say how many lines a text has: of labels many rows have the same."""
    return len(textwrap.wrap(text, width))


@lru_cache(maxsize=1000)
def _head_width(text: str) -> int:
    """Give how wide a column is whose bold head stands in three lines, with room for the arrow."""
    width = max(map(len, text.split()), default=0)
    while len(textwrap.wrap(text, width)) > _MOST_HEAD_LINES:
        width += 1
    return width + 3


def _text(value: Any) -> str:
    return plain(value)[:_MOST_LETTERS]
