"""Hold routes between places on the road, and say what lies along them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.roads.routing.engine import HEAVIEST
from raastof_geo.roads.routing.graph import RoadGraph
from raastof_geo.roads.routing.paths import CorePaths, Errands
from raastof_geo.roads.routing.reduce import Reduction
from raastof_geo.roads.rows import Rows

_T = TypeVar("_T", bound=np.generic)


class Meeting(NamedTuple):
    """A way between two places that does not go through the core."""

    weight: int
    """What the way weighs. [units]"""
    node: int | None
    """Node of the graph where both meet; none where both lie on one edge."""
    arc: int
    """The arc between them there, else -1."""


@dataclass(frozen=True, eq=False)
class Routes:
    """Routes from place to place, as arcs in the order they are driven."""

    graph: RoadGraph
    reduction: Reduction
    exists: Mask
    weight: Floats
    """What each route weighs, rounded to units, infinite where there is none."""
    head: Rows
    """The arcs before the core."""
    runs: Rows
    """The runs of the core."""
    tail: Rows
    """The arcs after the core."""
    first_left: Floats
    """Share of the first arc that is not driven, before the origin."""
    last_left: Floats
    """Share of the last arc that is not driven, beyond the destination."""

    def sums(self, quantities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Add up `quantities` of arcs, by name, along each route, NaN where there is none. [routes]

        Sums of runs are taken once for all routes, so a route costs as many additions as it has
        runs. What lies before the origin and beyond the destination, on the first and the last arc,
        is taken off; what rounding leaves below zero is cut off.
        """
        first, last = self.ends()
        found = {}
        for name, quantity in quantities.items():
            total = (
                self.head.add_up(quantity)
                + self.runs.add_up(self.reduction.add_up(quantity))
                + self.tail.add_up(quantity)
            )
            total -= quantity[first] * self.first_left + quantity[last] * self.last_left
            found[name] = np.where(self.exists, np.maximum(total, 0), np.nan)
        return found

    def arcs(self, rank: int) -> Integers:
        """Give the arcs of one route, in the order they are driven."""
        runs = map(self.reduction.arcs, self.runs[rank].tolist())
        return np.concatenate([self.head[rank], *runs, self.tail[rank]])

    def shares(self, rank: int) -> Floats:
        """Give the share of each arc that one route drives: 1 but for the first and the last."""
        before, beyond = self._left(rank)
        return 1 - before - beyond

    def draw(self, rank: int) -> Floats:
        """Draw one route as lon and lat, no point twice in a row. [degrees, points × 2]"""
        arcs, (before, beyond) = self.arcs(rank), self._left(rank)
        parts = [
            _draw_arc(self.graph, *one)
            for one in zip(arcs.tolist(), before.tolist(), beyond.tolist(), strict=True)
        ]
        points = np.concatenate([np.empty((0, 2)), *parts])
        moved = np.any(np.diff(points, axis=0, prepend=np.nan) != 0, axis=1)
        return np.asarray(points[moved])

    def turn_at(self, nodes: Mask) -> Mask:
        """Tell which routes turn round at one of some nodes of the network. [routes]"""
        graph, runs = self.graph, self.reduction

        def turns(before: Integers, after: Integers) -> Mask:
            return graph.turn_back(before, after) & nodes[graph.place[graph.end[before]]]

        arcs = np.arange(len(graph.start))
        inside = np.zeros(len(runs.run_arc), bool)
        inside[:-1] = turns(runs.run_arc[:-1], runs.run_arc[1:])
        inside[runs.run_start[1:] - 1] = False
        within = np.add.reduceat(inside, runs.run_start[:-1]) if len(runs.tail) else inside
        found = np.zeros(len(self.exists), bool)
        ends = runs.run_arc[runs.run_start[:-1]], runs.run_arc[runs.run_start[1:] - 1]
        parts = (self.head, arcs, arcs), (self.runs, *ends), (self.tail, arcs, arcs)
        route = np.concatenate([rows.owner for rows, _, _ in parts])
        order = np.argsort(route, kind="stable")
        first = np.concatenate([begin[rows.numbers] for rows, begin, _ in parts])[order]
        last = np.concatenate([end[rows.numbers] for rows, _, end in parts])[order]
        route = route[order]
        found[route[1:][(route[1:] == route[:-1]) & turns(last[:-1], first[1:])]] = True
        found[self.runs.owner[within[self.runs.numbers] > 0]] = True
        return found

    def _left(self, rank: int) -> tuple[Floats, Floats]:
        """Give the shares of each arc that are not driven, at its start and at its end."""
        before, beyond = np.zeros((2, len(self.arcs(rank))))
        before[:1], beyond[-1:] = self.first_left[rank], self.last_left[rank]
        return before, beyond

    def ends(self) -> tuple[Integers, Integers]:
        """Give the first and the last arc of each route, 0 where there is none. [routes]"""
        first, last = np.zeros((2, len(self.exists)), np.int64)
        # What comes later in these two rows is nearer to the end that is sought.
        for rows in (self.tail, self.head):
            there = np.flatnonzero(np.diff(rows.start))
            first[there] = rows.numbers[rows.start[there]]
        for rows in (self.head, self.tail):
            there = np.flatnonzero(np.diff(rows.start))
            last[there] = rows.numbers[rows.start[there + 1] - 1]
        return first, last


