"""Turn columns of places into small whole steps, as files keep them, and back."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Integers, Mask, SmallIntegers

STEPS_A_DEGREE = 1_000_000
"""Places are kept to a millionth of a degree, 0.11 m to the north: finer than roads are mapped, and
fitting into 32 bits (180 million steps)."""
_Scalar = TypeVar("_Scalar", bound=np.generic)


def freeze(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Make an array read-only, and give it back."""
    array.flags.writeable = False
    return array


def round_degrees(degrees: Floats) -> Floats:
    """Round as a network file does, to a millionth of a degree."""
    return np.asarray(np.round(degrees * STEPS_A_DEGREE) / STEPS_A_DEGREE)


def draw_shapes(
    point_start: SmallIntegers,
    node: SmallIntegers,
    tail: SmallIntegers,
    head: SmallIntegers,
    inner: NDArray[Any],
) -> Floats:
    """Draw every edge from its tail over `inner` points (see `shorten`) to its head. [degrees]"""
    steps = np.empty(int(point_start[-1]), np.int32)
    steps[point_start[:-1]] = node[tail]
    steps[point_start[1:] - 1] = node[head]
    steps[inner_points(point_start)] = _lengthen(inner, np.diff(point_start) - 2, node[tail])
    return steps / STEPS_A_DEGREE


def inner_points(point_start: SmallIntegers) -> Mask:
    """Tell which points of all shapes are not an end of one. [points]"""
    inner = np.ones(int(point_start[-1]), bool)
    inner[point_start[:-1]] = False
    inner[point_start[1:] - 1] = False
    return inner


def shorten(values: SmallIntegers, count: SmallIntegers, base: SmallIntegers) -> SmallIntegers:
    """Turn runs of `count` values, some of none, into steps, the first of a run from its base."""
    previous = np.concatenate((np.zeros(1, np.int32), values))[:-1]
    runs = count > 0
    previous[_run_starts(count)[runs]] = base[runs]
    return values - previous


def _lengthen(steps: NDArray[Any], count: SmallIntegers, base: SmallIntegers) -> SmallIntegers:
    """Turn steps back into the values that `shorten` took.

    One running sum over all runs, in 64 bits, from which the sum before each run is taken off.
    """
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(steps, dtype=np.int64)))
    before = total[_run_starts(count)]
    return (total[1:] + np.repeat(base - before, count)).astype(np.int32)


def lay_runs(first: NDArray[Any], size: NDArray[Any]) -> Integers:
    """List the positions in runs of `size` from `first` on, run by run."""
    ahead = np.repeat(first - _run_starts(size), size)
    return np.asarray(ahead + np.arange(len(ahead)), np.int64)


def _run_starts(count: NDArray[Any]) -> Integers:
    return np.asarray(np.cumsum(count, dtype=np.int64) - count, np.int64)


def add_up(steps: NDArray[Any]) -> SmallIntegers:
    """Turn steps from one value to the next back into values."""
    return np.cumsum(steps, dtype=np.int64).astype(np.int32)


def to_steps(degrees: Floats) -> SmallIntegers:
    """Give degrees in millionths, rounded."""
    return np.round(degrees * STEPS_A_DEGREE).astype(np.int32)
