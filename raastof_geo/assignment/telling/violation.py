"""Where the rules cannot all be kept, find the least by which they have to be broken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.rules.family import Bends, Family
from raastof_geo.assignment.rules.row import Row
from raastof_geo.assignment.solving.price_in import Clock, Start, solve_in_order
from raastof_geo.assignment.solving.solver import make_solver
from raastof_geo.assignment.solving.stated import state_programme
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.errors import SolverError
from raastof_geo.language import say

_BENT: tuple[tuple[Collection[Bends], bool], ...] = (
    ({"first"}, False),
    ({"first", "next"}, True),
    ({"first", "next", "last"}, True),
)
"""Families that are bent, one try after the other, and whether those that are not of the first may
exceed their limits too."""

_LEAST_T = 1e-3
_CHANGE = 1e-6
"""A limit binds where one unit more or less on it changes the answer by more than this."""


@dataclass(frozen=True, eq=False)
class Bending:
    """A programme in which some rows may be bent, at a price."""

    programme: Programme
    """With a column more for each row that may fall short of its limit or exceed it."""
    cost: Floats
    short: list[int]
    over: list[int]
    solver: str

    def solve(self, limits: Floats | None = None, start: Start | None = None) -> Violation | None:
        """Find the least violation, under these limits or others; none where there is no way."""
        programme = self.programme if limits is None else self.programme.with_limits(limits)
        count, extra = programme.column_count, len(self.short) + len(self.over)
        step = solve_in_order(
            programme,
            [self.cost],
            solver=self.solver,
            clock=Clock(),
            start=start or Start(np.arange(count - extra, count)),
        )[0]
        if not step.optimum.feasible:
            return None
        bent = step.optimum.spread(count)[count - extra :]
        short, over = self.read(bent)
        end = Start(step.optimum.columns, step.optimum.basis)
        return Violation(short, over, step.optimum.shadow_prices, step.value, self, end)

    def read(self, bent: Floats) -> tuple[dict[int, float], dict[int, float]]:
        """Give by how much rows fall short and exceed, those by next to nothing left out.

        Returns
        -------
        short, over
            Units by row: what is missing to it, and what is above it.
        """
        amounts = np.where(bent > _LEAST_T / self.programme.scale, bent, 0.0).tolist()
        lacking = dict(zip(self.short, amounts, strict=False))
        exceeding = dict(zip(self.over, amounts[len(self.short) :], strict=True))
        return (
            {row: amount for row, amount in lacking.items() if amount},
            {row: amount for row, amount in exceeding.items() if amount},
        )

    def decide(self, *, time_limit_s: float, most_columns: int = 60_000) -> Floats | None:
        """Find the least violation with whole decisions; none in time or where there is no way.

        Returns
        -------
        values
            On every column, those for what is bent last.
        """
        count = self.programme.column_count
        if count > most_columns:
            return None
        stated = state_programme(self.programme, np.arange(count), self.cost, whole=True)
        try:
            run = stated.run(make_solver(self.solver, time_limit_s=time_limit_s))
        except SolverError:
            return None
        return run.values if run.feasible else None


@dataclass(frozen=True, eq=False)
class Violation:
    """By how much rules have to be broken, and which rules leave no other way."""

    short: dict[int, float]
    """Units that are missing to what a row asks for, by row. [t]"""
    over: dict[int, float]
    """Units above what a row allows, by row."""
    prices: Floats
    """What one unit more on each row's limit would change the violation by."""
    value: float
    """All that is missing or above, weighed."""
    bending: Bending = field(repr=False)
    start: Start = field(repr=False)
    """Where the search ended."""

    @property
    def total(self) -> float:
        """All that is missing or above. [t]"""
        return sum(self.short.values()) + sum(self.over.values())

    def binds(self, row: int) -> bool:
        """Tell whether one unit more room on a row makes the violation less.

        More room is a higher limit where a row says at most, a lower one where it says at least,
        and the better of the two where it says exactly. It is solved again, as prices of a corner
        with many rows in it tell of rows that do not bind.

        Returns
        -------
        binds
            False also where the other programme could not be solved.
        """
        programme = self.bending.programme
        price = float(self.prices[row])
        way = -float(programme.sense[row]) or (-1.0 if price > 0 else 1.0)
        limits = programme.limit.copy()
        limits[row] += way
        other = self.bending.solve(limits, self.start)
        return other is not None and self.value - other.value > _CHANGE + 1e-9 * self.value


def find_least_violation(rows: Sequence[Row], programme: Programme, *, solver: str) -> Violation:
    """Find the least violation; needs, surplus and targets bend first, other rules if they must.

    Returns
    -------
    violation
        With the fewest families bent that leave a way: those of the first, then promises too, then
        all that may be bent.
    """
    for bends, both in _BENT:
        bendable = [number for number, row in enumerate(rows) if row.family.bends in bends]
        found = make_bending(
            rows,
            programme,
            solver=solver,
            short=[number for number in bendable if rows[number].sense != "<="],
            over=[
                number
                for number in bendable
                if both
                and rows[number].sense != ">="
                and ("last" in bends or rows[number].family.bends != "first")
            ],
        ).solve()
        if found is not None:
            return found
    raise SolverError(say("the solver found no way to meet even part of the needs"))


def make_bending(
    rows: Sequence[Row], programme: Programme, *, solver: str, short: list[int], over: list[int]
) -> Bending:
    """Give every row that may be bent a column that bends it, at a price.

    Parameters
    ----------
    short, over
        Rows that may fall short of their limit, and rows that may exceed it.

    Returns
    -------
    bending
        With one column more for each entry of `short`, then of `over`. Tonnes of what bends first
        or next cost 1 each; others by their share of the limit, a thousand for the whole of it.
    """
    bent = np.array(short + over, dtype=np.int64)
    wider = programme.with_slack(short, over)
    limits = np.abs(programme.limit[bent])
    weight = np.array(
        [
            1e3 / max(1.0, limit) if rows[number].family.bends == "last" else 1.0
            for number, limit in zip(bent.tolist(), limits.tolist(), strict=True)
        ]
    )
    cost = np.concatenate([np.zeros(programme.column_count), weight])
    return Bending(wider, cost, short, over, solver)


def lift_rows(
    rows: Sequence[Row], programme: Programme, lifted: Callable[[Family], bool]
) -> tuple[list[Row], Programme]:
    """Give the programme without the rows of some families, and which rows it keeps.

    Decisions that no row speaks of any more are no longer whole.

    Returns
    -------
    rows, programme
        Those that are left, in their order, and the programme of them over the same columns.
    """
    keep = [number for number, row in enumerate(rows) if not lifted(row.family)]
    matrix = programme.matrix.tocsr()[keep].tocsc()
    used = np.diff(matrix.indptr) > 0
    return [rows[number] for number in keep], replace(
        programme,
        matrix=matrix,
        sense=programme.sense[keep],
        limit=programme.limit[keep],
        whole=programme.whole & used,
    )
