"""What every column of every layer means, in the languages of `LANGUAGES`, Danish first."""

import csv
from collections.abc import Iterable, Mapping
from importlib import resources

import pandas as pd

from raastof_geo.figures import vocabulary
from raastof_geo.language import LANGUAGES, Message, say

_SIDES: Mapping[str, Message] = {
    "plan": say("Share of the plan"),
    "before": say("Share of what was before"),
    "saved": say("Share of what is saved, baseline less plan"),
}


def build_dictionary(columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Give what the columns of layers mean; one that nobody has described is a `KeyError`.

    One row per column of a layer, in their order: `layer`, `column`, `unit`, `meaning_da`,
    `meaning_en`.
    """
    # What is told of columns that are no figures stands in a table of its own.
    file = resources.files("raastof_geo") / "data" / "columns.csv"
    _, *told = csv.reader(file.read_text(encoding="utf-8").splitlines())
    known = {column: tuple(meaning) for column, *meaning in told}
    for layer in vocabulary.layered().values():
        for side, what in _SIDES.items():
            da, en = map(what.render, LANGUAGES)
            known[f"{side}_{layer.column}"] = (
                *(layer.unit, f"{da}: {layer.danish}", f"{en}: {layer.english}"),
            )
    rows = [(layer, column, *known[column]) for layer, names in columns.items() for column in names]
    return pd.DataFrame(rows, columns=["layer", "column", "unit", "meaning_da", "meaning_en"])
