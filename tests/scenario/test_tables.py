"""Sites, offers and needs from tables: whatever files hold them, each mistake at its cell."""

import datetime
import re
import runpy
import shutil
import webbrowser
from pathlib import Path
import geopandas as gpd
import jsonschema
import openpyxl
import pandas as pd
import pytest
import shapely
from commands import run
from places import ROOT
from pyproj import Transformer
from raastof_geo import read_scenario, solve_scenario
from raastof_geo.errors import InputError, ScenarioError
from raastof_geo.language import LANGUAGES, read_texts, speaking
from raastof_geo.outputs.geopackage import write_scenario_layers
from raastof_geo.outputs.tables.form import write_form
from raastof_geo.region.projection import project, project_shapes
from raastof_geo.roads.load import load_network
from raastof_geo.roads.snap import edge_lines, snap_sites
from raastof_geo.scenario import load_catalogue
from raastof_geo.scenario.tables.grid import find_mark, read_cell
from raastof_geo.scenario.tables.source import make_id
from raastof_geo.scenario.telling.schema import describe_scenarios

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
HEAD = "format: 3\ntitle: T\nlanguage: en\nperiods: [2027, 2028]\n"
OTHERS = """
  pit: {lon: 12.15, lat: 55.633, land: open_land, pit: {supplies: [fill_sand]}}
  tip: {lon: 12.195, lat: 55.462, land: built_up, receiver: {accepts: [clean_clay_soil]}}
"""
TABLE = [
    ["Navn", "Længdegrad", "Breddegrad", "Materiale", "Anvendelse", "Mængde (t)", "Fra", "Til"],
    ["Vejprojekt Ø", 12.1, 55.45, None, "Fyld", 9000, None, 2027],
    ["Byggeplads", 12.26, 55.59, "clean_clay_soil", None, 4000.5, 2028, None],
]


def write(folder, said, others=OTHERS, head=HEAD):
    path = folder / "world.yaml"
    path.write_text(f"{head}sites:\n  {said}\n{others}", encoding="utf-8")
    return path


def write_book(folder, rows, name="sites.xlsx", sheet="Ark1"):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return book


def refused(path, **how):
    with speaking("en"), pytest.raises(ScenarioError) as caught:
        read_scenario(path, **how)
    with speaking("en"):
        return [(one.place.cell, str(one)) for one in caught.value.findings]


def check_world(scenario):
    """What `TABLE` says, wherever it was read."""
    assert {*scenario.sites} == {"pit", "tip", "vejprojekt_oe", "byggeplads"}
    site = scenario.sites["vejprojekt_oe"]
    assert site.name == "Vejprojekt Ø"
    assert site.lon_lat == pytest.approx((12.1, 55.45), abs=1e-7)
    [need], [offer] = scenario.needs, scenario.offers
    assert (need.use, need.tonnes, need.periods) == ("fill", 9000.0, ("2027",))
    assert (offer.material, offer.tonnes, offer.periods) == ("clean_clay_soil", 4000.5, ("2028",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_texts_are_read_as_danish_systems_write_them(tmp_path, encoding, separator):
    """Encodings and separators of their own, decimal commas, points between thousands."""
    rows = [[("" if one is None else str(one)) for one in row] for row in TABLE]
    rows[1][1:6] = ["12,1", "55,45", "", "Fyld", "9.000"]
    rows[2][1:6] = ["12,26", "55,59", "clean_clay_soil", "", "4.000,5"]
    text = "\r\n".join(separator.join(row) for row in rows)
    (tmp_path / "sites.csv").write_bytes(text.encode(encoding))
    check_world(read_scenario(write(tmp_path, "file: sites.csv")))


def test_a_workbook_is_read_as_people_make_it(tmp_path):
    """A title above, a block that is merged, days, a sum below, columns of their own."""
    rows = [
        ["Overskud og behov 2027", None, None, None, None, None, None, None, None],
        [],
        [*TABLE[0], "Sagsbehandler"],
        [*TABLE[1][:6], "15-03-2027", datetime.datetime(2027, 6, 1), "Ida"],
        [None, None, None, None, "Bundsikring", 500, None, None, None],
        [],
        [*TABLE[2], "Per"],
        ["I alt", None, None, None, None, "=SUM(F4:F7)", None, None, None],
    ]
    book = write_book(tmp_path, rows)
    for column in "ABC":
        book.active.merge_cells(f"{column}4:{column}5")
    book.save(tmp_path / "sites.xlsx")
    with speaking("en"):
        scenario = read_scenario(write(tmp_path, "file: sites.xlsx"))
        told = [str(one) for one in scenario.warnings]
    assert [(one.use, one.tonnes, one.periods) for one in scenario.needs] == [
        ("fill", 9000.0, ("2027",)),
        ("sub_base", 500.0, ("2027", "2028")),
    ]
    assert any(
        one.endswith("Ark1!A3 (Navn): not read, for no key is called so: `Sagsbehandler`")
        or "`Sagsbehandler`" in one
        for one in told
    )
    assert any("Ark1!A8" in one and "adds up" in one for one in told)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "parquet", "shp", "fgb"])
