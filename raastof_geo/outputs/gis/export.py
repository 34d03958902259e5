"""Write a scenario as a GeoPackage: its sites as points, and a table for what they do."""

import math
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from raastof_geo.files import drafting
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.heading import LOCATION, SITES
from raastof_geo.scenario.tables.lay import lay_out


def write_scenario_layers(scenario: Scenario, path: Path) -> Path:
    """Write a scenario as layers and tables that reading takes for the same scenario.

    Sites lie where their points are moved to; a site with a shape keeps it as text, and has a point
    only where its entrance is named. What is there already and not the same is moved aside.
    """
    with drafting(path) as draft:
        draft.unlink()
        for name, rows in lay_out(scenario, path.parent).items():
            frame = pd.DataFrame(rows)
            for column in frame if name != SITES else ():
                mixed = frame[column].map(lambda one: isinstance(one, str)).any()
                frame[column] = frame[column].map(_write) if mixed else frame[column]
            if name != SITES:
                pyogrio.write_dataframe(frame, draft, layer=name, driver="GPKG")
                continue
            points = [
                None if site.place_key == "shape" else shapely.Point(site.lon_lat)
                for site in scenario.sites.values()
            ]
            kept = frame.drop(columns=[one for one in LOCATION if one in frame])
            layer = gpd.GeoDataFrame(kept, geometry=points, crs="EPSG:4326")
            layer.to_file(draft, layer=name, driver="GPKG", engine="pyogrio")
    return path


def _write(value: object) -> object:
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)
