"""Read a YAML file into plain values, and remember where each one stood.

The only module that knows the YAML reader. YAML 1.2 holds: `NO` is a text,
`1e3` a number, `12:30:00` a text; two equal keys are refused; dates stay text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from raastof_geo.errors import Finding, Place, ScenarioError
from raastof_geo.language import say

Trail: TypeAlias = tuple[str | int, ...]

LARGEST_FILE_BYTES = 20_000_000
MOST_VALUES = 300_000


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
    """A scalar as it was typed."""
    findings: list[Finding] = field(default_factory=list)
    digest: str = ""

    def place(self, path: Trail, *, of_key: bool = False) -> Place:
        """Find the nearest known place of a value, going up where it has none of its own."""
        known = self.keys if of_key else self.places
        for length in range(len(path), -1, -1):
            if path[:length] in known:
                return known[path[:length]]
        return Place(self.file, 1, 1)


def read_tree(path: Path, *, shown_as: str | None = None) -> Tree:
    """Read a YAML file.

    Raises
    ------
    ScenarioError
        The file is missing, too large, not UTF-8, not YAML, or not a mapping.
    """
    name = shown_as or path.as_posix()
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ScenarioError(
                say(
                    "{file} is larger than {limit} MB: is it a scenario?",
                    file=name,
                    limit=LARGEST_FILE_BYTES // 1_000_000,
                )
            )
        raw = path.read_bytes()
    except OSError as error:
        raise ScenarioError(_unreadable(path, name, error)) from error
    tree = parse_tree(_decoded(raw, name), file=name)
    tree.digest = hashlib.sha256(raw).hexdigest()
    return tree


def _unreadable(path: Path, name: str, error: OSError) -> Finding:
    if path.is_dir():
        return Finding(say("{file} is a folder: name a scenario file in it", file=name))
    if isinstance(error, FileNotFoundError):
        return Finding(say("{file} does not exist: check the name and the folder", file=name))
    return Finding(
        say("{file} cannot be read: {reason}", file=name, reason=error.strerror or str(error))
    )


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise ScenarioError(
            Finding(
                say("the file must be UTF-8: save it as UTF-8 in your editor"),
                Place(name, line, column),
            )
        ) from error


def parse_tree(text: str, *, file: str) -> Tree:
    """Read YAML out of a text."""
    try:
        yaml = YAML(typ="rt", pure=True)
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        raise ScenarioError(_broken(error, file)) from error
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScenarioError(
            Finding(say("this is not YAML: {problem}", problem=reason), Place(file, 1, 1))
        ) from error
    tree = Tree(file)
    if root is None:
        raise ScenarioError(
            Finding(
                say("the file is empty: `raastof new NAME` writes one to start from"),
                Place(file, 1, 1),
            )
        )
    if not isinstance(root, MappingNode):
        raise ScenarioError(
            Finding(
                say("a scenario is a list of `key: value`, beginning with `title:`"),
                _place(root, file),
            )
        )
    tree.values = _Planter(tree).value(root, ())
    return tree


def _broken(error: MarkedYAMLError, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    return Finding(
        say(
            "this is not YAML: {problem}; look for a missing colon, quote or indent here or above",
            problem=str(error.problem or error.context),
        ),
        place,
    )


def _place(node: Node, file: str) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


class _Planter:
    """Turn YAML nodes into plain values, and write down in the tree where they stood."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.count = 0
        self.open_nodes: set[int] = set()

    def value(self, node: Node, path: Trail) -> Any:
        self.count += 1
        if self.count > MOST_VALUES or len(path) > 50 or id(node) in self.open_nodes:
            raise ScenarioError(
                Finding(
                    say("the file refers to itself too often: write the values out"),
                    _place(node, self.tree.file),
                )
            )
        self.tree.places[path] = _place(node, self.tree.file)
        if isinstance(node, ScalarNode):
            self.tree.written[path] = node.value
            return _scalar(node)
        self.open_nodes.add(id(node))
        value: Any = None
        if isinstance(node, MappingNode):
            value = self._mapping(node, path)
        elif isinstance(node, SequenceNode):
            value = self._sequence(node, path)
        self.open_nodes.discard(id(node))
        return value

    def _sequence(self, node: SequenceNode, path: Trail) -> list[Any]:
        for index, item in enumerate(node.value):
            self.tree.keys[(*path, index)] = _place(item, self.tree.file)
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Trail) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in self._entries(node):
            if key_node.value == "<<" and key_node.style is None:
                values = {**self._merged(value_node, path), **values}
        for key_node, value_node in self._entries(node):
            if key_node.value == "<<" and key_node.style is None:
                continue
            key = key_node.value
            place = _place(key_node, self.tree.file)
            if (*path, key) in self.tree.keys:
                self.tree.findings.append(
                    Finding(
                        say(
                            "{key} stands here twice, first in line {line}: keep one of them",
                            key=f"`{key}`",
                            line=str(self.tree.keys[(*path, key)].line),
                        ),
                        place,
                    )
                )
                continue
            self.tree.keys[(*path, key)] = place
            values[key] = self.value(value_node, (*path, key))
        return values

    def _entries(self, node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
        for key_node, value_node in node.value:
            if isinstance(key_node, ScalarNode):
                yield key_node, value_node
            else:
                self.tree.findings.append(
                    Finding(
                        say("a key must be a single word or number"),
                        _place(key_node, self.tree.file),
                    )
                )

    def _merged(self, node: Node, path: Trail) -> dict[str, Any]:
        if isinstance(node, SequenceNode):
            merged: dict[str, Any] = {}
            for item in node.value:
                merged = {**self._merged(item, path), **merged}
            return merged
        if isinstance(node, MappingNode):
            return self._mapping_without_marks(node, path)
        self.tree.findings.append(
            Finding(say("`<<` needs a mapping to take values from"), _place(node, self.tree.file))
        )
        return {}

    def _mapping_without_marks(self, node: MappingNode, path: Trail) -> dict[str, Any]:
        branch = Tree(self.tree.file)
        values = _Planter(branch).value(node, path)
        self.tree.places.update(
            {at: place for at, place in branch.places.items() if at not in self.tree.places}
        )
        self.tree.written.update(
            {at: text for at, text in branch.written.items() if at not in self.tree.written}
        )
        return dict(values)


def _scalar(node: ScalarNode) -> Any:
    tag = str(node.tag).rsplit(":", 1)[-1]
    text = str(node.value)
    if node.style is not None:
        return text
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        return _whole_number(text)
    if tag == "float":
        return _decimal_number(text)
    return text


def _whole_number(text: str) -> int | str:
    plain = text.lower().lstrip("+-")
    if "_" in text or (len(plain) > 1 and plain[0] == "0" and plain.isdigit()):
        return text
    return int(text, 0)


def _decimal_number(text: str) -> float | str:
    try:
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text


def merge_values(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, key by key; lists and numbers replace as a whole."""
    merged = dict(below)
    for key, value in above.items():
        if (
            isinstance(value, Mapping)
            and isinstance(merged.get(key), Mapping)
            and not _is_figure(value)
        ):
            merged[key] = merge_values(merged[key], value)
        else:
            merged[key] = value
    return merged


def _is_figure(value: Mapping[str, Any]) -> bool:
    """Tell whether a mapping is a sourced number, which is replaced as a whole."""
    return "value" in value or "by_year" in value or "speed_km_h" in value
