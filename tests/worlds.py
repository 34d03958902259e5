"""The smallest worlds, made by hand: scenarios without files, legs without roads, few roads."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
import numpy as np
import pandas as pd
import pytest
from raastof_geo.errors import ScenarioError
from raastof_geo.legs.legs import LEG_KEYS, Legs, compatible_pairs
from raastof_geo.region.projection import measure_steps
from raastof_geo.roads.edges import NetworkMetadata, Turn
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.routing.graph import RoadStop
from raastof_geo.scenario.reading.read import build_scenario
from raastof_geo.scenario.reading.tree import Tree, parse_tree
from raastof_geo.scenario.scenario import Scenario

Kilometres = Callable[[str, str], float]

PIT_AND_PROJECT = """
title: A small world
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
sites:
  road:
    {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{material: clean_clay_soil, amount: 600 t}]
  pit:
    {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand], capacity_per_period: 900 t}}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [clean_clay_soil], capacity_total: 5000 t}
"""
"""One project that needs, one that digs, one pit, one receiver, two periods."""

EVERYTHING = """
title: A small world with everything in it
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
catalogue:
  recipes:
    sort_here:
      name: {en: Sort}
      inputs: {clean_clay_soil: 1}
      outputs: {clean_sandy_soil: 0.75, slightly_polluted_soil: 0.25}
      kg_co2e_per_t: 2
      dkk_per_t: 30
sites:
  road:
    {lon: 12.10, lat: 55.45, vehicles: [tipper_4_axle], needs: [{use: fill, amount: 1000 t}]}
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{material: clean_clay_soil, amount: 600 t, to: 2027}]
    stockpile: {capacity: 200 t}
  pit:
    lon: 12.15
    lat: 55.63
    pit: {supplies: [fill_sand], capacity_per_period: 900 t, capacity_total: 1500 t}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [clean_clay_soil, slightly_polluted_soil], capacity_total: 5000 t}
  works:
    lon: 12.2
    lat: 55.5
    plant: {recipes: [sort_here], capacity_per_period: 400 t, opens: {cost_dkk: 5000, kg_co2e: 10}}
  store:
    lon: 12.21
    lat: 55.5
    depot:
      materials: [clean_clay_soil]
      capacity: 300 t
      capacity_per_period: 250 t
      start: {clean_clay_soil: 40 t}
      end: {clean_clay_soil: 20 t}
      storing_dkk_per_t: 3
targets:
  secondary_share:
    - {at_least: 20 %, period: 2028}
    - {at_least: 80 %, definition: without_soil, goal: true}
  at_most:
    - {measure: cost_dkk, at_most: 900000}
    - {measure: landfill_tonnes, at_most: 500, period: 2027}
  passages: [{municipality: Greve, at_most_per_period: 300}]
  fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 50 %}
fleet: {truck_trailer_7_axle: {number: 2, km_per_period: 9000}}
return_loads: {share: 50 %}
agreements:
  - {giver: digging, taker: store, at_least: 50 t}
  - {giver: pit, taker: road, from: 2028, at_most: 700 t}
  - {giver: digging, taker: tip, material: clean_clay_soil, to: 2027, tonnes: 30 t}
  - {giver: store, taker: tip, forbidden: true}
