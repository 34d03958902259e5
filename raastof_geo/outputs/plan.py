"""Put what `records` keep of a run into plain values and, for NumPy, arrays."""

import hashlib
import json
import platform
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any
import numpy as np
from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.assignment.statement.layout import MEASURES
from raastof_geo.assignment.statement.problem import ColumnKind, Problem
from raastof_geo.effect.books import LINE_LABELS, Books, list_doubts, name_factors
from raastof_geo.effect.measure import Effect
from raastof_geo.effect.saving import Gain
from raastof_geo.evidence import STATES
from raastof_geo.figures import vocabulary
from raastof_geo.language import in_currency, translate
from raastof_geo.recall import BASELINE_TABLES, SAID_OF_PLANS, describe_rows, pack_rest
from raastof_geo.records.flows import write_flows
from raastof_geo.records.ledger import KeptFactor, write_ledger
from raastof_geo.records.proof import PLAN, write_plan, write_proof
from raastof_geo.records.record import make_finite, pack_values
from raastof_geo.result import Result, name_materials
from raastof_geo.scenario.period import name_period
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.telling.words import CatalogueWords
from raastof_geo.version import __version__

_TABLES = ("flows", "processed", "stored", "empty_trips", "shortfalls", "openings", "fleet")
_PROVED, _PRICED = ("gap", "holds"), ("price_kind", "dkk_per_t_co2e")
_SECTIONS = {"material": "materials", "what": "recipes", "vehicle": "vehicles"}
"""Labels of lines, and the sections of the catalogue that have their names."""
_LIBRARIES = ("pulp", "highspy", "numpy", "scipy", "pandas", "shapely", "pyproj")


