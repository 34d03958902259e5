"""How a command ended: what an interruption left, and what was moved aside on the way."""

import os
from collections.abc import Iterator

from raastof_geo.language import Message, say, say_text
from raastof_geo.trace import Trace, read_trace, tell_moved

_MOST_MOVED = 5
"""As many files that were moved aside are told one by one."""


def tell_all_moved(trace: Trace) -> Iterator[Message]:
    """Name what was moved aside, many files in one sentence; the trace is emptied of it."""
    moved, trace.moved = trace.moved, []
    if len(moved) <= _MOST_MOVED:
        yield from (tell_moved(path, to) for path, to in moved)
        return
    yield say(
        "{count} files are not what this version wrote there: they were moved to {folder}: "
        "{files} …",
        count=len(moved),
        folder=os.path.commonpath([to.parent for _, to in moved]),
        files=", ".join(path.name for path, _ in moved[:_MOST_MOVED]),
    )


def tell_interrupted() -> Message:
    """Say what an interrupted command leaves: nothing, whole files, or work for the next one."""
    from raastof_geo.records.exchange import is_unfinished

    written = [path for path in read_trace().written if path.exists()]
    if not written:
        return say("Interrupted: nothing was written.")
    for path in written:
        if is_unfinished(path):
            return say_text("interrupted", "exchanging", folder=str(path))
    return say_text("interrupted", "whole files", files=", ".join(str(one) for one in written))
