"""Periods of a plan: a year, a quarter, a month, or from one day to another."""

import calendar
import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from pydantic import ValidationError
from raastof_geo.errors import InputError, raise_all
from raastof_geo.figures.figure import Strict
from raastof_geo.language import LOCALES, Message, format_day, say_text, spoken_language
from raastof_geo.scenario import identity
from raastof_geo.scenario.identity import Fault, FaultError

_YEAR = r"(?P<year>[12]\d{3})"
_QUARTER_WORD = r"(?:q|k|kv|kvt|kvartal|quarter)\.?"
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?)?",
        rf"{_YEAR}[ /-]*(?:q|k)(?P<quarter>[1-4])",
        rf"(?:q|k)(?P<quarter>[1-4])[ /-]*{_YEAR}",
        rf"(?P<quarter>[1-4])\.? ?{_QUARTER_WORD} ?{_YEAR}",
        rf"{_YEAR},? ?(?P<quarter>[1-4])\.? ?{_QUARTER_WORD}",
    )
)
_BARE = re.compile(rf"{_YEAR}[ /-](?P<number>[1-9])")
_MOST_SHOWN = 12


class Period(Strict):
    """A stretch of days with an id."""

    id: str
    start: datetime.date
    end: datetime.date
    """The last day."""

    @property
    def days(self) -> int:
        """Returns how many days it has, both ends included."""
        return (self.end - self.start).days + 1

    @property
    def middle_year(self) -> float:
        """Returns the middle of the period, as a year with its fraction."""
        middle = self.start + (self.end - self.start) / 2
        return middle.year + (middle.timetuple().tm_yday - 1) / 365.25


