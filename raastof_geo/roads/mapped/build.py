"""Build a network of roads for trucks out of the ways of OpenStreetMap."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.errors import RoadDataError
from raastof_geo.language import say
from raastof_geo.region.projection import bound, measure_steps
from raastof_geo.roads.columns import Rows, lay_runs
from raastof_geo.roads.edges import RoadEdges, Turn
from raastof_geo.roads.mapped.osm import OsmWays, TellStep
from raastof_geo.roads.mapped.rules import flip_tags
from raastof_geo.roads.mapped.ways import add_straight_edges, lay_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES, Access, Road, join_tags, split_tags
from raastof_geo.roads.routing.islands import keep_main_part, link_pieces


class Chains(Rows):
    """Runs of segments, by their half-edges; no chain ends where it begins."""

    @property
    def segment(self) -> Integers:
        """The segments, in the order that the chains run through them."""
        return self.numbers // 2

    @property
    def flipped(self) -> Mask:
        """Whether the chain runs through a segment from head to tail."""
        return np.asarray(self.numbers % 2 == 1)


def _join_segments(ends: SmallIntegers, ways: Mask, kind: SmallIntegers) -> Chains:
    """Join segments through nodes where just two of a kind meet, each into exactly one chain.

    `ends`: nodes, tail and head of each segment; `ways`: whether it is open along and against them;
    `kind`: equal numbers where class, limit and name are equal.
    """
    node, outward = ends.ravel(), ways.ravel()
    partners = _partners(node, outward, ways[:, ::-1].ravel(), np.repeat(kind, 2))
    runs = [part for run in _walk(partners) for part in _part(node, run)]
    # One that is open against its direction only is turned round: its shape runs as trucks do.
    runs = [run if outward[run[0]] else [half ^ 1 for half in reversed(run)] for run in runs]
    return Chains.of(runs)


# A half-edge is a segment seen from one of its ends: 2 s from its tail, 2 s + 1 from its head. So
# `half ^ 1` is its other end, and a chain is followed by going over to that and on to its partner.


def _partners(node: SmallIntegers, outward: Mask, inward: Mask, kind: SmallIntegers) -> Integers:
    """Give for each half-edge the one that its road goes on with, or -1, if just two meet there."""
    order = np.argsort(node, kind="stable")
    starts = np.flatnonzero(np.diff(node[order], prepend=-1))
    degree = np.diff(np.append(starts, len(order)))
    one, other = order[starts[degree == 2]], order[starts[degree == 2] + 1]
    joined = (
        (kind[one] == kind[other])
        & (inward[one] == outward[other])
        & (outward[one] == inward[other])
        & (one // 2 != other // 2)
    )
    partner = np.full(len(node), -1, np.int64)
    partner[one[joined]] = other[joined]
    partner[other[joined]] = one[joined]
    return partner


def _walk(partners: Integers) -> list[list[int]]:
    partner = partners.tolist()
    visited = bytearray(len(partner) // 2)
    ends = np.flatnonzero(partners < 0).tolist()
    runs: list[list[int]] = []
    for first in (*ends, *range(0, len(partner), 2)):
        half, run = first, []
        while half >= 0 and not visited[half // 2]:
            visited[half // 2] = 1
            run.append(half)
            half = partner[half ^ 1]
        runs += [run] if run else []
    return runs


def _part(node: SmallIntegers, run: list[int]) -> list[list[int]]:
    """Part a chain in its middle that would come back to where it began."""
    if node[run[0]] != node[run[-1] ^ 1] or len(run) < 2:
        return [run]
    middle = len(run) // 2
    return [run[:middle], run[middle:]]


BUILT_IN_CLASSES = (*ROAD_CLASSES[: ROAD_CLASSES.index("unclassified") + 1], "ferry")
"""Classes kept everywhere; minor roads are kept where they link something."""

AddLinks: TypeAlias = Callable[[RoadEdges, Mask, Floats], Mask]
"""Adds links to the edges that are kept, by how unwelcome each metre is on one. [edges]"""

_LINK_WEIGHT = {"service": 1.5, "living_street": 1.5, "track": 4.0}
"""How unwelcome a metre of such a road is on a link, beside one of an ordinary road: rather half as
far again by street than over a yard, and four times as far than over a field. A judgement; it
chooses which minor roads are kept, never what they weigh on a route."""
_ROUNDING_M = 0.2
"""Room for rounding places to a millionth of a degree, which is 0.11 m to the north. [m]"""
_FERRY_GAP_M = 500.0
"""Loose ends of a ferry this near to each other belong together. [m]"""


def build_network(
    ways: OsmWays,
    *,
    classes: Collection[str] = BUILT_IN_CLASSES,
    link: AddLinks = link_pieces,
    simplify_m: float = 15.0,
    title: str = "OpenStreetMap",
    osm_date: str | None = None,
    progress: TellStep | None = None,
) -> RoadNetwork:
    """Build a network in which every place can be reached from every other.

    Keeps the wanted classes, links pieces that would be cut off by the shortest way through minor
    roads, drops what cannot be reached and left again, joins roads end to end, and simplifies their
    shape. Strongly connected but for closed roads, which stay where they would be a way; nodes lie
    along a curve that keeps neighbours together.

    `classes` are kept everywhere; `link` adds minor roads to them; the drawn road stays within
    `simplify_m` of the road as mapped [m]; `osm_date`: ISO 8601, by default what `ways` say.
    `RoadDataError`: no roads of the wanted classes are connected.
    """
    whole = _bridge_ferries(lay_network(ways, title=title, osm_date=osm_date))
    if progress:
        progress(say("Linking {count} road segments", count=whole.edge_count))
    kept = _choose(whole, classes, link)
    if not kept.any():
        raise RoadDataError.saying(
            "No roads of the wanted classes are connected: {classes}.", classes=", ".join(classes)
        )
    if progress:
        progress(say("Joining and simplifying {count} road segments", count=int(kept.sum())))
    return _draw(whole, np.flatnonzero(kept), simplify_m=simplify_m)


def _bridge_ferries(network: RoadNetwork) -> RoadNetwork:
    """Join loose ends of ferries of one name that are each other's nearest: data is cut at sea."""
    xy = network.project(network.node_lon, network.node_lat)
    degree = np.bincount(np.concatenate((network.tail, network.head)), minlength=len(xy))
    edge = np.flatnonzero(network.ferry)
    ends = np.concatenate((network.tail[edge], network.head[edge]))
    edges_of_ends = np.tile(edge, 2)
    loose = degree[ends] == 1
    ends, edges_of_ends = ends[loose], edges_of_ends[loose]
    if len(ends) < 2:
        return network
    names = {road.name: number for number, road in enumerate(network.roads)}
    name = np.array([names[network.called(edge)] for edge in edges_of_ends.tolist()])
    # A third dimension keeps ferries of different names far apart.
    places = np.column_stack((xy[ends], name * 2 * _FERRY_GAP_M))
    found = cKDTree(places).query(places, k=[2])
    gap, other = np.asarray(found[0])[:, 0], np.asarray(found[1])[:, 0]
    here = np.arange(len(ends))
    joined = (gap <= _FERRY_GAP_M) & (other[other] == here) & (here < other)
    tail, head = ends[joined], ends[other[joined]]
    lon, lat = network.node_lon, network.node_lat
    length_m = measure_steps(lon[tail], lat[tail], lon[head], lat[head])
    road = network.road[edges_of_ends[joined]]
    return add_straight_edges(network, tail, head, road=road, length_m=length_m)


