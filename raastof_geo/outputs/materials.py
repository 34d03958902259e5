"""Tell what the catalogue says of a material, and whether it may serve a use, with the reasons."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, Message, format_number, say
from raastof_geo.scenario.catalogue import Catalogue, Fit, SoilMove
from raastof_geo.scenario.lookup import look_up

FROM_BETTER_TO_LESSER = ("base_course", "sub_base", "fill", "noise_barrier")
"""Layers of falling demands: what may serve one of them may serve those after it."""

_MOST_DECIMALS = 5
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
    words = Words(catalogue, language)
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
    lines += words.law(material)
    lines += words.recipes_around(material)
    lines += words.uses_of(material)
    lines += [
        words.move(material, land, move)
        for land in catalogue.land
        if (move := catalogue.soil_move(material, land)) is not None
    ]
    return [line.render(language) for line in lines]


def explain_fit(
    catalogue: Catalogue,
    material: str,
    use: str,
    language: Language,
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
    words = Words(catalogue, language)
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    lines = [words.answer(material, use, land, accepted), words.verdict(material, use)]
    if fit is not None:
        lines.append(words.dates(fit.valid_from, fit.valid_to))
        lines += words.condition(fit, accepted)
        if fit.verdict != "forbidden":
            lines += words.ratio(material, use, fit)
    if move is None:
        lines.append(say("It is no soil, so the kind of land does not matter."))
    else:
        lines.append(words.move(material, land, move))
        if fit is None or move.condition != fit.condition:
            lines += words.condition(move, accepted)
    lines += words.law(material)
    if _verdict(catalogue, material, use, land) == "forbidden":
        lines += words.instead(material, use, land)
    return [line.render(language) for line in lines]


def _verdict(catalogue: Catalogue, material: str, use: str, land: str) -> str:
    """Give the stricter of the verdicts on the use and on the land."""
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    verdicts = {
        fit.verdict if fit is not None else "forbidden",
        move.verdict if move is not None else "allowed",
    }
    return next(one for one in ("forbidden", "conditional", "allowed") if one in verdicts)


def serves(catalogue: Catalogue, material: str, verdict: str, land: str | None = None) -> list[str]:
    """Give the uses that a material has a verdict in; on a kind of land where one is named."""
    fits = catalogue.fits.get(material, {})
    return [
        use
        for use in catalogue.uses
        if use in fits
        and (_verdict(catalogue, material, use, land) if land else fits[use].verdict) == verdict
    ]


@dataclass(frozen=True)
class Words:
    """Names, figures and sentences for one reader of one catalogue."""

    catalogue: Catalogue
    language: Language

    def material(self, name: str) -> str:
        """Name a material."""
        return self.catalogue.materials[name].called(self.language)

    def use(self, name: str) -> str:
        """Name a use."""
        return self.catalogue.uses[name].called(self.language)

    def uses(self, names: Iterable[str]) -> str:
        """Name uses."""
        return ", ".join(self.use(name) for name in names)

    def listed(self, names: dict[str, dict[str, str]], name: str) -> str:
        """Give a name of a section that holds nothing but names."""
        found = names.get(name, {})
        return found.get(self.language) or next(iter(found.values()), name)

    def called(self, section: str, name: str) -> str:
        """Give the name of an entry of any section."""
        names = self.catalogue.names(section)[name]
        return names.get(self.language) or next(iter(names.values()), name)

    def class_of(self, name: str) -> str:
        """Name the class of soil or the category of residue; nothing where it has none."""
        material = self.catalogue.materials[name]
        if material.soil_class is not None:
            names = self.catalogue.soil_classes.get(material.soil_class, {})
            plain = say("class {number}", number=material.soil_class).render(self.language)
            return names.get(self.language) or next(iter(names.values()), plain)
        if material.category is not None:
            return say("category {number}", number=material.category).render(self.language)
        return ""

    def regime(self, name: str) -> str:
        """Name the law that a material comes under; nothing where the catalogue names none."""
        regime = self.catalogue.materials[name].legal_regime
        if regime is None:
            return ""
        return self.catalogue.legal_regimes[regime].called(self.language)

    def number(self, value: float) -> str:
        """Write a number with the decimals that it has."""
        decimals = f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]
        return format_number(value, digits=len(decimals), language=self.language)

    def figure(self, figure: Figure) -> str:
        """Write a figure with its unit, its source, its date and whether it was seen there."""
        seen = say("seen in the source") if figure.verified else say("not verified")
        text = say(
            "{value} {unit} (source: {source}; {since}{seen}){note}",
            value=self.number(figure.value),
            unit=figure.unit,
            source=self.catalogue.cite(figure.source),
            since=say("valid from {date}; ", date=figure.valid_from) if figure.valid_from else "",
            seen=seen,
            note=say(" Note: {note}.", note=figure.note.rstrip(".")) if figure.note else "",
        )
        return text.render(self.language)

    def answer(self, material: str, use: str, land: str, accepted: Collection[str]) -> Message:
        """Say yes or no, everything taken together."""
        names = {
            "material": self.material(material),
            "use": self.use(use),
            "land": self.listed(self.catalogue.land, land),
        }
        verdict = _verdict(self.catalogue, material, use, land)
        if verdict == "forbidden":
            return say("No: {material} may not serve {use} (land: {land}).", **names)
        if verdict == "allowed":
            return say("Yes: {material} may serve {use} (land: {land}).", **names)
        rules = (self.catalogue.fit(material, use), self.catalogue.soil_move(material, land))
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

    def verdict(self, material: str, use: str) -> Message:
        """Say what the rule for the use is, and where it stands."""
        fit = self.catalogue.fit(material, use)
        names = {"material": self.material(material), "use": self.use(use)}
        if fit is None:
            return say(
                "No rule of the catalogue speaks of {material} in {use}, "
                "and what no rule allows is forbidden.",
                **names,
            )
        cited = {"rule": fit.rule, "source": self.catalogue.cite(fit.citation), **names}
        if fit.verdict == "allowed":
            return say("Rule {rule} allows {material} in {use}: {source}.", **cited)
        if fit.verdict == "conditional":
            return say(
                "Rule {rule} allows {material} in {use} under a condition: {source}.", **cited
            )
        return say("Rule {rule} forbids {material} in {use}: {source}.", **cited)

    def dates(self, start: datetime.date | None, end: datetime.date | None) -> Message:
        """Say when a rule holds."""
        if start and end:
            return say("The rule holds from {start} to {end}.", start=start, end=end)
        if start:
            return say("The rule holds from {start} until it is changed.", start=start)
        if end:
            return say("The rule holds until {end}.", end=end)
        return say("The rule has no dates: it holds until it is changed.")

    def condition(self, rule: Fit | SoilMove, accepted: Collection[str]) -> list[Message]:
        """Say which condition a rule makes, and whether it is accepted."""
        if rule.condition is None:
            return []
        words = self.listed(self.catalogue.conditions, rule.condition)
        if rule.condition in accepted:
            return [
                say("Condition `{id}`, accepted: {words}.", id=rule.condition, words=words),
            ]
        return [
            say(
                "Condition `{id}`, not accepted: {words}. "
                "Whoever meets it writes it under `accepted_conditions`.",
                id=rule.condition,
                words=words,
            )
        ]

    def ratio(self, material: str, use: str, fit: Fit) -> list[Message]:
        """Say how much of the material replaces a tonne, and how that came about."""
        reference = self.catalogue.uses[use].reference_material
        names = {"material": self.material(material), "reference": self.material(reference)}
        tonnes = format_number(
            self.catalogue.ratio(material, use), digits=3, language=self.language
        )
        lines = [
            say(
                "{tonnes} t of {material} replaces 1 t of {reference}.",
                tonnes=tonnes,
                **names,
            )
        ]
        if fit.ratio is not None:
            lines.append(say("The rule states this ratio: {figure}", figure=self.figure(fit.ratio)))
            return lines
        own = self.catalogue.materials[material].density_compacted
        other = self.catalogue.materials[reference].density_compacted
        lines.append(
            say(
                "A layer is filled by volume, so this is the ratio of the compacted densities: "
                "{own} over {other} t/m3.",
                own=self.number(own.value),
                other=self.number(other.value),
            )
        )
        lines += [
            say(
                "Compacted density of {material}: {figure}", material=name, figure=self.figure(seen)
            )
            for name, seen in ((names["material"], own), (names["reference"], other))
        ]
        return lines[: 3 if material == reference else 4]

    def move(self, material: str, land: str, move: SoilMove) -> Message:
        """Say whether soil of this class may come to a kind of land."""
        names = {
            "soil": self.class_of(material),
            "land": self.listed(self.catalogue.land, land),
            "rule": move.rule,
            "source": self.catalogue.cite(move.citation),
        }
        if move.verdict == "allowed":
            return say("Land ({land}): rule {rule} allows soil of {soil}: {source}.", **names)
        if move.condition is not None:
            return say(
                "Land ({land}): rule {rule} allows soil of {soil} under the condition "
                "{condition}: {source}.",
                condition=self.listed(self.catalogue.conditions, move.condition),
                **names,
            )
        if not move.citation:
            return say("Land ({land}): no rule lets soil of {soil} come here.", **names)
        return say("Land ({land}): rule {rule} forbids soil of {soil}: {source}.", **names)

    def law(self, material: str) -> list[Message]:
        """Say which law the material comes under."""
        regime = self.catalogue.materials[material].legal_regime
        if regime is None:
            return [say("Law: the catalogue names none.")]
        law = self.catalogue.legal_regimes[regime]
        names = {"law": law.called(self.language), "source": self.catalogue.cite(law.citation)}
        lines = [say("Law: {law} ({source}).", **names)]
        if law.valid_from or law.valid_to:
            lines.append(self.dates(law.valid_from, law.valid_to))
        if law.note:
            lines.append(say("Note: {note}", note=law.note))
        return lines

    def recipes_around(self, material: str) -> list[Message]:
        """Say which plants make the material, and what plants make of it."""
        return [
            line
            for name, recipe in self.catalogue.recipes.items()
            if material in recipe.inputs or material in recipe.outputs
            for line in self.recipe(name)
        ]

    def recipe(self, name: str) -> list[Message]:
        """Say what a recipe makes of what, and what that emits and costs."""
        recipe = self.catalogue.recipes[name]
        lines = [
            say(
                "Recipe {name} (`{id}`): {inputs} becomes {outputs}; "
                "{emission} and {price} for each tonne put in.",
                name=recipe.called(self.language),
                id=name,
                inputs=self.shares(recipe.inputs),
                outputs=self.shares(recipe.outputs),
                emission=self._plain(recipe.kg_co2e_per_t, "kg CO2e"),
                price=self._plain(recipe.dkk_per_t, "DKK"),
            )
        ]
        lines += [
            say("{what}: {figure}", what=label, figure=self.figure(figure))
            for label, figure in (
                *((self.material(one), share) for one, share in recipe.outputs.items()),
                (say("Emission of the plant"), recipe.kg_co2e_per_t),
                (say("Price of the plant"), recipe.dkk_per_t),
            )
        ]
        return lines

    def shares(self, shares: dict[str, Figure]) -> str:
        """Write the tonnes of each material."""
        return " + ".join(
            f"{self.number(share.value)} t {self.material(name)}" for name, share in shares.items()
        )

    def _plain(self, figure: Figure, unit: str) -> str:
        return f"{self.number(figure.value)} {unit}"

    def uses_of(self, material: str) -> list[Message]:
        """Say what the material may serve, may serve under a condition, and what forbids it."""
        fits = self.catalogue.fits.get(material, {})
        lines = []
        allowed = serves(self.catalogue, material, "allowed")
        if allowed:
            lines.append(say("May serve: {uses}", uses=self.uses(allowed)))
        lines += [
            say(
                "May serve under a condition: {use} ({condition})",
                use=self.use(use),
                condition=self.listed(self.catalogue.conditions, fits[use].condition or ""),
            )
            for use in serves(self.catalogue, material, "conditional")
        ]
        forbidden = serves(self.catalogue, material, "forbidden")
        if forbidden:
            lines.append(say("A rule forbids: {uses}", uses=self.uses(forbidden)))
        if not lines:
            lines.append(say("May serve nothing: it goes to a receiver."))
        return lines

    def instead(self, material: str, use: str, land: str) -> list[Message]:
        """Say what the material may do instead, and what may serve the use instead."""
        lines = self._lesser(material, use, land)
        names = {"material": self.material(material), "use": self.use(use)}
        freely = serves(self.catalogue, material, "allowed", land)
        bound = serves(self.catalogue, material, "conditional", land)
        if freely:
            lines.append(say("{material} may serve: {uses}.", uses=self.uses(freely), **names))
        if bound:
            lines.append(
                say(
                    "{material} may serve under a condition: {uses}.",
                    uses=self.uses(bound),
                    **names,
                )
            )
        if not freely and not bound:
            lines.append(
                say("{material} may serve nothing here: it goes to a plant or a receiver.", **names)
            )
        lines += self._after_a_plant(material, use, land)
        allowed, conditional = (self._able(use, land, one) for one in ("allowed", "conditional"))
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

    def _able(self, use: str, land: str, verdict: str) -> str:
        """Name the materials of a verdict in a use on a kind of land."""
        return ", ".join(
            self.material(name)
            for name in self.catalogue.materials
            if _verdict(self.catalogue, name, use, land) == verdict
        )

    def _lesser(self, material: str, use: str, land: str) -> list[Message]:
        """Say that a better material serves a lesser use, and never the reverse."""
        if use not in FROM_BETTER_TO_LESSER:
            return []
        below = FROM_BETTER_TO_LESSER[FROM_BETTER_TO_LESSER.index(use) + 1 :]
        reached = [
            one
            for one in below
            if one in self.catalogue.uses
            and _verdict(self.catalogue, material, one, land) != "forbidden"
        ]
        if not reached:
            return []
        return [
            say(
                "What serves a better use may serve a lesser one, never the reverse: "
                "{material} reaches no higher than {lesser}.",
                material=self.material(material),
                lesser=self.use(reached[0]),
            )
        ]

    def _after_a_plant(self, material: str, use: str, land: str) -> list[Message]:
        """Say which plant would make something of the material that may serve the use."""
        return [
            say(
                "A plant with the recipe {recipe} makes {output} of it, which may serve {use}.",
                recipe=recipe.called(self.language),
                output=self.material(output),
                use=self.use(use),
            )
            for recipe in self.catalogue.recipes.values()
            if material in recipe.inputs
            for output in recipe.outputs
            if _verdict(self.catalogue, output, use, land) != "forbidden"
        ]
