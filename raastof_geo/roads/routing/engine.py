"""Find least weights between nodes: by contraction hierarchies, or by Dijkstra's algorithm.

Both take whole numbers and give the same ones back. The hierarchy is customizable (Dibbelt,
Strasser, Wagner, ACM JEA 21, 2016, doi 10.1145/2886843): its order of nodes is found once, and a
truck's weights are poured into it in milliseconds. It comes from RoutingKit by way of
`routingkit-cch`; where no wheel of that exists, SciPy's Dijkstra does the same, slower.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
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

_SOURCES_AT_ONCE = 32
"""Rows of SciPy's answer held in memory side by side: 8 bytes for each node of the core in each."""

# The next four are judgements, from trials on the roads of Zealand (67,000 nodes in the core). They
# decide how long a table takes, never what stands in it.
_ROWS_AT_ONCE = 64
"""Rows of a table that are held against the hubs at a time, to stay in the processor's cache."""
_PAIRS_FOR_CELLS = 40_000
"""Tables with fewer pairs (200 × 200) are swept whole: cutting them would not pay."""
_HUB_COUNTS = (64, 128, 192, 256, 384, 512)
"""How many hubs are tried. Each costs a pass over the table, so as few as do."""
_LARGEST_CELL = 0.6
"""Share of the nodes that the largest cell may have: with more there is little to gain."""


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

    @cached_property
    def cells(self) -> Cells | None:
        """The core cut into cells, none where it is too small or hangs together too well."""
        return cut_cells(self.tail, self.head, self.order)

    def customise(self, weight: Integers) -> HierarchyMetric:
        """Take the weight of every run."""
        return HierarchyMetric(self, weight)


@dataclass(frozen=True, eq=False)
class Cells:
    """The core cut into parts by hubs."""

    hubs: list[int]
    cell: Integers
    """Cell of each node, -1 for hubs."""

    def find(self, places: Sequence[Doors]) -> Integers:
        """Give the cell of each place, -1 where it has doors in several. [places]"""
        found = []
        for doors in places:
            cells = {int(self.cell[node]) for node, _ in doors} - {-1}
            found.append(cells.pop() if len(cells) == 1 else -1)
        return np.array(found, np.int64)


def cut_cells(tail: Integers, head: Integers, order: Integers) -> Cells | None:
    """Cut a graph at the last nodes of its order, as few as leave no cell too large; else None.

    Nested dissection orders the nodes so that the last ones part the graph: taken out as hubs they
    leave cells that no way leaves without a hub.
    """
    size = len(order)
    for count in _HUB_COUNTS:
        if count > size / 16:
            return None
        inner = np.ones(size, bool)
        inner[order[-count:]] = False
        kept = inner[tail] & inner[head]
        cell = find_parts(tail[kept], head[kept], size)
        if np.bincount(cell).max() <= _LARGEST_CELL * size:
            return Cells(order[-count:].tolist(), np.where(inner, cell, -1).astype(np.int64))
    return None


