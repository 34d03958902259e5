"""Draw charts with Matplotlib that grey printers and colour-blind readers tell apart."""

from __future__ import annotations

import hashlib
import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

import numpy as np
import shapely

from raastof_geo.language import format_number, plain
from raastof_geo.roads.places import load_municipalities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARK, MIDDLE, LIGHT = "#00527f", "#d55e00", "#9fb4c2"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "raastof_geo",
    "font.family": "sans-serif",
    "font.size": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_DPI = 130
_WIDTH = 8.6
"""[inches]"""
_MOST_NAMES = 40
_LONGEST = 36


@dataclass(frozen=True, eq=False)
class Drawing:
    """A chart, made when somebody asks for it."""

    paint: Callable[[Figure], None]
    width: float
    height: float
    """[inches]"""
    spread: bool = False
    """Whether it fills the whole figure."""
    margins: tuple[float, float] = (0.0, 0.0)
    """Left and below, for words. [inches]"""

    @cached_property
    def svg(self) -> str:
        """The chart for pages."""
        made = io.StringIO()
        nothing: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
        self._save(made, format="svg", metadata=nothing)
        return _settle(made.getvalue())

    @cached_property
    def png(self) -> bytes:
        """The chart for documents."""
        made = io.BytesIO()
        self._save(made, format="png", dpi=_DPI, metadata={"Software": None})
        return made.getvalue()

    def _save(self, into: Any, **options: Any) -> None:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        with rc_context(_SETTINGS), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of letters that the font does not have
            figure = Figure(figsize=(self.width, self.height))
            if not self.spread:
                figure.subplots_adjust(
                    left=self.margins[0] / self.width,
                    bottom=self.margins[1] / self.height,
                    right=1 - 0.25 / self.width,
                    top=1 - 0.12 / self.height,
                )
            FigureCanvasAgg(figure)
            self.paint(figure)
            figure.savefig(into, **options)


@dataclass(frozen=True)
class Bar:
    """A bar of a waterfall: a whole, or a change to what stands before it."""

    label: str
    value: float
    whole: bool = False


def draw_waterfall(bars: Sequence[Bar], *, unit: str) -> Drawing:
    """Draw from one whole through changes to another; falls are dark, rises are hatched."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        level = 0.0
        for place, bar in enumerate(bars):
            base = 0.0 if bar.whole else level
            falls = bar.value < 0
            axes.barh(
                place,
                bar.value,
                left=base,
                height=0.62,
                color=LIGHT if bar.whole else DARK if falls else "#ffffff",
                edgecolor=DARK if bar.whole or falls else MIDDLE,
                hatch=None if bar.whole or falls else "////",
            )
            level = bar.value if bar.whole else level + bar.value
            end = max(base, base + bar.value)
            sign = "" if bar.whole else "−" if falls else "+"
            axes.annotate(
                f" {sign}{format_number(abs(bar.value))}", (end, place), va="center", fontsize=10
            )
        _label(axes, [bar.label for bar in bars], unit)
        _leave_room(axes, [*_levels(bars), 0.0])

    margins = _left([bar.label for bar in bars]), 0.62
    return Drawing(paint, _WIDTH, 0.9 + 0.42 * len(bars), margins=margins)


def draw_bars(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    unit: str,
    mark: tuple[float, str] | None = None,
    digits: int = 0,
) -> Drawing:
    """Draw one or two bars for each label, and a line that marks a goal."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        height = 0.74 / len(series)
        looks: tuple[dict[str, Any], ...] = (
            {"color": LIGHT, "edgecolor": DARK, "hatch": "...."},
            {"color": DARK, "edgecolor": DARK},
        )
        for number, (name, values) in enumerate(series):
            places = np.arange(len(labels)) + (number - (len(series) - 1) / 2) * height
            look = looks[number if len(series) > 1 else 1]
            axes.barh(places, values, height=height * 0.92, label=name, **look)
            for place, value in zip(places, values, strict=True):
                text = " " + format_number(value, digits=digits)
                axes.annotate(text, (max(value, 0.0), place), va="center", fontsize=9.5)
        if mark is not None:
            axes.axvline(mark[0], color="#1c2630", linestyle="--", linewidth=1.6, label=mark[1])
        _label(axes, labels, unit)
        everything = [value for _, values in series for value in values]
        _leave_room(axes, [*everything, 0.0, mark[0] if mark else 0.0])
        if len(series) > 1 or mark is not None:
            figure.legend(loc="lower center", ncol=3, frameon=False)

    margins = _left(labels), 1.0
    return Drawing(paint, _WIDTH, 1.5 + 0.5 * len(labels), margins=margins)


