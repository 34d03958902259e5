"""How the catalogue speaks: its names, figures and law; each entry, and what may serve what."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from raastof_geo.emissions.limit import SIZES
from raastof_geo.errors import InputError
from raastof_geo.evidence import STATES, tell_span, tell_unit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, Message, format_number, read_texts, say, translate
from raastof_geo.scenario.catalogue import Catalogue, Fit, LegalRegime, Ruled, Ruling
from raastof_geo.scenario.identity import Name, UnknownIdError, find_id, suggest
from raastof_geo.scenario.scenario import Need, Scenario, look_up

BESIDE = say("Where the national infrastructure tool has other figures than those used here:")
_MOST_DECIMALS = 5
_ENTRIES = {"fits": ("materials", "uses"), "recipes": ("recipes", "", "materials")}
"""Sections whose entries are those that the parts of a figure's path name; else its own."""


@lru_cache
def list_titles() -> dict[str, Message]:
    """List what figures are called, by their paths without the ids in them."""
    return read_texts("figures") | {f"vehicles.{size.name}": size.title for size in SIZES}


@dataclass(frozen=True)
class CatalogueWords:
    """Names and figures for one reader of one catalogue."""

    catalogue: Catalogue
    language: Language

    def read(self, words: Message | str) -> str:
        """Write words in the language of the reader."""
        return words if isinstance(words, str) else words.render(self.language)

    def called(self, section: str, one: str) -> str:
        """Name an entry of a section: in another language where it must be, else by its id."""
        entry = getattr(self.catalogue, section).get(one, {})
        names = getattr(entry, "name", entry)
        return (self.read(Name("", names)) if isinstance(names, Mapping) else "") or one

    def name_figure(self, path: str) -> str:
        """Name a figure by what it is and whose: `Pris ab grav: Fyldsand`; unknown: its path."""
        section, *rest = path.split(".")
        labels, fields, names = list_titles(), [section], list[str]()
        sections = _ENTRIES.get(section, (section,))
        for part, of in itertools.zip_longest(rest, sections, fillvalue=""):
            if part and part in getattr(self.catalogue, of, ()):
                label = labels.get(f"{of}.{part}")
                names.append(self.read(label) if label else self.called(of, part))
            else:
                fields.append(part)
        named = labels.get(".".join(filter(None, fields)))
        return ": ".join(filter(None, (self.read(named), ", ".join(names)))) if named else path

    def material(self, one: str) -> str:
        """Name a material."""
        return self.called("materials", one)

    def use(self, one: str) -> str:
        """Name a use."""
        return self.called("uses", one)

    def uses(self, names: Iterable[str]) -> str:
        """Name uses."""
        return ", ".join(map(self.use, names))

    def class_of(self, name: str) -> str:
        """Name the class of soil or the category of residue. Returns nothing where it has none."""
        if (material := self.catalogue.materials[name]).soil_class is not None:
            names = self.catalogue.soil_classes.get(material.soil_class, {})
            plain = say("class {number}", number=material.soil_class)
            return self.read(Name("", names)) or self.read(plain)
        if material.category is not None:
            return self.read(say("category {number}", number=material.category))
        return ""

    def cited(self, rule: Ruled) -> dict[str, str]:
        """Give the id of a rule and where it stands, for sentences."""
        return {"rule": rule.rule, "source": self.catalogue.cite(rule.citation)}

    def number(self, value: float) -> str:
        """Write a number with the decimals that it has. Returns at most five: more is noise."""
        decimals = f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]
        return format_number(value, digits=len(decimals), language=self.language)

    def figure(self, figure: Figure) -> str:
        """Write a figure with its unit, its source, its date and whether it was seen there."""
        note, ends = translate(figure.note).rstrip("."), {"low": figure.low, "high": figure.high}
        span: dict[str, Any] = {"price_year": figure.price_year, "indexed": figure.indexed}
        span |= {end: self.number(one) for end, one in ends.items() if one is not None}
        text = say("{value} {unit}{span} (source: {source}; {since}{until}{seen}){note}").format(
            value=self.number(figure.value),
            unit=tell_unit(figure.unit),
            span=tell_span(span),
            source=self.catalogue.cite(figure.source),
            since=say("valid from {date}; ", date=figure.valid_from) if figure.valid_from else "",
            until=say("valid to {date}; ", date=figure.valid_to) if figure.valid_to else "",
            seen=STATES[figure.evidence],
            note=say(" Note: {note}.", note=note) if note else "",
        )
        return text.render(self.language)

    def beside(self) -> Iterator[Message]:
        """Say where the national infrastructure tool has other figures than those used here."""
        for one in self.catalogue.beside.values():
            ours, theirs = one.ours.value, one.theirs.value
            yield say(
                "{name}: {ours} {unit} here, {theirs} in InfraLCA 3.1{note} ({change} %)",
                name=one.called(self.language),
                ours=self.number(ours),
                theirs=self.number(theirs),
                unit=tell_unit(one.ours.unit),
                note=f" – {note}" if (note := translate(one.theirs.note)) else "",
                change=format_number(100 * (ours / theirs - 1), language=self.language),
            )

    def shares(self, shares: Mapping[str, Figure]) -> str:
        """Write the tonnes of each material."""
        told = (f"{self.number(one.value)} t {self.material(name)}" for name, one in shares.items())
        return " + ".join(told)

    def tell_consent(self, condition: str) -> Message:
        """Say where whoever meets a condition writes it."""
        if self.catalogue.conditions[condition].per_need:
            return say("Whoever meets it writes it under `accepts` of the need.")
        return say("Whoever meets it writes it under `accepted_conditions`.")

    def tell_moves(self, material: str, *lands: str) -> Iterator[Message]:
        """Say whether a material may come to kinds of land; nothing of what is no soil."""
        for land in lands:
            if (move := self.catalogue.soil_move(material, land)) is not None:
                ruled = move.citation or not move.forbids
                yield read_texts("law")[f"move {move.verdict}" if ruled else "no rule"].format(
                    soil=self.class_of(material),
                    land=self.called("land", land),
                    condition=move.condition and self.called("conditions", move.condition),
                    **self.cited(move),
                )

    def tell_law(self, material: str) -> Iterator[Message]:
        """Say which law the material comes under."""
        if (regime := self.catalogue.materials[material].legal_regime) is None:
            yield say("Law: the catalogue names none.")
            return
        law = self.catalogue.legal_regimes[regime]
        source = self.catalogue.cite(law.citation)
        yield say("Law: {law} ({source}).", law=law.called(self.language), source=source)
        if law.valid_from or law.valid_to:
            yield tell_dates(law)
        if law.note:
            yield say("Note: {note}", note=translate(law.note))


