"""Find least weights between nodes: by contraction hierarchies, or by Dijkstra's algorithm.

Both take whole numbers and give the same ones back. The hierarchy is customizable (Dibbelt,
Strasser, Wagner, ACM JEA 21, 2016, doi 10.1145/2886843): its order of nodes is found once, and a
truck's weights are poured into it in milliseconds. It comes from RoutingKit by way of
`routingkit-cch`; where no wheel of that exists, SciPy's Dijkstra does the same, slower.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from raastof_geo.arrays import Floats, Integers, SmallIntegers

Doors: TypeAlias = Sequence[tuple[int, int]]
"""Nodes through which a place is reached, and what it weighs to get there."""

CLOSED = 2**31 - 1
"""The weight of what may not be driven: RoutingKit's infinity (`inf_weight`), the largest number of
32 bits with a sign. [units]"""
HEAVIEST = 2**30
"""No route may weigh more: two of them added, as over a hub, still fit into 32 bits. [units]"""


@dataclass(frozen=True)
class Path:
    """The best way between two places."""

    weight: int
    runs: tuple[int, ...]
    first: int
    """Door of the origin that it leaves by."""
    last: int
    """Door of the destination that it comes in by."""


def has_hierarchies() -> bool:
    """Tell whether contraction hierarchies are at hand."""
    return importlib.util.find_spec("routingkit_cch") is not None


def find_parts(
    start: Integers | SmallIntegers, end: Integers | SmallIntegers, size: int, strong: bool = False
) -> SmallIntegers:
    """Give each node the number of the part of a graph that it hangs together with, from 0.

    `strong`: whether every node of a part must reach every other and back. [nodes]
    """
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=strong, connection="strong")[1])


def order_nodes(tail: Integers, head: Integers, lon: Floats, lat: Floats) -> Integers:
    """Order nodes for a hierarchy by nested dissection (inertial flow), lowest rank first."""
    import routingkit_cch

    order = routingkit_cch.compute_order_inertial(
        len(lon), tail.tolist(), head.tolist(), lat.tolist(), lon.tolist()
    )
    return np.array(order, np.int64)


class HierarchyEngine:
    """Customizable contraction hierarchies, from RoutingKit."""

    name = "routingkit"

    def __init__(self, tail: Integers, head: Integers, order: Integers) -> None:
        import routingkit_cch

        self.tail, self.head, self.order = tail, head, order
        self.cch: Any = routingkit_cch.CCH(order.tolist(), tail.tolist(), head.tolist(), False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the arrays it was made of: the hierarchy is built again where they land."""
        return HierarchyEngine, (self.tail, self.head, self.order)

    def customise(self, weight: Integers) -> HierarchyMetric:
        """Take the weight of every run."""
        return HierarchyMetric(self, weight)


class HierarchyMetric:
    """A hierarchy with weights in it: finds best ways."""

    def __init__(self, engine: HierarchyEngine, weight: Integers) -> None:
        import routingkit_cch

        self._kit = routingkit_cch
        self._engine = engine
        self._weight = weight
        self._metric = routingkit_cch.CCHMetric(engine.cch, weight.tolist())

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the engine and the weights: they are poured in again where they land."""
        return HierarchyMetric, (self._engine, self._weight)

    def find(self, origin: Doors, destination: Doors) -> Path | None:
        """Find the best way between two places, none where there is none."""
        if not origin or not destination:
            return None
        found = self._kit.CCHQuery(self._metric).run_multi(list(origin), list(destination))
        if found.distance is None:
            return None
        nodes = found.node_path
        return Path(found.distance, tuple(found.arc_path), nodes[0], nodes[-1])


class DijkstraEngine:
    """Dijkstra's algorithm, from SciPy."""

    name = "scipy"

    def __init__(self, tail: Integers, head: Integers, size: int) -> None:
        self.size = size
        key = tail * size + head
        self.order = np.argsort(key, kind="stable")
        ordered = key[self.order]
        self.first = np.flatnonzero(np.diff(ordered, prepend=-1))
        self.unique = ordered[self.first]

    def customise(self, weight: Integers) -> DijkstraMetric:
        """Take the weight of every run; of parallel ones the least counts."""
        return DijkstraMetric(self, weight)


class DijkstraMetric:
    """A sparse matrix of weights."""

    def __init__(self, engine: DijkstraEngine, weight: Integers) -> None:
        self._engine = engine
        # Runs are sorted by their ends, so parallel ones stand in a row: the least of each row
        # counts, and of equal ones the first, as a sparse matrix would add them up instead.
        ranked = weight[engine.order]
        least = np.minimum.reduceat(ranked, engine.first) if len(ranked) else ranked
        sizes = np.diff(np.append(engine.first, len(ranked)))
        place = np.flatnonzero(ranked == np.repeat(least, sizes))
        _, chosen = np.unique(np.repeat(np.arange(len(sizes)), sizes)[place], return_index=True)
        self._run = engine.order[place[chosen]] if len(place) else place
        usable = least < CLOSED
        self._matrix = csr_array(
            (
                least[usable].astype(np.float64),
                (engine.unique[usable] // engine.size, engine.unique[usable] % engine.size),
            ),
            shape=(engine.size, engine.size),
        )

    def trees(self, sources: Sequence[int]) -> tuple[Floats, SmallIntegers]:
        """Give for each source every node's weight [units] and the node before (negative: none)."""
        found: tuple[Floats, SmallIntegers] = dijkstra(
            self._matrix, indices=list(sources), return_predecessors=True
        )
        return found

    def runs(self, tail: Integers, head: Integers) -> Integers:
        """Give the best run between pairs of neighbours: the lightest, of equal ones the first."""
        rank = np.searchsorted(self._engine.unique, tail * self._engine.size + head)
        return np.asarray(self._run[rank])

    def find(self, origin: Doors, destination: Doors) -> Path | None:
        """Find the best way between two places, none where there is none."""
        if not origin or not destination:
            return None
        weight, before = self.trees([node for node, _ in origin])
        best = min(
            (weight[row, last] + start + goal, row, last)
            for row, (_, start) in enumerate(origin)
            for last, goal in destination
        )
        if not best[0] < CLOSED:
            return None
        nodes = [best[2]]
        while nodes[-1] != origin[best[1]][0]:
            nodes.append(int(before[best[1], nodes[-1]]))
        way = np.array(nodes[::-1], np.int64)
        runs = self.runs(way[:-1], way[1:])
        return Path(int(best[0]), tuple(runs.tolist()), nodes[-1], nodes[0])


Engine: TypeAlias = HierarchyEngine | DijkstraEngine
"""A graph made ready for weights."""
Metric: TypeAlias = HierarchyMetric | DijkstraMetric
"""An engine with weights in it."""
