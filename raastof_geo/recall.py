"""Recall what a run found out from the folder that it wrote: plan, proof and its `rest`.

The rest is what a proof keeps beside what plan.json says; it is written and read here. What the
folder has not is made when it is asked for.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_type_hints
import numpy as np
import pandas as pd
import shapely
from pydantic import PlainSerializer, PlainValidator, TypeAdapter
from scipy import sparse
from raastof_geo.assignment import RULES, Plan, Rule
from raastof_geo.assignment.plan import Proof
from raastof_geo.assignment.rules import lay_columns
from raastof_geo.assignment.rules.choices import BOUNDED
from raastof_geo.assignment.rules.limits import GOALS_HELD
from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.stated import Stage
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import About, DeclaredRule, Family, Programme, RowName
from raastof_geo.effect.books import Books
from raastof_geo.effect.measure import Comparison, Effect, TargetAnswer, Totals
from raastof_geo.effect.saving import Cause, Transfers
from raastof_geo.emissions.vehicle import MODELS, EnergyModel
from raastof_geo.errors import Finding, Place, RecordError, RoadDataError
from raastof_geo.language import LANGUAGES, Message, plain, say_text
from raastof_geo.legs.legs import Legs, price_legs
from raastof_geo.records import record
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.proof import PROOF, ProofArrays, read_results
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import Context, Name, find_model, names_in
from raastof_geo.scenario.period import Calendar, Period
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.headline import Assessment
from raastof_geo.units import Quantity

_T = TypeVar("_T")
_Place: TypeAlias = tuple[str, int, int, str | None, str] | tuple[str, int, int] | None
"""Of a text file line and column, of a table sheet and heading too; older folders have no such."""
_CALLED = {"anchors": "sites", "shadow_prices": "constraints"}
"""Tables that plan.json has under another name; books it does not have."""
BASELINE_TABLES = ("flows", "processed", "stored", "empty_trips")
"""Tables of a baseline."""
SAID_OF_PLANS = {"objectives": dict[str, float], "amounts": dict[str, float], "finished": bool}
"""What plan.json says of a plan by the names of `Plan`, and of what type."""
_BOOKS = ("books", "baseline_books")
_OF_PLANS = [field.name for field in fields(Plan) if field.type == "pd.DataFrame"]
_AMOUNT = {field.name for field in fields(Quantity)}
_TOLD = ("kind", "together", "totals", "shares", "used", "reached")
"""What plan.json says of a baseline by the names of `Comparison`."""
_SAME = 1e-9
"""Costs of columns may differ by so much of the largest from one machine to another: sums of some
thousand edges differ in their last digits where a processor adds in another order."""


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
    table = dict[str, pd.Series]()
    for name, one in _recall(dict[str, KeptColumn], kept).items():
        cells = np.array(one.values, np.float64) if one.type == "float64" else one.values
        table[name] = pd.Series(cells, dtype=one.type)
    return pd.DataFrame(table)


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
    shapely.MultiPolygon,
    PlainValidator(_recall_area),
    PlainSerializer(lambda area: shapely.to_wkb(area, hex=True)),
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
    """Pack what plan.json lacks of a result. Returns bytes, equal for equal results."""
    scenario, plan, effect = result.scenario, result.plan, result.effect
    baselines = _name_baselines([one.kind for one in effect.baselines])
    rest = Rest(
        catalogue=scenario.catalogue.model_dump(mode="json", by_alias=True),
        warnings=scenario.warnings, rules=tuple(map(name_rule, plan.rules)),
        rows=tuple(KeptRow(row.about, row.family.raised_by) for row in plan.proof.rows),
        alone=plan.problem.alone, causes=effect.causes, transfers=effect.transfers,
        assumptions=result.assumptions, areas=dict(scenario.areas),
        tables={
            "anchors": result.anchors.frame.reset_index(),
            **{name: getattr(plan, name) for name in _OF_PLANS},
            **{
                kept: getattr(one, name)
                for names, one in zip(baselines, effect.baselines, strict=True)
                for name, kept in names.items()
            },
            **{name: getattr(effect, name).lines for name in _BOOKS},
        },
    )  # fmt: skip
    return record.pack_values(TypeAdapter(Rest).dump_python(rest, mode="json", warnings=False))


def read_rest(packed: bytes, said: Mapping[str, Any]) -> Rest:
    """Read the rest of a result; `DamagedError`: a table is unlike plan.json, which is `said`."""
    rest = _recall(Rest, record.read_values(packed, file=PROOF.name))
    for name, table in rest.tables.items():
        rows = said.get(_CALLED.get(name, name))
        if rows is not None and record.make_finite(describe_rows(table)) != rows:
            raise record.refuse_part(f"rest.tables.{plain(name)[:40]}")
    return rest


def _name_baselines(kinds: Sequence[str]) -> list[dict[str, str]]:
    """Name the tables of each baseline as they are kept: by its kind, but for the headline's."""
    sides = ["baseline" if at == 0 else kind for at, kind in enumerate(kinds)]
    return [{name: f"{side}_{name}" for name in BASELINE_TABLES} for side in sides]


