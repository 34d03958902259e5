"""Tonnes that rest on conditions: counted once in every output, at each need, with its permit."""

import re
from pathlib import Path
import openpyxl
import pytest
from raastof_geo import load_result, run_scenario
from raastof_geo.outputs.tables.summary import find_reliances
from raastof_geo.pipeline import solve_scenario
from raastof_geo.result import list_flows
from raastof_geo.scenario import read_scenario

TESTS = Path(__file__).parents[1]
CASE = (TESTS / "cases" / "conditions_counted_twice.yaml").read_text(encoding="utf-8")
ZONED = CASE.replace("accepted_conditions: [permit_section_19_33]\n", "format: 3\n").replace(
    "barrier, amount: 10 000 t",
    'barrier, amount: 10 000 t, accepts: [{permit_section_19_33: "2026-1234"}]',
)
ZONED += "zones: [{sites: [vold], rule: own-osd, needs_condition: permit_section_19_33}]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The case of the audit by today's format, with a permit and in a zone, solved and written."""
    folder = tmp_path_factory.mktemp("conditions")
    outputs = "outputs: [summary, report, projects, workbook, plan, proof, ledger]\n"
    (folder / "world.yaml").write_text(ZONED + outputs, encoding="utf-8")
    _, written = run_scenario(folder / "world.yaml", into=folder / "out")
    return written


@pytest.mark.parametrize("name", ["summary.md", "report.html", "projects/vold.html"])
def test_conditions_are_counted_once(folder, name):
    """10,000 t rest on use, land and zone by the same condition: they are no 20,000 or 30,000."""
    text = (folder / name).read_text(encoding="utf-8").split('id="conditions"')[-1]
    [row] = re.findall(r"[\d.]+ t Lettere forurenet jord[^<\n]*", text)
    assert row.startswith("10.000 t ")
    assert "i Støjvold hos Volden: Tilladelse" in row
    assert "§ 33: 2026-1234 (Miljøbeskyttelseslovens §§ 19 og 33: " in row
    assert row.count("Miljøbeskyttelseslovens §§") == 1
    assert row.count("own-osd)") == 1, "a zone without a file is named as the user names it"
    assert "20.000 t" not in row


def test_a_soil_notification_has_its_permit(folder):
    """Number and date stand beside the soil class."""
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    heads, row = list(book["Jordanmeldelser"].values)[:2]
    told = dict(zip(heads, row, strict=True))
    assert told["Betingelser og tilladelser"].endswith("§ 33: 2026-1234")
    assert told["Mængde [t]"] == pytest.approx(10_000)


def test_permits_and_zones_come_back(folder):
    """What was read is what is recalled: who accepts what, by which permit, in which zone."""
    scenario = load_result(folder).scenario
    [need] = scenario.needs
    assert need.consents == {"permit_section_19_33": "2026-1234"}
    assert [zone.rule for zone in need.demand.zones] == ["own-osd"]
    assert need.ratios.keys() >= {"slightly_polluted_soil", "clean_clay_soil"}


@pytest.mark.slow
def test_conditions_of_the_audited_region(tmp_path, catalogue_of_the_audit):
    """All conditions on: 486,540 t rest on the permit, where 973,080 t were told."""
    text = (TESTS / "frozen" / "region_sjaelland.yaml").read_text(encoding="utf-8")
    conditions = (
        "sieved, lime_stabilised, light_traffic, tested_bearing, bound_cover, "
        "permit_section_19_33, passive_environment"
    )
    text = text.replace("accepted_conditions: []", f"accepted_conditions: [{conditions}]")
    text = text.replace("at_least: 20 %", "at_least: 0 %")
    (tmp_path / "region.yaml").write_text(text, encoding="utf-8")
    result = solve_scenario(read_scenario(tmp_path / "region.yaml"))
    rests = find_reliances(result.scenario, list_flows(result.plan.flows))
    permits = [one.tonnes for one in rests if one.condition == "permit_section_19_33"]
    assert sum(permits) == pytest.approx(486_540, abs=1)
