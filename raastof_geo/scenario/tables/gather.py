"""Gather rows of tables into sites: what is said of one anywhere is joined by its id or its name."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from raastof_geo.errors import Finding, InputError, Place
from raastof_geo.language import Message, say_text
from raastof_geo.scenario.identity import find_id, fold_id
from raastof_geo.scenario.period import Calendar
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Node, Scalar, find_node, put_node, write_node
from raastof_geo.scenario.tables.cell import make_node
from raastof_geo.scenario.tables.grid import Grid, Unusable, show_cell
from raastof_geo.scenario.tables.heading import DUE, LISTED, LOCATION, SITES, Column, Heads
from raastof_geo.scenario.tables.system import find_system, turn_into_degrees

_SUMS = {"sum", "i alt", "ialt", "total", "totalt", "subtotal", "hovedtotal", "sum i alt"}
_ASCII = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LONGEST_ID = 60
_KINDS = {"offers": "material", "needs": "use"}
"""What of an entry says which of the two it is."""


class Sheet(NamedTuple):
    """A grid, what it is about, and what was said of it."""

    grid: Grid
    scope: str
    heads: Heads
    crs: str | None


class _Cell(NamedTuple):
    column: Column
    value: Any
    place: Place


_Cells = dict[tuple[str, ...], _Cell]


def make_id(text: str, taken: Mapping[str, Any] = {}) -> str:  # noqa: B006 (never changed)
    """Make an id of a name, one that is not taken: `Vejprojekt Ø` gives `vejprojekt_oe`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_ASCII))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    made = "_".join(words)[:_LONGEST_ID].strip("_") or "site"
    number, free = 2, made
    while free in taken:
        number, free = number + 1, f"{made}_{number}"
    return free


def gather_sites(
    sheets: list[Sheet], own: nodes.Mapping, calendar: Calendar | None
) -> tuple[nodes.Mapping, list[Finding], list[Finding]]:
    """Join rows of sheets to the sites that a scenario has of its own.

    Returns
    -------
    sites, mistakes, doubts
        All sites in the order in which they were met; what is wrong with cells and rows; and what
        was passed over.
    """
    gathered = _Gathered(own, calendar)
    for sheet in sorted(sheets, key=lambda one: one.scope != SITES):
        gathered.take(sheet)
    return gathered.sites, gathered.mistakes, gathered.doubts


