"""Hold nodes and edges of road in columns."""

from __future__ import annotations

import hashlib
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.region.pack import lend_region
from raastof_geo.region.projection import Bounds, project
from raastof_geo.region.region import Region
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, SURFACES, Road
from raastof_geo.roads.stored.steps import freeze, inner_points, shorten, to_steps
from raastof_geo.roads.stored.table import as_json, list_content

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
BUILDER = "raastof_geo roads 2"
FORWARD, BACKWARD = 1, 2
"""What `directions` of a file adds up for each edge."""

_Scalar = TypeVar("_Scalar", bound=np.generic)
_FIRST_FINGERPRINTED = 2
"""The format of files when networks were first given a fingerprint, which stays as it was."""


StoredColumns = namedtuple(
    "StoredColumns",
    "node_lon node_lat tail head length_cm directions road way inner_count inner_lon inner_lat "
    "turn_only turn_size turn_arc",
)
"""Columns of whole numbers as a file keeps them, most of them in steps from one to the next."""


@dataclass(frozen=True)
class NetworkMetadata:
    """Where a network comes from, and what was done to it."""

    title: str
    osm_date: str
    """State of OpenStreetMap, ISO 8601; empty where it is not known."""
    simplified_m: float
    """No drawn road lies farther than this from the road as mapped. [m]"""
    bounds: Bounds
    largest_shift_m: float = 0.0
    """The farthest that any mapped point really lies from the drawn road. [m]"""
    doubtful_turns: int = 0
    """Turn restrictions that hold at some times only, are unknown, unclear or contradict each
    other, and are not taken."""
    attribution: str = ATTRIBUTION
    builder: str = BUILDER


@dataclass(frozen=True, eq=False)
class Turns:
    """Ways through a junction that are forbidden, or the only ones allowed.

    An arc is an edge in a direction: twice the edge, one more against its nodes.
    """

    only: Mask
    """Whether the last arc is the only one allowed, rather than forbidden, after the others."""
    start: Integers
    """Where the arcs of each begin in `arc`; one longer than the turns."""
    arc: SmallIntegers
    tags: tuple[str, ...] = ()
    """Of turns that bind some trucks only, or none, the tags that decide."""

    def __len__(self) -> int:
        return len(self.only)

    def __iter__(self) -> Iterator[tuple[bool, list[int]]]:
        """Give whether each is an only one, and its arcs."""
        for row, only in enumerate(self.only.tolist()):
            yield only, self.arc[self.start[row] : self.start[row + 1]].tolist()

    def describe(self) -> list[tuple[bool, list[int], str]]:
        """Give the tags of each as well, in plain values."""
        return [(*row, text) for row, text in zip(self, self.tags, strict=True)]

    def join(self, other: Turns, rows: Iterable[int]) -> Turns:
        """Add some rows of others."""
        more = [*other]
        return gather_turns([*self, *(more[row] for row in rows)])


def gather_turns(found: Iterable[tuple[bool, Sequence[int]]], tags: Iterable[str] = ()) -> Turns:
    """Put restrictions into columns: whether each is an only one, and its arcs."""
    rows = list(found)
    size = [len(arcs) for _, arcs in rows]
    return Turns(
        only=np.array([only for only, _ in rows], bool),
        start=np.append(0, np.cumsum(size)).astype(np.int64),
        arc=np.array([arc for _, arcs in rows for arc in arcs], np.int32),
        tags=tuple(tags),
    )


def no_turns() -> Turns:
    """Give the turns of a network without restrictions."""
    return gather_turns(())


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
    turns: Turns = field(default_factory=no_turns)
    some_turns: Turns = field(default_factory=no_turns)
    """Turns that bind some trucks only, or in doubt, so none; with the tags that decide."""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What its file says that this version does not know, kept as it stands: `fields` and
    `limits` of the roads, `metadata`; by name."""
    lacking: tuple[str, ...] = ()
    """Fields and limits of roads that its file does not know; every road has the default."""
    own_region: Region | None = None
    """The region that its pack has; none: no pack, or one of before."""

    @cached_property
    def region(self) -> Region:
        """The region that the roads lie in: their own, else the built-in one where it is theirs."""
        return self.own_region or lend_region(self.metadata.bounds)

    def project(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Lay places [degrees] out as rows of east and north in the system of the region. [m]"""
        return project(lon, lat, self.region.crs)

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.tail)

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
    toll = _of_each(lambda road: road.toll, np.bool_)
    """Which edges are tagged with a toll for trucks."""
    level = _of_each(lambda road: road.level, np.int8)
    """Above 0 where an edge is a bridge, below 0 where it is a tunnel."""

    @cached_property
    def ferry(self) -> Mask:
        """Which edges are crossings by ferry."""
        return freeze(self.road_class == ROAD_CLASSES.index("ferry"))

    @cached_property
    def ruled(self) -> Indices:
        """The edges whose roads are not the same to every truck in both directions."""
        numbers = [number for number, road in enumerate(self.roads) if road.rules]
        return np.flatnonzero(np.isin(self.road, numbers))

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
        fingerprint = hashlib.sha256()
        texts: dict[str, Any] = {
            "roads": list_content(self.roads),
            "metadata": {"format": _FIRST_FINGERPRINTED, **asdict(self.metadata)},
        }
        if len(self.some_turns):
            texts["turns"] = self.some_turns.describe()
        if self.extra:
            texts["extra"] = dict(self.extra)
        packed = {label: as_json(text) for label, text in texts.items()}
        columns = {**self.to_columns()._asdict(), **packed}
        for label, column in columns.items():
            fingerprint.update(f"{label} {len(column)}\n".encode())
            fingerprint.update(np.ascontiguousarray(column).data)
        return fingerprint.hexdigest()

    def to_columns(self) -> StoredColumns:
        """Give nodes, edges and turns as a file keeps them: small whole numbers, which pack well.

        Most are steps from one to the next, in millionths of a degree; lengths in centimetres.
        """
        node_lon, node_lat = to_steps(self.node_lon), to_steps(self.node_lat)
        inner = inner_points(self.point_start)
        count = np.diff(self.point_start) - 2
        return StoredColumns(
            node_lon=np.diff(node_lon, prepend=np.int32(0)),
            node_lat=np.diff(node_lat, prepend=np.int32(0)),
            tail=np.diff(self.tail, prepend=np.int32(0)),
            head=self.head - self.tail,
            length_cm=np.round(self.length_m * 100).astype(np.int32),
            directions=FORWARD * self.forward.astype(np.uint8)
            + BACKWARD * self.backward.astype(np.uint8),
            road=self.road,
            way=np.diff(self.way, prepend=np.int64(0)),
            inner_count=count.astype(np.int32),
            inner_lon=shorten(to_steps(self.lon[inner]), count, node_lon[self.tail]),
            inner_lat=shorten(to_steps(self.lat[inner]), count, node_lat[self.tail]),
            turn_only=self.turns.only.astype(np.uint8),
            turn_size=np.diff(self.turns.start).astype(np.int32),
            turn_arc=self.turns.arc.astype(np.int32),
        )

    def cut(self, edge: int, low: float, high: float) -> Floats:
        """Draw an edge from one share of its length to another, in metres along it. [degrees]"""
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
        return self.roads[int(self.road[edge])].name
