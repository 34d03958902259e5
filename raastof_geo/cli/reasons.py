"""Why it is so: `raastof why-not` and `raastof route`."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from raastof_geo.cli.options import FILE, MATERIAL, Anywhere, ScenarioPath, argument, option
from raastof_geo.cli.speech import asked_language, in_speech_of
from raastof_geo.cli.terminal import tell, tell_item, telling
from raastof_geo.language import say


def tell_why_not(
    context: typer.Context,
    scenario: ScenarioPath,
    giver: Annotated[str, argument(value=say("GIVER"))],
    taker: Annotated[str, argument(value=say("TAKER"))],
    material: Annotated[str | None, argument(value=MATERIAL)] = None,
    *,
    anywhere: Anywhere = False,
) -> None:
    """Tell why one site does not send to another, equal reasons once."""
    from raastof_geo.assignment import explain_why_not
    from raastof_geo.pipeline import place_scenario, plan_scenario, read_for_roads
    from raastof_geo.scenario.scenario import look_up

    asked = asked_language(context)
    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked, tell=note)
        named = [("sites", giver), ("sites", taker)]
        named += [("materials", material)] if material else []
        giver, taker, *materials = look_up(read, named)
        network, anchors = place_scenario(read, tell=note)
        plan = plan_scenario(read, network, anchors, tell=note)
    with in_speech_of(read.speech, asked):
        reasons = explain_why_not(plan, giver, taker, *materials)
        for message, times in Counter(str(reason.message) for reason in reasons).items():
            tell_item(message if times == 1 else f"{message} (×{times})", indent="")


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

    asked = asked_language(context)
    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked, tell=note)
        start, goal, truck, when = find_leg(read, origin, destination, vehicle, period)
        network, anchors = place_scenario(read, tell=note)
        plan = None if no_plan else plan_scenario(read, network, anchors, tell=note)
        driven = plan.problem.legs.roads if plan is not None else None
        roads = driven or RoadPrices(read, network, place_stops(anchors))
        note(say("Comparing the routes"))
        flows = None if plan is None else plan.flows
        detour = explain_route(roads, start, goal, truck, period=when, flows=flows)
    with in_speech_of(read.speech, asked):
        for line in explain_detour(read, detour):
            tell(line)
        path = map_file or Path(f"{detour.origin}-{detour.destination}.html")
        tell(say("Map: {file}", file=str(write_route(read, network, detour, path))))
