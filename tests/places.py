"""Where things lie that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "cases"
"""Scenarios and maps that once failed, kept as they were."""
SCENARIOS = ROOT / "scenarios"
"""The scenarios that ship."""
