"""Split the effect by cause: switch the causes on one after the other, and look what each adds."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import pandas as pd

from raastof_geo.arrays import Columns, Floats, Mask
from raastof_geo.assignment.alone import NO_TERMS, World, plain_trucks
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.rules import lay_columns, lay_rows
from raastof_geo.assignment.solving.price_in import Clock
from raastof_geo.assignment.solving.solve import Search, Solution, solve
from raastof_geo.assignment.solving.stated import break_ties
from raastof_geo.assignment.statement.problem import ColumnKind, LaidColumns, Problem
from raastof_geo.assignment.statement.row import Programme, build_programme, sum_of
from raastof_geo.assignment.statement.shares import own_depots, touches
from raastof_geo.figures.vocabulary import CO2E, COST, SOLD, TRANSPORT_WTW
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.entry import Captured, Role
from raastof_geo.scenario.said.file import Choices
from raastof_geo.scenario.said.target import BaselineKind, Targets, Together
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
"""What coordination is credited with: neither another criterion nor other trucks are, nor what each
does with its own."""

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
    """The baseline, as far as causes are told from it."""

    kind: BaselineKind
    together: Together
    missing: bool
    capture: Mapping[str, Captured]
    totals: pd.Series


def split_by_cause(
    scenario: Scenario,
    legs: Legs,
    plan: Plan,
    plan_totals: pd.Series,
    baseline: Before,
    count: Count,
    *,
    briefly: bool = False,
    known: LaidColumns | None = None,
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
    said, own = scenario.said, own_depots(scenario, baseline.together)
    opens = (one.opens is not None and one.role != Role.DEPOT for one in scenario.facilities)
    terms = (said.targets, said.choices) != (Targets(), Choices())
    terms |= any(site.partners_at_most is not None for site in said.sites.values())
    applies = {
        "uptake": baseline.kind == "today",
        "own": baseline.kind in ("alone", "legs"),
        "plants": any(opens),
        "storage": any(depot.id not in own for depot in scenario.depots),
        "trucks": bool(said.fleet) or set(plain_trucks(said)) != set(said.vehicles),
        "return_loads": said.return_loads != said.baseline.return_loads,
        "terms": terms or bool(said.agreements),
    }
    wanted = [name for name in CAUSES if applies.get(name, True)]
    before = baseline.totals
    found: list[Cause] = []
    waiting: tuple[CauseName, ...] = ()
    steps = _Steps(scenario, legs, plan, baseline, LaidColumns() if known is None else known)
    for name, then in zip(wanted, [*wanted[1:], None], strict=True):
        waiting = (*waiting, name)
        after = plan_totals
        if then is not None:
            steps.on.add(name)
            alike = briefly and (name in COORDINATION) == (then in COORDINATION)
            solution = None if baseline.missing or alike else steps.solve(name)
            if solution is None:
                continue
            after = count(solution.problem, solution.programme.clean(solution.values))
        saved = {str(part): float(value) for part, value in (before - after).items()}
        if waiting != ("terms",) or any(abs(value) > _NOTHING for value in saved.values()):
            found.append(Cause(waiting, saved))
        before, waiting = after, ()
    return tuple(found)


class _Steps:
    """The worlds of the steps, from the first to the last; like ones share their columns."""

    def __init__(
        self, scenario: Scenario, legs: Legs, plan: Plan, baseline: Before, known: LaidColumns
    ) -> None:
        self._scenario, self._legs, self._plan, self._baseline = scenario, legs, plan, baseline
        self.on: set[CauseName] = set()
        self._known = known
        self._last: Solution | None = None

    def solve(self, name: CauseName) -> Solution | None:
        """Solve with the last cause that is on; none where no plan keeps the rules, or too late."""
        problem = self._lay()
        if name == "allocation" and self._last is None:
            return None  # nothing says how many tonnes there were before
        programme, closed = self._state(problem, name)
        clock, said = Clock(_PATIENCE_S), problem.scenario.said
        ties = break_ties(problem)
        costs = [*problem.objectives(), ties]
        search = Search(said.solving.gap, np.where(programme.whole, ties, 0.0))
        solution = solve(
            problem,
            programme=programme,
            costs=costs,
            tolerances=[*(step.tolerance for step in said.objectives), 0.0],
            closed=closed,
            decided=search if (programme.whole & ~closed).any() else None,
            clock=clock,
        )
        self._last = solution if solution.solved and not clock.over() else None
        return self._last

    def _lay(self) -> Problem:
        """Lay the columns out without terms, unless those of the step before are the same."""
        said, alone = self._scenario.said, {"partners_at_most": None}
        sites = {name: site.model_copy(update=alone) for name, site in said.sites.items()}
        changes: dict[str, object] = {**NO_TERMS, "sites": sites}
        if "trucks" not in self.on:
            changes |= {"vehicles": plain_trucks(said), "fleet": {}}
        if "return_loads" not in self.on:
            changes["return_loads"] = said.baseline.return_loads
        switched, rules = self._scenario.saying(**changes), self._plan.rules
        lay = partial(lay_columns, switched, self._legs, rules)
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
        closed = self._close(problem)
        if closed.any() and "storage" not in self.on:
            closed &= world.closed
            rows += [row for row in world.rows if row.rule in _OF_STOCKS]
        if name == "allocation" and self._last is not None:
            values, before = self._last.programme.clean(self._last.values), self._last.problem
            known = {label: float(values[those].sum()) for label, those in _group_uses(before)}
            for label, columns in _group_uses(problem):
                rows.append(sum_of("same_tonnes", label, columns, "=", known.get(label, 0.0)))
        if (problem.whole & ~closed).any():
            # A search for decisions looks at all columns, so that a row has to close some.
            rows.append(sum_of("not_yet", "", np.flatnonzero(closed), "<=", 0.0))
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
        mask = np.zeros(problem.column_count, bool)
        mask[problem.block(ColumnKind.MOVES)] = touches(problem, barred)
        for role, place in sorted(barred):
            mask[problem.find(ColumnKind.OPENINGS, role=role, site=place)] = True
            if role == Role.PLANT:
                mask[problem.find(ColumnKind.PROCESSES, site=place)] = True
            if role == Role.DEPOT:
                mask[problem.find(ColumnKind.STORES, depot=place)] = True
        return mask


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
