"""Read a scenario file, and say everything that is wrong with it at once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from raastof_geo.errors import Finding, InputError, ScenarioError
from raastof_geo.language import say, say_text
from raastof_geo.scenario.catalogue import Catalogue, load_catalogue, read_builtin_tree
from raastof_geo.scenario.checking import permit
from raastof_geo.scenario.checking.agreed import check_agreements
from raastof_geo.scenario.checking.lot import check_lots
from raastof_geo.scenario.fault import Fault
from raastof_geo.scenario.identity import Names, id_or_word, names_in
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading.format import note_older, refuse_newer
from raastof_geo.scenario.reading.overlay import write_ids
from raastof_geo.scenario.reading.refusal import explain_errors, finding_at
from raastof_geo.scenario.reading.template import check_template
from raastof_geo.scenario.reading.tree import Trail, Tree, merge_values
from raastof_geo.scenario.reading.zones import find_in_zones, refuse_outside
from raastof_geo.scenario.role import Role
from raastof_geo.scenario.said.amount import DEFAULT, Captured
from raastof_geo.scenario.said.file import ScenarioFile
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables.source import read_source
from raastof_geo.scenario.varied import Edits, check_assumptions, put_value

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def read_scenario(
    path: Path | str,
    *,
    anywhere: bool = False,
    sites: Sequence[gpd.GeoDataFrame | pd.DataFrame] = (),
) -> Scenario:
    """Read and check a scenario: YAML with the tables that it names, a workbook or a GeoPackage.

    Parameters
    ----------
    anywhere
        Whether it may name files outside its folder.
    sites
        Frames in which each row says something of a site, as in any other table.

    Raises
    ------
    ScenarioError
        Every mistake, each with its line and column, or its sheet and cell.
    """
    path = Path(path)
    tree = read_source(path, anywhere=anywhere, frames=sites)
    return build_scenario(tree, path=path, anywhere=anywhere)


def build_scenario(tree: Tree, *, path: Path, anywhere: bool = False) -> Scenario:
    """Check plain values and turn them into a scenario, or raise as `read_scenario` does."""
    refuse_newer(tree)
    home = path.parent.resolve()
    findings = list(tree.findings)
    catalogue, wrong = _build_catalogue(tree)
    findings += wrong
    said: ScenarioFile | None = None
    try:
        said = ScenarioFile.model_validate(tree.values, context=_context(tree, catalogue))
    except ValidationError as error:
        findings += explain_errors(error, tree, ScenarioFile)
    warnings: list[Finding] = []
    note: Finding | None = None
    if said is not None:
        findings += _check_network_file(said, tree, home, anywhere)
        findings += check_template(said, tree, home, anywhere=anywhere)
        said, areas, mistakes = find_in_zones(said, tree, home, anywhere=anywhere)
        findings += mistakes
        for fault in (*_check_baseline(said), *_check_agreements(said), *_check_fleet(said)):
            place = tree.place(fault.below, of_key=fault.of_key)
            findings.append(Finding(fault.message, place))
        if not wrong:
            draft = Scenario(id=path.stem, digest=tree.digest, said=said, catalogue=catalogue)
            contradictions, warnings = _compare(draft, tree)
            findings += contradictions
            note = note_older(draft, tree)
    if said is None or findings:
        raise ScenarioError(*sorted(findings, key=_by_place))
    if said.network.file is not None:
        network = said.network.model_copy(update={"file": (home / said.network.file).resolve()})
        said = said.model_copy(update={"network": network})
    return Scenario(
        id=path.stem,
        digest=tree.digest,
        said=said,
        catalogue=catalogue,
        warnings=(*((note,) if note else ()), *tree.doubts, *warnings),
        format_note=note,
        places=tree.keys,
        areas=areas,
        values=tree.values,
        home=home,
    )


def read_varied(scenario: Scenario, edits: Edits) -> Scenario:
    """Read a scenario with other values in its file, all checks included; else an `InputError`."""
    if not scenario.values:
        raise InputError.saying("only a scenario that was read from a file can be varied")
    keys = dict(scenario.places)
    tree = Tree(f"{scenario.id}.yaml", {}, keys, keys, digest=scenario.digest)
    values = {**scenario.values, "language": scenario.said.language, "assumptions": {}}
    if isinstance(own := values.get("catalogue"), Mapping):
        values["catalogue"] = write_ids(own, tree)
    for trail, value in edits.items():
        values = put_value(values, trail, value)
    tree.values = values
    return build_scenario(tree, path=scenario.home / tree.file, anywhere=True)


def _compare(scenario: Scenario, tree: Tree) -> tuple[list[Finding], list[Finding]]:
    """Hold the entries of a scenario against each other: mistakes, and what is worth a warning."""
    mistakes, warnings = check_lots(scenario, tree)
    wrong, doubtful = check_agreements(scenario, tree)
    mistakes += (*wrong, *check_assumptions(scenario, tree))
    warnings += doubtful
    for checks, findings in ((permit.MISTAKES, mistakes), (permit.DOUBTS, warnings)):
        faults = (fault for check in checks for fault in check(scenario))
        findings += [finding_at(tree, fault.below, fault.message) for fault in faults]
    return mistakes, sorted(warnings, key=_by_place)


def _build_catalogue(tree: Tree) -> tuple[Catalogue, list[Finding]]:
    own, year = tree.values.get("catalogue"), tree.values.get("price_year")
    year = year if isinstance(year, int) else None  # it counts before the file is checked
    if not isinstance(own, Mapping) or not own:
        return load_catalogue().at_prices_of(year), []
    merged = merge_values(read_builtin_tree().values, write_ids(own, tree))
    try:
        context = {"known": {name: names_in(part) for name, part in merged.items()}}
        return Catalogue.model_validate(merged, context=context).at_prices_of(year), []
    except ValidationError as error:
        return load_catalogue(), explain_errors(error, tree, Catalogue, below=("catalogue",))


def _context(tree: Tree, catalogue: Catalogue) -> dict[str, Any]:
    """Collect the ids that may be referred to, right or wrong as their entries may be."""
    own = tree.values.get("catalogue")
    builtin = read_builtin_tree().values
    merged = merge_values(builtin, own) if isinstance(own, Mapping) else builtin
    known: dict[str, Names] = {
        name: names_in(part) for name, part in merged.items() if name in builtin
    }
    if isinstance(tree.values.get("sites"), Mapping):
        known["sites"] = names_in(tree.values["sites"])
    network = tree.values.get("network")
    known["drawn_municipalities"] = _municipality_names()
    if not (isinstance(network, Mapping) and network.get("file")):
        known["municipalities"] = known["drawn_municipalities"]
    vehicles = tree.values.get("vehicles")
    if not isinstance(vehicles, list):
        vehicles = ScenarioFile.model_fields["vehicles"].default
    return {
        "known": known,
        "calendar": read_calendar(tree.values.get("periods")),
        "catalogue": catalogue,
        "vehicles": tuple(id_or_word("vehicles", str(one), known["vehicles"]) for one in vehicles),
    }


@cache
def _municipality_names() -> Names:
    file = resources.files("raastof_geo") / "data" / "municipalities.geojson"
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    names = sorted({feature["properties"]["name"] for feature in features})
    return {name: {"title": f"{name} Kommune"} for name in names}


def _check_network_file(
    said: ScenarioFile, tree: Tree, home: Path, anywhere: bool
) -> list[Finding]:
    if said.network.file is None:
        return []
    file = (home / said.network.file).resolve()
    message = refuse_outside(file, home, "network.file", anywhere=anywhere)
    if message is None and not file.is_file():
        message = say_text("said", "no network", file=f"`{said.network.file}`")
    return [Finding(message, tree.place(("network", "file")))] if message else []


def _check_baseline(said: ScenarioFile) -> Iterator[Fault]:
    for key, role, named in (
        ("pits", Role.PIT, said.baseline.pits),
        ("receivers", Role.RECEIVER, said.baseline.receivers),
    ):
        for index, site in enumerate(named or ()):
            if role not in said.sites[site].roles:
                names = {"key": key, "site": f"`{site}`", "role": role}
                told = say("baseline.{key}: {site} has no `{role}:`", **names)
                yield Fault(told, ("baseline", key, index))


def _check_agreements(said: ScenarioFile) -> Iterator[Fault]:
    every = said.capture.get(DEFAULT, Captured(value=1.0))
    unnamed = (
        (f"`{agreement.giver}`", number)
        for number, agreement in enumerate(said.agreements)
        if agreement.least and agreement.material is None
        for one in said.sites[agreement.giver].offers
        if said.capture.get(one.material, every).value < 1
    )
    for site, number in itertools.islice(unnamed, 1):
        yield Fault(say_text("said", "which material", site=site), ("agreements", number))
    for number, agreement in enumerate(said.agreements):
        for key, site, verb, able in (
            ("giver", agreement.giver, say("give"), Role.gives),
            ("taker", agreement.taker, say("take"), Role.takes),
        ):
            if not any(map(able, said.sites[site].roles)):
                told = say("agreements: {site} has nothing to {verb}", site=f"`{site}`", verb=verb)
                yield Fault(told, ("agreements", number, key))


def _check_fleet(said: ScenarioFile) -> Iterator[Fault]:
    named: list[tuple[str, Trail]] = [(vehicle, ("fleet", vehicle)) for vehicle in said.fleet]
    for number, vehicle in enumerate(said.baseline.vehicles or ()):
        named.append((vehicle, ("baseline", "vehicles", number)))
    message = say("{where}: {vehicle} is not among `vehicles` of this scenario")
    for vehicle, trail in named:
        if vehicle not in said.vehicles:
            told = message.format(where=str(trail[0]), vehicle=f"`{vehicle}`")
            yield Fault(told, trail, of_key=trail[0] == "fleet")


def _by_place(finding: Finding) -> tuple[str, str, int, int]:
    return finding.place.order if finding.place else ("", "", 0, 0)
