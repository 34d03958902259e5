"""Graphs of OSMnx and NetworkX, both ways."""

import dataclasses
import networkx as nx
import numpy as np
import osmnx as ox
import pytest
from worlds import make_network, measure_all, random_network
from raastof_geo.errors import RoadDataError
from raastof_geo.region.projection import measure_steps
from raastof_geo.roads.load import from_osmnx, load_network, read_graphml
from raastof_geo.roads.road import Access, Road, align_limits
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import load_router

pytestmark = pytest.mark.usefixtures("english")


NODES = [(12.0, 55.4), (12.05, 55.4), (12.02, 55.43)]


@pytest.fixture
def network():
    kinds = [
        Road("primary", name="6 Køgevej", maxspeed_km_h=80.0),
        Road("residential", tags="maxweight=7.5", limits=align_limits({"maxweight_t": 7.5})),
        Road("service", access=Access.CLOSED, tags="hgv=no"),
        Road("ferry", name="Færgen"),
    ]
    return make_network(NODES, [(0, 1), (1, 2), (2, 0), (0, 2)], roads=kinds, one_way=[1])


def graph_of(*edges, **attributes):
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, y) in enumerate(NODES):
        graph.add_node(node, x=x, y=y)
    for u, v, data in edges:
        graph.add_edge(u, v, **{"highway": "primary", "osmid": 5, **data})
    graph.graph.update(attributes)
    return graph


def test_functions_of_osmnx_work_on_the_graph(network, tmp_path):
    """Frames, statistics, projection, speeds, nearest things, routes, files."""
    graph = network.to_osmnx()
    _, edges = ox.graph_to_gdfs(graph)
    assert len(edges) == 7
    assert ox.basic_stats(graph)["n"] == 3
    projected = ox.project_graph(graph)
    assert ox.nearest_nodes(projected, 7e5, 6.15e6) in (0, 1, 2)
    assert ox.nearest_edges(projected, 7e5, 6.15e6)[0] in (0, 1, 2)
    timed = ox.add_edge_travel_times(ox.add_edge_speeds(graph, fallback=50))
    assert ox.shortest_path(timed, 0, 1, weight="travel_time") == [0, 1]
    ox.save_graph_geopackage(graph, tmp_path / "graph.gpkg")
    ox.save_graphml(graph, tmp_path / "graph.graphml")
    assert read_graphml(tmp_path / "graph.graphml").edge_count == 4


def test_tags_and_directions_go_along(network):
    """Name, limit, access and the way of driving are attributes of edges."""
    graph = network.to_osmnx()
    assert graph.edges[0, 1, 0]["name"] == "6 Køgevej"
    assert graph.edges[0, 1, 0]["maxspeed"] == "80"
    assert graph.edges[1, 2, 0]["maxweight"] == "7.5"
    assert graph.edges[1, 2, 0]["oneway"] is True
    assert not graph.has_edge(2, 1)
    assert graph.edges[1, 0, 0]["reversed"] is True
    assert graph.edges[1, 0, 0]["geometry"].coords[0] == NODES[1]


def test_there_and_back_is_the_same_network(network):
    """Classes, limits, access and lengths survive the round trip."""
    again = from_osmnx(network.to_osmnx())
    assert again.edge_count == network.edge_count
    order = np.argsort(again.way)
    np.testing.assert_array_equal(again.way[order], network.way)
    np.testing.assert_array_equal(again.road_class[order], network.road_class)
    np.testing.assert_array_equal(again.access[order], network.access)
    np.testing.assert_array_equal(again.limits[order], network.limits)
    np.testing.assert_allclose(again.length_m[order], network.length_m, atol=0.011)


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_routes_survive_the_round_trip(seed, projected):
    """Distances on the network that came back are those before, and those of networkx."""
    network, _ = random_network(np.random.default_rng(seed))
    ends = (network.node_lon, network.node_lat)
    drawn = measure_steps(
        *(column[side] for side in (network.tail, network.head) for column in ends)
    )
    network = dataclasses.replace(network, length_m=np.maximum(network.length_m, drawn))
    graph = network.to_osmnx()
    if projected:
        graph = ox.project_graph(graph)
    again = from_osmnx(graph)
    assert again.edge_count == network.edge_count
    found = []
    for one in (network, again):
        router = load_router(build_graph(one))
        order = np.argsort(one.way)
        stops = [RoadStop(int(edge), 0.5) for edge in order]
        found.append(measure_all(router.weigh(router.graph.length_km), stops, stops))
    np.testing.assert_allclose(found[0], found[1], atol=2e-3)


