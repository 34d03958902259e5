"""Read a YAML 1.2 file into plain values, and remember where each one stood."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Self, TypeAlias
from raastof_geo.errors import Finding, InputError, Place, ScenarioError, tell_reason
from raastof_geo.language import Message, plain, say, say_text
from raastof_geo.scenario.reading import nodes
from raastof_geo.scenario.reading.nodes import Node, Scalar, is_word, loosen_colon, say_colon
from raastof_geo.units import join_at_comma

Trail: TypeAlias = tuple[str | int, ...]
LARGEST_FILE_BYTES = 3_000_000
"""Five times a scenario of 1,600 sites with six needs or offers each; read in seconds."""

_NO_TEXT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LONGEST_QUOTE = 200
_TIGHT_DASH = re.compile(r"-[^\s-]")
_SOURCED = frozenset(("value", "by_year", "speed_km_h"))
"""Keys by which a mapping is a sourced number."""
Entries: TypeAlias = dict[str, tuple[Scalar, Node]]


@dataclass
class Tree:
    """The plain values of a file, where each stood, and what was wrong with their form."""

    file: str
    values: dict[str, Any] = field(default_factory=dict)
    keys: dict[Trail, Place] = field(default_factory=dict)
    """Where the key of a value stands (of a list item: the item itself)."""
    places: dict[Trail, Place] = field(default_factory=dict)
    """Where a value stands."""
    written: dict[Trail, str] = field(default_factory=dict)
    """A scalar as it was typed, or its beginning."""
    findings: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    """What was noticed on reading and is no mistake."""
    digest: str = ""

    def put(self, trail: Trail, value: Any, place: Place) -> Any:
        """Put a value at the end of a way; a list grows. Returns what stands in the way, if any."""
        part: Any = self.values
        key: Any
        for end, key in enumerate(trail, 1):
            if isinstance(part, list):
                part += [None] if key == len(part) else []
            elif not isinstance(part, dict):
                return part
            if (there := part[key] if isinstance(part, list) else part.get(key)) is None:
                part[key] = value if end == len(trail) else {}
                self.keys[trail[:end]] = self.places[trail[:end]] = place
            elif end == len(trail):
                return there
            part = part[key]
        return None

    def place(self, path: Trail, *, of_key: bool = False) -> Place:
        """Find where a value stands. Returns its place, or the nearest known one around it."""
        known = self.keys if of_key else self.places
        nearer = (path[:length] for length in range(len(path), -1, -1))
        root = self.places.get((), Place(self.file, 0, 0))
        return next((known[trail] for trail in nearer if trail in known), root)

    def repeat(self, other: Self, known: Trail, below: Trail) -> None:
        """Take over what a tree, or this one, knows of places below a way, below another way."""
        both: list[tuple[dict[Trail, Any], dict[Trail, Any]]]
        both = [(self.keys, other.keys), (self.places, other.places), (self.written, other.written)]
        for here, there in both:
            found = [one for one in there.items() if one[0][: len(known)] == known]
            here.update({(*below, *trail[len(known) :]): at for trail, at in found})

    def tell(self, place: Place, *messages: Message) -> None:
        """Note what is wrong at a place."""
        self.findings += [Finding(one, place) for one in messages]

    def finding(self, trail: Trail, problem: Message, *, of_key: bool = False) -> Finding:
        """Say what is wrong with a part. Returns that with the way to it, and where it stands."""
        message = say("{where}: {problem}", where=spell_trail(trail), problem=problem)
        return Finding(message, self.place(trail, of_key=of_key))

    @contextmanager
    def telling(self, at: Place | Trail) -> Iterator[None]:
        """Note what an `InputError` says as wrong at a place, or with a part."""
        try:
            yield
        except InputError as error:
            told = [one.message for one in error.findings]
            if isinstance(at, Place):
                self.tell(at, *told)
            else:
                self.findings += [self.finding(at, one) for one in told]


def spell_trail(trail: Trail) -> str:
    """Write `sites.harbour.needs[0].use`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{str(part)[:80]}" for part in trail)
    return "".join(parts).removeprefix(".")


def find_beside(home: Path, name: Path, *, anywhere: bool) -> Path:
    """Find a file that a scenario names, or raise an `InputError`: not there, or not to be read.

    A stranger's scenario makes us read no file elsewhere, unless it may name them `anywhere`.
    """
    file = (home / name).resolve()
    if not (anywhere or file.is_relative_to(home)):
        raise InputError.saying_text("files beside", "outside")
    if not file.is_file():
        raise InputError.saying_text("files beside", "none", file=f"`{name.as_posix()}`")
    return file


