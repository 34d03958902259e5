"""Say what a plan amounts to, in a page that people read and in the terminal's table."""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from raastof_geo.assignment.telling import names
from raastof_geo.effect.books import Books, Shares, follow_municipalities, follow_periods
from raastof_geo.effect.measure import Effect, Reach, TargetAnswer
from raastof_geo.evidence import tell_unit
from raastof_geo.figures import vocabulary
from raastof_geo.language import Message, Readable, format_number, plain, read_texts, say, say_text
from raastof_geo.outputs import opening
from raastof_geo.outputs.documents import assumptions
from raastof_geo.outputs.documents.document import Bullets, Heading, Paragraph, Table, write_numbers
from raastof_geo.outputs.palette import attribute_maps
from raastof_geo.outputs.warning import warn
from raastof_geo.result import Flow, Result, list_flows, name_match
from raastof_geo.scenario.catalogue import SORTS
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.scenario import Need, Scenario

_MARKDOWN = re.compile(
    r"`[A-Za-z0-9_./@-]+`|^(?:\d+(?=[.)](?:\s|$))|[-+=](?=[-+=\s]|$))|[\\`*_{}\[\]<>#|~&]"
)
"""What acts as markup; ids between backticks are meant to, and a number is no item of a list."""
_ID = re.compile(r"( \()?`([^`]*)`(?(1)\))")
_MOST_FLOWS = 25
_Block: TypeAlias = Heading | Paragraph | Bullets | Table
_WITH_SOIL, _WITHOUT_SOIL = "secondary_share_with_clean_soil", "secondary_share_without_soil"
_AS_TOLD = vocabulary.VEHICLE_KM, vocabulary.VIRGIN, vocabulary.RECEIVED
_EMITTED = vocabulary.TRANSPORT_WTW, vocabulary.TRANSPORT_TTW, vocabulary.CO2E
_KEYS: Mapping[str, tuple[float, int]] = {
    **dict.fromkeys(_EMITTED, (1e-3, 0)),
    **dict.fromkeys((_WITH_SOIL, _WITHOUT_SOIL), (100, 1)),
    **dict.fromkeys((vocabulary.LOADS_DRIVEN, *_AS_TOLD), (1, 0)),
    vocabulary.COST: (1e-6, 1),
}
"""How a figure is told: the factor to the unit that people read, and decimals."""
_NO_MORE = 0.0005
"""Shares that differ by less are written alike."""
SHARES: tuple[tuple[Message, Callable[[Shares], float]], ...] = (
    (say("Recycled building materials, without soil"), attrgetter("recycled")),
    (say("The same and clean surplus soil"), attrgetter("with_soil")),
)
"""What is shared with needs: title, and which share it is."""


def name_plainly(scenario: Scenario, told: Readable) -> str:
    """Write what is told of the file as people speak: sites and periods by name, other ids bare."""

    def name(found: re.Match[str]) -> str:
        if found[1]:  # the name stands before it
            return ""
        return scenario.site_name(found[2]) if found[2] in scenario.sites else found[2]

    periods = scenario.periods
    # At once, so that no name is looked through for another id; the longest first.
    ids = "|".join(map(re.escape, sorted(periods, key=len, reverse=True)))
    return re.sub(
        rf"(?<![\w-])(?:{ids})(?![\w-])",
        lambda found: name_period(periods[found[0]]),
        _ID.sub(name, str(told)),
    )


def summarise(result: Result) -> dict[str, tuple[Readable, ...]]:
    """List key figures. Returns by name title, plan and baseline as people read, totals first."""
    effect, rows = result.effect, dict[str, tuple[Readable, ...]]()
    sides = (effect.books, effect.plan), (effect.baseline_books, effect.baseline)
    known = [asdict(totals) | books.totals.to_dict() for books, totals in sides]
    more = {one: one.summary for one in vocabulary.told_in_books() if one.summary is not None}
    titles = read_texts("key figures") | {one: one.heading for one in _AS_TOLD} | more
    for name in (*_KEYS, *more):
        factor, digits = _KEYS.get(name, (1, 0))
        told = (format_number(one[name] * factor, digits=digits) for one in known)
        rows[name] = titles[name], *told
        if name == _WITHOUT_SOIL:
            cuts = (follow_periods(books)[0].cut for books, _ in sides)
            rows["cut"] = titles["cut"], *map(_tell_cut, cuts)
    return rows


def _tell_cut(cut: float | None) -> Readable:
    return say("not stated") if cut is None else format_number(100 * cut, digits=1)


