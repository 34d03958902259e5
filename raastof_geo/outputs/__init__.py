"""What people get: one output per file, all written or none."""

from raastof_geo.outputs.write import write_outputs
from raastof_geo.scenario.output import OUTPUTS

__all__ = ["OUTPUTS", "write_outputs"]
