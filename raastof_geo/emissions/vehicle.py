"""A truck and its fuel: how fast it goes, what it uses on each kind of road, and its toll."""

import datetime
from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias
import numpy as np
from pydantic import Field
from raastof_geo.arrays import Floats
from raastof_geo.emissions.limit import SIZES, TruckLimit, with_fields
from raastof_geo.figures import figure

_Rate: TypeAlias = Annotated[float, Field(ge=0, le=1000)]

WeightClass: TypeAlias = Literal["to_12_t", "to_18_t", "to_32_t", "over_32_t"]
"""By the technically permissible weight of the truck that pulls, whatever it carries."""
Co2Class: TypeAlias = Annotated[int, Field(ge=1, le=5)]
"""Class of CO2 emission in the toll, 1 the worst and 5 without emission."""


class TollTable(figure.Series):
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
        """Find the rate of two classes. Returns DKK/km, none where it is not known."""
        return None if weight is None else self.dkk_per_km.get(weight, {}).get(co2)

    def co2_rate(self, weight: WeightClass | None, co2: int) -> float:
        """Give what they pay beyond what class 1 pays for other things than its CO2. [DKK/km]"""
        worst, mine = self.rate(weight, 1), self.rate(weight, co2)
        return max(0.0, mine - (1 - self.co2_share) * worst) if worst and mine else 0.0


class BuiltUpSpeed(figure.Strict):
    """How fast trucks go in built-up areas."""

    limit_km_h: figure.Speed
    """The Danish limit for vehicles above 3.5 t on such a road. [km/h]"""
    mean_km_h: figure.Speed
    """What they average, junctions and bends included. [km/h]"""


class RoadSpeed(BuiltUpSpeed):
    """How fast trucks go on a class of road."""

    tolled: bool = False
    """Whether the truck toll is counted on this class of road."""


LONGEST_RIGID_M = 12.0
"""Longest truck without a trailer in Denmark. [m] (elov.dk, order on dimensions, section 10)"""


class Named(figure.Strict):
    """Something with a name in both languages."""

    name: dict[str, str] = Field(min_length=1)
    """What people read, by language."""

    def called(self, language: str) -> str:
        """Give the name in `language`, or in whichever language there is one."""
        return self.name.get(language) or next(iter(self.name.values()))


class Fuel(Named):
    """What a truck runs on, and what a unit of it emits."""

    unit: str
    """The unit that the truck's use is counted in: `l` or `kWh`."""
    kg_co2e_ttw_per_unit: figure.Yearly
    """Tank to wheel. [kg CO2e per unit]"""
    kg_co2e_wtw_per_unit: figure.Yearly
    """Well to wheel. [kg CO2e per unit]"""


@with_fields({size.name: (figure.PositiveFigure, size.default) for size in SIZES if size.default})
class _Weights(Named):
    """What a truck runs on and weighs; the sizes that limits are held against come after."""

    fuel: str
    gross_t: figure.PositiveFigure
    """Greatest legal weight, truck and load. [t]"""
    payload_t: figure.PositiveFigure
    """Greatest load by weight. [t]"""


