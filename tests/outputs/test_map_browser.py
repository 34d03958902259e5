"""The map in the browser: everything on it is clicked, and what is then shown is looked at."""

from __future__ import annotations

import json
import re
import pytest
from worlds import PIT_AND_PROJECT
from raastof_geo.figures.vocabulary import TRANSPORT_WTW
from raastof_geo.language import speaking
from raastof_geo.outputs.pages.map import TILES, MapStory, draw_map
from raastof_geo.pipeline import run_scenario

playwright = pytest.importorskip("playwright.sync_api")
DESKTOP, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)


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

    def opened(size=DESKTOP, path=None, address="", **options):
        context = engine.new_context(
            viewport={"width": size[0], "height": size[1]},
            offline=True,
            reduced_motion="reduce",
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda message: failed.append(message.text))
        if size == PHONE:
            context.set_default_timeout(15_000)
        page.goto((path or solved[1]).as_uri() + address)
        page.wait_for_selector("[data-flows]")
        # What the address says is shown in the next frame, which a busy machine draws late.
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert failed == []


def count(page, what="flows"):
    return int(page.get_attribute(".folium-map", f"data-{what}"))


READ = """const read = (pane) => {
    const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
    const { width, height } = canvas, copy = document.createElement("canvas");
    Object.assign(copy, { width, height });
    const ctx = copy.getContext("2d", { willReadFrequently: true });
    ctx.drawImage(canvas, 0, 0);
    return ctx.getImageData(0, 0, width, height).data;
};"""


def settle(page):
    page.wait_for_timeout(150)


def paint(page, pane):
    """Give how many pixels of a canvas are painted."""
    return page.evaluate(
        f"(pane) => {{ {READ} return read(pane).filter((of, at) => at % 4 > 2 && of).length; }}",
        pane,
    )


def test_modes_show_plan_baseline_and_difference(visit):
    page = visit()
    plan = count(page)
    assert "23 of 23 flows" in page.inner_text("#told")
    page.check("input[value=before]")
    settle(page)
    assert page.get_attribute(".folium-map", "data-mode") == "before"
    before = count(page)
    assert before != plan
    page.check("input[value=difference]")
    settle(page)
    assert count(page) > before
    assert "more in the plan" in page.inner_text("#legend")
    page.click("#rows summary")
    page.wait_for_selector("#rows td")
    cells = page.locator("#rows tbody tr td:nth-child(5)").all_inner_texts()
    assert {cell[:1] for cell in cells} >= {"+", "−"}


def test_the_column_of_emissions_adds_up(visit, solved):
    """Empty trips have a row of their own: the table comes to what the sentence on top says."""
    page, effect = visit(), solved[0].effect
    books = {"plan": effect.books, "before": effect.baseline_books}
    page.click("#rows summary")
    for mode, side in books.items():
        page.check(f"input[value={mode}]")
        settle(page)
        cells = page.locator("#rows tbody tr td:last-child").all_inner_texts()
        told = sum(float(cell.replace(",", "").replace("−", "-")) for cell in cells)
        assert told == pytest.approx(side.total(TRANSPORT_WTW), abs=len(cells))
    page.check("input[value=plan]")
    settle(page)
    assert "Empty trips from job to job" in page.locator("#rows tbody tr").last.inner_text()
    page.click("#filters summary")
    page.select_option("#project", "sygehus")
    settle(page)
    assert "Empty trips" not in page.inner_text("#rows")  # of some flows nobody knows which


def test_the_slider_goes_through_the_periods(visit, solved):
    page = visit()
    everything, sentence = page.inner_text("#told"), page.inner_text("#sentence")
    seen = set()
    page.focus("#period")
    for period in solved[0].scenario.periods:
        page.keyboard.press("ArrowRight")
        settle(page)
        assert page.get_attribute("#period", "aria-valuetext") == period
        assert period in page.inner_text("#sentence") != sentence
        seen.add(page.inner_text("#told"))
    assert everything not in seen
    assert len(seen) > 1


