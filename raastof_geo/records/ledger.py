"""`ledger.json`: its name and its format, which writer and reader share."""

from __future__ import annotations

NAME = "ledger.json"
FORMAT = "raastof_geo ledger 1"
