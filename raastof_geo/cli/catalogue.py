"""Of the catalogue: `raastof materials` and `raastof why`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from raastof_geo.cli.options import MATERIAL, OfScenario, argument, option
from raastof_geo.cli.terminal import tell, tell_item
from raastof_geo.language import say, spoken_language

if TYPE_CHECKING:
    from raastof_geo.scenario.catalogue import Catalogue
    from raastof_geo.scenario.scenario import Scenario


def tell_materials(
    entry: Annotated[str | None, argument(value=say("ENTRY"))] = None,
    *,
    of_scenario: OfScenario = None,
) -> None:
    """List what the catalogue holds, or tell all that is known of one entry."""
    from raastof_geo.scenario.telling.glossary import explain_entry, list_catalogue

    catalogue, _ = _open(of_scenario)
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
    material: Annotated[str, argument(value=MATERIAL)],
    use: Annotated[str, argument(value=say("USE"))],
    *,
    land: Annotated[str, option("--land", value=say("LAND"))] = "built_up",
    of_scenario: OfScenario = None,
) -> None:
    """Tell whether a material may serve a use, and by which rule."""
    from raastof_geo.scenario.telling.fit import explain_fit

    catalogue, scenario = _open(of_scenario)
    for line in explain_fit(
        catalogue, material, use, spoken_language(), land=land, scenario=scenario
    ):
        tell_item(line, indent="")


def _open(file: Path | None) -> tuple[Catalogue, Scenario | None]:
    """Give the catalogue of a scenario beside it, or where there is none, the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

    if file is None:
        return load_catalogue(), None
    scenario = read_scenario(file, anywhere=True)
    return scenario.catalogue, scenario
