"""Downloading roads; the servers are our own, on this machine, and answer from a file."""

import json
import os
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
import numpy as np
import osmium
import osmnx
import pytest
import shapely
from filelock import FileLock
from raastof_geo.cache import DOWNLOADS, VERSION, claim, clear_cache
from raastof_geo.errors import DownloadError, OutputError, RoadDataError
from raastof_geo.files import hold
from raastof_geo.roads.mapped import fetch
from raastof_geo.roads.mapped.fetch import OVERPASS_SERVERS, fetch_network
from raastof_geo.roads.road import ROAD_CLASSES
from raastof_geo.roads.store import read_network

BOUNDS = (12.0, 55.4, 12.03, 55.42)
STAMP = "2024-02-29T12:00:00Z"
NODES = {
    1: (12.005, 55.405, {}),
    2: (12.01, 55.405, {"highway": "traffic_signals", "name": "Øster Å"}),
    3: (12.015, 55.405, {"barrier": "cattle_grid"}),
    4: (12.01, 55.41, {}),
}
WAYS = {
    13: ([4, 3], {"highway": "tertiary", "oneway": "yes"}),
    10: ([1, 2], {"highway": "primary", "ref": "E 47", "maxspeed": "80"}),
    11: ([2, 3], {"highway": "primary", "ref": "E 47", "maxspeed": "80"}),
    12: ([4, 2], {"highway": "residential", "oneway": "-1"}),
    14: ([1, 4], {"highway": "service", "access": "private"}),
}
RESTRICTIONS = {
    21: ([("way", 10, "from"), ("node", 2, "via"), ("way", 12, "to")], "no_left_turn"),
    20: ([("way", 12, "from"), ("node", 2, "via"), ("way", 11, "to")], "only_left_turn"),
    22: ([("way", 10, "from"), ("node", 1, "via"), ("way", 99, "to")], "no_u_turn"),
}
LIMITED = """Connected as: 1
Current time: 2024-02-29T12:00:00Z
Announced endpoint: none
Rate limit: 2
2 slots available now.
Currently running queries (pid, space limit, time limit, start time):
"""
UNLIMITED = LIMITED.replace("Rate limit: 2\n2 slots available now.", "Rate limit: 0")


def answer(**more) -> dict:
    elements = [
        {"type": "node", "id": number, "lon": lon, "lat": lat, "tags": tags}
        for number, (lon, lat, tags) in NODES.items()
    ]
    elements += [
        {"type": "way", "id": number, "nodes": nodes, "tags": tags}
        for number, (nodes, tags) in WAYS.items()
    ]
    elements += [
        {
            "type": "relation",
            "id": number,
            "members": [{"type": kind, "ref": ref, "role": role} for kind, ref, role in members],
            "tags": {"type": "restriction", "restriction": restriction},
        }
        for number, (members, restriction) in RESTRICTIONS.items()
    ]
    return {"version": 0.6, "osm3s": {"timestamp_osm_base": STAMP}, "elements": elements, **more}


