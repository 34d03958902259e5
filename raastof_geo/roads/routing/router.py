"""Make a network ready for routes, weigh it for a truck, and find the best ones.

**Whole numbers.** What an arc weighs (kg CO2e, hours or DKK) is a float, infinite where it may not
be driven. The engines take whole units below 2^31, so weights are multiplied by a `scale` and
rounded, one unit at least for each arc. Whole numbers are added up without error, so every engine
finds the same least weight, and the same answer comes back on every machine. The scale is as fine
as leaves room (`_ROOM`): the widest way across the network has a quarter of 2^30 units, so a unit
is far below what any figure says. What lies along a route is added up in floats afterwards, so no
figure that is shown has been rounded to units. Ways that are too heavy for the units are looked
for again in coarser ones (`WeightedRoads.coarser`), which loses no way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers
from raastof_geo.cache import fingerprint, keep, read_arrays, write_arrays
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing import engine
from raastof_geo.roads.routing.core import Reduction, RoadStop, Surroundings, reduce_graph
from raastof_geo.roads.routing.drive import find_local_edges
from raastof_geo.roads.routing.graph import RoadGraph, build_graph
from raastof_geo.roads.routing.route import Routes, find_by_trees, join_routes, splice_routes
from raastof_geo.roads.snap import Anchors

_ROOM = 4
"""How many times the widest way across the network may weigh before it counts as closed: what
`_scale` measures is a bound for ways by the hub only, and others may be longer. A judgement; ways
beyond it are found in coarser units."""
_ROUGHLY = 1e6
"""Units of the heaviest run while the width of the network is measured, which is needed roughly
only."""
_COARSER = 64
"""How many times coarser the next units are. It goes on until all arcs together fit, so any number
above 1 would do; a judgement."""
_PAIRS_FOR_A_TREE = 2e-3
"""Pairs of an origin, for each node of the core, from which on a tree of all its routes is found
sooner than each of them; the same routes up to ties. From trials on the roads of Zealand."""
_WORTH_KEEPING = 10_000
"""Graphs with fewer arcs are reduced sooner than read from the cache."""


@dataclass(frozen=True, eq=False)
class Router(engine.Travelling):
    """A network made ready: its arcs, its core, and an engine."""

    graph: RoadGraph
    reduction: Reduction

    @cached_property
    def hierarchy(self) -> engine.Hierarchy | None:
        """What finds the best way of a pair on the core; none: Dijkstra's algorithm finds all."""
        core = self.reduction
        return engine.Hierarchy(core.tail, core.head, core.order) if len(core.order) else None

    @cached_property
    def wider(self) -> Router | None:
        """The network with arcs told apart farther from restrictions; none: all of them are."""
        graph = self.graph
        if graph.wider_km is None:
            return None
        wider = build_graph(graph.network, closing=graph.closing, reach_km=graph.wider_km)
        return load_router(wider, hierarchies=self.hierarchy is not None)

    def weigh(
        self,
        weight: Floats,
        local: Mask | None = None,
        *,
        turns_in_dead_end: bool = True,
        scale: float | None = None,
    ) -> WeightedRoads:
        """Pour what each arc weighs (infinite: closed) into the network, in units of `scale`.

        `local`: arcs for the first and the last stretch of this truck's trips only, beside those
        that are so for every truck. [arcs] Turning round is closed where any other arc is open,
        without `turns_in_dead_end` anywhere. `scale`: none: as fine as may be.
        """
        graph = self.graph
        allowed = np.where(self.reduction.closed, np.inf, weight)
        barred = graph.turns_on(np.isfinite(allowed)) if turns_in_dead_end else graph.turning
        allowed[barred] = np.inf
        own = self.reduction.local if local is None else self.reduction.local | local
        return self.pour(allowed, scale or self._scale(allowed), own, turns_in_dead_end)

    def pour(
        self, weight: Floats, scale: float, local: Mask, turns_in_dead_end: bool
    ) -> WeightedRoads:
        """Round weights to units (`scale` to one) of each arc [arcs] and run of the core [runs].

        A run adds up its units, not its weight, or it could differ from its arcs by a unit.
        """
        with np.errstate(over="ignore"):
            scaled = np.maximum(np.round(weight * scale), 1)
        units = np.where(scaled <= engine.HEAVIEST, scaled, engine.CLOSED).astype(np.int64)
        through = (units < engine.CLOSED) & ~local
        runs = self.reduction.add_up(np.where(through, units, np.inf).astype(np.float64))
        whole = np.where(runs <= engine.HEAVIEST, runs, engine.CLOSED).astype(np.int64)
        return WeightedRoads(self, weight, units, whole, scale, local, turns_in_dead_end)

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
    network, make = graph.network, partial(_reduce, graph, restricted, ordered)
    if len(graph.edge) < _WORTH_KEEPING:
        core = make()
    else:
        key = fingerprint(
            (
                f"{restricted} {ordered}",
                *(graph.start, graph.end, graph.edge, graph.place),
                *(network.access, network.length_m, network.node_lon, network.node_lat),
            )
        )
        core = keep(
            "hierarchies",
            key,
            make=make,
            write=lambda core, file: write_arrays(asdict(core), file),
            read=lambda file: _read_core(file, graph.size),
        )
    return Router(graph, core)


