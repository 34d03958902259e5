"""The scenarios that ship do what they say, and come to what they came to before."""

import html
import json
import re
from functools import cache
import docx
import openpyxl
import pytest
from places import ROOT, SCENARIOS
from store_answers import describe_answers
from raastof_geo.outputs.write import write_outputs
from raastof_geo.pipeline import solve_scenario
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.output import OUTPUTS

STORED = ROOT / "tests" / "stored"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
RATIOS = {"in_plan", "largest", "offered", "asked", "price_per_t"}


@cache
def solve(name):
    return solve_scenario(read_scenario(SCENARIOS / f"{name}.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_solves_with_proof(name):
    """Each shipped scenario has a plan that keeps every rule and is proved best."""
    result = solve(name)
    assert result.plan.certificate.holds
    assert result.effect.plan.kg_co2e_wtw <= result.effect.baseline.kg_co2e_wtw
    assert not result.effect.baseline_missing
    check_against_stored(name, describe_answers(result))


def check_against_stored(name, answers):
    """Flows equal within a kilogram, figures within a millionth of the largest of their kind."""
    stored = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    for kind in ("flows", "baseline_flows"):
        moved = {
            key: (stored[kind].get(key, 0.0), answers[kind].get(key, 0.0))
            for key in stored[kind] | answers[kind]
        }
        assert {key: pair for key, pair in moved.items() if abs(pair[0] - pair[1]) > 1e-3} == {}
    room = find_room(stored["figures"])
    assert stored["figures"].keys() == answers["figures"].keys()
    changed = {
        (table, figure): (before, answers["figures"][table].get(figure))
        for table, row in stored["figures"].items()
        for figure, before in row.items()
        if answers["figures"][table].get(figure) != pytest.approx(before, abs=room(table, figure))
    }
    assert changed == {}


def find_room(figures):
    """Say how far a figure may be off; what is a difference, by what it is a difference of."""
    largest = {}
    for row in figures.values():
        for figure, value in row.items():
            largest[figure] = max(largest.get(figure, 0.0), abs(value))
    of_table = {
        "target": next(iter(figures["objectives"].values())),
        "reach": next(iter(figures["objectives"].values())),
        "divided": figures["amounts"]["cost_dkk"],
        "saved by project": figures["amounts"]["cost_dkk"],
    }

    def room(table, figure):
        if figure in RATIOS or "share" in figure:
            return 1e-6 * max(largest[figure], 1e-3)
        whole = of_table.get(table, of_table.get(table.split()[0], 0.0))
        return 1e-6 * max(largest[figure], whole, 1e3)

    return room


def test_a_changed_answer_is_found():
    """Tonnes that go elsewhere, or a figure off by a hundred-thousandth, are a difference."""
    answers = json.loads((STORED / "koege_bugt.json").read_text(encoding="utf-8"))
    check_against_stored("koege_bugt", answers)
    key = next(iter(answers["flows"]))
    with pytest.raises(AssertionError, match=key):
        check_against_stored("koege_bugt", answers | {"flows": answers["flows"] | {key: 1.0}})
    causes = {name: row for name, row in answers["figures"].items() if name.startswith("saved by")}
    dearest = max(causes, key=lambda name: abs(causes[name].get("cost_dkk", 0.0)))
    for table in ("amounts", dearest):
        row = answers["figures"][table]
        spoiled = row | {"cost_dkk": row["cost_dkk"] * (1 + 1e-5)}
        figures = answers["figures"] | {table: spoiled}
        with pytest.raises(AssertionError, match="cost_dkk"):
            check_against_stored("koege_bugt", answers | {"figures": figures})


def test_the_region_is_whole():
    """All 17 municipalities, 40 sites or more, and the 20 per cent of 2032."""
    scenario = read_scenario(SCENARIOS / "region_sjaelland.yaml")
    assert len(scenario.sites) >= 40
    target = scenario.said.targets.first_share
    assert target is not None
    assert target.at_least == pytest.approx(0.2)
    needing = {site.municipality for site in scenario.sites.values() if site.needs}
    assert len(needing - {None}) >= 17


def test_vordingborg_emits_what_was_published_per_truck_kilometre():
    """The 4-axle tipper lies within 5 % of 0.857 kg CO2 per km (NIRAS 2017), tank to wheel."""
    result = solve("vordingborg_2016")
    before = result.effect.baseline
    assert before.kg_co2e_ttw / before.vehicle_km == pytest.approx(3_000_000 / 3_500_000, rel=0.05)
    saved_km = before.vehicle_km - result.effect.plan.vehicle_km
    assert 3_500_000 / 2 < saved_km < 3_500_000 * 2


LEFTOVERS = {
    "English": r"\b(the|and|with|from|which|this|that|of|not|only|between|without|than|each|price|"
    r"landfill|truck|soil|override|judgement|authors|weeks|loads|months|year|DKK|undated|page)\b",
    "an id": r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b",
    "a path": r"\b(materials|vehicles|recipes|fits|fuels|handling|tolls|beside)\.\w",
    "a raw period or day": r"\b20\d\d-[qQ][1-4]\b|\b20\d\d-\d\d-\d\d\b",
    "a decimal point": r"(?<![\d.])\d+\.(?:\d{1,2}|\d{4,})(?![\d.])",
    "a power of ten": r"\d[eE][+-]\d",
    "a hyphen for a minus": r"(?:^|[ (])-\d",
}
PEOPLE = [one for one in OUTPUTS if one.name not in ("plan", "proof", "geopackage", "geoparquet")]
"""What people read, and what these quote."""
QUOTED = re.compile(
    r"ODbL 1\.0|raastof_geo [\d.]+|InfraLCA 3\.1|raastof explain \S+ \S+|`[^`]*`"
    r"|\S+\.(?:html|xlsx|gpkg|csv|json|npz|md|ics|docx)\b|© OpenStreetMap contributors"
    r"|1\.A\.3\.b|DESNZ|EMEP/EEA Guidebook"
)
"""Names of files, works and licences, and what is typed as it stands."""


def read_pages(folder):
    """Give what people read of each output: of pages, tables and Word the words alone."""
    for path in [*folder.rglob("*.html"), *folder.rglob("*.md")]:
        page = path.read_text(encoding="utf-8")
        text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", "\n", page, flags=re.DOTALL)
        yield path.name, html.unescape(text).splitlines()
    book = openpyxl.load_workbook(folder / "plan.xlsx", read_only=True)
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        cells = (cell for row in rows for cell in row if isinstance(cell, str))
        yield sheet.title, [cell for cell in cells if not cell.startswith("=")]
    document = docx.Document(folder / "report.docx")
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    yield "report.docx", [one.text for one in (*document.paragraphs, *cells)]


@pytest.mark.parametrize("name", NAMES)
def test_what_people_read_of_a_shipped_scenario_is_danish(name, tmp_path):
    """Neither English nor ids nor figures, periods and days as programmes write them."""
    result = solve(name)
    own = {result.scenario.said.title, result.scenario.said.description}
    write_outputs(result, tmp_path / name, outputs=PEOPLE)
    rules = {fit.rule for fits in result.scenario.catalogue.fits.values() for fit in fits.values()}
    pages, wrong = dict(read_pages(tmp_path / name)), []
    assert len(pages) > 20
    for page, lines in pages.items():
        for line in lines:
            plain = QUOTED.sub("", line.strip())
            if not any(text and text in line for text in own):
                found = [what for what, leftover in LEFTOVERS.items() if re.search(leftover, plain)]
                found += [rule for rule in rules if "-" in rule and rule in plain]
                wrong += [(page, found, line)] if found else []
    assert wrong == []
