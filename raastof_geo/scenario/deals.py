"""What cannot be or is doubtful: agreements and lots, rules, dates, what is offered twice."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Literal, TypeAlias, TypeVar
from raastof_geo.arrays import group_by
from raastof_geo.language import Message, format_number, list_codes, read_texts, say, say_text
from raastof_geo.scenario.identity import Fault
from raastof_geo.scenario.parties import Giver, Trade, list_givers, list_takers, may_deal
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.entry import OpenDays, Role
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS, Agreement, NamedLeg
from raastof_geo.scenario.scenario import Demand, Facility, Need, Offer, Scenario, name_stockpile

_Partner: TypeAlias = Literal["giver", "taker"]
_ROUNDING = 1 + 1e-9
_OTHER: dict[_Partner, _Partner] = {"giver": "taker", "taker": "giver"}
_Entry = TypeVar("_Entry", Offer, Need)


class _Deals:
    """What may go from site to site, roads left aside; who gives, takes, offers and needs."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.givers = group_by(list_givers(scenario), lambda giver: giver.site)
        self.takers = group_by(list_takers(scenario), lambda taker: taker.site)
        self.offers = group_by(scenario.offers, lambda offer: (offer.site, offer.material))
        self.needs = group_by(scenario.needs, lambda need: need.site)
        self._depots = {depot.id: depot for depot in scenario.depots}
        self._places: dict[tuple[Role, str], Facility] = {  # a stockpile is a kind of depot
            (Role.DEPOT if one.role == Role.STOCKPILE else one.role, one.id): one
            for one in scenario.facilities
        }

    def between(
        self, origin: str, destination: str, material: str | None, periods: Iterable[str]
    ) -> list[Trade]:
        """List deals between two sites by material and periods. Returns them, roads not asked."""
        wanted, found = frozenset(periods), []
        for giver, taker in itertools.product(self.givers[origin], self.takers[destination]):
            if material in (None, giver.material) and may_deal(giver, taker):
                common = wanted.intersection(giver.periods, taker.accepts[giver.material].periods)
                found += [Trade(giver, taker, common)] if common else []
        return found

    def most(self, side: _Partner, deals: Sequence[Trade]) -> float:
        """Give tonnes that the givers, or the takers, of some deals cannot exceed. [t]

        Offers once each, with their stockpile; needs by the material of which they take most; other
        places by capacities in those periods. Infinite where plants and depots give.
        """
        if side == "giver":
            return self._most_given(deals)
        total = 0.0
        for mine in group_by(deals, lambda deal: deal.taker.id).values():
            taker = mine[0].taker
            if isinstance(need := self.scenario.entries.get((taker.kind, taker.place)), Need):
                total += need.tonnes * max(need.ratios[deal.giver.material] for deal in mine)
            else:
                total += _most_through(self._places[taker.kind, taker.place], mine)
        return total

    def _most_given(self, deals: Sequence[Trade]) -> float:
        givers = {deal.giver.id: deal.giver for deal in deals}.values()
        piles = dict.fromkeys((one.site, one.material) for one in givers if self.is_pile(one))
        most = sum(itertools.starmap(self.in_all, piles))
        for giver in givers:
            if giver.kind.converts() and not self.is_pile(giver):
                return math.inf
            if giver.kind == Role.OFFER and (giver.site, giver.material) not in piles:
                most += self.scenario.entries[giver.kind, giver.place].tonnes
        dug = (deal for deal in deals if deal.giver.kind == Role.PIT)
        for site, mine in group_by(dug, lambda deal: deal.giver.place).items():
            most += _most_through(self._places[Role.PIT, site], mine)
        return most

    def is_pile(self, giver: Giver) -> bool:
        """Tell whether somebody gives from the stockpile of a site."""
        return giver.kind == Role.DEPOT and giver.place == name_stockpile(giver.site)

    def in_all(self, site: str, material: str) -> float:
        """Sum what a site has of a material in all periods and its stockpile. Returns tonnes."""
        offered, pile = self.offers[site, material], self._depots.get(name_stockpile(site))
        start_t = pile.start_t.get(material, 0.0) if pile is not None else 0.0
        return _sum_tonnes(offered) + start_t


def _sum_tonnes(entries: Iterable[Offer | Need]) -> float:
    return sum(one.tonnes for one in entries)


def _most_through(place: Facility, deals: Iterable[Trade]) -> float:
    periods = set[str]().union(*(deal.periods for deal in deals))
    each = math.inf if place.per_period_t is None else place.per_period_t * len(periods)
    return each if place.total_t is None else min(each, place.total_t)


