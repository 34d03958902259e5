"""Call sites, materials, windows, amounts and rules by the names that people read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from raastof_geo.assignment.rules import limits
from raastof_geo.assignment.rules.masses import AGREEMENTS_KEPT
from raastof_geo.assignment.statement.row import About, Family, RowName
from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Language, Message, Readable, format_number, read_texts, say
from raastof_geo.scenario.catalogue import Fit, Ruled, SoilMove
from raastof_geo.scenario.identity import Name
from raastof_geo.scenario.said.file import Agreement
from raastof_geo.scenario.scenario import Demand, Need, Offer, Scenario

_MOST = 6


def name_site(scenario: Scenario, site: str) -> str:
    """Name a site. Returns its name and id, or the id alone."""
    name = scenario.site_name(site)
    return f"`{site}`" if name == site else f"{name} (`{site}`)"


def span(periods: tuple[str, ...]) -> str:
    """Name a window. Returns its first and last period, or the one, or a dash."""
    if not periods:
        return "–"
    return periods[0] if len(periods) == 1 else f"{periods[0]}–{periods[-1]}"


def list_names(names: Sequence[Readable]) -> Message:
    """Join names, the first few of them, in the language that is being read."""
    shown = join_clauses(names[:_MOST], ", ")
    more = f" … (+{len(names) - _MOST})" if len(names) > _MOST else ""
    return Message(shown.text + more, shown.values)


def list_sites(scenario: Scenario, sites: Iterable[str]) -> Message:
    """Join the names and ids of sites."""
    return list_names([name_site(scenario, site) for site in sites])


def join_clauses(messages: Sequence[Readable], mark: str = "; ") -> Message:
    """Put names or half-sentences one after the other, with a mark between them."""
    text = mark.join(f"{{part_{at}}}" for at in range(len(messages)))
    return Message(text, {f"part_{at}": one for at, one in enumerate(messages)})


@dataclass(frozen=True)
class _Number(Message):
    """A number that is written as the reader writes it."""

    digits: int = 0

    def render(self, language: Language) -> str:
        """Write the number with the separators of `language`."""
        return format_number(self.values["value"], digits=self.digits, language=language)


def call(name: Mapping[str, str]) -> Message:
    """Give a name of the catalogue in the language that is being read."""
    return Name("", name)


def call_material(scenario: Scenario, material: str) -> Message:
    """Give the name of a material."""
    return call(scenario.catalogue.materials[material].name)


def call_use(scenario: Scenario, use: str) -> Message:
    """Give the name of a use."""
    return call(scenario.catalogue.uses[use].name)


def call_entry(scenario: Scenario, entry: Need | Offer) -> Message:
    """Give the name of the use of a need, or of the material of surplus."""
    if isinstance(entry, Need):
        return call_use(scenario, entry.use)
    return call_material(scenario, entry.material)


def tell_number(value: float, *, beside: float | None = None) -> Message:
    """Write a number of units, with as many decimals as tell something.

    `beside` is a difference that has to be seen, such as what is missing to another number.
    """
    told = [abs(value)] if beside is None else [abs(value), abs(beside)]
    least = min((one for one in told if one > 0), default=0.0)
    digits = 0 if least >= 100 else 1 if least >= 10 else 2 if least >= 0.1 else 3
    if abs(value - round(value)) < 5e-4 and (beside is None or abs(beside) >= 1):
        digits = 0
    return _Number("", {"value": value}, digits=digits)


_TOLD: Mapping[str, Callable[[Scenario, Any], Readable]] = {
    **dict.fromkeys(("site", "giver", "taker"), name_site),
    "sites": list_sites,
    "material": call_material,
    "use": call_use,
    "periods": lambda _, periods: periods if isinstance(periods, str) else span(periods),
}
"""How what a sentence names is told, by the name that it has there."""


def tell_named(
    scenario: Scenario, sentence: Message, entry: Need | Offer | None = None, **values: Any
) -> Message:
    """Fill in sites, materials and uses by their ids, windows of periods, and numbers of units.

    Of an `entry` these are its `site`, `use` or `material`, and `periods`. Messages stay so.
    """
    if entry is not None:
        what = {"use": entry.use} if isinstance(entry, Need) else {"material": entry.material}
        values = {"site": entry.site, **what, "periods": entry.periods, **values}
    told = dict[str, Any]()
    for key, value in values.items():
        known = key in _TOLD and not isinstance(value, Message)
        told[key] = _TOLD[key](scenario, value) if known else value
        if isinstance(value, float):
            told[key] = tell_number(value)
    return sentence.format(**told)


_FORBIDDEN: dict[type, str] = {Fit: "forbidden", SoilMove: "land_forbidden", Ruled: "no_rule"}
"""What forbids it, by the kind of rule."""


def cite_fit(scenario: Scenario, material: str, demand: Demand) -> Message:
    """Say in half a sentence which rule keeps a material from a need, or that it may serve."""
    if (block := scenario.blocks(material, demand)) is None:
        kind = "may_serve"
    elif block.condition is not None:
        kind = "per_need" if scenario.is_per_need(block.condition) else "condition"
    else:
        kind = _FORBIDDEN[type(block)]
    cited = {"rule": block.rule, "source": scenario.catalogue.cite(block.citation)} if block else {}
    told = read_texts("blocked")[kind].format(condition=block and block.condition, **cited)
    return tell_named(scenario, told, material=material, use=demand.use, land=demand.land)


def describe_row(scenario: Scenario, name: RowName, *, periods: Readable = "") -> Message:
    """Say which rule a row is of and what it is about, in words.

    The title of its family, then the site, the material, and the period in brackets; a need,
    surplus or an agreement in words of its own. `periods` are those of several like rows.
    """
    family, about = name
    if family.name == AGREEMENTS_KEPT.name:
        return name_agreement(scenario, scenario.said.agreements[about.entry])
    if (entry := find_entry(scenario, about)) is not None:
        sentence = read_texts(f"lacking {entry.role}")["row"]
        return tell_named(scenario, sentence, entry, periods=periods or entry.periods)
    title, period = family.title or family.name, periods or about.period
    if (where := _name_subject(scenario, family, about)) is not None:
        told = say("{rule}: {where}", rule=title, where=where)
        return say("{site} ({period})", site=told, period=period) if period else told
    if family.title and (about.site or about.entry >= 0):
        return family.title
    return say("{rule} ({label})", rule=title, label=str(about))


def _name_subject(scenario: Scenario, family: Family, about: About) -> Readable | None:
    """Name the place, or what else a limit is on; none where the title says it, or nothing does."""
    targets = scenario.said.targets
    if family.name in (limits.SHARE_REACHED.name, limits.GOAL_APPROACHED.name):
        return DEFINITION_NAMES[targets.secondary_share[about.entry].definition]
    if family.name == limits.PASSAGES_LIMITED.name:
        limit = targets.passages[about.entry]
        said = (limit.municipality, limit.name, limit.way, limit.at, limit.polygon)
        where = next(filter(None, said), ())
        return where if isinstance(where, str) else str(list(where))
    if about.site in scenario.sites:
        site = name_site(scenario, about.site)
        what = call_material(scenario, about.material) if about.material else None
        return say("{site}, {what}", site=site, what=what) if what else site
    if about.site:
        return None
    if about.measure:
        return aim_of(about.measure).title
    return call(scenario.catalogue.vehicles[about.vehicle].name) if about.vehicle else None


def find_entry(scenario: Scenario, about: About) -> Need | Offer | None:
    """Find the need or the surplus that a row is about. Returns none where it is neither's."""
    return scenario.entries.get((about.role, str(about))) if about.role else None


