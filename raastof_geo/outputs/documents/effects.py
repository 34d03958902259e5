"""The effect as blocks of a document: tables and charts that reports and project pages share."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple
import pandas as pd
from raastof_geo import language
from raastof_geo.arrays import sort_up
from raastof_geo.assignment.telling.names import call_material
from raastof_geo.effect.books import COMMON, GOAL, GOAL_SHARE, GOAL_SOURCE, follow_periods
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.saving import net_cost, tabulate_payments
from raastof_geo.figures import vocabulary
from raastof_geo.figures.vocabulary import CO2E, COST, SOLD, VIRGIN, parts_of, shown_in_lines
from raastof_geo.language import Message, Readable, format_number, read_texts, say, say_text
from raastof_geo.outputs import opening
from raastof_geo.outputs.documents import document
from raastof_geo.outputs.documents.charts import Bar, draw_bars, draw_waterfall
from raastof_geo.outputs.documents.document import write_numbers
from raastof_geo.outputs.tables.summary import SHARES, list_conditions, list_shares, list_stated
from raastof_geo.result import Flow, Result
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Scenario

_MOST_GROUPS = 60
_LEAST_SEEN = 0.004
"""Of the longest bar: what is shorter is a hairline."""
_MOST_PAYEES = 40


def tabulate_effect(
    caption: Message, plan: pd.Series, before: pd.Series, *, links: bool = False
) -> document.Table:
    """Tabulate the effect. Returns before, plan, saved [units of the headings], saved [%]."""
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
    heads = ("", say("Baseline"), say("Plan"), say("Baseline − plan"), "%")
    return document.Table(caption, heads, tuple(rows), links=tuple(anchors) if links else ())


def tabulate_groups(result: Result, caption: Message, dimension: str) -> document.Table:
    """Tabulate groups, the largest emitters first, beyond 60 together. Returns rows and a sum."""
    before, plan = result.effect.align(dimension)
    labels = list(plan.index)
    if dimension != "period":
        size = before[CO2E].abs() + plan[CO2E].abs()
        labels = list(size.index[sort_up(-size)])
    rows = [
        _group_row(name_group(result.scenario, dimension, one), before.loc[one], plan.loc[one])
        for one in labels[:_MOST_GROUPS]
    ]
    if rest := labels[_MOST_GROUPS:]:
        rows.append(_group_row(say("The others"), before.loc[rest].sum(), plan.loc[rest].sum()))
    rows.append(_group_row(say("Total"), before.sum(), plan.sum()))
    heads = (read_texts("dimensions")[dimension], *read_texts("effect in short").values())
    return document.Table(caption, heads, tuple(rows), total=True)


def _group_row(name: Readable, before: pd.Series, plan: pd.Series) -> tuple[Readable, ...]:
    saved = before - plan
    emitted = write_numbers(before[CO2E], plan[CO2E], saved[CO2E], per=1000, digits=1)
    others = write_numbers(
        saved[VIRGIN], saved[vocabulary.VEHICLE_KM], saved[vocabulary.LOADS_DRIVEN]
    )
    return (name, *emitted, *others, *write_numbers(saved[COST], per=1000))


def name_group(scenario: Scenario, dimension: str, label: str) -> Readable:
    """Name a group as people read it."""
    if label == COMMON:
        return say("Common to all")
    if dimension == "project":
        return scenario.project_name(label)
    if dimension == "period":
        return name_period(scenario.periods[label])
    if dimension == "material":
        return call_material(scenario, label)
    return label


def draw_causes(effect: Effect) -> Iterator[document.Block]:
    """Draw what each cause saves, under what the largest saves; no bar where nothing is seen."""
    if not effect.causes:
        yield document.Paragraph(say("The effect is not split by cause: the scenario asks not to."))
        return
    first = Bar(str(say("Baseline")), effect.baseline.all_kg_co2e_wtw / 1000, whole=True)
    last = Bar(str(say("Plan")), effect.plan.all_kg_co2e_wtw / 1000, whole=True)
    changes = [Bar(opening.name_cause(one), -one.gain.kg_co2e / 1000) for one in effect.causes]
    most = max(abs(one.value) for one in changes)
    seen = [one for one in changes if abs(one.value) > _LEAST_SEEN * most]
    best = min(changes, key=attrgetter("value"))
    message = say("No cause saves CO2e")
    if best.value < 0:
        saved, cause = opening.write_short(-best.value), opening.in_sentence(best.label)
        message = say("The largest saving, {tonnes} t CO2e: {cause}", tonnes=saved, cause=cause)
    told = [f"{one.label} {opening.write_short(one.value)}" for one in (first, *seen, last)]
    how, unit = say_text("prose", "causes"), say("t CO2e from well to wheel (WTW), all parts")
    rows = tuple((one.label, one.value) for one in (first, *changes, last))
    left_out: Readable = ""
    if few := len(changes) - len(seen):
        left_out = language.say_count(
            "One cause that changes next to nothing is left out.",
            "{count} causes that change next to nothing are left out.",
            count=few,
        )
    yield document.Picture(
        draw_waterfall([first, *seen, last], unit=str(unit)),
        say_text("effect told", "bars of causes", told="; ".join(told)),
        message,
        Message("{how} {left_out}", {"how": how, "left_out": left_out}),
        data=document.Data((say("Cause"), say("All [t CO2e]")), rows),
    )


def tabulate_causes(result: Result) -> Iterator[document.Block]:
    """Tabulate what each cause saves, part by part, and say how that is to be read."""
    effect, parts, prose = result.effect, (*parts_of(CO2E), CO2E), read_texts("prose")
    if not effect.causes:
        return
    yield document.Heading(say("Effect by cause"), anchor="causes")
    whole = effect.baseline_books.totals - effect.books.totals
    each: list[Any] = [(opening.name_cause(it), it.saved, it.gain) for it in effect.causes]
    rows = [
        (
            name,
            *write_numbers(*(saved[part] for part in parts), per=1000, digits=1),
            *(*write_numbers(gain.dkk, per=1000), opening.say_price(gain)),
        )
        for name, saved, gain in (*each, (say("Total"), whole, effect.whole))
    ]
    columns = (f"{part.saved_as} [t CO2e]" for part in parts[:-1])
    last = (say("All [t CO2e]"), say("Cost [1,000 DKK]"), say("Price of CO2e"))
    yield document.Table(
        say("What each cause saves"), (say("Cause"), *columns, *last), tuple(rows), total=True
    )
    yield from map(
        document.Paragraph, (prose["order"], prose["signs"], say_text("doubts", "practice"))
    )


def tell_conditions(
    result: Result, head: Message, flows: Iterable[Flow]
) -> Iterator[document.Block]:
    """List the conditions that flows rely on, below a head, and say that none is a permit."""
    if relied_on := tuple(list_conditions(result, flows)):
        yield document.Heading(head, level=3)
        yield document.Bullets(relied_on)
    yield document.Paragraph(say_text("prose", "no permit"))


def draw_progress(result: Result) -> Iterator[document.Block]:
    """Draw how the needs are met, before and in the plan, with the region's goal."""
    effect = result.effect
    sides = say("Baseline"), say("Plan")
    whole = [follow_periods(books)[0] for books in (effect.baseline_books, effect.books)]
    shares = [[100 * share(one) for _, share in SHARES] for one in whole]
    titles, heads = [str(title) for title, _ in SHARES], (f"{side} [%]" for side in sides)
    written = [write_numbers(*each, digits=1) for each in shares]
    tell = partial(say_text, "effect told")
    told = [f"{title}: {was} – {now}" for title, was, now in zip(titles, *written, strict=True)]
    series = [*zip(map(str, sides), shares, strict=True)]
    unit = str(say("% of the needs, reference tonnes"))
    goal = (100 * GOAL_SHARE, str(say("goal {goal} % in {year}", **GOAL)))
    yield document.Picture(
        draw_bars(titles, series, unit=unit, mark=goal),
        tell("bars of shares", told="; ".join(told)),
        tell("met", now=written[1][-1], was=written[0][-1]),
        say_text("prose", "goal", **GOAL),
        GOAL_SOURCE,
        document.Data((say("Share"), *heads), tuple(zip(titles, *shares, strict=True))),
    )
    if stated := tuple(list_stated(result.scenario)):
        yield document.Bullets(stated)


