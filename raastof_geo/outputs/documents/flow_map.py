"""Draw the map of a report: flows and sites on the municipalities, with names where there is room.

Pages get it as a vector drawing that is written directly, for pages are many; Word gets it from
Matplotlib. Both take shapes, colours and the room for names from one scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as Xml

import numpy as np
import shapely

from raastof_geo.language import plain, say
from raastof_geo.outputs.documents.charts import DARK, WIDTH, Drawing
from raastof_geo.outputs.palette import COAST, LAND, ROLE_MARKS, VIRGIN_COLOUR
from raastof_geo.outputs.tables.flows import Flow
from raastof_geo.result import Result
from raastof_geo.roads.places import load_municipalities
from raastof_geo.scenario.role import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#1c2630"
_LEAST_HEIGHT, _MOST_HEIGHT = 3.0, 8.6
"""[inches]"""
_MOST_NAMES = 40
_LONGEST_NAME = 36
_TOLERANCE_DEG = 0.0004
"""Routes are drawn within this of the roads: less than a pixel where a picture shows 50 km."""
_LAND_TOLERANCE_DEG = 0.002
_NAME_PLACES = ((True, False), (True, True), (False, False), (False, True))
"""Where a name may stand, the best first: whether above its site, and whether to the left."""


class Haul(NamedTuple):
    """Tonnes that go one way."""

    origin: str
    destination: str
    vehicle: str
    period: str
    tonnes: float
    virgin: bool


class _Line(NamedTuple):
    points: Any
    """Lon and lat. [degrees, points × 2]"""
    tonnes: float
    virgin: bool

    def simplified(self) -> Any:
        """Give fewer points, which look the same."""
        line = shapely.simplify(shapely.LineString(self.points), _TOLERANCE_DEG)
        return shapely.get_coordinates(line)


class _Place(NamedTuple):
    lon: float
    lat: float
    role: Role
    name: str


class _Name(NamedTuple):
    lon: float
    lat: float
    text: str
    over: bool
    leftward: bool


def draw_map_picture(result: Result, hauls: Iterable[Haul | Flow], sites: Iterable[str]) -> Drawing:
    """Draw flows and sites on the municipalities; names stand where there is room.

    Parameters
    ----------
    hauls
        What is drawn, on the roads that its trucks take; those within one site are left out.
    sites
        Those that are marked, the first of them named first.

    Returns
    -------
    drawing
        As wide as charts are, and as high as the sites lie apart, from 3 to 8.6 inches.
    """
    scenario = result.scenario
    lines = []
    for haul in hauls:
        points = result.legs.draw(haul.origin, haul.destination, haul.vehicle, haul.period)
        if len(points) > 1 and haul.origin != haul.destination:
            lines.append(_Line(points, haul.tonnes, haul.virgin))
    places = [
        _Place(*site.lon_lat, next(iter(site.roles), Role.NEED), scenario.site_name(name))
        for name in sites
        for site in [scenario.sites[name]]
    ]
    names = str(say("Surplus and recycled")), str(say("Virgin"))
    scene = _Scene(lines, places, names, _frame(lines, places))
    return _Map(lambda figure: _paint(figure, scene), WIDTH, scene.height, True, scene=scene)


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is seen, and from where."""

    lines: Sequence[_Line]
    sites: Sequence[_Place]
    names: tuple[str, str]
    """What secondary and virgin flows are called in the legend."""
    bounds: tuple[float, float, float, float]
    """From the lower left corner to the upper right. [degrees]"""

    @property
    def squeezed(self) -> float:
        """How long a degree of longitude is beside one of latitude, in the middle."""
        _, low, _, high = self.bounds
        return float(np.cos(np.radians((low + high) / 2)))

    @property
    def height(self) -> float:
        """Of a picture that is as wide as charts are. [inches]"""
        left, low, right, high = self.bounds
        fitting = WIDTH * (high - low) / ((right - left) * self.squeezed)
        return float(np.clip(fitting, _LEAST_HEIGHT, _MOST_HEIGHT))

    @property
    def most_t(self) -> float:
        """The largest flow. [t]"""
        return max((line.tonnes for line in self.lines), default=1.0)

    def rings(self) -> list[Any]:
        """Give the outlines of the municipalities in sight. [degrees, points × 2]"""
        land = _land()
        seen = land[shapely.intersects(land, shapely.box(*self.bounds))]
        return [shapely.get_coordinates(part.exterior) for part in shapely.get_parts(seen)]

    def project(self, points: Any) -> Any:
        """Turn lon and lat into inches from the lower left corner. [points × 2]"""
        left, low, right, high = self.bounds
        scale = min(WIDTH / ((right - left) * self.squeezed), self.height / (high - low))
        x = WIDTH / 2 + (points[:, 0] - (left + right) / 2) * self.squeezed * scale
        y = self.height / 2 + (points[:, 1] - (low + high) / 2) * scale
        return np.column_stack([x, y])

    def place_names(self) -> Iterator[_Name]:
        """Find room for names beside their sites; a name without room is left out."""
        taken: list[shapely.Polygon] = []
        whole = shapely.box(0, 0, WIDTH, self.height)
        for lon, lat, _, name in self.sites[:_MOST_NAMES]:
            text = plain(name)
            text = text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
            x, y = self.project(np.array([[lon, lat]]))[0]
            for over, leftward in _NAME_PLACES:
                box = _box_of_name(text, x, y, over=over, leftward=leftward)
                if whole.contains_properly(box) and not any(map(box.intersects, taken)):
                    taken.append(box)
                    yield _Name(lon, lat, text, over, leftward)
                    break


