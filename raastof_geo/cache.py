"""Keep what takes long to make, by a fingerprint of what it was made of.

An entry is written whole or not at all, under a lock; it holds its key and a digest of its arrays,
and one that cannot be trusted is made again. All lies in a folder `v2` that carries a mark of ours:
nothing without it is written to or cleared, for the folder above may be anybody's.
"""

import errno
import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast
import numpy as np
import platformdirs
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from raastof_geo.files import is_file, is_folder, is_there

VERSION = 2
"""Raised when anything that is kept changes its shape or meaning."""
KEPT_KINDS = {
    "networks": 4000,
    "hierarchies": 1000,
    "distances": 500,
    "towns": 20,
    "catalogues": 20,
}
"""What is kept: whole networks, their cores in order, figures of legs, outlines of towns, values of
catalogues; how much at most, beyond which goes what was not used for longest. [MB]"""
DOWNLOADS = "overpass"
"""Folder of downloads that are under way, each a folder of its own."""
DOWNLOAD = re.compile(r"download-[0-9a-f]{40}")
MARK = "raastof_geo_cache.txt"
"""The file by which a folder of the cache is known."""

_MARK_TEXT = "This folder belongs to raastof_geo; `raastof cache clear` empties it.\n"
_WAIT_S = 600
_VERSIONS = re.compile(r"v\d+")
_ENTRY = re.compile(
    rf"[0-9a-f]{{40}}\.(npz|lock|[a-z0-9_]+\.part)|{DOWNLOAD.pattern}|\.{DOWNLOAD.pattern}\.lock"
)

Kept = TypeVar("Kept")


def cache_folder() -> Path:
    """Give the cache folder: RAASTOF_CACHE, else where the system keeps caches of users."""
    named = os.environ.get("RAASTOF_CACHE")
    return Path(named) if named and named.strip() else platformdirs.user_cache_path("raastof_geo")


def claim(kind: str) -> Path:
    """Make and mark the folder of one kind. Returns it, or raises `OSError` where it cannot be."""
    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    if find_stranger() is not None:
        raise FileExistsError(errno.EEXIST, f"there is no {MARK} in it", str(home))
    if not is_there(home / MARK):
        (home / MARK).write_text(_MARK_TEXT, encoding="utf-8", newline="\n")
    folder = home / kind
    folder.mkdir(exist_ok=True)
    if not is_folder(folder):
        raise FileExistsError(errno.EEXIST, "it is a link", str(folder))
    return folder


def find_stranger() -> Path | None:
    """Look for what lies where the cache would. Returns a folder, file or link that is not ours."""
    home = _home()
    there = next(path for path in (home, *home.parents) if is_there(path))
    if there != home:
        return None if there.is_dir() else there
    # In this order: another run may claim an empty one between the two, and marks it first of all.
    ours = (is_folder(home) and not any(home.iterdir())) or _is_marked(home)
    return None if ours else home


def keep(
    kind: str,
    key: str,
    *,
    make: Callable[[], Kept],
    write: Callable[[Kept, Path], object],
    read: Callable[[Path], Kept],
    more: Callable[[Kept], Callable[[], Kept] | None] = lambda _: None,
) -> Kept:
    """Read an entry of the cache, or make it and write it there, where that can be written.

    `kind` is one of `KEPT_KINDS`, `key` a `fingerprint` of all it is made of; `write` writes an
    archive of arrays (`.npz`); `read` raises anything where the entry cannot be trusted. `more`
    looks at an entry that can grow, and says how it is made with what it lacks; none: nothing.
    """
    try:
        file = claim(kind) / f"{key}.npz"
    except OSError:
        return make()
    if (found := _try(read, file)) is not None and more(found) is None:
        return found
    try:
        held = FileLock(file.with_suffix(".lock"), timeout=_WAIT_S).acquire()
    except (OSError, Timeout):
        return make()
    with held:
        found = _try(read, file)
        if (step := make if found is None else more(found)) is None:
            return cast("Kept", found)
        made = step()
        _write_whole(made, file, write)
        _evict(file.parent, file)
        return made


