"""Download roads from OpenStreetMap; the only room with a socket."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import socket
import tempfile
import time
import warnings
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import osmium
import shapely
from osmium.osm import mutable

from raastof_geo.cache import DOWNLOADS, cache_folder, claim
from raastof_geo.errors import DownloadError, OutputError, RaastofError, RoadDataError, tell_reason
from raastof_geo.files import drafting
from raastof_geo.language import Message, say
from raastof_geo.links import AnyPath, is_link
from raastof_geo.records.lock import hold
from raastof_geo.roads.mapped.area import draw_bounds
from raastof_geo.roads.mapped.build import build_network
from raastof_geo.roads.mapped.damage import LARGEST_ID
from raastof_geo.roads.mapped.osm import TellStep, close_writer, open_writer, read_osm
from raastof_geo.roads.projection import Bounds
from raastof_geo.roads.road import ROAD_CLASSES
from raastof_geo.roads.stored.store import write_network

if TYPE_CHECKING:
    from requests import Response

OVERPASS_SERVERS: tuple[str, ...] = (
    "https://overpass-api.de/api",
    "https://overpass.kumi.systems/api",
    "https://overpass.private.coffee/api",
)
"""Public servers that answer questions about OpenStreetMap, in the order they are asked."""

PAUSES_S: tuple[float, ...] = (10.0, 30.0, 60.0, 120.0)
"""Pauses after the first refusal of a server, the second and so on; then the next one. [s]"""

# What follows is how patient we are with public servers: judgements, but for the first of them,
# which is what Overpass gives a question itself where nothing is said.
_TIMEOUT_S = 180
"""How long a question may take. [s] (wiki.openstreetmap.org, Overpass QL, `timeout`)"""
_LONGEST_PAUSE_S = 300.0
"""A server that wants a longer pause is left for the next one. [s]"""
_KNOCK_S = 20
"""How long an answer about the server's own state may take. [s]"""
_STATUS_PATIENCE = 60
"""How often that state is asked for before the server is left."""
_KEPT_S = 7 * 24 * 3600.0
"""Portions of a download that broke off are kept for a week, as roads change little in one. [s]"""
_LOCK_S = 60
"""How long we wait for another run that writes the same file. [s]"""
_GENERATOR = "raastof_geo"
_PORTION = re.compile(r"download-[0-9a-f]{40}/portion-[0-9a-f]{40}\.json\.(gz|\d+)")
_BUSY = (429, 504)
"""Too many questions, and too much to do: Overpass says both where one may ask again later."""
_PLACE_MARGIN_M = 500.0
"""How far beyond its border a place is fetched, so that roads along it are whole. [m]"""
_HIGHWAYS = (*(label for label in ROAD_CLASSES if label != "ferry"), "road")
_DATE_KEYS = ("timestamp", "osmosis_replication_timestamp")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LIMIT = re.compile(r"Rate limit: (\d+)")
_NEEDED: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "node": {"id": (int,), "lon": (int, float), "lat": (int, float)},
    "way": {"id": (int,), "nodes": (list,)},
    "relation": {"id": (int,), "members": (list,)},
}
"""What a kind of element must have, and of which type."""
_MOST = {"id": LARGEST_ID, "lon": 180, "lat": 90}
"""How far from zero a number of an element may be."""

Area = shapely.Polygon | shapely.MultiPolygon
OverpassAnswer: TypeAlias = Mapping[str, Any]
_T = TypeVar("_T")

_BUSY_SERVER = say("it is too busy")
_NONSENSE = say("it sent something other than data")


