"""Which figures of the catalogue stand behind each line, and what an error in them would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from raastof_geo.effect.books import Books, unit_of
from raastof_geo.scenario.scenario import Scenario


@dataclass(frozen=True)
class Doubt:
    """A figure of the catalogue that nobody has verified, and that the result hangs on."""

    name: str
    part: str
    """The part of the books that it is a factor of."""
    plan: float
    """What it stands behind in the plan. [unit of the part]"""
    baseline: float
    """The same in the baseline."""

    @property
    def influence(self) -> float:
        """What the saving of this part changes by if the figure is 10 % higher."""
        return 0.1 * (self.baseline - self.plan)


def name_factors(scenario: Scenario, lines: pd.DataFrame) -> dict[str, pd.Series]:
    """Name the figure of the catalogue that each line of each part is proportional to.

    Returns
    -------
    names
        By part, one name for each line, empty where there is none or the scenario says it.
    """
    return {part: named(scenario, lines) for part, named in FACTORS.items()}


def list_doubts(plan: Books, baseline: Books) -> list[Doubt]:
    """List the unverified figures behind emissions and money.

    Those come first that change the most of the whole saving, of emissions or of money.
    """
    figures = plan.scenario.catalogue.figures()
    sums: dict[tuple[str, str], list[float]] = {}
    for number, books in enumerate((plan, baseline)):
        for part, names in name_factors(books.scenario, books.lines).items():
            for name, value in books.lines[part].groupby(names).sum().items():
                if name and abs(value) > 0:
                    sums.setdefault((str(name), part), [0.0, 0.0])[number] += float(value)
    doubts = [
        Doubt(name, part, *values)
        for (name, part), values in sums.items()
        if name in figures and not figures[name].verified and part in _TOLD
    ]
    whole = {
        unit_of(name): max(1.0, abs(baseline.total(name) - plan.total(name)))
        for name in ("kg_co2e_wtw", "cost_dkk")
    }
    return sorted(
        doubts,
        key=lambda one: (-abs(one.influence) / whole[unit_of(one.part)], one.name, one.part),
    )


_TOLD = (
    "transport_kg_co2e_wtw",
    "upstream_kg_co2e",
    "processing_kg_co2e",
    "disposal_kg_co2e",
    "haul_dkk",
    "toll_dkk",
    "purchase_dkk",
    "tax_dkk",
    "gate_dkk",
    "preparation_dkk",
    "handling_dkk",
    "processing_dkk",
)


def _blank(lines: pd.DataFrame) -> pd.Series:
    return pd.Series("", index=lines.index, dtype=object)


def _of_vehicle(name: str) -> Callable[[Scenario, pd.DataFrame], pd.Series]:
    def named(scenario: Scenario, lines: pd.DataFrame) -> pd.Series:
        return ("vehicles." + lines["vehicle"] + "." + name).where(lines["vehicle"] != "", "")

    return named


def _of_fuel(name: str) -> Callable[[Scenario, pd.DataFrame], pd.Series]:
    def named(scenario: Scenario, lines: pd.DataFrame) -> pd.Series:
        vehicles = scenario.catalogue.vehicles
        return lines["vehicle"].map(lambda one: f"fuels.{vehicles[one].fuel}.{name}" if one else "")

    return named


def _of_material(name: str, where: str, kind: str) -> Callable[[Scenario, pd.DataFrame], pd.Series]:
    def named(scenario: Scenario, lines: pd.DataFrame) -> pd.Series:
        return ("materials." + lines["material"] + "." + name).where(lines[where] == kind, "")

    return named


def _of_processing(unit: str) -> Callable[[Scenario, pd.DataFrame], pd.Series]:
    """Lime and the like at needs, handling in depots, recipes in plants."""

    def named(scenario: Scenario, lines: pd.DataFrame) -> pd.Series:
        uses = {need.id: need.use for need in scenario.needs}
        names = _blank(lines)
        fits = "fits." + lines["material"] + "." + lines["taker"].map(uses).fillna("") + "." + unit
        names = names.where(lines["taker_kind"] != "need", fits)
        stored = (lines["giver_kind"] == "depot") | (lines["taker_kind"] == "depot")
        names = names.where(~stored, f"handling.{unit}")
        recipes = "recipes." + lines["what"] + "." + unit
        return names.where(lines["kind"] != "processes", recipes)

    return named


FACTORS: Mapping[str, Callable[[Scenario, pd.DataFrame], pd.Series]] = {
    "litres": _of_vehicle("energy_per_100km"),
    "kwh": _of_vehicle("energy_per_100km"),
    "transport_kg_co2e_wtw": _of_fuel("kg_co2e_wtw_per_unit"),
    "transport_kg_co2e_ttw": _of_fuel("kg_co2e_ttw_per_unit"),
    "upstream_kg_co2e": _of_material("upstream_kg_co2e", "giver_kind", "pit"),
    "disposal_kg_co2e": _of_material("disposal_kg_co2e", "taker_kind", "receiver"),
    "processing_kg_co2e": _of_processing("kg_co2e_per_t"),
    "haul_dkk": _of_vehicle("hire_dkk_per_h"),
    "toll_dkk": _of_vehicle("toll_dkk_per_km"),
    "purchase_dkk": _of_material("price", "giver_kind", "pit"),
    "tax_dkk": _of_material("tax", "giver_kind", "pit"),
    "gate_dkk": _of_material("gate_fee", "taker_kind", "receiver"),
    "preparation_dkk": _of_processing("dkk_per_t"),
    "handling_dkk": _of_processing("dkk_per_t"),
    "processing_dkk": _of_processing("dkk_per_t"),
}
"""By part: the figure that a line of it is a tonne, an hour, a kilometre or a litre times."""

BASES: Mapping[str, tuple[str, ...]] = {
    "transport_kg_co2e_wtw": ("litres", "kwh"),
    "transport_kg_co2e_ttw": ("litres", "kwh"),
    "litres": ("vehicle_km",),
    "kwh": ("vehicle_km",),
    "haul_dkk": ("loads",),
    "toll_dkk": ("vehicle_km",),
    "tonne_km": ("tonnes",),
    "vehicle_km": ("loads",),
    "drive_h": ("loads",),
}
"""What a line of a part is that many times of; the others are so many times `amount`."""


def base_of(lines: pd.DataFrame, part: str) -> pd.Series:
    """Give what each line of a part is a multiple of."""
    bases = BASES.get(part, ("amount",))
    values = lines[list(bases)].sum(axis=1)
    return values.where(np.abs(values) > 0, lines["amount"])
