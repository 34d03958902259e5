"""Where OSRM's routes differ from ours on a file of OpenStreetMap, and why.

    python benchmarks/osrm_routes.py FILE.osm.pbf --osrm-python PYTHON [--pairs 1000] [--seed 17]
        [--vehicle tipper_4_axle] [--show]

Pairs of places are drawn on roads that the truck may use, and routed by OSRM with three profiles:

- `shortest`: its car, but every road weighs its metres, so only what is allowed counts;
- `shipped`: the same car by its own weights;
- `truck`: metres, and as near to our truck as OSRM can be told.

Ours are the shortest of the full truck. All routes are measured on our roads, since OSRM's metres
are others, and are equal within 1 m or 0.1 %. Of two that differ one is shorter, so it must be
barred to the other side, and by what is found by a test:

- a shorter one of OSRM's is held arc by arc against the rules that bind our truck;
- a shorter one of ours is given to OSRM piece by piece: each road, and each turn from one to the
  next. What it does not drive must have tags that its profile turns away.

A place that OSRM puts on another road is put there for us as well, before the two are compared
again. What no test explains is counted as such, and named. `--show` names every cause with its way.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
import numpy as np
import osmium
from roads import find_osrm, prepare_osrm
from raastof_geo.emissions.vehicle import Vehicle
from raastof_geo.roads.load import load_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.drive import bind_turns, judge_roads, size_truck
from raastof_geo.roads.routing.engine import find_parts
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import load_router
from raastof_geo.scenario.catalogue import load_catalogue

OSRM = """
import json, sys
import osrm
engine = osrm.OSRM(storage_config=sys.argv[1], use_shared_memory=False)
found = []
for places, headings in json.load(sys.stdin):
    question = osrm.RouteParameters(coordinates=[tuple(one) for one in places],
        annotations=["nodes", "distance"], geometries="geojson", overview="full",
        bearings=[(one, 30) for one in headings])
    try:
        answer = engine.Route(question)
    except RuntimeError:  # no way
        found.append(None)
        continue
    leg = answer["routes"][0]["legs"][0]
    found.append({
        "node": [int(one) for one in leg["annotation"]["nodes"]],
        "metres": [float(one) for one in leg["annotation"]["distance"]],
        "moved": [float(one["distance"]) for one in answer["waypoints"]],
        "place": [[float(x) for x in one["location"]] for one in answer["waypoints"]],
    })
print(json.dumps(found))
"""
SHORTEST = """
local car = require('car')
local function setup()
  local profile = car.setup()
  profile.properties.weight_name = 'distance'
  return profile
end
return {setup = setup, process_way = car.process_way, process_node = car.process_node,
        process_turn = car.process_turn}
"""
TRUCK = """
local car = require('car')
local function setup()
  local profile = car.setup()
  profile.properties.weight_name = 'distance'
  profile.vehicle_height, profile.vehicle_width = %(height)s, %(width)s
  profile.vehicle_length, profile.vehicle_weight = %(length)s, %(weight)s
  profile.access_tags_hierarchy = Sequence {'hgv', 'motor_vehicle', 'vehicle', 'access'}
  profile.restrictions = Sequence {'hgv', 'motor_vehicle', 'vehicle'}
  profile.service_access_tag_blacklist = Set {}
  profile.speeds.highway.track, profile.speeds.highway.road = 10, 25
  profile.restricted_highway_whitelist.track = true
  for _, gate in ipairs {'swing_gate', 'sliding_gate', 'hampshire_gate', 'kerb', 'spikes'} do
    profile.barrier_whitelist[gate] = true
  end
  return profile
end
local through = Set {'driveway', 'parking_aisle', 'drive-through'}
local soft = Set {'grade4', 'grade5'}
local function process_way(profile, way, result, relations)
  car.process_way(profile, way, result, relations)
  local service, track = way:get_value_by_key('service'), way:get_value_by_key('tracktype')
  if through[service] or (soft[track] and way:get_value_by_key('highway') == 'track') then
    result.forward_restricted, result.backward_restricted = true, true
  end
end
local function process_turn(profile, turn)
  car.process_turn(profile, turn)
  if not turn.source_restricted and turn.target_restricted then
    turn.weight = constants.max_turn_weight
  end
