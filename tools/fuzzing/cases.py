"""Run one case: give the programme what was spoiled, and tell what became of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import Any
import numpy as np
import pandas as pd
from fuzzing.outcome import KINDS, Outcome
from fuzzing.roads import make_bases, spoil_roads
from fuzzing.scenarios import QUICK_OUTPUTS, make_scenario
from fuzzing.spoil import spoil_arrays, spoil_bytes, spoil_leaf
from raastof_geo import pipeline
from raastof_geo.assignment import assign
from raastof_geo.effect import measure_effect
from raastof_geo.errors import RaastofError
from raastof_geo.legs.legs import price_legs
from raastof_geo.outputs import write_outputs
from raastof_geo.records.verify import check_results
from raastof_geo.result import Result
from raastof_geo.roads.load import load_network
from raastof_geo.roads.mapped.build import build_network, lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.scenario import read_scenario

TOWN = {
    "title": "Town",
    "language": "en",
    "periods": [2027],
    "vehicles": ["tipper_4_axle"],
    "network": {"snap_limit_m": 20_000},
    "sites": {
        "a": {"lon": 12.02, "lat": 55.42, "needs": [{"use": "fill", "amount": "1000 t"}]},
        "b": {
            "lon": 12.2,
            "lat": 55.6,
            "offers": [{"material": "clean_clay_soil", "amount": "900 t"}],
        },
        "pit": {"lon": 12.1, "lat": 55.5, "pit": {"supplies": ["fill_sand"]}},
        "tip": {"lon": 12.25, "lat": 55.45, "receiver": {"accepts": ["clean_clay_soil"]}},
    },
    "outputs": [*QUICK_OUTPUTS],
}
_VARIABLE = "RAASTOF_CACHE"


@dataclass
class Case:
    """One input, in a folder of its own."""

    kind: str
    number: int
    seed: int
    folder: Path
    bench: Bench
    read: bool = False
    planned: bool = False

    @cached_property
    def dice(self) -> Random:
        """Give the generator of this case, which depends on nothing else."""
        return Random(f"{self.seed}/{self.kind}/{self.number}")

    def run(self) -> Outcome:
        """Run the case; a fault is whatever is neither an answer nor a refusal of ours."""
        exit_code, fault = None, ""
        try:
            with _cache_in(self.folder / "cache" if self.kind == "roads" else self.bench.cache):
                _RUN[self.kind](self)
        except RaastofError as error:
            exit_code = error.exit_code
            fault = _look_at(error)
            if exit_code == 4 and self.kind in ("scenarios", "roads"):
                fault = f"nothing failed outside, but: {error}"
        except _DoubtError as error:
            fault = str(error)
        except BaseException:
            fault = traceback.format_exc(limit=-4)
        return Outcome(self.kind, self.number, self.read, self.planned, exit_code, fault)


class _DoubtError(Exception):
    """The programme answered, and wrongly."""


def _look_at(error: RaastofError) -> str:
    """See whether a refusal is a sentence that can be shown."""
    text = str(error)
    if not text.strip():
        return "refused without a word"
    if "Traceback" in text or len(text) > 100_000:
        return f"refused with {text[:200]}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"refused with a text that cannot be shown: {text!r:.200}"
    return ""


class Bench:
    """What a worker makes once for all its cases: roads, a plan, and a filled cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self._built_in = lru_cache(load_network)

    def pick_roads(self, dice: Random) -> RoadNetwork:
        """Give the roads of the town, and of Zealand now and then, which take longer."""
        return self._built_in() if dice.random() < 0.1 else self.town_roads

    @cached_property
    def town_roads(self) -> RoadNetwork:
        """Read the roads of the town."""
        self.bases  # noqa: B018
        return load_network(self.folder / "town" / "town.npz")

    @cached_property
    def bases(self) -> dict[str, bytes]:
        """The town in each format."""
        return make_bases(self.folder / "town")

    @cached_property
    def town(self) -> Path:
        """The scenario of the town."""
        self.bases  # noqa: B018
        file = self.folder / "town.yaml"
        file.write_text(json.dumps(TOWN), encoding="utf-8")
        return file

    def price(self, network: RoadNetwork) -> Result:
        """Plan the town on a network."""
        with _roads(network):
            return pipeline.solve_scenario(read_scenario(self.town))

    @cached_property
    def result(self) -> Result:
        """Give the plan of the town on its own roads, which fills a cache."""
        self.town  # noqa: B018
        with _cache_in(self.folder / "filled"):
            return self.price(load_network(self.folder / "town" / "town.osm"))

    @cached_property
    def results(self) -> Path:
        """Write the results of the town."""
        return write_outputs(self.result, self.folder / "results" / "town")


