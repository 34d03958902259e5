"""List what one unit more on each limit of a plan would be worth, by the names people read."""

from typing import NamedTuple

import numpy as np

from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.telling.names import describe_row
from raastof_geo.language import Message


class PricedRow(NamedTuple):
    """A limit that costs something."""

    name: Message
    rule: str
    label: str
    limit: float
    used: float
    shadow_price: float
    """Of the first objective, for one unit more."""


def list_priced_rows(plan: Plan, *, least: float) -> list[PricedRow]:
    """List the limits with a shadow price beyond `least` in the order of the rows.

    Rows that only keep books are left out: a unit more on them means nothing.
    """
    prices = plan.shadow_prices
    limits, used = prices["limit"].to_numpy(np.float64), prices["used"].to_numpy(np.float64)
    worth = prices["shadow_price"].to_numpy(np.float64)
    scenario = plan.problem.scenario
    return [
        PricedRow(
            describe_row(scenario, name),
            str(name.family),
            str(name.about),
            float(limits[at]),
            float(used[at]),
            float(worth[at]),
        )
        for at, name in enumerate(plan.proof.rows)
        if abs(worth[at]) > least and not name.family.keeps_books
    ]