end
return {setup = setup, process_way = process_way, process_node = car.process_node,
        process_turn = process_turn}
"""
SPHERE_M = 6_372_797.560856
"""Radius of the sphere on which OSRM measures. [m]"""
ATTEMPTS = 4
"""How often a piece of a way is tried, between other places: beside one may lie another road."""
SHUT = frozenset(("no", "agricultural", "forestry", "emergency", "psv", "bus", "taxi", "military"))
"""What closes a road in OSRM's car, and does not only keep it for errands."""
TIMES = frozenset(("day_on", "day_off", "hour_on", "hour_off"))

WEIGHS = "OSRM weighs more than metres"
PRIVATE = "OSRM bars a private service road"
OTHER_METRES = "OSRM's metres, on a sphere, make ours the longer one"
SHUT_TO_CARS = "OSRM bars a road that is closed to its vehicle"
NO_CAR_ROAD = "OSRM bars a class of road"
CUT_OFF = "OSRM bars all roads to a place"
NO_CAR_GATE = "OSRM bars a barrier"
TIMED_TURN = "OSRM bars a turn that is forbidden at times"
FREED_TURN = "OSRM bars a turn that is free to trucks"
ENDS_FOR_US = "OSRM does not turn where a road ends for our truck only"
TOO_LARGE = "we bar a road by size or weight"
NO_TRUCKS = "we bar a road that is closed to trucks"
ERRANDS = "we bar a road for errands, in passing"
ONE_WAY = "we bar a one-way"
BARRIER = "we bar a barrier"
TURN = "we bar a forbidden turn"
GOES_ON = "we do not turn where a one-way road goes on"
ENDS_FOR_OSRM = "we do not turn where a road ends for OSRM only"
AT_GATE = "we do not turn at a gate that may be passed"
NO_ROAD = "we know no such road"
UNKNOWN = "not explained"
KINDS = (
    *(WEIGHS, PRIVATE, SHUT_TO_CARS, NO_CAR_ROAD, CUT_OFF, NO_CAR_GATE, TIMED_TURN, FREED_TURN),
    *(ENDS_FOR_US, TOO_LARGE, NO_TRUCKS, ERRANDS, ONE_WAY, BARRIER, TURN, GOES_ON),
    *(ENDS_FOR_OSRM, AT_GATE, NO_ROAD, OTHER_METRES, UNKNOWN),
)

Arc = int
"""Twice an edge, one more against its nodes."""
Driven = tuple[Arc, float, float]
"""An arc, and from which share of it to which it is driven."""
Place = tuple[float, float]
"""Longitude and latitude. [degrees]"""
Corner = tuple[int, int]
"""A place in millionths of a degree."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--osrm-python", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--vehicle", default="tipper_4_axle")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RAASTOF_CACHE"] = folder
        compare(options, Path(folder))


def compare(options: argparse.Namespace, folder: Path) -> None:
    roads = TruckRoads(options.file, options.vehicle)
    pairs = roads.draw_pairs(options.pairs, options.seed)
    ours = roads.route(pairs)
    broken = [one for one in ours if one.arcs and roads.list_breaches(one)]
    print(f"{options.file.name} of {roads.network.metadata.osm_date}, {len(pairs):,} pairs,")
    print(f"{options.vehicle}, full; of our routes {len(broken)} break a rule of ours")
    found = {}
    shortest: list[Route] = []
    for name, profile in write_profiles(options, folder, roads.vehicle).items():
        data = prepare_osrm(options.osrm_python, options.file, folder / name, profile)
        peer = Peer(options.osrm_python, data, roads, car=name != "truck")
        theirs = peer.route(pairs)
        shortest = shortest or theirs
        own = shortest if name == "shipped" else theirs
        found[name] = explain(peer, pairs, ours, theirs, own)
    show(found, options.show)


def write_profiles(options: argparse.Namespace, folder: Path, vehicle: Vehicle) -> dict[str, Path]:
    """Put profiles of ours, which are made of OSRM's car, beside its own."""
    home = folder / "profiles"
    shutil.copytree(find_osrm(options.osrm_python) / "share" / "profiles", home)
    sizes = {
        "height": vehicle.height_m.value,
        "width": vehicle.width_m.value,
        "length": vehicle.length_m.value,
        "weight": 1000 * vehicle.gross_t.value,
    }
    (home / "shortest.lua").write_text(SHORTEST, encoding="utf-8")
    (home / "truck.lua").write_text(TRUCK % sizes, encoding="utf-8")
    return {
        "shortest": home / "shortest.lua",
        "shipped": home / "car.lua",
        "truck": home / "truck.lua",
    }


