"""Write every line that figures are sums of, so that any figure can be followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from raastof_geo.effect.books import LINE_LABELS, Books, find_municipalities
from raastof_geo.effect.factor import list_doubts, name_factors
from raastof_geo.figures.vocabulary import kept_in_books, multiples, sums_of_parts, told_in_books
from raastof_geo.records.ledger import FORMAT, NAME
from raastof_geo.result import Result


def write_ledger(result: Result, folder: Path) -> Path:
    """Write `ledger.json`; `raastof explain` reads it."""
    path = folder / NAME
    text = json.dumps(
        describe_ledger(result), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def describe_ledger(result: Result) -> dict[str, Any]:
    """Put the books of plan and baseline into plain values."""
    scenario, effect = result.scenario, result.effect
    sites = [*scenario.sites, ""]
    sides = {"plan": effect.books, "baseline": effect.baseline_books}
    where = find_municipalities(scenario)
    names = {
        side: {part: named.tolist() for part, named in name_factors(scenario, books.lines).items()}
        for side, books in sides.items()
    }
    used = sorted({name for side in names.values() for named in side.values() for name in named})
    number = {name: at for at, name in enumerate(used)}
    factors = {
        side: {part: [number[name] for name in named] for part, named in parts.items()}
        for side, parts in names.items()
    }
    return {
        "format": FORMAT,
        "scenario": {"id": scenario.id, "title": scenario.said.title, "sha256": scenario.digest},
        "shared_legs": scenario.said.effect.shared_legs,
        "units": {part: part.unit for part in told_in_books()},
        "groups": {part: part.divided for part in kept_in_books()},
        "sums": {name: list(parts) for name, parts in sums_of_parts().items()},
        "bases": {part: list(part.times) for part in multiples()},
        "sites": sites,
        "names": [scenario.site_name(site) if site else "" for site in sites],
        "projects": [scenario.project(site) if site else "" for site in sites],
        "municipalities": [where.get(site, "") for site in sites],
        "plan": _describe_books(effect.books) | {"factors": factors["plan"]},
        "baseline": _describe_books(effect.baseline_books) | {"factors": factors["baseline"]},
        "factor_names": used,
        "figures": {
            name: {
                "value": getattr(figure, "value", None),
                "by_year": getattr(figure, "by_year", None),
                "unit": figure.unit,
                "source": scenario.catalogue.cite(figure.source),
                "valid_from": str(figure.valid_from) if figure.valid_from else None,
                "verified": figure.verified,
                "note": figure.note,
            }
            for name, figure in scenario.catalogue.figures().items()
            if name in number
        },
        "doubts": [
            {"figure": one.name, "part": one.part, "influence": round(one.influence, 6)}
            for one in list_doubts(effect.books, effect.baseline_books)
        ],
    }


def _describe_books(books: Books) -> dict[str, Any]:
    lines = books.lines
    return {
        "lines": {
            **{label: lines[label].tolist() for label in LINE_LABELS},
            **{part: lines[part].round(6).tolist() for part in ["amount", *kept_in_books()]},
        },
        "shares": {
            group: {"line": line.tolist(), "site": site.tolist(), "share": share.tolist()}
            for group, (line, site, share) in books.shares.items()
        },
    }
