"""Elements of the map on maps of Folium's that are not ours, in a browser without a network."""

from __future__ import annotations

import base64
import re
import warnings
from pathlib import Path
import folium
import pytest
from xstatic.pkg import leaflet
import raastof_geo
from raastof_geo.outputs.pages.map import Areas, BaseRoads, Flows, MapStory, Roads, Sites, Zones

playwright = pytest.importorskip("playwright.sync_api")
KINDS = ("base", "areas", "sites", "roads", "flows")


def make(kind, result):
    near = [site.lon_lat for site in result.scenario.sites.values()]
    if kind == "base":
        return BaseRoads(result.network, near)
    return {"areas": Areas, "sites": Sites, "roads": Roads, "flows": Flows}[kind](
        *(() if kind == "areas" else (result,))
    )


def plain_map():
    """Give a map of Folium's that finds Leaflet in itself, for want of a network."""
    drawn = folium.Map(location=(55.6, 11.4), zoom_start=10, tiles=None)
    files = (Path(leaflet.BASE_DIR) / name for name in ("leaflet.js", "leaflet.css"))
    texts = (re.sub(r"url\([^)]*\)", "none", one.read_text(encoding="utf-8")) for one in files)
    code, style = (base64.b64encode(one.encode()).decode() for one in texts)
    drawn.default_js = [("leaflet", f"data:text/javascript;base64,{code}")]
    drawn.default_css = [("leaflet_css", f"data:text/css;base64,{style}")]
    return drawn


@pytest.fixture(scope="module")
def result(english_road):
    return english_road[0]


@pytest.fixture
def show(chromium, tmp_path):
    """Open a map offline; nothing is asked for, nothing fails, nothing is said on the console."""
    told: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def opened(drawn):
            path = tmp_path / "map.html"
            drawn.save(str(path))
            page = browser.new_context(offline=True).new_page()
            page.on("pageerror", lambda error: told.append(str(error)))
            page.on("console", lambda message: told.append(f"{message.text} {message.location}"))
            page.goto(path.as_uri())
            page.wait_for_timeout(400)
            return page

        yield opened
        browser.close()
    assert told == []


PAINTED = """(pane) => {
    const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
    if (!canvas) return 0;
    const { width, height } = canvas, copy = document.createElement("canvas");
    Object.assign(copy, { width, height });
    const ctx = copy.getContext("2d", { willReadFrequently: true });
    ctx.drawImage(canvas, 0, 0);
    const data = ctx.getImageData(0, 0, width, height).data;
    return data.filter((one, at) => at % 4 === 3 && one).length;
}"""


def seen(page):
    """Tell which elements have drawn something."""
    found = {kind for kind in KINDS if page.evaluate(PAINTED, f"raastof-{kind}") > 50}
    if page.locator(".leaflet-marker-icon.site").count() > 5:
        found.add("sites")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_element_alone_draws_its_thing(show, result, kind):
    drawn = plain_map()
    make(kind, result).add_to(drawn)
    assert seen(show(drawn)) == {kind}


def test_all_on_one_map_share_one_script_and_each_data_once(show, result):
    drawn = plain_map()
    for kind in KINDS:
        make(kind, result).add_to(drawn)
    folium.LayerControl().add_to(drawn)
    page = show(drawn)
    # Roads are drawn first; single flows when they are asked for, or when a site is chosen.
    assert seen(page) == set(KINDS) - {"flows"}
    page.locator(".leaflet-marker-icon.site").first.click()
    page.wait_for_timeout(200)
    assert "flows" in seen(page)
    text = page.content()
    assert text.count("globalThis.raastof = {}") == 1
    assert text.count("raastof.keep(") == 4  # base, areas, story, traffic
    boxes = page.locator(".leaflet-control-layers-overlays input")
    assert boxes.count() == len(KINDS)
    for box in boxes.all():
        box.evaluate("one => one.click()")
    page.wait_for_timeout(200)
    assert seen(page) == set()
    for box in boxes.all():
        box.evaluate("one => one.click()")
    page.wait_for_timeout(200)
    assert seen(page) == set(KINDS)


def test_what_is_drawn_is_a_map_of_folium(show, result):
    """A notebook shows it without a warning; layers, markers and controls can be added to it."""
    drawn = raastof_geo.draw_map(result)
    assert isinstance(drawn, folium.Map)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = drawn._repr_html_()
    assert "<iframe" in shown
    folium.Rectangle(((55.6, 11.4), (55.7, 11.5)), tooltip="mine", color="red").add_to(drawn)
    folium.LayerControl().add_to(drawn)
    page = show(drawn)
    assert page.locator(".leaflet-control-layers").count() == 1
    assert page.evaluate(PAINTED, "overlay") > 50
    assert page.locator("#sentence").inner_text()


def test_a_map_with_tiles_may_ask_for_them_and_no_other(result):
    """The policy that keeps every host out gives way where somebody has added one."""
    told = MapStory(result)
    drawn = raastof_geo.draw_map(result)
    assert "Content-Security-Policy" in drawn.get_root().render()
    folium.TileLayer("https://tiles.example/{z}/{x}/{y}.png", attr="mine").add_to(drawn)
    assert "Content-Security-Policy" not in drawn.get_root().render()
    assert Zones(told).parts["zones"]["areas"] == []
