"""Say between whom material may pass at all: who may trade, which truck comes, in which time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from raastof_geo.scenario.parties import Giver, Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.said.agreement import Agreement
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
        """Give plants and depots with all that they could trade with, hindered or not.

        Parameters
        ----------
        materials
            The only ones that are looked at.
        """
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
            if _rules_out(agreement, giver, taker):
                both -= frozenset(agreement.periods(ids))
        return Trade(giver, taker, both, None if both else "agreements")

    def _truck_comes(self, giver: Giver, taker: Taker) -> bool:
        """Tell whether a truck that there is may come to both; own heaps need no hours."""
        own, here = taker.only_from is not None, giver.site == taker.site
        return any(
            own or (limit is None or (limit.hours != 0 and (here or limit.km != 0)))
            for vehicle, limit in self._limits.items()
            if self._admits(giver.site, vehicle) and self._admits(taker.site, vehicle)
        )

    @cached_property
    def _limits(self) -> dict[str, _Limit | None]:
        """What there is of each truck; none: enough."""
        return {
            vehicle: None
            if (limit := self.scenario.said.fleet.get(vehicle)) is None
            else _Limit(0.0 if limit.number == 0 else limit.hours_per_period, limit.km_per_period)
            for vehicle in self.scenario.said.vehicles
        }

    def _admits(self, site: str, vehicle: str) -> bool:
        if (site, vehicle) not in self._known:
            self._known[site, vehicle] = self.scenario.admits(site, vehicle)
        return self._known[site, vehicle]

    @cached_property
    def _known(self) -> dict[tuple[str, str], bool]:
        return {}


class _Limit(NamedTuple):
    hours: float | None
    km: float | None


def _rules_out(agreement: Agreement, giver: Giver, taker: Taker) -> bool:
    about = agreement.giver == giver.site and agreement.taker == taker.site
    return about and agreement.material in (None, giver.material) and agreement.rules_out
