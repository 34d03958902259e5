"""Routes between stops on small networks, and where sites meet the road."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise
import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import make_network, measure_all
from raastof_geo.errors import SnapError
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.routing import router as router_module
from raastof_geo.roads.routing.engine import has_hierarchies
from raastof_geo.roads.routing.graph import RoadGraph, RoadStop, build_graph
from raastof_geo.roads.routing.router import Router, Routes, WeightedRoads, load_router
from raastof_geo.roads.snap import place_stops, snap_sites
from raastof_geo.scenario.said.site import Site

WEST, SOUTH, EAST, NORTH = 12.0, 55.4, 12.2, 55.6
TRIANGLE = [(12.0, 55.4), (12.05, 55.4), (12.02, 55.43)]
ENGINES = pytest.mark.parametrize(
    "hierarchies",
    [
        pytest.param(False, id="scipy"),
        pytest.param(
            True,
            id="routingkit",
            marks=pytest.mark.skipif(
                not has_hierarchies(), reason="routingkit_cch has no wheel on this machine"
            ),
        ),
    ],
)
BOTH_ENGINES = pytest.mark.skipif(
    not has_hierarchies(), reason="routingkit_cch has no wheel on this machine"
)


@dataclass(frozen=True, eq=False)
class World:
    """A network, what its arcs weigh, and stops on it."""

    network: RoadNetwork
    cost: NDArray[np.float64]
    """Weight of each edge ahead and against. [edges × 2]"""
    stops: list[RoadStop]

    def weight(self, graph: RoadGraph) -> NDArray[np.float64]:
        return self.cost[graph.edge, np.where(graph.ahead, 0, 1)]


def draw_edges(rng: np.random.Generator, count: int, pieces: int) -> list[tuple[int, int]]:
    """Draw chains, dead ends, crossings and parallel edges, in several pieces."""
    edges: list[tuple[int, int]] = []
    piece = np.sort(rng.integers(pieces, size=count))
    for number in range(pieces):
        nodes = np.flatnonzero(piece == number).tolist()
        for rank in range(1, len(nodes)):
            before = rank - 1 if rng.random() < 0.6 else int(rng.integers(rank))
            edges.append((nodes[rank], nodes[before]))
        if len(nodes) > 1:
            for _ in range(int(rng.integers(len(nodes)))):
                one, other = rng.choice(nodes, 2, replace=False).tolist()
                edges.append((one, other))
    edges += [edges[int(rng.integers(len(edges)))] for _ in range(2)]
    return [edge if rng.random() < 0.5 else edge[::-1] for edge in edges]


def draw_stops(rng: np.random.Generator, edges: int, count: int) -> list[RoadStop]:
    """Draw stops, several on one edge, some at its very ends, one of them twice."""
    busy = rng.integers(edges, size=max(count // 2, 1))
    shares = np.where(rng.random(count) < 0.3, rng.integers(2, size=count), rng.random(count))
    stops = [RoadStop(int(rng.choice(busy)), float(share)) for share in shares]
    return [*stops, stops[0]]


def random_world(
    seed: int,
    *,
    one_ways: float = 0.3,
    local: float = 0.0,
    closed: float = 0.0,
    barred: float = 0.0,
    pieces: int | None = None,
    count: int | None = None,
    stops: int = 9,
) -> World:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(7, 41)) if count is None else count
    edges = draw_edges(rng, count, int(rng.integers(1, 4)) if pieces is None else pieces)
    size = len(edges)
    signs = rng.random(size)
    kinds = rng.choice(
        [Access.OPEN, Access.LOCAL, Access.CLOSED],
        size,
        p=[max(1 - local - closed, 0.0), local, closed],
    )
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2)),
        edges,
        one_way=np.flatnonzero(signs < one_ways * 0.6).tolist(),
        against=np.flatnonzero((signs >= one_ways * 0.6) & (signs < one_ways)).tolist(),
        lengths_m=rng.uniform(50, 5000, size),
        roads=[Road("secondary", access=Access(kind)) for kind in kinds],
    )
    cost = np.repeat(network.length_m[:, None] / 1000, 2, axis=1)
    cost[rng.random(size) < barred] = np.inf
    return World(network, cost, draw_stops(rng, size, stops))


def prepared(world: World, *, hierarchies: bool, **options: bool) -> tuple[Router, WeightedRoads]:
    router = load_router(build_graph(world.network), hierarchies=hierarchies, **options)
    return router, router.weigh(world.weight(router.graph))


# A reference of its own: edges cut at the stops, in three layers.


def find_local(network: RoadNetwork) -> NDArray[np.bool_]:
    """Tagged roads, and open ones that only they join to the longest open part."""
    local = network.access == Access.LOCAL
    if not local.any():
        return local
    ends = list(zip(network.tail.tolist(), network.head.tolist(), strict=True))
    usable, through = nx.MultiGraph(), nx.MultiGraph()
    for edge, (tail, head) in enumerate(ends):
        if network.access[edge] != Access.CLOSED:
            usable.add_edge(tail, head)
        if network.access[edge] == Access.OPEN:
            through.add_edge(tail, head, km=network.length_m[edge], number=edge)
    for whole in nx.connected_components(usable):
        parts = [through.subgraph(part) for part in nx.connected_components(through)]
        parts = [part for part in parts if set(part) <= whole]
        parts.sort(key=lambda part: part.size("km"))
        for part in parts[:-1]:
            local[[number for _, _, number in part.edges(data="number")]] = True
    return local


def expected_matrix(world: World, *, restricted: bool = True) -> NDArray[np.float64]:
    """Least weights by networkx: local roads, then open ones, then local ones."""
    network = world.network
    local = find_local(network) if restricted else np.zeros(network.edge_count, bool)
    graph = nx.DiGraph()
    usable = set()

    def join(one, other, weight):
        if weight < graph.get_edge_data(one, other, {"weight": np.inf})["weight"]:
            graph.add_edge(one, other, weight=weight)

    for edge in range(network.edge_count):
        if restricted and network.access[edge] == Access.CLOSED:
            continue
        shares = sorted({stop.share for stop in world.stops if stop.edge == edge})
        nodes = [("node", int(network.tail[edge])), *((edge, share) for share in shares)]
        nodes.append(("node", int(network.head[edge])))
        for (one, low), (other, high) in pairwise(zip(nodes, [0, *shares, 1], strict=True)):
            for layer in (0, 2) if local[edge] else (1,):
                if network.forward[edge] and np.isfinite(world.cost[edge, 0]):
                    join((layer, one), (layer, other), (high - low) * world.cost[edge, 0])
                    usable.add(edge)
                if network.backward[edge] and np.isfinite(world.cost[edge, 1]):
                    join((layer, other), (layer, one), (high - low) * world.cost[edge, 1])
                    usable.add(edge)
    for _, node in list(graph):
        join((0, node), (1, node), 0.0)
        join((1, node), (2, node), 0.0)
    matrix = np.full((len(world.stops), len(world.stops)), np.inf)
    for row, origin in enumerate(world.stops):
        if origin.edge not in usable:
            continue
        source = (0, (origin.edge, origin.share))
        reached = nx.single_source_dijkstra_path_length(graph, source)
        for column, goal in enumerate(world.stops):
            matrix[row, column] = reached.get((2, (goal.edge, goal.share)), np.inf)
    return matrix


def slack(world: World, measure: WeightedRoads) -> float:
    """What rounding to whole units may add up to along a route."""
    return (2 * world.network.edge_count + 4) / measure.scale


def check_matrix(world: World, measure: WeightedRoads, *, restricted: bool = True):
    found = measure_all(measure, world.stops, world.stops)
    expected = expected_matrix(world, restricted=restricted)
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(
        found[finite], expected[finite], rtol=1e-5, atol=slack(world, measure)
    )
    return found


def check_routes(world: World, router: Router, measure: WeightedRoads):
    """Hold every route against the matrix, the roads that it may use, and the map."""
    pairs = [(one, other) for one in world.stops for other in world.stops]
    origins, goals = map(list, zip(*pairs, strict=True))
    routes = measure.routes(origins, goals)
    matrix = measure_all(measure, world.stops, world.stops).ravel()
    np.testing.assert_array_equal(routes.weight, matrix)
    weight = world.weight(router.graph)
    driven = np.where(np.isfinite(weight), weight, 0.0)
    loss = 1e-9 * driven.max()
    with np.errstate(invalid="ignore"):
        sums = routes.sums({"weight": driven, "km": router.graph.length_km})
    np.testing.assert_array_equal(np.isnan(sums["weight"]), np.isinf(matrix))
    np.testing.assert_allclose(
        sums["weight"][routes.exists], matrix[routes.exists], rtol=1e-5, atol=slack(world, measure)
    )
    for rank, (origin, goal) in enumerate(pairs):
        if routes.exists[rank]:
            check_route(router, weight, routes, rank, origin, goal)
            parts = routes.shares(rank)
            arcs = routes.arcs(rank)
            driven_sum = (parts * driven[arcs]).sum()
            assert driven_sum == pytest.approx(sums["weight"][rank], rel=1e-6, abs=loss)
            km = router.graph.length_km[arcs]
            assert (parts * km).sum() == pytest.approx(sums["km"][rank], abs=1e-6)
        else:
            assert not len(routes.arcs(rank))
            assert not len(routes.draw(rank))
    return routes


def check_route(
    router: Router,
    weight: NDArray[np.float64],
    routes: Routes,
    rank: int,
    origin: RoadStop,
    goal: RoadStop,
):
    graph = router.graph
    arcs = routes.arcs(rank)
    assert np.all(np.isfinite(weight[arcs]))
    assert not router.reduction.closed[arcs].any()
    np.testing.assert_array_equal(graph.end[arcs[:-1]], graph.start[arcs[1:]])
    assert graph.edge[arcs[0]] == origin.edge
    assert graph.edge[arcs[-1]] == goal.edge
    shares = routes.shares(rank)
    assert np.all((shares >= -1e-12) & (shares <= 1 + 1e-12))
    assert np.all(shares[1:-1] == 1)
    pattern = "".join("l" if one else "o" for one in router.reduction.local[arcs])
    assert re.fullmatch("l*o*l*", pattern)
    line = routes.draw(rank)
    np.testing.assert_allclose(line[0], place_of(graph.network, origin), atol=2e-6)
    np.testing.assert_allclose(line[-1], place_of(graph.network, goal), atol=2e-6)


def place_of(network: RoadNetwork, stop: RoadStop) -> NDArray[np.float64]:
    """Where a stop lies on a straight edge. [degrees]"""
    ends = [
        np.array([network.node_lon[node], network.node_lat[node]])
        for node in (network.tail[stop.edge], network.head[stop.edge])
    ]
    return ends[0] + stop.share * (ends[1] - ends[0])


# The matrix.


@ENGINES
@pytest.mark.parametrize("seed", range(20))
def test_the_matrix_equals_networkx(seed, hierarchies):
    """One-ways, parallel edges, chains, pieces, stops anywhere: weights equal networkx's."""
    world = random_world(seed)
    router, measure = prepared(world, hierarchies=hierarchies)
    assert (router.hierarchy is not None) is bool(hierarchies and router.reduction.tail.size)
    check_matrix(world, measure)


