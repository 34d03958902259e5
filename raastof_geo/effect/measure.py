"""Baseline and effect: a plan measured against what would happen without it, and its target."""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, dot
from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.plan import Plan, tabulate_used
from raastof_geo.assignment.rules import limits
from raastof_geo.assignment.solving.certificate import LARGEST_VIOLATION
from raastof_geo.assignment.solving.solve import Solution, solve
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.problem import LaidColumns, Problem
from raastof_geo.assignment.statement.shares import Asked, find_due, weigh_counted
from raastof_geo.assignment.telling.case import find_ratio
from raastof_geo.effect import saving
from raastof_geo.effect.books import Books, follow_periods, keep_books
from raastof_geo.effect.saving import COORDINATION, Cause, CauseName, Gain, Transfers, read_gain
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import CO2E, COST, TRANSPORT_TTW, TRANSPORT_WTW
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.target import (
    DEFINITIONS,
    BaselineKind,
    SecondaryShare,
    ShareDefinition,
    Together,
)
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.spread import spread

_Solve: TypeAlias = Callable[..., Solution]
"""Solves a variant of the plan with its own costs, sums that are held, and decisions."""


@dataclass(frozen=True)
class Reach:
    """How far a definition of the share can get, of the needs of the target, or of all needs."""

    definition: ShareDefinition
    in_plan: float
    """Share of the needs, in reference tonnes, in the plan."""
    needed_t: float
    """The needs, as the plan meets them. [reference t]"""
    largest: float
    """The largest share that any plan under the same rules, without the target, can have; where
    the search was cut short, a share that can be had, while the largest is not known."""
    offered: float
    """The counting materials on offer, could every tonne be used, as a share of all needs."""
    more_at_largest: float | None
    """What the largest share adds to the first objective, against the plan, if known."""
    by_material: Mapping[str, float]
    """Reference tonnes that each counting material meets in the plan. [t]"""
    finished: bool = True
    """Whether the search for the largest share ended by itself, and not by the clock."""


@dataclass(frozen=True)
class TargetAnswer:
    """What the target on the secondary share means for this scenario."""

    asked: float | None
    """The first share that the scenario asks for; none: it asks for none."""
    goal: bool
    """Whether that is approached, and not required."""
    period: str
    """What it is about; empty: all of them, and so with the next."""
    municipality: str
    short_t: float
    """What the plan lacks of it; 0 where it is reached. [reference t]"""
    definition: ShareDefinition
    reaches: tuple[Reach, ...]
    """By definition; the one in force first."""
    price_per_t: float | None
    """What one more reference tonne of secondary material would add to the first objective; none
    where a goal is not reached, so that there is no more of it."""
    more_by_target: float | None
    """What the target adds to the first objective, against the best plan without it; none where
    the clock ended the search for that plan, and so with the next two."""
    more_kg_co2e: float | None
    """The same of the emissions of all parts. [kg CO2e]"""
    more_dkk: float | None

    @property
    def reached(self) -> bool:
        """Returns whether the plan has the share that is asked for; so where none is."""
        return self.short_t <= LARGEST_VIOLATION

    @property
    def reach(self) -> Reach:
        """What the definition in force can reach."""
        return self.reaches[0]


def answer_target(plan: Plan, *, patience_s: float = 120.0, briefly: bool = False) -> TargetAnswer:
    """Find the largest shares, also where none is asked for, and what the target costs.

    `patience_s` is for each of the answers.
    `briefly` is only the share by the definition that is asked about, without what it would cost.
    """
    scenario = plan.problem.scenario
    target = scenario.said.targets.first_share
    asking = (limits.SHARE_REACHED, limits.GOAL_APPROACHED, limits.GOALS_HELD)
    free = np.array([row.family not in asking for row in plan.proof.rows], bool)
    # The plan's columns under its rules but for the target: laid out once, solved many times.
    programme, start = plan.proof.programme.keep_rows(free), plan.proof.start.keep_rows(free)
    vary = partial(solve, plan.problem, programme=programme, clock=patience_s, start=start)
    about = target or SecondaryShare(at_least=0.0)
    definitions = sorted(DEFINITIONS, key=lambda name: name != about.definition)
    definitions = definitions[:1] if briefly else definitions
    asked = (about.model_copy(update={"definition": name}) for name in definitions)
    wanted = [shares.ask_share(scenario, one) for one in asked]
    reaches = tuple(_reach_each(plan, vary, wanted, priced=not briefly))
    price, more, kg, dkk = (None,) * 4 if briefly else _price_of_target(plan, vary)
    lacks = (about.at_least - reaches[0].in_plan) * reaches[0].needed_t
    short = lacks > LARGEST_VIOLATION
    return TargetAnswer(
        asked=target.at_least if target else None,
        goal=about.goal,
        period=about.period or "",
        municipality=about.municipality or "",
        short_t=lacks if short else 0.0,
        definition=about.definition,
        reaches=reaches,
        more_by_target=more,
        price_per_t=None if short else price,
        more_kg_co2e=kg,
        more_dkk=dkk,
    )


