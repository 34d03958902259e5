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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias, cast
from xml.parsers import expat
import numpy as np
import osmium
import shapely
from raastof_geo.arrays import Floats, Indices, Integers, Mask, SmallIntegers
from raastof_geo.errors import Finding, OutputError, Place, RaastofError, RoadDataError
from raastof_geo.files import AnyPath
from raastof_geo.language import Tell, read_danish_words, say, say_text
from raastof_geo.roads.mapped import tags as reading
from raastof_geo.roads.mapped.tags import EVERY_TRUCK, LIMIT_OF, SOME_TRUCKS, read_road, read_turn
from raastof_geo.roads.road import Road

OSM_ENDINGS = (".pbf", ".osm", ".xml", ".bz2", ".gz", ".o5m", ".opl")
"""How files of OpenStreetMap end."""

LARGEST_ID = 1 << 53
"""Ids of nodes pass through decimals of 53 bits; those of OpenStreetMap need 34."""
_WHOLE = re.compile(r"-?[0-9]{1,16}")
_RANGES = {"lat": 90.0, "lon": 180.0}
_LONGEST_TAG = 1024
"""What osmium takes: 256 letters of four bytes."""
_ID_OF = {"node": "id", "way": "id", "relation": "id", "nd": "ref", "member": "ref"}
_AT_THE_END = {3, 5, 6, 20}
"""Of expat's errors those of a file that ends: before, or amid, an element, a sign, or text."""
_STEPS = 10_000_000
"""Steps in which osmium counts a degree."""
_NOWHERE = (osmium.osm.Location().x, osmium.osm.Location().y)
_PBF = b"OSMHeader"
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open}


def find_ending(file: Path) -> str:
    """Find the ending that tells the format. Returns it in small letters: `.osc` of `a.OSC.gz`."""
    endings = ["", *(ending.lower() for ending in file.suffixes)]
    known = [ending for ending in endings[1:] if ending not in (".gz", ".bz2")]
    return (known or endings)[-1]


def refuse_others(file: Path) -> None:
    """Refuse, as `RoadDataError`, a file whose ending says that it is something else than roads."""
    for kind in read_danish_words("endings.txt").get(find_ending(file), ()):
        why = say_text("no roads", kind)
        raise RoadDataError.saying_text("no roads", "ending", file=file, reason=why)


def _refuse_nothing(file: Path) -> None:
    """Refuse, as `RoadDataError`, what is no file or has nothing in it."""
    why = "folder" if file.is_dir() else "empty" if file.exists() else "none"
    if why != "empty" or file.stat().st_size == 0:
        raise RoadDataError.saying_text("osm files", why, file=file)


def _refuse_damage(file: Path) -> None:
    """Refuse, as `RoadDataError`, the first thing that is wrong; none found proves nothing.

    XML is gone through element by element: entities are refused, not expanded. In other formats
    only places off the Earth are looked for. It takes seconds: ask only when reading has failed.
    """
    try:
        with unpack(file) as stream:
            start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith((b"{", b"[")):
            told = {"file": file, "reason": say_text("no roads", "json")}
            raise RoadDataError.saying_text("damage", "unreadable", **told)
        is_xml = start.startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
        (_search_xml if is_xml else _search_places)(file)
    except (EOFError, zlib.error, OSError) as error:
        if getattr(error, "errno", None) is None:  # no word of the system: it is packed
            raise RoadDataError.saying_text("damage", "cut short", file=file) from error
        return
    others = (".pbf", ".o5m", ".opl") if is_xml else (".osm", ".xml") if _PBF in start else ()
    if find_ending(file) in others:
        right = ".osm" if is_xml else ".osm.pbf"
        raise RoadDataError.saying_text("damage", "ending", file=file, ending=right)


def is_pbf(file: Path) -> bool:
    """Tell whether a file is one of OpenStreetMap's own binary format."""
    with file.open("rb") as stream:
        return _PBF in stream.read(64)


def unpack(file: Path) -> IO[bytes]:
    """Open a file that may be packed, by its first bytes. Returns what is in it."""
    with file.open("rb") as stream:
        magic = stream.read(2)
    return cast(IO[bytes], _OPENERS.get(magic, open)(file, "rb"))


