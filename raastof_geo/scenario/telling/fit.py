"""Tell whether a material may serve a use, and why."""

from __future__ import annotations

from collections.abc import Collection

from raastof_geo.language import Language, Message, format_number, say
from raastof_geo.scenario.catalogue import Catalogue, Fit, SoilMove
from raastof_geo.scenario.lookup import look_up
from raastof_geo.scenario.telling.law import (
    Ruling,
    find_verdict,
    serves,
    tell_dates,
    tell_law,
    tell_move,
)
from raastof_geo.scenario.telling.words import CatalogueWords

FROM_BETTER_TO_LESSER = ("base_course", "sub_base", "fill", "noise_barrier")
"""Layers of falling demands: what may serve one of them may serve those after it."""


def explain_fit(
    catalogue: Catalogue,
    material: str,
    use: str,
    language: Language,
    *,
    land: str = "built_up",
    accepted: Collection[str] = (),
) -> list[str]:
    """Say whether a material may serve a use on a kind of land, and why, a sentence a line.

    Parameters
    ----------
    accepted
        The conditions that are accepted.

    Raises
    ------
    InputError
        There is no such material, use or kind of land.
    """
    material, use, land = look_up(
        catalogue, [("materials", material), ("uses", use), ("land", land)]
    )
    words = CatalogueWords(catalogue, language)
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    lines = [_answer(words, material, use, land, accepted), _tell_rule(words, material, use)]
    if fit is not None:
        lines.append(tell_dates(words, fit.valid_from, fit.valid_to))
        lines += _tell_condition(words, fit, accepted)
        if fit.verdict != "forbidden":
            lines += _tell_ratio(words, material, use, fit)
    if move is None:
        lines.append(say("It is no soil, so the kind of land does not matter."))
    else:
        lines.append(tell_move(words, material, land, move))
        if fit is None or move.condition != fit.condition:
            lines += _tell_condition(words, move, accepted)
    lines += tell_law(words, material)
    if find_verdict(catalogue, material, use, land) == "forbidden":
        lines += _tell_instead(words, material, use, land)
    return [line.render(language) for line in lines]


def _answer(
    words: CatalogueWords, material: str, use: str, land: str, accepted: Collection[str]
) -> Message:
    """Say yes or no, everything taken together."""
    names = {
        "material": words.material(material),
        "use": words.use(use),
        "land": words.listed(words.catalogue.land, land),
    }
    verdict = find_verdict(words.catalogue, material, use, land)
    if verdict == "forbidden":
        return say("No: {material} may not serve {use} (land: {land}).", **names)
    if verdict == "allowed":
        return say("Yes: {material} may serve {use} (land: {land}).", **names)
    rules = (words.catalogue.fit(material, use), words.catalogue.soil_move(material, land))
    asked = {rule.condition for rule in rules if rule is not None and rule.condition}
    if asked <= set(accepted):
        return say(
            "Yes: {material} may serve {use} (land: {land}), as its condition is accepted.",
            **names,
        )
    return say(
        "Not yet: {material} may serve {use} (land: {land}) once its condition is accepted.",
        **names,
    )


def _tell_rule(words: CatalogueWords, material: str, use: str) -> Message:
    """Say what the rule for the use is, and where it stands."""
    fit = words.catalogue.fit(material, use)
    names = {"material": words.material(material), "use": words.use(use)}
    if fit is None:
        return say(
            "No rule of the catalogue speaks of {material} in {use}, "
            "and what no rule allows is forbidden.",
            **names,
        )
    cited = {"rule": fit.rule, "source": words.catalogue.cite(fit.citation), **names}
    if fit.verdict == "allowed":
        return say("Rule {rule} allows {material} in {use}: {source}.", **cited)
    if fit.verdict == "conditional":
        return say("Rule {rule} allows {material} in {use} under a condition: {source}.", **cited)
    return say("Rule {rule} forbids {material} in {use}: {source}.", **cited)


def _tell_condition(
    words: CatalogueWords, rule: Fit | SoilMove, accepted: Collection[str]
) -> list[Message]:
    """Say which condition a rule makes, and whether it is accepted."""
    if rule.condition is None:
        return []
    asked = words.listed(words.catalogue.conditions, rule.condition)
    if rule.condition in accepted:
        return [
            say("Condition `{id}`, accepted: {words}.", id=rule.condition, words=asked),
        ]
    return [
        say(
            "Condition `{id}`, not accepted: {words}. "
            "Whoever meets it writes it under `accepted_conditions`.",
            id=rule.condition,
            words=asked,
        )
    ]