def fetch_network(
    *,
    place: str | None = None,
    bounds: Bounds | None = None,
    polygon: Area | None = None,
    into: AnyPath,
    classes: Collection[str] = ROAD_CLASSES,
    servers: Sequence[str] = OVERPASS_SERVERS,
    simplify_m: float = 5.0,
    progress: TellStep | None = None,
) -> Path:
    """Download the roads of a place, a rectangle or a polygon, and write them as a network.

    Roads are cut where they leave the rectangle or the polygon; a place keeps all that `fetch_osm`
    gives, for its outline may cross the water under a bridge. `into` is a file that ends in `.npz`,
    or a folder for `roads.npz`; for `simplify_m` [m] see `build_network`, for the rest `fetch_osm`.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = fetch_osm(
            place=place,
            bounds=bounds,
            polygon=polygon,
            into=Path(folder) / "roads.osm.pbf",
            servers=servers,
            progress=progress,
        )
        ways = read_osm(file, area=shapely.box(*bounds) if bounds else polygon, progress=progress)
    network = build_network(
        ways,
        classes=classes,
        simplify_m=simplify_m,
        title=_name_area(place, bounds, polygon),
        progress=progress,
    )
    path = Path(into)
    return write_network(network, path if path.suffix == ".npz" else path / "roads.npz")


def fetch_osm(
    *,
    place: str | None = None,
    bounds: Bounds | None = None,
    polygon: Area | None = None,
    into: AnyPath,
    cache: AnyPath | None = None,
    servers: Sequence[str] = OVERPASS_SERVERS,
    progress: TellStep | None = None,
) -> Path:
    """Download roads, ferries and turn restrictions, and write a file of OpenStreetMap.

    Ways that touch the area come whole, with the tags of their nodes. Of turn restrictions those
    come whose ways have all come. OSMnx divides a large area into portions; it fills holes in a
    polygon, and takes the hull of one that is large or has several parts, so that more may come
    than was asked for. A server that refuses is asked again after growing pauses, then the next one
    is asked. Portions are kept in `cache` (by default the user's) until the download is whole: it
    continues within seven days where it stopped, whichever server answers then.

    `place`: a name that OpenStreetMap's Nominatim knows, such as `Køge Kommune`, and 500 m around;
    `bounds`: west, south, east and north, `polygon`: longitude and latitude, WGS84 [degrees];
    `into`: the file to write, in an ending that pyosmium writes; only `.osm.pbf` keeps the date of
    the data; `servers`: asked in this order.

    `DownloadError`: the internet, or every server, does not answer as it should; `RoadDataError`:
    there is no such place, or it has no roads; `OutputError`: a file cannot be written.
    """
    _check_area(place, bounds, polygon)
    file = _check_ending(Path(into))
    tell = progress or (lambda _: None)
    title = _name_area(place, bounds, polygon)
    tell(say("Downloading roads from OpenStreetMap: {title}", title=title))
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(_Heap(Path(folder) / "heap.osm.pbf")) as heap,
    ):
        with _set_osmnx() as listener:
            overpass = _Overpass(servers, listener, tell)
            overpass.knock()
            area = polygon or (draw_bounds(bounds) if bounds else _find_place(str(place), tell))
            queries = _divide(area)
            store = _Store(_choose_cache(cache), queries)
            _gather(queries, overpass, store, heap, tell)
        if not heap.ways:
            store.forget()
            raise RoadDataError.saying("{source} has no roads that trucks may use.", source=title)
        _write_whole(heap, file)
    store.forget()
    return file


def _gather(
    queries: Sequence[str], overpass: _Overpass, store: _Store, heap: _Heap, tell: TellStep
) -> None:
    """Bring all portions together, those kept from before and those that come now."""
    for number, query in enumerate(queries, start=1):
        answer, told = store.take(query), {"number": number, "total": len(queries)}
        if answer is None:
            answer = overpass.ask(query)
            store.keep(query, answer)
            size = overpass.listener.size_mb
            text = say("Portion {number} of {total} has come: {size} MB", **told, size=size)
        else:
            text = say("Portion {number} of {total} is here from before", **told)
        heap.add(answer)
        tell(text)


@dataclass(eq=False)
class _RefusalError(Exception):
    """A server did not give what it was asked for."""

    reason: Message | str
    again: bool = True
    after_s: float = 0.0


class _Listener:
    """Hears each response as it comes; OSMnx would wait and ask again without end."""

    def __init__(self) -> None:
        self.size_mb = 0.0
        self.status_count = 0

    def __call__(self, response: Response, *_: Any, **__: Any) -> None:
        path = urlsplit(response.url).path
        if path.endswith("/status"):
            self.status_count += 1
            if self.status_count > _STATUS_PATIENCE:
                raise _RefusalError(_BUSY_SERVER)
        elif not response.ok:
            raise _read_refusal(response)
        elif not response.is_redirect:
            self.size_mb = len(response.content) / 1e6
            if path.endswith("/search") and not isinstance(response.json(), list):
                raise _RefusalError(_NONSENSE)


def _read_refusal(response: Response) -> _RefusalError:
    code = response.status_code
    busy = code in _BUSY
    return _RefusalError(
        _BUSY_SERVER if busy else f"HTTP {code} {response.reason}",
        again=busy or code >= 500,
        after_s=_read_retry_after(response.headers.get("Retry-After", "")),
    )


def _read_retry_after(text: str) -> float:
    if text.strip().isdecimal():
        return float(text)
    moment = parsedate_tz(text)
    return max(0.0, mktime_tz(moment) - time.time()) if moment else 0.0


def _hear(ask: Callable[[], _T]) -> _T:
    """Let OSMnx ask; whatever goes wrong on the way is a refusal."""
    import osmnx
    from requests import exceptions

    try:
        return ask()
    except (RaastofError, _RefusalError):
        raise
    except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError) as error:
        raise _RefusalError(say("its answer broke off")) from error
    except (
        osmnx._errors.InsufficientResponseError,
        osmnx._errors.ResponseStatusCodeError,
        LookupError,
        ValueError,
    ) as error:
        raise _RefusalError(_NONSENSE) from error
    except OSError as error:
        raise _RefusalError(say("it does not answer")) from error


@dataclass
class _Server:
    url: str
    limited: bool = True
    """Whether it limits how many questions it takes at a time."""
    free_at_s: float = 0.0
    """When it may be asked again, on the monotonic clock. [s]"""


def _ask_patiently(server: _Server, ask: Callable[[], _T], tell: TellStep) -> _T:
    """Ask again after growing pauses, and never before the server wants it."""
    for pause_s in (*PAUSES_S, None):
        left_s = server.free_at_s - time.monotonic()
        if left_s > _LONGEST_PAUSE_S:
            raise _RefusalError(_BUSY_SERVER)
        time.sleep(max(0.0, left_s))
        try:
            return _hear(ask)
        except _RefusalError as refusal:
            wait_s = max(pause_s or 0.0, refusal.after_s)
            server.free_at_s = time.monotonic() + wait_s
            if pause_s is None or not refusal.again or wait_s > _LONGEST_PAUSE_S:
                server.free_at_s = time.monotonic() + refusal.after_s
                raise
            told = say("The server {server} refused ({reason}); asking again in {pause} s")
            tell(told.format(server=server.url, reason=refusal.reason, pause=wait_s))
    raise AssertionError


class _Overpass:
    """Servers that all know the same; the first in the queue is the one asked."""

    def __init__(self, urls: Sequence[str], listener: _Listener, tell: TellStep) -> None:
        self.queue = deque(_Server(url.rstrip("/")) for url in urls)
        self.listener = listener
        self.tell = tell

    def knock(self) -> None:
        """Put first a server that is there; fail at once where none is."""
        for _ in range(len(self.queue)):
            with suppress(_RefusalError):
                _hear(lambda: _read_status(self.queue[0]))
                return
            self.queue.rotate(-1)
        raise DownloadError.saying(
            "OpenStreetMap could not be reached. Check the internet connection, or use the"
            " built-in roads, or build a network from a downloaded file with"
            " `raastof network build`."
        )

    def ask(self, query: str) -> OverpassAnswer:
        """Ask one server after the other until one answers."""
        findings = []
        told = say(
            "The server {server} did not give the roads ({reason}). Try again later, or ask for a"
            " smaller area."
        )
        for _ in range(len(self.queue)):
            server = self.queue[0]
            try:
                return _ask_patiently(server, lambda: self._ask_once(query), self.tell)
            except _RefusalError as refusal:
                findings.append(told.format(server=server.url, reason=refusal.reason))
                self.queue.rotate(-1)
        raise DownloadError(*findings)

    def _ask_once(self, query: str) -> OverpassAnswer:
        import osmnx

        server = self.queue[0]
        self.listener.status_count = 0
        _read_status(server)
        osmnx.settings.overpass_url = server.url
        osmnx.settings.overpass_rate_limit = server.limited
        answer = osmnx._overpass._overpass_request(OrderedDict(data=query))
        _check_answer(answer)
        return answer


def _read_status(server: _Server) -> None:
    """See whether the server is there, and limits questions; OSMnx would wait without end."""
    import requests
    from osmnx import _http, settings

    response = requests.get(
        f"{server.url}/status",
        timeout=_KNOCK_S,
        headers=_http._get_http_headers(),
        **settings.requests_kwargs,
    )
    found = _LIMIT.search(response.text)
    server.limited = int(found[1]) > 0 if found else server.url in OVERPASS_SERVERS


def _check_answer(answer: OverpassAnswer) -> None:
    """Refuse answers that were cut off, and those that are not data at all."""
    if "remark" in answer:
        raise _RefusalError(str(answer["remark"]))
    elements = answer.get("elements")
    if not isinstance(elements, list) or not all(map(_is_whole, elements)):
        raise _RefusalError(_NONSENSE)


def _is_whole(element: Any) -> bool:
    """Tell whether an element has all its parts, a number that osmium holds, a place on Earth."""
    needed = _NEEDED.get(str(element.get("type")), {}) if isinstance(element, dict) else None
    return (
        needed is not None
        and all(isinstance(element.get(part), kinds) for part, kinds in needed.items())
        and all(abs(element[part]) <= _MOST[part] for part in _MOST.keys() & needed.keys())
    )


@contextmanager
def _set_osmnx() -> Iterator[_Listener]:
    """Set OSMnx up for one download, its cache off, and put everything back afterwards."""
    from osmnx import settings

    listener = _Listener()
    wanted = {
        "cache_only_mode": True,
        "use_cache": False,
        "doh_url_template": None,
        "log_console": False,
        "log_file": False,
        "requests_timeout": _TIMEOUT_S,
        "requests_kwargs": {**settings.requests_kwargs, "hooks": {"response": listener}},
        "overpass_url": settings.overpass_url,
        "overpass_rate_limit": settings.overpass_rate_limit,
    }
    before = {name: getattr(settings, name) for name in wanted}
    look_up = socket.getaddrinfo  # OSMnx pins the address of the server in here
    try:
        for name, value in wanted.items():
            setattr(settings, name, value)
        yield listener
    finally:
        socket.getaddrinfo = look_up
        for name, value in before.items():
            setattr(settings, name, value)


def _find_place(place: str, tell: TellStep) -> Area:
    import osmnx

    def look_up() -> Area:
        try:
            return osmnx.geocoder.geocode_to_gdf(place).union_all()  # type: ignore[no-any-return]
        except (osmnx._errors.InsufficientResponseError, TypeError) as error:
            raise RoadDataError.saying(
                "OpenStreetMap knows no area named {place}.", place=place
            ) from error

    server = _Server(osmnx.settings.nominatim_url.rstrip("/"))
    try:
        found = _ask_patiently(server, look_up, tell)
    except _RefusalError as refusal:
        raise DownloadError.saying(
            "The server {server} did not find the place ({reason}). Try again later, or name"
            " bounds instead.",
            server=server.url,
            reason=refusal.reason,
        ) from refusal
    wide: Any = osmnx.utils_geo.buffer_geometry(found, _PLACE_MARGIN_M)
    return wide  # type: ignore[no-any-return]


def _divide(area: Area) -> list[str]:
    """Let OSMnx divide the area, and ask for the ways, nodes and restrictions of each portion."""
    from osmnx import _overpass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the area is large
        corners = _overpass._make_overpass_polygon_coord_strs(area)
    start = _overpass._make_overpass_settings()
    classes = "|".join(_HIGHWAYS)
    return [
        f'{start};(way["highway"~"^({classes})$"](poly:\'{within}\');'
        f'way["route"="ferry"](poly:\'{within}\');)->.roads;'
        "node(w.roads)->.nodes;"
        'rel(bw.roads)["type"="restriction"]->.restrictions;'
        "(.nodes;.roads;.restrictions;);out;"
        for within in corners
    ]


class _Store:
    """Answers of one download, each in a file, until the download is whole."""

    def __init__(self, cache: Path, queries: Sequence[str]) -> None:
        self.folder = cache / f"download-{_digest(*queries)}"
        for file in _list_portions(cache.glob("download-*/portion-*")):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > _KEPT_S:
                    file.unlink()
                    file.parent.rmdir()

    def take(self, query: str) -> OverpassAnswer | None:
        """Give the answer to a question, if it was kept and is not too old."""
        try:
            answer: OverpassAnswer = json.loads(gzip.decompress(self._name(query).read_bytes()))
            _check_answer(answer)
        except (OSError, EOFError, zlib.error, ValueError, _RefusalError):
            return None
        return answer

    def keep(self, query: str, answer: OverpassAnswer) -> None:
        """Keep the answer to a question, whole or not at all."""
        file = self._name(query)
        draft = file.with_suffix(f".{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(gzip.compress(json.dumps(answer).encode(), compresslevel=1))
            draft.replace(file)
        except OSError as error:
            raise _not_written(file, error) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove all answers of this download."""
        with suppress(OSError):
            for file in _list_portions(self.folder.glob("portion-*")):
                file.unlink()
            self.folder.rmdir()

    def _name(self, query: str) -> Path:
        return self.folder / f"portion-{_digest(query)}.json.gz"


def _list_portions(files: Iterable[Path]) -> list[Path]:
    """List those that bear the name of a portion of ours, links left out."""
    return [
        file
        for file in files
        if _PORTION.fullmatch(f"{file.parent.name}/{file.name}")
        and not (is_link(file) or is_link(file.parent))
    ]


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:40]


