"""Trucks: how many there are, and how coordinated ones find their next load."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns, Floats, Integers, Mask
from raastof_geo.assignment.rules.about import About
from raastof_geo.assignment.rules.family import Family
from raastof_geo.assignment.rules.limits import in_period
from raastof_geo.assignment.rules.row import Row, declare
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.figures.vocabulary import DRIVE_H, VEHICLE_KM
from raastof_geo.language import say

_DAYS_A_YEAR = 365.25
"""Over leap years, as periods may be any number of days."""

FLEET_HOURS = Family(
    "fleet_kept",
    say("fleet"),
    unit=say("hours"),
    raised_by="fleet.{vehicle}.hours_per_period",
    limits="targets",
)
FLEET_NUMBER = replace(FLEET_HOURS, raised_by="fleet.{vehicle}.number")
FLEET_KM = replace(FLEET_HOURS, unit="km", raised_by="fleet.{vehicle}.km_per_period")
TRIPS_BALANCED = Family("trips_balanced", say("coordinated trucks"), bends="never", unit="t")


@declare(FLEET_HOURS, FLEET_NUMBER, FLEET_KM, blind_to_trucks=lambda said: not said.fleet)
def fleet_kept(problem: Problem) -> Iterator[Row]:
    r"""Let no kind of truck work more than there is: :math:`\sum_c h_c x_c \le H` a period."""
    scenario = problem.scenario
    if not scenario.said.fleet:
        return
    work, km = work_hours(problem), problem.measure(VEHICLE_KM)
    for vehicle, limit in scenario.said.fleet.items():
        mine = _of_vehicle(problem, vehicle)
        for period, span in scenario.periods.items():
            columns = np.flatnonzero(mine & in_period(problem, period))
            years = ((span.end - span.start).days + 1) / _DAYS_A_YEAR
            hours, family = limit.hours_per_period, FLEET_HOURS
            if limit.number is not None:
                own = limit.number * scenario.catalogue.truck_hours_per_year.value * years
                if hours is None or own < hours:
                    hours, family = own, FLEET_NUMBER
            if hours is not None:
                about = About(f"{vehicle}/h", period, vehicle=vehicle)
                yield Row(family, about, columns, work[columns], "<=", hours)
            if limit.km_per_period is not None:
                about = About(f"{vehicle}/km", period, vehicle=vehicle)
                yield Row(FLEET_KM, about, columns, km[columns], "<=", limit.km_per_period)


def work_hours(problem: Problem) -> Floats:
    """Give the hours of a truck and its driver for each unit of every column. [h]

    Returns
    -------
    work_h
        For each column, a tonne moved or an empty trip; what coordinated trucks need not drive back
        is taken off. [h/unit, columns]
    """
    load_t = problem.leg("load_t")
    moved = problem.leg("work_h") / load_t
    if problem.pooled_share:
        moved = moved - problem.pooled_share * problem.return_trip(DRIVE_H) / load_t
    return problem.join(moves=moved, trips=problem.trip(DRIVE_H))


def _of_vehicle(problem: Problem, vehicle: str) -> Mask:
    mask = np.zeros(problem.column_count, bool)
    mask[problem.block("moves")] = problem.moves.vehicle == problem.vehicles.index(vehicle)
    if problem.sizes["trips"]:
        mask[problem.block("trips")] = (problem.others["trips"]["vehicle"] == vehicle).to_numpy()
    return mask


@declare(TRIPS_BALANCED, blind_to_trucks=lambda said: said.return_loads is None)
def trips_balanced(problem: Problem) -> Iterator[Row]:
    r"""Coordinated trucks leave a site as often as they come to it, in each period.

    :math:`\sum_{c \to a} s\,x_c / l_c + \sum_b y_{ba} = \sum_{c \leftarrow a} s\,x_c / l_c +
    \sum_b y_{ab}` for each site :math:`a`, truck and period; :math:`s` is the share of the tonnes
    on each leg that coordinated trucks carry. A return trip of their own is one of the
    :math:`y`, so that no coordination is among the choices.
    """
    if not problem.pooled_share:
        return
    sites = _sites(problem)
    calls = _list_calls(problem, {site: number for number, site in enumerate(sites)})
    # One sort brings the calls of a site, truck and period together; what comes stays before
    # what leaves, and each of them in the order of the columns.
    order = np.argsort(calls.group, kind="stable")
    starts = np.flatnonzero(np.diff(calls.group[order], prepend=-1))
    periods = tuple(problem.scenario.periods)
    for first, last in itertools.pairwise([*starts.tolist(), len(order)]):
        mine = order[first:last]
        place, period = divmod(int(calls.group[mine[0]]), len(periods))
        site, vehicle = divmod(place, len(problem.vehicles))
        head = f"{sites[site]}/{problem.vehicles[vehicle]}"
        about = About(head, periods[period], sites[site], vehicle=problem.vehicles[vehicle])
        yield Row(TRIPS_BALANCED, about, calls.columns[mine], calls.trips[mine], "=", 0.0)


def _sites(problem: Problem) -> list[str]:
    """List the sites of the moves in the order of their names."""
    givers, takers = np.unique(problem.moves.giver), np.unique(problem.moves.taker)
    sites = {problem.givers[number].site for number in givers.tolist()}
    return sorted(sites | {problem.takers[number].site for number in takers.tolist()})


class _Calls(NamedTuple):
    """Calls of coordinated trucks at sites, as arrays of one length."""

    group: Integers
    """A number of the site, truck and period."""
    columns: Columns
    trips: Floats
    """Trips for each unit of the column: what comes above zero, what leaves below."""


def _list_calls(problem: Problem, number: dict[str, int]) -> _Calls:
    """List every call of a coordinated truck at a site; what stays on a site calls nowhere."""
    moves, table = problem.moves, problem.others["trips"]
    share = problem.pooled_share / problem.leg("load_t")
    giver = np.array([number.get(one.site, -1) for one in problem.givers], dtype=np.int64)
    taker = np.array([number.get(one.site, -1) for one in problem.takers], dtype=np.int64)
    leaves, comes = giver[moves.giver], taker[moves.taker]
    starts, ends = _numbers(table["origin"], number), _numbers(table["destination"], number)
    truck = {vehicle: at for at, vehicle in enumerate(problem.vehicles)}
    when = {period: at for at, period in enumerate(problem.scenario.periods)}
    trip_truck, trip_when = _numbers(table["vehicle"], truck), _numbers(table["period"], when)
    moved = np.arange(len(moves))
    driven = problem.starts["trips"] + np.arange(len(table))
    ones = np.ones(len(table))
    site = np.concatenate([comes, ends, leaves, starts])
    vehicle = np.concatenate([moves.vehicle, trip_truck] * 2).astype(np.int64)
    period = np.concatenate([moves.period, trip_when] * 2).astype(np.int64)
    group = (site * len(truck) + vehicle) * len(when) + period
    calls = np.concatenate([leaves != comes, starts != ends] * 2) & (site >= 0)
    calls &= (vehicle >= 0) & (period >= 0)
    columns = np.concatenate([moved, driven] * 2)
    trips = np.concatenate([share, ones, -share, -ones])
    return _Calls(group[calls], columns[calls], trips[calls])


def _numbers(labels: pd.Series, number: dict[str, int]) -> Integers:
    return np.asarray(labels.astype(str).map(number).fillna(-1), dtype=np.int64)
