"""Find what is wrong in a file of OpenStreetMap that could not be read."""

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers import expat

import osmium

from raastof_geo.errors import Finding, Place
from raastof_geo.language import Message, say
from raastof_geo.roads.mapped.endings import CHANGES, JSON, find_ending

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
            return Finding(say("{file} cannot be read: {reason}.", file=file, reason=JSON))
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
        told = say("{file} is packed, and damaged or cut short: get it again.", file=file)
        return Finding(told) if _read_magic(file) in _OPENERS else None


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
            raise _FoundError(self._place(_name_fault(last, self.inside))) from error

    def _place(self, message: Message) -> Finding:
        line = max(1, self.parser.CurrentLineNumber)
        column = max(0, self.parser.CurrentColumnNumber) + 1
        return Finding(message, Place(str(self.file), line, column))

    def _enter(self, kind: str, attributes: dict[str, str]) -> None:
        name = attributes.get(_ID_OF.get(kind, ""), "")
        for fault in _find_faults(kind, name, attributes, self.inside):
            raise _FoundError(self._place(fault))
        self.inside.append((kind, name))

    def _refuse_entity(self, *_: Any) -> None:
        fault = say(
            "XML entities are declared here; files of OpenStreetMap have none. Take them out."
        )
        raise _FoundError(self._place(fault))


def _find_faults(
    kind: str, name: str, attributes: Mapping[str, str], inside: Sequence[tuple[str, str]]
) -> Iterator[Message]:
    if not inside:
        yield from _find_faults_of_root(kind, attributes)
    if _ID_OF.get(kind) in attributes and not _is_id(name):
        yield _blame_id(kind, _quote(name), inside)
    if kind == "node":
        for label, limit in _RANGES.items():
            if label in attributes and not _is_within(attributes[label], limit):
                yield say(
                    "node {node} has {label}={value}; lat goes from -90 to 90 and lon from -180"
                    " to 180, in degrees with a decimal point. Correct the node or take it out."
                ).format(node=name, label=label, value=_quote(attributes[label]))
    size = max((len(text.encode()) for text in attributes.values() if kind == "tag"), default=0)
    if size > _LONGEST_TAG:
        owner, number = inside[-1]
        yield say(
            "{owner} {number} has a tag of {size} bytes; a key or value of OpenStreetMap has at"
            " most {most}."
        ).format(owner=owner, number=number, size=size, most=_LONGEST_TAG)


def _find_faults_of_root(kind: str, attributes: Mapping[str, str]) -> Iterator[Message]:
    if kind == "osmChange":
        yield say("this is no file of roads: {reason}.", reason=CHANGES)
    if kind != "osm":
        yield say(
            'a file of OpenStreetMap begins with `<osm version="0.6">`, this one with `<{kind}>`:'
            " it is something else, perhaps the error page of a server."
        ).format(kind=_shorten(kind))
    if attributes.get("version") != "0.6":
        yield say("OpenStreetMap's XML is read in version 0.6; this file says {version}.").format(
            version=_quote(attributes.get("version"))
        )


def _blame_id(kind: str, name: str, inside: Sequence[tuple[str, str]]) -> Message:
    if kind not in ("nd", "member"):
        return say(
            "a {kind} has the id {id}; ids are whole numbers of at most 9,007,199,254,740,991."
        ).format(kind=kind, id=name)
    owner, number = inside[-1] if inside else ("", "")
    return say(
        "{owner} {number} names {id} as a member; ids are whole numbers of at most"
        " 9,007,199,254,740,991."
    ).format(owner=owner, number=number, id=name)


def _name_fault(last: bool, inside: list[tuple[str, str]]) -> Message:
    if last:
        kind, name = inside[-1] if inside else ("osm", "")
        return say(
            "the file ends here in the middle of `<{kind}>` {name}: it was cut short. Get it again."
        ).format(kind=_shorten(kind), name=_shorten(name))
    return say(
        "the XML is broken here: a sign or a tag that does not belong, or text that is not in the"
        " file's encoding. Correct the line, or get the file again."
    )


_STEPS = 10_000_000
"""Steps in which osmium counts a degree."""
_NOWHERE = (osmium.osm.Location().x, osmium.osm.Location().y)


def _check_place(node: Any, file: Path) -> None:
    place = node.location
    if (place.x, place.y) != _NOWHERE and not place.valid():
        fault = say(
            "{file} cannot be read: node {node} lies at longitude {lon}, latitude {lat}, which is"
            " not on the Earth. Correct the node or take it out.",
            file=file,
            node=str(node.id),
            lon=f"{place.x / _STEPS:g}",
            lat=f"{place.y / _STEPS:g}",
        )
        raise _FoundError(Finding(fault))


def _compare_ending(file: Path, right: str, wrong: tuple[str, ...]) -> Finding | None:
    """See whether the name of a file says something else than its content."""
    if find_ending(file) not in wrong:
        return None
    told = say(
        "{file} cannot be read: its name says another format than it has. Let the name end in"
        " {ending}."
    )
    return Finding(told.format(file=file, ending=right))


def _is_id(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 17 and int(digits) < LARGEST_ID


def _is_within(text: str, limit: float) -> bool:
    try:
        return abs(float(text)) <= limit  # never for NaN
    except ValueError:
        return False


def _quote(text: str | None) -> str:
    return "—" if text is None else f'"{_shorten(text)}"'


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
