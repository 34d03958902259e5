"""What people get: every file, whole or not at all."""

import hashlib
import json
import shutil
from pathlib import Path
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from raastof_geo.cli import run_command
from raastof_geo.errors import OutputError
from raastof_geo.outputs import OUTPUTS, write_outputs
from raastof_geo.outputs.documents.project import list_projects
from raastof_geo.outputs.plan import describe_plan
from raastof_geo.pipeline import run_scenario
from raastof_geo.records.exchange import describe_files, read_manifest, write_manifest
from raastof_geo.records.flows import FLOW_COLUMNS, Form, harmless, list_rows
from raastof_geo.records.ledger import explain_figure
from raastof_geo.records.verify import check_results
from raastof_geo.scenario.output import EVERY_OUTPUT, Output
from raastof_geo.version import __version__

QUICK = tuple(one for one in OUTPUTS if one.name in ("flows", "proof", "plan", "summary"))

pytestmark = pytest.mark.usefixtures("english")


def test_every_output_is_written(starter_result):
    """A run leaves exactly the files that are promised."""
    result, folder = starter_result
    assert {file.name for file in folder.iterdir()} == {
        "manifest.json",
        *(output.file for output in OUTPUTS if output.name in EVERY_OUTPUT),
    }
    assert result.scenario.said.outputs == EVERY_OUTPUT


def test_geopackage_opens_with_sites_and_routes_in_metres(starter_result):
    """The GeoPackage holds sites and flows with route geometry in EPSG:25832."""
    result, folder = starter_result
    assert {"sites", "flows"} <= {str(row[0]) for row in pyogrio.list_layers(folder / "plan.gpkg")}
    sites = gpd.read_file(folder / "plan.gpkg", layer="sites")
    flows = gpd.read_file(folder / "plan.gpkg", layer="flows")
    assert sites.crs.to_epsg() == flows.crs.to_epsg() == 25832
    assert len(sites) == len(result.scenario.sites)
    assert len(flows) == len(result.plan.flows)
    drawn = flows.geometry.length.to_numpy() / 1000
    assert np.allclose(drawn, flows["loaded_km"], rtol=0.05)
    assert (drawn <= flows["loaded_km"] * 1.002).all()


def test_flows_table_adds_up_to_the_totals(starter_result):
    """The table's columns add up to the figures of plan.json."""
    _, folder = starter_result
    table = pd.read_csv(folder / "flows.csv", sep=";", decimal=",", encoding="utf-8-sig")
    totals = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["effect"]["plan"]
    assert table["Transport WTW [kg CO2e]"].sum() == pytest.approx(totals["kg_co2e_wtw"])
    assert table["Læs"].sum() == totals["loads"]
    assert table["Omkostning [kr.]"].sum() == pytest.approx(totals["cost_dkk"])


@pytest.mark.parametrize(
    ("language", "separator", "decimal", "amount"),
    [("da", ";", ",", "Mængde [t]"), ("en", ",", ".", "Amount [t]")],
)
def test_the_table_of_flows_is_one_for_a_spreadsheet_of_its_readers(
    tmp_path, starter_text, language, separator, decimal, amount
):
    """Words and numbers as a spreadsheet set to the language expects them; cells as planned.

    A folder of an earlier version, with ids over the columns, is verified as it stands, and one
    whose columns another version calls otherwise; a changed cell is found in each.
    """
    path = tmp_path / "one.yaml"
    text = starter_text.replace("language: en", f"language: {language}")
    path.write_text(text + "\noutputs: [flows, plan, proof]\n", encoding="utf-8")
    result, folder = run_scenario(path, into=tmp_path / "out")
    file = folder / "flows.csv"
    table = pd.read_csv(file, sep=separator, decimal=decimal, encoding="utf-8-sig")
    flows = result.plan.flows
    assert table[amount].to_numpy() == pytest.approx(flows["tonnes"].to_numpy(), abs=1e-6)
    assert table.iloc[:, -1].sum() == pytest.approx(result.effect.plan.cost_dkk)
    assert len(table.columns) == len(FLOW_COLUMNS)
    assert check_results(folder).untouched

    raw = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    earlier = Form(";", ".", tuple(FLOW_COLUMNS.values()))
    renamed = Form(separator, decimal, (*table.columns[:-1], "Kroner"))
    for form in (earlier, renamed):
        kept = list_rows(raw["flows"], raw["names"], form)
        for change, found in (("", 0), ("1", 1)):
            cells = [[*kept[0][:-1], kept[0][-1] + change], *kept[1:]]
            file.write_bytes(form.render(cells))
            write_manifest(describe_files(folder, version=__version__), folder)
            assert len(check_results(folder).findings) == found, (form, change)
    file.write_bytes(renamed.render(kept))
    (folder / "manifest.json").unlink()
    [finding] = check_results(folder).findings
    assert "row 1" in str(finding)
    assert "Kroner" in str(finding)