def prove(result: Result) -> Message:
    """Put the certificates into a sentence."""
    plan, goals, texts = result.plan, result.plan.goal_certificate, read_texts("proof")
    gap = 100 * max(0.0, plan.certificate.gap)
    found = plan.certificate
    told: dict[str, Readable] = {"gap": _small(gap), "share": format_number(gap, digits=2)}
    told |= {"bound": format_number(found.lower_bound), "value": format_number(found.objective)}
    told["objective"] = name_objective(result.scenario.said.objectives[0].minimise)
    told["violation"] = _small(1000 * abs(found.largest_violation))
    proof = texts["best" if plan.finished and found.holds else "open"].format(**told)
    if goals is None:
        return proof
    reached = goals.feasible and goals.objective <= goals.tolerance_t
    key = "goals open" if not goals.holds else "goals reached" if reached else "goals lacking"
    return texts[key].format(short=format_number(goals.objective), proof=proof)


def _small(value: float) -> Readable:
    """Write a number that is near 0 in words that people read."""
    least = 0.01
    if 0 < value < least:
        return say("less than {least}", least=format_number(least, digits=2))
    return format_number(value, digits=2 if value else 0)


def name_objective(measures: Sequence[str]) -> str:
    """Name what is minimised."""
    return " + ".join(str(vocabulary.aim_of(measure).title) for measure in measures)


def list_shares(effect: Effect) -> tuple[list[Readable], list[list[Any]]]:
    """Lay out how needs are met: of all periods, of each, and in each municipality.

    Returns heads, and rows: words; per cent before and in the plan; the cut in virgin material in
    per cent, in words where it is not stated; tonnes by source, and needs in reference tonnes.
    """
    each = zip(_follow(effect.baseline_books), _follow(effect.books), strict=True)
    sides, periods = (say("baseline"), say("plan")), effect.books.scenario.periods
    shares = say("Without soil, {side} [%]"), say("Clean soil counted, {side} [%]")
    heads: list[Readable] = [say("Period or municipality")]
    heads += [share.format(side=side) for share in shares for side in sides]
    heads += [say("Less virgin than today [%]"), *read_texts("sorts").values()]
    heads.append(say("Needs [reference t]"))
    names = {"": say("all periods"), **{one: name_period(it) for one, it in periods.items()}}
    rows = [
        [
            one.municipality or names[one.period or ""],
            *(100 * share(side) for _, share in SHARES for side in (was, one)),
            say("not stated") if one.cut is None else 100 * one.cut,
            *map(one.tonnes.get, SORTS),
            one.needed_t,
        ]
        for was, one in each
    ]
    return heads, rows


def _follow(books: Books) -> tuple[Shares, ...]:
    return *follow_periods(books), *follow_municipalities(books)


def list_stated(scenario: Scenario) -> list[Message]:
    """Say what shares are held against that is stated and not solved for: border, today's use."""
    told = [
        read_texts("border")[one.direction].format(
            amount=format_number(one.amount_per_period.value),
            material=names.call_material(scenario, one.material),
            source=one.source,
        )
        for one in scenario.said.border
    ]
    if (today := scenario.said.targets.virgin_today) is not None:
        amount = format_number(today.amount_per_period.value)
        used = say("Today {amount} t of virgin material is used in each period ({source})")
        told.append(used.format(amount=amount, source=today.source))
    return told


def answer(result: Result) -> list[Message]:
    """Say how far each share gets, what the target costs or why it is missed, and what serves."""
    target, texts = result.effect.target, read_texts("reach")
    unit = tell_unit(result.scenario.said.objectives[0].minimise[0].unit)
    told = [
        texts[_judge_reach(one)].format(
            more=format_number(one.more_at_largest or 0.0),
            unit=unit,
            **opening.describe_target(target) | _shares(one),
        )
        for one in target.reaches
    ]
    if target.asked is not None:
        asked = format_number(100 * target.asked, digits=1)
        told += _say_target(target, unit)
        told += [
            texts["lacking" if one.offered < target.asked else "kept out"].format(
                asked=asked, **_shares(one)
            )
            for one in target.reaches[1:]
            if one.finished and one.largest < target.asked
        ]
    told += [
        say("in the plan {material} meets {tonnes} reference tonnes of the needs").format(
            material=names.call_material(result.scenario, material), tonnes=format_number(tonnes)
        )
        for material, tonnes in list(target.reach.by_material.items())[:12]
    ]
    return told


def _judge_reach(reach: Reach) -> str:
    """Tell by its text in `reach` whether a share can be larger, and whether that is known."""
    if not reach.finished:
        return "open"
    if reach.largest < reach.in_plan + _NO_MORE:
        return "no more"
    return "at most" if reach.more_at_largest is None else "adds"


