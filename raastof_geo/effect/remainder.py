"""What is left to do: the scenario without what was driven, which is planned as any other is.

What was driven in periods that are over is taken out of surplus, needs, totals and agreements, and
lies in depots and at plants where it has not gone on. What was driven in the period that is running
becomes an agreement of it, so that its capacities hold for all of it.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from raastof_geo.assignment import Plan, assign
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.effect.actual import DeviationName, Driven, explain_deviations, match_slips
from raastof_geo.effect.baseline import solve_baseline
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.cause import Gain
from raastof_geo.errors import RaastofError
from raastof_geo.figures.vocabulary import REFERENCE_TONNES, TONNES
from raastof_geo.legs.legs import Legs, price_again
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.agreement import Agreement
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Depot, Facility, Need, Offer, Plant, Scenario
from raastof_geo.scenario.tables.delivery import Deliveries
from raastof_geo.scenario.varied import Edits, write_plain
from raastof_geo.units import LEAST_AMOUNT, Quantity

_LEAST_T = 0.5
"""Less than this is not left at a plant. [t]"""
_AMOUNTS = ("tonnes", "at_least", "at_most")
_Due: TypeAlias = Offer | Need


@dataclass(frozen=True, eq=False)
class Reality:
    """A plan, and what has become of it up to a day."""

    slips: Deliveries
    driven: Driven
    planned: Books
    """Up to that day."""
    deviations: Mapping[DeviationName, Gain]
    baseline: Books | None
    """Without coordination, of the tonnes that left and came; none: there is no plan of it."""
    rest: Books | None
    """What is planned now beyond what was driven, to which it adds up; none: there is no plan."""
    refused: Sequence[str]
    """Why there is none."""

    @cached_property
    def books(self) -> Books | None:
        """What was driven and what is planned now, together; none: the rest has no plan."""
        driven = self.driven.books
        if self.rest is None:
            return driven if self.driven.now is None else None
        lines = pd.concat([driven.lines, self.rest.lines], ignore_index=True)
        return Books(driven.scenario, lines)


def follow_plan(
    scenario: Scenario,
    plan: Plan,
    legs: Legs,
    slips: Deliveries,
    *,
    until: datetime.date | None = None,
    price: Callable[[Legs, Scenario], Legs | None] = price_again,
) -> Reality:
    """Hold a plan against load slips up to a day, and plan the rest anew.

    `scenario` as it was read, with what its file says; `legs` of the plan, and how to `price` them
    again. Slips that cannot be laid on legs are named among their mistakes, see `match_slips`. What
    was driven is held against a baseline of the same: every amount is what was driven of it.
    """
    problem = build_problem(scenario, legs, every_vehicle=True)
    driven = match_slips(problem, plan.flows, slips, until)
    planned, deviations = explain_deviations(driven, plan.flows)
    went = _add_up_due(_pick(driven.books, "moves", scenario.periods))
    edits: dict[Any, Any] = {**_edit_due(scenario, lambda due: (went[due.id], due.periods))}
    edits |= {("agreements",): [], ("choices",): {}}  # which no baseline has
    refused: list[str] = []

    def solve_served() -> Books:
        served = read_varied(scenario, edits)
        return solve_baseline(served, price(legs, served) or legs).books

    baseline, rest = _attempt(solve_served, refused), None
    if driven.now is not None:
        left = _Remainder(scenario, driven.books, driven.now)
        rest = _attempt(lambda: _plan_rest(left, plan, legs, price), refused)
    return Reality(slips, driven, planned, deviations, baseline, rest, refused)


def _attempt(task: Callable[[], Books], refused: list[str]) -> Books | None:
    try:
        return task()
    except RaastofError as error:
        refused.append(str(error))
        return None


def take_share(books: Books, share: Mapping[str, float]) -> Books:
    """Give a share of the lines of each period; what has no period as a whole."""
    return books.times(books.lines["period"].map(share).fillna(1.0))


def _plan_rest(
    left: "_Remainder", plan: Plan, legs: Legs, price: Callable[[Legs, Scenario], Legs | None]
) -> Books:
    """Plan the rest; what was driven in the period that is running is taken out of its lines."""
    scenario = read_varied(left.scenario, left.edit())
    rest = assign(scenario, price(legs, scenario) or legs, rules=plan.rules, stated=False)
    used = np.flatnonzero(rest.proof.values)
    lines = keep_books(rest.problem.only(used), rest.proof.values[used]).lines
    gone = take_share(left.books, dict.fromkeys(left.scenario.periods, -1.0)).lines
    parts = lines[~lines["period"].isin(left.over)], gone[gone["period"] == left.now]
    return Books(left.scenario, pd.concat(parts, ignore_index=True))


@dataclass(frozen=True, eq=False)
class _Remainder:
    """What was driven, and the period from which on the rest is planned."""

    scenario: Scenario
    books: Books
    now: str
    """The first period that is not over."""

    @cached_property
    def ahead(self) -> list[str]:
        """The periods that are not over."""
        ids = list(self.scenario.periods)
        return ids[ids.index(self.now) :]

    @cached_property
    def over(self) -> list[str]:
        """The periods that are over."""
        return [one for one in self.scenario.periods if one not in self.ahead]

    def edit(self) -> Edits:
        """Give what to write where in the scenario for it to be about the rest."""
        moved, running = (_pick(self.books, "moves", one) for one in (self.over, [self.now]))
        done, runs = _add_up_due(moved), _add_up_due(running)

        def leave(due: _Due) -> tuple[float, Sequence[str]]:
            """Give what is left of an entry, and when; what is late is due now."""
            left = max(due.tonnes - done[due.id], runs[due.id])
            return left, [one for one in due.periods if one in self.ahead] or [self.now]

        edits: dict[Any, Any] = {**_edit_due(self.scenario, leave)}
        for site, made in self._list_made(moved):
            edits.setdefault(("sites", site, "offers"), []).append(made)
        for place in self.scenario.facilities:
            edits["sites", place.site, str(place.role)] = self._leave_place(place, moved)
        return {**edits, ("agreements",): [*self._list_agreements(moved, running)]}

    def _list_made(self, moved: pd.DataFrame) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """List what plants have made of what came, and have not sent on: surplus of their sites."""
        runs, sent = _pick(self.books, "processes", self.over), _add_up_due(moved)
        for plant in self.scenario.plants:
            made = defaultdict[tuple[str, str], float](float)
            for process in plant.processes:
                here = (runs["origin"] == plant.site) & (runs["what"] == process.recipe)
                for material, share in process.outputs.items():
                    key = plant.giver(material, process), material
                    made[key] += share * runs[here]["amount"].sum()
            for (giver, material), tonnes in made.items():
                if (left := tonnes - sent[giver]) > _LEAST_T:
                    entry = {"material": material, "amount": _tonnes(left), "from": self.now}
                    yield plant.site, entry

    def _leave_place(self, place: Facility, moved: pd.DataFrame) -> dict[str, Any]:
        """Say what a place can still do, from now on, and what lies there."""
        entry = getattr(self.scenario.sites[place.site], place.role)
        said, start = dict(write_plain(entry)), self.scenario.periods[self.now].start
        if place.role != Role.STOCKPILE and not (entry.closes_on and entry.closes_on < start):
            said["opens_on"] = max(start, entry.opens_on or start)
        if place.total_t is not None:
            end, kind = "destination", "taker_kind"
            if place.role == Role.PIT:
                end, kind = "origin", "giver_kind"
            used = moved[(moved[end] == place.site) & (moved[kind] == place.role)]
            if isinstance(place, Plant):
                runs = _pick(self.books, "processes", self.over)
                used = runs[runs["origin"] == place.site]
            said["capacity_total"] = _tonnes(place.total_t - used["amount"].sum())
        if isinstance(place, Depot) and self.over:
            lying = _pick(self.books, "stores", self.over[-1:])
            stock = lying[lying["what"] == place.id].groupby("material")["amount"].sum()
            said["start"] = {str(one): _tonnes(tonnes) for one, tonnes in stock.items()}
        if place.site in {*self.books.lines.query("kind == 'openings'")["origin"]}:
            said["opens"] = {"cost_dkk": 0, "kg_co2e": 0}  # it is paid, and still no part of today
        return said

    def _list_agreements(self, *moved: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
        """List what is left of agreements, and after them what was driven in this period."""
        for one in self.scenario.said.agreements:
            periods = one.periods(tuple(self.scenario.periods))
            went, goes = (_add_up_agreed(lines, one, periods) for lines in moved)
            left = [period for period in periods if period in self.ahead]
            kept = _within(one, left or [self.now])
            for key in _AMOUNTS:
                if (amount := getattr(one, key)) is not None:
                    tonnes = self.scenario.weigh(amount, one.material) - went
                    kept[key] = _tonnes(max(tonnes, 0.0 if key == "at_least" else goes))
            if left and not (one.forbidden and goes):
                yield kept
        between = moved[1].query("origin != destination")  # nobody agrees with itself
        lanes = between.groupby(["origin", "destination", "material"])[TONNES].sum()
        for lane, tonnes in zip(lanes.index.tolist(), lanes.tolist(), strict=True):
            named = dict(zip(("giver", "taker", "material"), lane, strict=True))
            yield {**named, "at_least": _tonnes(tonnes), "from": self.now, "to": self.now}


def _pick(books: Books, kind: str, periods: Any) -> pd.DataFrame:
    """Give the lines of a kind in some periods."""
    lines = books.lines
    return lines[(lines["kind"] == kind) & lines["period"].isin([*periods])]


def _add_up_agreed(lines: pd.DataFrame, one: Agreement, periods: Sequence[str]) -> float:
    """Add up what an agreement is about. [t]"""
    mine = lines[(lines["origin"] == one.giver) & (lines["destination"] == one.taker)]
    mine = mine[mine["period"].isin(periods)]
    materials = [one.material] if one.material else mine["material"]
    return float(mine[mine["material"].isin(materials)][TONNES].sum())


def _add_up_due(moved: pd.DataFrame) -> defaultdict[str, float]:
    """Add up what everybody gave, and needs got in reference tonnes, by their ids. [t]"""
    sums = (moved.groupby("giver")[TONNES].sum(), moved.groupby("taker")[REFERENCE_TONNES].sum())
    return defaultdict(float, {str(id_): float(t) for one in sums for id_, t in one.items()})


def _edit_due(scenario: Scenario, leave: Callable[[_Due], tuple[float, Sequence[str]]]) -> Edits:
    """Write surplus and needs with other tonnes, in other periods; each window by itself."""
    edits: dict[Any, Any] = {}
    every: tuple[_Due, ...] = (*scenario.offers, *scenario.needs)
    for due in every:
        said = getattr(scenario.sites[due.site], f"{due.role}s")[due.number - 1]
        tonnes, periods = leave(due)
        trail = ("sites", due.site, f"{due.role}s")
        edits.setdefault(trail, []).append(_within(said, periods) | {"amount": _tonnes(tonnes)})
    return edits


def _within(said: Any, periods: Sequence[str]) -> dict[str, Any]:
    """Write an entry without its amounts, from the first of some periods to the last."""
    apart = {"amount", "amount_per_period", *_AMOUNTS}
    kept = {key: one for key, one in write_plain(said).items() if key not in apart}
    return kept | {"from": periods[0], "to": periods[-1]}


def _tonnes(tonnes: float) -> Quantity:
    return Quantity(float(tonnes) if tonnes >= LEAST_AMOUNT else 0.0, "t")
