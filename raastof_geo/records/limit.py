"""Read a file whole, but never more than it can honestly hold."""

from __future__ import annotations

import stat
from pathlib import Path

from raastof_geo.errors import DamagedError, tell_reason
from raastof_geo.language import say


def read_within(path: Path, *, most_bytes: int) -> bytes:
    """Read a regular file of at most so many bytes.

    Raises
    ------
    FileNotFoundError
        There is no such file, nor a link to one.
    DamagedError
        It is something else than a file, too large, or cannot be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DamagedError(say("{file} is not a file", file=str(path)))
        if status.st_size > most_bytes:
            raise DamagedError(
                say(
                    "{file} is larger than anything `raastof run` writes: more than {most} MB",
                    file=str(path),
                    most=most_bytes // 1_000_000,
                )
            )
        with path.open("rb") as file:
            return file.read(most_bytes)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except OSError as error:
        raise DamagedError(
            say("{file} cannot be read: {reason}", file=str(path), reason=tell_reason(error))
        ) from error
