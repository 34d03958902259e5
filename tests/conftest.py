"""What tests of every room share. No test needs the internet, and none reaches it."""

import os
import shutil
import socket
from contextlib import contextmanager
from pathlib import Path
import pytest

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}  # noqa: S104


@pytest.fixture(autouse=True)
def _no_internet(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise OSError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_width(monkeypatch):
    """Workers that run side by side name the width of a terminal that nobody has."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Tests keep their own cache, shared by workers side by side, and leave the user's alone."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAASTOF_CACHE", str(place / "cache"))
        patch.setenv("RAASTOF_WORKERS", "1")  # tests are side by side as it is
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_behind():
    """A page that a test draws into the project would be committed one day: it happened twice."""
    root = Path(__file__).parents[1]
    before = {path.name for path in root.glob("[!._]*")}
    yield
    left = {path.name for path in root.glob("[!._]*")} - before - {"build", "dist"}
    assert not left, f"a test left files in the project: {sorted(left)}"


@pytest.fixture
def english():
    """Messages are English, whatever the system speaks."""
    from raastof_geo.language import speaking

    with speaking("en"):
        yield


@pytest.fixture
def danish():
    """Messages are Danish, whatever the system speaks."""
    from raastof_geo.language import speaking

    with speaking("da"):
        yield


@contextmanager
def _reading(path):
    """Let the built-in catalogue be another file."""
    from raastof_geo.scenario import catalogue

    readers = (catalogue.read_builtin_values, catalogue.load_catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_BUILT_IN", path)
        for reader in readers:
            reader.cache_clear()
        yield
    for reader in readers:
        reader.cache_clear()


@pytest.fixture
def catalogue_of_the_audit():
    """The built-in catalogue is the one that was audited in November 2026 (at bc9e42a)."""
    with _reading(Path(__file__).parent / "frozen" / "catalogue.yaml"):
        yield


@pytest.fixture(scope="module")
def module_of_the_audit():
    """All tests of a module read the audited catalogue: worlds whose figures never change."""
    with _reading(Path(__file__).parent / "frozen" / "catalogue.yaml"):
        yield


@pytest.fixture(scope="session")
def chromium():
    """The path of a browser; where the machine has none, the test is skipped."""
    names = ("chromium", "google-chrome", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium or Chrome on this machine")
    return found


@pytest.fixture(scope="session")
def starter_text(tmp_path_factory):
    """The starter scenario in English, as `raastof new` writes it."""
    from commands import run

    file = tmp_path_factory.mktemp("english") / "start.yaml"
    assert run("new", file, "--lang", "en") == 0
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def starter_result(tmp_path_factory):
    """The starter scenario in Danish, solved and written once."""
    from commands import run
    from raastof_geo.language import speaking
    from raastof_geo.pipeline import run_scenario

    folder = tmp_path_factory.mktemp("starter")
    assert run("new", folder / "start.yaml", language="da") == 0
    with speaking("da"):
        return run_scenario(folder / "start.yaml", into=folder / "results")
