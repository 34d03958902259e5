"""Least lengths by a search over single arcs, written from the rules in `docs/roads.md`.

It knows nothing of graphs, cores and engines: a state is the last few arcs that were driven and
whether they were local ones, at first or at last.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
import numpy as np
from numpy.typing import NDArray
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.graph import RoadStop

Arcs = tuple[int, ...]
"""Twice an edge each, one more against its nodes."""


class Driving:
    """What one truck may do: which arcs, in which order."""

    def __init__(
        self,
        network: RoadNetwork,
        *,
        barred: NDArray[np.bool_] | None = None,
        turns: bool = True,
        turns_round: str = "in dead ends",
    ) -> None:
        self.network = network
        self.turns_round = turns_round
        self.local = network.access == Access.LOCAL
        signed: dict[int, tuple[int, int]] = {}
        for edge in np.flatnonzero(network.access != Access.CLOSED).tolist():
            tail, head = int(network.tail[edge]), int(network.head[edge])
            if network.forward[edge]:
                signed[2 * edge] = (tail, head)
            if network.backward[edge]:
                signed[2 * edge + 1] = (head, tail)
        self.forbidden = self._forbid(signed) if turns else set()
        self.longest = max((len(path) for path in self.forbidden), default=1)
        self.arcs = {
            arc: ends for arc, ends in signed.items() if barred is None or not barred[arc // 2]
        }
        self.out: dict[int, list[int]] = defaultdict(list)
        for arc, (tail, _) in self.arcs.items():
            self.out[tail].append(arc)

    def _forbid(self, signed: dict[int, tuple[int, int]]) -> set[Arcs]:
        found: set[Arcs] = set()
        allowed: dict[Arcs, set[int]] = defaultdict(set)
        for only, arcs, _ in self.network.turns:
            if all(arc in signed for arc in arcs):
                if only:
                    allowed[tuple(arcs[:-1])].add(arcs[-1])
                else:
                    found.add(tuple(arcs))
        for path, lasts in allowed.items():
            here = signed[path[-1]][1]
            found |= {
                (*path, arc)
                for arc, (tail, _) in signed.items()
                if tail == here and arc not in lasts
            }
        return found

    def goes_on(self, arc: int) -> bool:
        """Tell whether a road goes on at the end of an arc, other than back along it."""
        return any(other != arc ^ 1 for other in self.out[self.arcs[arc][1]])

    def follow(self, past: Arcs) -> Iterator[int]:
        """Give the arcs that may follow the last ones."""
        back = past[-1] ^ 1
        for arc in self.out[self.arcs[past[-1]][1]]:
            path = (*past, arc)
            if any(path[at:] in self.forbidden for at in range(len(path))):
                continue
            if arc != back or self.may_turn(past[-1]):
                yield arc

    def may_turn(self, arc: int) -> bool:
        """Tell whether the truck may turn round at the end of an arc."""
        if self.turns_round == "in dead ends":
            return not self.goes_on(arc)
        return self.turns_round == "anywhere"

    def part(self, stop: RoadStop, arc: int) -> float:
        """Give the length of an arc up to a place on it. [m]"""
        share = 1 - stop.share if arc % 2 else stop.share
        return float(share * self.network.length_m[stop.edge])


def find_lengths(
    network: RoadNetwork,
    stops: Sequence[RoadStop],
    *,
    barred: NDArray[np.bool_] | None = None,
    turns: bool = True,
    turns_round: str = "in dead ends",
) -> NDArray[np.float64]:
    """Find the least length from each place to each, infinite where there is no way. [m]

    `turns_round`: `in dead ends`, `nowhere` or `anywhere`.
    """
    driving = Driving(network, barred=barred, turns=turns, turns_round=turns_round)
    return np.array([_search(driving, start, stops) for start in stops])


def _search(driving: Driving, start: RoadStop, goals: Sequence[RoadStop]) -> list[float]:
    network, local = driving.network, driving.local
    found = [np.inf] * len(goals)
    firsts = [arc for arc in (2 * start.edge, 2 * start.edge + 1) if arc in driving.arcs]
    heap = []
    for arc in firsts:
        done = driving.part(start, arc)
        for column, goal in enumerate(goals):
            if goal.edge == start.edge and driving.part(goal, arc) >= done:
                found[column] = min(found[column], driving.part(goal, arc) - done)
        left = float(network.length_m[start.edge]) - done
        heap.append((left, 0 if local[start.edge] else 1, (arc,)))
    at_edge = defaultdict(list)
    for column, goal in enumerate(goals):
        at_edge[goal.edge].append(column)
    seen = set()
    heapq.heapify(heap)
    while heap:
        length, phase, past = heapq.heappop(heap)
        if (phase, past) in seen:
            continue
        seen.add((phase, past))
        for arc in driving.follow(past):
            edge = arc // 2
            # 0: local roads at first, 1: open ones, 2: local ones at last.
            if phase == 2 and not local[edge]:
                continue
            then = (0 if phase == 0 else 2) if local[edge] else 1
            for column in at_edge[edge]:
                found[column] = min(found[column], length + driving.part(goals[column], arc))
            path = (*past, arc)[-max(driving.longest - 1, 1) :]
            heapq.heappush(heap, (length + float(network.length_m[edge]), then, path))
    return found


def mark_yards(network: RoadNetwork) -> None:
    """Say of open roads behind local ones that they are local, as the router does."""
    local = network.local
    network.access.flags.writeable = True
    network.access[local] = Access.LOCAL
    network.access.flags.writeable = False
