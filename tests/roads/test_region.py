"""Packs: roads of any region, with its areas, coast, towns and metres."""

import json
import re
from dataclasses import replace
from pathlib import Path
import geopandas as gpd
import numpy as np
import pytest
import shapely
from commands import run
from places import ROOT
from raastof_geo.errors import RoadDataError, ScenarioError, SnapError
from raastof_geo.pipeline import place_scenario, run_scenario
from raastof_geo.records.ledger import explain_figure
from raastof_geo.records.verify import check_results
from raastof_geo.region.projection import find_system, project
from raastof_geo.region.region import encode_region, read_region
from raastof_geo.roads.convert import convert_roads, lay_land
from raastof_geo.roads.load import load_network
from raastof_geo.roads.store import write_network
from raastof_geo.scenario import read_scenario

pytestmark = pytest.mark.usefixtures("english")

TUNO = ROOT / "tests" / "roads" / "real" / "tuno_denmark.osm.pbf"


class Drawn:
    """A small file of OpenStreetMap, drawn node by node."""

    def __init__(self):
        self.nodes, self.ways, self.relations, self.ids = [], [], [], {}

    def node(self, lon, lat, **tags):
        """Give the id of the node in a place, the same one for the same place."""
        if (lon, lat) not in self.ids or tags:
            self.ids[lon, lat] = len(self.nodes) + 1
            self.nodes.append((lon, lat, tags))
        return self.ids[lon, lat]

    def way(self, places, **tags):
        """Give the id of a way."""
        self.ways.append(([self.node(*at) for at in places], tags))
        return len(self.ways)

    def boundary(self, ways, **tags):
        """Draw a relation of ways."""
        self.relations.append((ways, {"type": "boundary", "boundary": "administrative", **tags}))

    def write(self, file: Path) -> Path:
        """Write it as XML, in order."""

        def tell(tags):
            return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())

        text = [
            *(
                f'<node id="{at}" lon="{lon}" lat="{lat}" version="1">{tell(tags)}</node>'
                for at, (lon, lat, tags) in enumerate(self.nodes, 1)
            ),
            *(
                f'<way id="{at}" version="1">{"".join(f"""<nd ref="{ref}"/>""" for ref in refs)}'
                f"{tell(tags)}</way>"
                for at, (refs, tags) in enumerate(self.ways, 1)
            ),
            *(
                f'<relation id="{at}" version="1">'
                + "".join(f'<member type="way" ref="{way}" role="outer"/>' for way in ways)
                + f"{tell(tags)}</relation>"
                for at, (ways, tags) in enumerate(self.relations, 1)
            ),
        ]
        file.write_text(f'<osm version="0.6">{"".join(text)}</osm>', encoding="utf-8")
        return file


def draw_coast(west: float, south: float) -> Drawn:
    """Draw land of 0.4 × 0.2 degrees with sea in the south, two municipalities and a road."""
    drawn, north = Drawn(), south + 0.2
    at = [round(west + step, 6) for step in (0.0, 0.1, 0.2, 0.3, 0.4)]
    # Land lies on the left of a coast: it runs west to east, the land is in the north.
    drawn.way([(lon, south) for lon in at], natural="coastline")
    border = drawn.way([(at[2], south), (at[2], north)], boundary="administrative")
    sides = (
        ("Ångby kommun", "1280", [(at[2], north), (at[0], north), (at[0], south), (at[2], south)]),
        ("Østby", "1281", [(at[2], south), (at[4], south), (at[4], north), (at[2], north)]),
    )
    for name, code, ring in sides:
        rest = drawn.way(ring, boundary="administrative")
        drawn.boundary([border, rest], name=name, ref=code, admin_level="7")
    whole = [(at[0], south), (at[4], south), (at[4], north), (at[0], north), (at[0], south)]
    drawn.boundary([drawn.way(whole)], name="Skåne", admin_level="4")
    middle = round(south + 0.1, 6)
    drawn.way([(lon, middle) for lon in at[1:4]], highway="primary", name="Landsvägen")
    drawn.node(at[1], round(middle + 0.01, 6), place="town", name="Ångstad")
    drawn.node(round(at[3] + 1.0, 6), middle, place="town", name="Far away")
    return drawn


