"""Faults and doubts: what comes against the rules, is offered twice, closed, or not said."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

from raastof_geo.language import Message, format_number, list_codes, say
from raastof_geo.scenario.fault import Fault
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import OpenDays
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS
from raastof_geo.scenario.scenario import Demand, Need, Scenario


def check_receivers(scenario: Scenario) -> Iterator[Fault]:
    """Find soil that may not come to the `land` of a receiver; not said, a permit lets it come."""
    for site_id, site in scenario.sites.items():
        if site.receiver is None or site.land is None:
            continue
        for number, material in enumerate(site.receiver.accepts):
            move = scenario.catalogue.soil_move(material, site.land)
            if move is not None and move.verdict == "forbidden":
                said = say(
                    "{site} accepts {material}, but such soil may not come to "
                    "`land: {land}` (rule {rule}). Drop one of the two; a receiver with a "
                    "permit of its own needs no `land`",
                    site=f"`{site_id}`",
                    material=f"`{material}`",
                    land=site.land,
                    rule=f"`{move.rule}`",
                )
                yield Fault(said, ("sites", site_id, "receiver", "accepts", number))


def note_needs(scenario: Scenario) -> Iterator[Fault]:
    """Find materials that a need names and the rules keep from its use."""
    for site_id, site in scenario.sites.items():
        for at, need in enumerate(site.needs):
            for number, material in enumerate(need.materials or ()):
                block = scenario.blocks(material, scenario.demand(site_id, need))
                if block is not None:
                    said = say(
                        "`{material}` may not serve `{use}` here (rule `{rule}`), so none of it "
                        "comes: `raastof why {material} {use}` tells what could be done"
                    ).format(material=material, use=need.use, rule=block.rule)
                    yield Fault(said, ("sites", site_id, "needs", at, "materials", number))


def check_consents(scenario: Scenario) -> Iterator[Fault]:
    """Find conditions that are accepted for all and are a matter of each need."""
    if scenario.said.format < FORMAT_OF_NEEDS:
        return
    for number, condition in enumerate(scenario.said.accepted_conditions):
        if scenario.is_per_need(condition):
            said = say(
                "`{condition}` is a matter of each need and cannot be accepted for all: write "
                "`accepts: [{condition}]` at the needs where it is met"
            ).format(condition=condition)
            yield Fault(said, ("accepted_conditions", number))


def note_zones(scenario: Scenario) -> Iterator[Fault]:
    """Say which zones have no site in them, as where their polygons lie elsewhere than meant."""
    for number, zone in enumerate(scenario.said.zones):
        if not zone.sites:
            yield Fault(say("no site lies in this zone"), ("zones", number))


def note_land(scenario: Scenario) -> Iterator[Fault]:
    """Say what is taken the land to be where it is not said, and how much hangs on it."""
    catalogue, sites = scenario.catalogue, scenario.sites

    def hangs_on_land(material: str, demand: Demand) -> bool:
        others = (demand._replace(land=land) for land in catalogue.land)
        return len({scenario.blocks(material, one) is None for one in others}) > 1

    silent = [need for need in scenario.needs if sites[need.site].land is None]
    tonnes, at = weigh_stake(scenario, silent, hangs_on_land)
    if at:
        said = say(
            "`land` is not said here{others}, and is taken to be `{land}`: up to {tonnes} t of "
            "soil hang on it. Write what the land is: {lands}",
            others=say(" and at {count} more sites", count=len(at) - 1) if at[1:] else "",
            land=scenario.land(at[0]),
            tonnes=format_number(tonnes),
            lands=list_codes(catalogue.land),
        )
        yield Fault(said, ("sites", at[0], "needs"))


def weigh_stake(
    scenario: Scenario, needs: list[Need], hangs: Callable[[str, Demand], bool]
) -> tuple[float, list[str]]:
    """Weigh what is there of materials whose way to some needs hangs on something; list the sites.

    Of each material what is offered and stored, or what these needs could use of it where that
    is less or where pits and plants give it. [t]
    """
    there = defaultdict[str, float](float)
    for offer in scenario.offers:
        there[offer.material] += offer.tonnes
    for depot in scenario.depots:
        for material, amount in depot.start_t.items():
            there[material] += amount
    made = [one for plant in scenario.plants for one in plant.makes]
    dug = [one for pit in scenario.pits for one in pit.prices_dkk_per_t]
    there |= dict.fromkeys((*made, *dug), math.inf)
    known, wanted, sites = cache(hangs), defaultdict[str, float](float), dict[str, None]()
    for need in needs:
        for material in there:
            if known(material, need.demand):
                wanted[material] += need.tonnes * scenario.catalogue.ratio(material, need.use)
                sites[need.site] = None
    return sum(min(there[one], tonnes) for one, tonnes in wanted.items()), list(sites)


def note_double_supply(scenario: Scenario) -> Iterator[Fault]:
    """Find offers of businesses that may be made of what others of the scenario offer as well.

    An offer is suspected where a site that is no business offers the same material or one that
    recipes make it of, at whatever time: stock may lie for years. Not seen are two projects that
    count the same demolition; what comes from outside the scenario says `made_elsewhere: true`.
    """
    others = [one for one in scenario.offers if one.site not in scenario.businesses]
    for site_id, site in scenario.sites.items():
        for number, entry in enumerate(site.offers if site_id in scenario.businesses else ()):
            sources = _find_sources(scenario, entry.material)
            same = [one for one in others if one.material in sources]
            mine = [
                one for one in scenario.offers if (one.site, one.number) == (site_id, number + 1)
            ]
            if same and not entry.made_elsewhere:
                said = say(
                    "what {site} offers of {material} ({tonnes} t in all) may be made of what "
                    "others offer here ({others}, {same} t) and then counts twice: leave it out, "
                    "or write `made_elsewhere: true` where it comes from outside the scenario",
                    site=f"`{site_id}`",
                    material=f"`{entry.material}`",
                    tonnes=sum(one.tonnes for one in mine),
                    others=", ".join(dict.fromkeys(f"`{one.site}`" for one in same)),
                    same=sum(one.tonnes for one in same),
                )
                yield Fault(said, ("sites", site_id, "offers", number))


def _find_sources(scenario: Scenario, material: str) -> set[str]:
    found, before = {material}, set[str]()
    while found != before:
        before = set(found)
        for recipe in scenario.catalogue.recipes.values():
            if found & recipe.outputs.keys():
                found |= recipe.inputs.keys()
    return found


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
        said = say(
            "{tonnes} t of soil come from sites without `soil_mapping`, so no samples are "
            "counted for them: say {choices}",
            tonnes=sum(one.tonnes for one in silent),
            choices=list_codes(scenario.catalogue.soil_mappings),
        )
        yield Fault(said, ("sites", silent[0].site))


def check_dates(scenario: Scenario) -> Iterator[Fault]:
    """Find periods in which no truck may drive, and places that are never open."""
    for number, period in enumerate(scenario.periods):
        if not any(scenario.may_drive(one, period) for one in scenario.said.vehicles):
            said = say(
                "no truck of `vehicles` is legal in {period}: it has {trucks}. Add one that is"
            ).format(period=f"`{period}`", trucks=list_codes(scenario.said.vehicles))
            yield Fault(said, ("periods", number))
    for trail, place in _places(scenario):
        if not scenario.open_periods(place):
            said = say(
                "it is open through no period of the scenario ({dates}): change the dates, "
                "or leave it out"
            ).format(dates=tell_days(place))
            yield Fault(said, trail)


def note_dates(scenario: Scenario) -> Iterator[Fault]:
    """Find trucks that are not used in some periods, and places that count as closed in some."""
    for number, vehicle in enumerate(scenario.said.vehicles):
        idle = [one for one in scenario.periods if not scenario.may_drive(vehicle, one)]
        if idle:
            said = say("{truck} is legal from {start} only, so it is not used in {periods}").format(
                truck=f"`{vehicle}`",
                start=scenario.catalogue.vehicles[vehicle].legal_from,
                periods=", ".join(idle),
            )
            yield Fault(said, ("vehicles", number))
    for trail, place in _places(scenario):
        days = {
            one: place.days_open(when.start, when.end) for one, when in scenario.periods.items()
        }
        partly = [one for one, open_ in days.items() if 0 < open_ < scenario.periods[one].days]
        if partly:
            said = say(
                "it is open in a part of {periods} only ({dates}), and counts as closed "
                "then: shorter periods are nearer to it"
            ).format(periods=", ".join(partly), dates=tell_days(place))
            yield Fault(said, trail)


def tell_days(place: OpenDays) -> Message:
    """Say before and after which day a place is closed."""
    dates = {"start": place.opens_on, "end": place.closes_on}
    if place.opens_on and place.closes_on:
        return say("closed before {start} and after {end}", **dates)
    if place.opens_on:
        return say("closed before {start}", **dates)
    return say("closed after {end}", **dates)


def _places(scenario: Scenario) -> Iterator[tuple[Trail, OpenDays]]:
    for site_id, site in scenario.sites.items():
        for role in ("pit", "receiver", "plant", "depot"):
            place = getattr(site, role)
            if place is not None and (place.opens_on or place.closes_on):
                yield ("sites", site_id, role), place


MISTAKES = (check_receivers, check_consents, check_dates)
DOUBTS = (note_dates, note_samples, note_double_supply, note_land, note_needs, note_zones)
