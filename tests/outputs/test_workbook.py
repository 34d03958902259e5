"""The workbook: real types, formulas that compute, and words that stay words."""

from __future__ import annotations

import datetime
import json
import math
import re
import textwrap
import zipfile
import pandas as pd
import pytest
from raastof_geo.evidence import STATES
from raastof_geo.figures.vocabulary import (
    CO2E,
    LITRES,
    ROAD_WTW,
    SEA,
    TONNE_KM,
    TONNES,
    TRANSPORT_TTW,
    TRANSPORT_WTW,
    UPSTREAM,
    VEHICLE_KM,
    shown_in_columns,
)
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.effects import list_payees, tabulate_accounts
from raastof_geo.outputs.opening import describe_basis
from raastof_geo.outputs.tables.workbook import write_workbook
from raastof_geo.pipeline import run_scenario
from raastof_geo.records.flows import FLOW_HEADS

openpyxl = pytest.importorskip("openpyxl")
get_column_letter = pytest.importorskip("openpyxl.utils").get_column_letter
HOSTILE = [
    '=HYPERLINK("http://evil")',
    "<script>alert(1)</script>",
    "+1",
    "x" * 10_000,
    "\u202eevil 🚧",
]


@pytest.fixture(scope="module")
def solved(english_road):
    result, folder = english_road
    return result, folder / "plan.xlsx"


def sheets(path):
    return openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)


def test_every_sheet_has_a_head_that_stays_and_filters(solved):
    book, _ = sheets(solved[1])
    assert len(book.sheetnames) == 18
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet["A1"].font.bold
        widths = {
            at: one.width
            for one in sheet.column_dimensions.values()
            for at in range(one.min, one.max + 1)
        }
        for cell in sheet[1]:
            lines = textwrap.wrap(str(cell.value), int(widths[cell.column]) - 1)
            assert len(lines) <= 3, cell.value
    assert "Amount [t]" in [cell.value for cell in book["Flows"][1]]


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_sheet_is_set_up_for_paper(english_road, road, language):
    """A4 across, one page wide, all of it, the head again on each page, title, sheet and pages."""
    path = {"da": road, "en": english_road}[language][1] / "plan.xlsx"
    book, _ = sheets(path)
    page = {"da": "side &P af &N", "en": "page &P of &N"}[language]
    title = book.properties.title
    for sheet in book:
        setup = sheet.page_setup
        assert (setup.orientation, int(setup.paperSize)) == ("landscape", 9), sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert setup.fitToWidth in (None, 1)
        assert setup.fitToHeight in ((None, 1) if sheet is book.worksheets[0] else (0,))
        assert sheet.oddHeader.left.text == title.replace("&", "&&")
        assert sheet.oddHeader.right.text == sheet.title
        assert sheet.oddFooter.right.text == page
        assert sheet.page_margins.left < 0.5
        first, last = sheet.print_area.replace("$", "").rpartition("!")[2].split(":")
        assert first == "A1"
        assert last == f"{get_column_letter(sheet.max_column)}{sheet.max_row}"
        head = 1 if sheet is not book.worksheets[0] else sheet.max_row - len(book.sheetnames) + 1
        assert sheet.print_title_rows.replace("$", "") == f"{head}:{head}", sheet.title


def test_the_first_sheet_says_what_there_is_and_leads_to_it(solved):
    """What it is, over which years, against what, how to read it, and a way to every sheet."""
    result, path = solved
    book, _ = sheets(path)
    first = book.worksheets[0]
    assert first.title == "Read first"
    told = [cell.value for cell in first["A"] if cell.value]
    assert told[0] == result.scenario.said.title
    text = " ".join(told)
    with speaking("en"):
        assert str(describe_basis(result)) in text
    for words in ("2027 – 2029", "CO2e", "formulas", "yellow", "A4"):
        assert words in text, words
    rows = {row[0].value: row for row in first.iter_rows() if row[0].hyperlink}
    assert [*rows] == book.sheetnames[1:]
    for name, (link, about, reader, many) in rows.items():
        assert link.hyperlink.target is None
        assert link.hyperlink.location == f"'{name}'!A1"
        assert about.value
        assert reader.value
        assert many.value == book[name].max_row - 1 or name == "LCA modules"


