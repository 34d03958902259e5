"""Faults and doubts: what comes against the rules, is offered twice, closed, or not said."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, partial

from raastof_geo.errors import Finding
from raastof_geo.language import Message, format_number, list_codes, read_texts, say, say_text
from raastof_geo.scenario.fault import Fault
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.entry import OpenDays
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS, NEWEST_FORMAT
from raastof_geo.scenario.scenario import Demand, Need, Offer, Scenario


def check_receivers(scenario: Scenario) -> Iterator[Fault]:
    """Find soil that may not come to the `land` of a receiver; not said, a permit lets it come."""
    for site_id, site in scenario.sites.items():
        if site.receiver is None or site.land is None:
            continue
        for number, material in enumerate(site.receiver.accepts):
            move = scenario.catalogue.soil_move(material, site.land)
            if move is not None and move.verdict == "forbidden":
                names = {"site": f"`{site_id}`", "material": f"`{material}`"}
                trail = ("sites", site_id, "receiver", "accepts", number)
                yield _fault("receiver", trail, land=site.land, rule=f"`{move.rule}`", **names)


def _fault(key: str, trail: Trail, **values: object) -> Fault:
    return Fault(read_texts("permits")[key].format(**values), trail)


def note_needs(scenario: Scenario) -> Iterator[Fault]:
    """Find materials that a need names and the rules keep from its use."""
    for site_id, site in scenario.sites.items():
        for at, need in enumerate(site.needs):
            for number, material in enumerate(need.materials or ()):
                block = scenario.blocks(material, scenario.demand(site_id, need))
                if block is not None:
                    trail = ("sites", site_id, "needs", at, "materials", number)
                    yield _fault("need", trail, material=material, use=need.use, rule=block.rule)


def check_consents(scenario: Scenario) -> Iterator[Fault]:
    """Find conditions that are accepted for all and are a matter of each need."""
    if scenario.said.format < FORMAT_OF_NEEDS:
        return
    for number, condition in enumerate(scenario.said.accepted_conditions):
        if scenario.is_per_need(condition):
            yield _fault("consent", ("accepted_conditions", number), condition=condition)


def note_zones(scenario: Scenario) -> Iterator[Fault]:
    """Say which zones have no site in them, as where their polygons lie elsewhere than meant."""
    for number, zone in enumerate(scenario.said.zones):
        if not zone.sites:
            yield _fault("zone", ("zones", number))


def note_prices(scenario: Scenario) -> Iterator[Fault]:
    """Say which prices are in kroner still where the catalogue is in another currency."""
    currency, known = scenario.catalogue.currency, scenario.catalogue.figures()
    kroner = [path for path, figure in known.items() if "DKK" in figure.unit]
    if currency != "DKK" and kroner:
        named = {"currency": currency, "count": len(kroner), "some": list_codes(kroner[:5])}
        yield _fault("prices", ("catalogue", "currency"), **named)


def note_land(scenario: Scenario) -> Iterator[Fault]:
    """Say what is taken the land to be where it is not said, and how much hangs on it."""
    catalogue, sites = scenario.catalogue, scenario.sites

    def hangs_on_land(material: str, demand: Demand) -> bool:
        others = (demand._replace(land=land) for land in catalogue.land)
        return len({scenario.blocks(material, one) is None for one in others}) > 1

    silent = [need for need in scenario.needs if sites[need.site].land is None]
    tonnes, at = _weigh_stake(scenario, silent, hangs_on_land)
    if at:
        yield _fault(
            "land",
            ("sites", at[0], "needs"),
            others=say(" and at {count} more sites", count=len(at) - 1) if at[1:] else "",
            land=scenario.land(at[0]),
            tonnes=format_number(tonnes),
            lands=list_codes(catalogue.land),
        )


def _weigh_stake(
    scenario: Scenario, needs: list[Need], hangs: Callable[[str, Demand], bool]
) -> tuple[float, list[str]]:
    """Weigh what is there of materials whose way to some needs hangs on something; list the sites.

    Of each material what is offered and stored, or what these needs could use of it where that
    is less or where pits and plants give it. [t]
    """
    there = _count_stock(scenario)
    known, wanted, sites = cache(hangs), defaultdict[str, float](float), dict[str, None]()
    for need in needs:
        for material in there:
            if known(material, need.demand):
                wanted[material] += need.tonnes * scenario.catalogue.ratio(material, need.use)
                sites[need.site] = None
    return sum(min(there[one], tonnes) for one, tonnes in wanted.items()), list(sites)


def _count_stock(scenario: Scenario) -> dict[str, float]:
    there = defaultdict[str, float](float)
    for offer in scenario.offers:
        there[offer.material] += offer.tonnes
    for depot in scenario.depots:
        for material, amount in depot.start_t.items():
            there[material] += amount
    made = [one for plant in scenario.plants for one in plant.makes]
    dug = [one for pit in scenario.pits for one in pit.prices_dkk_per_t]
    return there | dict.fromkeys((*made, *dug), math.inf)


def note_double_supply(scenario: Scenario) -> Iterator[Fault]:
    """Find offers of businesses that may be made of what others of the scenario offer as well.

    An offer is suspected where a site that is no business offers the same material or one that
    recipes make it of, at whatever time: stock may lie for years. Not seen are two projects that
    count the same demolition; what comes from outside the scenario says `made_elsewhere: true`.
    """
    for site_id, site in scenario.sites.items():
        for number, entry in enumerate(site.offers if site_id in scenario.businesses else ()):
            same = _find_same(scenario, entry.material)
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


def _find_same(scenario: Scenario, material: str) -> list[Offer]:
    """Find what others than businesses offer of a material, and of all that it is made of."""
    found, before = {material}, set[str]()
    while found != before:
        before = set(found)
        for recipe in scenario.catalogue.recipes.values():
            if found & recipe.outputs.keys():
                found |= recipe.inputs.keys()
    others = (one for one in scenario.offers if one.site not in scenario.businesses)
    return [one for one in others if one.material in found]


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


def note_older(scenario: Scenario, tree: Tree) -> Finding | None:
    """Say what a file of an older format means today, where that is something else for it."""
    if scenario.said.format >= FORMAT_OF_NEEDS:
        return None
    changes = [*_tell_changes(scenario)]
    if not changes:
        return None
    named = {f"change_{at}": change for at, change in enumerate(changes)}
    told = Message(" ".join(f"{{{name}}}" for name in named), named)
    numbers = {"given": str(scenario.said.format), "newest": str(NEWEST_FORMAT)}
    message = say_text("older formats", "note", changes=told, **numbers)
    return Finding(message, tree.place(("format",)))


def _tell_changes(scenario: Scenario) -> Iterator[Message]:
    """Tell of capacities in the baseline, of conditions of each need, and of what is a landfill."""
    if scenario.said.format < 2 and _shares_a_baseline(scenario):
        yield say_text("older formats", "capacities")
    for one in filter(scenario.is_per_need, scenario.said.accepted_conditions):
        needs = [need for need in scenario.needs if one not in need.consents]
        tonnes, _ = _weigh_stake(scenario, needs, partial(_hangs_on, scenario, one))
        yield say_text("older formats", "consents", condition=one, tonnes=format_number(tonnes))
    entries = [site.receiver for site in scenario.sites.values() if site.receiver]
    silent = sum(entry.kind is None and entry.landfill is None for entry in entries)
    if silent:
        yield say_text("older formats", "silent receivers", count=silent)
    if any(entry.landfill for entry in entries):
        yield say_text("older formats", "landfills")


def _hangs_on(scenario: Scenario, condition: str, material: str, demand: Demand) -> bool:
    if scenario.blocks(material, demand) is not None:
        return False
    without = demand._replace(accepted=demand.accepted - {condition})
    return scenario.blocks(material, without) is not None


def _shares_a_baseline(scenario: Scenario) -> bool:
    """Tell whether several sites may meet at a capacity in the baseline."""
    sites, baseline = scenario.sites, scenario.said.baseline
    for key, partners in (("pit", "needs"), ("receiver", "offers")):
        named = getattr(baseline, f"{key}s")
        several = sum(bool(getattr(site, partners)) for site in sites.values()) > 1
        places = [getattr(sites[one], key) for one in (sites if named is None else named)]
        if several and any(place is not None and dict(place.limits()) for place in places):
            return True
    return False


MISTAKES = (check_receivers, check_consents, check_dates)
DOUBTS = (
    note_dates,
    note_samples,
    note_double_supply,
    note_land,
    note_needs,
    note_zones,
    note_prices,
)
