"""What the user says: the types behind a scenario file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from raastof_geo.emissions.limit import TRUCK_LIMITS, TruckLimit, with_fields
from raastof_geo.emissions.model import BY_DEFAULT
from raastof_geo.errors import InputError
from raastof_geo.figures.figure import LARGEST_FIGURE, NonNegativeFigure, Rate, Sum
from raastof_geo.figures.vocabulary import (
    COST,
    TONNE_KM,
    TRANSPORT_WTW,
    Indicator,
    aim_of,
    choices,
    find_indicator,
    parts_of,
)
from raastof_geo.language import Language, say
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.coordinates import Crs, check_degrees, check_metres
from raastof_geo.scenario.fault import Fault, FaultError, raise_faults
from raastof_geo.scenario.identity import check_id, find_model, known
from raastof_geo.scenario.once import MapOf, SetOf, refuse_twice
from raastof_geo.scenario.period import Calendar, Period, check_order, read_period
from raastof_geo.units import Quantity, read_quantity, read_share

FORMAT = 2
"""The form of scenario files that is written now; older ones are read with today's meaning."""


def _find_measure(given: Any) -> Indicator:
    known = choices()
    if isinstance(given, str) and given in known:
        return find_indicator(given)
    *others, last = (repr(indicator.name) for indicator in known)
    expected = f"{', '.join(others)} or {last}"
    raise PydanticCustomError("literal_error", "one of {expected}", {"expected": expected})


Measure: TypeAlias = Annotated[Indicator, PlainValidator(_find_measure), PlainSerializer(str)]
"""What a plan can be measured by: an indicator that may be minimised and capped."""
OutputName = Literal[
    "map",
    "report",
    "report_docx",
    "projects",
    "workbook",
    "flows",
    "geopackage",
    "geoparquet",
    "plan",
    "proof",
    "ledger",
    "summary",
]
EVERY_OUTPUT: tuple[OutputName, ...] = tuple(
    name for name in get_args(OutputName) if name != "geoparquet"
)
"""Those that a scenario gets unless it names others."""
ShareDefinition = Literal["with_clean_soil", "without_soil", "cut_in_virgin"]
RouteMeasure = Literal["emissions", "time", "cost"]


def _find_period(given: Any, info: ValidationInfo) -> str:
    calendar = _calendar(info)
    return str(given).lower() if calendar is None else calendar.find(given)


def _calendar(info: ValidationInfo) -> Calendar | None:
    return (info.context or {}).get("calendar")


