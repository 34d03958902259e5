"""The front door of a results folder: it leads to every file there, and `raastof open` opens it."""

from __future__ import annotations

import contextlib
import os
import shutil
import webbrowser
from html.parser import HTMLParser
from urllib.parse import unquote
import pytest
from commands import run
from raastof_geo.outputs.opening import conclude
from raastof_geo.records.exchange import describe_files, find_door, read_manifest, write_manifest
from raastof_geo.scenario.output import INDEX, OUTPUTS


class Reader(HTMLParser):
    """Collect the links of a page, and what is run or fetched by it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a":
            self.links.append(found["href"])
        elif tag in ("script", "img", "link", "iframe"):
            self.fetched.append(tag)


def test_every_file_is_led_to_and_told_about(starter_result):
    """Every link leads to a file of the run, and every file of the run for readers has one."""
    result, folder = starter_result
    page = (folder / "index.html").read_text(encoding="utf-8")
    reader = Reader(page)
    links = {unquote(one) for one in reader.links if not one.startswith("#")}
    written = set(read_manifest(folder).files)
    assert links == written - {"index.html"}
    assert reader.fetched == []
    assert all(one.told or one.name == INDEX for one in OUTPUTS)
    assert 'lang="da"' in page
    assert str(conclude(result)[0])[:40] in page


def test_only_what_was_written_is_led_to(starter_result, tmp_path):
    """A scenario may ask for fewer files."""
    text = "outputs: [summary, flows, index]\n"
    assert run("new", tmp_path / "start.yaml", language="en") == 0
    scenario = tmp_path / "start.yaml"
    kept = scenario.read_text(encoding="utf-8").splitlines(keepends=True)
    scenario.write_text(
        "".join(one for one in kept if not one.startswith("outputs:")) + text, encoding="utf-8"
    )
    assert run("run", scenario, "--into", tmp_path / "out", language="en") == 0
    page = (tmp_path / "out" / "start" / "index.html").read_text(encoding="utf-8")
    assert {one for one in Reader(page).links if not one.startswith("#")} == {
        "summary.md",
        "flows.csv",
    }


@pytest.fixture
def opened(monkeypatch):
    """What a browser would be asked for."""
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: asked.append(address) or True)
    return asked


def test_open_opens_the_door_of_the_newest_run(starter_result, tmp_path, monkeypatch, opened):
    """Of several folders that whose manifest was written last; or the one that is named."""
    _, folder = starter_result
    for number, name in enumerate(("older", "newer", "other")):
        shutil.copytree(folder, tmp_path / "results" / name)
        os.utime(tmp_path / "results" / name / "manifest.json", (number, number))
    (tmp_path / "results" / "other" / "manifest.json").unlink()
    # What `raastof sensitivity` wrote is newer, and has no page to begin with.
    swings = describe_files(folder / "projects", version="1")
    (tmp_path / "results" / "start_sensitivity").mkdir()
    write_manifest(swings, tmp_path / "results" / "start_sensitivity")
    monkeypatch.chdir(tmp_path)
    assert run("open") == 0
    assert run("open", "results/older") == 0
    doors = [tmp_path / "results" / name / "index.html" for name in ("newer", "older")]
    assert opened == [one.resolve().as_uri() for one in doors]


def test_open_trusts_no_list_but_the_files(starter_result, tmp_path, opened):
    """A page that is gone, or a link in its place, is not opened; nor what a false list names."""
    folder = tmp_path / "results"
    shutil.copytree(starter_result[1], folder)
    (folder / "index.html").unlink()
    (folder / "map.html").unlink()
    with contextlib.suppress(OSError):  # where links may not be made
        (folder / "map.html").symlink_to(tmp_path)
    assert run("open", folder) == 0
    assert opened == [(folder / "report.html").resolve().as_uri()]
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    assert run("open", folder) == 2


@pytest.mark.parametrize("named", [(), ("nowhere",), ("there",)])
def test_open_refuses_what_is_no_result(tmp_path, monkeypatch, opened, capsys, named):
    """No results yet, no such folder, a folder with a page that is not ours."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text("<script>alert(1)</script>")
    monkeypatch.chdir(tmp_path)
    assert run("open", *named, language="en") == 2
    assert "no page that `raastof run` wrote" in capsys.readouterr().err
    assert opened == []
    assert find_door(tmp_path / "there") is None


def test_run_says_where_to_begin(tmp_path, monkeypatch, capsys, starter_result):
    """The last line of a run names the page and the command."""
    assert run("new", tmp_path / "start.yaml", language="en") == 0
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert run("run", "start.yaml", language="en") == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("Begin here: ")
    assert last.endswith("(or raastof open results/start)".replace("/", os.sep))
