"""Read a scenario file, and say everything that is wrong with it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from raastof_geo.errors import Finding, RaastofError, ScenarioError, raise_all
from raastof_geo.language import Message, say
from raastof_geo.scenario.catalogue import Catalogue, load_catalogue, read_builtin_tree
from raastof_geo.scenario.identity import Names, names_in, suggest
from raastof_geo.scenario.model import ScenarioFile
from raastof_geo.scenario.period import read_period
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tree import Trail, Tree, merge_values, read_tree


def read_scenario(path: Path | str, *, anywhere: bool = False) -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path
        The YAML file.
    anywhere
        Let the scenario name files outside its own folder.

    Raises
    ------
    ScenarioError
        Every mistake in the file, each with its line and column.
    """
    path = Path(path)
    return build_scenario(read_tree(path), path=path, anywhere=anywhere)


def build_scenario(tree: Tree, *, path: Path, anywhere: bool = False) -> Scenario:
    """Check plain values and turn them into a scenario.

    Raises
    ------
    ScenarioError
        Every mistake, each with its line and column.
    """
    findings = list(tree.findings)
    catalogue, wrong = _build_catalogue(tree)
    findings += wrong
    said, wrong = _build_file(tree, catalogue)
    findings += wrong
    if said is not None:
        findings += _check_network_file(said, tree, path, anywhere)
        findings += _check_baseline(said, tree)
        findings += _check_agreements(said, tree)
        findings += _check_fleet(said, tree)
    raise_all(ScenarioError, sorted(findings, key=_by_place))
    assert said is not None  # noqa: S101 - a missing file has findings
    said = _with_full_path(said, path)
    return Scenario(
        id=path.stem, digest=tree.digest, said=said, catalogue=catalogue, places=tree.keys
    )


def _build_catalogue(tree: Tree) -> tuple[Catalogue, list[Finding]]:
    """Lay the scenario's own entries over the built-in catalogue."""
    own = tree.values.get("catalogue")
    if not isinstance(own, Mapping) or not own:
        return load_catalogue(), []
    merged = merge_values(read_builtin_tree().values, own)
    try:
        context = {"known": {name: names_in(part) for name, part in merged.items()}}
        return Catalogue.model_validate(merged, context=context), []
    except ValidationError as error:
        return load_catalogue(), _explain(error, tree, Catalogue, below=("catalogue",))


def _build_file(tree: Tree, catalogue: Catalogue) -> tuple[ScenarioFile | None, list[Finding]]:
    try:
        said = ScenarioFile.model_validate(tree.values, context=_context(tree, catalogue))
    except ValidationError as error:
        return None, _explain(error, tree, ScenarioFile, below=())
    return said, []


def _context(tree: Tree, catalogue: Catalogue) -> dict[str, Any]:
    """Collect the ids that may be referred to, right or wrong as their entries may be."""
    own = tree.values.get("catalogue")
    builtin = read_builtin_tree().values
    merged = merge_values(builtin, own) if isinstance(own, Mapping) else builtin
    known: dict[str, Names] = {
        name: names_in(part) for name, part in merged.items() if name in builtin
    }
    known["sites"] = names_in(tree.values.get("sites"))
    known["periods"] = dict.fromkeys(_period_ids(tree.values.get("periods")), {})
    network = tree.values.get("network")
    known["drawn_municipalities"] = {
        name: {"title": f"{name} Kommune"} for name in _municipality_names()
    }
    if not (isinstance(network, Mapping) and network.get("file")):
        known["municipalities"] = known["drawn_municipalities"]
    vehicles = tree.values.get("vehicles")
    if not isinstance(vehicles, list):
        vehicles = ScenarioFile.model_fields["vehicles"].default
    return {"known": known, "catalogue": catalogue, "vehicles": tuple(map(str, vehicles))}


def _period_ids(periods: Any) -> Iterable[str]:
    for given in periods if isinstance(periods, list) else ():
        try:
            period = read_period(given)
        except RaastofError:
            continue
        if isinstance(period, Mapping) and "id" in period:
            yield str(period["id"])


