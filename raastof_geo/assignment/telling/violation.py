"""Where the rules cannot all be kept, find the least by which they have to be broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from raastof_geo.arrays import Floats, Mask
from raastof_geo.assignment.rules.row import Row
from raastof_geo.assignment.solving.price_in import Clock, Start, solve_in_order
from raastof_geo.assignment.solving.solver import make_solver
from raastof_geo.assignment.solving.stated import state_programme
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.errors import SolverError
from raastof_geo.language import say

FIRST_BENT = ("offers_kept", "needs_met", "secondary_share_reached")
"""Rules that are bent first: what is missing is then said in tonnes of a project."""
THEN_BENT = (*FIRST_BENT, "agreements_kept", "depots_ended", "depots_filled")
"""Rules that are bent next: what was promised, and what depots were told to hold."""
NEVER_BENT = (
    "plants_fed",
    "plants_emptied",
    "depots_balanced",
    "trips_balanced",
    "openings_once",
    "partners_once",
    "lots_once",
    "bounded",
)
"""Rules that only keep books: bending them means nothing."""

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
    closed: Mask | None
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
            closed=self.closed,
            start=start or Start(np.arange(count - extra, count)),
        )[0]
        if not step.feasible:
            return None
        bent = step.optimum.spread(count)[count - extra :]
        short, over = self.read(bent)
        optimum = step.optimum
        return Violation(
            short,
            over,
            optimum.shadow_prices,
            step.value,
            self,
            Start(optimum.columns, optimum.basis),
        )

    def read(self, bent: Floats) -> tuple[dict[int, float], dict[int, float]]:
        """Give by how much rows fall short and exceed, those by next to nothing left out."""
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
        """
        programme = self.bending.programme
        price = float(self.prices[row])
        way = -float(programme.sense[row]) or (-1.0 if price > 0 else 1.0)
        limits = programme.limit.copy()
        limits[row] += way
        other = self.bending.solve(limits, self.start)
        return other is not None and self.value - other.value > _CHANGE + 1e-9 * self.value


def find_least_violation(
    rows: Sequence[Row],
    programme: Programme,
    *,
    solver: str,
    closed: Mask | None = None,
) -> Violation:
    """Find the least violation; needs, surplus and targets bend first, other rules if they must."""
    for rules, both in ((FIRST_BENT, False), (THEN_BENT, True), (None, True)):
        bendable = [
            number
            for number, row in enumerate(rows)
            if (row.rule not in NEVER_BENT if rules is None else row.rule in rules)
        ]
        found = bend_rows(
            rows,
            programme,
            solver=solver,
            closed=closed,
            short=[number for number in bendable if rows[number].sense != "<="],
            over=[
                number
                for number in bendable
                if both
                and rows[number].sense != ">="
                and (rules is None or rows[number].rule not in FIRST_BENT)
            ],
        )
        if found is not None:
            return found
    raise SolverError(say("the solver found no way to meet even part of the needs"))


def bend_rows(
    rows: Sequence[Row],
    programme: Programme,
    *,
    solver: str,
    closed: Mask | None,
    short: list[int],
    over: list[int],
) -> Violation | None:
    """Find the least violation where only some rows may be bent; none where that is no way out.

    Parameters
    ----------
    short, over
        Rows that may fall short of their limit, and rows that may exceed it.
    """
    return make_bending(
        rows, programme, solver=solver, closed=closed, short=short, over=over
    ).solve()


def make_bending(
    rows: Sequence[Row],
    programme: Programme,
    *,
    solver: str,
    closed: Mask | None,
    short: list[int],
    over: list[int],
) -> Bending:
    """Give every row that may be bent a column that bends it, at a price."""
    bent = np.array(short + over, dtype=np.int64)
    count, extra = programme.column_count, len(bent)
    wider = programme.with_slack(short, over)
    limits = np.abs(programme.limit[bent])
    weight = np.array(
        [
            1.0 if rows[number].rule in THEN_BENT else 1e3 / max(1.0, limit)
            for number, limit in zip(bent.tolist(), limits.tolist(), strict=True)
        ]
    )
    cost = np.concatenate([np.zeros(count), weight])
    shut = None if closed is None else np.append(closed, np.zeros(extra, bool))
    return Bending(wider, cost, short, over, shut, solver)


def lift_rows(
    rows: Sequence[Row], programme: Programme, lifted: Sequence[str]
) -> tuple[list[Row], Programme]:
    """Give the programme without the rows of some rules, and which rows it keeps.

    Decisions that no row speaks of any more are no longer whole.
    """
    keep = [number for number, row in enumerate(rows) if row.rule not in lifted]
    matrix = programme.matrix.tocsr()[keep].tocsc()
    used = np.diff(matrix.indptr) > 0
    return [rows[number] for number in keep], replace(
        programme,
        matrix=matrix,
        sense=programme.sense[keep],
        limit=programme.limit[keep],
        whole=programme.whole & used,
    )
