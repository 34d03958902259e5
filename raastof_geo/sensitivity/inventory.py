"""Everything that the figures of a scenario hang on, as levers: what is said, and what is not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from raastof_geo.errors import InputError
from raastof_geo.language import Readable, say, speaking
from raastof_geo.scenario.catalogue import walk_figures
from raastof_geo.scenario.parties import list_givers
from raastof_geo.scenario.said.assumption import AmountFilter, Assumption, Which, Whose
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import Edits, edit_for, find_value, number_at, split_path
from raastof_geo.sensitivity.lever import (
    JUDGED,
    PART,
    Lever,
    Subject,
    list_declared,
    make_lever,
    move_figure,
)

_NUMBERS = ("co2_price_dkk_per_t", "idle_min_per_load", "return_loads.share")
"""Numbers of a scenario that are no figures with a source of their own."""


def list_levers(scenario: Scenario) -> list[Lever]:
    """List everything that may be otherwise.

    Returns
    -------
    levers
        Those that the scenario declares, then amounts by group, the split of needs, figures of
        scenario and catalogue that are in use, and choices; in the words of its language. A number
        without a range of its own is moved by 10 % both ways, and says so.
    """
    with speaking(scenario.said.language):
        declared = list_declared(scenario)
        taken = {one.set for one in scenario.said.assumptions.values()}
        others = (*_amounts(scenario), *_figures(scenario), *_choices(scenario))
        return [*declared, *(one for one in others if one.subject.name not in taken)]


# --- amounts ------------------------------------------------------------------------------------


def _amounts(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of amounts; none where there are none, or no rest that could give."""
    for name, title, scale, rest in _list_groups(scenario):
        said: dict[str, Any] = {"value": 1, "low": 1 - PART, "high": 1 + PART, "unit": "%"}
        assumption = Assumption(**said, source=str(JUDGED), scale=scale, rest=rest, name=str(title))
        with suppress(InputError):
            for level in (assumption.low, assumption.high):
                edit_for(scenario, assumption, level)
            lever = make_lever(scenario, name, assumption)
            group = str(say("split of needs") if rest else say("amounts"))
            yield replace(lever, subject=replace(lever.subject, group=group, judged=True))


def _list_groups(
    scenario: Scenario,
) -> Iterator[tuple[str, Readable, AmountFilter, AmountFilter | None]]:
    """List groups of amounts: id, name, whose they are, and the rest that keeps their sum."""
    catalogue, language = scenario.catalogue, scenario.said.language
    uses = sorted({need.use for need in scenario.needs})
    for use in uses:
        called = catalogue.uses[use].called(language)
        others = tuple(one for one in uses if one != use)
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
        title = say("needs and surplus of {name}", name=one)
        yield f"project.{one}", title, {"needs": of_project, "offers": of_project}, None
    for whose, room in _ROOM.items():
        yield f"capacity.{whose}", room, {whose: Which()}, None


_ROOM: Mapping[Whose, Readable] = {
    "pits": say("what pits may dig"),
    "receivers": say("what receivers may take"),
    "plants": say("what plants can make"),
    "depots": say("what depots can hold"),
}


# --- figures ------------------------------------------------------------------------------------


def _figures(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of figures of the catalogue that are in use, and of the scenario's own."""
    in_use = _find_used(scenario)
    for path, figure in scenario.catalogue.figures().items():
        parts = path.split(".")
        wanted = zip(parts, in_use.get(parts[0], ()), strict=False)
        if all(known is None or part in known for part, known in wanted):
            yield from move_figure(scenario, f"catalogue.{path}", figure)
    for path, figure in walk_figures(scenario.said, ""):
        yield from move_figure(scenario, path, figure)
    for path in _NUMBERS:
        try:
            there = number_at(find_value(scenario, split_path(path)))
        except InputError:
            continue
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


# --- choices ------------------------------------------------------------------------------------


def _choices(scenario: Scenario) -> Iterator[Lever]:
    """Give the levers of what is chosen: trucks, conditions, and what the land is."""
    said, catalogue = scenario.said, scenario.catalogue
    language = said.language
    less = {
        catalogue.vehicles[one].called(language): [rest for rest in said.vehicles if rest != one]
        for one in said.vehicles
    }
    if len(less) > 1:
        edits = {str(say("without {name}", name=one)): rest for one, rest in less.items()}
        yield _chosen("vehicles", say("trucks"), _at(("vehicles",), edits))
    conditions = said.accepted_conditions
    edits = {
        str(say("without {name}", name=catalogue.conditions[one][language])): [
            rest for rest in conditions if rest != one
        ]
        for one in conditions
    }
    if edits:
        title = say("accepted conditions")
        yield _chosen("accepted_conditions", title, _at(("accepted_conditions",), edits))
    for land in dict.fromkeys(site.land for site in said.sites.values()):
        sites = [one for one, site in said.sites.items() if site.land == land]
        others: dict[str, Edits] = {
            catalogue.land[other][language]: {("sites", one, "land"): other for one in sites}
            for other in catalogue.land
            if other != land
        }
        yield _chosen(f"land.{land}", say("land: {n}", n=catalogue.land[land][language]), others)


def _at(trail: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, Edits]:
    return {name: {trail: value} for name, value in options.items()}


def _chosen(name: str, title: Readable, options: Mapping[str, Edits]) -> Lever:
    every = list(options.values())
    choose: Callable[[float], Edits] = lambda level: every[int(level)]  # noqa: E731
    return Lever(
        Subject(
            name=name,
            title=str(title),
            group=str(say("choices")),
            source="",
            judged=True,
            levels=tuple(map(float, range(len(every)))),
            names=tuple(options),
        ),
        choose,
    )
