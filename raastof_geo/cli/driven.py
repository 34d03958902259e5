"""What was agreed and driven: `raastof lock` and `raastof actuals`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raastof_geo.cli.terminal import asked_in, in_speech_of, quote, tell, tell_items, telling
from raastof_geo.cli.usage import FILE, Anywhere, Into, OfScenario, argument, option
from raastof_geo.errors import InputError, raise_all
from raastof_geo.language import say

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from raastof_geo.scenario.scenario import Scenario

_RESULTS = say("RESULTS")
_MOST_TOLD = 40
"""As many mistakes in slips are told; the page and the workbook have all."""


def lock_flows(
    results: Annotated[Path, argument(value=_RESULTS)],
    flows: Annotated[list[str] | None, argument(value=say("FLOW"))] = None,
    *,
    everything: Annotated[bool, option("--all")] = False,
    of_scenario: OfScenario = None,
    anywhere: Anywhere = False,
) -> None:
    """Write flows of a plan as agreements of its scenario, each to be priced by a variant."""
    from raastof_geo.recall import load_result
    from raastof_geo.scenario.telling.locked import choose_flows, write_locked

    result = load_result(results)
    source, scenario = next(_read_sources(result.scenario.id, of_scenario, anywhere=anywhere))
    there = result.plan.flows
    if not (everything or flows):
        raise InputError.saying("name flows to lock, or all of them with `--all`")
    chosen = there if everything else choose_flows(scenario, there, flows or ())
    path = write_locked(scenario, source, chosen)
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(str(path))} --variants all")


def follow_deliveries(
    context: typer.Context,
    results: Annotated[Path, argument(value=_RESULTS)],
    deliveries: Annotated[Path, argument(value=FILE)],
    *,
    columns: Annotated[str, option("--columns", value=say("KEY=HEADING,…"))] = "",
    until: Annotated[str | None, option("--until", value=say("DAY"))] = None,
    strict: Annotated[bool, option("--strict")] = False,
    of_scenario: OfScenario = None,
    into: Into = Path("results"),
    anywhere: Anywhere = False,
) -> None:
    """Hold a plan against load slips, plan the rest anew, and say what is otherwise and why."""
    from raastof_geo.outputs.documents.reality import PAGE, tell_slips, write_reality
    from raastof_geo.pipeline import follow_slips
    from raastof_geo.recall import load_result
    from raastof_geo.scenario.tables.delivery import read_deliveries

    day, named = _read_day(until), _read_columns(columns)
    with telling(context) as note:
        result = load_result(results)
        scenario = _find_source(result.scenario, of_scenario, anywhere=anywhere)
        slips = read_deliveries(deliveries, scenario, columns=named, until=day)
        reality = follow_slips(scenario, result, slips, until=day, tell=note)
        if strict:
            raise_all(InputError, slips.mistakes)
    if language := asked_in(context):
        scenario = scenario.saying(language=language)
    folder = into / f"{scenario.id}_actuals"
    write_reality(scenario, result.effect, reality, slips, folder)
    with in_speech_of(scenario):
        tell_items(*slips.mistakes, title=say("Slips left out"), mark="! ", most=_MOST_TOLD)
        tell_items(*tell_slips(slips))
        tell(folder / PAGE)


def _read_day(text: str | None) -> datetime.date | None:
    import datetime

    try:
        return None if text is None else datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError.saying("`--until` is a day such as 2028-05-31") from None


def _read_columns(text: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if not all(sign and heading.strip() for _, sign, heading in pairs):
        raise InputError.saying('`--columns` is written as "date=Dato,from=Afsender"')
    return {key.strip(): heading.strip() for key, _, heading in pairs}


def _read_sources(
    id_: str, given: Path | None, *, anywhere: bool
) -> Iterator[tuple[Path, Scenario]]:
    """Read the scenario that results may be of, then its variants: the file, or one named so."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.reading.read import read_variant
    from raastof_geo.scenario.variant import list_variants

    homes, ids = (Path(), Path("scenarios")), (id_, id_.rpartition("-")[0])
    likely = [home / f"{one}.yaml" for one in ids for home in homes if one]
    source = given or next((one for one in likely if one.is_file()), None)
    if source is None:
        raise InputError.saying("name the file of the scenario: `--scenario {id}.yaml`", id=id_)
    scenario = read_scenario(source, anywhere=anywhere)
    yield source, scenario
    if f"{scenario.id}-" in id_:
        wanted = id_.removeprefix(f"{scenario.id}-")
        yield from (
            (source, read_variant(scenario, one))
            for one in list_variants(scenario)
            if one == wanted
        )


def _find_source(ran: Scenario, given: Path | None, *, anywhere: bool) -> Scenario:
    """Give the scenario that results are of, as its file has it; refused where that was changed."""
    sources = list(_read_sources(ran.id, given, anywhere=anywhere))
    for _, scenario in sources:
        if scenario.digest == ran.digest:
            return scenario
    file = f"`{sources[0][0]}`"
    raise InputError.saying(
        "{file} is not as it was when these results were made: run it again", file=file
    )
