"""Name the columns and rows of a programme, for whoever reads it as a file."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from raastof_geo.arrays import Columns
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.assignment.statement.row import RowName
from raastof_geo.legs.legs import LEG_KEYS

LONGEST_NAME = 100
"""Letters of a name, at most: PuLP refuses to write longer ones into an `.lp` file."""
_LONGEST_PART = 16
"""Letters of each part: a number and five parts, with what joins them, stay below the most."""

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ö": "oe", "ä": "ae"})


@dataclass(frozen=True, eq=False)
class Labels:
    """What columns and rows are about, as names that are legal and unique in `.lp` and `.mps`.

    A number comes first, which alone tells names apart whatever the rest is cut down to, then
    what it is the number of: `x123_grav_vej_crushed_concrete_2030`, `r12_offers_kept_digging`.
    """

    problem: Problem
    rows: tuple[RowName, ...]
    """Family and subject of each row."""

    def name_columns(self, columns: Columns) -> list[str]:
        """Give the name of each of some columns."""
        names = np.empty(len(columns), dtype=object)
        for kind in ColumnKind:
            block = self.problem.block(kind)
            at = np.flatnonzero((columns >= block.start) & (columns < block.stop))
            if len(at):
                names[at] = self._name_kind(kind, columns[at])
        return [str(name) for name in names]

    def name_row(self, number: int) -> str:
        """Give the name of a row; those beyond the rules hold an earlier objective."""
        known = number < len(self.rows)
        family, subject = map(str, self.rows[number]) if known else ("objective", "held")
        return _join(f"r{number}", [make_slug(family, 40), make_slug(subject, 48)])

    def _name_kind(self, kind: ColumnKind, columns: Columns) -> list[str]:
        problem = self.problem
        if kind is ColumnKind.MOVES:
            keys = list(LEG_KEYS)
            if len(problem.vehicles) == 1:
                keys.remove("vehicle")
            said = [problem.labels(key, columns).tolist() for key in keys]
        else:
            table = problem.others[kind].iloc[columns - problem.starts[kind]]
            said = [[kind.word] * len(columns)]
            said += [table[key].tolist() for key in kind.keys if key != "depot"]
        slugs = {part: make_slug(str(part)) for part in set().union(*said)}
        return [
            _join(f"x{column}", [slugs[part] for part in parts])
            for column, parts in zip(columns.tolist(), zip(*said, strict=True), strict=True)
        ]


@cache
def make_slug(text: str, longest: int = _LONGEST_PART) -> str:
    """Write a label in small letters, digits and underscores only, no longer than said."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return re.sub(r"[^a-z0-9]+", "_", plain)[:longest].strip("_")


def _join(number: str, parts: Sequence[str]) -> str:
    return "_".join([number, *(part for part in parts if part)])[:LONGEST_NAME]
