"""The layers that people open in a GIS: sites, flows, roads with trucks, municipalities."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from raastof_geo.assignment.telling.names import call
from raastof_geo.effect.burden import measure_burden
from raastof_geo.figures.vocabulary import layered
from raastof_geo.outputs.documents.effects import align_books
from raastof_geo.outputs.tables.flows import tabulate_flows
from raastof_geo.result import Result
from raastof_geo.roads.places import load_municipalities
from raastof_geo.scenario.scenario import Scenario

CRS = "EPSG:25832"


def draw_layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Give every layer by name. [EPSG:25832]

    Returns
    -------
    layers
        Areas first, sites last; `zones` only where the scenario has some with polygons.
    """
    zones = draw_zones(result.scenario)
    return {
        "municipalities": draw_municipalities(result),
        **({} if zones.empty else {"zones": zones}),
        "road_burden": draw_burden(result),
        "flows_before": draw_flows(result, result.effect.baseline_flows),
        "flows": draw_flows(result),
        "sites": locate_sites(result),
    }


def locate_sites(result: Result) -> gpd.GeoDataFrame:
    """Give one row per site with its roles, what comes and goes, and its share of the effect."""
    flows = result.plan.flows
    sites = result.scenario.sites
    lon, lat = zip(*(site.lon_lat for site in sites.values()), strict=True)
    sent = flows.groupby("origin")["tonnes"].sum()
    received = flows.groupby("destination")["tonnes"].sum()
    where = result.effect.books.municipalities
    return gpd.GeoDataFrame(
        {
            "id": list(sites),
            "name": [result.scenario.site_name(site) for site in sites],
            "role": [next(iter(site.roles), "") for site in sites.values()],
            "roles": [", ".join(site.roles) for site in sites.values()],
            "project": [result.scenario.project(site) for site in sites],
            "municipality": [where[site] or None for site in sites],
            "note": [site.note for site in sites.values()],
            "snap_m": result.anchors.frame["snap_m"].round(1).to_numpy(),
            "sent_tonnes": [round(float(sent.get(site, 0.0)), 3) for site in sites],
            "received_tonnes": [round(float(received.get(site, 0.0)), 3) for site in sites],
            **_figures(result, "site", list(sites)),
        },
        geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"),
    ).to_crs(CRS)


def draw_flows(result: Result, flows: pd.DataFrame | None = None) -> gpd.GeoDataFrame:
    """Give one row per flow, by default of the plan, with the route that its trucks take."""
    chosen = result.plan.flows if flows is None else flows
    spells = [result.legs.spell(period) for period in chosen["period"]]
    ends = (chosen["origin"], chosen["destination"], chosen["vehicle"])
    keys = list(zip(*ends, spells, strict=True))
    lines = {}
    for key in dict.fromkeys(keys):
        points = result.legs.draw(*key[:3], key[3] or None)
        lines[key] = shapely.LineString(points) if len(points) > 1 else None
    return gpd.GeoDataFrame(
        tabulate_flows(result, chosen), geometry=[lines[key] for key in keys], crs="EPSG:4326"
    ).to_crs(CRS)


def draw_burden(result: Result) -> gpd.GeoDataFrame:
    """Give one row per road segment and period that trucks pass, in the plan or before.

    Returns
    -------
    segments
        One row per segment and period: trips with a load and empty ones, in the plan and before,
        both directions together, and both for each weekday. [1/period, 1/d]
    """
    scenario, legs, network = result.scenario, result.legs, result.network
    plan = measure_burden(scenario, legs, result.plan.flows, result.plan.empty_trips)
    before = measure_burden(scenario, legs, result.effect.baseline_flows)
    both = plan.merge(before, on=["edge", "period"], how="outer", suffixes=("", "_before"))
    counts = list(both.columns.difference(["edge", "period"], sort=False))
    both[counts] = both[counts].astype(np.float64).fillna(0.0)
    edges = both["edge"].to_numpy(np.intp)
    roads = [network.roads[number] for number in network.road[edges].tolist()]
    used, place = np.unique(edges, return_inverse=True)
    shapes = np.array(
        [shapely.LineString(network.cut(edge, 0.0, 1.0)) for edge in used.tolist()], dtype=object
    )
    table = both.astype({"edge": np.intp, "period": str}).assign(
        road=[road.name for road in roads],
        road_class=[road.road_class for road in roads],
        per_weekday_change=both["per_weekday"] - both["per_weekday_before"],
        length_m=network.length_m[edges].round(1),
    )
    rounded = [*counts, "per_weekday_change"]
    table[rounded] = table[rounded].round(3)
    head = ["edge", "period", "road", "road_class"]
    table = table[[*head, *rounded, "length_m"]]
    return gpd.GeoDataFrame(
        table, geometry=shapes[place] if len(shapes) else [], crs="EPSG:4326"
    ).to_crs(CRS)


def draw_municipalities(result: Result) -> gpd.GeoDataFrame:
    """Give one row per municipality with its share of the effect."""
    areas = load_municipalities()
    names = areas["name"].astype(str).tolist()
    return gpd.GeoDataFrame(
        {"name": names, **_figures(result, "municipality", names)},
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    ).to_crs(CRS)


def draw_zones(scenario: Scenario) -> gpd.GeoDataFrame:
    """Give one row per zone that has polygons, with its rule and what it asks for."""
    zones, known = [scenario.said.zones[at] for at in scenario.areas], scenario.catalogue.conditions
    return gpd.GeoDataFrame(
        {
            "rule": [zone.rule for zone in zones],
            "condition": [zone.needs_condition for zone in zones],
            "meaning": [str(call(known[zone.needs_condition].name)) for zone in zones],
            "soil_class": [zone.soil_class for zone in zones],
            "sites": [", ".join(zone.sites) for zone in zones],
        },
        geometry=list(scenario.areas.values()),
        crs=CRS,
    )


def _figures(result: Result, dimension: str, labels: list[str]) -> dict[str, list[float]]:
    """Give plan, before and saved of every figure for labels; zero where there is nothing."""
    before, plan = align_books(result.effect, dimension, labels)
    found: dict[str, list[float]] = {}
    for part, layer in layered().items():
        name, factor = layer.column, layer.factor
        then, now = ([round(one * factor, 6) for one in side[part]] for side in (before, plan))
        found[f"plan_{name}"], found[f"before_{name}"] = now, then
        found[f"saved_{name}"] = [round(b - p, 6) for b, p in zip(then, now, strict=True)]
    return found
