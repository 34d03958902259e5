"""Say who may give and take what, on which terms; and which recipes can never run, and why.

That is found before anything is priced for `check`; `assignment.telling.case` searches the legs
that there are in the same way, and has the sentences for both.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, NamedTuple, get_args
from raastof_geo.figures.figure import value_of
from raastof_geo.scenario.catalogue import Sorts, mix_sorts
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Plant, Process, Scenario


@dataclass(frozen=True)
class Terms:
    """What a tonne means to its taker."""

    periods: tuple[str, ...]
    reference_share: float = 0.0
    """Reference tonnes of a need for each tonne. [t/t]"""
    dkk_per_t: float = 0.0
    """Gate fee, or handling on the way in."""
    processing_kg_co2e_per_t: float = 0.0
    disposal_kg_co2e_per_t: float = 0.0
    landfill: bool = False
    landfill_tax_dkk_per_t: float = 0.0
    """How much of `dkk_per_t` is waste tax."""


@dataclass(frozen=True)
class Giver:
    """Somebody who has one material to give."""

    kind: Role
    """What it gives as; a stockpile gives as a depot."""
    id: str
    place: str
    """The offer, pit, plant or depot that it belongs to."""
    site: str
    material: str
    periods: tuple[str, ...]
    price_dkk_per_t: float = 0.0
    """Price and raw-material tax, paid by everybody who puts the material to use."""
    tax_dkk_per_t: float = 0.0
    """How much of the price is raw-material tax."""
    dkk_per_t: float = 0.0
    """Handling on the way out, whoever takes it."""
    sampling_dkk_per_t: float = 0.0
    """Samples of soil, where it leaves its site."""
    upstream_kg_co2e_per_t: float = 0.0
    sea_kg_co2e_per_t: float = 0.0
    """On the way by ship to where lorries fetch it."""
    processing_kg_co2e_per_t: float = 0.0
    preparation_kg_co2e_per_t: float = 0.0
    """Making it of what arises, unless it goes to final reception, which takes it as it is."""
    preparation_dkk_per_t: float = 0.0
    sorts: Sorts = ()
    """What it counts as by where it comes from."""


@dataclass(frozen=True)
class Taker:
    """Somebody who takes one material or several."""

    kind: Role
    """What it takes as; a stockpile takes as a depot."""
    id: str
    place: str
    """The need, receiver, plant or depot that it belongs to."""
    site: str
    accepts: dict[str, Terms] = field(default_factory=dict)
    only_from: str | None = None
    """The only site that it takes from; none: all."""


def may_deal(giver: Giver, taker: Taker) -> bool:
    """Tell whether a giver may send to a taker: roads, amounts and periods are not asked."""
    if giver.kind not in taker.kind.takes_from or giver.material not in taker.accepts:
        return False
    if taker.only_from is not None and (giver.site != taker.only_from or giver.kind != Role.OFFER):
        return False
    return not (giver.kind == taker.kind == Role.PLANT and giver.place == taker.place)


def list_givers(scenario: Scenario) -> tuple[Giver, ...]:
    """List everybody who gives. Returns them by material and id."""
    return tuple(sorted(_find_givers(scenario), key=lambda giver: (giver.material, giver.id)))


def list_takers(scenario: Scenario) -> tuple[Taker, ...]:
    """List everybody who takes. Returns them by id."""
    return tuple(sorted(_find_takers(scenario), key=lambda taker: taker.id))


@dataclass(frozen=True, eq=False)
class Partners:
    """All whom givers of one sort may send to."""

    takers: tuple[Taker, ...]
    numbers: list[int]
    """Their places among all takers."""

    @cached_property
    def sites(self) -> frozenset[str]:
        """Where they are."""
        return frozenset(one.site for one in self.takers)

    @cached_property
    def converting(self) -> tuple[Taker, ...]:
        """The plants and depots among them."""
        return tuple(one for one in self.takers if one.kind.converts())


def find_partners(
    givers: Iterable[Giver], takers: Sequence[Taker]
) -> Iterator[tuple[Giver, Partners]]:
    """Find all whom each giver may send to; of its sort, that is asked of all takers once."""
    piles = {one.only_from for one in takers}
    known: dict[tuple[str, ...], Partners] = {}
    for giver in givers:
        plant = giver.place if giver.kind == Role.PLANT else ""
        sort = giver.kind, giver.material, plant, *({giver.site} & piles)
        if sort not in known:
            numbers = [at for at, one in enumerate(takers) if may_deal(giver, one)]
            known[sort] = Partners(tuple(takers[at] for at in numbers), numbers)
        yield giver, known[sort]


def list_deals(scenario: Scenario) -> Iterator[tuple[Giver, Taker]]:
    """List who may send to whom: roads, amounts and periods are not asked."""
    for giver, partners in find_partners(list_givers(scenario), list_takers(scenario)):
        yield from ((giver, one) for one in partners.takers)


def _find_givers(scenario: Scenario) -> Iterator[Giver]:
    known = scenario.catalogue.materials
    sorts = {one: mix_sorts(scenario.catalogue, {one: 1.0}) for one in known}
    for offer in scenario.offers:
        yield Giver(
            *(Role.OFFER, offer.id, offer.id, offer.site, offer.material, offer.periods),
            price_dkk_per_t=offer.price_dkk_per_t,
            sampling_dkk_per_t=scenario.sampling_dkk_per_t(offer.site, offer.material),
            preparation_kg_co2e_per_t=offer.preparation_kg_co2e_per_t,
            preparation_dkk_per_t=offer.preparation_dkk_per_t,
            sorts=sorts[offer.material],
        )
    for pit, one in ((at, one) for at in scenario.pits for one in at.prices_dkk_per_t):
        by_ship = getattr(scenario.catalogue.sea, f"{pit.ship}_kg_co2e_per_tonne_km", None)
        yield Giver(
            *(Role.PIT, pit.giver(one), pit.site, pit.site, one, pit.periods),
            price_dkk_per_t=pit.prices_dkk_per_t[one],
            tax_dkk_per_t=value_of(known[one].tax),
            upstream_kg_co2e_per_t=value_of(known[one].upstream_kg_co2e),
            sea_kg_co2e_per_t=pit.sea_km.get(one, 0.0) * value_of(by_ship),
            sorts=sorts[one],
        )
    for plant in scenario.plants:
        makes = [(one, process) for process in plant.processes for one in process.outputs]
        made = {plant.giver(one, process): (one, process.sorts) for one, process in makes}
        for name, (one, mixed) in made.items():
            who = Role.PLANT, name, plant.site, plant.site, one, plant.periods
            yield Giver(*who, sorts=mixed)
    for depot, one in ((at, one) for at in scenario.depots for one in at.materials):
        yield Giver(
            *(Role.DEPOT, depot.out(one), depot.id, depot.site, one, depot.periods),
            dkk_per_t=depot.out_dkk_per_t,
            sampling_dkk_per_t=scenario.sampling_dkk_per_t(depot.site, one) if depot.own else 0.0,
            processing_kg_co2e_per_t=depot.out_kg_co2e_per_t,
            sorts=sorts[one],
        )


def _find_takers(scenario: Scenario) -> Iterator[Taker]:
    known: dict[tuple[object, ...], dict[str, Terms]] = {}
    for need in scenario.needs:
        alike = (need.use, need.periods, *need.ratios.items())
        if alike not in known:  # the terms are found once: there may be thousands of needs
            known[alike] = terms = {}
            for one, ratio in need.ratios.items():
                fit = scenario.catalogue.fit(one, need.use)
                dkk, kg_co2e = (fit.dkk_per_t, fit.kg_co2e_per_t) if fit else (None, None)
                terms[one] = Terms(
                    need.material_periods[one],
                    reference_share=1 / ratio,
                    dkk_per_t=value_of(dkk),
                    processing_kg_co2e_per_t=value_of(kg_co2e),
                )
        yield Taker(Role.NEED, need.id, need.id, need.site, known[alike])
    for place in scenario.receivers:
        accepts = {
            one: Terms(
                place.periods,
                dkk_per_t=fee + place.landfill_tax_dkk_per_t,
                landfill_tax_dkk_per_t=place.landfill_tax_dkk_per_t,
                disposal_kg_co2e_per_t=place.disposal_kg_co2e_per_t.get(one, 0.0),
                landfill=place.landfill,
            )
            for one, fee in place.fees_dkk_per_t.items()
        }
        yield Taker(Role.RECEIVER, place.taker, place.site, place.site, accepts)
    for plant in scenario.plants:
        inputs = dict.fromkeys(plant.takes, Terms(plant.periods))
        yield Taker(Role.PLANT, plant.taker, plant.site, plant.site, inputs)
    for depot in scenario.depots:
        paid, emitted = depot.in_dkk_per_t, depot.in_kg_co2e_per_t
        in_it = Terms(depot.periods, dkk_per_t=paid, processing_kg_co2e_per_t=emitted)
        kept = dict.fromkeys(depot.materials, in_it)
        only_from = depot.site if depot.own else None
        yield Taker(Role.DEPOT, depot.into, depot.id, depot.site, kept, only_from)


Side = Literal["input", "output"]
"""On which side of a plant a trade lies: what comes to it, or what leaves it."""
Hindrance = Literal["roads", "trucks", "agreements", "periods"]
"""What may keep two sites apart that could trade otherwise."""
Lacking = Literal["capacity", "nobody", "chain", "together"] | Hindrance
"""Why: the plant may take nothing; nobody gives or takes the material; whoever would has none or
can pass it on to nobody; all is there, but never in one period; or what keeps them apart."""
_Traded = tuple[str, str, str]
"""Id of a giver or taker, material and period."""
_ORDER: tuple[Hindrance | None, ...] = (None, "agreements", "trucks", "periods", "roads")
"""The hindrances, the one that is told first; none where nothing but the other side is missing."""


@dataclass(frozen=True)
class Trade:
    """Two who could trade, the periods in which they can, and else what is in the way."""

    giver: Giver
    taker: Taker
    periods: frozenset[str]
    hindrance: Hindrance | None = None

    def converts(self) -> bool:
        """Tell whether a plant or a depot is at either end."""
        return self.giver.kind.converts() or self.taker.kind.converts()

    def ends(self, side: Side) -> tuple[Giver | Taker, Giver | Taker]:
        """Tell the ends apart. Returns the one on whose side is looked, and the other one."""
        return (self.taker, self.giver) if side == "input" else (self.giver, self.taker)


class _Run(NamedTuple):
    site: str
    recipe: str
    period: str


class Lack(NamedTuple):
    """One thing that a recipe would need in order to run."""

    why: Lacking
    material: str = ""
    side: Side | Literal[""] = ""
    sites: tuple[str, ...] = ()
    """Who would give or take it, were it not for that."""


class Idle(NamedTuple):
    """A recipe of a plant that can never run."""

    site: str
    recipe: str
    lacks: tuple[Lack, ...]


def find_idle(scenario: Scenario, *, islands: Mapping[str, int] | None = None) -> tuple[Idle, ...]:
    """Find the recipes that no plan can run, whatever it costs, with all that each lacks.

    A recipe runs in a period in which every input comes from somebody and every output, residue
    included, goes to somebody. Amounts are not looked at, so that what is found is true of every
    plan; a recipe that is not found may stand idle all the same. `islands`: the number of the
    island that each site lies on; none: roads lead everywhere.
    """
    used = {name for one in scenario.plants for name in (*one.takes, *one.makes)}
    trades = list_trades(scenario, islands) if used else []
    return Prospects(scenario, [one for one in trades if one.giver.material in used]).idle


def list_trades(scenario: Scenario, islands: Mapping[str, int] | None = None) -> list[Trade]:
    """List what plants and depots could trade, by default anywhere. Returns the hindered too."""

    @cache
    def trucks_at(site: str) -> set[str]:
        return {one for one in scenario.said.vehicles if scenario.admits(site, one)}

    trades = []
    for giver, partners in find_partners(list_givers(scenario), list_takers(scenario)):
        for taker in partners.takers if giver.kind.converts() else partners.converting:
            periods, hindrance = _meet(scenario, giver, taker)
            trucks = trucks_at(giver.site) & trucks_at(taker.site)
            if not _truck_comes(scenario, giver, taker, trucks):
                periods, hindrance = frozenset(), "trucks"
            if islands and islands.get(giver.site) != islands.get(taker.site):
                periods, hindrance = frozenset(), "roads"
            trades.append(Trade(giver, taker, periods, hindrance))
    return trades


def _meet(
    scenario: Scenario, giver: Giver, taker: Taker
) -> tuple[frozenset[str], Hindrance | None]:
    """Give the periods in which both are open and agreements let them, or why there are none."""
    if not (both := frozenset(giver.periods) & frozenset(taker.accepts[giver.material].periods)):
        return both, "periods"
    for agreement in scenario.said.agreements:
        between = agreement.giver == giver.site and agreement.taker == taker.site
        about = between and agreement.material in (None, giver.material)
        if about and agreement.rules_out:
            both -= frozenset(agreement.periods(tuple(scenario.periods)))
    return both, None if both else "agreements"


def _truck_comes(scenario: Scenario, giver: Giver, taker: Taker, trucks: Iterable[str]) -> bool:
    """Tell whether one of these trucks, which may come to both, may drive; own heaps need none."""
    for limit in map(scenario.said.fleet.get, trucks):
        if limit is None or taker.only_from is not None:
            return True
        away = None if giver.site == taker.site else limit.km_per_period
        if 0 not in (limit.number, limit.hours_per_period, away):
            return True
    return False


def _find_void(scenario: Scenario) -> set[tuple[Role, str]]:
    closed = (one for one in scenario.facilities if 0 in (one.per_period_t, one.total_t))
    empty = (one for one in scenario.entries.values() if one.tonnes <= 0)
    return {(one.role, one.id) for one in (*empty, *closed)}


class Prospects:
    """What plants and depots can do by some trades: all that is ruled out is so in every plan."""

    def __init__(self, scenario: Scenario, trades: Sequence[Trade]) -> None:
        self.trades = trades
        self.periods = tuple(scenario.periods)
        self.plants = {plant.site: plant for plant in scenario.plants}
        self.depots = {depot.id: depot for depot in scenario.depots}
        every = (one for plant in scenario.plants for one in plant.processes)
        self.processes = {(one.site, one.recipe): one for one in every}
        self.void = _find_void(scenario)
        """Who gives and takes nothing."""
        self.reached: dict[Side, set[_Traded]] = {}
        self.runs = {
            _Run(*names, period)
            for names in self.processes
            if (Role.PLANT, names[0]) not in self.void
            for period in self.periods
        }
        self._rule_out()

    def _rule_out(self) -> None:
        """Rule out recipes, and what goes to and from plants and depots, until no more can be."""
        before, sides = None, get_args(Side)
        while self.runs != before:
            before = self.runs
            for side in sides:
                self._spread(side)
            self.runs = {run for run in before if all(self._served(run, one) for one in sides)}

    @cached_property
    def idle(self) -> tuple[Idle, ...]:
        """Returns the recipes that run in no period."""
        running = {(run.site, run.recipe) for run in self.runs}
        return tuple(
            Idle(plant.site, process.recipe, tuple(self._lacks(plant, process)))
            for plant in self.plants.values()
            for process in plant.processes
            if (plant.site, process.recipe) not in running
        )

    def may(self, trade: Trade, period: str) -> bool:
        """Tell whether the one may have something to give in a period, and the other a use."""
        return self._has(trade, period) and self._has_room(trade, period)

    def _spread(self, side: Side) -> None:
        """Find what every plant and depot can get, or get rid of, by the recipes that may run."""
        serves = self._has if side == "input" else self._has_room
        self.reached[side] = reached = set[_Traded]()
        before = -1
        while len(reached) != before:
            before = len(reached)
            for trade in self.trades:
                for period in trade.periods:
                    key = (trade.ends(side)[0].id, trade.giver.material, period)
                    if key not in reached and serves(trade, period):
                        reached.add(key)

    def _has(self, trade: Trade, period: str) -> bool:
        if (giver := trade.giver).kind == Role.PLANT:
            return any(
                (run := _Run(giver.site, process.recipe, period)) in self.runs
                and self._served(run, "input")
                for process in self.plants[giver.site].processes
                if self._parties(process, "output").get(giver.material) == giver.id
            )
        if giver.kind == Role.DEPOT:
            depot = self.depots[giver.place]
            until = self.periods[: self.periods.index(period) + 1]
            return depot.start_t.get(giver.material, 0.0) > 0 or any(
                (depot.into, giver.material, one) in self.reached["input"] for one in until
            )
        return (giver.kind, giver.place) not in self.void

    def _has_room(self, trade: Trade, period: str) -> bool:
        taker, material = trade.taker, trade.giver.material
        if taker.kind == Role.PLANT:
            uses = (one for one in self.plants[taker.site].processes if one.inputs.get(material))
            return any((taker.site, one.recipe, period) in self.runs for one in uses)
        if taker.kind == Role.DEPOT:
            depot = self.depots[taker.place]
            if 0 in (depot.per_period_t, depot.capacity_t):
                return False
            later, kept = self.periods[self.periods.index(period) :], self.reached["output"]
            return (
                depot.end_t is None
                or depot.end_t.get(material, 0.0) > 0
                or any((depot.out(material), material, one) in kept for one in later)
            )
        return (taker.kind, taker.place) not in self.void

    def _served(self, run: _Run, side: Side) -> bool:
        """Tell whether it gets all inputs, or rid of all outputs; plants may form a ring."""
        parties = self._parties(self.processes[run.site, run.recipe], side).items()
        return all((party, one, run.period) in self.reached[side] for one, party in parties)

    def _parties(self, process: Process, side: Side) -> dict[str, str]:
        plant = self.plants[process.site]
        shares = process.inputs if side == "input" else process.outputs
        return {
            material: plant.taker if side == "input" else plant.giver(material, process)
            for material, share in shares.items()
            if share > 0
        }

    def _lacks(self, plant: Plant, process: Process) -> Iterable[Lack]:
        if 0 in (plant.per_period_t, plant.total_t):
            return [Lack("capacity")]
        lacks = [
            self._lack(plant.site, material, side)
            for side, reached in self.reached.items()
            for material, party in self._parties(process, side).items()
            if not any((party, material, period) in reached for period in self.periods)
        ]
        return lacks or [Lack("together")]

    def _lack(self, site: str, material: str, side: Side) -> Lack:
        others = defaultdict[Hindrance | None, dict[str, None]](dict)
        for trade in self.trades:
            here, beyond = trade.ends(side)
            if (here.kind, here.place, trade.giver.material) == (Role.PLANT, site, material):
                others[trade.hindrance][beyond.site] = None
        if not others:
            return Lack("nobody", material, side)
        # The nearest to a deal comes first: what hinders nothing, then as told.
        why = min(others, key=_ORDER.index)
        return Lack(why or "chain", material, side, tuple(others[why]))