@dataclass
class Reply:
    """What a server says instead of the answer in its file."""

    status: int = 200
    content: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Overpass:
    """A server that answers everything from one file, and remembers what it was asked."""

    def __init__(self, file: Path) -> None:
        file.write_text(json.dumps(answer()))
        self.file = file
        self.replies: list[Reply | None] = []  # the first questions; none: the file
        self.always: Reply | None = None  # every later question
        self.asked: list[str] = []
        self.status = LIMITED
        self.statuses: list[str] = []
        self.places = Reply(content="[]")
        overpass = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                overpass.asked.append(parse_qs(body)["data"][0])
                replies = overpass.replies
                reply = replies.pop(0) if replies else overpass.always
                self.reply(reply or Reply(content=overpass.tell(overpass.asked[-1])))

            def do_GET(self) -> None:
                if "/status" in self.path:
                    overpass.statuses.append(self.path)
                    self.reply(Reply(content=overpass.status))
                else:
                    self.reply(overpass.places)

            def reply(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.content.encode())

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"

    def tell(self, question: str) -> str:
        """Tell all to who asks for restrictions, else what are no restrictions."""
        told = json.loads(self.file.read_text())
        if "restriction" not in question:
            told["elements"] = [one for one in told["elements"] if one["type"] != "relation"]
        return json.dumps(told)


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """The user's cache is a folder of the test, and nobody sleeps."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("RAASTOF_CACHE", str(folder))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return folder / f"v{VERSION}" / DOWNLOADS


@pytest.fixture
def start(tmp_path_factory) -> Iterator[Callable[[], Overpass]]:
    started = []

    def start() -> Overpass:
        overpass = Overpass(tmp_path_factory.mktemp("server") / "answer.json")
        threading.Thread(
            target=overpass.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        started.append(overpass)
        return overpass

    yield start
    for overpass in started:
        overpass.server.shutdown()
        overpass.server.server_close()


@pytest.fixture
def overpass(start) -> Overpass:
    return start()


@pytest.fixture
def mirror(start) -> Overpass:
    return start()


@pytest.fixture
def nowhere() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/api"


@pytest.fixture
def _small_portions(monkeypatch):
    monkeypatch.setattr(osmnx.settings, "max_query_area_size", 2_000_000)


def read(file: Path) -> list[tuple[str, int]]:
    return [(element.type_str(), element.id) for element in osmium.FileProcessor(str(file))]


def portions(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.json"), key=lambda file: file.stat().st_mtime_ns)


def outline(asked: str) -> shapely.Polygon:
    """Give the area that was asked for."""
    corners = re.search("poly:'(.*?)'", asked)[1].split()
    return shapely.Polygon(np.array(corners, float).reshape(-1, 2)[:, ::-1])


def fetch_osm(*, into: Path, servers: list[str], progress=None, **asked: Any) -> Path:
    """Download what is made a network of."""
    area = {"place": None, "bounds": None, "polygon": None} | asked
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / into.name
        fetch._fetch(*fetch._read_area(**area), draft, servers, progress)
        return Path(shutil.copy(draft, into))


def visible(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(".lock"))


def test_everything_that_came_is_in_the_file(overpass, tmp_path):
    """Nodes with tags, ways in the order of their nodes, restrictions with members."""
    file = fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert file == tmp_path / "a.osm.pbf"
    found = {}
    for element in osmium.FileProcessor(str(file)):
        tags = dict(element.tags)
        if element.is_node():
            found[element.id] = (element.lon, element.lat, tags)
        elif element.is_way():
            found[element.id] = ([node.ref for node in element.nodes], tags)
        else:
            members = [(member.type, member.ref, member.role) for member in element.members]
            found[element.id] = (members, tags["restriction"])
    kept = {
        number: ([(kind[0], ref, role) for kind, ref, role in members], restriction)
        for number, (members, restriction) in RESTRICTIONS.items()
    }
    assert found == {**NODES, **WAYS, **kept}


@pytest.mark.usefixtures("_small_portions")
def test_everything_is_written_once_and_in_order(overpass, tmp_path):
    """Nodes, ways, restrictions, each by id, though every portion brings the same."""
    file = fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert len(overpass.asked) > 1
    assert read(file) == [
        *(("n", number) for number in sorted(NODES)),
        *(("w", number) for number in sorted(WAYS)),
        *(("r", number) for number in sorted(RESTRICTIONS)),
    ]


@pytest.mark.usefixtures("_small_portions")
def test_the_file_tells_the_oldest_date(overpass, tmp_path):
    """One portion is a day older than the others."""
    older = "2024-02-28T12:00:00Z"
    overpass.replies = [
        None,
        Reply(content=json.dumps(answer(osm3s={"timestamp_osm_base": older}))),
    ]
    file = fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    header = osmium.io.Reader(str(file)).header()
    assert header.get("timestamp") == older
    assert header.get("osmosis_replication_timestamp") == older


def test_roads_ferries_and_restrictions_are_asked_for(overpass, tmp_path):
    """One question for the classes known here, one for ferries, one for restrictions."""
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    roads, ferries, restrictions = overpass.asked
    classes = "|".join((*(label for label in ROAD_CLASSES if label != "ferry"), "road"))
    assert f'way["highway"~"^({classes})$"]' in roads
    assert 'way["route"="ferry"]' in ferries
    assert "relation['type'='restriction']" in restrictions
    assert not any("cycleway" in asked for asked in overpass.asked)
    assert outline(roads) == outline(ferries)
    assert outline(ferries).symmetric_difference(outline(restrictions)).area < 1e-8


def test_a_polygon_is_asked_for_by_its_corners(overpass, tmp_path):
    """The question holds latitude and longitude of the polygon and 500 m around it."""
    polygon = shapely.Polygon([(12.0, 55.4), (12.03, 55.4), (12.015, 55.42)])
    fetch_osm(polygon=polygon, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    corners = overpass.asked[0].split("poly:'")[1].split("'")[0].split()
    asked = shapely.Polygon(
        [*zip(map(float, corners[1::2]), map(float, corners[::2]), strict=True)]
    )
    assert asked.contains(polygon)
    wide = osmnx.utils_geo.buffer_geometry(polygon, 500)
    assert asked.symmetric_difference(wide).area < 1e-3 * wide.area
    crossed = shapely.Polygon([(12.0, 55.4), (12.03, 55.42), (12.03, 55.4), (12.0, 55.42)])
    for wrong in (crossed, shapely.Polygon(), shapely.Point(12, 55)):
        with pytest.raises(RoadDataError, match="must be a valid polygon"):
            fetch_osm(polygon=wrong, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    metres = shapely.box(700_000, 6_100_000, 710_000, 6_110_000)
    with pytest.raises(RoadDataError, match="in degrees"):
        fetch_osm(polygon=metres, into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_a_place_is_looked_up_by_name(overpass, tmp_path, monkeypatch):
    """The area that Nominatim gives is the area asked for; an unknown name is refused."""
    monkeypatch.setattr(osmnx.settings, "nominatim_url", overpass.url)
    into = tmp_path / "a.osm.pbf"
    with pytest.raises(RoadDataError, match="knows no area named Atlantis"):
        fetch_osm(place="Atlantis", into=into, servers=[overpass.url])
    found = {"lat": "55.41", "lon": "12.01", "importance": 0.5}
    found["boundingbox"] = ["55.4", "55.42", "12.0", "12.03"]
    point = {**found, "geojson": {"type": "Point", "coordinates": [12.01, 55.41]}}
    overpass.places = Reply(content=json.dumps([point]))
    with pytest.raises(RoadDataError, match="knows no area named Kilometre 7"):
        fetch_osm(place="Kilometre 7", into=into, servers=[overpass.url])
    box = shapely.geometry.mapping(shapely.box(*BOUNDS))
    overpass.places = Reply(content=json.dumps([{**found, "geojson": box}]))
    fetch_osm(place="Lilleby", into=into, servers=[overpass.url])
    assert outline(overpass.asked[0]).bounds[1] == pytest.approx(55.4 - 500 / 111_300, abs=1e-4)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(504), "too busy"),
        (Reply(200, "<html>maintenance</html>"), "something other than data"),
        (Reply(200, '{"error": "no"}'), "something other than data"),
        (Reply(200, '[{"unexpected": 1}]'), "something other than data"),
    ],
)
def test_a_server_that_finds_no_places_says_so(overpass, tmp_path, monkeypatch, reply, sentence):
    """A refusal of Nominatim is not an unknown place."""
    monkeypatch.setattr(osmnx.settings, "nominatim_url", overpass.url)
    overpass.places = reply
    with pytest.raises(DownloadError, match=rf"did not find the place \(.*{sentence}"):
        fetch_osm(place="Lilleby", into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_the_next_server_is_asked_when_one_refuses(overpass, mirror, tmp_path):
    """OSMnx asks the first some times, as it is busy, then we the second."""
    overpass.always = Reply(504)
    file = fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url, mirror.url])
    assert ("w", 10) in read(file)
    assert 1 < len(overpass.asked) < 10
    assert len(mirror.asked) == 3


@pytest.mark.usefixtures("_small_portions")
def test_the_server_that_answered_goes_on(overpass, mirror, tmp_path):
    """The one that refused is not asked for the next portions."""
    overpass.always = Reply(504)
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url, mirror.url])
    assert len({*overpass.asked}) == 1
    assert len({*mirror.asked}) == len(mirror.asked) > 3


def test_a_server_that_is_not_there_is_passed_by_at_once(mirror, nowhere, tmp_path, monkeypatch):
    """No pause is spent on it while another one is there."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    file = fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[nowhere, mirror.url])
    assert ("w", 10) in read(file)
    assert sum(slept) == 0


