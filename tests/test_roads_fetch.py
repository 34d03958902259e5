"""Downloading roads; the server is one of our own, on this machine."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import osmnx
import pytest

from raastof_geo.errors import DownloadError, RoadDataError
from raastof_geo.language import speaking
from raastof_geo.roads.fetch import fetch_network
from raastof_geo.roads.network import ROAD_CLASSES, read_network

BOUNDS = (12.0, 55.4, 12.03, 55.42)
NODES = {1: (12.005, 55.405), 2: (12.01, 55.405), 3: (12.015, 55.405), 4: (12.01, 55.41)}
WAYS = {
    10: ([1, 2], {"highway": "primary", "ref": "E 47", "maxspeed": "80"}),
    11: ([2, 3], {"highway": "primary", "ref": "E 47", "maxspeed": "80"}),
    12: ([4, 2], {"highway": "residential", "oneway": "-1"}),
    13: ([4, 3], {"highway": "tertiary", "oneway": "yes"}),
    14: ([1, 4], {"highway": "service", "access": "private"}),
}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def answer(**more) -> dict:
    elements = [{"type": "node", "id": n, "lon": x, "lat": y} for n, (x, y) in NODES.items()]
    elements += [
        {"type": "way", "id": number, "nodes": nodes, "tags": tags}
        for number, (nodes, tags) in WAYS.items()
    ]
    stamp = {"timestamp_osm_base": "2024-02-29T12:00:00Z"}
    return {"version": 0.6, "osm3s": stamp, "elements": elements, **more}


class Overpass:
    """A server that answers everything alike, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.content = 200, json.dumps(answer())
        self.asked: list[str] = []
        self.places: list[dict] = []
        overpass = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                overpass.asked.append(parse_qs(body)["data"][0])
                self.send_response(overpass.status)
                self.end_headers()
                self.wfile.write(overpass.content.encode())

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(overpass.places).encode())

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"


@pytest.fixture
def overpass() -> Iterator[Overpass]:
    found = Overpass()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_download_becomes_a_network(overpass, tmp_path):
    """Roads of the answer, joined, with the date that the server tells."""
    file = fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url)
    network = read_network(file)
    assert file == tmp_path / "roads.npz"
    assert network.metadata.osm_date == "2024-02-29"
    assert network.names == ("", "E47")
    assert sorted(ROAD_CLASSES[index] for index in network.road_class) == [
        "primary",
        "primary",
        "residential",
        "tertiary",
    ]
    assert network.maxspeed_km_h[network.name == 1].tolist() == [80, 80]


def test_a_road_against_its_nodes_keeps_its_direction(overpass, tmp_path):
    """`oneway=-1` from 4 to 2 may be driven from 2 to 4."""
    network = read_network(
        fetch_network(bounds=BOUNDS, into=tmp_path / "a.npz", overpass_url=overpass.url)
    )
    (edge,) = (network.road_class == ROAD_CLASSES.index("residential")).nonzero()[0]
    begin, end = network.tail[edge], network.head[edge]
    if not network.forward[edge]:
        begin, end = end, begin
    assert network.node_lat[begin] == pytest.approx(55.405)
    assert network.node_lat[end] == pytest.approx(55.41)
    assert network.forward[edge] != network.backward[edge]


def test_roads_and_ferries_are_asked_for(overpass, tmp_path):
    """One question for roads of the classes known here, one for ferries."""
    fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url)
    roads, ferries = overpass.asked
    assert "motorway|motorway_link" in roads
    assert '["route"="ferry"]' in ferries
    assert "cycleway" not in roads


def test_settings_of_osmnx_are_put_back(overpass, tmp_path):
    """Nothing of the download stays behind, neither in OSMnx nor in a folder."""
    before = dict(vars(osmnx.settings))
    look_up = socket.getaddrinfo
    fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url)
    assert dict(vars(osmnx.settings)) == before
    assert socket.getaddrinfo is look_up
    assert [file.name for file in tmp_path.iterdir()] == ["roads.npz"]


def test_progress_is_told_in_sentences(overpass, tmp_path):
    """The first step is the download."""
    said = []
    fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url, progress=said.append)
    assert str(said[0]).startswith("Downloading roads from OpenStreetMap")


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (500, "broken", "HTTP 500"),
        (400, "bad request", "HTTP 400"),
        (200, "<html>maintenance</html>", "something other than data"),
        (200, "[]", "something other than data"),
        (200, json.dumps(answer(remark="runtime error: Query timed out")), "Query timed out"),
    ],
)
def test_a_server_in_trouble_says_so(overpass, tmp_path, status, content, sentence):
    """Refusals, nonsense and cut-off answers never become a network."""
    overpass.status, overpass.content = status, content
    with pytest.raises(DownloadError, match=sentence):
        fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url)
    assert not list(tmp_path.iterdir())


def test_no_internet_is_one_sentence_with_a_way_out(tmp_path):
    """Nobody listens: the sentence names the built-in roads and the other command."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    with pytest.raises(DownloadError, match=r"could not be reached.*raastof network build"):
        fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=url)


def test_a_place_without_roads_says_so(overpass, tmp_path):
    """An empty answer is an answer."""
    overpass.content = json.dumps({**answer(), "elements": []})
    with pytest.raises(RoadDataError, match="has no roads that trucks may use"):
        fetch_network(bounds=BOUNDS, into=tmp_path, overpass_url=overpass.url)


def test_a_place_is_looked_up_by_name(overpass, tmp_path, monkeypatch):
    """The area that Nominatim gives is the area asked for; an unknown name is refused."""
    monkeypatch.setattr(osmnx.settings, "nominatim_url", overpass.url)
    with pytest.raises(RoadDataError, match="knows no area named Atlantis"):
        fetch_network(place="Atlantis", into=tmp_path, overpass_url=overpass.url)
    west, south, east, north = BOUNDS
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    overpass.places = [
        {
            "lat": "55.41",
            "lon": "12.01",
            "importance": 0.5,
            "boundingbox": [str(south), str(north), str(west), str(east)],
            "geojson": {"type": "Polygon", "coordinates": [ring]},
        }
    ]
    file = fetch_network(place="Lilleby", into=tmp_path, overpass_url=overpass.url)
    assert read_network(file).metadata.title == "Lilleby"


def test_place_or_bounds_but_not_both(tmp_path: Path):
    """Neither, both, and bounds in the wrong order are refused before asking anyone."""
    with pytest.raises(RoadDataError, match="either a place or bounds"):
        fetch_network(into=tmp_path)
    with pytest.raises(RoadDataError, match="either a place or bounds"):
        fetch_network(place="Køge", bounds=BOUNDS, into=tmp_path)
    with pytest.raises(RoadDataError, match="west, south, east, north"):
        fetch_network(bounds=(12.1, 55.4, 12.0, 55.5), into=tmp_path)
