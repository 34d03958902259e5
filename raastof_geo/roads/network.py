"""Hold the roads that trucks use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from raastof_geo.emissions.model import BY_DEFAULT, MODELS
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle
from raastof_geo.errors import InputError
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.multigraph import draw_graph
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.drive import BOTH_LOADS, Load, drive_edges
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.identity import find_id

if TYPE_CHECKING:
    import networkx


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
        trucks_only: bool = False,
        vehicle: Vehicle | str | None = None,
        load: Load = "full",
        year: float | None = None,
        model: EnergyModel = MODELS[BY_DEFAULT],
    ) -> networkx.MultiDiGraph:
        """Give the graph that OSMnx would: every road in each direction that its signs allow.

        Edges have `osmid`, `length` [m], `geometry` in the direction driven, `highway`, `oneway`,
        `reversed`, the tags that restrict, and `raastof_edge`, the number of the edge. For a
        vehicle they have `speed_kph` [km/h], `travel_time` [s] and `kg_co2e` (well to wheel) [kg]
        as well, and edges that it may not use are left out: `networkx.shortest_path(graph, …,
        weight="kg_co2e")` goes the way that the legs of that truck go.

        Two things have no place in such a graph. Turn restrictions are left out, so a way through
        it may turn where that is forbidden (the built-in network has none). Edges that are open for
        the first and the last stretch of a trip only have `local` set, but nothing keeps a way from
        leading through them: `networkx.subgraph_view` can. Of a scenario (its changes of roads, its
        trucks, its catalogue) `legs.roads.to_osmnx` knows. Nodes are numbered as here, with `x` and
        `y` [degrees, WGS84].

        `trucks_only` leaves out what is closed to trucks; `vehicle` is a truck of a catalogue, or
        the id or name of one in the built-in catalogue, which drives at full payload or empty
        (`load`) in a `year`, by default this one; `model` gives its energy at a speed, empty and
        full [unit of the fuel per km].

        Raises
        ------
        InputError
            No truck, or no load, is called so.
        """
        if vehicle is None:
            return draw_graph(self, keep=self.access != Access.CLOSED if trucks_only else None)
        if load not in BOTH_LOADS:
            raise InputError.saying(
                "a load is {loads}, got {given}", loads="full / empty", given=f"`{load}`"
            )
        catalogue = load_catalogue()
        if isinstance(vehicle, str):
            names = {one: truck.name for one, truck in catalogue.vehicles.items()}
            vehicle = catalogue.vehicles[find_id("vehicles", vehicle, names)]
        when = datetime.now(UTC).year + 0.5 if year is None else year
        drive = drive_edges(self, catalogue, vehicle, load, year=when, model=model)
        return draw_graph(self, drive=drive)
