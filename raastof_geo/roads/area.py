"""Read areas, and find the roads that lie in them or that a scenario names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING
import numpy as np
import shapely
from raastof_geo.arrays import Indices
from raastof_geo.errors import InputError, RoadDataError, raise_all
from raastof_geo.files import AnyPath
from raastof_geo.language import Message, list_codes, say_text
from raastof_geo.region.layer import read_polygons
from raastof_geo.region.projection import Bounds, find_system, project_shapes, unproject_shapes
from raastof_geo.region.region import Region, read_region
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import edge_lines
from raastof_geo.scenario.said.site import RoadsMeant

if TYPE_CHECKING:
    import geopandas as gpd


def read_area(
    *,
    bounds: Bounds | None = None,
    file: AnyPath | None = None,
    municipalities: Sequence[str] = (),
    buffer_m: float = 0.0,
    region: Region | None = None,
) -> shapely.Geometry | None:
    """Read an area from bounds, a file of polygons or names of municipalities.

    Returns it in WGS84, none where nothing is given. [degrees] `file`: GeoJSON in degrees, or
    anything that GDAL reads, in any coordinate system that it names; `municipalities`: names or
    codes, as in `Køge`, `Køge Kommune` or `0259`, of a `region`, the built-in one by default;
    `buffer_m`: how far the area is widened [m]. `RoadDataError`: several are given, or no area.
    """
    if sum((bounds is not None, file is not None, bool(municipalities))) > 1:
        raise RoadDataError.saying_text("areas", "several")
    area: shapely.Geometry | None = None
    if bounds is not None:
        area = draw_bounds(bounds)
    elif file is not None:
        area = read_polygon(file)
    elif municipalities:
        area = _join_municipalities(municipalities, region or read_region())
    if area is not None and buffer_m > 0:
        crs = find_system(tuple(shapely.bounds(area).tolist()))
        area = unproject_shapes(shapely.buffer(project_shapes(area, crs), buffer_m), crs)
    return area


def draw_bounds(bounds: Sequence[float]) -> shapely.Polygon:
    """Draw bounds. Returns their rectangle [degrees]; `RoadDataError`: they are none."""
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        given = ", ".join(f"{value:g}" for value in bounds)
        raise RoadDataError.saying_text("areas", "bounds", bounds=given)
    return shapely.box(west, south, east, north)


def read_polygon(path: AnyPath) -> shapely.Polygon | shapely.MultiPolygon:
    """Read polygons of a file. Returns them joined and valid [degrees]; or `RoadDataError`."""
    joined = shapely.union_all(shapely.make_valid(read_layer(path).geometry.to_numpy()))
    if not (parts := [part for part in shapely.get_parts(joined) if part.geom_type == "Polygon"]):
        raise RoadDataError.saying_text("files beside", "no polygons", file=path)
    return shapely.MultiPolygon(parts)


def read_layer(path: AnyPath) -> gpd.GeoDataFrame:
    """Read what GDAL reads. Returns polygons, a row each [degrees], or raises `RoadDataError`."""
    try:
        return read_polygons(path, trusted=True)
    except InputError as error:
        raise RoadDataError(*error.findings) from error


def _join_municipalities(wanted: Sequence[str], region: Region) -> shapely.Geometry:
    """Join municipalities by name or code [degrees]; `RoadDataError` names all unknown ones."""
    frame = region.labels
    known = {name.casefold(): index for index, name in enumerate(frame["name"])}
    known |= {code: index for index, code in enumerate(frame["code"])}
    rows, lost = [], []
    for name in wanted:
        if (plain := name.strip().casefold().removesuffix(" kommune")) in known:
            rows.append(known[plain])
        else:
            like = difflib.get_close_matches(name, list(frame["name"]), n=3, cutoff=0.6)
            key = "like" if like else "unknown"
            lost.append(say_text("areas", key, name=f"`{name}`", like=list_codes(like)))
    raise_all(RoadDataError, lost)
    return shapely.union_all(region.shapes[rows])


FARTHEST_M = 100.0
"""How far a road may lie from the place that a change names. [m]"""


def find_changed_edges(network: RoadNetwork, changes: Sequence[RoadsMeant]) -> list[Indices]:
    """Find roads of changes. Returns edges of each, rising; `RoadDataError` names all without."""
    found = [_find_edges(network, change) for change in changes]
    lost = [change for change, edges in zip(changes, found, strict=True) if not len(edges)]
    raise_all(RoadDataError, (_say_lost(network, one) for one in lost))
    return found


def _find_edges(network: RoadNetwork, change: RoadsMeant) -> Indices:
    if change.name is not None:
        wanted = change.name.casefold()
        named = [_is_called(road.name, wanted) for road in network.roads]
        return np.flatnonzero(np.array(named, bool)[network.road])
    if change.way is not None:
        return np.flatnonzero(np.isin(network.way, [way for way in change.way if way]))
    if change.at is not None:
        return _nearest_edge(network, change.at)
    return find_edges_over(network, shapely.make_valid(shapely.Polygon(change.polygon or ())))


def _is_called(name: str, wanted: str) -> bool:
    number, _, rest = name.casefold().partition(" ")
    named = wanted in (name.casefold(), rest) or wanted.replace(" ", "") in number.split("/")
    return bool(name) and named


def _nearest_edge(network: RoadNetwork, at: tuple[float, float]) -> Indices:
    x, y = network.project(*at)[0]
    ends = network.xy[np.stack((network.point_start[:-1], network.point_start[1:] - 1))]
    near = np.hypot(ends[..., 0] - x, ends[..., 1] - y) <= network.length_m + FARTHEST_M
    if not len(edges := np.flatnonzero(near.any(axis=0) & (network.length_m > 0))):
        return edges
    gap = shapely.distance(edge_lines(network, edges), shapely.Point(x, y))
    least = gap.min()
    return edges[gap <= least + 1e-6] if least <= FARTHEST_M else edges[:0]


def find_edges_in(network: RoadNetwork, areas: Sequence[str]) -> Indices:
    """Find roads in municipalities of the region. Returns the edges that touch any, rising."""
    return find_edges_over(network, _join_municipalities(areas, network.region))


def find_edges_over(network: RoadNetwork, shape: shapely.Geometry) -> Indices:
    """Find roads over a shape [degrees]. Returns the edges that touch it, rising."""
    low, high = shapely.bounds(shape).reshape(2, 2)
    places, starts = np.stack((network.lon, network.lat)), network.point_start[:-1]
    least, most = (one.reduceat(places, starts, axis=1).T for one in (np.minimum, np.maximum))
    edges = np.flatnonzero(((least <= high) & (most >= low)).all(axis=1))
    lines = [shapely.linestrings(network.cut(edge, 0.0, 1.0)) for edge in edges.tolist()]
    touched = shapely.intersects(np.array(lines, object), shape)
    return np.asarray(edges[np.asarray(touched, bool)], np.intp)


def _say_lost(network: RoadNetwork, change: RoadsMeant) -> Message:
    if change.name is not None:
        names = sorted({road.name for road in network.roads if road.name})
        like = difflib.get_close_matches(change.name, names, n=3, cutoff=0.5)
        key = "like" if like else "name"
        return say_text("changes", key, name=f"`{change.name}`", like=list_codes(like))
    if change.way is not None:
        return say_text("changes", "way", ways=", ".join(map(str, change.way)))
    if change.at is not None:
        place = f"{change.at[0]:g}, {change.at[1]:g}"
        return say_text("changes", "at", limit=round(FARTHEST_M), place=place)
    return say_text("changes", "polygon")
