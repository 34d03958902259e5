"""What a unit of each column adds to each measure: emissions by part, money, work, tonnes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import Indicator


def _from_legs(problem: Problem, *, name: str, of_trip: str) -> Floats:
    """Take a figure of the leg, and give back the return trip of coordinated trucks."""
    share = problem.pooled_share
    moved = problem.leg(name)
    if share:
        moved = moved - share * problem.return_trip(of_trip) / problem.leg("load_t")
    return problem.join(moves=moved, trips=problem.trip(of_trip))


def _haul_and_toll(problem: Problem) -> Floats:
    return _from_legs(problem, name="haul_dkk_per_t", of_trip="dkk")


def _haul(problem: Problem) -> Floats:
    return _haul_and_toll(problem) - problem.measure(vocabulary.TOLL)


def _purchase(problem: Problem) -> Floats:
    bought = problem.of_givers("price_dkk_per_t") - problem.of_givers("tax_dkk_per_t")
    return problem.join(moves=bought * (1 - problem.taker_is("receiver")))


def _tax(problem: Problem) -> Floats:
    paid = problem.of_givers("tax_dkk_per_t") * (1 - problem.taker_is("receiver"))
    return problem.join(moves=paid)


def _terms_of(problem: Problem, *, taker: str) -> Floats:
    """Take what a kind of taker asks for a tonne."""
    asked = problem.terms("dkk_per_t") - problem.of_givers("dkk_per_t")
    return problem.join(moves=asked * problem.taker_is(taker))


def _handling(problem: Problem) -> Floats:
    out = problem.join(moves=problem.of_givers("dkk_per_t"))
    return out + _terms_of(problem, taker="depot") + _terms_of(problem, taker="plant")


def _dkk_of(problem: Problem, *, kind: str) -> Floats:
    """Take what a kind of columns costs."""
    if not problem.sizes[kind]:
        return np.zeros(problem.column_count)
    return problem.join(**{kind: problem.others[kind]["dkk"].to_numpy(np.float64)})


def _cost(problem: Problem) -> Floats:
    """Add all parts at once: a large programme has no room for each of them."""
    haul = _haul_and_toll(problem)
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


def _for_each_trip(problem: Problem, *, name: str) -> Floats:
    """Take a figure that the leg gives for a trip, and give back coordinated return trips."""
    moved = problem.leg(name) / problem.leg("load_t")
    if problem.pooled_share:
        moved = moved - problem.pooled_share * problem.return_trip(name) / problem.leg("load_t")
    return problem.join(moves=moved, trips=problem.trip(name))


def _virgin(problem: Problem) -> Floats:
    return problem.join(moves=problem.giver_is("pit"))


def _landfill(problem: Problem) -> Floats:
    return problem.join(moves=problem.terms("landfill"))


def _all_emissions(problem: Problem) -> Floats:
    return problem.add_up(vocabulary.parts_of(vocabulary.CO2E))


def _cost_with_co2(problem: Problem) -> Floats:
    dkk_per_kg = problem.scenario.said.co2_price_dkk_per_t / 1000
    emitted = problem.measure(vocabulary.CO2E)
    return problem.measure(vocabulary.COST) + dkk_per_kg * emitted


MEASURES: dict[Indicator, Callable[[Problem], Floats]] = {
    vocabulary.TRANSPORT_WTW: partial(
        _from_legs, name="kg_co2e_wtw_per_t", of_trip=vocabulary.TRANSPORT_WTW.flow
    ),
    vocabulary.TRANSPORT_TTW: partial(
        _from_legs, name="kg_co2e_ttw_per_t", of_trip=vocabulary.TRANSPORT_TTW.flow
    ),
    vocabulary.UPSTREAM: _upstream,
    vocabulary.PROCESSING: _processing,
    vocabulary.DISPOSAL: _disposal,
    vocabulary.CO2E: _all_emissions,
    vocabulary.COST: _cost,
    vocabulary.COST_WITH_CO2: _cost_with_co2,
    vocabulary.HAUL: _haul,
    vocabulary.TOLL: partial(_from_legs, name="toll_dkk_per_t", of_trip=vocabulary.TOLL),
    vocabulary.PURCHASE: _purchase,
    vocabulary.TAX: _tax,
    vocabulary.GATE: partial(_terms_of, taker="receiver"),
    vocabulary.PREPARATION: partial(_terms_of, taker="need"),
    vocabulary.HANDLING: _handling,
    vocabulary.PLANTS_RUN: partial(_dkk_of, kind="processes"),
    vocabulary.STORING: partial(_dkk_of, kind="stores"),
    vocabulary.OPENING: partial(_dkk_of, kind="openings"),
    vocabulary.TONNE_KM: _tonne_km,
    vocabulary.VEHICLE_KM: partial(_from_legs, name="vehicle_km_per_t", of_trip="length_km"),
    vocabulary.DRIVE_H: partial(_for_each_trip, name=vocabulary.DRIVE_H.name),
    vocabulary.VIRGIN: _virgin,
    vocabulary.LANDFILL: _landfill,
    vocabulary.ENERGY: partial(_for_each_trip, name=vocabulary.ENERGY.name),
}
"""What a plan can be measured by: for each, what a unit of every column adds to it. The functions
are partial ones, not closures, so that a problem, which carries them, can be pickled."""


def check_measures() -> None:
    """See that every indicator that columns are measured by has its function, and no other has.

    Raises
    ------
    LookupError
        A function without an indicator in the vocabulary, or an indicator without a function.
    """
    apart = set(vocabulary.measured()).symmetric_difference(MEASURES)
    if apart:
        raise LookupError(f"in one of `INDICATORS` and `MEASURES` only: {', '.join(sorted(apart))}")


check_measures()