def _search_xml(file: Path) -> None:
    parser = expat.ParserCreate()
    inside = [{"owner": "", "number": ""}]  # kind and id of the elements that are open

    def refuse(key: str, /, **values: object) -> NoReturn:
        line, column = max(1, parser.CurrentLineNumber), max(0, parser.CurrentColumnNumber)
        place = Place(str(file), line, column + 1)
        raise RoadDataError(Finding(say_text("damage", key, **values), place))

    def enter(kind: str, attributes: dict[str, str]) -> None:
        list_faults = _list_faults if len(inside) > 1 else _list_faults_of_root
        for key, values in list_faults(kind, attributes, inside[-1]):
            refuse(key, **values)
        inside.append({"owner": kind, "number": attributes.get(_ID_OF.get(kind, ""), "")})

    parser.StartElementHandler = enter
    parser.EndElementHandler = lambda _: inside.pop()
    parser.EntityDeclHandler = lambda *_: refuse("entities")
    try:
        with unpack(file) as stream:
            parser.ParseFile(stream)
    except RoadDataError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        kind, name = map(_shorten, inside[-1].values() if len(inside) > 1 else ("osm", ""))
        cut = isinstance(error, expat.ExpatError) and error.code in _AT_THE_END
        refuse("ends" if cut else "broken", kind=kind, name=name)


_Texts: TypeAlias = dict[str, str]
_Faults: TypeAlias = Iterator[tuple[str, dict[str, Any]]]


def _list_faults_of_root(kind: str, attributes: _Texts, _: _Texts) -> _Faults:
    if kind == "osmChange":
        yield "changes", {"reason": say_text("no roads", "changes")}
    if kind != "osm":
        yield "root", {"kind": _shorten(kind)}
    if attributes.get("version") != "0.6":
        yield "version", {"version": _quote(attributes.get("version"))}


def _list_faults(kind: str, attributes: _Texts, owner: _Texts) -> _Faults:
    """List what is wrong with an element within an `owner`: key and values of a sentence."""
    name = attributes.get(_ID_OF.get(kind, ""))
    if name is not None and not (_WHOLE.fullmatch(name) and abs(int(name)) < LARGEST_ID):
        key = "member" if kind in ("nd", "member") else "id"
        yield key, {"kind": kind, "id": _quote(name), **owner}
    for label in filter(attributes.__contains__, _RANGES) if kind == "node" else ():
        if not is_number(attributes[label], _RANGES[label]):
            value = _quote(attributes[label])
            yield "off earth", {"node": name or "", "label": label, "value": value}
    size = max(len(text.encode()) for text in (*attributes.values(), "")) if kind == "tag" else 0
    if size > _LONGEST_TAG:
        yield "tag", {**owner, "size": size, "most": _LONGEST_TAG}


def _search_places(file: Path) -> None:
    off: dict[str, str] = {}
    nodes: Any = osmium.FileProcessor(str(file), osmium.osm.NODE)
    with suppress(Exception):  # osmium raises kinds of its own, and has said this
        off = next(
            {"node": str(node.id), "lon": f"{at.x / _STEPS:g}", "lat": f"{at.y / _STEPS:g}"}
            for node in nodes
            if not (at := node.location).valid() and (at.x, at.y) != _NOWHERE
        )
    if off:
        raise RoadDataError.saying_text("damage", "place", file=file, **off)


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


_DATE_KEYS = ("osmosis_replication_timestamp", "timestamp")
_KEYS = ("highway", "route", "barrier", "ford")
_SUFFIXES = [*product(("", ":hgv"), ("", ":forward", ":backward"), ("", ":conditional"))]
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
_Ids: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class MappedTurn:
    """A turn restriction as mapped, by ids of OpenStreetMap."""

    only: bool
    origin: _Ids
    """Ways that it starts from."""
    via_node: int | None
    via_ways: _Ids
    target: _Ids
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
    path: AnyPath, *, area: shapely.Geometry | None = None, progress: Tell | None = None
) -> OsmWays:
    """Read every road and vehicle ferry from `.osm.pbf`, `.osm` and their kin.

    Osmium finds the roads, gives their nodes places and writes both as lines of text (its OPL
    format), all in compiled code; what is left for Python is one look at each line and one at each
    different set of tags. `area`: leave out what lies outside, in WGS84 [degrees]. `RoadDataError`:
    the file is missing, empty, cut short, something else, or has no roads.
    """
    file = Path(path)
    _refuse_nothing(file)
    refuse_others(file)
    if progress:
        progress(say("Reading roads from {file}", file=file.name))
    try:
        header = osmium.io.Reader(str(file), osmium.osm.NOTHING).header()
        merge = header.has_multiple_object_versions or not is_pbf(file)
        found = _read_objects(file, merge=merge)
        if not merge and len(np.unique(found.way)) < len(found.way):
            found = _read_objects(file, merge=True)
        dates = [header.get(key, "")[:10] for key in _DATE_KEYS]
        found.osm_date = next(filter(None, (*dates, found.base, found.newest.decode())), None)
    except RaastofError:
        raise
    except Exception as error:  # osmium raises what C++ does, and kinds of its own
        raise _explain(file, error) from error
    return _gather(found, area)


