"""Say which roads a truck may not use, and by which tag or rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import LIMITS

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class TruckSize:
    """What limits on roads are held against."""

    maxweight_t: float
    """What the truck weighs on this trip. [t]"""
    maxweightrating_t: float
    """What it may weigh by its papers. [t]"""
    maxaxleload_t: float
    """Load of its heaviest axle on this trip. [t]"""
    maxheight_m: float
    maxwidth_m: float
    maxlength_m: float

    def over(self, limits: NDArray[np.float64]) -> Mask:
        """Tell which limits the truck exceeds. [edges × `LIMITS`]"""
        size = np.array([getattr(self, name) for name in LIMITS])
        return np.asarray(size > limits + _TOLERANCE)


_TOLERANCE = 1e-6


def bar_edges(network: RoadNetwork, size: TruckSize, *, ferries: bool) -> Mask:
    """Tell which edges a truck may not use because of its size, or because they are ferries."""
    barred = size.over(network.limits).any(axis=1)
    return barred if ferries else barred | network.ferry
