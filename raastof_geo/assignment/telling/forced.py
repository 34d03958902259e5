"""What it would take to send a little over a leg that the plan does not use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.price_in import FREE
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.telling.names import describe_row
from raastof_geo.language import Message

TRIED_T = (1.0, 0.01)
"""Tonnes that are tried: one, and where there is no room for one, nearly nothing. [t]"""
_PATIENCE_S = 20.0
_MOST_NAMED = 3


_Apart: TypeAlias = Literal["rule", "not_wanted", "time", "truck", "road"]
"""What keeps two from dealing in any plan."""
_Within: TypeAlias = Literal["agreement", "closed", "impossible", "costs_more", "as_good"]
ReasonKind: TypeAlias = Literal["in_plan", _Apart, _Within, "perhaps"]
"""`perhaps`: prices find nothing against it, and it was not tried whether there is room for it."""


@dataclass(frozen=True)
class Forced:
    """What came of sending a little over one of some legs."""

    kind: ReasonKind
    told: str
    """Which sentence says so, of the texts `forced`."""
    more_per_t: float | None = None
    """What a tonne adds to the first objective; none where it is impossible or not known."""
    blocking: tuple[Message, ...] = ()
    """Rules that leave no way together, where it is impossible."""


def estimate(plan: Plan, more: float) -> Forced:
    """Tell by the prices of the plan alone, by which a tonne costs so much more at least."""
    if more <= FREE * _dearest_move(plan):
        return Forced("perhaps", "perhaps", 0.0)
    return Forced("costs_more", "at_least", more)


def force(plan: Plan, columns: Columns) -> Forced:
    """Find the cheapest plan that keeps every rule and sends a little over one of some columns.

    It is solved again, from where the search for the plan ended: a reduced cost of zero may stand
    at a leg that no plan can use.
    """
    proof, whole = plan.proof, plan.proof.programme.whole
    decided = np.where(whole, proof.values, 0.0) if whole.any() else None
    first = proof.start.columns
    start = np.union1d(first, columns) if len(first) else None
    for tonnes in TRIED_T:
        found = _solve(plan, columns, proof.cost, tonnes, decided=decided, start=start)
        if found.solved:
            more = _rise(plan, found, tonnes)
            kind: ReasonKind = "costs_more" if more else "as_good"
            return Forced(kind, kind, more)
    if decided is not None and _solve(plan, columns, proof.cost).feasible:
        # Other decisions than the plan's might let something pass.
        search = Search(gap=1.0)
        other = _solve(plan, columns, proof.cost, decided=search, patience_s=_PATIENCE_S)
        if other.decision is not None:
            return Forced("closed", "closed")
        return Forced("impossible", "no_way" if other.complete else "no_time")
    blocking = tuple(_name_blocking(plan, columns))
    return Forced("impossible", "blocked" if blocking else "no_way", blocking=blocking)


def _solve(
    plan: Plan,
    columns: Columns,
    cost: Floats,
    tonnes: float = TRIED_T[-1],
    *,
    decided: Floats | Search | None = None,
    start: Columns | None = None,
    patience_s: float | None = None,
) -> Solution:
    """Send some tonnes over some columns together."""
    each = np.zeros(plan.column_count)
    each[columns] = 1.0
    return solve(
        plan.problem,
        programme=plan.proof.programme,
        costs=[cost],
        held=(each, tonnes),
        decided=decided,
        solver=plan.solver,
        start=start,
        clock=patience_s,
    )


def _rise(plan: Plan, found: Solution, tonnes: float) -> float:
    """Give what a tonne adds to the first objective, given the decisions."""
    proof = plan.proof
    before = float(proof.cost @ np.where(proof.programme.whole, 0.0, proof.values))
    rise = found.steps[0].value - before
    noise = FREE * _dearest_move(plan) * tonnes + 1e-9 * abs(before)
    # The price of the row has none of the rounding of a difference of two large sums.
    price = float(found.shadow_prices[-1])
    slope = price if abs(price * tonnes - rise) <= noise else rise / tonnes
    return 0.0 if rise <= noise else max(0.0, slope)


def _dearest_move(plan: Plan) -> float:
    """Give the largest cost of a unit that is no decision, which others are small against."""
    costs = np.abs(plan.proof.cost[~plan.proof.programme.whole])
    return max(1e-3, float(costs.max(initial=0.0)))


def _name_blocking(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name rules that together leave no way: those with a price where least is missing."""
    rows = plan.proof.rows
    prices = _solve(plan, columns, np.zeros(plan.column_count)).shadow_prices[: len(rows)]
    told: dict[str, Message] = {}
    for at in np.argsort(-np.abs(prices), kind="stable").tolist():
        if abs(prices[at]) > FREE and not rows[at].family.keeps_books:
            message = describe_row(plan.problem.scenario, rows[at])
            told.setdefault(str(message), message)
    yield from list(told.values())[:_MOST_NAMED]
