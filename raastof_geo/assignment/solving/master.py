"""Columns of a programme that are solved again and again while others are priced in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pulp

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.solving.basis import Basis, read_basis, write_basis
from raastof_geo.assignment.solving.labels import Labels
from raastof_geo.assignment.solving.solver import make_solver
from raastof_geo.assignment.solving.stated import Run, artificial_signs, state_programme
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.errors import SolverError
from raastof_geo.language import say


@dataclass(frozen=True, eq=False)
class MasterAnswer:
    """What a solver says about the columns that are written out."""

    values: Floats
    """On each column of the master, artificial ones left out."""
    artificial: float
    """Units that the solver counts in by which rows are broken."""
    shadow_prices: Floats
    """Change of the objective for one unit more on each row's limit."""
    complete: bool
    """Whether the solver finished, and was not stopped by time or by hand."""


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

    def basis(self) -> Basis | None:
        """Give where the solver stands, to start from again; none where it cannot tell."""
        return self._engine.basis()

    def resume(self, basis: Basis) -> None:
        """Start from where a solver stood with the same columns."""
        self._engine.resume(basis)

    def solve(self, *, time_limit_s: float | None = None) -> MasterAnswer:
        """Find the optimum over the written columns.

        Raises
        ------
        SolverError
            The solver gave up.
        """
        return self._engine.solve(self, time_limit_s)

    def state(self, labels: Labels, *, time_limit_s: float | None = None) -> Run:
        """Have PuLP state the written columns that are open, by their names, and solve them.

        It begins where the last solve ended. Rows may be broken, at the price that they had
        there, only where they cannot be kept to the last digit.

        Returns
        -------
        run
            Its values stand on each written column, those that are closed included.
        """
        basis = self.basis()
        if basis is not None:
            basis = Basis(basis.columns[self.open], basis.rows)
        for penalty in (None, self.penalty):
            stated = state_programme(
                self.programme,
                self.columns[self.open],
                self.cost[self.open],
                sense=self.sense,
                penalty=penalty,
                labels=labels,
            )
            solver = make_solver(self.solver, time_limit_s=time_limit_s)
            run = stated.run(solver, basis=basis if penalty is None else None)
            if run.feasible:
                break
        values = np.zeros(len(self.columns))
        values[self.open] = run.values
        return replace(run, values=values)


class _Engine:
    """How a master is solved again and again."""

    def add(self, master: Master, columns: Columns, cost: Floats) -> None:
        """Be told of new columns."""

    def price(self, master: Master) -> None:
        """Be told of new costs."""

    def hold(self, master: Master) -> None:
        """Be told of new senses and open columns."""

    def basis(self) -> Basis | None:
        """Give where the solver stands."""
        return None

    def resume(self, basis: Basis) -> None:
        """Start from where a solver stood."""

    def solve(self, master: Master, time_limit_s: float | None) -> MasterAnswer:
        """Solve the linear programme."""
        raise NotImplementedError


class _PulpEngine(_Engine):
    """State the whole master in PuLP anew for each solve, for any of its solvers."""

    def __init__(self, solver: str) -> None:
        self.solver = solver

    def solve(self, master: Master, time_limit_s: float | None) -> MasterAnswer:
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
        return MasterAnswer(values, run.artificial, run.shadow_prices, run.complete)


class _HighsEngine(_Engine):
    """Keep one model in HiGHS and change it in place, so that each solve starts from the last."""

    def __init__(self) -> None:
        import highspy

        self.highspy = highspy
        self.model: Any = None
        self.programme: Programme
        self.artificials = np.empty(0, dtype=np.intp)

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

    def basis(self) -> Basis | None:
        """Give the basis of the last time."""
        return read_basis(self.model, self.artificials)

    def resume(self, basis: Basis) -> None:
        """Start from a basis of the same columns."""
        columns = len(basis.columns)
        if basis.fits(columns, self.programme.row_count):
            breaking = np.zeros(len(self.artificials), np.int8)
            write_basis(self.model, np.concatenate([breaking, basis.columns]), basis.rows)

    def solve(self, master: Master, time_limit_s: float | None) -> MasterAnswer:
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
            return MasterAnswer(nothing, 0.0, np.zeros(master.programme.row_count), True)
        if status not in (known.kOptimal, known.kTimeLimit, known.kInterrupt):
            status = self._try_again()
        if status not in (known.kOptimal, known.kTimeLimit, known.kInterrupt):
            raise SolverError(
                say("the solver stopped without an answer: {status}", status=status.name)
            )
        solution = self.model.getSolution()
        values = np.array(solution.col_value)
        first = len(self.artificials)
        return MasterAnswer(
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