def _box_of_name(text: str, x: float, y: float, *, over: bool, leftward: bool) -> shapely.Polygon:
    """Give the room that a name takes beside a site at `x`, `y`. [inches]"""
    # A letter of 8.5 points is 0.066 inches wide on average, a line of them 0.13 tall.
    wide, tall = 0.066 * len(text) + 0.1, 0.13
    start = x - wide if leftward else x
    foot = y + 0.05 if over else y - 0.19
    return shapely.box(start, foot, start + wide, foot + tall)


@lru_cache
def _land() -> Any:
    return shapely.simplify(load_municipalities().geometry.to_numpy(), _LAND_TOLERANCE_DEG)


def _frame(lines: Sequence[_Line], sites: Sequence[_Place]) -> tuple[float, float, float, float]:
    """Give a box around everything, with a margin. [degrees]"""
    points = [(site.lon, site.lat) for site in sites]
    everything = np.concatenate([points, *(line.points for line in lines)])
    left, low, right, high = shapely.total_bounds(shapely.points(everything)).tolist()
    x, y = max(0.02, 0.06 * (right - left)), max(0.012, 0.06 * (high - low))
    return (left - x, low - y, right + x, high + y)


# --- with Matplotlib --------------------------------------------------------------------------


def _paint(figure: Figure, scene: _Scene) -> None:
    from matplotlib.collections import PolyCollection

    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.add_collection(
        PolyCollection(scene.rings(), facecolor=LAND, edgecolor=COAST, linewidth=0.7)
    )
    for virgin, label in zip((True, False), reversed(scene.names), strict=True):
        _paint_lines(axes, scene, virgin=virgin, label=label)
    for lon, lat, role, _ in scene.sites:
        mark = ROLE_MARKS[role]
        look: dict[str, Any] = {
            "color": mark.printed,
            "markeredgecolor": "#fff",
            "markersize": 8,
            "zorder": 4,
        }
        axes.plot(lon, lat, mark.in_chart, **look)
    for lon, lat, name, over, leftward in scene.place_names():
        axes.annotate(
            name,
            (lon, lat),
            xytext=(-6 if leftward else 6, 5 if over else -11),
            textcoords="offset points",
            ha="right" if leftward else "left",
            fontsize=8.5,
            zorder=5,
            parse_math=False,
        )
    left, low, right, high = scene.bounds
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.set_aspect(1 / scene.squeezed)
    axes.set_axis_off()
    axes.legend(loc="lower left", frameon=True, fontsize=9.5)


