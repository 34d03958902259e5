"""An offer or a need as it stands in the file, and the scenario in which some are otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.entry import NeedEntry, OfferEntry
from raastof_geo.scenario.said.part import Consent
from raastof_geo.scenario.scenario import Demand, Scenario

Due = OfferEntry | NeedEntry


class Entry(NamedTuple):
    """Where an offer or a need stands in the file."""

    site: str
    role: Role
    number: int
    """Its place in the list of its site, from 0 on."""


class Otherwise(NamedTuple):
    """How an entry is otherwise."""

    shift: int
    """Periods by which its window is moved."""
    value: float
    """Its amount, in the unit of the file."""


def list_entries(scenario: Scenario) -> Iterator[Entry]:
    """List the offers and needs of a scenario, in the order of the file."""
    for site, said in scenario.sites.items():
        yield from (Entry(site, Role.OFFER, at) for at in range(len(said.offers)))
        yield from (Entry(site, Role.NEED, at) for at in range(len(said.needs)))


def demand_of(scenario: Scenario, entry: Entry) -> Demand:
    """Give what decides which materials may serve an entry that is a need."""
    return scenario.demand(entry.site, scenario.sites[entry.site].needs[entry.number])


def said_of(scenario: Scenario, entry: Entry) -> Due:
    """Give what the file says of an entry."""
    site = scenario.sites[entry.site]
    due: tuple[Due, ...] = site.offers if entry.role is Role.OFFER else site.needs
    return due[entry.number]


def window_of(due: Due, periods: tuple[str, ...]) -> tuple[int, int]:
    """Give the numbers of the first and the last period of a window."""
    inside = due.periods(periods)
    return periods.index(inside[0]), periods.index(inside[-1])


def move_window(window: tuple[int, int], shift: int, count: int) -> tuple[int, int] | None:
    """Move a window among so many periods; what passes their end is cut; none: nothing is left.

    >>> move_window((0, 2), 1, 3), move_window((2, 2), 1, 3)
    ((1, 2), None)
    """
    first, last = window
    moved = max(0, first + shift), min(count - 1, last + shift)
    return moved if moved[0] <= moved[1] and (moved != window or not shift) else None


def widen(scenario: Scenario, entries: Sequence[Entry]) -> Scenario:
    """Give the scenario with every window a period wider at both ends, and every condition met."""
    periods, conditions = tuple(scenario.periods), scenario.catalogue.conditions
    changed = {}
    for entry in entries:
        due = said_of(scenario, entry)
        first, last = window_of(due, periods)
        ends = {
            "first": periods[max(0, first - 1)],
            "last": periods[min(len(periods) - 1, last + 1)],
        }
        if isinstance(due, NeedEntry):
            known = {one.condition for one in due.accepts}
            more = (Consent(condition=one) for one in conditions if one not in known)
            ends["accepts"] = (*due.accepts, *more)  # type: ignore[assignment]
        changed[entry] = due.model_copy(update=ends)
    return _with(scenario, changed)


def put(scenario: Scenario, states: Mapping[Entry, Otherwise]) -> Scenario:
    """Give the scenario with some entries in other states; a window that cannot move stays."""
    periods, changed = tuple(scenario.periods), {}
    for entry, state in states.items():
        due = said_of(scenario, entry)
        quantity = replace(due.quantity, value=state.value)
        update: dict[str, object] = {due.amount_key: quantity}
        moved = move_window(window_of(due, periods), state.shift, len(periods))
        if state.shift and moved is not None:
            update |= {"first": periods[moved[0]], "last": periods[moved[1]]}
        changed[entry] = due.model_copy(update=update)
    return _with(scenario, changed)


def _with(scenario: Scenario, changed: Mapping[Entry, Due]) -> Scenario:
    """Put entries in the place of others; what follows from sites left alone is kept."""
    sites = dict(scenario.sites)
    for entry, due in changed.items():
        site = sites[entry.site]
        key = f"{entry.role}s"
        listed = list(getattr(site, key))
        listed[entry.number] = due
        sites[entry.site] = site.model_copy(update={key: tuple(listed)})
    other = scenario.saying(sites=sites)
    touched = {entry.site for entry in changed}
    if len(touched) < len(sites):
        part = scenario.saying(sites={site: sites[site] for site in touched})
        offers = _splice(sites, touched, scenario.offers, part.offers)
        needs = _splice(sites, touched, scenario.needs, part.needs)
        vars(other).update(offers=offers, needs=needs)
    return other


def _splice(
    sites: Iterable[str], touched: Collection[str], before: Iterable[Any], after: Iterable[Any]
) -> tuple[Any, ...]:
    grouped: dict[str, list[Any]] = {site: [] for site in sites}
    for one in before:
        if one.site not in touched:
            grouped[one.site].append(one)
    for one in after:
        grouped[one.site].append(one)
    return tuple(chain.from_iterable(grouped.values()))
