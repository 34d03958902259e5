"""What tests of the outputs share: plants, depots, coordinated and electric trucks."""

import pytest
from everywhere import EVERY_OUTPUT
from places import SCENARIOS
from raastof_geo.pipeline import run_scenario


@pytest.fixture(scope="session")
def road(tmp_path_factory):
    """The motorway's scenario in Danish, solved once and written with every output but `worth`.

    That solves its decisions again some seventy times; smaller worlds have it.
    """
    return run_road(tmp_path_factory.mktemp("road"), "da", EVERY_OUTPUT.replace(" worth,", ""))


@pytest.fixture(scope="session")
def english_road(tmp_path_factory):
    """The same in English: map and workbook."""
    return run_road(tmp_path_factory.mktemp("english_road"), "en", "outputs: [map, workbook]")


def run_road(folder, language, outputs):
    text = (SCENARIOS / "motorvej.yaml").read_text(encoding="utf-8")
    text = text.replace("language: da", f"language: {language}")
    (folder / "motorvej.yaml").write_text(f"{text}\n{outputs}\n", encoding="utf-8")
    return run_scenario(folder / "motorvej.yaml", into=folder / "out")