def _shares(reach: Reach) -> dict[str, Readable]:
    return {
        "definition": names.DEFINITION_NAMES[reach.definition],
        "in_plan": format_number(100 * reach.in_plan, digits=1),
        "largest": format_number(100 * reach.largest, digits=1),
        "offered": format_number(100 * reach.offered, digits=1),
    }


def _say_target(target: TargetAnswer, unit: str) -> list[Message]:
    """Say whether the target is reached, and how much the best plan would change without it."""
    told = opening.describe_target(target)
    told["asked"] = format_number(100 * (target.asked or 0.0), digits=1)
    tell = partial(say_text, "target")
    more = (target.more_kg_co2e, target.more_dkk)
    kg, dkk = (None if one is None else round(one) for one in more)
    if (price := target.price_per_t) is None:
        told["in_plan"] = format_number(100 * target.reach.in_plan, digits=1)
        return [tell("missed", **told, short=format_number(target.short_t))]
    if kg is None or dkk is None:
        met = tell("open", **told)
    elif not kg and not dkk:
        return [tell("free", **told)]
    else:
        met = tell("met", **told, kg=_say_change(-kg, "kg CO2e"), dkk=_say_change(-dkk, say("DKK")))
    return [met, tell("one more", price=format_number(max(0.0, price), digits=2), unit=unit)]


def _say_change(change: float, unit: Readable) -> Message:
    """Say how much more or less of a unit there is."""
    if not change:
        return say("as much in {unit}", unit=unit)
    return opening.say_change(change, unit)


def write_summary(result: Result, folder: Path) -> Path:
    """Write `summary.md`. Returns its path."""
    path, title = folder / "summary.md", f"# {_plain(result.scenario.said.title)}"
    text = "\n\n".join([title, *map(_render, _build(result))])
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def _build(result: Result) -> Iterator[_Block]:
    scenario, plan, effect = result.scenario, result.plan, result.effect
    language, catalogue = scenario.said.language, scenario.catalogue
    yield from map(Paragraph, opening.open_answer(result))
    if scenario.said.description:
        yield Paragraph(scenario.said.description)
    heads: tuple[Readable, ...] = (opening.say_in_all(scenario), say("Plan"), say("Baseline"))
    yield Table("", heads, tuple(summarise(result).values()))
    yield Heading(say("Side by side"))
    yield Table("", opening.HEADS, tuple(opening.write_baselines(result)))
    yield from (Paragraph(opening.describe_basis(result)), Paragraph(prove(result)))
    yield from _list(say("Warnings"), [name_plainly(scenario, one.message) for one in warn(result)])
    yield from _list(say("Can the share be reached?"), answer(result))
    if result.assumptions is not None:
        yield from _list(assumptions.HANGS_ON, assumptions.tell_assumptions(result.assumptions))
        yield assumptions.tabulate_assumptions(result.assumptions)
    if effect.causes:
        yield from _list(say("What saves what"), opening.tell_credit(effect))
        heads = (say("Cause"), say("Saved [t CO2e]"), say("Price of CO2e"))
        rows: list[tuple[Readable, ...]] = [
            (
                opening.name_cause(one),
                *write_numbers(one.gain.kg_co2e / 1000),
                opening.say_price(one.gain),
            )
            for one in effect.causes
        ]
        yield Table("", heads, tuple(rows))
    relied_on = list_conditions(result, list_flows(plan.flows))
    yield from _list(say("Conditions that the plan relies on"), relied_on)
    yield Heading(say("Trucks by period"))
    trucks = (
        (
            catalogue.vehicles[row.vehicle].called(language),
            name_period(scenario.periods[row.period]),
            *write_numbers(row.loads, row.work_h, row.vehicle_km),
        )
        for row in list[Any](plan.fleet.itertuples())
    )
    heads = (say("Truck"), say("Period"), say("Loads"), say("Hours"), "km")
    yield Table("", heads, tuple(trucks), words=2)
    yield from _list(say("Plants, depots and candidates"), _tell_places(result))
    yield Heading(say("Largest flows"))
    order, up = ["tonnes", "giver", "taker", "period"], [False, True, True, True]
    flows = (
        (
            *name_match(scenario, flow.origin, flow.destination, flow.material),
            name_period(scenario.periods[flow.period]),
            *write_numbers(flow.tonnes),
            *write_numbers(flow.length_km, digits=1),
            *write_numbers(flow.kg_co2e_wtw),
        )
        for flow in list_flows(plan.flows.sort_values(order, ascending=up).head(_MOST_FLOWS))
    )
    heads = (say("From"), say("To"), say("Material"), say("Period"), "t", "km", "kg CO2e")
    yield Table("", heads, tuple(flows), words=4)
    yield Paragraph(attribute_maps(result.network))


