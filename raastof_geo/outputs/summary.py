"""Say what a plan amounts to, in a page that people read and in the terminal's table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from raastof_geo.language import Message, format_number, say
from raastof_geo.legs import explain_lost
from raastof_geo.result import Result

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")
_MOST_FLOWS = 25


def summarise(result: Result) -> list[tuple[Message, str, str]]:
    """Give the key figures: what, in the plan, in the baseline."""
    plan, before = result.effect.plan, result.effect.baseline
    return [
        (
            say("Transport emissions, well to wheel [t CO2e]"),
            _number(plan.kg_co2e_wtw / 1000),
            _number(before.kg_co2e_wtw / 1000),
        ),
        (
            say("Transport emissions, tank to wheel [t CO2e]"),
            _number(plan.kg_co2e_ttw / 1000),
            _number(before.kg_co2e_ttw / 1000),
        ),
        (
            say("Share of secondary materials, clean soil counted [%]"),
            _number(100 * plan.secondary_share_with_clean_soil, 1),
            _number(100 * before.secondary_share_with_clean_soil, 1),
        ),
        (
            say("Share of secondary materials, soil not counted [%]"),
            _number(100 * plan.secondary_share_without_soil, 1),
            _number(100 * before.secondary_share_without_soil, 1),
        ),
        (say("Truck trips with a load"), _number(plan.loads), _number(before.loads)),
        (say("Truck kilometres [km]"), _number(plan.vehicle_km), _number(before.vehicle_km)),
        (say("Virgin material [t]"), _number(plan.virgin_tonnes), _number(before.virgin_tonnes)),
        (
            say("Surplus to final reception [t]"),
            _number(plan.received_tonnes),
            _number(before.received_tonnes),
        ),
        (
            say("Cost [million DKK]"),
            _number(plan.cost_dkk / 1e6, 1),
            _number(before.cost_dkk / 1e6, 1),
        ),
    ]


def prove(result: Result) -> Message:
    """Put the certificate into a sentence."""
    certificate = result.plan.certificate
    return say(
        "No plan under these assumptions has a smaller {objective} than {bound}: the plan has "
        "{value}, keeps every rule within {violation} t, and the gap is {gap}.",
        objective=name_objective(result.scenario.said.objectives[0].minimise),
        bound=format_number(certificate.lower_bound),
        value=format_number(certificate.objective),
        violation=f"{abs(certificate.largest_violation):.1e}",
        gap=f"{max(0.0, certificate.gap):.1e}",
    )


MEASURE_NAMES: dict[str, Message] = {
    "transport_kg_co2e_wtw": say("transport emission (well to wheel) in kg CO2e"),
    "transport_kg_co2e_ttw": say("transport emission (tank to wheel) in kg CO2e"),
    "upstream_kg_co2e": say("emission of digging virgin material in kg CO2e"),
    "processing_kg_co2e": say("emission of plants and depots in kg CO2e"),
    "disposal_kg_co2e": say("emission of final reception in kg CO2e"),
    "kg_co2e_wtw": say("emission of all parts (well to wheel) in kg CO2e"),
    "cost_dkk": say("cost in DKK"),
    "cost_with_co2_dkk": say("cost with priced CO2 in DKK"),
    "tonne_km": say("transport work in tonne-km"),
    "vehicle_km": say("truck distance in km"),
    "drive_h": say("driving time in hours"),
    "virgin_tonnes": say("use of virgin material in tonnes"),
    "landfill_tonnes": say("landfill in tonnes"),
}


def name_objective(measures: Sequence[str]) -> str:
    """Name what is minimised."""
    return " + ".join(str(MEASURE_NAMES[measure]) for measure in measures)


def warn(result: Result) -> list[Message]:
    """Say what a reader should doubt."""
    warnings = []
    effect = result.effect
    if effect.baseline_missing:
        warnings.append(
            say(
                "The baseline leaves out {tonnes} t that a project alone could not place; "
                "plan and baseline do not cover the same tonnes.",
                tonnes=round(sum(effect.baseline_missing.values())),
            )
        )
    if effect.saved_share is not None and effect.saved_share > 0.5:
        warnings.append(
            say(
                "The plan saves more than half of the transport emissions: for a whole region "
                "that is suspicious; check the baseline."
            )
        )
    warnings += explain_lost(result.legs)
    unverified = [
        figure for figure in result.scenario.catalogue.figures().values() if not figure.verified
    ]
    warnings.append(
        say(
            "{count} figures of the catalogue have not been verified in a source; "
            "plan.json lists them.",
            count=len(unverified),
        )
    )
    return warnings


def write_summary(result: Result, folder: Path) -> Path:
    """Write `summary.md`."""
    path = folder / "summary.md"
    path.write_text("\n".join(_lines(result)) + "\n", encoding="utf-8", newline="\n")
    return path


def _lines(result: Result) -> list[str]:
    scenario = result.scenario
    metadata = result.network.metadata
    lines = [f"# {_plain(scenario.said.title)}", ""]
    if scenario.said.description:
        lines += [_plain(scenario.said.description), ""]
    lines += [_row("", say("Plan"), say("Before")), "|---|---:|---:|"]
    lines += [f"| {what} | {plan} | {before} |" for what, plan, before in summarise(result)]
    lines += ["", str(prove(result)), ""]
    lines += [f"- {warning}" for warning in warn(result)]
    lines += ["", "## " + str(say("Largest flows")), ""]
    lines += [
        _row(say("From"), say("To"), say("Material"), say("Period"), "t", "km", "kg CO2e"),
        "|---|---|---|---|---:|---:|---:|",
    ]
    largest = result.plan.flows.sort_values(
        ["tonnes", "giver", "taker", "period"], ascending=[False, True, True, True]
    ).head(_MOST_FLOWS)
    for flow in largest.itertuples():
        material = scenario.catalogue.materials[str(flow.material)]
        cells = [
            _plain(scenario.site_name(str(flow.origin))),
            _plain(scenario.site_name(str(flow.destination))),
            _plain(material.called(scenario.said.language)),
            str(flow.period),
            format_number(float(str(flow.tonnes))),
            format_number(float(str(flow.length_km)), digits=1),
            format_number(float(str(flow.kg_co2e_wtw))),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        str(
            say(
                "Before: each project alone takes its needs from the pit, and sends its surplus "
                "to the receiver, that is best for itself."
            )
        ),
        "",
        f"{metadata.attribution} ({metadata.osm_date}). "
        + str(say("Municipalities: Geodatastyrelsen and Danish municipalities, 2014.")),
    ]
    return lines


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Keep a text from acting as markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _number(value: float, digits: int = 0) -> str:
    return format_number(value, digits=digits)
