"""Other forms of a scenario: what is assumed, written or scaled otherwise in each."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from raastof_geo.errors import raise_all
from raastof_geo.language import say_text
from raastof_geo.scenario.fault import Fault, FaultError
from raastof_geo.scenario.said import part
from raastof_geo.scenario.said.assumption import AmountFilter, Level


class Scaled(part.Part):
    """Amounts, and what they are multiplied by."""

    amounts: AmountFilter
    by: Annotated[Level, Field(ge=0, le=1000)]


class Variant(part.Part):
    """What is otherwise in another form of the scenario."""

    name: str = Field(default="", max_length=200)
    """What people call it; none: its key."""
    assume: dict[str, Level] = Field(default_factory=dict)
    """Other numbers of `assumptions`, by their keys."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Other values by path, such as `targets.secondary_share.at_least`."""
    scale: Annotated[tuple[Scaled, ...], part.ONE_OR_SEVERAL] = ()
    sweep: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Lists of numbers of assumptions or of values by path: a form for each choice of one each."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        raise_all(FaultError, self._faults())
        return self

    def _faults(self) -> Iterator[Fault]:
        if not (self.assume or self.set or self.scale or self.sweep):
            yield Fault(say_text("variations", "nothing"))
        for key in self.sweep.keys() & (self.assume.keys() | self.set.keys()):
            yield Fault(say_text("variations", "said twice", key=f"`{key}`"), ("sweep", key))
