"""No test needs the internet, and none reaches it."""

import socket

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
    """Tests keep their own cache, and leave the user's alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAASTOF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def starter_result(tmp_path_factory):
    """The starter scenario, solved and written once."""
    from raastof_geo.cli import run_command
    from raastof_geo.language import speaking
    from raastof_geo.pipeline import run_scenario

    folder = tmp_path_factory.mktemp("starter")
    with speaking("da"):
        assert run_command(["new", str(folder / "start.yaml")]) == 0
        return run_scenario(folder / "start.yaml", into=folder / "results")
