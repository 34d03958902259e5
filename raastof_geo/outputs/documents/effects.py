"""The effect as blocks of a document: tables and charts that reports and project pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from raastof_geo.assignment.telling.names import DEFINITION_NAMES
from raastof_geo.effect.books import COMMON, Books
from raastof_geo.effect.cause import Cause
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.money import Transfers, net_cost, tabulate_payments
from raastof_geo.effect.progress import GOAL_SHARE, GOAL_SOURCE, GOAL_YEAR, follow_progress
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    LOADS_DRIVEN,
    REUSED,
    SOLD,
    VEHICLE_KM,
    VIRGIN,
    parts_of,
    shown_in_lines,
)
from raastof_geo.language import Message, format_number, say, spoken_language
from raastof_geo.outputs.documents.charts import Bar, Drawing, draw_bars, draw_waterfall
from raastof_geo.outputs.documents.document import (
    Block,
    Bullets,
    Figures,
    Paragraph,
    Picture,
    Table,
)
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario

ROLE_NAMES: Mapping[str, Message] = {
    "need": say("Needs material"),
    "offer": say("Has surplus"),
    "pit": say("Pit"),
    "receiver": say("Receiver"),
    "plant": say("Plant"),
    "depot": say("Depot"),
}

CAUSE_NAMES: Mapping[str, Message] = {
    "reuse": say("Projects send to each other"),
    "plants": say("Plants"),
    "storage": say("Depots and stockpiles"),
    "trucks": say("Other trucks"),
    "return_loads": say("Return loads"),
    "terms": say("Targets, limits and agreements"),
}


def tabulate_effect(
    caption: Message, plan: Mapping[str, float], before: Mapping[str, float], *, links: bool = False
) -> Table:
    """Give plan, before and saved for everything that is reported.

    Returns
    -------
    table
        One line per indicator that is shown, in the unit of its heading: before, plan, saved, and
        saved of before [%].
    """
    rows: list[tuple[str | Message, ...]] = []
    anchors: list[str] = []
    for part, shown in shown_in_lines().items():
        digits = shown.digits
        now, then = float(plan[part]) * shown.factor, float(before[part]) * shown.factor
        if shown.unless_zero and not now and not then:
            continue
        rows.append(
            (
                part.heading,
                format_number(then, digits=digits),
                format_number(now, digits=digits),
                format_number(then - now, digits=digits),
                _share(then, now),
            )
        )
        anchors.append(f"how-{part}")
    return Table(
        caption,
        ("", say("Before"), say("Plan"), say("Before − plan"), "%"),
        tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
        links=tuple(anchors) if links else (),
    )


def _share(before: float, now: float) -> str:
    return format_number(100 * (before - now) / before, digits=1) if abs(before) > 1e-9 else "–"


def tabulate_groups(
    result: Result, caption: Message, dimension: str, head: Message, *, most: int = 60
) -> Table:
    """Give the effect of every group in short, and the sum of all.

    Returns
    -------
    table
        One line per group, the largest emitters first, periods in their order; then those beyond
        `most` together, and the total.
    """
    effect = result.effect
    plan, before = effect.books.by(dimension), effect.baseline_books.by(dimension)
    labels = list(dict.fromkeys([*plan.index, *before.index]))
    plan, before = (table.reindex(labels, fill_value=0.0) for table in (plan, before))
    if dimension != "period":
        size = (before[CO2E].abs() + plan[CO2E].abs()).sort_values(ascending=False, kind="stable")
        labels = list(size.index)
    rows = [
        _group_row(
            name_group(result.scenario, dimension, str(label)), before.loc[label], plan.loc[label]
        )
        for label in labels[:most]
    ]
    if labels[most:]:
        rest = labels[most:]
        rows.append(_group_row(say("The others"), before.loc[rest].sum(), plan.loc[rest].sum()))
    rows.append(_group_row(say("Total"), before.sum(), plan.sum()))
    return Table(
        caption,
        (
            head,
            say("Before [t CO2e]"),
            say("Plan [t CO2e]"),
            say("Saved [t CO2e]"),
            say("Virgin saved [t]"),
            say("Truck km saved"),
            say("Loads saved"),
            say("Saved [1,000 DKK]"),
        ),
        tuple(rows),
        numeric=frozenset(range(1, 8)),
        total=True,
    )


def _group_row(
    name: str | Message, before: pd.Series, plan: pd.Series
) -> tuple[str | Message, ...]:
    saved = before - plan
    return (
        name,
        format_number(before[CO2E] / 1000, digits=1),
        format_number(plan[CO2E] / 1000, digits=1),
        format_number(saved[CO2E] / 1000, digits=1),
        format_number(saved[VIRGIN]),
        format_number(saved[VEHICLE_KM]),
        format_number(saved[LOADS_DRIVEN]),
        format_number(saved[COST] / 1000),
    )


def name_group(scenario: Scenario, dimension: str, label: str) -> str | Message:
    """Name a group as people read it."""
    language = spoken_language()
    if label == COMMON:
        return say("Common to all")
    if dimension == "project":
        return name_project(scenario, label)
    if dimension == "site":
        return scenario.site_name(label)
    if dimension == "material":
        return scenario.catalogue.materials[label].called(language)
    if dimension == "vehicle":
        return scenario.catalogue.vehicles[label].called(language)
    return label


def name_project(scenario: Scenario, project: str) -> str:
    """Name a project: its site, or its own name where it has several."""
    return scenario.site_name(project) if project in scenario.sites else project


def explain_causes(causes: Sequence[Cause], effect: Effect) -> list[Block]:
    """Draw and tabulate what each cause saves."""
    if not causes:
        return [
            Paragraph(
                say(
                    "The effect is not split by cause here: the scenario asks not to, or plan and "
                    "baseline do not cover the same tonnes."
                )
            )
        ]
    bars = [Bar(str(say("Before")), effect.baseline.all_kg_co2e_wtw / 1000, whole=True)]
    rows: list[tuple[str | Message, ...]] = []
    for cause in causes:
        name = " + ".join(str(CAUSE_NAMES[one]) for one in cause.names)
        rows.append((name, *_cause_cells(cause.saved)))
        if "reuse" in cause.names:
            bars += [
                Bar(_join(name, part.saved_as.means), -cause.saved[part] / 1000)
                for part in parts_of(CO2E)
                if abs(cause.saved[part]) >= 0.5
            ]
        else:
            bars.append(Bar(name, -cause.saved[CO2E] / 1000))
    bars.append(Bar(str(say("Plan")), effect.plan.all_kg_co2e_wtw / 1000, whole=True))
    total: dict[str, float] = {
        part: sum(cause.saved[part] for cause in causes) for part in (*parts_of(CO2E), CO2E, COST)
    }
    rows.append((say("Total"), *_cause_cells(total)))
    drawing = draw_waterfall(bars, unit=str(say("t CO2e, WTW")))
    return [
        _picture(
            drawing,
            say("Waterfall from the emissions before to those of the plan; figures in the table."),
            say("From before to plan, cause by cause."),
        ),
        Table(
            say("What each cause saves"),
            (
                say("Cause"),
                *(f"{part.saved_as.title} [t CO2e]" for part in parts_of(CO2E)),
                say("All [t CO2e]"),
                say("Cost [1,000 DKK]"),
            ),
            tuple(rows),
            numeric=frozenset(range(1, len(rows[0]))),
            total=True,
        ),
        Paragraph(
            say(
                "The causes are switched on one after the other in this order, and the programme "
                "is solved each time; the parts add up to the whole. In another order each part "
                "would be another. Causes joined by + cannot be told apart: with the first alone "
                "there is no plan."
            )
        ),
    ]


def _join(name: str, part: Message) -> str:
    return f"{name}: {part}"


def _cause_cells(saved: Mapping[str, float]) -> tuple[str, ...]:
    cells = [format_number(saved[part] / 1000, digits=1) for part in (*parts_of(CO2E), CO2E)]
    return (*cells, format_number(saved[COST] / 1000))


def _picture(drawing: Drawing, alt: Message, caption: Message) -> Picture:
    return Picture(drawing, alt, caption)


def explain_progress(result: Result) -> list[Block]:
    """Tell how far plan and baseline are on the way to the goal, with the denominator."""
    steps = follow_progress(result.effect.books, result.effect.baseline_books)
    rows = [
        (
            DEFINITION_NAMES[step.definition],
            step.period or say("all periods"),
            format_number(step.plan_t),
            format_number(step.needed_t),
            format_number(100 * step.before_share, digits=1),
            format_number(100 * step.plan_share, digits=1),
        )
        for step in steps
    ]
    whole = [step for step in steps if not step.period]
    drawing = draw_bars(
        [str(DEFINITION_NAMES[step.definition]) for step in whole],
        (
            (str(say("Before")), [100 * step.before_share for step in whole]),
            (str(say("Plan")), [100 * step.plan_share for step in whole]),
        ),
        unit=str(say("% of the needs, reference tonnes")),
        mark=(100 * GOAL_SHARE, _goal()),
        digits=1,
    )
    return [
        Paragraph(
            say(
                "Region Sjælland's goal is that secondary materials cover {goal} % of its "
                "consumption in {year} ({source}). Here a share is reference tonnes met by what "
                "counts, over all reference tonnes that the scenario's projects need in the "
                "period: the consumption of these projects, not of the whole region.",
                goal=round(100 * GOAL_SHARE),
                year=str(GOAL_YEAR),
                source=GOAL_SOURCE,
            )
        ),
        _picture(
            drawing,
            say("Bars of the share by definition, before and in the plan, with the goal marked."),
            say("Share of the needs of all periods, by what counts."),
        ),
        Table(
            say("Share of secondary materials, numerator over denominator"),
            (
                say("What counts"),
                say("Period"),
                say("Met in the plan [reference t]"),
                say("Needed [reference t]"),
                say("Before [%]"),
                say("Plan [%]"),
            ),
            tuple(rows),
            numeric=frozenset({2, 3, 4, 5}),
        ),
    ]


def _goal() -> str:
    return str(say("goal {goal} % in {year}", goal=round(100 * GOAL_SHARE), year=str(GOAL_YEAR)))


def show_commitments(
    plan: Mapping[str, float], before: Mapping[str, float], moved: tuple[float, float]
) -> Figures:
    """Show the four figures that public clients committed to report.

    Parameters
    ----------
    moved
        Tonnes to and from site in the plan and before.
    """
    told = say("before {before}", before=format_number(moved[1]))

    def beside(part: str) -> Message:
        return say("before {before}", before=format_number(before[part]))

    return Figures(
        (
            (say("To and from site [t]"), format_number(moved[0]), told),
            (
                say("Virgin material [t]"),
                format_number(plan[VIRGIN]),
                beside(VIRGIN),
            ),
            (
                say("Surplus reused elsewhere [t]"),
                format_number(plan[REUSED]),
                beside(REUSED),
            ),
            (
                say("Transport distance, trucks [km]"),
                format_number(plan[VEHICLE_KM]),
                beside(VEHICLE_KM),
            ),
        )
    )


def tabulate_money(scenario: Scenario, effect: Effect) -> list[Block]:
    """Tell who pays what before and after, and which transfers leave nobody worse off."""
    after, before = effect.books.by("project"), effect.baseline_books.by("project")
    projects = list(effect.transfers.saved_dkk)
    after, before = (table.reindex(projects, fill_value=0.0) for table in (after, before))
    parts = [
        part
        for part in parts_of(COST)
        if float(after[part].abs().sum() + before[part].abs().sum()) > 0
    ]
    rows: list[tuple[str | Message, ...]] = [
        (
            part.heading,
            format_number(before[part].sum() / 1000),
            format_number(after[part].sum() / 1000),
            format_number((before[part].sum() - after[part].sum()) / 1000),
        )
        for part in parts
    ]
    net = [float(net_cost(table).sum()) for table in (before, after)]
    sold = [float(table[SOLD].sum()) for table in (before, after)]
    if any(sold):
        income = [format_number(-value / 1000) for value in (*sold, sold[0] - sold[1])]
        rows.append((SOLD.heading, *income))
    rows.append((say("Total"), *(format_number(value / 1000) for value in (*net, net[0] - net[1]))))
    blocks: list[Block] = [
        Table(
            say("What the projects pay, by part [1,000 DKK]"),
            ("", say("Before"), say("Plan"), say("Saved")),
            tuple(rows),
            numeric=frozenset({1, 2, 3}),
            total=True,
        ),
        tabulate_transfers(scenario, effect.transfers, before, after),
        tabulate_payees(scenario, effect),
    ]
    notes: list[Message] = [
        say("Above 0 is paid, below 0 is got. Nobody is named who is not in the scenario.")
    ]
    notes += [
        say(
            "By the rule {rule} somebody ends up worse off than alone: the projects do not "
            "gain in every set that they might form.",
            rule=DIVISIONS[rule],
        )
        for rule in effect.transfers.rules
        if not effect.transfers.leaves_nobody_worse_off(rule)
    ]
    return [*blocks, Bullets(tuple(notes))]


PAYEE_NAMES: Mapping[str, Message] = {
    "hauliers": say("Hauliers"),
    "roads": say("Roads, bridges and ferries"),
    "state": say("The state, raw-material tax"),
    "contractors": say("Contractors who prepare, as with lime"),
}


def list_payees(scenario: Scenario, effect: Effect) -> list[tuple[str | Message, float, float]]:
    """List who gets the projects' money: name, before, in the plan. [DKK]"""
    found: dict[tuple[str, str], list[float]] = {}
    for side, books in enumerate((effect.baseline_books, effect.books)):
        for row in tabulate_payments(books).to_dict(orient="records"):
            got = -sum(min(0.0, float(row[part])) for part in parts_of(COST))
            if got > 0.5:
                key = str(row["sort"]), str(row["party"])
                found.setdefault(key, [0.0, 0.0])[side] += got
    order = sorted(found, key=lambda key: (key[0] not in PAYEE_NAMES, -max(found[key]), key))
    return [(_name_payee(scenario, *key), *found[key]) for key in order]  # type: ignore[misc]


