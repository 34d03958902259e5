"""Gather rows of tables into sites: what is said of one anywhere is joined by its id or name."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from raastof_geo.errors import Finding, InputError, Place
from raastof_geo.language import list_codes, say_text
from raastof_geo.scenario.identity import find_id, fold_id
from raastof_geo.scenario.period import Calendar
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Node, Scalar, find_node, put_node, text_of_node
from raastof_geo.scenario.tables.cell import make_node
from raastof_geo.scenario.tables.grid import Grid, Spoilt, text_of_cell
from raastof_geo.scenario.tables.heading import DUE, ENTRIES, LOCATION, SITES, Column, Heads
from raastof_geo.scenario.tables.system import find_system, turn_into_degrees

_SUMS = {"sum", "i alt", "ialt", "total", "totalt", "subtotal", "hovedtotal", "sum i alt"}
_ASCII = str.maketrans(
    dict(zip("æøåäöüß", ("ae", "oe", "aa", "ae", "oe", "ue", "ss"), strict=True))
)
_LONGEST_ID = 60
_KINDS = {"offers": "material", "needs": "use"}
"""What of an entry says which of the two it is."""
_ID, _NAME, _UNIT = ("id",), ("name",), ("unit",)

Way = tuple[str, ...]


class Headed(NamedTuple):
    """A grid, what it is about, and what was said of it."""

    grid: Grid
    scope: str
    heads: Heads
    crs: str | None


class _Cell(NamedTuple):
    column: Column
    value: Any
    place: Place


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


class Gathered:
    """Sites in the order in which they are met, first those that a scenario has of its own."""

    def __init__(self, own: nodes.Mapping, calendar: Calendar | None) -> None:
        self.sites, self.calendar = nodes.Mapping(own.place), calendar
        self.by_id: dict[str, nodes.Mapping] = {}
        self.called: dict[str, dict[str, str]] = {}
        self.meant: dict[str, set[str]] = defaultdict(set)
        """Ids that a word stands for, as an id or as a name."""
        self.mistakes: list[Finding] = []
        self.doubts: list[Finding] = []
        self.made: list[nodes.Mapping] = []
        for key, site in own.entries:
            self.sites.entries.append((key, site))
            if isinstance(key, Scalar) and isinstance(site, nodes.Mapping):
                name = find_node(site, "name")
                self._know(key.text, site, name.text if isinstance(name, Scalar) else "")

    def take(self, sheet: Headed) -> None:
        """Join the rows of a sheet to the sites; sheets that list sites come first."""
        grid, heads = sheet.grid, sheet.heads
        self.mistakes += heads.mistakes
        if heads.unread:
            told = say_text("tables", "unread", headings=list_codes(heads.unread))
            self.doubts.append(Finding(told, grid.place(heads.row, 0)))
        for number in grid.filled():
            row = _Row(sheet, number, {}, {})
            for column in heads.columns if number > heads.row else ():
                value = grid.value(number, column.at)
                place = grid.place(number, column.at, column.heading)
                if text_of_cell(value):
                    row.cells[column.trail] = _Cell(column, value, place)
                else:
                    row.blank[column.trail] = place
            if row.cells:
                self._take_row(row)

    def finish(self) -> None:
        """Tell which sites of tables lie nowhere, whatever else is wrong with them."""
        for site in self.made:
            said = {key for key in (*LOCATION, "shape") if find_node(site, key) is not None}
            axes = ("easting", "northing") if said & {"easting", "northing"} else ("lon", "lat")
            lacking = [key for key in axes if key not in said]
            if lacking and "shape" not in said:
                self._tell(
                    site.blank.get(lacking[0], site.place), Spoilt(say_text("said", "place"))
                )
                site.entries = [one for one in site.entries if text_of_node(one[0]) not in LOCATION]
                for key, node in _somewhere(site.place).items():
                    put_node(site, (key,), node)

    def _take_row(self, row: _Row) -> None:
        who = row.cells.get(_ID) or (row.cells.get(_NAME) if row.sheet.scope == SITES else None)
        if self._adds_up(row, who):
            return
        for trail, cell in [*row.cells.items()]:
            if isinstance(cell.value, Spoilt):
                self._tell(cell.place, cell.value)
                del row.cells[trail]
        if who is None:
            at = row.blank.get(_ID) or row.blank.get(_NAME) or row.sheet.grid.place(row.number, 0)
            self._tell(at, "nobody")
        elif not isinstance(who.value, Spoilt) and (site := self._site(row, who)) is not None:
            self._put_row(row, site, who.place)

    def _adds_up(self, row: _Row, who: _Cell | None) -> bool:
        """Tell whether a row adds up those above: by its word, its formula or its numbers."""
        (grid, _, heads, _), number = row.sheet, row.number
        words = {fold_id(text_of_cell(one)).strip(" :.") for one in grid.rows[number]}
        if who is not None and fold_id(text_of_cell(who.value)).strip(" :.") not in _SUMS:
            return False
        found = bool(words & _SUMS) or any(at[0] == number for at in grid.sums)
        alone = all(one.column.kind == "amount" for one in row.cells.values())
        for column in (one.column for one in row.cells.values() if alone):
            values = (grid.value(one, column.at) for one in range(heads.row + 1, number + 1))
            *parts, last = (_count(one, column) for one in values)
            found |= sum(map(bool, parts)) > 1 and math.isclose(sum(parts), last)
        if found:
            self.doubts.append(Finding(say_text("tables", "sum"), grid.place(number, 0)))
        return found

    def _site(self, row: _Row, who: _Cell) -> nodes.Mapping | None:
        """Find the site that a row is about; one that is new is made where sites are listed."""
        text, is_id = text_of_cell(who.value), who.column.trail == _ID
        meant = self.meant[fold_id(text)]
        found = {one for one in meant if is_id and one in (text, make_id(text))} or meant
        if len(found) == 1:
            return self.by_id[next(iter(found))]
        if row.sheet.scope != SITES or meant:
            try:
                find_id("sites", text, self.called)
            except InputError as error:
                self.mistakes.append(Finding(error.findings[0].message, who.place))
            return None
        name, id_ = row.text(_NAME), make_id(text, self.by_id)
        site = nodes.Mapping(who.place)
        self.made.append(site)
        self.sites.entries.append((Scalar(who.place, id_, plain=False), site))
        if not name and id_ != text:
            put_node(site, _NAME, Scalar(who.place, text, plain=False))
        self._know(id_, site, name or text, text)
        return site

    def _know(self, id_: str, site: nodes.Mapping, name: str, *words: str) -> None:
        self.by_id[id_], self.called[id_] = site, {"name": name} if name else {}
        for word in filter(None, (id_, name, *words)):
            self.meant[fold_id(word)].add(id_)

    def _put_row(self, row: _Row, site: nodes.Mapping, place: Place) -> None:
        """Put what a row says into its site, and into an entry for what it offers or needs."""
        due = self._which(row) if any(trail[0] == DUE for trail in row.cells) else None
        entries: dict[str, nodes.Mapping] = {}
        for kind in ENTRIES:
            if kind == due or any(trail[0] == kind for trail in row.cells):
                blank = {trail[1]: at for trail, at in row.blank.items() if trail[0] in (kind, DUE)}
                entries[kind] = nodes.Mapping(place, blank=blank)
                _append(site, kind, entries[kind])
        for trail, node in self._nodes(row):
            first = due if trail[0] == DUE else trail[0]
            if first in entries:
                put_node(entries[first], trail[1:], node)
            elif first is not None:
                self._put(site, trail, node)
        for trail, at in row.blank.items():
            owner = find_node(site, *trail[:-1])
            if isinstance(owner, nodes.Mapping) and trail not in (_ID, _UNIT):
                owner.blank.setdefault(trail[-1], at)

    def _which(self, row: _Row) -> str | None:
        """Tell whether a row offers or needs, by what it names, or could name."""
        filled = [kind for kind, key in _KINDS.items() if (DUE, key) in row.cells]
        found = filled or [kind for kind, key in _KINDS.items() if (DUE, key) in row.blank]
        if len(found) == 1:
            return found[0]
        due = next(one for trail, one in row.cells.items() if trail[0] == DUE)
        at = row.cells.get((DUE, "use"), due)
        self._tell(at.place, "both" if filled else "neither")
        return None

    def _nodes(self, row: _Row) -> Iterator[tuple[Way, Node]]:
        """Give what stands in the cells of a row; what lies in another system in degrees."""
        made: dict[Way, Node] = {}
        unit = row.text(_UNIT)
        for trail, (column, value, place) in row.cells.items():
            if trail not in (_ID, _UNIT):
                made[trail], slips = make_node(
                    value, column.kind, place, column.mark, unit or column.unit, self.calendar
                )
                self.mistakes += slips
        keyed = ((key, made.pop((key,), None)) for key in LOCATION)
        where = {key: node for key, node in keyed if isinstance(node, Scalar)}
        try:
            said = where["crs"].text if "crs" in where else row.sheet.crs
            where = turn_into_degrees(where, find_system(said)) if where else {}
        except InputError as error:
            at = where.get("crs") or next(iter(where.values()))
            self.mistakes.append(Finding(error.findings[0].message, at.place))
            where = _somewhere(at.place)
        yield from (((key,), node) for key, node in where.items())
        yield from made.items()

    def _put(self, site: nodes.Mapping, trail: Way, node: Node) -> None:
        """Put a node into a site, or tell that another one stands there already."""
        there = find_node(site, *trail)
        if there is None:
            put_node(site, trail, node)
        elif (given := text_of_node(there)) != text_of_node(node):
            said = {"key": f"`{'.'.join(trail)}`", "given": f"`{given[:60]}`"}
            self._tell(node.place, "differs", **said, where=str(there.place))

    def _tell(self, place: Place, what: str | Spoilt, **values: str) -> None:
        told = what.message if isinstance(what, Spoilt) else say_text("tables", what, **values)
        self.mistakes.append(Finding(told, place))


def _somewhere(place: Place) -> dict[str, Scalar]:
    """Give a place that is none of the scenario's, so that nothing more is told of one told of."""
    return {"lon": Scalar(place, "12.1", plain=True), "lat": Scalar(place, "55.45", plain=True)}


def _count(value: Any, column: Column) -> float:
    """Give the number of an amount, whatever its unit; 0 where there is none."""
    node, _ = make_node(value, "amount", Place("", 0, 0), column.mark)
    try:
        return float(text_of_node(node).partition(" ")[0])
    except ValueError:
        return 0.0


def _append(site: nodes.Mapping, kind: str, entry: nodes.Mapping) -> None:
    listed = find_node(site, kind)
    if listed is None:
        put_node(site, (kind,), nodes.Sequence(entry.place, [entry]))
    elif isinstance(listed, nodes.Sequence):
        listed.items.append(entry)
