"""What somebody new would change in a plan with each partner, by the plan's own prices."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Integers
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import lay_columns, lay_rows
from raastof_geo.assignment.rules.limits import GOALS_HELD, TRIPS_BALANCED
from raastof_geo.assignment.solving.corner import Corner, find_corner, list_deciding
from raastof_geo.assignment.solving.price_in import Clock, How
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import SENSES, Programme, Row, build_programme
from raastof_geo.assignment.telling.why_not import Reason, ReasonKind, compare_sites
from raastof_geo.figures.vocabulary import CO2E, COST, SHORT_OF_GOAL
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_NO_LIMIT, _SAME = 1e9, 1e-9
"""More than can be lacking; by which share of a limit two ways to it may differ."""
_MAY: tuple[ReasonKind, ...] = ("costs_more", "perhaps")


class Partner(NamedTuple):
    """With whom it would deal, and what a tonne changes in all: below zero it saves."""

    site: str
    period: str
    vehicle: str
    material: str
    short_t: float
    """Reference tonnes that goals lack more. [t/t]"""
    kg_co2e: float
    """[kg CO2e/t]"""
    dkk: float
    """[DKK/t]"""
    haul_kg_co2e: float
    """Of which on the way between the two. [kg CO2e/t]"""
    haul_dkk: float
    length_km: float
    up_to_t: float
    """So many tonnes change as much each; more of them change more, never less. [t]"""
    reason: Reason


class Quote(NamedTuple):
    """Partners, the best first; and the others, with what is against them."""

    newcomer: Offer | Need
    partners: tuple[Partner, ...]
    others: dict[str, Reason]


def quote_newcomer(plan: Plan, scenario: Scenario, site: str, legs: Legs) -> Quote:
    """Price a site that is in a scenario with its legs, and not in the plan that was made before.

    A tonne that it moves changes limits of the plan, as the rules say of its columns; what that is
    worth follows from the corner at which the plan stands. Either-or decisions stay as they are.
    """
    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    due = next(one for one in every if one.site == site)
    laid, corner = _lay(plan, scenario, legs), _find_corner(plan)
    reasons = compare_sites(_see(plan, laid, corner), site)
    moves, figures, change, room = _price(plan, laid, corner, due)
    partners = dict[str, Partner]()
    ranks = np.round([*figures.values()], 9)
    for at in np.lexsort(ranks[::-1]).tolist():
        move = moves.iloc[at]
        reason = reasons[move["origin"], move["destination"]]
        other = move["destination" if move["origin"] == site else "origin"]
        meant = (reason.giver, reason.taker) == (move["giver"], move["taker"])
        if reason.kind not in _MAY or other in partners or not meant or np.isinf(ranks[0, at]):
            continue
        partners[other] = Partner(
            other,
            move["period"],
            move["vehicle"],
            move["material"],
            short_t=float(figures[SHORT_OF_GOAL][at]),
            kg_co2e=float(figures[CO2E.name][at]),
            dkk=float(figures[COST.name][at]),
            haul_kg_co2e=float(move["kg_co2e_wtw_per_t"] / move["share"]),
            haul_dkk=float(move["haul_dkk_per_t"] / move["share"]),
            length_km=float(move["length_km"]),
            up_to_t=float(min(room[at], corner.reach(change[:, at]))),
            reason=reason,
        )
    ends = ((pair[pair[0] == site], reason) for pair, reason in reasons.items())
    others = {other: reason for other, reason in ends if other not in partners}
    return Quote(due, tuple(partners.values()), others)


class _Laid(NamedTuple):
    """The columns and rows of a plan with the newcomer, and which rows of the plan those are."""

    problem: Problem
    rows: list[Row]
    programme: Programme
    place: Integers
    """-1: the plan has no such row."""


def _lay(plan: Plan, scenario: Scenario, legs: Legs) -> _Laid:
    problem = lay_columns(scenario, legs, plan.rules)
    problem = replace(problem, alone=plan.problem.alone, nearest_t=plan.problem.nearest_t)
    rows = lay_rows(problem, plan.rules)
    named = zip(plan.proof.rows, plan.proof.programme.sense.tolist(), strict=True)
    number = {(str(of), str(on), SENSES[1 + by]): at for at, ((of, on), by) in enumerate(named)}
    place = [number.get((one.rule, one.label, one.sense), -1) for one in rows]
    return _Laid(problem, rows, build_programme(rows, problem.whole), np.array(place, np.int64))


def _find_corner(plan: Plan) -> Corner:
    """Find where a plan stands; what goals lack may grow, as that is the first thing priced."""
    held, own = [name.family == GOALS_HELD for name in plan.proof.rows], plan.proof.programme
    known = replace(own, limit=np.where(held, _NO_LIMIT, own.limit))
    decided = np.where(known.whole, np.round(plan.proof.values), 0.0)
    how = How(Clock(), closed=known.whole)
    return find_corner(known.fix(decided), list_deciding(plan.problem), how)


def _see(plan: Plan, laid: _Laid, corner: Corner) -> Plan:
    """Give the plan with the newcomer in it, who moves nothing, for reasons to be told."""
    first = corner.price(plan.problem.objectives()[0])
    prices = np.where(laid.place >= 0, first[laid.place], 0.0)
    proof = replace(
        plan.proof,
        programme=laid.programme,
        rows=tuple(one.name for one in laid.rows),
        cost=laid.problem.objectives()[0],
        values=np.zeros(laid.problem.column_count),
        shadow_prices=prices,
        prices_given_decisions=prices,
    )
    return replace(plan, problem=laid.problem, proof=proof)


def _price(
    plan: Plan, laid: _Laid, corner: Corner, due: Offer | Need
) -> tuple[pd.DataFrame, dict[str, Floats], Floats, Floats]:
    """Give the newcomer's moves, with the `share` of the need that a tonne is, and what it changes.

    Per tonne that is due, the figures that a plan is made by, the first first [moves], and what it
    changes of the plan's limits [rows x moves]; and what its own rows leave room for. [t, moves]
    """
    problem, _, programme, place = laid
    base, site = plan.problem, due.site
    mine = np.union1d(problem.of("origin", site), problem.of("destination", site))
    trips = [problem.find(ColumnKind.TRIPS, **{end: site}) for end in ("origin", "destination")]
    columns = np.concatenate([mine, *(one for one in trips if problem.pooled_share)])
    share = np.ones(len(columns))
    if due.role is Role.NEED:
        share[: len(mine)] = problem.reference_share[mine]
    entries = programme.matrix[:, columns].toarray() / share
    # What a tonne changes of limits: what it asks of them, and what the rules count of it.
    old = np.flatnonzero((place >= 0) & [one.family != GOALS_HELD for one in laid.rows])
    grown = programme.limit[old] - plan.proof.programme.limit[place[old]]
    grown[np.abs(grown) <= _SAME * np.abs(programme.limit[old])] = 0.0
    change = np.zeros((corner.programme.row_count, len(columns)))
    change[place[old]] = -entries[old]
    change[place[old], : len(mine)] += grown[:, None] / due.tonnes
    steps = [name for step in base.scenario.said.objectives for name in step.minimise]
    names = [*dict.fromkeys([SHORT_OF_GOAL, *steps, CO2E.name, COST.name])]
    figures = np.array([problem.measure(name)[columns] / share for name in names])
    figures += np.array([corner.price(base.measure(name)) for name in names]) @ change
    balance = (place < 0) & [one.family == TRIPS_BALANCED for one in laid.rows]
    _lead_on(len(mine), entries[balance], figures, change)
    own = (place < 0) & ~balance & (programme.sense <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = programme.limit[own, None] / entries[own][:, : len(mine)]
    room = np.where(entries[own][:, : len(mine)] > 0, room, np.inf).min(axis=0, initial=due.tonnes)
    told = {name: row[: len(mine)] for name, row in zip(names, figures, strict=True)}
    return problem.tabulate_moves(mine).assign(share=share[: len(mine)]), told, change, room


def _lead_on(count: int, balance: Floats, figures: Floats, change: Floats) -> None:
    """Add to each of the first `count` columns the best empty trip that its truck then needs.

    Rows of `balance` are those of coordinated trucks that the plan has not, and so no price; the
    other columns are these trips. One that no trip leads on from comes to infinity.
    """
    trips = count + np.lexsort(np.round(figures[:, count:], 9)[::-1])
    for at in np.flatnonzero(np.abs(balance[:, :count]).any(axis=0)).tolist():
        row = int(np.argmax(np.abs(balance[:, at])))
        for trip in trips.tolist():
            times = -balance[row, at] / balance[row, trip] if balance[row, trip] else 0.0
            if times > 0 and np.allclose(balance[:, at] + times * balance[:, trip], 0.0):
                figures[:, at] += times * figures[:, trip]
                change[:, at] += times * change[:, trip]
                break
        else:
            figures[:, at] = np.inf
