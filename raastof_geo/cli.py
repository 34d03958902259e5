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

from raastof_geo import __version__
from raastof_geo.errors import InputError, OutputError, RaastofError
from raastof_geo.language import LANGUAGES, Language, Message, as_language, say, say_count, speaking

if TYPE_CHECKING:
    from raastof_geo.pipeline import Tell
    from raastof_geo.result import Result
    from raastof_geo.scenario.catalogue import Catalogue

_EXIT_NO_PLAN = 3
_EXIT_OUTSIDE = 4
_EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line and end with its exit code."""
    arguments = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    with speaking(pick_language(arguments)):
        sys.exit(run_command(arguments))


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors become sentences."""
    try:
        command = typer.main.get_command(build_app())
        _explain_options(command)
        result = command.main(args=arguments, prog_name="raastof", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except RaastofError as error:
        if "--debug" in arguments:
            raise
        _complain(error, arguments)
        return error.exit_code
    except KeyboardInterrupt:
        _print_error(str(say("Interrupted: nothing was written.")))
        return _EXIT_INTERRUPTED
    except OSError as error:
        if "--debug" in arguments:
            raise
        _print_error(str(say("Something outside failed: {reason}", reason=str(error))))
        return _EXIT_OUTSIDE
    except Exception as error:
        show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if callable(show) and isinstance(code, int):
            show()
            return code
        if type(error).__name__ == "Abort":
            return _EXIT_INTERRUPTED
        raise


def pick_language(arguments: list[str]) -> Language:
    """Take the language from `--lang`, else from RAASTOF_LANG, else Danish."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return as_language(arguments[position + 1]) or "da"
        if argument.startswith("--lang="):
            return as_language(argument.removeprefix("--lang=")) or "da"
    return as_language(os.environ.get("RAASTOF_LANG", "")) or "da"


def _complain(error: RaastofError, arguments: list[str]) -> None:
    language = _scenario_language(arguments)
    with speaking(language) if language else contextlib.nullcontext():
        head = {
            2: say("The input is refused:"),
            3: say("No plan exists:"),
        }.get(error.exit_code, say("Something outside failed:"))
        _print_error(str(head))
        for finding in error.findings:
            _print_error(f"  {finding}")


def _scenario_language(arguments: list[str]) -> Language | None:
    """Answer in the scenario's language where no other was asked for."""
    if any(argument.startswith("--lang") for argument in arguments) or os.environ.get(
        "RAASTOF_LANG"
    ):
        return None
    for argument in arguments:
        if argument.endswith((".yaml", ".yml")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                for line in Path(argument).read_text(encoding="utf-8").splitlines():
                    if line.startswith("language:"):
                        return as_language(line.removeprefix("language:").strip(" \"'"))
    return None


def _print_error(text: str) -> None:
    sys.stderr.write(text + "\n")


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
    app.command("materials", help=str(say("List the materials, or all that is known of one.")))(
        _materials
    )
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
    "strict": say("End with 3 also where only other files than the plan were changed."),
    "giver": say("Id of the site that would send."),
    "taker": say("Id of the site that would receive."),
    "material": say("Id of a material."),
    "use": say("Id of a use."),
    "land": say("Kind of land that the material comes to."),
    "of_scenario": say("Take the catalogue of this scenario instead of the built-in one."),
    "anywhere": say("Let the scenario name files outside its own folder."),
    "lang": say("The language to speak: da or en."),
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
    "origin": say("Id of the site that sends."),
    "destination": say("Id of the site that receives."),
    "vehicle": say("Id of the truck; none: the first of the scenario."),
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
    "help": say("Show this message and stop."),
}
"""What options and arguments are for, by name."""


def _explain_options(command: Any) -> None:
    """Give every option its help in the language that is spoken."""
    for option in command.params:
        if option.name in _HELP:
            option.help = str(_HELP[option.name])
    for below in getattr(command, "commands", {}).values():
        _explain_options(below)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"raastof {__version__}")
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
    scenario: Path,
    into: Annotated[Path, typer.Option("--into")] = Path("results"),
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.pipeline import run_scenario

    with _telling(verbose) as tell:
        result, folder = run_scenario(scenario, into=into, anywhere=anywhere, tell=tell)
    with _in_language_of(result.scenario.said.language, lang):
        _print_summary(result, folder)


@contextlib.contextmanager
def _in_language_of(language: Language, lang: str | None) -> Iterator[None]:
    """Speak the scenario's language where no other was asked for."""
    if lang or os.environ.get("RAASTOF_LANG"):
        yield
        return
    with speaking(language):
        yield