class HierarchyMetric:
    """A hierarchy with weights in it: finds least weights, and best ways."""

    def __init__(self, engine: HierarchyEngine, weight: Integers) -> None:
        import routingkit_cch

        self._kit = routingkit_cch
        self._engine = engine
        self._weight = weight
        self._metric = routingkit_cch.CCHMetric(engine.cch, weight.tolist())

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the engine and the weights: they are poured in again where they land."""
        return HierarchyMetric, (self._engine, self._weight)

    def measure(self, origins: Sequence[Doors], destinations: Sequence[Doors]) -> Integers:
        """Give the least weight between all origins and destinations, or `CLOSED`.

        A sweep of the hierarchy costs the more the more destinations it has. So for large
        tables the core is cut into cells by hubs, its nodes of the highest rank: a way from
        one cell to another goes through a hub, and for ways within a cell a sweep over that
        cell is short. [origins × destinations, units]
        """
        cells = self._engine.cells
        if len(origins) * len(destinations) < _PAIRS_FOR_CELLS or cells is None:
            return self._sweep(origins, destinations)
        start, goal = cells.find(origins), cells.find(destinations)
        table = self._through_hubs(origins, destinations, cells.hubs)
        rows, columns = np.arange(len(origins)), np.arange(len(destinations))
        parts = [(rows[start < 0], columns)]
        for cell in np.unique(np.concatenate((start, goal))).tolist():
            # Places with doors in several cells are measured against all others.
            parts.append((rows[start == cell] if cell >= 0 else rows, columns[goal == cell]))
        for here, there in parts:
            if len(here) and len(there):
                some = (
                    [origins[row] for row in here.tolist()],
                    [destinations[column] for column in there.tolist()],
                )
                part = np.ix_(here, there)
                table[part] = np.minimum(table[part], self._sweep(*some))
        return table

    def _sweep(self, origins: Sequence[Doors], destinations: Sequence[Doors]) -> Integers:
        nodes = sorted({node for doors in destinations for node, _ in doors})
        if not nodes:
            return np.full((len(origins), len(destinations)), CLOSED)
        sweep = self._kit.CCHOneToMany(self._metric, nodes)
        return _through_doors(
            _table(sweep.distances_from_multi, origins, len(nodes)), nodes, destinations
        )

    def _through_hubs(
        self, origins: Sequence[Doors], destinations: Sequence[Doors], hubs: list[int]
    ) -> Integers:
        """Give the least weight over any hub, in 32 bits, which halves the traffic of memory."""
        leave = self._kit.CCHOneToMany(self._metric, hubs).distances_from_multi
        there = _table(leave, origins, len(hubs)).astype(np.uint32)
        del leave
        reach = self._kit.CCHManyToOne(self._metric, hubs).distances_to_multi
        onward = np.ascontiguousarray(_table(reach, destinations, len(hubs)).astype(np.uint32).T)
        best = np.full((len(origins), len(destinations)), CLOSED, np.uint32)
        for first in range(0, len(origins), _ROWS_AT_ONCE):
            # A few rows at a time stay in the processor's cache.
            part = best[first : first + _ROWS_AT_ONCE]
            sums = np.empty_like(part)
            for hub in range(len(hubs)):
                np.add(there[first : first + _ROWS_AT_ONCE, hub, None], onward[hub], out=sums)
                np.minimum(part, sums, out=part)
        return best.astype(np.int64)

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

    def measure(self, origins: Sequence[Doors], destinations: Sequence[Doors]) -> Integers:
        """Give the least weight between all origins and destinations, or `CLOSED`, as above."""
        nodes = sorted({node for doors in destinations for node, _ in doors})
        sources = sorted({node for doors in origins for node, _ in doors})
        if not nodes or not sources:
            return np.full((len(origins), len(destinations)), CLOSED)
        table = np.empty((len(sources), len(nodes)))
        for first in range(0, len(sources), _SOURCES_AT_ONCE):
            part = slice(first, first + _SOURCES_AT_ONCE)
            table[part] = dijkstra(self._matrix, indices=sources[part])[:, nodes]
        table = np.minimum(table, CLOSED)
        # Out of the doors of an origin is into those of a destination, the other way round.
        reached = _through_doors(table.T, sources, origins).T.astype(np.float64)
        return _through_doors(reached, nodes, destinations)

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


def _table(ask: Callable[[Any], Any], places: Sequence[Doors], width: int) -> Floats:
    """Ask for the row of each place, `CLOSED` where there is no way. [places × width]"""
    table = np.full((len(places), width), np.nan)
    for rank, doors in enumerate(places):
        if doors:
            table[rank] = ask(list(doors))
    return np.asarray(np.nan_to_num(table, copy=False, nan=CLOSED))


def _through_doors(reached: Floats, nodes: Sequence[int], goals: Sequence[Doors]) -> Integers:
    """Go on from nodes to the destinations behind them, door by door. [origins × destinations]"""
    column = {node: rank for rank, node in enumerate(nodes)}
    best = np.full((len(reached), len(goals)), float(CLOSED))
    most = max((len(doors) for doors in goals), default=0)
    for rank in range(most):
        having = [place for place, doors in enumerate(goals) if len(doors) > rank]
        doors = [goals[place][rank] for place in having]
        there = reached[:, [column[node] for node, _ in doors]]
        there = there + np.array([weight for _, weight in doors], np.float64)
        best[:, having] = np.minimum(best[:, having], there)
    return np.asarray(np.minimum(best, CLOSED), np.int64)
