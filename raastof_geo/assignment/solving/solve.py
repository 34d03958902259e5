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
from raastof_geo.assignment.solving.master import pick_solver
from raastof_geo.assignment.solving.price_in import FREE, Clock, Start, Step, solve_in_order
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme, build_programme
from raastof_geo.assignment.statement.statement import lay_rows


@dataclass(frozen=True, eq=False)
class Search:
    """Either-or decisions that are to be looked for."""

    gap: float
    """Stop when the answer is within this share of the bound."""
    last: Floats | None = None
    """What decides among decisions that are equally good by all objectives."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What a variant came to. There are three ends, and no others:

    `solved`: the optimum of every objective; `complete` but not `feasible`: no plan keeps the
    rules; not `complete`: time was up, and the values, if it is `feasible`, are the best so far.
    """

    problem: Problem
    programme: Programme
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
    decided: Floats | Search | None = None,
    clock: Clock | float | None = None,
    solver: str | None = None,
    start: Start | Columns | None = None,
    free: float = FREE,
) -> Solution:
    """Solve a variant of a problem.

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

    Raises
    ------
    SolverError
        No solver is installed, or it gave up.
    """
    programme = programme or build_programme(lay_rows(problem, rules), problem.whole)
    costs = tuple(problem.objectives() if costs is None else costs)
    tolerances = tolerances or [0.0] * len(costs)
    solver = solver or pick_solver(problem.scenario.said.solving.solver)
    clock = clock if isinstance(clock, Clock) else Clock(clock)
    start = start if start is None or isinstance(start, Start) else Start(start)
    decision: Decision | None = None
    if isinstance(decided, Search):
        if programme.whole.any():
            decision = _look_for(programme, costs, tolerances, decided, solver, clock)
            if decision is None:
                none = np.zeros(programme.column_count)
                return Solution(problem, programme, none, not clock.over(), False, costs)
            clock = Clock(None, clock.interrupted)
            start = start or _decided_columns(decision)
        decided = None if decision is None else decision.values
    if decided is not None:
        closed = programme.whole if closed is None else closed | programme.whole
    steps = solve_in_order(
        programme if decided is None else _fix(programme, decided),
        costs,
        solver=solver,
        clock=clock,
        tolerances=tolerances,
        closed=closed,
        start=start,
        free=free,
    )
    return Solution(
        problem,
        programme,
        _spread(steps, programme.column_count, decided),
        complete=_ended(steps, len(costs)),
        feasible=steps[0].feasible,
        costs=costs,
        steps=tuple(steps),
        decision=decision,
        opened=None if closed is None else ~closed,
        decided=decided,
    )


def _look_for(
    programme: Programme,
    costs: Sequence[Floats],
    tolerances: Sequence[float],
    search: Search,
    solver: str,
    clock: Clock,
) -> Decision | None:
    if search.last is not None:
        costs, tolerances = [*costs, search.last], [*tolerances, 0.0]
    return decide(programme, costs, tolerances, solver=solver, clock=clock, gap=search.gap)


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
    best = next((step for step in reversed(steps) if step.feasible), None)
    if best is None:
        return np.zeros(count)
    values = best.optimum.spread(count)
    return values if decided is None else values + decided
