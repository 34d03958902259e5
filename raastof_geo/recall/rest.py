"""The rest of a result: what its proof keeps beside what plan.json says, written and read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_type_hints

import pandas as pd
import shapely
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.assignment.statement.row import About, Rule
from raastof_geo.effect.baseline import Comparison
from raastof_geo.effect.books import Books
from raastof_geo.effect.cause import Cause
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.money import Transfers
from raastof_geo.effect.target import TargetAnswer
from raastof_geo.effect.totals import Totals
from raastof_geo.errors import Finding, Place
from raastof_geo.language import LANGUAGES, Message, plain
from raastof_geo.records.proof import PROOF
from raastof_geo.records.record import make_finite, pack_values, read_values, refuse_part
from raastof_geo.result import Result
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import Name, names_in
from raastof_geo.scenario.period import Calendar, Period
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.assessment import Assessment
from raastof_geo.units import Quantity

_T = TypeVar("_T")


def _recall(kind: type[_T], values: Any) -> _T:
    """Turn plain values into an object, each part into what its type says, or `ValueError`."""
    return TypeAdapter(kind).validate_python(values)


@dataclass(frozen=True, eq=False)
class KeptColumn:
    """A column of a table, its numbers with every digit."""

    type: Literal["str", "object", "bool", "int64", "float64"]
    values: list[Any]


def _keep_table(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): {"type": str(column.dtype), "values": [*map(_keep_cell, column.tolist())]}
        for name, column in frame.items()
    }


def _keep_cell(value: Any) -> Any:
    """Give a cell as JSON can say it: not a number is nothing, infinity a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _recall_table(kept: Any) -> pd.DataFrame:
    """Give a table its columns back, each of its type."""
    columns = _recall(dict[str, KeptColumn], kept)
    cells = {name: pd.Series(_recall_cells(one), dtype=one.type) for name, one in columns.items()}
    return pd.DataFrame(cells)


def _recall_cells(column: KeptColumn) -> list[Any]:
    if column.type != "float64":
        return column.values
    return [math.nan if value is None else float(value) for value in column.values]


def _keep_finding(finding: Finding) -> dict[str, Any]:
    """Give a warning by its parts: the sentence, and its place, the file without its folder."""
    place = finding.place
    return {
        "message": _keep_words(finding.message),
        "place": place and [Path(place.file).name, *astuple(place)[1:]],
    }


def _keep_words(words: Any) -> Any:
    """Give a sentence by its parts, so that it can be read in another language later."""
    if type(words) is Message:
        values = {name: _keep_words(value) for name, value in words.values.items()}
        return {"text": words.text, "values": values, "many": words.many}
    if isinstance(words, Message):
        return {language: words.render(language) for language in LANGUAGES}
    return words if isinstance(words, str | int | float | None) else str(words)


_Place: TypeAlias = tuple[str, int, int, str | None, str] | tuple[str, int, int] | None
"""Of a text file line and column, of a table sheet and heading too; older folders have no such."""


def _recall_finding(kept: Any) -> Finding:
    place: _Place = TypeAdapter(_Place).validate_python(kept["place"])
    return Finding(_recall_words(kept["message"]), None if place is None else Place(*place))


def _recall_words(words: Any) -> Any:
    if not isinstance(words, dict):
        return words
    if "text" in words:
        values = {name: _recall_words(value) for name, value in words["values"].items()}
        return Message(words["text"], values, words["many"])
    return Name("", words)


def _keep_area(area: shapely.MultiPolygon) -> str:
    return shapely.to_wkb(area, hex=True)


def _recall_area(packed: Any) -> shapely.MultiPolygon:
    area = shapely.from_wkb(packed, on_invalid="ignore")
    if not isinstance(area, shapely.MultiPolygon):
        raise ValueError("no polygons")
    return area


_Table: TypeAlias = Annotated[
    pd.DataFrame, PlainValidator(_recall_table), PlainSerializer(_keep_table)
]
_Warning: TypeAlias = Annotated[
    Finding, PlainValidator(_recall_finding), PlainSerializer(_keep_finding)
]
_Area: TypeAlias = Annotated[
    shapely.MultiPolygon, PlainValidator(_recall_area), PlainSerializer(_keep_area)
]


@dataclass(frozen=True, eq=False)
class KeptRow:
    """What the name of a row says as text only."""

    about: About
    raised_by: str
    """The number that would allow more, which tells families of one name apart."""


@dataclass(frozen=True, eq=False)
class Rest:
    """What plan.json does not say of a result, or not with every digit."""

    catalogue: dict[str, Any]
    warnings: tuple[_Warning, ...]
    """Of the scenario."""
    format_note: int | None
    """Which of the warnings tells what an older format means; none: none of them."""
    rules: tuple[str, ...]
    """Names of the constraints, in their order."""
    rows: tuple[KeptRow, ...]
    alone: dict[str, float]
    """What each project has in the baseline by the measure of fairness."""
    causes: tuple[Cause, ...]
    transfers: Transfers
    tables: dict[str, _Table]
    """Those of the plan by the names that they have there; `anchors`, `books`, `baseline_books`,
    and those of each baseline, such as `baseline_flows` and `alone_flows`."""
    assumptions: Assessment | None = None
    areas: dict[int, _Area] = field(default_factory=dict)
    """The polygons of zones, kept as hexadecimal WKB."""


