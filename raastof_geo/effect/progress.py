"""How far a plan is on the way to the region's goal."""

from dataclasses import dataclass
from typing import get_args

from raastof_geo.assignment.rules.limits import counting_materials
from raastof_geo.effect.books import COMMON, Books
from raastof_geo.figures.vocabulary import REFERENCE_TONNES
from raastof_geo.scenario.said.target import ShareDefinition

GOAL_SHARE = 0.20
GOAL_YEAR = 2032
GOAL_SOURCE = (
    "Region Sjælland, genanvendelse af råstoffer (regionsjaelland.dk); gate21.dk, "
    "sammen om mindre råstofforbrug"
)
"""Secondary raw materials and surplus soil over consumption. Verified: read on the pages named."""


@dataclass(frozen=True)
class Milestone:
    """What counts in one period by one definition."""

    definition: ShareDefinition
    period: str
    """A period of the scenario; empty: all of them."""
    needed_t: float
    """The denominator: reference tonnes of all needs met in the period. [t]"""
    plan_t: float
    """The numerator in the plan. [reference t]"""
    before_t: float
    """The numerator without coordination. [reference t]"""

    @property
    def plan_share(self) -> float:
        """Share in the plan."""
        return self.plan_t / self.needed_t if self.needed_t else 0.0

    @property
    def before_share(self) -> float:
        """Share without coordination."""
        return self.before_t / self.needed_t if self.needed_t else 0.0


def follow_progress(plan: Books, baseline: Books) -> list[Milestone]:
    """Give numerator and denominator by definition, for all periods together and for each.

    The baseline meets the needs when it can, perhaps in other periods than the plan: its shares
    are of what the plan meets in the period.

    Returns
    -------
    milestones
        By definition: one for all periods together, then one for each; masses in reference tonnes.
    """
    found = []
    for definition in get_args(ShareDefinition):
        counts = counting_materials(plan.scenario, definition)
        for period in (COMMON, *plan.scenario.periods):
            needed, now = _count(plan, counts, period)
            _, before = _count(baseline, counts, period)
            found.append(Milestone(definition, period, needed, now, before))
    return found


def _count(books: Books, counts: set[str], period: str) -> tuple[float, float]:
    lines = books.lines
    if period != COMMON:
        lines = lines[lines["period"] == period]
    met = lines.loc[lines["material"].isin(counts), REFERENCE_TONNES].sum()
    return float(lines[REFERENCE_TONNES].sum()), float(met)
