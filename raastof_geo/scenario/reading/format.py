"""Forms of scenario files: which there are, and what an older one means today."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from raastof_geo.errors import Finding, ScenarioError
from raastof_geo.language import Message, format_number, say
from raastof_geo.scenario.checking.permit import weigh_stake
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS, NEWEST_FORMAT
from raastof_geo.scenario.scenario import Demand, Scenario


def refuse_newer(tree: Tree) -> None:
    """Refuse a file that a later version wrote, before anything else in it looks wrong."""
    given: Any = tree.values.get("format")
    if isinstance(given, int) and not isinstance(given, bool) and given > NEWEST_FORMAT:
        message = say(
            "this file is of format {given}, and this version reads up to format "
            "{newest}: install a newer one with `pip install --upgrade raastof_geo`"
        ).format(given=str(given), newest=str(NEWEST_FORMAT))
        raise ScenarioError(Finding(message, tree.place(("format",))))


def note_older(scenario: Scenario, tree: Tree) -> Finding | None:
    """Say what a file of an older format means today, where that is something else for it."""
    if scenario.said.format >= FORMAT_OF_NEEDS:
        return None
    tellers = (_tell_capacities, _tell_consents, _tell_receivers)
    changes = [change for tell in tellers for change in tell(scenario)]
    if not changes:
        return None
    named = {f"change_{at}": change for at, change in enumerate(changes)}
    told = Message(" ".join(f"{{{name}}}" for name in named), named)
    message = say(
        "this file is of format {given}. {changes} Write `format: {newest}` at the top when "
        "that is what you mean"
    ).format(given=str(scenario.said.format), changes=told, newest=str(NEWEST_FORMAT))
    return Finding(message, tree.place(("format",)))


def _tell_capacities(scenario: Scenario) -> Iterator[Message]:
    if scenario.said.format < 2 and _shares_a_baseline(scenario):
        yield say(
            "Since format 2 a capacity of a pit or receiver holds once in the baseline, for all "
            "together; before, it held for each site."
        )


def _tell_consents(scenario: Scenario) -> Iterator[Message]:
    """Tell how much hangs on conditions that are accepted for all and are a matter of each need."""
    for one in filter(scenario.is_per_need, scenario.said.accepted_conditions):
        needs = [need for need in scenario.needs if one not in need.consents]
        tonnes, _ = weigh_stake(scenario, needs, partial(_hangs_on, scenario, one))
        yield say(
            "Since format 3 `{condition}` is a matter of each need, `accepts: [{condition}]`; here "
            "it is read as accepted at every need, and up to {tonnes} t hang on that."
        ).format(condition=one, tonnes=format_number(tonnes))


def _tell_receivers(scenario: Scenario) -> Iterator[Message]:
    """Tell of receivers that were landfills, of which nothing was said, and of those said to be."""
    entries = [site.receiver for site in scenario.sites.values() if site.receiver]
    silent = sum(entry.kind is None and entry.landfill is None for entry in entries)
    if silent:
        yield say(
            "Since format 3 a receiver is a landfill only where it says `kind: landfill`; before, "
            "{count} here that say nothing counted as landfill, and none paid waste tax."
        ).format(count=silent)
    if any(entry.landfill for entry in entries):
        yield say(
            "`landfill: true` is read as a landfill whose fees hold its waste tax; with "
            "`kind: landfill` the tax is paid beside them."
        )


def _hangs_on(scenario: Scenario, condition: str, material: str, demand: Demand) -> bool:
    if scenario.blocks(material, demand) is not None:
        return False
    without = demand._replace(accepted=demand.accepted - {condition})
    return scenario.blocks(material, without) is not None


def _shares_a_baseline(scenario: Scenario) -> bool:
    """Tell whether several sites may meet at a capacity in the baseline."""
    sites, baseline = scenario.sites, scenario.said.baseline
    return any(
        sum(bool(getattr(site, partners)) for site in sites.values()) > 1
        and any(
            (place := getattr(site, key)) is not None and dict(place.limits())
            for one, site in sites.items()
            if named is None or one in named
        )
        for key, partners, named in (
            ("pit", "needs", baseline.pits),
            ("receiver", "offers", baseline.receivers),
        )
    )
