"""Baseline and effect: what would happen without coordination, and a plan measured against it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from raastof_geo.assignment.alone import solve_alone
from raastof_geo.assignment.plan import Plan, tabulate_used
from raastof_geo.assignment.statement.problem import LaidColumns
from raastof_geo.effect import saving
from raastof_geo.effect.books import Books, follow_periods, keep_books
from raastof_geo.effect.saving import COORDINATION, Cause, CauseName, Gain, Transfers, read_gain
from raastof_geo.effect.target import TargetAnswer, answer_target
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import CO2E, REFERENCE_TONNES, TRANSPORT_TTW, TRANSPORT_WTW
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.said.agreement import BaselineKind, Together
from raastof_geo.scenario.said.target import DEFINITIONS, ShareDefinition
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.spread import spread


@dataclass(frozen=True)
class Totals:
    """The sums of the books, in the units of their names: [kg CO2e], [DKK], [km], [t km], [t]."""

    kg_co2e_wtw: float
    """Transport, well to wheel."""
    kg_co2e_ttw: float
    """Transport, tank to wheel."""
    upstream_kg_co2e: float
    processing_kg_co2e: float
    disposal_kg_co2e: float
    all_kg_co2e_wtw: float
    """Transport (WTW), upstream, processing and disposal together."""
    cost_dkk: float
    """Haul, toll, fares, materials, raw-material tax, gate fees, plants and depots."""
    loads: int
    """Truck trips with a load, the last of each flow as a whole one."""
    vehicle_km: float
    """Of trucks, loaded and empty, ferries left out."""
    tonne_km: float
    litres: float
    """Diesel and HVO. [l]"""
    kwh: float
    tonnes: float
    virgin_tonnes: float
    secondary_tonnes: float
    received_tonnes: float
    landfill_tonnes: float
    secondary_share_with_clean_soil: float
    """Share of all needs, in reference tonnes, met by any secondary material."""
    secondary_share_without_soil: float
    """The same of secondary materials that are not soil."""


_SHARES = {f"secondary_share_{name}": name for name in DEFINITIONS}
_CALLED = {one.flow: one for one in (TRANSPORT_WTW, TRANSPORT_TTW)} | {"all_kg_co2e_wtw": CO2E}
"""What the books call otherwise."""


def measure_totals(books: Books) -> Totals:
    """Add up books; nothing is counted that they do not say."""
    shares = measure_shares(books)
    sums: dict[str, Any] = {
        name: shares[_SHARES[name]] if name in _SHARES else books.total(_CALLED.get(name, name))
        for name in (field.name for field in fields(Totals))
    }
    return Totals(**{**sums, "loads": round(sums["loads"])})


def measure_shares(books: Books) -> dict[ShareDefinition, float]:
    """Give what each definition counts of all needs, unmet ones and those over the border too."""
    whole = follow_periods(books)[0]
    wanted = sum(need.tonnes for need in books.scenario.needs)
    needed = whole.needed_t + max(0.0, wanted - books.total(REFERENCE_TONNES))
    return {one: counted / (needed or 1.0) for one, counted in whole.counted_t.items()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """A world without coordination that the plan is held against."""

    kind: BaselineKind
    together: Together
    """Who is one party in it."""
    totals: Totals
    shares: Mapping[ShareDefinition, float]
    """Share of all needs, in reference tonnes, that each definition counts as secondary."""
    missing: Mapping[tuple[str, str], float]
    """Tonnes of needs and surplus for which it has no place. [t]"""
    used: float | None
    """`today`: of what could be put to use of the materials that count, the share that is."""
    reached: float | None
    """`today`: how far the stated share can be reached at most, where it cannot."""
    flows: pd.DataFrame
    """As `Plan.flows`; the next three as the tables of a plan, too."""
    processed: pd.DataFrame
    stored: pd.DataFrame
    empty_trips: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BaselinePlan(Comparison):
    """What is done without coordination, with all that it was added up from."""

    books: Books


def solve_baseline(
    scenario: Scenario, legs: Legs, kind: BaselineKind | None = None
) -> BaselinePlan:
    """Find the cheapest world without coordination, of a `kind`, or the headline's."""
    alone = solve_alone(scenario, legs, kind)
    used = np.flatnonzero(alone.values)
    problem, values = alone.world.problem.only(used), alone.values[used]
    books = keep_books(problem, values)
    return BaselinePlan(
        kind=alone.world.kind,
        together=alone.world.together,
        totals=measure_totals(books),
        shares=measure_shares(books),
        missing=alone.missing,
        used=alone.used,
        reached=alone.reached,
        **tabulate_used(problem, values),
        books=books,
    )


