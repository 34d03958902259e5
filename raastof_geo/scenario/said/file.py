"""A scenario as it stands in its file: what is agreed, how a plan is made, what it rests on."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise, starmap
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args
import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from raastof_geo.emissions.vehicle import BY_DEFAULT
from raastof_geo.errors import InputError, raise_all
from raastof_geo.figures.figure import LARGEST_FIGURE, YEARS, Sum
from raastof_geo.figures.vocabulary import CO2E, COST, TONNE_KM, TRANSPORT_WTW
from raastof_geo.language import Language, say, say_text
from raastof_geo.scenario import identity
from raastof_geo.scenario.identity import Fault, FaultError, MapOf, SetOf, refuse_twice
from raastof_geo.scenario.output import EVERY_OUTPUT, check_output
from raastof_geo.scenario.period import Period, check_order, read_period
from raastof_geo.scenario.said import entry, target
from raastof_geo.scenario.said.entry import ONE_OR_SEVERAL, Amount, Fraction, Part, Tonnes
from raastof_geo.scenario.said.site import NetworkChoice, Site, ZoneEntry
from raastof_geo.scenario.said.target import Crossing, Measure, Objective, ShareDefinition, Targets
from raastof_geo.units import Quantity, read_share

Whose: TypeAlias = Literal["needs", "offers", "pits", "receivers", "plants", "depots"]
PLACES: tuple[Whose, ...] = ("pits", "receivers", "plants", "depots")
"""Those whose amounts are what they can dig, take, make and keep."""
NEWEST_FORMAT = 3
"""The form of scenario files that is written now; older ones are read with today's meaning."""
FORMAT_OF_NEEDS = 3
"""The first in which each need accepts conditions of its own, and unsaid land is the strictest."""


class EmissionChoices(Part):
    """How a truck's energy follows from the road."""

    model: Annotated[str, AfterValidator(identity.find_model)] = BY_DEFAULT
    """One of `MODELS` in `emissions/model.py`."""


class FleetLimit(Part):
    """How much of a kind of truck there is."""

    number: Sum | None = None
    """Trucks, each with the catalogue's hours a year."""
    hours_per_period: Sum | None = None
    """Driving, loading and tipping, all trucks together. [h]"""
    km_per_period: Sum | None = None
    """Loaded and empty, all trucks together. [km]"""

    def _check(self, info: ValidationInfo) -> None:
        if self.number is None and self.hours_per_period is None and self.km_per_period is None:
            raise InputError.saying_text("said", "no limit")


class ReportHead(Part):
    """What stands at the head of a report."""

    author: str = Field(default="", max_length=10_000)
    client: str = Field(default="", max_length=10_000)
    version: str = Field(default="", max_length=10_000)
    date: datetime.date | None = None
    """None: the report says what it was made with."""
    template: Path | None = Field(default=None, exclude=True)
    """A Word file whose styles and page `report.docx` takes; plan.json does not say where."""


class MapChoices(Part):
    """What readers of the map can do with it."""

    what_if: bool = False
    """Whether the plan can be changed and solved again in the page, which then tells amounts,
    prices and capacities of all."""


class OpeningChoice(Part):
    """How many of some candidates are opened."""

    of: SetOf[identity.SiteId] = ()
    """Sites with something that `opens`; none: all of them."""
    exactly: int | None = Field(default=None, ge=0)
    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    def _check(self, info: ValidationInfo) -> None:
        ends = self.at_least is not None or self.at_most is not None
        if ends == (self.exactly is not None):
            raise InputError.saying("say `exactly`, or one or both of `at_least` and `at_most`")

    @property
    def ends(self) -> tuple[int, int | None]:
        """Returns the fewest and the most; none: as many as there are."""
        if self.exactly is not None:
            return self.exactly, self.exactly
        return self.at_least or 0, self.at_most