def _reach_each(
    plan: Plan, vary: _Solve, wanted: Sequence[Asked], *, priced: bool
) -> Iterator[Reach]:
    """Find how far each definition can get; what two of them count alike is looked for once."""
    known: list[tuple[Floats, Reach]] = []
    for asked in wanted:
        definition, offered_t = asked.target.definition, _offered(plan.problem, asked)
        counts = np.append(weigh_counted(plan.problem, definition), (asked.counted_t, offered_t))
        reach = next((one for like, one in known if np.array_equal(like, counts)), None)
        if reach is None or not reach.finished:
            reach = _reach(plan, vary, asked, offered_t, priced=priced)
            known.append((counts, reach))
        yield replace(reach, definition=definition)


def _reach(plan: Plan, vary: _Solve, asked: Asked, offered_t: float, *, priced: bool) -> Reach:
    problem, values = plan.problem, plan.proof.values[plan.problem.block("moves")]
    due, definition = find_due(problem, asked.target), asked.target.definition
    met = (weigh_counted(problem, definition) * values)[due]
    period = asked.target.period is not None
    needed = float((problem.reference_share * values)[due].sum()) if period else asked.needed_t
    needed = max(1e-9, needed + asked.crossed_t)
    materials = pd.Series(met).groupby(problem.labels("material", due)).sum()
    materials = materials.sort_values(ascending=False)
    begin = float(met.sum()) + asked.counted_t, needed
    in_plan = begin[0] / needed
    most, of, finished, last = find_ratio(problem, asked, lambda cost: vary(costs=[cost]), begin)
    priced &= finished
    return Reach(
        definition=definition,
        in_plan=in_plan,
        needed_t=needed,
        # Where the clock ends it, the plan itself is the one that is sure to keep all rules.
        largest=max(in_plan, most / max(1e-9, of)) if finished else in_plan,
        # Of the same needs as the largest share: those of a period may be met in another one.
        offered=(offered_t + asked.counted_t) / (of if finished and of else needed),
        more_at_largest=_price_of_most(plan, partial(vary, start=last.start), asked, most, of)
        if priced
        else None,
        by_material={str(one): float(part) for one, part in materials.items() if part > 0},
        finished=finished,
    )


def _price_of_most(plan: Plan, vary: _Solve, asked: Asked, most: float, of: float) -> float | None:
    """Find what the first objective rises to when the share is as large as it can be."""
    target = asked.target
    due, worth = find_due(plan.problem, target), np.zeros(plan.problem.column_count)
    worth[due] = weigh_counted(plan.problem, target.definition)[due]
    if not worth.any():
        return 0.0
    # A hair less than the most, which the digits of an answer may have rounded up.
    least = most - 1e-6 * most - asked.counted_t
    if target.period is not None:
        share = (1 - 1e-6) * most / of if of else 0.0
        worth[due] -= share * plan.problem.reference_share[due]
        least = share * asked.crossed_t - asked.counted_t
    dear = vary(costs=plan.problem.objectives()[:1], held=(worth, least))
    return max(0.0, dear.value - plan.certificate.objective) if dear.solved else None


