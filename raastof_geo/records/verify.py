"""Check a plan again from the files that were written, with NumPy and nothing that made it."""

import json
import math
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias
import numpy as np
from raastof_geo.arrays import Floats
from raastof_geo.errors import RaastofError, RecordError, tell_reason
from raastof_geo.language import Message, encode, format_number, plain, read_data, say, say_text
from raastof_geo.records import exchange, record
from raastof_geo.records import proof as stored
from raastof_geo.records.flows import FLOWS, compare_table, list_rows, shape_flows
from raastof_geo.records.proof import PLAN, PROOF, ROW_SIGNS, ProofArrays, find_rows, read_proof
from raastof_geo.records.record import entries_at, number_in, refuse_part, show_value, values_at

_Values: TypeAlias = Mapping[str, Any]
_Table: TypeAlias = dict[str, list[Any]]

_LARGE = 1e6
_TONNES = 1e-3
_ROUNDS = 6
"""Of moving prices by a hair, in search of the highest bound."""
_SHARE = 1e-6
_CORE = (PLAN.name, PROOF.name, FLOWS)
"""Files that are checked value by value; others by their digest."""
_DIGITS, _SUM_SHARE = 1e-6, 1e-8
_SUMS = read_data("recount.toml")
"""What is added up again; the file says of each part what it is."""


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
        tell = partial(say_text, "verdicts")
        if not self.holds:
            return tell("refuted")
        if self.goals:
            return tell("goals", proof=replace(self, goals=False).sentence())
        shown = "optimal" if self.gap <= _SHARE else "decided" if self.decisions else "feasible"
        share = format_number(max(100 * self.gap, 1e-4), digits=4)
        gap = say("less than {least} %") if self.gap < 1e-6 else say("{percent} %")
        told = {"bound": self.lower_bound, "claimed": self.claimed_bound, "value": self.objective}
        numbers = {name: format_number(one, digits=1) for name, one in told.items()}
        rows, columns = map(format_number, (self.rows, self.columns))
        gap = gap.format(least=share, percent=share)
        return tell(shown, gap=gap, rows=rows, columns=columns, **numbers)


def check_results(folder: Path | str) -> Verdict:
    """Check everything that a run has written into a folder. Returns what was found.

    Recomputes feasibility, objective, reduced costs and gap from `proof.npz`; recounts every sum,
    label and total of `plan.json` that follows from it, and compares all other values with the copy
    that the proof keeps; compares every cell of `flows.csv` with `plan.json`, and the digest of
    every file with `manifest.json`. Files that the manifest does not list are left alone.

    `RecordError`: `plan.json` or `proof.npz` is missing or of another format (`DamagedError`: not
    what a run writes), with other files that were changed; `OutputError`: a half exchange that
    cannot be finished here.
    """
    folder = Path(folder)
    exchange.finish_exchange(folder)
    try:
        with np.errstate(all="ignore"):
            return _check(folder)
    except RecordError as error:
        raise type(error)(*error.findings, *_list_others(folder, str(error))) from error


def _check(folder: Path) -> Verdict:
    plan, data = stored.read_plan(folder / PLAN.name)
    proof, proof_data = read_proof(folder / PROOF.name)
    kept = stored.read_copy(proof.plan.tobytes())
    listed, notes = _read_manifest(folder)
    changed = dict(_list_changed(folder, listed))
    link = stored.link_proof(proof_data, len(proof.move_giver))
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


def _render(plan: _Values) -> bytes:
    return encode(record.render_values(plan))


def _measure(kept: _Values, of: str, proof: ProofArrays) -> Verdict:
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
        cheap = left < 0
        bounds.append(float(one @ proof.limit) + float(left[cheap] @ most[cheap]))
    claimed = values_at(kept, of).get("lower_bound")
    return Verdict(
        objective=float(proof.cost @ proof.value), lower_bound=max(bounds),
        claimed_bound=-np.inf if claimed is None else number_in(claimed),
        largest_violation=_violation(proof)[0],
        smallest_reduced_cost=float(reduced.min(initial=0.0)), rows=len(proof.limit),
        columns=len(proof.cost), decisions=int(proof.whole.sum()),
        goals=bool(proof.goal_cost.any()),
    )  # fmt: skip


