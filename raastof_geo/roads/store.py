"""Keep a network of roads in one small file, and read it again: checked against contradictions."""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any
import numpy as np
from numpy.typing import NDArray
from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath, write_whole
from raastof_geo.language import Message, list_codes, say, say_text
from raastof_geo.region.projection import measure_steps
from raastof_geo.region.region import MEMBER, encode_region, read_region
from raastof_geo.roads.edges import StoredColumns, as_json, encode_roads
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import LIMITS

_ALIKE = (
    ("node_lon", "node_lat"),
    ("tail", "head", "length_cm", "directions", "road", "way", "inner_count"),
    ("inner_lon", "inner_lat"),
    ("turn_only", "turn_size"),
)
"""Columns that are equally long."""
STORED_COLUMNS = StoredColumns._fields
"""What a file of roads holds, apart from texts."""

_TOLD_ONLY = frozenset(("name", "tags", "level"))
"""Fields that no truck's way depends on."""
_BOTH_WAYS = 3
_A_STEP_DEG = 1e-6
"""What a place in a file is rounded to. [degrees]"""
_METRES_A_DEGREE = 111_195.0
"""A degree of a great circle on a sphere of 6,371 km, the mean radius of the Earth (IUGG). [m]"""
_OVAL = 0.99
"""A degree to the north is so much shorter on the ellipsoid, by 0.56 % (110,574 m), at worst."""
_SLACK_M = 2.0
"""Room for rounded places and lengths. [m]"""
_MOST_WINDING = 10.0
"""No road is longer than so many times what is drawn of it, a kilometre (`_WINDING_M`), and what
simplification may have taken. A judgement: a lie, not a hairpin, shall be found."""
_WINDING_M = 1000.0


def _find_fault_in_columns(columns: StoredColumns) -> Message | None:
    """Name the first rule that the columns of a file break, if any, before anything is made."""
    for label, column in zip(STORED_COLUMNS, columns, strict=True):
        if column.ndim != 1 or column.dtype.kind not in "iu":
            return say("{column} does not hold whole numbers", column=label)
    if any(len({*map(len, attrgetter(*labels)(columns))}) > 1 for labels in _ALIKE):
        return say("its columns differ in length")
    for count, parts, least in (("inner_count", "inner_lon", 0), ("turn_size", "turn_arc", 1)):
        if not _within(sizes := getattr(columns, count), least, math.inf):
            return say("{column} holds numbers that are too small", column=count)
        if int(sizes.sum(dtype=np.float64)) != len(getattr(columns, parts)):
            return say("{column} does not count what {parts} holds", column=count, parts=parts)
    for label, most in (("directions", _BOTH_WAYS), ("turn_only", 1)):
        if not _within(getattr(columns, label), 0, most):
            return say("{column} holds numbers that mean nothing", column=label)
    return None


def _find_fault(network: RoadNetwork) -> Message | None:
    """Name the first rule that a network breaks. None where there is none."""
    checks = _list_false_columns, _list_false_names, _list_false_places, _list_false_lengths
    return next(chain.from_iterable(check(network) for check in checks), None)


def _list_false_columns(network: RoadNetwork) -> Iterator[Message]:
    edges, points = len(network.tail), len(network.lon)
    if edges == 0:
        yield say("it has no edges")
    of_edges = ("head", "length_m", "forward", "backward", "road", "way")
    sizes = {len(network.point_start) - 1, *(len(getattr(network, name)) for name in of_edges)}
    if sizes != {edges}:
        yield say("its columns differ in length")
    if len(network.node_lat) != len(network.node_lon) or len(network.lat) != points:
        yield say("its longitudes and latitudes differ in number")
    if network.point_start[0] != 0 or network.point_start[-1] != points:
        yield say("its shapes do not fill its points")
    if np.diff(network.point_start).min() < 2:
        yield say("a shape has fewer than two points")


