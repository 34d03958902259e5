"""What a need accepts by itself, what its land is, and the zones that it lies in."""

import json
import re
from pathlib import Path
import geopandas as gpd
import pytest
import shapely
from worlds import make_scenario, refusal
from raastof_geo.errors import ScenarioError
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.telling.words import explain_fit

pytestmark = pytest.mark.usefixtures("english")

FROZEN = Path(__file__).parents[1] / "frozen" / "region_sjaelland.yaml"
PER_NEED = "light_traffic, bound_cover, permit_section_19_33, passive_environment"
PER_MATERIAL = "sieved, lime_stabilised, tested_bearing"

TWO_ROADS = """
title: A motorway and a lane
language: en
format: 3
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  motorway: {land: road, lon: 12.10, lat: 55.45, needs: [{use: base_course, amount: 900 t}]}
  lane:
    land: road
    lon: 12.12
    lat: 55.47
    needs: [{use: base_course, amount: 500 t, accepts: [light_traffic]}]
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [stable_gravel]}}
  heap:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete_brick, amount: 700 t, must_leave: false}]
"""
SOIL = """
title: Soil
language: en
format: 3
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  bank: {lon: 12.10, lat: 55.45, needs: [{use: noise_barrier, amount: 10 000 t}]}
  dig:
    lon: 12.26
    lat: 55.59
    soil_mapping: unmapped
    offers: [{material: clean_clay_soil, amount: 6000 t}]
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
  tip: {lon: 12.19, lat: 55.46, receiver: {kind: soil_bank, accepts: [clean_clay_soil]}}
"""


def serving(scenario, site):
    """Give the materials that may serve the first need of a site."""
    return next(need for need in scenario.needs if need.site == site).ratios.keys()


# Needs


def test_a_need_accepts_for_itself():
    """Light-traffic material comes to the lane that accepts it, and not to the motorway."""
    scenario = make_scenario(TWO_ROADS)
    assert "crushed_concrete_brick" in serving(scenario, "lane")
    assert "crushed_concrete_brick" not in serving(scenario, "motorway")


def test_a_condition_of_each_need_is_not_accepted_for_all():
    """It is refused in a file of today, with its place and what to write instead."""
    text = f"{TWO_ROADS}accepted_conditions: [sieved, light_traffic]\n"
    found = refusal(text)
    line = text.splitlines().index("accepted_conditions: [sieved, light_traffic]") + 1
    assert found.startswith(f"world.yaml:{line}:31: accepted_conditions[1]: `light_traffic` is")
    assert "write `accepts: [light_traffic]` at the needs where it is met" in found
    assert "sieved" not in found


@pytest.mark.parametrize("per_need", ["true", "false"])
def test_a_scenarios_own_catalogue_says_what_is_per_need(per_need):
    """Of a built-in condition, laid over it, and of one of its own, with its names beside."""
    own = (
        "catalogue:\n"
        f"  conditions: {{light_traffic: {{per_need: {per_need}}}, "
        f"quiet: {{en: At night only, per_need: {per_need}}}}}\n"
        "  fits: {crushed_brick: {base_course: {verdict: conditional, condition: quiet}}}\n"
        "accepted_conditions: [light_traffic, At night only]\n"
    )
    if per_need == "true":
        assert refusal(TWO_ROADS + own).count("is a matter of each need") == 2
    else:
        served = serving(make_scenario(TWO_ROADS + own), "motorway")
        assert {"crushed_concrete_brick", "crushed_brick"} <= served


@pytest.mark.parametrize("older", ["", "format: 1\n", "format: 2\n"])
def test_an_older_file_accepts_it_at_every_need(older):
    text = TWO_ROADS.replace("format: 3\n", older) + "accepted_conditions: [light_traffic]\n"
    scenario = make_scenario(text)
    assert "crushed_concrete_brick" in serving(scenario, "motorway")


