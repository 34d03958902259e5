"""Solve a variant: a problem with its own costs, open columns and decisions, in one call."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias
import numpy as np
from raastof_geo.arrays import Columns, Floats, Mask, dot
from raastof_geo.assignment.rules import RULES, lay_rows
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.price_in import FREE, Clock, How, Start, Step, solve_in_order
from raastof_geo.assignment.solving.stated import Labels, Run, Stage, break_ties, state_programme
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Programme, Row, Rule, break_rows, build_programme
from raastof_geo.assignment.statement.shares import find_ways_back

_ALL = 60_000
"""A programme with no more columns than this is decided over all of them; of a larger
one, over as many that are cheapest by their reduced cost, and the rest has to be ruled out."""

_FEW = 16
"""Decisions, at most, that are branched on by relaxed programmes over all columns …"""
_RUNS = 400
"""… as long as they are no more than this; else by a solver with cuts."""

_HELD = 1e-7
"""Share by which earlier objectives may be worsened by the decisions of later ones: as
nearly as a solver keeps a row, so that the best decisions of before still fit."""

_BY_HAND = 200
"""Runs of a solver, at most, in which decisions that it took for whole too soon are held. Each run
holds one more of them; where they are used up, the bound says what is not known."""

_LEAK = 1e-6
"""Units of a solver, or share of a limit, by which rounding decisions may break a row: ten
times what a solver allows itself (1e-7), and a thousandth of what the certificate does."""

_NEARLY = 1e-5
"""What a solver may take for whole is this near to it: HiGHS says 1e-6."""


@dataclass(frozen=True, eq=False)
class Decision:
    """What was decided, and what is known about all other decisions."""

    values: Floats
    """0 or 1 on every column that is a decision, 0 on the others."""
    lower_bound: float
    """No plan has a first objective below this, whatever it decides."""
    linear_bound: float
    """The bound that the shadow prices of the relaxed programme prove."""
    relaxed_prices: Floats
    """Those shadow prices."""
    columns: Columns
    """Columns that were written out."""


def decide(
    programme: Programme, costs: Sequence[Floats], tolerances: Sequence[float], how: How, gap: float
) -> Decision | None:
    """Decide by branch and bound over the columns that can matter; none: no plan exists.

    The relaxed programme gives a bound and reduced costs over all columns. Where decisions are few,
    each branch prices all columns. Where they are not, and columns are many, those that cannot
    belong to a better plan by their reduced cost stay out; where that cannot be shown for all that
    stay out, the bound is the relaxed one, and the gap says so. Later objectives may worsen earlier
    ones by the share of their tolerance; it stops within a share `gap` of the bound, or with the
    best so far when the clock says so.
    """
    clock, every = how.clock, np.arange(programme.column_count)
    closed = programme.whole & False if how.closed is None else how.closed
    root = How(clock, closed, along=how.along)
    if not (relaxed := solve_in_order(programme, costs[:1], root)[-1].optimum).feasible:
        return None
    prices, ask = relaxed.shadow_prices, partial(_decide_in_order, programme, costs, tolerances)
    linear, _ = bound_below(programme, np.where(closed, np.inf, costs[0]), prices)
    begin = [_Branch(np.zeros(len(every)), np.flatnonzero(programme.whole & closed))]
    start, covered = partial(_Tree, clock, gap, closed, branches=begin), True
    used = np.union1d(relaxed.columns[relaxed.values > 0], np.flatnonzero(programme.whole))
    few, tree = programme.whole.sum() <= _FEW, start(used)
    runs = ask(clock, tree.search) if few else []
    if not few or tree.given_up:
        reduced, columns = programme.reduced_costs(costs[0], prices), every
        if len(columns) > _ALL:
            cheap = np.argpartition(reduced, _ALL)[:_ALL]
            columns = np.unique(np.r_[cheap, relaxed.columns, np.flatnonzero(programme.whole)])
        tree = start(columns, cuts=True)
        if not (found := ask(clock, tree.search)) and len(columns) < len(every):
            tree = start(every, cuts=True)
            found = ask(clock, tree.search)
        runs = found or runs  # what branches found, where time is up before cuts find anything
        room = dot(costs[0], runs[0].values) - linear if runs else 0.0
        covered = _rest_is_hopeless(programme, reduced, tree.columns, room)
    if not runs:
        return None
    bound, first = linear, runs[0]
    if covered and first.bound is not None:
        bound = max(linear, min(first.bound, dot(costs[0], first.values)))
    decided = np.where(programme.whole, np.round(runs[-1].values), 0.0)
    return Decision(decided, bound, linear, prices, tree.columns)


_Decide: TypeAlias = Callable[[Programme, Floats, float], Run]
"""Finds the best plan by a cost, and its bound, where the objective before is at most so much."""


def _decide_in_order(
    programme: Programme,
    costs: Sequence[Floats],
    tolerances: Sequence[float],
    clock: Clock,
    search: _Decide,
) -> list[Run]:
    """Decide by each objective with those before held; no run where there is no plan."""
    runs, most = list[Run](), np.inf
    for cost, tolerance in zip(costs, tolerances, strict=True):
        if (runs and clock.over()) or not (run := search(programme, cost, most)).feasible:
            break
        runs.append(run)
        value, at = dot(cost, run.values), np.flatnonzero(cost)
        most = value + max(tolerance, _HELD) * max(abs(value), 1.0)
        programme = programme.with_rows(Row("held", "", at, cost[at], "<=", most))
    return runs


@dataclass(frozen=True, eq=False)
class _Branch:
    """Some decisions that are held, and what no plan with them is below."""

    decided: Floats
    """What is held, on every column; 0 on the others."""
    held: Columns = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bound: float = -np.inf

    def __lt__(self, other: "_Branch") -> bool:
        """Put the most promising first, and of like ones what is nearer to its end."""
        return (self.bound, -len(self.held)) < (other.bound, -len(other.held))

    def split(self, column: int) -> Iterator["_Branch"]:
        """Hold one decision more, at 0 and at 1."""
        for value in (0.0, 1.0):
            decided = self.decided.copy()
            decided[column] = value
            yield _Branch(decided, np.append(self.held, column), self.bound)


@dataclass(eq=False)
class _Tree:
    """Branch on decisions until the best of them is known, or time is up.

    What a branch holds is taken out of its limits, so that no tolerance makes it whole. Few
    decisions are relaxed, and all columns priced: a solver with cuts takes seconds for columns that
    pricing takes a tenth of a second for. Else it solves a branch with cuts over its columns; but
    it takes 0.000001 for 0, and where a decision opens room for a million tonnes, that is one of
    them for nothing. So what a branch opens is opened whole, and solved again; where that is no
    plan, or a dearer one, a decision of it is held both ways. The branches that are left are all
    decisions together: the next objective begins with those that the one before allows, mostly a
    single one.
    """

    clock: Clock
    gap: float
    closed: Mask
    columns: Columns
    """Those that any branch wrote out, which the next one begins with; with cuts, all it has."""
    branches: list[_Branch]
    """Those that may hold a plan."""
    cuts: bool = False
    runs: int = 0

    @property
    def given_up(self) -> bool:
        """Whether branches are more than are looked at."""
        return self.runs > (_BY_HAND if self.cuts else _RUNS)

    def search(self, programme: Programme, cost: Floats, most: float) -> Run:
        """Find the best plan by a cost, and the bound of all branches."""
        waiting = [replace(one, bound=-np.inf) for one in self.branches if one.bound <= most]
        done, tried, whole = list[_Branch](), dict[bytes, float](), np.flatnonzero(programme.whole)
        best, least, leaking = Run(feasible=False), np.inf, Run(feasible=False)
        heapq.heapify(waiting)
        while waiting and not (self.runs and self.clock.over()) and not self.given_up:
            branch = heapq.heappop(waiting)
            if branch.bound >= least - max(self.gap, _HELD) * max(abs(least), 1.0):
                done.append(branch)
                continue
            found, bound = (self._cut if self.cuts else self._relax)(programme, cost, branch)
            if found.complete and not found.feasible:
                continue
            branch = replace(branch, bound=max(branch.bound, bound))
            # Whatever is opened by a part is opened.
            opened = (programme.whole & (found.values > _NEARLY)).astype(float)
            key = opened.tobytes()
            if found.feasible and key not in tried:
                fixed, _ = self._relax(programme, cost, _Branch(opened, whole))
                tried[key] = dot(cost, fixed.values) if fixed.feasible else np.inf
                if tried[key] < least:
                    best, least = fixed, tried[key]
                leaking = leaking if leaking.feasible else found
            if not found.complete:
                waiting.append(branch)
                break
            value = dot(cost, found.values)
            hair = (_LEAK if self.cuts else _HELD) * max(abs(value), 1.0)
            if tried[key] <= value + hair or len(branch.held) == len(whole):
                done.append(branch)
                continue
            for one in branch.split(_least_decided(programme, found.values, branch)):
                heapq.heappush(waiting, one)
        self.branches = done + waiting
        if not best.feasible and self.cuts and waiting:
            best = leaking  # what leaks is all there is
        return replace(best, bound=min([least, *(one.bound for one in self.branches)]))

    def _shut(self, branch: _Branch) -> Mask:
        shut = self.closed.copy()
        shut[branch.held] = True
        return shut

    def _relax(self, programme: Programme, cost: Floats, branch: _Branch) -> tuple[Run, float]:
        """Solve with what a branch holds, all else relaxed, and bound all plans that hold it."""
        self.runs += 1
        fixed, shut = programme.fix(branch.decided), self._shut(branch)
        how = How(self.clock, shut, Start(self.columns))
        found = solve_in_order(fixed, [cost], how)[-1].optimum
        if not self.cuts:
            self.columns = np.union1d(self.columns, found.columns)
        bound, _ = bound_below(fixed, np.where(shut, np.inf, cost), found.shadow_prices)
        values = found.spread(len(cost)) + branch.decided
        run = Run(values, complete=found.complete, feasible=found.feasible)
        return run, bound + dot(cost, branch.decided)

    def _cut(self, programme: Programme, cost: Floats, branch: _Branch) -> tuple[Run, float]:
        """Solve with what a branch holds, all else as whole as cuts make it, and its bound."""
        self.runs += 1
        shut, clock = self._shut(branch), self.clock
        columns = self.columns[~shut[self.columns]]
        stated = state_programme(programme.fix(branch.decided), columns, cost[columns], whole=True)
        run = stated.run(time_limit_s=clock.left_s, gap=self.gap, stop=clock.interrupted)
        values = branch.decided.copy()
        values[columns] = run.values if run.feasible else 0.0
        complete = run.complete or not (run.feasible or clock.over())
        bound = -np.inf if run.bound is None or not run.feasible else run.bound
        return replace(run, values=values, complete=complete), bound + dot(cost, branch.decided)


def _least_decided(programme: Programme, values: Floats, branch: _Branch) -> int:
    """Find the decision that is farthest from both ends; where all are at one, what leaks most."""
    free = np.setdiff1d(np.flatnonzero(programme.whole), branch.held)
    parted = np.abs(values - np.where(programme.whole, np.round(values), values))
    if parted[free].max() <= _NEARLY:
        over = programme.matrix @ np.where(programme.whole, np.round(values), values)
        least = _LEAK * np.maximum(np.abs(programme.limit), 1.0 / programme.scale)
        broken = break_rows(programme.sense, over - programme.limit) > least
        # A solver may give what it rounded already, so that sizes tell, not how far it is off.
        size = abs(programme.matrix).T
        parted = np.asarray(size @ (broken if broken.any() else np.ones(len(broken))))
    return int(free[parted[free].argmax()])


def _rest_is_hopeless(programme: Programme, reduced: Floats, columns: Columns, room: float) -> bool:
    """Tell whether the least lots of all columns that stayed out cost more than there is room."""
    out = np.ones(programme.column_count, bool)
    out[columns] = False
    if not out.any():
        return True
    part = programme.matrix.tocoo()
    starts = np.zeros(programme.row_count)
    decisive = (part.data < 0) & programme.whole[part.col]
    np.maximum.at(starts, part.row[decisive], -part.data[decisive])
    lots = (programme.sense > 0) & (programme.limit == 0) & (starts > 0)
    entries = lots[part.row] & ~programme.whole[part.col]
    rows, members = part.row[entries], part.col[entries]
    inside = np.zeros(programme.row_count, bool)
    inside[rows[~out[members]]] = True
    safe = out[members] & ~inside[rows] & (reduced[members] * starts[rows] > room)
    hopeless = np.zeros(programme.column_count, bool)
    hopeless[members[safe]] = True
    return bool(hopeless[out].all())


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
