"""The command line: `raastof run`, `check`, `verify`, `explain`, `why-not`, and more.

Exit codes: 0 solved; 2 input refused; 3 no plan exists; 4 something outside
failed (network, disk, solver).
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raastof_geo.cli.terminal import (
    NobodyReadsError,
    clean,
    complain,
    hang_up,
    prepare_streams,
    quote,
    tell,
    tell_item,
)
from raastof_geo.cli.usage import explain_usage, speak_of
from raastof_geo.errors import Finding, InputError, OutputError, RaastofError
from raastof_geo.language import LANGUAGES, Language, Message, as_language, say, say_count, speaking
from raastof_geo.trace import Trace, read_trace, tell_moved, tracing
from raastof_geo.version import __version__

if TYPE_CHECKING:
    from raastof_geo.pipeline import Tell
    from raastof_geo.result import Result
    from raastof_geo.roads.network import RoadNetwork
    from raastof_geo.roads.snap import Anchors
    from raastof_geo.scenario import Scenario
    from raastof_geo.scenario.catalogue import Catalogue

_EXIT_REFUSED = 2
_EXIT_NO_PLAN = 3
_EXIT_OUTSIDE = 4
_EXIT_INTERRUPTED = 130
_MOST_FINDINGS = 200
"""As many mistakes are printed; whoever has more has made one of them often."""
_MOST_MOVED = 5
"""As many files that were moved aside are told one by one."""


def main() -> None:
    """Run the command line and end with its exit code."""
    arguments = sys.argv[1:]
    prepare_streams()
    with speaking(pick_language(arguments)):
        code = run_command(arguments)
    hang_up()
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors become sentences."""
    with tracing() as trace:
        code = _run_or_explain(arguments)
        if code == _EXIT_INTERRUPTED:
            _print_error(str(_tell_interrupted()))
        for message in _tell_all_moved(trace):
            tell(message)
        return code


def _run_or_explain(arguments: list[str]) -> int:
    """Run a command; a usage error is told in our words."""
    try:
        return _run_command(arguments)
    except Exception as error:
        told = explain_usage(error, _ARGUMENTS)
        if told is not None:
            for line in told:
                _print_error(line)
            return int(getattr(error, "exit_code", _EXIT_REFUSED))
        if type(error).__name__ == "Abort":
            return _EXIT_INTERRUPTED
        raise


