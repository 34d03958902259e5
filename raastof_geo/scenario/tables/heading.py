"""Find out which key of a scenario stands below each heading of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from raastof_geo.errors import Finding, InputError
from raastof_geo.language import LANGUAGES, Message, read_danish_words, read_texts, say_text
from raastof_geo.scenario.fault import find_type
from raastof_geo.scenario.identity import find_known, fold_id, suggest
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.part import Part
from raastof_geo.scenario.said.site import AXES, Site, SiteTable
from raastof_geo.scenario.tables.grid import Grid, Kind, find_kind, find_mark, text_of_cell
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
    """Tell which table a sheet or layer is by its name; none: it may be anything."""
    return _translate(read_texts("tables by name")).get(_fold(sheet))


def _translate(titles: Mapping[str, Message]) -> dict[str, str]:
    """Give each key by itself and by its titles in both languages."""
    said = {_fold(one.render(to)): key for to in LANGUAGES for key, one in titles.items()}
    return said | {_fold(key): key for key in titles}


@lru_cache
def list_keys(scope: str) -> dict[str, ColumnKey]:
    """List what may stand in a table, by dotted keys; who a row is about, and its unit as well."""
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
    for file in ("headings.txt", "keys_da.txt"):
        for word, meant in read_danish_words(file).items():
            if found := [one for one in meant if one in keys]:
                words.setdefault(_fold(word), found[0])
    return words


def _fold(text: str) -> str:
    """Write a heading so that case, `_` and what stands in brackets make no difference."""
    return fold_id(_BRACKETS.sub(r"\1", text.strip(" *:")).replace("_", " "))


def read_heads(grid: Grid, table: SiteTable) -> Headed | None:
    """Find the row of headings and what each means; none: there is no row of headings.

    Where the table says `columns`, nothing else is read.
    """
    scope = find_scope(grid.sheet) or SITES
    keys = list_keys(scope)
    said = {_fold(text): key for key, text in table.columns.items() if key in keys}
    words = said or _words(scope)
    texts = {row: [*map(text_of_cell, grid.rows[row])] for row in grid.filled()[:_HEADS_WITHIN]}
    known = {row: sum(_fold(one) in words for one in found) for row, found in texts.items()}
    best = max(known, key=known.__getitem__, default=None)
    if best is None or not known[best]:
        return None
    heads, first = Headed(grid, scope, best, [], [], [], table.crs), dict[Way, str]()
    for at, text in enumerate(texts[best]):
        key, place = words.get(_fold(text)), grid.place(best, at, text)
        near = [] if said or key else get_close_matches(_fold(text), words, 1, _CLOSE)
        # Geometry says where things lie, whatever columns are kept beside it.
        if not text or (grid.located and at > 1 and key in (*AXES[0], *AXES[1], "crs")):
            continue
        if key is None and not near:
            heads.unread.append(text)
        elif key is None:
            told = say_text("tables", "heading", given=f"`{text}`", meant=f"`{near[0]}`")
            heads.mistakes.append(Finding(told, place))
        elif other := first.get(keys[key].trail):
            told = say_text("tables", "heading twice", given=f"`{text}`", first=f"`{other}`")
            heads.mistakes.append(Finding(told, place))
        else:
            first[keys[key].trail] = text
            mark = find_mark(row[at] for row in grid.rows[best + 1 :])
            heads.columns.append(Column(at, keys[key], text, _find_unit(text), mark))
    return heads


def _find_unit(heading: str) -> str:
    """Give the unit of amounts that a heading names, in brackets or as all it says."""
    parted = _BRACKETS.fullmatch(heading.strip())
    for unit in (parted[2] if parted else "", heading):
        with suppress(InputError):
            read_quantity(f"1 {unit}")
            return unit
    return ""


def check_named(named: Mapping[str, str], grids: Iterable[Grid]) -> Iterator[Message]:
    """Say which keys of `columns:` there are not, and which of its headings no table has."""
    keys = {key for grid in grids for key in list_keys(find_scope(grid.sheet) or SITES)}
    rows = (grid.rows[row] for grid in grids for row in grid.filled()[:_HEADS_WITHIN])
    there = {_fold(text_of_cell(cell)) for row in rows for cell in row}
    for key, text in named.items():
        if key not in keys:
            yield say_text("tables", "no key", given=f"`{key}`", hint=suggest(key, sorted(keys)))
        elif _fold(text) not in there:
            yield say_text("tables", "no heading", key=f"`{key}`", given=f"`{text}`")