def test_filters_leave_what_they_say(visit):
    page = visit()
    page.click("#filters summary")
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
    assert count(page) == count(page, "roads") == 0
    assert "Nothing is driven here" in page.inner_text("#sentence")


def test_the_threshold_drops_small_flows(visit):
    page = visit()
    whole, roads = count(page), count(page, "roads")
    page.click("#filters summary")
    page.focus("#least")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert 0 < count(page) < whole
    assert 0 < count(page, "roads") < roads
    told = page.inner_text("#told")
    shown, everything = map(int, re.match(r"(\d+) of (\d+)", told).groups())
    assert shown < everything == 23


def test_the_sentence_says_the_figures_of_the_books(visit, solved):
    """Tonnes, loads and emissions of the whole plan are those at the top of every other output."""
    page = visit()
    books, text = solved[0].effect.books, page.inner_text("#sentence")
    kg = books.total("transport_kg_co2e_wtw")
    assert f"{float(f'{kg / 1000:.3g}'):,.0f} t CO2e" in text
    before = solved[0].effect.baseline_books.total("transport_kg_co2e_wtw")
    assert f"{100 * (1 - kg / before):.0f} % less CO2e" in text
    lead = page.inner_text("#lead")
    assert "t CO2e" in lead
    assert "DKK" in lead
    assert "against:" in lead


def test_clean_material_is_a_hue_and_no_lane_mixes_colours(visit, solved):
    """Each colour on the canvas of flows is that of a material, an edge, or between those two."""
    page = visit(address="#as=flows")
    assert count(page, "lanes") > 10
    assert count(page, "roads") == 0
    colours = {one["colour"] for one in MapStory(solved[0]).story["materials"]}
    frequent = page.evaluate(
        "() => {"
        + READ
        + """
            const data = read("raastof-flows"), seen = {};
            for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] < 255) continue;
                const parts = [...data.slice(at, at + 3)];
                const name = "#" + parts.map((one) => one.toString(16).padStart(2, "0")).join("");
                seen[name] = (seen[name] ?? 0) + 1;
            }
            return Object.entries(seen).filter(([, times]) => times > 150).map(([name]) => name);
        }"""
    )
    assert {"#ffffff"} < set(frequent) <= {*colours, "#ffffff"}


def test_both_directions_of_a_road_are_lanes_of_their_own(visit):
    """Of what passes a road both ways, each lane lies to the right of its way, none on another."""
    page = visit(address="#as=burden")
    apart = page.evaluate(
        """() => {
            const map = Object.values(window).find((one) => one instanceof L.Map);
            const view = raastof.of(map), found = [];
            for (const step of view.passing.keys()) {
                if (step & 1 || !view.passing.has(step ^ 1)) continue;
                found.push([view.passing.get(step), view.passing.get(step ^ 1)]);
            }
            return found.length;
        }"""
    )
    assert apart > 5
    shifted = page.evaluate("raastof.shift([0, 0, 10, 0, 20, 0], 3)")
    assert shifted == [0, 3, 10, 3, 20, 3]
    back = page.evaluate("raastof.shift(raastof.reverse([0, 0, 10, 0, 20, 0]), 3)")
    assert back == [20, -3, 10, -3, 0, -3]


def test_roads_show_trucks(visit):
    page = visit()
    page.check("input[value=burden]")
    settle(page)
    assert count(page, "roads") > 10
    assert count(page, "lanes") == 0
    assert "trucks each weekday" in page.inner_text("#legend")


