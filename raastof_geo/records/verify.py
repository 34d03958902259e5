"""Check a plan again from the files that were written, with NumPy and nothing that made it."""

import math
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.errors import RaastofError, RecordError, tell_reason
from raastof_geo.language import Message, format_number, plain, read_texts, say, say_text
from raastof_geo.records import manifest, record
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.flows import FLOWS, compare_table, list_rows, shape_flows
from raastof_geo.records.plan import PLAN, link_proof, read_copy, read_plan
from raastof_geo.records.proof import PROOF, ROW_SIGNS, ProofArrays, find_rows, read_proof
from raastof_geo.records.tally import recount, tell_recounted

_LARGE = 1e6
_TONNES = 1e-3
_ROUNDS = 6
"""Of moving prices by a hair, in search of the highest bound."""
_SHARE = 1e-6
_CORE = (PLAN.name, PROOF.name, FLOWS)
"""Files that are checked value by value; others by their digest."""


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
    goals: bool = False
    """Whether there are goals, which are come as near to as can be before anything else."""
    findings: tuple[Message, ...] = field(default=())
    """What does not agree in plan.json, proof.npz and flows.csv; empty where all does."""
    notes: tuple[Message, ...] = field(default=())
    """Which other files are missing or not as they were written; the plan stands without them."""

    @property
    def holds(self) -> bool:
        """Whether plan, proof and table of flows agree."""
        return not self.findings

    @property
    def untouched(self) -> bool:
        """Whether they agree, and every other file is as it was written too."""
        return not self.findings and not self.notes

    @property
    def gap(self) -> float:
        """The objective above the recomputed bound, as a share of it."""
        return (self.objective - self.lower_bound) / max(abs(self.objective), 1.0)

    def sentence(self) -> Message:
        """Say what was shown."""
        texts = read_texts("verdicts")
        if not self.holds:
            return texts["refuted"]
        if self.goals:
            return texts["goals"].format(proof=replace(self, goals=False).sentence())
        shown = "optimal" if self.gap <= _SHARE else "decided" if self.decisions else "feasible"
        gap = format_number(max(100 * self.gap, 1e-4), digits=4)
        small = self.gap < 1e-6  # next to nothing
        return texts[shown].format(
            bound=format_number(self.lower_bound, digits=1),
            claimed=format_number(self.claimed_bound, digits=1),
            value=format_number(self.objective, digits=1),
            rows=format_number(self.rows),
            columns=format_number(self.columns),
            gap=say("less than {least} %", least=gap) if small else say("{percent} %", percent=gap),
        )


def check_results(folder: Path | str) -> Verdict:
    """Check everything that a run has written into a folder.

    Recomputes feasibility, objective, reduced costs and gap from `proof.npz`; recounts every sum,
    label and total of `plan.json` that follows from it, and compares all other values with the copy
    that the proof keeps; compares every cell of `flows.csv` with `plan.json`, and the digest of
    every file with `manifest.json`. Files that the manifest does not list are left alone.

    `RecordError`: `plan.json` or `proof.npz` is missing or of another format (`DamagedError`: not
    what a run writes), with other files that were changed; `OutputError`: a half exchange that
    cannot be finished here.
    """
    folder = Path(folder)
    finish_exchange(folder)
    try:
        with np.errstate(all="ignore"):
            return _check(folder)
    except RecordError as error:
        raise type(error)(*error.findings, *_list_others(folder, str(error))) from error


