"""What the user says: frozen types, reading with file:line:column, the built-in catalogue."""

from raastof_geo.scenario.catalogue import Catalogue, load_catalogue
from raastof_geo.scenario.reading.read import read_scenario
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.said.site import Site
from raastof_geo.scenario.scenario import Need, Offer, Pit, Receiver, Scenario

__all__ = [
    "Catalogue",
    "Need",
    "Offer",
    "Pit",
    "Receiver",
    "Scenario",
    "ScenarioFile",
    "Site",
    "load_catalogue",
    "read_scenario",
]
