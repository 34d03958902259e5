"""Read a scenario file, and say everything that is wrong with it at once."""

import hashlib
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any
import numpy as np
import shapely
from pydantic import ValidationError
from raastof_geo.errors import Finding, InputError, ScenarioError, raise_all, refusing
from raastof_geo.language import list_codes, say, say_text
from raastof_geo.region.layer import AnyFrame, read_polygons
from raastof_geo.region.projection import project
from raastof_geo.region.region import Region, lend_region, read_region
from raastof_geo.scenario import deals, identity, varied
from raastof_geo.scenario.catalogue import Catalogue, load_catalogue, read_builtin_values
from raastof_geo.scenario.identity import Context, Fault, Names, explain_errors, id_or_word
from raastof_geo.scenario.period import read_calendar
from raastof_geo.scenario.reading.tree import Trail, Tree, find_beside, merge_values, read_tree
from raastof_geo.scenario.said.entry import DEFAULT, Captured, Role
from raastof_geo.scenario.said.file import FILES, NEWEST_FORMAT, ScenarioFile
from raastof_geo.scenario.said.site import Located, Site
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.tables import grid
from raastof_geo.scenario.tables.source import join_tables, read_source


def read_scenario(
    source: Path | str | Mapping[str, Any],
    *,
    name: str = "scenario",
    anywhere: bool = False,
    sites: Sequence[AnyFrame] = (),
) -> Scenario:
    """Read and check a scenario: a file, or the same keys and values as Python has them.

    A file is YAML with the tables that it names, or a workbook or a GeoPackage that is all of it; a
    mapping holds texts, numbers, dates, lists, mappings and the types of
    `raastof_geo.scenario.said`, such as `OfferEntry`. `name`: the id of a scenario out of a
    mapping, after which its results are called; `anywhere`: whether it may name files outside its
    folder (of a mapping: the working folder); `sites`: frames of GeoPandas or pandas in which each
    row says something of a site, as in a table. `ScenarioError`: every mistake, each with line and
    column, sheet and cell, or its path.

    >>> from raastof_geo import read_scenario
    >>> sites = {"grav": {"lon": 12.15, "lat": 55.633, "pit": {"supplies": ["fill_sand"]}}}
    >>> sites["vej"] = {"lon": 12.1, "lat": 55.45, "needs": [{"use": "fill", "amount": "1 t"}]}
    >>> read_scenario({"title": "Two sites", "periods": [2027], "sites": sites}).needs[0].tonnes
    1.0
    """
    if isinstance(source, Mapping):
        tree = Tree(name, varied.write_plain(source))
        text = json.dumps(tree.values, default=str, ensure_ascii=False, sort_keys=True)
        if half := re.search(r"[\ud800-\udfff]", text):  # no file can hold half a character
            raise ScenarioError.saying_text("yaml", "character", code=f"U+{ord(half[0]):04X}")
        tree.digest = hashlib.sha256(text.encode()).hexdigest()
        path = Path(f"{name}.yaml")
        join_tables(tree, path.parent, sites, anywhere=anywhere)
    else:
        path = Path(source)
        tree = read_source(path, anywhere=anywhere, frames=sites)
    return build_scenario(tree, path=path, anywhere=anywhere)