@pytest.mark.parametrize("mode", ["plan", "before", "difference"])
@pytest.mark.parametrize("drawn", ["roads", "burden", "flows"])
def test_the_legend_is_seen_and_follows_the_view(visit, mode, drawn):
    """The key of every view lies inside the screen: it used to lie below rows of materials."""
    page = visit(address=f"#show={mode}&as={drawn}")
    samples = page.locator("#legend .line")
    assert samples.count() >= 3
    for sample in samples.all()[:4]:
        box = sample.bounding_box()
        assert box["y"] + box["height"] < DESKTOP[1] - 40
    text = page.inner_text("#legend")
    assert ("more in the plan" in text) == (mode == "difference")
    assert ("trucks each weekday" in text) == (drawn == "burden")
    assert ("Virgin material" in text) == (drawn == "flows" and mode != "difference")


def test_legend_samples_stay_in_forced_colours(visit):
    page = visit(forced_colors="active", address="#as=flows")
    shown = page.locator("#legend .line").first
    said = page.evaluate(
        "([one]) => [getComputedStyle(one).backgroundColor, one.style.color]",
        [shown.element_handle()],
    )
    assert said[0] == said[1] != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_site_is_found_and_told_about(visit, solved, size):
    """Search, panel, partners, effect, why not, close: with the keyboard alone."""
    page = visit(size)
    if size == PHONE:
        assert not page.is_visible("#search")
        page.focus("#toggle")
        page.keyboard.press("Enter")
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
    assert f"{table.loc['havn', 'kg_co2e_wtw'] / 1000:,.0f}" in about
    assert "kg CO2e" not in about or "t CO2e" in about
    box = page.locator("#about").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    options = page.locator("#about select option").all_inner_texts()
    page.select_option("#about select", index=1)
    assert options[1]
    assert len(page.inner_text("#about .why")) > 10
    page.focus("#about .shut")
    page.keyboard.press("Enter")
    page.wait_for_selector("#about", state="hidden")


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
    page.wait_for_selector("#about", state="hidden")


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE])
def test_a_site_that_is_chosen_is_not_covered(visit, size):
    """The map moves so that the panel does not lie over its site; the rest steps back."""
    page = visit(size)
    whole = paint(page, "raastof-roads")
    page.locator(".leaflet-marker-icon.site").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#about:not([hidden])")
    settle(page)
    over, site = (page.locator(one).bounding_box() for one in ("#about", ".site.chosen"))
    apart = (
        site["x"] >= over["x"] + over["width"]
        or site["x"] + site["width"] <= over["x"]
        or site["y"] + site["height"] <= over["y"]
    )
    assert apart
    assert 0 <= site["x"] < size[0]
    assert count(page, "lanes") > 0
    assert page.locator(".site.back").count() > 0
    dimmed = page.evaluate(
        "() => {"
        + READ
        + """
            const data = read("raastof-roads");
            let dark = 0;
            for (let at = 0; at < data.length; at += 4)
                if (data[at + 3] === 255 && data[at] + data[at + 1] + data[at + 2] < 300) dark++;
            return dark;
        }"""
    )
    assert dimmed == 0
    assert whole > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.keyboard.press("Escape")
    page.wait_for_selector("#about[hidden]", state="attached")
    assert page.locator(".site.back").count() == 0


def test_rows_about_a_site_can_be_told_apart(visit):
    """Each says material, use and periods; nothing has digits that nobody knows."""
    page = visit(address="#site=havn")
    rows = page.locator("#about table").first.locator("tbody tr").all_inner_texts()
    assert len(rows) > 2
    assert len(set(rows)) == len(rows)
    assert all("·" in row for row in rows)
    assert not re.search(r"\d{3}\.\d\b", page.inner_text("#about"))


def test_a_row_of_the_table_opens_its_flow_with_enter(visit):
    page = visit()
    page.click("#rows summary")
    page.wait_for_selector("#rows td")
    first = page.locator("#rows tbody button").first
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#about:not([hidden])")
    assert first.inner_text() in page.inner_text("#about h2")
    assert count(page, "lanes") > 0
    assert page.locator("#rows [aria-pressed=true]").count() == 1
    assert "flow=" in page.evaluate("location.hash")
    page.keyboard.press("Escape")
    page.wait_for_selector("#about", state="hidden")
    assert page.locator("#rows [aria-pressed=true]").count() == 0


