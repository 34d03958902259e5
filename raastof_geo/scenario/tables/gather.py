"""Gather rows of tables into sites: what is said of one anywhere is joined by its id or name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

from raastof_geo.errors import Finding, InputError, Place
from raastof_geo.language import Message, list_codes, say_text
from raastof_geo.region.projection import DEGREES
from raastof_geo.scenario.coordinates import AXES, read_system
from raastof_geo.scenario.identity import find_id, fold_id, names_in
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.tables.cell import read_cell
from raastof_geo.scenario.tables.grid import Spoilt, text_of_cell
from raastof_geo.scenario.tables.heading import DUE, ENTRIES, SITES, Column, Headed, Way

_SUMS = {"sum", "i alt", "ialt", "total", "totalt", "subtotal", "hovedtotal", "sum i alt"}
_ASCII = str.maketrans(
    dict(zip("æøåäöüß", ("ae", "oe", "aa", "ae", "oe", "ue", "ss"), strict=True))
)
_LONGEST_ID = 60
_KINDS = {"offers": "material", "needs": "use"}
"""What of an entry says which of the two it is."""
_MOST_DEGREES = 180
_TWINS = dict(zip((*AXES[0], *AXES[1]), (*AXES[1], *AXES[0]), strict=True))
_ID, _NAME, _UNIT, _CRS = ("id",), ("name",), ("unit",), ("crs",)


class _Cell(NamedTuple):
    value: Any
    place: Place
    column: Column


class _Row(NamedTuple):
    sheet: Headed
    number: int
    cells: dict[Way, _Cell]
    blank: dict[Way, Place]

    def text(self, trail: Way) -> str:
        return text_of_cell(self.cells[trail].value) if trail in self.cells else ""


def make_id(text: str, taken: Collection[str] = ()) -> str:
    """Make an id of a name, one that is not taken: `Vejprojekt Ø` gives `vejprojekt_oe`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ASCII))
    words = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain.encode("ascii", "ignore").decode())
    made = "_".join(words)[:_LONGEST_ID].strip("_-") or "site"
    number, free = 2, made
    while free in taken:
        number, free = number + 1, f"{made}_{number}"
    return free


