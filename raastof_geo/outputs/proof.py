"""Write the programme of a plan, so that anybody can check it with NumPy alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from raastof_geo.result import Result

FORMAT = "raastof_geo proof 1"
FIGURES = ("kg_co2e_wtw", "dkk")
"""Sums of a flow that are checked against `flows` in plan.json."""


def write_proof(result: Result, folder: Path) -> Path:
    """Write `proof.npz`: matrix, limits, costs, the plan, and the shadow prices that prove it.

    - `row_start`, `column`, `coefficient`: the rows of the programme, one after the other;
      `sense` (-1 at most, 0 equal, 1 at least) and `limit` of each; `row_name`.
    - `cost`: of the first objective, for a unit of each column; `whole`: columns that are 0 or 1.
    - `value`: the plan; `price`: shadow prices that bound every plan from below.
    - `flow_column`: the column of each flow, in the order of `flows` in plan.json.
    """
    path = folder / "proof.npz"
    proof, problem = result.plan.proof, result.plan.problem
    rows = proof.programme.matrix.tocsr()
    np.savez_compressed(
        path,
        allow_pickle=False,
        format=np.array(FORMAT),
        row_start=rows.indptr.astype(np.int64),
        column=rows.indices.astype(np.int32),
        coefficient=rows.data,
        sense=proof.programme.sense,
        limit=proof.programme.limit,
        row_name=np.array([f"{rule}: {label}" for rule, label in proof.rows]),
        cost=proof.cost,
        whole=proof.programme.whole,
        value=proof.values,
        price=proof.shadow_prices,
        flow_column=_flow_columns(result),
        **_other_columns(problem),
    )
    return path


def _flow_columns(result: Result) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Find the column of each flow by its labels."""
    problem, flows = result.plan.problem, result.plan.flows
    used = np.flatnonzero(result.plan.proof.values[problem.block("moves")] > 0)
    keys = ("giver", "taker", "vehicle", "period")
    labels = zip(*(problem.labels(key, used).tolist() for key in keys), strict=True)
    number = dict(zip(labels, used.tolist(), strict=True))
    wanted = zip(*(flows[key].tolist() for key in keys), strict=True)
    return np.array([number[key] for key in wanted], dtype=np.int64)


def _other_columns(problem: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Say where each kind of columns begins."""
    return {
        "block_name": np.array(list(problem.starts)),
        "block_start": np.array(list(problem.starts.values()), dtype=np.int64),
    }
