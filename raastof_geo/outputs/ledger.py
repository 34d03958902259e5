"""Put every line that figures are sums of into plain values, so that any figure can be followed."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from raastof_geo.effect.books import LINE_LABELS
from raastof_geo.effect.factor import list_doubts, name_factors
from raastof_geo.effect.measure import Effect
from raastof_geo.figures.vocabulary import kept_in_books, multiples, sums_of_parts, told_in_books
from raastof_geo.language import in_currency, translate
from raastof_geo.records.ledger import write_ledger
from raastof_geo.result import Result
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.telling.words import CatalogueWords

_OF_FIGURES = (
    *("name", "value", "by_year", "unit", "source", "valid_from", "low", "high", "price_year"),
    *("indexed", "valid_to", "evidence", "note"),
)
"""What is told of a factor, in this order; nothing of what it does not have."""


@lru_cache(maxsize=1)
def describe_ledger(effect: Effect) -> dict[str, Any]:
    """Put the books of plan and baseline into plain values: what is in ledger.json.

    Kept, for the appendix quotes it: not to be changed.
    """
    scenario, sites = effect.books.scenario, list(effect.books.scenario.sites)
    sides = {"plan": effect.books, "baseline": effect.baseline_books}
    named = {side: name_factors(books) for side, books in sides.items()}
    used = sorted({one for parts in named.values() for names in parts.values() for one in names})
    number, parts = {name: at for at, name in enumerate(used)}, ["amount", *kept_in_books()]
    catalogue, states = scenario.catalogue, scenario.states()
    words = CatalogueWords(catalogue, scenario.said.language)
    sections = {"material": "materials", "what": "recipes", "vehicle": "vehicles"}
    return {
        "scenario": {"id": scenario.id, "title": scenario.said.title, "sha256": scenario.digest},
        "shared_legs": scenario.said.effect.shared_legs,
        "units": {part: in_currency(part.unit) for part in told_in_books()},
        "groups": {part: part.divided for part in kept_in_books()},
        "sums": {name: list(parts) for name, parts in sums_of_parts().items()},
        "bases": {part: list(part.times) for part in multiples()},
        # What each is called and belongs to; the last is nobody's, and has no name.
        "sites": [*sites, ""],
        "names": [*map(scenario.site_name, sites), ""],
        "projects": [*map(scenario.project, sites), ""],
        "municipalities": [*(effect.books.municipalities.get(one, "") for one in sites), ""],
        **{
            side: {  # the lines, who shares them, and which factors of the list they hang on
                "lines": {
                    **{label: books.lines[label].tolist() for label in LINE_LABELS},
                    **{part: books.lines[part].round(6).tolist() for part in parts},
                },
                "shares": {
                    group: {"line": line.tolist(), "site": site.tolist(), "share": share.tolist()}
                    for group, (line, site, share) in books.shares.items()
                },
                "factors": {
                    part: [number[name] for name in names] for part, names in named[side].items()
                },
            }
            for side, books in sides.items()
        },
        "called": {
            "part": {part: part.bare for part in told_in_books()},
            "period": {one: name_period(period) for one, period in scenario.periods.items()},
            **{
                label: {one: words.called(section, one) for one in catalogue.names(section)}
                for label, section in sections.items()
            },
        },
        "factor_names": used,
        "figures": {  # the value and the source of every factor that a line hangs on
            name: {
                **dict.fromkeys(_OF_FIGURES),
                **figure.model_dump(mode="json", include=set(_OF_FIGURES)),
                "name": words.name_figure(name),
                "source": catalogue.cite(figure.source),
                "evidence": states[name],
                "note": translate(figure.note),
            }
            for name, figure in catalogue.figures().items()
            if name in number
        },
        "doubts": [
            {"figure": one.name, "part": one.part, "influence": round(one.influence, 6)}
            for one in list_doubts(effect.books, effect.baseline_books)
        ],
    }


def record_ledger(result: Result, folder: Path) -> Path:
    """Write ledger.json."""
    return write_ledger(describe_ledger(result.effect), folder)
