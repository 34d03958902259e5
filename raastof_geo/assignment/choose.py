"""Decide the either-or decisions, and say how much better other decisions might be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raastof_geo.assignment.certificate import bound_below
from raastof_geo.assignment.master import Run, make_solver, state_programme
from raastof_geo.assignment.price_in import Clock, solve_in_order
from raastof_geo.assignment.problem import Columns, Floats
from raastof_geo.assignment.programme import Programme

_ALL = 60_000
"""A programme with no more columns than this is decided over all of them."""

_HELD = 1e-7
"""Share by which earlier objectives may be worsened by the decisions of later ones."""


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
    """
    relaxed = solve_in_order(programme, costs[:1], solver=solver, clock=clock)[-1]
    if not relaxed.feasible:
        return None
    prices = relaxed.optimum.shadow_prices
    linear, _ = bound_below(programme, costs[0], prices)
    reduced = programme.reduced_costs(costs[0], prices)
    columns = _choose_columns(programme, reduced, relaxed.optimum.columns)
    first: Run | None = None
    held = programme
    last: Run | None = None
    for cost, tolerance in zip(costs, tolerances, strict=True):
        if last is not None and clock.over():
            break
        run = _branch(held, columns, cost, solver=solver, clock=clock, gap=gap)
        if not run.feasible and first is None and len(columns) < programme.column_count:
            columns = np.arange(programme.column_count)
            run = _branch(held, columns, cost, solver=solver, clock=clock, gap=gap)
        if not run.feasible:
            break
        first, last = first or run, run
        value = float(cost[columns] @ run.values)
        at = np.flatnonzero(cost)
        room = max(tolerance, _HELD) * max(abs(value), 1.0)
        held = held.with_row(at, cost[at], -1, value + room)
    if first is None or last is None:
        return None
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
    stated = state_programme(programme, columns, cost[columns], whole=True)
    chosen = make_solver(solver, time_limit_s=clock.left_s, gap=gap, stop=clock.interrupted)
    return stated.run(chosen)
