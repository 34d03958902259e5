"""Find the roads that a scenario says are not as the map says."""

import difflib
from collections.abc import Sequence

import numpy as np
import shapely

from raastof_geo.arrays import Indices
from raastof_geo.errors import RoadDataError, raise_all
from raastof_geo.language import Message, list_codes, say_text
from raastof_geo.roads.mapped.area import join_municipalities
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import edge_lines
from raastof_geo.scenario.said.network import RoadsMeant

FARTHEST_M = 100.0
"""How far a road may lie from the place that a change names. [m]"""


def find_changed_edges(network: RoadNetwork, changes: Sequence[RoadsMeant]) -> list[Indices]:
    """Find the edges, ascending, of each change; `RoadDataError` names all that fit no road."""
    found, lost = [], []
    for change in changes:
        edges = _find_edges(network, change)
        found.append(edges)
        if not len(edges):
            lost.append(_lost(network, change))
    raise_all(RoadDataError, lost)
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
    if not name:
        return False
    number, _, rest = name.casefold().partition(" ")
    return wanted in (name.casefold(), rest) or wanted.replace(" ", "") in number.split("/")


def _nearest_edge(network: RoadNetwork, at: tuple[float, float]) -> Indices:
    x, y = network.project(*at)[0]
    ends = network.xy[np.stack((network.point_start[:-1], network.point_start[1:] - 1))]
    near = np.hypot(ends[..., 0] - x, ends[..., 1] - y) <= network.length_m + FARTHEST_M
    edges = np.flatnonzero(near.any(axis=0) & (network.length_m > 0))
    if not len(edges):
        return edges
    gap = shapely.distance(edge_lines(network, edges), shapely.Point(x, y))
    least = gap.min()
    return edges[gap <= least + 1e-6] if least <= FARTHEST_M else edges[:0]


def find_edges_in(network: RoadNetwork, areas: Sequence[str]) -> Indices:
    """Find the edges that touch municipalities of the region, ascending."""
    return find_edges_over(network, join_municipalities(areas, network.region))


def find_edges_over(network: RoadNetwork, shape: shapely.Geometry) -> Indices:
    """Find the edges that touch a shape, ascending. [degrees]"""
    west, south, east, north = shapely.bounds(shape)
    starts = network.point_start[:-1]
    near = (
        (np.minimum.reduceat(network.lon, starts) <= east)
        & (np.maximum.reduceat(network.lon, starts) >= west)
        & (np.minimum.reduceat(network.lat, starts) <= north)
        & (np.maximum.reduceat(network.lat, starts) >= south)
    )
    edges = np.flatnonzero(near)
    lines = [shapely.linestrings(network.cut(edge, 0.0, 1.0)) for edge in edges.tolist()]
    touched = shapely.intersects(np.array(lines, object), shape)
    return np.asarray(edges[np.asarray(touched, bool)], np.intp)


def _lost(network: RoadNetwork, change: RoadsMeant) -> Message:
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
