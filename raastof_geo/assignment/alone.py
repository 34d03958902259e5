"""What each project would do alone: its needs from pits, its surplus to receivers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from raastof_geo.assignment.layout import build_problem
from raastof_geo.assignment.master import pick_solver
from raastof_geo.assignment.price_in import Clock, solve_in_order
from raastof_geo.assignment.problem import Columns, Floats, Problem
from raastof_geo.assignment.programme import build_programme
from raastof_geo.assignment.rules.limits import project_shares, project_sites
from raastof_geo.assignment.rules.masses import needs_met, offers_kept
from raastof_geo.assignment.rules.row import Row, sum_of
from raastof_geo.assignment.violation import find_least_violation
from raastof_geo.errors import SolverError
from raastof_geo.language import say
from raastof_geo.legs import Legs
from raastof_geo.scenario.model import Choices, NamedLeg, Targets
from raastof_geo.scenario.scenario import Pit, Receiver, Scenario


@dataclass(frozen=True, eq=False)
class Alone:
    """Tonnes without coordination, and what could not be placed."""

    problem: Problem
    values: Floats
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which a project alone finds no pit and no receiver. [t]"""


def solve_alone(scenario: Scenario, legs: Legs) -> Alone:
    """Let each project take its needs from pits and send its surplus to receivers.

    Nothing is shared: every project meets the pits and receivers as if it were alone, with their
    whole capacity; there are no plants, depots, coordinated trucks, targets or agreements. Offers
    that need not leave stay. Where the scenario names the pits or receivers of its baseline, only
    those are used, and so with trucks; those that are few are nobody's.
    """
    problem = build_problem(_without_coordination(scenario), legs)
    closed = ~_alone(problem)
    rows = [*alone_rows(problem), *_named_rows(problem)]
    missing: dict[tuple[str, str], float] = {}
    solver = pick_solver(scenario.said.solving.solver)
    for _ in range(2):
        programme = build_programme(rows, problem.whole)
        costs = problem.objectives()
        steps = solve_in_order(programme, costs, solver=solver, clock=Clock(), closed=closed)
        if steps[0].feasible:
            values = steps[-1].optimum.spread(problem.column_count)
            values = np.where(values > 1e-6, np.round(values, 6), 0.0)
            return Alone(problem, values, missing)
        violation = find_least_violation(rows, programme, solver=solver, closed=closed)
        missing = {(rows[at].rule, rows[at].label): short for at, short in violation.short.items()}
        rows = [_less(row, missing.get((row.rule, row.label), 0.0)) for row in rows]
    raise SolverError(
        say(
            "the baseline could not be solved: look whether `baseline.legs` ask for more than is "
            "on offer, needed or allowed"
        )
    )


def measure_alone(problem: Problem) -> dict[str, float]:
    """Give what each project has alone by the measure of fairness."""
    scenario = problem.scenario
    fairness = scenario.said.targets.fairness
    assert fairness is not None  # noqa: S101 - the caller has looked
    alone = solve_alone(scenario, problem.legs)
    values = alone.problem.measure(fairness.measure) * alone.values
    projects = {scenario.project(site) for site in project_sites(scenario)}
    figures = {}
    for project in sorted(projects):
        columns, part = project_shares(alone.problem, project)
        figures[project] = float(values[columns] @ part)
    return figures


def _without_coordination(scenario: Scenario) -> Scenario:
    plenty = tuple(name for name in scenario.said.vehicles if name not in scenario.said.fleet)
    vehicles = scenario.said.baseline.vehicles or plenty or scenario.said.vehicles
    said = scenario.said.model_copy(
        update={
            "vehicles": vehicles,
            "return_loads": None,
            "fleet": {},
            "agreements": (),
            "targets": Targets(),
            "choices": Choices(),
        }
    )
    return replace(scenario, said=said)