def test_permits_keep_number_and_date():
    """A condition may stand alone, or with what says that it is met; a name does for the id."""
    entries = (
        '{permit_section_19_33: "2026-1234, 1 May 2026"}',
        "Kun let trafik",
        "{bound_cover: T2}",
    )
    scenario = make_scenario(TWO_ROADS.replace("[light_traffic]", f"[{', '.join(entries)}]"))
    lane = next(need for need in scenario.needs if need.site == "lane")
    assert lane.consents == {
        "permit_section_19_33": "2026-1234, 1 May 2026",
        "light_traffic": "",
        "bound_cover": "T2",
    }


@pytest.mark.parametrize(
    ("accepts", "sentence"),
    [
        ("[light_trafic]", "did you mean `light_traffic`"),
        ("[{light_traffic: a, bound_cover: b}]", "accepts[0].light_traffic is not a key here"),
        ("[light_traffic, {light_traffic: T1}]", "`light_traffic` stands twice in this list"),
        ("[5]", "must be a mapping"),
        ("[{light_traffic: [1]}]", "must be a text"),
    ],
)
def test_bad_consents_are_told_with_their_line(accepts, sentence):
    """A condition that is none, two in one entry, one twice, and what is neither."""
    found = refusal(TWO_ROADS.replace("[light_traffic]", accepts))
    assert sentence in found
    assert found.startswith("world.yaml:13:")


@pytest.mark.parametrize("accepts", ["", "light_traffic"])
def test_no_rubble_mix_under_a_motorway_of_the_audited_region(accepts, tmp_path):
    """With every condition on, it comes to a motorway's base course only where that accepts it."""
    text = FROZEN.read_text(encoding="utf-8").replace("format: 2", "format: 3")
    text = text.replace("accepted_conditions: []", f"accepted_conditions: [{PER_MATERIAL}]")
    site = text.index("  prj_rute54_oest:")
    course = text.index("{use: base_course", site)
    end = text.index("}", course)
    text = f"{text[:end]}, accepts: [{accepts}]{text[end:]}"
    (tmp_path / "region.yaml").write_text(text, encoding="utf-8")
    scenario = read_scenario(tmp_path / "region.yaml")
    served = {
        need.site
        for need in scenario.needs
        if need.use == "base_course" and "crushed_concrete_brick" in need.ratios
    }
    assert served == ({"prj_rute54_oest"} if accepts else set())


def test_an_older_region_accepts_conditions_at_every_need(tmp_path):
    """All conditions on, as at the audit."""
    text = FROZEN.read_text(encoding="utf-8")
    text = text.replace("accepted_conditions: []", f"accepted_conditions: [{PER_NEED}]")
    (tmp_path / "region.yaml").write_text(text, encoding="utf-8")
    scenario = read_scenario(tmp_path / "region.yaml")
    assert sum("crushed_concrete_brick" in need.ratios for need in scenario.needs) > 20


# Land


@pytest.mark.parametrize(
    ("more", "land", "served"),
    [("format: 3", "open_land", False), ("format: 2", "built_up", True), ("", "built_up", True)],
)
def test_land_not_said(more, land, served):
    """It is the strictest today and was built up before; both say so, with the tonnes of soil."""
    scenario = make_scenario(SOIL.replace("format: 3", more))
    assert scenario.land("bank") == land
    assert ("clean_clay_soil" in serving(scenario, "bank")) == served
    [warning] = scenario.warnings
    assert f"is taken to be `{land}`: up to 6,000 t of soil hang on it" in str(warning)
    assert warning.place is not None
    assert SOIL.splitlines()[warning.place.line - 1].startswith("  bank:")


def test_land_said_warns_of_nothing():
    """Nor does land that no soil hangs on."""
    assert make_scenario(SOIL.replace("bank: {", "bank: {land: built_up, ")).warnings == ()
    assert make_scenario(TWO_ROADS.replace("land: road, ", "")).warnings == ()


def test_the_strictest_land_follows_the_rules():
    """Of the catalogue's own it is open land; a stricter kind of a scenario's own comes before."""
    assert load_catalogue().strictest_land == "open_land"
    forest = "catalogue: {land: {forest: {en: Forest}}}\n"
    assert make_scenario(SOIL + forest).land("bank") == "forest"


