"""Find the best routes between places on the road, and what lies along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.restrict import find_local_edges
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.approach import Approach, Stop, Surroundings
from raastof_geo.roads.routing.engine import (
    CLOSED,
    LARGEST,
    DijkstraEngine,
    DijkstraMetric,
    Engine,
    HierarchyEngine,
    Metric,
    has_hierarchies,
    order_nodes,
)
from raastof_geo.roads.routing.graph import RoadGraph, build_graph
from raastof_geo.roads.routing.reduce import Reduction, reduce_graph
from raastof_geo.roads.snap import Anchors
from raastof_geo.roads.travel import Travelling

_ROOM = 4
"""How many times the widest way across the network may weigh before it counts as closed."""
_ROUGHLY = 1e6
_COARSER = 64
_OFTEN = 0.2
_PAIRS_FOR_A_TREE = 2e-3
"""Pairs of an origin from which on a tree of all its routes is found sooner, for each node."""
_SOURCES_AT_ONCE = 32
_NOTHING = np.zeros(0, np.int64)
_REDUCED = tuple(part.name for part in fields(Reduction))
_WORTH_KEEPING = 10_000
"""Graphs with fewer arcs are reduced sooner than read."""


@dataclass(frozen=True, eq=False)
class Router(Travelling):
    """A network made ready: its arcs, its core, and an engine."""

    graph: RoadGraph
    reduction: Reduction
    engine: Engine
    local: Mask
    """Arcs for the first and the last stretch only."""
    closed: Mask
    """Arcs that trucks may not use."""

    @cached_property
    def fallback(self) -> DijkstraEngine:
        """Dijkstra's algorithm on the same core."""
        if isinstance(self.engine, DijkstraEngine):
            return self.engine
        core = self.reduction
        return DijkstraEngine(core.tail, core.head, len(core.node))

    def weigh(self, weight: Floats) -> WeightedRoads:
        """Pour weights into the network.

        Parameters
        ----------
        weight
            What each arc weighs, at least 0, infinite where it may not be driven.
        """
        allowed = np.where(self.closed, np.inf, weight)
        return self._pour(allowed, self._scale(allowed))

    def coarsen(self, measure: WeightedRoads) -> WeightedRoads:
        """Pour the same weights in again in coarser units."""
        return self._pour(measure.weight, measure.scale / _COARSER)

    def _pour(self, weight: Floats, scale: float) -> WeightedRoads:
        units = np.full(len(weight), CLOSED, np.int64)
        with np.errstate(over="ignore"):
            scaled = np.round(weight * scale)
        fits = scaled <= LARGEST
        units[fits] = np.maximum(scaled[fits], 1)
        runs = self.reduction.add_up(np.where(units < CLOSED, units, np.inf).astype(np.float64))
        whole = np.where(runs <= LARGEST, runs, CLOSED).astype(np.int64)
        return WeightedRoads(self, weight, units, whole, scale)

    def _scale(self, weight: Floats) -> float:
        """Choose units fine enough to tell routes apart, and coarse enough to be added up.

        No best way between nodes that a hub reaches and is reached by weighs more than the
        farthest way to the hub and the farthest one from it; before and after the core none
        weighs more than all the arcs of the pocket that it runs through. Ways that keep clear
        of the hub may weigh more: `WeightedRoads` looks again at what it does not find.
        """
        runs = self.reduction.add_up(weight)
        finite = np.isfinite(runs)
        across = 0.0
        if finite.any() and runs[finite].max() > 0:
            most = float(runs[finite].max())
            rough = np.full(len(runs), CLOSED, np.int64)
            rough[finite] = np.maximum(runs[finite] / most * _ROUGHLY, 1)
            across = max(self._across(rough) * most / _ROUGHLY, most)
        widest = across + 2 * self._deepest(weight)
        return float(LARGEST / (_ROOM * widest)) if widest > 0 else 1.0

    def _across(self, runs: Integers) -> float:
        farthest = 0.0
        for engine in (self.fallback, self._backward):
            distance, _ = engine.customise(runs).trees([self._hub])
            farthest += float(distance[np.isfinite(distance)].max())
        return farthest

    @cached_property
    def _hub(self) -> int:
        """A node where many runs meet, in the largest part of the core."""
        core = self.reduction
        size = len(core.node)
        graph = coo_array((np.ones(len(core.tail), np.int8), (core.tail, core.head)), (size, size))
        _, part = connected_components(graph, directed=False)
        degree = np.bincount(core.tail, minlength=size)
        return int(np.argmax(np.where(part == np.bincount(part).argmax(), degree, -1)))

    def _deepest(self, weight: Floats) -> float:
        """Give the weight of all arcs of the heaviest pocket, or of the heaviest arc."""
        pocket, arcs = self._pockets
        finite = weight[arcs]
        finite = np.where(np.isfinite(finite), finite, 0.0)
        return float(np.bincount(pocket, finite).max()) if len(arcs) else 0.0

    @cached_property
    def _pockets(self) -> tuple[Integers, Integers]:
        """Number the pockets off the core, and give the arcs in each: pocket, arc."""
        graph, core = self.graph, self.reduction.core
        off_start, off_end = core[graph.start] < 0, core[graph.end] < 0
        within = off_start & off_end
        ends = (graph.start[within], graph.end[within])
        matrix = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(graph.size, graph.size))
        _, part = connected_components(matrix, directed=False)
        arcs = np.flatnonzero(off_start | off_end | self.local)
        node = np.where(off_start[arcs], graph.start[arcs], graph.end[arcs])
        return np.unique(part[node], return_inverse=True)[1], arcs

    @cached_property
    def _backward(self) -> DijkstraEngine:
        core = self.reduction
        return DijkstraEngine(core.head, core.tail, len(core.node))


