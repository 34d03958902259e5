"""Say things in Danish or English, with numbers as the reader writes them."""

import datetime
import gettext
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

Language = Literal["da", "en"]
LANGUAGES: tuple[Language, ...] = ("da", "en")

_LOCALE_FOLDER = Path(__file__).parent / "locale"
DATA_FOLDER = Path(__file__).parent / "data"
"""What comes with the package: texts, words, tables, the catalogue and the built-in roads."""
LOCALES = {"da": "da_DK", "en": "en_GB"}
"""As Babel, and with a hyphen Word, call the languages."""
_spoken: ContextVar[Language] = ContextVar("spoken", default="da")
_paid_in: ContextVar[str] = ContextVar("paid_in", default="DKK")
_MONEY = re.compile(r"\bDKK\b|\bkr\.|\bkroner\b")
"""How our own sentences call the currency of the built-in catalogue."""


@dataclass(frozen=True)
class Message:
    """A sentence that is translated when somebody reads it, not when it is written."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    many: str | None = None

    def __str__(self) -> str:
        return self.render(spoken_language())

    def render(self, language: Language) -> str:
        """Give the sentence in `language`, its values filled in."""
        catalogue = _catalogue(language)
        if self.many is None:
            text = catalogue.gettext(self.text)
        else:
            text = catalogue.ngettext(self.text, self.many, self.values["count"])
        text = in_currency(text, language)
        return text.format(**{key: _show(value, language) for key, value in self.values.items()})

    def format(self, **values: Any) -> "Message":
        """Give the sentence with values for the names in it, as `str.format` does."""
        return Message(self.text, {**self.values, **values}, self.many)


def say(text: str, **values: Any) -> Message:
    """Make a translatable sentence; `{name}` in it stands for the value `name`."""
    return Message(text, values)


def say_count(one: str, many: str, *, count: int, **values: Any) -> Message:
    """Make a translatable sentence that depends on `{count}`."""
    return Message(one, {"count": count, **values}, many)


def translate(text: str) -> str:
    """Translate a text into the language that is read. Returns what is not ours as it is."""
    return _catalogue(spoken_language()).gettext(text) if text else ""


def list_codes(words: Iterable[str]) -> str:
    """Write words as a file has them, each marked as such: `fill`, `sand`."""
    return ", ".join(f"`{word}`" for word in words)


Tell: TypeAlias = Callable[[Message], None]
"""Told what is going on, in a sentence."""
Readable: TypeAlias = str | Message
"""Words: those of a user as they are, ours to be translated."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def plain(text: Readable) -> str:
    """Read words. Returns them without characters that no page or document may hold."""
    return _UNSAFE.sub("", str(text))


def spoken_language() -> Language:
    """Tell which language sentences are read in now."""
    return _spoken.get()


@contextmanager
def speaking(language: Language, currency: str = "") -> Iterator[None]:
    """Read sentences in `language` for a while, and of money in a currency (ISO 4217) if named."""
    token, money = _spoken.set(language), _paid_in.set(currency or _paid_in.get())
    try:
        yield
    finally:
        _spoken.reset(token)
        _paid_in.reset(money)


def in_currency(text: str, language: Language | None = None) -> str:
    """Name the currency that is paid in. Returns a text of ours with it instead of kroner."""
    if (currency := _paid_in.get()) == "DKK":
        return text
    from babel.numbers import get_currency_symbol

    return _MONEY.sub(get_currency_symbol(currency, LOCALES[language or spoken_language()]), text)


def as_language(text: str) -> Language | None:
    """Recognise a language in `da`, `da_DK.UTF-8`, `EN`. Returns none where it is no other."""
    short = text.strip().lower()[:2]
    return next((language for language in LANGUAGES if language == short), None)


def format_number(value: float, *, digits: int = 0, language: Language | None = None) -> str:
    """Write a number with fixed decimals. Returns it as people read it; the largest: `1,5E18`."""
    language = language or spoken_language()
    try:
        value = float(value)
    except OverflowError:
        value = math.inf if value > 0 else -math.inf
    if not math.isfinite(value):
        return {"nan": "–", "inf": "∞", "-inf": "-∞"}[str(value)]
    if abs(value) * 10**digits < _EXACT:  # as Babel writes it, in a tenth of the time
        text = f"{round(value, digits) + 0.0:,.{digits}f}"
        return text.translate(_SWAPPED) if language == "da" else text
    from babel.numbers import format_decimal, format_scientific

    locale = LOCALES[language]
    if abs(value) >= _TOO_LONG_TO_READ:
        return format_scientific(value, format="0.###E0", locale=locale)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(round(value, digits) + 0.0, format=pattern, locale=locale)