def _list(head: Message, items: Iterable[Readable]) -> Iterator[_Block]:
    """Give a section that is a list; none where there is nothing in it."""
    if told := tuple(items):
        yield from (Heading(head), Bullets(told))


class Reliance(NamedTuple):
    """Tonnes of a material that come to a need under a condition."""

    condition: str
    material: str
    need: Need
    tonnes: float


def find_reliances(scenario: Scenario, flows: Iterable[Flow]) -> list[Reliance]:
    """Find conditions that flows rely on, by material and need. Returns tonnes, counted once."""
    tonnes: dict[tuple[str, str, str], float] = defaultdict(float)
    named: dict[str, Need] = {}
    for flow in flows:
        need = scenario.entries.get((Role.NEED, flow.taker))
        if not isinstance(need, Need):
            continue
        named[need.name] = need
        rulings = scenario.rulings(flow.material, need.demand)
        for condition in {one.condition for one in rulings if one.condition is not None}:
            tonnes[condition, flow.material, need.name] += flow.tonnes
    return [
        Reliance(condition, material, named[need], amount)
        for (condition, material, need), amount in sorted(tonnes.items())
    ]


def list_conditions(result: Result, flows: Iterable[Flow]) -> list[Message]:
    """Name conditions that flows rely on: sums with the rules, then needs with their permits."""
    scenario, told = result.scenario, list[Message]()
    reliances = find_reliances(scenario, flows)
    for condition, mine in itertools.groupby(reliances, lambda one: one.condition):
        each = list(mine)
        rows = [
            say("{tonnes} t of {material} in {use} at {site}: {condition}").format(
                tonnes=format_number(one.tonnes),
                material=names.call_material(scenario, one.material),
                use=names.call_use(scenario, one.need.use),
                site=scenario.site_name(one.need.site),
                condition=call_condition(scenario, one),
            )
            for one in each
        ]
        total = say("{tonnes} t in all: {condition}").format(
            tonnes=format_number(sum(one.tonnes for one in each)),
            condition=names.call(scenario.catalogue.conditions[condition].name),
        )
        first, rest = (total, rows) if rows[1:] else (rows[0], [])
        asked = dict.fromkeys(
            scenario.catalogue.cite(ruling.citation)
            for one in each
            for ruling in scenario.rulings(one.material, one.need.demand)
            if ruling.condition == condition
        )
        cited = {"first": first, "rules": names.join_clauses([*asked])}
        told += [Message("{first} ({rules})", cited), *rest]
    return told


def call_condition(scenario: Scenario, one: Reliance) -> Message:
    """Name a condition. Returns it with the permit, or what else says that it is met."""
    name = names.call(scenario.catalogue.conditions[one.condition].name)
    by = one.need.consents.get(one.condition)
    return Message("{name}: {by}", {"name": name, "by": by}) if by else name


def _tell_places(result: Result) -> Iterator[Message]:
    """Tell what plants make, depots store, and which candidates are opened."""
    scenario, plan = result.scenario, result.plan
    catalogue, language = scenario.catalogue, scenario.said.language
    for what, table, named in (
        ("recipe", plan.processed, catalogue.recipes),
        ("material", plan.stored, catalogue.materials),
    ):
        for one in table.to_dict("records"):
            yield read_texts("places by period")[what].format(
                site=scenario.site_name(one["site"]),
                tonnes=format_number(one["tonnes"]),
                period=name_period(scenario.periods[one["period"]]),
                **{what: named[one[what]].called(language)},
            )
    openings: Iterator[Any] = plan.openings.itertuples()
    for row in openings:
        told = say("{site} is opened") if row.opened else say("{site} is not opened")
        yield Message(told.text, {"site": scenario.site_name(row.site)})


def _render(block: _Block) -> str:
    if isinstance(block, Heading):
        return f"## {block.text}"
    if isinstance(block, Paragraph):
        return _plain(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_plain(item)}" for item in block.items)
    below = "|---" * block.words + "|---:" * (len(block.header) - block.words) + "|"
    return "\n".join([_row(block.header), below, *map(_row, block.rows)])


def _row(cells: Iterable[Readable]) -> str:
    """Give a row of a table: words of ours as they are, those of others without markup."""
    told = (str(cell) if isinstance(cell, Message) else _plain(cell) for cell in cells)
    return f"| {' | '.join(told)} |"


def _plain(text: Readable) -> str:
    """Keep a text from acting as markup."""
    return _MARKDOWN.sub(_escape, " ".join(plain(text).split()))


def _escape(found: re.Match[str]) -> str:
    text = found.group()
    if text[0] == "`" and len(text) > 1:
        return text
    return f"{text}\\" if text.isdigit() else f"\\{text}"
