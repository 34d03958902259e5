"""What is known: of results, catalogue, roads and cache, and why a plan is as it is."""

from __future__ import annotations

import contextlib
import datetime
import webbrowser
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
import typer
from raastof_geo.cli.terminal import asked_in, in_speech_of, quote, tell, tell_items, telling
from raastof_geo.cli.usage import FILE, Anywhere, Into, OfScenario, ScenarioPath, argument, option
from raastof_geo.errors import DamagedError, InputError, NoPlanError, raise_all, refusing
from raastof_geo.evidence import tell_unit
from raastof_geo.language import format_number, list_codes, read_texts, say, spoken_language
from raastof_geo.records.exchange import MANIFEST, find_door, finish_exchange
from raastof_geo.records.ledger import explain_figure, list_figures

if TYPE_CHECKING:
    from raastof_geo.region.projection import Bounds
    from raastof_geo.roads.network import RoadNetwork
    from raastof_geo.scenario.catalogue import Catalogue
    from raastof_geo.scenario.scenario import Scenario

_RESULTS = say("RESULTS")
_Folder = Annotated[Path, argument(value=_RESULTS)]
_MOST_TOLD = 40
"""As many findings of a check, or mistakes in slips, are told; the workbook has all."""
_MOST_PARTNERS = 5


def open_results(results: Annotated[Path | None, argument(value=_RESULTS)] = None) -> None:
    """Open the page that leads to all results in the browser."""
    folder = results or Path("results")
    if results is None:  # the last run with a page
        runs = [*folder.glob(f"*/{MANIFEST.name}")]
        newest = sorted(runs, key=lambda one: -one.stat().st_mtime_ns)
        folder = next((one.parent for one in newest if find_door(one.parent)), folder)
    finish_exchange(folder)
    if (door := find_door(folder)) is None:
        raise InputError.saying_text("usage", "no page", folder=folder)
    tell(str(door))
    if not webbrowser.open(door.resolve().as_uri()):
        tell(say("No browser answered: open the file by hand."))


def verify_results(results: _Folder, *, strict: Annotated[bool, option("--strict")] = False) -> int:
    """Check written results again; with `strict` files beside the plan count too."""
    from raastof_geo.records.verify import check_results

    try:
        verdict = check_results(results)
    except DamagedError as error:
        tell(say("the results do not stand the check"))
        tell_items(*error.findings, indent="  ", most=_MOST_TOLD)
        return NoPlanError.exit_code
    tell(verdict.sentence())
    tell_items(*verdict.findings, indent="  ", most=_MOST_TOLD)
    if verdict.notes:
        tell(say("Beside the plan:"))
        tell_items(*verdict.notes, indent="  ", most=_MOST_TOLD)
    stands = verdict.untouched if strict else verdict.holds
    return 0 if stands else NoPlanError.exit_code


def compare_results(
    results: Annotated[list[Path], argument(value=_RESULTS)],
    *,
    into: Into = Path("results/comparison"),
) -> None:
    """Hold the results of some runs against the first of them, as a page and a workbook."""
    from raastof_geo.outputs.documents.comparison import PAGE, describe_found, write_comparison
    from raastof_geo.recall import load_result

    found = [load_result(folder) for folder in results]
    titles = [one.scenario.said.title for one in found]
    titles = [one.name for one in results] if len({*titles}) < len(titles) else titles
    tell(write_comparison(found[0], [*map(describe_found, found, titles)], into) / PAGE)


def lock_flows(
    results: _Folder,
    flows: Annotated[list[str] | None, argument(value=say("FLOW…"))] = None,
    *,
    everything: Annotated[bool, option("--all")] = False,
    of_scenario: OfScenario = None,
    anywhere: Anywhere = False,
) -> None:
    """Write flows of a plan as agreements of its scenario, each to be priced by a variant."""
    from raastof_geo.recall import load_result
    from raastof_geo.scenario.varied import choose_flows, write_locked

    result = load_result(results)
    source, scenario = _read_source(result.scenario.id, of_scenario, anywhere=anywhere)
    every = result.plan.flows
    leaving = every.query("origin != destination")  # nobody agrees with itself
    chosen = leaving if everything else choose_flows(scenario, every, flows or ())
    path = write_locked(scenario, source, chosen)
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(str(path))} --variants all")


