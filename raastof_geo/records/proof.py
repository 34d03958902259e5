"""`proof.npz`: the arrays of a programme and its plan, read without trusting a byte of them."""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_type_hints

import numpy as np
from numpy.typing import NDArray

from raastof_geo.arrays import Floats, Integers, Mask, Signs
from raastof_geo.errors import RaastofError
from raastof_geo.language import say, say_text
from raastof_geo.records.record import Record, refuse_part, refuse_proof

PROOF = Record("proof.npz", "raastof_geo proof 4", most_bytes=1_000_000_000)
"""Format 1 had no labels of columns, no rates and no copy of plan.json; format 2 had no tables
with every digit and no catalogue, so that results could be checked and not be read back; format
3 knew no goals."""
Texts: TypeAlias = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class ProofArrays:
    """The arrays of a proof; what they mean is told by `write_proof`."""

    row_start: Annotated[Integers, "i rows+1"]
    column: Annotated[Integers, "i entries", "columns"]
    coefficient: Annotated[Floats, "f entries"]
    sense: Annotated[Signs, "i rows"]
    limit: Annotated[Floats, "f rows"]
    row_name: Annotated[Texts, "U rows"]
    price: Annotated[Floats, "f rows"]
    price_given: Annotated[Floats, "f rows"]
    goal_price: Annotated[Floats, "f rows"]
    cost: Annotated[Floats, "f columns"]
    goal_cost: Annotated[Floats, "f columns"]
    whole: Annotated[Mask, "b columns"]
    value: Annotated[Floats, "f columns"]
    giver: Annotated[Texts, "U givers"]
    giver_site: Annotated[Texts, "U givers"]
    giver_kind: Annotated[Texts, "U givers"]
    giver_material: Annotated[Texts, "U givers"]
    taker: Annotated[Texts, "U takers"]
    taker_site: Annotated[Texts, "U takers"]
    taker_kind: Annotated[Texts, "U takers"]
    vehicle: Annotated[Texts, "U vehicles"]
    period: Annotated[Texts, "U periods"]
    move_giver: Annotated[Integers, "i moves", "givers"]
    move_taker: Annotated[Integers, "i moves", "takers"]
    move_vehicle: Annotated[Integers, "i moves", "vehicles"]
    move_period: Annotated[Integers, "i moves", "periods"]
    other_column: Annotated[Integers, "i others", "columns"]
    other_label: Annotated[Texts, "U others"]
    flow_column: Annotated[Integers, "i flows", "moves"]
    used_column: Annotated[Integers, "i used", "columns"]
    measure: Annotated[Texts, "U measures"]
    measure_rate: Annotated[Floats, "f measures used"]
    objective: Annotated[Texts, "U objectives"]
    objective_rate: Annotated[Floats, "f objectives used"]
    plan: Annotated[NDArray[np.uint8], "u bytes"]
    rest: Annotated[NDArray[np.uint8], "u rest_bytes"]


_HINTS = get_type_hints(ProofArrays, include_extras=True).items()
ARRAYS: dict[str, str] = {name: hint.__metadata__[0] for name, hint in _HINTS}
"""Kind of numbers (`f` real, `i` whole, `b` yes or no, `U` text, `u` bytes), and how many: equal
words are equal numbers."""
_POINTS: dict[str, str] = {name: of for name, hint in _HINTS for of in hint.__metadata__[1:]}
"""Arrays of numbers that point at one of as many."""

ROW_SIGNS = {-1: "<=", 0: "=", 1: ">="}
"""How a row holds its sum against its limit."""

Arrays: TypeAlias = dict[str, NDArray[Any]]

_MOST_ARRAYS = 2_000_000_000
_MOST_TIMES = 100
"""Arrays larger than so many times the file, and than 64 MB, are no honest proof."""
_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>[<>|][fiubU]\d{1,7})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>|\d{1,15},|\d{1,15}, \d{1,15})\), \} *\n"
)


def write_proof(arrays: Mapping[str, NDArray[Any]], folder: Path) -> Path:
    """Write `proof.npz`: the programme, the plan, the prices that prove it, and what it says.

    `row_start`, `column`, `coefficient`: the rows of the programme, one after the other; `sense`
    (-1 at most, 0 equal, 1 at least) and `limit` of each; `row_name`. `cost` of the first
    objective, for a unit of each column; `whole`: columns that are 0 or 1. `goal_cost`: what each
    column lacks of the goals, which come before the first objective; `goal_price` proves how near
    they can be come to. `value`: the plan; `price`: shadow prices that bound every plan from below;
    `price_given`: those given the decisions of the plan.

    `giver`, `taker` (with site, kind, material), `vehicle`, `period`: who there is; `move_giver`,
    `move_taker`, `move_vehicle`, `move_period`: the number of each, for the first columns, which
    are moves. `other_column`, `other_label`: what other columns in use are. `used_column`: columns
    in use; for a unit of each `measure_rate` and `objective_rate`, by `measure` and `objective`.
    `flow_column`: that of each flow of plan.json. `plan`: all of plan.json but its part `proof`, as
    UTF-8; `rest`: what `load_result` needs besides, as JSON.
    """
    path = folder / PROOF.name
    kept = {name: arrays[name] for name in ARRAYS}
    np.savez_compressed(path, allow_pickle=False, format=np.array(PROOF.format), **kept)
    return path


