"""The part of a programme that is written out, stated in PuLP.

PuLP rewrites letters that it does not know, which may make two names equal, so
that every name begins with a running number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pulp
from scipy import sparse
from scipy.sparse.linalg import lsqr

from raastof_geo.arrays import Columns, Floats, Signs
from raastof_geo.assignment.rules.row import Row
from raastof_geo.assignment.solving.basis import Basis
from raastof_geo.assignment.solving.labels import Labels
from raastof_geo.assignment.solving.solver import PRICE_DIGITS, BegunHighs
from raastof_geo.assignment.statement.programme import SENSES, Programme
from raastof_geo.errors import SolverError
from raastof_geo.language import say

_EXACT = 1e-7
"""Rows that are broken by less need no correction. [units of the solver]"""
_NEAR = 1e-6
"""A row this near to its limit, as a share of it, counts as at its limit."""

_PULP_SENSE = {-1: pulp.LpConstraintLE, 0: pulp.LpConstraintEQ, 1: pulp.LpConstraintGE}


def artificial_signs(programme: Programme) -> Signs:
    """Give the sign with which an artificial column makes each row hold when nothing moves.

    Zero where the row holds anyway.
    """
    needs_more = (programme.limit > 0) & (programme.sense >= 0)
    needs_less = (programme.limit < 0) & (programme.sense <= 0)
    return np.asarray(needs_more.astype(np.int8) - needs_less.astype(np.int8))


@dataclass(frozen=True, eq=False)
class Run:
    """What PuLP's solver answered."""

    values: Floats
    artificial: float
    shadow_prices: Floats
    complete: bool
    feasible: bool
    bound: float | None


@dataclass(frozen=True, eq=False)
class Stated:
    """Columns of a programme in PuLP: a variable for each, a constraint for each row of them."""

    problem: pulp.LpProblem
    variables: list[pulp.LpVariable]
    artificials: list[pulp.LpVariable]
    constraints: dict[int, pulp.LpConstraint]
    row_count: int
    units: Floats
    """Units that the solver counts each variable in, for each of ours."""
    scale: float
    """The same for the objective."""
    part: sparse.csc_array
    """Coefficients in the solver's units. [rows × variables]"""
    senses: Signs
    limit: Floats
    """In the solver's units."""

    def run(self, solver: pulp.LpSolver, *, basis: Basis | None = None) -> Run:
        """Solve, and read values and shadow prices.

        Parameters
        ----------
        basis
            Where to begin, of the variables in their order and of all rows of the programme.

        Raises
        ------
        SolverError
            The solver failed, or stopped without an answer.
        """
        if not self.variables and not self.artificials:
            return Run(np.empty(0), 0.0, np.zeros(self.row_count), True, True, 0.0)
        if basis is not None and isinstance(solver, BegunHighs):
            solver.names = [one.name for one in self.variables]
            solver.basis = Basis(basis.columns, basis.rows[list(self.constraints)])
        status = self._call(solver)
        feasible = status == pulp.LpStatusOptimal and _has_values(self.variables)
        artificial = float(sum(abs(value) for value in read_variables(self.artificials)))
        values = np.maximum(0.0, read_variables(self.variables))
        if feasible and solver.name in PRICE_DIGITS and not artificial and not self.problem.isMIP():
            values = refine(self.part, self.senses, self.limit, values)
        return Run(
            values=values / self.units,
            artificial=artificial,
            shadow_prices=self._read_prices(),
            complete=feasible and self.problem.sol_status != pulp.LpSolutionIntegerFeasible,
            feasible=feasible,
            bound=self._bound(),
        )

    def _read_prices(self) -> Floats:
        """Give PuLP's price of every row; none where a row is not stated, or has no price."""
        prices = np.zeros(self.row_count)
        for number, constraint in self.constraints.items():
            prices[number] = 0.0 if constraint.pi is None else constraint.pi
        return prices

    def _call(self, solver: pulp.LpSolver) -> int:
        """Have PuLP solve it, and give PuLP's status."""
        try:
            status = int(self.problem.solve(solver))
        except pulp.PulpSolverError as error:
            raise SolverError(say("the solver failed: {reason}", reason=str(error))) from error
        if status == pulp.LpStatusUnbounded:
            raise SolverError(
                say("the solver stopped without an answer: {status}", status=pulp.LpStatus[status])
            )
        return status

    def _bound(self) -> float | None:
        """Give HiGHS's bound; another solver's answer is its own bound."""
        model = getattr(self.problem, "solverModel", None)
        if model is not None:
            return float(model.getInfo().mip_dual_bound) / self.scale
        if self.problem.sol_status == pulp.LpSolutionOptimal:
            return float(pulp.value(self.problem.objective) or 0.0) / self.scale
        return None


def read_variables(variables: Sequence[pulp.LpVariable]) -> Floats:
    """Give PuLP's value of each variable, zero where it has none."""
    return np.array([one.varValue or 0.0 for one in variables], dtype=np.float64)


def _has_values(variables: Sequence[pulp.LpVariable]) -> bool:
    return all(variable.varValue is not None for variable in variables)