def _read_manifest(folder: Path) -> tuple[exchange.Manifest | None, list[Message]]:
    """Read what was written, or say why that cannot be told."""
    name = exchange.MANIFEST.name
    try:
        listed = exchange.read_manifest(folder)
    except (ValueError, OSError, OverflowError, MemoryError):
        return None, [say_text("verdicts", "damaged manifest", file=name)]
    if listed is None:
        return None, [say_text("verdicts", "no manifest", file=name)]
    exchange.MANIFEST.check_format(listed.format, file=name, version=listed.version)
    data = (folder / name).read_bytes()
    same = data == _render(record.read_values(data, file=name))
    return listed, [] if same else [_written_otherwise(name)]


def _list_changed(folder: Path, listed: exchange.Manifest | None) -> Iterator[tuple[str, Message]]:
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


def _look_at(folder: Path, name: str, entry: exchange.WrittenFile) -> Message | None:
    path, file = folder / name, plain(name)
    try:
        if not stat.S_ISREG((status := path.lstat()).st_mode):
            return say("{file} is no longer a file", file=file)
        same = status.st_size == entry.size_bytes
        same = same and exchange.describe_file(path).sha256 == entry.sha256
    except (FileNotFoundError, NotADirectoryError):
        return say("{file} is missing", file=file)
    except (OSError, ValueError) as error:
        return say("{file} cannot be read: {reason}", file=file, reason=tell_reason(error))
    return None if same else say("{file} was changed after it was written", file=file)


def _check_table(
    folder: Path, kept: _Values, listed: exchange.Manifest | None, changed: Mapping[str, Message]
) -> tuple[list[Message], list[Message]]:
    """Compare flows.csv with plan.json, where a run wrote it: what differs, and what is noted."""
    path, language = folder / FLOWS, values_at(kept, "scenario", "said").get("language")
    told = entries_at(kept, "flows"), values_at(kept, "names")
    form = shape_flows(language)
    whole = form.render(list_rows(*told, form))
    if listed is not None and FLOWS not in listed.files:
        return [], []
    try:
        data = record.read_within(path, most_bytes=4 * len(whole) + 1_000_000)
    except FileNotFoundError:
        return ([changed[FLOWS]] if FLOWS in changed else []), []
    except RaastofError as error:
        return [*map(attrgetter("message"), error.findings)], []
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


def _tolerance(kept: _Values, of: str, proof: ProofArrays) -> float:
    """Give how far a row may be broken: a kilogram, less where nobody asks for 1,000 tonnes. [t]

    Until 2026 that was so where nobody asked for one tonne, and folders of then say a kilogram.
    """
    limit = proof.limit
    most = float(limit[(proof.sense >= 0) & (limit > 0)].max(initial=0.0))
    older = most >= 1.0 and values_at(kept, of).get("tolerance_t") == _TONNES
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
    plan: _Values, of: str, verdict: Verdict, proof: ProofArrays
) -> Iterator[Message]:
    claimed, tolerance = values_at(plan, of), _tolerance(plan, of, proof)
    for name, value, room in _expect(claimed, verdict, tolerance):
        if not abs(number_in(claimed.get(name)) - value) <= room:
            yield tell_recounted(f"{of}.{name}", claimed.get(name), value)
    linear, lower = claimed.get("linear_bound"), verdict.lower_bound
    if linear is not None and not number_in(linear) <= lower + _room(lower):
        yield tell_recounted(f"{of}.linear_bound", linear, lower)
    bound, most = verdict.claimed_bound, verdict.objective
    if not verdict.decisions:
        most = min(most, lower)
    if claimed.get("lower_bound") is not None and not bound <= most + _room(most):
        yield say("the lower bound in plan.json cannot be proved from proof.npz")
    holds = number_in(claimed.get("largest_violation")) <= tolerance
    holds = holds and _claimed_gap(claimed) <= _SHARE
    if claimed.get("holds") is not holds:
        yield tell_recounted(f"{of}.holds", claimed.get("holds"), holds)


