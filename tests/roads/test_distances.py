"""Routes between places on small networks, against networkx."""

from itertools import pairwise, product
import networkx as nx
import numpy as np
import pytest
from arcwise import find_lengths, mark_yards
from worlds import measure_all, random_network
from raastof_geo.roads.routing import router as router_module
from raastof_geo.roads.routing.engine import has_hierarchies
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import load_router

TRIANGLE = [(12.0, 55.4), (12.05, 55.4), (12.02, 55.43)]
ENGINES = [False, True] if has_hierarchies() else [False]


@pytest.mark.parametrize("seed", range(150))
def test_distances_equal_an_independent_search(seed):
    """One-ways, parallel edges, local and closed roads, turns, snapped ends: the same lengths."""
    rng = np.random.default_rng(seed)
    access = [(1.0, 0.0, 0.0), (0.7, 0.2, 0.1)][seed % 2]
    network, stops = random_network(rng, access=access, turns=(seed % 3) * 6)
    mark_yards(network)
    expected = find_lengths(network, stops) / 1000
    matrices = []
    for hierarchies in ENGINES:
        router = load_router(build_graph(network), hierarchies=hierarchies)
        measure = router.weigh(router.graph.length_km)
        matrices.append(measure_all(measure, stops, stops))
    np.testing.assert_allclose(matrices[0], expected, rtol=1e-5, atol=1e-5)
    for other in matrices[1:]:
        assert np.array_equal(matrices[0], other)


@pytest.mark.parametrize("seed", range(20))
def test_distances_equal_networkx(seed):
    """Without local roads and turns the lengths are those of networkx."""
    rng = np.random.default_rng(1000 + seed)
    network, stops = random_network(rng)
    graph = nx.MultiDiGraph()
    for edge in range(network.edge_count):
        here = {stop.share: f"s{stop.share}-{edge}" for stop in stops if stop.edge == edge}
        here = {0.0: int(network.tail[edge]), 1.0: int(network.head[edge])} | {
            share: name for share, name in here.items() if 0 < share < 1
        }
        for low, high in pairwise(sorted(here)):
            km = (high - low) * network.length_m[edge] / 1000
            if network.forward[edge]:
                graph.add_edge(here[low], here[high], km=km)
            if network.backward[edge]:
                graph.add_edge(here[high], here[low], km=km)
    names = [
        f"s{stop.share}-{stop.edge}"
        if 0 < stop.share < 1
        else int((network.head if stop.share else network.tail)[stop.edge])
        for stop in stops
    ]
    router = load_router(build_graph(network))
    found = measure_all(router.weigh(router.graph.length_km), stops, stops)
    for (row, one), (column, other) in product(enumerate(names), enumerate(names)):
        if one in graph and other in graph and nx.has_path(graph, one, other):
            expected = nx.shortest_path_length(graph, one, other, weight="km")
            # A stop at the end of a one-way edge is on that edge, not on its junction.
            assert found[row, column] >= expected - 1e-5
            if 0 < stops[row].share < 1 and 0 < stops[column].share < 1:
                assert found[row, column] == pytest.approx(expected, rel=1e-5, abs=1e-5)
        else:
            assert np.isinf(found[row, column])


