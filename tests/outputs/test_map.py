"""The map page: one file that asks no host, shows every flow, and cannot be abused."""

import re
import subprocess

import pytest

from raastof_geo.outputs.pages.map import describe_map
from raastof_geo.outputs.pages.page import read_asset
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


def test_the_page_is_of_mailable_size(starter_result):
    """A small plan is a small page."""
    _, folder = starter_result
    assert (folder / "map.html").stat().st_size < 1_500_000


@pytest.mark.parametrize(
    ("table", "used"),
    [("flows", r"\bflow\.(\w+)"), ("burden", r"const \{ (\w+), (\w+), (\w+) \} of readTable")],
)
def test_tables_name_the_columns_that_the_script_reads(starter_result, table, used):
    """A column is found by its name, on both sides; every row has a cell for each."""
    result, _ = starter_result
    data = describe_map(result)[table]
    script = re.sub(r"(?m)^\s*//.*", "", read_asset("map.js"))
    found = re.findall(used, script)
    read = {name for one in found for name in ((one,) if isinstance(one, str) else one)}
    for part in data.values() if isinstance(data, dict) else data:
        assert set(part["columns"]) == read
        assert all(len(row) == len(part["columns"]) for row in part["rows"])


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
    assert "\u2028" not in page.split("const D =", 1)[1].split("\n", 1)[0]


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
    assert shown.count('class="leaflet-marker-icon site') == len(result.scenario.sites)
    assert shown.count('name="material"') == len(
        {*result.plan.flows["material"], *result.effect.baseline_flows["material"]}
    )


def test_the_browser_runs_nothing_out_of_a_name(chromium, hostile_page):
    """A hostile name does not change the page that it stands in."""
    shown = dump(chromium, hostile_page)
    assert "<title>abused</title>" not in shown
    assert 'data-flows="' in shown
