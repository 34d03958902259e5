"""Draw the map of a report: flows on the roads of trucks, sites, names, and a key below."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple
import numpy as np
import shapely
from raastof_geo.arrays import Objects
from raastof_geo.language import Message, format_number, say
from raastof_geo.legs.legs import TRIP_KEYS
from raastof_geo.outputs.documents import drawing
from raastof_geo.outputs.documents.charts import DARK
from raastof_geo.outputs.pages.streets import find_land
from raastof_geo.outputs.palette import COAST, LAND, ROLE_MARKS, VIRGIN_COLOUR
from raastof_geo.result import Result
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario.said.entry import Role

_SEA = "#dce9f1"
_LOWEST, _HIGHEST = 0.33, 0.83
"""How high a map is to its width."""
_MOST_NAMES = 40
_NAME_SIZE, _LINE = 10.0, 11.5
"""Of names, and from one line of them to the next. [px]"""
_NAME_ROOM = 130.0
_TOLERANCE_DEG = 0.0004
"""Routes are drawn within this of the roads: less than a pixel where a picture shows 50 km."""
_LAND_TOLERANCE_DEG = 0.002
_AWAY = (11.0, 20.0, 32.0, 48.0)
"""How far from its site a name may stand, the nearest first. [px]"""
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (0.8, -0.8), (0.8, 0.8), (-0.8, -0.8), (-0.8, 0.8))
_PLACES = np.array([(away, *side) for away in _AWAY for side in _SIDES])
"""Where a name may stand, the best first: how far away, to the right, downwards. [places × 3]"""
_THIN, _WIDE = 1.2, 8.0
_DASHES = (9.0, 4.0)
_ARROW_EVERY = 150.0
"""Along a flow. [px]"""
_SHARES_OF_KEY = (1.0, 0.25)
"""Of the largest flow, those that the key shows the widths of."""


class _Line(NamedTuple):
    points: Any
    """Lon and lat. [degrees, points × 2]"""
    tonnes: float
    virgin: bool


class _Place(NamedTuple):
    lon_lat: tuple[float, float]
    role: Role
    name: str


def draw_map_picture(
    result: Result,
    hauls: Iterable[Any],
    sites: Iterable[str],
    width: float = drawing.WIDTH,
    notes: Mapping[str, str] | None = None,
) -> drawing.Drawing:
    """Draw flows and sites on the municipalities, names where there is room, and the key below.

    `hauls`: flows, or rows with their `origin`, `destination`, `vehicle`, `period`, `tonnes` and
    `virgin`, on the roads of their trucks; those within one site are left out. `sites`: those that
    are marked, the first named first. As high as these lie apart, within limits. `width`: letters
    are as large in a narrow one. [px] `notes`: what stands behind the names of sites.
    """
    scenario, told = result.scenario, notes or {}
    driven = [haul for haul in hauls if haul.origin != haul.destination]
    routes = result.legs.draw(map(attrgetter(*TRIP_KEYS), driven))
    lines = [
        _Line(points, haul.tonnes, haul.virgin)
        for haul, points in zip(driven, routes, strict=True)
        if len(points) > 1
    ]
    places = [
        _Place(site.lon_lat, next(iter(site.roles), Role.NEED), called)
        for name in sites
        for site in [scenario.sites[name]]
        for called in [f"{scenario.site_name(name)} {told.get(name, '')}".rstrip()]
    ]
    scene = _Scene(lines, places, _frame(lines, places), width, _draw_land(result.network))
    key, height = _explain(scene)
    # The strip of the key hides what of the land reaches below the map.
    below = drawing.box(0, scene.height, width, scene.height + height)
    parts = [*scene.draw(), drawing.Shape(below, fill="#ffffff"), *key]
    return drawing.Drawing(parts, scene.height + height, width)


@dataclass(frozen=True, eq=False)
class _Scene:
    lines: Sequence[_Line]
    sites: Sequence[_Place]
    bounds: tuple[float, float, float, float]
    """From the lower left corner to the upper right. [degrees]"""
    width: float
    """[px]"""
    land: Any
    """What is not sea, as polygons. [degrees]"""

    @property
    def squeezed(self) -> float:
        """How long a degree of longitude is beside one of latitude, in the middle."""
        _, low, _, high = self.bounds
        return float(np.cos(np.radians((low + high) / 2)))

    @cached_property
    def height(self) -> float:
        """Of the map without its key. [px]"""
        left, low, right, high = self.bounds
        fitting = self.width * (high - low) / ((right - left) * self.squeezed)
        return float(np.clip(fitting, _LOWEST * self.width, _HIGHEST * self.width))

    @cached_property
    def most_t(self) -> float:
        """The largest flow. [t]"""
        return max((line.tonnes for line in self.lines), default=1.0)

    def width_of(self, tonnes: float) -> float:
        """Weigh a line. Returns how wide so many tonnes are drawn. [px]"""
        return _THIN + (_WIDE - _THIN) * float(np.sqrt(tonnes / self.most_t))

    def draw(self) -> Iterator[drawing.Piece]:
        """Draw the map without its key."""
        yield drawing.Shape(drawing.box(0, 0, self.width, self.height), fill=_SEA)
        yield from self._draw_land()
        routes = {one.points.tobytes(): shapely.LineString(one.points) for one in self.lines}
        simple = shapely.simplify([*routes.values()], _TOLERANCE_DEG)
        drawn = dict(zip(routes, shapely.transform(simple, self._project), strict=True))
        ways = [(one, drawn[one.points.tobytes()]) for one in self.lines]
        ways.sort(key=lambda one: (not one[0].virgin, -one[0].tonnes))
        for line, way in ways:
            look = {"stroke": VIRGIN_COLOUR if line.virgin else DARK, "opacity": 0.85}
            dashes = _DASHES if line.virgin else ()
            points, width = shapely.get_coordinates(way).tolist(), self.width_of(line.tonnes)
            yield drawing.Shape(points, width=width, dashes=dashes, **look)  # type: ignore[arg-type]
        for line, way in ways:
            yield from self._point(line, way)
        spots = self._project(np.array([one.lon_lat for one in self.sites])).tolist()
        yield from self._name(spots, shapely.MultiLineString([*drawn.values()]))
        for (x, y), site in zip(spots, self.sites, strict=True):
            yield drawing.SiteMark(x, y, site.role)

    def _draw_land(self) -> Iterator[drawing.Piece]:
        land, sight = self.land, shapely.box(0, 0, self.width, self.height)
        near = shapely.get_parts(land[shapely.intersects(land, shapely.box(*self.bounds))])
        whole = shapely.polygons(shapely.get_exterior_ring(near))  # lakes are not drawn
        within = shapely.buffer(shapely.transform(whole, self._project), 0)
        for part in shapely.get_parts(shapely.intersection(within, sight)):
            if part.geom_type == "Polygon" and not part.is_empty:
                yield drawing.Shape(part.exterior.coords[:], LAND, COAST, 0.8)

    def _point(self, line: _Line, way: Any) -> Iterator[drawing.Piece]:
        """Put arrows on a flow, the way it goes; none where it is no longer than one."""
        size = 4.5 + 0.75 * self.width_of(line.tonnes)
        count = max(1, round(way.length / _ARROW_EVERY))
        for number in range(count if way.length > 3 * size else 0):
            tip = way.length * (number + 0.55) / count
            ahead, behind = (
                shapely.get_coordinates(way.interpolate(at))[0] for at in (tip + 1, tip - size)
            )
            along = (ahead - behind) / max(float(np.hypot(*(ahead - behind))), 1e-9)
            across = np.array([-along[1], along[0]])
            foot = ahead - 1.5 * size * along
            corners = [ahead, foot + 0.8 * size * across, foot - 0.8 * size * across, ahead]
            colour = VIRGIN_COLOUR if line.virgin else DARK
            yield drawing.Shape([one.tolist() for one in corners], colour, "#ffffff", 1.2)

    def _project(self, points: Any) -> Any:
        """Turn lon and lat into pixels from the upper left corner. [points × 2]"""
        left, low, right, high = self.bounds
        scale = min(self.width / ((right - left) * self.squeezed), self.height / (high - low))
        x = self.width / 2 + (points[:, 0] - (left + right) / 2) * self.squeezed * scale
        return np.column_stack([x, self.height / 2 - (points[:, 1] - (low + high) / 2) * scale])

    def _name(self, spots: Sequence[Sequence[float]], roads: Any) -> Iterator[drawing.Piece]:
        """Put names beside sites, off the flows, where there is room; one far off is tied."""
        sight = shapely.box(0, 0, self.width, self.height)
        taken = [shapely.box(x - 8, y - 8, x + 8, y + 8) for x, y in spots]
        shapely.prepare(roads)
        for (x, y), site in islice(zip(spots, self.sites, strict=True), _MOST_NAMES):
            lines = drawing.break_lines(site.name, _NAME_ROOM, _NAME_SIZE, most=3)
            wide = max((drawing.measure_text(line, _NAME_SIZE) for line in lines), default=0.0)
            rooms = _list_rooms(x, y, wide, _LINE * len(lines))
            blocked = shapely.intersects(rooms[:, np.newaxis], np.array(taken)).any(axis=1)
            free = np.flatnonzero(shapely.contains_properly(sight, rooms) & ~blocked)
            reach = _AWAY[-1] + max(wide, _LINE * len(lines)) + 1
            near = shapely.clip_by_rect(roads, x - reach, y - reach, x + reach, y + reach)
            over = shapely.intersects(roads, rooms[free])
            # The first that no road is in is best, but for one before it that a road only touches.
            if not over.all():
                free = free[: int(np.argmin(over)) + 1]
                free = free[shapely.touches(near, rooms[free]) | ~over[: len(free)]]
            if len(free) and lines:
                inside = shapely.length(shapely.intersection(near, rooms[free]))
                best = int(free[np.argmin(inside)])
                taken.append(rooms[best])
                if _PLACES[best, 0] > _AWAY[0]:
                    tie = shapely.shortest_line(shapely.Point(x, y), rooms[best])
                    yield drawing.Shape(shapely.get_coordinates(tie).tolist(), stroke=drawing.INK)
                yield from _write_name(lines, rooms[best], _PLACES[best, 1])


def _write_name(lines: Sequence[str], room: Any, right: float) -> Iterator[drawing.Piece]:
    """Write a name into its room, towards its site; `right`: how far it stands to the right."""
    left, top, end, _ = room.bounds
    anchor, at = ("start", left) if right > 0 else ("end", end)
    if not right:
        anchor, at = "middle", (left + end) / 2
    for line, text in enumerate(lines, 1):
        yield drawing.Words(at, top + _LINE * line - 3, text, anchor, _NAME_SIZE, halo=True)


def _list_rooms(x: float, y: float, wide: float, tall: float) -> Objects:
    """List the rooms of a name around its site, as `_PLACES` lists them."""
    away, right, down = _PLACES.T
    left = x + away * right - wide * np.where(right > 0, 0.0, np.where(right < 0, 1.0, 0.5))
    top = y + away * down - tall * np.where(down > 0, 0.0, np.where(down < 0, 1.0, 0.5))
    return np.asarray(shapely.box(left, top, left + wide, top + tall))


@lru_cache(maxsize=4)
def _draw_land(network: RoadNetwork) -> Any:
    """Give the municipalities, or the land where there are none. [degrees]"""
    shapes = network.region.shapes if len(network.region.shapes) else find_land(network)
    return shapely.simplify(shapes, _LAND_TOLERANCE_DEG)


def _frame(lines: Sequence[_Line], sites: Sequence[_Place]) -> tuple[float, float, float, float]:
    """Give a box around everything, with a margin. [degrees]"""
    points = [site.lon_lat for site in sites]
    everything = np.concatenate([points, *(line.points for line in lines)])
    (left, low), (right, high) = everything.min(axis=0).tolist(), everything.max(axis=0).tolist()
    x, y = max(0.02, 0.08 * (right - left)), max(0.012, 0.08 * (high - low))
    return (left - x, low - y, right + x, high + y)


# --- the key ------------------------------------------------------------------------------------


def _explain(scene: _Scene) -> tuple[list[drawing.Piece], float]:
    """Say what lines, widths and marks are, from left to right, and how high that is. [px]"""
    parts: list[drawing.Piece] = []
    x, y = 8.0, scene.height + 22
    for shape, name in _list_key(scene):
        wide = 44 if isinstance(shape, drawing.Shape) else 20
        room = wide + drawing.measure_text(name, 12) + 18
        if x + room > scene.width and x > 8:
            x, y = 8.0, y + 22
        if isinstance(shape, drawing.Shape):
            parts.append(shape._replace(points=[(x, y - 4), (x + 36, y - 4)]))
        else:
            parts.append(drawing.SiteMark(x + 8, y - 5, shape))
        parts.append(drawing.Words(x + wide, y, name, size=12, colour=drawing.QUIET))
        x += room
    return parts, y - scene.height + 12


def _list_key(scene: _Scene) -> Iterator[tuple[drawing.Shape | Role, str]]:
    names: dict[bool, Message] = {False: say("Surplus and recycled"), True: say("Virgin")}
    for virgin, name in names.items():
        if any(line.virgin == virgin for line in scene.lines):
            colour = VIRGIN_COLOUR if virgin else DARK
            dashes = _DASHES if virgin else ()
            yield drawing.Shape((), stroke=colour, width=5, dashes=dashes), str(name)
    for share in _SHARES_OF_KEY if scene.lines else ():
        power = 10.0 ** np.floor(np.log10(max(share * scene.most_t, 1.0)))
        tonnes = float(np.floor(share * scene.most_t / power) * power)
        shape = drawing.Shape((), stroke=drawing.QUIET, width=scene.width_of(tonnes))
        yield shape, f"{format_number(tonnes)} t"
    shown = {site.role for site in scene.sites}
    yield from ((role, str(role.caption)) for role in ROLE_MARKS if role in shown)