def _check(folder: Path) -> Verdict:
    plan, data = read_plan(folder / PLAN.name)
    proof, proof_data = read_proof(folder / PROOF.name)
    kept = read_copy(proof.plan.tobytes())
    listed, notes = _read_manifest(folder)
    changed = dict(_list_changed(folder, listed))
    link = link_proof(proof_data, len(proof.move_giver))
    differences = list(record.list_differences(plan, kept | {"proof": link}, file=PLAN.name))
    verdict = _measure(kept, "certificate", proof)
    table, table_notes = _check_table(folder, kept, listed, changed)
    goals: Iterable[Message] = ()
    if bool(kept.get("goal_certificate")) != bool(proof.goal_cost.any()):
        goals = [say("plan.json and proof.npz do not agree whether there are goals")]
    elif proof.goal_cost.any():  # it is proved again that no plan comes nearer to them
        lacks = ProofArrays(**vars(proof) | {"cost": proof.goal_cost, "price": proof.goal_price})
        nearest = _measure(kept, "goal_certificate", lacks)
        goals = _check_certificate(kept, "goal_certificate", nearest, proof)
    findings = [
        *([changed[PROOF.name]] if PROOF.name in changed else []),
        *differences,
        *_check_rows(proof, _tolerance(kept, "certificate", proof)),
        *_check_certificate(kept, "certificate", verdict, proof),
        *goals,
        *recount(kept, proof),
        *table,
    ]
    if not differences and (PLAN.name in changed if listed else data != _render(plan)):
        notes.append(_written_otherwise(PLAN.name))
    others = [said for name, said in changed.items() if name not in _CORE]
    return replace(verdict, findings=tuple(findings), notes=(*notes, *table_notes, *others))


def _render(plan: Mapping[str, Any]) -> bytes:
    return record.render_values(plan).encode("utf-8", "replace")


def _measure(kept: Mapping[str, Any], of: str, proof: ProofArrays) -> Verdict:
    # Every plan is bounded from below by weak duality.
    sense, price, cost = proof.sense, proof.price, proof.cost
    price = np.where((sense < 0) & (price > 0), 0.0, price)
    price = np.where((sense > 0) & (price < 0), 0.0, price)
    reduced, rows = _reduced(proof, price), find_rows(proof)
    lowest, most = np.zeros(len(proof.limit)), np.where(proof.whole, 1.0, np.inf)
    np.minimum.at(lowest, rows, proof.coefficient)
    usable = ((sense <= 0) & (lowest >= 0))[rows] & (proof.coefficient > 0)
    limits = np.maximum(0.0, proof.limit[rows[usable]]) / proof.coefficient[usable]
    np.minimum.at(most, proof.column[usable], limits)
    # All prices shrunk by the hair that lifts reduced costs of what costs something to zero.
    below = (reduced < 0) & (cost > 0)
    hair = float((-reduced[below] / (cost[below] - reduced[below])).max(initial=0.0))
    candidates = [np.asarray(price * (1.0 - hair)), price]
    for _ in range(_ROUNDS):
        candidates.append(_lowered(proof, candidates[-1]))
    bounds = []
    for one in candidates:
        left = _reduced(proof, one)
        cheap = np.flatnonzero(left < 0)
        bounds.append(float(one @ proof.limit))
        if len(cheap):
            bounds[-1] += float(left[cheap] @ most[cheap])
    claimed = record.values_at(kept, of).get("lower_bound")
    return Verdict(
        objective=float(proof.cost @ proof.value),
        lower_bound=max(bounds),
        claimed_bound=-np.inf if claimed is None else record.number_in(claimed),
        largest_violation=_violation(proof)[0],
        smallest_reduced_cost=float(reduced.min(initial=0.0)),
        rows=len(proof.limit),
        columns=len(proof.cost),
        decisions=int(proof.whole.sum()),
        goals=bool(proof.goal_cost.any()),
    )


def _read_manifest(folder: Path) -> tuple[manifest.Manifest | None, list[Message]]:
    """Read what was written, or say why that cannot be told."""
    name = manifest.MANIFEST.name
    try:
        listed = manifest.read_manifest(folder)
    except (ValueError, OSError, OverflowError, MemoryError):
        return None, [say_text("verdicts", "damaged manifest", file=name)]
    if listed is None:
        return None, [say_text("verdicts", "no manifest", file=name)]
    manifest.MANIFEST.check_format(listed.format, file=name, version=listed.version)
    data = (folder / name).read_bytes()
    same = data == _render(record.read_values(data, file=name))
    return listed, [] if same else [_written_otherwise(name)]


