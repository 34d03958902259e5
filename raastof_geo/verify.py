"""Check a plan again from the files that were written, with NumPy alone.

Nothing of the programme that made the plan is used here: no scenario, no PuLP, no solver.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raastof_geo.errors import InputError
from raastof_geo.language import Message, format_number, say

_PROOF = "raastof_geo proof 1"
_TONNES = 1e-3
_SHARE = 1e-6
_SENSES = {-1: "<=", 0: "=", 1: ">="}


@dataclass(frozen=True)
class Verdict:
    """What a check of written results found."""

    objective: float
    """Recomputed from costs and tonnes."""
    lower_bound: float
    """No plan that keeps the rows of the programme is below this; recomputed from shadow prices."""
    claimed_bound: float
    """The bound that the plan claims; with either-or decisions it is the solver's own."""
    largest_violation: float
    """The farthest that a row is broken. [t]"""
    smallest_reduced_cost: float
    rows: int
    columns: int
    decisions: int
    """Columns that are 0 or 1."""
    findings: tuple[Message, ...] = field(default=())
    """What does not agree; empty where all does."""

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return not self.findings

    @property
    def gap(self) -> float:
        """The objective above the recomputed bound, as a share of it."""
        return (self.objective - self.lower_bound) / max(abs(self.objective), 1.0)

    def sentence(self) -> Message:
        """Say what was shown."""
        if not self.holds:
            return say("the results do not stand the check")
        told = {
            "bound": format_number(self.lower_bound, digits=1),
            "value": format_number(self.objective, digits=1),
            "rows": format_number(self.rows),
            "columns": format_number(self.columns),
            "gap": f"{max(0.0, self.gap):.1e}",
        }
        if self.gap <= _SHARE:
            return say(
                "no plan under these assumptions has less than {bound}: the plan has {value}, "
                "keeps all {rows} rules, and none of the {columns} possible columns would improve "
                "it (gap {gap})",
                **told,
            )
        if self.decisions:
            return say(
                "the plan has {value} and keeps all {rows} rules; shadow prices over all {columns} "
                "columns prove that no plan has less than {bound} (gap {gap}); that the either-or "
                "decisions leave no less than {claimed} is the solver's word",
                **told,
                claimed=format_number(self.claimed_bound, digits=1),
            )
        return say(
            "the plan has {value} and keeps all {rows} rules, but it may not be the best: no plan "
            "has less than {bound} (gap {gap})",
            **told,
        )


def check_results(folder: Path | str) -> Verdict:
    """Recompute feasibility, objective, reduced costs and gap from the written files.

    Reads `plan.json` and `proof.npz`, and `flows.csv` where it is there.

    Raises
    ------
    InputError
        Files are missing, or are not what `raastof run` writes.
    """
    folder = Path(folder)
    plan = _read_plan(folder / "plan.json")
    proof = _read_proof(folder / "proof.npz")
    objective = float(proof["cost"] @ proof["value"])
    bound, smallest = _bound(proof)
    worst, where = _violation(proof)
    certificate = plan["certificate"]
    verdict = Verdict(
        objective=objective,
        lower_bound=bound,
        claimed_bound=float(
            certificate["lower_bound"] if certificate["lower_bound"] is not None else -np.inf
        ),
        largest_violation=worst,
        smallest_reduced_cost=smallest,
        rows=len(proof["limit"]),
        columns=len(proof["cost"]),
        decisions=int(proof["whole"].sum()),
    )
    findings = [
        *_check_digest(plan, folder / "proof.npz"),
        *_check_rows(proof, worst, where),
        *_check_certificate(plan, verdict),
        *_check_flows(plan, proof),
        *_check_table(plan, folder / "flows.csv"),
    ]
    return Verdict(**{**verdict.__dict__, "findings": tuple(findings)})


# --- reading ------------------------------------------------------------------------------------


def _read_plan(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            say("{file} is missing: give the folder that `raastof run` wrote", file=str(path))
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(
            say("{file} cannot be read: {reason}", file=str(path), reason=str(error))
        ) from error
    wanted = {"certificate", "flows", "objectives", "proof"}
    if not isinstance(plan, dict) or not wanted <= plan.keys():
        raise InputError(
            say("{file} was not written by this version of `raastof run`", file=str(path))
        )
    return plan


def _read_proof(path: Path) -> dict[str, NDArray[Any]]:
    names = (
        "row_start",
        "column",
        "coefficient",
        "sense",
        "limit",
        "row_name",
        "cost",
        "whole",
        "value",
        "price",
        "flow_column",
    )
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != _PROOF:
                raise KeyError("format")
            proof = {name: file[name] for name in names}
    except FileNotFoundError as error:
        raise InputError(
            say(
                "{file} is missing: run the scenario again with `proof` among its `outputs`",
                file=str(path),
            )
        ) from error
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            say("{file} is damaged, or not a proof: {reason}", file=str(path), reason=str(error))
        ) from error
    _check_shapes(path, proof)
    return proof


