"""Draw charts with Matplotlib that grey printers and colour-blind readers tell apart."""

from __future__ import annotations

import hashlib
import io
import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from raastof_geo.language import format_number, plain

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
WIDTH = 8.6
"""[inches]"""
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
    """Draw from one whole through changes to another; falls are dark, rises are hatched.

    Parameters
    ----------
    bars
        From above; each change begins where the bar before it ends.
    unit
        What stands below the axis.
    """
    labels = [bar.label for bar in bars]

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        levels = list(accumulate(bars, _move, initial=0.0))
        for place, (bar, before) in enumerate(zip(bars, levels, strict=False)):
            _paint_bar(axes, place, bar, base=0.0 if bar.whole else before)
        _label(axes, labels, unit)
        _leave_room(axes, levels)

    return Drawing(paint, WIDTH, 0.9 + 0.42 * len(bars), margins=(_left(labels), 0.62))


def _paint_bar(axes: Axes, place: int, bar: Bar, *, base: float) -> None:
    """Add a bar that begins at `base`, and its figure behind its end."""
    falls = bar.value < 0
    dark = bar.whole or falls
    axes.barh(
        place,
        bar.value,
        left=base,
        height=0.62,
        color=LIGHT if bar.whole else DARK if falls else "#ffffff",
        edgecolor=DARK if dark else MIDDLE,
        hatch=None if dark else "////",
    )
    end = max(base, base + bar.value)
    sign = "" if bar.whole else "−" if falls else "+"
    axes.annotate(f" {sign}{format_number(abs(bar.value))}", (end, place), va="center", fontsize=10)


def draw_bars(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    unit: str,
    mark: tuple[float, str],
) -> Drawing:
    """Draw two bars for each label, and a line that marks a goal.

    Parameters
    ----------
    series
        The name of each, and its value for each label; the second is dark.
    unit
        What stands below the axis.
    mark
        The goal and what it is called.
    """
    goal, called = mark

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for (name, values), look, offset in zip(series, _LOOKS, (-0.5, 0.5), strict=True):
            places = np.arange(len(values)) + offset * 0.37
            axes.barh(places, values, height=0.37 * 0.92, label=name, **look)
            for place, value in zip(places, values, strict=True):
                text = " " + format_number(value, digits=1)
                axes.annotate(text, (max(value, 0.0), place), va="center", fontsize=9.5)
        axes.axvline(goal, color="#1c2630", linestyle="--", linewidth=1.6, label=called)
        _label(axes, labels, unit)
        _leave_room(axes, [0.0, *(value for _, values in series for value in values), goal])
        figure.legend(loc="lower center", ncol=3, frameon=False)

    return Drawing(paint, WIDTH, 1.5 + 0.5 * len(labels), margins=(_left(labels), 1.0))


_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": LIGHT, "edgecolor": DARK, "hatch": "...."},
    {"color": DARK, "edgecolor": DARK},
)


def _move(level: float, bar: Bar) -> float:
    """Give where a bar of a waterfall ends."""
    return bar.value if bar.whole else level + bar.value


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