def _run_command(arguments: list[str]) -> int:
    """Run a command; usage errors pass through."""
    try:
        command = typer.main.get_command(build_app())
        _explain_options(command)
        speak_of(command, _ARGUMENTS)
        result = command.main(args=arguments, prog_name="raastof", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except RaastofError as error:
        if "--debug" in arguments:
            raise
        _complain(error, arguments)
        return error.exit_code
    except KeyboardInterrupt:  # most are met by Typer, which gives the code
        return _EXIT_INTERRUPTED
    except NobodyReadsError:
        return 0
    except OSError as error:
        if "--debug" in arguments:
            raise
        _print_error(str(say("Something outside failed: {reason}", reason=str(error))))
        return _EXIT_OUTSIDE


def _tell_all_moved(trace: Trace) -> Iterator[Message]:
    """Name what was moved aside, once; many files in one sentence."""
    moved, trace.moved = trace.moved, []
    if len(moved) <= _MOST_MOVED:
        yield from (tell_moved(path, to) for path, to in moved)
        return
    yield say(
        "{count} files are not what this version wrote there: they were moved to {folder}: "
        "{files} …",
        count=len(moved),
        folder=os.path.commonpath([to.parent for _, to in moved]),
        files=", ".join(path.name for path, _ in moved[:_MOST_MOVED]),
    )


def _tell_interrupted() -> Message:
    """Say what an interrupted command leaves: nothing, whole files, or work for the next one."""
    from raastof_geo.records.exchange import is_unfinished

    written = [path for path in read_trace().written if path.exists()]
    if not written:
        return say("Interrupted: nothing was written.")
    for path in written:
        if is_unfinished(path):
            return say(
                "Interrupted while the files in {folder} were exchanged: the next `raastof run`, "
                "`verify` or `explain` finishes that.",
                folder=str(path),
            )
    return say(
        "Interrupted. In place, and whole: {files}.", files=", ".join(str(one) for one in written)
    )


def pick_language(arguments: list[str]) -> Language:
    """Take the language from `--lang`, else from RAASTOF_LANG, else Danish."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return as_language(arguments[position + 1]) or _language_around() or "da"
        if argument.startswith("--lang="):
            return as_language(argument.removeprefix("--lang=")) or _language_around() or "da"
    return _language_around() or "da"


def _complain(error: RaastofError, arguments: list[str]) -> None:
    language = _scenario_language(arguments)
    with speaking(language) if language else contextlib.nullcontext():
        head = {
            2: say("The input is refused:"),
            3: say("No plan exists:"),
        }.get(error.exit_code, say("Something outside failed:"))
        _print_error(str(head))
        for finding in error.findings[:_MOST_FINDINGS]:
            _print_error(f"  {finding}")
        rest = len(error.findings) - _MOST_FINDINGS
        if rest > 0:
            told = say_count("  … and {count} more", "  … and {count} more", count=rest)
            _print_error(str(told))


def _scenario_language(arguments: list[str]) -> Language | None:
    """Answer in the scenario's language where no other was asked for."""
    if any(argument.startswith("--lang") for argument in arguments) or _language_around():
        return None
    for argument in arguments:
        if argument.endswith((".yaml", ".yml")):
            with (
                contextlib.suppress(OSError, UnicodeDecodeError),
                Path(argument).open("rb") as file,
            ):
                for line in file.read(_LANGUAGE_WITHIN).decode("utf-8", "ignore").splitlines():
                    if line.startswith("language:"):
                        return as_language(line.removeprefix("language:").strip(" \"'"))
    return None


_LANGUAGE_WITHIN = 100_000
"""How far into a scenario its language is looked for. [bytes]"""


def _language_around() -> Language | None:
    """Give the language that the environment asks for, if it names one."""
    return as_language(os.environ.get("RAASTOF_LANG", ""))


def _print_error(text: str) -> None:
    complain(text)


def build_app() -> typer.Typer:
    """Build the commands, their help in the language that is spoken."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=str(
            say(
                "Who should drive what to whom? Match surplus soil and crushed materials with "
                "projects that need them, with the least truck emissions."
            )
        ),
        epilog=str(
            say(
                "Exit codes: 0 solved; 2 input refused; 3 no plan exists; "
                "4 something outside failed (network, disk, solver)."
            )
        ),
    )
    app.callback()(_options)
    app.command("run", help=str(say("Read a scenario, solve it, write its results.")))(_run)
    app.command("check", help=str(say("Read a scenario and place its sites; solve nothing.")))(
        _check
    )
    app.command("route", help=str(say("Tell why a truck goes the way it goes, and draw it.")))(
        _route
    )
    app.command(
        "verify",
        help=str(say("Check written results again, without the programme that made them.")),
    )(_verify)
    app.command("explain", help=str(say("Follow a figure of written results to its sources.")))(
        _explain
    )
    app.command("why-not", help=str(say("Tell why one site does not send to another.")))(_why_not)
    app.command(
        "materials",
        help=str(
            say(
                "List materials, uses, recipes, conditions, land and trucks, or tell all that is "
                "known of one."
            )
        ),
    )(_materials)
    app.command(
        "why", help=str(say("Tell whether a material may serve a use, and by which rule."))
    )(_why)
    app.command("new", help=str(say("Write a commented scenario to start from.")))(_new)
    network = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help=str(say("Look at, build or fetch roads."))
    )
    network.command(
        "info", help=str(say("Tell what a network holds; the built-in one by default."))
    )(_network_info)
    network.command("build", help=str(say("Build a network from an .osm.pbf or .osm file.")))(
        _network_build
    )
    network.command("fetch", help=str(say("Fetch a network from OpenStreetMap (needs internet).")))(
        _network_fetch
    )
    app.add_typer(network, name="network")
    cache = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help=str(say("Look at what is kept from earlier runs, or empty it.")),
    )
    cache.command("info", help=str(say("Tell where the cache lies and what it holds.")))(
        _cache_info
    )
    cache.command("clear", help=str(say("Empty the cache; what is needed is made again.")))(
        _cache_clear
    )
    app.add_typer(cache, name="cache")
    return app


_HELP: dict[str, Message] = {
    "scenario": say("The scenario file (YAML)."),
    "into": say("The folder to write into."),
    "results": say("A folder that `raastof run` wrote."),
    "figure": say("A figure such as plan.kg_co2e_wtw; none: list those that there are."),
    "giver": say("The site that would send, by id or name."),
    "taker": say("The site that would receive, by id or name."),
    "material": say("A material, by id or name."),
    "entry": say(
        "A material, use, recipe, condition, kind of land or truck, by id or name; none: list all."
    ),
    "use": say("A use, by id or name."),
    "land": say("The kind of land that the material comes to, by id or name."),
    "strict": say("End with 3 also where only other files than the plan were changed."),
    "of_scenario": say("Take the catalogue of this scenario instead of the built-in one."),
    "anywhere": say("Let the scenario name files outside its own folder."),
    "model": say(
        "How a truck's energy follows from the road: the name of a model, such as by_distance."
    ),
    "lang": say("The language to speak, and to write results in: da or en."),
    "verbose": say("Tell each step."),
    "debug": say("Show where in the code an error arose."),
    "version": say("Show the version and stop."),
    "name": say("The name of the new file."),
    "file": say("A network file; none: the built-in network."),
    "source": say("An .osm.pbf or .osm file."),
    "municipalities": say("A GeoJSON file of municipalities to simplify and keep."),
    "towns": say("A CSV file of towns: name, class, lon, lat."),
    "title": say("What the network is called."),
    "osm_date": say("The state of OpenStreetMap, such as 2021-08-05."),
    "simplify_m": say("Keep the drawn road within this distance of the mapped one. [m]"),
    "place": say("A place that OpenStreetMap knows, such as Køge Kommune."),
    "box": say("West, south, east, north in degrees."),
    "origin": say("The site that sends, by id or name."),
    "destination": say("The site that receives, by id or name."),
    "vehicle": say("The truck, by id or name; none: the first of the scenario."),
    "period": say("The period; none: the first of the scenario."),
    "map_file": say("The page to draw; none: the two ids in this folder."),
    "no_plan": say("Do not solve the plan; tell the price of each load only."),
    "within": say("A GeoJSON or other file of polygons: read only what lies inside."),
    "municipality": say("Read only this municipality; may be given several times."),
    "buffer_m": say("Read this much beyond the area as well. [m]"),
    "whole": say("Keep every road as mapped, closed ones too, and drop nothing."),
    "renumbered": say("The ids in the file are not those of OpenStreetMap: keep none."),
    "polygon": say("A GeoJSON file of the area to fetch."),
    "server": say("An Overpass server to ask instead of the public ones."),
}
"""What options and arguments are for, by name."""

_ARGUMENTS: dict[str, Message] = {
    "scenario": say("SCENARIO"),
    "results": say("RESULTS"),
    "figure": say("FIGURE"),
    "giver": say("GIVER"),
    "taker": say("TAKER"),
    "material": say("MATERIAL"),
    "entry": say("ENTRY"),
    "use": say("USE"),
    "name": say("NAME"),
    "file": say("FILE"),
    "source": say("FILE"),
    "origin": say("FROM"),
    "destination": say("TO"),
    "into": say("FOLDER"),
    "of_scenario": say("SCENARIO"),
    "land": say("LAND"),
    "vehicle": say("TRUCK"),
    "period": say("PERIOD"),
    "map_file": say("FILE"),
    "model": say("NAME"),
    "municipalities": say("FILE"),
    "towns": say("FILE"),
    "within": say("FILE"),
    "polygon": say("FILE"),
    "simplify_m": say("METRES"),
    "buffer_m": say("METRES"),
    "osm_date": say("DATE"),
}
"""What people call the values of arguments and options, by name."""


def _explain_options(command: Any) -> None:
    """Give every option its help in the language that is spoken."""
    for option in command.params:
        if option.name in _HELP:
            option.help = str(_HELP[option.name])
    for below in getattr(command, "commands", {}).values():
        _explain_options(below)


def _show_version(wanted: bool) -> None:
    if wanted:
        tell(f"raastof {__version__}")
        raise typer.Exit


def _check_language(given: str | None) -> str | None:
    if given is not None and as_language(given) is None:
        raise InputError(
            say(
                "--lang must be one of {languages}, got {given}",
                languages=", ".join(LANGUAGES),
                given=given,
            )
        )
    return given


Lang = Annotated[str | None, typer.Option("--lang", callback=_check_language, metavar="da|en")]
Verbose = Annotated[bool, typer.Option("--verbose")]
Debug = Annotated[bool, typer.Option("--debug")]


def _options(
    lang: Lang = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _run(
    context: typer.Context,
    scenario: Path,
    into: Annotated[Path, typer.Option("--into")] = Path("results"),
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    model: Annotated[str | None, typer.Option("--model")] = None,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.pipeline import run_scenario

    language = _asked_language(context, lang)
    with _telling(verbose) as note:
        result, folder = run_scenario(
            scenario, into=into, anywhere=anywhere, language=language, model=model, tell=note
        )
    with _in_language_of(result.scenario.said.language, language):
        _print_summary(result, folder)


def _asked_language(context: typer.Context, lang: str | None) -> Language | None:
    """Give the language of `--lang`, before or after the command; none: nobody asked."""
    return as_language(lang or context.find_root().params.get("lang") or "")


@contextlib.contextmanager
def _in_language_of(language: Language, asked: Language | None) -> Iterator[None]:
    """Speak the scenario's language where no other was asked for."""
    if asked or _language_around():
        yield
        return
    with speaking(language):
        yield


def _print_summary(result: Result, folder: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from raastof_geo.outputs.tables.summary import answer, prove, summarise
    from raastof_geo.outputs.warning import warn

    _tell_format(result.scenario)
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=escape(clean(result.scenario.said.title)), title_justify="left")
    table.add_column("")
    table.add_column(str(say("Plan")), justify="right")
    table.add_column(str(say("Before")), justify="right")
    for what, plan, before in summarise(result):
        table.add_row(escape(str(what)), plan, before)
    console.print(table)
    tell(str(prove(result)))
    _print_items(say("Can the share be reached?"), answer(result), mark="· ")
    _print_warnings(result.scenario, warn(result))
    _print_files(folder)


def _tell_format(scenario: Scenario) -> None:
    """Say first of all what a file of an older format means today."""
    if scenario.format_note is not None:
        tell_item(scenario.format_note, indent="", mark="! ")


def _print_warnings(scenario: Scenario, findings: Sequence[Finding]) -> None:
    """Write the warnings, but for what was said first of all."""
    told = [one for one in findings if one != scenario.format_note]
    _print_items(say("Warnings"), told, mark="! ")


def _print_items(title: Message, items: Sequence[object], *, mark: str) -> None:
    """Write a heading and what stands under it; nothing where there is nothing."""
    if items:
        tell(f"\n{title}")
    for item in items:
        tell_item(str(item), indent="", mark=mark)


_MOST_OF_OTHERS = 10


def _print_files(folder: Path) -> None:
    """List what was written, and what else lies in the folder."""
    from raastof_geo.records.exchange import list_own

    ours, others = list_own(folder)
    tell()
    tell(say("Results: {folder}", folder=str(folder)))
    for name in ours:
        tell(f"  {name}")
    for message in _tell_all_moved(read_trace()):
        tell_item(message, indent="", mark="! ")
    if not others:
        return
    named = ", ".join(_on_one_line(name) for name in others[:_MOST_OF_OTHERS])
    rest = len(others) - _MOST_OF_OTHERS
    told = say("Left as it was, for it is not of this run: {files}", files=named)
    if rest > 0:
        told = say(
            "Left as it was, for it is not of this run: {files} and {count} more",
            files=named,
            count=rest,
        )
    tell(told)


def _on_one_line(name: str) -> str:
    """Write the name of a file so that it stays on its line, whatever it holds."""
    return "".join(one if one.isprintable() else "?" for one in name)


@contextlib.contextmanager
def _telling(verbose: bool) -> Iterator[Tell]:
    """Show what is going on: a spinning bar in a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda message: console.print(str(message), markup=False) if verbose else None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def note(message: Message) -> None:
            progress.update(task, description=str(message))
            if verbose:
                progress.console.print(str(message), markup=False)

        yield note


def _check(
    context: typer.Context,
    scenario: Path,
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.language import format_number
    from raastof_geo.outputs.warning import warn_of_input
    from raastof_geo.pipeline import place_scenario, read_for_roads
    from raastof_geo.roads.change import find_changed_edges

    language = _asked_language(context, lang)
    with _telling(verbose) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=language, tell=note)
        network, anchors = place_scenario(read, tell=note)
        find_changed_edges(network, read.said.network.changes)
    with _in_language_of(read.said.language, language):
        _tell_format(read)
        _print_places(read, network, anchors)
        _print_warnings(read, warn_of_input(read, network, anchors))
        tell()
        tell_item(
            say(
                "The scenario can be read: {sites} sites, {offered} t offered, {needed} t needed.",
                sites=len(read.sites),
                offered=format_number(sum(offer.tonnes for offer in read.offers)),
                needed=format_number(sum(need.tonnes for need in read.needs)),
            ),
            indent="",
        )


def _print_places(scenario: Scenario, network: RoadNetwork, anchors: Anchors) -> None:
    """Say of each site how far it lies from the road that its trucks start on, and which."""
    from raastof_geo.language import format_number

    tell(say("How far each site lies from the road that its trucks use:"))
    moved = anchors.frame["snap_m"].to_list()
    for (site, edge), metres in zip(anchors.edges.items(), moved, strict=True):
        told = say(
            "{site}: {metres} m to {road}",
            site=site,
            metres=format_number(metres),
            road=network.called(edge) or say("a road without a name"),
        )
        tell_item(told)


def _verify(
    results: Path,
    strict: Annotated[bool, typer.Option("--strict")] = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    from raastof_geo.records.verify import check_results

    verdict = check_results(results)
    tell(verdict.sentence())
    _list_some(verdict.findings)
    if verdict.notes:
        tell(say("Beside the plan:"))
        _list_some(verdict.notes)
    stands = verdict.untouched if strict else verdict.holds
    return 0 if stands else _EXIT_NO_PLAN


def _list_some(messages: Sequence[Message], most: int = 40) -> None:
    """Print the first of many sentences, and how many there are more."""
    for message in messages[:most]:
        tell_item(message)
    if len(messages) > most:
        rest = len(messages) - most
        tell(say_count("  … and {count} more", "  … and {count} more", count=rest))


def _explain(
    results: Path,
    figure: Annotated[str | None, typer.Argument()] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from raastof_geo.language import format_number
    from raastof_geo.records.explain import explain_figure

    if figure is None:
        _list_figures(results)
        return
    told = explain_figure(results, figure)
    tell(f"{told.figure} = {format_number(told.value, digits=2)} {told.unit}")
    for step in told.steps:
        tell(step)


def _list_figures(results: Path) -> None:
    """List the figures of a results folder, and what each can be narrowed down to."""
    from raastof_geo.language import format_number
    from raastof_geo.outputs.tables.listing import name_figure
    from raastof_geo.records.explain import list_figures, list_labels

    figures, labels = list_figures(results), list_labels(results)
    for one in figures:
        value = format_number(one.value, digits=0 if abs(one.value) >= 1000 else 2)
        tell_item(f"{one.figure} = {value} {one.unit} ({name_figure(one.part)})", indent="")
    tell()
    tell_item(
        say("Any of them can be narrowed down, as in {example}:", example=_narrowed(labels)),
        indent="",
    )
    for dimension, names in labels.items():
        tell_item(", ".join(names), mark=f"@{dimension}= ")


def _narrowed(labels: dict[str, tuple[str, ...]]) -> str:
    project = next(iter(labels["project"]), "NAME")
    return quote(f"saved.cost_dkk@project={project}")


def _why_not(
    context: typer.Context,
    scenario: Path,
    giver: str,
    taker: str,
    material: Annotated[str | None, typer.Argument()] = None,
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.assignment import assign, explain_why_not
    from raastof_geo.legs.price import price_legs
    from raastof_geo.pipeline import place_scenario, read_for_roads
    from raastof_geo.scenario.lookup import look_up

    language = _asked_language(context, lang)
    with _telling(verbose) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=language, tell=note)
        asked = [("sites", giver), ("sites", taker)]
        asked += [("materials", material)] if material else []
        giver, taker, *materials = look_up(read, asked)
        network, anchors = place_scenario(read, tell=note)
        note(say("Pricing the legs"))
        legs = price_legs(read, network, anchors)
        note(say("Assigning tonnes to legs"))
        plan = assign(read, legs)
    with _in_language_of(read.said.language, language):
        told: dict[str, int] = {}
        for reason in explain_why_not(plan, giver, taker, *materials):
            told[str(reason.message)] = told.get(str(reason.message), 0) + 1
        for message, times in told.items():
            tell_item(message if times == 1 else f"{message} (×{times})", indent="")


def _materials(
    entry: Annotated[str | None, typer.Argument()] = None,
    of_scenario: Annotated[Path | None, typer.Option("--scenario")] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from raastof_geo.language import spoken_language
    from raastof_geo.outputs.tables.glossary import explain_entry, list_catalogue

    catalogue, _ = _catalogue_of(of_scenario)
    if entry is not None:
        for line in explain_entry(catalogue, entry, spoken_language()):
            tell_item(line, indent="")
        return
    for section in list_catalogue(catalogue, spoken_language()):
        tell_item(f"{section.title} – {section.where}", indent="")
        for row in section.rows:
            about = f" ({row.about})" if row.about else ""
            tell_item(f"{row.id}: {row.name}{about}")
        tell()
    tell_item(
        say("`raastof materials NAME` tells all that is known of one, by id or name."), indent=""
    )


def _why(
    material: str,
    use: str,
    land: Annotated[str, typer.Option("--land")] = "built_up",
    of_scenario: Annotated[Path | None, typer.Option("--scenario")] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from raastof_geo.language import spoken_language
    from raastof_geo.outputs.materials import explain_fit

    catalogue, accepted = _catalogue_of(of_scenario)
    lines = explain_fit(catalogue, material, use, spoken_language(), land=land, accepted=accepted)
    for line in lines:
        tell_item(line, indent="")


def _catalogue_of(scenario: Path | None) -> tuple[Catalogue, tuple[str, ...]]:
    """Give the catalogue, and the conditions accepted, of a scenario; or the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

    if scenario is None:
        return load_catalogue(), ()
    read = read_scenario(scenario, anywhere=True)
    return read.catalogue, read.said.accepted_conditions


def _route(
    context: typer.Context,
    scenario: Path,
    origin: str,
    destination: str,
    vehicle: Annotated[str | None, typer.Option("--vehicle")] = None,
    period: Annotated[str | None, typer.Option("--period")] = None,
    map_file: Annotated[Path | None, typer.Option("--map")] = None,
    no_plan: Annotated[bool, typer.Option("--no-plan")] = False,
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.legs.detour import explain_route, find_leg
    from raastof_geo.legs.roads import RoadPrices
    from raastof_geo.outputs.pages.route import explain, write_route
    from raastof_geo.pipeline import place_scenario, read_for_roads, solve_scenario
    from raastof_geo.roads.routing.router import place_stops

    language = _asked_language(context, lang)
    with _telling(verbose) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=language, tell=note)
        start, goal, truck, when = find_leg(read, origin, destination, vehicle, period)
        if no_plan:
            network, anchors = place_scenario(read, tell=note)
            roads, flows = RoadPrices(read, network, place_stops(anchors)), None
        else:
            result = solve_scenario(read, tell=note)
            assert result.legs.roads is not None  # noqa: S101 - solved on roads
            roads, flows = result.legs.roads, result.plan.flows
        note(say("Comparing the routes"))
        detour = explain_route(roads, start, goal, truck, period=when, flows=flows)
    with _in_language_of(read.said.language, language):
        for line in explain(read, detour):
            tell(line)
        path = map_file or Path(f"{detour.origin}-{detour.destination}.html")
        tell(say("Map: {file}", file=str(write_route(read, roads.network, detour, path))))


def _cache_info(lang: Lang = None, debug: Debug = False) -> None:
    from raastof_geo.cache import MARK, cache_folder, find_stranger, list_stocks
    from raastof_geo.language import format_number
    from raastof_geo.links import is_link

    typer.echo(str(cache_folder()))
    stranger = find_stranger()
    if stranger is not None and stranger.is_dir() and not is_link(stranger):
        typer.echo(
            say(
                "{folder} is not ours (it has no file {mark}): nothing is kept there.",
                folder=str(stranger),
                mark=MARK,
            )
        )
    elif stranger is not None:
        typer.echo(
            say(
                "{file} is a file or a link where a folder must be: nothing is kept there.",
                file=str(stranger),
            )
        )
    for stock in list_stocks():
        typer.echo(
            say(
                "{kind}: {entries} entries, {size} MB",
                kind=_KINDS[stock.kind],
                entries=stock.entries,
                size=format_number(stock.size_mb, digits=1),
            )
        )


_KINDS = {
    "networks": say("Networks"),
    "hierarchies": say("Hierarchies"),
    "distances": say("Distances"),
}


def _cache_clear(lang: Lang = None, debug: Debug = False) -> None:
    from raastof_geo.cache import MARK, clear_cache
    from raastof_geo.language import format_number

    cleared = clear_cache()
    size = format_number(cleared.size_mb, digits=1)
    typer.echo(say("The cache is empty; {size} MB are free.", size=size))
    for folder in cleared.unmarked:
        typer.echo(
            say(
                "{folder} was left alone, for it has no file {mark}: if it is a cache of an older "
                "version of raastof_geo, remove it by hand.",
                folder=str(folder),
                mark=MARK,
            )
        )


def _new(
    name: str,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from importlib import resources

    from raastof_geo.language import spoken_language

    path = _new_path(name)
    starter = resources.files("raastof_geo") / "data" / f"starter_{spoken_language()}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError as error:
        there = path if path.exists() else path.parent
        raise InputError(
            say("{file} is there already: choose another name", file=str(there))
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            say("{file} cannot be written: {reason}", file=str(path), reason=reason)
        ) from error
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(_as_argument(path))}")


def _new_path(name: str) -> Path:
    """Give the file of a new scenario; its ending may be left out."""
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not path.name.removesuffix(path.suffix).strip(" .") or path.name.startswith("."):
        raise InputError(
            say("{name} is no name for a scenario: write one such as `koege`", name=f"`{name}`")
        )
    return path


def _as_argument(path: Path) -> str:
    """Write a path so that it is not taken for an option."""
    text = str(path)
    return f".{os.sep}{text}" if text.startswith("-") else text


def _network_info(
    file: Annotated[Path | None, typer.Argument()] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    import numpy as np

    from raastof_geo.language import format_number
    from raastof_geo.roads.load import load_network
    from raastof_geo.roads.road import ROAD_CLASSES, Access
    from raastof_geo.roads.stored.gaps import list_fields

    network = load_network(file)
    metadata = network.metadata
    rows: list[tuple[Any, Any]] = [
        (say("Title"), metadata.title),
        (say("State of OpenStreetMap"), metadata.osm_date),
        (say("Licence"), metadata.attribution),
        (say("Nodes"), format_number(network.node_count)),
        (say("Edges"), format_number(network.edge_count)),
        (say("Shape points"), format_number(len(network.lon))),
        (say("Drawn within [m]"), metadata.simplified_m),
        ("SHA-256", network.digest),
    ]
    km = np.bincount(
        network.road_class, weights=network.length_m / 1000, minlength=len(ROAD_CLASSES)
    )
    rows += [
        (f"{name} [km]", format_number(float(length)))
        for name, length in zip(ROAD_CLASSES, km, strict=True)
    ]
    for access, what in (
        (Access.CLOSED, say("Closed to trucks [km]")),
        (Access.LOCAL, say("For the first and the last stretch only [km]")),
    ):
        length_m = network.length_m[network.access == access].sum()
        rows.append((what, format_number(float(length_m) / 1000)))
    rows.append((say("Turn restrictions"), format_number(len(network.turns))))
    rows.append((say("Turn restrictions at some times only, left out"), metadata.doubtful_turns))
    unknown = [name for kind in network.extra.values() for name in kind]
    for what, names in (
        (say("Not known to the file, taken as nothing said"), network.lacking),
        (say("Not known to this version, kept in the file"), unknown),
    ):
        if names:
            rows.append((what, list_fields(names)))
    for what, value in rows:
        tell(f"{what}: {value}")


def _network_build(
    source: Path,
    into: Annotated[Path, typer.Option("--into")],
    municipalities: Annotated[Path | None, typer.Option("--municipalities")] = None,
    towns: Annotated[Path | None, typer.Option("--towns")] = None,
    title: Annotated[str | None, typer.Option("--title")] = None,
    osm_date: Annotated[str | None, typer.Option("--osm-date")] = None,
    simplify_m: Annotated[str, typer.Option("--simplify-m")] = "15",
    box: Annotated[str | None, typer.Option("--box", metavar="W,S,E,N")] = None,
    within: Annotated[Path | None, typer.Option("--within")] = None,
    municipality: Annotated[list[str] | None, typer.Option("--municipality")] = None,
    buffer_m: Annotated[str, typer.Option("--buffer-m")] = "0",
    whole: Annotated[bool, typer.Option("--whole")] = False,
    renumbered: Annotated[bool, typer.Option("--renumbered")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.roads.builtin import build_data
    from raastof_geo.roads.mapped.area import read_area

    if osm_date is not None:
        _check_date(osm_date)
    area = read_area(
        bounds=_read_box(box) if box else None,
        file=within,
        municipalities=municipality or (),
        buffer_m=_read_metres("--buffer-m", buffer_m),
    )
    with _telling(verbose) as note:
        paths = build_data(
            source,
            municipalities=municipalities,
            towns=towns,
            into=into,
            area=area,
            whole=whole,
            way_ids=not renumbered,
            title=title,
            osm_date=osm_date,
            simplify_m=_read_metres("--simplify-m", simplify_m),
            progress=note,
        )
    for path in paths:
        tell(path)


def _read_metres(option: str, given: str) -> float:
    with contextlib.suppress(ValueError):
        metres = float(given)
        if 0 <= metres < float("inf"):
            return metres
    raise InputError(
        say(
            "{option} must be metres, 0 or more and with a decimal point, got {given}",
            option=option,
            given=f"`{given}`",
        )
    )


def _check_date(given: str) -> None:
    try:
        datetime.date.fromisoformat(given)
    except ValueError as error:
        raise InputError(
            say("--osm-date must be a date such as 2021-08-05, got {given}", given=given)
        ) from error


def _network_fetch(
    into: Annotated[Path, typer.Option("--into")],
    place: Annotated[str | None, typer.Option("--place")] = None,
    box: Annotated[str | None, typer.Option("--box", metavar="W,S,E,N")] = None,
    polygon: Annotated[Path | None, typer.Option("--polygon")] = None,
    server: Annotated[list[str] | None, typer.Option("--server")] = None,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.roads.mapped.area import read_polygon
    from raastof_geo.roads.mapped.fetch import OVERPASS_SERVERS, fetch_network

    with _telling(verbose) as note:
        path = fetch_network(
            place=place,
            bounds=_read_box(box) if box else None,
            polygon=read_polygon(polygon) if polygon else None,
            into=into,
            servers=server or OVERPASS_SERVERS,
            progress=note,
        )
    tell(path)


def _read_box(given: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError as error:
        raise InputError(
            say("--box must be west,south,east,north in degrees, got {given}", given=given)
        ) from error
    return west, south, east, north