@ENGINES
def test_units_are_fine(hierarchies):
    """The matrix is counted in units that are small beside any road."""
    world = random_world(3, pieces=1)
    _, measure = prepared(world, hierarchies=hierarchies)
    assert 1 / measure.scale < 1e-6 * float(world.cost.max())


@BOTH_ENGINES
@pytest.mark.parametrize("seed", range(30))
def test_both_engines_give_the_same_matrix(seed):
    """Contraction hierarchies and Dijkstra's algorithm agree to the last bit."""
    world = random_world(seed, local=0.15, closed=0.05, barred=0.1, stops=15)
    one, other = (prepared(world, hierarchies=kind)[1] for kind in (True, False))
    assert one.scale == other.scale
    assert np.array_equal(
        measure_all(one, world.stops, world.stops), measure_all(other, world.stops, world.stops)
    )


@ENGINES
@pytest.mark.parametrize("seed", range(8))
def test_directions_may_weigh_differently(seed, hierarchies):
    """Uphill and downhill count each for itself."""
    world = random_world(seed, one_ways=0.1)
    rng = np.random.default_rng(seed)
    world = replace(world, cost=world.cost * rng.uniform(0.5, 2, world.cost.shape))
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("seed", range(5))
def test_a_larger_network_equals_networkx(seed, hierarchies):
    """A hundred crossings and sixty stops: more doors than are searched at once."""
    rng = np.random.default_rng(seed)
    points = rng.uniform((WEST, SOUTH), (EAST, NORTH), (100, 2))
    edges = [tuple(rng.choice(100, 2, replace=False).tolist()) for _ in range(220)]
    network = make_network(
        points, edges, one_way=range(0, 220, 7), lengths_m=rng.uniform(50, 5000, 220)
    )
    cost = np.repeat(network.length_m[:, None] / 1000, 2, axis=1)
    world = World(network, cost, draw_stops(rng, 220, 30))
    _, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)


