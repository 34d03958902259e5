"""Tell all that the catalogue knows of a material."""

from collections.abc import Iterable, Iterator
from typing import Any

from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import Message, Readable, say
from raastof_geo.scenario.telling.law import serves, tell_law, tell_moves
from raastof_geo.scenario.telling.words import CatalogueWords, list_titles

ORIGINS: dict[str, Message] = {"secondary": say("secondary"), "virgin": say("virgin")}


def tell_material(words: CatalogueWords, material: str) -> Iterator[Message]:
    """Say everything about the material of an id."""
    one, recipes = words.catalogue.materials[material], words.catalogue.recipes
    yield say("{name} (`{id}`), {origin}").format(
        name=words.material(material), id=material, origin=ORIGINS[one.origin]
    )
    if words.class_of(material):
        yield say("Class: {name}", name=words.class_of(material))
    yield from tell_figures(words, label_figures("materials", one))
    yield from tell_law(words, material)
    for name, recipe in recipes.items():
        if material in recipe.inputs or material in recipe.outputs:
            yield from tell_recipe(words, name)
    yield from _tell_uses(words, material)
    yield from tell_moves(words, material, *words.catalogue.land)


def label_figures(section: str, entry: Any) -> Iterator[tuple[Readable, Figure]]:
    """Give the figures of an entry of the catalogue, each with what it is called."""
    for path, label in list_titles().items():
        of, _, field = path.partition(".")
        known = of == section and field in type(entry).model_fields  # computed ones are none
        if known and isinstance(figure := getattr(entry, field), Figure):
            yield label, figure


def tell_figures(
    words: CatalogueWords, figures: Iterable[tuple[Readable, Figure]]
) -> Iterator[Message]:
    """Say figures, each with its source, behind what they are."""
    for label, figure in figures:
        yield say("{what}: {figure}", what=label, figure=words.figure(figure))


def tell_recipe(words: CatalogueWords, name: str) -> Iterator[Message]:
    """Say what a recipe makes of what, and what that emits and costs."""
    recipe = words.catalogue.recipes[name]
    yield say(
        "Recipe {name} (`{id}`): {inputs} becomes {outputs}; "
        "{emission} and {price} for each tonne put in.",
        name=words.called("recipes", name),
        id=name,
        inputs=words.shares(recipe.inputs),
        outputs=words.shares(recipe.outputs),
        emission=f"{words.number(recipe.kg_co2e_per_t.value)} kg CO2e",
        price=f"{words.number(recipe.dkk_per_t.value)} {tell_unit('DKK')}",
    )
    yield from tell_figures(
        words,
        (
            *((words.material(one), share) for one, share in recipe.outputs.items()),
            *label_figures("recipes", recipe),
        ),
    )


def _tell_uses(words: CatalogueWords, material: str) -> Iterator[Message]:
    fits = words.catalogue.fits.get(material, {})
    if not fits:
        yield say("May serve nothing: it goes to a receiver.")
    if allowed := serves(words.catalogue, material, "allowed"):
        yield say("May serve: {uses}", uses=words.uses(allowed))
    for use in serves(words.catalogue, material, "conditional"):
        yield say("May serve under a condition: {use} ({condition})").format(
            use=words.use(use), condition=words.called("conditions", fits[use].condition or "")
        )
    if forbidden := serves(words.catalogue, material, "forbidden"):
        yield say("A rule forbids: {uses}", uses=words.uses(forbidden))