def state_programme(
    programme: Programme,
    columns: Columns,
    cost: Floats,
    *,
    sense: Signs | None = None,
    penalty: Floats | None = None,
    whole: bool = False,
    labels: Labels | None = None,
    own_units: bool = False,
) -> Stated:
    """State some columns of a programme in PuLP, in the units that solvers count in.

    Parameters
    ----------
    columns, cost
        Numbers of columns, and what a unit of each of them costs.
    sense
        Of the rows, where it differs from the programme's.
    penalty
        What breaking each row costs; none: no row may be broken.
    whole
        Hold columns that are 0 or 1 to whole numbers.
    labels
        Whose names variables and constraints bear; none: running numbers alone.
    own_units
        Count in our units instead, for somebody to read.

    Returns
    -------
    stated
        With a variable for each of the columns, in their order, and a constraint for each row
        that speaks of one of them.
    """
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    counted = programme if own_units else programme.scaled()
    weight = np.ones(len(columns)) if own_units else programme.weight[columns]
    integer = programme.whole[columns] & whole
    names = name_columns(labels, columns)
    variables = [
        problem.add_variable(name, lowBound=0, cat=pulp.LpInteger if one else pulp.LpContinuous)
        for name, one in zip(names, integer.tolist(), strict=True)
    ]
    part = counted.matrix[:, columns]
    terms = gather_terms(part, variables)
    weighed = np.asarray(cost * weight, np.float64)
    objective = dict(zip(variables, weighed.tolist(), strict=True))
    artificials = []
    if penalty is not None:
        signs = artificial_signs(programme)
        for row in np.flatnonzero(signs).tolist():
            slack = problem.add_variable(f"a{row}", lowBound=0)
            terms[row][slack] = float(signs[row])
            objective[slack] = float(penalty[row])
            artificials.append(slack)
    problem.setObjective(pulp.LpAffineExpression(objective))
    senses = programme.sense if sense is None else sense
    return Stated(
        problem,
        variables,
        artificials,
        add_rows(problem, terms, senses, counted.limit, labels),
        programme.row_count,
        programme.units[columns],
        programme.scale,
        part,
        senses,
        counted.limit,
    )


def name_columns(labels: Labels | None, columns: Columns) -> list[str]:
    """Name columns by their labels, or by their numbers alone."""
    if labels is None:
        return [f"x{column}" for column in columns.tolist()]
    return labels.name_columns(columns)


def gather_terms(
    part: sparse.csc_array, variables: Sequence[pulp.LpVariable]
) -> list[dict[pulp.LpVariable, float]]:
    """Give what each row adds up, from a matrix with a column for each variable."""
    terms: list[dict[pulp.LpVariable, float]] = [{} for _ in range(part.shape[0])]
    ends = part.indptr.tolist()
    indices, data = part.indices.tolist(), part.data.tolist()
    for number, variable in enumerate(variables):
        for at in range(ends[number], ends[number + 1]):
            terms[indices[at]][variable] = data[at]
    return terms


def add_rows(
    problem: pulp.LpProblem,
    terms: Sequence[dict[pulp.LpVariable, float]],
    senses: Signs,
    limit: Floats,
    labels: Labels | None,
) -> dict[int, pulp.LpConstraint]:
    """State every row that adds something up; give each constraint by the number of its row."""
    constraints = {}
    for row, expression in enumerate(terms):
        if not expression:
            continue
        named = pulp.LpConstraint(
            pulp.LpAffineExpression(expression),
            _PULP_SENSE[int(senses[row])],
            rhs=float(limit[row]),
        )
        problem.addConstraint(named, f"row_{row}" if labels is None else labels.name_row(row))
        constraints[row] = named
    return constraints


def refine(part: sparse.csc_array, senses: Signs, limit: Floats, values: Floats) -> Floats:
    r"""Take back what the digits of a solver's answer broke.

    CBC writes eight digits, so of four million tonnes it loses a hundred kilograms, and rows that
    hold tonnes against each other are broken by as much. Of all corrections of what is used, the
    least (by least squares) that makes the rows at their limits hold again is added.

    Parameters
    ----------
    part
        Coefficients. [rows × columns]
    senses
        -1 for at most, 0 for equal, 1 for at least.
    limit, values
        In one unit.

    Returns
    -------
    better
        Values of which no row is broken by more than before; the same ones where nothing helps.
    """
    over = part @ values - limit
    wrong = _broken_by(senses, over)
    if float(wrong.max(initial=0.0)) <= _EXACT:
        return values
    near = np.abs(over) <= _NEAR * np.maximum(1.0, np.abs(limit))
    rows = np.flatnonzero((senses == 0) | near | (wrong > 0))
    used = np.flatnonzero(values)
    step = lsqr(part[rows][:, used], -over[rows], atol=1e-15, btol=1e-15)[0]
    better = values.copy()
    better[used] = np.maximum(0.0, values[used] + step)
    left = _broken_by(senses, part @ better - limit)
    return better if left.max(initial=0.0) < wrong.max(initial=0.0) else values


def _broken_by(senses: Signs, over: Floats) -> Floats:
    """Give by how much each row is broken, from what it is above its limit."""
    return np.where(senses < 0, over, np.where(senses > 0, -over, np.abs(over)))


def state_rows(rows: Sequence[Row], cost: Floats) -> pulp.LpProblem:
    """State rows in PuLP with their rules' names, to be written to a file and read."""
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    variables = {
        column: problem.add_variable(f"x{column}", lowBound=0) for column in range(len(cost))
    }
    problem.setObjective(
        pulp.LpAffineExpression({variables[at]: float(cost[at]) for at in variables})
    )
    for number, row in enumerate(rows):
        terms = {
            variables[column]: coefficient
            for column, coefficient in zip(
                row.columns.tolist(), row.coefficients.tolist(), strict=True
            )
        }
        named = pulp.LpConstraint(
            pulp.LpAffineExpression(terms),
            _PULP_SENSE[SENSES.index(row.sense) - 1],
            rhs=row.limit,
        )
        problem.addConstraint(named, f"{row.rule}_{number}")
    return problem