def test_numbers_and_days_are_written_as_in_the_language(english_road, road):
    """Whatever the system of the reader speaks; and no sheet for people shows an id or a key."""
    for (result, folder), region in ((english_road, "[$-809]"), (road, "[$-406]")):
        book, _ = sheets(folder / "plan.xlsx")
        scenario = result.scenario
        keys = {*scenario.catalogue.materials, *scenario.catalogue.vehicles}
        keys |= {one for one in scenario.sites if scenario.site_name(one) != one}
        for sheet in book:
            for row in sheet.iter_rows(min_row=2):
                for cell in row:
                    if isinstance(cell.value, int | float) or cell.data_type == "f":
                        assert cell.number_format.startswith(region), (sheet.title, cell)
                    if isinstance(cell.value, str) and sheet is not book.worksheets[-1]:
                        assert cell.value not in keys, (sheet.title, cell.value)
                        assert "`" not in cell.value or sheet is book.worksheets[0]


def test_modules_of_life_cycle_add_up_to_the_effect(solved):
    """Each kilogram in one module; what is hauled to needs is A4, surplus C2; before and plan."""
    result, path = solved
    _, values = sheets(path)
    effect = result.effect
    heads, *rows = values["LCA"].iter_rows(values_only=True)
    modules = [head for head in heads if head.endswith("[kg CO2e]") and not head.startswith("All")]
    assert [one.split(" [")[0] for one in modules] == [
        *("A1–A3", "A4", "A5", "C2", "C3–C4", "No module")
    ]
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    sides = {"Baseline": effect.baseline_books, "Plan": effect.books}
    for side, books in sides.items():
        mine = [row for row in told if row["World"].startswith(side) or row["World"] == side]
        summed = {one: sum(row[one] for row in mine) for one in modules}
        lines = books.lines
        assert sum(summed.values()) == pytest.approx(books.total(CO2E), rel=1e-9, abs=1e-6)
        assert sum(row["All [kg CO2e]"] for row in mine) == pytest.approx(
            books.total(CO2E), rel=1e-9, abs=1e-6
        )
        assert summed["A1–A3 [kg CO2e]"] == pytest.approx(books.total(UPSTREAM), abs=1e-6)
        moves = lines[(lines["kind"] == "moves") & (lines["origin"] != lines["destination"])]
        virgin = moves["giver_kind"] == "pit"
        brought = (moves["taker_kind"] == "need") | virgin
        assert summed["A4 [kg CO2e]"] == pytest.approx(
            float(moves.loc[brought, ROAD_WTW].sum() + moves[SEA].sum()), abs=1e-6
        )
        assert summed["C2 [kg CO2e]"] == pytest.approx(
            float(moves.loc[~brought, ROAD_WTW].sum()), abs=1e-6
        )
        hauled = [row for row in mine if row["Step"].startswith(("To ", "Within"))]
        for column, part in (
            ("Amount [t]", TONNES),
            ("Transport work [t km]", TONNE_KM),
            ("Fuel [l]", LITRES),
        ):
            own = lines.loc[lines["kind"] == "moves", part].sum()
            assert sum(row[column] for row in hauled) == pytest.approx(own, rel=1e-9, abs=1e-6)
        for row in hauled:
            assert row["Distance loaded [km]"] * row["Amount [t]"] == pytest.approx(
                row["Transport work [t km]"]
            )
    short = {row[0]: row[1:] for row in values["LCA modules"].iter_rows(values_only=True)}
    totals = [one.total(CO2E) / 1000 for one in sides.values()]
    assert short["Total"][:3] == pytest.approx([*totals, totals[0] - totals[1]], abs=1e-9)
    assert sum(short[one.split(" [")[0]][1] for one in modules) == pytest.approx(totals[1])
    assert short["D"][:3] == (0, 0, 0)
    assert "twice" in short["D"][3]


