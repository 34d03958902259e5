"""The layers that people open in a GIS: sites, flows, roads with trucks, municipalities."""

import geopandas as gpd

from raastof_geo.frames.layers import (
    draw_burden,
    draw_flows,
    draw_municipalities,
    draw_zones,
    locate_sites,
)
from raastof_geo.outputs.gis.dictionary import explain_columns
from raastof_geo.result import Result


def draw_layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Give every layer by name, the lowest first, in the metres of the region.

    `zones` only where the scenario has some with polygons. Numbers have as many digits as
    `explain_columns` says of their unit.
    """
    before, plan = result.effect.baseline_flows, result.plan.flows
    zones = draw_zones(result.scenario).to_crs(result.network.region.crs)
    layers = {
        "municipalities": draw_municipalities(result),
        **({} if zones.empty else {"zones": zones}),
        **draw_burden(result),
        "flows_before": draw_flows(result, before),
        "flows_before_total": draw_flows(result, before, whole=True),
        "flows": draw_flows(result, plan),
        "flows_total": draw_flows(result, plan, whole=True),
        "sites": locate_sites(result),
    }
    meanings = explain_columns()
    return {
        name: layer.round({one: meanings[one].digits for one in layer.select_dtypes("float")})
        for name, layer in layers.items()
    }
