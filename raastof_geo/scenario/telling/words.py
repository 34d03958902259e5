"""The words of a catalogue: what its entries are called, and its figures with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from raastof_geo.figures.figure import Figure
from raastof_geo.language import Language, format_number, say
from raastof_geo.scenario.catalogue import Catalogue

_MOST_DECIMALS = 5


@dataclass(frozen=True)
class CatalogueWords:
    """Names and figures for one reader of one catalogue."""

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

    def listed(self, names: Mapping[str, Mapping[str, str]], name: str) -> str:
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
        """Write a number with the decimals that it has.

        Returns
        -------
        text
            At most five of them: more is noise of arithmetic and not in any source.
        """
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

    def amount(self, figure: Figure, unit: str) -> str:
        """Write a figure and a unit alone."""
        return f"{self.number(figure.value)} {unit}"

    def shares(self, shares: Mapping[str, Figure]) -> str:
        """Write the tonnes of each material."""
        return " + ".join(
            f"{self.number(share.value)} t {self.material(name)}" for name, share in shares.items()
        )
