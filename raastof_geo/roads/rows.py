"""Hold lists of numbers, each of any length, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Indices, Integers
from raastof_geo.roads.stored.steps import lay_runs


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

    def take(self, ranks: Indices) -> Rows:
        """Give some of the lists, in the order asked for."""
        sizes = self.size[ranks]
        return Rows.part(self.numbers[lay_runs(self.start[:-1][ranks], sizes)], sizes)

    def add_up(self, weight: Floats) -> Floats:
        """Add up over each list what its numbers weigh."""
        total = np.append(0.0, np.cumsum(weight[self.numbers]))
        return np.asarray(total[self.start[1:]] - total[self.start[:-1]])
