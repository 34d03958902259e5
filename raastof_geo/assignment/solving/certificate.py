"""Prove the optimum again, without PuLP and without trusting the solver."""

from dataclasses import dataclass
import numpy as np
from raastof_geo.arrays import Floats, dot
from raastof_geo.assignment.statement.row import Programme, break_rows

LARGEST_VIOLATION = 1e-3
"""A rule that is broken by less than this counts as kept, in a world of tonnes. [t]"""
LARGE = 1e6
"""Limits above this count in as many parts: what 60 million kr. may not exceed is kept to 6 øre."""
_ROUNDS = 6
"""Of moving prices by a hair: two or three close the gap, or last digits are all of it."""
LARGEST_GAP = 1e-6
"""A plan within this share of its bound counts as the best."""


@dataclass(frozen=True)
class Certificate:
    """What proves that no plan is better, or how much better one might be."""

    objective: float
    """What the plan adds up to."""
    lower_bound: float
    """No plan that keeps the rules adds up to less than this."""
    largest_violation: float
    """The farthest that any rule is broken. [t]"""
    smallest_reduced_cost: float
    """The most that a tonne on any column, written out or not, would save; below 0 it is not yet
    the best plan. With either-or decisions: given those of the plan."""
    linear_bound: float
    """The lower bound that shadow prices alone prove; with either-or decisions the solver's own
    bound may be higher, and cannot be recomputed without it."""
    priced_columns: int
    """Columns that the proof covers."""
    written_columns: int
    """Columns that were written out; the others were priced, and would not improve the plan."""
    tolerance_t: float = LARGEST_VIOLATION
    """A rule that is broken by no more than this counts as kept. [t]"""

    @property
    def gap(self) -> float:
        """The objective above its lower bound, as a share of it, or of one unit if that is more."""
        return (self.objective - self.lower_bound) / max(abs(self.objective), 1.0)

    @property
    def feasible(self) -> bool:
        """Whether the plan keeps every rule."""
        return self.largest_violation <= self.tolerance_t

    @property
    def holds(self) -> bool:
        """Whether the plan keeps every rule and is the best within one in a million."""
        return self.feasible and self.gap <= LARGEST_GAP


def certify(
    programme: Programme, cost: Floats, values: Floats, shadow_prices: Floats, *, written: int
) -> Certificate:
    """Check a plan against every row, and bound its objective from below, whatever the prices."""
    bound, smallest = bound_below(programme, cost, shadow_prices)
    return Certificate(
        objective=dot(cost, values),
        lower_bound=bound,
        largest_violation=largest_violation(programme, values),
        smallest_reduced_cost=smallest,
        linear_bound=bound,
        priced_columns=programme.column_count,
        written_columns=written,
        tolerance_t=LARGEST_VIOLATION / programme.scale,
    )


def bound_below(programme: Programme, cost: Floats, shadow_prices: Floats) -> tuple[float, float]:
    r"""Bound the objective of every plan from below by weak duality; and the least reduced cost.

    With shadow prices :math:`y` of the right sign, reduced costs :math:`r = c - A^T y` and columns
    between 0 and :math:`u`, every plan has :math:`c^T x \ge y^T b + \sum_j u_j \min(0, r_j)`.
    Empty trips may be as many as one likes, so that the last digit of a price costs tonnes there:
    prices are moved by such hairs, and where that presses on the next trip of a chain, once more.
    """
    # Prices of the wrong sign prove nothing: above zero for `<=`, below zero for `>=`.
    prices = np.where(programme.sense * shadow_prices < 0, 0.0, shadow_prices)
    reduced = programme.reduced_costs(cost, prices)
    bound = _bound(programme, prices, reduced)
    smallest = float(reduced.min(initial=0.0))
    if float(prices @ programme.limit) - bound <= 1e-9 * max(1.0, abs(bound)):
        return bound, smallest
    # All prices shrunk by a hair: c - (1 - e)(c - r) = e c + (1 - e) r >= 0.
    below = (reduced < 0) & (cost > 0)
    hair = float((-reduced[below] / (cost[below] - reduced[below])).max(initial=0.0))
    other, left = prices * (1.0 - hair), reduced
    bound = max(bound, _bound(programme, other, programme.reduced_costs(cost, other)))
    other = prices
    for _ in range(_ROUNDS):
        # The price of one row lowered, of each column whose reduced cost is a hair below zero.
        cheap = np.flatnonzero(left < 0)
        part = programme.matrix[:, cheap].tocoo()
        usable = (part.data > 0) & (programme.sense[part.row] <= 0)
        rows, values, owner = part.row[usable], part.data[usable], part.col[usable]
        _, first = np.unique(owner, return_index=True)
        step = np.zeros(len(prices))
        np.maximum.at(step, rows[first], -left[cheap[owner[first]]] / values[first])
        other = other - step
        left = programme.reduced_costs(cost, other)
        bound = max(bound, _bound(programme, other, left))
    return bound, smallest


def _bound(programme: Programme, prices: Floats, reduced: Floats) -> float:
    below = np.flatnonzero(reduced < 0)
    return float(prices @ programme.limit + reduced[below] @ programme.most(below))


def largest_violation(programme: Programme, values: Floats) -> float:
    """Find the farthest that a row, a sign or a decision is broken. [t]

    In units of the row, of which a limit above `LARGE` has no more than that.
    """
    columns = np.flatnonzero(values)
    over = programme.used(columns, values[columns]) - programme.limit
    broken = break_rows(programme.sense, over) / np.maximum(1.0, np.abs(programme.limit) / LARGE)
    decided, below = values[programme.whole], -values.min(initial=0.0)
    parted = np.abs(decided - np.round(decided)).max(initial=0.0)
    return float(max(below, broken.max(initial=0.0), parted))