def _alone(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which columns lead from pits to needs and from surplus to receivers."""
    named = problem.scenario.said.baseline
    leaving = {offer.id for offer in problem.scenario.offers if offer.must_leave}
    digs = [giver.kind == "pit" and _among(giver.site, named.pits) for giver in problem.givers]
    leaves = [giver.kind == "offer" and giver.id in leaving for giver in problem.givers]
    needs = [taker.kind == "need" for taker in problem.takers]
    receives = [
        taker.kind == "receiver" and _among(taker.site, named.receivers) for taker in problem.takers
    ]
    mask = np.zeros(problem.column_count, bool)
    moves = problem.moves
    if len(moves):
        mask[problem.block("moves")] = (
            np.array(digs)[moves.giver] & np.array(needs)[moves.taker]
        ) | (np.array(leaves)[moves.giver] & np.array(receives)[moves.taker])
        _keep_to_named(problem, mask)
    return mask


def _keep_to_named(problem: Problem, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    """Open the legs that the baseline names, and close the others of the same material.

    What leaves a project is held to its named takers; what a project gets out of pits, to the
    named pits. A leg with an amount opens only itself.
    """
    named = problem.scenario.said.baseline.legs
    opened = [_columns_of(problem, leg) for leg in named]
    for leg in named:
        if leg.tonnes is not None:
            continue
        key, site = "origin", leg.giver
        if problem.scenario.sites[leg.giver].pit is not None:
            key, site = "destination", leg.taker
        labels = {} if leg.material is None else {"material": leg.material}
        others = problem.find(**{key: site}, **labels)
        periods = set(leg.periods(tuple(problem.scenario.periods)))
        mask[others[np.isin(problem.labels("period", others), sorted(periods))]] = False
    for columns in opened:
        mask[columns] = True


def _columns_of(problem: Problem, leg: NamedLeg) -> Columns:
    """Find the moves that a named leg is about, from surplus and pits to needs and receivers."""
    labels = {} if leg.material is None else {"material": leg.material}
    columns = problem.find(origin=leg.giver, destination=leg.taker, **labels)
    ends = np.isin(problem.labels("giver_kind", columns).astype(str), ["offer", "pit"])
    ends &= np.isin(problem.labels("taker_kind", columns).astype(str), ["need", "receiver"])
    periods = leg.periods(tuple(problem.scenario.periods))
    return columns[ends & np.isin(problem.labels("period", columns).astype(str), periods)]


def _named_rows(problem: Problem) -> Iterator[Row]:
    """Yield what the baseline says is already planned."""
    for leg in problem.scenario.said.baseline.legs:
        if leg.tonnes is None:
            continue
        scenario = problem.scenario
        tonnes = leg.tonnes.value
        if leg.tonnes.unit != "t" and leg.material is not None:
            tonnes = scenario.catalogue.tonnes(leg.tonnes, leg.material, scenario.said.vehicles)
        label = f"{leg.giver}>{leg.taker}" + (f"/{leg.material}" if leg.material else "")
        yield sum_of("named_leg", label, _columns_of(problem, leg), "=", tonnes)


def _among(site: str, named: Collection[str] | None) -> bool:
    return named is None or site in named


def alone_rows(problem: Problem) -> Iterator[Row]:
    """Yield the rules of a project alone: surplus leaves, needs are met, capacities hold for it."""
    leaving = {offer.id for offer in problem.scenario.offers if offer.must_leave}
    named = problem.scenario.said.baseline.legs
    yield from (row for row in offers_kept(problem) if named or row.label in leaving)
    yield from needs_met(problem)
    for pit in problem.scenario.pits:
        columns = problem.find(origin=pit.site, giver_kind="pit")
        yield from _capacity_alone(problem, columns, "destination", pit)
    for receiver in problem.scenario.receivers:
        columns = problem.of("taker", receiver.site)
        yield from _capacity_alone(problem, columns, "origin", receiver)


def _capacity_alone(
    problem: Problem, columns: Columns, party_key: str, limits: Pit | Receiver
) -> Iterator[Row]:
    """Each project may use a place up to the place's whole capacity."""
    if limits.per_period_t is None and limits.total_t is None:
        return
    parties = problem.labels(party_key, columns)
    periods = problem.moves.period[columns]
    for party in sorted(set(parties.tolist())):
        mine = parties == party
        if limits.per_period_t is not None:
            for number, period in enumerate(problem.scenario.periods):
                label = f"{limits.site}@{period}/{party}"
                chosen = columns[mine & (periods == number)]
                yield sum_of("capacity_alone", label, chosen, "<=", limits.per_period_t)
        if limits.total_t is not None:
            label = f"{limits.site}/{party}"
            yield sum_of("capacity_alone", label, columns[mine], "<=", limits.total_t)


def _less(row: Row, tonnes: float) -> Row:
    """Ask for what is there."""
    return replace(row, limit=max(0.0, row.limit - tonnes)) if tonnes else row
