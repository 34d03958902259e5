"""Exchange the files of a results folder: all of them, and no file that we did not write.

A new set is made ready in a marked draft beside the folder. A journal says what is to be exchanged,
all files are tried, and one by one they take their places, the manifest last. Whoever finds a
journal whose run is no more carries on: each step looks at what is there, so that one done twice
does nothing. Ours is what the manifest lists with the same digest; that is replaced or removed.
Anything else that stands where a file of ours must stand goes to `set_aside`, and is named.
The manifest, written last, says which files are ours, and what they were when we wrote them: a
folder with one is a whole set; what differs from it is not ours any more.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from raastof_geo import files
from raastof_geo.errors import OutputError, tell_reason
from raastof_geo.language import Message, read_texts, say_text
from raastof_geo.records.record import Record, pack_values, read_file, render_values

_MARK = "draft_of_raastof_geo"
_JOURNAL = Record("journal.json", "raastof_geo exchange 1", most_bytes=64_000_000)
"""What is being exchanged, in the draft as long as that is under way; how far it has come is seen
from the files themselves."""
_NEW, _OLD = "new", "old"
"""Folders of the draft: files that are to come, and files as they were until all is done."""
_SIGHT = re.IGNORECASE if sys.platform in ("win32", "darwin") else re.NOFLAG
"""Where results/koege and results/Koege are one folder, so are their drafts."""
_NOBODYS = ""
"""Digest of a file that was never described, so that nothing is like it."""
MANIFEST = Record("manifest.json", "raastof_geo results 2", most_bytes=64_000_000)
"""Format 1 had no manifest; such a folder is known by its `plan.json`."""
_DOORS = ("index.html", "map.html", "report.html")
"""Pages that a reader begins with, the best first."""


class WrittenFile(NamedTuple):
    """One file as it was written."""

    sha256: str
    size_bytes: int


class Manifest(NamedTuple):
    """What a run wrote into a results folder."""

    files: Mapping[str, WrittenFile]
    """By path from the folder, with `/` between; the manifest itself is not among them."""
    version: str
    """Version of raastof_geo that wrote them."""
    format: str = MANIFEST.format


def describe_files(folder: Path, *, version: str) -> Manifest:
    """Describe what lies below a folder but the manifest. Returns digests and sizes. [bytes]"""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): describe_file(path) for path in found}
    files.pop(MANIFEST.name, None)
    return Manifest(files, version)


def describe_file(path: Path) -> WrittenFile:
    """Describe one file. Returns its digest and size. [bytes]"""
    data = path.read_bytes()
    return WrittenFile(hashlib.sha256(data).hexdigest(), len(data))


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write `manifest.json`, with a digest over its own values. Returns its path."""
    values: dict[str, Any] = {
        "format": manifest.format,
        "raastof_geo": manifest.version,
        "files": {
            name: {"sha256": entry.sha256, "bytes": entry.size_bytes}
            for name, entry in sorted(manifest.files.items())
        },
    }
    path = folder / MANIFEST.name
    path.write_bytes(render_values(values | {"sha256": _digest(values)}).encode())
    return path


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder. Returns none without one; raises `ValueError`: not ours."""
    try:
        values = read_file(folder / MANIFEST.name, most_bytes=MANIFEST.most_bytes)
    except FileNotFoundError:
        return None
    if values.pop("sha256", None) != _digest(values):
        raise ValueError("its own digest differs")
    try:
        files = {
            name: WrittenFile(str(entry["sha256"]), int(entry["bytes"]))
            for name, entry in values["files"].items()
        }
        found = Manifest(files, str(values["raastof_geo"]), str(values["format"]))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("a part is missing") from error
    if not all(is_inside(name) for name in files):
        raise ValueError("a path leads out of the folder")
    return found


def find_door(folder: Path) -> Path | None:
    """Find the page of results that a reader begins with. Returns its path, if there is one."""
    try:
        found = read_manifest(folder)
    except ValueError:  # damaged: what it lists is nobody's word
        found = None
    doors = (folder / one for one in _DOORS if found and one in found.files)
    return next(filter(files.is_file, doors), None)


def list_own(folder: Path) -> tuple[list[str], list[str]]:
    """List a results folder. Returns what the manifest lists, and what lies beside it."""
    found = read_manifest(folder)
    listed = {*found.files, MANIFEST.name} if found else set()
    tops = {name.split("/")[0] for name in listed}
    places = sorted({folder, *((folder / name).parent for name in listed)})
    there = [
        path.relative_to(folder).as_posix()
        for place in filter(files.is_folder, places)
        for path in sorted(place.iterdir())
    ]
    ours = [name for name in there if name in tops]
    return ours, [name for name in there if name not in listed | tops]


def is_inside(name: str) -> bool:
    """Tell whether a path with `/`, perhaps a stranger's, stays below its folder on any system."""
    plain = name.isascii() and name.isprintable() and not set(name) & set('\\:*?"<>|')
    return plain and all(part.strip(". ") for part in name.split("/"))


