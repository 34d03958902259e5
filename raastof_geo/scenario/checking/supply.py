"""What may be offered twice, and soil of whose ground nothing is said."""

from collections.abc import Iterator

from raastof_geo.errors import Finding
from raastof_geo.language import say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS
from raastof_geo.scenario.scenario import Scenario


def note_double_supply(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
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
                yield finding_at(tree, ("sites", site_id, "offers", number), said)


def _find_sources(scenario: Scenario, material: str) -> set[str]:
    """Give the materials that a material may be made of, itself among them."""
    found, before = {material}, set[str]()
    while found != before:
        before = set(found)
        for recipe in scenario.catalogue.recipes.values():
            if found & recipe.outputs.keys():
                found |= recipe.inputs.keys()
    return found


def note_samples(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
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
            choices=", ".join(f"`{one}`" for one in scenario.catalogue.soil_mappings),
        )
        yield finding_at(tree, ("sites", silent[0].site), said)
