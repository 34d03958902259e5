"""What would happen without coordination, and what that, or a plan, adds up to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.plan import tabulate_used
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.progress import follow_periods
from raastof_geo.figures.vocabulary import CO2E, REFERENCE_TONNES, TRANSPORT_TTW, TRANSPORT_WTW
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.target import DEFINITIONS, BaselineKind, ShareDefinition, Together
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True)
class Totals:
    """The sums of the books, in the units of their names: [kg CO2e], [DKK], [km], [t km], [t]."""

    kg_co2e_wtw: float
    """Transport, well to wheel."""
    kg_co2e_ttw: float
    """Transport, tank to wheel."""
    upstream_kg_co2e: float
    processing_kg_co2e: float
    disposal_kg_co2e: float
    all_kg_co2e_wtw: float
    """Transport (WTW), upstream, processing and disposal together."""
    cost_dkk: float
    """Haul, toll, fares, materials, raw-material tax, gate fees, plants and depots."""
    loads: int
    """Truck trips with a load, the last of each flow as a whole one."""
    vehicle_km: float
    """Of trucks, loaded and empty, ferries left out."""
    tonne_km: float
    litres: float
    """Diesel and HVO. [l]"""
    kwh: float
    tonnes: float
    virgin_tonnes: float
    secondary_tonnes: float
    received_tonnes: float
    landfill_tonnes: float
    secondary_share_with_clean_soil: float
    """Share of all needs, in reference tonnes, met by any secondary material."""
    secondary_share_without_soil: float
    """The same of secondary materials that are not soil."""


_SHARES = {f"secondary_share_{name}": name for name in DEFINITIONS}
_CALLED = {one.flow: one for one in (TRANSPORT_WTW, TRANSPORT_TTW)} | {"all_kg_co2e_wtw": CO2E}
"""What the books call otherwise."""


def measure_totals(books: Books) -> Totals:
    """Add up books; nothing is counted that they do not say."""
    shares = measure_shares(books)
    sums: dict[str, Any] = {
        name: shares[_SHARES[name]] if name in _SHARES else books.total(_CALLED.get(name, name))
        for name in (field.name for field in fields(Totals))
    }
    return Totals(**{**sums, "loads": round(sums["loads"])})


def measure_shares(books: Books) -> dict[ShareDefinition, float]:
    """Give what each definition counts of all needs, unmet ones and those over the border too."""
    whole = follow_periods(books)[0]
    wanted = sum(need.tonnes for need in books.scenario.needs)
    needed = whole.needed_t + max(0.0, wanted - books.total(REFERENCE_TONNES))
    return {one: counted / (needed or 1.0) for one, counted in whole.counted_t.items()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """A world without coordination that the plan is held against."""

    kind: BaselineKind
    together: Together
    """Who is one party in it."""
    totals: Totals
    shares: Mapping[ShareDefinition, float]
    """Share of all needs, in reference tonnes, that each definition counts as secondary."""
    missing: Mapping[tuple[str, str], float]
    """Tonnes of needs and surplus for which it has no place. [t]"""
    used: float | None
    """`today`: of what could be put to use of the materials that count, the share that is."""
    reached: float | None
    """`today`: how far the stated share can be reached at most, where it cannot."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BaselinePlan(Comparison):
    """What is done without coordination, with all that it was added up from."""

    books: Books


def solve_baseline(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None = None
) -> BaselinePlan:
    """Find the cheapest world without coordination, of a `kind`, or the headline's."""
    alone = solve_alone(scenario, legs, kind)
    used = np.flatnonzero(alone.values)
    problem, values = alone.world.problem.only(used), alone.values[used]
    books = keep_books(problem, values)
    return BaselinePlan(
        kind=alone.world.kind,
        together=alone.world.together,
        totals=measure_totals(books),
        shares=measure_shares(books),
        missing=alone.missing,
        used=alone.used,
        reached=alone.reached,
        **tabulate_used(problem, values),
        books=books,
    )
