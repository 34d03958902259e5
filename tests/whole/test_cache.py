"""What is kept from run to run."""

import multiprocessing
import os
import stat
import zipfile
from pathlib import Path
import numpy as np
import pytest
from raastof_geo import cache
from raastof_geo.cli import run_command
from raastof_geo.language import speaking

KEY = "ab12" * 10


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


def test_what_another_run_claims_meanwhile_is_no_stranger(folder, monkeypatch):
    """The mark of another run appears right after it was looked for."""
    home = cache.claim("networks").parent
    for one in (home / "networks", home):
        (home / cache.MARK).unlink(missing_ok=True)
        one.rmdir()
    home.mkdir()
    real = cache._is_marked

    def look(at):
        found = real(at)
        (at / cache.MARK).touch()
        return found

    monkeypatch.setattr(cache, "_is_marked", look)
    assert cache.claim("networks") == home / "networks"


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
    other = folder / "v0" / "networks"
    other.mkdir(parents=True)
    (folder / "v0" / cache.MARK).touch()
    (other / f"{KEY}.npz").write_bytes(b"0" * 5_000_000)
    assert run_command(["cache", "info"]) == 0
    told = capsys.readouterr().out
    assert str(folder) in told
    assert "Distances: 1 entries, 0.0 MB" in told
    assert run_command(["cache", "clear"]) == 0
    assert "5.0 MB" in capsys.readouterr().out
    assert list(folder.iterdir()) == []
    assert run_command(["cache", "clear"]) == 0


def lay(folder, files):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")


def test_clearing_touches_nothing_without_the_mark(folder):
    """RAASTOF_CACHE may be a home folder: photos, environments and folders like ours stay."""
    mine = (
        "vacation/photo.jpg",
        "venv/pyvenv.cfg",
        f"v1/networks/{KEY}.npz",
        f"v1/distances/{KEY}.npz",
        "v3/film.mp4",
        "overpass/q",
        f"overpass/download-{KEY}/portion.json",
        "v0/notes.txt",
    )
    lay(folder, mine)
    keep(numbers)
    assert entry().is_file()
    assert run_command(["cache", "clear"]) == 0
    assert {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()} == {*mine}
    assert (folder / "v1" / "networks" / f"{KEY}.npz").read_text() == "mine"


def test_clearing_takes_entries_only(folder):
    """What somebody put into a folder of the cache stays, also among the entries."""
    keep(numbers)
    home = folder / f"v{cache.VERSION}"
    mine = (
        "notes.txt",
        "distances/notes.npz.txt",
        "distances/my results.npz",
        "distances/cafe.npz",
    )
    lay(home, mine)
    draft = home / "distances" / f"{KEY}.x_1.part"
    lay(draft, [f"{KEY}.npz"])
    assert cache.clear_cache() > 0
    left = {str(one.relative_to(home)) for one in home.rglob("*") if one.is_file()}
    assert left == {*mine, cache.MARK}


def test_clearing_follows_no_link(folder, tmp_path):
    """Links in the place of versions, kinds and entries lead to somebody's files."""
    keep(numbers)
    target = tmp_path / "target"
    lay(target, [f"{KEY}.npz", cache.MARK, f"networks/{KEY}.npz"])
    home = folder / f"v{cache.VERSION}"
    (folder / "v9").symlink_to(target)
    (home / "networks").symlink_to(target)
    (home / "distances" / "ef.npz").symlink_to(target / f"{KEY}.npz")
    cache.clear_cache()
    assert (target / f"{KEY}.npz").read_text() == "mine"
    assert (target / "networks" / f"{KEY}.npz").read_text() == "mine"
    assert not entry().exists()


@pytest.mark.parametrize("what", ["files", "link", "link of a kind"])
def test_a_folder_that_is_not_ours_is_not_used(folder, tmp_path, capsys, what):
    """Somebody's own `v2`, or a link: the work is done without a cache, and `info` says so."""
    home = folder / f"v{cache.VERSION}"
    target = tmp_path / "target"
    lay(target, ["photo.jpg"])
    if what == "files":
        lay(home, ["photo.jpg"])
    elif what == "link":
        folder.mkdir()
        home.symlink_to(target)
    else:
        cache.claim("networks")
        (home / "distances").symlink_to(target)
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])
    assert [one.name for one in target.iterdir()] == ["photo.jpg"]
    assert not list(folder.rglob("*.npz"))
    assert run_command(["cache", "info"]) == 0
    assert ("nothing is kept there" in capsys.readouterr().out) == (what != "link of a kind")
    assert run_command(["cache", "clear"]) == 0
    assert (target / "photo.jpg").read_text() == "mine"


def test_links_in_the_place_of_entries_and_locks_stay(tmp_path):
    """An entry is a file of ours; what a link leads to is neither read, written nor removed."""
    target = tmp_path / "target"
    target.write_text("mine")
    folder = cache.claim("distances")
    (folder / f"{KEY}.npz").symlink_to(target)
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])
    assert (folder / f"{KEY}.npz").is_symlink()
    (folder / f"{KEY}.npz").unlink()
    (folder / f"{KEY}.lock").unlink()
    (folder / f"{KEY}.lock").symlink_to(target)
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])
    assert target.read_text() == "mine"


