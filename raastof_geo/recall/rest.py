"""The rest of a result: what its proof keeps beside what plan.json says, written and read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import pandas as pd
import shapely
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.statement.row import About, Rule
from raastof_geo.effect.cause import Cause
from raastof_geo.effect.money import Transfers
from raastof_geo.errors import Finding, Place
from raastof_geo.language import LANGUAGES, Message, plain
from raastof_geo.records.proof import PROOF
from raastof_geo.records.values import make_finite, pack_values, read_values, refuse_part
from raastof_geo.result import Result
from raastof_geo.scenario.identity import Name
from raastof_geo.sensitivity.assessment import Assessment

_T = TypeVar("_T")


def recall(kind: type[_T], values: Any) -> _T:
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
    columns = recall(dict[str, KeptColumn], kept)
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
    sides = name_sides([one.kind for one in effect.baselines])
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
            **{name: getattr(plan, name) for name in list_tables()},
            **{
                f"{side}_{name}": getattr(one, name)
                for side, one in zip(sides, effect.baselines, strict=True)
                for name in BASELINE_TABLES
            },
            "books": effect.books.lines,
            "baseline_books": effect.baseline_books.lines,
        },
    )
    return pack_values(TypeAdapter(Rest).dump_python(rest, mode="json", warnings=False))


def read_rest(packed: bytes) -> Rest:
    """Read the rest of a result from its proof; errors as of `read_values` and `recall`."""
    return recall(Rest, read_values(packed, file=PROOF.name))


BASELINE_TABLES = ("flows", "processed", "stored", "empty_trips")
"""Tables of a baseline."""


def name_sides(kinds: Sequence[str]) -> list[str]:
    """Give what the tables of each baseline are named by: its kind, but for the headline's."""
    return ["baseline" if at == 0 else kind for at, kind in enumerate(kinds)]


def list_tables() -> list[str]:
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


_CALLED = {"anchors": "sites", "shadow_prices": "constraints"}
"""Tables that plan.json has under another name; books it does not have."""


def check_tables(tables: Mapping[str, pd.DataFrame], said: Mapping[str, Any]) -> None:
    """Raise `DamagedError` where a table is unlike what plan.json says."""
    for name, table in tables.items():
        rows = said.get(_CALLED.get(name, name))
        if rows is not None and make_finite(describe_rows(table)) != rows:
            raise refuse_part(f"rest.tables.{plain(name)[:40]}")
