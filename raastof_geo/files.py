"""Write files whole or not at all, and over no file of somebody else."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.links import is_file, is_there, name_free
from raastof_geo.trace import note_moved, note_written

_PREFIX, _MIDDLE = ".raastof-", ".part"
_DEAD_S = 3600.0
"""A draft that nobody has written to for so long belongs to a run that is no more. [s]"""
_SET_ASIDE = "set_aside"
_SEALED = re.compile(rb"(.*)\n<!-- raastof_geo ([0-9a-f]{64}) -->\n", re.DOTALL)

Known = Callable[[Path], bool]
"""Tells whether a file that is there is one of ours, which may be replaced."""


def write_whole(path: Path, content: bytes | str, *, known: Known = lambda _: False) -> Path:
    """Write all of a file or nothing of it, and return its path; text in UTF-8.

    What is there already and not ours, nor the same, is moved to `set_aside`; or `OutputError`.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with drafting(path, known=lambda old: old.read_bytes() == data or known(old)) as draft:
        draft.write_bytes(data)
    return path


@contextmanager
def drafting(path: Path, *, known: Known = lambda _: False) -> Iterator[Path]:
    """Give an empty file beside another to write into; it takes its place as `write_whole` says."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_place(path)
        _sweep(path.parent)
        ending = "".join(path.suffixes[-2:])  # by which some writers know what to write
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=_MIDDLE + ending)
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            _put(draft, path, known)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        reason = tell_reason(error)
        raise OutputError.saying_text("writing", "refused", file=path, reason=reason) from error


def seal_page(page: str) -> str:
    """Add a last line to a page, by which it is known as long as nobody has changed it."""
    return f"{page}\n<!-- raastof_geo {hashlib.sha256(page.encode()).hexdigest()} -->\n"


def is_sealed(file: Path) -> bool:
    """Tell whether a page is as we wrote it; `OSError` where it cannot be read."""
    page = _SEALED.fullmatch(file.read_bytes())
    return page is not None and hashlib.sha256(page[1]).hexdigest() == page[2].decode()


def _put(draft: Path, path: Path, known: Known) -> None:
    """Let a draft take its place; what is there and not ours goes aside first."""
    _check_place(path)
    aside = _move_aside(path) if path.exists() and not known(path) else None
    try:
        draft.replace(path)
    except BaseException:
        if aside is not None:
            aside.rename(path)
            aside.parent.rmdir()
        raise
    note_written(path)
    if aside is not None:
        note_moved(path, aside)


def _check_place(path: Path) -> None:
    if is_there(path) and not is_file(path):
        raise OutputError.saying_text("writing", "no file", file=path)


def _move_aside(path: Path) -> Path:
    """Move a file to `set_aside` beside it, or to `set_aside-2` where that is taken."""
    folder = name_free(path.parent / _SET_ASIDE)
    folder.mkdir()
    try:
        path.rename(folder / path.name)
    except BaseException:
        folder.rmdir()
        raise
    return folder / path.name


def _sweep(folder: Path) -> None:
    for draft in folder.glob(f"{_PREFIX}*{_MIDDLE}*"):
        with suppress(OSError):
            if is_file(draft) and time.time() - draft.lstat().st_mtime > _DEAD_S:
                draft.unlink()
