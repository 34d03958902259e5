"""What is already agreed, wanted or ruled out between two sites."""

from collections.abc import Iterator

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.rows import About, Family, Row, Sense, always, declare, sum_of
from raastof_geo.language import say
from raastof_geo.scenario.said.agreement import Agreement, NamedLeg
from raastof_geo.units import Quantity

AGREEMENTS_KEPT = Family(
    "agreements_kept", say("agreement"), bends="next", unit="t", limits="agreements"
)


@declare(AGREEMENTS_KEPT, blind_to_trucks=always)
def agreements_kept(problem: Problem) -> Iterator[Row]:
    r"""Legs that are locked, forced or forbidden.

    :math:`\sum_c x_c = a`, :math:`\ge a`, :math:`\le a` or :math:`= 0` over the moves from one
    site to another, of one material or of all, in a window.
    """
    scenario = problem.scenario
    for number, agreement in enumerate(scenario.said.agreements):
        columns = agreed_moves(problem, agreement)
        said: tuple[tuple[Sense, Quantity | None], ...] = (
            ("=", agreement.tonnes),
            (">=", agreement.at_least),
            ("<=", agreement.at_most),
        )
        head = f"{number}-{agreement.giver}-{agreement.taker}"
        about = About(head, site=agreement.giver, material=agreement.material or "", entry=number)
        if agreement.forbidden:
            yield sum_of(AGREEMENTS_KEPT, about, columns, "<=", 0.0)
        for sense, amount in said:
            if amount is not None:
                tonnes = scenario.weigh(amount, agreement.material)
                yield sum_of(AGREEMENTS_KEPT, about, columns, sense, tonnes)


def agreed_moves(problem: Problem, agreement: Agreement | NamedLeg) -> Columns:
    """Find the moves that an agreement is about, whoever gives and takes at its sites."""
    ids = tuple(problem.scenario.periods)
    labels = {"origin": agreement.giver, "destination": agreement.taker}
    if agreement.material is not None:
        labels["material"] = agreement.material
    columns = problem.find(**labels)
    wanted = np.array([period in agreement.periods(ids) for period in ids])
    return np.asarray(columns[wanted[problem.moves.period[columns]]])
