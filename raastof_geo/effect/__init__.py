"""Baseline and effect: what a plan changes."""

from raastof_geo.effect.baseline import solve_baseline
from raastof_geo.effect.measure import Effect, measure_effect
from raastof_geo.effect.target import answer_target

__all__ = ["Effect", "answer_target", "measure_effect", "solve_baseline"]
