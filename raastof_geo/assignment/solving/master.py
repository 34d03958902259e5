"""The part of a programme that is written out, stated in PuLP.

The only module that knows PuLP. Variables and constraints carry running
numbers there, because PuLP rewrites other names and may make two of them equal.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from scipy import sparse
from scipy.sparse.linalg import lsqr

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.rules.row import Row
from raastof_geo.assignment.statement.programme import SENSES, Programme
from raastof_geo.errors import SolverError
from raastof_geo.language import say

SOLVERS = ("HiGHS", "PULP_CBC_CMD")
"""In the order they are tried."""
PRICE_DIGITS = {"PULP_CBC_CMD": 1e-7}
"""Share of a shadow price that a solver's last digit may hide: CBC writes eight of them into a
file. Solvers that are not here pass numbers on as they are."""

_EXACT = 1e-7
"""Rows that are broken by less need no correction. [units of the solver]"""
_NEAR = 1e-6
"""A row this near to its limit, as a share of it, counts as at its limit."""

_PULP_SENSE = {-1: pulp.LpConstraintLE, 0: pulp.LpConstraintEQ, 1: pulp.LpConstraintGE}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver says about the columns that are written out."""

    values: Floats
    """On each column of the master, artificial ones left out."""
    artificial: float
    """Units that the solver counts in by which rows are broken."""
    shadow_prices: Floats
    """Change of the objective for one unit more on each row's limit."""
    complete: bool
    """Whether the solver finished, and was not stopped by time or by hand."""
    bound: float | None = None
    """For whole numbers: no choice among these columns is below this."""


class Master:
    """Some columns of a programme, with artificial ones that make it feasible at a price.

    Columns can be added; costs, limits and which columns are open can be set anew. HiGHS keeps
    its basis in between.
    """

    def __init__(self, programme: Programme, *, solver: str) -> None:
        self.programme = programme
        self.solver = solver
        self.columns: Columns = np.empty(0, dtype=np.int64)
        self.cost: Floats = np.empty(0)
        self.open: Mask = np.empty(0, dtype=bool)
        self.penalty: Floats = np.zeros(programme.row_count)
        self.sense = programme.sense.copy()
        self.limit = programme.limit.copy()
        self._engine: _Engine = _HighsEngine() if solver == "HiGHS" else _PulpEngine(solver)

    def add(self, columns: Columns, cost: Floats) -> None:
        """Write out more columns, with what a unit of each costs."""
        self._engine.add(self, columns, cost)
        self.columns = np.concatenate([self.columns, columns])
        self.cost = np.concatenate([self.cost, cost])
        self.open = np.concatenate([self.open, np.ones(len(columns), bool)])

    def price(self, cost: Floats, penalty: Floats) -> None:
        """Set what a unit of each written column, and of breaking each row, costs."""
        self.cost, self.penalty = cost, penalty
        self._engine.price(self)

    def hold(self, sense: Signs, opened: Mask) -> None:
        """Set the sense of rows, and which written columns may be used at all."""
        self.sense, self.open = sense, opened
        self._engine.hold(self)

    def basis(self) -> Any:
        """Give where the solver stands, to start from again; none where it cannot tell."""
        return self._engine.basis()

    def resume(self, basis: Any) -> None:
        """Start from where a solver stood with the same columns."""
        self._engine.resume(basis)

    def solve(self, *, time_limit_s: float | None = None) -> Answer:
        """Find the optimum over the written columns.

        Raises
        ------
        SolverError
            The solver gave up.
        """
        return self._engine.solve(self, time_limit_s)


class _Engine:
    """How a master is solved again and again."""

    def add(self, master: Master, columns: Columns, cost: Floats) -> None:
        """Be told of new columns."""

    def price(self, master: Master) -> None:
        """Be told of new costs."""

    def hold(self, master: Master) -> None:
        """Be told of new senses and open columns."""

    def basis(self) -> Any:
        """Give where the solver stands."""
        return None

    def resume(self, basis: Any) -> None:
        """Start from where a solver stood."""

    def solve(self, master: Master, time_limit_s: float | None) -> Answer:
        """Solve the linear programme."""
        raise NotImplementedError


class _PulpEngine(_Engine):
    """State the whole master in PuLP anew for each solve, for any of its solvers."""

    def __init__(self, solver: str) -> None:
        self.solver = solver

    def solve(self, master: Master, time_limit_s: float | None) -> Answer:
        """Solve the linear programme."""
        stated = state_programme(
            master.programme,
            master.columns[master.open],
            master.cost[master.open],
            sense=master.sense,
            penalty=master.penalty,
        )
        run = stated.run(make_solver(self.solver, time_limit_s=time_limit_s))
        values = np.zeros(len(master.columns))
        values[master.open] = run.values
        return Answer(values, run.artificial, run.shadow_prices, run.complete)


