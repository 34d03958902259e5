"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from raastof_geo.errors import OutputError
from raastof_geo.language import say


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write all of a file or nothing of it, and return its path; text in UTF-8.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(draft).chmod(0o644)
            Path(draft).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise OutputError(
            say(
                "{file} cannot be written: {reason}.",
                file=path,
                reason=error.strerror or str(error),
            )
        ) from error
    return path
