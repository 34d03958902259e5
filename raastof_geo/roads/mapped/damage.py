"""Find what is wrong in a file of OpenStreetMap that could not be read, or is none by its name."""

import bz2
import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers import expat

import osmium

from raastof_geo.errors import Finding, Place, RoadDataError
from raastof_geo.language import say_text

OSM_ENDINGS = (".pbf", ".osm", ".xml", ".bz2", ".gz", ".o5m", ".opl")
"""How files of OpenStreetMap end."""

_OTHERS = {
    **dict.fromkeys((".json", ".osmjson"), "json"),
    **dict.fromkeys((".geojson", ".gpkg", ".shp", ".kml", ".parquet"), "shapes"),
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    ".osc": "changes",
    ".zip": "zip",
    ".7z": "7z",
}
"""What is often taken for a file of roads, by its ending: a text of `no roads`."""

_PIECE = 1 << 20
LARGEST_ID = 1 << 53
"""Ids of nodes pass through decimals of 53 bits; those of OpenStreetMap need 34."""
_RANGES = {"lat": 90.0, "lon": 180.0}
_LONGEST_TAG = 1024
"""What osmium takes: 256 letters of four bytes."""
_ID_OF = {"node": "id", "way": "id", "relation": "id", "nd": "ref", "member": "ref"}
_PBF = b"OSMHeader"
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open}


@dataclass(eq=False)
class _FoundError(Exception):
    finding: Finding


def find_ending(file: Path) -> str:
    """Give the ending that tells the format, in small letters: `.osc` of `a.OSC.gz`."""
    endings = [ending.lower() for ending in file.suffixes]
    while endings and endings[-1] in (".gz", ".bz2") and len(endings) > 1:
        endings.pop()
    return endings[-1] if endings else ""


def refuse_others(file: Path) -> None:
    """Refuse, as `RoadDataError`, a file whose ending says that it is something else than roads."""
    kind = _OTHERS.get(find_ending(file))
    if kind is not None:
        why = say_text("no roads", kind)
        raise RoadDataError.saying_text("no roads", "ending", file=file, reason=why)


def find_damage(file: Path) -> Finding | None:
    """Look for the first thing that is wrong; none where nothing is found, which proves nothing.

    XML is gone through element by element: entities are refused, not expanded. In other formats
    only places off the Earth are looked for. It takes seconds: ask only when reading has failed.
    """
    try:
        with unpack(file) as stream:
            start = stream.read(64)
        start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith((b"{", b"[")):
            reason = say_text("no roads", "json")
            return Finding(say_text("damage", "unreadable", file=file, reason=reason))
        if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
            search = _Search(file)
            with unpack(file) as stream:
                while piece := stream.read(_PIECE):
                    search.read(piece, False)
            search.read(b"", True)
            return _compare_ending(file, ".osm", (".pbf", ".o5m", ".opl"))
        try:
            for node in osmium.FileProcessor(str(file), osmium.osm.NODE):
                _check_place(node, file)
        except _FoundError:
            raise
        except Exception:  # noqa: S110 - osmium raises kinds of its own, and has said this
            pass
        return _compare_ending(file, ".osm.pbf", (".osm", ".xml")) if _PBF in start else None
    except _FoundError as found:
        return found.finding
    except (EOFError, zlib.error, OSError):
        packed = _read_magic(file) in _OPENERS
        return Finding(say_text("damage", "cut short", file=file)) if packed else None


def is_pbf(file: Path) -> bool:
    """Tell whether a file is one of OpenStreetMap's own binary format."""
    with file.open("rb") as stream:
        return _PBF in stream.read(64)


def _read_magic(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(2)
    except OSError:
        return b""


def unpack(file: Path) -> IO[bytes]:
    """Open a file that may be packed, by its first bytes."""
    return cast(IO[bytes], _OPENERS.get(_read_magic(file), open)(file, "rb"))


@dataclass
class _Search:
    file: Path
    parser: Any = field(default_factory=expat.ParserCreate)
    inside: list[tuple[str, str]] = field(default_factory=list)
    """Kind and id of the elements that are open."""

    def __post_init__(self) -> None:
        self.parser.StartElementHandler = self._enter
        self.parser.EndElementHandler = lambda _: self.inside.pop()
        self.parser.EntityDeclHandler = self._refuse_entity

    def read(self, piece: bytes, last: bool) -> None:
        """Go through a piece of the file."""
        try:
            self.parser.Parse(piece, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            kind, name = map(_shorten, self.inside[-1] if self.inside else ("osm", ""))
            raise self._found("ends" if last else "broken", kind=kind, name=name) from error

    def _found(self, key: str, /, **values: object) -> _FoundError:
        line = max(1, self.parser.CurrentLineNumber)
        column = max(0, self.parser.CurrentColumnNumber) + 1
        place = Place(str(self.file), line, column)
        return _FoundError(Finding(say_text("damage", key, **values), place))

    def _enter(self, kind: str, attributes: dict[str, str]) -> None:
        name = attributes.get(_ID_OF.get(kind, ""), "")
        owner, number = self.inside[-1] if self.inside else ("", "")
        if not self.inside:
            self._check_root(kind, attributes)
        if _ID_OF.get(kind) in attributes and not _is_id(name):
            key = "member" if kind in ("nd", "member") else "id"
            raise self._found(key, kind=kind, id=_quote(name), owner=owner, number=number)
        for label, limit in _RANGES.items() if kind == "node" else ():
            if label in attributes and not is_number(attributes[label], limit):
                value = _quote(attributes[label])
                raise self._found("off earth", node=name, label=label, value=value)
        size = max((len(text.encode()) for text in attributes.values() if kind == "tag"), default=0)
        if size > _LONGEST_TAG:
            raise self._found("tag", owner=owner, number=number, size=size, most=_LONGEST_TAG)
        self.inside.append((kind, name))

    def _check_root(self, kind: str, attributes: Mapping[str, str]) -> None:
        if kind == "osmChange":
            raise self._found("changes", reason=say_text("no roads", "changes"))
        if kind != "osm":
            raise self._found("root", kind=_shorten(kind))
        if attributes.get("version") != "0.6":
            raise self._found("version", version=_quote(attributes.get("version")))

    def _refuse_entity(self, *_: Any) -> None:
        raise self._found("entities")


_STEPS = 10_000_000
"""Steps in which osmium counts a degree."""
_NOWHERE = (osmium.osm.Location().x, osmium.osm.Location().y)


def _check_place(node: Any, file: Path) -> None:
    place = node.location
    if (place.x, place.y) != _NOWHERE and not place.valid():
        lon, lat = f"{place.x / _STEPS:g}", f"{place.y / _STEPS:g}"
        fault = say_text("damage", "place", file=file, node=str(node.id), lon=lon, lat=lat)
        raise _FoundError(Finding(fault))


def _compare_ending(file: Path, right: str, wrong: tuple[str, ...]) -> Finding | None:
    """See whether the name of a file says something else than its content."""
    if find_ending(file) not in wrong:
        return None
    return Finding(say_text("damage", "ending", file=file, ending=right))


def _is_id(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 17 and int(digits) < LARGEST_ID


def is_number(value: Any, most: float) -> bool:
    """Tell whether something is a number, or the text of one, of no more than `most` either way."""
    try:
        return abs(float(value)) <= most  # never for NaN
    except (TypeError, ValueError):
        return False


def _quote(text: str | None) -> str:
    return "—" if text is None else f'"{_shorten(text)}"'


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