def test_a_server_that_is_busy_once_is_asked_again(overpass, tmp_path):
    """OSMnx waits and asks again; each portion has the whole of our patience."""
    overpass.replies = [
        Reply(429),
        Reply(504),
        Reply(429),
        None,
        Reply(429),
        Reply(504),
        Reply(429),
    ]
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert len(overpass.asked) == 9


def test_every_server_that_failed_is_named(overpass, mirror, tmp_path):
    """One finding for each, in the order they were asked, with what it answered."""
    overpass.always, mirror.always = Reply(504), Reply(200, "<html>maintenance</html>")
    with pytest.raises(DownloadError) as caught:
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url, mirror.url])
    first, second = map(str, caught.value.findings)
    assert overpass.url in first
    assert "it is too busy" in first
    assert mirror.url in second
    assert "something other than data" in second
    assert len(mirror.asked) == 1
    assert not visible(tmp_path)


def test_a_question_that_is_refused_is_not_asked_there_again(overpass, mirror, tmp_path):
    """HTTP 403 does not change by waiting; another server may think otherwise."""
    overpass.always = Reply(403)
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url, mirror.url])
    assert len(overpass.asked) == 1


def test_the_limit_of_a_server_is_kept(overpass, tmp_path, monkeypatch):
    """OSMnx waits until the slot that the server tells of is free."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    slot = (datetime.now(UTC) + timedelta(seconds=1000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    overpass.status = LIMITED.replace(
        "2 slots available now.", f"Slot available after: {slot}, in 1000 seconds."
    )
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert 900 < slept[0] <= 1000


@pytest.mark.parametrize("status", [UNLIMITED, "", "no such page"])
def test_a_server_without_a_limit_is_not_waited_for(overpass, tmp_path, monkeypatch, status):
    """OSMnx would wait without end, or for a minute."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    overpass.status = status
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert sum(slept) == 0