def tell_dates(rule: Fit | LegalRegime) -> Message:
    """Say when a rule holds."""
    ends = {"from": rule.valid_from, "to": rule.valid_to}
    key = " ".join(name for name, day in ends.items() if day) or "always"
    return read_texts("law")[key].format(start=rule.valid_from, end=rule.valid_to)


_ORIGINS: dict[str, Message] = {"secondary": say("secondary"), "virgin": say("virgin")}


class CatalogueEntry(NamedTuple):
    """An entry: what to write, what people call it, and what it is for."""

    id: str
    name: str
    about: str = ""


def list_catalogue(catalogue: Catalogue, language: Language) -> dict[str, list[CatalogueEntry]]:
    """List materials, uses, recipes, conditions, kinds of land and trucks.

    Returns the entries of each section, below its title and where a scenario names them.
    """
    words, sections = CatalogueWords(catalogue, language), {}
    for key, title in read_texts("sections").items():
        where = words.read(read_texts("keys of sections")[key])
        told = ((one, words.read(_about(words, key, one))) for one in getattr(catalogue, key))
        rows = [CatalogueEntry(one, words.called(key, one), about) for one, about in told]
        sections[f"{words.read(title)} – {where}"] = rows
    return sections


def explain_entry(catalogue: Catalogue, given: str, language: Language) -> list[str]:
    """Tell all that is known of an id or name in any section. Returns lines, or raises."""
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


def _about(words: CatalogueWords, section: str, one: str) -> Message | str:
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
            told: Message | str = say("asked for in: {uses}", uses=asked) if asked else ""
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
    fits = words.catalogue.fits.get(material, {})
    allowed, conditional, forbidden = words.catalogue.sort_uses(material).values()
    if not fits:
        yield say("May serve nothing: it goes to a receiver.")
    if allowed:
        yield say("May serve: {uses}", uses=words.uses(allowed))
    for use in conditional:
        yield say("May serve under a condition: {use} ({condition})").format(
            use=words.use(use), condition=words.called("conditions", fits[use].condition or "")
        )
    if forbidden:
        yield say("A rule forbids: {uses}", uses=words.uses(forbidden))
    yield from words.tell_moves(material, *words.catalogue.land)


