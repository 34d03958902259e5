"""Find what turn restrictions mean on the edges of a network.

OpenStreetMap speaks of ways; edges are parts of ways. Over a node a restriction means the parts
that meet there, over ways every sequence of their parts. `arc ^ 1` is the way back of an arc.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import numpy as np

from raastof_geo.arrays import Integers, SmallIntegers
from raastof_geo.roads.edges import Turns
from raastof_geo.roads.mapped.osm import MappedTurn

_LONGEST_VIA = 64
"""Edges that a restriction may run through; more is a mistake in the map, and sequences over them
would be too many to follow. A judgement."""


def find_turns(
    mapped: Iterable[MappedTurn], way: Integers, ends: SmallIntegers, nodes: Mapping[int, int]
) -> Turns:
    """Find the arcs of each restriction whose members lie in the network and meet as they should.

    `way` and `ends` are those of each edge; `nodes`: nodes by id of OpenStreetMap.
    """
    turns = tuple(mapped)
    roads = _Roads(turns, way, ends)
    found = [(one.only, arcs) for one in turns for arcs in dict.fromkeys(roads.trace(one, nodes))]
    return gather_turns(found)


def gather_turns(found: Iterable[tuple[bool, tuple[int, ...]]]) -> Turns:
    """Put restrictions into columns: whether each is an only one, and its arcs."""
    rows = list(found)
    size = [len(arcs) for _, arcs in rows]
    return Turns(
        only=np.array([only for only, _ in rows], bool),
        start=np.append(0, np.cumsum(size)).astype(np.int64),
        arc=np.array([arc for _, arcs in rows for arc in arcs], np.int32),
    )


class _Roads:
    def __init__(self, turns: tuple[MappedTurn, ...], way: Integers, ends: SmallIntegers) -> None:
        wanted = {one for turn in turns for one in (*turn.origin, *turn.via_ways, *turn.target)}
        edges = np.flatnonzero(np.isin(way, list(wanted))).tolist()
        self.ends = {edge: (int(ends[edge, 0]), int(ends[edge, 1])) for edge in edges}
        self.edges: dict[int, list[int]] = defaultdict(list)
        for edge in edges:
            self.edges[int(way[edge])].append(edge)

    def trace(self, turn: MappedTurn, via_nodes: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
        """Give the arcs of every way through a restriction, first to last."""
        into, out = self._arcs_of(turn.origin), self._arcs_of(turn.target)
        if turn.via_node is not None:
            node = via_nodes.get(turn.via_node)
            into = [arc for arc in into if self.head(arc) == node]
            out = [arc for arc in out if self.tail(arc) == node]
            yield from (pair for pair in product(into, out) if self.is_turn(*pair, turn))
            return
        via = {edge for way in turn.via_ways for edge in self.edges[way]}
        if 0 < len(via) <= _LONGEST_VIA:
            for first in into:
                yield from self._through((first,), via, set(out))

    def _arcs_of(self, ways: Iterable[int]) -> list[int]:
        return [arc for way in ways for edge in self.edges[way] for arc in _both(edge)]

    def _through(
        self, arcs: tuple[int, ...], via: set[int], out: set[int]
    ) -> Iterator[tuple[int, ...]]:
        """Go on over every edge of the ways between, each once, then out."""
        here = self.head(arcs[-1])
        if not via:
            yield from ((*arcs, last) for last in sorted(out) if self.tail(last) == here)
            return
        for edge in sorted(via):
            for arc in _both(edge):
                if self.tail(arc) == here:
                    yield from self._through((*arcs, arc), via - {edge}, out)

    def is_turn(self, first: int, last: int, turn: MappedTurn) -> bool:
        """Leave out turning round on the spot, unless that is what the restriction is about."""
        round_on_the_spot = first ^ 1 == last
        if turn.u_turn and set(turn.origin) & set(turn.target):
            return round_on_the_spot
        return not round_on_the_spot

    def tail(self, arc: int) -> int:
        return self.ends[arc >> 1][arc & 1]

    def head(self, arc: int) -> int:
        return self.ends[arc >> 1][1 - (arc & 1)]


def _both(edge: int) -> tuple[int, int]:
    return 2 * edge, 2 * edge + 1
