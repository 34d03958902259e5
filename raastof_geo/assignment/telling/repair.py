"""What would help where there is no plan: what raises a share, and repairs, tried and ranked."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from raastof_geo.assignment.rules.masses import AGREEMENTS_KEPT
from raastof_geo.assignment.solving.price_in import Clock
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.statement.row import RowName
from raastof_geo.assignment.statement.shares import count_material
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.case import Case, Laid, LargestShare, find_largest_share
from raastof_geo.figures.vocabulary import CO2E, COST
from raastof_geo.language import Message, read_texts, say
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import DueAmount, OfferEntry
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.part import Consent
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.units import Quantity

_MORE = 5e-5
"""A share that rises by less than this has not risen."""


def say_levers(case: Case, share: LargestShare) -> Iterator[Message]:
    """Say how far the share would get without each thing that holds it; else what is on offer."""
    scenario = case.problem.scenario
    definition = share.target.definition
    what, materials = names.DEFINITION_NAMES[definition], scenario.catalogue.materials.items()
    counts = {name for name, one in materials if count_material(one, definition) > 0}
    limits = read_texts("without").items()
    there = {offer.material for offer in scenario.offers}
    found = False
    for plant in scenario.plants:
        for process in plant.processes:  # that would make what counts out of what is offered
            useful = counts & set(process.outputs) and there & set(process.inputs)
            if useful and (stopped := case.unusable.recipe(plant, process)):
                found = True
                yield stopped
    rows = [(one.rule, one.family.limits) for one in case.rows]
    lifted = ((how, {rule for rule, kind in rows if kind == of}) for of, how in limits)
    fewer = ((how, case.without(rules)) for how, rules in lifted if rules)
    other = ((how, case.restate(said)) for how, said in _other_scenarios(scenario))
    for how, laid in itertools.chain[tuple[Message, Laid | None]](fewer, other):
        if case.clock.over():
            break
        none = LargestShare(share.target)
        larger = none if laid is None else find_largest_share(laid) or none
        if larger.share > share.share + _MORE:
            found = True
            more = larger.share - share.share
            percent = names.tell_number(100 * larger.share, beside=100 * more)
            told = say("{how}, at most {share} % could be {what}")
            yield told.format(how=how, share=percent, what=what)
    if not found and not case.clock.over():
        stock = [(offer.material, offer.tonnes) for offer in scenario.offers]
        stock += [entry for depot in scenario.depots for entry in depot.start_t.items()]
        offered = names.tell_number(sum(tonnes for material, tonnes in stock if material in counts))
        yield read_texts("lacking share")["offered"].format(offered=offered, what=what)


def _other_scenarios(scenario: Scenario) -> Iterator[tuple[Message, ScenarioFile]]:
    """Give the scenario without windows, and with all conditions that keep an offer out."""
    said = scenario.said
    sites = {}
    for name, site in said.sites.items():
        wider = {"offers": tuple(map(widen, site.offers)), "needs": tuple(map(widen, site.needs))}
        sites[name] = site.model_copy(update=wider)
    if sites != said.sites:
        how = say("if all surplus and all needs could wait for any period")
        yield how, said.model_copy(update={"sites": sites})
    there = {offer.material for offer in scenario.offers}
    there |= {material for plant in scenario.plants for material in plant.makes}
    if blocking := find_blocking(scenario, scenario.needs, there):
        how = say("with {conditions} accepted too wherever it is asked for")
        conditions = names.list_names([f"`{name}`" for name in blocking])
        yield how.format(conditions=conditions), accept(scenario, blocking)


def widen(entry: DueAmount) -> DueAmount:
    """Let an entry wait for any period; it is the same one where it may already."""
    if entry.amount is None or not (entry.first or entry.last):
        return entry
    return entry.model_copy(update={"first": None, "last": None})


Blocking: TypeAlias = Mapping[str, Sequence[Need]]
"""Conditions, and the needs that each keeps materials from."""


def find_blocking(scenario: Scenario, needs: Iterable[Need], materials: Iterable[str]) -> Blocking:
    """Find the conditions not accepted that keep some materials from some needs, in their order."""
    found = defaultdict[str, dict[tuple[str, int], Need]](dict)
    for need, material in itertools.product(needs, sorted(materials)):
        block = scenario.blocks(material, need.demand)
        if block is not None and block.condition is not None:
            found[block.condition][need.site, need.number] = need
    return {condition: list(blocked.values()) for condition, blocked in found.items()}


def accept(scenario: Scenario, conditions: Blocking) -> ScenarioFile:
    """Give the scenario with conditions accepted: at the needs where they are a matter of those."""
    said = scenario.said
    for condition in filter(scenario.is_per_need, conditions):
        for need in conditions[condition]:
            trail = "sites", need.site, "needs", need.number - 1, "accepts"
            accepts = said.sites[need.site].needs[need.number - 1].accepts
            said = replace_at(said, trail, (*accepts, Consent(condition=condition)))
    for_all = (one for one in conditions if not scenario.is_per_need(one))
    return said.model_copy(update={"accepted_conditions": (*said.accepted_conditions, *for_all)})


def replace_at(said: Any, trail: Trail, new: Any) -> Any:
    """Give what is said with something else at a trail; what is not changed is shared."""
    if not trail:
        return new
    here: Any = trail[0]
    below = trail[1:]
    if isinstance(said, tuple):
        return (*said[:here], replace_at(said[here], below, new), *said[here + 1 :])
    if isinstance(said, Mapping):
        return {**said, here: replace_at(said[here], below, new)}
    return said.model_copy(update={here: replace_at(getattr(said, here), below, new)})


_PATIENCE_S = 60.0
_DECIDING_S = 20.0
"""How long to look for the either-or decisions of one repair. [s]"""
_GAP = 0.01
_MOST_TRIED = 24
_MOST_TOLD = 8
_MOST_ACCEPTING = 4
"""Needs that one condition is tried with."""
_MOST_RECEIVED = 3
"""Materials that receivers are tried with."""


@dataclass(frozen=True)
class Repair:
    """Another scenario, or another limit on one row, and what the plan that it makes comes to."""

    message: Message
    said: ScenarioFile | None = None
    row: RowName | None = None
    limit: float = 0.0
    number: str = ""
    """Where in the scenario the number stands that the row's limit is made of."""
    kg_co2e: float = 0.0
    dkk: float = 0.0
    objective: float = 0.0


