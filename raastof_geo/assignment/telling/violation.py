"""Where the rules cannot all be kept, find the least by which they have to be broken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.rules.row import Bends, Row, Rule
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme, build_programme
from raastof_geo.assignment.statement.statement import lay_columns, lay_rows
from raastof_geo.errors import RaastofError, SolverError
from raastof_geo.language import say
from raastof_geo.legs.legs import price_again
from raastof_geo.scenario.said.file import ScenarioFile

_BENT: tuple[tuple[Collection[Bends], Collection[Bends]], ...] = (
    ({"first"}, ()),
    ({"first", "next"}, {"next"}),
    ({"first", "next", "last"}, {"first", "next", "last"}),
)
"""When the families bend that may fall short, and that may exceed their limits too: one try after
the other."""

_LEAST_T = 1e-3
_CHANGE = 1e-6
"""A limit binds where one unit more or less on it changes the answer by more than this."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A problem, and the rows that rules laid over it."""

    problem: Problem
    rows: Sequence[Row]
    programme: Programme
    rules: Sequence[Rule]

    def solve(
        self, cost: Floats, *, decided: Search | None = None, clock: float | None = None
    ) -> Solution:
        """Make a cost least; decisions may take any value between, if they are not looked for."""
        return solve(
            self.problem, programme=self.programme, costs=[cost], decided=decided, clock=clock
        )

    def restate(self, said: ScenarioFile) -> Laid | None:
        """Lay out another scenario, projects alone as before; none where legs have no price."""
        scenario = replace(self.problem.scenario, said=said)
        try:
            legs = price_again(self.problem.legs, scenario) or self.problem.legs
        except RaastofError:
            return None
        other = lay_columns(scenario, legs, self.rules)
        if scenario.said.targets.fairness is not None:
            other = replace(other, alone=self.problem.alone)
        rows = lay_rows(other, self.rules)
        return Laid(other, rows, build_programme(rows, other.whole), self.rules)

    def without(self, rules: Collection[str]) -> Laid:
        """Lift all rows of some names; decisions that no other row speaks of are not whole."""
        keep = [number for number, row in enumerate(self.rows) if row.rule not in rules]
        matrix = self.programme.matrix.tocsr()[keep].tocsc()
        programme = replace(
            self.programme,
            matrix=matrix,
            sense=self.programme.sense[keep],
            limit=self.programme.limit[keep],
            whole=self.programme.whole & (np.diff(matrix.indptr) > 0),
        )
        return replace(self, rows=[self.rows[number] for number in keep], programme=programme)

    def bend(self, *, short: Sequence[int] = (), over: Sequence[int] = ()) -> Bending:
        """Give every row that may be bent a column that bends it, first `short`, then `over`.

        Tonnes of what bends first or next cost 1 each; others by their share of the limit, a
        thousand for the whole of it.
        """
        bent = [*short, *over]
        last = [self.rows[at].family.bends == "last" for at in bent]
        weight = np.where(last, 1e3 / np.maximum(1.0, np.abs(self.programme.limit[bent])), 1.0)
        cost = np.concatenate([np.zeros(self.programme.column_count), weight])
        wider = self.programme.with_slack(short, over)
        return Bending(replace(self, programme=wider), cost, short, over)


@dataclass(frozen=True, eq=False)
class Bending:
    """A programme in which some rows may be bent, at a price."""

    laid: Laid
    """With a column more for each row that may fall short of its limit or exceed it."""
    cost: Floats
    short: Sequence[int]
    over: Sequence[int]

    def solve(self, limits: Floats | None = None, start: Start | None = None) -> Violation | None:
        """Find the least violation, under these limits or others; none where there is no way."""
        programme = self.laid.programme
        found = solve(
            self.laid.problem,
            programme=programme if limits is None else programme.with_limits(limits),
            costs=[self.cost],
            start=start or np.flatnonzero(self.cost),
        )
        if not found.feasible:
            return None
        short, over = self.read(found.values)
        return Violation(short, over, found.shadow_prices, found.value, self, found.start)

    def read(self, values: Floats) -> tuple[dict[int, float], dict[int, float]]:
        """Give by how much rows fall short and exceed, by row: next to nothing is left out."""
        least, count = _LEAST_T / self.laid.programme.scale, len(self.short)
        bent = values[self.cost > 0].tolist()
        sides = ((self.short, bent[:count]), (self.over, bent[count:]))
        short, over = (
            {row: one for row, one in zip(*side, strict=True) if one > least} for side in sides
        )
        return short, over


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
        with many rows in it tell of rows that do not bind; what cannot be solved does not bind.
        """
        programme = self.bending.laid.programme
        price = float(self.prices[row])
        limits = programme.limit.copy()
        limits[row] += -float(programme.sense[row]) or (-1.0 if price > 0 else 1.0)
        other = self.bending.solve(limits, self.start)
        return other is not None and self.value - other.value > _CHANGE + 1e-9 * self.value


def find_least_violation(laid: Laid) -> Violation:
    """Find the least violation: needs, surplus and targets bend first, then promises, then all."""
    rows = list(enumerate(laid.rows))
    for falling, rising in _BENT:
        short = [at for at, row in rows if row.family.bends in falling and row.sense != "<="]
        over = [at for at, row in rows if row.family.bends in rising and row.sense != ">="]
        found = laid.bend(short=short, over=over).solve()
        if found is not None:
            return found
    raise SolverError(say("the solver found no way to meet even part of the needs"))
