"""Time every output, and how soon the map answers: `python benchmarks/outputs.py [SCENARIO]`.

The region that comes along, and a made-up scenario of 300 sites with some 5,000 flows on real
roads. Each line prints seconds and megabytes; the last ones, what a browser needs until the map
shows its flows, the frames of each second while it is panned, and how long a filter takes (needs
Playwright and Chromium). Goals: 1.2 MB for the region, 6 MB for the large one; 1.5 s; 30 frames.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any
from raastof_geo import read_scenario
from raastof_geo.language import speaking
from raastof_geo.outputs import OUTPUTS
from raastof_geo.outputs.write import find_writer
from raastof_geo.pipeline import solve_scenario
from raastof_geo.region.region import read_region

SITES = 300
PERIODS = range(2027, 2033)


def write_large(folder: Path) -> Path:
    """Make a scenario up: projects around towns, several materials, six years."""
    draw = random.Random(0)  # noqa: S311 - made up, and the same each time
    towns = read_region().towns
    towns = towns[(towns["lat"] < 55.95) & (towns["lon"] < 12.4) & (towns["lon"] > 11.0)]
    places = list(zip(towns["lon"], towns["lat"], strict=True))
    lines = [
        "title: 300 lokaliteter",
        "language: da",
        f"periods: [{', '.join(map(str, PERIODS))}]",
        "network: {snap_limit_m: 5000}",
        "effect: {causes: false}",
        "sites:",
    ]
    for number in range(SITES):
        lon, lat = draw.choice(places)
        lon, lat = lon + draw.uniform(-0.02, 0.02), lat + draw.uniform(-0.01, 0.01)
        at = f"lon: {lon:.5f}, lat: {lat:.5f}"
        kind = number % 10
        if kind == 0:
            what = "pit: {supplies: [stable_gravel, sub_base_gravel, fill_sand]}"
        elif kind == 1:
            what = "receiver: {accepts: [clean_clay_soil, clean_sandy_soil, crushed_concrete]}"
        elif kind < 6:
            offers = ", ".join(
                f"{{material: {material}, amount_per_period: {draw.randint(20, 900) * 10} t}}"
                for material in ("clean_sandy_soil", "clean_clay_soil", "crushed_concrete")
            )
            what = f"offers: [{offers}]"
        else:
            needs = ", ".join(
                f"{{use: {use}, amount_per_period: {draw.randint(20, 900) * 10} t}}"
                for use in ("fill", "sub_base", "base_course")
            )
            what = f"needs: [{needs}]"
        lines.append(f"  s{number}: {{name: Lokalitet {number}, {at}, {what}}}")
    path = folder / "large.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def time_outputs(result: Any, folder: Path) -> float:
    """Write every output but the one on request, and print its seconds and size."""
    total = 0.0
    with speaking(result.scenario.said.language):
        for output in OUTPUTS:
            if output.name not in result.scenario.said.outputs:
                continue
            write = find_writer(output)
            started = time.perf_counter()
            write(result, folder)
            seconds = time.perf_counter() - started
            total += seconds
            path = folder / output.file
            files = [path] if path.is_file() else list(path.iterdir())
            size = sum(one.stat().st_size for one in files) / 1e6
            print(f"  {output.name:12} {seconds:6.2f} s {size:7.2f} MB")
    print(f"  {'all':12} {total:6.2f} s")
    return total


def time_map(path: Path) -> None:
    """Open the map in Chromium with the network off, and pan it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("  no browser here")
        return
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
        page = context.new_page()
        page.goto("about:blank")
        started = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("[data-flows]")
        print(f"  map_ready    {time.perf_counter() - started:6.2f} s")
        page.evaluate(
            "() => { window.longest = window.drawn = 0; let last = performance.now();"
            "window.since = last; const step = (now) => { longest = Math.max(longest, now - last);"
            "last = now; drawn++; requestAnimationFrame(step); }; requestAnimationFrame(step); }"
        )
        page.mouse.move(600, 500)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(600 - 8 * step, 500 - 4 * step)
            page.wait_for_timeout(16)
        rate = page.evaluate("drawn / (performance.now() - since) * 1000")
        page.mouse.up()
        page.wait_for_timeout(300)
        print(f"  pan_frames_per_second {rate:6.1f}")
        print(f"  pan_longest_frame {page.evaluate('longest') / 1000:6.3f} s")
        for change in ("{mode: 'difference'}", "{mode: 'plan', as: 'flows'}", "{as: 'burden'}"):
            took = page.evaluate(
                "() => new Promise((done) => { const from = performance.now();"
                "raastof.of(Object.values(window).find((one) => one instanceof L.Map))"
                f".change({change}); requestAnimationFrame(() => requestAnimationFrame("
                "() => done(performance.now() - from))); })"
            )
            print(f"  {change:32} {took / 1000:6.3f} s")
        browser.close()


def main() -> None:
    """Time the region, or the scenario named, then the large one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Path, nargs="*")
    given = parser.parse_args().scenario
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        root = Path(__file__).parents[1]
        paths = given or [root / "scenarios" / "region_sjaelland.yaml", write_large(folder)]
        for path in paths:
            started = time.perf_counter()
            result = solve_scenario(read_scenario(path))
            into = folder / path.stem
            into.mkdir()
            print(
                f"{path.stem}: {len(result.plan.flows)} flows, {len(result.scenario.sites)} sites"
            )
            print(f"  {'solved':12} {time.perf_counter() - started:6.2f} s")
            time_outputs(result, into)
            time_map(into / "map.html")


if __name__ == "__main__":
    main()