def _municipality_names() -> tuple[str, ...]:
    file = resources.files("raastof_geo") / "data" / "municipalities.geojson"
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    return tuple(sorted({feature["properties"]["name"] for feature in features}))


def _check_network_file(
    said: ScenarioFile, tree: Tree, path: Path, anywhere: bool
) -> list[Finding]:
    """Keep a stranger's scenario from making us read files elsewhere."""
    if said.network.file is None:
        return []
    place = tree.place(("network", "file"))
    home = path.parent.resolve()
    file = (home / said.network.file).resolve()
    if not anywhere and not file.is_relative_to(home):
        return [
            Finding(
                say(
                    "network.file leads out of the scenario's folder: move it there, "
                    "or allow it with --anywhere"
                ),
                place,
            )
        ]
    if not file.is_file():
        return [
            Finding(
                say(
                    "network.file {file} does not exist: make it with `raastof network build`",
                    file=f"`{said.network.file}`",
                ),
                place,
            )
        ]
    return []


def _with_full_path(said: ScenarioFile, path: Path) -> ScenarioFile:
    if said.network.file is None:
        return said
    full = (path.parent.resolve() / said.network.file).resolve()
    network = said.network.model_copy(update={"file": full})
    return said.model_copy(update={"network": network})


def _check_baseline(said: ScenarioFile, tree: Tree) -> list[Finding]:
    """Check that the sites a baseline names have the role it names them for."""
    return [
        Finding(
            say(
                "baseline.{key}: {site} has no `{role}:`",
                key=key,
                site=f"`{site}`",
                role=role,
            ),
            tree.place(("baseline", key, index)),
        )
        for key, role in (("pits", "pit"), ("receivers", "receiver"))
        for index, site in enumerate(getattr(said.baseline, key) or ())
        if getattr(said.sites[site], role) is None
    ]


def _check_agreements(said: ScenarioFile, tree: Tree) -> list[Finding]:
    """Check that givers of agreements can give, and takers take."""
    gives, takes = {"offer", "pit", "plant", "depot"}, {"need", "receiver", "plant", "depot"}
    return [
        Finding(
            say(
                "agreements: {site} has nothing to {verb}",
                site=f"`{site}`",
                verb=say("give") if key == "giver" else say("take"),
            ),
            tree.place(("agreements", number, key)),
        )
        for number, agreement in enumerate(said.agreements)
        for key, site, roles in (
            ("giver", agreement.giver, gives),
            ("taker", agreement.taker, takes),
        )
        if not roles & set(said.sites[site].roles)
    ]


def _check_fleet(said: ScenarioFile, tree: Tree) -> list[Finding]:
    """Check that limits are of trucks that the scenario uses."""
    named: list[tuple[str, tuple[str | int, ...], bool]] = [
        (vehicle, ("fleet", vehicle), True) for vehicle in said.fleet
    ]
    named += [
        (vehicle, ("baseline", "vehicles", number), False)
        for number, vehicle in enumerate(said.baseline.vehicles or ())
    ]
    return [
        Finding(
            say(
                "{where}: {vehicle} is not among `vehicles` of this scenario",
                where=str(trail[0]),
                vehicle=f"`{vehicle}`",
            ),
            tree.place(trail, of_key=of_key),
        )
        for vehicle, trail, of_key in named
        if vehicle not in said.vehicles
    ]


def _by_place(finding: Finding) -> tuple[int, int]:
    return (finding.place.line, finding.place.column) if finding.place else (0, 0)


def _explain(
    error: ValidationError, tree: Tree, root: type[BaseModel], *, below: Trail
) -> list[Finding]:
    """Turn pydantic's errors into sentences with places."""
    findings = []
    for detail in error.errors(include_url=False):
        of_key = detail["loc"][-1:] == ("[key]",)
        trail = (*below, *(part for part in detail["loc"] if part != "[key]"))
        place = tree.place(trail, of_key=of_key or detail["type"] == "extra_forbidden")
        for message in _sentences(detail, tree, root, trail, below):
            findings.append(Finding(message, place))
    return findings


