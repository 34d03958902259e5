"""What was asked of PuLP on the way to a plan, and the same asked again, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pulp

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.solving.labels import Labels
from raastof_geo.assignment.solving.stated import state_programme
from raastof_geo.assignment.statement.programme import Programme

LpProblem: TypeAlias = pulp.LpProblem


@dataclass(frozen=True, eq=False)
class Stage:
    """What one objective was made least over: what those before it left open."""

    programme: Programme
    """With a row for each earlier objective that is held within a tolerance, and limits that have
    what the decisions use taken out of them."""
    columns: Columns
    """Those that were written out."""
    may: Mask
    """Columns that could be used."""
    sense: Signs
    """Of the rows: those that earlier objectives hang on are equalities."""


def state_stage(
    stage: Stage,
    programme: Programme,
    cost: Floats,
    labels: Labels,
    *,
    written: bool,
    decided: Floats | None,
) -> LpProblem:
    """State what one objective was made least over, with decisions among its variables.

    Parameters
    ----------
    programme
        That of the plan, whose limits decisions still have to share.
    cost
        What a unit of every column costs.
    written
        Only the columns that were written out; else all that could be used.
    decided
        The either-or decisions, which then stand, as earlier objectives were made least with
        them; none: they are to be found.

    Returns
    -------
    problem
        In tonnes, as the plan is; its variables carry no values yet.
    """
    more = stage.programme.limit[programme.row_count :]
    whole = replace(stage.programme, limit=np.append(programme.limit, more))
    moving = stage.columns if written else np.flatnonzero(stage.may)
    columns = np.union1d(moving, np.flatnonzero(programme.whole))
    stated = state_programme(
        whole, columns, cost[columns], sense=stage.sense, whole=True, labels=labels, own_units=True
    )
    for column, variable in zip(columns.tolist(), stated.variables, strict=True):
        if programme.whole[column]:
            value = None if decided is None else float(decided[column])
            variable.bounds(*((0.0, 1.0) if value is None else (value, value)))
    return stated.problem