def build_scenario(tree: Tree, *, path: Path, anywhere: bool = False) -> Scenario:
    """Check plain values and turn them into a scenario, or raise as `read_scenario` does."""
    given: Any = tree.values.get("format")
    if isinstance(given, int) and given > NEWEST_FORMAT:  # before anything else in it looks wrong
        told = say_text("older formats", "newer", given=str(given), newest=str(NEWEST_FORMAT))
        raise ScenarioError(Finding(told, tree.place(("format",))))
    home = path.parent.resolve()
    region = _find_region(tree, home, anywhere=anywhere)
    _read_catalogue(tree, home, anywhere=anywhere)
    catalogue, wrong = _build_catalogue(tree)
    try:
        said = ScenarioFile.model_validate(tree.values, context=_context(tree, catalogue, region))
    except ValidationError as error:
        findings = [*tree.findings, *wrong, *explain_errors(error, tree, ScenarioFile)]
        _, lost = sketch_sites(tree, region)  # not looked at where more is wrong with a site
        findings += [one for one in lost if one not in findings]
        raise ScenarioError(*sorted(findings)) from error
    tree.findings += wrong
    _check_files(said, tree, home, anywhere=anywhere)
    said, areas = _find_in_zones(said, tree, home, region.crs, anywhere=anywhere)
    for fault in itertools.chain.from_iterable(check(said) for check in _CHECKS):
        tree.tell(tree.place(fault.below, of_key=fault.of_key), fault.message)
    if said.network.file is not None:
        network = said.network.model_copy(update={"file": (home / said.network.file).resolve()})
        said = said.model_copy(update={"network": network})
    scenario = Scenario(
        path.stem,
        tree.digest,
        said,
        catalogue,
        places=tree.keys,
        areas=areas,
        values=tree.values,
        home=home,
        reread=change_scenario,
    )
    doubts = [] if wrong else _compare(scenario, tree)
    raise_all(ScenarioError, sorted(tree.findings))
    return replace(scenario, warnings=(*tree.doubts, *sorted(doubts)))


def change_scenario(scenario: Scenario, edits: Mapping[str, Any]) -> Scenario:
    """Read a scenario with new values at paths, as `Scenario.change` does."""
    new = {varied.split_path(path): value for path, value in varied.write_plain(edits).items()}
    for trail in new:
        varied.find_value(scenario, trail[:-1])
    return read_varied(scenario, {("assumptions",): scenario.values.get("assumptions", {})} | new)


def read_variant(scenario: Scenario, wanted: str) -> Scenario:
    """Read one variant by its id. Returns it with an id, title and digest of its own, or raises."""
    if len(chosen := varied.choose_variants(scenario, wanted)) != 1:
        given, ids = f"`{wanted}`", list_codes(chosen)
        raise InputError.saying_text("variations", "one variant", given=given, ids=ids)
    [(id_, variant)] = chosen.items()
    edits = varied.edit_for_variant(scenario, variant)
    title = f"{scenario.said.title} · {variant.name or id_}"
    other = read_varied(scenario, {**edits, ("title",): title})
    text = f"{scenario.digest} {sorted((str(trail), str(new)) for trail, new in edits.items())}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(other, id=f"{scenario.id}-{id_}", digest=digest)


def read_varied(scenario: Scenario, edits: varied.Edits) -> Scenario:
    """Read a scenario with other values in its file, all checks included; else an `InputError`."""
    if not scenario.values:
        raise InputError.saying_text("variations", "not read")
    keys = dict(scenario.places)
    tree = Tree(f"{scenario.id}.yaml", {}, keys, keys, digest=scenario.digest)
    values = {**scenario.values, "language": scenario.said.language}
    values |= {section: {} for section in varied.VARYING}
    if isinstance(own := values.get("catalogue"), Mapping):
        values["catalogue"] = _write_ids(own, tree)
    for trail, value in edits.items():
        values = varied.put_value(values, trail, value)
    tree.values = values
    return build_scenario(tree, path=scenario.home / tree.file, anywhere=True)


def _compare(scenario: Scenario, tree: Tree) -> list[Finding]:
    """Note what is wrong between the entries of a scenario, and give what is worth a warning."""
    varied.check_assumptions(scenario, tree)
    varied.check_variants(scenario, tree)
    doubts, found = list[Finding](), (check(scenario) for check in deals.CHECKS)
    held = deals.check_lots(scenario, tree), deals.check_agreements(scenario, tree)
    for fault in itertools.chain(*held, *found):
        (doubts if fault.is_doubt else tree.findings).append(fault.find_in(tree, ()))
    return doubts