def _sentences(
    detail: ErrorDetails, tree: Tree, root: type[BaseModel], trail: Trail, below: Trail
) -> list[Message]:
    where = _dotted(trail)
    given = tree.written.get(trail) or _short(detail.get("input"))
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "value_error" and isinstance(context.get("error"), RaastofError):
        return [
            say("{where}: {problem}", where=where, problem=finding.message)
            for finding in context["error"].findings
        ]
    if kind == "missing":
        return [say("{where} is missing", where=where)]
    if kind == "extra_forbidden":
        keys = _keys_here(root, trail[len(below) : -1])
        return [
            say("{where} is not a key here{hint}", where=where, hint=suggest(str(trail[-1]), keys))
        ]
    if kind == "literal_error":
        return [
            say(
                "{where} must be one of {expected}, got {given}{hint}",
                where=where,
                expected=context["expected"].replace("'", "`").replace(" or ", ", "),
                given=f"`{given}`",
                hint=_suggest_literal(str(given), context["expected"]),
            )
        ]
    rule = _rule(kind, context)
    if rule is not None:
        return [
            say("{where} must be {rule}, got {given}", where=where, rule=rule, given=f"`{given}`")
        ]
    return [
        say(
            "{where}: {problem}, got {given}",
            where=where,
            problem=detail["msg"],
            given=f"`{given}`",
        )
    ]


def _suggest_literal(given: str, expected: str) -> Message | str:
    choices = [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]
    hint = suggest(given, choices)
    return hint if "close" in hint.values else ""


def _rule(kind: str, context: Mapping[str, Any]) -> Message | None:
    """Say what a value has to be, for the rules that a scenario can break."""
    if kind in {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}:
        limit = str(next(iter(context.values())))
        return {
            "greater_than_equal": say("at least {limit}", limit=limit),
            "less_than_equal": say("at most {limit}", limit=limit),
            "greater_than": say("above {limit}", limit=limit),
            "less_than": say("below {limit}", limit=limit),
        }[kind]
    for start, rule in _RULES_BY_KIND.items():
        if kind.startswith(start):
            return rule
    return None


_RULES_BY_KIND: dict[str, Message] = {
    "string_too_short": say("a text that is not empty"),
    "string_too_long": say("a text of at most 10,000 characters"),
    "string": say("a text"),
    "float": say("a number"),
    "finite_number": say("a finite number"),
    "int": say("a whole number"),
    "bool": say("`true` or `false`"),
    "date": say("a date such as `2027-05-31`"),
    "too_short": say("a list with at least one entry"),
    "list": say("a list: lines that begin with `- `"),
    "tuple": say("a list: lines that begin with `- `"),
    "dict": say("a mapping: lines of `key: value`"),
    "model": say("a mapping: lines of `key: value`"),
    "path": say("a file name"),
}


def _dotted(trail: Trail) -> str:
    """Write `sites.harbour.needs[0].use`."""
    text = ""
    for part in trail:
        text += (
            f"[{part}]"
            if isinstance(part, int)
            else f".{str(part)[:80]}"
            if text
            else str(part)[:80]
        )
    return text


def _short(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_here(root: type[BaseModel], trail: Trail) -> list[str]:
    """Find the keys that the model at a trail knows."""
    model: Any = root
    for part in trail:
        model = _step(model, part)
        if model is None:
            return []
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _step(annotation: Any, part: str | int) -> Any:
    """Go from a type to the type of what it holds under a key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return _unwrapped(field.annotation) if field else None
    arguments = [one for one in get_args(annotation) if one is not Ellipsis]
    return _unwrapped(arguments[-1]) if arguments else None


def _unwrapped(annotation: Any) -> Any:
    """Look through `Annotated[…]` and `… | None`."""
    arguments = [one for one in get_args(annotation) if one is not type(None)]
    if hasattr(annotation, "__metadata__"):
        return _unwrapped(annotation.__origin__)
    if type(None) in get_args(annotation) and len(arguments) == 1:
        return _unwrapped(arguments[0])
    return annotation
