"""How much some optimal plan never needs to send through any one place."""

import itertools
import math
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.sparse.csgraph import connected_components

from raastof_geo.arrays import Mask
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.rows import Family, Row, sum_of
from raastof_geo.language import say
from raastof_geo.scenario.scenario import Need, Plant, Process, Scenario

_NOTHING = 1e-9
"""Share of a tonne below which nothing is lost."""
BOUNDED = Family("bounded", say("more than there can ever be"), bends="never", unit="t")


def most_tonnes(problem: Problem) -> float:
    r"""Give tonnes that some optimal plan exceeds at no place. [t]

    An either-or decision needs :math:`x \le B\,y`. Where the scenario states no capacity,
    :math:`B` must be large enough for *some* optimal plan of every decision: too small a one does
    not only cut plans off, it also keeps :math:`y` at 0.

    Take an optimal plan that moves the fewest tonnes. No part of it can be left out, so each part
    (a chain from a source through plants and depots to its ends) serves something that is asked
    for, or gets rid of something that must leave. Going up the chain from what is wanted, a plant
    multiplies tonnes by one over the yield of that output; going down from what is on offer, by
    one over the share of that input, and by what its outputs amount to. A chain passes each plant
    once, unless plants feed each other in a circle: then what goes round shrinks by what leaves
    it, and all passes together are no more than one over the smallest share that leaves or is
    lost. All periods are together; see `Problem.room`.
    """
    scenario = problem.scenario
    wanted = sum(map(most_used, scenario.needs))
    ended = sum(sum((depot.end_t or {}).values()) for depot in scenario.depots)
    asked = _asked_tonnes(problem)
    offered = sum(offer.tonnes for offer in scenario.offers)
    stored = sum(sum(depot.start_t.values()) for depot in scenario.depots)
    grown = _growth(scenario, _wanted_materials(problem))
    return problem.room * (wanted + ended + asked + offered + stored) * grown


def most_used(need: Need) -> float:
    """Give the tonnes of the heaviest material that meets a need. [t]"""
    return need.tonnes * max(need.ratios.values(), default=0.0)


def _asked_tonnes(problem: Problem) -> float:
    """Add up what agreements, smallest lots and rules of somebody's own ask for. [t]"""
    scenario = problem.scenario
    asked = problem.asked_t
    for agreement in scenario.said.agreements:
        if agreement.least is not None:
            asked += scenario.weigh(agreement.least, agreement.material)
    lot = scenario.said.choices.smallest_lot
    return asked + (lot.value * problem.sizes[ColumnKind.LOTS] if lot is not None else 0.0)


def _growth(scenario: Scenario, wanted: set[str]) -> float:
    """Give the most tonnes that one tonne wanted, or one on offer, sets in motion.

    What is left over of one plant may be mixed in another one with what a third one has to make,
    and so on. No chain passes more than all plants that are joined by what they make, each once.
    """
    plants = scenario.plants
    if not plants:
        return 1.0
    makes = [set(plant.makes) for plant in plants]
    feeds = ~np.array([[made.isdisjoint(two.takes) for two in plants] for made in makes], bool)
    np.fill_diagonal(feeds, False)
    _, group = connected_components(feeds, connection="weak")
    times = np.array([_multiply(plant, wanted) for plant in plants])
    round_about = 1.0
    if connected_components(feeds, connection="strong")[0] < len(plants):
        shares = (_least_that_leaves(one) for plant in plants for one in plant.processes)
        round_about = 1.0 / min(1.0, *shares)
    joined = [math.prod(times[group == one].tolist()) for one in set(group.tolist())]
    return float(max(joined)) * round_about


def _multiply(plant: Plant, wanted: set[str]) -> float:
    """Give the most tonnes that pass a plant for one that is wanted, times those for one offered.

    Through a recipe for a tonne of the wanted output of which it makes least, and through and out
    of it for a tonne of the input of which it takes least.
    """
    up, down = 1.0, 1.0
    for process in plant.processes:
        yields = [share for one, share in process.outputs.items() if share > 0 and one in wanted]
        shares = [share for share in process.inputs.values() if share > 0]
        up = max(up, 1.0 / min([1.0, *yields]))
        down = max(down, max(1.0, sum(process.outputs.values())) / min([1.0, *shares]))
    return up * down


def _least_that_leaves(process: Process) -> float:
    """Give the least share of its input that leaves a recipe in one material, or is lost."""
    lost = 1.0 - sum(process.outputs.values())
    shares = [*process.outputs.values(), lost]
    return min(share for share in shares if share > _NOTHING) if max(shares) > _NOTHING else 1.0


def _wanted_materials(problem: Problem) -> set[str]:
    """Give materials that somebody asks for; lots, or a rule of one's own, may ask for any."""
    scenario, asked = problem.scenario, problem.scenario.said.agreements
    agreed = {one.material for one in asked if one.least and scenario.sites[one.giver].plant}
    if problem.asked_t or problem.sizes[ColumnKind.LOTS] or None in agreed:
        return set(scenario.catalogue.materials)
    wanted: list[Iterable[str] | None] = [need.ratios for need in scenario.needs]
    wanted += [plant.takes for plant in scenario.plants]
    wanted += [depot.end_t for depot in scenario.depots]
    return set(filter(None, itertools.chain(agreed, *filter(None, wanted))))


def bound_everything(problem: Problem, bounded: Mask) -> Iterator[Row]:
    r"""Bound together, by kind, the columns that no other row bounds.

    Tonnes cannot pass more often through a place than there are places and periods, and are
    never more than all that is offered, needed and stored. Empty trips follow loads: whatever
    leads in circles can be left out, and a way from one load to the next passes no site twice.
    `bounded` are the columns that another row bounds.
    """
    scenario = problem.scenario
    places = 1 + len(scenario.plants) + len(scenario.depots)
    tonnes = 10.0 * most_tonnes(problem) * places * len(scenario.periods)
    for kind in (kind for kind in ColumnKind if not kind.is_decision):
        block = problem.block(kind)
        free = block.start + np.flatnonzero(~bounded[block])
        if not len(free):
            continue
        limit = tonnes
        if kind is ColumnKind.TRIPS:
            limit = tonnes / float(problem.leg("load_t").min(initial=1.0)) * len(scenario.sites)
        yield sum_of(BOUNDED, kind, free, "<=", limit)