choices: {partners_at_most: 4, smallest_lot: 25 t}
objectives: [kg_co2e_wtw, {minimise: cost_dkk, tolerance: 1 %}, tonne_km]
"""
"""Every rule of the programme has something to say here."""


def make_scenario(text: str, *, path: str = "world.yaml") -> Scenario:
    """Build a scenario from a YAML text, no file needed."""
    tree = parse_tree(textwrap.dedent(text), file=path)
    return build_scenario(tree, path=Path(path))


def scenario_of(values: Mapping[str, object]) -> Scenario:
    """Build a scenario from plain values, as a text of YAML would give them, in less time."""
    tree = Tree("world.yaml", json.loads(json.dumps(values)))
    return build_scenario(tree, path=Path(tree.file))


def refusal(text: str) -> str:
    """Say why a scenario is refused."""
    with pytest.raises(ScenarioError) as caught:
        make_scenario(text)
    return str(caught.value)


def make_legs(
    scenario: Scenario,
    kilometres: Kilometres | Mapping[tuple[str, str], float] | float = 10.0,
    *,
    factor: float = 1.0,
) -> Legs:
    """Make up the legs of a scenario: 1 kg CO2e (WTW) and 20 DKK for a truck's kilometre.

    Parameters
    ----------
    kilometres
        One way, by origin and destination; a number for all of them. [km]
    factor
        What prices of every leg are multiplied with.
    """
    pairs = compatible_pairs(scenario)
    passages = range(len(scenario.said.targets.passages))
    frames = [pairs.assign(vehicle=vehicle) for vehicle in scenario.said.vehicles]
    frame = pd.concat(
        [trips.assign(period=period) for trips in frames for period in scenario.periods],
        ignore_index=True,
    )
    length = np.array(
        [_between(kilometres, *pair) for pair in frame[["origin", "destination"]].to_numpy()],
        dtype=np.float64,
    )
    load = np.array(
        [
            scenario.catalogue.vehicles[vehicle].load_t(
                scenario.catalogue.materials[material].density_loose.value
            )
            for vehicle, material in zip(frame["vehicle"], frame["material"], strict=True)
        ],
        dtype=np.float64,
    )
    frame = frame.assign(
        length_km=length,
        return_km=length,
        ferry_km=0.0,
        toll_km=0.0,
        drive_h=2 * length / 50,
        work_h=2 * length / 50 + 0.5,
        load_t=load,
        energy=2 * length * 0.3,
        energy_unit="l",
        haul_dkk_per_t=factor * 20 * length / load,
        toll_dkk_per_t=factor * 3 * length / load,
        toll_co2_dkk_per_t=0.0,
        vehicle_km_per_t=2 * length / load,
        kg_co2e_wtw_per_t=factor * 2 * length / load,
        kg_co2e_ttw_per_t=factor * 1.6 * length / load,
        **{f"passages_{number}": 2.0 for number in passages},
        **{f"return_passages_{number}": 1.0 for number in passages},
    )
    frame = frame.sort_values(list(LEG_KEYS), ignore_index=True)
    empty = None
    if scenario.said.return_loads or scenario.said.baseline.return_loads:
        empty = make_empty_trips(scenario, pairs, kilometres, factor=factor)
    return Legs(frame, empty_trips=empty)


def make_empty_trips(
    scenario: Scenario,
    pairs: pd.DataFrame,
    kilometres: Kilometres | Mapping[tuple[str, str], float] | float,
    *,
    factor: float = 1.0,
) -> pd.DataFrame:
    """Make up every empty trip from a taker to a giver: half of what the leg there and back costs.

    The way back is as long as the way out.
    """
    rows = [
        (start, goal, vehicle, period, _between(kilometres, goal, start))
        for start in sorted(pairs["destination"].unique())
        for goal in sorted(pairs["origin"].unique())
        for vehicle in scenario.said.vehicles
        for period in scenario.periods
    ]
    keys = ["origin", "destination", "vehicle", "period"]
    trips = pd.DataFrame(rows, columns=[*keys, "length_km"])
    length = trips["length_km"]
    return trips.assign(
        drive_h=length / 50,
        energy=length * 0.3,
        kg_co2e_wtw=factor * length,
        kg_co2e_ttw=factor * 0.8 * length,
        dkk=factor * 10 * length,
        toll_dkk=factor * 1.5 * length,
        toll_co2_dkk=0.0,
        **{f"passages_{number}": 1.0 for number in range(len(scenario.said.targets.passages))},
    )


def _between(
    kilometres: Kilometres | Mapping[tuple[str, str], float] | float, origin: str, destination: str
) -> float:
    if callable(kilometres):
        return kilometres(origin, destination)
    if isinstance(kilometres, Mapping):
        return kilometres.get((origin, destination), 10.0)
    return kilometres


def random_kilometres(seed: int, *, steps: int = 10_000) -> Kilometres:
    """Draw lengths between 1 and 101 km that depend on nothing but seed and names.

    Few `steps` make many lengths equal.
    """

    def kilometres(origin: str, destination: str) -> float:
        digest = hashlib.sha256(f"{seed}|{origin}|{destination}".encode()).digest()
        return 1 + 100 * (int.from_bytes(digest[:4], "big") % steps) / steps

    return kilometres


def make_network(
    nodes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    *,
    one_way: Sequence[int] = (),
    against: Sequence[int] = (),
    lengths_m: Sequence[float] | None = None,
    roads: Sequence[Road] | None = None,
    turns: Iterable[Turn] | None = None,
) -> RoadNetwork:
    """Make a network of straight edges; `one_way` edges run ahead only, `against` back only."""
    lon, lat = np.array(nodes, dtype=np.float64).T
    tail, head = np.array(edges, dtype=np.int32).reshape(-1, 2).T
    count = len(tail)
    kinds = tuple(roads) if roads is not None else (Road("secondary"),) * count
    both = np.column_stack([tail, head]).ravel()
    measured = measure_steps(lon[tail], lat[tail], lon[head], lat[head])
    number = np.arange(count)
    return RoadNetwork(
        node_lon=lon,
        node_lat=lat,
        tail=tail,
        head=head,
        length_m=measured if lengths_m is None else np.array(lengths_m, dtype=np.float64),
        forward=~np.isin(number, list(against)),
        backward=~np.isin(number, list(one_way)),
        road=np.arange(count, dtype=np.int32),
        roads=kinds,
        point_start=np.arange(0, 2 * count + 1, 2, dtype=np.int32),
        lon=lon[both],
        lat=lat[both],
        metadata=NetworkMetadata("A small world", "2021-08-05", 0.0, (12.0, 55.0, 13.0, 56.0)),
        way=np.arange(1, count + 1),
        turns=tuple(turns or ()),
    )


def random_network(rng, *, one_way=0.3, access=(1.0, 0.0, 0.0), turns=0):
    """Make a network with one-ways, parallel edges, dead ends, chains and loose pieces."""
    nodes = int(rng.integers(4, 30))
    count = int(nodes * rng.uniform(0.8, 1.8))
    edges = [tuple(rng.choice(nodes, 2, replace=False)) for _ in range(count)]
    edges += [edges[0], edges[1][::-1]]
    side = rng.choice(3, len(edges), p=[1 - one_way, one_way / 2, one_way / 2])
    kinds = [Road("secondary", access=Access(kind)) for kind in rng.choice(3, len(edges), p=access)]
    network = make_network(
        rng.uniform((12, 55.4), (12.2, 55.6), (nodes, 2)),
        edges,
        one_way=np.flatnonzero(side == 1),
        against=np.flatnonzero(side == 2),
        lengths_m=rng.uniform(50, 5000, len(edges)),
        roads=kinds,
        turns=random_turns(rng, edges, turns),
    )
    stops = [
        RoadStop(int(rng.integers(len(edges))), float(rng.choice([0, 1, rng.uniform()])))
        for _ in range(6)
    ]
    return network, [*stops, stops[0], RoadStop(stops[1].edge, rng.uniform())]


def random_turns(rng, edges, count):
    """Draw sequences of two or three arcs that follow each other; each edge turns off another."""
    head = {2 * e: v for e, (_, v) in enumerate(edges)} | {
        2 * e + 1: u for e, (u, _) in enumerate(edges)
    }
    out = defaultdict(list)
    for arc in head:
        out[head[arc ^ 1]].append(arc)
    for _ in range(count):
        path = [int(rng.choice(list(head)))]
        for _ in range(int(rng.integers(1, 3))):
            path.append(int(rng.choice(out[head[path[-1]]])))
        if all(one ^ 1 != other for one, other in pairwise(path)):
            yield Turn(bool(rng.random() < 0.3), tuple(path))


def measure_all(roads, origins, destinations):
    """Give the least weight between all origins and destinations, infinite if there is no way."""
    pairs = list(product(origins, destinations))
    weight = roads.routes(*zip(*pairs, strict=True)).weight if pairs else np.zeros(0)
    return weight.reshape(len(origins), len(destinations))
