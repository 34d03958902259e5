"""Put everything that is needed to check and repeat a plan into plain values."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from raastof_geo.assignment.solving.certificate import Certificate
from raastof_geo.effect.cause import Gain
from raastof_geo.evidence import STATES
from raastof_geo.recall import BASELINE_TABLES, describe_rows
from raastof_geo.records.plan import PLAN, write_plan
from raastof_geo.records.record import make_finite
from raastof_geo.result import Result, name_materials
from raastof_geo.version import __version__

_TABLES = ("flows", "processed", "stored", "empty_trips", "shortfalls", "openings", "fleet")
_LIBRARIES = ("pulp", "highspy", "numpy", "scipy", "pandas", "shapely", "pyproj")


def describe_plan(result: Result) -> dict[str, Any]:
    """Put a plan into plain values: what is in plan.json beside its part `proof`."""
    scenario, plan = result.scenario, result.plan
    states, coordination = scenario.states(), result.effect.coordination
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
                state: sorted(name for name, one in states.items() if one == state)
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
        "objectives": plan.objectives,
        "amounts": plan.amounts,
        "finished": plan.finished,
        "certificate": _describe_certificate(plan.certificate),
        "goal_certificate": plan.goal_certificate and _describe_certificate(plan.goal_certificate),
        "effect": {
            "plan": asdict(result.effect.plan),
            "baseline": asdict(result.effect.baseline),
            "saved": result.effect.saved,
            "target": asdict(result.effect.target),
            "saved_share": result.effect.saved_share,
            "causes": [
                {"names": list(cause.names), **_describe_gain(cause.gain)}
                for cause in result.effect.causes
            ],
            "coordination": coordination and _describe_gain(coordination),
            "baseline_missing_tonnes": _name_missing(result.effect.baseline_missing),
            "baselines": [
                {
                    "kind": one.kind,
                    "together": one.together,
                    "totals": asdict(one.totals),
                    "shares": dict(one.shares),
                    "missing_tonnes": _name_missing(one.missing),
                    "used": one.used,
                    "reached": one.reached,
                }
                for one in result.effect.baselines
            ],
        },
        "names": {
            "sites": {site: scenario.site_name(site) for site in scenario.sites},
            "materials": name_materials(result, plan.flows, result.effect.baseline_flows),
        },
        "sites": describe_rows(result.anchors.frame.reset_index()),
        **{name: describe_rows(getattr(plan, name)) for name in _TABLES},
        **{
            f"baseline_{name}": describe_rows(getattr(result.effect.baselines[0], name))
            for name in BASELINE_TABLES
        },
        "constraints": describe_rows(plan.shadow_prices),
    }
    finite: dict[str, Any] = make_finite(values)
    return finite


def _describe_gain(gain: Gain) -> dict[str, Any]:
    return asdict(gain) | {"price_kind": gain.price_kind, "dkk_per_t_co2e": gain.dkk_per_t_co2e}


def _name_missing(missing: Mapping[tuple[str, str], float]) -> dict[str, float]:
    return {f"{rule}: {label}": tonnes for (rule, label), tonnes in missing.items()}


def _describe_certificate(certificate: Certificate) -> dict[str, Any]:
    return {**asdict(certificate), "gap": certificate.gap, "holds": certificate.holds}


def record_plan(result: Result, folder: Path) -> Path:
    """Write plan.json after the proof, whose digest it names."""
    return write_plan(describe_plan(result), folder, moves=len(result.plan.problem.moves))
