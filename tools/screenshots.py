"""Make the screenshots of the docs: `python tools/screenshots.py`.

Solves `scenarios/motorvej.yaml` and photographs what people open, desktop and phone, in Chromium
with the network off. Needs Playwright and Chromium.

`python tools/screenshots.py --all FOLDER` photographs every page in Danish and in English, from top
to end, on desktop, tablet and phone, and prints it: `da/report_phone.png`, `da/report.pdf`. Another
scenario is named after the folder.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from playwright.sync_api import Browser, Page, sync_playwright
from raastof_geo import run_scenario
from raastof_geo.cli import run_command
from raastof_geo.language import speaking

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MOTORWAY = ROOT / "scenarios" / "motorvej.yaml"
DESKTOP, PHONE = (1280, 800), (390, 844)
SCREENS = {"desktop": (1440, 900), "tablet": (1024, 768), "phone": PHONE}
TALLEST_PX = 12_000
"""What is longer is cut: no picture needs all of an appendix."""


def open_site(page: Page) -> None:
    """Find a site on the map: its own transports, and all else stepped back."""
    page.fill("#search", "Havneud")
    page.press("#search", "Enter")
    page.wait_for_selector("#about:not([hidden])")


def show_flows(page: Page) -> None:
    """Show single flows by material."""
    page.check("input[value=flows]")


def show_difference(page: Page) -> None:
    """Switch to the difference, with the table open."""
    page.check("input[value=difference]")
    page.click("#rows summary")


SHOTS = (
    ("index", "index.html", DESKTOP, None),
    ("map", "map.html", DESKTOP, None),
    ("map_flows", "map.html", DESKTOP, show_flows),
    ("map_site", "map.html", DESKTOP, open_site),
    ("map_difference", "map.html", DESKTOP, show_difference),
    ("map_phone", "map.html", PHONE, None),
    ("report", "report.html", DESKTOP, None),
    ("project", "projects/havn.html", DESKTOP, None),
    ("project_phone", "projects/havn.html", PHONE, None),
)
"""Name, file, size, and what is done first."""


def main() -> None:
    """Take those of the docs, or of every page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every page, into this folder")
    parser.add_argument("scenario", nargs="?", type=Path, default=MOTORWAY)
    told = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if told.all is None:
            take_docs(browser, Path(place))
        else:
            for language in ("da", "en"):
                take_all(browser, told.scenario, language, Path(place), told.all / language)
        browser.close()


def take_docs(browser: Browser, place: Path) -> None:
    """Take what the docs show."""
    IMAGES.mkdir(exist_ok=True)
    _, folder = run_scenario(MOTORWAY, into=place)
    for name, file, (width, height), act in SHOTS:
        page = open_page(browser, folder / file, width, height)
        if act is not None:
            act(page)
            page.wait_for_timeout(400)
        page.screenshot(path=IMAGES / f"{name}.png")
        page.context.close()


def take_all(browser: Browser, scenario: Path, language: str, place: Path, into: Path) -> None:
    """Take every page of a scenario in a language, those of projects and of a route among them."""
    into.mkdir(parents=True, exist_ok=True)
    text = scenario.read_text(encoding="utf-8").replace("language: da", f"language: {language}")
    copy = place / f"{scenario.stem}_{language}.yaml"
    copy.write_text(text, encoding="utf-8")
    result, folder = run_scenario(copy, into=place / language)
    flow = result.plan.flows.query("origin != destination").iloc[0]
    route = folder / "route.html"
    with speaking("da" if language == "da" else "en"):
        words = ["route", str(copy), flow.origin, flow.destination, "--no-plan"]
        if run_command([*words, "--map", str(route)]) != 0:
            raise SystemExit(f"no page of the route from {flow.origin} to {flow.destination}")
    for file in sorted(folder.rglob("*.html")):
        name = "_".join(file.relative_to(folder).with_suffix("").parts)
        for screen, (width, height) in SCREENS.items():
            page = open_page(browser, file, width, height)
            tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST_PX)
            page.screenshot(
                path=into / f"{name}_{screen}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": max(tall, height)},
            )
            if screen == "desktop":
                page.pdf(path=into / f"{name}.pdf", format="A4", prefer_css_page_size=True)
            page.context.close()


def open_page(browser: Browser, file: Path, width: int, height: int) -> Page:
    """Open a file with the network off."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, offline=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_timeout(500)
    return page


if __name__ == "__main__":
    main()
