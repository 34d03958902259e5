"""Lots that are larger than what can go at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product, starmap
from typing import TypeAlias, TypeVar

from raastof_geo.errors import Finding
from raastof_geo.language import Message, read_texts
from raastof_geo.scenario.checking.deal import Deals
from raastof_geo.scenario.parties import may_deal
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_Entry = TypeVar("_Entry", Offer, Need)

_Found: TypeAlias = Iterator[tuple[Message, Trail, bool]]
"""What is wrong with which entry, and whether that is a mistake."""

_ROUNDING = 1 - 1e-9


def check_lots(scenario: Scenario, tree: Tree) -> tuple[list[Finding], list[Finding]]:
    """Find what the smallest lot makes impossible, mistakes and warnings, between sites."""
    said = scenario.said.choices.smallest_lot
    if said is None or said.value <= 0:
        return [], []
    lot, deals = said.value, Deals(scenario)
    size = {"lot": lot, "line": str(tree.place(("choices", "smallest_lot")).line)}
    found: tuple[list[Finding], list[Finding]] = ([], [])
    for look in (_offers, _needs, _agreements):
        for message, trail, is_mistake in look(deals, lot):
            found[not is_mistake].append(finding_at(tree, trail, message.format(**size)))
    return found


def _offers(deals: Deals, lot: float) -> _Found:
    for offer, most in _too_small(deals.scenario.offers, partial(_most_leaving, deals), lot):
        message = read_texts("lots")["must leave" if offer.must_leave else "can never leave"]
        names = {"site": f"`{offer.site}`", "material": f"`{offer.material}`"}
        yield message.format(most=most, **names), offer.trail, offer.must_leave


def _too_small(
    entries: Sequence[_Entry], find_most: Callable[[_Entry], float | None], lot: float
) -> Iterator[tuple[_Entry, float]]:
    told: set[Trail] = set()
    for entry in entries:
        most, small = find_most(entry), lot * _ROUNDING
        if most is not None and entry.tonnes > 0 and most < small and entry.trail not in told:
            told.add(entry.trail)
            yield entry, most


def _most_leaving(deals: Deals, offer: Offer) -> float | None:
    """Give the most that can leave a site of an offer's material at once; none: not sure."""
    givers = [one for one in deals.givers[offer.site] if one.material == offer.material]
    others = [one for one in deals.takers[offer.site] if one.only_from is None]
    unsure = any(one.kind != Role.OFFER and not deals.is_pile(one) for one in givers)
    if unsure or any(starmap(may_deal, product(givers, others))):
        return None
    if any(one.site == offer.site for one in deals.scenario.depots):
        return deals.in_all(offer.site, offer.material)
    due = _due_with(offer, deals.offers)
    return sum(other.tonnes for other in due if other.material == offer.material)


def _due_with(entry: _Entry, entries: Mapping[str, list[_Entry]]) -> list[_Entry]:
    """List what of a kind is due at the site of an entry in one of its periods, itself included."""
    return [one for one in entries[entry.site] if set(one.periods) & set(entry.periods)]


def _needs(deals: Deals, lot: float) -> _Found:
    for need, most in _too_small(deals.scenario.needs, partial(_most_arriving, deals), lot):
        message = read_texts("lots")["nothing fits"]
        yield message.format(most=most, site=f"`{need.site}`"), need.trail, True


def _most_arriving(deals: Deals, need: Need) -> float | None:
    """Give the most that can come at once to where a need is; none: not sure."""
    takers = deals.takers[need.site]
    mine = next(one for one in takers if one.id == need.id)
    if not need.ratios or any(starmap(may_deal, product(deals.givers[need.site], [mine]))):
        return None
    if any(one.kind != Role.NEED and set(one.accepts) & set(need.ratios) for one in takers):
        return None
    due = _due_with(need, deals.needs)
    return max(
        sum(other.tonnes * other.ratios.get(material, 0.0) for other in due)
        for material in need.ratios
    )


def _agreements(deals: Deals, lot: float) -> _Found:
    for number, entry in enumerate(deals.scenario.said.agreements):
        for key in ("tonnes", "at_most") if entry.giver != entry.taker else ():
            amount = getattr(entry, key)
            tonnes = 0.0 if amount is None else deals.scenario.weigh(amount, entry.material)
            if 0 < tonnes < lot * _ROUNDING:
                message = read_texts("lots")[key].format(tonnes=tonnes)
                yield message, ("agreements", number, key), key == "tonnes"
