"""What projects would do each on its own: needs from pits, surplus to receivers."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.rules.limits import share_moves
from raastof_geo.assignment.rules.masses import (
    needs_met,
    offers_kept,
    pits_permitted,
    receivers_permitted,
)
from raastof_geo.assignment.rules.row import Row, sum_of
from raastof_geo.assignment.solving.solve import solve
from raastof_geo.assignment.solving.ties import break_ties
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.statement.statement import lay_columns, lay_rows
from raastof_geo.errors import SolverError
from raastof_geo.language import say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.agreement import NamedLeg
from raastof_geo.scenario.said.choice import Choices
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.target import Targets
from raastof_geo.scenario.scenario import Scenario

_LACKING = ("offers_kept", "needs_met", "named_leg")
"""Rules that a baseline may fall short of, and then says so."""
_RULES = (offers_kept, needs_met, pits_permitted, receivers_permitted)
"""What holds without coordination as well."""
_LEAST_T = 1e-3
"""Less than this is not missing, in a world of tonnes. [t]"""


@dataclass(frozen=True, eq=False)
class Alone:
    """Tonnes without coordination, and what could not be placed."""

    problem: Problem
    values: Floats
    missing: dict[tuple[str, str], float]
    """Tonnes of needs and surplus for which no pit and no receiver is left. [t]"""


def solve_alone(scenario: Scenario, legs: Legs) -> Alone:
    """Let each project take its needs from pits and send its surplus to receivers.

    Projects send nothing to each other, and there are no plants, depots, coordinated trucks,
    targets or agreements. Pits and receivers are there once: what one project uses of a capacity
    is gone for the others, and scarce places go to those to whom they are worth most, so that no
    uncoordinated world is better. Offers that need not leave stay. Where the scenario names the
    pits or receivers of its baseline, only those are used, and so with trucks; those that are few
    are nobody's. Where there is not room for everything, as much as there is room for is placed.

    Raises
    ------
    SolverError
        The legs that the baseline names ask for more than is offered, needed or allowed.
    """
    problem = lay_columns(_without_coordination(scenario), legs, _RULES)
    closed = ~_alone(problem)
    rules = (alone_rows, named_rows)
    costs = [*problem.objectives(), break_ties(problem)]
    solution = solve(problem, rules=rules, costs=costs, closed=closed)
    if solution.feasible:
        return Alone(problem, solution.programme.clean(solution.values), {})
    rows = lay_rows(problem, rules)
    return _place_what_fits(problem, rows, solution.programme, costs, closed)


def _place_what_fits(
    problem: Problem, rows: Sequence[Row], programme: Programme, costs: list[Floats], closed: Mask
) -> Alone:
    """Miss as few tonnes of named legs as can be, then of needs and surplus, then solve as ever."""
    lacking = [at for at, row in enumerate(rows) if row.rule in _LACKING and row.sense != "<="]
    named = np.array([rows[at].rule == "named_leg" for at in lacking])
    wider = programme.with_slack(lacking, [])
    count, extra = problem.column_count, len(lacking)
    missed = [np.append(np.zeros(count), kind.astype(np.float64)) for kind in (named, ~named)]
    solution = solve(
        problem,
        programme=wider,
        costs=[
            *(cost for cost in missed if cost.any()),
            *(np.append(cost, np.zeros(extra)) for cost in costs),
        ],
        closed=np.append(closed, np.zeros(extra, bool)),
        start=np.arange(count, count + extra),
    )
    if not solution.feasible:
        raise SolverError(
            say(
                "the baseline could not be solved: look whether `baseline.legs` ask for more than "
                "is on offer, needed or allowed"
            )
        )
    values = wider.clean(solution.values)
    missing = {
        (rows[at].rule, rows[at].label): tonnes
        for at, tonnes in zip(lacking, values[count:].tolist(), strict=True)
        if tonnes > _LEAST_T / programme.scale
    }
    return Alone(problem, values[:count], missing)


def measure_alone(problem: Problem) -> dict[str, float]:
    """Give what each project has in the baseline by the measure of fairness.

    A project that the baseline leaves something out of has no figure: what the rest of it comes
    to says nothing about the whole.

    Returns
    -------
    amounts
        By project, in the unit of the measure; empty where no fairness is asked for.
    """
    scenario = problem.scenario
    fairness = scenario.said.targets.fairness
    if fairness is None:
        return {}
    alone = solve_alone(scenario, problem.legs)
    site = {offer.id: offer.site for offer in scenario.offers}
    site |= {need.id: need.site for need in scenario.needs}
    short = {scenario.project(site[label]) for _, label in alone.missing if label in site}
    return {
        project: float(weights @ alone.values[columns])
        for project, (columns, weights) in share_moves(alone.problem, fairness.measure).items()
        if project not in short
    }


def plain_trucks(said: ScenarioFile) -> tuple[str, ...]:
    """Give the trucks of the baseline: those named, else those that are not few, else all."""
    plenty = tuple(name for name in said.vehicles if name not in said.fleet)
    return said.baseline.vehicles or plenty or said.vehicles


def _without_coordination(scenario: Scenario) -> Scenario:
    said = scenario.said.model_copy(
        update={
            "vehicles": plain_trucks(scenario.said),
            "return_loads": None,
            "fleet": {},
            "agreements": (),
            "targets": Targets(),
            "choices": Choices(),
        }
    )
    return replace(scenario, said=said)


def _alone(problem: Problem) -> Mask:
    """Tell which columns lead from pits to needs and from surplus to receivers."""
    named = problem.scenario.said.baseline
    leaving = {offer.id for offer in problem.scenario.offers if offer.must_leave}
    digs = [one.kind == Role.PIT and _among(one.site, named.pits) for one in problem.givers]
    leaves = [one.kind == Role.OFFER and one.id in leaving for one in problem.givers]
    needs = [one.kind == Role.NEED for one in problem.takers]
    receives = [
        one.kind == Role.RECEIVER and _among(one.site, named.receivers) for one in problem.takers
    ]
    mask = np.zeros(problem.column_count, bool)
    moves = problem.moves
    if len(moves):
        pairs = ((digs, needs), (leaves, receives))
        parts = [np.array(a)[moves.giver] & np.array(b)[moves.taker] for a, b in pairs]
        mask[problem.block("moves")] = np.logical_or(*parts)
        _keep_to_named(problem, mask)
    return mask


def _keep_to_named(problem: Problem, mask: Mask) -> None:
    """Open the legs that the baseline names, and close the others of the same material.

    What leaves a project is held to its named takers; what a project gets out of pits, to the
    named pits. A leg with an amount opens only itself.
    """
    named = problem.scenario.said.baseline.legs
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
    for leg in named:
        mask[_columns_of(problem, leg)] = True


def _columns_of(problem: Problem, leg: NamedLeg) -> Columns:
    """Find the moves that a named leg is about, from surplus and pits to needs and receivers."""
    labels = {} if leg.material is None else {"material": leg.material}
    columns = problem.find(origin=leg.giver, destination=leg.taker, **labels)
    ends = np.isin(problem.labels("giver_kind", columns).astype(str), [Role.OFFER, Role.PIT])
    ends &= np.isin(problem.labels("taker_kind", columns).astype(str), [Role.NEED, Role.RECEIVER])
    periods = leg.periods(tuple(problem.scenario.periods))
    return columns[ends & np.isin(problem.labels("period", columns).astype(str), periods)]


def named_rows(problem: Problem) -> Iterator[Row]:
    """Yield what the baseline says is already planned."""
    for leg in problem.scenario.said.baseline.legs:
        if leg.tonnes is None:
            continue
        tonnes = problem.scenario.weigh(leg.tonnes, leg.material)
        label = f"{leg.giver}>{leg.taker}" + (f"/{leg.material}" if leg.material else "")
        yield sum_of("named_leg", label, _columns_of(problem, leg), "=", tonnes)


def _among(site: str, named: Collection[str] | None) -> bool:
    return named is None or site in named


def alone_rows(problem: Problem) -> Iterator[Row]:
    """Yield the rules of a baseline: surplus leaves, needs are met, every capacity holds once."""
    leaving = {offer.id for offer in problem.scenario.offers if offer.must_leave}
    named = problem.scenario.said.baseline.legs
    yield from (row for row in offers_kept(problem) if named or row.label in leaving)
    yield from needs_met(problem)
    yield from pits_permitted(problem)
    yield from receivers_permitted(problem)
