"""Arrays by what they hold, so that a signature says it in a word."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

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


def dot(one: Floats, other: Floats) -> float:
    """Add up the products of two rows of numbers, in one thread.

    BLAS takes every core for that, which costs more than it saves where others work beside it, and
    adds up in another order where there are more of them.
    """
    return float(np.einsum("i,i->", one, other))


def first_of_each(key: NDArray[Any], *then: NDArray[Any]) -> Indices:
    """Find of each key, ascending, the item that is least by what comes then, or stands first."""
    order = np.lexsort((*reversed(then), key))
    _, first = np.unique(key[order], return_index=True)
    return np.asarray(order[first], np.intp)
