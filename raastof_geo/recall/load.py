"""Load a result from the folder that a run wrote."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from raastof_geo.assignment.rules import RULES
from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.assignment.statement.row import Rule
from raastof_geo.effect.baseline import Comparison
from raastof_geo.effect.books import Books
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.target import TargetAnswer
from raastof_geo.effect.totals import Totals
from raastof_geo.emissions.vehicle import EnergyModel
from raastof_geo.recall.origin import (
    Origin,
    RecalledPlan,
    RecalledResult,
    recall_row_names,
    split_row,
)
from raastof_geo.recall.rest import (
    BASELINE_TABLES,
    Rest,
    check_tables,
    list_tables,
    name_sides,
    read_rest,
    recall,
)
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.plan import read_results
from raastof_geo.records.proof import PROOF
from raastof_geo.records.values import refusing_odd
from raastof_geo.result import Result
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import names_in
from raastof_geo.scenario.period import Calendar, Period
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.units import Quantity


def load_result(
    folder: Path | str,
    *,
    network: RoadNetwork | None = None,
    model: EnergyModel | str | None = None,
    rules: Sequence[Rule] = RULES,
) -> Result:
    """Give back the result that a run wrote into a folder, figure by figure.

    The folder, with the outputs `plan` and `proof`, is read and believed only where both agree;
    nothing of it is executed. Tables and figures are equal in every digit to those of the run.
    Roads, legs and columns are not in it. They are made again when `network`, `legs` or
    `plan.problem` are asked for, as for new outputs, which takes as long as it took the run.

    `network`: the roads of the run, where the scenario named a file of its own; where that lies is
    not kept. None: the built-in ones. `model`: the energy model of the run, where it was a function
    of one's own. `rules`: its constraints, where some were one's own.

    `RecordError`: a file is missing, or of another format; it says what to do. Later, as
    `RoadDataError` for roads, where rules or a model are asked for that were not kept.
    `DamagedError`: something was cut short, changed or mixed up since it was written.
    `OutputError`: a killed run left the folder half exchanged, and that cannot be finished here.
    """
    folder = Path(folder)
    finish_exchange(folder)
    said, arrays = read_results(folder)
    with refusing_odd(folder / PROOF.name):
        rest = read_rest(arrays.rest.tobytes())
        scenario = _recall_scenario(said, rest)
        tables = rest.tables
        check_tables(tables, said)
        anchors = Anchors(tables["anchors"].set_index("site"))
        origin = Origin(
            folder=folder,
            digest=str(said["network"]["sha256"]),
            title=str(said["network"]["title"]),
            model_name=str(said["legs"]["energy_model"]),
            rule_names=rest.rules,
            rows=recall_row_names(arrays.row_name.tolist(), rest.rows, rules),
            alone=rest.alone,
            arrays=arrays,
            scenario=scenario,
            anchors=anchors,
            given_network=network,
            given_model=model,
            given_rules=tuple(rules),
        )
        effect = _recall_effect(said, rest, scenario, tables)
        plan = RecalledPlan(origin=origin, **_recall_figures(said, tables))
    return RecalledResult(
        origin=origin,
        scenario=scenario,
        anchors=anchors,
        plan=plan,
        effect=effect,
        assumptions=rest.assumptions,
    )


def _recall_scenario(said: Mapping[str, Any], rest: Rest) -> Scenario:
    """Check the scenario once more, as if it had been written in a file."""
    about = said["scenario"]
    if Path(about["id"]).name != about["id"]:  # it leads out of a folder, as no file's name does
        raise ValueError(about["id"])
    values = _recall_amounts(about["said"])
    known = {name: names_in(part) for name, part in rest.catalogue.items()}
    catalogue = Catalogue.model_validate(rest.catalogue, context={"known": known})
    context = {
        "known": known | {"sites": names_in(values["sites"])},
        "calendar": Calendar(recall(tuple[Period, ...], values["periods"])),
        "catalogue": catalogue,
        "vehicles": tuple(values["vehicles"]),
    }
    note = rest.format_note
    return Scenario(
        id=about["id"],
        digest=str(about["sha256"]),
        said=ScenarioFile.model_validate(values, context=context),
        catalogue=catalogue,
        warnings=rest.warnings,
        format_note=None if note is None else rest.warnings[note],
        areas=rest.areas,
    )


_AMOUNT = {field.name for field in fields(Quantity)}


def _recall_amounts(values: Any) -> Any:
    """Turn amounts, which plan.json has by their parts, into what the scenario's types know."""
    if isinstance(values, list):
        return [_recall_amounts(value) for value in values]
    if not isinstance(values, dict):
        return values
    if values.keys() == _AMOUNT and isinstance(values["value"], float):
        return recall(Quantity, values)
    return {name: _recall_amounts(value) for name, value in values.items()}


def _recall_figures(said: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    goals = said["goal_certificate"]
    return {
        **{name: tables[name] for name in list_tables()},
        "certificate": _recall_certificate(said["certificate"]),
        "goal_certificate": goals and _recall_certificate(goals),
        "objectives": recall(dict[str, float], said["objectives"]),
        "amounts": recall(dict[str, float], said["amounts"]),
        "solver": str(said["solver"]),
        "finished": recall(bool, said["finished"]),
    }


def _recall_certificate(said: Mapping[str, Any]) -> Certificate:
    """Give a certificate back: what is no number there was nothing that can be proved."""
    known = {name: -math.inf if value is None else value for name, value in said.items()}
    return recall(Certificate, known)


def _recall_effect(
    said: Mapping[str, Any], rest: Rest, scenario: Scenario, tables: Mapping[str, pd.DataFrame]
) -> Effect:
    told = said["effect"]
    return Effect(
        plan=recall(Totals, told["plan"]),
        baselines=tuple(_recall_baselines(told["baselines"], tables)),
        target=recall(TargetAnswer, told["target"]),
        books=Books(scenario, tables["books"]),
        baseline_books=Books(scenario, tables["baseline_books"]),
        causes=rest.causes,
        transfers=rest.transfers,
    )


_TOLD = ("kind", "together", "totals", "shares", "used", "reached")
"""What plan.json says of a baseline by the names of `Comparison`."""


def _recall_baselines(
    told: Sequence[Mapping[str, Any]], tables: Mapping[str, pd.DataFrame]
) -> Iterator[Comparison]:
    types = get_type_hints(Comparison)
    for side, one in zip(name_sides([one["kind"] for one in told]), told, strict=True):
        lacks = recall(dict[str, float], one["missing_tonnes"])
        parts: dict[str, Any] = {name: recall(types[name], one[name]) for name in _TOLD}
        parts |= {name: tables[f"{side}_{name}"] for name in BASELINE_TABLES}
        yield Comparison(**parts, missing={split_row(row): tonnes for row, tonnes in lacks.items()})
