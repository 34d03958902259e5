"""Worlds without coordination: the plan's own programme with fewer columns, decided by cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
import numpy as np
from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.rules import RULES
from raastof_geo.assignment.rules.choices import lots_kept, openings_paid, partners_limited
from raastof_geo.assignment.rules.masses import agreed_moves
from raastof_geo.assignment.solving.solve import Solution, solve
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import ColumnKind, LaidColumns, Problem
from raastof_geo.assignment.statement.row import Programme, Row, build_programme, sum_of
from raastof_geo.errors import SolverError
from raastof_geo.figures.vocabulary import COST, TONNE_KM
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.entry import DEFAULT, Captured, Role
from raastof_geo.scenario.said.file import Choices, NamedLeg, ScenarioFile, TodayChoice
from raastof_geo.scenario.said.target import BaselineKind, Objective, Targets, Together, is_traded
from raastof_geo.scenario.scenario import Depot, Scenario

_RULES = [rule for rule in RULES if rule not in (openings_paid, partners_limited, lots_kept)]
"""What holds without coordination as well; of other terms the scenario says nothing then."""
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
        """Returns which columns may not be used, by class and by what the baseline names."""
        problem, named = self.problem, self.problem.scenario.said.baseline
        classes = shares.ColumnClass
        mask = self._classes <= (classes.MARKET if is_traded(self.kind) else classes.ALONE)
        mask[problem.block(ColumnKind.TRIPS)] = True  # of a party's own trucks, if there are any
        stocks = {(Role.DEPOT, depot.id) for depot in self._stocks}
        mask |= shares.mark_places(problem, stocks) & ~problem.whole
        pits = problem.find(giver_kind=Role.PIT), "origin", named.pits
        receivers = problem.find(taker_kind=Role.RECEIVER), "destination", named.receivers
        for columns, key, sites in (pits, receivers):
            if sites is not None:
                mask[columns[~np.isin(problem.labels(key, columns), sites)]] = False
        # What leaves a project is held to its named takers, and what it gets out of pits to the
        # named pits, of the same material. A leg with an amount opens only itself.
        for leg in (leg for leg, _ in self._legs if leg.tonnes is None):
            columns = agreed_moves(problem, leg, origin=leg.giver)
            if problem.scenario.sites[leg.giver].pit is not None:
                columns = agreed_moves(problem, leg, destination=leg.taker, giver_kind=Role.PIT)
            mask[columns] = False
        for _, columns in self._legs:
            mask[columns] = True
        return ~mask

    @cached_property
    def rows(self) -> list[Row]:
        """The same rules as in the plan, every capacity once, and what is already planned."""
        problem = self.problem
        rows = [row for rule in _RULES for row in rule(problem)]
        for leg, columns in self._legs:
            if leg.tonnes is not None:
                tonnes = problem.scenario.weigh(leg.tonnes, leg.material)
                label = f"{leg.giver}>{leg.taker}" + (f"/{leg.material}" if leg.material else "")
                rows.append(sum_of("named_leg", label, columns, "=", tonnes))
        # Those give out what lay there and take what has to lie there, and pass on nothing.
        for depot in self._stocks:
            for material in depot.materials:
                out = problem.find(giver=depot.out(material))
                into = problem.find(taker=depot.into, material=material)
                label, end = f"{depot.id}/{material}", (depot.end_t or {}).get(material, 0.0)
                start = depot.start_t.get(material, 0.0)
                rows.append(sum_of("stock_left", label, out, "<=", start))
                rows.append(sum_of("stock_made", label, into, "<=", end))
        return rows

    @cached_property
    def programme(self) -> Programme:
        """The rows as a matrix."""
        return build_programme(self.rows, self.problem.whole)

    @property
    def costs(self) -> list[Floats]:
        """What decides: money, then tonne-kilometres, then what breaks ties in the plan."""
        return [*self.problem.objectives(), break_ties(self.problem)]

    def solve(
        self, costs: Sequence[Floats], short: Sequence[int] = (), over: Sequence[int] = ()
    ) -> Solution:
        """Make costs least, one after the other; rows may fall `short`, or be exceeded (`over`).

        By how much is on columns after all others, which costs may leave out.
        """
        count, extra = self.problem.column_count, len(short) + len(over)
        return solve(
            self.problem,
            programme=self.programme.with_slack(short, over) if extra else self.programme,
            costs=[np.append(cost, np.zeros(count + extra - len(cost))) for cost in costs],
            closed=np.append(self.closed, np.zeros(extra, bool)),
            start=np.arange(count, count + extra) if extra else None,
        )

    def using(self, today: TodayChoice, used: float) -> World:
        """Give the same world with as little put to use as today, never more than in the plan.

        Of what counts in today's share, a share `used` of what the plan may put to use.
        """
        scenario, capture = self.problem.scenario, dict[str, Captured]()
        for material in {offer.material for offer in scenario.offers}:
            most, known = scenario.capture(material), scenario.catalogue.materials[material]
            counts = shares.count_material(known, today.definition) > 0
            share = min(most, today.used.get(material, used * most if counts else most))
            capture[material] = Captured(value=share)
        return self.capturing(capture)

    def capturing(self, capture: Mapping[str, Captured]) -> World:
        """Give the same world with other shares of the surplus that can be put to use."""
        scenario = self.problem.scenario.saying(capture=capture)
        return replace(self, problem=self.problem.with_scenario(scenario))

    @cached_property
    def _stocks(self) -> list[Depot]:
        """Depots of others in which something lies at the start, or has to at the end."""
        scenario = self.problem.scenario
        own = shares.own_depots(scenario, self.together) if self.kind != "alone" else set()
        others = (depot for depot in scenario.depots if depot.id not in own)
        return [depot for depot in others if depot.start_t or depot.end_t]

    @cached_property
    def _classes(self) -> Signs:
        return shares.classify(self.problem, self.together)

    @cached_property
    def _legs(self) -> list[tuple[NamedLeg, Columns]]:
        """The named legs to needs and receivers; in `alone` those from pits or to reception."""
        problem, found = self.problem, []
        for leg in problem.scenario.said.baseline.legs:
            columns = agreed_moves(problem, leg)
            given = problem.given_by(Role.OFFER, Role.PIT, columns=columns)
            taken = problem.taken_by(Role.NEED, Role.RECEIVER, columns=columns)
            columns = columns[given & taken]
            if self.kind == "alone":
                columns = columns[self._classes[columns] == shares.ColumnClass.ALONE]
            if len(columns) or self.kind != "alone":
                found.append((leg, columns))
        return found


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


def without_terms(scenario: Scenario, **changes: object) -> Scenario:
    """Say nothing of targets, agreements and choices, and what `changes` say."""
    return scenario.saying(targets=Targets(), agreements=(), choices=Choices(), **changes)


def lay_world(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None, known: LaidColumns
) -> World:
    """Lay a world without coordination out, the headline's without `kind`, as far as not known."""
    said, kind = scenario.said, kind or scenario.said.baseline.kind
    nothing: dict[str, Captured] = {DEFAULT: Captured(value=0.0)}
    plain = without_terms(
        scenario,
        vehicles=plain_trucks(said),
        return_loads=said.baseline.return_loads,
        objectives=(Objective(minimise=(COST,)), Objective(minimise=(TONNE_KM,))),
        fleet={},
        capture=nothing if kind == "alone" else {} if kind == "legs" else said.capture,
    )
    lay = partial(build_problem, plain, legs, every_vehicle=plain.said.return_loads is not None)
    return World(kind, scenario.together, known.lay("alone", plain, lay))  # of every kind alike


