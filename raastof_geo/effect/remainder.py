"""What is left to do: the scenario without what was driven, which is planned as any other is.

What was driven in periods that are over is taken out of surplus, needs, totals and agreements, and
lies in depots and at plants where it has not gone on. What was driven in the period that is running
becomes an agreement of it, so that its capacities hold for all of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.assignment import RULES, Plan, Rule, assign
from raastof_geo.effect.actual import Deviation, Driven, explain_deviations
from raastof_geo.effect.baseline import solve_baseline
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.errors import RaastofError
from raastof_geo.figures.vocabulary import REFERENCE_TONNES, TONNES
from raastof_geo.legs.legs import Legs, price_again
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.agreement import Agreement
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Depot, Facility, Need, Offer, Plant, Scenario
from raastof_geo.scenario.varied import Edits, write_plain
from raastof_geo.units import LEAST_AMOUNT, Quantity

_LEAST_T = 0.5
"""Less than this is not left at a plant. [t]"""
_SIDES = (("giver", TONNES), ("taker", REFERENCE_TONNES))
_AMOUNTS = ("tonnes", "at_least", "at_most")


@dataclass(frozen=True, eq=False)
class Remainder:
    """What was driven, and the period from which on the rest is planned."""

    scenario: Scenario
    books: Books
    """Of what was driven."""
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
        lines = (self._take("moves", over=over) for over in (True, False))
        done, running = map(_add_up_due, lines)

        def leave(due: Offer | Need) -> tuple[float, Sequence[str]]:
            """Give what is left of an entry, and when; what is late is due now."""
            left = max(due.tonnes - done.get(due.id, 0.0), running.get(due.id, 0.0))
            return left, [one for one in due.periods if one in self.ahead] or [self.now]

        edits: dict[Any, Any] = {**_edit_due(self.scenario, leave)}
        for site, made in self._list_made():
            edits["sites", site, "offers"] = [*edits.get(("sites", site, "offers"), ()), made]
        for place in self.scenario.facilities:
            edits["sites", place.site, str(place.role)] = self._leave_place(place)
        return {**edits, ("agreements",): [*self._list_agreements()]}

    def _take(self, kind: str, *, over: bool = True) -> pd.DataFrame:
        lines = self.books.lines
        when = ~lines["period"].isin(self.ahead) if over else lines["period"] == self.now
        return lines[(lines["kind"] == kind) & when]

    def _list_made(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """List what plants have made of what came, and have not sent on: surplus of their sites."""
        runs, sent = self._take("processes"), self._take("moves").groupby("giver")[TONNES].sum()
        for plant in self.scenario.plants:
            made: dict[tuple[str, str], float] = {}
            for process in plant.processes:
                here = (runs["origin"] == plant.site) & (runs["what"] == process.recipe)
                for material, share in process.outputs.items():
                    key = plant.giver(material, process), material
                    made[key] = made.get(key, 0.0) + share * float(runs[here]["amount"].sum())
            for (giver, material), tonnes in made.items():
                if (left := tonnes - sent.get(giver, 0.0)) > _LEAST_T:
                    entry = {"material": material, "amount": _tonnes(left), "from": self.now}
                    yield plant.site, entry

    def _leave_place(self, place: Facility) -> dict[str, Any]:
        """Say what a place can still do, from now on, and what lies there."""
        entry = getattr(self.scenario.sites[place.site], place.role)
        said, start = dict(write_plain(entry)), self.scenario.periods[self.now].start
        if place.role != Role.STOCKPILE and not (entry.closes_on and entry.closes_on < start):
            said["opens_on"] = max(start, entry.opens_on or start)
        if place.total_t is not None:
            moved, figure = self._take("moves"), str(TONNES)
            end = (
                ("origin", "giver_kind")
                if place.role == Role.PIT
                else ("destination", "taker_kind")
            )
            mine = (moved[end[0]] == place.site) & (moved[end[1]] == place.role)
            if isinstance(place, Plant):
                moved, figure = self._take("processes"), "amount"
                mine = moved["origin"] == place.site
            said["capacity_total"] = _tonnes(place.total_t - moved[mine][figure].sum())
        if isinstance(place, Depot) and self.over:
            lying = self._take("stores")
            last = lying[(lying["what"] == place.id) & (lying["period"] == self.over[-1])]
            stock = last.groupby("material")["amount"].sum()
            said["start"] = {str(one): _tonnes(tonnes) for one, tonnes in stock.items()}
        if place.site in {*self.books.lines.query("kind == 'openings'")["origin"]}:
            said["opens"] = {"cost_dkk": 0, "kg_co2e": 0}  # it is paid, and still no part of today
        return said

    def _list_agreements(self) -> Iterator[Mapping[str, Any]]:
        """List what is left of agreements, and after them what was driven in this period."""
        done, running = (self._take("moves", over=over) for over in (True, False))
        for one in self.scenario.said.agreements:
            periods = one.periods(tuple(self.scenario.periods))
            went, goes = (_add_up(lines, one, periods) for lines in (done, running))
            left = [it for it in periods if it in self.ahead]
            kept = _within(one, left or [self.now])
            for key in _AMOUNTS:
                if (amount := getattr(one, key)) is not None:
                    least = 0.0 if key == "at_least" else goes
                    tonnes = self.scenario.weigh(amount, one.material) - went
                    kept[key] = _tonnes(max(tonnes, least))
            if left and not (one.forbidden and goes):
                yield kept
        lanes = running.groupby(["origin", "destination", "material"])[TONNES].sum()
        for lane, tonnes in zip(lanes.index.tolist(), lanes.tolist(), strict=True):
            named = dict(zip(("giver", "taker", "material"), lane, strict=True))
            yield {**named, "at_least": _tonnes(tonnes), "from": self.now, "to": self.now}


def _add_up_due(moved: pd.DataFrame) -> dict[str, float]:
    """Add up what entries gave, and got in reference tonnes, by their ids. [t]"""
    sums = (moved.groupby(end)[one].sum() for end, one in _SIDES)
    return {str(id_): float(tonnes) for one in sums for id_, tonnes in one.items()}


def _edit_due(
    scenario: Scenario, leave: Callable[[Offer | Need], tuple[float, Sequence[str]]]
) -> Edits:
    """Write surplus and needs with other tonnes, in other periods; each window by itself."""
    edits: dict[Any, Any] = {}
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
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


def _add_up(lines: pd.DataFrame, one: Agreement, periods: Sequence[str]) -> float:
    """Add up what an agreement is about. [t]"""
    mine = lines[(lines["origin"] == one.giver) & (lines["destination"] == one.taker)]
    mine = mine[mine["period"].isin(periods)]
    materials = [one.material] if one.material else mine["material"]
    return float(mine[mine["material"].isin(materials)][TONNES].sum())


def plan_rest(
    remainder: Remainder,
    legs: Legs,
    *,
    rules: Sequence[Rule] = RULES,
    price: Callable[[Legs, Scenario], Legs | None] = price_again,
) -> Books:
    """Plan the rest, and keep its books, which add to what was driven.

    What was driven in the period that is running is part of that plan, and is taken out of its
    lines. Errors as of reading and assigning: `InputError`, `NoPlanError`, `SolverError`.
    """
    scenario = read_varied(remainder.scenario, remainder.edit())
    plan = assign(scenario, price(legs, scenario) or legs, rules=rules, stated=False)
    used = np.flatnonzero(plan.proof.values)
    lines = keep_books(plan.problem.only(used), plan.proof.values[used]).lines
    driven = remainder.books.lines
    gone = driven[driven["period"] == remainder.now].copy()
    gone[gone.select_dtypes("number").columns] *= -1
    kept = lines[~lines["period"].isin(remainder.over)]
    return Books(remainder.scenario, pd.concat([kept, gone], ignore_index=True))


@dataclass(frozen=True, eq=False)
class Reality:
    """A plan, and what has become of it up to a day."""

    driven: Driven
    planned: Books
    """Up to that day."""
    deviations: Sequence[Deviation]
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
        return Books(self.planned.scenario, lines)


def follow_plan(
    scenario: Scenario,
    plan: Plan,
    driven: Driven,
    *,
    price: Callable[[Legs, Scenario], Legs | None] = price_again,
) -> Reality:
    """Hold a plan against what was driven, and plan the rest anew.

    `scenario` as it was read, with what its file says. What was driven is held against a baseline
    of the same: every amount is what was driven of it.
    """
    planned, deviations = explain_deviations(driven, plan.flows)
    legs, books = driven.problem.legs, driven.books
    went = _add_up_due(books.lines[books.lines["kind"] == "moves"])
    rest, baseline, refused = None, None, list[str]()
    try:
        served = read_varied(
            scenario, _edit_due(scenario, lambda due: (went.get(due.id, 0.0), due.periods))
        )
        baseline = solve_baseline(served, price(legs, served) or legs).books
    except RaastofError as error:
        refused.append(str(error))
    try:
        if driven.now is not None:
            left = Remainder(scenario, books, driven.now)
            rest = plan_rest(left, legs, rules=plan.rules, price=price)
    except RaastofError as error:
        refused.append(str(error))
    return Reality(driven, planned, deviations, baseline, rest, refused)


def take_share(books: Books, share: Mapping[str, float]) -> Books:
    """Give a share of the lines of each period; what has no period as a whole."""
    lines = books.lines.copy()
    numbers = lines.select_dtypes("number").columns
    lines[numbers] = lines[numbers].mul(
        lines["period"].map(share).fillna(1.0).astype(float), axis=0
    )
    return Books(books.scenario, lines)


def _tonnes(tonnes: float) -> Quantity:
    return Quantity(float(tonnes) if tonnes >= LEAST_AMOUNT else 0.0, "t")
