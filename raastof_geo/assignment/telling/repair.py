"""Find what would make a plan possible, try it, and rank it by its price."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raastof_geo.assignment.rules.agreements import AGREEMENTS_KEPT
from raastof_geo.assignment.rules.row import Row, RowName, Rule
from raastof_geo.assignment.solving.solve import Search, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.statement.restate import restate
from raastof_geo.assignment.telling.most import Case
from raastof_geo.assignment.telling.names import (
    agreement_of,
    call,
    call_material,
    describe_row,
    name_agreement,
    name_site,
    tell_number,
    unit_of_row,
)
from raastof_geo.assignment.telling.violation import make_bending
from raastof_geo.figures.vocabulary import CO2E, COST
from raastof_geo.language import Message, say
from raastof_geo.scenario.said.choice import Choices
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.target import SecondaryShare
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.units import Quantity

_PATIENCE_S = 60.0
_DECIDING_S = 20.0
"""How long to look for the either-or decisions of one repair. [s]"""
_GAP = 0.01
_MOST_TRIED = 24
_MOST_TOLD = 8
_MOST_RECEIVED = 3
"""Materials that receivers are tried with."""


@dataclass(frozen=True)
class Repair:
    """Something that makes a plan possible, and what that plan amounts to."""

    message: Message
    kg_co2e: float
    dkk: float
    objective: float
    change: Change
    """What was changed, so that it can be done again."""


@dataclass(frozen=True)
class Change:
    """Another scenario, or another limit on one row."""

    said: ScenarioFile | None = None
    row: RowName | None = None
    limit: float = 0.0
    number: str = ""
    """Where in the scenario the number stands that the row's limit is made of."""


def find_repairs(
    case: Case,
    rows: Sequence[Row],
    programme: Programme,
    *,
    rules: Sequence[Rule],
    share: float | None,
) -> list[Message]:
    """Try what could help, one thing at a time, and tell what does, the cheapest first.

    Parameters
    ----------
    rows, programme
        With the either-or decisions, which the case is without.
    share
        The largest secondary share that any plan can have; none where it is not what is missing.
    """
    ranked, tried = try_repairs(case, rows, programme, rules=rules, share=share)
    told = [
        say(
            "repair {number}: {what}; then a plan exists with {kg} kg CO2e and {dkk} DKK",
            number=number,
            what=repair.message,
            kg=tell_number(round(repair.kg_co2e)),
            dkk=tell_number(round(repair.dkk)),
        )
        for number, repair in enumerate(ranked[:_MOST_TOLD], 1)
    ]
    if not told and tried:
        told = [
            say(
                "no single change that was tried makes a plan possible ({tried} tried)", tried=tried
            )
        ]
    return told


def try_repairs(
    case: Case,
    rows: Sequence[Row],
    programme: Programme,
    *,
    rules: Sequence[Rule],
    share: float | None,
) -> tuple[list[Repair], int]:
    """Give what helps, the cheapest first, and how many changes were tried.

    Returns
    -------
    repairs, tried
        By what the first objective is then, and how many changes were tried before time was up.
    """
    started = time.monotonic()
    found: list[Repair] = []
    tried = 0
    for attempt in _attempts(case, rows, programme, rules=rules, share=share):
        tried += 1
        if attempt is not None:
            found.append(attempt)
        if tried >= _MOST_TRIED or time.monotonic() - started > _PATIENCE_S:
            break
    return sorted(found, key=lambda repair: (repair.objective, str(repair.message))), tried


def _attempts(
    case: Case,
    rows: Sequence[Row],
    programme: Programme,
    *,
    rules: Sequence[Rule],
    share: float | None,
) -> Iterator[Repair | None]:
    yield from _raise_limits(case, rows, programme)
    for message, said in _change_scenario(case, share):
        other = restate(case.problem, said, rules)
        if other is None:
            yield None
        else:
            change = Change(said=said)
            yield _solve(other.problem, other.programme, message, case.solver, change)


# --- more room here -----------------------------------------------------------------------------


def _raise_limits(case: Case, rows: Sequence[Row], programme: Programme) -> Iterator[Repair | None]:
    """Raise each limit that binds by just as much as a plan needs, in numbers as they are told."""
    where = {(row.rule, row.label): at for at, row in enumerate(rows)}
    prices = case.violation.prices[: len(case.rows)]
    for at in np.flatnonzero(prices < -1e-6).tolist():
        row = case.rows[at]
        number = row.family.number(row.about)
        if not number or row.sense != "<=":
            continue
        more = _least_more(case, at)
        if more is None:
            continue
        limit = _round_up(row.limit + more)
        limits = programme.limit.copy()
        limits[where[row.rule, row.label]] = limit
        message = say(
            "raise {rule} by {more} {unit} to {limit} {unit}",
            rule=describe_row(case.problem.scenario, row.name),
            more=tell_number(limit - row.limit),
            limit=tell_number(limit),
            unit=unit_of_row(row.name) or say("units of the rule"),
        )
        change = Change(row=row.name, limit=limit, number=number)
        yield _solve(case.problem, programme.with_limits(limits), message, case.solver, change)


