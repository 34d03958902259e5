"""Write a scenario as a GeoPackage: its sites as points, and a table for what they do."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from raastof_geo.files import drafting
from raastof_geo.region.projection import DEGREES
from raastof_geo.scenario.said.site import AXES
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.grid import text_of_cell
from raastof_geo.scenario.tables.heading import SITES
from raastof_geo.scenario.tables.lay import lay_out


def write_scenario_layers(scenario: Scenario, path: Path) -> Path:
    """Write a scenario as layers and tables that reading takes for the same scenario.

    Sites lie where their points are moved to; a site with a shape keeps it as text, and has a point
    only where its entrance is named. What is there already and not the same is moved aside.
    """
    sites = scenario.sites.values()
    points = [None if one.place_key == "shape" else shapely.Point(one.lon_lat) for one in sites]
    with drafting(path) as draft:
        draft.unlink()
        for name, rows in lay_out(scenario, path.parent).items():
            frame = pd.DataFrame(rows)
            for column in frame:
                if any(isinstance(one, str) for one in frame[column]):  # one type in a column
                    filled = frame[column].notna()
                    frame[column] = frame[column].map(text_of_cell).where(filled, None)
            if name == SITES:
                kept = frame.drop(columns=[*AXES[0], *AXES[1], "crs"], errors="ignore")
                frame = gpd.GeoDataFrame(kept, geometry=points, crs=DEGREES)
            pyogrio.write_dataframe(frame, draft, layer=name, driver="GPKG")
    return path
