"""List everything in the catalogue that a scenario may name, and tell of any one entry."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from raastof_geo.errors import InputError
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, Message, Readable, read_texts, say, say_text
from raastof_geo.scenario.catalogue import Catalogue, Fit
from raastof_geo.scenario.identity import UnknownIdError, find_id, suggest
from raastof_geo.scenario.telling.words import CatalogueWords, list_titles

_ORIGINS: dict[str, Message] = {"secondary": say("secondary"), "virgin": say("virgin")}


class CatalogueEntry(NamedTuple):
    """An entry: what to write, what people call it, and what it is for."""

    id: str
    name: str
    about: str = ""


class CatalogueSection(NamedTuple):
    """The entries of a section of the catalogue, and where a scenario names them."""

    title: str
    where: str
    rows: tuple[CatalogueEntry, ...]


def list_catalogue(catalogue: Catalogue, language: Language) -> tuple[CatalogueSection, ...]:
    """List materials, uses, recipes, conditions, kinds of land and trucks."""
    words, sections = CatalogueWords(catalogue, language), []
    for key, title in read_texts("sections").items():
        where = words.read(read_texts("keys of sections")[key])
        told = ((one, words.read(_SECTIONS[key][0](words, one))) for one in getattr(catalogue, key))
        rows = (CatalogueEntry(one, words.called(key, one), about) for one, about in told)
        sections.append(CatalogueSection(words.read(title), where, tuple(rows)))
    return tuple(sections)


def explain_entry(catalogue: Catalogue, given: str, language: Language) -> list[str]:
    """Tell all that is known of an id or name in whatever section, or raise an `InputError`."""
    words, lines = CatalogueWords(catalogue, language), list[str]()
    every: dict[str, Mapping[str, str]] = {}
    for key, (_, tell) in _SECTIONS.items():
        names = catalogue.names(key)
        with suppress(UnknownIdError):
            lines += map(words.read, tell(words, find_id(key, given, names)))
        every |= names
    if not lines:
        hint = suggest(given, every, listed=True)
        raise InputError.saying_text("glossary", "nothing known", given=f"`{given}`", hint=hint)
    return lines


def _about_material(words: CatalogueWords, one: str) -> str:
    material = words.catalogue.materials[one]
    origin, regime = _ORIGINS[material.origin].render(words.language), material.legal_regime
    law = words.called("legal_regimes", regime) if regime else ""
    return ", ".join(filter(None, (origin, words.class_of(one), law)))


def _about_use(words: CatalogueWords, one: str) -> Message:
    reference = words.catalogue.uses[one].reference_material
    return say("tonnes of {material}", material=words.material(reference))


def _about_recipe(words: CatalogueWords, one: str) -> str:
    recipe = words.catalogue.recipes[one]
    return f"{words.shares(recipe.inputs)} → {words.shares(recipe.outputs)}"


def _about_condition(words: CatalogueWords, one: str) -> Readable:
    asked = words.uses(sorted({use for _, use, _ in _asked_for(words.catalogue, one)}))
    if words.catalogue.conditions[one].per_need:
        return say("a matter of each need; asked for in: {uses}", uses=asked)
    return say("asked for in: {uses}", uses=asked) if asked else ""


def _about_vehicle(words: CatalogueWords, one: str) -> Message:
    truck = words.catalogue.vehicles[one]
    return say("{payload} t load, {gross} t in all, {fuel}").format(
        payload=words.number(truck.payload_t.value),
        gross=words.number(truck.gross_t.value),
        fuel=words.called("fuels", truck.fuel),
    )


def _tell_material(words: CatalogueWords, material: str) -> Iterator[Message]:
    """Say everything about the material of an id."""
    one, recipes = words.catalogue.materials[material], words.catalogue.recipes
    yield say("{name} (`{id}`), {origin}").format(
        name=words.material(material), id=material, origin=_ORIGINS[one.origin]
    )
    if words.class_of(material):
        yield say("Class: {name}", name=words.class_of(material))
    yield from _tell_figures(words, "materials", one)
    yield from words.tell_law(material)
    for name, recipe in recipes.items():
        if material in recipe.inputs or material in recipe.outputs:
            yield from _tell_recipe(words, name)
    yield from _tell_uses(words, material)
    yield from words.tell_moves(material, *words.catalogue.land)


def _tell_figures(words: CatalogueWords, section: str, entry: Any) -> Iterator[Message]:
    """Say the figures of an entry of the catalogue, each with its source, behind what they are."""
    for path, label in list_titles().items():
        of, _, field = path.partition(".")
        known = of == section and field in type(entry).model_fields  # computed ones are none
        if known and isinstance(figure := getattr(entry, field), Figure):
            yield say("{what}: {figure}", what=label, figure=words.figure(figure))


def _tell_recipe(words: CatalogueWords, name: str) -> Iterator[Message]:
    """Say what a recipe makes of what, and what that emits and costs."""
    recipe = words.catalogue.recipes[name]
    yield read_texts("glossary")["recipe"].format(
        name=words.called("recipes", name),
        id=name,
        inputs=words.shares(recipe.inputs),
        outputs=words.shares(recipe.outputs),
        emission=f"{words.number(recipe.kg_co2e_per_t.value)} kg CO2e",
        price=f"{words.number(recipe.dkk_per_t.value)} {tell_unit('DKK')}",
    )
    for one, share in recipe.outputs.items():
        yield say("{what}: {figure}", what=words.material(one), figure=words.figure(share))
    yield from _tell_figures(words, "recipes", recipe)


def _tell_uses(words: CatalogueWords, material: str) -> Iterator[Message]:
    fits = words.catalogue.fits.get(material, {})
    if not fits:
        yield say("May serve nothing: it goes to a receiver.")
    uses = words.catalogue.sort_uses(material)
    if uses["allowed"]:
        yield say("May serve: {uses}", uses=words.uses(uses["allowed"]))
    for use in uses["conditional"]:
        yield say("May serve under a condition: {use} ({condition})").format(
            use=words.use(use), condition=words.called("conditions", fits[use].condition or "")
        )
    if uses["forbidden"]:
        yield say("A rule forbids: {uses}", uses=words.uses(uses["forbidden"]))


def _tell_use(words: CatalogueWords, use: str) -> Iterator[Message]:
    reference = words.catalogue.uses[use].reference_material
    yield say("{name} (`{id}`), a use", name=words.use(use), id=use)
    yield say("Its tonnes are tonnes of {material}.", material=words.material(reference))
    names = defaultdict[str, list[str]](list)
    conditions = []
    told = say("May be served under the condition `{id}` ({condition}) by: {materials}")
    for one in words.catalogue.materials:
        if (fit := words.catalogue.fit(one, use)) is not None:
            named = f"{words.material(one)} (`{one}`)"
            names[fit.verdict].append(named)
            if fit.condition is not None:
                called = words.called("conditions", fit.condition)
                conditions.append(told.format(id=fit.condition, condition=called, materials=named))
    if names["allowed"]:
        yield say("May be served by: {materials}", materials=", ".join(names["allowed"]))
    yield from conditions
    if names["forbidden"]:
        yield say("A rule forbids it to: {materials}", materials=", ".join(names["forbidden"]))


def _tell_plant(words: CatalogueWords, recipe: str) -> Iterator[Message]:
    yield from _tell_recipe(words, recipe)
    yield say_text("glossary", "a plant")


def _tell_condition(words: CatalogueWords, condition: str) -> Iterator[Message]:
    catalogue = words.catalogue
    yield say("{name} (`{id}`), a condition. {how}").format(
        name=words.called("conditions", condition), id=condition, how=words.tell_consent(condition)
    )
    for material, use, fit in _asked_for(catalogue, condition):
        yield say("It lets {material} serve {use}: rule {rule}, {source}.").format(
            material=words.material(material), use=words.use(use), **words.cited(fit)
        )
    for land, moves in catalogue.soil_moves.items():
        for number, move in moves.items():
            if move.condition == condition:
                yield say(
                    "It lets soil of class {number} come to land ({land}): rule {rule}, {source}."
                ).format(number=number, land=words.called("land", land), **words.cited(move))


def _asked_for(catalogue: Catalogue, condition: str) -> Iterator[tuple[str, str, Fit]]:
    for material, fits in catalogue.fits.items():
        for use, fit in fits.items():
            if fit.condition == condition:
                yield material, use, fit


def _tell_land(words: CatalogueWords, land: str) -> Iterator[Message]:
    yield say("{name} (`{id}`), a kind of land", name=words.called("land", land), id=land)
    soils = {one.soil_class: name for name, one in words.catalogue.materials.items()}
    for number in sorted(one for one in soils if one is not None):
        yield from words.tell_moves(soils[number], land)


def _tell_vehicle(words: CatalogueWords, vehicle: str) -> Iterator[Message]:
    truck = words.catalogue.vehicles[vehicle]
    yield say("{name} (`{id}`), a truck", name=words.called("vehicles", vehicle), id=vehicle)
    yield say("It runs on {fuel}.", fuel=words.called("fuels", truck.fuel))
    if not truck.turns_in_dead_end:
        yield say("It does not turn round in dead ends.")
    if truck.legal_from is not None:
        yield say("Legal from {date}.", date=truck.legal_from)
    yield from _tell_figures(words, "vehicles", truck)
    for table in words.catalogue.tolls.values() if truck.toll_dkk_per_km is None else ():
        yield say("Truck toll from {date}: {rate} DKK/km (source: {source}).").format(
            date=table.valid_from,
            rate=words.number(table.rate(truck.toll_weight, truck.toll_co2) or 0.0),
            source=words.catalogue.cite(table.source),
        )


_About = Callable[[CatalogueWords, str], Readable]
_Tell = Callable[[CatalogueWords, str], Iterator[Message]]
_SECTIONS: dict[str, tuple[_About, _Tell]] = {
    "materials": (_about_material, _tell_material),
    "uses": (_about_use, _tell_use),
    "recipes": (_about_recipe, _tell_plant),
    "conditions": (_about_condition, _tell_condition),
    "land": (lambda _words, _one: "", _tell_land),
    "vehicles": (_about_vehicle, _tell_vehicle),
}
"""What an entry of each section is for, in the list, and all that is known of it."""