@ENGINES
def test_origins_and_destinations_may_differ(hierarchies):
    """A matrix has a row for each origin and a column for each destination, or none."""
    world = random_world(1, pieces=1)
    _, measure = prepared(world, hierarchies=hierarchies)
    whole = measure_all(measure, world.stops, world.stops)
    part = measure_all(measure, world.stops[:2], world.stops[3:8])
    assert np.array_equal(part, whole[:2, 3:8])
    assert measure_all(measure, [], world.stops).shape == (0, len(world.stops))
    assert measure_all(measure, world.stops, []).shape == (len(world.stops), 0)
    assert len(measure.routes([], []).exists) == 0


@ENGINES
@pytest.mark.parametrize("seed", range(10))
def test_the_same_place_is_no_way_off(seed, hierarchies):
    """From a place to itself there is nothing to drive."""
    world = random_world(seed)
    _, measure = prepared(world, hierarchies=hierarchies)
    found = measure_all(measure, world.stops, world.stops)
    assert np.all(np.diag(found) == 0)
    assert found[0, -1] == found[-1, 0] == 0


@ENGINES
@pytest.mark.parametrize("seed", range(12))
def test_no_detour_is_shorter(seed, hierarchies):
    """Way over a third crossing is never shorter than the straight one."""
    world = random_world(seed)
    _, measure = prepared(world, hierarchies=hierarchies)
    both = np.flatnonzero(world.network.forward & world.network.backward)
    crossings = [RoadStop(int(edge), 0.0) for edge in both[:12]]
    matrix = measure_all(measure, crossings, crossings)
    over = matrix[:, :, None] + matrix[None, :, :]
    assert np.all(matrix[:, None, :] <= over + 4 / measure.scale)