def find_repairs(case: Case, share: float | None) -> list[Message]:
    """Try what could help, one thing at a time, and tell what does, the cheapest first.

    `share` is the largest that any plan can have; none where it is not what is missing.
    """
    ranked, tried = try_repairs(case, share)
    if tried and not ranked:
        none = say("no single change that was tried makes a plan possible ({tried} tried)")
        return [none.format(tried=tried)]
    # An error is read where nobody says what is paid in.
    currency = case.problem.scenario.catalogue.currency
    told = say("repair {number}: {what}; then a plan exists with {kg} kg CO2e and {dkk} {currency}")
    told = told.format(currency=say("DKK") if currency == "DKK" else currency)
    return [
        told.format(number=number, what=one.message, kg=round(one.kg_co2e), dkk=round(one.dkk))
        for number, one in enumerate(ranked[:_MOST_TOLD], 1)
    ]


def try_repairs(case: Case, share: float | None) -> tuple[list[Repair], int]:
    """Give what helps, by the first objective, and how many changes were tried in the time."""
    clock = Clock(_PATIENCE_S)
    attempts: list[Repair | None] = []
    changed = (
        _solve(case.restate(repair.said), repair)
        for repair in _change_scenario(case, share)
        if repair.said is not None
    )
    for attempt in itertools.chain(_raise_limits(case), changed):
        attempts.append(attempt)
        if len(attempts) >= _MOST_TRIED or clock.over():
            break
    found = [one for one in attempts if one is not None]
    return sorted(found, key=lambda one: (one.objective, str(one.message))), len(attempts)


