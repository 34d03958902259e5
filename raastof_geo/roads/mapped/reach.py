"""Choose the roads to keep so that every part of an area stays within reach."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from raastof_geo.arrays import Floats, Indices, Mask, SmallIntegers, first_of_each
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.routing.engine import WeightMatrix, find_parts

SMALLEST_PIECE_M = 500.0
"""A stretch of kept roads that hangs alone is linked if it is this long. [m]"""

_ROUNDS = 8
"""Most rounds of linking pieces by way of other pieces. It ends sooner where nothing is added; the
built-in roads need fewer. A judgement."""
_SHORTEST_M = 0.01
"""Least cost of an arc: SciPy takes a weight of 0 for no arc at all. [m]"""


@dataclass(frozen=True, eq=False)
class RoadReach:
    """The best way between the main part and every node, out and back."""

    distance: Floats
    before: SmallIntegers
    after: SmallIntegers


class RoadLinks:
    """What links may run on: all streets, at what each metre costs by its `weight`. [edges]"""

    def __init__(self, streets: RoadEdges, weight: Floats) -> None:
        segment, start, end = streets.list_arcs()
        order = np.argsort(segment, kind="stable")  # of equally cheap arcs that of the first counts
        self._segment = segment[order]
        cost = (np.maximum(streets.length_m, _SHORTEST_M) * weight)[self._segment]
        ends = start[order].astype(np.int64), end[order].astype(np.int64)
        self._weighed = WeightMatrix(*ends, streets.node_count, cost)

    def measure(self, main: Mask) -> RoadReach:
        """Find the best way between the main part and every node, out and back."""
        near = np.flatnonzero(main)
        there, home = self._weighed.matrix, csr_array(self._weighed.matrix.T)
        out, before, _ = dijkstra(there, indices=near, min_only=True, return_predecessors=True)
        back, after, _ = dijkstra(home, indices=near, min_only=True, return_predecessors=True)
        return RoadReach(out + back, before, after)

    def trace(self, reach: RoadReach, gates: Indices) -> Indices:
        """List the segments on the ways between the main part and some nodes, out and back."""
        steps = []
        for gate in gates.tolist():
            for tree, ahead in ((reach.before, False), (reach.after, True)):
                node = gate
                while (other := int(tree[node])) >= 0:
                    steps.append((node, other) if ahead else (other, node))
                    node = other
        start, end = np.array(steps, np.int64).reshape(-1, 2).T
        return self._segment[self._weighed.runs(start, end)]


def link_pieces(streets: RoadEdges, kept: Mask, weight: Floats) -> Mask:
    """Add the shortest links between the main part and the pieces that hang alone, quays too.

    Repeats, since a piece may be reached only by way of another. [edges] `weight`: how unwelcome
    each metre is on a link, 1 is an ordinary road.
    """
    at_sea, on_land = np.zeros((2, streets.node_count), bool)
    for end in (streets.tail, streets.head):
        at_sea[end[kept & streets.ferry]] = True
        on_land[end[~streets.ferry]] = True
    quays, links = np.flatnonzero(at_sea & on_land), RoadLinks(streets, weight)
    for _ in range(_ROUNDS):
        main = find_main_nodes(streets, _drop_blind_ferries(streets, kept))
        reach = links.measure(main)
        gates = _find_gates(streets, kept, main, reach)
        near = quays[np.isfinite(reach.distance[quays])]
        linked = kept.copy()
        linked[links.trace(reach, np.union1d(gates, near))] = True
        if np.array_equal(linked, kept):
            break
        kept = linked
    return kept


def keep_main_part(streets: RoadEdges, kept: Mask) -> Mask:
    """Keep what is reached from everywhere and left for everywhere, less blind ferries."""
    main = find_main_nodes(streets, kept)
    return _drop_blind_ferries(streets, kept & main[streets.tail] & main[streets.head])


def find_main_nodes(streets: RoadEdges, kept: Mask) -> Mask:
    """Find the nodes of the strongly connected part with the most kilometres, not nodes. [nodes]"""
    _, start, end = streets.list_arcs(kept)
    part = find_parts(start, end, streets.node_count, strong=True)
    whole = kept & (part[streets.tail] == part[streets.head])
    length = np.bincount(part[streets.tail[whole]], streets.length_m[whole], minlength=1)
    return np.asarray(part == int(np.argmax(length)), bool)


def _find_gates(streets: RoadEdges, kept: Mask, main: Mask, reach: RoadReach) -> Indices:
    alone = kept & ~(main[streets.tail] & main[streets.head])
    inside = alone & ~main[streets.tail] & ~main[streets.head]
    piece = find_parts(streets.tail[inside], streets.head[inside], streets.node_count)
    outer = np.where(main[streets.tail], streets.head, streets.tail)
    road = alone & ~streets.ferry
    length = np.bincount(piece[outer[road]], streets.length_m[road], minlength=1)
    nodes = np.unique(outer[road])
    worth = np.append(length, 0.0)[piece[nodes]] >= SMALLEST_PIECE_M
    nodes = nodes[worth & np.isfinite(reach.distance[nodes])]
    return np.asarray(nodes[first_of_each(piece[nodes], reach.distance[nodes])], np.intp)


def _drop_blind_ferries(streets: RoadEdges, kept: Mask) -> Mask:
    """Take ferries away that end where no road goes on, bit by bit from their ends."""
    on_land = np.zeros(streets.node_count, np.int64)
    for end in (streets.tail, streets.head):
        on_land[end[kept & ~streets.ferry]] = 2
    ferries = np.flatnonzero(kept & streets.ferry)
    while True:
        tail, head = streets.tail[ferries], streets.head[ferries]
        ends, index = np.unique(np.concatenate((tail, head)), return_inverse=True)
        blind = (on_land[ends] + np.bincount(index, minlength=len(ends)) < 2)[index]
        goes_on = ~blind.reshape(2, -1).any(axis=0)
        if goes_on.all():
            break
        ferries = ferries[goes_on]
    left = kept & ~streets.ferry
    left[ferries] = True
    return left
