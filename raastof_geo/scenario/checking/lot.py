"""Lots that are larger than what can go at once."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

from raastof_geo.errors import Finding
from raastof_geo.language import say
from raastof_geo.scenario.checking.deal import Deals
from raastof_geo.scenario.parties import may_deal
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_Entry = TypeVar("_Entry", Offer, Need)

_ROUNDING = 1 - 1e-9


def check_lots(scenario: Scenario, tree: Tree) -> tuple[list[Finding], list[Finding]]:
    """Find what the smallest lot makes impossible: mistakes, and what is worth a warning.

    A lot is what goes from one site to another of one material in a period; what stays within a
    site is no lot.
    """
    lot = scenario.said.choices.smallest_lot
    if lot is None or lot.value <= 0:
        return [], []
    deals = Deals(scenario)
    line = tree.place(("choices", "smallest_lot")).line
    findings: list[Finding] = []
    warnings: list[Finding] = []
    for finding, is_mistake in (
        *_offers(deals, lot.value, line, tree),
        *_needs(deals, lot.value, line, tree),
        *_agreements(deals, lot.value, line, tree),
    ):
        (findings if is_mistake else warnings).append(finding)
    return findings, warnings


def _offers(deals: Deals, lot: float, line: int, tree: Tree) -> Iterator[tuple[Finding, bool]]:
    for offer, trail, most in _too_small(
        deals, "offers", deals.scenario.offers, _most_leaving, lot
    ):
        values = {
            "lot": lot,
            "line": str(line),
            "most": most,
            "site": f"`{offer.site}`",
            "material": f"`{offer.material}`",
        }
        message = (
            say(
                "{most} t of {material} must leave {site}, and the smallest lot is {lot} t "
                "(line {line}): lower the lot, or let the offer stay with `must_leave: false`",
                **values,
            )
            if offer.must_leave
            else say(
                "{site} offers {most} t of {material}, less than the smallest lot of {lot} t "
                "(line {line}): it can never leave",
                **values,
            )
        )
        yield finding_at(tree, trail, message), offer.must_leave


def _too_small(
    deals: Deals,
    key: Literal["offers", "needs"],
    entries: Sequence[_Entry],
    find_most: Callable[[Deals, _Entry], float | None],
    lot: float,
) -> Iterator[tuple[_Entry, Trail, float]]:
    told: set[Trail] = set()
    for entry, trail in zip(entries, _list_trails(deals.scenario, key), strict=True):
        most = find_most(deals, entry)
        if most is not None and entry.tonnes > 0 and most < lot * _ROUNDING and trail not in told:
            told.add(trail)
            yield entry, trail, most


def _list_trails(scenario: Scenario, key: Literal["offers", "needs"]) -> list[Trail]:
    return [
        ("sites", site_id, key, number, entry.amount_key)
        for site_id, site in scenario.sites.items()
        for number, entry in enumerate(site.offers if key == "offers" else site.needs)
        for _ in entry.windows(tuple(scenario.periods))
    ]


def _most_leaving(deals: Deals, offer: Offer) -> float | None:
    """Give the most that can leave a site of an offer's material at once; none: not sure."""
    givers = [one for one in deals.givers[offer.site] if one.material == offer.material]
    piled = any(one.site == offer.site for one in deals.scenario.depots)
    unsure = any(one.kind != Role.OFFER and not deals.is_pile(one) for one in givers)
    others = [one for one in deals.takers[offer.site] if one.only_from is None]
    if unsure or any(may_deal(giver, taker) for giver in givers for taker in others):
        return None
    if piled:
        return deals.in_all(offer.site, offer.material)
    return sum(
        other.tonnes
        for other in deals.offers[offer.site]
        if other.material == offer.material and set(other.periods) & set(offer.periods)
    )


def _needs(deals: Deals, lot: float, line: int, tree: Tree) -> Iterator[tuple[Finding, bool]]:
    for need, trail, most in _too_small(deals, "needs", deals.scenario.needs, _most_arriving, lot):
        message = say(
            "{site} can take at most {most} t at once for this need, and the smallest "
            "lot is {lot} t (line {line}): lower the lot, or raise the need"
        ).format(site=f"`{need.site}`", most=most, lot=lot, line=str(line))
        yield finding_at(tree, trail, message), True


def _most_arriving(deals: Deals, need: Need) -> float | None:
    """Give the most that can come at once to where a need is; none: not sure."""
    takers = deals.takers[need.site]
    mine = next(one for one in takers if one.id == need.id)
    if not need.ratios or any(may_deal(giver, mine) for giver in deals.givers[need.site]):
        return None
    if any(one.kind != Role.NEED and set(one.accepts) & set(need.ratios) for one in takers):
        return None
    return max(
        sum(
            other.tonnes * other.ratios[material]
            for other in deals.needs[need.site]
            if material in other.ratios and set(other.periods) & set(need.periods)
        )
        for material in need.ratios
    )


def _agreements(deals: Deals, lot: float, line: int, tree: Tree) -> Iterator[tuple[Finding, bool]]:
    for number, entry in enumerate(deals.scenario.said.agreements):
        for key in ("tonnes", "at_most"):
            amount = getattr(entry, key)
            if amount is None or entry.giver == entry.taker:
                continue
            tonnes = deals.scenario.weigh(amount, entry.material)
            if not 0 < tonnes < lot * _ROUNDING:
                continue
            values = {"tonnes": tonnes, "lot": lot, "line": str(line)}
            message = (
                say(
                    "{tonnes} t are agreed, and the smallest lot is {lot} t (line {line}): "
                    "raise the agreement, or lower the lot",
                    **values,
                )
                if key == "tonnes"
                else say(
                    "at most {tonnes} t may go, and the smallest lot is {lot} t (line {line}): "
                    "nothing goes then",
                    **values,
                )
            )
            yield finding_at(tree, ("agreements", number, key), message), key == "tonnes"