def list_stocks() -> dict[str, list[int]]:
    """List what the cache holds. Returns the size of each entry, by kind. [bytes]"""
    stocks: dict[str, list[int]] = {}
    for kind in KEPT_KINDS:
        folder = _home() / kind
        entries = folder.glob("*.npz") if _is_marked(_home()) and is_folder(folder) else ()
        stocks[kind] = [file.lstat().st_size for file in entries if is_file(file)]
    return stocks


def clear_cache() -> float:
    """Empty what carries the mark, of all versions, following no link. Returns what is free: MB."""
    versions = [one for one in cache_folder().glob("v*") if _VERSIONS.fullmatch(one.name)]
    size = 0
    for home in filter(_is_marked, versions):
        for folder in filter(is_folder, (home / kind for kind in (*KEPT_KINDS, DOWNLOADS))):
            size += sum(_remove(one) for one in [*folder.iterdir()] if _ENTRY.fullmatch(one.name))
            with suppress(OSError):
                folder.rmdir()
        with suppress(OSError):
            if [path.name for path in home.iterdir()] == [MARK]:  # the mark goes last
                (home / MARK).unlink()
                home.rmdir()
    return size / 1e6


def fingerprint(parts: Iterable[str | bytes | NDArray[np.generic]]) -> str:
    """Take a fingerprint (BLAKE2b) of texts, bytes and arrays in their order. Returns 40 digits."""
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


def _home() -> Path:
    return cache_folder() / f"v{VERSION}"


def _try(read: Callable[[Path], Kept], file: Path) -> Kept | None:
    """Read an entry, or take it away where it is damaged or belongs elsewhere."""
    if not is_file(file):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.comment != _seal(archive, file):
                raise ValueError("not the entry of this key")
        with suppress(OSError):
            os.utime(file)  # by which it is seen what was used last
        return read(file)
    except Exception:  # whatever is wrong with an entry, it is made again
        with suppress(OSError):
            file.unlink()
        return None


def _write_whole(found: Kept, file: Path, write: Callable[[Kept, Path], object]) -> None:
    """Write an entry beside its place and move it there; a full disk is no reason to stop."""
    for left in file.parent.glob(f"{file.stem}.*.part"):
        _remove(left)  # of runs that were killed: the lock is ours
    if is_there(file) and not is_file(file):
        return
    beside = ".part", f"{file.stem}.", file.parent
    with suppress(OSError, zipfile.BadZipFile), tempfile.TemporaryDirectory(*beside) as folder:
        draft = Path(folder) / file.name
        write(found, draft)
        with zipfile.ZipFile(draft, "a") as archive:
            archive.comment = _seal(archive, file)
        draft.replace(file)


def _evict(folder: Path, newest: Path) -> None:
    """Take away what was not used for longest, until what is left of a kind is within its limit."""
    with suppress(OSError):  # another run may do the same
        entries = {one: one.lstat() for one in filter(is_file, folder.glob("*.npz"))}
        size = sum(one.st_size for one in entries.values()) - 1e6 * KEPT_KINDS[folder.name]
        for entry in sorted(entries, key=lambda one: entries[one].st_mtime_ns):
            if size <= 0 or entry == newest:
                return
            size -= _remove(entry)
            with suppress(Timeout), FileLock(entry.with_suffix(".lock"), timeout=0):
                entry.with_suffix(".lock").unlink(missing_ok=True)


def _seal(archive: zipfile.ZipFile, file: Path) -> bytes:
    """Word what an entry is: its version, kind and key, and a digest of names, sizes, checksums."""
    arrays = (f"{one.filename} {one.file_size} {one.CRC}" for one in archive.infolist())
    words = ("raastof_geo", str(VERSION), file.parent.name, file.stem, fingerprint(arrays))
    return " ".join(words).encode()


def _remove(entry: Path) -> int:
    """Remove an entry, a draft of one or a download, and give its size; a link is left. [bytes]"""
    with suppress(OSError):
        if is_file(entry):
            size = entry.lstat().st_size
            entry.unlink()
            return size
        if is_folder(entry) and (entry.suffix == ".part" or DOWNLOAD.fullmatch(entry.name)):
            size = 0
            with suppress(OSError):  # another run may be at work in it
                size = sum(file.lstat().st_size for file in entry.iterdir())
            shutil.rmtree(entry, ignore_errors=True)
            return size
    return 0


def _is_marked(home: Path) -> bool:
    return is_folder(home) and is_file(home / MARK)
