"""Materials that a scenario lets come where the rules do not, and what it does not say of it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

from raastof_geo.errors import Finding
from raastof_geo.language import format_number, say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS
from raastof_geo.scenario.scenario import Demand, Need, Scenario


def check_receivers(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find receivers that accept soil which may not come to the land that they are said to be on.

    A receiver whose `land` is not said has a permit of its own, and takes what it accepts.
    """
    for site_id, site in scenario.sites.items():
        if site.receiver is None or site.land is None:
            continue
        for number, material in enumerate(site.receiver.accepts):
            move = scenario.catalogue.soil_move(material, site.land)
            if move is not None and move.verdict == "forbidden":
                yield finding_at(
                    tree,
                    ("sites", site_id, "receiver", "accepts", number),
                    say(
                        "{site} accepts {material}, but such soil may not come to "
                        "`land: {land}` (rule {rule}). Drop one of the two; a receiver with a "
                        "permit of its own needs no `land`",
                        site=f"`{site_id}`",
                        material=f"`{material}`",
                        land=site.land,
                        rule=f"`{move.rule}`",
                    ),
                )


def note_needs(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find materials that a need names and the rules keep from its use."""
    for site_id, site in scenario.sites.items():
        for at, need in enumerate(site.needs):
            for number, material in enumerate(need.materials or ()):
                block = scenario.blocks(material, scenario.demand(site_id, need))
                if block is not None:
                    message = say(
                        "`{material}` may not serve `{use}` here (rule `{rule}`), so none of it "
                        "comes: `raastof why {material} {use}` tells what could be done",
                        material=material,
                        use=need.use,
                        rule=block.rule,
                    )
                    trail = ("sites", site_id, "needs", at, "materials", number)
                    yield finding_at(tree, trail, message)


def check_consents(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find conditions that are accepted for all and are a matter of each need."""
    if scenario.said.format < FORMAT_OF_NEEDS:
        return
    for number, condition in enumerate(scenario.said.accepted_conditions):
        if scenario.is_per_need(condition):
            yield finding_at(
                tree,
                ("accepted_conditions", number),
                say(
                    "`{condition}` is a matter of each need and cannot be accepted for all: write "
                    "`accepts: [{condition}]` at the needs where it is met",
                    condition=condition,
                ),
            )


def note_zones(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Say which zones have no site in them, as where their polygons lie elsewhere than meant."""
    for number, zone in enumerate(scenario.said.zones):
        if not zone.sites:
            yield finding_at(tree, ("zones", number), say("no site lies in this zone"))


def note_land(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Say what is taken the land to be where it is not said, and how much hangs on it."""
    catalogue, sites = scenario.catalogue, scenario.sites

    def hangs_on_land(material: str, demand: Demand) -> bool:
        others = (demand._replace(land=land) for land in catalogue.land)
        return len({scenario.blocks(material, one) is None for one in others}) > 1

    silent = [need for need in scenario.needs if sites[need.site].land is None]
    tonnes, at = weigh_stake(scenario, silent, hangs_on_land)
    if at:
        yield finding_at(
            tree,
            ("sites", at[0], "needs"),
            say(
                "`land` is not said here{others}, and is taken to be `{land}`: up to {tonnes} t of "
                "soil hang on it. Write what the land is: {lands}",
                others=say(" and at {count} more sites", count=len(at) - 1) if at[1:] else "",
                land=scenario.land(at[0]),
                tonnes=format_number(tonnes),
                lands=", ".join(f"`{one}`" for one in catalogue.land),
            ),
        )


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