@dataclass(frozen=True, eq=False)
class _Wish:
    """Tonnes that an agreement, or a leg of the baseline, asks for or allows."""

    trail: Trail
    """Where its tonnes stand."""
    entry: Agreement | NamedLeg
    tonnes: float
    periods: tuple[str, ...]
    deals: tuple[Trade, ...]
    asks: bool
    limits: bool

    def site(self, side: _Partner) -> str:
        return self.entry.giver if side == "giver" else self.entry.taker

    def is_agreed(self) -> bool:
        return isinstance(self.entry, Agreement)

    def is_idle(self) -> bool:
        """Tell whether nothing hangs on it: there is nothing to deal, and nothing is asked."""
        return not self.deals and not (self.asks and self.tonnes > 0)

    @property
    def ends(self) -> dict[str, str]:
        """Returns both sites, as sentences show them."""
        return {"giver": f"`{self.entry.giver}`", "taker": f"`{self.entry.taker}`"}


def check_agreements(scenario: Scenario, tree: Tree) -> Iterator[Fault]:
    """Find agreements that no plan can keep, whatever the roads, and those that change nothing."""
    if not (*scenario.said.agreements, *scenario.said.baseline.legs):
        return
    deals = _Deals(scenario)
    wishes = list(_list_wishes(deals))
    agreed = [*filter(_Wish.is_agreed, wishes)]
    reasons = {wish: next(_why_impossible(wish, deals), None) for wish in wishes}
    possible = [wish for wish in agreed if wish.asks and reasons[wish] is None]
    yield from _contradictions(agreed, tree)
    yield from (Fault(why, wish.trail) for wish, why in reasons.items() if why is not None)
    yield from _too_much_together(possible, deals, tree)
    for idle in filter(_Wish.is_idle, agreed):
        if _have_roles(idle, deals):
            told = say_text("agreements", "changes nothing", **idle.ends)
            yield Fault(told, idle.trail, is_doubt=True)


def _list_wishes(deals: _Deals) -> Iterator[_Wish]:
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
            found = [*itertools.filterfalse(Trade.converts, found)]
        for key in ("forbidden", *entry.amounts):
            if amount := getattr(entry, key, None):
                tonnes = 0.0 if amount is True else scenario.weigh(amount, entry.material)
                asks, limits = key in ("tonnes", "at_least"), key != "at_least"
                yield _Wish((*trail, key), entry, tonnes, periods, tuple(found), asks, limits)


def _why_impossible(wish: _Wish, deals: _Deals) -> Iterator[Message]:
    if not wish.asks or wish.tonnes <= 0 or not _have_roles(wish, deals):
        return
    if not wish.deals:
        yield _why_no_deal(wish.entry, wish.ends, deals)
        return
    for side in _OTHER:
        if wish.tonnes > (most := deals.most(side, wish.deals)) * _ROUNDING:
            site, short = f"`{wish.site(side)}`", wish.tonnes - most
            told = read_texts("agreements")[side]
            yield told.format(site=site, tonnes=wish.tonnes, most=most, short=short)


def _why_no_deal(entry: Agreement | NamedLeg, ends: Mapping[str, str], deals: _Deals) -> Message:
    given = sorted({giver.material for giver in deals.givers[entry.giver]})
    what = given if entry.material is None else [entry.material]
    use = next((need.use for need in deals.scenario.sites[entry.taker].needs), None)
    key = "not accepted" if use is None else "no use"
    if not set(what) <= set(given):
        key = "not given"
    elif deals.between(entry.giver, entry.taker, entry.material, deals.scenario.periods):
        key = "no time"
    site = ends["giver" if key == "not given" else "taker"]
    told = {"site": site, "material": list_codes(what), "has": list_codes(given)}
    return read_texts("agreements")[key].format(**told, first=what[0], use=use, **ends)


def _have_roles(wish: _Wish, deals: _Deals) -> bool:
    """Tell whether one site gives and the other takes anything at all; else that is told."""
    return bool(deals.givers[wish.entry.giver] and deals.takers[wish.entry.taker])


def _contradictions(wishes: Sequence[_Wish], tree: Tree) -> Iterator[Fault]:
    """Find agreements that ask for more than another allows of all that they are about."""
    for asking, limiting in itertools.permutations(wishes, 2):
        more = asking.asks and limiting.limits and asking.tonnes > limiting.tonnes * _ROUNDING
        here = asking.ends == limiting.ends and set(asking.periods) <= set(limiting.periods)
        if more and here and limiting.entry.material in (None, asking.entry.material):
            first, last = sorted((asking, limiting), key=wishes.index)
            line, tonnes = str(tree.place(first.trail).line), asking.tonnes
            told = {"line": line, "asked": tonnes, "allowed": limiting.tonnes, **asking.ends}
            yield Fault(say_text("agreements", "contradiction", **told), last.trail)


