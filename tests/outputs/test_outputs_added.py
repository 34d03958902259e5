"""To add an output: one entry, and the scenario, the run, the manifest and `verify` know it."""

import json
import os
import subprocess
import sys
from pathlib import Path
import pytest
from raastof_geo.outputs import OUTPUTS
from raastof_geo.outputs.write import find_writer
from raastof_geo.scenario.output import EVERY_OUTPUT

REGISTERED = Path(__file__).parents[1] / "cases" / "outputs" / "added" / "registered.py"
HEADS = {"da": "Periode;Ton", "en": "Period;Tonnes"}
REFUSED = {"da": "mente du `calendar`", "en": "did you mean `calendar`"}


def later(folder: Path, *arguments: str, language: str, code: int = 0) -> str:
    """Run a command in a version that knows an output more."""
    done = subprocess.run(
        [sys.executable, REGISTERED, *arguments, "--lang", language],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def write_scenario(folder: Path, *outputs: str) -> str:
    """Write the starter with the outputs that it asks for, and give its file's name."""
    file = folder / "start.yaml"
    if not file.exists():
        later(folder, "new", "start", language="en")
    text = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in text if not line.startswith("outputs:")]
    lines = [*kept, f"outputs: [{', '.join(outputs)}]"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file.name


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_added_output_is_asked_for_written_listed_and_verified(tmp_path, language):
    """From `outputs:` of the scenario to the manifest, in both languages."""
    told = later(
        tmp_path, "run", write_scenario(tmp_path, "calendar", "summary"), language=language
    )
    assert "calendar.csv" in told
    folder = tmp_path / "results" / "start"
    assert {one.name for one in folder.iterdir()} == {"calendar.csv", "summary.md", "manifest.json"}
    assert (folder / "calendar.csv").read_text(encoding="utf-8").startswith(HEADS[language])
    assert "calendar.csv" in json.loads((folder / "manifest.json").read_text())["files"]
    refused = later(
        tmp_path, "check", write_scenario(tmp_path, "calender"), language=language, code=2
    )
    assert REFUSED[language] in refused


def test_a_change_to_an_added_output_is_seen(tmp_path):
    """With the plan beside it, `verify` holds, until the file is changed."""
    scenario = write_scenario(tmp_path, "plan", "proof", "flows", "ledger", "calendar")
    later(tmp_path, "run", scenario, language="en")
    later(tmp_path, "verify", "results/start", "--strict", language="en")
    (tmp_path / "results" / "start" / "calendar.csv").write_text("changed", encoding="utf-8")
    told = later(tmp_path, "verify", "results/start", "--strict", language="en", code=3)
    assert "calendar.csv" in told


def test_every_output_has_a_writer_and_a_file_of_its_own():
    """What the list of outputs names can be called."""
    assert all(callable(find_writer(output)) for output in OUTPUTS)
    assert len({output.name for output in OUTPUTS}) == len(OUTPUTS)
    assert len({output.file for output in OUTPUTS}) == len(OUTPUTS)
    assert set(EVERY_OUTPUT) == {output.name for output in OUTPUTS} - {"geoparquet", "worth"}
