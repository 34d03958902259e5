"""Worlds without coordination: the plan's own programme with fewer columns, decided by cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.rules.capture import CAPTURED, captured
from raastof_geo.assignment.rules.limits import share_moves
from raastof_geo.assignment.rules.masses import (
    depots_kept,
    needs_met,
    offers_kept,
    pits_permitted,
    plants_run,
    receivers_permitted,
)
from raastof_geo.assignment.rules.row import Row, Rule, sum_of
from raastof_geo.assignment.rules.trucks import trips_balanced
from raastof_geo.assignment.solving.solve import Solution, solve
from raastof_geo.assignment.solving.ties import break_ties
from raastof_geo.assignment.statement.classes import ColumnClass, classify, own_depots, touches
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.goal import weigh_counted
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme, build_programme
from raastof_geo.errors import SolverError
from raastof_geo.figures.vocabulary import COST, TONNE_KM
from raastof_geo.language import say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.provenance import count_share, mix_sorts
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import BaselineKind, NamedLeg, Together
from raastof_geo.scenario.said.amount import DEFAULT, Captured
from raastof_geo.scenario.said.choice import Choices
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.target import Objective, Targets
from raastof_geo.scenario.scenario import Depot, Scenario

_RULES: tuple[Rule, ...] = (
    offers_kept,
    needs_met,
    captured,
    pits_permitted,
    receivers_permitted,
    plants_run,
    depots_kept,
    trips_balanced,
)
"""What holds without coordination as well."""
_OPEN: dict[BaselineKind, tuple[ColumnClass, ...]] = {
    "own_first": (ColumnClass.ALONE, ColumnClass.WITHIN, ColumnClass.MARKET),
    "today": (ColumnClass.ALONE, ColumnClass.WITHIN, ColumnClass.MARKET),
    "alone": (ColumnClass.ALONE,),
    "legs": (ColumnClass.ALONE,),
}
"""Classes of columns that each kind may use; `legs` also the legs that it names."""
_LACKING = ("offers_kept", "needs_met", "named_leg", "depots_ended")
"""Rules that a baseline may fall short of, and then says so."""
_LEAST_T = 1e-3
"""Less than this is not missing, in a world of tonnes. [t]"""
_STEPS = 60
"""Newton steps; a share that is linear in a few pieces takes as many as it has pieces."""
_NEAR = 1e-9
"""Shares that differ by less are the same."""


@dataclass(frozen=True, eq=False)
class World:
    """The columns and rules of a world without coordination, whatever decides in it."""

    kind: BaselineKind
    together: Together
    problem: Problem

    @cached_property
    def closed(self) -> Mask:
        """The columns that may not be used."""
        return ~self._open()

    @cached_property
    def rows(self) -> list[Row]:
        """The same rules as in the plan, every capacity once, and what is already planned."""
        return [
            row
            for rule in (*_RULES, self._plan_legs, self._keep_stocks)
            for row in rule(self.problem)
        ]

    @cached_property
    def programme(self) -> Programme:
        """The rows as a matrix."""
        return build_programme(self.rows, self.problem.whole)

    @property
    def costs(self) -> list[Floats]:
        """What decides: money, then tonne-kilometres, then what breaks ties in the plan."""
        return [*self.problem.objectives(), break_ties(self.problem)]

    def solve(self, costs: Sequence[Floats]) -> Solution:
        """Make costs least, one after the other, without breaking a rule."""
        return solve(self.problem, programme=self.programme, costs=costs, closed=self.closed)

    def capturing(self, capture: Mapping[str, float]) -> World:
        """Give the same world where another share of what is on offer can be put to use."""
        scenario = _with_capture(self.problem.scenario, capture)
        return World(self.kind, self.together, self.problem.with_scenario(scenario))

    def _open(self) -> Mask:
        """Tell which columns may be used, by their class and by what the baseline names."""
        problem, named = self.problem, self.problem.scenario.said.baseline
        classes = classify(problem, self.together)
        mask = np.isin(classes, _OPEN[self.kind])
        for depot in self._stocks:
            places = {(Role.DEPOT, depot.id)}
            mask[problem.block(ColumnKind.MOVES)] |= touches(problem, places)
            mask[problem.find(ColumnKind.STORES, depot=depot.id)] = True
        for role, kind, sites in (
            (Role.PIT, "giver_kind", named.pits),
            (Role.RECEIVER, "taker_kind", named.receivers),
        ):
            if sites is not None:
                columns = problem.find(**{kind: role})
                key = "origin" if role == Role.PIT else "destination"
                mask[columns[~np.isin(problem.labels(key, columns), sites)]] = False
        self._keep_to_named(mask)
        return mask

    @cached_property
    def _stocks(self) -> list[Depot]:
        """Depots of others in which something lies at the start, or has to at the end."""
        scenario = self.problem.scenario
        own = own_depots(scenario, self.together) if self.kind != "alone" else set()
        return [
            depot
            for depot in scenario.depots
            if depot.id not in own and (depot.start_t or depot.end_t)
        ]

    def _keep_stocks(self, problem: Problem) -> Iterator[Row]:
        """Let those give out what lay there and take what has to lie there, and pass on nothing."""
        for depot in self._stocks:
            for material in depot.materials:
                out = problem.find(giver=depot.out(material))
                into = problem.find(taker=depot.into, material=material)
                start, end = depot.start_t, depot.end_t or {}
                label = f"{depot.id}/{material}"
                yield sum_of("stock_left", label, out, "<=", start.get(material, 0.0))
                yield sum_of("stock_made", label, into, "<=", end.get(material, 0.0))

    @cached_property
    def _legs(self) -> list[tuple[NamedLeg, Columns]]:
        """The legs that the baseline names; `alone`, only those from pits and to receivers."""
        problem = self.problem
        classes = classify(problem, self.together)
        found = []
        for leg in problem.scenario.said.baseline.legs:
            columns = _columns_of(problem, leg)
            if self.kind == "alone":
                columns = columns[classes[columns] == ColumnClass.ALONE]
            if len(columns) or self.kind != "alone":
                found.append((leg, columns))
        return found

    def _keep_to_named(self, mask: Mask) -> None:
        """Open the legs that the baseline names, and close the others of the same material.

        What leaves a project is held to its named takers; what a project gets out of pits, to the
        named pits. A leg with an amount opens only itself.
        """
        problem = self.problem
        for leg, _ in self._legs:
            if leg.tonnes is not None:
                continue
            labels = {"origin": leg.giver}
            if problem.scenario.sites[leg.giver].pit is not None:
                labels = {"destination": leg.taker, "giver_kind": Role.PIT}
            if leg.material is not None:
                labels["material"] = leg.material
            others = problem.find(**labels)
            periods = leg.periods(tuple(problem.scenario.periods))
            mask[others[np.isin(problem.labels("period", others), periods)]] = False
        for _, columns in self._legs:
            mask[columns] = True

    def _plan_legs(self, problem: Problem) -> Iterator[Row]:
        """Yield what the baseline says is already planned."""
        for leg, columns in self._legs:
            if leg.tonnes is not None:
                tonnes = problem.scenario.weigh(leg.tonnes, leg.material)
                label = f"{leg.giver}>{leg.taker}" + (f"/{leg.material}" if leg.material else "")
                yield sum_of("named_leg", label, columns, "=", tonnes)


def _columns_of(problem: Problem, leg: NamedLeg) -> Columns:
    """Find the moves that a named leg is about, from surplus and pits to needs and receivers."""
    columns = agreed_moves(problem, leg)
    ends = np.isin(problem.labels("giver_kind", columns).astype(str), [Role.OFFER, Role.PIT])
    ends &= np.isin(problem.labels("taker_kind", columns).astype(str), [Role.NEED, Role.RECEIVER])
    return columns[ends]


@dataclass(frozen=True, eq=False)
class Alone:
    """Tonnes without coordination, and what could not be placed."""

    world: World
    values: Floats
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which there is no place. [t]"""
    used: float | None = None
    """Of what could be put to use of the materials that count today, the share that is; none: it
    did not have to be found."""
    reached: float | None = None
    """How far today's share can get, where that is less than what is stated."""

    @property
    def problem(self) -> Problem:
        """The columns."""
        return self.world.problem


