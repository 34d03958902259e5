"""What a command has written and moved aside, so that its end can be told truly."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from raastof_geo.language import Message, say


@dataclass
class Trace:
    """What has become of files since the command began."""

    written: list[Path] = field(default_factory=list)
    """Files and results folders that were written, or whose exchange has begun."""
    moved: list[tuple[Path, Path]] = field(default_factory=list)
    """What was not ours and stood in the way: where it was, and where it is."""


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
    """Give the trace that is kept now; an empty one where none is."""
    return _kept.get() or Trace()


def note_written(path: Path) -> None:
    """Keep in mind that a file was written, or that the exchange of a folder begins."""
    trace = _kept.get()
    if trace is not None and path not in trace.written:
        trace.written.append(path)


def note_moved(path: Path, to: Path) -> None:
    """Keep in mind that somebody's file was moved aside; warn where nobody keeps a trace."""
    trace = _kept.get()
    if trace is None:
        warnings.warn(str(tell_moved(path, to)), stacklevel=2)
    else:
        trace.moved.append((path, to))


def tell_moved(path: Path, to: Path) -> Message:
    """Say what was moved aside, and why."""
    return say("{file} is not what raastof_geo wrote there: it was moved to {to}").format(
        file=str(path), to=str(to)
    )