SCENARIO = """
format: 3
title: En anden egn
language: {language}
periods: [2027]
vehicles: [tipper_4_axle]
network: {{file: roads.npz, {more}}}
targets: {targets}
sites:
  road: {{lon: {lon[0]}, lat: {lat}, needs: [{{use: fill, amount: 900 t,
    accepts: [documented_class_0]}}]}}
  digging: {{lon: {lon[1]}, lat: {lat}, offers: [{{material: clean_clay_soil,
    amount: 400 m3 in_situ}}]}}
  pit: {{lon: {lon[1]}, lat: {lat}, pit: {{supplies: [fill_sand]}}}}
  receiver: {{lon: {lon[0]}, lat: {lat}, receiver: {{accepts: [clean_clay_soil]}}}}
"""


def write_scenario(folder, lon, lat, *, language="en", more="", targets="{}"):
    """Write a scenario of four sites beside a pack."""
    file = folder / "egn.yaml"
    told = {"language": language, "more": more, "targets": targets}
    file.write_text(SCENARIO.format(lon=lon, lat=lat, **told), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def sweden(tmp_path_factory):
    """A pack of a coast in Sweden, of what its file says."""
    folder = tmp_path_factory.mktemp("sweden")
    convert_roads(draw_coast(13.0, 55.5).write(folder / "skane.osm"), into=folder, title="Skåne")
    return folder


@pytest.fixture(scope="module")
def tuno(tmp_path_factory):
    """A pack of the island Tunø: real roads, and areas of a file beside them."""
    folder = tmp_path_factory.mktemp("tuno")
    halves = {
        "Vest": shapely.box(10.2, 55.8, 10.43, 56.0),
        "Øst": shapely.box(10.43, 55.8, 10.6, 56.0),
    }
    frame = gpd.GeoDataFrame(
        {"navn": list(halves), "kode": [751, 752]}, geometry=[*halves.values()], crs="EPSG:4326"
    )
    frame.to_crs("EPSG:25832").to_file(folder / "areas.gpkg")
    areas = folder / "areas.gpkg"
    convert_roads(TUNO, into=folder, title="Tunø", credit="Areas: a test.", areas=areas, whole=True)
    return folder


def test_a_pack_is_made_of_what_openstreetmap_says(sweden):
    """Municipalities with code and state, land by the coast, towns near, UTM zone, bounds."""
    region = load_network(sweden / "roads.npz").own_region
    assert region.crs == "EPSG:25833"
    assert region.labels.to_numpy().tolist() == [
        ["1280", "Ångby", "Skåne"],
        ["1281", "Østby", "Skåne"],
    ]
    assert region.towns.to_numpy().tolist() == [["Ångstad", "town", 13.1, 55.61]]
    assert shapely.coverage_is_valid(region.shapes)
    land = shapely.union_all(region.land)
    assert land.contains(shapely.Point(13.15, 55.55))
    assert not land.contains(shapely.Point(13.15, 55.49))
    assert np.allclose(region.bounds, (13.0, 55.5, 13.4, 55.7))
    assert region.locate([13.1, 13.3, 12.0], [55.6, 55.6, 55.6]).tolist() == [
        "Ångby",
        "Østby",
        None,
    ]


def test_the_metres_of_a_region_are_true(sweden, tuno):
    """Each region is measured in its own zone: a hundredth of a degree on the meridian."""
    for folder, lon, lat in ((sweden, 13.1, 55.6), (tuno, 10.44, 55.95)):
        region = read_region(folder / "roads.npz")
        (_, south), (_, north) = project([lon, lon], [lat, lat + 0.01], region.crs)
        assert north - south == pytest.approx(1113.6, abs=1.0)


@pytest.mark.parametrize(
    ("bounds", "system"),
    [
        ((8.0, 54.9, 8.4, 55.2), "EPSG:25832"),
        ((12.0, 55.0, 12.6, 56.0), "EPSG:25832"),
        ((14.7, 55.0, 15.1, 55.3), "EPSG:25833"),
        ((17.5, 59.0, 18.5, 59.6), "EPSG:25834"),
        ((9.8, 53.4, 10.2, 53.7), "EPSG:25832"),
        ((-70.8, -33.6, -70.5, -33.3), "EPSG:32719"),
        ((179.5, 51.0, 180.0, 52.0), "EPSG:32660"),
    ],
)
def test_a_zone_is_chosen_by_the_middle(bounds, system):
    """As official maps of the country have it, of the Earth elsewhere."""
    assert find_system(bounds) == system


def test_another_country_gives_every_page_layer_limit_and_filter(sweden):
    """Base map, names, areas in layers, limits and filters are those of the pack."""
    share = "secondary_share: [{municipality: Ångby, at_least: 10 %}]"
    targets = f"{{{share}, passages: [{{municipality: Østby, at_most_per_period: 500}}]}}"
    file = write_scenario(sweden, (13.12, 13.28), 55.6, targets=targets)
    result, folder = run_scenario(file, into=sweden / "results")
    assert result.legs.roads.limited[0].any()
    assert set(result.effect.books.municipalities.values()) == {"Ångby", "Østby"}
    areas = gpd.read_file(folder / "plan.gpkg", layer="municipalities")
    assert areas["name"].tolist() == ["Ångby", "Østby"]
    assert areas.crs.to_epsg() == 25833
    saved = gpd.read_file(folder / "plan.gpkg", layer="sites")
    assert saved["municipality"].tolist() == ["Ångby", "Østby", "Østby", "Ångby"]
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert "Ångstad" in page
    assert "Østby" in page
    assert "Køge" not in page
    assert "Geodatastyrelsen" not in page
    for one in folder.iterdir():
        if one.suffix == ".html":
            assert "Geodatastyrelsen" not in one.read_text(encoding="utf-8"), one


@pytest.mark.parametrize("language", ["da", "en"])
def test_money_is_in_the_currency_of_the_catalogue(sweden, language):
    """In pages, layers, workbook, ledger and terminal; Danish prices that are left are told."""
    file = write_scenario(sweden, (13.12, 13.28), 55.6, language=language)
    (sweden / "priser.yaml").write_text("currency: SEK\n", encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8") + "catalogue: priser.yaml\n", encoding="utf-8")
    result, folder = run_scenario(file, into=sweden / language)
    assert re.search(r"\d+ .*(danske|Danish).*SEK", " ".join(map(str, result.scenario.warnings)))
    pages = [one for one in folder.rglob("*") if one.suffix in (".html", ".md")]
    told = {
        one.name: one.read_text(encoding="utf-8") for one in pages if one.name != "appendix.html"
    }
    assert "SEK" in told["report.html"]
    assert not [name for name, text in told.items() if re.search(r"\bDKK\b|\bkr\.|kroner", text)]
    assert "SEK" in (folder / "ledger.json").read_text(encoding="utf-8")
    assert "DKK" not in (folder / "ledger.json").read_text(encoding="utf-8").partition("figures")[0]
    rows = gpd.read_file(folder / "plan.gpkg", layer="data_dictionary")
    assert set(rows["unit"].dropna()) & {"SEK", "DKK"} == {"SEK"}
    assert check_results(folder).holds
    assert "SEK" in " ".join(map(str, explain_figure(folder, "plan.cost_dkk")))


def test_a_currency_is_a_code(sweden):
    """Three capital letters of ISO 4217; what else is said is refused where it stands."""
    file = write_scenario(sweden, (13.12, 13.28), 55.6)
    file.write_text(file.read_text(encoding="utf-8") + "catalogue: {currency: kronor}\n")
    with pytest.raises(ScenarioError, match=r"egn\.yaml:16:23: catalogue\.currency.*`kronor`"):
        read_scenario(file)


def test_another_island_gives_every_page(tuno):
    """Real roads of a Danish island with areas and credit of a file."""
    file = write_scenario(tuno, (10.41, 10.452), 55.95, language="da")
    result, folder = run_scenario(file, into=tuno / "results")
    assert set(result.effect.books.municipalities.values()) == {"Vest", "Øst"}
    areas = gpd.read_file(folder / "plan.gpkg", layer="municipalities")
    assert areas["code"].tolist() == ["0751", "0752"]
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert "Areas: a test." in page


def test_municipalities_of_a_pack_are_the_ones_that_may_be_named(sweden):
    """Names of another region are refused with those that there are."""
    file = write_scenario(
        sweden,
        (13.12, 13.28),
        55.6,
        targets="{passages: [{municipality: Køge, at_most_per_period: 5}]}",
    )
    with pytest.raises(ScenarioError, match="Ångby"):
        read_scenario(file)


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ((55.6, 55.61), 13.1, "lon and lat look swapped"),
        ((12.1, 12.2), 55.4, "lon 13 to 13.4, lat 55.5 to 55.7"),
        ((380000, 380001), 6163000, "looks like EPSG:25833"),
    ],
)
def test_the_bounds_of_a_pack_are_the_limit_of_coordinates(sweden, lon, lat, message):
    """What lies elsewhere is refused, and what was meant is guessed as in Denmark."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(write_scenario(sweden, lon, lat))
    assert message in str(caught.value)


def test_a_network_of_before_is_read_and_says_what_it_lacks(sweden, tmp_path, capsys):
    """Roads without a region have no foreign areas; near Zealand they have its."""
    pack = load_network(sweden / "roads.npz")
    bare = write_network(replace(pack, own_region=None), tmp_path / "roads.npz")
    region = load_network(bare).region
    assert (region.crs, len(region.shapes), region.bounds) == ("EPSG:25833", 0, None)
    assert encode_region(read_region(bare)) == encode_region(region)
    assert run("network", "info", bare) == 0
    assert "is no pack" in capsys.readouterr().out
    result, folder = run_scenario(write_scenario(tmp_path, (13.12, 13.28), 55.6), into=tmp_path)
    assert "Køge" not in (folder / "map.html").read_text(encoding="utf-8")
    assert gpd.read_file(folder / "plan.gpkg", layer="municipalities").empty
    assert set(result.effect.books.municipalities.values()) == {""}


def test_what_is_swapped_off_roads_without_a_region_is_guessed(sweden, tmp_path):
    """Where any place may be said, the roads tell what was meant."""
    pack = load_network(sweden / "roads.npz")
    write_network(replace(pack, own_region=None), tmp_path / "roads.npz")
    scenario = read_scenario(write_scenario(tmp_path, (55.6, 55.6), 13.2))
    with pytest.raises(SnapError, match="`pit`: lon and lat look swapped"):
        place_scenario(scenario)


def test_a_damaged_region_is_refused(sweden, tmp_path):
    """What is no region is told, not met later."""
    pack = load_network(sweden / "roads.npz")
    file = tmp_path / "roads.npz"
    for wrong in ({"crs": "EPSG:4326"}, {"bounds": (13.0, 95.0, 14.0, 96.0)}):
        write_network(replace(pack, own_region=replace(pack.own_region, **wrong)), file)
        with pytest.raises(RoadDataError):
            load_network(file)
        with pytest.raises(RoadDataError, match="region"):
            read_region(file)


def test_land_lies_on_the_left_of_its_coast():
    """An island and a lagoon, a coast that is cut by the edge, and one that ends amid the sea."""
    wide = shapely.box(0, 0, 10, 10)
    ring = [(2, 2), (6, 2), (6, 6), (2, 6), (2, 2)]
    island = lay_land([shapely.LineString(ring)], wide)
    assert shapely.union_all(island).equals(shapely.box(2, 2, 6, 6))
    lake = lay_land([shapely.LineString(ring[::-1])], wide)
    assert shapely.union_all(lake).area == pytest.approx(100 - 16)
    coast = lay_land(
        [shapely.LineString([(-1, 5), (4, 5)]), shapely.LineString([(4, 5), (11, 5)])], wide
    )
    assert shapely.union_all(coast).equals(shapely.box(0, 5, 10, 10))
    assert not len(lay_land([], wide))
    loose = lay_land([shapely.LineString([(-1, 5), (4, 5)])], wide)
    assert not len(loose)


def test_areas_of_a_file_need_names(tmp_path):
    """What is wrong with a file of areas is said, with what is looked for."""
    file = tmp_path / "areas.geojson"
    shape = json.loads(shapely.to_geojson(shapely.box(13, 55, 14, 56)))
    file.write_text(json.dumps({"type": "Feature", "properties": {"x": 1}, "geometry": shape}))
    source = draw_coast(13.0, 55.5).write(tmp_path / "a.osm")
    with pytest.raises(RoadDataError, match="navn"):
        convert_roads(source, into=tmp_path, areas=file)
