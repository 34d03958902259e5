"""Keep what is dear to make in the user's cache folder, by a fingerprint of what it was made of.

An entry is written whole or not at all, under a lock, so that runs side by
side share it; one that cannot be read is made again. Where the folder cannot
be written the work is done without it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import platformdirs
from filelock import FileLock, Timeout
from numpy.typing import NDArray

VERSION = 1
"""Raised when anything that is kept changes its shape or meaning."""
KINDS = ("networks", "hierarchies", "distances")
"""What is kept: whole networks, their cores in order, distances and figures of legs."""

_WAIT_S = 600
_VARIABLE = "RAASTOF_CACHE"

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Stock:
    """What the cache holds of one kind."""

    kind: str
    entries: int
    size_mb: float


def cache_folder() -> Path:
    """Give the cache folder: RAASTOF_CACHE, else where the system keeps caches of users."""
    named = os.environ.get(_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("raastof_geo")


def keep(
    kind: str,
    key: str,
    *,
    make: Callable[[], Kept],
    write: Callable[[Kept, Path], object],
    read: Callable[[Path], Kept],
) -> Kept:
    """Read an entry of the cache, or make it and write it there.

    Parameters
    ----------
    kind
        One of `KINDS`.
    key
        Fingerprint of everything that the entry is made of.
    read
        Raises any exception where the entry cannot be trusted.
    """
    folder = cache_folder() / f"v{VERSION}" / kind
    file = folder / f"{key}.npz"
    found = _try(read, file)
    if found is not None:
        return found
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock", timeout=_WAIT_S)
    try:
        lock.acquire()
    except (OSError, Timeout):
        return make()
    try:
        found = _try(read, file)
        if found is None:
            found = make()
            _write_whole(found, file, write)
        return found
    finally:
        lock.release()


def list_stocks() -> list[Stock]:
    """Tell what the cache holds, kind by kind."""
    return [_count(kind, cache_folder() / f"v{VERSION}" / kind) for kind in KINDS]


def clear_cache() -> float:
    """Empty the cache, entries of other versions too, and tell how much went. [MB]"""
    size = sum(file.stat().st_size for file in _files(cache_folder()))
    for folder in cache_folder().glob("v*"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(cache_folder() / "overpass", ignore_errors=True)
    return size / 1e6


def fingerprint(parts: Iterable[str | bytes | NDArray[np.generic]]) -> str:
    """Give one fingerprint (BLAKE2b) of texts, bytes and arrays, in their order."""
    found = hashlib.blake2b(digest_size=20)
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(f"{part.dtype.str}{part.shape}".encode())
            found.update(np.ascontiguousarray(part).data)
        else:
            data = part.encode() if isinstance(part, str) else part
            found.update(f"{len(data)}:".encode())
            found.update(data)
    return found.hexdigest()


def read_arrays(file: Path) -> dict[str, NDArray[np.generic]]:
    """Read the arrays of an entry; their checksums are looked at."""
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def write_arrays(arrays: dict[str, NDArray[np.generic]], file: Path) -> None:
    """Write arrays as an entry."""
    with file.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def _try(read: Callable[[Path], Kept], file: Path) -> Kept | None:
    """Read an entry, or take it away where it is damaged."""
    if not file.exists():
        return None
    try:
        return read(file)
    except Exception:  # whatever is wrong with an entry, it is made again
        with suppress(OSError):
            file.unlink()
        return None


def _write_whole(found: Kept, file: Path, write: Callable[[Kept, Path], object]) -> None:
    """Write an entry beside its place and move it there; a full disk is no reason to stop."""
    with suppress(OSError), tempfile.TemporaryDirectory(dir=file.parent) as folder:
        draft = Path(folder) / file.name
        write(found, draft)
        draft.replace(file)


def _count(kind: str, folder: Path) -> Stock:
    files = [file for file in _files(folder) if file.suffix == ".npz"]
    return Stock(kind, len(files), sum(file.stat().st_size for file in files) / 1e6)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
