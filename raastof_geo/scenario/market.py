"""Say between whom material may pass at all: who may trade, which truck comes, in which time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from raastof_geo.scenario.parties import Giver, Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.scenario import Scenario

Side = Literal["input", "output"]
"""On which side of a plant a trade lies: what comes to it, or what leaves it."""
Hindrance = Literal["roads", "trucks", "agreements", "periods"]
"""What may keep two sites apart that could trade otherwise."""


@dataclass(frozen=True)
class Trade:
    """Two who could trade, the periods in which they can, and else what is in the way."""

    giver: Giver
    taker: Taker
    periods: frozenset[str]
    hindrance: Hindrance | None = None

    def here(self, side: Side) -> Giver | Taker:
        """Give the party whose input or output this is."""
        return self.taker if side == "input" else self.giver

    def beyond(self, side: Side) -> Giver | Taker:
        """Give the other party."""
        return self.giver if side == "input" else self.taker


@dataclass(frozen=True, eq=False)
class Market:
    """Who of a scenario could pass what to whom."""

    scenario: Scenario
    islands: Mapping[str, int] = field(default_factory=dict)
    """The number of the island that each site lies on, where that is known."""

    def trades(self, materials: Iterable[str]) -> list[Trade]:
        """Give plants and depots with what they could trade of some materials, hindered or not."""
        wanted = set(materials)
        takers: dict[str, list[Taker]] = {}
        for taker in list_takers(self.scenario):
            for material in wanted & set(taker.accepts):
                takers.setdefault(material, []).append(taker)
        return [
            self._meet(giver, taker)
            for giver in list_givers(self.scenario)
            for taker in takers.get(giver.material, ())
            if (giver.kind.converts() or taker.kind.converts()) and may_deal(giver, taker)
        ]

    def _meet(self, giver: Giver, taker: Taker) -> Trade:
        if self.islands.get(giver.site) != self.islands.get(taker.site):
            return Trade(giver, taker, frozenset(), "roads")
        if not self._truck_comes(giver, taker):
            return Trade(giver, taker, frozenset(), "trucks")
        ids = tuple(self.scenario.periods)
        both = frozenset(giver.periods) & frozenset(taker.accepts[giver.material].periods)
        if not both:
            return Trade(giver, taker, both, "periods")
        for agreement in self.scenario.said.agreements:
            between = agreement.giver == giver.site and agreement.taker == taker.site
            about = between and agreement.material in (None, giver.material)
            if about and agreement.rules_out:
                both -= frozenset(agreement.periods(ids))
        return Trade(giver, taker, both, None if both else "agreements")

    def _truck_comes(self, giver: Giver, taker: Taker) -> bool:
        """Tell whether a truck that there is may come to both; own heaps need no hours."""
        both = self._trucks[giver.site] & self._trucks[taker.site]
        within = giver.site == taker.site
        return any(taker.only_from is not None or self._drives(one, within) for one in both)

    def _drives(self, vehicle: str, within: bool) -> bool:
        limit = self.scenario.said.fleet.get(vehicle)
        if limit is None:
            return True
        can_leave = limit.km_per_period != 0
        return limit.number != 0 and limit.hours_per_period != 0 and (within or can_leave)

    @cached_property
    def _trucks(self) -> dict[str, set[str]]:
        scenario = self.scenario
        return {
            site: {one for one in scenario.said.vehicles if scenario.admits(site, one)}
            for site in scenario.sites
        }