def test_plan_json_holds_what_checks_the_plan(starter_result):
    """Shadow prices times limits add up to the objective in the file itself."""
    _, folder = starter_result
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    worth = sum(row["shadow_price"] * row["limit"] for row in plan["constraints"])
    assert worth == pytest.approx(plan["certificate"]["objective"], rel=1e-6)
    assert plan["certificate"]["holds"]
    assert len(plan["scenario"]["sha256"]) == 64
    assert plan["network"]["attribution"].startswith("© OpenStreetMap")


def contents(folder):
    """Every file under a folder, by its path in it."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_equal_scenarios_give_equal_files(starter_result, tmp_path):
    """Writing twice gives the same bytes in every file."""
    result, folder = starter_result
    again = write_outputs(result, tmp_path / "start")
    assert contents(again) == contents(folder)


def test_attribution_stands_in_map_and_report(starter_result):
    """The map and the report name OpenStreetMap, its licence and its date."""
    _, folder = starter_result
    for name in ("map.html", "summary.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "OpenStreetMap" in text
        assert "ODbL" in text
        assert "5 Aug 2021" in text or "5. aug. 2021" in text


def test_a_failing_output_leaves_the_old_results(starter_result, tmp_path):
    """Results are written whole or not at all, and what was there stays."""
    result, written = starter_result
    into = Path(shutil.copytree(written, tmp_path / "start"))
    before = contents(into)

    def fail(_result, _folder):
        raise OSError(28, "No space left on device")

    broken = (*QUICK, Output("map", "map.html", fail))
    with pytest.raises(OutputError, match=r"the disk is full|disken er fuld"):
        write_outputs(result, into, outputs=broken)
    assert contents(into) == before
    assert [item.name for item in tmp_path.iterdir()] == ["start"]


def test_other_peoples_files_stay(starter_result, tmp_path):
    """A second run replaces its own files, keeps what others added, and names what they changed."""
    result, written = starter_result
    into = Path(shutil.copytree(written, tmp_path / "start"))
    (into / "notes.txt").write_text("mine")
    (into / "flows.csv").write_text("old")
    with pytest.warns(UserWarning, match=r"flows\.csv .* was moved to .*set_aside"):
        write_outputs(result, into, outputs=QUICK)
    assert (into / "notes.txt").read_text() == "mine"
    assert (into / "set_aside" / "flows.csv").read_text() == "old"
    assert (into / "flows.csv").read_text(encoding="utf-8-sig").startswith("Fra, id;")


def test_the_manifest_lists_every_file_with_its_digest(starter_result):
    """manifest.json names all files but itself, and what each was when it was written."""
    _, folder = starter_result
    found = read_manifest(folder)
    assert found.files.keys() == contents(folder).keys() - {"manifest.json"}
    for name, entry in found.files.items():
        data = (folder / name).read_bytes()
        assert (entry.sha256, entry.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))


def test_a_scenario_in_a_folder_of_its_own_name(tmp_path, monkeypatch, capsys):
    """`run --into .` writes into the scenario's own folder; what the user has there stays."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s" / "projects" / "big").mkdir(parents=True)
    mine = {
        "s/report.docx": b"mine",
        "s/plan.xlsx": b"mine",
        "s/manifest.json": b"{}",
        "s/projects/big/thesis.txt": b"mine",
    }
    for name, data in mine.items():
        (tmp_path / name).write_bytes(data)
    assert run_command(["new", "s/s", "--lang", "en"]) == 0
    mine["s/s.yaml"] = (tmp_path / "s" / "s.yaml").read_bytes()
    assert run_command(["run", "s/s.yaml", "--into", ".", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    for name in ("report.docx", "plan.xlsx", "manifest.json"):
        assert (tmp_path / "s" / "set_aside" / name).read_bytes() == mine[f"s/{name}"]
        assert f"{name} is not what raastof_geo wrote there: it was moved to" in said
    for name in ("s/projects/big/thesis.txt", "s/s.yaml"):
        assert (tmp_path / name).read_bytes() == mine[name]
    assert "not of this run: s.yaml, set_aside, projects/big" in said
    assert read_manifest(tmp_path / "s") is not None
    before = contents(tmp_path)
    assert run_command(["run", "s/s.yaml", "--into", ".", "--lang", "en"]) == 0
    assert contents(tmp_path) == before
    assert "was moved to" not in capsys.readouterr().out


@pytest.mark.parametrize("what", ["link", "dead link", "file"])
def test_a_folder_whose_place_is_taken_is_refused_at_once(tmp_path, monkeypatch, capsys, what):
    """Before anything is solved: exit code 4, a sentence, and nothing is touched."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "report.docx").write_bytes(b"mine")
    (tmp_path / "r").mkdir()
    if what == "file":
        (tmp_path / "r" / "s").write_bytes(b"mine")
    else:
        (tmp_path / "r" / "s").symlink_to(tmp_path / ("target" if what == "link" else "gone"))
    assert run_command(["new", "s", "--lang", "en"]) == 0
    before = contents(tmp_path)
    assert run_command(["run", "s.yaml", "--into", "r", "--lang", "en"]) == 4
    assert contents(tmp_path) == before
    assert [one.name for one in (tmp_path / "r").iterdir()] == ["s"]
    said = capsys.readouterr().err
    assert ("r/s is a file" if what == "file" else "r/s is a link") in said
    assert "with --into" in said


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_text_becomes_a_formula(text):
    """A name that begins like a formula stays a text in a spreadsheet."""
    assert harmless(text) == "'" + text
    assert harmless("Køge") == "Køge"


def test_description_has_no_paths(starter_result):
    """plan.json speaks of the scenario alone, not of the machine it ran on."""
    result, folder = starter_result
    assert str(folder.parent) not in json.dumps(describe_plan(result), ensure_ascii=False)


@pytest.mark.parametrize(
    "sites",
    [
        "a: {lon: 12.1, lat: 55.45, offers: [{material: clean_sandy_soil, amount: 9 t, "
        "must_leave: false}]}\n  b: {lon: 12.15, lat: 55.633, pit: {supplies: [fill_sand]}}",
        "b: {lon: 12.15, lat: 55.633, pit: {supplies: [fill_sand]}}",
    ],
)
def test_a_plan_in_which_nothing_moves_is_written_too(tmp_path, sites):
    """Surplus that may stay, or no project at all: every output is there, and says zero."""
    scenario = tmp_path / "still.yaml"
    names = ", ".join(output.name for output in OUTPUTS)
    head = f"title: Still\nlanguage: en\nperiods: [2027]\noutputs: [{names}]\nsites:\n  "
    scenario.write_text(head + sites + "\n", encoding="utf-8")
    result, folder = run_scenario(scenario, into=tmp_path / "out")
    assert len(result.plan.flows) == 0
    written = {output.file for output in OUTPUTS}
    without = set() if list_projects(result) else {"projects"}
    assert {file.name for file in folder.iterdir()} == {*written, "manifest.json"} - without
    assert check_results(folder).holds
    assert explain_figure(folder, "plan.cost_dkk").value == 0.0
