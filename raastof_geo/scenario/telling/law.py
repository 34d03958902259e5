"""What the law in the catalogue says of a material: allowed, under a condition, or forbidden."""

from collections.abc import Iterator

from raastof_geo.language import Message, read_texts, say, translate
from raastof_geo.scenario.catalogue import Catalogue, Fit, LegalRegime, Ruling
from raastof_geo.scenario.telling.words import CatalogueWords


def find_verdict(catalogue: Catalogue, material: str, use: str, land: str) -> Ruling:
    """Give the stricter of the verdicts on the use and on the land.

    What no rule allows in a use is forbidden. A kind of land forbids by a rule only, and what is
    no soil may come to any.
    """
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    verdicts = {fit.verdict if fit else "forbidden", move.verdict if move else "allowed"}
    strictest: tuple[Ruling, ...] = ("forbidden", "conditional", "allowed")
    return next(one for one in strictest if one in verdicts)


def sort_uses(catalogue: Catalogue, material: str, land: str = "") -> dict[Ruling, list[str]]:
    """Give the uses that a rule has, by the verdict on a material; `land`: with its rules."""
    uses: dict[Ruling, list[str]] = {"allowed": [], "conditional": [], "forbidden": []}
    fits = catalogue.fits.get(material, {})
    for use in filter(fits.get, catalogue.uses):
        verdict = find_verdict(catalogue, material, use, land) if land else fits[use].verdict
        uses[verdict].append(use)
    return uses


def tell_consent(catalogue: Catalogue, condition: str) -> Message:
    """Say where whoever meets a condition writes it."""
    if catalogue.conditions[condition].per_need:
        return say("Whoever meets it writes it under `accepts` of the need.")
    return say("Whoever meets it writes it under `accepted_conditions`.")


def tell_dates(rule: Fit | LegalRegime) -> Message:
    """Say when a rule holds."""
    ends = {"from": rule.valid_from, "to": rule.valid_to}
    key = " ".join(name for name, day in ends.items() if day) or "always"
    return read_texts("law")[key].format(start=rule.valid_from, end=rule.valid_to)


def tell_moves(words: CatalogueWords, material: str, *lands: str) -> Iterator[Message]:
    """Say whether a material may come to kinds of land; nothing of what is no soil."""
    for land in lands:
        move = words.catalogue.soil_move(material, land)
        if move is not None:
            ruled = move.citation or move.verdict != "forbidden"
            yield read_texts("law")[f"move {move.verdict}" if ruled else "no rule"].format(
                soil=words.class_of(material),
                land=words.called("land", land),
                condition=move.condition and words.called("conditions", move.condition),
                **words.cited(move),
            )


def tell_law(words: CatalogueWords, material: str) -> Iterator[Message]:
    """Say which law the material comes under."""
    regime = words.catalogue.materials[material].legal_regime
    if regime is None:
        yield say("Law: the catalogue names none.")
        return
    law = words.catalogue.legal_regimes[regime]
    source = words.catalogue.cite(law.citation)
    yield say("Law: {law} ({source}).", law=law.called(words.language), source=source)
    if law.valid_from or law.valid_to:
        yield tell_dates(law)
    if law.note:
        yield say("Note: {note}", note=translate(law.note))
