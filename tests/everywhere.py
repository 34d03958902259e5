"""Whatever may be asked of a scenario: every output, every answer, and back from the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import geopandas as gpd
from raastof_geo.records.ledger import explain_figure, list_figures
from raastof_geo.records.verify import check_results
from raastof_geo.scenario.output import OUTPUTS

EVERY_OUTPUT = f"outputs: [{', '.join(one.name for one in OUTPUTS)}]\n"
"""The line of a scenario that asks for every file there is."""

Ask = Callable[[list[list[str]]], list[str]]
"""Runs commands that have to succeed, and gives what each told."""


def go_everywhere(ask: Ask, scenario: Path, *leg: str) -> dict[str, str]:
    """Ask a scenario whose outputs are `EVERY_OUTPUT` everything, and run it in both languages.

    Parameters
    ----------
    ask
        Runs commands, and `load_result` as if it were one.
    leg
        Origin, destination and material of a leg in its plan.

    Returns
    -------
    told
        What was told in English, by the name of the command.
    """
    into = scenario.parent / "everywhere"
    folder = into / scenario.stem
    danish, *commands = [
        ["run", scenario, "--into", into / "da", "--lang", "da"],
        ["check", scenario],
        ["run", scenario, "--into", into],
        ["route", scenario, *leg[:2], "--map", into / "route.html"],
        ["why-not", scenario, *leg],
        ["materials", "--scenario", scenario],
        ["verify", folder, "--strict"],
        ["explain", folder],
        ["load_result", folder],
    ]
    told = ask([[str(word) for word in command] for command in (danish, *commands)])
    check_folder(into / "da" / scenario.stem)
    check_folder(folder)
    return {str(command[0]): said for command, said in zip(commands, told[1:], strict=True)}


def check_folder(folder: Path) -> None:
    """Every file is there, stands, opens, and has each of its figures followed to the end."""
    for output in OUTPUTS:
        assert (folder / output.file).exists(), output
    assert check_results(folder).untouched
    figures, _ = list_figures(folder)
    assert figures
    for figure in figures:
        assert explain_figure(folder, figure.figure).steps, figure
    assert len(gpd.read_file(folder / "plan.gpkg", layer="flows"))
