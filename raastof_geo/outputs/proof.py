"""Put the programme of a plan into arrays, so that anybody can check it with NumPy alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from raastof_geo.arrays import Integers
from raastof_geo.assignment.statement.layout import MEASURES
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.figures.vocabulary import SHORT_OF_GOAL
from raastof_geo.outputs.plan import describe_plan
from raastof_geo.recall.rest import pack_rest
from raastof_geo.records.proof import Arrays, write_proof
from raastof_geo.records.record import pack_values
from raastof_geo.result import Result


def describe_proof(result: Result) -> Arrays:
    """Give the arrays of `proof.npz`; `records.proof` tells what they mean."""
    return {
        **_describe_programme(result),
        **_describe_moves(result.plan.problem),
        **_describe_used(result),
        "flow_column": _flow_columns(result),
        "plan": np.frombuffer(pack_values(describe_plan(result)), np.uint8),
        "rest": np.frombuffer(pack_rest(result), np.uint8),
    }


def _describe_programme(result: Result) -> Arrays:
    proof = result.plan.proof
    rows = proof.programme.matrix.tocsr()
    return {
        "row_start": rows.indptr.astype(np.int64),
        "column": rows.indices.astype(np.int32),
        "coefficient": rows.data.astype(np.float64),
        "sense": proof.programme.sense.astype(np.int8),
        "limit": proof.programme.limit.astype(np.float64),
        "row_name": np.array([f"{rule}: {label}" for rule, label in proof.rows], dtype=str),
        "cost": proof.cost.astype(np.float64),
        "whole": proof.programme.whole.astype(bool),
        "value": proof.values.astype(np.float64),
        "price": proof.shadow_prices.astype(np.float64),
        "goal_price": proof.goal_prices.astype(np.float64),
        "goal_cost": result.plan.problem.measure(SHORT_OF_GOAL).astype(np.float64),
        "price_given": proof.prices_given_decisions.astype(np.float64),
    }


def _describe_moves(problem: Problem) -> Arrays:
    """Say who sends what to whom, when and by which truck, on each column that is a move."""
    moves = problem.moves
    return {
        **_describe_parties("giver", problem.givers, ("site", "kind", "material")),
        **_describe_parties("taker", problem.takers, ("site", "kind")),
        "vehicle": np.array(problem.vehicles, dtype=str),
        "period": np.array(list(problem.scenario.periods), dtype=str),
        "move_giver": moves.giver.astype(np.int32),
        "move_taker": moves.taker.astype(np.int32),
        "move_vehicle": moves.vehicle.astype(np.int32),
        "move_period": moves.period.astype(np.int32),
    }


def _describe_parties(name: str, parties: Any, about: tuple[str, ...]) -> Arrays:
    described = {f"{name}_{field}": [getattr(one, field) for one in parties] for field in about}
    described[name] = [one.id for one in parties]
    return {key: np.array(labels, dtype=str) for key, labels in described.items()}


def _describe_used(result: Result) -> Arrays:
    """Say what a unit of each column in use adds to every measure and objective."""
    problem = result.plan.problem
    used = np.flatnonzero(result.plan.proof.values)
    small = problem.only(used)
    others = used[used >= len(problem.moves)]
    steps = [step.name for step in problem.scenario.said.objectives]
    objectives = dict(zip(steps, small.objectives(), strict=True))
    # Columns that move nothing: their kind, and what tells them apart, as a JSON list.
    labels = [
        json.dumps([kind, *map(str, row)], ensure_ascii=False)
        for kind in ColumnKind
        if len(small.others.get(kind, ()))
        for row in small.others[kind][list(kind.keys)].itertuples(index=False)
    ]
    if result.plan.goal_certificate is not None:
        objectives = {SHORT_OF_GOAL: small.measure(SHORT_OF_GOAL), **objectives}
    return {
        "used_column": used.astype(np.int64),
        "measure": np.array(list(MEASURES), dtype=str),
        "measure_rate": np.array([small.measure(name) for name in MEASURES], np.float64),
        "objective": np.array(list(objectives), dtype=str),
        "objective_rate": np.array(list(objectives.values()), np.float64),
        "other_column": others.astype(np.int64),
        "other_label": np.array(labels, dtype=str),
    }


def _flow_columns(result: Result) -> Integers:
    """Find the column of each flow by its labels."""
    problem, flows = result.plan.problem, result.plan.flows
    used = np.flatnonzero(result.plan.proof.values[problem.block("moves")] > 0)
    keys = ("giver", "taker", "vehicle", "period")
    labels = zip(*(problem.labels(key, used).tolist() for key in keys), strict=True)
    number = dict(zip(labels, used.tolist(), strict=True))
    wanted = zip(*(flows[key].tolist() for key in keys), strict=True)
    return np.array([number[key] for key in wanted], dtype=np.int64)


def record_proof(result: Result, folder: Path) -> Path:
    """Write proof.npz."""
    return write_proof(describe_proof(result), folder)
