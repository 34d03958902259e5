"""Baseline and effect: what a plan changes."""

from raastof_geo.effect.baseline import BaselinePlan, solve_baseline
from raastof_geo.effect.measure import Effect, measure_effect
from raastof_geo.effect.target import Reach, TargetAnswer, answer_target
from raastof_geo.effect.totals import Totals

__all__ = [
    "BaselinePlan",
    "Effect",
    "Reach",
    "TargetAnswer",
    "Totals",
    "answer_target",
    "measure_effect",
    "solve_baseline",
]
