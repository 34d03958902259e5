"""Cells of a sheet, a layer or a frame in rows and columns, whatever file they came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from raastof_geo.errors import InputError, Place
from raastof_geo.language import Message, plain

MOST_CELLS = 1_000_000
"""In a sheet, empty ones within its bounds included; a table of 20,000 rows has 50 columns then."""


@dataclass(frozen=True)
class Spoilt:
    """What stands in a cell that has no value: why not."""

    message: Message


@dataclass(frozen=True)
class Grid:
    """A table: its cells as numbers, texts, truth values, days, `Spoilt` or nothing."""

    file: str
    sheet: str
    rows: Sequence[Sequence[Any]]
    located: bool = False
    """Whether the first columns say where things lie, as geometry does."""

    def place(self, row: int, column: int, heading: str = "") -> Place:
        """Give the place of a cell, counted from 0."""
        return Place(self.file, row + 1, column + 1, self.sheet, heading)

    def value(self, row: int, column: int) -> Any:
        """Give what stands in a cell; nothing beyond the end of its row."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def filled(self) -> list[int]:
        """Give the numbers of the rows in which anything stands."""
        return [number for number, row in enumerate(self.rows) if any(map(text_of_cell, row))]


def text_of_cell(value: Any) -> str:
    """Write what stands in a cell as a text of one reading: days as ISO 8601, no blanks around."""
    if value is None or isinstance(value, Spoilt):
        return "?" if value is not None else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return plain(str(getattr(value, "date", lambda: value)())).strip()


def refuse_wide(file: str, sheet: str, rows: int, columns: int) -> None:
    """Raise an `InputError` for a sheet that has more cells than are read."""
    if rows * columns > MOST_CELLS:
        told = {"file": f"`{file}`", "sheet": f"`{sheet}`" if sheet else ""}
        raise InputError.saying_text("tables", "wide", rows=rows, columns=columns, **told)
