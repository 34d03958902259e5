"""Where the tonnes would fit: which kind of either-or decision leaves no plan."""

from collections.abc import Iterator
from itertools import islice
from typing import Literal, get_args

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.assignment.rules.choices import LOTS_LEAST, PARTNERS_LIMITED
from raastof_geo.assignment.rules.row import EitherOr, Family, Row
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling.names import call_material, list_names, name_site, tell_number
from raastof_geo.assignment.telling.violation import Laid
from raastof_geo.language import Message, say

_PATIENCE_S = 20.0
_MOST_TOLD = 4


def say_excluded(laid: Laid) -> Iterator[Message]:
    """Say which kinds of decision leave no plan, alone or together, and what is nearest to one."""
    there = {row.family.decides for row in laid.rows}
    kinds = [kind for kind in get_args(EitherOr) if kind in there]
    culprits = [kind for kind in kinds if _has_plan(laid, kind)]
    names = {kind: _name(laid.problem, kind) for kind in kinds}
    if len(culprits) == 1 or (culprits and len(kinds) > 1):
        for kind in culprits:
            yield say(
                "the tonnes fit, but not with {kind}: without it there is a plan", kind=names[kind]
            )
    else:
        yield say("the tonnes fit, but not with the either-or decisions together: {kinds}").format(
            kinds=list_names(list(names.values()))
        )
    told = culprits or kinds
    if "lots" in told:
        yield from _say_lots(laid)
    if "partners" in told:
        yield from _say_partners(laid)


def _name(problem: Problem, kind: EitherOr) -> Message:
    choices = problem.scenario.said.choices
    if kind == "lots" and choices.smallest_lot is not None:
        return say(
            "`choices.smallest_lot` of {tonnes} t", tonnes=tell_number(choices.smallest_lot.value)
        )
    if kind == "partners":
        if choices.partners_at_most is not None:
            return say("`choices.partners_at_most` of {count}", count=int(choices.partners_at_most))
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
    values = bending.decide(clock=_PATIENCE_S)
    if values is not None:
        short, over = bending.read(values)
        bent = short if side == "short" else over
        yield from ((laid.rows[at], by, values) for at, by in islice(bent.items(), _MOST_TOLD))


def _say_lots(laid: Laid) -> Iterator[Message]:
    """Say how small the lots are that would do: what is less than a lot itself, `check` tells."""
    problem, scenario = laid.problem, laid.problem.scenario
    for row, _, values in _find_bent(laid, LOTS_LEAST, "short"):
        moves = row.columns[row.coefficients == 1.0]
        small = problem.others["lots"].iloc[row.about.entry]
        yield say(
            "nearest to a plan is one that sends only {tonnes} t of {material} from {giver} to "
            "{taker} in {period}",
            tonnes=tell_number(float(values[moves].sum())),
            material=call_material(scenario, small["material"]),
            giver=name_site(scenario, small["origin"]),
            taker=name_site(scenario, small["destination"]),
            period=small["period"],
        )


def _say_partners(laid: Laid) -> Iterator[Message]:
    """Say how many partners would do, where one site or more have too few."""
    for row, more, _ in _find_bent(laid, PARTNERS_LIMITED, "over"):
        yield say(
            "nearest to a plan is one in which {site} has {count} partners, where {limit} are "
            "allowed",
            site=name_site(laid.problem.scenario, row.about.site),
            count=int(np.ceil(row.limit + more - 1e-6)),
            limit=int(row.limit),
        )