class Choices(Part):
    """Either-or decisions, which make the programme a mixed-integer one."""

    partners_at_most: int | None = Field(default=None, ge=1)
    """The most other sites that each site with offers or needs exchanges material with."""
    smallest_lot: Tonnes | None = None
    """The least that goes from one site to another of one material in a period, if any goes."""
    openings: Annotated[tuple[OpeningChoice, ...], ONE_OR_SEVERAL] = ()
    """How many of all candidates, or of some, are opened."""


class Solving(Part):
    """How long and how exactly the programme is solved."""

    solver: Literal["HiGHS"] | None = None
    """The one there is; files and folders of before name it."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """After this long the best plan so far is taken, with its gap. [s]"""
    gap: Fraction = 0.0
    """With either-or decisions: stop when the plan is within this share of the bound."""


class Published(Part):
    """What others have published of the same case."""

    source: str = Field(min_length=1)
    saved: MapOf[Measure, Sum] = Field(min_length=1)
    """What it says is saved, by what a plan can be measured by, in the unit of that."""
    note: str = ""
    """What may be compared, and what may not."""


class EffectChoices(Part):
    """How the effect is divided and explained."""

    shared_legs: Literal["half", "giver", "taker"] = "half"
    """Whose a transport between two projects is: half each, or all of one of them."""
    causes: bool = True
    """Whether the effect is split by cause, which takes a solve for each cause."""
    shapley: bool | None = None
    """Whether savings are also divided by Shapley value, which takes a solve for each set of
    projects; none: where there are at most six projects."""
    published: Published | None = None
    """What is published of the same case, which every output then puts beside the plan's."""


def _read_level(given: Any) -> Any:
    return read_share(given) if _is_percent(given) else given


def _is_percent(given: Any) -> bool:
    return isinstance(given, str) and given.strip().endswith("%")


_OwnId: TypeAlias = Annotated[str, AfterValidator(identity.check_id)]
Level: TypeAlias = Annotated[float, BeforeValidator(_read_level)]
"""A number, or a share such as `15 %`."""


class Which(Part):
    """Of all amounts of a kind those that match everything said here; nothing said: all."""

    use: Annotated[SetOf[identity.UseId] | None, ONE_OR_SEVERAL] = None
    material: Annotated[SetOf[identity.MaterialId] | None, ONE_OR_SEVERAL] = None
    municipality: Annotated[SetOf[identity.MunicipalityId] | None, ONE_OR_SEVERAL] = None
    project: Annotated[SetOf[str] | None, ONE_OR_SEVERAL] = None
    site: Annotated[SetOf[identity.SiteId] | None, ONE_OR_SEVERAL] = None
    land: Annotated[SetOf[identity.LandId] | None, ONE_OR_SEVERAL] = None


AmountFilter: TypeAlias = Annotated[dict[Whose, Which], Field(min_length=1)]
"""Whose amounts, and which of them: `{needs: {use: fill}}`."""
Distribution: TypeAlias = Literal["triangular", "uniform", "discrete"]
"""How a number is drawn: likeliest at its value and never beyond its ends, alike between them, or
one of a list."""


