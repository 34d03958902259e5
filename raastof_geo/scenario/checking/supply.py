"""What may be offered twice, and soil of whose origin nothing is said."""

from collections.abc import Iterator

from raastof_geo.errors import Finding
from raastof_geo.language import say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.file import FORMAT_OF_NEEDS
from raastof_geo.scenario.said.site import Site
from raastof_geo.scenario.scenario import Scenario


def note_double_supply(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find offers of businesses that may be made of what others of the scenario offer as well.

    A business is a site with a pit, plant, receiver or depot, and with neither a project nor
    needs. Its offer is suspected where another site that is no business offers the same material
    or one that a recipe of the catalogue makes it of, at whatever time: stock may lie for years.
    Not seen are two projects that count the same demolition, and what a business sells of a
    demolition outside the scenario, which `made_elsewhere: true` says.
    """
    projects = {one for one, site in scenario.sites.items() if not _is_business(site)}
    for site_id, site in scenario.sites.items():
        if site_id in projects:
            continue
        for number, entry in enumerate(site.offers):
            sources = _sources(scenario, entry.material)
            same = [
                one for one in scenario.offers if one.site in projects and one.material in sources
            ]
            if not same or entry.made_elsewhere:
                continue
            yield finding_at(
                tree,
                ("sites", site_id, "offers", number),
                say(
                    "what {site} offers of {material} ({tonnes} t in all) may be made of what "
                    "others offer here ({others}, {same} t) and then counts twice: leave it out, "
                    "or write `made_elsewhere: true` where it comes from outside the scenario",
                    site=f"`{site_id}`",
                    material=f"`{entry.material}`",
                    tonnes=sum(
                        one.tonnes
                        for one in scenario.offers
                        if one.site == site_id and one.number == number + 1
                    ),
                    others=", ".join(dict.fromkeys(f"`{one.site}`" for one in same)),
                    same=sum(one.tonnes for one in same),
                ),
            )


def _is_business(site: Site) -> bool:
    serves = site.pit or site.plant or site.receiver or site.depot
    return bool(serves) and not site.project and not site.needs


def _sources(scenario: Scenario, material: str) -> set[str]:
    """Give the secondary materials that a material may be made of, itself among them."""
    catalogue, found = scenario.catalogue, {material}
    while True:
        made_of = {
            one
            for recipe in catalogue.recipes.values()
            if found & set(recipe.outputs)
            for one in recipe.inputs
            if catalogue.materials[one].origin == "secondary"
        }
        if made_of <= found:
            return found
        found |= made_of


def note_samples(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find soil of which nothing says whether it is sampled before it leaves, told once."""
    if scenario.said.format < FORMAT_OF_NEEDS:
        return
    silent = [
        one
        for one in scenario.offers
        if scenario.sites[one.site].soil_mapping is None
        and scenario.catalogue.materials[one.material].soil_class is not None
        and not scenario.sampling_dkk_per_t(one.site, one.material)
    ]
    if silent:
        yield finding_at(
            tree,
            ("sites", silent[0].site),
            say(
                "{tonnes} t of soil come from sites without `soil_mapping`, so no samples are "
                "counted for them: say {choices}",
                tonnes=sum(one.tonnes for one in silent),
                choices=", ".join(f"`{one}`" for one in scenario.catalogue.soil_mappings),
            ),
        )
