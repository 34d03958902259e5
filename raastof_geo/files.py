"""What lies at a path, files that are written whole or not at all, and what became of them.

A link is a link here, whatever it leads to; no file of somebody else is written over; and a trace
is kept of what a command has written and moved aside, so that its end can be told truly.
"""

import hashlib
import os
import re
import stat
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import TypeAlias
from filelock import FileLock, Timeout
from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.language import Message, say_text

AnyPath: TypeAlias = str | os.PathLike[str]
"""A path as people give one."""
_JUNCTION = 0xA0000003
"""Reparse tag of a junction, the link to a folder that Windows has besides symbolic links."""


def is_link(path: Path) -> bool:
    """Tell whether a path is a link of any kind; what is not there is none."""
    with suppress(OSError):
        found = path.lstat()
        return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION
    return False


def is_file(path: Path) -> bool:
    """Tell whether a path is a file itself, and no link to one."""
    with suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder itself, and no link to one."""
    return path.is_dir() and not is_link(path)


def is_there(path: Path) -> bool:
    """Tell whether anything bears this name, links that lead nowhere included."""
    return os.path.lexists(path)


def name_free(path: Path) -> Path:
    """Find a name that nothing bears. Returns this one, or it with a number behind."""
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(free for free in chain([path], names) if not is_there(free))


_MOST_MOVED = 5
"""As many files that were moved aside are told one by one."""


@dataclass
class Trace:
    """What has become of files since the command began."""

    written: list[Path] = field(default_factory=list)
    """Files and results folders that were written, or whose exchange has begun."""
    moved: list[tuple[Path, Path]] = field(default_factory=list)
    """What was not ours and stood in the way: where it was, and where it is."""

    def tell_moved(self) -> Iterator[Message]:
        """Name what was moved aside, many files in one sentence; the trace is emptied of it."""
        moved, self.moved = self.moved, []
        if len(moved) <= _MOST_MOVED:
            yield from (say_text("writing", "moved", file=path, to=to) for path, to in moved)
            return
        files = ", ".join(path.name for path, _ in moved[:_MOST_MOVED])
        into = os.path.commonpath([to.parent for _, to in moved])
        yield say_text("writing", "many moved", count=len(moved), folder=into, files=files)


_kept: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def tracing() -> Iterator[Trace]:
    """Keep a trace of everything that is written meanwhile."""
    trace = Trace()
    token = _kept.set(trace)
    try:
        yield trace
    finally:
        _kept.reset(token)


def read_trace() -> Trace:
    """Look at the trace that is kept now. Returns an empty one where none is."""
    return _kept.get() or Trace()


def note_written(path: Path) -> None:
    """Keep in mind that a file was written, or that the exchange of a folder begins."""
    if (trace := _kept.get()) is not None and path not in trace.written:
        trace.written.append(path)


def note_moved(path: Path, to: Path) -> None:
    """Keep in mind that somebody's file was moved aside; warn where nobody keeps a trace."""
    if (trace := _kept.get()) is None:
        warnings.warn(str(say_text("writing", "moved", file=path, to=to)), stacklevel=2)
    else:
        trace.moved.append((path, to))


_PREFIX, _MIDDLE = ".raastof-", ".part"
_DEAD_S = 3600.0
"""A draft that nobody has written to for so long belongs to a run that is no more. [s]"""
SET_ASIDE = "set_aside"
"""Where what stood in the way goes; `set_aside-2` where that is taken."""
_SEALED = re.compile(rb"(.*)\n<!-- raastof_geo ([0-9a-f]{64}) -->\n", re.DOTALL)

Known = Callable[[Path], bool]
"""Tells whether a file that is there is one of ours, which may be replaced."""


def write_whole(path: Path, content: bytes | str, *, known: Known = lambda _: False) -> Path:
    """Write all of a file or nothing of it, text in UTF-8. Returns its path.

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
        for left in path.parent.glob(f"{_PREFIX}*{_MIDDLE}*"):
            with suppress(OSError):
                if is_file(left) and time.time() - left.lstat().st_mtime > _DEAD_S:
                    left.unlink()
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
    """Seal a page. Returns it with a last line by which it is known while nobody changes it."""
    return f"{page}\n<!-- raastof_geo {hashlib.sha256(page.encode()).hexdigest()} -->\n"


def is_sealed(file: Path) -> bool:
    """Tell whether a page is as we wrote it; `OSError` where it cannot be read."""
    page = _SEALED.fullmatch(file.read_bytes())
    return page is not None and hashlib.sha256(page[1]).hexdigest() == page[2].decode()


def _put(draft: Path, path: Path, known: Known) -> None:
    """Let a draft take its place; what is there and not ours goes to `set_aside` first."""
    _check_place(path)
    aside = None
    if path.exists() and not known(path):
        folder = name_free(path.parent / SET_ASIDE)
        folder.mkdir()
        aside = folder / path.name
    try:
        if aside is not None:
            path.rename(aside)
        draft.replace(path)
    except BaseException:
        if aside is not None:
            if is_there(aside):
                aside.rename(path)
            aside.parent.rmdir()
        raise
    note_written(path)
    if aside is not None:
        note_moved(path, aside)


def _check_place(path: Path) -> None:
    if is_there(path) and not is_file(path):
        raise OutputError.saying_text("writing", "no file", file=path)


_PATIENCE_S = 60.0


@contextmanager
def hold(place: Path, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Hold the lock of a file or folder: `.NAME.lock`, there meanwhile and gone afterwards.

    `OutputError` where that takes longer [s] or cannot be; `OSError` where it cannot be written.
    """
    if is_there(path := place.parent / f".{place.name}.lock") and not is_file(path):
        raise OutputError.saying_text("places", "no lock", file=str(path))
    lock = FileLock(path, timeout=patience_s)
    try:
        lock.acquire()
    except Timeout as error:
        raise OutputError.saying_text("places", "another run", folder=str(place)) from error
    try:
        yield
    finally:
        # It goes while it is held: who waits for it sees that, and makes a new one. Windows lets
        # nobody remove it as long as it is open; there the release does.
        try:
            with suppress(OSError):
                if path.lstat().st_size == 0:
                    path.unlink()
        finally:
            lock.release()
