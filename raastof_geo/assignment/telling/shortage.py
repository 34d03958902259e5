"""Say what is missing to what a scenario asks for, and why no plan can give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.telling.most import Case, Share
from raastof_geo.assignment.telling.names import (
    DEFINITION_NAMES,
    agreed_tonnes,
    agreement_of,
    call_material,
    call_use,
    describe_row,
    find_entry,
    join_clauses,
    list_names,
    name_agreement,
    name_site,
    span,
    tell_number,
    unit_of_row,
)
from raastof_geo.language import Message, Readable, say
from raastof_geo.scenario.parties import Giver, Taker, may_deal
from raastof_geo.scenario.said.agreement import Agreement
from raastof_geo.scenario.scenario import Need, Offer

_MOST_TOLD = 8
"""Needs, and heaps of surplus, that are told one by one."""


def say_missing(case: Case, share: Share | None) -> Iterator[Message]:
    """Say for each rule that has to be broken what is missing, and where."""
    rows, violation = case.rows, case.violation
    short = sorted(violation.short.items(), key=lambda entry: -entry[1])
    for rule in ("needs_met", "offers_kept"):
        mine = [(at, tonnes) for at, tonnes in short if rows[at].rule == rule]
        for at, tonnes in mine[:_MOST_TOLD]:
            entry = find_entry(case.problem.scenario, rule, rows[at].label)
            if isinstance(entry, Need):
                yield _say_need(case, at, entry, tonnes)
            elif isinstance(entry, Offer):
                yield _say_offer(case, at, entry, tonnes)
        rest = mine[_MOST_TOLD:]
        if rest:
            yield say(
                "and {count} more that lack or have left {tonnes} t together",
                count=len(rest),
                tonnes=tell_number(sum(tonnes for _, tonnes in rest)),
            )
    for at, amount in short:
        rule = rows[at].rule
        if rule == "secondary_share_reached" and share is not None:
            yield say_share(case, share)
        elif rule == "agreements_kept":
            yield _say_agreement(case, at, amount)
        elif rule not in ("needs_met", "offers_kept"):
            yield _say_other(case, at, amount, over=False)
    for at, amount in violation.over.items():
        yield _say_other(case, at, amount, over=True)


# --- needs and surplus --------------------------------------------------------------------------


def _say_need(case: Case, at: int, need: Need, tonnes: float) -> Message:
    scenario = case.problem.scenario
    return say(
        "{site} lacks {tonnes} t of {total} t for {use} in {periods}: {reason}",
        site=name_site(scenario, need.site),
        tonnes=tell_number(tonnes),
        total=tell_number(need.tonnes, beside=tonnes),
        use=call_use(scenario, need.use),
        periods=span(need.periods),
        reason=_why_need_is_short(case, at, need),
    )


def _say_offer(case: Case, at: int, offer: Offer, tonnes: float) -> Message:
    scenario = case.problem.scenario
    return say(
        "{tonnes} t of {total} t {material} from {site} in {periods} have no place to go: {reason}",
        site=name_site(scenario, offer.site),
        tonnes=tell_number(tonnes),
        total=tell_number(offer.tonnes, beside=tonnes),
        material=call_material(scenario, offer.material),
        periods=span(offer.periods),
        reason=_why_offer_stays(case, at, offer),
    )


def _why_need_is_short(case: Case, at: int, need: Need) -> Message:
    problem = case.problem
    columns = problem.of("taker", need.id)
    if not len(columns):
        taker = next(one for one in problem.takers if one.id == need.id)
        far = [giver.site for giver in problem.givers if _meet(giver, taker)]
        if far:
            return _say_no_road(case, far)
        return say(
            "no offer and no pit has an allowed material in that time; add a pit, widen the "
            "window, or accept a condition under `accepted_conditions`"
        )
    live = case.columns("taker", [need.id])
    if not len(live):
        return _say_unusable(case, columns)
    givers = _sites(case, "origin", live)
    most = case.most([at])
    if most is None:
        told = say("{givers} may serve it, but not within all rules", givers=givers)
    elif most > need.tonnes - 1e-3:
        told = say(
            "{givers} could meet it, but not together with all else that is asked for",
            givers=givers,
        )
    else:
        told = say(
            "taken alone, at most {most} t of it can be met under the rules, from {givers}; add an "
            "offer or a pit, or raise what binds",
            most=tell_number(most, beside=need.tonnes - most),
            givers=givers,
        )
    return _with_agreements(case, told, columns)


def _why_offer_stays(case: Case, at: int, offer: Offer) -> Message:
    problem = case.problem
    columns = problem.of("giver", offer.id)
    if not len(columns):
        giver = next(one for one in problem.givers if one.id == offer.id)
        far = [taker.site for taker in problem.takers if _meet(giver, taker)]
        if far:
            return _say_no_road(case, far)
        return say(
            "no need may use it in that time and no receiver accepts it; add a receiver, or set "
            "`must_leave: false`"
        )
    live = case.columns("giver", [offer.id])
    if not len(live):
        return _say_unusable(case, columns)
    takers = _sites(case, "destination", live)
    most = case.most([at])
    if most is None:
        told = say("{takers} may take it, but not within all rules", takers=takers)
    elif most > offer.tonnes - 1e-3:
        told = say(
            "{takers} could take it, but not together with all else that is asked for",
            takers=takers,
        )
    else:
        told = say(
            "taken alone, at most {most} t of it can leave under the rules, to {takers}; add a "
            "receiver, or raise what binds",
            most=tell_number(most, beside=offer.tonnes - most),
            takers=takers,
        )
    return _with_agreements(case, told, columns)


def _meet(giver: Giver, taker: Taker) -> bool:
    """Tell whether two may deal in some period, whatever the roads."""
    if not may_deal(giver, taker):
        return False
    return not set(giver.periods).isdisjoint(taker.accepts[giver.material].periods)


def _sites(case: Case, key: str, columns: Columns) -> Message:
    sites = sorted(set(case.problem.labels(key, columns).tolist()))
    return list_names([f"`{site}`" for site in sites])


def _say_no_road(case: Case, sites: Sequence[str]) -> Message:
    return say(
        "no truck of the scenario can drive between it and {sites}; look at `vehicles`, "
        "`truck_limits` and the roads",
        sites=list_names([f"`{site}`" for site in sorted(set(sites))]),
    )


def _say_unusable(case: Case, columns: Columns) -> Message:
    """Say why none of some moves can be used in any plan."""
    problem = case.problem
    agreements = _forbidding(case, columns)
    told: dict[str, Readable] = {
        str(name_agreement(problem.scenario, one)): say(
            "{agreement} rules it out", agreement=name_agreement(problem.scenario, one)
        )
        for one in agreements
    }
    barred = {int(at) for one in agreements for at in agreed_moves(problem, one).tolist()}
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


def _with_agreements(case: Case, told: Message, columns: Columns) -> Message:
    """Add the agreements that keep others out."""
    parts: list[Readable] = [told]
    for agreement in _forbidding(case, columns)[:2]:
        name = name_agreement(case.problem.scenario, agreement)
        parts.append(say("{agreement} rules the rest out", agreement=name))
    return told if len(parts) == 1 else join_clauses(parts)


# --- target, agreements, other rules ------------------------------------------------------------


def say_share(case: Case, share: Share) -> Message:
    """Say how much secondary material there can be at most, and how much is asked for."""
    target = case.problem.scenario.said.targets.secondary_share
    assert target is not None  # noqa: S101 - the row was made of it
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
    agreement = agreement_of(scenario, case.rows[at].label)
    return say(
        "{agreement} cannot be kept, {missing} t are missing: {reason}",
        agreement=name_agreement(scenario, agreement),
        missing=tell_number(missing),
        reason=_why_not_agreed(case, at, agreement),
    )


def _why_not_agreed(case: Case, at: int, agreement: Agreement) -> Message:
    scenario = case.problem.scenario
    agreed = agreed_tonnes(scenario, agreement)
    giver = name_site(scenario, agreement.giver)
    taker = name_site(scenario, agreement.taker)
    if not len(case.rows[at].columns):
        return say(
            "nothing that {giver} has may go to {taker} in that time",
            giver=giver,
            taker=taker,
        )
    offered = _offered(case, agreement)
    if offered is not None and offered < agreed - 1e-3:
        return say(
            "{giver} offers only {offered} t of it in that time",
            giver=giver,
            offered=tell_number(offered, beside=agreed - offered),
        )
    wanted = _wanted(case, agreement)
    if wanted is not None and wanted < agreed - 1e-3:
        return say(
            "{taker} can use only {wanted} t of it in that time",
            taker=taker,
            wanted=tell_number(wanted, beside=agreed - wanted),
        )
    most = case.most([at])
    if most is None:
        return say("no plan that keeps all other rules can send it")
    if most > agreed - 1e-3:
        return say("it could be kept alone, but not together with all else that is asked for")
    return say(
        "at most {most} t can go under the rules",
        most=tell_number(most, beside=agreed - most),
    )


def _offered(case: Case, agreement: Agreement) -> float | None:
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


def _wanted(case: Case, agreement: Agreement) -> float | None:
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
    if row.rule == "secondary_share_reached":
        return say(
            "what `targets.secondary_share` asks for is missed by {amount} t",
            amount=tell_number(amount),
        )
    told = {
        "rule": describe_row(scenario, row.rule, row.label),
        "amount": tell_number(amount),
        "unit": unit_of_row(scenario, row.rule, row.label) or say("units of the rule"),
        "limit": tell_number(row.limit, beside=amount),
    }
    if over:
        return say("{rule} is exceeded by {amount} {unit}; the limit is {limit} {unit}", **told)
    return say("{rule} falls short by {amount} {unit} of {limit} {unit}", **told)
