"""Single files: whole or not at all, and over no file of somebody else."""

import errno
import os
import time
from pathlib import Path
import pytest
from raastof_geo.cli import run_command
from raastof_geo.errors import OutputError
from raastof_geo.files import drafting, is_sealed, seal_page, tracing, write_whole
from raastof_geo.language import speaking
from raastof_geo.roads.load import load_network
from raastof_geo.roads.store import read_network, write_network


@pytest.fixture(autouse=True)
def trace():
    with speaking("en"), tracing() as kept:
        yield kept


def test_a_file_is_written_into_folders_that_are_made(tmp_path, trace):
    """The file is there, nothing else is, and the trace names it."""
    path = tmp_path / "a" / "b" / "c.txt"
    assert write_whole(path, "æ") == path
    assert path.read_bytes() == "æ".encode()
    assert [one.name for one in path.parent.iterdir()] == ["c.txt"]
    assert trace.written == [path]


def test_a_file_that_is_not_ours_is_moved_aside(tmp_path, trace):
    """Nothing of somebody else is replaced; a second one goes to another folder."""
    path = tmp_path / "towns.csv"
    path.write_text("mine")
    write_whole(path, "one")
    write_whole(path, "two", known=lambda _: False)
    assert path.read_text() == "two"
    assert (tmp_path / "set_aside" / "towns.csv").read_text() == "mine"
    assert (tmp_path / "set_aside-2" / "towns.csv").read_text() == "one"
    assert [to.parent.name for _, to in trace.moved] == ["set_aside", "set_aside-2"]


def test_an_equal_file_or_one_of_ours_is_replaced(tmp_path, trace):
    """What is the same is no loss, and what is known for ours neither."""
    path = tmp_path / "towns.csv"
    write_whole(path, "one")
    write_whole(path, "one")
    write_whole(path, "two", known=lambda old: old.read_text() == "one")
    assert [one.name for one in tmp_path.iterdir()] == ["towns.csv"]
    assert trace.moved == []


@pytest.mark.parametrize("what", ["link", "dead link", "folder", "pipe"])
def test_a_link_or_a_folder_is_never_written_over(tmp_path, what):
    """What it leads to stays, and so does it."""
    path, target = tmp_path / "a.html", tmp_path / "target"
    target.write_text("mine")
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target if what == "link" else tmp_path / "gone")
    with pytest.raises(OutputError, match="cannot be written: it is a link, a folder or a device"):
        write_whole(path, "x")
    assert target.read_text() == "mine"
    assert {one.name for one in tmp_path.iterdir()} == {"a.html", "target"}


@pytest.mark.parametrize("operation", ["replace", "rename", "chmod"])
def test_a_disk_that_fails_leaves_what_was_there(tmp_path, monkeypatch, operation):
    """No draft, no half file, and the file of before in its place."""
    path = tmp_path / "a.txt"
    path.write_text("mine")

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        monkeypatch.context() as patch,
        pytest.raises(OutputError, match=r"the disk is full|disken er fuld"),
    ):
        patch.setattr(Path, operation, fail)
        write_whole(path, "x")
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


def test_an_interruption_leaves_no_draft(tmp_path):
    """Ctrl-C while somebody writes: as if nothing had been."""
    with pytest.raises(KeyboardInterrupt), drafting(tmp_path / "a.osm.pbf") as draft:
        assert draft.name.endswith(".osm.pbf")
        draft.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_drafts_of_killed_runs_go(tmp_path):
    """Old drafts go with the next file; one that is just being written stays, as does a link."""
    old, fresh = tmp_path / ".raastof-abc.part.npz", tmp_path / ".raastof-def.part.npz"
    for draft in (old, fresh):
        draft.write_text("half")
    long_ago = time.time() - 2 * 3600
    os.utime(old, (long_ago, long_ago))
    write_whole(tmp_path / "a.txt", "x")
    assert {one.name for one in tmp_path.iterdir()} == {fresh.name, "a.txt"}


def test_a_page_is_known_as_long_as_nobody_changed_it(tmp_path):
    """One letter more, or no seal at all: somebody else's."""
    path = tmp_path / "a.html"
    path.write_text(seal_page("<p>x</p>\n"), encoding="utf-8")
    assert is_sealed(path)
    path.write_text(path.read_text().replace("x", "y"))
    assert not is_sealed(path)
    path.write_text("<p>x</p>")
    assert not is_sealed(path)


def test_the_page_of_a_route_replaces_only_its_like(tmp_path, monkeypatch, capsys):
    """`route --map` moves a user's own page aside, and says so; its own it replaces."""
    monkeypatch.chdir(tmp_path)
    assert run_command(["new", "s", "--lang", "en"]) == 0
    (tmp_path / "mine.html").write_text("mine")
    command = ["route", "s.yaml", "gravel_pit", "road_project", "--no-plan", "--lang", "en"]
    for _ in range(2):
        assert run_command([*command, "--map", "mine.html"]) == 0
    assert (tmp_path / "set_aside" / "mine.html").read_text() == "mine"
    assert is_sealed(tmp_path / "mine.html")
    assert not (tmp_path / "set_aside-2").exists()
    assert capsys.readouterr().out.count("was moved to") == 1


def test_a_network_replaces_a_network_only(tmp_path):
    """An archive of somebody else is moved aside."""
    path = tmp_path / "roads.npz"
    path.write_text("mine")
    network = load_network()
    write_network(network, path, compress=False)
    write_network(network, path, compress=False)
    assert read_network(path).digest == network.digest
    assert (tmp_path / "set_aside" / "roads.npz").read_text() == "mine"
    assert not (tmp_path / "set_aside-2").exists()


@pytest.mark.parametrize("begun", [False, True])
def test_what_is_said_of_an_interruption_is_true(tmp_path, monkeypatch, capsys, begun):
    """Ctrl-C before anything is written, and after something is."""

    def interrupt(*_, **__):
        if begun:
            write_whole(tmp_path / "a.txt", "x")
        raise KeyboardInterrupt

    monkeypatch.setattr("raastof_geo.pipeline.run_scenario", interrupt)
    assert run_command(["run", "s.yaml", "--lang", "en"]) == 130
    said = capsys.readouterr().err
    if begun:
        assert f"Interrupted. In place, and whole: {tmp_path / 'a.txt'}." in said
    else:
        assert "Interrupted: nothing was written." in said