@pytest.mark.parametrize("crs", [4326, 25832, 3857, 3006])
def test_layers_are_read_whatever_they_lie_in(tmp_path, ending, crs):
    """Files of GIS in systems of Denmark, of the web and of Sweden."""
    columns = ["navn", "materiale", "anvendelse", "tons", "fra", "til"]
    rows = [[row[at] for at in (0, 3, 4, 5, 6, 7)] for row in TABLE[1:]]
    points = gpd.points_from_xy([12.1, 12.26], [55.45, 55.59], crs=4326)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=points).to_crs(crs)
    file = tmp_path / f"sites.{ending}"
    frame.to_parquet(file) if ending == "parquet" else frame.to_file(file, engine="pyogrio")
    check_world(read_scenario(write(tmp_path, f"file: {file.name}")))


def test_frames_are_tables_too(tmp_path):
    """A frame of GeoPandas, joined by name with one of pandas."""
    points = gpd.points_from_xy([12.1, 12.26], [55.45, 55.59], crs=4326).to_crs(25833)
    places = gpd.GeoDataFrame({"name": [TABLE[1][0], TABLE[2][0]]}, geometry=points)
    rows = pd.DataFrame(
        [[row[at] for at in (0, 3, 4, 5, 6, 7)] for row in TABLE[1:]],
        columns=[TABLE[0][at] for at in (0, 3, 4, 5, 6, 7)],
    )
    check_world(read_scenario(write(tmp_path, ""), sites=[places, rows]))
    rows.loc[1, "Materiale"] = "clay soil"
    [(cell, told)] = refused(write(tmp_path, ""), sites=[places, rows])
    assert (cell, "frame 2" in told, "clay soil" in told) == ("B3", True, True)


def test_several_files_are_joined_by_id_with_what_the_scenario_says(tmp_path):
    """Places in one file, amounts in two, more of a site in YAML, headings of their own."""
    write_book(
        tmp_path, [["Nr", "X", "Y"], ["A-1", 694500, 6170500], [7, 690000, 6150000]], "places.xlsx"
    )
    rows = [["x"], ["Site", "Material", "Amount", "Unit"], [7, "Knust tegl 0/31,5", 12.345, "t"]]
    write_book(tmp_path, [*rows, ["a-1", "fill_sand", 5, "m3 loose"]], "b.xlsx", "Surplus")
    said = """file:
    - {file: places.xlsx, crs: EPSG:25832}
    - {file: b.xlsx, sheet: surplus}
  "7": {name: Seven, land: road, needs: [{use: fill, amount: 5 t}]}"""
    scenario = read_scenario(write(tmp_path, said))
    seven, other = scenario.sites["7"], scenario.sites["a-1"]
    assert (seven.land, seven.name, seven.needs[0].quantity.value) == ("road", "Seven", 5)
    [offer] = seven.offers
    assert offer.material == "crushed_brick"
    assert (offer.quantity.value, offer.quantity.unit) == (12.345, "t")
    assert (other.easting, other.crs, other.offers[0].quantity.condition) == (
        694500,
        "EPSG:25832",
        "loose",
    )
    assert seven.lon_lat == pytest.approx(
        Transformer.from_crs(25832, 4326, always_xy=True).transform(690000, 6150000)
    )
    digest = scenario.digest
    write_book(tmp_path, [*rows, ["a-1", "fill_sand", 6, "m3 loose"]], "b.xlsx", "Surplus")
    assert read_scenario(write(tmp_path, said)).digest != digest


