"""Reduce a graph to its core, and find the first and the last stretch between a place and that.

A dead end is used only by who starts or stops in it, and along a chain of nodes with two neighbours
there is nothing to decide; both leave the graph. Of the 435,000 nodes of Zealand 67,000 are left.
No loop visits a node: neighbours are kept as their exclusive or, one number for each node, and as
long as there are two of them, knowing one tells the other.

Only on the first and the last stretch are local roads driven. Weights there are whole units.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.roads.edges import Rows
from raastof_geo.roads.routing.engine import CLOSED, HEAVIEST, order_nodes
from raastof_geo.roads.routing.graph import RoadGraph


@dataclass(frozen=True, eq=False)
class Reduction:
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

    def arcs(self, run: int) -> Integers:
        """Give the arcs of a run, in the order they are driven."""
        return self.run_arc[self.run_start[run] : self.run_start[run + 1]]

    def add_up(self, weight: Floats) -> Floats:
        """Add up what arcs weigh along each run, infinity and all. [runs] `weight`: [arcs]"""
        return np.asarray(np.add.reduceat(weight[self.run_arc], self.run_start[:-1]))


def reduce_graph(
    graph: RoadGraph, closed: Mask, local: Mask, *, ordered: bool = False
) -> Reduction:
    """Reduce a graph to the core that traffic passes through, over arcs not `closed` nor `local`.

    Between any two of its nodes a best way over these weighs what it does in the graph. `ordered`:
    whether its nodes are put in order for a hierarchy.
    """
    through = ~(closed | local)
    arcs = np.flatnonzero(through & (graph.start != graph.end))
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
        self.order = np.argsort(key := start * size + end, kind="stable")
        self.sorted_key = key[self.order]

    def peel(self) -> Mask:
        """Take dead ends away, leaf by leaf, and tell which nodes are left.

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
        """Tell which nodes have no two roads to one neighbour, between which one would decide."""
        twice = self.sorted_key[1:] == self.sorted_key[:-1]
        plain = np.ones(self.size, bool)
        plain[np.concatenate(np.divmod(self.sorted_key[1:][twice], self.size))] = False
        return plain

    def find(self, start: Integers, end: Integers) -> Integers:
        """Find the arc between pairs of nodes, -1 where there is none."""
        key = start * self.size + end
        rank = np.minimum(np.searchsorted(self.sorted_key, key), len(self.sorted_key) - 1)
        return np.where(self.sorted_key[rank] == key, self.order[rank], -1)


