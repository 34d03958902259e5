"""What a unit of each column adds to each measure: emissions by part, money, work, tonnes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from raastof_geo.assignment.problem import Problem

Floats: TypeAlias = NDArray[np.float64]

EMISSION_PARTS = (
    "transport_kg_co2e_wtw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
)
"""Parts that add up to `kg_co2e_wtw`."""


def _from_legs(name: str, of_trip: str) -> Callable[[Problem], Floats]:
    """Take a figure of the leg, and give back the return trip of coordinated trucks."""

    def measure(problem: Problem) -> Floats:
        share = problem.pooled_share
        moved = problem.leg(name)
        if share:
            moved = moved - share * problem.return_trip(of_trip) / problem.leg("load_t")
        return problem.join(moves=moved, trips=problem.trip(of_trip))

    return measure


def _cost(problem: Problem) -> Floats:
    haul = _from_legs("haul_dkk_per_t", "dkk")(problem)
    paid = problem.of_givers("price_dkk_per_t") * (1 - problem.taker_is("receiver"))
    return haul + problem.join(
        moves=paid + problem.terms("dkk_per_t"),
        processes=problem.other("dkk"),
        stores=problem.other("dkk"),
        openings=problem.other("dkk"),
    )


def _processing(problem: Problem) -> Floats:
    return problem.join(
        moves=problem.terms("processing_kg_co2e_per_t"),
        processes=problem.other("kg_co2e"),
        openings=problem.other("kg_co2e"),
    )


def _upstream(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("upstream_kg_co2e_per_t"))


def _disposal(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("disposal_kg_co2e_per_t"))


def _tonne_km(problem: Problem) -> Floats:
    return problem.join(moves=problem.leg("length_km"))


def _drive_h(problem: Problem) -> Floats:
    moved = problem.leg("drive_h") / problem.leg("load_t")
    if problem.pooled_share:
        returned = problem.return_trip("drive_h") / problem.leg("load_t")
        moved = moved - problem.pooled_share * returned
    return problem.join(moves=moved, trips=problem.trip("drive_h"))


def _virgin(problem: Problem) -> Floats:
    return problem.join(moves=problem.giver_is("pit"))


def _landfill(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("landfill"))


def _all_emissions(problem: Problem) -> Floats:
    return np.asarray(sum(problem.measure(part) for part in EMISSION_PARTS))


def _cost_with_co2(problem: Problem) -> Floats:
    dkk_per_kg = problem.scenario.said.co2_price_dkk_per_t / 1000
    return problem.measure("cost_dkk") + dkk_per_kg * problem.measure("kg_co2e_wtw")


MEASURES: Mapping[str, Callable[[Problem], Floats]] = {
    "transport_kg_co2e_wtw": _from_legs("kg_co2e_wtw_per_t", "kg_co2e_wtw"),
    "transport_kg_co2e_ttw": _from_legs("kg_co2e_ttw_per_t", "kg_co2e_ttw"),
    "upstream_kg_co2e": _upstream,
    "processing_kg_co2e": _processing,
    "disposal_kg_co2e": _disposal,
    "kg_co2e_wtw": _all_emissions,
    "cost_dkk": _cost,
    "cost_with_co2_dkk": _cost_with_co2,
    "tonne_km": _tonne_km,
    "vehicle_km": _from_legs("vehicle_km_per_t", "length_km"),
    "drive_h": _drive_h,
    "virgin_tonnes": _virgin,
    "landfill_tonnes": _landfill,
}
"""What a plan can be measured by: for each, what a unit of every column adds to it."""


def add_measures(problem: Problem, names: Sequence[str]) -> Floats:
    """Add several measures of one unit up."""
    if len(names) == 1:
        return problem.measure(names[0])
    return np.asarray(sum(problem.measure(name) for name in names))
