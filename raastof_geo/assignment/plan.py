"""Assign tonnes to legs so that the objectives are least, and prove it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from typing import Any
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, dot
from raastof_geo.assignment.alone import measure_alone
from raastof_geo.assignment.rules import RULES, lay_columns, lay_programme, lay_rows
from raastof_geo.assignment.rules.limits import GOALS_HELD, work_hours
from raastof_geo.assignment.solving.certificate import Certificate, certify
from raastof_geo.assignment.solving.price_in import FREE, Clock, Start
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.solving.stated import SOLVER, Labels, LpProblem, Stage, break_ties
from raastof_geo.assignment.statement.layout import MEASURES
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import SENSES, Programme, RowName, Rule
from raastof_geo.assignment.telling.case import Laid
from raastof_geo.assignment.telling.conflict import explain_conflict
from raastof_geo.errors import NoPlanError, SolverError
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import SHORT_OF_GOAL
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.legs.legs import Legs, explain_lost
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Plan(Shown):
    """Tonnes on every leg that is used, with the proof that no plan is better."""

    flows: pd.DataFrame
    """One row per flow: who gives what to whom, the leg, `tonnes`, and their sums
    `reference_tonnes`, `loads`, `kg_co2e_wtw`, `kg_co2e_ttw`, `upstream_kg_co2e`,
    `processing_kg_co2e`, `disposal_kg_co2e`, `dkk`, `tonne_km`, `vehicle_km`, `drive_h`,
    `work_h`, `energy`."""
    processed: pd.DataFrame
    """One row per plant, recipe and period in use: `tonnes` of input, `kg_co2e`, `dkk`."""
    stored: pd.DataFrame
    """One row per depot, material and period with `tonnes` lying there at its end, `dkk`."""
    empty_trips: pd.DataFrame
    """One row per empty trip of coordinated trucks: `trips`, `vehicle_km`, `drive_h`, `energy`,
    `kg_co2e_wtw`, `kg_co2e_ttw`, `dkk`."""
    shortfalls: pd.DataFrame
    """One row per `goal` that is missed, and by how many reference `tonnes`."""
    openings: pd.DataFrame
    """One row per candidate site: `opened`, `kg_co2e`, `dkk`."""
    fleet: pd.DataFrame
    """One row per truck and period: `loads`, `work_h`, `vehicle_km`."""
    shadow_prices: pd.DataFrame
    """One row per constraint: `rule`, `label`, `sense`, `limit`, `used`, `shadow_price`
    (of the first objective, for one tonne more)."""
    certificate: Certificate
    """Of the first objective that the scenario names."""
    goal_certificate: Certificate | None
    """That no plan comes nearer to the goals: of the reference tonnes that they lack, which come
    before every objective. None where nothing is a goal."""
    objectives: dict[str, float]
    """What each objective adds up to; what goals lack first, where there are any."""
    amounts: dict[str, float]
    """What the plan amounts to by each measure."""
    solver: str
    finished: bool
    """Whether the solver finished, and was not stopped by time or by hand."""
    problem: Problem
    """The columns that the proof is about."""
    proof: Proof
    rules: tuple[Rule, ...]
    """The constraints that it was made with."""

    @property
    def column_count(self) -> int:
        """Returns how many columns the proof covers."""
        return self.problem.column_count

    @property
    def scenario(self) -> Scenario:
        """What was planned for."""
        return self.problem.scenario

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what each objective comes to, and how well that is proved."""
        gap = 100 * max(0.0, self.certificate.gap)
        return self.scenario.id, (
            Fact(say("Flows"), format_number(len(self.flows))),
            Fact(say("Tonnes"), format_number(float(self.flows.tonnes.sum()))),
            *(Fact(name, format_number(value)) for name, value in self.objectives.items()),
            Fact(say("Gap of the proof [%]"), format_number(gap, digits=4)),
            Fact(say("Columns that the proof covers"), format_number(self.column_count)),
        )

    def to_pulp(self, *, written: bool = True, objective: int = 0) -> LpProblem:
        """State what was solved as a problem of PuLP, with names that can be read.

        A solver of PuLP's finds the same optimum: of the first objective, what the plan has of
        it; of a later one, what it has among the optima of those before, which rows and columns
        hold here; and after the last objective, the plan itself, by what decides among plans that
        are equally good. Either-or decisions are to be found for the first objective, within the
        gap that the scenario allows, and stand as the plan has them for later ones.

        Only with the columns that were `written` out, else with every one that the proof covers.
        `objective`: 0 is the first one, and one more than there are, the choice among ties; an
        `IndexError` where there is none such, or time was up before it. Variables, in tonnes, or 0
        and 1 for decisions, and constraints are called as `Labels` says.
        """
        proof, programme = self.proof, self.proof.programme
        costs = [*self.problem.objectives(), break_ties(self.problem)]
        if self.goal_certificate is not None:
            costs.insert(0, self.problem.measure(SHORT_OF_GOAL))
            if objective == 0:  # before it is known how near the goals are
                held = np.array([family == GOALS_HELD for family, _ in proof.rows])
                limit = np.where(held, proof.stages[0].programme.limit, programme.limit)
                programme = replace(programme, limit=limit)
        labels, stage = Labels(self.problem, proof.rows), proof.stages[objective]
        fixed = np.where(proof.programme.whole, proof.values, 0.0) if objective else None
        return stage.state(programme, costs[objective], labels, written, fixed)

    @cached_property
    def shut(self) -> set[tuple[str, str]]:
        """Returns role and site of the candidates that it does not open."""
        listed: Iterator[Any] = self.openings.itertuples()
        return {(one.role, one.site) for one in listed if not one.opened}

    def search(self, *costs: Floats, **how: Any) -> Solution:
        """Make other costs least from where it ended, deciding as it did; `how` as for `solve`."""
        said, proof = self.scenario.said.solving, self.proof
        usual = {"programme": proof.programme, "start": Start(proof.start.columns)}
        usual |= {"decided": Search(said.gap), "clock": said.time_limit_s}
        return solve(self.problem, costs=costs, **{**usual, **how})