def _reduce(graph: RoadGraph, restricted: bool, ordered: bool) -> Reduction:
    closed, local = np.zeros((2, len(graph.edge)), bool)
    if restricted:
        closed = graph.network.access[graph.edge] == Access.CLOSED
        local = find_local_edges(graph.network)[graph.edge]
    return reduce_graph(graph, closed, local, ordered=ordered)


def _read_core(file: Path, size: int) -> Reduction:
    arrays: dict[str, Any] = {
        name: numbers if numbers.dtype == bool else numbers.astype(np.int64)
        for name, numbers in read_arrays(file).items()
    }
    core = Reduction(**arrays)
    if len(core.core) != size or len(core.tail) + 1 != len(core.run_start):
        raise ValueError("not a core of this graph")
    if len(core.order) and not np.array_equal(np.sort(core.order), np.arange(len(core.node))):
        raise ValueError("not an order of this core")
    return core


def place_stops(anchors: Anchors) -> dict[str, RoadStop]:
    """Give the stop of each site. By the id of each site."""
    placed = anchors.frame[["edge", "share", "snap_m"]].itertuples(name=None)
    return {
        str(site): RoadStop(int(edge), float(share), float(metres) / 1000)
        for site, edge, share, metres in placed
    }


@dataclass(frozen=True, eq=False)
class WeightedRoads(engine.Travelling):
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
    local: Mask
    """Arcs for the first and the last stretch only."""
    turns_in_dead_end: bool
    """Whether a truck turns round where nothing goes on."""

    @cached_property
    def metric(self) -> Any:
        """The hierarchy with the weights of the core poured in."""
        return self.router.hierarchy and self.router.hierarchy.customise(self.runs)

    @cached_property
    def _matrix(self) -> engine.WeightMatrix:
        core = self.router.reduction
        return engine.WeightMatrix(core.tail, core.head, len(core.node), self.runs)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What first and last stretches are found in."""
        router = self.router
        return Surroundings(router.graph, router.reduction, self.units, self.local)

    @cached_property
    def coarser(self) -> WeightedRoads:
        """The same weights in coarser units, for ways that are too heavy for these."""
        scale = self.scale / _COARSER
        return self.router.pour(self.weight, scale, self.local, self.turns_in_dead_end)

    @cached_property
    def wider(self) -> WeightedRoads | None:
        """The same weights where arcs are told apart farther from restrictions; none: all are."""
        router = self.router.wider
        if router is None:
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

    def _find_too_heavy(
        self, routes: Routes, origins: Sequence[RoadStop], destinations: Sequence[RoadStop]
    ) -> list[int]:
        """Give the ranks of pairs that might have a way that is too heavy for these units.

        None while all arcs together fit into them; else those without a way in one connected part.
        """
        if self.weight[np.isfinite(self.weight)].sum() * self.scale <= engine.HEAVIEST:
            return []
        here, there = (self._part[[one.edge for one in stops]] for stops in (origins, destinations))
        return np.flatnonzero(~routes.exists & (here == there) & (there >= 0)).tolist()

    def routes(self, origins: Sequence[RoadStop], destinations: Sequence[RoadStop]) -> Routes:
        """Find the best route of each pair; where there is no way, `exists` is false."""
        near, graph, reduction = self.surroundings, self.router.graph, self.router.reduction
        out = {stop: near.search(stop, outward=True) for stop in dict.fromkeys(origins)}
        back = {stop: near.search(stop, outward=False) for stop in dict.fromkeys(destinations)}
        errands = [(out[one], back[two]) for one, two in zip(origins, destinations, strict=True)]
        per_origin = len(errands) / max(len(out), 1)
        if self.metric and per_origin < _PAIRS_FOR_A_TREE * len(reduction.node):
            paths = [engine.find_path(self.metric, one.doors, two.doors) for one, two in errands]
        else:
            paths = find_by_trees(self._matrix, errands)
        direct = [near.meet(*one) for one in errands]
        routes = join_routes(graph, reduction, errands, paths, direct, scale=self.scale)

        def look_again(ranks: list[int], roads: WeightedRoads) -> Routes:
            some = ([stops[rank] for rank in ranks] for stops in (origins, destinations))
            return splice_routes(routes, ranks, roads.routes(*some))

        if graph.wider_km is not None:
            turning = np.flatnonzero(routes.turn_at(self._no_turning)).tolist()
            if turning and self.wider is not None:
                routes = look_again(turning, self.wider)
        if too_heavy := self._find_too_heavy(routes, origins, destinations):
            routes = look_again(too_heavy, self.coarser)
        return routes
