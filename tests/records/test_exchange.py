"""No file of somebody else is lost when results are written, whatever happens meanwhile."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
import pytest
from raastof_geo.errors import OutputError
from raastof_geo.files import tracing
from raastof_geo.language import speaking
from raastof_geo.outputs import write_outputs
from raastof_geo.records import exchange
from raastof_geo.records.exchange import (
    exchanging,
    finish_exchange,
    is_unfinished,
    list_own,
    remove_draft,
)
from raastof_geo.records.ledger import explain_figure

OLD = {
    "report.docx": "old report",
    "plan.xlsx": "old book",
    "flows.csv": "old",
    "projects/a.html": "old a",
    "projects/b.html": "old b",
    "geoparquet/sites.parquet": "old sites",
}
NEW = {
    "report.docx": "new report",
    "plan.xlsx": "new book",
    "flows.csv": "old",
    "map.html": "new map",
    "projects/a.html": "new a",
    "projects/c.html": "new c",
}


@pytest.fixture(autouse=True)
def _english():
    with speaking("en"), tracing():
        yield


@pytest.fixture
def trace():
    with tracing() as kept:
        yield kept


def lay(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def write(folder, files):
    with exchanging(folder, version="1") as draft:
        lay(draft, files)


def tree(folder):
    """Every file and empty folder below a folder, and where links lead."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes().decode(errors="replace")
        elif not any(path.iterdir()):
            found[name] = "(empty)"
    return found


def without_manifest(folder):
    return {name: text for name, text in tree(folder).items() if name != exchange.MANIFEST.name}


def is_whole(folder, files):
    """Whether the manifest lists just these files, and each is as it says."""
    found = exchange.read_manifest(folder)
    return (
        found is not None
        and found.files.keys() == files.keys()
        and all(exchange.describe_file(folder / name) == one for name, one in found.files.items())
        and all((folder / name).read_text() == text for name, text in files.items())
    )


# --- what is ours, and what is not --------------------------------------------------------------


def test_a_set_takes_the_place_of_the_one_before(tmp_path):
    """Files that the manifest lists and that are unchanged are replaced, or go."""
    folder = tmp_path / "results" / "s"
    write(folder, OLD)
    assert without_manifest(folder) == OLD
    write(folder, NEW)
    assert without_manifest(folder) == NEW
    assert is_whole(folder, NEW)
    assert [path.name for path in folder.parent.iterdir()] == ["s"]


def test_equal_sets_have_equal_manifests(tmp_path):
    """The manifest holds no time, no place, no order of chance."""
    write(tmp_path / "a", OLD)
    write(tmp_path / "b" / "c", dict(reversed(OLD.items())))
    assert tree(tmp_path / "a") == tree(tmp_path / "b" / "c")


def test_what_a_user_added_stays_where_it_is(tmp_path):
    """Also in folders of ours, and hidden, and when the set no longer has that folder."""
    folder = tmp_path / "s"
    write(folder, OLD)
    mine = {
        "notes.txt": "mine",
        "projects/thesis.txt": "mine too",
        "geoparquet/my.parquet": "and this",
        "deep/er/.hidden": "there",
    }
    lay(folder, mine)
    write(folder, NEW)
    assert without_manifest(folder) == {**NEW, **mine}
    ours, theirs = list_own(folder)
    assert ours == [
        "flows.csv",
        "manifest.json",
        "map.html",
        "plan.xlsx",
        "projects",
        "report.docx",
    ]
    assert theirs == ["deep", "geoparquet", "notes.txt", "projects/thesis.txt"]


def test_what_a_user_changed_is_moved_aside_and_named(tmp_path, trace):
    """Whether the new set has such a file or not."""
    folder = tmp_path / "s"
    write(folder, OLD)
    changed = {"report.docx": "old report, my notes", "projects/b.html": "old b, my notes"}
    lay(folder, changed)
    write(folder, NEW)
    aside = {f"set_aside/{name}": text for name, text in changed.items()}
    assert without_manifest(folder) == {**NEW, **aside}
    assert {(old.relative_to(folder).as_posix(), to) for old, to in trace.moved} == {
        (name, folder / "set_aside" / name) for name in changed
    }
    lay(folder, {"report.docx": "again"})
    write(folder, NEW)
    assert without_manifest(folder) == {**NEW, **aside, "set_aside-2/report.docx": "again"}


