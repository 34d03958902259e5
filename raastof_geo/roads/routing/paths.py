"""Find ways through the core of a network, for pairs of places."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Integers, SmallIntegers, first_of_each
from raastof_geo.roads.routing.approach import Approach, RoadStop
from raastof_geo.roads.routing.engine import CLOSED, DijkstraMetric, HierarchyMetric
from raastof_geo.roads.rows import Rows

_TREES_AT_ONCE = 32
"""Trees held in memory side by side: 12 bytes a node each, 24 MB for 60,000 nodes of a core."""

_Door: TypeAlias = tuple[int, int, int, int]
"""Rank of the pair, row of its door out, node of its door in, and what both weigh. [units]"""


@dataclass(frozen=True, eq=False)
class Errands:
    """Pairs of places that ways are sought for, and how each place hangs on the core."""

    pairs: Sequence[tuple[RoadStop, RoadStop]]
    out: Mapping[RoadStop, Approach]
    back: Mapping[RoadStop, Approach]

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[Approach, Approach]]:
        """Give for each pair the ways from its origin, and those to its destination."""
        return ((self.out[origin], self.back[goal]) for origin, goal in self.pairs)


@dataclass(frozen=True, eq=False)
class CorePaths:
    """Ways through the core, one for each pair of places. [pairs]"""

    weight: Integers
    """With the way to the core and from it, `CLOSED` where there is none. [units]"""
    runs: Rows
    first: Integers
    """Node of the core where each begins, -1 where there is none."""
    last: Integers


def find_singly(metric: HierarchyMetric, errands: Errands) -> CorePaths:
    """Find the way of each pair by a query of its own. One for each errand, in their order."""
    found = [metric.find(out.doors, back.doors) for out, back in errands]
    ends = [(path.weight, path.first, path.last) if path else (CLOSED, -1, -1) for path in found]
    weight, first, last = np.array(ends, np.int64).reshape(-1, 3).T
    return CorePaths(weight, Rows.of([path.runs if path else () for path in found]), first, last)


def find_by_trees(metric: DijkstraMetric, errands: Errands) -> CorePaths:
    """Find all routes of some origins at once, and walk them backwards side by side.

    From each door of an origin one tree of least ways reaches all of the core, so many pairs share
    its price. For every pair the cheapest door out and door in count; of equal ones the first,
    however the trees are dealt out. A few at a time, since a tree is as large as the core.
    """
    doors = sorted({node for approach in errands.out.values() for node, _ in approach.doors})
    best = np.full(len(errands), float(CLOSED))
    first, last = np.full(len(errands), -1), np.full(len(errands), -1)
    walked: dict[int, Integers] = {}
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
        better = total[chosen] < best[table[chosen, 0]]
        chosen = chosen[better]
        ranks = table[chosen, 0]
        best[ranks] = total[chosen]
        last[ranks] = table[chosen, 2]
        first[ranks] = np.array(doors)[table[chosen, 1]]
        nodes = _walk_back(before, table[chosen, 1] - begin, table[chosen, 2], first[ranks])
        for rank, way in zip(ranks.tolist(), nodes, strict=True):
            walked[rank] = metric.runs(way[:-1], way[1:])
    runs = Rows.of([walked.get(rank, ()) for rank in range(len(errands))])
    return CorePaths(np.minimum(best, CLOSED).astype(np.int64), runs, first, last)


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
