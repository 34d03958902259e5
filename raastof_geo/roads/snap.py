"""Snap sites onto the road, and say how far they had to move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
import numpy as np
import pandas as pd
import shapely
from raastof_geo.arrays import Floats, Integers, Mask, Objects, Rows, sort_up
from raastof_geo.errors import Finding, Place, RoadDataError, SnapError, raise_all
from raastof_geo.language import Fact, Message, Shown, format_number, say, say_text
from raastof_geo.region.projection import lies_within, project_shapes
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES, Access, split_tags
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.roads.routing.islands import find_islands
from raastof_geo.scenario.said.site import Located

NO_ENTRANCE = ("motorway", "motorway_link", "trunk_link", "ferry")
"""Classes that no site has its gate on."""

ISLAND_M = 2000.0
"""A part of the network that no road joins to the largest is an island from this much road on;
what is shorter is a yard whose way out is not mapped. [m]"""

FAR_M = 200.0
"""A site that had to move farther than this is told of. [m]"""

PASSED_M = 50.0
"""So is one that passed over a road closed to trucks, and nearer by this. A judgement. [m]"""

STREET_M = 100.0
"""A site goes to a street rather than to a bridge or a tunnel that is nearer by up to this: most
bridges have the street below within their width. A judgement. [m]"""

WATER_M = 100.0
"""A way of this length outside the municipalities leads over water; their outlines (1:500,000) are
true to half a millimetre on the map, 250 m, at worst. A judgement. [m]"""

_TOWN_KM = 60.0
"""A site farther than this from any town is told without one: it lies at sea, or abroad. [km]"""


@dataclass(frozen=True, eq=False, repr=False)
class Anchors(Shown):
    """Where each site meets the road."""

    frame: pd.DataFrame
    """One row per site: `edge`, `share` of the way from its tail to its head, `snap_m` [m],
    and the `lon` and `lat` of the place on the road [degrees]."""

    def __len__(self) -> int:
        return len(self.frame)

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give how many sites there are, and how far the farthest one lies from its road."""
        far = self.frame.snap_m
        return "", (
            Fact(say("Sites"), format_number(len(self))),
            Fact(say("Farthest from the road"), str(far.idxmax()) if len(far) else "–"),
            Fact(say("Distance [m]"), format_number(float(far.max()) if len(far) else 0.0)),
        )

    @property
    def edges(self) -> dict[str, int]:
        """The edge that each site lies on."""
        return {str(site): int(edge) for site, edge in self.frame.edge.items()}


def snap_sites(
    network: RoadNetwork,
    sites: Mapping[str, Located],
    *,
    limit_m: float = 1000.0,
    ferries: bool = True,
    places: Mapping[str, Place | None] | None = None,
) -> Anchors:
    """Put each site on the nearest road from which trucks reach other sites and come back.

    That is a road of the largest part of the network, or of an island with `ISLAND_M` of road or
    more where that is nearer. A shorter part serves sites that would lie beyond `limit_m` [m] only.
    `ferries`: whether parts that only a ferry joins count as one; `places`: where each site stands
    in its file. `SnapError`: every site beyond the limit; `RoadDataError`: no road for any site.
    """
    at = _nearest(network, _lay(network, sites), limit_m=limit_m, ferries=ferries)
    far = (
        Finding(_say_far(network, id_, site.lon_lat, metres, limit_m), (places or {}).get(id_))
        for (id_, site), metres in zip(sites.items(), at.metres.tolist(), strict=True)
        if metres > limit_m
    )
    raise_all(SnapError, far)
    pairs = zip(at.edge.tolist(), at.share.tolist(), strict=True)
    place = np.array([network.cut(edge, part, part)[0] for edge, part in pairs]).reshape(-1, 2)
    columns = {"edge": at.edge, "share": np.clip(at.share, 0.0, 1.0), "snap_m": at.metres}
    columns |= {"lon": place[:, 0], "lat": place[:, 1]}
    return Anchors(pd.DataFrame(columns, index=pd.Index(list(sites), name="site")))


