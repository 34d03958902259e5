"""Find what would make a plan possible, try it, and rank it by its price."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raastof_geo.assignment.choose import decide
from raastof_geo.assignment.layout import build_problem
from raastof_geo.assignment.names import call, describe_row, name_site
from raastof_geo.assignment.price_in import Clock, solve_in_order
from raastof_geo.assignment.problem import Problem
from raastof_geo.assignment.programme import Programme, build_programme
from raastof_geo.assignment.rules.row import Row, Rule
from raastof_geo.assignment.violation import Violation, bend_rows
from raastof_geo.errors import RaastofError
from raastof_geo.language import Message, format_number, say
from raastof_geo.scenario.model import Choices, ScenarioFile, SecondaryShare
from raastof_geo.scenario.scenario import Scenario

_PATIENCE_S = 60.0
_MOST_TRIED = 24
_MOST_TOLD = 8
_RAISABLE = (
    "pits_permitted",
    "receivers_permitted",
    "plants_permitted",
    "depots_filled",
    "depots_permitted",
    "fleet_kept",
    "caps_kept",
    "passages_limited",
    "projects_not_worse",
)


@dataclass(frozen=True)
class Repair:
    """Something that makes a plan possible, and what that plan amounts to."""

    message: Message
    kg_co2e: float
    dkk: float
    objective: float


def find_repairs(
    problem: Problem,
    rows: Sequence[Row],
    programme: Programme,
    violation: Violation,
    *,
    rules: Sequence[Rule],
    solver: str,
) -> list[Message]:
    """Try what could help, one thing at a time, and tell what does, the cheapest first."""
    started = time.monotonic()
    found: list[Repair] = []
    tried = 0
    for attempt in _attempts(problem, rows, programme, violation, rules=rules, solver=solver):
        tried += 1
        if attempt is not None:
            found.append(attempt)
        if tried >= _MOST_TRIED or time.monotonic() - started > _PATIENCE_S:
            break
    ranked = sorted(found, key=lambda repair: (repair.objective, str(repair.message)))
    told = [
        say(
            "repair {number}: {what}; then a plan exists with {kg} kg CO2e and {dkk} DKK",
            number=number,
            what=repair.message,
            kg=format_number(repair.kg_co2e),
            dkk=format_number(repair.dkk),
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


def _attempts(
    problem: Problem,
    rows: Sequence[Row],
    programme: Programme,
    violation: Violation,
    *,
    rules: Sequence[Rule],
    solver: str,
) -> Iterator[Repair | None]:
    yield from _raise_limits(problem, rows, programme, violation, solver)
    for message, said in _change_scenario(problem, rows, violation):
        yield _try_scenario(problem, message, said, rules=rules, solver=solver)


# --- more room here -----------------------------------------------------------------------------


def _raise_limits(
    problem: Problem,
    rows: Sequence[Row],
    programme: Programme,
    violation: Violation,
    solver: str,
) -> Iterator[Repair | None]:
    """Raise each limit that binds by just as much as a plan needs."""
    prices = violation.prices[: len(rows)]
    for at in np.flatnonzero(prices < -1e-6).tolist():
        row = rows[at]
        if row.rule not in _RAISABLE or row.sense != "<=":
            continue
        more = _least_more(rows, programme, at, solver)
        if more is None:
            continue
        limits = programme.limit.copy()
        limits[at] += more * (1 + 1e-9) + 1e-6
        message = say(
            "raise {rule} by {more} to {limit}",
            rule=describe_row(problem.scenario, row.rule, row.label),
            more=format_number(more, digits=0 if more >= 10 else 2),
            limit=format_number(row.limit + more, digits=0 if more >= 10 else 2),
        )
        yield _solve(problem, programme.with_limits(limits), message, solver)


def _least_more(rows: Sequence[Row], programme: Programme, at: int, solver: str) -> float | None:
    """Find how much more one row has to allow, if that alone makes a plan possible."""
    found = bend_rows(rows, programme, solver=solver, closed=None, short=[], over=[at])
    return None if found is None else found.over.get(at)


# --- another scenario ---------------------------------------------------------------------------


def _change_scenario(
    problem: Problem, rows: Sequence[Row], violation: Violation
) -> Iterator[tuple[Message, ScenarioFile]]:
    """Propose windows, conditions, virgin material, targets, agreements and choices to give up."""
    scenario, said = problem.scenario, problem.scenario.said
    short_rows = {(rows[at].rule, rows[at].label) for at in violation.short}
    needs = [need for need in scenario.needs if ("needs_met", need.id) in short_rows]
    offers = [offer for offer in scenario.offers if ("offers_kept", offer.id) in short_rows]
    share_short = any(rule == "secondary_share_reached" for rule, _ in short_rows)
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
    for need in needs:
        yield from _change_need(scenario, need.id)
    for offer in offers:
        yield from _change_offer(scenario, offer.id)
    target = said.targets.secondary_share
    if share_short and target is not None and target.period is None:
        missing = sum(
            amount
            for at, amount in violation.short.items()
            if rows[at].rule == "secondary_share_reached"
        )
        total = sum(need.tonnes for need in scenario.needs)
        reached = np.floor((target.at_least - missing / total) * 1e4 + 1e-5) / 1e4
        lower = SecondaryShare.model_construct(
            at_least=max(0.0, float(reached)), definition=target.definition, period=None
        )
        yield (
            say(
                "lower targets.secondary_share.at_least to {share} %",
                share=_percent(max(0.0, float(reached))),
            ),
            said.model_copy(
                update={"targets": said.targets.model_copy(update={"secondary_share": lower})}
            ),
        )
    for number, agreement in enumerate(said.agreements):
        rest = tuple(one for at, one in enumerate(said.agreements) if at != number)
        yield (
            say(
                "give up the agreement between {giver} and {taker}",
                giver=name_site(scenario, agreement.giver),
                taker=name_site(scenario, agreement.taker),
            ),
            said.model_copy(update={"agreements": rest}),
        )
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


def _percent(share: float) -> str:
    digits = 0 if abs(100 * share - round(100 * share)) < 1e-6 else 2
    return format_number(100 * share, digits=digits)


def _conditions_that_block(
    scenario: Scenario, needs: Sequence[Any], offers: Sequence[Any], share_short: bool
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


def _change_need(scenario: Scenario, need_id: str) -> Iterator[tuple[Message, ScenarioFile]]:
    """Widen the window of a need, or let it take every material that the catalogue allows."""
    site_id, number = _entry(need_id)
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


def _change_offer(scenario: Scenario, offer_id: str) -> Iterator[tuple[Message, ScenarioFile]]:
    """Widen the window of an offer, or let what is left of it stay."""
    site_id, number = _entry(offer_id)
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


def _entry(label: str) -> tuple[str, int]:
    """Read the site and the place in its list out of the id of an offer or a need."""
    site, _, rest = label.partition("/")
    return site, int(rest.split("-", 1)[0]) - 1


def _with_entry(
    scenario: Scenario, site_id: str, role: str, number: int, changes: dict[str, Any]
) -> ScenarioFile:
    site = scenario.sites[site_id]
    entries = list(getattr(site, role))
    entries[number] = entries[number].model_copy(update=changes)
    other = site.model_copy(update={role: tuple(entries)})
    return scenario.said.model_copy(update={"sites": {**scenario.sites, site_id: other}})


# --- trying -------------------------------------------------------------------------------------


def _try_scenario(
    problem: Problem,
    message: Message,
    said: ScenarioFile,
    *,
    rules: Sequence[Rule],
    solver: str,
) -> Repair | None:
    """Solve another scenario; its new legs are priced where there are roads."""
    scenario = replace(problem.scenario, said=said)
    try:
        legs = problem.legs.price_again(scenario) or problem.legs
    except RaastofError:
        return None
    other = build_problem(scenario, legs)
    if scenario.said.targets.fairness is not None:
        other.alone.update(problem.alone)
    rows = [row for rule in rules for row in rule(other)]
    return _solve(other, build_programme(rows, other.whole), message, solver)


def _solve(problem: Problem, programme: Programme, message: Message, solver: str) -> Repair | None:
    """Solve the first objective; a programme with decisions counts with these left open."""
    costs = problem.objectives()[:1]
    offset = np.zeros(problem.column_count)
    closed = None
    if programme.whole.any():
        decision = decide(programme, costs, [0.0], solver=solver, clock=Clock(20.0), gap=0.01)
        if decision is None:
            return None
        offset, closed = decision.values, programme.whole
        used = np.flatnonzero(offset)
        programme = programme.with_limits(programme.limit - programme.used(used, offset[used]))
    step = solve_in_order(programme, costs, solver=solver, clock=Clock(), closed=closed)[0]
    if not step.solved:
        return None
    values = step.optimum.spread(problem.column_count) + offset
    return Repair(
        message,
        kg_co2e=float(problem.measure("kg_co2e_wtw") @ values),
        dkk=float(problem.measure("cost_dkk") @ values),
        objective=float(costs[0] @ values),
    )