class Trip(NamedTuple):
    """Two places for OSRM, and how far it is from one to the other on a way of ours."""

    places: tuple[Place, Place]
    headings: tuple[int, ...]
    """Where to go at each, if that is asked. [degrees from north]"""
    metres: float

    def is_driven(self, answer: dict | None) -> bool:
        """Tell whether OSRM goes the same way."""
        if answer is None or max(answer["moved"]) > 1:
            return False
        return sum(answer["metres"]) <= 1.01 * self.metres + 1


class Piece(NamedTuple):
    """One road of a way of ours, or the turn from one to the next."""

    arcs: tuple[Arc, ...]
    trips: list[Trip]
    """The same piece, `ATTEMPTS` times."""


class Cause(NamedTuple):
    """Why a way is barred to one side."""

    kind: str
    proof: str
    """The way or node, and what it says."""


@dataclass(frozen=True)
class Route:
    """A way as arcs of our network, in the order driven, or none."""

    start: RoadStop
    goal: RoadStop
    arcs: tuple[Arc, ...] = ()
    metres: float = np.inf
    unknown: tuple[str, ...] = ()
    """Pieces of OSRM's that lie on no road of ours."""

    def equals(self, other: Route) -> bool:
        """Tell whether two are as long, within 1 m or 0.1 %."""
        if self.metres == other.metres:
            return True
        return abs(self.metres - other.metres) <= max(1.0, 1e-3 * min(self.metres, other.metres))