def _offered(problem: Problem, asked: Asked) -> float:
    """Add up what is offered, at the best rate at which any need would take it. [reference t]

    Of a period what may leave in it, of a municipality too from everywhere.
    """
    scenario, definition = problem.scenario, asked.target.definition
    rates: dict[str, float] = {}
    for material, ratio in itertools.chain(*(need.ratios.items() for need in scenario.needs)):
        rates[material] = max(rates.get(material, 0.0), 1 / ratio)
    best = {
        one.id: shares.count_giver(scenario, one, definition) * rates.get(one.material, 0.0)
        for one in problem.givers
    }
    made = _find_best_made(scenario, best)
    there = (one for one in scenario.offers if asked.target.period in (None, *one.periods))
    return sum(one.tonnes * max(best.get(one.id, 0), made.get(one.material, 0)) for one in there)


def _find_best_made(scenario: Scenario, best: Mapping[str, float]) -> dict[str, float]:
    """Find what a tonne of each input of plants is worth as the `best` output of any of them."""
    made: dict[str, float] = {}
    for plant, process in ((at, one) for at in scenario.plants for one in at.processes):
        outputs = process.outputs.items()
        worth = max(share * best.get(plant.giver(name, process), 0.0) for name, share in outputs)
        for material in process.inputs:
            made[material] = max(made.get(material, 0.0), worth)
    return made


def _price_of_target(plan: Plan, vary: _Solve) -> tuple[float | None, ...]:
    """Compare with the best plan without the target, and the same decisions."""
    problem, prices = plan.problem, plan.shadow_prices
    share = prices[prices["rule"].isin([limits.SHARE_REACHED.name, limits.GOAL_APPROACHED.name])]
    price = float(share["shadow_price"].sum()) if len(share) else 0.0
    if not problem.scenario.said.targets.secondary_share or price <= 0:
        return price, 0.0, 0.0, 0.0
    costs, decided = problem.objectives(), np.where(problem.whole, plan.proof.values, 0.0)
    freely = vary(costs=costs, decided=decided)
    if not freely.solved:
        return price, None, None, None
    less = plan.proof.values - freely.values
    kg, dkk = problem.measure(CO2E), problem.measure(COST)
    return price, dot(costs[0], less), dot(kg, less), dot(dkk, less)


@dataclass(frozen=True)
class Totals:
    """The sums of the books, in the units of their names: [kg CO2e], [DKK], [km], [t km], [t]."""

    kg_co2e_wtw: float
    """Transport, well to wheel."""
    kg_co2e_ttw: float
    """Transport, tank to wheel."""
    upstream_kg_co2e: float
    processing_kg_co2e: float
    disposal_kg_co2e: float
    all_kg_co2e_wtw: float
    """Transport (WTW), upstream, processing and disposal together."""
    cost_dkk: float
    """Haul, toll, fares, materials, raw-material tax, gate fees, plants and depots."""
    loads: int
    """Truck trips with a load, the last of each flow as a whole one."""
    vehicle_km: float
    """Of trucks, loaded and empty, ferries left out."""
    tonne_km: float
    litres: float
    """Diesel and HVO. [l]"""
    kwh: float
    tonnes: float
    virgin_tonnes: float
    secondary_tonnes: float
    received_tonnes: float
    landfill_tonnes: float
    secondary_share_with_clean_soil: float
    """Share of all needs, in reference tonnes, met by any secondary material."""
    secondary_share_without_soil: float
    """The same of secondary materials that are not soil."""


_SHARES = {f"secondary_share_{name}": name for name in DEFINITIONS}
_CALLED = {one.flow: one for one in (TRANSPORT_WTW, TRANSPORT_TTW)} | {"all_kg_co2e_wtw": CO2E}
"""What the books call otherwise."""


def measure_totals(books: Books) -> Totals:
    """Add up books; nothing is counted that they do not say."""
    shares = measure_shares(books)
    sums: dict[str, Any] = {
        name: shares[_SHARES[name]] if name in _SHARES else books.total(_CALLED.get(name, name))
        for name in (field.name for field in fields(Totals))
    }
    return Totals(**{**sums, "loads": round(sums["loads"])})


