"""What people get: one output per file, all written or none."""

from raastof_geo.outputs.write import OUTPUTS, write_outputs

__all__ = ["OUTPUTS", "write_outputs"]
