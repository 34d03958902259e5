"""Routes between sites on small networks."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from worlds import make_network

from raastof_geo.errors import SnapError
from raastof_geo.roads.route import build_graph, draw_route, find_routes
from raastof_geo.roads.snap import Anchors, snap_sites
from raastof_geo.scenario.model import Site


def place(lon, lat):
    return Site(lon=lon, lat=lat, pit={"supplies": ["fill_sand"]})


TRIANGLE = [(12.0, 55.4), (12.05, 55.4), (12.02, 55.43)]


@pytest.mark.parametrize("seed", range(40))
def test_distances_equal_networkx(seed):
    """One-ways, parallel edges, several sites on one edge: distances equal networkx's."""
    rng = np.random.default_rng(seed)
    edges = [tuple(rng.choice(7, 2, replace=False)) for _ in range(14)]
    network = make_network(
        rng.uniform((12, 55.4), (12.2, 55.6), (7, 2)), [*edges, edges[0]],
        one_way=[1, 4, 7], against=[2, 5], lengths_m=rng.uniform(100, 5000, 15),
    )  # fmt: skip
    frame = pd.DataFrame({"edge": [0, 0, 1, 6, 0], "share": rng.uniform(0.05, 0.95, 5)})
    frame.index = pd.Index(list("abcde"))
    graph = build_graph(network, Anchors(frame))
    other = nx.MultiDiGraph()
    for edge, (tail, head) in enumerate([*edges, edges[0]]):
        mine = frame[frame["edge"] == edge].sort_values("share")
        stops = [(0.0, tail), *zip(mine["share"], mine.index, strict=True), (1.0, head)]
        for (low, one), (high, two) in pairwise(stops):
            km = (high - low) * network.length_m[edge] / 1000
            if network.forward[edge]:
                other.add_edge(one, two, km=km)
            if network.backward[edge]:
                other.add_edge(two, one, km=km)
    pairs = [(one, two) for one in "abcde" for two in "abcde"]
    table = find_routes(graph, graph.length_km, list("abcde"))
    sums, exists = table.sums(*zip(*pairs, strict=True), {"km": graph.length_km})
    for (one, two), km, found in zip(pairs, sums["km"], exists, strict=True):
        assert found == nx.has_path(other, one, two)
        if found:
            expected = nx.shortest_path_length(other, one, two, weight="km")
            assert km == pytest.approx(expected, abs=1e-6)
            assert graph.length_km[table.arcs(one, two)].sum() == pytest.approx(km)


def test_routes_are_drawn_from_site_to_site():
    """A drawn route starts and ends at the snapped places."""
    network = make_network(TRIANGLE, [(0, 1), (1, 2), (2, 0)])
    anchors = snap_sites(network, {"a": place(12.01, 55.401), "b": place(12.035, 55.415)})
    graph = build_graph(network, anchors)
    line = draw_route(graph, find_routes(graph, graph.length_km, ["a"]).arcs("a", "b"))
    np.testing.assert_allclose(line[[0, -1]], anchors.frame[["lon", "lat"]], atol=1e-6)


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
