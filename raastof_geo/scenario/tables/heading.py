"""Find out which key of a scenario stands below each heading of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from raastof_geo.errors import Finding, InputError
from raastof_geo.language import LANGUAGES, read_danish_words, read_texts, say_text
from raastof_geo.scenario.identity import fold_id, suggest
from raastof_geo.scenario.reading.refusal import find_type
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.part import Part
from raastof_geo.scenario.said.site import Site
from raastof_geo.scenario.tables.cell import Kind, find_kind, find_mark
from raastof_geo.scenario.tables.grid import Grid, show_cell
from raastof_geo.units import read_quantity

SCENARIO, SITES = "scenario", "sites"
ROLES = {
    **{one: one for one in ("offers", "needs")},
    **{f"{one}s": one for one in ("pit", "receiver", "plant", "depot", "stockpile")},
}
"""Tables of what sites do: the key of a site that all of a row stands below."""
LISTED: Mapping[str, type[Part]] = {"offers": OfferEntry, "needs": NeedEntry}
"""Keys of a site with a list, in which each row is an entry."""
DUE = "due"
"""What stands for one of them until its row tells which."""
LOCATION = ("lon", "lat", "easting", "northing", "crs")
_OWN: dict[str, Kind] = {"id": "text", "unit": "text"}
"""What only tables have: who a row is about, and the unit of its amounts."""
_HEADS_WITHIN = 30
"""As many rows from the top headings are looked for."""
_CLOSE = 0.85
_BRACKETS = re.compile(r"(.*?)\s*[\[(]([^\])]*)[\])]?\s*")


@dataclass(frozen=True)
class Column:
    """A column whose meaning is known."""

    at: int
    trail: tuple[str, ...]
    """The way from a site to what stands in it."""
    kind: Kind
    heading: str
    unit: str = ""
    mark: str = ""
    """The decimal mark of its texts, where they show it."""


@dataclass(frozen=True)
class Heads:
    """The headings of a grid."""

    row: int
    columns: tuple[Column, ...]
    mistakes: tuple[Finding, ...]
    unread: tuple[str, ...]
    """Headings that mean nothing here."""


def find_scope(sheet: str) -> str | None:
    """Tell which table a sheet or layer is by its name; none: it may be anything."""
    return _scopes().get(fold_id(sheet))


@lru_cache
def _scopes() -> dict[str, str]:
    titles = read_texts("tables by name")
    return {fold_id(text): key for key in titles for text in (key, *map(titles[key].render, LANGUAGES))}


@lru_cache
def list_keys(scope: str) -> dict[str, tuple[tuple[str, ...], Kind]]:
    """List what may stand in a table: each dotted key with the way to it from a site, and its kind."""
    if scope in ROLES:
        below = ROLES[scope]
        model = LISTED.get(below) or find_type(Site, (below,))
        keys = {key: ((below, *trail), kind) for key, trail, kind in _list_trails(model, ())}
    else:
        keys = {key: (trail, kind) for key, trail, kind in _list_trails(Site, ())}
        for name, model in LISTED.items():
            found = [*_list_trails(model, ())]
            keys |= {f"{name}.{key}": ((name, *trail), kind) for key, trail, kind in found}
            for key, trail, kind in found:
                keys.setdefault(key, ((DUE, *trail), kind))
    return {one: ((one,), kind) for one, kind in _OWN.items()} | keys


def _list_trails(model: Any, above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], Kind]]:
    for name, field in model.model_fields.items():
        trail = (*above, field.alias or name)
        found = find_type(model, (trail[-1],))
        if isinstance(found, type) and issubclass(found, Part):
            yield from _list_trails(found, trail)
        elif trail[-1] not in LISTED:
            yield ".".join(trail), trail, find_kind(found, trail[-1])


@lru_cache
def _words(scope: str) -> dict[str, str]:
    """Give the key that each heading stands for: itself, its title in both languages, other words."""
    keys, titles = list_keys(scope), read_texts("headings")
    words = {fold_id(key): key for key in keys}
    for key in keys:
        named = titles.get(key) or titles.get(key.removeprefix(f"{ROLES.get(scope)}."))
        for text in (key.replace("_", " "), *(map(named.render, LANGUAGES) if named else ())):
            words.setdefault(fold_id(_BRACKETS.sub(r"\1", text) or text), key)
    for file in ("headings.txt", "keys_da.txt"):
        for word, meant in read_danish_words(file).items():
            if found := [one for one in meant if one in keys]:
                words.setdefault(fold_id(word.replace("_", " ")), found[0])
    return words


def read_heads(grid: Grid, scope: str, named: Mapping[str, str]) -> Heads | None:
    """Find the row of headings and what each means; none: there is no row of headings.

    `named`: the headings that a scenario says, by their keys; nothing else is read then.
    """
    words = {fold_id(text): key for key, text in named.items()} or _words(scope)
    rows = list(grid.filled())[:_HEADS_WITHIN]
    known = {row: sum(_read_head(cell, words)[0] is not None for cell in grid.rows[row]) for row in rows}
    best = max(rows, key=lambda row: (known[row], -row), default=None)
    if best is None or not known[best]:
        return None
    columns, mistakes, unread = list[Column](), list[Finding](), list[str]()
    keys, taken = list_keys(scope), dict[tuple[str, ...], str]()
    for at, cell in enumerate(grid.rows[best]):
        text, (key, unit) = show_cell(cell), _read_head(cell, words)
        place = grid.place(best, at, text)
        if key is None:
            near = get_close_matches(fold_id(text), words, 1, _CLOSE) if text and not named else []
            if near:
                told = say_text("tables", "heading", given=f"`{text}`", meant=f"`{near[0]}`")
                mistakes.append(Finding(told, place))
            unread += [text] if text and not near else []
            continue
        trail, kind = keys[key]
        if trail in taken:
            if not (grid.located and key in LOCATION):
                told = say_text("tables", "heading twice", given=f"`{text}`", first=f"`{taken[trail]}`")
                mistakes.append(Finding(told, place))
            continue
        taken[trail] = text
        below = [grid.value(row, at) for row in range(best + 1, len(grid.rows))]
        columns.append(Column(at, trail, kind, text, unit, find_mark(below)))
    if grid.located:
        columns = [one for one in columns if one.at < 2 or one.trail[0] not in LOCATION]
    return Heads(best, tuple(columns), tuple(mistakes), tuple(unread))


def _read_head(cell: Any, words: Mapping[str, str]) -> tuple[str | None, str]:
    """Give the key that a heading stands for, and the unit that it names in brackets."""
    text = show_cell(cell).strip(" *:")
    parted = _BRACKETS.fullmatch(text)
    bare, unit = (parted[1], parted[2]) if parted else (text, "")
    folded = (fold_id(text), fold_id(text.replace("_", " ")), fold_id(bare), fold_id(bare.replace("_", " ")))
    key = next((words[one] for one in folded if one in words), None)
    if key is not None and not unit:
        unit = bare if fold_id(bare) in ("ton", "tons", "tonnes") else ""
    return key, unit if _is_unit(unit) else ""


def _is_unit(text: str) -> bool:
    try:
        return bool(text and read_quantity(f"1 {text}"))
    except InputError:
        return False


def check_named(named: Mapping[str, str], scope: str, grids: list[Grid]) -> Iterator[tuple[str, Any]]:
    """Say which keys of `columns:` there are not, and which of its headings no table has."""
    keys = list_keys(scope)
    there = {fold_id(show_cell(cell)) for grid in grids for row in list(grid.filled())[:_HEADS_WITHIN] for cell in grid.rows[row]}
    there.discard("")
    for key, text in named.items():
        if key not in keys:
            yield key, say_text("tables", "no key", given=f"`{key}`", hint=suggest(key, keys))
        elif fold_id(text) not in there:
            yield key, say_text("tables", "no heading", given=f"`{text}`")


def find_trail(text: str, root: type[BaseModel]) -> Trail:
    """Give the way that a dotted key leads, its first word in either language."""
    first, *rest = re.split(r"\s*\.\s*", text.strip())
    titles = read_texts("headings")
    keys = {field.alias or name for name, field in root.model_fields.items()}
    words = {fold_id(titles[key].render(one)): key for key in titles for one in LANGUAGES if key in keys}
    return (first if first in keys else words.get(fold_id(first), first), *rest)
