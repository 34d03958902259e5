"""Where the rules cannot all be kept, find the least by which they have to be broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raastof_geo.assignment.price_in import Clock, Start, solve_in_order
from raastof_geo.assignment.problem import Floats
from raastof_geo.assignment.programme import Programme
from raastof_geo.assignment.rules.row import Row
from raastof_geo.errors import SolverError
from raastof_geo.language import say

FIRST_BENT = ("offers_kept", "needs_met", "secondary_share_reached")
"""Rules that are bent first: what is missing is then said in tonnes of a project."""
NEVER_BENT = (
    "plants_fed",
    "plants_emptied",
    "depots_balanced",
    "trips_balanced",
    "openings_once",
    "partners_once",
    "lots_once",
)
"""Rules that only keep books: bending them means nothing."""

_LEAST_T = 1e-3


@dataclass(frozen=True, eq=False)
class Violation:
    """By how much rules have to be broken, and which rules leave no other way."""

    short: dict[int, float]
    """Units that are missing to what a row asks for, by row. [t]"""
    over: dict[int, float]
    """Units above what a row allows, by row."""
    prices: Floats
    """What one unit more on each row's limit would change the violation by."""

    @property
    def total(self) -> float:
        """All that is missing or above. [t]"""
        return sum(self.short.values()) + sum(self.over.values())


def find_least_violation(
    rows: Sequence[Row],
    programme: Programme,
    *,
    solver: str,
    closed: NDArray[np.bool_] | None = None,
) -> Violation:
    """Find the least violation; needs, surplus and targets bend first, other rules if they must."""
    first = bend_rows(
        rows,
        programme,
        solver=solver,
        closed=closed,
        short=[
            number
            for number, row in enumerate(rows)
            if row.rule in FIRST_BENT and row.sense != "<="
        ],
        over=[],
    )
    if first is not None:
        return first
    bendable = [number for number, row in enumerate(rows) if row.rule not in NEVER_BENT]
    second = bend_rows(
        rows,
        programme,
        solver=solver,
        closed=closed,
        short=[number for number in bendable if rows[number].sense != "<="],
        over=[number for number in bendable if rows[number].sense != ">="],
    )
    if second is None:
        raise SolverError(say("the solver found no way to meet even part of the needs"))
    return second


def bend_rows(
    rows: Sequence[Row],
    programme: Programme,
    *,
    solver: str,
    closed: NDArray[np.bool_] | None,
    short: list[int],
    over: list[int],
) -> Violation | None:
    """Find the least violation where only some rows may be bent; none where that is no way out.

    Parameters
    ----------
    short, over
        Rows that may fall short of their limit, and rows that may exceed it.
    """
    bent = np.array(short + over, dtype=np.int64)
    count, extra = programme.column_count, len(bent)
    wider = programme.with_slack(short, over)
    limits = np.abs(programme.limit[bent])
    weight = np.array(
        [
            1.0 if rows[number].rule in FIRST_BENT else 1e3 / max(1.0, limit)
            for number, limit in zip(bent.tolist(), limits.tolist(), strict=True)
        ]
    )
    cost = np.concatenate([np.zeros(count), weight])
    shut = None if closed is None else np.append(closed, np.zeros(extra, bool))
    step = solve_in_order(
        wider,
        [cost],
        solver=solver,
        clock=Clock(),
        closed=shut,
        start=Start(np.arange(count, count + extra)),
    )[0]
    if not step.feasible:
        return None
    values = step.optimum.spread(count + extra)[count:]
    amounts = [
        (number, amount if amount > _LEAST_T else 0.0)
        for number, amount in zip(bent.tolist(), values.tolist(), strict=True)
    ]
    lacking = {number: amount for number, amount in amounts[: len(short)] if amount}
    exceeding = {number: amount for number, amount in amounts[len(short) :] if amount}
    return Violation(lacking, exceeding, step.optimum.shadow_prices)
