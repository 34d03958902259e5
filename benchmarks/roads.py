"""How fast roads become distances, beside others that do the same, in one run.

    python benchmarks/roads.py FILE.osm.pbf [--sites 300 1000] [--rounds 3] [--growth]
        [--restrictions 3000]
        [--osrm-python PYTHON] [--osrm-data NAME.osrm --osrm-prepare-s SECONDS]

Times are seconds, medians of the rounds, ours and the peers' in one run. Peers that are
not installed are left out and named. OSRM comes from `osrm-bindings`, which needs Python 3.12:
name an interpreter that has it; without --osrm-data its data are prepared here, which takes
minutes. Sites are drawn at random, with a seed, on roads open to trucks. `--restrictions` makes so
many turn restrictions up, and compares routes on the file with them and without, in seconds of the
processor.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
import numpy as np

READY = """
import itertools, json, sys, time
begin = time.perf_counter()
import numpy, scipy.sparse.csgraph, shapely, pyproj
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.roads.load import load_network
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.routing.graph import build_graph
from raastof_geo.roads.routing.router import load_router
imported = time.perf_counter()
network = load_network(sys.argv[1])
router = load_router(build_graph(network))
ready = time.perf_counter()
edges = numpy.random.default_rng(1).choice(numpy.flatnonzero(network.access == 0), 300)
stops = [RoadStop(int(edge), 0.5) for edge in edges]
router.weigh(router.graph.length_km).routes(*zip(*itertools.product(stops, stops))).weight
end = time.perf_counter()
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (2**20 if sys.platform == "darwin" else 2**10)
except ImportError:
    peak_mb = float("nan")
print(json.dumps({"import_s": imported - begin, "ready_s": ready - imported,
                  "matrix_s": end - ready, "whole_s": end - begin, "peak_mb": peak_mb}))
"""
OSRM = """
import json, sys, time
import numpy, osrm
places = json.load(sys.stdin)
engine = osrm.OSRM(storage_config=sys.argv[1], use_shared_memory=False)
found = {}
for count, points in places.items():
    question = osrm.TableParameters(coordinates=[tuple(point) for point in points])
    laps = []
    for _ in range(int(sys.argv[2]) + 1):
        begin = time.perf_counter()
        answer = engine.Table(question)
        told = time.perf_counter()
        numpy.array(answer["durations"], dtype=object).astype(float)
        laps.append((told - begin, time.perf_counter() - begin))
    found[count] = laps[1:]
