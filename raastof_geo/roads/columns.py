"""Hold lists of numbers, places as small steps and roads by field, as files keep them.

The table of roads in a file has a column for each field of a road, and one for each limit: a list,
or `{"all": value}`. Unknown ones are kept; where one lacks, the default holds.
"""

import json
import math
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import repeat
from types import NoneType
from typing import Any, Self, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.roads.road import LIMITS, ROAD_CLASSES, SURFACES, Access, Road

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


@dataclass(frozen=True, eq=False)
class Rows:
    """Lists of numbers, as of arcs of routes or places of lines."""

    start: Integers
    """Where each begins in `numbers`; one longer than the lists."""
    numbers: Integers

    @classmethod
    def of(cls, lists: Sequence[Sequence[int] | Integers]) -> Self:
        """Put lists one after the other."""
        parts = [np.asarray(one, np.int64) for one in lists]
        sizes = np.array([len(one) for one in parts], np.int64)
        return cls.part(np.concatenate([np.zeros(0, np.int64), *parts]), sizes)

    @classmethod
    def part(cls, numbers: Integers, sizes: NDArray[Any]) -> Self:
        """Part numbers into lists of some sizes."""
        return cls(np.append(0, np.cumsum(sizes)).astype(np.int64), numbers)

    @property
    def size(self) -> Integers:
        """How many numbers each list has."""
        return np.diff(self.start)

    @property
    def owner(self) -> Integers:
        """Rank of the list that each number is in. [numbers]"""
        return np.repeat(np.arange(len(self.start) - 1), self.size)

    @property
    def first(self) -> Integers:
        """The number at which each list begins."""
        return self.numbers[self.start[:-1]]

    @property
    def last(self) -> Integers:
        """The number at which each list ends."""
        return self.numbers[self.start[1:] - 1]

    def __getitem__(self, rank: int) -> Integers:
        return self.numbers[self.start[rank] : self.start[rank + 1]]

    def take(self, ranks: Indices) -> Self:
        """Give some of the lists, in the order asked for."""
        sizes = self.size[ranks]
        return self.part(self.numbers[lay_runs(self.start[:-1][ranks], sizes)], sizes)

    def add_up(self, weight: Floats) -> Floats:
        """Add up over each list what its numbers weigh."""
        total = np.append(0.0, np.cumsum(weight[self.numbers]))
        return np.asarray(total[self.start[1:]] - total[self.start[:-1]])


_APART = ("forward", "backward", "limits")
"""Directions are those of edges, and each limit has a column of its own."""
_OF_ALL = "all"
_ACCESS = {access.name.lower(): access for access in Access}
_HINTS = {name: hint for name, hint in get_type_hints(Road).items() if name not in _APART}
FIELDS: dict[str, Any] = {
    one.name: None if one.default is MISSING else one.default
    for one in fields(Road)
    if one.name in _HINTS
}
"""What the table keeps of a road apart from its limits, each with its default."""
_KINDS = {"fields": (*FIELDS,), "limits": LIMITS}
"""The columns of the table, by the name under which a file has them."""
_DEFAULTS = FIELDS | dict.fromkeys(LIMITS, math.nan)

_STANDS_FOR: dict[Any, set[type]] = {Access: {str}, float: {int, float, NoneType}}
_TYPES = {of: _STANDS_FOR.get(one, {*(get_args(one) or (one,))}) for of, one in _HINTS.items()}
"""What stands in a file for a field of `Road`."""
_MOST = {"maxspeed_km_h": 1000.0}
_WORDS: dict[str, frozenset[str]] = {
    "road_class": frozenset(ROAD_CLASSES),
    "surface": frozenset(SURFACES),
    "access": frozenset(_ACCESS),
}


def encode_roads(
    roads: Sequence[Road], extra: Mapping[str, Mapping[str, Any]], lacking: Collection[str]
) -> dict[str, Any]:
    """Give the table of roads as a file keeps it: `count`, and columns under `fields` and `limits`.

    `extra`: unknown columns to keep; `lacking`: those unsaid while all roads have the default.
    """
    said = {name: _squeeze([*map(_encode, some)]) for name, some in _list_columns(roads).items()}
    kept = {
        name: column
        for name, column in said.items()
        if name not in lacking or column != _of_all(_DEFAULTS[name])
    }
    known = {kind: {of: kept[of] for of in names if of in kept} for kind, names in _KINDS.items()}
    return {"count": len(roads)} | {kind: known[kind] | {**extra.get(kind, {})} for kind in known}