@lru_cache(maxsize=1)  # the proof has a copy of it: not to be changed
def describe_plan(result: Result) -> dict[str, Any]:
    """Describe a plan. Returns plain values: what is in plan.json beside its part `proof`."""
    scenario, plan = result.scenario, result.plan
    effect, states = result.effect, scenario.states()
    values: dict[str, Any] = {
        "format": PLAN.format,
        "scenario": {
            "id": scenario.id,
            "title": scenario.said.title,
            "sha256": scenario.digest,
            "said": scenario.said.model_dump(mode="json", by_alias=True, exclude={"network"})
            | {"network": scenario.said.network.model_dump(mode="json", exclude={"file"})},
        },
        "catalogue": {
            "sha256": hashlib.sha256(scenario.catalogue.model_dump_json().encode()).hexdigest(),
            "doubtful": {
                state: sorted(name for name, of in states.items() if of == state)
                for state in STATES
                if state != "seen"
            },
        },
        "network": {"sha256": result.network.digest, **asdict(result.network.metadata)},
        "legs": {"energy_model": result.legs.energy_model},
        "versions": {
            "raastof_geo": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "solver": plan.solver,
        "columns": plan.column_count,
        **{name: getattr(plan, name) for name in SAID_OF_PLANS},
        "certificate": _describe(plan.certificate, *_PROVED),
        "goal_certificate": plan.goal_certificate and _describe(plan.goal_certificate, *_PROVED),
        "effect": _describe_effect(effect),
        "names": {
            "sites": {site: scenario.site_name(site) for site in scenario.sites},
            "materials": name_materials(result, plan.flows, effect.baseline_flows),
        },
        "sites": describe_rows(result.anchors.frame.reset_index()),
        **{name: describe_rows(getattr(plan, name)) for name in _TABLES},
        **{
            f"baseline_{name}": describe_rows(getattr(effect.baselines[0], name))
            for name in BASELINE_TABLES
        },
        "constraints": describe_rows(plan.shadow_prices),
    }
    finite: dict[str, Any] = make_finite(values)
    return finite


def _describe_effect(effect: Effect) -> dict[str, Any]:
    coordination = effect.coordination
    return {
        "plan": asdict(effect.plan), "baseline": asdict(effect.baseline), "saved": effect.saved,
        "target": asdict(effect.target), "saved_share": effect.saved_share,
        "causes": [
            {"names": list(cause.names), **_describe(cause.gain, *_PRICED)}
            for cause in effect.causes
        ],
        "coordination": coordination and _describe(coordination, *_PRICED),
        "baseline_missing_tonnes": _name_missing(effect.baseline_missing),
        "baselines": [
            {
                "kind": one.kind, "together": one.together, "totals": asdict(one.totals),
                "shares": dict(one.shares), "missing_tonnes": _name_missing(one.missing),
                "used": one.used, "reached": one.reached,
            }
            for one in effect.baselines
        ],
    }  # fmt: skip


def _describe(one: Gain | Certificate, *also: str) -> dict[str, Any]:
    return asdict(one) | {name: getattr(one, name) for name in also}


def _name_missing(missing: Mapping[tuple[str, str], float]) -> dict[str, float]:
    return {f"{rule}: {label}": tonnes for (rule, label), tonnes in missing.items()}


def record_plan(result: Result, folder: Path) -> Path:
    """Write plan.json after the proof, whose digest it names. Returns its path."""
    return write_plan(describe_plan(result), folder, moves=len(result.plan.problem.moves))


def record_proof(result: Result, folder: Path) -> Path:
    """Write proof.npz; `data/proof.toml` tells what its arrays mean. Returns its path."""
    plan, problem, proof = result.plan, result.plan.problem, result.plan.proof
    rows, moves, used = proof.programme.matrix.tocsr(), problem.moves, np.flatnonzero(proof.values)
    small = problem.only(used)
    steps = [step.name for step in problem.scenario.said.objectives]
    objectives = dict(zip(steps, small.objectives(), strict=True))
    if plan.goal_certificate is not None:
        short = vocabulary.SHORT_OF_GOAL
        objectives = {short: small.measure(short), **objectives}
    # The column of each flow is found by its labels.
    moving = np.flatnonzero(proof.values[problem.block("moves")] > 0)
    keys = ("giver", "taker", "vehicle", "period")
    known = zip(*(problem.labels(key, moving).tolist() for key in keys), strict=True)
    number = dict(zip(known, moving.tolist(), strict=True))
    wanted = zip(*(plan.flows[key].tolist() for key in keys), strict=True)
    programme, short_of = proof.programme, problem.measure(vocabulary.SHORT_OF_GOAL)
    arrays = {
        **{"row_start": rows.indptr, "column": rows.indices, "coefficient": rows.data},
        "row_name": [f"{rule}: {label}" for rule, label in proof.rows],
        **{name: getattr(programme, name) for name in ("sense", "limit", "whole")},
        **{"cost": proof.cost, "goal_cost": short_of, "value": proof.values},
        **{"price": proof.shadow_prices, "price_given": proof.prices_given_decisions},
        "goal_price": proof.goal_prices,
        # Who sends what to whom, when and by which truck, on each column that is a move.
        **_describe_parties("giver", problem.givers, ("site", "kind", "material")),
        **_describe_parties("taker", problem.takers, ("site", "kind")),
        **{"vehicle": problem.vehicles, "period": list(problem.scenario.periods)},
        **{f"move_{key}": getattr(moves, key) for key in keys},
        "flow_column": [number[key] for key in wanted],
        # What a unit of each column in use adds to every measure and objective.
        **{"used_column": used, "measure": list(MEASURES), "objective": list(objectives)},
        "measure_rate": [small.measure(name) for name in MEASURES],
        "objective_rate": list(objectives.values()),
        "other_column": used[used >= len(moves)],
        "other_label": [*_label_others(small)],
        "plan": np.frombuffer(pack_values(describe_plan(result)), np.uint8),
        "rest": np.frombuffer(pack_rest(result), np.uint8),
    }
    return write_proof(arrays, folder)


def _label_others(problem: Problem) -> Iterator[str]:
    """Give of columns that move nothing their kind and what tells them apart, as a JSON list."""
    for kind, table in ((one, problem.others.get(one)) for one in ColumnKind):
        if table is not None and len(table):
            for row in table[list(kind.keys)].itertuples(index=False):
                yield json.dumps([kind, *map(str, row)], ensure_ascii=False)


def _describe_parties(name: str, parties: Any, about: tuple[str, ...]) -> dict[str, Any]:
    described = {f"{name}_{field}": [getattr(one, field) for one in parties] for field in about}
    return {name: [one.id for one in parties], **described}


@lru_cache(maxsize=1)  # the appendix quotes it: not to be changed
def describe_ledger(effect: Effect) -> dict[str, Any]:
    """Describe the books of plan and baseline. Returns plain values: what is in ledger.json."""
    scenario, sites = effect.books.scenario, list(effect.books.scenario.sites)
    sides = {"plan": effect.books, "baseline": effect.baseline_books}
    named = {side: name_factors(books) for side, books in sides.items()}
    used = sorted(set(chain.from_iterable(chain(*map(dict.values, named.values())))))
    number = {name: at for at, name in enumerate(used)}
    words = CatalogueWords(scenario.catalogue, scenario.said.language)
    return {
        "scenario": {"id": scenario.id, "title": scenario.said.title, "sha256": scenario.digest},
        "shared_legs": scenario.said.effect.shared_legs,
        **_describe_parts(),
        # What each is called and belongs to; the last is nobody's, and has no name.
        "sites": [*sites, ""],
        "names": [*map(scenario.site_name, sites), ""],
        "projects": [*map(scenario.project, sites), ""],
        "municipalities": [*(effect.books.municipalities.get(one, "") for one in sites), ""],
        **{side: _describe_books(books, named[side], number) for side, books in sides.items()},
        "called": {
            "part": {part: part.bare for part in vocabulary.told_in_books()},
            "period": {one: name_period(period) for one, period in scenario.periods.items()},
            **{
                label: {one: words.called(section, one) for one in words.catalogue.names(section)}
                for label, section in _SECTIONS.items()
            },
        },
        "factor_names": used,
        "figures": dict(_describe_factors(scenario, words, number)),
        "doubts": [
            {"figure": one.name, "part": one.part, "influence": round(one.influence, 6)}
            for one in list_doubts(effect.books, effect.baseline_books)
        ],
    }


def _describe_parts() -> dict[str, Any]:
    return {
        "units": {part: in_currency(part.unit) for part in vocabulary.told_in_books()},
        "groups": {part: part.divided for part in vocabulary.kept_in_books()},
        "sums": {name: list(parts) for name, parts in vocabulary.sums_of_parts().items()},
        "bases": {part: list(part.times) for part in vocabulary.multiples()},
    }


def _describe_books(
    books: Books, named: Mapping[str, Any], number: Mapping[str, int]
) -> dict[str, Any]:
    """Give the lines, who shares them, and which factors of the list each hangs on."""
    rounded = ("amount", *vocabulary.kept_in_books())
    return {
        "lines": {
            **{label: books.lines[label].tolist() for label in LINE_LABELS},
            **{part: books.lines[part].round(6).tolist() for part in rounded},
        },
        "shares": {
            group: dict(zip(("line", "site", "share"), map(np.ndarray.tolist, each), strict=True))
            for group, each in books.shares.items()
        },
        "factors": {part: [*map(number.get, names)] for part, names in named.items()},
    }


def _describe_factors(
    scenario: Scenario, words: CatalogueWords, wanted: Container[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the value and the source of every factor that a line hangs on."""
    catalogue, states = scenario.catalogue, scenario.states()
    for name, figure in catalogue.figures().items():
        if name in wanted:
            known = figure.model_dump(mode="json", include=set(KeptFactor._fields))
            known |= {"name": words.name_figure(name), "source": catalogue.cite(figure.source)}
            known |= {"evidence": states[name], "note": translate(figure.note)}
            yield name, dict.fromkeys(KeptFactor._fields) | known


def record_ledger(result: Result, folder: Path) -> Path:
    """Write ledger.json."""
    return write_ledger(describe_ledger(result.effect), folder)


def record_flows(result: Result, folder: Path) -> Path:
    """Write flows.csv."""
    scenario, flows = result.scenario, result.plan.flows
    sites = {site: scenario.site_name(site) for site in scenario.sites}
    names = {"sites": sites, "materials": name_materials(result, flows)}
    return write_flows(describe_rows(flows), names, folder, scenario.said.language)