@ENGINES
@pytest.mark.parametrize("seed", range(12))
def test_there_is_as_far_as_back_without_one_ways(seed, hierarchies):
    """Where every road runs both ways, weights are symmetric."""
    world = random_world(seed, one_ways=0.0, local=0.1)
    _, measure = prepared(world, hierarchies=hierarchies)
    matrix = measure_all(measure, world.stops, world.stops)
    assert np.array_equal(np.isinf(matrix), np.isinf(matrix.T))
    finite = np.isfinite(matrix)
    np.testing.assert_allclose(matrix[finite], matrix.T[finite], rtol=0, atol=4 / measure.scale)


# Weights that are hard to count in whole units.


@ENGINES
@pytest.mark.parametrize("seed", range(8))
def test_a_wide_range_of_weights_is_kept(seed, hierarchies):
    """A ferry of a million beside lanes of a thousandth: no answer is off by more than units."""
    world = random_world(seed, pieces=1, one_ways=0.15)
    rng = np.random.default_rng(seed)
    cost = world.cost.copy()
    cost[:] = rng.choice([1e6, 1.0, 1e-3], (len(cost), 1), p=[0.1, 0.5, 0.4])
    world = replace(world, cost=cost)
    router, measure = prepared(world, hierarchies=hierarchies)
    found = measure_all(measure, world.stops, world.stops)
    expected = expected_matrix(world)
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(
        found[finite], expected[finite], rtol=1e-6, atol=slack(world, measure)
    )
    assert 1 / measure.scale < 1e-6 * cost.sum()
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e9])
def test_units_of_weights_do_not_matter(factor, hierarchies):
    """Weights in grams or in megatonnes give the same routes."""
    world = random_world(5, local=0.1)
    world = replace(world, cost=world.cost * factor)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