class _Nearest(NamedTuple):
    """The nearest of some edges to each of some points."""

    edge: Integers
    share: Floats
    metres: Floats

    def or_else(self, other: _Nearest, where: Mask) -> _Nearest:
        return _Nearest(*(np.where(where, *pair) for pair in zip(other, self, strict=True)))


def _lay(network: RoadNetwork, sites: Mapping[str, Located]) -> Objects:
    """Give where trucks may enter each site: a point, or all along its shape. [m]"""
    shapes = np.array([site.entrances for site in sites.values()], object)
    return np.asarray(project_shapes(shapes, network.region.crs), object)


def _nearest(network: RoadNetwork, points: Objects, *, limit_m: float, ferries: bool) -> _Nearest:
    """Choose a road for each point: of the mainland, of an island, else of whatever there is."""
    islands = find_islands(network, ferries=ferries)
    closed = np.isin(network.road_class, [ROAD_CLASSES.index(name) for name in NO_ENTRANCE])
    if not (possible := (network.length_m > 0) & ~closed & (islands.of_edge >= 0)).any():
        raise RoadDataError.saying("the network has no road that a site could lie on")
    main = possible & (islands.of_edge == islands.mainland)
    count = int(islands.of_node.max(initial=0)) + 1
    metres = np.bincount(islands.of_edge[possible], network.length_m[possible], count)
    large = possible & ~main & (metres[islands.of_edge] >= ISLAND_M)
    small = possible & ~main & ~large
    found = _nearest_street(network, main, points)
    for edges, beyond_m in ((large, 0.0), (small, limit_m)):
        if edges.any() and (found.metres > beyond_m).any():
            other = _nearest_street(network, edges, points)
            found = found.or_else(other, (found.metres > beyond_m) & (other.metres < found.metres))
    return found


def _nearest_street(network: RoadNetwork, edges: Mask, points: Objects) -> _Nearest:
    """Choose the nearest edge, but no bridge or tunnel where a street is near."""
    found = _nearest_of(network, np.flatnonzero(edges), points)
    off_street = network.level != 0
    if not (edges & off_street).any():
        return found
    street = _nearest_of(network, np.flatnonzero(edges & ~off_street), points)
    near = street.metres <= found.metres + STREET_M
    return found.or_else(street, off_street[found.edge] & near)


def _nearest_of(network: RoadNetwork, edges: Integers, points: Objects) -> _Nearest:
    if not len(edges):
        nothing = np.zeros(len(points))
        return _Nearest(nothing.astype(np.int64), nothing, np.full(len(points), np.inf))
    lines = edge_lines(network, edges)
    tree = shapely.STRtree(lines)
    nearest, gates = tree.nearest(points), points.copy()
    for one in np.flatnonzero(shapely.get_dimensions(points) > 0):
        # Where roads lead through a shape, its gate is where one comes nearest to its middle.
        if len(through := tree.query(points[one], predicate="intersects")):
            gates[one] = points[one].representative_point()
            nearest[one] = through[np.argmin(shapely.distance(lines[through], gates[one]))]
        gates[one] = shapely.get_point(shapely.shortest_line(lines[nearest[one]], gates[one]), 0)
    share = shapely.line_locate_point(lines[nearest], gates, normalized=True)
    return _Nearest(edges[nearest], share, shapely.distance(points, lines[nearest]))


def place_stops(anchors: Anchors) -> dict[str, RoadStop]:
    """Place sites on roads. Returns the stop of each, by id."""
    frame = anchors.frame
    columns = (one.tolist() for one in (frame.index, frame.edge, frame.share, frame.snap_m))
    rows = zip(*columns, strict=True)
    return {str(site): RoadStop(edge, share, metres / 1000) for site, edge, share, metres in rows}


def find_nearest(network: RoadNetwork, sites: Mapping[str, Located]) -> _Nearest:
    """Find what may be passed over. Returns the edge nearest to each site, closed or not."""
    return _nearest_of(network, np.flatnonzero(network.length_m > 0), _lay(network, sites))


def edge_lines(network: RoadNetwork, edges: Integers) -> Objects:
    """Draw edges. Returns `shapely.LineString`s in their order. [edges, m]"""
    points = Rows.part(np.arange(len(network.lon)), np.diff(network.point_start)).take(edges)
    return np.asarray(shapely.linestrings(network.xy[points.numbers], indices=points.owner), object)


