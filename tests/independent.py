"""Recompute a scenario from its inputs alone, sharing no arithmetic with the product.

Of `raastof_geo` only the reader of the road file is used. Everything else stands here a second
time, written from docs/method.md: places, speeds, energy, routes, prices, who may send what to
whom, what plants and depots make of it, and the programmes, which SciPy solves with every rule and
without any pricing in. `read` lays a scenario out; `Programme.plan` and `Programme.baseline` solve
it, and `Programme.account` adds up what somebody else has solved. What is not known (legs of a
baseline, zones, changes of roads, ferries) a scenario must not use. Fleets, coordinated trucks,
agreements, passages, fairness and openings are added up, but no plan is looked for under them.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
import numpy as np
import scipy.optimize
import scipy.sparse
import scipy.sparse.csgraph
import shapely
from pyproj import Transformer
from ruamel.yaml import YAML
import raastof_geo
from raastof_geo.roads.load import load_network

_TO_M = {"t": 1.0, "kt": 1e3, "Mt": 1e6}
_FREE_IN_TOWN = {"motorway", "motorway_link", "trunk", "trunk_link", "ferry"}
_NO_GATE = {"motorway", "motorway_link", "trunk_link", "ferry"}
_NOT_PUBLIC = {"service", "track", "ferry"}
_METRES = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True)
_DEGREES = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True)
_DRAWN = Path(raastof_geo.__file__).parent / "data" / "roads.npz"
_SIZES = {"maxlength_m": "length_m", "maxheight_m": "height_m", "maxwidth_m": "width_m"}

TRANSPORT = ("road_kg_co2e_wtw", "sea_kg_co2e_wtw")
EMISSIONS = (*TRANSPORT, "upstream_kg_co2e", "processing_kg_co2e", "disposal_kg_co2e")
MONEY = (
    *("haul_dkk", "toll_dkk", "purchase_dkk", "tax_dkk", "gate_dkk", "landfill_tax_dkk"),
    *("sampling_dkk", "preparation_dkk", "handling_dkk", "processing_dkk", "storing_dkk"),
    "opening_dkk",
)
SUMS = {"transport_kg_co2e_wtw": TRANSPORT, "kg_co2e_wtw": EMISSIONS, "cost_dkk": MONEY}
OBJECTIVES = ["transport_kg_co2e_wtw", "kg_co2e_wtw", "cost_dkk", "tonne_km"]
BY_COST = ["cost_dkk", "tonne_km", "late"]


def value(figure, otherwise=0.0):
    """Give the number of a figure as it stands in YAML."""
    if figure is None:
        return otherwise
    return float(figure["value"] if isinstance(figure, dict) else figure)


def fraction(said):
    """Give a share, written `35 %` or as a figure."""
    said = said["value"] if isinstance(said, dict) else said
    return float(said.rstrip(" %")) / 100 if isinstance(said, str) else float(said)


def in_year(figure, year):
    """Give a figure that may change over the years; linear between them."""
    if "by_year" not in figure:
        return value(figure)
    years = sorted(figure["by_year"])
    return float(np.interp(year, years, [figure["by_year"][one] for one in years]))


def as_list(said):
    """Give what may be one or several as a list."""
    return [said] if isinstance(said, dict) else list(said or ())


@dataclass(frozen=True)
class Period:
    """A period: its name, its first day and its last."""

    id: str
    start: datetime.date
    end: datetime.date

    @classmethod
    def of(cls, said):
        """Read a year, or a name with two days."""
        if isinstance(said, dict):
            return cls(str(said["id"]), said["start"], said["end"])
        return cls(str(said), datetime.date(int(said), 1, 1), datetime.date(int(said), 12, 31))

    @property
    def middle(self):
        """The year in its middle, with its fraction."""
        middle = self.start + (self.end - self.start) / 2
        return middle.year + (middle.timetuple().tm_yday - 1) / 365.25


@dataclass
class World:
    """The inputs, read and laid out: who gives, who takes, in which periods."""

    scenario: dict
    catalogue: dict
    periods: list[Period] = field(init=False)
    givers: list[dict] = field(default_factory=list)
    takers: list[dict] = field(default_factory=list)
    processes: list[dict] = field(default_factory=list)
    depots: list[dict] = field(default_factory=list)

    def __post_init__(self):
        unknown = {"zones", "border", "network", "choices"} & self.scenario.keys()
        assert not unknown, unknown
        self.periods = [Period.of(one) for one in self.scenario["periods"]]
        for site, said in self.scenario["sites"].items():
            for number, offer in enumerate(said.get("offers", ()), 1):
                self._offer(site, number, offer)
            for number, need in enumerate(said.get("needs", ()), 1):
                self._need(site, number, need)
            for lay in (self._pit, self._plant, self._receiver, self._depot, self._stockpile):
                role = lay.__name__.removeprefix("_")
                if said.get(role):
                    lay(site, said[role])

    @property
    def years(self):
        """The names of the periods, in their order."""
        return [one.id for one in self.periods]

    def material(self, name):
        """Give a material of the catalogue."""
        return self.catalogue["materials"][name]

    def tonnes(self, text, material):
        """Read an amount such as `25 700 m3 in_situ`. [t]"""
        number, unit, state = re.fullmatch(r"([\d .]+?) ?(t|kt|Mt|m3)(?: (\w+))?", text).groups()
        amount = float(number.replace(" ", ""))
        if unit != "m3":
            return amount * _TO_M[unit]
        return amount * value(self.material(material)[f"density_{state}"])

    def _windows(self, entry, material):
        """Give the periods and tonnes of an entry: each period's own, or one over a window."""
        first, last = (str(entry.get(end, self.years[at])) for end, at in (("from", 0), ("to", -1)))
        window = self.years[self.years.index(first) : self.years.index(last) + 1]
        if "amount_per_period" in entry:
            each = self.tonnes(entry["amount_per_period"], material)
            return [((year,), each) for year in window]
        return [(tuple(window), self.tonnes(entry["amount"], material))]

    def sort(self, name):
        """Say where a material comes from."""
        known = self.material(name)
        if known["origin"] == "virgin":
            return "virgin"
        if "soil_class" in known:
            return "soil"
        return "residue" if known["legal_regime"] == "residual_products" else "building"

    def counts(self, sort, material):
        """Say by which definitions a tonne of a sort counts as secondary."""
        clean = self.material(material).get("soil_class", 0) <= 1
        return {
            "without_soil": sort in ("building", "residue"),
            "with_clean_soil": sort in ("building", "residue") or (sort == "soil" and clean),
            "cut_in_virgin": sort != "virgin",
        }

    def _sampling(self, site, material):
        """Give what samples of soil cost where it leaves a site. [DKK/t]"""
        known, register = self.material(material), self.scenario["sites"][site].get("soil_mapping")
        if "soil_class" not in known or "soil_samples" not in self.catalogue:
            return 0.0
        mapped = self.catalogue["soil_mappings"][register] if register else {}
        asked = [one["t_per_sample"] for one in (known, mapped) if "t_per_sample" in one]
        each = value(self.catalogue["soil_samples"]["dkk_per_sample"])
        return each / min(map(value, asked)) if asked else 0.0

    def _offer(self, site, number, entry):
        material = entry["material"]
        known = self.material(material)
        made = {
            name: value(entry.get(name, known.get(name)))
            for name in ("preparation_kg_co2e_per_t", "preparation_dkk_per_t")
        }
        for window, tonnes in self._windows(entry, material):
            sense = "=" if entry.get("must_leave", True) else "<="
            key = (site, number, window)
            self.givers.append(
                {
                    "kind": "offer",
                    "site": site,
                    "label": f"{site}/{number}-{material}",
                    "rows": {year: [(("offer", *key), 1.0, tonnes, sense)] for year in window},
                    "captured": (("captured", *key), tonnes),
                    "materials": {
                        material: {
                            "price": float(entry.get("price_dkk_per_t", 0.0)),
                            "sampling": self._sampling(site, material),
                            "made_kg": made["preparation_kg_co2e_per_t"],
                            "made_dkk": made["preparation_dkk_per_t"],
                            "sort": self.sort(material),
                        }
                    },
                    "years": window,
                }
            )

    @property
    def _older(self):
        return self.scenario.get("format", 1) < 3

    def _land(self, site):
        assumed = "built_up" if self._older else next(iter(self.catalogue["land"]))
        return self.scenario["sites"][site].get("land", assumed)

    def _need(self, site, number, entry):
        use = entry["use"]
        reference = self.catalogue["uses"][use]["reference_material"]
        accepted = {
            next(iter(one)) if isinstance(one, dict) else one for one in entry.get("accepts", ())
        }
        for condition in self.scenario.get("accepted_conditions", ()):
            per_need = self.catalogue["conditions"][condition].get("per_need")
            if self._older or not per_need:
                accepted.add(condition)
        serving = {}
        for material, fits in self.catalogue["fits"].items():
            rules = [fits[use], self._move(material, site)] if use in fits else []
            if rules and all(self._holds(rule, accepted) for rule in rules):
                serving[material] = {
                    "ratio": self._ratio(material, reference, fits[use]),
                    "kg": value(fits[use].get("kg_co2e_per_t")),
                    "made_dkk": value(fits[use].get("dkk_per_t")),
                }
        for window, tonnes in self._windows(entry, reference):
            self.takers.append(
                {
                    "kind": "need",
                    "site": site,
                    "label": f"{site}/{number}-{use}",
                    "rows": {
                        year: [(("need", site, number, window), None, tonnes, "=")]
                        for year in window
                    },
                    "materials": serving,
                    "years": window,
                    "use": use,
                    "tonnes": tonnes,
                }
            )

    @staticmethod
    def _holds(rule, accepted):
        met = rule["verdict"] == "conditional" and rule["condition"] in accepted
        return rule["verdict"] == "allowed" or met

    def _ratio(self, material, reference, fit):
        if "ratio" in fit:
            return value(fit["ratio"])
        dense = [value(self.material(one)["density_compacted"]) for one in (material, reference)]
        return dense[0] / dense[1]

    def _move(self, material, site):
        soil = self.material(material).get("soil_class")
        if soil is None:
            return {"verdict": "allowed"}
        return self.catalogue["soil_moves"][self._land(site)].get(soil, {"verdict": "forbidden"})

    def _room(self, kind, site, entry, first):
        """Give the limits of a place: one row a period, and one over all."""
        rows = {year: [] for year in self.years}
        for year in self.years:
            if "capacity_per_period" in entry:
                limit = self.tonnes(entry["capacity_per_period"], first)
                rows[year].append(((kind, site, year), 1.0, limit, "<="))
            if "capacity_total" in entry:
                limit = self.tonnes(entry["capacity_total"], first)
                rows[year].append(((kind, site, "all"), 1.0, limit, "<="))
        return rows

    def _pit(self, site, entry):
        prices, ship = entry.get("price_dkk_per_t", {}), entry.get("ship", "open")
        sea = entry.get("sea_km", {})
        sea = sea if isinstance(sea, dict) else dict.fromkeys(entry["supplies"], sea)
        at_sea = value(self.catalogue.get("sea", {}).get(f"{ship}_kg_co2e_per_tonne_km"))
        materials = {
            material: {
                "price": value(prices.get(material, self.material(material).get("price"))),
                "tax": value(self.material(material).get("tax")),
                "upstream": value(self.material(material).get("upstream_kg_co2e")),
                "sea": sea.get(material, 0.0) * at_sea,
                "sort": "virgin",
            }
            for material in entry["supplies"]
        }
        self.givers.append(
            {
                "kind": "pit",
                "site": site,
                "label": site,
                "rows": self._room("pit", site, entry, entry["supplies"][0]),
                "materials": materials,
                "years": tuple(self.years),
            }
        )

    def _receiver(self, site, entry):
        kind = self.catalogue["receiver_kinds"][entry["kind"]] if "kind" in entry else {}
        landfill = bool(kind.get("landfill") if kind else entry.get("landfill"))
        fees, kilograms = (entry.get(one, {}) for one in ("gate_fee_dkk_per_t", "disposal_kg_co2e"))
        materials = {}
        for material in entry["accepts"]:
            known = self.material(material)
            asked = known.get("landfill_fee") if landfill and kind else None
            asked = asked or kind.get("gate_fee") or known.get("gate_fee")
            emits = None if landfill else known.get("reuse_kg_co2e")
            emits = emits or known.get("disposal_kg_co2e")
            materials[material] = {
                "gate": value(fees.get(material, asked)),
                "tax": value(kind.get("tax")),
                "disposal": value(kilograms.get(material, emits)),
                "landfill": float(landfill),
            }
        self.takers.append(
            {
                "kind": "receiver",
                "site": site,
                "label": site,
                "rows": self._room("receiver", site, entry, entry["accepts"][0]),
                "materials": materials,
                "years": tuple(self.years),
            }
        )

    def _plant(self, site, entry):
        """Let a plant take what its recipes ask for, run them, and give what they make."""
        recipes = {name: self.catalogue["recipes"][name] for name in entry["recipes"]}
        eaten = sorted({one for recipe in recipes.values() for one in recipe["inputs"]})
        opens = "opens" in entry
        sorts = defaultdict(set)
        for recipe in recipes.values():
            for made in recipe["outputs"]:
                sorts[made] |= {self.sort(one) for one in recipe["inputs"]}
        assert all(len(one) == 1 for one in sorts.values()), "recipes that mix sorts"
        fed, made = (
            {
                (one, year): [((name, site, one, year), sign, 0.0, "=")]
                for one in names
                for year in self.years
            }
            for name, names, sign in (("fed", eaten, 1.0), ("made", sorts, -1.0))
        )
        self.takers += [
            {
                "kind": "plant",
                "site": site,
                "label": f"{site}/plant",
                "rows": {year: fed[one, year] for year in self.years},
                "materials": {one: {}},
                "years": tuple(self.years),
                "opens": opens,
            }
            for one in eaten
        ]
        self.givers += [
            {
                "kind": "plant",
                "site": site,
                "label": f"{site}/plant/{one}",
                "rows": {year: made[one, year] for year in self.years},
                "materials": {one: {"sort": next(iter(sorts[one]))}},
                "years": tuple(self.years),
                "opens": opens,
            }
            for one in sorts
        ]
        first = next(iter(recipes[entry["recipes"][0]]["inputs"]))
        room = self._room("plant", site, entry, first)
        for name, recipe in recipes.items():
            for year in self.years:
                rows = [
                    ((kind, site, one, year), sign * value(share), 0.0, "=")
                    for kind, sign, part in (("fed", -1.0, "inputs"), ("made", 1.0, "outputs"))
                    for one, share in recipe[part].items()
                ]
                told = {
                    figure: value(entry.get(figure, {}).get(name, recipe[figure]))
                    for figure in ("kg_co2e_per_t", "dkk_per_t")
                }
                self.processes.append(
                    {
                        "site": site,
                        "recipe": name,
                        "year": year,
                        "opens": opens,
                        "rows": rows + room[year],
                        "figures": {
                            "processing_kg_co2e": told["kg_co2e_per_t"],
                            "processing_dkk": told["dkk_per_t"],
                        },
                    }
                )

    def _depot(self, site, entry):
        self._store(site, site, entry, entry["materials"], own=False)

    def _stockpile(self, site, entry):
        offered = dict.fromkeys(one["material"] for one in self.scenario["sites"][site]["offers"])
        self._store(site, f"{site}/stockpile", entry, list(offered), own=True)

    def _store(self, site, name, entry, materials, *, own):
        """Let what comes to a depot lie there until it leaves."""
        assert not {"start", "end"} & entry.keys(), "stocks at the start or the end"
        assert own or "storing_dkk_per_t" in entry, "depots whose price is by the month"
        handling = self.catalogue["handling"]
        kg = value(entry.get("handling_kg_co2e_per_t", handling["kg_co2e_per_t"]))
        dkk = value(entry.get("handling_dkk_per_t", handling["dkk_per_t"]))
        shared = {
            "site": site,
            "kind": "depot",
            "own": own,
            "depot": name,
            "years": tuple(self.years),
        }
        for material in materials:
            rows = {year: [(("lies", name, material, year), 1.0, 0.0, "=")] for year in self.years}
            sampling = self._sampling(site, material) if own else 0.0
            out = {"kg": kg, "handling": dkk, "sampling": sampling, "sort": self.sort(material)}
            into = {"kg": 0.0 if own else kg, "handling": 0.0 if own else dkk}
            self.givers.append(
                {
                    **shared,
                    "label": f"{name}/out/{material}",
                    "rows": rows,
                    "materials": {material: out},
                }
            )
            into_rows = {
                year: [(key, -one, *rest) for key, one, *rest in found]
                for year, found in rows.items()
            }
            if "capacity_per_period" in entry:
                for year, found in into_rows.items():
                    limit = self.tonnes(entry["capacity_per_period"], materials[0])
                    found.append((("depot", name, year), 1.0, limit, "<="))
            self.takers.append(
                {**shared, "label": f"{name}/in", "rows": into_rows, "materials": {material: into}}
            )
            for at, year in enumerate(self.years):
                room = self.tonnes(entry["capacity"], materials[0])
                lies = [
                    (("lies", name, material, year), 1.0, 0.0, "="),
                    (("filled", name, year), 1.0, room, "<="),
                ]
                if year == self.years[-1]:  # nothing is left
                    lies.append((("left", name, material), 1.0, 0.0, "="))
                else:
                    lies.append((("lies", name, material, self.years[at + 1]), -1.0, 0.0, "="))
                dkk_per_t = value(entry.get("storing_dkk_per_t"))
                self.depots.append(
                    {
                        **shared,
                        "material": material,
                        "year": year,
                        "rows": lies,
                        "figures": {"storing_dkk": dkk_per_t},
                    }
                )

    def businesses(self):
        """Give the sites that trade, of no project and without needs."""
        trades = {"pit", "plant", "receiver", "depot"}
        return {
            site
            for site, said in self.scenario["sites"].items()
            if trades & said.keys() and not {"project", "needs"} & said.keys()
        }

    def together(self):
        """Say who acts as one, as said or by default."""
        said = self.scenario.get("baseline", {}).get("together")
        sites = self.scenario["sites"]
        placed = all("municipality" in sites[one] for one in sites.keys() - self.businesses())
        return said or ("municipality" if placed else "project")

    def alike(self, one, other, together):
        """Tell whether two sites are one party, or one project."""
        sites = self.scenario["sites"]
        if sites[one].get("project", one) == sites[other].get("project", other):
            return True
        apart = {one, other} & self.businesses()
        parties = [sites[site].get(together) for site in (one, other)]
        return (
            together != "project"
            and not apart
            and parties[0] is not None
            and parties[0] == parties[1]
        )

    def may_come(self, site, truck):
        """Tell whether a truck has room at a site."""
        said, known = self.scenario["sites"][site], self.catalogue["vehicles"][truck]
        limits = said.get("truck_limits", {})
        assert limits.keys() <= _SIZES.keys()
        fits = all(value(known[_SIZES[name]]) <= most for name, most in limits.items())
        return fits and truck in said.get("vehicles", [truck])

    def place(self, site):
        """Give where a site is. [degrees]"""
        said = self.scenario["sites"][site]
        if "lon" in said:
            return said["lon"], said["lat"]
        assert said["crs"] == "EPSG:25832"
        return _DEGREES.transform(said["easting"], said["northing"])