class Assumption(Part):
    """A number that the scenario rests on, the range it may lie in, and what hangs on it."""

    name: str = Field(default="", max_length=200)
    """What people call it; none: its key."""
    value: Level | None = None
    """What the scenario assumes; none: what stands at `set`."""
    low: Level
    high: Level
    unit: str = ""
    source: str = Field(min_length=1)
    """Where the range was read, or that it is a judgement."""
    scale: AmountFilter | None = None
    """The amounts that are multiplied by the new number ÷ `value`."""
    rest: AmountFilter | None = None
    """The amounts that take the difference, in equal parts of each, so that the sum stays."""
    set: str = ""
    """The path of the number itself, such as `catalogue.materials.lime.price`."""
    distribution: Distribution = "triangular"
    """How `raastof ensemble` draws it."""
    values: tuple[Level, ...] = ()
    """The numbers that it may have, where it is one of a list."""
    weights: tuple[Annotated[float, Field(ge=0)], ...] = ()
    """How likely each of these is, against the others; none: all alike."""
    group: str = Field(default="", max_length=200)
    """Assumptions of one group rise and fall together when they are drawn."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Of a list take the ends, and know a per cent for a unit."""
        if not isinstance(given, dict):
            return given
        if isinstance(listed := given.get("values"), list | tuple) and listed:
            with suppress(TypeError, ValueError, InputError):
                levels = sorted((float(_read_level(one)), one) for one in listed)
                ends = {"low": levels[0][1], "high": levels[-1][1], "distribution": "discrete"}
                given = {**ends, **given}
        if "unit" not in given and _is_percent(given.get("low")):
            return {**given, "unit": "%"}
        return given

    def _check(self, info: ValidationInfo) -> None:
        raise_all(FaultError, (*self._check_aim(), *self._check_values(), *self._check_ends()))

    def _check_aim(self) -> Iterator[Fault]:
        if bool(self.set) == (self.scale is not None):
            yield Fault(say("say one of `scale` (amounts) and `set` (a path)"))
        if self.scale is None:
            if self.rest is not None:
                yield Fault(say("`rest` belongs to `scale`"), ("rest",), of_key=True)
            return
        if (self.value or 0) <= 0:
            yield Fault(say("`scale` divides by `value`: say one above 0"), ("value",))
        if self.low < 0:
            yield Fault(say("an amount cannot be below 0: raise `low`"), ("low",))

    def _check_values(self) -> Iterator[Fault]:
        if (self.distribution == "discrete") != bool(self.values):
            yield Fault(say("`discrete` and `values` belong together"), ("distribution",))
        if self.weights and (len(self.weights) != len(self.values) or not any(self.weights)):
            yield Fault(say("say one of `weights` for each of `values`, not all 0"), ("weights",))
        for at, one in enumerate(self.values):
            if not self.low <= one <= self.high:
                told = say("{value} does not lie between `low` and `high`", value=f"{one:g}")
                yield Fault(told, ("values", at))

    def _check_ends(self) -> Iterator[Fault]:
        if self.low == self.high:
            yield _outside("low", self.low, "high", self.high)
        value = self.low if self.value is None else self.value
        steps = [("low", self.low), ("value", value), ("high", self.high)]
        high = ((*one, *two) for one, two in pairwise(steps) if one[1] > two[1])
        yield from starmap(_outside, high)


def _outside(less: str, first: float, more: str, second: float) -> Fault:
    told = say("`{less}` ({first}) must be below `{more}` ({second})")
    ends = {"less": less, "first": f"{first:g}", "more": more, "second": f"{second:g}"}
    return Fault(told.format(**ends), (less,))


class Scaled(Part):
    """Amounts, and what they are multiplied by."""

    amounts: AmountFilter
    by: Annotated[Level, Field(ge=0, le=1000)]


