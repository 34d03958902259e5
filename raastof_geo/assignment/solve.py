"""Let PuLP solve a list of objectives, one after the other.

The only module that knows PuLP. Variables and constraints carry running
numbers there, because PuLP rewrites other names and may make two of them equal.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pulp
from numpy.typing import NDArray

from raastof_geo.assignment.problem import Floats
from raastof_geo.assignment.rules import Row
from raastof_geo.errors import SolverError
from raastof_geo.language import say

SOLVERS = ("HiGHS", "PULP_CBC_CMD")
"""In the order they are tried."""

_FREE = 1e-7
"""A reduced cost or shadow price below this share of the largest cost counts as zero."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The optimum of one objective."""

    tonnes: Floats
    """On each column."""
    shadow_prices: Floats
    """Change of the objective for one unit more on each row's limit."""
    solver: str


def solve(
    costs: Sequence[Floats], rows: Sequence[Row], *, solver: str | None = None
) -> list[Solution] | None:
    r"""Minimise several objectives, each among the optima of those before it.

    After each step only optima remain: columns whose reduced cost is above
    zero stay at zero, and rows with a shadow price stay at their limit
    (complementary slackness), so that later steps cost the earlier ones
    nothing. This replaces a row that holds the earlier objective within a
    tolerance, which lets later steps buy crumbs of flow with it.

    Parameters
    ----------
    costs
        What a tonne on each column adds to each objective, the most important first.
    solver
        A name out of `SOLVERS`; none: the first that is there.

    Returns
    -------
    solutions
        One for each objective; none where no plan meets the rows.

    Raises
    ------
    SolverError
        No solver is installed, or it gave up.
    """
    if any(_hopeless(row) for row in rows):
        return None
    chosen = _pick_solver(solver)
    open_columns = np.full(len(costs[0]), True)
    kept = list(rows)
    solutions: list[Solution] = []
    for cost in costs:
        solution = _solve_one(cost, kept, open_columns, chosen)
        if solution is None:
            return None
        solutions.append(solution)
        free = _FREE * max(1.0, float(np.abs(cost).max(initial=0.0)))
        open_columns &= reduced_costs(cost, kept, solution.shadow_prices) <= free
        kept = [
            replace(row, sense="=") if abs(price) > free else row
            for row, price in zip(kept, solution.shadow_prices, strict=True)
        ]
    return solutions


def reduced_costs(cost: Floats, rows: Sequence[Row], shadow_prices: Floats) -> Floats:
    """Give what one tonne more on each column would cost beyond what it is worth."""
    reduced = cost.copy()
    for row, price in zip(rows, shadow_prices, strict=True):
        np.subtract.at(reduced, row.columns, price * row.coefficients)
    return reduced


def state_problem(
    cost: Floats, rows: Sequence[Row], open_columns: NDArray[np.bool_] | None = None
) -> tuple[pulp.LpProblem, dict[int, pulp.LpVariable], dict[int, pulp.LpConstraint]]:
    """State the programme in PuLP: columns are `x0`, `x1` …, rows `rule_0`, `rule_1` …."""
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    is_open = np.full(len(cost), True) if open_columns is None else open_columns
    variables = {
        column: problem.add_variable(f"x{column}", lowBound=0)
        for column in np.flatnonzero(is_open).tolist()
    }
    problem.setObjective(
        pulp.LpAffineExpression({variables[at]: float(cost[at]) for at in variables})
    )
    senses = {"<=": pulp.LpConstraintLE, "=": pulp.LpConstraintEQ, ">=": pulp.LpConstraintGE}
    constraints: dict[int, pulp.LpConstraint] = {}
    for number, row in enumerate(rows):
        terms = {
            variables[column]: coefficient
            for column, coefficient in zip(
                row.columns.tolist(), row.coefficients.tolist(), strict=True
            )
            if column in variables
        }
        if terms:
            named = pulp.LpConstraint(
                pulp.LpAffineExpression(terms), senses[row.sense], rhs=row.limit
            )
            problem.addConstraint(named, f"{row.rule}_{number}")
            constraints[number] = named
    return problem, variables, constraints


def _hopeless(row: Row) -> bool:
    """Tell whether a row without columns asks for something."""
    if len(row.columns):
        return False
    return (row.sense == "=" and row.limit != 0) or (row.sense == ">=" and row.limit > 0)


def _solve_one(
    cost: Floats, rows: Sequence[Row], open_columns: NDArray[np.bool_], solver: pulp.LpSolver
) -> Solution | None:
    problem, variables, constraints = state_problem(cost, rows, open_columns)
    tonnes, prices = np.zeros(len(cost)), np.zeros(len(rows))
    if not variables:
        return Solution(tonnes, prices, solver.name)
    try:
        status = problem.solve(solver)
    except pulp.PulpSolverError as error:
        raise SolverError(say("the solver failed: {reason}", reason=str(error))) from error
    if status in (pulp.LpStatusInfeasible, pulp.LpStatusUndefined):
        return None
    if status != pulp.LpStatusOptimal:
        raise SolverError(
            say("the solver stopped without an answer: {status}", status=pulp.LpStatus[status])
        )
    for column, variable in variables.items():
        tonnes[column] = max(0.0, variable.varValue or 0.0)
    for number, constraint in constraints.items():
        prices[number] = constraint.pi or 0.0
    return Solution(tonnes, prices, solver.name)


def _pick_solver(name: str | None) -> pulp.LpSolver:
    """Take HiGHS, or CBC where it is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for candidate in (name,) if name else SOLVERS:
            options = {"threads": 1, "output_flag": False} if candidate == "HiGHS" else {}
            solver = pulp.getSolver(candidate, msg=False, **options)
            if solver.available():
                return solver
    raise SolverError(say("no solver is installed: `pip install highspy` brings HiGHS"))
