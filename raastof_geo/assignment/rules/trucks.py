"""Trucks: how many there are, and how coordinated ones find their next load."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from raastof_geo.arrays import Columns, Floats, Integers
from raastof_geo.assignment.rules.row import About, Family, Row, declare
from raastof_geo.assignment.statement.classes import find_hauliers
from raastof_geo.assignment.statement.column_kind import ColumnKind
from raastof_geo.assignment.statement.layout import number_labels
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
        for period, span in scenario.periods.items():
            columns = np.flatnonzero(problem.mark(vehicle=vehicle, period=period))
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
    """Give the hours of truck and driver, less what coordinated trucks save. [h/unit, columns]"""
    return problem.driven("work_h", DRIVE_H, each_trip=True)


@declare(TRIPS_BALANCED, blind_to_trucks=lambda said: said.return_loads is None)
def trips_balanced(problem: Problem) -> Iterator[Row]:
    r"""Coordinated trucks leave a site as often as they come to it, in each period.

    :math:`\sum_{c \to a} s\,x_c / l_c + \sum_b y_{ba} = \sum_{c \leftarrow a} s\,x_c / l_c +
    \sum_b y_{ab}` for each site :math:`a`, truck and period; :math:`s` is the share of the tonnes
    on each leg that coordinated trucks carry. A return trip of their own is one of the
    :math:`y`, so that no coordination is among the choices. Where each party coordinates its own
    trucks only, there is such a row for each of them.
    """
    if not problem.pooled_share:
        return
    sites = sorted({*problem.labels("origin"), *problem.labels("destination")})
    number = {site: number for number, site in enumerate(sites)}
    haulier, names = find_hauliers(problem)
    group, columns, trips = _list_calls(problem, number, haulier)
    # One sort brings the calls of a site, truck and period together; what comes stays before
    # what leaves, and each of them in the order of the columns.
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    periods = tuple(problem.scenario.periods)
    for first, last in itertools.pairwise([*starts.tolist(), len(order)]):
        mine = order[first:last]
        place, period = divmod(int(group[mine[0]]), len(periods))
        whose, vehicle = divmod(place, len(problem.vehicles))
        whose, site = divmod(whose, len(sites))
        head = "/".join(filter(None, (names[whose], sites[site], problem.vehicles[vehicle])))
        about = About(head, periods[period], sites[site], vehicle=problem.vehicles[vehicle])
        yield Row(TRIPS_BALANCED, about, columns[mine], trips[mine], "=", 0.0)


def _list_calls(
    problem: Problem, number: dict[str, int], haulier: Integers
) -> tuple[Integers, Columns, Floats]:
    """List every call of a coordinated truck at a site; what stays on a site calls nowhere.

    A number of its haulier, site, truck and period, its column, and trips for each unit of that:
    what comes above zero, what leaves below.
    """
    moves, table = problem.moves, problem.others[ColumnKind.TRIPS]
    share = problem.pooled_share / problem.leg("load_t")
    leaves, comes = problem.number_ends(number)
    truck = {vehicle: at for at, vehicle in enumerate(problem.vehicles)}
    when = {period: at for at, period in enumerate(problem.scenario.periods)}
    starts, ends, trip_truck, trip_when = (
        number_labels(table[key], names)
        for key, names in zip(ColumnKind.TRIPS.keys, (number, number, truck, when), strict=True)
    )
    moved = np.arange(len(moves))
    driven = problem.starts[ColumnKind.TRIPS] + np.arange(len(table))
    ones = np.ones(len(table))
    site = np.concatenate([comes, ends, leaves, starts])
    vehicle = np.concatenate([moves.vehicle, trip_truck] * 2).astype(np.int64)
    period = np.concatenate([moves.period, trip_when] * 2).astype(np.int64)
    whose = np.concatenate([haulier, table["haulier"].to_numpy(np.int64)] * 2)
    group = ((whose * len(number) + site) * len(truck) + vehicle) * len(when) + period
    calls = np.concatenate([leaves != comes, starts != ends] * 2) & (site >= 0)
    calls &= (vehicle >= 0) & (period >= 0)
    columns = np.concatenate([moved, driven] * 2)
    trips = np.concatenate([share, ones, -share, -ones])
    return group[calls], columns[calls], trips[calls]
