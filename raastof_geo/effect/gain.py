"""What is saved in kilograms and kroner, and what a tonne of CO2e costs by it."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Literal, TypeAlias

import pandas as pd

from raastof_geo.figures.vocabulary import CO2E, COST, SOLD, TRANSPORT_WTW

LEAST_KG = 1000.0
"""What saves or adds less has no price by the tonne. [kg CO2e]"""

PriceKind: TypeAlias = Literal["free", "paid", "rises", "little"]
"""`free`: emissions fall and cost does not rise; `paid`: emissions fall and cost rises; `rises`:
emissions rise; `little`: emissions change by less than a tonne."""


@dataclass(frozen=True)
class Gain:
    """What is saved; below 0, what is added."""

    transport_kg_co2e: float = 0.0
    """Of transport, well to wheel. [kg CO2e]"""
    kg_co2e: float = 0.0
    """Of all parts, well to wheel. [kg CO2e]"""
    dkk: float = 0.0
    """Of what is paid, less what is sold. [DKK]"""

    def __add__(self, other: "Gain") -> "Gain":
        """Add what somebody else saves."""
        return Gain(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    @property
    def price_kind(self) -> PriceKind:
        """Whether there is a price by the tonne at all, and why not."""
        if abs(self.kg_co2e) < LEAST_KG:
            return "little"
        if self.kg_co2e < 0:
            return "rises"
        return "paid" if self.dkk < 0 else "free"

    @property
    def dkk_per_t_co2e(self) -> float | None:
        """What a tonne of CO2e that is saved costs; none where it costs nothing. [DKK/t CO2e]"""
        return -1000 * self.dkk / self.kg_co2e if self.price_kind == "paid" else None


def read_gain(saved: Mapping[str, float] | pd.Series) -> Gain:
    """Give what books save: of one set of books less another, by part."""
    names = (TRANSPORT_WTW, CO2E, COST, SOLD)
    transport, emitted, paid, sold = (float(saved[name]) for name in names)
    return Gain(transport, emitted, paid - sold)
