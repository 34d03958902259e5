"""What may be moved in a scenario, and what moves the few figures that a conclusion stands on."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product, starmap
from typing import Any, Literal, TypeAlias, get_args
from raastof_geo.assignment import Plan, assign
from raastof_geo.assignment.alone import Alone, solve_alone
from raastof_geo.assignment.statement.problem import LaidColumns
from raastof_geo.effect import saving
from raastof_geo.effect.books import GOAL_SHARE, measure_gains
from raastof_geo.effect.measure import Effect, TargetAnswer, answer_target
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure, Sourced
from raastof_geo.language import Readable, Tell, format_number, read_texts, say, speaking
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario import varied
from raastof_geo.scenario.catalogue import walk_figures
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import DEFAULT, Captured
from raastof_geo.scenario.said.file import PLACES, AmountFilter, Assumption, Which
from raastof_geo.scenario.said.target import BaselineKind, Together
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import CatalogueWords
from raastof_geo.spread import spread

Numbered: TypeAlias = Sourced | Captured | float

PART = 0.1
"""How far a number without a stated range is moved, as a share of it."""
JUDGED = say("our judgement: ±10 %")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing that may be otherwise, as people know it."""

    name: str
    title: str
    """What people call it."""
    group: str
    """What kind of thing it is, such as `amounts` or `prices`."""
    source: str
    unit: str = ""
    judged: bool = False
    """Whether the range is nobody's but ours."""
    value: float | None = None
    """Where it stands; none where it is a choice and no number."""
    levels: tuple[float, ...]
    """Its ends, or the numbers of the other choices."""
    names: tuple[str, ...] = ()
    """What people call the other choices, where it is one."""

    def matches(self, word: str) -> bool:
        """Look for a word, in whatever case. Returns whether id, name or kind holds it."""
        return any(word.casefold() in one.casefold() for one in (self.name, self.title, self.group))

    def write(self, level: float | None) -> str:
        """Write a level as people read it: shares in per cent, choices by name."""
        if level is None or self.names:
            return "" if level is None else self.names[int(level)]
        return f"{self._number(level)} {tell_unit(self.unit)}".strip()

    @property
    def range(self) -> str:
        """The ends, or the other choices, as people read them."""
        if self.names:
            return ", ".join(self.names)
        return f"{' – '.join(map(self._number, self.levels))} {tell_unit(self.unit)}".strip()

    def _number(self, level: float) -> str:
        shown = 100 * level if self.unit == "%" else level
        close = (one for one in range(7) if abs(round(shown, one) - shown) <= 0.004 * abs(shown))
        return format_number(shown, digits=next(close, 6))


@dataclass(frozen=True)
class Lever:
    """What is moved, and what the file says at a level of it."""

    subject: Subject
    edit: Callable[[float], varied.Edits]
    assumption: Assumption | None = None
    """What it is as an assumption of a file; none: a choice, or a group of amounts of ours."""


def list_declared(scenario: Scenario) -> list[Lever]:
    """List the ranges that a scenario states, in its order: assumptions, then other figures."""
    said = scenario.said
    listed = [make_lever(scenario, *item) for item in said.assumptions.items()]
    taken = {one.set for one in said.assumptions.values()}
    for path, figure in list_numbered(scenario).items():
        ours = not path.startswith("catalogue.") or _is_own(said.catalogue, path)
        if ours and path not in taken:
            moved = move_figure(scenario, path, figure)
            listed += [lever for lever in moved if not lever.subject.judged]
    return listed


def list_numbered(scenario: Scenario) -> dict[str, Numbered]:
    """List the figures of a scenario and of its catalogue. Returns them by path."""
    figures, said = scenario.catalogue.figures().items(), scenario.said
    found: dict[str, Numbered] = {f"capture.{key}": one for key, one in said.capture.items()}
    found |= walk_figures(said, "")
    return found | {f"catalogue.{path}": one for path, one in figures}


