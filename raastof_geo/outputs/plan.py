"""Write everything that is needed to check and repeat a plan."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from raastof_geo.outputs.tables.flows import name_materials
from raastof_geo.records import proof
from raastof_geo.records.plan import FORMAT, NAME, make_finite, render_values
from raastof_geo.result import Result
from raastof_geo.version import __version__

_LIBRARIES = ("pulp", "highspy", "numpy", "scipy", "pandas", "shapely", "pyproj")


def write_plan(result: Result, folder: Path) -> Path:
    """Write `plan.json`; equal scenarios on equal versions give equal bytes."""
    path = folder / NAME
    values = describe_plan(result) | {"proof": _describe_proof(result, folder)}
    path.write_bytes(render_values(values).encode("utf-8"))
    return path


def _describe_proof(result: Result, folder: Path) -> dict[str, Any]:
    """Name the proof that was written beside the plan, by its digest."""
    file = folder / proof.NAME
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None
    return {"file": file.name, "sha256": digest, "moves": len(result.plan.problem.moves)}


def describe_plan(result: Result) -> dict[str, Any]:
    """Put a plan into plain values: what is in plan.json beside its part `proof`."""
    values: dict[str, Any] = make_finite(_describe(result))
    return values


def _describe(result: Result) -> dict[str, Any]:
    scenario, plan = result.scenario, result.plan
    return {
        "format": FORMAT,
        "scenario": {
            "id": scenario.id,
            "title": scenario.said.title,
            "sha256": scenario.digest,
            "said": scenario.said.model_dump(mode="json", by_alias=True, exclude={"network"})
            | {"network": scenario.said.network.model_dump(mode="json", exclude={"file"})},
        },
        "catalogue": {
            "sha256": _digest(scenario.catalogue.model_dump_json()),
            "unverified": sorted(
                name for name, figure in scenario.catalogue.figures().items() if not figure.verified
            ),
        },
        "network": {
            "sha256": result.network.digest,
            **asdict(result.network.metadata),
        },
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
        "certificate": {
            **asdict(plan.certificate),
            "gap": plan.certificate.gap,
            "holds": plan.certificate.holds,
        },
        "effect": {
            "plan": asdict(result.effect.plan),
            "baseline": asdict(result.effect.baseline),
            "saved": result.effect.saved,
            "target": asdict(result.effect.target),
            "saved_share": result.effect.saved_share,
            "baseline_missing_tonnes": {
                f"{rule}: {label}": tonnes
                for (rule, label), tonnes in result.effect.baseline_missing.items()
            },
        },
        "names": {
            "sites": {site: scenario.site_name(site) for site in scenario.sites},
            "materials": name_materials(result, plan.flows, result.effect.baseline_flows),
        },
        "sites": _records(result.anchors.frame.reset_index()),
        "flows": _records(plan.flows),
        "processed": _records(plan.processed),
        "stored": _records(plan.stored),
        "empty_trips": _records(plan.empty_trips),
        "openings": _records(plan.openings),
        "fleet": _records(plan.fleet),
        "baseline_flows": _records(result.effect.baseline_flows),
        "constraints": _records(plan.shadow_prices),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _rounded(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