def test_polygons_meet_the_nearest_road_and_entrances_may_be_named(tmp_path):
    """The gate of a shape lies on the road nearest to it; a point beside it is the gate."""
    network = load_network()
    middle = project([12.12], [55.47])[0]
    areas = [
        shapely.Point(*middle).buffer(40),
        shapely.LineString([middle + 3000, middle + 3050]),
        shapely.Point(*(middle - 4000)).buffer(900),
    ]
    to_degrees = Transformer.from_crs(25832, 4326, always_xy=True).transform
    gate = to_degrees(*(middle + 2500))
    frame = gpd.GeoDataFrame(
        {
            "id": ["area", "line", "wide", "named"],
            "use": "fill",
            "tons": 10,
            "lon": [None, None, None, gate[0]],
            "lat": [None, None, None, gate[1]],
        },
        geometry=[*areas, areas[0]],
        crs=25832,
    )
    frame.to_file(tmp_path / "sites.gpkg", engine="pyogrio")
    scenario = read_scenario(write(tmp_path, "file: sites.gpkg"))
    anchors = snap_sites(network, scenario.sites).frame
    assert scenario.sites["named"].lon_lat == pytest.approx(gate, abs=1e-8)
    lines = edge_lines(network, anchors["edge"].to_numpy())
    for site, shape in zip(("area", "line", "wide"), areas, strict=True):
        row = anchors.loc[site]
        spot = shapely.Point(*project([row["lon"]], [row["lat"]])[0])
        assert spot.distance(shape) == pytest.approx(row["snap_m"], abs=1.5)
        every = shapely.STRtree(edge_lines(network, (network.length_m > 0).nonzero()[0]))
        nearest = every.geometries[every.nearest(shape)].distance(shape)
        assert row["snap_m"] >= nearest - 1.5
    assert anchors.loc["wide", "snap_m"] == 0
    assert lines[anchors.index.get_loc("named")].distance(
        shapely.Point(*(middle + 2500))
    ) == pytest.approx(anchors.loc["named", "snap_m"])
    drawn = project_shapes(shapely.from_wkt(scenario.sites["wide"].shape))
    assert drawn.area == pytest.approx(areas[2].area, rel=0.01)


TYPICAL = [
    ("Lokaliteter", {"C4": None}, "C4", "needs `lon` and `lat`"),
    ("Lokaliteter", {"D5": "55,4x"}, "D5", "`55,4x`"),
    ("Lokaliteter", {"C6": 55.45, "D6": 12.11}, "D6", "swapped"),
    ("Lokaliteter", {"H7": "Skov"}, "H7", "`Skov`"),
    ("Lokaliteter", {"E8": "Kjøge"}, "E8", "`Køge`"),
    ("Lokaliteter", {"B9": "#REF!"}, "B9", "#REF!"),
    ("Overskud", {"A2": "Byggepladsen"}, "A2", "`Byggepladsen`"),
    ("Overskud", {"B3": "Beton"}, "B3", "`Beton`"),
    ("Overskud", {"B4": None}, "B4", "material is missing"),
    ("Overskud", {"C5": None}, "C5", "say either `amount`"),
    ("Overskud", {"C6": "12.500"}, "C6", "`12 500`"),
    ("Overskud", {"C7": -5}, "C7", "`-5 t`"),
    ("Overskud", {"C8": 3, "D8": None}, "C8", "of what?"),
    ("Overskud", {"D9": "m3"}, "C9", "in_situ"),
    ("Overskud", {"E10": "2031"}, "E10", "`2031`"),
    ("Overskud", {"E11": 2028, "F11": 2027}, "F11", "comes after"),
    ("Overskud", {"G12": "måske"}, "G12", "`måske`"),
    ("Overskud", {"H13": "95 kr"}, "H13", "`95 kr`"),
    ("Behov", {"B2": "Bundsikring BL"}, "B2", "`Bundsikring BL`"),
    ("Behov", {"A3": None}, "A3", "which site"),
]
"""What is written into which cells of a sheet, and the cell that it is told at."""


