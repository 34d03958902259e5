"""Know the municipalities and towns: for names, for labels and for the map underneath."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from raastof_geo.arrays import Floats, Objects, first_of_each
from raastof_geo.roads.projection import DEGREES, project, project_shapes

if TYPE_CHECKING:
    import geopandas as gpd

NEARBY_M = 2000.0
"""A point this far from a municipality, as a pier may be, still belongs to it. [m]"""


def load_municipalities() -> gpd.GeoDataFrame:
    """Load the built-in municipalities: code, name, region and geometry, WGS84."""
    import geopandas as gpd

    features = _load_features()
    frame = pd.DataFrame([feature["properties"] for feature in features])
    return gpd.GeoDataFrame(frame, geometry=_read_shapes(features), crs=DEGREES)


def load_towns() -> pd.DataFrame:
    """Load the built-in towns: name, town_class (city, town, village), lon and lat."""
    with _built_in("towns.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def locate_municipality(lon: ArrayLike, lat: ArrayLike) -> Objects:
    """Name the municipality of each place [degrees]; None beyond `NEARBY_M` from all of them."""
    names, tree = _municipality_tree()
    places = np.asarray(shapely.points(project(lon, lat)))
    found: Objects = np.empty(len(places), object)
    place, area = tree.query_nearest(places, max_distance=NEARBY_M)
    first = first_of_each(place, area)
    found[place[first]] = names[area[first]]
    return found


def measure_off_land(lines: Any) -> Floats:
    """Give how many metres of each line [EPSG:25832] lie outside the built-in municipalities."""
    tree = _municipality_tree()[1]
    line, area = tree.query(lines, predicate="intersects")
    inside = shapely.length(shapely.intersection(lines[line], tree.geometries[area]))
    return np.asarray(shapely.length(lines) - np.bincount(line, inside, minlength=len(lines)))


def find_town(lon: float, lat: float) -> tuple[str, float]:
    """Name the built-in town that is nearest to a place, and say how far it is. [m]"""
    names, tree = _town_tree()
    place = shapely.Point(np.ravel(project([lon], [lat])))
    found, metres = tree.query_nearest(place, return_distance=True, all_matches=False)
    return str(names[found[0]]), float(metres[0])


def _read_shapes(features: Sequence[Mapping[str, Any]]) -> Objects:
    return shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])


@lru_cache
def _municipality_tree() -> tuple[Objects, shapely.STRtree]:
    features = _load_features()
    names = np.array([feature["properties"]["name"] for feature in features], object)
    return names, shapely.STRtree(project_shapes(_read_shapes(features)))


@lru_cache
def _town_tree() -> tuple[Objects, shapely.STRtree]:
    towns = load_towns()
    metres = project(towns["lon"].to_numpy(), towns["lat"].to_numpy())
    places = np.asarray(shapely.points(metres), object)
    return towns["name"].to_numpy(dtype=object), shapely.STRtree(places)


def _built_in(name: str) -> Any:
    return resources.files("raastof_geo") / "data" / name


def _load_features() -> list[dict[str, Any]]:
    content = json.loads(_built_in("municipalities.geojson").read_text(encoding="utf-8"))
    features: list[dict[str, Any]] = content["features"]
    return features
