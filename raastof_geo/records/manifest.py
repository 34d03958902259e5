"""The manifest of a results folder: which files are ours, and what they were when we wrote them.

Written last: a folder with a manifest is a whole set; what differs from it is not ours any more.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from raastof_geo.files import is_file, is_folder
from raastof_geo.records.record import Record, read_file, render_values

MANIFEST = Record("manifest.json", "raastof_geo results 2", most_bytes=64_000_000)
"""Format 1 had no manifest; such a folder is known by its `plan.json`."""


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
    """Take the digest of every file below a folder, the manifest left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): describe_file(path) for path in found}
    files.pop(MANIFEST.name, None)
    return Manifest(files, version)


def describe_file(path: Path) -> WrittenFile:
    """Take the digest of one file."""
    data = path.read_bytes()
    return WrittenFile(hashlib.sha256(data).hexdigest(), len(data))


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write `manifest.json`, with a digest over its own values, and return its path."""
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
    """Read the manifest of a folder, none where there is none; `ValueError` if it is not ours."""
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


_DOORS = ("index.html", "map.html", "report.html")
"""Pages that a reader begins with, the best first."""


def find_door(folder: Path) -> Path | None:
    """Give the page of a results folder that a reader begins with, if one was written."""
    try:
        found = read_manifest(folder)
    except ValueError:  # damaged: what it lists is nobody's word
        found = None
    doors = (folder / one for one in _DOORS if found and one in found.files)
    return next(filter(is_file, doors), None)


def list_own(folder: Path) -> tuple[list[str], list[str]]:
    """List what lies in a results folder: what the manifest lists, and what lies beside it."""
    found = read_manifest(folder)
    listed = {*found.files, MANIFEST.name} if found else set()
    tops = {name.split("/")[0] for name in listed}
    places = sorted({folder, *((folder / name).parent for name in listed)})
    there = [
        path.relative_to(folder).as_posix()
        for place in filter(is_folder, places)
        for path in sorted(place.iterdir())
    ]
    ours = [name for name in there if name in tops]
    return ours, [name for name in there if name not in listed | tops]


def is_inside(name: str) -> bool:
    """Tell whether a path with `/`, perhaps a stranger's, stays below its folder on any system."""
    parts = name.split("/")
    return (
        name.isascii()
        and name.isprintable()
        and all(part.strip(". ") for part in parts)
        and not set(name) & set('\\:*?"<>|')
    )


def _digest(values: Any) -> str:
    text = json.dumps(values, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
