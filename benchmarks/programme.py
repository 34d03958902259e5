"""How fast the programme is solved, beside others in the same run.

    python benchmarks/programme.py            all of it, some minutes
    python benchmarks/programme.py --only lp_2000

Worlds are made up: sites at random in a square of 100 km, roads 1.3 times the straight line. The
clock starts when legs are priced and stops when the plan is proved; reading is not counted. Each
measurement runs in a process of its own, whose peak memory is told. Ratios above 1 mean that the
other is slower than we are. SciPy, POT and OR-Tools state the first objective only, and from
arrays that lie ready; our time has three objectives, the breaking of ties, tables and proof in it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
import numpy as np

MATERIALS = (
    "clean_sandy_soil",
    "crushed_brick",
    "crushed_concrete",
    "crushed_concrete_brick",
    "rail_ballast",
)
VEHICLE = "tipper_4_axle"
LOAD_T = 18.0


def make_world(sites_each: int, materials: tuple[str, ...], periods: int, *, rich: bool) -> Any:
    """Make givers and takers, and with `rich` depots, pits and a target as well."""
    from raastof_geo.legs.legs import Legs
    from raastof_geo.scenario.reading.read import build_scenario
    from raastof_geo.scenario.reading.tree import parse_tree

    rng = np.random.default_rng(1)
    years = [2027 + number for number in range(periods)]
    sites: dict[str, Any] = {}
    total = 0
    for number in range(sites_each):
        tonnes = int(rng.integers(50, 500))
        total += tonnes
        need: dict[str, Any] = {"use": "fill", "amount": f"{tonnes} t"}
        if periods > 1:
            first = int(rng.integers(0, periods))
            need |= {"from": years[first], "to": years[int(rng.integers(first, periods))]}
        sites[f"n{number}"] = {"lon": 12.0, "lat": 55.5, "needs": [need]}
    weight = rng.random((sites_each, len(materials))) + 0.1
    weight *= 1.1 * total / weight.sum()
    for number in range(sites_each):
        offers = [
            {"material": name, "amount": f"{weight[number, at]:.1f} t", "must_leave": False}
            for at, name in enumerate(materials)
        ]
        sites[f"o{number}"] = {"lon": 12.0, "lat": 55.5, "offers": offers}
    if rich:
        for number in range(10):
            depot = {"materials": list(materials), "capacity": "5000 t"}
            sites[f"d{number}"] = {"lon": 12.0, "lat": 55.5, "depot": depot}
        for number in range(3):
            sites[f"p{number}"] = {"lon": 12.0, "lat": 55.5, "pit": {"supplies": ["fill_sand"]}}
    said: dict[str, Any] = {
        "title": "Benchmark",
        "periods": years,
        "vehicles": [VEHICLE],
        "sites": sites,
    }
    if rich:
        said["targets"] = {"secondary_share": {"at_least": 0.6}}
    tree = parse_tree(json.dumps(said), file="benchmark.yaml")
    scenario = build_scenario(tree, path=Path("benchmark.yaml"))
    return scenario, Legs(make_legs(sorted(sites), materials, years, rng, rich=rich))


def make_legs(
    names: list[str],
    materials: tuple[str, ...],
    years: list[int],
    rng: np.random.Generator,
    *,
    rich: bool,
) -> Any:
    """Price every leg from a giver to a taker by its length."""
    import pandas as pd

    place = rng.random((len(names), 2)) * 100
    givers = [at for at, name in enumerate(names) if name[0] in "odp"]
    takers = [at for at, name in enumerate(names) if name[0] in "nd"]
    moved = sorted([*materials, "fill_sand"] if rich else materials)
    origin, taker, material, period = (
        part.ravel()
        for part in np.meshgrid(givers, takers, range(len(moved)), range(len(years)), indexing="ij")
    )
    length_km = 1.3 * np.hypot(*(place[origin] - place[taker]).T) + 1

    def keys(codes: Any, labels: list[str]) -> Any:
        return np.array(labels, object)[codes]  # texts, as `price_legs` gives them

    return pd.DataFrame(
        {
            "origin": keys(origin, names),
            "destination": keys(taker, names),
            "material": keys(material, moved),
            "vehicle": keys(np.zeros(len(origin), int), [VEHICLE]),
            "period": keys(period, [str(year) for year in years]),
            "length_km": length_km,
            "return_km": length_km,
            "ferry_km": 0.0,
            "drive_h": 2 * length_km / 50,
            "work_h": 2 * length_km / 50 + 0.5,
            "load_t": LOAD_T,
            "energy": 0.6 * length_km,
            "haul_dkk_per_t": 20 * length_km / LOAD_T,
            "toll_dkk_per_t": 0.0,
            "toll_co2_dkk_per_t": 0.0,
            "vehicle_km_per_t": 2 * length_km / LOAD_T,
            "kg_co2e_wtw_per_t": 2 * length_km / LOAD_T,
            "kg_co2e_ttw_per_t": 1.6 * length_km / LOAD_T,
        }
    )


def state(scenario: Any, legs: Any) -> Any:
    """Give the programme as arrays, for others to solve."""
    from raastof_geo.assignment import RULES, build_problem, build_programme

    problem = build_problem(scenario, legs)
    rows = [row for rule in RULES for row in rule(problem)]
    return build_programme(rows, problem.whole), problem.objectives()[0]


# --- the solvers: each gives its seconds and the optimum ---------------------------------------


def run_ours(scenario: Any, legs: Any) -> dict[str, float]:
    """Assign, and once more after one quantity has changed."""
    from raastof_geo.assignment import assign

    started = time.perf_counter()
    plan = assign(scenario, legs)
    seconds = time.perf_counter() - started
    sites = scenario.said.sites
    site = next(name for name in sites if name.startswith("o"))
    offer = sites[site].offers[0]
    more = dataclasses.replace(offer.amount, value=1.5 * offer.amount.value)
    changed = sites[site].model_copy(
        update={"offers": (offer.model_copy(update={"amount": more}), *sites[site].offers[1:])}
    )
    said = scenario.said.model_copy(update={"sites": {**sites, site: changed}})
    started = time.perf_counter()
    assign(dataclasses.replace(scenario, said=said), legs, start=plan)
    again = time.perf_counter() - started
    return {
        "seconds": seconds,
        "again": again,
        "optimum": plan.certificate.objective,
        "gap": plan.certificate.gap,
        "columns": plan.certificate.priced_columns,
        "written": plan.certificate.written_columns,
    }


def run_dense(scenario: Any, legs: Any, solver: str) -> dict[str, float]:
    """State every column in PuLP, as one would by hand, and solve the first objective."""
    import pulp

    programme, cost = state(scenario, legs)
    rows = programme.matrix.tocsr()
    started = time.perf_counter()
    problem = pulp.LpProblem("dense", pulp.LpMinimize)
    variables = [problem.add_variable(f"x{at}", lowBound=0) for at in range(len(cost))]
    problem += pulp.lpSum(c * x for c, x in zip(cost.tolist(), variables, strict=True))
    for row in range(programme.row_count):
        inside = slice(rows.indptr[row], rows.indptr[row + 1])
        total = pulp.lpSum(
            value * variables[at]
            for at, value in zip(
                rows.indices[inside].tolist(), rows.data[inside].tolist(), strict=True
            )
        )
        limit = float(programme.limit[row])
        sense = int(programme.sense[row])
        problem += total <= limit if sense < 0 else total >= limit if sense > 0 else total == limit
    options = {"output_flag": False} if solver == "HiGHS" else {}
    problem.solve(pulp.getSolver(solver, msg=False, **options))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "optimum": float(pulp.value(problem.objective))}


def run_scipy(scenario: Any, legs: Any) -> dict[str, float]:
    """Give SciPy's HiGHS all columns as a sparse matrix."""
    from scipy import sparse
    from scipy.optimize import linprog

    programme, cost = state(scenario, legs)
    rows = programme.matrix.tocsr()
    started = time.perf_counter()
    equal = np.flatnonzero(programme.sense == 0)
    most, least = np.flatnonzero(programme.sense < 0), np.flatnonzero(programme.sense > 0)
    upper = sparse.vstack([rows[most], -rows[least]], format="csr")
    answer = linprog(
        cost,
        A_ub=upper,
        b_ub=np.concatenate([programme.limit[most], -programme.limit[least]]),
        A_eq=rows[equal],
        b_eq=programme.limit[equal],
        method="highs",
    )
    return {"seconds": time.perf_counter() - started, "optimum": float(answer.fun)}


