"""How a run grows with its sites: seconds and memory by station, on made-up scenarios.

    python benchmarks/scale.py [--sites 50 100 200] [--periods 3] [--rounds 1]
        [--return-loads] [--opens 8] [--json FILE] [--write FILE.yaml]

Sites lie at random, with a seed, on the built-in roads. Of fifty, twenty need (three of six uses),
seventeen have three of nine materials that must leave, five are receivers, four pits, two depots
and two crushing plants; there are two trucks, three objectives and a target. Seconds are those of
the processor, user and system, which say more than the clock where others use the machine, too.
Each size runs in a process of its own with an empty cache, so that every distance is found; the
exponent says how a station grows from one size to the next. `--write`: only write the scenario of
the first size.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

USES = ["base_course", "sub_base", "fill", "trench", "asphalt_aggregate", "concrete_aggregate"]
MATERIALS = [
    "crushed_concrete",
    "crushed_concrete_brick",
    "crushed_brick",
    "crushed_asphalt",
    "clean_clay_soil",
    "clean_sandy_soil",
    "slightly_polluted_soil",
]
RAW = ["concrete_rubble", "mixed_rubble"]
PIT = "stable_gravel, sub_base_gravel, fill_sand, concrete_gravel, crushed_rock"
PORT = "concrete_gravel, crushed_rock"

ROUND = """
import json, resource, sys, time
from raastof_geo.language import speaking
laps = [("import", 0.0)]
def lap(name):
    laps.append((name, time.process_time()))
from raastof_geo.pipeline import load_network, price_legs, assign, measure_effect, snap_sites
from raastof_geo.outputs import write_outputs
from raastof_geo.result import Result
from raastof_geo.scenario import read_scenario
lap("read")
scenario = read_scenario(sys.argv[1])
lap("roads")
network = load_network(None)
anchors = snap_sites(network, scenario.sites)
lap("price_legs")
legs = price_legs(scenario, network, anchors)
lap("assign")
plan = assign(scenario, legs)
lap("effect")
effect = measure_effect(scenario, legs, plan)
lap("outputs")
result = Result(scenario, network, anchors, legs, plan, effect)
with speaking(scenario.said.language):
    write_outputs(result, sys.argv[2])
lap("end")
steps = {name: after - at for (name, at), (_, after) in zip(laps, laps[1:])}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps(steps | {
    "all": time.process_time(), "peak_mb": peak / (2**20 if sys.platform == "darwin" else 2**10),
    "legs": len(legs.frame), "flows": len(plan.flows), "gap": plan.certificate.gap}))
"""


def write_scenario(
    path: Path, sites: int, periods: int, *, return_loads: bool = False, opens: int = 0
) -> Path:
    """Make a scenario up; `opens`: so many depots and plants open only where they are worth it."""
    import numpy as np
    from raastof_geo.roads.load import load_network
    from raastof_geo.roads.road import ROAD_CLASSES

    roads = load_network(None)
    classes = [ROAD_CLASSES.index(one) for one in ("primary", "secondary", "tertiary")]
    lon, lat = roads.node_lon[roads.tail], roads.node_lat[roads.tail]
    usable = (roads.access == 0) & roads.forward & roads.backward
    usable &= np.isin(roads.road_class, classes) & (lat < 55.98) & (lon > 10.95) & (lon < 12.65)
    draw = random.Random(1)  # noqa: S311 - made up, and the same each time
    edges = draw.sample(np.flatnonzero(usable).tolist(), sites)
    lines = [
        f"title: {sites} lokaliteter",
        "language: da",
        f"periods: [{', '.join(str(2027 + number) for number in range(periods))}]",
        "vehicles: [tipper_4_axle, truck_trailer_7_axle]",
        "network: {snap_limit_m: 5000}",
        "objectives: [kg_co2e_wtw, cost_dkk, tonne_km]",
        "targets: {secondary_share: {at_least: 10 %}}",
        *(["return_loads: {share: 50 %}"] if return_loads else []),
        "sites:",
    ]
    left = opens
    for number, edge in enumerate(edges):
        kind = number % 50
        begin = ""
        if 9 <= kind < 13 and left:
            left -= 1
            dkk, kg = draw.randint(200, 900) * 1000, draw.randint(2, 20) * 1000
            begin = f", opens: {{cost_dkk: {dkk}, kg_co2e: {kg}}}"
        what = make_site(draw, kind, begin)
        place = f"lon: {lon[edge]:.5f}, lat: {lat[edge]:.5f}"
        lines.append(f"  s{number}: {{name: Lokalitet {number}, {place}, {what}}}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make_site(draw: random.Random, kind: int, begin: str = "") -> str:
    """Say what one of fifty sites has."""
    if kind < 4:
        return f"pit: {{supplies: [{PORT if kind == 2 else PIT}]}}"
    if kind < 9:
        return f"receiver: {{accepts: [{', '.join([*MATERIALS, *RAW, 'crusher_residue'])}]}}"
    if kind < 11:
        return (
            f"depot: {{materials: [{', '.join(MATERIALS)}], capacity: 60 000 t, end: any{begin}}}"
        )
    if kind < 13:
        recipes = "recipes: [crush_concrete, crush_mixed], capacity_per_period: 60 000 t"
        return f"plant: {{{recipes}{begin}}}"
    name, known = ("use", USES) if kind < 33 else ("material", [*MATERIALS, *RAW])
    entries = ", ".join(
        f"{{{name}: {one}, amount_per_period: {draw.randint(20, 900) * 10} t}}"
        for one in draw.sample(known, 3)
    )
    return f"{'needs' if kind < 33 else 'offers'}: [{entries}]"


def measure(path: Path, rounds: int) -> dict[str, float]:
    """Run a scenario in processes of their own, and give the median of each figure."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", ROUND, str(path), str(Path(folder) / "out")],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "RAASTOF_CACHE": str(Path(folder) / "cache")},
            )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def main() -> None:
    """Measure each size, and print how every figure grows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--periods", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--return-loads", action="store_true")
    parser.add_argument("--opens", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    extra = {"return_loads": options.return_loads, "opens": options.opens}
    if options.write:
        write_scenario(options.write, options.sites[0], options.periods, **extra)
        return
    found: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for sites in options.sites:
            path = write_scenario(Path(folder) / "made_up.yaml", sites, options.periods, **extra)
            found[sites] = measure(path, options.rounds)
            print(sites, json.dumps(found[sites]), flush=True)
    sizes = list(found)
    for name in found[sizes[0]]:
        values = [found[size][name] for size in sizes]
        line = f"{name:12}" + "".join(f"{value:12,.4g}" for value in values)
        if len(sizes) > 1 and min(values[-2:]) > 0:
            ratio = values[-1] / values[-2]
            line += f"  exponent {math.log(ratio) / math.log(sizes[-1] / sizes[-2]):.2f}"
        print(line)
    if options.json:
        records = [{"sites": size, **figures} for size, figures in found.items()]
        options.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
