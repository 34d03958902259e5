"""Say what a plan amounts to, in a page that people read and in the terminal's table."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from raastof_geo.assignment.telling.names import DEFINITION_NAMES
from raastof_geo.effect.target import Reach, TargetAnswer
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    LOADS_DRIVEN,
    RECEIVED,
    TRANSPORT_TTW,
    TRANSPORT_WTW,
    VEHICLE_KM,
    VIRGIN,
    aim_of,
    told_in_books,
)
from raastof_geo.language import Message, Readable, format_number, plain, say, spoken_language
from raastof_geo.outputs.warning import warn
from raastof_geo.result import Result

_MARKDOWN = re.compile(
    r"`[A-Za-z0-9_./@-]+`|^(?:\d+(?=[.)](?:\s|$))|[-+=](?=[-+=\s]|$))|[\\`*_{}\[\]<>#|~&]"
)
"""What acts as markup; ids between backticks are meant to, and a number is no item of a list."""
_MOST_FLOWS = 25


class KeyFigure(NamedTuple):
    """A figure of the summary, as people read it."""

    name: str
    title: Message
    plan: str
    before: str


def summarise(result: Result) -> list[KeyFigure]:
    """Give the key figures."""
    plan, before = result.effect.plan, result.effect.baseline
    return [
        KeyFigure(
            TRANSPORT_WTW,
            say("Transport emissions, well to wheel [t CO2e]"),
            _number(plan.kg_co2e_wtw / 1000),
            _number(before.kg_co2e_wtw / 1000),
        ),
        KeyFigure(
            TRANSPORT_TTW,
            say("Transport emissions, tank to wheel [t CO2e]"),
            _number(plan.kg_co2e_ttw / 1000),
            _number(before.kg_co2e_ttw / 1000),
        ),
        KeyFigure(
            CO2E,
            say("Emissions of all parts, well to wheel [t CO2e]"),
            _number(plan.all_kg_co2e_wtw / 1000),
            _number(before.all_kg_co2e_wtw / 1000),
        ),
        KeyFigure(
            "secondary_share_with_clean_soil",
            say("Share of secondary materials, clean soil counted [%]"),
            _number(100 * plan.secondary_share_with_clean_soil, 1),
            _number(100 * before.secondary_share_with_clean_soil, 1),
        ),
        KeyFigure(
            "secondary_share_without_soil",
            say("Share of secondary materials, soil not counted [%]"),
            _number(100 * plan.secondary_share_without_soil, 1),
            _number(100 * before.secondary_share_without_soil, 1),
        ),
        KeyFigure(
            LOADS_DRIVEN, say("Truck trips with a load"), _number(plan.loads), _number(before.loads)
        ),
        KeyFigure(
            VEHICLE_KM,
            say("Truck kilometres [km]"),
            _number(plan.vehicle_km),
            _number(before.vehicle_km),
        ),
        KeyFigure(
            VIRGIN,
            say("Virgin material [t]"),
            _number(plan.virgin_tonnes),
            _number(before.virgin_tonnes),
        ),
        KeyFigure(
            RECEIVED,
            say("Surplus to final reception [t]"),
            _number(plan.received_tonnes),
            _number(before.received_tonnes),
        ),
        KeyFigure(
            COST,
            say("Cost [million DKK]"),
            _number(plan.cost_dkk / 1e6, 1),
            _number(before.cost_dkk / 1e6, 1),
        ),
        *_summarise_others(result),
    ]


def _summarise_others(result: Result) -> Iterator[KeyFigure]:
    """Give what the vocabulary wants among the key figures, and totals do not hold."""
    plan, before = result.effect.books, result.effect.baseline_books
    for indicator in told_in_books():
        if indicator.summary is not None:
            yield KeyFigure(
                indicator,
                indicator.summary,
                _number(plan.total(indicator)),
                _number(before.total(indicator)),
            )


def prove(result: Result) -> Message:
    """Put the certificate into a sentence."""
    certificate = result.plan.certificate
    if not result.plan.finished or not certificate.holds:
        return say(
            "The search ended before the best plan was proved: the plan has {value} in {objective} "
            "and keeps every rule; no plan has less than {bound}, so at most {share} % could be "
            "saved.",
            value=format_number(certificate.objective),
            objective=name_objective(result.scenario.said.objectives[0].minimise),
            bound=format_number(certificate.lower_bound),
            share=format_number(100 * max(0.0, certificate.gap), digits=2),
        )
    return say(
        "No plan under these assumptions has a smaller {objective} than {bound}: the plan has "
        "{value}, keeps every rule within {violation} kg, and the gap is {gap} %.",
        objective=name_objective(result.scenario.said.objectives[0].minimise),
        bound=format_number(certificate.lower_bound),
        value=format_number(certificate.objective),
        violation=_small(1000 * abs(certificate.largest_violation)),
        gap=_small(100 * max(0.0, certificate.gap)),
    )


def _small(value: float) -> Readable:
    """Write a number that is near 0 in words that people read."""
    least = 0.01
    if 0 < value < least:
        return say("less than {least}", least=format_number(least, digits=2))
    return format_number(value, digits=2 if value else 0)


def name_objective(measures: Sequence[str]) -> str:
    """Name what is minimised."""
    return " + ".join(str(aim_of(measure).title) for measure in measures)


def answer(result: Result) -> list[Message]:
    """Say whether the target can be reached, with what, at which price, and if not, why not.

    Returns
    -------
    sentences
        How far each definition gets, what the target costs, why it is out of reach, and with which
        materials the needs are met.
    """
    target = result.effect.target
    materials = result.scenario.catalogue.materials
    unit = result.scenario.said.objectives[0].minimise[0].unit
    told = []
    told += [_how_far(reach, unit) for reach in target.reaches]
    if target.asked is not None:
        told += _say_target(target, unit)
        for reach in target.reaches[1:]:
            if reach.finished and reach.largest < target.asked:
                told.append(_out_of_reach(target.asked, reach))
    for material, tonnes in list(target.reach.by_material.items())[:12]:
        told.append(
            say(
                "in the plan {material} meets {tonnes} reference tonnes of the needs",
                material=materials[material].called(spoken_language()),
                tonnes=format_number(tonnes),
            )
        )
    return told


def _how_far(reach: Reach, unit: str) -> Message:
    """Say how far one definition of the share gets, or that the clock left it open."""
    shares = {
        "definition": DEFINITION_NAMES[reach.definition],
        "in_plan": format_number(100 * reach.in_plan, digits=1),
        "largest": format_number(100 * reach.largest, digits=1),
        "offered": format_number(100 * reach.offered, digits=1),
    }
    if not reach.finished:
        return say(
            "{definition}: {in_plan} % of the needs in the plan; how much more any plan could have "
            "was not found in the time that was given; all of it that is on offer would be "
            "{offered} %",
            **shares,
        )
    if reach.more_at_largest is None:
        return say(
            "{definition}: {in_plan} % of the needs in the plan, at most {largest} % in any plan; "
            "all of it that is on offer would be {offered} %",
            **shares,
        )
    return say(
        "{definition}: {in_plan} % of the needs in the plan, at most {largest} % in any "
        "plan, which adds {more} {unit}; all of it that is on offer would be {offered} %",
        more=format_number(reach.more_at_largest),
        unit=unit,
        **shares,
    )


def _say_target(target: TargetAnswer, unit: str) -> list[Message]:
    """Say that the target is met, and how much the best plan would change without it."""
    told = {
        "asked": format_number(100 * (target.asked or 0.0), digits=1),
        "definition": DEFINITION_NAMES[target.definition],
    }
    kg, dkk = (
        None if more is None else round(more) for more in (target.more_kg_co2e, target.more_dkk)
    )
    if kg is None or dkk is None:
        met = say(
            "The target of {asked} % ({definition}) is met; what it costs in all was not found in "
            "the time that was given",
            **told,
        )
    elif not kg and not dkk:
        met = say(
            "The target of {asked} % ({definition}) is met, and costs nothing: the best plan "
            "without it has as many kg CO2e and DKK",
            **told,
        )
    else:
        met = say(
            "The target of {asked} % ({definition}) is met; the best plan without it has {kg} and "
            "{dkk}",
            **told,
            kg=_say_change(-kg, "kg CO2e"),
            dkk=_say_change(-dkk, say("DKK")),
        )
    price = format_number(max(0.0, target.price_per_t), digits=2)
    return [
        met,
        say(
            "One reference tonne more than the target would cost {price} {unit}",
            price=price,
            unit=unit,
        ),
    ]


def _say_change(change: float, unit: Readable) -> Message:
    """Say how much more or less of a unit there is."""
    if not change:
        return say("as much in {unit}", unit=unit)
    told = {"amount": format_number(abs(change)), "unit": unit}
    return (
        say("{amount} {unit} more", **told) if change > 0 else say("{amount} {unit} less", **told)
    )


def _out_of_reach(asked: float, reach: Reach) -> Message:
    """Say why a definition of the share does not reach the target."""
    told = {
        "definition": DEFINITION_NAMES[reach.definition],
        "asked": format_number(100 * asked, digits=1),
        "largest": format_number(100 * reach.largest, digits=1),
        "offered": format_number(100 * reach.offered, digits=1),
    }
    if reach.offered < asked:
        return say(
            "Counted as {definition}, {asked} % is out of reach: even if every tonne on offer "
            "could be used, it would be {offered} %; rules, time and places leave {largest} %",
            **told,
        )
    return say(
        "Counted as {definition}, {asked} % is out of reach, though {offered} % is on offer: "
        "rules, time and places leave {largest} %",
        **told,
    )


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
    lines += [f"| {what} | {plan} | {before} |" for _, what, plan, before in summarise(result)]
    lines += ["", _plain(str(prove(result))), ""]
    lines += ["## " + str(say("Warnings")), ""]
    lines += [f"- {_plain(str(warning.message))}" for warning in warn(result)]
    lines += ["", "## " + str(say("Can the share be reached?")), ""]
    lines += [f"- {_plain(str(line))}" for line in answer(result)]
    relied_on = list_conditions(result)
    if relied_on:
        lines += ["", "## " + str(say("Conditions that the plan relies on")), ""]
        lines += [f"- {_plain(str(line))}" for line in relied_on]
    lines += ["", "## " + str(say("Trucks by period")), ""]
    lines += [_row(say("Truck"), say("Period"), say("Loads"), say("Hours"), "km")]
    lines += ["|---|---|---:|---:|---:|"]
    for row in result.plan.fleet.to_dict(orient="records"):
        truck = scenario.catalogue.vehicles[str(row["vehicle"])]
        cells = [_number(float(row[name])) for name in (LOADS_DRIVEN, "work_h", VEHICLE_KM)]
        lines.append(_row(truck.called(scenario.said.language), row["period"], *cells))
    lines += _list_places(result)
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
            scenario.site_name(str(flow.origin)),
            scenario.site_name(str(flow.destination)),
            material.called(scenario.said.language),
            str(flow.period),
            format_number(float(str(flow.tonnes))),
            format_number(float(str(flow.length_km)), digits=1),
            format_number(float(str(flow.kg_co2e_wtw))),
        ]
        lines.append(_row(*cells))
    lines += [
        "",
        str(
            say(
                "Before: each project alone takes its needs from the pit, and sends its surplus "
                "to the receiver, that is best for itself."
            )
        ),
        "",
        _plain(f"{metadata.attribution} ({metadata.osm_date}). ")
        + " "
        + str(say("Municipalities: Geodatastyrelsen and Danish municipalities, 2014.")),
    ]
    return lines


def list_conditions(
    result: Result, flows: Sequence[Mapping[Hashable, Any]] | None = None
) -> list[Message]:
    """Name every conditional rule that flows make use of, with tonnes and source.

    Parameters
    ----------
    flows
        Some of the plan's, as records; none: all.

    Returns
    -------
    sentences
        One for each material, use, condition and rule, in the order of their ids.
    """
    scenario = result.scenario
    catalogue, language = scenario.catalogue, scenario.said.language
    needs = {need.id: need for need in scenario.needs}
    looked_at = result.plan.flows.to_dict(orient="records") if flows is None else flows
    used = [flow for flow in looked_at if flow["taker_kind"] == "need"]
    tonnes: dict[tuple[str, str, str, str, str], float] = {}
    for flow in used:
        need = needs[flow["taker"]]
        fit = catalogue.fit(flow["material"], need.use)
        move = catalogue.soil_move(flow["material"], scenario.sites[need.site].land)
        for rule in (fit, move):
            if rule is not None and rule.condition is not None:
                key = (flow["material"], need.use, rule.condition, rule.rule, rule.citation)
                tonnes[key] = tonnes.get(key, 0.0) + flow["tonnes"]
    return [
        say(
            "{tonnes} t of {material} in {use}: {condition} (rule {rule}: {source})",
            tonnes=format_number(amount),
            material=catalogue.materials[material].called(language),
            use=catalogue.uses[use].called(language),
            condition=_in_words(catalogue.conditions[condition], language),
            rule=rule,
            source=catalogue.cite(citation),
        )
        for (material, use, condition, rule, citation), amount in sorted(tonnes.items())
    ]


def _in_words(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()))


def _list_places(result: Result) -> list[str]:
    """Tell what plants make, depots store, and which candidates are opened."""
    scenario, plan = result.scenario, result.plan
    catalogue, language = scenario.catalogue, scenario.said.language
    lines: list[str] = []
    for row in plan.processed.to_dict(orient="records"):
        told = say(
            "{site}: {recipe}, {tonnes} t in {period}",
            site=scenario.site_name(row["site"]),
            recipe=catalogue.recipes[row["recipe"]].called(language),
            tonnes=format_number(row["tonnes"]),
            period=row["period"],
        )
        lines.append(f"- {_plain(str(told))}")
    for row in plan.stored.to_dict(orient="records"):
        told = say(
            "{site}: {tonnes} t of {material} lie there at the end of {period}",
            site=scenario.site_name(row["site"]),
            tonnes=format_number(row["tonnes"]),
            material=catalogue.materials[row["material"]].called(language),
            period=row["period"],
        )
        lines.append(f"- {_plain(str(told))}")
    for row in plan.openings.to_dict(orient="records"):
        site = scenario.site_name(row["site"])
        told = say("{site} is opened", site=site)
        if not row["opened"]:
            told = say("{site} is not opened", site=site)
        lines.append(f"- {_plain(str(told))}")
    if not lines:
        return []
    return ["", "## " + str(say("Plants, depots and candidates")), "", *lines]


def _row(*cells: Readable) -> str:
    """Give a row of a table: words of ours as they are, those of others without markup."""
    told = (str(cell) if isinstance(cell, Message) else _plain(cell) for cell in cells)
    return f"| {' | '.join(told)} |"


def _plain(text: str) -> str:
    """Keep a text from acting as markup."""
    return _MARKDOWN.sub(_escape, " ".join(plain(text).split()))


def _escape(found: re.Match[str]) -> str:
    text = found.group()
    if text[0] == "`" and len(text) > 1:
        return text
    return f"{text}\\" if text.isdigit() else f"\\{text}"


def _number(value: float, digits: int = 0) -> str:
    return format_number(value, digits=digits)