def _too_much_together(wishes: Sequence[_Wish], deals: _Deals, tree: Tree) -> Iterator[Fault]:
    """Find the first excess of each site: of one material, else of all together."""
    for side, sets in _list_together(wishes):
        for some in sets:
            most = deals.most(side, [deal for wish in some for deal in wish.deals])
            if (asked := _asked(some, _OTHER[side])) > most * _ROUNDING:
                *others, last = some
                lines = sorted({tree.place(one.trail).line for one in others})
                said = {"site": f"`{last.site(side)}`", "lines": ", ".join(map(str, lines))}
                key = "giver together" if side == "giver" else "taker together"
                told = read_texts("agreements")[key].format(asked=asked, most=most, **said)
                yield Fault(told.format(short=asked - most), last.trail)
                break


def _list_together(wishes: Sequence[_Wish]) -> Iterator[tuple[_Partner, list[list[_Wish]]]]:
    """List what each site is asked by several: of each material, and of all together."""
    for side in _OTHER:
        for mine in group_by(wishes, partial(_Wish.site, side=side)).values():
            of_material = group_by(mine, lambda wish: wish.entry.material)
            sets = (*(some for one, some in of_material.items() if one), mine)
            yield side, [some for some in sets if len(some) > 1]


def _asked(wishes: Sequence[_Wish], partner: _Partner) -> float:
    """Give tonnes that are asked for at least, where agreements may be about the same tonnes."""
    total = 0.0
    for mine in group_by(wishes, lambda wish: wish.site(partner)).values():
        asked: dict[str | None, float] = {}
        for material, some in group_by(mine, lambda wish: wish.entry.material).items():
            periods = [one for wish in some for one in wish.periods]
            tonnes = [wish.tonnes for wish in some]
            asked[material] = sum(tonnes) if len(periods) == len(set(periods)) else max(tonnes)
        total += max(asked.pop(None, 0.0), sum(asked.values()))
    return total


def check_lots(scenario: Scenario, tree: Tree) -> Iterator[Fault]:
    """Find what can never be as large as the smallest lot between sites has to be."""
    if (said := scenario.said.choices.smallest_lot) is None or said.value <= 0:
        return
    lot, deals = said.value, _Deals(scenario)
    size = {"lot": lot, "line": str(tree.place(("choices", "smallest_lot")).line)}
    texts, told = read_texts("lots"), set[Trail]()
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    for due in every:
        must, named = True, {"site": f"`{due.site}`"}
        if isinstance(due, Offer):
            most, must, key = _most_leaving(deals, due), due.must_leave, "can never leave"
            key, named = "must leave" if must else key, named | {"material": f"`{due.material}`"}
        else:
            most, key = _most_arriving(deals, due), "nothing fits"
        if most is None or due.tonnes <= 0 or most >= lot / _ROUNDING or due.trail in told:
            continue
        told.add(due.trail)
        yield Fault(texts[key].format(most=most, **named, **size), due.trail, is_doubt=not must)
    yield from _check_agreed_lots(scenario, lot, size)


def _check_agreed_lots(scenario: Scenario, lot: float, size: dict[str, object]) -> Iterator[Fault]:
    for number, entry in enumerate(scenario.said.agreements):
        for key, amount in entry.amounts.items() if entry.giver != entry.taker else ():
            tonnes = scenario.weigh(amount, entry.material)
            if amount is not entry.at_least and 0 < tonnes < lot / _ROUNDING:
                message = read_texts("lots")[key].format(tonnes=tonnes, **size)
                is_doubt = amount is entry.at_most
                yield Fault(message, ("agreements", number, key), is_doubt=is_doubt)


def _most_leaving(deals: _Deals, offer: Offer) -> float | None:
    """Give the most that can leave a site of an offer's material at once; none: not sure."""
    givers = [one for one in deals.givers[offer.site] if one.material == offer.material]
    others = [one for one in deals.takers[offer.site] if one.only_from is None]
    unsure = any(one.kind != Role.OFFER and not deals.is_pile(one) for one in givers)
    if unsure or any(itertools.starmap(may_deal, itertools.product(givers, others))):
        return None
    if offer.site in map(attrgetter("site"), deals.scenario.depots):
        return deals.in_all(offer.site, offer.material)
    return _sum_tonnes(_due_with(offer, deals.offers[offer.site, offer.material]))