def draw_map_picture(
    lines: Sequence[tuple[Any, float, bool]],
    sites: Sequence[tuple[float, float, str, str]],
    *,
    names: tuple[str, str],
) -> Drawing:
    """Draw flows and sites on the municipalities; names stand where there is room.

    Parameters
    ----------
    lines
        Points as lon and lat [degrees], tonnes, and whether the material is virgin.
    sites
        Lon, lat [degrees], role and name.
    names
        What secondary and virgin flows are called in the legend.
    """
    box = _frame(lines, sites)
    left, low, right, high = box.bounds
    squeezed = float(np.cos(np.radians((low + high) / 2)))
    height = float(np.clip(_WIDTH * (high - low) / ((right - left) * squeezed), 3.0, 8.6))

    def paint(figure: Figure) -> None:
        from matplotlib.collections import LineCollection, PolyCollection

        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        land = _land()
        rings = [
            shapely.get_coordinates(part.exterior)
            for part in shapely.get_parts(land[shapely.intersects(land, box)])
        ]
        axes.add_collection(
            PolyCollection(rings, facecolor="#f4f1e8", edgecolor="#b9b4a6", linewidth=0.7)
        )
        most = max((tonnes for _, tonnes, _ in lines), default=1.0)
        for kind, label in zip((True, False), reversed(names), strict=True):
            mine = [(points, tonnes) for points, tonnes, virgin in lines if virgin == kind]
            dashes: Any = (0, (3, 1.5)) if kind else "-"
            shapes = [shapely.LineString(points) for points, _ in mine]
            axes.add_collection(
                LineCollection(
                    [shapely.get_coordinates(one) for one in shapely.simplify(shapes, 0.0004)],
                    linewidths=[0.6 + 4.4 * float(np.sqrt(tonnes / most)) for _, tonnes in mine]
                    or [3.0],
                    alpha=0.75,
                    capstyle="butt",
                    color="#8c6d46" if kind else DARK,
                    linestyle=dashes,
                    label=label,
                )
            )
        for lon, lat, role, _ in sites:
            marker, colour = _MARKS[role]
            axes.plot(
                lon, lat, marker, color=colour, markeredgecolor="#fff", markersize=8, zorder=4
            )
        for lon, lat, name, over, leftward in _place_names(sites, box.bounds, height):
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
        axes.set_xlim(left, right)
        axes.set_ylim(low, high)
        axes.set_aspect(1 / squeezed)
        axes.set_axis_off()
        axes.legend(loc="lower left", frameon=True, fontsize=9.5)

    return _Map(
        paint, _WIDTH, height, True, lines=lines, sites=sites, names=names, bounds=box.bounds
    )


@dataclass(frozen=True, eq=False)
class _Map(Drawing):
    """A map picture; the vector drawing is written directly, for pages are many."""

    lines: Sequence[tuple[Any, float, bool]] = ()
    sites: Sequence[tuple[float, float, str, str]] = ()
    names: tuple[str, str] = ("", "")
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    @cached_property
    def svg(self) -> str:
        """The map for pages."""
        wide, tall = 100 * self.width, 100 * self.height
        root = Xml.Element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {wide:.0f} {tall:.0f}"}
            | {"font-family": "sans-serif", "font-size": "12", "fill": "none"},
        )
        land = _land()
        for part in shapely.get_parts(land[shapely.intersects(land, shapely.box(*self.bounds))]):
            ring = self._path(shapely.get_coordinates(part.exterior)) + "Z"
            Xml.SubElement(root, "path", {"d": ring, "fill": "#f4f1e8", "stroke": "#b9b4a6"})
        most = max((tonnes for _, tonnes, _ in self.lines), default=1.0)
        for points, tonnes, virgin in sorted(self.lines, key=lambda one: (not one[2], -one[1])):
            line = shapely.simplify(shapely.LineString(points), 0.0004)
            weight = f"{0.8 + 6.1 * float(np.sqrt(tonnes / most)):.1f}"
            self._stroke(root, self._path(shapely.get_coordinates(line)), weight, virgin)
        for lon, lat, role, _ in self.sites:
            x, y = self._place(np.array([[lon, lat]]))[0]
            shape, colour = _SHAPES[role], _MARKS[role][1]
            mark = {"d": shape, "transform": f"translate({x:.1f} {y:.1f})", "fill": colour}
            Xml.SubElement(root, "path", mark | {"stroke": "#fff"})
        for lon, lat, name, over, leftward in _place_names(self.sites, self.bounds, self.height):
            x, y = self._place(np.array([[lon, lat]]))[0]
            at = {"x": f"{x + (-8 if leftward else 8):.1f}", "y": f"{y + (-7 if over else 17):.1f}"}
            look = {"text-anchor": "end" if leftward else "start", "fill": "#1c2630"}
            Xml.SubElement(root, "text", at | look).text = name
        key = {"x": "8", "y": f"{tall - 54:.0f}", "width": "190", "height": "46"}
        Xml.SubElement(root, "rect", key | {"fill": "#fff", "stroke": "#c6ced6"})
        for virgin, name, y in (
            (False, self.names[0], tall - 36),
            (True, self.names[1], tall - 16),
        ):
            self._stroke(root, f"M16 {y:.0f}h34", "5", virgin)
            at = {"x": "58", "y": f"{y + 4:.0f}", "fill": "#1c2630"}
            Xml.SubElement(root, "text", at).text = name
        return Xml.tostring(root, encoding="unicode")

    def _stroke(self, root: Xml.Element, path: str, weight: str, virgin: bool) -> None:
        look = {"stroke": "#8c6d46" if virgin else DARK, "stroke-width": weight, "opacity": "0.8"}
        if virgin:
            look["stroke-dasharray"] = "9 5"
        Xml.SubElement(root, "path", {"d": path} | look)

    def _place(self, points: Any) -> Any:
        """Turn lon and lat into units of the picture, from its upper left corner."""
        inches = _project(points, self.bounds, self.height)
        return 100 * np.column_stack([inches[:, 0], self.height - inches[:, 1]])

    def _path(self, points: Any) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in self._place(points).tolist())


