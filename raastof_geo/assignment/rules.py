r"""The constraints of the programme: one function for each, its inequality in the docstring.

:math:`x_c` are the tonnes on column :math:`c`, which has a giver, a taker, a
material and a period. Every limit is a row with a name, never a bound on a
column, so that shadow prices times limits add up to the objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from raastof_geo.assignment.problem import Floats, Problem
from raastof_geo.scenario.model import ShareDefinition
from raastof_geo.scenario.scenario import Pit, Receiver, Scenario

CLEAN_SOIL_CLASS = 1
"""Soil up to this class on Zealand counts as clean."""

Sense = Literal["<=", "=", ">="]


@dataclass(frozen=True, eq=False)
class Row:
    """One named constraint: coefficients × tonnes, compared with a limit."""

    rule: str
    label: str
    """What it is about: an offer, a need, a pit and a period …"""
    columns: NDArray[np.int64]
    coefficients: Floats
    sense: Sense
    limit: float


Rule: TypeAlias = Callable[[Problem], Iterable[Row]]


def offers_kept(problem: Problem) -> Iterator[Row]:
    r"""Surplus leaves as a whole, other offers as far as they go.

    :math:`\sum_c x_c = s_o` where offer :math:`o` must leave,
    :math:`\sum_c x_c \le s_o` otherwise.
    """
    for offer in problem.scenario.offers:
        columns = problem.of("giver", offer.id)
        sense: Sense = "=" if offer.must_leave else "<="
        yield Row("offers_kept", offer.id, columns, np.ones(len(columns)), sense, offer.tonnes)


def needs_met(problem: Problem) -> Iterator[Row]:
    r"""Every need is met in reference tonnes: :math:`\sum_c x_c / r_c = d_n`."""
    share = problem.values("reference_share").astype(np.float64)
    for need in problem.scenario.needs:
        columns = problem.of("taker", need.id)
        yield Row("needs_met", need.id, columns, share[columns], "=", need.tonnes)


def pits_permitted(problem: Problem) -> Iterator[Row]:
    r"""No pit digs more than it may: :math:`\sum_c x_c \le k` in each period and in total."""
    for pit in problem.scenario.pits:
        columns = problem.of("origin", pit.site)
        columns = columns[problem.values("giver_kind")[columns] == "pit"]
        yield from _capacity("pits_permitted", problem, pit, columns)


def receivers_permitted(problem: Problem) -> Iterator[Row]:
    r"""No receiver takes more than it may: :math:`\sum_c x_c \le k`, per period and in total."""
    for receiver in problem.scenario.receivers:
        columns = problem.of("taker", receiver.site)
        yield from _capacity("receivers_permitted", problem, receiver, columns)


def secondary_share_reached(problem: Problem) -> Iterator[Row]:
    r"""Secondary materials meet their share :math:`a` of all needs.

    :math:`\sum_{c \in S} x_c / r_c \ge a \sum_n d_n`; which materials :math:`S` count is a
    setting of the scenario.
    """
    target = problem.scenario.said.targets.secondary_share
    if target is None:
        return
    counts = counting_materials(problem.scenario, target.definition)
    to_need = problem.values("taker_kind") == "need"
    columns = np.flatnonzero(to_need & problem.columns["material"].isin(counts).to_numpy())
    share = problem.values("reference_share").astype(np.float64)[columns]
    limit = target.at_least * sum(need.tonnes for need in problem.scenario.needs)
    yield Row("secondary_share_reached", target.definition, columns, share, ">=", limit)


def counting_materials(scenario: Scenario, definition: ShareDefinition) -> set[str]:
    """Give the materials that count as secondary under a definition of the share."""
    return {
        name
        for name, material in scenario.catalogue.materials.items()
        if material.origin == "secondary"
        and (
            material.soil_class is None
            or (definition == "with_clean_soil" and material.soil_class <= CLEAN_SOIL_CLASS)
        )
    }


RULES: tuple[Rule, ...] = (
    offers_kept,
    needs_met,
    pits_permitted,
    receivers_permitted,
    secondary_share_reached,
)


def _capacity(
    rule: str, problem: Problem, place: Pit | Receiver, columns: NDArray[np.int64]
) -> Iterator[Row]:
    if place.per_period_t is not None:
        periods = problem.values("period")[columns]
        for period in problem.scenario.periods:
            inside = columns[periods == period]
            yield Row(
                rule,
                f"{place.site}@{period}",
                inside,
                np.ones(len(inside)),
                "<=",
                place.per_period_t,
            )
    if place.total_t is not None:
        yield Row(rule, place.site, columns, np.ones(len(columns)), "<=", place.total_t)
