"""Describe what lies under everything else: land, towns, roads, ferries and names."""

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import shapely

from raastof_geo.arrays import Floats, Indices, Objects
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.outputs.pages.streets import DECIMALS, encode_line, pack, spell_street
from raastof_geo.outputs.palette import ROADS_DRAWN, attribute_maps
from raastof_geo.region.projection import unproject_shapes
from raastof_geo.region.region import Region
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES

_NEAR_M = 1500.0
_LAND_TOLERANCE_DEG = 0.0008
_CELL_M, _SPREAD_M = 100.0, 260.0
_TOWN_PER_KM2 = 6.0
"""Land with more junctions than this is drawn as built up: streets of towns meet every 300 m, roads
outside them every kilometre or two. [1/km2]"""
_LEAST_TOWN_M2 = 150_000.0
_AROUND = (-0.05, -0.05, 0.05, 0.05)


def describe_base(network: RoadNetwork, near: Iterable[tuple[float, float]] = ()) -> dict[str, Any]:
    """Put land, towns, roads and names into plain values for `base.js`.

    `near`: places [lon and lat, degrees] around which small roads are drawn as well.
    """
    shores, towns = shapely.get_rings(find_land(network)), network.region.towns
    ranks = [{"city": 0, "town": 1}.get(one, 2) for one in towns["town_class"]]
    names = np.array(ROAD_CLASSES)[network.road_class]
    around = np.zeros(network.edge_count, bool)  # small roads are drawn near places only
    if len(places := np.array(list(near), np.float64).reshape(-1, 2)):
        middle = network.xy[(network.point_start[:-1] + network.point_start[1:]) // 2]
        tree = shapely.STRtree(shapely.points(middle))
        disks = shapely.points(network.project(places[:, 0], places[:, 1]))
        around[np.unique(tree.query(disks, predicate="dwithin", distance=_NEAR_M)[1])] = True
    roads = {name: _draw_class(network, names == name) for name in ROADS_DRAWN["anywhere"]}
    for shown, mine in ROADS_DRAWN["nearby"].items():
        if lines := _draw_class(network, np.isin(names, mine) & around):
            roads[f"near_{shown}"] = lines
    return {
        "land": [encode_line(ring.coords, _LAND_TOLERANCE_DEG) for ring in shores],
        "towns": [encode_line(ring, 0.0003) for ring in find_towns(network)],
        "roads": roads,
        "ferries": _draw_class(network, network.ferry),
        "names": pack(towns.assign(rank=ranks)[["name", "rank", "lat", "lon"]]),
        "decimals": DECIMALS,
        "attribution": attribute_maps(network),
    }


def describe_areas(region: Region) -> dict[str, Any]:
    """Put borders of municipalities and their names into plain values, for `areas.js`."""
    areas = region.areas
    shapes = shapely.coverage_simplify(areas.geometry.to_numpy(), _LAND_TOLERANCE_DEG)
    whole = shapely.boundary(shapely.union_all(shapes))
    borders = shapely.difference(shapely.union_all(shapely.boundary(shapes)), whole)
    middles = shapely.point_on_surface(shapes)
    return {
        "borders": [
            encode_line(shapely.get_coordinates(one), 0.0)
            for one in shapely.get_parts(shapely.line_merge(borders))
        ],
        "names": [
            {"name": str(name), "at": [round(point.y, 4), round(point.x, 4)]}
            for name, point in zip(areas["name"], middles, strict=True)
        ],
    }


def find_land(network: RoadNetwork) -> Objects:
    """Give the polygons of the land; where no coast is known, roads shall not lie in the sea."""
    if len(network.region.land):
        return network.region.land
    return np.array([shapely.box(*np.add(network.metadata.bounds, _AROUND))], object)


@lru_cache(maxsize=4)
def find_towns(network: RoadNetwork) -> list[Floats]:
    """Find outlines of what is built up, from how densely roads meet. [degrees, points × 2]"""
    drawn = _CELL_M, _SPREAD_M, _TOWN_PER_KM2, _LEAST_TOWN_M2
    return keep(
        "towns",
        fingerprint((network.digest, str(drawn))),
        make=partial(_outline_towns, network),
        write=lambda towns, file: write_arrays(
            {f"{at}": one for at, one in enumerate(towns)}, file
        ),
        read=lambda file: [np.asarray(one, float) for one in read_arrays(file).values()],
    )


def _outline_towns(network: RoadNetwork) -> list[Floats]:
    import contourpy
    from scipy.ndimage import gaussian_filter

    large = [ROAD_CLASSES.index(name) for name in ("motorway", "trunk", "ferry")]
    streets = ~np.isin(network.road_class, large)
    ends = np.concatenate((network.tail[streets], network.head[streets]))
    if not (meeting := np.bincount(ends, minlength=network.node_count) >= 3).any():
        return []
    at = network.project(network.node_lon[meeting], network.node_lat[meeting])
    low = at.min(axis=0) - 10 * _CELL_M
    cells = np.ceil((at.max(axis=0) + 10 * _CELL_M - low) / _CELL_M).astype(int)
    edges = [low[axis] + _CELL_M * np.arange(cells[axis] + 1) for axis in (0, 1)]
    count, _, _ = np.histogram2d(at[:, 0], at[:, 1], bins=edges)
    dense = gaussian_filter(count / (_CELL_M / 1000) ** 2, _SPREAD_M / _CELL_M)
    middles = [one[:-1] + _CELL_M / 2 for one in edges]
    drawn: Any = contourpy.contour_generator(x=middles[0], y=middles[1], z=dense.T)
    drawn = drawn.lines(_TOWN_PER_KM2)
    closed: Any = [shapely.Polygon(line) for line in drawn if len(line) > 3]
    large_enough = [one for one in closed if one.area >= _LEAST_TOWN_M2]
    shapes = unproject_shapes(large_enough, network.region.crs)
    return [shapely.get_coordinates(one) for one in shapes]


def _draw_class(network: RoadNetwork, which: Any) -> list[str]:
    """Join edges into long lines, for the eye only."""
    edges: Indices = np.flatnonzero(which)
    drawn = [shapely.LineString(network.cut(edge, 0.0, 1.0)) for edge in edges.tolist()]
    parts: Any = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(drawn)))
    lines = (spell_street(shapely.get_coordinates(part)) for part in parts)
    return [line for line in lines if line]
