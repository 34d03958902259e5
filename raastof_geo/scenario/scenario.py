"""A scenario as the stations use it: amounts in tonnes, windows as periods, rules looked up."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar
import numpy as np
import shapely
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.errors import Finding, InputError, Place, raise_all
from raastof_geo.evidence import Trust
from raastof_geo.figures.figure import value_of
from raastof_geo.language import LANGUAGES, Fact, Language, Shown, format_number, say
from raastof_geo.region.region import Region, read_region
from raastof_geo.scenario.catalogue import NO_RULE, Catalogue, Ruled, Sorts, mix_sorts
from raastof_geo.scenario.identity import Names, find_id
from raastof_geo.scenario.period import Calendar, Period
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said import entry
from raastof_geo.scenario.said.entry import DEFAULT, Role, refuse_volume
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS, ScenarioFile
from raastof_geo.scenario.said.site import Site, ZoneEntry
from raastof_geo.scenario.said.target import Together
from raastof_geo.units import Quantity


@dataclass(frozen=True, kw_only=True)
class _Due:
    """An amount in a window."""

    name: str
    """The entry that it is a window of, so that equal scenarios give equal names."""
    site: str
    number: int
    """Its place among the offers, or the needs, of its site, from 1 on."""
    tonnes: float
    periods: tuple[str, ...]
    repeated: bool = False
    """Whether it is one of several windows of the same entry."""

    role: ClassVar[Role]

    @cached_property
    def id(self) -> str:
        """The entry, and the first period of the window where there are several."""
        return f"{self.name}@{self.periods[0]}" if self.repeated else self.name

    @property
    def trail(self) -> Trail:
        """Where its amount stands in the file."""
        key = "amount_per_period" if self.repeated else "amount"
        return "sites", self.site, f"{self.role}s", self.number - 1, key


@dataclass(frozen=True, kw_only=True)
class Offer(_Due):
    """Tonnes of a secondary material, free in a window."""

    role: ClassVar[Role] = Role.OFFER
    material: str
    must_leave: bool
    price_dkk_per_t: float
    preparation_kg_co2e_per_t: float
    preparation_dkk_per_t: float


class Demand(NamedTuple):
    """What decides which materials may serve a need."""

    use: str
    land: str
    accepted: frozenset[str] = frozenset()
    """Conditions that are met there."""
    zones: tuple[ZoneEntry, ...] = ()
    """Those that it lies in."""


@dataclass(frozen=True, kw_only=True)
class Need(_Due):
    """Reference tonnes for a use, due in a window."""

    role: ClassVar[Role] = Role.NEED
    demand: Demand
    consents: dict[str, str]
    """Conditions that it accepts by itself, with what says that they are met."""
    ratios: dict[str, float]
    """Materials that may serve, and the tonnes of each that replace one reference tonne."""
    material_periods: dict[str, tuple[str, ...]]
    """Periods of the window in which the rule for each material holds throughout."""

    @property
    def use(self) -> str:
        """What a material is needed for."""
        return self.demand.use


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What a site may have one of."""

    site: str
    per_period_t: float | None
    total_t: float | None = None
    opens: entry.Opening | None = None
    periods: tuple[str, ...]
    """Those in which it is open from the first day to the last."""

    @property
    def id(self) -> str:
        """The site, where nothing else there could be meant."""
        return self.site


@dataclass(frozen=True, kw_only=True)
class Pit(_Place):
    """Virgin supply."""

    role: ClassVar[Role] = Role.PIT
    prices_dkk_per_t: dict[str, float]
    """Materials that it supplies, with price and raw-material tax."""
    sea_km: dict[str, float] = field(default_factory=dict)
    """How far those come by ship that do. [km]"""
    ship: entry.Ship = "open"

    def giver(self, material: str) -> str:
        """Name who gives a material here."""
        return f"{self.site}/{material}"


@dataclass(frozen=True, kw_only=True)
class Receiver(_Place):
    """Final reception."""

    role: ClassVar[Role] = Role.RECEIVER
    fees_dkk_per_t: dict[str, float]
    """Materials that it accepts, with gate fee."""
    disposal_kg_co2e_per_t: dict[str, float] = field(default_factory=dict)
    landfill: bool = False
    landfill_tax_dkk_per_t: float = 0.0

    @property
    def taker(self) -> str:
        """Name who takes here."""
        return self.site


