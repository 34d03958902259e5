"""The priced legs: km, hours, kg CO2e and DKK of every transport that could make sense."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.emissions.model import name_model
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.legs.roads import RoadPrices

LEG_KEYS = ("origin", "destination", "material", "vehicle", "period")
_LOST = ("origin", "destination", "vehicle", "period", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class Legs(Shown):
    """The priced legs, and the roads that each vehicle takes."""

    frame: pd.DataFrame
    """One row per leg, keyed by `origin`, `destination`, `material`, `vehicle`, `period`.
    Per trip: `length_km` (loaded), `return_km` (empty), `ferry_km`, `toll_km`, `link_dkk` (fares
    of fixed links), `drive_h` (both ways) and `work_h` (with loading and tipping), `load_t`,
    `energy` [unit of the fuel], `energy_unit`. Per tonne: `kg_co2e_wtw_per_t`,
    `kg_co2e_ttw_per_t`, `vehicle_km_per_t`, `haul_dkk_per_t` (of which tolls and fares are
    `toll_dkk_per_t`, and of these a price of CO2 `toll_co2_dkk_per_t`). With limits on passages
    `passages_0` …: trips that pass, for each load [0-2]."""
    roads: RoadPrices | None = None
    """What the legs were priced on; none for legs that were made up."""
    lost: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=_LOST))
    """Legs that no road allows: `origin`, `destination`, `vehicle`, `period` and `reason`."""
    empty_trips: pd.DataFrame | None = None
    """With coordinated trucks, every empty trip from where something is tipped to where something
    is loaded: `origin`, `destination`, `vehicle`, `period`, and for each trip `length_km` (without
    ferries), `drive_h`, `energy`, `kg_co2e_wtw`, `kg_co2e_ttw`, `dkk` (of which `toll_dkk`),
    `passages_0` …."""
    _drawn: dict[tuple[str, str, str, str | None], Floats] = field(default_factory=dict, init=False)

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give how many legs there are, and how long they are."""
        frame = self.frame
        longest = format_number(frame.length_km.max() if len(frame) else 0.0, digits=1)
        return "", (
            Fact(say("Legs"), format_number(len(frame))),
            Fact(say("Legs that no road allows"), format_number(len(self.lost))),
            Fact(say("Longest leg [km]"), longest),
            Fact(say("Trucks"), ", ".join(map(str, frame.vehicle.unique()))),
            Fact(say("Periods"), ", ".join(map(str, frame.period.unique()))),
        )

    @property
    def energy_model(self) -> str:
        """The name of the energy model that the legs were priced with, `""` without roads."""
        return "" if self.roads is None else name_model(self.roads.energy_model)

    def draw(
        self, origin: str, destination: str, vehicle: str, period: str | None = None
    ) -> Floats:
        """Draw a loaded route, by default of the first period with one. [lon and lat]"""
        if self.roads is None:
            return np.empty((0, 2))
        key = origin, destination, vehicle, None if period is None else self.spell(period)
        if key not in self._drawn:
            found = self.roads.find(origin, destination, vehicle, period)
            self._drawn[key] = found.draw(0)
        return self._drawn[key]

    @cached_property
    def keys(self) -> pd.DataFrame:
        """The keys of all legs as categories, to be numbered for one programme after the other."""
        return self.frame[list(LEG_KEYS)].astype("category")

    def spell(self, period: str) -> str:
        """Name the first period whose roads are as in this one; `""`: the legs were made up."""
        if self.roads is None:
            return ""
        return self.roads.spells[self.roads.spell_of(period)][0]
