"""Say what the plan is compared with: worlds without coordination, side by side."""

from collections.abc import Iterator

from raastof_geo.effect.measure import Comparison, Totals
from raastof_geo.language import Message, format_number, read_texts, say
from raastof_geo.result import Result

HEADS = tuple(read_texts("side by side").values())


def name_basis(one: Comparison) -> Message:
    """Name a world without coordination, and who is one party in it where that matters."""
    kind, party = read_texts("baselines")[one.kind], read_texts("together")[one.together]
    return kind if one.kind in ("alone", "legs") else say("{kind}, {party}", kind=kind, party=party)


def list_baselines(result: Result) -> Iterator[tuple[Message | float | None, ...]]:
    """Give the plan, then each world without coordination, the headline's first, by `HEADS`."""
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


def _figures(totals: Totals) -> tuple[float, float, float, float, float]:
    return (
        totals.kg_co2e_wtw / 1000,
        totals.all_kg_co2e_wtw / 1000,
        totals.cost_dkk / 1e6,
        100 * totals.secondary_share_with_clean_soil,
        100 * totals.secondary_share_without_soil,
    )


def write_baselines(result: Result) -> Iterator[tuple[str, ...]]:
    """Give the rows as people read them."""
    digits = (0, 0, 0, 1, 1, 1, 0, 0, 0)
    for row in list_baselines(result):
        yield tuple(
            format_number(cell, digits=many) if isinstance(cell, float) else str(cell or "")
            for cell, many in zip(row, digits, strict=True)
        )


def describe_basis(result: Result) -> Message:
    """Say what is meant by a world without coordination in this scenario."""
    headline = result.effect.baselines[0]
    kind = str(read_texts("baselines")[headline.kind]).lower()
    party = read_texts("together")[headline.together]
    return read_texts("prose")["basis"].format(kind=kind, party=party)
