"""Figures have one vocabulary: what is put there, and nowhere else, is known everywhere."""

from __future__ import annotations

import ast
import json
import pickle
import re
from pathlib import Path
import docx
import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import MEASURES, assign
from raastof_geo.assignment.statement.layout import check_measures
from raastof_geo.assignment.telling.why_not import explain_why_not
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError, NoPlanError
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import (
    COST,
    INDICATORS,
    TONNES,
    Aim,
    EffectLine,
    Indicator,
    Layer,
    aim_of,
    choices,
    explained,
    find_indicator,
    kept_in_books,
    layered,
    measured,
    multiples,
    parts_of,
    shown_in_columns,
    shown_in_lines,
    sums_of_parts,
    told_in_books,
)
from raastof_geo.language import say, speaking
from raastof_geo.pipeline import run_scenario
from raastof_geo.records.ledger import explain_figure
from raastof_geo.records.verify import check_results

PACKAGE = Path(vocabulary.__file__).parents[1]

NOISE = Indicator(
    "noise_points",
    say("Noise [1,000 points]"),
    "points",
    shared="taking",
    aim=Aim(say("noise in points"), say("points of noise")),
    shown=EffectLine(factor=1e-3, digits=1, in_short=True),
    summary=say("Noise [points]"),
    layer=Layer("noise_points", "points", "støj", "noise"),
)
NOISY = PIT_AND_PROJECT + (
    "objectives: [noise_points, cost_dkk]\n"
    "outputs: [map, report, report_docx, appendix, projects, workbook, flows, geopackage, plan, "
    "proof, ledger, summary]\n"
    "targets:\n"
    "  at_most: [{measure: noise_points, at_most: MOST}]\n"
    "  fairness: {measure: noise_points, worse_by_at_most: 50 %}\n"
)


def make_noise(problem):
    """Three points for each tonne and kilometre."""
    return problem.join(moves=3 * problem.leg("length_km"))


@pytest.fixture
def noise(monkeypatch):
    """Put one more entry into the vocabulary, and its function beside it: nothing else."""
    monkeypatch.setattr(vocabulary, "INDICATORS", (*INDICATORS, NOISE))
    monkeypatch.setitem(MEASURES, NOISE, make_noise)
    check_measures()


def write_scenario(folder: Path, most: str) -> Path:
    file = folder / "noise.yaml"
    file.write_text(NOISY.replace("MOST", most), encoding="utf-8")
    return file


def test_a_new_measure_is_known_by_every_output(noise, tmp_path):
    """Minimised and capped, it is in each file with its title and unit, and it is proved."""
    file = write_scenario(tmp_path, "1e6")
    with speaking("en"):
        result, folder = run_scenario(file, into=tmp_path / "results")
        assert check_results(folder).findings == ()
        total = result.plan.amounts["noise_points"]
        assert result.effect.books.total(NOISE) == pytest.approx(total)
        assert result.plan.objectives == {
            "noise_points": pytest.approx(total),
            "cost_dkk": pytest.approx(result.plan.amounts[COST]),
        }
        told = " ".join(map(str, explain_figure(folder, "saved.noise_points").steps))
        assert "points/t" in told
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert f"| Noise [points] | {total:,.0f} |" in summary
    assert "has a smaller noise in points than" in summary
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["amounts"]["noise_points"] == pytest.approx(total)
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    assert ledger["units"]["noise_points"] == "points"
    assert ledger["groups"]["noise_points"] == "taking"
    with np.load(folder / "proof.npz") as proof:
        assert "noise_points" in proof["measure"]
    report = (folder / "appendix.html").read_text(encoding="utf-8")
    assert "Noise [1,000 points]" in report
    assert 'id="how-noise_points"' in report
    words = docx.Document(str(folder / "report.docx"))
    cells = {cell.text for table in words.tables for row in table.rows for cell in row.cells}
    assert any(cell.startswith("Noise [1,000 points]") for cell in cells)
    assert "Noise [1,000 points]" in (folder / "map.html").read_text(encoding="utf-8")
    pages = list((folder / "projects").glob("*.html"))
    assert pages
    assert all("Noise [1,000 points]" in page.read_text(encoding="utf-8") for page in pages)
    check_workbook(folder / "plan.xlsx", total)
    check_layers(folder / "plan.gpkg", total)