def _read_catalogue(tree: Tree, home: Path, *, anywhere: bool) -> None:
    """Put what a file of a catalogue says where a scenario names it, with what is wrong with it."""
    if not isinstance(name := tree.values.get("catalogue"), str):
        return
    tree.values["catalogue"] = {}
    try:
        other = read_tree(find_beside(home, Path(name), anywhere=anywhere), shown_as=name)
    except InputError as error:
        named = tree.place(("catalogue",))
        tree.findings += [replace(one, place=one.place or named) for one in error.findings]
        return
    tree.values["catalogue"] = other.values
    tree.repeat(other, (), ("catalogue",))
    tree.digest = hashlib.sha256(f"{tree.digest} {other.digest}".encode()).hexdigest()
    tree.findings += other.findings


def _build_catalogue(tree: Tree) -> tuple[Catalogue, list[Finding]]:
    own, year = tree.values.get("catalogue"), tree.values.get("price_year")
    year = year if isinstance(year, int) else None  # it counts before the file is checked
    if not isinstance(own, Mapping) or not own:
        return load_catalogue().at_prices_of(year), []
    merged = merge_values(read_builtin_values(), _write_ids(own, tree))
    try:
        context = Context(_list_known(own))
        return Catalogue.model_validate(merged, context=context).at_prices_of(year), []
    except ValidationError as error:
        return load_catalogue(), explain_errors(error, tree, Catalogue, below=("catalogue",))


def _list_known(own: Any) -> dict[str, Names]:
    builtin = read_builtin_values()
    merged = merge_values(builtin, own) if isinstance(own, Mapping) else builtin
    return {name: identity.names_in(merged[name]) for name in builtin}


def _context(tree: Tree, catalogue: Catalogue, region: Region) -> Context:
    known = _list_known(tree.values.get("catalogue"))
    if isinstance(tree.values.get("sites"), Mapping):
        known |= {"sites": identity.names_in(tree.values.get("sites"))}
    drawn = {name: {"title": f"{name} Kommune"} for name in region.names}
    known |= {"drawn_municipalities": drawn}
    if region.bounds is not None and region.names:
        known |= {"municipalities": drawn}
    if not isinstance(vehicles := tree.values.get("vehicles"), list):
        vehicles = ScenarioFile.model_fields["vehicles"].default
    return Context(
        known,
        region,
        calendar=read_calendar(tree.values.get("periods")),
        catalogue=catalogue,
        vehicles=tuple(id_or_word("vehicles", str(one), known["vehicles"]) for one in vehicles),
    )


def _find_region(tree: Tree, home: Path, *, anywhere: bool) -> Region:
    network = tree.values.get("network")
    name = network.get("file") if isinstance(network, Mapping) else None
    if not isinstance(name, str | Path):
        return read_region()
    with suppress(InputError):  # told when the roads are loaded
        return read_region(find_beside(home, Path(name), anywhere=anywhere))
    return lend_region(None)


def sketch_sites(tree: Tree, region: Region) -> tuple[dict[str, Located], list[Finding]]:
    """Find sites that lie in a region. Returns them, and what is wrong with where others lie."""
    sites = tree.values.get("sites")
    found: dict[str, Located] = {}
    mistakes: list[Finding] = []
    for id_, said in sites.items() if isinstance(sites, Mapping) else ():
        if not isinstance(said, Mapping):
            continue
        own = {key: said[key] for key in Located.model_fields if key in said}
        try:
            found[str(id_)] = Located.model_validate(own, context=Context(region=region))
        except ValidationError as error:
            if said.keys() <= Site.model_fields.keys():  # else another key was meant for one
                mistakes += explain_errors(error, tree, Located, below=("sites", id_))
    return found, mistakes


