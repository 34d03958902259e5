"""What the state asks of a truck for each kilometre: by year, weight, emission class and road."""

import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from raastof_geo.figures.figure import Series

_Rate: TypeAlias = Annotated[float, Field(ge=0, le=1000)]

WeightClass: TypeAlias = Literal["to_12_t", "to_18_t", "to_32_t", "over_32_t"]
"""By the technically permissible weight of the truck that pulls, whatever it carries."""
Co2Class: TypeAlias = Annotated[int, Field(ge=1, le=5)]
"""Class of CO2 emission in the toll, 1 the worst and 5 without emission."""


class TollTable(Series):
    """What trucks pay from a day on, until the next table begins."""

    numbers = ("dkk_per_km",)
    valid_from: datetime.date
    roads: Literal["tolled", "public"] = "tolled"
    """Roads whose class is `tolled` in `speeds`, or every road but tracks and service roads."""
    dkk_per_km: dict[WeightClass, dict[Co2Class, _Rate]] = Field(min_length=1)
    """By weight class, then by class of CO2 emission. [DKK/km]"""
    zones: tuple[str, ...] = ()
    """Municipalities with a dearer environmental zone."""
    zone_factor: float = Field(default=1.0, ge=1, le=10)
    """How many times as much a kilometre costs in a zone."""
    co2_share: float = Field(default=0.0, ge=0, le=1)
    """How much of what trucks of the worst class pay is a price of their CO2."""

    @property
    def start_year(self) -> float:
        """The year in which it begins, with its fraction."""
        return self.valid_from.year + (self.valid_from.timetuple().tm_yday - 1) / 365.25

    def rate(self, weight: WeightClass | None, co2: int) -> float | None:
        """Give what trucks of two classes pay for a kilometre; none where it is not known."""
        return None if weight is None else self.dkk_per_km.get(weight, {}).get(co2)

    def co2_rate(self, weight: WeightClass | None, co2: int) -> float:
        """Give what they pay beyond what class 1 pays for other things than its CO2. [DKK/km]"""
        worst, mine = self.rate(weight, 1), self.rate(weight, co2)
        return max(0.0, mine - (1 - self.co2_share) * worst) if worst and mine else 0.0
