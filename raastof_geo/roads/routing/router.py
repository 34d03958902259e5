"""Make a network ready for routes, weigh it for a truck, and find the best ones.

**Whole numbers.** What an arc weighs (kg CO2e, hours or DKK) is a float, infinite where it may not
be driven; the engines take whole units (`docs/roads.md`), which every machine adds up alike. Their
scale is as fine as leaves room (`_ROOM`). What lies along a route is added up in floats afterwards,
so no figure that is shown has been rounded to units.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias
import numpy as np
from raastof_geo.arrays import Floats, Integers, Mask, Rows, SmallIntegers, first_of_each, sort_up
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing import engine
from raastof_geo.roads.routing import graph as graphs
from raastof_geo.roads.routing.graph import Approach, Reduction, RoadGraph, RoadStop, State

_TREES_AT_ONCE = 32
"""Trees held in memory side by side: 12 bytes a node each, 24 MB for 60,000 nodes of a core."""

_Reached: TypeAlias = tuple[int, int, State, State | None, int]
"""Weight, a running number, where, from where, and over which arc."""


@dataclass(frozen=True, eq=False)
class Errands:
    """Pairs of places: the ways from each origin, and to each destination, and which they are."""

    out: Sequence[Approach]
    back: Sequence[Approach]
    origin: Integers
    """Rank in `out`. [pairs]"""
    goal: Integers
    """Rank in `back`. [pairs]"""
    by_pairs: bool
    """Whether the way of each pair is found by itself, rather than trees of each origin."""

    def list_doors(self) -> tuple[Integers, ...]:
        """List choices of a door out and in. Returns pair, doors, and what they weigh. [choices]"""
        out, back = (_lay_doors(side) for side in (self.out, self.back))
        pair = np.repeat(np.arange(len(self.origin)), out[0].size[self.origin])
        leaving = out[0].take(self.origin).numbers
        times = back[0].size[self.goal[pair]]
        coming = back[0].take(self.goal[pair]).numbers
        pair, leaving = np.repeat(pair, times), np.repeat(leaving, times)
        return pair, out[1][leaving], back[1][coming], out[2][leaving] + back[2][coming]

    def list_near(self, core: SmallIntegers | Integers) -> list[int]:
        """List pairs that may meet off the core. Returns those of one edge or a shared node."""
        places: dict[Any, list[int]] = defaultdict(list)
        views = memoryview(core.data)
        for rank, back in enumerate(self.back):
            for one in back.list_places(views):
                places[one].append(rank)
        near = {
            number * len(self.back) + rank
            for number, out in enumerate(self.out)
            for one in out.list_places(views)
            for rank in places.get(one, ())
        }
        keys = self.origin * len(self.back) + self.goal
        return [*np.flatnonzero(np.isin(keys, np.array([*near], np.int64))).tolist()]


def _lay_doors(side: Sequence[Approach]) -> tuple[Rows, Integers, Integers]:
    """Give the ranks of the doors of each place, their nodes, and the weights to them."""
    doors = np.array([door for one in side for door in one.doors], np.int64).reshape(-1, 2)
    sizes = np.array([len(one.doors) for one in side], np.int64)
    return Rows.part(np.arange(len(doors)), sizes), doors[:, 0], doors[:, 1]


def find_by_trees(metric: engine.WeightMatrix, errands: Errands) -> engine.Paths:
    """Find all routes of some origins at once, and walk them backwards side by side.

    From each door of an origin one tree of least ways reaches all of the core, so many pairs share
    its price. For every pair the cheapest door out and door in count; of equal ones the first,
    however the trees are dealt out. A few at a time, since a tree is as large as the core.
    """
    count = len(errands.origin)
    pair, leaving, coming, beside = errands.list_doors()
    doors, row = np.unique(leaving, return_inverse=True)
    portions = Rows.group(row // _TREES_AT_ONCE, -(-len(doors) // _TREES_AT_ONCE))
    lightest = np.full(count, engine.CLOSED, np.float64)
    rank = np.full(count, -1)  # of the way of each pair among those found, none being the last
    ways, ends = [Rows.of([])], [np.zeros((2, 0), np.int64)]
    for portion in range(len(portions.start) - 1):
        begin, listed = portion * _TREES_AT_ONCE, portions[portion]
        reached, before = metric.trees(doors[begin : begin + _TREES_AT_ONCE].tolist())
        total = reached[row[listed] - begin, coming[listed]] + beside[listed]
        chosen = first_of_each(pair[listed], total)
        chosen = chosen[total[chosen] < lightest[pair[listed[chosen]]]]
        mine, known = listed[chosen], sum(one.shape[1] for one in ends)
        lightest[pair[mine]] = total[chosen]
        rank[pair[mine]] = known + np.arange(len(mine))
        ways.append(_walk_back(metric, before, row[mine] - begin, coming[mine]))
        ends.append(np.stack([leaving[mine], coming[mine]]))
    sizes = np.concatenate([*(one.size for one in ways), [0]])
    runs = Rows.part(np.concatenate([one.numbers for one in ways]), sizes).take(rank % len(sizes))
    first, last = np.append(np.concatenate(ends, axis=1), [[0], [0]], axis=1)[:, rank]
    return engine.Paths(lightest.astype(np.int64), runs, first, last)


def _walk_back(
    metric: engine.WeightMatrix, before: SmallIntegers, rows: Integers, nodes: Integers
) -> Rows:
    """Walk from nodes to the roots of their trees, and give the runs of each way from there on."""
    steps = [nodes]
    while np.any((ahead := before[rows, steps[-1]]) >= 0):
        steps.append(np.where(ahead < 0, steps[-1], ahead))
    table = np.array(steps[::-1]).T
    tail, head = table[:, :-1], table[:, 1:]
    driven = tail != head  # a shorter way waits at its root
    return Rows.part(metric.runs(tail[driven], head[driven]), driven.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Routes:
    """Routes from place to place, as parts in the order they are driven.

    A part is an arc, by its number, or a run of the core, whose numbers follow those of the arcs.
    Every route begins and ends with an arc: that of the edge on which a place lies.
    """

    graph: RoadGraph
    reduction: Reduction
    exists: Mask
    weight: Floats
    """What each route weighs, rounded to units, infinite where there is none."""
    parts: Rows
    first_left: Floats
    """Share of the first arc that is not driven, before the origin."""
    last_left: Floats
    """Share of the last arc that is not driven, beyond the destination."""

    def sums(self, quantities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Add `quantities` of arcs up by name. Returns sums, NaN where no route is. [routes]

        Sums of runs are taken once for all routes, so a route costs as many additions as it has
        parts. What lies before the origin and beyond the destination, on the first and the last
        arc, is taken off; what rounding leaves below zero is cut off.
        """
        driven, found = self.parts.take(np.flatnonzero(self.exists)), {}
        before, beyond = self.first_left[self.exists], self.last_left[self.exists]
        for name, quantity in quantities.items():
            of_parts = np.concatenate((quantity, self.reduction.add_up(quantity)))
            left = quantity[driven.first] * before + quantity[driven.last] * beyond
            found[name] = np.full(len(self.exists), np.nan)
            found[name][self.exists] = np.maximum(driven.add_up(of_parts) - left, 0)
        return found

    def arcs(self, rank: int) -> Integers:
        """List the arcs of one route. Returns them in the order they are driven."""
        return self.reduction.parts.take(self.parts[rank]).numbers

    def shares(self, rank: int) -> Floats:
        """Part arcs of a route. Returns what is driven: 1 but of the first and last. [arcs]"""
        before, beyond = self._left(rank)
        return 1 - before - beyond

    def draw(self, rank: int) -> Floats:
        """Draw a route. Returns lon and lat, no point twice in a row. [points × 2, degrees]"""
        arcs, (before, beyond) = self.arcs(rank), self._left(rank)
        ahead, network = self.graph.ahead[arcs], self.graph.network
        low, high = np.where(ahead, before, beyond), 1 - np.where(ahead, beyond, before)
        edges = self.graph.edge[arcs]
        cut = [
            network.cut(int(edges[at]), low[at], high[at])[:: 1 if ahead[at] else -1]
            for at in sorted({0, len(arcs) - 1} if len(arcs) else ())
        ]
        # Of all edges between these the whole is driven.
        points = np.concatenate([*cut[:1], network.draw(edges[1:-1], ahead[1:-1])[0], *cut[1:]])
        return np.asarray(points[np.any(np.diff(points, axis=0, prepend=np.nan) != 0, axis=1)])

    def turn_at(self, nodes: Mask) -> Mask:
        """Look for turning round at some nodes of the network. Returns which routes do. [routes]"""
        graph, arcs, parts = self.graph, self.reduction.parts, self.parts

        def turns(before: Integers, after: Integers) -> Mask:
            return graph.turn_back(before, after) & nodes[graph.place[graph.end[before]]]

        inside = np.append(turns(arcs.numbers[:-1], arcs.numbers[1:]), False)
        inside[arcs.start[1:] - 1] = False
        found = parts.add_up(np.add.reduceat(inside, arcs.start[:-1], dtype=np.float64)) > 0
        between = turns(arcs.last[parts.numbers[:-1]], arcs.first[parts.numbers[1:]])
        between &= parts.owner[1:] == parts.owner[:-1]
        found[parts.owner[1:][between]] = True
        return found

    def splice(self, ranks: Sequence[int], others: Routes) -> Routes:
        """Put other routes at some ranks. Returns all; of another graph they are of single arcs."""
        if others.graph is not self.graph:
            own = self.graph.twins(others.graph)
            arcs = [own[others.arcs(rank)] for rank in range(len(ranks))]
            others = replace(others, parts=Rows.of(arcs))
        parts = [self.parts[rank] for rank in range(len(self.exists))]
        for row, rank in enumerate(ranks):
            parts[rank] = others.parts[row]
        shared = ("exists", "weight", "first_left", "last_left")
        picked: dict[str, Any] = {name: getattr(self, name).copy() for name in shared}
        for name, column in picked.items():
            column[ranks] = getattr(others, name)
        return replace(self, parts=Rows.of(parts), **picked)

    def _left(self, rank: int) -> tuple[Floats, Floats]:
        """Give the shares of each arc that are not driven, at its start and at its end."""
        before, beyond = np.zeros((2, len(self.arcs(rank))))
        before[:1], beyond[-1:] = self.first_left[rank], self.last_left[rank]
        return before, beyond


