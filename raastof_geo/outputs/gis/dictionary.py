"""What every column of every layer means, in the languages of `LANGUAGES`, Danish first."""

from collections.abc import Iterable, Mapping

import pandas as pd

from raastof_geo.figures import vocabulary
from raastof_geo.language import LANGUAGES, Message, say

_COLUMNS: Mapping[str, tuple[str, Message]] = {
    "id": ("", say("The site's id in the scenario")),
    "name": ("", say("Name")),
    "role": ("", say("What the site is in the first place")),
    "roles": ("", say("Everything that the site is")),
    "project": ("", say("The project that the site belongs to")),
    "municipality": ("", say("Municipality")),
    "rule": ("", say("Rule of the zone")),
    "condition": ("", say("Condition for soil in the zone, id")),
    "meaning": ("", say("What the zone asks for")),
    "soil_class": ("", say("Cleanest class of soil concerned")),
    "sites": ("", say("Sites in the zone")),
    "note": ("", say("The scenario's note")),
    "snap_m": ("m", say("Distance to the nearest road")),
    "sent_tonnes": ("t", say("What the plan takes away")),
    "received_tonnes": ("t", say("What the plan brings here")),
    "origin": ("", say("From, id")),
    "origin_name": ("", say("From")),
    "destination": ("", say("To, id")),
    "destination_name": ("", say("To")),
    "giver": ("", say("What gives: offer, pit, plant, depot")),
    "taker": ("", say("What takes: need, receiver, plant, depot")),
    "taker_kind": ("", say("Kind of the taker")),
    "material": ("", say("Material, id")),
    "material_name": ("", say("Material")),
    "vehicle": ("", say("Truck, id")),
    "period": ("", say("Period")),
    "tonnes": ("t", say("Amount")),
    vocabulary.REFERENCE_TONNES: ("t", say("Need met, in reference material")),
    vocabulary.LOADS_DRIVEN: ("", say("Truck loads")),
    "load_t": ("t", say("Tonnes per load")),
    "loaded_km": ("km", say("Way with a load, per trip")),
    "return_km": ("km", say("Way empty, per trip")),
    "ferry_km": ("km", say("Of which by ferry, per trip")),
    vocabulary.DRIVE_H: ("h", say("Driving time in all")),
    vocabulary.VEHICLE_KM: ("km", say("Truck kilometres in all")),
    vocabulary.TONNE_KM: ("t km", say("Transport work")),
    vocabulary.ENERGY: ("", say("Energy in all, in the unit beside it")),
    "energy_unit": ("", say("Unit of the energy")),
    vocabulary.TRANSPORT_WTW.flow: ("kg CO2e", say("Transport, well to wheel")),
    vocabulary.TRANSPORT_TTW.flow: ("kg CO2e", say("Transport, tank to wheel")),
    "dkk": ("DKK", say("Cost: haul, toll, material, fee")),
    "edge": ("", say("Number of the road segment in the network")),
    "road": ("", say("Name or number of the road")),
    "road_class": ("", say("Class of the road in OpenStreetMap")),
    "loaded_trips": ("1/period", say("Trips with a load, both directions")),
    "empty_trips": ("1/period", say("Empty trips, both directions")),
    "per_weekday": ("1/d", say("Trucks each weekday in the plan")),
    "loaded_trips_before": ("1/period", say("Trips with a load, baseline")),
    "empty_trips_before": ("1/period", say("Empty trips, baseline")),
    "per_weekday_before": ("1/d", say("Trucks each weekday, baseline")),
    "per_weekday_change": ("1/d", say("Plan less baseline")),
    "length_m": ("m", say("Length of the segment")),
}
_SIDES: Mapping[str, Message] = {
    "plan": say("Share of the plan"),
    "before": say("Share of what was before"),
    "saved": say("Share of what is saved, baseline less plan"),
}


def build_dictionary(columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Give what the columns of layers mean; one that nobody has described is a `KeyError`.

    One row per column of a layer, in their order: `layer`, `column`, `unit`, `meaning_da`,
    `meaning_en`.
    """
    known = {
        column: (unit, *map(meaning.render, LANGUAGES))
        for column, (unit, meaning) in _COLUMNS.items()
    }
    for layer in vocabulary.layered().values():
        for side, what in _SIDES.items():
            da, en = map(what.render, LANGUAGES)
            told = (layer.unit, f"{da}: {layer.danish}", f"{en}: {layer.english}")
            known[f"{side}_{layer.column}"] = told
    rows = [(layer, column, *known[column]) for layer, names in columns.items() for column in names]
    return pd.DataFrame(rows, columns=["layer", "column", "unit", "meaning_da", "meaning_en"])