def test_a_server_that_is_busy_without_end_is_given_up(overpass, tmp_path):
    """OSMnx would look at its status until it is free."""
    overpass.status = LIMITED.replace("2 slots available now.\n", "")
    with pytest.raises(DownloadError, match="too busy"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert not overpass.asked


def test_the_limit_of_public_servers_is_never_switched_off(overpass, tmp_path, monkeypatch):
    """Even where a public server's status cannot be read, OSMnx looks at it and waits."""
    overpass.status = "no such page"
    monkeypatch.setattr(fetch, "OVERPASS_SERVERS", (overpass.url,))
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert 60 in waited
    assert all(url.startswith("https://") for url in OVERPASS_SERVERS)


@pytest.mark.usefixtures("_small_portions")
def test_a_download_goes_on_where_it_stopped(overpass, tmp_path, cache):
    """The first portion is kept; the server is asked for the others only."""
    into = tmp_path / "a.osm.pbf"
    overpass.replies, overpass.always = [None], Reply(503)
    with pytest.raises(DownloadError):
        fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    assert not visible(tmp_path)
    assert len(portions(cache)) == 1
    first, second = overpass.asked
    overpass.asked.clear()
    overpass.always = None
    said = []
    fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url], progress=said.append)
    assert overpass.asked[0] == second
    assert first not in overpass.asked
    assert ("w", 10) in read(into)
    assert [str(text) for text in said[1:3]] == [
        "Portions here from before: 1",
        "Portion 2 has come: 0.00 MB",
    ]


