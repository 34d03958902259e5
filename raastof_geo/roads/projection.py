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


def project(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """Lay places [degrees, WGS84] out as rows of east and north, ETRS89 / UTM 32N. [m]"""
    east, north = _to_metres().transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.column_stack((np.atleast_1d(east), np.atleast_1d(north)))


def unproject(east: ArrayLike, north: ArrayLike) -> Floats:
    """Give places in metres as rows of longitude and latitude, WGS84. [degrees]"""
    lon, lat = _to_metres().transform(
        np.asarray(east, float), np.asarray(north, float), direction="INVERSE"
    )
    return np.column_stack((np.atleast_1d(lon), np.atleast_1d(lat)))


def project_shapes(shapes: Any) -> Any:
    """Lay a shape, or an array of them, out in metres; the order of everything stays."""
    return shapely.transform(shapes, lambda at: project(at[:, 0], at[:, 1]))


def unproject_shapes(shapes: Any) -> Any:
    """Give shapes in metres in degrees."""
    return shapely.transform(shapes, lambda at: unproject(at[:, 0], at[:, 1]))


def bound(lon: Floats, lat: Floats) -> Bounds:
    """Give the rectangle that some places fill. [degrees]"""
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def measure_steps(
    lon_from: ArrayLike, lat_from: ArrayLike, lon_to: ArrayLike, lat_to: ArrayLike
) -> Floats:
    """Measure the shortest way over the ellipsoid (GRS80) between pairs of places. [m]"""
    begin = np.asarray(lon_from, float), np.asarray(lat_from, float)
    end = np.asarray(lon_to, float), np.asarray(lat_to, float)
    return np.asarray(_ellipsoid().inv(*begin, *end)[2], np.float64)


@lru_cache
def _to_metres() -> Transformer:
    return Transformer.from_crs(DEGREES, METRES, always_xy=True)


@lru_cache
def _ellipsoid() -> Geod:
    return Geod(ellps="GRS80")