if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Effect(Shown):
    """Baseline, plan, and the difference."""

    plan: Totals
    baselines: tuple[Comparison, ...]
    """Worlds without coordination: that of the headline first, then those beside it."""
    target: TargetAnswer
    """How far the secondary share can get, and what the target costs."""
    books: Books
    """Every line of the plan."""
    baseline_books: Books
    causes: tuple[Cause, ...]
    """What each cause saves, in the order in which they were switched on, if asked for."""
    transfers: Transfers

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what the plan saves against the headline's baseline."""
        share, saved = self.saved_share, self.saved
        emitted = format_number(self.plan.kg_co2e_wtw / 1000, digits=1)
        return self.books.scenario.id, (
            Fact(say("Transport emissions, well to wheel [t CO2e]"), emitted),
            Fact(say("Saved [t CO2e]"), format_number(saved[TRANSPORT_WTW.flow] / 1000, digits=1)),
            Fact(say("Saved [%]"), "–" if share is None else format_number(100 * share, digits=1)),
            Fact(say("Saved [DKK]"), format_number(self.whole.dkk)),
            Fact(say("Truck km saved"), format_number(saved[vocabulary.VEHICLE_KM])),
        )

    @property
    def moves_less_and_emits_more(self) -> bool:
        """Whether the plan saves transport emissions and adds emissions in all."""
        return self.saved[TRANSPORT_WTW.flow] > 0 > self.saved["all_kg_co2e_wtw"]

    @property
    def baseline(self) -> Totals:
        """What the headline's baseline adds up to."""
        return self.baselines[0].totals

    @property
    def baseline_flows(self) -> pd.DataFrame:
        """The flows of the headline's baseline."""
        return self.baselines[0].flows

    @property
    def baseline_missing(self) -> Mapping[tuple[str, str], float]:
        """What the headline's baseline has no place for: the effect is a lower bound then. [t]"""
        return self.baselines[0].missing

    @property
    def saved(self) -> dict[str, float]:
        """Baseline less plan, by figure."""
        plan = asdict(self.plan)
        return {name: before - plan[name] for name, before in asdict(self.baseline).items()}

    @property
    def saved_share(self) -> float | None:
        """Saved transport emissions (WTW) as a share of the baseline's; none without a baseline."""
        if self.baseline.kg_co2e_wtw <= 0 or self.baseline_missing:
            return None
        return 1 - self.plan.kg_co2e_wtw / self.baseline.kg_co2e_wtw

    def align(
        self, dimension: str, labels: Sequence[str] | None = None
    ) -> tuple[pd.DataFrame, ...]:
        """Add up by a dimension of `Books.by`, before and in the plan; 0 where in one side only.

        `labels`: what has a row; none: whatever is in the plan, then whatever was before only.
        """
        before, plan = self.baseline_books.by(dimension), self.books.by(dimension)
        rows = list(dict.fromkeys([*plan.index, *before.index]) if labels is None else labels)
        return before.reindex(rows, fill_value=0.0), plan.reindex(rows, fill_value=0.0)

    def tabulate(self, dimension: str, labels: Sequence[str] | None = None) -> pd.DataFrame:
        """Give plan, before and saved of every figure by a dimension of `Books.by`, by its labels.

        Names of columns tell their unit; `labels` as for `align`.
        """
        before, plan = self.align(dimension, labels)
        found: dict[str, pd.Series] = {}
        for part, layer in vocabulary.layered().items():
            then, now = before[part] * layer.factor, plan[part] * layer.factor
            sides = {"plan": now, "before": then, "saved": then - now}
            found |= {f"{side}_{layer.column}": values for side, values in sides.items()}
        return pd.DataFrame(found)

    def by_project(self) -> pd.DataFrame:
        """Give plan, before and saved of every figure by project, `common` for what is nobody's."""
        return self.tabulate("project")

    def plot(self, figure: str = "saved_t_co2e_wtw", dimension: str = "project") -> "Axes":
        """Draw a column of `tabulate` as bars, the most on top."""
        ranked = self.tabulate(dimension)[figure].sort_values()
        return ranked.plot.barh(xlabel=figure, ylabel="")

    @property
    def whole(self) -> Gain:
        """What the plan saves, whatever saves it."""
        return read_gain(self.baseline_books.totals - self.books.totals)

    def credit(self, names: Collection[CauseName]) -> Gain | None:
        """Add up what some causes save; none where they cannot be told from others."""
        return saving.credit(self.causes, names)

    @property
    def coordination(self) -> Gain | None:
        """What matching saves: without other trucks, another criterion, and each one's own."""
        return self.credit(COORDINATION)

    @property
    def allocation_share(self) -> float | None:
        """What better partners for the same tonnes save of the baseline's transport emissions."""
        gain, before = self.credit({"allocation"}), self.baseline.kg_co2e_wtw
        return None if gain is None or before <= 0 else gain.transport_kg_co2e / before


def measure_effect(
    scenario: Scenario,
    legs: Legs,
    plan: Plan,
    *,
    briefly: bool = False,
    executor: Executor | None = None,
) -> Effect:
    """Solve the baselines and compare; causes are told apart where the scenario asks for it.

    `briefly` is without what shares would cost and who is owed what, and tells coordination apart;
    an `executor` solves the baselines and the largest share side by side.
    """
    kinds = scenario.said.baseline.kinds
    solves: list[Callable[[], Any]] = [
        partial(solve_baseline, scenario, legs, kind) for kind in kinds
    ]
    solves.append(partial(answer_target, plan, briefly=briefly))
    *worlds, target = spread(executor, _solve, solves, range(len(solves)))
    baseline = worlds[0]
    books = keep_books(plan.problem, plan.proof.values)
    causes: tuple[Cause, ...] = ()
    if scenario.said.effect.causes:
        missing, capture = bool(baseline.missing), baseline.books.scenario.said.capture
        kind, together, totals = baseline.kind, baseline.together, baseline.books.totals
        before = saving.Before(kind, together, missing, capture, totals, books.totals)
        causes = saving.split_by_cause(
            plan, before, lambda *of: keep_books(*of).totals, briefly=briefly, known=LaidColumns()
        )
    transfers = Transfers({}, {})
    if not briefly:
        transfers = saving.divide_savings(scenario, legs, books, baseline.books, rules=plan.rules)
    return Effect(
        plan=measure_totals(books),
        baselines=tuple(worlds),
        target=target,
        books=books,
        baseline_books=baseline.books,
        causes=causes,
        transfers=transfers,
    )


def _solve(solves: Sequence[Callable[[], Any]], number: int) -> Any:
    return solves[number]()
