"""Either-or decisions: the best of them, and what no other is below."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Columns, Floats, dot
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
    root = How(clock, along=how.along)
    if not (relaxed := solve_in_order(programme, costs[:1], root)[-1].optimum).feasible:
        return None
    prices, ask = relaxed.shadow_prices, partial(_decide_in_order, programme, costs, tolerances)
    linear, _ = bound_below(programme, costs[0], prices)
    tree = _Tree(clock, gap, relaxed.columns, [_Branch(np.zeros(len(every)))])
    runs, covered = ask(clock, tree.search) if programme.whole.sum() <= _FEW else [], True
    columns = tree.columns
    if programme.whole.sum() > _FEW or tree.given_up:
        reduced, columns = programme.reduced_costs(costs[0], prices), every
        if len(columns) > _ALL:
            cheap = np.argpartition(reduced, _ALL)[:_ALL]
            columns = np.unique(np.r_[cheap, relaxed.columns, np.flatnonzero(programme.whole)])
        found = ask(clock, partial(_decide_by_cuts, columns, clock, gap))
        if not found and len(columns) < len(every):
            columns, found = every, ask(clock, partial(_decide_by_cuts, every, clock, gap))
        runs = found or runs  # what branches found, where time is up before cuts find anything
        room = dot(costs[0], runs[0].values) - linear if runs else 0.0
        covered = _rest_is_hopeless(programme, reduced, columns, room)
    if not runs:
        return None
    bound, first = linear, runs[0]
    if covered and first.bound is not None:
        bound = max(linear, min(first.bound, dot(costs[0], first.values)))
    decided = np.where(programme.whole, np.round(runs[-1].values), 0.0)
    return Decision(decided, bound, linear, prices, columns)


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
    """Branch over few decisions, where each branch is relaxed and prices all columns.

    A solver with cuts takes seconds for columns that pricing takes a tenth of a second for. What a
    branch holds is taken out of its limits, so that no tolerance makes it whole, and its bound is
    that of its own shadow prices. The branches that are left are all decisions together: the next
    objective begins with those that the one before allows, mostly a single one.
    """

    clock: Clock
    gap: float
    columns: Columns
    """Those that any branch wrote out, which the next one begins with."""
    branches: list[_Branch]
    """Those that may hold a plan."""
    runs: int = 0
    given_up: bool = False
    """Whether they are more than cuts would take."""

    def search(self, programme: Programme, cost: Floats, most: float) -> Run:
        """Find the best plan by a cost, and the bound of all branches."""
        waiting = [replace(one, bound=-np.inf) for one in self.branches if one.bound <= most]
        done, tried, whole = list[_Branch](), set[bytes](), np.flatnonzero(programme.whole)
        best, least, enough = Run(feasible=False), np.inf, np.inf
        while waiting and not (best.feasible and self.clock.over()):
            branch = heapq.heappop(waiting)
            if branch.bound >= enough:
                done.append(branch)
                continue
            relaxed, bound = self._relax(programme, cost, branch)
            if not relaxed.complete or self.runs > _RUNS:
                waiting.append(branch)
                break
            if not relaxed.feasible:
                continue
            branch = replace(branch, bound=bound)
            # Whatever is opened by a part is opened.
            opened = (programme.whole & (relaxed.values > _NEARLY)).astype(float)
            if opened.tobytes() not in tried:
                tried.add(opened.tobytes())
                found, _ = self._relax(programme, cost, _Branch(opened, whole))
                if found.feasible and (value := dot(cost, found.values)) < least:
                    best, least = found, value
                    enough = least - max(self.gap, _HELD) * max(abs(least), 1.0)
            if branch.bound >= enough or len(branch.held) == len(whole):
                done.append(branch)
                continue
            for one in branch.split(_least_decided(programme, relaxed.values, branch)):
                heapq.heappush(waiting, one)
        self.branches = done + waiting
        self.given_up = self.runs > _RUNS
        return replace(best, bound=min([least, *(one.bound for one in self.branches)]))

    def _relax(self, programme: Programme, cost: Floats, branch: _Branch) -> tuple[Run, float]:
        """Solve with what a branch holds, and bound all plans that hold it."""
        self.runs += 1
        fixed, held = programme.fix(branch.decided), np.zeros(len(cost), bool)
        held[branch.held] = True
        how = How(self.clock, held, Start(self.columns))
        found = solve_in_order(fixed, [cost], how)[-1].optimum
        self.columns = np.union1d(self.columns, found.columns)
        bound, _ = bound_below(fixed, np.where(held, np.inf, cost), found.shadow_prices)
        values = found.spread(len(cost)) + branch.decided
        run = Run(values, complete=found.complete, feasible=found.feasible)
        return run, bound + dot(cost, branch.decided)


def _least_decided(programme: Programme, values: Floats, branch: _Branch) -> int:
    """Find the decision that is farthest from both ends; where all are at one, what moves most."""
    free = np.setdiff1d(np.flatnonzero(programme.whole), branch.held)
    parted = np.abs(values[free] - np.round(values[free]))
    if parted.max() <= _NEARLY:
        parted = np.asarray(abs(programme.matrix[:, free]).sum(axis=0)).ravel()
    return int(free[parted.argmax()])


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


def _decide_by_cuts(
    columns: Columns, clock: Clock, gap: float, programme: Programme, cost: Floats, _: float
) -> Run:
    """Branch and bound over some columns, and by hand on what a solver took for whole too soon.

    A solver takes 0.000001 for 0, and where a decision opens room for a million tonnes, that is
    one of them for nothing. Where a plan breaks a row once its decisions are rounded, one of
    those decisions is held at 0 and at 1 in turn, exactly, and the better plan is taken. Its bound
    is that of all branches, those not looked at included.
    """
    waiting, own = [(dict[int, float](), -np.inf)], cost[columns]
    first, best, least, bound, runs = Run(), Run(feasible=False), np.inf, np.inf, 0
    while waiting and runs < _BY_HAND and not (runs and clock.over()):
        held, known = waiting.pop()
        if known >= least:
            bound = min(bound, known)
            continue
        # Some decisions are held between equal bounds, so that no tolerance moves them.
        stated = state_programme(programme, columns, own, whole=True)
        for at in np.flatnonzero(np.isin(columns, list(held))).tolist():
            value = held[int(columns[at])]
            stated.variables[at].bounds(value, value)
        run, runs = stated.run(time_limit_s=clock.left_s, gap=gap, stop=clock.interrupted), runs + 1
        first = run if runs == 1 else first
        here = known if run.bound is None or not run.feasible else max(known, run.bound)
        leaking = _find_leak(programme, columns, run.values, held) if run.feasible else None
        if leaking is not None:  # it is held both ways
            waiting += [({**held, leaking: to}, here) for to in (0.0, 1.0)]
        elif run.feasible and (value := float(own @ run.values)) < least:
            best, least = run, value
        if leaking is None and (run.feasible or clock.over()):  # else there is no plan in it
            bound = min(bound, here)
    if not best.feasible and waiting:  # what leaks is all there is
        best, bound = first, -np.inf if first.bound is None else first.bound
    values = np.zeros(len(cost))
    if best.feasible:
        values[columns] = best.values
    bound = min([bound, *(known for _, known in waiting)])
    return replace(best, values=values, bound=bound if np.isfinite(bound) else None)


def _find_leak(
    programme: Programme, columns: Columns, values: Floats, held: dict[int, float]
) -> int | None:
    """Find the largest decision of a row that its rounding breaks; none: no row is broken."""
    whole = programme.whole[columns]
    rounded = np.where(whole, np.round(values), values)
    part = programme.matrix[:, columns]
    over = part @ rounded - programme.limit
    least = _LEAK * np.maximum(np.abs(programme.limit), 1.0 / programme.scale)
    if not (broken := break_rows(programme.sense, over) > least).any():
        return None
    # A solver may give what it rounded already, so that sizes tell, not how far it is off.
    by = np.asarray(abs(part.tocsr()[np.flatnonzero(broken)]).sum(axis=0)).ravel()
    by[~whole | (np.abs(values - rounded) > _NEARLY) | np.isin(columns, list(held))] = 0.0
    return int(columns[int(by.argmax())]) if by.max() > 0 else None
