"""Solve plan and baseline in many conceivable courses, and see which matches are right in each."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.row import Programme, build_programme, sum_of
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.language import say, speaking
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import edit_together, moves_amounts_only
from raastof_geo.sensitivity import headline
from raastof_geo.sensitivity.lever import Lever
from raastof_geo.spread import spread

Match: TypeAlias = tuple[str, str, str]
"""Who gives to whom which material: ids of two sites and of a material."""

LEAST_T = 0.05
"""Less than this is no match. [t]"""
FREE_SHARE = 1e-6
"""By less than this share of the first objective a plan is not dearer than another."""
MOST_WEIGHED = 50
"""As many of today's matches, and as many of others, are asked whether they are needed."""
MOST_REGRETTED = 200
"""In as many draws at most today's matches are held."""
_APART: tuple[headline.HeadlineName, ...] = ("saved_transport_kg_co2e", "saved_kg_co2e")
"""headline.Headlines of what coordination saves."""
_LEAST_TOGETHER = 0.5
"""Commitments end where fewer of the draws with a plan use all of them."""
_PATIENCE_S = 120.0
"""How long either-or decisions are looked for, of each question. [s]"""


_LISTED = ("matches", "dearer")


class Draw(NamedTuple):
    """One conceivable course: what was drawn, and what plan and baseline come to in it."""

    number: int
    levels: tuple[float, ...]
    """Of each factor."""
    headlines: tuple[float | None, ...] | None
    """In the order of `HEADLINES`; none where there is no plan, or the scenario is refused. In it
    none of what coordination saves where that cannot be told from what other causes do."""
    refused: str
    """Why there are none."""
    matches: dict[Match, float]
    """Tonnes of each match in the plan. [t]"""
    dearer: dict[Match, float]
    """Of today's matches that are not used: by how much each tonne would raise the first objective,
    at least."""
    regret: float | None
    """What holding today's matches adds to the first objective; none: it was not asked."""
    undelivered_t: float
    """Tonnes of today's matches that could not be held. [t]"""

    def of(self, name: headline.HeadlineName) -> float | None:
        """Give one of the headlines."""
        return None if self.headlines is None else self.headlines[headline.HEADLINES.index(name)]

    def to_plain(self) -> dict[str, Any]:
        """Write it as plain values."""
        lists = {key: [[*match, t] for match, t in getattr(self, key).items()] for key in _LISTED}
        return {**self._asdict(), **lists}


def read_draw(values: Mapping[str, Any]) -> Draw:
    """Read a draw from what `Draw.to_plain` gave."""
    lists = {key: {(one, two, of): t for one, two, of, t in values[key]} for key in _LISTED}
    ends = {key: values[key] and tuple(values[key]) for key in ("levels", "headlines")}
    return Draw(**{**values, **ends, **lists})


@dataclass(frozen=True, eq=False)
class Today:
    """The scenario as it stands, solved, and all that draws of it have in common."""

    scenario: Scenario
    plan: Plan
    headlines: headline.Headlines
    price: headline.Price
    factors: tuple[Lever, ...]
    levels: Floats
    """[draws x factors]"""
    matches: Mapping[Match, float]
    """Of the plan, the largest first. [t]"""


def solve_today(
    scenario: Scenario, price: headline.Price, factors: Sequence[Lever], levels: Floats
) -> Today:
    """Solve the scenario as it stands; without a plan it is a `NoPlanError`, as in a run."""
    legs = price(scenario)
    if legs is None:
        raise InputError(say("legs that were made up cannot be priced again"))
    causes = scenario.said.effect.causes
    edit_together(scenario, _set_levels(factors, [one.subject.value for one in factors]))
    plan, effect = headline.solve_briefly(scenario, legs, causes=causes, explain=True)
    ranked = sorted(add_up_matches(plan).items(), key=lambda one: (-one[1], one[0]))
    headlines = headline.read_headlines(effect)
    return Today(scenario, plan, headlines, price, tuple(factors), levels, dict(ranked))


