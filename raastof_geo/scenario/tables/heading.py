"""Find out which key of a scenario stands below each heading of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from raastof_geo.errors import Finding, InputError
from raastof_geo.language import LANGUAGES, Message, read_danish_words, read_texts, say_text
from raastof_geo.scenario.identity import fold_id, suggest
from raastof_geo.scenario.reading.refusal import find_type
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.part import Part
from raastof_geo.scenario.said.site import Site
from raastof_geo.scenario.tables.cell import Kind, find_kind, find_mark
from raastof_geo.scenario.tables.grid import Grid, text_of_cell
from raastof_geo.units import read_quantity

SCENARIO, SITES = "scenario", "sites"
ROLES = {
    **{one: one for one in ("offers", "needs")},
    **{f"{one}s": one for one in ("pit", "receiver", "plant", "depot", "stockpile")},
}
"""Tables of what sites do: the key of a site that all of a row stands below."""
ENTRIES: Mapping[str, type[Part]] = {"offers": OfferEntry, "needs": NeedEntry}
"""Keys of a site with a list, in which each row is an entry."""
DUE = "due"
"""What stands for one of them until its row tells which."""
LOCATION = ("lon", "lat", "easting", "northing", "crs")
_OWN = ("id", "unit")
"""What only tables have: who a row is about, and the unit of its amounts."""
_HEADS_WITHIN = 30
"""As many rows from the top headings are looked for."""
_CLOSE = 0.85
_BRACKETS = re.compile(r"(.+?)\s*[\[(]([^\])]*)[\])]?\s*$")


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
    columns: list[Column]
    mistakes: list[Finding]
    unread: list[str]
    """Headings that mean nothing here."""

    def take(self, grid: Grid, column: Column) -> None:
        """Add a column, or tell that its key has one already."""
        first = [one.heading for one in self.columns if one.trail == column.trail]
        if not first:
            self.columns.append(column)
            return
        given = {"given": f"`{column.heading}`", "first": f"`{first[0]}`"}
        place = grid.place(self.row, column.at, column.heading)
        self.mistakes.append(Finding(say_text("tables", "heading twice", **given), place))

    def pass_over(self, grid: Grid, at: int, text: str, *near: str) -> None:
        """Note a heading that means nothing, or tell which one it is near."""
        for one in near:
            told = say_text("tables", "heading", given=f"`{text}`", meant=f"`{one}`")
            self.mistakes.append(Finding(told, grid.place(self.row, at, text)))
        self.unread.extend([] if near else [text])


def find_scope(sheet: str) -> str | None:
    """Tell which table a sheet or layer is by its name; none: it may be anything."""
    return _scopes().get(fold_id(sheet))


@lru_cache
def _scopes() -> dict[str, str]:
    titles = read_texts("tables by name").items()
    return {
        fold_id(one): key for key, said in titles for one in (key, *map(said.render, LANGUAGES))
    }


@lru_cache
def list_keys(scope: str) -> dict[str, tuple[tuple[str, ...], Kind]]:
    """List what may stand in a table: dotted keys, each with its way from a site and its kind."""
    keys: dict[str, tuple[tuple[str, ...], Kind]] = {one: ((one,), "text") for one in _OWN}
    if (below := ROLES.get(scope)) is not None:
        found = _list_trails(ENTRIES.get(below) or find_type(Site, (below,)), ())
        return keys | {".".join(trail): ((below, *trail), kind) for trail, kind in found}
    keys |= {".".join(trail): (trail, kind) for trail, kind in _list_trails(Site, ())}
    for name, model in ENTRIES.items():
        for trail, kind in _list_trails(model, ()):
            keys[".".join((name, *trail))] = (name, *trail), kind
            keys.setdefault(".".join(trail), ((DUE, *trail), kind))
    return keys


def _list_trails(
    model: type[Part], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Kind]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        found = find_type(model, (key,))
        if isinstance(found, type) and issubclass(found, Part):
            yield from _list_trails(found, (*above, key))
        elif key not in ENTRIES:
            yield (*above, key), find_kind(found, key)


@lru_cache
def _words(scope: str) -> dict[str, str]:
    """Give the key of each heading: the key itself, its title in both languages, other words."""
    keys, titles = list_keys(scope), read_texts("headings")
    words = {_fold(key): key for key in keys}
    for key in (one for one in keys if one in titles):
        words |= {_fold(titles[key].render(one)): key for one in LANGUAGES} | words
    for file in ("headings.txt", "keys_da.txt"):
        for word, meant in read_danish_words(file).items():
            if found := [one for one in meant if one in keys]:
                words.setdefault(_fold(word), found[0])
    return words


def _fold(text: str) -> str:
    """Write a heading so that case, `_` and what stands in brackets make no difference."""
    return fold_id(_BRACKETS.sub(r"\1", text.strip(" *:")).replace("_", " "))


def read_heads(grid: Grid, scope: str, named: Mapping[str, str]) -> Heads | None:
    """Find the row of headings and what each means; none: there is no row of headings.

    `named`: the headings that a scenario says, by their keys; nothing else is read then.
    """
    keys = list_keys(scope)
    said = {_fold(text): key for key, text in named.items() if key in keys}
    words = said or _words(scope)
    texts = {row: [*map(text_of_cell, grid.rows[row])] for row in [*grid.filled()][:_HEADS_WITHIN]}
    known = {row: sum(_fold(one) in words for one in found) for row, found in texts.items()}
    best = max(known, key=lambda row: (known[row], -row), default=None)
    if best is None or not known[best]:
        return None
    heads = Heads(best, [], [], [])
    for at, text in enumerate(texts[best]):
        key = words.get(_fold(text))
        if text and key is None:
            near = [] if said else get_close_matches(_fold(text), words, 1, _CLOSE)
            heads.pass_over(grid, at, text, *near)
        # Geometry says where things lie, whatever columns are kept beside it.
        elif key is not None and not (grid.located and at > 1 and key in LOCATION):
            mark = find_mark(grid.value(row, at) for row in range(best + 1, len(grid.rows)))
            heads.take(grid, Column(at, *keys[key], text, _find_unit(text), mark))
    return heads


def _find_unit(heading: str) -> str:
    """Give the unit of amounts that a heading names, in brackets or as all it says."""
    parted = _BRACKETS.fullmatch(heading.strip())
    for unit in (parted[2] if parted else "", heading):
        with suppress(InputError):
            read_quantity(f"1 {unit}")
            return unit
    return ""


def check_named(named: Mapping[str, str], grids: Sequence[Grid]) -> Iterator[Message]:
    """Say which keys of `columns:` there are not, and which of its headings no table has."""
    keys = {key for grid in grids for key in list_keys(find_scope(grid.sheet) or SITES)}
    rows = (grid.rows[row] for grid in grids for row in [*grid.filled()][:_HEADS_WITHIN])
    there = {_fold(text_of_cell(cell)) for row in rows for cell in row}
    for key, text in named.items():
        if key not in keys:
            yield say_text("tables", "no key", given=f"`{key}`", hint=suggest(key, sorted(keys)))
        elif _fold(text) not in there:
            yield say_text("tables", "no heading", key=f"`{key}`", given=f"`{text}`")


def find_trail(text: str) -> tuple[str, ...]:
    """Give the way that a dotted key of a scenario leads, its first word in either language."""
    first, *rest = re.split(r"\s*\.\s*", text.strip())
    titles = read_texts("headings")
    keys = [key for key in titles if key in ScenarioFile.model_fields]
    words = {_fold(titles[key].render(one)): key for key in keys for one in LANGUAGES}
    return words.get(_fold(first), first), *rest
