"""The workbook: real types, formulas that compute, and words that stay words."""

from __future__ import annotations

import datetime
import json
import re
import zipfile

import pytest

from raastof_geo.evidence import STATES
from raastof_geo.language import speaking
from raastof_geo.outputs.documents.effects import list_payees, tabulate_accounts
from raastof_geo.outputs.tables.workbook import write_workbook
from raastof_geo.pipeline import run_scenario

openpyxl = pytest.importorskip("openpyxl")
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
    assert len(book.sheetnames) == 16
    for sheet in book:
        assert sheet.freeze_panes
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet["A1"].font.bold
    assert "Amount [t]" in [cell.value for cell in book["Flows"][1]]


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
    sources = values["Sources"]
    states = {row[9] for row in sources.iter_rows(min_row=2, values_only=True)}
    assert (
        {"seen in the source", "judgement"}
        <= states
        <= {one.render("en") for one in STATES.values()}
    )


def test_every_party_has_an_account_and_they_come_to_nothing(solved):
    """Each column adds up to 0; businesses have what the report says, projects what they pay."""
    result, path = solved
    formulas, values = (book["Accounts"] for book in sheets(path))
    heads, *rows, last = values.iter_rows(values_only=True)
    width = (len(heads) - 3) // 2
    assert last[0] == "Total"
    assert formulas.cell(len(rows) + 2, 4).value == f"=SUM(D2:D{len(rows) + 1})"
    for column in range(3, len(heads)):
        assert sum(row[column] for row in rows) == pytest.approx(0, abs=1e-3), heads[column]
    for row in rows:
        for net in (2 + width, 2 + 2 * width):
            assert sum(row[net + 1 - width : net]) == pytest.approx(row[net], abs=1e-6)
    told = {row[0]: row for row in next(tabulate_accounts(result.scenario, result.effect)).rows}
    businesses = [row for row in rows if row[2] == "business"]
    assert {row[0] for row in businesses} >= told.keys()
    for row in businesses:
        change = told[row[0]][-1].replace("\N{MINUS SIGN}", "-").replace(".", "")
        assert float(change) == pytest.approx((row[-1] - row[2 + width]) / 1000, abs=0.51)
    paid = sum(row[-1] for row in rows if row[2] == "project, pays")
    assert paid == pytest.approx(-result.effect.plan.cost_dkk)
    with speaking("en"):
        got = {str(name): plan for name, _, plan in list_payees(result.scenario, result.effect)}
    for row in rows:
        if row[2] != "project, pays" and abs(row[-1]) > 1:
            assert got[row[0]] == pytest.approx(row[-1])


def test_flows_are_all_there(solved):
    result, path = solved
    _, values = sheets(path)
    table = list(values["Flows"].iter_rows(min_row=2, values_only=True))
    assert len(table) == len(result.plan.flows)
    assert sum(row[8] for row in table) == pytest.approx(result.plan.flows["tonnes"].sum())
    before = list(values["Flows before"].iter_rows(min_row=2, values_only=True))
    assert len(before) == len(result.effect.baseline_flows)


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
                computed = float(found[key].value[0, 0])
                stored = float(values[sheet.title][cell.coordinate].value)
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
                assert cell.hyperlink is None
    assert found
    with zipfile.ZipFile(written) as package:
        for part in package.namelist():
            if part.endswith(".rels"):
                assert b"External" not in package.read(part)


def test_equal_results_give_equal_bytes(solved, tmp_path):
    result, path = solved
    with speaking("en"):
        assert write_workbook(result, tmp_path).read_bytes() == path.read_bytes()
