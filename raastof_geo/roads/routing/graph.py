"""Lay out the arcs that trucks drive, turn restrictions built in.

A restriction speaks of a sequence of arcs, and turning round of two of them; a search for least
ways knows nodes only. Without restrictions no least way turns round: it would visit a node twice.
With them it might anywhere, to undo a forbidden turn; so there a node tells by which arc a truck
has come (Caldwell, CACM 4, 1961, doi 10.1145/366532.366559). Of longer forbidden sequences each
beginning is a node, too. All of them are an automaton that remembers the longest beginning that the
end of a way matches (Aho, Corasick, CACM 18, 1975, doi 10.1145/360825.360855), so a way is found
just where no restriction is broken, and least ways stay exact.

**Near restrictions only.** Who turns round to undo a forbidden turn does so as soon as they may, so
arcs are told apart within some reach of restrictions, beyond which a node is a node. Such a graph
breaks no restriction either, and has every way of the whole one with the same weight, beside ways
that turn round farther off. So its least way, if it does not, is a least way of the whole graph:
that one has no lighter way, and has this one. A least way that does is sought again with a wider
reach, at last an infinite one, which is the whole graph (`WeightedRoads.routes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.roads.edges import Turn, lay_runs
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.engine import Travelling

Prefix = tuple[int, ...]
_REACHES_KM = (0.25, 1.0, np.inf)
"""How far from restrictions arcs are told apart, one after the other. From trials on the roads of
Zealand with made-up restrictions. [km]"""


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
    turning: Mask
    """Whether who takes the arc turns round, back along the edge that they have come by."""
    closing: Mask | None = None
    """Edges that some truck may find closed, where the arcs were told apart."""
    reach_km: float = np.inf
    """How far from restrictions arcs are told apart. [km]"""

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

    def leaving(self, usable: Mask) -> Integers:
        """Count the usable roads that leave each node of the network. [nodes] `usable`: [arcs]"""
        network = self.network
        arc = np.unique(2 * self.edge[usable] + self.ahead[usable])
        edge, ahead = arc >> 1, arc % 2 == 1
        begin = np.where(ahead, network.tail[edge], network.head[edge])
        return np.bincount(begin, minlength=network.node_count)

    def turns_on(self, usable: Mask) -> Mask:
        """Tell who turns round where another usable road than that goes on. [arcs]"""
        return self.turning & (self.leaving(usable)[self.place[self.start]] > usable)

    def turn_back(self, before: Integers, after: Integers) -> Mask:
        """Tell where the later of two arcs in a row goes back along the one before it."""
        same = self.edge[before] == self.edge[after]
        return np.asarray(same & (self.ahead[before] != self.ahead[after]))

    @cached_property
    def arc_along(self) -> Integers:
        """An arc that turns nowhere along every edge, and against it, -1: none. [2 × edges]"""
        plain = np.flatnonzero(~self.turning)
        found = np.full(2 * self.network.edge_count, -1, np.int64)
        found[2 * self.edge[plain] + ~self.ahead[plain]] = plain
        return found

    def twins(self, other: RoadGraph) -> Integers:
        """Give for each arc of another graph of the network one of ours that turns nowhere."""
        return self.arc_along[2 * other.edge + ~other.ahead]

    @property
    def wider_km(self) -> float | None:
        """The next reach after this one; none where all arcs are told apart. [km]"""
        return next((reach for reach in _REACHES_KM if reach > self.reach_km), None)

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


def build_graph(
    network: RoadNetwork,
    *,
    turns: bool = True,
    closing: Mask | None = None,
    reach_km: float = _REACHES_KM[0],
) -> RoadGraph:
    """Lay out the arcs of a network, with its turn restrictions (`turns`) or without.

    `closing`: edges that some truck may find closed, beside those with a limit, ferries, and roads
    that are not the same to all. Where nothing else goes on, such a truck turns round. `reach_km`:
    how far from restrictions nodes tell by which arc a truck has come.
    """
    edge, start, end = network.list_arcs()
    graph = RoadGraph(
        network=network,
        place=np.arange(network.node_count),
        start=start.astype(np.int64),
        end=end.astype(np.int64),
        edge=edge,
        ahead=np.arange(len(edge)) < np.count_nonzero(network.forward),
        turning=np.zeros(len(edge), bool),
    )
    if not turns or not network.turns:
        return graph
    closed = np.isfinite(network.limits).any(axis=1) | network.ferry
    closed |= network.access == Access.CLOSED
    closed[network.ruled] = True
    if closing is not None:
        closed |= closing
    rules = _Rules(graph, network.turns, reach_km)
    told = _restrict(graph, ~closed[graph.edge], rules)
    return replace(told, closing=closing, reach_km=np.inf if rules.told.all() else reach_km)


def _restrict(graph: RoadGraph, usable: Mask, rules: _Rules) -> RoadGraph:
    """Lay out the same arcs between nodes that tell by which arc a truck has come, if it matters.

    After the nodes at which ways begin come the ends of arcs, then what is longer of forbidden
    sequences. Arcs are the turns that are allowed, each on its second arc, and the first arcs of
    ways where no turn stands for them. Turning round is left out where a road goes on that is
    `usable` for every truck.
    """
    every, told = np.arange(len(graph.start)), np.flatnonzero(rules.told)
    degree = np.bincount(graph.start, minlength=graph.size)[graph.end[told]]
    order = np.argsort(graph.start, kind="stable")
    came = np.repeat(told, degree)
    arc = order[lay_runs(np.searchsorted(graph.start[order], graph.end[told]), degree)]
    special = [one * len(every) + other for one, other in rules.pairs]
    plain = ~np.isin(came * len(every) + arc, special)
    # Of each turn: from which node to which, on which arc, and which one came before.
    turn = np.column_stack((graph.size + came, rules.goal[arc], arc, came))[plain]
    turns = np.concatenate((turn, np.array(list(rules.follow()), np.int64).reshape(-1, 4)))
    _, end, arc, came = turns.T
    back = graph.turn_back(came, arc)
    leaving = np.bincount(graph.start[usable], minlength=graph.size)[graph.start[arc]]
    kept = ~back | (leaving <= usable[arc])
    untold = np.isin(graph.start, graph.end[~rules.told])
    first = np.union1d(every[untold], np.setdiff1d(every, arc[~back & (end == rules.goal[arc])]))
    begin = np.column_stack((graph.start[first], rules.goal[first], first))
    start, end, arc = np.concatenate((begin, turns[kept, :3])).T
    place = np.array([graph.end[state[-1]] for state in rules.states], np.int64)
    return RoadGraph(
        network=graph.network,
        place=np.concatenate((graph.place, graph.end, place)),
        start=start,
        end=end,
        edge=graph.edge[arc],
        ahead=graph.ahead[arc],
        turning=np.append(np.zeros(len(begin), bool), back[kept]),
    )


class _Rules:
    """Sequences of arcs that are forbidden, and the states in which a longer one has begun."""

    def __init__(self, graph: RoadGraph, turns: Sequence[Turn], reach_km: float) -> None:
        self.graph = graph
        self.forbidden = set(_forbid(graph, turns))
        prefixes = dict.fromkeys(
            path[:size] for path in sorted(self.forbidden) for size in range(2, len(path))
        )
        first = graph.size + len(graph.start)
        self.states = {prefix: first + rank for rank, prefix in enumerate(prefixes)}
        """The node of each."""
        self.pairs = {path for path in (*self.forbidden, *self.states) if len(path) == 2}
        """Turns that are not allowed, or lead to a state."""
        self.told = self._near(reach_km)
        """Arcs after which a node tells that they were driven. [arcs]"""
        self.goal = np.where(self.told, graph.size + np.arange(len(graph.start)), graph.end)
        """The node that each arc leads to, unless a state remembers more. [arcs]"""

    def _near(self, reach_km: float) -> Mask:
        """Tell which arcs begin restrictions, or are on a way out to turn round behind one. [arcs]

        Such a way leaves a junction by an arm that the restriction is not about, and heads away.
        """
        graph = self.graph
        if not np.isfinite(reach_km):
            return np.ones(len(graph.start), bool)
        steps = [step for path in self.forbidden for step in pairwise(path)]
        via = np.zeros(graph.size, bool)
        via[[graph.end[one] for one, _ in steps]] = True
        arms = ~via[graph.start]
        for one, other in steps:
            out = np.array(graph.arcs_out.of(int(graph.end[one])))
            arms[out[(out != other) & ~graph.turn_back(np.full_like(out, one), out)]] = True
        # Parallel roads are added up, which matters little to a reach; none weighs nothing.
        length, ends = graph.length_km[arms] + 1e-6, (graph.start[arms], graph.end[arms])
        roads = csr_array((length, ends), shape=(graph.size, graph.size))
        found = np.full(graph.size, np.inf)
        if via.any():
            places = np.flatnonzero(via)
            found = dijkstra(roads, indices=places, min_only=True, limit=reach_km)
        near = arms & np.isfinite(found[graph.start]) & (found[graph.end] > found[graph.start])
        near[[path[0] for path in self.forbidden]] = True
        return np.asarray(near)

    def follow(self) -> Iterator[tuple[int, int, int, int]]:
        """Give the turns into states and out of them: node, node, arc, and the arc before it."""
        ways: list[tuple[Prefix, int, int]] = [
            ((one,), self.graph.size + one, other) for one, other in sorted(self.pairs)
        ]
        for state, node in self.states.items():
            onward = self.graph.arcs_out.of(int(self.graph.end[state[-1]]))
            ways += [(state, node, arc) for arc in onward]
        for state, node, arc in ways:
            goal = self._step(state, arc)
            if goal is not None:
                yield node, goal, arc, state[-1]

    def _step(self, state: Prefix, arc: int) -> int | None:
        """Give the node that an arc leads to after a state, none if any suffix is forbidden.

        The longest suffix of the path that is a state decides, since it remembers most.
        """
        path = (*state, arc)
        suffixes = [path[first:] for first in range(len(path))]
        if any(suffix in self.forbidden for suffix in suffixes):
            return None
        known = (self.states[suffix] for suffix in suffixes if suffix in self.states)
        return next(known, int(self.goal[arc]))


def _forbid(graph: RoadGraph, turns: Sequence[Turn]) -> Iterator[Prefix]:
    allowed: dict[Prefix, set[int]] = defaultdict(set)
    closed = graph.network.access == Access.CLOSED
    for only, sequence, _ in turns:
        path = tuple(graph.arc_along[list(sequence)].tolist())
        if len(path) < 2 or -1 in path or closed[[arc // 2 for arc in sequence]].any():
            continue
        if only:
            allowed[path[:-1]].add(path[-1])
        else:
            yield path
    for prefix, lasts in allowed.items():
        for arc in graph.arcs_out.of(int(graph.end[prefix[-1]])):
            if arc not in lasts:
                yield (*prefix, arc)
