"""Find the way between a place and the core of the network: the first and the last stretch.

Only here are local roads driven: a way may begin and end on them. Weights are whole units.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Integers, Mask
from raastof_geo.roads.routing.engine import CLOSED, HEAVIEST
from raastof_geo.roads.routing.graph import RoadGraph
from raastof_geo.roads.routing.reduce import Reduction

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
                total = round(self._weights[arc] * self.part(stop, arc, outward=outward))
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

    def part(self, stop: RoadStop, arc: int, *, outward: bool) -> float:
        """Give the share of an arc between a place on it and its end, or its start."""
        return 1 - stop.share if bool(self.graph.ahead[arc]) is outward else stop.share

    def between(self, origin: RoadStop, destination: RoadStop) -> tuple[int, int] | None:
        """Give weight [units] and arc of the way along one edge, none where there is none."""
        if origin.edge != destination.edge:
            return None
        ways = [
            (round(int(self.weight[arc]) * abs(destination.share - origin.share)), arc)
            for arc in self.graph.arcs_on.of(origin.edge)
            if self.weight[arc] < CLOSED
            and ((destination.share - origin.share) * (1 if self.graph.ahead[arc] else -1) >= 0)
        ]
        return min(ways, default=None)
