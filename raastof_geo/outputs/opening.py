"""Answer the question of a scenario in a few sentences, with which every output opens.

What saves what, what coordination is credited with and its price, and what the plan is compared
with: worlds without coordination, side by side.
"""

from collections.abc import Callable, Iterator
from functools import partial
from raastof_geo import language
from raastof_geo.assignment.telling.names import DEFINITION_NAMES, call_material, list_names
from raastof_geo.effect.measure import Comparison, Effect, TargetAnswer, Totals, measure_shares
from raastof_geo.effect.saving import Cause, Gain
from raastof_geo.evidence import tell_unit
from raastof_geo.figures.vocabulary import TRANSPORT_WTW
from raastof_geo.language import Message, Readable, read_texts, round_off, say, say_text
from raastof_geo.outputs.documents.assumptions import tell_turning
from raastof_geo.result import Result
from raastof_geo.scenario.said.target import is_traded
from raastof_geo.scenario.scenario import Scenario

_MOST_NAMED = 3
"""As many materials are named, those that meet most of the needs."""
_SEEN_SHARE = 0.001
"""What one decimal of a percentage shows."""
MUCH = 0.15
"""Share of the baseline's transport emissions that better partners for the same tonnes save at most
in practice. A judgement, 5 to 15 %: no published figure for this alone was found. Near it lie more
than 15 % of transport energy (a hub within 10 km and a quarter reused; Israelsson, KTH 2014) and
4 %, at most 19 %, of cost (one road's earthworks solved exactly; Koch, UBC 2010)."""
HEADS = tuple(read_texts("side by side").values())


def open_answer(result: Result) -> list[Message]:
    """Say what `conclude` and `elaborate` do; people read three digits, tables have all of them."""
    return [*conclude(result), *elaborate(result)]


def conclude(result: Result) -> list[Message]:
    """Say whether the target is reached, and all that the plan does worse than its baseline."""
    return [*say_worse(result.effect), _say_share(result), *_say_less_used(result)]


def elaborate(result: Result) -> list[Message]:
    """Say what that rests on, what would turn it over, and what the plan saves and costs."""
    return [*_say_assumptions(result), *say_effect(result), *_say_published(result)]


def say_worse(effect: Effect) -> list[Message]:
    """Say it where the plan saves transport emissions and adds emissions in all; else nothing."""
    if not effect.moves_less_and_emits_more:
        return []
    less, more = effect.saved[TRANSPORT_WTW.flow], -effect.saved["all_kg_co2e_wtw"]
    told = {"less": write_short(less / 1000), "more": write_short(more / 1000)}
    return [say_text("opening", "worse", **told)]


def describe_target(target: TargetAnswer) -> dict[str, Readable]:
    """Describe a target. Returns its `definition`, and `about`: year and municipality, or empty."""
    told: dict[str, Readable] = {"definition": DEFINITION_NAMES[target.definition], "about": ""}
    if target.municipality and target.period:
        where = {"municipality": target.municipality, "period": target.period}
        told["about"] = say(" in {municipality} in {period}", **where)
    elif one := target.municipality or target.period:
        told["about"] = say(" in {where}", where=one)
    return told


def say_span(scenario: Scenario) -> str:
    """Say which periods figures are added up over. Returns a span such as `2030–2032`."""
    first, *rest = scenario.periods.values()
    return f"{first.start.year}–{rest[-1].end.year}" if rest else first.id


def say_in_all(scenario: Scenario) -> Message:
    """Say over which periods figures beside it are added up."""
    return say("In all, {span}", span=say_span(scenario))


def _say_share(result: Result) -> Message:
    target, reach = result.effect.target, result.effect.target.reach
    most = sorted(reach.by_material.items(), key=lambda entry: -entry[1])[:_MOST_NAMED]
    by = [
        f"{in_sentence(call_material(result.scenario, name))} {_percent(met / reach.needed_t)} %"
        for name, met in most
        if reach.needed_t
    ]
    told = describe_target(target) | {"by": list_names(by) if by else say("nothing")}
    told |= {"share": _percent(reach.in_plan), "largest": _percent(reach.largest)}
    if target.asked is None:
        return say_text("opening", "no target", **told)
    asked = round(100 * target.asked, 1)
    told["asked"] = language.format_number(asked, digits=0 if asked.is_integer() else 1)
    return read_texts("opening")["reached" if target.reached else "missed"].format(**told)


