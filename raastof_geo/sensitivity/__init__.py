"""What the answer hangs on: each assumption at both ends, and where the conclusion turns over."""

from raastof_geo.sensitivity.assessment import Assessment, assess
from raastof_geo.sensitivity.lever import list_declared

__all__ = ["Assessment", "assess", "list_declared"]