def solve_alone(
    scenario: Scenario,
    legs: Legs,
    kind: BaselineKind | None = None,
    known: LaidColumns | None = None,
) -> Alone:
    """Find the cheapest world without coordination.

    `own_first` uses what is within one party first, and the market as it is; `today` the same
    with as little of what is on offer as today; `alone` only pits and receivers; `legs` besides
    these the legs that the scenario names. Pits, receivers and open plants are there once: what
    one uses of a capacity is gone for the others, and scarce places go to those to whom they are
    worth most, so that no uncoordinated world is cheaper. There are no coordinated trucks, targets
    or agreements; trucks that are few are nobody's. Where there is not room for everything, as
    much as there is room for is placed. Without a `kind` it is that of the headline; columns may
    be `known` from scenarios with other amounts. `SolverError`: the legs that the baseline names
    ask for more than is offered, needed or allowed.
    """
    world = lay_world(scenario, legs, kind, LaidColumns() if known is None else known)
    today = scenario.said.baseline.today
    if world.kind == "today" and today is not None:
        return _solve_today(world, today)
    return _solve(world, world.costs)


def _solve(world: World, costs: list[Floats]) -> Alone:
    """Solve; else miss as few tonnes of named legs as can be, then of needs and surplus."""
    if (solution := world.solve(costs)).feasible:
        return Alone(world, solution.programme.clean(solution.values), {})
    rows, count = world.rows, world.problem.column_count
    short = [at for at, row in enumerate(rows) if row.rule in _LACKING and row.sense != "<="]
    over = [at for at in short if rows[at].rule == "depots_ended"]
    broken = [rows[at] for at in (*short, *over)]
    named = np.array([row.rule == "named_leg" for row in broken])
    missed = [np.append(np.zeros(count), kind) for kind in (named, ~named) if kind.any()]
    if not (solution := world.solve([*missed, *costs], short, over)).feasible:
        raise SolverError.saying_text("the solver", "no baseline")
    values, least = solution.programme.clean(solution.values), _LEAST_T / solution.programme.scale
    lacks = zip(broken, values[count:].tolist(), strict=True)
    missing = {(row.rule, row.label): tonnes for row, tonnes in lacks if tonnes > least}
    return Alone(world, values[:count], missing)


