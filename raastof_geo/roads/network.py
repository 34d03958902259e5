"""Hold the roads that trucks use, and keep them in one small file."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from raastof_geo.errors import RoadDataError
from raastof_geo.files import write_whole
from raastof_geo.language import Message, say
from raastof_geo.roads.faults import (
    COLUMNS,
    check_metadata,
    check_roads,
    find_fault,
    find_fault_in_columns,
)
from raastof_geo.roads.projection import project
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, SURFACES, Access, Road

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
BUILDER = "raastof_geo roads 2"

_FILE_FORMAT = 2
_STEPS_A_DEGREE = 1_000_000
_SMALL_BYTES = 1 << 26
_MOST_PACKED = 100
"""A file may unpack to so many times its own bytes, and those of a small one more."""
_FORWARD, _BACKWARD = 1, 2
_FIRST_MOMENT_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_TEXTS = ("roads", "metadata")
_ROAD_FIELDS: dict[str, Any] = {
    "road_class": None,
    "access": 0,
    "maxspeed_km_h": None,
    "name": "",
    "built_up": None,
    "surface": "",
    "limits": None,
    "duration_min": None,
    "toll": False,
    "tags": "",
}
"""What a road has, and what stands in the file where nobody says it."""
_ACCESS = tuple(Access)
_NO_LIMITS = (math.nan,) * len(LIMITS)
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
    doubtful_turns: int = 0
    """Turn restrictions that hold at some times only, and are not taken."""
    attribution: str = ATTRIBUTION
    builder: str = BUILDER


@dataclass(frozen=True, eq=False)
class Turns:
    """Ways through a junction that are forbidden, or the only ones allowed.

    An arc is an edge in a direction: twice the edge, one more against its nodes.
    """

    only: NDArray[np.bool_]
    """Whether the last arc is the only one allowed, rather than forbidden, after the others."""
    start: NDArray[np.int64]
    """Where the arcs of each begin in `arc`; one longer than the turns."""
    arc: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.only)


def no_turns() -> Turns:
    """Give the turns of a network without restrictions."""
    return Turns(np.zeros(0, bool), np.zeros(1, np.int64), np.zeros(0, np.int32))


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
    forward: NDArray[np.bool_]
    """May be driven from tail to head."""
    backward: NDArray[np.bool_]
    """May be driven from head to tail."""
    road: NDArray[np.int32]
    """What each edge is: index into `roads`."""
    roads: tuple[Road, ...]
    """What roads there are; their own directions do not count here."""
    point_start: NDArray[np.int32]
    """Where the shape of each edge starts in `lon` and `lat`; one longer than the edges."""
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    metadata: NetworkMetadata
    way: NDArray[np.int64]
    """Id of the way in OpenStreetMap, 0 where an edge was joined from several."""
    turns: Turns

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.tail)

    @cached_property
    def road_class(self) -> NDArray[np.int8]:
        """Class of each edge, an index into `ROAD_CLASSES`."""
        classes = [ROAD_CLASSES.index(road.road_class) for road in self.roads]
        return _frozen(np.array(classes, np.int8)[self.road])

    @cached_property
    def ferry(self) -> NDArray[np.bool_]:
        """Which edges are crossings by ferry."""
        return _frozen(self.road_class == ROAD_CLASSES.index("ferry"))

    @cached_property
    def access(self) -> NDArray[np.int8]:
        """Who may use each edge, one of `Access`."""
        return _frozen(np.array([road.access for road in self.roads], np.int8)[self.road])

    @cached_property
    def maxspeed_km_h(self) -> NDArray[np.float64]:
        """Signed limit of each edge, NaN where it is not known. [km/h]"""
        return _frozen(np.array([road.maxspeed_km_h for road in self.roads])[self.road])

    @cached_property
    def limits(self) -> NDArray[np.float64]:
        """Limits of each edge, NaN where there is none. [edges × `LIMITS`, t or m]"""
        limits = np.array([road.limits for road in self.roads], np.float64)
        return _frozen(limits.reshape(-1, len(LIMITS))[self.road])

    @cached_property
    def surface(self) -> NDArray[np.int8]:
        """Surface of each edge, an index into `SURFACES`."""
        surfaces = [SURFACES.index(road.surface) for road in self.roads]
        return _frozen(np.array(surfaces, np.int8)[self.road])

    @cached_property
    def built_up(self) -> NDArray[np.int8]:
        """Whether each edge lies in a built-up area: 1, 0, or -1 where nothing is said."""
        known = [-1 if road.built_up is None else int(road.built_up) for road in self.roads]
        return _frozen(np.array(known, np.int8)[self.road])

    @cached_property
    def duration_min(self) -> NDArray[np.float64]:
        """How long the whole ferry takes that each edge is part of, NaN if not said. [min]"""
        return _frozen(np.array([road.duration_min for road in self.roads])[self.road])

    @cached_property
    def toll(self) -> NDArray[np.bool_]:
        """Which edges are tagged with a toll for trucks."""
        return _frozen(np.array([road.toll for road in self.roads], bool)[self.road])

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
            fingerprint.update(np.ascontiguousarray(column).data)
        return fingerprint.hexdigest()

    def cut(self, edge: int, low: float, high: float) -> NDArray[np.float64]:
        """Draw an edge between two shares of its length. [degrees, points × 2]

        Parameters
        ----------
        low, high
            From 0 at its tail to 1 at its head.
        """
        span = slice(self.point_start[edge], self.point_start[edge + 1])
        points = np.column_stack([self.lon[span], self.lat[span]])
        if low <= 0 and high >= 1:
            return points
        steps = np.hypot(*np.diff(self.xy[span], axis=0).T)
        share = np.r_[0.0, np.cumsum(steps)] / max(float(steps.sum()), 1e-12)
        at = np.r_[low, share[(share > low) & (share < high)], high]
        return np.column_stack([np.interp(at, share, points[:, axis]) for axis in (0, 1)])

    def called(self, edge: int) -> str:
        """Give number and name of an edge."""
        road: Road = self.roads[int(self.road[edge])]
        return road.name


def round_degrees(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round as a network file does, to a millionth of a degree."""
    return np.asarray(np.round(degrees * _STEPS_A_DEGREE) / _STEPS_A_DEGREE)


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
        complaint = find_fault_in_columns(columns)
        if not complaint:
            network = _decode(columns)
            complaint = find_fault(network)
    except Exception as error:  # what is not as it should be fails in many ways
        raise RoadDataError(_damaged(file)) from error
    if complaint:
        raise RoadDataError(_damaged(file, complaint))
    return network


