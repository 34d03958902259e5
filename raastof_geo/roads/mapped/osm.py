"""Read the roads and ferries in a file of OpenStreetMap, or say what is wrong in it."""

from __future__ import annotations

import bz2
import ctypes
import gzip
import re
import tempfile
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias, cast
from xml.parsers import expat

import numpy as np
import osmium
import shapely

from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.errors import Finding, OutputError, Place, RaastofError, RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.language import Message, say, say_text
from raastof_geo.roads.mapped.tags import (
    LIMIT_OF,
    read_barrier,
    read_road,
    read_turn,
    read_turn_rules,
)
from raastof_geo.roads.road import Road

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


TellStep: TypeAlias = Callable[[Message], None]
"""Told what is going on, in a sentence."""

_DATE_KEYS = ("osmosis_replication_timestamp", "timestamp")
_KEYS = ("highway", "route", "barrier", "ford")
_SUFFIXES = ("", ":hgv", ":forward", ":backward", ":conditional", ":hgv:conditional")
"""How a limit on a node may end that is no barrier, and so is found by its own tags."""
_FORM = "opl,locations_on_ways=true,add_metadata=version+timestamp,force_visible_flag=true"
_PIECE = 1 << 24
_DELETED = re.compile(rb"<(?:node|way|relation)\s[^<]*?\baction\s*=\s*[\"']delete[\"'][^<]*")
_ID = re.compile(rb"<(\w)\w+\s[^<]*?\bid\s*=\s*[\"'](-?\d+)")
_BASE = re.compile(
    rb"<osm\s[^<]*?\btimestamp=[\"']([^\"']+)|<meta\s[^<]*?\bosm_base=[\"']([^\"']+)"
)
_STAMP = re.compile(rb"\btimestamp\s*=\s*[\"'](\d{4}-\d\d-\d\d)T")
_UNWRITTEN = "to writer"
"""Part of what osmium says where the disk is full."""
_NO_PLACE = b"x200y200"
_NUMBERS_ONLY = bytes.maketrans(b"xy", b",,")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]+)%")
_NO_LETTERS = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
"""Halves of letters (surrogates), which no file of text can hold."""
_MEMBER = re.compile(r"([nwr])(-?\d+)@([^,]*)")


@dataclass(frozen=True)
class MappedTurn:
    """A turn restriction as mapped, by ids of OpenStreetMap."""

    only: bool
    origin: tuple[int, ...]
    """Ways that it starts from."""
    via_node: int | None
    via_ways: tuple[int, ...]
    target: tuple[int, ...]
    """Ways that it leads to."""
    value: str = ""
    """What it says, as in `no_left_turn`."""
    rules: str = ""
    """Of one that binds some trucks only, or none for doubt, the tags that decide."""

    @property
    def turns_round(self) -> bool:
        """Whether it is about turning round on a way."""
        return "_u_turn" in self.value and not {*self.origin}.isdisjoint(self.target)


@dataclass(frozen=True, eq=False)
class OsmWays:
    """Roads and ferries as mapped."""

    node_id: Integers
    node_lon: Floats
    node_lat: Floats
    node_start: Integers
    """Where the nodes of each way start in `node`; one longer than the ways."""
    node: SmallIntegers
    """Index of each node of each way."""
    way: Integers
    """Id of each way."""
    road: SmallIntegers
    """What each way is: index into `roads`."""
    roads: tuple[Road, ...]
    barriers: dict[int, Road]
    """What stands in the way, by index of the node."""
    turns: tuple[MappedTurn, ...] = ()
    doubtful_turns: int = 0
    """Turn restrictions that hold at some times only or are unknown, and are not taken."""
    osm_date: str | None = None
    """State of OpenStreetMap as the file tells it, ISO 8601."""