@dataclass
class Leg:
    """A full trip there and an empty one back, with one truck: sums along the two. [trips]"""

    there: dict[str, float]
    back: dict[str, float]

    def both(self, name):
        """Add a figure of both ways."""
        return self.there[name] + self.back[name]

    def units(self, share):
        """Give what it uses with a share of its payload. [unit of the fuel]"""
        full = (1 - share) * self.there["empty"] + share * self.there["full"]
        return full + self.back["empty"]


class Roads:
    """The built-in roads, with places on them, and ways found by SciPy's Dijkstra."""

    def __init__(self, catalogue, places):
        self.net, self.catalogue = load_network(), catalogue
        self.road_class = np.array([road.road_class for road in self.net.roads])[self.net.road]
        self.km = self.net.length_m / 1000
        self.speed = self._speeds()
        assert not len(self.net.turns) and not np.isfinite(self.net.limits).any()
        metres = np.column_stack(_METRES.transform(self.net.lon, self.net.lat))
        self.lines = self._draw(metres)
        self._lay_arcs(places)

    def _draw(self, xy):
        pairs = itertools.pairwise(self.net.point_start)
        return np.array([shapely.LineString(xy[a:b]) for a, b in pairs], object)

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
        edges = {
            "km": self.km,
            "hours": self.km / self.speed,
            "empty": per_km["empty"] * self.km,
            "full": per_km["full"] * self.km,
            "sea_km": np.where(at_sea, self.km, 0.0),
            "link": self._fares(at_sea),
            **{f"toll {name}": factor * self.km for name, factor in self.tolled.items()},
        }
        arcs = np.column_stack([edges[name][self.edge] * self.part for name in edges])
        at_sea_kg = value(self.catalogue["ferry"]["kg_co2e_wtw_per_km"]) * arcs[:, 4]
        there = self._ways(arcs, arcs[:, 3] * factor + at_sea_kg)
        back = self._ways(arcs, arcs[:, 2] * factor + at_sea_kg)
        legs = {}
        for one, other in itertools.product(self.numbers, repeat=2):
            named = [
                dict(zip(edges, way, strict=True)) for way in (there[one, other], back[other, one])
            ]
            assert not any(way["sea_km"] for way in named), "ferries are not known here"
            legs[one, other] = Leg(*named)
        return legs

    @cached_property
    def tolled(self):
        """How much of the toll each edge costs, by the name of a table; `""` where none is."""
        classes = self.catalogue["speeds"]
        signed = np.array([bool(classes[one].get("tolled")) for one in self.road_class])
        public = ~np.isin(self.road_class, sorted(_NOT_PUBLIC))
        found = {"": signed.astype(float)}
        for name, table in self.catalogue.get("tolls", {}).items():
            found[name] = np.where(public if table["roads"] == "public" else signed, 1.0, 0.0)
            found[name][self._inside(table.get("zones", ()))] *= table.get("zone_factor", 1.0)
        return found

    def _inside(self, municipalities):
        """Tell which edges touch municipalities."""
        drawn = json.loads(np.load(_DRAWN)["region"].tobytes())
        labels = zip(drawn["labels"]["name"], drawn["labels"]["code"], strict=True)
        areas = [
            shapely.geometry.shape(shape)
            for shape, label in zip(drawn["shapes"], labels, strict=True)
            if set(municipalities) & {*label}
        ]
        assert len(areas) >= len(municipalities)
        lines = self._draw(np.column_stack([self.net.lon, self.net.lat]))
        touched = [shapely.intersects(lines, area) for area in areas]
        return np.any(touched, axis=0) if touched else np.zeros(len(lines), bool)

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
    """A unit of something that may be done, which rows it counts in, and what it comes to."""

    kind: str
    """`move`, `process`, `store` or `short` (of a goal)."""
    rows: list[tuple]
    """For each row its key, how much a unit counts there, the row's limit and its sense."""
    figures: dict[str, float]
    giver: dict | None = None
    taker: dict | None = None
    material: str = ""
    year: str = ""
    vehicle: str = ""
    recipe: str = ""
    reference: float = 0.0
    """Reference tonnes of a need for each tonne."""
    load_t: float = math.inf
    opens: bool = False
    """Whether it is a candidate's, which nobody has opened."""

    @property
    def label(self):
        """What books call a move; within one site it has no truck."""
        kept = f"/{self.material}" if self.giver["kind"] == "pit" else ""
        truck = "" if self.load_t == math.inf else self.vehicle
        return self.giver["label"] + kept, self.taker["label"], self.material, truck, self.year

    def count(self, name):
        """Give a figure, or a sum of figures, of a unit."""
        return sum(self.figures.get(one, 0.0) for one in SUMS.get(name, (name,)))


