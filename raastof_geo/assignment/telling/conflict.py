"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from raastof_geo.assignment.rules.row import Row, Rule
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.telling.exclusion import DECISIONS, say_excluded
from raastof_geo.assignment.telling.lever import say_levers
from raastof_geo.assignment.telling.most import Case, Share, find_largest_share
from raastof_geo.assignment.telling.names import (
    call_material,
    call_use,
    cite_fit,
    describe_row,
    list_names,
    name_site,
    span,
    tell_number,
    unit_of_row,
)
from raastof_geo.assignment.telling.repair import find_repairs
from raastof_geo.assignment.telling.shortage import say_missing
from raastof_geo.assignment.telling.violation import (
    FIRST_BENT,
    NEVER_BENT,
    Violation,
    find_least_violation,
    lift_rows,
)
from raastof_geo.language import Message, say
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_FREE = 1e-6
_MOST_CITED = 3
_MOST_TRIED = 10
"""Rows of which it is tried whether they bind."""
_MOST_GROUPS = 4
_MOST_TOGETHER = 40


@dataclass(frozen=True)
class Conflict:
    """Rules that leave no way out together."""

    wants: tuple[int, ...]
    """Rows that ask for more than there is."""
    holds: tuple[int, ...]
    """Rows that do not give more."""
    missing: float
    """Units that are missing in all."""


def explain_conflict(
    problem: Problem,
    rows: Sequence[Row],
    programme: Programme,
    *,
    rules: Sequence[Rule],
    solver: str,
) -> list[Message]:
    """Say what is missing, who is in conflict, which rules bind, and which repairs would do.

    What is missing without the either-or decisions is missing with them too. Only where the
    tonnes fit without them are they what leaves no plan, and are told with their own numbers.
    """
    kept, linear = lift_rows(rows, programme, DECISIONS)
    violation = find_least_violation(kept, linear, solver=solver)
    case = Case(problem, kept, linear, violation, solver)
    share: Share | None = None
    if violation.total == 0 and programme.whole.any():
        told = list(say_excluded(problem, rows, programme, solver=solver))
    elif violation.total == 0:
        told = [say("the rules miss each other by less than a kilogram: round the amounts")]
    else:
        if any(kept[at].rule == "secondary_share_reached" for at in violation.short):
            share = find_largest_share(kept, linear, problem, solver=solver)
        told = list(_say_conflicts(case, share, rules))
    repairs = find_repairs(
        case, rows, programme, rules=rules, share=None if share is None else share.share
    )
    return told + repairs


def _say_conflicts(case: Case, share: Share | None, rules: Sequence[Rule]) -> Iterator[Message]:
    yield from say_missing(case, share)
    if share is not None:
        yield from say_levers(case, share, rules=rules)
    needs: dict[str, Need] = {}
    offers: dict[str, Offer] = {}
    for conflict in find_conflicts(case.rows, case.programme, case.violation)[:_MOST_GROUPS]:
        some, others = _parties(case, conflict)
        needs |= {need.id: need for need in some}
        offers |= {offer.id: offer for offer in others}
        yield from _say_needs_together(case, some)
        yield from _say_offers_together(case, others)
    yield from _cite_rules(case.problem.scenario, list(needs.values()), list(offers.values()))
    yield from _say_binding(case)


def find_conflicts(
    rows: Sequence[Row], programme: Programme, violation: Violation
) -> list[Conflict]:
    """Find groups of rows that have a price together: none of them can give way alone."""
    prices = violation.prices[: len(rows)]
    priced = np.flatnonzero(np.abs(prices) > _FREE)
    if not len(priced):
        return []
    part = sparse.csr_array(programme.matrix.tocsr()[priced])
    touching = sparse.csr_array(
        (np.ones(len(part.data), np.int32), part.indices, part.indptr), shape=part.shape
    )
    often = np.bincount(part.indices, minlength=programme.column_count) > 1
    shared = sparse.csr_array(touching[:, np.flatnonzero(often)])
    _, group = connected_components(shared @ shared.T, directed=False)
    conflicts = []
    for number in range(int(group.max(initial=-1)) + 1):
        members = priced[group == number].tolist()
        missing = sum(violation.short.get(at, 0.0) + violation.over.get(at, 0.0) for at in members)
        if missing > 0:
            wants = tuple(at for at in members if prices[at] > 0)
            holds = tuple(at for at in members if at not in wants)
            conflicts.append(Conflict(wants, holds, missing))
    return sorted(conflicts, key=lambda conflict: -conflict.missing)


# --- who is in it together ----------------------------------------------------------------------


def _parties(case: Case, conflict: Conflict) -> tuple[list[Need], list[Offer]]:
    """Give the needs and the surplus of a conflict that ask for more than there is."""
    scenario = case.problem.scenario
    wants = {(case.rows[at].rule, case.rows[at].label) for at in conflict.wants}
    needs = [need for need in scenario.needs if ("needs_met", need.id) in wants]
    offers = [offer for offer in scenario.offers if ("offers_kept", offer.id) in wants]
    return needs, offers


def _say_needs_together(case: Case, needs: list[Need]) -> Iterator[Message]:
    """Say who wants how much of what, who alone may serve it, and how much they have."""
    scenario = case.problem.scenario
    wanted = sum(need.tonnes for need in needs)
    have = _most_of(case, "needs_met", [need.id for need in needs])
    live = case.columns("taker", [need.id for need in needs])
    if have is None or have > wanted - 1e-3 or not len(live):
        return
    givers = sorted(set(case.problem.labels("origin", live).tolist()))
    periods = [p for p in scenario.periods if any(p in need.periods for need in needs)]
    uses = dict.fromkeys(need.use for need in needs)
    yield say(
        "together, {wanted} t are needed for {uses} in {periods} by {needs}; only {givers} may "
        "serve that, and have at most {have} t for it: {missing} t too little",
        needs=list_names([name_site(scenario, site) for site in _sites(needs)]),
        wanted=tell_number(wanted, beside=wanted - have),
        uses=list_names([call_use(scenario, use) for use in uses]),
        periods=span(tuple(periods)),
        givers=list_names([name_site(scenario, site) for site in givers]),
        have=tell_number(have, beside=wanted - have),
        missing=tell_number(wanted - have),
    )


