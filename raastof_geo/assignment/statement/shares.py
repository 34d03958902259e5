"""Whose a line is: how much of it falls to the project that gives, and to the one that takes.

The books divide a plan by it, and the rule of fairness limits a plan by it, so that a project which
the rule keeps from being worse off is not worse off in the books.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from raastof_geo.arrays import Floats, Mask
from raastof_geo.assignment.statement.measures import COST_PARTS, EMISSION_PARTS
from raastof_geo.scenario.scenario import Scenario

Group: TypeAlias = Literal["ends", "taking", "buying", "giving"]
"""How a part of a line is shared out between its two ends."""

PARTS: Mapping[str, Group] = {
    "tonnes": "ends",
    "loads": "ends",
    "vehicle_km": "ends",
    "tonne_km": "ends",
    "drive_h": "ends",
    "litres": "ends",
    "kwh": "ends",
    "transport_kg_co2e_wtw": "ends",
    "transport_kg_co2e_ttw": "ends",
    "upstream_kg_co2e": "buying",
    "processing_kg_co2e": "taking",
    "disposal_kg_co2e": "giving",
    "haul_dkk": "ends",
    "toll_dkk": "ends",
    "purchase_dkk": "buying",
    "tax_dkk": "buying",
    "gate_dkk": "giving",
    "preparation_dkk": "taking",
    "handling_dkk": "ends",
    "processing_dkk": "ends",
    "storing_dkk": "ends",
    "opening_dkk": "ends",
    "reference_tonnes": "taking",
    "secondary_reference_tonnes": "taking",
    "virgin_tonnes": "buying",
    "secondary_tonnes": "taking",
    "received_tonnes": "giving",
    "landfill_tonnes": "giving",
    "reused_tonnes": "giving",
    "sold_dkk": "giving",
}
"""What every line has, and how each of it is shared out.

`ends`: a transport between two projects by the scenario's rule, else the project at one end.
`taking`: who takes, else who gives. `giving`: who gives, else who takes. `buying`: who takes.
What no project stands at the end of is common: empty trips go by loads, the rest by the tonnes
that each project exchanges with plants and depots."""

SUMS: Mapping[str, tuple[str, ...]] = {
    "kg_co2e_wtw": EMISSION_PARTS,
    "cost_dkk": COST_PARTS,
}
"""Figures that are sums of parts."""


class Ends(NamedTuple):
    """What falls to the two ends of each line; where neither gets anything, the line is common."""

    giver: Floats
    taker: Floats


def share_ends(group: Group, *, gives: Mask, takes: Mask, received: Mask, shared_legs: str) -> Ends:
    """Divide lines between their two ends.

    Parameters
    ----------
    gives, takes
        Which lines have a project where they begin, and where they end.
    received
        Which of them lead to final reception.
    shared_legs
        Whose a transport between two projects is: `half`, `giver` or `taker`.

    Returns
    -------
    ends
        For each line the shares of its ends; they add up to one, or to zero where it is common.
    """
    if group == "ends":
        both = {"half": 0.5, "giver": 1.0, "taker": 0.0}[shared_legs]
        giver = np.where(gives & takes, both, gives.astype(np.float64))
    elif group == "giving":
        giver = gives.astype(np.float64)
    elif group == "taking":
        giver = (gives & ~takes).astype(np.float64)
    else:  # nobody buys what goes to final reception
        giver = (gives & received).astype(np.float64)
    return Ends(giver, np.where(takes, 1.0 - giver, 0.0))


def group_parts(measure: str, co2_dkk_per_kg: float) -> dict[Group, list[tuple[str, float]]]:
    """Give the parts of a measure, each with what it is multiplied with, by how they are shared.

    Returns
    -------
    parts
        By group the names of parts and what a unit of each counts in the measure.
    """
    parts = [(name, 1.0) for name in SUMS.get(measure, (measure,))]
    if measure == "cost_with_co2_dkk":
        parts = [(name, 1.0) for name in COST_PARTS]
        parts += [(name, co2_dkk_per_kg) for name in EMISSION_PARTS]
    groups: dict[Group, list[tuple[str, float]]] = {}
    for name, times in parts:
        groups.setdefault(PARTS[name], []).append((name, times))
    return groups


def project_sites(scenario: Scenario) -> set[str]:
    """Give the sites that have surplus or needs of their own."""
    return {site_id for site_id, site in scenario.sites.items() if site.offers or site.needs}