def _list_changed(folder: Path, listed: manifest.Manifest | None) -> Iterator[tuple[str, Message]]:
    for name, entry in (listed.files if listed else {}).items():
        if (found := _look_at(folder, name, entry)) is not None:
            yield name, found


def _list_others(folder: Path, told: str) -> list[Message]:
    """Name the files that differ besides those that were told already."""
    try:
        listed, _ = _read_manifest(folder)
    except RecordError:
        return []
    return [said for name, said in _list_changed(folder, listed) if name not in told]


def _look_at(folder: Path, name: str, entry: manifest.WrittenFile) -> Message | None:
    path, file = folder / name, plain(name)
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return say("{file} is no longer a file", file=file)
        same = status.st_size == entry.size_bytes
        same = same and manifest.describe_file(path).sha256 == entry.sha256
    except (FileNotFoundError, NotADirectoryError):
        return say("{file} is missing", file=file)
    except (OSError, ValueError) as error:
        return say("{file} cannot be read: {reason}", file=file, reason=tell_reason(error))
    return None if same else say("{file} was changed after it was written", file=file)


def _check_table(
    folder: Path,
    kept: Mapping[str, Any],
    listed: manifest.Manifest | None,
    changed: Mapping[str, Message],
) -> tuple[list[Message], list[Message]]:
    """Compare flows.csv with plan.json, where a run wrote it: what differs, and what is noted."""
    path, language = folder / FLOWS, record.values_at(kept, "scenario", "said").get("language")
    told = record.entries_at(kept, "flows"), record.values_at(kept, "names")
    form = shape_flows(language)
    whole = form.render(list_rows(*told, form))
    if listed is not None and FLOWS not in listed.files:
        return [], []
    try:
        data = record.read_within(path, most_bytes=4 * len(whole) + 1_000_000)
    except FileNotFoundError:
        return ([changed[FLOWS]] if FLOWS in changed else []), []
    except RaastofError as error:
        return [finding.message for finding in error.findings], []
    as_written = listed is not None and FLOWS not in changed
    form = shape_flows(language, data)
    found = list(compare_table(data, form, list_rows(*told, form), heads=not as_written))
    return found, [] if found or (data == whole or as_written) else [_written_otherwise(FLOWS)]


def _written_otherwise(name: str) -> Message:
    return say_text("verdicts", "written otherwise", file=name)


def _violation(proof: ProofArrays) -> tuple[float, int]:
    """Find the farthest that a row is broken, and which; a large limit counts in millions. [t]"""
    terms, sense = proof.coefficient * proof.value[proof.column], proof.sense
    over = np.bincount(find_rows(proof), terms, minlength=len(proof.limit)) - proof.limit
    broken = np.where(sense < 0, over, np.where(sense > 0, -over, np.abs(over)))
    broken = broken / np.maximum(1.0, np.abs(proof.limit) / _LARGE)
    worst = int(np.argmax(broken)) if len(broken) else -1
    decided = proof.value[proof.whole]
    halves = np.abs(decided - np.round(decided))
    return float(max(one.max(initial=0.0) for one in (broken, -proof.value, halves))), worst


def _tolerance(kept: Mapping[str, Any], of: str, proof: ProofArrays) -> float:
    """Give how far a row may be broken: a kilogram, less where nobody asks for 1,000 tonnes. [t]

    Until 2026 that was so where nobody asked for one tonne, and folders of then say a kilogram.
    """
    limit = proof.limit
    most = float(limit[(proof.sense >= 0) & (limit > 0)].max(initial=0.0))
    older = most >= 1.0 and record.values_at(kept, of).get("tolerance_t") == _TONNES
    if not 0.0 < most < 1e3 or older:
        return _TONNES
    return _TONNES / 10.0 ** math.ceil(math.log10(1e3 / most))


