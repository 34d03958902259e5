"""Baseline and effect: what a plan changes."""

from raastof_geo.effect.baseline import BaselinePlan, solve_baseline
from raastof_geo.effect.measure import Effect, Totals, measure_effect, measure_totals
from raastof_geo.effect.target import Reach, TargetAnswer, answer_target

__all__ = [
    "BaselinePlan",
    "Effect",
    "Reach",
    "TargetAnswer",
    "Totals",
    "answer_target",
    "measure_effect",
    "measure_totals",
    "solve_baseline",
]
