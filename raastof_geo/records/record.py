"""What a record is called, which format it is written in, and what to do about another one."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from raastof_geo.errors import RecordError
from raastof_geo.language import Message, plain
from raastof_geo.records.values import read_within, show_value

Age: TypeAlias = Literal["same", "older", "newer", "foreign"]

_NUMBERED = re.compile(r"raastof_geo (?P<kind>\w+) (?P<number>0|[1-9]\d{0,5})")
_SHOWN = 40


@dataclass(frozen=True)
class Record:
    """A file that a run leaves, as its writer and its reader know it."""

    name: str
    """What the file is called in a results folder."""
    format: str
    """What is written now, such as `raastof_geo plan 3`; the number rises with the content."""
    most_bytes: int
    """More than it can honestly hold. [bytes]"""

    def read(self, path: Path, *, missing: Message) -> bytes:
        """Read its bytes, as `read_within`; `RecordError` with these words where it is missing."""
        try:
            return read_within(path, most_bytes=self.most_bytes)
        except FileNotFoundError as error:
            raise RecordError(missing) from error

    def judge(self, found: Any) -> Age:
        """Tell whether a format that was read is the one that is written now."""
        ours = _NUMBERED.fullmatch(self.format)
        match = _NUMBERED.fullmatch(found) if isinstance(found, str) else None
        if ours is None or match is None or match["kind"] != ours["kind"]:
            return "foreign"
        if found == self.format:
            return "same"
        return "newer" if int(match["number"]) > int(ours["number"]) else "older"

    def check_format(self, found: Any, *, file: str, version: Any = None) -> None:
        """Refuse, as `RecordError`, a record of another format, and say what to do."""
        age = self.judge(found)
        if age != "same":
            raise RecordError.saying_text(
                "formats",
                age,
                file=file,
                found=show_value(found),
                wanted=show_value(self.format),
                version=f" ({plain(version)[:_SHOWN]})" if isinstance(version, str) else "",
            )
