"""The words of a catalogue: its names, its figures with their sources, and what its law says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from raastof_geo.emissions.limit import SIZES
from raastof_geo.evidence import STATES, tell_span, tell_unit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, Message, format_number, read_texts, say, translate
from raastof_geo.scenario.catalogue import Catalogue, Fit, LegalRegime, Ruled
from raastof_geo.scenario.identity import Name

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
        for part, of in zip_longest(rest, _ENTRIES.get(section, (section,)), fillvalue=""):
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
        """Name the class of soil or the category of residue; nothing where it has none."""
        material = self.catalogue.materials[name]
        if material.soil_class is not None:
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
        """Write a number with the decimals that it has, at most five: more is noise."""
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
            move = self.catalogue.soil_move(material, land)
            if move is not None:
                ruled = move.citation or move.verdict != "forbidden"
                yield read_texts("law")[f"move {move.verdict}" if ruled else "no rule"].format(
                    soil=self.class_of(material),
                    land=self.called("land", land),
                    condition=move.condition and self.called("conditions", move.condition),
                    **self.cited(move),
                )

    def tell_law(self, material: str) -> Iterator[Message]:
        """Say which law the material comes under."""
        regime = self.catalogue.materials[material].legal_regime
        if regime is None:
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
