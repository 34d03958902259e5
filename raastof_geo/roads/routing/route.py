"""Find ways through the core for pairs of places, set routes together, and say what lies along."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers, first_of_each
from raastof_geo.roads.columns import Rows
from raastof_geo.roads.routing.core import Approach, Reduction
from raastof_geo.roads.routing.engine import CLOSED, HEAVIEST, Path, WeightMatrix
from raastof_geo.roads.routing.graph import RoadGraph

_TREES_AT_ONCE = 32
"""Trees held in memory side by side: 12 bytes a node each, 24 MB for 60,000 nodes of a core."""

_Door: TypeAlias = tuple[int, int, int, int]
"""Rank of the pair, row of its door out, node of its door in, and what both weigh. [units]"""


Approaches: TypeAlias = tuple[Approach, Approach]
"""The ways from an origin, and those to its destination."""


def find_by_trees(metric: WeightMatrix, errands: Sequence[Approaches]) -> list[Path | None]:
    """Find all routes of some origins at once, and walk them backwards side by side.

    From each door of an origin one tree of least ways reaches all of the core, so many pairs share
    its price. For every pair the cheapest door out and door in count; of equal ones the first,
    however the trees are dealt out. A few at a time, since a tree is as large as the core.
    """
    doors = sorted({node for out, _ in errands for node, _ in out.doors})
    found: list[Path | None] = [None] * len(errands)
    lightest = np.full(len(errands), CLOSED, np.float64)
    row = {node: rank for rank, node in enumerate(doors)}
    ways: dict[int, list[_Door]] = defaultdict(list)  # by the portion of trees each is found in
    for rank, (out, back) in enumerate(errands):
        for (node, weight), (door, rest) in product(out.doors, back.doors):
            ways[row[node] // _TREES_AT_ONCE].append((rank, row[node], door, weight + rest))
    for part, listed in sorted(ways.items()):
        begin = part * _TREES_AT_ONCE
        reached, before = metric.trees(doors[begin : begin + _TREES_AT_ONCE])
        table = np.array(listed, np.int64)
        total = reached[table[:, 1] - begin, table[:, 2]] + table[:, 3]
        chosen = first_of_each(table[:, 0], total)
        chosen = chosen[total[chosen] < lightest[table[chosen, 0]]]
        ranks, rows, last, _ = table[chosen].T
        lightest[ranks] = total[chosen]
        first = np.array(doors)[rows]
        nodes = _walk_back(before, rows - begin, last, first)
        for rank, weight, way in zip(ranks.tolist(), total[chosen].tolist(), nodes, strict=True):
            runs = metric.runs(way[:-1], way[1:]).tolist()
            found[rank] = Path(int(weight), tuple(runs), int(way[0]), int(way[-1]))
    return found


def _walk_back(
    before: SmallIntegers, rows: Integers, nodes: Integers, sources: Integers
) -> list[Integers]:
    """Walk from nodes to the roots of their trees, and give each way from the root on."""
    steps = [nodes]
    while np.any(steps[-1] != sources):
        here = steps[-1]
        ahead = before[rows, here].astype(np.int64)
        steps.append(np.where(here == sources, here, ahead))
    table = np.array(steps[::-1]).reshape(len(steps), len(nodes))
    lead = np.sum(table == sources, axis=0) - 1
    return [table[start:, column] for column, start in enumerate(lead.tolist())]


@dataclass(frozen=True, eq=False)
class Routes:
    """Routes from place to place, as parts in the order they are driven.

    A part is an arc, by its number, or a run of the core, whose numbers follow those of the arcs.
    Every route begins and ends with an arc: that of the edge on which a place lies.
    """

    graph: RoadGraph
    reduction: Reduction
    exists: Mask
    weight: Floats
    """What each route weighs, rounded to units, infinite where there is none."""
    parts: Rows
    first_left: Floats
    """Share of the first arc that is not driven, before the origin."""
    last_left: Floats
    """Share of the last arc that is not driven, beyond the destination."""

    def sums(self, quantities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Add up `quantities` of arcs, by name, along each route, NaN where there is none. [routes]

        Sums of runs are taken once for all routes, so a route costs as many additions as it has
        parts. What lies before the origin and beyond the destination, on the first and the last
        arc, is taken off; what rounding leaves below zero is cut off.
        """
        first, last = self.ends()
        found = {}
        for name, quantity in quantities.items():
            of_parts = np.concatenate((quantity, self.reduction.add_up(quantity)))
            left = quantity[first] * self.first_left + quantity[last] * self.last_left
            total = np.maximum(self.parts.add_up(of_parts) - left, 0)
            found[name] = np.where(self.exists, total, np.nan)
        return found

    def arcs(self, rank: int) -> Integers:
        """Give the arcs of one route, in the order they are driven."""
        runs, count = self.reduction, len(self.graph.start)
        parts = self.parts[rank].tolist()
        arcs = [runs.arcs(part - count) if part >= count else [part] for part in parts]
        return np.concatenate([np.zeros(0, np.int64), *arcs])

    def shares(self, rank: int) -> Floats:
        """Give the share of each arc that one route drives: 1 but for the first and the last."""
        before, beyond = self._left(rank)
        return 1 - before - beyond

    def draw(self, rank: int) -> Floats:
        """Draw one route as lon and lat, no point twice in a row. [degrees, points × 2]"""
        arcs, (before, beyond) = self.arcs(rank), self._left(rank)
        ahead, network = self.graph.ahead[arcs], self.graph.network
        low, high = np.where(ahead, before, beyond), 1 - np.where(ahead, beyond, before)
        drawn = zip(*(one.tolist() for one in (self.graph.edge[arcs], low, high)), strict=True)
        lines = zip((network.cut(*one) for one in drawn), ahead.tolist(), strict=True)
        parts = [line if along else line[::-1] for line, along in lines]
        points = np.concatenate([np.empty((0, 2)), *parts])
        moved = np.any(np.diff(points, axis=0, prepend=np.nan) != 0, axis=1)
        return np.asarray(points[moved])

    def turn_at(self, nodes: Mask) -> Mask:
        """Tell which routes turn round at one of some nodes of the network. [routes]"""
        graph, core, parts = self.graph, self.reduction, self.parts
        single = np.arange(len(graph.start))
        start = np.concatenate((single, len(single) + core.run_start))
        arcs = Rows(start, np.concatenate((single, core.run_arc)))  # of every part

        def turns(before: Integers, after: Integers) -> Mask:
            return graph.turn_back(before, after) & nodes[graph.place[graph.end[before]]]

        inside = np.append(turns(arcs.numbers[:-1], arcs.numbers[1:]), False)
        inside[arcs.start[1:] - 1] = False
        found = parts.add_up(np.add.reduceat(inside, arcs.start[:-1], dtype=np.float64)) > 0
        between = turns(arcs.last[parts.numbers[:-1]], arcs.first[parts.numbers[1:]])
        between &= parts.owner[1:] == parts.owner[:-1]
        found[parts.owner[1:][between]] = True
        return found

    def _left(self, rank: int) -> tuple[Floats, Floats]:
        """Give the shares of each arc that are not driven, at its start and at its end."""
        before, beyond = np.zeros((2, len(self.arcs(rank))))
        before[:1], beyond[-1:] = self.first_left[rank], self.last_left[rank]
        return before, beyond

    def ends(self) -> tuple[Integers, Integers]:
        """Give the first and the last arc of each route, 0 where there is none. [routes]"""
        first, last = np.zeros((2, len(self.exists)), np.int64)
        there = self.parts.size > 0
        parts = self.parts.take(np.flatnonzero(there))
        first[there], last[there] = parts.first, parts.last
        return first, last