def read_tree(path: Path, *, shown_as: str | None = None) -> Tree:
    """Read a YAML file. Returns its tree, with what could be mended; raises `ScenarioError`."""
    name = shown_as or path.as_posix()
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        key = "folder" if path.is_dir() else "none" if missing else "closed"
        reason = tell_reason(error)
        raise ScenarioError.saying_text("yaml", key, file=name, reason=reason) from error
    if len(raw) > LARGEST_FILE_BYTES:
        most_mb = LARGEST_FILE_BYTES // 1_000_000
        raise ScenarioError.saying_text("yaml", "large", file=name, limit=most_mb)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        # In UTF-16 half of the bytes are 0, in text none.
        key = "no text" if 0 < raw.count(0) < len(raw) / 4 else "no utf8"
        raise nodes.refused(key, Place(name, line, column)) from error
    tree = parse_tree(text, file=name)
    tree.digest = hashlib.sha256(raw).hexdigest()
    return tree


def parse_tree(text: str, *, file: str) -> Tree:
    """Read YAML out of a text, as `read_tree` out of a file. Returns a tree without a digest."""
    if (found := _NO_TEXT.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        place = Place(file, line, found.start() - text.rfind("\n", 0, found.start()))
        raise ScenarioError(Finding(_no_text(found[0]), place))
    composer = nodes.Composer(text, file)
    root, findings = composer.compose_document(), composer.findings
    if root is None:
        raise nodes.refused("empty", Place(file, 1, 1))
    if not isinstance(root, nodes.Mapping):
        loosened = loosen_colon(root.text) if is_word(root) else None
        told = say_colon(*loosened) if loosened else say_text("yaml", "no mapping")
        raise ScenarioError(*findings, Finding(told, root.place))
    tree = Tree(file, findings=findings)
    tree.values = _Planter(tree).value(root, ())
    return tree


def _no_text(character: str) -> Message:
    return say_text("yaml", "character", code=f"U+{ord(character):04X}")


class _Planter:
    """Turn nodes into plain values, and write down in the tree where they stood."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.count = 0
        self.known: dict[nodes.Mapping, Entries] = {}
        """The entries of each mapping, so that one that is repeated is looked at once."""
        self.told: set[Place] = set()

    def value(self, node: Node, path: Trail) -> Any:
        self._spend(1, node, len(path))
        self.tree.places[path] = node.place
        if node.tag not in (None, "!"):
            tag = plain(node.tag.replace("tag:yaml.org,2002:", "!!"))[:60]
            self._tell(say_text("yaml", "tag", tag=f"`{tag}`"), node)
        if isinstance(node, Scalar):
            self.tree.written[path] = plain(node.text[:_LONGEST_QUOTE])
            text = self._text(node)
            plain_word = node.plain and node.tag is None
            return nodes.keep_written(nodes.read_plain(text), text) if plain_word else text
        if isinstance(node, nodes.Sequence):
            items = [*chain.from_iterable(map(self._parted_item, node.items))]
            for index, item in enumerate(items):
                self.tree.keys[(*path, index)] = item.place
            return [self.value(item, (*path, index)) for index, item in enumerate(items)]
        values: dict[str, Any] = {}
        for key, (key_node, value_node) in self._entries(node, 0).items():
            self.tree.keys[(*path, key)] = key_node.place
            values[key] = self.value(value_node, (*path, key))
        return values

    def _text(self, node: Scalar) -> str:
        """Refuse what no file can hold, such as half a character written as a code."""
        if (found := _NO_TEXT.search(node.text)) is not None:
            raise ScenarioError(*self.tree.findings, Finding(_no_text(found[0]), node.place))
        return node.text

    def _entries(self, node: nodes.Mapping, level: int) -> Entries:
        """Give what a mapping holds: what `<<` brings, and its own above that."""
        if node not in self.known:
            self._spend(0, node, level)
            own, merged = self._own(node)
            brought: Entries = {}
            for source in merged:
                entries = self._entries(source, level + 1)
                self._spend(len(entries), node)
                for key, entry in entries.items():
                    brought.setdefault(key, entry)
            self.known[node] = {**brought, **own}
        return self.known[node]

    def _own(self, node: nodes.Mapping) -> tuple[Entries, list[nodes.Mapping]]:
        own: Entries = {}
        merged: list[nodes.Mapping] = []
        for key_node, value_node in self._mended_entries(node):
            if (key := self._text(key_node)) == "<<" and key_node.plain:
                merged += self._merged(value_node)
            elif key in own:
                first = str(own[key][0].place.line)
                self._tell(say_text("yaml", "key twice", key=f"`{key[:80]}`", line=first), key_node)
            else:
                own[key] = (key_node, value_node)
        return own, merged

    def _merged(self, node: Node) -> list[nodes.Mapping]:
        listed = node.items if isinstance(node, nodes.Sequence) else [node]
        self._spend(len(listed), node)
        for other in (one for one in listed if not isinstance(one, nodes.Mapping)):
            self._tell(say_text("yaml", "merge"), other)
        return [one for one in listed if isinstance(one, nodes.Mapping)]

    def _mended_entries(self, node: nodes.Mapping) -> list[tuple[Scalar, Node]]:
        """Give keys and values, the commonest slips told and mended, so that nothing follows."""
        entries: list[tuple[Scalar, Node]] = []
        for key, value in node.entries:
            if not isinstance(key, Scalar):
                self._tell(say_text("yaml", "key"), key)
                continue
            if key.plain and not node.braces and _TIGHT_DASH.match(key.text):
                message = nodes.say_dash(key.text[1:] + ":")
                raise ScenarioError(*self.tree.findings, Finding(message, key.place))
            if node.braces and key.plain and is_word(value) and not (value.text or value.tag):
                self._mend_alone(entries, key, value)
            else:
                entries.append((key, self._mended_value(key, value)))
        return entries

    def _mend_alone(self, entries: list[tuple[Scalar, Node]], key: Scalar, empty: Node) -> None:
        """Mend what is one long key to YAML: the rest of a number, or `{use:fill}`."""
        if self._mend_comma(entries, key):
            return
        if (loosened := loosen_colon(key.text)) is None:
            entries.append((key, self._mended_value(key, empty)))
        else:
            self._tell(say_colon(*loosened), key)
            entries.append(_pair(loosened, key.place))

    def _mend_comma(self, entries: list[tuple[Scalar, Node]], rest: Scalar) -> bool:
        """Take `{amount: 35,5 t}`, which is `{amount: 35, 5 t: }` to YAML, for one value."""
        key, before = entries[-1] if entries else (rest, None)
        if not is_word(before) or before.tag:
            return False
        if (meant := join_at_comma(before.text, rest.text)) is None:
            return False
        alone = "comma" if rest.text[-1:].isdigit() else "comma or quotes"
        given, large, small = f"`{before.text},{rest.text}`", f"`{meant[0]}`", f"`{meant[-1]}`"
        key_of_text = "comma or" if len(meant) > 1 else alone
        told = say_text("yaml", key_of_text, given=given, meant=large, large=large, small=small)
        self._tell(told, before)
        entries[-1] = (key, Scalar(before.place, meant[0], plain=True))
        return True

    def _mended_value(self, key: Scalar, value: Node) -> Node:
        """Take `-fill` on a line of its own, which is a text to YAML, for a list."""
        if not (is_word(value) and value.place.line > key.place.line):
            return value
        if _TIGHT_DASH.match(value.text):
            self._tell(nodes.say_dash(value.text[1:].split(" -")[0]), value)
            parts = re.split(r"(?:^|\s)-\s*", value.text)[1:]
            return nodes.Sequence(value.place, [Scalar(value.place, one, True) for one in parts])
        return self._mended_item(value)

    def _parted_item(self, item: Node) -> list[Node]:
        """Part an item whose dashes do not stand below each other, which is one to YAML."""
        if not (is_word(item) and item.lines > 1 and " - " in item.text):
            return [self._mended_item(item)]
        self._tell(say_text("yaml", "dashes"), item)
        return [Scalar(item.place, one, plain=True) for one in item.text.split(" - ")]

    def _mended_item(self, item: Node) -> Node:
        """Take `- use:fill`, which is a text to YAML, for a key and its value."""
        if not is_word(item):
            return item
        if (loosened := loosen_colon(item.text)) is None:
            return item
        if item.lines > 1:
            raise ScenarioError(*self.tree.findings, Finding(say_colon(*loosened), item.place))
        self._tell(say_colon(*loosened), item)
        return nodes.Mapping(item.place, [_pair(loosened, item.place)])

    def _spend(self, values: int, node: Node, level: int = 0) -> None:
        self.count += values
        if self.count > nodes.MOST_VALUES:
            raise nodes.refused("repeats", node.place)
        if level > nodes.MOST_LEVELS:
            raise nodes.refused("deep", node.place, limit=nodes.MOST_LEVELS)

    def _tell(self, message: Message, node: Node) -> None:
        if node.place not in self.told:
            self.told.add(node.place)
            self.tree.findings.append(Finding(message, node.place))


def _pair(key_and_value: tuple[str, str], place: Place) -> tuple[Scalar, Node]:
    key, value = key_and_value
    return Scalar(place, key, plain=True), Scalar(place, value, plain=True)


def merge_values(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, key by key. Returns both; lists replace as a whole."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        inside = both and _SOURCED.isdisjoint(value)
        merged[key] = merge_values(merged[key], value) if inside else value
    return merged
