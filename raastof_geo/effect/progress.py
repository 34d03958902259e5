"""How the needs are met, year by year and municipality by municipality: three shares of them.

A *reference tonne* is a tonne of the material that a use is planned with, such as gravel in a base
course: of a lighter material fewer tonnes fill the same layer, and count as as many.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.statement.goal import count_giver, list_crossed
from raastof_geo.effect.books import COMMON, Books
from raastof_geo.figures.vocabulary import REFERENCE_TONNES
from raastof_geo.language import say
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.provenance import SORTS, Sort
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.target import DEFINITIONS, ShareDefinition
from raastof_geo.scenario.scenario import Scenario

GOAL_SHARE = 0.20
GOAL_YEAR = 2032
GOAL_SOURCE = (
    "Region Sjælland, genanvendelse af råstoffer (regionsjaelland.dk); gate21.dk, "
    "sammen om mindre råstofforbrug"
)
"""Secondary raw materials and surplus soil over consumption. Verified: read on the pages named."""

RECYCLED_TODAY = 0.02
"""Recycled building materials over consumption in Region Sjælland; soil is not in it (1.5-2.5 %).
Source: gate21.dk, sammen om mindre råstofforbrug (2022-2023), read; what it counts is inferred
from the regional supply model (regionh.dk, 2015 figures: land, sea, recycled, net import)."""

REFERENCE_TONNE = say(
    "A reference tonne is a tonne of the material that a use is planned with; of a lighter "
    "material fewer tonnes fill the same layer, and count as as many."
)


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
        """Recycled building materials and residues over needs: only this is like `RECYCLED_TODAY`.

        Soil is not in it.
        """
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


def follow_periods(books: Books) -> tuple[Shares, ...]:
    """Give the shares of all periods together, then of each."""
    periods = (COMMON, *books.scenario.periods)
    return tuple(_measure(books, period, COMMON) for period in periods)


def follow_municipalities(books: Books) -> tuple[Shares, ...]:
    """Give the shares of each municipality with needs, of all periods together, by name."""
    where = books.municipalities
    names = sorted({where[need.site] for need in books.scenario.needs} - {COMMON})
    return tuple(_measure(books, COMMON, name) for name in names)


def _measure(books: Books, period: str, municipality: str) -> Shares:
    scenario, lines = books.scenario, books.lines
    lines = lines[lines["taker_kind"] == Role.NEED]
    if period:
        lines = lines[lines["period"] == period]
    if municipality:
        lines = lines[lines["destination"].map(books.municipalities) == municipality]
    count = 1 if period else len(scenario.periods)
    border = () if municipality else list_crossed(scenario)
    counted = {
        definition: float(
            (lines[REFERENCE_TONNES] * count_lines(scenario, lines, definition)).sum()
        )
        + sum(one.counted[definition] * count for one in border)
        for definition in DEFINITIONS
    }
    sorts = {giver.id: dict(giver.sorts) for giver in list_givers(scenario)}
    used = lines.groupby("giver")["tonnes"].sum()
    tonnes = {
        sort: float(sum(t * sorts[str(giver)].get(sort, 0.0) for giver, t in used.items()))
        + sum(one.tonnes * count for one in border if one.sort == sort)
        for sort in SORTS
    }
    today = scenario.said.targets.virgin_today
    stated = today is not None and not municipality
    return Shares(
        period,
        municipality,
        float(lines[REFERENCE_TONNES].sum()) + sum(one.reference_t * count for one in border),
        counted,
        tonnes,
        count * today.amount_per_period.value if today is not None and stated else None,
    )


def count_lines(scenario: Scenario, lines: pd.DataFrame, definition: ShareDefinition) -> Floats:
    """Give how much of a tonne of each flow, or line of books, counts as secondary. [t/t]"""
    counts = {one.id: count_giver(scenario, one, definition) for one in list_givers(scenario)}
    return np.asarray(lines["giver"].map(counts).fillna(0.0), np.float64)
