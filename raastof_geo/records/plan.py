"""`plan.json`: everything to check and repeat a plan, believed only where its proof agrees."""

import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from raastof_geo.errors import DamagedError, raise_all
from raastof_geo.language import say
from raastof_geo.records.proof import PROOF, ProofArrays, read_proof
from raastof_geo.records.record import Record, list_differences, read_values, render_values

PLAN = Record("plan.json", "raastof_geo plan 3", most_bytes=64_000_000)
"""Format 2 had no names of sites and materials, and its proof kept tonnes only."""
_MOST_TOLD = 10


def write_plan(values: Mapping[str, Any], folder: Path, *, moves: int) -> Path:
    """Write `plan.json`, with the name of the proof beside it; `moves` of its columns are moves."""
    proof = folder / PROOF.name
    link = link_proof(proof.read_bytes() if proof.exists() else None, moves)
    path = folder / PLAN.name
    path.write_bytes(render_values({**values, "proof": link}).encode())
    return path


def link_proof(data: bytes | None, moves: int) -> dict[str, Any]:
    """Say in plan.json which proof belongs to it: part `proof`, by the digest of its file."""
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    return {"file": PROOF.name, "sha256": digest, "moves": moves}


def read_plan(path: Path) -> tuple[dict[str, Any], bytes]:
    """Read `plan.json`: values and bytes; `RecordError` if missing or other, or `DamagedError`."""
    lost = say("{file} is missing: give the folder that `raastof run` wrote", file=str(path))
    data = PLAN.read(path, missing=lost)
    return read_copy(data, file=str(path)), data


def read_copy(packed: bytes, *, file: str = PROOF.name) -> dict[str, Any]:
    """Read the copy of plan.json that a proof keeps, refused as `read_plan` refuses plan.json."""
    values = read_values(packed, file=file)
    versions = values.get("versions")
    version = versions.get("raastof_geo") if isinstance(versions, dict) else None
    PLAN.check_format(values.get("format"), file=file, version=version)
    return values


def read_results(folder: Path) -> tuple[dict[str, Any], ProofArrays]:
    """Read a plan and its proof, which have to agree, in a fraction of a second.

    `RecordError` if missing or of another format, `DamagedError` if not what one run wrote.
    """
    plan, _ = read_plan(folder / PLAN.name)
    proof, data = read_proof(folder / PROOF.name)
    written = read_copy(proof.plan.tobytes()) | {"proof": link_proof(data, len(proof.move_giver))}
    differences = list_differences(plan, written, file=PLAN.name)
    raise_all(DamagedError, list(islice(differences, _MOST_TOLD)))
    return plan, proof