_ROOM = 4
"""How many times the widest way across the network may weigh before it counts as closed: what
`_scale` measures is a bound for ways by the hub only, and others may be longer. A judgement; ways
beyond it are found in coarser units."""
_ROUGHLY = 1e6
"""Units of the heaviest run while the width of the network is measured, roughly."""
_COARSER = 64
"""How many times coarser the next units are, until all arcs together fit. A judgement."""
_PAIRS_FOR_A_TREE = 2e-3
"""Pairs of an origin, for each node of the core, from which on a tree of all its routes is found
sooner than each of them; the same routes up to ties. From trials on the roads of Zealand."""
_PAIRS_AT_ONCE = 10_000
"""So many routes are held in memory, of which sums are wanted only: some 10 kB each."""
_WORTH_KEEPING = 10_000
"""Graphs with fewer arcs are reduced sooner than read from the cache."""


@dataclass(frozen=True, eq=False)
class Router(engine.Travelling):
    """A network made ready: its arcs, its core, and an engine."""

    graph: RoadGraph
    reduction: Reduction

    @cached_property
    def hierarchy(self) -> Any:
        """What finds the best way of a pair on the core; none: Dijkstra's algorithm finds all."""
        core = self.reduction
        found = len(core.order) > 0
        return engine.make_hierarchy(core.tail, core.head, core.order) if found else None

    @cached_property
    def wider(self) -> Router | None:
        """The network with arcs told apart farther from restrictions; none: all of them are."""
        if (graph := self.graph).wider_km is None:
            return None
        wider = graphs.build_graph(graph.network, closing=graph.closing, reach_km=graph.wider_km)
        return load_router(wider, hierarchies=self.hierarchy is not None)

    def weigh(
        self,
        weight: Floats,
        local: Mask | None = None,
        *,
        turns_in_dead_end: bool = True,
        scale: float | None = None,
    ) -> WeightedRoads:
        """Pour what arcs weigh (infinite: closed) in. Returns roads weighed in units of `scale`.

        `local`: arcs for the first and the last stretch of this truck's trips only, beside those
        that are so for every truck. [arcs] Turning round is closed where any other arc is open,
        without `turns_in_dead_end` anywhere. `scale`: none: as fine as may be.
        """
        graph = self.graph
        allowed = np.where(self.reduction.closed, np.inf, weight)
        barred = graph.turns_on(np.isfinite(allowed)) if turns_in_dead_end else graph.turning
        allowed[barred] = np.inf
        own = self.reduction.local if local is None else self.reduction.local | local
        return WeightedRoads(self, allowed, scale or self._scale(allowed), own, turns_in_dead_end)

    def _scale(self, weight: Floats) -> float:
        """Choose units fine enough to tell routes apart, and coarse enough to be added up.

        No best way between nodes that a hub reaches and is reached by weighs more than the farthest
        way to the hub and the farthest from it, beside all arcs of a pocket before and after the
        core. Ways that keep clear of the hub may weigh more: `WeightedRoads` looks again.
        """
        runs = self.reduction.add_up(weight)
        finite = np.isfinite(runs)
        across = 0.0
        if finite.any() and runs[finite].max() > 0:
            most = float(runs[finite].max())
            rough = np.full(len(runs), engine.CLOSED, np.int64)
            rough[finite] = np.maximum(runs[finite] / most * _ROUGHLY, 1)
            farthest = 0.0  # what the farthest ways to the hub and from it weigh together [units]
            core = self.reduction
            for ends in ((core.tail, core.head), (core.head, core.tail)):
                distance, _ = engine.WeightMatrix(*ends, len(core.node), rough).trees([self._hub])
                farthest += float(distance[np.isfinite(distance)].max())
            across = max(farthest * most / _ROUGHLY, most)
        pocket, arcs = self._pockets
        inside = np.where(np.isfinite(weight[arcs]), weight[arcs], 0.0)
        deepest = float(np.bincount(pocket, inside).max()) if len(arcs) else 0.0
        widest = across + 2 * deepest
        return float(engine.HEAVIEST / (_ROOM * widest)) if widest > 0 else 1.0

    @cached_property
    def _hub(self) -> int:
        """A node where many runs meet, so that ways to it are short, in the core's largest part."""
        core = self.reduction
        size = len(core.node)
        part = engine.find_parts(core.tail, core.head, size)
        degree = np.bincount(core.tail, minlength=size)
        return int(np.argmax(np.where(part == np.bincount(part).argmax(), degree, -1)))

    @cached_property
    def _pockets(self) -> tuple[Integers, Integers]:
        """Number the pockets off the core, and give the arcs in each: pocket, arc."""
        graph, core = self.graph, self.reduction.core
        off_start, off_end = core[graph.start] < 0, core[graph.end] < 0
        within = off_start & off_end
        part = engine.find_parts(graph.start[within], graph.end[within], graph.size)
        arcs = np.flatnonzero(off_start | off_end | self.reduction.local)
        node = np.where(off_start[arcs], graph.start[arcs], graph.end[arcs])
        return np.unique(part[node], return_inverse=True)[1], arcs