def test_a_lane_that_is_touched_tells_what_is_on_it(visit):
    """Each of two lanes beside each other takes its own click."""
    page = visit(address="#as=flows")
    find = """() => {
        const map = Object.values(window).find((one) => one instanceof L.Map), found = {};
        const box = map.getContainer().getBoundingClientRect();
        map.eachLayer((layer) => {
            for (const lane of layer.lanes ?? []) {
                const middle = 2 * Math.floor(lane.points.length / 4);
                const at = map.layerPointToContainerPoint(lane.points.slice(middle, middle + 2));
                const [x, y] = [box.left + at.x, box.top + at.y];
                const over = document.elementFromPoint(x, y);
                if (lane.width > 4 && box.left < x && x < box.right && over &&
                    !over.closest(".leaflet-marker-icon, .leaflet-control"))
                    (found[lane.step] ??= []).push([lane.name, x, y, lane.points.length]);
            }
        });
        const beside = Object.values(found).filter((lanes) => lanes.length > 1);
        return beside.sort((a, b) => b[0][3] - a[0][3])[0];
    }"""
    names = [name for name, *_ in page.evaluate(find)]
    assert len(names) >= 2
    materials = page.evaluate(
        "raastof.of(Object.values(window).find((one) => one instanceof L.Map)).story.materials"
    )
    for name in names:
        x, y, _ = next(place for one, *place in page.evaluate(find) if one == name)
        page.mouse.click(x, y)
        page.wait_for_selector(".leaflet-popup-content")
        flows = page.locator(".leaflet-popup-content .open").all_inner_texts()
        assert flows
        assert all(materials[name]["name"] in flow for flow in flows)
        page.keyboard.press("Escape")
        page.evaluate("Object.values(window).find((one) => one instanceof L.Map).closePopup()")
        settle(page)


def test_the_view_stands_in_the_address(visit):
    """What is looked at can be sent: mode, period, filters, site and place come back."""
    page = visit()
    page.check("input[value=before]")
    page.check("input[value=flows]")
    page.focus("#period")
    page.keyboard.press("ArrowRight")
    page.click("#filters summary")
    page.select_option("#municipality", "Holbæk")
    page.locator("input[name=material]").first.uncheck()
    page.click(".leaflet-control-zoom-in")
    settle(page)
    page.locator(".leaflet-marker-icon.site:visible").nth(3).focus()
    page.keyboard.press("Enter")
    settle(page)
    page.wait_for_timeout(300)
    address = page.evaluate("location.hash")
    for key in ("show=before", "as=flows", "period=", "municipality=", "without=", "site=", "at="):
        assert key in address
    other = visit(address=address)
    settle(other)
    assert other.is_checked("input[value=before]")
    assert other.inner_text("#sentence") == page.inner_text("#sentence")
    assert other.inner_text("#about h2") == page.inner_text("#about h2")
    assert other.evaluate("location.hash") == address
    zoom = "Object.values(window).find((one) => one instanceof L.Map).getZoom()"
    assert other.evaluate(zoom) == page.evaluate(zoom)


def test_an_address_of_something_else_does_no_harm(visit):
    page = visit(address="#show=nothing&as=x&site=nobody&flow=a~b~c~d&period=9999&at=1,2&least=-4")
    assert page.is_checked("input[value=plan]")
    assert page.is_hidden("#about")
    assert "23 of 23 flows" in page.inner_text("#told")


