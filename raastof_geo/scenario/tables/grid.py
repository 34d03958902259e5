"""Read tables into grids, find the key that stands below a heading, and what a cell means."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args, get_origin
import numpy as np
import pandas as pd
import shapely
from pydantic import BaseModel
from raastof_geo.errors import Finding, InputError, Place, raise_all, refusing
from raastof_geo.figures.figure import Sourced
from raastof_geo.language import LANGUAGES, Message, plain, read_danish_words, read_texts, say_text
from raastof_geo.region.layer import AnyFrame, lay_in_degrees, read_layers
from raastof_geo.scenario.identity import find_known, find_type, fold_id, suggest
from raastof_geo.scenario.period import Calendar
from raastof_geo.scenario.reading.nodes import keep_written, read_plain
from raastof_geo.scenario.reading.tree import parse_tree
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry, Part, Role
from raastof_geo.scenario.said.site import PLACED, Site, SiteTable
from raastof_geo.units import Quantity, read_number, read_quantity

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell


WORKBOOKS, TEXTS = (".xlsx", ".xlsm"), (".csv", ".tsv", ".txt")
LAYERS = (".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".shp", ".fgb")
_LARGEST_MB, _MOST_UNPACKED_MB = 30, 200
_MOST_CELLS = 1_000_000
"""In a sheet, empty ones within its bounds included; a table of 20,000 rows has 50 columns then."""
_SEPARATORS = ";\t,|"
_SIMPLIFIED = 1e-5
"""A metre; outlines are kept as well as sites are drawn. [degrees]"""
Kind: TypeAlias = Literal[
    "text", "number", "degrees", "metres", "amount", "period", "date", "truth", "list", "free"
]
_BY_KEY: dict[str, Kind] = {
    **dict.fromkeys(("lon", "lat"), "degrees"),
    **dict.fromkeys(("easting", "northing"), "metres"),
    **dict.fromkeys(("from", "to"), "period"),
}
_BY_TYPE: dict[Any, Kind] = {
    **{bool: "truth", Quantity: "amount", datetime.date: "date", float: "number", int: "number"},
    **{str: "text", tuple: "list", list: "list", Literal: "text"},
}
_TRUTHS = {
    **dict.fromkeys(("ja", "yes", "true", "sand", "sandt", "x", "1"), True),
    **dict.fromkeys(("nej", "no", "false", "falsk", "falskt", "0"), False),
}
_SPACES = " \u00a0\u2009\u202f"
_NUMBER = re.compile(rf"[-+]?\d(?:[\d.,'{_SPACES}]*\d)?")
_MARKS = {
    ",": re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3}){2,}"),
    ".": re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d+\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3}){2,}"),
}
"""Texts that show which mark is the decimal one: `1.234,5` and `1,5`, but not `1,234`."""
_COMMAS: Mapping[Kind, re.Pattern[str]] = {
    "degrees": re.compile(r".*,.*"),
    "metres": re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+"),
}
"""Numbers that have one reading by their kind, and those among them whose mark is the comma."""
_WITH_POINT = {",": str.maketrans(",", ".", "."), ".": str.maketrans("", "", ","), "": {}}
_BETWEEN_THOUSANDS = re.compile(rf"(?<=\d)[{_SPACES}'](?=\d{{3}}(?!\d))")
_TWO_READINGS = re.compile(r"[-+]?\d{1,3}\.\d{3}")
_LISTED = re.compile(r"[;\n]")


@dataclass(frozen=True)
class Grid:
    """A table: its cells as numbers, texts, truth values, days or nothing, or why there is none."""

    file: str
    sheet: str
    rows: Sequence[Sequence[Any]]
    located: bool = False
    """Whether the first columns say where things lie, as geometry does."""

    def place(self, row: int, column: int, heading: str = "") -> Place:
        """Find the place of a cell, counted from 0. Returns it as people count, from 1."""
        return Place(self.file, row + 1, column + 1, self.sheet, heading)

    def filled(self) -> list[int]:
        """Find the rows in which anything stands. Returns their numbers, counted from 0."""
        return [number for number, row in enumerate(self.rows) if any(map(text_of_cell, row))]


def text_of_cell(value: Any) -> str:
    """Write what stands in a cell. Returns a text of one reading: days as ISO 8601."""
    if value is None or isinstance(value, Message):
        return "?" if value is not None else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return plain(str(getattr(value, "date", lambda: value)())).strip()


def read_grids(path: Path, shown: str, crs: str | None) -> list[Grid]:
    """Read a file of tables by its ending; `crs` is of coordinates. Returns a grid for each."""
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
    grids = []
    for sheet in (one for one in values.worksheets if one.sheet_state == "visible"):
        _refuse_wide(shown, sheet.title, sheet.max_row, sheet.max_column)
        pairs = zip(sheet.rows, formulas[sheet.title].rows, strict=False)
        rows = [[*map(_read_cell, row, said)] for row, said in pairs]
        for block in sheet.merged_cells.ranges:
            # What is written once beside several rows holds for each of them.
            for number in range(block.min_row, block.max_row):
                rows[number][block.min_col - 1] = rows[block.min_row - 1][block.min_col - 1]
        grids.append(Grid(shown, sheet.title, rows))
    return grids


def check_unpacked(package: zipfile.ZipFile, most_mb: int, *, file: str) -> None:
    """Raise an `InputError` for a package that is much larger than it looks."""
    if sum(one.file_size for one in package.infolist()) > most_mb * 1_000_000:
        raise InputError.saying_text("files beside", "large", file=file, most=most_mb)


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


def lay_out_frame(frame: AnyFrame, shown: str, name: str, crs: str | None = None) -> Grid:
    """Give a frame as a grid: `lon`, `lat` of points, the `shape` of what is none, and all else.

    `crs` is its system, where it names none; `InputError`: there is none, or it is too large.
    """
    _refuse_wide(shown, name, *frame.shape)
    where: dict[str, Any] = {}
    if hasattr(frame, "geometry"):
        shapes = frame.geometry.where(~frame.geometry.is_empty)
        if not shapes.isna().all():  # points lie by degrees, all others by their outlines
            degrees = lay_in_degrees(shapes, crs, file=f"`{shown}`").force_2d()
            drawn = degrees[degrees.geom_type != "Point"].make_valid().simplify(_SIMPLIFIED)
            columns = {
                "lon": shapely.get_x(degrees.to_numpy()).round(9),
                "lat": shapely.get_y(degrees.to_numpy()).round(9),
                "shape": drawn.to_wkt(rounding_precision=6).reindex(shapes.index),
            }
            where = {name: values for name, values in columns.items() if pd.notna(values).any()}
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    every = [*where.values(), *(frame.iloc[:, at] for at in range(frame.shape[1]))]
    rows = map(list, zip(*(map(_plain, one) for one in every), strict=True))
    return Grid(shown, name, [[*where, *map(str, frame.columns)], *rows], located="lon" in where)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict | np.ndarray):
        listed = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(listed, ensure_ascii=False, default=str)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _refuse_wide(file: str, sheet: str, rows: int, columns: int) -> None:
    if rows * columns > _MOST_CELLS:
        told = {"file": f"`{file}`", "sheet": f"`{sheet}`" if sheet else ""}
        raise InputError.saying_text("tables", "wide", rows=rows, columns=columns, **told)


def find_kind(annotation: Any, key: str) -> Kind:
    """Tell what cells hold whose values are read as a type, under a key."""
    if key in _BY_KEY:
        return _BY_KEY[key]
    kind = _BY_TYPE.get(get_origin(annotation) or annotation)
    if kind is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "number" if issubclass(annotation, Sourced) else "free"
    return kind or "free"


def find_mark(values: Iterable[Any]) -> str:
    """Find the decimal mark of a column by its texts. Returns `,` or `.`, or nothing."""
    found = (_NUMBER.match(one.strip()) for one in values if isinstance(one, str))
    texts = [one[0].lstrip("+-") for one in found if one]
    shown = [mark for mark in _MARKS if any(map(_MARKS[mark].fullmatch, texts))]
    return shown[0] if len(shown) == 1 else ""


def read_cell(
    value: Any, kind: Kind, *, mark: str = "", unit: str = "", calendar: Calendar | None = None
) -> Any:
    """Give the plain value that a cell stands for, as YAML would have it.

    `mark`: the decimal mark of texts in its column; `unit`: of an amount that says none. Raises
    `InputError`: a number has two readings and nothing tells which, or YAML cannot be read.
    """
    if (text := text_of_cell(value))[:1] in ("[", "{") and kind in ("list", "free", "number"):
        tree = parse_tree("cell: " + text.replace("\n", "\n "), file="")
        raise_all(InputError, tree.findings)
        return tree.values["cell"]
    if kind == "amount":
        return _read_amount(value, mark, unit)
    if kind in ("number", "degrees", "metres"):
        return _read_number(value, kind, mark)
    if kind == "list":
        return [*filter(None, map(str.strip, _LISTED.split(text)))]
    if kind == "truth":
        return _TRUTHS.get(text.casefold(), text)
    if kind in ("date", "period"):
        text = _read_day(text, calendar if kind == "period" else None)
    return keep_written(read_plain(text), text) if kind == "free" else text


def _read_day(text: str, calendar: Calendar | None) -> str:
    bare = text.removesuffix(" 00:00:00").replace(".", "-").replace("/", "-")
    periods = calendar.periods if calendar else ()
    for form in ("%Y-%m-%d", "%d-%m-%Y"):
        with suppress(ValueError):
            day = datetime.datetime.strptime(bare, form).date()
            return next((one.id for one in periods if one.start <= day <= one.end), day.isoformat())
    return text


def _read_amount(value: Any, mark: str, unit: str) -> str:
    text = text_of_cell(value)
    if (match := _NUMBER.match(text)) is None:
        return text
    number, rest = match[0], text[match.end() :].strip()
    if isinstance(value, str):
        number = _BETWEEN_THOUSANDS.sub("", number).translate(_WITH_POINT[mark])
    if mark or not isinstance(value, str):  # 123.456 has one reading here, and two in a text
        number += "0" if _TWO_READINGS.fullmatch(number) else ""
    return f"{number} {rest or unit}".strip()


def _read_number(value: Any, kind: Kind, mark: str) -> Any:
    text = text_of_cell(value)
    if (match := _NUMBER.match(text)) is not None and not isinstance(value, str):
        return value
    if match is None or match.end() < len(text):
        return text
    number = _BETWEEN_THOUSANDS.sub("", text)
    if not mark and kind in _COMMAS:
        mark = "," if _COMMAS[kind].fullmatch(number) else "."
    number = number.translate(_WITH_POINT[mark])
    return read_plain(number if mark else text_of_cell(read_number(number)))


SCENARIO, SITES = "scenario", "sites"
ROLES = {
    **{one: one for one in ("offers", "needs")},
    **{f"{one}s": one.value for one in Role if one in Site.model_fields},
}
"""Tables of what sites do: the key of a site that all of a row stands below."""
ENTRIES: Mapping[str, type[Part]] = {"offers": OfferEntry, "needs": NeedEntry}
"""Keys of a site with a list, in which each row is an entry."""
DELIVERIES = "deliveries"
"""A table of load slips: of what was driven, and of nothing that is planned."""
_OF_SLIPS: Mapping[str, Kind] = {
    **dict.fromkeys(("from", "to", "material", "vehicle", "unit", "slip"), "text"),
    **dict.fromkeys(("amount", "loads", "distance"), "amount"),
    "date": "date",
}
DUE = "due"
"""What stands for one of them until its row tells which."""
_HEADS_WITHIN = 30
"""As many rows from the top headings are looked for."""
_CLOSE = 0.85
_BRACKETS = re.compile(r"(.+?)\s*[\[(]([^\])]*)[\])]?\s*$")
Way = tuple[str, ...]


class ColumnKey(NamedTuple):
    """What may stand below a heading: the way to it from a site, and what its cells hold."""

    trail: Way
    kind: Kind
    section: str = ""
    """The section of the catalogue that its ids are of."""


class Column(NamedTuple):
    """A column whose meaning is known."""

    at: int
    key: ColumnKey
    heading: str
    unit: str
    """Of amounts, where the heading says it."""
    mark: str
    """The decimal mark of its texts, where they show it."""


class Headed(NamedTuple):
    """A grid with its headings."""

    grid: Grid
    scope: str
    """The table that it is: of sites, or of what they do."""
    row: int
    """The row of the headings."""
    columns: list[Column]
    mistakes: list[Finding]
    unread: list[str]
    """Headings that mean nothing here."""
    crs: str | None


def find_scope(sheet: str) -> str | None:
    """Find which table a sheet or layer is by its name. Returns none: it may be anything."""
    return _translate(read_texts("tables by name")).get(_fold(sheet))


def _translate(titles: Mapping[str, Message]) -> dict[str, str]:
    said = {_fold(one.render(to)): key for to in LANGUAGES for key, one in titles.items()}
    return said | {_fold(key): key for key in titles}


@lru_cache
def list_keys(scope: str) -> dict[str, ColumnKey]:
    """List what may stand in a table, whose a row is included. Returns it by dotted keys."""
    if scope == DELIVERIES:
        return {one: ColumnKey((one,), kind) for one, kind in _OF_SLIPS.items()}
    keys = {one: ColumnKey((one,), "text") for one in ("id", "unit")}
    if (below := ROLES.get(scope)) is not None:
        found = _list_trails(ENTRIES.get(below) or find_type(Site, (below,)))
        return keys | {".".join(one.trail): _put_below(below, one) for one in found}
    keys |= {".".join(one.trail): one for one in _list_trails(Site)}
    for name, model in ENTRIES.items():
        for one in _list_trails(model):
            keys[".".join((name, *one.trail))] = _put_below(name, one)
            keys.setdefault(".".join(one.trail), _put_below(DUE, one))
    return keys


def _put_below(name: str, key: ColumnKey) -> ColumnKey:
    return key._replace(trail=(name, *key.trail))


def _list_trails(model: type[Part]) -> Iterator[ColumnKey]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        found = find_type(model, (key,))
        if isinstance(found, type) and issubclass(found, Part):
            yield from (_put_below(key, one) for one in _list_trails(found))
        elif key not in ENTRIES:
            section = _find_section(field.annotation, field.metadata)
            yield ColumnKey((key,), find_kind(found, key), section)


def _find_section(annotation: Any, checks: Iterable[Any]) -> str:
    """Tell which entries of the catalogue a type names: alone, in a list, or first in a part."""
    for one in checks:
        check = getattr(one, "func", None)
        if isinstance(check, partial) and check.func is find_known:
            return str(check.args[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        first = next(iter(annotation.model_fields.values()))
        return _find_section(first.annotation, first.metadata)
    inner = () if get_origin(annotation) is dict else get_args(annotation)
    each = (_find_section(one, getattr(one, "__metadata__", ())) for one in inner)
    return next(filter(None, each), "")


@lru_cache
def _words(scope: str) -> dict[str, str]:
    """Give the key of each heading: the key itself, its title in both languages, other words."""
    keys, titles = list_keys(scope), read_texts("headings")
    words = {_fold(key): key for key in keys}
    words = _translate({key: one for key, one in titles.items() if key in keys}) | words
    own = ["headings_of_slips.txt"] if scope == DELIVERIES else []
    for file in (*own, "headings.txt", "keys_da.txt"):
        for word, meant in read_danish_words(file).items():
            if found := [one for one in meant if one in keys]:
                words.setdefault(_fold(word), found[0])
    return words


def _fold(text: str) -> str:
    """Write a heading so that case, `_` and what stands in brackets make no difference."""
    return fold_id(_BRACKETS.sub(r"\1", text.strip(" *:")).replace("_", " "))


def read_heads(grid: Grid, table: SiteTable, scope: str = "") -> Headed | None:
    """Find the row of headings and what each means; none: there is no row of headings.

    Where the table says `columns`, nothing else is read. `scope`: the table, whatever the name.
    """
    scope = _scope_of(grid, scope)
    keys = list_keys(scope)
    said = {_fold(text): key for key, text in table.columns.items() if key in keys}
    words = said or _words(scope)
    if (row := _find_head_row(grid, words)) is None:
        return None
    heads, first = Headed(grid, scope, row, [], [], [], table.crs), dict[Way, str]()
    for at, text, word in _list_heads(grid, row, words):
        key = keys.get(word)
        if wrong := _find_fault(text, key, first, {} if said else words):
            heads.mistakes.append(Finding(wrong, grid.place(row, at, text)))
        elif key is None:
            heads.unread.append(text)
        else:
            first[key.trail] = text
            mark = find_mark(cells[at] for cells in grid.rows[row + 1 :])
            heads.columns.append(Column(at, key, text, _find_unit(text), mark))
    return heads


def _scope_of(grid: Grid, scope: str) -> str:
    return scope or find_scope(grid.sheet) or SITES


def _find_head_row(grid: Grid, words: Collection[str]) -> int | None:
    texts = {row: map(text_of_cell, grid.rows[row]) for row in grid.filled()[:_HEADS_WITHIN]}
    known = {row: sum(_fold(one) in words for one in found) for row, found in texts.items()}
    best = max(known, key=known.__getitem__, default=None)
    return best if best is not None and known[best] else None


def _list_heads(grid: Grid, row: int, words: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """List the headings of a row, each with its column and its key; none: empty."""
    for at, text in enumerate(map(text_of_cell, grid.rows[row])):
        key = words.get(_fold(text), "")
        # Geometry says where things lie, whatever columns are kept beside it.
        beside = grid.located and at > 1 and key in PLACED
        if text and not beside:
            yield at, text, key


def _find_fault(
    text: str, key: ColumnKey | None, first: Mapping[Way, str], words: Iterable[str]
) -> Message | None:
    """Say that another heading means the same, or what one that means nothing may have meant."""
    tell = partial(say_text, "tables", given=f"`{text}`")
    if key is not None:
        other = first.get(key.trail)
        return tell("heading twice", first=f"`{other}`") if other else None
    near = get_close_matches(_fold(text), words, 1, _CLOSE)
    return tell("heading", meant=f"`{near[0]}`") if near else None


def _find_unit(heading: str) -> str:
    """Give the unit of amounts that a heading names, in brackets or as all it says."""
    parted = _BRACKETS.fullmatch(heading.strip())
    for unit in (parted[2] if parted else "", heading):
        with suppress(InputError):
            read_quantity(f"1 {unit}")
            return unit
    return ""


def check_named(named: dict[str, str], grids: Iterable[Grid], scope: str = "") -> Iterator[Message]:
    """Say which keys of `columns:` there are not, and which of its headings no table has."""
    keys = {key for grid in grids for key in list_keys(_scope_of(grid, scope))}
    rows = (grid.rows[row] for grid in grids for row in grid.filled()[:_HEADS_WITHIN])
    there = {_fold(text_of_cell(cell)) for row in rows for cell in row}
    for key, text in named.items():
        if key not in keys:
            yield say_text("tables", "no key", given=f"`{key}`", hint=suggest(key, sorted(keys)))
        elif _fold(text) not in there:
            yield say_text("tables", "no heading", key=f"`{key}`", given=f"`{text}`")
