"""Read where sites lie from a scenario that has mistakes elsewhere."""

from collections.abc import Mapping
from typing import Any

from raastof_geo.errors import InputError
from raastof_geo.scenario.coordinates import EASTING, check_degrees, check_metres
from raastof_geo.scenario.reading.tree import Tree


def sketch_sites(tree: Tree) -> dict[str, tuple[float, float]]:
    """Give the sites whose coordinates can be read, each with lon and lat. [degrees]"""
    sites = tree.values.get("sites")
    if not isinstance(sites, Mapping):
        return {}
    found = {str(one): _lon_lat(site) for one, site in sites.items() if isinstance(site, Mapping)}
    return {site: where for site, where in found.items() if where is not None}


def _lon_lat(site: Mapping[str, Any]) -> tuple[float, float] | None:
    crs = site.get("crs")
    first, second = ("easting", "northing") if crs in EASTING else ("lon", "lat")
    here, there = _number(site.get(first)), _number(site.get(second))
    if here is None or there is None:
        return None
    try:
        return check_degrees(here, there) if crs not in EASTING else check_metres(here, there, crs)
    except InputError:
        return None


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
