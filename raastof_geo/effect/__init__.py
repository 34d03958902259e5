"""Baseline and effect: what a plan changes."""

from raastof_geo.effect.measure import Effect as Effect
from raastof_geo.effect.measure import answer_target as answer_target
from raastof_geo.effect.measure import measure_effect as measure_effect
from raastof_geo.effect.measure import solve_baseline as solve_baseline
