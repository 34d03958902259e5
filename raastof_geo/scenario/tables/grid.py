"""Read sheets, texts with separators, layers and frames into grids: cells in rows and columns."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from raastof_geo.errors import InputError, Place, refusing
from raastof_geo.language import Message, plain, say_text
from raastof_geo.region.layer import lay_in_degrees, read_layers
from raastof_geo.scenario.reading.beside import check_unpacked

if TYPE_CHECKING:
    import geopandas as gpd
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from raastof_geo.region.layer import Layer

WORKBOOKS, TEXTS = (".xlsx", ".xlsm"), (".csv", ".tsv", ".txt")
LAYERS = (".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".shp", ".fgb")
_LARGEST_MB, _MOST_UNPACKED_MB = 30, 200
_MOST_CELLS = 1_000_000
"""In a sheet, empty ones within its bounds included; a table of 20,000 rows has 50 columns then."""
_SEPARATORS = ";\t,|"
_SIMPLIFIED = 1e-5
"""A metre; outlines are kept as well as sites are drawn. [degrees]"""


@dataclass(frozen=True)
class Grid:
    """A table: its cells as numbers, texts, truth values, days or nothing, or why there is none."""

    file: str
    sheet: str
    rows: Sequence[Sequence[Any]]
    located: bool = False
    """Whether the first columns say where things lie, as geometry does."""

    def place(self, row: int, column: int, heading: str = "") -> Place:
        """Give the place of a cell, counted from 0."""
        return Place(self.file, row + 1, column + 1, self.sheet, heading)

    def filled(self) -> list[int]:
        """Give the numbers of the rows in which anything stands."""
        return [number for number, row in enumerate(self.rows) if any(map(text_of_cell, row))]


def text_of_cell(value: Any) -> str:
    """Write what stands in a cell as a text of one reading: days as ISO 8601, no blanks around."""
    if value is None or isinstance(value, Message):
        return "?" if value is not None else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return plain(str(getattr(value, "date", lambda: value)())).strip()


def read_grids(path: Path, shown: str, crs: str | None) -> list[Grid]:
    """Read a file of tables by its ending, or raise an `InputError`; `crs` is of coordinates."""
    ending, told = path.suffix.lower(), {"file": f"`{shown}`"}
    with refusing("tables", "closed", **told):
        if path.stat().st_size > _LARGEST_MB * 1_000_000:
            raise InputError.saying_text("tables", "large", most=_LARGEST_MB, **told)
        if ending in LAYERS:
            return [lay_out_frame(one, shown, name, crs) for name, one in read_layers(path).items()]
    with refusing("tables", "no workbook", **told):
        if ending in WORKBOOKS:
            return _read_workbook(path, shown)
        if ending in TEXTS:
            return [_read_separated(path, shown)]
    endings = ", ".join((*WORKBOOKS, *TEXTS, *LAYERS))
    raise InputError.saying_text("tables", "kind", endings=endings, **told)


def _read_workbook(path: Path, shown: str) -> list[Grid]:
    """Read the visible sheets of a workbook, with the values that its formulas had when saved."""
    import openpyxl

    with zipfile.ZipFile(path) as package:
        check_unpacked(package, _MOST_UNPACKED_MB, file=f"`{shown}`")
    values, formulas = (openpyxl.load_workbook(path, data_only=one) for one in (True, False))
    seen = [one for one in values.worksheets if one.sheet_state == "visible"]
    return [_read_sheet(one, formulas[one.title], shown) for one in seen]


def _read_sheet(sheet: Worksheet, formulas: Worksheet, shown: str) -> Grid:
    _refuse_wide(shown, sheet.title, sheet.max_row, sheet.max_column)
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
        return say_text("tables", "error", given=f"`{cell.value}`")
    if cell.value is None and said.data_type == "f":
        return say_text("tables", "formula", given=f"`{str(said.value)[:60]}`")
    return cell.value


def _read_separated(path: Path, shown: str) -> Grid:
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
    width = max(map(len, rows), default=0)
    _refuse_wide(shown, "", len(rows), width)
    return Grid(shown, "", [row + [""] * (width - len(row)) for row in rows])


def lay_out_frame(frame: Layer, shown: str, name: str, crs: str | None = None) -> Grid:
    """Give a frame as a grid: `lon`, `lat` of points, the `shape` of what is none, and all else.

    `crs` is its system, where it names none; `InputError`: there is none, or it is too large.
    """
    _refuse_wide(shown, name, *frame.shape)
    where: dict[str, Any] = {}
    if hasattr(frame, "geometry"):
        where = _locate(frame.geometry, crs, shown)
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    columns = [*where.values(), *(frame.iloc[:, at] for at in range(frame.shape[1]))]
    rows = map(list, zip(*(map(_plain, one) for one in columns), strict=True))
    heads = [*where, *map(str, frame.columns)]
    return Grid(shown, name, [heads, *rows], located="lon" in where)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict | np.ndarray):
        listed = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(listed, ensure_ascii=False, default=str)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _locate(shapes: gpd.GeoSeries, crs: str | None, shown: str) -> dict[str, Any]:
    """Give columns that say where shapes lie: points by degrees, all others by their outlines."""
    shapes = shapes.where(~shapes.is_empty)
    if shapes.isna().all():
        return {}
    degrees = lay_in_degrees(shapes, crs, file=f"`{shown}`").force_2d()
    drawn = degrees[degrees.geom_type != "Point"].make_valid().simplify(_SIMPLIFIED)
    columns = {
        "lon": shapely.get_x(degrees.to_numpy()).round(9),
        "lat": shapely.get_y(degrees.to_numpy()).round(9),
        "shape": drawn.to_wkt(rounding_precision=6).reindex(shapes.index),
    }
    return {name: values for name, values in columns.items() if pd.notna(values).any()}


def _refuse_wide(file: str, sheet: str, rows: int, columns: int) -> None:
    """Raise an `InputError` for a sheet that has more cells than are read."""
    if rows * columns > _MOST_CELLS:
        told = {"file": f"`{file}`", "sheet": f"`{sheet}`" if sheet else ""}
        raise InputError.saying_text("tables", "wide", rows=rows, columns=columns, **told)