def fill_in(book):
    """Write ten sites with twelve offers and two needs over the example of a new workbook."""
    for number in range(2, 14):
        place = (
            f"p{number}",
            f"Plads {number}",
            12.05 + number / 200,
            55.45,
            "Køge",
            "",
            "",
            "Vej",
        )
        offer = (f"p{2 + number % 10}", "Betonbrokker", 100, "t", None, None, None, None)
        need = ("p5", "Fyld", 10, "t", None, None, None)
        for sheet, row, last in (
            ("Lokaliteter", place, 11),
            ("Overskud", offer, 13),
            ("Behov", need, 3),
        ):
            for column, value in enumerate(row if number <= last else (), 1):
                book[sheet].cell(number, column).value = value
    del book["Råstofgrave"], book["Modtagere"]


def list_comments(path, author):
    return {
        (sheet.title, cell.coordinate): cell.comment.text
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment and cell.comment.author == author
    }


def test_a_workbook_with_twenty_typical_mistakes_comes_back_with_twenty_comments(tmp_path, capsys):
    """Each at the cell that is wrong, and nowhere else; what the user remarked stays."""
    assert run("new", tmp_path / "kommune", "--xlsx", language="da") == 0
    book = openpyxl.load_workbook(tmp_path / "kommune.xlsx")
    fill_in(book)
    book["Lokaliteter"]["B12"].comment = openpyxl.comments.Comment("tjek", "Ida")
    book.save(tmp_path / "right.xlsx")
    assert run("check", tmp_path / "right.xlsx", "--mark") == 0
    for sheet, cells, _, _ in TYPICAL:
        for cell, value in cells.items():
            book[sheet][cell].value = value
    book.save(tmp_path / "kommune.xlsx")
    assert run("check", tmp_path / "kommune.xlsx", "--mark") == 2
    assert "kommune_marked.xlsx" in capsys.readouterr().out
    found = list_comments(tmp_path / "kommune_marked.xlsx", "raastof_geo")
    wanted = {(sheet, cell): words for sheet, _, cell, words in TYPICAL}
    assert len(wanted) == 20
    assert set(found) - set(wanted) == set()
    assert set(wanted) - set(found) == set()
    assert {at: text for at, text in found.items() if wanted[at] not in text} == {}
    assert list_comments(tmp_path / "kommune_marked.xlsx", "Ida") == {
        ("Lokaliteter", "B12"): "tjek"
    }
    # Corrected in the copy, it is right; our comments of then are gone from the next copy.
    again = openpyxl.load_workbook(tmp_path / "kommune_marked.xlsx")
    fill_in_again = {(sheet, cell) for sheet, cells, _, _ in TYPICAL for cell in cells}
    right = openpyxl.load_workbook(tmp_path / "right.xlsx")
    for sheet, cell in fill_in_again:
        again[sheet][cell].value = right[sheet][cell].value
    again["Overskud"]["B3"].value = "Beton"
    again.save(tmp_path / "kommune_marked.xlsx")
    assert run("check", tmp_path / "kommune_marked.xlsx", "--mark") == 2
    assert set(list_comments(tmp_path / "kommune_marked-2.xlsx", "raastof_geo")) == {
        ("Overskud", "B3")
    }


