"""Download roads from OpenStreetMap; the only room with a socket."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
import osmium
import shapely
from pydantic import Field, TypeAdapter
from raastof_geo.cache import DOWNLOAD, DOWNLOADS, claim, fingerprint
from raastof_geo.errors import DownloadError, OutputError, RaastofError, RoadDataError, tell_reason
from raastof_geo.files import AnyPath, hold
from raastof_geo.language import Tell, say, say_text
from raastof_geo.region.projection import Bounds
from raastof_geo.roads.area import draw_bounds
from raastof_geo.roads.convert import convert_roads
from raastof_geo.roads.mapped.osm import LARGEST_ID, open_writer
from raastof_geo.roads.road import ROAD_CLASSES

if TYPE_CHECKING:
    from requests import Response

OVERPASS_SERVERS: tuple[str, ...] = (
    "https://overpass-api.de/api",
    "https://overpass.kumi.systems/api",
    "https://overpass.private.coffee/api",
)
"""Public servers that answer questions about OpenStreetMap, in the order they are asked."""

# How patient we are is a judgement; how long OSMnx waits is its own.
_KNOCK_S = 20
"""How long an answer about the server's own state may take. [s]"""
_LOOK_S, _REFUSAL_S = 5, 55
"""OSMnx waits so long where a server's state says that it is busy, or where it refuses. [s]"""
_PATIENCE_S = 240
"""A server that lets OSMnx wait for longer in a row is left for the next one. [s]"""
_KEPT_S = 7 * 24 * 3600.0
"""A download that broke off is kept for a week, as roads change little in one. [s]"""
_MARGIN_M = 500.0
"""How far OSMnx asks for roads beyond an area, so that those along its border are whole. [m]"""
_SIMPLIFIED_M = 5.0
_HIGHWAYS = "|".join((*(label for label in ROAD_CLASSES if label != "ferry"), "road"))
_WAYS = [f'["highway"~"^({_HIGHWAYS})$"]', '["route"="ferry"]']
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LIMIT = re.compile(r"Rate limit: (\d+)")
_NONSENSE = say("it sent something other than data")

Area = shapely.Polygon | shapely.MultiPolygon
_Number = Annotated[int, Field(ge=-LARGEST_ID, le=LARGEST_ID)]
_T = TypeVar("_T")


@dataclass(slots=True)
class _Member:
    type: Literal["node", "way", "relation"]
    ref: _Number
    role: str = ""


