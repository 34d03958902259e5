"""How the needs are met, year by year and municipality by municipality: three shares of them.

A *reference tonne* is a tonne of the material that a use is planned with, such as gravel in a base
course: of a lighter material fewer tonnes fill the same layer, and count as as many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from raastof_geo.assignment.statement.shares import count_giver, list_crossed
from raastof_geo.effect.books import COMMON, Books
from raastof_geo.figures.vocabulary import REFERENCE_TONNES, TONNES
from raastof_geo.language import say_text
from raastof_geo.scenario.catalogue import SORTS, Sort
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.target import DEFINITIONS, ShareDefinition
from raastof_geo.scenario.scenario import Scenario

GOAL_SHARE = 0.20
_REGION = "Region Sjælland, genanvendelse af råstoffer (regionsjaelland.dk)"
GOAL_SOURCE = f"{_REGION}; gate21.dk, sammen om mindre råstofforbrug"
"""Secondary raw materials and surplus soil over consumption. Verified: read on the pages named."""

_RECYCLED_TODAY = 0.02
"""Recycled building materials over consumption in Region Sjælland; soil is not in it (1.5-2.5 %).
Source: gate21.dk, sammen om mindre råstofforbrug (2022-2023), read; what it counts is inferred
from the regional supply model (regionh.dk, 2015 figures: land, sea, recycled, net import)."""

GOAL: Mapping[str, Any] = {
    **{"goal": round(100 * GOAL_SHARE), "year": "2032", "today": round(100 * _RECYCLED_TODAY)},
    "reference_tonne": say_text("reference tonne", "meaning"),
}
"""What is told of the goal; shares in per cent."""


@dataclass(frozen=True)
class Shares:
    """How the needs of a period, of a municipality or of all are met, in plan or baseline."""

    period: str
    """A period of the scenario; empty: all of them."""
    municipality: str
    """Where the needs are; empty: all of them."""
    needed_t: float
    """Needs met, with import and without export over the border. [reference t]"""
    counted_t: Mapping[ShareDefinition, float]
    """What counts of it, by definition. [reference t]"""
    tonnes: Mapping[Sort, float]
    """Tonnes put to use, by where they come from. [t]"""
    virgin_today_t: float | None
    """Virgin material that is used today in as many periods; none where that is not stated. [t]"""

    def share(self, definition: ShareDefinition) -> float:
        """Give what counts by a definition, over all needs."""
        return self.counted_t[definition] / self.needed_t if self.needed_t else 0.0

    @property
    def recycled(self) -> float:
        """Recycled building materials and residues over needs: as the 2 % of today, no soil."""
        return self.share("without_soil")

    @property
    def with_soil(self) -> float:
        """The same and clean surplus soil over needs: what the goal of 2032 is about."""
        return self.share("with_clean_soil")

    @property
    def cut(self) -> float | None:
        """Virgin material less than today, as a share of today's; none where that is not stated."""
        if not self.virgin_today_t:
            return None
        return 1 - self.tonnes["virgin"] / self.virgin_today_t


@lru_cache(maxsize=4)
def follow_periods(books: Books) -> tuple[Shares, ...]:
    """Give the shares of all periods together, then of each."""
    met, periods = _list_met(books), books.scenario.periods
    each = (_add_up(books.scenario, met[met["period"] == one], one) for one in periods)
    return _add_up(books.scenario, met), *each


@lru_cache(maxsize=4)
def follow_municipalities(books: Books) -> tuple[Shares, ...]:
    """Give the shares of each municipality with needs, of all periods together, by name."""
    places = _list_met(books).groupby("municipality")
    return tuple(_add_up(books.scenario, met, "", str(one)) for one, met in places if one != COMMON)


def _list_met(books: Books) -> pd.DataFrame:
    """List what needs get: by period and municipality what it meets, what counts, of what sort."""
    scenario, lines = books.scenario, books.lines
    lines = lines[lines["taker_kind"] == Role.NEED]
    givers = list_givers(scenario)
    sorts = {giver.id: dict(giver.sorts) for giver in givers}
    given = [sorts[giver] for giver in lines["giver"]]
    met = pd.DataFrame({"period": lines["period"], REFERENCE_TONNES: lines[REFERENCE_TONNES]})
    met["municipality"] = lines["destination"].map(books.municipalities)
    for name in DEFINITIONS:
        counts = {one.id: count_giver(scenario, one, name) for one in givers}
        met[name] = lines[REFERENCE_TONNES] * [counts[giver] for giver in lines["giver"]]
    for sort in SORTS:
        met[sort] = lines[TONNES] * [shares.get(sort, 0.0) for shares in given]
    return met


def _add_up(
    scenario: Scenario, met: pd.DataFrame, period: str = "", municipality: str = ""
) -> Shares:
    """Add up what needs get, and what crosses the border, which is no municipality's."""
    sums = met[[REFERENCE_TONNES, *DEFINITIONS, *SORTS]].sum()
    times = 1 if period else len(scenario.periods)
    for one in () if municipality else list_crossed(scenario):
        sums[REFERENCE_TONNES] += times * one.reference_t
        sums[one.sort] += times * one.tonnes
        for name in DEFINITIONS:
            sums[name] += times * one.counted[name]
    today = None if municipality else scenario.said.targets.virgin_today
    return Shares(
        period,
        municipality,
        float(sums[REFERENCE_TONNES]),
        {name: float(sums[name]) for name in DEFINITIONS},
        {sort: float(sums[sort]) for sort in SORTS},
        None if today is None else times * today.amount_per_period.value,
    )