def tabulate_progress(result: Result) -> Iterator[document.Table]:
    """Tell how the needs are met year by year and in each municipality: shares, then tonnes."""
    (what, *heads), rows = list_shares(result.effect)
    parts = (
        (say("Share of secondary materials, by period and by municipality"), slice(5), 1),
        (say("How the needs are met, by period and by municipality"), slice(5, None), 0),
    )
    for caption, part, digits in parts:
        shown = partial(format_number, digits=digits)
        told = (
            (name, *(one if isinstance(one, Message) else shown(one) for one in cells[part]))
            for name, *cells in rows
        )
        yield document.Table(caption, (what, *heads[part]), tuple(told))


def show_commitments(
    plan: pd.Series, before: pd.Series, moved: Iterable[float], *first: tuple[Any, ...]
) -> document.Figures:
    """Show figures that public clients report, after `first`; `moved` is to and from site. [t]"""
    parts: dict[Any, Readable] = {one: one.heading for one in (VIRGIN, vocabulary.REUSED)}
    parts[vocabulary.VEHICLE_KM] = say("Transport distance, trucks [km]")
    shown = [*first, (say("To and from site [t]"), *write_numbers(*moved))]
    shown += [(name, *write_numbers(plan[one], before[one])) for one, name in parts.items()]
    told = say("without coordination {before}")
    return document.Figures(tuple((name, now, told.format(before=was)) for name, now, was in shown))


