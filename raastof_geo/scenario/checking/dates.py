"""Trucks that are not legal yet or any more, and places that are closed, in some periods."""

from collections.abc import Iterator

from raastof_geo.errors import Finding
from raastof_geo.language import Message, say
from raastof_geo.scenario.reading.refusal import finding_at
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.entry import OpenDays
from raastof_geo.scenario.scenario import Scenario


def check_dates(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find periods in which no truck may drive, and places that are never open."""
    for number, period in enumerate(scenario.periods):
        if not any(scenario.may_drive(one, period) for one in scenario.said.vehicles):
            yield finding_at(
                tree,
                ("periods", number),
                say(
                    "no truck of `vehicles` is legal in {period}: it has {trucks}. Add one that is",
                    period=f"`{period}`",
                    trucks=", ".join(f"`{one}`" for one in scenario.said.vehicles),
                ),
            )
    for trail, place in _places(scenario):
        if not scenario.open_periods(place):
            yield finding_at(
                tree,
                trail,
                say(
                    "it is open through no period of the scenario ({dates}): change the dates, "
                    "or leave it out",
                    dates=tell_dates(place),
                ),
            )


def note_dates(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find trucks that are not used in some periods, and places that count as closed in some."""
    for number, vehicle in enumerate(scenario.said.vehicles):
        idle = [one for one in scenario.periods if not scenario.may_drive(vehicle, one)]
        if idle:
            yield finding_at(
                tree,
                ("vehicles", number),
                say(
                    "{truck}, so it is not used in {periods}",
                    truck=_legal(scenario, vehicle),
                    periods=", ".join(idle),
                ),
            )
    for trail, place in _places(scenario):
        partly = [
            one
            for one, when in scenario.periods.items()
            if 0 < place.days_open(when.start, when.end) < when.days
        ]
        if partly:
            yield finding_at(
                tree,
                trail,
                say(
                    "it is open in a part of {periods} only ({dates}), and counts as closed "
                    "then: shorter periods are nearer to it",
                    periods=", ".join(partly),
                    dates=tell_dates(place),
                ),
            )


def tell_dates(place: OpenDays) -> Message:
    """Say from when to when a place is open."""
    dates = {"start": place.opens_on, "end": place.closes_on}
    if place.opens_on and place.closes_on:
        return say("closed before {start} and after {end}", **dates)
    if place.opens_on:
        return say("closed before {start}", **dates)
    return say("closed after {end}", **dates)


def _places(scenario: Scenario) -> Iterator[tuple[Trail, OpenDays]]:
    """Give every place that has days of its own."""
    for site_id, site in scenario.sites.items():
        for role in ("pit", "receiver", "plant", "depot"):
            place = getattr(site, role)
            if place is not None and (place.opens_on or place.closes_on):
                yield ("sites", site_id, role), place


def _legal(scenario: Scenario, vehicle: str) -> Message:
    truck = scenario.catalogue.vehicles[vehicle]
    name, dates = f"`{vehicle}`", {"start": truck.legal_from, "end": truck.legal_to}
    if truck.legal_from and truck.legal_to:
        return say("{truck} is legal from {start} to {end} only", truck=name, **dates)
    if truck.legal_to:
        return say("{truck} is legal to {end} only", truck=name, **dates)
    return say("{truck} is legal from {start} only", truck=name, **dates)
