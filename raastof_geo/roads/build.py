"""Build a network of roads for trucks out of the ways of OpenStreetMap."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from raastof_geo.errors import RoadDataError
from raastof_geo.language import say
from raastof_geo.roads.chains import Chains, Segments, join_segments
from raastof_geo.roads.network import ROAD_CLASSES, NetworkMetadata, RoadNetwork
from raastof_geo.roads.osm import OsmWays, Progress
from raastof_geo.roads.projection import measure_steps, project
from raastof_geo.roads.reach import Streets, keep_main_part, link_pieces, link_towns

BUILT_IN_CLASSES: tuple[str, ...] = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "ferry",
)
"""Classes kept everywhere; minor roads are kept where they link something."""

_LINK_WEIGHT = {"service": 1.5, "living_street": 1.5, "track": 4.0}
_STEPS_A_DEGREE = 1e6
_ROUNDING_M = 0.2
"""Room for rounding places to a millionth of a degree, in Denmark and elsewhere. [m]"""


def build_network(
    ways: OsmWays,
    *,
    classes: Collection[str] = BUILT_IN_CLASSES,
    keep_towns: pd.DataFrame | None = None,
    simplify_m: float = 15.0,
    title: str = "OpenStreetMap",
    osm_date: str | None = None,
    progress: Progress | None = None,
) -> RoadNetwork:
    """Build a network in which every place can be reached from every other.

    Keeps the wanted classes, links pieces and towns that would be cut off by
    the shortest way through minor roads, drops what cannot be reached and
    left again, joins roads end to end, and simplifies their shape.

    Parameters
    ----------
    classes
        Classes of road to keep everywhere.
    keep_towns
        Towns to link, with `lon` and `lat`. [degrees]
    simplify_m
        The drawn road stays within this distance of the road as mapped. [m]
    osm_date
        State of OpenStreetMap, ISO 8601; by default what `ways` say, else today.

    Raises
    ------
    RoadDataError
        No roads of the wanted classes are connected.
    """
    raw = _RawRoads(ways)
    if progress:
        progress(say("Linking {count} road segments", count=len(raw.tail)))
    kept = _choose(raw, classes, keep_towns)
    if not kept.any():
        raise RoadDataError(
            say("No roads of the wanted classes are connected: {classes}.", classes=", ".join(classes))
        )
    if progress:
        progress(say("Joining and simplifying {count} road segments", count=int(kept.sum())))
    return _draw(
        raw,
        np.flatnonzero(kept),
        simplify_m=simplify_m,
        title=title,
        osm_date=osm_date or ways.osm_date or datetime.now(UTC).date().isoformat(),
    )


class _RawRoads:
    """Every step between two nodes of a way, with its length."""

    def __init__(self, ways: OsmWays) -> None:
        self.ways = ways
        way = np.repeat(np.arange(len(ways.road_class)), np.diff(ways.node_start))
        step = np.flatnonzero((way[1:] == way[:-1]) & (ways.node[1:] != ways.node[:-1]))
        self.way = way[step]
        self.tail, self.head = ways.node[step], ways.node[step + 1]
        self.xy = project(ways.node_lon, ways.node_lat)
        self.length_m = measure_steps(
            ways.node_lon[self.tail],
            ways.node_lat[self.tail],
            ways.node_lon[self.head],
            ways.node_lat[self.head],
        )

    def is_class(self, classes: Collection[str]) -> NDArray[np.bool_]:
        """Mark the steps of some classes."""
        wanted = np.array([label in classes for label in ROAD_CLASSES])
        return wanted[self.ways.road_class[self.way]]

    def streets(self, classes: Collection[str]) -> Streets:
        """See the steps as streets on which links may run."""
        weight = np.array([_LINK_WEIGHT.get(label, 1.0) for label in ROAD_CLASSES])
        return Streets(
            xy=self.xy,
            tail=self.tail,
            head=self.head,
            length_m=self.length_m,
            weight=np.where(self.is_class(classes), 1.0, weight[self.ways.road_class[self.way]]),
            forward=self.ways.forward[self.way],
            backward=self.ways.backward[self.way],
            ferry=self.is_class(("ferry",)),
        )

    def segments(self, chosen: NDArray[np.intp]) -> Segments:
        """See some of the steps as segments that may be joined."""
        way = self.way[chosen]
        return Segments(
            tail=self.tail[chosen],
            head=self.head[chosen],
            forward=self.ways.forward[way],
            backward=self.ways.backward[way],
            kind=_number_kinds(self.ways)[way],
        )


def _number_kinds(ways: OsmWays) -> NDArray[np.int32]:
    speed = np.nan_to_num(ways.maxspeed_km_h, nan=-1.0)
    columns = np.column_stack((ways.road_class, speed, ways.name))
    return np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)


def _choose(
    raw: _RawRoads, classes: Collection[str], towns: pd.DataFrame | None
) -> NDArray[np.bool_]:
    streets = raw.streets(classes)
    kept = link_pieces(streets, raw.is_class(classes))
    if towns is not None and len(towns):
        kept = link_towns(streets, kept, project(towns["lon"], towns["lat"]))
    return keep_main_part(streets, kept)


def _draw(
    raw: _RawRoads, chosen: NDArray[np.intp], *, simplify_m: float, title: str, osm_date: str
) -> RoadNetwork:
    chains = join_segments(raw.segments(chosen))
    points, start = _line_up(raw, chosen, chains)
    lon, lat = _round(raw.ways.node_lon), _round(raw.ways.node_lat)
    drawn, drawn_start = _simplify(raw.xy, points, start, simplify_m)
    largest_shift_m = _measure_shift(project(lon, lat), drawn, drawn_start, raw.xy, points, start)
    first = chosen[chains.segment[chains.start[:-1]]]
    flipped = chains.flipped[chains.start[:-1]]
    way = raw.way[first]
    mapped = np.add.reduceat(raw.length_m[chosen[chains.segment]], chains.start[:-1])
    nodes = _number_nodes(lon, lat, np.concatenate((points[start[:-1]], points[start[1:] - 1])))
    index = np.full(len(lon), -1, np.int32)
    index[nodes] = np.arange(len(nodes), dtype=np.int32)
    tail, head = index[points[start[:-1]]], index[points[start[1:] - 1]]
    forward, backward = raw.ways.forward[way], raw.ways.backward[way]
    order = np.lexsort((first, head, tail))
    used, name = np.unique(np.append(raw.ways.name[way], 0), return_inverse=True)
    shape, shape_start = _reorder(drawn, drawn_start, order)
    return RoadNetwork(
        node_lon=lon[nodes],
        node_lat=lat[nodes],
        tail=tail[order],
        head=head[order],
        length_m=_never_shorter(mapped, _measure(lon, lat, drawn, drawn_start))[order],
        road_class=raw.ways.road_class[way][order],
        forward=np.where(flipped, backward, forward)[order],
        backward=np.where(flipped, forward, backward)[order],
        maxspeed_km_h=raw.ways.maxspeed_km_h[way][order],
        name=name[:-1].astype(np.int32)[order],
        names=tuple(raw.ways.names[index] for index in used.tolist()),
        point_start=shape_start.astype(np.int32),
        lon=lon[shape],
        lat=lat[shape],
        metadata=NetworkMetadata(
            title=title,
            osm_date=osm_date,
            simplified_m=simplify_m,
            bounds=(
                float(lon[shape].min()),
                float(lat[shape].min()),
                float(lon[shape].max()),
                float(lat[shape].max()),
            ),
            largest_shift_m=round(largest_shift_m, 3),
        ),
    )


def _line_up(
    raw: _RawRoads, chosen: NDArray[np.intp], chains: Chains
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the nodes along each chain, both ends included."""
    segment = chosen[chains.segment]
    begin = np.where(chains.flipped, raw.head[segment], raw.tail[segment])
    end = np.where(chains.flipped, raw.tail[segment], raw.head[segment])
    points = np.insert(end, chains.start[:-1], begin[chains.start[:-1]])
    return points, chains.start + np.arange(len(chains.start))