def add_up_matches(plan: Plan) -> dict[Match, float]:
    """Add up what goes from one site to another by material, but out of pits and to reception."""
    problem, values = plan.problem, plan.proof.values[plan.problem.block("moves")]
    used = np.flatnonzero((values > 0) & ~problem.inside)
    used = used[_is_match(problem, used)]
    ends = (problem.labels(key, used) for key in ("origin", "destination", "material"))
    found: dict[Match, float] = {}
    for (one, two, of), tonnes in zip(zip(*ends, strict=True), values[used].tolist(), strict=True):
        found[one, two, of] = found.get((one, two, of), 0.0) + tonnes
    return {match: tonnes for match, tonnes in sorted(found.items()) if tonnes >= LEAST_T}


def _is_match(problem: Problem, columns: Columns) -> Mask:
    dug = problem.has("giver_kind", Role.PIT, columns)
    return ~(dug | problem.has("taker_kind", Role.RECEIVER, columns))


def _set_levels(
    factors: Sequence[Lever], levels: Iterable[float | None]
) -> list[tuple[Any, float]]:
    pairs = zip(factors, levels, strict=True)
    return [(one.assumption, at) for one, at in pairs if one.assumption and at is not None]


def solve_batch(today: Today, numbers: Sequence[int]) -> list[Draw]:
    """Solve some draws, each by itself from where the plan of today ended."""
    with speaking(*today.scenario.speech):
        return [_solve_draw(today, number) for number in numbers]


