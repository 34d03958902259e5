"""Make the screenshots of the docs: `python tools/screenshots.py`.

Solves `scenarios/motorvej.yaml` and photographs what people open, desktop and phone, in Chromium
with the network off. Needs Playwright and Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from raastof_geo import run_scenario

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = (1280, 800), (390, 844)


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
    """Take them all."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as engine:
        _, folder = run_scenario(ROOT / "scenarios" / "motorvej.yaml", into=place)
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, file, (width, height), act in SHOTS:
            context = browser.new_context(
                viewport={"width": width, "height": height}, offline=True, reduced_motion="reduce"
            )
            page = context.new_page()
            page.goto((folder / file).as_uri())
            page.wait_for_timeout(500)
            if act is not None:
                act(page)
                page.wait_for_timeout(400)
            page.screenshot(path=IMAGES / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
