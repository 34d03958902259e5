"""How fast trucks go, by class of road, built-up area, sign and surface."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raastof_geo.arrays import Floats, Signs
from raastof_geo.figures.figure import Figure, Speed, Strict

_FREE_IN_TOWN = ("motorway", "motorway_link", "trunk", "trunk_link", "ferry")


class BuiltUpSpeed(Strict):
    """How fast trucks go in built-up areas."""

    limit_km_h: Speed
    """The Danish limit for vehicles above 3.5 t on such a road. [km/h]"""
    mean_km_h: Speed
    """What they average, junctions and bends included. [km/h]"""


class RoadSpeed(BuiltUpSpeed):
    """How fast trucks go on a class of road."""

    tolled: bool = False
    """Whether the truck toll is counted on this class of road."""


@dataclass(frozen=True)
class SpeedTable:
    """All that speeds are made of, each figure with its source."""

    classes: Mapping[str, RoadSpeed]
    built_up: BuiltUpSpeed
    surfaces: Mapping[str, Figure]
    share_of_signed_limit: Figure

    def mean_km_h(
        self,
        class_names: tuple[str, ...],
        road_class: Signs,
        built_up: Signs,
        surface_names: tuple[str, ...],
        surface: Signs,
        signed_km_h: Floats,
    ) -> Floats:
        """Give the mean speed of trucks: the least of what class, town, surface and sign allow.

        Means are measured ones of a class, junctions and bends included, so a sign counts only
        where it is below the limit of the class, and then a share of it is driven
        (`share_of_signed_limit`). A built-up area slows all but motorways and their kin, unless a
        sign allows more than the limit there. [edges, km/h] `road_class`, `surface`: indices into
        `class_names` and `surface_names`; `built_up`: 1 in a built-up area, 0 outside, -1 where
        nothing is said; `signed_km_h`: signed limit, that for trucks before that for all, NaN where
        none is known. A sign above the limit for trucks changes nothing. [km/h]
        """
        mean = np.array([self.classes[name].mean_km_h.value for name in class_names])[road_class]
        in_town = np.array([name not in _FREE_IN_TOWN for name in class_names])[road_class]
        in_town &= (built_up == 1) & ~(signed_km_h > self.built_up.limit_km_h.value)
        mean = np.where(in_town, np.minimum(mean, self.built_up.mean_km_h.value), mean)
        most = [
            self.surfaces[name].value if name in self.surfaces else np.inf for name in surface_names
        ]
        mean = np.minimum(mean, np.array(most)[surface])
        limit = np.array([self.classes[name].limit_km_h.value for name in class_names])[road_class]
        signed = np.where(signed_km_h > 0, np.minimum(signed_km_h, limit), np.inf)
        share = np.where(signed < limit, self.share_of_signed_limit.value, 1.0)
        return np.asarray(np.minimum(mean, signed * share))
