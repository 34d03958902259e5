"""What a unit of each column adds to each measure: emissions by part, money, work, tonnes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from raastof_geo.arrays import Floats

if TYPE_CHECKING:
    from raastof_geo.assignment.statement.problem import Problem


EMISSION_PARTS = (
    "transport_kg_co2e_wtw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
)
"""Parts that add up to `kg_co2e_wtw`."""

COST_PARTS = (
    "haul_dkk",
    "toll_dkk",
    "purchase_dkk",
    "tax_dkk",
    "gate_dkk",
    "preparation_dkk",
    "handling_dkk",
    "processing_dkk",
    "storing_dkk",
    "opening_dkk",
)
"""Parts that add up to `cost_dkk`: trucks; tolls and fares; material bought; raw-material tax;
gate fees; what a use asks for, as lime; depots in and out; plants; what lies in depots; candidate
sites that open."""


def _from_legs(name: str, of_trip: str) -> Callable[[Problem], Floats]:
    """Take a figure of the leg, and give back the return trip of coordinated trucks."""

    def measure(problem: Problem) -> Floats:
        share = problem.pooled_share
        moved = problem.leg(name)
        if share:
            moved = moved - share * problem.return_trip(of_trip) / problem.leg("load_t")
        return problem.join(moves=moved, trips=problem.trip(of_trip))

    return measure


def _haul(problem: Problem) -> Floats:
    return _from_legs("haul_dkk_per_t", "dkk")(problem) - problem.measure("toll_dkk")


def _purchase(problem: Problem) -> Floats:
    bought = problem.of_givers("price_dkk_per_t") - problem.of_givers("tax_dkk_per_t")
    return problem.join(moves=bought * (1 - problem.taker_is("receiver")))


def _tax(problem: Problem) -> Floats:
    paid = problem.of_givers("tax_dkk_per_t") * (1 - problem.taker_is("receiver"))
    return problem.join(moves=paid)


def _terms_of(taker: str) -> Callable[[Problem], Floats]:
    """Take what a kind of taker asks for a tonne."""

    def measure(problem: Problem) -> Floats:
        asked = problem.terms("dkk_per_t") - problem.of_givers("dkk_per_t")
        return problem.join(moves=asked * problem.taker_is(taker))

    return measure


def _handling(problem: Problem) -> Floats:
    out = problem.join(moves=problem.of_givers("dkk_per_t"))
    return out + _terms_of("depot")(problem) + _terms_of("plant")(problem)


def _dkk_of(kind: str) -> Callable[[Problem], Floats]:
    """Take what a kind of columns costs."""

    def measure(problem: Problem) -> Floats:
        if not problem.sizes[kind]:
            return np.zeros(problem.column_count)
        return problem.join(**{kind: problem.others[kind]["dkk"].to_numpy(np.float64)})

    return measure


def _cost(problem: Problem) -> Floats:
    """Add all parts at once: a large programme has no room for each of them."""
    haul = _from_legs("haul_dkk_per_t", "dkk")(problem)
    paid = problem.of_givers("price_dkk_per_t") * (1 - problem.taker_is("receiver"))
    return haul + problem.join(moves=paid + problem.terms("dkk_per_t")) + problem.other("dkk")


def _processing(problem: Problem) -> Floats:
    moved = problem.join(moves=problem.terms("processing_kg_co2e_per_t"))
    return moved + problem.other("kg_co2e")


def _upstream(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("upstream_kg_co2e_per_t"))


def _disposal(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("disposal_kg_co2e_per_t"))


def _tonne_km(problem: Problem) -> Floats:
    return problem.join(moves=problem.leg("length_km"))


def _for_each_trip(name: str) -> Callable[[Problem], Floats]:
    """Take a figure that the leg gives for a trip, and give back coordinated return trips."""

    def measure(problem: Problem) -> Floats:
        moved = problem.leg(name) / problem.leg("load_t")
        if problem.pooled_share:
            moved = moved - problem.pooled_share * problem.return_trip(name) / problem.leg("load_t")
        return problem.join(moves=moved, trips=problem.trip(name))

    return measure


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
    "haul_dkk": _haul,
    "toll_dkk": _from_legs("toll_dkk_per_t", "toll_dkk"),
    "purchase_dkk": _purchase,
    "tax_dkk": _tax,
    "gate_dkk": _terms_of("receiver"),
    "preparation_dkk": _terms_of("need"),
    "handling_dkk": _handling,
    "processing_dkk": _dkk_of("processes"),
    "storing_dkk": _dkk_of("stores"),
    "opening_dkk": _dkk_of("openings"),
    "tonne_km": _tonne_km,
    "vehicle_km": _from_legs("vehicle_km_per_t", "length_km"),
    "drive_h": _for_each_trip("drive_h"),
    "virgin_tonnes": _virgin,
    "landfill_tonnes": _landfill,
    "energy": _for_each_trip("energy"),
}
"""What a plan can be measured by: for each, what a unit of every column adds to it.
`energy` is in the unit of each truck's fuel."""


def add_measures(problem: Problem, names: Sequence[str]) -> Floats:
    """Add several measures of one unit up."""
    if len(names) == 1:
        return problem.measure(names[0])
    return np.asarray(sum(problem.measure(name) for name in names))
