"""The GeoPackage: layers, styles and meanings that QGIS finds by itself."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as Xml
import geopandas as gpd
import pyogrio
import pytest
import shapely
from raastof_geo.outputs.geopackage import explain_columns
from raastof_geo.pipeline import run_scenario
from raastof_geo.region.projection import project
from raastof_geo.result import BY_DUMPER

LAYERS = [
    *("municipalities", "road_burden", "road_burden_total", "flows_before", "flows_before_total"),
    *("flows", "flows_total", "sites"),
]
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
    assert "sqrt(&quot;tonnes&quot; /" in flows or "sqrt(&#34;tonnes&#34; /" in flows
    assert 'name="placement" value="centralpoint"' in flows, "QGIS 3.22 draws one arrow, too"
    assert 'class="MarkerLine"' in flows


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
    ways = roads.geometry.apply(lambda line: line.coords[0])
    assert not roads.assign(way=ways).duplicated(["edge", "way", "period"]).any()
    whole = gpd.read_file(folder / "plan.gpkg", layer="road_burden_total")
    for count in ("loaded_trips", "empty_trips", "loaded_trips_before", "empty_trips_before"):
        assert whole[count].sum() == pytest.approx(roads[count].sum(), abs=1e-3 * len(roads))
    assert (whole["start"] == roads["start"].min()).all()
    assert (whole["end"] == roads["end"].max()).all()


def test_each_way_of_a_road_has_its_own_lane(road):
    """Lines run as trucks do: where a load passes, one of them goes its way."""
    result, folder = road
    roads = gpd.read_file(folder / "plan.gpkg", layer="road_burden_total")
    drawn = roads[roads["loaded_trips"] > 0]
    flows = result.plan.flows
    driven = flows[flows["work_h"] > 0]
    for row in driven.to_dict(orient="records"):
        route = result.legs.draw([(row["origin"], row["destination"], row["vehicle"], None)])[0]
        line = shapely.LineString(project(*route.T))
        middle = line.interpolate(0.5, normalized=True)
        near = drawn[drawn.distance(middle) < 1.0]
        assert len(near)
        ahead = line.interpolate(line.project(middle) + 1.0)
        assert any(
            one.project(ahead) > one.project(middle) for one in near.geometry if one.length > 2
        )


def test_flows_over_all_periods_add_up(road):
    folder = road[1]
    for name in ("flows", "flows_before"):
        parts = gpd.read_file(folder / "plan.gpkg", layer=name)
        whole = gpd.read_file(folder / "plan.gpkg", layer=f"{name}_total")
        for figure in ("tonnes", "loads", "vehicle_km", "kg_co2e_wtw", "dkk"):
            assert whole[figure].sum() == pytest.approx(parts[figure].sum(), abs=0.1 * len(parts))
        assert len(whole) <= len(parts)
        ends = ["origin", "destination", "material", "vehicle"]
        assert len(whole) >= len(parts.drop_duplicates(ends))
        assert whole["start"].min() == parts["start"].min()
        assert whole["end"].max() == parts["end"].max()


def test_flows_can_be_filtered_and_joined(road):
    result, folder = road
    flows = gpd.read_file(folder / "plan.gpkg", layer="flows")
    scenario, materials = result.scenario, result.scenario.catalogue.materials
    language = scenario.said.language
    for row in flows.to_dict(orient="records"):
        material = materials[row["material"]]
        truck = scenario.catalogue.vehicles[row["vehicle"]].called(language)
        within = row["origin"] == row["destination"]
        assert row["vehicle_name"] == (BY_DUMPER.render(language) if within else truck)
        assert row["origin_project"] == scenario.project(row["origin"])
        assert row["soil_class"] == material.soil_class or material.soil_class is None
        period = scenario.periods[row["period"]]
        assert (row["start"].date(), row["end"].date()) == (period.start, period.end)
    virgin = set(result.plan.flows.loc[result.plan.flows["virgin"].astype(bool), "material"])
    primary = {"da": "primært råstof", "en": "primary raw material"}[language]
    assert set(flows.loc[flows["resource"] == primary, "material"]) == virgin
    areas = gpd.read_file(folder / "plan.gpkg", layer="municipalities")
    assert areas["code"].str.fullmatch(r"0\d{3}").all()
    assert set(flows["origin_municipality"].dropna()) <= set(areas["name"])


def test_numbers_have_the_digits_of_their_unit(road):
    known = explain_columns()
    for layer in LAYERS:
        table = gpd.read_file(road[1] / "plan.gpkg", layer=layer)
        for column in table.select_dtypes("float"):
            values = table[column].dropna()
            assert (values - values.round(known[column].digits)).abs().max() < 1e-9, column


def test_an_area_without_a_part_is_not_red(road):
    """What is nothing has a class of its own, in words; so have gains, and losses where any are."""
    path = road[1] / "plan.gpkg"
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    text = styles.loc[styles["f_table_name"] == "municipalities", "styleQML"].item()
    ranges = Xml.fromstring(text.split("\n", 1)[1]).iter("range")  # noqa: S314 - our own
    classes = [
        (float(one.get("lower")), float(one.get("upper")), one.get("label")) for one in ranges
    ]
    saved = gpd.read_file(path, layer="municipalities")["saved_t_co2e_wtw"]
    for value in saved:
        first = next(label for low, high, label in classes if low <= value <= high)
        assert (first in {"uden del i planen", "no part in the plan"}) == (value == 0)
    assert (saved == 0).any()
    assert not any("1e+" in label or ".000" in label for _, _, label in classes)


def test_the_file_is_as_the_standard_has_it(road):
    """What `validate_gpkg -k` of GDAL asks, where GDAL's programmes are there; and what it says of
    moments and of columns in any case."""
    path = road[1] / "plan.gpkg"
    with closing(sqlite3.connect(path)) as base:
        moments = [one for (one,) in base.execute("SELECT last_change FROM gpkg_contents")]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one) for one in moments)
        told = base.execute(
            "SELECT table_name, column_name, name FROM gpkg_data_columns"
        ).fetchall()
        described = base.execute("SELECT table_name, description FROM gpkg_contents").fetchall()
        extensions = base.execute(
            "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
        ).fetchall()
    assert {table for (table,) in extensions} >= {"gpkg_data_columns"}
    assert all(text for table, text in described if table in LAYERS)
    for layer in LAYERS:
        columns = {name for name in gpd.read_file(path, layer=layer) if name != "geometry"}
        named = {column: name for table, column, name in told if table == layer}
        assert set(named) == columns
        assert len(set(named.values())) == len(columns)
    # GDAL's own programmes belong to the system's Python, whatever the tests' is.
    python = "/usr/bin/python3"
    module = "osgeo_utils.samples.validate_gpkg"
    if Path(python).exists():
        there = subprocess.run([python, "-c", f"import {module}"], check=False, capture_output=True)
        if there.returncode == 0:
            asked = [python, "-m", module, "-k", str(path)]
            done = subprocess.run(asked, check=False, capture_output=True, text=True)
            assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_styles_name_columns_and_know_their_days(road):
    styles = pyogrio.read_dataframe(road[1] / "plan.gpkg", layer="layer_styles")
    for layer, text in zip(styles["f_table_name"], styles["styleQML"], strict=True):
        qml = Xml.fromstring(text.split("\n", 1)[1])  # noqa: S314 - our own
        columns = list(gpd.read_file(road[1] / "plan.gpkg", layer=layer))
        columns.remove("geometry")
        assert [one.get("field") for one in qml.iter("alias")] == columns
        assert all(one.get("name") for one in qml.iter("alias"))
        days = qml.find("temporal")
        assert (days is not None) == ("start" in columns)
        assert days is None or (days.get("startField"), days.get("endField")) == ("start", "end")
        asked = re.findall(r'\[% "(\w+)" %\]', qml.findtext("mapTip"))
        assert asked
        assert set(asked) <= set(columns)


@pytest.mark.parametrize("layer", ["sites", "municipalities"])
def test_shares_add_up_to_the_whole(road, layer):
    result, folder = road
    table = gpd.read_file(folder / "plan.gpkg", layer=layer)
    assert table["plan_t_co2e_wtw"].sum() == pytest.approx(
        result.effect.plan.all_kg_co2e_wtw / 1000, abs=5e-4 * len(table)
    )
    cost_dkk = result.effect.baseline.cost_dkk
    assert table["before_cost_dkk"].sum() == pytest.approx(cost_dkk, abs=5e-3 * len(table))
    assert (table["before_truck_km"] - table["plan_truck_km"]).to_numpy() == pytest.approx(
        table["saved_truck_km"].to_numpy(), abs=2e-3
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
