"""What the owner of a project has to do before trucks drive, and by which day."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from raastof_geo.assignment.statement.shares import project_sites
from raastof_geo.assignment.telling.names import call, call_material, join_clauses, list_names
from raastof_geo.language import Message, format_day, read_texts, say
from raastof_geo.outputs.tables.summary import find_reliances
from raastof_geo.result import Flow, Result

LEAD_WEEKS: Mapping[str, int] = {"residual_product_terms": 4, "permit_section_19_33": 10}
"""Before the first load: residual products are notified 4 weeks ahead, and municipalities ask for
8 to 10 weeks to treat a permit (odense.dk, vejen.dk, read in November 2026)."""

_Dated: TypeAlias = tuple[datetime.date, Message]


def list_steps(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> list[Message]:
    """List what the sites that are `mine` have to do for their flows, the first to do first."""
    moved = [flow for flow in flows if flow.origin != flow.destination]
    told = (step for find in (_notify, _meet, _agree) for step in find(result, moved, mine))
    return [sentence for _, sentence in sorted(told, key=itemgetter(0))]


def _group(flows: Iterable[Flow], key: Callable[[Flow], Hashable]) -> dict[Any, list[Flow]]:
    groups: dict[Any, list[Flow]] = defaultdict(list)
    for flow in flows:
        groups[key(flow)].append(flow)
    return groups


def _describe(result: Result, flows: Sequence[Flow], weeks: float = 0) -> dict[str, Any]:
    """Give the day by which something is done for flows, so many weeks before the first of them."""
    start = min(result.scenario.periods[flow.period].start for flow in flows)
    day = start - datetime.timedelta(weeks=weeks)
    materials = sorted({flow.material for flow in flows})
    return {
        "by": day,
        "day": format_day(day),
        "start": format_day(start),
        "weeks": weeks,
        "tonnes": round(sum(flow.tonnes for flow in flows)),
        "material": list_names([call_material(result.scenario, one) for one in materials]),
    }


def _notify(result: Result, flows: Sequence[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Soil that leaves is sampled and notified; soil of ground that is not mapped is neither."""
    scenario, catalogue = result.scenario, result.scenario.catalogue
    where, samples = result.effect.books.municipalities, catalogue.soil_samples
    groups = _group(flows, lambda flow: (flow.origin, flow.material))
    for (origin, material), each in groups.items():
        register = scenario.sites[origin].soil_mapping
        count = catalogue.count_samples(material, register, sum(flow.tonnes for flow in each))
        sampled = count is not None
        asked = register is None or catalogue.soil_mappings[register].t_per_sample or sampled
        if origin not in mine or catalogue.materials[material].soil_class is None or not asked:
            continue
        told = _describe(result, each, samples.weeks.value if samples else 0)
        judged = samples is not None and samples.weeks.evidence == "judgement"
        told |= {"municipality": where[origin], "judged": say(" (our judgement)") if judged else ""}
        sentence = read_texts("steps")["sample" if sampled else "notify"]
        yield told["by"], sentence.format(samples=count, **told)


def _meet(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Conditions at needs of one's own, but those whose permit the scenario names."""
    scenario, coming = result.scenario, [flow for flow in flows if flow.destination in mine]
    needs = {need.id: need.name for need in scenario.needs}
    met = _group(coming, lambda flow: (flow.material, needs.get(flow.taker)))
    reliant: dict[str, list[Flow]] = defaultdict(list)
    for one in find_reliances(scenario, coming):
        if not one.need.consents.get(one.condition):
            reliant[one.condition] += met[one.material, one.need.name]
    for condition, each in reliant.items():
        told = _describe(result, each, LEAD_WEEKS.get(condition, 0))
        sentence = read_texts("steps")["apply" if told["weeks"] else "see to"]
        name = call(scenario.catalogue.conditions[condition].name)
        yield told["by"], sentence.format(condition=name, **told)


def _agree(result: Result, flows: Iterable[Flow], mine: Collection[str]) -> Iterator[_Dated]:
    """Agree with other projects, and order from businesses, before the first load."""
    scenario, projects = result.scenario, project_sites(result.scenario)
    met = _group(flows, lambda flow: flow.destination if flow.origin in mine else flow.origin)
    for among, step in ((True, "agree"), (False, "order")):
        if partners := [one for one in met if one not in mine and (one in projects) == among]:
            told = _describe(result, [flow for one in partners for flow in met[one]])
            names = join_clauses([scenario.site_name(one) for one in partners])
            yield told["by"], read_texts("steps")[step].format(partners=names, **told)