def test_numbers_days_and_words_have_their_types(solved):
    _, values = sheets(solved[1])
    flows = values["Flows"]
    heads = [cell.value for cell in flows[1]]
    for row in flows.iter_rows(min_row=2, values_only=True):
        cells = dict(zip(heads, row, strict=True))
        assert isinstance(cells["From"], str)
        assert isinstance(cells["Amount [t]"], int | float)
        assert isinstance(cells["Loads"], int | float)
    soil = values["Soil notifications"]
    heads = [cell.value for cell in soil[1]]
    rows = [
        dict(zip(heads, row, strict=True)) for row in soil.iter_rows(min_row=2, values_only=True)
    ]
    assert rows
    for row in rows:
        assert isinstance(row["First day"], datetime.datetime)
        assert row["First day"] < row["Last day"]
        assert row["Soil class"]
        assert row["Contact of the sender"] is None
        assert row["Land register number, origin"] is None
        assert row["Haulier"] is None
        assert row["Purpose"]
        easting, northing = map(int, row["Place of origin (ETRS89 / UTM 32N)"].split("; "))
        assert 600_000 < easting < 800_000
        assert 6_050_000 < northing < 6_250_000
    sources = values["Sources"]
    states = {row[9] for row in sources.iter_rows(min_row=2, values_only=True)}
    assert (
        {"seen in the source", "judgement"}
        <= states
        <= {one.render("en") for one in STATES.values()}
    )


def test_every_party_has_an_account_and_they_come_to_nothing(solved):
    """Each part adds up to 0; businesses have what the report says, projects what they pay."""
    result, path = solved
    formulas, values = (book["Accounts"] for book in sheets(path))
    heads, *every = values.iter_rows(values_only=True)
    assert heads == ("Party", "Account", "Part", "Baseline", "Plan", "Plan − baseline")
    rows = [row for row in every if row[0] != "Total"]
    totals = {row[2]: row for row in every if row[0] == "Total"}
    for part, total in totals.items():
        for column in (3, 4):
            added = sum(row[column] for row in rows if row[2] == part)
            assert added == pytest.approx(0, abs=1e-3) == total[column], part
    assert formulas.cell(len(rows) + 2, 4).value.startswith(f"=SUMIFS(D$2:D${len(rows) + 1},")
    nets = {row[:2]: row for row in rows if row[2] == "Net [DKK]"}
    for who, net in nets.items():
        for column in (3, 4, 5):
            parts = [row[column] for row in rows if row[:2] == who and row is not net]
            assert sum(parts) == pytest.approx(net[column], abs=1e-6)
    told = {row[0]: row for row in next(tabulate_accounts(result.scenario, result.effect)).rows}
    businesses = [row for row in nets.values() if row[1] == "business"]
    assert {row[0] for row in businesses} >= told.keys()
    for row in businesses:
        change = told[row[0]][-1].replace("\N{MINUS SIGN}", "-").replace(".", "")
        assert float(change) == pytest.approx(row[5] / 1000, abs=0.51)
    paid = sum(row[4] for row in nets.values() if row[1] == "project, pays")
    assert paid == pytest.approx(-result.effect.plan.cost_dkk)
    with speaking("en"):
        got = {str(name): plan for name, _, plan in list_payees(result.scenario, result.effect)}
    for row in nets.values():
        if row[1] != "project, pays" and abs(row[4]) > 1:
            assert got[row[0]] == pytest.approx(row[4])


@pytest.mark.parametrize(
    ("sheet", "dimension"), [("Projects", "project"), ("Materials", "material")]
)
def test_sheets_of_groups_have_every_figure_of_each(solved, sheet, dimension):
    """A line for each figure that is not nothing; totals are those of the effect."""
    result, path = solved
    _, values = sheets(path)
    heads, *every = values[sheet].iter_rows(values_only=True)
    assert heads[1:] == ("Key figure", "Baseline", "Plan", "Baseline − plan", "%")
    sides = result.effect.baseline_books, result.effect.books
    for part, factor in shown_in_columns().items():
        told = "Moved [t]" if part == TONNES else str(part.heading.render("en"))
        mine = [row for row in every if row[1] == told]
        for column, books in enumerate(sides, 2):
            each = [row[column] for row in mine if row[0] != "Total"]
            found = books.by(dimension)[part].sum() * factor
            assert sum(each) == pytest.approx(found, abs=1e-6)
            assert [row[column] for row in mine if row[0] == "Total"] == pytest.approx(
                [found] if mine else []
            )


