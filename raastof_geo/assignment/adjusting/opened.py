"""The columns of a plan with all that an edit may open, and what each of them hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns, Integers, Mask
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import lay_columns
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.legs.legs import LEG_KEYS, Legs, price_again
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry, Role
from raastof_geo.scenario.said.part import Consent
from raastof_geo.scenario.scenario import Demand, Scenario

Pricing = Callable[[Legs, Scenario], Legs | None]
"""Prices the legs of a scenario in which more is open, on the roads of others."""


class Entry(NamedTuple):
    """Where an offer or a need stands in the file: its place in a list of its site, from 0 on."""

    site: str
    role: Role
    number: int

    def said(self, scenario: Scenario) -> OfferEntry | NeedEntry:
        """Give what the file says of it."""
        site = scenario.sites[self.site]
        return (site.offers if self.role is Role.OFFER else site.needs)[self.number]

    def demand(self, scenario: Scenario) -> Demand:
        """Give what decides which materials may serve a need."""
        return scenario.demand(self.site, scenario.sites[self.site].needs[self.number])

    def window(self, scenario: Scenario, shift: int = 0) -> tuple[int, int] | None:
        """Give the numbers of the first and the last period of its window, moved by some.

        What passes the end of the periods is cut; none: nothing is left, or it cannot be moved.
        """
        periods = tuple(scenario.periods)
        inside = self.said(scenario).periods(periods)
        first, last = periods.index(inside[0]), periods.index(inside[-1])
        moved = max(0, first + shift), min(len(periods) - 1, last + shift)
        return moved if moved[0] <= moved[1] and (moved != (first, last) or not shift) else None


def list_entries(scenario: Scenario) -> Iterator[Entry]:
    """List the offers and needs of a scenario, in the order of the file."""
    for site, said in scenario.sites.items():
        yield from (Entry(site, Role.OFFER, at) for at in range(len(said.offers)))
        yield from (Entry(site, Role.NEED, at) for at in range(len(said.needs)))


def put(scenario: Scenario, changes: Mapping[Entry, Mapping[str, Any]]) -> Scenario:
    """Give the scenario with other fields in some of its entries, unchecked."""
    sites = dict(scenario.sites)
    for entry, update in changes.items():
        key = f"{entry.role}s"
        listed = list(getattr(sites[entry.site], key))
        listed[entry.number] = listed[entry.number].model_copy(update=update)
        sites[entry.site] = sites[entry.site].model_copy(update={key: tuple(listed)})
    return scenario.saying(sites=sites)


@dataclass(frozen=True, eq=False)
class Opened:
    """Columns of which an edit may open some, and close others, of a scenario as it is.

    The problem has every window a period wider at both ends and every condition met, if it is
    `widened`. The entry of each giver and taker, -1 where that is none [givers, takers]; the number
    of the set of conditions that each move needs beyond what is accepted [moves]; by the objective
    that comes first, the columns whose truck serves best then [columns].
    """

    problem: Problem
    scenario: Scenario
    entries: tuple[Entry, ...]
    gives: Integers
    takes: Integers
    needed: Integers
    condition_sets: tuple[tuple[str, ...], ...]
    orders: Mapping[str, Mask]
    widened: bool

    @property
    def open(self) -> Mask:
        """Tell which columns the scenario as it is has. [columns]"""
        moves, inside = self.problem.moves, next(iter(self.orders.values())).copy()
        may = np.array([not one for one in self.condition_sets], bool)[self.needed]
        windows = [one.window(self.scenario) or () for one in self.entries]
        ends = np.array([*windows, (0, len(self.scenario.periods) - 1)])  # the last: of no entry
        for entry in (self.gives[moves.giver], self.takes[moves.taker]):
            may &= (ends[entry, 0] <= moves.period) & (moves.period <= ends[entry, 1])
        inside[: len(moves)] &= may
        return inside

    def find(self, problem: Problem) -> Columns | None:
        """Find the columns of another problem among these; none: some are not there."""
        own, other = _name_columns(self.problem), _name_columns(problem)
        places = own.get_indexer(other)
        # What moves nothing is in all of them: an edit opens and closes moves only.
        same = len(own) - len(self.problem.moves) == len(other) - len(problem.moves)
        return places if same and (places >= 0).all() else None

    def only(self, columns: Columns) -> Opened:
        """Give it with only some of its columns, ascending."""
        moves = columns[columns < len(self.problem.moves)]
        orders = {name: mask[columns] for name, mask in self.orders.items()}
        problem = self.problem.only(columns)
        return replace(self, problem=problem, needed=self.needed[moves], orders=orders)


def lay_open(plan: Plan, price: Pricing = price_again) -> Opened:
    """Lay out the columns of a plan with those that moved windows and accepted conditions open.

    Nothing is opened where the columns of the plan are not among these just as they are.
    """
    wide = _widen(plan.scenario)
    if (legs := price(plan.problem.legs, wide)) is not None:
        legs = _keep_figures(legs, plan.problem.legs)
        opened = _hang(plan.scenario, *_lay_for_each_order(plan, wide, legs), widened=True)
        places = opened.find(plan.problem)
        if places is not None and np.array_equal(np.sort(places), np.flatnonzero(opened.open)):
            costs = zip(plan.problem.objectives(), opened.problem.objectives(), strict=True)
            if all(np.allclose(own, other[places], rtol=1e-12) for own, other in costs):
                return opened
    every = {plan.scenario.said.objectives[0].name: np.ones(plan.column_count, bool)}
    return _hang(plan.scenario, plan.problem, every, widened=False)


def _keep_figures(legs: Legs, known: Legs) -> Legs:
    """Give legs with known figures, for of trucks that go equally far the last digit decides."""
    index, other = (pd.MultiIndex.from_frame(one.frame[list(LEG_KEYS)]) for one in (legs, known))
    places, frame = other.get_indexer(index), legs.frame.copy()
    numbers = frame.select_dtypes("number").columns
    frame.loc[places >= 0, numbers] = known.frame[numbers].to_numpy()[places[places >= 0]]
    return replace(legs, frame=frame)


def _widen(scenario: Scenario) -> Scenario:
    """Give the scenario with every window a period wider at both ends, and every condition met."""
    periods = tuple(scenario.periods)
    changes: dict[Entry, dict[str, Any]] = {}
    for entry in list_entries(scenario):
        first, last = entry.window(scenario) or (0, 0)
        ends = max(0, first - 1), min(len(periods) - 1, last + 1)
        update = changes[entry] = {"first": periods[ends[0]], "last": periods[ends[1]]}
        if isinstance(said := entry.said(scenario), NeedEntry):
            more = (Consent(condition=one) for one in scenario.catalogue.conditions)
            update["accepts"] = (*said.accepts, *more)
    return put(scenario, changes)


def _lay_for_each_order(plan: Plan, wide: Scenario, legs: Legs) -> tuple[Problem, dict[str, Mask]]:
    """Lay out the columns that are there whichever objective comes first, and tell which then."""
    steps = wide.said.objectives
    every = build_problem(wide, legs, every_vehicle=True)
    names = _name_columns(every)
    orders: dict[str, Mask] = {}
    for first in steps:
        turned = wide.saying(objectives=tuple(sorted(steps, key=lambda one: one is not first)))
        laid = lay_columns(turned, legs, plan.rules)
        orders[first.name] = np.asarray(names.isin(_name_columns(laid)))
    kept = np.flatnonzero(np.logical_or.reduce(list(orders.values())))
    return every.only(kept), {name: mask[kept] for name, mask in orders.items()}


def _name_columns(problem: Problem) -> pd.Index:
    """Name columns by what tells them apart, whatever other columns there are."""
    moves = [problem.labels(key) for key in ("giver", "taker", "vehicle", "period")]
    named = ["\n".join(one) for one in zip(*moves, strict=True)]
    for kind in ColumnKind:
        if len(table := problem.others.get(kind, pd.DataFrame())):
            told = table[list(kind.keys)].astype(str).itertuples(index=False)
            named += ["\n".join((kind, *one)) for one in told]
    return pd.Index(named, dtype=object)


def _hang(
    scenario: Scenario, problem: Problem, orders: Mapping[str, Mask], *, widened: bool
) -> Opened:
    """See what every column hangs on: whose window it lies in, and which conditions it needs."""
    entries = tuple(list_entries(scenario))
    number = {one: at for at, one in enumerate(entries)}
    known = {
        one.id: number[Entry(one.site, one.role, one.number - 1)]
        for one in (*problem.scenario.offers, *problem.scenario.needs)
    }
    gives = np.array([known.get(one.id, -1) for one in problem.givers], np.int64)
    takes = np.array([known.get(one.id, -1) for one in problem.takers], np.int64)
    sets: dict[tuple[str, ...], int] = {(): 0}
    materials = {name: at for at, name in enumerate(sorted({g.material for g in problem.givers}))}
    table = np.zeros((len(problem.takers), max(1, len(materials))), np.int64)
    for at, taker in enumerate(problem.takers):
        if takes[at] >= 0:
            demand = entries[takes[at]].demand(scenario)
            for material in sorted(materials.keys() & taker.accepts.keys()):
                asked = {one.condition for one in scenario.rulings(material, demand)} - {None, ""}
                lacking = tuple(sorted(str(one) for one in asked - demand.accepted))
                table[at, materials[material]] = sets.setdefault(lacking, len(sets))
    moves = problem.moves
    of = np.array([materials[one.material] for one in problem.givers], np.intp)[moves.giver]
    needed = table[moves.taker, of]
    return Opened(problem, scenario, entries, gives, takes, needed, tuple(sets), orders, widened)