class TruckRoads:
    """The roads of a file to one truck: ways on them, and the rules that bind it."""

    def __init__(self, file: Path, vehicle: str) -> None:
        self.vehicle = load_catalogue().vehicles[vehicle]
        self.mapped = Mapped(file)
        truck = size_truck(self.vehicle, "full")
        network = load_network(file)
        bound = [network.some_turns[row] for row in bind_turns(network.some_turns, truck)]
        self.network = network = replace(network, turns=(*network.turns, *bound))
        judged = judge_roads(network, truck, np.zeros(network.edge_count, bool))
        signed = np.stack((network.forward, network.backward))
        self.closed = judged.closed | (network.access == Access.CLOSED)
        self.usable = signed & ~self.closed
        self.local = judged.local
        self.exceeded = (truck.size > network.limits).any(axis=1)
        router = load_router(build_graph(network))
        arcs, side = router.graph.edge, (~router.graph.ahead).astype(int)
        weight = np.where(judged.closed[side, arcs], np.inf, router.graph.length_km)
        self.measure = router.weigh(weight, self.local[side, arcs])

    def draw_pairs(self, count: int, seed: int) -> list[tuple[RoadStop, RoadStop]]:
        """Draw pairs of places on two roads each where the truck may serve a site, local ones too.

        Such a road is reached from the others and left for them; one that is cut off is no place
        for a site, and OSRM puts places on it elsewhere, too.
        """
        draw, network = np.random.default_rng(seed), self.network
        _, start, end = network.list_arcs(self.usable)
        part = find_parts(start, end, network.node_count, strong=True)
        joined = part[network.tail] == part[network.head]
        main = np.bincount(part[network.tail[joined]], network.length_m[joined]).argmax()
        serves = self.usable.any(axis=0) & joined & (part[network.tail] == main)
        served = np.flatnonzero(serves & (network.length_m > 20))
        edges = np.array([draw.choice(served, 2, replace=False) for _ in range(count)]).tolist()
        shares = draw.uniform(0.1, 0.9, (count, 2)).tolist()
        return [
            (RoadStop(one, share), RoadStop(other, rest))
            for (one, other), (share, rest) in zip(edges, shares, strict=True)
        ]

    def locate(self, stop: RoadStop) -> Place:
        """Give a place as lon and lat. [degrees]"""
        lon, lat = self.network.cut(stop.edge, stop.share, stop.share)[0].tolist()
        return lon, lat

    def route(self, pairs: list[tuple[RoadStop, RoadStop]]) -> list[Route]:
        """Find the shortest way of each pair, as the product does."""
        found = self.measure.routes(*zip(*pairs, strict=True))
        metres = 1000 * found.sums({"km": found.graph.length_km})["km"]
        routes = []
        for rank, (pair, length) in enumerate(zip(pairs, metres.tolist(), strict=True)):
            arcs = found.arcs(rank)
            numbers = 2 * found.graph.edge[arcs] + ~found.graph.ahead[arcs]
            there = found.exists[rank]
            routes.append(Route(*pair, tuple(numbers.tolist()), length) if there else Route(*pair))
        return routes

    def measure_sphere(self, route: Route) -> float:
        """Give the metres of a way as OSRM measures it: on a sphere."""
        metres = 0.0
        for arc, low, high in self.driven(route):
            shares = (1 - high, 1 - low) if arc % 2 else (low, high)
            lon, lat = np.radians(self.network.cut(arc // 2, *shares)).T
            middle = np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
            half = np.sqrt(np.sin(np.diff(lat) / 2) ** 2 + middle)
            metres += 2 * SPHERE_M * float(np.arcsin(half).sum())
        return metres

    def ends(self, arc: Arc) -> tuple[int, int]:
        """Give the nodes that an arc runs from and to."""
        ends = int(self.network.tail[arc // 2]), int(self.network.head[arc // 2])
        return ends[::-1] if arc % 2 else ends

    def driven(self, route: Route) -> Iterator[Driven]:
        """Give the arcs of a way and from which share of each to which it is driven."""
        last = len(route.arcs) - 1
        for rank, arc in enumerate(route.arcs):
            start, goal = (
                1 - stop.share if arc % 2 else stop.share for stop in (route.start, route.goal)
            )
            yield arc, start if rank == 0 else 0.0, goal if rank == last else 1.0

    def cut_up(self, route: Route) -> Iterator[Piece]:
        """Cut a way into its roads, and the turns from one to the next."""
        length = self.network.length_m
        driven = [one for one in self.driven(route) if length[one[0] // 2] > 0]
        for one in driven:
            yield Piece(
                (one[0],), [self._try(one, part, one, 1 - part) for part in (0.1, 0.2, 0.3, 0.4)]
            )
        for one, other in pairwise(driven):
            trips = [self._try(one, 1 - part, other, part / 1.5) for part in (0.75, 0.6, 0.3, 0.1)]
            yield Piece((one[0], other[0]), trips)

    def _try(self, one: Driven, start: float, other: Driven, goal: float) -> Trip:
        """Make a trip from a share of one driven stretch to a share of another, or the same."""
        at, to = (
            low + part * (high - low) for (_, low, high), part in ((one, start), (other, goal))
        )
        length = [self.network.length_m[arc // 2] for arc, _, _ in (one, other)]
        metres = (
            (to - at) * length[0] if one is other else (one[2] - at) * length[0] + to * length[1]
        )
        ends = [self._head(one[0], at), self._head(other[0], to)]
        return Trip((ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]), float(metres))

    def _head(self, arc: Arc, share: float) -> tuple[Place, int]:
        """Give the place at a share of an arc, and where the arc heads there. [degrees]"""
        edge, against = divmod(arc, 2)
        here = 1 - share if against else share
        (lon, lat), *_, (east, north) = self.network.cut(edge, here - 1e-3, here + 1e-3).tolist()
        step = (east - lon) * np.cos(np.radians(lat)), north - lat
        heading = np.degrees(np.arctan2(*step)) + 180 * against
        return self.locate(RoadStop(edge, here)), round(heading) % 360

    @cached_property
    def corners(self) -> list[Corner]:
        """Give the points of all shapes."""
        return list(zip(_round(self.network.lon), _round(self.network.lat), strict=True))

    @cached_property
    def shares(self) -> np.ndarray:
        """How far along its edge each point of all shapes lies, from 0 to 1."""
        network, shares = self.network, np.zeros(len(self.network.lon))
        for edge in range(network.edge_count):
            span = slice(network.point_start[edge], network.point_start[edge + 1])
            along = np.append(0.0, np.cumsum(np.hypot(*np.diff(network.xy[span], axis=0).T)))
            shares[span] = along / max(along[-1], 1e-12)
        return shares

    @cached_property
    def steps(self) -> dict[tuple[Corner, Corner], list[Driven]]:
        """The arcs that lead from one point to the next, and from which share to which."""
        found = defaultdict(list)
        for edge in np.flatnonzero(self.network.length_m > 0).tolist():
            first, end = self.network.point_start[edge : edge + 2].tolist()
            for one, other in pairwise(range(first, end)):
                here, there = self.corners[one], self.corners[other]
                shares = self.shares[[one, other]].tolist()
                found[here, there].append((2 * edge, *shares))
                found[there, here].append((2 * edge + 1, 1 - shares[1], 1 - shares[0]))
        return found

    @cached_property
    def barriers(self) -> dict[int, int]:
        """The edge of no length that a barrier is, by the node on the road's side of it."""
        edges = np.flatnonzero((self.network.way == 0) & (self.network.length_m == 0))
        return dict(zip(self.network.head[edges].tolist(), edges.tolist(), strict=True))

    def trace(self, answer: dict | None, pair: tuple[RoadStop, RoadStop]) -> Route:
        """Lay an answer of OSRM's on our roads."""
        if answer is None:
            return Route(*pair)
        metres, unknown, driven = 0.0, [], []
        steps = [*pairwise(map(self.mapped.corner.get, answer["node"]))]
        places = [tuple(map(_round, place)) for place in answer["place"]]
        for rank, (here, there) in enumerate(steps):
            known = self.steps.get((here, there), [])
            if not known:
                unknown.append(f"node {answer['node'][rank]}")
                metres += answer["metres"][rank]
                continue
            before = driven[-1][0] if driven else -1
            arc, low, high = min(
                known, key=lambda one: (one[0] != before, not self.usable[one[0] % 2, one[0] // 2])
            )
            width = high - low
            if rank == len(steps) - 1:
                high = low + width * _part(places[1], here, there)
            if rank == 0:
                low += width * _part(places[0], here, there)
            if driven and arc == before and abs(driven[-1][2] - low) < 1e-9:
                driven[-1] = (arc, driven[-1][1], high)
            elif high > low or not driven:
                driven.append((arc, low, high))
        if not driven:
            return Route(*pair, (), metres, tuple(unknown))
        metres += sum(self.network.length_m[arc // 2] * (end - low) for arc, low, end in driven)
        (first, start, _), (last, _, goal) = driven[0], driven[-1]
        stops = (
            RoadStop(first // 2, 1 - start if first % 2 else start),
            RoadStop(last // 2, 1 - goal if last % 2 else goal),
        )
        arcs = tuple(self._over_barriers([arc for arc, _, _ in driven]))
        return Route(*stops, arcs, float(metres), tuple(unknown))

    def _over_barriers(self, arcs: list[Arc]) -> Iterator[Arc]:
        """Put barriers between the roads that they stand between."""
        yield arcs[0]
        for one, other in pairwise(arcs):
            end, begin = self.ends(one)[1], self.ends(other)[0]
            if end != begin:
                if end in self.barriers:
                    yield 2 * self.barriers[end] + 1
                if begin in self.barriers:
                    yield 2 * self.barriers[begin]
            yield other

    def list_breaches(self, route: Route, peer: Peer | None = None) -> list[Cause]:
        """Find the rules of ours that a way breaks; `peer`: whose way it is."""
        found = [Cause(NO_ROAD, one) for one in route.unknown]
        sides = [(arc % 2, arc // 2) for arc in route.arcs]
        found += [self._why_closed(*one) for one in sides if not self.usable[one]]
        through = [rank for rank, one in enumerate(sides) if not self.local[one]]
        inside = sides[through[0] : through[-1]] if through else []
        for one in inside:
            if self.local[one]:
                found.append(Cause(ERRANDS, self.tell(one[1])))
        return [*found, *self._list_turns(route.arcs, peer)]

    def _why_closed(self, side: int, edge: int) -> Cause:
        network = self.network
        if not (network.backward if side else network.forward)[edge]:
            return Cause(ONE_WAY, self.tell(edge))
        if network.way[edge] == 0:
            return Cause(BARRIER, self.tell(edge))
        if self.exceeded[edge]:
            return Cause(TOO_LARGE, self.tell(edge))
        return Cause(NO_TRUCKS, self.tell(edge))

    def _list_turns(self, arcs: tuple[Arc, ...], peer: Peer | None) -> Iterator[Cause]:
        for path, lasts, only in self._turns:
            for at in range(len(arcs) - len(path)):
                if arcs[at : at + len(path)] == path and (arcs[at + len(path)] in lasts) != only:
                    yield Cause(TURN, f"way {self.network.way[arcs[at] // 2]}")
        for one, other in pairwise(arcs):
            side = other % 2, other // 2
            if one ^ 1 == other and self.leaving[self.ends(one)[1]] > self.usable[side]:
                node = self.ends(one)[1]
                onward = [edge for edge in self.edges_at(node) if edge != one // 2]
                yield Cause(self._why_on(onward, peer), "; ".join(map(self.tell, onward)))

    def _why_on(self, onward: list[int], peer: Peer | None) -> str:
        """Tell what goes on where OSRM turns round."""
        if (self.network.way[onward] == 0).any():
            return AT_GATE
        if peer is not None and peer.barred[onward].all():
            return ENDS_FOR_OSRM
        return UNKNOWN if self.usable[:, onward].all(axis=0).any() else GOES_ON

    @cached_property
    def _turns(self) -> list[tuple[tuple[Arc, ...], set[Arc], bool]]:
        """Arcs in a row, those that may follow or may not, and whether they are the only ones."""
        network = self.network
        open_ways = np.stack((network.forward, network.backward)) & (
            network.access != Access.CLOSED
        )
        found = defaultdict(set)
        for only, path, _ in network.turns:
            if all(open_ways[arc % 2, arc // 2] for arc in path):
                found[tuple(path[:-1]), only].add(path[-1])
        return [(path, lasts, only) for (path, only), lasts in found.items()]

    def edges_at(self, node: int) -> list[int]:
        """Give the edges that meet in a node."""
        network = self.network
        return np.flatnonzero((network.tail == node) | (network.head == node)).tolist()

    @cached_property
    def leaving(self) -> np.ndarray:
        """How many roads leave each node that the truck may use."""
        network = self.network
        starts = network.tail[self.usable[0]], network.head[self.usable[1]]
        return np.bincount(np.concatenate(starts), minlength=network.node_count)

    def tell(self, edge: int) -> str:
        """Name an edge and its tags."""
        road = self.network.roads[int(self.network.road[edge])]
        return f"way {self.network.way[edge]}: {road.tags or road.road_class}"


class Mapped:
    """What the file itself says, for rules that are not ours."""

    def __init__(self, file: Path) -> None:
        self.tags: dict[int, dict[str, str]] = {}
        self.node_tags: dict[Corner, dict[str, str]] = {}
        self.turns: list[tuple[dict[str, str], dict[str, list[int]]]] = []
        ways = read_osm(file)
        corners = zip(_round(ways.node_lon), _round(ways.node_lat), strict=True)
        self.corner = dict(zip(ways.node_id.tolist(), corners, strict=True))
        wanted = osmium.filter.KeyFilter("highway", "route", "barrier", "access", "type")
        for one in osmium.FileProcessor(str(file)).with_filter(wanted):
            if one.is_way():
                self.tags[one.id] = dict(one.tags)
            elif one.is_node() and one.id in self.corner:
                self.node_tags[self.corner[one.id]] = dict(one.tags)
            elif one.is_relation() and one.tags["type"].startswith("restriction"):
                members = defaultdict(list)
                for member in one.members:
                    members[member.role].append(member.ref)
                self.turns.append((dict(one.tags), members))


def _round(degrees: object) -> Any:
    """Give degrees as whole millionths."""
    return np.round(np.asarray(degrees) * 1e6).astype(int).tolist()


def _part(place: Corner, here: Corner, there: Corner) -> float:
    """Tell how far along a straight piece of road a place on it lies, from 0 to 1."""
    step, gone = np.subtract(there, here), np.subtract(place, here)
    return float(np.clip(step @ gone / max(step @ step, 1), 0, 1))


class Peer:
    """OSRM with the data of one profile."""

    def __init__(self, python: Path, data: Path, roads: TruckRoads, *, car: bool) -> None:
        self.python, self.data, self.roads, self.car = python, data, roads, car
        self.keys = ("motorcar" if car else "hgv", "motor_vehicle", "vehicle", "access")

    def ask(self, trips: list[Trip]) -> list[dict | None]:
        done = subprocess.run(
            [str(self.python), "-c", OSRM, str(self.data)],
            input=json.dumps([trip[:2] for trip in trips]),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])

    def route(self, pairs: list[tuple[RoadStop, RoadStop]]) -> list[Route]:
        trips = [Trip(tuple(map(self.roads.locate, pair)), (), 0.0) for pair in pairs]
        answers = self.ask(trips)
        return [self.roads.trace(*one) for one in zip(answers, pairs, strict=True)]

    def list_refusals(self, routes: list[Route]) -> list[list[Cause]]:
        """Find what OSRM does not drive of ways of ours: roads, and turns between them."""
        refused = [
            (rank, piece) for rank, one in enumerate(routes) for piece in self.roads.cut_up(one)
        ]
        for attempt in range(ATTEMPTS):
            trips = [piece.trips[attempt] for _, piece in refused]
            answers = zip(refused, trips, self.ask(trips), strict=True)
            refused = [one for one, trip, answer in answers if not trip.is_driven(answer)]
        found = []
        for rank in range(len(routes)):
            mine = [piece.arcs for owner, piece in refused if owner == rank]
            shut = {arcs[0] for arcs in mine if len(arcs) == 1}
            turns = [arcs for arcs in mine if len(arcs) == 2 and shut.isdisjoint(arcs)]
            causes = [self.why_out(arc // 2) for arc in sorted(shut)]
            found.append(causes + [self._why_no_turn(*arcs) for arcs in turns])
        return found

    def why_out(self, edge: int) -> Cause:
        """Tell why OSRM does not drive on a road."""
        way = int(self.roads.network.way[edge])
        tags = self.roads.mapped.tags[way]
        said = next((tags[key] for key in self.keys if key in tags), "")
        if said in SHUT:
            return Cause(SHUT_TO_CARS, f"way {way}: {said}")
        if self.car and tags["highway"] in ("track", "road"):
            return Cause(NO_CAR_ROAD, f"way {way}: highway={tags['highway']}")
        private = self.car and said == "private" and tags["highway"] == "service"
        return Cause(PRIVATE if private else UNKNOWN, f"way {way}: {tags}")

    @cached_property
    def barred(self) -> np.ndarray:
        """The edges that OSRM bars, by their tags. [edges]"""
        mapped = np.isin(self.roads.network.way, [*self.roads.mapped.tags])
        kinds = [self.why_out(edge).kind if there else "" for edge, there in enumerate(mapped)]
        return np.isin(kinds, (SHUT_TO_CARS, NO_CAR_ROAD, PRIVATE))

    def why_moved(self, edge: int, other: int) -> Cause:
        """Tell why OSRM puts a place elsewhere, of a trip whose other place is on another edge."""
        cause, network = self.why_out(edge), self.roads.network
        left = ~self.barred
        part = find_parts(network.tail[left], network.head[left], network.node_count)
        cut_off = part[network.tail[edge]] != part[network.tail[other]]
        return cause._replace(kind=CUT_OFF) if cause.kind == UNKNOWN and cut_off else cause

    def _why_no_turn(self, one: Arc, other: Arc) -> Cause:
        roads, mapped = self.roads, self.roads.mapped
        node = roads.ends(one)[1]
        corner = _round(roads.network.node_lon[node]), _round(roads.network.node_lat[node])
        way = int(roads.network.way[one // 2])
        if one ^ 1 == other:
            shut = [edge for edge in roads.edges_at(node) if not roads.usable[:, edge].any()]
            return Cause(ENDS_FOR_US if shut else UNKNOWN, "; ".join(map(roads.tell, shut)))
        for tags, members in mapped.turns:
            if way in members["from"] and corner in map(mapped.corner.get, members["via"]):
                freed = {*tags.get("except", "").split(";")} - {*self.keys}
                kind = FREED_TURN if "hgv" in freed else UNKNOWN
                timed = not TIMES.isdisjoint(tags)
                return Cause(TIMED_TURN if timed else kind, f"way {way}: {tags}")
        tags = mapped.node_tags.get(corner, {})
        kind = NO_CAR_GATE if tags.get("barrier") else UNKNOWN
        return Cause(kind, f"way {way} to {roads.network.way[other // 2]}: {tags}")


def explain(
    peer: Peer,
    pairs: list[tuple[RoadStop, RoadStop]],
    ours: list[Route],
    theirs: list[Route],
    shortest: list[Route],
) -> list[list[Cause]]:
    """Find for each pair why the two ways are not as long; nothing where they are.

    `shortest`: the shortest ways that OSRM knows for the same vehicle.
    """
    roads, ours = peer.roads, [*ours]
    found: list[list[Cause]] = [[] for _ in pairs]

    def differ() -> list[int]:
        ways = enumerate(zip(ours, theirs, strict=True))
        return [rank for rank, (one, other) in ways if not one.equals(other) and not found[rank]]

    for rank in differ():
        own = shortest[rank]
        if own.metres < theirs[rank].metres and (
            own.equals(ours[rank]) or not own.equals(theirs[rank])
        ):
            found[rank].append(Cause(WEIGHS, f"pair {rank}"))
    moved = {rank: lie for rank in differ() if (lie := find_moved(pairs[rank], theirs[rank]))}
    again = [(theirs[rank].start, theirs[rank].goal) for rank in moved]
    for rank, route in zip(moved, roads.route(again) if again else [], strict=True):
        ours[rank] = route
    left = differ()
    for rank, edges in moved.items():
        places = {place.edge for place in pairs[rank]}
        for edge in edges:
            found[rank].append(peer.why_moved(edge, next(iter(places - {edge}))))
    shorter = [rank for rank in left if ours[rank].metres < theirs[rank].metres]
    refusals = peer.list_refusals([ours[rank] for rank in shorter])
    for rank, causes in zip(shorter, refusals, strict=True):
        longer = roads.measure_sphere(ours[rank]) > roads.measure_sphere(theirs[rank])
        kind = OTHER_METRES if longer else UNKNOWN
        found[rank] += causes or [Cause(kind, f"pair {rank}: ours is shorter")]
    for rank in sorted({*left} - {*shorter}):
        causes = roads.list_breaches(theirs[rank], peer)
        found[rank] += causes or [Cause(UNKNOWN, f"pair {rank}: OSRM's is shorter")]
    return found


def find_moved(pair: tuple[RoadStop, RoadStop], route: Route) -> list[int]:
    """Give the edges of those places that OSRM has put on another one."""
    ends = zip(pair, (route.start, route.goal), strict=True)
    return [place.edge for place, end in ends if place.edge != end.edge]


def show(found: dict[str, list[list[Cause]]], everything: bool) -> None:
    """Print how many pairs have each kind of cause; some have several."""
    print(f"{'':<56}" + "".join(f"{name:>10}" for name in found))
    counts = {
        name: Counter(kind for causes in pairs for kind in {cause.kind for cause in causes})
        for name, pairs in found.items()
    }
    for name, pairs in found.items():
        counts[name]["equal"] = sum(not causes for causes in pairs)
    for kind in ("equal", *KINDS):
        row = [count[kind] for count in counts.values()]
        if any(row):
            print(f"{kind:<56}" + "".join(f"{one:>10,}" for one in row))
    if everything:
        proofs = Counter(cause for pairs in found.values() for causes in pairs for cause in causes)
        for cause, times in sorted(proofs.items()):
            print(f"{times:5} {cause.kind}: {cause.proof}")


if __name__ == "__main__":
    main()
