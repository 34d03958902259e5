"""List what a scenario may name, tell of any entry, and whether a material may serve a use."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from raastof_geo.errors import InputError
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import (
    Language,
    Message,
    Readable,
    format_number,
    read_texts,
    say,
    say_text,
)
from raastof_geo.scenario.catalogue import Catalogue, Fit, Ruling
from raastof_geo.scenario.identity import UnknownIdError, find_id, suggest
from raastof_geo.scenario.scenario import Scenario, look_up
from raastof_geo.scenario.telling.words import CatalogueWords, list_titles, tell_dates

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
        told = ((one, words.read(_about(words, key, one))) for one in getattr(catalogue, key))
        rows = (CatalogueEntry(one, words.called(key, one), about) for one, about in told)
        sections.append(CatalogueSection(words.read(title), where, tuple(rows)))
    return tuple(sections)


def explain_entry(catalogue: Catalogue, given: str, language: Language) -> list[str]:
    """Tell all that is known of an id or name in whatever section, or raise an `InputError`."""
    words, lines = CatalogueWords(catalogue, language), list[str]()
    every: dict[str, Mapping[str, str]] = {}
    for key, tell in _TELL.items():
        names = catalogue.names(key)
        with suppress(UnknownIdError):
            lines += map(words.read, tell(words, find_id(key, given, names)))
        every |= names
    if not lines:
        hint = suggest(given, every, listed=True)
        raise InputError.saying_text("glossary", "nothing known", given=f"`{given}`", hint=hint)
    return lines


def _about(words: CatalogueWords, section: str, one: str) -> Readable:
    """Say what an entry of a section is for, in the list."""
    catalogue = words.catalogue
    match section:
        case "materials":
            material = catalogue.materials[one]
            origin, regime = _ORIGINS[material.origin].render(words.language), material.legal_regime
            law = words.called("legal_regimes", regime) if regime else ""
            return ", ".join(filter(None, (origin, words.class_of(one), law)))
        case "uses":
            reference = words.material(catalogue.uses[one].reference_material)
            return say("tonnes of {material}", material=reference)
        case "recipes":
            recipe = catalogue.recipes[one]
            return f"{words.shares(recipe.inputs)} → {words.shares(recipe.outputs)}"
        case "conditions":
            asked = words.uses(sorted({use for _, use, _ in _asked_for(catalogue, one)}))
            told: Readable = say("asked for in: {uses}", uses=asked) if asked else ""
            if catalogue.conditions[one].per_need:
                told = say("a matter of each need; asked for in: {uses}", uses=asked)
            return told
        case "vehicles":
            truck = catalogue.vehicles[one]
            payload, gross = map(words.number, (truck.payload_t.value, truck.gross_t.value))
            sizes = {"payload": payload, "gross": gross}
            fuel = words.called("fuels", truck.fuel)
            return say("{payload} t load, {gross} t in all, {fuel}", fuel=fuel, **sizes)
    return ""


def _tell_material(words: CatalogueWords, material: str) -> Iterator[Message]:
    one, recipes = words.catalogue.materials[material], words.catalogue.recipes
    told = {"name": words.material(material), "id": material, "origin": _ORIGINS[one.origin]}
    yield say("{name} (`{id}`), {origin}", **told)
    if name := words.class_of(material):
        yield say("Class: {name}", name=name)
    yield from _tell_figures(words, "materials", one)
    yield from words.tell_law(material)
    for name, recipe in recipes.items():
        if material in recipe.inputs or material in recipe.outputs:
            yield from _tell_recipe(words, name)
    fits, uses = words.catalogue.fits.get(material, {}), words.catalogue.sort_uses(material)
    if not fits:
        yield say("May serve nothing: it goes to a receiver.")
    if uses["allowed"]:
        yield say("May serve: {uses}", uses=words.uses(uses["allowed"]))
    for use in uses["conditional"]:
        yield say("May serve under a condition: {use} ({condition})").format(
            use=words.use(use), condition=words.called("conditions", fits[use].condition or "")
        )
    if uses["forbidden"]:
        yield say("A rule forbids: {uses}", uses=words.uses(uses["forbidden"]))
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
    told = {"inputs": words.shares(recipe.inputs), "outputs": words.shares(recipe.outputs)}
    told["emission"] = f"{words.number(recipe.kg_co2e_per_t.value)} kg CO2e"
    told["price"] = f"{words.number(recipe.dkk_per_t.value)} {tell_unit('DKK')}"
    yield say_text("glossary", "recipe", name=words.called("recipes", name), id=name, **told)
    for one, share in recipe.outputs.items():
        yield say("{what}: {figure}", what=words.material(one), figure=words.figure(share))
    yield from _tell_figures(words, "recipes", recipe)


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


def _tell_condition(words: CatalogueWords, condition: str) -> Iterator[Message]:
    catalogue = words.catalogue
    told = {"name": words.called("conditions", condition), "how": words.tell_consent(condition)}
    yield say("{name} (`{id}`), a condition. {how}", id=condition, **told)
    for material, use, fit in _asked_for(catalogue, condition):
        served = {"material": words.material(material), "use": words.use(use)} | words.cited(fit)
        yield say("It lets {material} serve {use}: rule {rule}, {source}.", **served)
    for land, moves in catalogue.soil_moves.items():
        for number, move in moves.items():
            if move.condition == condition:
                soil = {"number": number, "land": words.called("land", land)}
                yield say_text("glossary", "lets soil", **soil, **words.cited(move))


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


_TELL: dict[str, Callable[[CatalogueWords, str], Iterator[Message]]] = {
    "materials": _tell_material,
    "uses": _tell_use,
    "recipes": lambda *one: itertools.chain(_tell_recipe(*one), [say_text("glossary", "a plant")]),
    "conditions": _tell_condition,
    "land": _tell_land,
    "vehicles": _tell_vehicle,
}
"""All that is known of an entry of each section."""

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
    for_all = scenario.accepted_for_all if scenario else ()
    question = _Question(words, material, use, land, frozenset((*accepted, *for_all)))
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
            yield from self._tell_alternatives()

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
            told = {"material": words.material(one), "figure": words.figure(figure)}
            yield say("Compacted density of {material}: {figure}", **told)

    def _tell_alternatives(self) -> Iterator[Message]:
        """Say what would do: a lesser use, never the reverse; a plant before; other materials."""
        below = itertools.dropwhile(lambda one: one != self.use, FROM_BETTER_TO_LESSER)
        known = filter(self.catalogue.uses.get, below)
        lesser = (one for one in known if self.verdict(use=one) != "forbidden")
        for one in itertools.islice(lesser, 1):
            yield self._say("lesser", lesser=self.words.use(one))
        sorted_uses = self.catalogue.sort_uses(self.material, self.land)
        served = {ruling: uses for ruling in _RULINGS_FOR if (uses := sorted_uses[ruling])}
        for ruling, uses in served.items():
            yield self._say(f"uses {ruling}", uses=self.words.uses(uses))
        if not served:
            yield self._say("uses none")
        for recipe in self.catalogue.recipes.values():
            for output in recipe.outputs if self.material in recipe.inputs else ():
                if self.verdict(material=output) != "forbidden":
                    named = {"output": self.words.material(output)}
                    yield self._say("plant", recipe=recipe.called(self.words.language), **named)
        for ruling in _RULINGS_FOR:
            alike = (one for one in self.catalogue.materials if self.verdict(one) == ruling)
            if names := ", ".join(map(self.words.material, alike)):
                yield self._say(f"materials {ruling}", materials=names)


def _tell_needs(scenario: Scenario, question: _Question) -> Iterator[Message]:
    """Say of each need for the use that is unlike the question in what, and the answer for it."""
    soil_class = scenario.catalogue.materials[question.material].soil_class
    for need in {need.name: need for need in scenario.needs if need.use == question.use}.values():
        site, land, told = scenario.site_name(need.site), need.demand.land, list[Message]()
        for zone in need.demand.zones:
            if soil_class is not None and soil_class >= zone.soil_class:
                where = {"site": site, "rule": zone.rule, "source": zone.ruling.citation}
                asks = {"number": zone.soil_class, "condition": zone.needs_condition}
                told.append(read_texts("fit")["zone"].format(**where, **asks))
        asked = {one.condition for one in scenario.rulings(question.material, need.demand)}
        for condition in filter(asked.__contains__, need.consents):
            by = f": {by}" if (by := need.consents[condition]) else ""
            accepts = say("{site} accepts `{condition}` for this need{by}.")
            told.append(accepts.format(site=site, condition=condition, by=by))
        if told or land != question.land:
            yield from told
            block = scenario.blocks(question.material, need.demand)
            answer = say("{site} (land: `{land}`): it may serve this need.")
            if block is not None:
                answer = say("{site} (land: `{land}`): not by rule {rule}.", rule=block.rule)
            yield answer.format(site=site, land=land)
