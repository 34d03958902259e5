"""The manifest of a results folder: which files are ours, and what they were when we wrote them.

Written last: a folder with a manifest is a whole set; what differs from it is not ours any more.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raastof_geo.records.record import Record
from raastof_geo.records.values import read_file, render_values

MANIFEST = Record("manifest.json", "raastof_geo results 2", most_bytes=64_000_000)
"""Format 1 had no manifest; such a folder is known by its `plan.json`."""


@dataclass(frozen=True)
class WrittenFile:
    """One file as it was written."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a run wrote into a results folder."""

    files: Mapping[str, WrittenFile]
    """By path from the folder, with `/` between; the manifest itself is not among them."""
    version: str
    """Version of raastof_geo that wrote them."""
    format: str = MANIFEST.format


def describe_files(folder: Path, *, version: str) -> Manifest:
    """Take the digest of every file below a folder, the manifest left out."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST.name
    )
    return Manifest(
        {path.relative_to(folder).as_posix(): describe_file(path) for path in files}, version
    )


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
