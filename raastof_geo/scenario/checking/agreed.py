"""Agreements that cannot be kept: larger than what there is, or against each other."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from raastof_geo.errors import Finding
from raastof_geo.language import Message, list_codes, read_texts
from raastof_geo.scenario.checking.deal import Deals, Partner, group
from raastof_geo.scenario.checking.prospects import Trade
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.agreement import Agreement, NamedLeg
from raastof_geo.scenario.scenario import Scenario

_ROUNDING = 1 + 1e-9
_OTHER: dict[Partner, Partner] = {"giver": "taker", "taker": "giver"}
_ASKS_AND_LIMITS = {
    "forbidden": (False, True),
    "tonnes": (True, True),
    "at_least": (True, False),
    "at_most": (False, True),
}
"""The keys of an agreement: whether at least this much goes, and whether no more."""


@dataclass(frozen=True, eq=False)
class Wish:
    """Tonnes that an agreement, or a leg of the baseline, asks for or allows."""

    trail: Trail
    """Where its tonnes stand."""
    entry: Agreement | NamedLeg
    tonnes: float
    periods: tuple[str, ...]
    deals: tuple[Trade, ...]
    asks: bool
    limits: bool

    def site(self, side: Partner) -> str:
        """Give the site that gives or takes."""
        return self.entry.giver if side == "giver" else self.entry.taker

    @property
    def ends(self) -> dict[str, str]:
        """Both sites, as sentences show them."""
        return {"giver": f"`{self.entry.giver}`", "taker": f"`{self.entry.taker}`"}


def check_agreements(scenario: Scenario, tree: Tree) -> tuple[list[Finding], list[Finding]]:
    """Find agreements that no plan can keep, whatever the roads, and those that change nothing."""
    if not (scenario.said.agreements or scenario.said.baseline.legs):
        return [], []
    deals = Deals(scenario)
    wishes = list(_list_wishes(deals))
    agreed = [wish for wish in wishes if isinstance(wish.entry, Agreement)]
    impossible = {wish: why for wish in wishes if (why := _why_impossible(wish, deals)) is not None}
    possible = [wish for wish in agreed if wish.asks and wish not in impossible]
    mistakes = [
        *_contradictions(agreed, tree),
        *(finding_at(tree, wish.trail, why) for wish, why in impossible.items()),
        *_too_much_together(possible, deals, tree),
    ]
    return mistakes, list(_changing_nothing(agreed, deals, tree))


def _changing_nothing(agreed: Sequence[Wish], deals: Deals, tree: Tree) -> Iterator[Finding]:
    told = read_texts("agreements")["changes nothing"]
    for wish in agreed:
        asks = wish.asks and wish.tonnes > 0
        if not wish.deals and not asks and _have_roles(wish, deals):
            yield finding_at(tree, wish.trail, told.format(**wish.ends))


def _list_wishes(deals: Deals) -> Iterator[Wish]:
    """List what agreements, and legs of the baseline whose tonnes are stated, ask for or allow."""
    scenario, ids = deals.scenario, tuple(deals.scenario.periods)
    entries: list[tuple[Trail, Agreement | NamedLeg]] = [
        *((("agreements", at), entry) for at, entry in enumerate(scenario.said.agreements)),
        *((("baseline", "legs", at), leg) for at, leg in enumerate(scenario.said.baseline.legs)),
    ]
    for trail, entry in entries:
        periods = entry.periods(ids)
        found = deals.between(entry.giver, entry.taker, entry.material, periods)
        if isinstance(entry, NamedLeg):
            found = [
                one for one in found if not (one.giver.kind.converts() or one.taker.kind.converts())
            ]
        for key, asks_and_limits in _ASKS_AND_LIMITS.items():
            if amount := getattr(entry, key, None):
                tonnes = 0.0 if amount is True else scenario.weigh(amount, entry.material)
                yield Wish((*trail, key), entry, tonnes, periods, tuple(found), *asks_and_limits)


def _why_impossible(wish: Wish, deals: Deals) -> Message | None:
    """Say why a single agreement cannot be kept; none where it may be."""
    if not wish.asks or wish.tonnes <= 0 or not _have_roles(wish, deals):
        return None
    if not wish.deals:
        return _why_no_deal(wish, deals)
    for side in _OTHER:
        most = deals.most(side, wish.deals)
        if wish.tonnes > most * _ROUNDING:
            return read_texts("agreements")[side].format(
                tonnes=wish.tonnes, site=f"`{wish.site(side)}`", most=most, short=wish.tonnes - most
            )
    return None


def _have_roles(wish: Wish, deals: Deals) -> bool:
    """Tell whether one site gives and the other takes anything at all; else that is told."""
    return bool(deals.givers[wish.entry.giver] and deals.takers[wish.entry.taker])


def _why_no_deal(wish: Wish, deals: Deals) -> Message:
    entry, material = wish.entry, wish.entry.material
    given = sorted({giver.material for giver in deals.givers[entry.giver]})
    what = given if material is None else [material]
    use = next((need.use for need in deals.scenario.sites[entry.taker].needs), None)
    if not set(what) <= set(given):
        key = "not given"
    elif deals.between(entry.giver, entry.taker, material, deals.scenario.periods):
        key = "no time"
    else:
        key = "not accepted" if use is None else "no use"
    return read_texts("agreements")[key].format(
        site=wish.ends["giver" if key == "not given" else "taker"],
        material=list_codes(what),
        has=list_codes(given),
        first=what[0],
        use=use,
        **wish.ends,
    )


def _contradictions(wishes: Sequence[Wish], tree: Tree) -> Iterator[Finding]:
    for asking, limiting in itertools.permutations(wishes, 2):
        if not (asking.asks and limiting.limits and _covers(limiting, asking)):
            continue
        if asking.tonnes > limiting.tonnes * _ROUNDING:
            first, last = sorted((asking, limiting), key=wishes.index)
            line, tonnes = str(tree.place(first.trail).line), asking.tonnes
            said = read_texts("agreements")["contradiction"].format(
                line=line, asked=tonnes, allowed=limiting.tonnes, **asking.ends
            )
            yield finding_at(tree, last.trail, said)


def _covers(limiting: Wish, asking: Wish) -> bool:
    """Tell whether all that one agreement is about is held down by another."""
    return (
        (limiting.entry.giver, limiting.entry.taker) == (asking.entry.giver, asking.entry.taker)
        and limiting.entry.material in (None, asking.entry.material)
        and set(asking.periods) <= set(limiting.periods)
    )


def _too_much_together(wishes: Sequence[Wish], deals: Deals, tree: Tree) -> Iterator[Finding]:
    for side in _OTHER:
        for mine in group(wishes, partial(Wish.site, side=side)).values():
            yield from _first_excess(side, mine, deals, tree)


def _first_excess(
    side: Partner, wishes: Sequence[Wish], deals: Deals, tree: Tree
) -> Iterator[Finding]:
    of_material = group(wishes, lambda wish: wish.entry.material)
    for mine in (*(of_material[one] for one in of_material if one), wishes):
        most = deals.most(side, [deal for wish in mine for deal in wish.deals])
        asked = _asked(mine, _OTHER[side])
        if len(mine) > 1 and asked > most * _ROUNDING:
            *others, last = mine
            lines = sorted({tree.place(one.trail).line for one in others})
            message = read_texts("agreements")[f"{side} together"].format(
                lines=", ".join(map(str, lines)),
                asked=asked,
                site=f"`{last.site(side)}`",
                most=most,
                short=asked - most,
            )
            yield finding_at(tree, last.trail, message)
            return


def _asked(wishes: Sequence[Wish], partner: Partner) -> float:
    """Give tonnes that are asked for at least, where agreements may be about the same tonnes."""
    total = 0.0
    for mine in group(wishes, lambda wish: wish.site(partner)).values():
        of_material = group(mine, lambda wish: wish.entry.material)
        asked = {material: _most_at_once(some) for material, some in of_material.items()}
        of_any = asked.pop(None, 0.0)
        total += max(of_any, sum(asked.values()))
    return total


def _most_at_once(wishes: Sequence[Wish]) -> float:
    periods = [period for wish in wishes for period in wish.periods]
    apart = len(periods) == len(set(periods))
    tonnes = [wish.tonnes for wish in wishes]
    return sum(tonnes) if apart else max(tonnes)