def follow_deliveries(
    context: typer.Context,
    results: _Folder,
    deliveries: Annotated[Path, argument(value=FILE)],
    *,
    columns: Annotated[str, option("--columns", value=say("KEY=HEADING,…"))] = "",
    until: Annotated[str, option("--until", value=say("DAY"))] = "",
    strict: Annotated[bool, option("--strict")] = False,
    of_scenario: OfScenario = None,
    into: Into = Path("results"),
    anywhere: Anywhere = False,
) -> int:
    """Hold a plan against load slips, plan the rest anew, and say what is otherwise and why."""
    from raastof_geo.effect.actual import follow_plan
    from raastof_geo.outputs.documents.reality import REALITY, tell_slips, write_reality
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
        tell_items(*reality.refused, title=read_texts("reality")["refused"], mark="! ")
        tell_items(*tell_slips(reality))
        tell(folder / REALITY)
    return NoPlanError.exit_code if reality.refused else 0


def _read_source(id_: str, given: Path | None, *, anywhere: bool) -> tuple[Path, Scenario]:
    """Read the scenario that is named, or lies in this folder or in `scenarios`; and its path."""
    from raastof_geo.scenario import read_scenario

    ids = (id_, id_.rpartition("-")[0])
    likely = (home / f"{one}.yaml" for one in ids for home in (Path(), Path("scenarios")))
    if (source := given or next(filter(Path.is_file, likely), None)) is None:
        raise InputError.saying_text("usage", "which scenario", id=id_)
    return source, read_scenario(source, anywhere=anywhere)


def quote_results(
    context: typer.Context,
    results: _Folder,
    *,
    at: Annotated[str, option("--at", value="LON,LAT")],
    offer: Annotated[str | None, option("--offer", value=say("AMOUNT MATERIAL"))] = None,
    need: Annotated[str | None, option("--need", value=say("AMOUNT USE"))] = None,
    first: Annotated[str | None, option("--from", value=say("PERIOD"))] = None,
    last: Annotated[str | None, option("--to", value=say("PERIOD"))] = None,
    page: Annotated[Path, option("--page", value=FILE)] = Path("quote.html"),
) -> None:
    """Tell with whom somebody new would deal, at which cost for all, and write it as a page."""
    from raastof_geo.outputs.worth import tell_partners
    from raastof_geo.pipeline import quote_site
    from raastof_geo.recall import load_result

    if (offer is None) == (need is None):
        raise InputError.saying_text("usage", "offer or need")
    result = load_result(results)
    if (asked := asked_in(context)) is not None:
        result = replace(result, scenario=result.scenario.saying(language=asked))
    with in_speech_of(result.scenario):
        scenario, found, path = quote_site(
            result, at, need or offer or "", page, need=need is not None, window=(first, last)
        )
        for number, told in enumerate(islice(tell_partners(scenario, found), _MOST_PARTNERS), 1):
            tell_items(told, mark=f"{number}. ")
        tell(say("Page: {file}", file=str(path)))


