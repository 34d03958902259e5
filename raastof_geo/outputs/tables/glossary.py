"""List everything in the catalogue that a scenario may name, and tell of any one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from raastof_geo.emissions.limit import SIZES
from raastof_geo.errors import InputError
from raastof_geo.language import Language, Message, say
from raastof_geo.outputs.materials import ORIGINS, Words, explain_material, serves
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import UnknownIdError, find_id, suggest


@dataclass(frozen=True)
class GlossaryRow:
    """An entry: what to write, what people call it, and what it is for."""

    id: str
    name: str
    about: str = ""


@dataclass(frozen=True)
class Section:
    """The entries of a section of the catalogue, and where a scenario names them."""

    title: str
    where: str
    rows: tuple[GlossaryRow, ...]


def list_catalogue(catalogue: Catalogue, language: Language) -> tuple[Section, ...]:
    """List materials, uses, recipes, conditions, kinds of land and trucks.

    Returns
    -------
    sections
        In the order of the catalogue; each with its entries by id, name and what they are.
    """
    words = Words(catalogue, language)
    return tuple(
        Section(
            _TITLES[section].render(language),
            _WHERE[section].render(language),
            tuple(
                GlossaryRow(one, words.called(section, one), tell(words, one))
                for one in getattr(catalogue, section)
            ),
        )
        for section, tell in _ABOUT.items()
    )


def explain_entry(catalogue: Catalogue, given: str, language: Language) -> list[str]:
    """Tell all that the catalogue knows of what has an id or a name, in whatever section.

    Raises
    ------
    InputError
        Nothing is called so; with what was probably meant.
    """
    lines: list[str] = []
    for section, explain in _EXPLAIN.items():
        try:
            one = find_id(section, given, catalogue.names(section))
        except UnknownIdError:
            continue
        lines += explain(catalogue, one, language)
    if not lines:
        every = {
            one: name for section in _EXPLAIN for one, name in catalogue.names(section).items()
        }
        raise InputError(
            say(
                "{given} is neither a material nor a use, a recipe, a condition, a kind of land or "
                "a truck{hint}",
                given=f"`{given}`",
                hint=suggest(given, every, listed=True),
            )
        )
    return lines


# --- a line of the list -----------------------------------------------------------------------


def _about_material(words: Words, one: str) -> str:
    origin = ORIGINS[words.catalogue.materials[one].origin].render(words.language)
    parts = (origin, words.class_of(one), words.regime(one))
    return ", ".join(part for part in parts if part)


def _about_use(words: Words, one: str) -> str:
    reference = words.catalogue.uses[one].reference_material
    return say("tonnes of {material}", material=words.material(reference)).render(words.language)


def _about_recipe(words: Words, one: str) -> str:
    recipe = words.catalogue.recipes[one]
    return f"{words.shares(recipe.inputs)} → {words.shares(recipe.outputs)}"


def _about_condition(words: Words, one: str) -> str:
    asked = sorted({use for _, use in _asked_for(words.catalogue, one)})
    if not asked:
        return ""
    return say("asked for in: {uses}", uses=words.uses(asked)).render(words.language)


def _about_vehicle(words: Words, one: str) -> str:
    truck = words.catalogue.vehicles[one]
    return say(
        "{payload} t load, {gross} t in all, {fuel}",
        payload=words.number(truck.payload_t.value),
        gross=words.number(truck.gross_t.value),
        fuel=words.catalogue.fuels[truck.fuel].called(words.language),
    ).render(words.language)


def _nothing(_words: Words, _one: str) -> str:
    return ""


_ABOUT: dict[str, Callable[[Words, str], str]] = {
    "materials": _about_material,
    "uses": _about_use,
    "recipes": _about_recipe,
    "conditions": _about_condition,
    "land": _nothing,
    "vehicles": _about_vehicle,
}
_TITLES: dict[str, Message] = {
    "materials": say("Materials"),
    "uses": say("Uses"),
    "recipes": say("Recipes"),
    "conditions": say("Conditions"),
    "land": say("Kinds of land"),
    "vehicles": say("Trucks"),
}
_WHERE: dict[str, Message] = {
    "materials": say("`material:` of an offer, `supplies:` of a pit, `accepts:` of a receiver"),
    "uses": say("`use:` of a need; its tonnes are tonnes of the use's reference material"),
    "recipes": say(
        "`recipes:` of a plant; what comes out, residue included, needs somebody to take it"
    ),
    "conditions": say("`accepted_conditions:` of a scenario whose projects meet them"),
    "land": say("`land:` of a site; it decides what soil may come there"),
    "vehicles": say("`vehicles:` of a scenario"),
}


# --- all that is known of one -----------------------------------------------------------------


def _explain_use(catalogue: Catalogue, use: str, language: Language) -> list[str]:
    words = Words(catalogue, language)
    reference = catalogue.uses[use].reference_material
    lines = [
        say("{name} (`{id}`), a use", name=words.use(use), id=use),
        say("Its tonnes are tonnes of {material}.", material=words.material(reference)),
        *_served_by(words, use),
    ]
    return [line.render(language) for line in lines]


def _served_by(words: Words, use: str) -> Iterator[Message]:
    names = {
        verdict: [
            f"{words.material(one)} (`{one}`)"
            for one in words.catalogue.materials
            if use in serves(words.catalogue, one, verdict)
        ]
        for verdict in ("allowed", "forbidden")
    }
    if names["allowed"]:
        yield say("May be served by: {materials}", materials=", ".join(names["allowed"]))
    for one in words.catalogue.materials:
        fit = words.catalogue.fit(one, use)
        if fit is not None and fit.condition is not None:
            yield say(
                "May be served under the condition `{id}` ({condition}) by: {materials}",
                id=fit.condition,
                condition=words.listed(words.catalogue.conditions, fit.condition),
                materials=f"{words.material(one)} (`{one}`)",
            )
    if names["forbidden"]:
        yield say("A rule forbids it to: {materials}", materials=", ".join(names["forbidden"]))


def _explain_recipe(catalogue: Catalogue, recipe: str, language: Language) -> list[str]:
    lines = [
        *Words(catalogue, language).recipe(recipe),
        say(
            "A plant runs it only where everything that comes out, residue included, has somebody "
            "who takes it."
        ),
    ]
    return [line.render(language) for line in lines]


def _explain_condition(catalogue: Catalogue, condition: str, language: Language) -> list[str]:
    words = Words(catalogue, language)
    lines = [
        say(
            "{name} (`{id}`), a condition: whoever meets it writes it under `accepted_conditions`.",
            name=words.listed(catalogue.conditions, condition),
            id=condition,
        )
    ]
    lines += [
        say(
            "It lets {material} serve {use}: rule {rule}, {source}.",
            material=words.material(material),
            use=words.use(use),
            rule=catalogue.fits[material][use].rule,
            source=catalogue.cite(catalogue.fits[material][use].citation),
        )
        for material, use in _asked_for(catalogue, condition)
    ]
    lines += [
        say(
            "It lets soil of class {number} come to land ({land}): rule {rule}, {source}.",
            number=number,
            land=words.listed(catalogue.land, land),
            rule=move.rule,
            source=catalogue.cite(move.citation),
        )
        for land, moves in catalogue.soil_moves.items()
        for number, move in moves.items()
        if move.condition == condition
    ]
    return [line.render(language) for line in lines]


def _asked_for(catalogue: Catalogue, condition: str) -> list[tuple[str, str]]:
    return [
        (material, use)
        for material, fits in catalogue.fits.items()
        for use, fit in fits.items()
        if fit.condition == condition
    ]


def _explain_land(catalogue: Catalogue, land: str, language: Language) -> list[str]:
    words = Words(catalogue, language)
    lines = [
        say("{name} (`{id}`), a kind of land", name=words.listed(catalogue.land, land), id=land)
    ]
    soils = {one.soil_class: name for name, one in catalogue.materials.items()}
    for number in sorted(one for one in soils if one is not None):
        move = catalogue.soil_move(soils[number], land)
        if move is not None:
            lines.append(words.move(soils[number], land, move))
    return [line.render(language) for line in lines]


def _explain_vehicle(catalogue: Catalogue, vehicle: str, language: Language) -> list[str]:
    words, truck = Words(catalogue, language), catalogue.vehicles[vehicle]
    lines = [
        say("{name} (`{id}`), a truck", name=words.called("vehicles", vehicle), id=vehicle),
        say("It runs on {fuel}.", fuel=catalogue.fuels[truck.fuel].called(language)),
    ]
    lines += [
        say("{what}: {figure}", what=label, figure=words.figure(getattr(truck, field)))
        for field, label in _OF_TRUCK.items()
    ]
    return [line.render(language) for line in lines]


_OF_TRUCK: dict[str, Message] = {
    "payload_t": say("Load by weight"),
    "body_m3": say("Load by volume"),
    **{size.name: size.title for size in SIZES},
    "loading_min": say("Loading and tipping"),
    "hire_dkk_per_h": say("Truck and driver"),
    "toll_dkk_per_km": say("Truck toll"),
}

_EXPLAIN: dict[str, Callable[[Catalogue, str, Language], list[str]]] = {
    "materials": explain_material,
    "uses": _explain_use,
    "recipes": _explain_recipe,
    "conditions": _explain_condition,
    "land": _explain_land,
    "vehicles": _explain_vehicle,
}
