"""Say what saves what: causes in words, what coordination is credited with, and its price."""

from collections.abc import Callable, Iterator

from raastof_geo.effect.measure import Effect
from raastof_geo.effect.saving import Cause, Gain
from raastof_geo.language import Message, Readable, format_number, read_texts, round_off, say

MUCH = 0.15
"""Share of the baseline's transport emissions that better partners for the same tonnes save at most
in practice. A judgement, 5 to 15 %: no published figure for this alone was found. Near it lie more
than 15 % of transport energy (a hub within 10 km and a quarter reused; Israelsson, KTH 2014) and
4 %, at most 19 %, of cost (one road's earthworks solved exactly; Koch, UBC 2010)."""


def name_cause(cause: Cause) -> str:
    """Name a cause, or those that cannot be told apart."""
    return " + ".join(str(read_texts("causes")[one]) for one in cause.names)


def say_price(gain: Gain) -> Message:
    """Say what a tonne of CO2e costs, or why it has no price."""
    sentence = read_texts("prices")[gain.price_kind]
    price = gain.dkk_per_t_co2e
    return sentence if price is None else sentence.format(dkk=round_off(price))


def tell_credit(effect: Effect) -> list[Message]:
    """Say what the whole saves, what coordination does, and what is not its doing.

    Nothing where the scenario asks for no causes; where coordination cannot be told apart, that.
    """
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
    return say("{what}: CO2e {all}, transport alone {transport}, cost {dkk} – {price}").format(
        what=what,
        all=say_change(-gain.kg_co2e / 1000, "t", write_short),
        transport=say_change(-gain.transport_kg_co2e / 1000, "t", write_short),
        dkk=say_change(-gain.dkk / 1e6, say("million DKK"), write_short),
        price=say_price(gain),
    )


def write_short(amount: float) -> str:
    """Write an amount as people read it: three digits, and no more than hundredths."""
    return round_off(amount, most=2)


def say_change(
    change: float, unit: Readable, write: Callable[[float], str] = format_number
) -> Message:
    """Say how much more of something there is, or how much less."""
    told = {"amount": write(abs(change)), "unit": unit}
    if change > 0:
        return say("{amount} {unit} more", **told)
    return say("{amount} {unit} less", **told)


def doubt_allocation(effect: Effect) -> Iterator[Message]:
    """Warn where better partners alone save more than they do in practice."""
    if (share := effect.allocation_share) is not None and share > MUCH:
        told, much = read_texts("doubts"), format_number(100 * share, digits=1)
        yield told["partners"].format(share=much, practice=told["practice"])
