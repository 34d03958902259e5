"""Shares: of secondary materials, as asked for; and whose a column is, and each end of a line."""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import NamedTuple
import numpy as np
import pandas as pd
from scipy import sparse
from raastof_geo.arrays import Columns, Floats, Integers, Mask, Signs, group_by
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.figures import vocabulary
from raastof_geo.scenario.catalogue import Material, Sort, count_share, find_sort
from raastof_geo.scenario.parties import Giver
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.target import DEFINITIONS, SecondaryShare, ShareDefinition, Together
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


def classify(problem: Problem, together: Together) -> Signs:
    """Give the `ColumnClass` of every column.

    A move is of the first class that it fits, whatever its truck and period. What one project
    does with its own is within one party, however small the parties are, unless each site is one.
    """
    scenario = problem.scenario
    candidates = {(one.role, one.id) for one in scenario.facilities if one.opens is not None}
    own = own_depots(scenario, together)
    shared = {(Role.DEPOT, one.id) for one in scenario.depots if one.id not in own}
    # Within one party, or within one project.
    levels: set[Together] = {together} if together == "site" else {together, "project"}
    ends = map(partial(_number_parties, problem), levels)
    within = np.logical_or.reduce([giver == taker for giver, taker, _ in ends])
    within &= ~touches(problem, shared)
    giving = Role.OFFER, Role.PIT, Role.PLANT, Role.DEPOT
    offer, dug, made, lying = map(problem.given_by, giving)
    lying &= ~touches(problem, shared)
    taking = Role.NEED, Role.RECEIVER, Role.PLANT, Role.DEPOT
    need, receiver, plant, depot = map(problem.taken_by, taking)
    classes = np.full(problem.column_count, ColumnClass.TOGETHER, np.int8)
    moves = classes[problem.block(ColumnKind.MOVES)]
    moves[(plant & (offer | dug | made | lying)) | (made & need)] = ColumnClass.MARKET
    moves[offer & need & _is_sold(problem)] = ColumnClass.MARKET
    moves[within & (((offer | lying) & need) | ((offer | made) & depot))] = ColumnClass.WITHIN
    moves[lying & receiver] = ColumnClass.WITHIN
    moves[(dug & need) | ((offer | made) & receiver)] = ColumnClass.ALONE
    moves[touches(problem, candidates)] = ColumnClass.TOGETHER
    for one in scenario.plants:
        if one.opens is None:
            classes[problem.find(ColumnKind.PROCESSES, site=one.site)] = ColumnClass.MARKET
    for id_ in own:
        classes[problem.find(ColumnKind.STORES, depot=id_)] = ColumnClass.WITHIN
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


def find_ways_back(problem: Problem, columns: Columns) -> Columns:
    """Find the empty trips straight back of those of some columns that are moves.

    Returns their columns: what a truck drives that does nothing else, so that with them there is
    a plan wherever there is one without return loads.
    """
    trips, moves = problem.others[ColumnKind.TRIPS], columns[columns < len(problem.moves)]
    if trips.empty:
        return moves[:0]
    keys, haulier = ColumnKind.TRIPS.keys, find_hauliers(problem)[0][moves]
    there = pd.DataFrame({key: problem.labels(key, moves) for key in keys}).assign(haulier=haulier)
    back = there.rename(columns={"origin": "destination", "destination": "origin"})
    number = problem.starts[ColumnKind.TRIPS] + np.arange(len(trips))
    found = back.drop_duplicates().merge(trips[[*back]].assign(column=number), on=[*back])
    return found["column"].to_numpy(np.int64)


def _number_parties(problem: Problem, together: Together) -> tuple[Integers, Integers, list[str]]:
    """Give the number of the party at both ends of each move, and the names of the parties."""
    party = {site: problem.scenario.party(site, together) for site in problem.scenario.sites}
    names = list(dict.fromkeys(party.values()))
    number = {name: at for at, name in enumerate(names)}
    return *problem.number_ends({site: number[name] for site, name in party.items()}), names


def _is_sold(problem: Problem) -> Mask:
    """Tell which moves begin at a business. [moves]"""
    giver, _ = problem.number_ends(dict.fromkeys(problem.scenario.businesses, 0))
    return np.asarray(giver == 0)


def touches(problem: Problem, places: set[tuple[Role, str]]) -> Mask:
    """Tell which moves begin or end at one of some places, each a role and an id. [moves]"""
    if not places:
        return np.zeros(len(problem.moves), bool)
    gives = np.array([(one.kind, one.place) in places for one in problem.givers], bool)
    takes = np.array([(one.kind, one.place) in places for one in problem.takers], bool)
    return np.asarray(gives[problem.moves.giver] | takes[problem.moves.taker])