def pack_rest(result: Result) -> bytes:
    """Give the rest of a result as its proof keeps it; equal results give equal bytes."""
    scenario, plan, effect = result.scenario, result.plan, result.effect
    note = scenario.format_note
    baselines = _name_baselines([one.kind for one in effect.baselines])
    rest = Rest(
        catalogue=scenario.catalogue.model_dump(mode="json", by_alias=True),
        warnings=scenario.warnings,
        format_note=None if note is None else scenario.warnings.index(note),
        rules=tuple(map(name_rule, plan.rules)),
        rows=tuple(KeptRow(row.about, row.family.raised_by) for row in plan.proof.rows),
        alone=plan.problem.alone,
        causes=effect.causes,
        transfers=effect.transfers,
        assumptions=result.assumptions,
        areas=dict(scenario.areas),
        tables={
            "anchors": result.anchors.frame.reset_index(),
            **{name: getattr(plan, name) for name in _list_tables()},
            **{
                kept: getattr(one, name)
                for names, one in zip(baselines, effect.baselines, strict=True)
                for name, kept in names.items()
            },
            "books": effect.books.lines,
            "baseline_books": effect.baseline_books.lines,
        },
    )
    return pack_values(TypeAdapter(Rest).dump_python(rest, mode="json", warnings=False))


def read_rest(packed: bytes, said: Mapping[str, Any]) -> Rest:
    """Read the rest of a result from its proof; errors as of `read_values`, or `ValueError`.

    `DamagedError` where a table is unlike what plan.json, which is `said`, has.
    """
    rest = _recall(Rest, read_values(packed, file=PROOF.name))
    for name, table in rest.tables.items():
        rows = said.get(_CALLED.get(name, name))
        if rows is not None and make_finite(describe_rows(table)) != rows:
            raise refuse_part(f"rest.tables.{plain(name)[:40]}")
    return rest


_CALLED = {"anchors": "sites", "shadow_prices": "constraints"}
"""Tables that plan.json has under another name; books it does not have."""


BASELINE_TABLES = ("flows", "processed", "stored", "empty_trips")
"""Tables of a baseline."""


def _name_baselines(kinds: Sequence[str]) -> list[dict[str, str]]:
    """Name the tables of each baseline as they are kept: by its kind, but for the headline's."""
    sides = ["baseline" if at == 0 else kind for at, kind in enumerate(kinds)]
    return [{name: f"{side}_{name}" for name in BASELINE_TABLES} for side in sides]


def _list_tables() -> list[str]:
    """List the tables of a plan."""
    return [field.name for field in fields(Plan) if field.type == "pd.DataFrame"]


def name_rule(rule: Rule) -> str:
    """Give the name that a constraint is kept by."""
    return getattr(rule, "__name__", type(rule).__name__)


def describe_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table as plan.json has them: real numbers with nine decimals."""
    return [
        {str(one): round(it, 9) if isinstance(it, float) else it for one, it in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def recall_scenario(said: Mapping[str, Any], rest: Rest) -> Scenario:
    """Check the scenario once more, as if it had been written in a file."""
    about = said["scenario"]
    if Path(about["id"]).name != about["id"]:  # it leads out of a folder, as no file's name does
        raise ValueError(about["id"])
    values = _recall_amounts(about["said"])
    known = {name: names_in(part) for name, part in rest.catalogue.items()}
    catalogue = Catalogue.model_validate(rest.catalogue, context={"known": known})
    context = {
        "known": known | {"sites": names_in(values["sites"])},
        "calendar": Calendar(_recall(tuple[Period, ...], values["periods"])),
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
        return _recall(Quantity, values)
    return {name: _recall_amounts(value) for name, value in values.items()}


def recall_figures(said: Mapping[str, Any], rest: Rest) -> dict[str, Any]:
    """Give the figures of a plan by their names there."""
    goals = said["goal_certificate"]
    return {
        **{name: rest.tables[name] for name in _list_tables()},
        "certificate": _recall_certificate(said["certificate"]),
        "goal_certificate": goals and _recall_certificate(goals),
        "objectives": _recall(dict[str, float], said["objectives"]),
        "amounts": _recall(dict[str, float], said["amounts"]),
        "solver": str(said["solver"]),
        "finished": _recall(bool, said["finished"]),
    }


def _recall_certificate(said: Mapping[str, Any]) -> Certificate:
    """Give a certificate back: what is no number there was nothing that can be proved."""
    known = {name: -math.inf if value is None else value for name, value in said.items()}
    return _recall(Certificate, known)


def recall_effect(said: Mapping[str, Any], rest: Rest, scenario: Scenario) -> Effect:
    """Give the effect of a plan."""
    told, tables = said["effect"], rest.tables
    return Effect(
        plan=_recall(Totals, told["plan"]),
        baselines=tuple(_recall_baselines(told["baselines"], tables)),
        target=_recall(TargetAnswer, told["target"]),
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
    baselines = _name_baselines([one["kind"] for one in told])
    for names, one in zip(baselines, told, strict=True):
        lacks = _recall(dict[str, float], one["missing_tonnes"])
        parts: dict[str, Any] = {name: _recall(types[name], one[name]) for name in _TOLD}
        parts |= {name: tables[kept] for name, kept in names.items()}
        yield Comparison(
            **parts, missing={row.partition(": ")[::2]: tonnes for row, tonnes in lacks.items()}
        )
