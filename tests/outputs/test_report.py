"""The report and the pages of projects: right figures, no host, harmless whatever names say."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser
from itertools import combinations, groupby, pairwise
from pathlib import Path
import pytest
import shapely
from places import SCENARIOS
from raastof_geo.assignment.telling.why_not import list_priced_rows
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError, OutputError
from raastof_geo.figures.vocabulary import LOADS_DRIVEN, shown_in_lines
from raastof_geo.language import format_number, speaking
from raastof_geo.outputs.documents.charts import Bar, draw_waterfall
from raastof_geo.outputs.documents.document import Data, Picture, Table, write_page
from raastof_geo.outputs.documents.drawing import WIDTH, Shape, SiteMark, Words, measure_text
from raastof_geo.outputs.documents.flow_map import draw_map_picture
from raastof_geo.outputs.documents.project import file_name, list_projects, round_coarsely
from raastof_geo.outputs.documents.report import build_appendix, build_report
from raastof_geo.outputs.documents.word import write_word
from raastof_geo.outputs.opening import name_cause, open_answer
from raastof_geo.pipeline import run_scenario
from raastof_geo.records.ledger import explain_figure
from raastof_geo.scenario.period import Period, name_period, read_period
from raastof_geo.scenario.said.file import ReportHead

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
    return [*documents, *sorted((folder / "projects").glob("*.html"))]


def test_pages_ask_nobody_and_run_nothing(road):
    """No script at all, every link leads into the page, every id is there once."""
    for path in pages(road[1]):
        page, reader = read(path)
        assert "script" not in reader.tags
        assert "default-src 'none'" in page
        inside = [link for link in reader.links if link.startswith("#")]
        saved = [link for link in reader.links if link.startswith("data:")]
        assert {*reader.links} - {*inside, *saved} <= {f"{path.stem}.ics"}, path.name
        assert bool(saved) == (path.name == "report.html")
        assert len(reader.ids) == len(set(reader.ids)), path.name
        wanted = {link[1:] for link in inside}
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
    """A page and its calendar name the partners of the project, and no flow between others."""
    result, folder = road
    assert [path.stem for path in pages(folder)[2:]] == list_projects(result)
    page, _ = read(folder / "projects" / "sygehus.html")
    body = page.split('id="main"')[1].split('id="effect"')[0]
    unfolded = (folder / "projects" / "sygehus.ics").read_text("utf-8").replace("\n ", "")
    for told in (body, unfolded):
        assert "Knuseplads ved Svebølle" in told
        assert "Havneudvidelse" not in told


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
        assert all(result.scenario.project_name(other) in others for other in projects)


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
    assert heads[0] == ["summary", "map", "causes", "share", "effect", "money", "decide"]
    assert {"total", "causes", "groups", "payments", "matches", "prices", "method", "sources"} <= {
        *heads[1]
    }
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


@pytest.fixture
def browser(chromium):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def english_pages(road):
    """The same pages for English readers."""
    result, folder = road
    there = folder.parent / "english"
    there.mkdir()
    with speaking("en"):
        for name, build in (("report", build_report), ("appendix", build_appendix)):
            write_page(build(result)._replace(language="en"), there / f"{name}.html")
    return there


def find_bad_heads(page):
    """Give the heads of tables with a broken word, and those of more than 3 lines."""
    return page.evaluate(
        """() => {
            const canvas = document.createElement('canvas').getContext('2d');
            const heads = [...document.querySelectorAll('thead th:not(:has(.hidden))')];
            const broken = heads.filter(head => {
                const style = getComputedStyle(head);
                canvas.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
                const room = head.clientWidth - parseFloat(style.paddingRight);
                const words = head.textContent.trim().split(/[ -]+/);
                return words.some(word => canvas.measureText(word).width > room + 1);
            });
            const tall = heads.filter(head => {
                const range = document.createRange();
                range.selectNodeContents(head);
                return new Set([...range.getClientRects()].map(one => one.top)).size > 3;
            });
            return [broken, tall].map(some => some.map(head => head.textContent));
        }"""
    )


@pytest.mark.parametrize(("width", "most"), [(1440, 12_000), (1024, 12_000), (390, 24_000)])
@pytest.mark.parametrize("language", ["da", "en"])
def test_the_report_is_a_few_screens_with_short_heads(
    browser, road, english_pages, language, width, most
):
    """Top to end at most 12,000 px, no head above 3 lines or with a broken word, none too wide."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(((road[1] if language == "da" else english_pages) / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollHeight") <= most
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_bad_heads(page) == [[], []]


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("language", ["da", "en"])
def test_the_appendix_has_short_heads_and_fits(browser, road, english_pages, language, width):
    """Its heads are as short; on a desktop no table is wider than the page."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(((road[1] if language == "da" else english_pages) / "appendix.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("thead th").count() > 80
    assert find_bad_heads(page) == [[], []]
    if width > 1000:
        wide = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
        assert page.locator(".scroll").evaluate_all(wide) == 0


def test_the_report_prints_on_four_to_six_pages(browser, road):
    """On A4, without the appendix; each table and figure is on one page."""
    page = browser.new_page()
    page.goto((road[1] / "report.html").as_uri())
    made = page.pdf(prefer_css_page_size=True)
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 6


def test_figures_and_their_numbers_are_saved_offline(browser, road, tmp_path):
    """Each figure has a number, a source, and files that a click saves: a drawing and a table."""
    result, folder = road
    page = browser.new_context(offline=True, accept_downloads=True).new_page()
    failed = []
    page.on("console", lambda message: failed.append(message.text))
    page.goto((folder / "report.html").as_uri())
    figures = page.locator("figure")
    assert figures.count() == 3
    for number in range(1, 4):
        figure = figures.nth(number - 1)
        caption = figure.locator("figcaption").inner_text()
        assert caption.startswith(f"Figur {number} · ")
        assert figure.locator(".source").inner_text().startswith("Kilde: ")
        for ending in ("svg", "csv"):
            with page.expect_download() as waited:
                figure.locator(f"a[download$='.{ending}']").click()
            assert waited.value.suggested_filename == f"figur-{number}.{ending}"
            waited.value.save_as(tmp_path / f"{number}.{ending}")
        words = words_in((tmp_path / f"{number}.svg").read_text(encoding="utf-8"))
        assert caption.split()[2] in " ".join(words)
        assert any(word.startswith("Kilde: ") for word in words)
    captions = page.locator("caption").all_inner_texts()
    assert [one.split(" · ")[0] for one in captions] == [
        f"Tabel {number}" for number in range(1, len(captions) + 1)
    ]
    table = (tmp_path / "2.csv").read_bytes().decode("utf-8")
    assert table.startswith("\ufeffÅrsag;")
    read_again = dict(csv.reader(io.StringIO(table[1:]), delimiter=";"))
    saved = sum(cause.gain.kg_co2e for cause in result.effect.causes) / 1000
    before, *changes, plan = [float(one.replace(",", ".")) for one in [*read_again.values()][1:]]
    assert before - plan == pytest.approx(saved, abs=1e-3)
    assert sum(changes) == pytest.approx(-saved, abs=1e-3)
    assert failed == []


def test_numbers_for_english_readers_have_points_and_commas():
    data = Data(("Who", "t"), (("=A1", 1234.5), ("b", -2.0)))
    assert data.render("da").decode() == "\ufeffWho;t\r\n'=A1;1234,5\r\nb;-2\r\n"
    assert data.render("en").decode() == "\ufeffWho,t\r\n'=A1,1234.5\r\nb,-2\r\n"


def words_in(svg: str) -> list[str]:
    """Give the lines of text of a drawing."""
    return [unescape(one) for one in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


@pytest.mark.usefixtures("danish")
def test_a_waterfall_begins_near_where_changes_are_small_and_says_so(road):
    """Small causes are no hairlines; the axis says that it does not begin at 0; true minus."""
    bars = [Bar("a", 125_447, whole=True), Bar("b", -1543.0), Bar("c", 123_904, whole=True)]
    drawing = draw_waterfall(bars, unit="t")
    words = words_in(drawing.svg)
    assert "−1.543" in words
    assert any("aksen begynder ved" in " ".join(pair) for pair in pairwise(words))
    widths = [
        max(x for x, _ in part.points) - min(x for x, _ in part.points)
        for part in drawing.parts
        if isinstance(part, Shape) and len(part.points) == 5
    ]
    assert widths[1] > 0.2 * widths[0]
    whole = draw_waterfall(
        [Bar("a", 10, whole=True), Bar("b", -9), Bar("c", 1, whole=True)], unit="t"
    )
    assert not any("aksen" in word for word in words_in(whole.svg))
    # In the report no bar is next to nothing, and its message is the largest cause's.
    picture = next(
        one
        for one in build_report(road[0]).blocks
        if isinstance(one, Picture) and "besparelse" in str(one.caption)
    )
    told = words_in(picture.drawing.svg)
    assert not {"+0", "−0", "0,00"} & set(told)
    assert not any(re.match(r"-\d", word) for word in told)
    most = max(road[0].effect.causes, key=lambda cause: cause.gain.kg_co2e)
    assert name_cause(most)[1:] in str(picture.caption)
    assert 'font-family="Segoe UI' in picture.drawing.svg


@pytest.mark.usefixtures("danish")
def test_names_on_the_map_stand_free_of_each_other_and_whole(road):
    """Site names have halos and are whole; the key is drawn: sites, widths, directions."""
    picture = next(one for one in build_report(road[0]).blocks if isinstance(one, Picture))
    names = [one for one in picture.drawing.parts if isinstance(one, Words) and one.halo]
    text = " ".join(one.text for one in names)
    assert "Mobil knuser på motorvejens plads (kandidat)" in text
    assert "…" not in text
    starts = {"start": 0.0, "middle": 0.5, "end": 1.0}
    boxes = []
    for one in names:
        wide = measure_text(one.text, one.size)
        left = one.x - wide * starts[one.anchor]
        assert 0 <= left <= left + wide <= WIDTH + 1e-6
        boxes.append(shapely.box(left, one.y - 9, left + wide, one.y))
    assert not any(a.intersection(b).area > 1 for a, b in combinations(boxes, 2))
    key = [one.text for one in picture.drawing.parts if isinstance(one, Words) and not one.halo]
    assert {"Har brug for materiale", "Råstofgrav", "Modtager", "Primære råstoffer"} <= set(key)
    assert any(re.fullmatch(r"[\d.]+ t", one) for one in key)
    assert "trekanter" not in str(picture.note)
    assert picture.drawing.svg.startswith("<svg")
    assert picture.drawing.png == replace(picture.drawing).png


@pytest.mark.usefixtures("danish")
@pytest.mark.parametrize("width", [340.0, 480.0, WIDTH])
def test_a_name_away_from_its_site_is_tied_to_it(road, width):
    """A name stands close to its site, or a line leads from the one to the other."""
    result, ties = road[0], 0
    hauls = list(result.plan.flows.itertuples())
    parts = draw_map_picture(result, hauls, result.scenario.sites, width).parts
    spots = shapely.points([(one.x, one.y) for one in parts if isinstance(one, SiteMark)])
    before = None
    for named, group in groupby(parts, lambda one: isinstance(one, Words) and one.halo):
        lines = list(group)
        if named:
            room = shapely.union_all(
                [
                    shapely.box(left, one.y - 9, left + wide, one.y)
                    for one in lines
                    for wide in [measure_text(one.text, one.size)]
                    for left in [
                        one.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[one.anchor]
                    ]
                ]
            )
            if (
                len(before.points) == 2
                and shapely.Point(before.points[0]).distance(spots).min() < 0.1
            ):
                ties += 1
                assert shapely.Point(before.points[1]).distance(room) < 5
            else:
                assert room.distance(spots).min() < 16
        before = lines[-1]
    assert width == WIDTH or ties


def test_loads_and_savings_are_the_same_in_report_and_summary(road):
    """One figure for one thing: loads, tonnes of CO2e, wherever they are told."""
    result, folder = road
    appendix = read(folder / "appendix.html")[0]
    report = read(folder / "report.html")[0]
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    with speaking("da"):
        loads = format_number(result.effect.books.total(LOADS_DRIVEN))
        before = format_number(result.effect.baseline.all_kg_co2e_wtw / 1000)
        sentence = str(open_answer(result)[1])
    assert loads in appendix
    assert loads in summary
    assert f"uden samordning {before}" in report
    assert before in summary
    assert sentence in report
    assert sentence.replace("~", "") in summary.replace("\\", "")


def test_people_are_not_alarmed_by_what_only_checkers_can_use(road):
    """Counts of judgements and ids of sites are doubts of the appendix, not of the report."""
    report, appendix = (read(road[1] / f"{one}.html")[0] for one in ("report", "appendix"))
    assert "plan.json" in appendix
    assert "plan.json" not in report
    assert "mistænkeligt" not in report
    assert "`" not in re.sub(r"data:[^\"]*", "", report.split("</style>")[1])


def test_nothing_counts_as_landfill_that_does_not_say_so(road):
    """A plain receiver is no landfill: without one the effect has no such line."""
    result, folder = road
    landfilled = [one for one in result.scenario.receivers if one.landfill]
    told = "heraf til deponi" in read(folder / "appendix.html")[0]
    assert told == bool(landfilled)


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
    assert len(read_again.tables) - 1 == len(tables) >= 3, "and one of the key figures"
    assert len(read_again.inline_shapes) == 3
    inside = read_again.element.xml
    assert inside.count("SEQ Tabel") == len(tables)
    assert inside.count("SEQ Figur") == 3
    assert re.findall(r"PAGEREF (_Toc\d+)", inside) == re.findall(r'w:name="(_Toc\d+)"', inside)
    assert "TOC " in inside
    contents = [one.text.split("\t") for one in read_again.paragraphs if "\t" in one.text]
    assert [one[0] for one in contents] == heads, "each is told with its page"
    assert inside.count("w:cantSplit") == inside.count("<w:tr>") + inside.count("<w:tr ")
    assert inside.count("w:tblHeader") == len(tables)
    foot = read_again.sections[0].footer.paragraphs[0]
    assert re.findall("<w:t.*?>(.*?)</w:t>", foot._p.xml) == ["side ", "1", " af ", "1"]
    assert re.findall('instr=" (.*?) "', foot._p.xml) == ["PAGE", "NUMPAGES"]
    assert read_again.core_properties.title == result.scenario.said.title
    widths = [[cell.width for cell in one.rows[0].cells] for one in read_again.tables[1:]]
    assert all(len(set(one)) > 1 for one in widths)
    assert 'w:val="da-DK"' in read_again.styles.element.xml
    for shape in read_again.inline_shapes:
        assert shape._inline.docPr.get("descr")
    text = "\n".join(one.text for one in docx.Document(str(hostile / "report.docx")).paragraphs)
    assert "<script>" in text


def test_the_head_of_the_report_is_the_scenarios(road, tmp_path):
    """Author, client, date and version stand on the page and in Word, on a template of its own."""
    docx = pytest.importorskip("docx")
    result = road[0]
    head = {"author": "Råd A/S", "client": "Køge Kommune", "date": "2026-11-27", "version": "1.2"}
    made = docx.Document()
    made.add_paragraph("Text of the template")
    made.styles["Heading 1"].font.name = "Georgia"
    made.sections[0].footer.paragraphs[0].text = "Our foot"
    made.save(str(tmp_path / "own.docx"))
    said = result.scenario.said.model_copy(update={"report": ReportHead(**head)})
    told = replace(result, scenario=replace(result.scenario, said=said))
    with speaking("da"):
        document = build_report(told)
        assert [(str(what), told) for what, told in document.facts[:4]] == [
            ("Bestiller", "Køge Kommune"),
            ("Udarbejdet af", "Råd A/S"),
            ("Dato", "27. november 2026"),
            ("Version", "1.2"),
        ]
        page = write_page(document, tmp_path / "report.html").read_text(encoding="utf-8")
        moment = said.report.date
        ours = write_word(
            document, tmp_path / "report.docx", moment=moment, template=tmp_path / "own.docx"
        )
    assert page.index("27. november 2026") < page.index("<main")
    read_again = docx.Document(str(ours))
    text = "\n".join(one.text for one in read_again.paragraphs)
    assert "Text of the template" not in text
    assert "Udarbejdet af: Råd A/S" in text
    assert read_again.styles["Heading 1"].font.name == "Georgia"
    assert read_again.sections[0].footer.paragraphs[0].text == "Our foot"
    assert read_again.core_properties.author == "Råd A/S"
    assert read_again.core_properties.created.isoformat().startswith("2026-11-27")
    # Without a word of it the report tells what it was made with, and no day of today's.
    facts = [str(what) for what, _ in build_report(result).facts]
    assert len(facts) == 2
    bare = docx.Document()
    bare.element.body.remove(bare.element.body.sectPr)
    bare.save(str(tmp_path / "bare.docx"))
    with pytest.raises(OutputError, match=r"report\.template .*(page size|sidestørrelse)"):
        write_word(document, ours, moment=moment, template=tmp_path / "bare.docx")
    (tmp_path / "bad.docx").write_bytes(b"PK")
    with pytest.raises(OutputError, match="template"):
        write_word(document, ours, moment=moment, template=tmp_path / "bad.docx")


def test_the_contents_tell_where_sections_begin(road, tmp_path):
    """LibreOffice begins each section on the page that the contents say, and fills the first."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("LibreOffice and pdftotext are not here")
    for language in ("da", "en"):
        with speaking(language):
            document = build_report(road[0])._replace(language=language)
            path = write_word(document, tmp_path / f"{language}.docx", moment=date(2027, 1, 1))
            heads = [str(one.text) for one in document.blocks if getattr(one, "level", 0) == 2]
        profile = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
        called = [office, profile, "--headless", "--convert-to", "pdf", "--outdir"]
        subprocess.run([*called, str(tmp_path), str(path)], check=True, capture_output=True)
        made = [reader, "-layout", str(path.with_suffix(".pdf")), "-"]
        told = subprocess.run(made, check=True, capture_output=True, text=True).stdout
        pages = [page.splitlines() for page in told.split("\f")]
        said = dict(re.findall(r"^(\S.*?)\.{5,} *(\d+)$", told, flags=re.M))
        assert list(said) == heads
        for head, page in said.items():
            assert head in pages[int(page) - 1]
        assert said[heads[1]] == "1", "the map follows the summary at once"


@pytest.mark.parametrize("missing", ["Caption", "List Bullet", "Title"])
def test_a_template_without_a_style_still_serves(road, tmp_path, missing):
    """What has no style of its own there looks as the rest."""
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.styles[missing].delete()
    made.save(str(tmp_path / "own.docx"))
    with speaking("da"):
        document = build_report(road[0])
        moment = min(one.start for one in road[0].scenario.periods.values())
        ours = write_word(
            document, tmp_path / "out.docx", moment=moment, template=tmp_path / "own.docx"
        )
    assert len(docx.Document(str(ours)).tables) >= 3


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
    assert "Anlæggets udledning: Knusning af beton" in steps
    assert "source:" in steps
    assert "Udledning ved håndtering i et depot was not seen in a source" in steps


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
