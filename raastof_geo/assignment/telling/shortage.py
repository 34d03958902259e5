"""Say what is missing to what a scenario asks for, and why no plan can give it."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.agreements import AGREEMENTS_KEPT, agreed_moves
from raastof_geo.assignment.telling.most import Case, LargestShare, ends_of, is_share
from raastof_geo.assignment.telling.names import (
    DEFINITION_NAMES,
    agreed_tonnes,
    agreement_of,
    call_entry,
    describe_row,
    fill,
    join_clauses,
    list_names,
    name_agreement,
    name_site,
    span,
    tell_number,
    unit_of_row,
)
from raastof_geo.language import Message, say
from raastof_geo.scenario.parties import may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import Agreement
from raastof_geo.scenario.scenario import Need, Offer

_MOST_TOLD = 8
"""Needs, and heaps of surplus, that are told one by one."""
_SEEN_T = 1e-3
"""Less than a kilogram is not told as missing. [t]"""


def say_missing(case: Case, share: LargestShare | None) -> Iterator[Message]:
    """Say for each rule that has to be broken what is missing, and where.

    Needs first, then surplus, the largest amounts first; then what other rules lack.
    """
    rows, violation = case.rows, case.violation
    short = sorted(violation.short.items(), key=lambda entry: -entry[1])
    asked = [(at, case.entry(at), tonnes) for at, tonnes in short]
    for of in (Need, Offer):
        mine = [(at, entry, tonnes) for at, entry, tonnes in asked if isinstance(entry, of)]
        for at, entry, tonnes in mine[:_MOST_TOLD]:
            yield _say_entry(case, at, entry, tonnes)
        rest = mine[_MOST_TOLD:]
        if rest:
            yield say(
                "and {count} more that lack or have left {tonnes} t together",
                count=len(rest),
                tonnes=tell_number(sum(tonnes for _, _, tonnes in rest)),
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


# --- needs and surplus --------------------------------------------------------------------------


class _Words(NamedTuple):
    """What is said of a need, or of surplus."""

    short: Message
    nobody: Message
    """Nobody deals with it, wherever they are."""
    never: Message
    """Some may, but no plan keeps all other rules."""
    alone: Message
    """It alone is no difficulty."""
    most: Message
    """How much of it there can be at most."""


_WORDS = {
    Role.NEED: _Words(
        say("{site} lacks {tonnes} t of {total} t for {use} in {periods}: {reason}"),
        say(
            "no offer and no pit has an allowed material in that time; add a pit, widen the "
            "window, or accept a condition under `accepts` of the need"
        ),
        say("{givers} may serve it, but not within all rules"),
        say("{givers} could meet it, but not together with all else that is asked for"),
        say(
            "taken alone, at most {most} t of it can be met under the rules, from {givers}; add "
            "an offer or a pit, or raise what binds"
        ),
    ),
    Role.OFFER: _Words(
        say(
            "{tonnes} t of {total} t {material} from {site} in {periods} have no place to go: "
            "{reason}"
        ),
        say(
            "no need may use it in that time and no receiver accepts it; add a receiver, or set "
            "`must_leave: false`"
        ),
        say("{takers} may take it, but not within all rules"),
        say("{takers} could take it, but not together with all else that is asked for"),
        say(
            "taken alone, at most {most} t of it can leave under the rules, to {takers}; add a "
            "receiver, or raise what binds"
        ),
    ),
}


def _say_entry(case: Case, at: int, entry: Need | Offer, tonnes: float) -> Message:
    """Say how much a need lacks, or how much surplus has no place to go, and why."""
    scenario = case.problem.scenario
    called = call_entry(scenario, entry)
    return fill(
        _WORDS[entry.role].short,
        site=name_site(scenario, entry.site),
        tonnes=tell_number(tonnes),
        total=tell_number(entry.tonnes, beside=tonnes),
        periods=span(entry.periods),
        reason=_say_why(case, at, entry),
        use=called,
        material=called,
    )


def _say_why(case: Case, at: int, entry: Need | Offer) -> Message:
    """Say why a need is short, or why surplus stays, and how much of it there could be alone."""
    columns, words = case.problem.of(ends_of(entry)[0], entry.id), _WORDS[entry.role]
    if not len(columns):
        far = _find_far(case, entry)
        return fill(_NO_ROAD, sites=_quote(far)) if far else words.nobody
    partners = case.partners([entry])
    if not partners:
        return _say_unusable(case, columns)
    most, others = case.most([at]), _quote(partners)
    told, left = words.never, 0.0
    if most is not None:
        told, left = (words.alone if most > entry.tonnes - _SEEN_T else words.most), most
    left_t = tell_number(left, beside=entry.tonnes - left)
    names = [name_agreement(case.problem.scenario, one) for one in _forbidding(case, columns)[:2]]
    rest = [say("{agreement} rules the rest out", agreement=name) for name in names]
    return join_clauses([fill(told, givers=others, takers=others, most=left_t), *rest])


_NO_ROAD = say(
    "no truck of the scenario can drive between it and {sites}; look at `vehicles`, `truck_limits` "
    "and the roads"
)


def _quote(sites: Sequence[str]) -> Message:
    return list_names([f"`{site}`" for site in sites])


def _find_far(case: Case, entry: Need | Offer) -> list[str]:
    """Find sites that would deal with somebody in some period, were there a way."""
    pairs = itertools.product(case.problem.givers, case.problem.takers)
    return sorted(
        {
            taker.site if giver.id == entry.id else giver.site
            for giver, taker in pairs
            if entry.id in (giver.id, taker.id)
            and may_deal(giver, taker)
            and not set(giver.periods).isdisjoint(taker.accepts[giver.material].periods)
        }
    )


def _say_unusable(case: Case, columns: Columns) -> Message:
    """Say why none of some moves can be used in any plan."""
    problem = case.problem
    told: dict[str, Message] = {}
    barred: set[int] = set()
    for one in _forbidding(case, columns):
        name = name_agreement(problem.scenario, one)
        told[str(name)] = say("{agreement} rules it out", agreement=name)
        barred.update(agreed_moves(problem, one).tolist())
    for at in columns.tolist():
        if at not in barred:
            giver, taker = problem.moves.giver[at], problem.moves.taker[at]
            message = case.unusable.leg(problem.givers[giver], problem.takers[taker])
            told.setdefault(str(message), message)
    return join_clauses(list(told.values())[:3])


def _forbidding(case: Case, columns: Columns) -> list[Agreement]:
    """Find agreements that rule some moves out."""
    problem = case.problem
    return [
        agreement
        for agreement in problem.scenario.said.agreements
        if agreement.rules_out and np.isin(columns, agreed_moves(problem, agreement)).any()
    ]


# --- target, agreements, other rules ------------------------------------------------------------


def _say_share(share: LargestShare) -> Message:
    """Say how much secondary material there can be at most, and how much is asked for."""
    target = share.target
    told = {
        "met": tell_number(share.met),
        "needed": tell_number(share.needed),
        "share": tell_number(100 * share.share, beside=100 * (target.at_least - share.share)),
        "percent": tell_number(100 * target.at_least),
        "what": DEFINITION_NAMES[target.definition],
    }
    if target.period is not None:
        return say(
            "of all that is used in {period}, at most {share} % can be {what} under the rules; "
            "`targets.secondary_share` asks for {percent} %",
            **told,
            period=target.period,
        )
    asked = target.at_least * share.needed
    return say(
        "of the {needed} t that are needed, at most {met} t ({share} %) can be met with {what} "
        "under the rules; `targets.secondary_share` asks for {asked} t ({percent} %), "
        "{missing} t more",
        **told,
        asked=tell_number(asked),
        missing=tell_number(max(0.0, asked - share.met)),
    )


def _say_agreement(case: Case, at: int, missing: float) -> Message:
    scenario = case.problem.scenario
    agreement = agreement_of(scenario, case.rows[at].about)
    return say(
        "{agreement} cannot be kept, {missing} t are missing: {reason}",
        agreement=name_agreement(scenario, agreement),
        missing=tell_number(missing),
        reason=_why_not_agreed(case, at, agreement),
    )


def _why_not_agreed(case: Case, at: int, agreement: Agreement) -> Message:
    scenario = case.problem.scenario
    ends = {
        "giver": name_site(scenario, agreement.giver),
        "taker": name_site(scenario, agreement.taker),
    }
    if not len(case.rows[at].columns):
        return say("nothing that {giver} has may go to {taker} in that time", **ends)
    agreed = agreed_tonnes(scenario, agreement)
    counts = (
        (_count_offered, say("{giver} offers only {offered} t of it in that time")),
        (_count_wanted, say("{taker} can use only {wanted} t of it in that time")),
    )
    for count, told in counts:
        there = count(case, agreement)
        if there is not None and there < agreed - _SEEN_T:
            tonnes = tell_number(there, beside=agreed - there)
            return fill(told, offered=tonnes, wanted=tonnes, **ends)
    most = case.most([at])
    if most is None:
        return say("no plan that keeps all other rules can send it")
    if most > agreed - _SEEN_T:
        return say("it could be kept alone, but not together with all else that is asked for")
    return say(
        "at most {most} t can go under the rules", most=tell_number(most, beside=agreed - most)
    )


def _count_offered(case: Case, agreement: Agreement) -> float | None:
    """Add up what a site that only has surplus offers of what is agreed. [t]"""
    scenario = case.problem.scenario
    site = scenario.sites[agreement.giver]
    if site.pit or site.plant or site.depot or (site.stockpile and site.stockpile.start):
        return None
    periods = set(agreement.periods(tuple(scenario.periods)))
    about = set(case.problem.labels("material", agreed_moves(case.problem, agreement)).tolist())
    piled = site.stockpile is not None
    return sum(
        offer.tonnes
        for offer in scenario.offers
        if offer.site == agreement.giver
        and offer.material in about
        and (piled or periods & set(offer.periods))
    )


def _count_wanted(case: Case, agreement: Agreement) -> float | None:
    """Add up what a site that only has needs can use of what is agreed. [t]"""
    scenario = case.problem.scenario
    site = scenario.sites[agreement.taker]
    if site.receiver or site.plant or site.depot:
        return None
    columns = agreed_moves(case.problem, agreement)
    total = 0.0
    for need in scenario.needs:
        mine = columns[case.problem.labels("taker", columns) == need.id]
        materials = set(case.problem.labels("material", mine).tolist())
        total += need.tonnes * max((need.ratios[one] for one in materials), default=0.0)
    return total


def _say_other(case: Case, at: int, amount: float, *, over: bool) -> Message:
    row, scenario = case.rows[at], case.problem.scenario
    if is_share(row.family):
        return say(
            "what `targets.secondary_share` asks for is missed by {amount} t",
            amount=tell_number(amount),
        )
    told = {
        "rule": describe_row(scenario, row.name),
        "amount": tell_number(amount),
        "unit": unit_of_row(row.name),
        "limit": tell_number(row.limit, beside=amount),
    }
    if over:
        return say("{rule} is exceeded by {amount} {unit}; the limit is {limit} {unit}", **told)
    return say("{rule} falls short by {amount} {unit} of {limit} {unit}", **told)
