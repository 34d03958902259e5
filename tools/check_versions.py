"""Are the bounds in `pyproject.toml` true? `python tools/check_versions.py lowest|locked|newest`.

Makes an environment of its own with the lowest versions that are allowed, those of
`constraints.txt`, or the newest; solves a shipped scenario in it, writes every output, and holds
the flows against `tests/stored/`. `python tools/check_versions.py resolve` asks whether wheels for
all of it exist for every Python and system that we name; it needs `uv` (`pip install uv`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
SCENARIO = "koege_bugt"
KEYS = ("origin", "destination", "material", "vehicle", "period")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Windows, x86-64": ("x86_64-pc-windows-msvc", "fast"),
    "macOS 13, Intel": ("x86_64-apple-darwin", "fast"),
    "macOS 14, Apple": ("aarch64-apple-darwin", "fast"),
    "Linux, glibc 2.28, x86-64": ("x86_64-manylinux_2_28", ""),
    "Linux, glibc 2.34, x86-64": ("x86_64-manylinux_2_34", "fast"),
    "Linux, glibc 2.34, ARM": ("aarch64-manylinux_2_34", "fast"),
}
"""As uv calls them, and with which extra."""
ROOM_T = 1e-3


def list_lowest() -> Iterator[str]:
    """Give each of our own dependencies at its lower bound, as pip's constraints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"]:
        asked = Requirement(line)
        [least] = [one.version for one in asked.specifier if one.operator == ">="]
        yield f"{asked.name}=={least}" + (f"; {asked.marker}" if asked.marker else "")


def write_constraints(which: str, folder: Path) -> list[str]:
    """Give pip's arguments for the lowest, the locked or the newest versions."""
    if which == "newest":
        return []
    if which == "locked":
        return ["-c", str(ROOT / "constraints.txt")]
    path = folder / "lowest.txt"
    path.write_text("\n".join(list_lowest()) + "\n", encoding="utf-8")
    return ["-c", str(path)]


def check_installed(which: str) -> bool:
    """Say whether the scenario comes to what is stored, in an environment of such versions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        asked = ["-m", "pip", "install", "-q", *write_constraints(which, folder), str(ROOT)]
        subprocess.run([python, *asked], check=True)
        scenario = ROOT / "scenarios" / f"{SCENARIO}.yaml"
        told = ["-W", "ignore", "-m", "raastof_geo.cli", "run", scenario, "--into", folder / "out"]
        own = os.environ | {"RAASTOF_CACHE": str(folder / "cache"), "PYTHONPATH": ""}
        done = subprocess.run(
            [python, *told],
            check=False,
            cwd=folder,
            env=own,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            sys.stdout.write(done.stdout)
            return False
        return find_moved(folder / "out" / SCENARIO / "plan.json") == {}


def find_moved(plan: Path) -> dict[str, tuple[float, float]]:
    """Give the flows that are not as stored, with both amounts. [t]"""
    tonnes: dict[str, float] = defaultdict(float)
    for flow in json.loads(plan.read_text(encoding="utf-8"))["flows"]:
        tonnes[" ".join(flow[key] for key in KEYS)] += flow["tonnes"]
    stored = json.loads((ROOT / "tests" / "stored" / f"{SCENARIO}.json").read_text("utf-8"))[
        "flows"
    ]
    pairs = {key: (stored.get(key, 0.0), tonnes.get(key, 0.0)) for key in stored | tonnes}
    return {key: pair for key, pair in pairs.items() if abs(pair[0] - pair[1]) > ROOM_T}


def resolve() -> bool:
    """Say for each Python and system whether wheels of every dependency exist."""
    if find_spec("uv") is None:
        sys.exit("this needs uv: pip install uv")
    good = True
    for python, (system, (platform, extra)) in product(PYTHONS, SYSTEMS.items()):
        asked = [
            *(sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-header"),
            *("--only-binary", ":all:", "--python-version", python),
            *("--python-platform", platform, str(ROOT / "pyproject.toml")),
            *(("--extra", extra) if extra else ()),
        ]
        own = dict(os.environ)
        if system.startswith("macOS"):
            own["MACOSX_DEPLOYMENT_TARGET"] = system[6:8] + ".0"
        done = subprocess.run(asked, check=False, capture_output=True, text=True, env=own)
        good &= not done.returncode
        said = "there are wheels" if not done.returncode else done.stderr.strip()
        sys.stdout.write(f"Python {python}, {system}: {said}\n")
    return good


def main() -> int:
    """Check what is asked for; return 1 where something is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("asked", nargs="+", choices=["lowest", "locked", "newest", "resolve"])
    good = True
    for which in parser.parse_args().asked:
        held = resolve() if which == "resolve" else check_installed(which)
        sys.stdout.write(f"{which}: {'as promised' if held else 'NOT as promised'}\n")
        good &= held
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
