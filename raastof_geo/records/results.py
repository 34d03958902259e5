"""A plan and its proof, read together and believed only where they agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from raastof_geo.errors import DamagedError
from raastof_geo.records.difference import list_differences
from raastof_geo.records.plan import PLAN, link_proof, read_copy, read_plan
from raastof_geo.records.proof import PROOF, Arrays, read_proof

_MOST_TOLD = 10


def read_results(folder: Path) -> tuple[dict[str, Any], Arrays]:
    """Read what a run says of its plan, and what proves it; a fraction of a second.

    Whether the plan stands is not looked at; that is `check_results`.

    Returns
    -------
    plan, proof
        The values of plan.json, and the arrays of proof.npz.

    Raises
    ------
    RecordError
        One of the files is missing, or of another format.
    DamagedError
        One is not what a run writes, or they are not of the same run.
    """
    plan, _ = read_plan(folder / PLAN.name)
    proof, data = read_proof(folder / PROOF.name)
    kept = read_copy(proof["plan"].tobytes())
    written = kept | {"proof": link_proof(data, len(proof["move_giver"]))}
    differences = list(list_differences(plan, written))
    if differences:
        told = [one.tell(file=PLAN.name) for one in differences[:_MOST_TOLD]]
        raise DamagedError(*told)
    return plan, proof
