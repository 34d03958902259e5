"""Trucks: how many there are, and how coordinated ones find their next load."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raastof_geo.assignment.problem import Floats, Problem
from raastof_geo.assignment.rules.limits import in_period
from raastof_geo.assignment.rules.row import Row

_DAYS_A_YEAR = 365.25


def fleet_kept(problem: Problem) -> Iterator[Row]:
    r"""Let no kind of truck work more than there is: :math:`\sum_c h_c x_c \le H` a period."""
    scenario = problem.scenario
    for vehicle, limit in scenario.said.fleet.items():
        mine = _of_vehicle(problem, vehicle)
        for period, span in scenario.periods.items():
            columns = np.flatnonzero(mine & in_period(problem, period))
            years = ((span.end - span.start).days + 1) / _DAYS_A_YEAR
            hours = limit.hours_per_period
            if limit.number is not None:
                own = limit.number * scenario.catalogue.truck_hours_per_year.value * years
                hours = own if hours is None else min(hours, own)
            if hours is not None:
                work = work_hours(problem)[columns]
                yield Row("fleet_kept", f"{vehicle}/h@{period}", columns, work, "<=", hours)
            if limit.km_per_period is not None:
                km = problem.measure("vehicle_km")[columns]
                label = f"{vehicle}/km@{period}"
                yield Row("fleet_kept", label, columns, km, "<=", limit.km_per_period)


def work_hours(problem: Problem) -> Floats:
    """Give the hours of a truck and its driver for each unit of every column. [h]"""
    load_t = problem.leg("load_t")
    moved = problem.leg("work_h") / load_t
    if problem.pooled_share:
        moved = moved - problem.pooled_share * problem.return_trip("drive_h") / load_t
    return problem.join(moves=moved, trips=problem.trip("drive_h"))


def _of_vehicle(problem: Problem, vehicle: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask = np.zeros(problem.column_count, bool)
    mask[problem.block("moves")] = problem.moves.vehicle == problem.vehicles.index(vehicle)
    if problem.sizes["trips"]:
        mask[problem.block("trips")] = (problem.others["trips"]["vehicle"] == vehicle).to_numpy()
    return mask


def trips_balanced(problem: Problem) -> Iterator[Row]:
    r"""Coordinated trucks leave a site as often as they come to it, in each period.

    :math:`\sum_{c \to a} s\,x_c / l_c + \sum_b y_{ba} = \sum_{c \leftarrow a} s\,x_c / l_c +
    \sum_b y_{ab}` for each site :math:`a`, truck and period; :math:`s` is the share of the tonnes
    on each leg that coordinated trucks carry. A return trip of their own is one of the
    :math:`y`, so that no coordination is among the choices.
    """
    share = problem.pooled_share
    if not share:
        return
    loads = share / problem.leg("load_t")
    trips = problem.others["trips"]
    first = problem.starts["trips"]
    moved = np.arange(len(problem.moves))
    origin, destination = problem.labels("origin"), problem.labels("destination")
    away = origin != destination
    for site in sorted({*origin.tolist(), *destination.tolist()}):
        leaves, comes = (origin == site) & away, (destination == site) & away
        starts = ((trips["origin"] == site) & (trips["destination"] != site)).to_numpy()
        ends = ((trips["destination"] == site) & (trips["origin"] != site)).to_numpy()
        for number, vehicle in enumerate(problem.vehicles):
            of_truck = problem.moves.vehicle == number
            driven = (trips["vehicle"] == vehicle).to_numpy()
            for when, period in enumerate(problem.scenario.periods):
                mine = of_truck & (problem.moves.period == when)
                theirs = driven & (trips["period"] == period).to_numpy()
                at = [
                    np.concatenate([moved[mine & comes], first + np.flatnonzero(theirs & ends)]),
                    np.concatenate([moved[mine & leaves], first + np.flatnonzero(theirs & starts)]),
                ]
                if not len(at[0]) and not len(at[1]):
                    continue
                weight = problem.join(moves=loads, trips=np.ones(len(trips)))
                values = np.concatenate([weight[at[0]], -weight[at[1]]])
                label = f"{site}/{vehicle}@{period}"
                yield Row("trips_balanced", label, np.concatenate(at), values, "=", 0.0)
