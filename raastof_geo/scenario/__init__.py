"""What the user says: frozen types, reading with file:line:column, the built-in catalogue."""

from raastof_geo.scenario.catalogue import load_catalogue as load_catalogue
from raastof_geo.scenario.reading.read import read_scenario as read_scenario
from raastof_geo.scenario.said.file import ScenarioFile as ScenarioFile
from raastof_geo.scenario.scenario import Scenario as Scenario
