"""Read where sites lie from a scenario that has mistakes elsewhere."""

from collections.abc import Mapping
from typing import Any

from pyproj.exceptions import CRSError

from raastof_geo.region.projection import DEGREES
from raastof_geo.region.region import Region
from raastof_geo.scenario.coordinates import to_degrees
from raastof_geo.scenario.reading.tree import Tree


def sketch_sites(tree: Tree, region: Region) -> dict[str, tuple[float, float]]:
    """Give the sites whose coordinates lie in a region, each with lon and lat. [degrees]"""
    sites = tree.values.get("sites")
    if not isinstance(sites, Mapping):
        return {}
    found = {str(one): _lon_lat(site) for one, site in sites.items() if isinstance(site, Mapping)}
    return {site: at for site, at in found.items() if at is not None and region.covers(*at)}


def _lon_lat(site: Mapping[str, Any]) -> tuple[float, float] | None:
    crs = site.get("crs") if site.get("crs") != DEGREES else None
    here, there = (site.get(axis) for axis in (("easting", "northing") if crs else ("lon", "lat")))
    if not (isinstance(here, int | float) and isinstance(there, int | float)):
        return None
    try:
        return to_degrees(here, there, crs) if crs else (float(here), float(there))
    except (CRSError, TypeError):
        return None
