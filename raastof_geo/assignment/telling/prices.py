"""List what one unit more on each limit of a plan would be worth, by the names people read."""

from typing import NamedTuple

from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.statement.rows import RowName
from raastof_geo.assignment.telling.names import describe_row, find_entry
from raastof_geo.language import Message
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Need, Scenario


class PricedRow(NamedTuple):
    """A limit that costs something."""

    name: Message
    rule: str
    label: str
    limit: float
    used: float
    shadow_price: float
    """Of the first objective, for one unit more."""
    group: str
    """What it is about: the material or the use, else the label."""


def list_priced_rows(plan: Plan, *, least: float) -> list[PricedRow]:
    """List the limits, but books, with a shadow price beyond `least`, in the order of the rows."""
    table = plan.shadow_prices[["rule", "label", "limit", "used", "shadow_price"]]
    priced = zip(plan.proof.rows, table.itertuples(index=False, name=None), strict=True)
    return [
        PricedRow(told, *(*figures, group))
        for name, figures in priced
        if abs(figures[-1]) > least and not name.family.keeps_books
        for told, group in [_describe(plan.scenario, name)]
    ]


def _describe(scenario: Scenario, name: RowName) -> tuple[Message, str]:
    """Say what a row is about, its periods by the names that people know, and its group."""
    about, entry, known = name.about, find_entry(scenario, name.about), scenario.periods
    ids = entry.periods if entry else tuple(filter(None, [about.period]))
    ends = dict.fromkeys((*ids[:1], *ids[-1:]))
    named = [name_period(known[one]) if one in known else one for one in ends]
    told = describe_row(scenario, name, periods=" – ".join(named))
    return told, entry.use if isinstance(entry, Need) else about.material or str(about)
