"""Ids in a scenario: what they may look like, and what was meant by another word.

Wherever an id is asked for, the exact Danish or English name of the same entry does as well.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import partial
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from raastof_geo.emissions.vehicle import MODELS
from raastof_geo.errors import Finding, InputError
from raastof_geo.language import LANGUAGES, Language, Message, read_texts, say, say_text

Names: TypeAlias = Mapping[str, Mapping[str, str]]
"""The ids of a section, each with its names by language; other keys hold names by any reader."""

EITHER = say("{first} or {last}")
TOGETHER = say("{first} and {last}")
LISTED = say("{first}, {last}")

_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_CLOSE = 0.6
_MOST_GUESSES = 3
_MOST_SHOWN = 12
_LONGEST = 80
_IN_TABLES = {"materials", "uses", "recipes", "conditions", "land", "vehicles"}
"""Sections that `raastof materials` lists."""


class UnknownIdError(InputError):
    """Something that is neither an id nor a name in its section."""

    def __init__(self, section: str, given: str, message: Message) -> None:
        self.section, self.given = section, given
        super().__init__(Finding(message))


@dataclass(frozen=True)
class Name(Message):
    """A name that is read in the language of the reader; `values` holds it by language."""

    def render(self, language: Language) -> str:
        """Give the name in `language`, or the first that there is, or nothing."""
        return str(self.values.get(language) or next(iter(self.values.values()), ""))


def find_id(section: str, given: str, names: Names) -> str:
    """Give the id that is meant by an id or by a name, in whatever case.

    Raises `UnknownIdError`: no entry of the section is called so; the sentence says what was
    probably meant; `InputError`: two entries are called so.
    """
    if given in names:
        return given
    wanted = fold_id(given)
    called = (one for one in names if wanted in map(fold_id, names[one].values()))
    found = [one for one in names if fold_id(one) == wanted] or [*called]
    if len(found) == 1:
        return found[0]
    if found:
        choices = join_choices([f"`{one}`" for one in found], EITHER)
        raise InputError.saying_text("ids", "several", given=f"`{given}`", choices=choices)
    hint = suggest(given, names, listed=section in _IN_TABLES)
    told = say("{given} is not {noun} here{hint}", noun=read_texts("nouns")[section], hint=hint)
    raise UnknownIdError(section, given, told.format(given=f"`{given[:_LONGEST]}`"))


def id_or_word(section: str, given: str, names: Names) -> str:
    """Give the id that is meant, or the word itself where none is, to be refused later."""
    try:
        return find_id(section, given, names)
    except InputError:
        return given


def find_model(given: str) -> str:
    """Give the name of an energy model as it is written in `MODELS`, or raise `UnknownIdError`."""
    return find_id("models", given, {name: {} for name in MODELS})


def known(section: str) -> Callable[[str, ValidationInfo], str]:
    """Make a check that gives the id of an entry of the scenario or catalogue by id or name."""
    return partial(find_known, section)


def find_known(section: str, given: str, info: ValidationInfo) -> str:
    """Give the id of an entry of a section; `given` itself where the section is not known yet."""
    names = (info.context or {}).get("known", {}).get(section)
    return given if names is None else find_id(section, given, names)


def names_in(part: Any) -> dict[str, dict[str, str]]:
    """Read the ids of a section, and the names of its entries, from its plain values."""
    found: dict[str, dict[str, str]] = {}
    for key, entry in part.items() if isinstance(part, Mapping) else ():
        # An entry may itself be nothing but its names.
        name = entry.get("name", entry) if isinstance(entry, Mapping) else {}
        by_language = dict.fromkeys(LANGUAGES, name) if isinstance(name, str) else name
        known = by_language if isinstance(by_language, Mapping) else {}
        texts = {language: known.get(language) for language in LANGUAGES}
        found[str(key)] = {one: text for one, text in texts.items() if isinstance(text, str)}
    return found


def check_id(given: str) -> str:
    """Check that an id can serve as a key, a layer and a file name on every system."""
    if not _ID.fullmatch(given):
        raise InputError.saying_text("ids", "no id", given=f"`{given[:_LONGEST]}`")
    return given


def check_word(given: Any, words: Sequence[str]) -> str:
    """Give a word back that is one of those there are, else raise as any word of a fixed list."""
    if given in words:
        return str(given)
    *others, last = map(repr, words)
    expected = f"{', '.join(others)} or {last}"
    raise PydanticCustomError("literal_error", "must be one of {expected}", {"expected": expected})


def suggest(given: str, ids: Iterable[str] | Names, *, listed: bool = False) -> Message:
    """Say what was meant or what there is, `listed` by `raastof materials` or not."""
    names: Names = ids if isinstance(ids, Mapping) else {one: {} for one in ids}
    close = _closest(given[:_LONGEST], names)
    if close:
        shown = [_show(one, names) for one in close]
        return say("; did you mean {close}?", close=join_choices(shown, EITHER))
    if not names:
        return say("; there are none")
    shown = [_show(one, names) for one in list(names)[:_MOST_SHOWN]]
    choices = join_choices(shown, LISTED)
    kind = "all" if len(names) <= _MOST_SHOWN else "listed" if listed else "first"
    return say_text("ids", kind, choices=choices)


def _closest(given: str, names: Names) -> list[str]:
    """Find the entries whose id or name is most like a word, or has one that begins or ends so."""
    wanted = _words(given)
    if not wanted:
        return []
    texts = {one: [*map(_words, (one, *called.values()))] for one, called in names.items()}
    if len(wanted) >= 3:
        word = re.compile(rf"{re.escape(wanted)}\b")  # `fyldsand` ends in `sand`
        hold = [one for one in names if any(map(word.search, texts[one]))]
        if hold:  # those first that begin so
            return sorted(hold, key=lambda one: not any(map(word.match, texts[one])))[:_MOST_SHOWN]
    near = {one: get_close_matches(wanted, texts[one], n=1, cutoff=_CLOSE) for one in names}
    likeness = {
        one: SequenceMatcher(None, found[0], wanted).ratio() for one, found in near.items() if found
    }
    best = max([_CLOSE, *likeness.values()])
    return [one for one, value in likeness.items() if value > best - 1e-9][:_MOST_GUESSES]


def _show(one: str, names: Names) -> Message | str:
    """Write an id with its name behind it, unless the name says the same."""
    values: dict[str, str] = {
        language: f"`{one}`" if _words(name) == _words(one) else f"`{one}` ({name})"
        for language, name in names[one].items()
        if language in LANGUAGES and name
    }
    return Name("", values) if values else f"`{one}`"


def join_choices(choices: Sequence[Message | str], link: Message) -> Message | str:
    """Join choices by commas, the last two by a link that is said in the reader's language."""
    text = choices[0]
    for number, one in enumerate(choices[1:], 2):
        joint = link if number == len(choices) else LISTED
        text = joint.format(first=text, last=one)
    return text


def fold_id(text: str) -> str:
    """Write a text so that case, blanks and the way of writing `å` make no difference."""
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().split())


def _words(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", fold_id(text)))


MaterialId: TypeAlias = Annotated[str, AfterValidator(known("materials"))]
UseId: TypeAlias = Annotated[str, AfterValidator(known("uses"))]
RecipeId: TypeAlias = Annotated[str, AfterValidator(known("recipes"))]
ConditionId: TypeAlias = Annotated[str, AfterValidator(known("conditions"))]
MunicipalityId: TypeAlias = Annotated[str, AfterValidator(known("municipalities"))]
DrawnMunicipalityId: TypeAlias = Annotated[str, AfterValidator(known("drawn_municipalities"))]
LandId: TypeAlias = Annotated[str, AfterValidator(known("land"))]
VehicleId: TypeAlias = Annotated[str, AfterValidator(known("vehicles"))]
ReceiverKindId: TypeAlias = Annotated[str, AfterValidator(known("receiver_kinds"))]
SoilMappingId: TypeAlias = Annotated[str, AfterValidator(known("soil_mappings"))]
SiteId: TypeAlias = Annotated[str, AfterValidator(known("sites"))]
