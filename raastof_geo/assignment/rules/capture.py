"""How much of the surplus can be put to use at all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.agreements import agreed_moves
from raastof_geo.assignment.statement import rows
from raastof_geo.assignment.statement.classes import touches
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.language import say
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import Agreement, NamedLeg
from raastof_geo.scenario.said.amount import DEFAULT
from raastof_geo.scenario.scenario import Offer, name_stockpile

_TITLE = say("what can be put to use of the surplus (`capture`)")
CAPTURED = rows.Family(
    "captured", _TITLE, unit="t", raised_by="capture.{material}", limits="capture"
)


@rows.declare(CAPTURED, blind_to_trucks=rows.always)
def captured(problem: Problem) -> Iterator[rows.Row]:
    r"""Of each offer no more than a share :math:`\kappa` is put to use.

    :math:`\sum_c x_c \le \max(\kappa s_o, l)` over the moves from an offer to needs, plants and
    depots, so that what is missed in one year is not made up for in another. Where the site has a
    stockpile, where nobody has asked yet what becomes of it, what leaves that for needs and plants
    is held together with them: :math:`\le \max(\kappa \sum_o s_o + z_0, l)`, all periods together.
    :math:`z_0` lies in the stockpile at the start, and :math:`l` are the tonnes that agreements, or
    legs of the baseline, ask for at least. Of what the scenario is silent about there is no rows.
    """
    scenario, said = problem.scenario, problem.scenario.said.capture
    offered: dict[tuple[str, str], list[Offer]] = {}
    for offer in scenario.offers:
        if said.keys() & {offer.material, DEFAULT}:
            offered.setdefault((offer.site, offer.material), []).append(offer)
    for (site, material), offers in offered.items():
        share, columns = scenario.capture(material), _put_to_use(problem, site, material)
        locked = _locked(problem, site, material, columns)
        givers = problem.labels("giver", columns)
        for offer in offers:
            limit = max(share * offer.tonnes, locked)
            about = replace(rows.about_entry(offer), role="", entry=-1)  # it asks for nothing
            yield rows.sum_of(CAPTURED, about, columns[givers == offer.id], "<=", limit)
        if (problem.labels("giver_kind", columns) == Role.DEPOT).any():
            about = rows.About(f"{site}/{material}", site=site, role=Role.OFFER, material=material)
            own = [one for one in scenario.depots if one.id == name_stockpile(site)]
            limit = share * sum(one.tonnes for one in offers)
            limit += sum(one.start_t.get(material, 0.0) for one in own)
            yield rows.sum_of(CAPTURED, about, columns, "<=", max(limit, locked))


def _put_to_use(problem: Problem, site: str, material: str) -> Columns:
    """Find the moves by which a site's own surplus is put to use."""
    columns, stockpile = problem.find(origin=site, material=material), name_stockpile(site)
    lying = problem.has("giver_kind", Role.DEPOT, columns)
    pile = np.zeros(len(columns), bool)
    if any(depot.id == stockpile for depot in problem.scenario.depots):
        pile = touches(problem, {(Role.DEPOT, stockpile)})[columns]
    columns = columns[np.where(lying, pile, problem.has("giver_kind", Role.OFFER, columns) & ~pile)]
    return np.asarray(columns[problem.labels("taker_kind", columns) != Role.RECEIVER])


def _locked(problem: Problem, site: str, material: str, columns: Columns) -> float:
    """Give the tonnes that are promised to those who put them to use. [t]"""
    said, weigh = problem.scenario.said, problem.scenario.weigh
    promises: tuple[Sequence[Agreement | NamedLeg], ...] = (said.agreements, said.baseline.legs)
    return max(
        sum(
            weigh(one.least, material)
            for one in entries
            if (one.giver, one.material) == (site, material)
            and one.least
            and np.isin(agreed_moves(problem, one), columns).any()
        )
        for entries in promises
    )
