"""Solve a variant: a problem with its own costs, open columns and decisions, in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
import numpy as np
from raastof_geo.arrays import Columns, Floats, Mask, dot
from raastof_geo.assignment.rules import RULES, lay_rows
from raastof_geo.assignment.solving.decision import Decision, decide
from raastof_geo.assignment.solving.price_in import FREE, Clock, How, Start, Step, solve_in_order
from raastof_geo.assignment.solving.stated import Labels, Stage, break_ties, state_programme
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Programme, Row, Rule, build_programme
from raastof_geo.assignment.statement.shares import find_ways_back

_SETTLE_MOST = 60_000
"""Columns of an optimal face that are stated in PuLP at once; else those the choice is among."""


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
        return dot(self.costs[0], self.values)

    @property
    def shadow_prices(self) -> Floats:
        """What one unit more on each row is worth, by the first objective."""
        if not self.steps:
            return np.zeros(self.programme.row_count)
        return self.steps[0].optimum.shadow_prices[: self.programme.row_count]

    @property
    def start(self) -> Start:
        """Where the search for the first objective ended, to begin a like one from."""
        optimum = self.steps[0].optimum
        return Start(optimum.columns, optimum.basis, self.programme.limit)

    @property
    def best(self) -> Step:
        """The last objective whose answer keeps the rules."""
        return next(step for step in reversed(self.steps) if step.optimum.feasible)

    def used(self) -> tuple[Problem, Floats]:
        """Give the problem with only the columns that are used, and the value of each."""
        values = self.programme.clean(self.values)
        kept = np.flatnonzero(values)
        return self.problem.only(kept), values[kept]

    def amount(self, measure: str) -> float:
        """Give what the values amount to by a measure, in its unit."""
        return dot(self.problem.measure(measure), self.values)


def solve(
    problem: Problem,
    *,
    rules: Sequence[Rule] = RULES,
    programme: Programme | None = None,
    costs: Sequence[Floats] | None = None,
    tolerances: Sequence[float] | None = None,
    closed: Mask | None = None,
    held: tuple[Floats, float] | None = None,
    decided: Floats | Search | None = None,
    clock: Clock | float | None = None,
    start: Start | Columns | None = None,
    free: float = FREE,
    labels: Labels | None = None,
    settle: bool = True,
    stated: bool = True,
) -> Solution:
    """Solve a variant of a problem: to the optimum, to know there is none, or until time is up.

    Where somebody is given the plan, by `labels`, the names for PuLP, the last round of each
    objective and the choice among equally good plans are `stated` and solved by it, and its answer
    is the plan. What nobody is given is solved in HiGHS alone. A `SolverError` where it gave up.

    Its rows are laid out by `rules`, or before, as a `programme` that is shared where only costs,
    limits and open columns change. `costs` (none: the scenario's objectives) are made least one
    after the other; by its share of `tolerances` later ones may worsen each. Columns may be
    `closed`, and a sum, by what a unit of every column adds to it, `held` to no less than an amount
    by a row more. Either-or columns stand as `decided`, 0 or 1, or are looked for as said there;
    none: they take any value between. The `clock` [s] is for the decisions where they are looked
    for. It may `start` at the end of a like search, or with columns. A reduced cost below a share
    `free` of the largest cost counts as zero. With `settle` one of equally good plans is chosen.
    """
    costs = tuple(problem.objectives() if costs is None else costs)
    programme = programme or build_programme(lay_rows(problem, rules), problem.whole)
    if held is not None:
        each, least = held
        at = np.flatnonzero(each)
        programme = programme.with_rows(Row("held", "", at, each[at], ">=", least))
    clock = clock if isinstance(clock, Clock) else Clock(clock)
    start = Start(start) if isinstance(start, np.ndarray) else start
    start = start.with_row if start is not None and held is not None else start
    along = partial(find_ways_back, problem)
    how = How(clock, closed, start, free, labels if stated else None, along)
    allowed = tuple(tolerances or [0.0] * len(costs))
    given, decision = None if isinstance(decided, Search) else decided, None
    if isinstance(decided, Search) and programme.whole.any():
        last = [] if decided.last is None else [decided.last]
        spent = [*allowed, *(0.0 for _ in last)]
        if (decision := decide(programme, [*costs, *last], spent, how, decided.gap)) is None:
            nothing = np.zeros(programme.column_count)
            return Solution(problem, programme, nothing, not clock.over(), False, costs)
        given = decision.values
        if start is None and len(decision.columns) < len(given):
            start = Start(decision.columns)
        # With the decisions it goes on to the end, whatever the clock says.
        how = replace(how, clock=Clock(None, clock.interrupted), start=start)
    fixed = programme  # by decisions that stand, if there are any
    if given is not None:
        closed = programme.whole if closed is None else closed | programme.whole
        fixed, how = programme.fix(given), replace(how, closed=closed)
    steps = tuple(solve_in_order(fixed, costs, how, allowed))
    kept = [step.optimum for step in steps if step.optimum.feasible]
    values = np.zeros(programme.column_count)
    if kept:
        values = kept[-1].spread(len(values)) + (0.0 if given is None else given)
    done, feasible = steps[-1].optimum.complete and len(kept) in (0, len(costs)), bool(kept)
    found = Solution(problem, programme, values, done, feasible, costs, steps, decided=given)
    if labels is not None:
        found = replace(found, stages=tuple(step.asked for step in found.steps))
        settles = found.solved and settle  # among plans that are equally good
        if settled := _settle(problem, found.best, labels, how) if settles else None:
            values = settled[0] + (0.0 if found.decided is None else found.decided)
            found = replace(found, values=values, stages=(*found.stages, settled[1]))
    return replace(found, decision=decision)


def _settle(problem: Problem, step: Step, labels: Labels, how: How) -> tuple[Floats, Stage] | None:
    """Pick the one plan among equally good ones that the labels decide, with PuLP if it is told.

    All columns of the optimal face take part, so that the plan does not hang on the way there.
    """
    left = step.left
    face: Columns = np.flatnonzero(left.may)
    if how.labels is None or len(face) > _SETTLE_MOST:
        held, start = replace(left.programme, sense=left.sense), Start(step.optimum.columns)
        again = solve_in_order(held, [break_ties(problem)], How(how.clock, ~left.may, start))[-1]
        face = again.optimum.columns[again.left.may[again.optimum.columns]]
        if not again.optimum.solved:
            return None
        if how.labels is None:
            return again.optimum.spread(problem.column_count), replace(left, columns=face)
    weight = break_ties(problem.only(face))
    stated = state_programme(left.programme, face, weight, sense=left.sense, labels=labels)
    if not (run := stated.run()).feasible:
        return None
    values = np.zeros(problem.column_count)
    values[face] = run.values
    return values, replace(left, columns=face)