def _is_own(catalogue: Any, path: str) -> bool:
    """Tell whether a scenario itself says the figure of a path."""
    for part in path.split(".")[1:]:
        if not isinstance(catalogue, Mapping) or part not in catalogue:
            return False
        catalogue = catalogue[part]
    return True


def make_lever(scenario: Scenario, name: str, assumption: Assumption) -> Lever:
    """Make what is moved out of an assumption."""
    subject = Subject(
        name=name,
        title=assumption.name or name,
        group=str(say("assumptions")),
        source=assumption.source,
        unit=assumption.unit,
        value=varied.value_of_assumption(scenario, assumption),
        levels=(assumption.low, assumption.high),
    )
    return Lever(subject, partial(varied.edit_for, scenario, assumption), assumption)


def move_figure(scenario: Scenario, path: str, figure: Numbered) -> Iterator[Lever]:
    """Give the lever of a figure between the ends that it states, or of ±10 %; none of a 0."""
    value, stated = varied.number_at(figure), _list_stated(figure)
    unit = _find_unit(path, figure)
    most = 1.0 if unit == "%" else math.inf
    ends = (min(one, most) for one in stated or (value * (1 - PART), value * (1 + PART)))
    if not (levels := tuple(one for one in ends if one != value)):
        return
    words = CatalogueWords(scenario.catalogue, scenario.said.language)
    source = getattr(figure, "range_source", "") or getattr(figure, "source", "")
    subject = Subject(
        name=path,
        title=words.name_figure(path.removeprefix("catalogue.")),
        group=_name_kind(path),
        source=scenario.catalogue.cite(source) if stated else str(JUDGED),
        judged=not stated,
        unit=unit,
        value=value,
        levels=levels,
    )
    assumption = Assumption(low=0, high=1, source="-", set=path)
    yield Lever(subject, partial(varied.edit_for, scenario, assumption), assumption)


def _find_unit(path: str, figure: Numbered) -> str:
    share = isinstance(figure, Captured) or path.endswith("share")
    return "%" if share else getattr(figure, "unit", "")


def _name_kind(path: str) -> str:
    kinds = read_texts("figures with").items()  # by words of their paths, of which "." is the last
    return str(next(kind for word, kind in kinds if re.search(word, path)))


def _list_stated(figure: Numbered) -> list[float]:
    """List the ends that a figure states, which some do as factors of it."""
    factors = isinstance(figure, Sourced) and not isinstance(figure, Figure)
    value, of = varied.number_at(figure) if factors else 1.0, "_factor" if factors else ""
    ends = (getattr(figure, f"{end}{of}", None) for end in ("low", "high"))
    return [value * one if factors else one for one in ends if one is not None]


_NUMBERS = ("co2_price_dkk_per_t", "idle_min_per_load", "return_loads.share")
"""Numbers of a scenario that are no figures with a source of their own."""


def list_levers(scenario: Scenario) -> list[Lever]:
    """List everything that may be otherwise, in the words of the scenario's language.

    What the scenario declares, then amounts by group, the split of needs, figures of scenario and
    catalogue in use, and choices. What has no range of its own is moved by ±10 %, and says so.
    """
    with speaking(*scenario.speech):
        taken = {one.set for one in scenario.said.assumptions.values()}
        kinds = (_amounts, _figures, _choose_less, _choose_baseline, _choose_land)
        others = (lever for of_kind in kinds for lever in of_kind(scenario))
        return [*list_declared(scenario), *(one for one in others if one.subject.name not in taken)]