def join_routes(
    graph: RoadGraph,
    reduction: Reduction,
    errands: Sequence[Approaches],
    paths: Sequence[Path | None],
    direct: Sequence[tuple[int, list[int]] | None],
    *,
    scale: float,
) -> Routes:
    """Set each route together: first stretch, core, last stretch, or a way off the core.

    `direct`: weight [units] and arcs of the best way of a pair off the core, taken where no
    heavier; `scale`: units in one of the weight that was given.
    """
    found: list[tuple[int, list[int]]] = []
    for (out, back), path, near in zip(errands, paths, direct, strict=True):
        if near is not None and near[0] <= (path.weight if path else CLOSED):
            found.append(near)
        elif path is not None and path.weight <= HEAVIEST:
            first, last = reduction.node[[path.first, path.last]].tolist()
            runs = [len(graph.start) + run for run in path.runs]
            arcs = [*out.arcs(first), *runs, *reversed(back.arcs(last))]
            found.append((path.weight, arcs))
        else:
            found.append((CLOSED, []))
    weight, parts = np.array([one for one, _ in found], np.int64), [arcs for _, arcs in found]
    exists = weight <= HEAVIEST
    # What lies before the origin is taken off the first arc, and what lies beyond off the last.
    first, last = (
        graph.ahead[np.array([one[end] if one else 0 for one in parts], np.intp)] for end in (0, -1)
    )
    shares = np.array([(out.stop.share, back.stop.share) for out, back in errands]).reshape(-1, 2)
    return Routes(
        graph=graph,
        reduction=reduction,
        exists=exists,
        weight=np.where(exists, weight / scale, np.inf),
        parts=Rows.of(parts),
        first_left=np.where(first, shares[:, 0], 1 - shares[:, 0]) * exists,
        last_left=np.where(last, 1 - shares[:, 1], shares[:, 1]) * exists,
    )


def splice_routes(routes: Routes, ranks: Sequence[int], others: Routes) -> Routes:
    """Put other routes in the place of those of some ranks; weights stay in the units of each.

    Routes on another graph of the same network are put in as single arcs.
    """
    if others.graph is not routes.graph:
        own = routes.graph.twins(others.graph)
        arcs = [own[others.arcs(rank)] for rank in range(len(ranks))]
        others = replace(others, parts=Rows.of(arcs))
    count = len(routes.exists)
    order = np.arange(count)
    order[list(ranks)] = count + np.arange(len(ranks))

    parts = [routes.parts[at] if at < count else others.parts[at - count] for at in order.tolist()]
    picked: dict[str, Any] = {
        name: np.concatenate((getattr(routes, name), getattr(others, name)))[order]
        for name in ("exists", "weight", "first_left", "last_left")
    }
    return replace(routes, parts=Rows.of(parts), **picked)