Amount: TypeAlias = Annotated[Quantity, BeforeValidator(read_quantity)]
Share: TypeAlias = Annotated[float, BeforeValidator(read_share)]
MaterialId: TypeAlias = Annotated[str, AfterValidator(known("materials"))]
UseId: TypeAlias = Annotated[str, AfterValidator(known("uses"))]
RecipeId: TypeAlias = Annotated[str, AfterValidator(known("recipes"))]
LandId: TypeAlias = Annotated[str, AfterValidator(known("land"))]
VehicleId: TypeAlias = Annotated[str, AfterValidator(known("vehicles"))]
SiteId: TypeAlias = Annotated[str, AfterValidator(known("sites"))]
PeriodId: TypeAlias = Annotated[str, BeforeValidator(_find_period)]


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
        calendar = _calendar(info)
        ids = list(calendar.ids) if calendar is not None else []
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

    @property
    def amount_key(self) -> str:
        """The key that the amount stands under."""
        return "amount" if self.amount is not None else "amount_per_period"

    def windows(self, ids: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Give the windows that the amount falls due in."""
        periods = self.periods(ids)
        return [periods] if self.amount is not None else [(period,) for period in periods]


class OfferEntry(Stock):
    """A material that a site has too much of."""

    material: MaterialId
    must_leave: bool = True
    """Whether all of it has to go, as surplus from a construction site has."""
    price_dkk_per_t: Rate = 0.0
    """What the taker pays for it; below 0 where the giver pays. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> OfferEntry:
        _weigh(self.quantity, self.material, info, at=self.amount_key)
        return self


class NeedEntry(Stock):
    """A use that a site needs a material for; amounts are of the use's reference material."""

    use: UseId
    materials: SetOf[MaterialId] | None = None
    """The only materials that will do; none: all that the catalogue allows."""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> NeedEntry:
        catalogue = _catalogue(info)
        if catalogue is not None and self.use in catalogue.uses:
            reference = catalogue.uses[self.use].reference_material
            _weigh(self.quantity, reference, info, at=self.amount_key)
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


class Opening(Model):
    """What it takes to open a candidate site, once, if the plan uses it."""

    cost_dkk: Sum = 0.0
    kg_co2e: Sum = 0.0


class PitEntry(Capacity):
    """A source of virgin material."""

    opens: Opening | None = None
    """What it takes to open it; none: it is open."""

    supplies: SetOf[MaterialId] = Field(min_length=1)
    price_dkk_per_t: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Prices of this pit; the catalogue's where it has none. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> PitEntry:
        _weigh_capacity(self, self.supplies, info)
        _refuse_idle(self, self.supplies, "supplies", "price_dkk_per_t")
        return self


class ReceiverEntry(Capacity):
    """A place where surplus ends."""

    opens: Opening | None = None
    """What it takes to open it; none: it is open."""
    landfill: bool = True
    """Whether tonnes received count as landfill; false where they are put to use."""
    disposal_kg_co2e: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Emissions of reception here; the catalogue's where it has none. [kg CO2e/t]"""

    accepts: SetOf[MaterialId] = Field(min_length=1)
    gate_fee_dkk_per_t: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Fees of this receiver; the catalogue's where it has none. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> ReceiverEntry:
        _weigh_capacity(self, self.accepts, info)
        _refuse_idle(self, self.accepts, "accepts", "gate_fee_dkk_per_t", "disposal_kg_co2e")
        return self


class PlantEntry(Capacity):
    """A plant that makes materials of others; its capacities are tonnes of input."""

    recipes: SetOf[RecipeId] = Field(min_length=1)
    dkk_per_t: MapOf[RecipeId, NonNegativeFigure] = Field(default_factory=dict)
    """What this plant charges; the catalogue's where it has none. [DKK/t of input]"""
    kg_co2e_per_t: MapOf[RecipeId, NonNegativeFigure] = Field(default_factory=dict)
    """What this plant emits; the catalogue's where it has none. [kg CO2e/t of input]"""
    opens: Opening | None = None
    """What it takes to open it; none: it is open."""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> PlantEntry:
        catalogue = _catalogue(info)
        if catalogue is not None:
            known_recipes = [name for name in self.recipes if name in catalogue.recipes]
            inputs = [one for name in known_recipes for one in catalogue.recipes[name].inputs]
            _weigh_capacity(self, tuple(inputs) or ("",), info)
        _refuse_idle(self, self.recipes, "recipes", "dkk_per_t", "kg_co2e_per_t")
        return self


class Store(Model):
    """Room for tonnes between periods."""

    capacity: Amount
    """What lies there at the end of a period, all materials together."""
    start: MapOf[MaterialId, Amount] = Field(default_factory=dict)
    """What lies there before the first period."""
    end: Literal["empty", "any"] | MapOf[MaterialId, Amount] = "empty"
    """What lies there after the last period: nothing, whatever is best, or stated amounts."""
    handling_dkk_per_t: NonNegativeFigure | None = None
    """For putting a tonne in, and again for taking it out; none: the catalogue's. [DKK/t]"""
    handling_kg_co2e_per_t: NonNegativeFigure | None = None
    """For putting a tonne in, and again for taking it out; none: the catalogue's. [kg CO2e/t]"""
    storing_dkk_per_t: NonNegativeFigure | None = None
    """For each tonne that lies there at the end of a period. [DKK/t]"""

    @model_validator(mode="after")
    def _can_be_weighed(self, info: ValidationInfo) -> Store:
        for name, stock in (("start", self.start), ("end", self.end_amounts)):
            for material, quantity in stock.items():
                _weigh(quantity, material, info, at=name)
        if self.capacity.unit != "t":
            raise InputError(
                say(
                    "`{name}` covers several materials of different density: say it in tonnes",
                    name="capacity",
                )
            )
        raise_faults(self._overfull(info))
        return self

    @property
    def end_amounts(self) -> dict[str, Quantity]:
        """What has to lie there after the last period, where amounts are stated."""
        return self.end if isinstance(self.end, dict) else {}

    def _overfull(self, info: ValidationInfo) -> Iterator[Fault]:
        """Find stocks that are larger than the room there is."""
        for name, stock in (("start", self.start), ("end", self.end_amounts)):
            tonnes = sum(
                _weigh(amount, material, info, at=name) for material, amount in stock.items()
            )
            if tonnes > self.capacity.value * (1 + 1e-9):
                yield Fault(
                    say(
                        "{tonnes} t lie here, and there is room for {capacity} t: "
                        "raise `capacity`, or lower the amounts",
                        tonnes=tonnes,
                        capacity=self.capacity.value,
                    ),
                    (name,),
                )

    def foreign_stocks(self, materials: Collection[str]) -> Iterator[Fault]:
        """Find stocks of materials that do not lie here."""
        for name, stock in (("start", self.start), ("end", self.end_amounts)):
            for material in stock:
                if material not in materials:
                    yield Fault(
                        say(
                            "{material} is not kept here, only {kept}: add it to the materials, "
                            "or leave it out",
                            material=f"`{material}`",
                            kept=", ".join(f"`{one}`" for one in materials),
                        ),
                        (name, material),
                        of_key=True,
                    )


class DepotEntry(Store):
    """Storage between periods for anybody's material."""

    materials: SetOf[MaterialId] = Field(min_length=1)
    capacity_per_period: Amount | None = None
    """What may come in within a period, all materials together; none: no limit."""
    opens: Opening | None = None
    """What it takes to open it; none: it is open."""

    @model_validator(mode="after")
    def _keeps_what_it_has(self, info: ValidationInfo) -> DepotEntry:
        if self.capacity_per_period is not None:
            _weigh_over("capacity_per_period", self.capacity_per_period, self.materials, info)
        raise_faults(self.foreign_stocks(self.materials))
        return self


class StockpileEntry(Store):
    """Room on a site for its own surplus, until it can be used."""


def _one_each(limits: Iterable[TruckLimit]) -> dict[str, tuple[Any, Any]]:
    """Give a field for each limit, none where it is not set."""
    return {limit.name: (float | None, Field(default=None, gt=0)) for limit in limits}


@with_fields(_one_each(limit for limit in TRUCK_LIMITS if limit.at_sites))
class TruckLimits(Model):
    """The largest truck that a site has room for; loaded to the full."""


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
    plant: PlantEntry | None = None
    depot: DepotEntry | None = None
    stockpile: StockpileEntry | None = None
    project: str = ""
    """The project that the site belongs to; none: it is a project of its own."""
    land: LandId = "built_up"
    """What the land is, which decides what soil may come to it."""
    vehicles: SetOf[VehicleId] | None = None
    """The only trucks that may come here; none: all of the scenario."""
    truck_limits: TruckLimits = TruckLimits()
    """The largest truck that there is room for."""
    partners_at_most: int | None = Field(default=None, ge=1)
    """The most other sites that it exchanges material with; none: as `choices` says."""

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
        if not self.roles:
            raise InputError(
                say(
                    "a site needs at least one of `offers`, `needs`, `pit`, `receiver`, `plant`, "
                    "`depot`"
                )
            )
        if self.stockpile and not self.offers:
            raise InputError(say("`stockpile` keeps a site's own `offers`; this site has none"))
        if self.stockpile:
            own = dict.fromkeys(offer.material for offer in self.offers)
            raise_faults(
                replace(fault, below=("stockpile", *fault.below))
                for fault in self.stockpile.foreign_stocks(own)
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
        """What the site does: `need`, `offer`, `pit`, `receiver`, `plant`, `depot`."""
        has = {
            "need": self.needs,
            "offer": self.offers,
            "pit": self.pit,
            "receiver": self.receiver,
            "plant": self.plant,
            "depot": self.depot,
        }
        return tuple(role for role, entry in has.items() if entry)


@with_fields(_one_each(TRUCK_LIMITS))
class _RoadLimits(Window):
    """Which roads are meant, and what trucks meet there; the limits come after."""

    name: str | None = None
    """Roads of this name or number, as in `Storstrømsbroen` or `E47`."""
    way: SetOf[int] | None = None
    """Ways by their ids in OpenStreetMap."""
    at: tuple[float, float] | None = None
    """The road nearest to a place: longitude, latitude. [degrees]"""
    polygon: tuple[tuple[float, float], ...] | None = Field(default=None, min_length=3)
    """All roads that touch an area: its corners, longitude and latitude each. [degrees]"""
    closed: bool = False
    """Whether trucks may not use them."""
    speed_km_h: float | None = Field(default=None, gt=0, le=130)
    """What trucks average there, whatever class and signs say. [km/h]"""


class RoadChange(_RoadLimits):
    """Roads that are not as the map says, always or in a window of periods."""

    vehicles: SetOf[VehicleId] | None = None
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
        names = [limit.name for limit in TRUCK_LIMITS]
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class EmissionChoices(Model):
    """How a truck's energy follows from the road."""

    model: Annotated[str, AfterValidator(find_model)] = BY_DEFAULT
    """One of `MODELS` in `emissions/model.py`."""


class NetworkChoice(Model):
    """Which roads, and how trucks choose among them."""

    file: Path | None = None
    """A network made by `raastof network build` or `fetch`, a file of OpenStreetMap such as
    `.osm.pbf`, or a `.graphml` of OSMnx; none: the built-in network."""
    municipalities: SetOf[Annotated[str, AfterValidator(known("municipalities"))]] = ()
    """Read only these, and what lies near, from a file of OpenStreetMap."""
    changes: SetOf[RoadChange] = ()
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
    """What counts: secondary materials and clean soil, secondary materials that are not soil,
    or everything that is not virgin (the cut in primary use against a baseline of pits)."""
    period: PeriodId | None = None
    """The period whose share is meant; none: all periods together."""


class Cap(Model):
    """The most that a plan may amount to by a measure."""

    measure: Measure
    at_most: Sum
    """In the measure's own unit."""
    period: PeriodId | None = None
    """The period that is limited; none: all together."""


class PassageLimit(Window):
    """The most trucks, loaded and empty, that may pass a road or through a municipality."""

    municipality: str | None = None
    name: str | None = None
    """Roads of this name or number."""
    way: SetOf[int] | None = None
    """Ways by their ids in OpenStreetMap."""
    at: tuple[float, float] | None = None
    """The road nearest to a place: longitude, latitude. [degrees]"""
    polygon: tuple[tuple[float, float], ...] | None = Field(default=None, min_length=3)
    """All roads that touch an area: its corners, longitude and latitude each. [degrees]"""
    at_most_per_period: Sum
    """Trips that use them, each way counted. [trips]"""

    @field_validator("way", mode="before")
    @classmethod
    def _one_way_or_several(cls, given: Any) -> Any:
        return given if given is None or isinstance(given, list | tuple) else [given]

    @field_validator("municipality")
    @classmethod
    def _municipality_is_drawn(cls, name: str | None, info: ValidationInfo) -> str | None:
        return None if name is None else known("drawn_municipalities")(name, info)

    @model_validator(mode="after")
    def _says_where(self) -> PassageLimit:
        where = (self.municipality, self.name, self.way, self.at, self.polygon)
        if sum(value is not None for value in where) != 1:
            raise InputError(
                say("say where by one of `municipality`, `name`, `way`, `at`, `polygon`")
            )
        return self


class Fairness(Model):
    """No project may be worse off than alone."""

    measure: Measure = COST
    worse_by_at_most: Share = 0.0
    """Share by which a project may be worse off than alone."""


class Targets(Model):
    """What the plan has to reach, and what it may not exceed."""

    secondary_share: SecondaryShare | None = None
    at_most: SetOf[Cap] = ()
    passages: SetOf[PassageLimit] = ()
    fairness: Fairness | None = None


class Agreement(Window):
    """What is already agreed, wanted or ruled out between two sites."""

    giver: SiteId
    taker: SiteId
    material: MaterialId | None = None
    """The material that it is about; none: all together."""
    tonnes: Amount | None = None
    """Locked: exactly this much goes."""
    at_least: Amount | None = None
    """Forced: this much goes, or more."""
    at_most: Amount | None = None
    forbidden: bool = False
    note: str = ""

    @property
    def rules_out(self) -> bool:
        """Whether nothing may go, be it said so or by an amount of 0."""
        most = self.tonnes or self.at_most
        return self.forbidden or (most is not None and most.value == 0)

    @model_validator(mode="after")
    def _says_one_thing(self, info: ValidationInfo) -> Agreement:
        amounts = {"tonnes": self.tonnes, "at_least": self.at_least, "at_most": self.at_most}
        said = {name: amount for name, amount in amounts.items() if amount is not None}
        if len(said) + self.forbidden != 1:
            raise InputError(say("say one of `tonnes`, `at_least`, `at_most`, `forbidden: true`"))
        for name, amount in said.items():
            if amount.unit != "t" and self.material is None:
                raise InputError(
                    say(
                        "`{name}` covers several materials of different density: say it in tonnes",
                        name=name,
                    )
                )
            if self.material is not None:
                _weigh(amount, self.material, info, at=name)
        return self


class FleetLimit(Model):
    """How much of a kind of truck there is."""

    number: Sum | None = None
    """Trucks, each with the catalogue's hours a year."""
    hours_per_period: Sum | None = None
    """Driving, loading and tipping, all trucks together. [h]"""
    km_per_period: Sum | None = None
    """Loaded and empty, all trucks together. [km]"""

    @model_validator(mode="after")
    def _limits_something(self) -> FleetLimit:
        if self.number is None and self.hours_per_period is None and self.km_per_period is None:
            raise InputError(
                say("say at least one of `number`, `hours_per_period`, `km_per_period`")
            )
        return self


class ReturnLoads(Model):
    """Coordination of trucks, so that they need not drive back empty."""

    share: Share
    """Share of the tonnes on each leg that may be carried by coordinated trucks."""


class Choices(Model):
    """Either-or decisions, which make the programme a mixed-integer one."""

    partners_at_most: int | None = Field(default=None, ge=1)
    """The most other sites that each site with offers or needs exchanges material with."""
    smallest_lot: Amount | None = None
    """The least that goes from one site to another of one material in a period, if any goes."""

    @field_validator("smallest_lot")
    @classmethod
    def _lot_in_tonnes(cls, lot: Quantity | None) -> Quantity | None:
        if lot is not None and lot.unit != "t":
            raise InputError(
                say(
                    "`{name}` covers several materials of different density: say it in tonnes",
                    name="smallest_lot",
                )
            )
        return lot


class Objective(Model):
    """One step of the list of objectives."""

    minimise: SetOf[Measure] = Field(min_length=1)
    """What is minimised: a measure, or several of one unit added up."""
    tolerance: Share = 0.0
    """How far later steps may worsen it, as a share."""

    @model_validator(mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"minimise": [given]}
        if isinstance(given, dict) and isinstance(given.get("minimise"), str):
            return {**given, "minimise": [given["minimise"]]}
        return given

    @model_validator(mode="after")
    def _adds_one_unit(self) -> Objective:
        aims = {measure: aim_of(measure) for measure in self.minimise}
        units = {one.unit if aim.adds else one for one, aim in aims.items()}
        if len(units) > 1:
            raise InputError(
                say(
                    "{measures} have different units and cannot be added up; to weigh emissions "
                    "against money use `cost_with_co2_dkk`",
                    measures=", ".join(f"`{measure}`" for measure in self.minimise),
                )
            )
        if len(self.minimise) > 1 and any(parts_of(measure) for measure in self.minimise):
            raise InputError(say("`kg_co2e_wtw` already holds the other emissions"))
        return self

    @property
    def name(self) -> str:
        """The measures, joined by plus signs."""
        return "+".join(self.minimise)

    @property
    def name_in_any_order(self) -> str:
        """The name of this step and of every other that adds up the same measures."""
        return "+".join(sorted(self.minimise))


class Solving(Model):
    """How long and how exactly the programme is solved."""

    solver: Literal["HiGHS", "PULP_CBC_CMD"] | None = None
    """None: HiGHS, or CBC where it is missing."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """After this long the best plan so far is taken, with its gap. [s]"""
    gap: Share = 0.0
    """With either-or decisions: stop when the plan is within this share of the bound."""


class NamedLeg(Window):
    """Where material goes without coordination, such as "all soil to Køge"."""

    giver: SiteId
    taker: SiteId
    material: MaterialId | None = None
    """The material that it is about; none: all."""
    tonnes: Amount | None = None
    """As planned: exactly this much goes. None: what may go there goes there, or by other named
    legs, and nowhere else."""
    note: str = ""

    @model_validator(mode="after")
    def _weighs(self, info: ValidationInfo) -> NamedLeg:
        if self.tonnes is not None and self.tonnes.unit != "t" and self.material is None:
            raise InputError(
                say(
                    "`{name}` covers several materials of different density: say it in tonnes",
                    name="tonnes",
                )
            )
        if self.tonnes is not None and self.material is not None:
            _weigh(self.tonnes, self.material, info, at="tonnes")
        return self


class Baseline(Model):
    """What would happen without coordination: each project alone with its best pit and receiver."""

    pits: SetOf[SiteId] | None = None
    """The only pits of the baseline; none: all."""
    receivers: SetOf[SiteId] | None = None
    """The only receivers of the baseline; none: all."""
    vehicles: SetOf[VehicleId] | None = None
    """The trucks of the baseline; none: those that `fleet` does not limit, if there are any."""
    legs: SetOf[NamedLeg] = ()
    """Where material goes, or how much of it is already planned to."""


class EffectChoices(Model):
    """How the effect is divided and explained."""

    shared_legs: Literal["half", "giver", "taker"] = "half"
    """Whose a transport between two projects is: half each, or all of one of them."""
    causes: bool = True
    """Whether the effect is split by cause, which takes a solve for each cause."""
    shapley: bool | None = None
    """Whether savings are also divided by Shapley value, which takes a solve for each set of
    projects; none: where there are at most six projects."""


class ScenarioFile(Model):
    """A scenario as it stands in its file."""

    format: int = Field(default=1, ge=1, le=FORMAT)
    """The form of the file; none: the first, which had no number."""
    title: str = Field(min_length=1, max_length=10_000)
    description: str = ""
    language: Language = "da"
    periods: tuple[Annotated[Period, BeforeValidator(read_period)], ...] = Field(min_length=1)
    network: NetworkChoice = NetworkChoice()
    vehicles: SetOf[VehicleId] = Field(
        default=("tipper_4_axle", "truck_trailer_7_axle"), min_length=1
    )
    """The trucks that may be used; each leg takes the best of them."""
    idle_min_per_load: float = Field(default=0.0, ge=0, le=600)
    """Time with the engine running at both ends of a trip, together. [min]"""
    emissions: EmissionChoices = EmissionChoices()
    accepted_conditions: SetOf[Annotated[str, AfterValidator(known("conditions"))]] = ()
    """Conditions of conditional fits that the scenario accepts."""
    catalogue: dict[str, Any] = Field(default_factory=dict)
    """Additions to the built-in catalogue, and replacements in it."""
    sites: dict[Annotated[str, AfterValidator(check_id)], Site] = Field(min_length=1)
    targets: Targets = Targets()
    objectives: tuple[Objective, ...] = Field(
        default=(
            Objective(minimise=(TRANSPORT_WTW,)),
            Objective(minimise=(COST,)),
            Objective(minimise=(TONNE_KM,)),
        ),
        min_length=1,
    )
    """What is minimised, the most important first."""
    co2_price_dkk_per_t: float = Field(default=750.0, ge=0, le=LARGEST_FIGURE)
    """Price of a tonne of CO2e in `cost_with_co2_dkk`. [DKK/t CO2e]"""
    return_loads: ReturnLoads | None = None
    """None: every truck drives back empty."""
    fleet: MapOf[VehicleId, FleetLimit] = Field(default_factory=dict)
    """Limits by kind of truck; none: there are enough."""
    agreements: SetOf[Agreement] = ()
    choices: Choices = Choices()
    solving: Solving = Solving()
    baseline: Baseline = Baseline()
    effect: EffectChoices = EffectChoices()
    publish: Literal["everything", "own_flows"] = "everything"
    """What the page of a project tells of others: the effect of each, or with `own_flows` nothing
    but the coarse effect of the whole."""
    online_tiles: bool = False
    """Whether readers of the map may ask OpenStreetMap's server for a background."""
    outputs: SetOf[OutputName] = EVERY_OUTPUT

    @field_validator("objectives")
    @classmethod
    def _steps_differ(cls, steps: tuple[Objective, ...]) -> tuple[Objective, ...]:
        refuse_twice([step.name_in_any_order for step in steps])
        return steps

    @field_validator("periods")
    @classmethod
    def _periods_follow_each_other(cls, periods: tuple[Period, ...]) -> tuple[Period, ...]:
        check_order(periods)
        return periods


def _catalogue(info: ValidationInfo) -> Catalogue | None:
    return (info.context or {}).get("catalogue")


def _weigh(quantity: Quantity, material: str, info: ValidationInfo, *, at: str) -> float:
    """Turn the quantity under a key into tonnes, so that a mistake is found while reading.

    Zero where it cannot be known yet: without a catalogue, or with a material that is not in it.
    """
    catalogue = _catalogue(info)
    if catalogue is None or material not in catalogue.materials:
        return quantity.value if quantity.unit == "t" else 0.0
    try:
        return catalogue.tonnes(quantity, material, (info.context or {}).get("vehicles", ()))
    except InputError as error:
        raise FaultError(*(Fault(one.message, (at,)) for one in error.findings)) from error


def _weigh_capacity(entry: Capacity, materials: tuple[str, ...], info: ValidationInfo) -> None:
    for name, quantity in entry.limits():
        _weigh_over(name, quantity, materials, info)


def _weigh_over(
    name: str, quantity: Quantity, materials: tuple[str, ...], info: ValidationInfo
) -> None:
    """Weigh an amount that covers several materials: of different density, in tonnes only."""
    if quantity.unit != "t" and len(set(materials)) > 1:
        raise InputError(
            say(
                "`{name}` covers several materials of different density: say it in tonnes",
                name=name,
            )
        )
    _weigh(quantity, materials[0], info, at=name)


def _refuse_idle(entry: Model, named: Collection[str], list_name: str, *keys: str) -> None:
    """Refuse prices and factors of what is not done here, which nobody would ever pay."""
    raise_faults(
        Fault(
            say(
                "{one} is not in `{list}` here, so this would count for nothing: "
                "add it there, or leave it out",
                one=f"`{one}`",
                list=list_name,
            ),
            (key, one),
            of_key=True,
        )
        for key in keys
        for one in getattr(entry, key)
        if one not in named
    )
