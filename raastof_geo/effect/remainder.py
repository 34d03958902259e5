"""What is left to do: the scenario without what was driven, which is planned as any other is.

What was driven in periods that are over is taken out of surplus, needs, totals and agreements, and
lies in depots and at plants where it has not gone on. What was driven in the period that is running
becomes an agreement of it, so that its capacities hold for all of it.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
import pandas as pd
from raastof_geo.assignment import Plan, assign
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.effect.actual import DeviationName, Driven, explain_deviations, match_slips
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.measure import solve_baseline
from raastof_geo.effect.saving import Gain
from raastof_geo.errors import Finding, RaastofError
from raastof_geo.figures.vocabulary import REFERENCE_TONNES, TONNES
from raastof_geo.legs.legs import Legs, price_again
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.file import Agreement
from raastof_geo.scenario.scenario import Depot, Facility, Need, Offer, Plant, Scenario
from raastof_geo.scenario.tables.delivery import Deliveries
from raastof_geo.scenario.varied import Edits, write_agreements, write_plain
from raastof_geo.units import LEAST_AMOUNT, Quantity

_LEAST_T = 0.5
"""Less than this is not left at a plant. [t]"""


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
    books: Books | None
    """What was driven and what is planned now, together; none: the rest has no plan."""
    refused: Sequence[Finding]
    """Why there is none."""

    @property
    def rest(self) -> Books | None:
        """Returns what is planned now beyond what was driven; none: nothing is."""
        if self.books is None or not self.driven.ahead:
            return None
        lines = [self.books.lines, self.driven.books.times(-1.0).lines]
        return Books(self.books.scenario, pd.concat(lines, ignore_index=True))


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
    served = _edit_due(scenario, lambda due: (went[due.id], due.periods))
    served |= {("agreements",): [], ("choices",): {}}  # which no baseline has

    def vary(edits: Edits) -> tuple[Scenario, Legs]:
        varied = read_varied(scenario, edits)
        return varied, price(legs, varied) or legs

    tasks: dict[str, Callable[[], Books]]
    tasks = {"baseline": lambda: solve_baseline(*vary(served)).books, "plan": lambda: driven.books}
    if driven.ahead:
        left = _Remainder(driven)
        tasks["plan"] = lambda: left.add(assign(*vary(left.edit()), rules=plan.rules, stated=False))
    found, refused = dict[str, Books](), list[Finding]()
    for name, task in tasks.items():
        try:
            found[name] = task()
        except RaastofError as error:
            refused += error.findings
    plans = found.get("baseline"), found.get("plan")
    return Reality(slips, driven, planned, deviations, *plans, refused)


class _Remainder:
    """The scenario without what was driven, from the first period on that is not over."""

    def __init__(self, driven: Driven) -> None:
        self.scenario, self.driven, self.ahead = driven.problem.scenario, driven, driven.ahead
        self.over = [one for one in self.scenario.periods if one not in self.ahead]
        self.now = self.ahead[0]
        self.moved = _pick(driven.books, "moves", self.over)
        self.running = _pick(driven.books, "moves", [self.now])

    def add(self, rest: Plan) -> Books:
        """Add the rest to what was driven, but for what both have: the period that is running."""
        planned = keep_books(rest.problem, rest.proof.values).lines
        twice = self.driven.priced.times(-1.0).lines
        parts = [self.driven.books.lines, planned[~planned.period.isin(self.over)]]
        parts.append(twice[twice.period == self.now])
        return Books(self.scenario, pd.concat(parts, ignore_index=True))

    def edit(self) -> Edits:
        """Give what to write where in the scenario for it to be about the rest."""
        done, runs = _add_up_due(self.moved), _add_up_due(self.running)

        def leave(due: Offer | Need) -> tuple[float, Sequence[str]]:
            """Take off what went. Returns what is left [t], and when; what is late is due now."""
            left = max(due.tonnes - done[due.id], runs[due.id])
            return left, [one for one in due.periods if one in self.ahead] or [self.now]

        edits = _edit_due(self.scenario, leave)
        for site, made in self._list_made():
            edits.setdefault(("sites", site, "offers"), []).append(made)
        for place in self.scenario.facilities:
            edits["sites", place.site, str(place.role)] = self._leave_place(place)
        return {**edits, ("agreements",): [*self._list_agreements()]}

    def _list_made(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """List what plants have made of what came, and have not sent on: surplus of their sites."""
        runs, sent = _pick(self.driven.books, "processes", self.over), _add_up_due(self.moved)
        ran = runs.groupby(["origin", "what"]).amount.sum()
        for plant in self.scenario.plants:
            made = defaultdict[tuple[str, str], float](float)
            for process in plant.processes:
                tonnes = ran.get((plant.site, process.recipe), 0.0)
                for material, share in process.outputs.items():
                    made[plant.giver(material, process), material] += share * tonnes
            for (giver, material), tonnes in made.items():
                if (left := tonnes - sent[giver]) > _LEAST_T:
                    entry = {"material": material, "amount": _tonnes(left), "from": self.now}
                    yield plant.site, entry

    def _leave_place(self, place: Facility) -> dict[str, Any]:
        """Say what a place can still do, from now on, and what lies there."""
        entry = getattr(self.scenario.sites[place.site], place.role)
        said, start = dict(write_plain(entry)), self.scenario.periods[self.now].start
        if place.role != Role.STOCKPILE and not (entry.closes_on and entry.closes_on < start):
            said["opens_on"] = max(start, entry.opens_on or start)
        if place.total_t is not None:
            said["capacity_total"] = _tonnes(place.total_t - self._pick_through(place).amount.sum())
        if isinstance(place, Depot) and self.over:
            lying = _pick(self.driven.books, "stores", self.over[-1:])
            stock = lying[lying.what == place.id].groupby("material").amount.sum()
            said["start"] = {str(one): _tonnes(tonnes) for one, tonnes in stock.items()}
        if place.site in {*self.driven.books.lines.query("kind == 'openings'").origin}:
            said["opens"] = {}  # it is paid, and still no part of today
        return said

    def _pick_through(self, place: Facility) -> pd.DataFrame:
        """Give the lines of what went through a place in the periods that are over."""
        if isinstance(place, Plant):
            runs = _pick(self.driven.books, "processes", self.over)
            return runs[runs.origin == place.site]
        pit, moved = place.role == Role.PIT, self.moved
        end, kind = ("origin", "giver_kind") if pit else ("destination", "taker_kind")
        return moved[(moved[kind] == place.role) & (moved[end] == place.site)]

    def _list_agreements(self) -> Iterator[Mapping[str, Any]]:
        """List what is left of agreements, and after them what was driven in this period."""
        for one in self.scenario.said.agreements:
            periods = one.periods(tuple(self.scenario.periods))
            went = _add_up_agreed(self.moved, one, periods)
            goes = _add_up_agreed(self.running, one, periods)
            left = [period for period in periods if period in self.ahead]
            kept = _within(one, left or [self.now])
            for key, amount in one.amounts.items():
                tonnes = self.scenario.weigh(amount, one.material) - went
                kept[key] = _tonnes(max(tonnes, 0.0 if key == "at_least" else goes))
            if left and not (one.forbidden and goes):
                yield kept
        between = self.running.query("origin != destination")  # nobody agrees with itself
        lanes = ["origin", "destination", "material", "period"]
        yield from write_agreements(between.groupby(lanes)[TONNES].sum(), _tonnes)


def _pick(books: Books, kind: str, periods: Any) -> pd.DataFrame:
    """Give the lines of a kind in some periods."""
    lines = books.lines
    return lines[(lines.kind == kind) & lines.period.isin([*periods])]


def _add_up_agreed(lines: pd.DataFrame, one: Agreement, periods: Sequence[str]) -> float:
    """Add up what an agreement is about. [t]"""
    wanted = {"origin": [one.giver], "destination": [one.taker], "period": periods}
    wanted |= {"material": [one.material]} if one.material else {}
    return float(lines[lines[[*wanted]].isin(wanted).all(axis=1)][TONNES].sum())


def _add_up_due(moved: pd.DataFrame) -> defaultdict[str, float]:
    """Add up what everybody gave, and needs got in reference tonnes, by their ids. [t]"""
    sums = (moved.groupby("giver")[TONNES].sum(), moved.groupby("taker")[REFERENCE_TONNES].sum())
    return defaultdict(float, {str(id_): float(t) for one in sums for id_, t in one.items()})


def _edit_due(
    scenario: Scenario, leave: Callable[[Offer | Need], tuple[float, Sequence[str]]]
) -> dict[Any, Any]:
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
    apart = {"amount", "amount_per_period", "tonnes", "at_least", "at_most"}
    kept = {key: one for key, one in write_plain(said).items() if key not in apart}
    return kept | {"from": periods[0], "to": periods[-1]}


def _tonnes(tonnes: float) -> Quantity:
    return Quantity(float(tonnes) if tonnes >= LEAST_AMOUNT else 0.0, "t")
