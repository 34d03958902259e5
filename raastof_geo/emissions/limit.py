"""The limits that roads and sites set on the size of a truck: each is declared here, once.

Roads, tags, files, scenarios, trucks and messages read this declaration. To add a limit, add
an entry to `TRUCK_LIMITS`, with a new `Size` where the catalogue does not know that size yet.
"""

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
    day, note = datetime.date(2011, 1, 1), "legal maximum in Denmark"
    return Figure(value=value, unit=unit, source=source, valid_from=day, evidence="seen", note=note)


_GROSS = Size("gross_t", say("Weight in all"))
_EMPTY = Size("empty_t", say("Weight without load"))
_AXLES = Size("axle_count", say("Axles"))
_DAY = datetime.date(2026, 11, 1)
_HEAVIEST = Figure(
    value=10,
    unit="t",
    source="judgement",
    valid_from=_DAY,
    evidence="judgement",
    note="heaviest axle",
)
_AXLE = Size("axle_load_t", say("Axle load"), _HEAVIEST)
_TANDEM = "Retsinformation 139635 (2011), 164163 (2014): two axles 1.80-2.00 m apart"
_BOGIE = Size("bogie_load_t", say("Bogie load"), _legal(18, _TANDEM, "t"))
_HEIGHT = Size(
    "height_m", say("Height"), _legal(4.10, "Transportnyhederne 81919 (3 December 2025)")
)
_WIDTH = Size("width_m", say("Width"), _legal(2.55, "elov.dk, order on dimensions, section 10"))
_LENGTH = Size("length_m", say("Length"), _legal(18.75, "transportxxl.eu, truck and trailer"))


def _limit(name: str, title: Message, size: Size, tags: str, *room: Any, **more: Any) -> TruckLimit:
    """Declare a limit by its name, which ends in the unit, tags, and least and most values."""
    unit: Any = {"t": "t", "m": "m"}.get(name.rpartition("_")[2], "axles")
    return TruckLimit(name, title, unit, size, tuple(tags.split()), *room, **more)


_on_roads = partial(_limit, at_sites=False)
_RATED = "maxweightrating maxgcweightrating"
TRUCK_LIMITS: tuple[TruckLimit, ...] = (
    _limit("maxweight_t", say("weight"), _GROSS, "maxweight maxgcweight", 1, 200, with_load=True),
    _on_roads("maxweightrating_t", say("registered gross weight"), _GROSS, _RATED, 1, 200),
    _limit("maxaxleload_t", say("axle load"), _AXLE, "maxaxleload", 1, with_load=True),
    _limit("maxheight_m", say("height"), _HEIGHT, "maxheight maxheight:physical", 1.5, 10),
    _limit("maxwidth_m", say("width"), _WIDTH, "maxwidth maxwidth:physical", 1.5),
    _limit("maxlength_m", say("length"), _LENGTH, "maxlength", 3),
    _limit("maxbogieload_t", say("bogie load"), _BOGIE, "maxbogieweight", 2, with_load=True),
    _on_roads("maxempty_t", say("weight without load"), _EMPTY, "maxunladenweight", 0.5, 200),
    _on_roads("maxaxles", say("axles"), _AXLES, "maxaxles", 2, 20),
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
