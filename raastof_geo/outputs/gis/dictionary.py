"""What every column of every layer means, in the languages of `LANGUAGES`, Danish first."""

import csv
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import NamedTuple

import pandas as pd

from raastof_geo.figures import vocabulary
from raastof_geo.language import LANGUAGES, Language, in_currency, read_texts

_DIGITS = {"kg CO2e": 1, "DKK": 2, "h": 2, "m": 1}
"""After the decimal point by unit, 3 in others: what is written is about as exact as it is known,
and still adds up."""


class Meaning(NamedTuple):
    """What a column means."""

    unit: str
    danish: str
    english: str

    @property
    def digits(self) -> int:
        """How many are written after the decimal point."""
        return _DIGITS.get(self.unit, 3)

    def name(self, language: Language) -> str:
        """Give what people read over the column, with its unit."""
        said = self.danish if language == "da" else self.english
        return f"{said} [{in_currency(self.unit)}]" if self.unit else said

    @property
    def in_all(self) -> str:
        """What people read over the column, in every language."""
        return " · ".join(map(self.name, LANGUAGES))


def explain_columns() -> dict[str, Meaning]:
    """Give what columns of layers mean, by their names."""
    # What is told of columns that are no figures stands in a table of its own.
    file = resources.files("raastof_geo") / "data" / "columns.csv"
    _, *told = csv.reader(file.read_text(encoding="utf-8").splitlines())
    known = {column: Meaning(*meaning) for column, *meaning in told}
    for layer in vocabulary.layered().values():
        for side, what in read_texts("shares of").items():
            da, en = map(what.render, LANGUAGES)
            known[f"{side}_{layer.column}"] = Meaning(
                *(layer.unit, f"{da}: {layer.danish}", f"{en}: {layer.english}")
            )
    return known


def build_dictionary(columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Give what the columns of layers mean; one that nobody has described is a `KeyError`.

    One row per column of a layer, in their order: `layer`, `column`, `unit`, `meaning_da`,
    `meaning_en`.
    """
    known = explain_columns()
    rows = [(layer, column, *known[column]) for layer, names in columns.items() for column in names]
    table = pd.DataFrame(rows, columns=["layer", "column", "unit", "meaning_da", "meaning_en"])
    return table.assign(unit=table["unit"].map(in_currency))