def _simplify(
    xy: NDArray[np.float64], points: NDArray[np.int32], start: NDArray[np.int64], tolerance_m: float
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Leave out points without which a line stays within the tolerance (Douglas-Peucker)."""
    size = np.diff(start)
    line = np.repeat(np.arange(len(size)), size)
    numbered = np.column_stack((xy[points], np.arange(len(points))))
    lines = shapely.linestrings(numbered, indices=line)
    tolerance = max(tolerance_m - _ROUNDING_M, 0.0)
    simple = shapely.simplify(lines, tolerance, preserve_topology=False)
    left, line = shapely.get_coordinates(simple, include_z=True, return_index=True)
    count = np.bincount(line, minlength=len(size))
    return points[left[:, 2].astype(np.intp)], np.append(0, np.cumsum(count))


def _measure_shift(
    drawn_xy: NDArray[np.float64],
    drawn: NDArray[np.int32],
    drawn_start: NDArray[np.int64],
    mapped_xy: NDArray[np.float64],
    mapped: NDArray[np.int32],
    mapped_start: NDArray[np.int64],
) -> float:
    """Measure how far any mapped point lies from the drawn line. [m]"""
    edges = np.arange(len(drawn_start) - 1)
    lines = shapely.linestrings(
        drawn_xy[drawn], indices=np.repeat(edges, np.diff(drawn_start))
    )
    shapely.prepare(lines)
    of = np.repeat(edges, np.diff(mapped_start))
    return float(shapely.distance(lines[of], shapely.points(mapped_xy[mapped])).max())


def _measure(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    points: NDArray[np.int32],
    start: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Measure lines on the ellipsoid. [m]"""
    begin, end = points[:-1], points[1:]
    step = measure_steps(lon[begin], lat[begin], lon[end], lat[end])
    step[start[1:-1] - 1] = 0.0  # from the end of one line to the beginning of the next
    return np.add.reduceat(step, start[:-1])


def _never_shorter(
    mapped_m: NDArray[np.float64], drawn_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Round lengths up to a centimetre, so that no road is shorter than it is drawn."""
    return np.ceil(np.maximum(mapped_m, drawn_m) * 100) / 100


def _number_nodes(
    lon: NDArray[np.float64], lat: NDArray[np.float64], nodes: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Sort nodes along a curve that keeps neighbours together, which keeps the file small."""
    unique = np.unique(nodes)
    east = np.round((lon[unique] + 180) * 1e4).astype(np.int64)
    north = np.round((lat[unique] + 90) * 1e4).astype(np.int64)
    curve = sum(
        ((east >> bit & 1) << 2 * bit) | ((north >> bit & 1) << 2 * bit + 1) for bit in range(22)
    )
    return unique[np.lexsort((unique, lat[unique], lon[unique], curve))]


def _reorder(
    points: NDArray[np.int32], start: NDArray[np.int64], order: NDArray[np.intp]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    size = np.diff(start)[order]
    new_start = np.append(0, np.cumsum(size))
    offset = np.repeat(start[:-1][order] - new_start[:-1], size)
    return points[np.arange(int(size.sum())) + offset], new_start


def _round(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(degrees * _STEPS_A_DEGREE) / _STEPS_A_DEGREE