def test_nothing_is_moved_aside_twice_or_without_need(tmp_path, trace):
    """A set over an unchanged one moves nothing."""
    folder = tmp_path / "s"
    write(folder, OLD)
    (folder / "plan.xlsx").unlink()
    write(folder, OLD)
    assert without_manifest(folder) == OLD
    assert trace.moved == []


def test_files_of_a_user_with_our_names_are_moved_aside(tmp_path):
    """A folder that never held results: what collides goes aside, also folders and manifest."""
    folder = tmp_path / "s"
    mine = {
        "s.yaml": "scenario",
        "report.docx": "mine",
        "plan.xlsx/sheet.txt": "a folder of that name",
        "projects": "a file of that name",
        "manifest.json": '{"name": "my browser extension"}',
        "flows.csv": "old",
    }
    lay(folder, mine)
    write(folder, NEW)
    aside = {f"set_aside/{name}": text for name, text in mine.items() if name != "s.yaml"}
    assert without_manifest(folder) == {**NEW, **aside, "s.yaml": "scenario"}
    assert is_whole(folder, NEW)


def test_without_a_manifest_nothing_is_ours(tmp_path):
    """Not even a plan: what collides goes aside, and what does not stays."""
    folder = tmp_path / "s"
    mine = {"plan.json": '{"format": "raastof_geo plan 1"}', "geoparquet/x.parquet": "x"}
    lay(folder, {**mine, "report.docx": "mine"})
    write(folder, NEW)
    assert without_manifest(folder) == {**NEW, **mine, "set_aside/report.docx": "mine"}


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"files": 1}',
        b"{}" * 9,
        b"\0" * 99,
    ],
)
def test_a_damaged_manifest_makes_nothing_ours(tmp_path, damage):
    """Where nobody knows what was written, nothing is deleted."""
    folder = tmp_path / "s"
    write(folder, OLD)
    (folder / "manifest.json").write_bytes(damage)
    with pytest.raises(ValueError, match=r"."):
        exchange.read_manifest(folder)
    write(folder, NEW)
    texts = [*tree(folder).values()]
    assert is_whole(folder, NEW)
    assert all(text in texts for text in OLD.values())


@pytest.mark.parametrize(
    "name",
    ["../victim.txt", "/etc/victim", "projects/../../victim.txt", "C:victim", "a\\b", "", "."],
)
def test_a_manifest_that_leads_out_of_the_folder_is_none(tmp_path, name):
    """A manifest may come from a stranger; it never reaches beyond its folder."""
    folder = tmp_path / "s"
    write(folder, OLD)
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    listed = {name: exchange.describe_file(victim)}
    exchange.write_manifest(exchange.Manifest(listed, "1"), folder)
    with pytest.raises(ValueError, match="leads out"):
        exchange.read_manifest(folder)
    write(folder, NEW)
    assert victim.read_text() == "mine"


def test_results_of_a_newer_version_are_refused(tmp_path):
    """A folder whose format this version does not know is left alone."""
    folder = tmp_path / "s"
    write(folder, OLD)
    found = exchange.read_manifest(folder)
    newer = exchange.Manifest(found.files, "9.1", "raastof_geo results 3")
    exchange.write_manifest(newer, folder)
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"of a newer version, 9\.1"):
        write(folder, NEW)
    assert tree(tmp_path) == before


# --- links, files and open books ----------------------------------------------------------------


def test_a_link_in_the_folders_place_is_refused(tmp_path):
    """Results are not written through links; what they lead to stays."""
    target = tmp_path / "target"
    lay(target, {"thesis.txt": "mine", "report.docx": "mine"})
    (tmp_path / "s").symlink_to(target, target_is_directory=True)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    before = tree(tmp_path)
    for name in ("s", "nowhere"):
        with pytest.raises(OutputError, match="is a link, and results are not written through"):
            write(tmp_path / name, NEW)
    assert tree(tmp_path) == before


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    """It is neither moved nor hidden."""
    (tmp_path / "s").write_text("mine")
    with pytest.raises(OutputError, match="is a file, and results need a folder"):
        write(tmp_path / "s", NEW)
    assert tree(tmp_path) == {"s": "mine"}