def find_rows(proof: ProofArrays) -> Integers:
    """Give the row of each entry of the programme."""
    return np.repeat(np.arange(len(proof.limit)), np.diff(proof.row_start))


def read_proof(path: Path) -> tuple[ProofArrays, bytes]:
    """Read the arrays of a proof, and give the bytes of the file beside them.

    `RecordError` where it is missing or of another format, `DamagedError` where no run wrote it.
    """
    data = PROOF.read(path, missing=say_text("damaged", "no proof", file=str(path)))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            whole = sum(entry.file_size for entry in archive.infolist())
            if whole > min(_MOST_ARRAYS, max(64_000_000, _MOST_TIMES * len(data))):
                raise refuse_proof(say("its archive holds more than a proof can"), file=str(path))
            PROOF.check_format(str(_read_array(path, archive, "format", "U")), file=str(path))
            arrays = ProofArrays(
                **{name: _read_array(path, archive, name, of[0]) for name, of in ARRAYS.items()}
            )
    except RaastofError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OverflowError),
        *(OSError, RuntimeError, NotImplementedError, MemoryError),
    ) as error:
        raise refuse_proof(say("its archive cannot be unpacked"), file=str(path)) from error
    _check_fit(path, arrays)
    return arrays, data


def _read_array(path: Path, archive: zipfile.ZipFile, name: str, kind: str) -> NDArray[Any]:
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refuse_proof(say("its archive cannot be unpacked"), file=str(path))
    data = archive.read(entry)
    length = 10 + int.from_bytes(data[8:10], "little")
    match = _HEADER.fullmatch(data[10:length])
    if data[:8] != b"\x93NUMPY\x01\x00" or match is None:
        raise refuse_part(name, file=str(path))
    shape = tuple(int(size) for size in match["shape"].split(b",") if size.strip())
    dtype = np.dtype(match["kind"].decode())
    count = math.prod(shape)
    large = kind in "fi" and dtype.itemsize > 8
    if large or dtype.kind != kind or dtype.itemsize * count != len(data) - length:
        raise refuse_part(name, file=str(path))
    array = np.frombuffer(data, dtype, count, length).reshape(shape)
    if not _is_sound(array):
        raise refuse_part(name, file=str(path))
    return array


def _is_sound(array: NDArray[Any]) -> bool:
    """Tell whether numbers are finite, letters exist, and yes or no is 1 or 0."""
    if array.dtype.kind == "f":
        return bool(np.isfinite(array).all())
    if array.dtype.kind == "b":
        return bool((array.view(np.uint8) <= 1).all())
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        letters = np.frombuffer(array.tobytes(), array.dtype.str[0] + "u4")
        exists = (letters <= 0x10FFFF) & ((letters < 0xD800) | (letters > 0xDFFF))
        return bool(exists.all())
    return True


def _check_fit(path: Path, arrays: ProofArrays) -> None:
    """Look whether equal words of `ARRAYS` are equal numbers, and numbers point at something."""
    sizes: dict[str, int] = {}
    fits = True
    for name, what in ARRAYS.items():
        words, shape = what.split()[1:], getattr(arrays, name).shape
        fits &= len(words) == len(shape)
        for word, size in zip(words, shape, strict=False):
            fits &= sizes.setdefault(word, size) == size
    starts, sense, fits = (
        arrays.row_start,
        arrays.sense,
        fits and sizes["rows+1"] == sizes["rows"] + 1,
    )
    pointing = ((getattr(arrays, name), sizes[of]) for name, of in _POINTS.items())
    fits = (
        fits
        and sizes["rows+1"] == sizes["rows"] + 1
        and int(starts[0]) == 0
        and int(starts[-1]) == len(arrays.column)
        and bool((starts[1:] >= starts[:-1]).all())
        and bool(((sense >= -1) & (sense <= 1)).all())
        and sizes["moves"] <= sizes["columns"]
        and all(bool(((one >= 0) & (one < size)).all()) for one, size in pointing)
    )
    if not fits:
        raise refuse_proof(say("its parts do not fit together"), file=str(path))
