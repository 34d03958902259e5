"""Match surplus with need across construction projects, on real roads, with the least emissions.

The door: stations, types and errors. Names are looked up when first used, so
that `import raastof_geo` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from raastof_geo.version import __version__

if TYPE_CHECKING:
    from raastof_geo.assignment import Plan, assign
    from raastof_geo.effect import Effect, measure_effect
    from raastof_geo.errors import InputError, NoPlanError, OutsideError, RaastofError
    from raastof_geo.legs.legs import Legs
    from raastof_geo.legs.price import price_legs
    from raastof_geo.outputs import write_outputs
    from raastof_geo.outputs.pages.map import draw_map
    from raastof_geo.pipeline import run_scenario, solve_scenario
    from raastof_geo.recall import load_result
    from raastof_geo.result import Result
    from raastof_geo.roads.load import load_network
    from raastof_geo.roads.network import RoadNetwork
    from raastof_geo.roads.snap import Anchors, snap_sites
    from raastof_geo.scenario import Scenario, read_scenario

_ROOMS = {
    "Anchors": "roads.snap",
    "Effect": "effect",
    "InputError": "errors",
    "Legs": "legs.legs",
    "NoPlanError": "errors",
    "OutsideError": "errors",
    "Plan": "assignment",
    "RaastofError": "errors",
    "Result": "result",
    "RoadNetwork": "roads.network",
    "Scenario": "scenario",
    "assign": "assignment",
    "draw_map": "outputs.pages.map",
    "load_network": "roads.load",
    "load_result": "recall",
    "measure_effect": "effect",
    "price_legs": "legs.price",
    "read_scenario": "scenario",
    "run_scenario": "pipeline",
    "snap_sites": "roads.snap",
    "solve_scenario": "pipeline",
    "write_outputs": "outputs",
}

__all__ = [
    "Anchors",
    "Effect",
    "InputError",
    "Legs",
    "NoPlanError",
    "OutsideError",
    "Plan",
    "RaastofError",
    "Result",
    "RoadNetwork",
    "Scenario",
    "__version__",
    "assign",
    "draw_map",
    "load_network",
    "load_result",
    "measure_effect",
    "price_legs",
    "read_scenario",
    "run_scenario",
    "snap_sites",
    "solve_scenario",
    "write_outputs",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"raastof_geo.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'raastof_geo' has no attribute {name!r}")
