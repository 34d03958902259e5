"""The few figures that a conclusion stands on, and where each would turn it over."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from raastof_geo.assignment import Plan, assign
from raastof_geo.effect.measure import Effect, measure_effect
from raastof_geo.effect.progress import GOAL_SHARE
from raastof_geo.errors import InputError
from raastof_geo.language import Message, Readable, format_number, say
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.scenario import Scenario

HeadlineName: TypeAlias = Literal[
    "largest_share", "share_in_plan", "saved_transport_kg_co2e", "saved_kg_co2e", "saved_dkk"
]
HEADLINES: tuple[HeadlineName, ...] = get_args(HeadlineName)


@dataclass(frozen=True)
class Headlines:
    """What a plan and its baseline come to."""

    largest_share: float
    """The largest secondary share that can be had, by the definition in force."""
    share_in_plan: float
    saved_transport_kg_co2e: float
    """By coordination, transport WTW. [kg CO2e]"""
    saved_kg_co2e: float
    """By coordination, all parts. [kg CO2e]"""
    saved_dkk: float
    """By the plan in all, less what is sold: what `Effect.whole` says. [DKK]"""
    whole: bool = False
    """Whether emissions saved are not coordination's alone, where causes were not told apart."""

    def of(self, name: HeadlineName) -> float:
        """Give one of them."""
        return float(getattr(self, name))


@dataclass(frozen=True)
class Told:
    """How people read a headline."""

    title: Message
    unit: Readable
    factor: float
    digits: int

    @property
    def head(self) -> str:
        """The title and its unit, over a column."""
        title = str(self.title)
        return f"{title[:1].upper()}{title[1:]} [{self.unit}]"

    def write(self, value: float) -> str:
        """Write a value in the unit that people read."""
        return f"{format_number(value * self.factor, digits=self.digits)} {self.unit}"


SHOWN: dict[HeadlineName, Told] = {
    "largest_share": Told(say("largest secondary share"), "%", 100, 1),
    "share_in_plan": Told(say("secondary share in the plan"), "%", 100, 1),
    "saved_transport_kg_co2e": Told(say("saved in transport"), "t CO2e", 1e-3, 0),
    "saved_kg_co2e": Told(say("saved in all"), "t CO2e", 1e-3, 0),
    "saved_dkk": Told(say("money saved"), say("million DKK"), 1e-6, 1),
}


def find_threshold(scenario: Scenario, name: HeadlineName) -> float:
    """Give where a headline changes the conclusion: the share asked for or the region's, else 0."""
    if name not in ("largest_share", "share_in_plan"):
        return 0.0
    target = scenario.said.targets.first_share
    return target.at_least if target is not None else GOAL_SHARE


def read_headlines(effect: Effect) -> Headlines:
    """Read the headlines of a result.

    The emissions saved are what coordination is credited with; where causes were not told apart,
    and so for all variations of such a scenario, all that the plan saves, as money always is.
    """
    gain, reach = effect.coordination or effect.whole, effect.target.reach
    return Headlines(
        largest_share=reach.largest,
        share_in_plan=reach.in_plan,
        saved_transport_kg_co2e=gain.transport_kg_co2e,
        saved_kg_co2e=gain.kg_co2e,
        saved_dkk=effect.whole.dkk,
        whole=effect.coordination is None,
    )


def solve_headlines(scenario: Scenario, legs: Legs | None, *, whole: bool = False) -> Headlines:
    """Solve plan and baseline of a scenario, and give what they come to.

    `whole`: all that is saved is meant, whatever saves it. Without a plan, a solver or a way to
    tell what coordination saves from the rest it is a `RaastofError`.
    """
    found = read_headlines(solve_briefly(scenario, legs, causes=not whole, explain=False)[1])
    if found.whole != whole:
        raise InputError(say("what coordination saves cannot be told from other causes here"))
    return found


def solve_briefly(
    scenario: Scenario, legs: Legs | None, *, causes: bool, **how: Any
) -> tuple[Plan, Effect]:
    """Solve a plan that nobody is given, and its effect against one baseline, as far as compared.

    `how` it begins, and whether errors `explain`, as `assign` takes them.
    """
    if legs is None:
        raise InputError(say("legs that were made up cannot be priced again"))
    said = scenario.said
    chosen = said.effect.model_copy(update={"causes": causes, "shapley": False})
    baseline = said.baseline.model_copy(update={"compare_with": ()})
    quick = scenario.saying(effect=chosen, baseline=baseline)
    plan = assign(quick, legs, stated=False, **how)
    return plan, measure_effect(quick, legs, plan, briefly=True)
