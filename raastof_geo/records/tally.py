"""Recount, with NumPy alone, what plan.json says from the programme in its proof and itself."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from raastof_geo.language import Message, read_data, say, say_text
from raastof_geo.records.proof import ROW_SIGNS, ProofArrays, find_rows
from raastof_geo.records.record import entries_at, number_in, refuse_part, show_value, values_at

_Values: TypeAlias = Mapping[str, Any]
_Table: TypeAlias = dict[str, list[Any]]

_ROOM = 1e-6
_SHARE = 1e-8

_SUMS = read_data("recount.toml")
"""What is added up again; the file says of each part what it is."""


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
            if not -_ROOM * max(1.0, trips) < loads - trips < 1 + _ROOM * max(1.0, trips):
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
    for field, names, rates in (
        ("amounts", proof.measure, proof.measure_rate),
        ("objectives", proof.objective, proof.objective_rate),
    ):
        said, sums = values_at(plan, field), (rates @ value).tolist()
        right = dict(zip(names.tolist(), sums, strict=True))
        if list(said) != list(right):
            yield tell_recounted(f"{field}.order", ", ".join(said), ", ".join(right))
            continue
        yield from _compare(field, said, right)
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
    target = values_at(plan, "effect", "target")
    if target.get("period") or target.get("municipality"):
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
    said = values_at(plan, "scenario", "said", "sites")
    right = {
        site: (about.get("name") if isinstance(about, dict) else None) or site
        for site, about in said.items()
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
        return abs(number_in(said) - right) <= _ROOM + _SHARE * abs(right) + 1e-12 * size
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
