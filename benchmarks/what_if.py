"""How long what-if questions take, and how much memory each worker needs, by workers.

    python benchmarks/what_if.py --draws 40 [--workers 1 2] [--scenario FILE …] [--write FILE]
    python benchmarks/what_if.py --variants [--workers 1 2]

An ensemble of so many draws, of the region of Zealand and of a made-up world of 100 offers and 100
needs in five materials, 7 pits and 8 receivers, with six assumptions (`--write`: only write it).
Each round is a process of its own, from a warm cache. `batches` is the clock while draws are
solved, `cpu` what the processor worked then, all workers included, for each draw; `rest` is all
else: reading, the plan as it stands, what it could do without, page and workbook. Memory is that
of the largest process. `--variants`: what twenty variants of the region take, compared and written,
beside importing, reading and solving it once, without outputs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from scale import write_scenario

MATERIALS = [
    "crushed_concrete",
    "crushed_concrete_brick",
    "crushed_asphalt",
    "clean_clay_soil",
    "clean_sandy_soil",
]
USES = ["sub_base", "fill", "trench", "base_course"]
OFFERS, NEEDS, PITS, RECEIVERS = 100, 100, 7, 8

ROUND = """
import json, os, resource, sys, time
from raastof_geo import pipeline
from raastof_geo.sensitivity import ensemble
from raastof_geo.spread import working

if __name__ == "__main__":
    scenario, into, draws, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    spent = {}

    def timed(*given, **how):
        begun, cpu = time.perf_counter(), time.process_time()
        found = run_batches(*given, **how)
        spent.update(batches=time.perf_counter() - begun, cpu_here=time.process_time() - cpu)
        return found

    run_batches, ensemble.run_batches = ensemble.run_batches, timed
    begun = time.perf_counter()
    with working(workers, ready="raastof_geo.pipeline") as team:
        pipeline.draw_ensemble(scenario, into=into, draws=draws, executor=team)
    whole = time.perf_counter() - begun
    own, others = (resource.getrusage(who) for who in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(json.dumps({
        "batches_s": spent["batches"],
        "cpu_s_per_draw": (spent["cpu_here"] + others.ru_utime + others.ru_stime) / draws,
        "rest_s": whole - spent["batches"],
        "peak_mb": max(own.ru_maxrss, others.ru_maxrss) / unit,
    }))
"""

VARIANTS = """
import json, os, sys, tempfile, time

def lap():
    return time.perf_counter(), sum(os.times()[:4])

if __name__ == "__main__":
    begun = [lap()]
    from raastof_geo import pipeline
    from raastof_geo.scenario.reading.read import read_scenario
    from raastof_geo.spread import working

    result = pipeline.solve_scenario(read_scenario(sys.argv[1], anywhere=True))
    begun.append(lap())
    with working(int(sys.argv[2]), ready="raastof_geo.pipeline") as team:
        with tempfile.TemporaryDirectory() as folder:
            cases, _ = pipeline.compare_variants(result, "all", into=folder, executor=team)
    begun.append(lap())
    (once_s, once_cpu_s), (all_s, all_cpu_s) = (
        [after - before for before, after in zip(*pair)] for pair in zip(begun, begun[1:]))
    print(json.dumps({"once_s": once_s, "variants": len(cases) - 1, "all_s": all_s,
        "ratio": all_s / once_s, "cpu_ratio": all_cpu_s / once_cpu_s}))
"""
SWEEP = """
extends: {scenario}
variants:
  sweep: {{sweep: {{matched: [25 %, 35 %, 50 %, 65 %], soil: [0.6, 0.8, 1.0, 1.3]}}}}
"""


def write_world(path: Path) -> Path:
    """Make a world up on the places of `scale.py`: 100 offers, 100 needs, five materials."""
    write_scenario(path, OFFERS + NEEDS + PITS + RECEIVERS, 1)
    places = [one.split("lon:")[1] for one in path.read_text("utf-8").splitlines() if "lon:" in one]
    draw = random.Random(2)  # noqa: S311 - made up, and the same each time
    lines = [
        "title: 100 x 100 x 5",
        "language: en",
        "periods: [2027]",
        "vehicles: [truck_trailer_7_axle]",
        "network: {snap_limit_m: 5000}",
        "capture: {default: 1.0}",
        "sites:",
    ]
    for number, place in enumerate(places):
        lon, lat = place.split(",")[:2]
        tonnes = draw.randint(20, 900) * 10
        if number < OFFERS:
            what = f"offers: [{{material: {MATERIALS[number % 5]}, amount: {tonnes} t}}]"
        elif number < OFFERS + NEEDS:
            what = f"needs: [{{use: {USES[number % 4]}, amount: {tonnes} t}}]"
        elif number < OFFERS + NEEDS + PITS:
            what = "pit: {supplies: [stable_gravel, sub_base_gravel, fill_sand]}"
        else:
            what = f"receiver: {{accepts: [{', '.join(MATERIALS)}]}}"
        lines.append(f"  s{number}: {{lon:{lon},{lat}, {what}}}")
    lines.append("assumptions:")
    for one in MATERIALS:
        amounts = f"scale: {{offers: {{material: {one}}}}}, source: made up"
        lines.append(f"  {one}: {{value: 1, low: 0.6, high: 1.3, {amounts}}}")
    lines.append("  caught: {low: 0.5, high: 1, set: capture.default, source: made up}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measure(scenario: Path, draws: int, workers: int) -> dict[str, float]:
    """Draw an ensemble in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", ROUND, str(scenario), folder, str(draws), str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_variants(scenario: Path, workers: int) -> dict[str, float]:
    """Solve it once, and then twenty variants of it, in a process of their own and workers."""
    with tempfile.TemporaryDirectory() as folder:
        varied = Path(folder) / "twenty.yaml"
        varied.write_text(SWEEP.format(scenario=json.dumps(str(scenario))), encoding="utf-8")
        command = [sys.executable, "-c", VARIANTS, str(varied), str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--scenario", type=Path, nargs="+")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--variants", action="store_true")
    options = parser.parse_args()
    region = Path(__file__).parents[1] / "scenarios" / "region_sjaelland.yaml"
    if options.write:
        write_world(options.write)
        return
    if options.variants:
        for workers in options.workers:
            found = measure_variants(region, workers)
            told = "  ".join(f"{name} {value:7.2f}" for name, value in found.items())
            print(f"workers {workers}  {told}", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = write_world(Path(folder) / "100_100_5.yaml")
        for scenario in options.scenario or [region, made]:
            for workers in options.workers:
                found = measure(scenario, options.draws, workers)
                told = "  ".join(f"{name} {value:9.3f}" for name, value in found.items())
                print(f"{scenario.stem:18} workers {workers}  {told}", flush=True)


if __name__ == "__main__":
    main()