def test_of_several_values_the_strictest_counts():
    """What simplification merged is read on the safe side."""
    data = {
        "highway": ["primary", "residential"],
        "maxweight": ["12", "7.5 t"],
        "maxheight": ["4.2", "3.9"],
        "hgv": ["yes", "no"],
        "osmid": [1, 2],
    }
    network = from_osmnx(graph_of((0, 1, data)))
    road = network.roads[0]
    assert road.road_class == "residential"
    assert road.limits[0] == 7.5
    assert road.limits[3] == 3.9
    assert road.access == Access.CLOSED
    assert network.way.tolist() == [0]


def test_directions_are_those_of_the_edges():
    """Two edges of one way and length are one road, others are two."""
    both = from_osmnx(graph_of((0, 1, {"length": 100.0}), (1, 0, {"length": 100.0})))
    assert (both.edge_count, both.forward.tolist(), both.backward.tolist()) == (1, [True], [True])
    apart = from_osmnx(graph_of((0, 1, {"osmid": 1}), (1, 0, {"osmid": 2})))
    assert (apart.edge_count, apart.backward.tolist()) == (2, [False, False])


def test_a_street_may_be_one_way_for_trucks_alone():
    """OSMnx knows `oneway` itself, and gives both edges, each with the tags of the way."""
    data = {"oneway": False, "oneway:hgv": "yes"}
    edges = (0, 1, {**data, "reversed": False}), (1, 0, {**data, "reversed": True})
    found = from_osmnx(graph_of(*edges))
    ends = (found.tail.tolist(), found.head.tolist())
    assert (*ends, found.forward.tolist(), found.backward.tolist()) == ([0], [1], [True], [False])


@pytest.mark.parametrize(("oneway", "ahead"), [("yes", True), ("-1", False), ("reverse", False)])
def test_tags_of_a_way_drawn_against_its_direction_are_turned_round(oneway, ahead):
    """With `all_oneway` OSMnx keeps the value of a way whose nodes it has turned round."""
    data = {"oneway": oneway, "reversed": False, "maxweight:forward": "7.5"}
    (road,) = from_osmnx(graph_of((0, 1, data))).roads
    assert road.rules == f"maxweight:{'forward' if ahead else 'backward'}=7.5"


def test_a_loop_is_parted_in_its_middle():
    """No edge ends where it begins."""
    import shapely

    ring = shapely.LineString([NODES[0], (12.01, 55.41), (12.02, 55.41), (12.01, 55.4), NODES[0]])
    loop = (0, 0, {"geometry": ring, "length": 4000.0})
    network = from_osmnx(graph_of((0, 1, {}), loop, loop))
    assert network.edge_count == 5
    assert (network.tail != network.head).all()
    assert network.length_m[network.tail != 1].sum() > 8000


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (graph_of(), "no roads that trucks may use"),
        (graph_of((0, 1, {"highway": "footway"})), "no roads that trucks may use"),
    ],
)
def test_a_graph_without_roads_is_refused(graph, sentence):
    """Nothing to drive on is no network."""
    with pytest.raises(RoadDataError, match=sentence):
        from_osmnx(graph)


def test_a_graph_needs_a_coordinate_system_and_places():
    """Without them nobody knows where the roads lie."""
    graph = graph_of((0, 1, {}))
    del graph.graph["crs"]
    with pytest.raises(RoadDataError, match="names no coordinate system"):
        from_osmnx(graph)
    graph = graph_of((0, 1, {}))
    del graph.nodes[0]["x"]
    with pytest.raises(RoadDataError, match="without a place"):
        from_osmnx(graph)


@pytest.mark.parametrize("content", ["", "words", "<graphml>", "<osm></osm>"])
def test_a_damaged_graphml_says_so(tmp_path, content):
    """Empty, cut short or something else."""
    file = tmp_path / "graph.graphml"
    file.write_text(content)
    with pytest.raises(RoadDataError, match="cannot be read as a graph"):
        load_network(file)
    with pytest.raises(RoadDataError, match="There is no file"):
        read_graphml(tmp_path / "none.graphml")