def write_network(
    network: RoadNetwork, path: str | os.PathLike[str], *, compress: bool = True
) -> Path:
    """Write a network to one file; equal networks give equal bytes.

    Over a network that is there; anything else of that name is moved to `set_aside` beside it.

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
    complaint = find_fault(network)
    if complaint:
        raise RoadDataError(say("The road network contradicts itself: {fault}.", fault=complaint))
    return write_whole(file, _pack(_encode(network), compress), known=_is_network)


def _is_network(file: Path) -> bool:
    """Tell whether a file is a road network of any version, which a new one may replace."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {"metadata.npy", "node_lon.npy"} <= {*archive.namelist()}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        return False


def _read_columns(file: Path) -> Columns:
    if not file.exists():
        raise RoadDataError(say("There is no road network file {file}.", file=file))
    if not file.is_file():
        raise RoadDataError(say("{file} is a folder, not a road network file.", file=file))
    try:
        _check_size(file)
        with np.load(file, allow_pickle=False) as archive:
            _check_format(file, archive["metadata"])
            columns = {label: archive[label] for label in (*COLUMNS, *_TEXTS)}
    except RoadDataError:
        raise
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
    except Exception as error:  # ZIP, NumPy and JSON each raise their own
        raise RoadDataError(_damaged(file)) from error
    return columns


def _check_size(file: Path) -> None:
    """Refuse a small file that would fill the memory: roads pack to a fifth, not to nothing."""
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > _SMALL_BYTES + _MOST_PACKED * file.stat().st_size:
        raise ValueError("unpacks to more than roads can")


def _check_format(file: Path, metadata: NDArray[Any]) -> None:
    try:
        found = json.loads(metadata.tobytes())["format"]
    except Exception as error:
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


def _damaged(file: Path, fault: Message | None = None) -> Message:
    if fault:
        return say(
            "{file} cannot be read as a road network: it is damaged, for {fault}."
            " Make it again with `raastof network build`.",
            file=file,
            fault=fault,
        )
    return say(
        "{file} cannot be read as a road network: it is damaged, cut short or something else."
        " Make it again with `raastof network build`.",
        file=file,
    )


