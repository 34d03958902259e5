"""Columns of a programme that are solved again and again while others are priced in."""

from dataclasses import replace
from typing import Any

import numpy as np
import pulp

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.solving.solver import Basis, make_solver, read_basis, write_basis
from raastof_geo.assignment.solving.stated import Labels, Run, artificial_signs, state_programme
from raastof_geo.assignment.statement.row import Programme
from raastof_geo.errors import SolverError


class Master:
    """Some columns of a programme, with artificial ones that make it feasible at a price.

    It keeps one model in HiGHS and changes it in place, so that each solve starts from the last.
    """

    def __init__(self, programme: Programme) -> None:
        import highspy

        self.highspy = highspy
        self.programme = programme
        self.columns: Columns = np.empty(0, dtype=np.int64)
        self.cost: Floats = np.empty(0)
        self.open: Mask = np.empty(0, dtype=bool)
        self.penalty: Floats = np.zeros(programme.row_count)
        self.sense = programme.sense.copy()
        carrier = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
        make_solver().createAndConfigureSolver(carrier)
        self.model: Any = carrier.solverModel
        self.scaled = programme.scaled()
        rows, none = programme.row_count, np.empty(0, dtype=np.int32)
        lower, upper = self._bounds()
        self.model.addRows(rows, lower, upper, 0, np.zeros(rows, np.int32), none, np.empty(0))
        sign = artificial_signs(programme)
        self.artificials = np.flatnonzero(sign)
        count = len(self.artificials)
        signs = sign[self.artificials].astype(np.float64)
        self._add_columns(np.zeros(count), np.arange(count), self.artificials, signs)

    def state(self, labels: Labels, *, time_limit_s: float | None = None) -> Run:
        """Have PuLP state the written columns that are open, by their names, and solve them.

        It begins where the last solve ended. Rows may be broken, at the price that they had there,
        only where they cannot be kept to the last digit. Closed columns have values too: zero.
        """
        last, run = self.basis(), Run(np.empty(0), 0.0, np.empty(0), False, False)
        columns, cost = self.columns[self.open], self.cost[self.open]
        begin = Basis(last.columns[self.open], last.rows)
        for basis, penalty in ((begin, None), (None, self.penalty)):
            said: dict[str, Any] = {"sense": self.sense, "penalty": penalty, "labels": labels}
            stated = state_programme(self.programme, columns, cost, **said)
            run = stated.run(make_solver(time_limit_s=time_limit_s), basis=basis)
            if run.feasible:
                break
        values = np.zeros(len(self.columns))
        values[self.open] = run.values
        return replace(run, values=values)

    def _bounds(self) -> tuple[Floats, Floats]:
        limit, infinite = self.scaled.limit, self.highspy.kHighsInf
        return np.where(self.sense < 0, -infinite, limit), np.where(self.sense > 0, infinite, limit)

    def _add_columns(self, cost: Floats, starts: Columns, rows: Columns, values: Floats) -> None:
        count = len(cost)
        least, most = np.zeros(count), np.full(count, self.highspy.kHighsInf)
        starts, rows = starts.astype(np.int32), rows.astype(np.int32)
        self.model.addCols(count, cost, least, most, len(values), starts, rows, values)

    def add(self, columns: Columns, cost: Floats) -> None:
        """Write out more columns, with what a unit of each costs."""
        self.columns = np.concatenate([self.columns, columns])
        self.cost = np.concatenate([self.cost, cost])
        self.open = np.concatenate([self.open, np.ones(len(columns), bool)])
        part = self.scaled.matrix[:, columns]
        own = np.asarray(cost * self.programme.weight[columns], dtype=np.float64)
        self._add_columns(own, part.indptr[:-1], part.indices, part.data)

    def price(self, cost: Floats, penalty: Floats) -> None:
        """Set what a unit of each written column, and of breaking each row, costs."""
        self.cost, self.penalty = cost, penalty
        own = cost * self.programme.weight[self.columns]
        every = np.concatenate([penalty[self.artificials], own])
        self.model.changeColsCost(len(every), np.arange(len(every), dtype=np.int32), every)

    def hold(self, sense: Signs, opened: Mask) -> None:
        """Set the sense of rows, and which written columns may be used at all."""
        self.sense, self.open = sense, opened
        rows = np.arange(len(sense), dtype=np.int32)
        self.model.changeRowsBounds(len(rows), rows, *self._bounds())
        numbers = np.arange(len(opened), dtype=np.int32) + np.int32(len(self.artificials))
        most = np.where(opened, self.highspy.kHighsInf, 0.0)
        self.model.changeColsBounds(len(numbers), numbers, np.zeros(len(numbers)), most)

    def basis(self) -> Basis:
        """Give where the last solve ended, to start from again."""
        return read_basis(self.model, self.artificials)

    def resume(self, basis: Basis) -> None:
        """Start from a basis of the same columns."""
        if basis.fits(len(basis.columns), self.programme.row_count):
            breaking = np.zeros(len(self.artificials), np.int8)
            write_basis(self.model, np.concatenate([breaking, basis.columns]), basis.rows)

    def solve(self, *, time_limit_s: float | None = None) -> Run:
        """Find the optimum from the basis of the last time."""
        limit = self.highspy.kHighsInf
        if time_limit_s is not None:
            limit = self.model.getRunTime() + time_limit_s
        self.model.setOptionValue("time_limit", limit)
        self.model.run()
        known = self.highspy.HighsModelStatus
        ends = (known.kOptimal, known.kTimeLimit, known.kInterrupt)
        if (status := self.model.getModelStatus()) == known.kModelEmpty:
            return Run(np.zeros(len(self.columns)), 0.0, np.zeros(self.programme.row_count), True)
        if status not in ends:
            status = self._try_again()
        if status not in ends:
            raise SolverError.saying_text("the solver", "stopped", status=status.name)
        solution = self.model.getSolution()
        first, values = len(self.artificials), np.array(solution.col_value)
        return Run(
            values=np.maximum(values[first:], 0.0) / self.programme.units[self.columns],
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
