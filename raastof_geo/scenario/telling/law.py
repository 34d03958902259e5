"""What the law in the catalogue says of a material: allowed, under a condition, or forbidden."""

from __future__ import annotations

import datetime
from typing import Literal, TypeAlias

from raastof_geo.language import Message, say
from raastof_geo.scenario.catalogue import Catalogue, SoilMove
from raastof_geo.scenario.telling.words import CatalogueWords

Ruling: TypeAlias = Literal["allowed", "conditional", "forbidden"]


def find_verdict(catalogue: Catalogue, material: str, use: str, land: str) -> Ruling:
    """Give the stricter of the verdicts on the use and on the land.

    Returns
    -------
    ruling
        `forbidden` where no rule speaks of the use: what no rule allows is forbidden. A kind of
        land forbids by a rule only, and what is no soil may come to any.
    """
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    verdicts: set[Ruling] = {
        fit.verdict if fit is not None else "forbidden",
        move.verdict if move is not None else "allowed",
    }
    strictest: tuple[Ruling, ...] = ("forbidden", "conditional", "allowed")
    return next(one for one in strictest if one in verdicts)


def serves(
    catalogue: Catalogue, material: str, verdict: Ruling, land: str | None = None
) -> list[str]:
    """Give the uses that a material has a verdict in.

    Parameters
    ----------
    land
        A kind of land whose rules count as well; none: those on the use alone.

    Returns
    -------
    uses
        In the order of the catalogue; those without a rule are in none of the three lists.
    """
    fits = catalogue.fits.get(material, {})
    return [
        use
        for use in catalogue.uses
        if use in fits
        and (find_verdict(catalogue, material, use, land) if land else fits[use].verdict) == verdict
    ]


def tell_dates(
    words: CatalogueWords, start: datetime.date | None, end: datetime.date | None
) -> Message:
    """Say when a rule holds."""
    if start and end:
        return say("The rule holds from {start} to {end}.", start=start, end=end)
    if start:
        return say("The rule holds from {start} until it is changed.", start=start)
    if end:
        return say("The rule holds until {end}.", end=end)
    return say("The rule has no dates: it holds until it is changed.")


def tell_move(words: CatalogueWords, material: str, land: str, move: SoilMove) -> Message:
    """Say whether soil of this class may come to a kind of land."""
    names = {
        "soil": words.class_of(material),
        "land": words.listed(words.catalogue.land, land),
        "rule": move.rule,
        "source": words.catalogue.cite(move.citation),
    }
    if move.verdict == "allowed":
        return say("Land ({land}): rule {rule} allows soil of {soil}: {source}.", **names)
    if move.condition is not None:
        return say(
            "Land ({land}): rule {rule} allows soil of {soil} under the condition "
            "{condition}: {source}.",
            condition=words.listed(words.catalogue.conditions, move.condition),
            **names,
        )
    if not move.citation:
        return say("Land ({land}): no rule lets soil of {soil} come here.", **names)
    return say("Land ({land}): rule {rule} forbids soil of {soil}: {source}.", **names)


def tell_law(words: CatalogueWords, material: str) -> list[Message]:
    """Say which law the material comes under."""
    regime = words.catalogue.materials[material].legal_regime
    if regime is None:
        return [say("Law: the catalogue names none.")]
    law = words.catalogue.legal_regimes[regime]
    names = {"law": law.called(words.language), "source": words.catalogue.cite(law.citation)}
    lines = [say("Law: {law} ({source}).", **names)]
    if law.valid_from or law.valid_to:
        lines.append(tell_dates(words, law.valid_from, law.valid_to))
    if law.note:
        lines.append(say("Note: {note}", note=law.note))
    return lines