def read_osm(
    path: AnyPath, *, area: shapely.Geometry | None = None, progress: TellStep | None = None
) -> OsmWays:
    """Read every road and vehicle ferry from `.osm.pbf`, `.osm` and their kin.

    Osmium finds the roads, gives their nodes places and writes both as lines of text (its OPL
    format), all in compiled code; what is left for Python is one look at each line and one at each
    different set of tags. `area`: leave out what lies outside, in WGS84 [degrees]. `RoadDataError`:
    the file is missing, empty, cut short, something else, or has no roads.
    """
    file = Path(path)
    _check_file(file)
    if progress:
        progress(say("Reading roads from {file}", file=file.name))
    try:
        # A writer that failed may hold its file, which Windows then does not remove.
        header = osmium.io.Reader(str(file), osmium.osm.NOTHING).header()
        merge = header.has_multiple_object_versions or not is_pbf(file)
        found = _read_objects(file, merge=merge)
        if not merge and len(np.unique(found.way)) < len(found.way):
            found = _read_objects(file, merge=True)
        dates = [value[:10] for key in _DATE_KEYS if (value := header.get(key))]
        found.osm_date = next(filter(None, (*dates, found.base, found.newest)), None)
    except RaastofError:
        raise
    except Exception as error:  # osmium raises what C++ does, and kinds of its own
        raise _explain(file, error) from error
    return _gather(found, area)


def _explain(file: Path, error: Exception) -> RaastofError:
    finding = find_damage(file)
    if finding is not None:
        return RoadDataError(finding)
    reason = str(error).strip() or type(error).__name__
    if isinstance(error, OSError) or _UNWRITTEN in reason:
        return OutputError.saying(
            "Roads of {file} could not be written to the folder for temporary files, {folder}:"
            " see whether it is full.",
            file=file,
            folder=tempfile.gettempdir(),
        )
    return RoadDataError.saying(
        "{file} cannot be read as OpenStreetMap data: it is damaged, cut short or"
        " something else ({reason}).",
        file=file,
        reason=reason,
    )


def _read_objects(file: Path, *, merge: bool) -> _Found:
    """Read what there is on roads; `merge`: where a file may hold older versions, too."""
    found = _Found(file)
    if merge:
        _scan_xml(file, found)
    # A writer that failed may hold its file, which Windows then does not remove.
    with tempfile.TemporaryDirectory(prefix="raastof-", ignore_cleanup_errors=True) as folder:
        lines = _write_lines(file, Path(folder) / "roads.opl", merge=merge)
        _read_lines(lines, found)
    return found


def _scan_xml(file: Path, found: _Found) -> None:
    """Look for what osmium does not tell of XML: what JOSM deleted, and the date of the data."""
    rest = b""
    with unpack(file) as stream:
        while piece := stream.read(_PIECE):
            text, start, rest = (rest + piece).rpartition(b"<")
            rest = start + rest
            deleted = filter(None, (_ID.match(one[0]) for one in _DELETED.finditer(text)))
            found.deleted.update(one[1] + one[2] for one in deleted)
            base = _BASE.search(text)
            found.base = found.base or (base[base.lastindex or 0].decode()[:10] if base else "")
            newest = max(_STAMP.findall(text), default=b"").decode()
            found.newest = max(found.newest, newest)


@dataclass
class _Found:
    file: Path
    osm_date: str | None = None
    base: str = ""
    """The date that the file says, beside its header."""
    newest: str = ""
    """The newest day on which any of it was edited."""
    deleted: set[bytes] = field(default_factory=set)
    """What an editor has deleted: `w12`."""
    way: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("q"))
    road: array[int] = field(default_factory=lambda: array("i"))
    nodes: list[bytes] = field(default_factory=list)
    roads: list[Road] = field(default_factory=list)
    barriers: dict[int, Road] = field(default_factory=dict)
    turns: list[MappedTurn] = field(default_factory=list)
    doubtful_turns: int = 0


def _check_file(file: Path) -> None:
    if not file.exists():
        raise RoadDataError.saying("There is no OpenStreetMap file {file}.", file=file)
    if not file.is_file():
        raise RoadDataError.saying("{file} is a folder, not an OpenStreetMap file.", file=file)
    if file.stat().st_size == 0:
        raise RoadDataError.saying("{file} is empty.", file=file)
    refuse_others(file)


