"""Load slips: what was driven, read from tables. Whatever is wrong with one is named by its cell.

What a cell holds is never told, kept or shown: numbers of trucks and names of people may stand in
any of them. Columns that mean nothing here are named by their headings and left unread.
"""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from raastof_geo.errors import Finding, InputError, Place, raise_all, refusing
from raastof_geo.language import list_codes, say_text
from raastof_geo.scenario.identity import fold_id, id_or_word, suggest
from raastof_geo.scenario.said.site import SiteTable
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables import grid
from raastof_geo.scenario.tables.source import SUMS
from raastof_geo.units import Quantity, read_quantity

_SECTIONS = {"from": "sites", "to": "sites", "material": "materials", "vehicle": "vehicles"}
_NEEDED = ("date", "from", "to", "material", "amount")
_OVERLOAD = 1.5
"""So many times the largest payload is no load of any truck, but another unit, or several loads."""
_SHORT_YEAR = re.compile(r"^(\d{1,2})[-./](\d{1,2})[-./](\d{2})$")
_BARE_VOLUME = re.compile(r"\b(m3|m³)$", re.IGNORECASE)


class Delivery(NamedTuple):
    """What a slip says that counts; no truck is an empty one, no kilometres are NaN."""

    place: Place
    day: datetime.date
    period: str
    origin: str
    destination: str
    material: str
    vehicle: str
    tonnes: float
    loads: float
    length_km: float


@dataclass(eq=False)
class Deliveries:
    """Slips that can be used, and what is wrong with the others."""

    found: list[Delivery] = field(default_factory=list)
    mistakes: list[Finding] = field(default_factory=list)
    left_out_t: float = 0.0
    """Of slips with mistakes, as far as it can be read. [t]"""
    unread: list[str] = field(default_factory=list)
    """Headings of columns that mean nothing here."""

    def leave_out(self, tonnes: float, *mistakes: Finding) -> None:
        """Note a slip that cannot be used, and why."""
        self.mistakes += mistakes
        self.left_out_t += tonnes


def read_deliveries(
    path: Path,
    scenario: Scenario,
    *,
    columns: Mapping[str, str] | None = None,
    until: datetime.date | None = None,
) -> Deliveries:
    """Read load slips from CSV, XLSX or any other table, up to a day.

    A row is one load, unless it has a number of `loads`. `columns`: the headings above keys, where
    they cannot be known by themselves; then no other column is read. `InputError`: the file cannot
    be read, or lacks a column.
    """
    shown, table = path.as_posix(), SiteTable(file=path, columns=dict(columns or {}))
    with refusing("tables", "closed", file=f"`{shown}`"):
        grids = grid.read_grids(path, shown, None)
    raise_all(InputError, grid.check_named(table.columns, grids, grid.DELIVERIES))
    found = (grid.read_heads(one, table, grid.DELIVERIES) for one in grids)
    heads = [one for one in found if one is not None]
    reader = _Reader(scenario, until)
    if all(lacks := [reader.take(one) for one in heads]):
        fewest = min(lacks, key=len, default=_NEEDED)
        told = say_text("deliveries", "lacking", keys=list_codes(fewest), key=fewest[0])
        wrong = (one for head in heads for one in head.mistakes)
        raise InputError(*wrong, Finding(told, Place(shown, 1, 1)))
    return reader.read


