"""Tell all that the catalogue knows of a material."""

from __future__ import annotations

from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, Message, say
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.lookup import look_up
from raastof_geo.scenario.telling.law import serves, tell_law, tell_move
from raastof_geo.scenario.telling.words import CatalogueWords

_FIGURES: dict[str, Message] = {
    "density_in_situ": say("Density in place"),
    "density_loose": say("Density on the truck"),
    "density_compacted": say("Density in the finished layer"),
    "price": say("Price at the pit"),
    "tax": say("Raw-material tax"),
    "gate_fee": say("Fee at a receiver"),
    "upstream_kg_co2e": say("Emission of digging and crushing it"),
    "disposal_kg_co2e": say("Emission of final reception"),
}
ORIGINS: dict[str, Message] = {"secondary": say("secondary"), "virgin": say("virgin")}


def explain_material(catalogue: Catalogue, material: str, language: Language) -> list[str]:
    """Say everything that the catalogue knows of a material, a line for each thing.

    Raises
    ------
    InputError
        There is no such material.
    """
    (material,) = look_up(catalogue, [("materials", material)])
    words = CatalogueWords(catalogue, language)
    one = catalogue.materials[material]
    origin = ORIGINS[one.origin]
    lines = [
        say("{name} (`{id}`), {origin}", name=words.material(material), id=material, origin=origin)
    ]
    if words.class_of(material):
        lines.append(say("Class: {name}", name=words.class_of(material)))
    for field, label in _FIGURES.items():
        figure: Figure | None = getattr(one, field)
        if figure is not None:
            lines.append(say("{what}: {figure}", what=label, figure=words.figure(figure)))
    lines += tell_law(words, material)
    lines += _tell_recipes_around(words, material)
    lines += _tell_uses(words, material)
    lines += [
        tell_move(words, material, land, move)
        for land in catalogue.land
        if (move := catalogue.soil_move(material, land)) is not None
    ]
    return [line.render(language) for line in lines]


def _tell_recipes_around(words: CatalogueWords, material: str) -> list[Message]:
    """Say which plants make the material, and what plants make of it."""
    return [
        line
        for name, recipe in words.catalogue.recipes.items()
        if material in recipe.inputs or material in recipe.outputs
        for line in tell_recipe(words, name)
    ]


def tell_recipe(words: CatalogueWords, name: str) -> list[Message]:
    """Say what a recipe makes of what, and what that emits and costs."""
    recipe = words.catalogue.recipes[name]
    lines = [
        say(
            "Recipe {name} (`{id}`): {inputs} becomes {outputs}; "
            "{emission} and {price} for each tonne put in.",
            name=recipe.called(words.language),
            id=name,
            inputs=words.shares(recipe.inputs),
            outputs=words.shares(recipe.outputs),
            emission=words.amount(recipe.kg_co2e_per_t, "kg CO2e"),
            price=words.amount(recipe.dkk_per_t, "DKK"),
        )
    ]
    lines += [
        say("{what}: {figure}", what=label, figure=words.figure(figure))
        for label, figure in (
            *((words.material(one), share) for one, share in recipe.outputs.items()),
            (say("Emission of the plant"), recipe.kg_co2e_per_t),
            (say("Price of the plant"), recipe.dkk_per_t),
        )
    ]
    return lines


def _tell_uses(words: CatalogueWords, material: str) -> list[Message]:
    """Say what the material may serve, may serve under a condition, and what forbids it."""
    fits = words.catalogue.fits.get(material, {})
    lines = []
    allowed = serves(words.catalogue, material, "allowed")
    if allowed:
        lines.append(say("May serve: {uses}", uses=words.uses(allowed)))
    lines += [
        say(
            "May serve under a condition: {use} ({condition})",
            use=words.use(use),
            condition=words.listed(words.catalogue.conditions, fits[use].condition or ""),
        )
        for use in serves(words.catalogue, material, "conditional")
    ]
    forbidden = serves(words.catalogue, material, "forbidden")
    if forbidden:
        lines.append(say("A rule forbids: {uses}", uses=words.uses(forbidden)))
    if not lines:
        lines.append(say("May serve nothing: it goes to a receiver."))
    return lines