def test_a_place_below_a_file_is_refused(tmp_path):
    """What stands in the way is named, not the files in other programmes."""
    (tmp_path / "f").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OutputError, match=r"/f is a file, and results need a folder"):
        write(tmp_path / "f" / "deep" / "s", NEW)
    with pytest.raises(OutputError, match=r"/loop is a link that leads to no folder"):
        write(tmp_path / "loop" / "s", NEW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "loop"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", None)])
def test_what_is_no_file_is_no_manifest(tmp_path, make):
    """A folder or a pipe of a user that bears the manifest's name is moved aside and named."""
    folder = tmp_path / "s"
    folder.mkdir()
    make(folder / exchange.MANIFEST.name)
    with pytest.raises(ValueError, match="is not a file"):
        exchange.read_manifest(folder)
    write(folder, NEW)
    assert is_whole(folder, NEW)
    assert [path.name for path in (folder / "set_aside").iterdir()] == [exchange.MANIFEST.name]


def test_ctrl_c_while_the_draft_is_removed_leaves_none(tmp_path, monkeypatch):
    """The set is whole by then, and nothing is left beside it."""
    pressed = []

    def press(draft):
        if not pressed:
            pressed.append(draft)
            raise KeyboardInterrupt
        remove_draft(draft)

    monkeypatch.setattr("raastof_geo.records.exchange.remove_draft", press)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "s", NEW)
    assert is_whole(tmp_path / "s", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("name", ["projects", "report.docx", "manifest.json", "projects/a.html"])
@pytest.mark.parametrize("leads", ["there", "nowhere"])
def test_a_link_inside_the_folder_is_refused(tmp_path, name, leads):
    """Neither followed nor replaced, also where a folder of ours is one."""
    folder, target = tmp_path / "s", tmp_path / "target"
    write(folder, OLD)
    lay(target, {"a.html": "mine", "x": "mine"})
    if (folder / name).is_dir():
        for file in (folder / name).iterdir():
            file.unlink()
        (folder / name).rmdir()
    else:
        (folder / name).unlink()
    (folder / name).symlink_to(target if leads == "there" else tmp_path / "gone")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=f"{re.escape(name)} is a link"):
        write(folder, NEW)
    assert tree(tmp_path) == before


def test_a_link_that_nothing_is_written_to_stays(tmp_path):
    """The new set lacks what lay there: the link, and what it leads to, are left alone."""
    folder, target = tmp_path / "s", tmp_path / "target"
    write(folder, OLD)
    (folder / "geoparquet" / "sites.parquet").rename(folder / "sites.parquet")
    (folder / "geoparquet").rmdir()
    lay(target, {"sites.parquet": OLD["geoparquet/sites.parquet"]})
    (folder / "geoparquet").symlink_to(target)
    write(folder, NEW)
    assert (folder / "geoparquet").is_symlink()
    assert tree(target) == {"sites.parquet": "old sites"}


def test_an_open_book_stops_the_exchange_before_it_begins(tmp_path, monkeypatch):
    """Windows lets nobody write to a workbook that is open; nothing else is exchanged either."""
    folder = tmp_path / "s"
    write(folder, OLD)
    before, opened = tree(tmp_path), Path.open

    def refuse(self, mode="r", *rest, **named):
        if self.name == "plan.xlsx" and self.parent == folder and mode != "rb":
            raise PermissionError(errno.EACCES, "in use by another process")
        return opened(self, mode, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(
            OutputError,
            match=r"plan\.xlsx cannot be replaced: this user has no permission.*nothing",
        ):
            write(folder, NEW)
    assert tree(tmp_path) == before


def test_a_folder_that_may_not_be_written_stops_it_too(tmp_path, monkeypatch):
    """Also when only a folder inside is closed."""
    folder = tmp_path / "s"
    write(folder, OLD)
    before = tree(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, _: Path(path).name != "projects")
        with pytest.raises(OutputError, match="projects may not be written by this user"):
            write(folder, NEW)
    assert tree(tmp_path) == before


def test_the_folder_itself_stays(tmp_path, monkeypatch):
    """A shell that stands in the results folder still stands in it afterwards."""
    folder = tmp_path / "s"
    write(folder, OLD)
    before = folder.stat().st_ino
    monkeypatch.chdir(folder)
    write(Path("../s"), NEW)
    assert folder.stat().st_ino == before
    assert {path.name for path in Path().iterdir()} == {
        *(n.split("/")[0] for n in NEW),
        "manifest.json",
    }
    write(Path(), OLD)
    assert is_whole(folder, OLD)


def test_something_else_in_the_place_of_the_lock_stays(tmp_path):
    """A file of that name keeps what it holds; a link or a folder is named."""
    (tmp_path / ".s.lock").write_text("mine")
    write(tmp_path / "s", NEW)
    assert (tmp_path / ".s.lock").read_text() == "mine"
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".t.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="is no lock of raastof_geo"):
        write(tmp_path / "t", NEW)
    assert (tmp_path / "precious").read_text() == "mine"


IN_A_FILE = "is a file, and results need a folder"
TOO_LONG = "could not be written to .*; choose another folder"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("file/s", IN_A_FILE),
        ("/dev/null/s", IN_A_FILE),
        ("n" * 250, TOO_LONG),
        ("n" * 300, TOO_LONG),
    ],
)
def test_places_where_nothing_can_be_written(tmp_path, place, says):
    """Inside a file, inside a device, names too long: a sentence, and nothing is left behind."""
    (tmp_path / "file").write_text("mine")
    said = SimpleNamespace(outputs=(), language="en")
    result = SimpleNamespace(scenario=SimpleNamespace(said=said))
    with pytest.raises(OutputError, match=says):
        write_outputs(result, tmp_path / "new" / place if place[0] == "n" else tmp_path / place)
    assert tree(tmp_path) == {"file": "mine"}


