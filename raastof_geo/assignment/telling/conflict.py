"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, Literal, TypeAlias, get_args
import numpy as np
from scipy.sparse.csgraph import connected_components
from raastof_geo.arrays import Columns, Floats, sort_up
from raastof_geo.assignment.rules.choices import LOTS_LEAST, PARTNERS_LIMITED
from raastof_geo.assignment.rules.limits import SHARE_REACHED
from raastof_geo.assignment.rules.masses import AGREEMENTS_KEPT, agreed_moves
from raastof_geo.assignment.solving.price_in import Clock
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import EitherOr, Family, Row, RowName
from raastof_geo.assignment.statement.shares import count_material
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.case import Case, Laid, LargestShare, find_largest_share
from raastof_geo.figures.vocabulary import CO2E, COST
from raastof_geo.language import Message, read_texts, say, say_text
from raastof_geo.scenario.deals import tell_days
from raastof_geo.scenario.parties import list_deals
from raastof_geo.scenario.said.entry import Consent, DueAmount, OfferEntry
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Need, Offer, Scenario
from raastof_geo.scenario.varied import put_value
from raastof_geo.units import Quantity

_FREE = 1e-6
_MOST_CITED = 3
_MOST_TRIED = 10
"""Rows of which it is tried whether they bind."""
_MOST_GROUPS = 4
_MOST_TOGETHER = 40
_MOST_TOLD = 8
"""Needs, heaps of surplus, and repairs, that are told one by one."""
_SEEN_T = 1e-3
"""Less than a kilogram is not told as missing. [t]"""


def explain_conflict(laid: Laid) -> list[Message]:
    """Say what is missing, who is in conflict, which rules bind, and the repairs that would do.

    What is missing without the either-or decisions is missing with them too. Only where the
    tonnes fit without them are they what leaves no plan, and are told with their own numbers.
    """
    case, share = laid.leave_decisions(), None
    violation = case.violation
    if violation.total == 0 and laid.programme.whole.any():
        told = list(say_excluded(laid))
    elif violation.total == 0:
        told = [say("the rules miss each other by less than a kilogram: round the amounts")]
    else:
        if any(case.rows[at].rule == SHARE_REACHED.name for at in violation.short):
            share = find_largest_share(case)
        told = [*_say_missing(case, share), *(say_levers(case, share) if share else ())]
        told += _say_conflicts(case)
    return told + find_repairs(case, None if share is None else share.share)


def _say_conflicts(case: Case) -> Iterator[Message]:
    """Say who is in conflict, group by group, and then what keeps them from another way."""
    scenario, asked = case.problem.scenario, list[Need | Offer]()
    for wants in _find_conflicts(case)[:_MOST_GROUPS]:
        for kind in (Need, Offer):
            asking = {at: entry for at in wants if isinstance(entry := case.entry(at), kind)}
            asked += asking.values()
            yield from _say_together(case, asking)
    yield from _cite_rules(scenario, asked)
    yield from _say_closed(case, asked)
    yield from _say_binding(case)


def _part(entries: Iterable[Need | Offer | None]) -> tuple[list[Need], list[Offer]]:
    """Part needs and surplus."""
    listed = list(entries)
    needs = [entry for entry in listed if isinstance(entry, Need)]
    return needs, [entry for entry in listed if isinstance(entry, Offer)]