def _solve_today(world: World, today: TodayChoice) -> Alone:
    r"""Put no more to use than today, and of what counts in today's share just enough.

    Newton steps along the slope of the largest share :math:`\varphi(u)` at what is used, which the
    prices of the rows give (`docs/method.md`, "Today"). Where the surplus has no place at a small
    :math:`u`, the share is looked for as if it could stay.
    """
    if today.share is None:
        return _solve(world.using(today, 1.0), world.costs)
    counted = world.problem.join(moves=shares.weigh_counted(world.problem, today.definition))
    here, most = world.using(today, 0.0), world.using(today, 1.0)
    loose = not here.solve([counted]).feasible
    largest, _ = _reach(most, most, 1.0, counted, loose=loose)
    used, reached = 0.0, None
    if largest < today.share - _NEAR:
        here, used, reached = most, 1.0, largest
    else:
        for _ in range(_STEPS):
            share, slope = _reach(here, most, used, counted, loose=loose)
            if share >= today.share - _NEAR:
                break
            used = min(1.0, used + (today.share - share) / slope)
            here = world.using(today, used)
    return replace(_solve(here, [-counted, *world.costs]), used=used, reached=reached)


def _reach(
    here: World, most: World, used: float, counted: Floats, *, loose: bool
) -> tuple[float, float]:
    """Find the largest share at what is used `here`, and its most gain for each unit more of it."""
    lacking = [at for at, row in enumerate(here.rows) if loose and row.rule in _LACKING]
    solution = here.solve([-counted], lacking, lacking)
    needed = sum(need.tonnes for need in here.problem.scenario.needs) or 1.0
    gained = -float(solution.shadow_prices @ (most.programme.limit - here.programme.limit))
    return -solution.value / needed, gained / needed / max(_NEAR, 1 - used)


def measure_alone(problem: Problem) -> dict[str, float]:
    """Measure each project in the headline's baseline. Returns it by the measure of fairness.

    A project that the baseline leaves something out of has no figure: what the rest of it comes
    to says nothing about the whole. Empty where no fairness is asked for.
    """
    scenario = problem.scenario
    if (fairness := scenario.said.targets.fairness) is None:
        return {}
    alone = solve_alone(scenario, problem.legs)
    weighed = shares.share_moves(alone.world.problem, fairness.measure)
    site = {one.id: one.site for one in (*scenario.offers, *scenario.needs)}
    short = {scenario.project(site[label]) for _, label in alone.missing if label in site}
    whole = ((project, *share) for project, share in weighed.items() if project not in short)
    return {project: float(part @ alone.values[columns]) for project, columns, part in whole}


def plain_trucks(said: ScenarioFile) -> tuple[str, ...]:
    """Pick the baseline's trucks. Returns those named, else those that are not few, else all."""
    plenty = tuple(name for name in said.vehicles if name not in said.fleet)
    return said.baseline.vehicles or plenty or said.vehicles