def rewrite(file, arrays, *, comment):
    """Write an archive of arrays as anybody could, with the words of another one if wanted."""
    with zipfile.ZipFile(file) as archive:
        words = archive.comment
    with file.open("wb") as stream:
        np.savez(stream, **arrays)
    if comment:
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = words


@pytest.mark.parametrize("comment", [True, False])
@pytest.mark.parametrize(
    "wrong",
    [
        {"km": np.zeros(1000)},
        {"km": np.arange(1.0)},
        {"miles": np.arange(1000.0)},
        {"km": np.arange(1000.0), "h": np.arange(1000.0)},
        {"km": np.arange(1000)},
        {},
    ],
)
def test_an_entry_that_is_well_formed_but_wrong_is_made_again(wrong, comment):
    """Zeroed, of another length, kind or name: an entry holds a digest of its arrays."""
    keep(numbers)
    rewrite(entry(), wrong, comment=comment)
    assert np.array_equal(keep(numbers)["km"], numbers()["km"])
    assert np.array_equal(keep(never)["km"], numbers()["km"])


def test_an_entry_of_another_key_or_kind_is_made_again():
    """Entries that were exchanged are known by the key that they hold."""
    keep(numbers)
    given = {"write": cache.write_arrays, "read": cache.read_arrays}
    cache.keep("distances", "ef", make=lambda: numbers(5), **given)
    cache.keep("networks", KEY, make=lambda: numbers(7), **given)
    other = entry().with_name("ef.npz")
    entry().write_bytes(other.read_bytes())
    assert len(keep(numbers)["km"]) == 1000
    other.write_bytes(entry().read_bytes())
    assert len(cache.keep("distances", "ef", make=lambda: numbers(5), **given)["km"]) == 5
    entry().write_bytes((entry().parents[1] / "networks" / f"{KEY}.npz").read_bytes())
    assert len(keep(numbers)["km"]) == 1000


def test_drafts_of_killed_runs_go_with_the_next(folder):
    """What a killed run left of an entry goes when the entry is made."""
    left = cache.claim("distances") / f"{KEY}.ab_c1.part"
    lay(left, [f"{KEY}.npz"])
    keep(numbers)
    assert not left.exists()
    assert {one.name for one in entry().parent.iterdir()} == {f"{KEY}.npz", f"{KEY}.lock"}


@pytest.mark.parametrize("what", ["file", "link"])
def test_a_place_where_nothing_can_be_kept_is_told(tmp_path, monkeypatch, capsys, what):
    """A file or a link where the folder must be: `cache info` says so, and it stays."""
    place = tmp_path / "place"
    if what == "file":
        place.write_text("mine")
    else:
        (tmp_path / "target").mkdir()
        (tmp_path / "target" / cache.MARK).write_text("mine")
        place.mkdir()
        (place / "v2").symlink_to(tmp_path / "target")
    monkeypatch.setenv("RAASTOF_CACHE", str(place))
    assert run_command(["cache", "info"]) == 0
    assert "is a file or a link where a folder must be" in capsys.readouterr().out
    assert run_command(["cache", "clear"]) == 0
    assert place.is_file() or (place / "v2").is_symlink()


def test_an_entry_grows_by_what_it_lacks():
    """What is there is kept; `more` adds, and is asked again when somebody reads the entry."""

    def grow_to(count):
        def more(found):
            lacks = count - len(found["km"])
            return None if lacks <= 0 else lambda: numbers(count)

        how = {"write": cache.write_arrays, "read": cache.read_arrays, "more": more}
        return cache.keep("distances", KEY, make=lambda: numbers(3), **how)

    assert [len(grow_to(count)["km"]) for count in (3, 5, 4)] == [3, 5, 5]
    assert len(keep(never)["km"]) == 5


def test_what_was_not_used_for_longest_goes_first(monkeypatch):
    """Beyond the limit of its kind: by the last use, the newest never, its lock as well."""
    size = 8 * 10_000 / 1e6
    monkeypatch.setitem(cache.KEPT_KINDS, "distances", 2.5 * size)
    keys = [digit * 40 for digit in "abcd"]

    def use(key, make=lambda: numbers(10_000)):
        how = {"write": cache.write_arrays, "read": cache.read_arrays}
        cache.keep("distances", key, make=make, **how)

    folder = entry().parent
    for key in keys[:2]:
        use(key)
    for age, key in enumerate(keys[:2]):
        os.utime(folder / f"{key}.npz", (1000 + age, 1000 + age))
    use(keys[0], never)  # now the other one was not used for longer
    use(keys[2])
    assert {one.stem for one in folder.glob("*.npz")} == {keys[0], keys[2]}
    assert not (folder / f"{keys[1]}.lock").exists()
    monkeypatch.setitem(cache.KEPT_KINDS, "distances", 0.5 * size)
    use(keys[3])
    assert {one.stem for one in folder.glob("*.npz")} == {keys[3]}
