"""Faults and doubts: what comes against the rules, is offered twice, closed, or not said."""

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import chain

from raastof_geo.language import Message, format_number, list_codes, read_texts, say
from raastof_geo.scenario.fault import Fault
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import OpenDays
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS
from raastof_geo.scenario.scenario import Demand, Scenario


def _fault(key: str, trail: Trail, **values: object) -> Fault:
    return Fault(read_texts("permits")[key].format(**values), trail)


def check_rules(scenario: Scenario) -> Iterator[Fault]:
    """Find soil that may not come to a receiver, and conditions for all that are each need's.

    A permit lets soil come where the `land` of a receiver is not said.
    """
    for site_id, site in scenario.sites.items():
        for number, material in enumerate(site.receiver.accepts if site.receiver else ()):
            move = scenario.catalogue.soil_move(material, site.land) if site.land else None
            if move is not None and move.verdict == "forbidden":
                names = {"site": f"`{site_id}`", "material": f"`{material}`"}
                trail = ("sites", site_id, "receiver", "accepts", number)
                yield _fault("receiver", trail, land=site.land, rule=f"`{move.rule}`", **names)
    if scenario.said.format >= FORMAT_OF_NEEDS:
        for number, condition in enumerate(scenario.said.accepted_conditions):
            if scenario.is_per_need(condition):
                yield _fault("consent", ("accepted_conditions", number), condition=condition)


def note_rules(scenario: Scenario) -> Iterator[Fault]:
    """Find materials that a need names and the rules keep from its use, and zones without sites.

    Polygons may lie elsewhere than meant. And prices that are in kroner still where the catalogue
    is in another currency.
    """
    for site_id, site in scenario.sites.items():
        for at, need in enumerate(site.needs):
            for number, material in enumerate(need.materials or ()):
                block = scenario.blocks(material, scenario.demand(site_id, need))
                if block is not None:
                    trail = ("sites", site_id, "needs", at, "materials", number)
                    yield _fault("need", trail, material=material, use=need.use, rule=block.rule)
    for number, zone in enumerate(scenario.said.zones):
        if not zone.sites:
            yield _fault("zone", ("zones", number))
    if (currency := scenario.catalogue.currency) == "DKK":
        return
    known = scenario.catalogue.figures().items()
    if kroner := [path for path, figure in known if "DKK" in figure.unit]:
        named = {"currency": currency, "count": len(kroner), "some": list_codes(kroner[:5])}
        yield _fault("prices", ("catalogue", "currency"), **named)


def note_land(scenario: Scenario) -> Iterator[Fault]:
    """Say what is taken the land to be where it is not said, and how much hangs on it.

    Of each material what is offered and stored, or what these needs could use of it where that
    is less or where pits and plants give it. [t]
    """
    catalogue, there = scenario.catalogue, defaultdict[str, float](float)
    for offer in scenario.offers:
        there[offer.material] += offer.tonnes
    for material, amount in chain(*(depot.start_t.items() for depot in scenario.depots)):
        there[material] += amount
    made = [one for plant in scenario.plants for one in plant.makes]
    there |= dict.fromkeys(chain(made, *(pit.prices_dkk_per_t for pit in scenario.pits)), math.inf)

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
        yield _fault(
            "land",
            ("sites", at[0], "needs"),
            others=say(" and at {count} more sites", count=len(at) - 1) if at[1:] else "",
            land=scenario.land(at[0]),
            tonnes=format_number(tonnes),
            lands=list_codes(catalogue.land),
        )


def note_double_supply(scenario: Scenario) -> Iterator[Fault]:
    """Find offers of businesses that may be made of what others of the scenario offer as well.

    An offer is suspected where a site that is no business offers the same material or one that
    recipes make it of, at whatever time: stock may lie for years. Not seen are two projects that
    count the same demolition; what comes from outside the scenario says `made_elsewhere: true`.
    """
    for site_id, site in scenario.sites.items():
        for number, entry in enumerate(site.offers if site_id in scenario.businesses else ()):
            # What others than businesses offer of it, and of all that it is made of.
            made, before = {entry.material}, set[str]()
            while made != before:
                before = set(made)
                for recipe in scenario.catalogue.recipes.values():
                    made |= recipe.inputs.keys() if made & recipe.outputs.keys() else set()
            others = (one for one in scenario.offers if one.site not in scenario.businesses)
            same = [one for one in others if one.material in made]
            if same and not entry.made_elsewhere:
                mine = (site_id, number + 1)
                yield _fault(
                    "twice",
                    ("sites", site_id, "offers", number),
                    site=f"`{site_id}`",
                    material=f"`{entry.material}`",
                    tonnes=sum(e.tonnes for e in scenario.offers if (e.site, e.number) == mine),
                    others=", ".join(dict.fromkeys(f"`{one.site}`" for one in same)),
                    same=sum(one.tonnes for one in same),
                )


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
        tonnes = sum(one.tonnes for one in silent)
        choices = list_codes(scenario.catalogue.soil_mappings)
        yield _fault("samples", ("sites", silent[0].site), tonnes=tonnes, choices=choices)


def check_dates(scenario: Scenario) -> Iterator[Fault]:
    """Find periods in which no truck may drive, and places that are never open."""
    trucks = scenario.said.vehicles
    for number, period in enumerate(scenario.periods):
        if not any(scenario.may_drive(one, period) for one in trucks):
            names = {"period": f"`{period}`", "trucks": list_codes(trucks)}
            yield _fault("no truck", ("periods", number), **names)
    for trail, place in _places(scenario):
        if not scenario.open_periods(place):
            yield _fault("never open", trail, dates=tell_days(place))


def note_dates(scenario: Scenario) -> Iterator[Fault]:
    """Find trucks that are not used in some periods, and places that count as closed in some."""
    periods = scenario.periods
    for number, vehicle in enumerate(scenario.said.vehicles):
        idle = ", ".join(one for one in periods if not scenario.may_drive(vehicle, one))
        if idle:
            names = {"truck": f"`{vehicle}`", "periods": idle}
            start = scenario.catalogue.vehicles[vehicle].legal_from
            yield _fault("idle truck", ("vehicles", number), start=start, **names)
    for trail, place in _places(scenario):
        days = {one: place.days_open(when.start, when.end) for one, when in periods.items()}
        partly = ", ".join(one for one, open_ in days.items() if 0 < open_ < periods[one].days)
        if partly:
            yield _fault("partly open", trail, periods=partly, dates=tell_days(place))


def tell_days(place: OpenDays) -> Message:
    """Say before and after which day a place is closed."""
    ends = {"before": place.opens_on, "after": place.closes_on}
    key = " ".join(name for name, day in ends.items() if day) or "after"
    return read_texts("permits")[key].format(start=place.opens_on, end=place.closes_on)


def _places(scenario: Scenario) -> Iterator[tuple[Trail, OpenDays]]:
    for site_id, site in scenario.sites.items():
        for role in ("pit", "receiver", "plant", "depot"):
            place = getattr(site, role)
            if place is not None and (place.opens_on or place.closes_on):
                yield ("sites", site_id, role), place


MISTAKES = (check_rules, check_dates)
DOUBTS = (note_dates, note_samples, note_double_supply, note_land, note_rules)