def measure_shares(books: Books) -> dict[ShareDefinition, float]:
    """Divide what counts by all needs, unmet and over the border too. Returns it by definition."""
    whole, wanted = follow_periods(books)[0], sum(need.tonnes for need in books.scenario.needs)
    needed = whole.needed_t + max(0.0, wanted - books.total(vocabulary.REFERENCE_TONNES))
    return {one: counted / (needed or 1.0) for one, counted in whole.counted_t.items()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """A world without coordination that the plan is held against."""

    kind: BaselineKind
    together: Together
    """Who is one party in it."""
    totals: Totals
    shares: Mapping[ShareDefinition, float]
    """Share of all needs, in reference tonnes, that each definition counts as secondary."""
    missing: Mapping[tuple[str, str], float]
    """Tonnes of needs and surplus for which it has no place. [t]"""
    used: float | None
    """`today`: of what could be put to use of the materials that count, the share that is."""
    reached: float | None
    """`today`: how far the stated share can be reached at most, where it cannot."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BaselinePlan(Comparison):
    """What is done without coordination, with all that it was added up from."""

    books: Books


def solve_baseline(
    scenario: Scenario,
    legs: Legs,
    kind: BaselineKind | None = None,
    known: LaidColumns | None = None,
) -> BaselinePlan:
    """Find the cheapest baseline of a `kind`, or the headline's; columns may be `known`."""
    alone = solve_alone(scenario, legs, kind, known)
    used = np.flatnonzero(alone.values)
    problem, values = alone.world.problem.only(used), alone.values[used]
    books = keep_books(problem, values)
    return BaselinePlan(
        kind=alone.world.kind,
        together=alone.world.together,
        totals=measure_totals(books),
        shares=measure_shares(books),
        missing=alone.missing,
        used=alone.used,
        reached=alone.reached,
        **tabulate_used(problem, values),
        books=books,
    )


if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Effect(Shown):
    """Baseline, plan, and the difference."""

    plan: Totals
    baselines: tuple[Comparison, ...]
    """Worlds without coordination: that of the headline first, then those beside it."""
    target: TargetAnswer
    """How far the secondary share can get, and what the target costs."""
    books: Books
    """Every line of the plan."""
    baseline_books: Books
    causes: tuple[Cause, ...]
    """What each cause saves, in the order in which they were switched on, if asked for."""
    transfers: Transfers

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what the plan saves against the headline's baseline."""
        share, saved = self.saved_share, self.saved
        emitted = format_number(self.plan.kg_co2e_wtw / 1000, digits=1)
        return self.books.scenario.id, (
            Fact(say("Transport emissions, well to wheel [t CO2e]"), emitted),
            Fact(say("Saved [t CO2e]"), format_number(saved[TRANSPORT_WTW.flow] / 1000, digits=1)),
            Fact(say("Saved [%]"), "–" if share is None else format_number(100 * share, digits=1)),
            Fact(say("Saved [DKK]"), format_number(self.whole.dkk)),
            Fact(say("Truck km saved"), format_number(saved[vocabulary.VEHICLE_KM])),
        )

    @property
    def moves_less_and_emits_more(self) -> bool:
        """Whether the plan saves transport emissions and adds emissions in all."""
        return self.saved[TRANSPORT_WTW.flow] > 0 > self.saved["all_kg_co2e_wtw"]

    @property
    def baseline(self) -> Totals:
        """What the headline's baseline adds up to."""
        return self.baselines[0].totals

    @property
    def baseline_flows(self) -> pd.DataFrame:
        """The flows of the headline's baseline."""
        return self.baselines[0].flows

    @property
    def baseline_missing(self) -> Mapping[tuple[str, str], float]:
        """What the headline's baseline has no place for: the effect is a lower bound then. [t]"""
        return self.baselines[0].missing

    @property
    def saved(self) -> dict[str, float]:
        """Returns baseline less plan, by the names of `Totals`, each in its unit."""
        plan = asdict(self.plan)
        return {name: before - plan[name] for name, before in asdict(self.baseline).items()}

    @property
    def saved_share(self) -> float | None:
        """Returns transport emissions saved (WTW) as a share of the baseline's; none without it."""
        if self.baseline.kg_co2e_wtw <= 0 or self.baseline_missing:
            return None
        return 1 - self.plan.kg_co2e_wtw / self.baseline.kg_co2e_wtw

    def align(
        self, dimension: str, labels: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, ...]:
        """Add up by a dimension of `Books.by`. Returns before and plan, 0 where in one side only.

        `labels`: what has a row; none: whatever is in the plan, then whatever was before only.
        """
        before, plan = self.baseline_books.by(dimension), self.books.by(dimension)
        rows = list(dict.fromkeys([*plan.index, *before.index]) if labels is None else labels)
        return before.reindex(rows, fill_value=0.0), plan.reindex(rows, fill_value=0.0)

    def tabulate(self, dimension: str, labels: Sequence[str] | None = None) -> pd.DataFrame:
        """Compare by a dimension of `Books.by`. Returns plan, before and saved of every figure.

        Names of columns tell their unit; `labels` as for `align`.
        """
        before, plan = self.align(dimension, labels)
        found: dict[str, pd.Series] = {}
        for part, layer in vocabulary.layered().items():
            then, now = before[part] * layer.factor, plan[part] * layer.factor
            sides = {"plan": now, "before": then, "saved": then - now}
            found |= {f"{side}_{layer.column}": values for side, values in sides.items()}
        return pd.DataFrame(found)

    def by_project(self) -> pd.DataFrame:
        """Compare by project. Returns plan, before and saved; `common` is what is nobody's."""
        return self.tabulate("project")

    def plot(self, figure: str = "saved_t_co2e_wtw", dimension: str = "project") -> "Axes":
        """Draw a column of `tabulate` as bars, the most on top."""
        return self.tabulate(dimension)[figure].sort_values().plot.barh(xlabel=figure, ylabel="")

    @property
    def whole(self) -> Gain:
        """Returns what the plan saves, whatever saves it."""
        return read_gain(self.baseline_books.totals - self.books.totals)

    def credit(self, names: Collection[CauseName]) -> Gain | None:
        """Add up what some causes save. Returns none where they cannot be told from others."""
        return saving.credit(self.causes, names)

    @property
    def coordination(self) -> Gain | None:
        """Returns what matching saves: no other trucks or criterion, and not each one's own."""
        return self.credit(COORDINATION)

    @property
    def allocation_share(self) -> float | None:
        """Returns what better partners for the same tonnes save of transport emissions before."""
        gain, before = self.credit({"allocation"}), self.baseline.kg_co2e_wtw
        return None if gain is None or before <= 0 else gain.transport_kg_co2e / before


def measure_effect(
    scenario: Scenario,
    legs: Legs,
    plan: Plan,
    *,
    briefly: bool = False,
    executor: Executor | None = None,
) -> Effect:
    """Solve the baselines and compare; causes are told apart where the scenario asks for it.

    `briefly` is without what shares would cost and who is owed what, and tells coordination apart;
    an `executor` solves the baselines and the largest share side by side.
    """
    kinds, known = scenario.said.baseline.kinds, LaidColumns()
    baselines = (partial(solve_baseline, scenario, legs, one, known) for one in kinds)
    solves: list[Callable[[], Any]] = [*baselines, partial(answer_target, plan, briefly=briefly)]
    *worlds, target = spread(executor, _solve, solves, range(len(solves)))
    known.clear()
    baseline, books = worlds[0], keep_books(plan.problem, plan.proof.values)
    causes: tuple[Cause, ...] = ()
    if scenario.said.effect.causes:
        missing, capture = bool(baseline.missing), baseline.books.scenario.said.capture
        ends = baseline.books.totals, books.totals
        world = saving.Before(baseline.kind, baseline.together, missing, capture, *ends)
        causes = saving.split_by_cause(
            plan, world, lambda *of: keep_books(*of).totals, briefly=briefly, known=known
        )
    transfers = Transfers({}, {})
    if not briefly:
        transfers = saving.divide_savings(scenario, legs, books, baseline.books, rules=plan.rules)
    names = [field.name for field in fields(Comparison)]
    told = (Comparison(**{name: getattr(world, name) for name in names}) for world in worlds)
    totals, before = measure_totals(books), baseline.books
    return Effect(totals, tuple(told), target, books, before, causes, transfers)


def _solve(solves: Sequence[Callable[[], Any]], number: int) -> Any:
    return solves[number]()
