"""What it would take to send a little over a leg that the plan does not use."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.price_in import FREE
from raastof_geo.assignment.solving.solve import HeldSum, Search, Solution, solve
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
    """
    for tonnes in TRIED_T:
        found = _force_given_decisions(plan, columns, tonnes)
        if found is not None:
            return found
    if plan.proof.programme.whole.any():
        return _decide(plan, columns)
    return Forced(False, blocking=tuple(_name_blocking(plan, columns)))


def _force_given_decisions(plan: Plan, columns: Columns, tonnes: float) -> Forced | None:
    """Send a little with the plan's decisions; none where that leaves no plan."""
    proof = plan.proof
    first = proof.start.columns
    decided = np.where(proof.programme.whole, proof.values, 0.0)
    solution = solve(
        plan.problem,
        programme=proof.programme,
        costs=[proof.cost],
        held=[_ask_for(plan, columns, tonnes)],
        decided=decided if proof.programme.whole.any() else None,
        solver=plan.solver,
        start=np.union1d(first, columns) if len(first) else None,
    )
    if not solution.solved:
        return None
    step, moved = solution.steps[0], proof.values - decided
    before = float(proof.cost @ moved)
    rise = step.value - before
    noise = FREE * dearest_move(plan) * tonnes + 1e-9 * abs(before)
    # The price of the row has none of the rounding of a difference of two large sums.
    price = float(solution.shadow_prices[-1])
    slope = price if abs(price * tonnes - rise) <= noise else rise / tonnes
    return Forced(True, more_per_t=0.0 if rise <= noise else max(0.0, slope))


def _ask_for(plan: Plan, columns: Columns, tonnes: float) -> HeldSum:
    """Ask for some tonnes on some columns together."""
    each = np.zeros(plan.column_count)
    each[columns] = 1.0
    return HeldSum(each, 1, tonnes)


def dearest_move(plan: Plan) -> float:
    """Give the largest cost of a unit that is no decision, which others are small against."""
    costs = np.abs(plan.proof.cost[~plan.proof.programme.whole])
    return max(1e-3, float(costs.max(initial=0.0)))


def _decide(plan: Plan, columns: Columns) -> Forced:
    """Find out whether other decisions of the plan would let something pass."""
    relaxed = _force_at_all(plan, columns, None)
    if not relaxed.feasible:
        return Forced(False, blocking=tuple(_name_blocking(plan, columns)))
    other = _force_at_all(plan, columns, Search(gap=1.0), _PATIENCE_S)
    return Forced(True, decides=True) if other.decision else Forced(False, known=other.complete)


def _force_at_all(
    plan: Plan, columns: Columns, decided: Search | None, patience_s: float | None = None
) -> Solution:
    """Send nearly nothing with decisions that are found anew, or with none."""
    return solve(
        plan.problem,
        programme=plan.proof.programme,
        costs=[plan.proof.cost],
        held=[_ask_for(plan, columns, TRIED_T[-1])],
        decided=decided,
        solver=plan.solver,
        clock=patience_s,
    )


def _name_blocking(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name rules that together leave no way: those with a price where least is missing."""
    proof = plan.proof
    nothing: Floats = np.zeros(proof.programme.column_count)
    solution = solve(
        plan.problem,
        programme=proof.programme,
        costs=[nothing],
        held=[_ask_for(plan, columns, TRIED_T[-1])],
        solver=plan.solver,
    )
    prices = solution.shadow_prices[: len(proof.rows)]
    told: dict[str, Message] = {}
    for at in np.argsort(-np.abs(prices), kind="stable").tolist():
        name = proof.rows[at]
        if abs(prices[at]) > FREE and not name.family.keeps_books:
            message = describe_row(plan.problem.scenario, name)
            told.setdefault(str(message), message)
    yield from list(told.values())[:_MOST_NAMED]
