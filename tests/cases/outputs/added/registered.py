"""Add an output, and then do what any user does.

Run as a program, so that it is there before the package reads its declarations.
"""

import sys
from raastof_geo.language import say
from raastof_geo.scenario import output


def write_calendar(result, folder):
    """Write the tonnes of each period; the sentence is one that the catalogue of words has."""
    tonnes = result.plan.flows.groupby("period")["tonnes"].sum()
    lines = [f"{say('Period')};{say('Tonnes')}", *(f"{one};{t:.0f}" for one, t in tonnes.items())]
    path = folder / "calendar.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


output.OUTPUTS = (*output.OUTPUTS, output.Output("calendar", "calendar.csv", write_calendar))

from raastof_geo.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
