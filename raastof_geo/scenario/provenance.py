"""Of what sort a material is by where it comes from, and which sorts a share counts.

What a plant makes is of the sort of what it was made of, whatever it looks like: sand washed out
of soil is soil, and of a recipe that mixes in a third of pit gravel a third is virgin.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from raastof_geo.scenario.catalogue import Catalogue, Material

Sort: TypeAlias = Literal["building", "soil", "residue", "virgin"]
SORTS: tuple[Sort, ...] = ("building", "soil", "residue", "virgin")
"""Recycled building materials; soil; residual products such as slag; out of a pit."""

CLEAN_SOIL_CLASS = 1
"""Soil up to this class on Zealand counts as clean."""

Sorts: TypeAlias = tuple[tuple[Sort, float], ...]
"""The sorts of a tonne, with the share of each. [t/t]"""


def find_sort(material: Material) -> Sort:
    """Give the sort of a material that is offered or dug."""
    if material.origin == "virgin":
        return "virgin"
    if material.soil_class is not None:
        return "soil"
    return "residue" if material.legal_regime == "residual_products" else "building"


def mix_sorts(catalogue: Catalogue, inputs: Mapping[str, float]) -> Sorts:
    """Give the sorts of what is made of tonnes of some materials, in the order of `SORTS`."""
    parts = [(find_sort(catalogue.materials[name]), share) for name, share in inputs.items()]
    sums = {sort: sum(share for one, share in parts if one == sort) for sort in SORTS}
    return tuple((sort, share) for sort, share in sums.items() if share)


def count_share(sorts: Iterable[tuple[Sort, float]], soil_class: int | None, by: str) -> float:
    """Give how much of a tonne counts as secondary by a `ShareDefinition`; no soil has no class."""
    clean = soil_class is None or soil_class <= CLEAN_SOIL_CLASS
    soil = {"with_clean_soil": clean, "without_soil": False, "cut_in_virgin": True}[by]
    counts = {"building": True, "residue": True, "soil": soil, "virgin": False}
    return sum(share for sort, share in sorts if counts[sort])
