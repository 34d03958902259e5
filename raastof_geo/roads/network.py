"""Hold the roads that trucks use, and keep them in one small file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from raastof_geo.errors import OutputError, RoadDataError
from raastof_geo.language import Message, say
from raastof_geo.roads.projection import project

ROAD_CLASSES: tuple[str, ...] = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "ferry",
)
"""Classes of road, from OpenStreetMap's `highway`; `ferry` is a crossing for vehicles."""

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
BUILDER = "raastof_geo roads 1"

_FILE_FORMAT = 1
_STEPS_A_DEGREE = 1_000_000
_UNKNOWN_SPEED = -1
_FORWARD, _BACKWARD = 1, 2
_FIRST_MOMENT_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_COLUMNS = (
    "node_lon",
    "node_lat",
    "tail",
    "head",
    "length_cm",
    "road_class",
    "directions",
    "maxspeed",
    "name",
    "inner_count",
    "inner_lon",
    "inner_lat",
)
_TEXTS = ("names", "metadata")
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)

Columns = dict[str, NDArray[Any]]
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True)
class NetworkMetadata:
    """Where a network comes from, and what was done to it."""

    title: str
    osm_date: str
    """State of OpenStreetMap, ISO 8601."""
    simplified_m: float
    """No drawn road lies farther than this from the road as mapped. [m]"""
    bounds: tuple[float, float, float, float]
    """West, south, east and north, WGS84. [degrees]"""
    largest_shift_m: float = 0.0
    """The farthest that any mapped point really lies from the drawn road. [m]"""
    attribution: str = ATTRIBUTION
    builder: str = BUILDER


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Nodes, and the edges of road between them.

    An edge runs from `tail` to `head`. Its shape begins exactly in the one and
    ends exactly in the other. Several edges may join the same two nodes.
    """

    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    """Length on the ellipsoid of the road as mapped, before simplification. [m]"""
    road_class: NDArray[np.int8]
    """Index into `ROAD_CLASSES`."""
    forward: NDArray[np.bool_]
    """May be driven from tail to head."""
    backward: NDArray[np.bool_]
    """May be driven from head to tail."""
    maxspeed_km_h: NDArray[np.float64]
    """Signed limit, NaN where it is not known. [km/h]"""
    name: NDArray[np.int32]
    """Index into `names`."""
    names: tuple[str, ...]
    """Number and name of roads; the first is empty."""
    point_start: NDArray[np.int32]
    """Where the shape of each edge starts in `lon` and `lat`; one longer than the edges."""
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    metadata: NetworkMetadata

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.tail)

    @cached_property
    def xy(self) -> NDArray[np.float64]:
        """The points of all shapes, one row each: east and north in EPSG:25832, in metres."""
        return _frozen(project(self.lon, self.lat))

    @cached_property
    def digest(self) -> str:
        """A fingerprint (SHA-256) of everything in the network."""
        fingerprint = hashlib.sha256()
        for label, column in _encode(self).items():
            fingerprint.update(f"{label} {len(column)}\n".encode())
            fingerprint.update(column.tobytes())
        return fingerprint.hexdigest()


def load_network(path: str | os.PathLike[str] | None = None) -> RoadNetwork:
    """Load a network from its file, or the built-in one where no file is named."""
    if path is not None:
        return read_network(path)
    built_in = resources.files("raastof_geo") / "data" / "roads.npz"
    with resources.as_file(built_in) as file:
        return read_network(file)


def read_network(path: str | os.PathLike[str]) -> RoadNetwork:
    """Read a network that `write_network` wrote.

    Raises
    ------
    RoadDataError
        The file is missing, damaged or something else.
    """
    file = Path(path)
    columns = _read_columns(file)
    try:
        network = _decode(columns)
        complaint = _find_fault(network)
    except _UNREADABLE as error:
        raise RoadDataError(_damaged(file)) from error
    if complaint:
        raise RoadDataError(_damaged(file))
    return network


def write_network(network: RoadNetwork, path: str | os.PathLike[str]) -> Path:
    """Write a network to one file; equal networks give equal bytes.

    Places are kept to a millionth of a degree, lengths to a centimetre,
    limits to a tenth of a km/h.

    Raises
    ------
    RoadDataError
        The network contradicts itself.
    OutputError
        The file cannot be written.
    """
    file = Path(path)
    complaint = _find_fault(network)
    if complaint:
        raise RoadDataError(say("The road network contradicts itself: {fault}.", fault=complaint))
    _write_whole(file, _pack(_encode(network)))
    return file


def _read_columns(file: Path) -> Columns:
    if not file.exists():
        raise RoadDataError(say("There is no road network file {file}.", file=file))
    if not file.is_file():
        raise RoadDataError(say("{file} is a folder, not a road network file.", file=file))
    try:
        with np.load(file, allow_pickle=False) as archive:
            columns = {label: archive[label] for label in (*_COLUMNS, *_TEXTS)}
    except KeyError as error:
        raise RoadDataError(
            say(
                "{file} is not a road network of raastof_geo. Make one with `raastof network build`"
                " from a file of OpenStreetMap.",
                file=file,
            )
        ) from error
    except PermissionError as error:
        raise RoadDataError(say("{file} may not be read by this user.", file=file)) from error
    except _UNREADABLE as error:
        raise RoadDataError(_damaged(file)) from error
    _check_format(file, columns["metadata"])
    return columns


def _check_format(file: Path, metadata: NDArray[Any]) -> None:
    try:
        found = json.loads(metadata.tobytes())["format"]
    except _UNREADABLE as error:
        raise RoadDataError(_damaged(file)) from error
    if found != _FILE_FORMAT:
        raise RoadDataError(
            say(
                "{file} is a road network of another version of raastof_geo (format {found}, this"
                " version reads {known}). Make it again with `raastof network build`.",
                file=file,
                found=str(found),
                known=str(_FILE_FORMAT),
            )
        )


def _damaged(file: Path) -> Message:
    return say(
        "{file} cannot be read as a road network: it is damaged, cut short or something else."
        " Make it again with `raastof network build`.",
        file=file,
    )


def _encode(network: RoadNetwork) -> Columns:
    node_lon, node_lat = _to_steps(network.node_lon), _to_steps(network.node_lat)
    inner = _inner_points(network.point_start)
    count = np.diff(network.point_start) - 2
    known = np.isfinite(network.maxspeed_km_h)
    tenths = np.where(known, np.round(np.where(known, network.maxspeed_km_h, 0) * 10), -1)
    return {
        "node_lon": np.diff(node_lon, prepend=np.int32(0)),
        "node_lat": np.diff(node_lat, prepend=np.int32(0)),
        "tail": np.diff(network.tail, prepend=np.int32(0)),
        "head": network.head - network.tail,
        "length_cm": np.round(network.length_m * 100).astype(np.int32),
        "road_class": network.road_class,
        "directions": _FORWARD * network.forward.astype(np.uint8)
        + _BACKWARD * network.backward.astype(np.uint8),
        "maxspeed": tenths.astype(np.int16),
        "name": network.name,
        "inner_count": count.astype(np.int32),
        "inner_lon": _shorten(_to_steps(network.lon[inner]), count, node_lon[network.tail]),
        "inner_lat": _shorten(_to_steps(network.lat[inner]), count, node_lat[network.tail]),
        "names": _from_json(network.names),
        "metadata": _from_json({"format": _FILE_FORMAT, **asdict(network.metadata)}),
    }


def _decode(columns: Mapping[str, NDArray[Any]]) -> RoadNetwork:
    if any(columns[label].ndim != 1 or columns[label].dtype.kind not in "iu" for label in _COLUMNS):
        raise ValueError("columns of whole numbers expected")
    node_lon, node_lat = _add_up(columns["node_lon"]), _add_up(columns["node_lat"])
    tail = _add_up(columns["tail"])
    head = tail + columns["head"].astype(np.int32)
    count = columns["inner_count"].astype(np.int32)
    point_start = np.concatenate(([0], np.cumsum(count + 2))).astype(np.int32)
    speed = columns["maxspeed"].astype(np.float64) / 10
    return RoadNetwork(
        node_lon=_frozen(node_lon / _STEPS_A_DEGREE),
        node_lat=_frozen(node_lat / _STEPS_A_DEGREE),
        tail=_frozen(tail),
        head=_frozen(head),
        length_m=_frozen(columns["length_cm"] / 100),
        road_class=_frozen(columns["road_class"].astype(np.int8)),
        forward=_frozen((columns["directions"] & _FORWARD) > 0),
        backward=_frozen((columns["directions"] & _BACKWARD) > 0),
        maxspeed_km_h=_frozen(np.where(speed < 0, np.nan, speed)),
        name=_frozen(columns["name"].astype(np.int32)),
        names=tuple(json.loads(columns["names"].tobytes())),
        point_start=_frozen(point_start),
        lon=_frozen(_shapes(point_start, node_lon, tail, head, columns["inner_lon"])),
        lat=_frozen(_shapes(point_start, node_lat, tail, head, columns["inner_lat"])),
        metadata=_read_metadata(json.loads(columns["metadata"].tobytes())),
    )


def _read_metadata(found: Mapping[str, Any]) -> NetworkMetadata:
    known = {field.name: found[field.name] for field in fields(NetworkMetadata)}
    west, south, east, north = known.pop("bounds")
    return NetworkMetadata(bounds=(west, south, east, north), **known)


def _shapes(
    point_start: NDArray[np.int32],
    node: NDArray[np.int32],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    inner: NDArray[Any],
) -> NDArray[np.float64]:
    steps = np.empty(int(point_start[-1]), np.int32)
    steps[point_start[:-1]] = node[tail]
    steps[point_start[1:] - 1] = node[head]
    steps[_inner_points(point_start)] = _lengthen(inner, np.diff(point_start) - 2, node[tail])
    return steps / _STEPS_A_DEGREE


def _inner_points(point_start: NDArray[np.int32]) -> NDArray[np.bool_]:
    inner = np.ones(int(point_start[-1]), bool)
    inner[point_start[:-1]] = False
    inner[point_start[1:] - 1] = False
    return inner


def _shorten(
    values: NDArray[np.int32], count: NDArray[np.int32], base: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Turn runs of `count` values into steps, the first of a run from its base."""
    previous = np.concatenate((np.zeros(1, np.int32), values))[:-1]
    runs = count > 0
    previous[_run_starts(count)[runs]] = base[runs]
    return values - previous


