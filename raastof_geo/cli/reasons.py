"""What is known, and why it is so: `raastof materials`, `why`, `why-not` and `route`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raastof_geo.cli.options import FILE, Anywhere, OfScenario, ScenarioPath, argument, option
from raastof_geo.cli.terminal import asked_in, in_speech_of, tell, tell_items, telling
from raastof_geo.language import say, spoken_language

if TYPE_CHECKING:
    from raastof_geo.scenario.catalogue import Catalogue
    from raastof_geo.scenario.scenario import Scenario

_MATERIAL = say("MATERIAL")


def tell_materials(
    entry: Annotated[str | None, argument(value=say("ENTRY"))] = None,
    *,
    of_scenario: OfScenario = None,
) -> None:
    """List what the catalogue holds, or tell all that is known of one entry."""
    from raastof_geo.scenario.telling.glossary import explain_entry, list_catalogue

    catalogue, _ = _open(of_scenario)
    if entry is not None:
        tell_items(*explain_entry(catalogue, entry, spoken_language()))
        return
    for section in list_catalogue(catalogue, spoken_language()):
        tell_items(f"{section.title} – {section.where}")
        for row in section.rows:
            about = f" ({row.about})" if row.about else ""
            tell_items(f"{row.id}: {row.name}{about}", indent="  ")
        tell()
    tell_items(say("`raastof materials NAME` tells all that is known of one, by id or name."))


def tell_fit(
    material: Annotated[str, argument(value=_MATERIAL)],
    use: Annotated[str, argument(value=say("USE"))],
    *,
    land: Annotated[str, option("--land", value=say("LAND"))] = "built_up",
    of_scenario: OfScenario = None,
) -> None:
    """Tell whether a material may serve a use, and by which rule."""
    from raastof_geo.scenario.telling.fit import explain_fit

    known, scenario = _open(of_scenario)
    tell_items(*explain_fit(known, material, use, spoken_language(), land=land, scenario=scenario))


def _open(file: Path | None) -> tuple[Catalogue, Scenario | None]:
    """Give the catalogue of a scenario beside it, or where there is none, the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

    if file is None:
        return load_catalogue(), None
    scenario = read_scenario(file, anywhere=True)
    return scenario.catalogue, scenario


def tell_why_not(
    context: typer.Context,
    scenario: ScenarioPath,
    giver: Annotated[str, argument(value=say("GIVER"))],
    taker: Annotated[str, argument(value=say("TAKER"))],
    material: Annotated[str | None, argument(value=_MATERIAL)] = None,
    *,
    anywhere: Anywhere = False,
) -> None:
    """Tell why one site does not send to another, equal reasons once."""
    from raastof_geo.assignment import explain_why_not
    from raastof_geo.pipeline import place_scenario, plan_scenario, read_for_roads
    from raastof_geo.scenario.lookup import look_up

    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked_in(context), tell=note)
        named = [("sites", giver), ("sites", taker)]
        named += [("materials", material)] if material else []
        giver, taker, *materials = look_up(read, named)
        network, anchors = place_scenario(read, tell=note)
        plan = plan_scenario(read, network, anchors, tell=note)
    with in_speech_of(read):
        reasons = explain_why_not(plan, giver, taker, *materials)
        for message, times in Counter(str(reason.message) for reason in reasons).items():
            tell_items(message if times == 1 else f"{message} (×{times})")


def tell_route(
    context: typer.Context,
    scenario: ScenarioPath,
    origin: Annotated[str, argument(value=say("FROM"))],
    destination: Annotated[str, argument(value=say("TO"))],
    *,
    vehicle: Annotated[str | None, option("--vehicle", value=say("TRUCK"))] = None,
    period: Annotated[str | None, option("--period", value=say("PERIOD"))] = None,
    map_file: Annotated[Path | None, option("--map", value=FILE)] = None,
    no_plan: Annotated[bool, option("--no-plan")] = False,
    anywhere: Anywhere = False,
) -> None:
    """Tell why a truck goes the way it goes, and draw it."""
    from raastof_geo.legs.detour import explain_route, find_leg
    from raastof_geo.legs.roads import RoadPrices
    from raastof_geo.outputs.pages.route import explain_detour, write_route
    from raastof_geo.pipeline import place_scenario, plan_scenario, read_for_roads
    from raastof_geo.roads.routing.router import place_stops

    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked_in(context), tell=note)
        start, goal, truck, when = find_leg(read, origin, destination, vehicle, period)
        network, anchors = place_scenario(read, tell=note)
        plan = None if no_plan else plan_scenario(read, network, anchors, tell=note)
        driven = plan.problem.legs.roads if plan is not None else None
        roads = driven or RoadPrices(read, network, place_stops(anchors))
        note(say("Comparing the routes"))
        flows = None if plan is None else plan.flows
        detour = explain_route(roads, start, goal, truck, period=when, flows=flows)
    with in_speech_of(read):
        for line in explain_detour(read, detour):
            tell(line)
        path = map_file or Path(f"{detour.origin}-{detour.destination}.html")
        tell(say("Map: {file}", file=str(write_route(read, network, detour, path))))
