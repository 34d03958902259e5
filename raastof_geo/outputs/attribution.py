"""Say whose maps are drawn, as their licences ask."""

from __future__ import annotations

from raastof_geo.language import say
from raastof_geo.roads.network import RoadNetwork


def attribute_maps(network: RoadNetwork) -> str:
    """Name the sources of the roads and of the municipalities under them."""
    roads = f"{network.metadata.attribution} ({network.metadata.osm_date})"
    areas = say("Municipalities: Geodatastyrelsen and Danish municipalities, 2014.")
    return f"{roads}. {areas}"
