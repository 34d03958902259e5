"""Targets and caps: the secondary share, measures, passages, and what is fair to each project."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Columns, Floats, Integers, Mask
from raastof_geo.assignment.rules.about import About
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.rules.row import Row, always, declare
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.shares import group_parts, project_sites, share_ends
from raastof_geo.language import say
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.target import ShareDefinition
from raastof_geo.scenario.scenario import Scenario

CLEAN_SOIL_CLASS = 1
"""Soil up to this class on Zealand counts as clean."""

SHARE_REACHED = Family("secondary_share_reached", say("secondary share"), bends="first", unit="t")
CAPS_KEPT = Family(
    "caps_kept",
    say("cap under `targets.at_most`"),
    raised_by="targets.at_most.{entry}.at_most",
    limits="targets",
)
PASSAGES_LIMITED = Family(
    "passages_limited",
    say("limit under `targets.passages`"),
    unit=say("trips"),
    raised_by="targets.passages.{entry}.at_most_per_period",
    limits="targets",
)
PROJECTS_NOT_WORSE = Family(
    "projects_not_worse",
    say("no project worse off than alone"),
    raised_by="targets.fairness.worse_by_at_most",
    limits="targets",
)


@declare(SHARE_REACHED, blind_to_trucks=always)
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
        about = About(target.definition)
        yield Row(SHARE_REACHED, about, columns, share[columns], ">=", limit)
        return
    number = list(problem.scenario.periods).index(target.period)
    columns = np.flatnonzero((problem.moves.period == number) & (share > 0))
    weight = share[columns] * (counts[columns] - target.at_least)
    about = About(target.definition, target.period)
    yield Row(SHARE_REACHED, about, columns, weight, ">=", 0.0)


def _counting_moves(problem: Problem, definition: ShareDefinition) -> Mask:
    materials = counting_materials(problem.scenario, definition)
    hits = np.array([giver.material in materials for giver in problem.givers], dtype=bool)
    return np.asarray(hits[problem.moves.giver] & (problem.reference_share > 0))


def counting_materials(scenario: Scenario, definition: ShareDefinition) -> set[str]:
    """Give the materials that count as secondary under a definition of the share.

    Returns
    -------
    materials
        Ids of materials of the catalogue, whether or not anybody has them.
    """
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


@declare(CAPS_KEPT, blind_to_trucks=lambda said: not said.targets.at_most)
def caps_kept(problem: Problem) -> Iterator[Row]:
    r"""Keep a measure under its cap: :math:`\sum_c f_c x_c \le k`, in a period or in total."""
    for number, cap in enumerate(problem.scenario.said.targets.at_most):
        values = problem.measure(cap.measure)
        used = values != 0
        if cap.period is not None:
            used &= problem.mark(period=cap.period)
        columns = np.flatnonzero(used)
        head = f"{number}-{cap.measure}"
        about = About(head, cap.period or "", measure=cap.measure, entry=number)
        yield Row(CAPS_KEPT, about, columns, values[columns], "<=", cap.at_most)


@declare(PASSAGES_LIMITED, blind_to_trucks=lambda said: not said.targets.passages)
def passages_limited(problem: Problem) -> Iterator[Row]:
    r"""No more trucks pass than may: :math:`\sum_c n_c x_c / l_c + \sum_y n_y y \le k` a period.

    :math:`n` are the trips of a load that use the road or cross the municipality.
    """
    ids = tuple(problem.scenario.periods)
    for number, limit in enumerate(problem.scenario.said.targets.passages):
        passes = _passages(problem, number)
        for period in limit.periods(ids):
            columns = np.flatnonzero((passes > 0) & problem.mark(period=period))
            about = About(str(number), period, entry=number)
            most = limit.at_most_per_period
            yield Row(PASSAGES_LIMITED, about, columns, passes[columns], "<=", most)


def _passages(problem: Problem, number: int) -> Floats:
    load_t = problem.leg("load_t")
    moved = problem.leg(f"passages_{number}") / load_t
    if problem.pooled_share:
        back = problem.leg(f"return_passages_{number}") / load_t
        moved = moved - problem.pooled_share * back
    return problem.join(moves=moved, trips=problem.trip(f"passages_{number}"))


@declare(PROJECTS_NOT_WORSE, blind_to_trucks=lambda said: said.targets.fairness is None)
def projects_not_worse(problem: Problem) -> Iterator[Row]:
    r"""No project is worse off than alone by more than a share :math:`e`.

    :math:`\sum_c \sum_q h_{pcq} f_{cq} x_c \le (1 + e)\,A_p`, where :math:`A_p` is what project
    :math:`p` has alone, and :math:`h` is its share in part :math:`q` of the measure on each leg,
    as in the books: `effect.shared_legs` says whose a transport between two projects is. What a
    plant charges and emits goes with the tonnes that come to it.
    """
    fairness = problem.scenario.said.targets.fairness
    if fairness is None:
        return
    shares = share_moves(problem, fairness.measure, with_charges=True)
    for project, alone in sorted(problem.alone.items()):
        columns, weights = shares[project]
        used = weights != 0
        about = About(project, site=project, measure=fairness.measure)
        limit = alone + fairness.worse_by_at_most * abs(alone)
        yield Row(PROJECTS_NOT_WORSE, about, columns[used], weights[used], "<=", limit)


def share_moves(
    problem: Problem, measure: str, *, with_charges: bool = False
) -> dict[str, tuple[Columns, Floats]]:
    """Give what a unit on each move adds to a measure for each project that stands at its ends.

    What is common in the books falls to the one project at the end of its move.

    Parameters
    ----------
    with_charges
        Add what plants charge and emit for the tonnes that come to them.

    Returns
    -------
    shares
        By project its moves, in their order, and what a tonne on each adds for it.
    """
    said, block, whose = (
        problem.scenario.said,
        problem.block(ColumnKind.MOVES),
        _find_whose(problem),
    )
    giving, taking = np.zeros(len(problem.moves)), np.zeros(len(problem.moves))
    groups = group_parts(measure, problem.scenario.co2_dkk_per_kg)
    values = {
        group: sum(times * problem.measure(part)[block] for part, times in parts)
        for group, parts in groups.items()
    }
    if with_charges:
        values["taking"] = values.get("taking", 0.0) + _charges(problem, measure)
    for group, value in values.items():
        ends = share_ends(
            group,
            gives=whose.sends >= 0,
            takes=whose.takes >= 0,
            received=problem.taker_is(Role.RECEIVER) > 0,
            shared_legs=said.effect.shared_legs,
        )
        common = ends.giver + ends.taker == 0
        giving += value * np.where(common, 1.0, ends.giver)
        taking += value * ends.taker
    return _group_by_project(whose, giving, taking)


def _group_by_project(
    whose: _Whose, giving: Floats, taking: Floats
) -> dict[str, tuple[Columns, Floats]]:
    """Give each project its moves and weights; a move inside of one stands once, with both.

    Every move stands once for the project at each of its ends, and one sort brings those of a
    project together.
    """
    projects, sends, takes = whose
    same = sends == takes
    project_of = np.concatenate([sends, np.where(same, -1, takes)])
    columns = np.tile(np.arange(len(sends)), 2)
    weights = np.concatenate([np.where(same, giving + taking, giving), taking])
    order = np.lexsort((columns, project_of))
    bounds = np.searchsorted(project_of[order], np.arange(len(projects) + 1))
    pieces = [order[first:last] for first, last in itertools.pairwise(bounds.tolist())]
    return {
        project: (columns[mine], weights[mine])
        for project, mine in zip(projects, pieces, strict=True)
    }


class _Whose(NamedTuple):
    """The projects in the order of their names, and which of them stands at each move's ends."""

    names: list[str]
    sends: Integers
    """Number of a project for each move, -1 where there is none."""
    takes: Integers


def _find_whose(problem: Problem) -> _Whose:
    scenario = problem.scenario
    owner = {site: scenario.project(site) for site in project_sites(scenario)}
    projects = sorted(set(owner.values()))
    number = {site: projects.index(project) for site, project in owner.items()}
    return _Whose(projects, *problem.number_ends(number))


def _charges(problem: Problem, measure: str) -> Floats:
    """Give what a plant adds to a measure for each tonne that comes to it; the dearest recipe."""
    per_t = np.zeros(len(problem.moves))
    values = problem.measure(measure)
    for plant in problem.scenario.plants:
        for process in plant.processes:
            runs = problem.find(ColumnKind.PROCESSES, site=plant.site, recipe=process.recipe)
            extra = float(values[runs].max(initial=0.0))
            for material in process.inputs:
                columns = problem.find(taker=plant.taker, material=material)
                per_t[columns] = np.maximum(per_t[columns], extra)
    return per_t