def _choose(network: RoadNetwork, classes: Collection[str], link: AddLinks) -> Mask:
    wanted = np.array([label in classes for label in ROAD_CLASSES])[network.road_class]
    closed = network.access == Access.CLOSED
    # Links may run on all streets but closed ones, which carry nobody.
    ways = {"forward": network.forward & ~closed, "backward": network.backward & ~closed}
    streets = replace(network, **ways)
    unwelcome = np.array([_LINK_WEIGHT.get(label, 1.0) for label in ROAD_CLASSES])
    weight = np.where(wanted, 1.0, unwelcome[network.road_class])
    kept = keep_main_part(streets, link(streets, wanted & ~closed, weight))
    reached = np.zeros(network.node_count, bool)
    reached[network.tail[kept]] = True
    reached[network.head[kept]] = True
    # Closed roads stay where they would be a way, so that a detour can be explained.
    return np.asarray(kept | (wanted & closed & reached[network.tail] & reached[network.head]))


def _draw(whole: RoadNetwork, chosen: Indices, *, simplify_m: float) -> RoadNetwork:
    """Turn the chosen edges into longer ones: joined, simplified, sorted and measured.

    Lengths are those of the road as mapped, on the ellipsoid; where the drawn line is longer by
    rounding, that counts. Edges are sorted by their ends along the curve of `_sort_nodes`.
    """
    road, roads = _name_roads(whole, chosen)
    ends = np.column_stack((whole.tail, whole.head))[chosen]
    ruled = np.flatnonzero([bool(roads[kind].rules) for kind in road.tolist()])
    kind = road.copy()
    kind[ruled] = len(roads) + ruled  # stays as it is: its rules may hang on its direction
    chains = _join_segments(ends, np.column_stack((whole.forward, whole.backward))[chosen], kind)
    xy = np.concatenate((whole.project(whole.node_lon, whole.node_lat), whole.xy))
    mapped = _line_up(whole, chosen, chains)
    drawn = _simplify(mapped, xy, tolerance_m=simplify_m)
    lon = np.concatenate((whole.node_lon, whole.lon))
    lat = np.concatenate((whole.node_lat, whole.lat))
    length_m = np.add.reduceat(whole.length_m[chosen[chains.segment]], chains.start[:-1])
    nodes = _sort_nodes(np.concatenate((drawn.first, drawn.last)), lon, lat)
    number = np.full(len(lon), -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)

    leading = chains.start[:-1]
    order = np.lexsort((chosen[chains.segment[leading]], number[drawn.last], number[drawn.first]))
    first = chains.segment[leading][order]
    flipped = chains.flipped[leading][order]
    forward, backward = whole.forward[chosen[first]], whole.backward[chosen[first]]
    road, roads = _turn_rules(road[first], roads, flipped)
    shape = drawn.take(order)
    single = np.diff(chains.start)[order] == 1
    turned = whole.turns or whole.some_turns
    place = _place_edges(chosen, chains, order) if turned else {}
    return RoadNetwork(
        node_lon=lon[nodes],
        node_lat=lat[nodes],
        tail=number[shape.first],
        head=number[shape.last],
        length_m=np.ceil(np.maximum(length_m[order], _measure(shape, lon, lat)) * 100) / 100,
        forward=np.where(flipped, backward, forward),
        backward=np.where(flipped, forward, backward),
        road=road,
        roads=roads,
        point_start=shape.start.astype(np.int32),
        lon=lon[shape.numbers],
        lat=lat[shape.numbers],
        metadata=replace(
            whole.metadata,
            simplified_m=float(simplify_m),
            bounds=bound(lon[shape.numbers], lat[shape.numbers]),
            largest_shift_m=round(_measure_shift(drawn, xy, mapped, xy), 3),
        ),
        way=np.where(single, whole.way[chosen[first]], 0),
        turns=_carry_turns(whole.turns, place),
        some_turns=_carry_turns(whole.some_turns, place),
    )


