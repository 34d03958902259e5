"""Name the flows of a plan, for tables that people read."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from raastof_geo.recall import describe_rows
from raastof_geo.records.flows import write_flows
from raastof_geo.result import Result, name_materials


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


def record_flows(result: Result, folder: Path) -> Path:
    """Write flows.csv."""
    scenario, flows = result.scenario, result.plan.flows
    sites = {site: scenario.site_name(site) for site in scenario.sites}
    names = {"sites": sites, "materials": name_materials(result, flows)}
    return write_flows(describe_rows(flows), names, folder, scenario.said.language)
