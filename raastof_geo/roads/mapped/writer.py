"""Open a writer of osmium whose failure is an error like any other."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import osmium


@contextmanager
def open_writer(target: Any, **options: Any) -> Iterator[Any]:
    """Give a writer of osmium to a file, and close it at the end.

    Osmium writes from a thread of its own, so what is wrong comes to light only when the writer is
    closed. Its destructor then closes it once more, cannot, and ends the process (exit code 134): a
    writer that could not be closed is never taken down; it holds a few kilobytes.
    """
    writer = osmium.SimpleWriter(target, **options)
    try:
        yield writer
    except BaseException:
        with suppress(Exception):
            close_writer(writer)
        raise
    close_writer(writer)


def close_writer(writer: Any) -> None:
    """Close a writer; where that fails keep it for ever, so that its destructor never runs."""
    try:
        writer.close()
    except BaseException:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
        raise
