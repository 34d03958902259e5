"""What every column of every layer means, in Danish and English."""

from collections.abc import Iterable, Mapping

import pandas as pd

from raastof_geo.figures.vocabulary import (
    DRIVE_H,
    ENERGY,
    LOADS_DRIVEN,
    REFERENCE_TONNES,
    TONNE_KM,
    TRANSPORT_TTW,
    TRANSPORT_WTW,
    VEHICLE_KM,
    layered,
)

_COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "id": ("", "Lokalitetens navn i scenariet", "The site's id in the scenario"),
    "name": ("", "Navn", "Name"),
    "role": ("", "Hvad lokaliteten først og fremmest er", "What the site is in the first place"),
    "roles": ("", "Alt, hvad lokaliteten er", "Everything that the site is"),
    "project": ("", "Projektet, lokaliteten hører til", "The project that the site belongs to"),
    "municipality": ("", "Kommune", "Municipality"),
    "rule": ("", "Zonens regel", "Rule of the zone"),
    "condition": ("", "Betingelse for jord i zonen, id", "Condition for soil in the zone, id"),
    "meaning": ("", "Hvad zonen kræver", "What the zone asks for"),
    "soil_class": ("", "Reneste jordklasse, der kræver det", "Cleanest class of soil concerned"),
    "sites": ("", "Lokaliteter i zonen", "Sites in the zone"),
    "note": ("", "Scenariets bemærkning", "The scenario's note"),
    "snap_m": ("m", "Afstand til nærmeste vej", "Distance to the nearest road"),
    "sent_tonnes": ("t", "Hvad planen kører væk", "What the plan takes away"),
    "received_tonnes": ("t", "Hvad planen kører hertil", "What the plan brings here"),
    "origin": ("", "Fra, id", "From, id"),
    "origin_name": ("", "Fra", "From"),
    "destination": ("", "Til, id", "To, id"),
    "destination_name": ("", "Til", "To"),
    "giver": (
        "",
        "Hvad der afgiver: udbud, grav, anlæg, depot",
        "What gives: offer, pit, plant, depot",
    ),
    "taker": (
        "",
        "Hvad der modtager: behov, modtager, anlæg, depot",
        "What takes: need, receiver, plant, depot",
    ),
    "taker_kind": ("", "Modtagerens slags", "Kind of the taker"),
    "material": ("", "Materiale, id", "Material, id"),
    "material_name": ("", "Materiale", "Material"),
    "vehicle": ("", "Lastbil, id", "Truck, id"),
    "period": ("", "Periode", "Period"),
    "tonnes": ("t", "Mængde", "Amount"),
    REFERENCE_TONNES: ("t", "Dækket behov i referencemateriale", "Need met, in reference material"),
    LOADS_DRIVEN: ("", "Læs", "Truck loads"),
    "load_t": ("t", "Ton pr. læs", "Tonnes per load"),
    "loaded_km": ("km", "Vej med last, pr. tur", "Way with a load, per trip"),
    "return_km": ("km", "Vej tom, pr. tur", "Way empty, per trip"),
    "ferry_km": ("km", "Heraf med færge, pr. tur", "Of which by ferry, per trip"),
    DRIVE_H: ("h", "Køretid i alt", "Driving time in all"),
    VEHICLE_KM: ("km", "Kørte kilometre i alt", "Truck kilometres in all"),
    TONNE_KM: ("t km", "Transportarbejde", "Transport work"),
    ENERGY: ("", "Energi i alt, i enheden ved siden af", "Energy in all, in the unit beside it"),
    "energy_unit": ("", "Energiens enhed", "Unit of the energy"),
    TRANSPORT_WTW.flow: ("kg CO2e", "Transport, fra kilde til hjul", "Transport, well to wheel"),
    TRANSPORT_TTW.flow: ("kg CO2e", "Transport, fra tank til hjul", "Transport, tank to wheel"),
    "dkk": (
        "DKK",
        "Omkostning: kørsel, vejafgift, materiale, gebyr",
        "Cost: haul, toll, material, fee",
    ),
    "edge": ("", "Vejstykkets nummer i vejnettet", "Number of the road segment in the network"),
    "road": ("", "Vejens navn eller nummer", "Name or number of the road"),
    "road_class": ("", "Vejklasse i OpenStreetMap", "Class of the road in OpenStreetMap"),
    "loaded_trips": (
        "1/period",
        "Ture med last, begge retninger",
        "Trips with a load, both directions",
    ),
    "empty_trips": ("1/period", "Tomme ture, begge retninger", "Empty trips, both directions"),
    "per_weekday": ("1/d", "Lastbiler pr. hverdag i planen", "Trucks each weekday in the plan"),
    "loaded_trips_before": (
        "1/period",
        "Ture med last, uden samordning",
        "Trips with a load, baseline",
    ),
    "empty_trips_before": ("1/period", "Tomme ture, uden samordning", "Empty trips, baseline"),
    "per_weekday_before": (
        "1/d",
        "Lastbiler pr. hverdag, uden samordning",
        "Trucks each weekday, baseline",
    ),
    "per_weekday_change": ("1/d", "Plan minus basis", "Plan less baseline"),
    "length_m": ("m", "Vejstykkets længde", "Length of the segment"),
}
_SIDES: Mapping[str, tuple[str, str]] = {
    "plan": ("Del af planen", "Share of the plan"),
    "before": ("Del af før-situationen", "Share of what was before"),
    "saved": ("Del af det sparede, basis minus plan", "Share of what is saved, baseline less plan"),
}


def build_dictionary(columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Give `layer`, `column`, `unit`, `meaning_da`, `meaning_en` for the columns of layers.

    Returns
    -------
    meanings
        One row per column of a layer, in their order: `layer`, `column`, `unit`, `meaning_da`,
        `meaning_en`.

    Raises
    ------
    KeyError
        A column that nobody has described.
    """
    known = dict(_COLUMNS)
    for layer in layered().values():
        for side, (in_danish, in_english) in _SIDES.items():
            known[f"{side}_{layer.column}"] = (
                layer.unit,
                f"{in_danish}: {layer.danish}",
                f"{in_english}: {layer.english}",
            )
    rows = [(layer, column, *known[column]) for layer, names in columns.items() for column in names]
    return pd.DataFrame(rows, columns=["layer", "column", "unit", "meaning_da", "meaning_en"])
