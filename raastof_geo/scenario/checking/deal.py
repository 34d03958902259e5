"""Deals that are possible at all, and the most tonnes that can go by them."""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

from raastof_geo.scenario.checking.prospects import Trade
from raastof_geo.scenario.parties import Giver, list_givers, list_takers, may_deal
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Depot, Facility, Scenario, name_stockpile

Partner: TypeAlias = Literal["giver", "taker"]
_Item = TypeVar("_Item")
_Key = TypeVar("_Key", bound=Hashable)


class Deals:
    """What may go from site to site, roads left aside; who gives, takes, offers and needs."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.givers = group(list_givers(scenario), lambda giver: giver.site)
        self.takers = group(list_takers(scenario), lambda taker: taker.site)
        self.offers = group(scenario.offers, lambda offer: offer.site)
        self.needs = group(scenario.needs, lambda need: need.site)
        self._offered = {offer.id: offer.tonnes for offer in scenario.offers}
        self._needed = {need.id: need for need in scenario.needs}
        self._depots = {depot.id: depot for depot in scenario.depots}
        self._places: dict[tuple[Role, str], Facility] = {  # a stockpile is a kind of depot
            (Role.DEPOT if isinstance(one, Depot) else one.role, one.id): one
            for one in scenario.facilities
        }

    def between(
        self, origin: str, destination: str, material: str | None, periods: Iterable[str]
    ) -> list[Trade]:
        """List deals between two sites by material and periods; amounts and roads are not asked."""
        wanted, found = frozenset(periods), []
        for giver, taker in itertools.product(self.givers[origin], self.takers[destination]):
            if material in (None, giver.material) and may_deal(giver, taker):
                common = wanted.intersection(giver.periods, taker.accepts[giver.material].periods)
                found += [Trade(giver, taker, common)] if common else []
        return found

    def most(self, side: Partner, deals: Sequence[Trade]) -> float:
        """Give tonnes that the givers, or the takers, of some deals cannot exceed. [t]

        Offers once each, with what lies in their stockpile; needs by the material of which
        they take most; other places by their capacities in the periods of the deals. Infinite
        where plants and depots give, whose own supply is not followed.
        """
        return self._most_given(deals) if side == "giver" else self._most_taken(deals)

    def _most_given(self, deals: Sequence[Trade]) -> float:
        givers = {deal.giver.id: deal.giver for deal in deals}.values()
        piles = {(one.site, one.material) for one in givers if self.is_pile(one)}
        most = sum(itertools.starmap(self.in_all, piles))
        for giver in givers:
            if giver.kind.converts() and not self.is_pile(giver):
                return math.inf
            if giver.kind == Role.OFFER and (giver.site, giver.material) not in piles:
                most += self._offered[giver.id]
        dug = (deal for deal in deals if deal.giver.kind == Role.PIT)
        for site, mine in group(dug, lambda deal: deal.giver.place).items():
            most += _most_through(self._places[Role.PIT, site], mine)
        return most

    def _most_taken(self, deals: Sequence[Trade]) -> float:
        total = 0.0
        for mine in group(deals, lambda deal: deal.taker.id).values():
            taker = mine[0].taker
            if taker.kind == Role.NEED:
                need = self._needed[taker.id]
                total += need.tonnes * max(need.ratios[deal.giver.material] for deal in mine)
            else:
                total += _most_through(self._places[taker.kind, taker.place], mine)
        return total

    def is_pile(self, giver: Giver) -> bool:
        """Tell whether somebody gives from the stockpile of a site."""
        return giver.kind == Role.DEPOT and self._depots[giver.place].own

    def in_all(self, site: str, material: str) -> float:
        """Give what a site has of a material, whenever it comes up, its stockpile included. [t]"""
        offered = sum(offer.tonnes for offer in self.offers[site] if offer.material == material)
        pile = self._depots.get(name_stockpile(site))
        return offered + (pile.start_t.get(material, 0.0) if pile is not None else 0.0)


def group(entries: Iterable[_Item], key: Callable[[_Item], _Key]) -> Mapping[_Key, list[_Item]]:
    """Put together what has a key in common, first come first; under other keys is nothing."""
    groups: defaultdict[_Key, list[_Item]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return groups


def _most_through(place: Facility, deals: Iterable[Trade]) -> float:
    periods = set[str]().union(*(deal.periods for deal in deals))
    each = math.inf if place.per_period_t is None else place.per_period_t * len(periods)
    return each if place.total_t is None else min(each, place.total_t)
