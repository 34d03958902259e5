"""Simplify and measure many lines at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from raastof_geo.arrays import Floats, Indices, Integers, SmallIntegers
from raastof_geo.region.projection import measure_steps
from raastof_geo.roads.stored.steps import lay_runs

_ROUNDING_M = 0.2
"""Room for rounding places to a millionth of a degree, which is 0.11 m to the north. [m]"""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines through numbered places."""

    point: SmallIntegers
    """The number of each place, line by line."""
    start: Integers
    """Where each line starts in `point`; one longer than the lines."""

    @property
    def size(self) -> Integers:
        """How many places each line has."""
        return np.diff(self.start)

    @property
    def first(self) -> SmallIntegers:
        """The place at which each line begins."""
        return self.point[self.start[:-1]]

    @property
    def last(self) -> SmallIntegers:
        """The place at which each line ends."""
        return self.point[self.start[1:] - 1]

    @property
    def line(self) -> Integers:
        """The line to which each item of `point` belongs."""
        return np.repeat(np.arange(len(self.start) - 1), self.size)

    def take(self, rows: Indices) -> Lines:
        """Give some of the lines, in the order asked for."""
        size = self.size[rows]
        point = self.point[lay_runs(self.start[:-1][rows], size)]
        return Lines(point, np.append(0, np.cumsum(size)))


def simplify_lines(lines: Lines, xy: Floats, *, tolerance_m: float) -> Lines:
    """Leave out places without which a line stays within the tolerance [m] (Douglas-Peucker).

    All lines go through GEOS in one call. The number of each place rides along as its third
    coordinate, so that what is left can be named afterwards, without comparing floats. `xy` [m].
    """
    numbered = np.column_stack((xy[lines.point], np.arange(len(lines.point))))
    drawn = shapely.linestrings(numbered, indices=lines.line)
    tolerance = max(tolerance_m - _ROUNDING_M, 0.0)
    simple = shapely.simplify(drawn, tolerance, preserve_topology=False)
    left, line = shapely.get_coordinates(simple, include_z=True, return_index=True)
    count = np.bincount(line, minlength=len(lines.start) - 1)
    return Lines(lines.point[left[:, 2].astype(np.intp)], np.append(0, np.cumsum(count)))


def measure_lines(lines: Lines, lon: Floats, lat: Floats) -> Floats:
    """Measure lines on the ellipsoid; steps from one line to the next are left out. [m, lines]"""
    begin, end = lines.point[:-1], lines.point[1:]
    within = np.diff(lines.line) == 0
    step = np.where(within, measure_steps(lon[begin], lat[begin], lon[end], lat[end]), 0.0)
    total: Floats = np.add.reduceat(step, lines.start[:-1])
    return total


def measure_shift(drawn: Lines, drawn_xy: Floats, mapped: Lines, mapped_xy: Floats) -> float:
    """Measure the farthest that any mapped place lies from the drawn line of its road. [m]"""
    shapes = np.asarray(shapely.linestrings(drawn_xy[drawn.point], indices=drawn.line))
    shapely.prepare(shapes)
    places = shapely.points(mapped_xy[mapped.point])
    return float(np.max(shapely.distance(shapes[mapped.line], places)))
