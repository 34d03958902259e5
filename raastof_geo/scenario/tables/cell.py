"""Tell what a cell of a table means where a number, an amount, a period or a list is wanted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_origin

from pydantic import BaseModel

from raastof_geo.errors import Finding, InputError, Place
from raastof_geo.figures.figure import Sourced
from raastof_geo.scenario.catalogue import read_builtin_tree
from raastof_geo.scenario.identity import fold_id, names_in
from raastof_geo.scenario.period import Calendar
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Node, Scalar
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
    **dict.fromkeys(("ja", "yes", "true", "sand", "sandt", "x", "1"), "true"),
    **dict.fromkeys(("nej", "no", "false", "falsk", "falskt", "0"), "false"),
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
_MOST_NODES = 10_000
_WORDS = ("true", "false", "null")
"""What stands for itself where a value may be anything."""


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


def make_node(
    value: Any,
    kind: Kind,
    place: Place,
    mark: str = "",
    unit: str = "",
    calendar: Calendar | None = None,
) -> tuple[Node, list[Finding]]:
    """Make the node that a cell stands for, and say what of it cannot be understood.

    `mark`: the decimal mark of texts in its column; `unit`: of an amount that says none.
    """
    text, plain = text_of_cell(value), isinstance(value, bool | int | float)
    try:
        if kind in ("list", "free", "number") and text[:1] in ("[", "{"):
            root, slips = nodes.compose(text, file=place.file, most=_MOST_NODES)
            return _put_at(root, place), [replace(one, place=place) for one in slips]
        if kind in ("number", "degrees", "metres", "amount") and not isinstance(value, bool):
            number, rest = (text, "") if plain else _undress(text, kind, mark)
            return _count(number, rest, kind, place, unit) or Scalar(place, text, plain=False), []
    except InputError as error:
        return Scalar(place, "1", plain=True), [replace(one, place=place) for one in error.findings]
    if kind == "list":
        listed = [Scalar(place, one, plain=False) for one in _split(text)]
        return nodes.Sequence(place, [*listed]), []
    if kind == "truth":
        text = _TRUTHS.get(text.casefold(), text)
    if kind in ("date", "period") and (day := _find_day(text)) is not None:
        periods = calendar.periods if calendar and kind == "period" else ()
        text = next((one.id for one in periods if one.start <= day <= one.end), day.isoformat())
    plain |= kind == "truth" or (kind == "free" and text in _WORDS)
    return Scalar(place, text, plain=plain), []


def _count(number: str, rest: str, kind: Kind, place: Place, unit: str) -> Scalar | None:
    """Make a node of a number, an amount with its unit; none: it is no number alone."""
    if kind == "amount":
        # 123.456 has one reading here, and two in a text.
        number += "0" if _TWO_READINGS.fullmatch(number) else ""
        return Scalar(place, f"{number} {rest or unit}".strip(), plain=False) if number else None
    return Scalar(place, number, plain=True) if number and not rest else None


def _undress(text: str, kind: Kind, mark: str) -> tuple[str, str]:
    """Part a text into its number, written with a point and no marks of thousands, and the rest.

    No number: there is none. Raises `InputError`: it has two readings, and nothing tells which.
    """
    if (match := _NUMBER.match(text)) is None:
        return "", text
    number, rest = match[0], text[match.end() :].strip()
    number = re.sub(rf"(?<=\d)[{_SPACES}'](?=\d{{3}}(?!\d))", "", number)
    if kind == "degrees" and not mark:
        mark = "," if "," in number else "."
    if kind == "metres" and not mark:
        mark = "," if _POINTS_ONLY.fullmatch(number) else "."
    if mark:
        other = "." if mark == "," else ","
        return number.replace(other, "").replace(mark, "."), rest
    if rest == "%":
        return "", text
    return text_of_cell(read_number(number)), rest


def _split(text: str) -> list[str]:
    """Part what is listed in a cell at `;` and new lines, else at commas that stand in no name."""
    if _LISTED.search(text):
        return [one.strip() for one in _LISTED.split(text) if one.strip()]
    parts, found = text.split(","), list[str]()
    while parts:
        ends = (end for end in range(len(parts), 1, -1) if is_name(",".join(parts[:end])))
        end = next(ends, 1)
        found.append(",".join(parts[:end]).strip())
        parts = parts[end:]
    return [one for one in found if one]


def is_name(text: str) -> bool:
    """Tell whether an entry of the built-in catalogue is called so."""
    return fold_id(text) in _list_names()


@lru_cache
def _list_names() -> frozenset[str]:
    sections = map(names_in, read_builtin_tree().values.values())
    entries = (one for section in sections for one in section.values())
    return frozenset(fold_id(name) for one in entries for name in one.values())


def _find_day(text: str) -> datetime.date | None:
    """Understand a day as Danes or ISO 8601 write it, with an hour of midnight or without."""
    bare = text.removesuffix(" 00:00:00").replace(".", "-").replace("/", "-")
    for form in ("%Y-%m-%d", "%d-%m-%Y"):
        with suppress(ValueError):
            return datetime.datetime.strptime(bare, form).date()
    return None


def _put_at(node: Node | None, place: Place) -> Node:
    """Let all of a text of YAML stand in the cell that it was written in."""
    if isinstance(node, nodes.Sequence):
        return nodes.Sequence(place, [_put_at(one, place) for one in node.items])
    if isinstance(node, nodes.Mapping):
        pairs = [(_put_at(key, place), _put_at(one, place)) for key, one in node.entries]
        return nodes.Mapping(place, [*pairs])
    return Scalar(place, "", plain=True) if node is None else replace(node, place=place)
