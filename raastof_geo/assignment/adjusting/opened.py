"""The columns of a plan with all that an edit may open, and what each of them hangs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from raastof_geo.arrays import Columns, Integers, Mask
from raastof_geo.assignment.adjusting.entry import (
    Entry,
    demand_of,
    list_entries,
    said_of,
    widen,
    window_of,
)
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.statement import lay_columns
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.price import price_again
from raastof_geo.scenario.scenario import Scenario

Pricing = Callable[[Legs, Scenario], Legs | None]
"""Prices the legs of a scenario in which more is open, on the roads of others."""


@dataclass(frozen=True, eq=False)
class Opened:
    """Columns of which an edit may open some, and close others."""

    problem: Problem
    """Of the scenario with every window a period wider at both ends, and every condition met."""
    scenario: Scenario
    """As it is."""
    entries: tuple[Entry, ...]
    giving: Integers
    """The entry that gives on each move, -1 where that is none. [moves]"""
    taking: Integers
    needed: Integers
    """The set of conditions that each move needs beyond what is accepted, by number. [moves]"""
    condition_sets: tuple[tuple[str, ...], ...]
    orders: Mapping[str, Mask]
    """By the objective that comes first, the columns whose truck serves best then. [columns]"""
    widened: bool
    """Whether windows can be moved and conditions accepted."""

    @property
    def open(self) -> Mask:
        """Tell which columns the scenario as it is has. [columns]"""
        period, periods = self.problem.moves.period, tuple(self.scenario.periods)
        inside = next(iter(self.orders.values())).copy()
        moves = np.array([not one for one in self.condition_sets], bool)[self.needed]
        windows = [window_of(said_of(self.scenario, one), periods) for one in self.entries]
        ends = np.array([*windows, (0, len(periods) - 1)])  # the last one is of no entry
        for side in (self.giving, self.taking):
            moves &= (ends[side, 0] <= period) & (period <= ends[side, 1])
        inside[: len(moves)] &= moves
        return inside


def lay_open(plan: Plan, price: Pricing = price_again) -> Opened:
    """Lay out the columns of a plan with those that moved windows and accepted conditions open.

    Where legs cannot be priced, or what is laid out does not hold the columns of the plan just as
    they are, nothing is opened: windows and conditions then are for a plan of their own.
    """
    scenario = plan.scenario
    entries = tuple(list_entries(scenario))
    wide = widen(scenario, entries)
    legs = price(plan.problem.legs, wide)
    if legs is not None:
        problem, orders = _lay_for_each_order(plan, wide, legs)
        opened = _hang(problem, scenario, entries, orders, widened=True)
        if _holds(opened, plan.problem):
            return opened
    every = {_names(scenario)[0]: np.ones(plan.column_count, bool)}
    return _hang(plan.problem, scenario, entries, every, widened=False)


def order_for(scenario: Scenario, first: str) -> Scenario:
    """Give the same scenario with one of its objectives before the others."""
    steps = sorted(scenario.said.objectives, key=lambda step: step.name != first)
    return scenario.saying(objectives=tuple(steps))


def _names(scenario: Scenario) -> list[str]:
    return [step.name for step in scenario.said.objectives]


def _lay_for_each_order(plan: Plan, wide: Scenario, legs: Legs) -> tuple[Problem, dict[str, Mask]]:
    """Lay out the columns that are there whichever objective comes first, and tell which then."""
    laid = {
        name: lay_columns(order_for(wide, name), legs, plan.rules) for name in _names(plan.scenario)
    }
    every = build_problem(wide, legs, every_vehicle=True)
    keys = _keys(every, every)
    used = {name: np.isin(keys, _keys(one, every)) for name, one in laid.items()}
    kept = np.flatnonzero(np.logical_or.reduce(list(used.values())))
    count = every.column_count
    problem = every.only(np.append(kept, np.arange(len(every.moves), count)))
    rest = np.ones(count - len(every.moves), bool)
    return problem, {name: np.append(mask[kept], rest) for name, mask in used.items()}


def _keys(problem: Problem, like: Problem) -> Integers:
    """Give moves the numbers that their labels have in another problem."""
    moves = problem.moves
    number: Integers = np.zeros(len(moves), np.int64)
    for key, own, other in (
        ("giver", [one.id for one in problem.givers], [one.id for one in like.givers]),
        ("taker", [one.id for one in problem.takers], [one.id for one in like.takers]),
        ("vehicle", list(problem.vehicles), list(like.vehicles)),
        ("period", list(problem.scenario.periods), list(like.scenario.periods)),
    ):
        at = {name: place for place, name in enumerate(other)}
        codes = np.array([at.get(name, -1) for name in own], np.int64)
        number = number * (len(other) + 1) + codes[getattr(moves, key)] + 1
    return number


def _hang(
    problem: Problem,
    scenario: Scenario,
    entries: tuple[Entry, ...],
    orders: Mapping[str, Mask],
    *,
    widened: bool,
) -> Opened:
    """See what every column hangs on: whose window it lies in, and which conditions it needs."""
    number = {one: at for at, one in enumerate(entries)}
    entry_of = {
        one.id: number[Entry(one.site, one.role, one.number - 1)]
        for one in (*problem.scenario.offers, *problem.scenario.needs)
    }
    gives = np.array([entry_of.get(one.id, -1) for one in problem.givers], np.int64)
    takes = np.array([entry_of.get(one.id, -1) for one in problem.takers], np.int64)
    sets: dict[tuple[str, ...], int] = {(): 0}
    materials = {name: at for at, name in enumerate(sorted({g.material for g in problem.givers}))}
    table = np.zeros((len(problem.takers), max(1, len(materials))), np.int64)
    for at, taker in enumerate(problem.takers):
        if takes[at] < 0:
            continue
        demand = demand_of(scenario, entries[takes[at]])
        for material in materials.keys() & taker.accepts.keys():
            asked = {one.condition for one in scenario.rulings(material, demand)} - {None, ""}
            lacking = tuple(sorted(str(one) for one in asked - demand.accepted))
            table[at, materials[material]] = sets.setdefault(lacking, len(sets))
    of = np.array([materials[giver.material] for giver in problem.givers], np.int64)
    moves = problem.moves
    return Opened(
        problem,
        scenario,
        entries,
        gives[moves.giver],
        takes[moves.taker],
        table[moves.taker, of[moves.giver]] if len(moves) else np.empty(0, np.int64),
        tuple(sets),
        orders,
        widened,
    )


def find_columns(problem: Problem, among: Problem) -> Columns | None:
    """Find the columns of one problem among those of another; none: some are not there."""
    if any(
        len(problem.others.get(kind, ())) != len(among.others.get(kind, ()))
        or _labels(problem, kind) != _labels(among, kind)
        for kind in ColumnKind
    ):
        return None
    keys, own = _keys(among, among), _keys(problem, among)
    order = np.argsort(keys)
    at = np.searchsorted(keys[order], own)
    places = order[np.minimum(at, len(order) - 1)] if len(order) else at
    if len(own) and (not len(keys) or (keys[places] != own).any()):
        return None
    return np.append(places, np.arange(len(among.moves), among.column_count))


def _labels(problem: Problem, kind: ColumnKind) -> list[tuple[object, ...]]:
    table = problem.others.get(kind)
    if table is None or not len(table):
        return []
    return list(table[list(kind.keys)].itertuples(index=False, name=None))


def _holds(opened: Opened, problem: Problem) -> bool:
    """Tell whether the columns that are open are those of a problem, at the same costs."""
    places = find_columns(problem, opened.problem)
    if places is None or not np.array_equal(np.sort(places), np.flatnonzero(opened.open)):
        return False
    costs = zip(problem.objectives(), opened.problem.objectives(), strict=True)
    return all(np.allclose(own, other[places], rtol=1e-12, atol=0) for own, other in costs)
