"""What one load more or less is worth, of all that a scenario has amounts of; and what waiting is.

Each is solved again; but where the corner at which the plan stands is seen to stay the best one,
its prices are what that would give. Farther they hold to one side only, or not at all.
"""

from collections.abc import Iterable, Iterator
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
from raastof_geo.assignment.statement.row import Rule
from raastof_geo.assignment.statement.shares import find_due
from raastof_geo.assignment.telling import names
from raastof_geo.errors import RaastofError
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.language import Message, read_texts, say, speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.scenario.varied import Edits, list_every_amount
from raastof_geo.spread import spread
from raastof_geo.units import Quantity

_WAITED = (-2, -1, 1, 2)
"""Periods by which a window is moved."""
_MEASURES = (CO2E.name, COST.name, SHORT_OF_GOAL)
_TONNES = {"capacity_per_period": "per_period_t", "capacity_total": "total_t"}
_TONNES |= {"capacity": "capacity_t"}
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


class Subject(NamedTuple):
    """An amount of a scenario, or a target."""

    trail: Trail
    """Where it stands in the file."""
    site: str
    """Empty: of a target."""
    role: Role | None
    what: Message
    said: Quantity | float
    """What the file says."""
    step: float
    """What a load is, in the unit of the file."""
    tonnes: float
    """As it is, each time that it falls due; of a target what has to count. [t]"""
    times: int = 1
    """How often it falls due."""

    def moved(self, loads: int) -> Quantity | float:
        """Give what the file would say with some loads more, or below zero less."""
        if isinstance(self.said, Quantity):
            return replace(self.said, value=max(0.0, self.said.value + loads * self.step))
        return max(0.0, self.said + loads * self.step)


class Worth(NamedTuple):
    """What a load more and a load less of a subject change, or why there is no such plan."""

    subject: Subject
    more: Moved | str
    less: Moved | str


class Wait(NamedTuple):
    """What an offer or a need would change so many periods later, or below zero earlier."""

    subject: Subject
    shift: int
    moved: Moved | str


@dataclass(frozen=True)
class Worths:
    """All of them, in the order of the file."""

    vehicle: str
    """Its payload is what a load is: the first of the scenario."""
    load_t: float
    values: tuple[Worth, ...]
    waits: tuple[Wait, ...]


class _Ground(NamedTuple):
    """What is solved again, from its file or with other limits, and held against the plan."""

    scenario: Scenario
    legs: Legs
    rules: tuple[Rule, ...]
    flows: pd.DataFrame
    amounts: tuple[float, ...]
    measures: list[Floats]
    costs: list[Floats]
    corner: Corner | None


def measure_worth(plan: Plan, *, executor: Executor | None = None) -> Worths:
    """Find what a load more and less change of every amount, and the windows that are set moved.

    Amounts are those of offers, needs and places, each time that they fall due, and of targets,
    where a load more has to count. An `executor` solves side by side what is solved again.
    """
    scenario, problem = plan.scenario, plan.problem
    vehicle = scenario.said.vehicles[0]
    load_t = scenario.catalogue.vehicles[vehicle].payload_t.value
    subjects = [*_list_subjects(plan, load_t)]
    corner, changes = _find_rows(plan, subjects, load_t)
    measures = [problem.measure(name) for name in _MEASURES]
    legs, costs = replace(problem.legs, roads=None), list_deciding(problem)
    bare = corner and replace(corner, factor=None)  # it cannot be pickled
    ground = _Ground(scenario, legs, plan.rules, plan.flows, _count(plan), measures, costs, bare)
    prices = [corner.price(one) for one in measures] if corner else []
    with speaking(*scenario.speech):
        too_little = str(say("there is less than a load"))
    found, jobs = (
        dict[tuple[int, int], Moved | str](),
        dict[tuple[int, int], tuple[Subject, Edits | Floats]](),
    )
    for at, by in ((at, by) for at in range(len(subjects)) for by in (1, -1)):
        one, change = subjects[at], changes.get(at)
        if by < 0 and one.tonnes < load_t * (1 - 1e-9):
            found[at, by] = too_little
        elif corner is None or change is None:
            jobs[at, by] = one, {one.trail: one.moved(by)}
        elif corner.reach(by * change) >= 1.0:
            found[at, by] = _tell(float(by * (price @ change)) for price in prices)
        else:
            jobs[at, by] = one, by * change
    waits = [*_list_waits(scenario, subjects)]
    todo = [*jobs.values(), *((one, edits) for one, _, edits in waits)]
    told = [*spread(executor, _solve_again, ground, todo)]
    found |= zip(jobs, told, strict=False)
    late = zip(waits, told[len(jobs) :], strict=True)
    return Worths(
        vehicle,
        load_t,
        tuple(Worth(one, found[at, 1], found[at, -1]) for at, one in enumerate(subjects)),
        tuple(Wait(one, shift, moved) for (one, shift, _), moved in late),
    )