def place_names(page):
    return page.evaluate(
        """() => {
            const box = (one) => one.getBoundingClientRect();
            const names = [...document.querySelectorAll(".raastof-name")];
            const marks = [...document.querySelectorAll(".leaflet-marker-icon")]
                .filter((one) => !one.hidden);
            const meet = (a, b) => a.left < b.right - 0.5 && a.right - 0.5 > b.left &&
                a.top < b.bottom - 0.5 && a.bottom - 0.5 > b.top;
            const faults = [];
            names.forEach((one, at) => {
                for (const two of names.slice(at + 1))
                    if (meet(box(one), box(two))) faults.push([one.textContent, two.textContent]);
                for (const mark of marks)
                    if (meet(box(one), box(mark))) faults.push([one.textContent, mark.title]);
            });
            marks.forEach((one, at) => {
                for (const two of marks.slice(at + 1)) {
                    const [a, b] = [box(one), box(two)];
                    const apart = Math.hypot(a.left - b.left, a.top - b.top);
                    if (apart < 20) faults.push([one.title, two.title]);
                }
            });
            return [names.length, names.filter((one) => one.classList.contains("named")).length,
                faults];
        }"""
    )


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE])
@pytest.mark.parametrize("steps", [-1, 0, 2, 4])
def test_no_name_lies_on_another_or_under_a_marker(visit, size, steps):
    """Towns and sites have their names, at every zoom; markers that met are moved apart."""
    page = visit(size)
    button = ".leaflet-control-zoom-in" if steps > 0 else ".leaflet-control-zoom-out"
    for _ in range(abs(steps)):
        page.click(button)
        settle(page)
    names, sites, faults = place_names(page)
    assert steps > 2 or (names > 3 and sites > 0)
    assert faults == []


def test_the_base_has_land_towns_and_roads_at_every_zoom(visit):
    """Close to a site there are streets to be seen; the view cannot be lost in the sea."""
    page = visit()
    get = "Object.values(window).find((one) => one instanceof L.Map)"
    assert page.evaluate(f"{get}.getMinZoom()") >= 7
    assert page.evaluate(f"{get}.getMaxZoom()") <= 16
    assert page.evaluate(f"Boolean({get}.options.maxBounds)")
    assert page.locator(".leaflet-control-scale-line").is_visible()
    zoomed = visit(address="#site=havn&at=55.68,11.08,14")
    colours = zoomed.evaluate(
        "() => {"
        + READ
        + """
            const data = read("raastof-base");
            const seen = new Set();
            for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join());
            return [...seen];
        }"""
    )
    for colour in ("255,255,255", "230,223,211", "247,244,236"):  # streets, town, land
        assert colour in colours
    page.click(".leaflet-control-zoom-in")
    page.click(".leaflet-control-zoom-in")
    settle(page)
    before = page.evaluate(f"{get}.getZoom()")
    page.click("#whole")
    settle(page)
    assert page.evaluate(f"{get}.getZoom()") < before


def test_paper_is_one_landscape_page_with_the_whole_plan(visit, tmp_path):
    """The map is fitted before it is printed; legend, figures, date and source are on the page."""
    page = visit(address="#at=55.68,11.08,14")
    file = tmp_path / "map.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    content = file.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) == 1
    wide, high = map(float, re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)", content).groups())
    assert wide > high
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    settle(page)
    get = "Object.values(window).find((one) => one instanceof L.Map)"
    inside = f"raastof.of({get}).story.sites.every((one) => {get}.getBounds().contains(one.at))"
    assert page.evaluate(inside)
    for seen in ("#sentence", "#lead", "#strip dl", "#legend", "#source", ".folium-map"):
        box = page.locator(seen).bounding_box()
        assert box["y"] + box["height"] <= 794 - 2 * 34, seen  # A4 at 96 dpi, less margins
        assert box["x"] + box["width"] <= DESKTOP[0]
    for gone in ("#rows", "#about", "#print", "#search", "#filters", ".leaflet-control-zoom"):
        assert page.locator(gone).first.is_hidden(), gone
    assert "OpenStreetMap" in page.inner_text("#source")
    assert re.search(r"Printed \d", page.inner_text("#source"))
    # What is printed is one sheet: several would each be a white sheet over those below.
    assert page.locator(".folium-map canvas:visible").count() == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    settle(page)
    assert page.evaluate(f"{get}.getZoom()") == 14
    assert page.locator(".folium-map canvas:visible").count() > 1


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE])
def test_nothing_lies_over_the_edge(visit, size):
    page = visit(size)
    page.click("#rows summary")
    page.click("#answer summary")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    map_box = page.locator(".folium-map").bounding_box()
    assert map_box["height"] > 250
    table = page.locator("#twin").bounding_box()
    assert table["y"] >= map_box["y"] + map_box["height"] - 1
    if size != PHONE:
        panel = page.locator("#panel").bounding_box()
        assert panel["x"] >= map_box["x"] + map_box["width"] - 1


