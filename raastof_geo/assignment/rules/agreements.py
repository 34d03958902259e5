"""What is already agreed, wanted or ruled out between two sites."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.row import Row, Sense, sum_of
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.scenario.said.agreement import Agreement


def agreements_kept(problem: Problem) -> Iterator[Row]:
    r"""Legs that are locked, forced or forbidden.

    :math:`\sum_c x_c = a`, :math:`\ge a`, :math:`\le a` or :math:`= 0` over the moves from one
    site to another, of one material or of all, in a window.
    """
    scenario = problem.scenario
    for number, agreement in enumerate(scenario.said.agreements):
        columns = agreed_moves(problem, agreement)
        said: tuple[tuple[Sense, object], ...] = (
            ("=", agreement.tonnes),
            (">=", agreement.at_least),
            ("<=", agreement.at_most),
        )
        label = f"{number}-{agreement.giver}-{agreement.taker}"
        if agreement.forbidden:
            yield sum_of("agreements_kept", label, columns, "<=", 0.0)
        for sense, amount in said:
            if amount is not None:
                material = agreement.material or next(iter(scenario.catalogue.materials))
                tonnes = scenario.catalogue.tonnes(amount, material, scenario.said.vehicles)  # type: ignore[arg-type]
                yield sum_of("agreements_kept", label, columns, sense, tonnes)


def agreed_moves(problem: Problem, agreement: Agreement) -> Columns:
    """Find the moves that an agreement is about."""
    ids = tuple(problem.scenario.periods)
    labels = {"origin": agreement.giver, "destination": agreement.taker}
    if agreement.material is not None:
        labels["material"] = agreement.material
    columns = problem.find(**labels)
    wanted = np.array([period in agreement.periods(ids) for period in ids])
    return np.asarray(columns[wanted[problem.moves.period[columns]]])
