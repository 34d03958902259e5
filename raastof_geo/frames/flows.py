"""Flows as tables with names that people read."""

from dataclasses import dataclass

import pandas as pd

from raastof_geo.assignment.plan import Plan
from raastof_geo.effect.measure import Effect
from raastof_geo.language import say
from raastof_geo.legs.legs import Legs
from raastof_geo.records.flows import FLOW_COLUMNS
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.scenario import Scenario

BY_DUMPER = say("Dumper, within the site")


@dataclass(frozen=True, eq=False, repr=False)
class Solved:
    """A scenario, its roads, its plan and its effect."""

    scenario: Scenario
    network: RoadNetwork
    anchors: Anchors
    legs: Legs
    plan: Plan
    effect: Effect


def tabulate_flows(result: Solved, flows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give flows, by default those of the plan, with names that people read beside the ids."""
    scenario = result.scenario
    flows = result.plan.flows if flows is None else flows
    materials = name_materials(result, flows)
    named = flows.assign(
        origin_name=[scenario.site_name(site) for site in flows["origin"]],
        destination_name=[scenario.site_name(site) for site in flows["destination"]],
        material_name=[materials[material] for material in flows["material"]],
    )
    return named[list(FLOW_COLUMNS)].rename(columns=FLOW_COLUMNS)


def name_truck(scenario: Scenario, vehicle: str, *, inside: bool) -> str:
    """Name a truck, the dumper within a site; nothing where nothing is driven."""
    truck = scenario.catalogue.vehicles.get(vehicle)
    if inside:
        return BY_DUMPER.render(scenario.said.language)
    return truck.called(scenario.said.language) if truck else ""


def name_materials(result: Solved, *tables: pd.DataFrame) -> dict[str, str]:
    """Give the materials that flow their names, in the language of the results."""
    language, known = result.scenario.said.language, result.scenario.catalogue.materials
    found = sorted({str(material) for flows in tables for material in flows["material"]})
    return {material: known[material].called(language) for material in found}