def _print_summary(result: Result, folder: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from raastof_geo.outputs.summary import answer, prove, summarise, warn

    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=escape(result.scenario.said.title), title_justify="left")
    table.add_column("")
    table.add_column(str(say("Plan")), justify="right")
    table.add_column(str(say("Before")), justify="right")
    for what, plan, before in summarise(result):
        table.add_row(escape(str(what)), plan, before)
    console.print(table)
    console.print(escape(str(prove(result))))
    for line in answer(result):
        console.print(escape(f"· {line}"))
    for warning in warn(result):
        console.print(escape(f"! {warning}"))
    console.print(escape(str(say("Results: {folder}", folder=str(folder)))))
    for file in sorted(folder.iterdir()):
        console.print(escape(f"  {file.name}"))


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

        def tell(message: Message) -> None:
            progress.update(task, description=str(message))
            if verbose:
                progress.console.print(str(message), markup=False)

        yield tell


def _check(
    scenario: Path,
    anywhere: Annotated[bool, typer.Option("--anywhere")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.language import format_number
    from raastof_geo.pipeline import place_scenario
    from raastof_geo.roads.change import find_changed_edges
    from raastof_geo.roads.places import locate_municipality
    from raastof_geo.scenario import read_scenario

    with _telling(verbose) as tell:
        tell(say("Reading the scenario"))
        read = read_scenario(scenario, anywhere=anywhere)
        network, anchors = place_scenario(read, tell=tell)
        find_changed_edges(network, read.said.network.changes)
    lon, lat = zip(*(site.lon_lat for site in read.sites.values()), strict=True)
    for (site, moved), found in zip(
        anchors.frame["snap_m"].items(), locate_municipality(lon, lat), strict=True
    ):
        said = read.sites[str(site)].municipality
        line = f"{site}: {moved:.0f} m"
        if said and found and said != found:
            line += " – " + str(
                say(
                    "the scenario says {said}, the coordinates lie in {found}",
                    said=said,
                    found=found,
                )
            )
        typer.echo(line)
    offered = sum(offer.tonnes for offer in read.offers)
    needed = sum(need.tonnes for need in read.needs)
    typer.echo(
        say(
            "The scenario can be read: {sites} sites, {offered} t offered, {needed} t needed.",
            sites=len(read.sites),
            offered=format_number(offered),
            needed=format_number(needed),
        )
    )


def _verify(
    results: Path,
    strict: Annotated[bool, typer.Option("--strict")] = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    from raastof_geo.verify import check_results

    verdict = check_results(results)
    typer.echo(verdict.sentence())
    _list_some(verdict.findings)
    if verdict.notes:
        typer.echo(say("Beside the plan:"))
        _list_some(verdict.notes)
    stands = verdict.untouched if strict else verdict.holds
    return 0 if stands else _EXIT_NO_PLAN


def _list_some(messages: Sequence[Message], most: int = 40) -> None:
    """Print the first of many sentences, and how many there are more."""
    for message in messages[:most]:
        typer.echo(f"  {message}")
    if len(messages) > most:
        rest = len(messages) - most
        typer.echo(say_count("  … and {count} more", "  … and {count} more", count=rest))


def _explain(results: Path, figure: str, lang: Lang = None, debug: Debug = False) -> None:
    from raastof_geo.explain import explain_figure
    from raastof_geo.language import format_number

    told = explain_figure(results, figure)
    typer.echo(f"{told.figure} = {format_number(told.value, digits=2)} {told.unit}")
    for step in told.steps:
        typer.echo(str(step))


def _why_not(
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
    from raastof_geo.legs import price_legs
    from raastof_geo.pipeline import place_scenario
    from raastof_geo.scenario import read_scenario

    with _telling(verbose) as tell:
        tell(say("Reading the scenario"))
        read = read_scenario(scenario, anywhere=anywhere)
        network, anchors = place_scenario(read, tell=tell)
        tell(say("Pricing the legs"))
        legs = price_legs(read, network, anchors)
        tell(say("Assigning tonnes to legs"))
        plan = assign(read, legs)
    with _in_language_of(read.said.language, lang):
        told: dict[str, int] = {}
        for reason in explain_why_not(plan, giver, taker, material):
            told[str(reason.message)] = told.get(str(reason.message), 0) + 1
        for message, times in told.items():
            typer.echo(message if times == 1 else f"{message} (×{times})")


def _materials(
    material: Annotated[str | None, typer.Argument()] = None,
    of_scenario: Annotated[Path | None, typer.Option("--scenario")] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from raastof_geo.language import spoken_language
    from raastof_geo.outputs.materials import explain_material, list_materials

    catalogue, _ = _catalogue_of(of_scenario)
    if material is not None:
        for line in explain_material(catalogue, material, spoken_language()):
            typer.echo(str(line))
        return
    head, *rows = list_materials(catalogue, spoken_language())
    table = Table(box=None, padding=(0, 1))
    shown = [at for at in range(len(head)) if at not in _USES_IN_MATERIALS]
    for at in shown:
        table.add_column(escape(head[at]), no_wrap=at == 0)
    for row in rows:
        table.add_row(*[escape(row[at]) for at in shown])
    Console(highlight=False).print(table)
    typer.echo(say("`raastof materials ID` tells all that is known of one material."))


_USES_IN_MATERIALS = (4, 5)
"""Columns of the list of materials that are too long for a terminal."""


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
        typer.echo(str(line))


def _catalogue_of(scenario: Path | None) -> tuple[Catalogue, tuple[str, ...]]:
    """Give the catalogue, and the conditions accepted, of a scenario; or the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

    if scenario is None:
        return load_catalogue(), ()
    read = read_scenario(scenario, anywhere=True)
    return read.catalogue, read.said.accepted_conditions


def _route(
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
    from raastof_geo.detour import explain_route
    from raastof_geo.legs import RoadPrices
    from raastof_geo.outputs.route import explain, write_route
    from raastof_geo.pipeline import place_scenario, solve_scenario
    from raastof_geo.roads.route import place_stops
    from raastof_geo.scenario import read_scenario

    with _telling(verbose) as tell:
        tell(say("Reading the scenario"))
        read = read_scenario(scenario, anywhere=anywhere)
        if no_plan:
            network, anchors = place_scenario(read, tell=tell)
            roads, plan = RoadPrices(read, network, place_stops(anchors)), None
        else:
            result = solve_scenario(read, tell=tell)
            assert result.legs.roads is not None  # noqa: S101 - solved on roads
            roads, plan = result.legs.roads, result.plan
        tell(say("Comparing the routes"))
        detour = explain_route(roads, origin, destination, vehicle, period=period, plan=plan)
    with _in_language_of(read.said.language, lang):
        for line in explain(read, detour):
            typer.echo(line)
        path = map_file or Path(f"{origin}-{destination}.html")
        typer.echo(say("Map: {file}", file=str(write_route(read, roads.network, detour, path))))


def _cache_info(lang: Lang = None, debug: Debug = False) -> None:
    from raastof_geo.cache import cache_folder, list_stocks
    from raastof_geo.language import format_number

    typer.echo(str(cache_folder()))
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
    from raastof_geo.cache import clear_cache
    from raastof_geo.language import format_number

    size_mb = clear_cache()
    typer.echo(
        say("The cache is empty; {size} MB are free.", size=format_number(size_mb, digits=1))
    )


def _new(
    name: str,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    from importlib import resources

    from raastof_geo.language import spoken_language

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    starter = resources.files("raastof_geo") / "data" / f"starter_{spoken_language()}.yaml"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise InputError(
            say("{file} is there already: choose another name", file=str(path))
        ) from error
    except OSError as error:
        raise OutputError(
            say("{file} cannot be written: {reason}", file=str(path), reason=str(error.strerror))
        ) from error
    typer.echo(say("Wrote {file}. Next: raastof run {file}", file=str(path)))


def _network_info(
    file: Annotated[Path | None, typer.Argument()] = None,
    lang: Lang = None,
    debug: Debug = False,
) -> None:
    import numpy as np

    from raastof_geo.language import format_number
    from raastof_geo.roads.load import load_network
    from raastof_geo.roads.road import ROAD_CLASSES, Access

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
    for what, value in rows:
        typer.echo(f"{what}: {value}")


def _network_build(
    source: Path,
    into: Annotated[Path, typer.Option("--into")],
    municipalities: Annotated[Path | None, typer.Option("--municipalities")] = None,
    towns: Annotated[Path | None, typer.Option("--towns")] = None,
    title: Annotated[str | None, typer.Option("--title")] = None,
    osm_date: Annotated[str | None, typer.Option("--osm-date")] = None,
    simplify_m: Annotated[float, typer.Option("--simplify-m", min=0.0)] = 15.0,
    box: Annotated[str | None, typer.Option("--box", metavar="W,S,E,N")] = None,
    within: Annotated[Path | None, typer.Option("--within")] = None,
    municipality: Annotated[list[str] | None, typer.Option("--municipality")] = None,
    buffer_m: Annotated[float, typer.Option("--buffer-m", min=0.0)] = 0.0,
    whole: Annotated[bool, typer.Option("--whole")] = False,
    renumbered: Annotated[bool, typer.Option("--renumbered")] = False,
    lang: Lang = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    from raastof_geo.roads.area import read_area
    from raastof_geo.roads.builtin import build_data

    if osm_date is not None:
        _check_date(osm_date)
    area = read_area(
        bounds=_read_box(box) if box else None,
        file=within,
        municipalities=municipality or (),
        buffer_m=buffer_m,
    )
    with _telling(verbose) as tell:
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
            simplify_m=simplify_m,
            progress=tell,
        )
    for path in paths:
        typer.echo(str(path))


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
    from raastof_geo.roads.area import read_polygon
    from raastof_geo.roads.fetch import OVERPASS_SERVERS, fetch_network

    with _telling(verbose) as tell:
        path = fetch_network(
            place=place,
            bounds=_read_box(box) if box else None,
            polygon=read_polygon(polygon) if polygon else None,
            into=into,
            servers=server or OVERPASS_SERVERS,
            progress=tell,
        )
    typer.echo(str(path))


def _read_box(given: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError as error:
        raise InputError(
            say("--box must be west,south,east,north in degrees, got {given}", given=given)
        ) from error
    return west, south, east, north


if __name__ == "__main__":
    main()