def _digest(values: Any) -> str:
    text = json.dumps(values, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def exchanging(folder: Path, *, version: str) -> Iterator[Path]:
    """Give an empty folder to write a set of results into; it takes its place at the end.

    `OutputError`: the folder is a link or a file, another run writes to it, or a file in it is
    open; `OSError`: the disk is full, or may not be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would follow a link
    check_place(folder)
    made: list[Path] = []
    try:
        made = _make_folders(folder.parent)
        with files.hold(folder):
            _finish(folder)
            draft = _make_draft(folder)
            try:
                yield draft / _NEW
                described = describe_files(draft / _NEW, version=version)
                write_manifest(described, draft / _NEW)
                new, old = _list_digests(described, draft / _NEW), dict[str, str]()
                check_place(folder)
                _check_links(folder, new)
                with suppress(ValueError):  # a set whose manifest is damaged is not ours
                    known = read_manifest(folder)
                    age = MANIFEST.judge(known.format) if known is not None else None
                    if known is not None and age == "newer":
                        tell = read_texts("places")["newer results"].format
                        raise OutputError(tell(folder=folder, version=known.version))
                    if known is not None and age == "same":
                        old = _list_digests(known, folder)
                _check_free(folder, {**new, **old})
                aside = files.name_free(folder / files.SET_ASIDE).name
                _Exchange(folder, draft, new, old, aside).run()
            finally:
                if not files.is_there(draft / _JOURNAL.name):
                    _clear(draft)
    except BaseException:
        _remove_empty(reversed(made))
        raise


def _clear(draft: Path) -> None:
    """Remove a draft that is done with, though it be interrupted."""
    try:
        remove_draft(draft)
    except KeyboardInterrupt:
        remove_draft(draft)  # a moment's work, and nothing is left behind
        raise


def finish_exchange(folder: Path | str) -> None:
    """Finish what a killed run began, or `OutputError`; one that is still at it is waited for."""
    if not is_unfinished(place := Path(os.path.realpath(folder))):
        return
    try:
        with files.hold(place):
            _finish(place)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(_tell_unfinished(place, error)) from error


def is_unfinished(folder: Path) -> bool:
    """Tell whether the exchange of files in a results folder is under way, or was cut short."""
    return any(files.is_file(draft / _JOURNAL.name) for draft in _list_drafts(folder))


def _list_digests(found: Manifest, folder: Path) -> dict[str, str]:
    """List the digests of a set, that of its manifest in the folder among them."""
    digests = {name: entry.sha256 for name, entry in found.files.items()}
    path = folder / MANIFEST.name
    return digests | {path.name: describe_file(path).sha256}


@dataclass
class _Exchange:
    """An exchange that is about to begin, or was cut short."""

    folder: Path
    draft: Path
    new: Mapping[str, str]
    """Digest of each file to come, by its path; the manifest is among them."""
    old: Mapping[str, str]
    """Digest of each file of the set before, as it was written."""
    aside: str
    """Folder in the results folder for what stands in the way."""
    made: list[Path] = field(default_factory=list)
    moved: list[tuple[Path, Path]] = field(default_factory=list)

    def run(self) -> None:
        """Exchange all files, or none of them."""
        files.note_written(self.folder)
        journal = self.draft / _JOURNAL.name
        raw = journal.with_suffix(".raw")
        told = {"new": self.new, "old": self.old, "aside": self.aside}
        raw.write_bytes(pack_values({"format": _JOURNAL.format, **told}))
        raw.replace(journal)
        try:
            self.carry_on()
        except KeyboardInterrupt:
            self.carry_on()  # a moment's work, and the set is whole
            self.tell_moved()
            raise
        except Exception:
            self._take_back()
            raise
        self.tell_moved()

    def tell_moved(self) -> None:
        for path, to in self.moved:
            files.note_moved(path, to)

    def carry_on(self) -> None:
        """Do what is left to do; the journal goes at the end."""
        self.made += _make_folders(self.folder)
        _check_links(self.folder, self.new)
        for name in sorted(self.old.keys() - self.new.keys()):
            self._retire(name)
        for name in sorted(self.new, key=lambda name: (name == MANIFEST.name, name)):
            self._bring(name)
        parents = {path for name in self.old for path in Path(name).parents} - {Path()}
        _remove_empty(self.folder / path for path in sorted(parents, reverse=True))
        (self.draft / _JOURNAL.name).unlink(missing_ok=True)

    def _bring(self, name: str) -> None:
        """Let a file of the draft take its place; one that has gone from there has it."""
        ready, place = self.draft / _NEW / name, self.folder / name
        if not files.is_there(ready):
            return
        for parent in list(Path(name).parents)[-2::-1]:
            if files.is_there(self.folder / parent) and not files.is_folder(self.folder / parent):
                self._move_aside(parent.as_posix())
        if self._is_unchanged(name):
            self._keep(name)
        elif files.is_there(place):
            self._move_aside(name)
        self.made += _make_folders(place.parent)
        ready.replace(place)

    def _retire(self, name: str) -> None:
        """Remove a file that the new set lacks, or move it aside where it was changed."""
        place = self.folder / name
        parents = (self.folder / parent for parent in Path(name).parents)
        if not files.is_file(place) or any(map(files.is_link, parents)):
            return
        if self._is_unchanged(name):
            self._keep(name)
            place.unlink()
        else:
            self._move_aside(name)

    def _is_unchanged(self, name: str) -> bool:
        path, old = self.folder / name, self.old.get(name, _NOBODYS)
        return bool(old) and files.is_file(path) and describe_file(path).sha256 == old

    def _keep(self, name: str) -> None:
        """Keep a file as it was, so that the exchange can be taken back."""
        if files.is_there(kept := self.draft / _OLD / name):
            return
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            kept.hardlink_to(self.folder / name)
        except OSError:  # some disks know no second name of a file
            raw = kept.with_name(f"{kept.name}.raw")
            shutil.copy2(self.folder / name, raw)
            raw.replace(kept)

    def _move_aside(self, name: str) -> None:
        to = files.name_free(self.folder / self.aside / name)
        self.made += _make_folders(to.parent)
        (self.folder / name).rename(to)
        self.moved.append((self.folder / name, to))

    def _take_back(self) -> None:
        """Put everything back where it was; where that fails too, the journal stays."""
        try:
            for name, digest in self.new.items():
                ready, place = self.draft / _NEW / name, self.folder / name
                gone = not files.is_there(ready) and files.is_file(place)
                if gone and describe_file(place).sha256 == digest:
                    place.rename(ready)
            for name in self.old:
                kept, place = self.draft / _OLD / name, self.folder / name
                if files.is_there(kept) and not files.is_there(place):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    kept.rename(place)
            for place, aside in reversed(self.moved):
                _remove_empty([place])
                if not files.is_there(place):
                    aside.rename(place)
        except OSError as error:
            raise OutputError(_tell_unfinished(self.folder, error)) from error
        emptied = (*(to.parent for _, to in self.moved), self.folder / self.aside)
        _remove_empty([*emptied, *reversed(self.made)])
        (self.draft / _JOURNAL.name).unlink(missing_ok=True)


def _tell_unfinished(folder: Path, error: OSError) -> Message:
    return say_text("places", "cut short", folder=str(folder), reason=tell_reason(error))


def _finish(folder: Path) -> None:
    """Finish what killed runs began, and remove their drafts; the lock is held."""
    for draft in list(_list_drafts(folder)):
        if (exchange := _read_journal(folder, draft)) is not None:
            check_place(folder)
            aside = folder / exchange.aside
            before = sorted(aside.iterdir()) if files.is_folder(aside) else []
            files.note_written(folder)
            exchange.carry_on()
            exchange.tell_moved()
            for item in before:  # what the killed run had moved aside
                files.note_moved(folder / item.name, item)
        remove_draft(draft)


def _read_journal(folder: Path, draft: Path) -> _Exchange | None:
    """Read a journal; what is none, or leads out of the folder, is no reason to do anything."""
    try:
        values = read_file(draft / _JOURNAL.name, most_bytes=_JOURNAL.most_bytes)
        if _JOURNAL.judge(values["format"]) != "same":
            return None
        new, old = ({**values[key]} for key in ("new", "old"))
        digests = [*new.values(), *old.values()]
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    names = [*new, *old, values["aside"]]
    fits = all(isinstance(one, str) for one in (*names, *digests))
    if not fits or not all(is_inside(name) for name in names):
        return None
    return _Exchange(folder, draft, new, old, values["aside"])


def _make_draft(folder: Path) -> Path:
    """Make an empty draft beside a results folder."""
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        (draft / _MARK).touch(exist_ok=False)
        (draft / _NEW).mkdir()
        (draft / _OLD).mkdir()
    except BaseException:
        remove_draft(draft)
        raise
    return draft


def _list_drafts(folder: Path) -> Iterator[Path]:
    """List the drafts of a results folder, no links; one that is empty has lost its run early."""
    form = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}\.part", _SIGHT)
    try:
        drafts = sorted(one for one in folder.parent.iterdir() if form.fullmatch(one.name))
    except OSError:
        return
    yield from (draft for draft in drafts if files.is_folder(draft) and _is_ours(draft))


def _is_ours(draft: Path) -> bool:
    try:
        return files.is_file(draft / _MARK) or not any(draft.iterdir())
    except OSError:
        return False


def remove_draft(draft: Path) -> None:
    """Remove a draft, its mark last, so that what is left of it is still known for one."""
    with suppress(OSError):
        for item in draft.iterdir():
            if item.name == _MARK:
                continue
            if files.is_folder(item):
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink()
        if [item.name for item in draft.iterdir()] == [_MARK]:
            (draft / _MARK).unlink()
    _remove_empty([draft])


def check_place(folder: Path) -> None:
    """Refuse, as `OutputError`, a folder whose place is taken by a link or file, or below one."""
    above = next(path for path in folder.parents if files.is_there(path))
    if files.is_link(above) and not above.is_dir():
        raise OutputError.saying_text("places", "broken link", folder=above)
    _refuse_link(folder)
    for path in (above, folder):
        if files.is_there(path) and not path.is_dir():
            raise OutputError.saying_text("places", "file", folder=path)


def _check_links(folder: Path, names: Iterable[str]) -> None:
    """Refuse, as `OutputError`, to write where a file to come, or a folder above it, is a link."""
    for path in sorted({path for name in names for path in _way(folder, name)}):
        _refuse_link(path)


def _refuse_link(path: Path) -> None:
    if files.is_link(path):
        raise OutputError.saying_text("places", "link", file=path)


def _check_free(folder: Path, names: Iterable[str]) -> None:
    """Try all files to be replaced or moved before the first is: `OutputError` if one is in use."""
    paths = {path for name in names for path in _way(folder, name)}
    for path in sorted(filter(files.is_file, paths)):
        try:
            path.open("r+b").close()
        except OSError as error:
            reason = tell_reason(error)
            raise OutputError.saying_text("places", "in use", file=path, reason=reason) from error
    for path in sorted({folder, *(path.parent for path in paths)}):
        if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
            raise OutputError.saying_text("places", "closed", folder=path)


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those that it lies in; give those that were not there, inmost last."""
    missing = [path for path in (folder, *folder.parents) if not files.is_there(path)][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _way(folder: Path, name: str) -> Iterator[Path]:
    """Give the folders on the way to a file, then the file."""
    path = folder
    for part in name.split("/"):
        path = path / part
        yield path
        if files.is_link(path):
            return
