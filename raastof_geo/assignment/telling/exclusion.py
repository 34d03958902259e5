"""Where the tonnes would fit: which kind of either-or decision leaves no plan."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Literal, get_args

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.rules.choices import LOTS_LEAST, PARTNERS_LIMITED
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.rows import EitherOr, Family, Row
from raastof_geo.assignment.telling.names import list_names, tell_named, tell_number
from raastof_geo.assignment.telling.violation import Laid
from raastof_geo.language import Message, say, say_text

_PATIENCE_S = 20.0
_MOST_TOLD = 4
_MOST_COLUMNS = 60_000
"""Of a programme for which the nearest whole decisions are looked for."""


def say_excluded(laid: Laid) -> Iterator[Message]:
    """Say which kinds of decision leave no plan, alone or together, and what is nearest to one."""
    there = {row.family.decides for row in laid.rows}
    kinds = [kind for kind in get_args(EitherOr) if kind in there]
    culprits = list(filter(partial(_has_plan, laid), kinds))
    for kind in culprits:
        told = say("the tonnes fit, but not with {kind}: without it there is a plan")
        yield told.format(kind=_name(laid.problem, kind))
    if not culprits:
        told = say("the tonnes fit, but not with the either-or decisions together: {kinds}")
        yield told.format(kinds=list_names([_name(laid.problem, kind) for kind in kinds]))
    for kind, say_nearest in (("lots", _say_lots), ("partners", _say_partners)):
        if kind in (culprits or kinds):
            yield from say_nearest(laid)


def _name(problem: Problem, kind: EitherOr) -> Message:
    choices = problem.scenario.said.choices
    if kind == "lots" and choices.smallest_lot is not None:
        tonnes = tell_number(choices.smallest_lot.value)
        return say("`choices.smallest_lot` of {tonnes} t", tonnes=tonnes)
    if kind == "partners" and choices.partners_at_most is not None:
        return say("`choices.partners_at_most` of {count}", count=int(choices.partners_at_most))
    if kind == "partners":
        return say("`partners_at_most` of sites")
    return say("what sites to open cost (`opens`)")


def _has_plan(laid: Laid, kind: EitherOr) -> bool:
    """Tell whether a plan exists without the decisions of one kind."""
    other = laid.without({row.rule for row in laid.rows if row.family.decides == kind})
    if not other.programme.whole.any():
        return True
    cost = laid.problem.objectives()[0]
    return other.solve(cost, decided=Search(gap=1.0), clock=_PATIENCE_S).decision is not None


def _find_bent(
    laid: Laid, family: Family, side: Literal["short", "over"]
) -> Iterator[tuple[Row, float, Floats]]:
    """Give rows of a family that are bent in the plan nearest to one, by how much, and the plan."""
    mine = [at for at, row in enumerate(laid.rows) if row.rule == family.name]
    bending = laid.bend(**{side: mine})
    if bending.laid.programme.column_count > _MOST_COLUMNS:
        return
    found = bending.laid.solve(bending.cost, decided=Search(gap=1e-4), clock=_PATIENCE_S)
    if found.feasible:
        short, over = bending.read(found.values)
        bent = short if side == "short" else over
        told = islice(bent.items(), _MOST_TOLD)
        yield from ((laid.rows[at], by, found.values) for at, by in told)


def _say_lots(laid: Laid) -> Iterator[Message]:
    """Say how small the lots are that would do: what is less than a lot itself, `check` tells."""
    problem = laid.problem
    for row, _, values in _find_bent(laid, LOTS_LEAST, "short"):
        moves = row.columns[row.coefficients == 1.0]
        giver, taker, material, period = problem.others[ColumnKind.LOTS].iloc[row.about.entry]
        told = say_text("nearest", "lots", period=period, tonnes=float(values[moves].sum()))
        yield tell_named(problem.scenario, told, material=material, giver=giver, taker=taker)


def _say_partners(laid: Laid) -> Iterator[Message]:
    """Say how many partners would do, where one site or more have too few."""
    for row, more, _ in _find_bent(laid, PARTNERS_LIMITED, "over"):
        count = int(np.ceil(row.limit + more - 1e-6))
        told = say_text("nearest", "partners", count=count, limit=int(row.limit))
        yield tell_named(laid.problem.scenario, told, site=row.about.site)
