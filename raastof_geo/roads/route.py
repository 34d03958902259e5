"""Find the best routes between sites, and what lies along them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from raastof_geo.roads.network import ROAD_CLASSES, RoadNetwork
from raastof_geo.roads.snap import Anchors

_NO_NODE = -9999
_SOURCES_AT_ONCE = 32
_LEAST_WEIGHT = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Arcs that trucks may drive, with every site as a node where it meets the road."""

    network: RoadNetwork
    size: int
    """Nodes of the network, then one for each site."""
    node_of: Mapping[str, int]
    """Node of each site."""
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    edge: NDArray[np.int64]
    """Edge of the network that the arc lies on."""
    from_share: Floats
    to_share: Floats
    """Where on the edge the arc begins and ends, from 0 at its tail to 1 at its head."""

    @cached_property
    def length_km(self) -> Floats:
        """Length of each arc. [km]"""
        share = np.abs(self.to_share - self.from_share)
        return np.asarray(share * self.network.length_m[self.edge] / 1000)

    @cached_property
    def road_class(self) -> NDArray[np.int8]:
        """Class of road of each arc, an index into `ROAD_CLASSES`."""
        return np.asarray(self.network.road_class[self.edge])


def build_graph(network: RoadNetwork, anchors: Anchors, *, ferries: bool = True) -> RoadGraph:
    """Cut edges where sites meet them, and lay out the arcs in the directions allowed."""
    frame = anchors.frame
    nodes = len(network.node_lon)
    site_node = nodes + np.arange(len(frame))
    pieces = _pieces(network, frame["edge"].to_numpy(), frame["share"].to_numpy(), site_node)
    tail, head, edge, low, high = pieces
    usable = np.full(len(edge), True)
    if not ferries:
        usable = network.road_class[edge] != ROAD_CLASSES.index("ferry")
    ahead = network.forward[edge] & usable
    back = network.backward[edge] & usable
    return RoadGraph(
        network=network,
        size=nodes + len(frame),
        node_of=dict(zip(frame.index, site_node.tolist(), strict=True)),
        start=np.concatenate([tail[ahead], head[back]]),
        end=np.concatenate([head[ahead], tail[back]]),
        edge=np.concatenate([edge[ahead], edge[back]]),
        from_share=np.concatenate([low[ahead], high[back]]),
        to_share=np.concatenate([high[ahead], low[back]]),
    )


