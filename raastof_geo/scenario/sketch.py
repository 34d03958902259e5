"""Read where sites lie from a scenario that has mistakes elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raastof_geo.errors import InputError
from raastof_geo.scenario.coordinates import EASTING, check_degrees, check_metres
from raastof_geo.scenario.tree import Tree


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
    here, there = site.get(first), site.get(second)
    if not (_is_number(here) and _is_number(there)):
        return None
    try:
        if first == "lon":
            return check_degrees(float(here), float(there))
        return check_metres(float(here), float(there), crs)  # type: ignore[arg-type]
    except (InputError, OverflowError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
