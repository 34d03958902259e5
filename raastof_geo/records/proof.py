"""`plan.json`, to check and repeat a plan, and `proof.npz`, no byte of which is trusted."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
import numpy as np
from numpy.typing import NDArray
from raastof_geo.arrays import Integers
from raastof_geo.errors import DamagedError, RaastofError, raise_all
from raastof_geo.language import read_data, say, say_text
from raastof_geo.records import record

PROOF = record.Record("proof.npz", "raastof_geo proof 4", most_bytes=1_000_000_000)
"""Format 1 had no labels of columns, no rates and no copy of plan.json; format 2 had no tables
with every digit and no catalogue, so that results could be checked and not be read back; format
3 knew no goals."""

_TOLD: Mapping[str, list[str]] = read_data("proof.toml")
ROW_SIGNS = {-1: "<=", 0: "=", 1: ">="}
"""How a row holds its sum against its limit."""
_MOST_ARRAYS = 2_000_000_000
_MOST_TIMES = 100
"""Arrays larger than so many times the file, and than 64 MB, are no honest proof."""
PLAN = record.Record("plan.json", "raastof_geo plan 3", most_bytes=64_000_000)
"""Format 2 had no names of sites and materials, and its proof kept tonnes only."""
_MOST_TOLD = 10


class ProofArrays(SimpleNamespace):
    """The arrays of a proof, as `data/proof.toml` names them and tells what they mean."""


def write_proof(arrays: Mapping[str, Any], folder: Path) -> Path:
    """Write `proof.npz`: the programme, the plan, the prices that prove it, and what it says."""
    path = folder / PROOF.name
    kept = {name: np.asarray(arrays[name], what.split()[0]) for name, (what, *_) in _TOLD.items()}
    np.savez_compressed(path, allow_pickle=False, format=np.array(PROOF.format), **kept)
    return path


def find_rows(proof: ProofArrays) -> Integers:
    """Find rows. Returns the number of the row of each entry of the programme. [entries]"""
    return np.repeat(np.arange(len(proof.limit)), np.diff(proof.row_start))


def read_proof(path: Path) -> tuple[ProofArrays, bytes]:
    """Read a proof. Returns arrays and bytes; raises `RecordError`, changed: `DamagedError`."""
    data = PROOF.read(path, missing=say_text("damaged", "no proof", file=str(path)))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            whole = sum(entry.file_size for entry in archive.infolist())
            if whole > min(_MOST_ARRAYS, max(64_000_000, _MOST_TIMES * len(data))):
                raise record.refuse_proof(
                    say("its archive holds more than a proof can"), file=str(path)
                )
            PROOF.check_format(str(_read_array(path, archive, "format", "U")), file=str(path))
            kinds = {name: what[0] for name, (what, *_) in _TOLD.items()}
            arrays = ProofArrays(
                **{name: _read_array(path, archive, name, kind) for name, kind in kinds.items()}
            )
    except RaastofError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OverflowError),
        *(OSError, RuntimeError, NotImplementedError, MemoryError),
    ) as error:
        raise record.refuse_proof(say("its archive cannot be unpacked"), file=str(path)) from error
    _check_fit(path, arrays)
    return arrays, data


def _read_array(path: Path, archive: zipfile.ZipFile, name: str, kind: str) -> NDArray[Any]:
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise record.refuse_proof(say("its archive cannot be unpacked"), file=str(path))
    data = io.BytesIO(archive.read(entry))
    try:
        array = np.lib.format.read_array(data, allow_pickle=False)
    except (ValueError, MemoryError) as error:
        raise record.refuse_part(name, file=str(path)) from error
    large = kind in "fi" and array.dtype.itemsize > 8
    if large or array.dtype.kind != kind or data.read(1) or not _is_sound(array):
        raise record.refuse_part(name, file=str(path))
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
    """Look whether equal words of `proof.toml` are equal numbers, which point at something."""
    sizes, starts = _find_sizes(arrays), arrays.row_start
    told = ((getattr(arrays, name), of) for name, (_, *others) in _TOLD.items() for of in others)
    fits = (
        sizes is not None
        and sizes["rows+1"] == sizes["rows"] + 1
        and [*starts[[0, -1]]] == [0, len(arrays.column)]
        and bool((starts[1:] >= starts[:-1]).all())
        and bool(np.isin(arrays.sense, [*ROW_SIGNS]).all())
        and sizes["moves"] <= sizes["columns"]
        and all(bool(((one >= 0) & (one < sizes[of])).all()) for one, of in told)
    )
    if not fits:
        raise record.refuse_proof(say("its parts do not fit together"), file=str(path))


def _find_sizes(arrays: ProofArrays) -> dict[str, int] | None:
    """Find what the words of `proof.toml` come to in numbers; none where two arrays disagree."""
    sizes: dict[str, int] = {}
    for name, (what, *_) in _TOLD.items():
        words, shape = what.split()[1:], getattr(arrays, name).shape
        known = [sizes.setdefault(*one) for one in zip(words, shape, strict=False)]
        if len(words) != len(shape) or known != [*shape]:
            return None
    return sizes


def write_plan(values: Mapping[str, Any], folder: Path, *, moves: int) -> Path:
    """Write `plan.json`, with the name of the proof beside it; `moves` of its columns are moves."""
    proof = folder / PROOF.name
    link = link_proof(proof.read_bytes() if proof.exists() else None, moves)
    path = folder / PLAN.name
    path.write_bytes(record.render_values({**values, "proof": link}).encode())
    return path


def link_proof(data: bytes | None, moves: int) -> dict[str, Any]:
    """Describe which proof belongs to a plan. Returns its file, digest and moves, for plan.json."""
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    return {"file": PROOF.name, "sha256": digest, "moves": moves}


def read_plan(path: Path) -> tuple[dict[str, Any], bytes]:
    """Read `plan.json`. Returns values and bytes; raises `RecordError`, as `DamagedError`."""
    lost = say("{file} is missing: give the folder that `raastof run` wrote", file=str(path))
    data = PLAN.read(path, missing=lost)
    return read_copy(data, file=str(path)), data


def read_copy(packed: bytes, *, file: str = PROOF.name) -> dict[str, Any]:
    """Read the copy of plan.json that a proof keeps, refused as `read_plan` refuses plan.json."""
    values = record.read_values(packed, file=file)
    versions = values.get("versions")
    version = versions.get("raastof_geo") if isinstance(versions, dict) else None
    PLAN.check_format(values.get("format"), file=file, version=version)
    return values


def read_results(folder: Path) -> tuple[dict[str, Any], ProofArrays]:
    """Read results in a moment. Returns plan and proof, which agree; raises `RecordError` else."""
    plan, _ = read_plan(folder / PLAN.name)
    proof, data = read_proof(folder / PROOF.name)
    written = read_copy(proof.plan.tobytes()) | {"proof": link_proof(data, len(proof.move_giver))}
    differences = record.list_differences(plan, written, file=PLAN.name)
    raise_all(DamagedError, list(islice(differences, _MOST_TOLD)))
    return plan, proof
