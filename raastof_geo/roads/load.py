"""Load roads from wherever they are: built in, a network file, OpenStreetMap, a graph of OSMnx."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
import numpy as np
import shapely
from raastof_geo.arrays import Floats
from raastof_geo.cache import fingerprint, keep
from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.language import DATA_FOLDER, Tell
from raastof_geo.region.projection import DEGREES, bound, measure_steps
from raastof_geo.roads.edges import BUILDER, FIELDS, NetworkMetadata, round_degrees
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import OSM_ENDINGS, is_number, read_osm, refuse_others
from raastof_geo.roads.mapped.tags import decide_oneway, flip_tags, read_road, read_words
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, Road
from raastof_geo.roads.store import read_network, write_network

if TYPE_CHECKING:
    import networkx

_SAME_M = 0.1
"""Two directions whose lengths differ by less are one road. [m]"""
_SAME_DEG = 1e-5
"""And whose points lie no farther apart. [degrees]"""
_AGAINST = ("-1", "reverse")
"""What OSMnx leaves in `oneway`, of ways that it turns round, if asked for `all_oneway`."""
_CLOSING = ("no", "private", "destination", "delivery")
"""Values of access that are stricter than any other."""
_LONGEST_M = 20_000_000.0
"""No road leads farther than half round the Earth. [m]"""


def read_graphml(path: AnyPath) -> RoadNetwork:
    """Read a graph of `osmnx.save_graphml`. Returns a network, or raises `RoadDataError`."""
    file = Path(path)
    if not file.is_file():
        raise RoadDataError.saying_text("graphs", "none", file=file)
    import osmnx

    try:
        graph = osmnx.load_graphml(file)
    except Exception as error:  # XML, NetworkX and OSMnx each raise their own
        raise RoadDataError.saying_text("graphs", "damaged", file=file) from error
    return from_osmnx(graph, title=file.name)


def from_osmnx(graph: networkx.MultiDiGraph, *, title: str = "OSMnx") -> RoadNetwork:
    """Make a network of a graph that OSMnx made, simplified or not, projected or not.

    Returns each road once, open as its two directions in the graph are; a loop in two. Tags are
    read as from OpenStreetMap, as far as the graph has them: set `osmnx.settings.useful_tags_way`
    to keep `hgv`, `maxweight`, `maxheight` and their kin before you download. Where simplification
    merged several values the strictest counts; there are no turn restrictions. Its `osm_date` is
    the day on which the graph says it was made. `RoadDataError`: the graph has no places, no
    coordinate system or no roads, or something lies off the Earth.
    """
    graph = _to_degrees(graph)
    streets, places = _read_streets(graph)
    lon, lat = round_degrees(np.array(places, np.float64).T)
    made = str(graph.graph.get("created_date", ""))[:10]
    lines = [street.line for street in streets]
    points = np.concatenate(lines)
    return RoadNetwork(
        tail=np.array([street.tail for street in streets], np.int32),
        head=np.array([street.head for street in streets], np.int32),
        way=np.array([street.way for street in streets], np.int64),
        forward=np.ones(len(streets), bool),
        backward=np.array([street.backward for street in streets], bool),
        node_lon=lon,
        node_lat=lat,
        length_m=np.ceil(np.array([street.length_m for street in streets]) * 100) / 100,
        road=np.arange(len(streets), dtype=np.int32),
        roads=tuple(street.road for street in streets),
        point_start=np.append(0, np.cumsum([*map(len, lines)])).astype(np.int32),
        lon=points[:, 0].copy(),
        lat=points[:, 1].copy(),
        metadata=NetworkMetadata(
            title=title,
            osm_date=made if len(made) == 10 else "",
            simplified_m=0.0,
            bounds=bound(lon, lat),
        ),
    )


@dataclass
class _Street:
    tail: int
    head: int
    road: Road
    way: int
    length_m: float
    line: Floats
    backward: bool = False
    """Whether it is open against its line, too."""


def _read_streets(graph: Any) -> tuple[list[_Street], list[tuple[float, float]]]:
    """Read each road once, none of them a loop, and the places that they join. [degrees]"""
    nodes = {node: number for number, node in enumerate(graph.nodes)}
    places = [_read_place(node, data["x"], data["y"]) for node, data in graph.nodes(data=True)]
    streets = [part for street in _pair_up(graph, nodes) for part in _open_loop(street, places)]
    if not streets:
        raise RoadDataError.saying_text("graphs", "no roads")
    return streets, places


def _to_degrees(graph: Any) -> Any:
    import osmnx

    if not graph.number_of_edges():
        raise RoadDataError.saying_text("graphs", "no roads")
    if "crs" not in graph.graph:
        raise RoadDataError.saying_text("graphs", "no system")
    if not all("x" in data and "y" in data for _, data in graph.nodes(data=True)):
        raise RoadDataError.saying_text("graphs", "no place")
    crs = str(graph.graph["crs"])
    if crs.upper() in (DEGREES, "WGS84"):
        return graph
    try:
        return osmnx.project_graph(graph, to_crs=DEGREES)
    except Exception as error:  # of PROJ, GeoPandas and Shapely, each its own
        raise RoadDataError.saying_text("graphs", "unknown system", crs=crs) from error


def _read_place(node: Hashable, x: Any, y: Any) -> tuple[float, float]:
    if not (is_number(x, 180) and is_number(y, 90)):
        given = {"node": str(node), "x": str(x), "y": str(y)}
        raise RoadDataError.saying_text("graphs", "node off earth", **given)
    return float(x), float(y)


def _check_edge(u: Hashable, v: Hashable, data: Mapping[str, Any]) -> None:
    """Refuse an edge whose length is no length, or whose shape is no line on the Earth."""
    length, shape, ends = data.get("length", 0.0), data.get("geometry"), {"u": str(u), "v": str(v)}
    if not (is_number(length, _LONGEST_M) and float(length) >= 0):
        raise RoadDataError.saying_text("graphs", "length", length=str(length), **ends)
    drawn = isinstance(shape, shapely.LineString) and len(shape.coords) > 1
    if shape is not None and not (drawn and np.all(np.abs(shape.coords)[:, :2] <= (180, 90))):
        raise RoadDataError.saying_text("graphs", "shape", **ends)  # of NaN, too


def _pair_up(graph: Any, nodes: Mapping[Hashable, int]) -> list[_Street]:
    """Give every road once: two directions of one way and one length are the same road."""
    open_ends: dict[tuple[int, int], list[_Street]] = defaultdict(list)
    found: list[_Street] = []
    for u, v, data in graph.edges(data=True):
        road = _read(data)
        if road is None:
            continue
        _check_edge(u, v, data)
        ends = np.array([(graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in (u, v)])
        shape = data.get("geometry")
        line = round_degrees(np.array(ends if shape is None else shape.coords, np.float64)[:, :2])
        line[[0, -1]] = round_degrees(ends.astype(np.float64))
        length_m = math.ceil(max(float(data.get("length", 0.0)), _measure(line)) * 100) / 100
        street = _Street(nodes[u], nodes[v], road, _read_way(data.get("osmid")), length_m, line)
        others = open_ends[street.head, street.tail]
        twin = next((rank for rank, one in enumerate(others) if _are_one(one, street)), None)
        if twin is not None:
            others.pop(twin).backward = True
        else:
            found.append(street)
            open_ends[street.tail, street.head].append(street)
    return found


def _read_way(given: Any) -> int:
    """Read the id of the way that an edge is part of, 0 where that is none, or several."""
    ids = map(str, given if isinstance(given, list) else [given])
    known = [one for one in ids if one.lstrip("-").isdigit()]
    return int(known[0]) if len(known) == 1 else 0


def _are_one(one: _Street, other: _Street) -> bool:
    """Tell whether two streets are the directions of one road; a loop is none of two."""
    return (
        one.way == other.way
        and abs(one.length_m - other.length_m) < _SAME_M
        and one.tail != one.head
        and len(one.line) == len(other.line)
        and bool(np.abs(one.line - other.line[::-1]).max() < _SAME_DEG)
    )


def _measure(line: Floats) -> float:
    return float(measure_steps(*line[:-1].T, *line[1:].T).sum())


def _open_loop(street: _Street, places: list[tuple[float, float]]) -> Iterator[_Street]:
    """Part a road that comes back to where it began in the middle of its points, a new place."""
    if street.tail != street.head:
        yield street
    elif len(street.line) > 2:
        middle, node = len(street.line) // 2, len(places)
        places.append((float(street.line[middle, 0]), float(street.line[middle, 1])))
        first, last = street.line[: middle + 1], street.line[middle:]
        share = _measure(first) / max(_measure(first) + _measure(last), 1e-9)
        yield replace(street, head=node, length_m=street.length_m * share, line=first)
        yield replace(street, tail=node, length_m=street.length_m * (1 - share), line=last)


def _read(data: Mapping[str, Any]) -> Road | None:
    ours, kinds = ("geometry", "oneway", "reversed", "length", "osmid"), (str, list, int, float)
    tags = {key: one for key, one in data.items() if key not in ours and isinstance(one, kinds)}
    said = {key: value for key, one in tags.items() if (value := _strictest(key, one))}
    # Tags speak of the way as mapped; this edge may be the way back, or of a way drawn against it.
    back = (data.get("reversed") is True) != (data.get("oneway") in _AGAINST)
    said = flip_tags(said) if back else said
    along, _ = decide_oneway(read_words(said), said, "", None)  # as of `oneway:hgv`
    return read_road(said) if along else None


def _strictest(key: str, value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    values = [*map(str, value)]
    if key == "highway":
        known = [one for one in values if one in ROAD_CLASSES]
        return max(known, key=ROAD_CLASSES.index, default=values[0])
    if key.startswith("max"):
        return ";".join(values)  # of which the lowest counts
    return next((one for one in values if one in _CLOSING), values[0])


def load_network(
    path: AnyPath | None = None,
    *,
    area: shapely.Geometry | None = None,
    progress: Tell | None = None,
) -> RoadNetwork:
    """Load a network. Returns the built-in one where no file is named.

    A file of OpenStreetMap is read whole, closed roads too; after that it comes from the cache.
    `path`: a network file (`.npz`), a file of OpenStreetMap (`.osm.pbf`, `.osm`, `.osm.xml` …) or a
    graph of OSMnx (`.graphml`); `area`: leave out what lies outside [degrees], for OpenStreetMap
    only. `RoadDataError`: the file is missing, damaged or something else.
    """
    if path is None:
        return read_network(DATA_FOLDER / "roads.npz")
    file = Path(path)
    if file.suffix.lower() == ".graphml":
        return read_graphml(file)
    if file.is_file():
        refuse_others(file)
        if file.suffix.lower() in OSM_ENDINGS:
            return _load_osm(file, area, progress)
    if area is not None:
        raise RoadDataError.saying_text("osm files", "cut out", file=file)
    return read_network(file)


_READING = "2026-12-01"
"""When tags were last read otherwise: networks that were read before are read again."""


def _load_osm(file: Path, area: shapely.Geometry | None, progress: Tell | None) -> RoadNetwork:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    known = ",".join((*FIELDS, *LIMITS))
    return keep(
        "networks",
        fingerprint((BUILDER, _READING, known, file.name, digest, shapely.to_wkb(area) or b"")),
        make=lambda: lay_network(read_osm(file, area=area, progress=progress), title=file.name),
        write=lambda network, draft: write_network(network, draft, compress=False),
        read=read_network,
    )
