"""What is wrong with a part of a scenario, where below that part it stands, and how it is told.

And the commonest fault: lists are sets, nothing stands in them twice.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from raastof_geo.errors import Finding, InputError, Place, RaastofError, raise_all
from raastof_geo.language import Message, read_danish_words, read_texts, say, say_text
from raastof_geo.scenario.identity import EITHER, UnknownIdError, fold_id, join_choices, suggest
from raastof_geo.scenario.reading.tree import Trail, Tree, spell_trail
from raastof_geo.units import suggest_number

Item = TypeVar("Item", bound=Hashable)
Listed = TypeVar("Listed", bound=Sequence[Any])
Key = TypeVar("Key", bound=Hashable)
Mapped = TypeVar("Mapped")
_CLOSE = 0.8


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
        """Say where in a file it stands, below the part that was checked."""
        return tree.finding((*part, *self.below), self.message, of_key=self.of_key)


class FaultError(InputError):
    """Mistakes in a part of a scenario, each with the way to it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(*(fault.message for fault in faults))


def refuse_twice(entries: Listed, by: Callable[[Any], Hashable] = lambda one: one) -> Listed:
    """Check that no entry, or nothing that is read `by` them, stands in a list twice.

    Raises a fault for each that does.
    """
    first: dict[Hashable, int] = {}
    faults = []
    for number, entry in enumerate(map(by, entries)):
        if first.setdefault(entry, number) != number:
            key = "entry twice" if isinstance(entry, BaseModel) else "twice"
            told = say_text("said", key, entry=f"`{entry}`", number=first[entry] + 1)
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
            message = say_text("said", "same keys", key=f"`{key}`", first=f"`{first[meant]}`")
            faults.append(Fault(message, (str(key),), of_key=True))
    raise FaultError(*faults)


SetOf: TypeAlias = Annotated[tuple[Item, ...], AfterValidator(refuse_twice)]
"""A list in which nothing stands twice, in the order of the file."""
MapOf: TypeAlias = Annotated[dict[Key, Mapped], WrapValidator(refuse_keys_twice)]
"""A mapping by ids or names, in which no two keys mean the same."""


def explain_errors(
    error: ValidationError, tree: Tree, root: type[BaseModel], *, below: Trail = ()
) -> list[Finding]:
    """Say each mistake once, with its place; what follows from another one is left out.

    `root`: the type that was being read; `below`: where in the file its values stand.
    """
    findings: list[Finding] = []
    unknown: dict[tuple[str, str, Place | None], list[Finding]] = {}
    for detail in _without_echoes(error.errors(include_url=False), root):
        trail: Trail = ()
        for part in (*below, *(part for part in detail["loc"] if part != "[key]")):
            # An entry that stands alone where a list may stand has no number.
            alone = part == 0 and trail in tree.places and (*trail, part) not in tree.places
            trail = trail if alone else (*trail, part)
        problem = detail.get("ctx", {}).get("error")
        of_key = detail["loc"][-1:] == ("[key]",) or detail["type"] == "extra_forbidden"
        if isinstance(problem, RaastofError):
            plain = [Fault(one.message, of_key=of_key) for one in problem.findings]
            faults = problem.faults if isinstance(problem, FaultError) else plain
            found = [one.find_in(tree, trail) for one in faults]
        else:
            sentence = _sentence(detail, tree, root, trail, below)
            found = [Finding(sentence, tree.place(trail, of_key=of_key))]
        if isinstance(problem, UnknownIdError):
            celled = found[0].place if found[0].place and found[0].place.sheet is not None else None
            unknown.setdefault((problem.section, problem.given, celled), []).extend(found)
        else:
            findings += found
    for first, *others in unknown.values():
        lines = sorted({one.place.line for one in others if one.place is not None})
        named = {"problem": first.message, "lines": ", ".join(map(str, lines))}
        message = say("{problem} (line {lines} as well)", **named)
        findings.append(replace(first, message=message) if lines else first)
    # What a cell holds was told already, where it could not even be read.
    told = [one.place for one in tree.findings if one.place and one.place.sheet is not None]
    return [one for one in findings if one.place not in told]


def _without_echoes(
    details: Sequence[ErrorDetails], root: type[BaseModel]
) -> Iterator[ErrorDetails]:
    """Leave out keys missing as they are mistyped, lists too short as their entries are wrong."""
    meant = {
        (*detail["loc"][:-1], key)
        for detail in details
        if detail["type"] == "extra_forbidden"
        for key in _english_keys(str(detail["loc"][-1]), _keys_here(root, detail["loc"][:-1]))
    }
    for detail in details:
        missing = detail["type"] == "missing" and tuple(detail["loc"]) in meant
        if not missing and not (detail["type"] == "too_short" and detail.get("input")):
            yield detail


def _sentence(
    detail: ErrorDetails, tree: Tree, root: type[BaseModel], trail: Trail, below: Trail
) -> Message:
    where = spell_trail(trail)
    value = tree.written.get(trail) or detail.get("input")
    given = "null" if value is None else str(value)
    given = given if len(given) <= 60 else given[:57] + "…"
    told: dict[str, Any] = {"where": where, "given": f"`{given}`"}
    context, kind = detail.get("ctx", {}), detail["type"]
    if kind == "missing":
        return say("{where} is missing", where=where)
    if kind == "extra_forbidden":
        keys, key = _keys_here(root, trail[len(below) : -1]), str(trail[-1])
        hint = suggest(key, keys)
        if meant := [f"`{one}`" for one in _english_keys(key, keys)]:
            hint = say("; did you mean {close}?", close=join_choices(meant, EITHER))
        return say("{where} is not a key here{hint}", where=where, hint=hint)
    if kind == "literal_error":
        words = context["expected"].replace(" or ", ",").split(",")
        hint = suggest(given, [word.strip(" '") for word in words])
        expected = context["expected"].replace("'", "`").replace(" or ", ", ")
        told |= {"expected": expected, "hint": hint if "close" in hint.values else ""}
        return say("{where} must be one of {expected}, got {given}{hint}", **told)
    rules = (one for start, one in read_texts("rules").items() if kind.startswith(start))
    if (rule := next(rules, None)) is None:
        return say("{where}: {problem}, got {given}", problem=detail["msg"], **told)
    told["rule"] = rule.format(limit=str(next(iter(context.values()), "")))
    better = suggest_number(given) if kind.startswith("float") else None
    if better is not None:
        told["better"] = f"`{better}`"
        return say("{where} must be {rule}, got {given}: write a point, {better}", **told)
    return say("{where} must be {rule}, got {given}", **told)


def _english_keys(given: str, keys: Sequence[str]) -> list[str]:
    """Give the keys that a word was meant for, in Danish or mistyped; none where none is near."""
    words = read_danish_words("keys_da.txt").items()
    meant = ((word, [key for key in some if key in keys]) for word, some in words)
    danish = {word: found for word, found in meant if found}
    word = "_".join(fold_id(given).replace("-", " ").split())
    if word in danish:
        return danish[word]
    near = get_close_matches(word, [*keys, *danish], n=1, cutoff=_CLOSE)
    if near and near[0] not in keys:
        return danish[near[0]]
    return get_close_matches(word, keys, n=1, cutoff=0.6)


def find_type(root: type[BaseModel], trail: Trail) -> Any:
    """Give the type of what stands at the end of a way; none: the way leads nowhere."""
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
