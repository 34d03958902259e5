"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.agreements import AGREEMENTS_KEPT, agreed_moves
from raastof_geo.assignment.rules.row import Row, RowName
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.exclusion import say_excluded
from raastof_geo.assignment.telling.lever import say_levers
from raastof_geo.assignment.telling.most import (
    Case,
    LargestShare,
    ends_of,
    find_largest_share,
    is_share,
    make_case,
)
from raastof_geo.assignment.telling.repair import find_repairs
from raastof_geo.assignment.telling.violation import Laid
from raastof_geo.language import Message, read_texts, say
from raastof_geo.scenario.checking.permit import tell_days
from raastof_geo.scenario.parties import may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import Agreement
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_FREE = 1e-6
_MOST_CITED = 3
_MOST_TRIED = 10
"""Rows of which it is tried whether they bind."""
_MOST_GROUPS = 4
_MOST_TOGETHER = 40
_MOST_TOLD = 8
"""Needs, and heaps of surplus, that are told one by one."""
_SEEN_T = 1e-3
"""Less than a kilogram is not told as missing. [t]"""


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
            yield say("{site} is {dates}: nothing can come or go there in {periods}").format(
                site=names.name_site(scenario, place.site),
                dates=tell_days(getattr(scenario.sites[place.site], place.role)),
                periods=names.span(tuple(one for one in scenario.periods if one in closed)),
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
    """Say what several, by their rows, want or must lose, who alone may deal, and what they can."""
    if not 2 <= len(asking) <= _MOST_TOGETHER:
        return
    scenario, entries = case.problem.scenario, list(asking.values())
    asked, most = sum(entry.tonnes for entry in entries), case.most(list(asking))
    partners = case.partners(entries)
    if most is None or most > asked - 1e-3 or not partners:
        return
    missing = asked - most
    called = {
        one.use if isinstance(one, Need) else one.material: names.call_entry(scenario, one)
        for one in entries
    }
    windows = {period for one in entries for period in one.periods}
    yield _TOGETHER[entries[0].role].format(
        sites=names.list_sites(scenario, dict.fromkeys(one.site for one in entries)),
        asked=names.tell_number(asked, beside=missing),
        what=names.list_names(list(called.values())),
        periods=names.span(tuple(period for period in scenario.periods if period in windows)),
        others=names.list_sites(scenario, partners),
        most=names.tell_number(most, beside=missing),
        missing=names.tell_number(missing),
    )


def _cite_rules(scenario: Scenario, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Cite the conditions, needing consent only, that keep what is offered in time from needs."""
    needs = [entry for entry in told if isinstance(entry, Need)]
    offers = [entry for entry in told if isinstance(entry, Offer)]
    pairs = dict.fromkeys(
        (offer.material, need.demand)
        for need, offer in (
            *itertools.product(needs, scenario.offers),
            *itertools.product(scenario.needs, offers),
        )
        if _in_time(scenario, offer, need)
    )
    cited = {
        str(message := names.cite_fit(scenario, *pair)): message
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
    with_limit = say("binding: {rule}, limit {limit} {unit}")
    for (rule, _, limit), alike in like.items():
        by_period = {name.about.period: name for name in alike}
        mine = [period for period in order if period in by_period] or list(by_period)
        first, several = by_period[mine[0]], names.list_names(mine) if len(mine) > 1 else None
        template = with_limit if rule != AGREEMENTS_KEPT.name else say("binding: {rule}")
        yield template.format(
            rule=names.describe_row(case.problem.scenario, first, periods=several),
            limit=names.tell_number(limit),
            unit=names.unit_of_row(first),
        )


def find_binding(case: Case, *, most: int = _MOST_TRIED) -> list[int]:
    """Find rows, but those broken, of which a unit more leaves less missing, the dearest first."""
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


def say_missing(case: Case, share: LargestShare | None) -> Iterator[Message]:
    """Say what is missing by need, then by surplus, largest first; then what other rules lack."""
    rows, violation = case.rows, case.violation
    short = sorted(violation.short.items(), key=lambda entry: -entry[1])
    asked = [(at, case.entry(at), tonnes) for at, tonnes in short]
    for of in (Need, Offer):
        mine = [(at, entry, tonnes) for at, entry, tonnes in asked if isinstance(entry, of)]
        for at, entry, tonnes in mine[:_MOST_TOLD]:
            yield _say_entry(case, at, entry, tonnes)
        rest = mine[_MOST_TOLD:]
        if rest:
            yield say("and {count} more that lack or have left {tonnes} t together").format(
                count=len(rest), tonnes=names.tell_number(sum(tonnes for _, _, tonnes in rest))
            )
    for at, about, amount in asked:
        if is_share(rows[at].family) and share is not None:
            yield _say_share(share)
        elif rows[at].rule == AGREEMENTS_KEPT.name:
            yield _say_agreement(case, at, amount)
        elif about is None:
            yield _say_other(case, at, amount, over=False)
    for at, amount in violation.over.items():
        yield _say_other(case, at, amount, over=True)


def _say_entry(case: Case, at: int, entry: Need | Offer, tonnes: float) -> Message:
    """Say how much a need lacks, or how much surplus has no place to go, and why."""
    scenario = case.problem.scenario
    called = names.call_entry(scenario, entry)
    return read_texts(f"lacking {entry.role}")["short"].format(
        site=names.name_site(scenario, entry.site),
        tonnes=names.tell_number(tonnes),
        total=names.tell_number(entry.tonnes, beside=tonnes),
        periods=names.span(entry.periods),
        reason=_say_why(case, at, entry),
        use=called,
        material=called,
    )


def _say_why(case: Case, at: int, entry: Need | Offer) -> Message:
    """Say why a need is short, or why surplus stays, and how much of it there could be alone."""
    columns, words = (
        case.problem.of(ends_of(entry)[0], entry.id),
        read_texts(f"lacking {entry.role}"),
    )
    if not len(columns):
        far = _find_far(case, entry)
        return _NO_ROAD.format(sites=_quote(far)) if far else words["nobody"]
    partners = case.partners([entry])
    if not partners:
        return _say_unusable(case, columns)
    most, others = case.most([at]), _quote(partners)
    told, left = words["never"], 0.0
    if most is not None:
        told, left = words["alone" if most > entry.tonnes - _SEEN_T else "most"], most
    left_t = names.tell_number(left, beside=entry.tonnes - left)
    rest = [
        say("{agreement} rules the rest out").format(
            agreement=names.name_agreement(case.problem.scenario, one)
        )
        for one in _forbidding(case, columns)[:2]
    ]
    return names.join_clauses([told.format(givers=others, takers=others, most=left_t), *rest])


_NO_ROAD = say(
    "no truck of the scenario can drive between it and {sites}; look at `vehicles`, `truck_limits` "
    "and the roads"
)


def _quote(sites: Sequence[str]) -> Message:
    return names.list_names([f"`{site}`" for site in sites])


def _find_far(case: Case, entry: Need | Offer) -> list[str]:
    """Find sites that would deal with somebody in some period, were there a way."""
    givers, takers, needs = case.problem.givers, case.problem.takers, isinstance(entry, Need)
    if needs:
        takers = tuple(one for one in takers if one.id == entry.id)
    else:
        givers = tuple(one for one in givers if one.id == entry.id)
    return sorted(
        {
            giver.site if needs else taker.site
            for giver, taker in itertools.product(givers, takers)
            if may_deal(giver, taker)
            and not set(giver.periods).isdisjoint(taker.accepts[giver.material].periods)
        }
    )


def _say_unusable(case: Case, columns: Columns) -> Message:
    """Say why none of some moves can be used in any plan."""
    problem = case.problem
    told: dict[str, Message] = {}
    barred: set[int] = set()
    for one in _forbidding(case, columns):
        name = names.name_agreement(problem.scenario, one)
        told[str(name)] = say("{agreement} rules it out", agreement=name)
        barred.update(agreed_moves(problem, one).tolist())
    for at in columns.tolist():
        if at not in barred:
            giver, taker = problem.moves.giver[at], problem.moves.taker[at]
            message = case.unusable.leg(problem.givers[giver], problem.takers[taker])
            told.setdefault(str(message), message)
    return names.join_clauses(list(told.values())[:3])


def _forbidding(case: Case, columns: Columns) -> list[Agreement]:
    """Find agreements that rule some moves out."""
    problem = case.problem
    return [
        agreement
        for agreement in problem.scenario.said.agreements
        if agreement.rules_out and np.isin(columns, agreed_moves(problem, agreement)).any()
    ]


def _say_share(share: LargestShare) -> Message:
    """Say how much secondary material there can be at most, and how much is asked for."""
    target = share.target
    told = {
        "met": names.tell_number(share.met),
        "needed": names.tell_number(share.needed),
        "share": names.tell_number(100 * share.share, beside=100 * (target.at_least - share.share)),
        "percent": names.tell_number(100 * target.at_least),
        "what": names.DEFINITION_NAMES[target.definition],
    }
    if target.period is not None:
        return say(
            "of all that is used in {period}, at most {share} % can be {what} under the rules; "
            "`targets.secondary_share` asks for {percent} %"
        ).format(**told, period=target.period)
    asked = target.at_least * share.needed
    return say(
        "of the {needed} t that are needed, at most {met} t ({share} %) can be met with {what} "
        "under the rules; `targets.secondary_share` asks for {asked} t ({percent} %), "
        "{missing} t more",
        **told,
        asked=names.tell_number(asked),
        missing=names.tell_number(max(0.0, asked - share.met)),
    )


def _say_agreement(case: Case, at: int, missing: float) -> Message:
    """Say that it cannot be kept, and why; what is more than a site has or needs, `check` tells."""
    scenario, row = case.problem.scenario, case.rows[at]
    agreement = names.agreement_of(scenario, row.about)
    agreed = names.agreed_tonnes(scenario, agreement)
    if not len(row.columns):
        reason = say("nothing that {giver} has may go to {taker} in that time").format(
            giver=names.name_site(scenario, agreement.giver),
            taker=names.name_site(scenario, agreement.taker),
        )
    elif (most := case.most([at])) is None:
        reason = say("no plan that keeps all other rules can send it")
    elif most > agreed - _SEEN_T:
        reason = say("it could be kept alone, but not together with all else that is asked for")
    else:
        reason = say("at most {most} t can go under the rules").format(
            most=names.tell_number(most, beside=agreed - most)
        )
    return say("{agreement} cannot be kept, {missing} t are missing: {reason}").format(
        agreement=names.name_agreement(scenario, agreement),
        missing=names.tell_number(missing),
        reason=reason,
    )


def _say_other(case: Case, at: int, amount: float, *, over: bool) -> Message:
    row, scenario = case.rows[at], case.problem.scenario
    if is_share(row.family):
        return say("what `targets.secondary_share` asks for is missed by {amount} t").format(
            amount=names.tell_number(amount)
        )
    told = {
        "rule": names.describe_row(scenario, row.name),
        "amount": names.tell_number(amount),
        "unit": names.unit_of_row(row.name),
        "limit": names.tell_number(row.limit, beside=amount),
    }
    if over:
        return say("{rule} is exceeded by {amount} {unit}; the limit is {limit} {unit}", **told)
    return say("{rule} falls short by {amount} {unit} of {limit} {unit}", **told)
