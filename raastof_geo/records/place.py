"""The place of a results folder: what may be written there, and what stands in the way."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.files import is_file, is_link, is_there


def check_place(folder: Path) -> None:
    """Refuse, as `OutputError`, a folder whose place is taken by a link or file, or below one."""
    above = next(path for path in folder.parents if is_there(path))
    if is_link(above) and not above.is_dir():
        raise OutputError.saying_text("places", "broken link", folder=above)
    _refuse_link(folder)
    for path in (above, folder):
        if is_there(path) and not path.is_dir():
            raise OutputError.saying_text("places", "file", folder=path)


def check_links(folder: Path, names: Iterable[str]) -> None:
    """Refuse, as `OutputError`, to write where a file to come, or a folder above it, is a link."""
    for path in sorted({path for name in names for path in _way(folder, name)}):
        _refuse_link(path)


def _refuse_link(path: Path) -> None:
    if is_link(path):
        raise OutputError.saying_text("places", "link", file=path)


def check_free(folder: Path, names: Iterable[str]) -> None:
    """Try all files to be replaced or moved before the first is: `OutputError` if one is in use."""
    paths = {path for name in names for path in _way(folder, name)}
    for path in sorted(filter(is_file, paths)):
        try:
            path.open("r+b").close()
        except OSError as error:
            raise OutputError.saying_text(
                "places", "in use", file=path, reason=tell_reason(error)
            ) from error
    for path in sorted({folder, *(path.parent for path in paths)}):
        if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
            raise OutputError.saying_text("places", "closed", folder=path)


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and those that it lies in; give those that were not there, inmost last."""
    missing = [path for path in (folder, *folder.parents) if not is_there(path)][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those folders that are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _way(folder: Path, name: str) -> Iterator[Path]:
    """Give the folders on the way to a file, then the file."""
    path = folder
    for part in name.split("/"):
        path = path / part
        yield path
        if is_link(path):
            return
