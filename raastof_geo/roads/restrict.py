"""Say which roads a truck may not use, and by which tag or rule."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from raastof_geo.arrays import Floats, Mask
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.emissions.vehicle import Vehicle
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.road import LIMITS, Access
from raastof_geo.roads.routing.engine import find_parts


@dataclass(frozen=True)
class TruckSize:
    """What limits on roads are held against, on one trip."""

    sizes: tuple[float, ...]
    """One for each of `LIMITS`. [t, m]"""

    @classmethod
    def of(cls, vehicle: Vehicle, load: str) -> Self:
        """Measure a truck, loaded to the full or empty."""
        return cls(tuple(vehicle.size_for(one, loaded=load == "full") for one in TRUCK_LIMITS))

    def __getitem__(self, limit: str) -> float:
        return self.sizes[LIMITS.index(limit)]

    def over(self, limits: Floats) -> Mask:
        """Tell which limits the truck exceeds. [edges × `LIMITS`]"""
        return np.asarray(np.array(self.sizes) > limits + _TOLERANCE)


_TOLERANCE = 1e-6
"""A truck of just the size that is allowed may pass, whatever rounding says. [t, m]"""


def find_local_edges(network: RoadEdges) -> Mask:
    """Tell which edges serve the first and the last stretch of a trip only.

    Those are the roads tagged so, and the open roads behind them: a yard that is reached over a
    private road is no way through. Of open roads that hang together the most kilometres within
    reach of each other stay open. Closed roads are not among them. [edges]
    """
    usable = network.access != Access.CLOSED
    tagged = network.access == Access.LOCAL
    if not tagged.any():
        return np.asarray(tagged, bool)
    through, size = usable & ~tagged, network.node_count
    open_part = find_parts(network.tail[through], network.head[through], size)[network.tail]
    whole = find_parts(network.tail[usable], network.head[usable], size)[network.tail]
    length = np.bincount(open_part[through], network.length_m[through])
    parts = np.unique(open_part[through])
    _, first = np.unique(open_part[through], return_index=True)
    whole_of = whole[through][first]
    order = np.lexsort((-length[parts], whole_of))
    _, lead = np.unique(whole_of[order], return_index=True)
    stays = np.isin(open_part, parts[order[lead]])
    return np.asarray(usable & ~(through & stays), bool)


def bar_edges(network: RoadEdges, size: TruckSize, *, ferries: bool) -> Mask:
    """Tell which edges, closed or not, a truck may not use for its size, or as ferries. [edges]"""
    barred = np.asarray(size.over(network.limits).any(axis=1), bool)
    return barred if ferries else barred | network.ferry
