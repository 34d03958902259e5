"""The map in the browser: everything on it is clicked, and what is then shown is looked at."""

from __future__ import annotations

import json
import re

import pytest
from worlds import PIT_AND_PROJECT

from raastof_geo.language import speaking
from raastof_geo.outputs.pages.map import TILES, describe_map, draw_map
from raastof_geo.pipeline import run_scenario

playwright = pytest.importorskip("playwright.sync_api")
DESKTOP, PHONE = (1400, 900), (390, 844)


@pytest.fixture(scope="module")
def solved(english_road):
    result, folder = english_road
    return result, folder / "map.html"


@pytest.fixture(scope="module")
def engine(chromium):
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(engine, solved):
    """Open the map with the network off; nothing is asked for, and nothing fails."""
    asked: list[str] = []
    failed: list[str] = []
    contexts = []

    def opened(size=DESKTOP, path=None, **options):
        context = engine.new_context(
            viewport={"width": size[0], "height": size[1]},
            offline=True,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda message: failed.append(message.text))
        page.goto((path or solved[1]).as_uri())
        page.wait_for_selector("[data-flows]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert failed == []


def drawn(page):
    return int(page.get_attribute(".folium-map", "data-flows"))


def settle(page):
    page.wait_for_timeout(120)


def test_modes_show_plan_baseline_and_difference(visit, solved):
    page = visit()
    plan = drawn(page)
    assert "23 of 23 flows" in page.inner_text("#told")
    page.check("input[value=before]")
    settle(page)
    assert page.get_attribute(".folium-map", "data-mode") == "before"
    before = drawn(page)
    assert before != plan
    page.check("input[value=difference]")
    settle(page)
    assert drawn(page) > before
    assert "more in the plan" in page.inner_text("#panel")
    page.click("#rows summary")
    page.wait_for_selector("#rows td")
    cells = page.locator("#rows tbody tr td:nth-child(5)").all_inner_texts()
    assert {cell[0] for cell in cells} >= {"+", "-"}


def test_the_slider_goes_through_the_periods(visit, solved):
    page = visit()
    everything = page.inner_text("#told")
    seen = set()
    page.focus("#period")
    for period in solved[0].scenario.periods:
        page.keyboard.press("ArrowRight")
        settle(page)
        assert page.get_attribute("#period", "aria-valuetext") == period
        seen.add(page.inner_text("#told"))
    assert everything not in seen
    assert len(seen) > 1


def test_filters_leave_what_they_say(visit):
    page = visit()
    page.select_option("#project", "sygehus")
    page.click("#rows summary")
    settle(page)
    rows = page.locator("#rows tbody tr")
    assert rows.count() > 0
    for row in rows.all_inner_texts():
        assert "Holbæk" in row
    page.select_option("#project", "")
    page.select_option("#municipality", "Holbæk")
    settle(page)
    assert 0 < page.locator("#rows tbody tr").count() < 23
    for box in page.locator("input[name=material]").all():
        box.uncheck()
    settle(page)
    assert page.locator("#rows tbody tr").count() == 0
    assert drawn(page) == 0


def test_the_threshold_drops_small_flows(visit):
    page = visit()
    whole = drawn(page)
    page.focus("#least")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert 0 < drawn(page) < whole
    told = page.inner_text("#told")
    shown, everything = map(int, re.match(r"(\d+) of (\d+)", told).groups())
    assert shown < everything == 23


def test_roads_show_trucks(visit):
    page = visit()
    page.check("#burden")
    settle(page)
    assert int(page.get_attribute(".folium-map", "data-roads")) > 10
    assert drawn(page) == 0
    assert "trucks each weekday" in page.inner_text("#panel")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_site_is_found_and_told_about(visit, solved, size):
    """Search, panel, partners, effect, why not, close: with the keyboard alone."""
    page = visit(size)
    if size == PHONE:
        assert not page.is_visible("#search")
        page.click("#toggle")
        assert page.get_attribute("#toggle", "aria-expanded") == "true"
    page.focus("#search")
    page.keyboard.type("havneud")
    page.keyboard.press("Enter")
    page.wait_for_selector("#about:not([hidden])")
    about = page.inner_text("#about")
    assert "Havneudvidelse i Kalundborg" in about
    assert "Goes out" in about
    assert "Comes in" not in about
    table = solved[0].effect.books.by("site")
    assert f"{table.loc['havn', 'kg_co2e_wtw'] / 1000:,.1f}" in about
    box = page.locator("#about").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    options = page.locator("#about select option").all_inner_texts()
    page.select_option("#about select", index=1)
    assert options[1]
    assert len(page.inner_text("#about .why")) > 10
    page.focus("#about .shut")
    page.keyboard.press("Enter")
    assert page.is_hidden("#about")


def test_an_unknown_site_is_answered(visit):
    page = visit()
    page.fill("#search", "nowhere at all")
    page.press("#search", "Enter")
    assert "No site has this name" in page.inner_text("#panel")


def test_a_marker_opens_its_site_with_enter(visit):
    page = visit()
    page.locator(".leaflet-marker-icon.site").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#about:not([hidden])")
    page.keyboard.press("Escape")
    assert page.is_hidden("#about")


def test_print_shows_the_table(visit):
    page = visit()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#rows tbody tr").count() == 23
    assert page.is_hidden("#print")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_lies_over_the_edge(visit, size):
    page = visit(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    map_box = page.locator(".folium-map").bounding_box()
    assert map_box["height"] > 250
    if size == DESKTOP:
        panel = page.locator("#panel").bounding_box()
        assert panel["x"] >= map_box["x"] + map_box["width"] - 1


def test_the_phone_shows_answer_figures_and_map_at_once(visit):
    """What the answer rests on is folded, and opens by touch; the map keeps half of the screen."""
    page = visit(PHONE)
    head, answer = page.locator("#strip"), page.locator("#answer")
    assert head.bounding_box()["height"] < PHONE[1] / 2
    assert page.locator("#strip > p").first.is_visible()
    assert not answer.locator("p").first.is_visible()
    assert answer.locator("summary").bounding_box()["height"] >= 44
    answer.locator("summary").click()
    assert answer.locator("p").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_axe_finds_nothing_serious(visit):
    """The page, with the table open and a site told about, keeps WCAG as far as axe can see."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(bypass_csp=True)
    page.click("#rows summary")
    page.fill("#search", "havneud")
    page.press("#search", "Enter")
    page.wait_for_selector("#about:not([hidden])")
    found = axe.Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:160]) for one in serious] == []


def test_the_internet_is_asked_only_where_the_scenario_wants_it(solved, tmp_path):
    """Tiles need a key of the scenario, then a click; only their host is let through."""
    result, path = solved
    assert TILES not in path.read_text(encoding="utf-8")
    said = result.scenario.said.model_copy(update={"online_tiles": True})
    object.__setattr__(result.scenario, "said", said)
    try:
        with speaking("en"):
            page = draw_map(result)
            assert describe_map(result)["tiles"].startswith(TILES)
    finally:
        object.__setattr__(result.scenario, "said", said.model_copy(update={"online_tiles": False}))
    assert f"img-src data: {TILES};" in page
    assert "connect-src" not in page.split("</title>")[0]


def test_zones_are_shown_and_hidden(visit, tmp_path):
    """Where a scenario has zones with polygons they are drawn, and the legend says which."""
    square = [[12.05, 55.4], [12.15, 55.4], [12.15, 55.5], [12.05, 55.5], [12.05, 55.4]]
    area = {"type": "Polygon", "coordinates": [square]}
    (tmp_path / "osd.geojson").write_text(json.dumps(area), encoding="utf-8")
    zones = "zones: [{file: osd.geojson, rule: own-osd, needs_condition: permit_section_19_33}]\n"
    file = tmp_path / "world.yaml"
    file.write_text(PIT_AND_PROJECT + zones, encoding="utf-8")
    page = visit(path=run_scenario(file, into=tmp_path / "out")[1] / "map.html")
    assert page.is_checked("#zones")
    assert "own-osd" in page.inner_text("#panel .keys")
    painted = """(wanted) => {
        const canvas = document.querySelector(".leaflet-zones-pane canvas");
        if (!canvas) return !wanted;
        const blank = document.createElement("canvas");
        Object.assign(blank, { width: canvas.width, height: canvas.height });
        return (canvas.toDataURL() !== blank.toDataURL()) === wanted;
    }"""
    page.wait_for_function(painted, arg=True)
    page.uncheck("#zones")
    assert "own-osd" not in page.inner_text("#panel .keys")
    page.wait_for_function(painted, arg=False)
