"""Hold nodes and edges of road in columns."""

import hashlib
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.region.pack import lend_region
from raastof_geo.region.projection import Bounds, project
from raastof_geo.region.region import Region
from raastof_geo.roads.columns import as_json, freeze, inner_points, list_content, shorten, to_steps
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, SURFACES, Road

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

    def list_arcs(self, usable: Mask | None = None) -> tuple[Indices, SmallIntegers, SmallIntegers]:
        """Give edge, start and end of what signs let drive along all edges (or `usable`), and back.

        All along their edges come first, then all against them.
        """
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
        if self.some_turns:
            texts["turns"] = self.some_turns
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
            turn_only=np.array([turn.only for turn in self.turns], np.uint8),
            turn_size=np.array([len(turn.arcs) for turn in self.turns], np.int32),
            turn_arc=np.array([arc for turn in self.turns for arc in turn.arcs], np.int32),
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
