"""Hold nodes and edges of road in columns, and give them as files keep them.

The table of roads in a file has a column for each field of a road, and one for each limit: a list,
or `{"all": value}`. Unknown ones are kept; where one lacks, the default holds.
"""

import hashlib
import json
import math
import sys
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import islice, repeat
from types import NoneType
from typing import Annotated, Any, NamedTuple, Self, TypeAlias, TypeVar, get_args, get_type_hints
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, TypeAdapter
from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers, first_of_each
from raastof_geo.region.projection import project
from raastof_geo.region.region import Region, lend_region
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, SURFACES, Access, Road
from raastof_geo.roads.routing.engine import find_parts

_Scalar = TypeVar("_Scalar", bound=np.generic)
STEPS_A_DEGREE = 1_000_000
"""Places are kept to a millionth of a degree, 0.11 m to the north: finer than maps, in 32 bits."""


def freeze(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Make an array read-only. Returns the array itself."""
    array.flags.writeable = False
    return array


def round_degrees(degrees: Floats) -> Floats:
    """Round as a network file does. Returns degrees to a millionth."""
    return np.asarray(np.round(degrees * STEPS_A_DEGREE) / STEPS_A_DEGREE)


def _draw_shapes(
    point_start: SmallIntegers, tail: SmallIntegers, head: SmallIntegers, inner: NDArray[Any]
) -> Floats:
    """Draw edges from tail over `inner` steps to head: one running sum, less that before each."""
    points = np.zeros(int(point_start[-1]), np.int64)
    points[_inner_points(point_start)] = inner
    points = np.cumsum(points)
    points += np.repeat(tail - points[point_start[:-1]], np.diff(point_start))
    points[point_start[1:] - 1] = head
    return points / STEPS_A_DEGREE


def _list_steps(point_start: SmallIntegers, tail: SmallIntegers, degrees: Floats) -> SmallIntegers:
    """Give each inner point in steps from the point before, the first of an edge from its tail."""
    points = _to_steps(degrees)
    points[point_start[:-1]] = tail
    return np.diff(points, prepend=np.int32(0))[_inner_points(point_start)]


def _inner_points(point_start: SmallIntegers) -> Mask:
    """Tell which points of all shapes are not an end of one. [points]"""
    inner = np.ones(int(point_start[-1]), bool)
    inner[point_start[:-1]] = False
    inner[point_start[1:] - 1] = False
    return inner


def _add_up(steps: NDArray[Any]) -> SmallIntegers:
    """Turn steps from one value to the next back into values."""
    return np.cumsum(steps, dtype=np.int64).astype(np.int32)


def _to_steps(degrees: Floats) -> SmallIntegers:
    """Give degrees in millionths, rounded."""
    return np.round(degrees * STEPS_A_DEGREE).astype(np.int32)


_APART = ("forward", "backward", "limits")
"""Directions are those of edges, and each limit has a column of its own."""
_OF_ALL = "all"
_ACCESS = {access.name.lower(): access for access in Access}
_HINTS = {name: hint for name, hint in get_type_hints(Road).items() if name not in _APART}
FIELDS: dict[str, Any] = {name: getattr(Road, name, None) for name in _HINTS}
"""What the table keeps of a road apart from its limits, each with its default."""
_KINDS = {"fields": (*FIELDS,), "limits": LIMITS}
"""The columns of the table, by the name under which a file has them."""
_DEFAULTS = FIELDS | dict.fromkeys(LIMITS, math.nan)

_STANDS_FOR: dict[Any, set[type]] = {Access: {str}, float: {int, float, NoneType}}
_TYPES = {of: _STANDS_FOR.get(one, {*(get_args(one) or (one,))}) for of, one in _HINTS.items()}
"""What stands in a file for a field of `Road`."""
_MOST = {"maxspeed_km_h": 1000.0}
_WORDS: dict[str, frozenset[str]] = {
    "road_class": frozenset(ROAD_CLASSES),
    "surface": frozenset(SURFACES),
    "access": frozenset(_ACCESS),
}


def encode_roads(
    roads: Sequence[Road], extra: Mapping[str, Mapping[str, Any]], lacking: Collection[str]
) -> dict[str, Any]:
    """Table roads as in files. Returns `extra` columns too, `lacking` ones unless defaults."""
    kept: dict[str, Any] = {}
    for name, some in _list_columns(roads).items():
        column: Any = [*map(_encode, some)]
        if column and column.count(column[0]) == len(column):
            column = {_OF_ALL: column[0]}
        if name not in lacking or column != _OF_DEFAULTS[name]:
            kept[name] = column
    known = {kind: {of: kept[of] for of in names if of in kept} for kind, names in _KINDS.items()}
    return {"count": len(roads)} | {kind: known[kind] | {**extra.get(kind, {})} for kind in known}


def _list_columns(roads: Sequence[Road]) -> dict[str, list[Any]]:
    """List what roads say, field by field, and their limits, one by one."""
    limits = {name: [road.limits[rank] for road in roads] for rank, name in enumerate(LIMITS)}
    return {name: [getattr(road, name) for road in roads] for name in FIELDS} | limits


def _decode_roads(found: Mapping[str, Any]) -> dict[str, Any]:
    """Read the table of roads of a file; `KeyError`, `TypeError` or `ValueError` if it is none.

    `roads`; `extra`: columns that this version does not know, among `fields` and `limits`;
    `lacking`: fields and limits that the file does not know.
    """
    count = int(found["count"])
    said, extra = _sort_columns(found, count)
    columns = {
        name: _decode(name, said[name], count)
        for name, default in _OF_DEFAULTS.items()
        if name in said and said[name] != default
    }
    if not columns.keys().isdisjoint(LIMITS):
        limits = (columns.pop(name, repeat(math.nan, count)) for name in LIMITS)
        columns["limits"] = zip(*limits, strict=True)
    rows = zip(*columns.values(), strict=True)
    return {
        "roads": tuple(Road(**dict(zip(columns, row, strict=True))) for row in rows),
        "extra": extra,
        "lacking": tuple(name for name in _DEFAULTS if name not in said),
    }


def _sort_columns(found: Mapping[str, Any], count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the columns of a file, each of which describes its roads, into known ones and others."""
    said, extra = dict[str, Any](), dict[str, dict[str, Any]]()
    for kind, known in _KINDS.items():
        for name, column in found[kind].items():
            if not (len(column) == count if isinstance(column, list) else {*column} == {_OF_ALL}):
                raise ValueError(f"{name} does not describe {count} roads")
            (said if name in known else extra.setdefault(kind, {}))[name] = column
    return said, extra


def list_content(roads: Sequence[Road]) -> dict[str, Any]:
    """List what roads say, for a fingerprint. Returns a column of each field that any says."""
    columns = {of: [*map(_or_null, column)] for of, column in _list_columns(roads).items()}
    said: dict[str, Any] = {
        of: one for of, one in columns.items() if one.count(_or_null(_DEFAULTS[of])) < len(one)
    }
    if limits := {of: said[of] for of in sorted(LIMITS) if of in said}:
        said["limits"] = limits
    known = [one.name for one in fields(Road) if one.name in said]
    return {"count": len(roads)} | {name: said[name] for name in known}


def as_json(value: Any) -> NDArray[np.uint8]:
    """Write plain values as a text of JSON. Returns its bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)


def _decode(name: str, column: Any, count: int) -> Iterable[Any]:
    alike, hint = isinstance(column, dict), _HINTS.get(name, float)
    values = [column[_OF_ALL]] if alike else column
    typed = {*map(type, values)} <= _TYPES.get(name, _STANDS_FOR[float])
    if not typed or not _WORDS.get(name, {*values}).issuperset(values):
        raise ValueError(f"{name} holds what no road has")
    if hint is float:
        values = [_decode_number(value, _MOST.get(name, sys.float_info.max)) for value in values]
    elif hint is Access:
        values = [_ACCESS[word] for word in values]
    return repeat(values[0], count) if alike else values


def _decode_number(value: float | None, most: float) -> float:
    if value is None:
        return math.nan
    if not 0 <= value <= most:  # nor NaN
        raise ValueError("a number that no road has")
    return float(value)


def _encode(value: Any) -> Any:
    return value.name.lower() if isinstance(value, Access) else _or_null(value)


def _or_null(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


_OF_DEFAULTS = {name: {_OF_ALL: _encode(value)} for name, value in _DEFAULTS.items()}
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
BUILDER = "raastof_geo roads 2"
_FORWARD, _BACKWARD = 1, 2
"""What `directions` of a file adds up for each edge."""

_FIRST_FINGERPRINTED = 2
"""The format of files when networks were first given a fingerprint, which stays as it was."""


StoredColumns = namedtuple(
    "StoredColumns",
    "node_lon node_lat tail head length_cm directions road way inner_count inner_lon inner_lat "
    "turn_only turn_size turn_arc",
)
"""Columns of whole numbers as a file keeps them, most of them in steps from one to the next."""


_Metres: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Lon: TypeAlias = Annotated[float, Field(ge=-180, le=180)]
_Lat: TypeAlias = Annotated[float, Field(ge=-90, le=90)]


@dataclass(frozen=True)
class NetworkMetadata:
    """Where a network comes from, and what was done to it."""

    title: str
    osm_date: str
    """State of OpenStreetMap, ISO 8601; empty where it is not known."""
    simplified_m: _Metres
    """No drawn road lies farther than this from the road as mapped. [m]"""
    bounds: tuple[_Lon, _Lat, _Lon, _Lat]
    largest_shift_m: _Metres = 0.0
    """The farthest that any mapped point really lies from the drawn road. [m]"""
    doubtful_turns: Annotated[int, Field(ge=0)] = 0
    """Turn restrictions not taken: at some times only, unknown, unclear, against each other."""
    attribution: str = ATTRIBUTION
    builder: str = BUILDER


_METADATA = TypeAdapter(NetworkMetadata)


class Turn(NamedTuple):
    """A way through a junction that is forbidden, or the only one allowed.

    An arc is an edge in a direction: twice the edge, one more against its nodes.
    """

    only: bool
    """Whether the last arc is the only one allowed, rather than forbidden, after the others."""
    arcs: tuple[int, ...]
    tags: str = ""
    """Of a turn that binds some trucks only, or none, the tags that decide."""


def _of_each(read: Callable[[Road], Any], kind: type[_Scalar]) -> cached_property[NDArray[_Scalar]]:
    """Make a column of what is read of the road of each edge."""

    def spread(self: Any) -> NDArray[_Scalar]:
        return freeze(np.array([read(road) for road in self.roads], kind)[self.road])

    return cached_property(spread)


@dataclass(frozen=True, eq=False)
class RoadEdges:
    """Nodes, and the edges of road between them, from `tail` to `head`, perhaps several."""

    node_lon: Floats
    node_lat: Floats
    tail: SmallIntegers
    head: SmallIntegers
    length_m: Floats
    """Length on the ellipsoid of the road as mapped, before simplification. [m]"""
    forward: Mask
    """May be driven from tail to head."""
    backward: Mask
    """May be driven from head to tail."""
    road: SmallIntegers
    """What each edge is: index into `roads`."""
    roads: tuple[Road, ...]
    """What roads there are; their own directions do not count here."""
    point_start: SmallIntegers
    """Where the shape of each edge starts in `lon` and `lat`; one longer than the edges."""
    lon: Floats
    lat: Floats
    metadata: NetworkMetadata
    way: Integers
    """Id of the way in OpenStreetMap, 0 where an edge was joined from several."""
    turns: tuple[Turn, ...] = ()
    some_turns: tuple[Turn, ...] = ()
    """Turns that bind some trucks only, or in doubt, so none; with the tags that decide."""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What its file says that is not known, kept as it stands: `fields`, `limits`, `metadata`."""
    lacking: tuple[str, ...] = ()
    """Fields and limits of roads that its file does not know; every road has the default."""
    own_region: Region | None = None
    """The region that its pack has; none: no pack, or one of before."""

    @cached_property
    def region(self) -> Region:
        """The region that the roads lie in: their own, else the built-in one where it is theirs."""
        return self.own_region or lend_region(self.metadata.bounds)

    def project(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Lay places [degrees] out in its region. Returns east and north. [places × 2, m]"""
        return project(lon, lat, self.region.crs)

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.tail)

    def list_arcs(self, usable: Mask | None = None) -> tuple[Indices, SmallIntegers, SmallIntegers]:
        """List what is signed open (or `usable`). Returns edge, start, end: along, then against."""
        signed = np.stack((self.forward, self.backward))
        side, edge = np.nonzero(signed if usable is None else signed & usable)
        ends = np.stack((self.tail, self.head))
        return edge, ends[side, edge], ends[1 - side, edge]

    road_class = _of_each(lambda road: ROAD_CLASSES.index(road.road_class), np.int8)
    """Class of each edge, an index into `ROAD_CLASSES`."""
    access = _of_each(lambda road: road.access, np.int8)
    """Who may use each edge, one of `Access`."""
    maxspeed_km_h = _of_each(lambda road: road.maxspeed_km_h, np.float64)
    """Signed limit of each edge, NaN where it is not known. [km/h]"""
    surface = _of_each(lambda road: SURFACES.index(road.surface), np.int8)
    """Surface of each edge, an index into `SURFACES`."""
    built_up = _of_each(lambda road: -1 if road.built_up is None else road.built_up, np.int8)
    """Whether each edge lies in a built-up area: 1, 0, or -1 where nothing is said."""
    duration_min = _of_each(lambda road: road.duration_min, np.float64)
    """How long the whole ferry takes that each edge is part of, NaN if not said. [min]"""
    level = _of_each(lambda road: road.level, np.int8)
    """Above 0 where an edge is a bridge, below 0 where it is a tunnel."""
    ferry = _of_each(lambda road: road.road_class == "ferry", np.bool_)
    """Which edges are crossings by ferry."""

    @cached_property
    def ruled(self) -> Indices:
        """The edges whose roads are not the same to every truck in both directions."""
        numbers = [number for number, road in enumerate(self.roads) if road.rules]
        return np.flatnonzero(np.isin(self.road, numbers))

    @cached_property
    def local(self) -> Mask:
        """Edges that are for the first and the last stretch of every truck's trips only."""
        usable, tagged = self.access != Access.CLOSED, self.access == Access.LOCAL
        return freeze(find_local_edges(self, usable, tagged))

    @cached_property
    def limits(self) -> Floats:
        """Limits of each edge, NaN where there is none. [edges × `LIMITS`, t or m]"""
        limits = np.array([road.limits for road in self.roads], np.float64)
        return freeze(limits.reshape(-1, len(LIMITS))[self.road])

    @cached_property
    def xy(self) -> Floats:
        """The points of all shapes, one row each: east and north in the region's system. [m]"""
        return freeze(self.project(self.lon, self.lat))

    @cached_property
    def digest(self) -> str:
        """A fingerprint (SHA-256) of everything in the network, whatever its file is like."""
        fingerprint, told = hashlib.sha256(), asdict(self.metadata)
        texts: dict[str, Any] = {
            "roads": list_content(self.roads),
            "metadata": {"format": _FIRST_FINGERPRINTED, **told},
            **({"turns": self.some_turns} if self.some_turns else {}),
            **({"extra": dict(self.extra)} if self.extra else {}),
        }
        packed = {label: as_json(text) for label, text in texts.items()}
        for label, column in (self.to_columns()._asdict() | packed).items():
            fingerprint.update(f"{label} {len(column)}\n".encode())
            fingerprint.update(np.ascontiguousarray(column).data)
        return fingerprint.hexdigest()

    def to_columns(self) -> StoredColumns:
        """Put nodes, edges and turns into columns as in files. Returns small whole numbers.

        Most are steps from one to the next, in millionths of a degree; lengths in centimetres.
        """
        node_lon, node_lat = _to_steps(self.node_lon), _to_steps(self.node_lat)
        return StoredColumns(
            node_lon=np.diff(node_lon, prepend=np.int32(0)),
            node_lat=np.diff(node_lat, prepend=np.int32(0)),
            tail=np.diff(self.tail, prepend=np.int32(0)),
            head=self.head - self.tail,
            length_cm=np.round(self.length_m * 100).astype(np.int32),
            directions=np.uint8(_FORWARD) * self.forward + np.uint8(_BACKWARD) * self.backward,
            road=self.road,
            way=np.diff(self.way, prepend=np.int64(0)),
            inner_count=(np.diff(self.point_start) - 2).astype(np.int32),
            inner_lon=_list_steps(self.point_start, node_lon[self.tail], self.lon),
            inner_lat=_list_steps(self.point_start, node_lat[self.tail], self.lat),
            turn_only=np.array([turn.only for turn in self.turns], np.uint8),
            turn_size=np.array([len(turn.arcs) for turn in self.turns], np.int32),
            turn_arc=np.array([arc for turn in self.turns for arc in turn.arcs], np.int32),
        )

    @classmethod
    def from_columns(cls, columns: StoredColumns, roads: Mapping[str, Any], told: bytes) -> Self:
        """Make a network of columns, `roads` and metadata (`told`) of a file, or raise anything."""
        node_lon, node_lat = _add_up(columns.node_lon), _add_up(columns.node_lat)
        tail = _add_up(columns.tail)
        head = tail + columns.head.astype(np.int32)
        size = columns.inner_count.astype(np.int32) + 2
        start = np.concatenate(([0], np.cumsum(size))).astype(np.int32)
        made: dict[str, Any] = {
            "node_lon": node_lon / STEPS_A_DEGREE,
            "node_lat": node_lat / STEPS_A_DEGREE,
            "tail": tail,
            "head": head,
            "length_m": columns.length_cm / 100,
            "forward": (columns.directions & _FORWARD) > 0,
            "backward": (columns.directions & _BACKWARD) > 0,
            "road": columns.road.astype(np.int32),
            "point_start": start,
            "lon": _draw_shapes(start, node_lon[tail], node_lon[head], columns.inner_lon),
            "lat": _draw_shapes(start, node_lat[tail], node_lat[head], columns.inner_lat),
            "way": np.cumsum(columns.way, dtype=np.int64),
        }
        for column in made.values():
            freeze(column)
        metadata, table = _METADATA.validate_json(told, strict=True), _decode_roads(roads)
        known = {"format", *(one.name for one in fields(NetworkMetadata))}
        unknown = {name: one for name, one in json.loads(told).items() if name not in known}
        table["extra"] |= {"metadata": unknown} if unknown else {}
        arcs, some = iter(columns.turn_arc.tolist()), roads.get("turns", ())
        turns = zip(columns.turn_only.tolist(), columns.turn_size.tolist(), strict=True)
        return cls(
            **made,
            metadata=metadata,
            turns=tuple(Turn(only > 0, tuple(islice(arcs, size))) for only, size in turns),
            some_turns=tuple(Turn(bool(of), tuple(map(int, one)), tags) for of, one, tags in some),
            **table,
        )

    def cut(self, edge: int, low: float, high: float) -> Floats:
        """Draw an edge from one share of its metres to another. Returns lon, lat. [points × 2]"""
        span = slice(self.point_start[edge], self.point_start[edge + 1])
        points = np.column_stack([self.lon[span], self.lat[span]])
        if low <= 0 and high >= 1:
            return points
        steps = np.hypot(*np.diff(self.xy[span], axis=0).T)
        share = np.r_[0.0, np.cumsum(steps)] / max(float(steps.sum()), 1e-12)
        at = np.r_[low, share[(share > low) & (share < high)], high]
        return np.column_stack([np.interp(at, share, points[:, axis]) for axis in (0, 1)])

    def called(self, edge: int) -> str:
        """Name an edge. Returns number and name of its road."""
        return self.roads[int(self.road[edge])].name


def find_local_edges(network: RoadEdges, usable: Mask, tagged: Mask) -> Mask:
    """Tell which edges serve the first and the last stretch of a trip only.

    Those are the roads tagged so, and the open roads behind them: a yard that is reached over a
    private road is no way through. Of open roads that hang together the most kilometres within
    reach of each other stay open. Returns no closed ones. `usable`: not closed, `tagged`: local.
    """
    tagged = tagged & usable
    if not tagged.any():
        return np.asarray(tagged)
    through, size = usable & ~tagged, network.node_count
    open_part = find_parts(network.tail[through], network.head[through], size)[network.tail]
    whole = find_parts(network.tail[usable], network.head[usable], size)[network.tail]
    length = np.bincount(open_part[through], network.length_m[through])
    parts, first = np.unique(open_part[through], return_index=True)
    stays = np.isin(open_part, parts[first_of_each(whole[through][first], -length[parts])])
    return np.asarray(usable & ~(through & stays))
