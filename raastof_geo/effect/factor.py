"""Which figures of the catalogue stand behind each line, and what an error in them would change."""

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from raastof_geo.effect.books import Books
from raastof_geo.figures import vocabulary
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True)
class Unverified:
    """A figure that nobody saw in its source or that has expired, and that the result hangs on."""

    name: str
    part: vocabulary.Indicator
    """The part of the books that it is a factor of."""
    plan: float
    """What it stands behind in the plan. [unit of the part]"""
    baseline: float
    """The same in the baseline."""

    @property
    def influence(self) -> float:
        """What the saving of this part changes by if the figure is 10 % higher."""
        return 0.1 * (self.baseline - self.plan)


@lru_cache(maxsize=4)
def name_factors(books: Books) -> dict[str, pd.Series]:
    """Name the figure of the catalogue that each line of each part is proportional to; or "".

    Kept, for several outputs ask: not to be changed.
    """
    scenario, lines = books.scenario, books.lines
    known = vocabulary.explained().items()
    found = {part.name: _name_figure(scenario, lines, one.of, one.field) for part, one in known}
    for part, field in _WITHIN_A_SITE.items() if scenario.catalogue.internal_haul else ():
        dumped = (lines["kind"] == "moves") & (lines["vehicle"] == "") & (lines[part] != 0)
        found[part] = found[part].where(~dumped, f"internal_haul.{field}")
    return found


@lru_cache(maxsize=2)
def list_doubts(plan: Books, baseline: Books) -> list[Unverified]:
    """List the figures not seen, or expired, by part: first those that change the saving most."""
    states = plan.scenario.states()
    behind: dict[tuple[str, str], list[float]] = {}
    for number, books in enumerate((plan, baseline)):
        for part, names in name_factors(books).items():
            for name, value in books.lines[part].groupby(names).sum().items():
                if name and abs(value) > 0:
                    behind.setdefault((str(name), part), [0.0, 0.0])[number] += float(value)
    doubts = [
        Unverified(name, vocabulary.find_indicator(part), *values)
        for (name, part), values in behind.items()
        if states.get(name, "seen") != "seen" and vocabulary.find_indicator(part).part_of
    ]
    less = {one.name: baseline.total(one) - plan.total(one) for one in vocabulary.sums_of_parts()}
    saved = {name: max(1.0, abs(value)) for name, value in less.items()}

    def rank(one: Unverified) -> tuple[float, str, str]:
        return -abs(one.influence) / saved.get(_whole(one.part), 1.0), one.name, one.part

    return sorted(doubts, key=rank)


def _whole(part: vocabulary.Indicator) -> str:
    """Give the sum that nothing else holds: of emissions or of money."""
    above = part.part_of
    return str(part) if above is None else _whole(vocabulary.find_indicator(above))


def _name_figure(scenario: Scenario, lines: pd.DataFrame, of: str, field: str) -> pd.Series:
    """Name the number of whatever a part is of, for each line; empty where there is none."""
    catalogue, trucks = scenario.catalogue, scenario.catalogue.vehicles
    of_truck = ("vehicles." + lines["vehicle"] + "." + field).where(lines["vehicle"] != "", "")
    match of:
        case "vehicle":
            names = of_truck
        case "toll":  # the truck's own where it has one, else the table that holds in the period
            own = {one for one, truck in trucks.items() if truck.toll_dkk_per_km is not None}
            years = {one: when.middle_year for one, when in scenario.periods.items()}
            tables = {one: catalogue.toll_in(year) for one, year in years.items()}
            of_state = "tolls." + lines["period"].map(tables).fillna("").astype(str)
            names = of_state.where(~lines["vehicle"].isin(own), of_truck)
            names = names.where(lines["vehicle"] != "", "")
        case "fuel":
            fuels = {one: f"fuels.{truck.fuel}.{field}" for one, truck in trucks.items()}
            names = lines["vehicle"].map({**fuels, "": ""})
        case "sea":
            comes = ((pit, name) for pit in scenario.pits for name in pit.sea_km)
            ships = {pit.giver(name): f"sea.{pit.ship}_{field}" for pit, name in comes}
            names = lines["giver"].map(lambda giver: ships.get(giver, ""))
        case "kind":
            said = {one: site.receiver for one, site in scenario.sites.items()}
            kinds = {one: place.kind for one, place in said.items() if place}
            names = lines["destination"].map(lambda one: f"receiver_kinds.{kinds.get(one)}.{field}")
            names = names.where(lines["taker_kind"] == Role.RECEIVER, "")
        case "samples":
            names = pd.Series(f"soil_samples.{field}", index=lines.index)
        case "processing":
            # At needs crushing before, lime and the like; handling in depots; recipes in plants.
            names, taker = pd.Series("", index=lines.index, dtype=object), lines["taker_kind"]
            uses = lines["taker"].map({need.id: need.use for need in scenario.needs}).fillna("")
            fits = "fits." + lines["material"] + "." + uses + "." + field
            names = names.where(taker != Role.NEED, fits)
            prepared = "materials." + lines["material"] + f".preparation_{field}"
            known = prepared.isin(catalogue.figures().keys()) & (lines["giver_kind"] == Role.OFFER)
            names = names.where(~known | (taker == Role.RECEIVER), prepared)
            stored = (lines["giver_kind"] == Role.DEPOT) | (taker == Role.DEPOT)
            names = names.where(~stored, f"handling.{field}")
            recipes = "recipes." + lines["what"] + "." + field
            names = names.where(lines["kind"] != "processes", recipes)
        case _:
            end = {"pit": "giver_kind", "receiver": "taker_kind"}[of]
            names = ("materials." + lines["material"] + "." + field).where(lines[end] == of, "")
    return names


_WITHIN_A_SITE = {
    vocabulary.ROAD_WTW: "kg_co2e_wtw_per_t",
    vocabulary.TRANSPORT_TTW: "kg_co2e_ttw_per_t",
    vocabulary.HAUL: "haul_dkk_per_t",
}
"""What dumpers stand behind, and the number of the catalogue."""
