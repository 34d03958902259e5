"""Whose a line is: how much of it falls to the project that gives, and to the one that takes.

The books divide a plan by it, and the rule of fairness limits a plan by it, so that a project which
the rule keeps from being worse off is not worse off in the books.
"""

from typing import NamedTuple

import numpy as np

from raastof_geo.arrays import Floats, Mask
from raastof_geo.figures import vocabulary
from raastof_geo.scenario.scenario import Scenario

NOWHERE = ""
"""The label of what belongs to no site, project or municipality."""


class Ends(NamedTuple):
    """What falls to the two ends of each line; where neither gets anything, the line is common."""

    giver: Floats
    taker: Floats


def share_ends(
    group: vocabulary.Group, *, gives: Mask, takes: Mask, received: Mask, shared_legs: str
) -> Ends:
    """Divide lines between their two ends; shares add up to one, or to zero where it is common.

    A line `gives` and `takes` where a project stands at its beginning and its end, and is
    `received` where it leads to final reception. `shared_legs` says whose a transport between two
    projects is: `half`, `giver` or `taker`.
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


def group_parts(
    measure: str, co2_dkk_per_kg: tuple[float, float]
) -> dict[vocabulary.Group, list[tuple[str, float]]]:
    """Give a measure's parts by how they are shared, each with what a unit of it counts."""
    whole = vocabulary.find_indicator(measure)
    parts = [(part, 1.0) for part in vocabulary.leaves_of(whole)]
    if whole == vocabulary.COST_WITH_CO2:
        parts = [(part, 1.0) for part in vocabulary.parts_of(vocabulary.COST)]
        parts += [(part, co2_dkk_per_kg[0]) for part in vocabulary.leaves_of(vocabulary.CO2E)]
        parts += [(vocabulary.TRANSPORT_TTW, -co2_dkk_per_kg[1]), (vocabulary.TOLL_CO2, -1.0)]
    groups: dict[vocabulary.Group, list[tuple[str, float]]] = {}
    for part, times in parts:
        groups.setdefault(part.divided, []).append((part, times))
    return groups


def project_sites(scenario: Scenario) -> set[str]:
    """Give the sites of projects: all but the businesses, which have an account and no effect."""
    return scenario.sites.keys() - scenario.businesses


def find_municipalities(scenario: Scenario) -> dict[str, str]:
    """Name the municipality of each site, as said, else where it lies; `NOWHERE` for none."""
    lon, lat = zip(*(site.lon_lat for site in scenario.sites.values()), strict=True)
    found = zip(scenario.sites.items(), scenario.region.locate(lon, lat), strict=True)
    return {site_id: site.municipality or name or NOWHERE for (site_id, site), name in found}
