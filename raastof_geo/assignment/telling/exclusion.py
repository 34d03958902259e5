"""Where the tonnes would fit: which kind of either-or decision leaves no plan."""

from collections.abc import Iterator
from typing import get_args

import numpy as np

from raastof_geo.assignment.rules.choices import LOTS_LEAST, PARTNERS_LIMITED
from raastof_geo.assignment.rules.family import EitherOr
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.telling.names import call_material, list_names, name_site, tell_number
from raastof_geo.assignment.telling.violation import Laid
from raastof_geo.language import Message, say
from raastof_geo.scenario.role import Role

_PATIENCE_S = 20.0
_MOST_TOLD = 4


def say_excluded(laid: Laid) -> Iterator[Message]:
    """Say which kinds of decision leave no plan, and by how much they miss one.

    Each kind without which there is a plan, or all together; then the lots and the partners that
    are nearest to one.
    """
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
        yield say(
            "the tonnes fit, but not with the either-or decisions together: {kinds}",
            kinds=list_names(list(names.values())),
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


# --- lots ---------------------------------------------------------------------------------------


def _say_lots(laid: Laid) -> Iterator[Message]:
    """Name surplus and needs that are smaller than a lot; else the smaller lots that would do."""
    problem, rows, scenario = laid.problem, laid.rows, laid.problem.scenario
    lot = scenario.said.choices.smallest_lot
    if lot is None:
        return
    told = [*_small_offers(problem, lot.value), *_small_needs(problem, lot.value)]
    if told:
        yield from told[:_MOST_TOLD]
        return
    least = [number for number, row in enumerate(rows) if row.rule == LOTS_LEAST.name]
    bending = laid.bend(short=least)
    values = bending.decide(clock=_PATIENCE_S)
    if values is None:
        return
    for at in list(bending.read(values)[0])[:_MOST_TOLD]:
        moves = rows[at].columns[rows[at].coefficients == 1.0]
        small = problem.others["lots"].iloc[rows[at].about.entry]
        yield say(
            "nearest to a plan is one that sends only {tonnes} t of {material} from {giver} to "
            "{taker} in {period}",
            tonnes=tell_number(float(values[moves].sum())),
            material=call_material(scenario, small["material"]),
            giver=name_site(scenario, small["origin"]),
            taker=name_site(scenario, small["destination"]),
            period=small["period"],
        )


def _small_offers(problem: Problem, lot: float) -> Iterator[Message]:
    """Find surplus that must leave, is all that its site has of it, and is less than a lot."""
    scenario = problem.scenario
    leaving = [offer for offer in scenario.offers if offer.must_leave]
    for site_id, material in dict.fromkeys((offer.site, offer.material) for offer in leaving):
        total = _all_there_is(problem, site_id, material)
        if total is not None and 0 < total < lot:
            yield say(
                "{site} has {tonnes} t of {material} that must leave, less than the smallest "
                "lot of {lot} t",
                site=name_site(scenario, site_id),
                tonnes=tell_number(total, beside=lot - total),
                material=call_material(scenario, material),
                lot=tell_number(lot, beside=lot - total),
            )


def _all_there_is(problem: Problem, site_id: str, material: str) -> float | None:
    """Add up what a site offers; none where it may have more, or use it without a truck. [t]"""
    site = problem.scenario.sites[site_id]
    if site.pit or site.plant or site.depot or (site.stockpile and site.stockpile.start):
        return None
    stays = problem.find(origin=site_id, destination=site_id, material=material)
    if (problem.labels("taker_kind", stays) == Role.NEED).any():
        return None
    mine = [offer for offer in problem.scenario.offers if offer.site == site_id]
    return sum(offer.tonnes for offer in mine if offer.material == material)


def _small_needs(problem: Problem, lot: float) -> Iterator[Message]:
    """Find needs that, with all else their site can use, are less than a lot of any material."""
    scenario = problem.scenario
    for site_id, site in scenario.sites.items():
        if not site.needs or site.receiver or site.plant or site.depot:
            continue
        columns = problem.of("destination", site_id)
        columns = columns[problem.labels("origin", columns) != site_id]
        if len(columns) < len(problem.of("destination", site_id)):
            continue
        mine = [need for need in scenario.needs if need.site == site_id]
        most = max(
            (
                sum(need.tonnes * need.ratios.get(material, 0.0) for need in mine)
                for material in set(problem.labels("material", columns).tolist())
            ),
            default=0.0,
        )
        if 0 < most < lot:
            yield say(
                "{site} can use at most {tonnes} t of one material, less than the smallest lot of "
                "{lot} t",
                site=name_site(scenario, site_id),
                tonnes=tell_number(most, beside=lot - most),
                lot=tell_number(lot, beside=lot - most),
            )


# --- partners -----------------------------------------------------------------------------------


def _say_partners(laid: Laid) -> Iterator[Message]:
    """Say how many partners would do, where one site or more have too few."""
    rows = enumerate(laid.rows)
    bending = laid.bend(over=[at for at, row in rows if row.rule == PARTNERS_LIMITED.name])
    values = bending.decide(clock=_PATIENCE_S)
    too_many = {} if values is None else bending.read(values)[1]
    for at, more in list(too_many.items())[:_MOST_TOLD]:
        row = laid.rows[at]
        yield say(
            "nearest to a plan is one in which {site} has {count} partners, where {limit} are "
            "allowed",
            site=name_site(laid.problem.scenario, row.about.site),
            count=int(np.ceil(row.limit + more - 1e-6)),
            limit=int(row.limit),
        )
