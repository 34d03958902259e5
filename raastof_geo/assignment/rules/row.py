"""One named constraint."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.statement.problem import Problem

Sense = Literal["<=", "=", ">="]


@dataclass(frozen=True, eq=False)
class Row:
    """One named constraint: coefficients × units, compared with a limit."""

    rule: str
    label: str
    """What it is about: an offer, a need, a pit and a period …"""
    columns: Columns
    """Numbers of columns, each once."""
    coefficients: Floats
    """One for each of them: missing ones are priced with these."""
    sense: Sense
    limit: float


Rule: TypeAlias = Callable[[Problem], Iterable[Row]]


def sum_of(
    rule: str, label: str, columns: Columns, sense: Sense, limit: float, *, times: float = 1.0
) -> Row:
    """Compare the sum of some columns with a limit."""
    return Row(rule, label, columns, np.full(len(columns), times), sense, limit)


def combine(
    rule: str,
    label: str,
    parts: Iterable[tuple[Columns, Floats | float]],
    sense: Sense,
    limit: float,
) -> Row:
    """Compare a sum of several kinds of columns with a limit; parts may not overlap."""
    columns: list[Columns] = []
    coefficients: list[Floats] = []
    for which, factor in parts:
        columns.append(which)
        coefficients.append(
            np.full(len(which), factor) if isinstance(factor, float) else np.asarray(factor)
        )
    return Row(
        rule,
        label,
        np.concatenate(columns) if columns else np.array([], dtype=np.int64),
        np.concatenate(coefficients) if coefficients else np.array([]),
        sense,
        limit,
    )
