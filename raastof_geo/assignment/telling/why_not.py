"""Say why somebody does not send to somebody, or what it would cost; and what limits cost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, product
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
import numpy as np
from raastof_geo.arrays import Columns, Floats, sort_up
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules.masses import OFFERS_KEPT, agreed_moves
from raastof_geo.assignment.solving.price_in import FREE
from raastof_geo.assignment.solving.solve import Search, Solution
from raastof_geo.assignment.telling import names
from raastof_geo.assignment.telling.case import Unusable, find_unusable
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Message, Readable, read_texts, say
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.parties import Giver, Taker, may_deal
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Need, look_up

_LEAST_PRICE = 1e-6
TRIED_T = (1.0, 0.01)
"""Tonnes that are tried: one, and where there is no room for one, nearly nothing. [t]"""
_PATIENCE_S = 20.0
_MOST_NAMED = 3

_Party = TypeVar("_Party", Giver, Taker)
_Apart: TypeAlias = Literal["rule", "not_wanted", "time", "truck", "road"]
"""What keeps two from dealing in any plan."""
_Within: TypeAlias = Literal["agreement", "closed", "impossible", "costs_more", "as_good"]
ReasonKind: TypeAlias = Literal["in_plan", _Apart, _Within, "perhaps"]
"""`perhaps`: prices find nothing against it, and it was not tried whether there is room for it."""


@dataclass(frozen=True)
class Reason:
    """Why one giver does not send to one taker, or that it does."""

    giver: str
    taker: str
    material: str
    kind: ReasonKind
    message: Message
    more_per_t: float | None = None
    """What a tonne would add to the first objective, beyond its worth; none where blocked."""


def explain_why_not(
    plan: Plan, giver: str, taker: str, material: str | None = None
) -> list[Reason]:
    """Tell for every material of one site and every want of another why they do not meet.

    Returns a reason for each giver and taker of a material, or of all: what is in the plan first,
    then what costs least. `InputError`: a site or material is not there, or has nothing to deal in.
    """
    giver, taker = look_up(plan.scenario, [("sites", giver), ("sites", taker)])
    problem = plan.problem
    givers = _pick(problem.givers, giver, say("{site} has nothing to give"))
    takers = _pick(problem.takers, taker, say("{site} takes nothing"))
    has = sorted({one.material for one in givers})
    if material is not None and material not in has:
        told = say("{site} does not give {material}{hint}", hint=suggest(material, has))
        raise InputError(told.format(site=f"`{giver}`", material=f"`{material}`"))
    givers = [one for one in givers if material in (None, one.material)]
    unusable = find_unusable(problem)
    reasons = [_explain(plan, unusable, *ends) for ends in product(givers, takers)]
    rank: dict[ReasonKind, int] = {"in_plan": 0, "as_good": 1, "costs_more": 2}
    reasons.sort(key=lambda one: (rank.get(one.kind, 3), one.more_per_t or 0, one.giver, one.taker))
    return reasons


def _pick(parties: Iterable[_Party], site: str, otherwise: Message) -> list[_Party]:
    """Pick those at a site; an `InputError` that says `otherwise` where there is nobody."""
    if found := [one for one in parties if one.site == site]:
        return found
    raise InputError(otherwise.format(site=f"`{site}`"))


def compare_sites(plan: Plan, site: str = "") -> dict[tuple[str, str], Reason]:
    """Give the best reason for every pair, by id, of a site that gives and another that takes.

    With a `site` only for its pairs. What moves comes first, then what would cost least more, then
    the rule that blocks the first material. All columns are priced at once, so that costs are the
    least that it would take, and nothing is called as good.
    """
    problem, proof = plan.problem, plan.proof
    moves = problem.block("moves")
    extra = np.where(proof.values[moves] > 0, -np.inf, proof.reduced_costs[moves])
    unusable = find_unusable(problem)
    extra = np.where(unusable.moves, np.inf, extra)
    order = sort_up(extra)
    ends = zip(problem.moves.giver[order], problem.moves.taker[order], strict=True)
    dealing = ((problem.givers[giver], problem.takers[taker]) for giver, taker in ends)
    best: dict[tuple[str, str], Reason] = {}
    for giver, taker in chain(dealing, product(problem.givers, problem.takers)):
        pair = giver.site, taker.site
        if pair not in best and giver.site != taker.site and (not site or site in pair):
            best[pair] = _explain(plan, unusable, giver, taker, again=False)
    return best


@dataclass(frozen=True, eq=False)
class _Pair:
    """Somebody who gives and somebody who takes, and a plan that they are to be found in."""

    plan: Plan
    unusable: Unusable
    giver: Giver
    taker: Taker

    @cached_property
    def columns(self) -> Columns:
        return self.plan.problem.find(giver=self.giver.id, taker=self.taker.id)

    @cached_property
    def need(self) -> Need | None:
        """What the taker needs it for."""
        found = self.plan.scenario.entries.get((self.taker.kind, self.taker.place))
        return found if isinstance(found, Need) else None

    @property
    def material(self) -> Message:
        """The name of the material."""
        return names.call_material(self.plan.scenario, self.giver.material)

    @property
    def what(self) -> Message:
        """The material, and the use and the window of the need that it would serve."""
        giver, material = self.giver, self.material
        alike = [(one.site, one.material) for one in self.plan.problem.givers]
        if alike.count((giver.site, giver.material)) > 1:
            told = say("{material} ({what} in {periods})", what=read_texts("given as")[giver.kind])
            material = told.format(material=material, periods=names.span(giver.periods))
        if self.need is None:
            return material
        told = say("{material} for {use} in {periods}", material=material)
        return names.tell_named(self.plan.scenario, told, self.need)

    def blocked(self, kind: ReasonKind, message: Message) -> Reason:
        """Give what blocks it, and which need that is about."""
        if self.need is not None:
            told = say("{use} in {periods}: {reason}", reason=message)
            message = names.tell_named(self.plan.scenario, told, self.need)
        return self.reason(kind, message)

    def priced(
        self, kind: ReasonKind, told: str, more: float | None = None, rules: Readable = ""
    ) -> Reason:
        """Give what came of sending a little over one of their legs, by a text of `forced`.

        `more` is what a tonne adds to the first objective, if known; `rules` leave no way together.
        """
        unit = aim_of(self.plan.scenario.said.objectives[0].minimise[0]).unit
        values = {"what": self.what, "more": names.tell_number(more or 0.0), "unit": unit}
        return self.reason(kind, read_texts("forced")[told].format(**values, rules=rules), more)

    def reason(self, kind: ReasonKind, message: Message, more_per_t: float | None = None) -> Reason:
        giver, taker = self.giver, self.taker
        return Reason(giver.id, taker.id, giver.material, kind, message, more_per_t)


def _explain(plan: Plan, lost: Unusable, giver: Giver, taker: Taker, again: bool = True) -> Reason:
    pair = _Pair(plan, lost, giver, taker)
    if (found := _find_block(pair)) is None:
        if (moved := float(plan.proof.values[pair.columns].sum())) > 0:
            told = say("it is in the plan: {tonnes} t of {what}", what=pair.what)
            return pair.reason("in_plan", told.format(tonnes=names.tell_number(moved)))
        found = _find_closed(pair)
    return _price(pair, again=again) if found is None else pair.blocked(*found)


def _find_block(pair: _Pair) -> tuple[ReasonKind, Message] | None:
    """Find what keeps two parties from having any leg together."""
    giver, taker = pair.giver, pair.taker
    if not may_deal(giver, taker):
        return _why_no_deal(pair)
    terms = taker.accepts[giver.material]
    if not set(giver.periods) & set(terms.periods):
        told = say("no overlap in time: {material} is there in {gives}, and wanted in {takes}")
        gives, takes = names.span(giver.periods), names.span(terms.periods)
        return "time", told.format(material=pair.material, gives=gives, takes=takes)
    return None if len(pair.columns) else _why_no_leg(pair)


def _why_no_deal(pair: _Pair) -> tuple[ReasonKind, Message]:
    scenario, giver, taker, need = pair.plan.scenario, pair.giver, pair.taker, pair.need
    if need is not None and scenario.blocks(giver.material, need.demand) is not None:
        return "rule", names.cite_fit(scenario, giver.material, need.demand)
    if need is not None:
        why = "not_wanted"
    elif giver.material not in taker.accepts:
        why = "not_taken"
    else:
        why = "roles" if taker.only_from is None else "own_only"
    called, told = read_texts("dealing as"), read_texts("no deal")[why]
    told = told.format(giver=called[giver.kind], taker=called[taker.kind], material=pair.material)
    return "not_wanted", names.tell_named(scenario, told, site=taker.site)


def _why_no_leg(pair: _Pair) -> tuple[ReasonKind, Message]:
    scenario, lost = pair.plan.scenario, pair.plan.problem.legs.lost
    giver, taker = pair.giver.site, pair.taker.site
    trucks = (one for one in scenario.said.vehicles if scenario.admits(giver, one))
    trucks = (one for one in trucks if scenario.admits(taker, one))
    admitted = [str(names.call(scenario.catalogue.vehicles[one].name)) for one in trucks]
    words = read_texts("no leg")
    if not admitted:
        return "truck", names.tell_named(scenario, words["truck"], giver=giver, taker=taker)
    here = lost[(lost.origin == giver) & (lost.destination == taker)]
    reasons = [str(one) for one in dict.fromkeys(here.reason.tolist())]
    reason = names.list_names(reasons or [words["none"]])
    return "road", words["road"].format(vehicles=names.list_names(admitted), reason=reason)


def _find_closed(pair: _Pair) -> tuple[ReasonKind, Message] | None:
    """Find what closes all legs that two parties have together, as far as that is certain."""
    columns, problem = pair.columns, pair.plan.problem
    for agreement in pair.plan.scenario.said.agreements:
        if agreement.forbidden and np.isin(columns, agreed_moves(problem, agreement)).all():
            note = agreement.note or names.name_agreement(pair.plan.scenario, agreement)
            return "agreement", say("the scenario forbids it (`agreements`): {note}", note=note)
    if pair.unusable.moves[columns].all():
        reason = pair.unusable.leg(pair.giver, pair.taker)
        return "impossible", say("impossible: {reason}", reason=reason)
    for party in (pair.giver, pair.taker):
        if (party.kind, party.site) in pair.plan.shut:
            told = say("{site} is a candidate that the plan does not open")
            return "closed", names.tell_named(pair.plan.scenario, told, site=party.site)
    return None


def _price(pair: _Pair, *, again: bool) -> Reason:
    """Tell what the best of some columns would cost beyond what it is worth."""
    extra = pair.plan.proof.reduced_costs[pair.columns]
    best = int(np.argmin(extra))
    more = float(extra[best])
    if again:
        found = _force(pair)
    elif more <= FREE * _dearest_move(pair.plan):
        found = pair.priced("perhaps", "perhaps", 0.0)
    else:
        found = pair.priced("costs_more", "at_least", more)
    full = next(_binding(pair.plan, int(pair.columns[best])), None)
    if found.kind != "costs_more" or full is None:
        return found
    return replace(found, message=say("{cost}; {binding}", cost=found.message, binding=full))


def _binding(plan: Plan, column: int) -> Iterator[Message]:
    """Name places that are full and stand in the way of a column."""
    matrix = plan.proof.programme.matrix
    for row in matrix.indices[slice(*matrix.indptr[column : column + 2])].tolist():
        name, price = plan.proof.rows[row], float(plan.proof.prices_given_decisions[row])
        # Books are no limit that stands in the way, and neither is what is sent itself.
        limits = not name.family.keeps_books and name.family.name != OFFERS_KEPT.name
        if int(plan.proof.programme.sense[row]) < 0 and price < -_LEAST_PRICE and limits:
            yield say("full: {rule}", rule=names.describe_row(plan.problem.scenario, name))


def _force(pair: _Pair) -> Reason:
    """Find the cheapest plan that keeps every rule and sends a little over one of some columns.

    It is solved again, from where the plan's search ended: a leg no plan can use may seem free.
    """
    proof, whole = pair.plan.proof, pair.plan.proof.programme.whole
    decided = np.where(whole, proof.values, 0.0) if whole.any() else None
    first = proof.start.columns
    start = np.union1d(first, pair.columns) if len(first) else None
    for tonnes in TRIED_T:
        if (found := _send(pair, proof.cost, tonnes, decided=decided, start=start)).solved:
            return _tell_rise(pair, found, tonnes)
    if decided is not None and _send(pair, proof.cost).feasible:
        # Other decisions than the plan's might let something pass.
        other = _send(pair, proof.cost, decided=Search(gap=1.0), clock=_PATIENCE_S)
        if other.decision is not None:
            return pair.priced("closed", "closed")
        return pair.priced("impossible", "no_way" if other.complete else "no_time")
    return _tell_blocking(pair)


def _tell_rise(pair: _Pair, found: Solution, tonnes: float) -> Reason:
    """Tell what a tonne adds to the first objective, given the decisions."""
    proof = pair.plan.proof
    before = float(proof.cost @ np.where(proof.programme.whole, 0.0, proof.values))
    rise = found.steps[0].value - before
    noise = FREE * _dearest_move(pair.plan) * tonnes + 1e-9 * abs(before)
    # The price of the row has none of the rounding of a difference of two large sums.
    price = float(found.shadow_prices[-1])
    slope = price if abs(price * tonnes - rise) <= noise else rise / tonnes
    more = 0.0 if rise <= noise else max(0.0, slope)
    kind: ReasonKind = "costs_more" if more else "as_good"
    return pair.priced(kind, kind, more)


def _tell_blocking(pair: _Pair) -> Reason:
    """Tell the rules that together leave no way: those with a price where least is missing."""
    proof = pair.plan.proof
    prices = _send(pair, np.zeros(pair.plan.column_count)).shadow_prices[: len(proof.rows)]
    rules: dict[str, Message] = {}
    for at in sort_up(-np.abs(prices)).tolist():
        if abs(prices[at]) > FREE and not proof.rows[at].family.keeps_books:
            message = names.describe_row(pair.plan.scenario, proof.rows[at])
            rules.setdefault(str(message), message)
    blocking = names.list_names(list(rules.values())[:_MOST_NAMED])
    return pair.priced("impossible", "blocked" if rules else "no_way", rules=blocking)


def _send(pair: _Pair, cost: Floats, tonnes: float = TRIED_T[-1], **how: Any) -> Solution:
    """Send some tonnes over the legs of a pair together; `how` is as `solve` knows it."""
    each = np.zeros(pair.plan.column_count)
    each[pair.columns] = 1.0
    how = {"decided": None, "clock": None, "start": None, **how}
    return pair.plan.search(cost, held=(each, tonnes), **how)


def _dearest_move(plan: Plan) -> float:
    """Give the largest cost of a unit that is no decision, which others are small against."""
    return max(1e-3, float(np.abs(plan.proof.cost[~plan.proof.programme.whole]).max(initial=0.0)))


class PricedRow(NamedTuple):
    """A limit that costs something."""

    name: Message
    rule: str
    label: str
    limit: float
    used: float
    shadow_price: float
    """Of the first objective, for one unit more."""
    group: str
    """What it is about: the material or the use, else the label."""


def list_priced_rows(plan: Plan, *, least: float) -> list[PricedRow]:
    """List the limits, but books, with a shadow price beyond `least`, in the order of the rows."""
    table: Iterator[Any] = plan.shadow_prices.itertuples(index=False)
    listed, known = [], plan.scenario.periods
    for name, row in zip(plan.proof.rows, table, strict=True):
        if abs(row.shadow_price) > least and not name.family.keeps_books:
            about, entry = name.about, names.find_entry(plan.scenario, name.about)
            ids = entry.periods if entry else tuple(filter(None, [about.period]))
            ends = dict.fromkeys((*ids[:1], *ids[-1:]))
            named = [name_period(known[one]) if one in known else one for one in ends]
            told = names.describe_row(plan.scenario, name, periods=" – ".join(named))
            group = entry.use if isinstance(entry, Need) else about.material or str(about)
            figures = row.limit, row.used, row.shadow_price
            listed.append(PricedRow(told, row.rule, row.label, *figures, group))
    return listed
