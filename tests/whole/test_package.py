"""Wheel and sdist build, and the wheel alone does the main job."""

import os
import subprocess
import sys
import tarfile
import zipfile
from types import ModuleType
import pytest
from places import ROOT, SCENARIOS
import raastof_geo
from raastof_geo import assignment


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_wheel_runs_the_main_job(built, tmp_path):
    """The unpacked wheel, away from the checkout, reads a scenario and writes its results."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    scenario = tmp_path / "koege_bugt.yaml"
    scenario.write_bytes((SCENARIOS / "koege_bugt.yaml").read_bytes())
    code = (
        "import raastof_geo, sys; assert 'site' in raastof_geo.__file__, raastof_geo.__file__\n"
        "sys.argv = ['raastof', 'run', 'koege_bugt.yaml']\n"
        "from raastof_geo.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "results" / "koege_bugt" / "map.html").is_file()


def test_the_sdist_holds_what_the_readme_names(built):
    """Scenarios, notebooks and tests travel with the source."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    for needed in ("scenarios/region_sjaelland.yaml", "NOTICE", "LICENSE", "constraints.txt"):
        assert needed in names


def test_the_door_is_pinned():
    """The names at the door are a promise."""
    assert sorted(raastof_geo.__all__) == [
        "Anchors",
        "Effect",
        "InputError",
        "Legs",
        "NoPlanError",
        "OutsideError",
        "Plan",
        "RaastofError",
        "Result",
        "RoadNetwork",
        "Scenario",
        "__version__",
        "assign",
        "draw_map",
        "load_network",
        "load_result",
        "measure_effect",
        "price_legs",
        "read_scenario",
        "run_scenario",
        "snap_sites",
        "solve_scenario",
        "write_outputs",
    ]
    for name in raastof_geo.__all__:
        assert getattr(raastof_geo, name) is not None


def test_the_names_of_the_programme_are_pinned():
    """Rules of one's own are written with them."""
    public = {name for name, one in vars(assignment).items() if not isinstance(one, ModuleType)}
    assert {name for name in public if name[0] != "_"} == {
        *("About", "Certificate", "Family", "MEASURES", "Plan", "Problem", "RULES", "Reason"),
        *("Row", "Rule", "assign", "build_problem", "build_programme", "certify"),
        *("compare_sites", "declare", "explain_why_not"),
    }


def test_no_lock_or_script_names_a_package_host():
    """Constraints name packages and versions, never where they come from."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text
