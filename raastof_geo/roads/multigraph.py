"""Give roads as a graph of NetworkX, as OSMnx would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from raastof_geo.arrays import Mask
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.road import Road, split_tags
from raastof_geo.roads.routing.drive import Drive

if TYPE_CHECKING:
    import networkx


def draw_graph(
    network: RoadEdges, *, keep: Mask | None = None, drive: Drive | None = None
) -> networkx.MultiDiGraph:
    """Give the graph of edges in the directions allowed: all, or those to `keep`. [edges]

    With what a truck meets, those that it may use, with speed, time [s], kg CO2e and `local`.
    """
    import networkx

    graph = networkx.MultiDiGraph(
        crs="epsg:4326",
        created_date=datetime.now(UTC).isoformat(timespec="seconds"),
        created_with="raastof_geo",
        simplified=True,
    )
    degree = np.bincount(np.concatenate((network.tail, network.head)), minlength=network.node_count)
    graph.add_nodes_from(
        (node, {"x": lon, "y": lat, "street_count": count})
        for node, (lon, lat, count) in enumerate(
            zip(network.node_lon.tolist(), network.node_lat.tolist(), degree.tolist(), strict=True)
        )
    )
    further = {}
    if drive is not None:
        keep = ~drive.closed
        further = {
            "speed_kph": drive.speed_km_h.tolist(),
            "travel_time": (network.length_m / 1000 / drive.speed_km_h * 3600).tolist(),
            "kg_co2e": drive.kg_co2e_wtw.tolist(),
            "local": drive.local.tolist(),
        }
    directions = np.stack((network.forward, network.backward))
    allowed = (directions if keep is None else directions & keep).T.tolist()
    for edge in np.flatnonzero(np.any(allowed, axis=1)).tolist():
        line = shapely.LineString(network.cut(edge, 0.0, 1.0))
        ends = int(network.tail[edge]), int(network.head[edge])
        attributes = _describe(network, edge, network.roads[network.road[edge]])
        for side in (0, 1):
            if allowed[edge][side]:
                more = {name: values[side][edge] for name, values in further.items()}
                drawn = line.reverse() if side else line
                graph.add_edge(
                    *ends[:: -1 if side else 1],
                    **attributes | more,
                    geometry=drawn,
                    reversed=bool(side),
                )
    return graph


def _describe(network: RoadEdges, edge: int, road: Road) -> dict[str, Any]:
    found: dict[str, Any] = {
        **split_tags(road.rules or road.tags),
        "osmid": int(network.way[edge]) or edge,
        "length": float(network.length_m[edge]),
        "oneway": bool(network.forward[edge] != network.backward[edge]),
        "raastof_edge": edge,
    }
    if road.road_class == "ferry":
        found |= {"highway": "ferry", "route": "ferry", "motor_vehicle": "yes"}
    else:
        found["highway"] = road.road_class
    if road.name:
        found["name"] = road.name
    if not np.isnan(road.maxspeed_km_h):
        found["maxspeed"] = f"{road.maxspeed_km_h:g}"
    return found
