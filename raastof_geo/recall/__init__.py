"""Recall what a run found out from the folder that it wrote.

A proof holds, beside what `verify` asks for, every table with every digit and the catalogue
(`rest`). Roads, legs and columns are made again when asked for, and held against it (`origin`).
"""

from raastof_geo.recall.load import load_result

__all__ = ["load_result"]