def load_router(
    graph: RoadGraph, *, restricted: bool = True, hierarchies: bool | None = None
) -> Router:
    """Make arcs ready for routes; core and order of a large graph come from the cache.

    `restricted`: whether closed roads are closed, and local ones local; `hierarchies`: whether to
    use contraction hierarchies; by default where they are at hand.
    """
    ordered = engine.has_hierarchies() if hierarchies is None else hierarchies
    network = graph.network

    def make() -> Reduction:
        closed, local = np.zeros((2, len(graph.edge)), bool)
        if restricted:
            closed = network.access[graph.edge] == Access.CLOSED
            local = network.local[graph.edge]
        return graphs.reduce_graph(graph, closed, local, ordered=ordered)

    def read(file: Path) -> Reduction:
        kept: dict[str, Any] = {**read_arrays(file)}
        core = Reduction(**kept)
        if len(core.core) != graph.size or len(core.tail) + 1 != len(core.run_start):
            raise ValueError("not a core of this graph")
        if len(core.order) and not np.array_equal(np.sort(core.order), np.arange(len(core.node))):
            raise ValueError("not an order of this core")
        return core

    if len(graph.edge) < _WORTH_KEEPING:
        return Router(graph, make())
    arcs = graph.start, graph.end, graph.edge, graph.place
    roads = network.access, network.length_m, network.node_lon, network.node_lat
    core = keep(
        "hierarchies",
        fingerprint((f"{restricted} {ordered}", *arcs, *roads)),
        make=make,
        write=lambda core, file: write_arrays(asdict(core), file),
        read=read,
    )
    return Router(graph, core)