def _round_up(limit: float) -> float:
    """Round a limit up to as many decimals as it is told with."""
    times = 1.0 if limit >= 10 else 100.0
    return math.ceil(limit * times - 1e-6) / times


def _least_more(case: Case, at: int) -> float | None:
    """Find how much more one row has to allow, if that alone makes a plan possible."""
    bending = make_bending(case.rows, case.programme, solver=case.solver, short=[], over=[at])
    found = bending.solve()
    return None if found is None else found.over.get(at)


# --- another scenario ---------------------------------------------------------------------------


def _change_scenario(case: Case, share: float | None) -> Iterator[tuple[Message, ScenarioFile]]:
    """Propose windows, conditions, virgin material, targets, agreements and choices to give up."""
    scenario = case.problem.scenario
    short = [case.entry(at) for at in case.violation.short]
    needs = [entry for entry in short if isinstance(entry, Need)]
    offers = [entry for entry in short if isinstance(entry, Offer)]
    yield from _accept_conditions(scenario, needs, offers, share is not None)
    yield from _receive_more(case, [offer.material for offer in offers])
    for need in needs:
        yield from _change_need(scenario, need)
    for offer in offers:
        yield from _change_offer(scenario, offer)
    if share is not None:
        yield from _lower_share(scenario, share)
    yield from _give_up_agreements(case)
    yield from _give_up_choices(scenario)


def _accept_conditions(
    scenario: Scenario, needs: Sequence[Need], offers: Sequence[Offer], share_short: bool
) -> Iterator[tuple[Message, ScenarioFile]]:
    said = scenario.said
    for condition in _conditions_that_block(scenario, needs, offers, share_short):
        accepted = (*said.accepted_conditions, condition)
        yield (
            say(
                "accept the condition `{condition}` ({words})",
                condition=condition,
                words=call(scenario.catalogue.conditions[condition]),
            ),
            said.model_copy(update={"accepted_conditions": accepted}),
        )


def _receive_more(case: Case, left: Sequence[str]) -> Iterator[tuple[Message, ScenarioFile]]:
    """Let a receiver accept what is left, or what keeps a plant from running."""
    scenario, said = case.problem.scenario, case.problem.scenario.said
    taken = {material for taker in case.problem.takers for material in taker.accepts}
    stuck = {one for stop in case.unusable.stops.values() for one in stop.stuck if one not in taken}
    for material in list(dict.fromkeys([*sorted(stuck), *left]))[:_MOST_RECEIVED]:
        for site_id, site in list(scenario.sites.items()):
            if site.receiver is None or material in site.receiver.accepts:
                continue
            accepts = (*site.receiver.accepts, material)
            receiver = site.receiver.model_copy(update={"accepts": accepts})
            other = site.model_copy(update={"receiver": receiver})
            yield (
                say(
                    "let {site} accept {material} (`{id}`)",
                    site=name_site(scenario, site_id),
                    material=call_material(scenario, material),
                    id=material,
                ),
                said.model_copy(update={"sites": {**scenario.sites, site_id: other}}),
            )


def _lower_share(scenario: Scenario, share: float) -> Iterator[tuple[Message, ScenarioFile]]:
    """Ask for the largest share that there can be, rounded down as it is told."""
    said, target = scenario.said, scenario.said.targets.secondary_share
    if target is None:
        return
    reached = max(0.0, math.floor(share * 1e4 + 1e-5) / 1e4)
    lower = SecondaryShare.model_construct(
        at_least=reached, definition=target.definition, period=target.period
    )
    yield (
        say("lower targets.secondary_share.at_least to {share} %", share=_percent(reached)),
        said.model_copy(
            update={"targets": said.targets.model_copy(update={"secondary_share": lower})}
        ),
    )


def _give_up_agreements(case: Case) -> Iterator[tuple[Message, ScenarioFile]]:
    scenario, said = case.problem.scenario, case.problem.scenario.said
    for number, agreement in enumerate(said.agreements):
        rest = tuple(one for at, one in enumerate(said.agreements) if at != number)
        yield (
            say("give up {agreement}", agreement=name_agreement(scenario, agreement)),
            said.model_copy(update={"agreements": rest}),
        )
    yield from _lower_agreements(case)