def _raise_limits(case: Case) -> Iterator[Repair | None]:
    """Raise each limit that binds by just as much as a plan needs, in numbers as they are told."""
    whole, scenario = case.whole, case.problem.scenario
    where = {(row.rule, row.label): at for at, row in enumerate(whole.rows)}
    prices = case.violation.found.shadow_prices
    for at in np.flatnonzero(prices < -1e-6).tolist():
        row = case.rows[at]
        number = row.family.number(row.about)
        if not number or row.sense != "<=":
            continue
        found = case.bend(over=[at]).find()
        # None where this limit alone makes no plan possible, however far it is raised.
        if (more := None if found is None else found.over.get(at)) is None:
            continue
        times = 1.0 if row.limit + more >= 10 else 100.0  # as many decimals as it is told with
        limit = math.ceil((row.limit + more) * times - 1e-6) / times
        limits = whole.programme.limit.copy()
        limits[where[row.rule, row.label]] = limit
        told = say("raise {rule} by {more} {unit} to {limit} {unit}").format(
            rule=names.describe_row(scenario, row.name),
            more=names.tell_number(limit - row.limit),
            unit=names.unit_of_row(row.name),
            limit=names.tell_number(limit),
        )
        raised = replace(whole, programme=replace(whole.programme, limit=limits))
        yield _solve(raised, Repair(told, row=row.name, limit=limit, number=number))


def _propose(scenario: Scenario, message: Message, *trail: str | int, new: object) -> Repair:
    """Propose to say something else at a trail; the message may speak of the `{site}` on it."""
    if trail[0] == "sites":
        message = names.tell_named(scenario, message, site=trail[1])
    return Repair(message, replace_at(scenario.said, trail, new))


def _change_scenario(case: Case, share: float | None) -> Iterator[Repair]:
    """Propose windows, conditions, virgin material, targets, agreements and choices to give up."""
    scenario, targets = case.problem.scenario, case.problem.scenario.said.targets
    short = [case.entry(at) for at in case.violation.short]
    needs = [entry for entry in short if isinstance(entry, Need)]
    offers = [entry for entry in short if isinstance(entry, Offer)]
    yield from _accept_conditions(scenario, needs, offers, share is not None)
    yield from _receive_more(case, [offer.material for offer in offers])
    wanting: list[Need | Offer] = [*needs, *offers]
    for entry in wanting:
        yield from _change_entry(scenario, entry)
    if share is not None:
        reached = max(0.0, math.floor(share * 1e4 + 1e-5) / 1e4)  # rounded down as it is told
        percent = names.tell_number(round(100 * reached, 2))
        told = say("lower targets.secondary_share.at_least to {share} %", share=percent)
        required = [at for at, one in enumerate(targets.secondary_share) if not one.goal]
        for at in required[:1]:
            yield _propose(
                scenario, told, "targets", "secondary_share", at, "at_least", new=reached
            )
    yield from _give_up_agreements(case)
    for field, none in (("partners_at_most", None), ("smallest_lot", None), ("openings", ())):
        if getattr(scenario.said.choices, field) != none:
            told = say("give up `choices.{field}`", field=field)
            yield _propose(scenario, told, "choices", field, new=none)
    if targets.fairness is not None:
        yield _propose(scenario, say("give up `targets.fairness`"), "targets", "fairness", new=None)


def _accept_conditions(
    scenario: Scenario, needs: Sequence[Need], offers: Sequence[Offer], share_short: bool
) -> Iterator[Repair]:
    """Propose conditions whose acceptance, here or for all, would open a use to an offer."""
    stuck = {offer.material for offer in offers}
    needs = scenario.needs if stuck or share_short else needs
    materials = stuck or {offer.material for offer in scenario.offers}
    where = say("{use} at {site}")
    for condition, every in find_blocking(scenario, needs, materials).items():
        if scenario.is_per_need(condition):
            told = say("accept the condition `{condition}` ({words}) for {needs}")
            each = [[one] for one in every[:_MOST_ACCEPTING]]
            tried = each if len(every) == 1 else [*each, every]
        else:
            told = say("accept the condition `{condition}` ({words})")
            tried = [every]
        for mine in tried:
            message = told.format(
                condition=condition,
                words=names.call(scenario.catalogue.conditions[condition].name),
                needs=names.list_names([names.tell_named(scenario, where, one) for one in mine]),
            )
            yield Repair(message, accept(scenario, {condition: mine}))