@contextmanager
def _roads(network: RoadNetwork) -> Iterator[None]:
    """Let every scenario run on these roads."""
    before = pipeline.load_network
    pipeline.load_network = lambda *_, **__: network
    try:
        yield
    finally:
        pipeline.load_network = before


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _run_scenario(case: Case) -> None:
    file = case.folder / "scenario.yaml"
    file.write_bytes(make_scenario(case.dice))
    scenario = read_scenario(file)
    case.read = True
    with _roads(case.bench.pick_roads(case.dice)):
        network, anchors = pipeline.place_scenario(scenario)
    legs = price_legs(scenario, network, anchors)
    plan = assign(scenario, legs)
    result = Result(scenario, network, anchors, legs, plan, measure_effect(scenario, legs, plan))
    case.planned = True
    if case.dice.random() < 0.15:
        verdict = check_results(write_outputs(result, case.folder / "results"))
        if not verdict.holds:
            raise _DoubtError(f"written, and refused by verify: {verdict.findings}")


def _run_roads(case: Case) -> None:
    ending, content = spoil_roads(case.bench.bases, case.dice)
    file = case.folder / f"roads{ending}"
    file.write_bytes(content)
    case.bench.town  # noqa: B018
    if ending in (".npz", ".graphml"):
        network = load_network(file)
    elif case.dice.random() < 0.5:
        network = build_network(read_osm(file))
    else:
        network = lay_network(read_osm(file), title="Town")
    case.read = True
    if case.dice.random() < 0.5:
        case.bench.price(network)
        case.planned = True


def _run_cache(case: Case) -> None:
    wanted = case.bench.result.legs.frame
    filled = case.folder / "filled"
    shutil.copytree(case.bench.folder / "filled", filled)
    entries = sorted(file for file in filled.rglob("*") if file.is_file() and file.stat().st_size)
    for entry in case.dice.sample(entries, min(len(entries), case.dice.randint(1, 2))):
        entry.write_bytes(_spoil_file(entry, case.dice))
    with _cache_in(filled):
        found = case.bench.price(load_network(case.bench.folder / "town" / "town.osm")).legs.frame
    case.read = case.planned = True
    numbers = wanted.select_dtypes("number").columns
    same = len(found) == len(wanted) and np.allclose(
        found[numbers].to_numpy(float), wanted[numbers].to_numpy(float), equal_nan=True
    )
    if not same:
        raise _DoubtError("a spoiled entry of the cache was believed: other legs came of it")


def _spoil_file(file: Path, dice: Random) -> bytes:
    content = file.read_bytes()
    if file.suffix == ".npz" and dice.random() < 0.6:
        return spoil_arrays(content, dice)
    return spoil_bytes(content, dice)


def _run_results(case: Case) -> None:
    results = case.folder / "results"
    shutil.copytree(case.bench.results, results)
    file = case.dice.choice(sorted(one for one in results.rglob("*") if one.is_file()))
    before = file.read_bytes()
    after = _spoil_result(file, before, case.dice)
    if after is None:
        file.unlink()
    else:
        file.write_bytes(after)
    if case.dice.random() < 0.1:
        write_outputs(case.bench.result, results)
        case.read = case.planned = True
        if not check_results(results).holds:
            raise _DoubtError(f"written over spoiled {file.name}, and refused by verify")
        return
    verdict = check_results(results)
    case.read = True
    if after != before and getattr(verdict, "untouched", False):
        raise _DoubtError(f"{file.name} was changed, and verify did not name it")


def _spoil_result(file: Path, content: bytes, dice: Random) -> bytes | None:
    """Change a field, an array or bytes of a file; none: the file goes."""
    how = dice.random()
    if how < 0.05:
        return None
    if file.suffix == ".json" and how < 0.7:
        tree = json.loads(content)
        spoil_leaf(tree, dice)
        return json.dumps(tree).encode("utf-8", "replace")
    if file.suffix == ".csv" and how < 0.7:
        return _spoil_table(content, dice)
    if file.suffix == ".npz" and how < 0.4:
        return spoil_arrays(content, dice)
    return spoil_bytes(content, dice)


def _spoil_table(content: bytes, dice: Random) -> bytes:
    table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    if len(table):
        row, column = dice.randrange(len(table)), dice.randrange(len(table.columns))
        table.iloc[row, column] = dice.choice(
            ("", "x", "-1", "1e308", table.iloc[row, column] + "1")
        )
    return table.to_csv(index=False).encode("utf-8", "replace")


_RUN: dict[str, Callable[[Case], Any]] = dict(
    zip(KINDS, (_run_scenario, _run_roads, _run_cache, _run_results), strict=True)
)