def explain_results(
    results: _Folder, figure: Annotated[str | None, argument(value=say("FIGURE"))] = None
) -> None:
    """Follow a figure to its sources, or list those that there are."""
    from raastof_geo.figures.vocabulary import told_in_books

    if figure is not None:
        told = explain_figure(results, figure)
        tell(f"{told.figure} = {format_number(told.value, digits=2)} {tell_unit(told.unit)}")
        for step in told.steps:
            tell(step)
        return
    figures, labels = list_figures(results)
    called = {indicator.name: indicator.bare for indicator in told_in_books()}
    for one in figures:
        _, part = one.figure.split(".", 1)
        value = format_number(one.value, digits=0 if abs(one.value) >= 1000 else 2)
        tell_items(f"{one.figure} = {value} {tell_unit(one.unit)} ({called.get(part, '')})")
    tell()
    example = quote(f"saved.cost_dkk@project={next(iter(labels['project']), 'NAME')}")
    tell_items(say("Any of them can be narrowed down, as in {example}:", example=example))
    for dimension, names in labels.items():
        tell_items(", ".join(names), indent="  ", mark=f"@{dimension}= ")


_MATERIAL = say("MATERIAL")


def tell_materials(
    entry: Annotated[str | None, argument(value=say("ENTRY"))] = None,
    *,
    of_scenario: OfScenario = None,
) -> None:
    """List what the catalogue holds, or tell all that is known of one entry."""
    from raastof_geo.scenario.telling.words import explain_entry, list_catalogue

    catalogue, _ = _open(of_scenario)
    if entry is not None:
        tell_items(*explain_entry(catalogue, entry, spoken_language()))
        return
    for title, rows in list_catalogue(catalogue, spoken_language()).items():
        tell_items(title)
        for row in rows:
            about = f" ({row.about})" if row.about else ""
            tell_items(f"{row.id}: {row.name}{about}", indent="  ")
        tell()
    tell_items(say("`raastof materials NAME` tells all that is known of one, by id or name."))


def tell_fit(
    material: Annotated[str, argument(value=_MATERIAL)],
    use: Annotated[str, argument(value=say("USE"))],
    *,
    land: Annotated[str, option("--land", value=say("LAND"))] = "built_up",
    of_scenario: OfScenario = None,
) -> None:
    """Tell whether a material may serve a use, and by which rule."""
    from raastof_geo.scenario.telling.words import explain_fit

    known, scenario = _open(of_scenario)
    tell_items(*explain_fit(known, material, use, spoken_language(), land=land, scenario=scenario))


def _open(file: Path | None) -> tuple[Catalogue, Scenario | None]:
    from raastof_geo.scenario import load_catalogue, read_scenario

    if file is None:
        return load_catalogue(), None
    scenario = read_scenario(file, anywhere=True)
    return scenario.catalogue, scenario


def tell_why_not(
    context: typer.Context,
    scenario: ScenarioPath,
    giver: Annotated[str, argument(value=say("GIVER"))],
    taker: Annotated[str, argument(value=say("TAKER"))],
    material: Annotated[str | None, argument(value=_MATERIAL)] = None,
    *,
    anywhere: Anywhere = False,
) -> None:
    """Tell why one site does not send to another, equal reasons once."""
    from raastof_geo.assignment import explain_why_not
    from raastof_geo.pipeline import place_scenario, plan_scenario, read_for_roads
    from raastof_geo.scenario.scenario import look_up

    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked_in(context), tell=note)
        named = [("sites", giver), ("sites", taker)]
        named += [("materials", material)] if material else []
        giver, taker, *materials = look_up(read, named)
        network, anchors = place_scenario(read, tell=note)
        plan = plan_scenario(read, network, anchors, tell=note)
    with in_speech_of(read):
        reasons = explain_why_not(plan, giver, taker, *materials)
        for message, times in Counter(str(reason.message) for reason in reasons).items():
            tell_items(message if times == 1 else f"{message} (×{times})")