def _due_with(entry: _Entry, entries: Iterable[_Entry]) -> list[_Entry]:
    """List what is due in one of the periods of an entry that is among them, itself included."""
    return [one for one in entries if set(one.periods) & set(entry.periods)]


def _most_arriving(deals: _Deals, need: Need) -> float | None:
    """Give the most that can come at once to where a need is; none: not sure."""
    takers = deals.takers[need.site]
    mine = next(one for one in takers if one.id == need.id)
    pairs = itertools.product(deals.givers[need.site], [mine])
    if not need.ratios or any(itertools.starmap(may_deal, pairs)):
        return None
    if any(one.kind != Role.NEED and set(one.accepts) & set(need.ratios) for one in takers):
        return None
    due = _due_with(need, deals.needs[need.site])
    return max(sum(one.tonnes * one.ratios.get(of, 0.0) for one in due) for of in need.ratios)


_MISTAKES = {"receiver", "consent", "no truck", "never open"}
"""What of the rest cannot be; all else of it is doubtful."""


def _fault(key: str, trail: Trail, **values: object) -> Fault:
    return Fault(read_texts("permits")[key].format(**values), trail, is_doubt=key not in _MISTAKES)


def check_rules(scenario: Scenario) -> Iterator[Fault]:
    """Find soil that may not come to a receiver, and conditions for all that are each need's."""
    for site_id, site in scenario.sites.items():
        for number, material in enumerate(site.receiver.accepts if site.receiver else ()):
            # A permit lets soil come where the land of a receiver is not said.
            move = scenario.catalogue.soil_move(material, site.land) if site.land else None
            if move is not None and move.forbids:
                names = {"site": f"`{site_id}`", "material": f"`{material}`"}
                trail = ("sites", site_id, "receiver", "accepts", number)
                yield _fault("receiver", trail, land=site.land, rule=f"`{move.rule}`", **names)
    if scenario.said.format >= FORMAT_OF_NEEDS:
        for number, condition in enumerate(scenario.said.accepted_conditions):
            if scenario.is_per_need(condition):
                yield _fault("consent", ("accepted_conditions", number), condition=condition)


def note_rules(scenario: Scenario) -> Iterator[Fault]:
    """Find materials that a need names and the rules keep from its use, and zones without sites."""
    for site_id, site in scenario.sites.items():
        for at, need in enumerate(site.needs):
            for number, material in enumerate(need.materials or ()):
                if (block := scenario.blocks(material, scenario.demand(site_id, need))) is not None:
                    trail = ("sites", site_id, "needs", at, "materials", number)
                    yield _fault("need", trail, material=material, use=need.use, rule=block.rule)
    for number, zone in enumerate(scenario.said.zones):
        if not zone.sites:  # polygons may lie elsewhere than meant
            yield _fault("zone", ("zones", number))


def note_prices(scenario: Scenario) -> Iterator[Fault]:
    """Find prices in kroner where the catalogue is in another currency."""
    if (currency := scenario.catalogue.currency) == "DKK":
        return
    known = scenario.catalogue.figures().items()
    if kroner := [path for path, figure in known if "DKK" in figure.unit]:
        count, some, trail = len(kroner), list_codes(kroner[:5]), ("catalogue", "currency")
        yield _fault("prices", trail, currency=currency, count=count, some=some)


def note_land(scenario: Scenario) -> Iterator[Fault]:
    """Say what is taken the land to be where it is not said, and how much hangs on it.

    Of each material what there is, or what these needs could use of it where that is less. [t]
    """
    catalogue, there = scenario.catalogue, _sum_there(scenario)

    @cache
    def hangs_on_land(material: str, demand: Demand) -> bool:
        others = (demand._replace(land=land) for land in catalogue.land)
        return len({scenario.blocks(material, one) is None for one in others}) > 1

    wanted, sites = defaultdict[str, float](float), dict[str, None]()
    for need in (one for one in scenario.needs if scenario.sites[one.site].land is None):
        for material in (one for one in there if hangs_on_land(one, need.demand)):
            wanted[material] += need.tonnes * catalogue.ratio(material, need.use)
            sites[need.site] = None
    tonnes, at = sum(min(there[one], tonnes) for one, tonnes in wanted.items()), list(sites)
    if at:
        others = say(" and at {count} more sites", count=len(at) - 1) if at[1:] else ""
        told = {"tonnes": format_number(tonnes), "lands": list_codes(catalogue.land)}
        trail = ("sites", at[0], "needs")
        yield _fault("land", trail, others=others, land=scenario.land(at[0]), **told)


