"""Know a region: its areas, coast and towns, for names, limits and the map underneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from raastof_geo.arrays import Floats, Objects, first_of_each
from raastof_geo.region.projection import DEGREES, Bounds, lies_within, project, project_shapes

if TYPE_CHECKING:
    import geopandas as gpd

NEARBY_M = 2000.0
"""A point this far from an area, as a pier may be, still belongs to it. [m]"""
AREA_COLUMNS = ["code", "name", "region"]
TOWN_COLUMNS = ["name", "town_class", "lon", "lat"]


def _no_shapes() -> Objects:
    return np.empty(0, object)


@dataclass(frozen=True, eq=False)
class Region:
    """What a pack knows beside its roads; shapes in WGS84 [degrees]."""

    title: str
    crs: str
    """The system of its metres, such as `EPSG:25832`."""
    bounds: Bounds | None = None
    """Where sites may lie; none: anywhere. [degrees]"""
    credit: Mapping[str, str] = field(default_factory=dict)
    """Whom readers owe the areas to, by language; roads say that themselves."""
    labels: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=AREA_COLUMNS))
    """`code`, `name` and `region` of each area, such as a municipality."""
    shapes: Objects = field(default_factory=_no_shapes)
    """The areas in the order of their labels, which share their borders."""
    towns: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=TOWN_COLUMNS))
    """`name`, `town_class` (city, town, village), `lon` and `lat`."""
    coast: Objects = field(default_factory=_no_shapes)
    """Land as polygons; none: the areas are the land."""

    @cached_property
    def areas(self) -> gpd.GeoDataFrame:
        """The areas: code, name, region and geometry, WGS84."""
        import geopandas as gpd

        return gpd.GeoDataFrame(self.labels, geometry=self.shapes, crs=DEGREES)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the areas, sorted."""
        return tuple(sorted(map(str, self.labels["name"])))

    @cached_property
    def land(self) -> Objects:
        """The polygons of the land; none where no coast is known."""
        shapes = self.coast if len(self.coast) else self.shapes
        return np.asarray(shapely.get_parts(shapely.union_all(shapes)), object)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> Objects:
        """Name the area of each place [degrees]; None beyond `NEARBY_M` from all of them."""
        places = np.asarray(shapely.points(project(lon, lat, self.crs)))
        found: Objects = np.empty(len(places), object)
        place, area = self._area_tree.query_nearest(places, max_distance=NEARBY_M)
        first = first_of_each(place, area)
        found[place[first]] = self.labels["name"].to_numpy(object)[area[first]]
        return found

    def measure_off_land(self, lines: Any, ends: Any) -> Floats:
        """Give how many metres of each line are no land; 0 where its end is far from any."""
        tree = self._land_tree
        known = np.isin(np.arange(len(ends)), tree.query(ends, "dwithin", NEARBY_M)[0])
        line, land = tree.query(lines, predicate="intersects")
        inside = shapely.length(shapely.intersection(lines[line], tree.geometries[land]))
        off_m = shapely.length(lines) - np.bincount(line, inside, minlength=len(lines))
        return np.where(known, off_m, 0.0)

    def find_town(self, lon: float, lat: float) -> tuple[str, float]:
        """Name the town nearest to a place, and how far it is; none is infinitely far. [m]"""
        if self.towns.empty:
            return "", np.inf
        away = project(self.towns["lon"], self.towns["lat"], self.crs) - project(lon, lat, self.crs)
        metres = np.hypot(*away.T)
        return str(self.towns["name"].iloc[metres.argmin()]), float(metres.min())

    def covers(self, lon: float, lat: float) -> bool:
        """Tell whether a site may lie in a place. [degrees]"""
        return lies_within(self.bounds or (-180.0, -90.0, 180.0, 90.0), lon, lat)

    @cached_property
    def _area_tree(self) -> shapely.STRtree:
        return shapely.STRtree(project_shapes(self.shapes, self.crs))

    @cached_property
    def _land_tree(self) -> shapely.STRtree:
        return shapely.STRtree(project_shapes(self.land, self.crs))
