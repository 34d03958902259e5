"""The limits that roads and sites set on the size of a truck: each is declared here, once.

Roads, tags, files, scenarios, trucks and messages read this declaration. To add a limit, add
an entry to `TRUCK_LIMITS`, with a new `Size` where the catalogue does not know that size yet.
"""

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, create_model

from raastof_geo.figures.figure import Figure
from raastof_geo.language import Message, say

M = TypeVar("M", bound=BaseModel)


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


def _legal(value: float, source: str, unit: str = "m") -> Figure:
    """Give the largest Danish trucks' size, for those whose own is not said."""
    return Figure(
        value=value,
        unit=unit,
        source=source,
        valid_from=datetime.date(2011, 1, 1),
        evidence="seen",
        note="legal maximum in Denmark",
    )


_GROSS = Size("gross_t", say("Weight in all"))
_EMPTY = Size("empty_t", say("Weight without load"))
_AXLES = Size("axle_count", say("Axles"))
_AXLE = Size(
    "axle_load_t",
    say("Axle load"),
    Figure(
        value=10,
        unit="t",
        source="judgement",
        valid_from=datetime.date(2026, 11, 1),
        evidence="judgement",
        note="heaviest axle",
    ),
)
_BOGIE = Size(
    "bogie_load_t",
    say("Bogie load"),
    _legal(18, "Retsinformation 139635 (2011), 164163 (2014): two axles 1.80-2.00 m apart", "t"),
)
_HEIGHT = Size(
    "height_m", say("Height"), _legal(4.10, "Transportnyhederne 81919 (3 December 2025)")
)
_WIDTH = Size("width_m", say("Width"), _legal(2.55, "elov.dk, order on dimensions, section 10"))
_LENGTH = Size("length_m", say("Length"), _legal(18.75, "transportxxl.eu, truck and trailer"))

TRUCK_LIMITS: tuple[TruckLimit, ...] = (
    TruckLimit(
        "maxweight_t",
        say("weight"),
        "t",
        _GROSS,
        ("maxweight", "maxgcweight"),
        least=1,
        most=200,
        with_load=True,
    ),
    TruckLimit(
        "maxweightrating_t",
        say("registered gross weight"),
        "t",
        _GROSS,
        ("maxweightrating", "maxgcweightrating"),
        least=1,
        most=200,
        at_sites=False,
    ),
    TruckLimit("maxaxleload_t", say("axle load"), "t", _AXLE, ("maxaxleload",), 1, with_load=True),
    TruckLimit(
        "maxheight_m", say("height"), "m", _HEIGHT, ("maxheight", "maxheight:physical"), 1.5, 10
    ),
    TruckLimit("maxwidth_m", say("width"), "m", _WIDTH, ("maxwidth", "maxwidth:physical"), 1.5),
    TruckLimit("maxlength_m", say("length"), "m", _LENGTH, ("maxlength",), 3),
    TruckLimit(
        "maxbogieload_t", say("bogie load"), "t", _BOGIE, ("maxbogieweight",), 2, with_load=True
    ),
    TruckLimit(
        "maxempty_t",
        say("weight without load"),
        "t",
        _EMPTY,
        ("maxunladenweight",),
        least=0.5,
        most=200,
        at_sites=False,
    ),
    TruckLimit(
        "maxaxles", say("axles"), "axles", _AXLES, ("maxaxles",), least=2, most=20, at_sites=False
    ),
)
"""Limits on the size of a truck: actual mass, registered gross weight, axle load, its box, load on
two axles, mass without load, and number of axles."""

SIZES: tuple[Size, ...] = tuple({limit.size.name: limit.size for limit in TRUCK_LIMITS}.values())
"""The sizes that limits are held against, each once."""


def with_fields(fields: Mapping[str, tuple[Any, Any]]) -> Callable[[type[M]], type[M]]:
    """Give a model more fields, after its own: type and default (or `Field`) by name."""

    def add(model: type[M]) -> type[M]:
        more: dict[str, Any] = dict(fields)
        name, doc, module = model.__name__, model.__doc__, model.__module__
        return create_model(name, __base__=model, __doc__=doc, __module__=module, **more)

    return add
