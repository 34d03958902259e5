"""The effect as blocks of a document: tables and charts that reports and project pages share."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from raastof_geo.assignment.telling.names import DEFINITION_NAMES
from raastof_geo.effect.books import COMMON
from raastof_geo.effect.gain import Gain
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
from raastof_geo.language import Message, Readable, format_number, say, spoken_language
from raastof_geo.outputs.credit import PRACTICE, SIGNS, name_cause, say_price, tell_credit
from raastof_geo.outputs.documents.charts import Bar, draw_bars, draw_waterfall
from raastof_geo.outputs.documents.document import (
    Block,
    Bullets,
    Figures,
    Paragraph,
    Picture,
    Table,
    write_numbers,
)
from raastof_geo.result import Result
from raastof_geo.scenario.scenario import Scenario


def tabulate_effect(
    caption: Message, plan: pd.Series, before: pd.Series, *, links: bool = False
) -> Table:
    """Give plan, before and saved for everything that is reported.

    Returns
    -------
    table
        One line per indicator that is shown, in the unit of its heading: before, plan, saved, and
        saved of before [%].
    """
    rows: list[tuple[Readable, ...]] = []
    anchors: list[str] = []
    for part, shown in shown_in_lines().items():
        now, then = float(plan[part]) * shown.factor, float(before[part]) * shown.factor
        if shown.unless_zero and not now and not then:
            continue
        numbers = write_numbers(then, now, then - now, digits=shown.digits)
        share = write_numbers(100 * (then - now) / then, digits=1) if abs(then) > 1e-9 else ("–",)
        rows.append((part.heading, *numbers, *share))
        anchors.append(f"how-{part}")
    return Table(
        caption,
        ("", say("Before"), say("Plan"), say("Before − plan"), "%"),
        tuple(rows),
        links=tuple(anchors) if links else (),
    )


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
    before, plan = align_books(result.effect, dimension)
    labels = list(plan.index)
    if dimension != "period":
        size = (before[CO2E].abs() + plan[CO2E].abs()).sort_values(ascending=False, kind="stable")
        labels = list(size.index)
    rows = [
        _group_row(
            name_group(result.scenario, dimension, label), before.loc[label], plan.loc[label]
        )
        for label in labels[:most]
    ]
    if labels[most:]:
        rest = labels[most:]
        rows.append(_group_row(say("The others"), before.loc[rest].sum(), plan.loc[rest].sum()))
    rows.append(_group_row(say("Total"), before.sum(), plan.sum()))
    emitted = (say("Before [t CO2e]"), say("Plan [t CO2e]"), say("Saved [t CO2e]"))
    others = (say("Virgin saved [t]"), say("Truck km saved"), say("Loads saved"))
    heads = (head, *emitted, *others, say("Saved [1,000 DKK]"))
    return Table(caption, heads, tuple(rows), total=True)


def align_books(
    effect: Effect, dimension: str, labels: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add up by a dimension before and in the plan; 0 where a label is in one of them only.

    Parameters
    ----------
    labels
        What has a row; none: whatever is in the plan, then whatever was before only.
    """
    before, plan = effect.baseline_books.by(dimension), effect.books.by(dimension)
    rows = list(labels) or list(dict.fromkeys([*plan.index, *before.index]))
    return before.reindex(rows, fill_value=0.0), plan.reindex(rows, fill_value=0.0)


def _group_row(name: Readable, before: pd.Series, plan: pd.Series) -> tuple[Readable, ...]:
    saved = before - plan
    emitted = write_numbers(before[CO2E], plan[CO2E], saved[CO2E], per=1000, digits=1)
    others = write_numbers(saved[VIRGIN], saved[VEHICLE_KM], saved[LOADS_DRIVEN])
    return (name, *emitted, *others, *write_numbers(saved[COST], per=1000))


def name_group(scenario: Scenario, dimension: str, label: str) -> Readable:
    """Name a group as people read it."""
    if label == COMMON:
        return say("Common to all")
    if dimension == "project":
        return name_project(scenario, label)
    if dimension == "material":
        return scenario.catalogue.materials[label].called(spoken_language())
    return label


def name_project(scenario: Scenario, project: str) -> str:
    """Name a project: its site, or its own name where it has several."""
    return scenario.site_name(project) if project in scenario.sites else project


