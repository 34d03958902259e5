"""Targets and caps: the secondary share, measures, passages, and what is fair to each project."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.rules.row import Row
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.figures.vocabulary import CO2E, COST, COST_WITH_CO2, PROCESSING
from raastof_geo.scenario.model import ShareDefinition
from raastof_geo.scenario.scenario import Scenario

CLEAN_SOIL_CLASS = 1
"""Soil up to this class on Zealand counts as clean."""


def secondary_share_reached(problem: Problem) -> Iterator[Row]:
    r"""Secondary materials meet their share :math:`a` of all needs.

    :math:`\sum_{c \in S} x_c / r_c \ge a \sum_n d_n`, or within one period
    :math:`\sum_{c \in S, t} x_c / r_c \ge a \sum_{c, t} x_c / r_c`; which materials :math:`S`
    count is a setting of the scenario.
    """
    target = problem.scenario.said.targets.secondary_share
    if target is None:
        return
    counts = _counting_moves(problem, target.definition)
    share = problem.reference_share
    if target.period is None:
        columns = np.flatnonzero(counts)
        limit = target.at_least * sum(need.tonnes for need in problem.scenario.needs)
        yield Row(
            "secondary_share_reached", target.definition, columns, share[columns], ">=", limit
        )
        return
    number = list(problem.scenario.periods).index(target.period)
    columns = np.flatnonzero((problem.moves.period == number) & (share > 0))
    weight = share[columns] * (counts[columns] - target.at_least)
    label = f"{target.definition}@{target.period}"
    yield Row("secondary_share_reached", label, columns, weight, ">=", 0.0)


def _counting_moves(problem: Problem, definition: ShareDefinition) -> Mask:
    materials = counting_materials(problem.scenario, definition)
    hits = np.array([giver.material in materials for giver in problem.givers], dtype=bool)
    if not len(problem.moves):
        return np.empty(0, bool)
    return np.asarray(hits[problem.moves.giver] & (problem.reference_share > 0))


def counting_materials(scenario: Scenario, definition: ShareDefinition) -> set[str]:
    """Give the materials that count as secondary under a definition of the share."""
    return {
        name
        for name, material in scenario.catalogue.materials.items()
        if material.origin == "secondary"
        and (
            definition == "cut_in_virgin"
            or material.soil_class is None
            or (definition == "with_clean_soil" and material.soil_class <= CLEAN_SOIL_CLASS)
        )
    }


def caps_kept(problem: Problem) -> Iterator[Row]:
    r"""Keep a measure under its cap: :math:`\sum_c f_c x_c \le k`, in a period or in total."""
    for number, cap in enumerate(problem.scenario.said.targets.at_most):
        values = problem.measure(cap.measure)
        used = values != 0
        if cap.period is not None:
            used &= in_period(problem, cap.period)
        columns = np.flatnonzero(used)
        where = f"{number}-{cap.measure}" + (f"@{cap.period}" if cap.period else "")
        yield Row("caps_kept", where, columns, values[columns], "<=", cap.at_most)


def in_period(problem: Problem, period: str) -> Mask:
    """Tell which columns belong to a period; decisions belong to none."""
    mask = np.zeros(problem.column_count, bool)
    number = list(problem.scenario.periods).index(period)
    mask[problem.block("moves")] = problem.moves.period == number
    for kind in ("processes", "stores", "trips"):
        if problem.sizes[kind]:
            mask[problem.block(kind)] = (problem.others[kind]["period"] == period).to_numpy()
    return mask


def passages_limited(problem: Problem) -> Iterator[Row]:
    r"""No more trucks pass than may: :math:`\sum_c n_c x_c / l_c + \sum_y n_y y \le k` a period.

    :math:`n` are the trips of a load that use the road or cross the municipality.
    """
    ids = tuple(problem.scenario.periods)
    for number, limit in enumerate(problem.scenario.said.targets.passages):
        passes = _passages(problem, number)
        for period in limit.periods(ids):
            columns = np.flatnonzero((passes > 0) & in_period(problem, period))
            label = f"{number}@{period}"
            yield Row(
                "passages_limited", label, columns, passes[columns], "<=", limit.at_most_per_period
            )


def _passages(problem: Problem, number: int) -> Floats:
    load_t = problem.leg("load_t")
    moved = problem.leg(f"passages_{number}") / load_t
    if problem.pooled_share:
        back = problem.leg(f"return_passages_{number}") / load_t
        moved = moved - problem.pooled_share * back
    return problem.join(moves=moved, trips=problem.trip(f"passages_{number}"))


def projects_not_worse(problem: Problem) -> Iterator[Row]:
    r"""No project is worse off than alone by more than a share :math:`e`.

    :math:`\sum_c h_{pc} f_c x_c \le (1 + e)\,A_p`, where :math:`A_p` is what project :math:`p`
    has alone, and :math:`h` is one half where a leg is shared by two projects and one where it
    is not. What a plant charges and emits goes with the tonnes that come to it.
    """
    fairness = problem.scenario.said.targets.fairness
    if fairness is None:
        return
    values = problem.measure(fairness.measure)[problem.block("moves")]
    values = values + _charges(problem, fairness.measure)
    shares = share_moves(problem)
    for project, alone in sorted(problem.alone.items()):
        columns, part = shares[project]
        weights = values[columns] * part
        used = weights != 0
        limit = alone + fairness.worse_by_at_most * abs(alone)
        yield Row("projects_not_worse", project, columns[used], weights[used], "<=", limit)


def share_moves(problem: Problem) -> dict[str, tuple[Columns, Floats]]:
    """Give the moves that each project has a part in, and how much of each is its own."""
    scenario = problem.scenario
    owner = {site: scenario.project(site) for site in project_sites(scenario)}
    projects = sorted(set(owner.values()))
    number = {site: projects.index(project) for site, project in owner.items()}
    giver = np.array([number.get(one.site, -1) for one in problem.givers], dtype=np.int64)
    taker = np.array([number.get(one.site, -1) for one in problem.takers], dtype=np.int64)
    sends, takes = giver[problem.moves.giver], taker[problem.moves.taker]
    shared = (sends >= 0) & (takes >= 0) & (sends != takes)
    # Every move stands once for the project at each of its ends, and one sort brings those
    # of a project together.
    whose = np.concatenate([sends, np.where(sends == takes, -1, takes)])
    columns = np.tile(np.arange(len(sends)), 2)
    part = np.tile(np.where(shared, 0.5, 1.0), 2)
    order = np.lexsort((columns, whose))
    bounds = np.searchsorted(whose[order], np.arange(len(projects) + 1))
    pieces = [order[first:last] for first, last in itertools.pairwise(bounds.tolist())]
    return {
        project: (columns[mine], part[mine]) for project, mine in zip(projects, pieces, strict=True)
    }


def project_sites(scenario: Scenario) -> set[str]:
    """Give the sites that have surplus or needs of their own."""
    return {site_id for site_id, site in scenario.sites.items() if site.offers or site.needs}


def _charges(problem: Problem, measure: str) -> Floats:
    """Give what a plant adds to a measure for each tonne that comes to it; the dearest recipe."""
    per_t = np.zeros(len(problem.moves))
    said = problem.scenario.said
    for plant in problem.scenario.plants:
        for process in plant.processes:
            kg, dkk = process.kg_co2e_per_t, process.dkk_per_t
            extra: dict[str, float] = {
                COST: dkk,
                PROCESSING: kg,
                CO2E: kg,
                COST_WITH_CO2: dkk + kg * said.co2_price_dkk_per_t / 1000,
            }
            for material in process.inputs:
                columns = problem.find(taker=f"{plant.site}/plant", material=material)
                per_t[columns] = np.maximum(per_t[columns], extra.get(measure, 0.0))
    return per_t