def _list_columns(roads: Sequence[Road]) -> dict[str, list[Any]]:
    """List what roads say, field by field, and their limits, one by one."""
    limits = {name: [road.limits[rank] for road in roads] for rank, name in enumerate(LIMITS)}
    return {name: [getattr(road, name) for road in roads] for name in FIELDS} | limits


def decode_roads(found: Mapping[str, Any]) -> dict[str, Any]:
    """Read the table of roads of a file; `KeyError`, `TypeError` or `ValueError` if it is none.

    `roads`; `extra`: columns that this version does not know, among `fields` and `limits`;
    `lacking`: fields and limits that the file does not know.
    """
    count = int(found["count"])
    said, extra = _sort_columns(found, count)
    columns = {
        name: _decode(name, said[name], count)
        for name, default in _DEFAULTS.items()
        if name in said and said[name] != _of_all(default)
    }
    if not columns.keys().isdisjoint(LIMITS):
        limits = (columns.pop(name, repeat(math.nan, count)) for name in LIMITS)
        columns["limits"] = zip(*limits, strict=True)
    rows = zip(*columns.values(), strict=True)
    return {
        "roads": tuple(Road(**dict(zip(columns, row, strict=True))) for row in rows),
        "extra": extra,
        "lacking": tuple(name for name in _DEFAULTS if name not in said),
    }


def _sort_columns(
    found: Mapping[str, Any], count: int
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Tell columns that this version knows, by name, from the others, by kind and name."""
    said: dict[str, Any] = {}
    extra: dict[str, dict[str, Any]] = {}
    for kind, known in _KINDS.items():
        for name, column in found[kind].items():
            if not (len(column) == count if isinstance(column, list) else {*column} == {_OF_ALL}):
                raise ValueError(f"{name} does not describe {count} roads")
            (said if name in known else extra.setdefault(kind, {}))[name] = column
    return said, extra


def list_content(roads: Sequence[Road]) -> dict[str, Any]:
    """Give what roads say for a fingerprint, by name: nothing of what no road says."""
    columns = {of: [*map(_or_null, column)] for of, column in _list_columns(roads).items()}
    said: dict[str, Any] = {
        of: one for of, one in columns.items() if one.count(_or_null(_DEFAULTS[of])) < len(one)
    }
    if limits := {of: said[of] for of in sorted(LIMITS) if of in said}:
        said["limits"] = limits
    known = [one.name for one in fields(Road) if one.name in said]
    return {"count": len(roads)} | {name: said[name] for name in known}


def as_json(value: Any) -> NDArray[np.uint8]:
    """Write plain values as the bytes of a text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)


def _decode(name: str, column: Any, count: int) -> Iterable[Any]:
    alike = isinstance(column, dict)
    values = [column[_OF_ALL]] if alike else column
    hint = _HINTS.get(name, float)
    if not {*map(type, values)} <= _TYPES.get(name, _STANDS_FOR[float]):
        raise ValueError(f"{name} holds what no road has")
    if name in _WORDS and not _WORDS[name].issuperset(values):
        raise ValueError(f"{name} holds an unknown word")
    if hint is float:
        values = [_as_number(value, name) for value in values]
    elif hint is Access:
        values = [_ACCESS[word] for word in values]
    return repeat(values[0], count) if alike else values


def _as_number(value: float | None, name: str) -> float:
    if value is None:
        return math.nan
    if not (0 <= value <= _MOST.get(name, sys.float_info.max)):  # never for NaN
        raise ValueError(f"{name} holds a number that no road has")
    return float(value)


def _squeeze(column: list[Any]) -> Any:
    """Write a column that says the same of all roads once."""
    alike = bool(column) and column.count(column[0]) == len(column)
    return {_OF_ALL: column[0]} if alike else column


def _of_all(value: Any) -> dict[str, Any]:
    return {_OF_ALL: _encode(value)}


def _encode(value: Any) -> Any:
    return value.name.lower() if isinstance(value, Access) else _or_null(value)


def _or_null(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
