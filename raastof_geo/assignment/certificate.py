"""Prove the optimum again, without PuLP and without trusting the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raastof_geo.assignment.problem import Floats
from raastof_geo.assignment.rules import Row
from raastof_geo.assignment.solve import reduced_costs


@dataclass(frozen=True)
class Certificate:
    """What proves that no plan is better."""

    objective: float
    """What the plan adds up to."""
    lower_bound: float
    """No plan that keeps the rules adds up to less than this."""
    largest_violation: float
    """The farthest that any rule is broken. [t]"""
    smallest_reduced_cost: float
    """The most that a tonne on any column would save; below 0 it is not yet the best plan."""

    @property
    def gap(self) -> float:
        """The objective above its lower bound, as a share of the objective."""
        return (self.objective - self.lower_bound) / max(abs(self.objective), 1e-9)

    @property
    def holds(self) -> bool:
        """Whether the plan keeps every rule and is the best within one in a million."""
        return self.largest_violation <= 1e-3 and self.gap <= 1e-6


def certify(
    cost: Floats, rows: Sequence[Row], tonnes: Floats, shadow_prices: Floats
) -> Certificate:
    r"""Bound the objective from below by weak duality.

    With shadow prices :math:`y` of the right sign, reduced costs
    :math:`r = c - A^T y` and columns between 0 and :math:`u`, every plan has
    :math:`c^T x \ge y^T b + \sum_j u_j \min(0, r_j)`.
    """
    prices = _of_right_sign(rows, shadow_prices)
    reduced = reduced_costs(cost, rows, prices)
    limits = np.array([row.limit for row in rows])
    slack = np.minimum(reduced, 0.0)
    most = np.where(slack < 0, _most_on_columns(rows, len(cost)), 0.0)
    return Certificate(
        objective=float(cost @ tonnes),
        lower_bound=float(prices @ limits + slack @ most),
        largest_violation=largest_violation(rows, tonnes),
        smallest_reduced_cost=float(reduced.min(initial=0.0)),
    )


def largest_violation(rows: Sequence[Row], tonnes: Floats) -> float:
    """Find the farthest that a row or a sign is broken. [t]"""
    worst = float(-tonnes.min(initial=0.0))
    for row in rows:
        over = float(row.coefficients @ tonnes[row.columns]) - row.limit
        worst = max(worst, {"<=": over, ">=": -over, "=": abs(over)}[row.sense])
    return worst


def _of_right_sign(rows: Sequence[Row], shadow_prices: Floats) -> Floats:
    """Drop prices of the wrong sign: above zero for `<=`, below zero for `>=`."""
    senses = np.array([row.sense for row in rows])
    prices = np.where((senses == "<=") & (shadow_prices > 0), 0.0, shadow_prices)
    return np.asarray(np.where((senses == ">=") & (prices < 0), 0.0, prices))


def _most_on_columns(rows: Sequence[Row], count: int) -> Floats:
    """Find the tonnes that a column can never exceed."""
    most = np.full(count, np.inf)
    for row in rows:
        if row.sense != ">=" and len(row.columns) and row.coefficients.min() >= 0:
            positive = row.coefficients > 0
            bound = row.limit / row.coefficients[positive]
            np.minimum.at(most, row.columns[positive], bound)
    return most
