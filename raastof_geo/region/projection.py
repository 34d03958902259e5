"""Measure on the ellipsoid, and lay degrees out in metres."""

from functools import lru_cache
from typing import Any, TypeAlias
import numpy as np
import shapely
from numpy.typing import ArrayLike
from pyproj import Geod, Transformer
from raastof_geo.arrays import Floats

DEGREES = "EPSG:4326"
METRES = "EPSG:25832"
"""ETRS89 / UTM 32N, which official maps of Denmark are drawn in."""

Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east and north, WGS84. [degrees]"""

_DENMARK: Bounds = (7.5, 54.3, 13.0, 58.0)
"""Where official maps keep to zone 32, east of its border as well. [degrees]"""
_EUROPE: Bounds = (-12.0, 34.0, 36.0, 72.0)
"""Where maps are drawn in ETRS89, the zones 29 to 36 of which have numbers. [degrees]"""

_ELLIPSOID = Geod(ellps="GRS80")


def find_system(bounds: Bounds) -> str:
    """Find the UTM zone of a rectangle's middle. Returns its code, as official maps have it."""
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    zone = min(int((lon + 180) // 6) + 1, 60)
    if lies_within(_DENMARK, lon, lat):
        return METRES
    if lies_within(_EUROPE, lon, lat):
        return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def lies_within(bounds: Bounds, lon: float, lat: float) -> bool:
    """Tell whether a place lies in a rectangle. [degrees]"""
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north


def project(lon: ArrayLike, lat: ArrayLike, crs: str = METRES) -> Floats:
    """Lay places [degrees, WGS84] out. Returns rows of east and north. [places × 2, m]"""
    east, north = _to_metres(crs).transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.column_stack((np.atleast_1d(east), np.atleast_1d(north)))


def unproject(east: ArrayLike, north: ArrayLike, crs: str = METRES) -> Floats:
    """Lay metres of a system back. Returns rows of lon and lat, WGS84. [places × 2, degrees]"""
    metres = np.asarray(east, float), np.asarray(north, float)
    lon, lat = _to_metres(crs).transform(*metres, direction="INVERSE")
    return np.column_stack((np.atleast_1d(lon), np.atleast_1d(lat)))


def project_shapes(shapes: Any, crs: str = METRES) -> Any:
    """Lay a shape, or an array of them, out. Returns them in metres; the order stays. [m]"""
    return shapely.transform(shapes, lambda at: project(at[:, 0], at[:, 1], crs))


def unproject_shapes(shapes: Any, crs: str = METRES) -> Any:
    """Lay shapes in metres back. Returns them in degrees, in their order."""
    return shapely.transform(shapes, lambda at: unproject(at[:, 0], at[:, 1], crs))


def bound(lon: Floats, lat: Floats) -> Bounds:
    """Bound places. Returns the rectangle that they fill. [degrees]"""
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def measure_steps(lon: ArrayLike, lat: ArrayLike, lon_to: ArrayLike, lat_to: ArrayLike) -> Floats:
    """Measure between pairs of places. Returns the shortest way over the ellipsoid (GRS80). [m]"""
    begin = np.asarray(lon, float), np.asarray(lat, float)
    end = np.asarray(lon_to, float), np.asarray(lat_to, float)
    return np.asarray(_ELLIPSOID.inv(*begin, *end)[2], np.float64)


@lru_cache
def _to_metres(crs: str) -> Transformer:
    return Transformer.from_crs(DEGREES, crs, always_xy=True)