class _HighsEngine(_Engine):
    """Keep one model in HiGHS and change it in place, so that each solve starts from the last."""

    def __init__(self) -> None:
        import highspy

        self.highspy = highspy
        self.model: Any = None
        self.programme: Programme
        self.artificials = np.empty(0, dtype=np.int64)

    def _start(self, master: Master) -> None:
        solver = make_solver("HiGHS")
        carrier = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
        solver.createAndConfigureSolver(carrier)
        self.model = carrier.solverModel
        programme = self.programme = master.programme.scaled()
        self.weight, self.units = master.programme.weight, master.programme.units
        lower, upper = self._bounds(programme.sense, programme.limit)
        rows = programme.row_count
        none = np.empty(0, dtype=np.int32)
        self.model.addRows(rows, lower, upper, 0, np.zeros(rows, np.int32), none, np.empty(0))
        sign = artificial_signs(programme)
        self.artificials = np.flatnonzero(sign)
        count = len(self.artificials)
        self.model.addCols(
            count,
            np.zeros(count),
            np.zeros(count),
            np.full(count, self.highspy.kHighsInf),
            count,
            np.arange(count, dtype=np.int32),
            self.artificials.astype(np.int32),
            sign[self.artificials].astype(np.float64),
        )

    def _bounds(self, sense: Signs, limit: Floats) -> tuple[Floats, Floats]:
        infinite = self.highspy.kHighsInf
        return np.where(sense < 0, -infinite, limit), np.where(sense > 0, infinite, limit)

    def add(self, master: Master, columns: Columns, cost: Floats) -> None:
        """Write new columns into the model."""
        if self.model is None:
            self._start(master)
        part = self.programme.matrix[:, columns]
        count = len(columns)
        self.model.addCols(
            count,
            np.asarray(cost * self.weight[columns], dtype=np.float64),
            np.zeros(count),
            np.full(count, self.highspy.kHighsInf),
            len(part.data),
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            part.data,
        )

    def price(self, master: Master) -> None:
        """Set all costs."""
        own = master.cost * self.weight[master.columns]
        cost = np.concatenate([master.penalty[self.artificials], own])
        self.model.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def hold(self, master: Master) -> None:
        """Set bounds of rows and columns."""
        lower, upper = self._bounds(master.sense, self.programme.limit)
        rows = np.arange(len(lower), dtype=np.int32)
        self.model.changeRowsBounds(len(rows), rows, lower, upper)
        first = len(self.artificials)
        numbers = np.arange(first, first + len(master.columns), dtype=np.int32)
        most = np.where(master.open, self.highspy.kHighsInf, 0.0)
        self.model.changeColsBounds(len(numbers), numbers, np.zeros(len(numbers)), most)

    def basis(self) -> Any:
        """Give the basis of the last time."""
        return self.model.getBasis()

    def resume(self, basis: Any) -> None:
        """Start from a basis of the same columns."""
        if basis is not None:
            self.model.setBasis(basis)

    def solve(self, master: Master, time_limit_s: float | None) -> Answer:
        """Solve the linear programme, from the basis of the last time."""
        limit = self.highspy.kHighsInf
        if time_limit_s is not None:
            limit = self.model.getRunTime() + time_limit_s
        self.model.setOptionValue("time_limit", limit)
        self.model.run()
        status = self.model.getModelStatus()
        known = self.highspy.HighsModelStatus
        if status == known.kModelEmpty:
            nothing = np.zeros(len(master.columns))
            return Answer(nothing, 0.0, np.zeros(master.programme.row_count), True)
        if status not in (known.kOptimal, known.kTimeLimit, known.kInterrupt):
            status = self._try_again()
        if status not in (known.kOptimal, known.kTimeLimit, known.kInterrupt):
            raise SolverError(
                say("the solver stopped without an answer: {status}", status=status.name)
            )
        solution = self.model.getSolution()
        values = np.array(solution.col_value)
        first = len(self.artificials)
        return Answer(
            values=np.maximum(values[first:], 0.0) / self.units[master.columns],
            artificial=float(np.abs(values[:first]).sum()),
            shadow_prices=np.array(solution.row_dual),
            complete=status == known.kOptimal,
        )

    def _try_again(self) -> Any:
        """Solve from nothing without presolve, and leave the options as they were."""
        _, before = self.model.getOptionValue("presolve")
        self.model.clearSolver()
        self.model.setOptionValue("presolve", "off")
        self.model.run()
        status = self.model.getModelStatus()
        self.model.setOptionValue("presolve", before)
        return status


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
    """Columns of a programme in PuLP: variables `x0`, `x1` …, constraints `row_0`, `row_1` …."""

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

    def run(self, solver: pulp.LpSolver) -> Run:
        """Solve, and read values and shadow prices.

        Raises
        ------
        SolverError
            The solver failed, or stopped without an answer.
        """
        if not self.variables and not self.artificials:
            return Run(np.empty(0), 0.0, np.zeros(self.row_count), True, True, 0.0)
        try:
            status = self.problem.solve(solver)
        except pulp.PulpSolverError as error:
            raise SolverError(say("the solver failed: {reason}", reason=str(error))) from error
        stopped = self.problem.sol_status == pulp.LpSolutionIntegerFeasible
        feasible = status == pulp.LpStatusOptimal and _has_values(self.variables)
        if status in (pulp.LpStatusUnbounded,):
            raise SolverError(
                say("the solver stopped without an answer: {status}", status=pulp.LpStatus[status])
            )
        prices = np.zeros(self.row_count)
        for number, constraint in self.constraints.items():
            prices[number] = constraint.pi or 0.0
        values = np.array([max(0.0, one.varValue or 0.0) for one in self.variables])
        artificial = float(sum(abs(one.varValue or 0.0) for one in self.artificials))
        if feasible and solver.name in PRICE_DIGITS and not artificial and not self.problem.isMIP():
            values = refine(self.part, self.senses, self.limit, values)
        return Run(
            values=values / self.units,
            artificial=artificial,
            shadow_prices=prices,
            complete=feasible and not stopped,
            feasible=feasible,
            bound=self._bound(),
        )

    def _bound(self) -> float | None:
        """Give HiGHS's bound; another solver's answer is its own bound."""
        model = getattr(self.problem, "solverModel", None)
        if model is not None:
            return float(model.getInfo().mip_dual_bound) / self.scale
        if self.problem.sol_status == pulp.LpSolutionOptimal:
            return float(pulp.value(self.problem.objective) or 0.0) / self.scale
        return None


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
) -> Stated:
    """State some columns of a programme in PuLP.

    Parameters
    ----------
    sense
        Of the rows, where it differs from the programme's.
    penalty
        What breaking each row costs; none: no row may be broken.
    whole
        Hold columns that are 0 or 1 to whole numbers.
    """
    problem = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
    counted = programme.scaled()
    variables = [
        problem.add_variable(
            f"x{column}",
            lowBound=0,
            cat=pulp.LpInteger if whole and programme.whole[column] else pulp.LpContinuous,
        )
        for column in columns.tolist()
    ]
    terms: list[dict[pulp.LpVariable, float]] = [{} for _ in range(programme.row_count)]
    part = counted.matrix[:, columns]
    ends = part.indptr.tolist()
    indices, data = part.indices.tolist(), part.data.tolist()
    for number, variable in enumerate(variables):
        for at in range(ends[number], ends[number + 1]):
            terms[indices[at]][variable] = data[at]
    weighed = np.asarray(cost * programme.weight[columns], np.float64)
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
    constraints = {}
    for row, expression in enumerate(terms):
        if expression:
            named = pulp.LpConstraint(
                pulp.LpAffineExpression(expression),
                _PULP_SENSE[int(senses[row])],
                rhs=float(counted.limit[row]),
            )
            problem.addConstraint(named, f"row_{row}")
            constraints[row] = named
    return Stated(
        problem,
        variables,
        artificials,
        constraints,
        programme.row_count,
        programme.units[columns],
        programme.scale,
        part,
        senses,
        counted.limit,
    )


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