@pytest.mark.usefixtures("_small_portions")
@pytest.mark.parametrize("damage", [b'{"elements": [', b"{}", b'{"elements": [], "remark": "no"}'])
def test_damaged_portions_are_not_used(overpass, tmp_path, cache, damage):
    """Cut short where the run was killed, or no answer at all: asked for again."""
    into = tmp_path / "a.osm.pbf"
    overpass.replies, overpass.always = [None, None], Reply(503)
    with pytest.raises(DownloadError):
        fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    portions(cache)[0].write_bytes(damage)
    first, second = overpass.asked[:2]
    overpass.asked.clear()
    overpass.always = None
    fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    assert overpass.asked[0] == first
    assert second not in overpass.asked


def test_old_downloads_are_not_used(overpass, tmp_path, cache):
    """Eight days old: asked for again, and gone where something else is asked for."""
    overpass.replies, overpass.always = [None], Reply(503)
    elsewhere = (13.0, 55.4, 13.01, 55.41)
    for bounds in (BOUNDS, elsewhere):
        with pytest.raises(DownloadError):
            fetch_osm(bounds=bounds, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
        overpass.replies = [None]
    long_ago = time.time() - 8 * 24 * 3600
    for folder in cache.iterdir():
        os.utime(folder, (long_ago, long_ago))
    overpass.asked.clear()
    overpass.always = None
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert len(overpass.asked) == 3
    assert not list(cache.iterdir())


def test_a_download_that_is_emptied_meanwhile_says_so(overpass, tmp_path, cache, monkeypatch):
    """`raastof cache clear` in another window: no file with half of the roads."""
    tell = overpass.tell

    def empty(question: str) -> str:
        for file in portions(cache):
            file.unlink()
        return tell(question)

    monkeypatch.setattr(overpass, "tell", empty)
    with pytest.raises(OutputError, match="was emptied during the download"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert not visible(tmp_path)


def test_two_runs_do_not_share_a_download(overpass, tmp_path, cache, monkeypatch):
    """Another one asks for the same area."""
    monkeypatch.setattr(fetch, "hold", partial(hold, patience_s=0.05))
    overpass.replies, overpass.always = [None], Reply(503)
    with pytest.raises(DownloadError):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    (name,) = (folder.name for folder in cache.iterdir())
    with (
        FileLock(cache / f".{name}.lock"),
        pytest.raises(OutputError, match="another run is writing"),
    ):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_nothing_is_kept_once_the_file_is_whole(overpass, tmp_path, cache):
    """The next download asks for all of it again."""
    into = tmp_path / "a.osm.pbf"
    fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    assert not list(cache.iterdir())
    assert len(overpass.asked) == 6


def test_settings_of_osmnx_are_put_back(overpass, tmp_path):
    """Nothing of the download stays behind, neither in OSMnx nor in a folder, nor after errors."""
    before = dict(vars(osmnx.settings))
    look_up = socket.getaddrinfo
    for reply in (None, Reply(500)):
        overpass.always = reply
        try:
            fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
        except DownloadError:
            assert reply
        assert dict(vars(osmnx.settings)) == before
        assert socket.getaddrinfo is look_up
        assert visible(tmp_path) == ["a.osm.pbf"]


def test_osmnx_is_used_by_what_it_promises():
    """No private part of it is named, so that its next version may change them."""
    package = Path(fetch.__file__).parents[2]
    private = re.compile(r"osmnx(\.\w+)*\._|from osmnx\S* import .*\b_")
    assert not [file for file in package.rglob("*.py") if private.search(file.read_text("utf-8"))]


@pytest.mark.usefixtures("_small_portions")
def test_progress_is_told_in_sentences(overpass, tmp_path):
    """What is downloaded, then each portion with its size."""
    said = []
    fetch_osm(
        bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url], progress=said.append
    )
    first, *others = map(str, said)
    assert first == "Downloading roads from OpenStreetMap: 12, 55.4, 12.03, 55.42"
    total = len(overpass.asked)
    assert others == [f"Portion {number} has come: 0.00 MB" for number in range(1, total + 1)]


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (500, "broken", "HTTP 500"),
        (400, "bad request", "HTTP 400"),
        (200, "<html>maintenance</html>", "something other than data"),
        (200, "[]", "something other than data"),
        (200, '{"elements": [{"type": "way", "id": 1}]}', "something other than data"),
        (200, '{"elements": [{"type": "area", "id": 1}]}', "something other than data"),
        (200, '{"elements": [{"type": "way", "id": 1, "nodes": ["a"]}]}', "something other"),
        (200, '{"elements": [{"type": "node", "id": 1, "lon": 12}]}', "something other"),
        (
            200,
            '{"elements": [{"type": "node", "id": 1, "lon": 212, "lat": 55}]}',
            "something other",
        ),
        (200, '{"elements": [{"type": "way", "id": 1e300, "nodes": []}]}', "something other"),
        (200, '{"elements": [{"type": "relation", "id": 1, "members": [{}]}]}', "something other"),
        (200, json.dumps(answer(remark="runtime error: Query timed out")), "Query timed out"),
        (500, json.dumps(answer()), "HTTP 500"),
    ],
)
def test_a_server_in_trouble_says_so(overpass, tmp_path, status, content, sentence):
    """Refusals, nonsense and cut-off answers never become a file."""
    overpass.always = Reply(status, content)
    with pytest.raises(DownloadError, match=sentence):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert not visible(tmp_path)


