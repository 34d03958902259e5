"""Materials that a scenario lets come where the rules do not."""

from collections.abc import Iterator

from raastof_geo.errors import Finding
from raastof_geo.language import Message, say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.scenario import Scenario


def check_receivers(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find receivers that accept soil which may not come to the land that they are said to be on.

    A receiver whose `land` is not said has a permit of its own, and takes what it accepts.
    """
    for site_id, site in scenario.sites.items():
        if site.receiver is None or "land" not in site.model_fields_set:
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
                block = scenario.blocks(material, need.use, site.land)
                if block is not None:
                    trail = ("sites", site_id, "needs", at, "materials", number)
                    yield finding_at(tree, trail, _may_not_serve(material, need.use, block[0]))


def _may_not_serve(material: str, use: str, rule: str) -> Message:
    return say(
        "{material} may not serve {use} here (rule {rule}), so none of it comes: "
        "`raastof why {material_id} {use_id}` tells what could be done",
        material=f"`{material}`",
        use=f"`{use}`",
        rule=f"`{rule}`",
        material_id=material,
        use_id=use,
    )
