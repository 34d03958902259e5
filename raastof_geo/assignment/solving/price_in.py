"""Price columns in until none would improve, objective after objective."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
import numpy as np
import pulp
from raastof_geo.arrays import Columns, Floats, Mask, Signs, dot
from raastof_geo.assignment.solving import stated
from raastof_geo.assignment.statement.row import Programme, Row
from raastof_geo.errors import SolverError

FREE = 1e-7
"""A reduced cost or shadow price below this share of the largest cost counts as zero."""

_SHORT_T = 1e-5
"""Rows broken by less than this, all together, count as kept."""

_FIRST_FEW = 4
"""Cheapest columns of every row that a programme starts with: partners enough that the first round
is near to a plan, and few enough that it is solved in no time. Too few cost rounds, never truth."""

_NEW_FEW = 3
"""Most improving columns of every row that are added at once: one would be enough, and each round
costs a solve; more than a few of a row are never used together."""

_LOOKED_AT = 40
"""Columns for each row, the best of all, among which its few are looked for: sorting is slow."""

_CROWDED = 1000
"""Entries above which a row is one that tells columns apart no more …"""
_CROWDED_SHARE = 4
"""… if they are of one in so many of the columns as well."""

_SMALL = 20_000
"""A programme with no more columns than this is written out in full."""

_BREAKING = 10.0
"""What breaking a row costs at first, in dearest columns. A row is worth more than that only where
one unit on it takes ten and more of the dearest column, along a chain of plants and depots; where
it is, rows stay broken and the price is raised. Higher at once would hide the costs of columns
behind its digits: a price that is a difference of large numbers has fewer of them."""
_RAISES = (30.0, 30.0, 30.0)
"""What the price is raised by, each time: all make 270,000 dearest columns of it, more than any
chain of plants and depots needs. Small steps find the least price that does, and so the prices
with most digits; each costs a solve that begins at the end of the last."""
_LAST_RAISE = 100.0
"""What it is raised by once it is known that the rows can be kept: digits matter less then."""


@dataclass
class Clock:
    """When to stop with what there is."""

    time_limit_s: float | None = None
    interrupted: Callable[[], bool] = field(default=lambda: False)
    started: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float | None:
        """Seconds that are left; none: as long as it takes."""
        if self.time_limit_s is None:
            return None
        return max(0.01, self.time_limit_s - (time.monotonic() - self.started))

    def over(self) -> bool:
        """Tell whether time is up or somebody has interrupted."""
        left = self.left_s
        return self.interrupted() or (left is not None and left <= 0.01)


@dataclass(frozen=True, eq=False)
class Optimum:
    """What is known when no column improves any more, or when there is no more time."""

    columns: Columns
    """Those that are written out."""
    values: Floats
    """On each of them."""
    shadow_prices: Floats
    complete: bool
    """Whether no column improves: the optimum over all of them."""
    violation: float
    """Units by which rows are broken; above zero there is no plan among the columns seen."""
    priced: Columns
    """Those that may be used, written out or not."""
    reduced: Floats
    """What one unit more on each of these would cost beyond its worth."""
    basis: stated.Basis | None = None
    """Where the solver stood, to start from again."""

    @property
    def feasible(self) -> bool:
        """Whether the rows are kept."""
        return self.violation <= _SHORT_T

    @property
    def solved(self) -> bool:
        """Whether this is the optimum over all columns, and the rows are kept."""
        return self.complete and self.feasible

    def spread(self, count: int) -> Floats:
        """Give the value of every column."""
        whole = np.zeros(count)
        whole[self.columns] = self.values
        return whole


@dataclass(frozen=True, eq=False)
class Start:
    """Where a search begins that is not the first."""

    columns: Columns
    """Those that are written out at once."""
    basis: stated.Basis | None = None
    """Where the solver stood with these columns; none: anywhere."""
    limit: Floats = field(default_factory=lambda: np.empty(0))
    """Limits that were kept there, of the first rows."""

    @property
    def with_row(self) -> Self:
        """The same where the programme has a row more, which does not bind there."""
        if self.basis is None:
            return self
        rows = np.append(self.basis.rows, np.int8(stated.BASIC))
        return replace(self, basis=replace(self.basis, rows=rows))

    def keep_rows(self, kept: Mask) -> Self:
        """Give it for some of the rows; where one of the others binds, no basis is of them."""
        if self.basis is None or (self.basis.rows[~kept] != stated.BASIC).any():
            return replace(self, basis=None)
        basis = replace(self.basis, rows=self.basis.rows[kept])
        return replace(self, basis=basis, limit=self.limit[kept[: len(self.limit)]])


@dataclass(frozen=True, eq=False)
class How:
    """How a search goes on, whatever is made least: as `solve` says."""

    clock: Clock
    closed: Mask | None = None
    start: Start | None = None
    free: float = FREE
    labels: stated.Labels | None = None
    along: Callable[[Columns], Columns] = field(default=lambda columns: columns[:0])
    """What is written out along with the first few columns, so that rows can be kept."""


class Master:
    """Some columns of a programme, with artificial ones that make it feasible at a price.

    It keeps one model in HiGHS and changes it in place, so that each solve starts from the last.
    All columns that may be used are priced again and again, and written out where they improve.
    """

    def __init__(self, programme: Programme, how: How) -> None:
        import highspy

        self.highspy = highspy
        self.programme, self.clock, self.free = programme, how.clock, how.free
        self.columns: Columns = np.empty(0, dtype=np.int64)
        self.cost: Floats = np.empty(0)
        self.open: Mask = np.empty(0, dtype=bool)
        self.penalty: Floats = np.zeros(programme.row_count)
        self.sense = programme.sense.copy()
        self.keeps = False  # whether what the last solve ended with, or begins with, keeps the rows
        carrier = pulp.LpProblem("raastof_geo", pulp.LpMinimize)
        stated.make_solver().createAndConfigureSolver(carrier)
        self.model: Any = carrier.solverModel
        self.scaled = programme.scaled()
        rows, none = programme.row_count, np.empty(0, dtype=np.int32)
        lower, upper = self._bounds()
        self.model.addRows(rows, lower, upper, 0, np.zeros(rows, np.int32), none, np.empty(0))
        sign = stated.artificial_signs(programme)
        self.artificials = np.flatnonzero(sign)
        count = len(self.artificials)
        signs = sign[self.artificials].astype(np.float64)
        self._add_columns(np.zeros(count), np.arange(count), self.artificials, signs)

    def state(self, labels: stated.Labels) -> stated.Run:
        """Have PuLP state the written columns that are open, by their names, and solve them.

        It begins where the last solve ended. Rows may be broken, at the price that they had there,
        only where they cannot be kept to the last digit. Closed columns have values too: zero.
        """
        last, run = self.basis(), stated.Run()
        columns, cost = self.columns[self.open], self.cost[self.open]
        begin = stated.Basis(last.columns[self.open], last.rows)
        for basis, penalty in ((begin, None), (None, self.penalty)):
            said: dict[str, Any] = {"sense": self.sense, "penalty": penalty, "labels": labels}
            put = stated.state_programme(self.programme, columns, cost, **said)
            if (run := put.run(basis=basis, time_limit_s=self.clock.left_s)).feasible:
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

    def hold(self, sense: Signs, may: Mask) -> None:
        """Set the sense of rows, and which columns, written or not, may be used at all."""
        others, moved = may[self.columns], np.flatnonzero(sense != self.sense).astype(np.int32)
        turned = np.flatnonzero(others != self.open).astype(np.int32)
        self.sense, self.open, self.priced = sense, others, np.flatnonzero(may)
        every, matrix = bool(may.all()), self.programme.matrix
        self._may = slice(None) if every else self.priced
        self._transposed = (matrix if every else matrix[:, self.priced]).T
        least, most = (bounds[moved] for bounds in self._bounds())
        self.model.changeRowsBounds(len(moved), moved, least, most)
        zeros = np.zeros(len(turned))
        most = np.where(others[turned], self.highspy.kHighsInf, 0.0)
        numbers = turned + np.int32(len(self.artificials))
        self.model.changeColsBounds(len(turned), numbers, zeros, most)

    def basis(self) -> stated.Basis:
        """Give where the last solve ended, to start from again."""
        return stated.read_basis(self.model, self.artificials, self.sense)

    def begin(self, cost: Floats, may: Mask, how: How) -> None:
        """Write out at once: all of few columns that may be used, of many the cheapest."""
        programme, start = self.programme, how.start
        first: Columns = np.flatnonzero(may)
        if programme.column_count > _SMALL and start is not None:
            first = start.columns[may[start.columns]]
        elif len(first) > _SMALL:
            always = programme.whole | (np.diff(programme.matrix.indptr) == 0)
            few = choose_few(programme, cost, first[~always[first]], _FIRST_FEW)
            few = np.union1d(few, how.along(few))
            first = np.union1d(few[may[few]], first[always[first]])
        self.add(first, cost[first])
        if start is not None and np.array_equal(first, start.columns):
            self.resume(start)

    def resume(self, start: Start) -> None:
        """Start from a basis of the same columns, if there is one."""
        basis, limit = start.basis, self.programme.limit[: len(start.limit)]
        if basis is not None and basis.fits(len(basis.columns), self.programme.row_count):
            breaking = np.zeros(len(self.artificials), np.int8)
            stated.write_basis(self.model, np.concatenate([breaking, basis.columns]), basis.rows)
            self.keeps = len(limit) > 0 and np.array_equal(start.limit, limit)

    def solve(self) -> stated.Run:
        """Find the optimum from the basis of the last time.

        Where that keeps the rows, as only costs and columns are new, a primal simplex goes on from
        it; and where something is to be gained, so that to do nothing is no start for a dual one.
        """
        left_s, primal = self.clock.left_s, self.keeps or self.cost.min(initial=0.0) < 0
        self.model.setOptionValue("simplex_strategy", 4 if primal else 1)  # or a dual one
        limit = self.highspy.kHighsInf if left_s is None else self.model.getRunTime() + left_s
        self.model.setOptionValue("time_limit", limit)
        self.model.run()
        known = self.highspy.HighsModelStatus
        ends = (known.kOptimal, known.kTimeLimit, known.kInterrupt)
        if (status := self.model.getModelStatus()) == known.kModelEmpty:
            rows = self.programme.row_count
            return stated.Run(np.zeros(len(self.columns)), 0.0, np.zeros(rows), True)
        if status not in ends:
            status = self._try_again()
        if status not in ends:
            raise SolverError.saying_text("the solver", "stopped", status=status.name)
        self.keeps = status == known.kOptimal
        solution = self.model.getSolution()
        first, values = len(self.artificials), np.array(solution.col_value)
        return stated.Run(
            values=np.maximum(values[first:], 0.0) / self.programme.units[self.columns],
            artificial=float(np.abs(values[:first]).sum()),
            shadow_prices=np.array(solution.row_dual),
            complete=self.keeps,
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

    def find(self, cost: Floats) -> Optimum:
        """Solve, price all columns, add those that improve, until none does: complete.

        The rows may be broken at a price at first; where they still are in the end, the violation
        alone is made least, which decides whether they can be kept at all.
        """
        rows = self.programme.row_count
        penalty = np.full(rows, _BREAKING * _dearest(cost))
        for raised in (1.0, *_RAISES):
            penalty *= raised
            if (optimum := self._improve(cost, penalty)).feasible or not optimum.complete:
                return optimum
        least = self._improve(np.zeros(len(cost)), np.ones(rows))
        return self._improve(cost, penalty * _LAST_RAISE) if least.solved else least

    def _improve(self, cost: Floats, penalty: Floats) -> Optimum:
        none, prices = np.empty(0, dtype=np.int64), np.zeros(self.programme.row_count)
        found = Optimum(none, np.empty(0), prices, False, np.inf, none, np.empty(0))
        while True:
            self.price(cost[self.columns], penalty)
            if not (answer := self.solve()).complete:
                # A solver that is stopped may stand outside the rules: only whole answers count.
                return found
            reduced, better = self._reduce(cost, answer.shadow_prices)
            ended = answer.shadow_prices, not len(better), answer.artificial
            found = Optimum(self.columns, answer.values, *ended, self.priced, reduced)
            if found.complete or self.clock.over():
                return found
            self._write_out(cost, reduced, better)

    def _reduce(self, cost: Floats, shadow_prices: Floats) -> tuple[Floats, Columns]:
        """Give the reduced cost of each column that may be used, and those to be written out."""
        reduced = np.asarray(cost[self._may] - self._transposed @ shadow_prices)
        better = self.priced[reduced < -self.free * _dearest(cost)]
        return reduced, better[~np.isin(better, self.columns)]

    def _write_out(self, cost: Floats, reduced: Floats, better: Columns) -> None:
        """Add the most improving of some columns to those that are written out."""
        values = np.zeros(len(cost))
        values[self.priced] = reduced
        chosen = choose_few(self.programme, values, better, _NEW_FEW)
        self.add(chosen, cost[chosen])

    def restate(self, optimum: Optimum, cost: Floats, labels: stated.Labels) -> Optimum:
        """Have PuLP state and solve the round after which no column improved: its answer stands.

        Where many prices prove the same optimum, PuLP's solver may give others than the search
        found. They are asked about all columns as well, and where one of these would improve by
        them, it is written out and the search goes on; it ends, as ever fewer are left to write.
        """
        while optimum.solved:
            if not (run := self.state(labels)).complete:
                return replace(optimum, complete=False)
            reduced, better = self._reduce(cost, run.shadow_prices)
            if not len(better):
                found = replace(optimum, values=run.values, shadow_prices=run.shadow_prices)
                return replace(found, violation=run.artificial, reduced=reduced)
            self._write_out(cost, reduced, better)
            optimum = self.find(cost)
        return optimum


def _dearest(cost: Floats) -> float:
    """Give the largest cost, which others are small or large against."""
    return max(1e-3, float(cost.max(initial=0.0)), float(-cost.min(initial=0.0)))


def choose_few(programme: Programme, value: Floats, columns: Columns, few: int) -> Columns:
    """Choose for every row the few columns of least `value`; all of them where they are few.

    Rows that nearly all columns share, as a target does, choose none: they tell nothing apart.
    Every entry of the matrix [rows × columns] that is left is a bid of its column for its row:
    sorted by row and value, the place within its row is its rank, and ranks below `few` win.
    """
    if len(columns) <= 2 * programme.row_count:
        return columns
    keep = _LOOKED_AT * programme.row_count
    if len(columns) > 2 * keep:
        columns = columns[np.argpartition(value[columns], keep)[:keep]]
    part = programme.matrix[:, columns].tocoo()
    rows, owner = part.row, part.col
    crowd = max(_CROWDED, len(columns) // _CROWDED_SHARE)
    keep_entry = np.bincount(rows, minlength=programme.row_count)[rows] <= crowd
    rows, owner = rows[keep_entry], owner[keep_entry]
    order = np.lexsort((value[columns[owner]], rows))
    rows, owner = rows[order], owner[order]
    chosen = np.unique(columns[owner[(np.arange(len(rows)) - np.searchsorted(rows, rows)) < few]])
    return chosen if len(chosen) else columns[np.argsort(value[columns])[: few * 100]]


@dataclass(frozen=True, eq=False)
class Step:
    """One objective solved on the optimal face of those before it, and the face that it leaves."""

    asked: stated.Stage
    """What PuLP was asked, ties left out: what the step before it left open."""
    left: stated.Stage
    """What is open to later ones: the columns that an optimum may use, and as equalities the rows
    that are worth something; or a row that holds the objective within its tolerance."""
    optimum: Optimum
    value: float


def solve_in_order(
    programme: Programme, costs: Sequence[Floats], how: How, tolerances: Sequence[float] = ()
) -> list[Step]:
    """Minimise several objectives, each among the optima of those before it.

    After each step only optima remain: columns whose reduced cost is above zero stay at zero, and
    rows with a shadow price stay at their limit (complementary slackness), so that later steps cost
    the earlier ones nothing. Only where a tolerance is asked for, a row holds the objective within
    it instead, and later steps may spend it. Where rows cannot be kept or time is up it ends early.

    The finer `how.free`, the longer it takes and the smaller is the gap of the proof; by its
    `labels` PuLP states and solves the last round of each objective.
    """
    may = np.ones(programme.column_count, bool) if how.closed is None else ~how.closed
    master = Master(programme, how)
    master.begin(costs[0], may, how)
    left = stated.Stage(programme, master.columns, may, programme.sense)
    steps: list[Step] = []
    for cost, tolerance in zip(costs, tolerances or [0.0] * len(costs), strict=True):
        master.hold(left.sense, left.may)
        if (optimum := master.find(cost)).complete:
            optimum = replace(optimum, basis=master.basis())
        if how.labels is not None:
            optimum = master.restate(optimum, cost, how.labels)
        columns = optimum.columns
        asked = replace(left, columns=np.sort(columns[left.may[columns]]))
        value = dot(cost[columns], optimum.values)
        if optimum.solved and tolerance:
            at = np.flatnonzero((cost != 0) & left.may)
            most = value + tolerance * abs(value)
            programme = programme.with_rows(Row("held", "", at, cost[at], "<=", most))
            left = replace(left, programme=programme, sense=np.append(left.sense, np.int8(-1)))
            written, master = master.columns, Master(programme, how)
            master.add(written, cost[written])
        elif optimum.solved:
            # Columns that would cost more are closed; what the optimum uses stays open, however a
            # solver's last digits price it. Not of decisions, which stand: what opens a site once
            # would hide the costs of tonnes.
            least = how.free * _dearest(cost[optimum.priced])
            held = np.abs(optimum.shadow_prices) > least
            face = np.zeros(len(cost), bool)
            face[optimum.priced[optimum.reduced <= least]] = True
            face[columns[optimum.values > 0]] = True
            left = replace(left, may=face, sense=np.where(held, 0, left.sense).astype(np.int8))
        steps.append(Step(asked, left, optimum, value))
        if not optimum.solved:
            break
    return steps
