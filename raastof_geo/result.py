"""Everything that a run found out, for the outputs to quote."""

from collections.abc import Sequence
from dataclasses import dataclass

from raastof_geo.assignment.plan import Plan
from raastof_geo.card import Fact, Shown
from raastof_geo.effect.measure import Effect
from raastof_geo.legs.legs import Legs
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.assessment import Assessment


@dataclass(frozen=True, eq=False, repr=False)
class Result(Shown):
    """A scenario, its roads, its plan and its effect."""

    scenario: Scenario
    network: RoadNetwork
    anchors: Anchors
    legs: Legs
    plan: Plan
    effect: Effect
    assumptions: Assessment | None = None
    """What hangs on those that the scenario declares; none where they were not solved again."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what the plan does, and what it saves."""
        return self.scenario.id, (*self.effect.show()[1], *self.plan.show()[1])