def read_period(given: Any) -> Any:
    """Understand `2027`, `2027-Q3`, `2027-05`, or leave `{id, start, end}` to be checked.

    A quarter may be written as people say it, `3. kvt. 2027`; other texts raise an `InputError`.
    """
    if isinstance(given, dict | Period):
        return given
    readings = [] if isinstance(given, bool) else _read(str(given))
    if len(readings) == 1 and readings[0].start != readings[0].end:
        return readings[0].model_dump()
    if readings:
        if len(readings) == 1:  # a day: the quarter and the month that it lies in
            year, month = readings[0].start.year, readings[0].start.month
            readings = [_stretch(year, quarter=(month + 2) // 3), _stretch(year, month=month)]
        shown = [f"`{show_period(reading.id)}`" for reading in readings]
        likely = identity.join_choices(shown, identity.EITHER)
        raise InputError.saying_text("periods", "no period", given=f"`{given}`", likely=likely)
    raise InputError.saying_text("periods", "unknown", given=f"`{str(given)[:80]}`")


def show_period(id_: str) -> str:
    """Write the id of a period as people do. Returns `2027-Q3` for `2027-q3`."""
    return id_.upper() if re.fullmatch(r"\d{4}-q[1-4]", id_) else id_


def name_period(period: Period) -> str:
    """Write a period as readers do. Returns `2030`, `2. kvt. 2030`, `maj 2030`, or its days."""
    from babel.dates import format_skeleton

    locale, start, end = LOCALES[spoken_language()], period.start, period.end
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    whole = start.day == 1 and (end + datetime.timedelta(days=1)).day == 1
    ours = whole and period.id.startswith(str(start.year))
    match months if ours else 0, start.month:
        case 12, 1:
            return str(start.year)
        case (1, _) | (3, 1 | 4 | 7 | 10):
            return str(format_skeleton({1: "yMMM", 3: "yQQQ"}[months], start, locale=locale))
        case years, 1 if years and end.month == 12:
            return f"{start.year}–{end.year}"
    days = [format_day(day) for day in (start, end)]
    return f"{period.id} ({' – '.join(days)})"


def _read(text: str) -> list[Period]:
    text = " ".join(text.split())
    for pattern in _WRITTEN:
        if match := pattern.fullmatch(text):
            said = {name: int(number) for name, number in match.groupdict().items() if number}
            try:
                return [_stretch(**said)]
            except ValueError:  # there is no such day
                return []
    if (bare := _BARE.fullmatch(text)) is None:
        return []
    year, number = map(int, bare.groups())
    quarters = [_stretch(year=year, quarter=number)] if number <= 4 else []
    return [*quarters, _stretch(year=year, month=number)]


def _stretch(year: int, quarter: int = 0, month: int = 0, day: int = 0) -> Period:
    """Give the stretch that a year with a quarter, month or day is; `ValueError`: no such day."""
    months = 1 if month else 3 if quarter else 12
    start = datetime.date(year, month or 3 * max(quarter, 1) - 2, day or 1)
    last = start.month + months - 1
    end = start if day else start.replace(month=last, day=calendar.monthrange(year, last)[1])
    id_ = f"{year}-q{quarter}" if quarter else start.isoformat()[: 10 if day else 7 if month else 4]
    return Period(id=id_, start=start, end=end)


def check_order(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """Check that periods have ids of their own, end after they start, and follow each other."""
    wrong = (_what_is_wrong(periods[:number], period) for number, period in enumerate(periods))
    raise_all(FaultError, (Fault(one, (number,)) for number, one in enumerate(wrong) if one))
    return periods


def _what_is_wrong(before: Sequence[Period], period: Period) -> Message | None:
    try:
        identity.check_id(period.id)
    except InputError as error:
        return error.findings[0].message
    shown = f"`{show_period(period.id)}`"
    if period.end < period.start:
        return say_text("periods", "ends", id=shown)
    if any(other.id == period.id for other in before):
        return say_text("periods", "twice", id=shown)
    for other in before[-1:]:
        if (other.start, other.end) == (period.start, period.end):
            return say_text("periods", "same days", id=shown, other=f"`{show_period(other.id)}`")
        if period.start <= other.end:
            return say_text("periods", "overlap", after=shown, before=f"`{show_period(other.id)}`")
    return None


@dataclass(frozen=True)
class Calendar:
    """The periods of a scenario, for what refers to them."""

    periods: tuple[Period, ...]
    doubtful: frozenset[str] = frozenset()
    """What stands in the list and could not be read: a reference to it is no second mistake."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Returns the ids, in order."""
        return tuple(period.id for period in self.periods)

    def find(self, given: Any) -> str:
        """Find a period, however it is written. Returns its id, or raises `UnknownIdError`."""
        text = " ".join(str(given).split()).lower()
        readings = _read(text)
        meant = [text, *(one.id for one in readings if len(readings) == 1)]
        for one in meant:
            if one in self.ids:
                return one
        if self.doubtful & {*meant} or (self.doubtful and readings and not self._during(readings)):
            return text
        hint = self._hint(text, readings)
        told = say_text("periods", "not here", given=f"`{str(given)[:80]}`", hint=hint)
        raise identity.UnknownIdError("periods", str(given), told)

    def _during(self, readings: Sequence[Period]) -> list[Period]:
        return [
            period
            for period in self.periods
            if any(one.start <= period.end and period.start <= one.end for one in readings)
        ]

    def _hint(self, text: str, readings: Sequence[Period]) -> Message:
        shown = [f"`{show_period(period.id)}`" for period in self._during(readings)]
        if len(shown) == 1:
            return say_text("periods", "close", close=shown[0])
        if shown:
            return say_text("periods", "during", first=shown[0], last=shown[-1])
        if not readings and not text[:1].isdigit():
            return identity.suggest(text, [show_period(one) for one in self.ids])
        if len(shown := [f"`{show_period(one)}`" for one in self.ids]) > _MOST_SHOWN:
            return say_text("periods", "from to", first=shown[0], last=shown[-1])
        choices = identity.join_choices(shown, identity.TOGETHER)
        return say_text("periods", "there are", choices=choices)


def read_calendar(given: Any) -> Calendar | None:
    """Read the periods of a scenario from plain values. Returns none: there is no list of them."""
    if not isinstance(given, list) or not given:
        return None
    periods, doubtful = [], set[str]()
    for entry in given:
        try:
            periods.append(Period.model_validate(read_period(entry)))
        except (InputError, ValidationError):
            named = entry.get("id") if isinstance(entry, dict) else entry
            text = " ".join(str(named).split()).lower()
            doubtful |= {text, *(reading.id for reading in _read(text))}
    return Calendar(tuple(periods), frozenset(doubtful))