class Programme:
    """All columns of a world, and the rows that each of its parties has to keep."""

    def __init__(self, world):
        self.world, catalogue = world, world.catalogue
        self.trucks = world.scenario["vehicles"]
        self.roads = Roads(catalogue, {site: world.place(site) for site in world.scenario["sites"]})
        middle = world.periods[len(world.periods) // 2].middle
        self.legs = {
            truck: self.roads.legs(truck, in_year(self._fuel(truck), middle))
            for truck in self.trucks
        }
        several = {"process": world.processes, "store": world.depots}
        made = [
            Column(
                *(kind, one["rows"], one["figures"], one, one),
                **{name: one.get(name, "") for name in ("material", "year", "recipe")},
                opens=one.get("opens", False),
            )
            for kind, those in several.items()
            for one in those
        ]
        self.columns = [*self._moves(), *made]

    def _fuel(self, truck, scope="wtw"):
        catalogue = self.world.catalogue
        fuel = catalogue["fuels"][catalogue["vehicles"][truck]["fuel"]]
        return fuel[f"kg_co2e_{scope}_per_unit"]

    def _toll(self, truck, middle):
        """Give the table of tolls that holds, and what it asks for a kilometre."""
        vehicle = self.world.catalogue["vehicles"][truck]
        begun = {
            name: table
            for name, table in self.world.catalogue.get("tolls", {}).items()
            if table["valid_from"].year <= middle
        }
        name = max(begun, key=lambda one: begun[one]["valid_from"], default="")
        if "toll_dkk_per_km" in vehicle or not name:
            return name, value(vehicle.get("toll_dkk_per_km"))
        rates = begun[name]["dkk_per_km"].get(vehicle["toll_weight"], {})
        return name, float(rates.get(vehicle.get("toll_co2", 1), 0.0))

    def _toll_co2(self, truck, table, rate):
        """Give how much of a rate is a price of CO2: what is beyond the rest of the worst class."""
        vehicle, said = (
            self.world.catalogue["vehicles"][truck],
            self.world.catalogue.get("tolls", {}),
        )
        if "toll_dkk_per_km" in vehicle or table not in said:
            return 0.0
        rest = 1 - said[table].get("co2_share", 0.0)
        return max(0.0, rate - rest * said[table]["dkk_per_km"][vehicle["toll_weight"]][1])

    def _moves(self):
        world = self.world
        takers = defaultdict(list)
        for taker in world.takers:
            for material in taker["materials"]:
                takers[material].append(taker)
        for giver in world.givers:
            for material in giver["materials"]:
                for taker in takers[material]:
                    if self._may_deal(giver, taker):
                        yield from self._columns(giver, taker, material)

    @staticmethod
    def _may_deal(giver, taker):
        """Tell whether one may send to the other at all."""
        pair = giver["kind"], taker["kind"]
        if pair in (("pit", "receiver"), ("pit", "depot"), ("depot", "depot")):
            return False
        if taker.get("own") and (giver["kind"] != "offer" or giver["site"] != taker["site"]):
            return False
        return pair != ("plant", "plant") or giver["site"] != taker["site"]

    def _columns(self, giver, taker, material):
        world, ends = self.world, (giver["site"], taker["site"])
        for truck in self.trucks:
            legal = world.catalogue["vehicles"][truck].get("legal_from", datetime.date.min)
            if not all(world.may_come(site, truck) for site in ends):
                continue
            for period in world.periods:
                if (
                    period.id in giver["years"]
                    and period.id in taker["years"]
                    and legal <= period.start
                ):
                    yield self._column(giver, taker, material, period, truck)

    def _column(self, giver, taker, material, period, truck):
        gives, takes = giver["materials"][material], taker["materials"][material]
        inside, used = giver["site"] == taker["site"], float(taker["kind"] != "receiver")
        piled = bool(taker.get("own"))
        load_t, figures = self.haul(truck, giver["site"], taker["site"], material, period)
        if inside:
            figures = self._dumper(figures) if not piled else {}
        reference = 1 / takes["ratio"] if taker["kind"] == "need" else 0.0
        figures |= {
            "sea_kg_co2e_wtw": gives.get("sea", 0.0),
            "upstream_kg_co2e": gives.get("upstream", 0.0),
            "processing_kg_co2e": used * gives.get("made_kg", 0.0)
            + gives.get("kg", 0.0) + takes.get("kg", 0.0),
            "disposal_kg_co2e": takes.get("disposal", 0.0),
            "purchase_dkk": used * gives.get("price", 0.0),
            "tax_dkk": used * gives.get("tax", 0.0),
            "gate_dkk": takes.get("gate", 0.0),
            "landfill_tax_dkk": takes.get("tax", 0.0),
            "sampling_dkk": 0.0 if inside else gives.get("sampling", 0.0),
            "preparation_dkk": used * gives.get("made_dkk", 0.0) + takes.get("made_dkk", 0.0),
            "handling_dkk": gives.get("handling", 0.0) + takes.get("handling", 0.0),
            "virgin_tonnes": float(giver["kind"] == "pit"),
            "landfill_tonnes": takes.get("landfill", 0.0),
            "late": float(self.world.periods.index(period)),  # of equally good ones, the earlier
        }  # fmt: skip
        rows = [*giver["rows"][period.id]]
        for key, counts, *rest in taker["rows"][period.id]:
            rows.append((key, reference if counts is None else counts, *rest))
        return Column("move", rows, figures, giver, taker, material, period.id, truck,
                      reference=reference, load_t=math.inf if inside else load_t,
                      opens=giver.get("opens", False) or taker.get("opens", False))  # fmt: skip

    def haul(self, truck, origin, destination, material, period):
        """Give what a load weighs, and what a tonne on the road comes to."""
        catalogue = self.world.catalogue
        vehicle = catalogue["vehicles"][truck]
        loose = value(self.world.material(material)["density_loose"])
        load = min(value(vehicle["payload_t"]), value(vehicle["body_m3"]) * loose)
        leg = self.legs[truck][origin, destination]
        idle = value(vehicle["idle_per_h"]) * self.world.scenario.get("idle_min_per_load", 0) / 60
        units = leg.units(load / value(vehicle["payload_t"])) + idle
        hours = leg.both("hours") + value(vehicle["loading_min"]) / 60
        table, rate = self._toll(truck, period.middle)
        trip = {
            "road_kg_co2e_wtw": units * in_year(self._fuel(truck), period.middle),
            "transport_kg_co2e_ttw": units * in_year(self._fuel(truck, "ttw"), period.middle),
            "haul_dkk": hours * value(vehicle["hire_dkk_per_h"]),
            "toll_dkk": leg.both(f"toll {table}") * rate + leg.both("link"),
            "toll_co2_dkk": leg.both(f"toll {table}") * self._toll_co2(truck, table, rate),
            "vehicle_km": leg.both("km"),
            "drive_h": leg.both("hours"),
            "energy": units,
        }
        return load, {name: one / load for name, one in trip.items()} | {
            "tonne_km": leg.there["km"]
        }

    def _dumper(self, figures):
        """Give what a tonne comes to that never leaves its site."""
        said = self.world.catalogue.get("internal_haul")
        if said is None:  # as the audit counted: the hours of a lorry, and nothing else
            return {"haul_dkk": figures["haul_dkk"]}
        return {
            "road_kg_co2e_wtw": value(said["kg_co2e_wtw_per_t"]),
            "transport_kg_co2e_ttw": value(said["kg_co2e_ttw_per_t"]),
            "haul_dkk": value(said["haul_dkk_per_t"]),
        }

    # --- solving ----------------------------------------------------------------------------

    def plan(self, *by):
        """Find the best plan by the scenario's objectives, as near its goals as can be."""
        said = self.world.scenario
        known = {"secondary_share", "virgin_today"}
        assert not {"fleet", "return_loads", "agreements"} & said.keys()
        assert said.get("targets", {}).keys() <= known
        columns, extra = list(self.columns), defaultdict(list)
        for number, target in enumerate(as_list(said.get("targets", {}).get("secondary_share"))):
            key, share = ("share", number), fraction(target["at_least"])
            definition = target.get("definition", "with_clean_soil")
            within = str(target["period"]) if "period" in target else None
            for column in columns:
                counts = float(self._counts(column, definition))
                if within is None:
                    extra[id(column)].append((key, counts * column.reference))
                elif column.year == within:
                    extra[id(column)].append((key, (counts - share) * column.reference))
            extra[key] = (0.0 if within else -share * self._needed(), -1.0)
            if target.get("goal"):
                columns.append(Column("short", [], {"short": 1.0}))
                extra[id(columns[-1])] = [(key, 1.0)]
        goal = ["short"] if any(one.kind == "short" for one in columns) else []
        objectives = said.get("objectives", OBJECTIVES)
        return self.solve(columns, [*goal, *(by or objectives), "late"], self._captured(), extra)

    def baseline(self, kind, together=None):
        """Find the cheapest world without coordination."""
        together = together or self.world.together()
        columns = [one for one in self.columns if self._open(one, kind, together)]
        if kind == "alone":
            return self.solve(columns, BY_COST, lambda material: 0.0)
        if kind == "today":
            return self._today(columns)
        return self.solve(columns, BY_COST, self._captured())

    def _today(self, columns):
        """Find the least that has to be put to use for today's share, and then most of it.

        The least share `u` of what can be used is a column of its own, which every captured row of
        what counts has less of; no search is needed.
        """
        said = self.world.scenario["baseline"]["today"]
        used = {name: fraction(one) for name, one in said.get("used", {}).items()}
        counted = [one for one in columns if self._counts(one, said["definition"])]
        offered = {
            one
            for giver in self.world.givers
            if giver["kind"] == "offer"
            for one in giver["materials"]
        }
        free = {
            name
            for name in offered - used.keys()
            if self.world.counts(self.world.sort(name), name)[said["definition"]]
        }
        most = self._captured()
        sigma = fraction(said["share"]) * self._needed()

        def at(share):
            def captured(name):
                mine = share * (most(name) or 1.0) if name in free else used.get(name, most(name))
                return mine if most(name) is None or mine is None else min(mine, most(name))

            return captured

        spare = Column("short", [], {"u": 1.0})
        extra = defaultdict(list, {id(one): [(("share", 0), one.reference)] for one in counted})
        extra["share", 0] = (-sigma, -1.0)
        for giver in self.world.givers:
            if giver["kind"] == "offer" and free & giver["materials"].keys():
                (name,) = giver["materials"]
                key, tonnes = giver["captured"]
                extra[id(spare)].append((key, -(most(name) or 1.0) * tonnes))
        found = self.solve([*columns, spare], ["u"], at(0.0), extra)
        least = sum(amount for one, amount in found if one is spare)
        for column in counted:
            column.figures["counted"] = -column.reference
        return self.solve(columns, ["counted", *BY_COST], at(least))

    def _needed(self):
        """Give all that is needed. [reference t]"""
        return sum(one.get("tonnes", 0.0) for one in self.world.takers)

    def _captured(self):
        """Give how much of what is offered of a material can be put to use; none: all of it."""
        said = self.world.scenario.get("capture", {})
        return lambda name: fraction(said[name]) if name in said else (
            fraction(said["default"]) if "default" in said else None
        )  # fmt: skip

    def _open(self, column, kind, together):
        """Tell whether a world without coordination uses a column."""
        world, sells = self.world, self.world.businesses()
        one, other = column.giver, column.taker
        if column.opens or (column.kind == "move" and not self._named(column)):
            return False
        if column.kind != "move":
            mine = one.get("own") or one["site"] not in sells
            return kind != "alone" and (column.kind == "process" or mine)
        pair = one["kind"], other["kind"]
        if pair in (("pit", "need"), ("offer", "receiver"), ("plant", "receiver")):
            return True
        depots = [end for end in (one, other) if end["kind"] == "depot"]
        if kind == "alone" or any(not end["own"] and end["site"] in sells for end in depots):
            return False
        market = "plant" in pair and other["kind"] != "depot"
        sold = pair == ("offer", "need") and one["site"] in sells
        return market or sold or world.alike(one["site"], other["site"], together)

    def _named(self, column):
        """Tell whether the baseline has the truck, the pit and the receiver of a move."""
        said, few = self.world.scenario.get("baseline", {}), self.world.scenario.get("fleet", {})
        plain = said.get("vehicles") or [truck for truck in self.trucks if truck not in few]
        open_to = {"pit": said.get("pits"), "receiver": said.get("receivers")}
        ends = [(open_to.get(end["kind"]), end["site"]) for end in (column.giver, column.taker)]
        places = all(sites is None or site in sites for sites, site in ends)
        return places and column.vehicle in (plain or self.trucks)

    def _counts(self, column, definition):
        """Tell whether tonnes of a column count as secondary."""
        if column.kind != "move" or column.taker["kind"] != "need":
            return False
        sort = column.giver["materials"][column.material]["sort"]
        return self.world.counts(sort, column.material)[definition]

    def solve(self, columns, by, captured=lambda name: None, extra=None):
        """Minimise figures one after the other; give columns and how much of each is done.

        Of columns that differ in the truck alone the best by all figures in turn is kept: no row
        knows trucks, so another one is never needed.
        """
        extra = extra or {}
        best = {}
        for column in columns:
            key = id(column)
            if column.kind == "move":
                key = (id(column.giver), id(column.taker), column.material, column.year)
            cost = [column.count(name) for name in by]
            if key not in best or cost < best[key][0]:
                best[key] = cost, column
        columns = [column for _, column in best.values()]
        rows, limits = defaultdict(list), {}
        for at, column in enumerate(columns):
            for key, counts, limit, sense in (*column.rows, *self._held(column, captured)):
                rows[key].append((at, counts))
                limits[key] = limit, sense
            for key, counts in extra.get(id(column), ()):
                sign = 1.0
                if key[0] == "share":
                    (limit, sign), sense = extra[key], "<="
                    limits[key] = limit, sense
                rows[key].append((at, sign * counts))
        found = self._minimise(columns, by, rows, limits)
        return [(one, amount) for one, amount in zip(columns, found, strict=True) if amount > 1e-7]

    @staticmethod
    def _held(column, captured):
        """Give the row that holds a move of surplus to what can be put to use."""
        if column.kind != "move" or column.giver["kind"] != "offer":
            return ()
        share = captured(column.material)
        if share is None or column.taker["kind"] == "receiver":
            return ()
        assert not column.taker.get("own"), "surplus that is stored is not known to be held"
        key, tonnes = column.giver["captured"]
        return ((key, 1.0, share * tonnes, "<="),)

    @staticmethod
    def _minimise(columns, by, rows, limits):
        names = list(rows)
        places = [(at, *one) for at, name in enumerate(names) for one in rows[name]]
        row, column, counts = map(np.array, zip(*places, strict=True))
        matrix = scipy.sparse.csr_matrix((counts, (row, column)), (len(names), len(columns)))
        equal = np.array([limits[name][1] == "=" for name in names])
        limit = np.array([limits[name][0] for name in names])
        kept, most = matrix[~equal], limit[~equal]
        for name in by:
            cost = np.array([one.count(name) for one in columns])
            found = scipy.optimize.linprog(
                cost, kept, most, matrix[equal], limit[equal], method="highs",
                options={"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9},
            )  # fmt: skip
            assert found.success, found.message
            kept = scipy.sparse.vstack([kept, cost[None]]).tocsr()
            most = np.r_[most, found.fun + 1e-10 * abs(found.fun) + 1e-7]
        return found.x

    # --- adding up --------------------------------------------------------------------------

    def total(self, flows, name):
        """Add a figure up over flows."""
        return sum(amount * column.count(name) for column, amount in flows)

    def shares(self, flows, period=None):
        """Give the three shares: recycled, with clean soil, and what is cut of virgin material.

        The last is none where the scenario does not say what is used today.
        """
        met = [
            (column, amount)
            for column, amount in flows
            if column.kind == "move"
            and column.taker["kind"] == "need"
            and period in (None, column.year)
        ]
        needed = sum(amount * column.reference for column, amount in met)
        shares = {
            name: sum(n * one.reference for one, n in met if self._counts(one, name)) / needed
            for name in ("without_soil", "with_clean_soil")
        }
        today = self.world.scenario.get("targets", {}).get("virgin_today")
        virgin = sum(amount for column, amount in met if column.giver["kind"] == "pit")
        times = 1 if period else len(self.world.years)
        if today:
            used = times * self.world.tonnes(today["amount_per_period"], None)
            return shares | {"cut": 1 - virgin / used}
        return shares | {"cut": None}

    def account(self, lines, shared=0.0):
        """Add up what somebody else has solved: who sends how much to whom, and nothing more.

        Parameters
        ----------
        lines
            Rows with `kind`, `giver`, `taker`, `origin`, `destination`, `material`, `vehicle`,
            `period`, `what` and `amount`: moves, recipes, stores, empty trips, openings.
        shared
            Share of the tonnes that coordinated trucks carry, without an empty return of their own.

        Returns
        -------
        flows, totals
            Columns and amounts of moves, recipes and stores; every figure of all lines.
        """
        named = {one.label: one for one in self.columns if one.kind == "move"}
        made = {
            (one.giver["site"], one.recipe, one.year): one
            for one in self.columns
            if one.kind == "process"
        }
        lying = {
            (one.giver["depot"], one.material, one.year): one
            for one in self.columns
            if one.kind == "store"
        }
        flows, others = [], []
        for line in lines:
            if line["kind"] == "moves":
                ends = [re.sub(r"@[^/]*$", "", line[end]) for end in ("giver", "taker")]
                column = named[(*ends, *(line[one] for one in ("material", "vehicle", "period")))]
                flows.append((column, line["amount"]))
                others.append(self._pooled(column, shared * line["amount"]))
            elif line["kind"] == "processes":
                flows.append((made[line["origin"], line["what"], line["period"]], line["amount"]))
            elif line["kind"] == "stores":
                flows.append(
                    (lying[line["what"], line["material"], line["period"]], line["amount"])
                )
            elif line["kind"] == "trips":
                others.append(self._empty(line))
            else:
                others.append(self._opening(line))
        names = {name for column, _ in flows for name in column.figures}
        totals = {name: self.total(flows, name) for name in names}
        for one in others:
            for name, amount in one.items():
                totals[name] = totals.get(name, 0.0) + amount
        totals |= {
            name: sum(totals.get(part, 0.0) for part in parts) for name, parts in SUMS.items()
        }
        loads = sum(math.ceil(n / one.load_t - 1e-9) for one, n in flows if one.load_t < math.inf)
        return flows, totals | {"loads": loads}

    def _trip(self, leg, truck, year):
        """Give what an empty trip comes to."""
        vehicle = self.world.catalogue["vehicles"][truck]
        middle = self.world.periods[self.world.years.index(year)].middle
        table, rate = self._toll(truck, middle)
        return {
            "road_kg_co2e_wtw": leg["empty"] * in_year(self._fuel(truck), middle),
            "transport_kg_co2e_ttw": leg["empty"] * in_year(self._fuel(truck, "ttw"), middle),
            "haul_dkk": leg["hours"] * value(vehicle["hire_dkk_per_h"]),
            "toll_dkk": leg[f"toll {table}"] * rate + leg["link"],
            "toll_co2_dkk": leg[f"toll {table}"] * self._toll_co2(truck, table, rate),
            "vehicle_km": leg["km"],
            "drive_h": leg["hours"],
            "energy": leg["empty"],
        }

    def _pooled(self, column, tonnes):
        """Give what is not driven of the empty returns of some tonnes; below zero."""
        if column.load_t == math.inf:
            return {}
        leg = self.legs[column.vehicle][column.giver["site"], column.taker["site"]]
        trip = self._trip(leg.back, column.vehicle, column.year)
        return {name: -tonnes / column.load_t * one for name, one in trip.items()}

    def _empty(self, line):
        """Give what empty trips come to: the way back of the leg that leads the other way."""
        leg = self.legs[line["vehicle"]][line["destination"], line["origin"]]
        trip = self._trip(leg.back, line["vehicle"], line["period"])
        return {name: line["amount"] * one for name, one in trip.items()}

    def _opening(self, line):
        entries = self.world.scenario["sites"][line["origin"]].values()
        opens = next(one["opens"] for one in entries if isinstance(one, dict) and "opens" in one)
        return {
            "opening_dkk": line["amount"] * float(opens["cost_dkk"]),
            "processing_kg_co2e": line["amount"] * float(opens.get("kg_co2e", 0.0)),
        }


def read(scenario: Path, catalogue: Path) -> Programme:
    """Read a scenario and a catalogue, and lay the programme out."""
    return Programme(World(*(YAML(typ="safe").load(path) for path in (scenario, catalogue))))