def _list_false_names(network: RoadNetwork) -> Iterator[Message]:
    """Look for what is named by number, or said of all roads, and is not there."""
    nodes, roads = network.node_count, len(network.roads)
    named = (network.tail, nodes), (network.head, nodes), (network.road, roads)
    if not all(_within(one, 0, count - 1) for one, count in named):
        yield say("an edge names a node or a road that does not exist")
    unknown = (network.extra.get(kind, {}).items() for kind in ("fields", "limits"))
    for name, column in chain(*unknown):
        if isinstance(column, list) and len(column) != roads:
            yield say("its unknown column {name} does not describe its roads", name=name)
    arcs = np.array([arc for turn in (*network.turns, *network.some_turns) for arc in turn.arcs])
    if not _within(arcs, 0, 2 * len(network.tail) - 1):
        yield say("a turn names an edge that does not exist")


def _list_false_places(network: RoadNetwork) -> Iterator[Message]:
    east, north = (network.lon, network.node_lon), (network.lat, network.node_lat)
    places = *((one, 180) for one in east), *((one, 90) for one in north)
    if not all(_within(one, -most, most) for one, most in places):
        yield say("a place lies outside the Earth")
    if not network.length_m.min() >= 0:
        yield say("a length is negative or missing")
    first, last = network.point_start[:-1], network.point_start[1:] - 1
    for point, node in (east, north):
        gap = np.concatenate((point[first] - node[network.tail], point[last] - node[network.head]))
        if not _within(gap, -_A_STEP_DEG, _A_STEP_DEG):
            yield say("a shape does not end where its edge ends")


def _list_false_lengths(network: RoadNetwork) -> Iterator[Message]:
    """Compare lengths with what is drawn, at its shortest: never less, and winding only so much."""
    east, north = np.diff(network.lon), np.diff(network.lat)
    if not _within(east, -180, 180):  # over the date line, not round the Earth
        east = (east + 180) % 360 - 180
    east *= math.cos(math.radians(max(-network.node_lat.min(), network.node_lat.max())))
    step, metres = np.zeros(len(network.lon)), network.length_m
    np.sqrt(east * east + north * north, out=step[1:])
    step[network.point_start[:-1]] = 0
    drawn_m = np.add.reduceat(step, network.point_start[:-1]) * _METRES_A_DEGREE
    slack_m = _WINDING_M + 100 * network.metadata.simplified_m
    short = np.flatnonzero(metres < _OVAL * drawn_m - _SLACK_M)[:1].tolist()
    for edge in (*short, *np.flatnonzero(metres > _MOST_WINDING * drawn_m + slack_m).tolist()):
        lon, lat = network.cut(edge, 0.0, 1.0).T
        drawn = float(measure_steps(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum())
        if edge in short or metres[edge] > _MOST_WINDING * drawn + slack_m:
            at = {"lon": f"{lon[0]:.5f}", "lat": f"{lat[0]:.5f}"}
            told = {"edge": edge, "metres": float(metres[edge])}
            yield say_text("network files", "length", **told, **at)


def _within(values: NDArray[Any], least: float, most: float) -> bool:
    return not len(values) or bool(least <= values.min() and values.max() <= most)  # never for NaN


def explain_gaps(network: RoadNetwork) -> Iterator[Message]:
    """Name what trucks depend on and the network's file does not know, or we do not know."""
    title, region = network.metadata.title, network.region
    known = {"areas": len(region.shapes), "towns": len(region.towns), "coast": len(region.land)}
    yield from (say_text("regions", one, title=title) for one, count in known.items() if not count)
    lacking = {
        "unknown limits": [name for name in network.lacking if name in LIMITS],
        "unknown fields": [name for name in network.lacking if name not in (*LIMITS, *_TOLD_ONLY)],
        "other limits": [*network.extra.get("limits", ())],
    }
    for key, some in lacking.items():
        if some:
            names = list_codes(some)
            yield say_text("network files", key, title=title, limits=names, fields=names)


NETWORK_FORMAT = 3
"""The form of network files, by name. A new kind of column is a new format."""

_SMALL_BYTES = 1 << 26
_MOST_PACKED = 100
"""A file may unpack to so many times its own bytes, and those of a small one more."""
_FIRST_MOMENT_OF_ZIP = (1980, 1, 1, 0, 0, 0)


def read_network(path: AnyPath) -> RoadNetwork:
    """Read a file of `write_network`. Returns its network, or raises `RoadDataError`."""
    file = Path(path)
    columns, roads, metadata, is_pack = _read_columns(file)
    try:
        complaint = _find_fault_in_columns(columns)
        if not complaint:
            texts = json.loads(roads.tobytes()), metadata.tobytes()
            network = RoadNetwork.from_columns(columns, *texts)
            complaint = _find_fault(network)
            if is_pack:
                network = replace(network, own_region=read_region(file))
    except Exception as error:  # what is not as it should be fails in many ways
        raise _damaged(file) from error
    if complaint:
        raise _damaged(file, complaint)
    return network


def write_network(network: RoadNetwork, path: AnyPath, *, compress: bool = True) -> Path:
    """Write a network to one file. Returns its path; equal networks give equal bytes.

    Anything else of that name is moved to `set_aside` beside it. Places are kept to a millionth of
    a degree, lengths to a centimetre. `RoadDataError`: it contradicts itself; `OutputError`.
    """
    file = Path(path)
    complaint = _find_fault(network)
    if complaint:
        raise RoadDataError.saying_text("network files", "contradicts", fault=complaint)
    extra = network.extra
    metadata = {"format": NETWORK_FORMAT, **asdict(network.metadata), **extra.get("metadata", {})}
    roads = encode_roads(network.roads, extra, network.lacking)
    roads |= {"turns": network.some_turns} if network.some_turns else {}
    texts = {"roads": as_json(roads), "metadata": as_json(metadata)}
    if network.own_region is not None:
        texts[MEMBER] = as_json(encode_region(network.own_region))
    content, method = io.BytesIO(), zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(content, "w", method, compresslevel=9) as archive:
        for label, column in (network.to_columns()._asdict() | texts).items():
            member = zipfile.ZipInfo(f"{label}.npy", _FIRST_MOMENT_OF_ZIP)
            member.compress_type, member.create_system = method, 3
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(column), version=(1, 0))
            archive.writestr(member, array.getvalue())
    return write_whole(file, content.getvalue(), known=_is_network)