def _pieces(
    network: RoadNetwork,
    site_edge: NDArray[np.int64],
    site_share: Floats,
    site_node: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """Cut every edge at its sites: tail, head, edge, and the share of the edge at either end."""
    count = len(network.tail)
    edges = np.arange(count)
    edge = np.concatenate([edges, site_edge, edges])
    share = np.concatenate([np.zeros(count), site_share, np.ones(count)])
    node = np.concatenate([network.tail, site_node, network.head]).astype(np.int64)
    rank = np.repeat([0, 1, 2], [count, len(site_edge), count])
    order = np.lexsort((node, share, rank, edge))
    edge, share, node = edge[order], share[order], node[order]
    same = edge[:-1] == edge[1:]
    return node[:-1][same], node[1:][same], edge[:-1][same], share[:-1][same], share[1:][same]


@dataclass(frozen=True, eq=False)
class RouteTable:
    """The best route from each origin to each place of the graph, under one weight."""

    graph: RoadGraph
    origins: tuple[str, ...]
    arc_of: NDArray[np.int64]
    """Arcs sorted by start and end, the cheapest where several join the same two nodes."""
    keys: NDArray[np.int64]
    before: NDArray[np.int32]
    """The node before each node on the route from each origin. [origins × nodes]"""

    def walk(
        self,
        origins: NDArray[np.int64],
        destinations: NDArray[np.int64],
        visit: Callable[[NDArray[np.int64], NDArray[np.int64]], None],
    ) -> NDArray[np.bool_]:
        """Walk all routes backwards side by side, and tell which of them exist.

        Parameters
        ----------
        origins
            Rows of `before`, one for each route.
        destinations
            Nodes, one for each route.
        visit
            Called with the routes that take a step, and the arcs that they step over.
        """
        node = destinations.astype(np.int64).copy()
        source = np.array([self.graph.node_of[site] for site in self.origins])[origins]
        active = np.flatnonzero(node != source)
        exists = np.full(len(node), True)
        while len(active):
            previous = self.before[origins[active], node[active]].astype(np.int64)
            lost = previous == _NO_NODE
            exists[active[lost]] = False
            active, previous = active[~lost], previous[~lost]
            arcs = self._arc(previous, node[active])
            visit(active, arcs)
            node[active] = previous
            active = active[previous != source[active]]
        return exists

    def _arc(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
        found = np.searchsorted(self.keys, start * self.graph.size + end)
        return np.asarray(self.arc_of[found])

    def sums(
        self, origins: Sequence[str], destinations: Sequence[str], quantities: Mapping[str, Floats]
    ) -> tuple[dict[str, Floats], NDArray[np.bool_]]:
        """Add up quantities of arcs along routes.

        Parameters
        ----------
        origins, destinations
            Sites, one pair for each route.
        quantities
            For each name a number for every arc of the graph.

        Returns
        -------
        sums
            For each name a number for every route.
        exists
            Which of the routes exist.
        """
        row = {site: index for index, site in enumerate(self.origins)}
        rows = np.array([row[site] for site in origins], dtype=np.int64)
        nodes = np.array([self.graph.node_of[site] for site in destinations], dtype=np.int64)
        table = np.column_stack(list(quantities.values()))
        totals = np.zeros((len(rows), table.shape[1]))

        def add(routes: NDArray[np.int64], arcs: NDArray[np.int64]) -> None:
            totals[routes] += table[arcs]

        exists = self.walk(rows, nodes, add)
        return {name: totals[:, index] for index, name in enumerate(quantities)}, exists

    def arcs(self, origin: str, destination: str) -> NDArray[np.int64]:
        """Give the arcs of one route, in the order they are driven."""
        steps: list[NDArray[np.int64]] = []
        self.walk(
            np.array([self.origins.index(origin)]),
            np.array([self.graph.node_of[destination]]),
            lambda _, arcs: steps.append(arcs),
        )
        return np.concatenate(steps[::-1]) if steps else np.array([], dtype=np.int64)


def find_routes(graph: RoadGraph, weight: Floats, origins: Sequence[str]) -> RouteTable:
    """Find the routes of least weight from each origin to every place.

    Parameters
    ----------
    weight
        What each arc weighs; at least 0.
    """
    keys, arc_of, matrix = _cheapest_arcs(graph, np.maximum(weight, _LEAST_WEIGHT))
    sources = np.array([graph.node_of[site] for site in origins], dtype=np.int64)
    before = np.full((len(sources), graph.size), _NO_NODE, dtype=np.int32)
    for first in range(0, len(sources), _SOURCES_AT_ONCE):
        part = slice(first, first + _SOURCES_AT_ONCE)
        _, before[part] = dijkstra(matrix, indices=sources[part], return_predecessors=True)
    return RouteTable(graph, tuple(origins), arc_of, keys, before)


def _cheapest_arcs(
    graph: RoadGraph, weight: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], csr_array]:
    """Keep the cheapest of parallel arcs: a sparse matrix would add them up."""
    key = graph.start * graph.size + graph.end
    order = np.lexsort((np.arange(len(key)), weight, key))
    keys, first = np.unique(key[order], return_index=True)
    arc_of = order[first]
    matrix = csr_array(
        (weight[arc_of], (graph.start[arc_of], graph.end[arc_of])), shape=(graph.size, graph.size)
    )
    return keys, arc_of, matrix


def draw_route(graph: RoadGraph, arcs: NDArray[np.int64]) -> Floats:
    """Draw the way along arcs as lon and lat. [degrees, points × 2]"""
    parts = [_draw_arc(graph, arc) for arc in arcs.tolist()]
    if not parts:
        return np.empty((0, 2))
    points = np.concatenate(parts)
    moved = np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]
    return np.asarray(points[moved])


def _draw_arc(graph: RoadGraph, arc: int) -> Floats:
    """Draw a whole edge, or the part of it between two shares of its length."""
    network, edge = graph.network, graph.edge[arc]
    span = slice(network.point_start[edge], network.point_start[edge + 1])
    points = np.column_stack([network.lon[span], network.lat[span]])
    begin, finish = float(graph.from_share[arc]), float(graph.to_share[arc])
    if begin > finish:
        return _between(points, network.xy[span], finish, begin)[::-1]
    return _between(points, network.xy[span], begin, finish)


def _between(points: Floats, xy: Floats, low: float, high: float) -> Floats:
    if low <= 0 and high >= 1:
        return points
    steps = np.hypot(*np.diff(xy, axis=0).T)
    share = np.r_[0.0, np.cumsum(steps)] / max(float(steps.sum()), 1e-12)
    inner = (share > low) & (share < high)
    at = np.r_[low, share[inner], high]
    return np.column_stack([np.interp(at, share, points[:, axis]) for axis in (0, 1)])
