"""Write sites and flows as layers for QGIS."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

from raastof_geo.outputs.flows import tabulate_flows
from raastof_geo.result import Result
from raastof_geo.roads.places import locate_municipality

CRS = "EPSG:25832"


def write_geopackage(result: Result, folder: Path) -> Path:
    """Write `plan.gpkg` with the layers `sites` and `flows`, EPSG:25832."""
    path = folder / "plan.gpkg"
    moment = f"{min(period.start for period in result.scenario.periods.values())}T00:00:00Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
    try:
        locate_sites(result).to_file(path, layer="sites", driver="GPKG", engine="pyogrio")
        draw_flows(result).to_file(path, layer="flows", driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return path


def locate_sites(result: Result) -> gpd.GeoDataFrame:
    """Give one row per site with its roles and what comes and goes. [EPSG:25832]"""
    flows = result.plan.flows
    sites = result.scenario.sites
    lon, lat = zip(*(site.lon_lat for site in sites.values()), strict=True)
    sent = flows.groupby("origin")["tonnes"].sum()
    received = flows.groupby("destination")["tonnes"].sum()
    return gpd.GeoDataFrame(
        {
            "id": list(sites),
            "name": [result.scenario.site_name(site) for site in sites],
            "roles": [", ".join(site.roles) for site in sites.values()],
            "municipality": [
                site.municipality or found
                for site, found in zip(sites.values(), locate_municipality(lon, lat), strict=True)
            ],
            "note": [site.note for site in sites.values()],
            "snap_m": result.anchors.frame["snap_m"].round(1).to_numpy(),
            "sent_tonnes": [round(float(sent.get(site, 0.0)), 3) for site in sites],
            "received_tonnes": [round(float(received.get(site, 0.0)), 3) for site in sites],
        },
        geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"),
    ).to_crs(CRS)


def draw_flows(result: Result) -> gpd.GeoDataFrame:
    """Give one row per flow with the route that its trucks take. [EPSG:25832]"""
    flows = result.plan.flows
    spells = [result.legs.spell(period) for period in flows["period"]]
    keys = list(zip(flows["origin"], flows["destination"], flows["vehicle"], spells, strict=True))
    lines = {key: _line(result, *key) for key in dict.fromkeys(keys)}
    return gpd.GeoDataFrame(
        tabulate_flows(result), geometry=[lines[key] for key in keys], crs="EPSG:4326"
    ).to_crs(CRS)


def _line(
    result: Result, origin: str, destination: str, vehicle: str, period: str
) -> shapely.LineString | None:
    points = result.legs.draw(origin, destination, vehicle, period or None)
    return shapely.LineString(points) if len(points) > 1 else None
