"""Find the way between a place and the core of the network: the first and the last stretch."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from raastof_geo.arrays import Integers, Mask
from raastof_geo.roads.routing.engine import CLOSED, LARGEST
from raastof_geo.roads.routing.graph import RoadGraph
from raastof_geo.roads.routing.reduce import Reduction

State: TypeAlias = tuple[int, bool]
"""A node, and whether open road has been driven since the place."""
_Reached: TypeAlias = tuple[int, int, State, State | None, int]
"""Weight, a running number, where, from where, and over which arc."""


@dataclass(frozen=True)
class Stop:
    """A place on an edge."""

    edge: int
    share: float
    """How far along, from 0 at its tail to 1 at its head."""


@dataclass(frozen=True, eq=False)
class Approach:
    """Every way from a place to the core, or from the core to a place."""

    stop: Stop
    weight: dict[int, int]
    """Least weight to each node that was reached, by node of the graph."""
    doors: tuple[tuple[int, int], ...]
    """Nodes of the core, and the weight to them."""
    _state: dict[int, State]
    _step: dict[State, tuple[State | None, int]]

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

    def leave(self, stop: Stop) -> Approach:
        """Find the ways from a place to the core."""
        return self._search(stop, outward=True)

    def reach(self, stop: Stop) -> Approach:
        """Find the ways from the core to a place."""
        return self._search(stop, outward=False)

    def _search(self, stop: Stop, *, outward: bool) -> Approach:
        """Search from the place over local roads, then open ones, never local ones again.

        It ends at nodes of the core, but goes on through them as long as it is on local
        roads, since no route through the core may use those. In a dead end it heads for the
        core only: whoever is deeper in it comes to meet it.
        """
        weights, local, core, stems = self._weights, self._local, self._core, self._stems
        ends = self._ends if outward else self._starts
        arcs_of = (self.graph.arcs_out if outward else self.graph.arcs_in).of
        best: dict[State, int] = {}
        step: dict[State, tuple[State | None, int]] = {}
        heap = list(self._begin(stop, outward))
        heapq.heapify(heap)
        pushed = len(heap)
        while heap:
            total, _, state, before, arc = heapq.heappop(heap)
            if state in best:
                continue
            best[state], step[state] = total, (before, arc)
            node, open_road = state
            inside, stem = core[node] < 0, stems[node]
            for onward in arcs_of(node):
                own, weight = local[onward], weights[onward]
                if weight >= CLOSED or (own and open_road) or not (own or inside):
                    continue
                ahead = (ends[onward], not own)
                if ahead not in best and (stem < 0 or own or ahead[0] == stem):
                    pushed += 1
                    heapq.heappush(heap, (total + weight, pushed, ahead, state, onward))
        return _gather(stop, best, step, core)

    # Views of memory give plain numbers, several times faster than arrays do.

    @cached_property
    def _weights(self) -> memoryview[int]:
        return memoryview(self.weight.data)

    @cached_property
    def _local(self) -> memoryview[int]:
        return memoryview(self.local.view(np.uint8).data)

    @cached_property
    def _core(self) -> memoryview[int]:
        return memoryview(self.reduction.core.data)

    @cached_property
    def _stems(self) -> memoryview[int]:
        return memoryview(self.reduction.stem.data)

    @cached_property
    def _starts(self) -> memoryview[int]:
        return memoryview(self.graph.start.data)

    @cached_property
    def _ends(self) -> memoryview[int]:
        return memoryview(self.graph.end.data)

    def _begin(self, stop: Stop, outward: bool) -> Iterator[_Reached]:
        ends = self._ends if outward else self._starts
        for rank, arc in enumerate(self.graph.arcs_on.of(stop.edge)):
            weight = self._weights[arc]
            if weight < CLOSED:
                total = round(weight * self.part(stop, arc, outward=outward))
                yield total, -rank, (ends[arc], not self._local[arc]), None, arc

    def part(self, stop: Stop, arc: int, *, outward: bool) -> float:
        """Give the share of an arc between a place on it and its end, or its start."""
        return 1 - stop.share if bool(self.graph.ahead[arc]) is outward else stop.share

    def between(self, origin: Stop, destination: Stop) -> tuple[int, int] | None:
        """Give weight and arc of the way along one edge, none where there is none."""
        if origin.edge != destination.edge:
            return None
        ways = [
            (round(int(self.weight[arc]) * abs(destination.share - origin.share)), arc)
            for arc in self.graph.arcs_on.of(origin.edge)
            if self.weight[arc] < CLOSED
            and ((destination.share - origin.share) * (1 if self.graph.ahead[arc] else -1) >= 0)
        ]
        return min(ways, default=None)


def _gather(
    stop: Stop,
    best: dict[State, int],
    step: dict[State, tuple[State | None, int]],
    core: memoryview[int],
) -> Approach:
    state: dict[int, State] = {}
    for found, total in best.items():
        node = found[0]
        if node not in state or total < best[state[node]]:
            state[node] = found
    weight = {node: best[found] for node, found in state.items()}
    doors = tuple(
        (core[node], total)
        for node, total in weight.items()
        if core[node] >= 0 and total <= LARGEST
    )
    return Approach(stop, weight, doors, state, step)