def test_roads_may_weigh_nothing(hierarchies):
    """Where nothing weighs anything every way that exists is found, and weighs next to nothing."""
    world = random_world(6)
    expected = expected_matrix(world)
    world = replace(world, cost=np.zeros_like(world.cost))
    _, measure = prepared(world, hierarchies=hierarchies)
    found = measure_all(measure, world.stops, world.stops)
    assert np.array_equal(np.isinf(found), np.isinf(expected))
    assert np.all(found[np.isfinite(found)] <= slack(world, measure))


def ring(first: int, spokes: int) -> list[tuple[int, int]]:
    """Two rings, one inside the other, and spokes between: every node is a crossing."""
    inner = [first + 2 * rank for rank in range(spokes)]
    after = [*inner[1:], inner[0]]
    rings = [(one + s, other + s) for one, other in zip(inner, after, strict=True) for s in (0, 1)]
    return [*rings, *((one, one + 1) for one in inner)]


@ENGINES
@pytest.mark.parametrize("heavy_km", [1e3, 1e8])
@pytest.mark.parametrize("join", ["nothing", "a one-way", "a closed bridge"])
def test_the_farthest_ways_are_found_off_the_largest_part(join, heavy_km, hierarchies):
    """On an island, beyond a one-way bridge or a weak one, roads may be the longest of all."""
    rng = np.random.default_rng(1)
    light, heavy = ring(0, 70), ring(140, 60)
    edges = [*light, *heavy, *([] if join == "nothing" else [(140, 0)])]
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (260, 2)),
        edges,
        one_way=[len(edges) - 1] if join == "a one-way" else [],
    )
    cost = np.full((len(edges), 2), 1.0)
    cost[len(light) : len(light) + len(heavy)] = heavy_km
    if join == "a closed bridge":
        cost[-1] = np.inf
    stops = [RoadStop(0, 0.5), RoadStop(len(light) - 1, 0.5)]
    stops += [RoadStop(len(light), 0.0), RoadStop(len(light) + 60, 0.5)]
    world = World(network, cost, stops)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
def test_the_farthest_ways_are_found_where_nobody_comes_back(hierarchies):
    """A long ring of one-ways that the hub reaches at no place has routes of its own."""
    rng = np.random.default_rng(1)
    light, heavy = ring(0, 70), ring(140, 60)
    # Every node of the ring leaves it for the hub at once, and none is reached from there.
    exits = [(node, 0) for node in range(140, 260)]
    edges = [*light, *heavy, *exits]
    rails = [len(light) + rank for rank in range(2 * 60)]
    first = len(light) + len(heavy)
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (260, 2)),
        edges,
        one_way=[*rails, *range(first, len(edges))],
    )
    cost = np.full((len(edges), 2), 1.0)
    cost[len(light) : first] = 1000.0
    stops = [RoadStop(0, 0.5), RoadStop(len(light), 0.0), RoadStop(first - 1, 0.5)]
    world = World(network, cost, stops)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("behind", ["dead end", "ring", "local"])
def test_a_long_way_off_the_core_is_found(behind, hierarchies):
    """A dead end, a ring without exits or a local road may outweigh the rest of the network."""
    rng = np.random.default_rng(2)
    core = ring(0, 5)
    long = 30
    chain = [(10 + rank, 11 + rank) for rank in range(long - 1)]
    edges = [*core, *chain]
    if behind != "ring":
        edges.append((9, 10))
    else:
        edges.append((10 + long - 1, 10))
    kinds = [Road("secondary")] * len(edges)
    if behind == "local":
        kinds[len(core) :] = [Road("service", access=Access.LOCAL)] * (len(edges) - len(core))
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (10 + long, 2)), edges, roads=kinds
    )
    cost = np.full((len(edges), 2), 1.0)
    cost[len(core) :] = 500.0
    stops = [RoadStop(0, 0.5), RoadStop(len(core), 0.2), RoadStop(len(core) + long // 2, 0.5)]
    stops.append(RoadStop(len(core) + long - 2, 0.9))
    world = World(network, cost, stops)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
def test_a_long_local_road_across_one_ways_is_found(hierarchies):
    """A long local road may run against one-way roads through the crossings of the core."""
    rng = np.random.default_rng(4)
    left = [2 * rank for rank in range(60)]
    rails = [(one + 2 + side, one + side) for one in left[:-1] for side in (0, 1)]
    rungs = [(one, one + 1) for one in left]
    up = list(pairwise(left))
    edges = [*rails, *rungs, *up]
    kinds = [Road("secondary")] * (len(edges) - len(up))
    kinds += [Road("service", access=Access.LOCAL)] * len(up)
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (120, 2)),
        edges,
        one_way=range(len(rails)),
        roads=kinds,
    )
    cost = np.full((len(edges), 2), 1.0)
    cost[-len(up) :] = 1000.0
    stops = [RoadStop(len(edges) - len(up), 0.5), RoadStop(len(edges) - 1, 0.5)]
    stops += [RoadStop(0, 0.5), RoadStop(len(rails) - 1, 0.5)]
    world = World(network, cost, stops)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


