"""What is meant by ids, names and keys, and what is wrong with a part of a scenario.

Wherever an id is asked for, the exact Danish or English name of the same entry does as well. A
fault stands below the part that is checked, and is told with its place. And the commonest fault:
lists are sets, nothing stands in them twice.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from functools import partial
from itertools import starmap
from operator import itemgetter
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Self, TypeAlias, TypeVar, get_args
from pydantic import AfterValidator, BaseModel, ValidationError, ValidationInfo, WrapValidator
from pydantic_core import PydanticCustomError
from raastof_geo.emissions.vehicle import MODELS
from raastof_geo.errors import Finding, InputError, Place, RaastofError, raise_all
from raastof_geo.language import LANGUAGES, Language, Message, read_danish_words, read_texts, say
from raastof_geo.region.region import Region
from raastof_geo.scenario.reading.tree import Trail, Tree, spell_trail
from raastof_geo.units import suggest_number

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
        """Write the name in `language`. Returns the first that there is, or nothing, if none is."""
        return str(self.values.get(language) or next(iter(self.values.values()), ""))


def find_id(section: str, given: str, names: Names) -> str:
    """Give the id that is meant by an id or by a name, in whatever case.

    Raises `UnknownIdError`: none is called so, and what was meant; `InputError`: two are.
    """
    if given in names:
        return given
    wanted = fold_id(given)
    called = (one for one in names if wanted in map(fold_id, names[one].values()))
    if len(found := [one for one in names if fold_id(one) == wanted] or [*called]) == 1:
        return found[0]
    if found:
        choices = join_choices([f"`{one}`" for one in found], EITHER)
        raise InputError.saying_text("ids", "several", given=f"`{given}`", choices=choices)
    hint = suggest(given, names, listed=section in _IN_TABLES)
    told = say("{given} is not {noun} here{hint}", noun=read_texts("nouns")[section], hint=hint)
    raise UnknownIdError(section, given, told.format(given=f"`{given[:_LONGEST]}`"))


def id_or_word(section: str, given: str, names: Names) -> str:
    """Find the id that is meant. Returns the word itself where none is, to be refused later."""
    try:
        return find_id(section, given, names)
    except InputError:
        return given


def find_model(given: str) -> str:
    """Find an energy model. Returns its name in `MODELS`, or raises `UnknownIdError`."""
    return find_id("models", given, {name: {} for name in MODELS})


class Context(NamedTuple):
    """What values are checked with, empty where they are read by themselves."""

    names: Mapping[str, Names] = MappingProxyType({})
    """By section."""
    region: Region | None = None
    calendar: Any = None
    catalogue: Any = None
    vehicles: tuple[str, ...] = ()

    @classmethod
    def of(cls, info: ValidationInfo) -> Self:
        """Give what a check of pydantic is made with."""
        return info.context or cls()


def find_known(section: str, given: str, info: ValidationInfo) -> str:
    """Find what is meant by an id or name. Returns `given` where its section is not known yet."""
    names = Context.of(info).names.get(section)
    return given if names is None else find_id(section, given, names)


def names_in(part: Any) -> dict[str, dict[str, str]]:
    """Read the ids of a section out of its plain values. Returns names by language of each."""
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
    """Check a word against those there are. Returns it, or raises as of any fixed list."""
    if given in words:
        return str(given)
    *others, last = map(repr, words)
    expected = f"{', '.join(others)} or {last}"
    raise PydanticCustomError("literal_error", "must be one of {expected}", {"expected": expected})


def suggest(given: str, ids: Iterable[str] | Names, *, listed: bool = False) -> Message:
    """Say what was meant or what there is, `listed` by `raastof materials` or not."""
    names: Names = ids if isinstance(ids, Mapping) else {one: {} for one in ids}
    if close := _closest(given[:_LONGEST], names):
        shown = [_show(one, names) for one in close]
        return say("; did you mean {close}?", close=join_choices(shown, EITHER))
    if not names:
        return say("; there are none")
    shown = [_show(one, names) for one in list(names)[:_MOST_SHOWN]]
    kind = "all" if len(names) <= _MOST_SHOWN else "listed" if listed else "first"
    return read_texts("ids")[kind].format(choices=join_choices(shown, LISTED))


def _closest(given: str, names: Names) -> list[str]:
    """Find the entries whose id or name is most like a word, or has one that begins or ends so."""
    if not (wanted := _words(given)):
        return []
    texts = {one: [*map(_words, (one, *called.values()))] for one, called in names.items()}
    if len(wanted) >= 3 and (found := _holding(wanted, texts)):
        return found[:_MOST_SHOWN]
    likeness = {
        one: SequenceMatcher(None, found, wanted).ratio()
        for one, called in texts.items()
        for found in get_close_matches(wanted, called, n=1, cutoff=_CLOSE)
    }
    best = max([_CLOSE, *likeness.values()])
    return [one for one, value in likeness.items() if value > best - 1e-9][:_MOST_GUESSES]


def _holding(wanted: str, texts: Mapping[str, Sequence[str]]) -> list[str]:
    word = re.compile(rf"{re.escape(wanted)}\b")  # `fyldsand` ends in `sand`
    found = [one for one, called in texts.items() if any(map(word.search, called))]
    return sorted(found, key=lambda one: not any(map(word.match, texts[one])))


def _show(one: str, names: Names) -> Message | str:
    values: dict[str, str] = {
        language: f"`{one}`" if _words(name) == _words(one) else f"`{one}` ({name})"
        for language, name in names[one].items()
        if language in LANGUAGES and name
    }
    return Name("", values) if values else f"`{one}`"


def join_choices(choices: Sequence[Message | str], link: Message) -> Message | str:
    """Join choices by commas, the last two by a link. Returns what reads so in any language."""
    text = choices[0]
    for number, one in enumerate(choices[1:], 2):
        joint = link if number == len(choices) else LISTED
        text = joint.format(first=text, last=one)
    return text


def fold_id(text: str) -> str:
    """Write a text so that case, blanks and the way of writing `å` are alike. Returns that."""
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().split())


def _words(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", fold_id(text)))


MaterialId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "materials"))]
UseId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "uses"))]
RecipeId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "recipes"))]
ConditionId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "conditions"))]
MunicipalityId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "municipalities"))]
DrawnMunicipalityId: TypeAlias = Annotated[
    str, AfterValidator(partial(find_known, "drawn_municipalities"))
]
LegalRegimeId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "legal_regimes"))]
LandId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "land"))]
VehicleId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "vehicles"))]
ReceiverKindId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "receiver_kinds"))]
SoilMappingId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "soil_mappings"))]
SiteId: TypeAlias = Annotated[str, AfterValidator(partial(find_known, "sites"))]
Item = TypeVar("Item", bound=Hashable)
Listed = TypeVar("Listed", bound=Sequence[Any])
Key = TypeVar("Key", bound=Hashable)
Mapped = TypeVar("Mapped")
_NEAR = 0.8


@dataclass(frozen=True)
class Fault:
    """One mistake below the part that is being checked."""

    message: Message
    below: Trail = ()
    """The way from the part to the mistake."""
    of_key: bool = False
    """Whether the key is wrong, and not its value."""
    is_doubt: bool = False
    """Whether it is worth a warning, and no mistake."""

    def find_in(self, tree: Tree, part: Trail) -> Finding:
        """Say where in a file it stands, below the part that was checked. Returns the finding."""
        return tree.finding((*part, *self.below), self.message, of_key=self.of_key)


class FaultError(InputError):
    """Mistakes in a part of a scenario, each with the way to it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(*(fault.message for fault in faults))