def load_router(
    graph: RoadGraph, *, restricted: bool = True, hierarchies: bool | None = None
) -> Router:
    """Make arcs ready for routes; core and order of a large graph come from the cache.

    Parameters
    ----------
    restricted
        Whether roads closed to trucks are closed, and local ones local.
    hierarchies
        Whether to use contraction hierarchies; by default where they are at hand.
    """
    ordered = has_hierarchies() if hierarchies is None else hierarchies
    network = graph.network
    if len(graph.edge) < _WORTH_KEEPING:
        found = _reduce(graph, restricted, ordered)
    else:
        key = fingerprint(
            (
                f"{restricted} {ordered}",
                *(graph.start, graph.end, graph.edge, graph.place),
                *(network.access, network.length_m, network.node_lon, network.node_lat),
            )
        )
        found = keep(
            "hierarchies",
            key,
            make=lambda: _reduce(graph, restricted, ordered),
            write=write_arrays,
            read=lambda file: _read_reduced(file, graph.size),
        )
    parts = {name: found[name].astype(np.int64) for name in _REDUCED}
    core = Reduction(**parts)
    local, closed = found["local"].astype(bool), found["closed"].astype(bool)
    order = found["order"].astype(np.int64)
    engine: Engine = (
        HierarchyEngine(core.tail, core.head, order)
        if len(order)
        else DijkstraEngine(core.tail, core.head, len(core.node))
    )
    return Router(graph, core, engine, local, closed)


def _reduce(graph: RoadGraph, restricted: bool, ordered: bool) -> dict[str, NDArray[np.generic]]:
    """Find what is closed and local, the core of the rest, and an order of its nodes."""
    network = graph.network
    closed, local = np.zeros(len(graph.edge), bool), np.zeros(len(graph.edge), bool)
    if restricted:
        closed = network.access[graph.edge] == Access.CLOSED
        local = find_local_edges(network)[graph.edge]
    core = reduce_graph(graph, ~(closed | local))
    order = np.zeros(0, np.int64)
    if ordered and len(core.tail):
        place = graph.place[core.node]
        order = order_nodes(core.tail, core.head, network.node_lon[place], network.node_lat[place])
    reduced = {name: getattr(core, name) for name in _REDUCED}
    return {**reduced, "order": order, "closed": closed, "local": local}


def _read_reduced(file: Path, size: int) -> dict[str, NDArray[np.generic]]:
    """Read what `_reduce` found, and refuse what cannot be that."""
    found = read_arrays(file)
    order, count = found["order"].astype(np.int64), len(found["node"])
    if len(found["core"]) != size or len(found["tail"]) + 1 != len(found["run_start"]):
        raise ValueError("not a core of this graph")
    if len(order) and not np.array_equal(np.sort(order), np.arange(count)):
        raise ValueError("not an order of this core")
    return found


