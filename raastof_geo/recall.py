"""Recall what a run found out from the folder that it wrote.

A proof holds, beside what `verify` asks for, every table with every digit and the catalogue that
the run knew. All figures come from there. Roads, legs and columns are many times as large and
follow from the scenario, so they are not in the folder: they are made again when somebody asks
for them, and compared with the proof.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import TypeAdapter
from scipy import sparse

from raastof_geo.assignment.plan import Plan, Proof
from raastof_geo.assignment.rules import RULES, RowName, Rule
from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.stages import Stage
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import Programme
from raastof_geo.assignment.statement.statement import lay_columns, lay_programme, lay_rows
from raastof_geo.effect.books import Books
from raastof_geo.effect.cause import Cause
from raastof_geo.effect.measure import Effect, Totals
from raastof_geo.effect.money import Transfers
from raastof_geo.effect.target import TargetAnswer
from raastof_geo.emissions.model import MODELS
from raastof_geo.emissions.vehicle import EnergyModel
from raastof_geo.errors import (
    DamagedError,
    Finding,
    Place,
    RaastofError,
    RecordError,
    RoadDataError,
)
from raastof_geo.language import LANGUAGES, Message, plain, say
from raastof_geo.legs.legs import Legs
from raastof_geo.legs.price import price_legs
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.proof import PROOF, Arrays
from raastof_geo.records.results import read_results
from raastof_geo.records.values import make_finite, read_values, refuse_part
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import find_model, names_in
from raastof_geo.scenario.period import Calendar, Period
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.units import Quantity

_T = TypeVar("_T")
_SAME = 1e-9
"""Costs of columns may differ by so much of the largest from one machine to another: sums of some
thousand edges differ in their last digits where a processor adds in another order."""


# --- what a proof keeps for this ----------------------------------------------------------------


def describe_rest(result: Result) -> dict[str, Any]:
    """Put what plan.json does not say, or not with every digit, into plain values.

    Returns
    -------
    values
        `tables` by name, `catalogue`, `warnings` of the scenario, `rules` by name, what each
        project has `alone`, `causes` and `transfers`.
    """
    scenario, plan, effect = result.scenario, result.plan, result.effect
    note = scenario.format_note
    return {
        "catalogue": scenario.catalogue.model_dump(mode="json", by_alias=True),
        "warnings": [_describe_finding(one) for one in scenario.warnings],
        "format_note": None if note is None else scenario.warnings.index(note),
        "rules": [_name_rule(rule) for rule in plan.rules],
        "alone": plan.problem.alone,
        "causes": [asdict(cause) for cause in effect.causes],
        "transfers": asdict(effect.transfers),
        "tables": {
            "anchors": _describe_table(result.anchors.frame.reset_index()),
            **{name: _describe_table(getattr(plan, name)) for name in _name_tables()},
            "baseline_flows": _describe_table(effect.baseline_flows),
            "books": _describe_table(effect.books.lines),
            "baseline_books": _describe_table(effect.baseline_books.lines),
        },
    }


def describe_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table as plan.json has them: real numbers with nine decimals."""
    return [
        {str(name): _rounded(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


def _name_tables() -> list[str]:
    """List the tables of a plan."""
    return [field.name for field in fields(Plan) if field.type == "pd.DataFrame"]


def _name_rule(rule: Rule) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _describe_table(frame: pd.DataFrame) -> dict[str, Any]:
    """Give the columns of a table, each with its type; real numbers keep every digit in JSON."""
    return {
        str(name): {
            "type": str(column.dtype),
            "values": [_describe_cell(value) for value in column.tolist()],
        }
        for name, column in frame.items()
    }


def _describe_cell(value: Any) -> Any:
    """Give a cell as JSON can say it: not a number is nothing, infinity a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _describe_finding(finding: Finding) -> dict[str, Any]:
    """Give a warning of the scenario, with the place but not the folder of its file."""
    place = finding.place
    return {
        "message": _describe_words(finding.message),
        "place": None if place is None else [Path(place.file).name, place.line, place.column],
    }


def _describe_words(words: Any) -> Any:
    """Give a sentence by its parts, so that it can be read in another language later."""
    if type(words) is Message:
        values = {name: _describe_words(value) for name, value in words.values.items()}
        return {"text": words.text, "values": values, "many": words.many}
    if isinstance(words, Message):
        return {language: words.render(language) for language in LANGUAGES}
    return words if isinstance(words, str | int | float | None) else str(words)


# --- reading it back ----------------------------------------------------------------------------


def load_result(
    folder: Path | str,
    *,
    network: RoadNetwork | None = None,
    model: EnergyModel | str | None = None,
    rules: Sequence[Rule] = RULES,
) -> Result:
    """Give back the result that a run wrote into a folder, figure by figure.

    The folder is read and believed only where plan and proof agree; nothing of it is executed.
    Roads, legs and columns are not in it. They are made again when `network`, `legs` or
    `plan.problem` are asked for, as for new outputs, which takes as long as it took the run.

    Parameters
    ----------
    folder
        What `run_scenario` returned, with the outputs `plan` and `proof`.
    network
        The roads of the run, where the scenario named a file of its own; where that lies is not
        kept. None: the built-in ones.
    model
        The energy model of the run, where it was a function of one's own.
    rules
        The constraints of the run, where some were one's own.

    Returns
    -------
    result
        As `run_scenario` returned it, tables and figures equal in every digit. What was made with
        something that was not kept says so when it is asked for: `RecordError` for rules and
        models, `RoadDataError` for roads.

    Raises
    ------
    RecordError
        A file is missing, or of another format; it says what to do.
    DamagedError
        Something was cut short, changed or mixed up since it was written.
    OutputError
        A killed run left the folder half exchanged, and that cannot be finished here.
    """
    folder = Path(folder)
    finish_exchange(folder)
    said, arrays = read_results(folder)
    rest = read_values(arrays["rest"].tobytes(), file=PROOF.name)
    with _whole(folder):
        scenario = _recall_scenario(said, rest)
        tables = {name: _recall_table(name, table) for name, table in rest["tables"].items()}
        _check_tables(said, tables)
        anchors = Anchors(tables["anchors"].set_index("site"))
        origin = _Origin(
            folder=folder,
            digest=str(said["network"]["sha256"]),
            title=str(said["network"]["title"]),
            model_name=str(said["legs"]["energy_model"]),
            rule_names=_recall(tuple[str, ...], rest["rules"]),
            alone=_recall(dict[str, float], rest["alone"]),
            arrays=arrays,
            scenario=scenario,
            anchors=anchors,
            given_network=network,
            given_model=model,
            given_rules=tuple(rules),
        )
        effect = _recall_effect(said, rest, scenario, tables)
        plan = _RecalledPlan(origin=origin, **_recall_figures(said, tables))
    return _RecalledResult(
        origin=origin, scenario=scenario, anchors=anchors, plan=plan, effect=effect
    )


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Say that a proof is damaged where it does not hold what it should."""
    try:
        yield
    except RaastofError:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise DamagedError(
            say("{file} is damaged: run the scenario again", file=str(folder / PROOF.name))
        ) from error


def _recall_scenario(said: Mapping[str, Any], rest: Mapping[str, Any]) -> Scenario:
    """Check the scenario once more, as if it had been written in a file."""
    about, warnings = said["scenario"], [_recall_finding(one) for one in rest["warnings"]]
    catalogue = Catalogue.model_validate(
        rest["catalogue"], context={"known": _known(rest["catalogue"])}
    )
    values = _recall_amounts(about["said"])
    periods = TypeAdapter(tuple[Period, ...]).validate_python(values["periods"])
    context = {
        "known": _known(rest["catalogue"]) | {"sites": names_in(values["sites"])},
        "calendar": Calendar(periods),
        "catalogue": catalogue,
        "vehicles": tuple(values["vehicles"]),
    }
    note = rest["format_note"]
    return Scenario(
        id=about["id"],
        digest=about["sha256"],
        said=ScenarioFile.model_validate(values, context=context),
        catalogue=catalogue,
        warnings=tuple(warnings),
        format_note=None if note is None else warnings[note],
    )


def _known(catalogue: Mapping[str, Any]) -> dict[str, Any]:
    return {name: names_in(part) for name, part in catalogue.items()}


def _recall_amounts(values: Any) -> Any:
    """Turn amounts, which plan.json has by their parts, into what the scenario's types know."""
    if isinstance(values, list):
        return [_recall_amounts(value) for value in values]
    if not isinstance(values, dict):
        return values
    if values.keys() == _AMOUNT and isinstance(values["value"], float):
        return _recall(Quantity, values)
    return {name: _recall_amounts(value) for name, value in values.items()}


_AMOUNT = {field.name for field in fields(Quantity)}


def _recall_finding(values: Mapping[str, Any]) -> Finding:
    place = values["place"]
    return Finding(_recall_words(values["message"]), None if place is None else Place(*place))


def _recall_words(words: Any) -> Any:
    if not isinstance(words, dict):
        return words
    if "text" in words:
        values = {name: _recall_words(value) for name, value in words["values"].items()}
        return Message(words["text"], values, words["many"])
    return _Words("{" + LANGUAGES[0] + "}", words)


class _Words(Message):
    """Words that were written in each language."""

    def render(self, language: str) -> str:
        return str(self.values[language])


_TYPES = ("str", "object", "bool", "int64", "float64")


def _recall_table(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Give a table its columns back, each of the type that it had, though it be empty."""
    if not all(column["type"] in _TYPES for column in columns.values()):
        raise refuse_part(f"rest.tables.{plain(name)[:40]}")
    return pd.DataFrame(
        {
            label: pd.Series(_recall_cells(**column), dtype=column["type"])
            for label, column in columns.items()
        }
    )


_CALLED = {"anchors": "sites", "shadow_prices": "constraints"}
"""Tables that plan.json has under another name; of books it has none."""


def _check_tables(said: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse tables that are more than plan.json with more digits: `verify` has not seen them."""
    for name, table in tables.items():
        rows = said.get(_CALLED.get(name, name))
        if rows is not None and make_finite(describe_rows(table)) != rows:
            raise refuse_part(f"rest.tables.{plain(name)[:40]}")


def _recall_cells(type: str, values: list[Any]) -> list[Any]:  # noqa: A002 - as it is written
    if type != "float64":
        return values
    return [math.nan if value is None else float(value) for value in values]


def _recall_figures(said: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Give what a plan knows without its columns."""
    certificate = {
        name: -math.inf if value is None else value for name, value in said["certificate"].items()
    }
    return {
        **{name: tables[name] for name in _name_tables()},
        "certificate": _recall(Certificate, certificate),
        "objectives": _recall(dict[str, float], said["objectives"]),
        "amounts": _recall(dict[str, float], said["amounts"]),
        "solver": str(said["solver"]),
        "finished": _recall(bool, said["finished"]),
    }


def _recall(kind: type[_T], values: Any) -> _T:
    """Turn plain values into an object, its parts as their types say."""
    return TypeAdapter(kind).validate_python(values)


def _recall_effect(
    said: Mapping[str, Any],
    rest: Mapping[str, Any],
    scenario: Scenario,
    tables: Mapping[str, pd.DataFrame],
) -> Effect:
    told = said["effect"]
    missing = told["baseline_missing_tonnes"].items()
    return Effect(
        plan=_recall(Totals, told["plan"]),
        baseline=_recall(Totals, told["baseline"]),
        baseline_flows=tables["baseline_flows"],
        target=_recall(TargetAnswer, told["target"]),
        baseline_missing={_split_row(row): float(tonnes) for row, tonnes in missing},
        books=Books(scenario, tables["books"]),
        baseline_books=Books(scenario, tables["baseline_books"]),
        causes=_recall(tuple[Cause, ...], rest["causes"]),
        transfers=_recall(Transfers, rest["transfers"]),
    )


def _split_row(name: str) -> tuple[str, str]:
    """Give rule and label of a row; no rule has a colon in its name."""
    rule, _, label = name.partition(": ")
    return rule, label


# --- what is made again -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Origin:
    """Where a result was recalled from, and what follows from there, made when it is asked for."""

    folder: Path
    digest: str
    """Of the roads."""
    title: str
    """Of the roads."""
    model_name: str
    """Of the energy model; none where legs were made up."""
    rule_names: tuple[str, ...]
    alone: dict[str, float]
    """What each project has in the baseline by the measure of fairness."""
    arrays: Arrays
    scenario: Scenario
    anchors: Anchors
    given_network: RoadNetwork | None
    given_model: EnergyModel | str | None
    given_rules: tuple[Rule, ...]

    @cached_property
    def network(self) -> RoadNetwork:
        """The roads that the run used."""
        network = load_network() if self.given_network is None else self.given_network
        if network.digest != self.digest:
            raise RoadDataError(
                say(
                    "the results in {folder} were made on other roads, {title}: give them with "
                    "`load_result(FOLDER, network=load_network(FILE))`, and where that file was "
                    "changed since, run the scenario again",
                    folder=str(self.folder),
                    title=f"`{plain(self.title)}`",
                )
            )
        return network

    @cached_property
    def legs(self) -> Legs:
        """The priced legs."""
        return price_legs(self.scenario, self.network, self.anchors, model=self._find_model())

    def _find_model(self) -> EnergyModel:
        """Give the energy model of the run: the one that was given, or the one of that name."""
        if not self.model_name:
            raise RecordError(
                say(
                    "the legs of the results in {folder} were made up, not priced on roads, and "
                    "are not in the folder",
                    folder=str(self.folder),
                )
            )
        if isinstance(self.given_model, str):
            return MODELS[find_model(self.given_model)]
        if self.given_model is not None:
            return self.given_model
        if self.model_name not in MODELS:
            raise RecordError(
                say(
                    "the results in {folder} were made with an energy model of its own, {name}: "
                    "give it with `load_result(FOLDER, model=…)`",
                    folder=str(self.folder),
                    name=f"`{plain(self.model_name)}`",
                )
            )
        return MODELS[self.model_name]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The constraints."""
        if tuple(map(_name_rule, self.given_rules)) != self.rule_names:
            raise RecordError(
                say(
                    "the results in {folder} were made with other rules: give them with "
                    "`load_result(FOLDER, rules=…)`, in this order: {rules}",
                    folder=str(self.folder),
                    rules=plain(", ".join(self.rule_names)),
                )
            )
        return self.given_rules

    @cached_property
    def problem(self) -> Problem:
        """The columns that the proof is about."""
        problem = replace(lay_columns(self.scenario, self.legs, self.rules), alone=dict(self.alone))
        if not _has_columns(problem, self.arrays):
            raise self._otherwise()
        return problem

    def _otherwise(self) -> RecordError:
        return RecordError(
            say(
                "the legs of the results in {folder} come out otherwise now, with the "
                "installed version of raastof_geo or the model that was given: its figures can "
                "be read, and nothing new made of them; run the scenario again",
                folder=str(self.folder),
            )
        )

    @cached_property
    def rows(self) -> tuple[RowName, ...]:
        """Of which family each row is, and about what, which the folder has as text only."""
        rows, _ = lay_programme(self.problem, lay_rows(self.problem, self.rules))
        names = tuple(row.name for row in rows)
        if [f"{name.family}: {name.about}" for name in names] != self.arrays["row_name"].tolist():
            raise self._otherwise()
        return names

    @cached_property
    def proof(self) -> Proof:
        """The programme, the values and the prices, all of which the folder holds."""
        arrays = self.arrays
        cost, values = arrays["cost"], arrays["value"]
        rows = sparse.csr_array(
            (arrays["coefficient"], arrays["column"], arrays["row_start"]),
            shape=(len(arrays["limit"]), len(cost)),
        )
        programme = Programme(
            matrix=sparse.csc_array(rows),
            sense=arrays["sense"],
            limit=arrays["limit"],
            whole=arrays["whole"],
        )
        return Proof(
            programme=programme,
            rows=self.rows,
            cost=cost,
            values=values,
            shadow_prices=arrays["price"],
            prices_given_decisions=arrays["price_given"],
            start=Start(np.flatnonzero(values)),
            # What was asked after the first objective is not kept: `assign(…, start=plan)` asks
            # it again.
            stages=(
                Stage(programme, np.flatnonzero(values), np.ones(len(cost), bool), programme.sense),
            ),
        )


def _has_columns(problem: Problem, arrays: Arrays) -> bool:
    """Tell whether columns are those of a proof: who, to whom, when, by which truck, at what cost.

    Labels and numbers have to be the same; costs, which are sums over thousands of edges, but for
    what adding in another order changes.
    """
    moves, parties = problem.moves, (problem.givers, problem.takers)
    labels = [
        [one.id for one in parties[0]] == arrays["giver"].tolist(),
        [one.id for one in parties[1]] == arrays["taker"].tolist(),
        list(problem.vehicles) == arrays["vehicle"].tolist(),
        list(problem.scenario.periods) == arrays["period"].tolist(),
    ]
    numbers = ("giver", "taker", "vehicle", "period")
    if not all(labels) or problem.column_count != len(arrays["cost"]):
        return False
    cost, kept = problem.objectives()[0], arrays["cost"]
    room = _SAME * float(np.abs(kept).max(initial=0.0))
    return all(
        np.array_equal(getattr(moves, name), arrays[f"move_{name}"]) for name in numbers
    ) and bool(np.allclose(cost, kept, rtol=_SAME, atol=room))


def _fill(one: Plan | Result, origin: _Origin | None, figures: Mapping[str, Any]) -> None:
    """Set what is known of a frozen object; `dataclasses.replace` gives everything, no origin."""
    for name, value in {"_origin": origin, **figures}.items():
        object.__setattr__(one, name, value)


class _RecalledPlan(Plan):
    """A plan out of a folder: columns and proof are made when somebody asks for them."""

    _origin: _Origin

    def __init__(self, *, origin: _Origin | None = None, **figures: Any) -> None:
        _fill(self, origin, figures)

    @property
    def column_count(self) -> int:
        """How many columns the proof covers."""
        return self.proof.programme.column_count

    @cached_property
    def problem(self) -> Problem:
        """The columns that the proof is about."""
        return self._origin.problem

    @cached_property
    def proof(self) -> Proof:
        """What is needed to check the plan again."""
        return self._origin.proof

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The constraints that it was made with."""
        return self._origin.rules


class _RecalledResult(Result):
    """A result out of a folder: roads and legs are made when somebody asks for them."""

    _origin: _Origin

    def __init__(self, *, origin: _Origin | None = None, **figures: Any) -> None:
        _fill(self, origin, figures)

    @cached_property
    def network(self) -> RoadNetwork:
        """The roads."""
        return self._origin.network

    @cached_property
    def legs(self) -> Legs:
        """The priced legs."""
        return self._origin.legs