def _check_files(said: ScenarioFile, tree: Tree, home: Path, *, anywhere: bool) -> None:
    """Note what is wrong with the files of the roads and of the report: where they lie, or what."""
    for trail in FILES:
        name = attrgetter(".".join(trail))(said)
        with tree.telling(trail):
            file = find_beside(home, name, anywhere=anywhere) if name is not None else None
            if file and name is said.report.template:
                _check_template(file)


def _find_in_zones(
    said: ScenarioFile, tree: Tree, home: Path, crs: str, *, anywhere: bool
) -> tuple[ScenarioFile, dict[int, shapely.MultiPolygon]]:
    """Add to each zone the sites in the polygons of its file or on their border.

    Also give the polygons by number of the zone, in metres of `crs`; mistakes are findings.
    """
    zones, areas = list(said.zones), dict[int, shapely.MultiPolygon]()
    for number, zone in enumerate(said.zones):
        if zone.file is None:
            continue
        with tree.telling(("zones", number, "file")):
            file = find_beside(home, zone.file, anywhere=anywhere)
            drawn = shapely.make_valid(read_polygons(file).to_crs(crs).geometry.to_numpy())
            # What is made valid may be several polygons, or lines where it had no width.
            parts = [one for one in shapely.get_parts(shapely.union_all(drawn)) if one.area]
            if not parts:
                raise InputError.saying_text("files beside", "no polygons", file=f"`{file.name}`")
            areas[number] = shapely.MultiPolygon(parts)
            lon, lat = np.array([site.lon_lat for site in said.sites.values()]).T
            places = shapely.points(project(lon, lat, crs))
            near = np.asarray(shapely.dwithin(places, areas[number], varied.BORDER_M))
            sites = dict.fromkeys((*zone.sites, *itertools.compress(said.sites, near)))
            zones[number] = zone.model_copy(update={"sites": tuple(sites)})
    return said.model_copy(update={"zones": tuple(zones)}), areas


_MOST_TEMPLATE_MB = 20
_KIND = "wordprocessingml.document.main+xml"
"""What Word calls a document without macros, which is no template of its own kind (`.dotx`)."""
_TYPES, _READ = "[Content_Types].xml", ("word/document.xml", "word/styles.xml", "_rels/.rels")
_PAGE = re.compile(rb"sectPr[^<]*>\s*</(\w+:)?body>")
"""The last section of a document, which says its page."""


def _check_template(file: Path) -> None:
    """Look at the file of `report.template`, or raise an `InputError`: it is none."""
    told = {"file": f"`{file.name}`"}
    with refusing("files beside", "no word", **told), zipfile.ZipFile(file) as package:
        grid.check_unpacked(package, _MOST_TEMPLATE_MB, **told)
        if _KIND not in package.read(_TYPES).decode("utf-8", "replace"):
            raise InputError.saying_text("files beside", "no word", **told)
        document, *_ = [package.read(part) for part in _READ]  # whole, or its sum is wrong
        if not _PAGE.search(document):
            raise InputError.saying_text("files beside", "no page", **told)


def _check_baseline(said: ScenarioFile) -> Iterator[Fault]:
    for key, role in (("pits", Role.PIT), ("receivers", Role.RECEIVER)):
        for index, site in enumerate(getattr(said.baseline, key) or ()):
            if role not in said.sites[site].roles:
                told = say("baseline.{key}: {site} has no `{role}:`")
                told = told.format(key=key, site=f"`{site}`", role=role)
                yield Fault(told, ("baseline", key, index))


def _check_least(said: ScenarioFile) -> Iterator[Fault]:
    """Find the first least amount that has to say of which material, one being captured in part."""
    every = said.capture.get(DEFAULT, Captured(value=1.0))
    for number, agreement in enumerate(said.agreements):
        if agreement.least and agreement.material is None:
            offered = (one.material for one in said.sites[agreement.giver].offers)
            if any(said.capture.get(one, every).value < 1 for one in offered):
                told = say_text("said", "which material", site=f"`{agreement.giver}`")
                yield Fault(told, ("agreements", number))
                return


