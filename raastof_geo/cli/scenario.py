"""Of a scenario file: `raastof run`, `raastof check` and `raastof new`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
import typer
from raastof_geo.cli.terminal import asked_in, clean, in_speech_of, quote, tell, tell_items, telling
from raastof_geo.cli.usage import FILE, Anywhere, Into, ScenarioPath, Workers, argument, option
from raastof_geo.errors import InputError
from raastof_geo.files import read_trace, write_whole
from raastof_geo.language import DATA_FOLDER, Readable, format_number, say, spoken_language
from raastof_geo.records.exchange import find_door, list_own
from raastof_geo.spread import reaching, working

if TYPE_CHECKING:
    from raastof_geo.result import Result
    from raastof_geo.scenario import Scenario

_MACHINE, _WRITERS = "raastof_geo.pipeline", "raastof_geo.outputs.write:find_writers"
"""What helping processes import first."""
_NAME = say("NAME")
_VariantId = Annotated[str, option("--variant", value=_NAME)]
_MOST_OF_OTHERS = 10
"""As many files that are not of this run are named."""


def run_file(
    context: typer.Context,
    scenario: ScenarioPath,
    *,
    into: Into = Path("results"),
    anywhere: Anywhere = False,
    model: Annotated[str | None, option("--model", value=_NAME)] = None,
    lp: Annotated[Path | None, option("--lp", value=FILE)] = None,
    no_sensitivity: Annotated[bool, option("--no-sensitivity")] = False,
    variant: _VariantId = "",
    variants: Annotated[str, option("--variants", value=_NAME)] = "",
    front: Annotated[str, option("--front", value=say("MEASURE,MEASURE"))] = "",
    alternatives: Annotated[int, option("--alternatives", value="N", min=0, max=50)] = 0,
    within: Annotated[str, option("--within", value="%")] = "2 %",
    propose: Annotated[int, option("--propose", value="N", min=0, max=50)] = 0,
    like: Annotated[str, option("--like", value=_NAME)] = "",
    folders: Annotated[bool, option("--folders")] = False,
    workers: Workers = None,
) -> None:
    """Read a scenario, solve it, write its results, and say what they amount to."""
    from raastof_geo import pipeline
    from raastof_geo.assignment.front import read_measures
    from raastof_geo.assignment.solving.stated import check_ending, write_programme
    from raastof_geo.units import read_share

    if lp is not None:
        check_ending(lp)
    measures, share = read_measures(front) if front else None, read_share(within)
    with telling(context) as note, working(workers, ready=_WRITERS) as team:
        result, folder = pipeline.run_scenario(
            scenario,
            into=into,
            anywhere=anywhere,
            language=asked_in(context),
            model=model,
            sensitivity=not no_sensitivity,
            variant=variant,
            variants=variants,
            like=like if propose else None,
            executor=team,
            tell=note,
        )
        if lp is not None:
            write_programme(result.plan.to_pulp(), lp)
        places, asked = [folder], list[Callable[..., pipeline.Answered]]()
        if variants:
            compare = pipeline.compare_variants
            places.append(compare(result, variants, into=into, executor=team, tell=note)[1])
        if measures:
            asked.append(partial(pipeline.compare_front, result, measures))
        if alternatives:
            asked.append(partial(pipeline.compare_alternatives, result, alternatives, share))
        if propose:
            asked.append(partial(pipeline.compare_candidates, result, propose, like))
        for one in [ask(into=into, executor=team, tell=note) for ask in asked]:
            places.append(one.folder)
            if folders:
                places += pipeline.write_each(one, into=into, executor=team, tell=note)
    with in_speech_of(result.scenario):
        _tell_result(result)
        for place in places:
            _tell_files(place)


def rank_file(
    context: typer.Context,
    scenario: ScenarioPath,
    *,
    into: Into = Path("results"),
    top: Annotated[int, option("--top", value="N", min=1)] = 25,
    only: Annotated[str, option("--only", value=_NAME)] = "",
    anywhere: Anywhere = False,
    workers: Workers = None,
) -> None:
    """Rank everything that the figures of a scenario hang on."""
    from raastof_geo.outputs.documents.assumptions import tabulate_assumptions, tell_turning
    from raastof_geo.pipeline import rank_assumptions

    with telling(context) as note, working(workers, ready=_MACHINE) as team:
        read, assessment, folder = rank_assumptions(
            scenario,
            into=into,
            anywhere=anywhere,
            language=asked_in(context),
            only=only,
            most=top,
            executor=team,
            tell=note,
        )
    with in_speech_of(read):
        table = tabulate_assumptions(assessment, most=top)
        rows = [(f"{one[0]}\n{one[1]} ({one[2]})", *one[3:-1]) for one in table.rows]
        _show_table(str(table.caption), (table.header[0], *table.header[3:-1]), rows)
        turning = say("What would turn the conclusion over")
        tell_items(*tell_turning(assessment), title=turning, mark="· ")
        _tell_files(folder)


def draw_file(
    context: typer.Context,
    scenario: ScenarioPath,
    *,
    draws: Annotated[int, option("--draws", value="N", min=2, max=100_000)] = 1000,
    seed: Annotated[int, option("--seed", value="N", min=0)] = 1,
    resume: Annotated[bool, option("--resume")] = False,
    into: Into = Path("results"),
    anywhere: Anywhere = False,
    workers: Workers = None,
    scheduler: Annotated[str, option("--scheduler", value="tcp://…")] = "",
) -> None:
    """Solve a scenario in many conceivable courses, and say how sure its answer is."""
    from raastof_geo.outputs.documents.assumptions import tell_commitments, tell_likelihood
    from raastof_geo.pipeline import draw_ensemble

    team = reaching(scheduler) if scheduler else working(workers, ready=_MACHINE)
    with telling(context) as note, team as executor:
        found, folder = draw_ensemble(
            scenario,
            draws=draws,
            seed=seed,
            into=into,
            resume=resume,
            executor=executor,
            tell=note,
            anywhere=anywhere,
            language=asked_in(context),
        )
    with in_speech_of(found.today.scenario):
        tell_items(*tell_likelihood(found))
        tell_items(*tell_commitments(found), title=say("What to commit to first"), mark="· ")
        _tell_files(folder)


def check_file(
    context: typer.Context,
    scenario: ScenarioPath,
    *,
    page: Annotated[Path | None, option("--page", value=FILE)] = None,
    mark: Annotated[bool, option("--mark")] = False,
    merged: Annotated[bool, option("--merged")] = False,
    variant: _VariantId = "",
    anywhere: Anywhere = False,
) -> None:
    """Read a scenario and place its sites; solve nothing."""
    from raastof_geo.outputs.warning import warn_of_input
    from raastof_geo.pipeline import place_scenario, read_for_roads
    from raastof_geo.roads.area import find_changed_edges
    from raastof_geo.scenario.reading.read import read_variant
    from raastof_geo.scenario.tables.source import mark_tables

    asked = asked_in(context)
    try:
        with telling(context) as note:
            read = read_for_roads(scenario, anywhere=anywhere, language=asked, tell=note)
            base = read
            read = read_variant(read, variant) if variant else read
            network, anchors = place_scenario(read, tell=note)
            find_changed_edges(network, read.said.network.changes)
    except InputError as error:
        for path in mark_tables(error.findings) if mark else ():
            tell(say("Wrote {file}, with a comment at each mistake.", file=str(path)))
        raise
    with in_speech_of(read):
        if merged:
            _tell_merged(read, base, variant)
        tell(say("How far each site lies from the road that its trucks use:"))
        moved = anchors.frame["snap_m"].to_list()
        for (site, edge), metres in zip(anchors.edges.items(), moved, strict=True):
            far, road = format_number(metres), network.called(edge) or say("a road without a name")
            told = say("{site}: {metres} m to {road}", site=site, metres=far, road=road)
            tell_items(told, indent="  ")
        tell_items(*warn_of_input(read, network, anchors), title=say("Warnings"), mark="! ")
        told = say(
            "The scenario can be read: {sites} sites, {offered} t offered, {needed} t needed.",
            sites=len(read.sites),
            offered=format_number(sum(map(attrgetter("tonnes"), read.offers))),
            needed=format_number(sum(map(attrgetter("tonnes"), read.needs))),
        )
        tell()
        tell_items(told)
        if page is not None:
            from raastof_geo.outputs.pages.beside import write_outlook  # maps load for 0.3 s

            tell(write_outlook(read, network, anchors, page))


def _tell_merged(scenario: Scenario, base: Scenario, variant: str) -> None:
    """List what a scenario says, value by value, each with where that stands, or its variant."""
    from raastof_geo.scenario.varied import VARYING, list_leaves

    before = dict(list_leaves(base.values))
    for trail, value in list_leaves(scenario.values):
        place = base.place_of(*trail)
        if before.get(trail) != value and trail[0] not in VARYING:
            place = base.place_of("variants", variant.rpartition("-")[0] or variant)
        tell(f"{'.'.join(map(str, trail))}: {value}  # {place or scenario.id}")
    tell()


def _tell_result(result: Result) -> None:
    from raastof_geo.outputs.documents.assumptions import HANGS_ON, tell_assumptions
    from raastof_geo.outputs.opening import open_answer, say_in_all, tell_credit
    from raastof_geo.outputs.tables.summary import answer, prove, summarise
    from raastof_geo.outputs.warning import warn

    tell_items(*open_answer(result))
    heads = (say_in_all(result.scenario), say("Plan"), say("Baseline"))
    _show_table(result.scenario.said.title, heads, summarise(result).values())
    tell(str(prove(result)))
    tell_items(*answer(result), title=say("Can the share be reached?"), mark="· ")
    tell_items(*tell_credit(result.effect), title=say("What saves what"), mark="· ")
    if result.assumptions is not None:
        tell_items(*tell_assumptions(result.assumptions), title=HANGS_ON, mark="· ")
    tell_items(*warn(result), title=say("Warnings"), mark="! ")


def _show_table(title: str, heads: Sequence[Readable], rows: Iterable[Sequence[Readable]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(clean(title)), title_justify="left")
    for number, head in enumerate(heads):
        table.add_column(escape(str(head)), justify="right" if number else "left")
    for row in rows:
        table.add_row(*(escape(clean(cell)) for cell in row))
    Console(highlight=False, soft_wrap=True).print(table)


def _tell_files(folder: Path) -> None:
    ours, others = list_own(folder)
    tell()
    tell(say("Results: {folder}", folder=str(folder)))
    for name in ours:
        tell(f"  {name}")
    tell_items(*read_trace().tell_moved(), mark="! ")
    # A name stays on its line, whatever it holds.
    shown = ["".join(one if one.isprintable() else "?" for one in name) for name in others]
    told = say("Left as it was, for it is not of this run: {files}")
    if len(shown) > _MOST_OF_OTHERS:
        told = say("Left as it was, for it is not of this run: {files} and {count} more")
    if shown:
        named = ", ".join(shown[:_MOST_OF_OTHERS])
        tell(told.format(files=named, count=len(shown) - _MOST_OF_OTHERS))
    if (door := find_door(folder)) is not None:
        command = f"raastof open {quote(str(folder))}"
        tell(say("Begin here: {file} (or {command})", file=str(door), command=command))


def write_starter(
    name: Annotated[str | None, argument(value=_NAME)] = None,
    *,
    schema: Annotated[bool, option("--schema")] = False,
    xlsx: Annotated[bool, option("--xlsx")] = False,
) -> None:
    """Write a commented scenario in the language that is spoken, the schema, or both."""
    from raastof_geo.outputs.tables.form import write_form
    from raastof_geo.scenario import load_catalogue, read_scenario
    from raastof_geo.scenario.telling.schema import SCHEMA_FILE, describe_scenarios, is_schema

    language = spoken_language()
    if schema:
        folder = Path() if name is None else _new_path(name).parent
        described = describe_scenarios(load_catalogue(), language)
        text = json.dumps(described, indent=1, ensure_ascii=False) + "\n"
        path = write_whole(folder / SCHEMA_FILE, text, known=is_schema)
        tell(say("Wrote {file}, which the first lines of a new scenario name.", file=str(path)))
    if name is not None:
        path = _new_path(name.removesuffix(".xlsx"))
        path = path.with_suffix(".xlsx") if xlsx else path
        if path.exists():
            told = {"file": str(path)}
            raise InputError.saying("{file} is there already: choose another name", **told)
        starter = DATA_FOLDER / f"starter_{language}.yaml"
        if path.suffix == ".xlsx":
            write_form(read_scenario(starter), path)
        else:
            write_whole(path, starter.read_bytes())
        tell(say("Wrote {file}. Next:", file=str(path)))
        safe = f".{os.sep}{path}" if str(path).startswith("-") else str(path)  # it is no option
        tell(f"raastof run {quote(safe)}")
    elif not schema:
        raise InputError.saying("name the new file, or ask for the schema with `--schema`")


def export_file(
    scenario: ScenarioPath,
    *,
    xlsx: Annotated[bool, option("--xlsx")] = False,
    gpkg: Annotated[bool, option("--gpkg")] = False,
    into: Into = Path(),
    anywhere: Anywhere = False,
) -> None:
    """Write a scenario as tables, which are a scenario themselves."""
    from raastof_geo.outputs.geopackage import write_scenario_layers
    from raastof_geo.outputs.tables.form import write_form
    from raastof_geo.scenario import read_scenario

    if not (xlsx or gpkg):
        raise InputError.saying("say what to write: `--xlsx`, `--gpkg` or both")
    read = read_scenario(scenario, anywhere=anywhere)
    paths = [write_form(read, into / f"{read.id}.xlsx")] if xlsx else []
    paths += [write_scenario_layers(read, into / f"{read.id}.gpkg")] if gpkg else []
    for path in paths:
        tell(say("Wrote {file}.", file=str(path)))
    tell_items(*read_trace().tell_moved(), mark="! ")


def _new_path(name: str) -> Path:
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not path.name.removesuffix(path.suffix).strip(" .") or path.name.startswith("."):
        raise InputError.saying_text("usage", "no scenario", name=f"`{name}`")
    return path
