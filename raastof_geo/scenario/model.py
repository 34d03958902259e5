"""What the user says: the types behind a scenario file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from raastof_geo.errors import InputError
from raastof_geo.figures import NonNegativeFigure
from raastof_geo.language import Language, say
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.coordinates import Crs, check_degrees, check_metres
from raastof_geo.scenario.identity import check_id, known
from raastof_geo.scenario.period import Period, check_order, read_period
from raastof_geo.units import Quantity, read_quantity, read_share

Objective = Literal[
    "transport_kg_co2e_wtw",
    "transport_kg_co2e_ttw",
    "cost_dkk",
    "tonne_km",
    "vehicle_km",
    "virgin_tonnes",
]
OutputName = Literal["map", "flows", "geopackage", "plan", "summary"]
ShareDefinition = Literal["with_clean_soil", "without_soil"]
RouteMeasure = Literal["emissions", "time", "cost"]

Amount: TypeAlias = Annotated[Quantity, BeforeValidator(read_quantity)]
Share: TypeAlias = Annotated[float, BeforeValidator(read_share)]
MaterialId: TypeAlias = Annotated[str, AfterValidator(known("materials"))]
UseId: TypeAlias = Annotated[str, AfterValidator(known("uses"))]
VehicleId: TypeAlias = Annotated[str, AfterValidator(known("vehicles"))]
SiteId: TypeAlias = Annotated[str, AfterValidator(known("sites"))]
PeriodId: TypeAlias = Annotated[
    str, BeforeValidator(lambda given: str(given).lower()), AfterValidator(known("periods"))
]


class Model(BaseModel):
    """A part of a scenario: frozen, and no key that is not known."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        coerce_numbers_to_str=True,
        populate_by_name=True,
        str_strip_whitespace=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
    )


class Window(Model):
    """From one period to another, both included."""

    first: PeriodId | None = Field(default=None, alias="from")
    """First period; none: the first of the scenario."""
    last: PeriodId | None = Field(default=None, alias="to")
    """Last period; none: the last of the scenario."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self, info: ValidationInfo) -> Window:
        ids = list((info.context or {}).get("known", {}).get("periods", ()))
        if self.first in ids and self.last in ids and ids.index(self.first) > ids.index(self.last):
            raise InputError(
                say("`from: {first}` comes after `to: {last}`", first=self.first, last=self.last)
            )
        return self

    def periods(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Give the periods of the window, in order."""
        start = ids.index(self.first) if self.first else 0
        stop = ids.index(self.last) + 1 if self.last else len(ids)
        return ids[start:stop]


