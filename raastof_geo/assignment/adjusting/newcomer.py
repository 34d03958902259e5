"""What somebody new would change in a plan with each partner, by the plan's own prices."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import lay_columns, lay_rows
from raastof_geo.assignment.rules.limits import GOALS_HELD
from raastof_geo.assignment.solving.corner import find_corner, list_deciding
from raastof_geo.assignment.solving.price_in import Clock, How
from raastof_geo.assignment.statement.row import SENSES, build_programme
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
    base, proof = plan.problem, plan.proof
    problem = lay_columns(scenario, legs, plan.rules)
    problem = replace(problem, alone=base.alone, nearest_t=base.nearest_t)
    rows = lay_rows(problem, plan.rules)
    programme = build_programme(rows, problem.whole)
    # What goals lack may grow; how near to them plans come is the first thing that is priced.
    free = np.array([name.family == GOALS_HELD for name in proof.rows], bool)
    known = replace(proof.programme, limit=np.where(free, _NO_LIMIT, proof.programme.limit))
    decided = np.where(known.whole, np.round(proof.values), 0.0)
    how = How(Clock(), closed=known.whole)
    corner = find_corner(known.fix(decided), list_deciding(base), how)
    named = zip(proof.rows, known.sense.tolist(), strict=True)
    number = {(str(of), str(on), SENSES[1 + by]): at for at, ((of, on), by) in enumerate(named)}
    place = np.array([number.get((one.rule, one.label, one.sense), -1) for one in rows], int)
    told = np.where(place >= 0, corner.price(base.objectives()[0])[place], 0.0)
    seen = replace(
        proof,
        programme=programme,
        rows=tuple(one.name for one in rows),
        cost=problem.objectives()[0],
        values=np.zeros(problem.column_count),
        shadow_prices=told,
        prices_given_decisions=told,
    )
    reasons = compare_sites(replace(plan, problem=problem, proof=seen), site)

    every: tuple[Offer | Need, ...] = (*scenario.offers, *scenario.needs)
    due = next(one for one in every if one.site == site)
    mine = np.union1d(problem.of("origin", site), problem.of("destination", site))
    share = problem.reference_share[mine] if due.role is Role.NEED else np.ones(len(mine))
    entries = programme.matrix[:, mine].toarray() / share
    # What a tonne changes of limits: what it asks of them, and what the rules count of it.
    old = np.flatnonzero((place >= 0) & [one.family != GOALS_HELD for one in rows])
    grown = programme.limit[old] - proof.programme.limit[place[old]]
    grown[np.abs(grown) <= _SAME * np.abs(programme.limit[old])] = 0.0
    change = np.zeros((known.row_count, len(mine)))
    change[place[old]] = grown[:, None] / due.tonnes - entries[old]

    def add_up(name: str) -> Floats:
        priced = corner.price(base.measure(name)) @ change
        return np.asarray(problem.measure(name)[mine] / share + priced)

    steps = [
        SHORT_OF_GOAL,
        *(one for step in base.scenario.said.objectives for one in step.minimise),
    ]
    figures = {name: add_up(name) for name in {*steps, CO2E.name, COST.name}}
    ranks = np.round([figures[name] for name in steps], 9)
    partners, haul = dict[str, Partner](), problem.tabulate_moves(mine)
    for at in np.lexsort(ranks[::-1]).tolist():
        move = haul.iloc[at]
        reason = reasons[move["origin"], move["destination"]]
        other = move["destination" if move["origin"] == site else "origin"]
        if (
            reason.kind not in _MAY
            or other in partners
            or (reason.giver, reason.taker) != (move["giver"], move["taker"])
        ):
            continue
        own = (place < 0) & (entries[:, at] > 0)
        room = (programme.limit[own] / entries[own, at]).min(initial=due.tonnes)
        partners[other] = Partner(
            other,
            move["period"],
            move["vehicle"],
            move["material"],
            short_t=float(figures[SHORT_OF_GOAL][at]),
            kg_co2e=float(figures[CO2E.name][at]),
            dkk=float(figures[COST.name][at]),
            haul_kg_co2e=float(move["kg_co2e_wtw_per_t"] / share[at]),
            haul_dkk=float(move["haul_dkk_per_t"] / share[at]),
            length_km=float(move["length_km"]),
            up_to_t=float(min(room, corner.reach(change[:, at]))),
            reason=reason,
        )
    ends = ((pair[pair[0] == site], reason) for pair, reason in reasons.items())
    others = {other: reason for other, reason in ends if other not in partners}
    return Quote(due, tuple(partners.values()), others)
