"""Deals that are possible at all, and the most tonnes that can go by them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from raastof_geo.scenario.parties import Giver, Taker, list_givers, list_takers, may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Depot, Facility, Need, Offer, Scenario, name_stockpile

Here = TypeVar("Here", Giver, Taker, Offer, Need)


@dataclass(frozen=True)
class Deal:
    """A giver and a taker that may do business in some periods."""

    giver: Giver
    taker: Taker
    periods: frozenset[str]


@dataclass(frozen=True)
class Deals:
    """What may go from site to site in a scenario, roads left aside."""

    scenario: Scenario

    def between(
        self, origin: str, destination: str, material: str | None, periods: Iterable[str]
    ) -> list[Deal]:
        """List the deals from one site to another, of one material or of all, in some periods.

        Returns
        -------
        deals
            One for each giver and taker that have a period in common among those; amounts,
            agreements and roads are not asked.
        """
        wanted = set(periods)
        return [
            Deal(giver, taker, common)
            for giver in self.givers(origin)
            if material in (None, giver.material)
            for taker in self.takers(destination)
            if may_deal(giver, taker)
            and (
                common := frozenset(
                    wanted & set(giver.periods) & set(taker.accepts[giver.material].periods)
                )
            )
        ]

    def givers(self, site: str) -> Sequence[Giver]:
        """List who gives at a site."""
        return self._givers.get(site, ())

    def takers(self, site: str) -> Sequence[Taker]:
        """List who takes at a site."""
        return self._takers.get(site, ())

    def most_given(self, deals: Iterable[Deal]) -> float:
        """Give tonnes that the givers of some deals cannot exceed; infinite where none is sure.

        Returns
        -------
        tonnes
            Offers once each, with what lies in their stockpile; pits by their capacities in the
            periods of the deals. Infinite with plants and depots, whose own supply is not
            followed. [t]
        """
        by_giver: dict[str, tuple[Giver, set[str]]] = {}
        for deal in deals:
            by_giver.setdefault(deal.giver.id, (deal.giver, set()))[1].update(deal.periods)
        kept = {
            (giver.site, giver.material) for giver, _ in by_giver.values() if self.is_pile(giver)
        }
        total = sum(self.in_all(site, material) for site, material in kept)
        pits: dict[str, set[str]] = {}
        for giver, periods in by_giver.values():
            if giver.kind == Role.PIT:
                pits.setdefault(giver.place, set()).update(periods)
            elif giver.kind == Role.PLANT or (giver.kind == Role.DEPOT and not self.is_pile(giver)):
                return math.inf
            elif giver.kind == Role.OFFER and (giver.site, giver.material) not in kept:
                total += self._offered[giver.id]
        return total + sum(
            _most_through(self._places[Role.PIT, site], len(periods))
            for site, periods in pits.items()
        )

    def most_taken(self, deals: Iterable[Deal]) -> float:
        """Give tonnes that the takers of some deals cannot exceed; infinite where none is sure.

        Returns
        -------
        tonnes
            Needs by the material of which they take most; other places by their capacities in the
            periods of the deals. [t]
        """
        by_taker: dict[str, tuple[Taker, set[str], set[str]]] = {}
        for deal in deals:
            _, materials, periods = by_taker.setdefault(deal.taker.id, (deal.taker, set(), set()))
            materials.add(deal.giver.material)
            periods.update(deal.periods)
        return sum(
            self._needed[taker.id][0] * max(self._needed[taker.id][1][one] for one in materials)
            if taker.kind == Role.NEED
            else _most_through(self._places[taker.kind, taker.place], len(periods))
            for taker, materials, periods in by_taker.values()
        )

    def is_pile(self, giver: Giver) -> bool:
        """Tell whether somebody gives from the stockpile of a site."""
        return giver.kind == Role.DEPOT and self._depots[giver.place].own

    def in_all(self, site: str, material: str) -> float:
        """Give what a site has of a material, whenever it comes up, its stockpile included. [t]"""
        offered = sum(offer.tonnes for offer in self.offers(site) if offer.material == material)
        pile = self._depots.get(name_stockpile(site))
        return offered + (pile.start_t.get(material, 0.0) if pile is not None else 0.0)

    def offers(self, site: str) -> Sequence[Offer]:
        """List the offers of a site."""
        return self._offers_at.get(site, ())

    def needs(self, site: str) -> Sequence[Need]:
        """List the needs of a site."""
        return self._needs_at.get(site, ())

    @cached_property
    def _givers(self) -> dict[str, list[Giver]]:
        return _by_site(list_givers(self.scenario))

    @cached_property
    def _takers(self) -> dict[str, list[Taker]]:
        return _by_site(list_takers(self.scenario))

    @cached_property
    def _offers_at(self) -> dict[str, list[Offer]]:
        return _by_site(self.scenario.offers)

    @cached_property
    def _needs_at(self) -> dict[str, list[Need]]:
        return _by_site(self.scenario.needs)

    @cached_property
    def _offered(self) -> dict[str, float]:
        return {offer.id: offer.tonnes for offer in self.scenario.offers}

    @cached_property
    def _needed(self) -> dict[str, tuple[float, dict[str, float]]]:
        return {need.id: (need.tonnes, need.ratios) for need in self.scenario.needs}

    @cached_property
    def _depots(self) -> dict[str, Depot]:
        return {depot.id: depot for depot in self.scenario.depots}

    @cached_property
    def _places(self) -> dict[tuple[Role, str], Facility]:
        """Pits, receivers, plants and depots by kind and id; a stockpile is a kind of depot."""
        return {
            (Role.DEPOT if isinstance(one, Depot) else one.role, one.id): one
            for one in self.scenario.facilities
        }


def _by_site(entries: Iterable[Here]) -> dict[str, list[Here]]:
    found: dict[str, list[Here]] = {}
    for entry in entries:
        found.setdefault(entry.site, []).append(entry)
    return found


def _most_through(place: Facility, periods: int) -> float:
    """Give what may go through a place in a number of periods. [t]"""
    each = math.inf if place.per_period_t is None else place.per_period_t * periods
    total = None if isinstance(place, Depot) else place.total_t
    return each if total is None else min(each, total)