def matrices(scenario: Any, legs: Any) -> tuple[Any, Any, Any]:
    """Give supplies, demands and costs of a world of one material and one period."""
    from raastof_geo.assignment import build_problem

    problem = build_problem(scenario, legs)
    offers = {offer.id: offer.tonnes for offer in scenario.offers}
    needs = {need.id: need.tonnes for need in scenario.needs}
    supply = np.array([offers[giver.id] for giver in problem.givers])
    demand = np.array([needs[taker.id] for taker in problem.takers])
    cost = np.full((len(supply), len(demand)), np.inf)
    cost[problem.moves.giver, problem.moves.taker] = problem.objectives()[0]
    return supply, demand, cost


def run_pot(scenario: Any, legs: Any) -> dict[str, float]:
    """Solve by POT's network simplex; what is not needed goes to a taker that costs nothing."""
    import ot

    supply, demand, cost = matrices(scenario, legs)
    started = time.perf_counter()
    wider = np.hstack([cost, np.zeros((len(supply), 1))])
    taken = np.append(demand, supply.sum() - demand.sum())
    plan = ot.emd(supply, taken, wider, numItermax=100_000_000)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "optimum": float((plan * wider).sum())}


def run_ortools(scenario: Any, legs: Any) -> dict[str, float]:
    """Solve by OR-Tools' flow of least cost; costs and tonnes are scaled to whole numbers."""
    from ortools.graph.python import min_cost_flow

    supply, demand, cost = matrices(scenario, legs)
    started = time.perf_counter()
    flow = min_cost_flow.SimpleMinCostFlow()
    givers, takers = cost.shape
    tail = np.repeat(np.arange(givers), takers)
    head = givers + np.tile(np.arange(takers), givers)
    tonnes = np.round(supply * 10).astype(np.int64)
    wanted = np.round(demand * 10).astype(np.int64)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tail, head, np.repeat(tonnes, takers), np.round(cost.ravel() * 1e6).astype(np.int64)
    )
    rest = givers + takers
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(givers), np.full(givers, rest), tonnes, np.zeros(givers, np.int64)
    )
    nodes = np.arange(rest + 1)
    balance = np.concatenate([tonnes, -wanted, [wanted.sum() - tonnes.sum()]])
    flow.set_nodes_supplies(nodes, balance)
    status = flow.solve()
    seconds = time.perf_counter() - started
    if status != flow.OPTIMAL:
        raise RuntimeError(str(status))
    return {"seconds": seconds, "optimum": float(flow.flows(arcs) @ cost.ravel() / 10)}