def _amounts(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of amounts; none where there are none, or no rest that could give."""
    for name, title, scale, rest in _list_groups(scenario):
        said: dict[str, Any] = {"value": 1, "low": 1 - PART, "high": 1 + PART, "unit": "%"}
        said |= {"source": str(JUDGED), "name": str(title)}
        assumption = Assumption(**said, scale=scale, rest=rest)
        with suppress(InputError):
            for level in (assumption.low, assumption.high):
                varied.edit_for(scenario, assumption, level)
            made = make_lever(scenario, name, assumption)
            group = str(say("split of needs") if rest else say("amounts"))
            yield replace(made, subject=replace(made.subject, group=group, judged=True))


def _list_groups(
    scenario: Scenario,
) -> Iterator[tuple[str, Readable, AmountFilter, AmountFilter | None]]:
    """List groups of amounts: id, name, whose they are, and the rest that keeps their sum."""
    catalogue, language = scenario.catalogue, scenario.said.language
    uses = sorted({need.use for need in scenario.needs})
    for use in uses:
        called, others = catalogue.uses[use].called(language), tuple(filter(use.__ne__, uses))
        of_use: AmountFilter = {"needs": Which(use=(use,))}
        yield f"needs.{use}", say("needs: {name}", name=called), of_use, None
        if others:
            title = say("share of needs: {name}", name=called)
            yield f"share.{use}", title, of_use, {"needs": Which(use=others)}
    for one in sorted({offer.material for offer in scenario.offers}):
        title = say("surplus: {n}", n=catalogue.materials[one].called(language))
        yield f"offers.{one}", title, {"offers": Which(material=(one,))}, None
    for one in sorted({scenario.project(due.site) for due in (*scenario.offers, *scenario.needs)}):
        of_project = Which(project=(one,))
        title = say("needs and surplus of {name}", name=scenario.project_name(one))
        yield f"project.{one}", title, {"needs": of_project, "offers": of_project}, None
    for whose in PLACES:
        yield f"capacity.{whose}", read_texts("room for")[whose], {whose: Which()}, None


def _figures(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of figures of the catalogue that are in use, and of the scenario's own."""
    in_use = _find_used(scenario)
    for path, figure in list_numbered(scenario).items():
        parts = path.removeprefix("catalogue.").split(".")
        wanted = zip(parts, in_use.get(parts[0], ()), strict=False)
        if all(known is None or part in known for part, known in wanted):
            yield from move_figure(scenario, path, figure)
    if DEFAULT not in scenario.said.capture:
        for moved in move_figure(scenario, f"capture.{DEFAULT}", Captured(value=1.0)):
            yield replace(moved, edit=lambda level: {("capture", DEFAULT): level})
    for path in _NUMBERS:
        with suppress(InputError):
            there = varied.number_at(varied.find_value(scenario, varied.split_path(path)))
            yield from move_figure(scenario, path, there)


def _find_used(scenario: Scenario) -> Mapping[str, Sequence[set[str] | None]]:
    """Give by section of the catalogue what may stand at each part of a path to be of any use."""
    catalogue, said = scenario.catalogue, scenario.said
    materials = {giver.material for giver in list_givers(scenario)}
    recipes = {one.recipe for plant in scenario.plants for one in plant.processes}
    nothing = set[str]()
    return {
        "materials": (None, materials),
        "fits": (None, materials, {need.use for need in scenario.needs}),
        "recipes": (None, recipes, {"outputs", "kg_co2e_per_t", "dkk_per_t"}),
        "vehicles": (None, set(said.vehicles)),
        "fuels": (None, {catalogue.vehicles[one].fuel for one in said.vehicles}),
        "handling": (None if scenario.depots else nothing,),
        "truck_hours_per_year": (None if said.fleet else nothing,),
    }


def _choose_less(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of doing without a truck, and without a condition that is accepted."""
    said = scenario.said
    entries = [entry for site in scenario.sites.values() for entry in site.needs]
    by_needs = (consent.condition for entry in entries for consent in entry.accepts)
    accepted = dict.fromkeys((*said.accepted_conditions, *by_needs))
    trucks = said.vehicles if len(said.vehicles) > 1 else ()
    for section, title, chosen in (
        ("vehicles", say("trucks"), trucks),
        ("conditions", say("accepted conditions"), accepted),
    ):
        names = scenario.names(section)
        called = ((one, say("without {name}", name=names[one][said.language])) for one in chosen)
        less = {str(told): _leave_out(scenario, one) for one, told in called}
        yield from _chosen(section, title, less)


def _choose_baseline(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of other baselines, and of who is one party in them."""
    said = scenario.said
    kinds = [*filter(said.baseline.states, get_args(BaselineKind))]
    for key, title, now, listed in (
        ("kind", say("baseline"), said.baseline.kind, kinds),
        ("together", say("who is one party"), scenario.together, get_args(Together)),
    ):
        new = [one for one in listed if one != now]
        yield from _chosen(f"baseline.{key}", title, {one: {("baseline", key): one} for one in new})


def _choose_land(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of what else the land of sites with needs might be."""
    lands, language = scenario.names("land"), scenario.said.language
    needing = [one for one, site in scenario.said.sites.items() if site.needs]
    for land in sorted(set(map(scenario.land, needing))):
        sites = [one for one in needing if scenario.land(one) == land]
        options: dict[str, varied.Edits] = {
            lands[other][language]: {("sites", one, "land"): other for one in sites}
            for other in lands
            if other != land
        }
        yield from _chosen(f"land.{land}", say("land: {n}", n=lands[land][language]), options)


def _leave_out(scenario: Scenario, name: str) -> varied.Edits:
    """Take a truck or a condition out of every list that names it."""
    said = scenario.said
    both = {"vehicles": said.vehicles, "accepted_conditions": said.accepted_conditions}.items()
    edits: dict[Trail, Any] = {(key,): [*filter(name.__ne__, of)] for key, of in both if name in of}
    for site_id, site in said.sites.items():
        for number, entry in enumerate(site.needs):
            kept = [one for one in entry.accepts if one.condition != name]
            if len(kept) < len(entry.accepts):
                trail = ("sites", site_id, "needs", number, "accepts")
                edits[trail] = [one.model_dump() for one in kept]
    return edits


def _chosen(name: str, title: Readable, options: Mapping[str, varied.Edits]) -> Iterator[Lever]:
    """Give the lever of other choices; none where there are none."""
    every, names = list(options.values()), tuple(options)
    levels, group = tuple(map(float, range(len(every)))), str(say("choices"))
    told: dict[str, Any] = {"name": name, "title": str(title), "group": group, "source": ""}
    if every:
        subject = Subject(**told, judged=True, levels=levels, names=names)
        yield Lever(subject, lambda level: every[int(level)])


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
    """How people read a headline, or another figure."""

    title: Readable
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
        return f"{self.number(value)} {self.unit}"

    def number(self, value: float) -> str:
        """Write it without the unit."""
        return format_number(value * self.factor, digits=self.digits)


SHOWN: dict[HeadlineName, Told] = {
    "largest_share": Told(say("largest secondary share"), "%", 100, 1),
    "share_in_plan": Told(say("secondary share in the plan"), "%", 100, 1),
    "saved_transport_kg_co2e": Told(say("saved in transport"), "t CO2e", 1e-3, 0),
    "saved_kg_co2e": Told(say("saved in all"), "t CO2e", 1e-3, 0),
    "saved_dkk": Told(say("money saved"), say("million DKK"), 1e-6, 1),
}


def find_threshold(scenario: Scenario, name: HeadlineName) -> float:
    """Find where a conclusion changes. Returns the share asked for or the region's, else 0."""
    if name not in ("largest_share", "share_in_plan"):
        return 0.0
    target = scenario.said.targets.first_share
    return target.at_least if target is not None else GOAL_SHARE


def read_headlines(effect: Effect) -> Headlines:
    """Read the headlines of a result.

    The emissions saved are what coordination is credited with; where causes were not told apart,
    and so for all variations of such a scenario, all that the plan saves, as money always is.
    """
    return _tell(effect.whole, effect.coordination, effect.target)


def _tell(whole: saving.Gain, coordination: saving.Gain | None, target: TargetAnswer) -> Headlines:
    gain, reach = coordination or whole, target.reach
    saved = gain.transport_kg_co2e, gain.kg_co2e, whole.dkk
    return Headlines(reach.largest, reach.in_plan, *saved, whole=coordination is None)


def solve_headlines(scenario: Scenario, legs: Legs | None, *, whole: bool = False) -> Headlines:
    """Solve plan and baseline of a scenario, and give what they come to.

    `whole`: all that is saved is meant, whatever saves it. Without a plan, a solver or a way to
    tell what coordination saves from the rest it is a `RaastofError`.
    """
    found = find_headlines(scenario, legs, causes=not whole, explain=False)[-1]
    if found.whole != whole:
        raise InputError(say("what coordination saves cannot be told from other causes here"))
    return found


def find_headlines(
    scenario: Scenario, legs: Legs | None, *, known: LaidColumns | None = None, **how: Any
) -> tuple[Plan, Alone, Headlines]:
    """Solve as `solve_briefly` does. Returns plan, world without it, and headlines; no books.

    Columns of worlds besides the plan's may be `known` from scenarios with other amounts.
    """
    plan = solve_briefly(scenario, legs, **how)
    scenario, legs = plan.scenario, plan.problem.legs
    after = measure_gains(plan.problem, plan.proof.values)
    alone = solve_alone(scenario, legs, known=known)
    world, causes = alone.world, tuple[saving.Cause, ...]()
    before, said = measure_gains(world.problem, alone.values), world.problem.scenario.said
    if scenario.said.effect.causes:
        missing, known = bool(alone.missing), LaidColumns() if known is None else known
        ends = saving.Before(world.kind, world.together, missing, said.capture, before, after)
        causes = saving.split_by_cause(plan, ends, measure_gains, briefly=True, known=known)
    target = answer_target(plan, briefly=True)
    coordination = saving.credit(causes, saving.COORDINATION)
    return plan, alone, _tell(saving.read_gain(before - after), coordination, target)


def solve_briefly(scenario: Scenario, legs: Legs | None, *, causes: bool, **how: Any) -> Plan:
    """Solve a plan that nobody is given, against one baseline; `how` is as `assign` takes it."""
    if legs is None:
        raise InputError(say("legs that were made up cannot be priced again"))
    said = scenario.said
    chosen = said.effect.model_copy(update={"causes": causes, "shapley": False})
    baseline = said.baseline.model_copy(update={"compare_with": ()})
    return assign(scenario.saying(effect=chosen, baseline=baseline), legs, stated=False, **how)


Price: TypeAlias = Callable[[Scenario], Legs | None]
"""Prices the legs of a variation; none where its roads are not known."""

MOST_DECLARED = 10
"""As many assumptions of a scenario are solved again in a run."""
_MOST_STEPS = 7
"""Halvings of half a range: to less than 1 % of it."""


@dataclass(frozen=True)
class Outcome:
    """What a lever at one of its ends comes to."""

    level: float
    """A number in the unit of what is moved, or the number of a choice."""
    headlines: Headlines | None
    """None where there is no plan, or the scenario is refused."""
    refused: str = ""
    """Why there is none."""


@dataclass(frozen=True)
class Flip:
    """Where a headline crosses its threshold."""

    headline: HeadlineName
    threshold: float
    end: int
    """Which end it lies towards."""
    level: float
    """The last level found, from the value outwards, at which the conclusion still holds."""
    holds: bool
    """Whether the threshold is kept at the value (and missed at the end), or the reverse."""


@dataclass(frozen=True)
class Swing:
    """What is moved, the headlines at its ends, and what turns over on the way."""

    subject: Subject
    ends: tuple[Outcome, ...]
    """One for each level of the subject."""
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Assessment:
    """What the answer hangs on."""

    at_value: Headlines
    """What the scenario as it stands comes to."""
    swings: tuple[Swing, ...]
    left_out: tuple[str, ...] = ()
    """Declared assumptions beyond the most that a run solves again."""

    def ranked(self, *names: HeadlineName) -> list[Swing]:
        """List what is moved by the share of a headline that it moves at an end, most first."""

        def reach(swing: Swing) -> float:
            found = [end.headlines for end in swing.ends if end.headlines is not None]
            base = {name: self.at_value.of(name) for name in names if self.at_value.of(name)}
            moved = (abs(one.of(name) / base[name] - 1) for one in found for name in base)
            return max(moved, default=0.0)

        return sorted(self.swings, key=reach, reverse=True)


def assess(
    scenario: Scenario,
    at_value: Headlines,
    levers: Sequence[Lever],
    price: Price,
    *,
    most: int | None = None,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> Assessment:
    """Solve plan and baseline again with each lever, or the first `most`, at each of its ends.

    An `executor` solves levers side by side.

    Where a headline is on the other side of its threshold at an end, the level at which it crosses
    is bracketed to 1 % of the range (Oliveira, Takahashi, ACM TOMS 47, 2020, doi 10.1145/3423597).
    """
    taken = levers[:most]
    found = spread(executor, _move, (scenario, at_value, price, taken), range(len(taken)))
    swings = []
    for number, lever in enumerate(taken, 1):
        told = say("Assumption {number} of {count}: {name}")
        tell(told.format(number=number, count=len(taken), name=lever.subject.title))
        swings.append(next(found))
    left_out = tuple(one.subject.title for one in levers[len(taken) :])
    return Assessment(at_value, tuple(swings), left_out)


def _move(shared: tuple[Scenario, Headlines, Price, Sequence[Lever]], number: int) -> Swing:
    """Solve with a lever at each of its ends, and find what turns over on the way there."""
    scenario, at_value, price, levers = shared
    lever, subject = levers[number], levers[number].subject

    @cache  # as several headlines may ask for the same level
    def solve(level: float) -> Outcome:
        try:
            varied = read_varied(scenario, lever.edit(level))
            return Outcome(level, solve_headlines(varied, price(varied), whole=at_value.whole))
        except RaastofError as error:
            with speaking(*scenario.speech):
                return Outcome(level, None, str(error).splitlines()[0])

    def find_flip(name: HeadlineName, end: int) -> Flip | None:
        """Find where a headline crosses its threshold towards an end. Returns none: nowhere.

        A level without a plan counts as the far side: there the conclusion cannot be kept.
        """
        threshold = find_threshold(scenario, name)
        kept = -1e-9 * max(1.0, abs(threshold))

        def above(level: float) -> float | None:
            found = solve(level).headlines
            return None if found is None else found.of(name) - threshold

        near, far = subject.value, subject.levels[end]
        height, depth = at_value.of(name) - threshold, above(far)
        holds = height >= kept
        if depth is None or (depth >= kept) == holds:
            return None
        if near is None:
            return Flip(name, threshold, end, far, holds)
        levels = (near, *subject.levels)
        least = 0.01 * (max(levels) - min(levels))
        for left in reversed(range(_MOST_STEPS)):
            if abs(far - near) <= least:
                break
            # From here halves still lead to the end in the steps that are left.
            room = least * 2.0**left - abs(far - near) / 2
            middle = _aim(near, far, height, depth, least, room)
            if (there := above(middle)) is not None and (there >= kept) == holds:
                near, height = middle, there
            else:
                far, depth = middle, there
        return Flip(name, threshold, end, near, holds)

    ends = tuple(map(solve, subject.levels))
    asked = product(HEADLINES, range(len(ends)))
    return Swing(subject, ends, tuple(filter(None, starmap(find_flip, asked))))


def _aim(
    near: float, far: float, height: float, depth: float | None, least: float, room: float
) -> float:
    """Choose the next level in a bracket: where a line through both ends is zero, or the middle.

    A little towards the middle, so that the crossing is soon bracketed from both sides, and no
    farther from it than there is `room`. `height`, `depth`: over the threshold, this one where
    there is a plan. `least`: how wide a bracket may stay.
    """
    middle = (near + far) / 2
    if depth is None or height == depth:
        return middle
    aim = near + (far - near) * height / (height - depth)
    off = min(abs(aim - middle), abs(far - near) / 2) - 0.45 * least
    off = max(0.0, min(off, room))
    # Rounded, so that two headlines that cross at one level ask for the same solves.
    return float(f"{middle + off if aim > middle else middle - off:.9g}")
