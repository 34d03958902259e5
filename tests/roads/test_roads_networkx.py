"""The road network is a NetworkX graph when asked, and routing on it finds our legs again."""

import re
import networkx
import numpy as np
import osmnx
import pytest
from places import ROOT
from worlds import make_network, make_scenario
from raastof_geo import load_network
from raastof_geo.emissions.vehicle import MODELS
from raastof_geo.errors import InputError
from raastof_geo.legs.roads import Haulage, RoadPrices
from raastof_geo.roads.road import LIMITS, Access, Road
from raastof_geo.roads.routing.drive import emit_kg_co2e, find_speed
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.roads.snap import snap_sites

TRUCK = "truck_trailer_7_axle"
WORLD = """
title: Two ways
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
NETWORK
sites:
  road: {lon: 12.20, lat: 55.40, needs: [{use: fill, amount: 100 t}]}
  pit: {lon: 12.00, lat: 55.40, pit: {supplies: [fill_sand]}}
"""
NODES = [(12.0, 55.4), (12.05, 55.4), (12.15, 55.4), (12.2, 55.4), (12.1, 55.43)]
EDGES = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 2)]


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(scope="module")
def network():
    return load_network()


def world(network="{}", **more):
    return make_scenario(WORLD.replace("NETWORK", f"network: {network}"), **more)


def nodes_of_main_roads(network, count, seed):
    """Pick nodes at the tail of main roads that are driven both ways, by edge."""
    main = network.forward & network.backward & (network.access == Access.OPEN)
    main &= ~network.local & ~network.ferry
    main &= np.isin(network.road_class, [2, 3, 4, 5])
    return np.random.default_rng(seed).choice(np.flatnonzero(main), count, replace=False)


def along(graph, path, figure, weight="kg_co2e"):
    """Add up a figure along a path, on the lightest of parallel edges."""
    return sum(
        min(graph[tail][head].values(), key=lambda edge: edge[weight])[figure]
        for tail, head in networkx.utils.pairwise(path)
    )


@pytest.mark.parametrize("load", ["full", "empty"])
def test_shortest_paths_of_networkx_are_our_routes_on_200_pairs(network, load):
    """Least kg CO2e on the built-in roads: kilometres and kilograms are those of RoadPrices.

    The built-in network has no turn restrictions; its few local edges are left out, since only
    our routes know that nobody drives through them.
    """
    scenario = world()
    roads = RoadPrices(scenario, network, {})
    year = scenario.periods["2028"].middle_year  # the middle one, which routes are chosen by
    graph = network.to_osmnx(vehicle=TRUCK, load=load, year=year)
    graph.remove_edges_from(
        [(u, v, key) for u, v, key, local in graph.edges(keys=True, data="local") if local]
    )
    edges = nodes_of_main_roads(network, 30, seed=13)
    pairs = [(one, two) for one in edges[:10] for two in edges[10:]]
    assert len(pairs) == 200
    starts, goals = ([RoadStop(int(pair[end]), 0.0) for pair in pairs] for end in (0, 1))
    found = roads.weigh(TRUCK, load, ()).routes(starts, goals)
    sums = found.sums(Haulage(roads, TRUCK, ()).prices.quantities)
    truck = scenario.catalogue.vehicles[TRUCK]
    ours_kg = emit_kg_co2e(
        scenario.catalogue, truck, sums[f"energy_{load}"], sums["ferry_km"], year
    )
    kilometres, kilograms = [], []
    for one in edges[:10]:
        reached = networkx.single_source_dijkstra_path(
            graph, int(network.tail[one]), weight="kg_co2e"
        )
        paths = [reached[int(network.tail[two])] for two in edges[10:]]
        kilometres += [along(graph, path, "length") / 1000 for path in paths]
        kilograms += [along(graph, path, "kg_co2e") for path in paths]
    assert min(kilometres) > 0
    assert max(kilometres) > 100
    np.testing.assert_allclose(sums["km"], kilometres, rtol=1e-4)
    np.testing.assert_allclose(ours_kg, kilograms, rtol=1e-6)


def test_osmnx_routes_by_time_as_our_trucks_do(network):
    """`osmnx.shortest_path` with `travel_time` is a route by time; its hours are ours."""
    scenario = world("{route_by: time}")
    roads = RoadPrices(scenario, network, {})
    graph = roads.to_osmnx(TRUCK)
    edges = nodes_of_main_roads(network, 6, seed=2)
    for one, two in zip(edges[:3], edges[3:], strict=True):
        stops = [RoadStop(int(one), 0.0)], [RoadStop(int(two), 0.0)]
        ours = (
            roads.weigh(TRUCK, "full", ())
            .routes(*stops)
            .sums(Haulage(roads, TRUCK, ()).prices.quantities)
        )
        ends = int(network.tail[one]), int(network.tail[two])
        path = osmnx.shortest_path(graph, *ends, weight="travel_time")
        theirs_h = along(graph, path, "travel_time", "travel_time") / 3600
        assert theirs_h == pytest.approx(ours["hours"][0], rel=1e-6)
        assert set(osmnx.routing.route_to_gdf(graph, path)["speed_kph"]) <= set(
            find_speed(network, scenario.catalogue, network.maxspeed_km_h).tolist()
        )