def _distinct(values: Integers) -> Integers:
    """Give different values in their order; by sorting, which is faster here than hashing."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _follow_chains(
    streets: _Streets, inner: Mask, core: Integers
) -> tuple[Rows, Integers, Integers]:
    """Follow every chain of inner nodes from each of its ends, all of them side by side.

    Gives the arcs of each run, and the nodes at which it begins and ends.

    Each pass takes all walks one node on. The exclusive or of an inner node's neighbours with the
    one that we come from is the one ahead. A walk is dropped where an arc is missing on the way (a
    one-way street against us) and where it comes back to where it began (a loop).
    """
    ends = np.concatenate((streets.low, streets.high))
    beyond = np.concatenate((streets.high, streets.low))
    begins = (core[ends] >= 0) & inner[beyond]
    first, here = ends[begins], beyond[begins]
    before = first.copy()
    walk, last = np.arange(len(first)), first.copy()
    steps = [(walk, streets.find(before, here))]
    while len(walk):
        ahead = streets.other[here] ^ before
        arc = streets.find(here, ahead)
        steps.append((walk, arc))
        done = ~inner[ahead]
        last[walk[done]] = ahead[done]
        walk, before, here = walk[~done], here[~done], ahead[~done]
    walks, arcs = (np.concatenate(some) for some in zip(*steps, strict=True))
    whole = first != last
    whole[walks[arcs < 0]] = False
    kept = whole[walks]
    order = np.argsort(walks[kept], kind="stable")
    sizes = np.bincount(walks[kept], minlength=len(first))[whole]
    return Rows.part(arcs[kept][order], sizes), first[whole], last[whole]


State: TypeAlias = tuple[int, bool]
"""A node, and whether open road has been driven since the place."""
_Steps: TypeAlias = dict[State, tuple[State | None, int]]
_Reached: TypeAlias = tuple[int, int, State, State | None, int]
"""Weight, a running number, where, from where, and over which arc."""


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
    _step: _Steps

    def arcs(self, node: int) -> list[int]:
        """Give the arcs between the place and a node, the place's own first."""
        state: State | None = self._state[node]
        arcs = []
        while state is not None:
            state, arc = self._step[state]
            arcs.append(arc)
        return arcs[::-1]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What approaches are found in: the graph, its core, and what arcs weigh."""

    graph: RoadGraph
    reduction: Reduction
    weight: Integers
    local: Mask
    """Arcs that are for the first and the last stretch only."""

    def search(self, stop: RoadStop, *, outward: bool) -> Approach:
        """Find the ways from a place to the doors of the core, or (not `outward`) from them to it.

        Over local roads, then open ones, never local ones again, by Dijkstra's algorithm on pairs
        of a node and whether open road has been driven. It ends at nodes of the core, but goes on
        through them on local roads, since no route through the core may use those. In a dead end it
        heads for the core only: whoever is deeper in it comes to meet it. Running numbers break
        ties the same way on every machine. [units]
        """
        step: _Steps = {}
        weights: dict[int, int] = {}
        states: dict[int, State] = {}  # of each node the lighter one, which comes first
        heap: list[_Reached] = []
        ends = self._ends if outward else self._starts
        for rank, arc in enumerate(self.graph.arcs_on.of(stop.edge)):
            if self._weights[arc] < CLOSED:
                # The share of the arc between the place and its end, or its start.
                beyond = bool(self.graph.ahead[arc]) is outward
                share = 1 - stop.share if beyond else stop.share
                total = round(self._weights[arc] * share)
                heap.append((total, -rank, (ends[arc], not self._local[arc]), None, arc))
        heapq.heapify(heap)
        pushed = len(heap)
        while heap:
            total, _, state, before, arc = heapq.heappop(heap)
            if state in step:
                continue
            step[state] = before, arc
            if state[0] not in weights:
                weights[state[0]], states[state[0]] = total, state
            for onward, ahead in self._go_on(state, outward):
                if ahead not in step:
                    pushed += 1
                    weight = self._weights[onward]
                    heapq.heappush(heap, (total + weight, pushed, ahead, state, onward))
        at_core = [node for node in weights if self._core[node] >= 0 and weights[node] <= HEAVIEST]
        doors = tuple((self._core[node], weights[node]) for node in at_core)
        return Approach(stop, weights, doors, states, step)

    def _go_on(self, state: State, outward: bool) -> Iterator[tuple[int, State]]:
        """Give the arcs that a search may take from a state, and the states they lead to."""
        weights, local = self._weights, self._local
        ends = self._ends if outward else self._starts
        arcs = self.graph.arcs_out if outward else self.graph.arcs_in
        node, open_road = state
        inside, stem = self._core[node] < 0, self._stems[node]
        for onward in arcs.of(node):
            own = local[onward]
            allowed = not open_road if own else inside
            if allowed and weights[onward] < CLOSED:
                ahead = ends[onward]
                if stem < 0 or own or ahead == stem:
                    yield onward, (ahead, not own)

    # Views of memory give plain numbers, several times faster than arrays do.

    _weights = cached_property(lambda self: memoryview(self.weight.data))
    _local = cached_property(lambda self: memoryview(self.local.view(np.uint8).data))
    _core = cached_property(lambda self: memoryview(self.reduction.core.data))
    _stems = cached_property(lambda self: memoryview(self.reduction.stem.data))
    _starts = cached_property(lambda self: memoryview(self.graph.start.data))
    _ends = cached_property(lambda self: memoryview(self.graph.end.data))

    def meet(self, out: Approach, back: Approach) -> tuple[int, list[int]] | None:
        """Give weight [units] and arcs of the best way of two places off the core, if there is one.

        Searches stop at the core: nodes off it that both have reached join them, or one edge does.
        Whether such a way is better than one through the core is for the caller to compare.
        """
        ahead = back.stop.share - out.stop.share
        ways = (
            (round(self._weights[arc] * abs(ahead)), [arc])
            for arc in self.graph.arcs_on.of(out.stop.edge)
            if self._weights[arc] < CLOSED and ahead * (1 if self.graph.ahead[arc] else -1) >= 0
        )
        along = min(ways, default=None) if out.stop.edge == back.stop.edge else None
        both = (node for node in out.weight if node in back.weight and self._core[node] < 0)
        node = min(both, key=lambda one: out.weight[one] + back.weight[one], default=None)
        weight = CLOSED if node is None else out.weight[node] + back.weight[node]
        if node is None or (along is not None and along[0] < weight):
            return along
        return weight, [*out.arcs(node), *reversed(back.arcs(node))]
