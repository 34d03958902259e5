"""`ledger.json`: every line that figures are sums of, so that any figure can be followed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raastof_geo.language import say_text
from raastof_geo.records.record import Record
from raastof_geo.records.values import read_values

LEDGER = Record("ledger.json", "raastof_geo ledger 2", most_bytes=256_000_000)


def write_ledger(values: Mapping[str, Any], folder: Path) -> Path:
    """Write `ledger.json`, without white space."""
    whole = {"format": LEDGER.format, **values}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    path = folder / LEDGER.name
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def read_ledger(file: Path) -> dict[str, Any]:
    """Read a ledger; `RecordError` where it is missing or of another format."""
    lost = say_text("damaged", "no ledger", file=str(file))
    values = read_values(LEDGER.read(file, missing=lost), file=str(file))
    LEDGER.check_format(values.get("format"), file=str(file))
    return values