def small(middle=None, **more):
    plain = Road("secondary")
    return make_network(NODES, EDGES, roads=[plain, middle or plain, plain, plain, plain], **more)


def test_each_edge_carries_speed_time_and_kilograms():
    """Full: litres by the curve, times diesel well to wheel; time is length by speed."""
    network = small()
    edge = network.to_osmnx(vehicle=TRUCK, load="full", year=2027.5)[0][1][0]
    scenario = world()
    truck, diesel = scenario.catalogue.vehicles[TRUCK], scenario.catalogue.fuels["diesel"]
    km = edge["length"] / 1000
    curve = truck.energy_per_100km
    litres = np.interp(edge["speed_kph"], curve.speed_km_h, curve.full) / 100 * km
    assert edge["kg_co2e"] == pytest.approx(
        litres * diesel.kg_co2e_wtw_per_unit.in_year(2027.5), rel=1e-12
    )
    assert edge["travel_time"] == pytest.approx(km / edge["speed_kph"] * 3600)
    assert edge["speed_kph"] == scenario.catalogue.speeds["secondary"].mean_km_h.value


@pytest.mark.parametrize(("load", "there"), [("full", False), ("empty", True)])
def test_edges_that_this_truck_may_not_use_are_left_out(load, there):
    """A bridge for 30 t closes to 56 t, and stays open to the same truck empty."""
    limits = tuple(30.0 if name == "maxweight_t" else np.nan for name in LIMITS)
    network = small(Road("secondary", limits=limits))
    graph = network.to_osmnx(vehicle=TRUCK, load=load)
    assert graph.has_edge(1, 2) is there
    assert network.to_osmnx().has_edge(1, 2)
    assert not small(Road("secondary", access=Access.CLOSED)).to_osmnx(vehicle=TRUCK).has_edge(1, 2)


def test_a_vehicle_may_be_an_entry_a_name_or_an_id_and_nothing_else():
    """Built-in trucks are found by id or name; others are told with what was meant."""
    network = small()
    truck = world().catalogue.vehicles[TRUCK]
    figures = [
        network.to_osmnx(vehicle=one, year=2027)[0][1][0]["kg_co2e"]
        for one in (truck, TRUCK, truck.name["da"])
    ]
    assert len(set(figures)) == 1
    with pytest.raises(InputError, match=r"`tipper_4_axel` is not a vehicle.*tipper_4_axle"):
        network.to_osmnx(vehicle="tipper_4_axel")
    with pytest.raises(InputError, match="a load is full / empty, got `half`"):
        network.to_osmnx(vehicle=TRUCK, load="half")


def test_the_graph_of_a_scenario_knows_its_changes_catalogue_and_model():
    """A road closed in 2028 for one truck is open in 2027, and open to the other truck."""
    change = f"{{at: [12.1, 55.4], closed: true, from: 2028, vehicles: [{TRUCK}]}}"
    network = small()
    scenario = make_scenario(
        WORLD.replace(
            "NETWORK", f"network: {{changes: [{change}]}}\nemissions: {{model: by_distance}}"
        )
    )
    roads = RoadPrices(scenario, network, {})
    assert roads.energy_model is MODELS["by_distance"]
    assert roads.to_osmnx(TRUCK, period="2027").has_edge(1, 2)
    assert not roads.to_osmnx(TRUCK, period="2028").has_edge(1, 2)
    assert roads.to_osmnx("tipper_4_axle", period="2028").has_edge(1, 2)


def test_edges_for_the_first_and_last_stretch_are_marked():
    """A road tagged `destination` stays in the graph, with `local` set."""
    network = small(Road("secondary", access=Access.LOCAL))
    graph = network.to_osmnx(vehicle=TRUCK)
    assert graph[1][2][0]["local"] is True
    assert graph[1][4][0]["local"] is False


def test_a_leg_is_found_again_from_site_to_site():
    """With sites at nodes the leg's `length_km` is the path's."""
    from raastof_geo import price_legs

    network, scenario = small(), world()
    legs = price_legs(scenario, network, snap_sites(network, scenario.sites))
    graph = legs.roads.to_osmnx("tipper_4_axle")
    path = networkx.shortest_path(graph, 0, 3, weight="kg_co2e")
    leg = legs.frame.query("vehicle == 'tipper_4_axle' and period == '2027'").iloc[0]
    assert along(graph, path, "length") / 1000 == pytest.approx(leg["length_km"], rel=1e-6)


def test_the_block_of_the_documentation_runs(capsys):
    """The five lines of docs/roads.md do what stands under them."""
    text = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    block = next(
        one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "to_osmnx" in one
    )
    names: dict = {}
    exec(compile(block, "docs/roads.md", "exec"), names)  # noqa: S102
    printed = capsys.readouterr().out
    assert re.fullmatch(r"\d+(\.\d)? km, \d+(\.\d)? kg CO2e\n", printed)
    promised = re.search(r"# (\d.*kg CO2e)", block)
    assert printed.strip() == promised.group(1)