def lay_world(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None = None, *, trucks: bool = False
) -> World:
    """Lay a world without coordination out.

    Parameters
    ----------
    kind
        None: that of the headline.
    trucks
        Keep a column for every truck; else for the one that is cheapest in kroner on each leg.
    """
    kind = kind or scenario.said.baseline.kind
    plain = _without_coordination(scenario, kind)
    every = trucks or plain.said.return_loads is not None
    problem = build_problem(plain, legs, every_vehicle=every)
    return World(kind, scenario.together, problem)


def solve_alone(scenario: Scenario, legs: Legs, kind: BaselineKind | None = None) -> Alone:
    """Find the cheapest world without coordination.

    `own_first` uses what is within one party first, and the market as it is; `today` the same
    with as little of what is on offer as today; `alone` only pits and receivers; `legs` besides
    these the legs that the scenario names. Pits, receivers and open plants are there once: what
    one uses of a capacity is gone for the others, and scarce places go to those to whom they are
    worth most, so that no uncoordinated world is cheaper. There are no coordinated trucks, targets
    or agreements; trucks that are few are nobody's. Where there is not room for everything, as
    much as there is room for is placed.

    Parameters
    ----------
    kind
        None: that of the headline.

    Raises
    ------
    SolverError
        The legs that the baseline names ask for more than is offered, needed or allowed.
    """
    world = lay_world(scenario, legs, kind)
    if world.kind == "today":
        return _solve_today(world)
    return _solve(world, world.costs)