def _list_subjects(plan: Plan, load_t: float) -> Iterator[Subject]:
    """List all amounts that a load can be more or less, then the targets."""
    scenario, words = plan.scenario, read_texts("headings")
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    entries = {(one.site, one.role, one.number - 1): one for one in reversed(every)}
    places = {(one.site, one.role): one for one in scenario.facilities}
    for said in list_every_amount(scenario):
        role, unit = Role(said.whose.removesuffix("s")), 1.0
        if role in (Role.OFFER, Role.NEED):
            entry = Entry(said.site, role, int(said.trail[3]))
            due, quantity = entries[entry.site, role, entry.number], said.quantity
            of = said.material or scenario.catalogue.uses[str(said.use)].reference_material
            tonnes, unit = due.tonnes, scenario.weigh(replace(quantity, value=1.0), of)
            when = names.span(entry.said(scenario).periods(tuple(scenario.periods)))
            what = say("{what}, {when}", what=names.call_entry(scenario, due), when=when)
        else:
            key = str(said.trail[-1])
            tonnes, what = getattr(places[said.site, role], _TONNES[key]), words[key]
            if said.quantity.unit != "t":
                unit = tonnes / said.quantity.value if tonnes else 0.0
        if unit:
            step = load_t / unit
            yield Subject(
                said.trail, said.site, role, what, said.quantity, step, tonnes, said.times
            )
    several = isinstance((scenario.values.get("targets") or {}).get("secondary_share"), list)
    for number, target in enumerate(scenario.said.targets.secondary_share):
        due_at = find_due(plan.problem, target)
        needed_t = float(plan.problem.reference_share[due_at] @ plan.proof.values[due_at])
        if needed_t > 0:
            at = (number,) if several else ()
            trail: Trail = ("targets", "secondary_share", *at, "at_least")
            name = names.DEFINITION_NAMES[target.definition]
            when = ", ".join(filter(None, (target.municipality, target.period)))
            what = say("{what}, {when}", what=name, when=when) if when else name
            level, step = target.at_least, load_t / needed_t
            yield Subject(trail, "", None, what, level, step, level * needed_t)


def _find_rows(
    plan: Plan, subjects: list[Subject], load_t: float
) -> tuple[Corner | None, dict[int, Floats]]:
    """Find the corner of a plan, and what a load of subjects, by number, changes of its limits.

    None where decisions, objectives that may be worsened, or what projects have alone hang on it.
    """
    said = plan.scenario.said
    loose = any(step.tolerance for step in said.objectives)
    if plan.proof.programme.whole.any() or said.targets.fairness or loose:
        return None, {}
    opened = lay_open(plan, lambda _legs, _scenario: None)
    if (moves := react(opened, plan)) is None:
        return None, {}
    keys = {moves.found.keys[at]: at for at in range(len(moves.found.keys))}
    number = {(one.site, one.role, one.number): at for at, one in enumerate(opened.entries)}
    rows = np.array([family.number(about) for family, about in moves.names], object)
    changes = dict[int, Floats]()
    for at, one in enumerate(subjects):
        if one.role in (Role.OFFER, Role.NEED):
            key = keys.get((number[one.site, one.role, int(one.trail[3])], 0))
            if key is not None:
                changes[at] = one.step * moves.found.slope[key]
        elif one.role and (mine := rows == ".".join(map(str, one.trail))).any():
            changes[at] = load_t * mine
    return find_corner(moves.programme, list_deciding(plan.problem), How(Clock())), changes


def _list_waits(
    scenario: Scenario, subjects: list[Subject]
) -> Iterator[tuple[Subject, int, Edits]]:
    """List every way to move a window that is set; what of it passes the last period is cut."""
    periods = tuple(scenario.periods)
    for one in subjects:
        if one.role not in (Role.OFFER, Role.NEED):
            continue
        entry = Entry(one.site, one.role, int(one.trail[3]))
        said = entry.said(scenario)
        for shift in _WAITED if said.first or said.last else ():
            if (moved := entry.window(scenario, shift)) is not None:
                ends = zip(("from", "to"), moved, strict=True)
                yield one, shift, {(*one.trail[:-1], key): periods[end] for key, end in ends}


def _solve_again(ground: _Ground, job: tuple[Subject, Edits | Floats]) -> Moved | str:
    """Solve with other limits, or another file; give what moves, or why there is no plan."""
    subject, change = job
    corner, scenario = ground.corner, ground.scenario
    try:
        if corner is not None and isinstance(change, np.ndarray):
            other = replace(corner.programme, limit=corner.programme.limit + change)
            used = find_corner(other, ground.costs, How(Clock(), start=corner.start)).used
            return _tell(float(one @ (used - corner.used)) for one in ground.measures)
        edits = cast("Edits", change)
        varied = read_varied(scenario, edits)
        plan = assign(varied, ground.legs, rules=ground.rules, explain=False, stated=False)
    except RaastofError as error:
        with speaking(*scenario.speech):
            return str(error).splitlines()[0]
    moved = _tell(np.subtract(_count(plan), ground.amounts).tolist())
    waited = len(edits) > 1
    return moved._replace(meets=_find_met(subject, ground.flows, plan.flows)) if waited else moved


def _count(plan: Plan) -> tuple[float, ...]:
    told = {SHORT_OF_GOAL: 0.0, **plan.amounts, **plan.objectives}
    return tuple(float(told[name]) for name in _MEASURES)


def _tell(figures: Iterable[float]) -> Moved:
    """Leave out what the last digits of large sums say."""
    kg_co2e, dkk, short_t = (round(one, 3) + 0.0 for one in figures)
    return Moved(kg_co2e, dkk, short_t)


def _find_met(subject: Subject, before: pd.DataFrame, now: pd.DataFrame) -> tuple[str, ...]:
    """Find whom an offer or a need meets for more than before, the most first."""
    ends = ("origin", "destination") if subject.role is Role.OFFER else ("destination", "origin")
    head = f"{subject.site}/{int(subject.trail[3]) + 1}-"
    party = "giver" if subject.role is Role.OFFER else "taker"
    sums = []
    for flows in (now, before):
        mine = flows[flows[party].str.startswith(head) & (flows["origin"] != flows["destination"])]
        sums.append(mine.groupby(ends[1], observed=True)["tonnes"].sum())
    more = sums[0].sub(sums[1], fill_value=0.0).sort_values(ascending=False, kind="stable")
    return tuple(str(site) for site, tonnes in more.items() if tonnes > _MET_T)
