"""Read where sites lie from a scenario that has mistakes elsewhere."""

from collections.abc import Mapping

from pydantic import ValidationError

from raastof_geo.errors import Finding
from raastof_geo.region.region import Region
from raastof_geo.scenario.reading.refusal import explain_errors
from raastof_geo.scenario.reading.tree import Tree
from raastof_geo.scenario.said.site import Located, Site


def sketch_sites(tree: Tree, region: Region) -> tuple[dict[str, Located], list[Finding]]:
    """Give the sites that lie in a region, and what is wrong with where the others lie."""
    sites = tree.values.get("sites")
    found: dict[str, Located] = {}
    mistakes: list[Finding] = []
    for id_, said in sites.items() if isinstance(sites, Mapping) else ():
        if not isinstance(said, Mapping):
            continue
        own = {key: said[key] for key in Located.model_fields if key in said}
        try:
            found[str(id_)] = Located.model_validate(own, context={"region": region})
        except ValidationError as error:
            if said.keys() <= Site.model_fields.keys():  # else another key was meant for one
                mistakes += explain_errors(error, tree, Located, below=("sites", id_))
    return found, mistakes
