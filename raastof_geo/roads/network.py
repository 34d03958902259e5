"""Hold the roads that trucks use, and give them as a graph of NetworkX, as OSMnx would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from raastof_geo.arrays import Mask
from raastof_geo.emissions.vehicle import Vehicle
from raastof_geo.errors import InputError
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.road import split_tags
from raastof_geo.roads.routing.drive import BOTH_LOADS, Load, drive_edges
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.identity import find_id

if TYPE_CHECKING:
    import networkx


def draw_graph(
    network: RoadEdges, keep: Mask | None = None, met: Mapping[str, NDArray[Any]] | None = None
) -> networkx.MultiDiGraph:
    """Draw the graph of edges in the directions allowed: all, or those to `keep`. [2 × edges]

    Returns one edge for each and direction; `met` is more that each tells, by name. [2 × edges]
    """
    import networkx

    graph = networkx.MultiDiGraph(
        crs="epsg:4326",
        created_date=datetime.now(UTC).isoformat(timespec="seconds"),
        created_with="raastof_geo",
        simplified=True,
    )
    degree = np.bincount(np.concatenate((network.tail, network.head)), minlength=network.node_count)
    places = {"x": network.node_lon, "y": network.node_lat, "street_count": degree}
    graph.add_nodes_from(enumerate(pd.DataFrame(places).to_dict("records")))
    further = {name: values.tolist() for name, values in (met or {}).items()}
    directions = np.stack((network.forward, network.backward))
    allowed = (directions if keep is None else directions & keep).T.tolist()
    for edge in np.flatnonzero(np.any(allowed, axis=1)).tolist():
        attributes = _describe_edge(network, edge)
        line = shapely.LineString(network.cut(edge, 0.0, 1.0))
        ends = int(network.tail[edge]), int(network.head[edge])
        for side, (u_v, drawn) in enumerate(((ends, line), (ends[::-1], line.reverse()))):
            if allowed[edge][side]:
                more = {name: values[side][edge] for name, values in further.items()}
                graph.add_edge(*u_v, **attributes | more, geometry=drawn, reversed=bool(side))
    return graph


def _describe_edge(network: RoadEdges, edge: int) -> dict[str, Any]:
    """Give what an edge of OSMnx tells of itself, whichever way it is driven."""
    road, limit = network.roads[network.road[edge]], network.maxspeed_km_h[edge]
    ferry = {"highway": "ferry", "route": "ferry", "motor_vehicle": "yes"}
    return {
        **split_tags(road.rules or road.tags),
        "osmid": int(network.way[edge]) or edge,
        "length": float(network.length_m[edge]),
        "oneway": bool(network.forward[edge] != network.backward[edge]),
        "raastof_edge": edge,
        **(ferry if road.road_class == "ferry" else {"highway": road.road_class}),
        **({"name": road.name} if road.name else {}),
        **({} if np.isnan(limit) else {"maxspeed": f"{limit:g}"}),
    }


@dataclass(frozen=True, eq=False, repr=False)
class RoadNetwork(Shown, RoadEdges):
    """The roads that trucks use: columns of nodes and edges, and the graph that they are."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give how much road there is."""
        return "", (
            Fact(say("Road [km]"), format_number(float(self.length_m.sum()) / 1000.0)),
            Fact(say("Stretches of road"), format_number(len(self.length_m))),
            Fact(say("Junctions and ends"), format_number(self.node_count)),
        )

    def to_osmnx(
        self,
        *,
        vehicle: Vehicle | str | None = None,
        load: Load = "full",
        year: float | None = None,
    ) -> networkx.MultiDiGraph:
        """Give the graph that OSMnx would: every road in each direction that its signs allow.

        Edges have `osmid`, `length` [m], `geometry` in the direction driven, `highway`, `oneway`,
        `reversed`, the tags that restrict, and `raastof_edge`, the number of the edge; for a
        vehicle also `speed_kph` [km/h], `travel_time` [s] and `kg_co2e` (well to wheel) [kg],
        without those that it may not use. Turn restrictions have no place in such a graph, and
        only `local` tells which edges are for the first and the last stretch (`docs/roads.md`). Of
        a scenario `legs.roads.to_osmnx` knows. Nodes have `x` and `y` [degrees, WGS84]. `vehicle`:
        a truck of a catalogue, or the id or name of one in the built-in catalogue, at full payload
        or empty (`load`) in a `year`, by default this one. `InputError`: none is called so.
        """
        if vehicle is None:
            return draw_graph(self)
        if load not in BOTH_LOADS:
            told = say("a load is {loads}, got {given}", loads="full / empty", given=f"`{load}`")
            raise InputError(told)
        catalogue = load_catalogue()
        if isinstance(vehicle, str):
            names = {one: truck.name for one, truck in catalogue.vehicles.items()}
            vehicle = catalogue.vehicles[find_id("vehicles", vehicle, names)]
        when = datetime.now(UTC).year + 0.5 if year is None else year
        return draw_graph(self, *drive_edges(self, catalogue, vehicle, load, year=when))
