"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from raastof_geo.assignment.rules.agreements import AGREEMENTS_KEPT
from raastof_geo.assignment.rules.row import Row, RowName
from raastof_geo.assignment.telling.exclusion import say_excluded
from raastof_geo.assignment.telling.lever import say_levers
from raastof_geo.assignment.telling.most import (
    Case,
    LargestShare,
    find_largest_share,
    is_share,
    make_case,
)
from raastof_geo.assignment.telling.names import (
    call_entry,
    cite_fit,
    describe_row,
    fill,
    list_names,
    list_sites,
    name_site,
    span,
    tell_number,
    unit_of_row,
)
from raastof_geo.assignment.telling.repair import find_repairs
from raastof_geo.assignment.telling.shortage import say_missing
from raastof_geo.assignment.telling.violation import Laid
from raastof_geo.language import Message, say
from raastof_geo.scenario.checking.dates import tell_days
from raastof_geo.scenario.parties import may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_FREE = 1e-6
_MOST_CITED = 3
_MOST_TRIED = 10
"""Rows of which it is tried whether they bind."""
_MOST_GROUPS = 4
_MOST_TOGETHER = 40


def explain_conflict(laid: Laid) -> list[Message]:
    """Say what is missing, who is in conflict, which rules bind, and the repairs that would do.

    What is missing without the either-or decisions is missing with them too. Only where the
    tonnes fit without them are they what leaves no plan, and are told with their own numbers.
    """
    case, share = make_case(laid), None
    violation = case.violation
    if violation.total == 0 and laid.programme.whole.any():
        told = list(say_excluded(laid))
    elif violation.total == 0:
        told = [say("the rules miss each other by less than a kilogram: round the amounts")]
    else:
        if any(is_share(case.rows[at].family) for at in violation.short):
            share = find_largest_share(case)
        told = list(_say_conflicts(case, share))
    return told + find_repairs(case, None if share is None else share.share)


def _say_conflicts(case: Case, share: LargestShare | None) -> Iterator[Message]:
    yield from say_missing(case, share)
    if share is not None:
        yield from say_levers(case, share)
    told: list[Need | Offer] = []
    for wants in _find_conflicts(case)[:_MOST_GROUPS]:
        entries = [(at, case.entry(at)) for at in wants]
        for kind in (Need, Offer):
            asking = {at: entry for at, entry in entries if isinstance(entry, kind)}
            told += asking.values()
            yield from _say_together(case, asking)
    yield from _cite_rules(case.problem.scenario, told)
    yield from _say_closed(case, told)
    yield from _say_binding(case)


def _say_closed(case: Case, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Say which places could give or take what is at stake, and are closed in some of the time."""
    scenario, found = case.problem.scenario, dict[str, set[str]]()
    asked = {entry.id: entry.periods for entry in told}
    for giver, taker in itertools.product(case.problem.givers, case.problem.takers):
        for mine, partner in ((taker, giver), (giver, taker)):
            if mine.id in asked and may_deal(giver, taker):
                found.setdefault(partner.site, set()).update(asked[mine.id])
    for place in scenario.facilities:
        closed = found.get(place.site, set()) - set(place.periods)
        if closed:
            yield say(
                "{site} is {dates}: nothing can come or go there in {periods}",
                site=name_site(scenario, place.site),
                dates=tell_days(getattr(scenario.sites[place.site], place.role)),
                periods=span(tuple(one for one in scenario.periods if one in closed)),
            )


def _find_conflicts(case: Case) -> list[list[int]]:
    """Find groups of rows that have a price together: none of them can give way alone.

    Of each group the rows that ask for more than there is; groups that miss most come first.
    """
    violation, programme = case.violation, case.programme
    prices = violation.prices[: len(case.rows)]
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
    conflicts: list[tuple[float, list[int]]] = []
    for number in range(int(group.max(initial=-1)) + 1):
        members = priced[group == number].tolist()
        missing = sum(violation.short.get(at, 0.0) + violation.over.get(at, 0.0) for at in members)
        if missing > 0:
            conflicts.append((missing, [at for at in members if prices[at] > 0]))
    return [wants for _, wants in sorted(conflicts, key=lambda found: -found[0])]


# --- who is in it together ----------------------------------------------------------------------


_TOGETHER = {
    Role.NEED: say(
        "together, {asked} t are needed for {what} in {periods} by {sites}; only {others} may "
        "serve that, and have at most {most} t for it: {missing} t too little"
    ),
    Role.OFFER: say(
        "together, {asked} t of {what} must leave {sites}; only {others} may take that, "
        "and have room for at most {most} t: {missing} t too little"
    ),
}


def _say_together(case: Case, asking: Mapping[int, Need | Offer]) -> Iterator[Message]:
    """Say what several, by their rows, want or must lose, who alone may deal, and what they can.

    One alone is told before.
    """
    if not 2 <= len(asking) <= _MOST_TOGETHER:
        return
    scenario, entries = case.problem.scenario, list(asking.values())
    asked, most = sum(entry.tonnes for entry in entries), case.most(list(asking))
    partners = case.partners(entries)
    if most is None or most > asked - 1e-3 or not partners:
        return
    missing = asked - most
    called = {
        one.use if isinstance(one, Need) else one.material: call_entry(scenario, one)
        for one in entries
    }
    windows = {period for one in entries for period in one.periods}
    yield fill(
        _TOGETHER[entries[0].role],
        sites=list_sites(scenario, dict.fromkeys(one.site for one in entries)),
        asked=tell_number(asked, beside=missing),
        what=list_names(list(called.values())),
        periods=span(tuple(period for period in scenario.periods if period in windows)),
        others=list_sites(scenario, partners),
        most=tell_number(most, beside=missing),
        missing=tell_number(missing),
    )


# --- which rules --------------------------------------------------------------------------------


def _cite_rules(scenario: Scenario, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Cite the conditions that keep what is offered from needs of this conflict, and its surplus.

    Only what a need could use in its time, and only where consent would open it.
    """
    needs = [entry for entry in told if isinstance(entry, Need)]
    offers = [entry for entry in told if isinstance(entry, Offer)]
    pairs = {
        (offer.material, need.demand)
        for need, offer in (
            *itertools.product(needs, scenario.offers),
            *itertools.product(scenario.needs, offers),
        )
        if _in_time(scenario, offer, need)
    }
    cited = {
        str(message := cite_fit(scenario, *pair)): message
        for pair in sorted(pairs, key=lambda pair: (pair[0], pair[1].use, pair[1].land))
        if (block := scenario.blocks(*pair)) is not None and block.condition is not None
    }
    yield from itertools.islice(cited.values(), _MOST_CITED)


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
    for (rule, _, limit), names in like.items():
        by_period = {name.about.period: name for name in names}
        mine = [period for period in order if period in by_period] or list(by_period)
        first, several = by_period[mine[0]], list_names(mine) if len(mine) > 1 else None
        yield fill(
            _BINDING if rule == AGREEMENTS_KEPT.name else _BINDING_AT,
            rule=describe_row(case.problem.scenario, first, periods=several),
            limit=tell_number(limit),
            unit=unit_of_row(first),
        )


_BINDING = say("binding: {rule}")
_BINDING_AT = say("binding: {rule}, limit {limit} {unit}")


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
    if row.family.keeps_books or is_share(row.family):
        return False
    return row.family.bends != "first" or price < 0