def prepare_router(
    network: RoadNetwork,
    *,
    turns: bool = True,
    restricted: bool = True,
    hierarchies: bool | None = None,
) -> Router:
    """Make a network ready for routes, once for all trucks.

    Parameters
    ----------
    turns
        Whether turn restrictions hold.
    restricted
        Whether roads closed to trucks are closed, and local ones local.
    hierarchies
        Whether to use contraction hierarchies; by default where they are at hand.
    """
    graph = build_graph(network, turns=turns)
    return load_router(graph, restricted=restricted, hierarchies=hierarchies)


def place_stops(anchors: Anchors) -> dict[str, Stop]:
    """Give the stop of each site."""
    frame = anchors.frame
    return {
        str(site): Stop(int(edge), float(share))
        for site, edge, share in zip(frame.index, frame["edge"], frame["share"], strict=True)
    }


@dataclass(frozen=True, eq=False)
class WeightedRoads(Travelling):
    """A network with weights in it, in whole units."""

    router: Router
    weight: Floats
    """Weight of each arc as it was given, infinite where it may not be driven."""
    units: Integers
    """Weight of each arc, `CLOSED` where it may not be driven. [units]"""
    runs: Integers
    """Weight of each run of the core. [units]"""
    scale: float
    """Units in one of the weight that was given."""

    @cached_property
    def metric(self) -> Metric:
        """The engine with the weights of the core."""
        return self.router.engine.customise(self.runs)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What first and last stretches are found in."""
        router = self.router
        return Surroundings(router.graph, router.reduction, self.units, router.local)

    def matrix(self, origins: Sequence[Stop], destinations: Sequence[Stop]) -> Floats:
        """Give the least weight between all origins and destinations, infinite if there is no way.

        Exact to the unit, whichever engine. [origins × destinations]
        """
        out = [self.surroundings.leave(stop) for stop in origins]
        back = [self.surroundings.reach(stop) for stop in destinations]
        units = self.metric.measure([one.doors for one in out], [one.doors for one in back])
        for row, column, weight, _ in self._meet(out, back):
            units[row, column] = min(units[row, column], weight)
        table = np.where(units <= LARGEST, units / self.scale, np.inf)
        lost = units > LARGEST
        lost[lost] = self._look_again(origins, destinations)[lost]
        for rows, columns in _cover(lost):
            some = self.coarser.matrix(
                [origins[row] for row in rows], [destinations[column] for column in columns]
            )
            part = np.ix_(rows, columns)
            table[part] = np.where(np.isinf(table[part]), some, table[part])
        return table

    @cached_property
    def coarser(self) -> WeightedRoads:
        """The same weights in coarser units, for ways that are too heavy for these."""
        return self.router.coarsen(self)

    @cached_property
    def _total(self) -> float:
        """What all arcs weigh together. [units]"""
        return float(self.weight[np.isfinite(self.weight)].sum() * self.scale)

    @cached_property
    def _part(self) -> SmallIntegers:
        """The part of the network that each edge lies in, -1 where it may not be driven."""
        graph, finite = self.router.graph, np.isfinite(self.weight)
        ends = (graph.start[finite], graph.end[finite])
        matrix = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(graph.size, graph.size))
        _, part = connected_components(matrix, directed=False)
        found = np.full(graph.network.edge_count, -1, np.int32)
        found[graph.edge[finite]] = part[graph.start[finite]]
        return found

    def _look_again(self, origins: Sequence[Stop], destinations: Sequence[Stop]) -> Mask:
        """Tell which pairs might have a way that is too heavy for these units.

        Those in one part of the network. [origins × destinations]
        """
        if self._total <= LARGEST:
            return np.zeros((len(origins), len(destinations)), bool)
        start = self._part[np.array([stop.edge for stop in origins], np.int64)]
        goal = self._part[np.array([stop.edge for stop in destinations], np.int64)]
        return np.asarray((start[:, None] == goal) & (start >= 0)[:, None], bool)

    def routes(self, origins: Sequence[Stop], destinations: Sequence[Stop]) -> Routes:
        """Find the best route from each origin to the destination beside it."""
        out = {stop: self.surroundings.leave(stop) for stop in dict.fromkeys(origins)}
        back = {stop: self.surroundings.reach(stop) for stop in dict.fromkeys(destinations)}
        pairs = list(zip(origins, destinations, strict=True))
        found = self._paths(pairs, out, back)
        direct = self._nearby(pairs, out, back)
        routes = _gather(self.router, self.scale, pairs, found, direct, out, back)
        lost = np.flatnonzero(~routes.exists)
        again = [
            rank
            for rank in lost.tolist()
            if self._look_again(origins[rank : rank + 1], destinations[rank : rank + 1])[0, 0]
        ]
        if again:
            some = [origins[rank] for rank in again], [destinations[rank] for rank in again]
            return _splice(routes, again, self.coarser.routes(*some))
        return routes

    def _paths(
        self,
        pairs: Sequence[tuple[Stop, Stop]],
        out: Mapping[Stop, Approach],
        back: Mapping[Stop, Approach],
    ) -> _Paths:
        """Find the way of each pair through the core, one by one or by trees."""
        per_origin = len(pairs) / max(len(out), 1)
        if per_origin < _PAIRS_FOR_A_TREE * len(self.router.reduction.node):
            return _find_singly(self.metric, pairs, out, back)
        tree = self.router.fallback.customise(self.runs)
        return _find_by_trees(tree, pairs, out, back)

    def _nearby(
        self,
        pairs: Sequence[tuple[Stop, Stop]],
        out: Mapping[Stop, Approach],
        back: Mapping[Stop, Approach],
    ) -> dict[int, tuple[int, int | None, int]]:
        """Find the pairs that need not go through the core: weight, node or none, arc."""
        wanted: dict[tuple[Stop, Stop], list[int]] = defaultdict(list)
        for rank, pair in enumerate(pairs):
            wanted[pair].append(rank)
        starts, goals = list(out), list(back)
        best: dict[int, tuple[int, int | None, int]] = {}
        for row, column, weight, how in self._meet(list(out.values()), list(back.values())):
            for rank in wanted.get((starts[row], goals[column]), ()):
                if rank not in best or weight < best[rank][0]:
                    best[rank] = (weight, *how)
        return best

    def _meet(
        self, out: Sequence[Approach], back: Sequence[Approach]
    ) -> list[tuple[int, int, int, tuple[int | None, int]]]:
        """Find pairs that meet off the core, or on one edge: origin, destination, weight, where."""
        core = memoryview(self.router.reduction.core.data)
        at_node: dict[int, list[tuple[int, int]]] = defaultdict(list)
        on_edge: dict[int, list[int]] = defaultdict(list)
        for column, reach in enumerate(back):
            on_edge[reach.stop.edge].append(column)
            for node, weight in reach.weight.items():
                if core[node] < 0:
                    at_node[node].append((column, weight))
        found: list[tuple[int, int, int, tuple[int | None, int]]] = []
        for row, leave in enumerate(out):
            for node, weight in leave.weight.items():
                for column, rest in at_node.get(node, ()):
                    found.append((row, column, weight + rest, (node, -1)))
            for column in on_edge.get(leave.stop.edge, ()):
                direct = self.surroundings.between(leave.stop, back[column].stop)
                if direct is not None:
                    found.append((row, column, direct[0], (None, direct[1])))
        return found


@dataclass(frozen=True, eq=False)
class _Paths:
    """Ways through the core: runs, and the nodes of the core at either end; none: -1."""

    weight: Integers
    run_start: Integers
    run: Integers
    first: Integers
    last: Integers


@dataclass(frozen=True, eq=False)
class Routes:
    """Routes from place to place, as arcs in the order they are driven."""

    router: Router
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

        Parameters
        ----------
        quantities
            For each name a number for every arc of the graph.
        """
        first, last = self._ends()
        found = {}
        for name, quantity in quantities.items():
            total = (
                _add_up(quantity[self.head_arc], self.head_start)
                + _add_up(self.router.reduction.add_up(quantity)[self.run], self.run_start)
                + _add_up(quantity[self.tail_arc], self.tail_start)
            )
            total -= quantity[first] * self.first_left + quantity[last] * self.last_left
            found[name] = np.where(self.exists, np.maximum(total, 0), np.nan)
        return found

    def arcs(self, rank: int) -> Integers:
        """Give the arcs of one route, in the order they are driven."""
        core = self.router.reduction
        runs = self.run[self.run_start[rank] : self.run_start[rank + 1]]
        parts = [self.head_arc[self.head_start[rank] : self.head_start[rank + 1]]]
        parts += [core.run_arc[core.run_start[run] : core.run_start[run + 1]] for run in runs]
        parts.append(self.tail_arc[self.tail_start[rank] : self.tail_start[rank + 1]])
        return np.concatenate(parts)

    def shares(self, rank: int) -> Floats:
        """Give the share of each arc that one route drives."""
        driven = np.ones(len(self.arcs(rank)))
        if len(driven):
            driven[0] -= self.first_left[rank]
            driven[-1] -= self.last_left[rank]
        return driven

    def draw(self, rank: int) -> Floats:
        """Draw one route as lon and lat. [degrees, points × 2]"""
        return draw_arcs(
            self.router.graph,
            self.arcs(rank),
            first_left=float(self.first_left[rank]),
            last_left=float(self.last_left[rank]),
        )

    def _ends(self) -> tuple[Integers, Integers]:
        """Give the first and the last arc of each route, 0 where there is none."""
        count = len(self.exists)
        first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
        ahead = np.flatnonzero(np.diff(self.head_start))
        behind = np.flatnonzero(np.diff(self.tail_start))
        first[behind] = self.tail_arc[self.tail_start[:-1][behind]]
        first[ahead] = self.head_arc[self.head_start[:-1][ahead]]
        last[ahead] = self.head_arc[self.head_start[1:][ahead] - 1]
        last[behind] = self.tail_arc[self.tail_start[1:][behind] - 1]
        return first, last


