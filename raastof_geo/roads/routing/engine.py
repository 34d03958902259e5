"""Find least weights between nodes: by contraction hierarchies, or by Dijkstra's algorithm.

Both take whole numbers and give the same ones back. The hierarchy is customizable (Dibbelt,
Strasser, Wagner, ACM JEA 21, 2016, doi 10.1145/2886843): its order of nodes is found once, and a
truck's weights are poured into it in milliseconds. It comes from RoutingKit by way of
`routingkit-cch`; where no wheel of that exists, SciPy's Dijkstra does the same, slower.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from raastof_geo.arrays import Floats, Indices, Integers, Rows, SmallIntegers, first_of_each

Doors: TypeAlias = Sequence[tuple[int, int]]
"""Nodes through which a place is reached, and what it weighs to get there."""

CLOSED = 2**31 - 1
"""The weight of what is closed: RoutingKit's infinity, the largest of 31 bits. [units]"""
HEAVIEST = 2**30
"""No route may weigh more: two of them added, as over a hub, still fit into 32 bits. [units]"""


@dataclass(frozen=True, eq=False)
class Paths:
    """The best ways through the core, one for each pair of places."""

    weight: Integers
    """Of all of it, from place to place, `CLOSED` where there is none. [pairs, units]"""
    runs: Rows
    """Of the core, in the order in which they are driven. [pairs]"""
    first: Integers
    """Door of the origin that it leaves by. [pairs]"""
    last: Integers
    """Door of the destination that it comes in by. [pairs]"""


def has_hierarchies() -> bool:
    """Tell whether contraction hierarchies are at hand."""
    return importlib.util.find_spec("routingkit_cch") is not None


def find_parts(
    start: Integers | SmallIntegers, end: Integers | SmallIntegers, size: int, strong: bool = False
) -> SmallIntegers:
    """Part a graph. Returns the part of each node, from 0; `strong`: where all reach all."""
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=strong, connection="strong")[1])


def order_nodes(tail: Integers, head: Integers, lon: Floats, lat: Floats) -> Integers:
    """Order nodes by nested dissection (inertial flow). Returns them, the lowest rank first."""
    import routingkit_cch

    lists = (one.tolist() for one in (tail, head, lat, lon))
    return np.array(routingkit_cch.compute_order_inertial(len(lon), *lists), np.int64)


class Travelling:
    """A dataclass that is pickled by its fields: what hangs on them is worked out where it lands.

    Cached properties stay behind: some cannot be pickled, and all would be larger by an order.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the class, and the values of its fields in their order."""
        given: Any = self  # every class that this is mixed into is a dataclass
        return type(self), tuple(getattr(self, one.name) for one in fields(given))


def make_hierarchy(tail: Integers, head: Integers, order: Integers) -> Any:
    """Make a customizable contraction hierarchy, RoutingKit's, of runs between ordered nodes."""
    import routingkit_cch

    return routingkit_cch.CCH(order.tolist(), tail.tolist(), head.tolist(), False)


def weigh_hierarchy(hierarchy: Any, weight: Integers) -> Any:
    """Pour the weight of every run into a hierarchy. Returns what `find_by_pairs` looks in."""
    import routingkit_cch

    return routingkit_cch.CCHMetric(hierarchy, weight.tolist())


def find_by_pairs(metric: Any, pairs: Sequence[tuple[Doors, Doors]]) -> Paths:
    """Find ways in a weighed hierarchy. Returns the best one between each pair of doors."""
    import routingkit_cch

    found = list[tuple[int, list[int], int, int]]()
    for doors in pairs:
        way = None
        if all(doors):
            way = routingkit_cch.CCHQuery(metric).run_multi(*map(list, doors))
        if way is None or way.distance is None:
            found.append((CLOSED, [], 0, 0))
        else:
            found.append((way.distance, way.arc_path, way.node_path[0], way.node_path[-1]))
    columns = [np.array([one[at] for one in found], np.int64) for at in (0, 2, 3)]
    return Paths(columns[0], Rows.of([one[1] for one in found]), *columns[1:])


class WeightMatrix:
    """A sparse matrix of weights, in which SciPy's Dijkstra finds trees of least ways."""

    def __init__(
        self, tail: Integers, head: Integers, size: int, weight: Integers | Floats
    ) -> None:
        self._size = size
        key = tail * size + head
        # A sparse matrix would add parallel runs up: the lightest counts, of equal ones the first.
        best = first_of_each(key, weight)
        self._run = best[weight[best] < CLOSED]
        self._key = key[self._run]
        weighed = weight[self._run].astype(np.float64), np.divmod(self._key, size)
        self.matrix = csr_array(weighed, shape=(size, size))

    def trees(self, sources: Sequence[int]) -> tuple[Floats, SmallIntegers]:
        """Grow a tree of each source. Returns weights, and nodes before or < 0. [trees × nodes]"""
        found: tuple[Floats, SmallIntegers] = dijkstra(
            self.matrix, indices=list(sources), return_predecessors=True
        )
        return found

    def runs(self, tail: Integers, head: Integers) -> Indices:
        """Find runs between pairs of neighbours. Returns the number of the best. [pairs]"""
        return self._run[np.searchsorted(self._key, tail * self._size + head)]