def explain_causes(effect: Effect) -> list[Block]:
    """Draw and tabulate what each cause saves."""
    causes, emitted = effect.causes, parts_of(CO2E)
    if not causes:
        return [Paragraph(say("The effect is not split by cause: the scenario asks not to."))]
    before, plan = effect.baseline.all_kg_co2e_wtw / 1000, effect.plan.all_kg_co2e_wtw / 1000
    bars = [Bar(name_cause(cause), -cause.gain.kg_co2e / 1000) for cause in causes]
    whole = [Bar(str(say("Before")), before, whole=True), Bar(str(say("Plan")), plan, whole=True)]
    saved = effect.baseline_books.totals - effect.books.totals
    rows = [(name_cause(cause), *_cause_cells(cause.saved, cause.gain)) for cause in causes]
    columns = (f"{part.saved_as.title} [t CO2e]" for part in emitted)
    price = say("Price of CO2e")
    return [
        Bullets(tuple(tell_credit(effect))),
        Picture(
            draw_waterfall([whole[0], *bars, whole[1]], unit=str(say("t CO2e, WTW"))),
            say("Waterfall from the emissions before to those of the plan; figures in the table."),
            say("From before to plan, cause by cause."),
        ),
        Table(
            say("What each cause saves"),
            (say("Cause"), *columns, say("All [t CO2e]"), say("Cost [1,000 DKK]"), price),
            (*rows, (say("Total"), *_cause_cells(saved, effect.whole))),
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
        Paragraph(SIGNS),
        Paragraph(PRACTICE),
    ]


def _cause_cells(saved: Mapping[str, float] | pd.Series, gain: Gain) -> tuple[Readable, ...]:
    emitted = [saved[part] for part in (*parts_of(CO2E), CO2E)]
    tonnes = write_numbers(*emitted, per=1000, digits=1)
    return (*tonnes, *write_numbers(gain.dkk, per=1000), say_price(gain))


def explain_progress(result: Result) -> list[Block]:
    """Tell how far plan and baseline are on the way to the goal, with the denominator."""
    steps = follow_progress(result.effect.books, result.effect.baseline_books)
    rows = [
        (
            DEFINITION_NAMES[step.definition],
            step.period or say("all periods"),
            *write_numbers(step.plan_t, step.needed_t),
            *write_numbers(100 * step.before_share, 100 * step.plan_share, digits=1),
        )
        for step in steps
    ]
    whole = [step for step in steps if not step.period]
    goal, year = round(100 * GOAL_SHARE), str(GOAL_YEAR)
    drawing = draw_bars(
        [str(DEFINITION_NAMES[step.definition]) for step in whole],
        (
            (str(say("Before")), [100 * step.before_share for step in whole]),
            (str(say("Plan")), [100 * step.plan_share for step in whole]),
        ),
        unit=str(say("% of the needs, reference tonnes")),
        mark=(100 * GOAL_SHARE, str(say("goal {goal} % in {year}", goal=goal, year=year))),
    )
    masses = (say("Met in the plan [reference t]"), say("Needed [reference t]"))
    return [
        Paragraph(
            say(
                "Region Sjælland's goal is that secondary materials cover {goal} % of its "
                "consumption in {year} ({source}). Here a share is reference tonnes met by what "
                "counts, over all reference tonnes that the scenario's projects need in the "
                "period: the consumption of these projects, not of the whole region.",
                goal=goal,
                year=year,
                source=GOAL_SOURCE,
            )
        ),
        Picture(
            drawing,
            say("Bars of the share by definition, before and in the plan, with the goal marked."),
            say("Share of the needs of all periods, by what counts."),
        ),
        Table(
            say("Share of secondary materials, numerator over denominator"),
            (say("What counts"), say("Period"), *masses, say("Before [%]"), say("Plan [%]")),
            tuple(rows),
            words=2,
        ),
    ]


def show_commitments(
    plan: pd.Series, before: pd.Series, moved: float, moved_before: float
) -> Figures:
    """Show the four figures that public clients committed to report.

    Parameters
    ----------
    moved, moved_before
        To and from site in the plan and before. [t]
    """
    figures = (
        (say("To and from site [t]"), moved, moved_before),
        (VIRGIN.heading, plan[VIRGIN], before[VIRGIN]),
        (REUSED.heading, plan[REUSED], before[REUSED]),
        (say("Transport distance, trucks [km]"), plan[VEHICLE_KM], before[VEHICLE_KM]),
    )
    return Figures(
        tuple(
            (name, format_number(now), say("before {before}", before=format_number(then)))
            for name, now, then in figures
        )
    )


def tabulate_cost(
    caption: Message, plan: pd.Series, before: pd.Series, *, least: float = 0.0
) -> Table:
    """Tell what is paid by part, before and in the plan, less what is sold.

    Parameters
    ----------
    least
        Parts of no more than this are left out. [DKK]
    """
    rows: list[tuple[Readable, float, float]] = [
        (part.heading, before[part], plan[part])
        for part in parts_of(COST)
        if abs(before[part]) + abs(plan[part]) > least
    ]
    if before[SOLD] or plan[SOLD]:
        rows.append((SOLD.heading, -before[SOLD], -plan[SOLD]))
    rows.append((say("Total"), before[COST] - before[SOLD], plan[COST] - plan[SOLD]))
    return Table(
        caption,
        ("", say("Before"), say("Plan"), say("Saved")),
        tuple((name, *write_numbers(was, now, was - now, per=1000)) for name, was, now in rows),
        total=True,
    )


def tabulate_money(scenario: Scenario, effect: Effect) -> list[Block]:
    """Tell who pays what before and after, and which transfers leave nobody worse off."""
    before, plan = align_books(effect, "project", list(effect.transfers.saved_dkk))
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
    return [
        tabulate_cost(say("What the projects pay, by part [1,000 DKK]"), plan.sum(), before.sum()),
        tabulate_transfers(scenario, effect.transfers, before, plan),
        tabulate_payees(scenario, effect),
        Bullets(tuple(notes)),
    ]


PAYEE_NAMES: Mapping[str, Message] = {
    "hauliers": say("Hauliers"),
    "roads": say("Roads, bridges and ferries"),
    "state": say("The state, raw-material tax"),
    "contractors": say("Contractors who prepare, as with lime"),
}


class Income(NamedTuple):
    """What somebody gets of the projects' money. [DKK]"""

    name: Readable
    before: float
    plan: float


def list_payees(scenario: Scenario, effect: Effect) -> list[Income]:
    """List who gets the projects' money: trades first, then those who get most."""
    found: dict[tuple[str, str], list[float]] = {}
    for side, books in enumerate((effect.baseline_books, effect.books)):
        for sort, party, *paid in tabulate_payments(books).itertuples(index=False):
            got = -sum(min(0.0, dkk) for dkk in paid)
            if got > 0.5:
                found.setdefault((sort, party), [0.0, 0.0])[side] += got
    order = sorted(found, key=lambda key: (key[0] not in PAYEE_NAMES, -max(found[key]), key))
    return [
        Income(PAYEE_NAMES.get(sort) or name_project(scenario, party), *found[sort, party])
        for sort, party in order
    ]


def _add_up(name: Message, incomes: Sequence[Income]) -> Income:
    return Income(name, sum(one.before for one in incomes), sum(one.plan for one in incomes))


def tabulate_payees(scenario: Scenario, effect: Effect, *, most: int = 40) -> Table:
    """Tell who gets the projects' money, before and in the plan."""
    payees = list_payees(scenario, effect)
    shown = payees[:most]
    if payees[most:]:
        shown.append(_add_up(say("The others"), payees[most:]))
    shown.append(_add_up(say("Total"), payees))
    return Table(
        say("Who gets the money [1,000 DKK]"),
        (say("Party"), say("Before"), say("Plan"), say("Plan − before")),
        tuple((name, *write_numbers(was, now, now - was, per=1000)) for name, was, now in shown),
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
    saved = transfers.saved_dkk
    paid = {rule: transfers.paid(rule) for rule in transfers.rules}
    costs = net_cost(before), net_cost(after)
    columns: list[Any] = [*costs, saved, *paid.values()]
    rows: list[tuple[Readable, ...]] = [
        (
            name_project(scenario, project),
            *write_numbers(*(column[project] for column in columns), per=1000),
        )
        for project in sorted(saved, key=lambda one: (saved[one], one))
    ]
    sums = (*(cost.sum() for cost in costs), sum(saved.values()), *(0.0 for _ in paid))
    rows.append((say("Total"), *write_numbers(*sums, per=1000)))
    gets = (say("Gets, {rule}", rule=DIVISIONS[rule]) for rule in paid)
    return Table(
        say("Who gains, who pays, and the transfer that divides the saving [1,000 DKK]"),
        (say("Project"), say("Before"), say("Plan"), say("Saved"), *gets),
        tuple(rows),
        total=True,
    )