@dataclass(frozen=True, eq=False)
class Proof:
    """What is needed to check the plan again."""

    programme: Programme
    rows: tuple[RowName, ...]
    """What each row is: its family, and what it is about."""
    cost: Floats
    """Of the first objective."""
    values: Floats
    """On every column."""
    shadow_prices: Floats
    """What proves the linear bound; with either-or decisions those of the relaxed programme."""
    prices_given_decisions: Floats
    """What one unit more on each row is worth, given the decisions of the plan."""
    start: Start
    """Where the search for the first objective ended."""
    stages: tuple[Stage, ...]
    """What PuLP was asked: an objective each, and at last which of equally good plans it is."""
    goal_prices: Floats
    """What proves how near the goals can be come to; zero where there are none."""

    @cached_property
    def reduced_costs(self) -> Floats:
        """What one unit more adds beyond its worth, decisions being as in the plan. [columns]"""
        return self.programme.reduced_costs(self.cost, self.prices_given_decisions)

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """Returns rule, label and sense of each row, by which `Row.key` finds it again."""
        told = zip(self.rows, self.programme.sense.tolist(), strict=True)
        return [(str(of), str(about), SENSES[1 + sense]) for (of, about), sense in told]


def assign(
    scenario: Scenario,
    legs: Legs,
    *,
    rules: Sequence[Rule] = RULES,
    start: Plan | None = None,
    columns: Problem | None = None,
    explain: bool = True,
    stated: bool = True,
) -> Plan:
    """Choose who sends what to whom, with proof.

    `rules` are the constraints, each a function that yields named rows. A rule states its
    coefficients for all columns, so that legs which are not written out can be priced. The search
    may `start` at the end of an earlier plan of nearly the same scenario. Where there is no plan,
    `explain` looks for the conflict and for repairs. Where `stated`, PuLP solves the last round of
    each objective, as it should for a plan that somebody is given; else HiGHS alone is asked, to
    the end, whoever interrupts. The plan is the same. `columns` are those of a scenario from which
    this one differs in amounts only; none: they are laid out.

    `NoPlanError`: no plan meets the rules; it names who is in conflict, why, and what would repair
    it. `SolverError`: the solver gave up, or time was up before any plan was found.
    """
    problem = columns.with_scenario(scenario) if columns else lay_columns(scenario, legs, rules)
    if scenario.said.targets.fairness is not None:
        problem = replace(problem, alone=measure_alone(problem))
    laid = Laid(problem, *lay_programme(problem, lay_rows(problem, rules)), rules)
    nearest: Solution | None = None
    with _interruptible() if stated else contextlib.nullcontext(bool) as interrupted:
        clock = Clock(scenario.said.solving.time_limit_s, interrupted)
        labels = Labels(problem, tuple(map(attrgetter("name"), laid.rows)))
        ask = partial(solve, decided=_decide(laid), clock=clock, labels=labels, stated=stated)
        if problem.sizes[ColumnKind.SHORTFALLS]:
            cost = problem.measure(SHORT_OF_GOAL)
            goals = partial(ask, problem, programme=laid.programme, costs=[cost], settle=False)
            nearest = _search_finely(goals, clock)
        if nearest is not None:
            laid = _hold_goals(laid, nearest)
        tolerances = [*map(attrgetter("tolerance"), scenario.said.objectives)]
        begin = start.proof.start if start and start.column_count == problem.column_count else None
        search = partial(ask, laid.problem, programme=laid.programme, tolerances=tolerances)
        found = _search_finely(search, clock, begin)
    if found is not None:
        return _build_plan(laid, found, nearest)
    if not explain:
        raise NoPlanError(say("no plan meets the rules"))
    raise NoPlanError(*explain_conflict(laid), *explain_lost(legs))