def _check_shapes(path: Path, proof: dict[str, NDArray[Any]]) -> None:
    rows, columns = len(proof["limit"]), len(proof["cost"])
    entries = len(proof["coefficient"])
    fits = (
        len(proof["row_start"]) == rows + 1
        and len(proof["sense"]) == len(proof["price"]) == len(proof["row_name"]) == rows
        and len(proof["value"]) == len(proof["whole"]) == columns
        and len(proof["column"]) == entries
        and (not rows or int(proof["row_start"][-1]) == entries)
        and bool((np.diff(proof["row_start"]) >= 0).all())
        and (not entries or (proof["column"].min() >= 0 and proof["column"].max() < columns))
        and all(
            bool(np.isfinite(proof[name]).all())
            for name in ("coefficient", "limit", "cost", "value", "price")
        )
    )
    if not fits:
        raise InputError(
            say(
                "{file} is damaged, or not a proof: {reason}",
                file=str(path),
                reason=say("its parts do not fit together"),
            )
        )


# --- computing ----------------------------------------------------------------------------------


def _row_of_entry(proof: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(proof["limit"])), np.diff(proof["row_start"]))


def _violation(proof: dict[str, NDArray[Any]]) -> tuple[float, int]:
    """Find the farthest that a row is broken, and which. [t]"""
    terms = proof["coefficient"] * proof["value"][proof["column"]]
    used = np.bincount(_row_of_entry(proof), terms, minlength=len(proof["limit"]))
    over = used - proof["limit"]
    sense = proof["sense"]
    broken = np.where(sense < 0, over, np.where(sense > 0, -over, np.abs(over)))
    worst = int(np.argmax(broken)) if len(broken) else -1
    decided = proof["value"][proof["whole"]]
    return (
        max(
            float(broken.max(initial=0.0)),
            float(-proof["value"].min(initial=0.0)),
            float(np.abs(decided - np.round(decided)).max(initial=0.0)),
        ),
        worst,
    )


def _bound(proof: dict[str, NDArray[Any]]) -> tuple[float, float]:
    """Bound every plan from below by weak duality, and give the smallest reduced cost."""
    sense, price = proof["sense"], proof["price"]
    price = np.where((sense < 0) & (price > 0), 0.0, price)
    price = np.where((sense > 0) & (price < 0), 0.0, price)
    reduced = _reduced(proof, price)
    candidates = (price, _lowered(proof, price, reduced), _scaled(proof, price, reduced))
    bounds = [_bound_of(proof, candidate) for candidate in candidates]
    return max(bounds), float(reduced.min(initial=0.0))


def _bound_of(proof: dict[str, NDArray[Any]], price: NDArray[np.float64]) -> float:
    reduced = _reduced(proof, price)
    below = np.flatnonzero(reduced < 0)
    bound = float(price @ proof["limit"])
    if len(below):
        bound += float(reduced[below] @ _most(proof)[below])
    return bound


