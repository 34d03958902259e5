"""The whole programme stated again, by hand and in full, for SciPy.

Straight from the words of the model: every truck has its own variables, every tonne its own
return trip, and nothing is priced in. It shares with the programme only what was read from the
scenario file and the priced legs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

GIVES = {
    "need": {"offer", "pit", "plant", "depot"},
    "receiver": {"offer", "plant", "depot"},
    "plant": {"offer", "pit", "plant", "depot"},
    "depot": {"offer", "pit", "plant"},
}


KEYS = ("origin", "destination", "material", "vehicle", "period")

OwnRow = tuple[Callable[..., float], float, float]
"""A row of one's own: the coefficient of a tonne by the labels in `KEYS`, and its limits."""


class UnclearError(Exception):
    """The solver's branch and bound took a decision for neither 0 nor 1."""


class Dense:
    """Variables by name, what a unit of each amounts to, and rows as they are said."""

    def __init__(self, scenario: Any, legs: Any) -> None:
        self.scenario, self.said = scenario, scenario.said
        self.periods = list(scenario.periods)
        self.vehicles = list(self.said.vehicles)
        keys = ["origin", "destination", "material", "vehicle", "period"]
        self.legs = {
            tuple(str(row[key]) for key in keys): row for row in legs.frame.to_dict("records")
        }
        self.share = self.said.return_loads.share if self.said.return_loads else 0.0
        self.trips: dict[tuple[str, ...], dict[str, Any]] = {}
        if self.share:
            keys = ["origin", "destination", "vehicle", "period"]
            self.trips = {
                tuple(str(row[key]) for key in keys): row
                for row in legs.empty_trips.to_dict("records")
            }
        self.names: list[tuple[Any, ...]] = []
        self.short: list[int] = []
        self.amounts: list[dict[str, float]] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.switched: list[tuple[list[int], int, float]] = []
        self.when: dict[int, str] = {}
        self.lay_out()

    # --- variables ----------------------------------------------------------------------------

    def new(self, name: tuple[Any, ...], *, whole: bool = False, **amounts: float) -> int:
        self.names.append(name)
        self.amounts.append(amounts)
        self.whole.append(whole)
        return len(self.names) - 1

    def row(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        added: dict[int, float] = defaultdict(float)
        for at, value in terms:
            added[at] += value
        self.rows.append((dict(added), low, high))

    def givers(self) -> list[dict[str, Any]]:
        scenario = self.scenario
        found = [
            {"kind": "offer", "of": offer.id, "site": offer.site, "material": offer.material}
            | {"periods": offer.periods, "price": offer.price_dkk_per_t}
            | {"sampling": self.sampled(offer.site, offer.material)}
            | {"made": offer.preparation_kg_co2e_per_t, "making": offer.preparation_dkk_per_t}
            for offer in scenario.offers
        ]
        for pit in scenario.pits:
            for material, price in pit.prices_dkk_per_t.items():
                upstream = scenario.catalogue.materials[material].upstream_kg_co2e
                found.append(
                    {"kind": "pit", "of": pit.site, "site": pit.site, "material": material}
                    | {"periods": self.periods, "price": price}
                    | {"upstream": upstream.value if upstream else 0.0}
                )
        for plant in scenario.plants:
            for process, material in ((p, m) for p in plant.processes for m in p.outputs):
                found.append(
                    {"kind": "plant", "of": plant.site, "site": plant.site, "material": material}
                    | {"recipe": process.recipe, "made_of": process.inputs}
                    | {"periods": self.periods}
                )
        for depot in scenario.depots:
            for material in depot.materials:
                found.append(
                    {"kind": "depot", "of": depot.id, "site": depot.site, "material": material}
                    | {"periods": self.periods, "dkk": depot.out_dkk_per_t}
                    | {"processing": depot.out_kg_co2e_per_t}
                    | {"sampling": self.sampled(depot.site, material) if depot.own else 0.0}
                )
        return found

    def takers(self) -> list[dict[str, Any]]:
        scenario = self.scenario
        found: list[dict[str, Any]] = []
        for need in scenario.needs:
            for material, ratio in need.ratios.items():
                fit = scenario.catalogue.fit(material, need.use)
                found.append(
                    {"kind": "need", "of": need.id, "site": need.site, "material": material}
                    | {"periods": need.material_periods[material], "reference": 1 / ratio}
                    | {"dkk": fit.dkk_per_t.value if fit.dkk_per_t else 0.0}
                    | {"processing": fit.kg_co2e_per_t.value if fit.kg_co2e_per_t else 0.0}
                )
        for place in scenario.receivers:
            for material, fee in place.fees_dkk_per_t.items():
                found.append(
                    {"kind": "receiver", "of": place.site, "site": place.site}
                    | {"material": material, "periods": place.periods}
                    | {"dkk": fee + place.landfill_tax_dkk_per_t}
                    | {"disposal": place.disposal_kg_co2e_per_t.get(material, 0.0)}
                    | {"landfill": float(place.landfill)}
                )
        for plant in scenario.plants:
            for material in {m for process in plant.processes for m in process.inputs}:
                found.append(
                    {"kind": "plant", "of": plant.site, "site": plant.site, "material": material}
                    | {"periods": self.periods}
                )
        for depot in scenario.depots:
            for material in depot.materials:
                found.append(
                    {"kind": "depot", "of": depot.id, "site": depot.site, "material": material}
                    | {"periods": self.periods, "own": depot.own, "dkk": depot.in_dkk_per_t}
                    | {"processing": depot.in_kg_co2e_per_t}
                )
        return found

    def lay_out(self) -> None:
        scenario = self.scenario
        self.moves: list[dict[str, Any]] = []
        takers = self.takers()
        for giver in self.givers():
            for taker in takers:
                if self.deal(giver, taker):
                    self.move(giver, taker)
        for plant in scenario.plants:
            for process in plant.processes:
                for period in self.periods:
                    self.new(
                        ("run", plant.site, process.recipe, period),
                        processing=process.kg_co2e_per_t,
                        dkk=process.dkk_per_t,
                    )
        for depot in scenario.depots:
            for material in depot.materials:
                for period in self.periods:
                    self.new(("lie", depot.id, material, period), dkk=self.keep(depot, period))
        origins = {move["origin"] for move in self.moves}
        goals = {move["destination"] for move in self.moves}
        for (start, goal, vehicle, period), trip in self.trips.items():
            if start in goals and goal in origins:
                self.new(
                    ("trip", start, goal, vehicle, period),
                    transport=trip["kg_co2e_wtw"],
                    ttw=trip["kg_co2e_ttw"],
                    dkk=trip["dkk"],
                    vehicle_km=trip["length_km"],
                    drive_h=trip["drive_h"],
                    work_h=trip["drive_h"],
                    **{name: trip[name] for name in trip if name.startswith("passages_")},
                )
        self.number = {name: at for at, name in enumerate(self.names)}

    def keep(self, depot: Any, period: str) -> float:
        """From the middle of a period to the middle of the next; after the last to its end."""
        stretches = list(self.scenario.periods.values())
        at = self.periods.index(period)
        end = stretches[-1].middle_year + stretches[-1].days / 2 / 365.25
        until = stretches[at + 1].middle_year if at + 1 < len(stretches) else end
        months = 12 * (until - stretches[at].middle_year)
        return float(depot.storing_dkk_per_t + depot.storing_dkk_per_t_month * months)

    def sampled(self, site: str, material: str) -> float:
        """1,000 DKK for 30 t from mapped ground, for 120 t from that of towns and roads."""
        mapping = self.said.sites[site].soil_mapping
        tonnes = {"mapped": 30, "area_classified": 120, "road": 120}.get(mapping or "")
        soil = self.scenario.catalogue.materials[material].soil_class is not None
        return 1000 / tonnes if soil and tonnes else 0.0

    def deal(self, giver: dict[str, Any], taker: dict[str, Any]) -> bool:
        if giver["material"] != taker["material"] or giver["kind"] not in GIVES[taker["kind"]]:
            return False
        if taker.get("own"):
            return bool(giver["kind"] == "offer" and giver["site"] == taker["site"])
        return not (giver["kind"] == taker["kind"] == "plant" and giver["of"] == taker["of"])

    def move(self, giver: dict[str, Any], taker: dict[str, Any]) -> None:
        inside = giver["site"] == taker["site"]
        dumper = self.scenario.catalogue.internal_haul
        dumped = inside and not taker.get("own") and dumper is not None
        kg, ttw, dkk = (
            (
                dumper.kg_co2e_wtw_per_t.value,
                dumper.kg_co2e_ttw_per_t.value,
                dumper.haul_dkk_per_t.value,
            )
            if dumped
            else (0.0, 0.0, 0.0)
        )
        for period in set(giver["periods"]) & set(taker["periods"]):
            for vehicle in self.vehicles:
                ends = (giver["site"], taker["site"])
                leg = self.legs.get((*ends, giver["material"], vehicle, period))
                if leg is None or not all(self.scenario.admits(site, vehicle) for site in ends):
                    continue
                load = leg["load_t"]
                back = self.trips.get((ends[1], ends[0], vehicle, period), {}) if self.share else {}
                hauled = 0.0 if inside else 1.0

                def less(whole: float, name: str, back=back, load=load, hauled=hauled) -> float:
                    return hauled * (whole - self.share * back.get(name, 0.0) / load)

                passed = {
                    name: less(leg[name] / load, name)
                    for name in leg
                    if name.startswith("passages_")
                }
                used = taker["kind"] != "receiver"
                price = giver.get("price", 0.0) + giver.get("making", 0.0) if used else 0.0
                made = giver.get("made", 0.0) if used else 0.0
                haul = dkk + less(leg["haul_dkk_per_t"], "dkk")
                haul += giver.get("sampling", 0.0) if ends[0] != ends[1] else 0.0
                at = self.new(
                    ("move", len(self.names)),
                    transport=kg + less(leg["kg_co2e_wtw_per_t"], "kg_co2e_wtw"),
                    ttw=ttw + less(leg["kg_co2e_ttw_per_t"], "kg_co2e_ttw"),
                    upstream=giver.get("upstream", 0.0),
                    processing=made + giver.get("processing", 0.0) + taker.get("processing", 0.0),
                    disposal=taker.get("disposal", 0.0),
                    dkk=haul + price + giver.get("dkk", 0.0) + taker.get("dkk", 0.0),
                    tonne_km=hauled * leg["length_km"],
                    vehicle_km=less(leg["vehicle_km_per_t"], "length_km"),
                    drive_h=less(leg["drive_h"] / load, "drive_h"),
                    work_h=less(leg["work_h"] / load, "drive_h"),
                    virgin=float(giver["kind"] == "pit"),
                    landfill=taker.get("landfill", 0.0),
                    **passed,
                )
                self.when[at] = period
                self.moves.append(
                    {"at": at, "giver": giver, "taker": taker, "period": period}
                    | {"origin": ends[0], "destination": ends[1], "vehicle": vehicle}
                    | {"material": giver["material"], "reference": taker.get("reference", 0.0)}
                    | {"loads": self.share / load, "heaped": inside}
                )

    # --- measures -----------------------------------------------------------------------------

    def measure(self, name: str, at: int) -> float:
        amounts = self.amounts[at]

        def sum_of(*parts: str) -> float:
            return sum(amounts.get(part, 0.0) for part in parts)

        everything = ("transport", "upstream", "processing", "disposal")
        if name == "kg_co2e_wtw":
            return sum_of(*everything)
        if name == "cost_with_co2_dkk":
            price, tax = self.said.co2_price_dkk_per_t, self.scenario.catalogue.co2_tax_in_fuel
            added = price / 1000 * sum_of(*everything)
            return sum_of("dkk") + added - (tax.value if tax else 0) / 1000 * sum_of("ttw")
        parts = {
            "transport_kg_co2e_wtw": "transport",
            "transport_kg_co2e_ttw": "ttw",
            "upstream_kg_co2e": "upstream",
            "processing_kg_co2e": "processing",
            "disposal_kg_co2e": "disposal",
            "cost_dkk": "dkk",
            "virgin_tonnes": "virgin",
            "landfill_tonnes": "landfill",
        }
        return sum_of(parts.get(name, name))

    def period_of(self, at: int) -> str | None:
        name = self.names[at]
        if name[0] == "move":
            return self.when[at]
        return name[-1] if name[0] in ("run", "lie", "trip") else None

    # --- rows ---------------------------------------------------------------------------------

    def pick(self, **wanted: Any) -> list[dict[str, Any]]:
        return [
            move
            for move in self.moves
            if all(
                (move[key[0]][key[1]] if isinstance(key, tuple) else move[key]) == value
                for key, value in ((_path(name), value) for name, value in wanted.items())
            )
        ]

    def state(self) -> None:
        scenario = self.scenario
        for offer in scenario.offers:
            terms = [(move["at"], 1.0) for move in self.pick(giver__of=offer.id)]
            self.row(terms, offer.tonnes if offer.must_leave else 0.0, offer.tonnes)
        for need in scenario.needs:
            mine = self.pick(taker__of=need.id)
            self.row([(m["at"], m["reference"]) for m in mine], need.tonnes, need.tonnes)
        for pit in scenario.pits:
            self.capacity(self.pick(giver__kind="pit", giver__of=pit.site), pit)
        for place in scenario.receivers:
            self.capacity(self.pick(taker__kind="receiver", taker__of=place.site), place)
        self.state_plants()
        self.state_depots()
        self.state_choices()  # before the targets, which count what openings emit and cost
        self.state_targets()
        self.state_trucks()
        self.state_agreements()

    def state_own(self, own: OwnRow) -> None:
        coefficient, low, high = own
        terms = [(m["at"], coefficient(*(m[key] for key in KEYS))) for m in self.moves]
        self.row(terms, low, high)

    def capacity(self, moves: list[dict[str, Any]], place: Any) -> None:
        if place.per_period_t is not None:
            for period in self.periods:
                terms = [(m["at"], 1.0) for m in moves if m["period"] == period]
                self.row(terms, 0.0, place.per_period_t)
        if place.total_t is not None:
            self.row([(m["at"], 1.0) for m in moves], 0.0, place.total_t)

    def state_plants(self) -> None:
        for plant in self.scenario.plants:
            runs = []
            for period in self.periods:
                now = [
                    (process, self.number["run", plant.site, process.recipe, period])
                    for process in plant.processes
                ]
                runs += [(at, 1.0) for _, at in now]
                if plant.per_period_t is not None:
                    self.row([(at, 1.0) for _, at in now], 0.0, plant.per_period_t)
                for material in {m for process, _ in now for m in process.inputs}:
                    comes = self.pick(
                        taker__kind="plant", taker__of=plant.site, material=material, period=period
                    )
                    used = [(at, -process.inputs.get(material, 0.0)) for process, at in now]
                    self.row([*((m["at"], 1.0) for m in comes), *used], 0.0, 0.0)
                for process, at in now:
                    for material, share in process.outputs.items():
                        leaves = self.pick(
                            giver__kind="plant", giver__of=plant.site, material=material
                        )
                        mine = [
                            (m["at"], 1.0)
                            for m in leaves
                            if m["period"] == period and m["giver"]["recipe"] == process.recipe
                        ]
                        self.row([*mine, (at, -share)], 0.0, 0.0)
            if plant.total_t is not None:
                self.row(runs, 0.0, plant.total_t)

    def state_depots(self) -> None:
        for depot in self.scenario.depots:
            for number, period in enumerate(self.periods):
                lying = [(self.number["lie", depot.id, m, period], 1.0) for m in depot.materials]
                self.row(lying, 0.0, depot.capacity_t)
                comes = self.pick(taker__kind="depot", taker__of=depot.id, period=period)
                if depot.per_period_t is not None:
                    self.row([(m["at"], 1.0) for m in comes], 0.0, depot.per_period_t)
                for material in depot.materials:
                    terms = [(self.number["lie", depot.id, material, period], 1.0)]
                    start = depot.start_t.get(material, 0.0)
                    if number:
                        before = self.periods[number - 1]
                        terms.append((self.number["lie", depot.id, material, before], -1.0))
                        start = 0.0
                    terms += [(m["at"], -1.0) for m in comes if m["material"] == material]
                    leaves = self.pick(giver__kind="depot", giver__of=depot.id, period=period)
                    terms += [(m["at"], 1.0) for m in leaves if m["material"] == material]
                    self.row(terms, start, start)
            if depot.end_t is not None:
                for material in depot.materials:
                    end = depot.end_t.get(material, 0.0)
                    last = self.number["lie", depot.id, material, self.periods[-1]]
                    self.row([(last, 1.0)], end, end)

    def counts(self, move: dict[str, Any], definition: str) -> float:
        """How much of a tonne counts, by what it is made of where a plant has made it."""
        materials = self.scenario.catalogue.materials
        made_of = move["giver"].get("made_of", {move["material"]: 1.0})
        grade = materials[move["material"]].soil_class
        clean = grade is None or grade <= 1
        counted = 0.0
        for material, share in made_of.items():
            known = materials[material]
            if known.origin != "secondary":
                continue
            if (
                definition == "cut_in_virgin"
                or known.soil_class is None
                or (definition == "with_clean_soil" and clean)
            ):
                counted += share
        return counted

    def state_targets(self) -> None:
        targets = self.said.targets
        for number, share in enumerate(targets.secondary_share):
            terms = [
                (
                    m["at"],
                    m["reference"]
                    * (
                        self.counts(m, share.definition) - (share.at_least if share.period else 0.0)
                    ),
                )
                for m in self.moves
                if share.period in (None, m["period"])
            ]
            if share.goal:
                self.short.append(self.new(("short", number)))
                terms.append((self.short[-1], 1.0))
            needed = sum(need.tonnes for need in self.scenario.needs)
            self.row(terms, 0.0 if share.period else share.at_least * needed, np.inf)
        for cap in targets.at_most:
            terms = [
                (at, self.measure(cap.measure, at))
                for at in range(len(self.names))
                if cap.period is None or self.period_of(at) == cap.period
            ]
            self.row(terms, -np.inf, cap.at_most)
        for number, limit in enumerate(targets.passages):
            for period in limit.periods(tuple(self.periods)):
                terms = [
                    (at, self.amounts[at].get(f"passages_{number}", 0.0))
                    for at in range(len(self.names))
                    if self.period_of(at) == period
                ]
                self.row(terms, -np.inf, limit.at_most_per_period)

    def state_trucks(self) -> None:
        for vehicle, limit in self.said.fleet.items():
            for period, span in self.scenario.periods.items():
                mine = [
                    m["at"] for m in self.moves if m["vehicle"] == vehicle and m["period"] == period
                ]
                mine += [
                    at
                    for at, name in enumerate(self.names)
                    if name[0] == "trip" and name[3] == vehicle and name[4] == period
                ]
                hours = [] if limit.hours_per_period is None else [limit.hours_per_period]
                if limit.number is not None:
                    days = (span.end - span.start).days + 1
                    year = self.scenario.catalogue.truck_hours_per_year.value
                    hours.append(limit.number * year * days / 365.25)
                if hours:
                    terms = [(at, self.amounts[at]["work_h"]) for at in mine]
                    self.row(terms, -np.inf, min(hours))
                if limit.km_per_period is not None:
                    terms = [(at, self.amounts[at]["vehicle_km"]) for at in mine]
                    self.row(terms, -np.inf, limit.km_per_period)
        if not self.share:
            return
        sites = {m["origin"] for m in self.moves} | {m["destination"] for m in self.moves}
        for site in sites:
            for vehicle in self.said.vehicles:
                for period in self.periods:
                    terms = []
                    for m in self.moves:
                        if m["vehicle"] == vehicle and m["period"] == period:
                            sign = (m["destination"] == site) - (m["origin"] == site)
                            terms.append((m["at"], sign * m["loads"]))
                    for at, name in enumerate(self.names):
                        if name[0] == "trip" and name[3:] == (vehicle, period):
                            terms.append((at, float((name[2] == site) - (name[1] == site))))
                    self.row(terms, 0.0, 0.0)

    def state_agreements(self) -> None:
        for agreement in self.said.agreements:
            when = agreement.periods(tuple(self.periods))
            terms = [
                (m["at"], 1.0)
                for m in self.moves
                if (m["origin"], m["destination"]) == (agreement.giver, agreement.taker)
                and agreement.material in (None, m["material"])
                and m["period"] in when
            ]
            if agreement.forbidden:
                self.row(terms, 0.0, 0.0)
            if agreement.tonnes is not None:
                self.row(terms, agreement.tonnes.value, agreement.tonnes.value)
            if agreement.at_least is not None:
                self.row(terms, agreement.at_least.value, np.inf)
            if agreement.at_most is not None:
                self.row(terms, 0.0, agreement.at_most.value)

    # --- either-or decisions ------------------------------------------------------------------

    def most_in_all(self) -> float:
        """Tonnes that a plan can do without exceeding anywhere: what is wanted, by the least yield.

        What goes through a place comes to a need, an end stock or an agreement, or is surplus;
        on the way it shrinks at most once in each plant to the least share that a recipe gives.
        """
        scenario = self.scenario
        wanted = sum(need.tonnes * max([1.0, *need.ratios.values()]) for need in scenario.needs)
        wanted += sum(offer.tonnes for offer in scenario.offers)
        for depot in scenario.depots:
            wanted += sum(depot.start_t.values()) + sum((depot.end_t or {}).values())
        for agreement in self.said.agreements:
            amount = agreement.tonnes or agreement.at_least
            wanted += amount.value if amount else 0.0
        yields = [
            min([1.0, *process.outputs.values(), *process.inputs.values()])
            for plant in scenario.plants
            for process in plant.processes
        ]
        return wanted / min([1.0, *yields]) ** max(1, len(scenario.plants))

    def most_of(self, move: dict[str, Any], everything: float) -> float:
        """Tonnes of one move: no more than its ends have and want."""
        most = everything
        for offer in self.scenario.offers:
            if move["giver"]["of"] == offer.id:
                most = min(most, offer.tonnes)
        for need in self.scenario.needs:
            if move["taker"]["of"] == need.id:
                most = min(most, need.tonnes / move["reference"])
        for kind, key, places in (
            ("pit", "giver", self.scenario.pits),
            ("receiver", "taker", self.scenario.receivers),
        ):
            for place in places:
                if (move[key]["kind"], move[key]["of"]) == (kind, place.site):
                    limits = (place.per_period_t, place.total_t, most)
                    most = min(limit for limit in limits if limit is not None)
        return most

    def switch(self, moves: list[dict[str, Any]], decision: int) -> None:
        """Let moves carry something only where a decision is taken."""
        everything = self.most_in_all()
        for move in moves:
            self.switched.append(([move["at"]], decision, self.most_of(move, everything)))

    def state_choices(self) -> None:
        scenario = self.scenario
        for kind, places in (
            ("pit", scenario.pits),
            ("receiver", scenario.receivers),
            ("plant", scenario.plants),
            ("depot", scenario.depots),
        ):
            for place in places:
                if place.opens is None:
                    continue
                opened = self.new(
                    ("open", kind, place.site),
                    whole=True,
                    dkk=place.opens.cost_dkk,
                    processing=place.opens.kg_co2e,
                )
                if kind == "plant":
                    most = min(self.most_in_all(), place.total_t or math.inf)
                    for at, name in enumerate(self.names):
                        if name[:2] == ("run", place.site):
                            self.switched.append(([at], opened, most))
                elif kind == "pit":
                    self.switch(self.pick(giver__kind="pit", origin=place.site), opened)
                else:
                    of = place.id if kind == "depot" else place.site
                    self.switch(self.pick(taker__kind=kind, taker__of=of), opened)
        self.state_partners()
        self.state_lots()
        for members, decision, most in self.switched:
            self.row([*((at, 1.0) for at in members), (decision, -most)], -np.inf, 0.0)

    def state_partners(self) -> None:
        limits = {}
        for site_id, site in self.scenario.sites.items():
            limit = site.partners_at_most
            if limit is None and (site.offers or site.needs):
                limit = self.said.choices.partners_at_most
            if limit is not None:
                limits[site_id] = limit
        pairs = {
            (m["origin"], m["destination"])
            for m in self.moves
            if m["origin"] != m["destination"] and {m["origin"], m["destination"]} & set(limits)
        }
        chosen = {pair: self.new(("link", *pair), whole=True) for pair in sorted(pairs)}
        for m in self.moves:
            link = chosen.get((m["origin"], m["destination"]))
            if link is not None:
                self.switch([m], link)
        for site, limit in limits.items():
            terms = [(at, 1.0) for pair, at in chosen.items() if site in pair]
            self.row(terms, 0.0, float(limit))

    def state_lots(self) -> None:
        lot = self.said.choices.smallest_lot
        if lot is None:
            return
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for m in self.moves:
            if m["origin"] != m["destination"]:
                key = (m["origin"], m["destination"], m["material"], m["period"])
                groups[key].append(m)
        for key, members in sorted(groups.items()):
            sent = self.new(("lot", *key), whole=True)
            self.switch(members, sent)
            terms = [(m["at"], 1.0) for m in members]
            self.row([*terms, (sent, -lot.value)], 0.0, np.inf)

    # --- solving ------------------------------------------------------------------------------

    def optimum(self, own: OwnRow | None = None) -> float | None:
        """Give the least first objective; none where the rows cannot be kept."""
        self.state()
        if own is not None:
            self.state_own(own)
        if self.short:
            lacks = np.zeros(len(self.names))
            lacks[self.short] = 1.0
            nearest = self.solve(lacks)
            if nearest is None:
                return None
            self.row([(at, 1.0) for at in self.short], -np.inf, nearest[0] + 1e-6)
        answer = self.solve(self.first_cost())
        if answer is None or not any(self.whole):
            return None if answer is None else answer[0]
        return self.with_decisions(*answer)

    def first_cost(self) -> np.ndarray:
        measures = self.said.objectives[0].minimise
        return np.array(
            [sum(self.measure(name, at) for name in measures) for at in range(len(self.names))]
        )

    def with_decisions(self, bound: float, values: np.ndarray) -> float:
        """Solve again with the decisions taken, where "closed" is nothing at all, not a hair."""
        closed = np.array(self.whole) & (values < 0.5)
        for members, decision, _ in self.switched:
            closed[members] |= closed[decision]
        opened = np.array(self.whole) & ~closed
        answer = self.solve(self.first_cost(), closed=closed, opened=opened)
        if answer is None or abs(answer[0] - bound) > 1e-2 + 1e-6 * abs(bound):
            raise UnclearError
        return answer[0]

    def solve(
        self,
        cost: np.ndarray,
        *,
        closed: np.ndarray | None = None,
        opened: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray] | None:
        """Minimise over the rows; none where they cannot be kept."""
        count = len(self.names)
        if not count:
            empty = all(low <= 0 <= high for _, low, high in self.rows)
            return (0.0, np.empty(0)) if empty else None
        matrix = np.zeros((len(self.rows), count))
        for number, (terms, _, _) in enumerate(self.rows):
            for at, value in terms.items():
                matrix[number, at] = value
        low = np.array([row[1] for row in self.rows])
        high = np.array([row[2] for row in self.rows])
        whole = np.array(self.whole)
        most = np.where(whole, 1.0, np.inf)
        least = np.zeros(count)
        if closed is not None and opened is not None:
            most[closed], least[opened], whole = 0.0, 1.0, np.zeros(count, bool)
        answer = milp(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            integrality=whole.astype(int),
            bounds=Bounds(least, most),
            options={"mip_rel_gap": 0.0},
        )
        assert answer.status in (0, 2), answer.message
        return (float(answer.fun), answer.x) if answer.status == 0 else None


class DenseBaseline(Dense):
    """The world without coordination: pits to needs, surplus to receivers, capacities once."""

    def lay_out(self) -> None:
        said = self.said
        plenty = [vehicle for vehicle in said.vehicles if vehicle not in said.fleet]
        self.vehicles = list(said.baseline.vehicles or plenty or said.vehicles)
        self.share = 0.0
        self.leaving = {offer.id for offer in self.scenario.offers if offer.must_leave}
        super().lay_out()

    def deal(self, giver: dict[str, Any], taker: dict[str, Any]) -> bool:
        named = self.said.baseline
        ends = (giver["kind"], taker["kind"])
        if ends == ("pit", "need"):
            mine = named.pits is None or giver["site"] in named.pits
        elif ends == ("offer", "receiver"):
            mine = named.receivers is None or taker["site"] in named.receivers
            mine = mine and giver["of"] in self.leaving
        else:
            mine = False
        return mine and giver["material"] == taker["material"]

    def optimum_and_missing(self) -> tuple[float, float]:
        """Give the least cost, which decides a baseline, and the tonnes that have to stay out."""
        scenario, lacking = self.scenario, []
        for offer in scenario.offers:
            if offer.must_leave:
                lacking.append(self.new(("lacking", offer.id)))
                terms = [(m["at"], 1.0) for m in self.pick(giver__of=offer.id)]
                self.row([*terms, (lacking[-1], 1.0)], offer.tonnes, offer.tonnes)
        for need in scenario.needs:
            lacking.append(self.new(("lacking", need.id)))
            terms = [(m["at"], m["reference"]) for m in self.pick(taker__of=need.id)]
            self.row([*terms, (lacking[-1], 1.0)], need.tonnes, need.tonnes)
        for pit in scenario.pits:
            self.capacity(self.pick(giver__kind="pit", giver__of=pit.site), pit)
        for place in scenario.receivers:
            self.capacity(self.pick(taker__kind="receiver", taker__of=place.site), place)
        missing = np.zeros(len(self.names))
        missing[lacking] = 1.0
        least = self.solve(missing)
        assert least is not None, "leaving everything out is always a way"
        self.row([(at, 1.0) for at in lacking], 0.0, least[0] + 1e-7)
        cost = np.array([self.measure("cost_dkk", at) for at in range(len(self.names))])
        best = self.solve(cost)
        assert best is not None
        return best[0], least[0]


def _path(name: str) -> Any:
    first, _, second = name.partition("__")
    return (first, second) if second else first


def dense_optimum(world: Any, own: OwnRow | None = None) -> float | None:
    """The least first objective of a world, stated in full."""
    return Dense(world.scenario, world.legs).optimum(own)


def dense_baseline(world: Any) -> tuple[float, float]:
    """The first objective of a world without coordination, and the tonnes that it leaves out."""
    return DenseBaseline(world.scenario, world.legs).optimum_and_missing()