# Zones

ZONE = "zones: [{{file: {file}, rule: own-osd, needs_condition: permit_section_19_33{more}}}]\n"
AROUND = shapely.box(12.05, 55.40, 12.15, 55.50)
"""Around the bank at 12.10, 55.45."""


def zoned(folder, shape, *, name="zone.geojson", crs=None, more="", text=SOIL):
    """Read a world with a zone of a shape, written in some coordinate system."""
    shapes = gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4326")
    shapes.to_crs(crs or "EPSG:4326").to_file(folder / name)
    return read(folder, text + ZONE.format(file=name, more=more))


def read(folder, text):
    text = text.replace("bank: {", "bank: {land: built_up, ")
    (folder / "world.yaml").write_text(text, encoding="utf-8")
    return read_scenario(folder / "world.yaml")


def lies_in(scenario):
    """Tell whether clean soil is kept from the bank by the zone's rule."""
    need = scenario.needs[0]
    block = scenario.blocks("clean_clay_soil", need.demand)
    assert block is None or block.rule == "own-osd"
    assert ("clean_clay_soil" in need.ratios) == (block is None)
    return block is not None


FAR = shapely.box(11.0, 55.0, 11.1, 55.1)
HOLED = shapely.Polygon(AROUND.exterior, [shapely.box(12.09, 55.44, 12.11, 55.46).exterior])


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        (AROUND, True),
        (FAR, False),
        (HOLED, False),
        (shapely.MultiPolygon([FAR, AROUND]), True),
        (shapely.box(12.10, 55.40, 12.15, 55.50), True),
        (shapely.box(12.1001, 55.40, 12.15, 55.50), False),
        (shapely.Polygon([(12, 55.4), (12.2, 55.5), (12.2, 55.4), (12, 55.5)]), False),
    ],
    ids=["around", "far", "hole", "several", "border", "six metres off", "bow tie"],
)
@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("zone.geojson", None),
        ("zone.gpkg", "EPSG:25832"),
        ("zone.gpkg", "EPSG:4326"),
        ("zone.geojson", "EPSG:25832"),
    ],
)
def test_sites_in_a_zone(shape, inside, name, crs, tmp_path):
    """Holes, several parts, borders and crossings, whatever the coordinate system."""
    assert lies_in(zoned(tmp_path, shape, name=name, crs=crs)) == inside


def test_a_need_in_a_zone_may_accept_its_condition(tmp_path):
    """Soil comes where the need has the permit; cleaner soil than the zone's is free."""
    permit = 'amount: 10 000 t, accepts: [{permit_section_19_33: "12"}]'
    scenario = zoned(tmp_path, AROUND, text=SOIL.replace("amount: 10 000 t", permit))
    assert not lies_in(scenario)
    assert [one.condition for one in scenario.rulings("clean_clay_soil", scenario.needs[0].demand)][
        -1
    ] == "permit_section_19_33"
    assert not lies_in(zoned(tmp_path, AROUND, more=", soil_class: 2"))
    assert lies_in(zoned(tmp_path, AROUND, more=", soil_class: 1"))


def test_why_tells_of_zones_and_consents(tmp_path):
    """The rule of the zone, its file, and which need accepts what by which permit."""
    permit = 'amount: 10 000 t, accepts: [{permit_section_19_33: "2026-12"}]'
    scenario = zoned(
        tmp_path, AROUND, more=", soil_class: 1", text=SOIL.replace("amount: 10 000 t", permit)
    )
    told = explain_fit(
        scenario.catalogue, "clean_clay_soil", "noise_barrier", "en", scenario=scenario
    )
    assert (
        "bank lies in a zone (rule own-osd: zone.geojson): soil of class 1 and worse needs "
        "`permit_section_19_33`."
    ) in told
    assert "bank accepts `permit_section_19_33` for this need: 2026-12." in told
    assert told[-1] == "bank (land: `built_up`): it may serve this need."
    strict = zoned(tmp_path, AROUND, more=", soil_class: 1")
    told = explain_fit(strict.catalogue, "clean_clay_soil", "noise_barrier", "en", scenario=strict)
    assert told[-1] == "bank (land: `built_up`): not by rule own-osd."


