"""From a scenario file to results: the whole machine in one sentence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
import numpy as np
from raastof_geo import errors
from raastof_geo.assignment import RULES, Plan, Rule, assign
from raastof_geo.assignment.adjusting.worth import Quote, measure_worth, quote_newcomer
from raastof_geo.assignment.front import Measures, seek_alternatives, trace_front
from raastof_geo.assignment.statement.problem import LaidColumns
from raastof_geo.effect import measure_effect
from raastof_geo.effect.books import keep_books
from raastof_geo.effect.burden import find_junctions, find_like, propose_candidates
from raastof_geo.emissions.vehicle import MODELS, EnergyModel
from raastof_geo.language import Language, Tell, say, speaking
from raastof_geo.legs.legs import Legs, price_again, price_legs, price_one_more
from raastof_geo.outputs import write_outputs
from raastof_geo.outputs.documents import comparison
from raastof_geo.outputs.documents.assumptions import TOLD, write_ensemble, write_sensitivity
from raastof_geo.outputs.documents.document import Block
from raastof_geo.outputs.warning import explain_idle
from raastof_geo.outputs.worth import write_quote
from raastof_geo.records.exchange import check_place, exchanging
from raastof_geo.region.region import read_region
from raastof_geo.result import Result
from raastof_geo.roads.area import read_area
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors, place_stops, snap_sites
from raastof_geo.scenario import Scenario, read_scenario
from raastof_geo.scenario.identity import find_model
from raastof_geo.scenario.reading.read import read_variant, sketch_sites
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.said.site import NetworkChoice
from raastof_geo.scenario.tables.source import read_source
from raastof_geo.scenario.varied import (
    add_newcomer,
    choose_variants,
    edit_for_variant,
    list_variants,
    moves_amounts_only,
    write_sections,
)
from raastof_geo.sensitivity import ensemble, headline
from raastof_geo.sensitivity.ensemble import Ensemble, solve_today, sum_up
from raastof_geo.sensitivity.headline import list_declared, list_levers
from raastof_geo.spread import spread
from raastof_geo.version import __version__

_BUFFER_M = 2000.0
"""How far beyond the municipalities of a scenario roads are read. [m]"""
MOST_ALONG = 7
"""As many plans along a front are solved in full and compared."""


class Answered(NamedTuple):
    """What was found when a planner asked for more than the plan."""

    result: Result
    """Of the plan; the scenario lists what was found among its variants."""
    ids: tuple[str, ...]
    """Of the variants that were compared."""
    cases: list[comparison.Compared]
    """The plan, then each of these."""
    folder: Path


def solve_scenario(
    scenario: Scenario,
    *,
    rules: Sequence[Rule] = RULES,
    model: EnergyModel | str | None = None,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> Result:
    """Place a scenario on the roads, price its legs, assign, and measure the effect.

    Returns what was found out: the plan in tonnes, and what it saves in kg CO2e, km and DKK; or
    raises a `RaastofError`: no such model, sites off the road, no route, no plan, no solver.

    `rules`: the constraints of the plan, and of its effect: `[*RULES, my_rule]` for one more;
    `model`: how a truck's energy follows from the road: the name of one of the models, or a
    function of one's own from a vehicle and speeds to energy per km, empty and full; none: what the
    scenario says; `executor`: finds routes and solves side by side, with the same result: any of
    `concurrent.futures`, or one that is like them, such as a Dask client's; none: one by one.

    >>> from raastof_geo import read_scenario, solve_scenario
    >>> result = solve_scenario(read_scenario("scenarios/koege_bugt.yaml"))
    >>> bool(result.plan.flows["tonnes"].sum() > 0)
    True
    """
    network, anchors = place_scenario(scenario, tell=tell)
    how: dict[str, Any] = {"rules": rules, "model": model, "executor": executor, "tell": tell}
    plan = plan_scenario(scenario, network, anchors, **how)
    legs = plan.problem.legs
    tell(say("Measuring the effect"))
    effect = measure_effect(scenario, legs, plan, executor=executor)
    return Result(scenario, network, anchors, legs, plan, effect)


def plan_scenario(
    scenario: Scenario,
    network: RoadNetwork,
    anchors: Anchors,
    *,
    rules: Sequence[Rule] = RULES,
    model: EnergyModel | str | None = None,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> Plan:
    """Price the legs of a placed scenario, and assign tonnes to them; else say what lies idle."""
    energy = MODELS[find_model(model)] if isinstance(model, str) else model
    tell(say("Pricing the legs"))
    legs = price_legs(scenario, network, anchors, model=energy, executor=executor)
    tell(say("Assigning tonnes to legs"))
    try:
        return assign(scenario, legs, rules=rules)
    except errors.NoPlanError as error:
        raise type(error)(*error.findings, *explain_idle(scenario, network, anchors)) from error


def place_scenario(
    scenario: Scenario, *, tell: Tell = lambda _: None
) -> tuple[RoadNetwork, Anchors]:
    """Load the roads of a scenario and place its sites on them."""
    choice = scenario.said.network
    tell(say("Loading the roads"))
    area = read_area(
        municipalities=choice.municipalities, buffer_m=_BUFFER_M, region=scenario.region
    )
    network = load_network(choice.file, area=area, progress=tell)
    tell(say("Placing the sites on the road"))
    sites = scenario.sites.items()
    anchors = snap_sites(
        network,
        scenario.sites,
        limit_m=choice.snap_limit_m,
        ferries=choice.ferries,
        places={id_: scenario.place_of("sites", id_, site.place_key) for id_, site in sites},
    )
    return network, anchors


def read_for_roads(
    path: Path | str,
    *,
    anywhere: bool = False,
    language: Language | None = None,
    tell: Tell = lambda _: None,
) -> Scenario:
    """Read a scenario; if it is refused, name its sites that lie off the built-in roads as well.

    `language` of all that is written of it; none: what the scenario says.
    """
    tell(say("Reading the scenario"))
    try:
        scenario = read_scenario(path, anywhere=anywhere)
    except errors.ScenarioError as error:
        found = [*error.findings, *_find_off_road(Path(path), anywhere)]
        raise errors.ScenarioError(*sorted(found)) from error
    if language in (None, scenario.said.language):
        return scenario
    return scenario.saying(language=language)


def _find_off_road(path: Path, anywhere: bool) -> list[errors.Finding]:
    try:
        tree = read_source(path, anywhere=anywhere)
    except errors.ScenarioError:
        return []
    choice = tree.values.get("network")
    choice = choice if isinstance(choice, Mapping) else {}
    sites, _ = sketch_sites(tree, read_region())
    if choice.get("file") or not sites:
        return []
    limit_m = choice.get("snap_limit_m")
    if not isinstance(limit_m, int | float) or not 0 < limit_m <= 20_000:
        limit_m = NetworkChoice().snap_limit_m
    ferries = choice.get("ferries") is not False
    keys = {site: ("sites", site, one.place_key) for site, one in sites.items()}
    places = {site: tree.place(key, of_key=True) for site, key in keys.items()}
    try:
        snap_sites(load_network(), sites, limit_m=limit_m, ferries=ferries, places=places)
    except errors.SnapError as error:
        return [*error.findings]
    return []


def assess_declared(
    result: Result, *, executor: Executor | None = None, tell: Tell = lambda _: None
) -> headline.Assessment | None:
    """Solve at most `MOST_DECLARED` of the assumptions that a scenario declares again, if any."""
    if not (levers := list_declared(result.scenario)):
        return None
    base, price = headline.read_headlines(result.effect), partial(price_again, result.legs)
    most = headline.MOST_DECLARED
    return headline.assess(
        result.scenario, base, levers, price, most=most, executor=executor, tell=tell
    )


def rank_assumptions(
    path: Path | str,
    *,
    into: Path | str = "results",
    anywhere: bool = False,
    language: Language | None = None,
    model: EnergyModel | str | None = None,
    only: str = "",
    most: int = 25,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> tuple[Scenario, headline.Assessment, Path]:
    """Move everything that the figures of a scenario hang on, one after the other, and rank it.

    `only`: part of an id, a name or a kind; what does not hold it is left alone; `most`: so many
    are drawn; all are in the workbook. The swings by the largest share of a headline that they
    move, and the folder `into/<scenario>_sensitivity` with page, drawing and workbook.
    """
    scenario = read_for_roads(path, anywhere=anywhere, language=language, tell=tell)
    folder = Path(into) / f"{scenario.id}_sensitivity"
    check_place(folder)
    if not (levers := [one for one in list_levers(scenario) if one.subject.matches(only)]):
        raise errors.InputError.saying(
            "nothing that could be moved is called {name}", name=f"`{only}`"
        )
    result = solve_scenario(scenario, model=model, executor=executor, tell=tell)
    base, price = headline.read_headlines(result.effect), partial(price_again, result.legs)
    found = headline.assess(scenario, base, levers, price, executor=executor, tell=tell)
    found = replace(found, swings=tuple(found.ranked(*TOLD)))
    return scenario, found, write_sensitivity(scenario, found, folder, most=most)


def draw_ensemble(
    path: Path | str,
    *,
    draws: int = 1000,
    seed: int = 1,
    into: Path | str = "results",
    resume: bool = False,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
    **how: Any,
) -> tuple[Ensemble, Path]:
    """Solve a scenario in many conceivable courses, drawn from the ranges that it states.

    Plan and baseline are solved again in each; one without a plan is a course with its reason.
    `draws` says how many, `seed` which. To `resume` begins with those that a run of the same draws
    left; `InputError` where they are of another one. Page, workbook and `draws.json` lie in
    `into/<scenario>_ensemble`, the same bytes with any `executor`; `how` as `read_for_roads`.
    """
    scenario = read_for_roads(path, tell=tell, **how)
    folder = Path(into) / f"{scenario.id}_ensemble"
    check_place(folder)
    factors = ensemble.list_factors(scenario)
    levels = ensemble.draw_levels(factors, draws=draws, seed=seed)
    network, anchors = place_scenario(scenario, tell=tell)
    tell(say("Pricing the legs"))
    price = partial(price_again, price_legs(scenario, network, anchors))
    tell(say("Assigning tonnes to legs"))
    today = solve_today(scenario, price, factors, levels)
    design = ensemble.plan_design(today, seed)
    drawn = ensemble.run_batches(today, design, folder, resume=resume, executor=executor, tell=tell)
    tell(say("Asking what today's plan could do without"))
    found = sum_up(today, drawn, seed=seed, executor=executor)
    tell(say("Writing the results"))
    with exchanging(folder, version=__version__) as draft, speaking(*scenario.speech):
        (draft / ensemble.DRAWN.name).write_bytes(ensemble.pack_draws(design, drawn))
        write_ensemble(found, draft)
    ensemble.clear_parts(folder)
    return found, folder


def compare_variants(
    result: Result, wanted: str, **how: Any
) -> tuple[list[comparison.Compared], Path]:
    """Solve variants of a scenario and hold them against its result: `into/<scenario>_variants`.

    `wanted`: their ids, parted by commas, or `all`. Roads and distances are those of the result,
    but where a variant has other sites or roads. One without a plan is a case with its reason.
    `how`: `into` which folder, with which `executor`, whom to `tell`.
    """
    ids = [*choose_variants(result.scenario, wanted)]
    asked = _hold_against(result, "variants", {}, ids, **how)
    return asked.cases, asked.folder


def compare_front(result: Result, measures: Measures, **how: Any) -> Answered:
    """Trace the front of two measures, and hold plans along it against the result.

    At most `MOST_ALONG` of them, from end to end, are solved; `how` as for `compare_variants`.
    """
    front = trace_front(result.scenario, result.legs, measures, rules=result.plan.rules)
    ids = np.array([*front.variants])
    ids = ids[np.unique(np.linspace(0, len(ids) - 1, MOST_ALONG).round().astype(int))]
    told = partial(comparison.tell_front, front)
    return _hold_against(result, "front", front.variants, ids.tolist(), told, **how)


def compare_alternatives(result: Result, count: int, within: float, **how: Any) -> Answered:
    """Look for plans nearly as good as the result's and unlike it, and hold them against it.

    At most `count`, whose first objective is no more than a share `within` above the least there
    can be; `how` as for `compare_variants`.
    """
    found = seek_alternatives(result.plan, count, within)
    above = partial(comparison.tell_alternatives, result.scenario, within)
    return _hold_against(result, "alternatives", found, [*found], above, **how)


def compare_candidates(result: Result, count: int, like: str, **how: Any) -> Answered:
    """Propose `count` places at junctions for what a site has, and open the best one if it pays.

    `how` as for `compare_variants`.
    """
    junctions = find_junctions(result.plan, like, count)
    found = {"candidates": propose_candidates(result.scenario, like, junctions)}
    above = partial(comparison.tell_candidates, junctions)
    return _hold_against(result, "candidates", found, [*found], above, **how)


def _hold_against(
    result: Result,
    name: str,
    found: Mapping[str, Variant],
    ids: Sequence[str],
    above: Callable[[list[comparison.Compared]], Iterable[Block]] = lambda _: (),
    *,
    into: Path | str = "results",
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> Answered:
    """Solve variants, of the scenario or `found` beside it, and write `into/<scenario>_<name>`."""
    folder = Path(into) / f"{result.scenario.id}_{name}"
    check_place(folder)
    scenario = result.scenario.saying(variants={**result.scenario.said.variants, **found})
    result, known = replace(result, scenario=scenario), list_variants(scenario)
    cases = [comparison.describe_found(result, scenario.said.title)]
    solved = spread(executor, _solve_variant, (result, LaidColumns()), ids)
    for number, id_ in enumerate(ids, 1):
        told, name = say("Variant {number} of {count}: {name}"), known[id_].name or id_
        tell(told.format(number=number, count=len(ids), name=name))
        cases.append(next(solved))
    blocks, beside = partial(above, cases), write_sections(variants=found) if found else ""
    comparison.write_comparison(result, cases, folder, above=blocks, beside=beside)
    return Answered(result, tuple(ids), cases, folder)


def _solve_variant(base: tuple[Result, LaidColumns], id_: str) -> comparison.Compared:
    """Solve a variant without writing anything; what keeps it from having a plan is its answer.

    On the same roads where sites are the same; of one that differs in amounts only the columns are
    those of the plan, and of the worlds besides it those that other such variants laid out.
    """
    result, known = base
    scenario, variant = result.scenario, list_variants(result.scenario)[id_]
    title = variant.name or id_
    try:
        alike = moves_amounts_only(edit_for_variant(scenario, variant))
        scenario = read_variant(scenario, id_)
        if (legs := result.legs if alike else _price_on_same_roads(result, scenario)) is None:
            return comparison.describe_found(_solve_afresh(result, scenario), title)
        how: dict[str, Any] = {"rules": result.plan.rules, "start": result.plan}
        how |= {"columns": result.plan.problem, "known": known} if alike else {}
        how["causes"] = scenario.said.effect.causes
        plan, alone, headlines = headline.find_headlines(scenario, legs, **how)
        before = keep_books(alone.world.problem, alone.values)
        after = keep_books(plan.problem, plan.proof.values)
        return comparison.describe_solved(scenario, plan, (before, after), headlines, title)
    except errors.RaastofError as error:
        with speaking(*scenario.speech):
            return comparison.Compared(
                title, comparison.list_said(scenario), None, str(error).splitlines()[0]
            )


def _price_on_same_roads(result: Result, varied: Scenario) -> Legs | None:
    """Price the legs of a variation on the roads of a result; none: sites or roads are others."""
    places = [
        ({id_: site.lon_lat for id_, site in one.sites.items()}, one.said.network)
        for one in (result.scenario, varied)
    ]
    return price_again(result.legs, varied) if places[0] == places[1] else None


def write_each(asked: Answered, *, into: Path | str = "results", **how: Any) -> Iterator[Path]:
    """Solve what was compared with all outputs; write each of them into its own folder."""
    for id_ in asked.ids:
        varied = read_variant(asked.result.scenario, id_)
        folder = Path(into) / varied.id
        check_place(folder)
        yield _write(_solve_afresh(asked.result, varied, **how), folder, **how)[1]


def _solve_afresh(result: Result, varied: Scenario, **how: Any) -> Result:
    """Solve a variation with roads and all, by the rules and the energy model of a result."""
    model = None if result.legs.roads is None else result.legs.roads.model
    return solve_scenario(varied, rules=result.plan.rules, model=model, **how)


def quote_site(
    result: Result,
    at: str,
    said: str,
    page: Path,
    *,
    need: bool = False,
    window: tuple[str | None, str | None] = (None, None),
) -> tuple[Scenario, Quote, Path]:
    """Find with whom somebody new would deal in a plan, and write that as a page.

    `at`, `said`, `need` and `window` as `add_newcomer` reads them, or an `InputError`; a
    `SnapError`: no road is near. The scenario with the newcomer, its partners, and the page.
    """
    region = result.network.region
    scenario, site = add_newcomer(result.scenario, region, at, said, need=need, window=window)
    choice, sites = scenario.said.network, {site: scenario.sites[site]}
    anchors = snap_sites(result.network, sites, limit_m=choice.snap_limit_m, ferries=choice.ferries)
    legs = price_one_more(result.legs, scenario, site, place_stops(anchors)[site])
    found = quote_newcomer(result.plan, scenario, site, legs)
    return scenario, found, write_quote(replace(result, scenario=scenario, legs=legs), found, page)


def run_scenario(
    path: Path | str,
    *,
    into: Path | str = "results",
    anywhere: bool = False,
    language: Language | None = None,
    model: EnergyModel | str | None = None,
    sensitivity: bool = True,
    variant: str = "",
    variants: str = "",
    like: str | None = None,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> tuple[Result, Path]:
    """Read a scenario, solve it, and write all its outputs into `into/<scenario>`.

    Returns what was found out, and the folder with it: with the outputs `plan` and `proof`,
    `load_result(folder)` gives the result again at any later time. Raises a `RaastofError` with
    every mistake of the input, or what failed outside.

    `variant`: the id of one of its variants, which is solved instead, into
    `into/<scenario>-<variant>`; `variants` and `like`: what `compare_variants` and
    `compare_candidates` will be asked for, refused here, before anything is solved; `sensitivity`:
    whether the assumptions that the scenario declares are solved again at both ends; `executor`:
    solves baselines and assumptions and writes outputs side by side, the same files: any of
    `concurrent.futures` whose workers share this disk; none: one after the other.
    """
    model = find_model(model) if isinstance(model, str) else model
    scenario = read_for_roads(path, anywhere=anywhere, language=language, tell=tell)
    if variant:
        scenario = read_variant(scenario, variant)
    choose_variants(scenario, variants)
    if like is not None:
        find_like(scenario, like)
    folder = Path(into) / scenario.id
    check_place(folder)
    result = solve_scenario(scenario, model=model, executor=executor, tell=tell)
    if sensitivity:
        result = replace(result, assumptions=assess_declared(result, executor=executor, tell=tell))
    return _write(result, folder, executor=executor, tell=tell)


def _write(
    result: Result, folder: Path, *, executor: Executor | None = None, tell: Tell = lambda _: None
) -> tuple[Result, Path]:
    """Write all outputs of a result, and find before what one more is worth, where they tell it."""
    if "worth" in result.scenario.said.outputs:
        tell(say("Finding what one more load is worth"))
        result = replace(result, worth=measure_worth(result.plan, executor=executor))
    tell(say("Writing the results"))
    return result, write_outputs(result, folder, executor=executor)
