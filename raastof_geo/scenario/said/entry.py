"""What all parts of a scenario share, what a site can do, and its roles by that.

Parts are strict, have windows of periods, and amounts, which are weighed on reading, so that a
mistake shows where it stands. A site can offer, need, dig, receive, make, keep.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, cached_property, partial
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeAlias
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from raastof_geo.emissions.limit import TruckLimit
from raastof_geo.errors import InputError, raise_all
from raastof_geo.figures.figure import NonNegativeFigure, Rate, Strict, Sum
from raastof_geo.language import Message, list_codes, read_texts, say_text
from raastof_geo.scenario import identity
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import Fault, FaultError, MapOf, MaterialId, SetOf, refuse_twice
from raastof_geo.scenario.period import Calendar
from raastof_geo.units import Quantity, read_quantity, read_share

Amount: TypeAlias = Annotated[Quantity, BeforeValidator(read_quantity)]
Fraction: TypeAlias = Annotated[float, BeforeValidator(read_share)]
DEFAULT = "default"
"""Every material that is not named."""


def _find_period(given: Any, info: ValidationInfo) -> str:
    calendar: Calendar | None = identity.Context.of(info).calendar
    return str(given).lower() if calendar is None else calendar.find(given)


PeriodId: TypeAlias = Annotated[str, BeforeValidator(_find_period)]
_SeaKm: TypeAlias = Annotated[float, Field(ge=0, le=20_000)]
_ALONE: Any = str | int | float | Mapping | Strict
ONE_OR_SEVERAL = BeforeValidator(lambda given: [given] if isinstance(given, _ALONE) else given)
"""Before a list: an entry that stands alone is a list of one."""


class Part(
    Strict,
    coerce_numbers_to_str=True,
    populate_by_name=True,
    str_strip_whitespace=True,
    arbitrary_types_allowed=True,
):
    """A part of a scenario."""


def may_be_bare(key: str, *kinds: type) -> Any:
    """Let a part that says one thing be written as the value of that key alone."""

    def write_out(given: Any) -> Any:
        return {key: given} if isinstance(given, kinds) else given

    return model_validator(mode="before")(write_out)


class Consent(Part):
    """A condition that a need accepts: its id, or its id and what says so, such as a permit."""

    condition: identity.ConditionId
    by: str = Field(default="", max_length=10_000)
    """Number and date of a permit, class of traffic, or whatever else shows that it is met."""

    @model_validator(mode="before")
    @classmethod
    def _write_out(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and len(given) == 1 and "condition" not in given:
            [(condition, by)] = given.items()
            return {"condition": condition, "by": "" if by is None else by}
        return {"condition": given} if isinstance(given, str) else given


class Window(Part):
    """From one period to another, both included."""

    first: PeriodId | None = Field(default=None, alias="from")
    """First period; none: the first of the scenario."""
    last: PeriodId | None = Field(default=None, alias="to")
    """Last period; none: the last of the scenario."""

    def _check(self, info: ValidationInfo) -> None:
        calendar: Calendar | None = identity.Context.of(info).calendar
        ids = list(calendar.ids) if calendar is not None else []
        if self.first in ids and self.last in ids and ids.index(self.first) > ids.index(self.last):
            told = say_text("said", "window", first=self.first, last=self.last)
            raise FaultError(Fault(told, ("to",)))

    def periods(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Find the periods of the window. Returns their ids, in order."""
        start = ids.index(self.first) if self.first else 0
        stop = ids.index(self.last) + 1 if self.last else len(ids)
        return ids[start:stop]


def field_for_each(limits: Iterable[TruckLimit]) -> dict[str, tuple[Any, Any]]:
    """Give a field for each limit, none where it is not set."""
    return {limit.name: (float | None, Field(default=None, gt=0)) for limit in limits}


def _in_tonnes(quantity: Quantity, info: ValidationInfo) -> Quantity:
    if quantity.unit != "t":
        raise refuse_volume(str(info.field_name))
    return quantity


Tonnes: TypeAlias = Annotated[Amount, AfterValidator(_in_tonnes)]
"""An amount that covers several materials, or is of no one's density."""


def catalogue_of(info: ValidationInfo) -> Catalogue | None:
    """Find the catalogue that a scenario is read with. Returns none: it is read by itself."""
    found: Catalogue | None = identity.Context.of(info).catalogue
    return found