def test_flows_are_all_there(solved):
    result, path = solved
    _, values = sheets(path)
    table = list(values["Flows"].iter_rows(min_row=2, values_only=True))
    flows = [row for row in table if row[2] != "Empty trips"]
    assert len(flows) == len(result.plan.flows)
    assert sum(row[6] for row in flows) == pytest.approx(result.plan.flows["tonnes"].sum())
    before = list(values["Flows of the baseline"].iter_rows(min_row=2, values_only=True))
    assert len([row for row in before if row[2] != "Empty trips"]) == len(
        result.effect.baseline_flows
    )


@pytest.mark.parametrize("part", [TRANSPORT_WTW, TRANSPORT_TTW, VEHICLE_KM])
def test_sheets_of_flows_add_up_to_what_trucks_come_to(solved, part):
    """Empty trips of coordinated trucks have rows of their own, which no single flow has."""
    result, path = solved
    _, values = sheets(path)
    effect, seen = result.effect, 0
    books = {"Flows": effect.books, "Flows of the baseline": effect.baseline_books}
    for name, side in books.items():
        at = [cell.value for cell in values[name][1]].index(FLOW_HEADS[part.flow].render("en"))
        rows = list(values[name].iter_rows(min_row=2, values_only=True))
        assert sum(row[at] or 0.0 for row in rows) == pytest.approx(side.total(part), rel=1e-6)
        seen += sum(row[2] == "Empty trips" for row in rows)
    assert seen > 0


def test_soil_notifications_hold_every_tonne_of_soil(solved):
    result, path = solved
    _, values = sheets(path)
    flows = result.plan.flows
    materials = result.scenario.catalogue.materials
    soil = flows["material"].map(lambda name: materials[name].soil_class is not None)
    apart = flows["origin"] != flows["destination"]
    sheet = values["Soil notifications"]
    at = [cell.value for cell in sheet[1]].index("Amount [t]")
    told = sum(row[at] for row in sheet.iter_rows(min_row=2, values_only=True))
    assert told == pytest.approx(flows.loc[soil & apart, "tonnes"].sum())


def test_a_notification_has_what_the_scenario_says_of_its_sites(tmp_path, starter_text):
    """Sheet and CSV alike: address, register, purpose, m3, samples; the rest is left to fill in."""
    text = starter_text.replace(
        "    soil_mapping: area_classified",
        '    address: "Ringvej 1, Køge"\n    land_register: 12a Køge Markjorder\n'
        "    soil_mapping: area_classified",
        1,
    )
    assert text != starter_text
    path = tmp_path / "soil.yaml"
    asked = "\noutputs: [workbook, soil_notifications]\n"
    path.write_text(text.replace("language: en", "language: da") + asked, encoding="utf-8")
    result, folder = run_scenario(path, into=tmp_path / "out")
    table = pd.read_csv(
        folder / "soil_notifications.csv", sep=";", decimal=",", encoding="utf-8-sig"
    )
    _, values = sheets(folder / "plan.xlsx")
    heads, *rows = values["Jordanmeldelser"].iter_rows(values_only=True)
    assert [*table.columns] == [*heads]
    catalogue, flows = result.scenario.catalogue, result.plan.flows
    soil = flows[
        flows["material"].map(lambda name: catalogue.materials[name].soil_class is not None)
        & (flows["origin"] != flows["destination"])
    ]
    assert len(rows) == len(table) > 0
    assert table["Mængde [t]"].sum() == pytest.approx(soil["tonnes"].sum())
    cells = [dict(zip(heads, row, strict=True)) for row in rows]
    said = [row for row in cells if row["Adresse, fra"]]
    assert said
    names = {catalogue.uses[one].called("da") for one in catalogue.uses}
    for row, (_, other) in zip(cells, table.iterrows(), strict=True):
        [flow, *_] = [
            one
            for one in soil.itertuples()
            if result.scenario.site_name(one.origin) == row["Fra"]
            and catalogue.materials[one.material].called("da") == row["Materiale"]
        ]
        density = catalogue.materials[flow.material].density_in_situ
        assert row["Fast mål [m3]"] == pytest.approx(row["Mængde [t]"] / density.value)
        assert other["Fast mål [m3]"] == pytest.approx(row["Fast mål [m3]"], abs=1e-6)
        assert str(other["Første dag"]) == row["Første dag"].date().isoformat()
        assert row["Formål"] in names | {"Til slutmodtagelse", "Til anlæg eller depot"}
        assert row["Vognmand"] is None
        assert pd.isna(other["Vognmand"])
    for row in said:
        assert row["Adresse, fra"] == "Ringvej 1, Køge"
        assert "12a Køge Markjorder" in row.values()
        assert row["Prøver, mindst"] == math.ceil(row["Mængde [t]"] / 120)
    yellow = openpyxl.load_workbook(folder / "plan.xlsx")["Jordanmeldelser"]
    at = heads.index("Vognmand") + 1
    for line in (1, 2):
        assert yellow.cell(line, at).fill.fgColor.rgb.endswith("FFF6CC")