def _explain(file: Path, error: Exception) -> RaastofError:
    _refuse_damage(file)
    reason = str(error).strip() or type(error).__name__
    if isinstance(error, OSError) or _UNWRITTEN in reason:
        folder = tempfile.gettempdir()
        return OutputError.saying_text("osm files", "full disk", file=file, folder=folder)
    return RoadDataError.saying_text("osm files", "damaged", file=file, reason=reason)


def _read_objects(file: Path, *, merge: bool) -> _Found:
    """Read what there is on roads; `merge`: where a file may hold older versions, too."""
    found = _Found(file)
    if merge:
        _scan_xml(found)
    # A writer that failed may hold its file, which Windows then does not remove.
    with tempfile.TemporaryDirectory(prefix="raastof-", ignore_cleanup_errors=True) as folder:
        lines = Path(folder) / "roads.opl"
        _write_lines(file, lines, merge=merge)
        _read_lines(lines, found)
    return found


def _scan_xml(found: _Found) -> None:
    """Look for what osmium does not tell of XML: what JOSM deleted, and the date of the data."""
    rest = b""
    with unpack(found.file) as stream:
        while piece := stream.read(_PIECE):
            text, start, rest = (rest + piece).rpartition(b"<")
            rest = start + rest
            deleted = filter(None, (_ID.match(one[0]) for one in _DELETED.finditer(text)))
            found.deleted.update(one[1] + one[2] for one in deleted)
            base = _BASE.search(text)
            found.base = found.base or (base[base.lastindex or 0].decode()[:10] if base else "")
            found.newest = max(found.newest, *_STAMP.findall(text), b"")


@dataclass
class _Found:
    file: Path
    osm_date: str | None = None
    base: str = ""
    """The date that the file says, beside its header."""
    newest: bytes = b""
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


def _write_lines(file: Path, lines: Path, *, merge: bool) -> None:
    """Let osmium write barriers, ways and restrictions as text, once it has read all nodes."""
    keeper = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    keeper.ignore_errors()
    keys = (*_KEYS, *("".join((tag, *suffix)) for tag in LIMIT_OF for suffix in _SUFFIXES))
    types = ("restriction", *(f"restriction:{kind}" for kind in sorted(EVERY_TRUCK | SOME_TRUCKS)))
    turns = osmium.filter.TagFilter(*(("type", one) for one in types))
    wanted = osmium.filter.KeyFilter(*keys), turns
    wanted[0].enable_for(osmium.osm.NODE | osmium.osm.WAY)
    wanted[1].enable_for(osmium.osm.RELATION)
    with open_writer(osmium.io.File(str(lines), _FORM)) as writer:
        if merge:
            reader = osmium.MergeInputReader()
            reader.add_file(str(file))
            reader.apply(keeper, *wanted, writer, simplify=True)
            return
        kinds = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
        osmium.apply(osmium.io.Reader(str(file), osmium.osm.NODE), keeper)
        osmium.apply(osmium.io.Reader(str(file), kinds), keeper, *wanted, writer)


def _read_lines(lines: Path, found: _Found) -> None:
    """Take lines `w12 v3 dV t2021-08-05T12:00:00Z Thighway=primary Nn1x12.1y55.4`."""

    @cache
    def number_of(tags: bytes) -> int:
        """Read each set of tags once: the number of its road, -1 where they are of none."""
        if (road := read_road(_read_tags(tags))) is None:
            return -1
        found.roads.append(road)
        return len(found.roads) - 1

    with lines.open("rb") as stream:
        for line in stream:
            tags = line.find(b" T")
            name = line[: line.find(b" ")]
            if line.find(b" dD", 0, tags) > 0 or name in found.deleted:
                continue
            stamp = line.rfind(b" t", 0, tags) + 2
            if (day := line[stamp : stamp + 10]) > found.newest and stamp + 10 <= tags:
                found.newest = day
            if line[:1] == b"w":
                nodes = line.rfind(b" N")
                if (kind := number_of(line[tags + 2 : nodes])) >= 0:
                    found.way.append(int(name[1:]))
                    found.road.append(kind)
                    found.nodes.append(line[nodes + 2 : -1])
                    found.size.append(found.nodes[-1].count(b"n"))
            elif line[:1] == b"n":
                barrier = reading.read_barrier(_read_tags(line[tags + 2 : line.rfind(b" x")]))
                if barrier is not None:
                    found.barriers[int(name[1:])] = barrier
            else:
                _read_relation(line, tags, found)