class Vehicle(_Weights):
    """A kind of truck."""

    body_m3: figure.PositiveFigure
    """Greatest load by volume. [m3 loose]"""
    energy_per_100km: figure.EnergyCurve
    """Fuel or electricity by speed, empty and at full payload. [unit of the fuel per 100 km]"""
    idle_per_h: figure.NonNegativeFigure
    """Fuel or electricity while standing with the engine on. [unit of the fuel per h]"""
    loading_min: figure.NonNegativeFigure
    """Time to load and tip, both ends together. [min per load]"""
    hire_dkk_per_h: figure.NonNegativeFigure
    """Truck and driver. [DKK/h]"""
    pulls: Literal["nothing", "trailer", "semitrailer"] | None = None
    """What it pulls; where that is not said, a trailer if it is longer than `LONGEST_RIGID_M`."""
    axles: int | None = Field(default=None, ge=2, le=20)
    """Axles in all; where that is not said, 4 of a truck that pulls nothing, else 7."""
    toll_weight: WeightClass | None = None
    """The weight class in the tables of `tolls`."""
    toll_co2: Co2Class = 1
    """The class of CO2 emission in the tables of `tolls`."""
    toll_dkk_per_km: figure.NonNegativeFigure | None = None
    """A toll of its own in every year, instead of that of `tolls`. [DKK/km]"""
    turns_in_dead_end: bool = True
    """Whether it turns round where a road ends; at the sites that it serves every truck does."""
    legal_from: datetime.date | None = None
    """The first day on which it may drive on Danish roads; none: it always did."""

    def load_t(self, loose_t_per_m3: float) -> float:
        """Fill the truck, by weight or by volume as it lies there. Returns the load. [t]"""
        return min(self.payload_t.value, self.body_m3.value * loose_t_per_m3)

    @property
    def empty_t(self) -> float:
        """What it weighs without load. [t]"""
        return self.gross_t.value - self.payload_t.value

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of `hgv` that it is to OpenStreetMap; a semitrailer is a trailer."""
        longer = self.length_m.value > LONGEST_RIGID_M  # type: ignore[attr-defined]
        pulls = self.pulls or ("trailer" if longer else "nothing")
        kinds = {"nothing": (), "trailer": ("trailer",)}.get(pulls, ("trailer", "hgv_articulated"))
        return frozenset(kinds)

    @property
    def axle_count(self) -> int:
        """How many axles it has, those of a trailer too."""
        return self.axles or (7 if self.kinds else 4)

    def size_for(self, limit: TruckLimit, *, loaded: bool = True) -> float:
        """Find the size that a limit is held against, loaded to the full or empty. Returns t or m.

        Of limits that shrink `with_load` (weight, axle load) an empty truck has the share that its
        own weight is of the gross one: axles are taken to share it alike.
        """
        found = getattr(self, limit.size.name)
        size = float(getattr(found, "value", found))
        share = self.empty_t / self.gross_t.value if limit.with_load and not loaded else 1.0
        return size * share


EnergyModel: TypeAlias = Callable[[Vehicle, Floats], tuple[Floats, Floats]]


def energy_by_speed(vehicle: Vehicle, speed_km_h: Floats) -> tuple[Floats, Floats]:
    r"""Tell what a truck uses at each speed [km/h].

    Returns its use empty and at full payload, in the shape of the speeds. [unit of the fuel per km]
    Linear between the speeds of the vehicle's curve and flat outside them. For a load :math:`f`
    between 0 and 1 of the payload it is :math:`(1 - f)\,e + f\,g`: COPERT and HBEFA are linear in
    load as well (EMEP/EEA Guidebook 2023, 1.A.3.b; transportmeasures.org wiki 5).
    """
    curve = vehicle.energy_per_100km
    loads = curve.empty, curve.full
    empty, full = (np.interp(speed_km_h, curve.speed_km_h, one) / 100 for one in loads)
    return empty, full


TRIP_KM_H = 62.4
"""How fast trucks go on a whole mixed trip: the mean of 58.9 km/h (7 axles, 175 km in Jutland) and
65.9 km/h (40 t, 152 km), both measured on test drives (Transportnyhederne 2018-2023); that their
mean stands for every trip is a judgement. [km/h]"""


def energy_by_distance(vehicle: Vehicle, speed_km_h: Floats) -> tuple[Floats, Floats]:
    """Tell what a truck uses whatever the road. Returns as `energy_by_speed` does.

    One figure for each kilometre, as default values know it that see no road, and linear in
    load, as NTMCalc and HBEFA 3.1 are (transportmeasures.org wiki 5). It is the vehicle's own
    curve at `TRIP_KM_H`, so that the two models differ by the road alone: with this one a way
    of fewer kilometres always emits less. [unit of the fuel per km]
    """
    return energy_by_speed(vehicle, np.full(np.shape(speed_km_h), TRIP_KM_H))


MODELS: dict[str, EnergyModel] = {"by_speed": energy_by_speed, "by_distance": energy_by_distance}
"""The energy models, by the name that is written in a scenario or after `--model`."""

BY_DEFAULT = "by_speed"


def name_model(model: EnergyModel) -> str:
    """Name a model as plans do. Returns its name in `MODELS`, else its module and function."""
    own = f"{getattr(model, '__module__', '')}.{getattr(model, '__qualname__', repr(model))}"
    return next((name for name, one in MODELS.items() if one is model), own)