_TOO_LONG_TO_READ, _EXACT = 1e16, 1e15
"""What is smaller than the second has all its digits in a float."""
_SWAPPED = str.maketrans(",.", ".,")


def format_day(
    day: datetime.date | str, language: Language | None = None, *, style: str = "medium"
) -> str:
    """Write a day. Returns `4. dec. 2027` as the reader has it; a text that is none as it is."""
    from babel.dates import format_date

    if isinstance(day, str):
        try:
            day = datetime.date.fromisoformat(day[:10])
        except ValueError:
            return str(day)
    return format_date(day, format=style, locale=LOCALES[language or spoken_language()])


def round_off(value: float, *, figures: int = 3, most: int | None = None) -> str:
    """Round a number off. Returns as many digits as people read, `most` of them decimals."""
    if not value or not math.isfinite(value):
        return format_number(value)
    digits = figures - 1 - math.floor(math.log10(abs(value)))
    digits = digits if most is None else min(digits, most)
    rounded = round(value, digits) or 0.0
    return format_number(rounded, digits=max(0, digits) if rounded else 0)


def encode(text: str) -> bytes:
    """Write a text in UTF-8, but half a character, as damaged files hold them, which none can."""
    return text.encode("utf-8", "replace")


def _show(value: Any, language: Language) -> str:
    if isinstance(value, Message):
        return value.render(language)
    if isinstance(value, datetime.date):
        return format_day(value, language)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return encode(str(value)).decode()
    if isinstance(value, int) or value.is_integer():
        return format_number(value, language=language)
    return format_number(value, digits=1 if abs(value) >= 10 else 2, language=language)


def read_data(name: str) -> dict[str, Any]:
    """Read the tables of a file in `data`, such as `limits.toml`."""
    return tomllib.loads((DATA_FOLDER / name).read_text("utf-8"))


@lru_cache
def read_danish_words(name: str) -> dict[str, list[str]]:
    """Read Danish words, and the English ones that each may stand for, the likeliest first."""
    lines = (DATA_FOLDER / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split(": ") for line in lines if not line.startswith("#")]
    return {word: meant.split() for words, meant in pairs for word in words.split()}


def read_texts(part: str) -> dict[str, Message]:
    """Give the texts of a part of `data/texts.txt` by their keys, in order; no such: `KeyError`."""
    return _read_parts()[part]


@lru_cache
def _read_parts() -> dict[str, dict[str, Message]]:
    """Read all of `data/texts.txt`: parts stand apart by an empty line, each below its name."""
    whole = (DATA_FOLDER / "texts.txt").read_text(encoding="utf-8")
    blocks = (block.splitlines() for block in whole.split("\n\n") if block[:1] == "[")
    pairs = ((head[1:-1], [line.partition(": ") for line in lines]) for head, *lines in blocks)
    return {part: {key: Message(text) for key, _, text in lines} for part, lines in pairs}


def say_text(part: str, key: str, /, **values: Any) -> Message:
    """Make the sentence that stands under a key in a part of `data/texts.txt`, with its values."""
    return read_texts(part)[key].format(**values)


@lru_cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    return gettext.translation("raastof_geo", _LOCALE_FOLDER, languages=[language], fallback=True)


_LONGEST_LINE = 190
"""Letters of a line, at most: more is no glance any more."""


class Fact(NamedTuple):
    """What is told of a thing."""

    title: Readable
    value: str


class Shown:
    """A thing that is shown by its main figures, in the language that is spoken."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what it is called, which may be nothing, and its main figures by their weight."""
        raise NotImplementedError

    def __repr__(self) -> str:
        called, facts = self.show()
        told = ", ".join(f"{fact.title} {fact.value}" for fact in facts)
        line = f"{type(self).__name__} {called}".strip() + f": {told}"
        return f"<{line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + '…'}>"

    def _repr_html_(self) -> str:
        called, facts = self.show()
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(str(fact.title))}</th>'
            f'<td style="text-align:right">{escape(fact.value)}</td></tr>'
            for fact in facts
        )
        name = f"{type(self).__name__} {called}".strip()
        return f"<table><caption>{escape(name)}</caption><tbody>{rows}</tbody></table>"
