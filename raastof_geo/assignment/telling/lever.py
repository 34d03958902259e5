"""What would raise the largest share of secondary materials, and what would not."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from raastof_geo.assignment.statement.goal import count_material
from raastof_geo.assignment.telling.most import Case, LargestShare, find_largest_share
from raastof_geo.assignment.telling.names import DEFINITION_NAMES, list_names, tell_number
from raastof_geo.language import Message, read_texts, say
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import DueAmount
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.part import Consent
from raastof_geo.scenario.scenario import Need, Scenario

_Windowed = TypeVar("_Windowed", bound=DueAmount)

_MORE = 5e-5
"""A share that rises by less than this has not risen."""


def say_levers(case: Case, share: LargestShare) -> Iterator[Message]:
    """Say how far the share would get without each thing that holds it; else what is on offer."""
    scenario = case.problem.scenario
    definition = share.target.definition
    what, materials = DEFINITION_NAMES[definition], scenario.catalogue.materials.items()
    counts = {name for name, one in materials if count_material(one, definition) > 0}
    stopped = list(_say_stopped(case, counts))
    yield from stopped
    found = bool(stopped)
    for how, larger in _try_levers(case, LargestShare(share.target)):
        if larger.share > share.share + _MORE:
            found = True
            percent = tell_number(100 * larger.share, beside=100 * (larger.share - share.share))
            told = say("{how}, at most {share} % could be {what}")
            yield told.format(how=how, share=percent, what=what)
    if not found and not case.clock.over():
        there = [(offer.material, offer.tonnes) for offer in scenario.offers]
        there += [entry for depot in scenario.depots for entry in depot.start_t.items()]
        offered = tell_number(sum(tonnes for material, tonnes in there if material in counts))
        yield read_texts("lacking share")["offered"].format(offered=offered, what=what)


def _try_levers(case: Case, none: LargestShare) -> Iterator[tuple[Message, LargestShare]]:
    for kind, how in read_texts("without").items():
        if case.clock.over():
            return
        lifted = {row.rule for row in case.rows if row.family.limits == kind}
        if lifted:
            yield how, find_largest_share(case.without(lifted)) or none
    for how, said in _other_scenarios(case.problem.scenario):
        if case.clock.over():
            return
        other = case.restate(said)
        if other is not None:
            yield how, find_largest_share(other) or none


def _say_stopped(case: Case, counts: set[str]) -> Iterator[Message]:
    """Say why recipes that would make what counts out of what is offered can never run."""
    scenario = case.problem.scenario
    there = {offer.material for offer in scenario.offers}
    for plant in scenario.plants:
        for process in plant.processes:
            useful = counts & set(process.outputs) and there & set(process.inputs)
            told = case.unusable.recipe(plant, process) if useful else None
            if told is not None:
                yield told


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
    blocking = find_blocking(scenario, scenario.needs, there)
    if blocking:
        how = say("with {conditions} accepted too wherever it is asked for")
        conditions = list_names([f"`{name}`" for name in blocking])
        yield how.format(conditions=conditions), accept(scenario, blocking)


def widen(entry: _Windowed) -> _Windowed:
    """Let an entry wait for any period; it is the same one where it may already."""
    if entry.amount is None or not (entry.first or entry.last):
        return entry
    return entry.model_copy(update={"first": None, "last": None})


Blocking: TypeAlias = Mapping[str, Collection[tuple[str, int]]]
"""Conditions, and the needs that each keeps materials from: the site, and the number there."""


def find_blocking(scenario: Scenario, needs: Iterable[Need], materials: Iterable[str]) -> Blocking:
    """Find the conditions not accepted that keep some materials from some needs, in their order."""
    found: dict[str, dict[tuple[str, int], None]] = {}
    for need in needs:
        for material in sorted(materials):
            block = scenario.blocks(material, need.demand)
            if block is not None and block.condition is not None:
                found.setdefault(block.condition, {})[need.site, need.number] = None
    return found


def accept(scenario: Scenario, conditions: Blocking) -> ScenarioFile:
    """Give the scenario with conditions accepted: at the needs where they are a matter of those."""
    said = scenario.said
    for condition in filter(scenario.is_per_need, conditions):
        for site, number in conditions[condition]:
            accepts = (*said.sites[site].needs[number - 1].accepts, Consent(condition=condition))
            said = replace_at(said, ("sites", site, "needs", number - 1, "accepts"), accepts)
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
