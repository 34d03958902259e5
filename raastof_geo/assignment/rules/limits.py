"""Targets and caps: shares, measures, passages, trucks, and what is fair to each project."""

from collections.abc import Iterator
from typing import Any
import numpy as np
import pandas as pd
from raastof_geo.arrays import Floats
from raastof_geo.assignment.statement import shares
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import About, Row, declare, find_families, sum_of
from raastof_geo.figures.vocabulary import DRIVE_H, VEHICLE_KM

SHARE_REACHED, GOAL_APPROACHED = find_families("secondary_share_reached", "goal_approached")
GOALS_HELD, PASSAGES_LIMITED = find_families("goals_held", "passages_limited")
(TRIPS_BALANCED,) = find_families("trips_balanced")


@declare(SHARE_REACHED, GOAL_APPROACHED, blind_to_trucks=True)
def secondary_share_reached(problem: Problem) -> Iterator[Row]:
    r"""Secondary materials meet their share :math:`a` of all needs, or come as near as they can.

    :math:`\sum_{c \in S} x_c / r_c + v \ge a \sum_n d_n` over the needs of a municipality, or all;
    within one period :math:`\sum_{c \in S, t} x_c / r_c + v \ge a \sum_{c, t} x_c / r_c`. Which
    materials :math:`S` count is a setting of the scenario; :math:`v \ge 0` is there for goals only.
    """
    every = shares.list_asked(problem.scenario)
    goals = [asked.label for asked in every if asked.target.goal]
    for asked in every:
        target = asked.target
        due = shares.find_due(problem, target)
        weight = shares.weigh_counted(problem, target.definition)[due]
        limit = target.at_least * asked.crossed_t - asked.counted_t
        if target.period is None:
            limit += target.at_least * asked.needed_t
        else:
            weight = weight - target.at_least * problem.reference_share[due]
        family = SHARE_REACHED
        if target.goal:
            family = GOAL_APPROACHED
            missed = problem.starts[ColumnKind.SHORTFALLS] + goals.index(asked.label)
            due, weight = np.append(due, missed), np.append(weight, 1.0)
        about = About(asked.head, target.period or "", entry=asked.number)
        used = (weight != 0) | (target.period is not None)
        yield Row(family, about, due[used], weight[used], ">=", limit)


@declare(GOALS_HELD, blind_to_trucks=True)
def goals_held(problem: Problem) -> Iterator[Row]:
    r"""Goals are missed by no more than they have to be: :math:`\sum_k v_k \le v^*`.

    Until the least :math:`v^*` is known the row holds of itself: no more is missed than is asked.
    """
    if goals := shares.list_goals(problem.scenario):
        missed = problem.find(ColumnKind.SHORTFALLS)
        each = ((one.target.at_least, one.needed_t + abs(one.crossed_t), one) for one in goals)
        most = sum(share * needed + abs(one.counted_t) for share, needed, one in each)
        nearest = most if problem.nearest_t is None else problem.nearest_t
        yield sum_of(GOALS_HELD, About("goals", entry=0), missed, "<=", nearest)


@declare("caps_kept", blind_to_trucks=lambda said: not said.targets.at_most)
def caps_kept(problem: Problem) -> Iterator[Row]:
    r"""Keep a measure under its cap: :math:`\sum_c f_c x_c \le k`, in a period or in total."""
    for number, cap in enumerate(problem.scenario.said.targets.at_most):
        values = problem.measure(cap.measure)
        used = values != 0
        if cap.period is not None:
            used &= problem.mark(period=cap.period)
        columns, head = np.flatnonzero(used), f"{number}-{cap.measure}"
        about = About(head, cap.period or "", measure=cap.measure, entry=number)
        yield Row("caps_kept", about, columns, values[columns], "<=", cap.at_most)


@declare(PASSAGES_LIMITED, blind_to_trucks=lambda said: not said.targets.passages)
def passages_limited(problem: Problem) -> Iterator[Row]:
    r"""No more trucks pass than may: :math:`\sum_c n_c x_c / l_c + \sum_y n_y y \le k` a period.

    :math:`n` are the trips of a load that use the road or cross the municipality.
    """
    ids = tuple(problem.scenario.periods)
    for number, limit in enumerate(problem.scenario.said.targets.passages):
        passed = f"passages_{number}"
        passes = problem.driven(passed, passed, each_trip=True)
        for period in limit.periods(ids):
            columns = np.flatnonzero((passes > 0) & problem.mark(period=period))
            about, most = About(str(number), period, entry=number), limit.at_most_per_period
            yield Row(PASSAGES_LIMITED, about, columns, passes[columns], "<=", most)