def _name_payee(scenario: Scenario, sort: str, party: str) -> str | Message:
    if sort in PAYEE_NAMES:
        return PAYEE_NAMES[sort]
    return scenario.site_name(party) if party in scenario.sites else party


def tabulate_payees(scenario: Scenario, effect: Effect, *, most: int = 40) -> Table:
    """Tell who gets the projects' money, before and in the plan."""
    payees = list_payees(scenario, effect)
    rest = payees[most:]
    shown: list[tuple[str | Message, float, float]] = payees[:most]
    if rest:
        shown.append((say("The others"), sum(one[1] for one in rest), sum(one[2] for one in rest)))
    total = sum(one[1] for one in payees), sum(one[2] for one in payees)
    rows = [
        (name, *(format_number(dkk / 1000) for dkk in (before, plan, plan - before)))
        for name, before, plan in (*shown, (say("Total"), *total))
    ]
    return Table(
        say("Who gets the money [1,000 DKK]"),
        (say("Party"), say("Before"), say("Plan"), say("Plan − before")),
        tuple(rows),
        numeric=frozenset({1, 2, 3}),
        total=True,
    )


DIVISIONS: Mapping[str, Message] = {
    "equal": say("equal parts"),
    "by_tonnes": say("by tonnes"),
    "shapley": say("Shapley value"),
}


