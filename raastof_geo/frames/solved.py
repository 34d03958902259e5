"""What is found out of a scenario, for frames to be made of."""

from dataclasses import dataclass

from raastof_geo.assignment.plan import Plan
from raastof_geo.effect.measure import Effect
from raastof_geo.legs.legs import Legs
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False)
class Solved:
    """A scenario, its roads, its plan and its effect."""

    scenario: Scenario
    network: RoadNetwork
    anchors: Anchors
    legs: Legs
    plan: Plan
    effect: Effect