def _write_lines(file: Path, lines: Path, *, merge: bool) -> Path:
    """Let osmium write barriers, ways and restrictions as text, once it has read all nodes.

    `merge`: with the newest version of each only.
    """
    keeper = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    keeper.ignore_errors()
    keys = (*_KEYS, *(f"{tag}{suffix}" for tag in LIMIT_OF for suffix in _SUFFIXES))
    roads = osmium.filter.KeyFilter(*keys)
    roads.enable_for(osmium.osm.NODE | osmium.osm.WAY)
    restrictions = osmium.filter.TagFilter(("type", "restriction"))
    restrictions.enable_for(osmium.osm.RELATION)
    wanted = (roads, restrictions)
    with open_writer(osmium.io.File(str(lines), _FORM)) as writer:
        if merge:
            reader = osmium.MergeInputReader()
            reader.add_file(str(file))
            reader.apply(keeper, *wanted, writer, simplify=True)
        else:
            osmium.apply(osmium.io.Reader(str(file), osmium.osm.NODE), keeper)
            kinds = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
            osmium.apply(osmium.io.Reader(str(file), kinds), keeper, *wanted, writer)
    return lines


def _read_lines(lines: Path, found: _Found) -> None:
    """Take lines `w12 v3 dV t2021-08-05T12:00:00Z Thighway=primary Nn1x12.1y55.4`."""
    kinds: dict[bytes, int] = {}
    newest = found.newest.encode()
    with lines.open("rb") as stream:
        for line in stream:
            tags = line.find(b" T")
            if line.find(b" dD", 0, tags) > 0:
                continue
            if found.deleted and line[: line.find(b" ")] in found.deleted:
                continue
            stamp = line.rfind(b" t", 0, tags) + 2
            day = line[stamp : stamp + 10]
            if day > newest and stamp + 10 <= tags:
                newest = day
            if line[:1] == b"w":
                _read_way(line, tags, found, kinds)
            elif line[:1] == b"n":
                barrier = read_barrier(_read_tags(line[tags + 2 : line.rfind(b" x")]))
                if barrier is not None:
                    found.barriers[int(line[1 : line.find(b" ")])] = barrier
            else:
                _read_relation(line, tags, found)
    found.newest = newest.decode()


def _read_way(line: bytes, tags: int, found: _Found, kinds: dict[bytes, int]) -> None:
    nodes = line.rfind(b" N")
    key = line[tags + 2 : nodes]
    kind = kinds.get(key)
    if kind is None:
        road = read_road(_read_tags(key))
        kind = kinds[key] = -1 if road is None else len(found.roads)
        found.roads += [] if road is None else [road]
    if kind >= 0:
        text = line[nodes + 2 : -1]
        found.way.append(int(line[1 : line.find(b" ")]))
        found.size.append(text.count(b"n"))
        found.road.append(kind)
        found.nodes.append(text)


def _read_relation(line: bytes, start: int, found: _Found) -> None:
    end = line.rfind(b" M")
    tags = _read_tags(line[start + 2 : end])
    rules, doubtful = read_turn_rules(tags)
    found.doubtful_turns += doubtful
    may_be = read_turn(tags, None) - {"free"}
    if not may_be and not doubtful:
        return
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, ref, role in _MEMBER.findall(line[end + 2 :].decode().strip()):
        members[kind, role].append(int(ref))
    origin, via, target = (tuple(members["w", role]) for role in ("from", "via", "to"))
    nodes = members["n", "via"]
    if origin and target and (len(nodes) == 1 or via):
        node = None if via else nodes[0]
        value = "; ".join(text for name, text in tags.items() if name.startswith("restriction"))
        for rule in sorted(may_be) or ["no"]:
            found.turns.append(MappedTurn(rule == "only", origin, node, via, target, value, rules))


def _read_tags(text: bytes) -> dict[str, str]:
    if not text:
        return {}
    pairs = (pair.split("=", 1) for pair in text.decode().split(","))
    return {_plain(key): _plain(value) for key, value in pairs}


def _plain(text: str) -> str:
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).translate(_NO_LETTERS)


