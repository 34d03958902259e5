"""Spoil bytes, texts and arrays, by a generator that repeats itself."""

from __future__ import annotations

import io
from random import Random
from typing import Any
import numpy as np

WORDS = (
    b"",
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"1e999",
    b"91",
    b"99999999999999999999",
    b"true",
    b"null",
    b"{}",
    b"[]",
    b"\xff\xfe",
    b"\x00",
    b"\xed\xa0\x80",
    b"%",
    b"&amp;",
    b"<<: *a",
    b"\t",
    b": ",
    b"'",
    b'"',
)
"""What stands in the way of readers."""


def spoil_bytes(content: bytes, dice: Random, *, most: int = 3) -> bytes:
    """Flip, cut, repeat, blank or overwrite, up to `most` times."""
    data = bytearray(content)
    for _ in range(dice.randint(1, most)):
        if not data:
            break
        _SPOILERS[dice.randrange(len(_SPOILERS))](data, dice)
    return bytes(data)


def _flip(data: bytearray, dice: Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _cut_short(data: bytearray, dice: Random) -> None:
    del data[dice.randrange(len(data)) :]


def _cut_out(data: bytearray, dice: Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, 40)]


def _repeat(data: bytearray, dice: Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.randint(1, 200)] * dice.randint(1, 3)


def _blank(data: bytearray, dice: Random) -> None:
    at = dice.randrange(len(data))
    data[at : at + 8] = bytes(len(data[at : at + 8]))


def _overwrite(data: bytearray, dice: Random) -> None:
    at = dice.randrange(len(data))
    word = dice.choice(WORDS)
    data[at : at + dice.randint(0, len(word) + 2)] = word


_SPOILERS = (_flip, _flip, _flip, _cut_short, _cut_out, _repeat, _blank, _overwrite, _overwrite)


def spoil_value(value: Any, dice: Random) -> Any:
    """Give another value than this one, of its kind or of none."""
    rough = (None, True, -1, 0, 1e308, "", "x", [], {}, [[]], "91", float("nan"), "\ud800", 10**30)
    if isinstance(value, bool):
        return dice.choice((not value, *rough))
    if isinstance(value, int | float):
        return dice.choice((value + 1, -value, value * 1000, value / 3, *rough))
    if isinstance(value, str):
        return dice.choice((value + "x", value[:-1], value.upper(), *rough))
    return dice.choice(rough)


def list_leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the path to each value in a tree of dictionaries and lists."""
    if isinstance(tree, dict):
        inner = [one for key, value in tree.items() for one in list_leaves(value, (*path, key))]
    elif isinstance(tree, list):
        inner = [one for at, value in enumerate(tree) for one in list_leaves(value, (*path, at))]
    else:
        return [path]
    return inner or [path]


def find_holder(tree: Any, path: tuple[Any, ...]) -> Any:
    """Give what holds the last step of a path."""
    for step in path[:-1]:
        tree = tree[step]
    return tree


def spoil_leaf(tree: Any, dice: Random) -> None:
    """Change, drop or double one value of a tree, in place."""
    leaves = [path for path in list_leaves(tree) if path]
    if not leaves:
        return
    path = dice.choice(leaves)
    path = path[: dice.choice((len(path), len(path), max(1, len(path) - 1)))]
    holder, last = find_holder(tree, path), path[-1]
    way = dice.randrange(6)
    if way == 0:
        del holder[last]
    elif way == 1 and isinstance(holder, list):
        holder.insert(last, holder[last])
    elif way == 2 and isinstance(holder, dict):
        holder[f"{last}x"] = holder.pop(last)
    else:
        holder[last] = spoil_value(holder[last], dice)


def spoil_arrays(content: bytes, dice: Random, keep: tuple[str, ...] = ()) -> bytes:
    """Exchange, cut, stretch, blank or recast an array of an `.npz`; its checksums are right."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names = [name for name in arrays if name not in keep]
    name, other = dice.choice(names), dice.choice(names)
    way = dice.randrange(len(_ARRAY_SPOILERS) + 2)
    if way == 0:
        del arrays[name]
    elif way == 1:
        arrays[name] = arrays[other]
    else:
        arrays[name] = _ARRAY_SPOILERS[way - 2](arrays[name], dice)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _one(array: Any, dice: Random) -> Any:
    found = array.copy()
    if found.size:
        at = dice.randrange(found.size)
        found.flat[at] = found.flat[dice.randrange(found.size)]
        if found.dtype.kind in "if":
            found.flat[at] = dice.choice((-1, 0, 1, 127, found.flat[at]))
    return found


_ARRAY_SPOILERS: tuple[Any, ...] = (
    _one,
    _one,
    lambda array, dice: array[: dice.randrange(len(array) + 1)] if array.ndim else array,
    lambda array, dice: array[::-1] if array.ndim else array,
    lambda array, dice: np.zeros_like(array),
    lambda array, dice: np.repeat(array, 2),
    lambda array, dice: array.reshape(1, -1),
    lambda array, dice: array.astype(np.float64) * np.nan if array.dtype.kind in "iuf" else array,
    lambda array, dice: array.astype(np.uint8) if array.dtype.kind in "iuf" else array,
    lambda array, dice: array * dice.choice((-1, 2, 1000)) if array.dtype.kind in "if" else array,
    lambda array, dice: np.array(0),
)
