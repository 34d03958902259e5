"""The report and the pages of projects: right figures, no host, harmless whatever names say."""

from __future__ import annotations

import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from places import SCENARIOS

from raastof_geo.assignment.telling.prices import list_priced_rows
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import shown_in_lines
from raastof_geo.language import format_number, speaking
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.document import Table
from raastof_geo.outputs.documents.effects import name_project
from raastof_geo.outputs.documents.project import (
    build_project,
    file_name,
    group_flows,
    list_projects,
    round_coarsely,
)
from raastof_geo.outputs.documents.report import build_appendix, build_report
from raastof_geo.pipeline import run_scenario
from raastof_geo.records.explain import explain_figure
from raastof_geo.scenario.period import Period, name_period, read_period

HOSTILE = (
    "</title><script>document.title='abused'</script><img src=x onerror=alert(1)> {{7*7}} $\\frac"
    " \u202eevil 🚧 =HYPERLINK(1)"
)


class Reader(HTMLParser):
    """Collect tags, ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)


def read(path: Path) -> tuple[str, Reader]:
    page = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    return page, reader


def pages(folder: Path) -> list[Path]:
    documents = [folder / "report.html", folder / "appendix.html"]
    return [*documents, *sorted((folder / "projects").iterdir())]


def test_pages_ask_nobody_and_run_nothing(road):
    """No script at all, every link leads into the page, every id is there once."""
    for path in pages(road[1]):
        page, reader = read(path)
        assert "script" not in reader.tags
        assert "default-src 'none'" in page
        assert all(link.startswith("#") for link in reader.links), path.name
        assert len(reader.ids) == len(set(reader.ids)), path.name
        wanted = {link[1:] for link in reader.links}
        assert wanted <= set(reader.ids), path.name
        assert reader.tags.count("h1") == 1
        assert {"main", "header", "footer", "nav", "caption", "th"} <= set(reader.tags)
        assert '<html lang="da">' in page


def test_every_figure_of_the_effect_is_followed_in_the_appendix(road):
    """The table links to the ledger of each figure, and the ledger has its amount."""
    result, folder = road
    page, reader = read(folder / "appendix.html")
    for part in shown_in_lines():
        if result.effect.books.total(part) or result.effect.baseline_books.total(part):
            assert f"#how-{part}" in reader.links
            assert f"how-{part}" in reader.ids
    with speaking("da"):
        assert format_number(result.effect.plan.all_kg_co2e_wtw / 1000, digits=1) in page


def test_of_each_material_the_limit_that_gives_most_is_told(road):
    """One row for a rule and a material or use, the dearest of them, and the dearest first."""
    result, _ = road
    with speaking("da"):
        blocks = build_appendix(result).blocks
        caption = "De grænser, der betyder mest"
        (table,) = (one for one in blocks if str(getattr(one, "caption", "")) == caption)
    told: dict[tuple[str, str], float] = {}
    for row in list_priced_rows(result.plan, least=1e-6):
        key = row.rule, row.group
        told[key] = max(told.get(key, 0.0), abs(row.shadow_price))
    assert len(told) < len(list_priced_rows(result.plan, least=1e-6))
    found = [float(row[2].replace(".", "").replace(",", ".").lstrip("-−")) for row in table.rows]
    dearest = sorted(told.values(), reverse=True)[: len(found)]
    assert found == pytest.approx(dearest, abs=0.006)


def test_each_project_has_a_page_with_its_own_flows_only(road):
    """A page names the partners of its project, and no flow between others."""
    result, folder = road
    assert [path.stem for path in pages(folder)[2:]] == list_projects(result)
    page, _ = read(folder / "projects" / "sygehus.html")
    body = page.split('id="calendar"')[1].split('id="effect"')[0]
    assert "Knuseplads ved Svebølle" in body
    assert "Havneudvidelse" not in body


def test_what_is_not_published_is_not_in_the_page(tmp_path):
    """Unless the scenario says `publish: everything`, nobody reads what the others have."""
    text = (SCENARIOS / "koege_bugt.yaml").read_text(encoding="utf-8")
    scenario = tmp_path / "secret.yaml"
    scenario.write_text(text + "\noutputs: [projects]\n", encoding="utf-8")
    result, folder = run_scenario(scenario, into=tmp_path / "out")
    assert {item.name for item in folder.iterdir()} == {"projects", "manifest.json"}
    for project in list_projects(result):
        page, _ = read(folder / "projects" / f"{file_name(project)}.html")
        flows = result.plan.flows
        mine = {site for site in result.scenario.sites if result.scenario.project(site) == project}
        met = flows[flows["origin"].isin(mine) | flows["destination"].isin(mine)]
        known = mine | {*met["origin"], *met["destination"]}
        for site in set(result.scenario.sites) - known:
            assert result.scenario.site_name(site) not in page
        whole = result.effect.baseline.all_kg_co2e_wtw - result.effect.plan.all_kg_co2e_wtw
        with speaking(result.scenario.said.language):
            assert format_number(whole / 1000, digits=1) not in page.split('id="whole"')[1]


def test_what_is_published_is_in_the_page(tmp_path):
    """With `publish: everything` each page has the effect of every project."""
    text = (SCENARIOS / "koege_bugt.yaml").read_text(encoding="utf-8")
    scenario = tmp_path / "open.yaml"
    scenario.write_text(f"{text}\npublish: everything\noutputs: [projects]\n", encoding="utf-8")
    result, folder = run_scenario(scenario, into=tmp_path / "out")
    projects = list_projects(result)
    for project in projects:
        page, _ = read(folder / "projects" / f"{file_name(project)}.html")
        others = page.split('id="whole"')[1]
        assert all(name_project(result.scenario, other) in others for other in projects)


def test_coarse_is_one_digit():
    assert round_coarsely(0.0) == 0.0
    assert round_coarsely(1116.0) == 1000.0
    assert round_coarsely(-0.0374) == pytest.approx(-0.04)


def test_file_names_are_safe_and_differ():
    """Names of projects become names of files on every system."""
    hostile = [
        "../../x",
        "con",
        "A",
        "a",
        "",
        "æ" * 500,
        "x/y",
        "x\\y",
        "🚧",
        ".",
        "a b",
        "NUL.html",
    ]
    names = [file_name(one) for one in hostile]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z0-9_-]{1,80}", name)
        assert name not in {"con", "nul"}
    assert file_name("havn-2") == "havn-2"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, starter_text):
    """The starter scenario with a hostile title and hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    long = json.dumps(HOSTILE + "x" * 9000, ensure_ascii=False)
    text = re.sub(
        r"\btitle: [^\n]*",
        lambda _: f"title: {json.dumps(HOSTILE, ensure_ascii=False)}",
        starter_text,
    )
    text = re.sub(r"name: Road project[^\n]*", lambda _: f"name: {long}", text)
    text = re.sub(
        r"name: Gravel pit[^\n]*",
        lambda _: f"name: {json.dumps(HOSTILE, ensure_ascii=False)}",
        text,
    )
    (folder / "bad.yaml").write_text(text, encoding="utf-8")
    return run_scenario(folder / "bad.yaml", into=folder / "out")[1]


