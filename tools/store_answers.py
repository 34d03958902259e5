"""Store what the shipped scenarios come to: `python tools/store_answers.py [NAME …]`.

Solves each scenario of `scenarios/` and writes `tests/stored/NAME.json`: flows, objectives,
amounts and effect. `tests/whole/test_shipped_scenarios.py` holds every later version against
them, so run this only where answers are meant to change, and say in the commit why they do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
import pandas as pd
from raastof_geo import Result, read_scenario, solve_scenario

ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "scenarios"
STORED = ROOT / "tests" / "stored"
FLOW_KEYS = ["origin", "destination", "material", "vehicle", "period"]


def describe_answers(result: Result) -> dict[str, Any]:
    """Put what a scenario comes to into plain values.

    Returns
    -------
    answers
        `flows` and `baseline_flows`: tonnes by `FLOW_KEYS`, joined by blanks. [t] `figures`:
        objectives, amounts and effect by table and name, each in its own unit.
    """
    plan, effect = result.plan, result.effect
    tables: dict[str, Mapping[str, float]] = {
        "objectives": plan.objectives,
        "amounts": plan.amounts,
        "plan": asdict(effect.plan),
        "baseline": asdict(effect.baseline),
        "target": _numbers(effect.target),
        **{f"reach {reach.definition}": _numbers(reach) for reach in effect.target.reaches},
        **{f"saved by {', '.join(cause.names)}": cause.saved for cause in effect.causes},
        "saved by project": effect.transfers.saved_dkk,
        **{f"divided {rule}": goal for rule, goal in effect.transfers.rules.items()},
    }
    return {
        "flows": _add_up(plan.flows),
        "baseline_flows": _add_up(effect.baseline_flows),
        "figures": {
            table: {name: float(f"{value:.12g}") for name, value in sorted(row.items())}
            for table, row in tables.items()
        },
    }


def _add_up(flows: pd.DataFrame) -> dict[str, float]:
    tonnes = flows.groupby(FLOW_KEYS, observed=True)["tonnes"].sum()
    return {" ".join(key): round(float(moved), 6) for key, moved in tonnes.items()}


def _numbers(values: Any) -> dict[str, float]:
    return {name: value for name, value in asdict(values).items() if _is_one(value)}


def _is_one(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def main() -> None:
    """Solve scenarios, all of them where none is named, and store their answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    shipped = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
    parser.add_argument("name", nargs="*", help=", ".join(shipped))
    for name in parser.parse_args().name or shipped:
        answers = describe_answers(solve_scenario(read_scenario(SCENARIOS / f"{name}.yaml")))
        text = json.dumps(answers, ensure_ascii=False, indent=0)
        STORED.mkdir(exist_ok=True)
        (STORED / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
