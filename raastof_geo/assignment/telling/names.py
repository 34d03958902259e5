"""Call sites, materials, windows, amounts and rules by the names that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raastof_geo.figures.vocabulary import aim_of
from raastof_geo.language import Language, Message, Readable, format_number, say
from raastof_geo.scenario.model import Agreement, PassageLimit
from raastof_geo.scenario.scenario import Need, Offer, Scenario

_MOST = 6


def name_site(scenario: Scenario, site: str) -> str:
    """Give a site's name and id."""
    name = scenario.site_name(site)
    return f"`{site}`" if name == site else f"{name} (`{site}`)"


def span(periods: tuple[str, ...]) -> str:
    """Give the first and the last period."""
    if not periods:
        return "–"
    return periods[0] if len(periods) == 1 else f"{periods[0]}–{periods[-1]}"


def list_names(names: Sequence[Readable]) -> Message:
    """Join names, the first few of them, in the language that is being read."""
    shown = ", ".join(f"{{name_{at}}}" for at in range(min(len(names), _MOST)))
    if len(names) > _MOST:
        shown += f" … (+{len(names) - _MOST})"
    return Message(shown, {f"name_{at}": name for at, name in enumerate(names[:_MOST])})


def join_clauses(messages: Sequence[Readable]) -> Message:
    """Put half-sentences one after the other."""
    text = "; ".join(f"{{part_{at}}}" for at in range(len(messages)))
    return Message(text, {f"part_{at}": one for at, one in enumerate(messages)})


@dataclass(frozen=True)
class _Named(Message):
    """A name of the catalogue, which has its languages with it."""

    def render(self, language: Language) -> str:
        """Give the name in `language`, or in the first that it has."""
        return str(self.values.get(language) or next(iter(self.values.values())))


@dataclass(frozen=True)
class _Number(Message):
    """A number that is written as the reader writes it."""

    digits: int = 0

    def render(self, language: Language) -> str:
        """Write the number with the separators of `language`."""
        return format_number(self.values["value"], digits=self.digits, language=language)


def call(name: Mapping[str, str]) -> Message:
    """Give a name of the catalogue in the language that is being read."""
    return _Named("", name)


def call_material(scenario: Scenario, material: str) -> Message:
    """Give the name of a material."""
    return call(scenario.catalogue.materials[material].name)


def call_use(scenario: Scenario, use: str) -> Message:
    """Give the name of a use."""
    return call(scenario.catalogue.uses[use].name)


def tell_number(value: float, *, beside: float | None = None) -> Message:
    """Write a number of units, with as many decimals as tell something.

    Parameters
    ----------
    beside
        A difference that has to be seen, such as what is missing to another number.
    """
    return _Number("", {"value": value}, digits=_digits(value, beside))


def _digits(value: float, beside: float | None) -> int:
    told = [abs(value)] if beside is None else [abs(value), abs(beside)]
    if abs(value - round(value)) < 5e-4 and (beside is None or abs(beside) >= 1):
        return 0
    least = min((one for one in told if one > 0), default=0.0)
    return 0 if least >= 100 else 1 if least >= 10 else 2 if least >= 0.1 else 3


def cite_fit(scenario: Scenario, material: str, use: str, land: str) -> Message:
    """Say which rule keeps a material from a use, with its source."""
    catalogue = scenario.catalogue
    blocked = scenario.blocks(material, use, land)
    names = {
        "material": call(catalogue.materials[material].name),
        "use": call(catalogue.uses[use].name),
    }
    if blocked is None:
        return say("{material} may serve {use}", **names)
    rule, kind = blocked
    fit, move = catalogue.fit(material, use), catalogue.soil_move(material, land)
    of_land = move is not None and move.rule == rule and (fit is None or fit.rule != rule)
    cited = move if of_land else fit
    source = catalogue.cite(cited.citation) if cited is not None else ""
    if kind == "no_rule":
        return say("no rule of the catalogue lets {material} serve {use}", **names)
    if kind == "land_forbidden":
        return say(
            "{material} may not come to land of the kind `{land}` (rule {rule}: {source})",
            **names,
            land=land,
            rule=rule,
            source=source,
        )
    if kind == "forbidden":
        return say(
            "{material} may not serve {use} (rule {rule}: {source})",
            **names,
            rule=rule,
            source=source,
        )
    return say(
        "{material} may serve {use} only under the condition `{condition}`, which the scenario has "
        "not accepted (rule {rule}: {source})",
        **names,
        condition=kind,
        rule=rule,
        source=source,
    )


