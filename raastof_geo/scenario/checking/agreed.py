"""Agreements that cannot be kept: larger than what there is, or against each other."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from raastof_geo.errors import Finding
from raastof_geo.language import Message, list_codes, say
from raastof_geo.scenario.checking.deal import Deal, Deals, Partner, group
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.agreement import Agreement, NamedLeg
from raastof_geo.scenario.scenario import Scenario

_ROUNDING = 1 + 1e-9
_OTHER: dict[Partner, Partner] = {"giver": "taker", "taker": "giver"}
_TOO_MUCH: dict[Partner, Message] = {
    "giver": say(
        "{tonnes} t are to go, and {site} can give {most} t in that time: {short} t too "
        "much. Lower this amount, or raise what {site} offers"
    ),
    "taker": say(
        "{tonnes} t are to go, and {site} can take {most} t in that time: {short} t too "
        "much. Lower this amount, or raise what {site} takes"
    ),
}
_TOO_MUCH_TOGETHER: dict[Partner, Message] = {
    "giver": say(
        "together with line {lines}, {asked} t are agreed, and {site} can give {most} t in "
        "that time: {short} t too much. Lower the agreements, or raise what {site} offers"
    ),
    "taker": say(
        "together with line {lines}, {asked} t are agreed, and {site} can take {most} t in "
        "that time: {short} t too much. Lower the agreements, or raise what {site} takes"
    ),
}
_CHANGES_NOTHING = say(
    "nothing can go from {giver} to {taker} by the rules, so this agreement changes "
    "nothing: look at its material and its window"
)
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
    deals: tuple[Deal, ...]
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
    mistakes, possible = list(_contradictions(agreed, tree)), []
    for wish in wishes:
        message = _why_impossible(wish, deals)
        if message is not None:
            mistakes.append(finding_at(tree, wish.trail, message))
        elif wish.asks and isinstance(wish.entry, Agreement):
            possible.append(wish)
    mistakes += _too_much_together(possible, deals, tree)
    return mistakes, [
        finding_at(tree, wish.trail, _CHANGES_NOTHING.format(**wish.ends))
        for wish in agreed
        if not wish.deals and not (wish.asks and wish.tonnes > 0) and _have_roles(wish, deals)
    ]


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
            found = [one for one in found if not one.giver.kind.converts()]
            found = [one for one in found if not one.taker.kind.converts()]
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
    for side, message in _TOO_MUCH.items():
        most = deals.most(side, wish.deals)
        if wish.tonnes > most * _ROUNDING:
            return message.format(
                tonnes=wish.tonnes, site=f"`{wish.site(side)}`", most=most, short=wish.tonnes - most
            )
    return None


def _have_roles(wish: Wish, deals: Deals) -> bool:
    """Tell whether one site gives and the other takes anything at all; else that is told."""
    return bool(deals.givers[wish.entry.giver] and deals.takers[wish.entry.taker])


def _why_no_deal(wish: Wish, deals: Deals) -> Message:
    entry = wish.entry
    material = entry.material
    has = sorted({giver.material for giver in deals.givers[entry.giver]})
    if material is not None and material not in has:
        return say("{site} does not give {material}; it gives {has}").format(
            site=f"`{entry.giver}`", material=f"`{material}`", has=list_codes(has)
        )
    if deals.between(entry.giver, entry.taker, material, deals.scenario.periods):
        return say(
            "nothing can go from {giver} to {taker} in this window: what is given and what may "
            "be taken then have no period in common"
        ).format(**wish.ends)
    what = [material] if material is not None else has
    use = next((need.use for need in deals.scenario.sites[entry.taker].needs), None)
    if use is not None:
        return say(
            "{site} may take no {material} by the rules: `raastof why {first} {use}` tells why"
        ).format(site=f"`{entry.taker}`", material=list_codes(what), first=what[0], use=use)
    return say(
        "{site} may take no {material}: it is not among what it accepts from {giver}"
    ).format(site=f"`{entry.taker}`", material=list_codes(what), giver=f"`{entry.giver}`")


def _contradictions(wishes: Sequence[Wish], tree: Tree) -> Iterator[Finding]:
    for asking, limiting in itertools.permutations(wishes, 2):
        if not (asking.asks and limiting.limits and _covers(limiting, asking)):
            continue
        if asking.tonnes > limiting.tonnes * _ROUNDING:
            first, last = sorted((asking, limiting), key=wishes.index)
            line, tonnes = str(tree.place(first.trail).line), asking.tonnes
            said = say(
                "this contradicts the agreement in line {line}: one asks for {asked} t "
                "from {giver} to {taker}, the other allows {allowed} t. Keep one of them"
            ).format(line=line, asked=tonnes, allowed=limiting.tonnes, **asking.ends)
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
            message = _TOO_MUCH_TOGETHER[side].format(
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