def join_routes(
    graph: RoadGraph,
    reduction: Reduction,
    errands: Errands,
    paths: CorePaths,
    direct: Mapping[int, Meeting],
    *,
    scale: float,
) -> Routes:
    """Set each route together: first stretch, core, last stretch, or a way off the core.

    `direct`: by the rank of a pair its best way off the core, taken where no heavier; `scale`:
    units in one of the weight that was given.
    """
    heads: list[list[int]] = []
    tails: list[list[int]] = []
    runs: list[Integers] = []
    weight = paths.weight.copy()
    for rank, (out, back) in enumerate(errands):
        near, run = direct.get(rank), paths.runs[rank]
        head: list[int] = []
        tail: list[int] = []
        if near is not None and near.weight <= weight[rank]:
            weight[rank], run = near.weight, run[:0]
            if near.node is None:
                head = [near.arc]
            else:
                head, tail = out.arcs(near.node), back.arcs(near.node)
        elif weight[rank] <= HEAVIEST:
            first, last = paths.first[rank], paths.last[rank]
            head, tail = out.arcs(int(reduction.node[first])), back.arcs(int(reduction.node[last]))
        heads.append(head)
        runs.append(run)
        tails.append(tail[::-1])
    whole = Routes(
        graph=graph,
        reduction=reduction,
        exists=weight <= HEAVIEST,
        weight=np.where(weight <= HEAVIEST, weight / scale, np.inf),
        head=Rows.of(heads),
        runs=Rows.of(runs),
        tail=Rows.of(tails),
        first_left=np.zeros(len(errands)),
        last_left=np.zeros(len(errands)),
    )
    # What lies before the origin is taken off the first arc, and what lies beyond off the last.
    first, last = (whole.graph.ahead[arcs] for arcs in whole.ends())
    shares = np.array([(one.share, two.share) for one, two in errands.pairs]).reshape(-1, 2)
    first_left = np.where(first, shares[:, 0], 1 - shares[:, 0]) * whole.exists
    last_left = np.where(last, 1 - shares[:, 1], shares[:, 1]) * whole.exists
    return replace(whole, first_left=first_left, last_left=last_left)


def splice_routes(routes: Routes, ranks: Sequence[int], others: Routes) -> Routes:
    """Put other routes in the place of those of some ranks; weights stay in the units of each.

    Routes on another graph of the same network are put in as single arcs.
    """
    if others.graph is not routes.graph:
        own = routes.graph.twins(others.graph)
        arcs = [own[others.arcs(rank)] for rank in range(len(ranks))]
        none = Rows.of([()] * len(ranks))
        others = replace(others, head=Rows.of(arcs), runs=none, tail=none)
    count = len(routes.exists)
    order = np.arange(count)
    order[list(ranks)] = count + np.arange(len(ranks))

    def pick(own: NDArray[_T], other: NDArray[_T]) -> NDArray[_T]:
        return np.concatenate((own, other))[order]

    def pick_rows(own: Rows, other: Rows) -> Rows:
        return Rows.of([own[at] if at < count else other[at - count] for at in order.tolist()])

    return replace(
        routes,
        exists=pick(routes.exists, others.exists),
        weight=pick(routes.weight, others.weight),
        head=pick_rows(routes.head, others.head),
        runs=pick_rows(routes.runs, others.runs),
        tail=pick_rows(routes.tail, others.tail),
        first_left=pick(routes.first_left, others.first_left),
        last_left=pick(routes.last_left, others.last_left),
    )


def _draw_arc(graph: RoadGraph, arc: int, before: float, beyond: float) -> Floats:
    """Draw an arc, less a share of it at its start and one at its end."""
    edge = int(graph.edge[arc])
    if graph.ahead[arc]:
        return graph.network.cut(edge, before, 1 - beyond)
    return graph.network.cut(edge, beyond, 1 - before)[::-1]
