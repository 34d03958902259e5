"""Trucks: how many there are, and how coordinated ones find their next load."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats, Integers
from raastof_geo.assignment.statement.classes import find_hauliers
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.rows import About, Family, Row, declare
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
            years = span.days / _DAYS_A_YEAR
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
    haulier, names = find_hauliers(problem)
    calls, periods = _list_calls(problem, haulier), tuple(problem.scenario.periods)
    columns, trips = calls.pop("column").to_numpy(), calls.pop("trips").to_numpy()
    # What comes stays before what leaves, and each of them in the order of the columns.
    groups: dict[Any, Any] = dict(calls.groupby(list(calls)).indices)
    for (whose, site, vehicle, period), mine in sorted(groups.items()):
        head = "/".join(filter(None, (names[whose], site, vehicle)))
        about = About(head, periods[period], site, vehicle=vehicle)
        yield Row(TRIPS_BALANCED, about, columns[mine], trips[mine], "=", 0.0)


def _list_calls(problem: Problem, haulier: Integers) -> pd.DataFrame:
    """List every call of a coordinated truck at a site; what stays on a site calls nowhere.

    The number of its haulier, site, truck, number of its period, its column, and trips for each
    unit of that: what comes above zero, what leaves below.
    """
    keys, table = ColumnKind.TRIPS.keys, problem.others[ColumnKind.TRIPS]
    moves = pd.DataFrame({"haulier": haulier, **{key: problem.labels(key) for key in keys}})
    trips = pd.concat([moves, table[list(moves)]], ignore_index=True).assign(
        column=np.r_[: len(moves), problem.starts[ColumnKind.TRIPS] + np.arange(len(table))],
        trips=np.r_[problem.pooled_share / problem.leg("load_t"), np.ones(len(table))],
    )
    periods = pd.Index(list(problem.scenario.periods))
    trips["period"] = periods.get_indexer(pd.Index(trips["period"]))
    known = trips["vehicle"].isin(problem.vehicles) & (trips["period"] >= 0)
    trips = trips[known & (trips["origin"] != trips["destination"])]
    comes = trips.drop(columns="origin").rename(columns={"destination": "site"})
    leaves = trips.drop(columns="destination").rename(columns={"origin": "site"})
    return pd.concat([comes, leaves.assign(trips=-leaves["trips"])], ignore_index=True)