@dataclass(frozen=True)
class Process:
    """A recipe at a plant."""

    site: str
    recipe: str
    inputs: dict[str, float]
    """Tonnes of each material in a tonne of input."""
    outputs: dict[str, float]
    """Tonnes of each material out of a tonne of input."""
    kg_co2e_per_t: float
    dkk_per_t: float
    sorts: Sorts = ()
    """What all that it makes counts as, by the shares of its inputs."""


@dataclass(frozen=True, kw_only=True)
class Plant(_Place):
    """A place that makes materials of others."""

    role: ClassVar[Role] = Role.PLANT
    processes: tuple[Process, ...]

    @property
    def taker(self) -> str:
        """Name who takes here, whatever the recipe."""
        return f"{self.site}/plant"

    def giver(self, material: str, process: Process) -> str:
        """Name who gives a material made here; of other sorts apart, as it counts otherwise."""
        makers = [one for one in self.processes if material in one.outputs]
        name = f"{self.taker}/{material}"
        alike = all(one.sorts == makers[0].sorts for one in makers)
        return name if alike else f"{name}/{process.recipe}"

    @property
    def takes(self) -> list[str]:
        """Returns the materials that go into its recipes, in the order of their ids."""
        return sorted({material for process in self.processes for material in process.inputs})

    @property
    def makes(self) -> list[str]:
        """Returns the materials that come out of its recipes, in the order of their ids."""
        return sorted({material for process in self.processes for material in process.outputs})


@dataclass(frozen=True, kw_only=True)
class Depot(_Place):
    """Storage between periods; a stockpile takes only what its own site offers."""

    own: bool
    """Whether it is a stockpile."""
    materials: tuple[str, ...]
    capacity_t: float
    start_t: dict[str, float]
    end_t: dict[str, float] | None
    """What has to lie there at the end, zero where a material is not named; none: anything."""
    in_kg_co2e_per_t: float
    out_kg_co2e_per_t: float
    in_dkk_per_t: float
    out_dkk_per_t: float
    storing_dkk_per_t: float
    """For each tonne at the end of a period. [DKK/t]"""
    storing_dkk_per_t_month: float

    @property
    def id(self) -> str:
        """The site, and which of its two stores it is."""
        return name_stockpile(self.site) if self.own else self.site

    @property
    def role(self) -> Role:
        """As what it stands in the file."""
        return Role.STOCKPILE if self.own else Role.DEPOT

    @property
    def into(self) -> str:
        """Name who takes here."""
        return f"{self.id}/in"

    def out(self, material: str) -> str:
        """Name who gives a material that lies here."""
        return f"{self.id}/out/{material}"


Facility: TypeAlias = Pit | Receiver | Plant | Depot
"""What a site may have beside its own surplus and needs."""
_Made = TypeVar("_Made", bound=Facility)


def name_stockpile(site: str) -> str:
    """Give the id of the stockpile of a site."""
    return f"{site}/stockpile"


