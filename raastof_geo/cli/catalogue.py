"""Of the catalogue: `raastof materials` and `raastof why`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from raastof_geo.cli.options import MATERIAL, Debug, Lang, OfScenario, argument, option
from raastof_geo.cli.terminal import tell, tell_item
from raastof_geo.language import say, spoken_language

if TYPE_CHECKING:
    from raastof_geo.scenario.catalogue import Catalogue


def tell_materials(
    entry: Annotated[
        str | None,
        argument(
            say(
                "A material, use, recipe, condition, kind of land or truck, by id or name; none: "
                "list all."
            ),
            say("ENTRY"),
        ),
    ] = None,
    *,
    of_scenario: OfScenario = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    """List what the catalogue holds, or tell all that is known of one entry."""
    from raastof_geo.scenario.telling.glossary import explain_entry, list_catalogue

    catalogue, _ = _catalogue_of(of_scenario)
    if entry is not None:
        for line in explain_entry(catalogue, entry, spoken_language()):
            tell_item(line, indent="")
        return
    for section in list_catalogue(catalogue, spoken_language()):
        tell_item(f"{section.title} – {section.where}", indent="")
        for row in section.rows:
            about = f" ({row.about})" if row.about else ""
            tell_item(f"{row.id}: {row.name}{about}")
        tell()
    tell_item(
        say("`raastof materials NAME` tells all that is known of one, by id or name."), indent=""
    )


def tell_fit(
    material: Annotated[str, argument(MATERIAL, say("MATERIAL"))],
    use: Annotated[str, argument(say("A use, by id or name."), say("USE"))],
    *,
    land: Annotated[
        str,
        option(
            "--land",
            say("The kind of land that the material comes to, by id or name."),
            say("LAND"),
        ),
    ] = "built_up",
    of_scenario: OfScenario = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    """Tell whether a material may serve a use, and by which rule."""
    from raastof_geo.scenario.telling.fit import explain_fit

    catalogue, accepted = _catalogue_of(of_scenario)
    lines = explain_fit(catalogue, material, use, spoken_language(), land=land, accepted=accepted)
    for line in lines:
        tell_item(line, indent="")


def _catalogue_of(scenario: Path | None) -> tuple[Catalogue, tuple[str, ...]]:
    """Give the catalogue, and the conditions accepted, of a scenario; or the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

    if scenario is None:
        return load_catalogue(), ()
    read = read_scenario(scenario, anywhere=True)
    return read.catalogue, read.said.accepted_conditions
