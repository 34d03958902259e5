"""Reading OpenStreetMap, and building a network of it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
import numpy as np
import pandas as pd
import pytest
import shapely
from build_data import link_towns
from raastof_geo.errors import RoadDataError
from raastof_geo.region.projection import measure_steps, project
from raastof_geo.roads.load import load_network
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES

SHARED = Path(__file__).parents[3] / "shared"
ZEALAND = SHARED / "osm" / "zealand-2021-08.osm.pbf"

Nodes = Mapping[int, tuple[float, float]]
Ways = list[tuple[list[int], dict[str, str]]]

EAST, NORTH = 12.0, 55.4
STEP = 0.01  # some 630 m of longitude, 1,110 m of latitude


pytestmark = pytest.mark.usefixtures("english")


def grid(*places: tuple[float, float]) -> dict[int, tuple[float, float]]:
    """Number places from one; a place counts steps east and north."""
    return {
        number: (EAST + STEP * east, NORTH + STEP * north)
        for number, (east, north) in enumerate(places, start=1)
    }


def write_osm(file: Path, nodes: Nodes, ways: Ways, *, ways_first: bool = False) -> Path:
    points = [f'<node id="{n}" lon="{x:.7f}" lat="{y:.7f}"/>' for n, (x, y) in nodes.items()]
    lines = [
        f'<way id="{number}">'
        + "".join(f'<nd ref="{ref}"/>' for ref in refs)
        + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        + "</way>"
        for number, (refs, tags) in enumerate(ways, start=1)
    ]
    body = lines + points if ways_first else points + lines
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">' + "".join(body) + "</osm>",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def build(tmp_path):
    def build_from(nodes: Nodes, ways: Ways, **options) -> RoadNetwork:
        return build_network(read_osm(write_osm(tmp_path / "a.osm", nodes, ways)), **options)

    return build_from


def names(network: RoadNetwork) -> set[str]:
    return {road.name for road in network.roads}


# Reading files.


def test_reading_gives_ways_with_places(tmp_path):
    """Every way comes with its nodes, class, directions, limit and name."""
    nodes = grid((0, 0), (1, 0), (2, 0))
    tags = {"highway": "primary", "maxspeed": "80", "name": "Køgevej", "oneway": "yes"}
    ways = read_osm(write_osm(tmp_path / "a.osm", nodes, [([1, 2, 3], tags)]))
    assert ways.node_lon[ways.node] == pytest.approx([12.0, 12.01, 12.02])
    road = ways.roads[ways.road[0]]
    assert road.road_class == "primary"
    assert (road.forward, road.backward) == (True, False)
    assert road.maxspeed_km_h == 80
    assert road.name == "Køgevej"
    assert ways.way.tolist() == [1]


def test_the_order_of_nodes_and_ways_does_not_matter(tmp_path):
    """A file with its ways in front reads the same."""
    nodes, lines = grid((0, 0), (1, 0)), [([1, 2], {"highway": "primary"})]
    one = read_osm(write_osm(tmp_path / "a.osm", nodes, lines))
    other = read_osm(write_osm(tmp_path / "b.osm", nodes, lines, ways_first=True))
    assert np.array_equal(one.node_lon, other.node_lon)
    assert np.array_equal(one.node, other.node)


def test_bounds_and_missing_nodes_cut_a_way_in_stretches(tmp_path):
    """A way that leaves and comes back becomes two."""
    nodes = grid((0, 0), (1, 0), (2, 0), (3, 0), (4, 0))
    del nodes[3]
    ways = read_osm(
        write_osm(tmp_path / "a.osm", nodes, [([1, 2, 3, 4, 5], {"highway": "primary"})])
    )
    assert np.diff(ways.node_start).tolist() == [2, 2]
    west = read_osm(tmp_path / "a.osm", area=shapely.box(11.9, 55.0, 12.015, 56.0))
    assert np.diff(west.node_start).tolist() == [2]


def bad_file(folder: Path, kind: str) -> Path:
    file = folder / "bad.osm"
    nodes = grid((0, 0), (1, 0))
    if kind == "folder":
        file.mkdir()
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "cut short":
        whole = write_osm(file, nodes, [([1, 2], {"highway": "primary"})]).read_text()
        file.write_text(whole[: len(whole) // 2])
    elif kind == "words":
        file.write_text("This is no map.")
    elif kind == "pbf":
        file = folder / "bad.osm.pbf"
        file.write_bytes(b"\x00\x00\x00\x0dnonsense" * 9)
    elif kind == "no roads":
        write_osm(file, nodes, [([1, 2], {"building": "yes"})])
    elif kind == "no nodes":
        write_osm(file, {}, [([1, 2], {"highway": "primary"})])
    elif kind == "unknown kind":
        file = folder / "bad.xyz"
        file.write_text("x")
    return file


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "There is no OpenStreetMap file"),
        ("folder", "is a folder"),
        ("empty", "is empty"),
        ("cut short", "was cut short"),
        ("words", "cannot be read as OpenStreetMap data"),
        ("pbf", "cannot be read as OpenStreetMap data"),
        ("unknown kind", "cannot be read as OpenStreetMap data"),
        ("no roads", "has no roads that trucks may use"),
        ("no nodes", "not the nodes"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, kind, sentence):
    """Each way of being wrong has its sentence."""
    with pytest.raises(RoadDataError, match=sentence):
        read_osm(bad_file(tmp_path, kind))


def test_bounds_without_roads_say_so(tmp_path):
    """Nothing inside the bounds is an answer of its own."""
    file = write_osm(tmp_path / "a.osm", grid((0, 0), (1, 0)), [([1, 2], {"highway": "primary"})])
    with pytest.raises(RoadDataError, match="no roads inside the bounds"):
        read_osm(file, area=shapely.box(0, 0, 1, 1))


# Building.


def test_ways_are_joined_where_nothing_changes(build):
    """Two ways of one kind in a row make one edge; a change of limit makes two."""
    nodes = grid((0, 0), (1, 0), (2, 0))
    plain, limited = {"highway": "primary"}, {"highway": "primary", "maxspeed": "60"}
    assert build(nodes, [([1, 2], plain), ([3, 2], plain)]).edge_count == 1
    assert build(nodes, [([1, 2], plain), ([2, 3], limited)]).edge_count == 2
    named = {"highway": "primary", "name": "Ringvej"}
    assert build(nodes, [([1, 2], plain), ([2, 3], named)]).edge_count == 2


def test_ways_are_split_where_roads_meet(build):
    """A junction in the middle of a way is a node."""
    nodes = grid((0, 0), (1, 0), (2, 0), (1, 1))
    network = build(nodes, [([1, 2, 3], {"highway": "primary"}), ([2, 4], {"highway": "primary"})])
    assert (network.node_count, network.edge_count) == (4, 3)


def test_a_oneway_edge_runs_from_tail_to_head(build):
    """Against its nodes or along them, a one-way road is forward."""
    nodes = grid((0, 0), (1, 0), (1, 1), (0, 1))
    ring = [
        ([1, 2], {"highway": "primary", "oneway": "yes"}),
        ([3, 2], {"highway": "secondary", "oneway": "-1"}),
        ([3, 4, 1], {"highway": "tertiary", "oneway": "yes"}),
    ]
    network = build(nodes, ring)
    assert network.edge_count == 3
    assert network.forward.all()
    assert not network.backward.any()
    assert sorted(network.tail.tolist()) == sorted(network.head.tolist()) == [0, 1, 2]


def test_no_edge_is_a_loop_and_parallel_edges_stay(build):
    """A blind road that ends in a loop, and a ring on its own, keep their length."""
    nodes = grid((0, 0), (1, 0), (2, 0), (2, 1), (1, 1))
    tags = {"highway": "primary"}
    network = build(nodes, [([1, 2, 3, 4, 5, 2], tags)], simplify_m=0)
    assert (network.tail != network.head).all()
    assert network.edge_count == 3
    ring = build(nodes, [([2, 3, 4, 5, 2], tags)], simplify_m=0)
    assert (ring.tail != ring.head).all()
    assert ring.edge_count == 2
    assert ring.length_m.sum() == pytest.approx(
        measure_steps(
            *np.array([[*nodes[a], *nodes[b]] for a, b in ((2, 3), (3, 4), (4, 5), (5, 2))]).T
        ).sum(),
        abs=0.2,
    )


def test_lengths_are_those_of_the_road_as_mapped(build):
    """Simplifying draws a bend straight but keeps its length."""
    nodes = grid((0, 0), (0.5, 0.01), (1, 0))  # eleven metres off the line
    line = [([1, 2, 3], {"highway": "primary"})]
    straight, bent = build(nodes, line), build(nodes, line, simplify_m=5)
    assert (len(straight.lon), len(bent.lon)) == (2, 3)
    assert straight.length_m == pytest.approx(bent.length_m, abs=0.02)
    assert straight.length_m[0] > measure_steps(12.0, 55.4, 12.01, 55.4)
    assert straight.metadata.largest_shift_m == pytest.approx(11.1, abs=0.2)


def test_what_cannot_be_left_again_is_dropped(build):
    """A one-way street into nowhere is not in the network."""
    nodes = grid((0, 0), (1, 0), (2, 0))
    ways = [([1, 2], {"highway": "primary"}), ([2, 3], {"highway": "primary", "oneway": "yes"})]
    assert build(nodes, ways).edge_count == 1


def test_a_piece_is_linked_by_the_shortest_minor_roads(build):
    """A village road that hangs alone gets its residential road, and no other."""
    nodes = grid((0, 0), (3, 0), (6, 0), (3, 1), (3, 2), (5, 1))
    ways = [
        ([1, 2, 3], {"highway": "primary"}),
        ([2, 4], {"highway": "residential", "name": "short"}),
        ([4, 5], {"highway": "tertiary"}),
        ([3, 6, 4], {"highway": "residential", "name": "long"}),
    ]
    network = build(nodes, ways)
    assert "short" in names(network)
    assert "long" not in names(network)
    assert {ROAD_CLASSES[index] for index in network.road_class} == {
        "primary",
        "tertiary",
        "residential",
    }


def test_a_town_far_from_every_kept_road_is_linked(build):
    """A town of minor roads only gets one link; without towns it has none."""
    nodes = grid((0, 0), (3, 0), (3, 1), (3, 2))
    ways = [([1, 2], {"highway": "primary"}), ([2, 3, 4], {"highway": "residential"})]
    towns = pd.DataFrame({"lon": [12.03], "lat": [55.42]})
    assert build(nodes, ways).edge_count == 1
    assert build(nodes, ways, link=partial(link_towns, towns=towns)).edge_count == 2


def test_an_island_is_reached_by_its_ferry_and_quay(build):
    """The ferry, and the residential roads to both quays, come along."""
    nodes = grid((0, 0), (3, 0), (3, 0.2), (3, 3), (3, 3.2), (3, 5))
    ways = [
        ([1, 2], {"highway": "primary"}),
        ([2, 3], {"highway": "residential"}),
        ([3, 4], {"route": "ferry", "motor_vehicle": "yes", "name": "Færgen"}),
        ([4, 5], {"highway": "service"}),
        ([5, 6], {"highway": "tertiary"}),
    ]
    network = build(nodes, ways)
    assert network.node_count == 6
    assert "Færgen" in names(network)


def test_a_gap_in_a_ferry_is_closed_and_a_blind_ferry_is_dropped(build):
    """No ferry ends at sea: loose ends of one name join, the others go."""
    nodes = grid((0, 0), (3, 0), (3, 1), (3, 1.2), (3, 3), (6, 3), (-3, 0))
    ferry = {"route": "ferry", "motor_vehicle": "yes"}
    ways = [
        ([1, 2], {"highway": "primary"}),
        ([2, 3], {**ferry, "name": "Sejerø"}),
        ([4, 5], {**ferry, "name": "Sejerø"}),
        ([5, 6], {"highway": "tertiary"}),
        ([1, 7], {**ferry, "name": "Kiel"}),
    ]
    network = build(nodes, ways)
    assert names(network) == {"", "Sejerø"}
    assert network.node_count == 4


def test_equal_ways_give_equal_networks(build):
    """Building twice gives the same fingerprint."""
    nodes = grid((0, 0), (1, 0), (2, 0), (1, 1))
    ways = [([1, 2, 3], {"highway": "primary"}), ([2, 4], {"highway": "secondary"})]
    one = build(nodes, ways, osm_date="2021-08-05")
    assert one.digest == build(nodes, ways, osm_date="2021-08-05").digest


def test_classes_without_roads_say_so(build):
    """A network of nothing is refused."""
    with pytest.raises(RoadDataError, match="wanted classes"):
        build(grid((0, 0), (1, 0)), [([1, 2], {"highway": "track"})])


# The real data.


@pytest.mark.skipif(not ZEALAND.exists(), reason="../shared/osm is not here")
def test_real_data_build_into_the_given_bounds():
    """Half of Køge builds, and each drawn road stays within the tolerance."""
    ways = read_osm(ZEALAND, area=shapely.box(12.1, 55.4, 12.25, 55.5))
    network = build_network(ways, simplify_m=10)
    assert network.metadata.osm_date == "2021-08-05"
    assert network.edge_count > 100
    assert 0 < network.metadata.largest_shift_m <= 10
    assert len(network.lon) < len(ways.node_lon)


@pytest.mark.skipif(not ZEALAND.exists(), reason="../shared/osm is not here")
def test_the_built_in_roads_lie_within_tolerance_of_the_source():
    """Each mapped point of a road that is kept everywhere lies on the built-in network."""
    network = load_network()
    ways = read_osm(ZEALAND, area=shapely.box(11.9, 55.3, 12.3, 55.6))
    kept = np.array([road.road_class in ("motorway", "primary") for road in ways.roads])
    nodes = np.unique(ways.node[np.repeat(kept[ways.road], np.diff(ways.node_start))])
    edge = np.repeat(np.arange(network.edge_count), np.diff(network.point_start))
    tree = shapely.STRtree(shapely.linestrings(network.xy, indices=edge))
    places = shapely.points(project(ways.node_lon[nodes], ways.node_lat[nodes]))
    _, gap = tree.query_nearest(places, return_distance=True, all_matches=False)
    assert np.quantile(gap, 0.995) <= network.metadata.simplified_m