print(json.dumps(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--sites", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--restrictions", type=int)
    parser.add_argument("--osrm-python", type=Path)
    parser.add_argument("--osrm-data", type=Path)
    parser.add_argument("--osrm-prepare-s", type=float)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RAASTOF_CACHE"] = folder
        if options.growth:
            show_growth(options.file)
        elif options.restrictions:
            show_restrictions(options.file, options.restrictions, options.sites[0])
        else:
            compare(options, Path(folder))


def compare(options: argparse.Namespace, folder: Path) -> None:
    cold = [start_fresh(options.file, folder / f"cold{n}") for n in range(options.rounds)]
    warm = [start_fresh(options.file, folder / "cold0") for _ in range(options.rounds)]
    show("network_ready_s", middle(cold, "ready_s"), f"{middle(cold, 'peak_mb'):,.0f} MB")
    show("cached_network_ready_s", middle(warm, "ready_s"))
    show("import_s", middle(cold, "import_s"))
    whole = middle(cold, "whole_s")
    show("cold_matrix_300_s", whole, "imports and all")
    os.environ["RAASTOF_CACHE"] = str(folder / "cold0")
    world = World(options.file)
    show("new_vehicle_s", median_of(world.new_vehicle, options.rounds))
    tables = ask_osrm(options, world, folder)
    for count in options.sites:
        world.matrix(count)
        ours = median_of(lambda count=count: world.matrix(count), options.rounds)
        note = ""
        if str(count) in tables:
            table = statistics.median(lap[1] for lap in tables[str(count)])
            inner = statistics.median(lap[0] for lap in tables[str(count)])
            note = f"OSRM {table:.3f} s ({inner:.3f} before NumPy), {table / ours:.2f} times ours"
        show(f"warm_matrix_{count}_s", ours, note)
    peers(world, whole, options)


def between(measure: object, stops: list) -> np.ndarray:
    """Find the least weight between all stops, pair by pair, as the product does."""
    pairs = zip(*itertools.product(stops, stops), strict=True)
    return measure.routes(*pairs).weight.reshape(len(stops), len(stops))


class World:
    """A ready network, and random places on it."""

    def __init__(self, file: Path) -> None:
        from raastof_geo.roads.load import load_network
        from raastof_geo.roads.routing.graph import build_graph
        from raastof_geo.roads.routing.router import load_router

        self.network = load_network(file)
        self.router = load_router(build_graph(self.network))
        self.weight = self.router.graph.length_km
        self.measure = self.router.weigh(self.weight)

    def stops(self, count: int) -> list:
        from raastof_geo.roads.routing.graph import RoadStop

        draw = np.random.default_rng(count)
        network = self.network
        usable = np.flatnonzero((network.access == 0) & (network.length_m > 0))
        edges = draw.choice(usable, count, replace=False)
        return [
            RoadStop(int(edge), float(share))
            for edge, share in zip(edges, draw.uniform(0, 1, count), strict=True)
        ]

    def places(self, count: int) -> list[list[float]]:
        cut = self.network.cut
        return [cut(stop.edge, stop.share, stop.share)[0].tolist() for stop in self.stops(count)]

    def matrix(self, count: int) -> np.ndarray:
        """Find the way between all, as the legs of a scenario are found."""
        return between(self.measure, self.stops(count))

    def new_vehicle(self) -> None:
        weight = self.weight * np.random.default_rng().uniform(1, 2)
        _ = self.router.weigh(weight).metric


def start_fresh(file: Path, cache: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READY, str(file)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RAASTOF_CACHE": str(cache)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def ask_osrm(options: argparse.Namespace, world: World, folder: Path) -> dict[str, list]:
    if options.osrm_python is None:
        print("OSRM left out: name its interpreter with --osrm-python")
        return {}
    data = options.osrm_data
    if data is None:
        begin = time.perf_counter()
        data = prepare_osrm(options.osrm_python, options.file, folder)
        options.osrm_prepare_s = time.perf_counter() - begin
    places = {count: world.places(count) for count in options.sites}
    done = subprocess.run(
        [str(options.osrm_python), "-c", OSRM, str(data), str(options.rounds)],
        input=json.dumps(places),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def find_osrm(python: Path) -> Path:
    """Find the folder of OSRM's package, with its commands and profiles."""
    where = "import osrm, pathlib; print(pathlib.Path(osrm.__file__).parent)"
    asked = [str(python), "-c", where]
    return Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())


def prepare_osrm(python: Path, source: Path, folder: Path, profile: Path | None = None) -> Path:
    """Make OSRM's data of a file in a folder, with its car or another profile."""
    home = find_osrm(python)
    folder.mkdir(exist_ok=True)
    file = folder / "roads.osm.pbf"
    file.write_bytes(source.read_bytes())
    for command in (
        [home / "bin" / "osrm-extract", "-p", profile or home / "share/profiles/car.lua", file],
        [home / "bin" / "osrm-contract", folder / "roads.osrm"],
    ):
        subprocess.run([str(part) for part in command], capture_output=True, check=True)
    return folder / "roads.osrm"


def peers(world: World, whole: float, options: argparse.Namespace) -> None:
    """Compare the way from a file to a matrix of 300 × 300."""
    if options.osrm_prepare_s:
        ratio = options.osrm_prepare_s / whole
        show("OSRM, extract and contract", options.osrm_prepare_s, f"{ratio:.1f} times ours")
    for name, per_source in (("networkx", with_networkx), ("SciPy, whole graph", with_scipy)):
        seconds = per_source(world)
        total = 300 * seconds
        note = f"300 sources {total:,.0f} s, {total / whole:.1f} times ours"
        show(f"{name}, one source", seconds, note)
    try:
        import pandana
    except ImportError:
        print("pandana left out: it is not installed")
    else:
        show("pandana", with_pandana(pandana, world), "prepare and 300 × 300")


def with_networkx(world: World) -> float:
    import networkx

    graph = world.router.graph
    roads = networkx.DiGraph()
    roads.add_weighted_edges_from(
        zip(graph.start.tolist(), graph.end.tolist(), graph.length_km.tolist(), strict=True)
    )
    sources = graph.start[:: len(graph.start) // 3][:3].tolist()
    return median_of(
        lambda: networkx.single_source_dijkstra_path_length(roads, sources.pop()), len(sources)
    )


def with_scipy(world: World) -> float:
    """Ask SciPy, and hold our distances against its."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra
    from raastof_geo.roads.routing.graph import RoadStop, build_graph
    from raastof_geo.roads.routing.router import load_router

    graph, network = world.router.graph, world.network
    key = graph.start * graph.size + graph.end
    order = np.lexsort((graph.length_km, key))
    _, first = np.unique(key[order], return_index=True)
    arcs = order[first]
    ends = (graph.start[arcs], graph.end[arcs])
    matrix = csr_array((graph.length_km[arcs], ends), shape=(graph.size, graph.size))
    edges = np.flatnonzero(network.forward & network.backward & (network.access == 0))[::40_000]
    nodes = network.tail[edges]
    distances = dijkstra(matrix, indices=nodes)
    stops = [RoadStop(int(edge), 0.0) for edge in edges]
    free = load_router(build_graph(network, turns=False), restricted=False)
    ours = between(free.weigh(free.graph.length_km), stops)
    both = np.isfinite(ours) & np.isfinite(distances[:, nodes])
    gap = np.abs(ours - distances[:, nodes])[both] / np.maximum(distances[:, nodes][both], 1)
    print(f"largest difference to SciPy over {int(both.sum())} pairs: {gap.max():.1e}, relative")
    return median_of(lambda: dijkstra(matrix, indices=nodes[:3]), 3) / 3


def with_pandana(pandana: object, world: World) -> float:
    import pandas as pd

    network = world.network
    begin = time.perf_counter()
    edges = pd.DataFrame({"km": network.length_m / 1000})
    net = pandana.Network(
        pd.Series(network.node_lon), pd.Series(network.node_lat),
        pd.Series(network.tail), pd.Series(network.head), edges, twoway=True,
    )  # fmt: skip
    nodes = np.random.default_rng(300).choice(network.node_count, 300)
    one, other = np.repeat(nodes, 300), np.tile(nodes, 300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it lists every pair without a way
        net.shortest_path_lengths(one, other)
    return time.perf_counter() - begin


def show_restrictions(file: Path, count: int, sites: int) -> None:
    """Time routes between all sites, without turn restrictions and with made-up ones."""
    from raastof_geo.roads.edges import Turn
    from raastof_geo.roads.routing.graph import RoadStop, build_graph
    from raastof_geo.roads.routing.router import load_router

    world = World(file)
    turns = tuple(Turn(*one) for one in make_turns(world.router.graph, count))
    restricted = dataclasses.replace(world.network, turns=turns)
    edges = [(stop.edge, 0.5) for stop in world.stops(sites)]
    pairs = [*zip(*itertools.product([RoadStop(*one) for one in edges], repeat=2), strict=True)]
    for name, network in (("without", world.network), ("with", restricted)):
        laps = [time.process_time()]
        router = load_router(build_graph(network))
        laps.append(time.process_time())
        measure = router.weigh(router.graph.length_km)
        for _ in range(2):
            routes = measure.routes(*pairs)
            laps.append(time.process_time())
        ready, first, again = np.diff(laps).tolist()
        wider = int(routes.turn_at(measure._no_turning).sum()) if name == "with" else 0
        note = f"{len(router.reduction.node):,} core nodes, ready in {ready:.1f} s; "
        note += f"again {again:.1f} s; {int(routes.exists.sum()):,} ways, {wider} turn round"
        show(f"{sites} × {sites} {name} turns, CPU", first, note)


def make_turns(graph: object, count: int) -> list[tuple[bool, list[int]]]:
    """Forbid turns at junctions of three roads and more, drawn at random, with a seed."""
    draw = np.random.default_rng(7)
    leaving = np.bincount(graph.start, minlength=graph.size)
    usable = (leaving[graph.end] >= 3) & (graph.network.access[graph.edge] == 0)
    found = []
    for arc in draw.permutation(np.flatnonzero(usable))[:count].tolist():
        onward = [
            one
            for one in graph.arcs_out.plain(int(graph.end[arc]))
            if graph.edge[one] != graph.edge[arc]
        ]
        if onward:
            pair = np.array([arc, draw.choice(onward)])
            found.append((False, (2 * graph.edge[pair] + ~graph.ahead[pair]).tolist()))
    return found


def show_growth(file: Path) -> None:
    """Measure growing parts of a file, and extrapolate."""
    from raastof_geo.roads.mapped.osm import read_osm

    whole = read_osm(file)
    middle_lon, middle_lat = (float(np.median(x)) for x in (whole.node_lon, whole.node_lat))
    reach = np.maximum(
        np.abs(whole.node_lon - middle_lon) / 1.8, np.abs(whole.node_lat - middle_lat)
    )
    rows = []
    for share in (0.125, 0.25, 0.5, 1.0):
        half = float(np.quantile(reach, share)) * 1.0001
        box = (
            middle_lon - 1.8 * half, middle_lat - half, middle_lon + 1.8 * half, middle_lat + half,
        )  # fmt: skip
        rows.append(measure_part(file, box))
        ways, seconds = rows[-1]["ways"], rows[-1]["seconds"]
        print(
            f"{ways:>9,.0f} ways {rows[-1]['core']:>8,.0f} core nodes {seconds:6.2f} s to ready "
            f"{rows[-1]['peak_mb']:6,.0f} MB {rows[-1]['matrix_s']:6.3f} s for 300 × 300"
        )
    # Each part is cut out of the whole file, whose reading costs the same every time.
    last, half = rows[-1], rows[-2]
    for name in ("seconds", "peak_mb", "matrix_s"):
        slope = (last[name] - half[name]) / (last["ways"] - half["ways"])
        print(
            f"{name}: {100_000 * slope:.2f} more for each 100,000 ways; five times the ways, "
            f"extrapolated in proportion: {5 * last[name]:,.1f}"
        )


def measure_part(file: Path, box: tuple[float, ...]) -> dict[str, float]:
    code = f"""
import itertools, json, resource, sys, time
import numpy, shapely, scipy.sparse.csgraph
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.routing.graph import build_graph
from raastof_geo.roads.routing.router import load_router
begin = time.perf_counter()
network = lay_network(read_osm(sys.argv[1], area=shapely.box(*{box!r})))
router = load_router(build_graph(network))
ready = time.perf_counter()
edges = numpy.random.default_rng(1).choice(numpy.flatnonzero(network.access == 0), 300)
stops = [RoadStop(int(edge), 0.5) for edge in edges]
measure = router.weigh(router.graph.length_km)
pairs = [*zip(*itertools.product(stops, stops))]
measure.routes(*pairs)
again = time.perf_counter()
measure.routes(*pairs)
print(json.dumps({{"ways": network.edge_count, "core": len(router.reduction.node),
    "seconds": ready - begin, "matrix_s": time.perf_counter() - again,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", code, str(file)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "RAASTOF_CACHE": cache},
        )
    return json.loads(done.stdout.splitlines()[-1])


def median_of(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(_laps(work, rounds))


def _laps(work: Callable[[], object], rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        yield time.perf_counter() - begin


def middle(rounds: list[dict[str, float]], name: str) -> float:
    return statistics.median(found[name] for found in rounds)


def show(name: str, seconds: float, note: str = "") -> None:
    print(f"{name:<28} {seconds:9.3f}  {note}", flush=True)


if __name__ == "__main__":
    main()
