"""Say why somebody does not send to somebody: the rule that blocks it, or what it would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.rules.masses import OFFERS_KEPT
from raastof_geo.assignment.solving.price_in import FREE
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling.forced import Forced, dearest_move, force
from raastof_geo.assignment.telling.names import (
    call,
    call_material,
    call_use,
    cite_fit,
    describe_row,
    list_names,
    name_agreement,
    name_site,
    span,
    tell_number,
    unit_of_measure,
)
from raastof_geo.assignment.telling.unusable import Unusable, find_unusable
from raastof_geo.errors import InputError
from raastof_geo.language import Message, Readable, say
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.parties import Giver, Taker, may_deal

ReasonKind = Literal[
    "in_plan",
    "rule",
    "not_wanted",
    "time",
    "truck",
    "road",
    "agreement",
    "closed",
    "impossible",
    "costs_more",
    "as_good",
    "perhaps",
]
"""`perhaps`: prices find nothing against it, and it was not tried whether there is room for it."""

_LEAST_PRICE = 1e-6


@dataclass(frozen=True)
class Reason:
    """Why one giver does not send to one taker, or that it does."""

    giver: str
    taker: str
    material: str
    kind: ReasonKind
    message: Message
    more_per_t: float | None = None
    """What a tonne would add to the first objective, beyond what it is worth; none where a rule
    blocks it."""


def explain_why_not(
    plan: Plan, giver: str, taker: str, material: str | None = None
) -> list[Reason]:
    """Tell for every material of one site and every want of another why they do not meet.

    Parameters
    ----------
    giver, taker
        Ids of sites.
    material
        Id of a material; none: all that the giver has.

    Returns
    -------
    reasons
        One for each giver and taker: what is in the plan first, then what would cost least.

    Raises
    ------
    InputError
        A site or material is not there, or has nothing to give or to take.
    """
    problem = plan.problem
    givers = [one for one in problem.givers if one.site == giver]
    takers = [one for one in problem.takers if one.site == taker]
    _check(problem, giver, taker, material, givers, takers)
    if material is not None:
        givers = [one for one in givers if one.material == material]
    unusable = find_unusable(problem)
    reasons = [_explain(plan, unusable, one, other) for one in givers for other in takers]
    order = ("in_plan", "as_good", "costs_more")
    return sorted(
        reasons,
        key=lambda reason: (
            order.index(reason.kind) if reason.kind in order else len(order),
            reason.more_per_t or 0.0,
            reason.giver,
            reason.taker,
        ),
    )


def compare_sites(plan: Plan) -> dict[tuple[str, str], Reason]:
    """Give the best reason for every pair of a site that gives and another that takes.

    What moves comes first, then what would cost least more, then the rule that blocks the first
    material. All columns are priced at once, so that costs are the least that it would take, and
    nothing is called as good.

    Returns
    -------
    reasons
        By the ids of the site that gives and of the one that takes.
    """
    problem, proof = plan.problem, plan.proof
    moves = problem.block("moves")
    prices = proof.prices_given_decisions
    extra = proof.programme.reduced_costs(proof.cost, prices)[moves]
    extra = np.where(proof.values[moves] > 0, -np.inf, extra)
    unusable = find_unusable(problem)
    extra = np.where(unusable.moves, np.inf, extra)
    order = np.argsort(extra, kind="stable")
    origin, destination = (problem.labels(key)[order] for key in ("origin", "destination"))
    best: dict[tuple[str, str], Reason] = {}
    for at, pair in zip(order.tolist(), zip(origin, destination, strict=True), strict=True):
        if pair not in best and pair[0] != pair[1]:
            giver = problem.givers[problem.moves.giver[at]]
            taker = problem.takers[problem.moves.taker[at]]
            best[pair] = _explain(plan, unusable, giver, taker, solve=False)
    givers = {giver.site: giver for giver in reversed(problem.givers)}
    takers = {taker.site: taker for taker in reversed(problem.takers)}
    for one, giver in givers.items():
        for other, taker in takers.items():
            if one != other and (one, other) not in best:
                best[one, other] = _explain(plan, unusable, giver, taker, solve=False)
    return best


def _check(
    problem: Problem,
    giver: str,
    taker: str,
    material: str | None,
    givers: Sequence[Giver],
    takers: Sequence[Taker],
) -> None:
    sites = problem.scenario.sites
    for site in (giver, taker):
        if site not in sites:
            raise InputError(
                say("{site} is not a site{hint}", site=f"`{site}`", hint=suggest(site, sites))
            )
    if not givers:
        raise InputError(say("{site} has nothing to give", site=f"`{giver}`"))
    if not takers:
        raise InputError(say("{site} takes nothing", site=f"`{taker}`"))
    has = sorted({one.material for one in givers})
    if material is not None and material not in has:
        raise InputError(
            say(
                "{site} does not give {material}{hint}",
                site=f"`{giver}`",
                material=f"`{material}`",
                hint=suggest(material, has),
            )
        )


def _explain(
    plan: Plan, unusable: Unusable, giver: Giver, taker: Taker, *, solve: bool = True
) -> Reason:
    problem = plan.problem
    found = _find_block(problem, giver, taker)
    if found is None:
        columns = problem.find(giver=giver.id, taker=taker.id)
        moved = float(plan.proof.values[columns].sum())
        if moved > 0:
            message = say(
                "it is in the plan: {tonnes} t of {what}",
                tonnes=tell_number(moved),
                what=_what(problem, giver, taker),
            )
            return Reason(giver.id, taker.id, giver.material, "in_plan", message)
        found = _find_closed(plan, unusable, giver, taker, columns)
        if found is None:
            return _price(plan, giver, taker, columns, solve=solve)
    kind, message = found
    return Reason(giver.id, taker.id, giver.material, kind, _of_need(problem, taker, message))


def _find_block(problem: Problem, giver: Giver, taker: Taker) -> tuple[ReasonKind, Message] | None:
    """Find what keeps two parties from having any leg together."""
    if not may_deal(giver, taker):
        return _why_no_deal(problem, giver, taker)
    terms = taker.accepts[giver.material]
    if not set(giver.periods) & set(terms.periods):
        return "time", say(
            "no overlap in time: {material} is there in {gives}, and wanted in {takes}",
            material=_material(problem, giver),
            gives=span(giver.periods),
            takes=span(terms.periods),
        )
    if not len(problem.find(giver=giver.id, taker=taker.id)):
        return _why_no_leg(problem, giver, taker)
    return None


def _find_closed(
    plan: Plan, unusable: Unusable, giver: Giver, taker: Taker, columns: Columns
) -> tuple[ReasonKind, Message] | None:
    """Find what closes all legs that two parties have together, as far as that is certain."""
    closed = _forbidden(plan.problem, columns)
    if closed is not None:
        return "agreement", closed
    if unusable.moves[columns].all():
        return "impossible", say("impossible: {reason}", reason=unusable.leg(giver, taker))
    shut = _not_open(plan, giver, taker)
    return None if shut is None else ("closed", shut)


def _what(problem: Problem, giver: Giver, taker: Taker) -> Message:
    """Name the material, and the use and the window of the need that it would serve."""
    material = _material(problem, giver)
    if sum(one.site == giver.site and one.material == giver.material for one in problem.givers) > 1:
        material = say(
            "{material} ({what} in {periods})",
            material=material,
            what=_GIVEN_AS[giver.kind],
            periods=span(giver.periods),
        )
    if taker.kind != "need":
        return material
    need = next(one for one in problem.scenario.needs if one.id == taker.place)
    return say(
        "{material} for {use} in {periods}",
        material=material,
        use=call_use(problem.scenario, need.use),
        periods=span(need.periods),
    )


_GIVEN_AS: dict[str, Message] = {
    "offer": say("surplus"),
    "pit": say("from the pit"),
    "plant": say("from the plant"),
    "depot": say("from the depot"),
}
"""Where a material comes from, where its site has it from several."""


def _of_need(problem: Problem, taker: Taker, message: Message) -> Message:
    """Say which need a reason is about."""
    if taker.kind != "need":
        return message
    need = next(one for one in problem.scenario.needs if one.id == taker.place)
    return say(
        "{use} in {periods}: {reason}",
        use=call_use(problem.scenario, need.use),
        periods=span(need.periods),
        reason=message,
    )


def _why_no_deal(problem: Problem, giver: Giver, taker: Taker) -> tuple[ReasonKind, Message]:
    scenario = problem.scenario
    if taker.kind == "need":
        need = next(one for one in scenario.needs if one.id == taker.place)
        site = scenario.sites[need.site]
        if scenario.may_serve(giver.material, need.use, site.land):
            return "not_wanted", say(
                "{site} wants other materials only (`materials:` of its need)",
                site=name_site(scenario, need.site),
            )
        return "rule", cite_fit(scenario, giver.material, need.use, site.land)
    if giver.material not in taker.accepts:
        return "not_wanted", say(
            "{site} does not take {material}",
            site=name_site(scenario, taker.site),
            material=_material(problem, giver),
        )
    if taker.only_from is not None:
        return "not_wanted", say(
            "the stockpile of {site} takes only its own surplus",
            site=name_site(scenario, taker.site),
        )
    return "not_wanted", say(
        "a {giver} does not send to a {taker}",
        giver=_ROLE_NAMES[giver.kind],
        taker=_ROLE_NAMES[taker.kind],
    )


_ROLE_NAMES: dict[str, Message] = {
    "offer": say("project with surplus"),
    "need": say("project with needs"),
    "pit": say("pit"),
    "receiver": say("receiver"),
    "plant": say("plant"),
    "depot": say("depot"),
}


def _why_no_leg(problem: Problem, giver: Giver, taker: Taker) -> tuple[ReasonKind, Message]:
    scenario, lost = problem.scenario, problem.legs.lost
    admitted = [
        vehicle
        for vehicle in scenario.said.vehicles
        if scenario.admits(giver.site, vehicle) and scenario.admits(taker.site, vehicle)
    ]
    if not admitted:
        return "truck", say(
            "no truck of the scenario has room at both {giver} and {taker} (`vehicles` and "
            "`truck_limits` of the sites)",
            giver=name_site(scenario, giver.site),
            taker=name_site(scenario, taker.site),
        )
    here = lost[(lost["origin"] == giver.site) & (lost["destination"] == taker.site)]
    reasons = list(dict.fromkeys(here["reason"].tolist()))
    return "road", say(
        "{vehicles} cannot get there: {reason}",
        vehicles=list_names(
            [str(call(scenario.catalogue.vehicles[name].name)) for name in admitted]
        ),
        reason=list_names([str(one) for one in reasons]) or say("no road leads there and back"),
    )


def _price(plan: Plan, giver: Giver, taker: Taker, columns: Columns, *, solve: bool) -> Reason:
    """Tell what the best of some columns would cost beyond what it is worth."""
    proof = plan.proof
    part = proof.programme.matrix[:, columns]
    extra = proof.cost[columns] - part.T @ proof.prices_given_decisions
    best = int(np.argmin(extra))
    notes = list(_binding(plan, columns[best : best + 1]))
    reason = Reason(giver.id, taker.id, giver.material, "costs_more", say("–"))
    if solve:
        return _tell_forced(plan, giver, taker, reason, force(plan, columns), notes)
    more, what = float(extra[best]), _what(plan.problem, giver, taker)
    if more <= FREE * dearest_move(plan):
        message = say(
            "{what}: prices find nothing against it, if there is room for it in a plan; "
            "`raastof why-not` tries it",
            what=what,
        )
        return replace(reason, kind="perhaps", message=message, more_per_t=0.0)
    message = say(
        "{what}: it would cost at least {more} {unit} for each tonne more than the plan",
        what=what,
        more=tell_number(more),
        unit=_unit(plan),
    )
    return replace(reason, message=_with_note(message, notes), more_per_t=more)


def _tell_forced(
    plan: Plan,
    giver: Giver,
    taker: Taker,
    reason: Reason,
    forced: Forced,
    notes: Sequence[Message],
) -> Reason:
    """Tell what came of sending a little."""
    what = _what(plan.problem, giver, taker)
    if not forced.possible:
        return replace(reason, kind="impossible", message=_say_impossible(what, forced))
    if forced.decides or forced.more_per_t is None:
        message = say(
            "{what}: it takes other either-or decisions than the plan's (sites to open, partners, "
            "smallest lots)",
            what=what,
        )
        return replace(reason, kind="closed", message=message)
    if forced.more_per_t == 0:
        message = say(
            "{what}: it would be just as good by the first objective; later objectives, or "
            "the order of names, chose otherwise",
            what=what,
        )
        return replace(reason, kind="as_good", message=message, more_per_t=0.0)
    message = say(
        "{what}: it would cost {more} {unit} for each tonne more than the plan",
        what=what,
        more=tell_number(forced.more_per_t),
        unit=_unit(plan),
    )
    return replace(reason, message=_with_note(message, notes), more_per_t=forced.more_per_t)


def _say_impossible(what: Message, forced: Forced) -> Message:
    if not forced.known:
        return say("{what}: there was no time to find a plan that sends any of it", what=what)
    if not forced.blocking:
        return say("{what}: no plan that keeps every rule can send any of it", what=what)
    return say(
        "{what}: no plan that keeps every rule can send any of it; these leave no room together: "
        "{rules}",
        what=what,
        rules=list_names(list(forced.blocking)),
    )


def _with_note(message: Message, notes: Sequence[Message]) -> Message:
    return say("{cost}; {binding}", cost=message, binding=notes[0]) if notes else message


def _binding(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name places that are full and stand in the way of a column."""
    part = plan.proof.programme.matrix[:, columns]
    for row in part.indices.tolist():
        name = plan.proof.rows[row]
        price = float(plan.proof.prices_given_decisions[row])
        sense = int(plan.proof.programme.sense[row])
        if sense < 0 and price < -_LEAST_PRICE and _may_be_full(name.family):
            yield say("full: {rule}", rule=describe_row(plan.problem.scenario, name))