def _solve(world: World, costs: list[Floats]) -> Alone:
    solution = world.solve(costs)
    if solution.feasible:
        return Alone(world, solution.programme.clean(solution.values), {})
    return _place_what_fits(world, costs)


def _place_what_fits(world: World, costs: list[Floats]) -> Alone:
    """Miss as few tonnes of named legs as can be, then of needs and surplus, then solve as ever."""
    rows, programme = world.rows, world.programme
    lacking = [at for at, row in enumerate(rows) if row.rule in _LACKING and row.sense != "<="]
    left = [at for at in lacking if rows[at].rule == "depots_ended"]
    named = np.array([rows[at].rule == "named_leg" for at in (*lacking, *left)])
    wider = programme.with_slack(lacking, left)
    count, extra = programme.column_count, len(named)
    missed = [np.append(np.zeros(count), kind.astype(np.float64)) for kind in (named, ~named)]
    solution = solve(
        world.problem,
        programme=wider,
        costs=[
            *(cost for cost in missed if cost.any()),
            *(np.append(cost, np.zeros(extra)) for cost in costs),
        ],
        closed=np.append(world.closed, np.zeros(extra, bool)),
        start=np.arange(count, count + extra),
    )
    if not solution.feasible:
        raise SolverError(
            say(
                "the baseline could not be solved: look whether `baseline.legs` ask for more than "
                "is on offer, needed or allowed"
            )
        )
    values = wider.clean(solution.values)
    missing = {
        (rows[at].rule, rows[at].label): tonnes
        for at, tonnes in zip((*lacking, *left), values[count:].tolist(), strict=True)
        if tonnes > _LEAST_T / programme.scale
    }
    return Alone(world, values[:count], missing)


# --- as little as today -------------------------------------------------------------------------


def _solve_today(world: World) -> Alone:
    r"""Put no more to use than today, and of what counts in today's share just enough.

    With :math:`\kappa_m u` of each counting material, the largest share is
    :math:`\varphi(u) = \max \sum_{c \in S} x_c / r_c \,/ \sum_n d_n`, the value of a linear
    programme in its right-hand sides: concave, and never falling. So a step along its slope, which
    the prices of the rows give, never leads beyond the least :math:`u` with
    :math:`\varphi(u) \ge \sigma`, and the first step that does not fall short is there. Where
    the surplus has no place at a small :math:`u`, the share is looked for as if it could stay.
    """
    today = world.problem.scenario.said.baseline.today
    if today is None or today.share is None:
        return _solve(world.capturing(_captured_today(world, 1.0)), world.costs)
    counted = _count_share(world)
    loose = not world.capturing(_captured_today(world, 0.0)).solve([counted]).feasible
    most, used, reached = _reach(world, 1.0, counted, loose=loose), 0.0, None
    if most.share < today.share - _NEAR:
        used, reached = 1.0, most.share
    else:
        for _ in range(_STEPS):
            found = _reach(world, used, counted, loose=loose)
            if found.share >= today.share - _NEAR:
                break
            used = min(1.0, used + (today.share - found.share) / found.slope)
    final = world.capturing(_captured_today(world, used))
    return replace(_solve(final, [-counted, *world.costs]), used=used, reached=reached)


