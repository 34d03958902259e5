"""Solve a variant: a problem with its own costs, open columns and decisions, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.rules import RULES, Rule
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.choose import Decision, decide
from raastof_geo.assignment.solving.labels import Labels
from raastof_geo.assignment.solving.price_in import FREE, Clock, Start, Step, solve_in_order
from raastof_geo.assignment.solving.solver import make_solver, pick_solver
from raastof_geo.assignment.solving.stages import Stage
from raastof_geo.assignment.solving.stated import state_programme
from raastof_geo.assignment.solving.ties import break_ties
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme, build_programme
from raastof_geo.assignment.statement.statement import lay_rows

_SETTLE_MOST = 60_000
"""Columns of an optimal face that are stated in PuLP all at once; of a larger one, those that the
choice was found among."""


@dataclass(frozen=True, eq=False)
class Search:
    """Either-or decisions that are to be looked for."""

    gap: float
    """Stop when the answer is within this share of the bound."""
    last: Floats | None = None
    """What decides among decisions that are equally good by all objectives."""


@dataclass(frozen=True, eq=False)
class Held:
    """A sum that a variant is held to, beside its rules."""

    each: Floats
    """What a unit of every column adds to it."""
    sense: int
    """-1 for at most, 0 for equal, 1 for at least."""
    amount: float


@dataclass(frozen=True, eq=False)
class Solution:
    """What a variant came to. There are three ends, and no others:

    `solved`: the optimum of every objective; `complete` but not `feasible`: no plan keeps the
    rules; not `complete`: time was up, and the values, if it is `feasible`, are the best so far.
    """

    problem: Problem
    programme: Programme
    """The rows that were kept, to be shared with other variants of the problem."""
    values: Floats
    """On every column, decisions included; all zero where it is not feasible."""
    complete: bool
    """Whether the search ended by itself: at the optimum, or where there is no plan."""
    feasible: bool
    """Whether the values keep the rules."""
    costs: tuple[Floats, ...]
    steps: tuple[Step, ...] = ()
    """One for each objective that was looked at."""
    decision: Decision | None = None
    """What was found where decisions were looked for."""
    opened: Mask | None = None
    """Columns that could be used; none: all."""
    decided: Floats | None = None
    """The decisions that the values include."""
    stages: tuple[Stage, ...] = ()
    """What PuLP was asked: an objective each, and at last which of equally good plans it is."""

    @property
    def solved(self) -> bool:
        """Whether this is the optimum."""
        return self.complete and self.feasible

    @property
    def value(self) -> float:
        """What the first objective comes to."""
        return float(self.costs[0] @ self.values)

    @property
    def shadow_prices(self) -> Floats:
        """What one unit more on each row is worth, by the first objective."""
        if not self.steps:
            return np.zeros(self.programme.row_count)
        return self.steps[0].optimum.shadow_prices[: self.programme.row_count]

    @cached_property
    def bound(self) -> float:
        """What no plan of this variant can be below, by the first objective."""
        if self.decision is not None:
            return self.decision.lower_bound
        cost, programme, fixed = self.costs[0], self.programme, 0.0
        if self.decided is not None:
            programme = _fix(programme, self.decided)
            fixed = float(cost @ self.decided)
        if self.opened is not None:
            programme = replace(
                programme,
                matrix=programme.matrix[:, np.flatnonzero(self.opened)],
                whole=programme.whole[self.opened],
            )
            cost = cost[self.opened]
        return fixed + bound_below(programme, cost, self.shadow_prices)[0]

    @property
    def start(self) -> Start:
        """Where the search for the first objective ended, to begin a like one from."""
        return Start(self.steps[0].optimum.columns, self.steps[0].optimum.basis)

    @property
    def best(self) -> Step:
        """The last objective whose answer keeps the rules."""
        return next(step for step in reversed(self.steps) if step.feasible)

    def used(self) -> tuple[Problem, Floats]:
        """Give the problem with only the columns that are used, and the value of each."""
        values = self.programme.clean(self.values)
        kept = np.flatnonzero(values)
        return self.problem.only(kept), values[kept]

    def amount(self, measure: str) -> float:
        """Give what the values amount to by a measure, in its unit."""
        return float(self.problem.measure(measure) @ self.values)


def solve(
    problem: Problem,
    *,
    rules: Sequence[Rule] = RULES,
    programme: Programme | None = None,
    costs: Sequence[Floats] | None = None,
    tolerances: Sequence[float] | None = None,
    closed: Mask | None = None,
    held: Sequence[Held] = (),
    decided: Floats | Search | None = None,
    clock: Clock | float | None = None,
    solver: str | None = None,
    start: Start | Columns | None = None,
    free: float = FREE,
    labels: Labels | None = None,
) -> Solution:
    """Solve a variant of a problem.

    Where somebody is given the plan, PuLP is told what everything is called: the last round of
    each objective and the choice among equally good plans are stated and solved by it, and its
    answer is the plan. What nobody is given is solved in HiGHS alone, if that is the solver.

    Parameters
    ----------
    rules
        What its rows are laid out by, where there is no programme yet.
    programme
        The rows, laid out before: to be shared where only costs, limits and open columns change.
    costs
        What is made least, one after the other; none: the scenario's objectives.
    tolerances
        Shares by which later objectives may worsen each; none: not at all.
    closed
        Columns that may not be used.
    held
        Sums that are held to an amount, one row more each.
    decided
        0 or 1 for every either-or column, which then stand; or how to look for them. None: they
        may take any value between.
    clock
        How long to look; for decisions, where they are looked for. None: to the end. [s]
    solver
        None: what the scenario says, or the first that is installed.
    start
        What to begin with: the end of a like search, or columns.
    free
        A reduced cost below this share of the largest cost counts as zero.
    labels
        The names for PuLP; none: nobody is given the plan.

    Returns
    -------
    solution
        The optimum, or that there is none, or the best until time was up.

    Raises
    ------
    SolverError
        No solver is installed, or it gave up.
    """
    costs = tuple(problem.objectives() if costs is None else costs)
    asked = _Asked(
        problem,
        _lay(problem, rules, programme, held),
        costs,
        tuple(tolerances or [0.0] * len(costs)),
        solver or pick_solver(problem.scenario.said.solving.solver),
        clock if isinstance(clock, Clock) else Clock(clock),
        free,
        labels,
    )
    start = start if start is None or isinstance(start, Start) else Start(start)
    if not isinstance(decided, Search):
        return _solve_given(asked, closed, decided, start)
    if not asked.programme.whole.any():
        return _solve_given(asked, closed, None, start)
    return _solve_searching(asked, closed, decided, start)


@dataclass(frozen=True, eq=False)
class _Asked:
    """A variant, and how it is to be solved."""

    problem: Problem
    programme: Programme
    costs: tuple[Floats, ...]
    tolerances: tuple[float, ...]
    solver: str
    clock: Clock
    free: float
    labels: Labels | None


def _lay(
    problem: Problem, rules: Sequence[Rule], programme: Programme | None, held: Sequence[Held]
) -> Programme:
    """Lay the rows out where that was not done before, and add what is held."""
    programme = programme or build_programme(lay_rows(problem, rules), problem.whole)
    for one in held:
        at = np.flatnonzero(one.each)
        programme = programme.with_row(at, one.each[at], one.sense, one.amount)
    return programme


def _solve_searching(
    asked: _Asked, closed: Mask | None, search: Search, start: Start | None
) -> Solution:
    """Look for the decisions, then solve with them to the end, whatever the clock says."""
    decision = _look_for(asked, search)
    if decision is None:
        nothing = np.zeros(asked.programme.column_count)
        over = asked.clock.over()
        return Solution(asked.problem, asked.programme, nothing, not over, False, asked.costs)
    later = replace(asked, clock=Clock(None, asked.clock.interrupted))
    start = start or _decided_columns(decision)
    return replace(_solve_given(later, closed, decision.values, start), decision=decision)


def _solve_given(
    asked: _Asked, closed: Mask | None, decided: Floats | None, start: Start | None
) -> Solution:
    """Solve with decisions that stand, or with none."""
    programme, fixed = asked.programme, asked.programme
    if decided is not None:
        closed = programme.whole if closed is None else closed | programme.whole
        fixed = _fix(programme, decided)
    steps = solve_in_order(
        fixed,
        asked.costs,
        solver=asked.solver,
        clock=asked.clock,
        tolerances=asked.tolerances,
        closed=closed,
        start=start,
        free=asked.free,
        labels=asked.labels,
    )
    opened = None if closed is None else ~closed
    found = Solution(
        asked.problem,
        programme,
        _spread(steps, programme.column_count, decided),
        complete=_ended(steps, len(asked.costs)),
        feasible=steps[0].feasible,
        costs=asked.costs,
        steps=tuple(steps),
        opened=opened,
        decided=decided,
    )
    return found if asked.labels is None else _publish(asked, found, fixed, asked.labels)


def _publish(asked: _Asked, found: Solution, fixed: Programme, labels: Labels) -> Solution:
    """Say what PuLP was asked, and let it choose among plans that are equally good."""
    stages = list_stages(fixed, found.opened, found.steps)
    settled = _settle(asked, found.best, labels) if found.solved else None
    if settled is None:
        return replace(found, stages=tuple(stages))
    values, last = settled
    values = values if found.decided is None else values + found.decided
    return replace(found, values=values, stages=(*stages, last))


def _look_for(asked: _Asked, search: Search) -> Decision | None:
    costs, tolerances = asked.costs, asked.tolerances
    if search.last is not None:
        costs, tolerances = (*costs, search.last), (*tolerances, 0.0)
    return decide(
        asked.programme,
        costs,
        tolerances,
        solver=asked.solver,
        clock=asked.clock,
        gap=search.gap,
    )


def _fix(programme: Programme, decided: Floats) -> Programme:
    """Take what decisions use of every row out of its limit."""
    used = np.flatnonzero(decided)
    if not len(used):
        return programme
    return programme.with_limits(programme.limit - programme.used(used, decided[used]))


def _decided_columns(decision: Decision) -> Start | None:
    """Begin with the columns of the decisions where these are not all there are."""
    return Start(decision.columns) if len(decision.columns) < len(decision.values) else None


def _ended(steps: Sequence[Step], asked: int) -> bool:
    """Tell whether a search ended by itself: at the last optimum, or where there is no plan."""
    if not steps[0].feasible:
        return steps[0].optimum.complete
    return len(steps) == asked and steps[-1].solved


def _spread(steps: Sequence[Step], count: int, decided: Floats | None) -> Floats:
    """Give what the last step that keeps the rules has on every column, with what is decided."""
    best = next((step for step in reversed(steps) if step.feasible), None)
    if best is None:
        return np.zeros(count)
    values = best.optimum.spread(count)
    return values if decided is None else values + decided


def list_stages(programme: Programme, opened: Mask | None, steps: Sequence[Step]) -> list[Stage]:
    """Say what PuLP was asked at each step: what the one before it left open.

    Returns
    -------
    stages
        One for each step; the choice among ties is not among them.
    """
    may = np.ones(programme.column_count, bool) if opened is None else opened
    sense = programme.sense
    stages = []
    for step in steps:
        columns = step.optimum.columns
        stages.append(Stage(programme, np.sort(columns[may[columns]]), may, sense))
        programme, may, sense = step.programme, step.may, step.sense
    return stages


def _settle(asked: _Asked, step: Step, labels: Labels) -> tuple[Floats, Stage] | None:
    """Pick the one plan among equally good ones that the labels decide, with PuLP.

    All columns of the optimal face take part, so that the plan does not hang on the way there.
    """
    problem = asked.problem
    face: Columns = np.flatnonzero(step.may)
    if len(face) > _SETTLE_MOST:
        again = solve_in_order(
            replace(step.programme, sense=step.sense),
            [break_ties(problem)],
            solver=asked.solver,
            clock=asked.clock,
            closed=~step.may,
            start=Start(step.optimum.columns),
        )[-1]
        face = again.optimum.columns[again.may[again.optimum.columns]]
        if not again.solved:
            return None
    weight = break_ties(problem.only(face))
    stated = state_programme(step.programme, face, weight, sense=step.sense, labels=labels)
    run = stated.run(make_solver(asked.solver))
    if not run.feasible:
        return None
    values = np.zeros(problem.column_count)
    values[face] = run.values
    return values, Stage(step.programme, face, step.may, step.sense)
