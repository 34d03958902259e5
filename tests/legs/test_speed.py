"""How fast trucks go: the least of what class, town, sign and surface allow."""

import numpy as np
import pytest
from worlds import make_network
from raastof_geo.roads.road import ROAD_CLASSES, Road
from raastof_geo.roads.routing.drive import find_speed
from raastof_geo.scenario.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def speed(road_class, *, built_up=None, surface="", signed=np.nan):
    road = Road(road_class, built_up=built_up, surface=surface)
    network = make_network([(12.0, 55.4), (12.1, 55.4)], [(0, 1)], roads=[road])
    return find_speed(network, CATALOGUE, np.array([signed]))[0]


@pytest.mark.parametrize("name", ROAD_CLASSES)
def test_where_nothing_is_said_the_class_decides(name):
    """The mean of each class is the catalogue's, and below its limit."""
    assert speed(name) == CATALOGUE.speeds[name].mean_km_h.value
    assert speed(name) <= CATALOGUE.speeds[name].limit_km_h.value


def test_a_built_up_area_slows_trucks_but_not_on_motorways():
    """`zone:traffic=DK:urban` means town speed, unless a higher limit is signed there."""
    assert speed("secondary", built_up=True) == CATALOGUE.built_up.mean_km_h.value
    assert speed("secondary", built_up=False) == speed("secondary")
    assert speed("motorway", built_up=True) == speed("motorway")
    assert speed("residential", built_up=True) == speed("residential")
    assert speed("secondary", built_up=True, signed=70) == speed("secondary")


def test_a_lower_sign_binds_and_a_higher_one_does_not():
    """80 km/h is the limit for trucks whatever is signed for cars."""
    assert speed("motorway", signed=130) == speed("motorway")
    assert speed("motorway", signed=50) == pytest.approx(45)
    assert speed("primary", signed=80) == speed("primary")
    assert speed("primary", signed=60) == pytest.approx(54)


@pytest.mark.parametrize("surface", ["rough", "gravel", "ground"])
def test_a_poor_surface_slows_trucks(surface):
    """Sett, gravel and earth each have their speed."""
    assert speed("secondary", surface=surface) == CATALOGUE.surfaces[surface].value
    assert speed("secondary", surface="paved") == speed("secondary")


def test_every_figure_of_the_speed_table_has_a_source():
    """A number has a source, or it does not enter."""
    figures = load_catalogue().figures()
    wanted = ("built_up", "share_of_signed_limit", "surfaces", "speeds", "fixed_links")
    found = [name for name in figures if name.split(".", 1)[0] in wanted]
    assert len(found) > 2 * len(ROAD_CLASSES)
    assert all(figures[name].source for name in found)