@pytest.mark.parametrize("pairs_for_a_tree", [0, 1e9])
@pytest.mark.parametrize("hierarchies", ENGINES)
@pytest.mark.parametrize("seed", range(12))
def test_routes_add_up_to_the_matrix(monkeypatch, seed, hierarchies, pairs_for_a_tree):
    """Found one by one or by trees, a route is a chain of arcs whose lengths are the distance.

    A chain of places: a route that was sought where more arcs are told apart is put in as arcs of
    this graph, which may be told apart by where another route came from.
    """
    monkeypatch.setattr(router_module, "_PAIRS_FOR_A_TREE", pairs_for_a_tree)
    rng = np.random.default_rng(seed)
    network, stops = random_network(rng, access=(0.8, 0.1, 0.1), turns=4)
    router = load_router(build_graph(network), hierarchies=hierarchies)
    graph = router.graph
    measure = router.weigh(graph.length_km)
    matrix = measure_all(measure, stops, stops)
    pairs = list(product(stops, stops))
    routes = measure.routes([one for one, _ in pairs], [other for _, other in pairs])
    km = routes.sums({"km": graph.length_km})["km"]
    assert np.array_equal(routes.exists, np.isfinite(matrix.ravel()))
    np.testing.assert_allclose(
        km[routes.exists], matrix.ravel()[routes.exists], rtol=1e-5, atol=1e-5
    )
    for rank in np.flatnonzero(routes.exists):
        arcs = routes.arcs(rank)
        place = graph.place
        assert all(
            place[graph.end[one]] == place[graph.start[other]] for one, other in pairwise(arcs)
        )
        assert (routes.shares(rank) * graph.length_km[arcs]).sum() == pytest.approx(km[rank])
        assert graph.edge[arcs[0]] == pairs[rank][0].edge
        assert graph.edge[arcs[-1]] == pairs[rank][1].edge
        assert routes.shares(rank).min() >= -1e-9


@pytest.mark.parametrize("hierarchies", ENGINES)
def test_what_is_closed_to_this_truck_is_never_driven(hierarchies):
    """An infinite weight closes an arc, wherever it lies."""
    for seed in range(15):
        rng = np.random.default_rng(seed)
        network, stops = random_network(rng)
        router = load_router(build_graph(network), hierarchies=hierarchies)
        barred = rng.random(network.edge_count) < 0.3
        weight = np.where(barred[router.graph.edge], np.inf, router.graph.length_km)
        measure = router.weigh(weight)
        pairs = list(product(stops, stops))
        routes = measure.routes([one for one, _ in pairs], [other for _, other in pairs])
        for rank in np.flatnonzero(routes.exists):
            assert not barred[router.graph.edge[routes.arcs(rank)]].any()


@pytest.mark.parametrize("seed", range(15))
def test_distances_keep_the_triangle_inequality(seed):
    """From node to node, over a third one is never shorter."""
    network, _ = random_network(np.random.default_rng(seed), one_way=0.2)
    stops = [RoadStop(edge, 0.5) for edge in range(min(network.edge_count, 8))]
    router = load_router(build_graph(network))
    found = measure_all(router.weigh(router.graph.length_km), stops, stops)
    over = (found[:, :, None] + found[None, :, :]).min(axis=1)
    both = np.isfinite(over)
    assert np.all(found[both] <= over[both] + 1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_without_one_ways_there_and_back_are_as_long(seed):
    """Distances are symmetric where every road runs both ways."""
    network, stops = random_network(np.random.default_rng(seed), one_way=0.0)
    router = load_router(build_graph(network))
    found = measure_all(router.weigh(router.graph.length_km), stops, stops)
    np.testing.assert_allclose(found, found.T, atol=1e-5)


def test_weights_of_every_size_are_told_apart():
    """A grain of sand and a mountain on one network."""
    rng = np.random.default_rng(7)
    network, stops = random_network(rng, one_way=0.0)
    factor = 10.0 ** rng.integers(-6, 7, network.edge_count)
    for unit in (1e-9, 1.0, 1e9):
        router = load_router(build_graph(network))
        weight = (unit * factor * network.length_m)[router.graph.edge]
        found = measure_all(router.weigh(weight), stops, stops)
        plain = load_router(build_graph(network), hierarchies=False)
        assert np.array_equal(found, measure_all(plain.weigh(weight), stops, stops))


def test_restrictions_can_be_lifted():
    """`restricted=False` opens closed roads, and never makes a way longer."""
    network, stops = random_network(np.random.default_rng(3), access=(0.5, 0.3, 0.2), turns=5)
    legal = load_router(build_graph(network))
    free = load_router(build_graph(network, turns=False), restricted=False)
    one = measure_all(legal.weigh(legal.graph.length_km), stops, stops)
    other = measure_all(free.weigh(free.graph.length_km), stops, stops)
    assert np.all(other <= one + 1e-5)
    assert (other < one - 1e-3).any()
