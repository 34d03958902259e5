"""Colours of materials: told apart on the screen, on a grey print, and without red and green."""

from itertools import combinations
import numpy as np
import pytest
from raastof_geo.outputs.palette import FAMILIES, colour_materials
from raastof_geo.scenario.catalogue import load_catalogue

FOURTEEN = (
    *("concrete_rubble", "crushed_concrete", "brick_rubble", "crushed_brick", "mixed_rubble"),
    *("crusher_residue", "class_0_topsoil", "topsoil", "milled_asphalt", "clean_clay_soil"),
    *("clean_sandy_soil", "slightly_polluted_soil", "unanalysed_town_soil", "polluted_soil"),
)
"""What a scenario of 14 secondary materials had in six pairs of equal colours."""
DEUTERANOPE = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
"""Machado, Oliveira, Fernandes 2009 (doi 10.1109/TVCG.2009.113), severity 1, linear light."""


def to_light(colour):
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def to_lab(light):
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    share = np.clip(np.array(matrix) @ light, 0, None) / [0.9505, 1.0, 1.089]
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / 3 / (6 / 29) ** 2 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


SEEN = {
    "normal": to_lab,
    "grey": lambda light: to_lab(light) * [1, 0, 0],
    "deuteranope": lambda light: to_lab(DEUTERANOPE @ light),
}


def measure_least(colours, see):
    labs = [SEEN[see](to_light(colour)) for colour in colours]
    return min(float(np.hypot.reduce(a - b)) for a, b in combinations(labs, 2))


@pytest.mark.parametrize(("see", "least"), [("normal", 9.0), ("grey", 3.5), ("deuteranope", 5.0)])
def test_fourteen_secondary_materials_are_told_apart(see, least):
    """A difference of 2.3 in CIELAB is just noticed; six pairs of these had none at all."""
    colours = colour_materials(FOURTEEN, load_catalogue())
    assert measure_least(colours.values(), see) >= least


@pytest.mark.parametrize("count", [1, 2, 5, 20, 45])
def test_no_two_are_alike_however_many(count):
    catalogue = load_catalogue()
    named = list(catalogue.materials)[:count]
    colours = colour_materials(named, catalogue)
    assert set(colours) == set(named)
    assert len(set(colours.values())) == len(named)
    if count > 1:
        assert measure_least(colours.values(), "grey") > 0.6 * 54 / (len(named) - 1)


def test_a_family_has_one_hue_and_clean_soil_is_no_polluted_soil():
    catalogue = load_catalogue()
    colours = colour_materials(catalogue.materials, catalogue)
    middle = {}
    for family in FAMILIES:
        mine = [
            to_lab(to_light(colours[name]))
            for name, one in catalogue.materials.items()
            if one.kin == family
        ]
        hues = np.degrees(np.arctan2([lab[2] for lab in mine], [lab[1] for lab in mine]))
        turned = (hues - FAMILIES[family].hue_deg + 180) % 360 - 180
        assert family == "asphalt" or np.abs(turned).max() < 25, family
        middle[family] = np.mean(mine, axis=0)
    apart = middle["clean_soil"] - middle["polluted_soil"]
    assert np.hypot(apart[1], apart[2]) > 40


def test_what_a_user_adds_has_a_family_too():
    """A material of a user's catalogue is of the kind that its origin, class and law tell."""
    catalogue = load_catalogue()
    concrete = catalogue.materials["concrete_rubble"]
    assert concrete.kin == "concrete"
    for changed, family in (
        ({"soil_class": 3, "legal_regime": "soil_notification"}, "polluted_soil"),
        ({"soil_class": 0}, "clean_soil"),
        ({"origin": "virgin"}, "virgin"),
        ({"legal_regime": "asphalt_circular"}, "asphalt"),
        ({"legal_regime": None}, "residue"),
        ({"family": "brick"}, "brick"),
    ):
        assert concrete.model_copy(update=changed).kin == family
