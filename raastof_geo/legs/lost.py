"""Say which legs no road allows, and why."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from raastof_geo.arrays import Mask
from raastof_geo.language import Message, say, say_text
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.roads import RoadPrices
from raastof_geo.roads.routing.drive import BOTH_LOADS
from raastof_geo.roads.routing.islands import explain_islands, group_sites
from raastof_geo.roads.routing.router import WeightedRoads


def explain_lost(legs: Legs, *, most: int = 10) -> list[Message]:
    """Say which legs no road allows, and why; those beyond `most` are counted.

    Pairs on different islands are told by their islands, once. Islands first, then pairs of sites
    in the order of their ids, each with its trucks and periods.
    """
    lost, told = legs.lost, []
    if legs.roads is not None and len(lost):
        edges = {site: stop.edge for site, stop in legs.roads.stops.items()}
        network, ferries = legs.roads.network, legs.roads.scenario.said.network.ferries
        told = explain_islands(network, edges, ferries=ferries)
        island = group_sites(network, edges, ferries=ferries)
        lost = lost[lost.origin.map(island) == lost.destination.map(island)]
    no_leg = say("no leg from {origin} to {destination} for {vehicles} in {periods}: {reason}")
    pairs = []
    for (origin, destination, reason), rows in lost.groupby(["origin", "destination", "reason"]):
        trucks, when = (", ".join(rows[key].unique()) for key in ("vehicle", "period"))
        ends = {"origin": f"`{origin}`", "destination": f"`{destination}`"}
        pairs.append(no_leg.format(**ends, vehicles=trucks, periods=when, reason=reason))
    rest = len(pairs) - most
    more = [say("and {count} more such pairs of sites", count=rest)] if rest > 0 else []
    return [*told, *pairs[:most], *more]


def tell_lost(
    roads: RoadPrices, vehicle_id: str, pairs: pd.DataFrame, periods: Sequence[str]
) -> pd.DataFrame:
    """Say of each pair that a truck cannot drive whether anything could, as in `Legs.lost`."""
    reasons: list[str] = []
    if len(pairs):
        land, sea = (_ways_there(roads, pairs, ferries=ferries) for ferries in (False, True))
        taken = roads.scenario.said.network.ferries
        turned = _ways_by_turning(roads, vehicle_id, pairs, periods[0])
        for turning, here, there in zip(turned, land, sea, strict=True):
            closed = "closed" if here or (there and taken) else "ferry" if there else "none"
            reasons.append(str(say_text("lost legs", "turning" if turning else closed)))
    told = [pairs.assign(vehicle=vehicle_id, period=one, reason=reasons) for one in periods]
    return pd.concat(told, ignore_index=True)


def _ways_there(roads: RoadPrices, pairs: pd.DataFrame, *, ferries: bool) -> Mask:
    router = roads.free_router
    length, at_sea = router.graph.length_km, roads.network.ferry[router.graph.edge]
    weighted = router.weigh(length if ferries else np.where(at_sea, np.inf, length))
    return _there_and_back(roads, pairs, weighted, weighted)


def _ways_by_turning(roads: RoadPrices, vehicle_id: str, pairs: pd.DataFrame, period: str) -> Mask:
    """Tell which pairs a truck could drive between if it turned round in dead ends."""
    if roads.scenario.catalogue.vehicles[vehicle_id].turns_in_dead_end:
        return np.zeros(len(pairs), bool)
    active = roads.spell_of(period)
    full, empty = (roads.weigh(vehicle_id, load, active, turning=True) for load in BOTH_LOADS)
    return _there_and_back(roads, pairs, full, empty)


def _there_and_back(
    roads: RoadPrices, pairs: pd.DataFrame, out: WeightedRoads, back: WeightedRoads
) -> Mask:
    starts = [roads.stops[site] for site in pairs.origin]
    goals = [roads.stops[site] for site in pairs.destination]
    return out.routes(starts, goals).exists & back.routes(goals, starts).exists
