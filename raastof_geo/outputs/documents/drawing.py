"""A drawing as shapes, words and marks, laid out once in pixels: SVG on pages, PNG for Word."""

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, TypeAlias
from raastof_geo.language import plain
from raastof_geo.outputs.palette import ROLE_MARKS
from raastof_geo.outputs.template import read_template
from raastof_geo.scenario.said.entry import Role

WIDTH = 600.0
"""As wide as every drawing is. [px]"""
INK, QUIET = "#1c2630", "#46525e"
FONT = "Segoe UI, Roboto, Helvetica Neue, Helvetica, Arial, sans-serif"
_PX_PER_INCH = 100
_DPI = 200
_POINTS = 72 / _PX_PER_INCH
_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[] -"), frozenset("mwMW@%æÆ")


class Shape(NamedTuple):
    """A line or an area."""

    points: Sequence[Sequence[float]]
    fill: str = "none"
    stroke: str = "none"
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    opacity: float = 1.0


class Words(NamedTuple):
    """A line of text; its foot stands at `y`."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    """`start`, `middle` or `end`: where in it `x` lies."""
    size: float = 13.0
    colour: str = INK
    bold: bool = False
    halo: bool = False
    """Whether what lies below keeps away from its letters."""


class SiteMark(NamedTuple):
    """The mark of a site's role."""

    x: float
    y: float
    role: Role


Piece: TypeAlias = Shape | Words | SiteMark


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn, from below to above, and how high and wide it is. [px]"""

    parts: Sequence[Piece]
    height: float
    width: float = WIDTH

    @cached_property
    def svg(self) -> str:
        """The drawing for pages."""
        return self._write(self.parts, 0.0, self.height)

    def save_svg(self, title: str, source: str) -> str:
        """Save the drawing. Returns an SVG file with its title above and its source below."""
        room = self.width - 16
        above, below = break_lines(title, room, 15), break_lines(source, room, 11)
        top, foot = 14 + 20.0 * len(above), 12 + 15.0 * len(below)
        sheet = Shape(box(0, -top, self.width, self.height + foot), fill="#ffffff")
        heads = [
            Words(8, 22 - top + 20 * line, text, size=15, bold=True)
            for line, text in enumerate(above)
        ]
        feet = [
            Words(8, self.height + 18 + 15 * line, text, size=11, colour=QUIET)
            for line, text in enumerate(below)
        ]
        return self._write([sheet, *self.parts, *heads, *feet], -top, self.height + top + foot)

    @cached_property
    def png(self) -> bytes:
        """The drawing for documents."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        made = io.BytesIO()
        with rc_context({"font.family": "sans-serif"}):
            wide, high = self.width, self.height
            figure = Figure(figsize=(wide / _PX_PER_INCH, high / _PX_PER_INCH))
            FigureCanvasAgg(figure)
            axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, wide), ylim=(high, 0))
            axes.set_axis_off()
            for above, part in enumerate(self.parts):
                _paint(axes, part, above)
            figure.savefig(made, format="png", dpi=_DPI, metadata={"Software": None})
        return made.getvalue()

    def _write(self, parts: Iterable[Piece], top: float, height: float) -> str:
        template = read_template("documents/drawing.svg.j2", short=_short, path=_write_path)
        size = {"top": top, "width": self.width, "height": height}
        pieces = [(type(part).__name__, part) for part in parts]
        page: str = template.render(parts=pieces, marks=ROLE_MARKS, font=FONT, **size)
        return page


def box(left: float, top: float, right: float, foot: float) -> list[tuple[float, float]]:
    """Draw a box. Returns its corners, the first again at the end. [5 points × 2]"""
    return [(left, top), (right, top), (right, foot), (left, foot), (left, top)]


def measure_text(text: str, size: float = 13.0) -> float:
    """Measure letters. Returns about their width in the widest font they may have. [px]"""
    wide = sum(
        0.36 if one in _NARROW else 0.95 if one in _BROAD else 0.72 if one.isupper() else 0.62
        for one in text
    )
    return size * wide


def break_lines(text: str, room: float, size: float = 13.0, *, most: int = 2) -> list[str]:
    """Break a text to fit a room [px]. Returns lines; what none is left for becomes `…`."""
    letters = max(4, int(room / (0.6 * size)))
    return textwrap.wrap(plain(text), letters, max_lines=most, placeholder=" …")


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _write_path(points: Iterable[Sequence[float]]) -> str:
    flat = [*chain.from_iterable(points)]
    path = "L".join(["%.1f %.1f"] * (len(flat) // 2)) % tuple(flat)
    return f"{path}L".replace(".0 ", " ").replace(".0L", "L")[:-1]


def _paint(axes: Any, part: Piece, above: int) -> None:
    from matplotlib.patches import Polygon
    from matplotlib.patheffects import withStroke

    if isinstance(part, SiteMark):
        mark = ROLE_MARKS[part.role]
        look: dict[str, Any] = {"color": mark.on_paper, "markeredgecolor": "#fff"}
        axes.plot(part.x, part.y, mark.in_chart, markersize=9, zorder=above, **look)
    elif isinstance(part, Words):
        look = {"ha": {"start": "left", "middle": "center", "end": "right"}[part.anchor]}
        look |= {"fontsize": part.size * _POINTS, "color": part.colour, "parse_math": False}
        look["weight"] = "bold" if part.bold else "normal"
        if part.halo:
            look["path_effects"] = [withStroke(linewidth=2.5, foreground="#fff")]
        axes.text(part.x, part.y, plain(part.text), va="baseline", zorder=above, **look)
    else:
        look = {"facecolor": part.fill, "edgecolor": part.stroke, "alpha": part.opacity}
        look |= {"linewidth": part.width * _POINTS, "zorder": above, "joinstyle": "round"}
        if part.dashes:
            look["linestyle"] = (0, [one / part.width for one in part.dashes])
        closed = part.points[0] == part.points[-1] or part.fill != "none"
        axes.add_artist(Polygon(part.points, closed=closed, capstyle="butt", **look))
