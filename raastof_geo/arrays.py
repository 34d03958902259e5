"""Arrays by what they hold, so that a signature says it in a word."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeAlias, TypeVar
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Amounts of any unit."""
Integers: TypeAlias = NDArray[np.int64]
"""Counts and whole weights."""
Indices: TypeAlias = NDArray[np.intp]
"""Positions, as NumPy gives them."""
SmallIntegers: TypeAlias = NDArray[np.int32]
"""Positions in arrays that travel: half the memory of `Indices`."""
Signs: TypeAlias = NDArray[np.int8]
"""-1, 0 and 1, or another of few kinds."""
Mask: TypeAlias = NDArray[np.bool_]
"""Which of a row of things are meant."""
Objects: TypeAlias = NDArray[np.object_]
"""Names and other Python objects."""
Columns: TypeAlias = NDArray[np.integer[Any]]
"""Numbers of columns of a programme."""

_Item = TypeVar("_Item")
_Key = TypeVar("_Key", bound=Hashable)


def group_by(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    """Put together what has a key in common. Returns groups, first come first; others are empty."""
    groups: dict[_Key, list[_Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def dot(one: Floats, other: Floats) -> float:
    """Add up the products of two rows of numbers, in one thread.

    BLAS takes every core for that, which costs more than it saves where others work beside it, and
    adds up in another order where there are more of them.
    """
    return float(np.einsum("i,i->", one, other))


def first_of_each(key: NDArray[Any], *then: NDArray[Any]) -> Indices:
    """Find the least item of each key by what comes `then`. Returns ranks, by rising key."""
    order = np.lexsort((*reversed(then), key))
    ordered = key[order]
    return np.asarray(order[np.append(True, ordered[1:] != ordered[:-1])[: len(key)]], np.intp)


def sort_up(values: ArrayLike) -> Indices:
    """Sort from the least on, equals as they stand. Returns ranks."""
    return np.asarray(np.argsort(np.asarray(values), kind="stable"), np.intp)


def lay_runs(first: NDArray[Any], size: NDArray[Any]) -> Integers:
    """Lay runs of `size` from `first` on. Returns the positions, run by run. [sum of sizes]"""
    ahead = np.repeat(first - (np.cumsum(size) - size), size)
    return np.asarray(ahead + np.arange(len(ahead)), np.int64)


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

    @classmethod
    def group(cls, owner: NDArray[Any], count: int) -> Self:
        """Sort by owner, of whom there are `count`. Returns the ranks of what each has, rising."""
        order = sort_up(owner)
        return cls(np.searchsorted(owner[order], np.arange(count + 1)), order)

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

    # Views of memory give plain numbers, several times faster than arrays do.
    _views = cached_property(lambda self: (memoryview(self.start), memoryview(self.numbers)))

    def plain(self, rank: int) -> list[int]:
        """Give one of the lists, in plain numbers."""
        start, numbers = self._views
        found: list[int] = numbers[start[rank] : start[rank + 1]].tolist()
        return found

    def take(self, ranks: Indices) -> Self:
        """Take some of the lists. Returns them in the order asked for."""
        sizes = self.start[ranks + 1] - self.start[ranks]
        return self.part(self.numbers[lay_runs(self.start[ranks], sizes)], sizes)

    def chain(self, *others: Self) -> Self:
        """Lengthen each list by those of the same rank in others."""
        rows = (self, *others)
        offset = np.cumsum([0, *(len(one.numbers) for one in rows)])
        begin = [one.start[:-1] + at for one, at in zip(rows, offset.tolist(), strict=False)]
        size = np.stack([one.size for one in rows], axis=1)
        numbers = np.concatenate([one.numbers for one in rows])
        ranks = lay_runs(np.stack(begin, axis=1).ravel(), size.ravel())
        return self.part(numbers[ranks], size.sum(axis=1))

    def add_up(self, weight: Floats) -> Floats:
        """Add up what numbers of each list weigh. Returns the same whatever others there are."""
        total, some = np.zeros(len(self.start) - 1), self.size > 0
        if some.any():
            total[some] = np.add.reduceat(weight[self.numbers], self.start[:-1][some])
        return total