def _lengthen(
    steps: NDArray[Any], count: NDArray[np.int32], base: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Turn steps back into the values that `_shorten` took."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(steps, dtype=np.int64)))
    before = total[_run_starts(count)]
    return (total[1:] + np.repeat(base - before, count)).astype(np.int32)


def _run_starts(count: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.cumsum(count, dtype=np.int64) - count


def _add_up(steps: NDArray[Any]) -> NDArray[np.int32]:
    return np.cumsum(steps, dtype=np.int64).astype(np.int32)


def _to_steps(degrees: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(degrees * _STEPS_A_DEGREE).astype(np.int32)


def _from_json(value: Any) -> NDArray[np.uint8]:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)


def _frozen(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    array.flags.writeable = False
    return array


def _pack(columns: Columns) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for label, column in columns.items():
            member = zipfile.ZipInfo(f"{label}.npy", _FIRST_MOMENT_OF_ZIP)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(column), version=(1, 0))
            archive.writestr(member, array.getvalue())
    return content.getvalue()


def _write_whole(file: Path, content: bytes) -> None:
    """Write all of a file or nothing of it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(draft).chmod(0o644)
            Path(draft).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise OutputError(
            say("{file} cannot be written: {reason}.", file=file, reason=error.strerror or error)
        ) from error


def _find_fault(network: RoadNetwork) -> Message | None:
    """Name the first rule that a network breaks."""
    edges, points = len(network.tail), len(network.lon)
    edge_columns = (
        network.head,
        network.length_m,
        network.road_class,
        network.forward,
        network.backward,
        network.maxspeed_km_h,
        network.name,
        network.point_start[1:],
    )
    if edges == 0:
        return say("it has no edges")
    if any(len(column) != edges for column in edge_columns):
        return say("its columns differ in length")
    if len(network.node_lat) != len(network.node_lon) or len(network.lat) != points:
        return say("its longitudes and latitudes differ in number")
    if network.point_start[0] != 0 or network.point_start[-1] != points:
        return say("its shapes do not fill its points")
    if np.diff(network.point_start).min() < 2:
        return say("a shape has fewer than two points")
    return _find_fault_in_values(network)


def _find_fault_in_values(network: RoadNetwork) -> Message | None:
    first, last = network.point_start[:-1], network.point_start[1:] - 1
    ends = np.concatenate((network.tail, network.head))
    if not (_within(ends, len(network.node_lon)) and _within(network.name, len(network.names))):
        return say("an edge names a node or a name that does not exist")
    if not _within(network.road_class, len(ROAD_CLASSES)):
        return say("an edge has an unknown class of road")
    if not (np.all(np.abs(network.lon) <= 180) and np.all(np.abs(network.lat) <= 90)):
        return say("a place lies outside the Earth")
    if not np.all(network.length_m >= 0):
        return say("a length is negative or missing")
    for point, node in ((network.lon, network.node_lon), (network.lat, network.node_lat)):
        gap = np.concatenate((point[first] - node[network.tail], point[last] - node[network.head]))
        if np.abs(gap).max() > 1 / _STEPS_A_DEGREE:
            return say("a shape does not end where its edge ends")
    return None


def _within(index: NDArray[Any], size: int) -> bool:
    return bool(index.min() >= 0 and index.max() < size)
