"""From a scenario file to results: the whole machine in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from raastof_geo.assignment import assign
from raastof_geo.effect import measure_effect
from raastof_geo.language import Message, say
from raastof_geo.legs import price_legs
from raastof_geo.outputs import write_outputs
from raastof_geo.records.place import check_place
from raastof_geo.result import Result
from raastof_geo.roads.area import read_area
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors, snap_sites
from raastof_geo.scenario import Scenario, read_scenario

Tell = Callable[[Message], None]
"""Told what the machine turns to next."""

_BUFFER_M = 2000.0
"""How far beyond the municipalities of a scenario roads are read. [m]"""


def solve_scenario(scenario: Scenario, *, tell: Tell = lambda _: None) -> Result:
    """Place a scenario on the roads, price its legs, assign, and measure the effect.

    Raises
    ------
    RaastofError
        As the stations do: sites off the road, no route, no plan, no solver.
    """
    network, anchors = place_scenario(scenario, tell=tell)
    tell(say("Pricing the legs"))
    legs = price_legs(scenario, network, anchors)
    tell(say("Assigning tonnes to legs"))
    plan = assign(scenario, legs)
    tell(say("Measuring the effect"))
    effect = measure_effect(scenario, legs, plan)
    return Result(scenario, network, anchors, legs, plan, effect)


def place_scenario(
    scenario: Scenario, *, tell: Tell = lambda _: None
) -> tuple[RoadNetwork, Anchors]:
    """Load the roads of a scenario and place its sites on them.

    Raises
    ------
    RaastofError
        As the stations do: no roads, sites off the road.
    """
    choice = scenario.said.network
    tell(say("Loading the roads"))
    area = read_area(municipalities=choice.municipalities, buffer_m=_BUFFER_M)
    network = load_network(choice.file, area=area, progress=tell)
    tell(say("Placing the sites on the road"))
    anchors = snap_sites(
        network, scenario.sites, limit_m=choice.snap_limit_m, ferries=choice.ferries
    )
    return network, anchors


def run_scenario(
    path: Path | str,
    *,
    into: Path | str = "results",
    anywhere: bool = False,
    tell: Tell = lambda _: None,
) -> tuple[Result, Path]:
    """Read a scenario, solve it, and write all its outputs into `into/<scenario>`.

    Raises
    ------
    RaastofError
        With every mistake of the input, or what failed outside.
    """
    tell(say("Reading the scenario"))
    scenario = read_scenario(path, anywhere=anywhere)
    folder = Path(into) / scenario.id
    check_place(folder)
    result = solve_scenario(scenario, tell=tell)
    tell(say("Writing the results"))
    return result, write_outputs(result, folder)