def _check_partners(said: ScenarioFile) -> Iterator[Fault]:
    for number, agreement in enumerate(said.agreements):
        for key, site, verb, able in (
            ("giver", agreement.giver, say("give"), Role.gives),
            ("taker", agreement.taker, say("take"), Role.takes),
        ):
            if not any(map(able, said.sites[site].roles)):
                told = say("agreements: {site} has nothing to {verb}", site=f"`{site}`", verb=verb)
                yield Fault(told, ("agreements", number, key))


def _check_trucks(said: ScenarioFile) -> Iterator[Fault]:
    named: dict[Trail, str] = {("fleet", vehicle): vehicle for vehicle in said.fleet}
    for number, vehicle in enumerate(said.baseline.vehicles or ()):
        named["baseline", "vehicles", number] = vehicle
    message = say("{where}: {vehicle} is not among `vehicles` of this scenario")
    for trail, vehicle in named.items():
        if vehicle not in said.vehicles:
            told = message.format(where=str(trail[0]), vehicle=f"`{vehicle}`")
            yield Fault(told, trail, of_key=trail[0] == "fleet")


def _check_openings(said: ScenarioFile) -> Iterator[Fault]:
    opens, sites = attrgetter("opens"), said.sites.items()
    candidates = [id_ for id_, site in sites for _ in filter(opens, site.places.values())]
    for number, choice in enumerate(said.choices.openings):
        trail: Trail = ("choices", "openings", number)
        for at, site in enumerate(choice.of):
            if site not in candidates:
                told = say("choices.openings: {site} has nothing that `opens`", site=f"`{site}`")
                yield Fault(told, (*trail, "of", at))
        count = sum(site in (choice.of or candidates) for site in candidates)
        least, most = choice.ends
        most = min(count, count if most is None else most)
        if least > most:
            yield Fault(say_text("said", "openings", least=least, count=count, most=most), trail)


_CHECKS = (_check_baseline, _check_least, _check_partners, _check_trucks, _check_openings)
"""What has to be true of sites and trucks that are named beside `sites` and `vehicles`."""


def _write_ids(own: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    """Give a scenario's own entries of the catalogue with ids where names of others were written.

    Entries are laid over the built-in ones key by key, so that a rule under a name has to come
    under its id first. A name that is not known stays; the tree knows the places of what moves.
    """
    known, written, recipes = _list_known(own), dict(own), own.get("recipes")
    keyed: list[tuple[Trail, Any, tuple[str, ...]]] = [
        (("fits",), own.get("fits"), ("materials", "uses")),
        (("soil_moves",), own.get("soil_moves"), ("land",)),
    ]
    for name, recipe in recipes.items() if isinstance(recipes, Mapping) else ():
        for one in ("inputs", "outputs") if isinstance(recipe, Mapping) else ():
            keyed.append((("recipes", name, one), recipe.get(one), ("materials",)))
    for trail, part, keyed_by in keyed:
        if isinstance(part, Mapping):
            by_id = _rekey(part, ("catalogue", *trail), keyed_by, known, tree)
            written = varied.put_value(written, trail, by_id)
    return written


def _rekey(
    part: Any, trail: Trail, keyed_by: tuple[str, ...], known: Mapping[str, Names], tree: Tree
) -> Any:
    """Write a mapping with ids as keys; one that is there already or unknown stays as it is."""
    if not isinstance(part, Mapping) or not keyed_by:
        return part
    written: dict[str, Any] = {}
    for key, value in part.items():
        id_ = id_or_word(keyed_by[0], str(key), known[keyed_by[0]])
        id_ = key if id_ in part else id_
        if id_ != key:
            tree.repeat(tree, (*trail, key), (*trail, id_))
        written[id_] = _rekey(value, (*trail, id_), keyed_by[1:], known, tree)
    return written
