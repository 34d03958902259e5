"""The whole programme stated again, by hand and in full, for SciPy.

Straight from the words of the model: every truck has its own variables, every tonne its own
return trip, and nothing is priced in. It shares with the programme only what was read from the
scenario file and the priced legs.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

GIVES = {
    "need": {"offer", "pit", "plant", "depot"},
    "receiver": {"offer", "plant", "depot"},
    "plant": {"offer", "pit", "plant", "depot"},
    "depot": {"offer", "pit", "plant"},
}


class Dense:
    """Variables by name, what a unit of each amounts to, and rows as they are said."""

    def __init__(self, scenario: Any, legs: Any) -> None:
        self.scenario, self.said = scenario, scenario.said
        self.periods = list(scenario.periods)
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
        self.amounts: list[dict[str, float]] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.fed = False
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
            for material in {m for process in plant.processes for m in process.outputs}:
                found.append(
                    {"kind": "plant", "of": plant.site, "site": plant.site, "material": material}
                    | {"periods": self.periods}
                )
        for depot in scenario.depots:
            for material in depot.materials:
                found.append(
                    {"kind": "depot", "of": depot.id, "site": depot.site, "material": material}
                    | {"periods": self.periods, "dkk": depot.out_dkk_per_t}
                    | {"processing": depot.out_kg_co2e_per_t}
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
                    | {"material": material, "periods": self.periods, "dkk": fee}
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
                    self.new(("lie", depot.id, material, period), dkk=depot.storing_dkk_per_t)
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

    def deal(self, giver: dict[str, Any], taker: dict[str, Any]) -> bool:
        if giver["material"] != taker["material"] or giver["kind"] not in GIVES[taker["kind"]]:
            return False
        if taker.get("own"):
            return bool(giver["kind"] == "offer" and giver["site"] == taker["site"])
        return not (giver["kind"] == taker["kind"] == "plant" and giver["of"] == taker["of"])

    def move(self, giver: dict[str, Any], taker: dict[str, Any]) -> None:
        heaped = bool(taker.get("own"))
        for period in set(giver["periods"]) & set(taker["periods"]):
            for vehicle in self.said.vehicles:
                ends = (giver["site"], taker["site"])
                leg = self.legs.get((*ends, giver["material"], vehicle, period))
                if leg is None or not all(self.scenario.admits(site, vehicle) for site in ends):
                    continue
                load = leg["load_t"]
                back = self.trips.get((ends[1], ends[0], vehicle, period), {}) if self.share else {}
                hauled = 0.0 if heaped else 1.0

                def less(whole: float, name: str, back=back, load=load, hauled=hauled) -> float:
                    return hauled * (whole - self.share * back.get(name, 0.0) / load)

                passed = {
                    name: less(leg[name] / load, name)
                    for name in leg
                    if name.startswith("passages_")
                }
                price = giver.get("price", 0.0) if taker["kind"] != "receiver" else 0.0
                haul = less(leg["haul_dkk_per_t"], "dkk")
                at = self.new(
                    ("move", len(self.names)),
                    transport=less(leg["kg_co2e_wtw_per_t"], "kg_co2e_wtw"),
                    ttw=less(leg["kg_co2e_ttw_per_t"], "kg_co2e_ttw"),
                    upstream=giver.get("upstream", 0.0),
                    processing=giver.get("processing", 0.0) + taker.get("processing", 0.0),
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
                self.moves.append(
                    {"at": at, "giver": giver, "taker": taker, "period": period}
                    | {"origin": ends[0], "destination": ends[1], "vehicle": vehicle}
                    | {"material": giver["material"], "reference": taker.get("reference", 0.0)}
                    | {"loads": self.share / load, "heaped": heaped}
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
            return sum_of("dkk") + self.said.co2_price_dkk_per_t / 1000 * sum_of(*everything)
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
            return next(move["period"] for move in self.moves if move["at"] == at)
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
                for side, key, sort in (("inputs", "taker", -1.0), ("outputs", "giver", -1.0)):
                    for material in {m for process, _ in now for m in getattr(process, side)}:
                        wanted = {f"{key}__kind": "plant", f"{key}__of": plant.site}
                        moves = self.pick(**wanted, material=material, period=period)
                        made = [
                            (at, sort * getattr(process, side).get(material, 0.0))
                            for process, at in now
                        ]
                        self.row([*((m["at"], 1.0) for m in moves), *made], 0.0, 0.0)
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

    def counts(self, material: str, definition: str) -> bool:
        known = self.scenario.catalogue.materials[material]
        if known.origin != "secondary":
            return False
        if definition == "cut_in_virgin" or known.soil_class is None:
            return True
        return definition == "with_clean_soil" and known.soil_class <= 1

    def state_targets(self) -> None:
        targets = self.said.targets
        share = targets.secondary_share
        if share is not None:
            if share.period is None:
                terms = [
                    (m["at"], m["reference"])
                    for m in self.moves
                    if self.counts(m["material"], share.definition)
                ]
                least = share.at_least * sum(need.tonnes for need in self.scenario.needs)
                self.row(terms, least, np.inf)
            else:
                terms = [
                    (
                        m["at"],
                        m["reference"]
                        * (self.counts(m["material"], share.definition) - share.at_least),
                    )
                    for m in self.moves
                    if m["period"] == share.period
                ]
                self.row(terms, 0.0, np.inf)
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

    def state_choices(self) -> None:
        scenario, most = self.scenario, 1e5
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
                    through = [
                        at for at, name in enumerate(self.names) if name[:2] == ("run", place.site)
                    ]
                elif kind == "pit":
                    through = [m["at"] for m in self.pick(giver__kind="pit", origin=place.site)]
                else:
                    of = place.id if kind == "depot" else place.site
                    through = [m["at"] for m in self.pick(taker__kind=kind, taker__of=of)]
                for at in through:
                    self.row([(at, 1.0), (opened, -most)], -np.inf, 0.0)
        self.state_partners(most)
        self.state_lots(most)

    def state_partners(self, most: float) -> None:
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
                self.row([(m["at"], 1.0), (link, -most)], -np.inf, 0.0)
        for site, limit in limits.items():
            terms = [(at, 1.0) for pair, at in chosen.items() if site in pair]
            self.row(terms, 0.0, float(limit))

    def state_lots(self, most: float) -> None:
        lot = self.said.choices.smallest_lot
        if lot is None:
            return
        groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for m in self.moves:
            if m["origin"] != m["destination"]:
                key = (m["origin"], m["destination"], m["material"], m["period"])
                groups[key].append(m["at"])
        for key, members in sorted(groups.items()):
            sent = self.new(("lot", *key), whole=True)
            terms = [(at, 1.0) for at in members]
            self.row([*terms, (sent, -most)], -np.inf, 0.0)
            self.row([*terms, (sent, -lot.value)], 0.0, np.inf)

    # --- solving ------------------------------------------------------------------------------

    def optimum(self) -> float | None:
        """Give the least first objective; none where the rows cannot be kept."""
        self.state()
        count = len(self.names)
        measures = self.said.objectives[0].minimise
        cost = np.array([sum(self.measure(name, at) for name in measures) for at in range(count)])
        if not count:
            empty = all(low <= 0 <= high for _, low, high in self.rows)
            return 0.0 if empty else None
        matrix = np.zeros((len(self.rows), count))
        for number, (terms, _, _) in enumerate(self.rows):
            for at, value in terms.items():
                matrix[number, at] = value
        low = np.array([row[1] for row in self.rows])
        high = np.array([row[2] for row in self.rows])
        whole = np.array(self.whole)
        answer = milp(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            integrality=whole.astype(int),
            bounds=Bounds(0.0, np.where(whole, 1.0, np.inf)),
            options={"mip_rel_gap": 0.0},
        )
        assert answer.status in (0, 2), answer.message
        return float(answer.fun) if answer.status == 0 else None


def _path(name: str) -> Any:
    first, _, second = name.partition("__")
    return (first, second) if second else first


def dense_optimum(world: Any) -> float | None:
    """The least first objective of a world, stated in full."""
    return Dense(world.scenario, world.legs).optimum()