def tell_route(
    context: typer.Context,
    scenario: ScenarioPath,
    origin: Annotated[str, argument(value=say("FROM"))],
    destination: Annotated[str, argument(value=say("TO"))],
    *,
    vehicle: Annotated[str | None, option("--vehicle", value=say("TRUCK"))] = None,
    period: Annotated[str | None, option("--period", value=say("PERIOD"))] = None,
    map_file: Annotated[Path | None, option("--map", value=FILE)] = None,
    no_plan: Annotated[bool, option("--no-plan")] = False,
    anywhere: Anywhere = False,
) -> None:
    """Tell why a truck goes the way it goes, and draw it."""
    from raastof_geo.legs.detour import explain_route, find_leg
    from raastof_geo.legs.roads import RoadPrices
    from raastof_geo.outputs.pages.beside import explain_detour, write_route
    from raastof_geo.pipeline import place_scenario, plan_scenario, read_for_roads
    from raastof_geo.roads.snap import place_stops

    with telling(context) as note:
        read = read_for_roads(scenario, anywhere=anywhere, language=asked_in(context), tell=note)
        start, goal, truck, when = find_leg(read, origin, destination, vehicle, period)
        network, anchors = place_scenario(read, tell=note)
        plan = None if no_plan else plan_scenario(read, network, anchors, tell=note)
        driven = plan.problem.legs.roads if plan is not None else None
        roads = driven or RoadPrices(read, network, place_stops(anchors))
        note(say("Comparing the routes"))
        flows = None if plan is None else plan.flows
        detour = explain_route(roads, start, goal, truck, period=when, flows=flows)
    with in_speech_of(read):
        for line in explain_detour(read, detour):
            tell(line)
        path = map_file or Path(f"{detour.origin}-{detour.destination}.html")
        tell(say("Map: {file}", file=str(write_route(read, network, detour, path))))


_METRES = say("METRES")
_Box = Annotated[str | None, option("--box", value="W,S,E,N")]


def tell_network(file: Annotated[Path | None, argument(value=FILE)] = None) -> None:
    """Tell what a network holds; the built-in one by default."""
    from raastof_geo.roads.load import load_network

    for what, value in _describe(load_network(file)):
        tell(f"{what}: {value}")


def _describe(network: RoadNetwork) -> Iterator[tuple[object, object]]:
    """Give where it comes from, its kilometres by class, its turns, and what its file lacks."""
    import numpy as np
    from raastof_geo.roads.road import ROAD_CLASSES, Access

    metadata = network.metadata
    yield say("Title"), metadata.title
    yield say("State of OpenStreetMap"), metadata.osm_date or say("unknown")
    yield say("Licence"), metadata.attribution
    yield say("Nodes"), format_number(network.node_count)
    yield say("Edges"), format_number(network.edge_count)
    yield say("Shape points"), format_number(len(network.lon))
    yield say("Drawn within [m]"), metadata.simplified_m
    yield "SHA-256", network.digest
    km = np.bincount(network.road_class, network.length_m / 1000, minlength=len(ROAD_CLASSES))
    for name, length in zip(ROAD_CLASSES, km, strict=True):
        yield f"{name} [km]", format_number(float(length))
    closed, local = (
        format_number(float(network.length_m[network.access == one].sum()) / 1000)
        for one in (Access.CLOSED, Access.LOCAL)
    )
    yield say("Closed to trucks [km]"), closed
    yield say("For the first and the last stretch only [km]"), local
    yield say("Turn restrictions"), format_number(len(network.turns))
    yield (say("Turn restrictions left out: timed, unknown or unclear"), metadata.doubtful_turns)
    if (region := network.own_region) is None:
        yield say("Region"), say("none: the file is no pack; `raastof network build` makes one")
    else:
        yield say("Metres"), region.crs
        yield say("Sites may lie within"), ", ".join(f"{one:g}" for one in region.bounds or ())
        yield say("Areas"), format_number(len(region.shapes))
        yield say("Towns"), format_number(len(region.towns))
        yield say("Pieces of land"), format_number(len(region.land))
    unknown = [name for kind in network.extra.values() for name in kind]
    if network.lacking:
        yield (say("Not known to the file, taken as nothing said"), list_codes(network.lacking))
    if unknown:
        yield say("Not known to this version, kept in the file"), list_codes(unknown)