def _decide(laid: Laid) -> Search:
    """Say how decisions are looked for: among equally good ones the labels decide."""
    whole = laid.programme.whole
    last = np.where(whole, break_ties(laid.problem), 0.0) if whole.any() else None
    return Search(laid.problem.scenario.said.solving.gap, last)


def _hold_goals(laid: Laid, nearest: Solution) -> Laid:
    """Let goals be missed by no more than they have to be: a limit like others."""
    least = nearest.value if nearest.value > _MISSED_T else 0.0
    rows = [replace(row, limit=least) if row.family == GOALS_HELD else row for row in laid.rows]
    limits = np.array([row.limit for row in rows], np.float64)
    problem, programme = replace(laid.problem, nearest_t=least), laid.programme
    return Laid(problem, rows, replace(programme, limit=limits), laid.rules)


_MISSED_T = 1e-6
_FINER = (FREE, 1e-2 * FREE, 1e-4 * FREE)
"""Thresholds of pricing, one after the other, until the gap of the proof is closed."""


def _search_finely(
    ask: Callable[..., Solution], clock: Clock, begin: Start | None = None
) -> Solution | None:
    """Search, and price more finely where the proof leaves a gap above the tolerance.

    A column whose reduced cost is a hair below zero stays out of the plan, and the bound loses
    that hair times all that the column could carry. In large programmes it adds up.
    """
    found: Solution | None = None
    for free in _FINER:
        if not (search := ask(start=begin, free=free)).feasible:
            _check_ended(search)
            break
        # What the clock or a hand has ended is the best so far, even where its steps came to ends.
        search = replace(search, complete=search.complete and not clock.over())
        if found is not None and not search.solved:
            break
        found = search
        if not found.solved or found.decision is not None or _prove(found).holds:
            break
        begin = found.start
    return found


def _check_ended(search: Solution) -> None:
    """Raise a `SolverError` where a search without a plan does not say that there is none."""
    if not search.complete:
        raise SolverError.saying_text("the solver", "time up")
    if search.decision is not None:
        # Another choice may hold a plan, so that "no plan" would not be true.
        raise SolverError.saying_text("the solver", "decisions")