def _may_be_full(family: Family) -> bool:
    """Tell whether rows are a limit that stands in the way, and not what is sent itself."""
    return not family.keeps_books and family.name != OFFERS_KEPT.name


def _forbidden(problem: Problem, columns: Columns) -> Message | None:
    """Find an agreement that rules all of some columns out."""
    for agreement in problem.scenario.said.agreements:
        about = agreed_moves(problem, agreement)
        if agreement.forbidden and np.isin(columns, about).all():
            return say(
                "the scenario forbids it (`agreements`): {note}",
                note=agreement.note or name_agreement(problem.scenario, agreement),
            )
    return None


def _not_open(plan: Plan, giver: Giver, taker: Taker) -> Message | None:
    openings = plan.openings
    if not len(openings):
        return None
    shut = openings[~openings["opened"].astype(bool)]
    for party in (giver, taker):
        mine = shut[(shut["site"] == party.site) & (shut["role"] == party.kind)]
        if len(mine):
            return say(
                "{site} is a candidate that the plan does not open",
                site=name_site(plan.problem.scenario, party.site),
            )
    return None


def _material(problem: Problem, giver: Giver) -> Message:
    return call_material(problem.scenario, giver.material)


def _unit(plan: Plan) -> Readable:
    return unit_of_measure(plan.problem.scenario.said.objectives[0].minimise[0])
