"""How a truck's energy follows from the road: the models there are, by the name that is written."""

import numpy as np

from raastof_geo.arrays import Floats
from raastof_geo.emissions.vehicle import EnergyModel, Vehicle, energy_by_speed

TRIP_KM_H = 62.4
"""How fast trucks go on a whole mixed trip: the mean of 58.9 km/h (7 axles, 175 km in Jutland) and
65.9 km/h (40 t, 152 km), both measured on test drives (Transportnyhederne 2018-2023); that their
mean stands for every trip is a judgement. [km/h]"""


def energy_by_distance(vehicle: Vehicle, speed_km_h: Floats) -> tuple[Floats, Floats]:
    """Give what a truck uses per kilometre whatever the road, empty and at full payload.

    One figure for each kilometre, as default values know it that see no road, and linear in
    load, as NTMCalc and HBEFA 3.1 are (transportmeasures.org wiki 5). It is the vehicle's own
    curve at `TRIP_KM_H`, so that the two models differ by the road alone: with this one a way
    of fewer kilometres always emits less. [unit of the fuel per km]
    """
    return energy_by_speed(vehicle, np.full(np.shape(speed_km_h), TRIP_KM_H))


MODELS: dict[str, EnergyModel] = {"by_speed": energy_by_speed, "by_distance": energy_by_distance}
"""The energy models, by the name that is written in a scenario or after `--model`."""

BY_DEFAULT = "by_speed"


def name_model(model: EnergyModel) -> str:
    """Give the name of a model as plans write it; of one not in `MODELS`, module and function."""
    known = (name for name, one in MODELS.items() if one is model)
    own = f"{getattr(model, '__module__', '')}.{getattr(model, '__qualname__', repr(model))}"
    return next(known, own)