class _Heap:
    """What has come, unsorted and some of it twice, in a file beside."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.writer = osmium.SimpleWriter(str(file))
        self.ways: set[int] = set()
        self.restrictions: dict[int, OverpassAnswer] = {}
        self.dates: list[str] = []

    def add(self, answer: OverpassAnswer) -> None:
        """Put an answer on the heap."""
        date = str(answer.get("osm3s", {}).get("timestamp_osm_base", ""))
        if _DATE.fullmatch(date):
            self.dates.append(date)
        for element in answer["elements"]:
            number, tags = element["id"], element.get("tags", {})
            if element["type"] == "node":
                location = element["lon"], element["lat"]
                self.writer.add_node(mutable.Node(id=number, location=location, tags=tags))
            elif element["type"] == "way":
                self.ways.add(number)
                self.writer.add_way(mutable.Way(id=number, nodes=element["nodes"], tags=tags))
            elif element["type"] == "relation":
                self.restrictions[number] = element

    def close(self) -> None:
        """Let go of the file beside."""
        close_writer(self.writer)

    def sort_into(self, file: Path) -> None:
        """Write everything once: nodes, ways, restrictions, each by id."""
        for number, relation in self.restrictions.items():
            members = [
                (member["type"][0], member["ref"], member.get("role", ""))
                for member in relation["members"]
            ]
            if all(ref in self.ways for kind, ref, _ in members if kind == "w"):
                self.writer.add_relation(
                    mutable.Relation(id=number, members=members, tags=relation.get("tags", {}))
                )
        self.close()
        header = osmium.io.Header()
        header.set("generator", _GENERATOR)
        for key in _DATE_KEYS if self.dates else ():
            header.set(key, min(self.dates))
        merge = osmium.MergeInputReader()
        merge.add_file(str(self.file))
        with open_writer(str(file), header=header, overwrite=True) as writer:
            merge.apply(writer, simplify=True)


def _write_whole(heap: _Heap, file: Path) -> None:
    """Write beside the file and then take its place, so that it is never half there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with hold(file, patience_s=_LOCK_S), drafting(file, known=_is_ours) as draft:
            heap.sort_into(draft)
    except OutputError:
        raise
    except (OSError, RuntimeError) as error:
        raise _not_written(file, error) from error