class Stock(Window):
    """An amount in a window: once in all, or again in each period."""

    amount: Amount | None = None
    amount_per_period: Amount | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> Stock:
        if (self.amount is None) == (self.amount_per_period is None):
            raise InputError(
                say("say either `amount` (in all) or `amount_per_period`, not both and not neither")
            )
        return self

    @property
    def quantity(self) -> Quantity:
        """The amount that was said, in all or for each period."""
        quantity = self.amount or self.amount_per_period
        assert quantity is not None  # noqa: S101 - _one_amount has made sure
        return quantity

    def windows(self, ids: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Give the windows that the amount falls due in."""
        periods = self.periods(ids)
        return [periods] if self.amount is not None else [(period,) for period in periods]


class OfferEntry(Stock):
    """A material that a site has too much of."""

    material: MaterialId
    must_leave: bool = True
    """Whether all of it has to go, as surplus from a construction site has."""
    price_dkk_per_t: float = Field(default=0.0)
    """What the taker pays for it; below 0 where the giver pays. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> OfferEntry:
        _weigh(self.quantity, self.material, info)
        return self


class NeedEntry(Stock):
    """A use that a site needs a material for; amounts are of the use's reference material."""

    use: UseId
    materials: tuple[MaterialId, ...] | None = None
    """The only materials that will do; none: all that the catalogue allows."""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> NeedEntry:
        catalogue = _catalogue(info)
        if catalogue is not None and self.use in catalogue.uses:
            _weigh(self.quantity, catalogue.uses[self.use].reference_material, info)
        return self


class Capacity(Model):
    """How much can be dug or received."""

    capacity_per_period: Amount | None = None
    capacity_total: Amount | None = None

    def limits(self) -> Iterator[tuple[str, Quantity]]:
        """Give the limits that were set, by name."""
        for name in ("capacity_per_period", "capacity_total"):
            quantity = getattr(self, name)
            if quantity is not None:
                yield name, quantity


class PitEntry(Capacity):
    """A source of virgin material."""

    supplies: tuple[MaterialId, ...] = Field(min_length=1)
    price_dkk_per_t: dict[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Prices of this pit; the catalogue's where it has none. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> PitEntry:
        _weigh_capacity(self, self.supplies, info)
        return self


class ReceiverEntry(Capacity):
    """A place where surplus ends."""

    accepts: tuple[MaterialId, ...] = Field(min_length=1)
    gate_fee_dkk_per_t: dict[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Fees of this receiver; the catalogue's where it has none. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> ReceiverEntry:
        _weigh_capacity(self, self.accepts, info)
        return self


class Site(Model):
    """A place with one or more roles."""

    name: str = Field(default="", max_length=10_000)
    note: str = ""
    """What a reader should know: where the amounts come from, whether they are illustrative."""
    municipality: Annotated[str, AfterValidator(known("municipalities"))] | None = None
    lon: float | None = None
    lat: float | None = None
    crs: Crs | None = None
    easting: float | None = None
    northing: float | None = None
    offers: tuple[OfferEntry, ...] = ()
    needs: tuple[NeedEntry, ...] = ()
    pit: PitEntry | None = None
    receiver: ReceiverEntry | None = None

    @field_validator("lat")
    @classmethod
    def _degrees_lie_in_denmark(cls, lat: float | None, info: ValidationInfo) -> float | None:
        lon = info.data.get("lon")
        if lat is not None and lon is not None:
            check_degrees(lon, lat)
        return lat

    @field_validator("northing")
    @classmethod
    def _metres_lie_in_denmark(cls, northing: float | None, info: ValidationInfo) -> float | None:
        easting, crs = info.data.get("easting"), info.data.get("crs")
        if northing is not None and easting is not None and crs not in (None, "EPSG:4326"):
            check_metres(easting, northing, crs)
        return northing

    @model_validator(mode="after")
    def _lies_in_one_place(self) -> Site:
        degrees = self.lon is not None and self.lat is not None
        metres = self.easting is not None and self.northing is not None
        if metres and self.crs in (None, "EPSG:4326"):
            raise InputError(
                say("easting and northing need `crs: EPSG:25832` or `crs: EPSG:25833`")
            )
        if degrees and self.crs not in (None, "EPSG:4326"):
            raise InputError(
                say("{crs} has easting and northing, not lon and lat", crs=str(self.crs))
            )
        some_metres = self.easting is not None or self.northing is not None
        some_degrees = self.lon is not None or self.lat is not None
        if degrees == metres or (degrees and some_metres) or (metres and some_degrees):
            raise InputError(
                say("a site needs `lon` and `lat`, or `crs`, `easting` and `northing`")
            )
        return self

    @model_validator(mode="after")
    def _has_a_role(self) -> Site:
        if not (self.offers or self.needs or self.pit or self.receiver):
            raise InputError(
                say("a site needs at least one of `offers`, `needs`, `pit`, `receiver`")
            )
        return self

    @cached_property
    def lon_lat(self) -> tuple[float, float]:
        """Where the site lies. [degrees WGS84]"""
        if self.lon is not None and self.lat is not None:
            return self.lon, self.lat
        assert self.easting is not None and self.northing is not None and self.crs  # noqa: S101
        return check_metres(self.easting, self.northing, self.crs)

    @property
    def roles(self) -> tuple[str, ...]:
        """What the site does: `offer`, `need`, `pit`, `receiver`."""
        has = {
            "need": self.needs,
            "offer": self.offers,
            "pit": self.pit,
            "receiver": self.receiver,
        }
        return tuple(role for role, entry in has.items() if entry)


class RoadChange(Window):
    """Roads that are not as the map says, always or in a window of periods."""

    name: str | None = None
    """Roads of this name or number, as in `Storstrømsbroen` or `E47`."""
    way: tuple[int, ...] | None = None
    """Ways by their ids in OpenStreetMap."""
    at: tuple[float, float] | None = None
    """The road nearest to a place: longitude, latitude. [degrees]"""
    polygon: tuple[tuple[float, float], ...] | None = Field(default=None, min_length=3)
    """All roads that touch an area: its corners, longitude and latitude each. [degrees]"""
    closed: bool = False
    """Whether trucks may not use them."""
    speed_km_h: float | None = Field(default=None, gt=0, le=130)
    """What trucks average there, whatever class and signs say. [km/h]"""
    maxweight_t: float | None = Field(default=None, gt=0)
    maxweightrating_t: float | None = Field(default=None, gt=0)
    maxaxleload_t: float | None = Field(default=None, gt=0)
    maxheight_m: float | None = Field(default=None, gt=0)
    maxwidth_m: float | None = Field(default=None, gt=0)
    maxlength_m: float | None = Field(default=None, gt=0)
    vehicles: tuple[VehicleId, ...] | None = None
    """The trucks it is about; none: all."""
    note: str = ""
    """Why, for the reader."""

    @field_validator("way", mode="before")
    @classmethod
    def _one_way_or_several(cls, given: Any) -> Any:
        return given if given is None or isinstance(given, list | tuple) else [given]

    @field_validator("at")
    @classmethod
    def _place_lies_in_denmark(cls, at: tuple[float, float] | None) -> tuple[float, float] | None:
        if at is not None:
            check_degrees(*at)
        return at

    @model_validator(mode="after")
    def _says_where_and_what(self) -> RoadChange:
        where = (self.name, self.way, self.at, self.polygon)
        if sum(value is not None for value in where) != 1:
            raise InputError(say("say which roads by one of `name`, `way`, `at`, `polygon`"))
        if not (self.closed or self.speed_km_h or self.limits):
            raise InputError(
                say("say what changes: `closed: true`, `speed_km_h`, or a limit as `maxweight_t`")
            )
        return self

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set, by name. [t, m]"""
        names = [name for name in type(self).model_fields if name.startswith("max")]
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class NetworkChoice(Model):
    """Which roads, and how trucks choose among them."""

    file: Path | None = None
    """A network made by `raastof network build` or `fetch`, a file of OpenStreetMap such as
    `.osm.pbf`, or a `.graphml` of OSMnx; none: the built-in network."""
    municipalities: tuple[Annotated[str, AfterValidator(known("municipalities"))], ...] = ()
    """Read only these, and what lies near, from a file of OpenStreetMap."""
    changes: tuple[RoadChange, ...] = ()
    """Roads that are not as the map says: closed, limited, slower."""
    ferries: bool = True
    """Whether trucks may take ferries."""
    route_by: RouteMeasure = "emissions"
    """What a route has least of."""
    snap_limit_m: float = Field(default=1000.0, gt=0, le=20_000)
    """Refuse a site farther than this from any road. [m]"""


class SecondaryShare(Model):
    """How much of the need has to be met by secondary materials."""

    at_least: Share
    definition: ShareDefinition = "with_clean_soil"
    """Whether clean soil counts."""


class Targets(Model):
    """What the plan has to reach."""

    secondary_share: SecondaryShare | None = None


class Baseline(Model):
    """What would happen without coordination: each project alone with its best pit and receiver."""

    pits: tuple[SiteId, ...] | None = None
    """The only pits of the baseline; none: all."""
    receivers: tuple[SiteId, ...] | None = None
    """The only receivers of the baseline; none: all."""


class ScenarioFile(Model):
    """A scenario as it stands in its file."""

    title: str = Field(min_length=1, max_length=10_000)
    description: str = ""
    language: Language = "da"
    periods: tuple[Annotated[Period, BeforeValidator(read_period)], ...] = Field(min_length=1)
    network: NetworkChoice = NetworkChoice()
    vehicles: tuple[VehicleId, ...] = Field(
        default=("tipper_4_axle", "truck_trailer_7_axle"), min_length=1
    )
    """The trucks that may be used; each leg takes the best of them."""
    idle_min_per_load: float = Field(default=0.0, ge=0, le=600)
    """Time with the engine running at both ends of a trip, together. [min]"""
    accepted_conditions: tuple[Annotated[str, AfterValidator(known("conditions"))], ...] = ()
    """Conditions of conditional fits that the scenario accepts."""
    catalogue: dict[str, Any] = Field(default_factory=dict)
    """Additions to the built-in catalogue, and replacements in it."""
    sites: dict[Annotated[str, AfterValidator(check_id)], Site] = Field(min_length=1)
    targets: Targets = Targets()
    objectives: tuple[Objective, ...] = Field(
        default=("transport_kg_co2e_wtw", "cost_dkk", "tonne_km"), min_length=1
    )
    """What is minimised, the most important first."""
    baseline: Baseline = Baseline()
    outputs: tuple[OutputName, ...] = ("map", "flows", "geopackage", "plan", "summary")

    @field_validator("periods")
    @classmethod
    def _periods_follow_each_other(cls, periods: tuple[Period, ...]) -> tuple[Period, ...]:
        check_order(periods)
        return periods


def _catalogue(info: ValidationInfo) -> Catalogue | None:
    return (info.context or {}).get("catalogue")


def _weigh(quantity: Quantity, material: str, info: ValidationInfo) -> None:
    """Try to turn a quantity into tonnes, so that a mistake is found while reading."""
    catalogue = _catalogue(info)
    if catalogue is not None and material in catalogue.materials:
        catalogue.tonnes(quantity, material, (info.context or {}).get("vehicles", ()))


def _weigh_capacity(entry: Capacity, materials: tuple[str, ...], info: ValidationInfo) -> None:
    for name, quantity in entry.limits():
        if quantity.unit != "t" and len(materials) > 1:
            raise InputError(
                say(
                    "`{name}` covers several materials of different density: say it in tonnes",
                    name=name,
                )
            )
        _weigh(quantity, materials[0], info)
