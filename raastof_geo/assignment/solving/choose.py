"""Decide the either-or decisions, and say how much better other decisions might be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.price_in import Clock, solve_in_order
from raastof_geo.assignment.solving.solver import make_solver
from raastof_geo.assignment.solving.stated import Run, state_programme
from raastof_geo.assignment.statement.programme import Programme

_ALL = 60_000
"""A programme with no more columns than this is decided over all of them; of a larger
one, over as many that are cheapest by their reduced cost, and the rest has to be ruled out."""

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
"""What a solver may take for whole is this near to it: HiGHS and CBC say 1e-6."""


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
    programme: Programme,
    costs: Sequence[Floats],
    tolerances: Sequence[float],
    *,
    solver: str,
    clock: Clock,
    gap: float,
) -> Decision | None:
    """Decide by branch and bound over the columns that can matter; none: no plan exists.

    The relaxed programme gives a bound and reduced costs over all columns. Where there are many
    columns, those that cannot belong to a better plan by their reduced cost stay out; where that
    cannot be shown for all that stay out, the bound is the relaxed one, and the gap says so.

    Parameters
    ----------
    costs, tolerances
        Of every objective in order, by column, and the share by which later ones may worsen it.
    gap
        Stop when the answer is within this share of the bound.

    Returns
    -------
    decision
        The best by all objectives in order, as far as the clock let it look.
    """
    relaxed = solve_in_order(programme, costs[:1], solver=solver, clock=clock)[-1]
    if not relaxed.feasible:
        return None
    prices = relaxed.optimum.shadow_prices
    linear, _ = bound_below(programme, costs[0], prices)
    reduced = programme.reduced_costs(costs[0], prices)
    columns = _choose_columns(programme, reduced, relaxed.optimum.columns)
    everything = np.arange(programme.column_count)
    branch = partial(_branch_in_order, solver=solver, clock=clock, gap=gap)
    runs = branch(programme, columns, costs, tolerances)
    if runs is None and len(columns) < len(everything):
        columns = everything
        runs = branch(programme, columns, costs, tolerances)
    if runs is None:
        return None
    first, last = runs
    values = np.zeros(programme.column_count)
    values[columns] = last.values
    decided = np.where(programme.whole, np.round(values), 0.0)
    objective = float(costs[0][columns] @ first.values)
    covered = len(columns) == programme.column_count or _rest_is_hopeless(
        programme, reduced, columns, objective - linear
    )
    bound = linear
    if covered and first.bound is not None:
        bound = max(linear, min(first.bound, objective))
    return Decision(decided, bound, linear, prices, columns)


def _branch_in_order(
    programme: Programme,
    columns: Columns,
    costs: Sequence[Floats],
    tolerances: Sequence[float],
    *,
    solver: str,
    clock: Clock,
    gap: float,
) -> tuple[Run, Run] | None:
    """Decide by each objective with those before it held; give the first run and the last.

    None where no plan was found among the columns.
    """
    runs: list[Run] = []
    for cost, tolerance in zip(costs, tolerances, strict=True):
        if runs and clock.over():
            break
        run = _branch(programme, columns, cost, solver=solver, clock=clock, gap=gap)
        if not run.feasible:
            break
        runs.append(run)
        value = float(cost[columns] @ run.values)
        at = np.flatnonzero(cost)
        room = max(tolerance, _HELD) * max(abs(value), 1.0)
        programme = programme.with_row(at, cost[at], -1, value + room)
    return (runs[0], runs[-1]) if runs else None


def _choose_columns(programme: Programme, reduced: Floats, priced: Columns) -> Columns:
    if programme.column_count <= _ALL:
        return np.arange(programme.column_count)
    cheap = np.argpartition(reduced, _ALL)[:_ALL]
    return np.unique(np.concatenate([cheap, priced, np.flatnonzero(programme.whole)]))


def _rest_is_hopeless(programme: Programme, reduced: Floats, columns: Columns, room: float) -> bool:
    """Tell whether every column that stayed out would cost more than there is room for.

    A column out of which a least lot has to go, if anything does, costs at least its reduced cost
    times the lot.
    """
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


def _branch(
    programme: Programme,
    columns: Columns,
    cost: Floats,
    *,
    solver: str,
    clock: Clock,
    gap: float,
) -> Run:
    """Branch and bound, and branch by hand on decisions that a solver took for whole too soon.

    A solver takes 0.000001 for 0, and where a decision opens room for a million tonnes, that is
    one of them for nothing. Where a plan breaks a row once its decisions are rounded, one of
    those decisions is held at 0 and at 1 in turn, exactly, and the better plan is taken.
    """
    branches = _Branches()
    while branches.waiting and branches.runs < _BY_HAND and not (branches.runs and clock.over()):
        held, known = branches.waiting.pop()
        if known >= branches.least:
            branches.bound = min(branches.bound, known)
            continue
        chosen = make_solver(solver, time_limit_s=clock.left_s, gap=gap, stop=clock.interrupted)
        run = _run_held(programme, columns, cost, held, chosen)
        # CBC calls a programme infeasible where it meets its own leak when it checks its answer.
        leaking = _find_leak(programme, columns, run.values, held)
        branches.take(run, float(cost[columns] @ run.values), held, known, leaking)
    return branches.choose()


@dataclass(eq=False)
class _Branches:
    """What was found on branches, and those that are still to be looked at."""

    waiting: list[tuple[dict[int, float], float]] = field(default_factory=lambda: [({}, -np.inf)])
    """Decisions that are held by column, and what is known that no plan with them is below."""
    first: Run | None = None
    best: Run | None = None
    least: float = np.inf
    """What the best comes to."""
    bound: float = np.inf
    """What no plan on a branch that is done with is below."""
    runs: int = 0

    def take(
        self, run: Run, value: float, held: dict[int, float], known: float, leaking: int | None
    ) -> None:
        """Take a run in: it is one of the plans, or what leaks in it is held both ways."""
        self.runs += 1
        self.first = self.first or run
        here = known if run.bound is None or not run.feasible else max(known, run.bound)
        if leaking is not None:
            self.waiting += [({**held, leaking: to}, here) for to in (0.0, 1.0)]
            return
        if not run.feasible:
            return
        self.bound = min(self.bound, here)
        if value < self.least:
            self.best, self.least = run, value

    def choose(self) -> Run:
        """Give the best plan with the bound of all branches, those not looked at included."""
        if self.best is None:
            first = self.first or _NO_RUN
            # Nothing was left to try: no plan exists. Else what leaks is all there is.
            return first if self.waiting else replace(first, feasible=False)
        bound = min([self.bound, *(known for _, known in self.waiting)])
        return replace(self.best, bound=bound if np.isfinite(bound) else None)


_NO_RUN = Run(np.empty(0), 0.0, np.empty(0), False, False, None)
"""Of a search that was over before its first run."""


def _run_held(
    programme: Programme,
    columns: Columns,
    cost: Floats,
    held: dict[int, float],
    solver: Any,
) -> Run:
    """Solve with some decisions held: they are left out, and limits have what they take."""
    if not held:
        return state_programme(programme, columns, cost[columns], whole=True).run(solver)
    taken = np.zeros(programme.column_count)
    taken[list(held)] = list(held.values())
    free = ~np.isin(columns, list(held))
    rest = programme.with_limits(programme.limit - programme.matrix @ taken)
    run = state_programme(rest, columns[free], cost[columns[free]], whole=True).run(solver)
    values = taken[columns]
    values[free] = run.values
    own = float(cost @ taken)
    # A row of held decisions alone is not stated any more.
    alone = np.bincount(programme.matrix[:, columns[free]].indices, minlength=len(rest.limit)) == 0
    broken = ((rest.sense <= 0) & (rest.limit < -_HELD)) | (
        (rest.sense >= 0) & (rest.limit > _HELD)
    )
    return replace(
        run,
        values=values,
        bound=None if run.bound is None else run.bound + own,
        feasible=run.feasible and not (alone & broken).any(),
    )


def _find_leak(
    programme: Programme, columns: Columns, values: Floats, held: dict[int, float]
) -> int | None:
    """Find the largest decision of a row that its rounding breaks; none: no row is broken."""
    whole = programme.whole[columns]
    rounded = np.where(whole, np.round(values), values)
    part = programme.matrix[:, columns]
    used = part @ rounded
    over = np.where(programme.sense <= 0, used - programme.limit, 0.0)
    short = np.where(programme.sense >= 0, programme.limit - used, 0.0)
    room = _LEAK * np.maximum(np.abs(programme.limit), 1.0 / programme.scale)
    broken = np.maximum(over, short) > room
    if not broken.any():
        return None
    # A solver may give what it rounded already, so that sizes tell, and not how far it is off.
    by = np.asarray(abs(part.tocsr()[np.flatnonzero(broken)]).sum(axis=0)).ravel()
    by[~whole | (np.abs(values - rounded) > _NEARLY) | np.isin(columns, list(held))] = 0.0
    return int(columns[int(by.argmax())]) if by.max() > 0 else None