# Routes.


@ENGINES
@pytest.mark.parametrize("trees", [False, True], ids=["singly", "trees"])
@pytest.mark.parametrize("seed", range(8))
def test_routes_weigh_what_the_matrix_says(seed, trees, hierarchies, monkeypatch):
    """Routes hang together, end at their stops, and add up to the matrix."""
    monkeypatch.setattr(router_module, "_PAIRS_FOR_A_TREE", 0 if trees else 1e9)
    world = random_world(seed, local=0.1, closed=0.05, barred=0.1)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("seed", range(6))
def test_trees_and_single_searches_agree(seed, hierarchies, monkeypatch):
    """Whether routes are found one by one or by trees, each weighs the same."""
    world = random_world(seed, count=40, pieces=1, local=0.1, stops=40)
    _, measure = prepared(world, hierarchies=hierarchies)
    pairs = [(one, other) for one in world.stops[:10] for other in world.stops]
    origins, goals = map(list, zip(*pairs, strict=True))
    found = []
    for pairs_for_a_tree in (0, 1e9):
        monkeypatch.setattr(router_module, "_PAIRS_FOR_A_TREE", pairs_for_a_tree)
        routes = measure.routes(origins, goals)
        km = routes.sums({"km": measure.router.graph.length_km})["km"]
        found.append((routes.exists, routes.weight, km))
    (there, weight, km), (there_too, weight_too, km_too) = found
    assert np.array_equal(there, there_too)
    assert np.array_equal(weight, weight_too)
    np.testing.assert_allclose(km, km_too, atol=slack(world, measure))


@ENGINES
@pytest.mark.parametrize("seed", range(10))
def test_routes_have_every_quantity_of_their_arcs(seed, hierarchies):
    """Sums of a quantity that nobody weighed by are those of the arcs that are driven."""
    world = random_world(seed, pieces=1)
    router, measure = prepared(world, hierarchies=hierarchies)
    quantity = np.random.default_rng(seed).uniform(0, 5, len(router.graph.edge))
    goals = world.stops[::-1]
    routes = measure.routes(world.stops, goals)
    sums = routes.sums({"it": quantity})["it"]
    for rank in range(len(goals)):
        if routes.exists[rank]:
            expected = (routes.shares(rank) * quantity[routes.arcs(rank)]).sum()
            assert sums[rank] == pytest.approx(expected, abs=1e-9)


@ENGINES
@pytest.mark.parametrize("trees", [False, True], ids=["singly", "trees"])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_sums_are_the_same_in_portions(count, trees, hierarchies, monkeypatch):
    """Sums are added up some routes at a time, to the last bit as those of all at once."""
    monkeypatch.setattr(router_module, "_PAIRS_FOR_A_TREE", 0 if trees else 1e9)
    monkeypatch.setattr(router_module, "_PAIRS_AT_ONCE", 7)
    world = random_world(3, count=40, local=0.1, closed=0.05, stops=40)
    router, measure = prepared(world, hierarchies=hierarchies)
    stops = world.stops[:count]
    origins, goals = stops * 3, stops + stops[::-1] * 2
    quantity = {"it": np.random.default_rng(3).uniform(0, 5, len(router.graph.edge))}
    whole = measure.routes(origins, goals).sums(quantity)
    np.testing.assert_array_equal(measure.sums(origins, goals, quantity)["it"], whole["it"])


# Roads that are closed, and roads for the first and the last stretch only.


