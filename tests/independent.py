"""Recompute a scenario from its inputs alone, sharing no arithmetic with the product.

Of `raastof_geo` only the reader of the road file is used. Everything else stands here a second
time, written from docs/method.md: places, speeds, energy, routes, prices, who may send what to
whom, and the programmes, which SciPy solves dense with rule and without any pricing in. What it
does not know of (returns, fleets, choices) a scenario must not use.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.sparse
import scipy.sparse.csgraph
import shapely
from pyproj import Transformer
from ruamel.yaml import YAML

from raastof_geo.roads.load import load_network

_TO_M = {"t": 1.0, "kt": 1e3, "Mt": 1e6}
_FREE_IN_TOWN = {"motorway", "motorway_link", "trunk", "trunk_link", "ferry"}
_NO_GATE = {"motorway", "motorway_link", "trunk_link", "ferry"}
_METRES = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True)


def value(figure, otherwise=0.0):
    """Give the number of a figure as it stands in YAML."""
    if figure is None:
        return otherwise
    return float(figure["value"] if isinstance(figure, dict) else figure)


def in_year(figure, year):
    """Give a figure that may change over the years; linear between them."""
    if "by_year" not in figure:
        return value(figure)
    years = sorted(figure["by_year"])
    return float(np.interp(year, years, [figure["by_year"][one] for one in years]))


@dataclass
class World:
    """The inputs, read and laid out: who gives, who takes, in which years."""

    scenario: dict
    catalogue: dict
    years: list[int] = field(init=False)
    givers: list[dict] = field(default_factory=list)
    takers: list[dict] = field(default_factory=list)

    def __post_init__(self):
        self.years = [int(one) for one in self.scenario["periods"]]
        for site, said in self.scenario["sites"].items():
            for number, offer in enumerate(said.get("offers", ())):
                self._offer(site, number, offer)
            for number, need in enumerate(said.get("needs", ())):
                self._need(site, said.get("land", "built_up"), number, need)
            self._pit(site, said.get("pit"))
            self._receiver(site, said.get("receiver"))

    def tonnes(self, text, material):
        """Read an amount such as `25 700 m3 in_situ`. [t]"""
        number, unit, state = re.fullmatch(r"([\d .]+?) ?(t|kt|Mt|m3)(?: (\w+))?", text).groups()
        amount = float(number.replace(" ", ""))
        if unit != "m3":
            return amount * _TO_M[unit]
        return amount * value(self.catalogue["materials"][material][f"density_{state}"])

    def _windows(self, entry, material):
        """Give the years and tonnes of an entry: each year's own, or one amount over a window."""
        first, last = int(entry.get("from", self.years[0])), int(entry.get("to", self.years[-1]))
        window = [year for year in self.years if first <= year <= last]
        if "amount_per_period" in entry:
            each = self.tonnes(entry["amount_per_period"], material)
            return [((year,), each) for year in window]
        return [(tuple(window), self.tonnes(entry["amount"], material))]

    def _offer(self, site, number, entry):
        for window, tonnes in self._windows(entry, entry["material"]):
            must = entry.get("must_leave", True)
            price = entry.get("price_dkk_per_t", 0.0)
            self.givers.append(
                {
                    "kind": "offer",
                    "site": site,
                    "rows": [((site, number, window), tonnes, "=" if must else "<=")],
                    "materials": {entry["material"]: {"price": price}},
                    "years": window,
                }
            )

    def _need(self, site, land, number, entry):
        use = entry["use"]
        reference = self.catalogue["uses"][use]["reference_material"]
        for window, tonnes in self._windows(entry, reference):
            self.takers.append(
                {
                    "kind": "need",
                    "site": site,
                    "rows": [((site, number, window), tonnes, "=")],
                    "materials": {
                        material: {"ratio": self._ratio(material, reference, fit)}
                        for material, fits in self.catalogue["fits"].items()
                        if (fit := fits.get(use))
                        and fit["verdict"] == "allowed"
                        and self._lies_well(material, land)
                    },
                    "years": window,
                    "use": use,
                }
            )

    def _ratio(self, material, reference, fit):
        if "ratio" in fit:
            return value(fit["ratio"])
        dense = [
            self.catalogue["materials"][one]["density_compacted"] for one in (material, reference)
        ]
        return value(dense[0]) / value(dense[1])

    def _lies_well(self, material, land):
        soil = self.catalogue["materials"][material].get("soil_class")
        move = self.catalogue["soil_moves"][land].get(soil, {"verdict": "forbidden"})
        return soil is None or move["verdict"] == "allowed"

    def _room(self, site, entry, first):
        """Give the limits of a pit or a receiver: one row a year, and one over all."""
        rows = {year: [] for year in self.years}
        for year in self.years if "capacity_per_period" in entry else ():
            rows[year].append(
                ((site, year), self.tonnes(entry["capacity_per_period"], first), "<=")
            )
        for year in self.years if "capacity_total" in entry else ():
            rows[year].append(((site, "all"), self.tonnes(entry["capacity_total"], first), "<="))
        return rows

    def _pit(self, site, entry):
        if not entry:
            return
        known, prices = self.catalogue["materials"], entry.get("price_dkk_per_t", {})
        for year, rows in self._room(site, entry, entry["supplies"][0]).items():
            materials = {
                material: {
                    "price": value(prices.get(material, known[material].get("price"))),
                    "tax": value(known[material].get("tax")),
                    "upstream": value(known[material].get("upstream_kg_co2e")),
                }
                for material in entry["supplies"]
            }
            self.givers.append(
                {
                    "kind": "pit",
                    "site": site,
                    "rows": rows,
                    "materials": materials,
                    "years": (year,),
                }
            )

    def _receiver(self, site, entry):
        if not entry:
            return
        known, fees = self.catalogue["materials"], entry.get("gate_fee_dkk_per_t", {})
        kilograms = entry.get("disposal_kg_co2e", {})
        for year, rows in self._room(site, entry, entry["accepts"][0]).items():
            materials = {
                material: {
                    "fee": value(fees.get(material, known[material].get("gate_fee"))),
                    "disposal": value(
                        kilograms.get(material, known[material].get("disposal_kg_co2e"))
                    ),
                }
                for material in entry["accepts"]
            }
            self.takers.append(
                {
                    "kind": "receiver",
                    "site": site,
                    "rows": rows,
                    "materials": materials,
                    "years": (year,),
                }
            )

    def party(self, site, together):
        """Say who a site acts as one with."""
        return self.scenario["sites"][site].get(together) or site