# --- killed runs --------------------------------------------------------------------------------


class Killed(BaseException):
    """No programme survives this."""


OPERATIONS = ("rename", "replace", "unlink", "mkdir", "rmdir", "link")
MINE = {
    "notes.txt": "mine",
    "projects/thesis.txt": "mine too",
    "report.docx": "old report, my notes",
    "map.html": "a map of mine",
    "projects/b.html": "old b, my notes",
}
"""What the user has added and changed before the exchange."""


def stop_at(patch, number, error, *, for_good):
    """Let the operation of this number fail, and all after it where the process is dead."""
    count = [0]

    def wrap(name):
        real = getattr(os, name)

        def operation(*given, **named):
            count[0] += 1
            if count[0] == number or (for_good and count[0] > number):
                raise error
            return real(*given, **named)

        patch.setattr(os, name, operation)

    for name in OPERATIONS:
        wrap(name)
    return count


def prepare(tmp_path, number):
    folder = tmp_path / str(number) / "s"
    write(folder, OLD)
    lay(folder, MINE)
    return folder


def check_state(folder):
    """Tell which set is there; it is whole, and everything of the user's is somewhere."""
    found = tree(folder)
    if found["flows.csv"] == "old" and is_whole(folder, NEW):
        assert found["projects/thesis.txt"] == "mine too"
        for name in ("report.docx", "map.html", "projects/b.html"):
            assert found[f"set_aside/{name}"] == MINE[name]
        assert found["notes.txt"] == "mine"
        return "new"
    del found["manifest.json"]
    assert found == {**OLD, **MINE}
    assert json.loads((folder / "manifest.json").read_text())["files"].keys() == OLD.keys()
    return "old"


@pytest.mark.parametrize("reader", ["read", "run"])
def test_death_at_any_operation_is_mended_by_the_next(tmp_path, monkeypatch, reader):
    """Killed at each file operation: the next reading finds the old or the new set, whole."""
    seen = []
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        with monkeypatch.context() as patch:
            count = stop_at(patch, number, Killed(), for_good=True)
            try:
                write(folder, NEW)
            except Killed:
                pass
            else:
                assert count[0] < number
                break
        unfinished = is_unfinished(folder)
        if reader == "read":
            finish_exchange(folder)
            seen.append((unfinished, check_state(folder)))
            finish_exchange(folder)
        else:
            write(folder, NEW)
            seen.append((unfinished, check_state(folder)))
            assert [path.name for path in folder.parent.iterdir()] == ["s"]
    assert len(seen) > 40
    assert all(state == "new" for unfinished, state in seen if unfinished)
    if reader == "read":
        assert {state for _, state in seen} == {"old", "new"}