def refuse_twice(entries: Listed, by: Callable[[Any], Hashable] = lambda one: one) -> Listed:
    """Check that nothing, or nothing read `by` entries, is listed twice, or raise a fault each."""
    first: dict[Hashable, int] = {}
    faults = []
    for number, entry in enumerate(map(by, entries)):
        if first.setdefault(entry, number) != number:
            key = "entry twice" if isinstance(entry, BaseModel) else "twice"
            told = read_texts("said")[key].format(entry=f"`{entry}`", number=first[entry] + 1)
            faults.append(Fault(told, (number,)))
    raise_all(FaultError, faults)
    return entries


def refuse_keys_twice(given: Any, read: Callable[[Any], Any]) -> Any:
    """Check that no two keys of a mapping mean the same, as an id and its name do."""
    result = read(given)
    if not isinstance(given, Mapping) or len(result) == len(given):
        return result
    first: dict[Hashable, Any] = {}
    faults = []
    for key, value in given.items():
        [meant] = read({key: value})
        if first.setdefault(meant, key) != key:
            named = {"key": f"`{key}`", "first": f"`{first[meant]}`"}
            message = read_texts("said")["same keys"].format(**named)
            faults.append(Fault(message, (str(key),), of_key=True))
    raise FaultError(*faults)


SetOf: TypeAlias = Annotated[tuple[Item, ...], AfterValidator(refuse_twice)]
"""A list in which nothing stands twice, in the order of the file."""
MapOf: TypeAlias = Annotated[dict[Key, Mapped], WrapValidator(refuse_keys_twice)]
"""A mapping by ids or names, in which no two keys mean the same."""


