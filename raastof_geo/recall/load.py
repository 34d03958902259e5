"""Load a result from a run's folder; what that has not is made when it is asked for."""

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
from raastof_geo.recall.rest import (
    Rest,
    name_rule,
    read_rest,
    recall_effect,
    recall_figures,
    recall_scenario,
)
from raastof_geo.records.exchange import finish_exchange
from raastof_geo.records.plan import read_results
from raastof_geo.records.proof import PROOF, ProofArrays
from raastof_geo.records.record import refuse_part, refusing_odd
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.identity import find_model
from raastof_geo.scenario.scenario import Scenario


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
        rest = read_rest(arrays.rest.tobytes(), said)
        scenario = recall_scenario(said, rest)
        anchors = Anchors(rest.tables["anchors"].set_index("site"))
        origin = _Origin(
            folder=folder,
            digest=str(said["network"]["sha256"]),
            title=str(said["network"]["title"]),
            model_name=str(said["legs"]["energy_model"]),
            rest=rest,
            rows=_recall_row_names(arrays.row_name.tolist(), rest, rules),
            arrays=arrays,
            scenario=scenario,
            anchors=anchors,
            given_network=network,
            given_model=model,
            given_rules=tuple(rules),
        )
        effect = recall_effect(said, rest, scenario)
        plan = RecalledPlan(origin=origin, **recall_figures(said, rest))
    return RecalledResult(
        origin=origin,
        scenario=scenario,
        anchors=anchors,
        plan=plan,
        effect=effect,
        assumptions=rest.assumptions,
    )


_SAME = 1e-9
"""Costs of columns may differ by so much of the largest from one machine to another: sums of some
thousand edges differ in their last digits where a processor adds in another order."""


def _recall_row_names(
    written: Sequence[str], rest: Rest, rules: Sequence[Rule]
) -> tuple[RowName, ...]:
    """Give rows their families and subjects back; `DamagedError` where names say otherwise."""
    declared = [rule for rule in (*RULES, *rules) if isinstance(rule, DeclaredRule)]
    families = [BOUNDED, *(family for rule in declared for family in rule.families)]
    known = {(family.name, family.raised_by): family for family in families}
    split = [name.partition(": ") for name in written]  # no rule has a colon in its name
    if [label for _, _, label in split] != [str(row.about) for row in rest.rows]:
        raise refuse_part("rest.rows")
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
        if tuple(map(name_rule, self.given_rules)) != self.rest.rules:
            raise RecordError(self._say("rules", rules=plain(", ".join(self.rest.rules))))
        return self.given_rules

    @cached_property
    def problem(self) -> Problem:
        """The columns that the proof is about."""
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
