"""Name the flows of a plan, for tables that people read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from raastof_geo.recall.rest import describe_rows
from raastof_geo.records.flows import FLOW_COLUMNS, harmless, write_flows
from raastof_geo.result import Result

__all__ = ["harmless", "name_materials", "tabulate_flows"]


def tabulate_flows(result: Result, flows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give flows, by default those of the plan, with names that people read beside the ids.

    Returns
    -------
    table
        The flows in their order, with names beside ids, and units in the names of columns.
    """
    scenario = result.scenario
    flows = result.plan.flows if flows is None else flows
    materials = name_materials(result, flows)
    named = flows.assign(
        origin_name=[scenario.site_name(site) for site in flows["origin"]],
        destination_name=[scenario.site_name(site) for site in flows["destination"]],
        material_name=[materials[material] for material in flows["material"]],
    )
    return named[list(FLOW_COLUMNS)].rename(columns=FLOW_COLUMNS)


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
    return write_flows(describe_rows(flows), names, folder)