@dataclass
class Leg:
    """A full trip there and an empty one back, with one truck. [for each load]"""

    there_km: float
    back_km: float
    hours: float
    empty_units: float
    """What an empty truck would use there, and what it uses on its way back: see `units`."""
    full_units: float
    back_units: float
    toll_km: float
    link_dkk: float

    def units(self, share):
        """Give what it uses with a share of its payload. [unit of the fuel]"""
        return (1 - share) * self.empty_units + share * self.full_units + self.back_units


class Roads:
    """The built-in roads, with places on them, and ways found by SciPy's Dijkstra."""

    def __init__(self, catalogue, places):
        self.net, self.catalogue = load_network(), catalogue
        self.road_class = np.array([road.road_class for road in self.net.roads])[self.net.road]
        self.km = self.net.length_m / 1000
        self.speed = self._speeds()
        assert not len(self.net.turns) and not np.isfinite(self.net.limits).any()
        starts = self.net.point_start
        xy = np.column_stack(_METRES.transform(self.net.lon, self.net.lat))
        self.lines = np.array(
            [shapely.LineString(xy[a:b]) for a, b in itertools.pairwise(starts)], object
        )
        self._lay_arcs(places)

    def _speeds(self):
        speeds = np.empty(len(self.km))
        table, town = self.catalogue["speeds"], self.catalogue["built_up"]
        share = value(self.catalogue["share_of_signed_limit"])
        for edge, name in enumerate(self.road_class):
            limit, mean = value(table[name]["limit_km_h"]), value(table[name]["mean_km_h"])
            signed = self.net.maxspeed_km_h[edge]
            fast = np.isfinite(signed) and signed > value(town["limit_km_h"])
            if self.net.built_up[edge] == 1 and name not in _FREE_IN_TOWN and not fast:
                mean = min(mean, value(town["mean_km_h"]))
            surface = self.net.roads[self.net.road[edge]].surface
            if surface in self.catalogue["surfaces"]:
                mean = min(mean, value(self.catalogue["surfaces"][surface]))
            if np.isfinite(signed) and signed < limit:
                mean = min(mean, signed * share)
            speeds[edge] = mean
        return speeds

    def _snap(self, places):
        """Move each place to the nearest road with a way back to all others. [edge, share]"""
        net = self.net
        usable = (net.access != 2) & (net.length_m > 0)
        ends = [
            np.r_[net.tail[usable & net.forward], net.head[usable & net.backward]],
            np.r_[net.head[usable & net.forward], net.tail[usable & net.backward]],
        ]
        graph = scipy.sparse.coo_matrix((np.ones(len(ends[0])), ends), (net.node_count,) * 2)
        _, part = scipy.sparse.csgraph.connected_components(graph, connection="strong")
        main = np.bincount(part).argmax()
        gates = usable & ~np.isin(self.road_class, sorted(_NO_GATE))
        gates &= (part[net.tail] == main) & (part[net.head] == main)
        edges = np.flatnonzero(gates)
        points = shapely.points(np.column_stack(_METRES.transform(*np.array(places).T)))
        nearest = edges[shapely.STRtree(self.lines[edges]).nearest(points)]
        return nearest, shapely.line_locate_point(self.lines[nearest], points, normalized=True)

    def _lay_arcs(self, places):
        """Lay out arcs: those of the roads, and from and to each place along its own edge."""
        net = self.net
        arcs = []
        for edge in np.flatnonzero((net.access == 0) & (net.length_m > 0)).tolist():
            if net.forward[edge]:
                arcs.append((net.tail[edge], net.head[edge], edge, 1.0))
            if net.backward[edge]:
                arcs.append((net.head[edge], net.tail[edge], edge, 1.0))
        on = defaultdict(list)
        for number, (edge, share) in enumerate(
            zip(*self._snap(list(places.values())), strict=True)
        ):
            node = net.node_count + number
            on[edge].append((share, node))
            if net.forward[edge]:
                arcs += [
                    (node, net.head[edge], edge, 1 - share),
                    (net.tail[edge], node, edge, share),
                ]
            if net.backward[edge]:
                arcs += [
                    (node, net.tail[edge], edge, share),
                    (net.head[edge], node, edge, 1 - share),
                ]
        for edge, stops in on.items():
            for (one, a), (other, b) in itertools.permutations(stops, 2):
                if (net.forward if one <= other else net.backward)[edge]:
                    arcs.append((a, b, edge, abs(one - other)))
        self.numbers = {site: net.node_count + at for at, site in enumerate(places)}
        self.tail, self.head, self.edge, self.part = (
            np.array(one) for one in zip(*arcs, strict=True)
        )

    def legs(self, vehicle_id, factor):
        """Find the ways of least emissions between all places: full there, empty back."""
        truck = self.catalogue["vehicles"][vehicle_id]
        curve = truck["energy_per_100km"]
        at_sea = self.road_class == "ferry"
        per_km = {
            load: np.where(at_sea, 0, np.interp(self.speed, curve["speed_km_h"], curve[load]) / 100)
            for load in ("empty", "full")
        }
        tolled = np.array(
            [bool(self.catalogue["speeds"][name].get("tolled")) for name in self.road_class]
        )
        edges = {
            "km": self.km,
            "hours": self.km / self.speed,
            "empty": per_km["empty"] * self.km,
            "full": per_km["full"] * self.km,
            "toll_km": tolled * self.km,
            "sea_km": at_sea * self.km,
            "link": self._fares(at_sea),
        }
        arcs = np.column_stack([edges[name][self.edge] * self.part for name in edges])
        at_sea_kg = value(self.catalogue["ferry"]["kg_co2e_wtw_per_km"]) * arcs[:, 5]
        there = self._ways(arcs, arcs[:, 3] * factor + at_sea_kg)
        back = self._ways(arcs, arcs[:, 2] * factor + at_sea_kg)
        legs = {}
        for one, other in itertools.product(self.numbers, repeat=2):
            out, home = there[one, other], back[other, one]
            assert out[5] == home[5] == 0, "ferries are not known here"
            legs[one, other] = Leg(
                there_km=out[0],
                back_km=home[0],
                hours=out[1] + home[1],
                empty_units=out[2],
                full_units=out[3],
                back_units=home[2],
                toll_km=out[4] + home[4],
                link_dkk=out[6] + home[6],
            )
        return legs

    def _fares(self, at_sea):
        fares = np.zeros(len(self.km))
        for link in self.catalogue["fixed_links"].values():
            line = shapely.LineString(np.column_stack(_METRES.transform(*np.array(link["line"]).T)))
            fares += shapely.intersects(self.lines, line) * value(link["fare_dkk"]) * ~at_sea
        return fares

    def _ways(self, arcs, weight):
        """Give what adds up along the best way of each pair of places."""
        order = np.lexsort((weight, self.head, self.tail))
        first = np.r_[True, np.diff(self.tail[order]) | np.diff(self.head[order])].astype(bool)
        kept = order[first]
        count = self.net.node_count + len(self.numbers)
        ends = (self.tail[kept], self.head[kept])
        graph = scipy.sparse.csr_matrix((np.maximum(weight[kept], 1e-12), ends), (count, count))
        number = dict(zip(zip(*ends, strict=True), kept.tolist(), strict=True))
        starts = list(self.numbers.values())
        _, before = scipy.sparse.csgraph.dijkstra(graph, indices=starts, return_predecessors=True)
        sums = {}
        for (one, start), came in zip(self.numbers.items(), before, strict=True):
            for other, goal in self.numbers.items():
                way, node = [], goal
                while node != start:
                    way.append(number[came[node], node])
                    node = came[node]
                sums[one, other] = arcs[way].sum(axis=0)
        return sums