def _encode(network: RoadNetwork) -> Columns:
    node_lon, node_lat = _to_steps(network.node_lon), _to_steps(network.node_lat)
    inner = _inner_points(network.point_start)
    count = np.diff(network.point_start) - 2
    return {
        "node_lon": np.diff(node_lon, prepend=np.int32(0)),
        "node_lat": np.diff(node_lat, prepend=np.int32(0)),
        "tail": np.diff(network.tail, prepend=np.int32(0)),
        "head": network.head - network.tail,
        "length_cm": np.round(network.length_m * 100).astype(np.int32),
        "directions": _FORWARD * network.forward.astype(np.uint8)
        + _BACKWARD * network.backward.astype(np.uint8),
        "road": network.road,
        "way": np.diff(network.way, prepend=np.int64(0)),
        "inner_count": count.astype(np.int32),
        "inner_lon": _shorten(_to_steps(network.lon[inner]), count, node_lon[network.tail]),
        "inner_lat": _shorten(_to_steps(network.lat[inner]), count, node_lat[network.tail]),
        "turn_only": network.turns.only.astype(np.uint8),
        "turn_size": np.diff(network.turns.start).astype(np.int32),
        "turn_arc": network.turns.arc.astype(np.int32),
        "roads": _from_json(_encode_roads(network.roads)),
        "metadata": _from_json({"format": _FILE_FORMAT, **asdict(network.metadata)}),
    }


def _decode(columns: Mapping[str, NDArray[Any]]) -> RoadNetwork:
    node_lon, node_lat = _add_up(columns["node_lon"]), _add_up(columns["node_lat"])
    tail = _add_up(columns["tail"])
    head = tail + columns["head"].astype(np.int32)
    count = columns["inner_count"].astype(np.int32)
    point_start = np.concatenate(([0], np.cumsum(count + 2))).astype(np.int32)
    turn_start = np.append(0, np.cumsum(columns["turn_size"], dtype=np.int64))
    return RoadNetwork(
        node_lon=_frozen(node_lon / _STEPS_A_DEGREE),
        node_lat=_frozen(node_lat / _STEPS_A_DEGREE),
        tail=_frozen(tail),
        head=_frozen(head),
        length_m=_frozen(columns["length_cm"] / 100),
        forward=_frozen((columns["directions"] & _FORWARD) > 0),
        backward=_frozen((columns["directions"] & _BACKWARD) > 0),
        road=_frozen(columns["road"].astype(np.int32)),
        roads=_decode_roads(json.loads(columns["roads"].tobytes())),
        point_start=_frozen(point_start),
        lon=_frozen(_shapes(point_start, node_lon, tail, head, columns["inner_lon"])),
        lat=_frozen(_shapes(point_start, node_lat, tail, head, columns["inner_lat"])),
        metadata=_read_metadata(json.loads(columns["metadata"].tobytes())),
        way=_frozen(np.cumsum(columns["way"], dtype=np.int64)),
        turns=Turns(
            only=_frozen(columns["turn_only"] > 0),
            start=_frozen(turn_start),
            arc=_frozen(columns["turn_arc"].astype(np.int32)),
        ),
    )


def _encode_roads(roads: Sequence[Road]) -> dict[str, Any]:
    """Give the fields of all roads by column, null for NaN, without directions."""
    found: dict[str, Any] = {"count": len(roads)}
    for label, plain in _ROAD_FIELDS.items():
        column = [_or_null(getattr(road, label)) for road in roads]
        if any(value != plain for value in column):
            found[label] = column
    return found


def _or_null(value: Any) -> Any:
    if isinstance(value, tuple):
        return None if all(map(math.isnan, value)) else [_or_null(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _decode_roads(found: Mapping[str, Any]) -> tuple[Road, ...]:
    count = int(found["count"])
    columns = {label: found.get(label, [plain] * count) for label, plain in _ROAD_FIELDS.items()}
    check_roads({label: found[label] for label in _ROAD_FIELDS if label in found}, count)
    always = [True] * count
    return tuple(
        map(
            Road,
            columns["road_class"],
            always,
            always,
            [_ACCESS[access] for access in columns["access"]],
            [_or_nan(speed) for speed in columns["maxspeed_km_h"]],
            columns["name"],
            columns["built_up"],
            columns["surface"],
            [_decode_limits(limits) for limits in columns["limits"]],
            [_or_nan(duration) for duration in columns["duration_min"]],
            columns["toll"],
            columns["tags"],
        )
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _decode_limits(found: Sequence[float | None] | None) -> tuple[float, ...]:
    return _NO_LIMITS if found is None else tuple(_or_nan(limit) for limit in found)


def _read_metadata(found: Mapping[str, Any]) -> NetworkMetadata:
    known = {field.name: found[field.name] for field in fields(NetworkMetadata)}
    check_metadata(known)
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


def _pack(columns: Columns, compress: bool) -> bytes:
    content = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(content, "w", method, compresslevel=9) as archive:
        for label, column in columns.items():
            member = zipfile.ZipInfo(f"{label}.npy", _FIRST_MOMENT_OF_ZIP)
            member.compress_type = method
            member.create_system = 3
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(column), version=(1, 0))
            archive.writestr(member, array.getvalue())
    return content.getvalue()