def check_workbook(file: Path, total: float) -> None:
    book = openpyxl.load_workbook(file, data_only=True)
    rows = {row[0]: row for row in book["Summary"].iter_rows(values_only=True)}
    assert rows["Noise [1,000 points]"][2] == pytest.approx(total / 1000)
    for sheet in ("Projects", "Municipalities", "Materials", "Periods"):
        cells = {cell for row in book[sheet].iter_rows(values_only=True) for cell in row}
        assert "Noise [1,000 points]" in cells


def check_layers(file: Path, total: float) -> None:
    for layer in ("sites", "municipalities"):
        table = gpd.read_file(file, layer=layer)
        assert table["plan_noise_points"].sum() == pytest.approx(total)
    meant = gpd.read_file(file, layer="data_dictionary")
    row = meant[meant["column"] == "saved_noise_points"].iloc[0]
    assert row["unit"] == "points"
    assert row["meaning_da"].endswith(": støj")
    assert row["meaning_en"].endswith(": noise")


def test_a_new_measure_is_known_by_every_command(noise, tmp_path, capsys):
    """Solve, verify, explain and ask why not: by its own unit, without an error."""
    file = write_scenario(tmp_path, "1e6")
    folder = tmp_path / "results" / "noise"
    for command in (
        ["run", str(file), "--into", str(folder.parent)],
        ["verify", str(folder)],
        ["explain", str(folder)],
        ["explain", str(folder), "plan.noise_points@project=road"],
        ["why-not", str(file), "digging", "tip"],
    ):
        assert run_command([*command, "--lang", "en"]) == 0, command
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "points (Noise)" in said
    assert "points of noise" in said
    assert "kg CO2e per tonne" not in said


def test_a_new_measure_has_its_unit_in_why_not_and_in_messages(noise):
    """What another deal would cost is told in the unit of the objective, and so is a cap."""
    scenario = make_scenario(NOISY.replace("MOST", "1e6"))
    plan = assign(scenario, make_legs(scenario))
    with speaking("en"):
        reasons = explain_why_not(plan, "digging", "tip")
        assert any("points of noise" in str(reason.message) for reason in reasons)
        tight = make_scenario(NOISY.replace("MOST", "10"))
        with pytest.raises(NoPlanError, match="noise in points") as refused:
            assign(tight, make_legs(tight))
        assert "10 points of noise" in str(refused.value)


def test_measures_of_different_units_are_not_added_up(noise):
    """A new measure is held to the same rules as the old ones."""
    mixed = PIT_AND_PROJECT + "objectives: [{minimise: [noise_points, tonne_km]}]\n"
    with speaking("en"), pytest.raises(InputError, match="have different units"):
        make_scenario(mixed)


def test_an_entry_without_its_function_is_refused(monkeypatch):
    """Neither is left out silently: the module of measures cannot be imported."""
    with monkeypatch.context() as patch:
        patch.setattr(vocabulary, "INDICATORS", (*INDICATORS, NOISE))
        with pytest.raises(LookupError, match="noise_points"):
            check_measures()
    with monkeypatch.context() as patch:
        patch.setitem(MEASURES, NOISE, make_noise)
        with pytest.raises(LookupError, match="noise_points"):
            check_measures()


def test_a_metric_is_its_name_wherever_it_travels():
    """Tables are keyed by it, files hold it as text, and it is the same one after a pickle."""
    assert COST == "cost_dkk"
    assert {"cost_dkk": 1}[COST] == 1
    assert json.dumps({COST: COST}) == '{"cost_dkk": "cost_dkk"}'
    assert pickle.loads(pickle.dumps(COST)) is COST  # noqa: S301
    with pytest.raises(KeyError):
        find_indicator("cost_in_marbles")
    with pytest.raises(KeyError):
        aim_of(TONNES)


