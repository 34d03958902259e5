"""Tell columns apart by what they ask of the parties: nobody's help, a market, or coordination."""

from enum import IntEnum

import numpy as np

from raastof_geo.arrays import Integers, Mask, Signs
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import Together
from raastof_geo.scenario.scenario import Scenario


class ColumnClass(IntEnum):
    """What a column asks of the parties, from the least to the most."""

    ALONE = 0
    """From a pit to a need, or to final reception."""
    WITHIN = 1
    """Within one party, its own stockpiles and depots included."""
    MARKET = 2
    """Bought and sold as today: to, from and in plants, and what businesses offer."""
    TOGETHER = 3
    """All else: other parties' surplus, shared depots, candidates, decisions."""


def classify(problem: Problem, together: Together | None = None) -> Signs:
    """Give the `ColumnClass` of every column.

    A move is of the first class that it fits, whatever its truck and period. What one project
    does with its own is within one party, however small the parties are, unless each site is one.
    Who is one party (`together`) is as the scenario says, where nothing else is said.
    """
    scenario = problem.scenario
    together = together or scenario.together
    classes = np.full(problem.column_count, ColumnClass.TOGETHER, np.int8)
    classes[problem.block(ColumnKind.MOVES)] = _classify_moves(problem, together)
    for plant in scenario.plants:
        if plant.opens is None:
            classes[problem.find(ColumnKind.PROCESSES, site=plant.site)] = ColumnClass.MARKET
    for depot in own_depots(scenario, together):
        classes[problem.find(ColumnKind.STORES, depot=depot)] = ColumnClass.WITHIN
    return classes


def own_depots(scenario: Scenario, together: Together) -> set[str]:
    """Give the depots that are a party's own: stockpiles, and those that no business runs.

    A depot of a business belongs to its client, where clients are parties and it has one.
    """
    others = set(scenario.businesses)
    if together == "client":
        others -= {site for site in others if scenario.sites[site].client}
    there = (depot for depot in scenario.depots if depot.opens is None)
    return {depot.id for depot in there if depot.own or depot.site not in others}


def find_hauliers(problem: Problem) -> tuple[Integers, list[str]]:
    """Give by number whose trucks each move takes, who gives or buys of a business; and names."""
    scenario, pooled = problem.scenario, problem.scenario.said.return_loads
    if pooled is None or not pooled.within_party:
        return np.zeros(len(problem.moves), np.int64), [""]
    giver, taker, names = _number_parties(problem, scenario.together)
    return np.where(_is_sold(problem), taker, giver), names


def _number_parties(problem: Problem, together: Together) -> tuple[Integers, Integers, list[str]]:
    """Give the number of the party at both ends of each move, and the names of the parties."""
    party = {site: problem.scenario.party(site, together) for site in problem.scenario.sites}
    names = list(dict.fromkeys(party.values()))
    number = {name: at for at, name in enumerate(names)}
    return *problem.number_ends({site: number[name] for site, name in party.items()}), names


def _classify_moves(problem: Problem, together: Together) -> Signs:
    scenario = problem.scenario
    candidates = {(one.role, one.id) for one in scenario.facilities if one.opens is not None}
    own = own_depots(scenario, together)
    shared = {(Role.DEPOT, one.id) for one in scenario.depots if one.id not in own}
    within = _is_within(problem, together) & ~touches(problem, shared)
    offer, dug, made, lying = (
        problem.has("giver_kind", role) for role in (Role.OFFER, Role.PIT, Role.PLANT, Role.DEPOT)
    )
    lying &= ~touches(problem, shared)
    need, receiver, plant, depot = (
        problem.has("taker_kind", role)
        for role in (Role.NEED, Role.RECEIVER, Role.PLANT, Role.DEPOT)
    )
    classes = np.full(len(problem.moves), ColumnClass.TOGETHER, np.int8)
    classes[(plant & (offer | dug | made | lying)) | (made & need)] = ColumnClass.MARKET
    classes[offer & need & _is_sold(problem)] = ColumnClass.MARKET
    classes[within & (((offer | lying) & need) | ((offer | made) & depot))] = ColumnClass.WITHIN
    classes[lying & receiver] = ColumnClass.WITHIN
    classes[(dug & need) | ((offer | made) & receiver)] = ColumnClass.ALONE
    classes[touches(problem, candidates)] = ColumnClass.TOGETHER
    return classes


def _is_sold(problem: Problem) -> Mask:
    """Tell which moves begin at a business. [moves]"""
    giver, _ = problem.number_ends(dict.fromkeys(problem.scenario.businesses, 0))
    return np.asarray(giver == 0)


def touches(problem: Problem, places: set[tuple[Role, str]]) -> Mask:
    """Tell which moves begin or end at one of some places, each a role and an id. [moves]"""
    gives, takes = (
        np.array([(one.kind, one.place) in places for one in ends], bool)
        for ends in (problem.givers, problem.takers)
    )
    return np.asarray(gives[problem.moves.giver] | takes[problem.moves.taker])


def _is_within(problem: Problem, together: Together) -> Mask:
    """Tell which moves begin and end with one party, or with one project."""
    within = np.zeros(len(problem.moves), bool)
    levels: set[Together] = {together} if together == "site" else {together, "project"}
    for level in sorted(levels):
        giver, taker, _ = _number_parties(problem, level)
        within |= giver == taker
    return within
