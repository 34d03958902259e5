"""Lay out the arcs that trucks drive, turn restrictions built in.

A restriction speaks of a sequence of arcs; a search for least ways knows nodes only. So for every
beginning of a forbidden sequence (a state) the junction stands once more, with its arcs, less the
forbidden one. All states are an automaton that remembers the longest beginning that the end of a
way matches (Aho, Corasick, CACM 18, 1975, doi 10.1145/360825.360855), so a way is found just where
no restriction is broken, and least ways stay exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.roads.edges import Turns
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access

Prefix = tuple[int, ...]


class Travelling:
    """A dataclass that is pickled by its fields: what hangs on them is worked out where it lands.

    Cached properties stay behind: some cannot be pickled, and all would be larger by an order.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the class, and the values of its fields in their order."""
        given: Any = self  # every class that this is mixed into is a dataclass
        return type(self), tuple(getattr(self, one.name) for one in fields(given))


@dataclass(frozen=True, eq=False)
class RoadGraph(Travelling):
    """Every edge in each direction that its signs allow, with copies where turns are restricted."""

    network: RoadNetwork
    place: Integers
    """Node of the network at which each node of the graph lies."""
    start: Integers
    end: Integers
    edge: Integers
    """Edge of the network that each arc lies on."""
    ahead: Mask
    """Whether the arc runs from the tail of its edge to the head."""

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.place)

    @cached_property
    def arcs_out(self) -> Adjacency:
        """The arcs that leave each node."""
        return Adjacency(self.start, self.size)

    @cached_property
    def arcs_in(self) -> Adjacency:
        """The arcs that enter each node."""
        return Adjacency(self.end, self.size)

    @cached_property
    def arcs_on(self) -> Adjacency:
        """The arcs that lie on each edge."""
        return Adjacency(self.edge, self.network.edge_count)

    @cached_property
    def length_km(self) -> Floats:
        """Length of each arc. [km]"""
        return np.asarray(self.network.length_m[self.edge] / 1000)


class Adjacency:
    """Which arcs belong to each node, or edge."""

    def __init__(self, owner: Integers, count: int) -> None:
        order = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[order], np.arange(count + 1))
        # Views of memory give plain numbers, several times faster than arrays do.
        self._order, self._first = memoryview(order.data), memoryview(first.data)

    def of(self, owner: int) -> list[int]:
        """Give the arcs of one node, in order."""
        return self._order[self._first[owner] : self._first[owner + 1]].tolist()


def build_graph(network: RoadNetwork, *, turns: bool = True) -> RoadGraph:
    """Lay out the arcs of a network, with its turn restrictions (`turns`) or without.

    Arcs along their edges come first, then those against them, then copies behind restrictions.
    """
    ahead, back = np.flatnonzero(network.forward), np.flatnonzero(network.backward)
    graph = RoadGraph(
        network=network,
        place=np.arange(network.node_count),
        start=np.concatenate((network.tail[ahead], network.head[back])).astype(np.int64),
        end=np.concatenate((network.head[ahead], network.tail[back])).astype(np.int64),
        edge=np.concatenate((ahead, back)),
        ahead=np.repeat([True, False], [len(ahead), len(back)]),
    )
    return _restrict(graph, network.turns) if turns and len(network.turns) else graph


def _restrict(graph: RoadGraph, turns: Turns) -> RoadGraph:
    """Add the few nodes and arcs that keep forbidden sequences of arcs apart: one a state."""
    rules = _Rules(graph, turns)
    count = len(graph.start)
    end = graph.end.copy()
    more: list[tuple[int, int, int]] = []
    for first in {prefix[0] for prefix in rules.states}:
        end[first] = rules.states[(first,)]
    for state, node in rules.states.items():
        for arc in graph.arcs_out.of(int(graph.end[state[-1]])):
            goal = rules.step(state, arc)
            if goal is not None:
                more.append((node, goal, arc))
    starts, ends, copies = np.array(more, np.int64).reshape(-1, 3).T
    place = [int(graph.end[state[-1]]) for state in rules.states]
    source = np.concatenate((np.arange(count), copies))
    return RoadGraph(
        network=graph.network,
        place=np.append(graph.place, np.array(place, np.int64)),
        start=np.append(graph.start, starts),
        end=np.append(end, ends),
        edge=graph.edge[source],
        ahead=graph.ahead[source],
    )


class _Rules:
    """Sequences of arcs that are forbidden, and the states in which one has begun."""

    def __init__(self, graph: RoadGraph, turns: Turns) -> None:
        self.graph = graph
        self.forbidden = set(_forbid(graph, turns))
        # Nor drive on a little and turn round on the road to undo a restriction.
        turned = defaultdict(set)
        for sequence in self.forbidden:
            turned[sequence[:-1]].add(sequence[-1])
        for prefix, banned in turned.items():
            self.forbidden.update(self._turn_back(prefix, banned))
        prefixes = dict.fromkeys(
            path[:size] for path in sorted(self.forbidden) for size in range(1, len(path))
        )
        self.states = {prefix: graph.size + rank for rank, prefix in enumerate(prefixes)}

    def step(self, state: Prefix, arc: int) -> int | None:
        """Give the node that an arc leads to after a state, none if any suffix is forbidden.

        The longest suffix of the path that is a state decides, since it remembers most.
        """
        path = (*state, arc)
        suffixes = [path[first:] for first in range(len(path))]
        if any(suffix in self.forbidden for suffix in suffixes):
            return None
        known = (self.states[suffix] for suffix in suffixes if suffix in self.states)
        return next(known, int(self.graph.end[arc]))

    def _turn_back(self, prefix: Prefix, banned: set[int]) -> Iterator[Prefix]:
        for arc in self.graph.arcs_out.of(int(self.graph.end[prefix[-1]])):
            if arc in banned:
                continue
            same = self.graph.arcs_on.of(int(self.graph.edge[arc]))
            back = next((other for other in same if other != arc), None)
            beyond = (*prefix, arc)
            if self.graph.network.length_m[self.graph.edge[arc]] == 0 and arc not in prefix:
                # A barrier is no road to turn on: look beyond it.
                undone = set() if back is None else {back}
                yield from ((*beyond, one) for one in undone)
                yield from self._turn_back(beyond, undone)
            elif back is not None and self._goes_on(arc, back):
                yield (*beyond, back)

    def _goes_on(self, arc: int, back: int) -> bool:
        """Tell whether a road goes on beyond an arc, so that a truck need not turn there."""
        graph = self.graph
        onward = [other for other in graph.arcs_out.of(int(graph.end[arc])) if other != back]
        return any(graph.network.access[graph.edge[other]] != Access.CLOSED for other in onward)


def _forbid(graph: RoadGraph, turns: Turns) -> Iterator[Prefix]:
    allowed: dict[Prefix, set[int]] = defaultdict(set)
    for only, sequence in turns:
        arcs = [_find_arc(graph, arc) for arc in sequence]
        path = tuple(arc for arc in arcs if arc is not None)
        if len(path) < max(len(arcs), 2):
            continue
        if only:
            allowed[path[:-1]].add(path[-1])
        else:
            yield path
    for prefix, lasts in allowed.items():
        for arc in graph.arcs_out.of(int(graph.end[prefix[-1]])):
            if arc not in lasts:
                yield (*prefix, arc)


def _find_arc(graph: RoadGraph, directed: int) -> int | None:
    """Find the arc of an edge in a direction; none where signs forbid it, or it is closed."""
    edge, against = divmod(directed, 2)
    if graph.network.access[edge] == Access.CLOSED:
        return None
    arcs = graph.arcs_on.of(edge)
    return next((arc for arc in arcs if bool(graph.ahead[arc]) is not bool(against)), None)