def tabulate_cost(
    caption: Message, plan: pd.Series, before: pd.Series, *, least: float = 0.0
) -> document.Table:
    """Tell what is paid by part, less what is sold; parts of no more than `least` are left out."""
    rows: list[tuple[Readable, float, float]] = [
        (part.heading, before[part], plan[part])
        for part in parts_of(COST)
        if abs(before[part]) + abs(plan[part]) > least
    ]
    if before[SOLD] or plan[SOLD]:
        rows.append((SOLD.heading, -before[SOLD], -plan[SOLD]))
    rows.append((say("Total"), before[COST] - before[SOLD], plan[COST] - plan[SOLD]))
    return document.Table(
        caption,
        ("", say("Baseline"), say("Plan"), say("Saved")),
        tuple((name, *write_numbers(was, now, was - now, per=1000)) for name, was, now in rows),
        total=True,
    )


def tabulate_money(scenario: Scenario, effect: Effect, *, most: int = 1000) -> list[document.Block]:
    """Tell what each project gains, and which transfers leave nobody worse off. [1,000 DKK]

    Each project's net cost before and after, and the transfers by each rule, which add up to 0.
    Those who gain least first, of more than `most` those in the middle together.
    """
    transfers, saved = effect.transfers, effect.transfers.saved_dkk
    before, plan = (net_cost(side) for side in effect.align("project", list(saved)))
    columns = pd.DataFrame(
        {"before": before, "after": plan, "saved": pd.Series(saved)}
        | {rule: pd.Series(transfers.paid(rule)) for rule in transfers.rules}
    )
    order = sorted(saved, key=lambda one: (saved[one], one))
    rest = order[most // 2 : len(order) - most // 2] if len(order) > most else []
    told = [(scenario.project_name(one), columns.loc[one]) for one in order if one not in rest]
    if rest:
        name = say("The {count} projects between them", count=len(rest))
        told.insert(most // 2, (str(name), columns.loc[rest].sum()))
    told.append((str(say("Total")), columns.sum()))
    rules = (str(read_texts("divisions")[rule]) for rule in transfers.rules)
    heads = (say("Project"), say("Baseline"), say("Plan"), say("Saved"))
    table = document.Table(
        say("Who gains and who pays, and the transfer (+ gets, − pays) by each rule [1,000 DKK]"),
        (*heads, *(rule[:1].upper() + rule[1:] for rule in rules)),
        tuple((name, *write_numbers(*sums, per=1000)) for name, sums in told),
        total=True,
    )
    return [table, document.Bullets(tuple(_note_transfers(effect)))]


def _note_transfers(effect: Effect) -> Iterator[Message]:
    """Say what comes from outside, and which rules leave somebody worse off."""
    tell, transfers = partial(say_text, "prose"), effect.transfers
    # From outside, where all together pay more than without the plan.
    if (support := transfers.support_dkk) >= 0.5:
        saved_t = (effect.baseline_books.total(CO2E) - effect.books.total(CO2E)) / 1000
        price = format_number(support / saved_t) if saved_t >= 1 else ""
        told = tell("support priced" if price else "support")
        yield told.format(dkk=format_number(support / 1e6, digits=1), price=price)
    if "equal" in transfers.rules:
        yield tell("equal")
    for rule in transfers.rules:
        if not transfers.leaves_nobody_worse_off(rule):
            yield tell("worse_off", rule=read_texts("divisions")[rule])


def show_payments(scenario: Scenario, effect: Effect) -> Iterator[document.Block]:
    """Tell who pays what for what, before and in the plan, and who gets it."""
    before, plan = effect.align("project", list(effect.transfers.saved_dkk))
    yield tabulate_cost(say("What the projects pay, by part [1,000 DKK]"), plan.sum(), before.sum())
    payees = list_payees(scenario, effect)
    shown, rest = payees[:_MOST_PAYEES], payees[_MOST_PAYEES:]
    others = [(say("The others"), rest)] if rest else []
    for name, mine in (*others, (say("Total"), payees)):
        shown.append((name, sum(one[1] for one in mine), sum(one[2] for one in mine)))
    yield document.Table(
        say("Who gets the money [1,000 DKK]"),
        (say("Party"), say("Baseline"), say("Plan"), say("Plan − baseline")),
        tuple((name, *write_numbers(was, now, now - was, per=1000)) for name, was, now in shown),
        total=True,
    )
    yield from tabulate_accounts(scenario, effect)
    yield document.Paragraph(say_text("prose", "income"))


def say_transfer(rule: str, dkk: float) -> Message:
    """Say what a project pays to the others, or gets of them, by a rule of division."""
    what = "gets" if dkk > 0 else "pays"
    if abs(dkk) < 50_000:  # told with one decimal of a million, it would be 0.0
        what = "neither"
    million = format_number(abs(dkk) / 1e6, digits=1)
    return read_texts("transfer")[what].format(rule=read_texts("divisions")[rule], dkk=million)


class Account(NamedTuple):
    """What a party gets by part of the cost before and in the plan, below 0 what it pays. [DKK]"""

    sort: str
    """As `tabulate_payments` has it; a project that also sells to others has one for each."""
    party: str
    name: Readable
    before: pd.Series
    plan: pd.Series

    @property
    def received(self) -> tuple[float, float]:
        """What comes in, before and in the plan. [DKK]"""
        before, plan = (side.to_numpy() for side in (self.before, self.plan))
        return float(before.clip(min=0).sum()), float(plan.clip(min=0).sum())


@lru_cache(maxsize=1)  # asked for by three outputs, and not to be changed
def list_accounts(scenario: Scenario, effect: Effect) -> list[Account]:
    """List every party's account: trades, those who get most, who pays; each part adds up to 0."""
    before, plan = (
        -tabulate_payments(books).set_index(["sort", "party"])
        for books in (effect.baseline_books, effect.books)
    )
    before, plan = before.align(plan, axis="index", fill_value=0.0)
    rows: Any = zip(plan.iterrows(), before.iterrows(), strict=True)
    found = [
        Account(sort, party, _name_payee(scenario, sort, party), was, now)
        for ((sort, party), now), (_, was) in rows
    ]
    trades = read_texts("payees")
    return sorted(
        found,
        key=lambda it: (it.sort == "project", it.sort not in trades, -max(it.received), *it[:2]),
    )


def tabulate_accounts(scenario: Scenario, effect: Effect) -> Iterator[document.Table]:
    """Tell what businesses take in, before and in the plan; they have an account, no effect."""
    rows = []
    for one in sorted(list_accounts(scenario, effect), key=lambda account: account.party):
        gates = [round(side[vocabulary.GATE]) for side in (one.before, one.plan)]
        others = [round(side.sum() - side[vocabulary.GATE]) for side in (one.before, one.plan)]
        if one.sort == "place" and any((*gates, *others)):
            change = gates[1] + others[1] - gates[0] - others[0]
            rows.append((one.name, *write_numbers(*gates, *others, change, per=1000)))
    if rows:
        heads = tuple(read_texts("businesses").values())
        yield document.Table(say("What businesses take in [1,000 DKK]"), heads, tuple(rows))


def list_payees(scenario: Scenario, effect: Effect) -> list[tuple[Readable, float, float]]:
    """List who gets the projects' money. Returns [DKK] before and in the plan, trades first."""
    accounts = list_accounts(scenario, effect)
    return [(one.name, *one.received) for one in accounts if max(one.received) > 0.5]


def _name_payee(scenario: Scenario, sort: str, party: str) -> Readable:
    if sort == "seller":
        return say("{project}, from others", project=scenario.project_name(party))
    return read_texts("payees").get(sort) or name_group(scenario, "project", party)
