"""Which shares of secondary materials are asked for, of which needs, and what counts."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.whose import find_municipalities
from raastof_geo.scenario.catalogue import Material
from raastof_geo.scenario.parties import Giver
from raastof_geo.scenario.provenance import Sort, count_share, find_sort
from raastof_geo.scenario.said.target import DEFINITIONS, SecondaryShare, ShareDefinition
from raastof_geo.scenario.scenario import Scenario


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
        ratio = scenario.catalogue.ratio(one.material, one.use) if one.use else 1.0
        met = one.tonnes / ratio
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
    where = find_municipalities(scenario) if place else {}
    here = (need for need in scenario.needs if place in (None, where.get(need.site)))
    needed = sum(need.tonnes for need in here if target.period in (None, *need.periods))
    times = 1 if target.period else len(scenario.periods)
    border = () if place else list_crossed(scenario)
    crossed = times * sum(one.reference_t for one in border)
    counted = times * sum(one.counted[target.definition] for one in border)
    head = "/".join(filter(None, (target.definition, place)))
    head = f"{number}-{head}" if number else head
    return Asked(number, target, head, needed, crossed, counted)


def list_goals(scenario: Scenario) -> tuple[Asked, ...]:
    """List the shares that are approached, and not required."""
    return tuple(asked for asked in list_asked(scenario) if asked.target.goal)


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
