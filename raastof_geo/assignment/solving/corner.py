"""The corner at which a plan stands: what one unit more is worth there by any measure, how far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.solving.price_in import FREE, How, Start, solve_in_order
from raastof_geo.assignment.solving.stated import BASIC, break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import Programme
from raastof_geo.errors import NoPlanError
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.language import say

_STILL = 1e-9
"""What moves by less than this for a unit of a change stays where it is."""


@dataclass(frozen=True, eq=False)
class Corner:
    """A basis that is best by several objectives, one after the other."""

    programme: Programme
    start: Start
    """To begin a like search from."""
    used: Floats
    """The value of every column."""
    columns: Columns
    """Those of the basis; the slacks of `rows` are its rest."""
    rows: Columns
    sign: Floats
    """-1 where what stands in the basis is below zero, else 1. [basis]"""
    stiff: Mask
    """What of the basis has to stay as it is. [basis]"""
    factor: Any
    """The basis, taken apart by SciPy."""
    best: bool = False
    """Whether it is seen to be best over all columns; else its prices are some of several."""

    def price(self, cost: Floats) -> Floats:
        """Give what one unit more on each row adds to a measure, while the basis stays. [rows]"""
        at_stake = np.concatenate([cost[self.columns], np.zeros(len(self.rows))])
        return np.asarray(self.factor.solve(at_stake, "T"))

    def reach(self, change: Floats) -> float:
        """Give how many times limits may change so [rows] before another corner is better."""
        if not self.best:
            return 0.0
        room = np.maximum(self.factor.solve(self.programme.limit) * self.sign, 0.0)
        moved = self.factor.solve(change) * self.sign
        if (self.stiff & (np.abs(moved) > _STILL)).any():
            return 0.0
        falls = moved < -_STILL
        return float((room[falls] / -moved[falls]).min(initial=np.inf))


def list_deciding(problem: Problem) -> list[Floats]:
    """List the costs that decide what a plan emits and costs, one after the other. [columns]

    What goals lack, the objectives up to the last that decides either or that may be worsened, and
    if these leave either open, what decides among equally good plans.
    """
    costs, open_ = list[Floats](), {CO2E.name, COST.name}
    if problem.sizes[ColumnKind.SHORTFALLS]:
        costs.append(problem.measure(SHORT_OF_GOAL))
    for step, cost in zip(problem.scenario.said.objectives, problem.objectives(), strict=True):
        costs.append(cost)
        open_ -= set(step.minimise) if len(step.minimise) == 1 else set()
        if not open_ or step.tolerance:
            return costs
    return [*costs, break_ties(problem)]


def find_corner(programme: Programme, costs: Sequence[Floats], how: How) -> Corner:
    """Find the corner at which costs are least, one after the other, or a `NoPlanError`."""
    steps = solve_in_order(programme, costs, how)
    found = steps[-1].optimum
    if len(steps) < len(costs) or not found.solved or found.basis is None:
        raise NoPlanError(say("no plan meets the rules"))
    columns = found.columns[found.basis.columns == BASIC]
    rows = np.flatnonzero(found.basis.rows == BASIC)
    entries = np.ones(len(rows)), (rows, np.arange(len(rows)))
    slack = sparse.csc_array(entries, shape=(programme.row_count, len(rows)))
    basis = sparse.hstack([programme.matrix[:, columns], slack], format="csc")
    closed = np.zeros(programme.column_count, bool) if how.closed is None else how.closed
    sense, start = programme.sense[rows], Start(found.columns, found.basis)
    sign = np.concatenate([np.ones(len(columns)), np.where(sense > 0, -1.0, 1.0)])
    stiff, used = np.concatenate([closed[columns], sense == 0]), found.spread(len(closed))
    corner = Corner(programme, start, used, columns, rows, sign, stiff, splu(basis))
    return replace(corner, best=_is_best(corner, costs, ~closed))


def _is_best(corner: Corner, costs: Sequence[Floats], alike: Mask) -> bool:
    """Tell whether the first cost that a column, or room on a row, would change rises by it."""
    programme, slack = corner.programme, corner.programme.sense != 0
    for cost in costs:
        price, least = corner.price(cost), FREE * max(1e-3, float(np.abs(cost).max(initial=0.0)))
        reduced, worth = programme.reduced_costs(cost, price), price * programme.sense
        if (reduced[alike] < -least).any() or (worth[slack] < -least).any():
            return False
        alike, slack = alike & (reduced <= least), slack & (worth <= least)
    return True
