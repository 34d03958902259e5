"""Lay out bar charts that grey printers and colour-blind readers tell apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from raastof_geo.language import Readable, format_number, round_off, say
from raastof_geo.outputs.documents import drawing
from raastof_geo.outputs.documents.document import plain_number
from raastof_geo.outputs.documents.drawing import INK, QUIET, Drawing, Piece, Shape, Words, box

DARK, MIDDLE, LIGHT = "#00527f", "#d55e00", "#9fb4c2"
_GRID = "#dde3e8"
_ROW, _BAR = 34.0, 22.0
"""Of a waterfall: from one bar to the next, and how high it is. [px]"""
_PAIR, _ONE = 42.0, 15.0
"""The same of two bars for each label."""
_MOST_LABEL = 222.0
_GAP = 7.0
"""Between a bar and its number. [px]"""
_TICKS = 5


class Bar(NamedTuple):
    """A bar of a waterfall: a whole, or a change to what stands before it."""

    label: str
    value: float
    whole: bool = False

    @property
    def look(self) -> tuple[str, str, float, str]:
        """Its fill, its edge and how wide that is [px], and what stands before its number."""
        if self.whole:
            return LIGHT, DARK, 1, ""
        return ("#ffffff", MIDDLE, 2, "+") if self.value > 0 else (DARK, DARK, 1, "−")

    def tell(self) -> str:
        """Write its number; of a change with a sign, but of one that is next to nothing."""
        text = _write(abs(self.value))
        return text if text == "0" else self.look[-1] + text


class _Plot(NamedTuple):
    """Where numbers lie on a drawing."""

    left: float
    low: float
    high: float
    foot: float
    """Where the axis is. [px]"""

    def at(self, value: float) -> float:
        """Place a number. Returns how far it lies from the left edge of the drawing. [px]"""
        wide = drawing.WIDTH - self.left - 12
        return self.left + (value - self.low) / (self.high - self.low) * wide

    def axis(self, unit: str) -> Iterator[Piece]:
        """Draw lines at round numbers, and say what they are."""
        step = _round_step((self.high - self.low) / _TICKS)
        digits = max(0, -math.floor(math.log10(step)))
        for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            x = self.at(number * step)
            yield Shape([(x, 4), (x, self.foot)], stroke=_GRID)
            text = plain_number(format_number(number * step, digits=digits))
            yield Words(x, self.foot + 17, text, "middle", 12, QUIET)
        for line, text in enumerate(drawing.break_lines(unit, drawing.WIDTH - self.left, 12)):
            yield Words(self.left, self.foot + 36 + 15 * line, text, size=12, colour=QUIET)


def draw_waterfall(bars: Sequence[Bar], *, unit: str) -> Drawing:
    """Draw from one whole through changes to another; falls are dark, rises are outlined.

    Each bar begins where the one above it ends; `unit` stands below the axis. Where all changes
    together are small beside the wholes, the axis begins near them, says so, and breaks the wholes.
    """
    levels = [0.0]
    for bar in bars:
        levels.append(bar.value if bar.whole else levels[-1] + bar.value)
    low, high, broken = _range(levels[1:])
    if broken:
        unit = str(say("{unit}; the axis begins at {low}, not at 0", unit=unit, low=_write(low)))
    left, labels = _place_labels([bar.label for bar in bars], _ROW)
    plot = _Plot(left, low, high + (high - low) * 0.16, 8 + _ROW * len(bars))
    parts: list[Piece] = [*plot.axis(unit), *labels]
    for place, (bar, before, after) in enumerate(zip(bars, levels, levels[1:], strict=False)):
        top = 8 + _ROW * place + (_ROW - _BAR) / 2
        start, end = sorted((plot.at(low if bar.whole else before), beyond := plot.at(after)))
        fill, edge, width, _ = bar.look
        parts.append(Shape(box(start, top, end, top + _BAR), fill, edge, width))
        # Two slashes go through a bar that does not begin at 0.
        for x in (left + 12, left + 20) if bar.whole and broken else ():
            parts.append(Shape([(x, top + _BAR + 3), (x + 8, top - 3)], stroke="#ffffff", width=3))
        if place + 1 < len(bars):
            tie = [(beyond, top + _BAR), (beyond, top + _ROW)]
            parts.append(Shape(tie, stroke=QUIET, width=0.8))
        parts.append(Words(end + _GAP, top + 16, bar.tell(), bold=bar.whole))
    return Drawing(parts, plot.foot + 60)


def _range(levels: Sequence[float]) -> tuple[float, float, bool]:
    """Give where an axis begins and ends, and whether it begins beyond 0."""
    low, high = min(levels), max(levels)
    span = max(high - low, 1e-9)
    if low <= 0 or low < 0.8 * span:
        return min(0.0, low), max(high, 1e-9), False
    step = _round_step(max(span, 0.02 * high) / 2)
    begins = step * math.floor((low - 0.35 * max(span, 0.02 * high)) / step)
    return max(0.0, begins), high, begins > 0


def draw_bars(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    unit: str,
    mark: tuple[float, str],
) -> Drawing:
    """Draw two bars for each label, of two named `series`, and `mark`, a goal with its name."""
    goal, called = mark
    values = [goal, 0.0, *(value for _, each in series for value in each)]
    low, high = min(values), max(values)
    span = max(high - low, 1e-9)
    left, names = _place_labels(labels, _PAIR)
    margin = 0.16 * span
    foot = 8 + _PAIR * len(labels)
    plot = _Plot(left, low - (margin if low < 0 else 0), high + margin, foot)
    parts: list[Piece] = [*plot.axis(unit), *names]
    zero = plot.at(0.0)
    for number, (_, each) in enumerate(series):
        fill = (LIGHT, DARK)[number]
        for place, value in enumerate(each):
            top = 8 + _PAIR * place + (_PAIR - 2 * _ONE) / 2 + number * _ONE
            end = plot.at(value)
            corners = box(min(zero, end), top + 1, max(zero, end), top + _ONE - 1)
            parts.append(Shape(corners, fill, DARK))
            at, anchor = (end - _GAP, "end") if value < 0 else (end + _GAP, "start")
            parts.append(Words(at, top + 12, _write(value), anchor, 12))
    line = plot.at(goal)
    drawn = Shape([(line, 4), (line, foot)], stroke=INK, width=1.8, dashes=(6, 4))
    parts.append(drawn)
    x, y = 8.0, foot + 62  # what each of two bars is, and the line
    for number, name in enumerate([*(name for name, _ in series), called]):
        shown = drawn._replace(points=[(x, y - 5), (x + 22, y - 5)])
        if number < len(series):
            shown = Shape(box(x, y - 10, x + 22, y), (LIGHT, DARK)[number], DARK)
        parts.append(shown)
        parts.append(Words(x + 28, y, name, size=12))
        x += 28 + drawing.measure_text(name, 12) + 22
    return Drawing(parts, foot + 72)


def draw_bands(bands: Mapping[str, Sequence[float]], *, unit: str) -> Drawing:
    """Draw a bar from low to high for each label, a line at its middle, a diamond for today.

    `bands`: by label what nine of ten have at least, what half have, what nine of ten have at most,
    and where it stands today.
    """
    values = [0.0, *(value for band in bands.values() for value in band)]
    low, high = min(values), max(values)
    span = max(high - low, 1e-9)
    left, names = _place_labels([*bands], _ROW)
    foot = 8 + _ROW * len(bands)
    plot = _Plot(left, low - (0.05 * span if low < 0 else 0), high + 0.08 * span, foot)
    parts: list[Piece] = [*plot.axis(unit), *names]
    for place, band in enumerate(bands.values()):
        parts += _mark_band([*map(plot.at, band)], 8 + _ROW * place + (_ROW - _BAR) / 2)
    x, y = 8.0, foot + 52
    told = (say("nine of ten"), say("the middle"), say("today"))
    for number, name in enumerate(map(str, told)):
        shown = list(_mark_band([x, x + 14, x + 28, x + 14], y))
        parts += (shown[:1], shown[1:2], shown[2:])[number]
        parts.append(Words(x + 36, y + 16, name, size=12))
        x += 36 + drawing.measure_text(name, 12) + 22
    return Drawing(parts, foot + 84)


def _mark_band(at: Sequence[float], top: float) -> Iterator[Piece]:
    low, middle, high, today = at
    yield Shape(box(low, top, max(high, low + 1), top + _BAR), LIGHT, DARK)
    yield Shape([(middle, top), (middle, top + _BAR)], stroke=DARK, width=3)
    half = _BAR / 2
    corners = [(today, top + 3), (today + 8, top + half), (today, top + _BAR - 3)]
    yield Shape([*corners, (today - 8, top + half)], MIDDLE, INK)


def draw_front(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    titles: tuple[Readable, Readable],
    *,
    joined: bool,
) -> Drawing:
    """Draw named points by two measures, whose titles stand along and above, `joined` by a line."""
    along, up = zip(*points, strict=True)
    low, high = min(up), max(up)
    room, foot = 0.08 * (max(along) - min(along)), 330.0
    step = _round_step((high - low) / _TICKS)
    digits = max(0, -math.floor(math.log10(step)))
    levels = [step * at for at in range(math.ceil(low / step), math.floor(high / step) + 1)]
    told = [plain_number(format_number(level, digits=digits)) for level in levels]
    left = 24 + max((drawing.measure_text(one, 12) for one in told), default=0.0)
    plot = _Plot(left, min(along) - room, max(along) + room, foot)
    heights = [52 + (high - value) / (high - low) * (foot - 80) for value in (*up, *levels)]
    parts = [*plot.axis(str(titles[0])), Words(8, 18, str(titles[1]), size=12, colour=QUIET)]
    for text, y in zip(told, heights[len(up) :], strict=True):
        parts.append(Shape([(left, y), (drawing.WIDTH - 12, y)], stroke=_GRID))
        parts.append(Words(left - 8, y + 4, text, "end", 12, QUIET))
    places = [(plot.at(x), y) for x, y in zip(along, heights, strict=False)]
    parts += [Shape(places, stroke=DARK, width=1.8)] if joined else []
    last = (-drawing.WIDTH, -drawing.WIDTH)
    for name, (x, y) in zip(names, places, strict=True):
        parts.append(Shape(box(x - 4, y - 4, x + 4, y + 4), DARK))
        if math.dist(last, (x, y)) > 26:  # else it would stand on the one before
            parts.append(Words(x + 8, y - 8, name, halo=True))
            last = (x, y)
    return Drawing(parts, foot + 60)


def _place_labels(labels: Sequence[str], row: float) -> tuple[float, list[Piece]]:
    """Give where the bars begin, and labels in two lines at most to the left of that."""
    broken = [drawing.break_lines(label, _MOST_LABEL) for label in labels]
    widest = max((drawing.measure_text(line) for lines in broken for line in lines), default=0.0)
    left = min(_MOST_LABEL, widest) + 18
    return left, [
        Words(left - 8, row * (place + 0.5) + 13 + 15 * (line - (len(lines) - 1) / 2), text, "end")
        for place, lines in enumerate(broken)
        for line, text in enumerate(lines)
    ]


def _round_step(about: float) -> float:
    """Give 1, 2 or 5 times a power of ten that is near a step."""
    power = 10.0 ** math.floor(math.log10(max(about, 1e-9)))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= about * 0.999)


def _write(value: float) -> str:
    return plain_number(round_off(value, most=2) if abs(value) < 1000 else format_number(value))
