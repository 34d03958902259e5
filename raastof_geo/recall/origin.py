"""What a result has that its folder has not: made when it is asked for, held against the proof."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from raastof_geo.assignment.plan import Plan, Proof
from raastof_geo.assignment.rules import RULES, lay_columns
from raastof_geo.assignment.rules.choices import BOUNDED
from raastof_geo.assignment.rules.limits import GOALS_HELD
from raastof_geo.assignment.solving.price_in import Start
from raastof_geo.assignment.solving.stages import Stage
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import DeclaredRule, Family, Programme, RowName, Rule
from raastof_geo.emissions.vehicle import MODELS, EnergyModel
from raastof_geo.errors import RecordError, RoadDataError
from raastof_geo.language import Message, plain, say_text
from raastof_geo.legs.legs import Legs, price_legs
from raastof_geo.recall.rest import KeptRow, name_rule
from raastof_geo.records.proof import ProofArrays
from raastof_geo.records.values import refuse_part
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.identity import find_model
from raastof_geo.scenario.scenario import Scenario

_SAME = 1e-9
"""Costs of columns may differ by so much of the largest from one machine to another: sums of some
thousand edges differ in their last digits where a processor adds in another order."""


def split_row(name: str) -> tuple[str, str]:
    """Give rule and label of a row; no rule has a colon in its name."""
    rule, _, label = name.partition(": ")
    return rule, label


def recall_row_names(
    written: Sequence[str], kept: Sequence[KeptRow], rules: Sequence[Rule]
) -> tuple[RowName, ...]:
    """Give rows their families and subjects back; `DamagedError` where names say otherwise."""
    declared = [rule for rule in (*RULES, *rules) if isinstance(rule, DeclaredRule)]
    families = [BOUNDED, *(family for rule in declared for family in rule.families)]
    known = {(family.name, family.raised_by): family for family in families}
    split = [split_row(name) for name in written]
    if [label for _, label in split] != [str(row.about) for row in kept]:
        raise refuse_part("rest.rows")
    return tuple(
        RowName(known.get((family, row.raised_by)) or Family(family), row.about)
        for (family, _), row in zip(split, kept, strict=True)
    )


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a result was recalled from, and what follows from there, made when it is asked for."""

    folder: Path
    digest: str
    """Of the roads."""
    title: str
    """Of the roads."""
    model_name: str
    """Of the energy model; none where legs were made up."""
    rule_names: tuple[str, ...]
    rows: tuple[RowName, ...]
    """Of which family each row is, and about what."""
    alone: dict[str, float]
    """What each project has in the baseline by the measure of fairness."""
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
        """The roads that the run used."""
        network = load_network() if self.given_network is None else self.given_network
        if network.digest != self.digest:
            raise RoadDataError(self._say("roads", title=f"`{plain(self.title)}`"))
        return network

    @cached_property
    def legs(self) -> Legs:
        """The priced legs."""
        return price_legs(self.scenario, self.network, self.anchors, model=self._find_model())

    def _find_model(self) -> EnergyModel:
        """Give the energy model of the run: the one that was given, or the one of that name."""
        if not self.model_name:
            raise RecordError(self._say("made up"))
        if isinstance(self.given_model, str):
            return MODELS[find_model(self.given_model)]
        if self.given_model is not None:
            return self.given_model
        if self.model_name not in MODELS:
            raise RecordError(self._say("model", name=f"`{plain(self.model_name)}`"))
        return MODELS[self.model_name]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The constraints."""
        if tuple(map(name_rule, self.given_rules)) != self.rule_names:
            raise RecordError(self._say("rules", rules=plain(", ".join(self.rule_names))))
        return self.given_rules

    @cached_property
    def problem(self) -> Problem:
        """The columns that the proof is about."""
        held = [at for at, row in enumerate(self.rows) if row.family == GOALS_HELD]
        problem = replace(
            lay_columns(self.scenario, self.legs, self.rules),
            alone=dict(self.alone),
            nearest_t=float(self.arrays.limit[held[0]]) if held else None,
        )
        if not _has_columns(problem, self.arrays):
            raise RecordError(self._say("legs"))
        return problem

    @cached_property
    def proof(self) -> Proof:
        """The programme, the values and the prices, all of which the folder holds."""
        arrays = self.arrays
        cost, values = arrays.cost, arrays.value
        rows = sparse.csr_array(
            (arrays.coefficient, arrays.column, arrays.row_start),
            shape=(len(arrays.limit), len(cost)),
        )
        programme = Programme(
            sparse.csc_array(rows), sense=arrays.sense, limit=arrays.limit, whole=arrays.whole
        )
        return Proof(
            programme=programme,
            rows=self.rows,
            cost=cost,
            values=values,
            shadow_prices=arrays.price,
            prices_given_decisions=arrays.price_given,
            start=Start(np.flatnonzero(values)),
            # What was asked after the first objective is not kept: `assign(…, start=plan)` asks
            # it again.
            stages=(
                Stage(programme, np.flatnonzero(values), np.ones(len(cost), bool), programme.sense),
            )
            * (1 + bool(arrays.goal_cost.any())),
            goal_prices=arrays.goal_price,
        )


def _has_columns(problem: Problem, arrays: ProofArrays) -> bool:
    """Tell whether columns are those of a proof, their costs but for adding in another order."""
    labels = {
        "giver": [one.id for one in problem.givers],
        "taker": [one.id for one in problem.takers],
        "vehicle": list(problem.vehicles),
        "period": list(problem.scenario.periods),
    }
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

    _origin: Origin | None
    """None where a part was replaced: then all of them are given."""

    def __init__(self, *, origin: Origin | None = None, **figures: Any) -> None:
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