@pytest.mark.parametrize("indicator", INDICATORS, ids=str)
def test_what_the_vocabulary_says_fits_together(indicator):
    """Sums are there, multiples are there, and what is shown is in the books."""
    assert len([one for one in INDICATORS if one == indicator]) == 1
    assert indicator.part_of is None or find_indicator(indicator.part_of) not in kept_in_books()
    assert all(
        name == "amount" or find_indicator(name) in kept_in_books() for name in indicator.times
    )
    assert indicator.shown is None or indicator in told_in_books()
    assert indicator.layer is None or indicator.shown is not None
    assert str(indicator.heading)


def test_views_are_what_the_tables_were():
    """The tables that the vocabulary took the place of, as they stood in their modules."""
    assert {indicator.name: indicator.divided for indicator in kept_in_books()} == _GROUPS
    assert [indicator.name for indicator in kept_in_books()] == list(_GROUPS)
    assert {indicator.name: indicator.unit for indicator in told_in_books()} == _UNITS
    assert {str(whole): [*map(str, parts)] for whole, parts in sums_of_parts().items()} == _SUMS
    assert [str(indicator) for indicator in choices()] == _CHOICES
    assert [(str(part), one.factor, one.digits) for part, one in shown_in_lines().items()] == _LINES
    assert [str(indicator) for indicator in shown_in_columns()] == _COLUMNS
    assert {one.column: (str(part), one.factor) for part, one in layered().items()} == _LAYERS
    assert {str(one): one.times for one in multiples()} == _BASES
    assert {str(one): (factor.of, factor.field) for one, factor in explained().items()} == _FACTORS
    assert [str(indicator) for indicator in MEASURES] == _MEASURES
    assert set(measured()) == set(MEASURES)
    payees = {str(one): one.payee for one in parts_of(COST) if one.payee != "place"}
    assert payees == _PAYEES


