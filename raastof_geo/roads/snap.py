"""Snap sites onto the road, and say how far they had to move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from raastof_geo.errors import RoadDataError, SnapError, raise_all
from raastof_geo.language import say
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.projection import project
from raastof_geo.roads.restrict import find_local_edges
from raastof_geo.roads.road import ROAD_CLASSES, Access
from raastof_geo.scenario.model import Site

NO_ENTRANCE = ("motorway", "motorway_link", "trunk_link", "ferry")
"""Classes that no site has its gate on."""


@dataclass(frozen=True, eq=False)
class Anchors:
    """Where each site meets the road."""

    frame: pd.DataFrame
    """One row per site: `edge`, `share` of the way from its tail to its head, `snap_m` [m],
    and the `lon` and `lat` of the place on the road [degrees]."""

    def __len__(self) -> int:
        return len(self.frame)


def snap_sites(
    network: RoadNetwork,
    sites: Mapping[str, Site],
    *,
    limit_m: float = 1000.0,
    ferries: bool = True,
) -> Anchors:
    """Put each site on the nearest road from which trucks reach every other site and come back.

    Parameters
    ----------
    limit_m
        Refuse a site farther than this from any such road. [m]
    ferries
        Whether roads that only a ferry connects count as reached.

    Raises
    ------
    SnapError
        Every site beyond the limit, named at once.
    RoadDataError
        The network has no road that a site could lie on.
    """
    edges = _edges_with_entrance(network, ferries)
    lines = edge_lines(network, edges)
    lon_lat = np.array([site.lon_lat for site in sites.values()])
    points = shapely.points(project(lon_lat[:, 0], lon_lat[:, 1]))
    nearest = shapely.STRtree(lines).nearest(points)
    snap_m = shapely.distance(points, lines[nearest])
    share = shapely.line_locate_point(lines[nearest], points, normalized=True)
    _refuse_far_sites(sites, snap_m, limit_m)
    place = _lon_lat_on_edges(network, edges[nearest], share)
    frame = pd.DataFrame(
        {
            "edge": edges[nearest],
            "share": np.clip(share, 0.0, 1.0),
            "snap_m": snap_m,
            "lon": place[:, 0],
            "lat": place[:, 1],
        },
        index=pd.Index(list(sites), name="site"),
    )
    return Anchors(frame)


def edge_lines(network: RoadNetwork, edges: NDArray[np.int64]) -> NDArray[np.object_]:
    """Draw edges as lines in EPSG:25832. [m]"""
    counts = np.diff(network.point_start)[edges]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    points = np.repeat(network.point_start[:-1][edges], counts) + within
    lines = shapely.linestrings(
        network.xy[points], indices=np.repeat(np.arange(len(edges)), counts)
    )
    return np.asarray(lines, dtype=np.object_)


def connected_nodes(
    network: RoadNetwork, edges: NDArray[np.bool_], *, ferries: bool
) -> NDArray[np.bool_]:
    """Tell which nodes lie in the largest part where every node reaches every other and back.

    Parameters
    ----------
    edges
        Edges that may be driven.
    """
    open_edge = edges if ferries else edges & ~network.ferry
    forward, backward = network.forward & open_edge, network.backward & open_edge
    start = np.concatenate([network.tail[forward], network.head[backward]])
    end = np.concatenate([network.head[forward], network.tail[backward]])
    size = len(network.node_lon)
    matrix = coo_array((np.ones(len(start)), (start, end)), shape=(size, size)).tocsr()
    _, part = connected_components(matrix, directed=True, connection="strong")
    return np.asarray(part == np.bincount(part).argmax())


def _edges_with_entrance(network: RoadNetwork, ferries: bool) -> NDArray[np.int64]:
    """Find the roads that a site may lie on: those on the way of all, and local ones off them."""
    no_entrance = [ROAD_CLASSES.index(name) for name in NO_ENTRANCE]
    usable = network.access != Access.CLOSED
    local = find_local_edges(network)
    through = connected_nodes(network, usable & ~local, ferries=ferries)
    reached = connected_nodes(network, usable, ferries=ferries)
    within = np.where(
        local,
        reached[network.tail] & reached[network.head],
        through[network.tail] & through[network.head],
    )
    possible = (
        within
        & usable
        & (network.forward | network.backward)
        & (network.length_m > 0)
        & ~np.isin(network.road_class, no_entrance)
    )
    if not possible.any():
        raise RoadDataError(say("the network has no road that a site could lie on"))
    return np.flatnonzero(possible)


def _refuse_far_sites(
    sites: Mapping[str, Site], snap_m: NDArray[np.float64], limit_m: float
) -> None:
    raise_all(
        SnapError,
        [
            say(
                "{site} lies {distance} m from the nearest road that trucks reach, and the limit "
                "is {limit} m: check its coordinates, or raise `network.snap_limit_m`",
                site=f"`{site}`",
                distance=round(distance),
                limit=round(limit_m),
            )
            for site, distance in zip(sites, snap_m.tolist(), strict=True)
            if distance > limit_m
        ],
    )


def _lon_lat_on_edges(
    network: RoadNetwork, edges: NDArray[np.int64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the places at a share of the length of each edge. [degrees]"""
    places = [
        network.cut(edge, part, part)[0]
        for edge, part in zip(edges.tolist(), share.tolist(), strict=True)
    ]
    return np.array(places, np.float64).reshape(-1, 2)