def _say_less_used(result: Result) -> Iterator[Message]:
    """Say it where less of the needs is met by secondary materials than in the baseline."""
    first, definition = result.effect.baselines[0], result.effect.target.definition
    plan = measure_shares(result.effect.books)[definition]
    if (before := first.shares[definition]) - plan >= _SEEN_SHARE:
        told = {"span": say_span(result.scenario), "definition": DEFINITION_NAMES[definition]}
        less = say_text("opening", "less used", plan=_percent(plan), before=_percent(before))
        yield less.format(**told)


def _percent(share: float) -> str:
    return language.format_number(100 * share, digits=1)


def _say_assumptions(result: Result) -> Iterator[Message]:
    """Name the assumptions that it rests on, and what would turn the conclusion over."""
    if (assessed := result.assumptions) is None:
        return
    subjects = [one.subject for one in assessed.swings]
    named = [f"{one.title} {one.write(one.value)} ({one.range})" for one in subjects]
    yield say("It rests on assumptions: {named}.", named=list_names(named))
    turning = [str(one) for one in tell_turning(assessed)]
    yield say("What would turn it over: {turning}.", turning="; ".join(turning))


def say_effect(result: Result) -> Iterator[Message]:
    """Say what the plan saves in CO2e and money, and against what: the shortest answer first."""
    effect, tell = result.effect, partial(say_text, "opening")
    first, known = effect.baselines[0], effect.coordination
    told = {"span": say_span(result.scenario), "baseline": in_sentence(name_basis(first))}
    if first.missing:
        yield tell("lower bound")
    if known is not None or not first.missing:
        who, gain = say("Coordination"), known
        if gain is None:
            who, gain = say("The plan"), effect.whole
        yield _say_saved(tell("saves", **told, who=who), gain, first.totals)
    listed = _list_saved(effect)
    if known is None and not first.missing:
        yield from [say("It saves {listed}.", listed=listed)] if listed else []
        return
    whole = tell("whole" if known is None else "whole beside", **told)
    yield say("{whole}{others}.").format(
        whole=tell_gain(whole, effect.whole),
        others=say("; it saves {listed}", listed=listed) if listed else "",
    )


def _say_saved(sentence: Message, gain: Gain, before: Totals) -> Message:
    return sentence.format(
        all=write_short(gain.kg_co2e / 1000),
        share=_percent(_share(gain.kg_co2e, before.all_kg_co2e_wtw)),
        transport=write_short(gain.transport_kg_co2e / 1000),
        transport_share=_percent(_share(gain.transport_kg_co2e, before.kg_co2e_wtw)),
        dkk=write_short(gain.dkk / 1e6),
        price=say_price(gain),
    )


def _list_saved(effect: Effect) -> Readable:
    """Say what the plan saves against each world but the headline's; empty where there is none."""
    now = effect.plan.all_kg_co2e_wtw
    saved = ((one.totals.all_kg_co2e_wtw - now, one) for one in effect.baselines[1:])
    beside = sorted((kg, in_sentence(name_basis(one))) for kg, one in saved)
    each = say("{all} t against: {baseline}")
    told = [str(each.format(all=write_short(kg / 1000), baseline=name)) for kg, name in beside]
    return list_names(told) if told else ""


def _say_published(result: Result) -> Iterator[Message]:
    """Put beside the plan what others have published of the same case."""
    published, effect = result.scenario.said.effect.published, result.effect
    if published is None:
        return
    beside = []
    for measure, theirs in published.saved.items():
        ours = effect.baseline_books.total(measure) - effect.books.total(measure)
        told = {"what": measure.bare, "unit": tell_unit(measure.unit)}
        told |= {"ours": round_off(ours), "theirs": round_off(theirs)}
        told["times"] = round_off(ours / theirs if theirs else 0.0, figures=2)
        beside.append(str(say_text("opening", "one published", **told)))
    cited = {"source": published.source, "note": published.note}
    yield say_text("opening", "published", beside="; ".join(beside), **cited)


def _share(saved: float, before: float) -> float:
    return saved / before if before > 0 else 0.0


def name_cause(cause: Cause) -> str:
    """Name a cause, or those that cannot be told apart."""
    return " + ".join(str(read_texts("causes")[one]) for one in cause.names)


def say_price(gain: Gain) -> Message:
    """Price a tonne of CO2e. Returns what it costs [DKK/t], or why it has no price."""
    sentence = read_texts("prices")[gain.price_kind]
    price = gain.dkk_per_t_co2e
    return sentence if price is None else sentence.format(dkk=round_off(price))


