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
    crs = next((one for one in EASTING if one == site.get("crs")), None)
    here, there = (site.get(axis) for axis in (("easting", "northing") if crs else ("lon", "lat")))
    if not (isinstance(here, int | float) and isinstance(there, int | float)):
        return None
    try:
        return check_metres(here, there, crs) if crs else check_degrees(float(here), float(there))
    except InputError:
        return None
