"""One writer at a time: the lock of a file or folder, which lies beside it while it is held."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from raastof_geo.errors import OutputError
from raastof_geo.files import is_file, is_there

_PATIENCE_S = 60.0


@contextmanager
def hold(place: Path, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Hold the lock of a file or folder: `.NAME.lock`, there meanwhile and gone afterwards.

    `OutputError` where that takes longer [s] or cannot be; `OSError` where it cannot be written.
    """
    path = place.parent / f".{place.name}.lock"
    if is_there(path) and not is_file(path):
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
