"""Tell what a cell of a table means where a number, an amount, a period or a list is wanted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Literal, TypeAlias, get_origin

from pydantic import BaseModel

from raastof_geo.errors import InputError, raise_all
from raastof_geo.figures.figure import Sourced
from raastof_geo.scenario.period import Calendar
from raastof_geo.scenario.reading.scalars import keep_written, read_plain
from raastof_geo.scenario.reading.tree import parse_tree
from raastof_geo.scenario.tables.grid import text_of_cell
from raastof_geo.units import Quantity, read_number

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
_POINTS_ONLY = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+")
_TWO_READINGS = re.compile(r"[-+]?\d{1,3}\.\d{3}")
_LISTED = re.compile(r"[;\n]")


def find_kind(annotation: Any, key: str) -> Kind:
    """Tell what cells hold whose values are read as a type, under a key."""
    if key in _BY_KEY:
        return _BY_KEY[key]
    kind = _BY_TYPE.get(get_origin(annotation) or annotation)
    if kind is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "number" if issubclass(annotation, Sourced) else "free"
    return kind or "free"


def find_mark(values: Iterable[Any]) -> str:
    """Tell the decimal mark of a column by its texts, `,` or `.`; empty where none shows it."""
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
    text = text_of_cell(value)
    if text[:1] in ("[", "{") and kind in ("list", "free", "number"):
        tree = parse_tree("cell: " + text.replace("\n", "\n "), file="")
        raise_all(InputError, tree.findings)
        return tree.values["cell"]
    if kind in ("number", "degrees", "metres", "amount"):
        return _read_number(value, kind, mark, unit)
    if kind == "list":
        return [one.strip() for one in _LISTED.split(text) if one.strip()]
    if kind == "truth":
        return _TRUTHS.get(text.casefold(), text)
    if kind in ("date", "period") and (day := _find_day(text)) is not None:
        periods = calendar.periods if calendar and kind == "period" else ()
        return next((one.id for one in periods if one.start <= day <= one.end), day.isoformat())
    return keep_written(read_plain(text), text) if kind == "free" else text


def _read_number(value: Any, kind: Kind, mark: str, unit: str) -> Any:
    """Give a number, or an amount with its unit; a text that is neither stays as it is."""
    text = text_of_cell(value)
    match = _NUMBER.match(text)
    if match is None or (kind != "amount" and not isinstance(value, str)):
        return text if match is None else value
    number, rest = match[0], text[match.end() :].strip()
    if isinstance(value, str):
        number = re.sub(rf"(?<=\d)[{_SPACES}'](?=\d{{3}}(?!\d))", "", number)
        if kind in ("degrees", "metres") and not mark:
            comma = "," in number if kind == "degrees" else _POINTS_ONLY.fullmatch(number)
            mark = "," if comma else "."
        if mark:
            number = number.replace("." if mark == "," else ",", "").replace(mark, ".")
    if kind == "amount":
        # 123.456 has one reading here, and two in a text.
        sure = mark or not isinstance(value, str)
        number += "0" if sure and _TWO_READINGS.fullmatch(number) else ""
        return f"{number} {rest or unit}".strip()
    if rest:
        return text
    return read_plain(number if mark else text_of_cell(read_number(number)))


def _find_day(text: str) -> datetime.date | None:
    """Understand a day as Danes or ISO 8601 write it, with an hour of midnight or without."""
    bare = text.removesuffix(" 00:00:00").replace(".", "-").replace("/", "-")
    for form in ("%Y-%m-%d", "%d-%m-%Y"):
        with suppress(ValueError):
            return datetime.datetime.strptime(bare, form).date()
    return None
