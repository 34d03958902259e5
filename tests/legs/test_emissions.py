"""Trucks use what the sources say."""

import numpy as np
import pytest
from raastof_geo.emissions.vehicle import energy_by_speed
from raastof_geo.scenario.catalogue import load_catalogue

CATALOGUE = load_catalogue()
SPEED, SHARE = np.array([30.0, 50.0, 70.0]), np.array([0.15, 0.35, 0.5])


def mix(vehicle):
    return [
        float(100 * part @ SHARE) for part in energy_by_speed(CATALOGUE.vehicles[vehicle], SPEED)
    ]


@pytest.mark.parametrize(
    ("vehicle", "figures"),
    [
        ("tipper_4_axle", [25.1, 37.7]),
        ("tip_semitrailer", [24.3, 45.1]),
        ("truck_trailer_7_axle", [28.2, 55.7]),
    ],
)
def test_litres_in_the_regional_mix(vehicle, figures):
    """15 % at 30, 35 % at 50 and 50 % at 70 km/h: the figures of facts 3.4. [l/100 km]"""
    assert mix(vehicle) == pytest.approx(figures, abs=0.06)


def test_vordingborg_kilogram_per_kilometre():
    """The mean of empty and full times TTW is within 5 % of Vordingborg's 0.857 kg/km."""
    ttw = CATALOGUE.fuels["diesel"].kg_co2e_ttw_per_unit.in_year(2027)
    assert np.mean(mix("tipper_4_axle")) / 100 * ttw == pytest.approx(0.857, rel=0.05)


def test_loads_by_weight_or_volume():
    """A load is full by weight or by volume, whichever is reached first."""
    tipper = CATALOGUE.vehicles["tipper_4_axle"]
    assert tipper.load_t(1.8) == 18
    assert tipper.load_t(1.2) == pytest.approx(16.8)


def test_electricity_gets_cleaner_by_year():
    """Linear between the years given, flat outside them."""
    factor = CATALOGUE.fuels["electricity"].kg_co2e_wtw_per_unit
    years = [2000, 2024, 2030, 2060]
    assert [factor.in_year(year) for year in years] == pytest.approx([0.187, 0.161, 0.047, 0.0403])


@pytest.mark.parametrize("path", sorted(CATALOGUE.figures()))
def test_every_figure_has_unit_source_and_day(path):
    """Each number that enters carries a unit, a source and the day from which it holds."""
    figure = CATALOGUE.figures()[path]
    assert figure.unit and figure.source and figure.valid_from