@dataclass(slots=True)
class _Element:
    """What osmium writes by the names it has for it; its kind tells what must be there."""

    type: Literal["node", "way", "relation"]
    id: _Number
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    nodes: list[_Number] | None = None
    members: list[_Member] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    location: tuple[float | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.location = self.lon, self.lat
        needed = {"node": self.location, "way": (self.nodes,), "relation": (self.members,)}
        if None in needed[self.type]:
            raise ValueError


@dataclass(slots=True)
class _Answer:
    elements: list[_Element]
    osm3s: dict[str, Any] = field(default_factory=dict)
    remark: str | None = None
    """Why it was cut off."""


_ANSWER = TypeAdapter(_Answer)
_PLACES = TypeAdapter(list[dict[str, Any]])


def fetch_network(
    *,
    place: str | None = None,
    bounds: Bounds | None = None,
    polygon: Area | None = None,
    into: AnyPath,
    servers: Sequence[str] = OVERPASS_SERVERS,
    progress: Tell | None = None,
) -> Path:
    """Download the roads of a place, a rectangle or a polygon, and write them as a network.

    Roads are cut where they leave the rectangle or the polygon; a place keeps all that comes, for
    its outline may cross the water under a bridge. Ways that touch the area, or the 500 m around
    it, come whole, with the tags of their nodes and their turn restrictions. OSMnx asks, in
    portions of a large area; it fills holes in a polygon, and takes the hull of one that is large
    or has several parts. Where a server fails the next one is asked; what has come is kept for
    seven days, until the download is whole.

    `place`: a name that OpenStreetMap's Nominatim knows, such as `Køge Kommune`; `bounds`: west,
    south, east and north, `polygon`: longitude and latitude, WGS84 [degrees]; `into`: see
    `convert_roads`; `servers`: asked in this order.

    `DownloadError`: the internet, or every server, does not answer as it should; `RoadDataError`:
    there is no such place, or it has no roads; `OutputError`: a file cannot be written.
    """
    title, area = _read_area(place, bounds, polygon)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roads.osm.pbf"
        _fetch(title, area, file, servers, progress)
        pack: dict[str, Any] = {"into": into, "title": title, "area": area, "progress": progress}
        return convert_roads(file, classes=ROAD_CLASSES, simplify_m=_SIMPLIFIED_M, **pack)


def _fetch(
    title: str, area: Area | None, file: Path, servers: Sequence[str], progress: Tell | None
) -> Path:
    """Write what is downloaded as a file of OpenStreetMap."""
    listener = _Listener(progress or (lambda _: None))
    listener.tell(say("Downloading roads from OpenStreetMap: {title}", title=title))
    try:
        downloads = claim(DOWNLOADS)
        with _set_osmnx(listener):
            area = area or _find_place(title, listener)
            folder = downloads / f"download-{fingerprint([area.wkb])}"
            with hold(folder):
                _sweep(folder, listener)
                _download(area, folder, servers, listener)
                found = _write_roads(folder, file)
                shutil.rmtree(folder, ignore_errors=True)
    except RaastofError:
        raise
    except (OSError, RuntimeError) as error:
        named = getattr(error, "filename", None) or file
        reason = tell_reason(error)
        raise OutputError.saying_text("download", "unwritten", file=named, reason=reason) from error
    if not found:
        raise RoadDataError.saying_text("osm files", "no roads", source=title)
    return file


class _RefusalError(Exception):
    """A server did not give what it was asked for, and why."""


@dataclass
class _Listener:
    """Hears each response before OSMnx, which would wait without end and keep whatever comes."""

    tell: Tell
    portions: int = 0
    """How many have come, those from before included."""
    waited_s: int = 0

    def __call__(self, response: Response, *_: Any, **__: Any) -> None:
        path, busy = urlsplit(response.url).path, response.status_code in (429, 504)
        if busy or path.endswith("/status"):
            self.waited_s += _REFUSAL_S if busy else _LOOK_S
            if self.waited_s > _PATIENCE_S:
                raise _RefusalError(say("it is too busy"))
        elif not response.ok:
            raise _RefusalError(f"HTTP {response.status_code} {response.reason}")
        elif path.endswith("/search"):
            _read(_PLACES, response.content)
        elif not response.is_redirect:
            _read(_ANSWER, response.content)
            self.portions, self.waited_s = self.portions + 1, 0
            size = len(response.content) / 1e6
            self.tell(say("Portion {number} has come: {size} MB", number=self.portions, size=size))

    def ask_each(self, servers: Iterable[str], ask: Callable[[str], _T], unless: str) -> _T:
        """Ask one server after the other until one answers, and tell of each that does not."""
        from requests import exceptions

        findings, reached = [], False
        for server in (url.rstrip("/") for url in servers):
            self.waited_s = 0
            try:
                _knock(server)
                reached = True
                return ask(server)
            except _RefusalError as refusal:
                reason = refusal.args[0]
            except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError):
                reason = say("its answer broke off")
            except exceptions.RequestException:
                reason = say("it does not answer")
            except (LookupError, ValueError):
                reason = _NONSENSE
            findings.append(say_text("download", unless, server=server, reason=reason))
        raise DownloadError(*findings if reached else [say_text("download", "unreachable")])


def _read(kind: TypeAdapter[_T], content: bytes) -> _T:
    """Read JSON; what is no data, was cut off, or holds what osmium cannot, is refused."""
    try:
        found = kind.validate_json(content)
    except ValueError as error:
        raise _RefusalError(_NONSENSE) from error
    if isinstance(found, _Answer) and found.remark is not None:
        raise _RefusalError(found.remark)
    return found


@contextmanager
def _set_osmnx(listener: _Listener) -> Iterator[None]:
    """Set OSMnx up for one download, its cache off, and put everything back afterwards."""
    from osmnx import settings

    before = dict(vars(settings))
    look_up = socket.getaddrinfo  # OSMnx pins the address of the server in here
    try:
        settings.cache_only_mode = True
        settings.use_cache = False
        settings.doh_url_template = None
        settings.http_user_agent = f"raastof_geo; {settings.http_user_agent}"
        settings.requests_kwargs = {**settings.requests_kwargs, "hooks": {"response": listener}}
        yield
    finally:
        socket.getaddrinfo = look_up
        vars(settings).update(before)