def test_an_answer_that_breaks_off_says_so(overpass, tmp_path):
    """The server promises more than it sends."""
    overpass.always = Reply(200, '{"elements": [', {"Content-Length": "1000"})
    with pytest.raises(DownloadError, match="its answer broke off"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_no_internet_is_one_sentence_with_a_way_out(nowhere, tmp_path, monkeypatch):
    """Nobody listens: said at once, with the built-in roads and the other command."""
    monkeypatch.setattr(osmnx.settings, "nominatim_url", nowhere)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("somebody sleeps"))
    for asked in ({"bounds": BOUNDS}, {"place": "Køge"}):
        with pytest.raises(DownloadError, match=r"could not be reached.*raastof network build"):
            fetch_osm(**asked, into=tmp_path / "a.osm.pbf", servers=[nowhere, nowhere])
    assert not visible(tmp_path)


def test_a_server_that_goes_away_says_so(overpass, tmp_path, monkeypatch):
    """It was there when we knocked."""
    look_up = osmnx.graph_from_polygon

    def leave(*args, **options):
        overpass.server.shutdown()
        overpass.server.server_close()
        return look_up(*args, **options)

    monkeypatch.setattr(osmnx, "graph_from_polygon", leave)
    with pytest.raises(DownloadError, match="it does not answer"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_a_full_disk_leaves_what_has_come(overpass, tmp_path, monkeypatch, cache):
    """The disk is full halfway: what has come is kept."""
    into = tmp_path / "a.osm.pbf"

    class Merge(osmium.MergeInputReader):
        def apply(self, *_: object, **__: object) -> None:
            raise RuntimeError("No space left on device")

    monkeypatch.setattr(osmium, "MergeInputReader", Merge)
    with pytest.raises(OutputError, match=r"a\.osm\.pbf cannot be written: No space left"):
        fetch_osm(bounds=BOUNDS, into=into, servers=[overpass.url])
    assert len(portions(cache)) == 3


def test_portions_that_cannot_be_kept_are_said(overpass, tmp_path, monkeypatch):
    """The cache is a file."""
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "cache"))
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])


def test_an_area_without_roads_says_so(overpass, tmp_path):
    """An empty answer is an answer."""
    overpass.file.write_text(json.dumps({**answer(), "elements": []}))
    with pytest.raises(RoadDataError, match=r"12, 55\.4, .* has no roads that trucks may use"):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    assert not visible(tmp_path)


def test_exactly_one_area_is_named(tmp_path):
    """None, several, and bounds in the wrong order are refused before asking anyone."""
    into = tmp_path / "a.osm.pbf"
    polygon = shapely.box(*BOUNDS)
    for wrong in (
        {},
        {"place": "Køge", "bounds": BOUNDS},
        {"place": "Køge", "polygon": polygon},
        {"bounds": BOUNDS, "polygon": polygon},
    ):
        with pytest.raises(RoadDataError, match="exactly one of place, bounds and polygon"):
            fetch_network(**wrong, into=into)
    with pytest.raises(RoadDataError, match="west, south, east, north"):
        fetch_network(bounds=(12.1, 55.4, 12.0, 55.5), into=into)