def test_formulas_compute_to_what_they_show(solved):
    """An engine of formulas finds in every cell the value that is stored beside the formula."""
    formulas = pytest.importorskip("formulas")
    result, path = solved
    book, values = sheets(path)
    model = formulas.ExcelModel().loads(str(path)).finish()
    found = model.calculate()
    count = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                count += 1
                key = f"'[plan.xlsx]{sheet.title.upper()}'!{cell.coordinate}"
                computed = found[key].value[0, 0]
                stored = values[sheet.title][cell.coordinate].value
                if stored in (None, ""):
                    assert computed == "", key
                    continue
                computed, stored = float(computed), float(stored)
                assert computed == pytest.approx(stored, rel=1e-6, abs=1e-3), key
    assert count > 200
    summary = {row[0]: row for row in values["Summary"].iter_rows(min_row=2, values_only=True)}
    effect = result.effect
    assert summary["Emissions of all parts, WTW [t CO2e]"][2] == pytest.approx(
        effect.plan.all_kg_co2e_wtw / 1000
    )
    assert summary["Truck kilometres [km]"][1] == pytest.approx(effect.baseline.vehicle_km)


def test_no_sum_is_about_itself(tmp_path, starter_text):
    """Where there are no causes, their total is nothing, and no circle."""
    path = tmp_path / "plain.yaml"
    asked = "\neffect: {causes: false}\noutputs: [workbook]\n"
    path.write_text(starter_text + asked, encoding="utf-8")
    book, _ = sheets(run_scenario(path, into=tmp_path / "out")[1] / "plan.xlsx")
    assert [cell.value for cell in book["Causes"][2]][:7] == ["Total", *[0] * 6]


def test_a_place_that_cannot_be_written_is_the_systems_error(solved, tmp_path):
    """`write_outputs` makes a sentence of it."""
    with speaking("en"), pytest.raises(OSError, match="nowhere"):
        write_workbook(solved[0], tmp_path / "nowhere")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_words(tmp_path, starter_text, name):
    """No cell from a scenario is a formula or a link."""
    path = tmp_path / "bad.yaml"
    quoted = json.dumps(name, ensure_ascii=False)
    text = re.sub(r"name: Road project[^\n]*", lambda _: f"name: {quoted}", starter_text)
    path.write_text(text + "\noutputs: [workbook]\n", encoding="utf-8")
    written = run_scenario(path, into=tmp_path / "out")[1] / "plan.xlsx"
    book, values = sheets(written)
    found = 0
    for sheet in values:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == name:
                    found += 1
                    assert book[sheet.title][cell.coordinate].data_type == "s"
                assert cell.hyperlink is None or cell.hyperlink.target is None
    assert found
    with zipfile.ZipFile(written) as package:
        for part in package.namelist():
            if part.endswith(".rels"):
                assert b"External" not in package.read(part)


def test_equal_results_give_equal_bytes(solved, tmp_path):
    result, path = solved
    with speaking("en"):
        assert write_workbook(result, tmp_path).read_bytes() == path.read_bytes()
