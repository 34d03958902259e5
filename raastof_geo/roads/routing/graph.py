"""Lay out the arcs that trucks drive, turn restrictions built in, and reduce them to a core.

Why that finds least ways is told in `docs/roads.md`, under how routes are found. Near restrictions
a node tells by which arc a truck has come, or with which beginning of a forbidden sequence: states
of an automaton that remembers the longest one. No loop visits a node of a chain: neighbours are
kept as their exclusive or, so that knowing one of two tells the other. Weights are whole units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from raastof_geo.arrays import Floats, Integers, Mask, Rows, sort_up
from raastof_geo.roads.edges import Turn
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.engine import HEAVIEST, Travelling, order_nodes

Prefix = tuple[int, ...]
_NOWHERE = -2
"""Where a search leads on from the core: routes through that are found otherwise."""
_REACHES_KM = (0.25, 1.0, np.inf)
"""How far from restrictions arcs are told apart in turn. From trials with made-up ones. [km]"""


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

    arcs_out = cached_property(lambda self: Rows.group(self.start, self.size))
    """The arcs that leave each node."""
    arcs_in = cached_property(lambda self: Rows.group(self.end, self.size))
    """The arcs that enter each node."""
    arcs_on = cached_property(lambda self: Rows.group(self.edge, self.network.edge_count))
    """The arcs that lie on each edge."""

    def leaving(self, usable: Mask) -> Integers:
        """Count usable roads [arcs]. Returns how many leave each node of the network. [nodes]"""
        network = self.network
        arc = np.flatnonzero(np.bincount(2 * self.edge[usable] + self.ahead[usable]))
        edge, ahead = arc >> 1, arc % 2 == 1
        begin = np.where(ahead, network.tail[edge], network.head[edge])
        return np.bincount(begin, minlength=network.node_count)

    def turns_on(self, usable: Mask) -> Mask:
        """Look for turning round. Returns where another usable road than that goes on. [arcs]"""
        return self.turning & (self.leaving(usable)[self.place[self.start]] > usable)

    def turn_back(self, before: Integers, after: Integers) -> Mask:
        """Compare arcs in a row. Returns where the later goes back along the one before. [pairs]"""
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
        """Match arcs of another graph of the network. Returns ours that turn nowhere. [its arcs]"""
        return self.arc_along[2 * other.edge + ~other.ahead]

    @property
    def wider_km(self) -> float | None:
        """The next reach after this one; none where all arcs are told apart. [km]"""
        return next((reach for reach in _REACHES_KM if reach > self.reach_km), None)

    length_km = cached_property(lambda self: self.network.length_m[self.edge] / 1000)
    """Length of each arc. [km]"""


def build_graph(
    network: RoadNetwork,
    *,
    turns: bool = True,
    closing: Mask | None = None,
    reach_km: float = _REACHES_KM[0],
) -> RoadGraph:
    """Lay out the arcs of a network. Returns its turn restrictions built in, unless not `turns`.

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
    ways where no turn stands for them. Turning round is left out where a `usable` road goes on.
    """
    every, told = np.arange(len(graph.start)), np.flatnonzero(rules.told)
    onward = graph.arcs_out.take(graph.end[told])
    came, arc = told[onward.owner], onward.numbers
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
        sizes = ((path, size) for path in sorted(self.forbidden) for size in range(2, len(path)))
        prefixes = dict.fromkeys(path[:size] for path, size in sizes)
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
            out = graph.arcs_out[graph.end[one]]
            arms[out[(out != other) & ~graph.turn_back(np.full_like(out, one), out)]] = True
        # Parallel roads are added up, which matters little to a reach; none weighs nothing.
        length, ends = graph.length_km[arms] + 1e-6, (graph.start[arms], graph.end[arms])
        roads = csr_array((length, ends), shape=(graph.size, graph.size))
        found = np.full(graph.size, np.inf)
        if via.any():
            found = dijkstra(roads, indices=np.flatnonzero(via), min_only=True, limit=reach_km)
        near = arms & np.isfinite(found[graph.start]) & (found[graph.end] > found[graph.start])
        near[[path[0] for path in self.forbidden]] = True
        return np.asarray(near)

    def follow(self) -> Iterator[tuple[int, int, int, int]]:
        """Give the turns into states and out of them: node, node, arc, and the arc before it."""
        ways: list[tuple[Prefix, int, int]] = [
            ((one,), self.graph.size + one, other) for one, other in sorted(self.pairs)
        ]
        for state, node in self.states.items():
            onward = self.graph.arcs_out.plain(int(self.graph.end[state[-1]]))
            ways += [(state, node, arc) for arc in onward]
        for state, node, arc in ways:
            if (goal := self._step(state, arc)) is not None:
                yield node, goal, arc, state[-1]

    def _step(self, state: Prefix, arc: int) -> int | None:
        """Follow an arc to the longest suffix that is a state; to none if any is forbidden."""
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
        for arc in graph.arcs_out.plain(int(graph.end[prefix[-1]])):
            if arc not in lasts:
                yield (*prefix, arc)


@dataclass(frozen=True, eq=False)
class Reduction(Travelling):
    """The core of a graph: nodes where routes part, and the runs of arcs between them."""

    node: Integers
    """Node of the graph that each node of the core is."""
    core: Integers
    """Node of the core that each node of the graph is, -1 where it is none."""
    tail: Integers
    """Node of the core at which each run begins."""
    head: Integers
    stem: Integers
    """Of nodes in dead ends the next one on the way to the core, else -1."""
    run_start: Integers
    """Where the arcs of each run begin in `run_arc`; one longer than the runs."""
    run_arc: Integers
    order: Integers
    """Nodes of the core from the lowest rank of a hierarchy to the highest; none without one."""
    local: Mask
    """Arcs for the first and the last stretch only."""
    closed: Mask
    """Arcs that trucks may not use."""

    leads = cached_property(lambda self: np.where(self.core < 0, self.stem, _NOWHERE))
    """The node to which open roads lead on from each node off the core, -1 to any."""

    @cached_property
    def parts(self) -> Rows:
        """The arcs of every part of routes: first each arc by itself, then the runs."""
        single = np.arange(len(self.closed))
        start = np.concatenate((single, len(single) + self.run_start))
        return Rows(start, np.concatenate((single, self.run_arc)))

    def list_doors(self, weights: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
        """List the nodes of the core among nodes that were reached, with what each weighs."""
        core = memoryview(self.core.data)
        reached = ((core[node], weight) for node, weight in weights.items())
        return tuple(one for one in reached if one[0] >= 0 and one[1] <= HEAVIEST)

    def add_up(self, weight: Floats) -> Floats:
        """Add up what arcs weigh [arcs]. Returns sums along runs, infinity and all. [runs]"""
        return np.asarray(np.add.reduceat(weight[self.run_arc], self.run_start[:-1]))


def reduce_graph(
    graph: RoadGraph, closed: Mask, local: Mask, *, ordered: bool = False
) -> Reduction:
    """Reduce a graph to the core that traffic passes through, over arcs not `closed` nor `local`.

    Returns a core in which a best way over these weighs what it does in the graph. `ordered`:
    whether its nodes are put in order for a hierarchy.
    """
    arcs = np.flatnonzero(~(closed | local) & (graph.start != graph.end))
    start, end = graph.start[arcs], graph.end[arcs]
    streets = _Streets(start, end, graph.size)
    alive = streets.peel()
    inner = alive & streets.plain() & (streets.degree == 2)
    core_node = np.flatnonzero(alive & ~inner)
    core = np.full(graph.size, -1, np.int64)
    core[core_node] = np.arange(len(core_node))
    direct = (core[start] >= 0) & (core[end] >= 0)
    long, tail, head = _follow_chains(streets, inner, core)
    one = np.flatnonzero(direct)
    tail = np.concatenate((core[start[one]], core[tail]))
    head = np.concatenate((core[end[one]], core[head]))
    order = np.zeros(0, np.int64)
    if ordered and len(tail):
        network, place = graph.network, graph.place[core_node]
        order = order_nodes(tail, head, network.node_lon[place], network.node_lat[place])
    return Reduction(
        node=core_node,
        core=core,
        tail=tail,
        head=head,
        stem=streets.stem,
        run_start=np.concatenate((np.arange(len(one)), len(one) + long.start)),
        run_arc=arcs[np.concatenate((one, long.numbers))],
        order=order,
        local=local,
        closed=closed,
    )


class _Streets:
    """Nodes and their neighbours, whichever way the arcs between them run."""

    def __init__(self, start: Integers, end: Integers, size: int) -> None:
        self.size = size
        low, high = np.minimum(start, end), np.maximum(start, end)
        pair = _distinct(low * size + high)
        self.low, self.high = pair // size, pair % size
        self.degree = np.bincount(self.low, minlength=size) + np.bincount(self.high, minlength=size)
        self.stem = np.full(size, -1, np.int64)
        # The exclusive or of all neighbours: with one neighbour known it tells the other.
        self.other = np.zeros(size, np.int64)
        np.bitwise_xor.at(self.other, self.low, self.high)
        np.bitwise_xor.at(self.other, self.high, self.low)
        self.order = sort_up(key := start * size + end)
        self.sorted_key = key[self.order]

    def peel(self) -> Mask:
        """Take dead ends away, leaf by leaf. Returns which nodes are left. [nodes]

        Each round takes all leaves there are, which leaves in the exclusive or of their neighbours
        that of the others; as many rounds as the deepest dead end has nodes.
        """
        alive = self.degree > 0
        leaf = np.flatnonzero(self.degree == 1)
        while len(leaf):
            leaf = leaf[self.degree[leaf] == 1]
            stem = self.stem[leaf] = self.other[leaf]
            alive[leaf] = False
            self.degree[leaf] = 0
            np.subtract.at(self.degree, stem, 1)
            np.bitwise_xor.at(self.other, stem, leaf)
            leaf = _distinct(stem[self.degree[stem] == 1])
        return alive & (self.degree > 0)

    def plain(self) -> Mask:
        """Look for twin roads. Returns which nodes have no two to a neighbour. [nodes]"""
        twice = self.sorted_key[1:] == self.sorted_key[:-1]
        plain = np.ones(self.size, bool)
        plain[np.concatenate(np.divmod(self.sorted_key[1:][twice], self.size))] = False
        return plain

    def find(self, start: Integers, end: Integers) -> Integers:
        """Find arcs between pairs of nodes. Returns -1 where there is none. [pairs]"""
        key = start * self.size + end
        rank = np.minimum(np.searchsorted(self.sorted_key, key), len(self.sorted_key) - 1)
        return np.where(self.sorted_key[rank] == key, self.order[rank], -1)


def _distinct(values: Integers) -> Integers:
    """Give different values in their order; by sorting, which is faster here than hashing."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _follow_chains(roads: _Streets, inner: Mask, core: Integers) -> tuple[Rows, Integers, Integers]:
    """Follow every chain of inner nodes from each of its ends, all of them side by side.

    Gives the arcs of each run, and the nodes at which it begins and ends. Each pass takes all walks
    one node on: the exclusive or of an inner node's neighbours with the one that we come from is
    the one ahead. A walk is dropped where an arc is missing on the way (a one-way street against
    us) and where it comes back to where it began (a loop).
    """
    ends = np.concatenate((roads.low, roads.high))
    beyond = np.concatenate((roads.high, roads.low))
    begins = (core[ends] >= 0) & inner[beyond]
    first, here = ends[begins], beyond[begins]
    before = first.copy()
    walk, last = np.arange(len(first)), first.copy()
    steps = [(walk, roads.find(before, here))]
    while len(walk):
        ahead = roads.other[here] ^ before
        steps.append((walk, roads.find(here, ahead)))
        done = ~inner[ahead]
        last[walk[done]] = ahead[done]
        walk, before, here = walk[~done], here[~done], ahead[~done]
    walks, arcs = (np.concatenate(some) for some in zip(*steps, strict=True))
    whole = first != last
    whole[walks[arcs < 0]] = False
    kept = whole[walks]
    order = sort_up(walks[kept])
    sizes = np.bincount(walks[kept], minlength=len(first))[whole]
    return Rows.part(arcs[kept][order], sizes), first[whole], last[whole]


State: TypeAlias = tuple[int, bool]
"""A node, and whether open road has been driven since the place."""


@dataclass(frozen=True)
class RoadStop:
    """A place on an edge."""

    edge: int
    share: float
    """How far along, from 0 at its tail to 1 at its head."""
    access_km: float = 0.0
    """The straight way between the place and its road. [km]"""


@dataclass(frozen=True, eq=False)
class Approach:
    """Every way from a place to the core, or from the core to a place."""

    stop: RoadStop
    weight: dict[int, int]
    """Least weight to each node that was reached, by node of the graph."""
    doors: tuple[tuple[int, int], ...]
    """Nodes of the core, and the weight to them."""
    _state: dict[int, State]
    _step: dict[State, tuple[State | None, int]]

    def list_places(self, core: memoryview) -> Iterator[int]:
        """List where it may meet another off the core: nodes, and its own edge, as -1 and below."""
        yield -1 - self.stop.edge
        yield from (node for node in self.weight if core[node] < 0)

    def arcs(self, node: int) -> list[int]:
        """Trace the way of a node. Returns its arcs from the place on, the place's own first."""
        state: State | None = self._state[node]
        arcs = []
        while state is not None:
            state, arc = self._step[state]
            arcs.append(arc)
        return arcs[::-1]