def mark_places(problem: Problem, places: set[tuple[Role, str]]) -> Mask:
    """Tell which columns are of some places: moves, tonnes worked up and stored, openings."""
    mask = np.zeros(problem.column_count, bool)
    mask[problem.block(ColumnKind.MOVES)] = touches(problem, places)
    for role, place in places:
        mask[problem.find(ColumnKind.OPENINGS, role=role, site=place)] = True
        if role == Role.PLANT:
            mask[problem.find(ColumnKind.PROCESSES, site=place)] = True
        if role == Role.DEPOT:
            mask[problem.find(ColumnKind.STORES, depot=place)] = True
    return mask


NOWHERE = ""
"""The label of what belongs to no site, project or municipality."""


def share_ends(
    group: vocabulary.Group, *, gives: Mask, takes: Mask, received: Mask, shared_legs: str
) -> tuple[Floats, Floats]:
    """Divide lines. Returns the shares of both ends: one together, or zero where it is common.

    A line `gives` and `takes` where a project stands at its beginning and its end, and is
    `received` where it leads to final reception. `shared_legs` says whose a transport between two
    projects is: `half`, `giver` or `taker`.
    """
    both = {"half": 0.5, "giver": 1.0, "taker": 0.0}[shared_legs]
    ends = {"ends": np.where(gives & takes, both, gives), "giving": gives, "taking": gives & ~takes}
    # Nobody buys what goes to final reception.
    giver = np.asarray(ends.get(group, gives & received), np.float64)
    return giver, np.where(takes, 1.0 - giver, 0.0)


def project_sites(scenario: Scenario) -> set[str]:
    """Give the sites of projects: all but the businesses, which have an account and no effect."""
    return scenario.sites.keys() - scenario.businesses


def find_municipalities(scenario: Scenario) -> dict[str, str]:
    """Name the municipality of each site, as said, else where it lies; `NOWHERE` for none."""
    lon, lat = zip(*(site.lon_lat for site in scenario.sites.values()), strict=True)
    found = zip(scenario.sites.items(), scenario.region.locate(lon, lat), strict=True)
    return {site_id: site.municipality or name or NOWHERE for (site_id, site), name in found}


def _list_parts(scenario: Scenario, measure: str) -> list[tuple[vocabulary.Indicator, float]]:
    """List the parts of a measure, each with what a unit of it counts."""
    if (whole := vocabulary.find_indicator(measure)) != vocabulary.COST_WITH_CO2:
        return [(part, 1.0) for part in vocabulary.leaves_of(whole)]
    paid, taxed = scenario.co2_dkk_per_kg
    parts = [(part, 1.0) for part in vocabulary.parts_of(vocabulary.COST)]
    parts += [(part, paid) for part in vocabulary.leaves_of(vocabulary.CO2E)]
    return [*parts, (vocabulary.TRANSPORT_TTW, -taxed), (vocabulary.TOLL_CO2, -1.0)]


def share_moves(
    problem: Problem, measure: str, *, with_charges: bool = False
) -> dict[str, tuple[Columns, Floats]]:
    """Give what a unit on each move adds to a measure for each project that stands at its ends.

    By project its moves, in their order, and what a tonne on each adds for it. What is common in
    the books falls to the one project at the end of its move; `with_charges` adds what plants
    charge and emit for the tonnes that come to them.
    """
    said, block = problem.scenario.said, problem.block(ColumnKind.MOVES)
    owner = {site: problem.scenario.project(site) for site in project_sites(problem.scenario)}
    projects = sorted(set(owner.values()))
    number = {site: projects.index(project) for site, project in owner.items()}
    sends, takes = problem.number_ends(number)
    giving, taking = np.zeros(len(problem.moves)), np.zeros(len(problem.moves))
    parts = group_by(_list_parts(problem.scenario, measure), lambda one: one[0].divided)
    values = {
        group: sum(times * problem.measure(part)[block] for part, times in mine)
        for group, mine in parts.items()
    }
    if with_charges:
        values["taking"] = values.get("taking", 0.0) + _charge(problem, measure)
    for group, value in values.items():
        giver, taker = share_ends(
            group,
            gives=sends >= 0,
            takes=takes >= 0,
            received=problem.taken_by(Role.RECEIVER),
            shared_legs=said.effect.shared_legs,
        )
        giving += value * np.where(giver + taker == 0, 1.0, giver)
        taking += value * taker
    # A move inside of a project has both its ends in one entry: what is there twice is added up.
    whose, moves = np.concatenate([sends, takes]), np.tile(np.arange(len(sends)), 2)
    known, shape = whose >= 0, (len(projects), len(sends))
    weights = np.concatenate([giving, taking])[known]
    table = sparse.csr_array((weights, (whose[known], moves[known])), shape=shape)
    each = (np.split(part, table.indptr[1:-1]) for part in (table.indices, table.data))
    return dict(zip(projects, zip(*each, strict=True), strict=False))


