"""Baseline and effect: what a plan changes."""

from raastof_geo.effect.baseline import Baseline, solve_baseline
from raastof_geo.effect.measure import Effect, Totals, measure_effect, measure_totals

__all__ = [
    "Baseline",
    "Effect",
    "Totals",
    "measure_effect",
    "measure_totals",
    "solve_baseline",
]
