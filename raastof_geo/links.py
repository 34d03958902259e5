"""Tell what lies at a path itself: a link is a link here, whatever it leads to."""

import os
import stat
from pathlib import Path
from typing import TypeAlias

AnyPath: TypeAlias = str | os.PathLike[str]
"""A path as people give one."""
_JUNCTION = 0xA0000003
"""Reparse tag of a junction, the link to a folder that Windows has besides symbolic links."""


def is_link(path: Path) -> bool:
    """Tell whether a path is a link of any kind; what is not there is none."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def is_file(path: Path) -> bool:
    """Tell whether a path is a file itself, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder itself, and no link to one."""
    return path.is_dir() and not is_link(path)


def is_there(path: Path) -> bool:
    """Tell whether anything bears this name, links that lead nowhere included."""
    return os.path.lexists(path)


def name_free(path: Path) -> Path:
    """Give a name like this one that nothing bears."""
    number, free = 2, path
    while is_there(free):
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