def test_no_name_of_a_figure_stands_outside_the_vocabulary():
    """Everybody else uses the indicator itself, which knows its title and unit.

    Left out: what has only the letters in common, which are keys of the catalogue and of scenarios,
    units of amounts, columns of legs; and records, which read what stands in files.
    """
    names = {indicator.name for indicator in INDICATORS} - {"tonnes", "loads"}
    found = [
        (str(file.relative_to(PACKAGE)), node.value)
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.parent.name not in ("figures", "records", "legs")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert [one for one in found if one not in _OTHER_MEANING] == []


_OTHER_MEANING = {
    ("outputs/geopackage.py", "received_tonnes"),
    ("result.py", "received_tonnes"),
    ("scenario/said/entry.py", "disposal_kg_co2e"),
    ("scenario/telling/words.py", "upstream_kg_co2e"),
    ("scenario/telling/words.py", "disposal_kg_co2e"),
}
"""What a site receives of all kinds; figures of materials; what it costs to open a site."""

_GROUPS = {
    "tonnes": "ends",
    "loads": "ends",
    "vehicle_km": "ends",
    "tonne_km": "ends",
    "drive_h": "ends",
    "litres": "ends",
    "kwh": "ends",
    "road_kg_co2e_wtw": "ends",
    "sea_kg_co2e_wtw": "buying",
    "transport_kg_co2e_ttw": "ends",
    "upstream_kg_co2e": "buying",
    "processing_kg_co2e": "taking",
    "disposal_kg_co2e": "giving",
    "haul_dkk": "ends",
    "toll_dkk": "ends",
    "purchase_dkk": "buying",
    "tax_dkk": "buying",
    "gate_dkk": "giving",
    "landfill_tax_dkk": "giving",
    "sampling_dkk": "giving",
    "preparation_dkk": "taking",
    "handling_dkk": "ends",
    "processing_dkk": "ends",
    "storing_dkk": "ends",
    "opening_dkk": "ends",
    "reference_tonnes": "taking",
    "secondary_reference_tonnes": "taking",
    "virgin_tonnes": "buying",
    "secondary_tonnes": "taking",
    "received_tonnes": "giving",
    "landfill_tonnes": "giving",
    "reused_tonnes": "giving",
    "sold_dkk": "giving",
}
_UNITS = {
    "tonnes": "t",
    "loads": "loads",
    "vehicle_km": "km",
    "tonne_km": "t km",
    "drive_h": "h",
    "litres": "l",
    "kwh": "kWh",
    "transport_kg_co2e_wtw": "kg CO2e",
    "road_kg_co2e_wtw": "kg CO2e",
    "sea_kg_co2e_wtw": "kg CO2e",
    "transport_kg_co2e_ttw": "kg CO2e",
    "upstream_kg_co2e": "kg CO2e",
    "processing_kg_co2e": "kg CO2e",
    "disposal_kg_co2e": "kg CO2e",
    "haul_dkk": "DKK",
    "toll_dkk": "DKK",
    "purchase_dkk": "DKK",
    "tax_dkk": "DKK",
    "gate_dkk": "DKK",
    "landfill_tax_dkk": "DKK",
    "sampling_dkk": "DKK",
    "preparation_dkk": "DKK",
    "handling_dkk": "DKK",
    "processing_dkk": "DKK",
    "storing_dkk": "DKK",
    "opening_dkk": "DKK",
    "reference_tonnes": "t",
    "secondary_reference_tonnes": "t",
    "virgin_tonnes": "t",
    "secondary_tonnes": "t",
    "received_tonnes": "t",
    "landfill_tonnes": "t",
    "reused_tonnes": "t",
    "sold_dkk": "DKK",
    "kg_co2e_wtw": "kg CO2e",
    "cost_dkk": "DKK",
}
_SUMS = {
    "transport_kg_co2e_wtw": ["road_kg_co2e_wtw", "sea_kg_co2e_wtw"],
    "kg_co2e_wtw": [
        "road_kg_co2e_wtw",
        "sea_kg_co2e_wtw",
        "upstream_kg_co2e",
        "processing_kg_co2e",
        "disposal_kg_co2e",
    ],
    "cost_dkk": [
        "haul_dkk",
        "toll_dkk",
        "purchase_dkk",
        "tax_dkk",
        "gate_dkk",
        "landfill_tax_dkk",
        "sampling_dkk",
        "preparation_dkk",
        "handling_dkk",
        "processing_dkk",
        "storing_dkk",
        "opening_dkk",
    ],
}
_CHOICES = [
    "transport_kg_co2e_wtw",
    "transport_kg_co2e_ttw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
    "kg_co2e_wtw",
    "cost_dkk",
    "cost_with_co2_dkk",
    "tonne_km",
    "vehicle_km",
    "drive_h",
    "virgin_tonnes",
    "landfill_tonnes",
    "short_of_goal_tonnes",
]
_LINES = [
    ("kg_co2e_wtw", 0.001, 1),
    ("transport_kg_co2e_wtw", 0.001, 1),
    ("sea_kg_co2e_wtw", 0.001, 1),
    ("transport_kg_co2e_ttw", 0.001, 1),
    ("upstream_kg_co2e", 0.001, 1),
    ("processing_kg_co2e", 0.001, 1),
    ("disposal_kg_co2e", 0.001, 1),
    ("virgin_tonnes", 1.0, 0),
    ("reused_tonnes", 1.0, 0),
    ("received_tonnes", 1.0, 0),
    ("landfill_tonnes", 1.0, 0),
    ("tonne_km", 0.001, 0),
    ("vehicle_km", 1.0, 0),
    ("loads", 1.0, 0),
    ("litres", 1.0, 0),
    ("kwh", 1.0, 0),
    ("cost_dkk", 0.001, 0),
]
_COLUMNS = [
    "kg_co2e_wtw",
    "transport_kg_co2e_wtw",
    "sea_kg_co2e_wtw",
    "transport_kg_co2e_ttw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
    "tonnes",
    "virgin_tonnes",
    "reused_tonnes",
    "received_tonnes",
    "landfill_tonnes",
    "loads",
    "vehicle_km",
    "tonne_km",
    "litres",
    "kwh",
    "cost_dkk",
]
_LAYERS = {
    "t_co2e_wtw": ("kg_co2e_wtw", 0.001),
    "transport_t_co2e_wtw": ("transport_kg_co2e_wtw", 0.001),
    "transport_t_co2e_ttw": ("transport_kg_co2e_ttw", 0.001),
    "upstream_t_co2e": ("upstream_kg_co2e", 0.001),
    "processing_t_co2e": ("processing_kg_co2e", 0.001),
    "disposal_t_co2e": ("disposal_kg_co2e", 0.001),
    "virgin_t": ("virgin_tonnes", 1.0),
    "reused_t": ("reused_tonnes", 1.0),
    "landfill_t": ("landfill_tonnes", 1.0),
    "truck_km": ("vehicle_km", 1.0),
    "loads": ("loads", 1.0),
    "cost_dkk": ("cost_dkk", 1.0),
}
_BASES = {
    "road_kg_co2e_wtw": ("litres", "kwh"),
    "transport_kg_co2e_ttw": ("litres", "kwh"),
    "litres": ("vehicle_km",),
    "kwh": ("vehicle_km",),
    "toll_dkk": ("vehicle_km",),
    "tonne_km": ("tonnes",),
}
_MEASURES = [
    "transport_kg_co2e_wtw",
    "sea_kg_co2e_wtw",
    "road_kg_co2e_wtw",
    "transport_kg_co2e_ttw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
    "kg_co2e_wtw",
    "cost_dkk",
    "cost_with_co2_dkk",
    "haul_dkk",
    "toll_dkk",
    "toll_co2_dkk",
    "purchase_dkk",
    "tax_dkk",
    "gate_dkk",
    "landfill_tax_dkk",
    "sampling_dkk",
    "preparation_dkk",
    "handling_dkk",
    "processing_dkk",
    "storing_dkk",
    "opening_dkk",
    "tonne_km",
    "vehicle_km",
    "drive_h",
    "virgin_tonnes",
    "landfill_tonnes",
    "short_of_goal_tonnes",
    "energy",
]
_PAYEES = {
    "haul_dkk": "hauliers",
    "toll_dkk": "roads",
    "tax_dkk": "state",
    "landfill_tax_dkk": "waste_tax",
    "sampling_dkk": "laboratories",
    "preparation_dkk": "contractors",
    "purchase_dkk": "giver",
    "handling_dkk": "holder",
    "storing_dkk": "holder",
}
_FACTORS = {
    "litres": ("vehicle", "energy_per_100km"),
    "kwh": ("vehicle", "energy_per_100km"),
    "road_kg_co2e_wtw": ("fuel", "kg_co2e_wtw_per_unit"),
    "sea_kg_co2e_wtw": ("sea", "kg_co2e_per_tonne_km"),
    "transport_kg_co2e_ttw": ("fuel", "kg_co2e_ttw_per_unit"),
    "upstream_kg_co2e": ("pit", "upstream_kg_co2e"),
    "disposal_kg_co2e": ("receiver", "disposal_kg_co2e"),
    "processing_kg_co2e": ("processing", "kg_co2e_per_t"),
    "haul_dkk": ("vehicle", "hire_dkk_per_h"),
    "toll_dkk": ("toll", "toll_dkk_per_km"),
    "purchase_dkk": ("pit", "price"),
    "tax_dkk": ("pit", "tax"),
    "gate_dkk": ("receiver", "gate_fee"),
    "landfill_tax_dkk": ("kind", "tax"),
    "sampling_dkk": ("samples", "dkk_per_sample"),
    "preparation_dkk": ("processing", "dkk_per_t"),
    "handling_dkk": ("processing", "dkk_per_t"),
    "processing_dkk": ("processing", "dkk_per_t"),
}