def test_a_text_with_mistakes_comes_back_as_a_workbook(tmp_path):
    (tmp_path / "sites.csv").write_text("Navn;Lon;Lat;Brug\nA;12,1;55,45;fyldd\n", encoding="utf-8")
    assert run("check", write(tmp_path, "file: sites.csv"), "--mark") == 2
    found = list_comments(tmp_path / "sites_marked.xlsx", "raastof_geo")
    assert set(found) == {("sites", "D2")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_exported_scenarios_are_the_same(tmp_path, path):
    """As a workbook to the last key; as a GeoPackage, where places are points, to a millimetre."""
    scenario = read_scenario(path)
    again = read_scenario(write_form(scenario, tmp_path / "book.xlsx"))
    assert again.said == scenario.said
    assert again.catalogue == scenario.catalogue
    layers = read_scenario(write_scenario_layers(scenario, tmp_path / "layers.gpkg"))
    where = {"lon": None, "lat": None, "crs": None, "easting": None, "northing": None}
    for id_, site in scenario.sites.items():
        assert layers.sites[id_].model_copy(update=where) == site.model_copy(update=where)
        assert layers.sites[id_].lon_lat == pytest.approx(site.lon_lat, abs=1e-8)
    sites = {"sites": scenario.sites}
    assert layers.said.model_copy(update=sites) == scenario.said.model_copy(update=sites)
    assert list(layers.sites) == list(scenario.sites)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_to_fill_in_offers_lists_and_runs(tmp_path, language, capsys):
    """Drop-downs lead to what may be chosen, heads say what they are for, the example solves."""
    assert run("new", tmp_path / "form", "--xlsx", language=language) == 0
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    titles = {key: one.render(language) for key, one in read_texts("tables by name").items()}
    offers = book[titles["offers"]]
    years = [row[4].value for row in book[titles["needs"]].iter_rows(min_row=2)]
    assert "2028" in years, "a year is no number with a point between its thousands"
    lists = {str(one.sqref): one.formula1 for one in offers.data_validations.dataValidation}
    sheet, _, span = lists["B2:B2001"].partition("!")
    words = {cell.value for [cell] in book[sheet.strip("='")][span.replace("$", "")]}
    assert {offers["B2"].value, offers["B3"].value} <= words
    assert offers["B1"].comment.text
    assert (
        lists["A2:A2001"].startswith(f"'{titles['sites']}'!")
        or titles["sites"] in lists["A2:A2001"]
    )
    assert run("check", tmp_path / "form.xlsx", language=language) == 0
    assert run("new", tmp_path / "form.xlsx", "--xlsx", language=language) == 2
    scenario = read_scenario(tmp_path / "form.xlsx")
    starter = read_scenario(ROOT / "raastof_geo" / "data" / f"starter_{language}.yaml")
    assert scenario.said == starter.said


@pytest.mark.parametrize(
    ("said", "others", "words"),
    [
        ("file: ../out.csv", OTHERS, "--anywhere"),
        ("file: none.csv", OTHERS, "`none.csv` does not exist"),
        ("file: a.docx", OTHERS, "save it as one of"),
        ("file: sites.xlsx\n  sheet: Other", OTHERS, "there are `Ark1`"),
        ("file: sites.xlsx\n  columns: {nam: Navn}", OTHERS, "did you mean `name`"),
        ("file: sites.xlsx\n  columns: {name: Navne}", OTHERS, "`Navne`"),
        ("file: sites.xlsx\n  crs: EPSG:1", OTHERS, "no coordinate system"),
        ("file: broken.xlsx", OTHERS, "cannot be read as a table"),
        ("file: broken.gpkg", OTHERS, "cannot be read"),
        ("file: vrt.gpkg", OTHERS, "cannot be read"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_their_names(tmp_path, said, others, words):
    """No table outside the folder, none that leads elsewhere, none that is something else."""
    home = tmp_path / "home"
    home.mkdir()
    write_book(home, TABLE)
    (tmp_path / "out.csv").write_text("id\n1\n")
    (home / "a.docx").write_bytes(b"PK")
    (home / "broken.xlsx").write_bytes(b"PK\3\4" + bytes(99))
    (home / "broken.gpkg").write_bytes(b"SQLite format 3\0" + bytes(99))
    (home / "vrt.gpkg").write_text(
        "<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>"
    )
    told = refused(write(home, said, others))
    assert any(words in one for _, one in told), told


def test_what_is_said_twice_differs_or_is_two_things_is_told(tmp_path):
    """Rows of one site agree; a row is surplus or a need; a heading stands once."""
    write_book(
        tmp_path,
        [
            ["Name", "Lon", "Lat", "Material", "Use", "Amount (t)", "Navn", "Projekkt"],
            ["A", 12.1, 55.45, None, "fill", 10, None, None],
            ["A", 12.2, 55.45, None, "fill", 20, None, None],
            ["B", 12.2, 55.45, "fill_sand", "fill", 20, None, None],
            ["C", 12.2, 55.45, None, None, 20, None, None],
        ],
    )
    told = dict(refused(write(tmp_path, "file: sites.xlsx")))
    assert "differs" not in told
    assert "12.1" in told["B3"]
    assert "not both" in told["E4"]
    assert "neither" in told["F5"]
    assert "twice" in told["G1"]
    assert "did you mean" in told["H1"]


@pytest.mark.parametrize(
    ("column", "kind", "meant"),
    [
        (["1.234", "5,5"], "amount", ["1234", "5.5"]),
        (["1,234", "5.5"], "amount", ["1234", "5.5"]),
        (["1 234,5", "-2"], "number", [1234.5, -2]),
        (["55,592", "12.345"], "degrees", [55.592, 12.345]),
        (["694.500", "6.170.500,25"], "metres", [694500, 6170500.25]),
        (["ja", "Nej"], "truth", [True, False]),
        (["15-03-2027", "1.4.2027"], "date", ["2027-03-15", "2027-04-01"]),
        (["31-02-2027"], "date", ["31-02-2027"]),
        ([12.345, 7.0], "amount", ["12.3450", "7"]),
        (["a; b", "Knust tegl 0/31,5"], "list", [["a", "b"], ["Knust tegl 0/31,5"]]),
        (["{a: [1, b]}", "0,5", "true"], "free", [{"a": [1, "b"]}, "0,5", True]),
    ],
)
def test_cells_are_read_as_their_column_and_what_is_wanted_say(column, kind, meant):
    mark = find_mark(column)
    assert [read_cell(one, kind, mark=mark) for one in column] == meant


def test_a_number_of_two_readings_is_asked_for():
    with speaking("en"), pytest.raises(InputError, match="`1 234`"):
        read_cell("1.234", "number")


def test_cells_without_a_value_are_told_apart_from_empty_ones(tmp_path):
    """A formula that nobody counted yet, and an error; an empty cell says nothing."""
    rows = [[*TABLE[0]], [*TABLE[1]], [*TABLE[2]]]
    rows[1][5], rows[2][1] = "=4500*2", "#DIV/0!"
    write_book(tmp_path, rows)
    told = dict(refused(write(tmp_path, "file: sites.xlsx")))
    assert "`=4500*2`" in told["F2"] and "`#DIV/0!`" in told["B3"]


def test_files_that_swell_are_left_alone(tmp_path, monkeypatch):
    """Neither a sheet of billions of cells nor one that is large unpacked is read."""
    book = write_book(tmp_path, TABLE)
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "wide.xlsx")
    [(_, told)] = refused(write(tmp_path, "file: wide.xlsx"))
    assert "1,048,576 rows" in told
    monkeypatch.setattr("raastof_geo.scenario.tables.grid._MOST_UNPACKED_MB", 0)
    [(_, told)] = refused(write(tmp_path, "file: sites.xlsx"))
    assert "unpacked" in told


def test_ids_are_made_of_names():
    assert make_id("Vejprojekt Ø, etape 2") == "vejprojekt_oe_etape_2"
    assert make_id("A", {"a": 1, "a_2": 1}) == "a_3"
    assert make_id("!!") == "site"


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)])
def test_a_workbook_that_cannot_be_opened_is_told_once(content, tmp_path, capsys):
    """Empty, or with a password: one sentence, nothing that is said to be missing, no copy."""
    (tmp_path / "kommune.xlsx").write_bytes(content)
    assert run("check", tmp_path / "kommune.xlsx", "--mark") == 2
    told = capsys.readouterr().err
    assert "without a password" in told
    assert told.count("kommune.xlsx:1:1") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["kommune.xlsx"]


