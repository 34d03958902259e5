"""How much of the surplus can be put to use at all."""

from collections.abc import Iterator, Sequence

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.about import About
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.rules.row import Row, always, declare, sum_of
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import say
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import Agreement, NamedLeg
from raastof_geo.scenario.said.capture import DEFAULT
from raastof_geo.scenario.scenario import name_stockpile

CAPTURED = Family(
    "captured",
    say("what can be put to use of the surplus (`capture`)"),
    unit="t",
    raised_by="capture.{material}",
    limits="capture",
)


@declare(CAPTURED, blind_to_trucks=always)
def captured(problem: Problem) -> Iterator[Row]:
    r"""Of what a site offers of a material, no more than a share :math:`\kappa` is put to use.

    :math:`\sum_c x_c \le \max(\kappa \sum_o s_o + z_0, l)` over the moves from its offers to
    needs, plants and depots, and from its stockpile, where nobody has asked yet what becomes of
    it, to needs and plants; all periods together. :math:`z_0` lies in the stockpile at the start,
    and :math:`l` are the tonnes that agreements, or legs of the baseline, ask for at least.
    Materials of which the scenario says nothing have no row.
    """
    scenario, said = problem.scenario, problem.scenario.said.capture
    offered: dict[tuple[str, str], float] = {}
    for offer in scenario.offers:
        key = offer.site, offer.material
        offered[key] = offered.get(key, 0.0) + offer.tonnes
    for (site, material), tonnes in offered.items():
        if not said.keys() & {material, DEFAULT}:
            continue
        columns = _put_to_use(problem, site, material)
        limit = scenario.capture(material) * tonnes + _lying(problem, site, material)
        limit = max(limit, _locked(problem, site, material, columns))
        about = About(f"{site}/{material}", site=site, role=Role.OFFER, material=material)
        yield sum_of(CAPTURED, about, columns, "<=", limit)


def _put_to_use(problem: Problem, site: str, material: str) -> Columns:
    """Find the moves by which a site's own surplus is put to use."""
    offers = problem.find(origin=site, material=material, giver_kind=Role.OFFER)
    pile = problem.find(origin=site, material=material, giver_kind=Role.DEPOT)
    own = name_stockpile(site)
    givers = np.array([one.place == own for one in problem.givers], dtype=bool)
    takers = np.array([one.place == own for one in problem.takers], dtype=bool)
    moves = problem.moves
    columns = np.concatenate(
        [offers[~takers[moves.taker[offers]]], pile[givers[moves.giver[pile]]]]
    )
    received = np.array([one.kind == Role.RECEIVER for one in problem.takers], dtype=bool)
    return np.sort(columns[~received[moves.taker[columns]]])


def _lying(problem: Problem, site: str, material: str) -> float:
    """Give what lies in a site's stockpile at the start. [t]"""
    own = name_stockpile(site)
    return sum(one.start_t.get(material, 0.0) for one in problem.scenario.depots if one.id == own)


def _locked(problem: Problem, site: str, material: str, columns: Columns) -> float:
    """Give the tonnes that are promised to those who put them to use. [t]"""
    said, sums = problem.scenario.said, []
    promises: tuple[Sequence[Agreement | NamedLeg], ...] = (said.agreements, said.baseline.legs)
    for entries in promises:
        mine = [one for one in entries if (one.giver, one.material) == (site, material)]
        sums.append(
            sum(
                problem.scenario.weigh(one.least, material)
                for one in mine
                if one.least and np.isin(agreed_moves(problem, one), columns).any()
            )
        )
    return max(sums)
