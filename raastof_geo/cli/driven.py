"""What was agreed and driven: `raastof lock` and `raastof actuals`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raastof_geo.cli.terminal import asked_in, in_speech_of, quote, tell, tell_items, telling
from raastof_geo.cli.usage import FILE, Anywhere, Into, OfScenario, argument, option
from raastof_geo.errors import InputError, raise_all
from raastof_geo.language import say

if TYPE_CHECKING:
    from raastof_geo.scenario.scenario import Scenario

_Results = Annotated[Path, argument(value=say("RESULTS"))]
_MOST_TOLD = 40
"""As many mistakes in slips are told; the workbook has all."""


def lock_flows(
    results: _Results,
    flows: Annotated[list[str] | None, argument(value=say("FLOW…"))] = None,
    *,
    everything: Annotated[bool, option("--all")] = False,
    of_scenario: OfScenario = None,
    anywhere: Anywhere = False,
) -> None:
    """Write flows of a plan as agreements of its scenario, each to be priced by a variant."""
    from raastof_geo.recall import load_result
    from raastof_geo.scenario.telling.locked import choose_flows, write_locked

    result = load_result(results)
    source, scenario = _read_source(result.scenario.id, of_scenario, anywhere=anywhere)
    there = result.plan.flows
    chosen = there if everything else choose_flows(scenario, there, flows or ())
    path = write_locked(scenario, source, chosen)
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(str(path))} --variants all")


def follow_deliveries(
    context: typer.Context,
    results: _Results,
    deliveries: Annotated[Path, argument(value=FILE)],
    *,
    columns: Annotated[str, option("--columns", value=say("KEY=HEADING,…"))] = "",
    until: Annotated[str, option("--until", value=say("DAY"))] = "",
    strict: Annotated[bool, option("--strict")] = False,
    of_scenario: OfScenario = None,
    into: Into = Path("results"),
    anywhere: Anywhere = False,
) -> None:
    """Hold a plan against load slips, plan the rest anew, and say what is otherwise and why."""
    from raastof_geo.effect.remainder import follow_plan
    from raastof_geo.outputs.documents.reality import PAGE, tell_slips, write_reality
    from raastof_geo.recall import load_result
    from raastof_geo.scenario.reading.read import read_variant
    from raastof_geo.scenario.tables.delivery import read_deliveries

    try:
        day = datetime.date.fromisoformat(until) if until else None
        pairs = (one.split("=", 1) for one in columns.split(",") if one)
        named = {key.strip(): text.strip() for key, text in pairs}
    except ValueError:
        raise InputError.saying_text("usage", "slips") from None
    with telling(context) as note:
        result = load_result(results)
        ran = result.scenario
        source, scenario = _read_source(ran.id, of_scenario, anywhere=anywhere)
        if ran.id.startswith(f"{scenario.id}-"):
            scenario = read_variant(scenario, ran.id.removeprefix(f"{scenario.id}-"))
        if scenario.digest != ran.digest:
            raise InputError.saying_text("usage", "other state", file=f"`{source}`")
        slips = read_deliveries(deliveries, scenario, columns=named, until=day)
        note(say("Planning the rest"))
        reality = follow_plan(scenario, result.plan, result.legs, slips, until=day)
        raise_all(InputError, slips.mistakes if strict else ())
    scenario = scenario.saying(language=asked_in(context) or scenario.said.language)
    folder = into / f"{scenario.id}_actuals"
    write_reality(scenario, result.effect, reality, folder)
    with in_speech_of(scenario):
        tell_items(*slips.mistakes, title=say("Slips left out"), mark="! ", most=_MOST_TOLD)
        tell_items(*tell_slips(reality))
        tell(folder / PAGE)


def _read_source(id_: str, given: Path | None, *, anywhere: bool) -> tuple[Path, Scenario]:
    """Read the scenario that is named, or lies in this folder or in `scenarios`; and its path."""
    from raastof_geo.scenario import read_scenario

    ids = (id_, id_.rpartition("-")[0])
    likely = (home / f"{one}.yaml" for one in ids for home in (Path(), Path("scenarios")))
    source = given or next(filter(Path.is_file, likely), None)
    if source is None:
        raise InputError.saying_text("usage", "which scenario", id=id_)
    return source, read_scenario(source, anywhere=anywhere)
