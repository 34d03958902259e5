"""Either-or decisions: sites to open, partners to have, lots that are worth a start."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.masses import find_through
from raastof_geo.assignment.rules.throughput import most_tonnes, most_used
from raastof_geo.assignment.statement.layout import limited_partners
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.rows import (
    About,
    Family,
    Row,
    always,
    combine,
    declare,
    sum_of,
)
from raastof_geo.language import say
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.scenario import Depot, Facility

_OPENING, _PARTNERS, _LOT = say("site to open"), say("partners"), say("smallest lot")

OPENINGS_PAID = Family("openings_paid", _OPENING, unit="t", decides="openings")
OPENINGS_ONCE = Family("openings_once", _OPENING, bends="never", unit="t", decides="openings")
PARTNERS_LINKED = Family("partners_linked", _PARTNERS, unit="t", decides="partners")
PARTNERS_ONCE = Family("partners_once", _PARTNERS, bends="never", unit="t", decides="partners")
PARTNERS_LIMITED = Family(
    "partners_limited", say("number of partners"), unit=_PARTNERS, decides="partners"
)
LOTS_MOST = Family("lots_most", _LOT, unit="t", decides="lots")
LOTS_LEAST = Family("lots_least", _LOT, unit="t", decides="lots")
LOTS_ONCE = Family("lots_once", _LOT, bends="never", unit="t", decides="lots")


@declare(OPENINGS_ONCE, OPENINGS_PAID, blind_to_trucks=always)
def openings_paid(problem: Problem) -> Iterator[Row]:
    r"""Use only a site that is opened: :math:`\sum_c x_c \le k\,b_i`, :math:`b_i \le 1`."""
    everything = most_tonnes(problem)
    for place in problem.scenario.facilities:
        if place.opens is None:
            continue
        opened = problem.find(ColumnKind.OPENINGS, role=place.role, site=place.site)
        about = About(f"{place.role}/{place.site}", site=place.site, role=place.role)
        yield sum_of(OPENINGS_ONCE, about, opened, "<=", 1.0)
        for period, most in _most(problem, place, everything):
            parts = [(find_through(problem, place, period), 1.0), (opened, -most)]
            yield combine(OPENINGS_PAID, replace(about, period=period), parts, "<=", 0.0)


def _most(problem: Problem, place: Facility, everything: float) -> Iterator[tuple[str, float]]:
    """Give the most that may go through a place: in each period, or in total."""
    if place.per_period_t is not None:
        for period in problem.scenario.periods:
            yield period, min(place.per_period_t, everything)
        return
    total = None if isinstance(place, Depot) else place.total_t
    yield "", everything if total is None else min(total, everything)


@declare(PARTNERS_LINKED, PARTNERS_ONCE, PARTNERS_LIMITED, blind_to_trucks=always)
def partners_limited(problem: Problem) -> Iterator[Row]:
    r"""No site deals with more others than it wants to.

    :math:`\sum_c x_c \le u\,b_{ij}` over the moves from :math:`i` to :math:`j`,
    :math:`b_{ij} \le 1` and :math:`\sum_j b_{ij} + b_{ji} \le n_i`.
    """
    if not problem.sizes[ColumnKind.LINKS]:
        return
    links, first = problem.others[ColumnKind.LINKS], problem.starts[ColumnKind.LINKS]
    for at, link, chosen, columns, most in _list_decisions(problem, ColumnKind.LINKS):
        about = About("-".join(link), entry=at)
        yield combine(PARTNERS_LINKED, about, [(columns, 1.0), (chosen, -most)], "<=", 0.0)
        yield sum_of(PARTNERS_ONCE, about, chosen, "<=", 1.0)
    for site, most_partners in limited_partners(problem.scenario).items():
        touches = (links["origin"] == site) | (links["destination"] == site)
        columns = first + np.flatnonzero(touches.to_numpy())
        about = About(site, site=site)
        yield sum_of(PARTNERS_LIMITED, about, columns, "<=", float(most_partners))


def _list_decisions(
    problem: Problem, kind: ColumnKind
) -> Iterator[tuple[int, tuple[str, ...], Columns, Columns, float]]:
    """List decisions between two sites: number, labels, column, its moves, the most on these."""
    keys = list(kind.keys)
    labels = pd.DataFrame({key: problem.labels(key) for key in keys})
    groups: dict[Any, Any] = dict(labels.groupby(keys, sort=False).indices)
    moves = {tuple(map(str, names)): columns for names, columns in groups.items()}
    everything, first = most_tonnes(problem), problem.starts[kind]
    for at, named in enumerate(problem.others[kind].itertuples(index=False, name=None)):
        most = min(everything, most_between(problem, *named[:2]))
        # pandas keeps the order of the columns, and does not say so.
        yield at, named, np.array([first + at]), np.sort(moves[named]), most


def most_between(problem: Problem, origin: str, destination: str) -> float:
    """Give what the one site has, or the other can use, in all periods; else infinity. [t]"""
    scenario, has, uses = problem.scenario, math.inf, math.inf
    if {Role.PIT, Role.PLANT, Role.DEPOT}.isdisjoint(scenario.sites[origin].roles):
        has = sum(offer.tonnes for offer in scenario.offers if offer.site == origin)
        piles = (depot for depot in scenario.depots if depot.own and depot.site == origin)
        has += sum(sum(pile.start_t.values()) for pile in piles)
    taker = scenario.sites[destination]
    if {Role.NEED, Role.OFFER}.issuperset(taker.roles) and taker.stockpile is None:
        uses = sum(most_used(need) for need in scenario.needs if need.site == destination)
    return min(has, uses)


@declare(LOTS_MOST, LOTS_LEAST, LOTS_ONCE, blind_to_trucks=always)
def lots_kept(problem: Problem) -> Iterator[Row]:
    r"""Keep what goes from site to site of one material in a period to nothing or a whole lot.

    :math:`l\,b \le \sum_c x_c \le u\,b`, :math:`b \le 1`.
    """
    lot = problem.scenario.said.choices.smallest_lot
    if lot is None or not problem.sizes[ColumnKind.LOTS]:
        return
    for at, labels, chosen, columns, most in _list_decisions(problem, ColumnKind.LOTS):
        about = About("/".join(labels), site=labels[0], material=labels[2], entry=at)
        yield combine(LOTS_MOST, about, [(columns, 1.0), (chosen, -most)], "<=", 0.0)
        yield combine(LOTS_LEAST, about, [(columns, 1.0), (chosen, -lot.value)], ">=", 0.0)
        yield sum_of(LOTS_ONCE, about, chosen, "<=", 1.0)
