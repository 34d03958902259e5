"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from raastof_geo.assignment.rules.agreements import AGREEMENTS_KEPT
from raastof_geo.assignment.rules.row import Row, RowName, Rule
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.telling.exclusion import is_decision, say_excluded
from raastof_geo.assignment.telling.lever import say_levers
from raastof_geo.assignment.telling.most import Case, LargestShare, find_largest_share, is_share
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
    Violation,
    find_least_violation,
    lift_rows,
)
from raastof_geo.language import Message, Readable, say
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

    Returns
    -------
    messages
        What is missing, why, who together, what binds, and repairs, the cheapest first.
    """
    kept, linear = lift_rows(rows, programme, is_decision)
    violation = find_least_violation(kept, linear, solver=solver)
    case = Case(problem, kept, linear, violation, solver)
    share: LargestShare | None = None
    if violation.total == 0 and programme.whole.any():
        told = list(say_excluded(problem, rows, programme, solver=solver))
    elif violation.total == 0:
        told = [say("the rules miss each other by less than a kilogram: round the amounts")]
    else:
        if any(is_share(kept[at].family) for at in violation.short):
            share = find_largest_share(kept, linear, problem, solver=solver)
        told = list(_say_conflicts(case, share, rules))
    repairs = find_repairs(
        case, rows, programme, rules=rules, share=None if share is None else share.share
    )
    return told + repairs


def _say_conflicts(
    case: Case, share: LargestShare | None, rules: Sequence[Rule]
) -> Iterator[Message]:
    yield from say_missing(case, share)
    if share is not None:
        yield from say_levers(case, share, rules=rules)
    needs: dict[int, Need] = {}
    offers: dict[int, Offer] = {}
    for conflict in find_conflicts(case.rows, case.programme, case.violation)[:_MOST_GROUPS]:
        entries = {at: case.entry(at) for at in conflict.wants}
        some = {at: one for at, one in entries.items() if isinstance(one, Need)}
        others = {at: one for at, one in entries.items() if isinstance(one, Offer)}
        needs |= some
        offers |= others
        yield from _say_needs_together(case, some)
        yield from _say_offers_together(case, others)
    yield from _cite_rules(case.problem.scenario, list(needs.values()), list(offers.values()))
    yield from _say_binding(case)


def find_conflicts(
    rows: Sequence[Row], programme: Programme, violation: Violation
) -> list[Conflict]:
    """Find groups of rows that have a price together: none of them can give way alone.

    Returns
    -------
    conflicts
        Those that miss most first; empty where nothing has a price.
    """
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


_Asking: TypeAlias = dict[int, Need] | dict[int, Offer]
"""Needs, or surplus, by the rows that ask for more than there is."""


@dataclass(frozen=True)
class _Together:
    """What several ask for, and the most that they can have."""

    asked: float
    most: float
    sites: Message
    others: Message
    """Who alone may serve them, or take from them."""

    @property
    def told(self) -> dict[str, Readable]:
        """Amounts, with decimals that show what is missing."""
        missing = self.asked - self.most
        return {
            "asked": tell_number(self.asked, beside=missing),
            "most": tell_number(self.most, beside=missing),
            "missing": tell_number(missing),
        }


def _weigh_together(case: Case, asking: _Asking) -> _Together | None:
    """Find the most that several can have together; one alone is told before."""
    if not 2 <= len(asking) <= _MOST_TOGETHER:
        return None
    scenario = case.problem.scenario
    entries: list[Need | Offer] = list(asking.values())
    mine, theirs = ("taker", "origin")
    if isinstance(entries[0], Offer):
        mine, theirs = ("giver", "destination")
    asked, most = sum(entry.tonnes for entry in entries), case.most(list(asking))
    live = case.columns(mine, [entry.id for entry in entries])
    if most is None or most > asked - 1e-3 or not len(live):
        return None
    others = sorted(set(case.problem.labels(theirs, live).tolist()))
    sites = dict.fromkeys(entry.site for entry in entries)
    return _Together(
        asked,
        most,
        list_names([name_site(scenario, site) for site in sites]),
        list_names([name_site(scenario, site) for site in others]),
    )


def _say_needs_together(case: Case, needs: dict[int, Need]) -> Iterator[Message]:
    """Say who wants how much of what, who alone may serve it, and how much they have."""
    scenario, found = case.problem.scenario, _weigh_together(case, needs)
    if found is None:
        return
    windows = {period for need in needs.values() for period in need.periods}
    uses = dict.fromkeys(need.use for need in needs.values())
    yield say(
        "together, {wanted} t are needed for {uses} in {periods} by {needs}; only {givers} may "
        "serve that, and have at most {have} t for it: {missing} t too little",
        needs=found.sites,
        wanted=found.told["asked"],
        uses=list_names([call_use(scenario, use) for use in uses]),
        periods=span(tuple(period for period in scenario.periods if period in windows)),
        givers=found.others,
        have=found.told["most"],
        missing=found.told["missing"],
    )


def _say_offers_together(case: Case, offers: dict[int, Offer]) -> Iterator[Message]:
    """Say who must lose how much of what, who alone may take it, and what they have room for."""
    scenario, found = case.problem.scenario, _weigh_together(case, offers)
    if found is None:
        return
    materials = dict.fromkeys(offer.material for offer in offers.values())
    yield say(
        "together, {total} t of {materials} must leave {offers}; only {takers} may take that, and "
        "have room for at most {room} t: {missing} t too little",
        offers=found.sites,
        total=found.told["asked"],
        materials=list_names([call_material(scenario, name) for name in materials]),
        takers=found.others,
        room=found.told["most"],
        missing=found.told["missing"],
    )


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
    like: dict[tuple[str, str, float], list[RowName]] = {}
    for at in find_binding(case):
        row = case.rows[at]
        like.setdefault((row.rule, row.about.head, row.limit), []).append(row.name)
    order = list(case.problem.scenario.periods)
    for (_, _, limit), names in like.items():
        by_period = {name.about.period: name for name in names}
        mine = [period for period in order if period in by_period] or list(by_period)
        yield _name_binding(case, by_period[mine[0]], limit, mine)


def _name_binding(case: Case, first: RowName, limit: float, periods: Sequence[str]) -> Message:
    several = list_names(list(periods)) if len(periods) > 1 else None
    name = describe_row(case.problem.scenario, first, periods=several)
    if first.family.name == AGREEMENTS_KEPT.name:
        return say("binding: {rule}", rule=name)
    return say(
        "binding: {rule}, limit {limit} {unit}",
        rule=name,
        limit=tell_number(limit),
        unit=unit_of_row(first) or say("units of the rule"),
    )


def find_binding(case: Case, *, most: int = _MOST_TRIED) -> list[int]:
    """Find rows of which one unit more room leaves less missing, the dearest first.

    Rows that only keep books bind nothing, and those that are missing something are told before.

    Returns
    -------
    rows
        Numbers of rows.
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
    if row.family.keeps_books or is_share(row.family):
        return False
    return row.family.bends != "first" or price < 0