def test_hostile_names_stay_names(hostile):
    """Names that look like markup, formulas or templates are words in every page."""
    for path in pages(hostile):
        page, reader = read(path)
        assert "script" not in reader.tags
        assert "img" not in reader.tags
        assert "49" not in page.split("</title>")[0]
        assert "&lt;script&gt;" in page


def test_the_report_is_for_people_and_the_appendix_for_checkers(road):
    """What people read ends with what to decide; flows, prices, sources are in the appendix."""
    result = road[0]
    with speaking("da"):
        people, checkers = build_report(result), build_appendix(result)
    heads = [
        [block.anchor for block in one.blocks if getattr(block, "anchor", "")]
        for one in (people, checkers)
    ]
    assert heads[0] == ["summary", "effect", "causes", "share", "money", "decide"]
    assert {"total", "groups", "payments", "matches", "prices", "method", "sources"} <= {*heads[1]}
    assert result.scenario.together == "project"
    flows, party = result.plan.flows, result.scenario.project
    apart = [
        flow.giver_kind in ("offer", "depot")
        and flow.taker_kind == "need"
        and party(flow.origin) != party(flow.destination)
        for flow in flows.itertuples()
    ]
    agreed = flows[apart].groupby(["origin", "destination", "material"])["tonnes"].sum()
    tables = {str(one.caption): one for one in people.blocks if isinstance(one, Table)}
    rows = tables["Aftaler, der skal indgås"].rows
    assert len(rows) == min(10, len(agreed)) > 0
    with speaking("da"):
        assert rows[0][4] == format_number(agreed.max())