def _tell_ratio(words: CatalogueWords, material: str, use: str, fit: Fit) -> list[Message]:
    """Say how much of the material replaces a tonne, and how that came about."""
    reference = words.catalogue.uses[use].reference_material
    names = {"material": words.material(material), "reference": words.material(reference)}
    tonnes = format_number(words.catalogue.ratio(material, use), digits=3, language=words.language)
    lines = [
        say(
            "{tonnes} t of {material} replaces 1 t of {reference}.",
            tonnes=tonnes,
            **names,
        )
    ]
    if fit.ratio is not None:
        lines.append(say("The rule states this ratio: {figure}", figure=words.figure(fit.ratio)))
        return lines
    own = words.catalogue.materials[material].density_compacted
    other = words.catalogue.materials[reference].density_compacted
    lines.append(
        say(
            "A layer is filled by volume, so this is the ratio of the compacted densities: "
            "{own} over {other} t/m3.",
            own=words.number(own.value),
            other=words.number(other.value),
        )
    )
    lines += [
        say("Compacted density of {material}: {figure}", material=name, figure=words.figure(seen))
        for name, seen in ((names["material"], own), (names["reference"], other))
    ]
    return lines[: 3 if material == reference else 4]


def _tell_instead(words: CatalogueWords, material: str, use: str, land: str) -> list[Message]:
    """Say what the material may do instead, and what may serve the use instead."""
    lines = _tell_lesser(words, material, use, land)
    names = {"material": words.material(material), "use": words.use(use)}
    freely = serves(words.catalogue, material, "allowed", land)
    bound = serves(words.catalogue, material, "conditional", land)
    if freely:
        lines.append(say("{material} may serve: {uses}.", uses=words.uses(freely), **names))
    if bound:
        lines.append(
            say(
                "{material} may serve under a condition: {uses}.",
                uses=words.uses(bound),
                **names,
            )
        )
    if not freely and not bound:
        lines.append(
            say("{material} may serve nothing here: it goes to a plant or a receiver.", **names)
        )
    lines += _tell_after_a_plant(words, material, use, land)
    allowed, conditional = (_name_able(words, use, land, one) for one in ("allowed", "conditional"))
    if allowed:
        lines.append(say("{use} may be served by: {materials}.", materials=allowed, **names))
    if conditional:
        lines.append(
            say(
                "{use} may be served under a condition by: {materials}.",
                materials=conditional,
                **names,
            )
        )
    return lines


def _name_able(words: CatalogueWords, use: str, land: str, verdict: Ruling) -> str:
    """Name the materials of a verdict in a use on a kind of land."""
    return ", ".join(
        words.material(name)
        for name in words.catalogue.materials
        if find_verdict(words.catalogue, name, use, land) == verdict
    )


def _tell_lesser(words: CatalogueWords, material: str, use: str, land: str) -> list[Message]:
    """Say that a better material serves a lesser use, and never the reverse."""
    if use not in FROM_BETTER_TO_LESSER:
        return []
    below = FROM_BETTER_TO_LESSER[FROM_BETTER_TO_LESSER.index(use) + 1 :]
    reached = [
        one
        for one in below
        if one in words.catalogue.uses
        and find_verdict(words.catalogue, material, one, land) != "forbidden"
    ]
    if not reached:
        return []
    return [
        say(
            "What serves a better use may serve a lesser one, never the reverse: "
            "{material} reaches no higher than {lesser}.",
            material=words.material(material),
            lesser=words.use(reached[0]),
        )
    ]


def _tell_after_a_plant(words: CatalogueWords, material: str, use: str, land: str) -> list[Message]:
    """Say which plant would make something of the material that may serve the use."""
    return [
        say(
            "A plant with the recipe {recipe} makes {output} of it, which may serve {use}.",
            recipe=recipe.called(words.language),
            output=words.material(output),
            use=words.use(use),
        )
        for recipe in words.catalogue.recipes.values()
        if material in recipe.inputs
        for output in recipe.outputs
        if find_verdict(words.catalogue, output, use, land) != "forbidden"
    ]