class Gatherer:
    """Puts rows into the sites of a tree, in the order in which they are met."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.calendar = tree, read_calendar(tree.values.get("periods"))
        self.called: dict[str, dict[str, str]] = {}
        self.meant: dict[str, set[str]] = defaultdict(set)
        """Ids that a word stands for, as an id or as a name."""
        for id_, names in names_in(tree.values.get("sites")).items():
            self._know(id_, *names.values())

    def take(self, sheet: Headed) -> None:
        """Join the rows of a sheet to the sites; sheets that list sites come first."""
        grid = sheet.grid
        self.tree.findings += sheet.mistakes
        if sheet.unread:
            self._doubt(sheet, sheet.row, "unread", headings=list_codes(sheet.unread))
        for number in grid.filled():
            row = _Row(sheet, number, {}, {})
            for column in sheet.columns if number > sheet.row else ():
                value = grid.value(number, column.at)
                place = grid.place(number, column.at, column.heading)
                if text_of_cell(value):
                    row.cells[column.key.trail] = _Cell(value, place, column)
                else:
                    row.blank[column.key.trail] = place
            if row.cells:
                self._take_row(row)

    def _take_row(self, row: _Row) -> None:
        whose = (_ID, _NAME) if row.sheet.scope == SITES else (_ID,)
        who = next((row.cells[one] for one in whose if one in row.cells), None)
        if _adds_up(row, who):
            self._doubt(row.sheet, row.number, "sum")
            return
        for trail, (value, place, _) in [*row.cells.items()]:
            if isinstance(value, Spoilt):
                self._tell(place, value.message)
                row.blank[trail] = row.cells.pop(trail).place
        if who is None:
            at = row.blank.get(_ID) or row.blank.get(_NAME)
            self._tell(at or row.sheet.grid.place(row.number, 0), say_text("tables", "nobody"))
        elif not isinstance(who.value, Spoilt) and (id_ := self._find_site(row, who)) is not None:
            self._put_row(row, id_, who.place)

    def _find_site(self, row: _Row, who: _Cell) -> str | None:
        """Find the site that a row is about; one that is new is made where sites are listed."""
        text, is_id = text_of_cell(who.value), who.column.key.trail == _ID
        meant = self.meant[fold_id(text)]
        found = {one for one in meant if is_id and one in (text, make_id(text))} or meant
        if len(found) == 1:
            return next(iter(found))
        if row.sheet.scope != SITES or meant:
            try:
                find_id("sites", text, self.called)
            except InputError as error:
                self._tell(who.place, error.findings[0].message)
            return None
        name, id_ = row.text(_NAME), make_id(text, self.called)
        self.tree.put(("sites", id_), {}, who.place)
        if not name and id_ != text:
            self.tree.put(("sites", id_, *_NAME), text, who.place)
        self._know(id_, name or text, text)
        return id_

    def _know(self, id_: str, *words: str) -> None:
        self.called[id_] = {"name": words[0]} if words else {}
        for word in (id_, *words):
            self.meant[fold_id(word)].add(id_)

    def _put_row(self, row: _Row, id_: str, place: Place) -> None:
        """Put what a row says into its site, and into an entry for what it offers or needs."""
        site = ("sites", id_)
        due = self._tell_apart(row) if any(trail[0] == DUE for trail in row.cells) else None
        ways: dict[str, Trail | None] = dict.fromkeys((DUE, *ENTRIES))
        for kind in ENTRIES:
            if kind == due or any(trail[0] == kind for trail in row.cells):
                listed = self.tree.put((*site, kind), [], place)
                if listed is None or isinstance(listed, list):  # else that is told
                    way = (*site, kind, len(listed or ()))
                    self.tree.put(way, {}, place)
                    ways[kind] = way
        ways[DUE] = ways[due] if due else None
        for trail, (value, at) in self._read_cells(row).items():
            if above := ways.get(trail[0], (*site, trail[0])):
                self._put((*above, *trail[1:]), value, at)
        for trail, at in row.blank.items():
            # Where a place lies may be said in degrees or in metres.
            for first in (trail[0], _TWINS.get(trail[0], trail[0])):
                if above := ways.get(first, (*site, first)):
                    self.tree.places.setdefault((*above, *trail[1:]), at)

    def _tell_apart(self, row: _Row) -> str | None:
        """Tell whether a row offers or needs, by what it names, or could name."""
        filled = [kind for kind, key in _KINDS.items() if (DUE, key) in row.cells]
        found = filled or [kind for kind, key in _KINDS.items() if (DUE, key) in row.blank]
        if len(found) == 1:
            return found[0]
        due = next(one for trail, one in row.cells.items() if trail[0] == DUE)
        at = row.cells.get((DUE, "use"), due).place
        self._tell(at, say_text("tables", "both" if filled else "neither"))
        return None

    def _read_cells(self, row: _Row) -> dict[Way, tuple[Any, Place]]:
        """Give the values of a row, and their places."""
        made: dict[Way, tuple[Any, Place]] = {}
        unit = row.text(_UNIT)
        for trail, (value, place, (_, key, _, own_unit, mark)) in row.cells.items():
            try:
                if trail not in (_ID, _UNIT):
                    how = {"mark": mark, "unit": unit or own_unit}
                    made[trail] = read_cell(value, key.kind, calendar=self.calendar, **how), place
            except InputError as error:
                for one in error.findings:
                    self._tell(place, one.message)
        return _name_axes(made, row.sheet.crs)

    def _put(self, trail: Trail, value: Any, place: Place) -> None:
        """Put a value into a site, or tell that another one stands there already."""
        there = self.tree.put(trail, value, place)
        if there is not None and (given := _show(there)) != _show(value):
            said = {"key": f"`{trail[-1]}`", "given": f"`{given[:60]}`"}
            self._tell(place, say_text("tables", "differs", **said, where=self.tree.place(trail)))

    def _tell(self, place: Place, told: Message) -> None:
        self.tree.findings.append(Finding(told, place))

    def _doubt(self, sheet: Headed, row: int, key: str, **values: Any) -> None:
        doubt = Finding(say_text("tables", key, **values), sheet.grid.place(row, 0))
        self.tree.doubts.append(doubt)


def _adds_up(row: _Row, who: _Cell | None) -> bool:
    """Tell whether a row adds up those above: it says so, or has nothing but amounts."""
    words = {_fold_word(text_of_cell(one)) for one in row.sheet.grid.rows[row.number]}
    if who is not None and _fold_word(text_of_cell(who.value)) not in _SUMS:
        return False
    alone = all(one.column.key.kind == "amount" for one in row.cells.values())
    return alone or bool(words & _SUMS)


def _fold_word(text: str) -> str:
    return fold_id(text).strip(" :.")


def _show(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _name_axes(made: dict[Way, tuple[Any, Place]], crs: str | None) -> dict[Way, Any]:
    """Put coordinates below the keys of their system: degrees, or metres and what they are in.

    `crs` is that of rows which say none; without any, small numbers are degrees.
    """
    found = [axes for axes in AXES if any((one,) in made for one in axes)]
    if len(found) != 1:
        return made
    [axes] = found
    there = [made[(one,)] for one in axes if (one,) in made]
    named, (system, place) = axes, made.pop(_CRS, (crs, there[0][1]))
    if system:
        with suppress(InputError):
            system = read_system(str(system))
        named = AXES[system != DEGREES]
        made |= {_CRS: (system, place)} if system != DEGREES else {}
    elif all(isinstance(one, int | float) and abs(one) <= _MOST_DEGREES for one, _ in there):
        named = AXES[0]
    renamed = {
        (new,): made.pop((old,)) for old, new in zip(axes, named, strict=True) if (old,) in made
    }
    return made | renamed
