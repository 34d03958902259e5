"""Assign tonnes to legs so that the objectives are least, and prove it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.assignment.certificate import Certificate, certify
from raastof_geo.assignment.problem import COLUMN_KEYS, Floats, Problem, build_problem
from raastof_geo.assignment.rules import RULES, Row, Rule
from raastof_geo.assignment.shortage import explain_shortage, find_shortage
from raastof_geo.assignment.solve import Solution, solve
from raastof_geo.errors import NoPlanError, SolverError
from raastof_geo.language import say
from raastof_geo.legs import Legs, explain_lost
from raastof_geo.scenario.scenario import Scenario

_LEAST_T = 1e-6


@dataclass(frozen=True, eq=False)
class Plan:
    """Tonnes on every leg that is used, with the proof that no plan is better."""

    flows: pd.DataFrame
    """One row per flow: the columns of the programme with `tonnes`, and their sums
    `reference_tonnes`, `loads`, `kg_co2e_wtw`, `kg_co2e_ttw`, `dkk`, `tonne_km`,
    `vehicle_km`, `drive_h`, `energy`."""
    shadow_prices: pd.DataFrame
    """One row per constraint: `rule`, `label`, `sense`, `limit`, `used`, `shadow_price`
    (of the first objective, for one tonne more)."""
    certificate: Certificate
    """Of the first objective."""
    objectives: dict[str, float]
    """What each objective adds up to."""
    solver: str
    column_count: int


def assign(
    scenario: Scenario,
    legs: Legs,
    *,
    rules: Sequence[Rule] = RULES,
    solver: str | None = None,
) -> Plan:
    """Choose who sends what to whom, with proof.

    Parameters
    ----------
    rules
        The constraints, each a function that yields named rows.
    solver
        `HiGHS` or `PULP_CBC_CMD`; none: the first that is installed.

    Raises
    ------
    NoPlanError
        No plan meets the rules; it names the missing tonnes by use and place.
    SolverError
        No solver is installed, or it gave up.
    """
    problem = build_problem(scenario, legs)
    rows = [row for rule in rules for row in rule(problem)]
    costs = [problem.measure(objective) for objective in scenario.said.objectives]
    solutions = solve([*costs, _tie_break(problem)], rows, solver=solver)
    if solutions is None:
        missing = find_shortage(problem, rows)
        raise NoPlanError(
            *(
                explain_shortage(problem, missing)
                or [say("the rules contradict each other, though no tonnes are missing")]
            ),
            *explain_lost(legs),
        )
    return _build_plan(problem, rows, costs[0], solutions)


def _build_plan(problem: Problem, rows: list[Row], cost: Floats, solutions: list[Solution]) -> Plan:
    tonnes = np.where(solutions[-1].tonnes > _LEAST_T, np.round(solutions[-1].tonnes, 6), 0.0)
    prices = solutions[0].shadow_prices
    certificate = certify(cost, rows, tonnes, prices)
    if not certificate.holds:
        raise SolverError(
            say(
                "the plan did not stand the check: rules are broken by up to {violation} t and "
                "the gap is {gap}; please report the scenario",
                violation=f"{certificate.largest_violation:.3g}",
                gap=f"{certificate.gap:.3g}",
            )
        )
    return Plan(
        flows=measure_flows(problem.columns.assign(tonnes=tonnes)),
        shadow_prices=_price_rows(rows, tonnes, prices),
        certificate=certificate,
        objectives={
            name: float(problem.measure(name) @ tonnes) for name in problem.scenario.said.objectives
        },
        solver=solutions[0].solver,
        column_count=len(problem.columns),
    )


def measure_flows(columns: pd.DataFrame) -> pd.DataFrame:
    """Add up what each flow amounts to; columns without tonnes fall away."""
    used = columns[columns["tonnes"] > 0].reset_index(drop=True)
    tonnes = used["tonnes"]
    trips = tonnes / used["load_t"]
    return used.assign(
        reference_tonnes=tonnes * used["reference_share"],
        loads=np.ceil(trips - 1e-9).astype(np.int64),
        kg_co2e_wtw=tonnes * used["kg_co2e_wtw_per_t"],
        kg_co2e_ttw=tonnes * used["kg_co2e_ttw_per_t"],
        dkk=tonnes * used["dkk_per_t"],
        tonne_km=tonnes * used["length_km"],
        vehicle_km=tonnes * used["vehicle_km_per_t"],
        drive_h=trips * used["drive_h"],
        energy=trips * used["energy"],
    )


def _price_rows(rows: list[Row], tonnes: Floats, prices: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                row.rule,
                row.label,
                row.sense,
                row.limit,
                row.coefficients @ tonnes[row.columns],
                price,
            )
            for row, price in zip(rows, prices.tolist(), strict=True)
        ],
        columns=["rule", "label", "sense", "limit", "used", "shadow_price"],
    )


def _tie_break(problem: Problem) -> Floats:
    """Weigh columns so that one optimum is left: the earlier period, then a number by label."""
    order = {period: number for number, period in enumerate(problem.scenario.periods)}
    labels = problem.columns[list(COLUMN_KEYS)].astype(str).agg("|".join, axis=1)
    digests = (hashlib.sha256(label.encode()).digest()[:4] for label in labels)
    spread = np.array([int.from_bytes(digest, "big") / 2**32 for digest in digests])
    return np.asarray(problem.columns["period"].map(order).to_numpy(dtype=np.float64) + spread)
