"""Read the roads and ferries in a file of OpenStreetMap."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from raastof_geo.errors import RoadDataError
from raastof_geo.language import Message, say
from raastof_geo.roads.network import ROAD_CLASSES
from raastof_geo.roads.tags import TAGS_READ, Road, read_class, read_road

Bounds = tuple[float, float, float, float]
"""West, south, east and north, WGS84. [degrees]"""
Progress = Callable[[Message], None]
Located = tuple[NDArray[np.float64], NDArray[np.float64]]

_DATE_KEYS = ("osmosis_replication_timestamp", "timestamp")


@dataclass(frozen=True, eq=False)
class OsmWays:
    """Ways that trucks may drive on, as mapped."""

    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    node_start: NDArray[np.int64]
    """Where the nodes of each way start in `node`; one longer than the ways."""
    node: NDArray[np.int32]
    """Index of each node of each way."""
    road_class: NDArray[np.int8]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    maxspeed_km_h: NDArray[np.float64]
    name: NDArray[np.int32]
    names: tuple[str, ...]
    osm_date: str | None = None
    """State of OpenStreetMap as the file tells it, ISO 8601."""


def read_osm(
    path: str | os.PathLike[str],
    *,
    classes: Collection[str] = ROAD_CLASSES,
    bounds: Bounds | None = None,
    progress: Progress | None = None,
) -> OsmWays:
    """Read every way that trucks may drive on from `.osm.pbf`, `.osm` and their kin.

    Parameters
    ----------
    classes
        Classes of road that are wanted.
    bounds
        Leave out what lies outside. [degrees]

    Raises
    ------
    RoadDataError
        The file is missing, empty, cut short, something else, or has no roads.
    """
    file = Path(path)
    _check_file(file)
    if progress:
        progress(say("Reading roads from {file}", file=file.name))
    try:
        return gather_ways(
            _read_ways(file, frozenset(classes)),
            lambda ids: _locate(file, ids),
            bounds=bounds,
            osm_date=_read_date(file),
            source=str(file),
        )
    except (RuntimeError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, RoadDataError):
            raise
        raise RoadDataError(
            say(
                "{file} cannot be read as OpenStreetMap data: it is damaged, cut short or"
                " something else ({reason}).",
                file=file,
                reason=str(error).strip() or type(error).__name__,
            )
        ) from error


def gather_ways(
    ways: Iterable[tuple[Road, Iterable[int]]],
    locate: Callable[[NDArray[np.int64]], Located],
    *,
    bounds: Bounds | None = None,
    osm_date: str | None = None,
    source: str = "OpenStreetMap",
) -> OsmWays:
    """Put ways into columns, and find their nodes.

    Parameters
    ----------
    ways
        Each road with the ids of its nodes.
    locate
        Gives longitude and latitude for ids of nodes, NaN for unknown ones. [degrees]

    Raises
    ------
    RoadDataError
        No road is left, or none of its nodes is known.
    """
    table = _WayTable()
    for road, nodes in ways:
        table.append(road, nodes)
    if not table.count:
        raise RoadDataError(say("{source} has no roads that trucks may use.", source=source))
    refs = np.frombuffer(table.refs, np.int64)
    ids, node = np.unique(refs, return_inverse=True)
    lon, lat = locate(ids)
    if np.isnan(lon).all():
        raise RoadDataError(
            say("{source} has roads but not the nodes that tell where they run.", source=source)
        )
    usable = np.isfinite(lon) & np.isfinite(lat)
    if bounds:
        usable &= _inside(lon, lat, bounds)
    return _cut(table, node, lon, lat, usable, osm_date=osm_date, source=source)


@dataclass
class _WayTable:
    """Columns that grow while ways are read."""

    refs: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("q"))
    road_class: array[int] = field(default_factory=lambda: array("b"))
    forward: array[int] = field(default_factory=lambda: array("b"))
    backward: array[int] = field(default_factory=lambda: array("b"))
    maxspeed: array[float] = field(default_factory=lambda: array("d"))
    name: array[int] = field(default_factory=lambda: array("i"))
    names: dict[str, int] = field(default_factory=lambda: {"": 0})

    @property
    def count(self) -> int:
        return len(self.size)

    def append(self, road: Road, nodes: Iterable[int]) -> None:
        before = len(self.refs)
        self.refs.extend(nodes)
        self.size.append(len(self.refs) - before)
        self.road_class.append(_CLASS_INDEX[road.road_class])
        self.forward.append(road.forward)
        self.backward.append(road.backward)
        self.maxspeed.append(road.maxspeed_km_h)
        self.name.append(self.names.setdefault(road.name, len(self.names)))


_CLASS_INDEX = {label: index for index, label in enumerate(ROAD_CLASSES)}


def _cut(
    table: _WayTable,
    node: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    usable: NDArray[np.bool_],
    *,
    osm_date: str | None,
    source: str,
) -> OsmWays:
    """Keep the stretches of each way whose nodes are usable, each as a way of its own."""
    way = np.repeat(np.arange(table.count), np.frombuffer(table.size, np.int64))
    good = usable[node]
    follows = np.zeros(len(node), bool)
    follows[1:] = good[1:] & good[:-1] & (way[1:] == way[:-1])
    stretch = np.cumsum(~follows)
    kept = good & (np.bincount(stretch)[stretch] > 1)
    if not kept.any():
        raise RoadDataError(say("{source} has no roads inside the bounds.", source=source))
    first = np.flatnonzero(kept & ~follows)
    of = way[first]
    used, index = np.unique(node[kept], return_inverse=True)
    return OsmWays(
        node_lon=lon[used],
        node_lat=lat[used],
        node_start=np.append(np.cumsum(kept)[first] - 1, kept.sum()).astype(np.int64),
        node=index.astype(np.int32),
        road_class=np.frombuffer(table.road_class, np.int8)[of],
        forward=np.frombuffer(table.forward, np.int8)[of] > 0,
        backward=np.frombuffer(table.backward, np.int8)[of] > 0,
        maxspeed_km_h=np.frombuffer(table.maxspeed, np.float64)[of],
        name=np.frombuffer(table.name, np.int32)[of],
        names=tuple(table.names),
        osm_date=osm_date,
    )


def _inside(
    lon: NDArray[np.float64], lat: NDArray[np.float64], bounds: Bounds
) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _check_file(file: Path) -> None:
    if not file.exists():
        raise RoadDataError(say("There is no OpenStreetMap file {file}.", file=file))
    if not file.is_file():
        raise RoadDataError(say("{file} is a folder, not an OpenStreetMap file.", file=file))
    if file.stat().st_size == 0:
        raise RoadDataError(say("{file} is empty.", file=file))


def _read_date(file: Path) -> str | None:
    header = osmium.io.Reader(str(file), osmium.osm.NOTHING).header()
    dates = [value[:10] for key in _DATE_KEYS if (value := header.get(key))]
    return dates[0] if dates else None


def _read_ways(file: Path, classes: frozenset[str]) -> Iterator[tuple[Road, Iterator[int]]]:
    wanted = osmium.filter.KeyFilter("highway", "route")
    way: Any  # the filter lets ways through only
    seen: dict[tuple[tuple[str, str], ...], Road | None] = {}  # most ways repeat the tags of others
    for way in osmium.FileProcessor(str(file), osmium.osm.WAY).with_filter(wanted):
        tags = _read_tags(way.tags)
        key = tuple(tags.items())
        if key not in seen:
            seen[key] = read_road(tags) if read_class(tags) in classes else None
        road = seen[key]
        if road:
            nodes = way.nodes
            yield road, (nodes[index].ref for index in range(len(nodes)))


def _read_tags(tags: Any) -> Mapping[str, str]:
    """Look up the tags that matter, and stop when all that a way has are found."""
    found: dict[str, str] = {}
    count = len(tags)
    for tag in TAGS_READ:
        value = tags.get(tag)
        if value is not None:
            found[tag] = value
            if len(found) == count:
                break
    return found


def _locate(file: Path, ids: NDArray[np.int64]) -> Located:
    places = osmium.index.create_map("flex_mem")
    keeper = osmium.NodeLocationsForWays(places)
    keeper.ignore_errors()
    osmium.apply(osmium.io.Reader(str(file), osmium.osm.NODE), keeper)
    found = [_look_up(places, node) for node in ids.tolist()]
    lon, lat = np.array(found, np.float64).reshape(-1, 2).T / 1e7
    return lon, lat


def _look_up(places: Any, node: int) -> tuple[float, float]:
    try:
        place = places.get(node)
    except KeyError:
        return math.nan, math.nan
    return (place.x, place.y) if place.valid() else (math.nan, math.nan)
