"""The names at the door: where each is defined, for types and for `__getattr__`."""

from raastof_geo.assignment import Plan as Plan
from raastof_geo.assignment import assign as assign
from raastof_geo.effect import Effect as Effect
from raastof_geo.effect import measure_effect as measure_effect
from raastof_geo.errors import InputError as InputError
from raastof_geo.errors import NoPlanError as NoPlanError
from raastof_geo.errors import OutsideError as OutsideError
from raastof_geo.errors import RaastofError as RaastofError
from raastof_geo.legs.legs import Legs as Legs
from raastof_geo.legs.legs import price_legs as price_legs
from raastof_geo.outputs import write_outputs as write_outputs
from raastof_geo.outputs.pages.map import draw_map as draw_map
from raastof_geo.pipeline import run_scenario as run_scenario
from raastof_geo.pipeline import solve_scenario as solve_scenario
from raastof_geo.recall import load_result as load_result
from raastof_geo.result import Result as Result
from raastof_geo.roads.load import load_network as load_network
from raastof_geo.roads.network import RoadNetwork as RoadNetwork
from raastof_geo.roads.snap import Anchors as Anchors
from raastof_geo.roads.snap import snap_sites as snap_sites
from raastof_geo.scenario import Scenario as Scenario
from raastof_geo.scenario import read_scenario as read_scenario
from raastof_geo.version import __version__ as __version__