def _solve_draw(today: Today, number: int) -> Draw:
    levels = tuple(today.levels[number].tolist())
    none = Draw(number, levels, None, "", {}, {}, None, 0.0)
    try:
        edits = edit_together(today.scenario, _set_levels(today.factors, levels))
        varied = read_varied(today.scenario, edits)
        known = today.plan.problem if moves_amounts_only(edits) else None
        legs = today.price(varied) if known is None else known.legs
        if legs is None:
            raise InputError(say("legs that were made up cannot be priced again"))
        whole = today.headlines.whole
        plan, found = headline.solve_nothing_else(
            varied, legs, whole=whole, start=today.plan, columns=known
        )
        apart = found.whole == whole
        told = tuple(
            found.of(one) if apart or one not in _APART else None for one in headline.HEADLINES
        )
        used = add_up_matches(plan)
        dearer = _price_unused(plan, [one for one in today.matches if one not in used])
        every = -(-len(today.levels) // MOST_REGRETTED)
        held = None if number % every else _hold(plan, today)
    except RaastofError as error:
        return none._replace(refused=str(error).splitlines()[0])
    regret, undelivered = held or (None, 0.0)
    return Draw(number, levels, told, "", used, dearer, regret, undelivered)


def find_match(problem: Problem, match: Match) -> Columns:
    """Find the columns that a match may use, whichever truck and period."""
    origin, destination, material = match
    ends = {"origin": origin, "destination": destination, "material": material}
    columns = problem.find(**ends)
    return columns[_is_match(problem, columns)]


def _price_unused(plan: Plan, matches: Iterable[Match]) -> dict[Match, float]:
    """Give what a tonne of matches that are not used would add to the first objective, at least.

    Those that are not there at all, whatever they cost, are left out.
    """
    proof = plan.proof
    reduced = proof.programme.reduced_costs(proof.cost, proof.prices_given_decisions)
    columns = ((match, find_match(plan.problem, match)) for match in matches)
    return {match: max(0.0, float(reduced[mine].min())) for match, mine in columns if len(mine)}


def _hold(plan: Plan, today: Today) -> tuple[float, float]:
    """Hold today's matches as far as can be, plan the rest anew, and give what that adds.

    And the tonnes of today that cannot be delivered: the fewest, before the first objective is
    made least.
    """
    mine = ((find_match(plan.problem, one), t) for one, t in today.matches.items())
    rows = [sum_of("held", "", columns, ">=", tonnes) for columns, tonnes in mine]
    own, more = plan.proof.programme, build_programme(rows, plan.proof.programme.whole)
    programme = replace(
        own,
        matrix=sparse.csc_array(sparse.vstack([own.matrix, more.matrix])),
        sense=np.append(own.sense, more.sense),
        limit=np.append(own.limit, more.limit),
    )
    slack = np.append(np.zeros(plan.column_count), np.ones(len(rows)))
    cost = np.append(plan.proof.cost, np.zeros(len(rows)))
    short = range(own.row_count, programme.row_count)
    found = _ask(plan, programme.with_slack(short, ()), [slack, cost])
    if not found.solved:
        raise InputError(say("the search for what holding today's matches costs was cut short"))
    added = float(cost @ found.values) - plan.certificate.objective
    return max(0.0, added), float(slack @ found.values)


def _ask(plan: Plan, programme: Programme, costs: Sequence[Floats], **how: Any) -> Solution:
    """Solve a variant of a plan's programme; either-or decisions are looked for anew."""
    decided = Search(plan.scenario.said.solving.gap) if programme.whole.any() else None
    how |= {"clock": _PATIENCE_S, "decided": decided}
    return solve(plan.problem, programme=programme, costs=costs, **how)


class Weight(NamedTuple):
    """What a match is to the plan of today: whether all, or any, plans as good use it.

    `more`: what forbidding it adds to the first objective; none: no plan is left, or not asked.
    """

    more: float | None
    needed: bool
    possible: bool


def weigh_match(today: Today, match: Match) -> Weight:
    """Tell whether today's plan could do without a match, or as well use one that it does not."""
    plan, proof = today.plan, today.plan.proof
    columns = find_match(plan.problem, match)
    mask = np.zeros(plan.column_count, bool)
    mask[columns] = True
    free = FREE_SHARE * abs(plan.certificate.objective)
    if match in today.matches:
        found = _ask(plan, proof.programme, [proof.cost], closed=mask)
        if not found.feasible:
            return Weight(None, True, True)
        more = max(0.0, found.value - plan.certificate.objective)
        return Weight(more, more > free, True)
    if proof.programme.whole.any():
        least = proof.programme.reduced_costs(proof.cost, proof.prices_given_decisions)[columns]
        dearest = float(np.abs(proof.cost).max(initial=0.0))
        return Weight(None, False, bool((least <= FREE_SHARE * dearest).any()))
    found = _ask(plan, proof.programme, [proof.cost, -mask.astype(np.float64)], start=proof.start)
    most = float(found.values[columns].sum()) if found.solved else 0.0
    return Weight(None, False, most >= LEAST_T)


@dataclass(frozen=True)
class Used:
    """A match over all draws with a plan."""

    match: Match
    today_t: float
    """In the plan of today; 0: it is not in it. [t]"""
    share: float
    """Of the draws with a plan, in which it is used."""
    tonnes: tuple[float, float, float]
    """Where it is used: what nine of ten, half, and one of ten have at least. [t]"""
    dearer: float | None
    """What a tonne of it adds to the first objective where it is not used, on average, at least."""
    weight: Weight | None = None
    """What it is to the plan of today; none: it was not asked."""


@dataclass(frozen=True)
class Commitment:
    """A match of today, at its place in the order in which to commit to them."""

    used: Used
    together: float
    """Share of the draws with a plan, in which it and all before it are used."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What many conceivable courses have in common."""

    today: Today
    seed: int
    draws: tuple[Draw, ...]
    used: tuple[Used, ...]
    """By how often they are used, the most first."""
    commitments: tuple[Commitment, ...]

    @property
    def planned(self) -> list[Draw]:
        """The draws with a plan."""
        return [one for one in self.draws if one.headlines is not None]

    def count_reached(self, name: headline.HeadlineName) -> int:
        """Count the draws in which a headline is on the right side of its threshold."""
        least = headline.find_threshold(self.today.scenario, name)
        least -= 1e-9 * max(1.0, abs(least))
        found = (one.of(name) for one in self.draws)
        return sum(value is not None and value >= least for value in found)

    def bands(self, name: headline.HeadlineName) -> tuple[float, float, float]:
        """Give what 5, 50 and 95 % of the draws stay below, where it is known."""
        found = [value for one in self.planned if (value := one.of(name)) is not None]
        low, middle, high = np.quantile(found or [np.nan], (0.05, 0.5, 0.95)).tolist()
        return low, middle, high

    def regrets(self) -> list[Draw]:
        """Give the draws in which today's matches were held."""
        return [one for one in self.draws if one.regret is not None]

    def tabulate(self) -> pd.DataFrame:
        """Give a row for each draw: levels by the name of the factor, headlines, and why none."""
        names = [factor.subject.name for factor in self.today.factors]
        levels = pd.DataFrame([one.levels for one in self.draws], columns=names)
        found = [one.headlines or (np.nan,) * len(headline.HEADLINES) for one in self.draws]
        headlines = pd.DataFrame(found, columns=list(headline.HEADLINES))
        refused = pd.Series([one.refused for one in self.draws], name="refused")
        return pd.concat([levels, headlines, refused], axis=1)


def sum_up(
    today: Today, draws: Sequence[Draw], *, seed: int, executor: Executor | None = None
) -> Ensemble:
    """See what draws have in common, and what their matches are to the plan of today."""
    used = tally_matches(today, draws)
    commitments = order_commitments(used, draws)
    largest = [*today.matches][:MOST_WEIGHED]
    others = [one.match for one in used if one.match not in today.matches][:MOST_WEIGHED]
    asked = [*largest, *others]
    weights = dict(zip(asked, spread(executor, weigh_match, today, asked), strict=True))
    told = (replace(one, weight=weights.get(one.match)) for one in used)
    return Ensemble(today, seed, tuple(draws), tuple(told), tuple(commitments))


def tally_matches(today: Today, draws: Sequence[Draw]) -> list[Used]:
    """Count in how many draws with a plan each match is used, and how much of it."""
    planned = [one for one in draws if one.headlines is not None]
    found: dict[Match, list[float]] = {match: [] for match in today.matches}
    for draw in planned:
        for match, tonnes in draw.matches.items():
            found.setdefault(match, []).append(tonnes)
    counted = []
    for match, each in found.items():
        dearer = [one.dearer[match] for one in planned if match in one.dearer]
        most, half, few = np.quantile(each or [0.0], (0.1, 0.5, 0.9), method="lower").tolist()
        counted.append(
            Used(
                match,
                today_t=today.matches.get(match, 0.0),
                share=len(each) / max(1, len(planned)),
                tonnes=(most, half, few),
                dearer=float(np.mean(dearer)) if dearer else None,
            )
        )
    return sorted(counted, key=lambda one: (-one.share, -one.today_t, one.match))


def order_commitments(used: Sequence[Used], draws: Sequence[Draw]) -> list[Commitment]:
    """Order today's matches: each time the one with which most draws still use all so far.

    Where several leave as many draws, the one that is cheapest to hold where it is not used, then
    the largest. In the draws that are left holding all of them, as the plan there has them, costs
    nothing. It ends where less than half of the draws with a plan are left.
    """
    planned = [one for one in draws if one.headlines is not None]
    left = {one.match: one for one in used if one.today_t and one.share >= _LEAST_TOGETHER}
    uses = {match: np.array([match in one.matches for one in planned], bool) for match in left}
    together, listed = np.ones(len(planned), bool), list[Commitment]()
    while left:
        rank = {
            match: (-int((uses[match] & together).sum()), one.dearer or 0.0, -one.today_t, match)
            for match, one in left.items()
        }
        best = min(left, key=rank.__getitem__)
        together = together & uses[best]
        if together.mean() < _LEAST_TOGETHER:
            break
        listed.append(Commitment(left.pop(best), float(together.mean())))
    return listed