def _name_roads(whole: RoadNetwork, chosen: Indices) -> tuple[SmallIntegers, tuple[Road, ...]]:
    used, index = np.unique(whole.road[chosen], return_inverse=True)
    plain = [replace(whole.roads[kind], forward=True, backward=True) for kind in used.tolist()]
    kinds, _ = pd.factorize(np.array([repr(road) for road in plain], object))
    firsts = np.unique(kinds, return_index=True)[1].tolist()
    return kinds.astype(np.int32)[index], tuple(plain[first] for first in firsts)


def _turn_rules(
    road: SmallIntegers, roads: tuple[Road, ...], flipped: Mask
) -> tuple[SmallIntegers, tuple[Road, ...]]:
    """Say rules the other way round on edges that were turned round."""
    road, more = road.copy(), list(roads)
    for number in np.unique(road[flipped]).tolist():
        rules = roads[number].rules
        turned = join_tags(flip_tags(split_tags(rules)))
        if turned != rules:
            road[flipped & (road == number)] = len(more)
            more.append(replace(roads[number], rules=turned))
    return road, tuple(more)


def _place_edges(chosen: Indices, chains: Chains, order: Indices) -> dict[int, int]:
    """Give for each edge the joined arc that it, driven along, became part of."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    arc = 2 * np.repeat(rank, np.diff(chains.start)) + chains.flipped
    return dict(zip(chosen[chains.segment].tolist(), arc.tolist(), strict=True))


def _carry_turns(turns: tuple[Turn, ...], place: Mapping[int, int]) -> tuple[Turn, ...]:
    """Say turn restrictions again on the joined edges; those off the chosen roads go.

    One that is left with a single arc was about turning round on the spot, and goes.
    """
    found = []
    for turn in turns:
        if all(arc // 2 in place for arc in turn.arcs):
            joined = [place[arc // 2] ^ arc % 2 for arc in turn.arcs]
            distinct = tuple(arc for arc, _ in groupby(joined))
            if len(distinct) > 1:
                found.append(turn._replace(arcs=distinct))
    return tuple(found)


def _line_up(whole: RoadNetwork, chosen: Indices, chains: Chains) -> Rows:
    """Give the points along each chain, both ends (numbered as nodes, before others) included.

    Each chain is its edges end to end, those driven backwards turned round; where two meet, the
    node stands once. `within` counts the points of each edge, `along` turns the count round.
    """
    edge = chosen[chains.segment]
    first, size = whole.point_start[edge].astype(np.int64), np.diff(whole.point_start)[edge]
    start = np.cumsum(size) - size
    within = lay_runs(np.zeros_like(size), size)
    along = np.where(np.repeat(chains.flipped, size), np.repeat(size, size) - 1 - within, within)
    point = whole.node_count + np.repeat(first, size) + along
    begin = np.where(chains.flipped, whole.head[edge], whole.tail[edge])
    end = np.where(chains.flipped, whole.tail[edge], whole.head[edge])
    point[start] = begin
    point[start + size - 1] = end
    leads = np.zeros(len(edge), bool)
    leads[chains.start[:-1]] = True
    kept = np.ones(len(point), bool)
    kept[start[~leads]] = False
    count = np.add.reduceat(size - ~leads, chains.start[:-1])
    return Rows.part(point[kept], count)


def _sort_nodes(nodes: SmallIntegers, lon: Floats, lat: Floats) -> SmallIntegers:
    """Sort nodes along a curve that keeps neighbours together (Z-order): the file packs well."""
    unique = np.unique(nodes)
    east = np.round((lon[unique] + 180) * 1e4).astype(np.int64)
    north = np.round((lat[unique] + 90) * 1e4).astype(np.int64)
    curve = np.zeros(len(unique), np.int64)
    for bit in range(22):
        curve |= (east >> bit & 1) << 2 * bit | (north >> bit & 1) << 2 * bit + 1
    return unique[np.lexsort((unique, lat[unique], lon[unique], curve))]


def _simplify(lines: Rows, xy: Floats, *, tolerance_m: float) -> Rows:
    """Leave out places without which a line stays within the tolerance [m] (Douglas-Peucker).

    All lines go through GEOS in one call. The number of each place rides along as its third
    coordinate, so that what is left can be named afterwards, without comparing floats. `xy` [m].
    """
    numbered = np.column_stack((xy[lines.numbers], np.arange(len(lines.numbers))))
    drawn = shapely.linestrings(numbered, indices=lines.owner)
    tolerance = max(tolerance_m - _ROUNDING_M, 0.0)
    simple = shapely.simplify(drawn, tolerance, preserve_topology=False)
    left, line = shapely.get_coordinates(simple, include_z=True, return_index=True)
    count = np.bincount(line, minlength=len(lines.start) - 1)
    return Rows.part(lines.numbers[left[:, 2].astype(np.intp)], count)


def _measure(lines: Rows, lon: Floats, lat: Floats) -> Floats:
    """Measure lines on the ellipsoid; steps from one line to the next are left out. [m, lines]"""
    begin, end = lines.numbers[:-1], lines.numbers[1:]
    within = np.diff(lines.owner) == 0
    step = np.where(within, measure_steps(lon[begin], lat[begin], lon[end], lat[end]), 0.0)
    total: Floats = np.add.reduceat(step, lines.start[:-1])
    return total


def _measure_shift(drawn: Rows, drawn_xy: Floats, mapped: Rows, mapped_xy: Floats) -> float:
    """Measure the farthest that any mapped place lies from the drawn line of its road. [m]"""
    shapes = np.asarray(shapely.linestrings(drawn_xy[drawn.numbers], indices=drawn.owner))
    shapely.prepare(shapes)
    places = shapely.points(mapped_xy[mapped.numbers])
    return float(np.max(shapely.distance(shapes[mapped.owner], places)))