class _Reader:
    """Reads rows, one after the other."""

    def __init__(self, scenario: Scenario, until: datetime.date | None) -> None:
        self.scenario, self.until, self.read = scenario, until, Deliveries()
        self.names = {one: scenario.names(one) for one in _SECTIONS.values()}
        self.find = cache(lambda one, text: id_or_word(one, text, self.names[one]))
        self.seen = dict[Any, Place]()
        trucks = scenario.catalogue.vehicles
        self.payload_t = max(trucks[one].payload_t.value for one in scenario.said.vehicles)

    def take(self, head: grid.Headed) -> Sequence[str]:
        """Read the rows of a sheet; or give the keys that it lacks, of which none is read then."""
        self.columns = {column.key.trail[0]: column for column in head.columns}
        there = {*self.columns, *map({"loads": "amount"}.get, self.columns)}
        if lacking := [one for one in _NEEDED if one not in there]:
            return lacking
        self.read.unread += head.unread
        self.read.mistakes += head.mistakes
        for number in (one for one in head.grid.filled() if one > head.row):
            self.row, self.mistakes = head.grid.rows[number], list[Finding]()
            columns = self.columns.items()
            self.places = {key: head.grid.place(number, it.at, it.heading) for key, it in columns}
            self._take_row(tuple(map(grid.text_of_cell, self.row)))
        return ()

    def _take_row(self, cells: tuple[str, ...]) -> None:
        if {fold_id(one).strip(" :.") for one in cells} & SUMS:
            return
        if (day := self._day()) and self.until and day > self.until:
            return
        origin, destination, material, vehicle = map(self._name, _SECTIONS)
        tonnes, carried = self._weigh(material, vehicle)
        loads, length_km = self._number("loads", carried), self._number("distance", math.nan)
        if not self.mistakes and tonnes > loads * _OVERLOAD * self.payload_t:
            self._tell("amount", "unit", most=self.payload_t)
            tonnes = 0.0
        self._refuse_again(cells)
        if self.mistakes or day is None:
            self.read.leave_out(tonnes, *self.mistakes)
            return
        when = next(one.id for one in self.scenario.periods.values() if day <= one.end)
        told = (origin, destination, material, vehicle, tonnes, loads, length_km)
        self.read.found.append(Delivery(self.places["date"], day, when, *told))

    def _refuse_again(self, cells: tuple[str, ...]) -> None:
        slip, place = self._text("slip"), self.places["date"]
        if (first := self.seen.setdefault(slip or cells, place)) is not place:
            self._tell("slip" if slip else "date", "twice", first=str(first.line))

    def _text(self, key: str) -> str:
        return grid.text_of_cell(self.row[self.columns[key].at]) if key in self.columns else ""

    def _tell(self, key: str, said: str, **values: Any) -> None:
        place = self.places.get(key) or self.places.get("loads")
        self.mistakes.append(Finding(say_text("deliveries", said, **values), place))

    def _name(self, key: str) -> str:
        """Find a site, material or truck by id or name; of a truck nothing is wrong."""
        section, text = _SECTIONS[key], self._text(key)
        found, names = self.find(section, text), self.names[section]
        if found in names:
            return found
        if key != "vehicle":
            self._tell(key, section if text else "empty", hint=suggest(text, names))
        return ""

    def _day(self) -> datetime.date | None:
        text = re.split(r"[ T]", self._text("date"), maxsplit=1)[0]
        text = _SHORT_YEAR.sub(r"\1-\2-20\3", text)
        try:
            day = datetime.date.fromisoformat(str(grid.read_cell(text, "date")))
        except ValueError:
            self._tell("date", "no day" if text else "empty")
            return None
        if not any(one.start <= day <= one.end for one in self.scenario.periods.values()):
            self._tell("date", "no period")
        return day

    def _weigh(self, material: str, vehicle: str) -> tuple[float, float]:
        """Give tonnes, zero where that is told or not known yet, and loads, one unless said."""
        key = "amount" if "amount" in self.columns else "loads"
        wrong = "no amount" if self._text(key) else "empty"
        with suppress(InputError):
            if (found := self._amount(key)) is not None:
                loads = 1.0
                if found.unit == "loads":
                    loads = found.value
                    found = replace(found, vehicle=found.vehicle or vehicle or None)
                known = found.unit == "t" or material
                return self.scenario.weigh(found, material) if known else 0.0, loads
            wrong = "nothing"
        self._tell(key, wrong)
        return 0.0, 1.0

    def _amount(self, key: str) -> Quantity | None:
        """Read an amount, tonnes without a unit, volumes as on a truck; none: not above zero."""
        column, unit = self.columns[key], self._text("unit")
        unit = unit or column.unit or {"amount": "t"}.get(key, key)
        # Nobody weighs to the gram: of kilograms a point parts thousands.
        mark = column.mark or ("," if unit.startswith("kg") else "")
        text = str(grid.read_cell(self.row[column.at], "amount", mark=mark, unit=unit))
        found = read_quantity(_BARE_VOLUME.sub(r"\1 loose", text.lstrip("-")))
        return None if text.startswith("-") or not found.value else found

    def _number(self, key: str, unsaid: float) -> float:
        if not self._text(key):
            return unsaid
        column = self.columns[key]
        with suppress(ValueError):
            text = grid.read_cell(self.row[column.at], "amount", mark=column.mark)
            if (number := float(str(text).split(" ", 1)[0].replace(",", "."))) > 0:
                return number
        self._tell(key, "no number")
        return unsaid
