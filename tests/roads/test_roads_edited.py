"""Files that were edited, merged or asked for in other forms: what is no road, and which date."""

import bz2
import gzip
from collections.abc import Callable
import numpy as np
import osmium
import pytest
from osmium.osm import mutable
from raastof_geo.cli import run_command
from raastof_geo.roads.load import from_osmnx, load_network
from raastof_geo.roads.mapped.osm import open_writer, read_osm

pytestmark = pytest.mark.usefixtures("english")

PLACES = {1: (12.0, 55.5), 2: (12.02, 55.5), 3: (12.04, 55.5), 4: (12.03, 55.51)}
WAYS = {10: (1, 2), 11: (2, 3), 12: (2, 4, 3)}


def town(sign: int = 1, node: str = "", **ways: str) -> str:
    """Write a small town; `node`, `w10` …: what stands in their opening tags beside."""
    body = [
        f'<node id="{sign * number}" lon="{lon}" lat="{lat}" {node}/>'
        for number, (lon, lat) in PLACES.items()
    ]
    for number, refs in WAYS.items():
        points = "".join(f'<nd ref="{sign * ref}"/>' for ref in refs)
        said = ways.get(f"w{number}", 'version="1"')
        body.append(f'<way id="{sign * number}" {said}>{points}{HIGHWAY}</way>')
    return f'<?xml version="1.0"?><osm version="0.6">{"".join(body)}</osm>'


HIGHWAY = '<tag k="highway" v="secondary"/>'


@pytest.fixture
def read(tmp_path) -> Callable[..., list[int]]:
    """Give the ids of the ways in a file."""

    def ids(text: str | bytes, name: str = "town.osm") -> list[int]:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return sorted(read_osm(file).way.tolist())

    return ids


@pytest.mark.parametrize(
    "said",
    [
        'version="1" action="delete"',
        "action='delete' version='1' visible='true'",
        'action="delete"\n visible="true" timestamp="2020-01-01T00:00:00Z"',
        'version="2" visible="false"',
    ],
)
@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_what_is_deleted_or_invisible_is_no_road(read, said, pack):
    """JOSM leaves it in its files, with `action`; the API's history with `visible`."""
    name = "town.osm" if pack is str.encode else "town.osm.gz"
    assert read(pack(town(w11=said)), name) == [10, 12]
    assert read(pack(town(w11='action="modify"')), name) == [10, 11, 12]


@pytest.mark.parametrize("first", [False, True])
def test_the_newest_version_counts(read, first):
    """Of merged files, whichever comes first: a way that was closed, a node that was moved."""
    old = f'<way id="11" version="1"><nd ref="2"/><nd ref="3"/>{HIGHWAY}</way>'
    new = '<way id="11" version="2"><nd ref="2"/><nd ref="3"/><tag k="building" v="yes"/></way>'
    pair = new + old if first else old + new
    text = town().replace('<way id="11" version="1"><nd ref="2"/><nd ref="3"/>' + HIGHWAY, pair, 1)
    text = text.replace(pair + "</way>", pair)
    assert read(text) == [10, 12]


def test_a_moved_node_lies_where_its_newest_version_says(tmp_path):
    """Its older version comes first or last, or is all there is."""
    moved = '<node id="3" lon="12.05" lat="55.5" version="7"/>'
    file = tmp_path / "town.osm"
    plain = '<node id="3" lon="12.04" lat="55.5" version="2"/>'
    for pair in (moved + plain, plain + moved):
        text = town().replace('<node id="3" lon="12.04" lat="55.5" />', pair)
        assert pair in text
        file.write_text(text)
        assert 12.05 in read_osm(file).node_lon


def test_older_versions_in_pbf_are_no_roads(tmp_path):
    """Two extracts put into one file without sorting."""
    file = tmp_path / "town.osm.pbf"
    with open_writer(str(file)) as writer:
        for number, place in PLACES.items():
            writer.add_node(mutable.Node(id=number, location=place, version=1))
        for version, tags in ((2, {"building": "yes"}), (1, {"highway": "primary"})):
            writer.add_way(mutable.Way(id=7, nodes=[1, 2], tags=tags, version=version))
        for version, name in ((1, "Gammel"), (2, "Ny"), (1, "Gammel")):
            tags = {"highway": "primary", "name": name}
            writer.add_way(mutable.Way(id=8, nodes=[2, 3], tags=tags, version=version))
    ways = read_osm(file)
    assert [ways.roads[kind].name for kind in ways.road] == ["Ny"]


