"""Put what a plan does into tables: flows, recipes, stores, trips, openings, trucks."""

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.rules.limits import work_hours
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.figures import vocabulary


def measure_flows(problem: Problem, values: Floats) -> pd.DataFrame:
    """Add up what each flow amounts to, in the order of labels.

    With coordinated trucks a flow has the return trips of the tonnes that they do not carry; the
    other empty trips stand in a table of their own. A row per move in use has who, where, what,
    when and with which truck; what its leg is made of, per trip; and sums of all its tonnes:
    `loads` (whole ones), `work_h`, `energy` in the unit of the fuel, and each `flow` indicator.
    """
    columns = np.flatnonzero(values[problem.block("moves")] > 0)
    table, tonnes, share = problem.tabulate_moves(columns), values[columns], problem.pooled_share
    trips = (tonnes / table["load_t"]).where(table["work_h"] > 0, 0.0)
    energy = trips * table[vocabulary.ENERGY]
    if share:
        energy = energy - share * trips * problem.return_trip(vocabulary.ENERGY)[columns]
    told = (indicator for indicator in problem.measures if indicator.flow)
    table = table.assign(
        tonnes=tonnes,
        reference_tonnes=tonnes * table["reference_share"],
        loads=measure_loads(trips),
        energy=energy,
        **{one.flow: tonnes * problem.measure(one)[columns] for one in told},
        work_h=tonnes * work_hours(problem)[columns],
    )
    return _sort(problem, table, ["giver", "taker", "material", "period", "vehicle"])


def measure_loads(trips: Floats | pd.Series) -> Floats:
    """Count the last trip of a flow as a whole one, unless nothing but digits makes it one."""
    return np.ceil(np.asarray(trips) - 1e-9).astype(np.int64)


def tabulate_used(problem: Problem, values: Floats) -> dict[str, pd.DataFrame]:
    """Give the tables that plans and baselines have, by their names there, as `Plan` tells them.

    Emissions and money are those of all `tonnes` in a row.
    """
    stored = tabulate_kind(problem, ColumnKind.STORES, values, "tonnes", "dkk")
    stored = stored.drop(columns="kg_co2e")
    processed = tabulate_kind(problem, ColumnKind.PROCESSES, values, "tonnes", "kg_co2e", "dkk")
    flows, trips = measure_flows(problem, values), tabulate_trips(problem, values)
    return {"flows": flows, "processed": processed, "stored": stored, "empty_trips": trips}


def tabulate_trips(problem: Problem, values: Floats) -> pd.DataFrame:
    """Give the empty trips of coordinated trucks: labels, how many `trips`, what they come to."""
    emitted = (vocabulary.TRANSPORT_WTW.flow, vocabulary.TRANSPORT_TTW.flow)
    figures = (vocabulary.DRIVE_H, vocabulary.ENERGY, *emitted, "dkk")
    if not problem.sizes["trips"]:
        labels = ColumnKind.TRIPS.keys
        return pd.DataFrame(columns=[*labels, "trips", vocabulary.VEHICLE_KM, *figures])
    table = tabulate_kind(problem, ColumnKind.TRIPS, values, "trips", "length_km", *figures)
    table = table.drop(columns="haulier")
    return table.rename(columns={"length_km": vocabulary.VEHICLE_KM})


def tabulate_fleet(problem: Problem, values: Floats) -> pd.DataFrame:
    """Add up `loads` (parts of one too), `work_h` and km by truck and period, with empty trips."""
    used = np.flatnonzero(values[problem.block("moves")] > 0)
    used = used[problem.leg("work_h")[used] > 0]
    loads = values[used] / problem.leg("load_t")[used]
    keys, km = ["vehicle", "period"], problem.measure(vocabulary.VEHICLE_KM)[used]
    table = pd.DataFrame({key: problem.labels(key, used) for key in keys})
    table[vocabulary.LOADS_DRIVEN] = loads
    table["work_h"] = values[used] * work_hours(problem)[used]
    table[vocabulary.VEHICLE_KM] = values[used] * km
    if len(trips := tabulate_trips(problem, values)):
        empty = trips.assign(loads=0.0, work_h=trips[vocabulary.DRIVE_H])
        table = pd.concat([table, empty[list(table.columns)]], ignore_index=True)
    return _sort(problem, table.groupby(keys, as_index=False).sum(), keys)


def _sort(problem: Problem, table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sort by labels, periods in their order."""
    order = {period: number for number, period in enumerate(problem.scenario.periods)}
    return table.sort_values(
        keys, ignore_index=True, key=lambda part: part.map(order) if part.name == "period" else part
    )


def tabulate_kind(
    problem: Problem, kind: str, values: Floats, amount: str, *figures: str
) -> pd.DataFrame:
    """Give the columns of a kind that are used, with their amount, and figures of all of it."""
    table = problem.others[kind].assign(**{amount: values[problem.block(kind)]})
    table = table[table[amount] > 0].reset_index(drop=True)
    return table.assign(**{name: table[name] * table[amount] for name in figures})
