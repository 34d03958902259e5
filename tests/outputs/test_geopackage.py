"""The GeoPackage: layers, styles and meanings that QGIS finds by itself."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as Xml

import geopandas as gpd
import pyogrio
import pytest

from raastof_geo.pipeline import run_scenario

LAYERS = ["municipalities", "road_burden", "flows_before", "flows", "sites"]
HOSTILE = [
    '=HYPERLINK("x")',
    "<script>'; DROP TABLE sites; --",
    "../../x",
    "x" * 10_000,
    "\u202eevil 🚧",
]


def test_every_layer_is_there_in_utm(road):
    path = road[1] / "plan.gpkg"
    found = [name for name, _ in pyogrio.list_layers(path)]
    assert sorted(found) == sorted([*LAYERS, "data_dictionary", "layer_styles"])
    for layer in LAYERS:
        frame = gpd.read_file(path, layer=layer)
        assert frame.crs.to_epsg() == 25832
        assert len(frame)
        assert frame.geometry.notna().all() or layer.startswith("flows")


def test_the_dictionary_tells_of_every_column_in_two_languages(road):
    path = road[1] / "plan.gpkg"
    told = pyogrio.read_dataframe(path, layer="data_dictionary")
    for layer in LAYERS:
        columns = [name for name in gpd.read_file(path, layer=layer) if name != "geometry"]
        assert told.loc[told["layer"] == layer, "column"].tolist() == columns
    assert (told["meaning_da"] != "").all()
    assert (told["meaning_en"] != "").all()
    assert (told["meaning_da"] != told["meaning_en"]).mean() > 0.8


def test_gdal_finds_a_default_style_for_every_layer(road):
    """GDAL reads `layer_styles`; each style is QML about columns that are there."""
    path = road[1] / "plan.gpkg"
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    assert sorted(styles["f_table_name"]) == sorted(LAYERS)
    assert styles["useAsDefault"].astype(bool).all()
    with closing(sqlite3.connect(path)) as base:
        geometry = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for row in styles.to_dict(orient="records"):
        layer = row["f_table_name"]
        assert row["f_geometry_column"] == geometry[layer]
        qml = Xml.fromstring(row["styleQML"].split("\n", 1)[1])  # noqa: S314 - our own
        renderer = qml.find("renderer-v2")
        columns = set(gpd.read_file(path, layer=layer))
        assert renderer.get("attr") in columns
        symbols = {one.get("name") for one in renderer.find("symbols")}
        classes = list(renderer.find("categories") or renderer.find("ranges"))
        assert classes
        assert {one.get("symbol") for one in classes} == symbols
        if renderer.find("categories") is not None:
            values = set(gpd.read_file(path, layer=layer)[renderer.get("attr")])
            assert values <= {one.get("value") for one in classes}


def test_widths_follow_tonnes(road):
    styles = pyogrio.read_dataframe(road[1] / "plan.gpkg", layer="layer_styles")
    flows = styles.loc[styles["f_table_name"] == "flows", "styleQML"].item()
    assert "sqrt(&quot;tonnes&quot; /" in flows
    assert "filled_arrowhead" in flows


def test_roads_carry_the_kilometres_that_trucks_drive(road):
    """Trips times lengths are the truck kilometres, but for half a segment at each end."""
    result, folder = road
    roads = gpd.read_file(folder / "plan.gpkg", layer="road_burden")
    for suffix, km in (
        ("", result.effect.plan.vehicle_km),
        ("_before", result.effect.baseline.vehicle_km),
    ):
        trips = roads[f"loaded_trips{suffix}"] + roads[f"empty_trips{suffix}"]
        assert (trips * roads["length_m"]).sum() / 1000 == pytest.approx(km, rel=0.05)
    change = roads["per_weekday"] - roads["per_weekday_before"]
    assert roads["per_weekday_change"].to_numpy() == pytest.approx(change.to_numpy(), abs=2e-3)
    assert not roads.duplicated(["edge", "period"]).any()


@pytest.mark.parametrize("layer", ["sites", "municipalities"])
def test_shares_add_up_to_the_whole(road, layer):
    result, folder = road
    table = gpd.read_file(folder / "plan.gpkg", layer=layer)
    assert table["plan_t_co2e_wtw"].sum() == pytest.approx(
        result.effect.plan.all_kg_co2e_wtw / 1000
    )
    assert table["before_cost_dkk"].sum() == pytest.approx(result.effect.baseline.cost_dkk)
    assert (table["before_truck_km"] - table["plan_truck_km"]).to_numpy() == pytest.approx(
        table["saved_truck_km"].to_numpy(), abs=1e-3
    )


def test_geoparquet_holds_the_same(road):
    pytest.importorskip("pyarrow")
    folder = road[1]
    for layer in LAYERS:
        one = gpd.read_file(folder / "plan.gpkg", layer=layer)
        other = gpd.read_parquet(folder / "geoparquet" / f"{layer}.parquet")
        assert other.crs.to_epsg() == 25832
        assert list(other.columns) == list(one.columns)
        assert len(one) == len(other)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_words(tmp_path, starter_text, name):
    path = tmp_path / "bad.yaml"
    quoted = json.dumps(name, ensure_ascii=False)
    text = re.sub(r"name: Road project[^\n]*", lambda _: f"name: {quoted}", starter_text)
    path.write_text(text + "\noutputs: [geopackage]\n", encoding="utf-8")
    sites = gpd.read_file(run_scenario(path, into=tmp_path / "out")[1] / "plan.gpkg", layer="sites")
    assert name in set(sites["name"])
