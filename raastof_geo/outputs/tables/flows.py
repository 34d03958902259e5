"""Name the flows of a plan, for tables that people read."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from raastof_geo.language import say
from raastof_geo.recall.rest import describe_rows
from raastof_geo.records.flows import FLOW_COLUMNS, write_flows
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario

BY_DUMPER = say("Dumper, within the site")


class Flow(NamedTuple):
    """What outputs tell of a flow: a row of the table of flows."""

    origin: str
    destination: str
    giver: str
    taker: str
    taker_kind: str
    material: str
    vehicle: str
    period: str
    tonnes: float
    virgin: bool
    loads: int
    length_km: float
    kg_co2e_wtw: float


def list_flows(flows: pd.DataFrame) -> Iterator[Flow]:
    """Give flows row by row."""
    return map(Flow._make, flows[list(Flow._fields)].itertuples(index=False, name=None))


def tabulate_flows(result: Result, flows: pd.DataFrame | None = None) -> pd.DataFrame:
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


def name_materials(result: Result, *tables: pd.DataFrame) -> dict[str, str]:
    """Give the materials that flow their names, in the language of the results."""
    language, known = result.scenario.said.language, result.scenario.catalogue.materials
    found = sorted({str(material) for flows in tables for material in flows["material"]})
    return {material: known[material].called(language) for material in found}


def record_flows(result: Result, folder: Path) -> Path:
    """Write flows.csv."""
    scenario, flows = result.scenario, result.plan.flows
    sites = {site: scenario.site_name(site) for site in scenario.sites}
    names = {"sites": sites, "materials": name_materials(result, flows)}
    return write_flows(describe_rows(flows), names, folder, scenario.said.language)