def _sum_there(scenario: Scenario) -> dict[str, float]:
    """Give what there is of each material, endless where pits and plants give it. [t]"""
    there = defaultdict[str, float](float)
    for offer in scenario.offers:
        there[offer.material] += offer.tonnes
    for material, amount in itertools.chain(*(depot.start_t.items() for depot in scenario.depots)):
        there[material] += amount
    made = [one for plant in scenario.plants for one in plant.makes]
    made += itertools.chain(*(pit.prices_dkk_per_t for pit in scenario.pits))
    return there | dict.fromkeys(made, math.inf)


def note_double_supply(scenario: Scenario) -> Iterator[Fault]:
    """Find offers of businesses that may be made of what others of the scenario offer as well.

    An offer is suspected where a site that is no business offers the same material or one that
    recipes make it of, at whatever time: stock may lie for years. Not seen are two projects that
    count the same demolition; what comes from outside the scenario says `made_elsewhere: true`.
    """
    others = [one for one in scenario.offers if one.site not in scenario.businesses]
    for (site, number), mine in group_by(scenario.offers, attrgetter("site", "number")).items():
        entry = scenario.sites[site].offers[number - 1]
        if site not in scenario.businesses or entry.made_elsewhere:
            continue
        made = _list_sources(scenario, entry.material)
        if same := [one for one in others if one.material in made]:
            told = {"site": f"`{site}`", "material": f"`{entry.material}`"}
            told["others"] = list_codes(dict.fromkeys(one.site for one in same))
            tonnes = {"tonnes": _sum_tonnes(mine), "same": _sum_tonnes(same)}
            yield _fault("twice", ("sites", site, "offers", number - 1), **told, **tonnes)


def _list_sources(scenario: Scenario, material: str) -> set[str]:
    made, before = {material}, set[str]()
    while made != before:
        before = set(made)
        for recipe in scenario.catalogue.recipes.values():
            made |= recipe.inputs.keys() if made & recipe.outputs.keys() else set()
    return made


def note_samples(scenario: Scenario) -> Iterator[Fault]:
    """Find soil of which nothing says whether it is sampled before it leaves, told once."""
    materials = scenario.catalogue.materials
    silent = [
        one
        for one in scenario.offers
        if scenario.sites[one.site].soil_mapping is None
        and materials[one.material].soil_class is not None
        and not scenario.sampling_dkk_per_t(one.site, one.material)
    ]
    if silent and scenario.said.format >= FORMAT_OF_NEEDS:
        tonnes = _sum_tonnes(silent)
        choices = list_codes(scenario.catalogue.soil_mappings)
        yield _fault("samples", ("sites", silent[0].site), tonnes=tonnes, choices=choices)


def check_drivers(scenario: Scenario) -> Iterator[Fault]:
    """Find periods in which no truck, or not all, may drive."""
    periods, trucks = scenario.periods, scenario.said.vehicles
    for number, period in enumerate(periods):
        if not any(scenario.may_drive(one, period) for one in trucks):
            names = {"period": f"`{period}`", "trucks": list_codes(trucks)}
            yield _fault("no truck", ("periods", number), **names)
    for number, vehicle in enumerate(trucks):
        if idle := ", ".join(one for one in periods if not scenario.may_drive(vehicle, one)):
            names = {"truck": f"`{vehicle}`", "periods": idle}
            start = scenario.catalogue.vehicles[vehicle].legal_from
            yield _fault("idle truck", ("vehicles", number), start=start, **names)


def check_dates(scenario: Scenario) -> Iterator[Fault]:
    """Find places that are closed always or in some periods: not open all days."""
    periods = scenario.periods
    every = ((id_, *one) for id_, site in scenario.sites.items() for one in site.places.items())
    for site_id, role, place in every:
        trail = ("sites", site_id, role)
        if not scenario.open_periods(place):
            yield _fault("never open", trail, dates=tell_days(place))
        days = {one: place.days_open(when.start, when.end) for one, when in periods.items()}
        if partly := ", ".join(one for one, open_ in days.items() if 0 < open_ < periods[one].days):
            yield _fault("partly open", trail, periods=partly, dates=tell_days(place))


def tell_days(place: OpenDays) -> Message:
    """Say before and after which day a place is closed. Returns the sentence."""
    ends = {"before": place.opens_on, "after": place.closes_on}
    key = " ".join(name for name, day in ends.items() if day) or "after"
    return read_texts("permits")[key].format(start=place.opens_on, end=place.closes_on)


CHECKS = (
    *(check_rules, check_drivers, check_dates, note_samples),
    *(note_double_supply, note_land, note_rules, note_prices),
)