@contextlib.contextmanager
def _interruptible() -> Iterator[Any]:
    """Let the first Ctrl-C stop the search with what there is, and the second one stop all."""
    asked, main = threading.Event(), threading.current_thread() is threading.main_thread()

    def answer(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, answer) if main else None
    try:
        yield asked.is_set
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


def _proving(found: Solution) -> Floats:
    return found.shadow_prices if found.decision is None else found.decision.relaxed_prices


def _prove(found: Solution) -> Certificate:
    """Bound every plan from below, and check this one against every row."""
    decision = found.decision
    values, prices = found.programme.clean(found.values), _proving(found)
    written = len(found.best.optimum.columns)
    certificate = certify(found.programme, found.costs[0], values, prices, written=written)
    if decision is None:
        return certificate
    bound, linear = min(decision.lower_bound, certificate.objective), decision.linear_bound
    written = len(decision.columns)
    return replace(certificate, lower_bound=bound, linear_bound=linear, written_columns=written)


def _build_plan(laid: Laid, found: Solution, nearest: Solution | None) -> Plan:
    """Put what was found into tables; a gap that is left is said with the plan, in its proof."""
    problem, programme = found.problem, found.programme
    if not (certificate := _prove(found)).feasible:
        violation = format_number(certificate.largest_violation, digits=4)
        raise SolverError.saying_text("the solver", "broken", violation=violation)
    values = programme.clean(found.values)
    steps = zip(problem.scenario.said.objectives, found.costs, strict=True)
    objectives = {step.name: dot(cost, values) for step, cost in steps}
    goals = None
    if nearest is not None:
        goals = replace(nearest, programme=programme, values=found.values)
        objectives = {SHORT_OF_GOAL: dot(goals.costs[0], values), **objectives}
    small, amount = found.used()
    openings, opened = problem.others["openings"], values[problem.block("openings")] > 0.5
    return Plan(
        **tabulate_used(small, amount),
        shortfalls=tabulate_kind(small, ColumnKind.SHORTFALLS, amount, "tonnes"),
        openings=openings.assign(opened=opened, **openings[["kg_co2e", "dkk"]].mul(opened, axis=0)),
        fleet=tabulate_fleet(small, amount),
        shadow_prices=pd.DataFrame(index=range(len(laid.rows))).assign(
            rule=[row.rule for row in laid.rows],
            label=[row.label for row in laid.rows],
            sense=[row.sense for row in laid.rows],
            limit=np.array([row.limit for row in laid.rows], np.float64),
            used=programme.used(np.flatnonzero(values), amount),
            shadow_price=found.shadow_prices,
        ),
        certificate=certificate,
        goal_certificate=None if goals is None else _prove(goals),
        objectives=objectives,
        amounts={name: float(small.measure(name) @ amount) for name in MEASURES},
        solver=SOLVER,
        finished=found.solved,
        problem=problem,
        proof=Proof(
            programme=programme,
            rows=tuple(map(attrgetter("name"), laid.rows)),
            cost=found.costs[0],
            values=values,
            shadow_prices=_proving(found),
            prices_given_decisions=found.shadow_prices,
            start=found.start,
            stages=(*(nearest.stages[:1] if nearest else ()), *found.stages),
            goal_prices=np.zeros(len(laid.rows)) if goals is None else _proving(goals),
        ),
        rules=tuple(laid.rules),
    )


def measure_flows(problem: Problem, values: Floats) -> pd.DataFrame:
    """Add up what each flow amounts to, in the order of labels.

    With coordinated trucks a flow has the return trips of the tonnes that they do not carry; the
    other empty trips have a table of their own. Returns a row per move in use: who, where, what,
    when and with which truck; what its leg is made of, per trip; and sums of all its tonnes:
    `loads` (whole ones), `work_h`, `energy` in the unit of the fuel, and each `flow` indicator.
    """
    columns = np.flatnonzero(values[problem.block("moves")] > 0)
    table, tonnes, share = problem.tabulate_moves(columns), values[columns], problem.pooled_share
    trips = (tonnes / table.load_t).where(table.work_h > 0, 0.0)
    energy = trips * table[vocabulary.ENERGY]
    if share:
        energy = energy - share * trips * problem.return_trip(vocabulary.ENERGY)[columns]
    told = (indicator for indicator in problem.measures if indicator.flow)
    table = table.assign(
        tonnes=tonnes,
        reference_tonnes=tonnes * table["reference_share"],
        loads=measure_loads(trips),
        energy=energy,
        **{one.flow: tonnes * problem.measure(one)[columns] for one in told},
        work_h=tonnes * work_hours(problem)[columns],
    )
    return _sort(problem, table, ["giver", "taker", "material", "period", "vehicle"])