def name_rule(rule: Rule) -> str:
    """Name a constraint. Returns what it is kept by."""
    return getattr(rule, "__name__", type(rule).__name__)


def describe_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Describe a table. Returns rows as plan.json has them, numbers with nine decimals."""
    names = [str(one) for one in frame]
    columns = (
        [round(it, 9) if isinstance(it, float) else it for it in column.tolist()]
        for _, column in frame.items()
    )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def recall_scenario(said: Mapping[str, Any], rest: Rest) -> Scenario:
    """Check the scenario once more, as if it had been written in a file."""
    about = said["scenario"]
    if Path(about["id"]).name != about["id"]:  # it leads out of a folder, as no file's name does
        raise ValueError(about["id"])
    values = _recall_amounts(about["said"])
    known = {name: names_in(part) for name, part in rest.catalogue.items()}
    catalogue = Catalogue.model_validate(rest.catalogue, context=Context(known))
    context = Context(
        known | {"sites": names_in(values["sites"])},
        calendar=Calendar(_recall(tuple[Period, ...], values["periods"])),
        catalogue=catalogue,
        vehicles=tuple(values["vehicles"]),
    )
    return Scenario(
        id=about["id"], digest=str(about["sha256"]),
        said=ScenarioFile.model_validate(values, context=context), catalogue=catalogue,
        warnings=rest.warnings, areas=rest.areas,
    )  # fmt: skip


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
    """Recall the figures of a plan. Returns them by their names there."""
    goals = said["goal_certificate"]
    return {
        **{name: rest.tables[name] for name in _OF_PLANS},
        "certificate": _recall_certificate(said["certificate"]),
        "goal_certificate": goals and _recall_certificate(goals),
        **{name: _recall(kind, said[name]) for name, kind in SAID_OF_PLANS.items()},
        "solver": str(said["solver"]),
    }


def _recall_certificate(said: Mapping[str, Any]) -> Certificate:
    """Give a certificate back: what is no number there was nothing that can be proved."""
    known = {name: -math.inf if value is None else value for name, value in said.items()}
    return _recall(Certificate, known)


def recall_effect(said: Mapping[str, Any], rest: Rest, scenario: Scenario) -> Effect:
    """Recall the effect of a plan. Returns it with its books."""
    told, tables, baselines = said["effect"], rest.tables, list[Comparison]()
    types = get_type_hints(Comparison)
    names = _name_baselines([one["kind"] for one in told["baselines"]])
    for kept, one in zip(names, told["baselines"], strict=True):
        parts: dict[str, Any] = {name: _recall(types[name], one[name]) for name in _TOLD}
        parts |= {name: tables[table] for name, table in kept.items()}
        lacks = _recall(dict[str, float], one["missing_tonnes"])
        missing = {row.partition(": ")[::2]: tonnes for row, tonnes in lacks.items()}
        baselines.append(Comparison(**parts, missing=missing))
    return Effect(
        plan=_recall(Totals, told["plan"]), baselines=tuple(baselines),
        target=_recall(TargetAnswer, told["target"]),
        **{name: Books(scenario, tables[name]) for name in _BOOKS}, causes=rest.causes,
        transfers=rest.transfers,
    )  # fmt: skip


def load_result(
    folder: Path | str,
    *,
    network: RoadNetwork | None = None,
    model: EnergyModel | str | None = None,
    rules: Sequence[Rule] = RULES,
) -> Result:
    """Load what a run wrote into a folder. Returns the result, figure by figure.

    The folder, with the outputs `plan` and `proof`, is read and believed only where both agree;
    nothing of it is executed. Tables and figures are equal in every digit to those of the run.
    Roads, legs and columns are not in it. They are made again when `network`, `legs` or
    `plan.problem` are asked for, as for new outputs, which takes as long as it took the run.

    `network`: the roads of the run, where the scenario named a file of its own; where that lies is
    not kept. None: the built-in ones. `model`: the energy model of the run, where it was a function
    of one's own. `rules`: its constraints, where some were one's own.

    Raises `RecordError`: a file is missing, or of another format; it says what to do. Later, as
    `RoadDataError` for roads, where rules or a model are asked for that were not kept.
    `DamagedError`: something was cut short, changed or mixed up since it was written.
    `OutputError`: a killed run left the folder half exchanged, and that cannot be finished here.
    """
    folder = Path(folder)
    finish_exchange(folder)
    said, arrays = read_results(folder)
    with record.refusing_odd(folder / PROOF.name):
        rest = read_rest(arrays.rest.tobytes(), said)
        scenario = recall_scenario(said, rest)
        anchors = Anchors(rest.tables["anchors"].set_index("site"))
        origin = _Origin(
            folder=folder, digest=str(said["network"]["sha256"]),
            title=str(said["network"]["title"]), model_name=str(said["legs"]["energy_model"]),
            rest=rest, rows=_recall_row_names(arrays.row_name.tolist(), rest, rules), arrays=arrays,
            scenario=scenario, anchors=anchors, given_network=network, given_model=model,
            given_rules=tuple(rules),
        )  # fmt: skip
        effect = recall_effect(said, rest, scenario)
        plan = RecalledPlan(origin=origin, **recall_figures(said, rest))
    figures = {"scenario": scenario, "anchors": anchors, "plan": plan, "effect": effect}
    return RecalledResult(origin=origin, **figures, assumptions=rest.assumptions)


def _recall_row_names(
    written: Sequence[str], rest: Rest, rules: Sequence[Rule]
) -> tuple[RowName, ...]:
    """Give rows their families and subjects back; `DamagedError` where names say otherwise."""
    declared = [rule for rule in (*RULES, *rules) if isinstance(rule, DeclaredRule)]
    families = [BOUNDED, *(family for rule in declared for family in rule.families)]
    known = {(family.name, family.raised_by): family for family in families}
    split = [name.partition(": ") for name in written]  # no rule has a colon in its name
    if [label for _, _, label in split] != [str(row.about) for row in rest.rows]:
        raise record.refuse_part("rest.rows")
    return tuple(
        RowName(known.get((family, row.raised_by)) or Family(family), row.about)
        for (family, _, _), row in zip(split, rest.rows, strict=True)
    )


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
    rest: Rest
    rows: tuple[RowName, ...]
    """Of which family each row is, and about what."""
    arrays: ProofArrays
    scenario: Scenario
    anchors: Anchors
    given_network: RoadNetwork | None
    given_model: EnergyModel | str | None
    given_rules: tuple[Rule, ...]

    def _say(self, key: str, **values: str) -> Message:
        return say_text("recall", key, folder=str(self.folder), **values)

    @cached_property
    def network(self) -> RoadNetwork:
        network = load_network() if self.given_network is None else self.given_network
        if network.digest != self.digest:
            raise RoadDataError(self._say("roads", title=f"`{plain(self.title)}`"))
        return network

    @cached_property
    def legs(self) -> Legs:
        model = self.given_model
        if not self.model_name:
            raise RecordError(self._say("made up"))
        if model is None and self.model_name not in MODELS:
            raise RecordError(self._say("model", name=f"`{plain(self.model_name)}`"))
        model = MODELS[self.model_name] if model is None else model
        model = MODELS[find_model(model)] if isinstance(model, str) else model
        return price_legs(self.scenario, self.network, self.anchors, model=model)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        if tuple(map(name_rule, self.given_rules)) != self.rest.rules:
            raise RecordError(self._say("rules", rules=plain(", ".join(self.rest.rules))))
        return self.given_rules

    @cached_property
    def problem(self) -> Problem:
        held = [at for at, row in enumerate(self.rows) if row.family == GOALS_HELD]
        problem = replace(
            lay_columns(self.scenario, self.legs, self.rules),
            alone=dict(self.rest.alone),
            nearest_t=float(self.arrays.limit[held[0]]) if held else None,
        )
        if not _has_columns(problem, self.arrays):
            raise RecordError(self._say("legs"))
        return problem

    @cached_property
    def proof(self) -> Proof:
        """The programme, the values and the prices, all of which the folder holds."""
        arrays, sense = self.arrays, self.arrays.sense
        cost, used = arrays.cost, np.flatnonzero(arrays.value)
        entries = arrays.coefficient, arrays.column, arrays.row_start
        rows = sparse.csr_array(entries, shape=(len(arrays.limit), len(cost)))
        programme = Programme(sparse.csc_array(rows), sense, arrays.limit, arrays.whole)
        # What was asked after the first objective is not kept: `assign(…, start=plan)` asks it
        # again.
        stage = Stage(programme, used, np.ones(len(cost), bool), sense)
        return Proof(
            programme=programme,
            rows=self.rows,
            cost=cost,
            values=arrays.value,
            shadow_prices=arrays.price,
            prices_given_decisions=arrays.price_given,
            start=Start(used),
            stages=(stage,) * (1 + bool(arrays.goal_cost.any())),
            goal_prices=arrays.goal_price,
        )


def _has_columns(problem: Problem, arrays: ProofArrays) -> bool:
    """Tell whether columns are those of a proof, their costs but for adding in another order."""
    parties: dict[str, Any] = {"giver": problem.givers, "taker": problem.takers}
    labels = {kind: [one.id for one in each] for kind, each in parties.items()}
    labels |= {"vehicle": [*problem.vehicles], "period": [*problem.scenario.periods]}
    named = all(ids == getattr(arrays, kind).tolist() for kind, ids in labels.items())
    if not named or problem.column_count != len(arrays.cost):
        return False
    cost, kept = problem.objectives()[0], arrays.cost
    room = _SAME * float(np.abs(kept).max(initial=0.0))
    return all(
        np.array_equal(getattr(problem.moves, kind), getattr(arrays, f"move_{kind}"))
        for kind in labels
    ) and bool(np.allclose(cost, kept, rtol=_SAME, atol=room))


class _Recalled:
    """Something out of a folder, frozen as it was, and parts that are made when asked for."""

    _origin: _Origin | None
    """None where a part was replaced: then all of them are given."""

    def __init__(self, *, origin: _Origin | None = None, **figures: Any) -> None:
        for name, value in {"_origin": origin, **figures}.items():
            object.__setattr__(self, name, value)


class RecalledPlan(_Recalled, Plan):
    """A plan out of a folder: columns and proof are made when somebody asks for them."""

    problem = cached_property(lambda self: self._origin.problem)
    proof = cached_property(lambda self: self._origin.proof)
    rules = cached_property(lambda self: self._origin.rules)

    @property
    def column_count(self) -> int:
        """How many columns the proof covers."""
        return int(self.proof.programme.column_count)

    @property
    def scenario(self) -> Scenario:
        """What was planned for."""
        return self.problem.scenario if self._origin is None else self._origin.scenario


class RecalledResult(_Recalled, Result):
    """A result out of a folder: roads and legs are made when somebody asks for them."""

    network = cached_property(lambda self: self._origin.network)
    legs = cached_property(lambda self: self._origin.legs)
