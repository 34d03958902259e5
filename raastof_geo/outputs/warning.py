"""Say what a reader should doubt: the one list of `check`, of `run` and of the pages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from raastof_geo.assignment.statement.shares import project_sites
from raastof_geo.assignment.telling.case import say_idle
from raastof_geo.assignment.telling.names import list_names
from raastof_geo.effect.measure import Effect
from raastof_geo.errors import Finding
from raastof_geo.evidence import STATES
from raastof_geo.language import Language, Message, format_number, say, say_text, spoken_language
from raastof_geo.legs.legs import explain_lost
from raastof_geo.outputs.opening import doubt_allocation
from raastof_geo.result import Result
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.routing.islands import explain_ferries, explain_islands, group_sites
from raastof_geo.roads.snap import Anchors, explain_moves
from raastof_geo.roads.store import explain_gaps
from raastof_geo.scenario.parties import find_idle
from raastof_geo.scenario.scenario import Scenario

REGION = 20
"""From this many projects on a plan is one of a whole region, where little is to be saved."""

_MOST_OF_A_KIND = 10


def warn_of_input(scenario: Scenario, network: RoadNetwork, anchors: Anchors) -> list[Finding]:
    """Say what may not be meant so, in `check` as in `run`, with places; ten of a kind at most."""
    return [*_find_doubts(scenario, network, anchors, spoken_language())]


@lru_cache(maxsize=1)  # which several outputs of one run ask for
def _find_doubts(
    scenario: Scenario, network: RoadNetwork, anchors: Anchors, _spoken: Language
) -> tuple[Finding, ...]:
    ferries = scenario.said.network.ferries
    counted = scenario.said.network.access_way
    kinds: list[Iterable[Finding | Message]] = [
        *(scenario.warnings, _other_municipalities(scenario), explain_gaps(network)),
        explain_moves(network, scenario.sites, anchors, counted=counted),
        explain_islands(network, anchors.edges, ferries=ferries),
        explain_ferries(network, anchors.edges) if ferries else (),
        *(explain_idle(scenario, network, anchors), (say_evidence(scenario),)),
    ]
    told: list[Finding | Message] = []
    for kind in map(list, kinds):
        told += kind[:_MOST_OF_A_KIND]
        if (more := len(kind) - _MOST_OF_A_KIND) > 0:
            told.append(say("… and {count} more of this kind", count=more))
    return tuple(one if isinstance(one, Finding) else Finding(one) for one in told)


def warn(result: Result) -> list[Finding]:
    """Say what to doubt of effect, roads and input, what weighs most first, each once."""
    scenario = result.scenario
    told = chain(
        _doubt_effect(scenario, result.effect),
        beyond_fairness(scenario, result.plan.problem.alone),
        explain_lost(result.legs),
    )
    of_input = warn_of_input(scenario, result.network, result.anchors)
    return list({str(one): one for one in chain(map(Finding, told), of_input)}.values())


def _doubt_effect(scenario: Scenario, effect: Effect) -> Iterator[Message]:
    if effect.baseline_missing:
        yield say_text("doubts", "left out", tonnes=round(sum(effect.baseline_missing.values())))
    projects = {scenario.project(site) for site in project_sites(scenario)}
    if (effect.saved_share or 0.0) > 0.5 and len(projects) >= REGION:
        yield say_text("doubts", "region", count=len(projects))
    yield from doubt_allocation(effect)
    if (share := getattr(scenario.said.baseline.today, "share", None)) is not None:
        reached = (one.reached for one in effect.baselines if one.reached is not None)
        for most in reached:  # more than that cannot be with what is on offer
            asked, had = (format_number(100 * one, digits=1) for one in (share, most))
            yield say_text("doubts", "today", asked=asked, reached=had)


def beyond_fairness(scenario: Scenario, alone: Mapping[str, float]) -> Iterator[Message]:
    """Name the projects that `targets.fairness` has no baseline to hold against."""
    if scenario.said.targets.fairness is None:
        return
    projects = {scenario.project(site) for site in project_sites(scenario)}
    if free := sorted(projects - alone.keys()):
        named = list_names([f"`{project}`" for project in free])
        yield say_text("doubts", "fairness", projects=named)


def _other_municipalities(scenario: Scenario) -> Iterator[Finding]:
    """Name sites whose coordinates lie in another municipality than the scenario says."""
    lon, lat = zip(*(site.lon_lat for site in scenario.sites.values()), strict=True)
    found_in = scenario.region.locate(lon, lat)
    for (id_, site), found in zip(scenario.sites.items(), found_in, strict=True):
        if site.municipality and found and site.municipality != found:
            told = {"site": f"`{id_}`", "said": site.municipality, "found": found}
            place = scenario.place_of("sites", id_, "municipality")
            yield Finding(say_text("doubts", "municipality", **told), place)


def say_evidence(scenario: Scenario) -> Message:
    """Say how many figures of the catalogue were seen in their source, and how many were not."""
    count: Counter[str] = Counter(scenario.states().values())
    told = {state: count[state] for state in STATES}
    return say_text("doubts", "evidence", all=count.total(), **told)


def explain_idle(scenario: Scenario, network: RoadNetwork, anchors: Anchors) -> Iterator[Finding]:
    """Say of each recipe that can never run what it lacks."""
    islands = group_sites(network, anchors.edges, ferries=scenario.said.network.ferries)
    for idle in find_idle(scenario, islands=islands):
        at = scenario.sites[idle.site].plant
        number = at.recipes.index(idle.recipe) if at is not None else 0
        place = scenario.place_of("sites", idle.site, "plant", "recipes", number)
        yield Finding(say_idle(scenario, idle), place)
