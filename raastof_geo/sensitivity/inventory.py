"""Everything that the figures of a scenario hang on, as levers: what is said, and what is not."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

from raastof_geo.errors import InputError
from raastof_geo.language import Readable, read_texts, say, speaking
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.reading.tree import Trail
from raastof_geo.scenario.said.agreement import BaselineKind, Together
from raastof_geo.scenario.said.file import PLACES, AmountFilter, Assumption, Which
from raastof_geo.scenario.said.part import DEFAULT, Captured
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import Edits, edit_for, find_value, number_at, split_path
from raastof_geo.sensitivity import lever
from raastof_geo.sensitivity.lever import PART, Lever, Subject, move_figure

_NUMBERS = ("co2_price_dkk_per_t", "idle_min_per_load", "return_loads.share")
"""Numbers of a scenario that are no figures with a source of their own."""


def list_levers(scenario: Scenario) -> list[Lever]:
    """List everything that may be otherwise, in the words of the scenario's language.

    What the scenario declares, then amounts by group, the split of needs, figures of scenario and
    catalogue that are in use, and choices. A number without a range of its own is moved by 10 %
    both ways, and says so.
    """
    with speaking(*scenario.speech):
        declared = lever.list_declared(scenario)
        taken = {one.set for one in scenario.said.assumptions.values()}
        others = (*_amounts(scenario), *_figures(scenario), *_choices(scenario))
        return [*declared, *(one for one in others if one.subject.name not in taken)]


def _amounts(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of amounts; none where there are none, or no rest that could give."""
    for name, title, scale, rest in _list_groups(scenario):
        said: dict[str, Any] = {"value": 1, "low": 1 - PART, "high": 1 + PART, "unit": "%"}
        said |= {"source": str(lever.JUDGED), "name": str(title)}
        assumption = Assumption(**said, scale=scale, rest=rest)
        with suppress(InputError):
            for level in (assumption.low, assumption.high):
                edit_for(scenario, assumption, level)
            made = lever.make_lever(scenario, name, assumption)
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
    for path, figure in lever.list_numbered(scenario).items():
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
            there = number_at(find_value(scenario, split_path(path)))
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
        other: dict[str, Edits] = {one: {("baseline", key): one} for one in listed if one != now}
        yield from _chosen(f"baseline.{key}", title, other)
    yield from _lands(scenario)


def _lands(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of what the land of needs is."""
    said, lands = scenario.said, scenario.names("land")
    needing = [one for one, site in said.sites.items() if site.needs]
    for land in sorted(set(map(scenario.land, needing))):
        sites = [one for one in needing if scenario.land(one) == land]
        options: dict[str, Edits] = {
            lands[other][said.language]: {("sites", one, "land"): other for one in sites}
            for other in lands
            if other != land
        }
        title = say("land: {n}", n=lands[land][said.language])
        yield from _chosen(f"land.{land}", title, options)


def _leave_out(scenario: Scenario, name: str) -> Edits:
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


def _chosen(name: str, title: Readable, options: Mapping[str, Edits]) -> Iterator[Lever]:
    """Give the lever of other choices; none where there are none."""
    every, names = list(options.values()), tuple(options)
    levels, group = tuple(map(float, range(len(every)))), str(say("choices"))
    told: dict[str, Any] = {"name": name, "title": str(title), "group": group, "source": ""}
    if every:
        subject = Subject(**told, judged=True, levels=levels, names=names)
        yield Lever(subject, lambda level: every[int(level)])
