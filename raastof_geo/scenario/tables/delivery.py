"""Load slips: what was driven, read from tables. Whatever is wrong with one is named by its cell.

What a cell holds is never told, kept or shown: numbers of trucks and names of people may stand in
any of them. Columns that mean nothing here are named by their headings and left unread.
"""

import datetime
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from raastof_geo.errors import Finding, InputError, Place, raise_all, refusing
from raastof_geo.language import list_codes, say_text
from raastof_geo.scenario.identity import find_id, fold_id, suggest
from raastof_geo.scenario.said.site import SiteTable
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.grid import read_cell, read_grids, text_of_cell
from raastof_geo.scenario.tables.heading import DELIVERIES, Headed, check_named, read_heads
from raastof_geo.scenario.tables.source import SUMS
from raastof_geo.units import Quantity, read_quantity

_NEEDED = ("date", "from", "to", "material", "amount")
_OVERLOAD = 1.5
"""So many times the largest payload is no load of any truck, but another unit, or several loads."""
_SHORT_YEAR = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{2})")
_BARE_VOLUME = re.compile(r"\b(m3|m³)$", re.IGNORECASE)


class Delivery(NamedTuple):
    """What a slip says that counts."""

    place: Place
    day: datetime.date
    period: str
    origin: str
    destination: str
    material: str
    vehicle: str
    """Empty: no truck of the scenario is named."""
    tonnes: float
    loads: float
    length_km: float
    """Driven with the load; NaN: not said."""


@dataclass(eq=False)
class Deliveries:
    """Slips that can be used, and what is wrong with the others."""

    found: list[Delivery] = field(default_factory=list)
    mistakes: list[Finding] = field(default_factory=list)
    left_out_t: float = 0.0
    """Of slips with mistakes, as far as it can be read. [t]"""
    unread: list[str] = field(default_factory=list)
    """Headings of columns that mean nothing here."""
    unknown_trucks: int = 0
    """Slips that name a truck which the scenario has not."""
    later: int = 0
    """Slips of days after those that are asked for, which are not looked at."""

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
    """Read load slips from CSV, XLSX or any other table; up to a day.

    A row is one load, unless it has a number of `loads`. `columns`: the headings above keys, where
    they cannot be known by themselves; then no other column is read. `InputError`: the file cannot
    be read, or lacks a column.
    """
    shown, columns = path.as_posix(), dict(columns or {})
    with refusing("tables", "closed", file=f"`{shown}`"):
        grids = read_grids(path, shown, None)
    raise_all(InputError, check_named(columns, grids, DELIVERIES))
    table = SiteTable(file=path, columns=columns)
    heads = [one for it in grids if (one := read_heads(it, table, DELIVERIES)) is not None]
    whole = [head for head in heads if not _find_lacking(head)]
    if not whole:
        lacks = min(map(_find_lacking, heads), key=len, default=[*_NEEDED])
        told = say_text("deliveries", "lacking", keys=list_codes(lacks), key=lacks[0])
        wrong = (one for head in heads for one in head.mistakes)
        raise InputError(*wrong, Finding(told, Place(shown, 1, 1)))
    reader = _Reader(scenario, until)
    for head in whole:
        reader.take(head)
    return reader.read


def _find_lacking(head: Headed) -> list[str]:
    there = {column.key.trail[0] for column in head.columns}
    there |= {"amount"} if "loads" in there else set()
    return [key for key in _NEEDED if key not in there]


