"""What it would take to send a little over a leg that the plan does not use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.choose import decide
from raastof_geo.assignment.solving.price_in import FREE, Clock, Start, solve_in_order
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.telling.names import describe_row
from raastof_geo.language import Message

TRIED_T = (1.0, 0.01)
"""Tonnes that are tried: one, and where there is no room for one, nearly nothing. [t]"""
_PATIENCE_S = 20.0
_MOST_NAMED = 3


@dataclass(frozen=True)
class Forced:
    """What came of sending a little over one of some legs."""

    possible: bool
    more_per_t: float | None = None
    """What a tonne adds to the first objective; none where it is impossible or not known."""
    decides: bool = False
    """Whether it takes other either-or decisions than the plan's."""
    known: bool = True
    """Whether there was time to find out."""
    blocking: tuple[Message, ...] = ()
    """Rules that leave no way together, where it is impossible."""


def force(plan: Plan, columns: Columns) -> Forced:
    """Find the cheapest plan that keeps every rule and sends a little over one of some columns.

    It is solved again, from where the search for the plan ended: a reduced cost of zero may stand
    at a leg that no plan can use.

    Returns
    -------
    forced
        Whether a plan can send it, and what a tonne more adds to the first objective; where none
        can, the rules that leave no room.
    """
    proof = plan.proof
    values = np.where(proof.programme.whole, proof.values, 0.0)
    used = np.flatnonzero(values)
    linear = proof.programme
    closed = None
    if linear.whole.any():
        linear = linear.with_limits(linear.limit - linear.used(used, values[used]))
        closed = linear.whole
    before = float(proof.cost @ (proof.values - values))
    for tonnes in TRIED_T:
        found = _solve(plan, linear, closed, columns, tonnes, before)
        if found is not None:
            return found
    if closed is not None:
        return _decide(plan, columns)
    return Forced(False, blocking=tuple(_name_blocking(plan, columns)))


def _solve(
    plan: Plan,
    linear: Programme,
    closed: Mask | None,
    columns: Columns,
    tonnes: float,
    before: float,
) -> Forced | None:
    """Solve with one row more; none where that leaves no plan."""
    proof = plan.proof
    wider = linear.with_row(columns, np.ones(len(columns)), 1, tonnes)
    first = proof.start.columns
    start = Start(np.union1d(first, columns)) if len(first) else None
    step = solve_in_order(
        wider, [proof.cost], solver=plan.solver, clock=Clock(), closed=closed, start=start
    )[0]
    if not step.solved:
        return None
    rise = step.value - before
    noise = FREE * dearest_move(plan) * tonnes + 1e-9 * abs(before)
    # The price of the row has none of the rounding of a difference of two large sums.
    price = float(step.optimum.shadow_prices[-1])
    slope = price if abs(price * tonnes - rise) <= noise else rise / tonnes
    return Forced(True, more_per_t=0.0 if rise <= noise else max(0.0, slope))


def dearest_move(plan: Plan) -> float:
    """Give the largest cost of a unit that is not a decision, which others are small against.

    Returns
    -------
    cost
        By its amount, at least a thousandth. [objective/unit]
    """
    costs = np.abs(plan.proof.cost[~plan.proof.programme.whole])
    return max(1e-3, float(costs.max(initial=0.0)))


def _decide(plan: Plan, columns: Columns) -> Forced:
    """Find out whether other decisions of the plan would let something pass."""
    proof = plan.proof
    wider = proof.programme.with_row(columns, np.ones(len(columns)), 1, TRIED_T[-1])
    relaxed = solve_in_order(wider, [proof.cost], solver=plan.solver, clock=Clock())[0]
    if not relaxed.feasible:
        return Forced(False, blocking=tuple(_name_blocking(plan, columns)))
    clock = Clock(_PATIENCE_S)
    decision = decide(wider, [proof.cost], [0.0], solver=plan.solver, clock=clock, gap=1.0)
    if decision is not None:
        return Forced(True, decides=True)
    return Forced(False, known=not clock.over())


def _name_blocking(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name rules that together leave no way: those with a price where least is missing."""
    proof = plan.proof
    nothing: Floats = np.zeros(proof.programme.column_count)
    wider = proof.programme.with_row(columns, np.ones(len(columns)), 1, TRIED_T[-1])
    wider = replace(wider, whole=np.zeros(wider.column_count, bool))
    step = solve_in_order(wider, [nothing], solver=plan.solver, clock=Clock())[0]
    prices = step.optimum.shadow_prices[: len(proof.rows)]
    told: dict[str, Message] = {}
    for at in np.argsort(-np.abs(prices), kind="stable").tolist():
        name = proof.rows[at]
        if abs(prices[at]) > FREE and not name.family.keeps_books:
            message = describe_row(plan.problem.scenario, name)
            told.setdefault(str(message), message)
    yield from list(told.values())[:_MOST_NAMED]
