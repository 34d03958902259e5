"""Zones are a layer of the map and of the GeoPackage, as far as their polygons are known."""

from __future__ import annotations

import json
import geopandas as gpd
import pyogrio
import pytest
import shapely
from worlds import PIT_AND_PROJECT
from raastof_geo import load_result
from raastof_geo.outputs.pages.map import MapStory
from raastof_geo.pipeline import run_scenario

RING = [[12.05, 55.40], [12.15, 55.40], [12.15, 55.50], [12.05, 55.50], [12.05, 55.40]]
HOLE = [[12.06, 55.41], [12.07, 55.41], [12.07, 55.42], [12.06, 55.42], [12.06, 55.41]]
AREA = {"type": "Polygon", "coordinates": [RING, HOLE]}
ZONES = """
zones:
  - {file: osd.geojson, rule: own-osd, needs_condition: permit_section_19_33, soil_class: 1}
  - {sites: [digging], rule: by-name, needs_condition: permit_section_19_33}
"""


def run(folder, zones: str, area=AREA):
    """Run a small world with zones; `road` lies in the polygon, `digging` is only named."""
    (folder / "osd.geojson").write_text(json.dumps(area), encoding="utf-8")
    file = folder / "world.yaml"
    file.write_text(PIT_AND_PROJECT + zones, encoding="utf-8")
    return run_scenario(file, into=folder / "out")


@pytest.fixture(scope="module")
def zoned(tmp_path_factory):
    return run(tmp_path_factory.mktemp("zoned"), ZONES)


def test_the_geopackage_has_the_polygons_with_their_rule(zoned):
    path = zoned[1] / "plan.gpkg"
    (row,) = gpd.read_file(path, layer="zones").to_dict(orient="records")
    assert (row["rule"], row["condition"]) == ("own-osd", "permit_section_19_33")
    assert (row["soil_class"], row["sites"]) == (1, "road")
    assert "19" in row["meaning"]
    drawn = gpd.GeoSeries([row["geometry"]], crs="EPSG:25832").to_crs("EPSG:4326")[0]
    shape = shapely.geometry.shape(AREA)
    assert drawn.symmetric_difference(shape).area < 1e-9
    assert len(drawn.geoms[0].interiors) == 1
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")
    assert 'value="own-osd"' in styles["styleQML"]["zones"]
    told = pyogrio.read_dataframe(path, layer="data_dictionary").query("layer == 'zones'")
    assert list(told["column"]) == ["rule", "condition", "meaning", "soil_class", "sites"]


def test_the_map_has_outline_and_hole(zoned):
    (zone,) = MapStory(zoned[0]).zones["areas"]
    assert "own-osd" in zone["name"]
    outline, hole = zone["rings"]
    assert isinstance(outline, str)
    assert outline != hole


def test_zones_come_back(zoned, tmp_path):
    """A result that is loaded draws the polygons again."""
    loaded = load_result(zoned[1])
    assert MapStory(loaded).zones == MapStory(zoned[0]).zones
    [area] = loaded.scenario.areas.values()
    assert area.equals_exact(zoned[0].scenario.areas[0], 0.0)


def test_a_ring_that_crosses_itself_is_two_areas(tmp_path):
    """What other programmes draw is made valid, and is a layer too."""
    ring = [[12.05, 55.40], [12.15, 55.50], [12.15, 55.40], [12.05, 55.50], [12.05, 55.40]]
    area = {"type": "Polygon", "coordinates": [ring]}
    result, folder = run(tmp_path, ZONES, area=area)
    (row,) = gpd.read_file(folder / "plan.gpkg", layer="zones").to_dict(orient="records")
    assert len(row["geometry"].geoms) == 2
    assert len(MapStory(result).zones["areas"]) == 2


@pytest.mark.parametrize("zones", ["", ZONES.replace("{file: osd.geojson, ", "{sites: [road], ")])
def test_without_polygons_there_is_no_layer(zones, tmp_path):
    result, folder = run(tmp_path, zones)
    assert "zones" not in [name for name, _ in pyogrio.list_layers(folder / "plan.gpkg")]
    assert MapStory(result).zones["areas"] == []