def test_the_phone_shows_answer_and_map_at_once(visit):
    """What the answer rests on is folded, and opens by touch; the map has most of the screen."""
    page = visit(PHONE)
    head, answer = page.locator("#strip"), page.locator("#answer")
    assert head.bounding_box()["height"] < PHONE[1] / 3
    assert page.locator("#sentence").is_visible()
    assert page.locator(".folium-map").bounding_box()["height"] > PHONE[1] / 2
    assert page.locator("#lead").is_hidden()
    answer.locator("summary").click()
    assert page.locator("#lead").is_visible()
    assert answer.locator("p").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_phone_lets_readers_zoom_and_names_its_source(visit, solved):
    page = visit(PHONE)
    said = page.get_attribute("meta[name=viewport]", "content")
    assert "user-scalable" not in said
    assert "maximum-scale" not in said
    source, sheet = (
        page.locator(one).bounding_box() for one in (".leaflet-control-attribution", "#panel")
    )
    assert source["y"] + source["height"] <= sheet["y"] + 1
    assert source["x"] >= 0
    assert source["x"] + source["width"] <= PHONE[0]


def test_the_phone_has_rows_that_a_finger_hits(visit):
    """Everything that can be touched is 44 px high, on the map, in the sheet and about a site."""
    page = visit(PHONE)
    page.focus("#toggle")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.locator("#filters summary").click()
    wanted = "#panel label:visible, #panel button:visible, summary:visible, .leaflet-bar a:visible"
    small = [
        (one.inner_text(), one.bounding_box()["height"])
        for one in page.locator(wanted).all()
        if one.bounding_box()["height"] < 44
    ]
    assert page.locator(wanted).count() > 15
    assert small == []
    about = visit(PHONE, address="#site=havn")
    for one in about.locator("#about button:visible, #about select:visible").all():
        assert one.bounding_box()["height"] >= 43.5


def test_the_sheet_is_dragged_or_stepped(visit):
    """Pointer, button and arrow keys move it; what it hides cannot be reached by the keyboard."""
    page = visit(PHONE)
    sheet, handle = page.locator("#panel"), page.locator("#toggle")
    low = sheet.bounding_box()["height"]
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] - 200, steps=5)
    assert sheet.bounding_box()["height"] > low + 150
    page.mouse.move(box["x"] + 150, box["y"] - 330, steps=5)
    page.mouse.up()
    settle(page)
    half = sheet.bounding_box()["height"]
    assert low < half < 0.7 * PHONE[1]
    assert handle.get_attribute("aria-expanded") == "true"
    handle.focus()
    page.keyboard.press("ArrowUp")
    assert sheet.bounding_box()["height"] > half
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert sheet.bounding_box()["height"] == low
    assert handle.get_attribute("aria-expanded") == "false"
    assert page.locator("#search").is_hidden()


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
            page = draw_map(result).get_root().render()
            assert MapStory(result).page["tiles"].startswith(TILES)
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
    assert "own-osd" in page.inner_text("#legend")
    assert paint(page, "raastof-zones") > 0
    page.uncheck("#zones")
    settle(page)
    assert "own-osd" not in page.inner_text("#legend")
    assert paint(page, "raastof-zones") == 0