def test_sites_of_a_zone_may_be_named():
    """Without a file; one that is not there is refused."""
    zone = "zones: [{sites: [bank], rule: own-osd, needs_condition: permit_section_19_33}]\n"
    assert lies_in(make_scenario(SOIL.replace("bank: {", "bank: {land: built_up, ") + zone))
    assert "`bnk` is not a site here" in refusal(SOIL + zone.replace("bank", "bnk"))
    assert "needs `file`" in refusal(SOIL + zone.replace("sites: [bank], ", ""))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("no.geojson", None, "`no.geojson` does not exist"),
        ("a.geojson", "not JSON", "cannot be read as polygons"),
        ("a.geojson", "[1, 2]", "cannot be read as polygons"),
        ("a.geojson", '{"type": "Polygon", "coordinates": "x"}', "cannot be read"),
        ("a.geojson", "<OGRVRTDataSource/>", "cannot be read as polygons"),
        ("a.gpkg", b"SQLite format 3\x00 and no more", "cannot be read"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', "has no polygons"),
        ("a.geojson", '{"type": "Point", "coordinates": [12, 55]}', "has no polygons"),
        (
            "a.geojson",
            json.dumps(shapely.geometry.mapping(shapely.box(690000, 6150000, 691000, 6151000))),
            "are not degrees",
        ),
    ],
)
def test_bad_files_of_zones_are_told_with_their_line(name, content, sentence, tmp_path):
    """Missing, no map at all, broken, empty, without polygons, metres for degrees."""
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, SOIL + ZONE.format(file=name, more=""))
    assert sentence in str(caught.value)
    assert re.search(r"world\.yaml:\d+:\d+: zones\[0\]\.file: (the|`)", str(caught.value))


def test_a_zone_is_read_whatever_else_its_file_holds(tmp_path):
    """Features without a place, points, and polygons in collections."""
    mixed = shapely.GeometryCollection([shapely.Point(1, 2), AROUND])
    features = [
        {"type": "Feature", "properties": {}, "geometry": None},
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(mixed)},
    ]
    said = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "zone.geojson").write_text(said, encoding="utf-8")
    assert lies_in(read(tmp_path, SOIL + ZONE.format(file="zone.geojson", more="")))


def test_a_zone_without_a_site_is_told(tmp_path):
    """It may lie elsewhere than was meant."""
    [warning] = zoned(tmp_path, FAR).warnings
    assert "zones[0]: no site lies in this zone" in str(warning)
    assert zoned(tmp_path, AROUND).warnings == ()


def test_a_zone_without_a_coordinate_system_is_refused(tmp_path):
    """A GeoPackage that does not say its system could lie anywhere."""
    gpd.GeoDataFrame(geometry=[AROUND]).to_file(tmp_path / "zone.gpkg")
    with pytest.raises(ScenarioError, match="does not say its coordinate system"):
        read(tmp_path, SOIL + ZONE.format(file="zone.gpkg", more=""))


def test_zones_are_read_from_the_folder_of_the_scenario(tmp_path):
    """A stranger's scenario reads no file elsewhere unless that is allowed."""
    (tmp_path / "inner").mkdir()
    shapes = gpd.GeoDataFrame(geometry=[AROUND], crs="EPSG:4326")
    shapes.to_file(tmp_path / "zone.geojson")
    text = SOIL.replace("bank: {", "bank: {land: built_up, ")
    file = tmp_path / "inner" / "world.yaml"
    file.write_text(text + ZONE.format(file="../zone.geojson", more=""), encoding="utf-8")
    with pytest.raises(ScenarioError, match="leads out of the scenario's folder"):
        read_scenario(file)
    assert lies_in(read_scenario(file, anywhere=True))