def pick_solver(name: str | None) -> str:
    """Take the solver that was asked for, else HiGHS, else CBC.

    Raises
    ------
    SolverError
        None of them is installed.
    """
    for candidate in (name,) if name else SOLVERS:
        if make_solver(candidate).available():
            return candidate
    raise SolverError(say("no solver is installed: `pip install highspy` brings HiGHS"))


def make_solver(
    name: str,
    *,
    time_limit_s: float | None = None,
    gap: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> pulp.LpSolver:
    """Make a silent solver that works the same way every time.

    Parameters
    ----------
    gap
        For whole numbers: stop when the answer is within this share of the bound.
    stop
        Asked again and again whether to stop with what there is; HiGHS only.
    """
    options: dict[str, Any] = {"msg": False, "timeLimit": time_limit_s, "gapRel": gap}
    if name == "HiGHS":
        options |= {"threads": 1, "output_flag": False, "random_seed": 0}
        if stop is not None:
            options |= _listen(stop)
    if name == "PULP_CBC_CMD":
        # CBC's integer preprocessing cuts off optima: a random world gave 1500 t for 1447.5 t.
        options["options"] = ["preprocess off"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pulp.getSolver(name, **options)


def _listen(stop: Callable[[], bool]) -> dict[str, Any]:
    """Let HiGHS ask whether to stop."""
    import highspy

    kind = highspy.cb.HighsCallbackType.kCallbackMipInterrupt

    def answer(_kind: Any, _message: str, _out: Any, into: Any, _data: Any) -> None:
        if into is not None and stop():
            into.user_interrupt = True

    return {"callbackTuple": (answer, None), "callbacksToActivate": [kind]}
