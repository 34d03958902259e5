"""Call sites, materials, windows and rules by the names that people read."""

from __future__ import annotations

from collections.abc import Sequence

from raastof_geo.language import Message, say, spoken_language
from raastof_geo.scenario.scenario import Scenario

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


def list_names(names: Sequence[str]) -> str:
    """Join names, the first few of them."""
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else f"{shown} … (+{len(names) - _MOST})"


def call(name: dict[str, str]) -> Message:
    """Give a name of the catalogue in the language that is being read."""
    return Message("{name}", {"name": _Named(name)})


class _Named:
    """A name that shows itself in the language that is being read."""

    def __init__(self, name: dict[str, str]) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name.get(spoken_language()) or next(iter(self.name.values()))


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


def describe_row(scenario: Scenario, rule: str, label: str) -> Message:
    """Name a rule and what it is about, in words."""
    place, _, period = label.partition("@")
    site = place.split("/")[0]
    known = scenario.sites
    named = name_site(scenario, site) if site in known else place
    if period:
        named = f"{named} ({period})"
    text = RULE_NAMES.get(rule)
    if text is None:
        return say("{rule} ({label})", rule=rule, label=label)
    return say("{rule}: {where}", rule=text, where=named)


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
    "partners_linked": say("partners"),
    "partners_limited": say("number of partners"),
    "lots_most": say("smallest lot"),
    "lots_least": say("smallest lot"),
}
"""What people call each family of rows."""