def _scaled(
    proof: dict[str, NDArray[Any]], price: NDArray[np.float64], reduced: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shrink all prices by the hair that lifts reduced costs of what costs something to zero."""
    cost = proof["cost"]
    below = (reduced < 0) & (cost > 0)
    hair = float((-reduced[below] / (cost[below] - reduced[below])).max(initial=0.0))
    return np.asarray(price * (1.0 - hair))


def _reduced(proof: dict[str, NDArray[Any]], price: NDArray[np.float64]) -> NDArray[np.float64]:
    worth = proof["coefficient"] * price[_row_of_entry(proof)]
    count = len(proof["cost"])
    return np.asarray(proof["cost"] - np.bincount(proof["column"], worth, minlength=count))


def _most(proof: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Find what the rows never let a column exceed."""
    rows = _row_of_entry(proof)
    lowest = np.zeros(len(proof["limit"]))
    np.minimum.at(lowest, rows, proof["coefficient"])
    bounding = (proof["sense"] <= 0) & (lowest >= 0)
    usable = bounding[rows] & (proof["coefficient"] > 0)
    most = np.where(proof["whole"], 1.0, np.inf)
    limits = np.maximum(0.0, proof["limit"][rows[usable]]) / proof["coefficient"][usable]
    np.minimum.at(most, proof["column"][usable], limits)
    return np.asarray(most)


def _lowered(
    proof: dict[str, NDArray[Any]], price: NDArray[np.float64], reduced: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Lower one price for each column whose reduced cost is a hair below zero."""
    rows, columns = _row_of_entry(proof), proof["column"]
    usable = (reduced[columns] < 0) & (proof["coefficient"] > 0) & (proof["sense"][rows] <= 0)
    entries = np.flatnonzero(usable)
    _, first = np.unique(columns[entries], return_index=True)
    chosen = entries[first]
    step = np.zeros(len(price))
    np.maximum.at(step, rows[chosen], -reduced[columns[chosen]] / proof["coefficient"][chosen])
    return np.asarray(price - step)


# --- comparing ----------------------------------------------------------------------------------


def _check_digest(plan: dict[str, Any], path: Path) -> Iterator[Message]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if plan["proof"].get("sha256") != digest:
        yield say("proof.npz is not the file that plan.json speaks of (SHA-256 differs)")


def _check_rows(proof: dict[str, NDArray[Any]], worst: float, where: int) -> Iterator[Message]:
    if worst > _TONNES:
        name = str(proof["row_name"][where]) if where >= 0 else ""
        sense = _SENSES.get(int(proof["sense"][where]), "") if where >= 0 else ""
        yield say(
            "a rule is broken by {violation}: {rule} ({sense} {limit})",
            violation=f"{worst:.3g}",
            rule=name,
            sense=sense,
            limit=f"{float(proof['limit'][where]):g}" if where >= 0 else "",
        )


def _check_certificate(plan: dict[str, Any], verdict: Verdict) -> Iterator[Message]:
    claimed = plan["certificate"]
    first = next(iter(plan["objectives"].values()), None)
    for name, value in (("certificate.objective", claimed["objective"]), ("objectives", first)):
        if value is None or not _equal(float(value), verdict.objective):
            yield say(
                "plan.json says {claimed} for {name}, recomputed it is {found}",
                claimed=value,
                name=name,
                found=f"{verdict.objective:.6f}",
            )
    linear = claimed["linear_bound"]
    if linear is not None and float(linear) > verdict.lower_bound + _room(verdict.lower_bound):
        yield say(
            "plan.json says {claimed} for {name}, recomputed it is {found}",
            claimed=linear,
            name="certificate.linear_bound",
            found=f"{verdict.lower_bound:.6f}",
        )
    bound = claimed["lower_bound"]
    beyond = bound is not None and float(bound) > verdict.objective + _room(verdict.objective)
    unproved = (
        bound is not None
        and not verdict.decisions
        and float(bound) > verdict.lower_bound + _room(verdict.lower_bound)
    )
    if beyond or unproved:
        yield say("the lower bound in plan.json cannot be proved from proof.npz")


def _check_flows(plan: dict[str, Any], proof: dict[str, NDArray[Any]]) -> Iterator[Message]:
    """Compare the tonnes of flows in plan.json with the plan of the proof."""
    flows = plan["flows"]
    columns = proof["flow_column"]
    if len(flows) != len(columns):
        yield say(
            "plan.json has {flows} flows, proof.npz has {columns}",
            flows=len(flows),
            columns=len(columns),
        )
        return
    tonnes = proof["value"][columns]
    for flow, expected in zip(flows, tonnes.tolist(), strict=True):
        if abs(float(flow["tonnes"]) - expected) > _TONNES:
            yield say(
                "{file}: {giver} sends {tonnes} t to {taker}, the proof has {expected} t",
                file="plan.json",
                giver=flow["giver"],
                taker=flow["taker"],
                tonnes=flow["tonnes"],
                expected=f"{expected:g}",
            )
    moved = proof["value"].copy()
    moved[columns] = 0.0
    kinds = _end_of_moves(plan)
    if moved[:kinds].any():
        yield say("proof.npz moves tonnes that plan.json does not show")


def _end_of_moves(plan: dict[str, Any]) -> int:
    return int(plan["proof"].get("moves", 0))


def _check_table(plan: dict[str, Any], path: Path) -> Iterator[Message]:
    """Compare flows.csv, where it is there, with plan.json."""
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if len(rows) != len(plan["flows"]):
        yield say(
            "plan.json has {flows} flows, flows.csv has {rows}",
            flows=len(plan["flows"]),
            rows=len(rows),
        )
        return
    for row, flow in zip(rows, plan["flows"], strict=True):
        for name in ("tonnes", "kg_co2e_wtw", "dkk"):
            if not _equal(_number(row.get(name)), float(flow[name])):
                yield say(
                    "flows.csv: {giver} to {taker} has {name} {found}, plan.json has {expected}",
                    giver=flow["giver"],
                    taker=flow["taker"],
                    name=name,
                    found=row.get(name),
                    expected=flow[name],
                )


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= _room(other)


def _room(value: float) -> float:
    return max(_TONNES, _SHARE * abs(value))