def _reduced(proof: ProofArrays, price: Floats) -> Floats:
    worth = proof.coefficient * price[find_rows(proof)]
    return np.asarray(proof.cost - np.bincount(proof.column, worth, minlength=len(proof.cost)))


def _lowered(proof: ProofArrays, price: Floats) -> Floats:
    """Lower one price for each column whose reduced cost is a hair below zero."""
    rows, columns, reduced = find_rows(proof), proof.column, _reduced(proof, price)
    usable = (reduced[columns] < 0) & (proof.coefficient > 0) & (proof.sense[rows] <= 0)
    entries = np.flatnonzero(usable)
    _, first = np.unique(columns[entries], return_index=True)
    chosen = entries[first]
    step = np.zeros(len(price))
    np.maximum.at(step, rows[chosen], -reduced[columns[chosen]] / proof.coefficient[chosen])
    return np.asarray(price - step)


def _check_rows(proof: ProofArrays, tolerance: float) -> Iterator[Message]:
    worst, where = _violation(proof)
    if not worst <= tolerance:
        name = str(proof.row_name[where]) if where >= 0 else ""
        sense = ROW_SIGNS.get(int(proof.sense[where]), "") if where >= 0 else ""
        limit = f"{float(proof.limit[where]):g}" if where >= 0 else ""
        told = say("a rule is broken by {violation}: {rule} ({sense} {limit})", rule=name)
        yield told.format(violation=f"{worst:.3g}", sense=sense, limit=limit)


def _check_certificate(
    plan: Mapping[str, Any], of: str, verdict: Verdict, proof: ProofArrays
) -> Iterator[Message]:
    claimed, tolerance = record.values_at(plan, of), _tolerance(plan, of, proof)
    for name, value, room in _expect(claimed, verdict, tolerance):
        if not abs(record.number_in(claimed.get(name)) - value) <= room:
            yield tell_recounted(f"{of}.{name}", claimed.get(name), value)
    linear, lower = claimed.get("linear_bound"), verdict.lower_bound
    if linear is not None and not record.number_in(linear) <= lower + _room(lower):
        yield tell_recounted(f"{of}.linear_bound", linear, lower)
    bound, most = verdict.claimed_bound, verdict.objective
    if not verdict.decisions:
        most = min(most, lower)
    if claimed.get("lower_bound") is not None and not bound <= most + _room(most):
        yield say("the lower bound in plan.json cannot be proved from proof.npz")
    holds = record.number_in(claimed.get("largest_violation")) <= tolerance
    holds = holds and _claimed_gap(claimed) <= _SHARE
    if claimed.get("holds") is not holds:
        yield tell_recounted(f"{of}.holds", claimed.get("holds"), holds)


def _expect(
    claimed: Mapping[str, Any], verdict: Verdict, tolerance: float
) -> Iterator[tuple[str, float, float]]:
    """Give what the certificate should say, and how far it may be from that."""
    yield "objective", verdict.objective, _room(verdict.objective)
    yield "largest_violation", verdict.largest_violation, _TONNES
    yield "priced_columns", float(verdict.columns), 0.0
    if not verdict.decisions:
        smallest = verdict.smallest_reduced_cost
        yield "smallest_reduced_cost", smallest, 1e-6 + _SHARE * abs(verdict.objective)
    if claimed.get("lower_bound") is not None:
        gap = _claimed_gap(claimed)
        yield "gap", gap, 1e-12 + 1e-9 * abs(gap)
    if "tolerance_t" in claimed:
        yield "tolerance_t", tolerance, 1e-9 * tolerance


def _claimed_gap(claimed: Mapping[str, Any]) -> float:
    objective = record.number_in(claimed.get("objective"))
    return (objective - record.number_in(claimed.get("lower_bound"))) / max(abs(objective), 1.0)


def _room(value: float) -> float:
    return max(_TONNES, _SHARE * abs(value))
