"""Find what turn restrictions mean on the edges of a network.

OpenStreetMap speaks of ways; edges are parts of ways. Over a node a restriction means the parts
that meet there, over ways every sequence of their parts. `arc ^ 1` is the way back of an arc.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from raastof_geo.arrays import Integers
from raastof_geo.roads.edges import RoadEdges, Turn
from raastof_geo.roads.mapped.osm import MappedTurn
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import join_tags

_LONGEST_VIA = 64
"""Edges that a restriction may run through; more is a mistake in the map, and sequences over them
would be too many to follow. A judgement."""


def lay_turns(
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