def _is_ours(file: Path) -> bool:
    """Tell whether a file of OpenStreetMap is a download of ours, which a new one may replace."""
    try:
        with closing(osmium.io.Reader(str(file))) as reader:
            return bool(reader.header().get("generator") == _GENERATOR)
    except RuntimeError:
        return False


def _not_written(file: Path, error: Exception) -> OutputError:
    told = say("{file} cannot be written: {reason}.", file=file, reason=tell_reason(error))
    return OutputError(told)


def _check_area(place: str | None, bounds: Bounds | None, polygon: Area | None) -> None:
    if sum(given is not None for given in (place, bounds, polygon)) != 1:
        raise RoadDataError.saying("Name exactly one of place, bounds and polygon to download.")
    if bounds is not None:
        draw_bounds(bounds)
    if polygon is not None:
        if not isinstance(polygon, Area) or polygon.is_empty or not polygon.is_valid:
            raise RoadDataError.saying(
                "The polygon to download must be a valid polygon in longitude and latitude."
            )
        draw_bounds(polygon.bounds)


def _check_ending(file: Path) -> Path:
    """Refuse before the download what pyosmium could not write after it."""
    with tempfile.TemporaryDirectory() as folder, suppress(RuntimeError):
        osmium.SimpleWriter(str(Path(folder) / f"roads{file.name}")).close()
        if not file.is_dir():
            return file
    raise RoadDataError.saying(
        "{file} is not the name of a file of OpenStreetMap; let it end in .osm.pbf.", file=file
    )


def _choose_cache(cache: AnyPath | None) -> Path:
    try:
        return claim(DOWNLOADS) if cache is None else Path(cache)
    except OSError as error:
        raise _not_written(cache_folder(), error) from error


def _name_area(place: str | None, bounds: Bounds | None, polygon: Area | None) -> str:
    if place is not None:
        return place
    return "{:g}, {:g}, {:g}, {:g}".format(*bounds or (polygon.bounds if polygon else ()))
