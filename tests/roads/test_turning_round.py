"""Where trucks turn round: in dead ends and at sites, and nowhere else.

`real/` has the roads of four small files of OpenStreetMap, cut out by `tools/cut_roads.py`.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, permutations
from pathlib import Path
import numpy as np
import pytest
from arcwise import Driving, find_lengths, mark_yards
from places import CASES
from two_ways import WORLD
from worlds import make_network, make_scenario, measure_all, random_network
from raastof_geo.legs.roads import Haulage, RoadPrices
from raastof_geo.pipeline import solve_scenario
from raastof_geo.roads.edges import Turn
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.mapped.tags import read_road
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.routing.drive import judge_roads, size_truck
from raastof_geo.roads.routing.engine import has_hierarchies
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import load_router
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.catalogue import load_catalogue

ENGINES = [False, True] if has_hierarchies() else [False]
FILES = ("helsinki_centre", "krems", "monaco", "tuno_denmark")
TRUCKS = ("tipper_4_axle", "truck_trailer_7_axle")
EACH = pytest.mark.parametrize(("file", "truck"), [(one, two) for one in FILES for two in TRUCKS])


@lru_cache
def real(file):
    """Read the roads of a real file."""
    return lay_network(read_osm(Path(__file__).parent / "real" / f"{file}.osm.pbf"))


def bar(network, truck):
    """Tell which edges a full truck may not use for its size."""
    sized = size_truck(load_catalogue().vehicles[truck], "full")
    return judge_roads(network, sized, np.zeros(network.edge_count, bool)).closed.all(axis=0)


def draw_stops(network, barred, count):
    """Draw places in the middle of roads that are open to all."""
    usable = (network.access == Access.OPEN) & ~barred & (network.length_m > 20)
    edges = np.random.default_rng(60).choice(np.flatnonzero(usable), count)
    return [RoadStop(edge, 0.5) for edge in dict.fromkeys(edges.tolist())]


def measure(network, barred, *, hierarchies=None, turns_in_dead_end=True, reach_km=0.25):
    graph = build_graph(network, closing=barred, reach_km=reach_km)
    router = load_router(graph, hierarchies=hierarchies)
    weight = np.where(barred[router.graph.edge], np.inf, router.graph.length_km)
    return router.weigh(weight, turns_in_dead_end=turns_in_dead_end)


def turned(driving, arcs):
    """Give the arcs of a route behind which it turns round, past barriers of no length."""
    path = [arc for arc in arcs if driving.network.length_m[arc // 2] > 0]
    return [one for one, other in pairwise(path) if other == one ^ 1]


def goes_on(driving, arc):
    """Tell whether a road goes on behind an arc, past barriers that this truck passes."""
    reached, todo = set(), [driving.arcs[arc][1]]
    while todo:
        node = todo.pop()
        for other in driving.out[node]:
            if driving.network.length_m[other // 2] > 0:
                if other != arc ^ 1:
                    return True
            elif driving.arcs[other][1] not in reached:
                reached.add(driving.arcs[other][1])
                todo.append(driving.arcs[other][1])
    return False


@EACH
def test_no_route_turns_round_where_the_road_goes_on(file, truck):
    """Of 3,540 routes between 60 places none; it was 319 in Helsinki and 36 in Krems."""
    network = real(file)
    barred = bar(network, truck)
    driving = Driving(network, barred=barred)
    stops = draw_stops(network, barred, 60)
    measured = measure(network, barred)
    routes = measured.routes(*map(list, zip(*permutations(stops, 2), strict=True)))
    graph = measured.router.graph
    assert routes.exists.sum() > 1500
    for rank in np.flatnonzero(routes.exists):
        found = routes.arcs(rank)
        arcs = (2 * graph.edge[found] + ~graph.ahead[found]).tolist()
        assert not [arc for arc in turned(driving, arcs) if goes_on(driving, arc)]


@EACH
def test_real_routes_equal_a_search_over_arcs(file, truck):
    """Both engines find the lengths of an independent search, and no place is lost.

    All pairs that a truck reaches that turns round anywhere are reached by one that does not.
    """
    network = real(file)
    mark_yards(network)
    barred = bar(network, truck)
    stops = draw_stops(network, barred, 25)
    expected = find_lengths(network, stops, barred=barred) / 1000
    anywhere = find_lengths(network, stops, barred=barred, turns_round="anywhere") / 1000
    assert np.array_equal(np.isfinite(expected), np.isfinite(anywhere))
    assert np.all(anywhere <= expected + 1e-9)
    if file == "helsinki_centre":
        assert np.any(anywhere < expected - 1e-3)
    matrices = [
        measure_all(measure(network, barred, hierarchies=kind), stops, stops) for kind in ENGINES
    ]
    np.testing.assert_allclose(matrices[0], expected, rtol=1e-6, atol=1e-4)
    for other in matrices[1:]:
        assert np.array_equal(matrices[0], other)


@pytest.mark.parametrize("turns_round", ["in dead ends", "nowhere"])
@pytest.mark.parametrize("seed", range(60))
def test_random_routes_equal_a_search_over_arcs(seed, turns_round):
    """Closed to this truck or to all, local, one-way and restricted; with dead ends or without."""
    rng = np.random.default_rng(seed)
    access = [(1.0, 0.0, 0.0), (0.7, 0.2, 0.1)][seed % 2]
    network, stops = random_network(rng, access=access, turns=8)
    mark_yards(network)
    barred = rng.random(network.edge_count) < 0.15 * (seed % 3)
    expected = find_lengths(network, stops, barred=barred, turns_round=turns_round) / 1000
    turns = turns_round == "in dead ends"
    matrices = [
        measure_all(
            measure(network, barred, hierarchies=kind, turns_in_dead_end=turns), stops, stops
        )
        for kind in ENGINES
    ]
    np.testing.assert_allclose(matrices[0], expected, rtol=1e-5, atol=1e-5)
    for other in matrices[1:]:
        assert np.array_equal(matrices[0], other)


@pytest.mark.parametrize("hierarchies", ENGINES)
def test_arcs_told_apart_near_restrictions_find_what_the_whole_graph_does(hierarchies):
    """From restrictions alone, then farther where a route turns round, which some do at first."""
    turning = 0
    for seed in range(12):
        network, stops = random_network(np.random.default_rng(seed), turns=8)
        mark_yards(network)
        barred = np.zeros(network.edge_count, bool)
        near, whole = (
            measure(network, barred, hierarchies=hierarchies, reach_km=reach)
            for reach in (0.0, np.inf)
        )
        assert len(near.router.graph.start) < len(whole.router.graph.start)
        assert whole.router.wider is None
        expected = find_lengths(network, stops, barred=barred) / 1000
        for one in (near, whole):
            found = measure_all(one, stops, stops)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        pairs = [*zip(*permutations(stops, 2), strict=True)]
        narrow = replace(near, router=replace(near.router, graph=_unwidened(near.router.graph)))
        turning += narrow.routes(*pairs).turn_at(near._no_turning).sum()
        assert not near.routes(*pairs).turn_at(near._no_turning).any()
    assert turning > 0


def _unwidened(graph):
    return replace(graph, reach_km=np.inf)


@pytest.mark.parametrize("hierarchies", ENGINES)
def test_a_forbidden_left_turn_leads_round_the_block(hierarchies):
    """Left is forbidden: 3.70 km as Valhalla and OSRM have it, not 1.90 with a turn in the road."""
    path = CASES / "roads" / "uturn_after_no_left" / "roads.osm"
    network = lay_network(read_osm(path))
    edge = {int(way): rank for rank, way in enumerate(network.way)}
    nothing = np.zeros(network.edge_count, bool)
    found = measure_all(
        measure(network, nothing, hierarchies=hierarchies),
        [RoadStop(edge[1], 0.2)],
        [RoadStop(edge[20], 0.75)],
    )
    assert found[0, 0] == pytest.approx(3.70, abs=0.01)


SPUR = {"nodes": [(12.0, 55.4), (12.01, 55.4), (12.01, 55.41), (12.02, 55.4), (12.03, 55.4)]}
"""A road from the west, a turning to the north at its first crossing, two further stretches."""


def spur(lengths_m=(100, 100, 100, 100)):
    """No left turn from the west to the north; further east the road ends twice as far on."""
    edges = [(0, 1), (1, 2), (1, 3), (3, 4)]
    turns = (Turn(False, (0, 2)),)
    return make_network(SPUR["nodes"], edges, lengths_m=lengths_m, turns=turns)


@pytest.mark.parametrize("hierarchies", ENGINES)
@pytest.mark.parametrize(
    ("barred", "turns", "km"),
    [
        ([], True, 0.05 + 0.4 + 0.05),
        ([3], True, 0.05 + 0.2 + 0.05),
        ([2], True, np.inf),
        ([], False, np.inf),
    ],
)
def test_a_road_that_is_closed_to_this_truck_ends_for_it(barred, turns, km, hierarchies):
    """It turns where nothing goes on that it may use; where it never turns there is no way."""
    network = spur()
    mask = np.isin(np.arange(network.edge_count), barred)
    measured = measure(network, mask, hierarchies=hierarchies, turns_in_dead_end=turns)
    found = measure_all(measured, [RoadStop(0, 0.5)], [RoadStop(1, 0.5)])
    assert found[0, 0] == pytest.approx(km)


@pytest.mark.parametrize("hierarchies", ENGINES)
@pytest.mark.parametrize(("behind", "km"), [(True, 0.5), (False, 0.3)])
def test_a_barrier_is_no_road_to_turn_on(behind, km, hierarchies):
    """Behind a gate of no length a truck goes on to the end of the road, if there is any."""
    network = spur((100, 100, 100, 0))
    if behind:
        edges = [(0, 1), (1, 2), (1, 3), (3, 4), (4, 5)]
        network = make_network(
            [*SPUR["nodes"], (12.04, 55.4)],
            edges,
            lengths_m=(100, 100, 100, 0, 100),
            turns=(Turn(False, (0, 2)),),
        )
    measured = measure(network, np.zeros(network.edge_count, bool), hierarchies=hierarchies)
    found = measure_all(measured, [RoadStop(0, 0.5)], [RoadStop(1, 0.5)])
    assert found[0, 0] == pytest.approx(km, abs=1e-6)


DEAD_END = """
title: A dead end
language: en
periods: [2027]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
network: {file: roads.osm}
catalogue:
  vehicles:
    truck_trailer_7_axle: {turns_in_dead_end: false}