def measure_loads(trips: Floats | pd.Series) -> Floats:
    """Count trips, the last of a flow as a whole one unless it is but digits. Returns integers."""
    return np.ceil(np.asarray(trips) - 1e-9).astype(np.int64)


def tabulate_used(problem: Problem, values: Floats) -> dict[str, pd.DataFrame]:
    """Tabulate what is used, all `tonnes` of a row together. Returns tables by name in `Plan`."""
    stored = tabulate_kind(problem, ColumnKind.STORES, values, "tonnes", "dkk")
    stored = stored.drop(columns="kg_co2e")
    processed = tabulate_kind(problem, ColumnKind.PROCESSES, values, "tonnes", "kg_co2e", "dkk")
    flows, trips = measure_flows(problem, values), tabulate_trips(problem, values)
    return {"flows": flows, "processed": processed, "stored": stored, "empty_trips": trips}


def tabulate_trips(problem: Problem, values: Floats) -> pd.DataFrame:
    """Tabulate empty trips of coordinated trucks. Returns labels, `trips`, what they come to."""
    emitted = (vocabulary.TRANSPORT_WTW.flow, vocabulary.TRANSPORT_TTW.flow)
    figures = (vocabulary.DRIVE_H, vocabulary.ENERGY, *emitted, "dkk")
    if not problem.sizes["trips"]:
        labels = ColumnKind.TRIPS.keys
        return pd.DataFrame(columns=[*labels, "trips", vocabulary.VEHICLE_KM, *figures])
    table = tabulate_kind(problem, ColumnKind.TRIPS, values, "trips", "length_km", *figures)
    return table.drop(columns="haulier").rename(columns={"length_km": vocabulary.VEHICLE_KM})


def tabulate_fleet(problem: Problem, values: Floats) -> pd.DataFrame:
    """Add up by truck and period, with empty trips. Returns `loads` (parts too), `work_h`, km."""
    used = np.flatnonzero(values[problem.block("moves")] > 0)
    used = used[problem.on_road[used]]
    keys, km = ["vehicle", "period"], problem.measure(vocabulary.VEHICLE_KM)[used]
    table = pd.DataFrame({key: problem.labels(key, used) for key in keys})
    table[vocabulary.LOADS_DRIVEN] = values[used] / problem.leg("load_t")[used]
    table = table.assign(work_h=values[used] * work_hours(problem)[used])
    table[vocabulary.VEHICLE_KM] = values[used] * km
    if len(trips := tabulate_trips(problem, values)):
        empty = trips.assign(loads=0.0, work_h=trips[vocabulary.DRIVE_H])
        table = pd.concat([table, empty[list(table.columns)]], ignore_index=True)
    return _sort(problem, table.groupby(keys, as_index=False).sum(), keys)


def _sort(problem: Problem, table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sort by labels, periods in their order."""
    order = {period: number for number, period in enumerate(problem.scenario.periods)}
    return table.sort_values(
        keys, ignore_index=True, key=lambda part: part.map(order) if part.name == "period" else part
    )


def tabulate_kind(
    problem: Problem, kind: str, values: Floats, amount: str, *figures: str
) -> pd.DataFrame:
    """Tabulate a kind of columns. Returns those used, their amount, and figures of all of it."""
    table = problem.others[kind].assign(**{amount: values[problem.block(kind)]})
    table = table[table[amount] > 0].reset_index(drop=True)
    return table.assign(**{name: table[name] * table[amount] for name in figures})
