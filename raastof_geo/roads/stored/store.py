"""Keep a network of roads in one small file, and read it again."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raastof_geo.errors import RoadDataError
from raastof_geo.files import AnyPath, write_whole
from raastof_geo.language import Message
from raastof_geo.region.pack import MEMBER, encode_region, read_region
from raastof_geo.roads.edges import BACKWARD, FORWARD, NetworkMetadata, StoredColumns, Turn
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.stored import faults
from raastof_geo.roads.stored.steps import STEPS_A_DEGREE, add_up, draw_shapes, freeze
from raastof_geo.roads.stored.table import as_json, decode_roads, encode_roads

NETWORK_FORMAT = 3
"""The form of network files, by name. A new kind of column is a new format."""

_SMALL_BYTES = 1 << 26
_MOST_PACKED = 100
"""A file may unpack to so many times its own bytes, and those of a small one more."""
_FIRST_MOMENT_OF_ZIP = (1980, 1, 1, 0, 0, 0)


def read_network(path: AnyPath) -> RoadNetwork:
    """Read a network that `write_network` wrote, or refuse it as `RoadDataError`."""
    file = Path(path)
    columns, roads, metadata, is_pack = _read_columns(file)
    try:
        complaint = faults.find_fault_in_columns(columns)
        if not complaint:
            network = _decode(columns, json.loads(roads.tobytes()), json.loads(metadata.tobytes()))
            complaint = faults.find_fault(network)
            if is_pack:
                network = replace(network, own_region=read_region(file))
    except Exception as error:  # what is not as it should be fails in many ways
        raise _damaged(file) from error
    if complaint:
        raise _damaged(file, complaint)
    return network


def write_network(network: RoadNetwork, path: AnyPath, *, compress: bool = True) -> Path:
    """Write a network to one file; equal networks give equal bytes.

    Anything else of that name is moved to `set_aside` beside it. Places are kept to a millionth of
    a degree, lengths to a centimetre. `RoadDataError`: the network contradicts itself;
    `OutputError`.
    """
    file = Path(path)
    complaint = faults.find_fault(network)
    if complaint:
        raise RoadDataError.saying_text("network files", "contradicts", fault=complaint)
    extra = network.extra
    metadata = {"format": NETWORK_FORMAT, **asdict(network.metadata), **extra.get("metadata", {})}
    roads = encode_roads(network.roads, extra, network.lacking)
    roads |= {"turns": network.some_turns} if network.some_turns else {}
    texts = {"roads": as_json(roads), "metadata": as_json(metadata)}
    if network.own_region is not None:
        texts[MEMBER] = as_json(encode_region(network.own_region))
    columns = network.to_columns()._asdict() | texts
    return write_whole(file, _pack(columns, compress), known=_is_network)


def _is_network(file: Path) -> bool:
    """Tell whether a file is a road network of any version, which a new one may replace."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {"metadata.npy", "node_lon.npy"} <= {*archive.namelist()}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        return False


def _read_columns(file: Path) -> tuple[StoredColumns, NDArray[Any], NDArray[Any], bool]:
    """Read the columns, the texts of roads and metadata, and whether there is a region."""
    if not file.exists():
        raise RoadDataError.saying_text("network files", "none", file=file)
    if not file.is_file():
        raise RoadDataError.saying_text("network files", "folder", file=file)
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        # A small file would fill the memory: roads pack to a fifth, not to nothing.
        if unpacked > _SMALL_BYTES + _MOST_PACKED * file.stat().st_size:
            raise _damaged(file)
        with np.load(file, allow_pickle=False) as archive:
            _check_format(file, archive["metadata"])
            columns = StoredColumns(*(archive[label] for label in faults.STORED_COLUMNS))
            return columns, archive["roads"], archive["metadata"], MEMBER in archive.files
    except RoadDataError:
        raise
    except KeyError as error:
        raise RoadDataError.saying_text("network files", "other", file=file) from error
    except PermissionError as error:
        raise RoadDataError.saying_text("network files", "closed", file=file) from error
    except Exception as error:  # ZIP, NumPy and JSON each raise their own
        raise _damaged(file) from error


def _check_format(file: Path, metadata: NDArray[Any]) -> None:
    found = json.loads(metadata.tobytes()).get("format")
    if found is None:
        raise _damaged(file)
    if found != NETWORK_FORMAT:
        versions = {"found": str(found), "known": str(NETWORK_FORMAT)}
        raise RoadDataError.saying_text("network files", "version", file=file, **versions)


def _damaged(file: Path, fault: Message | None = None) -> RoadDataError:
    kind = "damaged" if fault else "unreadable"
    return RoadDataError.saying_text("network files", kind, file=file, fault=fault)


def _decode(
    columns: StoredColumns, roads: Mapping[str, Any], given: Mapping[str, Any]
) -> RoadNetwork:
    node_lon, node_lat = add_up(columns.node_lon), add_up(columns.node_lat)
    tail = add_up(columns.tail)
    head = tail + columns.head.astype(np.int32)
    count = columns.inner_count.astype(np.int32)
    point_start = np.concatenate(([0], np.cumsum(count + 2))).astype(np.int32)
    metadata, unknown = _read_metadata(given)
    table = decode_roads(roads)
    arcs = iter(columns.turn_arc.tolist())
    turns = zip(columns.turn_only.tolist(), columns.turn_size.tolist(), strict=True)
    return RoadNetwork(
        node_lon=freeze(node_lon / STEPS_A_DEGREE),
        node_lat=freeze(node_lat / STEPS_A_DEGREE),
        tail=freeze(tail),
        head=freeze(head),
        length_m=freeze(columns.length_cm / 100),
        forward=freeze((columns.directions & FORWARD) > 0),
        backward=freeze((columns.directions & BACKWARD) > 0),
        road=freeze(columns.road.astype(np.int32)),
        roads=table.roads,
        point_start=freeze(point_start),
        lon=freeze(draw_shapes(point_start, node_lon, tail, head, columns.inner_lon)),
        lat=freeze(draw_shapes(point_start, node_lat, tail, head, columns.inner_lat)),
        metadata=metadata,
        way=freeze(np.cumsum(columns.way, dtype=np.int64)),
        turns=tuple(Turn(only > 0, tuple(islice(arcs, size))) for only, size in turns),
        some_turns=tuple(
            Turn(bool(only), tuple(map(int, some)), tags)
            for only, some, tags in roads.get("turns", ())
        ),
        extra={**table.extra, **({"metadata": unknown} if unknown else {})},
        lacking=table.lacking,
    )


def _read_metadata(found: Mapping[str, Any]) -> tuple[NetworkMetadata, dict[str, Any]]:
    known = {field.name: found[field.name] for field in fields(NetworkMetadata)}
    faults.check_metadata(known)
    unknown = {name: one for name, one in found.items() if name not in {*known, "format"}}
    west, south, east, north = known.pop("bounds")
    return NetworkMetadata(bounds=(west, south, east, north), **known), unknown


def _pack(columns: Mapping[str, NDArray[Any]], compress: bool) -> bytes:
    content = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(content, "w", method, compresslevel=9) as archive:
        for label, column in columns.items():
            member = zipfile.ZipInfo(f"{label}.npy", _FIRST_MOMENT_OF_ZIP)
            member.compress_type = method
            member.create_system = 3
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(column), version=(1, 0))
            archive.writestr(member, array.getvalue())
    return content.getvalue()
