"""Tonnes: what offers give, needs get, places dig, receive, make and store, and deals ask for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
import numpy as np
from raastof_geo.arrays import Columns, group_by
from raastof_geo.assignment.statement import row
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.shares import touches
from raastof_geo.scenario.said.entry import DEFAULT, Role
from raastof_geo.scenario.said.file import Agreement, NamedLeg
from raastof_geo.scenario.scenario import Depot, Facility, Pit, Plant, name_stockpile

AGREEMENTS_KEPT, OFFERS_KEPT = row.find_families("agreements_kept", "offers_kept")


@row.declare(AGREEMENTS_KEPT, blind_to_trucks=True)
def agreements_kept(problem: Problem) -> Iterator[row.Row]:
    r"""Legs that are locked, forced or forbidden.

    :math:`\sum_c x_c = a`, :math:`\ge a`, :math:`\le a` or :math:`= 0` over the moves from one
    site to another, of one material or of all, in a window.
    """
    scenario = problem.scenario
    senses: tuple[row.Sense, ...] = ("=", ">=", "<=")
    for number, agreement in enumerate(scenario.said.agreements):
        columns = agreed_moves(problem, agreement)
        said = agreement.tonnes, agreement.at_least, agreement.at_most
        head, what = f"{number}-{agreement.giver}-{agreement.taker}", agreement.material or ""
        about = row.About(head, site=agreement.giver, material=what, entry=number)
        if agreement.forbidden:
            yield row.sum_of(AGREEMENTS_KEPT, about, columns, "<=", 0.0)
        for sense, amount in zip(senses, said, strict=True):
            if amount is not None:
                tonnes = scenario.weigh(amount, agreement.material)
                yield row.sum_of(AGREEMENTS_KEPT, about, columns, sense, tonnes)


def agreed_moves(problem: Problem, agreement: Agreement | NamedLeg, **ends: str) -> Columns:
    """Find what an agreement is about, whoever gives and takes there, or has other `ends`.

    Returns numbers of moves.
    """
    ids = tuple(problem.scenario.periods)
    ends = ends or {"origin": agreement.giver, "destination": agreement.taker}
    columns = problem.find(**ends, **({"material": it} if (it := agreement.material) else {}))
    wanted = np.array([period in agreement.periods(ids) for period in ids])
    return np.asarray(columns[wanted[problem.moves.period[columns]]])


@row.declare(OFFERS_KEPT, blind_to_trucks=True)
def offers_kept(problem: Problem) -> Iterator[row.Row]:
    r"""Surplus leaves as a whole, other offers as far as they go.

    :math:`\sum_c x_c = s_o` where offer :math:`o` must leave, :math:`\le s_o` otherwise.
    """
    for offer in problem.scenario.offers:
        sense: row.Sense = "=" if offer.must_leave else "<="
        columns = problem.find(giver=offer.id)
        yield row.sum_of(OFFERS_KEPT, row.about_entry(offer), columns, sense, offer.tonnes)


@row.declare("needs_met", blind_to_trucks=True)
def needs_met(problem: Problem) -> Iterator[row.Row]:
    r"""Every need is met in reference tonnes: :math:`\sum_c x_c / r_c = d_n`."""
    for need in problem.scenario.needs:
        columns = problem.find(taker=need.id)
        share = problem.reference_share[columns]
        yield row.Row("needs_met", row.about_entry(need), columns, share, "=", need.tonnes)


@row.declare("pits_permitted", "pits_in_total", blind_to_trucks=True)
def pits_permitted(problem: Problem) -> Iterator[row.Row]:
    r"""No pit digs more than it may: :math:`\sum_c x_c \le k` in each period and in total."""
    for pit in problem.scenario.pits:
        for period in problem.scenario.periods:
            yield from _limit(problem, pit, "pits_permitted", period)
        yield from _limit(problem, pit, "pits_in_total")


@row.declare("receivers_permitted", "receivers_in_total", blind_to_trucks=True)
def receivers_permitted(problem: Problem) -> Iterator[row.Row]:
    r"""No receiver takes more than it may: :math:`\sum_c x_c \le k`, per period and in total."""
    for place in problem.scenario.receivers:
        for period in problem.scenario.periods:
            yield from _limit(problem, place, "receivers_permitted", period)
        yield from _limit(problem, place, "receivers_in_total")


@row.declare(
    "plants_fed", "plants_emptied", "plants_permitted", "plants_in_total", blind_to_trucks=True
)
def plants_run(problem: Problem) -> Iterator[row.Row]:
    r"""Work up what comes in; what is made, residue included, leaves in the same period.

    With tonnes :math:`p_r` into recipe :math:`r`, shares :math:`a` of its inputs and yields
    :math:`e`: :math:`\sum_{c \to m} x_c = \sum_r a_{rm} p_r`,
    :math:`\sum_{c \leftarrow m} x_c = \sum_r e_{rm} p_r`, and :math:`\sum_r p_r \le k` in each
    period and in total.
    """
    for plant in problem.scenario.plants:
        for period in problem.scenario.periods:
            yield from _balance_plant(problem, plant, period)
            yield from _limit(problem, plant, "plants_permitted", period)
        yield from _limit(problem, plant, "plants_in_total")


def _balance_plant(problem: Problem, plant: Plant, period: str) -> Iterator[row.Row]:
    here = partial(problem.find, ColumnKind.PROCESSES, site=plant.site, period=period)
    runs = {one.recipe: here(recipe=one.recipe) for one in plant.processes}
    for material in plant.takes:
        comes = problem.find(taker=plant.taker, material=material, period=period)
        taking = (one for one in plant.processes if material in one.inputs)
        used = [(runs[one.recipe], -one.inputs[material]) for one in taking]
        about = row.about_facility(plant, material=material, period=period)
        yield row.combine("plants_fed", about, [(comes, 1.0), *used], "=", 0.0)
    made = defaultdict[str, list[tuple[Columns, float]]](list)
    for process in plant.processes:
        for material, share in process.outputs.items():
            made[plant.giver(material, process)].append((runs[process.recipe], share))
    for name in sorted(made):
        leaves = problem.find(giver=name, period=period)
        about = row.about_facility(plant, material=name.split("/")[2], period=period)
        about = replace(about, head=f"{plant.id}/{name.removeprefix(f'{plant.taker}/')}")
        yield row.combine("plants_emptied", about, [(leaves, -1.0), *made[name]], "=", 0.0)


@row.declare(
    "depots_balanced", "depots_ended", "depots_filled", "depots_permitted", blind_to_trucks=True
)
def depots_kept(problem: Problem) -> Iterator[row.Row]:
    r"""Depots and stockpiles keep what comes until it leaves.

    :math:`z_{mt} - z_{m,t-1} - \sum_{in} x_c + \sum_{out} x_c = 0`, with the stated start and end;
    :math:`\sum_m z_{mt} \le k`, and a limit on what comes in within a period.
    """
    for depot in problem.scenario.depots:
        for material in depot.materials:
            yield from _balance_depot(problem, depot, material)
        for period in problem.scenario.periods:
            about = row.about_facility(depot, period=period)
            lying = problem.find(ColumnKind.STORES, depot=depot.id, period=period)
            yield row.sum_of("depots_filled", about, lying, "<=", depot.capacity_t)
            yield from _limit(problem, depot, "depots_permitted", period)


def _balance_depot(problem: Problem, depot: Depot, material: str) -> Iterator[row.Row]:
    before: Columns = np.array([], dtype=np.int64)
    start = depot.start_t.get(material, 0.0)
    for period in problem.scenario.periods:
        lying = problem.find(ColumnKind.STORES, depot=depot.id, material=material, period=period)
        comes = problem.find(taker=depot.into, material=material, period=period)
        leaves = problem.find(giver=depot.out(material), period=period)
        parts = [(lying, 1.0), (before, -1.0), (comes, -1.0), (leaves, 1.0)]
        about = row.about_facility(depot, material=material, period=period)
        yield row.combine("depots_balanced", about, parts, "=", start)
        before, start = lying, 0.0
    if depot.end_t is not None:
        about, limit = row.about_facility(depot, material=material), depot.end_t.get(material, 0.0)
        yield row.sum_of("depots_ended", about, before, "=", limit)


def _limit(problem: Problem, at: Facility, kind: str, period: str = "") -> Iterator[row.Row]:
    """Limit what goes through a place in a period, or in total, where there is such a limit."""
    if (most := at.per_period_t if period else at.total_t) is not None:
        columns = find_through(problem, at, period)
        yield row.sum_of(kind, row.about_facility(at, period=period), columns, "<=", most)


def find_through(problem: Problem, place: Facility, period: str = "") -> Columns:
    """Find what goes through a place. Returns columns of tonnes dug, taken, worked up or stored."""
    when = {"period": period} if period else {}
    if isinstance(place, Plant):
        return problem.find(ColumnKind.PROCESSES, site=place.site, **when)
    if isinstance(place, Pit):
        return problem.find(origin=place.site, giver_kind=place.role, **when)
    return problem.find(taker=place.into if isinstance(place, Depot) else place.taker, **when)


@row.declare("captured", blind_to_trucks=True)
def captured(problem: Problem) -> Iterator[row.Row]:
    r"""Of each offer no more than a share :math:`\kappa` is put to use.

    :math:`\sum_c x_c \le \max(\kappa s_o, l)` over the moves from an offer to needs, plants and
    depots, so that what is missed in one year is not made up for in another. Where the site has a
    stockpile, where nobody has asked yet what becomes of it, what leaves that for needs and plants
    is held together with them: :math:`\le \max(\kappa \sum_o s_o + z_0, l)`, all periods together.
    :math:`z_0` lies in the stockpile at the start, and :math:`l` are the tonnes that agreements, or
    legs of the baseline, ask for at least. Of what the scenario is silent about there is no row.
    """
    scenario, said = problem.scenario, problem.scenario.said
    held = (one for one in scenario.offers if said.capture.keys() & {one.material, DEFAULT})
    for (site, material), offers in group_by(held, lambda one: (one.site, one.material)).items():
        share, stockpile = scenario.capture(material), name_stockpile(site)
        own = [one for one in scenario.depots if one.id == stockpile]
        columns = _find_uses(problem, site, material, own)
        promised = partial(_promise, problem, site, material, columns)
        locked = max(promised(said.agreements), promised(said.baseline.legs))
        for offer in offers:
            limit = max(share * offer.tonnes, locked)
            about = replace(row.about_entry(offer), role="", entry=-1)  # it asks for nothing
            mine = columns[problem.has("giver", offer.id, columns)]
            yield row.sum_of("captured", about, mine, "<=", limit)
        if problem.given_by(Role.DEPOT, columns=columns).any():
            about = row.About(f"{site}/{material}", site=site, role=Role.OFFER, material=material)
            limit = share * sum(one.tonnes for one in offers)
            limit += sum(one.start_t.get(material, 0.0) for one in own)
            yield row.sum_of("captured", about, columns, "<=", max(limit, locked))


def _find_uses(problem: Problem, site: str, material: str, own: Sequence[Depot]) -> Columns:
    """Find the moves by which surplus of a site is put to use, out of its `own` stockpile too."""
    columns = problem.find(origin=site, material=material)
    pile = touches(problem, {(Role.DEPOT, one.id) for one in own})[columns]
    lying = problem.given_by(Role.DEPOT, columns=columns)
    dug = problem.given_by(Role.OFFER, columns=columns) & ~pile
    columns = columns[np.where(lying, pile, dug)]
    return columns[~problem.taken_by(Role.RECEIVER, columns=columns)]


def _promise(
    problem: Problem, site: str, what: str, uses: Columns, entries: Sequence[Agreement | NamedLeg]
) -> float:
    """Add up what entries promise of a material of a site to those who put it to use. [t]"""
    mine = (one for one in entries if (one.giver, one.material) == (site, what) and one.least)
    bound = [one.least for one in mine if np.isin(agreed_moves(problem, one), uses).any()]
    return sum(problem.scenario.weigh(amount, what) for amount in bound if amount)
