"""What is kept from run to run."""

import multiprocessing
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from raastof_geo import cache
from raastof_geo.cli import run_command
from raastof_geo.language import speaking

KEY = "ab12"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "cache"))
    with speaking("en"):
        yield tmp_path / "cache"


def entry() -> Path:
    return cache.cache_folder() / f"v{cache.VERSION}" / "distances" / f"{KEY}.npz"


def keep(make):
    return cache.keep("distances", KEY, make=make, write=cache.write_arrays, read=cache.read_arrays)


def numbers(count=1000):
    return {"km": np.arange(count, dtype=float)}


def never():
    raise AssertionError("made although it was kept")


def test_what_was_made_once_is_read_the_next_time():
    """The second call makes nothing, and reads what the first one made."""
    assert np.array_equal(keep(numbers)["km"], keep(never)["km"])


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "words"])
def test_a_damaged_entry_is_made_again_and_not_trusted(damage):
    """Cut short, one bit flipped, empty, or something else: made again, and kept again."""
    keep(numbers)
    content = bytearray(entry().read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[len(content) // 2] ^= 1
    elif damage == "empty":
        content = bytearray()
    else:
        content = bytearray(b"This is no archive.")
    entry().write_bytes(bytes(content))
    calls = []

    def make():
        calls.append(1)
        return numbers()

    assert np.array_equal(keep(make)["km"], numbers()["km"])
    assert calls == [1]
    assert np.array_equal(keep(never)["km"], numbers()["km"])


def test_a_failed_write_leaves_no_half_entry():
    """Whoever is killed while writing leaves nothing that somebody would read."""

    def write(_found, file):
        file.write_bytes(b"half")
        raise OSError("disk full")

    found = cache.keep("distances", KEY, make=numbers, write=write, read=cache.read_arrays)
    assert np.array_equal(found["km"], numbers()["km"])
    assert not entry().exists()
    assert [file.suffix for file in entry().parent.iterdir()] == [".lock"]


def test_an_error_in_the_making_is_raised_once():
    """A mistake in the work itself is no matter of the cache."""
    calls = []

    def make():
        calls.append(1)
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        keep(make)
    assert calls == [1]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everybody may write here")
def test_a_folder_that_cannot_be_written_is_done_without(folder):
    """No cache, no failure."""
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])
    folder.chmod(stat.S_IRWXU)


def test_a_file_in_place_of_the_folder_is_done_without(folder):
    """The cache folder may even be a file."""
    folder.write_text("here I am")
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])


def _make_slowly(log: str, go) -> None:
    def make():
        with Path(log).open("a") as file:
            file.write("made\n")
        go.wait(5)
        return numbers()

    keep(make)


def test_runs_side_by_side_share_the_work(tmp_path):
    """Two processes that need the same entry make it once."""
    context = multiprocessing.get_context("spawn")
    go, log = context.Event(), tmp_path / "log"
    runs = [context.Process(target=_make_slowly, args=(str(log), go)) for _ in range(2)]
    for run in runs:
        run.start()
    while not log.exists():
        runs[0].join(0.05)
    go.set()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    assert log.read_text() == "made\n"


def test_fingerprints_tell_parts_shapes_and_kinds_apart():
    """Texts that only join to the same, or arrays of another shape, are another thing."""
    parts = [
        ("ab", "c"),
        ("a", "bc"),
        (b"abc",),
        (np.arange(4),),
        (np.arange(4).reshape(2, 2),),
        (np.arange(4.0),),
    ]
    assert len({cache.fingerprint(part) for part in parts}) == len(parts)


def test_the_commands_tell_and_empty_the_cache(capsys, folder):
    """`cache info` counts, `cache clear` empties, also what other versions left."""
    keep(numbers)
    old = folder / "v0" / "networks"
    old.mkdir(parents=True)
    (old / "x.npz").write_bytes(b"0" * 5_000_000)
    assert run_command(["cache", "info"]) == 0
    told = capsys.readouterr().out
    assert str(folder) in told
    assert "Distances: 1 entries, 0.0 MB" in told
    assert run_command(["cache", "clear"]) == 0
    assert "5.0 MB" in capsys.readouterr().out
    assert not list(folder.rglob("*.npz"))
    assert run_command(["cache", "clear"]) == 0