def _paint_lines(axes: Axes, scene: _Scene, *, virgin: bool, label: str) -> None:
    """Add the flows of one kind, and its line of the legend."""
    from matplotlib.collections import LineCollection

    mine = [line for line in scene.lines if line.virgin == virgin]
    dashes: Any = (0, (3, 1.5)) if virgin else "-"
    axes.add_collection(
        LineCollection(
            [line.simplified() for line in mine],
            # The legend shows a line as wide as 3 points where no flow has its kind.
            linewidths=[0.6 + 4.4 * float(np.sqrt(one.tonnes / scene.most_t)) for one in mine]
            or [3.0],
            alpha=0.75,
            capstyle="butt",
            color=VIRGIN_COLOUR if virgin else DARK,
            linestyle=dashes,
            label=label,
        )
    )


# --- as a vector drawing ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Map(Drawing):
    """A map picture, whose vector drawing does without Matplotlib: 100 units an inch."""

    scene: _Scene = _Scene((), (), ("", ""), (0.0, 0.0, 1.0, 1.0))

    @cached_property
    def svg(self) -> str:
        """The map for pages."""
        size = f"0 0 {100 * WIDTH:.0f} {100 * self.height:.0f}"
        look = {"font-family": "sans-serif", "font-size": "12", "fill": "none"}
        root = Xml.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": size} | look)
        for ring in self.scene.rings():
            land = {"d": self._path(ring) + "Z", "fill": LAND, "stroke": COAST}
            Xml.SubElement(root, "path", land)
        for line in sorted(self.scene.lines, key=lambda one: (not one.virgin, -one.tonnes)):
            weight = f"{0.8 + 6.1 * float(np.sqrt(line.tonnes / self.scene.most_t)):.1f}"
            self._stroke(root, self._path(line.simplified()), weight, line.virgin)
        self._mark_sites(root)
        self._explain(root)
        return Xml.tostring(root, encoding="unicode")

    def _mark_sites(self, root: Xml.Element) -> None:
        for lon, lat, role, _ in self.scene.sites:
            x, y = self._place(np.array([[lon, lat]]))[0]
            shape, colour = ROLE_MARKS[role].in_picture, ROLE_MARKS[role].printed
            mark = {"d": shape, "transform": f"translate({x:.1f} {y:.1f})", "fill": colour}
            Xml.SubElement(root, "path", mark | {"stroke": "#fff"})
        for lon, lat, name, over, leftward in self.scene.place_names():
            x, y = self._place(np.array([[lon, lat]]))[0]
            at = {"x": f"{x + (-8 if leftward else 8):.1f}", "y": f"{y + (-7 if over else 17):.1f}"}
            look = {"text-anchor": "end" if leftward else "start", "fill": _INK}
            Xml.SubElement(root, "text", at | look).text = name

    def _explain(self, root: Xml.Element) -> None:
        """Add the legend, in the lower left corner."""
        key = {"x": "8", "y": f"{100 * self.height - 54:.0f}", "width": "190", "height": "46"}
        Xml.SubElement(root, "rect", key | {"fill": "#fff", "stroke": "#c6ced6"})
        for virgin, name, above in zip((False, True), self.scene.names, (36, 16), strict=True):
            y = 100 * self.height - above
            self._stroke(root, f"M16 {y:.0f}h34", "5", virgin)
            at = {"x": "58", "y": f"{y + 4:.0f}", "fill": _INK}
            Xml.SubElement(root, "text", at).text = name

    def _stroke(self, root: Xml.Element, path: str, weight: str, virgin: bool) -> None:
        colour = VIRGIN_COLOUR if virgin else DARK
        look = {"stroke": colour, "stroke-width": weight, "opacity": "0.8"}
        if virgin:
            look["stroke-dasharray"] = "9 5"
        Xml.SubElement(root, "path", {"d": path} | look)

    def _place(self, points: Any) -> Any:
        """Turn lon and lat into units of the picture, from its upper left corner."""
        inches = self.scene.project(points)
        return 100 * np.column_stack([inches[:, 0], self.scene.height - inches[:, 1]])

    def _path(self, points: Any) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in self._place(points).tolist())
