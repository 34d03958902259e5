"""The core of a graph, and the runs of arcs between its nodes."""

from itertools import pairwise
import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import make_network
from raastof_geo.roads.edges import Turn
from raastof_geo.roads.routing.graph import Reduction, RoadGraph, build_graph, reduce_graph


def lay(edges, *, one_way=(), against=(), turns=None) -> RoadGraph:
    rng = np.random.default_rng(0)
    count = max(max(edge) for edge in edges) + 1
    network = make_network(
        rng.uniform((12.0, 55.4), (12.2, 55.6), (count, 2)),
        edges,
        one_way=one_way,
        against=against,
        turns=turns,
    )
    return build_graph(network)


def random_graph(seed: int, *, turns: bool = False) -> RoadGraph:
    """Chains, dead ends, crossings, parallel edges, one-ways, and forbidden turns if asked for."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(7, 60))
    edges = [
        (rank, rank - 1 if rng.random() < 0.7 else int(rng.integers(rank)))
        for rank in range(1, count)
        if rng.random() < 0.95
    ]
    edges += [
        tuple(rng.choice(count, 2, replace=False).tolist())
        for _ in range(int(rng.integers(1, count)))
    ]
    edges += [edges[int(rng.integers(len(edges)))] for _ in range(2)]
    signs = rng.random(len(edges))
    found = []
    for edge, (_, head) in enumerate(edges if turns else []):
        after = [2 * other for other, (tail, _) in enumerate(edges) if tail == head]
        found += [Turn(False, (2 * edge, arc)) for arc in after if rng.random() < 0.3]
    return lay(
        edges,
        one_way=np.flatnonzero(signs < 0.15).tolist(),
        against=np.flatnonzero(signs > 0.9).tolist(),
        turns=found,
    )


def draw_weight(graph: RoadGraph, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).integers(1, 1000, len(graph.start)).astype(np.float64)


def to_networkx(tails, heads, weights) -> nx.DiGraph:
    """Join nodes by the least of the arcs between them."""
    graph = nx.DiGraph()
    rows = zip(np.asarray(tails).tolist(), np.asarray(heads).tolist(), weights, strict=True)
    for tail, head, weight in rows:
        if weight < graph.get_edge_data(tail, head, {"weight": np.inf})["weight"]:
            graph.add_edge(tail, head, weight=float(weight))
    return graph


def check(graph: RoadGraph, through: NDArray[np.bool_], weight: NDArray[np.float64]) -> Reduction:
    """Hold a reduction against all that it promises."""
    core = reduce_graph(graph, ~through, np.zeros_like(through))
    check_numbers(graph, core)
    check_runs(graph, core, through)
    check_size(graph, core, through)
    sums = core.add_up(weight)
    assert sums.shape == core.tail.shape
    small = to_networkx(core.node[core.tail], core.node[core.head], sums)
    whole = to_networkx(graph.start[through], graph.end[through], weight[through])
    small.add_nodes_from(core.node.tolist())
    inside = set(core.node.tolist())
    for node in inside:
        kept = nx.single_source_dijkstra_path_length(small, node)
        expected = nx.single_source_dijkstra_path_length(whole, node)
        assert kept == {other: far for other, far in expected.items() if other in inside}
    return core


def check_numbers(graph: RoadGraph, core: Reduction):
    assert len(core.core) == graph.size
    assert np.array_equal(core.core[core.node], np.arange(len(core.node)))
    assert np.count_nonzero(core.core >= 0) == len(core.node)


def check_runs(graph: RoadGraph, core: Reduction, through: NDArray[np.bool_]):
    """Runs are arcs end to end, from one core node to another over none."""
    assert len(core.run_start) == len(core.tail) + 1 == len(core.head) + 1
    assert core.run_start[0] == 0
    assert core.run_start[-1] == len(core.run_arc)
    for rank, (first, last) in enumerate(pairwise(core.run_start.tolist())):
        arcs = core.run_arc[first:last]
        assert len(arcs)
        assert through[arcs].all()
        assert core.core[graph.start[arcs[0]]] == core.tail[rank]
        assert core.core[graph.end[arcs[-1]]] == core.head[rank]
        assert core.tail[rank] != core.head[rank]
        assert np.array_equal(graph.end[arcs[:-1]], graph.start[arcs[1:]])
        assert np.all(core.core[graph.end[arcs[:-1]]] == -1)


def check_size(graph: RoadGraph, core: Reduction, through: NDArray[np.bool_]):
    """Core nodes lie in no dead end; each is a crossing, or has arcs side by side."""
    streets = nx.Graph()
    usable = through & (graph.start != graph.end)
    pairs = list(zip(graph.start[usable].tolist(), graph.end[usable].tolist(), strict=True))
    streets.add_edges_from(pairs)
    rest = nx.k_core(streets, 2)
    nodes = set(core.node.tolist())
    assert nodes <= set(rest)
    assert {node for node in rest if rest.degree(node) > 2} <= nodes
    doubled = {node for pair in pairs if pairs.count(pair) > 1 for node in pair}
    assert {node for node in nodes if rest.degree(node) == 2} <= doubled


@pytest.mark.parametrize("seed", range(60))
def test_the_core_keeps_all_distances(seed):
    """Between nodes of the core the way over runs weighs what the way over arcs weighs."""
    graph = random_graph(seed)
    check(graph, np.ones(len(graph.start), bool), draw_weight(graph, seed))


@pytest.mark.parametrize("seed", range(40))
def test_the_core_of_a_graph_with_forbidden_turns_keeps_all_distances(seed):
    """Nodes that only some arcs lead to reduce as others do."""
    graph = random_graph(seed, turns=True)
    check(graph, np.ones(len(graph.start), bool), draw_weight(graph, seed))


@pytest.mark.parametrize("seed", range(40))
def test_arcs_that_no_traffic_passes_are_in_no_run(seed):
    """Distances are those over the arcs that traffic passes through."""
    graph = random_graph(seed)
    through = np.random.default_rng(seed).random(len(graph.start)) < 0.8
    check(graph, through, draw_weight(graph, seed))


def test_a_closed_arc_closes_its_run():
    """The sum along a run is infinite where one of its arcs is."""
    # A ring of six with a chord: two crossings, and three runs each way between them.
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (0, 3)]
    graph = lay(ring)
    weight = np.ones(len(graph.start))
    weight[(graph.edge == 1) & graph.ahead] = np.inf
    core = check(graph, np.ones(len(graph.start), bool), np.ones(len(graph.start)))
    assert core.node.tolist() == [0, 3]
    assert sorted(core.add_up(weight).tolist()) == [1, 1, 3, 3, 3, np.inf]


NO_CORE = {
    "one edge": ([(0, 1)], ()),
    "one one-way edge": ([(0, 1)], (0,)),
    "a chain": ([(0, 1), (1, 2), (2, 3)], ()),
    "a star": ([(0, 1), (0, 2), (0, 3)], ()),
    "a ring without exits": ([(0, 1), (1, 2), (2, 3), (3, 0)], ()),
    "a one-way ring": ([(0, 1), (1, 2), (2, 3), (3, 0)], (0, 1, 2, 3)),
    "a lollipop": ([(0, 1), (1, 2), (2, 3), (3, 1)], ()),
    "an edge from a node to itself": ([(0, 0)], ()),
    "two edges between the same nodes": ([(0, 1), (0, 1)], ()),
}


@pytest.mark.parametrize("name", NO_CORE)
def test_what_has_nothing_to_decide_has_no_core(name):
    """Trees and single rings are left to whoever starts or stops there."""
    edges, one_way = NO_CORE[name]
    graph = lay(edges, one_way=one_way)
    core = check(graph, np.ones(len(graph.start), bool), draw_weight(graph, 1))
    assert len(core.node) == len(core.tail) == len(core.run_arc) == 0


def test_nothing_is_left_where_nothing_may_be_passed():
    """An empty mask gives an empty core, and sums of nothing."""
    graph = random_graph(3)
    core = check(graph, np.zeros(len(graph.start), bool), draw_weight(graph, 3))
    assert len(core.node) == 0
    assert core.run_start.tolist() == [0]
    assert core.add_up(np.ones(len(graph.start))).shape == (0,)


@pytest.mark.parametrize("doubled", [(0, 1), (1, 0)], ids=["alongside", "opposed"])
def test_parallel_edges_stay_apart(doubled):
    """Of two edges between the same nodes both can be driven, and each has runs of its own."""
    graph = lay([(0, 1), doubled, (1, 2), (2, 0)])
    weight = draw_weight(graph, 1)
    core = check(graph, np.ones(len(graph.start), bool), weight)
    assert core.node.tolist() == [0, 1]
    assert len(core.tail) == 6


def test_a_chain_of_one_ways_runs_one_way():
    """A chain that is one-way, or one-way in its middle, gives one run, not two."""
    # A ring of six with a chord; edge 1 is one-way, and edges 3 and 4 point at each other.
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (5, 4), (5, 0), (0, 3)]
    graph = lay(ring, one_way=[1, 3, 4])
    core = check(graph, np.ones(len(graph.start), bool), draw_weight(graph, 1))
    runs = [
        graph.edge[core.run_arc[first:last]].tolist() for first, last in pairwise(core.run_start)
    ]
    assert sorted(runs) == [[0, 1, 2], [6], [6]]


def test_two_rings_joined_by_a_road_are_two_crossings():
    """A ring that hangs on one crossing is no way from anywhere else to anywhere else."""
    graph = lay([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 6), (6, 4)])
    core = check(graph, np.ones(len(graph.start), bool), draw_weight(graph, 1))
    assert core.node.tolist() == [2, 4]
    assert len(core.tail) == 2


def test_a_long_chain_is_one_run_each_way():
    """Two thousand nodes in a row are one run, in either direction."""
    size = 2000
    edges = [*pairwise(range(size)), (size - 1, 0), (0, size), (size, size - 1)]
    graph = lay(edges)
    core = check(graph, np.ones(len(graph.start), bool), draw_weight(graph, 1))
    assert core.node.tolist() == [0, size - 1]
    assert sorted(np.diff(core.run_start).tolist()) == [1, 1, 2, 2, size - 1, size - 1]
