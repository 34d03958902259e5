"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from raastof_geo.assignment.names import (
    call,
    cite_fit,
    describe_row,
    list_names,
    name_site,
    span,
)
from raastof_geo.assignment.problem import Problem
from raastof_geo.assignment.programme import Programme
from raastof_geo.assignment.repair import find_repairs
from raastof_geo.assignment.rules.row import Row, Rule
from raastof_geo.assignment.violation import Violation, find_least_violation
from raastof_geo.language import Message, format_number, say
from raastof_geo.scenario.scenario import Need, Offer

_FREE = 1e-6
_MOST_BLOCKED = 3
_MOST_BINDING = 6


@dataclass(frozen=True)
class Conflict:
    """Rules that leave no way out together."""

    wants: tuple[int, ...]
    """Rows that ask for more than there is."""
    holds: tuple[int, ...]
    """Rows that do not give more."""
    missing: float
    """Units that are missing in all."""


def explain_conflict(
    problem: Problem,
    rows: Sequence[Row],
    programme: Programme,
    *,
    rules: Sequence[Rule],
    solver: str,
) -> list[Message]:
    """Say what is missing, who is in conflict, which rules bind, and which repairs would do."""
    violation = find_least_violation(rows, programme, solver=solver)
    if violation.total == 0:
        told = [
            say(
                "the tonnes would fit, but not with the either-or decisions: `partners_at_most`, "
                "`smallest_lot` and sites to open leave no plan"
            )
        ]
    else:
        told = list(_say_missing(problem, rows, violation))
        for conflict in find_conflicts(rows, programme, violation):
            told += _say_conflict(problem, rows, conflict)
    repairs = find_repairs(problem, rows, programme, violation, rules=rules, solver=solver)
    return told + repairs


def find_conflicts(
    rows: Sequence[Row], programme: Programme, violation: Violation
) -> list[Conflict]:
    """Find groups of rows that have a price together: none of them can give way alone."""
    prices = violation.prices[: len(rows)]
    priced = np.flatnonzero(np.abs(prices) > _FREE)
    if not len(priced):
        return []
    part = sparse.csr_array(programme.matrix.tocsr()[priced])
    touching = sparse.csr_array(
        (np.ones(len(part.data), np.int32), part.indices, part.indptr), shape=part.shape
    )
    often = np.bincount(part.indices, minlength=programme.column_count) > 1
    shared = sparse.csr_array(touching[:, np.flatnonzero(often)])
    _, group = connected_components(shared @ shared.T, directed=False)
    conflicts = []
    for number in range(int(group.max(initial=-1)) + 1):
        members = priced[group == number].tolist()
        missing = sum(violation.short.get(at, 0.0) + violation.over.get(at, 0.0) for at in members)
        if missing > 0:
            wants = tuple(at for at in members if _wants(rows[at], float(prices[at])))
            holds = tuple(at for at in members if at not in wants)
            conflicts.append(Conflict(wants, holds, missing))
    return sorted(conflicts, key=lambda conflict: -conflict.missing)


def _wants(row: Row, price: float) -> bool:
    return price > 0


# --- words ------------------------------------------------------------------------------------


def _say_missing(problem: Problem, rows: Sequence[Row], violation: Violation) -> Iterator[Message]:
    """Say for each rule that has to be broken what is missing, and where."""
    short = {(rows[at].rule, rows[at].label): tonnes for at, tonnes in violation.short.items()}
    scenario = problem.scenario
    for need in scenario.needs:
        tonnes = short.pop(("needs_met", need.id), None)
        if tonnes is not None:
            yield say(
                "{site} lacks {tonnes} t of {total} t for {use} in {periods}: {reason}",
                site=name_site(scenario, need.site),
                tonnes=round(tonnes),
                total=round(need.tonnes),
                use=call(scenario.catalogue.uses[need.use].name),
                periods=span(need.periods),
                reason=_why_need_is_short(problem, need.id),
            )
    for offer in scenario.offers:
        tonnes = short.pop(("offers_kept", offer.id), None)
        if tonnes is not None:
            yield say(
                "{tonnes} t of {total} t {material} from {site} in {periods} have no place "
                "to go: {reason}",
                site=name_site(scenario, offer.site),
                tonnes=round(tonnes),
                total=round(offer.tonnes),
                material=call(scenario.catalogue.materials[offer.material].name),
                periods=span(offer.periods),
                reason=_why_offer_stays(problem, offer.id),
            )
    target = scenario.said.targets.secondary_share
    for (rule, label), amount in short.items():
        if rule == "secondary_share_reached" and target is not None:
            total = sum(need.tonnes for need in scenario.needs)
            if target.period is None:
                yield say(
                    "secondary materials can meet at most {reached} % of the needs, not {asked} %: "
                    "{tonnes} t are missing; lower targets.secondary_share.at_least, accept "
                    "conditional fits under `accepted_conditions`, or add offers",
                    reached=round(100 * (target.at_least - amount / total), 1),
                    asked=round(100 * target.at_least, 1),
                    tonnes=round(amount),
                )
            else:
                yield say(
                    "secondary materials cannot meet {asked} % of what is used in {period}: "
                    "{tonnes} t are missing; lower targets.secondary_share.at_least, accept "
                    "conditional fits under `accepted_conditions`, or move offers into the period",
                    asked=round(100 * target.at_least, 1),
                    period=target.period,
                    tonnes=round(amount),
                )
        else:
            yield say(
                "{rule} falls short by {amount}",
                rule=describe_row(problem.scenario, rule, label),
                amount=_number(amount),
            )
    for at, amount in violation.over.items():
        yield say(
            "{rule} is exceeded by {amount}",
            rule=describe_row(problem.scenario, rows[at].rule, rows[at].label),
            amount=_number(amount),
        )