def _say_far(
    network: RoadNetwork, site: str, where: tuple[float, float], distance: float, limit_m: float
) -> Message:
    """Give advice that fits the distance: a gate that is not mapped, or another part of the sea."""
    lon, lat = where
    bounds = network.metadata.bounds
    if lies_within(bounds, lat, lon) and not lies_within(bounds, lon, lat):
        return say_text("coordinates", "site swapped", site=f"`{site}`")
    town, town_m = network.region.find_town(lon, lat)
    km = format_number(town_m / 1000, digits=1) if town_m <= 1000 * _TOWN_KM else ""
    near = say(" ({km} km from {town})", km=km, town=town) if km else ""
    told = {"site": f"`{site}`", "near": near}
    if distance <= 2 * max(limit_m, 1000.0):
        return say_text("snapped", "far", **told, distance=round(distance), limit=round(limit_m))
    away, roads = format_number(distance / 1000, digits=1), network.metadata.title
    return say_text("snapped", "elsewhere", **told, distance=away, roads=roads)


def explain_moves(
    network: RoadNetwork, sites: Mapping[str, Located], anchors: Anchors, *, counted: bool = False
) -> list[Message]:
    """Say which sites moved far, over water, past a closed road, or onto a bridge or a tunnel.

    Each with what was passed over, and why; the farthest first. `counted`: `network.access_way`.
    """
    frame = anchors.frame.assign(level=network.level[anchors.frame.edge.to_numpy()])
    if (frame := frame[(frame.snap_m > PASSED_M) | (frame.level != 0)]).empty:
        return []
    some = {str(site): sites[str(site)] for site in frame.index}
    places = np.array([site.lon_lat for site in some.values()])
    points, ends = (network.project(*at.T) for at in (places, frame[["lon", "lat"]].to_numpy()))
    moved, off_street = frame.snap_m.to_numpy(), frame.level.to_numpy() != 0
    # Roads far from all land that is known have no coast, so none leads over water to them.
    lines = shapely.linestrings(np.stack((points, ends), axis=1))
    wet = network.region.measure_off_land(lines, shapely.points(ends)) >= WATER_M
    wet &= shapely.get_dimensions(_lay(network, some)) == 0
    usual = find_nearest(network, some)
    closed = network.access[usual.edge] == Access.CLOSED
    passed = closed & (usual.metres < moved - PASSED_M)
    told = np.flatnonzero((moved > FAR_M) | wet | passed | off_street)
    found = []
    for row in told[sort_up(-moved[told])].tolist():
        near = int(usual.edge[row]), float(usual.metres[row])
        message = _say_moved(network, str(frame.index[row]), moved[row], *near, counted=counted)
        if wet[row]:
            message = say_text("snapped", "wet", told=message)
        if off_street[row]:
            edge = int(frame.edge.iloc[row])
            what = say("a bridge") if network.level[edge] > 0 else say("a tunnel")
            road = network.called(edge) or say("a road without a name")
            message = say_text("snapped", "level", told=message, what=what, road=road)
        found.append(message)
    return found


def _say_moved(
    network: RoadNetwork, site: str, moved: float, edge: int, metres: float, *, counted: bool
) -> Message:
    how = say("those metres count as driven") if counted else say("those metres are not counted")
    tell = partial(say_text, "snapped", site=f"`{site}`", moved=round(moved), how=how)
    if metres > moved - 1:
        return tell("moved")
    road = network.roads[int(network.road[edge])]
    tags = "; ".join(f"{key}={value}" for key, value in split_tags(road.tags).items())
    reason = say("no road leads from it to the other roads and back")
    if network.access[edge] == Access.CLOSED:
        reason = say("closed to trucks ({tags})", tags=tags) if tags else say("closed to trucks")
    elif road.level:
        reason = say("a bridge or a tunnel, and a street is near")
    elif road.road_class in NO_ENTRANCE:
        reason = say("no site has its gate on a {road_class}", road_class=f"`{road.road_class}`")
    name = road.name or say("a road without a name")
    return tell("passed", road=name, reason=reason, metres=round(metres))
