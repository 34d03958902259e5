"""Say which roads a truck may not use, and by which tag or rule."""

import numpy as np

from raastof_geo.arrays import Floats, Mask, first_of_each
from raastof_geo.emissions.limit import TRUCK_LIMITS
from raastof_geo.emissions.vehicle import Vehicle
from raastof_geo.roads.edges import RoadEdges
from raastof_geo.roads.road import Access
from raastof_geo.roads.routing.engine import find_parts

_TOLERANCE = 1e-6
"""A truck of just the size that is allowed may pass, whatever rounding says. [t, m]"""


def size_truck(vehicle: Vehicle, load: str) -> Floats:
    """Give what limits are held against, loaded to the full or empty. [`LIMITS`, t or m]"""
    return np.array([vehicle.size_for(one, loaded=load == "full") for one in TRUCK_LIMITS])


def find_exceeded(size: Floats, limits: Floats) -> Mask:
    """Tell which limits [edges × `LIMITS`] a truck of a size exceeds."""
    return np.asarray(size > limits + _TOLERANCE)


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
    parts, first = np.unique(open_part[through], return_index=True)
    lead = first_of_each(whole[through][first], -length[parts])
    stays = np.isin(open_part, parts[lead])
    return np.asarray(usable & ~(through & stays), bool)


def bar_edges(network: RoadEdges, size: Floats, *, ferries: bool) -> Mask:
    """Tell which edges, closed or not, a truck may not use for its size, or as ferries. [edges]"""
    barred = np.asarray(find_exceeded(size, network.limits).any(axis=1), bool)
    return barred if ferries else barred | network.ferry
