"""Either-or decisions: sites to open, partners, lots, and the most that goes through a place."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from raastof_geo.arrays import Columns, Mask
from raastof_geo.assignment.rules.masses import find_through
from raastof_geo.assignment.statement.layout import limited_partners
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import About, Row, combine, declare, find_families, sum_of
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Facility, Need, Pit, Plant, Scenario, name_stockpile

BOUNDED, LOTS_LEAST, PARTNERS_LIMITED = find_families("bounded", "lots_least", "partners_limited")


@declare("openings_once", "openings_paid", blind_to_trucks=True)
def openings_paid(problem: Problem) -> Iterator[Row]:
    r"""Use only a site that is opened: :math:`\sum_c x_c \le k\,b_i`, :math:`b_i \le 1`."""
    everything = most_tonnes(problem)
    for place in problem.scenario.facilities:
        if place.opens is None:
            continue
        opened = problem.find(ColumnKind.OPENINGS, role=place.role, site=place.site)
        about = About(f"{place.role}/{place.site}", site=place.site, role=place.role)
        yield sum_of("openings_once", about, opened, "<=", 1.0)
        stated = place.total_t if place.per_period_t is None else place.per_period_t
        most = everything if stated is None else min(stated, everything)
        for period in ("",) if place.per_period_t is None else problem.scenario.periods:
            parts = [(find_through(problem, place, period), 1.0), (opened, -most)]
            yield combine("openings_paid", replace(about, period=period), parts, "<=", 0.0)


@declare("openings_chosen", "openings_used", blind_to_trucks=True)
def openings_chosen(problem: Problem) -> Iterator[Row]:
    r"""Open as many candidates as may be, and at least as many: :math:`l \le \sum_j b_j \le n`.

    What a candidate exchanges with each site is then held by itself, too,
    :math:`\sum_c x_c \le u_{ij} b_j`: that cuts off no plan, and most of what is not whole.
    """
    chosen = problem.scenario.said.choices.openings
    for number, choice in enumerate(chosen):
        sites = problem.others[ColumnKind.OPENINGS].site
        mine = np.flatnonzero(sites.isin(choice.of or sites))
        columns = problem.starts[ColumnKind.OPENINGS] + mine
        (least, most), about = choice.ends, About(f"{number}", entry=number)
        if least or most == 0:
            yield sum_of("openings_chosen", about, columns, "=" if least == most else ">=", least)
        if most not in (None, least):
            about = replace(about, head=f"{number}/most")
            yield sum_of("openings_chosen", about, columns, "<=", most)
    for place in problem.scenario.facilities if chosen else ():
        if place.opens is not None:
            yield from _hold_exchange(problem, place)


def _hold_exchange(problem: Problem, place: Facility) -> Iterator[Row]:
    """Hold what a candidate exchanges with each site to what either of them has or can use."""
    dug, taker = isinstance(place, Pit), place.taker if isinstance(place, Plant) else ""
    moves = problem.find(taker=taker) if taker else find_through(problem, place)
    opened = problem.find(ColumnKind.OPENINGS, role=place.role, site=place.site)
    partners = problem.labels("destination" if dug else "origin", moves)
    for site in sorted({*partners.tolist()} - {place.site}):
        way = (place.site, site) if dug else (site, place.site)
        if (tonnes := most_between(problem, *way)) < math.inf:
            about = About(f"{place.role}/{place.site}/{site}", site=place.site, role=place.role)
            parts = [(moves[partners == site], 1.0), (opened, -tonnes)]
            yield combine("openings_used", about, parts, "<=", 0.0)


@declare("partners_linked", "partners_once", PARTNERS_LIMITED, blind_to_trucks=True)
def partners_limited(problem: Problem) -> Iterator[Row]:
    r"""No site deals with more others than it wants to.

    :math:`\sum_c x_c \le u\,b_{ij}` over the moves from :math:`i` to :math:`j`,
    :math:`b_{ij} \le 1` and :math:`\sum_j b_{ij} + b_{ji} \le n_i`.
    """
    if not problem.sizes[ColumnKind.LINKS]:
        return
    links, first = problem.others[ColumnKind.LINKS], problem.starts[ColumnKind.LINKS]
    for at, link, chosen, columns, most in _list_decisions(problem, ColumnKind.LINKS):
        about = About("-".join(link), entry=at)
        yield combine("partners_linked", about, [(columns, 1.0), (chosen, -most)], "<=", 0.0)
        yield sum_of("partners_once", about, chosen, "<=", 1.0)
    for site, most_partners in limited_partners(problem.scenario).items():
        touches = (links.origin == site) | (links.destination == site)
        columns, about = first + np.flatnonzero(touches.to_numpy()), About(site, site=site)
        yield sum_of(PARTNERS_LIMITED, about, columns, "<=", float(most_partners))


def _list_decisions(
    problem: Problem, kind: ColumnKind
) -> Iterator[tuple[int, tuple[str, ...], Columns, Columns, float]]:
    """List decisions between two sites: number, labels, column, its moves, the most on these."""
    keys = list(kind.keys)
    labels = pd.DataFrame({key: problem.labels(key) for key in keys})
    groups: dict[Any, Any] = dict(labels.groupby(keys, sort=False).indices)
    moves = {tuple(map(str, names)): columns for names, columns in groups.items()}
    everything, first = most_tonnes(problem), problem.starts[kind]
    for at, named in enumerate(problem.others[kind].itertuples(index=False, name=None)):
        most = min(everything, most_between(problem, *named[:2]))
        # pandas keeps the order of the columns, and does not say so.
        yield at, named, np.array([first + at]), np.sort(moves[named]), most


def most_between(problem: Problem, origin: str, destination: str) -> float:
    """Give what the one site has, or the other can use. Returns t of all periods, or infinity."""
    scenario, has, uses = problem.scenario, math.inf, math.inf
    if {Role.PIT, Role.PLANT, Role.DEPOT}.isdisjoint(scenario.sites[origin].roles):
        piles = (one.start_t for one in scenario.depots if one.id == name_stockpile(origin))
        has = sum(offer.tonnes for offer in scenario.offers if offer.site == origin)
        has += sum(map(sum, map(dict.values, piles)))
    taker = scenario.sites[destination]
    if {Role.NEED, Role.OFFER}.issuperset(taker.roles) and taker.stockpile is None:
        uses = sum(most_used(need) for need in scenario.needs if need.site == destination)
    return min(has, uses)


@declare("lots_most", LOTS_LEAST, "lots_once", blind_to_trucks=True)
def lots_kept(problem: Problem) -> Iterator[Row]:
    r"""Keep what goes from site to site of one material in a period to nothing or a whole lot.

    :math:`l\,b \le \sum_c x_c \le u\,b`, :math:`b \le 1`.
    """
    lot = problem.scenario.said.choices.smallest_lot
    if lot is None or not problem.sizes[ColumnKind.LOTS]:
        return
    for at, labels, chosen, columns, most in _list_decisions(problem, ColumnKind.LOTS):
        about = About("/".join(labels), site=labels[0], material=labels[2], entry=at)
        yield combine("lots_most", about, [(columns, 1.0), (chosen, -most)], "<=", 0.0)
        yield combine(LOTS_LEAST, about, [(columns, 1.0), (chosen, -lot.value)], ">=", 0.0)
        yield sum_of("lots_once", about, chosen, "<=", 1.0)


_NOTHING = 1e-9
"""Share of a tonne below which nothing is lost."""


def most_tonnes(problem: Problem) -> float:
    r"""Bound what passes a place. Returns tonnes that some optimal plan exceeds nowhere. [t]

    What an either-or decision opens must have room for *some* optimal plan of every decision: too
    little does not only cut plans off, it also keeps the decision at 0. `docs/method.md` has the
    argument, under "Either-or decisions".
    """
    scenario = problem.scenario
    wanted = sum(map(most_used, scenario.needs))
    ended = sum(sum((depot.end_t or {}).values()) for depot in scenario.depots)
    asked = problem.asked_t
    for agreement in scenario.said.agreements:
        if agreement.least is not None:
            asked += scenario.weigh(agreement.least, agreement.material)
    lot = scenario.said.choices.smallest_lot
    asked += lot.value * problem.sizes[ColumnKind.LOTS] if lot is not None else 0.0
    offered = sum(offer.tonnes for offer in scenario.offers)
    stored = sum(sum(depot.start_t.values()) for depot in scenario.depots)
    grown = _growth(scenario, _wanted_materials(problem))
    return (wanted + ended + asked + offered + stored) * grown


def most_used(need: Need) -> float:
    """Weigh a need. Returns the tonnes of the heaviest material that meets it. [t]"""
    return need.tonnes * max(need.ratios.values(), default=0.0)


def _growth(scenario: Scenario, wanted: set[str]) -> float:
    """Give the most tonnes that one tonne wanted, or one on offer, sets in motion.

    What is left over of one plant may be mixed in another one with what a third one has to make,
    and so on. No chain passes more than all plants that are joined by what they make, each once.
    """
    if not (plants := scenario.plants):
        return 1.0
    makes = [set(plant.makes) for plant in plants]
    feeds = ~np.array([[made.isdisjoint(two.takes) for two in plants] for made in makes], bool)
    np.fill_diagonal(feeds, False)
    _, group = connected_components(feeds, connection="weak")
    times, round_about = np.array([_multiply(plant, wanted) for plant in plants]), 1.0
    if connected_components(feeds, connection="strong")[0] < len(plants):
        round_about = 1.0 / _least_share(plants)
    joined = [math.prod(times[group == one].tolist()) for one in set(group.tolist())]
    return float(max(joined)) * round_about


def _least_share(plants: Sequence[Plant]) -> float:
    """Give the least share of its input that leaves a recipe in one material, or is lost."""
    every = (one.outputs.values() for plant in plants for one in plant.processes)
    shares = (share for outputs in every for share in (*outputs, 1.0 - sum(outputs)))
    return min(1.0, *(share for share in shares if share > _NOTHING))


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
        if not len(free := block.start + np.flatnonzero(~bounded[block])):
            continue
        limit = tonnes
        if kind is ColumnKind.TRIPS:
            limit = tonnes / float(problem.leg("load_t").min(initial=1.0)) * len(scenario.sites)
        yield sum_of(BOUNDED, kind, free, "<=", limit)
