"""What a plan saves: why, by cause; and for whom, with who pays whom."""

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias, get_args
import numpy as np
import pandas as pd
from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.alone import World, plain_trucks, without_terms
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import RULES, lay_columns, lay_rows
from raastof_geo.assignment.solving.price_in import Clock
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, LaidColumns, Problem
from raastof_geo.assignment.statement.row import Programme, Row, Rule, build_programme, sum_of
from raastof_geo.assignment.statement.shares import mark_places, own_depots, project_sites
from raastof_geo.effect.books import COMMON, Books, keep_books
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import CO2E, COST, SOLD, TRANSPORT_WTW, Indicator, parts_of
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.parties import list_givers, list_takers
from raastof_geo.scenario.said.entry import Captured, Role
from raastof_geo.scenario.said.file import Choices
from raastof_geo.scenario.said.target import BaselineKind, Targets, Together, is_traded
from raastof_geo.scenario.scenario import Scenario

LEAST_KG = 1000.0
"""What saves or adds less has no price by the tonne. [kg CO2e]"""

PriceKind: TypeAlias = Literal["free", "paid", "rises", "little"]
"""`free`: emissions fall and cost does not rise; `paid`: emissions fall and cost rises; `rises`:
emissions rise; `little`: emissions change by less than a tonne."""


