"""Where no plan exists, find the least that is missing, and say it by use and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from raastof_geo.assignment.problem import Problem
from raastof_geo.assignment.rules import Row
from raastof_geo.assignment.solve import solve
from raastof_geo.errors import SolverError
from raastof_geo.language import Message, say
from raastof_geo.scenario.scenario import Scenario

ELASTIC = ("offers_kept", "needs_met", "secondary_share_reached")
"""Rules that a shortage may bend; capacities it may not."""

_LEAST_T = 1e-3


def find_shortage(problem: Problem, rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    """Find the fewest tonnes that have to be forgone.

    Returns
    -------
    missing
        Tonnes by rule and label: a need not met, surplus without a place,
        or a share not reached. [t]
    """
    count = len(problem.columns)
    bent = [
        (number, row)
        for number, row in enumerate(rows)
        if row.rule in ELASTIC and row.sense != "<="
    ]
    stretched = list(rows)
    for extra, (number, row) in enumerate(bent):
        stretched[number] = replace(
            row,
            columns=np.append(row.columns, count + extra),
            coefficients=np.append(row.coefficients, 1.0),
        )
    cost = np.concatenate([np.zeros(count), np.ones(len(bent))])
    solutions = solve([cost], stretched)
    if solutions is None:
        raise SolverError(say("the solver found no way to meet even part of the needs"))
    missing = solutions[0].tonnes[count:]
    return {
        (row.rule, row.label): float(tonnes)
        for (_, row), tonnes in zip(bent, missing.tolist(), strict=True)
        if tonnes > _LEAST_T
    }


def explain_shortage(problem: Problem, missing: dict[tuple[str, str], float]) -> list[Message]:
    """Put a shortage in words: what is missing, where, when, and why."""
    scenario = problem.scenario
    messages = []
    for need in scenario.needs:
        tonnes = missing.get(("needs_met", need.id))
        if tonnes is not None:
            reason = _why_need_is_short(problem, need.id)
            messages.append(
                say(
                    "{site} lacks {tonnes} t of {total} t for {use} in {periods}: {reason}",
                    site=_site(scenario, need.site),
                    tonnes=round(tonnes),
                    total=round(need.tonnes),
                    use=_called(scenario.catalogue.uses[need.use].name),
                    periods=_span(need.periods),
                    reason=reason,
                )
            )
    for offer in scenario.offers:
        tonnes = missing.get(("offers_kept", offer.id))
        if tonnes is not None:
            messages.append(
                say(
                    "{tonnes} t of {total} t {material} from {site} in {periods} have no place "
                    "to go: {reason}",
                    site=_site(scenario, offer.site),
                    tonnes=round(tonnes),
                    total=round(offer.tonnes),
                    material=_called(scenario.catalogue.materials[offer.material].name),
                    periods=_span(offer.periods),
                    reason=_why_offer_stays(problem, offer.id),
                )
            )
    target = scenario.said.targets.secondary_share
    short = missing.get(("secondary_share_reached", target.definition)) if target else None
    if target and short is not None:
        total = sum(need.tonnes for need in scenario.needs)
        messages.append(
            say(
                "secondary materials can meet at most {reached} % of the needs, not {asked} %: "
                "{tonnes} t are missing; lower targets.secondary_share.at_least, accept "
                "conditional fits under `accepted_conditions`, or add offers",
                reached=round(100 * (target.at_least - short / total), 1),
                asked=round(100 * target.at_least, 1),
                tonnes=round(short),
            )
        )
    return messages


def _why_need_is_short(problem: Problem, need_id: str) -> Message:
    columns = problem.columns.iloc[problem.of("taker", need_id)]
    if columns.empty:
        return say(
            "no offer and no pit has an allowed material in that time; add a pit, widen the "
            "window, or accept a condition under `accepted_conditions`"
        )
    givers = ", ".join(sorted({f"`{site}`" for site in columns["origin"]})[:6])
    return say(
        "all that {givers} may give is used; add an offer or a pit, or raise a capacity",
        givers=givers,
    )


def _why_offer_stays(problem: Problem, offer_id: str) -> Message:
    columns = problem.columns.iloc[problem.of("giver", offer_id)]
    if columns.empty:
        return say(
            "no need may use it in that time and no receiver accepts it; add a receiver, or set "
            "`must_leave: false`"
        )
    takers = ", ".join(sorted({f"`{site}`" for site in columns["destination"]})[:6])
    return say("{takers} can take no more; raise a capacity, or add a receiver", takers=takers)


def _site(scenario: Scenario, site: str) -> str:
    name = scenario.site_name(site)
    return f"`{site}`" if name == site else f"{name} (`{site}`)"


def _span(periods: tuple[str, ...]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]}–{periods[-1]}"


def _called(name: dict[str, str]) -> Message:
    return Message("{name}", {"name": _Named(name)})


class _Named:
    """A name that shows itself in the language that is being read."""

    def __init__(self, name: dict[str, str]) -> None:
        self.name = name

    def __str__(self) -> str:
        from raastof_geo.language import spoken_language

        return self.name.get(spoken_language()) or next(iter(self.name.values()))