def _lower_agreements(case: Case) -> Iterator[tuple[Message, ScenarioFile]]:
    """Propose for each agreement that asks for too much the most that there can be."""
    scenario, said = case.problem.scenario, case.problem.scenario.said
    for at in case.violation.short:
        row = case.rows[at]
        most = case.most([at]) if row.rule == AGREEMENTS_KEPT.name else None
        if most is None or most >= row.limit:
            continue
        number, agreement = row.about.entry, agreement_of(scenario, row.about)
        key = "tonnes" if agreement.tonnes is not None else "at_least"
        less = Quantity(math.floor(most + 1e-6), "t")
        other = agreement.model_copy(update={key: less})
        rest = (*said.agreements[:number], other, *said.agreements[number + 1 :])
        yield (
            say(
                "lower {agreement} to {tonnes} t",
                agreement=name_agreement(scenario, agreement),
                tonnes=tell_number(less.value),
            ),
            said.model_copy(update={"agreements": rest}),
        )


def _give_up_choices(scenario: Scenario) -> Iterator[tuple[Message, ScenarioFile]]:
    said = scenario.said
    if said.choices != Choices():
        for field in ("partners_at_most", "smallest_lot"):
            if getattr(said.choices, field) is not None:
                free = said.choices.model_copy(update={field: None})
                yield (
                    say("give up `choices.{field}`", field=field),
                    said.model_copy(update={"choices": free}),
                )
    if said.targets.fairness is not None:
        free_targets = said.targets.model_copy(update={"fairness": None})
        yield (
            say("give up `targets.fairness`"),
            said.model_copy(update={"targets": free_targets}),
        )


def _percent(share: float) -> Message:
    return tell_number(round(100 * share, 2))


def _conditions_that_block(
    scenario: Scenario, needs: Sequence[Need], offers: Sequence[Offer], share_short: bool
) -> list[str]:
    """Find conditions whose acceptance would open a use to an offered material."""
    materials = {offer.material for offer in scenario.offers}
    stuck = {offer.material for offer in offers}
    found: dict[str, None] = {}
    for need in scenario.needs if stuck or share_short else needs:
        land = scenario.sites[need.site].land
        for material in sorted(stuck or materials):
            blocked = scenario.blocks(material, need.use, land)
            if blocked is not None and blocked[1] in scenario.catalogue.conditions:
                found[blocked[1]] = None
    return list(found)


def _change_need(scenario: Scenario, need: Need) -> Iterator[tuple[Message, ScenarioFile]]:
    """Widen the window of a need, or let it take every material that the catalogue allows."""
    site_id, number = need.site, need.number - 1
    entry = scenario.sites[site_id].needs[number]
    if entry.amount is not None and (entry.first or entry.last):
        yield (
            say(
                "let the need of {site} be met in any period",
                site=name_site(scenario, site_id),
            ),
            _with_entry(scenario, site_id, "needs", number, {"first": None, "last": None}),
        )
    if entry.materials is not None:
        yield (
            say(
                "let {site} use all materials that the catalogue allows, virgin ones too",
                site=name_site(scenario, site_id),
            ),
            _with_entry(scenario, site_id, "needs", number, {"materials": None}),
        )


def _change_offer(scenario: Scenario, offer: Offer) -> Iterator[tuple[Message, ScenarioFile]]:
    """Widen the window of an offer, or let what is left of it stay."""
    site_id, number = offer.site, offer.number - 1
    entry = scenario.sites[site_id].offers[number]
    if entry.amount is not None and (entry.first or entry.last):
        yield (
            say(
                "let the surplus of {site} leave in any period",
                site=name_site(scenario, site_id),
            ),
            _with_entry(scenario, site_id, "offers", number, {"first": None, "last": None}),
        )
    yield (
        say(
            "let surplus stay at {site} (`must_leave: false`)",
            site=name_site(scenario, site_id),
        ),
        _with_entry(scenario, site_id, "offers", number, {"must_leave": False}),
    )


def _with_entry(
    scenario: Scenario, site_id: str, role: str, number: int, changes: dict[str, Any]
) -> ScenarioFile:
    site = scenario.sites[site_id]
    entries = list(getattr(site, role))
    entries[number] = entries[number].model_copy(update=changes)
    other = site.model_copy(update={role: tuple(entries)})
    return scenario.said.model_copy(update={"sites": {**scenario.sites, site_id: other}})


# --- trying -------------------------------------------------------------------------------------


def _solve(
    problem: Problem, programme: Programme, message: Message, solver: str, change: Change
) -> Repair | None:
    """Solve the first objective; a programme with decisions counts with these left open."""
    solution = solve(
        problem,
        programme=programme,
        costs=problem.objectives()[:1],
        decided=Search(_GAP),
        clock=_DECIDING_S if programme.whole.any() else None,
        solver=solver,
    )
    if not solution.solved:
        return None
    return Repair(
        message,
        kg_co2e=solution.amount(CO2E),
        dkk=solution.amount(COST),
        objective=solution.value,
        change=change,
    )
