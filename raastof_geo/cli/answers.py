"""What is known: of a folder of results, of the catalogue, and why a plan is as it is."""

from __future__ import annotations

import webbrowser
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raastof_geo.cli.terminal import asked_in, in_speech_of, quote, tell, tell_items, telling
from raastof_geo.cli.usage import FILE, Anywhere, Into, OfScenario, ScenarioPath, argument, option
from raastof_geo.errors import DamagedError, InputError, NoPlanError
from raastof_geo.evidence import tell_unit
from raastof_geo.language import format_number, say, spoken_language
from raastof_geo.records.exchange import MANIFEST, find_door, finish_exchange
from raastof_geo.records.ledger import explain_figure, list_figures

if TYPE_CHECKING:
    from raastof_geo.scenario.catalogue import Catalogue
    from raastof_geo.scenario.scenario import Scenario

_RESULTS = say("RESULTS")
_Folder = Annotated[Path, argument(value=_RESULTS)]

_MOST_TOLD = 40
"""As many findings of a check are told."""
_MOST_PARTNERS = 5


def open_results(results: Annotated[Path | None, argument(value=_RESULTS)] = None) -> None:
    """Open the page that leads to all results in the browser."""
    folder = results or Path("results")
    if results is None:  # the last run with a page
        runs = [*folder.glob(f"*/{MANIFEST.name}")]
        newest = sorted(runs, key=lambda one: -one.stat().st_mtime_ns)
        folder = next((one.parent for one in newest if find_door(one.parent)), folder)
    finish_exchange(folder)
    door = find_door(folder)
    if door is None:
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
    cases = [*map(describe_found, found, titles)]
    tell(write_comparison(found[0], cases, into) / PAGE)


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
    from raastof_geo.scenario.telling.locked import choose_flows, write_locked

    result = load_result(results)
    source, scenario = _read_source(result.scenario.id, of_scenario, anywhere=anywhere)
    there = result.plan.flows.query("origin != destination")  # nobody agrees with itself
    chosen = there if everything else choose_flows(scenario, there, flows or ())
    path = write_locked(scenario, source, chosen)
    tell(say("Wrote {file}. Next:", file=str(path)))
    tell(f"raastof run {quote(str(path))} --variants all")


def _read_source(id_: str, given: Path | None, *, anywhere: bool) -> tuple[Path, Scenario]:
    """Read the scenario that is named, or lies in this folder or in `scenarios`; and its path."""
    from raastof_geo.scenario import read_scenario

    ids = (id_, id_.rpartition("-")[0])
    likely = (home / f"{one}.yaml" for one in ids for home in (Path(), Path("scenarios")))
    source = given or next(filter(Path.is_file, likely), None)
    if source is None:
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
        how: dict[str, Any] = {"need": need is not None, "window": (first, last)}
        scenario, found, path = quote_site(result, at, need or offer or "", page, **how)
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
    from raastof_geo.scenario.telling.glossary import explain_entry, list_catalogue

    catalogue, _ = _open(of_scenario)
    if entry is not None:
        tell_items(*explain_entry(catalogue, entry, spoken_language()))
        return
    for section in list_catalogue(catalogue, spoken_language()):
        tell_items(f"{section.title} – {section.where}")
        for row in section.rows:
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
    from raastof_geo.scenario.telling.glossary import explain_fit

    known, scenario = _open(of_scenario)
    tell_items(*explain_fit(known, material, use, spoken_language(), land=land, scenario=scenario))


def _open(file: Path | None) -> tuple[Catalogue, Scenario | None]:
    """Give the catalogue of a scenario beside it, or where there is none, the built-in one."""
    from raastof_geo.scenario import read_scenario
    from raastof_geo.scenario.catalogue import load_catalogue

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
    from raastof_geo.roads.routing.router import place_stops

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