def _find_singly(
    metric: Metric,
    pairs: Sequence[tuple[Stop, Stop]],
    out: Mapping[Stop, Approach],
    back: Mapping[Stop, Approach],
) -> _Paths:
    found = [metric.find(out[origin].doors, back[goal].doors) for origin, goal in pairs]
    runs = [path.runs if path else () for path in found]
    return _Paths(
        weight=np.array([path.weight if path else CLOSED for path in found], np.int64),
        run_start=np.append(0, np.cumsum([len(run) for run in runs])).astype(np.int64),
        run=np.array([run for path in runs for run in path], np.int64),
        first=np.array([path.first if path else -1 for path in found], np.int64),
        last=np.array([path.last if path else -1 for path in found], np.int64),
    )


def _find_by_trees(
    metric: DijkstraMetric,
    pairs: Sequence[tuple[Stop, Stop]],
    out: Mapping[Stop, Approach],
    back: Mapping[Stop, Approach],
) -> _Paths:
    """Find all routes of some origins at once, and walk them backwards side by side."""
    doors = sorted({node for approach in out.values() for node, _ in approach.doors})
    row = {node: rank for rank, node in enumerate(doors)}
    ways: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for rank, (origin, goal) in enumerate(pairs):
        for node, weight in out[origin].doors:
            for door, rest in back[goal].doors:
                ways[row[node] // _SOURCES_AT_ONCE].append((rank, row[node], door, weight + rest))
    best = np.full(len(pairs), float(CLOSED))
    first, last = np.full(len(pairs), -1), np.full(len(pairs), -1)
    walked: dict[int, Integers] = {}
    for part, listed in sorted(ways.items()):
        begin = part * _SOURCES_AT_ONCE
        reached, before = metric.trees(doors[begin : begin + _SOURCES_AT_ONCE])
        table = np.array(listed, np.int64)
        total = reached[table[:, 1] - begin, table[:, 2]] + table[:, 3]
        order = np.lexsort((np.arange(len(total)), total, table[:, 0]))
        _, chosen = np.unique(table[order, 0], return_index=True)
        chosen = order[chosen]
        better = total[chosen] < best[table[chosen, 0]]
        chosen = chosen[better]
        ranks = table[chosen, 0]
        best[ranks] = total[chosen]
        last[ranks] = table[chosen, 2]
        first[ranks] = np.array(doors)[table[chosen, 1]]
        nodes = _walk_back(before, table[chosen, 1] - begin, table[chosen, 2], first[ranks])
        for rank, way in zip(ranks.tolist(), nodes, strict=True):
            walked[rank] = metric.runs(way[:-1], way[1:])
    sizes = [len(walked.get(rank, _NOTHING)) for rank in range(len(pairs))]
    return _Paths(
        weight=np.minimum(best, CLOSED).astype(np.int64),
        run_start=np.append(0, np.cumsum(sizes)).astype(np.int64),
        run=np.concatenate(
            [walked.get(rank, _NOTHING) for rank in range(len(pairs))] or [_NOTHING]
        ),
        first=first,
        last=last,
    )


def _walk_back(
    before: SmallIntegers, rows: Integers, nodes: Integers, sources: Integers
) -> list[Integers]:
    """Walk from nodes to the roots of their trees, and give each way from the root on."""
    steps = [nodes]
    while np.any(steps[-1] != sources):
        here = steps[-1]
        ahead = before[rows, here].astype(np.int64)
        steps.append(np.where(here == sources, here, ahead))
    table = np.array(steps[::-1]).reshape(len(steps), len(nodes))
    lead = np.sum(table == sources, axis=0) - 1
    return [table[start:, column] for column, start in enumerate(lead.tolist())]


def _gather(
    router: Router,
    scale: float,
    pairs: Sequence[tuple[Stop, Stop]],
    paths: _Paths,
    direct: Mapping[int, tuple[int, int | None, int]],
    out: Mapping[Stop, Approach],
    back: Mapping[Stop, Approach],
) -> Routes:
    """Set each route together: first stretch, core, last stretch, or a way off the core."""
    heads: list[list[int]] = []
    tails: list[list[int]] = []
    weight = paths.weight.copy()
    core_node = router.reduction.node
    through = np.ones(len(pairs), bool)
    for rank, (origin, goal) in enumerate(pairs):
        near = direct.get(rank)
        if near is not None and near[0] <= weight[rank]:
            weight[rank], through[rank] = near[0], False
            node = near[1]
            heads.append([near[2]] if node is None else out[origin].arcs(node))
            tails.append([] if node is None else back[goal].arcs(node)[::-1])
        elif weight[rank] <= LARGEST:
            heads.append(out[origin].arcs(int(core_node[paths.first[rank]])))
            tails.append(back[goal].arcs(int(core_node[paths.last[rank]]))[::-1])
        else:
            heads.append([])
            tails.append([])
    kept = np.repeat(through, np.diff(paths.run_start))
    sizes = np.where(through, np.diff(paths.run_start), 0)
    routes = Routes(
        router=router,
        exists=weight <= LARGEST,
        weight=np.where(weight <= LARGEST, weight / scale, np.inf),
        head_start=_starts(heads),
        head_arc=_flat(heads),
        run_start=np.append(0, np.cumsum(sizes)).astype(np.int64),
        run=paths.run[kept],
        tail_start=_starts(tails),
        tail_arc=_flat(tails),
        first_left=np.zeros(len(pairs)),
        last_left=np.zeros(len(pairs)),
    )
    first, last = routes._ends()
    shares = np.array([(one.share, other.share) for one, other in pairs]).reshape(-1, 2)
    ahead = router.graph.ahead
    first_left = np.where(ahead[first], shares[:, 0], 1 - shares[:, 0]) * routes.exists
    last_left = np.where(ahead[last], 1 - shares[:, 1], shares[:, 1]) * routes.exists
    return replace(routes, first_left=first_left, last_left=last_left)


def _cover(lost: Mask) -> list[tuple[list[int], list[int]]]:
    """Cover pairs by few rows with all their columns, and few columns with all their rows.

    What is lost mostly is one place for all others.
    """
    often = lost.mean(axis=0) > _OFTEN if len(lost) else np.zeros(lost.shape[1], bool)
    found = []
    for columns in (often, ~often):
        part = lost & columns
        if part.any():
            rows, used = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            found.append((rows.tolist(), used.tolist()))
    return found


def _splice(routes: Routes, ranks: Sequence[int], others: Routes) -> Routes:
    """Put other routes in the place of some; weights stay in the units of each."""
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
        return np.append(0, sizes).astype(np.int64), np.concatenate([_NOTHING, *parts])

    def pick(name: str) -> Floats:
        return np.array([getattr(found, name)[rank] for found, rank in source])

    (head_start, head_arc), (run_start, run), (tail_start, tail_arc) = map(
        flat, ("head", "run", "tail")
    )
    return Routes(
        router=routes.router,
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