def _tell_figures(words: CatalogueWords, section: str, entry: Any) -> Iterator[Message]:
    """Say the figures of an entry of the catalogue, each with its source, behind what they are."""
    for path, label in list_titles().items():
        of, _, field = path.partition(".")
        known = of == section and field in type(entry).model_fields  # computed ones are none
        if known and isinstance(figure := getattr(entry, field), Figure):
            yield say("{what}: {figure}", what=label, figure=words.figure(figure))


def _tell_recipe(words: CatalogueWords, name: str) -> Iterator[Message]:
    recipe = words.catalogue.recipes[name]
    yield read_texts("glossary")["recipe"].format(
        id=name,
        name=words.called("recipes", name),
        inputs=words.shares(recipe.inputs),
        outputs=words.shares(recipe.outputs),
        emission=f"{words.number(recipe.kg_co2e_per_t.value)} kg CO2e",
        price=f"{words.number(recipe.dkk_per_t.value)} {tell_unit('DKK')}",
    )
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
    if allowed := ", ".join(names.get("allowed", ())):
        yield say("May be served by: {materials}", materials=allowed)
    yield from conditions
    if forbidden := ", ".join(names.get("forbidden", ())):
        yield say("A rule forbids it to: {materials}", materials=forbidden)


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
                yield read_texts("glossary")["lets soil"].format(**soil, **words.cited(move))


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
    "recipes": lambda *one: itertools.chain(
        _tell_recipe(*one), [read_texts("glossary")["a plant"]]
    ),
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
    """Say whether a material may serve a use and why, also of needs. Returns lines, or raises."""
    asked = [("materials", material), ("uses", use), ("land", land)]
    material, use, land = look_up(catalogue, asked)
    every = frozenset((*accepted, *(scenario.accepted_for_all if scenario else ())))
    question = _Question(catalogue, language, material, use, land, every)
    told = [*question.answer(), *(_tell_needs(scenario, question) if scenario else ())]
    return list(map(question.read, told))


