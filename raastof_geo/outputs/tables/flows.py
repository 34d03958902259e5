"""Write the flows of a plan as a table for spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from raastof_geo.records.flows import COLUMNS, NAME, harmless, render_table, write_cell
from raastof_geo.result import Result

__all__ = ["harmless", "name_materials", "tabulate_flows", "write_flows"]


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
    return named[list(COLUMNS)].rename(columns=COLUMNS)


def name_materials(result: Result, *tables: pd.DataFrame) -> dict[str, str]:
    """Give the materials that flow their names, in the language of the results."""
    language, known = result.scenario.said.language, result.scenario.catalogue.materials
    found = sorted({str(material) for flows in tables for material in flows["material"]})
    return {material: known[material].called(language) for material in found}


def write_flows(result: Result, folder: Path) -> Path:
    """Write `flows.csv`: UTF-8 with a mark that Excel knows, `;` between and decimal point."""
    table = tabulate_flows(result)
    rows = zip(*(map(write_cell, table[name].tolist()) for name in table.columns), strict=True)
    path = folder / NAME
    path.write_bytes(render_table([list(table.columns), *map(list, rows)]))
    return path