def build_roads(
    context: typer.Context,
    source: Annotated[Path, argument(value=FILE)],
    *,
    into: Into,
    title: Annotated[str | None, option("--title")] = None,
    osm_date: Annotated[str | None, option("--osm-date", value=say("DATE"))] = None,
    simplify_m: Annotated[str, option("--simplify-m", value=_METRES)] = "15",
    box: _Box = None,
    within: Annotated[Path | None, option("--within", value=FILE)] = None,
    municipality: Annotated[list[str] | None, option("--municipality")] = None,
    buffer_m: Annotated[str, option("--buffer-m", value=_METRES)] = "0",
    whole: Annotated[bool, option("--whole")] = False,
    areas: Annotated[Path | None, option("--areas", value=FILE)] = None,
    level: Annotated[int | None, option("--admin-level")] = None,
    credit: Annotated[str, option("--credit")] = "",
) -> None:
    """Build a pack from an .osm.pbf or .osm file, and name what was written."""
    from raastof_geo.roads.area import read_area
    from raastof_geo.roads.convert import convert_roads

    with refusing("usage", "no date", given=osm_date):
        datetime.date.fromisoformat(osm_date or "2000-01-01")
    area = read_area(
        bounds=_read_box(box) if box else None,
        file=within,
        municipalities=municipality or (),
        buffer_m=_read_metres("--buffer-m", buffer_m),
    )
    with telling(context) as note:
        path = convert_roads(
            source,
            into=into,
            title=title,
            osm_date=osm_date,
            simplify_m=_read_metres("--simplify-m", simplify_m),
            area=area,
            whole=whole,
            areas=areas,
            level=level,
            credit=credit,
            progress=note,
        )
    tell(path)


def fetch_roads(
    context: typer.Context,
    *,
    into: Into,
    place: Annotated[str | None, option("--place")] = None,
    box: _Box = None,
    polygon: Annotated[Path | None, option("--polygon", value=FILE)] = None,
    server: Annotated[list[str] | None, option("--server")] = None,
) -> None:
    """Fetch a network from OpenStreetMap, and name the file."""
    from raastof_geo.roads.area import read_polygon
    from raastof_geo.roads.mapped.fetch import OVERPASS_SERVERS, fetch_network

    with telling(context) as note:
        path = fetch_network(
            place=place,
            bounds=_read_box(box) if box else None,
            polygon=read_polygon(polygon) if polygon else None,
            into=into,
            servers=server or OVERPASS_SERVERS,
            progress=note,
        )
    tell(path)


def _read_metres(option: str, given: str) -> float:
    with contextlib.suppress(ValueError):
        metres = float(given)
        if 0 <= metres < float("inf"):
            return metres
    raise InputError.saying_text("usage", "no metres", option=option, given=f"`{given}`")


def _read_box(given: str) -> Bounds:
    with refusing("usage", "no box", given=given):
        west, south, east, north = (float(part) for part in given.split(","))
    return west, south, east, north


def tell_cache() -> None:
    """Tell where the cache lies and what it holds."""
    from raastof_geo.cache import MARK, cache_folder, find_stranger, list_stocks
    from raastof_geo.files import is_folder

    tell(cache_folder())
    if (stranger := find_stranger()) is not None:
        told = say("{file} is a file or a link where a folder must be: nothing is kept there.")
        if is_folder(stranger):
            told = say("{folder} is not ours (it has no file {mark}): nothing is kept there.")
        tell(told.format(file=str(stranger), folder=str(stranger), mark=MARK))
    told, names = say("{kind}: {entries} entries, {size} MB"), read_texts("kinds of stocks")
    for kind, sizes in list_stocks().items():
        size = format_number(sum(sizes) / 1e6, digits=1)
        tell(told.format(kind=names[kind], entries=len(sizes), size=size))


def empty_cache() -> None:
    """Empty the cache; what is needed is made again."""
    from raastof_geo.cache import clear_cache

    size = format_number(clear_cache(), digits=1)
    tell(say("The cache is empty; {size} MB are free.", size=size))