def test_death_in_the_finishing_is_mended_too(tmp_path, monkeypatch):
    """Who finishes may be killed as well, at each operation."""
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            stop_at(patch, 25, Killed(), for_good=True)
            write(folder, NEW)
        assert is_unfinished(folder)
        with monkeypatch.context() as patch:
            count = stop_at(patch, number, Killed(), for_good=True)
            try:
                finish_exchange(folder)
            except Killed:
                pass
            else:
                assert count[0] < number
                break
        finish_exchange(folder)
        assert check_state(folder) == "new"
    assert number > 20


def test_what_is_changed_between_death_and_finishing_is_not_lost(tmp_path, monkeypatch):
    """A file that the user edits after the run was killed goes aside like any other."""
    edited = {name: f"edited {name}" for name in ("flows.csv", "plan.xlsx", "projects/a.html")}
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        with monkeypatch.context() as patch:
            stop_at(patch, number, Killed(), for_good=True)
            try:
                write(folder, NEW)
            except Killed:
                pass
            else:
                break
        lay(folder, edited)
        finish_exchange(folder)
        texts = [*tree(folder).values()]
        assert all(text in texts for text in (*edited.values(), *MINE.values()))
    assert number > 40


def test_a_failing_disk_changes_nothing(tmp_path, monkeypatch):
    """One operation fails, such as on a full disk: everything is as it was, and nothing more."""
    failed = 0
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        before = tree(folder.parent)
        with monkeypatch.context() as patch:
            count = stop_at(patch, number, OSError(errno.ENOSPC, "no space"), for_good=False)
            try:
                write(folder, NEW)
            except OSError:
                failed += 1
                state = "old"
            else:
                state = "new"
        assert check_state(folder) == state
        assert not is_unfinished(folder)
        if state == "old":
            assert tree(folder.parent) == before
        if count[0] < number:
            break
    assert failed > 20


def test_a_disk_that_fails_for_good_leaves_work_for_the_next(tmp_path, monkeypatch):
    """Neither forward nor back: said so, and finished when the disk is there again."""
    left = 0
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        with monkeypatch.context() as patch:
            count = stop_at(patch, number, OSError(errno.EIO, "gone"), for_good=True)
            with_journal = None
            try:
                write(folder, NEW)
            except OSError as error:
                with_journal = isinstance(error, OutputError) and "cut short" in str(error)
            with_journal = is_unfinished(folder) if with_journal is None else with_journal
        if count[0] < number:
            break
        left += with_journal
        finish_exchange(folder)
        check_state(folder)
    assert left > 10


def test_an_interruption_at_any_operation_leaves_a_whole_set(tmp_path, monkeypatch):
    """Ctrl-C anywhere: the old set or the new one is there, and what is said of it is true."""
    from raastof_geo.cli.app import tell_interrupted

    said = set()
    for number in range(1, 200):
        folder = prepare(tmp_path, number)
        with monkeypatch.context() as patch, tracing():
            count = stop_at(patch, number, KeyboardInterrupt(), for_good=False)
            try:
                write(folder, NEW)
            except KeyboardInterrupt:
                told = str(tell_interrupted())
            if count[0] < number:
                break
        if "finishes that" in told:
            assert is_unfinished(folder)
        else:
            assert not is_unfinished(folder)
            if "nothing" in told:
                assert check_state(folder) == "old"
        finish_exchange(folder)
        check_state(folder)
        said.add(told.split()[1])
    assert "nothing" in " ".join(said)
    assert len(said) > 1


def test_drafts_of_killed_runs_go_and_no_other_folders(tmp_path):
    """Marked drafts of this folder go with the next run; folders like them stay."""
    killed = tmp_path / ".s.abcd1234.part"
    (killed / "new").mkdir(parents=True)
    (killed / "draft_of_raastof_geo").touch()
    (killed / "new" / "map.html").write_text("half")
    empty = tmp_path / ".s.efgh5678.part"
    empty.mkdir()
    others = {
        ".s.holidays.part/photo.jpg": "mine",
        ".s.x.abcd1234.part/draft_of_raastof_geo": "",
        ".t.abcd1234.part/draft_of_raastof_geo": "",
        ".s.backup.part": "a file",
    }
    lay(tmp_path, others)
    write(tmp_path / "s", NEW)
    assert not killed.exists()
    assert not empty.exists()
    assert {name: text for name, text in tree(tmp_path).items() if name[:2] != "s/"} == others


