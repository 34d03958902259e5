"""A scenario with flows of a plan as agreements: a file that says only what it adds to another."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from raastof_geo.errors import InputError
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import say
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.scenario import Scenario, look_up
from raastof_geo.scenario.varied import write_agreements, write_plain, write_sections

_ARROW = re.compile(r"\s*(?:→|->|>)\s*")
_LANE = ["origin", "destination", "material", "period"]
_FIRST_ROW = 2
"""Of the first flow in `flows.csv`, below the heads."""


def choose_flows(scenario: Scenario, flows: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Pick flows by their rows in `flows.csv`, or all between two sites: `GIVER→TAKER`.

    `InputError`: none is wanted, there is no such row, or nothing goes between these sites.
    """
    chosen = pd.Series(False, index=flows.index)
    for word in wanted or [""]:
        giver, *taker = _ARROW.split(word, maxsplit=1)
        mine = pd.Series((flows.index + _FIRST_ROW).astype(str) == word.strip(), flows.index)
        if taker:
            ends = look_up(scenario, [("sites", giver), ("sites", taker[0])])
            mine = (flows[["origin", "destination"]] == ends).all(axis=1)
        if not mine.any():
            told = {"given": f"`{word}`", "last": str(max(flows.index, default=0) + _FIRST_ROW)}
            raise InputError.saying_text("usage", "flow" if word else "no flow", **told)
        chosen |= mine
    return flows[chosen]


def write_locked(scenario: Scenario, source: Path, flows: pd.DataFrame) -> Path:
    """Write a scenario beside its `source` that extends it, and has flows as agreements; give it.

    Amounts are least ones, rounded down to the kilogram, so that the plan they are of keeps all of
    them. A variant without each, and one without any, price them. `InputError`: no plan could keep
    them, as the checks of a file have it.
    """
    language, own = scenario.said.language, write_plain(scenario.said.agreements)
    summed = flows.groupby(_LANE, sort=False, observed=True)["tonnes"].sum()
    new = write_agreements(summed, lambda tonnes: f"{math.floor(1000 * tonnes) / 1000} t")
    variants = dict[str, Any]()
    for number, one in enumerate(new):
        told = {end: scenario.site_name(one[end]) for end in ("giver", "taker")}
        told |= {"material": scenario.catalogue.materials[one["material"]].called(language)}
        name = say("without {giver} → {taker}, {material} {period}", **told, period=one["from"])
        leave = {f"agreements.{len(own) + number}.at_least": "0 t"}
        said = {"name": name.render(language)[:200], "set": leave}
        variants[f"without_{number + 1}"] = said
    name = say("without what is locked")
    variants["without_any"] = {"name": name.render(language), "set": {"agreements": own}}
    agreed = [*own, *new]
    read_varied(scenario, {("agreements",): agreed, ("variants",): variants})
    text = write_sections(extends=source.name, agreements=agreed, variants=variants)
    return write_whole(name_free(source.with_name(f"{source.stem}_locked.yaml")), text)