def _gather(found: _Found, area: shapely.Geometry | None) -> OsmWays:
    """Put what was found into columns, less what lies outside or has no place."""
    source = str(found.file)
    if not found.road:
        raise RoadDataError.saying("{source} has no roads that trucks may use.", source=source)
    text = b",".join(found.nodes).replace(b"xy", _NO_PLACE).translate(_NUMBERS_ONLY, b"n")
    found.nodes.clear()
    numbers = np.fromstring(text, np.float64, sep=",").reshape(-1, 3)  # id, longitude, latitude
    if np.abs(numbers[:, 0]).max() >= LARGEST_ID:
        raise RoadDataError.saying(
            "{source} has nodes with ids of more than 9,007,199,254,740,991: two of them could"
            " be taken for one. Give them smaller numbers, with `osmium renumber`.",
            source=source,
        )
    refs = numbers[:, 0].astype(np.int64)
    ids, first, node = np.unique(refs, return_index=True, return_inverse=True)
    lon, lat = numbers[first, 1], numbers[first, 2]
    _find_places(found, ids, lon, lat)
    usable = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not usable.any():
        raise RoadDataError.saying(
            "{source} has roads but not the nodes that tell where they run.", source=source
        )
    if area is not None:
        west, south, east, north = shapely.bounds(area)
        usable &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        shapely.prepare(area)
        usable[usable] = shapely.intersects_xy(area, lon[usable], lat[usable])
    return _cut(found, ids, lon, lat, node, usable)


def _find_places(found: _Found, ids: Integers, lon: Floats, lat: Floats) -> None:
    """Look for places that osmium does not keep: of negative ids, or told by ways themselves.

    JOSM gives negative ids to what is not yet uploaded, Overpass tells places so by `out geom`.
    """
    lost = np.flatnonzero(np.abs(lat) > 90)
    if not len(lost) or (ids[lost].min() > 0 and is_pbf(found.file)):
        return
    place = dict(zip(ids[lost].tolist(), lost.tolist(), strict=True))
    for one in osmium.FileProcessor(str(found.file), osmium.osm.NODE | osmium.osm.WAY):
        told: Any = one
        nodes = [(told.id, told)] if told.is_node() else [(node.ref, node) for node in told.nodes]
        for ref, node in nodes:
            at = place.get(ref)
            if at is not None and node.location.valid():
                lon[at], lat[at] = node.location.lon, node.location.lat


def _cut(
    found: _Found, ids: Integers, lon: Floats, lat: Floats, node: Indices, usable: Mask
) -> OsmWays:
    """Keep the stretches of each way whose nodes are usable, each as a way of its own."""
    way = np.repeat(np.arange(len(found.road)), np.frombuffer(found.size, np.int64))
    good = usable[node]
    follows = np.zeros(len(node), bool)
    follows[1:] = good[1:] & good[:-1] & (way[1:] == way[:-1])
    stretch = np.cumsum(~follows)
    kept = good & (np.bincount(stretch)[stretch] > 1)
    if not kept.any():
        raise RoadDataError.saying("{source} has no roads inside the bounds.", source=found.file)
    first = np.flatnonzero(kept & ~follows)
    of = way[first]
    is_used = np.zeros(len(ids), bool)
    is_used[node[kept]] = True
    number = np.cumsum(is_used) - 1
    used = np.flatnonzero(is_used)
    barred = np.flatnonzero(np.isin(ids[used], list(found.barriers))).tolist()
    refs = ids[used][barred].tolist()
    return OsmWays(
        node_id=ids[used],
        node_lon=lon[used],
        node_lat=lat[used],
        node_start=np.append(np.cumsum(kept)[first] - 1, kept.sum()).astype(np.int64),
        node=number[node[kept]].astype(np.int32),
        way=np.frombuffer(found.way, np.int64)[of],
        road=np.frombuffer(found.road, np.int32)[of],
        roads=tuple(found.roads),
        barriers={at: found.barriers[ref] for at, ref in zip(barred, refs, strict=True)},
        turns=tuple(found.turns),
        doubtful_turns=found.doubtful_turns,
        osm_date=found.osm_date,
    )


@contextmanager
def open_writer(target: Any, **options: Any) -> Iterator[Any]:
    """Give a writer of osmium to a file, and close it at the end.

    Osmium writes from a thread of its own, so what is wrong comes to light only when the writer is
    closed. Its destructor then closes it once more, cannot, and ends the process (exit code 134): a
    writer that could not be closed is never taken down; it holds a few kilobytes.
    """
    writer = osmium.SimpleWriter(target, **options)
    try:
        yield writer
    except BaseException:
        with suppress(Exception):
            _close_writer(writer)
        raise
    _close_writer(writer)


def _close_writer(writer: Any) -> None:
    """Close a writer; where that fails keep it for ever, so that its destructor never runs."""
    try:
        writer.close()
    except BaseException:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
        raise