class _Gathered:
    def __init__(self, own: nodes.Mapping, calendar: Calendar | None) -> None:
        self.sites, self.calendar = nodes.Mapping(own.place), calendar
        self.by_id: dict[str, nodes.Mapping] = {}
        self.called: dict[str, dict[str, str]] = {}
        self.meant: dict[str, set[str]] = {}
        """Ids that a word stands for, as an id or as a name."""
        self.mistakes: list[Finding] = []
        self.doubts: list[Finding] = []
        for key, site in own.entries:
            self.sites.entries.append((key, site))
            if isinstance(key, Scalar) and isinstance(site, nodes.Mapping):
                name = find_node(site, "name")
                self._know(key.text, site, name.text if isinstance(name, Scalar) else "")

    def take(self, sheet: Sheet) -> None:
        grid, heads = sheet.grid, sheet.heads
        self.mistakes += heads.mistakes
        if heads.unread:
            told = say_text("tables", "unread", headings=", ".join(f"`{one}`" for one in heads.unread))
            self.doubts.append(Finding(told, grid.place(heads.row, 0)))
        for row in grid.filled():
            if row > heads.row:
                self._take_row(sheet, row)

    def _take_row(self, sheet: Sheet, row: int) -> None:
        cells: _Cells = {}
        blank: dict[tuple[str, ...], Place] = {}
        for column in sheet.heads.columns:
            value, place = sheet.grid.value(row, column.at), sheet.grid.place(row, column.at, column.heading)
            if isinstance(value, Unusable):
                self._tell(value.message, place)
            if show_cell(value):
                cells[column.trail] = _Cell(column, value, place)
            else:
                blank[column.trail] = place
        who = cells.get(("id",)) or (cells.get(("name",)) if sheet.scope == SITES else None)
        if not cells or self._is_sum(sheet, row, who):
            return
        if who is None:
            place = blank.get(("id",)) or blank.get(("name",)) or sheet.grid.place(row, 0)
            self._tell(say_text("tables", "nobody"), place)
        elif not isinstance(who.value, Unusable) and (site := self._site(sheet, who, cells)) is not None:
            used = {trail: one for trail, one in cells.items() if not isinstance(one.value, Unusable)}
            self._put_row(sheet, site, who.place, used, blank)

    def _is_sum(self, sheet: Sheet, row: int, who: _Cell | None) -> bool:
        """Tell whether a row adds up those above: by its word, its formula or its numbers."""
        grid, word = sheet.grid, fold_id(show_cell(who.value)).strip(" :.") if who else ""
        if who is not None and word not in _SUMS:
            return False
        texts = {fold_id(show_cell(one)).strip(" :.") for one in grid.rows[row]}
        found = bool(texts & _SUMS) or any(at[0] == row for at in grid.sums)
        for column in sheet.heads.columns if not found else ():
            if column.kind == "amount":
                rows = range(sheet.heads.row + 1, row + 1)
                *parts, last = (_count(grid.value(one, column.at), column) for one in rows)
                found |= bool(last) and math.isclose(sum(parts), last)
        if found:
            self.doubts.append(Finding(say_text("tables", "sum"), grid.place(row, 0)))
        return found

    def _site(self, sheet: Sheet, who: _Cell, cells: _Cells) -> nodes.Mapping | None:
        """Find the site that a row is about; one that is new is made where sites are listed."""
        text = show_cell(who.value)
        meant = self.meant.get(fold_id(text), set())
        by_id = {one for one in meant if one in (text, make_id(text)) and who.column.trail == ("id",)}
        if len(by_id or meant) == 1:
            return self.by_id[next(iter(by_id or meant))]
        if sheet.scope != SITES or meant:
            try:
                find_id("sites", text, self.called)
            except InputError as error:
                self._tell(error.findings[0].message, who.place)
            return None
        name = show_cell(cells[("name",)].value) if ("name",) in cells else ""
        id_, site = make_id(text, self.by_id), nodes.Mapping(who.place)
        self.sites.entries.append((Scalar(who.place, id_, plain=False), site))
        if not name and id_ != text:
            put_node(site, ("name",), Scalar(who.place, text, plain=False))
        self._know(id_, site, name or text)
        self.meant.setdefault(fold_id(text), set()).add(id_)
        return site

    def _know(self, id_: str, site: nodes.Mapping, name: str) -> None:
        self.by_id[id_], self.called[id_] = site, {"name": name} if name else {}
        for word in filter(None, (id_, name)):
            self.meant.setdefault(fold_id(word), set()).add(id_)

    def _put_row(
        self, sheet: Sheet, site: nodes.Mapping, place: Place, cells: _Cells, blank: Mapping[tuple[str, ...], Place]
    ) -> None:
        unit = show_cell(cells[("unit",)].value) if ("unit",) in cells else ""
        listed = {trail[0] for trail in cells if trail[0] in LISTED}
        if any(trail[0] == DUE for trail in cells):
            listed |= {kind for kind in (self._which(sheet, cells, place),) if kind}
        entries = {kind: nodes.Mapping(place) for kind in LISTED if kind in listed}
        for kind, entry in entries.items():
            _append(site, kind, entry)
            entry.blank = {trail[1]: at for trail, at in blank.items() if trail[0] in (kind, DUE)}
        for trail, node in self._nodes(cells, unit, sheet.crs):
            if trail[0] in (*LISTED, DUE):
                kind = trail[0] if trail[0] in LISTED else next(iter(entries), None)
                if kind is not None:
                    put_node(entries[kind], trail[1:], node)
            elif (told := self._differs(site, trail, node)) is not None:
                self._tell(told, node.place)
        for trail, at in blank.items():
            owner = find_node(site, trail[0]) if len(trail) > 1 else site
            if isinstance(owner, nodes.Mapping) and trail[0] not in ("id", "unit"):
                owner.blank.setdefault(trail[-1], at)

    def _which(self, sheet: Sheet, cells: _Cells, place: Place) -> str | None:
        """Tell whether a row offers or needs, by what it names, or could name."""
        filled = [kind for kind, key in _KINDS.items() if (DUE, key) in cells]
        there = {one.trail for one in sheet.heads.columns}
        found = filled or [kind for kind, key in _KINDS.items() if (DUE, key) in there]
        if len(found) == 1:
            return found[0]
        at = cells.get((DUE, "use")) or next(one for trail, one in cells.items() if trail[0] == DUE)
        self._tell(say_text("tables", "both" if filled else "neither"), at.place)
        return None

    def _nodes(self, cells: _Cells, unit: str, crs: str | None) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Give what stands in the cells of a row; what lies in another system in degrees."""
        made: dict[tuple[str, ...], Node] = {}
        for trail, (column, value, place) in cells.items():
            if trail not in (("id",), ("unit",)):
                how = {"mark": column.mark, "unit": unit or column.unit, "calendar": self.calendar}
                made[trail], slips = make_node(value, column.kind, place, **how)
                self.mistakes += slips
        where: dict[str, Scalar] = {
            key: node for key in LOCATION if isinstance(node := made.pop((key,), None), Scalar)
        }
        try:
            said = where.get("crs")
            system = find_system(said.text if said else crs) if where else None
            where = turn_into_degrees(where, system)
        except InputError as error:
            at = where.get("crs") or next(iter(where.values()))
            self._tell(error.findings[0].message, at.place)
            where = {key: Scalar(at.place, text, plain=True) for key, text in (("lon", "12"), ("lat", "55.5"))}
        yield from (((key,), node) for key, node in where.items())
        yield from made.items()

    def _differs(self, site: nodes.Mapping, trail: tuple[str, ...], node: Node) -> Message | None:
        """Put a node into a site; else say that another one stands there already."""
        there = find_node(site, *trail)
        if there is None:
            put_node(site, trail, node)
            return None
        if write_node(there) == write_node(node):
            return None
        shown = f"`{write_node(there)[:60]}`"
        return say_text("tables", "differs", key=f"`{'.'.join(trail)}`", given=shown, place=str(there.place))

    def _tell(self, message: Message, place: Place) -> None:
        self.mistakes.append(Finding(message, place))


def _count(value: Any, column: Column) -> float:
    """Give the number of an amount, whatever its unit; 0 where there is none."""
    node, _ = make_node(value, "amount", Place("", 0, 0), mark=column.mark)
    try:
        return float(write_node(node).partition(" ")[0])
    except ValueError:
        return 0.0


def _append(site: nodes.Mapping, kind: str, entry: nodes.Mapping) -> None:
    listed = find_node(site, kind)
    if listed is None:
        listed = nodes.Sequence(entry.place)
        put_node(site, (kind,), listed)
    if isinstance(listed, nodes.Sequence):
        listed.items.append(entry)

