"""Periods of a plan: a year, a quarter, a month, or from one day to another."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict

from raastof_geo.errors import InputError
from raastof_geo.language import say
from raastof_geo.scenario.identity import check_id

_NAMED = re.compile(
    r"(?P<year>[12]\d{3})(?:-(?:[qQkK](?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
)


class Period(BaseModel):
    """A stretch of days with an id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    start: datetime.date
    end: datetime.date
    """The last day."""

    @property
    def middle_year(self) -> float:
        """The year in the middle of the period, with its fraction."""
        middle = self.start + (self.end - self.start) / 2
        return middle.year + (middle.timetuple().tm_yday - 1) / 365.25


def read_period(given: Any) -> Any:
    """Understand `2027`, `2027-Q3`, `2027-05`, or leave `{id, start, end}` to be checked.

    Raises
    ------
    InputError
        Some other text.
    """
    if isinstance(given, dict):
        return given
    match = _NAMED.fullmatch(str(given)) if not isinstance(given, bool) else None
    if match is None:
        raise InputError(
            say(
                "{given} is not a period: write a year `2027`, a quarter `2027-Q3`, a month "
                "`2027-05`, or `{{id: phase-1, start: 2027-01-01, end: 2027-06-30}}`",
                given=f"`{given}`",
            )
        )
    year = int(match["year"])
    if match["quarter"]:
        first, months = 3 * int(match["quarter"]) - 2, 3
    elif match["month"]:
        first, months = int(match["month"]), 1
    else:
        first, months = 1, 12
    return {
        "id": str(given).lower() if match["quarter"] else str(given),
        "start": datetime.date(year, first, 1),
        "end": _last_day(year, first + months - 1),
    }


def _last_day(year: int, month: int) -> datetime.date:
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return following - datetime.timedelta(days=1)


def check_order(periods: Sequence[Period]) -> None:
    """Check that periods have ids of their own, end after they start, and follow each other.

    Raises
    ------
    InputError
        The first pair that does not.
    """
    for period in periods:
        check_id(period.id)
        if period.end < period.start:
            raise InputError(say("period {id} ends before it starts", id=f"`{period.id}`"))
    for before, after in pairwise(periods):
        if after.start <= before.end:
            raise InputError(
                say(
                    "period {after} starts before {before} has ended: list periods in order, "
                    "without overlap",
                    after=f"`{after.id}`",
                    before=f"`{before.id}`",
                )
            )