@ENGINES
@pytest.mark.parametrize("seed", range(15))
def test_roads_too_weak_for_a_truck_are_never_used(seed, hierarchies):
    """What weighs infinitely is closed, on the way and at either end."""
    world = random_world(seed, barred=0.25)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("seed", range(20))
def test_local_roads_are_first_and_last_stretches_only(seed, hierarchies):
    """A route is local, then open, then local, wherever its stops lie; closed roads never."""
    world = random_world(seed, local=0.3, closed=0.1, one_ways=0.15)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("seed", range(10))
def test_roads_may_all_be_local_or_closed(seed, hierarchies):
    """A network without a road to pass through still has ways from yard to yard."""
    world = random_world(seed, local=0.8, closed=0.2)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    check_routes(world, router, measure)


@ENGINES
@pytest.mark.parametrize("seed", range(8))
def test_without_restrictions_every_road_is_open(seed, hierarchies):
    """`restricted=False` opens closed and local roads."""
    world = random_world(seed, local=0.3, closed=0.3)
    router, measure = prepared(world, hierarchies=hierarchies, restricted=False)
    found = check_matrix(world, measure, restricted=False)
    check_routes(world, router, measure)
    assert not router.reduction.closed.any()
    assert not router.reduction.local.any()
    tight = expected_matrix(world)
    assert np.all(found <= tight + slack(world, measure))


# Networks that are hardly any.


SMALL = {
    "one edge": ([(0, 1)], []),
    "one one-way edge": ([(0, 1)], [0]),
    "two edges between the same nodes": ([(0, 1), (0, 1)], []),
    "a chain": ([(0, 1), (1, 2), (2, 3)], []),
    "a one-way chain": ([(0, 1), (1, 2), (2, 3)], [0, 1, 2]),
    "a ring": ([(0, 1), (1, 2), (2, 3), (3, 0)], []),
    "a one-way ring": ([(0, 1), (1, 2), (2, 3), (3, 0)], [0, 1, 2, 3]),
    "a lollipop": ([(0, 1), (1, 2), (2, 3), (3, 1)], []),
    "a one-way lollipop": ([(0, 1), (1, 2), (2, 3), (3, 1)], [1, 2, 3]),
    "a star": ([(0, 1), (0, 2), (0, 3)], []),
    "a pair of spectacles": ([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)], []),
    "an eight": ([(0, 1), (1, 2), (2, 0), (0, 3), (3, 4), (4, 0)], []),
    "a ring and an edge apart": ([(0, 1), (1, 2), (2, 0), (3, 4)], []),
    "an edge that comes back": ([(0, 1), (1, 1), (1, 2)], []),
    "opposed one-ways": ([(0, 1), (2, 1)], [0, 1]),
    "a theta": ([(0, 1), (1, 2), (0, 3), (3, 2), (0, 2)], []),
}


@ENGINES
@pytest.mark.parametrize("name", SMALL)
def test_the_smallest_networks_have_routes(name, hierarchies, monkeypatch):
    """Every pair of stops on a network of a few edges, by trees and singly."""
    edges, one_way = SMALL[name]
    rng = np.random.default_rng(0)
    count = max(max(edge) for edge in edges) + 1
    lengths = rng.uniform(500, 1500, len(edges))
    network = make_network(
        rng.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2)),
        edges,
        one_way=one_way,
        lengths_m=lengths,
    )
    stops = [RoadStop(edge, share) for edge in range(len(edges)) for share in (0.0, 0.4, 1.0)]
    world = World(network, np.repeat(lengths[:, None] / 1000, 2, axis=1), stops)
    router, measure = prepared(world, hierarchies=hierarchies)
    check_matrix(world, measure)
    for pairs_for_a_tree in (0, 1e9):
        monkeypatch.setattr(router_module, "_PAIRS_FOR_A_TREE", pairs_for_a_tree)
        check_routes(world, router, measure)


# Sites on the road.


def place(lon, lat):
    return Site(lon=lon, lat=lat, pit={"supplies": ["fill_sand"]})


