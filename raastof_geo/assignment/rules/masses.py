"""Tonnes: what offers give, needs get, and places dig, receive, make and store."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.rules.row import Row, Sense, combine, sum_of
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.scenario.scenario import Depot, Plant


def offers_kept(problem: Problem) -> Iterator[Row]:
    r"""Surplus leaves as a whole, other offers as far as they go.

    :math:`\sum_c x_c = s_o` where offer :math:`o` must leave,
    :math:`\sum_c x_c \le s_o` otherwise.
    """
    for offer in problem.scenario.offers:
        sense: Sense = "=" if offer.must_leave else "<="
        yield sum_of("offers_kept", offer.id, problem.of("giver", offer.id), sense, offer.tonnes)


def needs_met(problem: Problem) -> Iterator[Row]:
    r"""Every need is met in reference tonnes: :math:`\sum_c x_c / r_c = d_n`."""
    for need in problem.scenario.needs:
        columns = problem.of("taker", need.id)
        share = problem.reference_share[columns]
        yield Row("needs_met", need.id, columns, share, "=", need.tonnes)


def pits_permitted(problem: Problem) -> Iterator[Row]:
    r"""No pit digs more than it may: :math:`\sum_c x_c \le k` in each period and in total."""
    for pit in problem.scenario.pits:
        if pit.per_period_t is None and pit.total_t is None:
            continue
        givers = [
            giver.id for giver in problem.givers if giver.place == pit.site and giver.kind == "pit"
        ]
        columns = np.concatenate([problem.of("giver", giver) for giver in givers])
        yield from _capacity(
            "pits_permitted", problem, pit.site, columns, pit.per_period_t, pit.total_t
        )


def receivers_permitted(problem: Problem) -> Iterator[Row]:
    r"""No receiver takes more than it may: :math:`\sum_c x_c \le k`, per period and in total."""
    for place in problem.scenario.receivers:
        columns = problem.of("taker", place.site)
        yield from _capacity(
            "receivers_permitted", problem, place.site, columns, place.per_period_t, place.total_t
        )


def plants_run(problem: Problem) -> Iterator[Row]:
    r"""Work up what comes in; what is made, residue included, leaves in the same period.

    With tonnes :math:`p_r` into recipe :math:`r`, shares :math:`a` of its inputs and yields
    :math:`e`: :math:`\sum_{c \to m} x_c = \sum_r a_{rm} p_r`,
    :math:`\sum_{c \leftarrow m} x_c = \sum_r e_{rm} p_r`, and :math:`\sum_r p_r \le k` in each
    period and in total.
    """
    for plant in problem.scenario.plants:
        for period in problem.scenario.periods:
            yield from _balance_plant(problem, plant, period)
            if plant.per_period_t is not None:
                inside = problem.find("processes", site=plant.site, period=period)
                label = f"{plant.site}@{period}"
                yield sum_of("plants_permitted", label, inside, "<=", plant.per_period_t)
        if plant.total_t is not None:
            inside = problem.find("processes", site=plant.site)
            yield sum_of("plants_permitted", plant.site, inside, "<=", plant.total_t)


def _balance_plant(problem: Problem, plant: Plant, period: str) -> Iterator[Row]:
    taker = f"{plant.site}/plant"
    for material in sorted({name for process in plant.processes for name in process.inputs}):
        comes = problem.find(taker=taker, material=material, period=period)
        used = [
            (_runs(problem, plant, process.recipe, period), -process.inputs[material])
            for process in plant.processes
            if material in process.inputs
        ]
        label = f"{plant.site}/{material}@{period}"
        yield combine("plants_fed", label, [(comes, 1.0), *used], "=", 0.0)
    for material in sorted({name for process in plant.processes for name in process.outputs}):
        leaves = problem.find(giver=f"{taker}/{material}", period=period)
        made = [
            (_runs(problem, plant, process.recipe, period), process.outputs[material])
            for process in plant.processes
            if material in process.outputs
        ]
        label = f"{plant.site}/{material}@{period}"
        yield combine("plants_emptied", label, [(leaves, -1.0), *made], "=", 0.0)


def _runs(problem: Problem, plant: Plant, recipe: str, period: str) -> Columns:
    return problem.find("processes", site=plant.site, recipe=recipe, period=period)


def depots_kept(problem: Problem) -> Iterator[Row]:
    r"""Depots and stockpiles keep what comes until it leaves.

    :math:`z_{mt} - z_{m,t-1} - \sum_{in} x_c + \sum_{out} x_c = 0`, with the stated start and end;
    :math:`\sum_m z_{mt} \le k`, and a limit on what comes in within a period.
    """
    for depot in problem.scenario.depots:
        for material in depot.materials:
            yield from _balance_depot(problem, depot, material)
        for period in problem.scenario.periods:
            label = f"{depot.id}@{period}"
            lying = problem.find("stores", depot=depot.id, period=period)
            yield sum_of("depots_filled", label, lying, "<=", depot.capacity_t)
            if depot.per_period_t is not None:
                comes = problem.find(taker=f"{depot.id}/in", period=period)
                yield sum_of("depots_permitted", label, comes, "<=", depot.per_period_t)


def _balance_depot(problem: Problem, depot: Depot, material: str) -> Iterator[Row]:
    before: Columns = np.array([], dtype=np.int64)
    start = depot.start_t.get(material, 0.0)
    for period in problem.scenario.periods:
        lying = problem.find("stores", depot=depot.id, material=material, period=period)
        comes = problem.find(taker=f"{depot.id}/in", material=material, period=period)
        leaves = problem.find(giver=f"{depot.id}/out/{material}", period=period)
        parts = [(lying, 1.0), (before, -1.0), (comes, -1.0), (leaves, 1.0)]
        yield combine("depots_balanced", f"{depot.id}/{material}@{period}", parts, "=", start)
        before, start = lying, 0.0
    if depot.end_t is not None:
        limit = depot.end_t.get(material, 0.0)
        yield sum_of("depots_ended", f"{depot.id}/{material}", before, "=", limit)


def _capacity(
    rule: str,
    problem: Problem,
    site: str,
    columns: Columns,
    per_period_t: float | None,
    total_t: float | None,
) -> Iterator[Row]:
    if per_period_t is not None:
        for number, period in enumerate(problem.scenario.periods):
            inside = columns[problem.moves.period[columns] == number]
            yield sum_of(rule, f"{site}@{period}", inside, "<=", per_period_t)
    if total_t is not None:
        yield sum_of(rule, site, columns, "<=", total_t)
