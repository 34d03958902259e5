"""Measure a plan against its baseline."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from raastof_geo.arrays import Floats
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.effect import cause
from raastof_geo.effect.baseline import Comparison, Totals, measure_totals, solve_baseline
from raastof_geo.effect.books import Books, keep_books
from raastof_geo.effect.cause import COORDINATION, Cause, CauseName, Gain, read_gain
from raastof_geo.effect.money import Transfers, divide_savings
from raastof_geo.effect.target import TargetAnswer, answer_target
from raastof_geo.figures.vocabulary import TRANSPORT_WTW, VEHICLE_KM, layered
from raastof_geo.language import Fact, Shown, format_number, say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.spread import spread

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
            Fact(say("Truck km saved"), format_number(saved[VEHICLE_KM])),
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
        for part, layer in layered().items():
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
        return cause.credit(self.causes, names)

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
        partial(solve_baseline, scenario, legs, one) for one in kinds
    ]
    solves.append(partial(answer_target, plan, briefly=briefly))
    *worlds, target = spread(executor, _solve, solves, range(len(solves)))
    baseline = worlds[0]
    books = keep_books(plan.problem, plan.proof.values)
    causes: tuple[Cause, ...] = ()
    if scenario.said.effect.causes:
        missing, capture = bool(baseline.missing), baseline.books.scenario.said.capture
        totals = baseline.books.totals
        before = cause.Before(baseline.kind, baseline.together, missing, capture, totals)
        how: Any = {"count": _count, "briefly": briefly}
        causes = cause.split_by_cause(scenario, legs, plan, books.totals, before, **how)
    transfers = Transfers({}, {})
    if not briefly:
        transfers = divide_savings(scenario, legs, books, baseline.books, rules=plan.rules)
    told = [field.name for field in fields(Comparison)]
    return Effect(
        plan=measure_totals(books),
        baselines=tuple(
            Comparison(**{name: getattr(world, name) for name in told}) for world in worlds
        ),
        target=target,
        books=books,
        baseline_books=baseline.books,
        causes=causes,
        transfers=transfers,
    )


def _count(problem: Problem, values: Floats) -> pd.Series:
    return keep_books(problem, values).totals


def _solve(solves: Sequence[Callable[[], Any]], number: int) -> Any:
    return solves[number]()