def _is_network(file: Path) -> bool:
    """Tell whether a file is a road network of any version, which a new one may replace."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {"metadata.npy", "node_lon.npy"} <= {*archive.namelist()}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        return False


def _read_columns(file: Path) -> tuple[StoredColumns, NDArray[Any], NDArray[Any], bool]:
    """Read the columns, the texts of roads and metadata, and whether there is a region."""
    if not file.is_file():
        key = "folder" if file.exists() else "none"
        raise RoadDataError.saying_text("network files", key, file=file)
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        # A small file would fill the memory: roads pack to a fifth, not to nothing.
        if unpacked > _SMALL_BYTES + _MOST_PACKED * file.stat().st_size:
            raise _damaged(file)
        with np.load(file, allow_pickle=False) as archive:
            if (form := json.loads(archive["metadata"].tobytes()).get("format")) is None:
                raise _damaged(file)
            if form != NETWORK_FORMAT:
                told = say_text("network files", "version", known=str(NETWORK_FORMAT))
                raise RoadDataError(told.format(file=file, found=str(form)))
            columns = StoredColumns(*(archive[label] for label in STORED_COLUMNS))
            return columns, archive["roads"], archive["metadata"], MEMBER in archive.files
    except RoadDataError:
        raise
    except Exception as error:  # ZIP, NumPy and JSON each raise their own
        key = {KeyError: "other", PermissionError: "closed"}.get(type(error), "unreadable")
        raise RoadDataError.saying_text("network files", key, file=file) from error


def _damaged(file: Path, fault: Message | None = None) -> RoadDataError:
    kind = "damaged" if fault else "unreadable"
    return RoadDataError.saying_text("network files", kind, file=file, fault=fault)
