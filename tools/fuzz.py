"""Feed the programme what is broken: `python tools/fuzz.py --cases N --seed S`.

Scenarios, files of roads, cached entries and results are made up and spoiled; the same seed
makes the same cases. What can be read goes on to a plan. A fault is whatever is neither an answer
nor one of our refusals: a traceback, a process that ends, no answer in time, a spoiled entry
that is believed, a change that `verify` does not name. The inputs of faults are kept.
Ends with 1 where there are faults.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.crew import run_cases, spread_cases
from fuzzing.outcome import KINDS


def main() -> int:
    """Run the cases, print a table and the faults."""
    asked = _read_arguments()
    started = time.monotonic()
    tasks = list(spread_cases(asked.cases, asked.what))
    if asked.only is not None:
        tasks = [task for task in tasks if task[1] == asked.only]
    tally = run_cases(tasks, seed=asked.seed, jobs=asked.jobs, bound_s=asked.bound, kept=asked.keep)
    for outcome in tally.faults:
        print(f"\n{outcome.kind} {outcome.number} (seed {asked.seed}):\n{outcome.fault.rstrip()}")
    print(f"\n{tally.table()}\n{time.monotonic() - started:.0f} s, seed {asked.seed}")
    if tally.faults:
        print(f"Inputs of faults: {asked.keep}")
    return 1 if tally.faults else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="which")
    parser.add_argument("--what", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--only", type=int, help="the number of one case, to run it again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--bound", type=float, default=120.0, help="seconds that a case may take")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"), help="folder for inputs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
