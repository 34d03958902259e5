"""How much the optimum of a scenario changes from one road network to another.

    python benchmarks/network_difference.py FILE.osm.pbf [--scenario FILE]

Solves the scenario on its own network, then on every road of the file.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from raastof_geo import read_scenario, solve_scenario


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    default = Path(__file__).parents[1] / "scenarios" / "region_sjaelland.yaml"
    parser.add_argument("--scenario", type=Path, default=default)
    options = parser.parse_args()
    scenario = read_scenario(options.scenario)
    choice = scenario.said.network.model_copy(update={"file": options.file.resolve()})
    said = scenario.said.model_copy(update={"network": choice})
    worlds = {"own network": scenario, "every road": dataclasses.replace(scenario, said=said)}
    first = None
    for name, world in worlds.items():
        result = solve_scenario(world)
        plan, before = result.effect.plan.kg_co2e_wtw, result.effect.baseline.kg_co2e_wtw
        first = first or (plan, before)
        print(
            f"{name}: {result.network.edge_count:,} edges; plan {plan / 1000:,.0f} t CO2e "
            f"({100 * (plan / first[0] - 1):+.2f} %), before {before / 1000:,.0f} t "
            f"({100 * (before / first[1] - 1):+.2f} %), saved {100 * (1 - plan / before):.2f} %"
        )


if __name__ == "__main__":
    main()