def name_agreement(scenario: Scenario, agreement: Agreement) -> Message:
    """Say who has agreed with whom on what, and when."""
    what = next(key for key in read_texts("agreed") if getattr(agreement, key, None))
    if agreement.forbidden and agreement.material is None:
        what = "nothing"
    return tell_named(
        scenario,
        read_texts("agreed")[what],
        giver=agreement.giver,
        taker=agreement.taker,
        material=agreement.material or say("any material"),
        periods=agreement.periods(tuple(scenario.periods)),
        tonnes=agreed_tonnes(scenario, agreement),
    )


def agreed_tonnes(scenario: Scenario, agreement: Agreement) -> float:
    """Weigh what is agreed, of any material if none is named. Returns 0 if it forbids. [t]"""
    amount = agreement.tonnes or agreement.at_least or agreement.at_most
    return 0.0 if amount is None else scenario.weigh(amount, agreement.material)


def tell_row(
    scenario: Scenario, sentence: Message, name: RowName, *, periods: Readable = "", **values: Any
) -> Message:
    """Fill in the rule of a row, the unit of its limit, as far as it is known, and the rest."""
    unit = aim_of(name.about.measure).unit if name.about.measure else name.family.unit
    told = {"unit": unit or say("units of the rule"), **values}
    rule = describe_row(scenario, name, periods=periods)
    return tell_named(scenario, sentence, rule=rule, **told)


DEFINITION_NAMES: Mapping[str, Message] = read_texts("definitions")
"""What people call each definition of the secondary share."""
