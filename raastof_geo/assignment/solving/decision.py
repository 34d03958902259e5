"""Either-or decisions: the best of them, and what no other is below."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias
import numpy as np
from raastof_geo.arrays import Columns, Floats, Mask, dot
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.price_in import Clock, How, Start, solve_in_order
from raastof_geo.assignment.solving.stated import Run, state_programme
from raastof_geo.assignment.statement.row import Programme, Row, break_rows

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
    few, tree = programme.whole.sum() <= _FEW, start(relaxed.columns)
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
            if found.feasible and (key := opened.tobytes()) not in tried:
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
            if tried[opened.tobytes()] <= value + hair or len(branch.held) == len(whole):
                done.append(branch)
                continue
            for one in branch.split(_least_decided(programme, found.values, branch)):
                heapq.heappush(waiting, one)
        self.branches = done + waiting
        if not best.feasible and self.cuts and waiting:
            best = leaking  # what leaks is all there is
        return replace(best, bound=min([least, *(one.bound for one in self.branches)]))

    def _relax(self, programme: Programme, cost: Floats, branch: _Branch) -> tuple[Run, float]:
        """Solve with what a branch holds, all else relaxed, and bound all plans that hold it."""
        self.runs += 1
        fixed, held = programme.fix(branch.decided), self.closed.copy()
        held[branch.held] = True
        how = How(self.clock, held, Start(self.columns))
        found = solve_in_order(fixed, [cost], how)[-1].optimum
        if not self.cuts:
            self.columns = np.union1d(self.columns, found.columns)
        bound, _ = bound_below(fixed, np.where(held, np.inf, cost), found.shadow_prices)
        values = found.spread(len(cost)) + branch.decided
        run = Run(values, complete=found.complete, feasible=found.feasible)
        return run, bound + dot(cost, branch.decided)

    def _cut(self, programme: Programme, cost: Floats, branch: _Branch) -> tuple[Run, float]:
        """Solve with what a branch holds, all else as whole as cuts make it, and its bound."""
        self.runs += 1
        columns, clock = (
            np.setdiff1d(self.columns[~self.closed[self.columns]], branch.held),
            self.clock,
        )
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