def tabulate_transfers(
    scenario: Scenario, transfers: Transfers, before: pd.DataFrame, after: pd.DataFrame
) -> Table:
    """Give each project's net cost before and after, and the transfers by each rule.

    Returns
    -------
    table
        Those who gain least first; transfers of each rule add up to 0. [1,000 DKK]
    """
    costs = net_cost(before), net_cost(after)
    rules = list(transfers.rules)
    paid = {rule: transfers.paid(rule) for rule in rules}
    rows: list[tuple[str | Message, ...]] = [
        (
            name_project(scenario, project),
            *(format_number(cost[project] / 1000) for cost in costs),
            format_number(saved / 1000),
            *(format_number(paid[rule][project] / 1000) for rule in rules),
        )
        for project, saved in sorted(transfers.saved_dkk.items(), key=lambda one: (one[1], one[0]))
    ]
    total = sum(transfers.saved_dkk.values())
    rows.append(
        (
            say("Total"),
            *(format_number(cost.sum() / 1000) for cost in costs),
            format_number(total / 1000),
            *(format_number(0) for _ in rules),
        )
    )
    return Table(
        say("Who gains, who pays, and the transfer that divides the saving [1,000 DKK]"),
        (
            say("Project"),
            say("Before"),
            say("Plan"),
            say("Saved"),
            *(say("Gets, {rule}", rule=DIVISIONS[rule]) for rule in rules),
        ),
        tuple(rows),
        numeric=frozenset(range(1, 4 + len(rules))),
        total=True,
    )


def sum_books(books: Books) -> dict[str, float]:
    """Give all totals by name."""
    return {str(name): float(value) for name, value in books.totals.items()}
