"""Download roads from OpenStreetMap; the only room with a socket."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raastof_geo.errors import DownloadError, RoadDataError
from raastof_geo.language import Message, say
from raastof_geo.roads.build import build_network
from raastof_geo.roads.network import ROAD_CLASSES, write_network
from raastof_geo.roads.osm import Bounds, Located, OsmWays, Progress, gather_ways
from raastof_geo.roads.tags import read_class, read_road

_BUSY = (429, 504)
_PATIENCE = 2
_TIMEOUT_S = 180
_KNOCK_S = 20
_ROAD_CLASSES = tuple(label for label in ROAD_CLASSES if label != "ferry")

Element = Mapping[str, Any]


def fetch_network(
    *,
    place: str | None = None,
    bounds: Bounds | None = None,
    into: str | os.PathLike[str],
    classes: Collection[str] = ROAD_CLASSES,
    overpass_url: str | None = None,
    simplify_m: float = 5.0,
    progress: Progress | None = None,
) -> Path:
    """Download the roads of a place, or of a rectangle, and write them as a network.

    Parameters
    ----------
    place
        A name that OpenStreetMap's Nominatim knows, such as `Køge Kommune`.
    bounds
        West, south, east and north, WGS84. [degrees]
    into
        A file that ends in `.npz`, or a folder for `roads.npz`.
    classes
        Classes of road to keep; by default all of them.
    overpass_url
        The server to ask, where it is not the public one.
    simplify_m
        The drawn road stays within this distance of the road as mapped. [m]

    Returns
    -------
    path
        The file that was written.

    Raises
    ------
    DownloadError
        The internet, or the server, does not answer as it should.
    RoadDataError
        There is no such place, or it has no roads for trucks.
    """
    if (place is None) == (bounds is None):
        raise RoadDataError(say("Name either a place or bounds to download, not both."))
    if bounds is not None:
        _check_bounds(bounds)
    title = place or "{:g}, {:g}, {:g}, {:g}".format(*bounds or ())
    if progress:
        progress(say("Downloading roads from OpenStreetMap: {title}", title=title))
    answer = _ask(place, bounds, overpass_url)
    network = build_network(
        _read_answer(answer, bounds, title),
        classes=classes,
        simplify_m=simplify_m,
        title=title,
        progress=progress,
    )
    return write_network(network, _name_file(Path(into)))


@dataclass
class _Answer:
    """What the servers said."""

    ways: dict[int, Element] = field(default_factory=dict)
    nodes: dict[int, tuple[float, float]] = field(default_factory=dict)
    dates: list[str] = field(default_factory=list)
    busy: int = 0

    def listen(self, response: Any, *_: Any, **__: Any) -> None:
        """Look at each answer as it comes; OSMnx would let cut-off ones pass."""
        if response.status_code in _BUSY:
            self.busy += 1
            if self.busy > _PATIENCE:
                raise DownloadError(_refused(response.url, say("it is too busy")))
            return
        if not response.ok:
            raise DownloadError(
                _refused(response.url, f"HTTP {response.status_code} {response.reason}")
            )
        if "/interpreter" in response.url:
            self.add(response.url, _parse(response))

    def add(self, url: str, content: Mapping[str, Any]) -> None:
        if "remark" in content:
            raise DownloadError(_refused(url, str(content["remark"])))
        self.dates.append(str(content.get("osm3s", {}).get("timestamp_osm_base", ""))[:10])
        for element in content["elements"]:
            if element["type"] == "way":
                self.ways[element["id"]] = element
            elif element["type"] == "node":
                self.nodes[element["id"]] = (element["lon"], element["lat"])

    @property
    def osm_date(self) -> str:
        """The oldest state told, else today."""
        return min(filter(None, self.dates), default=datetime.now(UTC).date().isoformat())


def _parse(response: Any) -> Mapping[str, Any]:
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("elements"), list):
        raise DownloadError(_refused(response.url, say("it sent something other than data")))
    return content


def _ask(place: str | None, bounds: Bounds | None, overpass_url: str | None) -> _Answer:
    """Let OSMnx ask in portions, and keep what it hears.

    OSMnx would then make a graph: for a region that takes gigabytes, and it
    turns `oneway=-1` round without saying so. Hence `cache_only_mode`.
    """
    import osmnx
    import requests

    answer = _Answer()
    with tempfile.TemporaryDirectory() as cache, _osmnx_set(cache, answer, overpass_url):
        try:
            _knock(requests, osmnx.settings.overpass_url)
            if place is not None:
                osmnx.graph_from_place(place, simplify=False, custom_filter=_filters())
            elif bounds is not None:
                osmnx.graph_from_bbox(bounds, simplify=False, custom_filter=_filters())
        except osmnx._errors.CacheOnlyInterruptError:
            pass
        except DownloadError:
            raise
        except (osmnx._errors.InsufficientResponseError, TypeError) as error:
            raise RoadDataError(
                say("OpenStreetMap knows no area named {place}.", place=place or bounds)
            ) from error
        except (
            requests.RequestException,
            osmnx._errors.ResponseStatusCodeError,
            OSError,
            KeyError,
            ValueError,
        ) as error:
            raise DownloadError(
                say(
                    "OpenStreetMap could not be reached. Check the internet connection, or use the"
                    " built-in roads, or build a network from a downloaded file with"
                    " `raastof network build`."
                )
            ) from error
    return answer


def _knock(requests: Any, server: str) -> None:
    """Fail at once where nobody is at home; OSMnx would wait a minute first."""
    requests.get(f"{server.rstrip('/')}/status", timeout=_KNOCK_S)


@contextmanager
def _osmnx_set(cache: str, answer: _Answer, overpass_url: str | None) -> Iterator[None]:
    """Set OSMnx up for one download, and put everything back afterwards."""
    from osmnx import settings

    wanted = {
        "cache_folder": cache,
        "cache_only_mode": True,
        "use_cache": True,
        "doh_url_template": None,
        "log_console": False,
        "log_file": False,
        "requests_timeout": _TIMEOUT_S,
        "requests_kwargs": {**settings.requests_kwargs, "hooks": {"response": answer.listen}},
    }
    if overpass_url is not None:
        wanted |= {"overpass_url": overpass_url, "overpass_rate_limit": False}
    before = {name: getattr(settings, name) for name in wanted}
    look_up = socket.getaddrinfo  # OSMnx pins the address of the server in here
    try:
        for name, value in wanted.items():
            setattr(settings, name, value)
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, value in before.items():
            setattr(settings, name, value)


def _filters() -> list[str]:
    classes = "|".join((*_ROAD_CLASSES, "road"))
    return [f'["highway"~"^({classes})$"]', '["route"="ferry"]']


def _read_answer(answer: _Answer, bounds: Bounds | None, title: str) -> OsmWays:
    known = answer.nodes

    def locate(ids: NDArray[np.int64]) -> Located:
        places = [known.get(node, (np.nan, np.nan)) for node in ids.tolist()]
        lon, lat = np.array(places, np.float64).reshape(-1, 2).T
        return lon, lat

    roads = (
        (road, way["nodes"])
        for _, way in sorted(answer.ways.items())
        if read_class(way.get("tags", {})) and (road := read_road(way["tags"]))
    )
    return gather_ways(roads, locate, bounds=bounds, osm_date=answer.osm_date, source=title)


def _refused(url: str, reason: Message | str) -> Message:
    return say(
        "The server {server} did not give the roads ({reason}). Try again later, or ask for a"
        " smaller area.",
        server=url.split("?", maxsplit=1)[0],
        reason=reason,
    )


def _check_bounds(bounds: Sequence[float]) -> None:
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise RoadDataError(
            say(
                "Bounds must be west, south, east, north in degrees, got {bounds}.",
                bounds=", ".join(f"{value:g}" for value in bounds),
            )
        )


def _name_file(into: Path) -> Path:
    return into if into.suffix == ".npz" else into / "roads.npz"