def test_a_download_becomes_a_network(overpass, tmp_path, cache):
    """Roads of the answer, joined, with the date that the server tells."""
    file = fetch_network(bounds=BOUNDS, into=tmp_path, servers=[overpass.url])
    network = read_network(file)
    assert file == tmp_path / "roads.npz"
    assert network.metadata.osm_date == STAMP[:10]
    assert network.metadata.title == "12, 55.4, 12.03, 55.42"
    classes = {ROAD_CLASSES[index] for index in network.road_class}
    assert {"primary", "residential", "tertiary"} <= classes
    primary = network.road_class == ROAD_CLASSES.index("primary")
    assert set(network.maxspeed_km_h[primary]) == {80}
    assert visible(tmp_path) == ["roads.npz"]
    assert not list(cache.iterdir())


def test_all_classes_are_kept(overpass, tmp_path):
    """A dead end of a minor road too, which links nothing."""
    more = answer()
    more["elements"] += [
        {"type": "node", "id": 5, "lon": 12.005, "lat": 55.41},
        {"type": "way", "id": 15, "nodes": [1, 5], "tags": {"highway": "service"}},
    ]
    overpass.file.write_text(json.dumps(more))
    network = read_network(fetch_network(bounds=BOUNDS, into=tmp_path, servers=[overpass.url]))
    assert ((network.node_lat > 55.4099) & (network.node_lon < 12.006)).any()


def test_a_road_against_its_nodes_keeps_its_direction(overpass, tmp_path):
    """`oneway=-1` from 4 to 2 may be driven from 2 to 4."""
    network = read_network(
        fetch_network(bounds=BOUNDS, into=tmp_path / "a.npz", servers=[overpass.url])
    )
    (edge,) = (network.road_class == ROAD_CLASSES.index("residential")).nonzero()[0]
    begin, end = network.tail[edge], network.head[edge]
    if not network.forward[edge]:
        begin, end = end, begin
    assert network.node_lat[begin] == pytest.approx(55.405)
    assert network.node_lat[end] == pytest.approx(55.41)
    assert network.forward[edge] != network.backward[edge]


def test_a_network_of_a_polygon_ends_where_the_polygon_ends(overpass, tmp_path):
    """Roads that reach beyond it are cut."""
    polygon = shapely.box(12.0, 55.4, 12.012, 55.42)
    network = read_network(
        fetch_network(polygon=polygon, into=tmp_path / "a.npz", servers=[overpass.url])
    )
    assert network.metadata.title == "12, 55.4, 12.012, 55.42"
    assert network.node_lon.max() <= 12.0121


def test_folders_like_downloads_stay(overpass, tmp_path, cache):
    """However old they are: only what bears the name of a download of ours goes."""
    mine = claim(DOWNLOADS) / "download-2019" / "portion-a.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    os.utime(mine.parent, (0, 0))
    link = cache / f"download-{'a' * 40}"
    link.symlink_to(mine.parent)
    fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    clear_cache()
    assert mine.read_text() == "mine"
    assert {*cache.iterdir()} == {mine.parent, link}


def test_clearing_the_cache_takes_downloads_that_broke_off(overpass, tmp_path, cache):
    """Their portions, what a killed run held, and a download that nobody goes on with."""
    overpass.replies, overpass.always = [None], Reply(503)
    with pytest.raises(DownloadError):
        fetch_osm(bounds=BOUNDS, into=tmp_path / "a.osm.pbf", servers=[overpass.url])
    (folder,) = cache.iterdir()
    size_mb = portions(cache)[0].stat().st_size / 1e6
    (cache / f".{folder.name}.lock").touch()
    (cache / f"download-{'a' * 40}").mkdir()
    (cache / f"download-{'a' * 40}" / f"portion-{'b' * 40}.json.gz").touch()
    assert clear_cache() == pytest.approx(size_mb)
    assert not cache.exists()