class _Reader:
    """Reads rows, one after the other."""

    def __init__(self, scenario: Scenario, until: datetime.date | None) -> None:
        self.scenario, self.until, self.read = scenario, until, Deliveries()
        self.seen: dict[Any, Place] = {}
        self.find = lru_cache(maxsize=None)(self._look_up)
        trucks = scenario.catalogue.vehicles
        self.payload_t = max(trucks[one].payload_t.value for one in scenario.said.vehicles)

    def take(self, head: Headed) -> None:
        """Read the rows of a sheet."""
        self.read.unread += head.unread
        self.read.mistakes += head.mistakes
        self.columns = {column.key.trail[0]: column for column in head.columns}
        for number in (one for one in head.grid.filled() if one > head.row):
            self.row, self.mistakes = head.grid.rows[number], list[Finding]()
            self.places = {
                key: head.grid.place(number, one.at, one.heading)
                for key, one in self.columns.items()
            }
            cells = tuple(map(text_of_cell, self.row))
            if not {fold_id(one).strip(" :.") for one in cells} & SUMS:
                self._take_row(cells)

    def _take_row(self, cells: tuple[str, ...]) -> None:
        slip, vehicle, place = self._text("slip"), self._name("vehicle"), self.places["date"]
        if (day := self._day()) and self.until and day > self.until:
            self.read.later += 1
            return
        quantity = self._quantity(vehicle)
        origin, destination, material = map(self._name, ("from", "to", "material"))
        tonnes = self._weigh(quantity, material) if quantity else 0.0
        carried = quantity.value if quantity and quantity.unit == "loads" else 1.0
        loads, length_km = self._number("loads", carried), self._number("distance", math.nan)
        if not self.mistakes and tonnes > loads * _OVERLOAD * self.payload_t:
            self._tell("amount", "unit", most=self.payload_t)
        if (first := self.seen.setdefault(slip or cells, place)) is not place:
            self._tell("slip" if slip else "date", "twice", first=str(first.line))
        if self.mistakes or day is None:
            self.read.leave_out(tonnes, *self.mistakes)
            return
        self.read.unknown_trucks += not vehicle and bool(self._text("vehicle"))
        when = next(id_ for id_, one in self.scenario.periods.items() if day <= one.end)
        told = (origin, destination, material, vehicle, tonnes, loads, length_km)
        self.read.found.append(Delivery(place, day, when, *told))

    def _text(self, key: str) -> str:
        return text_of_cell(self.row[self.columns[key].at]) if key in self.columns else ""

    def _tell(self, key: str, said: str, **values: Any) -> None:
        place = self.places.get(key) or self.places.get("loads")
        self.mistakes.append(Finding(say_text("deliveries", said, **values), place))

    def _name(self, key: str) -> str:
        """Find a site, material or truck by id or name; of a truck nothing is wrong."""
        section = {"material": "materials", "vehicle": "vehicles"}.get(key, "sites")
        text = self._text(key)
        found: str = self.find(section, text)
        if not found and section != "vehicles":
            hint = suggest(text, self.scenario.names(section))
            self._tell(key, f"no {section}" if text else "empty", hint=hint)
        return found

    def _look_up(self, section: str, text: str) -> str:
        with suppress(InputError):
            return find_id(section, text, self.scenario.names(section))
        return ""

    def _day(self) -> datetime.date | None:
        text = re.split(r"[ T]", self._text("date"), maxsplit=1)[0]
        if match := _SHORT_YEAR.fullmatch(text):
            text = "{}-{}-20{}".format(*match.groups())
        try:
            day = datetime.date.fromisoformat(str(read_cell(text, "date")))
        except ValueError:
            self._tell("date", "no day" if text else "empty")
            return None
        if not any(one.start <= day <= one.end for one in self.scenario.periods.values()):
            self._tell("date", "no period")
        return day

    def _quantity(self, vehicle: str) -> Quantity | None:
        """Read what was delivered: tonnes where nothing else is said, cubic metres as on a truck.

        Loads are those of the truck that is named.
        """
        if "amount" not in self.columns:
            return Quantity(self._number("loads", 1.0), "loads", vehicle=vehicle or None)
        column, text = self.columns["amount"], self._text("amount")
        unit = self._text("unit") or column.unit or "t"
        with suppress(InputError):
            text = str(read_cell(self.row[column.at], "amount", mark=column.mark, unit=unit))
            found = read_quantity(_BARE_VOLUME.sub(r"\1 loose", text.lstrip("-")))
            if text.startswith("-") or not found.value:
                self._tell("amount", "nothing")
                return None
            bare = found.unit == "loads" and not found.vehicle
            return replace(found, vehicle=vehicle or None) if bare else found
        self._tell("amount", "no amount" if text else "empty")
        return None

    def _weigh(self, quantity: Quantity, material: str) -> float:
        with suppress(InputError):
            known = quantity.unit == "t" or material
            return self.scenario.weigh(quantity, material) if known else 0.0
        self._tell("amount", "no weight")
        return 0.0

    def _number(self, key: str, unsaid: float) -> float:
        """Read a number above zero, its unit left aside."""
        if not self._text(key):
            return unsaid
        column = self.columns[key]
        with suppress(ValueError):
            text = read_cell(self.row[column.at], "amount", mark=column.mark)
            if (number := float(str(text).split(" ", 1)[0].replace(",", "."))) > 0:
                return number
        self._tell(key, "no number")
        return unsaid