@dataclass(frozen=True)
class Gain:
    """What is saved; below 0, what is added."""

    transport_kg_co2e: float = 0.0
    """Of transport, well to wheel. [kg CO2e]"""
    kg_co2e: float = 0.0
    """Of all parts, well to wheel. [kg CO2e]"""
    dkk: float = 0.0
    """Of what is paid, less what is sold. [DKK]"""

    def __add__(self, other: "Gain") -> "Gain":
        """Add what somebody else saves."""
        return Gain(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    @property
    def price_kind(self) -> PriceKind:
        """Whether there is a price by the tonne at all, and why not."""
        if abs(self.kg_co2e) < LEAST_KG:
            return "little"
        if self.kg_co2e < 0:
            return "rises"
        return "paid" if self.dkk < 0 else "free"

    @property
    def dkk_per_t_co2e(self) -> float | None:
        """What a tonne of CO2e that is saved costs; none where it costs nothing. [DKK/t CO2e]"""
        return -1000 * self.dkk / self.kg_co2e if self.price_kind == "paid" else None


def read_gain(saved: Mapping[str, float] | pd.Series) -> Gain:
    """Give what books save: of one set of books less another, by part."""
    names = (TRANSPORT_WTW, CO2E, COST, SOLD)
    transport, emitted, paid, sold = (float(saved[name]) for name in names)
    return Gain(transport, emitted, paid - sold)


_Apart: TypeAlias = Literal["criterion", "uptake", "own"]
_Matched: TypeAlias = Literal["allocation", "substitution", "plants", "storage"]
CauseName: TypeAlias = Literal[_Apart, _Matched, "trucks", "return_loads", "terms"]
CAUSES: tuple[CauseName, ...] = get_args(CauseName)
"""In the order in which they are switched on: the plan's objectives decide what the baseline may
do; more of what is on offer is put to use than today; each uses its own, and the market; everybody
sends to everybody, as many tonnes of each secondary material into each use and recipe as before;
as many as are best; sites that may open; depots that are shared; the trucks that the baseline does
without; return loads; targets, limits, agreements and either-or decisions."""

COORDINATION: frozenset[CauseName] = frozenset((*get_args(_Matched), "return_loads", "terms"))
"""What coordination is credited with: not another criterion, other trucks, and each one's own."""

_PATIENCE_S = 120.0
"""How long to look for the plan of each step. [s]"""
_NOTHING = 1e-3
"""Targets that change no figure by more than this are no cause."""
_OF_STOCKS = ("stock_left", "stock_made")
"""Rows by which a baseline keeps what lies in depots that are shared."""


@dataclass(frozen=True, eq=False)
class Cause:
    """What one cause, or several that cannot be told apart, saves."""

    names: tuple[CauseName, ...]
    saved: dict[str, float]
    """Books before it less books with it, by part."""

    @property
    def gain(self) -> Gain:
        """The same in kilograms and kroner."""
        return read_gain(self.saved)


def credit(causes: Sequence[Cause], names: Collection[CauseName]) -> Gain | None:
    """Add up what some causes save; none where they cannot be told from others."""
    mine = [one for one in causes if set(one.names) & set(names)]
    if not causes or any(set(one.names) - set(names) for one in mine):
        return None
    return sum((one.gain for one in mine), Gain())


Count: TypeAlias = Callable[[Problem, Floats], pd.Series]
"""Adds up what columns come to by their values, as `Books.totals` or as far as gains are read."""


class Before(NamedTuple):
    """The baseline, as far as causes are told from it, and what it and the plan add up to."""

    kind: BaselineKind
    together: Together
    missing: bool
    capture: Mapping[str, Captured]
    totals: pd.Series
    plan_totals: pd.Series


def split_by_cause(
    plan: Plan, baseline: Before, count: Count, *, briefly: bool, known: LaidColumns
) -> tuple[Cause, ...]:
    """Solve with the causes switched on one after the other; they add up to the whole effect.

    Each step may use all columns of the step before, and is decided as the plan is, without its
    goals, so that the first objective falls with every cause but `terms`, as far as the scenario's
    tolerances and gap allow (with `trucks`, where the baseline uses no truck that `fleet` limits).
    Every other figure may fall or rise. Where a step has no plan, its cause is told together with
    the next; where the baseline misses tonnes, all of them are. `briefly` coordination is told from
    the rest only: causes in a row that are credited alike are told together. Each step is added up
    by `count`, and its columns may be `known` from scenarios with other amounts.
    """
    wanted, steps = _list_applying(plan.scenario, baseline), _Steps(plan, baseline, known)
    before, found, waiting = baseline.totals, list[Cause](), tuple[CauseName, ...]()
    for name, then in zip(wanted, [*wanted[1:], None], strict=True):
        waiting = (*waiting, name)
        after = baseline.plan_totals
        if then is not None:
            steps.on.add(name)
            alike = briefly and (name in COORDINATION) == (then in COORDINATION)
            if baseline.missing or alike or (solution := steps.solve(name)) is None:
                continue
            after = count(solution.problem, solution.programme.clean(solution.values))
        saved = {str(part): float(value) for part, value in (before - after).items()}
        if waiting != ("terms",) or max(map(abs, saved.values())) > _NOTHING:
            found.append(Cause(waiting, saved))
        before, waiting = after, ()
    return tuple(found)


def _list_applying(scenario: Scenario, baseline: Before) -> list[CauseName]:
    """List the causes by which a plan of the scenario can differ from its baseline."""
    said, own = scenario.said, own_depots(scenario, baseline.together)
    opens = (one.opens is not None and one.role != Role.DEPOT for one in scenario.facilities)
    terms = (said.targets, said.choices) != (Targets(), Choices())
    terms |= any(site.partners_at_most is not None for site in said.sites.values())
    applies = {
        "uptake": baseline.kind == "today",
        "own": not is_traded(baseline.kind),
        "plants": any(opens),
        "storage": any(depot.id not in own for depot in scenario.depots),
        "trucks": bool(said.fleet) or set(plain_trucks(said)) != set(said.vehicles),
        "return_loads": said.return_loads != said.baseline.return_loads,
        "terms": terms or bool(said.agreements),
    }
    return [name for name in CAUSES if applies.get(name, True)]


class _Steps:
    """The worlds of the steps, from the first to the last; like ones share their columns."""

    def __init__(self, plan: Plan, baseline: Before, known: LaidColumns) -> None:
        self._plan, self._baseline, self._known = plan, baseline, known
        self.on: set[CauseName] = set()
        self._last: Solution | None = None

    def solve(self, name: CauseName) -> Solution | None:
        """Solve with the last cause that is on; none where no plan keeps the rules, or too late."""
        problem = self._lay()
        if name == "allocation" and self._last is None:
            return None  # nothing says how many tonnes there were before
        programme, closed = self._state(problem, name)
        clock, said = Clock(_PATIENCE_S), problem.scenario.said
        ties = break_ties(problem)
        search = Search(said.solving.gap, np.where(programme.whole, ties, 0.0))
        solution = solve(
            problem,
            programme=programme,
            costs=[*problem.objectives(), ties],
            tolerances=[*(step.tolerance for step in said.objectives), 0.0],
            closed=closed,
            decided=search if (programme.whole & ~closed).any() else None,
            clock=clock,
        )
        self._last = solution if solution.solved and not clock.over() else None
        return self._last

    def _lay(self) -> Problem:
        """Lay the columns out without terms, unless those of the step before are the same."""
        said, alone = self._plan.scenario.said, {"partners_at_most": None}
        sites = {name: site.model_copy(update=alone) for name, site in said.sites.items()}
        changes: dict[str, object] = {"sites": sites}
        if "trucks" not in self.on:
            changes |= {"vehicles": plain_trucks(said), "fleet": {}}
        if "return_loads" not in self.on:
            changes["return_loads"] = said.baseline.return_loads
        switched = without_terms(self._plan.scenario, **changes)
        lay = partial(lay_columns, switched, self._plan.problem.legs, self._plan.rules)
        return self._known.lay(frozenset(changes), switched, lay)

    def _state(self, problem: Problem, name: CauseName) -> tuple[Programme, Mask]:
        """Give the rows of a step, and the columns that it may not use."""
        world = World(self._baseline.kind, self._baseline.together, problem)
        if name == "criterion":
            # As much is put to use as in the baseline, which may be less than in the plan.
            world = world.capturing(self._baseline.capture)
        elif name in ("uptake", "own"):
            world = replace(world, kind="own_first")
        if name in ("criterion", "uptake", "own"):
            return world.programme, world.closed
        rows = lay_rows(problem, self._plan.rules)
        if (closed := self._close(problem)).any() and "storage" not in self.on:
            closed &= world.closed
            rows += [row for row in world.rows if row.rule in _OF_STOCKS]
        if name == "allocation" and self._last is not None:
            rows += _keep_tonnes(self._last, problem)
        return build_programme(rows, problem.whole), closed

    def _close(self, problem: Problem) -> Mask:
        """Tell which columns begin or end at places that are not switched on yet."""
        scenario, own = problem.scenario, own_depots(problem.scenario, self._baseline.together)
        barred = {
            (one.role, one.id)
            for one in scenario.facilities
            if ("storage" if one.role == Role.DEPOT else "plants") not in self.on
            and (one.opens is not None or (one.role == Role.DEPOT and one.id not in own))
        }
        return mark_places(problem, barred)


def _keep_tonnes(before: Solution, problem: Problem) -> Iterator[Row]:
    """Hold uses and recipes to as many tonnes of each secondary material as they had before."""
    values = before.programme.clean(before.values)
    known = {label: float(values[those].sum()) for label, those in _group_uses(before.problem)}
    for label, columns in _group_uses(problem):
        yield sum_of("same_tonnes", label, columns, "=", known.get(label, 0.0))


def _group_uses(problem: Problem) -> Iterator[tuple[str, Columns]]:
    """Group moves by secondary material and use, and what goes through plants by recipe."""
    scenario = problem.scenario
    use_of: Mapping[str, str] = {need.id: need.use for need in scenario.needs}
    for material in sorted({giver.material for giver in problem.givers}):
        if scenario.catalogue.materials[material].origin != "secondary":
            continue
        columns = problem.find(material=material, taker_kind=Role.NEED)
        uses = np.array([use_of[str(one)] for one in problem.labels("taker", columns)], object)
        for use in sorted(set(uses)):
            yield f"{material}/{use}", columns[uses == use]
    if problem.sizes[ColumnKind.PROCESSES]:
        for recipe in sorted(set(problem.others[ColumnKind.PROCESSES]["recipe"])):
            yield f"recipe/{recipe}", problem.find(ColumnKind.PROCESSES, recipe=recipe)


SHAPLEY_MOST = 10
"""Projects for which Shapley values are found: a solve for each set of them."""
_SHAPLEY_UNASKED = 6
_SET_LIMIT_S = 60.0
"""How long to look for the plan of each set of projects. [s]"""


@dataclass(frozen=True, eq=False)
class Transfers:
    """What each project pays (below 0) or gets, so that the saving is divided by a rule."""

    saved_dkk: Mapping[str, float]
    """What each project saves by the plan, before transfers. [DKK]"""
    rules: Mapping[str, Mapping[str, float]]
    """By rule: what each project ends up having saved. `same_share` of its cost before, by which
    nobody is worse off, wherever such a rule exists: where all together save; then `equal`,
    `by_tonnes` and `shapley`. [DKK]"""

    @property
    def support_dkk(self) -> float:
        """What has to come from outside so that nobody is worse off. [DKK]"""
        return max(0.0, -sum(self.saved_dkk.values()))

    def paid(self, rule: str) -> dict[str, float]:
        """Give what each project gets, or pays where it is below 0; they add up to 0. [DKK]"""
        goal = self.rules[rule]
        return {project: goal[project] - saved for project, saved in self.saved_dkk.items()}

    def leaves_nobody_worse_off(self, rule: str) -> bool:
        """Tell whether everybody ends up with no less than alone."""
        return min(self.rules[rule].values(), default=0.0) >= -0.005


def net_cost(table: pd.DataFrame) -> pd.Series:
    """Give what each row of a table of books pays less what it sells. [DKK]"""
    return table[COST] - table[SOLD]


def tabulate_payments(books: Books) -> pd.DataFrame:
    """Give what every party pays (above 0) and gets (below 0), by part; parts add up to 0. [DKK]

    One row per party: `party`, `sort` (`project` for what projects pay, `seller` for what they get
    of each other, `place` for businesses, or a trade), and a column for each part of the cost. What
    is common to all is paid by the project `COMMON`.
    """
    parts = parts_of(COST)
    table: dict[tuple[str, str], dict[str, float]] = {
        ("project", str(project)): dict(zip(parts, row.tolist(), strict=True))
        for project, row in books.by("project")[[*parts]].iterrows()
    }
    lines, scenario = books.lines, books.scenario
    own = project_sites(scenario)
    heaps = [depot for depot in scenario.depots if depot.own]
    piles = {name for one in heaps for name in (one.id, *map(one.out, one.materials))}
    for part in parts:
        who = _find_payees(part, lines, own, piles, scenario)
        sums: dict[Any, float] = lines[part].groupby(who).sum().to_dict()
        for party, dkk in sums.items():
            if dkk:
                table.setdefault(party, dict.fromkeys(parts, 0.0))[part] -= dkk
    rows = [{"sort": sort, "party": party, **row} for (sort, party), row in table.items()]
    return pd.DataFrame(rows, columns=["sort", "party", *parts])


def _find_payees(
    part: Indicator, lines: pd.DataFrame, own: Set[str], piles: Set[str], scenario: Scenario
) -> list[pd.Series]:
    """Find who gets a part of the cost on each line: sorts, and parties.

    At a project's own stockpile somebody has to load, whom the project pays: a contractor.
    """
    if part.payee not in ("giver", "holder", "place"):
        return [pd.Series(one, lines.index, object) for one in (part.payee, COMMON)]
    at_origin = (lines["giver_kind"] == Role.DEPOT) | (part.payee == "giver")
    site = lines["origin"].where(at_origin, lines["destination"])
    sold = site.isin(own) & (part.payee != "place")
    party = site.map({one: scenario.project(one) for one in own}).where(sold, site)
    heaped = lines[["giver", "taker", "what"]].isin(piles).any(axis=1) & (part.payee == "holder")
    sort = pd.Series("place", lines.index, object).mask(sold, "seller")
    return [sort.mask(heaped, "contractors"), party.mask(heaped, COMMON)]


def divide_savings(
    scenario: Scenario, legs: Legs, plan: Books, baseline: Books, *, rules: Sequence[Rule] = RULES
) -> Transfers:
    """Divide what the projects save together: by cost, equally, by tonnes, by Shapley value.

    `rules` are those of the plan. Where the time is too short to find the plan of a set of
    projects, there is no Shapley value; asked for more than `SHAPLEY_MOST`, it is an `InputError`.
    """
    after, before = plan.by("project"), baseline.by("project")
    projects = sorted({*after.index, *before.index} - {COMMON})
    alone, together = (net_cost(one).reindex(projects, fill_value=0.0) for one in (before, after))
    saved = dict(zip(projects, (alone - together).tolist(), strict=True))
    total, count = sum(saved.values()), len(projects)
    tonnes = {project: plan.tonnes_by_project.get(project, 0.0) for project in projects}
    moved, gross = sum(tonnes.values()), before[COST].reindex(projects, fill_value=0.0)
    shares: dict[str, dict[str, float]] = {}
    if projects:
        if total >= 0:
            part = gross / gross.sum() if gross.sum() > 0 else gross + 1 / count
            shares["same_share"] = dict(zip(projects, (total * part).tolist(), strict=True))
        shares["equal"] = dict.fromkeys(projects, total / count)
    if moved > 0:
        shares["by_tonnes"] = {project: total * tonnes[project] / moved for project in projects}
    if _wants_shapley(scenario, count):
        by_project = dict(zip(projects, alone.tolist(), strict=True))
        worth = _worth(scenario, legs, rules, by_project, total)
        with suppress(_OutOfTimeError):
            shares["shapley"] = shapley_values(projects, worth)
    return Transfers(saved, shares)


def _wants_shapley(scenario: Scenario, count: int) -> bool:
    """Tell whether so many projects are divided between by Shapley value; asked of too many."""
    if (asked := scenario.said.effect.shapley) and count > SHAPLEY_MOST:
        raise InputError.saying_text("the solver", "shapley", most=SHAPLEY_MOST, count=count)
    return count > 1 and (count <= _SHAPLEY_UNASKED if asked is None else asked)


def shapley_values(
    players: Sequence[str], worth: Callable[[frozenset[str]], float]
) -> dict[str, float]:
    """Give each player the mean of what it adds to sets that it may join (L. S. Shapley, 1953)."""
    count = len(players)
    sets = (itertools.combinations(players, size) for size in range(count + 1))
    known = {one: worth(one) for one in map(frozenset, itertools.chain(*sets))}
    values = dict.fromkeys(players, 0.0)
    for members, value in known.items():
        for player in (one for one in players if one in members):
            weight = 1 / (count * math.comb(count - 1, len(members) - 1))
            values[player] += weight * (value - known[members - {player}])
    return values


class _OutOfTimeError(Exception):
    """The clock ended a search: what a set of projects saves is not known."""


def _worth(
    scenario: Scenario, legs: Legs, rules: Sequence[Rule], alone: Mapping[str, float], total: float
) -> Callable[[frozenset[str]], float]:
    """Give what a set of projects saves if only they coordinate, by the scenario's objectives.

    Targets, agreements and either-or decisions are those of everybody together, and hold only
    there; a set that finds no plan by itself saves nothing. The columns are laid out once, for
    everybody; a set closes those of the others, and the rules speak of its own amounts only.
    """
    everybody = frozenset(scenario.project(site) for site in project_sites(scenario))
    columns = lay_columns(_among(scenario, everybody), legs, rules)
    nothing = np.zeros(columns.column_count)

    def worth(members: frozenset[str]) -> float:
        if len(members) < 2:
            return 0.0
        if len(members) == len(alone):
            return total
        problem = columns.with_scenario(_among(scenario, members))
        closed = close_absent(problem)
        solution = solve(problem, rules=rules, closed=closed, decided=nothing, clock=_SET_LIMIT_S)
        if not solution.complete:
            raise _OutOfTimeError
        if not solution.feasible:
            return 0.0
        books = keep_books(*solution.used())
        paid = books.total(COST) - books.total(SOLD)
        return sum(alone[project] for project in sorted(members)) - paid

    return worth


def close_absent(problem: Problem) -> Mask:
    """Tell which columns are of somebody, or of trips for one, whom the scenario does not know."""
    scenario = problem.scenario
    gone = {(one.kind, one.place) for one in problem.givers}
    gone |= {(one.kind, one.place) for one in problem.takers}
    gone -= {(one.kind, one.place) for one in list_givers(scenario)}
    gone -= {(one.kind, one.place) for one in list_takers(scenario)}
    closed = mark_places(problem, gone)
    if problem.sizes[ColumnKind.TRIPS]:
        trips = problem.others[ColumnKind.TRIPS]
        left = np.flatnonzero(~closed[problem.block(ColumnKind.MOVES)])
        loaded, tipped = (set(problem.labels(key, left)) for key in ("origin", "destination"))
        used = trips["origin"].isin(list(tipped)) & trips["destination"].isin(list(loaded))
        closed[problem.block(ColumnKind.TRIPS)] = ~used
    return closed


def _among(scenario: Scenario, members: frozenset[str]) -> Scenario:
    """Take what other projects offer and need out of a scenario, and what all agree on."""
    outside = {site for site in project_sites(scenario) if scenario.project(site) not in members}
    nothing = {"offers": (), "needs": (), "stockpile": None}
    emptied = {site: scenario.sites[site].model_copy(update=nothing) for site in outside}
    return without_terms(scenario, sites={**scenario.sites, **emptied})