@dataclass
class Column:
    """Tonnes of one material from a giver to a taker in a year, and what one of them means."""

    giver: dict
    taker: dict
    material: str
    year: int
    vehicle: str
    transport: float
    upstream: float
    disposal: float
    cost: float
    tonne_km: float
    ratio: float

    @property
    def all_kg(self):
        """All emissions. [kg CO2e/t]"""
        return self.transport + self.upstream + self.disposal


class Programme:
    """All columns of a world, and the rows that each of its parties has to keep."""

    def __init__(self, world, trucks=None):
        self.world, catalogue = world, world.catalogue
        sites = world.scenario["sites"]
        self.trucks = trucks or world.scenario["vehicles"]
        roads = Roads(catalogue, {site: (said["lon"], said["lat"]) for site, said in sites.items()})
        middle = world.years[len(world.years) // 2] + 0.5
        self.legs = {
            truck: roads.legs(truck, in_year(self._fuel(truck), middle)) for truck in self.trucks
        }
        self.columns = [
            column
            for giver in world.givers
            for taker in world.takers
            if (giver["kind"], taker["kind"]) != ("pit", "receiver")
            for material in sorted(giver["materials"].keys() & taker["materials"].keys())
            for year in sorted(set(giver["years"]) & set(taker["years"]))
            for column in self._columns(giver, taker, material, year)
        ]

    def _fuel(self, truck):
        catalogue = self.world.catalogue
        return catalogue["fuels"][catalogue["vehicles"][truck]["fuel"]]["kg_co2e_wtw_per_unit"]

    def leg(self, truck, origin, destination, material, year):
        """Give km there, units of fuel, kg CO2e and DKK of a tonne."""
        vehicle = self.world.catalogue["vehicles"][truck]
        loose = value(self.world.catalogue["materials"][material]["density_loose"])
        load = min(value(vehicle["payload_t"]), value(vehicle["body_m3"]) * loose)
        leg = self.legs[truck][origin, destination]
        units = leg.units(load / value(vehicle["payload_t"]))
        hours = leg.hours + value(vehicle["loading_min"]) / 60
        dkk = hours * value(vehicle["hire_dkk_per_h"]) + leg.link_dkk
        dkk += leg.toll_km * value(vehicle["toll_dkk_per_km"])
        kilograms = units * in_year(self._fuel(truck), year + 0.5)
        return leg.there_km, units / load, kilograms / load, dkk / load

    def _columns(self, giver, taker, material, year):
        gives, takes = giver["materials"][material], taker["materials"][material]
        bought = gives.get("price", 0.0) + gives.get("tax", 0.0)
        for truck in self.trucks:
            km, _, kilograms, dkk = self.leg(truck, giver["site"], taker["site"], material, year)
            yield Column(
                giver,
                taker,
                material,
                year,
                truck,
                transport=kilograms,
                upstream=gives.get("upstream", 0.0),
                disposal=takes.get("disposal", 0.0),
                cost=dkk + takes.get("fee", 0.0) + (taker["kind"] != "receiver") * bought,
                tonne_km=km,
                ratio=takes.get("ratio", 0.0),
            )

    def solve(self, opens, *by):
        """Minimise figures one after the other over the columns that are open; give the tonnes.

        A move within one site is internal haul, which counts nothing here.
        """
        columns = [column for column in self.columns if opens(column)]
        rows = defaultdict(list)
        limits = {}
        for at, column in enumerate(columns):
            for side in (column.giver, column.taker):
                found = side["rows"]
                for key, limit, sense in found[column.year] if isinstance(found, dict) else found:
                    named = (side["kind"], *key)
                    need = side["kind"] == "need"
                    rows[named].append((at, 1 / column.ratio if need else 1.0))
                    limits[named] = (limit, sense)
        names = list(rows)
        costs = [np.array([self.count(column, one) for column in columns]) for one in by]
        matrix = scipy.sparse.csr_matrix(
            (
                [one for name in names for _, one in rows[name]],
                (
                    [at for at, name in enumerate(names) for _ in rows[name]],
                    [at for name in names for at, _ in rows[name]],
                ),
            ),
            (len(names), len(columns)),
        )
        equal = np.array([limits[name][1] == "=" for name in names])
        limit = np.array([limits[name][0] for name in names])
        kept, most = matrix[~equal], limit[~equal]
        for cost in costs:
            found = scipy.optimize.linprog(
                cost, kept, most, matrix[equal], limit[equal], method="highs"
            )
            assert found.success, found.message
            kept = scipy.sparse.vstack([kept, cost[None]]).tocsr()
            most = np.r_[most, found.fun + 1e-9 * abs(found.fun) + 1e-6]
        return [
            (one, tonnes) for one, tonnes in zip(columns, found.x, strict=True) if tonnes > 1e-6
        ]

    @staticmethod
    def count(column, name):
        """Give a figure of a tonne; a lorry that never leaves its site is none."""
        inside = column.giver["site"] == column.taker["site"]
        if inside and name in ("transport", "tonne_km"):
            return 0.0
        return getattr(column, name)

    def total(self, flows, name):
        """Add a figure up over flows."""
        return sum(tonnes * self.count(column, name) for column, tonnes in flows)

    def share(self, flows, *, soil=True):
        """Give reference tonnes met by secondary materials over all reference tonnes needed."""
        known = self.world.catalogue["materials"]
        met = sum(
            tonnes / column.ratio
            for column, tonnes in flows
            if column.taker["kind"] == "need"
            and known[column.material]["origin"] == "secondary"
            and (soil or "soil_class" not in known[column.material])
        )
        needed = sum(
            row[1]
            for taker in self.world.takers
            if taker["kind"] == "need"
            for row in taker["rows"]
        )
        return met / needed


def read(scenario: Path, catalogue: Path) -> Programme:
    """Read a scenario and a catalogue, and lay the programme out."""
    return Programme(World(*(YAML(typ="safe").load(path) for path in (scenario, catalogue))))


def alone(column):
    """Open pits to needs and surplus to receivers."""
    return (column.giver["kind"], column.taker["kind"]) in {("pit", "need"), ("offer", "receiver")}


def own_first(world, together):
    """Open what `alone` does, and own surplus to own needs, and what businesses sell."""
    sites = world.scenario["sites"]

    def trades(site):
        said = sites[site]
        return {"pit", "plant", "receiver", "depot"} & said.keys() and not {
            "project",
            "needs",
        } & said.keys()

    def opens(column):
        if alone(column):
            return True
        one, other = column.giver["site"], column.taker["site"]
        return column.taker["kind"] == "need" and (
            trades(one) or world.party(one, together) == world.party(other, together)
        )

    return opens