def _say_closed(case: Case, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Say which places could give or take what is at stake, and are closed in some of the time."""
    scenario, found = case.problem.scenario, dict[str, set[str]]()
    asked = {entry.id: entry.periods for entry in told}
    for giver, taker in list_deals(scenario):
        for mine, partner in ((taker, giver), (giver, taker)):
            if mine.id in asked:
                found.setdefault(partner.site, set()).update(asked[mine.id])
    for place in scenario.facilities:
        if closed := found.get(place.site, set()) - set(place.periods):
            told_days = tell_days(getattr(scenario.sites[place.site], place.role))
            shut = say("{site} is {dates}: nothing can come or go there in {periods}")
            when, where = tuple(one for one in scenario.periods if one in closed), place.site
            yield names.tell_named(scenario, shut.format(dates=told_days), site=where, periods=when)


def _find_conflicts(case: Case) -> list[list[int]]:
    """Find groups of rows that have a price together: none of them can give way alone.

    Of each group the rows that ask for more than there is; groups that miss most come first.
    """
    violation, programme = case.violation, case.programme
    prices = violation.found.shadow_prices
    if not len(priced := np.flatnonzero(np.abs(prices) > _FREE)):
        return []
    touching = programme.matrix.tocsr()[priced]
    touching.data = np.ones(touching.nnz, np.int32)
    shared = touching[:, np.flatnonzero(touching.sum(axis=0) > 1)]
    count, group = connected_components(shared @ shared.T, directed=False)
    conflicts: list[tuple[float, list[int]]] = []
    for members in (priced[group == number].tolist() for number in range(count)):
        missing = sum(violation.short.get(at, 0.0) + violation.over.get(at, 0.0) for at in members)
        if missing > 0:
            conflicts.append((missing, [at for at in members if prices[at] > 0]))
    return [wants for _, wants in sorted(conflicts, key=lambda found: -found[0])]


def _say_together(case: Case, asking: Mapping[int, Need | Offer]) -> Iterator[Message]:
    """Say what several, by their rows, want or must lose, who alone may deal, and what they can."""
    if not 2 <= len(asking) <= _MOST_TOGETHER:
        return
    scenario, entries = case.problem.scenario, list(asking.values())
    asked, could = sum(entry.tonnes for entry in entries), case.most(list(asking))
    if could is None or could > asked - _SEEN_T or not (partners := case.partners(entries)):
        return
    missing = asked - could
    what = attrgetter("use" if isinstance(entries[0], Need) else "material")
    called = {what(one): names.call_entry(scenario, one) for one in entries}
    windows = set[str]().union(*map(attrgetter("periods"), entries))
    yield names.tell_named(
        scenario,
        read_texts(f"lacking {entries[0].role}")["together"],
        sites=dict.fromkeys(one.site for one in entries),
        asked=names.tell_number(asked, beside=missing),
        what=names.list_names(list(called.values())),
        periods=tuple(filter(windows.__contains__, scenario.periods)),
        others=names.list_sites(scenario, partners),
        most=names.tell_number(could, beside=missing),
        missing=missing,
    )


def _cite_rules(scenario: Scenario, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Cite the conditions, needing consent only, that keep what is offered in time from needs."""
    (needs, offers), product = _part(told), itertools.product
    met = (*product(needs, scenario.offers), *product(scenario.needs, offers))
    timely = (pair for pair in met if _in_time(scenario, pair[1], pair[0]))
    pairs = dict.fromkeys((offer.material, need.demand) for need, offer in timely)
    cited = {
        str(message := names.cite_fit(scenario, *pair)): message
        for pair in sorted(pairs, key=lambda pair: (pair[0], pair[1].use, pair[1].land))
        if (block := scenario.blocks(*pair)) is not None and block.condition is not None
    }
    yield from itertools.islice(cited.values(), _MOST_CITED)


def _in_time(scenario: Scenario, offer: Offer, need: Need) -> bool:
    """Tell whether surplus is there, or can have been stored, when a need falls due."""
    if not need.tonnes or not offer.tonnes:
        return False
    if set(offer.periods) & set(need.periods):
        return True
    order = list(scenario.periods)
    open_to = (one for one in scenario.depots if not one.own or one.site == offer.site)
    stored = any(offer.material in depot.materials for depot in open_to)
    return stored and order.index(offer.periods[0]) < order.index(need.periods[-1])


def _say_binding(case: Case) -> Iterator[Message]:
    """Name the rules of which one unit more would leave less missing, periods of one together."""
    like = defaultdict[tuple[str, str, float], dict[str, RowName]](dict)
    for at in find_binding(case):
        row = case.rows[at]
        like[row.rule, row.about.head, row.limit][row.about.period] = row.name
    scenario, order = case.problem.scenario, list(case.problem.scenario.periods)
    with_limit = say("binding: {rule}, limit {limit} {unit}")
    for (rule, _, limit), by_period in like.items():
        mine = [period for period in order if period in by_period] or list(by_period)
        first, several = by_period[mine[0]], names.list_names(mine) if len(mine) > 1 else ""
        told = with_limit if rule != AGREEMENTS_KEPT.name else say("binding: {rule}")
        yield names.tell_row(scenario, told, first, periods=several, limit=limit)


def find_binding(case: Case) -> list[int]:
    """Find unbroken rows of which a unit more leaves less missing. Returns the dearest first."""
    prices = case.violation.found.shadow_prices
    bent = case.violation.short.keys() | case.violation.over.keys()
    order = sort_up(-np.abs(prices))
    order = order[np.abs(prices[order]) > _FREE]
    limits = (at for at in order.tolist() if at not in bent and _limits(case.rows[at], prices[at]))
    tried = [*itertools.islice(limits, _MOST_TRIED)]
    return [at for at in tried if not case.clock.over() and case.violation.binds(at)]


def _limits(row: Row, price: float) -> bool:
    """Tell whether a row is a limit, and no wish that is itself part of what is missing."""
    wished = row.family.bends == "first" and price >= 0
    return not row.family.keeps_books and row.rule != SHARE_REACHED.name and not wished


def _say_missing(case: Case, share: LargestShare | None) -> Iterator[Message]:
    """Say what is missing by need, then by surplus, largest first; then what other rules lack."""
    short = sorted(case.violation.short.items(), key=lambda entry: -entry[1])
    for of in (Need, Offer):
        mine = [(at, entry, by) for at, by in short if isinstance(entry := case.entry(at), of)]
        yield from _say_short(case, mine)
    for at, amount in short:
        if (rule := case.rows[at].rule) == SHARE_REACHED.name and share is not None:
            yield _say_share(share)
        elif rule == AGREEMENTS_KEPT.name:
            yield _say_agreement(case, at, amount)
        elif case.entry(at) is None:
            yield _say_other(case, at, amount, "short")
    for at, amount in case.violation.over.items():
        yield _say_other(case, at, amount, "over")


def _say_short(case: Case, mine: Sequence[tuple[int, Need | Offer, float]]) -> Iterator[Message]:
    """Say of the first few entries what they lack and why, and how much all others do."""
    for at, entry, tonnes in mine[:_MOST_TOLD]:
        told = read_texts(f"lacking {entry.role}")["short"]
        total = names.tell_number(entry.tonnes, beside=tonnes)
        told = told.format(total=total, reason=_say_why(case, at, entry))
        yield names.tell_named(case.problem.scenario, told, entry, tonnes=tonnes)
    if rest := [tonnes for _, _, tonnes in mine[_MOST_TOLD:]]:
        more = say("and {count} more that lack or have left {tonnes} t together")
        yield more.format(count=len(rest), tonnes=names.tell_number(sum(rest)))


def _say_share(share: LargestShare) -> Message:
    """Say how much secondary material there can be at most, and how much is asked for."""
    target, asked = share.target, share.target.at_least * share.needed
    told = read_texts("lacking share")["of_all" if target.period is None else "of_period"]
    tell, gap = names.tell_number, 100 * (target.at_least - share.share)
    return told.format(
        what=names.DEFINITION_NAMES[target.definition],
        period=target.period,
        met=tell(share.met),
        needed=tell(share.needed),
        share=tell(100 * share.share, beside=gap),
        asked=tell(asked),
        percent=tell(100 * target.at_least),
        missing=tell(max(0.0, asked - share.met)),
    )


def _say_why(case: Case, at: int, entry: Need | Offer) -> Message:
    """Say why a need is short, or why surplus stays, and how much of it there could be alone."""
    columns = case.problem.of("taker" if isinstance(entry, Need) else "giver", entry.id)
    if not len(columns):
        return _say_nobody(case, entry)
    if not (partners := case.partners([entry])):
        return _say_unusable(case, columns)
    alone, who = case.most([at]), _quote(partners)
    left_t = names.tell_number(alone or 0.0, beside=entry.tonnes - (alone or 0.0))
    told = read_texts(f"lacking {entry.role}")[_judge(alone, entry.tonnes)]
    told = told.format(givers=who, takers=who, most=left_t)
    agreed = itertools.islice(_find_agreed(case, columns), 2)
    rest = [say("{agreement} rules the rest out", agreement=name) for name, _ in agreed]
    return names.join_clauses([told, *rest])


def _judge(alone: float | None, asked: float) -> str:
    """Give the word for how much of what is asked there could be alone, if there is a plan. [t]"""
    if alone is None:
        return "never"
    return "alone" if alone > asked - _SEEN_T else "most"


def _say_nobody(case: Case, entry: Need | Offer) -> Message:
    """Say that nobody can deal with an entry, or who would in some period, were there a way."""
    words, far = read_texts(f"lacking {entry.role}"), set[str]()
    for giver, taker in list_deals(case.problem.scenario):
        one, other = (taker, giver) if isinstance(entry, Need) else (giver, taker)
        if one.id == entry.id and {*giver.periods} & {*taker.accepts[giver.material].periods}:
            far.add(other.site)
    return words["far"].format(sites=_quote(sorted(far))) if far else words["nobody"]


def _quote(sites: Sequence[str]) -> Message:
    return names.list_names([f"`{site}`" for site in sites])


def _say_unusable(case: Case, columns: Columns) -> Message:
    """Say why none of some moves can be used in any plan."""
    problem, left = case.problem, columns
    told: dict[str, Message] = {}
    for name, moves in _find_agreed(case, columns):
        told[str(name)] = say("{agreement} rules it out", agreement=name)
        left = np.setdiff1d(left, moves)
    for at in left.tolist():
        giver, taker = problem.moves.giver[at], problem.moves.taker[at]
        message = case.unusable.leg(problem.givers[giver], problem.takers[taker])
        told.setdefault(str(message), message)
    return names.join_clauses(list(told.values())[:3])


def _find_agreed(case: Case, columns: Columns) -> Iterator[tuple[Message, Columns]]:
    """Give the agreements that rule some of these moves out, by name, with all their moves."""
    scenario = case.problem.scenario
    for agreement in filter(attrgetter("rules_out"), scenario.said.agreements):
        moves = agreed_moves(case.problem, agreement)
        if np.isin(columns, moves).any():
            yield names.name_agreement(scenario, agreement), moves


def _say_agreement(case: Case, at: int, missing: float) -> Message:
    """Say that it cannot be kept, and why; what is more than a site has or needs, `check` tells."""
    scenario, row = case.problem.scenario, case.rows[at]
    agreement = scenario.said.agreements[row.about.entry]
    agreed = names.agreed_tonnes(scenario, agreement)
    alone = case.most([at]) if len(row.columns) else 0.0
    why = _judge(alone, agreed) if len(row.columns) else "nobody"
    reason = read_texts("lacking agreement")[why]
    reason = reason.format(most=names.tell_number(alone or 0.0, beside=agreed - (alone or 0.0)))
    reason = names.tell_named(scenario, reason, giver=agreement.giver, taker=agreement.taker)
    who, tonnes = names.name_agreement(scenario, agreement), names.tell_number(missing)
    told = say("{agreement} cannot be kept, {missing} t are missing: {reason}")
    return told.format(agreement=who, missing=tonnes, reason=reason)


def _say_other(case: Case, at: int, amount: float, how: Literal["short", "over"]) -> Message:
    row = case.rows[at]
    told = read_texts("lacking other")["share" if row.rule == SHARE_REACHED.name else how]
    limit = names.tell_number(row.limit, beside=amount)
    return names.tell_row(case.problem.scenario, told, row.name, amount=amount, limit=limit)


_TRYING_S = 20.0
_MOST_BENT = 4
_MOST_COLUMNS = 60_000
"""Of a programme for which the nearest whole decisions are looked for."""


def say_excluded(laid: Laid) -> Iterator[Message]:
    """Say which kinds of decision leave no plan, alone or together, and what is nearest to one."""
    there = {row.family.decides for row in laid.rows}
    kinds: list[EitherOr] = [*filter(there.__contains__, get_args(EitherOr))]
    culprits = [kind for kind in kinds if _fits_without(laid, kind)]
    for kind in culprits:
        told = say("the tonnes fit, but not with {kind}: without it there is a plan")
        yield told.format(kind=_name(laid.problem, kind))
    if not culprits:
        told = say("the tonnes fit, but not with the either-or decisions together: {kinds}")
        yield told.format(kinds=names.list_names([_name(laid.problem, kind) for kind in kinds]))
    for named, say_nearest in (("lots", _say_lots), ("partners", _say_partners)):
        if named in (culprits or kinds):
            yield from say_nearest(laid)


def _fits_without(laid: Laid, kind: EitherOr) -> bool:
    """Tell whether there is a plan without one kind of decision."""
    other = laid.without({row.rule for row in laid.rows if row.family.decides == kind})
    if not other.programme.whole.any():
        return True
    found = other.solve(laid.problem.objectives()[0], decided=Search(gap=1.0), clock=_TRYING_S)
    return found.decision is not None


def _name(problem: Problem, kind: EitherOr) -> Message:
    choices = problem.scenario.said.choices
    lot, count, told = choices.smallest_lot, choices.partners_at_most, str(kind)
    if kind == "partners" and count is None:
        told = "partners of sites"
    elif kind == "openings" and not choices.openings:
        told = "opened"
    tonnes = names.tell_number(lot.value if lot else 0)
    return say_text("decision", told, tonnes=tonnes, count=count)


def _find_bent(
    laid: Laid, family: Family, side: Literal["short", "over"]
) -> Iterator[tuple[Row, float, Floats]]:
    """Give rows of a family that are bent in the plan nearest to one, by how much, and the plan."""
    mine = [at for at, row in enumerate(laid.rows) if row.rule == family.name]
    if laid.programme.column_count + len(mine) > _MOST_COLUMNS:
        return
    ties = np.where(laid.programme.whole, break_ties(laid.problem), 0.0)
    search = Search(gap=1e-4, last=np.append(ties, np.zeros(len(mine))))
    bend = partial(laid.bend, start=None, decided=search, clock=_TRYING_S)
    if (found := bend(mine) if side == "short" else bend(over=mine)) is not None:
        bent = (found.short if side == "short" else found.over).items()
        told = itertools.islice(bent, _MOST_BENT)
        yield from ((laid.rows[at], by, found.found.values) for at, by in told)


def _say_lots(laid: Laid) -> Iterator[Message]:
    """Say how small the lots are that would do: what is less than a lot itself, `check` tells."""
    problem = laid.problem
    for row, _, values in _find_bent(laid, LOTS_LEAST, "short"):
        moves = row.columns[row.coefficients == 1.0]
        giver, taker, material, period = problem.others[ColumnKind.LOTS].iloc[row.about.entry]
        told = say_text("nearest", "lots", period=period, tonnes=float(values[moves].sum()))
        yield names.tell_named(problem.scenario, told, material=material, giver=giver, taker=taker)


def _say_partners(laid: Laid) -> Iterator[Message]:
    """Say how many partners would do, where one site or more have too few."""
    for row, more, _ in _find_bent(laid, PARTNERS_LIMITED, "over"):
        count = int(np.ceil(row.limit + more - 1e-6))
        told = say_text("nearest", "partners", count=count, limit=int(row.limit))
        yield names.tell_named(laid.problem.scenario, told, site=row.about.site)


_MORE = 5e-5
"""A share that rises by less than this has not risen."""


def say_levers(case: Case, share: LargestShare) -> Iterator[Message]:
    """Say how far the share would get without each thing that holds it; else what is on offer."""
    scenario, definition = case.problem.scenario, share.target.definition
    materials = scenario.catalogue.materials.items()
    counts = {name for name, one in materials if count_material(one, definition) > 0}
    told = [*_say_stopped(case, counts), *_say_lifted(case, share)]
    yield from told
    if not told and not case.clock.over():
        stock = [(offer.material, offer.tonnes) for offer in scenario.offers]
        stock += itertools.chain.from_iterable(one.start_t.items() for one in scenario.depots)
        offered = names.tell_number(sum(tonnes for material, tonnes in stock if material in counts))
        what = names.DEFINITION_NAMES[definition]
        yield read_texts("lacking share")["offered"].format(offered=offered, what=what)


def _say_stopped(case: Case, counts: set[str]) -> Iterator[Message]:
    """Say which recipes would make what counts out of what is offered, and can never run."""
    scenario = case.problem.scenario
    there = {offer.material for offer in scenario.offers}
    for plant in scenario.plants:
        for process in plant.processes:
            useful = counts & set(process.outputs) and there & set(process.inputs)
            if useful and (stopped := case.unusable.recipe(plant, process)):
                yield stopped


def _say_lifted(case: Case, share: LargestShare) -> Iterator[Message]:
    """Say how far the share would get without each kind of limits, and in other scenarios."""
    what = names.DEFINITION_NAMES[share.target.definition]
    other = ((how, case.restate(said)) for how, said in _other_scenarios(case.problem.scenario))
    for how, laid in itertools.chain[tuple[Message, Laid | None]](_lift_limits(case), other):
        if case.clock.over():
            break
        larger = find_largest_share(laid) if laid else None
        if larger and (more := larger.share - share.share) > _MORE:
            percent = names.tell_number(100 * larger.share, beside=100 * more)
            told = say("{how}, at most {share} % could be {what}")
            yield told.format(how=how, share=percent, what=what)


def _lift_limits(case: Case) -> Iterator[tuple[Message, Laid]]:
    """Give the case without each kind of limits that it has."""
    rows = [(one.rule, one.family.limits) for one in case.rows]
    for of, how in read_texts("without").items():
        if rules := {rule for rule, kind in rows if kind == of}:
            yield how, case.without(rules)


def _other_scenarios(scenario: Scenario) -> Iterator[tuple[Message, ScenarioFile]]:
    """Give the scenario without windows, and with all conditions that keep an offer out."""
    said = scenario.said
    sites = {}
    for name, site in said.sites.items():
        wider = {"offers": tuple(map(widen, site.offers)), "needs": tuple(map(widen, site.needs))}
        sites[name] = site.model_copy(update=wider)
    if sites != said.sites:
        how = say("if all surplus and all needs could wait for any period")
        yield how, said.model_copy(update={"sites": sites})
    there = {offer.material for offer in scenario.offers}
    there |= {material for plant in scenario.plants for material in plant.makes}
    if blocking := find_blocking(scenario, scenario.needs, there):
        how = say("with {conditions} accepted too wherever it is asked for")
        conditions = names.list_names([f"`{name}`" for name in blocking])
        yield how.format(conditions=conditions), accept(scenario, blocking)


def widen(entry: DueAmount) -> DueAmount:
    """Let an entry wait for any period. Returns the same one where it may already."""
    if entry.amount is None or not (entry.first or entry.last):
        return entry
    return entry.model_copy(update={"first": None, "last": None})


Blocking: TypeAlias = Mapping[str, Sequence[Need]]
"""Conditions, and the needs that each keeps materials from."""


def find_blocking(scenario: Scenario, needs: Iterable[Need], materials: Iterable[str]) -> Blocking:
    """Find conditions that keep materials from needs. Returns these needs by condition."""
    found = defaultdict[str, dict[tuple[str, int], Need]](dict)
    for need, material in itertools.product(needs, sorted(materials)):
        block = scenario.blocks(material, need.demand)
        if block is not None and block.condition is not None:
            found[block.condition][need.site, need.number] = need
    return {condition: list(blocked.values()) for condition, blocked in found.items()}


def accept(scenario: Scenario, conditions: Blocking) -> ScenarioFile:
    """Accept conditions, or at those needs that they are a matter of. Returns what is said."""
    said = scenario.said
    for condition in filter(scenario.is_per_need, conditions):
        for need in conditions[condition]:
            trail = "sites", need.site, "needs", need.number - 1, "accepts"
            accepts = said.sites[need.site].needs[need.number - 1].accepts
            said = put_value(said, trail, (*accepts, Consent(condition=condition)))
    for_all = (one for one in conditions if not scenario.is_per_need(one))
    return said.model_copy(update={"accepted_conditions": (*said.accepted_conditions, *for_all)})


_PATIENCE_S = 60.0
_DECIDING_S = 20.0
"""How long to look for the either-or decisions of one repair. [s]"""
_GAP = 0.01
_MOST_CHANGES = 24
_MOST_ACCEPTING = 4
"""Needs that one condition is tried with."""
_MOST_RECEIVED = 3
"""Materials that receivers are tried with."""


@dataclass(frozen=True)
class Repair:
    """Another scenario, or another limit on one row, and what the plan that it makes comes to."""

    message: Message
    said: ScenarioFile | None = None
    row: RowName | None = None
    limit: float = 0.0
    kg_co2e: float = 0.0
    dkk: float = 0.0
    objective: float = 0.0


def find_repairs(case: Case, share: float | None) -> list[Message]:
    """Try what could help, one thing at a time, and tell what does, the cheapest first.

    `share` is the largest that any plan can have; none where it is not what is missing.
    """
    ranked, tried = try_repairs(case, share)
    if tried and not ranked:
        none = say("no single change that was tried makes a plan possible ({tried} tried)")
        return [none.format(tried=tried)]
    # An error is read where nobody says what is paid in.
    currency = case.problem.scenario.catalogue.currency
    told = say("repair {number}: {what}; then a plan exists with {kg} kg CO2e and {dkk} {currency}")
    told = told.format(currency=say("DKK") if currency == "DKK" else currency)
    return [
        told.format(number=number, what=one.message, kg=round(one.kg_co2e), dkk=round(one.dkk))
        for number, one in enumerate(ranked[:_MOST_TOLD], 1)
    ]


def try_repairs(case: Case, share: float | None) -> tuple[list[Repair], int]:
    """Try changes. Returns what helps, by the first objective, and how many were tried in time."""
    clock = Clock(_PATIENCE_S)
    attempts: list[Repair | None] = []
    changes = _change_scenario(case, share)
    changed = (_solve(case.restate(one.said), one) for one in changes if one.said is not None)
    for attempt in itertools.chain(_raise_limits(case), changed):
        attempts.append(attempt)
        if len(attempts) >= _MOST_CHANGES or clock.over():
            break
    found = [one for one in attempts if one is not None]
    return sorted(found, key=lambda one: (one.objective, str(one.message))), len(attempts)


def _raise_limits(case: Case) -> Iterator[Repair | None]:
    """Raise each limit that binds by just as much as a plan needs, in numbers as they are told."""
    whole, scenario = case.whole, case.problem.scenario
    where = {(row.rule, row.label): at for at, row in enumerate(whole.rows)}
    for at in np.flatnonzero(case.violation.found.shadow_prices < -1e-6).tolist():
        row = case.rows[at]
        if not row.family.number(row.about) or row.sense != "<=":
            continue
        # None where this limit alone makes no plan possible, however far it is raised.
        if (found := case.bend(over=[at])) is None or at not in found.over:
            continue
        more = found.over[at]
        times = 1.0 if row.limit + more >= 10 else 100.0  # as many decimals as it is told with
        limit = math.ceil((row.limit + more) * times - 1e-6) / times
        limits = whole.programme.limit.copy()
        limits[where[row.rule, row.label]] = limit
        told = say("raise {rule} by {more} {unit} to {limit} {unit}")
        told = names.tell_row(scenario, told, row.name, more=limit - row.limit, limit=limit)
        raised = replace(whole, programme=replace(whole.programme, limit=limits))
        yield _solve(raised, Repair(told, row=row.name, limit=limit))


def _propose(scenario: Scenario, told: str, *trail: str | int, new: object, **named: Any) -> Repair:
    """Propose to say something else at a trail, by a text that may speak of the `{site}` on it."""
    if trail[0] == "sites":
        named["site"] = trail[1]
    message = names.tell_named(scenario, read_texts("repair")[told], **named)
    return Repair(message, put_value(scenario.said, trail, new))


def _change_scenario(case: Case, share: float | None) -> Iterator[Repair]:
    """Propose windows, conditions, virgin material, targets, agreements and choices to give up."""
    scenario, targets = case.problem.scenario, case.problem.scenario.said.targets
    needs, offers = _part(map(case.entry, case.violation.short))
    propose = partial(_propose, scenario)
    yield from _accept_conditions(scenario, needs if share is None else scenario.needs, offers)
    yield from _receive_more(case, [offer.material for offer in offers])
    wanting: list[Need | Offer] = [*needs, *offers]
    for entry in wanting:
        yield from _change_entry(scenario, entry)
    if share is not None:
        reached = max(0.0, math.floor(share * 1e4 + 1e-5) / 1e4)  # rounded down as it is told
        percent = names.tell_number(round(100 * reached, 2))
        at = [one.goal for one in targets.secondary_share].index(False)
        trail = "targets", "secondary_share", at, "at_least"
        yield propose("share", *trail, new=reached, share=percent)
    yield from _give_up_agreements(case)
    for field, none in (("partners_at_most", None), ("smallest_lot", None), ("openings", ())):
        if getattr(scenario.said.choices, field) != none:
            yield propose("choice", "choices", field, new=none, field=field)
    if targets.fairness is not None:
        yield propose("fairness", "targets", "fairness", new=None)


def _accept_conditions(
    scenario: Scenario, needs: Sequence[Need], offers: Sequence[Offer]
) -> Iterator[Repair]:
    """Propose conditions whose acceptance, here or for all, would open a use to an offer."""
    needs = scenario.needs if offers else needs
    materials = {offer.material for offer in offers or scenario.offers}
    where = say("{use} at {site}")
    for condition, every in find_blocking(scenario, needs, materials).items():
        if scenario.is_per_need(condition):
            told = say("accept the condition `{condition}` ({words}) for {needs}")
            each = [[one] for one in every[:_MOST_ACCEPTING]]
            tried = each if len(every) == 1 else [*each, every]
        else:
            told = say("accept the condition `{condition}` ({words})")
            tried = [every]
        for mine in tried:
            words = names.call(scenario.catalogue.conditions[condition].name)
            needing = names.list_names([names.tell_named(scenario, where, one) for one in mine])
            message = told.format(condition=condition, words=words, needs=needing)
            yield Repair(message, accept(scenario, {condition: mine}))


def _receive_more(case: Case, left: Sequence[str]) -> Iterator[Repair]:
    """Let a receiver accept what is left, or what keeps a plant from running."""
    scenario = case.problem.scenario
    taken = {material for taker in case.problem.takers for material in taker.accepts}
    idle = case.unusable.idle.values()
    stuck = {lack.material for one in idle for lack in one.lacks if lack.side == "output"} - taken
    for material in list(dict.fromkeys([*sorted(stuck), *left]))[:_MOST_RECEIVED]:
        for site_id, site in scenario.sites.items():
            if site.receiver is None or material in site.receiver.accepts:
                continue
            trail, accepts = ("sites", site_id, "receiver", "accepts"), site.receiver.accepts
            told = {"id": material, "material": material}
            yield _propose(scenario, "receive", *trail, new=(*accepts, material), **told)


def _change_entry(scenario: Scenario, entry: Need | Offer) -> Iterator[Repair]:
    """Widen a window, let a need take all that the catalogue allows, or let surplus stay."""
    site, trail = scenario.sites[entry.site], entry.trail[:-1]
    own = (site.needs if isinstance(entry, Need) else site.offers)[entry.number - 1]
    if (wider := widen(own)) is not own:
        yield _propose(scenario, f"{entry.role} waits", *trail, new=wider)
    if isinstance(own, OfferEntry):
        yield _propose(scenario, "stay", *trail, "must_leave", new=False)
    elif own.materials is not None:
        yield _propose(scenario, "all", *trail, "materials", new=None)


def _give_up_agreements(case: Case) -> Iterator[Repair]:
    """Propose to drop each agreement, and for each that asks for too much the most there can be."""
    scenario = case.problem.scenario
    said = scenario.said.agreements
    for number, agreement in enumerate(said):
        rest, named = said[:number] + said[number + 1 :], names.name_agreement(scenario, agreement)
        yield _propose(scenario, "agreement", "agreements", new=rest, agreement=named)
    for at in case.violation.short:
        row = case.rows[at]
        most = case.most([at]) if row.rule == AGREEMENTS_KEPT.name else None
        if most is None or most >= row.limit:
            continue
        number, agreement = row.about.entry, said[row.about.entry]
        key = "tonnes" if agreement.tonnes is not None else "at_least"
        tonnes, named = math.floor(most + 1e-6), names.name_agreement(scenario, agreement)
        how = {"new": Quantity(tonnes, "t"), "agreement": named, "tonnes": tonnes}
        yield _propose(scenario, "lower", "agreements", number, key, **how)


def _solve(laid: Laid | None, repair: Repair) -> Repair | None:
    """Solve the first objective; a programme with decisions counts with these left open."""
    if laid is None:
        return None
    cost, clock = laid.problem.objectives()[0], _DECIDING_S if laid.programme.whole.any() else None
    if not (solution := laid.solve(cost, decided=Search(_GAP), clock=clock)).solved:
        return None
    kg, dkk = solution.amount(CO2E), solution.amount(COST)
    return replace(repair, kg_co2e=kg, dkk=dkk, objective=solution.value)
