"""Where the time and memory of the main job go.

    python benchmarks/main_job.py [--json FILE] [--scenario FILE] [--workers N] [--no-sensitivity]

Each round is a process of its own, from a warm disk, and modules are compiled once, as wherever the
package is installed; the table shows medians. `main_job_cpu_s` is what the processor worked, user
and system, its children included: the clock says little where others use the machine, too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUND = """
import gc, json, os, sys, time
begin = time.perf_counter()
gc.set_threshold(100_000, 20, 100)  # as the command line has it
laps = []
def tell(message):
    laps.append((message.text, time.perf_counter()))
if __name__ == "__main__":
    from raastof_geo.pipeline import run_scenario
    from raastof_geo.spread import working
    laps.append(("Importing", begin))
    with working(int(sys.argv[3]), ready="raastof_geo.outputs.write:find_writers") as team:
        how = {"tell": tell, "executor": team, "sensitivity": sys.argv[4] == "yes"}
        run_scenario(sys.argv[1], into=sys.argv[2], **how)
end = time.perf_counter()
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (2**20 if sys.platform == "darwin" else 2**10)
except ImportError:
    peak_mb = None
times = [moment for _, moment in laps] + [end]
steps = {name: after - moment for (name, moment), after in zip(laps, times[1:])}
cpu_s = sum(os.times()[:4])
print(json.dumps({"cpu_s": cpu_s, "total": end - begin, "steps": steps, "peak_mb": peak_mb}))
"""


def measure(scenario: Path, rounds: int, workers: int, sensitivity: str) -> list[dict[str, object]]:
    found = []
    compiled = {name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", ROUND, str(scenario), folder, str(workers), sensitivity],
                capture_output=True,
                text=True,
                check=True,
                env=compiled,
            )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    default = Path(__file__).parents[1] / "scenarios" / "region_sjaelland.yaml"
    parser.add_argument("--scenario", type=Path, default=default)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-sensitivity", action="store_true")
    options = parser.parse_args()
    sensitivity = "no" if options.no_sensitivity else "yes"
    rounds = measure(options.scenario, options.rounds, options.workers, sensitivity)
    rows = [("main_job_s", "s", statistics.median(one["total"] for one in rounds))]
    rows.append(("main_job_cpu_s", "s", statistics.median(one["cpu_s"] for one in rounds)))
    if rounds[0]["peak_mb"] is not None:
        rows.append(("main_job_peak", "MB", statistics.median(one["peak_mb"] for one in rounds)))
    rows += [
        (step, "s", statistics.median(one["steps"][step] for one in rounds))
        for step in rounds[0]["steps"]
    ]
    for name, unit, value in rows:
        print(f"{name:34} {value:9.2f} {unit}")
    if options.json:
        records = [
            {
                "measure": name,
                "unit": unit,
                "ours": value,
                "peer": None,
                "peer_value": None,
                "ratio": None,
            }
            for name, unit, value in rows
        ]
        options.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
