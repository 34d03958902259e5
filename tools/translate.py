"""Bring the Danish catalogue up to date: `python tools/translate.py`.

Extracts every message, keeps the translations there are, drops those no longer
used, and compiles the catalogue. Messages still without Danish are printed.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from raastof_geo.figures.vocabulary import WORDS
from raastof_geo.scenario.catalogue import read_builtin_values

ROOT = Path(__file__).parents[1]
DATA = ROOT / "raastof_geo" / "data"
FOLDER = ROOT / "raastof_geo" / "locale" / "da" / "LC_MESSAGES"
REMARKS = ("note", "source", "range_source", "citation")
KEYWORDS = {"say": None, "saying": None, "say_count": (1, 2)}
TIMELESS = datetime(2000, 1, 1, tzinfo=UTC)


def extract_messages() -> set[str | tuple[str, ...]]:
    """Find every message in the source."""
    found = extract_from_dir(
        ROOT / "raastof_geo", method_map=[("**.py", "python")], keywords=KEYWORDS
    )
    told = (DATA / "texts.txt").read_text("utf-8").splitlines()
    texts = {line.partition(": ")[2] for line in told if line and line[0] not in "#["}
    texts |= {*list_words(tomllib.loads((DATA / "indicators.toml").read_text("utf-8")))}
    return texts | {message for _, _, message, _, _ in found} | {*list_remarks()}


def list_words(tables: dict[str, dict[str, object]], above: str = "") -> Iterator[str]:
    """List what is translated of figures and of their parts."""
    for table in tables.values():
        for key, value in table.items():
            if isinstance(value, dict):
                yield from list_words({key: value}, f"{key}.")
            elif above + key in WORDS:
                yield str(value)


def list_remarks(part: object = None, key: str = "") -> Iterator[str]:
    """List what the built-in catalogue says in English of its figures and rules."""
    whole = read_builtin_values()
    part = whole if part is None else part
    if isinstance(part, dict):
        for name, one in part.items():
            yield from () if name == "sources" else list_remarks(one, name)
    elif isinstance(part, str) and key in REMARKS and part not in whole["sources"]:
        yield part


def build_catalogue() -> Catalog:
    """Join the messages of the source with the Danish that there is."""
    path = FOLDER / "raastof_geo.po"
    known = Catalog(locale="da")
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale="da")
    fresh = Catalog(
        locale="da",
        project="raastof_geo",
        creation_date=TIMELESS,
        revision_date=TIMELESS,
        fuzzy=False,
    )
    for message in sorted(extract_messages(), key=str):
        key = message if isinstance(message, str) else message[0]
        entry = known.get(key)
        fresh.add(message, string=entry.string if entry else None)
    return fresh


def main() -> int:
    """Write the catalogue; return 1 where Danish is missing."""
    catalogue = build_catalogue()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "raastof_geo.po").open("wb") as file:
        write_po(file, catalogue, sort_output=True, omit_header=False, width=100)
    with (FOLDER / "raastof_geo.mo").open("wb") as file:
        write_mo(file, catalogue)
    missing = [str(entry.id) for entry in catalogue if entry.id and not entry.string]
    sys.stdout.write("".join(f"{message}\n" for message in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
