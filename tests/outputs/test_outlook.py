"""The page of what was read, before anything is solved."""

import json
import re
import pytest
from commands import run
from raastof_geo.outputs.pages.beside import draw_outlook, find_outlook
from raastof_geo.pipeline import place_scenario
from raastof_geo.scenario import read_scenario

pytestmark = pytest.mark.usefixtures("english")

WORLD = """
format: 3
title: "<b>Before</b> & after"
language: {language}
periods: [2027, 2028]
sites:
  road: {{lon: 12.10, lat: 55.45, name: "Road <script>alert(1)</script>", needs: [
    {{use: fill, amount: 900 t, accepts: [documented_class_0]}},
    {{use: base_course, amount: 500 t}}]}}
  digging: {{lon: 12.1823, lat: 55.4563, offers: [
    {{material: clean_clay_soil, amount: 1800 t}},
    {{material: slightly_polluted_soil, amount: 70 t}}]}}
  early: {{lon: 12.19, lat: 55.46, offers: [
    {{material: crushed_concrete, amount: 300 t, from: 2027, to: 2027}}]}}
  late: {{lon: 12.2, lat: 55.45, needs: [{{use: sub_base, amount: 100 t, from: 2028, to: 2028}}]}}
  receiver: {{lon: 12.195, lat: 55.462, receiver: {{accepts: [clean_clay_soil]}}}}
  plant: {{lon: 12.17, lat: 55.46, plant: {{recipes: [crush_brick]}}}}
"""


@pytest.fixture
def world(tmp_path):
    """Write a scenario with an offer, a need and a plant that have nobody."""

    def write(language="en"):
        file = tmp_path / "before.yaml"
        file.write_text(WORLD.format(language=language), encoding="utf-8")
        return file

    return write


def test_what_could_become_of_all_is_added_up(world):
    """By who may deal with whom in a period that both have; primary and others are counted."""
    found = find_outlook(read_scenario(world()))
    materials = {str(name): rest for name, *rest in found.materials}
    assert materials["Clean clay soil, moraine (class 0-1)"] == [1800.0, 900.0, 1]
    assert materials["Slightly polluted soil (class 2)"] == [70.0, 0.0, 0]
    concrete = next(rest for name, rest in materials.items() if "concrete" in name)
    assert concrete[0] == 300.0
    assert concrete[1] >= 500.0
    uses = {str(name): rest for name, *rest in found.uses}
    assert uses["Fill"][0] == 900.0
    assert uses["Fill"][1] >= 1800.0
    assert uses["Sub-base"] == [100.0, 0, 0]
    assert [one.material for one in found.no_outlet] == ["slightly_polluted_soil"]
    assert [one.site for one in found.no_source] == ["late"]


def test_the_page_tells_all_of_it(world):
    """Tables, what has nobody, idle plants, gaps; each site with how far it was moved."""
    scenario = read_scenario(world())
    network, anchors = place_scenario(scenario)
    page = draw_outlook(scenario, network, anchors)
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    for told in (
        '<td class="n">1,800</td><td class="n">900</td><td class="n">1</td>',
        "digging: Slightly polluted soil (class 2)",
        "late: Sub-base",
        "`plant`",
        "637 figures",
    ):
        assert told in text, told
    assert "<b>Before" not in text
    assert "alert(1)</script>" not in page
    data = json.loads(re.search(r'raastof.keep\("outlook_\w+", (\{.*?\})\);</script>', page)[1])
    sites = {one["id"]: one for one in data["outlook"]["sites"]}
    assert sites["digging"]["at"] == [55.4563, 12.1823]
    assert sites["digging"]["lines"][0] == "Has surplus"
    assert sites["digging"]["lines"][1].endswith("m to its road")
    assert page == draw_outlook(scenario, network, anchors)
    assert "default-src 'none'" in page
    assert not re.search(r'<[^>]+ src="http', page)


def test_check_writes_the_page_where_it_is_asked(world, tmp_path, capsys):
    """With `--page` only; in the language of the scenario, and what is not ours is kept."""
    file, page = world("da"), tmp_path / "page.html"
    assert run("check", file) == 0
    assert not page.exists()
    page.write_text("mine")
    assert run("check", file, "--page", page) == 0
    assert str(page) in capsys.readouterr().out
    told = page.read_text(encoding="utf-8")
    assert 'lang="da"' in told
    assert "Anlæg, der ikke kan køre" in told
    assert (tmp_path / "set_aside" / "page.html").read_text() == "mine"


def test_a_click_gives_coordinates(world, tmp_path, chromium):
    """As YAML and as a row of a table, to be copied; a mark tells all sites that lie below it."""
    playwright = pytest.importorskip("playwright.sync_api")
    page = tmp_path / "page.html"
    assert run("check", world(), "--page", page) == 0
    failed, asked, values = [], [], "all => all.map(one => one.value)"
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in (1200, 390):
            shown = browser.new_page(viewport={"width": width, "height": 800})
            shown.on("pageerror", lambda error: failed.append(str(error)))
            shown.on("request", lambda request: asked.append(request.url))
            shown.goto(page.as_uri())
            shown.locator(".folium-map").click(position={"x": 150, "y": 120})
            yaml, row = shown.locator("textarea").evaluate_all(values)
            lon, lat = map(
                float, re.fullmatch(r"  new_site: {lon: (.+), lat: (.+)}", yaml).groups()
            )
            assert row == f"new_site\t{lon:.6f}\t{lat:.6f}"
            assert 11.5 < lon < 12.6
            assert 55.2 < lat < 55.7
            shown.locator(".leaflet-popup-close-button").click()
            shown.locator('.place[title="digging"]').click()
            # At once: the notes of the page's first answer fade meanwhile.
            noted = shown.locator("textarea").evaluate_all(values)
            assert "digging: {lon: 12.182300, lat: 55.456300}" in map(str.strip, noted)
            wide = shown.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
        browser.close()
    assert (failed, [one for one in asked if not one.startswith(("file:", "data:"))]) == ([], [])
