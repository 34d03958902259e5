"""Municipalities and towns."""

import json
import runpy
import sys
from pathlib import Path
import numpy as np
import pytest
import shapely
from places import ROOT
from raastof_geo.region.region import encode_region, read_region
from raastof_geo.roads.store import read_network

SHARED = Path(__file__).parents[3] / "shared"
SOURCE = SHARED / "admin" / "municipalities_zealand.geojson"
TOWNS = SHARED / "osm" / "towns.csv"
REGION = {
    "0253": "Greve",
    "0259": "Køge",
    "0265": "Roskilde",
    "0269": "Solrød",
    "0306": "Odsherred",
    "0316": "Holbæk",
    "0320": "Faxe",
    "0326": "Kalundborg",
    "0329": "Ringsted",
    "0330": "Slagelse",
    "0336": "Stevns",
    "0340": "Sorø",
    "0350": "Lejre",
    "0360": "Lolland",
    "0370": "Næstved",
    "0376": "Guldborgsund",
    "0390": "Vordingborg",
}


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(scope="module")
def municipalities():
    return read_region().areas


def feature(code: int, name: str, ring: list[tuple[float, float]]) -> dict:
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "region": "R"},
        "geometry": {"type": "Polygon", "coordinates": [[[*at, -999.0] for at in ring]]},
    }


@pytest.fixture
def neighbours(tmp_path) -> Path:
    """Two municipalities whose common border wiggles by some metres."""
    border = [(12.1, 55.0 + 0.01 * step) for step in range(11)]
    border = [(lon + 0.0001 * (step % 2), lat) for step, (lon, lat) in enumerate(border)]
    west = [(12.0, 55.0), *border, (12.0, 55.1), (12.0, 55.0)]
    east = [(12.2, 55.0), (12.2, 55.1), *reversed(border), (12.2, 55.0)]
    file = tmp_path / "in.geojson"
    features = [feature(259, "Vest", west), feature(101, "Øst", east)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def test_the_seventeen_municipalities_are_there(municipalities):
    """Codes are four digits, names and region as the state writes them."""
    ours = municipalities[municipalities["region"] == "Region Sjælland"]
    assert dict(zip(ours["code"], ours["name"], strict=True)) == REGION
    assert len(municipalities) == 45
    assert municipalities.crs.to_epsg() == 4326


def test_borders_fit_together(municipalities):
    """Valid areas, no overlap and no gap between neighbours."""
    assert municipalities.geometry.is_valid.all()
    assert shapely.coverage_is_valid(municipalities.to_crs(25832).geometry.to_numpy())


@pytest.mark.skipif(not SOURCE.exists(), reason="../shared/admin is not here")
def test_simpler_borders_keep_the_area(municipalities):
    """Each municipality keeps its area within two per cent."""
    import geopandas as gpd

    source = gpd.read_file(SOURCE).dissolve("code").to_crs(25832).area
    simple = municipalities.set_index(municipalities["code"].astype(int)).to_crs(25832).area
    assert (simple / source).between(0.98, 1.02).all()


def test_a_place_knows_its_municipality():
    """Inside, on a pier and far away."""
    lon = [12.1823, 12.0803, 11.089, 12.2005, 10.0]
    lat = [55.4563, 55.6415, 55.6795, 55.4565, 55.0]
    found = read_region().locate(lon, lat)
    assert found.tolist() == ["Køge", "Roskilde", "Kalundborg", "Køge", None]


def test_one_place_is_a_place():
    """Single numbers work as well as arrays."""
    assert read_region().locate(11.76, 55.23).tolist() == ["Næstved"]
    assert read_region().locate(np.array([]), np.array([])).tolist() == []


def test_towns_have_names_and_places():
    """Cities, towns and villages with lon and lat."""
    towns = read_region().towns
    assert list(towns.columns) == ["name", "town_class", "lon", "lat"]
    assert set(towns["town_class"]) == {"city", "town", "village"}
    assert {"København", "Køge", "Næstved", "Nykøbing Falster"} <= set(towns["name"])


def test_the_data_of_the_package_is_one_pack(neighbours, tmp_path, monkeypatch):
    """Neighbours keep one border, in the order of the codes; equal input gives equal files."""
    source, table = tmp_path / "a.osm", tmp_path / "in.csv"
    source.write_text(
        '<osm version="0.6"><node id="1" lon="12.0" lat="55.0"/>'
        '<node id="2" lon="14.0" lat="55.0"/>'
        '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
    )
    table.write_text("name,class,rank,lon,lat\nÅ,village,,12.1,55.1\nBy,town,,12.0,55.0\n")
    tool = runpy.run_path(str(ROOT / "tools" / "build_data.py"))
    for name in ("one", "two"):
        options = {"municipalities": neighbours, "towns": table, "into": tmp_path / name}
        told = [str(one) for key, value in options.items() for one in (f"--{key}", value)]
        asked = [str(source), "--osm-date", "2021-08-05", "--title", "A", *told]
        monkeypatch.setattr(sys, "argv", ["build_data.py", *asked])
        tool["main"]()
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [file.name for file in one] == ["roads.npz"]
    assert one[0].read_bytes() == two[0].read_bytes()
    network = read_network(one[0])
    assert not network.way.any()
    region = network.own_region
    assert region.towns.iloc[0].tolist() == ["By", "town", 12.0, 55.0]
    assert region.labels["code"].tolist() == ["0101", "0259"]
    assert region.labels["name"].tolist() == ["Øst", "Vest"]
    assert shapely.coverage_is_valid(region.shapes)
    assert shapely.get_num_coordinates(region.shapes).sum() < 28
    assert not shapely.has_z(region.shapes).any()
    assert encode_region(read_region(one[0])) == encode_region(region)
