"""Show a thing by its main figures: in a line, and in a notebook as a small table."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from raastof_geo.language import Readable

_LONGEST_LINE = 190
"""Letters of a line, at most: more is no glance any more."""


class Fact(NamedTuple):
    """What is told of a thing."""

    title: Readable
    value: str


class Shown:
    """A thing that is shown by its main figures, in the language that is spoken."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what it is called, which may be nothing, and its main figures by their weight."""
        raise NotImplementedError

    def __repr__(self) -> str:
        called, facts = self.show()
        told = ", ".join(f"{fact.title} {fact.value}" for fact in facts)
        line = f"{type(self).__name__} {called}".strip() + f": {told}"
        return f"<{line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + '…'}>"

    def _repr_html_(self) -> str:
        called, facts = self.show()
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(str(fact.title))}</th>'
            f'<td style="text-align:right">{escape(fact.value)}</td></tr>'
            for fact in facts
        )
        name = f"{type(self).__name__} {called}".strip()
        return f"<table><caption>{escape(name)}</caption><tbody>{rows}</tbody></table>"
