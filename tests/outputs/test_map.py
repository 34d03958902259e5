"""The map page: one file that asks no host, shows every flow, and cannot be abused."""

import json
import re
import runpy
import subprocess
from itertools import pairwise
import numpy as np
import pytest
from places import ROOT, SCENARIOS
from raastof_geo.effect.burden import count_weekdays, measure_burden
from raastof_geo.outputs.pages.map import MapStory, draw_map
from raastof_geo.outputs.pages.page import read_scripts
from raastof_geo.outputs.template import read_asset
from raastof_geo.pipeline import run_scenario

HOSTILE = "</script><script>document.title='abused'</script>{{ 7*7 }}{% raw %}\u2028'\"&"


def test_the_page_asks_no_host(starter_result):
    """No source, link or style in the page leads out of the file."""
    _, folder = starter_result
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert not re.findall(
        r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'>]*\.(?:js|css|png)""", page
    )
    assert not re.findall(r"url\(\s*['\"]?https?:", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_page_is_of_mailable_size(starter_result, english_road):
    """A small plan is a small page: Leaflet, the script, the base map, and some for each flow."""
    for (_, folder), most in ((starter_result, 450_000), (english_road, 495_000)):
        assert (folder / "map.html").stat().st_size < most  # what can be tried out has 45 kB
    story = MapStory(english_road[0])
    assert len(json.dumps(story.traffic)) < 60_000
    assert len(read_scripts()) < 90_000


@pytest.mark.slow
def test_the_page_of_a_region_is_of_mailable_size(tmp_path, chromium):
    """68 sites, 702 flows, and every small road near a site: 1.2 MB at the most.

    A few per cent are told with a tenth, as the figures below them are.
    """
    text = (SCENARIOS / "region_sjaelland.yaml").read_text(encoding="utf-8")
    (tmp_path / "region.yaml").write_text(f"{text}\noutputs: [map]\n", encoding="utf-8")
    result, folder = run_scenario(tmp_path / "region.yaml", into=tmp_path / "out")
    assert (folder / "map.html").stat().st_size < 1_200_000
    sides = result.effect.books, result.effect.baseline_books
    plan, before = (books.total("transport_kg_co2e_wtw") for books in sides)
    less = f"{100 * (1 - plan / before):.1f}".replace(".", ",")
    assert len(less) == len("4,3")
    assert f"Det er {less} % mindre CO2e" in dump(chromium, folder / "map.html")


@pytest.mark.slow
def test_the_page_of_a_large_plan_is_of_mailable_size(tmp_path):
    """300 sites, six years, some 5,000 flows: 6 MB at the most."""
    large = runpy.run_path(str(ROOT / "benchmarks" / "outputs.py"))["write_large"](tmp_path)
    large.write_text(f"{large.read_text(encoding='utf-8')}outputs: [map]\n", encoding="utf-8")
    result, folder = run_scenario(large, into=tmp_path / "out")
    assert len(result.plan.flows) > 4_000
    assert (folder / "map.html").stat().st_size < 6_000_000


def test_equal_results_give_equal_pages(starter_result):
    """Nothing in the page is drawn by lot."""
    result, folder = starter_result
    assert draw_map(result).get_root().render() == (folder / "map.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("table", "row"), [("flows", "flow"), ("trips", "trip")])
def test_tables_name_the_columns_that_the_script_reads(starter_result, table, row):
    """A column is found by its name, on both sides; every row has a cell for each."""
    result, _ = starter_result
    script = re.sub(r"(?m)^\s*//.*", "", read_asset("pages/view.js"))
    read = set(re.findall(rf"\b{row}\.(\w+)", script))
    if table == "flows":
        taken = re.search(r"const \{ (origin: [^}]*) \} = flow;", script).group(1)
        read |= {name.split(":")[0].strip() for name in taken.split(",")}
    for part in MapStory(result).traffic[table].values():
        assert set(part["columns"]) == read
        assert all(len(row) == len(part["columns"]) for row in part["rows"])


def read_numbers(text):
    """Read whole numbers as `readNumbers` in the script does."""
    found, total, value, shift = [], 0, 0, 0
    for letter in text:
        code = ord(letter) - 63
        value |= (code & 31) << shift
        shift += 5
        if code < 32:
            total += ~(value >> 1) if value & 1 else value >> 1
            found.append(total)
            value = shift = 0
    return found


def read_line(text, decimals):
    lat, lon = (np.array(read_numbers(part)) / 10**decimals for part in text.split(" "))
    return np.column_stack([lon, lat])


def test_roads_carry_the_trucks_that_the_burden_counts(english_road):
    """Kilometres of trucks, added up over the stretches of the page, are those of the roads."""
    result, _ = english_road
    told, network = MapStory(result).traffic, result.network
    lengths = []
    for line in told["segments"]:
        lon, lat = read_line(line, told["decimals"]).T
        east = np.diff(lon) * 111.32 * np.cos(np.radians(lat[1:]))
        lengths.append(np.hypot(east, np.diff(lat) * 110.9 + np.diff(lat) * 0.4).sum())
    drawn = dict.fromkeys(told["trips"], 0.0)
    for side, table in told["trips"].items():
        for route, _, trips in table["rows"]:
            steps = read_numbers(told["routes"][route])
            drawn[side] += trips * sum(lengths[step >> 1] for step in steps)
    sides = {
        "plan": (result.plan.flows, result.plan.empty_trips),
        "before": (result.effect.baseline_flows, None),
    }
    for side, (flows, empty) in sides.items():
        burden = measure_burden(result.scenario, result.legs, flows, empty)
        km = network.length_m[burden["edge"].to_numpy(int)] / 1000
        whole = float(((burden["loaded_trips"] + burden["empty_trips"]) * km).sum())
        # Roads count an edge whole where a site lies on it; a route has only what is driven.
        assert drawn[side] == pytest.approx(whole, rel=0.04)
    days = MapStory(result).story["weekdays"]
    assert days == [count_weekdays(one) for one in result.scenario.periods.values()]


def test_routes_run_without_a_gap(english_road):
    """The stretches of each route, each in its direction, lie end to end."""
    told = MapStory(english_road[0]).traffic
    lines = [read_line(line, told["decimals"]) for line in told["segments"]]
    assert told["routes"]
    for route in told["routes"]:
        steps = read_numbers(route)
        ways = [lines[step >> 1][:: -1 if step & 1 else 1] for step in steps]
        assert ways
        for one, two in pairwise(ways):
            assert np.abs(one[-1] - two[0]).max() < 3e-5


def test_stretches_are_shared_and_as_long_as_they_can_be(english_road):
    """Where one stretch follows another on every route of both, they would be one."""
    told = MapStory(english_road[0]).traffic
    routes = [read_numbers(route) for route in told["routes"]]
    after: dict[int, set[int]] = {}
    for route in routes:
        for way in (route, [step ^ 1 for step in reversed(route)]):
            for one, two in zip([*way, -1], [*way[1:], -1, -1], strict=False):
                after.setdefault(one, set()).add(two)
    used = {step >> 1 for route in routes for step in route}
    assert used == set(range(len(told["segments"])))
    for step, following in after.items():
        if step < 0 or len(following) > 1 or -1 in following:
            continue
        (next_one,) = following
        assert after[next_one ^ 1] != {step ^ 1}, "these two are driven by the same routes"


@pytest.fixture
def hostile_page(tmp_path, starter_text):
    path = tmp_path / "bad.yaml"
    quoted = '"' + HOSTILE.replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = starter_text.replace("title: My first scenario", f"title: {quoted}")
    path.write_text(text.replace("name: Gravel pit near Køge", "name: x"), encoding="utf-8")
    text = re.sub(r"name: Road project[^\n]*", f"name: {quoted}", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return run_scenario(path, into=tmp_path / "out")[1] / "map.html"


def test_hostile_names_stay_names(hostile_page):
    """A name that looks like a script or a template is shown as text."""
    page = hostile_page.read_text(encoding="utf-8")
    assert "<script>document.title" not in page
    assert "{{ 7*7 }}" in page
    scripts = re.findall(r"<script>raastof\.keep\(.*?</script>", page)
    assert len(scripts) > 4
    assert not any("\u2028" in script for script in scripts)


def dump(browser, page, *, size="1400,900"):
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--window-size={size}",
            "--virtual-time-budget=5000",
            "--enable-logging=stderr",
            "--dump-dom",
            page.resolve().as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("size", ["1400,900", "500,844"])
def test_the_browser_draws_the_flows_without_a_network(chromium, starter_result, size):
    """In headless Chromium, names unresolvable, the page draws flows, sites and legend."""
    result, folder = starter_result
    shown = dump(chromium, folder / "map.html", size=size)
    drawn = int(re.search(r'data-flows="(\d+)"', shown).group(1))
    assert drawn >= len(result.plan.flows.drop_duplicates(["origin", "destination", "material"]))
    assert len(re.findall(r'class="leaflet-marker-icon site[ "]', shown)) == len(
        result.scenario.sites
    )
    assert shown.count('name="material"') == len(
        {*result.plan.flows["material"], *result.effect.baseline_flows["material"]}
    )
    assert int(re.search(r'data-roads="(\d+)"', shown).group(1)) > 0
    # However many flows there are: canvases are painted, and hold no elements.
    assert shown.count("<canvas") == 6
    assert shown.count("<path") < 60


def test_the_browser_runs_nothing_out_of_a_name(chromium, hostile_page):
    """A hostile name does not change the page that it stands in."""
    shown = dump(chromium, hostile_page)
    assert "<title>abused</title>" not in shown
    assert 'data-flows="' in shown
