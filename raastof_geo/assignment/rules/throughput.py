"""How much some optimal plan never needs to send through any one place."""

import math
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import numpy as np

from raastof_geo.arrays import Mask
from raastof_geo.assignment.rules.row import Family, Row, sum_of
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import say
from raastof_geo.scenario.scenario import Process, Scenario

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
    wanted = sum(need.tonnes * max(need.ratios.values(), default=0.0) for need in scenario.needs)
    ended = sum(sum((depot.end_t or {}).values()) for depot in scenario.depots)
    asked = _asked_tonnes(problem)
    offered = sum(offer.tonnes for offer in scenario.offers)
    stored = sum(sum(depot.start_t.values()) for depot in scenario.depots)
    grown = _growth(scenario, _wanted_materials(problem))
    return problem.room * (wanted + ended + asked + offered + stored) * grown


def _asked_tonnes(problem: Problem) -> float:
    """Add up what agreements, smallest lots and rules of somebody's own ask for. [t]"""
    scenario = problem.scenario
    asked = problem.asked_t
    for agreement in scenario.said.agreements:
        amount = agreement.tonnes or agreement.at_least
        if amount is not None:
            asked += scenario.weigh(amount, agreement.material)
    lot = scenario.said.choices.smallest_lot
    return asked + (lot.value * problem.sizes[ColumnKind.LOTS] if lot is not None else 0.0)


def _growth(scenario: Scenario, wanted: set[str]) -> float:
    """Give the most tonnes that one tonne wanted, or one on offer, sets in motion.

    What is left over of one plant may be mixed in another one with what a third one has to make,
    and so on. No chain passes more than all plants that are joined by what they make, each once.
    """
    processes = [process for plant in scenario.plants for process in plant.processes]
    feeds: dict[str, set[str]] = {}
    up, down = dict[str, float](), dict[str, float]()
    for one in processes:
        feeds.setdefault(one.site, set()).update(
            other.site
            for other in processes
            if one.site != other.site and not other.inputs.keys().isdisjoint(one.outputs)
        )
        up[one.site] = max(up.get(one.site, 1.0), _per_wanted(one, wanted))
        down[one.site] = max(down.get(one.site, 1.0), _per_offered(one))
    joined = [math.prod(up[site] * down[site] for site in part) for part in _join(feeds)]
    round_about = 1.0
    if _in_circles(feeds):
        round_about = 1.0 / min(1.0, *map(_least_that_leaves, processes))
    return max(joined, default=1.0) * round_about


def _join(feeds: Mapping[str, set[str]]) -> list[set[str]]:
    """Give the groups of plants of which one makes what another takes."""
    groups = [{site} for site in feeds]
    for site, fed in feeds.items():
        mine = [group for group in groups if group & {site, *fed}]
        groups = [set.union(*mine), *(group for group in groups if group not in mine)]
    return groups


def _in_circles(feeds: Mapping[str, set[str]]) -> bool:
    """Tell whether plants feed each other in a circle."""
    try:
        TopologicalSorter(feeds).prepare()
    except CycleError:
        return True
    return False


def _least_that_leaves(process: Process) -> float:
    """Give the least share of its input that leaves a recipe in one material, or is lost."""
    lost = 1.0 - sum(process.outputs.values())
    shares = [*process.outputs.values(), lost]
    return min(share for share in shares if share > _NOTHING) if max(shares) > _NOTHING else 1.0


def _wanted_materials(problem: Problem) -> set[str]:
    """Give materials that somebody asks for; lots, or a rule of one's own, may ask for any."""
    scenario = problem.scenario
    plants = {plant.site for plant in scenario.plants}
    agreed = {
        one.material
        for one in scenario.said.agreements
        if one.giver in plants and (one.tonnes or one.at_least)
    }
    if problem.asked_t or problem.sizes[ColumnKind.LOTS] or None in agreed:
        return set(scenario.catalogue.materials)
    wanted = {material for material in agreed if material is not None}
    wanted.update(*(need.ratios for need in scenario.needs))
    wanted.update(*(plant.takes for plant in scenario.plants))
    wanted.update(*(depot.end_t or {} for depot in scenario.depots))
    return wanted


def _per_wanted(process: Process, wanted: set[str]) -> float:
    """Give tonnes through a recipe for a tonne of the wanted output of which it makes least."""
    yields = [
        share for material, share in process.outputs.items() if share > 0 and material in wanted
    ]
    return max(1.0, 1.0 / min([1.0, *yields]))


def _per_offered(process: Process) -> float:
    """Give tonnes through and out of a recipe for a tonne of the input of which it takes least."""
    shares = [share for share in process.inputs.values() if share > 0]
    return max(1.0, sum(process.outputs.values())) / min([1.0, *shares])


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