_SHAPES = {
    "need": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z",
    "offer": "M0 -7L7 6L-7 6Z",
    "pit": "M-6 -6H6V6H-6Z",
    "receiver": "M0 -8L8 0L0 8L-8 0Z",
    "plant": "M-2 -7H2V-2H7V2H2V7H-2V2H-7V-2H-2Z",
    "depot": "M0 -7L7 -2L4 6H-4L-7 -2Z",
}
_MARKS = {
    "need": ("o", "#0b3d5c"),
    "offer": ("^", "#b36b00"),
    "pit": ("s", "#8c6d46"),
    "receiver": ("D", "#5c3c7a"),
    "plant": ("P", "#00695c"),
    "depot": ("p", "#455a64"),
}


def _project(points: Any, bounds: tuple[float, float, float, float], height: float) -> Any:
    """Turn lon and lat into inches from the lower left corner of a map picture."""
    left, low, right, high = bounds
    squeezed = float(np.cos(np.radians((low + high) / 2)))
    scale = min(_WIDTH / ((right - left) * squeezed), height / (high - low))
    x = _WIDTH / 2 + (points[:, 0] - (left + right) / 2) * squeezed * scale
    y = height / 2 + (points[:, 1] - (low + high) / 2) * scale
    return np.column_stack([x, y])


def _place_names(
    sites: Sequence[tuple[float, float, str, str]],
    bounds: tuple[float, float, float, float],
    height: float,
) -> Iterator[tuple[float, float, str, bool, bool]]:
    """Find room for names, above or below, right or left; a name without room is left out."""
    taken: list[tuple[float, float, float, float]] = []
    for lon, lat, _, name in sites[:_MOST_NAMES]:
        text = plain(name)
        text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        x, y = _project(np.array([[lon, lat]]), bounds, height)[0]
        wide, tall = 0.066 * len(text) + 0.1, 0.13
        for over, leftward in ((True, False), (True, True), (False, False), (False, True)):
            start = x - wide if leftward else x
            foot = y + 0.05 if over else y - 0.19
            box = start, foot, start + wide, foot + tall
            inside = box[0] > 0 and box[2] < _WIDTH and box[1] > 0 and box[3] < height
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield lon, lat, text, over, leftward
                break


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    return not apart


@lru_cache
def _land() -> Any:
    return shapely.simplify(load_municipalities().geometry.to_numpy(), 0.002)


def _frame(
    lines: Sequence[tuple[Any, float, bool]], sites: Sequence[tuple[float, float, str, str]]
) -> Any:
    points = np.array([(lon, lat) for lon, lat, *_ in sites])
    routes = [np.asarray(one) for one, _, _ in lines]
    everything = np.concatenate([points, *routes]) if routes else points
    (left, low), (right, high) = everything.min(axis=0), everything.max(axis=0)
    x, y = max(0.02, 0.06 * (right - left)), max(0.012, 0.06 * (high - low))
    return shapely.box(left - x, low - y, right + x, high + y)


def _levels(bars: Sequence[Bar]) -> Iterator[float]:
    """Give where each bar of a waterfall ends."""
    level = 0.0
    for bar in bars:
        level = bar.value if bar.whole else level + bar.value
        yield level


def _leave_room(axes: Axes, values: Sequence[float]) -> None:
    """Leave room for the numbers beside the bars."""
    low, high = min(values), max(values)
    span = max(high - low, 1e-9)
    axes.set_xlim(low - (0.04 * span if low < 0 else 0.0), high + 0.17 * span)


def _left(labels: Sequence[str]) -> float:
    """Leave room for the longest line of a label. [inches]"""
    lines = [line for label in labels for line in _wrap(label).split("\n")]
    return 0.3 + 0.09 * max(map(len, lines), default=0)


def _wrap(label: str) -> str:
    """Break a label into two lines at most."""
    return "\n".join(textwrap.wrap(plain(label), _LONGEST, max_lines=2, placeholder=" …"))


def _label(axes: Axes, labels: Sequence[str], unit: str) -> None:
    axes.set_yticks(range(len(labels)), [_wrap(label) for label in labels], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter(lambda value, _: format_number(value))
    axes.grid(axis="x", color="#dde3e8", linewidth=0.8)
    axes.set_axisbelow(True)


def _settle(svg: str) -> str:
    """Keep the drawing alone, with ids that no other drawing on the page has."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    mark = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="d{mark}_\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#d{mark}_\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#d{mark}_\1)", svg)
    return re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL).strip()