def _charge(problem: Problem, measure: str) -> Floats:
    """Give what a plant adds for each tonne that comes to it; the dearest recipe. [moves]"""
    per_t, costs = np.zeros(len(problem.moves)), problem.measure(measure)
    for plant in problem.scenario.plants:
        for process in plant.processes:
            runs = problem.find(ColumnKind.PROCESSES, site=plant.site, recipe=process.recipe)
            extra = float(costs[runs].max(initial=0.0))
            for material in process.inputs:
                columns = problem.find(taker=plant.taker, material=material)
                per_t[columns] = np.maximum(per_t[columns], extra)
    return per_t


class Crossed(NamedTuple):
    """What crosses the border in a period; below zero what leaves."""

    tonnes: float
    sort: Sort
    reference_t: float
    """Needs that it meets. [reference t]"""
    counted: dict[ShareDefinition, float]
    """What counts of them, by definition. [reference t]"""


def list_crossed(scenario: Scenario) -> tuple[Crossed, ...]:
    """List what a scenario states to cross the border, in its order."""
    found = []
    for one in scenario.said.border:
        material = scenario.catalogue.materials[one.material]
        met = one.tonnes / (scenario.catalogue.ratio(one.material, one.use) if one.use else 1.0)
        counted = {name: met * count_material(material, name) for name in DEFINITIONS}
        found.append(Crossed(one.tonnes, find_sort(material), met, counted))
    return tuple(found)


@dataclass(frozen=True)
class Asked:
    """A share that is asked for, and the needs that it is about."""

    number: int
    """Its place in the list of the scenario."""
    target: SecondaryShare
    head: str
    """What it is called in plans and proofs, without the period."""
    needed_t: float
    """Needs that it is about; with a period, those that are due in it or may be. [reference t]"""
    crossed_t: float
    """What comes over the border beside them, less what leaves. [reference t]"""
    counted_t: float
    """What counts of that. [reference t]"""

    @property
    def label(self) -> str:
        """What it is called in plans and proofs."""
        period = self.target.period
        return f"{self.head}@{period}" if period else self.head


def list_asked(scenario: Scenario) -> tuple[Asked, ...]:
    """List the shares that a scenario asks for, in its order."""
    targets = scenario.said.targets.secondary_share
    return tuple(ask_share(scenario, target, number) for number, target in enumerate(targets))


def ask_share(scenario: Scenario, target: SecondaryShare, number: int = 0) -> Asked:
    """Look up what a share is about; `number` is its place in the list of the scenario."""
    place = target.municipality
    where, border = (find_municipalities(scenario), ()) if place else ({}, list_crossed(scenario))
    here = (need for need in scenario.needs if place in (None, where.get(need.site)))
    needed = sum(need.tonnes for need in here if target.period in (None, *need.periods))
    times = 1 if target.period else len(scenario.periods)
    crossed = times * sum(one.reference_t for one in border)
    counted = times * sum(one.counted[target.definition] for one in border)
    head = "/".join(filter(None, (target.definition, place)))
    head = f"{number}-{head}" if number else head
    return Asked(number, target, head, needed, crossed, counted)


def list_goals(scenario: Scenario) -> tuple[Asked, ...]:
    """List the shares that are approached, and not required."""
    targets = enumerate(scenario.said.targets.secondary_share)
    return tuple(ask_share(scenario, target, number) for number, target in targets if target.goal)


def count_material(material: Material, definition: ShareDefinition) -> float:
    """Give how much of a tonne that is offered or dug counts as secondary. [t/t]"""
    return count_share([(find_sort(material), 1.0)], material.soil_class, definition)


def count_giver(scenario: Scenario, giver: Giver, definition: ShareDefinition) -> float:
    """Give how much of a tonne from a giver counts as secondary. [t/t]"""
    material = scenario.catalogue.materials[giver.material]
    return count_share(giver.sorts, material.soil_class, definition)


def weigh_counted(problem: Problem, definition: ShareDefinition) -> Floats:
    """Give the reference tonnes that count of each tonne on a move. [moves]"""
    counts = [count_giver(problem.scenario, giver, definition) for giver in problem.givers]
    return np.asarray(np.array(counts, np.float64)[problem.moves.giver] * problem.reference_share)


def find_due(problem: Problem, target: SecondaryShare) -> Columns:
    """Find the moves that meet the needs that a share is about."""
    meets = problem.reference_share > 0
    if target.period is not None:
        meets &= problem.moves.period == list(problem.scenario.periods).index(target.period)
    if target.municipality is not None:
        where = find_municipalities(problem.scenario)
        inside = [where[taker.site] == target.municipality for taker in problem.takers]
        meets &= np.array(inside, bool)[problem.moves.taker]
    return np.flatnonzero(meets)
