"""What was asked of PuLP on the way to a plan, asked again by name, or written to a file."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pulp

from raastof_geo.arrays import Columns, Floats, Mask, Signs
from raastof_geo.assignment.solving.stated import Labels, state_programme
from raastof_geo.assignment.statement.row import Programme
from raastof_geo.errors import InputError
from raastof_geo.files import drafting

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

    def state(
        self,
        programme: Programme,
        cost: Floats,
        labels: Labels,
        written: bool,
        fixed: Floats | None,
    ) -> LpProblem:
        """State it in tonnes, with decisions among its variables.

        `programme` is that of the plan, whose limits decisions still have to share. Only the
        columns that were `written` out take part, or all that could be used. Decisions are `fixed`
        as when earlier objectives were made least; without any they are to be found.
        """
        more = self.programme.limit[programme.row_count :]
        whole = replace(self.programme, limit=np.append(programme.limit, more))
        moving = self.columns if written else np.flatnonzero(self.may)
        columns = np.union1d(moving, np.flatnonzero(programme.whole))
        asked = partial(state_programme, sense=self.sense, whole=True, own_units=True)
        stated = asked(whole, columns, cost[columns], labels=labels)
        for column, variable in zip(columns.tolist(), stated.variables, strict=True):
            if programme.whole[column]:
                value = None if fixed is None else float(fixed[column])
                variable.bounds(*((0.0, 1.0) if value is None else (value, value)))
        return stated.problem


ENDINGS = (".lp", ".mps")


def check_ending(path: Path) -> None:
    """Make sure that a name says which of the two formats is wanted; else an `InputError`."""
    if path.suffix.lower() not in ENDINGS:
        other = path.with_suffix(".lp").name if path.name else "plan.lp"
        raise InputError.saying_text("the solver", "format", file=path, other=other)


def write_programme(problem: LpProblem, path: Path) -> Path:
    """Write all of a problem of PuLP or nothing, in the format that the name ends in.

    A file that is there already is replaced where a programme of ours is in it, else moved aside.
    Other names are an `InputError`, what cannot be written is an `OutputError`.
    """
    check_ending(path)
    with drafting(path, known=_is_ours) as draft:
        if path.suffix.lower() == ".lp":
            problem.writeLP(str(draft))
        else:
            problem.writeMPS(str(draft))
    return path


def _is_ours(path: Path) -> bool:
    """Tell whether PuLP wrote a programme of this name there."""
    with path.open("rb") as file:
        return b"raastof_geo" in file.read(80)