def weigh(quantity: Quantity, material: str, info: ValidationInfo, *, at: str) -> float:
    """Turn the quantity under a key into tonnes, so that a mistake is found while reading. [t]

    Zero where it cannot be known yet: without a catalogue in the context of `info`, or with a
    material that is not in it, about which something else is said.
    """
    if (catalogue := catalogue_of(info)) is None or material not in catalogue.materials:
        return quantity.value if quantity.unit == "t" else 0.0
    try:
        return catalogue.tonnes(quantity, material, identity.Context.of(info).vehicles)
    except InputError as error:
        raise FaultError(*(Fault(one.message, (at,)) for one in error.findings)) from error


def weigh_over(said: Part, materials: tuple[str, ...], info: ValidationInfo) -> None:
    """Weigh the amounts of several materials, or of all where none is named: in tonnes only."""
    for name, quantity in said:
        if isinstance(quantity, Quantity):
            if quantity.unit != "t" and len(set(materials)) != 1:
                raise refuse_volume(name)
            for material in materials[:1]:
                weigh(quantity, material, info, at=name)


def refuse_volume(name: str) -> InputError:
    """Make the error for volumes or loads of what has no density of its own."""
    return InputError.saying_text("said", "several densities", name=name)


class Captured(Part):
    """The share of a material on offer that testing, rejection, delay and refusal leave."""

    value: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    source: str = ""
    note: str = ""

    _bare = may_be_bare("value", int, float, str)

    def _check(self, info: ValidationInfo) -> None:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            three = {"low": f"{low:g}", "value": f"{self.value:g}", "high": f"{high:g}"}
            raise InputError.saying_text("said", "range", **three)


def _check_key(key: str, info: ValidationInfo) -> str:
    return key if key == DEFAULT else identity.find_known("materials", key, info)


Capture: TypeAlias = MapOf[Annotated[str, AfterValidator(_check_key)], Captured]
"""By material, and `default` for every other one."""
Ship: TypeAlias = Literal["open", "coastal"]
"""What carries over sea: a bulk carrier on the open sea, or a coastal ship."""


class Role(StrEnum):
    """What a site does; in frames and files a role is the text of its name."""

    NEED = "need"
    OFFER = "offer"
    PIT = "pit"
    RECEIVER = "receiver"
    PLANT = "plant"
    DEPOT = "depot"
    STOCKPILE = "stockpile"
    """Takes from its own site only."""

    @property
    def caption(self) -> Message:
        """Returns what people call a site of this role."""
        return read_texts("roles")[self]

    @cached_property
    def takes_from(self) -> "frozenset[Role]":
        """Returns the roles that it may take from: nobody digs in order to dump."""
        every = frozenset(Role)
        return {
            Role.NEED: every - {Role.NEED, Role.RECEIVER},
            Role.RECEIVER: every - {Role.NEED, Role.RECEIVER, Role.PIT},
            Role.PLANT: every - {Role.NEED, Role.RECEIVER},
            Role.DEPOT: frozenset({Role.OFFER, Role.PIT, Role.PLANT}),
            Role.STOCKPILE: frozenset({Role.OFFER}),
        }.get(self, frozenset())

    def takes(self) -> bool:
        """Whether material may come to it."""
        return bool(self.takes_from)

    @cache
    def gives(self) -> bool:
        """Whether material may leave it."""
        return any(self in taker.takes_from for taker in Role)

    def converts(self) -> bool:
        """Whether it passes on what it takes, in another form or another period."""
        return self.gives() and self.takes()