# --- rows ---------------------------------------------------------------------------------------


def describe_row(
    scenario: Scenario, rule: str, label: str, *, periods: Readable | None = None
) -> Message:
    """Name a rule and what it is about, in words.

    Parameters
    ----------
    periods
        Those of several like rows, in place of the row's own.
    """
    told = _describe_known(scenario, rule, label, periods)
    if told is not None:
        return told
    text = RULE_NAMES.get(rule)
    if text is None:
        return say("{rule} ({label})", rule=rule, label=label)
    place, _, own = label.partition("@")
    period = periods or own
    site, *rest = place.split("/")
    if site not in scenario.sites:
        return text
    named: Readable = name_site(scenario, site)
    materials = [one for one in rest if one in scenario.catalogue.materials]
    if materials:
        named = say("{site}, {what}", site=named, what=call_material(scenario, materials[0]))
    if period:
        named = say("{site} ({period})", site=named, period=period)
    return say("{rule}: {where}", rule=text, where=named)


def _describe_known(
    scenario: Scenario, rule: str, label: str, periods: Readable | None
) -> Message | None:
    """Name rows whose label is more than a place and a period."""
    if rule == "agreements_kept":
        return name_agreement(scenario, agreement_of(scenario, label))
    head, _, own = label.partition("@")
    where: Readable | None = None
    if rule == "secondary_share_reached":
        where = DEFINITION_NAMES[head]
    elif rule == "caps_kept":
        where = aim_of(head.partition("-")[2]).title
    elif rule == "passages_limited":
        where = _name_road(scenario.said.targets.passages[int(head)])
    elif rule == "fleet_kept":
        where = call(scenario.catalogue.vehicles[head.split("/")[0]].name)
    if where is None:
        entry = find_entry(scenario, rule, label)
        return None if entry is None else _name_entry(scenario, entry, periods)
    return _in_period(say("{rule}: {where}", rule=RULE_NAMES[rule], where=where), periods or own)


def _name_entry(scenario: Scenario, entry: Need | Offer, periods: Readable | None) -> Message:
    if isinstance(entry, Need):
        return say(
            "need of {site} for {use} in {periods}",
            site=name_site(scenario, entry.site),
            use=call_use(scenario, entry.use),
            periods=periods or span(entry.periods),
        )
    return say(
        "surplus of {material} at {site} in {periods}",
        site=name_site(scenario, entry.site),
        material=call_material(scenario, entry.material),
        periods=periods or span(entry.periods),
    )


def _in_period(told: Message, period: Readable) -> Message:
    return say("{site} ({period})", site=told, period=period) if period else told


def _name_road(limit: PassageLimit) -> str:
    if limit.municipality or limit.name:
        return str(limit.municipality or limit.name)
    return str(list(limit.way or limit.at or limit.polygon or ()))


def find_entry(scenario: Scenario, rule: str, label: str) -> Need | Offer | None:
    """Find the need or the surplus that a row is about."""
    entries: Sequence[Need | Offer] = ()
    if rule == "needs_met":
        entries = scenario.needs
    elif rule == "offers_kept":
        entries = scenario.offers
    return next((entry for entry in entries if entry.id == label), None)


def agreement_of(scenario: Scenario, label: str) -> Agreement:
    """Give the agreement that a row is about: its label begins with its number."""
    return scenario.said.agreements[int(label.partition("-")[0])]


