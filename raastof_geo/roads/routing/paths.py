"""Find ways through the core of a network, for pairs of places."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Integers, SmallIntegers, first_of_each
from raastof_geo.roads.routing.approach import Approach
from raastof_geo.roads.routing.engine import CLOSED, DijkstraMetric, Path

_TREES_AT_ONCE = 32
"""Trees held in memory side by side: 12 bytes a node each, 24 MB for 60,000 nodes of a core."""

_Door: TypeAlias = tuple[int, int, int, int]
"""Rank of the pair, row of its door out, node of its door in, and what both weigh. [units]"""


Approaches: TypeAlias = tuple[Approach, Approach]
"""The ways from an origin, and those to its destination."""


def find_by_trees(metric: DijkstraMetric, errands: Sequence[Approaches]) -> list[Path | None]:
    """Find all routes of some origins at once, and walk them backwards side by side.

    From each door of an origin one tree of least ways reaches all of the core, so many pairs share
    its price. For every pair the cheapest door out and door in count; of equal ones the first,
    however the trees are dealt out. A few at a time, since a tree is as large as the core.
    """
    doors = sorted({node for out, _ in errands for node, _ in out.doors})
    found: dict[int, Path] = {}
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
        lightest = [found[rank].weight if rank in found else CLOSED for rank in table[chosen, 0]]
        chosen = chosen[total[chosen] < lightest]
        ranks, rows, last, _ = table[chosen].T
        first = np.array(doors)[rows]
        nodes = _walk_back(before, rows - begin, last, first)
        for rank, weight, way in zip(ranks.tolist(), total[chosen].tolist(), nodes, strict=True):
            runs = metric.runs(way[:-1], way[1:]).tolist()
            found[rank] = Path(int(weight), tuple(runs), int(way[0]), int(way[-1]))
    return [found.get(rank) for rank in range(len(errands))]


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
