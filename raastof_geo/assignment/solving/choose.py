"""Decide the either-or decisions, and say how much better other decisions might be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.solving.certificate import bound_below
from raastof_geo.assignment.solving.price_in import Clock, How, solve_in_order
from raastof_geo.assignment.solving.solver import make_solver
from raastof_geo.assignment.solving.stated import Run, state_programme
from raastof_geo.assignment.statement.row import Programme, break_rows

_ALL = 60_000
"""A programme with no more columns than this is decided over all of them; of a larger
one, over as many that are cheapest by their reduced cost, and the rest has to be ruled out."""

_HELD = 1e-7
"""Share by which earlier objectives may be worsened by the decisions of later ones: as
nearly as a solver keeps a row, so that the best decisions of before still fit."""

_BY_HAND = 200
"""Runs of a solver, at most, in which decisions that it took for whole too soon are held. Each run
holds one more of them; where they are used up, the bound says what is not known."""

_LEAK = 1e-6
"""Units of a solver, or share of a limit, by which rounding decisions may break a row: ten
times what a solver allows itself (1e-7), and a thousandth of what the certificate does."""


_NEARLY = 1e-5
"""What a solver may take for whole is this near to it: HiGHS says 1e-6."""


@dataclass(frozen=True, eq=False)
class Decision:
    """What was decided, and what is known about all other decisions."""

    values: Floats
    """0 or 1 on every column that is a decision, 0 on the others."""
    lower_bound: float
    """No plan has a first objective below this, whatever it decides."""
    linear_bound: float
    """The bound that the shadow prices of the relaxed programme prove."""
    relaxed_prices: Floats
    """Those shadow prices."""
    columns: Columns
    """Columns that were written out."""


def decide(
    programme: Programme, costs: Sequence[Floats], tolerances: Sequence[float], how: How, gap: float
) -> Decision | None:
    """Decide by branch and bound over the columns that can matter; none: no plan exists.

    The relaxed programme gives a bound and reduced costs over all columns. Where there are many
    columns, those that cannot belong to a better plan by their reduced cost stay out; where that
    cannot be shown for all that stay out, the bound is the relaxed one, and the gap says so. Later
    objectives may worsen earlier ones by the share of their tolerance; it stops within a share
    `gap` of the bound, or with the best so far when the clock says so.
    """
    clock = how.clock
    if not (relaxed := solve_in_order(programme, costs[:1], How(clock))[-1].optimum).feasible:
        return None
    prices = relaxed.shadow_prices
    linear, _ = bound_below(programme, costs[0], prices)
    reduced = programme.reduced_costs(costs[0], prices)
    columns: Columns = np.arange(programme.column_count)
    if len(columns) > _ALL:
        cheap = np.argpartition(reduced, _ALL)[:_ALL]
        columns = np.unique(np.r_[cheap, relaxed.columns, np.flatnonzero(programme.whole)])

    def make() -> Any:
        return make_solver(time_limit_s=clock.left_s, gap=gap, stop=clock.interrupted)

    def decide_over(columns: Columns) -> list[Run]:
        """Decide by each objective with those before held; no run where there is no plan."""
        runs, held = list[Run](), programme
        for cost, tolerance in zip(costs, tolerances, strict=True):
            if runs and clock.over():
                break
            if not (run := _Branches(held, columns, cost).search(clock, make)).feasible:
                break
            runs.append(run)
            value, at = float(cost[columns] @ run.values), np.flatnonzero(cost)
            room = max(tolerance, _HELD) * max(abs(value), 1.0)
            held = held.with_row(at, cost[at], -1, value + room)
        return runs

    runs = decide_over(columns)
    if not runs and len(columns) < programme.column_count:
        columns = np.arange(programme.column_count)
        runs = decide_over(columns)
    if not runs:
        return None
    values = np.zeros(programme.column_count)
    values[columns] = runs[-1].values
    decided = np.where(programme.whole, np.round(values), 0.0)
    bound, first = linear, runs[0]
    objective = float(costs[0][columns] @ first.values)
    covered = _rest_is_hopeless(programme, reduced, columns, objective - linear)
    if covered and first.bound is not None:
        bound = max(linear, min(first.bound, objective))
    return Decision(decided, bound, linear, prices, columns)


def _rest_is_hopeless(programme: Programme, reduced: Floats, columns: Columns, room: float) -> bool:
    """Tell whether the least lots of all columns that stayed out cost more than there is room."""
    out = np.ones(programme.column_count, bool)
    out[columns] = False
    if not out.any():
        return True
    part = programme.matrix.tocoo()
    starts = np.zeros(programme.row_count)
    decisive = (part.data < 0) & programme.whole[part.col]
    np.maximum.at(starts, part.row[decisive], -part.data[decisive])
    lots = (programme.sense > 0) & (programme.limit == 0) & (starts > 0)
    entries = lots[part.row] & ~programme.whole[part.col]
    rows, members = part.row[entries], part.col[entries]
    inside = np.zeros(programme.row_count, bool)
    inside[rows[~out[members]]] = True
    safe = out[members] & ~inside[rows] & (reduced[members] * starts[rows] > room)
    hopeless = np.zeros(programme.column_count, bool)
    hopeless[members[safe]] = True
    return bool(hopeless[out].all())


_NO_RUN = Run(np.empty(0), 0.0, np.empty(0), False, False)
"""Of a search that was over before its first run."""


@dataclass(eq=False)
class _Branches:
    """Branch and bound, and branching by hand on decisions that a solver took for whole too soon.

    A solver takes 0.000001 for 0, and where a decision opens room for a million tonnes, that is
    one of them for nothing. Where a plan breaks a row once its decisions are rounded, one of
    those decisions is held at 0 and at 1 in turn, exactly, and the better plan is taken.
    """

    programme: Programme
    columns: Columns
    cost: Floats
    waiting: list[tuple[dict[int, float], float]] = field(default_factory=lambda: [({}, -np.inf)])
    """Decisions that are held by column, and what is known that no plan with them is below."""
    first: Run = _NO_RUN
    best: Run | None = None
    least: float = np.inf
    """What the best comes to."""
    bound: float = np.inf
    """What no plan on a branch that is done with is below."""
    runs: int = 0

    def search(self, clock: Clock, make: Callable[[], Any]) -> Run:
        """Give the best plan with the bound of all branches, those not looked at included."""
        columns, cost = self.columns, self.cost[self.columns]
        while self.waiting and self.runs < _BY_HAND and not (self.runs and clock.over()):
            held, known = self.waiting.pop()
            if known >= self.least:
                self.bound = min(self.bound, known)
                continue
            # Some decisions are held between equal bounds, so that no tolerance moves them.
            stated = state_programme(self.programme, columns, cost, whole=True)
            for at in np.flatnonzero(np.isin(columns, list(held))).tolist():
                value = held[int(columns[at])]
                stated.variables[at].bounds(value, value)
            run = stated.run(make())
            self.first = run if self.first is _NO_RUN else self.first
            self.runs += 1
            here = known if run.bound is None or not run.feasible else max(known, run.bound)
            leaking = self._find_leak(run.values, held)
            if leaking is not None:  # it is held both ways
                self.waiting += [({**held, leaking: to}, here) for to in (0.0, 1.0)]
            elif run.feasible:
                self.bound = min(self.bound, here)
                if (value := float(cost @ run.values)) < self.least:
                    self.best, self.least = run, value
        if self.best is None:
            # Nothing was left to try: no plan exists. Else what leaks is all there is.
            return self.first if self.waiting else replace(self.first, feasible=False)
        bound = min([self.bound, *(known for _, known in self.waiting)])
        return replace(self.best, bound=bound if np.isfinite(bound) else None)

    def _find_leak(self, values: Floats, held: dict[int, float]) -> int | None:
        """Find the largest decision of a row that its rounding breaks; none: no row is broken."""
        programme, columns = self.programme, self.columns
        whole = programme.whole[columns]
        rounded = np.where(whole, np.round(values), values)
        part = programme.matrix[:, columns]
        over = part @ rounded - programme.limit
        least = _LEAK * np.maximum(np.abs(programme.limit), 1.0 / programme.scale)
        if not (broken := break_rows(programme.sense, over) > least).any():
            return None
        # A solver may give what it rounded already, so that sizes tell, not how far it is off.
        by = np.asarray(abs(part.tocsr()[np.flatnonzero(broken)]).sum(axis=0)).ravel()
        by[~whole | (np.abs(values - rounded) > _NEARLY) | np.isin(columns, list(held))] = 0.0
        return int(columns[int(by.argmax())]) if by.max() > 0 else None