class _Mistake(NamedTuple):
    """What pydantic found wrong, and the way to it from the type that was being read."""

    kind: str
    way: Trail
    said: str
    given: Any
    context: Mapping[str, Any]

    def follows(self, meant: Collection[Trail]) -> bool:
        """Tell whether it follows from another one: of a key, or of an entry of a list."""
        mistyped = self.kind == "missing" and self.way in meant
        return mistyped or (self.kind == "too_short" and bool(self.given))

    def lead(self, tree: Tree, below: Trail) -> Trail:
        """Give the way to it in the file, where an entry that stands alone has no number."""
        trail: Trail = ()
        for part in (*below, *(part for part in self.way if part != "[key]")):
            alone = part == 0 and trail in tree.places and (*trail, part) not in tree.places
            trail = trail if alone else (*trail, part)
        return trail


def _read_mistakes(error: ValidationError, root: type[BaseModel]) -> list[_Mistake]:
    """Leave out keys missing as they are mistyped, lists too short as their entries are wrong."""
    read = itemgetter("type", "loc", "msg", "input")
    found = [_Mistake._make([*read(one), one.get("ctx", {})]) for one in error.errors()]
    mistyped = (one.way for one in found if one.kind == "extra_forbidden")
    meant = {
        (*above, key)
        for *above, given in mistyped
        for key in _english_keys(str(given), _keys_here(root, tuple(above)))
    }
    return [one for one in found if not one.follows(meant)]


def explain_errors(
    error: ValidationError, tree: Tree, root: type[BaseModel], *, below: Trail = ()
) -> list[Finding]:
    """Say each mistake once, with its place; what follows from another one is left out.

    `root`: the type that was being read; `below`: where in the file its values stand.
    """
    findings: list[Finding] = []
    unknown = defaultdict[tuple[str, str, Place | None], list[Finding]](list)
    for mistake in _read_mistakes(error, root):
        trail, problem = mistake.lead(tree, below), mistake.context.get("error")
        of_key = mistake.way[-1:] == ("[key]",) or mistake.kind == "extra_forbidden"
        if isinstance(problem, RaastofError):
            plain = [Fault(one.message, of_key=of_key) for one in problem.findings]
            faults = problem.faults if isinstance(problem, FaultError) else plain
            found = [one.find_in(tree, trail) for one in faults]
        else:
            sentence = _sentence(mistake, tree, root, trail, below)
            found = [Finding(sentence, tree.place(trail, of_key=of_key))]
        if isinstance(problem, UnknownIdError):
            unknown[problem.section, problem.given, next(_cells(found[:1]), None)] += found
        else:
            findings += found
    findings += starmap(_tell_once, unknown.values())
    # What a cell holds was told already, where it could not even be read.
    told = [*_cells(tree.findings)]
    return [one for one in findings if one.place not in told]


def _cells(findings: Iterable[Finding]) -> Iterator[Place]:
    places = (one.place for one in findings)
    return (place for place in places if place and place.sheet is not None)


