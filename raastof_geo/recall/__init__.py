"""Recall what a run found out from the folder that it wrote.

A proof holds, beside what `verify` asks for, every table with every digit and the catalogue that
the run knew (`rest`). All figures come from there. Roads, legs and columns are many times as large
and follow from the scenario, so they are not in the folder: they are made again when somebody asks
for them, and compared with the proof (`origin`).
"""

from raastof_geo.recall.load import load_result

__all__ = ["load_result"]
