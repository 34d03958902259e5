"""Drafts: marked folders beside a results folder in which a run makes the new set ready.

Whoever holds the lock of the results folder knows that its drafts belong to dead runs.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from raastof_geo.links import is_file, is_folder
from raastof_geo.records.place import remove_empty
from raastof_geo.records.record import Record

_MARK = "draft_of_raastof_geo"
JOURNAL = Record("journal.json", "raastof_geo exchange 1", most_bytes=64_000_000)
"""What is being exchanged, and how far that has come is seen from the files themselves."""
_SIGHT = re.IGNORECASE if sys.platform in ("win32", "darwin") else re.NOFLAG
"""Where results/koege and results/Koege are one folder, so are their drafts."""


def make_draft(folder: Path) -> Path:
    """Make an empty draft beside a results folder."""
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        (draft / _MARK).touch(exist_ok=False)
        new_files(draft).mkdir()
        old_files(draft).mkdir()
    except BaseException:
        remove_draft(draft)
        raise
    return draft


def new_files(draft: Path) -> Path:
    """Give the folder of files that are to come."""
    return draft / "new"


def old_files(draft: Path) -> Path:
    """Give the folder of files as they were, until the exchange is done."""
    return draft / "old"


def journal_of(draft: Path) -> Path:
    """Give the journal, which is there as long as an exchange is under way."""
    return draft / JOURNAL.name


def list_drafts(folder: Path) -> Iterator[Path]:
    """List the drafts of a results folder, no links; one that is empty has lost its run early."""
    form = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}\.part", _SIGHT)
    try:
        drafts = sorted(one for one in folder.parent.iterdir() if form.fullmatch(one.name))
    except OSError:
        return
    yield from (draft for draft in drafts if is_folder(draft) and _is_ours(draft))


def _is_ours(draft: Path) -> bool:
    try:
        return is_file(draft / _MARK) or not any(draft.iterdir())
    except OSError:
        return False


def remove_draft(draft: Path) -> None:
    """Remove a draft, its mark last, so that what is left of it is still known for one."""
    with suppress(OSError):
        for item in draft.iterdir():
            if item.name == _MARK:
                continue
            if is_folder(item):
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink()
        if [item.name for item in draft.iterdir()] == [_MARK]:
            (draft / _MARK).unlink()
    remove_empty([draft])