@declare("projects_not_worse", blind_to_trucks=lambda said: said.targets.fairness is None)
def projects_not_worse(problem: Problem) -> Iterator[Row]:
    r"""No project is worse off than alone by more than a share :math:`e`.

    :math:`\sum_c \sum_q h_{pcq} f_{cq} x_c \le (1 + e)\,A_p`, where :math:`A_p` is what project
    :math:`p` has alone, and :math:`h` is its share in part :math:`q` of the measure on each leg,
    as in the books: `effect.shared_legs` says whose a transport between two projects is. What a
    plant charges and emits goes with the tonnes that come to it.
    """
    if (fairness := problem.scenario.said.targets.fairness) is None:
        return
    weighed = shares.share_moves(problem, fairness.measure, with_charges=True)
    for project, alone in sorted(problem.alone.items()):
        columns, weights = weighed[project]
        used, about = weights != 0, About(project, site=project, measure=fairness.measure)
        limit = alone + fairness.worse_by_at_most * abs(alone)
        yield Row("projects_not_worse", about, columns[used], weights[used], "<=", limit)


_DAYS_A_YEAR = 365.25
"""Over leap years, as periods may be any number of days."""


@declare("fleet_hours", "fleet_number", "fleet_km", blind_to_trucks=lambda said: not said.fleet)
def fleet_kept(problem: Problem) -> Iterator[Row]:
    r"""Let no kind of truck work more than there is: :math:`\sum_c h_c x_c \le H` a period."""
    if not (scenario := problem.scenario).said.fleet:
        return
    work, km = work_hours(problem), problem.measure(VEHICLE_KM)
    for vehicle, limit in scenario.said.fleet.items():
        for period, span in scenario.periods.items():
            columns = np.flatnonzero(problem.mark(vehicle=vehicle, period=period))
            years = span.days / _DAYS_A_YEAR
            hours, family = limit.hours_per_period, "fleet_hours"
            if limit.number is not None:
                own = limit.number * scenario.catalogue.truck_hours_per_year.value * years
                if hours is None or own < hours:
                    hours, family = own, "fleet_number"
            if hours is not None:
                about = About(f"{vehicle}/h", period, vehicle=vehicle)
                yield Row(family, about, columns, work[columns], "<=", hours)
            if limit.km_per_period is not None:
                about = About(f"{vehicle}/km", period, vehicle=vehicle)
                yield Row("fleet_km", about, columns, km[columns], "<=", limit.km_per_period)


def work_hours(problem: Problem) -> Floats:
    """Measure trucks and drivers, less what coordinated ones save. Returns [h/unit, columns]."""
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
    haulier, names = shares.find_hauliers(problem)
    keys, ids = ColumnKind.TRIPS.keys, list(problem.scenario.periods)
    table = problem.others[ColumnKind.TRIPS]
    moves = pd.DataFrame({"haulier": haulier, **{key: problem.labels(key) for key in keys}})
    every = pd.concat([moves, table[list(moves)]], ignore_index=True).assign(
        column=np.r_[: len(moves), problem.starts["trips"] + np.arange(len(table))],
        trips=np.r_[problem.pooled_share / problem.leg("load_t"), np.ones(len(table))],
    )
    every["period"] = pd.Index(ids).get_indexer(pd.Index(every.period))
    known = every.vehicle.isin(problem.vehicles) & (every.period >= 0)
    every = every[known & (every.origin != every.destination)]
    # Calls at a site: trips for each unit of a column, above zero what comes, below what leaves.
    comes = every.drop(columns="origin").rename(columns={"destination": "site"})
    leaves = every.drop(columns="destination").rename(columns={"origin": "site"})
    calls = pd.concat([comes, leaves.assign(trips=-leaves.trips)], ignore_index=True)
    columns, trips = calls.pop("column").to_numpy(), calls.pop("trips").to_numpy()
    # What comes stays before what leaves, and each of them in the order of the columns.
    groups: dict[Any, Any] = dict(calls.groupby(list(calls)).indices)
    for (whose, site, vehicle, period), mine in sorted(groups.items()):
        head = "/".join(filter(None, (names[whose], site, vehicle)))
        about = About(head, ids[period], site, vehicle=vehicle)
        yield Row(TRIPS_BALANCED, about, columns[mine], trips[mine], "=", 0.0)
