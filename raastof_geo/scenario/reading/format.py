"""Forms of scenario files: which there are, and what an older one means today."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from raastof_geo.errors import Finding, ScenarioError
from raastof_geo.language import Message, format_number, say_text
from raastof_geo.scenario.checking.permit import weigh_stake
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS, NEWEST_FORMAT
from raastof_geo.scenario.scenario import Demand, Scenario


def refuse_newer(tree: Tree) -> None:
    """Refuse a file that a later version wrote, before anything else in it looks wrong."""
    given: Any = tree.values.get("format")
    if isinstance(given, int) and given > NEWEST_FORMAT:
        message = say_text("older formats", "newer", given=str(given), newest=str(NEWEST_FORMAT))
        raise ScenarioError(Finding(message, tree.place(("format",))))


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
        tonnes, _ = weigh_stake(scenario, needs, partial(_hangs_on, scenario, one))
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
    for key, partners, named in (
        ("pit", "needs", baseline.pits),
        ("receiver", "offers", baseline.receivers),
    ):
        several = sum(bool(getattr(site, partners)) for site in sites.values()) > 1
        places = [getattr(sites[one], key) for one in (sites if named is None else named)]
        if several and any(place is not None and dict(place.limits()) for place in places):
            return True
    return False