def _why_need_is_short(problem: Problem, need_id: str) -> Message:
    columns = problem.of("taker", need_id)
    if not len(columns):
        return say(
            "no offer and no pit has an allowed material in that time; add a pit, widen the "
            "window, or accept a condition under `accepted_conditions`"
        )
    givers = sorted({f"`{site}`" for site in problem.labels("origin", columns).tolist()})
    return say(
        "all that {givers} may give is used; add an offer or a pit, or raise a capacity",
        givers=list_names(givers),
    )


def _why_offer_stays(problem: Problem, offer_id: str) -> Message:
    columns = problem.of("giver", offer_id)
    if not len(columns):
        return say(
            "no need may use it in that time and no receiver accepts it; add a receiver, or set "
            "`must_leave: false`"
        )
    takers = sorted({f"`{site}`" for site in problem.labels("destination", columns).tolist()})
    return say(
        "{takers} can take no more; raise a capacity, or add a receiver",
        takers=list_names(takers),
    )


def _say_conflict(problem: Problem, rows: Sequence[Row], conflict: Conflict) -> Iterator[Message]:
    """Say who wants how much of what, who alone may serve it, and how much they have."""
    scenario = problem.scenario
    wants = {rows[at].label for at in conflict.wants if rows[at].rule == "needs_met"}
    needs = [need for need in scenario.needs if need.id in wants]
    if needs:
        columns = np.concatenate([problem.of("taker", need.id) for need in needs])
        givers = sorted(set(problem.labels("origin", columns).tolist()))
        wanted = sum(need.tonnes for need in needs)
        uses = dict.fromkeys(need.use for need in needs)
        periods = [p for p in scenario.periods if any(p in need.periods for need in needs)]
        told = {
            "needs": list_names([name_site(scenario, site) for site in _sites(needs)]),
            "wanted": format_number(wanted),
            "uses": list_names([str(call(scenario.catalogue.uses[use].name)) for use in uses]),
            "periods": span(tuple(periods)),
            "missing": format_number(conflict.missing),
        }
        if givers:
            yield say(
                "together {needs} need {wanted} t for {uses} in {periods}; only {givers} may serve "
                "that, and have {have} t for it: {missing} t too little",
                **told,
                givers=list_names([name_site(scenario, site) for site in givers]),
                have=format_number(wanted - conflict.missing),
            )
        else:
            yield say(
                "together {needs} need {wanted} t for {uses} in {periods}, and nobody may serve "
                "that",
                **told,
            )
        yield from _say_blocked(problem, needs)
    left = {rows[at].label for at in conflict.wants if rows[at].rule == "offers_kept"}
    offers = [offer for offer in scenario.offers if offer.id in left]
    if offers:
        columns = np.concatenate([problem.of("giver", offer.id) for offer in offers])
        takers = sorted(set(problem.labels("destination", columns).tolist()))
        total = sum(offer.tonnes for offer in offers)
        materials = dict.fromkeys(offer.material for offer in offers)
        yield say(
            "together {offers} must lose {total} t of {materials}; only {takers} may take that, "
            "and have room for {room} t: {missing} t too little",
            offers=list_names([name_site(scenario, site) for site in _sites(offers)]),
            total=format_number(total),
            materials=list_names(
                [str(call(scenario.catalogue.materials[name].name)) for name in materials]
            ),
            takers=list_names([name_site(scenario, site) for site in takers]) or say("nobody"),
            room=format_number(total - conflict.missing),
            missing=format_number(conflict.missing),
        )
    yield from _say_binding(problem, rows, conflict)


def _say_binding(problem: Problem, rows: Sequence[Row], conflict: Conflict) -> Iterator[Message]:
    """Name the other rules that leave no way out, each once."""
    told: list[str] = []
    for at in (*conflict.holds, *conflict.wants):
        row = rows[at]
        if row.rule in ("needs_met", "offers_kept"):
            continue
        named = describe_row(problem.scenario, row.rule, row.label)
        message = say("binding: {rule}", rule=named)
        if row.limit:
            message = say("binding: {rule}, limit {limit}", rule=named, limit=_number(row.limit))
        if str(message) not in told and len(told) < _MOST_BINDING:
            told.append(str(message))
            yield message


def _sites(entries: Sequence[Need | Offer]) -> list[str]:
    return list(dict.fromkeys(entry.site for entry in entries))


def _say_blocked(problem: Problem, needs: Sequence[Need]) -> Iterator[Message]:
    """Name offered materials that a rule keeps from these needs, with the rule's source."""
    scenario = problem.scenario
    offered = sorted({offer.material for offer in scenario.offers})
    told = 0
    for use, land in dict.fromkeys((need.use, scenario.sites[need.site].land) for need in needs):
        for material in offered:
            blocked = scenario.blocks(material, use, land)
            if blocked is not None and blocked[1] != "no_rule" and told < _MOST_BLOCKED:
                told += 1
                yield cite_fit(scenario, material, use, land)


def _number(value: float) -> str:
    return format_number(value, digits=0 if abs(value) >= 100 else 2)