sites:
  a: {lon: 11.9936561, lat: 55.5, offers: [{material: clean_clay_soil, amount: 100 t}]}
  z: {lon: 12.0, lat: 55.5026978, receiver: {accepts: [clean_clay_soil]}}
"""


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("key", "value"),
    [("restriction", "no_left_turn"), ("restriction:conditional", "no_left_turn @ (weight>7.5)")],
)
def test_a_truck_may_say_that_it_does_not_turn_in_dead_ends(key, value, tmp_path):
    """Where no other way leads there its legs are lost, and the reason is told.

    Whether the turn that it would undo is forbidden to all or to such trucks.
    """
    roads = (CASES / "roads" / "uturn_after_no_left" / "roads.osm").read_text(encoding="utf-8")
    roads = roads.replace('k="restriction" v="no_left_turn"', f'k="{key}" v="{value}"')
    assert f'v="{value}"' in roads
    for way in ("4", "21", "31", "50", "51"):
        start = roads.index(f'<way id="{way}"')
        roads = roads[:start] + roads[roads.index("</way>", start) + len("</way>") :]
    (tmp_path / "roads.osm").write_text(roads, encoding="utf-8")
    (tmp_path / "world.yaml").write_text(DEAD_END, encoding="utf-8")
    legs = solve_scenario(read_scenario(tmp_path / "world.yaml")).legs
    assert set(legs.frame.vehicle) == {"tipper_4_axle"}
    assert set(legs.lost.vehicle) == {"truck_trailer_7_axle"}
    assert "turns_in_dead_end: false" in legs.lost.reason.iloc[0]


HEAVY = "hgv:conditional=no @ (weight>12)"


@pytest.mark.parametrize("closed", ["by its tags", "by the scenario"])
@pytest.mark.parametrize("bound", ["every truck", "heavy ones"])
def test_a_road_closed_to_some_ends_for_them_whoever_may_not_turn(closed, bound):
    """The road beyond is closed to heavy trucks or by a change: they turn where it begins."""
    network, text = spur(), WORLD
    if closed == "by its tags":
        tags = dict([HEAVY.split("=", 1)])
        roads = [Road("secondary")] * 3 + [read_road({"highway": "secondary", **tags})]
        network = replace(network, roads=tuple(roads))
    else:
        text = text.replace("{NETWORK}", "{changes: [{at: [12.0205, 55.4], closed: true}]}")
    if bound == "heavy ones":
        tags = "restriction:conditional=no_left_turn @ (weight>7.5)"
        some = tuple(turn._replace(tags=tags) for turn in network.turns)
        network = replace(network, turns=(), some_turns=some)
    stops = {"pit": RoadStop(0, 0.5), "road": RoadStop(1, 0.5)}
    prices = RoadPrices(make_scenario(text.replace("{NETWORK}", "{}")), network, stops)
    found = prices.find([("pit", "road")], "tipper_4_axle")
    assert found.exists[0]
    driven = Haulage(prices, "tipper_4_axle", prices.spell_of("2027")).prices.quantities["km"]
    assert found.sums({"km": driven})["km"][0] == pytest.approx(0.05 + 0.2 + 0.05)
