"""The limits that roads and sites set on the size of a truck: each is declared here, once.

Roads, tags, files, scenarios, trucks and messages read this declaration. To add a limit, add
a table to `data/limits.toml`, and its title, and that of a size that is new, to `data/texts.txt`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from pydantic import BaseModel, create_model
from raastof_geo.figures.figure import Figure
from raastof_geo.language import Message, read_data, read_texts

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True)
class Size:
    """A size of a truck in the catalogue, which limits are held against."""

    name: str
    """Field of `Vehicle`."""
    title: Message
    default: Figure | None = None
    """That of trucks whose own is not said; none: `Vehicle` itself asks every truck for it."""


@dataclass(frozen=True)
class TruckLimit:
    """A kind of limit: how it is called, how it is tagged, and what it is held against."""

    name: str
    """What scenarios and network files call it."""
    title: Message
    unit: Literal["t", "m", "axles"]
    size: Size
    tags: tuple[str, ...]
    """Those of OpenStreetMap that set it, without suffixes; the lowest counts. What follows `max`
    is how conditions call the size, as in `weight>7.5`."""
    least: float
    most: float = math.inf
    """Values outside are hardly meant, and are reported as doubtful. [`unit`]"""
    with_load: bool = False
    """Whether the size shrinks with the weight of an empty truck."""
    at_sites: bool = True
    """Whether a site can set it too (`truck_limits`), or roads alone."""


def _read_limits() -> Iterator[TruckLimit]:
    said, titles = read_data("limits.toml"), read_texts("truck limits")
    known = {name: Figure(**figure) for name, figure in said["sizes"].items()}
    called = read_texts("truck sizes").items()
    sizes = {name: Size(name, title, known.get(name)) for name, title in called}
    for name, one in said["limits"].items():
        size, tags = sizes[one.pop("size")], tuple(one.pop("tags"))
        yield TruckLimit(name, titles[name], size=size, tags=tags, **one)


TRUCK_LIMITS: tuple[TruckLimit, ...] = tuple(_read_limits())
"""Limits on the size of a truck: actual mass, registered gross weight, axle load, its box, load on
two axles, mass without load, and number of axles."""

SIZES: tuple[Size, ...] = tuple({limit.size.name: limit.size for limit in TRUCK_LIMITS}.values())
"""The sizes that limits are held against, each once."""


def with_fields(fields: Mapping[str, tuple[Any, Any]]) -> Callable[[type[_M]], type[_M]]:
    """Add fields to a model, type and default (or `Field`) by name. Returns what decorates it."""

    def add(model: type[_M]) -> type[_M]:
        more: dict[str, Any] = dict(fields)
        name, doc, module = model.__name__, model.__doc__, model.__module__
        return create_model(name, __base__=model, __doc__=doc, __module__=module, **more)

    return add