class DueAmount(Window):
    """An amount in a window: once in all, or again in each period."""

    amount: Amount | None = None
    amount_per_period: Amount | None = None

    @property
    def quantity(self) -> Quantity:
        """Returns the amount that was said, in all or for each period."""
        match self.amount, self.amount_per_period:
            case (Quantity() as quantity, None) | (None, Quantity() as quantity):
                return quantity
        raise FaultError(Fault(say_text("said", "one amount"), ("amount",)))

    @property
    def amount_key(self) -> str:
        """Returns the key that the amount stands under."""
        return "amount" if self.amount is not None else "amount_per_period"

    def windows(self, ids: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Find when the amount falls due. Returns the periods of each window."""
        periods = self.periods(ids)
        return [periods] if self.amount is not None else [(period,) for period in periods]


class OfferEntry(DueAmount):
    """A material that a site has too much of."""

    material: MaterialId
    must_leave: bool = True
    """Whether all of it has to go, as surplus from a construction site has."""
    price_dkk_per_t: Rate = 0.0
    """What the taker pays for it; below 0 where the giver pays. [DKK/t]"""
    made_elsewhere: bool = False
    """Whether it is known to be made of what no other site of the scenario offers."""
    preparation_kg_co2e_per_t: NonNegativeFigure | None = None
    """Crushing, sieving and the like, where it is put to use; none: the catalogue's. [kg CO2e/t]"""
    preparation_dkk_per_t: NonNegativeFigure | None = None
    """What that costs beside the price; none: the catalogue's. [DKK/t]"""

    def _check(self, info: ValidationInfo) -> None:
        weigh(self.quantity, self.material, info, at=self.amount_key)


class NeedEntry(DueAmount):
    """A use that a site needs a material for; amounts are of the use's reference material."""

    use: identity.UseId
    materials: SetOf[MaterialId] | None = None
    """The only materials that will do; none: all that the catalogue allows."""
    accepts: Annotated[
        tuple[Consent, ...], AfterValidator(partial(refuse_twice, by=attrgetter("condition")))
    ] = ()
    """Conditions that are met here, beside the scenario's `accepted_conditions`."""

    def _check(self, info: ValidationInfo) -> None:
        catalogue, quantity = catalogue_of(info), self.quantity
        if catalogue is not None and self.use in catalogue.uses:
            weigh(quantity, catalogue.uses[self.use].reference_material, info, at=self.amount_key)


class Opening(Part):
    """What it takes to open a candidate site, once, if the plan uses it."""

    cost_dkk: Sum = 0.0
    kg_co2e: Sum = 0.0


class OpenDays(Part):
    """The days on which a place is open, once it is opened."""

    opens_on: datetime.date | None = None
    """The first day on which it is open; none: it always was."""
    closes_on: datetime.date | None = None
    """The last day on which it is open; none: no end is known."""
    opens: Opening | None = None
    """What it takes to open it; none: it is open."""

    def _check(self, info: ValidationInfo) -> None:
        if self.opens_on and self.closes_on and self.closes_on < self.opens_on:
            days = {"last": str(self.closes_on), "first": str(self.opens_on)}  # as written
            raise InputError.saying_text("said", "closes first", **days)

    def days_open(self, start: datetime.date, end: datetime.date) -> int:
        """Count the days from start to end, both included. Returns those on which it is open."""
        first, last = max(start, self.opens_on or start), min(end, self.closes_on or end)
        return max(0, (last - first).days + 1)


class Capacity(OpenDays):
    """How much can be dug or received, all materials together."""

    capacity_per_period: Amount | None = None
    capacity_total: Amount | None = None


def _refuse_idle(entry: Part, named: Collection[str], list_name: str, *keys: str) -> None:
    """Refuse prices and factors of what is not done here, which nobody would ever pay."""
    idle = ((key, one) for key in keys for one in getattr(entry, key) if one not in named)
    message = say_text("said", "idle", list=list_name)
    faults = (Fault(message.format(one=f"`{one[1]}`"), one, of_key=True) for one in idle)
    raise_all(FaultError, faults)


class PitEntry(Capacity):
    """A source of virgin material."""

    supplies: SetOf[MaterialId] = Field(min_length=1)
    price_dkk_per_t: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Prices of this pit; the catalogue's where it has none. [DKK/t]"""
    sea_km: MapOf[MaterialId, _SeaKm] = Field(default_factory=dict)
    """How far it comes by ship to where lorries fetch it: a number, or one for each material; its
    price is that at the quay. [km]"""
    ship: Ship = "open"

    @model_validator(mode="before")
    @classmethod
    def _one_way_for_all(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("sea_km"), int | float | str):
            return given
        supplies = given.get("supplies")
        ways = dict.fromkeys(supplies, given["sea_km"]) if isinstance(supplies, list) else {}
        return {**given, "sea_km": ways}

    def _check(self, info: ValidationInfo) -> None:
        weigh_over(self, self.supplies, info)
        _refuse_idle(self, self.supplies, "supplies", "price_dkk_per_t", "sea_km")
        catalogue = catalogue_of(info)
        if self.sea_km and catalogue is not None and catalogue.sea is None:
            raise InputError.saying_text("said", "no sea")


class ReceiverEntry(Capacity):
    """A place where surplus ends."""

    kind: identity.ReceiverKindId | None = None
    """What it is, which decides on landfill, its tax, and fees that are not said."""
    landfill: bool | None = None
    """What older files say instead of a kind: tonnes count as landfill, its tax is in the fees."""
    disposal_kg_co2e: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Emissions of reception here; the catalogue's where it has none. [kg CO2e/t]"""

    accepts: SetOf[MaterialId] = Field(min_length=1)
    gate_fee_dkk_per_t: MapOf[MaterialId, NonNegativeFigure] = Field(default_factory=dict)
    """Fees of this receiver; the catalogue's where it has none. [DKK/t]"""

    def _check(self, info: ValidationInfo) -> None:
        if self.kind is not None and self.landfill is not None:
            raise InputError.saying_text("said", "kind twice")
        weigh_over(self, self.accepts, info)
        _refuse_idle(self, self.accepts, "accepts", "gate_fee_dkk_per_t", "disposal_kg_co2e")


class PlantEntry(Capacity):
    """A plant that makes materials of others; its capacities are tonnes of input."""

    recipes: SetOf[identity.RecipeId] = Field(min_length=1)
    dkk_per_t: MapOf[identity.RecipeId, NonNegativeFigure] = Field(default_factory=dict)
    """What this plant charges; the catalogue's where it has none. [DKK/t of input]"""
    kg_co2e_per_t: MapOf[identity.RecipeId, NonNegativeFigure] = Field(default_factory=dict)
    """What this plant emits; the catalogue's where it has none. [kg CO2e/t of input]"""

    def _check(self, info: ValidationInfo) -> None:
        if (catalogue := catalogue_of(info)) is not None:
            recipes = map(catalogue.recipes.get, self.recipes)
            inputs = [one for recipe in recipes if recipe for one in recipe.inputs]
            weigh_over(self, tuple(inputs) or ("",), info)
        _refuse_idle(self, self.recipes, "recipes", "dkk_per_t", "kg_co2e_per_t")


class Store(Part):
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
    """For each tonne that lies there at the end of a period, however long it is. [DKK/t]"""
    storing_dkk_per_t_month: NonNegativeFigure | None = None
    """For each tonne and month; none: the catalogue's in a depot, nothing on one's own site, and
    nothing where `storing_dkk_per_t` is said. [DKK/t/month]"""

    def _check(self, info: ValidationInfo) -> None:
        faults, room = list[Fault](), self.capacity.value
        for name, stock in self._stocks:
            tonnes = sum(weigh(amount, one, info, at=name) for one, amount in stock.items())
            if tonnes > room * (1 + 1e-9):
                told = say_text("said", "overfull", tonnes=tonnes, capacity=room)
                faults.append(Fault(told, (name,)))
        if self.capacity.unit != "t":
            raise refuse_volume("capacity")
        raise_all(FaultError, faults)

    @property
    def end_amounts(self) -> dict[str, Quantity]:
        """Returns what has to lie there after the last period, where amounts are stated."""
        return self.end if isinstance(self.end, dict) else {}

    @property
    def _stocks(self) -> tuple[tuple[str, dict[str, Quantity]], ...]:
        return ("start", self.start), ("end", self.end_amounts)

    def foreign_stocks(self, materials: Collection[str]) -> Iterator[Fault]:
        """Find stocks of materials that do not lie here."""
        message = say_text("said", "foreign", kept=list_codes(materials))
        for name, stock in self._stocks:
            for one in stock:
                if one not in materials:
                    yield Fault(message.format(material=f"`{one}`"), (name, one), of_key=True)


class DepotEntry(Store, OpenDays):
    """Storage between periods for anybody's material."""

    materials: SetOf[MaterialId] = Field(min_length=1)
    capacity_per_period: Amount | None = None
    """What may come in within a period, all materials together; none: no limit."""

    def _check(self, info: ValidationInfo) -> None:
        weigh_over(self, self.materials, info)
        raise_all(FaultError, self.foreign_stocks(self.materials))


class StockpileEntry(Store):
    """Room on a site for its own surplus, until it can be used."""