@ENGINES
def test_routes_are_drawn_from_site_to_site(hierarchies):
    """A drawn route starts and ends at the snapped places."""
    network = make_network(TRIANGLE, [(0, 1), (1, 2), (2, 0)])
    anchors = snap_sites(network, {"a": place(12.01, 55.401), "b": place(12.035, 55.415)})
    stops = place_stops(anchors)
    router = load_router(build_graph(network), hierarchies=hierarchies)
    line = router.weigh(router.graph.length_km).routes([stops["a"]], [stops["b"]]).draw(0)
    np.testing.assert_allclose(line[[0, -1]], anchors.frame[["lon", "lat"]], atol=1e-6)


def bend(network: RoadNetwork, edge: int, lon: float, lat: float) -> RoadNetwork:
    """Give an edge a point more, in the middle."""
    at = int(network.point_start[edge]) + 1
    start = network.point_start.copy()
    start[edge + 1 :] += 1
    return replace(
        network,
        point_start=start,
        lon=np.insert(network.lon, at, lon),
        lat=np.insert(network.lat, at, lat),
    )


@ENGINES
def test_routes_along_bent_roads_are_drawn_from_site_to_site(hierarchies):
    """On a road with a corner, too, a route starts and ends at the snapped places."""
    network = make_network([(12.0, 55.4), (12.1, 55.5)], [(0, 1)])
    network = bend(network, 0, 12.1, 55.4)
    sites = {"a": place(12.03, 55.4), "b": place(12.1, 55.47)}
    anchors = snap_sites(network, sites)
    router = load_router(build_graph(network), hierarchies=hierarchies)
    stops = place_stops(anchors)
    measure = router.weigh(router.graph.length_km)
    for one, other in (("a", "b"), ("b", "a")):
        line = measure.routes([stops[one]], [stops[other]]).draw(0)
        assert len(line) == 3
        np.testing.assert_allclose(line[0], sites[one].lon_lat, atol=1e-4)
        np.testing.assert_allclose(line[1], (12.1, 55.4), atol=1e-9)
        np.testing.assert_allclose(line[-1], sites[other].lon_lat, atol=1e-4)
    places = anchors.frame[["lon", "lat"]]
    np.testing.assert_allclose(places, [site.lon_lat for site in sites.values()], atol=1e-4)


def test_a_stop_lies_where_its_site_meets_the_road():
    """Stops take edge and share from the anchors, by name of the site."""
    network = make_network(TRIANGLE, [(0, 1), (1, 2), (2, 0)])
    anchors = snap_sites(network, {"a": place(12.0125, 55.401), "b": place(12.05, 55.4)})
    stops = place_stops(anchors)
    assert list(stops) == ["a", "b"]
    assert stops["a"].edge == 0
    assert stops["a"].share == pytest.approx(0.25, abs=1e-3)
    np.testing.assert_allclose(
        place_of(network, stops["b"]), anchors.frame.loc["b", ["lon", "lat"]].astype(float)
    )


def test_all_sites_too_far_are_named():
    """Every site beyond the limit is named at once."""
    network = make_network(TRIANGLE, [(0, 1), (1, 2), (2, 0)])
    with pytest.raises(SnapError) as caught:
        snap_sites(network, {"a": place(12.5, 55.4), "b": place(12.6, 55.4)})
    assert "`a`" in str(caught.value)
    assert "`b`" in str(caught.value)


def test_no_site_is_snapped_to_a_one_way_dead_end():
    """A site lies on a road from which trucks come back."""
    network = make_network([*TRIANGLE, (12.1, 55.4)], [(0, 1), (1, 2), (2, 0), (1, 3)], one_way=[3])
    frame = snap_sites(network, {"a": place(12.06, 55.4)}).frame
    assert frame["edge"].iloc[0] != 3


def test_no_site_is_snapped_to_a_closed_road():
    """A site lies on a road that trucks may use, if only for the last stretch."""
    kinds = [Road("secondary")] * 3
    kinds += [Road("service", access=Access.CLOSED), Road("service", access=Access.LOCAL)]
    network = make_network(
        [*TRIANGLE, (12.05, 55.38), (12.0, 55.38)],
        [(0, 1), (1, 2), (2, 0), (1, 3), (0, 4)],
        roads=kinds,
    )
    frame = snap_sites(
        network, {"a": place(12.05, 55.395), "b": place(12.0, 55.39)}, limit_m=5000
    ).frame
    assert frame["edge"].tolist() == [0, 4]