def _read_relation(line: bytes, start: int, found: _Found) -> None:
    end = line.rfind(b" M")
    tags = _read_tags(line[start + 2 : end])
    whose = tags.get("type", "")  # of old the kind of vehicle stood here: `restriction:hgv`
    tags = {whose if name == "restriction" else name: value for name, value in tags.items()}
    tags["type"] = "restriction"
    rules, doubtful = reading.read_turn_rules(tags)
    found.doubtful_turns += doubtful
    if not (may_be := read_turn(tags, None) - {"free"}) and not doubtful:
        return
    value = "; ".join(text for name, text in tags.items() if name.startswith("restriction"))
    if members := _read_members(line[end + 2 :].decode().strip()):
        for rule in sorted(may_be) or ["no"]:
            found.turns.append(MappedTurn(rule == "only", *members, value, rules))
    else:  # nobody can tell where it holds
        found.doubtful_turns += not doubtful


def _read_members(text: str) -> tuple[_Ids, int | None, _Ids, _Ids] | None:
    """Read whence, over which node or ways, and whither a restriction leads; none: it is unsaid."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, ref, role in _MEMBER.findall(text):
        members[kind, role].append(int(ref))
    origin, via, target = (tuple(members["w", role]) for role in ("from", "via", "to"))
    nodes = members["n", "via"]
    whole = origin and target and (len(nodes) == 1 or via)
    return (origin, None if via else nodes[0], via, target) if whole else None


def _read_tags(text: bytes) -> dict[str, str]:
    pairs = (pair.split("=", 1) for pair in text.decode().split(",") if pair)
    return {_plain(key): _plain(value) for key, value in pairs}


def _plain(text: str) -> str:
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).translate(_NO_LETTERS)


def _gather(found: _Found, area: shapely.Geometry | None) -> OsmWays:
    """Put what was found into columns, less what lies outside or has no place."""
    if not found.road:
        raise RoadDataError.saying_text("osm files", "no roads", source=found.file)
    text = b",".join(found.nodes).replace(b"xy", _NO_PLACE).translate(_NUMBERS_ONLY, b"n")
    found.nodes.clear()
    numbers = np.fromstring(text, np.float64, sep=",").reshape(-1, 3)  # id, longitude, latitude
    if np.abs(numbers[:, 0]).max() >= LARGEST_ID:
        raise RoadDataError.saying_text("osm files", "large ids", source=found.file)
    refs = numbers[:, 0].astype(np.int64)
    ids, first, node = np.unique(refs, return_index=True, return_inverse=True)
    lon, lat = numbers[first, 1], numbers[first, 2]
    _find_places(found.file, ids, lon, lat)
    if not (usable := (np.abs(lon) <= 180) & (np.abs(lat) <= 90)).any():
        raise RoadDataError.saying_text("osm files", "no nodes", source=found.file)
    if area is not None:
        west, south, east, north = shapely.bounds(area)
        usable &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        shapely.prepare(area)
        usable[usable] = shapely.intersects_xy(area, lon[usable], lat[usable])
    return _cut(found, ids, lon, lat, node, usable)


def _find_places(file: Path, ids: Integers, lon: Floats, lat: Floats) -> None:
    """Look for places that osmium does not keep: ids below 0 (JOSM), told by ways (`out geom`)."""
    lost = np.flatnonzero(np.abs(lat) > 90)
    if not len(lost) or (ids[lost].min() > 0 and is_pbf(file)):
        return
    place = dict(zip(ids[lost].tolist(), lost.tolist(), strict=True))
    for one in osmium.FileProcessor(str(file), osmium.osm.NODE | osmium.osm.WAY):
        told: Any = one
        nodes = [(told.id, told)] if told.is_node() else [(node.ref, node) for node in told.nodes]
        for ref, node in nodes:
            if ref in place and node.location.valid():
                lon[place[ref]], lat[place[ref]] = node.location.lon, node.location.lat


def _cut(
    found: _Found, ids: Integers, lon: Floats, lat: Floats, node: Indices, usable: Mask
) -> OsmWays:
    """Keep the stretches of each way whose nodes are usable, each as a way of its own."""
    way = np.repeat(np.arange(len(found.road)), np.frombuffer(found.size, np.int64))
    good = usable[node]
    follows = np.zeros(len(node), bool)
    follows[1:] = good[1:] & good[:-1] & (way[1:] == way[:-1])
    stretch = np.cumsum(~follows)
    if not (kept := good & (np.bincount(stretch)[stretch] > 1)).any():
        raise RoadDataError.saying_text("osm files", "outside", source=found.file)
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
