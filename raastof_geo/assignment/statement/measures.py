"""What a unit of each column adds to each measure: emissions by part, money, work, tonnes."""

from collections.abc import Callable
from functools import partial

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import Indicator
from raastof_geo.scenario.role import Role


def _haul(problem: Problem) -> Floats:
    return problem.driven("haul_dkk_per_t", "dkk") - problem.measure(vocabulary.TOLL)


def _if_used(problem: Problem, *, name: str) -> Floats:
    """Take what a tonne means to its giver, unless it goes to final reception."""
    return problem.join(moves=problem.of_givers(name) * ~problem.has("taker_kind", Role.RECEIVER))


def _moved(problem: Problem, *, look: Callable[[Problem, str], Floats], name: str) -> Floats:
    """Take what a tonne on each move has, and nothing of other columns."""
    return problem.join(moves=look(problem, name))


def _driven(name: str, of_trip: str, *, each_trip: bool = False) -> Callable[[Problem], Floats]:
    return partial(Problem.driven, name=name, of_trip=of_trip, each_trip=each_trip)


_at_ends = partial(_moved, look=Problem.terms)
"""Takes what a tonne means to its giver and to its taker."""


def _terms_of(problem: Problem, *, taker: Role) -> Floats:
    """Take what a kind of taker asks for a tonne."""
    asked = problem.terms("dkk_per_t") - problem.of_givers("dkk_per_t")
    return problem.join(moves=asked * problem.has("taker_kind", taker))


def _purchase(problem: Problem) -> Floats:
    return _if_used(problem, name="price_dkk_per_t") - problem.measure(vocabulary.TAX)


def _gate(problem: Problem) -> Floats:
    asked = _terms_of(problem, taker=Role.RECEIVER)
    return asked - problem.measure(vocabulary.LANDFILL_TAX)


def _sampling(problem: Problem) -> Floats:
    """Take what samples of soil cost where it leaves its site."""
    cost = problem.of_givers("sampling_dkk_per_t")
    return problem.join(moves=np.where(problem.inside, 0.0, cost))


def _preparation(problem: Problem) -> Floats:
    made = _if_used(problem, name="preparation_dkk_per_t")
    return made + _terms_of(problem, taker=Role.NEED)


def _handling(problem: Problem) -> Floats:
    out = problem.join(moves=problem.of_givers("dkk_per_t"))
    return out + _terms_of(problem, taker=Role.DEPOT) + _terms_of(problem, taker=Role.PLANT)


def _cost(problem: Problem) -> Floats:
    """Add all parts at once: a large programme has no room for each of them."""
    paid = _if_used(problem, name="price_dkk_per_t")
    paid += _if_used(problem, name="preparation_dkk_per_t")
    paid = paid + _at_ends(problem, name="dkk_per_t") + _sampling(problem)
    return problem.driven("haul_dkk_per_t", "dkk") + paid + problem.other("dkk")


def _processing(problem: Problem) -> Floats:
    made = _if_used(problem, name="preparation_kg_co2e_per_t")
    return made + _at_ends(problem, name="processing_kg_co2e_per_t") + problem.other("kg_co2e")


def _virgin(problem: Problem) -> Floats:
    return problem.join(moves=problem.has("giver_kind", Role.PIT).astype(np.float64))


def _short_of_goal(problem: Problem) -> Floats:
    return problem.join(shortfalls=np.ones(problem.sizes[ColumnKind.SHORTFALLS]))


def _cost_with_co2(problem: Problem) -> Floats:
    """Price all CO2e, but not twice what fuel and toll hold of a price of CO2 already."""
    dkk_per_kg, taxed_dkk_per_kg = problem.scenario.co2_dkk_per_kg
    added = dkk_per_kg * problem.measure(vocabulary.CO2E)
    taxed = taxed_dkk_per_kg * problem.measure(vocabulary.TRANSPORT_TTW)
    paid = problem.measure(vocabulary.COST) - problem.measure(vocabulary.TOLL_CO2)
    return paid + added - taxed


MEASURES: dict[Indicator, Callable[[Problem], Floats]] = {
    vocabulary.TRANSPORT_WTW: partial(Problem.add_up, names=(vocabulary.ROAD_WTW, vocabulary.SEA)),
    vocabulary.SEA: partial(_moved, look=Problem.of_givers, name="sea_kg_co2e_per_t"),
    vocabulary.ROAD_WTW: _driven("kg_co2e_wtw_per_t", vocabulary.TRANSPORT_WTW.flow),
    vocabulary.TRANSPORT_TTW: _driven("kg_co2e_ttw_per_t", vocabulary.TRANSPORT_TTW.flow),
    vocabulary.UPSTREAM: partial(_at_ends, name="upstream_kg_co2e_per_t"),
    vocabulary.PROCESSING: _processing,
    vocabulary.DISPOSAL: partial(_at_ends, name="disposal_kg_co2e_per_t"),
    vocabulary.CO2E: partial(Problem.add_up, names=vocabulary.parts_of(vocabulary.CO2E)),
    vocabulary.COST: _cost,
    vocabulary.COST_WITH_CO2: _cost_with_co2,
    vocabulary.HAUL: _haul,
    vocabulary.TOLL: _driven("toll_dkk_per_t", vocabulary.TOLL),
    vocabulary.TOLL_CO2: _driven("toll_co2_dkk_per_t", vocabulary.TOLL_CO2),
    vocabulary.PURCHASE: _purchase,
    vocabulary.TAX: partial(_if_used, name="tax_dkk_per_t"),
    vocabulary.GATE: _gate,
    vocabulary.LANDFILL_TAX: partial(_at_ends, name="landfill_tax_dkk_per_t"),
    vocabulary.SAMPLING: _sampling,
    vocabulary.PREPARATION: _preparation,
    vocabulary.HANDLING: _handling,
    vocabulary.PLANTS_RUN: partial(Problem.other, name="dkk", only=ColumnKind.PROCESSES),
    vocabulary.STORING: partial(Problem.other, name="dkk", only=ColumnKind.STORES),
    vocabulary.OPENING: partial(Problem.other, name="dkk", only=ColumnKind.OPENINGS),
    vocabulary.TONNE_KM: partial(_moved, look=Problem.leg, name="length_km"),
    vocabulary.VEHICLE_KM: _driven("vehicle_km_per_t", "length_km"),
    vocabulary.DRIVE_H: _driven(vocabulary.DRIVE_H, vocabulary.DRIVE_H, each_trip=True),
    vocabulary.VIRGIN: _virgin,
    vocabulary.LANDFILL: partial(_at_ends, name="landfill"),
    vocabulary.SHORT_OF_GOAL: _short_of_goal,
    vocabulary.ENERGY: _driven(vocabulary.ENERGY, vocabulary.ENERGY, each_trip=True),
}
"""What a plan can be measured by: for each, what a unit of every column adds to it. The functions
are partial ones, not closures, so that a problem, which carries them, can be pickled."""


def check_measures() -> None:
    """See that every indicator that columns are measured by has its function, and no other has."""
    apart = set(vocabulary.measured()).symmetric_difference(MEASURES)
    if apart:
        raise LookupError(f"in one of `INDICATORS` and `MEASURES` only: {', '.join(sorted(apart))}")


check_measures()