def tell_credit(effect: Effect) -> list[Message]:
    """Say what all of it saves, what coordination does, if that is known, and what is not its."""
    if not effect.causes:
        return []
    apart = say("What coordination saves cannot be told from the other causes here.")
    together = effect.coordination
    told = [
        tell_gain(say("The plan in all"), effect.whole),
        apart if together is None else tell_gain(say("Coordination"), together),
    ]
    for name in ("criterion", "uptake", "own", "trucks"):
        if (gain := effect.credit({name})) is not None and gain != Gain():
            cause = in_sentence(read_texts("causes")[name])
            told.append(tell_gain(say("Not coordination, {cause}", cause=cause), gain))
    return told


def in_sentence(name: Readable) -> str:
    """Write a name as it stands within a sentence."""
    text = str(name)
    return text[:1].lower() + text[1:]


def tell_gain(what: Message, gain: Gain) -> Message:
    """Say what changes in emissions, of everything and of transport, and in kroner."""
    change = partial(say_change, write=write_short)
    return say("{what}: CO2e {all}, transport alone {transport}, cost {dkk} – {price}").format(
        what=what,
        price=say_price(gain),
        all=change(-gain.kg_co2e / 1000, "t"),
        transport=change(-gain.transport_kg_co2e / 1000, "t"),
        dkk=change(-gain.dkk / 1e6, say("million DKK")),
    )


def write_short(amount: float) -> str:
    """Write an amount in short. Returns three digits, and no more than hundredths."""
    return round_off(amount, most=2)


def say_change(
    change: float, unit: Readable, write: Callable[[float], str] = language.format_number
) -> Message:
    """Tell a change. Returns how much more of something there is, or how much less."""
    told = {"amount": write(abs(change)), "unit": unit}
    if change > 0:
        return say("{amount} {unit} more", **told)
    return say("{amount} {unit} less", **told)


def doubt_allocation(effect: Effect) -> Iterator[Message]:
    """Warn where better partners alone save more than they do in practice."""
    if (share := effect.allocation_share) is not None and share > MUCH:
        told, much = read_texts("doubts"), language.format_number(100 * share, digits=1)
        yield told["partners"].format(share=much, practice=told["practice"])


def name_basis(one: Comparison) -> Message:
    """Name a world without coordination, and who is one party in it where that matters."""
    kind, party = read_texts("baselines")[one.kind], read_texts("together")[one.together]
    return say("{kind}, {party}", kind=kind, party=party) if is_traded(one.kind) else kind


def list_baselines(result: Result) -> Iterator[tuple[Message | float | None, ...]]:
    """List the plan, then each baseline, the headline's first. Returns rows by `HEADS`."""
    effect = result.effect
    yield (say("The plan"), *_figures(effect.plan), None, None, 0.0)
    for number, one in enumerate(effect.baselines):
        name = name_basis(one)
        yield (
            say("{name} (baseline)", name=name) if number == 0 else name,
            *_figures(one.totals),
            (one.totals.kg_co2e_wtw - effect.plan.kg_co2e_wtw) / 1000,
            (one.totals.all_kg_co2e_wtw - effect.plan.all_kg_co2e_wtw) / 1000,
            float(sum(one.missing.values())),
        )


def _figures(totals: Totals) -> tuple[float, ...]:
    shares = totals.secondary_share_with_clean_soil, totals.secondary_share_without_soil
    emitted = totals.kg_co2e_wtw / 1000, totals.all_kg_co2e_wtw / 1000
    return (*emitted, totals.cost_dkk / 1e6, *(100 * share for share in shares))


def write_baselines(result: Result) -> Iterator[tuple[str, ...]]:
    """Write the rows of `list_baselines`. Returns cells as people read them."""
    digits = (0, 0, 0, 1, 1, 1, 0, 0, 0)
    for row in list_baselines(result):
        yield tuple(
            language.format_number(one, digits=many) if isinstance(one, float) else str(one or "")
            for one, many in zip(row, digits, strict=True)
        )


def describe_basis(result: Result) -> Message:
    """Say what is meant by a world without coordination in this scenario."""
    headline = result.effect.baselines[0]
    kind = str(read_texts("baselines")[headline.kind]).lower()
    return say_text("prose", "basis", kind=kind, party=read_texts("together")[headline.together])
