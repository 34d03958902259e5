"""A scenario with flows of a plan as agreements: a file that says only what it adds to another."""

import json
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
from raastof_geo.scenario.varied import write_plain

_ARROW = re.compile(r"\s*(?:→|->|>)\s*")
_LANE = ["origin", "destination", "material", "period"]
FIRST_ROW = 2
"""Of the first flow in `flows.csv`, below the heads."""


def choose_flows(scenario: Scenario, flows: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Pick flows by their rows in `flows.csv`, or all between two sites: `GIVER→TAKER`.

    `InputError`: there is no such row, or nothing goes between these sites.
    """
    chosen = pd.Series(False, index=flows.index)
    for word in wanted:
        giver, *taker = _ARROW.split(word, maxsplit=1)
        if taker:
            ends = look_up(scenario, [("sites", giver), ("sites", taker[0])])
            mine = (flows[["origin", "destination"]] == ends).all(axis=1)
        else:
            mine = pd.Series((flows.index + FIRST_ROW).astype(str) == word.strip(), flows.index)
        if not mine.any():
            last = len(flows) + FIRST_ROW - 1
            raise InputError.saying_text("locked", "no flow", given=f"`{word}`", last=str(last))
        chosen |= mine
    return flows[chosen]


def write_locked(scenario: Scenario, source: Path, flows: pd.DataFrame) -> Path:
    """Write a scenario beside its `source` that extends it, and has flows as agreements; give it.

    Amounts are least ones, rounded down to the kilogram, so that the plan they are of keeps all of
    them. A variant without each, and one without any, price them. `InputError`: no plan could keep
    them, as the checks of a file have it.
    """
    agreed = [write_plain(one) for one in scenario.said.agreements]
    summed = flows.groupby(_LANE, sort=False, observed=True)["tonnes"].sum()
    known, variants = scenario.catalogue.materials, dict[str, Any]()
    language = scenario.said.language
    lanes = zip(summed.index.tolist(), summed.tolist(), strict=True)
    for (giver, taker, material, period), tonnes in lanes:
        amount = f"{math.floor(1000 * tonnes) / 1000} t"
        named = known[material].called(language)
        ends = f"{scenario.site_name(giver)} → {scenario.site_name(taker)}"
        name = say("without {ends}, {material} {period}", ends=ends, material=named, period=period)
        trail = f"agreements.{len(agreed)}.at_least"
        variants[f"without_{len(variants) + 1}"] = _leave(name.render(language), trail, "0 t")
        lane = {"giver": giver, "taker": taker, "material": material, "at_least": amount}
        agreed.append({**lane, "from": period, "to": period, "note": "locked"})
    free = say("without what is locked").render(language)
    own = [write_plain(one) for one in scenario.said.agreements]
    variants["without_any"] = _leave(free, "agreements", own)
    read_varied(scenario, {("agreements",): agreed, ("variants",): variants})
    lines = [f"extends: {json.dumps(source.name, ensure_ascii=False)}", "agreements:"]
    lines += [f"  - {_write(one)}" for one in agreed]
    lines += ["variants:", *(f"  {id_}: {_write(one)}" for id_, one in variants.items())]
    path = name_free(source.with_name(f"{source.stem}_locked.yaml"))
    return write_whole(path, "\n".join(lines) + "\n")


def _leave(name: str, path: str, value: Any) -> dict[str, Any]:
    return {"name": name[:200], "set": {path: value}}


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
