"""Recall what a run found out from the folder that it wrote: plan, proof and its `rest`."""

from raastof_geo.recall.load import load_result

__all__ = ["load_result"]