def _close_heavy(units: Floats) -> Integers:
    return np.where(units <= engine.HEAVIEST, units, engine.CLOSED).astype(np.int64)


@dataclass(frozen=True, eq=False)
class WeightedRoads(engine.Travelling):
    """A network with weights in it, in whole units."""

    router: Router
    weight: Floats
    """Weight of each arc as it was given, infinite where it may not be driven."""
    scale: float
    """Units in one of the weight that was given."""
    local: Mask
    """Arcs for the first and the last stretch only."""
    turns_in_dead_end: bool
    """Whether a truck turns round where nothing goes on."""

    @cached_property
    def units(self) -> Integers:
        """Weight of each arc, one at least, `CLOSED` where it may not be driven. [units]"""
        with np.errstate(over="ignore"):
            return _close_heavy(np.maximum(np.round(self.weight * self.scale), 1))

    @cached_property
    def runs(self) -> Integers:
        """Units of the arcs of each run of the core: its weight might differ by one. [units]"""
        through = (self.units < engine.CLOSED) & ~self.local
        return _close_heavy(self.router.reduction.add_up(np.where(through, self.units, np.inf)))

    @cached_property
    def metric(self) -> Any:
        """The hierarchy with the weights of the core poured in."""
        hierarchy = self.router.hierarchy
        return None if hierarchy is None else engine.weigh_hierarchy(hierarchy, self.runs)

    @cached_property
    def _matrix(self) -> engine.WeightMatrix:
        core = self.router.reduction
        return engine.WeightMatrix(core.tail, core.head, len(core.node), self.runs)

    @cached_property
    def coarser(self) -> WeightedRoads:
        """The same weights in coarser units, for ways that are too heavy for these."""
        return replace(self, scale=self.scale / _COARSER)

    @cached_property
    def wider(self) -> WeightedRoads | None:
        """The same weights where arcs are told apart farther from restrictions; none: all are."""
        if (router := self.router.wider) is None:
            return None
        own = self.router.graph.twins(router.graph)
        weight, turning = self.weight[own], self.turns_in_dead_end
        return router.weigh(weight, self.local[own], turns_in_dead_end=turning, scale=self.scale)

    @cached_property
    def _no_turning(self) -> Mask:
        """Nodes of the network at which this truck may not turn round."""
        if not self.turns_in_dead_end:
            return np.ones(self.router.graph.network.node_count, bool)
        return self.router.graph.leaving(np.isfinite(self.weight)) > 1

    @cached_property
    def _part(self) -> SmallIntegers:
        """The part of the network that each edge lies in, -1 where it may not be driven."""
        graph, finite = self.router.graph, np.isfinite(self.weight)
        part = engine.find_parts(graph.start[finite], graph.end[finite], graph.size)
        found = np.full(graph.network.edge_count, -1, np.int32)
        found[graph.edge[finite]] = part[graph.start[finite]]
        return found

    def routes(self, origins: Sequence[RoadStop], destinations: Sequence[RoadStop]) -> Routes:
        """Find routes of pairs. Returns the best of each; where there is no way, not `exists`."""
        return self._drive(self._set_errands(origins, destinations))

    def sums(
        self,
        origins: Sequence[RoadStop],
        destinations: Sequence[RoadStop],
        quantities: Mapping[str, Floats],
    ) -> dict[str, Floats]:
        """Add up along routes of pairs. Returns as `Routes.sums`, in the memory of some of them."""
        errands, size = self._set_errands(origins, destinations), len(origins)
        found = {name: np.full(size, np.nan) for name in quantities}
        order = sort_up(errands.origin)  # pairs of one origin share its trees
        for ranks in np.array_split(order, range(_PAIRS_AT_ONCE, size, _PAIRS_AT_ONCE)):
            some = replace(errands, origin=errands.origin[ranks], goal=errands.goal[ranks])
            for name, sums in self._drive(some).sums(quantities).items():
                found[name][ranks] = sums
        return found

    def _set_errands(self, *ends: Sequence[RoadStop]) -> Errands:
        """Search from all places once, and choose how the ways between them are found."""
        places = [{stop: rank for rank, stop in enumerate(dict.fromkeys(end))} for end in ends]
        out, back = ([self.search(one, outward=of is places[0]) for one in of] for of in places)
        pairs = zip(ends, places, strict=True)
        origin, goal = (np.array([of[stop] for stop in end], np.int64) for end, of in pairs)
        most = _PAIRS_FOR_A_TREE * len(self.router.reduction.node)
        by_pairs = self.metric and len(ends[0]) < most * max(len(places[0]), 1)
        return Errands(out, back, origin, goal, bool(by_pairs))

    def _drive(self, errands: Errands) -> Routes:
        """Find the routes of errands."""
        routes = self._join(errands, self._find_paths(errands))
        sides = (errands.out, errands.origin), (errands.back, errands.goal)
        origins, destinations = ([side[one].stop for one in ranks] for side, ranks in sides)

        def look_again(ranks: list[int], roads: WeightedRoads) -> Routes:
            some = ([stops[rank] for rank in ranks] for stops in (origins, destinations))
            return routes.splice(ranks, roads.routes(*some))

        # Turning round, it may be that only arcs told apart farther off show a way.
        some = self.router.graph.wider_km is not None and routes.turn_at(self._no_turning)
        if (turning := np.flatnonzero(some).tolist()) and self.wider is not None:
            routes = look_again(turning, self.wider)
        lost = self._list_lost(routes, origins, destinations)
        return look_again(lost, self.coarser) if lost else routes

    def _find_paths(self, errands: Errands) -> engine.Paths:
        """Find the best ways through the core, by the hierarchy unless each origin has many."""
        if errands.by_pairs:
            pairs = zip(errands.origin.tolist(), errands.goal.tolist(), strict=True)
            doors = [(errands.out[one].doors, errands.back[two].doors) for one, two in pairs]
            return engine.find_by_pairs(self.metric, doors)
        return find_by_trees(self._matrix, errands)

    def _list_lost(self, routes: Routes, *ends: Sequence[RoadStop]) -> list[int]:
        """List pairs without a route that have a way, but one that is too heavy for these units."""
        # Where all arcs together fit into these units, no way is.
        if self.weight[np.isfinite(self.weight)].sum() * self.scale <= engine.HEAVIEST:
            return []
        here, there = (self._part[[stop.edge for stop in stops]] for stops in ends)
        return [*np.flatnonzero(~routes.exists & (here == there) & (there >= 0)).tolist()]

    def search(self, stop: RoadStop, *, outward: bool) -> Approach:
        """Find the ways from a place to the doors of the core, or (not `outward`) from them to it.

        Over local roads, then open ones, never local ones again, by Dijkstra's algorithm on pairs
        of a node and whether open road has been driven. It ends at nodes of the core, but goes on
        through them on local roads, since no route through the core may use those. In a dead end it
        heads for the core only: whoever is deeper in it comes to meet it. Running numbers break
        ties the same way on every machine. [units]
        """
        graph, reduction = self.router.graph, self.router.reduction
        ends, arcs = (graph.end, graph.arcs_out) if outward else (graph.start, graph.arcs_in)
        # Views of memory give plain numbers, several times faster than arrays do.
        columns = ends, self.units, self.local, reduction.leads
        end, units, local, leads = (memoryview(one.data) for one in columns)
        step: dict[State, tuple[State | None, int]] = {}
        weights: dict[int, int] = {}
        states: dict[int, State] = {}  # of each node the lighter one, which comes first
        heap = [*self._set_out(stop, outward)]
        heapq.heapify(heap)
        pushed = len(heap)
        while heap:
            total, _, state, before, arc = heapq.heappop(heap)
            if state in step:
                continue
            step[state] = before, arc
            node, open_road = state
            weights.setdefault(node, total)
            states.setdefault(node, state)
            lead = leads[node]
            for onward in arcs.plain(node):
                own, ahead = local[onward], end[onward]
                goal, leading = (ahead, not own), not open_road if own else lead in (-1, ahead)
                if leading and units[onward] < engine.CLOSED and goal not in step:
                    pushed += 1
                    heapq.heappush(heap, (total + units[onward], pushed, goal, state, onward))
        return Approach(stop, weights, reduction.list_doors(weights), states, step)

    def _set_out(self, stop: RoadStop, outward: bool) -> Iterator[_Reached]:
        """Go from a place to the ends of the arcs on its edge, or back to where they start."""
        graph = self.router.graph
        ends = graph.end if outward else graph.start
        for rank, arc in enumerate(graph.arcs_on.plain(stop.edge)):
            if (weight := int(self.units[arc])) < engine.CLOSED:
                # The share of the arc between the place and its end, or its start.
                beyond = bool(graph.ahead[arc]) is outward
                total = round(weight * (1 - stop.share if beyond else stop.share))
                yield total, -rank, (int(ends[arc]), not self.local[arc]), None, arc

    def meet(self, out: Approach, back: Approach) -> tuple[int, list[int]] | None:
        """Let two places meet off the core. Returns weight [units] and arcs of the best way.

        Searches stop at the core: nodes off it that both have reached join them, or one edge does.
        Whether such a way is better than one through the core is for the caller to compare.
        """
        core = memoryview(self.router.reduction.core.data)
        along = min(self._list_along(out.stop, back.stop), default=None)
        both = (node for node in out.weight if node in back.weight and core[node] < 0)
        node = min(both, key=lambda one: out.weight[one] + back.weight[one], default=None)
        weight = engine.CLOSED if node is None else out.weight[node] + back.weight[node]
        if node is None or (along is not None and along[0] < weight):
            return along
        return weight, [*out.arcs(node), *reversed(back.arcs(node))]

    def _list_along(self, start: RoadStop, goal: RoadStop) -> Iterator[tuple[int, list[int]]]:
        """List the arcs that lead from one place to another on its own edge: weight, and arc."""
        graph, ahead = self.router.graph, goal.share - start.share
        for arc in graph.arcs_on.plain(start.edge) if start.edge == goal.edge else ():
            if self.units[arc] < engine.CLOSED and ahead * (1 if graph.ahead[arc] else -1) >= 0:
                yield round(self.units[arc] * abs(ahead)), [arc]

    def _join(self, errands: Errands, paths: engine.Paths) -> Routes:
        """Set each route together: first stretch, core, last stretch, or a way off the core."""
        graph, reduction = self.router.graph, self.router.reduction
        through = paths.weight <= engine.HEAVIEST
        weight, near = np.where(through, paths.weight, engine.CLOSED), list[list[int]]()
        at_first = np.zeros(len(weight), np.int64)  # rank of the first stretch; 0 is none
        for rank in errands.list_near(reduction.core):
            met = self.meet(errands.out[errands.origin[rank]], errands.back[errands.goal[rank]])
            if met is not None and met[0] <= paths.weight[rank]:
                weight[rank], through[rank] = met[0], False
                near.append(met[1])
                at_first[rank] = len(near)

        def lay(side: Sequence[Approach], places: Integers, doors: Integers) -> tuple[Any, Any]:
            """Give the arcs of each stretch that is driven, and which of them each pair drives."""
            key = places[through] * graph.size + reduction.node[doors[through]]
            known, which = np.unique(key, return_inverse=True)
            pairs = zip(*(one.tolist() for one in np.divmod(known, graph.size)), strict=True)
            return [side[one].arcs(node) for one, node in pairs], which

        first, which = lay(errands.out, errands.origin, paths.first)
        at_first[through] = which + len(near) + 1
        last, which = lay(errands.back, errands.goal, paths.last)
        at_last = np.zeros(len(weight), np.int64)
        at_last[through] = which + 1
        runs = len(graph.start) + paths.runs.take(np.flatnonzero(through)).numbers
        parts = (
            Rows.of([[], *near, *first])
            .take(at_first)
            .chain(
                Rows.part(runs, np.where(through, paths.runs.size, 0)),
                Rows.of([[], *(one[::-1] for one in last)]).take(at_last),
            )
        )
        exists, some = weight <= engine.HEAVIEST, parts.size > 0
        # What lies before the origin is taken off the first arc, and what lies beyond off the last.
        left = np.zeros((2, len(weight)))
        ends = parts.start[:-1][some], parts.start[1:][some] - 1
        sides = (errands.out, errands.origin, False), (errands.back, errands.goal, True)
        for row, ((side, places, beyond), end) in enumerate(zip(sides, ends, strict=True)):
            share = np.array([one.stop.share for one in side])[places[some]]
            left[row, some] = np.where(graph.ahead[parts.numbers[end]] ^ beyond, share, 1 - share)
        return Routes(
            graph=graph,
            reduction=reduction,
            exists=exists,
            weight=np.where(exists, weight / self.scale, np.inf),
            parts=parts,
            first_left=left[0] * exists,
            last_left=left[1] * exists,
        )