def _expect(
    claimed: _Values, verdict: Verdict, tolerance: float
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


def _claimed_gap(claimed: _Values) -> float:
    objective = number_in(claimed.get("objective"))
    return (objective - number_in(claimed.get("lower_bound"))) / max(abs(objective), 1.0)


def _room(value: float) -> float:
    return max(_TONNES, _SHARE * abs(value))


def recount(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Name all in plan.json that does not follow from the proof or itself; or `DamagedError`."""
    for count in (
        *(_count_used, _count_parties, _count_flows, _count_rates),
        *(_count_others, _count_sums, _count_totals, _count_baseline),
        *(_count_saved, _count_rows, _count_names),
    ):
        yield from count(plan, proof)


def _count_used(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that the columns in use are those with a value, and that each has its place."""
    used, moves = proof.used_column, len(proof.move_giver)
    fits = (
        np.array_equal(used, np.flatnonzero(proof.value))
        and np.array_equal(np.sort(proof.flow_column), used[used < moves])
        and np.array_equal(proof.other_column, used[used >= moves])
    )
    if not fits:
        yield say("proof.npz moves tonnes that plan.json does not show")


def _count_parties(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that the row of an offer, a need or a capture is about its own moves, and no others."""
    sites, goods = proof.giver_site.tolist(), proof.giver_material.tolist()
    surplus = np.array([f"{site}/{one}" for site, one in zip(sites, goods, strict=True)])
    parties = {
        "captured": (surplus, proof.move_giver),
        "offers_kept": (proof.giver, proof.move_giver),
        "needs_met": (proof.taker, proof.move_taker),
    }
    starts = proof.row_start
    for row, name in enumerate(proof.row_name.tolist()):
        rule, _, label = name.partition(": ")
        if rule not in parties:
            continue
        inside = proof.column[starts[row] : starts[row + 1]]
        labels, numbers = parties[rule]
        if rule == "captured" and label in proof.giver:  # of one offer, not of a whole site
            labels = proof.giver
        if others := {*labels[numbers[inside[inside < len(numbers)]]].tolist()} - {label}:
            told = say("proof.npz: the rule {rule} speaks of {others}", rule=name)
            yield told.format(others=", ".join(sorted(others)[:3]))


def _count_flows(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check who sends what to whom, by the labels of the columns, and what that adds up to."""
    flows, at = entries_at(plan, "flows"), proof.flow_column
    if len(flows) != len(at):
        yield say_text("recounted", "other flows", flows=len(flows), columns=len(at))
        return
    right = {
        name: getattr(proof, of)[getattr(proof, which)[at]]
        for which, labels in _SUMS["of_moves"].items()
        for name, of in labels.items()
    }
    right["tonnes"] = proof.value[at]
    used, measures = np.searchsorted(proof.used_column, at), proof.measure.tolist()
    if (used < len(proof.used_column)).all():
        right |= {
            name: right["tonnes"] * proof.measure_rate[measures.index(measure)][used]
            for name, measure in _SUMS["of_flows"].items()
            if measure in measures
        }
    yield from _compare_rows(plan, "flows", {name: one.tolist() for name, one in right.items()})


def _count_rates(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check loads, and sums as tonnes times what a tonne has, of the plan and its baseline."""
    pooled = values_at(plan, "scenario", "said", "baseline").get("return_loads")
    plain = _SUMS["per_t"] if pooled else _SUMS["per_t"] | _SUMS["per_t_alone"]
    for name, products in (("flows", _SUMS["per_t"]), ("baseline_flows", plain)):
        rows = _table(plan, name, ["tonnes", "load_t", "work_h", "loads", *products.values()])
        tonnes = list(map(number_in, rows["tonnes"]))
        each = zip(tonnes, rows["load_t"], rows["work_h"], rows["loads"], strict=True)
        for row, (moved, *entry) in enumerate(each):
            load, hours, loads = map(number_in, entry)
            trips = moved / load if hours > 0 and load > 0 else 0.0
            if not -_DIGITS * max(1.0, trips) < loads - trips < 1 + _DIGITS * max(1.0, trips):
                yield tell_recounted(f"{name}[{row}].loads", entry[2], float(np.ceil(trips)))
        for product, rate in products.items():
            rates = map(number_in, rows[rate])
            right = [one * other for one, other in zip(tonnes, rates, strict=True)]
            yield from _compare_rows(plan, name, {product: right}, size=[1e4 * t for t in tonnes])


def _count_others(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that recipes, stores, empty trips and what is opened are the other columns in use."""
    for kind, (name, amount, *keys) in _SUMS["others"].items():
        mine = list(_read_others(proof, kind))
        right: _Table = {
            key: [label[place] if place < len(label) else None for label, _ in mine]
            for place, key in enumerate(keys)
        }
        yield from _compare_rows(plan, name, right | {amount: [value for _, value in mine]})
    opened = {tuple(label) for label, value in _read_others(proof, "openings") if value > 0.5}
    there = [(one.get("role"), one.get("site")) in opened for one in entries_at(plan, "openings")]
    yield from _compare_rows(plan, "openings", {"opened": there})


def _read_others(proof: ProofArrays, kind: str) -> Iterator[tuple[list[str], float]]:
    """Give what the other columns of a kind are about, and their values."""
    values = proof.value[proof.other_column].tolist()
    for text, value in zip(proof.other_label.tolist(), values, strict=True):
        try:
            label = json.loads(text)
        except (ValueError, RecursionError):
            label = None
        if not isinstance(label, list) or not all(isinstance(one, str) for one in label or [0]):
            raise refuse_part("other_label")
        if label[0] == kind:
            yield label[1:], value


def _count_sums(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that amounts and objectives are the values times their rates."""
    value = proof.value[proof.used_column]
    for part, names, rates in (
        ("amounts", proof.measure, proof.measure_rate),
        ("objectives", proof.objective, proof.objective_rate),
    ):
        said, sums = values_at(plan, part), (rates @ value).tolist()
        if list(said) != list(right := dict(zip(names.tolist(), sums, strict=True))):
            yield tell_recounted(f"{part}.order", ", ".join(said), ", ".join(right))
            continue
        yield from _compare(part, said, right)
    goals = int(plan.get("goal_certificate") is not None)
    lacks, first = proof.objective_rate[:goals], proof.objective_rate[goals : goals + 1]
    if goals and not np.array_equal(lacks[0], proof.goal_cost[proof.used_column]):
        yield say("proof.npz: what goals lack is not what its columns lack")
    if len(first) and not np.allclose(first[0], proof.cost[proof.used_column], rtol=1e-9):
        yield say("proof.npz: the first objective is not what its columns cost")


def _count_totals(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that totals of the plan are its amounts, or sums of its flows."""
    amounts, total = values_at(plan, "amounts"), values_at(plan, "effect", "plan")
    flows = _table(plan, "flows", ("tonnes", "loads", "virgin", "taker_kind"))
    right = {name: number_in(amounts.get(measure)) for name, measure in _SUMS["of_plan"].items()}
    right |= {name: _add(flows[name]) for name in ("tonnes", "loads")}
    right |= _sum_kinds(flows)
    yield from _compare("effect.plan", total, right)
    fleet = _table(plan, "fleet", ("vehicle_km",))
    yield from _compare("amounts", amounts, {"vehicle_km": _add(fleet["vehicle_km"])})
    yield from _compare("", plan, {"columns": float(len(proof.cost))})


def _sum_kinds(flows: _Table) -> dict[str, float]:
    rows = list(zip(flows["tonnes"], flows["virgin"], flows["taker_kind"], strict=True))
    return {
        "virgin_tonnes": _add(t for t, virgin, _ in rows if number_in(virgin) > 0),
        "received_tonnes": _add(t for t, _, kind in rows if kind == "receiver"),
        "secondary_tonnes": _add(
            t for t, virgin, kind in rows if kind == "need" and not number_in(virgin) > 0
        ),
    }


def _count_baseline(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that totals of the baseline are sums of its tables, and the first of all of them."""
    columns = [*set(_SUMS["of_baseline"].values()), "virgin", "taker_kind"]
    flows = _table(plan, "baseline_flows", columns)
    right = {name: _add(flows[column]) for name, column in _SUMS["of_baseline"].items()}
    for name, sums in _SUMS["beside_flows"].items():
        table = _table(plan, f"baseline_{name}", sums.values())
        for total, column in sums.items():
            right[total] += _add(table[column])
    said = values_at(plan, "effect", "baseline")
    yield from _compare("effect.baseline", said, right | _sum_kinds(flows))
    for at, one in enumerate(entries_at(plan, "effect", "baselines")):
        totals = values_at(one, "totals")
        whole = {"all_kg_co2e_wtw": _add(totals.get(name) for name in _SUMS["emissions"])}
        yield from _compare(f"effect.baselines[{at}]", totals, said if at == 0 else whole)


def _count_saved(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check savings as baseline less plan, emissions as sums of parts, and shares as one number."""
    after, before = values_at(plan, "effect", "plan"), values_at(plan, "effect", "baseline")
    for side, total in (("plan", after), ("baseline", before)):
        whole = _add(total.get(name) for name in _SUMS["emissions"])
        yield from _compare(f"effect.{side}", total, {"all_kg_co2e_wtw": whole})
    saved = values_at(plan, "effect", "saved")
    right = {name: number_in(before.get(name)) - number_in(after[name]) for name in after}
    yield from _compare("effect.saved", saved, right)
    base = number_in(before.get("kg_co2e_wtw"))
    known = base > 0 and not values_at(plan, "effect", "baseline_missing_tonnes")
    share = 1 - number_in(after.get("kg_co2e_wtw")) / base if known else None
    yield from _compare("effect", values_at(plan, "effect"), {"saved_share": share})
    if (target := values_at(plan, "effect", "target")).get("period") or target.get("municipality"):
        return
    for at, reach in enumerate(entries_at(plan, "effect", "target", "reaches")):
        if (name := f"secondary_share_{reach.get('definition')}") in after:
            share = number_in(after[name])
            yield from _compare(f"effect.target.reaches[{at}]", reach, {"in_plan": share})


def _count_rows(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that the constraints are the rows, with their limits, uses and prices."""
    rows, spread = len(proof.limit), find_rows(proof)
    terms = proof.coefficient * proof.value[proof.column]
    split = [name.partition(": ") for name in proof.row_name.tolist()]
    right: _Table = {
        "rule": [rule for rule, _, _ in split],
        "label": [label for _, _, label in split],
        "sense": [ROW_SIGNS[sense] for sense in proof.sense.tolist()],
        "limit": proof.limit.tolist(),
        "used": np.bincount(spread, terms, minlength=rows).astype(np.float64).tolist(),
        "shadow_price": proof.price_given.tolist(),
    }
    size = np.bincount(spread, np.abs(terms), minlength=rows).tolist()
    yield from _compare_rows(plan, "constraints", right, size=size)


def _count_names(plan: _Values, proof: ProofArrays) -> Iterator[Message]:
    """Check that a site is called what the scenario calls it."""
    right = {
        site: (about.get("name") if isinstance(about, dict) else None) or site
        for site, about in values_at(plan, "scenario", "said", "sites").items()
    }
    names = values_at(plan, "names", "sites")
    yield from _compare("names.sites", names, right)
    if list(names) != list(right):
        yield tell_recounted("names.sites.order", ", ".join(names), ", ".join(right))


def _compare(field: str, said: _Values, right: Mapping[str, Any]) -> Iterator[Message]:
    for name, expected in right.items():
        if not _agree(said.get(name), expected):
            yield tell_recounted(f"{field}.{name}" if field else name, said.get(name), expected)


def _compare_rows(
    plan: _Values, table: str, right: _Table, *, size: Sequence[float] = ()
) -> Iterator[Message]:
    """Name the cells of a table of plan.json that are not the right ones; `size` is of each row."""
    for name, column in right.items():
        if len(said := _table(plan, table, [name])[name]) != len(column):
            yield tell_recounted(f"{table}.length", len(said), float(len(column)))
            return
        sizes = size or [0.0] * len(column)
        for row, (one, other, large) in enumerate(zip(said, column, sizes, strict=True)):
            if not _agree(one, other, size=large):
                yield tell_recounted(f"{table}[{row}].{name}", one, other)


def _agree(said: Any, right: Any, *, size: float = 0.0) -> bool:
    if isinstance(right, float) and not isinstance(said, bool | str | None):
        return abs(number_in(said) - right) <= _DIGITS + _SUM_SHARE * abs(right) + 1e-12 * size
    return type(said) is type(right) and bool(said == right)


def _add(values: Iterable[Any]) -> float:
    return float(sum(map(number_in, values)))


def tell_recounted(field: str, said: Any, right: Any) -> Message:
    """Say that something in plan.json is not what comes out when it is counted again."""
    found = f"{right:.9g}" if isinstance(right, float) else show_value(right)
    return say_text("recounted", "says", claimed=show_value(said), name=field, found=found)


def _table(plan: _Values, name: str, columns: Iterable[str]) -> _Table:
    rows = entries_at(plan, name)
    return {column: [row.get(column) for row in rows] for column in columns}