class Variant(Part):
    """What is otherwise in another form of the scenario."""

    name: str = Field(default="", max_length=200)
    """What people call it; none: its key."""
    assume: dict[str, Level] = Field(default_factory=dict)
    """Other numbers of `assumptions`, by their keys."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Other values by path, such as `targets.secondary_share.at_least`."""
    scale: Annotated[tuple[Scaled, ...], ONE_OR_SEVERAL] = ()
    sweep: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Lists of numbers of assumptions or of values by path: a form for each choice of one each."""

    def _check(self, info: ValidationInfo) -> None:
        said = self.assume or self.set or self.scale or self.sweep
        faults = [] if said else [Fault(say_text("variations", "nothing"))]
        for key in self.sweep.keys() & (self.assume.keys() | self.set.keys()):
            told = say_text("variations", "said twice", key=f"`{key}`")
            faults.append(Fault(told, ("sweep", key)))
        raise_all(FaultError, faults)


class _Leg(entry.Window):
    """What goes between two sites."""

    giver: identity.SiteId
    taker: identity.SiteId
    material: identity.MaterialId | None = None
    """The material that it is about; none: all together."""
    tonnes: Amount | None = None
    """Exactly this much goes."""
    note: str = ""

    @property
    def least(self) -> Quantity | None:
        """Returns what goes at least; none: no amount is said, or nothing has to."""
        return self.amounts.get("tonnes") or self.amounts.get("at_least")

    @property
    def amounts(self) -> dict[str, Quantity]:
        """Returns what is said of `tonnes`, `at_least` and `at_most`."""
        names = ("tonnes", "at_least", "at_most")
        return {one: amount for one in names if (amount := getattr(self, one, None)) is not None}

    def _check(self, info: ValidationInfo) -> None:
        entry.weigh_over(self, (self.material,) if self.material else (), info)


class Agreement(_Leg):
    """What is already agreed, wanted or ruled out between two sites."""

    at_least: Amount | None = None
    """Forced: this much goes, or more."""
    at_most: Amount | None = None
    forbidden: bool = False

    @property
    def rules_out(self) -> bool:
        """Whether nothing may go, be it said so or by an amount of 0."""
        most = self.tonnes or self.at_most
        return self.forbidden or (most is not None and most.value == 0)

    def _check(self, info: ValidationInfo) -> None:
        if len(self.amounts) + self.forbidden != 1:
            raise InputError.saying("say one of `tonnes`, `at_least`, `at_most`, `forbidden: true`")


class NamedLeg(_Leg):
    """Where material goes without coordination, such as "all soil to Køge".

    Without `tonnes` what may go there goes there, or by other named legs, and nowhere else.
    """


class ReturnLoads(Part):
    """Coordination of trucks, so that they need not drive back empty."""

    share: Fraction
    """Share of the tonnes on each leg that may be carried by coordinated trucks."""
    within_party: ClassVar[bool] = False
    """Whether each party coordinates its own trucks only."""


class OwnReturnLoads(ReturnLoads):
    """The same without coordination: the trucks of one party know of each other, and no others."""

    within_party: ClassVar[bool] = True


class TodayChoice(Part):
    """How little of what is on offer is put to use today."""

    share: Fraction | None = None
    """Of all needs: as much of every counting material is used as this takes."""
    definition: ShareDefinition = "without_soil"
    """Which materials count in `share`."""
    used: MapOf[identity.MaterialId, Fraction] = Field(default_factory=dict)
    """Of each material the share of what is on offer, where that is known."""
    source: str = ""


class BaselineChoice(Part):
    """What would happen without coordination, and what else the plan is compared with."""

    kind: target.BaselineKind = "own_first"
    """The baseline of the headline."""
    together: target.Together | None = None
    """Who is one party; none: the municipality where every project says one, else the project."""
    compare_with: SetOf[target.BaselineKind] | None = None
    """Those that stand beside it; none: `alone`, and `today` and `legs` where they are stated."""
    today: TodayChoice | None = None
    pits: SetOf[identity.SiteId] | None = None
    """The only pits of the baseline; none: all."""
    receivers: SetOf[identity.SiteId] | None = None
    """The only receivers of the baseline; none: all."""
    vehicles: SetOf[identity.VehicleId] | None = None
    """The trucks of the baseline; none: those that `fleet` does not limit, if there are any."""
    return_loads: OwnReturnLoads | None = None
    """Within each party; none: every truck drives back empty."""
    legs: SetOf[NamedLeg] = ()
    """Where material goes, or how much of it is already planned to."""

    def _check(self, info: ValidationInfo) -> None:
        for kind in (self.kind, *(self.compare_with or ())):
            if not self.states(kind):
                raise InputError.saying("`{kind}` needs `baseline: {{{kind}: …}}`", kind=kind)

    def states(self, kind: target.BaselineKind) -> bool:
        """Tell whether all is said that a kind of baseline needs."""
        return bool({"today": self.today, "legs": self.legs}.get(kind, True))

    @property
    def kinds(self) -> tuple[target.BaselineKind, ...]:
        """Returns the kinds that are solved, that of the headline first."""
        if (said := self.compare_with) is None:
            said = tuple(filter(self.states, get_args(target.BaselineKind)))
        return (self.kind, *(kind for kind in said if kind != self.kind))


FILES = (("network", "file"), ("report", "template"))
"""Where a scenario names files that lie beside it."""


class ScenarioFile(Part):
    """A scenario as it stands in its file."""

    format: int = Field(default=1, ge=1, le=NEWEST_FORMAT)
    """The form of the file; none: the first, which had no number."""
    title: str = Field(min_length=1, max_length=10_000)
    description: str = ""
    language: Language = "da"
    periods: Annotated[
        tuple[Annotated[Period, BeforeValidator(read_period)], ...],
        Field(min_length=1),
        AfterValidator(check_order),
    ]
    network: NetworkChoice = NetworkChoice()
    vehicles: SetOf[identity.VehicleId] = Field(
        default=("tipper_4_axle", "truck_trailer_7_axle"), min_length=1
    )
    """The trucks that may be used; each leg takes the best of them."""
    idle_min_per_load: float = Field(default=0.0, ge=0, le=600)
    """Time with the engine running at both ends of a trip, together. [min]"""
    emissions: EmissionChoices = EmissionChoices()
    accepted_conditions: SetOf[identity.ConditionId] = ()
    """Conditions that the scenario accepts at every need; none that are a matter of each need."""
    zones: tuple[ZoneEntry, ...] = ()
    """Areas in which soil needs one condition more."""
    catalogue: Annotated[dict[str, Any], WithJsonSchema({"type": ["object", "string"]})] = Field(
        default_factory=dict
    )
    """Additions to the built-in catalogue, and replacements in it, or the name of their file."""
    sites: dict[_OwnId, Site] = Field(min_length=1)
    border: SetOf[Crossing] = ()
    """What crosses the border of the region, stated and not solved for."""
    targets: Targets = Targets()
    objectives: Annotated[
        tuple[Objective, ...],
        Field(min_length=1),
        AfterValidator(partial(refuse_twice, by=lambda step: "+".join(sorted(step.minimise)))),
    ] = tuple(Objective(minimise=(one,)) for one in (TRANSPORT_WTW, CO2E, COST, TONNE_KM))
    """What is minimised, the most important first."""
    co2_price_dkk_per_t: float = Field(default=860.0, ge=0, le=LARGEST_FIGURE)
    """Price of a tonne of CO2e in `cost_with_co2_dkk`, the tax in the price of fuel included; as
    much as that tax (2026), appraisals use 300 to 1,500. [DKK/t CO2e]"""
    price_year: int | None = Field(default=None, ge=YEARS[0], le=YEARS[1])
    """In whose money prices are counted where the catalogue has their index; none: each in its
    own."""
    return_loads: ReturnLoads | None = None
    """None: every truck drives back empty."""
    fleet: MapOf[identity.VehicleId, FleetLimit] = Field(default_factory=dict)
    """Limits by kind of truck; none: there are enough."""
    agreements: SetOf[Agreement] = ()
    capture: entry.Capture = Field(default_factory=dict)
    """How much of what is on offer can be put to use; nothing said: all of it."""
    choices: Choices = Choices()
    solving: Solving = Solving()
    baseline: BaselineChoice = BaselineChoice()
    assumptions: dict[_OwnId, Assumption] = Field(default_factory=dict)
    """Numbers that the scenario rests on, each with its range."""
    variants: dict[_OwnId, Variant] = Field(default_factory=dict)
    """Other forms of the scenario, solved beside it when `raastof run --variants` asks for them."""
    effect: EffectChoices = EffectChoices()
    publish: Literal["everything", "own_flows"] = "own_flows"
    """What the page of a project tells of others: nothing but the coarse effect of the whole, or
    with `everything` the effect of each."""
    online_tiles: bool = False
    """Whether readers of the map may ask OpenStreetMap's server for a background."""
    map: MapChoices = MapChoices()
    report: ReportHead = ReportHead()
    outputs: SetOf[Annotated[str, pydantic.PlainValidator(check_output)]] = EVERY_OUTPUT

    def _check(self, info: ValidationInfo) -> None:
        """Refuse what nobody could check: ids hang on the catalogue, which only reading knows."""
        if info.context is None:
            raise InputError.saying_text("said", "by reading")
