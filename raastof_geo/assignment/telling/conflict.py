"""Where no plan exists: what is missing, who is in conflict, by which rule, and what would help."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Literal, get_args

import numpy as np
from scipy.sparse.csgraph import connected_components

from raastof_geo.arrays import Columns, Floats
from raastof_geo.assignment.rules.choices import LOTS_LEAST, PARTNERS_LIMITED
from raastof_geo.assignment.rules.limits import SHARE_REACHED
from raastof_geo.assignment.rules.masses import AGREEMENTS_KEPT, agreed_moves
from raastof_geo.assignment.solving.solve import Search
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import EitherOr, Family, Row, RowName
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.case import Case, Laid, LargestShare, find_largest_share
from raastof_geo.assignment.telling.repair import find_repairs, say_levers
from raastof_geo.language import Message, read_texts, say, say_text
from raastof_geo.scenario.checking.permit import tell_days
from raastof_geo.scenario.parties import list_deals
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_FREE = 1e-6
_MOST_CITED = 3
_MOST_TRIED = 10
"""Rows of which it is tried whether they bind."""
_MOST_GROUPS = 4
_MOST_TOGETHER = 40
_MOST_TOLD = 8
"""Needs, and heaps of surplus, that are told one by one."""
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
        asked: list[Need | Offer] = []
        for wants in _find_conflicts(case)[:_MOST_GROUPS]:
            entries = [(at, case.entry(at)) for at in wants]
            for kind in (Need, Offer):
                asking = {at: entry for at, entry in entries if isinstance(entry, kind)}
                asked += asking.values()
                told += _say_together(case, asking)
        told += _cite_rules(case.problem.scenario, asked)
        told += (*_say_closed(case, asked), *_say_binding(case))
    return told + find_repairs(case, None if share is None else share.share)


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
    priced = np.flatnonzero(np.abs(prices) > _FREE)
    if not len(priced):
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
    partners = case.partners(entries)
    if could is None or could > asked - _SEEN_T or not partners:
        return
    missing = asked - could
    called = {
        one.use if isinstance(one, Need) else one.material: names.call_entry(scenario, one)
        for one in entries
    }
    windows = {period for one in entries for period in one.periods}
    yield names.tell_named(
        scenario,
        read_texts(f"lacking {entries[0].role}")["together"],
        sites=dict.fromkeys(one.site for one in entries),
        asked=names.tell_number(asked, beside=missing),
        what=names.list_names(list(called.values())),
        periods=tuple(period for period in scenario.periods if period in windows),
        others=names.list_sites(scenario, partners),
        most=names.tell_number(could, beside=missing),
        missing=missing,
    )


def _cite_rules(scenario: Scenario, told: Sequence[Need | Offer]) -> Iterator[Message]:
    """Cite the conditions, needing consent only, that keep what is offered in time from needs."""
    needs = [entry for entry in told if isinstance(entry, Need)]
    offers = [entry for entry in told if isinstance(entry, Offer)]
    product = itertools.product
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
        yield names.tell_named(
            scenario,
            with_limit if rule != AGREEMENTS_KEPT.name else say("binding: {rule}"),
            rule=names.describe_row(scenario, first, periods=several),
            limit=limit,
            unit=names.unit_of_row(first),
        )


def find_binding(case: Case) -> list[int]:
    """Find rows, but those broken, of which a unit more leaves less missing, the dearest first."""
    prices = case.violation.found.shadow_prices
    broken = case.violation.short.keys() | case.violation.over.keys()
    order = np.argsort(-np.abs(prices), kind="stable").tolist()
    dear = (at for at in order if abs(prices[at]) > _FREE and at not in broken)
    tried = []
    for at in dear:  # limits, and no wishes that are themselves part of what is missing
        family, rule = case.rows[at].family, case.rows[at].rule
        wished = family.bends == "first" and prices[at] >= 0
        if not family.keeps_books and rule != SHARE_REACHED.name and not wished:
            tried.append(at)
    return [at for at in tried[:_MOST_TRIED] if not case.clock.over() and case.violation.binds(at)]


def _say_missing(case: Case, share: LargestShare | None) -> Iterator[Message]:
    """Say what is missing by need, then by surplus, largest first; then what other rules lack."""
    short = sorted(case.violation.short.items(), key=lambda entry: -entry[1])
    for of in (Need, Offer):
        mine = [(at, entry, by) for at, by in short if isinstance(entry := case.entry(at), of)]
        for at, entry, tonnes in mine[:_MOST_TOLD]:
            told = read_texts(f"lacking {entry.role}")["short"]
            total = names.tell_number(entry.tonnes, beside=tonnes)
            told = told.format(total=total, reason=_say_why(case, at, entry))
            yield names.tell_named(case.problem.scenario, told, entry, tonnes=tonnes)
        if rest := [tonnes for _, _, tonnes in mine[_MOST_TOLD:]]:
            more = say("and {count} more that lack or have left {tonnes} t together")
            yield more.format(count=len(rest), tonnes=names.tell_number(sum(rest)))
    for at, amount in short:
        if case.rows[at].rule == SHARE_REACHED.name and share is not None:
            # How much secondary material there can be at most, and how much is asked for.
            target, most = share.target, 100 * share.share
            asked, percent = target.at_least * share.needed, 100 * target.at_least
            told = read_texts("lacking share")["of_all" if target.period is None else "of_period"]
            yield told.format(
                met=names.tell_number(share.met),
                needed=names.tell_number(share.needed),
                share=names.tell_number(most, beside=100 * (target.at_least - share.share)),
                percent=names.tell_number(percent),
                what=names.DEFINITION_NAMES[target.definition],
                period=target.period,
                asked=names.tell_number(asked),
                missing=names.tell_number(max(0.0, asked - share.met)),
            )
        elif case.rows[at].rule == AGREEMENTS_KEPT.name:
            yield _say_agreement(case, at, amount)
        elif case.entry(at) is None:
            yield _say_other(case, at, amount, "short")
    for at, amount in case.violation.over.items():
        yield _say_other(case, at, amount, "over")


def _say_why(case: Case, at: int, entry: Need | Offer) -> Message:
    """Say why a need is short, or why surplus stays, and how much of it there could be alone."""
    columns = case.problem.of("taker" if isinstance(entry, Need) else "giver", entry.id)
    words = read_texts(f"lacking {entry.role}")
    if not len(columns):
        far = set[str]()  # who would deal with it in some period, were there a way
        for giver, taker in list_deals(case.problem.scenario):
            one, other = (taker, giver) if isinstance(entry, Need) else (giver, taker)
            if one.id == entry.id and {*giver.periods} & {*taker.accepts[giver.material].periods}:
                far.add(other.site)
        return words["far"].format(sites=_quote(sorted(far))) if far else words["nobody"]
    if not (partners := case.partners([entry])):
        return _say_unusable(case, columns)
    alone = case.most([at])
    left, could = alone or 0.0, "never" if alone is None else "most"
    if left > entry.tonnes - _SEEN_T and alone is not None:
        could = "alone"
    who, left_t = _quote(partners), names.tell_number(left, beside=entry.tonnes - left)
    told = words[could].format(givers=who, takers=who, most=left_t)
    agreed = itertools.islice(_find_agreed(case, columns), 2)
    rest = [say("{agreement} rules the rest out", agreement=name) for name, _ in agreed]
    return names.join_clauses([told, *rest])


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
    why = "never" if alone is None else "alone" if alone > agreed - _SEEN_T else "most"
    reason = read_texts("lacking agreement")[why if len(row.columns) else "nobody"]
    reason = reason.format(most=names.tell_number(alone or 0.0, beside=agreed - (alone or 0.0)))
    return say("{agreement} cannot be kept, {missing} t are missing: {reason}").format(
        agreement=names.name_agreement(scenario, agreement),
        missing=names.tell_number(missing),
        reason=names.tell_named(scenario, reason, giver=agreement.giver, taker=agreement.taker),
    )


def _say_other(case: Case, at: int, amount: float, how: Literal["short", "over"]) -> Message:
    row = case.rows[at]
    return read_texts("lacking other")["share" if row.rule == SHARE_REACHED.name else how].format(
        rule=names.describe_row(case.problem.scenario, row.name),
        amount=names.tell_number(amount),
        unit=names.unit_of_row(row.name),
        limit=names.tell_number(row.limit, beside=amount),
    )


_TRYING_S = 20.0
_MOST_BENT = 4
_MOST_COLUMNS = 60_000
"""Of a programme for which the nearest whole decisions are looked for."""


def say_excluded(laid: Laid) -> Iterator[Message]:
    """Say which kinds of decision leave no plan, alone or together, and what is nearest to one."""
    there = {row.family.decides for row in laid.rows}
    kinds = [kind for kind in get_args(EitherOr) if kind in there]
    culprits, cost = [], laid.problem.objectives()[0]
    for kind in kinds:  # without which there is a plan
        other = laid.without({row.rule for row in laid.rows if row.family.decides == kind})
        how = {"decided": Search(gap=1.0), "clock": _TRYING_S}
        if not other.programme.whole.any() or other.solve(cost, **how).decision is not None:
            culprits.append(kind)
    for kind in culprits:
        told = say("the tonnes fit, but not with {kind}: without it there is a plan")
        yield told.format(kind=_name(laid.problem, kind))
    if not culprits:
        told = say("the tonnes fit, but not with the either-or decisions together: {kinds}")
        yield told.format(kinds=names.list_names([_name(laid.problem, kind) for kind in kinds]))
    for kind, say_nearest in (("lots", _say_lots), ("partners", _say_partners)):
        if kind in (culprits or kinds):
            yield from say_nearest(laid)


def _name(problem: Problem, kind: EitherOr) -> Message:
    choices = problem.scenario.said.choices
    if kind == "lots" and choices.smallest_lot is not None:
        tonnes = names.tell_number(choices.smallest_lot.value)
        return say("`choices.smallest_lot` of {tonnes} t", tonnes=tonnes)
    if kind == "partners" and choices.partners_at_most is not None:
        return say("`choices.partners_at_most` of {count}", count=int(choices.partners_at_most))
    if kind == "partners":
        return say("`partners_at_most` of sites")
    if choices.openings:
        return say("`choices.openings`")
    return say("what sites to open cost (`opens`)")


def _find_bent(
    laid: Laid, family: Family, side: Literal["short", "over"]
) -> Iterator[tuple[Row, float, Floats]]:
    """Give rows of a family that are bent in the plan nearest to one, by how much, and the plan."""
    mine = [at for at, row in enumerate(laid.rows) if row.rule == family.name]
    bending = laid.bend(**{side: mine})
    if bending.programme.column_count > _MOST_COLUMNS:
        return
    if (found := bending.find(start=None, decided=Search(gap=1e-4), clock=_TRYING_S)) is not None:
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