def _receive_more(case: Case, left: Sequence[str]) -> Iterator[Repair]:
    """Let a receiver accept what is left, or what keeps a plant from running."""
    scenario = case.problem.scenario
    taken = {material for taker in case.problem.takers for material in taker.accepts}
    idle = case.unusable.idle.values()
    stuck = {lack.material for one in idle for lack in one.lacks if lack.side == "output"} - taken
    for material in list(dict.fromkeys([*sorted(stuck), *left]))[:_MOST_RECEIVED]:
        for site_id, site in scenario.sites.items():
            if site.receiver is None or material in site.receiver.accepts:
                continue
            told = say("let {site} accept {material} (`{id}`)", id=material)
            told = names.tell_named(scenario, told, material=material)
            accepts = (*site.receiver.accepts, material)
            yield _propose(scenario, told, "sites", site_id, "receiver", "accepts", new=accepts)


def _change_entry(scenario: Scenario, entry: Need | Offer) -> Iterator[Repair]:
    """Widen a window, let a need take all that the catalogue allows, or let surplus stay."""
    site, trail = scenario.sites[entry.site], entry.trail[:-1]
    own = (site.needs if isinstance(entry, Need) else site.offers)[entry.number - 1]
    if (wider := widen(own)) is not own:
        need = say("let the need of {site} be met in any period")
        offer = say("let the surplus of {site} leave in any period")
        told = need if isinstance(entry, Need) else offer
        yield _propose(scenario, told, *trail, new=wider)
    if isinstance(own, OfferEntry):
        told = say("let surplus stay at {site} (`must_leave: false`)")
        yield _propose(scenario, told, *trail, "must_leave", new=False)
    elif own.materials is not None:
        told = say("let {site} use all materials that the catalogue allows, virgin ones too")
        yield _propose(scenario, told, *trail, "materials", new=None)


def _give_up_agreements(case: Case) -> Iterator[Repair]:
    """Propose to drop each agreement, and for each that asks for too much the most there can be."""
    scenario = case.problem.scenario
    said = scenario.said.agreements
    for number, agreement in enumerate(said):
        told = say("give up {agreement}", agreement=names.name_agreement(scenario, agreement))
        yield _propose(scenario, told, "agreements", new=(*said[:number], *said[number + 1 :]))
    for at in case.violation.short:
        row = case.rows[at]
        most = case.most([at]) if row.rule == AGREEMENTS_KEPT.name else None
        if most is None or most >= row.limit:
            continue
        number, agreement = row.about.entry, said[row.about.entry]
        key = "tonnes" if agreement.tonnes is not None else "at_least"
        tonnes, named = math.floor(most + 1e-6), names.name_agreement(scenario, agreement)
        told = say("lower {agreement} to {tonnes} t", agreement=named, tonnes=tonnes)
        yield _propose(scenario, told, "agreements", number, key, new=Quantity(tonnes, "t"))


def _solve(laid: Laid | None, repair: Repair) -> Repair | None:
    """Solve the first objective; a programme with decisions counts with these left open."""
    if laid is None:
        return None
    cost, clock = laid.problem.objectives()[0], _DECIDING_S if laid.programme.whole.any() else None
    if not (solution := laid.solve(cost, decided=Search(_GAP), clock=clock)).solved:
        return None
    kg, dkk = solution.amount(CO2E), solution.amount(COST)
    return replace(repair, kg_co2e=kg, dkk=dkk, objective=solution.value)
