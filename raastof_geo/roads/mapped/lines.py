"""Simplify and measure many lines at once, each a row of numbered places."""

from __future__ import annotations

import numpy as np
import shapely

from raastof_geo.arrays import Floats
from raastof_geo.region.projection import measure_steps
from raastof_geo.roads.rows import Rows

_ROUNDING_M = 0.2
"""Room for rounding places to a millionth of a degree, which is 0.11 m to the north. [m]"""


def simplify_lines(lines: Rows, xy: Floats, *, tolerance_m: float) -> Rows:
    """Leave out places without which a line stays within the tolerance [m] (Douglas-Peucker).

    All lines go through GEOS in one call. The number of each place rides along as its third
    coordinate, so that what is left can be named afterwards, without comparing floats. `xy` [m].
    """
    numbered = np.column_stack((xy[lines.numbers], np.arange(len(lines.numbers))))
    drawn = shapely.linestrings(numbered, indices=lines.owner)
    tolerance = max(tolerance_m - _ROUNDING_M, 0.0)
    simple = shapely.simplify(drawn, tolerance, preserve_topology=False)
    left, line = shapely.get_coordinates(simple, include_z=True, return_index=True)
    count = np.bincount(line, minlength=len(lines.start) - 1)
    return Rows.part(lines.numbers[left[:, 2].astype(np.intp)], count)


def measure_lines(lines: Rows, lon: Floats, lat: Floats) -> Floats:
    """Measure lines on the ellipsoid; steps from one line to the next are left out. [m, lines]"""
    begin, end = lines.numbers[:-1], lines.numbers[1:]
    within = np.diff(lines.owner) == 0
    step = np.where(within, measure_steps(lon[begin], lat[begin], lon[end], lat[end]), 0.0)
    total: Floats = np.add.reduceat(step, lines.start[:-1])
    return total


def measure_shift(drawn: Rows, drawn_xy: Floats, mapped: Rows, mapped_xy: Floats) -> float:
    """Measure the farthest that any mapped place lies from the drawn line of its road. [m]"""
    shapes = np.asarray(shapely.linestrings(drawn_xy[drawn.numbers], indices=drawn.owner))
    shapely.prepare(shapes)
    places = shapely.points(mapped_xy[mapped.numbers])
    return float(np.max(shapely.distance(shapes[mapped.owner], places)))