@pytest.mark.usefixtures("danish")
def test_a_project_reads_what_comes_and_goes_and_when(road):
    """Short names of periods, those in a row with as much as one; tonnes as the plan has them."""
    result = road[0]
    flows = result.plan.flows
    project = result.scenario.project(flows.loc[flows["tonnes"].idxmax(), "destination"])
    page = build_project(result, project, others=(), own=group_flows(result)[project])
    tables = {str(one.caption): one for one in page.blocks if isinstance(one, Table)}
    mine = {one for one in result.scenario.sites if result.scenario.project(one) == project}
    comes = flows[flows["destination"].isin(mine) & ~flows["origin"].isin(mine)]
    table = tables["Du modtager"]
    assert table.rows[-1][-1] == format_number(comes["tonnes"].sum())
    for row in table.rows[:-1]:
        assert re.fullmatch(
            r"(\d{4}( – \d{4})?: [\d.]+( i hver)?)(; \d{4}( – \d{4})?: [\d.]+( i hver)?)*",
            str(row[2]),
        )
    order = [str(getattr(block, "caption", "")) for block in page.blocks]
    assert order.index("Du modtager") < 4


@pytest.mark.parametrize(
    ("said", "danish", "english"),
    [
        (2030, "2030", "2030"),
        ("2027-Q2", "2. kvt. 2027", "Q2 2027"),
        ("2027-05", "maj 2027", "May 2027"),
        (
            {"id": "phase-1", "start": "2027-01-01", "end": "2027-12-31"},
            "phase-1 (1. jan. 2027 – 31. dec. 2027)",
            "phase-1 (1 Jan 2027 – 31 Dec 2027)",
        ),
    ],
)
def test_periods_have_short_names(said, danish, english):
    period = Period.model_validate(read_period(said))
    for language, name in (("da", danish), ("en", english)):
        with speaking(language):
            assert name_period(period) == name


