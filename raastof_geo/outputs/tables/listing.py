"""Name the figures that `raastof explain` knows."""

from __future__ import annotations

from raastof_geo.language import Message, Readable, say
from raastof_geo.outputs.documents.effects import COSTS, EFFECTS

_OTHERS: dict[str, Message] = {
    "tonnes": say("Tonnes moved"),
    "drive_h": say("Driving time"),
    "reference_tonnes": say("Needs met, in reference material"),
    "secondary_reference_tonnes": say("– of which by secondary materials"),
    "secondary_tonnes": say("Secondary material put to use"),
    "sold_dkk": say("Material sold"),
}


def name_figure(part: str) -> Readable:
    """Give what people call a part of the books, without the unit of its tables."""
    names = {**_OTHERS, **{part: name for part, name, *_ in EFFECTS}, **dict(COSTS)}
    return str(names.get(part, "")).partition(" [")[0].removeprefix("– ").strip()
