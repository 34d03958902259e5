"""Say why somebody does not send to somebody: the rule that blocks it, or what it would cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from typing import get_args

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.rules.masses import OFFERS_KEPT
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.forced import ReasonKind, estimate, force
from raastof_geo.assignment.telling.unusable import Unusable, find_unusable
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Message, read_texts, say
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.parties import Giver, Taker, may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Need

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
    """What a tonne would add to the first objective, beyond its worth; none where blocked."""


def explain_why_not(
    plan: Plan, giver: str, taker: str, material: str | None = None
) -> list[Reason]:
    """Tell for every material of one site and every want of another why they do not meet.

    One reason for each giver and taker of a material, or of all: what is in the plan first, then
    what would cost least. A site or material that is not there, or has nothing to give or to take,
    is an `InputError`.
    """
    problem = plan.problem
    givers, takers = _find_parties(problem, giver, taker, material)
    unusable = find_unusable(problem)
    reasons = [_explain(plan, unusable, one, other) for one in givers for other in takers]
    rank = dict.fromkeys(get_args(ReasonKind), 3) | {"in_plan": 0, "as_good": 1, "costs_more": 2}
    return sorted(
        reasons, key=lambda one: (rank[one.kind], one.more_per_t or 0.0, one.giver, one.taker)
    )


def compare_sites(plan: Plan) -> dict[tuple[str, str], Reason]:
    """Give the best reason for every pair, by id, of a site that gives and another that takes.

    What moves comes first, then what would cost least more, then the rule that blocks the first
    material. All columns are priced at once, so that costs are the least that it would take, and
    nothing is called as good.
    """
    problem, proof = plan.problem, plan.proof
    moves = problem.block("moves")
    prices = proof.prices_given_decisions
    extra = proof.programme.reduced_costs(proof.cost, prices)[moves]
    extra = np.where(proof.values[moves] > 0, -np.inf, extra)
    unusable = find_unusable(problem)
    extra = np.where(unusable.moves, np.inf, extra)
    order = np.argsort(extra, kind="stable")
    ends = zip(
        problem.moves.giver[order].tolist(), problem.moves.taker[order].tolist(), strict=True
    )
    dealing = ((problem.givers[giver], problem.takers[taker]) for giver, taker in ends)
    best: dict[tuple[str, str], Reason] = {}
    for giver, taker in chain(dealing, product(problem.givers, problem.takers)):
        pair = giver.site, taker.site
        if pair not in best and giver.site != taker.site:
            best[pair] = _explain(plan, unusable, giver, taker, solve=False)
    return best


def _find_parties(
    problem: Problem, giver: str, taker: str, material: str | None
) -> tuple[list[Giver], list[Taker]]:
    """Find what one site gives, of one material or of all, and what another takes, or refuse."""
    sites = problem.scenario.sites
    for one in (giver, taker):
        if one not in sites:
            hint = suggest(one, list(sites))
            raise InputError.saying("{site} is not a site{hint}", site=f"`{one}`", hint=hint)
    givers = [one for one in problem.givers if one.site == giver]
    takers = [one for one in problem.takers if one.site == taker]
    if not givers:
        raise InputError.saying("{site} has nothing to give", site=f"`{giver}`")
    if not takers:
        raise InputError.saying("{site} takes nothing", site=f"`{taker}`")
    has = sorted({one.material for one in givers})
    if material is not None and material not in has:
        told = say("{site} does not give {material}{hint}", hint=suggest(material, has))
        raise InputError(told.format(site=f"`{giver}`", material=f"`{material}`"))
    return [one for one in givers if material in (None, one.material)], takers


@dataclass(frozen=True, eq=False)
class _Pair:
    """Somebody who gives and somebody who takes, and a plan that they are to be found in."""

    plan: Plan
    unusable: Unusable
    giver: Giver
    taker: Taker

    @cached_property
    def columns(self) -> Columns:
        """The moves from the one to the other."""
        return self.plan.problem.find(giver=self.giver.id, taker=self.taker.id)

    @cached_property
    def need(self) -> Need | None:
        """What the taker needs it for."""
        if self.taker.kind != Role.NEED:
            return None
        return next(one for one in self.plan.scenario.needs if one.id == self.taker.place)

    @property
    def material(self) -> Message:
        """The name of the material."""
        return names.call_material(self.plan.scenario, self.giver.material)

    @property
    def what(self) -> Message:
        """The material, and the use and the window of the need that it would serve."""
        giver, material = self.giver, self.material
        alike = [(one.site, one.material) for one in self.plan.problem.givers]
        if alike.count((giver.site, giver.material)) > 1:
            told = say("{material} ({what} in {periods})", what=read_texts("given as")[giver.kind])
            material = told.format(material=material, periods=names.span(giver.periods))
        if self.need is None:
            return material
        told = say("{material} for {use} in {periods}", material=material)
        return names.tell_named(self.plan.scenario, told, self.need)

    def blocked(self, kind: ReasonKind, message: Message) -> Reason:
        """Give what blocks it, and which need that is about."""
        if self.need is not None:
            told = say("{use} in {periods}: {reason}", reason=message)
            message = names.tell_named(self.plan.scenario, told, self.need)
        return self.reason(kind, message)

    def reason(self, kind: ReasonKind, message: Message, more_per_t: float | None = None) -> Reason:
        """Give a reason about the two."""
        giver, taker = self.giver, self.taker
        return Reason(giver.id, taker.id, giver.material, kind, message, more_per_t)


def _explain(
    plan: Plan, unusable: Unusable, giver: Giver, taker: Taker, *, solve: bool = True
) -> Reason:
    pair = _Pair(plan, unusable, giver, taker)
    found = _find_block(pair)
    if found is None:
        moved = float(plan.proof.values[pair.columns].sum())
        if moved > 0:
            told = say("it is in the plan: {tonnes} t of {what}", what=pair.what)
            return pair.reason("in_plan", told.format(tonnes=names.tell_number(moved)))
        found = _find_closed(pair)
    return _price(pair, solve=solve) if found is None else pair.blocked(*found)


def _find_block(pair: _Pair) -> tuple[ReasonKind, Message] | None:
    """Find what keeps two parties from having any leg together."""
    giver, taker = pair.giver, pair.taker
    if not may_deal(giver, taker):
        return _why_no_deal(pair)
    terms = taker.accepts[giver.material]
    if not set(giver.periods) & set(terms.periods):
        told = say("no overlap in time: {material} is there in {gives}, and wanted in {takes}")
        gives, takes = names.span(giver.periods), names.span(terms.periods)
        return "time", told.format(material=pair.material, gives=gives, takes=takes)
    return None if len(pair.columns) else _why_no_leg(pair)


def _why_no_deal(pair: _Pair) -> tuple[ReasonKind, Message]:
    scenario, giver, taker, need = pair.plan.scenario, pair.giver, pair.taker, pair.need
    if need is not None and scenario.blocks(giver.material, need.demand) is not None:
        return "rule", names.cite_fit(scenario, giver.material, need.demand)
    if need is not None:
        why = "not_wanted"
    elif giver.material not in taker.accepts:
        why = "not_taken"
    else:
        why = "roles" if taker.only_from is None else "own_only"
    called, told = read_texts("dealing as"), read_texts("no deal")[why]
    told = told.format(giver=called[giver.kind], taker=called[taker.kind], material=pair.material)
    return "not_wanted", names.tell_named(scenario, told, site=taker.site)


def _why_no_leg(pair: _Pair) -> tuple[ReasonKind, Message]:
    scenario, lost = pair.plan.scenario, pair.plan.problem.legs.lost
    giver, taker = pair.giver.site, pair.taker.site
    trucks = (one for one in scenario.said.vehicles if scenario.admits(giver, one))
    trucks = (one for one in trucks if scenario.admits(taker, one))
    admitted = [str(names.call(scenario.catalogue.vehicles[one].name)) for one in trucks]
    words = read_texts("no leg")
    if not admitted:
        return "truck", names.tell_named(scenario, words["truck"], giver=giver, taker=taker)
    here = lost[(lost["origin"] == giver) & (lost["destination"] == taker)]
    reasons = [str(one) for one in dict.fromkeys(here["reason"].tolist())]
    reason = names.list_names(reasons or [words["none"]])
    return "road", words["road"].format(vehicles=names.list_names(admitted), reason=reason)


def _find_closed(pair: _Pair) -> tuple[ReasonKind, Message] | None:
    """Find what closes all legs that two parties have together, as far as that is certain."""
    columns, problem = pair.columns, pair.plan.problem
    for agreement in pair.plan.scenario.said.agreements:
        if agreement.forbidden and np.isin(columns, agreed_moves(problem, agreement)).all():
            note = agreement.note or names.name_agreement(pair.plan.scenario, agreement)
            return "agreement", say("the scenario forbids it (`agreements`): {note}", note=note)
    if pair.unusable.moves[columns].all():
        reason = pair.unusable.leg(pair.giver, pair.taker)
        return "impossible", say("impossible: {reason}", reason=reason)
    shut = {(one.role, one.site) for one in pair.plan.openings.itertuples() if not one.opened}
    for party in (pair.giver, pair.taker):
        if (party.kind, party.site) in shut:
            told = say("{site} is a candidate that the plan does not open")
            return "closed", names.tell_named(pair.plan.scenario, told, site=party.site)
    return None


def _price(pair: _Pair, *, solve: bool) -> Reason:
    """Tell what the best of some columns would cost beyond what it is worth."""
    plan, proof, columns = pair.plan, pair.plan.proof, pair.columns
    part = proof.programme.matrix[:, columns]
    extra = proof.cost[columns] - part.T @ proof.prices_given_decisions
    best = int(np.argmin(extra))
    forced = force(plan, columns) if solve else estimate(plan, float(extra[best]))
    unit = aim_of(pair.plan.scenario.said.objectives[0].minimise[0]).unit
    more, rules = names.tell_number(forced.more_per_t or 0.0), names.list_names(forced.blocking)
    told = read_texts("forced")[forced.told]
    message = told.format(what=pair.what, more=more, unit=unit, rules=rules)
    full = next(_binding(plan, columns[best : best + 1]), None)
    if forced.kind == "costs_more" and full is not None:
        message = say("{cost}; {binding}", cost=message, binding=full)
    return pair.reason(forced.kind, message, forced.more_per_t)


def _binding(plan: Plan, columns: Columns) -> Iterator[Message]:
    """Name places that are full and stand in the way of a column."""
    part = plan.proof.programme.matrix[:, columns]
    for row in part.indices.tolist():
        name = plan.proof.rows[row]
        price = float(plan.proof.prices_given_decisions[row])
        sense = int(plan.proof.programme.sense[row])
        # Books are no limit that stands in the way, and neither is what is sent itself.
        limits = not name.family.keeps_books and name.family.name != OFFERS_KEPT.name
        if sense < 0 and price < -_LEAST_PRICE and limits:
            yield say("full: {rule}", rule=names.describe_row(plan.problem.scenario, name))