def test_export_writes_what_is_asked_for(tmp_path, capsys):
    """Both files beside each other; a changed one is set aside; nothing asked is told."""
    source = shutil.copy(ROOT / "scenarios" / "koege_bugt.yaml", tmp_path / "koege.yaml")
    assert run("export", source) == 2
    assert run("export", source, "--xlsx", "--gpkg", "--into", tmp_path / "out") == 0
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"koege.xlsx", "koege.gpkg"}
    plan = solve_scenario(read_scenario(tmp_path / "out" / "koege.xlsx")).plan
    assert plan.flows.equals(solve_scenario(read_scenario(source)).plan.flows)


def fill_table(head: str) -> str:
    """Write 200 sites below a row of headings: half of them need fill, half have rubble."""
    rows, network = [], load_network(None)
    for number, node in enumerate(range(0, network.node_count, network.node_count // 200)):
        lon, lat = f"{network.node_lon[node]:.5f}", f"{network.node_lat[node]:.5f}"
        what = ("Betonbrokker", "") if number % 2 else ("", "Fyld")
        named = (f"Plads {number}", lon, lat, "", *what, str(1000 + number), "2027", "2028")
        rows.append(";".join(named).replace(".", ","))
    del rows[200:]
    return "\n".join([head, *rows])


@pytest.mark.parametrize("sites", [2, pytest.param(200, marks=pytest.mark.slow)])
def test_the_page_about_tables_can_be_followed(sites, tmp_path, monkeypatch, capsys):
    """From install to a map: its commands, its table or one's own, its scenario, its Python."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    found = re.findall(r"```(\w+)\n(.*?)```", page, flags=re.S)
    blocks, commands = dict(found), [text for kind, text in found if kind == "sh"]
    install, readme = commands.pop(0), (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(
        part in readme for part in ("python3 -m venv .venv", install.split("python ")[1][:-1])
    )
    table = blocks["csv"] if sites == 2 else fill_table(blocks["csv"].partition("\n")[0])
    Path("lokaliteter.csv").write_text(table, encoding="cp1252")
    Path("tabel.yaml").write_text(blocks["yaml"], encoding="utf-8")
    Path("frames.py").write_text(blocks["python"], encoding="utf-8")
    told = runpy.run_path("frames.py")
    [*_, need] = told["scenario"].needs
    assert (need.site, need.tonnes) == ("ny_vej", 500.0)
    assert told["scenario"].sites["ny_vej"].name == "Ny vej"
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    for line in "".join(commands).splitlines():
        command = line.replace("run ", "run --no-sensitivity ").split()[1:]
        assert run(*command, language="da") == 0, capsys.readouterr()
    assert Path("kommune.gpkg").is_file() and Path("results/kommune/map.html").is_file()
    drawn = Path("results/tabel/map.html").read_text(encoding="utf-8")
    names = [line.split(";")[0] for line in table.splitlines()[1:]]
    assert len(names) == sites and all(name in drawn for name in names)


def test_editors_know_tables():
    """The schema allows what is read."""
    schema = describe_scenarios(load_catalogue(), "da")
    given = {"title": "T", "periods": [2027], "sites": {"file": ["a.csv", {"file": "b.gpkg"}]}}
    assert not [*jsonschema.Draft7Validator(schema).iter_errors(given)]
    assert schema["properties"]["sites"]["properties"]["columns"]["title"] == "kolonner"