def name_agreement(scenario: Scenario, agreement: Agreement) -> Message:
    """Say who has agreed with whom on what, and when."""
    periods = agreement.periods(tuple(scenario.periods))
    told = {
        "giver": name_site(scenario, agreement.giver),
        "taker": name_site(scenario, agreement.taker),
        "material": say("any material")
        if agreement.material is None
        else call_material(scenario, agreement.material),
        "periods": span(periods),
    }
    if agreement.forbidden:
        return (
            say(
                "the agreement that {giver} sends no {material} to {taker} in {periods}",
                **told,
            )
            if agreement.material is not None
            else say("the agreement that {giver} sends nothing to {taker} in {periods}", **told)
        )
    tonnes = tell_number(agreed_tonnes(scenario, agreement))
    if agreement.at_most is not None:
        return say(
            "the agreement between {giver} and {taker} (at most {tonnes} t of {material} in "
            "{periods})",
            **told,
            tonnes=tonnes,
        )
    if agreement.at_least is not None:
        return say(
            "the agreement between {giver} and {taker} (at least {tonnes} t of {material} in "
            "{periods})",
            **told,
            tonnes=tonnes,
        )
    return say(
        "the agreement between {giver} and {taker} ({tonnes} t of {material} in {periods})",
        **told,
        tonnes=tonnes,
    )


def agreed_tonnes(scenario: Scenario, agreement: Agreement) -> float:
    """Give the amount of an agreement; nothing where it forbids. [t]"""
    amount = agreement.tonnes or agreement.at_least or agreement.at_most
    if amount is None:
        return 0.0
    material = agreement.material or next(iter(scenario.catalogue.materials))
    return scenario.catalogue.tonnes(amount, material, scenario.said.vehicles)


def unit_of_row(scenario: Scenario, rule: str, label: str) -> Readable:
    """Give the unit of a row's limit; tonnes where a rule does not say otherwise."""
    head = label.partition("@")[0]
    if rule == "caps_kept":
        return unit_of_measure(head.partition("-")[2])
    if rule == "projects_not_worse":
        fairness = scenario.said.targets.fairness
        return unit_of_measure(fairness.measure) if fairness is not None else ""
    if rule == "fleet_kept":
        return say("hours") if head.endswith("/h") else "km"
    if rule == "passages_limited":
        return say("trips")
    if rule == "partners_limited":
        return say("partners")
    return "t" if rule in RULE_NAMES else ""


def unit_of_measure(measure: str) -> Readable:
    """Give the unit of what a plan is measured by."""
    return aim_of(measure).unit


RULE_NAMES: dict[str, Message] = {
    "offers_kept": say("surplus leaves"),
    "needs_met": say("the need is met"),
    "pits_permitted": say("permit of the pit"),
    "receivers_permitted": say("permit of the receiver"),
    "plants_permitted": say("capacity of the plant"),
    "plants_fed": say("input of the plant"),
    "plants_emptied": say("output of the plant"),
    "depots_balanced": say("stock of the depot"),
    "depots_filled": say("capacity of the depot"),
    "depots_permitted": say("reception of the depot"),
    "depots_ended": say("stock of the depot at the end"),
    "secondary_share_reached": say("secondary share"),
    "caps_kept": say("cap under `targets.at_most`"),
    "passages_limited": say("limit under `targets.passages`"),
    "projects_not_worse": say("no project worse off than alone"),
    "fleet_kept": say("fleet"),
    "trips_balanced": say("coordinated trucks"),
    "agreements_kept": say("agreement"),
    "openings_paid": say("site to open"),
    "openings_once": say("site to open"),
    "partners_linked": say("partners"),
    "partners_once": say("partners"),
    "partners_limited": say("number of partners"),
    "lots_most": say("smallest lot"),
    "lots_least": say("smallest lot"),
    "lots_once": say("smallest lot"),
    "bounded": say("more than there can ever be"),
}
"""What people call each family of rows."""

DEFINITION_NAMES: dict[str, Message] = {
    "with_clean_soil": say("recycled materials and clean soil"),
    "without_soil": say("recycled materials without soil"),
    "cut_in_virgin": say("everything that is not virgin"),
}
"""What people call each definition of the secondary share."""