@dataclass(frozen=True, eq=False, repr=False)
class Scenario(Shown):
    """Everything that the stations after reading need to know."""

    id: str
    """The file's name without its ending."""
    digest: str
    """SHA-256 of the file as it was read."""
    said: ScenarioFile
    """The file, checked."""
    catalogue: Catalogue
    """The built-in catalogue with the scenario's own additions."""
    warnings: tuple[Finding, ...] = ()
    """What was noticed on reading and is no mistake, in the order of the file."""
    places: Mapping[Trail, Place] = field(default_factory=dict)
    """Where each entry stands in the file, by its trail; empty where there was no file."""
    areas: Mapping[int, shapely.MultiPolygon] = field(default_factory=dict)
    """The polygons of the zones that have a file, by its number, in metres of `region`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The plain values of the file, from which variations of it are made."""
    home: Path = Path()
    """The folder of the file, where the files lie that it names."""
    reread: Callable[["Scenario", Mapping[str, Any]], "Scenario"] | None = None
    """Reads it again with other values, as `change` asks for; none: made up without reading."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give its id, and what is on offer and needed."""
        return self.id, (
            Fact(say("Sites"), format_number(len(self.sites))),
            Fact(say("Periods"), ", ".join(self.periods)),
            Fact(say("Surplus [t]"), format_number(sum(offer.tonnes for offer in self.offers))),
            Fact(say("Needs [t]"), format_number(sum(need.tonnes for need in self.needs))),
            Fact(say("Trucks"), ", ".join(self.said.vehicles)),
        )

    def change(self, edits: Mapping[str, Any]) -> "Scenario":
        """Read the scenario again with other values in it, with every check that a file undergoes.

        `edits`: new values by path, in the words of the file and with its units; lists count from
        0: `{"sites.plads.offers.0.amount": "3000 t", "targets.secondary_share": 0.25}`. This one
        stays as it is. `ScenarioError`: every mistake that the new values make, each with its path.

        >>> from raastof_geo import read_scenario
        >>> scenario = read_scenario("scenarios/koege_bugt.yaml")
        >>> changed = scenario.change({"co2_price_dkk_per_t": 1500})
        >>> changed.said.co2_price_dkk_per_t, scenario.said.co2_price_dkk_per_t
        (1500.0, 860.0)
        """
        if self.reread is None:
            raise InputError.saying_text("variations", "not read")
        return self.reread(self, edits)

    @cached_property
    def region(self) -> Region:
        """Returns the region of its roads: areas, coast, towns, bounds and metres."""
        return read_region(self.said.network.file)

    def saying(self, **changes: object) -> "Scenario":
        """Say other things of the same scenario. Returns it with them, unchecked."""
        return replace(self, said=self.said.model_copy(update=changes))

    def place_of(self, *trail: str | int) -> Place | None:
        """Find where an entry, or what is around it, stands. Returns none: there was no file."""
        nearer = (trail[:length] for length in range(len(trail), 0, -1))
        return next((self.places[one] for one in nearer if one in self.places), None)

    @property
    def sites(self) -> dict[str, Site]:
        """The sites by id, in the order of the file."""
        return self.said.sites

    @cached_property
    def periods(self) -> dict[str, Period]:
        """Returns the periods by id, in order."""
        return {period.id: period for period in self.said.periods}

    @property
    def co2_dkk_per_kg(self) -> tuple[float, float]:
        """Returns what CO2e costs, and what of it the price of fuel holds. [DKK/kg, and TTW]"""
        return self.said.co2_price_dkk_per_t / 1000, value_of(self.catalogue.co2_tax_in_fuel) / 1000

    @property
    def speech(self) -> tuple[Language, str]:
        """Returns the scenario's language and its catalogue's currency, for `speaking`."""
        return self.said.language, self.catalogue.currency

    def states(self) -> dict[str, Trust]:
        """Judge each figure on the first day. Returns how far it can be trusted, by path."""
        first = min(period.start for period in self.said.periods)
        return {path: one.state(first) for path, one in self.catalogue.figures().items()}

    @property
    def calendar(self) -> Calendar:
        """The periods, for `calendar.find("Q3 2027")`."""
        return Calendar(self.said.periods)

    def names(self, section: str) -> Names:
        """List the ids of a section, or of `sites`. Returns the names of each, by language."""
        if section == "sites":
            return {one: dict.fromkeys(LANGUAGES, site.name) for one, site in self.sites.items()}
        names = self.catalogue.names(section)
        if section == "vehicles":
            return {one: names[one] for one in self.said.vehicles}
        return names

    def site_name(self, site: str) -> str:
        """Give the name that people read."""
        return self.said.sites[site].name or site

    def project_name(self, project: str) -> str:
        """Name a project as people read it: its site, or its own name where it has several."""
        if project in self.sites:
            return self.site_name(project)
        return project[:1].upper() + project[1:].replace("_", " ")

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Returns surplus in tonnes, one entry for each window."""
        return tuple(
            Offer(
                name=f"{site_id}/{number}-{due.material}",
                site=site_id,
                number=number,
                tonnes=self.weigh(due.quantity, due.material),
                periods=window,
                repeated=due.amount is None,
                material=due.material,
                must_leave=due.must_leave,
                price_dkk_per_t=due.price_dkk_per_t,
                preparation_kg_co2e_per_t=value_of(
                    due.preparation_kg_co2e_per_t or known.preparation_kg_co2e_per_t
                ),
                preparation_dkk_per_t=value_of(
                    due.preparation_dkk_per_t or known.preparation_dkk_per_t
                ),
            )
            for site_id, site in self.sites.items()
            for number, due in enumerate(site.offers, 1)
            for known in (self.catalogue.materials[due.material],)
            for window in due.windows(tuple(self.periods))
        )

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """Returns needs in reference tonnes, one entry for each window."""
        find_fits, ids = cache(self._fits), tuple(self.periods)
        return tuple(
            Need(
                name=f"{site_id}/{number}-{due.use}",
                site=site_id,
                number=number,
                tonnes=self.weigh(due.quantity, self.catalogue.uses[due.use].reference_material),
                periods=window,
                repeated=due.amount is None,
                demand=(demand := self.demand(site_id, due)),
                consents={consent.condition: consent.by for consent in due.accepts},
                ratios=(fits := find_fits(demand, due.materials))[0],
                material_periods={
                    material: tuple(one for one in window if one in held)
                    for material, held in fits[1].items()
                },
            )
            for site_id, site in self.sites.items()
            for number, due in enumerate(site.needs, 1)
            for window in due.windows(ids)
        )

    @cached_property
    def entries(self) -> dict[tuple[Role, str], Need | Offer]:
        """Returns needs and surplus by role and id; of windows with one id the first."""
        kept: tuple[Need | Offer, ...] = (*self.offers, *self.needs)
        return {(one.role, one.id): one for one in reversed(kept)}

    @cached_property
    def pits(self) -> tuple[Pit, ...]:
        """Virgin supply."""
        return self._each(Role.PIT, self._pit)

    @cached_property
    def receivers(self) -> tuple[Receiver, ...]:
        """Final reception."""
        return self._each(Role.RECEIVER, self._receiver)

    @cached_property
    def plants(self) -> tuple[Plant, ...]:
        """Places that make materials of others."""
        return self._each(Role.PLANT, self._plant)

    @cached_property
    def depots(self) -> tuple[Depot, ...]:
        """Returns storage between periods: depots, then stockpiles."""
        return (*self._each(Role.DEPOT, self._depot), *self._each(Role.STOCKPILE, self._depot))

    def _each(self, role: Role, make: Callable[[str, Any], _Made]) -> tuple[_Made, ...]:
        entries = ((one, getattr(site, role)) for one, site in self.sites.items())
        return tuple(make(one, due) for one, due in entries if due)

    @property
    def facilities(self) -> tuple[Facility, ...]:
        """Returns pits, receivers, plants, depots and stockpiles, in this order."""
        return (*self.pits, *self.receivers, *self.plants, *self.depots)

    def weigh(self, quantity: Quantity, material: str | None) -> float:
        """Turn an amount of a material, or tonnes of several, into tonnes. Returns t, or raises."""
        if material is None and quantity.unit != "t":
            raise refuse_volume("amount")
        return self.catalogue.tonnes(quantity, material or "", self.said.vehicles)

    def project(self, site: str) -> str:
        """Give the project that a site belongs to."""
        return self.said.sites[site].project or site

    def capture(self, material: str) -> float:
        """Find what of a material on offer can be put to use at all. Returns a share, 0 to 1."""
        said = self.said.capture
        captured = said.get(material) or said.get(DEFAULT)
        return 1.0 if captured is None else captured.value

    @cached_property
    def businesses(self) -> frozenset[str]:
        """The sites that trade: a pit, receiver, plant or depot, of no project and without needs.

        They have an account, never an effect; every other site is a project, or part of one.
        """
        sites = self.sites.items()
        return frozenset(
            one for one, site in sites if site.places and not (site.project or site.needs)
        )

    @property
    def together(self) -> Together:
        """Who is one party without coordination, as said or by default."""
        projects = (site for name, site in self.sites.items() if name not in self.businesses)
        placed = all(site.municipality for site in projects)
        return self.said.baseline.together or ("municipality" if placed else "project")

    def party(self, site: str, together: Together) -> str:
        """Give the party that a site belongs to; a business is one by itself."""
        said = self.sites[site]
        if together == "client" and said.client:
            return f"client:{said.client}"
        if together == "municipality" and said.municipality and site not in self.businesses:
            return f"municipality:{said.municipality}"
        return f"site:{site}" if together == "site" else f"project:{self.project(site)}"

    def land(self, site: str) -> str:
        """Give the kind of land of a site; not said, it is the strictest since format 3."""
        older = self.said.format < FORMAT_OF_NEEDS
        assumed = "built_up" if older else self.catalogue.strictest_land
        return self.said.sites[site].land or assumed

    def is_per_need(self, condition: str) -> bool:
        """Tell whether each need accepts a condition for itself, and no scenario for all."""
        return self.catalogue.conditions[condition].per_need

    @cached_property
    def accepted_for_all(self) -> tuple[str, ...]:
        """Conditions that every need accepts: before format 3 whatever they are about."""
        older = self.said.format < FORMAT_OF_NEEDS
        accepted = self.said.accepted_conditions
        return tuple(one for one in accepted if older or not self.is_per_need(one))

    def demand(self, site: str, need: entry.NeedEntry) -> Demand:
        """Find what decides what may serve a need. Returns use, land, consents and zones."""
        return Demand(
            need.use,
            self.land(site),
            frozenset((*self.accepted_for_all, *(one.condition for one in need.accepts))),
            tuple(zone for zone in self.said.zones if site in zone.sites),
        )

    def rulings(self, material: str, demand: Demand) -> list[Ruled]:
        """List the rules on a material for a need. Returns that on the use, then on the land."""
        fit = self.catalogue.fit(material, demand.use) or NO_RULE
        move = self.catalogue.soil_move(material, demand.land)
        soil_class = self.catalogue.materials[material].soil_class
        if move is None or soil_class is None:
            return [fit]
        return [fit, move, *(one.ruling for one in demand.zones if soil_class >= one.soil_class)]

    def blocks(self, material: str, demand: Demand) -> Ruled | None:
        """Find what keeps a material from a need. Returns a rule; what forbids comes first."""
        rulings = self.rulings(material, demand)
        forbids = (one for one in rulings if one.forbids)
        unmet = (one for one in rulings if one.condition and one.condition not in demand.accepted)
        return next(itertools.chain(forbids, unmet), None)

    def may_drive(self, vehicle: str, period: str) -> bool:
        """Tell whether a truck is legal on all days of a period."""
        legal_from = self.catalogue.vehicles[vehicle].legal_from
        return legal_from is None or legal_from <= self.periods[period].start

    def admits(self, site: str, vehicle: str) -> bool:
        """Tell whether a site has room for a truck, loaded to the full."""
        said, truck = self.said.sites[site], self.catalogue.vehicles[vehicle]
        if said.vehicles is not None and vehicle not in said.vehicles:
            return False
        limits = {name: value for name, value in said.truck_limits if value is not None}
        return all(truck.size_for(one) <= limits.get(one.name, math.inf) for one in TRUCK_LIMITS)

    def _fits(
        self, demand: Demand, only: tuple[str, ...] | None
    ) -> tuple[dict[str, float], dict[str, set[str]]]:
        """Find what may serve a need: its ratio, and if there is a rule on it, when that holds."""
        ratios, held = {}, {}
        for material in self.catalogue.materials:
            if (only is None or material in only) and self.blocks(material, demand) is None:
                ratios[material] = self.catalogue.ratio(material, demand.use)
                if (fit := self.catalogue.fit(material, demand.use)) is not None:
                    spans = self.periods.items()
                    held[material] = {one for one, at in spans if fit.holds(at.start, at.end)}
        return ratios, held

    def _pit(self, site: str, pit: entry.PitEntry) -> Pit:
        return Pit(
            site=site,
            prices_dkk_per_t={
                one: value_of(pit.price_dkk_per_t.get(one, known.price)) + value_of(known.tax)
                for one in pit.supplies
                for known in (self.catalogue.materials[one],)
            },
            sea_km=pit.sea_km,
            ship=pit.ship,
            **self._terms(pit, pit.supplies),
        )

    def _terms(self, place: entry.Part, materials: tuple[str, ...]) -> dict[str, Any]:
        """Give capacities, opening and periods; a stockpile has no limits and never closes."""
        terms: dict[str, Any] = {"periods": tuple(self.periods)}
        if isinstance(place, entry.OpenDays):
            terms = {"periods": self.open_periods(place), "opens": place.opens}
        for limit in ("per_period", "total"):
            said: Quantity | None = getattr(place, f"capacity_{limit}", None)
            terms[f"{limit}_t"] = None if said is None else self.weigh(said, materials[0])
        return terms

    def _receiver(self, site: str, receiver: entry.ReceiverEntry) -> Receiver:
        accepted = {one: self.catalogue.materials[one] for one in receiver.accepts}
        kind = self.catalogue.receiver_kinds[receiver.kind] if receiver.kind else None
        landfill = bool(kind.landfill if kind else receiver.landfill)
        return Receiver(
            site=site,
            fees_dkk_per_t={
                one: value_of(receiver.gate_fee_dkk_per_t.get(one, known.fee_at(kind)))
                for one, known in accepted.items()
            },
            disposal_kg_co2e_per_t={
                one: value_of(said)
                if (said := receiver.disposal_kg_co2e.get(one))
                else known.reception_kg_co2e(landfill=landfill)
                for one, known in accepted.items()
            },
            landfill=landfill,
            landfill_tax_dkk_per_t=value_of(kind.tax if kind else None),
            **self._terms(receiver, receiver.accepts),
        )

    def _plant(self, site: str, plant: entry.PlantEntry) -> Plant:
        processes = []
        for name in plant.recipes:
            recipe = self.catalogue.recipes[name]
            inputs, outputs = (
                {one: share.value for one, share in side.items()}
                for side in (recipe.inputs, recipe.outputs)
            )
            kg = plant.kg_co2e_per_t.get(name, recipe.kg_co2e_per_t).value
            dkk = plant.dkk_per_t.get(name, recipe.dkk_per_t).value
            sorts = mix_sorts(self.catalogue, inputs)
            processes.append(Process(site, name, inputs, outputs, kg, dkk, sorts))
        taken = tuple(material for process in processes for material in process.inputs)
        return Plant(site=site, processes=tuple(processes), **self._terms(plant, taken))

    def _depot(self, site: str, store: entry.Store) -> Depot:
        handling, own = self.catalogue.handling, isinstance(store, entry.StockpileEntry)
        kg = (store.handling_kg_co2e_per_t or handling.kg_co2e_per_t).value
        dkk = (store.handling_dkk_per_t or handling.dkk_per_t).value
        monthly = store.storing_dkk_per_t_month
        materials = tuple(dict.fromkeys(due.material for due in self.sites[site].offers))
        if isinstance(store, entry.DepotEntry):
            materials = store.materials
            if monthly is None and store.storing_dkk_per_t is None:
                monthly = handling.storing_dkk_per_t_month
        return Depot(
            site=site,
            own=own,
            materials=materials,
            capacity_t=self.weigh(store.capacity, materials[0]),
            start_t=self._weigh_each(store.start),
            end_t=None if store.end == "any" else self._weigh_each(store.end_amounts),
            in_kg_co2e_per_t=0.0 if own else kg,
            out_kg_co2e_per_t=kg,
            in_dkk_per_t=0.0 if own else dkk,
            out_dkk_per_t=dkk,
            storing_dkk_per_t=value_of(store.storing_dkk_per_t),
            storing_dkk_per_t_month=value_of(monthly),
            **self._terms(store, materials),
        )

    def _weigh_each(self, amounts: Mapping[str, Quantity]) -> dict[str, float]:
        return {name: self.weigh(amount, name) for name, amount in amounts.items()}

    def open_periods(self, place: entry.OpenDays) -> tuple[str, ...]:
        """Find when a place is open from the first day to the last. Returns ids of periods."""
        return tuple(
            one
            for one, when in self.periods.items()
            if place.days_open(when.start, when.end) == when.days
        )

    @cached_property
    def months_stored(self) -> dict[str, float]:
        """How long lies what lies in a depot at the end of a period, by period.

        It comes in the middle of the period and leaves in the middle of the next, on average;
        after the last one nothing is counted. [months]
        """
        periods = list(self.periods.values())
        middles = [12 * when.middle_year for when in periods]
        last = middles[-1] + periods[-1].days / 2 / (365.25 / 12)
        return dict(zip(self.periods, np.diff([*middles, last]).tolist(), strict=True))

    def sampling_dkk_per_t(self, site: str, material: str) -> float:
        """Price the samples of soil before it leaves a site. Returns DKK per tonne; 0: none."""
        tonnes = self.catalogue.t_per_sample(material, self.sites[site].soil_mapping)
        samples = self.catalogue.soil_samples
        return samples.dkk_per_sample.value / tonnes if samples and tonnes else 0.0


def look_up(where: Catalogue | Scenario, asked: Sequence[tuple[str, str]]) -> list[str]:
    """Find ids by section (`sites`, `periods` …) and id or name. Returns all, or raises for all."""
    found: list[str] = []
    wrong: list[Finding] = []
    for section, given in asked:
        try:
            if section == "periods" and isinstance(where, Scenario):
                found.append(where.calendar.find(given))
            else:
                found.append(find_id(section, given, where.names(section)))
        except InputError as error:
            wrong += error.findings
    raise_all(InputError, wrong)
    return found
