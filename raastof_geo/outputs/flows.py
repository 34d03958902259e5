"""Write the flows of a plan as a table for spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from raastof_geo.result import Result

COLUMNS = {
    "origin": "origin",
    "origin_name": "origin_name",
    "destination": "destination",
    "destination_name": "destination_name",
    "giver": "giver",
    "taker": "taker",
    "taker_kind": "taker_kind",
    "material": "material",
    "material_name": "material_name",
    "vehicle": "vehicle",
    "period": "period",
    "tonnes": "tonnes",
    "reference_tonnes": "reference_tonnes",
    "loads": "loads",
    "load_t": "load_t",
    "length_km": "loaded_km",
    "return_km": "return_km",
    "ferry_km": "ferry_km",
    "drive_h": "drive_h",
    "vehicle_km": "vehicle_km",
    "tonne_km": "tonne_km",
    "energy": "energy",
    "energy_unit": "energy_unit",
    "kg_co2e_wtw": "kg_co2e_wtw",
    "kg_co2e_ttw": "kg_co2e_ttw",
    "dkk": "dkk",
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def tabulate_flows(result: Result, flows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give flows, by default those of the plan, with names that people read beside the ids."""
    scenario = result.scenario
    language = scenario.said.language
    materials = scenario.catalogue.materials
    flows = result.plan.flows if flows is None else flows
    named = flows.assign(
        origin_name=[scenario.site_name(site) for site in flows["origin"]],
        destination_name=[scenario.site_name(site) for site in flows["destination"]],
        material_name=[materials[material].called(language) for material in flows["material"]],
    )
    return named[list(COLUMNS)].rename(columns=COLUMNS)


def write_flows(result: Result, folder: Path) -> Path:
    """Write `flows.csv`: UTF-8 with a mark that Excel knows, `;` between and decimal point."""
    table = tabulate_flows(result)
    for name in table.columns[table.dtypes.map(pd.api.types.is_string_dtype)]:
        table[name] = table[name].map(harmless)
    path = folder / "flows.csv"
    table.round(6).to_csv(path, index=False, sep=";", encoding="utf-8-sig", lineterminator="\n")
    return path


def harmless(text: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    if isinstance(text, str) and text.startswith(_FORMULA_STARTS):
        return "'" + text
    return text
