"""What can be moved in a scenario: each assumption, figure and choice, with its ends."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, get_args

from raastof_geo.errors import InputError
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure, Sourced
from raastof_geo.language import Readable, format_number, read_texts, say, speaking
from raastof_geo.scenario import varied
from raastof_geo.scenario.catalogue import walk_figures
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.entry import DEFAULT, Captured
from raastof_geo.scenario.said.file import PLACES, AmountFilter, Assumption, Which
from raastof_geo.scenario.said.target import BaselineKind, Together
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import CatalogueWords

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
        """Tell whether its id, name or kind holds a word, in whatever case."""
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
    """List the figures of a scenario and of the catalogue that it is read with, by path."""
    figures = scenario.catalogue.figures().items()
    return {
        **{f"capture.{key}": one for key, one in scenario.said.capture.items()},
        **dict(walk_figures(scenario.said, "")),
        **{f"catalogue.{path}": one for path, one in figures},
    }


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
    value = varied.number_at(figure)
    share = isinstance(figure, Captured) or path.endswith("share")
    unit = "%" if share else getattr(figure, "unit", "")
    factors = isinstance(figure, Sourced) and not isinstance(figure, Figure)
    given = [getattr(figure, f"{end}_factor" if factors else end, None) for end in ("low", "high")]
    stated = [value * one if factors else one for one in given if one is not None]
    ends = stated or [value * (1 - PART), value * (1 + PART)]
    ends = [min(one, 1.0) for one in ends] if unit == "%" else ends
    levels = tuple(one for one in ends if one != value)
    if not levels:
        return
    kinds = read_texts("figures with").items()  # by words of their paths, of which "." is the last
    words = CatalogueWords(scenario.catalogue, scenario.said.language)
    source = getattr(figure, "range_source", "") or getattr(figure, "source", "")
    subject = Subject(
        name=path,
        title=words.name_figure(path.removeprefix("catalogue.")),
        group=str(next(kind for word, kind in kinds if re.search(word, path))),
        source=scenario.catalogue.cite(source) if stated else str(JUDGED),
        judged=not stated,
        unit=unit,
        value=value,
        levels=levels,
    )
    assumption = Assumption(low=0, high=1, source="-", set=path)
    yield Lever(subject, partial(varied.edit_for, scenario, assumption), assumption)


_NUMBERS = ("co2_price_dkk_per_t", "idle_min_per_load", "return_loads.share")
"""Numbers of a scenario that are no figures with a source of their own."""


def list_levers(scenario: Scenario) -> list[Lever]:
    """List everything that may be otherwise, in the words of the scenario's language.

    What the scenario declares, then amounts by group, the split of needs, figures of scenario and
    catalogue that are in use, and choices. A number without a range of its own is moved by 10 %
    both ways, and says so.
    """
    with speaking(*scenario.speech):
        declared = list_declared(scenario)
        taken = {one.set for one in scenario.said.assumptions.values()}
        others = (*_amounts(scenario), *_figures(scenario), *_choices(scenario))
        return [*declared, *(one for one in others if one.subject.name not in taken)]


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
        called = catalogue.uses[use].called(language)
        others = tuple(filter(use.__ne__, uses))
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
        all_of_it = Captured(value=1.0)
        for moved in move_figure(scenario, f"capture.{DEFAULT}", all_of_it):
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


def _choices(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of what is chosen: trucks, conditions, baseline, and what the land is."""
    said, language = scenario.said, scenario.said.language
    entries = [entry for site in scenario.sites.values() for entry in site.needs]
    by_needs = (consent.condition for entry in entries for consent in entry.accepts)
    accepted = dict.fromkeys((*said.accepted_conditions, *by_needs))
    for section, title, chosen in (
        ("vehicles", say("trucks"), said.vehicles if len(said.vehicles) > 1 else ()),
        ("conditions", say("accepted conditions"), accepted),
    ):
        names = scenario.names(section)
        less = {
            str(say("without {name}", name=names[one][language])): _leave_out(scenario, one)
            for one in chosen
        }
        yield from _chosen(section, title, less)
    stated = {"today": said.baseline.today, "legs": said.baseline.legs}
    kinds = [one for one in get_args(BaselineKind) if stated.get(one, True)]
    for key, title, now, listed in (
        ("kind", say("baseline"), said.baseline.kind, kinds),
        ("together", say("who is one party"), scenario.together, get_args(Together)),
    ):
        other: dict[str, varied.Edits] = {
            one: {("baseline", key): one} for one in listed if one != now
        }
        yield from _chosen(f"baseline.{key}", title, other)
    lands = scenario.names("land")
    needing = [one for one, site in said.sites.items() if site.needs]
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
    edits: dict[Trail, Any] = {
        (key,): list(filter(name.__ne__, listed))
        for key in ("vehicles", "accepted_conditions")
        if name in (listed := getattr(said, key))
    }
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
