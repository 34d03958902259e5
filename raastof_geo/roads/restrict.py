"""Say which roads a truck may not use, and by which tag or rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from raastof_geo.arrays import Floats, Mask, first_of_each
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.emissions.vehicle import Vehicle
from raastof_geo.roads.edges import RoadEdges, Turn
from raastof_geo.roads.mapped.keys import SLACK, Truck
from raastof_geo.roads.mapped.rules import Passage, read_turn
from raastof_geo.roads.mapped.tags import judge_barrier, judge_way
from raastof_geo.roads.road import Access, Road, split_tags
from raastof_geo.roads.routing.engine import find_parts


@dataclass(frozen=True, eq=False)
class TruckRoads:
    """What roads are to a truck: along every edge (row 0), and against it (row 1)."""

    closed: Mask
    """Where it may not drive. [2 × edges]"""
    local: Mask | None
    """Where it may drive for the first and the last stretch of a trip only; none: where every truck
    may. [2 × edges]"""
    maxspeed_km_h: tuple[Floats, Floats]
    """Signed limits, NaN where there is none, alike in both directions if one array. [edges]"""

    def find_local(self, network: RoadEdges) -> Mask:
        """Give where it may drive for the first and the last stretch only. [2 × edges]"""
        local = find_local_edges(network) if self.local is None else self.local
        return np.asarray(local & ~self.closed)


def size_truck(vehicle: Vehicle, load: str) -> Truck:
    """Give what decides on which roads a truck may drive, loaded to the full or empty."""
    sizes = [vehicle.size_for(one, loaded=load == "full") for one in TRUCK_LIMITS]
    return Truck(np.array(sizes), vehicle.kinds)


def find_exceeded(size: Floats, limits: Floats) -> Mask:
    """Tell which limits [edges × `LIMITS`] a truck of a size exceeds."""
    return np.asarray(size > limits + SLACK)


def find_local_edges(
    network: RoadEdges, usable: Mask | None = None, tagged: Mask | None = None
) -> Mask:
    """Tell which edges serve the first and the last stretch of a trip only.

    Those are the roads tagged so, and the open roads behind them: a yard that is reached over a
    private road is no way through. Of open roads that hang together the most kilometres within
    reach of each other stay open. Closed roads are not among them. `usable`, `tagged`: which edges
    are not closed, and which are local; by default those of every truck. [edges]
    """
    usable = network.access != Access.CLOSED if usable is None else usable
    tagged = network.access == Access.LOCAL if tagged is None else tagged & usable
    if not tagged.any():
        return np.asarray(tagged, bool)
    through, size = usable & ~tagged, network.node_count
    open_part = find_parts(network.tail[through], network.head[through], size)[network.tail]
    whole = find_parts(network.tail[usable], network.head[usable], size)[network.tail]
    length = np.bincount(open_part[through], network.length_m[through])
    parts, first = np.unique(open_part[through], return_index=True)
    lead = first_of_each(whole[through][first], -length[parts])
    stays = np.isin(open_part, parts[lead])
    return np.asarray(usable & ~(through & stays), bool)


def judge_roads(network: RoadEdges, truck: Truck, barred: Mask) -> TruckRoads:
    """Say what every road is to a truck; `barred`: edges that it may not use anyway."""
    shut = barred | find_exceeded(truck.size, network.limits).any(axis=1)
    closed = np.stack((shut, shut))
    edges = network.ruled
    if not len(edges):
        return TruckRoads(closed, None, (network.maxspeed_km_h,) * 2)
    roads = [network.roads[number] for number in network.road[edges].tolist()]
    sized = tuple(truck.size.tolist()), truck.kinds
    found = [_judge(road.road_class, road.rules, *sized) for road in roads]
    each = np.array(found)  # edges × directions × 2
    access, speed = each[:, :, 0].T, each[:, :, 1].T
    closed[:, edges] = barred[edges] | (access == Access.CLOSED)
    local, tagged = None, network.access == Access.LOCAL
    errand = np.stack((tagged, tagged))
    errand[:, edges] = (access == Access.LOCAL) & ~closed[:, edges]
    if (errand & ~tagged).any():
        usable = (network.access != Access.CLOSED) & ~closed.all(axis=0)
        tagged = np.asarray((errand | closed).all(axis=0))
        local = errand | find_local_edges(network, usable, tagged)
    limits = (network.maxspeed_km_h.copy(), network.maxspeed_km_h.copy())
    for one, values in zip(limits, speed, strict=True):
        one[edges] = values
    return TruckRoads(closed, local, limits)


@lru_cache(1 << 16)
def _judge(
    road_class: str, rules: str, size: tuple[float, ...], kinds: frozenset[str]
) -> tuple[tuple[Access, float], ...]:
    """Give access and limit of speed [km/h] in either direction to a truck of a size and kinds."""
    road, truck = Road(road_class, rules=rules), Truck(np.array(size), kinds)
    pairs = zip(judge_road(road, truck), judge_road(road, truck, errand=True), strict=True)
    return tuple(
        (
            Access.OPEN
            if _sum_up(there, truck) is Access.OPEN
            # Rules may differ where a trip begins or ends.
            else max(Access.LOCAL, _sum_up(end, truck)),
            there.maxspeed_km_h,
        )
        for there, end in pairs
    )


def _sum_up(one: Passage, truck: Truck) -> Access:
    exceeded = find_exceeded(truck.size, np.array(one.limits)).any()
    return Access.CLOSED if exceeded else one.access


def judge_road(road: Road, truck: Truck, *, errand: bool = False) -> tuple[Passage, Passage]:
    """Say what a truck meets along a road with rules, and against it."""
    tags = split_tags(road.rules)
    if "barrier" in tags:
        return (judge_barrier(tags, truck, errand=errand),) * 2
    signed, found = judge_way(tags, road.road_class, truck, errand=errand)
    ahead, back = (
        one if way else one._replace(access=Access.CLOSED)
        for one, way in zip(found, signed, strict=True)
    )
    return ahead, back


def bind_turns(turns: Sequence[Turn], truck: Truck) -> list[int]:
    """Give the numbers of those turns that hang on the truck and bind this one."""
    return [
        row
        for row, turn in enumerate(turns)
        if read_turn(split_tags(turn.tags), truck) == {"only" if turn.only else "no"}
    ]