def _say_offers_together(case: Case, offers: list[Offer]) -> Iterator[Message]:
    """Say who must lose how much of what, who alone may take it, and what they have room for."""
    scenario = case.problem.scenario
    total = sum(offer.tonnes for offer in offers)
    room = _most_of(case, "offers_kept", [offer.id for offer in offers])
    live = case.columns("giver", [offer.id for offer in offers])
    if room is None or room > total - 1e-3 or not len(live):
        return
    takers = sorted(set(case.problem.labels("destination", live).tolist()))
    materials = dict.fromkeys(offer.material for offer in offers)
    yield say(
        "together, {total} t of {materials} must leave {offers}; only {takers} may take that, and "
        "have room for at most {room} t: {missing} t too little",
        offers=list_names([name_site(scenario, site) for site in _sites(offers)]),
        total=tell_number(total, beside=total - room),
        materials=list_names([call_material(scenario, name) for name in materials]),
        takers=list_names([name_site(scenario, site) for site in takers]),
        room=tell_number(room, beside=total - room),
        missing=tell_number(total - room),
    )


def _most_of(case: Case, rule: str, labels: list[str]) -> float | None:
    """Find the most that several needs or heaps can have together; one alone is told before."""
    if not 2 <= len(labels) <= _MOST_TOGETHER:
        return None
    numbers = [case.row(rule, label) for label in labels]
    return case.most([number for number in numbers if number is not None])


def _sites(entries: Sequence[Need | Offer]) -> list[str]:
    return list(dict.fromkeys(entry.site for entry in entries))


# --- which rules --------------------------------------------------------------------------------


def _cite_rules(
    scenario: Scenario, needs: Sequence[Need], offers: Sequence[Offer]
) -> Iterator[Message]:
    """Cite the conditions that keep what is offered from needs of this conflict, and its surplus.

    Only what a need could use in its time, and only where consent would open it.
    """
    pairs: dict[tuple[str, str, str], None] = {}
    for need in needs:
        for offer in scenario.offers:
            if _in_time(scenario, offer, need):
                pairs[offer.material, need.use, scenario.sites[need.site].land] = None
    for offer in offers:
        for need in scenario.needs:
            if _in_time(scenario, offer, need):
                pairs[offer.material, need.use, scenario.sites[need.site].land] = None
    told = 0
    for material, use, land in sorted(pairs):
        blocked = scenario.blocks(material, use, land)
        conditional = blocked is not None and blocked[1] in scenario.catalogue.conditions
        if conditional and told < _MOST_CITED:
            told += 1
            yield cite_fit(scenario, material, use, land)


def _in_time(scenario: Scenario, offer: Offer, need: Need) -> bool:
    """Tell whether surplus is there, or can have been stored, when a need falls due."""
    if not need.tonnes or not offer.tonnes:
        return False
    if set(offer.periods) & set(need.periods):
        return True
    order = list(scenario.periods)
    stored = any(
        offer.material in depot.materials and (not depot.own or depot.site == offer.site)
        for depot in scenario.depots
    )
    return stored and order.index(offer.periods[0]) < order.index(need.periods[-1])


def _say_binding(case: Case) -> Iterator[Message]:
    """Name the rules of which one unit more would leave less missing, periods of one together."""
    told: dict[tuple[str, str, float], list[str]] = {}
    for at in find_binding(case):
        row = case.rows[at]
        place, _, period = row.label.partition("@")
        told.setdefault((row.rule, place, row.limit), []).append(period)
    order = list(case.problem.scenario.periods)
    for (rule, place, limit), periods in told.items():
        mine = [period for period in order if period in periods] or periods
        yield _name_binding(case, rule, place, limit, mine)


def _name_binding(
    case: Case, rule: str, place: str, limit: float, periods: Sequence[str]
) -> Message:
    scenario = case.problem.scenario
    label = f"{place}@{periods[0]}" if periods[0] else place
    several = list_names(list(periods)) if len(periods) > 1 else None
    name = describe_row(scenario, rule, label, periods=several)
    if rule == "agreements_kept":
        return say("binding: {rule}", rule=name)
    return say(
        "binding: {rule}, limit {limit} {unit}",
        rule=name,
        limit=tell_number(limit),
        unit=unit_of_row(scenario, rule, place) or say("units of the rule"),
    )


def find_binding(case: Case, *, most: int = _MOST_TRIED) -> list[int]:
    """Find rows of which one unit more room leaves less missing, the dearest first.

    Rows that only keep books bind nothing, and those that are missing something are told before.
    """
    prices = case.violation.prices[: len(case.rows)]
    broken = case.violation.short.keys() | case.violation.over.keys()
    tried = [
        at
        for at in np.argsort(-np.abs(prices), kind="stable").tolist()
        if abs(prices[at]) > _FREE and at not in broken and _gives_room(case.rows[at], prices[at])
    ]
    return [at for at in tried[:most] if not case.clock.over() and case.violation.binds(at)]


def _gives_room(row: Row, price: float) -> bool:
    """Tell whether a row is a limit, and not a wish that is itself part of what is missing."""
    if row.rule in NEVER_BENT or row.rule == "secondary_share_reached":
        return False
    return row.rule not in FIRST_BENT or price < 0
