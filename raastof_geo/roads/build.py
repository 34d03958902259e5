"""Build a network of roads for trucks out of the ways of OpenStreetMap."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from raastof_geo.errors import RoadDataError
from raastof_geo.language import say
from raastof_geo.roads.chains import Chains, Segments, join_segments
from raastof_geo.roads.lines import Lines, measure_lines, measure_shift, simplify_lines
from raastof_geo.roads.network import ROAD_CLASSES, NetworkMetadata, RoadNetwork
from raastof_geo.roads.osm import Bounds, OsmWays, Progress
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
_FERRY_GAP_M = 500.0
"""Loose ends of a ferry this near to each other belong together. [m]"""
_STEPS_A_DEGREE = 1e6


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
            say(
                "No roads of the wanted classes are connected: {classes}.",
                classes=", ".join(classes),
            )
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
        self.xy = project(ways.node_lon, ways.node_lat)
        gaps = _bridge_ferries(ways, self.xy, way[step], ways.node[step], ways.node[step + 1])
        self.way = np.append(way[step], gaps[0])
        self.tail = np.append(ways.node[step], gaps[1])
        self.head = np.append(ways.node[step + 1], gaps[2])
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


def _bridge_ferries(
    ways: OsmWays,
    xy: NDArray[np.float64],
    way: NDArray[np.int64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Close small gaps in ferries: no ferry ends at sea, but cut-up data says so.

    Joins two loose ends of ferries of one name that are each other's nearest.

    Returns
    -------
    way, tail, head
        One step for each gap.
    """
    degree = np.bincount(tail, minlength=len(xy)) + np.bincount(head, minlength=len(xy))
    ferry = ways.road_class[way] == ROAD_CLASSES.index("ferry")
    ends = np.concatenate((tail[ferry], head[ferry]))
    ways_of_ends = np.tile(way[ferry], 2)
    loose = degree[ends] == 1
    ends, ways_of_ends = ends[loose], ways_of_ends[loose]
    name = ways.name[ways_of_ends]
    if len(ends) < 2:
        return way[:0], tail[:0], head[:0]
    # A third dimension keeps ferries of different names far apart.
    places = np.column_stack((xy[ends], name * 2 * _FERRY_GAP_M))
    found = cKDTree(places).query(places, k=[2])
    gap, other = np.asarray(found[0])[:, 0], np.asarray(found[1])[:, 0]
    here = np.arange(len(ends))
    joined = (gap <= _FERRY_GAP_M) & (other[other] == here) & (here < other)
    return ways_of_ends[joined], ends[joined], ends[other[joined]]


def _number_kinds(ways: OsmWays) -> NDArray[np.int32]:
    speed = np.nan_to_num(ways.maxspeed_km_h, nan=-1.0)
    columns = np.column_stack((ways.road_class, speed, ways.name))
    _, kind = np.unique(columns, axis=0, return_inverse=True)
    return np.asarray(kind.reshape(-1), np.int32)


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
    """Turn the chosen steps into edges: joined, simplified, sorted and measured."""
    ways = raw.ways
    chains = join_segments(raw.segments(chosen))
    mapped = _line_up(raw, chosen, chains)
    drawn = simplify_lines(mapped, raw.xy, tolerance_m=simplify_m)
    lon, lat = _round(ways.node_lon), _round(ways.node_lat)
    length_m = np.add.reduceat(raw.length_m[chosen[chains.segment]], chains.start[:-1])
    nodes = _sort_nodes(np.concatenate((drawn.first, drawn.last)), lon, lat)
    number = np.full(len(lon), -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)

    leading = chains.start[:-1]
    order = np.lexsort((chosen[chains.segment[leading]], number[drawn.last], number[drawn.first]))
    way = raw.way[chosen[chains.segment[leading]]][order]
    flipped = chains.flipped[leading][order]
    shape = drawn.take(order)
    name, names = _pick_names(ways.name[way], ways.names)
    return RoadNetwork(
        node_lon=lon[nodes],
        node_lat=lat[nodes],
        tail=number[shape.first],
        head=number[shape.last],
        length_m=_never_shorter(length_m[order], measure_lines(shape, lon, lat)),
        road_class=ways.road_class[way],
        forward=np.where(flipped, ways.backward[way], ways.forward[way]),
        backward=np.where(flipped, ways.forward[way], ways.backward[way]),
        maxspeed_km_h=ways.maxspeed_km_h[way],
        name=name,
        names=names,
        point_start=shape.start.astype(np.int32),
        lon=lon[shape.point],
        lat=lat[shape.point],
        metadata=NetworkMetadata(
            title=title,
            osm_date=osm_date,
            simplified_m=float(simplify_m),
            bounds=_bound(lon[shape.point], lat[shape.point]),
            largest_shift_m=round(measure_shift(drawn, project(lon, lat), mapped, raw.xy), 3),
        ),
    )


def _line_up(raw: _RawRoads, chosen: NDArray[np.intp], chains: Chains) -> Lines:
    """Give the nodes along each chain, both ends included."""
    segment = chosen[chains.segment]
    begin = np.where(chains.flipped, raw.head[segment], raw.tail[segment])
    end = np.where(chains.flipped, raw.tail[segment], raw.head[segment])
    point = np.insert(end, chains.start[:-1], begin[chains.start[:-1]])
    return Lines(point, chains.start + np.arange(len(chains.start)))


def _never_shorter(
    mapped_m: NDArray[np.float64], drawn_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Round lengths up to a centimetre, so that no road is shorter than it is drawn."""
    return np.asarray(np.ceil(np.maximum(mapped_m, drawn_m) * 100) / 100)


def _sort_nodes(
    nodes: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Sort nodes along a curve that keeps neighbours together, which keeps the file small."""
    unique = np.unique(nodes)
    east = np.round((lon[unique] + 180) * 1e4).astype(np.int64)
    north = np.round((lat[unique] + 90) * 1e4).astype(np.int64)
    curve = np.zeros(len(unique), np.int64)
    for bit in range(22):
        curve |= (east >> bit & 1) << 2 * bit | (north >> bit & 1) << 2 * bit + 1
    return unique[np.lexsort((unique, lat[unique], lon[unique], curve))]


def _pick_names(
    name: NDArray[np.int32], names: tuple[str, ...]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Keep the names in use, and the empty one in front."""
    used, index = np.unique(np.append(name, 0), return_inverse=True)
    return index[:-1].astype(np.int32), tuple(names[number] for number in used.tolist())


def _bound(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bounds:
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _round(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.round(degrees * _STEPS_A_DEGREE) / _STEPS_A_DEGREE)