@dataclass(frozen=True)
class _Question(CatalogueWords):
    """May this material serve this use on this kind of land, by the conditions accepted?"""

    given: str
    wanted: str
    land: str
    accepted: frozenset[str]

    @cached_property
    def names(self) -> dict[str, str]:
        """Returns what people call the material, the use and the land."""
        land = self.called("land", self.land)
        return {"material": self.material(self.given), "use": self.use(self.wanted), "land": land}

    def verdict(self, material: str = "", use: str = "") -> Ruling:
        """Judge the pair, or another material or another use here. Returns the verdict."""
        return self.catalogue.find_verdict(material or self.given, use or self.wanted, self.land)

    def answer(self) -> Iterator[Message]:
        fit = self.catalogue.fit(self.given, self.wanted)
        move = self.catalogue.soil_move(self.given, self.land)
        verdict = self.verdict()
        of_use, of_land = (rule.condition if rule else None for rule in (fit, move))
        accepted = verdict == "conditional" and {of_use, of_land} <= {None, *self.accepted}
        yield self._say("accepted" if accepted else verdict)
        yield from self._tell_fit(fit) if fit else [self._say("no rule")]
        if move is None:
            yield say("It is no soil, so the kind of land does not matter.")
        yield from self.tell_moves(self.given, self.land)
        if of_land != of_use:
            yield from self._tell_condition(of_land)
        yield from self.tell_law(self.given)
        if verdict == "forbidden":
            yield from self._tell_alternatives()

    def _tell_fit(self, fit: Fit) -> Iterator[Message]:
        yield self._say(f"rule {fit.verdict}", **self.cited(fit))
        yield tell_dates(fit)
        yield from self._tell_condition(fit.condition)
        if not fit.forbids:
            yield from self._tell_ratio(fit)

    def _say(self, key: str, **values: Any) -> Message:
        return read_texts("fit")[key].format(**self.names, **values)

    def _tell_condition(self, condition: str | None) -> Iterator[Message]:
        if condition is not None:
            words, how = self.called("conditions", condition), self.tell_consent(condition)
            key = "condition accepted" if condition in self.accepted else "condition"
            yield self._say(key, id=condition, words=words, how=how)

    def _tell_ratio(self, fit: Fit) -> Iterator[Message]:
        ratio = self.catalogue.ratio(self.given, self.wanted)
        tonnes = format_number(ratio, digits=3, language=self.language)
        reference = self.catalogue.uses[self.wanted].reference_material
        told = {"material": self.material(self.given), "reference": self.material(reference)}
        yield say("{tonnes} t of {material} replaces 1 t of {reference}.", tonnes=tonnes, **told)
        if fit.ratio is not None:
            yield say("The rule states this ratio: {figure}", figure=self.figure(fit.ratio))
            return
        both = (self.given, reference)
        density = {one: self.catalogue.materials[one].density_compacted for one in both}
        own, other = (self.number(density[one].value) for one in both)
        yield self._say("by volume", own=own, other=other)
        for one, figure in density.items():
            told = {"material": self.material(one), "figure": self.figure(figure)}
            yield say("Compacted density of {material}: {figure}", **told)

    def _tell_alternatives(self) -> Iterator[Message]:
        """Say what would do: another use; a plant before; other materials."""
        yield from self._tell_uses()
        for recipe in self.catalogue.recipes.values():
            for output in recipe.outputs if self.given in recipe.inputs else ():
                if self.verdict(material=output) != "forbidden":
                    made = recipe.called(self.language)
                    yield self._say("plant", recipe=made, output=self.material(output))
        for ruling in _RULINGS_FOR:
            alike = (one for one in self.catalogue.materials if self.verdict(one) == ruling)
            if names := ", ".join(map(self.material, alike)):
                yield self._say(f"materials {ruling}", materials=names)

    def _tell_uses(self) -> Iterator[Message]:
        """Say which lesser use the material may serve, never the reverse, and all that it may."""
        below = itertools.dropwhile(lambda one: one != self.wanted, FROM_BETTER_TO_LESSER)
        known = filter(self.catalogue.uses.get, below)
        lesser = (one for one in known if self.verdict(use=one) != "forbidden")
        for one in itertools.islice(lesser, 1):
            yield self._say("lesser", lesser=self.use(one))
        sorted_uses = self.catalogue.sort_uses(self.given, self.land)
        served = {ruling: uses for ruling in _RULINGS_FOR if (uses := sorted_uses[ruling])}
        for ruling, uses in served.items():
            yield self._say(f"uses {ruling}", uses=self.uses(uses))
        if not served:
            yield self._say("uses none")


def _tell_needs(scenario: Scenario, asked: _Question) -> Iterator[Message]:
    """Say of each need for the use that is unlike the question in what, and the answer for it."""
    for need in {need.name: need for need in scenario.needs if need.use == asked.wanted}.values():
        site, land = scenario.site_name(need.site), need.demand.land
        told = [*_tell_zones(scenario, asked.given, need)]
        conditions = {one.condition for one in scenario.rulings(asked.given, need.demand)}
        for condition in filter(conditions.__contains__, need.consents):
            by = f": {by}" if (by := need.consents[condition]) else ""
            accepts = say("{site} accepts `{condition}` for this need{by}.")
            told.append(accepts.format(site=site, condition=condition, by=by))
        if told or land != asked.land:
            yield from told
            block = scenario.blocks(asked.given, need.demand)
            answer = say("{site} (land: `{land}`): it may serve this need.")
            if block is not None:
                answer = say("{site} (land: `{land}`): not by rule {rule}.", rule=block.rule)
            yield answer.format(site=site, land=land)


def _tell_zones(scenario: Scenario, material: str, need: Need) -> Iterator[Message]:
    """Say which zones that a need lies in ask for a condition for a class of soil."""
    soil_class = scenario.catalogue.materials[material].soil_class
    for zone in need.demand.zones:
        if soil_class is not None and soil_class >= zone.soil_class:
            asks = {"number": zone.soil_class, "condition": zone.needs_condition}
            asks |= {"site": scenario.site_name(need.site), "rule": zone.rule}
            yield read_texts("fit")["zone"].format(source=zone.ruling.citation, **asks)
