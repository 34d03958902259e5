"""Lay out the whole network that ways make: every road, every junction, every restriction.

OpenStreetMap speaks of ways; edges are parts of ways. Over a node a turn restriction means the
parts that meet there, over ways every sequence of their parts. `arc ^ 1` is the way back of an arc.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers
from raastof_geo.region.projection import bound, measure_steps
from raastof_geo.roads.columns import lay_runs, round_degrees
from raastof_geo.roads.edges import NetworkMetadata, RoadEdges, Turn
from raastof_geo.roads.mapped.osm import MappedTurn, OsmWays
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Road, join_tags

_LONGEST_VIA = 64
"""Edges that a restriction may run through; more is a mistake in the map, and sequences over them
would be too many to follow. A judgement."""


def _lay_turns(
    network: RoadNetwork, mapped: Iterable[MappedTurn], nodes: Mapping[int, int]
) -> RoadNetwork:
    """Put restrictions on the arcs of a network whose members lie in it and meet as they should.

    Left out, and counted as in doubt, are those that leave open which of two parts of a way they
    mean, and those that forbid the very turn that another prescribes. `nodes`: nodes by id of
    OpenStreetMap.
    """
    turns = tuple(mapped)
    roads = _Roads(turns, network)
    always: dict[Turn, None] = {}
    some: dict[Turn, None] = {}
    unclear = 0
    for one in turns:
        found = [*dict.fromkeys(roads.trace(one, nodes))]
        if found and roads.is_ambiguous(one, found):
            unclear += 1
            text = join_tags({"ambiguous": one.value})
            some |= dict.fromkeys(Turn(one.only, arcs, text) for arcs in found)
        elif one.rules:
            some |= dict.fromkeys(Turn(one.only, arcs, one.rules) for arcs in found)
        else:
            always |= dict.fromkeys(Turn(one.only, arcs) for arcs in found)
    against = {turn.arcs for turn in always if Turn(not turn.only, turn.arcs) in always}
    for turn in [*always]:
        if turn.arcs in against:
            del always[turn]
            some[turn._replace(tags=join_tags({"ambiguous": "no; only"}))] = None
    told = network.metadata.doubtful_turns + unclear + 2 * len(against)
    return replace(
        network,
        turns=tuple(always),
        some_turns=tuple(some),
        metadata=replace(network.metadata, doubtful_turns=told),
    )


class _Roads:
    def __init__(self, turns: tuple[MappedTurn, ...], network: RoadEdges) -> None:
        way: Integers = network.way
        wanted = {one for turn in turns for one in (*turn.origin, *turn.via_ways, *turn.target)}
        edges = np.flatnonzero(np.isin(way, list(wanted))).tolist()
        self.way = {edge: int(way[edge]) for edge in edges}
        self.ends = network.tail, network.head
        self.signed = network.forward, network.backward
        self.edges: dict[int, list[int]] = defaultdict(list)
        for edge in edges:
            self.edges[self.way[edge]].append(edge)

    def is_ambiguous(self, turn: MappedTurn, found: list[tuple[int, ...]]) -> bool:
        """Tell whether it is open from which part of a way a restriction leads, or to which."""
        if turn.turns_round:
            return False
        sides = {arcs[0] for arcs in found}, {arcs[-1] for arcs in found}
        several = [len({self.way[arc // 2] for arc in arcs}) < len(arcs) for arcs in sides]
        many = (len(turn.origin) > 1, "no_entry"), (len(turn.target) > 1, "no_exit")
        return any(several) or any(some and turn.value != value for some, value in many)

    def trace(self, turn: MappedTurn, via_nodes: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
        """Give the arcs of every way through a restriction, first to last."""
        into, out = self._arcs_of(turn.origin), self._arcs_of(turn.target)
        if turn.via_node is not None:
            node = via_nodes.get(turn.via_node)
            into = [arc for arc in into if self.head(arc) == node]
            out = [arc for arc in out if self.tail(arc) == node]
            # Turning round on the spot is left out, unless that is what the restriction is about.
            ways = product(into, out)
            yield from (way for way in ways if (way[0] ^ 1 == way[1]) == turn.turns_round)
            return
        via = {edge for way in turn.via_ways for edge in self.edges[way]}
        if 0 < len(via) <= _LONGEST_VIA:
            for first in into:
                yield from self._through((first,), via, set(out))

    def _arcs_of(self, ways: Iterable[int]) -> list[int]:
        return [arc for way in ways for edge in self.edges[way] for arc in self._both(edge)]

    def _through(
        self, arcs: tuple[int, ...], via: set[int], out: set[int]
    ) -> Iterator[tuple[int, ...]]:
        """Go on over every edge of the ways between, each once, then out."""
        here = self.head(arcs[-1])
        if not via:
            yield from ((*arcs, last) for last in sorted(out) if self.tail(last) == here)
            return
        for edge in sorted(via):
            for arc in self._both(edge):
                if self.tail(arc) == here:
                    yield from self._through((*arcs, arc), via - {edge}, out)

    def tail(self, arc: int) -> int:
        return int(self.ends[arc & 1][arc >> 1])

    def head(self, arc: int) -> int:
        return int(self.ends[1 - (arc & 1)][arc >> 1])

    def _both(self, edge: int) -> list[int]:
        """Give the arcs of an edge that signs leave open."""
        return [2 * edge + side for side in (0, 1) if self.signed[side][edge]]


def lay_network(
    ways: OsmWays, *, title: str = "OpenStreetMap", osm_date: str | None = None
) -> RoadNetwork:
    """Split ways where they meet, and keep all of them as mapped, those closed to trucks too.

    A barrier stands on an edge of its own, of no length, between the junction and each road that
    ends there. `osm_date`: ISO 8601, by default what `ways` say.
    """
    lon, lat = round_degrees(ways.node_lon), round_degrees(ways.node_lat)
    pieces = _split(ways)
    length_m = _measure(pieces, ways, lon, lat)
    first, last = ways.node[pieces.begin], ways.node[pieces.end]
    points = lay_runs(pieces.begin, pieces.size)
    used = np.zeros(len(lon), bool)
    used[first] = used[last] = True
    number, nodes = (np.cumsum(used) - 1).astype(np.int32), np.flatnonzero(used)
    road = ways.road[pieces.way]
    network = RoadNetwork(
        node_lon=lon[nodes],
        node_lat=lat[nodes],
        tail=number[first],
        head=number[last],
        length_m=length_m,
        forward=np.array([kind.forward for kind in ways.roads], bool)[road],
        backward=np.array([kind.backward for kind in ways.roads], bool)[road],
        road=road,
        roads=ways.roads,
        point_start=np.append(0, np.cumsum(pieces.size)).astype(np.int32),
        lon=lon[ways.node[points]],
        lat=lat[ways.node[points]],
        metadata=NetworkMetadata(
            title=title,
            osm_date=osm_date or ways.osm_date or "",
            simplified_m=0.0,
            bounds=bound(lon, lat),
            doubtful_turns=ways.doubtful_turns,
        ),
        way=ways.way[pieces.way],
    )
    via = {int(ways.node_id[node]): int(number[node]) for node in nodes} if ways.turns else {}
    return _raise_barriers(
        _lay_turns(network, ways.turns, via),
        {int(number[node]): barrier for node, barrier in ways.barriers.items()},
    )


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Runs of nodes between junctions, as positions in `OsmWays.node`."""

    begin: Integers
    end: Integers
    way: Integers

    @property
    def size(self) -> Integers:
        return self.end - self.begin + 1


