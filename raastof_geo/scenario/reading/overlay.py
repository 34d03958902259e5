"""A scenario's own entries of the catalogue, with ids where names of materials were written.

Entries are laid over the built-in ones key by key, so that a rule under a name has to come under
its id first.
"""

from collections.abc import Mapping
from typing import Any

from raastof_geo.scenario.catalogue import read_builtin_tree
from raastof_geo.scenario.identity import Names, id_or_word, names_in
from raastof_geo.scenario.reading.tree import Trail, Tree, merge_values

_KEYED_BY = {"fits": ("materials", "uses"), "soil_moves": ("land",)}
"""What the keys of a section, and of the mappings in it, are ids of."""
_RECIPE_SIDES = ("inputs", "outputs")


def write_ids(own: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    """Give a scenario's own entries by id, or unknown name; the tree knows their places."""
    below = read_builtin_tree().values
    known = {
        section: names_in(merge_values({"": below[section]}, {"": own.get(section, {})})[""])
        for section in ("materials", "uses", "land")
    }
    written = dict(own)
    for section, keyed_by in _KEYED_BY.items():
        if section in own:
            written[section] = _rekey(own[section], ("catalogue", section), keyed_by, known, tree)
    recipes = own.get("recipes")
    if isinstance(recipes, Mapping):
        written["recipes"] = {
            name: _recipe(recipe, ("catalogue", "recipes", name), known, tree)
            for name, recipe in recipes.items()
        }
    return written


def _recipe(recipe: Any, trail: Trail, known: Mapping[str, Names], tree: Tree) -> Any:
    if not isinstance(recipe, Mapping):
        return recipe
    return {
        key: _rekey(value, (*trail, key), ("materials",), known, tree)
        if key in _RECIPE_SIDES
        else value
        for key, value in recipe.items()
    }


def _rekey(
    part: Any, trail: Trail, keyed_by: tuple[str, ...], known: Mapping[str, Names], tree: Tree
) -> Any:
    """Write a mapping with ids as keys; one that is there already or unknown stays as it is."""
    if not isinstance(part, Mapping) or not keyed_by:
        return part
    written: dict[str, Any] = {}
    for key, value in part.items():
        id_ = id_or_word(keyed_by[0], str(key), known[keyed_by[0]])
        if id_ in part:
            id_ = key
        if id_ != key:
            tree.repeat(tree, (*trail, key), (*trail, id_))
        written[id_] = _rekey(value, (*trail, id_), keyed_by[1:], known, tree)
    return written
