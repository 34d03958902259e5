"""Tell whether a material may serve a use, and why."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from raastof_geo.language import Language, Message, format_number, read_texts, say
from raastof_geo.scenario.catalogue import Catalogue, Fit, Ruling
from raastof_geo.scenario.scenario import Need, Scenario, look_up
from raastof_geo.scenario.telling.words import CatalogueWords, tell_dates

FROM_BETTER_TO_LESSER = ("base_course", "sub_base", "fill", "noise_barrier")
"""Layers of falling demands: what may serve one of them may serve those after it."""
_RULINGS_FOR: tuple[Ruling, ...] = ("allowed", "conditional")


def explain_fit(
    catalogue: Catalogue,
    material: str,
    use: str,
    language: Language,
    *,
    land: str = "built_up",
    accepted: Collection[str] = (),
    scenario: Scenario | None = None,
) -> list[str]:
    """Say whether a material may serve a use and why, also of needs; else an `InputError`."""
    asked = [("materials", material), ("uses", use), ("land", land)]
    material, use, land = look_up(catalogue, asked)
    words = CatalogueWords(catalogue, language)
    if scenario is not None:
        accepted = (*accepted, *scenario.accepted_for_all)
    question = _Question(words, material, use, land, frozenset(accepted))
    told = [*question.answer(), *(_tell_needs(scenario, question) if scenario else ())]
    return list(map(words.read, told))


@dataclass(frozen=True)
class _Question:
    """May this material serve this use on this kind of land, by the conditions accepted?"""

    words: CatalogueWords
    material: str
    use: str
    land: str
    accepted: frozenset[str]

    @property
    def catalogue(self) -> Catalogue:
        return self.words.catalogue

    @cached_property
    def names(self) -> dict[str, str]:
        """What people call the material, the use and the land."""
        land = self.words.called("land", self.land)
        material, use = self.words.material(self.material), self.words.use(self.use)
        return {"material": material, "use": use, "land": land}

    def verdict(self, material: str = "", use: str = "") -> Ruling:
        """Give the verdict, or that on another material or another use here."""
        return self.catalogue.find_verdict(material or self.material, use or self.use, self.land)

    def answer(self) -> Iterator[Message]:
        """Say yes or no, and why."""
        fit = self.catalogue.fit(self.material, self.use)
        move = self.catalogue.soil_move(self.material, self.land)
        verdict = self.verdict()
        asked = {rule.condition for rule in (fit, move) if rule}
        accepted = verdict == "conditional" and asked <= {None, *self.accepted}
        yield self._say("accepted" if accepted else verdict)
        if fit is None:
            yield self._say("no rule")
        else:
            yield self._say(f"rule {fit.verdict}", **self.words.cited(fit))
            yield tell_dates(fit)
            yield from self._tell_condition(fit.condition)
            if fit.verdict != "forbidden":
                yield from self._tell_ratio(fit)
        if move is None:
            yield say("It is no soil, so the kind of land does not matter.")
        yield from self.words.tell_moves(self.material, self.land)
        if move is not None and (fit is None or move.condition != fit.condition):
            yield from self._tell_condition(move.condition)
        yield from self.words.tell_law(self.material)
        if verdict == "forbidden":
            yield from self._tell_lesser()
            yield from self._tell_other_uses()
            yield from self._tell_after_a_plant()
            yield from self._tell_other_materials()

    def _say(self, key: str, **values: Any) -> Message:
        return read_texts("fit")[key].format(**self.names, **values)

    def _tell_condition(self, condition: str | None) -> Iterator[Message]:
        if condition is not None:
            called = self.words.called("conditions", condition)
            how = self.words.tell_consent(condition)
            key = "condition accepted" if condition in self.accepted else "condition"
            yield self._say(key, id=condition, words=called, how=how)

    def _tell_ratio(self, fit: Fit) -> Iterator[Message]:
        words, reference = self.words, self.catalogue.uses[self.use].reference_material
        ratio = self.catalogue.ratio(self.material, self.use)
        yield say("{tonnes} t of {material} replaces 1 t of {reference}.").format(
            tonnes=format_number(ratio, digits=3, language=words.language),
            material=words.material(self.material),
            reference=words.material(reference),
        )
        if fit.ratio is not None:
            yield say("The rule states this ratio: {figure}", figure=words.figure(fit.ratio))
            return
        both = (self.material, reference)
        density = {one: self.catalogue.materials[one].density_compacted for one in both}
        own, other = (words.number(density[one].value) for one in both)
        yield self._say("by volume", own=own, other=other)
        for one, figure in density.items():
            yield say("Compacted density of {material}: {figure}").format(
                material=words.material(one), figure=words.figure(figure)
            )

    def _tell_lesser(self) -> Iterator[Message]:
        """Say that a better material serves a lesser use, and never the reverse."""
        below = itertools.dropwhile(lambda one: one != self.use, FROM_BETTER_TO_LESSER)
        known = filter(self.catalogue.uses.get, below)
        served = (one for one in known if self.verdict(use=one) != "forbidden")
        for one in itertools.islice(served, 1):
            yield self._say("lesser", lesser=self.words.use(one))

    def _tell_other_uses(self) -> Iterator[Message]:
        sorted_uses = self.catalogue.sort_uses(self.material, self.land)
        served = {ruling: uses for ruling in _RULINGS_FOR if (uses := sorted_uses[ruling])}
        for ruling, uses in served.items():
            yield self._say(f"uses {ruling}", uses=self.words.uses(uses))
        if not served:
            yield self._say("uses none")

    def _tell_after_a_plant(self) -> Iterator[Message]:
        for recipe in self.catalogue.recipes.values():
            for output in recipe.outputs if self.material in recipe.inputs else ():
                if self.verdict(material=output) != "forbidden":
                    named = {"output": self.words.material(output)}
                    yield self._say("plant", recipe=recipe.called(self.words.language), **named)

    def _tell_other_materials(self) -> Iterator[Message]:
        for ruling in _RULINGS_FOR:
            alike = (one for one in self.catalogue.materials if self.verdict(one) == ruling)
            if named := ", ".join(map(self.words.material, alike)):
                yield self._say(f"materials {ruling}", materials=named)


def _tell_needs(scenario: Scenario, question: _Question) -> Iterator[Message]:
    """Say of each need for the use that is unlike the question in what, and the answer for it."""
    for need in {need.name: need for need in scenario.needs if need.use == question.use}.values():
        told = [*_tell_zones(scenario, question, need), *_tell_consents(scenario, question, need)]
        if told or need.demand.land != question.land:
            names = {"site": scenario.site_name(need.site), "land": need.demand.land}
            block = scenario.blocks(question.material, need.demand)
            yield from told
            if block is None:
                yield say("{site} (land: `{land}`): it may serve this need.", **names)
            else:
                rule = block.rule
                yield say("{site} (land: `{land}`): not by rule {rule}.", rule=rule, **names)


def _tell_zones(scenario: Scenario, question: _Question, need: Need) -> Iterator[Message]:
    soil_class = scenario.catalogue.materials[question.material].soil_class
    for zone in need.demand.zones:
        if soil_class is not None and soil_class >= zone.soil_class:
            yield read_texts("fit")["zone"].format(
                site=scenario.site_name(need.site),
                rule=zone.rule,
                source=zone.ruling.citation,
                number=zone.soil_class,
                condition=zone.needs_condition,
            )


def _tell_consents(scenario: Scenario, question: _Question, need: Need) -> Iterator[Message]:
    asked = {one.condition for one in scenario.rulings(question.material, need.demand)}
    for condition, by in need.consents.items():
        if condition in asked:
            yield say("{site} accepts `{condition}` for this need{by}.").format(
                site=scenario.site_name(need.site), condition=condition, by=f": {by}" if by else ""
            )
