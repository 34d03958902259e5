"""Measure what one load more is worth, and a newcomer's quote: `python benchmarks/one_more.py`.

The region of Zealand, roads and distances kept: every amount and target a load more and less, and
every window that is set moved, with one and with two processes; then quotes from the results on the
disk, reading them included, the first and the second time. In brackets what this process worked,
for the clock says little where others use the machine, too.
"""

import sys
import tempfile
import time
from pathlib import Path
from raastof_geo import load_result, read_scenario, solve_scenario, write_outputs
from raastof_geo.assignment.adjusting.worth import measure_worth
from raastof_geo.outputs import OUTPUTS
from raastof_geo.pipeline import quote_site
from raastof_geo.spread import working

REGION = Path(__file__).parents[1] / "scenarios" / "region_sjaelland.yaml"
SAID = {"6 000 t clean_clay_soil": False, "5 000 t fill": True}
KEPT = [one for one in OUTPUTS if one.name in ("plan", "proof")]


def main() -> None:
    """Write one line for each thing that is measured."""
    result = solve_scenario(read_scenario(REGION))
    for workers in (1, 2):
        with working(workers, ready="raastof_geo.pipeline") as executor:
            started, worked = time.perf_counter(), time.process_time()
            found = measure_worth(result.plan, executor=executor)
            told = tell(started, worked)
        waits = sum(len(one.waits) for one in found.values)
        what = f"{len(found.values)} amounts, {waits} windows, {workers} processes"
        sys.stdout.write(f"{what}: {told}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = write_outputs(result, Path(name) / "region", outputs=KEPT)
        for number, (said, need) in enumerate([*SAID.items()] * 2):
            started, worked, page = time.perf_counter(), time.process_time(), f"{number}.html"
            again = load_result(folder)
            _, quote, _ = quote_site(again, "11.8,55.4", said, Path(name) / page, need=need)
            told = tell(started, worked)
            sys.stdout.write(f"{said}: {len(quote.partners)} partners, {told}\n")


def tell(started: float, worked: float) -> str:
    """Say how long it took since then, and how long this process worked. [s]"""
    return f"{time.perf_counter() - started:.1f} s ({time.process_time() - worked:.1f} s)"


if __name__ == "__main__":
    main()
