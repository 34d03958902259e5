"""Weigh columns by their labels, so that of equally good plans always the same one is picked."""

import hashlib

import numpy as np
import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.statement.problem import ColumnKind, Problem


def break_ties(problem: Problem) -> Floats:
    """Weigh columns so that one optimum is left: the earlier period, then a number by label.

    A label's number, below 1, is drawn from its letters, so that it is the same in every scenario
    and on every machine, whatever other columns there are.
    """
    moves = problem.moves
    weight = np.zeros(problem.column_count)
    spread = np.zeros(len(moves), dtype=np.uint64)
    for key, labels in _list_labels(problem).items():
        drawn = np.array([_draw(key, label) for label in labels], dtype=np.uint64)
        spread ^= drawn[getattr(moves, key)]  # scattered as splitmix64 does
        spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        spread ^= spread >> np.uint64(31)
    weight[problem.block(ColumnKind.MOVES)] = moves.period + spread / 2.0**64
    order = {period: number for number, period in enumerate(problem.scenario.periods)}
    for kind in ColumnKind:
        table = problem.others.get(kind, pd.DataFrame())
        if table.empty:
            continue
        told = table[list(kind.keys)].itertuples(index=False)
        drawn = np.array([_draw(kind, "|".join(map(str, one))) / 2.0**64 for one in told])
        early = table["period"].map(order).to_numpy(np.float64) if "period" in table else 0.0
        weight[problem.block(kind)] = early + drawn
    return weight


def draw_labels(problem: Problem) -> dict[str, list[str]]:
    """Give the numbers that are drawn for the labels of moves, in hexadecimal digits."""
    every = _list_labels(problem).items()
    return {key: [hex(_draw(key, label)) for label in labels] for key, labels in every}


def _list_labels(problem: Problem) -> dict[str, list[str]]:
    return {
        "giver": [giver.id for giver in problem.givers],
        "taker": [taker.id for taker in problem.takers],
        "vehicle": list(problem.vehicles),
        "period": list(problem.scenario.periods),
    }


def _draw(key: str, label: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{key}|{label}".encode()).digest()[:8], "big")
