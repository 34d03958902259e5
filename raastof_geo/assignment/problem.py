"""Lay the programme out: one column for each tonne that may go from a giver to a taker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from raastof_geo.legs import LEG_KEYS, Legs
from raastof_geo.scenario.scenario import Scenario

Floats = NDArray[np.float64]

COLUMN_KEYS = ("giver", "taker", "material", "period")

MEASURES: dict[str, str] = {
    "transport_kg_co2e_wtw": "kg_co2e_wtw_per_t",
    "transport_kg_co2e_ttw": "kg_co2e_ttw_per_t",
    "cost_dkk": "dkk_per_t",
    "tonne_km": "length_km",
    "vehicle_km": "vehicle_km_per_t",
    "virgin_tonnes": "virgin",
}
"""Objectives, and the column that says what a tonne adds to each."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A scenario and the columns of its programme, in the order of their labels."""

    scenario: Scenario
    columns: pd.DataFrame
    """One row per column, with `giver` (an offer, or a pit and material), `giver_kind`,
    `taker` (a need or a receiver), `taker_kind`, the leg, `reference_share` (reference tonnes
    for each tonne), and what a tonne adds to each measure."""

    @cached_property
    def _members(self) -> dict[str, dict[str, NDArray[np.int64]]]:
        return {
            key: {str(label): np.sort(index) for label, index in groups.items()}
            for key in ("giver", "taker", "origin", "destination")
            for groups in [self.columns.groupby(key, observed=True).indices]
        }

    def of(self, key: str, label: str) -> NDArray[np.int64]:
        """Give the columns whose `giver`, `taker`, `origin` or `destination` is `label`."""
        return self._members[key].get(label, np.array([], dtype=np.int64))

    def values(self, name: str) -> NDArray[np.generic]:
        """Give one of the columns' properties as an array."""
        return self.columns[name].to_numpy()

    def measure(self, objective: str) -> Floats:
        """Give what a tonne on each column adds to an objective."""
        return self.columns[MEASURES[objective]].to_numpy(dtype=np.float64)


def build_problem(scenario: Scenario, legs: Legs) -> Problem:
    """Join givers, takers and legs, and keep the best vehicle for each."""
    moves = pd.concat([_to_needs(scenario), _to_receivers(scenario)], ignore_index=True)
    best = _best_vehicles(legs.frame, scenario.said.objectives)
    joined = moves.merge(best, on=["origin", "destination", "material", "period"], how="inner")
    joined["dkk_per_t"] = joined["haul_dkk_per_t"] + joined["price_dkk_per_t"]
    columns = joined.sort_values(list(COLUMN_KEYS), ignore_index=True)
    return Problem(scenario, columns)


def _best_vehicles(frame: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    """Keep for each pair, material and period the vehicle that serves the objectives best."""
    haul = {**MEASURES, "cost_dkk": "haul_dkk_per_t"}
    order = [haul[objective] for objective in objectives if haul[objective] in frame.columns]
    keys = [key for key in LEG_KEYS if key != "vehicle"]
    ranked = frame.sort_values([*keys, *order, "vehicle"], ignore_index=True)
    return ranked.drop_duplicates(keys, ignore_index=True)


def _to_needs(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (*giver, "need", need.id, need.site, period, 1 / need.ratios[giver[3]], giver[4])
        for need in scenario.needs
        for giver, periods in _givers(scenario)
        if giver[3] in need.ratios
        for period in need.periods
        if period in periods
    ]
    return _frame(rows, scenario)


def _to_receivers(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (*giver, "receiver", receiver.site, receiver.site, period, 0.0, fee)
        for receiver in scenario.receivers
        for giver, periods in _givers(scenario)
        if giver[0] == "offer" and giver[3] in receiver.fees_dkk_per_t
        for fee in [receiver.fees_dkk_per_t[giver[3]]]
        for period in periods
    ]
    return _frame(rows, scenario)


def _givers(
    scenario: Scenario,
) -> list[tuple[tuple[str, str, str, str, float], tuple[str, ...]]]:
    """List givers as (kind, id, site, material, DKK per tonne) with the periods they give in."""
    offers = [
        (("offer", offer.id, offer.site, offer.material, offer.price_dkk_per_t), offer.periods)
        for offer in scenario.offers
    ]
    pits = [
        (("pit", f"{pit.site}/{material}", pit.site, material, price), tuple(scenario.periods))
        for pit in scenario.pits
        for material, price in pit.prices_dkk_per_t.items()
    ]
    return offers + pits


def _frame(rows: Sequence[tuple[object, ...]], scenario: Scenario) -> pd.DataFrame:
    names = ["giver_kind", "giver", "origin", "material", "giver_dkk_per_t", "taker_kind", "taker"]
    names += ["destination", "period", "reference_share", "price_dkk_per_t"]
    frame = pd.DataFrame(rows, columns=names)
    virgin = {
        name for name, known in scenario.catalogue.materials.items() if known.origin == "virgin"
    }
    return frame.drop(columns="giver_dkk_per_t").assign(
        virgin=frame["material"].isin(virgin).astype(float)
    )
