"""What one load more or less is worth, of all that a scenario has amounts of; and what waiting is.

Each is solved again; but where the corner at which the plan stands is seen to stay the best one,
its prices are what that would give. Farther they hold to one side only, or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.adjusting.opened import Entry, lay_open
from raastof_geo.assignment.adjusting.reaction import react
from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.solving.corner import Corner, find_corner, list_deciding
from raastof_geo.assignment.solving.price_in import Clock, How
from raastof_geo.assignment.statement.shares import find_due
from raastof_geo.assignment.telling import names
from raastof_geo.errors import RaastofError
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.language import Message, read_texts, say, speaking
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Offer
from raastof_geo.scenario.varied import Edits, list_every_amount
from raastof_geo.spread import spread
from raastof_geo.units import Quantity

_SHIFTS = (-2, -1, 1, 2)
"""Periods by which a window is moved."""
_MEASURES = (CO2E.name, COST.name, SHORT_OF_GOAL)
_TONNES = {"capacity_per_period": "per_period_t", "capacity_total": "total_t"}
_MET_T = 0.5
"""Whoever gets or gives so much more than before is met by waiting. [t]"""


class Moved(NamedTuple):
    """What the best plan comes to beyond that of the scenario as it is."""

    kg_co2e: float
    dkk: float
    short_t: float
    """Reference tonnes that goals lack more. [t]"""
    meets: tuple[str, ...] = ()
    """Of a moved window, the sites that are met for more than before, the most first."""


class Worth(NamedTuple):
    """An amount of a scenario, or a target, and what comes of moving it, or why no plan does."""

    trail: Trail
    """Where it stands in the file."""
    site: str
    """Empty: of a target."""
    entry: Entry | None
    """None: of a place or a target."""
    what: Message
    said: Quantity | float
    step: float
    """What a load is, in the unit of the file."""
    tonnes: float
    """As it is, each time that it falls due; of a target what has to count. [t]"""
    times: int
    """How often it falls due."""
    more: Moved | str = ""
    """Of one load more, each time; and of one load less."""
    less: Moved | str = ""
    waits: Mapping[int, Moved | str] = {}
    """By how many periods its window is moved: above zero later."""

    def moved(self, loads: int) -> Quantity | float:
        """Give what the file would say with some loads more, or below zero less."""
        if isinstance(self.said, Quantity):
            return replace(self.said, value=max(0.0, self.said.value + loads * self.step))
        return max(0.0, self.said + loads * self.step)


@dataclass(frozen=True)
class Worths:
    """All of them, in the order of the file, and what a load is: the payload of a truck. [t]"""

    vehicle: str
    load_t: float
    values: tuple[Worth, ...]


def measure_worth(plan: Plan, *, executor: Executor | None = None) -> Worths:
    """Find what a load more and less change of every amount, and the windows that are set moved.

    Amounts are those of offers, needs and places, and of targets, where a load more has to count.
    A load is what the first truck of the scenario carries. An `executor` solves side by side.
    """
    scenario, periods = plan.scenario, tuple(plan.scenario.periods)
    vehicle = scenario.said.vehicles[0]
    load_t = scenario.catalogue.vehicles[vehicle].payload_t.value
    values = [*_list_amounts(plan, load_t)]
    corner, changes = _find_rows(plan, values, load_t)
    prices = [corner.price(plan.problem.measure(name)) for name in _MEASURES] if corner else []
    with speaking(*scenario.speech):
        too_little = str(say("there is less than a load"))
    found, jobs = dict[tuple[int, int, int], Moved | str](), dict[tuple[int, int, int], _Job]()
    for at, one in enumerate(values):
        change = changes.get(at)
        for by in (1, -1):
            if by < 0 and one.tonnes < load_t * (1 - 1e-9):
                found[at, by, 0] = too_little
            elif corner is None or change is None:
                jobs[at, by, 0] = {one.trail: one.moved(by)}, None
            elif corner.reach(by * change) >= 1.0:
                found[at, by, 0] = _tell(float(by * (price @ change)) for price in prices)
            else:
                jobs[at, by, 0] = by * change, None
        said = one.entry and one.entry.said(scenario)
        for shift in _SHIFTS if said and (said.first or said.last) else ():
            if one.entry and (ends := one.entry.window(scenario, shift)) is not None:
                moved = zip(("from", "to"), ends, strict=True)
                edits = {(*one.trail[:-1], key): periods[end] for key, end in moved}
                jobs[at, 0, shift] = edits, one.entry
    bare = replace(plan, problem=replace(plan.problem, legs=replace(plan.problem.legs, roads=None)))
    ground = bare, corner and replace(corner, factor=None)  # that cannot be pickled
    found |= zip(jobs, spread(executor, _solve_again, ground, [*jobs.values()]), strict=True)
    for at, one in enumerate(values):
        waits = {shift: found[at, 0, shift] for shift in _SHIFTS if (at, 0, shift) in found}
        values[at] = one._replace(more=found[at, 1, 0], less=found[at, -1, 0], waits=waits)
    return Worths(vehicle, load_t, tuple(values))


_Job = tuple[Edits | Floats, Entry | None]
"""Another file, or other limits; and whose window it moves."""


def _list_amounts(plan: Plan, load_t: float) -> Iterator[Worth]:
    """List all amounts that a load can be more or less, then the targets."""
    scenario, words = plan.scenario, read_texts("headings")
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    dues = {(one.site, one.role, one.number - 1): one for one in reversed(every)}
    places = {(one.site, one.role): one for one in scenario.facilities}
    for said in list_every_amount(scenario):
        role, quantity, entry, unit = Role(said.whose[:-1]), said.quantity, None, 1.0
        if said.whose in ("offers", "needs"):
            entry = Entry(said.site, role, int(said.trail[3]))
            due, when = dues[entry], names.span(entry.said(scenario).periods((*scenario.periods,)))
            of = said.material or scenario.catalogue.uses[str(said.use)].reference_material
            tonnes, unit = due.tonnes, scenario.weigh(replace(quantity, value=1.0), of)
            what = say("{what}, {when}", what=names.call_entry(scenario, due), when=when)
        else:
            key = str(said.trail[-1])
            tonnes = getattr(places[said.site, role], _TONNES.get(key, "capacity_t"))
            what = words[key]
            if quantity.unit != "t":
                unit = tonnes / quantity.value if tonnes else 0.0
        if unit:
            step = load_t / unit
            yield Worth(said.trail, said.site, entry, what, quantity, step, tonnes, said.times)
    several = isinstance((scenario.values.get("targets") or {}).get("secondary_share"), list)
    for number, target in enumerate(scenario.said.targets.secondary_share):
        at = find_due(plan.problem, target)
        needed_t = float(plan.problem.reference_share[at] @ plan.proof.values[at])
        what = names.DEFINITION_NAMES[target.definition]
        if target.period:
            what = say("{what}, {when}", what=what, when=target.period)
        head: Trail = ("targets", "secondary_share", *((number,) if several else ()))
        if needed_t > 0:
            level, step = target.at_least, load_t / needed_t
            yield Worth((*head, "at_least"), "", None, what, level, step, level * needed_t, 1)


def _find_rows(
    plan: Plan, values: list[Worth], load_t: float
) -> tuple[Corner | None, dict[int, Floats]]:
    """Find the corner of a plan, and what a load of amounts, by number, changes of its limits.

    None where decisions, objectives that may be worsened, or what projects have alone hang on it.
    """
    said, changes = plan.scenario.said, dict[int, Floats]()
    loose = said.targets.fairness or any(step.tolerance for step in said.objectives)
    opened = lay_open(plan, lambda _legs, _scenario: None)
    if plan.proof.programme.whole.any() or loose or (moves := react(opened, plan)) is None:
        return None, {}
    keys = {moves.found.keys[at]: at for at in range(len(moves.found.keys))}
    numbers = np.array([family.number(about) for family, about in moves.names], object)
    for at, one in enumerate(values):
        if one.entry is not None:
            key = keys.get((opened.entries.index(one.entry), 0))
            if key is not None:
                changes[at] = one.step * moves.found.slope[key]
        elif one.site and (mine := numbers == ".".join(map(str, one.trail))).any():
            changes[at] = load_t * mine
    return find_corner(moves.programme, list_deciding(plan.problem), How(Clock())), changes


def _solve_again(ground: tuple[Plan, Corner | None], job: _Job) -> Moved | str:
    """Solve with other limits, or another file; give what moves, or why there is no plan."""
    (plan, corner), (change, entry) = ground, job
    problem, scenario = plan.problem, plan.scenario
    try:
        if corner is not None and isinstance(change, np.ndarray):
            other = replace(corner.programme, limit=corner.programme.limit + change)
            how = How(Clock(), start=corner.start)
            more = find_corner(other, list_deciding(problem), how).used - corner.used
            return _tell(float(problem.measure(name) @ more) for name in _MEASURES)
        varied = read_varied(scenario, cast("Edits", change))
        again = assign(varied, problem.legs, rules=plan.rules, explain=False, stated=False)
    except RaastofError as error:
        with speaking(*scenario.speech):
            return str(error).splitlines()[0]
    told = [{SHORT_OF_GOAL: 0.0, **one.amounts, **one.objectives} for one in (plan, again)]
    moved = _tell(told[1][name] - told[0][name] for name in _MEASURES)
    return moved if entry is None else moved._replace(meets=_find_met(entry, plan, again))


def _tell(figures: Iterable[float]) -> Moved:
    """Leave out what the last digits of large sums say."""
    kg_co2e, dkk, short_t = (round(one, 3) + 0.0 for one in figures)
    return Moved(kg_co2e, dkk, short_t)


def _find_met(entry: Entry, before: Plan, now: Plan) -> tuple[str, ...]:
    """Find the sites that an offer or a need meets for more than before, the most first."""
    offers, head = entry.role is Role.OFFER, f"{entry.site}/{entry.number + 1}-"
    party, other = ("giver", "destination") if offers else ("taker", "origin")
    sums = list[pd.Series]()
    for flows in (now.flows, before.flows):
        mine = flows[flows[party].str.startswith(head) & (flows["origin"] != flows["destination"])]
        sums.append(mine.groupby(other, observed=True)["tonnes"].sum())
    more = sums[0].sub(sums[1], fill_value=0.0).sort_values(ascending=False, kind="stable")
    return tuple(str(site) for site in more.index[more > _MET_T])
