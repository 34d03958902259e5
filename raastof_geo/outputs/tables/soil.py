"""What a notification of moved soil asks for, as far as a plan knows it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raastof_geo.assignment.telling.names import call
from raastof_geo.language import Message, plain, read_texts, say
from raastof_geo.outputs.tables.life_cycle import name_step
from raastof_geo.outputs.tables.summary import call_condition, find_reliances
from raastof_geo.records.flows import shape_table
from raastof_geo.region.projection import project
from raastof_geo.result import Result, list_flows
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need

SOIL = "soil_notifications.csv"
_TEXTS = read_texts("soil notification")
SOIL_HEADS = tuple(_TEXTS.values())
_SENDERS = ("address", "register", "address of reception", "register of reception")
SOIL_TO_FILL = tuple(_TEXTS[key] for key in (*_SENDERS, "contact", "report", "haulier"))
"""What only the sender knows, as far as the scenario does not say it."""


def list_soil(result: Result) -> Iterator[list[Any]]:
    """Give the fields of a soil notification for each match; blank what only the sender knows."""
    scenario, catalogue = result.scenario, result.scenario.catalogue
    language, flows = scenario.said.language, result.plan.flows
    permits: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in find_reliances(scenario, list_flows(flows)):
        permits[one.need.site, one.material][str(call_condition(scenario, one))] = None
    apart = flows[flows["origin"] != flows["destination"]]
    purposes = []  # the use of a need, else where it goes
    for taker, kind in apart[["taker", "taker_kind"]].itertuples(index=False, name=None):
        entry = scenario.entries.get((Role(kind), taker))
        used = call(catalogue.uses[entry.use].name) if isinstance(entry, Need) else None
        purposes.append(str(used or name_step(kind, inside=False)))
    keys = ["origin", "destination", "material", "period", "purpose"]
    grouped = apart.assign(purpose=purposes).groupby(keys, sort=False)["tonnes"].sum()
    where = result.effect.books.municipalities
    places = {}
    for id_, said in scenario.sites.items():
        easting, northing = project(*said.lon_lat).ravel()  # as the heads say
        about = (scenario.site_name(id_), said.address, where[id_], said.land_register)
        places[id_] = (*about, f"{easting:.0f}; {northing:.0f}")
    weeks = ""  # that samples and the answer take
    if catalogue.soil_samples:
        span = catalogue.soil_samples.weeks
        ends = (span.value if one is None else one for one in (span.low, span.high))
        weeks = "–".join(dict.fromkeys(f"{one:g}" for one in ends))
    rows: Any = grouped.reset_index().itertuples()
    for row in rows:
        material, period = catalogue.materials[row.material], scenario.periods[row.period]
        if material.soil_class is None:
            continue
        named = catalogue.soil_classes.get(material.soil_class)
        category = catalogue.soil_categories.get(material.soil_class)
        mapping = scenario.sites[row.origin].soil_mapping
        density = material.density_in_situ
        count = catalogue.count_samples(row.material, mapping, row.tonnes)
        yield [
            *places[row.origin],
            *places[row.destination],
            material.called(language),
            call(named) if named else str(material.soil_class),
            say("category {number}", number=category) if category else say("outside categories"),
            catalogue.soil_mappings[mapping].called(language) if mapping else say("not said"),
            row.purpose,
            "; ".join(permits[row.destination, row.material]),
            row.tonnes,
            row.tonnes / density.value if density else None,
            count,
            weeks if count is not None else "",
            period.start,
            period.end,
            *[None] * 3,
        ]


def write_soil(result: Result, folder: Path) -> Path:
    """Write the notifications as a table that spreadsheets and forms can take in."""
    path, form = folder / SOIL, shape_table(result.scenario.said.language, SOIL_HEADS)
    rows = (
        [form.write(plain(one) if isinstance(one, Message) else one) for one in row]
        for row in list_soil(result)
    )
    path.write_bytes(form.render(rows))
    return path