@pytest.mark.parametrize(("width", "most"), [(1200, 12_000), (390, 24_000)])
def test_the_report_is_a_few_pages(chromium, road, width, most):
    """Pixels from top to end, and no word of a table's head is broken inside."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto((road[1] / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollHeight") <= most
        broken = page.evaluate(
            """[...document.querySelectorAll('thead th')].filter(head => {
                const canvas = document.createElement('canvas').getContext('2d');
                const style = getComputedStyle(head);
                canvas.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
                const room = head.clientWidth - parseFloat(style.paddingRight);
                const words = head.textContent.trim().split(/[ -]+/);
                return words.some(word => canvas.measureText(word).width > room + 1);
            }).map(head => head.textContent)"""
        )
        assert broken == []
        browser.close()


def test_the_word_document_holds_the_same_words(road, hostile):
    """It opens, is told apart by headings, and hostile names are words in it."""
    docx = pytest.importorskip("docx")
    result, folder = road
    with speaking("da"):
        document = build_report(result)
        heads = [str(block.text) for block in document.blocks if type(block).__name__ == "Heading"]
    read_again = docx.Document(str(folder / "report.docx"))
    found = [one.text for one in read_again.paragraphs if one.style.name.startswith("Heading")]
    assert found == heads
    tables = [block for block in document.blocks if type(block).__name__ == "Table"]
    assert len(read_again.tables) == len(tables) >= 4
    assert len(read_again.inline_shapes) == 3
    for shape in read_again.inline_shapes:
        assert shape._inline.docPr.get("descr")
    text = "\n".join(one.text for one in docx.Document(str(hostile / "report.docx")).paragraphs)
    assert "<script>" in text


def test_the_word_document_reaches_no_host(hostile):
    """No relation of it leads outside."""
    with zipfile.ZipFile(hostile / "report.docx") as package:
        for name in package.namelist():
            if name.endswith(".rels"):
                assert b'TargetMode="External"' not in package.read(name)


def test_a_waterfall_writes_words_as_words():
    drawing = draw_waterfall([Bar(HOSTILE, 10.0, whole=True), Bar("$x_1$", -3.0)], unit="<b>")
    assert "<script" not in drawing.svg
    assert "http-equiv" not in drawing.svg
    assert drawing.svg.startswith("<svg")
    again = draw_waterfall([Bar(HOSTILE, 10.0, whole=True), Bar("$x_1$", -3.0)], unit="<b>")
    assert again.svg == drawing.svg
    assert again.png == drawing.png


# --- raastof explain ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figure",
    [
        "plan.kg_co2e_wtw",
        "baseline.cost_dkk",
        "saved.virgin_tonnes",
        "plan.haul_dkk@project=havn",
        "saved.kg_co2e_wtw@municipality=Kalundborg",
        "plan.litres@period=2028",
        "plan.tonnes@material=crushed_concrete",
        "plan.tonne_km@vehicle=truck_trailer_7_axle",
        "plan.kg_co2e_wtw@site=fabrik",
    ],
)
def test_any_figure_is_followed(road, figure):
    """What `raastof explain` says is what the books have, with sources."""
    result, folder = road
    told = explain_figure(folder, figure)
    side, _, rest = figure.partition(".")
    part, _, of = rest.partition("@")

    def amount(books):
        if not of:
            return books.total(part)
        dimension, _, label = of.partition("=")
        table = books.by(dimension)
        return float(table.loc[label, part]) if label in table.index else 0.0

    plan, before = amount(result.effect.books), amount(result.effect.baseline_books)
    expected = {"plan": plan, "baseline": before, "saved": before - plan}[side]
    assert told.value == pytest.approx(expected, rel=1e-6, abs=1e-3)
    assert told.steps


def test_sources_and_doubts_are_told(road):
    with speaking("en"):
        steps = "\n".join(map(str, explain_figure(road[1], "plan.processing_kg_co2e").steps))
    assert "recipes.crush_concrete.kg_co2e_per_t" in steps
    assert "source:" in steps
    assert "handling.kg_co2e_per_t was not seen in a source" in steps


@pytest.mark.parametrize(
    ("figure", "near"),
    [
        ("plan.kg_co2e", "kg_co2e_wtw"),
        ("plam.kg_co2e_wtw", "plan"),
        ("plan.cost_dkk@projekt=havn", "project"),
        ("plan.cost_dkk@project=havnen", "havn"),
        ("nonsense", "plan.kg_co2e_wtw"),
        ("", "plan.kg_co2e_wtw"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(road, figure, near):
    with speaking("en"), pytest.raises(InputError) as caught:
        explain_figure(road[1], figure)
    assert near in str(caught.value)


def test_a_folder_without_a_ledger_is_answered(tmp_path, capsys):
    (tmp_path / "ledger.json").write_text("[1]", encoding="utf-8")
    with speaking("en"):
        assert run_command(["explain", str(tmp_path), "plan.cost_dkk"]) == 2
        assert "ledger" in capsys.readouterr().err
        assert run_command(["explain", str(tmp_path / "none"), "plan.cost_dkk"]) == 2


# --- in the browser -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1200, 900), (390, 844)])
def test_pages_fit_the_screen_and_ask_nobody(chromium, road, hostile, size):
    """On a desktop and on a phone: no sideways scrolling of the page, no request, no error."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
        page = context.new_page()
        asked, failed = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: failed.append(message.text))
        page.on("pageerror", lambda error: failed.append(str(error)))
        for path in [*pages(road[1])[:3], *pages(hostile)]:
            page.goto(path.as_uri())
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], path.name
            assert page.title() != "abused"
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
        page.goto((road[1] / "appendix.html").as_uri())
        page.locator("a[href='#how-kg_co2e_wtw']").click()
        playwright.expect(page.locator("#how-kg_co2e_wtw")).to_be_in_viewport()
        browser.close()
    assert all(url.startswith("file:") for url in asked)
    assert failed == []


@pytest.mark.slow
def test_axe_finds_nothing_in_the_pages(chromium, road, hostile):
    """axe-core has nothing serious to say of reports and pages of projects."""
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(offline=True, bypass_csp=True).new_page()
        for path in [*pages(road[1])[:3], *pages(hostile)[:3]]:
            page.goto(path.as_uri())
            found = axe.Axe().run(page).response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
        browser.close()