RUNS = {
    "ours": run_ours,
    "PuLP dense, HiGHS": lambda scenario, legs: run_dense(scenario, legs, "HiGHS"),
    "PuLP dense, CBC": lambda scenario, legs: run_dense(scenario, legs, "PULP_CBC_CMD"),
    "SciPy HiGHS": run_scipy,
    "POT network simplex": run_pot,
    "OR-Tools min-cost flow": run_ortools,
}
WORLDS = {
    "lp_500": (500, MATERIALS[:1], 1, False),
    "lp_2000": (2000, MATERIALS[:1], 1, False),
    "lp_100_5_4": (100, MATERIALS, 4, True),
    "lp_500_5_4": (500, MATERIALS, 4, True),
}
PLAN = {
    "lp_500": list(RUNS),
    "lp_2000": ["ours", "SciPy HiGHS", "POT network simplex", "OR-Tools min-cost flow"],
    "lp_100_5_4": ["ours", "PuLP dense, HiGHS", "SciPy HiGHS"],
    "lp_500_5_4": ["ours", "SciPy HiGHS"],
}


def measure(world: str, run: str, patience_s: float) -> dict[str, float] | str:
    """Run one solver on one world in a process of its own; a text where it gave nothing."""
    command = [sys.executable, __file__, "--child", world, run]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience_s, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not within {patience_s:.0f} s"
    if done.returncode:
        return "skipped: " + (done.stderr.strip().splitlines() or ["no word"])[-1]
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def run_child(world: str, run: str) -> None:
    """Measure, and print the answer as JSON."""
    sites_each, materials, periods, rich = WORLDS[world]
    scenario, legs = make_world(sites_each, materials, periods, rich=rich)
    answer = RUNS[run](scenario, legs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**answer, "peak_gb": peak / 1e6}))


def main() -> None:
    """Measure all worlds, and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(WORLDS))
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for each solver")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child)
        return
    for world in [options.only] if options.only else list(WORLDS):
        ours: dict[str, float] | None = None
        for run in PLAN[world]:
            answer = measure(world, run, options.patience)
            if isinstance(answer, str):
                print(f"{world:<11} {run:<23} {answer}", flush=True)
                continue
            if ours is None:
                ours = answer
                print(
                    f"{world:<11} {run:<23} {answer['seconds']:7.2f} s  "
                    f"{answer['peak_gb']:.2f} GB  {answer['columns']:,.0f} columns, "
                    f"{answer['written']:,.0f} written, gap {abs(answer['gap']):.0e}; "
                    f"resolve_share {answer['again'] / answer['seconds']:.2f}",
                    flush=True,
                )
                continue
            apart = abs(answer["optimum"] / ours["optimum"] - 1)
            print(
                f"{world:<11} {run:<23} {answer['seconds']:7.2f} s  {answer['peak_gb']:.2f} GB  "
                f"ratio {answer['seconds'] / ours['seconds']:.1f}, optimum differs by {apart:.0e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
