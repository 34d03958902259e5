"""Say why somebody does not send to somebody: the rule that blocks it, or what it would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from raastof_geo.assignment.names import call, cite_fit, describe_row, list_names, name_site, span
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.problem import Columns, Problem
from raastof_geo.errors import InputError
from raastof_geo.language import Message, format_number, say
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
    "costs_more",
    "as_good",
]

_FREE = 1e-6


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
    reasons = [_explain(plan, one, other) for one in givers for other in takers]
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
    material. All columns are priced at once.
    """
    problem, proof = plan.problem, plan.proof
    moves = problem.block("moves")
    prices = proof.prices_given_decisions
    extra = proof.programme.reduced_costs(proof.cost, prices)[moves]
    extra = np.where(proof.values[moves] > 0, -np.inf, extra)
    order = np.argsort(extra, kind="stable")
    origin, destination = (problem.labels(key)[order] for key in ("origin", "destination"))
    best: dict[tuple[str, str], Reason] = {}
    for at, pair in zip(order.tolist(), zip(origin, destination, strict=True), strict=True):
        if pair not in best and pair[0] != pair[1]:
            giver = problem.givers[problem.moves.giver[at]]
            best[pair] = _explain(plan, giver, problem.takers[problem.moves.taker[at]])
    givers = {giver.site: giver for giver in reversed(problem.givers)}
    takers = {taker.site: taker for taker in reversed(problem.takers)}
    for one, giver in givers.items():
        for other, taker in takers.items():
            if one != other and (one, other) not in best:
                best[one, other] = _explain(plan, giver, taker)
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


def _explain(plan: Plan, giver: Giver, taker: Taker) -> Reason:
    problem = plan.problem

    def reason(kind: ReasonKind, message: Message, more: float | None = None) -> Reason:
        return Reason(giver.id, taker.id, giver.material, kind, message, more)

    if not may_deal(giver, taker):
        kind, message = _why_no_deal(problem, giver, taker)
        return reason(kind, message)
    terms = taker.accepts[giver.material]
    shared = tuple(period for period in giver.periods if period in terms.periods)
    if not shared:
        return reason(
            "time",
            say(
                "no overlap in time: {material} is there in {gives}, and wanted in {takes}",
                material=_material(problem, giver),
                gives=span(giver.periods),
                takes=span(terms.periods),
            ),
        )
    columns = problem.find(giver=giver.id, taker=taker.id)
    if not len(columns):
        return reason(*_why_no_leg(problem, giver, taker))
    moved = float(plan.proof.values[columns].sum())
    if moved > 0:
        return reason(
            "in_plan",
            say(
                "it is in the plan: {tonnes} t of {material}",
                tonnes=format_number(moved),
                material=_material(problem, giver),
            ),
        )
    return _price(plan, giver, taker, columns)


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
        "a {giver} does not send to a {taker}", giver=KINDS[giver.kind], taker=KINDS[taker.kind]
    )


KINDS: dict[str, Message] = {
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


def _price(plan: Plan, giver: Giver, taker: Taker, columns: Columns) -> Reason:
    """Tell what the best of some columns would cost beyond what it is worth."""
    problem, proof = plan.problem, plan.proof
    programme = proof.programme
    prices = proof.prices_given_decisions
    part = programme.matrix[:, columns]
    extra = proof.cost[columns] - part.T @ prices
    best = int(np.argmin(extra))
    more = float(extra[best])
    unit = _unit(plan)
    notes = list(_binding(plan, columns[best : best + 1]))
    closed = _forbidden(problem, giver, taker)
    if closed is not None:
        return Reason(giver.id, taker.id, giver.material, "agreement", closed, None)
    shut = _not_open(plan, giver, taker)
    if shut is not None:
        return Reason(giver.id, taker.id, giver.material, "closed", shut, None)
    scale = max(1e-3, float(np.abs(proof.cost).max(initial=0.0)))
    if more <= _FREE * scale:
        return Reason(
            giver.id,
            taker.id,
            giver.material,
            "as_good",
            say(
                "{material}: it would be just as good by the first objective; later objectives, or "
                "the order of names, chose otherwise",
                material=_material(problem, giver),
            ),
            0.0,
        )
    message = say(
        "{material}: it would cost {more} {unit} for each tonne more than the plan",
        material=_material(problem, giver),
        more=format_number(more, digits=2),
        unit=unit,
    )
    if notes:
        message = say("{cost}; {binding}", cost=message, binding=notes[0])
    return Reason(giver.id, taker.id, giver.material, "costs_more", message, more)


def _binding(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name places that are full and stand in the way of a column."""
    part = plan.proof.programme.matrix[:, columns]
    for row in part.indices.tolist():
        rule, label = plan.proof.rows[row]
        price = float(plan.proof.prices_given_decisions[row])
        sense = int(plan.proof.programme.sense[row])
        if sense < 0 and price < -_FREE and rule != "offers_kept":
            yield say("full: {rule}", rule=describe_row(plan.problem.scenario, rule, label))


def _forbidden(problem: Problem, giver: Giver, taker: Taker) -> Message | None:
    for agreement in problem.scenario.said.agreements:
        same = agreement.giver == giver.site and agreement.taker == taker.site
        if same and agreement.forbidden and agreement.material in (None, giver.material):
            return say("the scenario forbids it (`agreements`): {note}", note=agreement.note or "–")
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
    return call(problem.scenario.catalogue.materials[giver.material].name)


def _unit(plan: Plan) -> str:
    measure = plan.problem.scenario.said.objectives[0].minimise[0]
    return {
        "cost_dkk": "DKK",
        "cost_with_co2_dkk": "DKK",
        "tonne_km": "t km",
        "vehicle_km": "km",
        "drive_h": "h",
        "virgin_tonnes": "t",
        "landfill_tonnes": "t",
    }.get(measure, "kg CO2e")
