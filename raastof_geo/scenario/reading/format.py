"""Forms of scenario files: which there are, and what an older one means today."""

from typing import Any

from raastof_geo.errors import Finding, ScenarioError
from raastof_geo.language import say
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.entry import Capacity
from raastof_geo.scenario.said.file import NEWEST_FORMAT
from raastof_geo.scenario.scenario import Scenario


def refuse_newer(tree: Tree) -> None:
    """Refuse a file that a later version wrote, before anything else in it looks wrong.

    Raises
    ------
    ScenarioError
        Its format is newer than any that is known here.
    """
    given: Any = tree.values.get("format")
    if isinstance(given, int) and not isinstance(given, bool) and given > NEWEST_FORMAT:
        raise ScenarioError(
            Finding(
                say(
                    "this file is of format {given}, and this version reads up to format "
                    "{newest}: install a newer one with `pip install --upgrade raastof_geo`",
                    given=str(given),
                    newest=str(NEWEST_FORMAT),
                ),
                tree.place(("format",)),
            )
        )


def note_older(scenario: Scenario, tree: Tree) -> Finding | None:
    """Say what a file of an older format means today, where that is something else for it."""
    if scenario.said.format >= NEWEST_FORMAT or not _shares_a_baseline(scenario):
        return None
    return Finding(
        say(
            "this file is of format {given}. Since format 2 a capacity of a pit or receiver "
            "holds once in the baseline, for all together; before, it held for each site. "
            "Write `format: {newest}` at the top when that is what you mean",
            given=str(scenario.said.format),
            newest=str(NEWEST_FORMAT),
        ),
        tree.place(("format",)),
    )


def _shares_a_baseline(scenario: Scenario) -> bool:
    """Tell whether several sites may meet at a capacity in the baseline."""
    sites, baseline = scenario.sites, scenario.said.baseline
    pits: dict[str, Capacity | None] = {id_: site.pit for id_, site in sites.items()}
    receivers: dict[str, Capacity | None] = {id_: site.receiver for id_, site in sites.items()}
    return any(
        sum(partners) > 1
        and any(
            place is not None and dict(place.limits())
            for site, place in places.items()
            if named is None or site in named
        )
        for places, named, partners in (
            (pits, baseline.pits, [bool(site.needs) for site in sites.values()]),
            (receivers, baseline.receivers, [bool(site.offers) for site in sites.values()]),
        )
    )