def _knock(server: str) -> None:
    """See whether a server is there, and limits questions, as public ones do in any case.

    OSMnx would wait a minute for one that is not there, and without end for one without limits.
    """
    import requests
    from osmnx import settings

    agent, more = {"User-Agent": settings.http_user_agent}, settings.requests_kwargs
    answer = requests.get(f"{server}/status", timeout=_KNOCK_S, headers=agent, **more)
    found = _LIMIT.search(answer.text)
    settings.overpass_rate_limit = int(found[1]) > 0 if found else server in OVERPASS_SERVERS


def _find_place(place: str, listener: _Listener) -> Area:
    import osmnx

    def look_up(_: str) -> Any:
        with suppress(TypeError, ValueError):  # nothing has that name, or nothing with an outline
            return osmnx.geocode_to_gdf(place).union_all()

    found = listener.ask_each([osmnx.settings.nominatim_url], look_up, "no place")
    if found is None or found.is_empty:
        raise RoadDataError.saying_text("download", "unknown place", place=place)
    return found  # type: ignore[no-any-return]


def _sweep(folder: Path, listener: _Listener) -> None:
    """Remove downloads of long ago, and portions of this one that are damaged; count the others."""
    for old in folder.parent.glob("download-*"):
        if DOWNLOAD.fullmatch(old.name) and time.time() - old.stat().st_mtime > _KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    for portion in folder.glob("*.json"):
        try:
            _read(_ANSWER, portion.read_bytes())
            listener.portions += 1
        except _RefusalError:
            portion.unlink()
    if listener.portions:
        listener.tell(say("Portions here from before: {number}", number=listener.portions))


def _download(area: Area, folder: Path, servers: Sequence[str], listener: _Listener) -> None:
    """Let OSMnx fill a folder; it says by `InterruptedError` that all is there."""
    import osmnx

    wide: Any = osmnx.utils_geo.buffer_geometry(area, _MARGIN_M)
    osmnx.settings.use_cache, osmnx.settings.cache_folder = True, folder

    def fill(server: str) -> None:
        osmnx.settings.overpass_url = server
        with suppress(InterruptedError):
            osmnx.graph_from_polygon(area, custom_filter=_WAYS)
        with suppress(InterruptedError):
            osmnx.features_from_polygon(wide, {"type": "restriction"})

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the area is large
        listener.ask_each(servers, fill, "no roads")
    if len([*folder.glob("*.json")]) < listener.portions:
        raise OutputError.saying_text("download", "emptied", folder=folder)


def _write_roads(folder: Path, file: Path) -> bool:
    """Write all that has come once: nodes, ways, restrictions, each by id; nothing without ways."""
    dates, ways, pile = [], 0, str(file.with_name("pile.osm.pbf"))
    with open_writer(pile) as writer:
        for portion in sorted(folder.glob("*.json")):
            answer = _read(_ANSWER, portion.read_bytes())
            dates.append(str(answer.osm3s.get("timestamp_osm_base", "")))
            for one in answer.elements:
                ways += one.type == "way"
                getattr(writer, f"add_{one.type}")(one)
    if not ways:
        return False
    header = osmium.io.Header()
    if oldest := min(filter(_DATE.fullmatch, dates), default=None):
        header.set("timestamp", oldest)
        header.set("osmosis_replication_timestamp", oldest)
    merge = osmium.MergeInputReader()
    merge.add_file(pile)
    with open_writer(str(file), header=header) as writer:
        merge.apply(writer, simplify=True)
    return True


def _read_area(
    place: str | None, bounds: Bounds | None, polygon: Area | None
) -> tuple[str, Area | None]:
    """Give the title of an area, and its outline, which of a place is yet to be found."""
    if sum(given is not None for given in (place, bounds, polygon)) != 1:
        raise RoadDataError.saying_text("download", "several")
    if place is not None:
        return place, None
    area = draw_bounds(bounds) if bounds is not None else polygon
    if not isinstance(area, Area) or area.is_empty or not area.is_valid:
        raise RoadDataError.saying_text("download", "polygon")
    draw_bounds(area.bounds)
    return "{:g}, {:g}, {:g}, {:g}".format(*area.bounds), area