@pytest.mark.parametrize("names", [{"../../victim": "x"}, {"a": 1}, [], "x", None])
def test_a_forged_journal_does_nothing(tmp_path, names):
    """A journal that leads out of the folder, or is none, moves nothing."""
    folder = tmp_path / "r" / "s"
    write(folder, OLD)
    (tmp_path / "victim").write_text("mine")
    draft = folder.parent / ".s.abcd1234.part"
    (draft / "new").mkdir(parents=True)
    (draft / "draft_of_raastof_geo").touch()
    forged = {"format": "raastof_geo exchange 1", "new": names, "old": {}, "aside": "set_aside"}
    (draft / "journal.json").write_text(json.dumps(forged))
    finish_exchange(folder)
    assert without_manifest(folder) == OLD
    assert (tmp_path / "victim").read_text() == "mine"
    assert not draft.exists()


def test_reading_touches_nothing_where_nothing_is_left_to_do(tmp_path, monkeypatch):
    """No lock, no file: also a folder that cannot be written can be read."""
    write(tmp_path / "s", OLD)
    with monkeypatch.context() as patch:
        stop_at(patch, 1, Killed(), for_good=True)
        finish_exchange(tmp_path / "s")
        finish_exchange(str(tmp_path / "s"))
        finish_exchange(tmp_path / "nothing" / "there")
        finish_exchange(Path("/"))


def test_what_cannot_be_finished_is_said(tmp_path, monkeypatch):
    """A half exchanged folder that cannot be written is not read as if it were whole."""
    folder = prepare(tmp_path, 0)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 25, Killed(), for_good=True)
        write(folder, NEW)
    with monkeypatch.context() as patch:
        stop_at(patch, 1, OSError(errno.EROFS, "read-only file system"), for_good=True)
        with pytest.raises(
            OutputError, match="cut short and cannot be finished now: the disk can only be read"
        ):
            finish_exchange(folder)
    finish_exchange(folder)
    assert check_state(folder) == "new"


def test_explain_finishes_what_a_killed_run_began(tmp_path, monkeypatch):
    """A reading command never reads half of two sets; through a link to them either."""
    folder = prepare(tmp_path, 0)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 25, Killed(), for_good=True)
        write(folder, NEW)
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(Exception, match=r"ledger\.json cannot be read"):
        explain_figure(link, "plan.cost_dkk")
    assert check_state(folder) == "new"


WRITER = """
import os, sys, time
from pathlib import Path
from raastof_geo.records.exchange import exchanging
def write(files):
    with exchanging(Path({folder!r}), version="1") as draft:
        for name, text in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_text(text)
"""
SLOW = """
for name in ("rename", "replace", "unlink", "mkdir", "link"):
    def slow(*given, real=getattr(os, name), **named):
        time.sleep(0.01)
        return real(*given, **named)
    setattr(os, name, slow)
print("begins", flush=True)
write({files!r})
"""
TURNS = """
for turn in range(10):
    write({{f"{{part}}.txt": {word!r} + str(turn) for part in "abcdef"}})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_kill_nine_leaves_a_whole_set(tmp_path):
    """A process that the system kills at some moment, and the next run."""
    for number, moment_s in enumerate((0.02, 0.12, 0.2, 0.3, 0.4)):
        folder = prepare(tmp_path, number)
        code = (WRITER + SLOW).format(folder=str(folder), files=NEW)
        run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert run.stdout is not None
        assert run.stdout.readline() == b"begins\n"
        time.sleep(moment_s)
        run.kill()
        run.wait()
        run.stdout.close()
        finish_exchange(folder)
        check_state(folder)
        write(folder, NEW)
        assert check_state(folder) == "new"
        assert [path.name for path in folder.parent.iterdir()] == ["s"]


def test_runs_side_by_side_take_turns(tmp_path):
    """Three processes that write into one folder never mix their sets."""
    folder = tmp_path / "r" / "s"
    codes = [(WRITER + TURNS).format(folder=str(folder), word=word) for word in "xyz"]
    runs = [subprocess.Popen([sys.executable, "-c", code]) for code in codes]
    assert [run.wait() for run in runs] == [0, 0, 0]
    texts = {(folder / f"{part}.txt").read_text() for part in "abcdef"}
    assert len(texts) == 1
    assert texts.pop() in {"x9", "y9", "z9"}
    assert [path.name for path in folder.parent.iterdir()] == ["s"]
