"""Ten questions of a reader, each answered where it is looked for: at once, on a phone.

The table names the page and the place of each answer; docs/style.md lists the questions.
"""

import re
import pytest
from places import ROOT

PHONE = {"width": 390, "height": 844}
PROJECT = "projects/havn.html"

QUESTIONS = {
    "Hvad får jeg, fra hvem, hvornår?": (
        PROJECT,
        ":is(#comes, #leaves) + ul > li",
        r"\S.*: [\d.]+ t .+, .*20\d\d",
    ),
    "Hvad sparer det?": (PROJECT, "main > .lead", r"(sparer|udleder) [\d.,]+ t CO2e"),
    "Sammenlignet med hvad?": (PROJECT, "main > .lead", r"i stedet for .*målt mod: \w+"),
    "Over hvilke år?": (PROJECT, "main > .lead", r"i alt 2027–2029"),
    "Hvor mange lastbiler om dagen?": (PROJECT, "#gate + p", r"[\d.]+,\d pr\. hverdag"),
    "Hvad skal jeg gøre nu?": (PROJECT, "#todo + ul > li", r"senest \d+\. \w+\.? 20\d\d"),
    "Hvem betaler, og hvad koster det?": (
        PROJECT,
        "main > .lead + p",
        r"Du betaler -?[\d.]+,\d+ mio\. kr\. i stedet for",
    ),
    "Hvor sikkert er det?": ("index.html", "main > p:last-of-type", r"set i kilden.* er skøn"),
    "Hvad er målet, og nås det?": (
        "report.html",
        "#summary ~ p",
        r"Målet på \d+ %.*(nås|nås IKKE): planen har [\d,]+ %",
    ),
    "Hvor ligger det?": ("map.html", ".folium-map", r""),
}


@pytest.fixture(scope="module")
def phone(chromium):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_context(viewport=PHONE, offline=True, reduced_motion="reduce")
        browser.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_is_answered_without_scrolling(phone, road, question):
    """Its place is on the page, says it, and begins and ends within the first screen."""
    file, place, answer = QUESTIONS[question]
    page = phone.new_page()
    page.goto((road[1] / file).as_uri())
    found = page.locator(place).first
    assert found.is_visible()
    assert re.search(answer, " ".join(found.inner_text().split()))
    box = found.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= PHONE["height"]
    page.close()


def test_the_style_lists_these_questions():
    """Whoever reads the list finds the ten, and there are ten."""
    text = (ROOT / "docs" / "style.md").read_text(encoding="utf-8")
    assert len(QUESTIONS) == 10
    assert set(re.findall(r"^\| ([^|]+\?) \|", text, flags=re.M)) == {*QUESTIONS}