def test_negative_ids_of_josm_are_read(read, tmp_path):
    """What is not yet uploaded has them; its roads are where they should be."""
    assert read(town(-1)) == [-12, -11, -10]
    found, plain = load_network(tmp_path / "town.osm"), tmp_path / "plain.osm"
    plain.write_text(town())
    expected = load_network(plain).length_m
    np.testing.assert_array_equal(np.sort(found.length_m), np.sort(expected))


def test_places_inside_ways_are_read(read):
    """Overpass' `out geom` tells them there, and leaves the nodes out."""
    text = town()
    for number, (lon, lat) in PLACES.items():
        text = text.replace(f'<node id="{number}" lon="{lon}" lat="{lat}" />', "")
        text = text.replace(
            f'<nd ref="{number}"/>', f'<nd ref="{number}" lat="{lat}" lon="{lon}"/>'
        )
    assert "<node" not in text
    assert read(text) == [10, 11, 12]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("town.osm.xml", bytes),
        ("town.xml", bytes),
        ("town.osm.bz2", bz2.compress),
        ("town.osm.gz", gzip.compress),
    ],
)
def test_other_endings_are_read(tmp_path, name, pack):
    """As `.osm` is, by whoever loads them."""
    file = tmp_path / name
    file.write_bytes(pack(town().encode()))
    assert load_network(file).edge_count == 3


STAMPED = town(node='timestamp="2012-07-05T10:00:00Z"', w10='timestamp="2012-07-06T10:00:00Z"')


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (town(), ""),
        (STAMPED, "2012-07-06"),
        (STAMPED.replace("07-05", "08-09"), "2012-08-09"),
        (STAMPED.replace('0.6">', '0.6"><meta osm_base="2020-02-03T04:05:06Z"/>', 1), "2020-02-03"),
        (STAMPED.replace('0.6"', '0.6" timestamp="2019-02-03T04:05:06Z"', 1), "2019-02-03"),
    ],
)
def test_the_date_is_what_the_file_says(tmp_path, text, date, capsys):
    """Its header, else its newest object, else nothing: never today."""
    file = tmp_path / "town.osm"
    file.write_text(text)
    assert load_network(file).metadata.osm_date == date
    assert run_command(["network", "info", str(file), "--lang", "en"]) == 0
    assert f"State of OpenStreetMap: {date or 'unknown'}" in capsys.readouterr().out


def test_the_date_of_pbf_is_its_newest_road(tmp_path):
    """Where its header says nothing."""
    (tmp_path / "town.osm").write_text(STAMPED)
    file = tmp_path / "town.osm.pbf"
    with open_writer(str(file)) as writer:
        osmium.apply(osmium.io.Reader(str(tmp_path / "town.osm")), writer)
    assert load_network(file).metadata.osm_date == "2012-07-06"


def test_a_graph_without_a_date_has_none(tmp_path):
    """That of today is not invented."""
    (tmp_path / "town.osm").write_text(town())
    graph = load_network(tmp_path / "town.osm").to_osmnx()
    del graph.graph["created_date"]
    assert from_osmnx(graph).metadata.osm_date == ""


def test_an_edge_that_runs_back_reads_its_directions_so(tmp_path):
    """Tags of a graph speak of the way as mapped, not of the edge."""
    said = 'version="1"'
    limited = HIGHWAY + '<tag k="maxweight:forward" v="10"/><tag k="oneway" v="-1"/>'
    text = town(w10=said).replace(
        f'<nd ref="1"/><nd ref="2"/>{HIGHWAY}', f'<nd ref="1"/><nd ref="2"/>{limited}'
    )
    (tmp_path / "town.osm").write_text(text)
    network = from_osmnx(load_network(tmp_path / "town.osm").to_osmnx())
    (road,) = [road for road in network.roads if road.rules]
    assert "maxweight:backward=10" in road.rules
