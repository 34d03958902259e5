"""Hold routes between places on the road, and say what lies along them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask
from raastof_geo.roads.routing.approach import RoadStop
from raastof_geo.roads.routing.engine import HEAVIEST
from raastof_geo.roads.routing.graph import RoadGraph
from raastof_geo.roads.routing.paths import NO_ARCS, CorePaths, Errands
from raastof_geo.roads.routing.reduce import Reduction


class Meeting(NamedTuple):
    """A way between two places that does not go through the core."""

    row: int
    """Rank of the origin."""
    column: int
    """Rank of the destination."""
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
    head_start: Integers
    """Where the arcs before the core begin in `head_arc`; one longer than the routes."""
    head_arc: Integers
    run_start: Integers
    run: Integers
    tail_start: Integers
    tail_arc: Integers
    first_left: Floats
    """Share of the first arc that is not driven, before the origin."""
    last_left: Floats
    """Share of the last arc that is not driven, beyond the destination."""

    def sums(self, quantities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Add up quantities of arcs along each route, NaN where there is none.

        Sums of runs are taken once for all routes, so a route costs as many additions as it has
        runs, not arcs. Then what lies before the origin and beyond the destination is taken off:
        both lie on the first and the last arc. Rounding may leave a little below zero, which is cut
        off.

        Parameters
        ----------
        quantities
            For each name a number for every arc of the graph.

        Returns
        -------
        sums
            By the names of `quantities`. [routes]
        """
        first, last = self.ends()
        found = {}
        for name, quantity in quantities.items():
            total = (
                _add_up(quantity[self.head_arc], self.head_start)
                + _add_up(self.reduction.add_up(quantity)[self.run], self.run_start)
                + _add_up(quantity[self.tail_arc], self.tail_start)
            )
            total -= quantity[first] * self.first_left + quantity[last] * self.last_left
            found[name] = np.where(self.exists, np.maximum(total, 0), np.nan)
        return found

    def arcs(self, rank: int) -> Integers:
        """Give the arcs of one route, in the order they are driven."""
        core = self.reduction
        runs = self.run[self.run_start[rank] : self.run_start[rank + 1]]
        parts = [self.head_arc[self.head_start[rank] : self.head_start[rank + 1]]]
        parts += [core.run_arc[core.run_start[run] : core.run_start[run + 1]] for run in runs]
        parts.append(self.tail_arc[self.tail_start[rank] : self.tail_start[rank + 1]])
        return np.concatenate(parts)

    def shares(self, rank: int) -> Floats:
        """Give the share of each arc that one route drives.

        Returns
        -------
        shares
            1 but for the first and the last. [arcs of the route]
        """
        driven = np.ones(len(self.arcs(rank)))
        if len(driven):
            driven[0] -= self.first_left[rank]
            driven[-1] -= self.last_left[rank]
        return driven

    def draw(self, rank: int) -> Floats:
        """Draw one route as lon and lat. [degrees, points × 2]"""
        return draw_arcs(
            self.graph,
            self.arcs(rank),
            first_left=float(self.first_left[rank]),
            last_left=float(self.last_left[rank]),
        )

    def ends(self) -> tuple[Integers, Integers]:
        """Give the first and the last arc of each route, 0 where there is none. [routes]

        Returns
        -------
        first
            [routes]
        last
            [routes]
        """
        count = len(self.exists)
        first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
        ahead = np.flatnonzero(np.diff(self.head_start))
        behind = np.flatnonzero(np.diff(self.tail_start))
        first[behind] = self.tail_arc[self.tail_start[:-1][behind]]
        first[ahead] = self.head_arc[self.head_start[:-1][ahead]]
        last[ahead] = self.head_arc[self.head_start[1:][ahead] - 1]
        last[behind] = self.tail_arc[self.tail_start[1:][behind] - 1]
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

    Parameters
    ----------
    paths
        The way of each pair through the core.
    direct
        By the rank of a pair its best way off the core; it is taken where it is no heavier.
    scale
        Units in one of the weight that was given.

    Returns
    -------
    routes
        One for each pair, in their order.
    """
    heads: list[list[int]] = []
    tails: list[list[int]] = []
    weight = paths.weight.copy()
    through = np.ones(len(errands), bool)
    for rank, (out, back) in enumerate(errands):
        near = direct.get(rank)
        head: list[int] = []
        tail: list[int] = []
        if near is not None and near.weight <= weight[rank]:
            weight[rank], through[rank] = near.weight, False
            head = [near.arc] if near.node is None else out.arcs(near.node)
            tail = [] if near.node is None else back.arcs(near.node)[::-1]
        elif weight[rank] <= HEAVIEST:
            head = out.arcs(int(reduction.node[paths.first[rank]]))
            tail = back.arcs(int(reduction.node[paths.last[rank]]))[::-1]
        heads.append(head)
        tails.append(tail)
    kept = np.repeat(through, np.diff(paths.run_start))
    sizes = np.where(through, np.diff(paths.run_start), 0)
    whole = Routes(
        graph=graph,
        reduction=reduction,
        exists=weight <= HEAVIEST,
        weight=np.where(weight <= HEAVIEST, weight / scale, np.inf),
        head_start=_starts(heads),
        head_arc=_flat(heads),
        run_start=np.append(0, np.cumsum(sizes)).astype(np.int64),
        run=paths.run[kept],
        tail_start=_starts(tails),
        tail_arc=_flat(tails),
        first_left=np.zeros(len(errands)),
        last_left=np.zeros(len(errands)),
    )
    return _cut_ends(whole, errands.pairs)


def _cut_ends(routes: Routes, pairs: Sequence[tuple[RoadStop, RoadStop]]) -> Routes:
    """Take what lies before the origin off the first arc, and what lies beyond off the last."""
    first, last = routes.ends()
    shares = np.array([(one.share, other.share) for one, other in pairs]).reshape(-1, 2)
    ahead = routes.graph.ahead
    first_left = np.where(ahead[first], shares[:, 0], 1 - shares[:, 0]) * routes.exists
    last_left = np.where(ahead[last], 1 - shares[:, 1], shares[:, 1]) * routes.exists
    return replace(routes, first_left=first_left, last_left=last_left)


def splice_routes(routes: Routes, ranks: Sequence[int], others: Routes) -> Routes:
    """Put other routes in the place of some; weights stay in the units of each.

    Parameters
    ----------
    ranks
        Which of them are replaced.
    others
        One for each of `ranks`, in their order.

    Returns
    -------
    routes
        As many as before.
    """
    source = [(routes, rank) for rank in range(len(routes.exists))]
    for place, rank in enumerate(ranks):
        source[rank] = (others, place)

    def flat(name: str) -> tuple[Integers, Integers]:
        arrays, starts = f"{name}_arc" if name != "run" else "run", f"{name}_start"
        parts = []
        for found, rank in source:
            begin = getattr(found, starts)
            parts.append(getattr(found, arrays)[begin[rank] : begin[rank + 1]])
        sizes = np.cumsum([len(part) for part in parts])
        return np.append(0, sizes).astype(np.int64), np.concatenate([NO_ARCS, *parts])

    def pick(name: str) -> Floats:
        return np.array([getattr(found, name)[rank] for found, rank in source])

    (head_start, head_arc), (run_start, run), (tail_start, tail_arc) = map(
        flat, ("head", "run", "tail")
    )
    return Routes(
        graph=routes.graph,
        reduction=routes.reduction,
        exists=pick("exists").astype(bool),
        weight=pick("weight"),
        head_start=head_start,
        head_arc=head_arc,
        run_start=run_start,
        run=run,
        tail_start=tail_start,
        tail_arc=tail_arc,
        first_left=pick("first_left"),
        last_left=pick("last_left"),
    )


def _starts(parts: Sequence[Sequence[int]]) -> Integers:
    return np.append(0, np.cumsum([len(part) for part in parts])).astype(np.int64)


def _flat(parts: Sequence[Sequence[int]]) -> Integers:
    return np.array([arc for part in parts for arc in part], np.int64)


def _add_up(values: Floats, starts: Integers) -> Floats:
    total = np.append(0.0, np.cumsum(values))
    return np.asarray(total[starts[1:]] - total[starts[:-1]])


def draw_arcs(
    graph: RoadGraph, arcs: Integers, *, first_left: float = 0.0, last_left: float = 0.0
) -> Floats:
    """Draw the way along arcs as lon and lat. [degrees, points × 2]

    Parameters
    ----------
    first_left, last_left
        Shares of the first and the last arc that are not driven.

    Returns
    -------
    line
        No point twice in a row. [points × 2, degrees]
    """
    count = len(arcs)
    if not count:
        return np.empty((0, 2))
    parts = [
        _draw_arc(
            graph,
            arc,
            first_left if rank == 0 else 0.0,
            last_left if rank == count - 1 else 0.0,
        )
        for rank, arc in enumerate(arcs.tolist())
    ]
    points = np.concatenate(parts)
    moved = np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]
    return np.asarray(points[moved])


def _draw_arc(graph: RoadGraph, arc: int, before: float, beyond: float) -> Floats:
    """Draw an arc, less a share of it at its start and one at its end."""
    edge = int(graph.edge[arc])
    if graph.ahead[arc]:
        return graph.network.cut(edge, before, 1 - beyond)
    return graph.network.cut(edge, beyond, 1 - before)[::-1]
