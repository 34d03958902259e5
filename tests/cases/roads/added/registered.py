"""Add a limit on trucks and a tag of roads, and then do what any user does.

Run as a program, so that both are there before the package reads its declarations; commands
stand after its name, or several of them as JSON in what it is given.
"""

import dataclasses
import datetime
import json
import sys
from raastof_geo.emissions import limit
from raastof_geo.figures.figure import Figure
from raastof_geo.language import say, speaking

TANDEM = limit.TruckLimit(
    "maxtandemload_t",
    say("tandem load"),
    "t",
    limit.Size(
        "tandem_load_t",
        say("Tandem load"),
        Figure(
            value=18,
            unit="t",
            source="judgement",
            valid_from=datetime.date(2026, 11, 1),
            verified=False,
        ),
    ),
    ("maxtandemweight",),
    least=1,
    with_load=True,
)
limit.TRUCK_LIMITS = (*limit.TRUCK_LIMITS, TANDEM)
limit.SIZES = (*limit.SIZES, TANDEM.size)

from raastof_geo.roads import road  # noqa: E402

road.Road = dataclasses.make_dataclass(
    "Road", [("lit", bool, dataclasses.field(default=False))], bases=(road.Road,), frozen=True
)

from raastof_geo.roads.mapped import tags  # noqa: E402

tags.READERS["lit"] = lambda found, _: found.get("lit") == "yes"

from raastof_geo import load_result  # noqa: E402
from raastof_geo.cli import run_command  # noqa: E402

if __name__ == "__main__":
    with speaking("en"):
        if sys.argv[1:]:
            sys.exit(run_command(sys.argv[1:]))
        for command in json.load(sys.stdin):
            if command[0] == "load_result":
                sys.stdout.write(repr(load_result(command[1])))
            elif run_command(command):
                sys.exit(f"{command} failed")
            sys.stdout.write("\x1e")