def _tell_once(first: Finding, *others: Finding) -> Finding:
    """Say at the first of several places where else the same is wrong."""
    if not (lines := sorted({one.place.line for one in others if one.place is not None})):
        return first
    named = {"problem": first.message, "lines": ", ".join(map(str, lines))}
    return replace(first, message=say("{problem} (line {lines} as well)", **named))


def _sentence(
    mistake: _Mistake, tree: Tree, root: type[BaseModel], trail: Trail, below: Trail
) -> Message:
    where, value = spell_trail(trail), tree.written.get(trail) or mistake.given
    given = "null" if value is None else str(value)
    given = given if len(given) <= 60 else given[:57] + "…"
    match mistake.kind:
        case "missing":
            return say("{where} is missing", where=where)
        case "extra_forbidden":
            hint = _suggest_key(str(trail[-1]), _keys_here(root, trail[len(below) : -1]))
            return say("{where} is not a key here{hint}", where=where, hint=hint)
        case "literal_error":
            listed = mistake.context["expected"].replace(" or ", ", ")
            hint = suggest(given, [word.strip(" '") for word in listed.split(",")])
            told = {"expected": listed.replace("'", "`"), "given": f"`{given}`"}
            told |= {"where": where, "hint": hint if "close" in hint.values else ""}
            return say("{where} must be one of {expected}, got {given}{hint}", **told)
    return _say_rule(mistake, where, given)


def _suggest_key(given: str, keys: Sequence[str]) -> Message:
    if not (meant := [f"`{one}`" for one in _english_keys(given, keys)]):
        return suggest(given, keys)
    return say("; did you mean {close}?", close=join_choices(meant, EITHER))


def _say_rule(mistake: _Mistake, where: str, given: str) -> Message:
    """Say which rule a value breaks, or what pydantic says where it breaks none of ours."""
    told: dict[str, Any] = {"where": where, "given": f"`{given}`"}
    texts = read_texts("rules")
    if (kind := next(filter(mistake.kind.startswith, texts), None)) is None:
        return say("{where}: {problem}, got {given}", problem=mistake.said, **told)
    told["rule"] = texts[kind].format(limit=str(next(iter(mistake.context.values()), "")))
    better = suggest_number(given) if mistake.kind.startswith("float") else None
    if better is None:
        return say("{where} must be {rule}, got {given}", **told)
    told["better"] = f"`{better}`"
    return say("{where} must be {rule}, got {given}: write a point, {better}", **told)


def _english_keys(given: str, keys: Sequence[str]) -> list[str]:
    """Give the keys that a word was meant for, in Danish or mistyped; none where none is near."""
    words = read_danish_words("keys_da.txt").items()
    meant = ((word, [key for key in some if key in keys]) for word, some in words)
    danish = {word: found for word, found in meant if found}
    if (word := "_".join(fold_id(given).replace("-", " ").split())) in danish:
        return danish[word]
    near = get_close_matches(word, [*keys, *danish], n=1, cutoff=_NEAR)
    if near and near[0] not in keys:
        return danish[near[0]]
    return get_close_matches(word, keys, n=1, cutoff=0.6)


def find_type(root: type[BaseModel], trail: Trail) -> Any:
    """Find the type of what stands at the end of a way. Returns none: the way leads nowhere."""
    model: Any = root
    for part in trail:
        model = model if part == "[key]" else _step(model, part)
    return model


def _keys_here(root: type[BaseModel], trail: Trail) -> list[str]:
    model = find_type(root, trail)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        known = (field for name, field in fields if str(part) in (field.alias or name, name))
        return next((_unwrapped(field.annotation) for field in known), None)
    arguments = [one for one in get_args(annotation) if one is not Ellipsis]
    return _unwrapped(arguments[-1]) if arguments else None


def _unwrapped(annotation: Any) -> Any:
    """Look through `Annotated[…]` and `… | None`."""
    arguments = [one for one in get_args(annotation) if one is not type(None)]
    if hasattr(annotation, "__metadata__"):
        return _unwrapped(annotation.__origin__)
    if type(None) in get_args(annotation) and len(arguments) == 1:
        return _unwrapped(arguments[0])
    return annotation