def _split(ways: OsmWays) -> _Pieces:
    """Split at each node used twice, at ends, barriers, restrictions and amid rings without any."""
    used = np.bincount(ways.node, minlength=len(ways.node_id))
    junction = used > 1
    junction[list(ways.barriers)] = True
    via = [turn.via_node for turn in ways.turns if turn.via_node is not None]
    junction[np.isin(ways.node_id, via)] = True
    at_junction = junction[ways.node]
    at_junction[ways.node_start[:-1]] = True
    at_junction[ways.node_start[1:] - 1] = True
    pieces = _between(ways, at_junction)
    ring = (ways.node[pieces.begin] == ways.node[pieces.end]) & (pieces.size > 2)
    if not ring.any():
        return pieces
    at_junction[(pieces.begin[ring] + pieces.end[ring]) // 2] = True
    return _between(ways, at_junction)


def _between(ways: OsmWays, at_junction: Mask) -> _Pieces:
    cut = np.flatnonzero(at_junction)
    way = np.searchsorted(ways.node_start, cut, side="right") - 1
    same = way[1:] == way[:-1]
    moved = ways.node[cut[1:]] != ways.node[cut[:-1]]
    kept = same & (moved | (np.diff(cut) > 1))
    return _Pieces(cut[:-1][kept], cut[1:][kept], way[:-1][kept])


def _measure(pieces: _Pieces, ways: OsmWays, lon: Floats, lat: Floats) -> Floats:
    begin, end = ways.node[:-1], ways.node[1:]
    step = np.zeros(len(ways.node))
    step[1:] = measure_steps(lon[begin], lat[begin], lon[end], lat[end])
    along = np.cumsum(step)
    # A step of this running sum errs by some 1e-8 m. Rounded to a thousandth of a centimetre
    # first, such errors raise no length by a whole one.
    return np.asarray(np.ceil(np.round((along[pieces.end] - along[pieces.begin]) * 100, 3)) / 100)


def _raise_barriers(network: RoadNetwork, barriers: dict[int, Road]) -> RoadNetwork:
    """Set each end of a road at a barrier apart, and join it to the junction by the barrier.

    A gate restricts who passes it, not who turns at the junction it stands in: each road that ends
    there gets an end of its own in the same place, an edge of no length away.
    """
    if not barriers:
        return network
    kinds = {node: len(network.roads) + rank for rank, node in enumerate(barriers)}
    ends = np.column_stack((network.tail, network.head)).astype(np.int32)
    edge, side = np.nonzero(np.isin(ends, list(barriers)))
    node = ends[edge, side]
    copy = (len(network.node_lon) + np.arange(len(edge))).astype(np.int32)
    ends[edge, side] = copy
    stands = {
        (one, end): network.edge_count + rank
        for rank, (one, end) in enumerate(zip(edge.tolist(), side.tolist(), strict=True))
    }
    parted = replace(
        network,
        node_lon=np.append(network.node_lon, network.node_lon[node]),
        node_lat=np.append(network.node_lat, network.node_lat[node]),
        tail=ends[:, 0].copy(),
        head=ends[:, 1].copy(),
        roads=(*network.roads, *barriers.values()),
        turns=_pass_barriers(network.turns, stands),
        some_turns=_pass_barriers(network.some_turns, stands),
    )
    road = np.array([kinds[at] for at in node.tolist()], np.int32)
    return add_straight_edges(parted, node, copy, road=road, length_m=np.zeros(len(node)))


def add_straight_edges(
    network: RoadNetwork,
    tail: SmallIntegers,
    head: SmallIntegers,
    *,
    road: SmallIntegers,
    length_m: Floats,
) -> RoadNetwork:
    """Add straight edges, open in both directions, that no way of OpenStreetMap stands for."""
    both = np.column_stack((tail, head)).ravel()
    more = network.point_start[-1] + 2 * np.arange(1, len(tail) + 1)
    return replace(
        network,
        tail=np.append(network.tail, tail).astype(np.int32),
        head=np.append(network.head, head).astype(np.int32),
        length_m=np.append(network.length_m, length_m),
        forward=np.append(network.forward, np.ones(len(tail), bool)),
        backward=np.append(network.backward, np.ones(len(tail), bool)),
        road=np.append(network.road, road).astype(np.int32),
        way=np.append(network.way, np.zeros(len(tail), np.int64)),
        point_start=np.append(network.point_start, more).astype(np.int32),
        lon=np.append(network.lon, network.node_lon[both]),
        lat=np.append(network.lat, network.node_lat[both]),
    )


def _pass_barriers(
    turns: tuple[Turn, ...], stands: Mapping[tuple[int, int], int]
) -> tuple[Turn, ...]:
    """Let restrictions run over the barriers at `stands`: edge and end (0 its tail, 1 its head)."""
    found = []
    for turn in turns:
        arcs = turn.arcs
        path = [*arcs[:1]]
        for one, other in pairwise(arcs):
            away = stands.get((one // 2, 1 - one % 2))
            towards = stands.get((other // 2, other % 2))
            if away is not None and towards is not None:
                path += [2 * away + 1, 2 * towards]
            path.append(other)
        # Whoever has passed a barrier is bound for the road behind it.
        past = len(arcs) > 1 and (arcs[-1] // 2, arcs[-1] % 2) in stands
        found.append(turn._replace(arcs=tuple(path[:-1] if past else path)))
    return tuple(found)