class _Reached(NamedTuple):
    share: float
    slope: float
    """What the share gains at most for each unit more of what is used."""


def _reach(world: World, used: float, counted: Floats, *, loose: bool) -> _Reached:
    """Find the largest share at what is used, and how fast it could grow from there on."""
    here, most = (world.capturing(_captured_today(world, one)) for one in (used, 1.0))
    programme = here.programme
    if loose:
        lacking = [at for at, row in enumerate(here.rows) if row.rule in _LACKING]
        programme = programme.with_slack(lacking, lacking)
    extra = programme.column_count - len(counted)
    solution = solve(
        world.problem,
        programme=programme,
        costs=[np.append(-counted, np.zeros(extra))],
        closed=np.append(world.closed, np.zeros(extra, bool)),
    )
    needed = sum(need.tonnes for need in world.problem.scenario.needs) or 1.0
    gained = 0.0
    limits = {row.label: row.limit for row in most.rows if row.kind == CAPTURED}
    if used < 1:
        for row, price in zip(here.rows, solution.shadow_prices.tolist(), strict=True):
            if row.kind == CAPTURED:
                gained -= price * (limits.get(row.label, row.limit) - row.limit)
    return _Reached(-solution.value / needed, gained / needed / max(_NEAR, 1 - used))


def _count_share(world: World) -> Floats:
    """Give the reference tonnes that count in today's share, of a unit of every column. [t]"""
    problem, today = world.problem, world.problem.scenario.said.baseline.today
    if today is None:
        return np.zeros(problem.column_count)
    return problem.join(moves=weigh_counted(problem, today.definition))


def _captured_today(world: World, used: float) -> dict[str, float]:
    """Give what can be put to use today of each material on offer, never more than in the plan."""
    scenario = world.problem.scenario
    today = scenario.said.baseline.today
    if today is None:
        return {}
    found = {}
    for material in {offer.material for offer in scenario.offers}:
        most = scenario.capture(material)
        sorts = mix_sorts(scenario.catalogue, {material: 1.0})
        soil_class = scenario.catalogue.materials[material].soil_class
        counts = today.share is not None and count_share(sorts, soil_class, today.definition) > 0
        of_all = used * most if counts else most
        found[material] = min(most, today.used.get(material, of_all))
    return found


def _with_capture(scenario: Scenario, capture: Mapping[str, float]) -> Scenario:
    said = {name: Captured(value=share) for name, share in capture.items()}
    return replace(scenario, said=scenario.said.model_copy(update={"capture": said}))


def measure_alone(problem: Problem) -> dict[str, float]:
    """Give what each project has in the headline's baseline by the measure of fairness.

    A project that the baseline leaves something out of has no figure: what the rest of it comes
    to says nothing about the whole.

    Returns
    -------
    amounts
        By project, in the unit of the measure; empty where no fairness is asked for.
    """
    scenario = problem.scenario
    fairness = scenario.said.targets.fairness
    if fairness is None:
        return {}
    alone = solve_alone(scenario, problem.legs)
    site = {offer.id: offer.site for offer in scenario.offers}
    site |= {need.id: need.site for need in scenario.needs}
    short = {scenario.project(site[label]) for _, label in alone.missing if label in site}
    return {
        project: float(weights @ alone.values[columns])
        for project, (columns, weights) in share_moves(alone.problem, fairness.measure).items()
        if project not in short
    }


def plain_trucks(said: ScenarioFile) -> tuple[str, ...]:
    """Give the trucks of the baseline: those named, else those that are not few, else all."""
    plenty = tuple(name for name in said.vehicles if name not in said.fleet)
    return said.baseline.vehicles or plenty or said.vehicles


def _without_coordination(scenario: Scenario, kind: BaselineKind) -> Scenario:
    captured: dict[BaselineKind, dict[str, float]] = {"alone": {DEFAULT: 0.0}, "legs": {}}
    if kind in captured:
        scenario = _with_capture(scenario, captured[kind])
    said = scenario.said.model_copy(
        update={
            "vehicles": plain_trucks(scenario.said),
            "return_loads": scenario.said.baseline.return_loads,
            "objectives": (Objective(minimise=(COST,)), Objective(minimise=(TONNE_KM,))),
            "fleet": {},
            "agreements": (),
            "targets": Targets(),
            "choices": Choices(),
        }
    )
    return replace(scenario, said=said)
