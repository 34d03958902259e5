"""Explain why a truck goes the way it goes: what keeps it off the shorter one, and the price."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, permutations
from operator import itemgetter
from typing import Any, Literal, NamedTuple
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats, Integers
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.errors import NoRouteError
from raastof_geo.figures.vocabulary import LOADS_DRIVEN
from raastof_geo.language import Message, read_texts, say
from raastof_geo.legs.roads import ArcPrices, Haulage, RoadPrices
from raastof_geo.roads.mapped.tags import find_doubts
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access, align_limits, split_tags
from raastof_geo.roads.routing import drive
from raastof_geo.roads.routing.router import Routes
from raastof_geo.roads.snap import find_nearest
from raastof_geo.scenario.scenario import Scenario, look_up


@dataclass(frozen=True)
class _Spot:
    reason: Message
    name: str
    way: int
    """Id in OpenStreetMap, 0 where none is known."""
    lon: float
    lat: float


@dataclass(frozen=True)
class Obstacle(_Spot):
    """A stretch of the unrestricted route that this truck may not use, and why."""

    tags: str
    """The tags that restrict, as people write them."""
    length_m: float


@dataclass(frozen=True)
class DoubtfulTag(_Spot):
    """A tag on the route, or on the road nearest to a site, that deserves a look in the map."""

    key: str
    value: str


class TripFigures(NamedTuple):
    """What one route comes to."""

    km: float
    hours: float
    kg_co2e: float


_Figure = Literal["km", "hours", "kg_co2e"]


@dataclass(frozen=True, eq=False)
class Trip:
    """One way of one trip: the legal route beside the unrestricted one."""

    load: drive.Load
    figures: TripFigures
    free_figures: TripFigures
    """What the route comes to, were nothing closed to the truck."""
    line: Floats
    """The legal route as lon and lat. [degrees, points × 2]"""
    free_line: Floats
    obstacles: tuple[Obstacle, ...]
    roads: tuple[tuple[str, float], ...]
    """Names of the roads of the legal route in their order, and the kilometres on each."""

    def longer(self, figure: _Figure) -> float:
        """Compare a figure. Returns how much more the legal route has of it."""
        return float(getattr(self.figures, figure) - getattr(self.free_figures, figure))


@dataclass(frozen=True, eq=False)
class Detour:
    """A leg explained."""

    origin: str
    destination: str
    vehicle: str
    period: str
    trips: tuple[Trip, ...]
    """Loaded there, and empty back."""
    doubts: tuple[DoubtfulTag, ...]
    loads_per_year: float | None
    """Loads of this leg under the plan; none where no plan was given. [loads/year]"""

    def longer(self, figure: _Figure) -> float:
        """Compare a figure. Returns how much more there and back have of it. [each load]"""
        return sum(trip.longer(figure) for trip in self.trips)


def explain_route(
    roads: RoadPrices,
    origin: str,
    destination: str,
    vehicle: str | None = None,
    *,
    period: str | None = None,
    flows: pd.DataFrame | None = None,
) -> Detour:
    """Explain the route of a leg beside the one that it would take were nothing closed.

    Raises `InputError`: a site, truck or period that the scenario does not have; `NoRouteError`: no
    road at all leads there and back, or all are closed to the truck. `vehicle`: by default the
    first of the scenario's trucks; `period`: by default the first of the scenario's periods;
    `flows`: those of a plan (`origin`, `destination`, `loads`), which tell the loads of a year.
    """
    scenario = roads.scenario
    origin, destination, chosen, when = find_leg(scenario, origin, destination, vehicle, period)
    haulage = Haulage(roads, chosen, roads.spell_of(when))
    ways = zip(drive.BOTH_LOADS, permutations((origin, destination)), strict=True)
    trips = [_compare(haulage, load, *way) for load, way in ways]
    ends = {site: scenario.sites[site] for site in (origin, destination)}
    near = [find_nearest(roads.network, ends).edge, *(edges for _, edges in trips)]
    edges, loads = np.unique(np.concatenate(near)), None
    if flows is not None:
        moved = flows[(flows.origin == origin) & (flows.destination == destination)]
        days = sum(period.days for period in scenario.periods.values())
        loads = float(moved[LOADS_DRIVEN].sum()) / (days / 365.25)
    return Detour(
        *(origin, destination, chosen, when),
        trips=tuple(trip for trip, _ in trips),
        doubts=_find_doubts(roads.network, edges),
        loads_per_year=loads,
    )


def find_leg(
    scenario: Scenario, origin: str, destination: str, vehicle: str | None, period: str | None
) -> list[str]:
    """Find a leg by ids or names. Returns ids, of the first truck and period if none is said."""
    sites = [("sites", origin), ("sites", destination)]
    truck = "vehicles", vehicle or scenario.said.vehicles[0]
    return look_up(scenario, [*sites, truck, ("periods", period or next(iter(scenario.periods)))])


def _compare(
    haulage: Haulage, load: drive.Load, origin: str, destination: str
) -> tuple[Trip, Integers]:
    """Find both routes of one way, and the edges of the network that either touches."""
    roads, vehicle = haulage.roads, haulage.vehicle_id
    ends = ([roads.stops[origin]], [roads.stops[destination]])
    named = {"origin": origin, "destination": destination}
    weigh = partial(roads.weigh, vehicle, load, haulage.active)
    legal, free = (weigh(free=free).routes(*ends) for free in (False, True))
    if not free.exists[0]:
        raise NoRouteError.saying("no road leads from {origin} to {destination}", **named)
    obstacles = tuple(_find_obstacles(haulage, load, free))
    if not legal.exists[0]:
        told = say("{vehicle} cannot drive from {origin} to {destination}: {road} ({reason})")
        told, unnamed = told.format(vehicle=vehicle, **named), say("a road without a name")
        shut = [(one.name or unnamed, one.reason) for one in obstacles]
        raise NoRouteError(*(told.format(road=road, reason=reason) for road, reason in shut))
    scenario, more = roads.scenario, haulage.on_access_ways(*ends)
    known = scenario.catalogue, haulage.vehicle
    year = next(iter(scenario.periods.values())).middle_year

    def sum_up(routes: Routes, prices: ArcPrices) -> TripFigures:
        wanted = ("km", "hours", f"energy_{load}", "ferry_km")
        sums = routes.sums({name: prices.quantities[name] for name in wanted})
        told = (float(sums[name][0] + more.get(name, [0])[0]) for name in wanted)
        km, hours, energy, ferry_km = told
        return TripFigures(km, hours, drive.emit_kg_co2e(*known, energy, ferry_km, year))

    figures = sum_up(legal, haulage.prices), sum_up(free, haulage.price(free=True))
    trip = Trip(load, *figures, legal.draw(0), free.draw(0), obstacles, tuple(_name_roads(legal)))
    return trip, np.concatenate([routes.graph.edge[routes.arcs(0)] for routes in (legal, free)])


def _find_obstacles(haulage: Haulage, load: drive.Load, free: Routes) -> Iterator[Obstacle]:
    """Name what the truck may not use of the free route, by runs of edges closed for one reason."""
    network, graph = haulage.roads.network, free.graph
    arcs, shares = free.arcs(0), free.shares(0)
    edges = graph.edge[arcs]
    sides = (~graph.ahead[arcs]).astype(np.intp)
    local = haulage.judge(load).local[sides, edges]
    rows = zip(edges.tolist(), sides.tolist(), local.tolist(), strict=True)
    reasons = [None if here else _explain_edge(haulage, load, *at) for *at, here in rows]
    through = np.flatnonzero(~local)  # the first and the last stretch may be local
    for rank in range(through[0], through[-1]) if len(through) else ():
        if local[rank]:
            reasons[rank] = say("open for the first and the last stretch only")

    def alike(rank: int) -> tuple[str, str]:
        return str(reasons[rank]), network.called(int(edges[rank]))

    for _, run in groupby(range(len(edges)), alike):
        stretch = list(run)
        reason, along = reasons[stretch[0]], edges[stretch]
        if reason is not None:
            length_m = float((network.length_m[along] * shares[stretch]).sum())
            yield _describe(network, int(along[0]), reason, length_m)
    yield from _forbidden_turns(haulage.router_for().graph.network, free)


def _explain_edge(haulage: Haulage, load: drive.Load, edge: int, side: int) -> Message | None:
    network, truck = haulage.roads.network, drive.size_truck(haulage.vehicle, load)
    for change, edges in haulage.changes:
        if not np.isin(edge, edges):
            continue
        if change.closed:
            return say("closed by the scenario: {note}", note=change.note or "network.changes")
        if reason := _explain_limits(truck.size, np.array(align_limits(change.limits))):
            return reason
    if network.ferry[edge] and not haulage.roads.scenario.said.network.ferries:
        return say("a ferry, and the scenario takes none")
    if network.access[edge] == Access.CLOSED:
        return say("closed to trucks")
    if not (road := network.roads[network.road[edge]]).rules:
        return _explain_limits(truck.size, network.limits[edge])
    passage = drive.judge_road(road, truck)[side]
    reason = _explain_limits(truck.size, np.array(passage.limits))
    return say("closed to trucks") if passage.access == Access.CLOSED else reason


def _explain_limits(size: Floats, limits: Floats) -> Message | None:
    """Name the first limit that a truck exceeds, none where it exceeds none."""
    for worst in np.flatnonzero(drive.find_exceeded(size, limits)).tolist():
        limit = TRUCK_LIMITS[worst]
        told: dict[str, Any] = {"what": limit.title, "unit": limit.unit}
        told |= {"limit": f"{limits[worst]:g}", "size": f"{size[worst]:g}"}
        return say("limit on {what}: {limit} {unit}, the truck has {size} {unit}", **told)
    return None


def _forbidden_turns(network: RoadNetwork, free: Routes) -> Iterator[Obstacle]:
    arcs = free.arcs(0)
    driven = (2 * free.graph.edge[arcs] + ~free.graph.ahead[arcs]).tolist()
    place = {arc: rank for rank, arc in enumerate(driven)}
    for only, sequence, _ in network.turns:
        rank = place.get(sequence[0])
        follows = () if rank is None else tuple(driven[rank : rank + len(sequence)])
        if len(follows) < len(sequence) or follows[:-1] != sequence[:-1]:
            continue
        if (follows[-1] == sequence[-1]) is not only:
            edge = follows[-1] // 2
            yield _describe(network, edge, say("the turn into this road is forbidden"), 0.0)


def _describe(network: RoadNetwork, edge: int, reason: Message, length_m: float) -> Obstacle:
    road = network.roads[network.road[edge]]
    tags = "; ".join(f"{key}={value}" for key, value in split_tags(road.tags).items())
    return Obstacle(reason, *_find_spot(network, edge), tags, length_m)


def _find_spot(network: RoadNetwork, edge: int) -> tuple[str, int, float, float]:
    """Give name, way, and longitude and latitude of the middle of an edge."""
    middle = int(network.point_start[edge] + network.point_start[edge + 1]) // 2
    at = float(network.lon[middle]), float(network.lat[middle])
    return network.called(edge), int(network.way[edge]), *at


def _find_doubts(network: RoadNetwork, edges: Integers) -> tuple[DoubtfulTag, ...]:
    found: dict[tuple[int, str, str], DoubtfulTag] = {}
    here = {*edges.tolist()}
    said = [(edge, network.roads[network.road[edge]].tags) for edge in edges.tolist()]
    turns = [(arcs, tags) for _, arcs, tags in network.some_turns]
    said += [(arcs[0] // 2, tags) for arcs, tags in turns if {arc // 2 for arc in arcs} <= here]
    for edge, text in said:
        for kind, key, value in find_doubts(text):
            spot, reason = _find_spot(network, edge), read_texts("doubtful tags")[kind]
            tag = DoubtfulTag(reason, *spot, key, value)
            found.setdefault((tag.way or -edge, key, value), tag)
    return tuple(found.values())


def _name_roads(routes: Routes) -> Iterator[tuple[str, float]]:
    """Give the roads along a route; stretches of one name count together."""
    network = routes.graph.network
    edges = routes.graph.edge[routes.arcs(0)]
    lengths = (network.length_m[edges] * routes.shares(0) / 1000).tolist()
    named = zip(map(network.called, edges.tolist()), lengths, strict=True)
    for name, stretches in groupby(named, key=itemgetter(0)):
        yield name, sum(length for _, length in stretches)
