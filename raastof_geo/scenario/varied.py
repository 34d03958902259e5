"""What assumptions and variants change in a scenario, and what a newcomer or locked flows add.

A change is stated in the plain values of the file, which are then read again: so every check that
a file undergoes holds for each variation, and a variation is what its file would give by hand.
"""

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias
import numpy as np
import pandas as pd
import shapely
from pydantic import BaseModel
from raastof_geo.errors import InputError, refusing
from raastof_geo.figures.figure import Figure, Sourced, YearlyFigure
from raastof_geo.files import name_free, write_whole
from raastof_geo.language import say, say_text, spoken_language
from raastof_geo.region.projection import project
from raastof_geo.region.region import Region
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.entry import Captured, NeedEntry, OfferEntry
from raastof_geo.scenario.said.file import PLACES, AmountFilter, Assumption, Variant, Whose
from raastof_geo.scenario.said.site import Site, check_degrees
from raastof_geo.scenario.scenario import Scenario, look_up
from raastof_geo.units import CONDITIONS, Quantity, read_quantity

Edits: TypeAlias = Mapping[Trail, Any]
"""New plain values of a scenario file, by where they stand."""


class SaidAmount(NamedTuple):
    """An amount of a scenario, whose it is, and where it stands."""

    trail: Trail
    quantity: Quantity
    whose: Whose
    site: str
    project: str
    municipality: str | None
    land: str
    use: str | None = None
    material: str | None = None
    times: int = 1
    """In how many periods it falls due again."""


def edit_for(
    scenario: Scenario, assumption: Assumption, level: float, before: Edits = MappingProxyType({})
) -> Edits:
    """Write another number of an assumption, after edits `before`. Returns it by trail."""
    if assumption.scale is None:
        trail = split_path(assumption.set)
        return {trail: _with_number(find_value(scenario, trail), level)}
    factor = level / (assumption.value or 1.0)
    scaled = list_amounts(scenario, assumption.scale, before)
    edits = scale_amounts(scaled, factor)
    if assumption.rest is not None:
        taken = list_amounts(scenario, assumption.rest, before)
        if edits.keys() & {one.trail for one in taken}:
            raise InputError.saying_text("variations", "keep apart")
        edits |= scale_amounts(taken, _factor_of_rest(scenario, scaled, taken, factor))
    return edits


def edit_together(scenario: Scenario, levels: Iterable[tuple[Assumption, float]]) -> Edits:
    """Give what to write where for several assumptions to have other numbers, all at once.

    Numbers at paths come first; then amounts are multiplied one after the other, in the order
    given, and each `rest` takes what is missing of what those before it left.
    """
    edits: dict[Trail, Any] = {}
    for assumption, level in sorted(levels, key=lambda one: one[0].scale is not None):
        new = edit_for(scenario, assumption, level, edits)
        if assumption.set and edits.keys() & new.keys():
            raise InputError.saying_text("variations", "said twice", key=f"`{assumption.set}`")
        edits |= new
    return edits


def moves_amounts_only(edits: Edits) -> bool:
    """Tell whether edits leave who may send what to whom, and what that costs, as it was."""
    return all(
        trail[0] == "capture" or (trail[0] == "sites" and isinstance(new, Quantity))
        for trail, new in edits.items()
    )


def value_of_assumption(scenario: Scenario, assumption: Assumption) -> float:
    """Find the number that is assumed. Returns it; `InputError`: none or another one is there."""
    if assumption.scale is not None:
        return assumption.value or 1.0
    there = number_at(find_value(scenario, split_path(assumption.set)))
    said = there if assumption.value is None else assumption.value
    if abs(there - said) > 1e-9 * abs(there) or not assumption.low <= there <= assumption.high:
        told = {"path": f"`{assumption.set}`", "there": f"{there:g}"}
        raise InputError.saying_text("variations", "other value", **told)
    return there


def scale_amounts(amounts: Sequence[SaidAmount], factor: float) -> dict[Trail, Any]:
    """Multiply amounts by a factor. Returns what they are then, by where they stand."""
    return {one.trail: replace(one.quantity, value=one.quantity.value * factor) for one in amounts}


def _factor_of_rest(
    scenario: Scenario, scaled: Sequence[SaidAmount], taken: Sequence[SaidAmount], factor: float
) -> float:
    """Give what the rest is multiplied by, so that all tonnes together stay."""
    moved, there = (sum(_weigh(scenario, one) for one in amounts) for amounts in (scaled, taken))
    if there <= 0 or (left := there - moved * (factor - 1)) < 0:
        given = moved * (factor - 1)
        raise InputError.saying_text("variations", "no rest", there=there, given=given)
    return left / there


def list_amounts(
    scenario: Scenario, chosen: AmountFilter, before: Edits = MappingProxyType({})
) -> list[SaidAmount]:
    """List the amounts that a filter means. Returns one at least, or raises an `InputError`."""
    meant = {whose: [one for one in which if one[1] is not None] for whose, which in chosen.items()}
    found = [
        said._replace(quantity=before.get(said.trail, said.quantity))
        for said in list_every_amount(scenario)
        if said.whose in meant
        and all(getattr(said, name) in wanted for name, wanted in meant[said.whose])
    ]
    if not found:
        raise InputError.saying_text("variations", "no match")
    return found


def list_every_amount(scenario: Scenario) -> Iterator[SaidAmount]:
    """List the amounts of a scenario, site by site, in the order of the file."""
    periods = tuple(scenario.periods)
    for one, site in scenario.sites.items():
        where = (one, scenario.project(one), site.municipality, scenario.land(one))
        lists: dict[Whose, Sequence[Any]] = {"needs": site.needs, "offers": site.offers}
        for whose, listed in lists.items():
            for number, due in enumerate(listed):
                trail = ("sites", one, whose, number, due.amount_key)
                what = getattr(due, "use", None), getattr(due, "material", None)
                times = len(due.windows(periods))
                yield SaidAmount(trail, due.quantity, whose, *where, *what, times)
        for whose in PLACES:
            key = whose.removesuffix("s")
            place = getattr(site, key)
            for limit in ("capacity", "capacity_per_period", "capacity_total"):
                if (quantity := getattr(place, limit, None)) is not None:
                    yield SaidAmount(("sites", one, key, limit), quantity, whose, *where)


def _weigh(scenario: Scenario, said: SaidAmount) -> float:
    material = scenario.catalogue.uses[said.use].reference_material if said.use else said.material
    return scenario.weigh(said.quantity, material) * said.times


def write_plain(value: Any) -> Any:
    """Write what Python has as a file would: parts as what was said of them, arrays as lists."""
    if isinstance(value, BaseModel):
        said, fields = value.model_fields_set, type(value).model_fields.items()
        value = {field.alias or one: getattr(value, one) for one, field in fields if one in said}
    if isinstance(value, Mapping):
        return dict(zip(map(str, value), map(write_plain, value.values()), strict=True))
    if isinstance(value, np.generic | np.ndarray):
        return write_plain(value.tolist())
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return [*map(write_plain, value)]
    return str(value) if isinstance(value, Path | str) else value


def write_sections(**said: Any) -> str:
    """Write sections of a scenario file, each entry of them a line; YAML reads JSON."""
    lines = []
    for key, value in said.items():
        entries = [f"- {one}" for one in map(_write_line, value)] if isinstance(value, list) else []
        if isinstance(value, Mapping):
            entries = [f"  {id_}: {_write_line(one)}" for id_, one in value.items()]
        lines += [f"{key}:", *entries] if entries else [f"{key}: {_write_line(value)}"]
    return "\n".join(lines) + "\n"


def _write_line(value: Any) -> str:
    return json.dumps(write_plain(value), ensure_ascii=False, default=str)


def write_agreements(tonnes: pd.Series, write: Callable[[float], Any]) -> list[dict[str, Any]]:
    """Write that tonnes by giver, taker, material and period go, or more, as `write` has them."""
    return [
        {"giver": giver, "taker": taker, "material": what, "from": when, "to": when, "at_least": t}
        for giver, taker, what, when, t in tonnes.map(write).reset_index().itertuples(index=False)
    ]


def split_path(path: str) -> Trail:
    """Part a path at its points. Returns keys, and places in lists, which count from 0."""
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def find_value(scenario: Scenario, trail: Trail) -> Any:
    """Find what stands at a path of the scenario or its catalogue. Returns what was read."""
    inside = trail[:1] == ("catalogue",)
    value: Any = scenario.catalogue if inside else scenario.said
    for part in trail[1:] if inside else trail:
        below = _list_below(value)
        if (value := below.get(_find_key(below, part))) is None:
            told = {"path": f"`{'.'.join(map(str, trail))}`", "part": f"`{part}`"}
            hint = suggest(str(part), [str(key) for key in below])
            raise InputError.saying_text("variations", "nowhere", hint=hint, **told)
    return value


def _list_below(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return {field.alias or name: getattr(value, name) for name, field in fields}
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    return value if isinstance(value, Mapping) else {}


def _find_key(values: Iterable[Any], part: str | int) -> Any:
    """Find a key by the text that it is written as; else give it as it is."""
    return next((one for one in values if str(one) == str(part)), part)


def number_at(found: Any) -> float:
    """Find the number at a path. Returns 1 for figures of several numbers, to be multiplied."""
    match found:
        case Quantity() | Figure() | Captured():
            return float(found.value)
        case YearlyFigure(by_year=by_year) if len(by_year) == 1:
            return next(iter(by_year.values()))
        case Sourced():
            return 1.0
        case int() | float() if not isinstance(found, bool):
            return float(found)
    raise InputError.saying_text("variations", "no number")


def _with_number(found: Any, level: float) -> Any:
    """Write another number where one stands, with all else that is said of it but its range."""
    if isinstance(found, Quantity):
        return replace(found, value=level)
    if isinstance(found, Figure | Captured):
        moved = found.model_copy(update={"value": level, "low": None, "high": None})
        return moved.model_dump(mode="json")
    if not isinstance(found, Sourced):
        return level
    return found.times(level / number_at(found)).model_dump(mode="json")


def check_assumptions(scenario: Scenario, tree: Tree) -> None:
    """Note assumptions that cannot be applied at both of their ends."""
    for name, assumption in scenario.said.assumptions.items():
        with tree.telling(("assumptions", name, "set" if assumption.set else "scale")):
            value_of_assumption(scenario, assumption)
            for level in (assumption.low, assumption.high):
                for trail, value in edit_for(scenario, assumption, level).items():
                    put_value(tree.values, trail, value)


def list_leaves(values: Any, trail: Trail = ()) -> Iterator[tuple[Trail, Any]]:
    """List plain values that hold no others, each by where it stands."""
    if not (below := _list_below(values)):
        yield trail, values
    for key, one in below.items():
        yield from list_leaves(one, (*trail, key))


def put_value(values: Any, trail: Trail, new: Any) -> Any:
    """Put a value at a trail, plain or read. Returns new values; what stays is shared."""
    if not trail:
        return new
    here, below = trail[0], trail[1:]
    if isinstance(values, BaseModel):
        field = str(here)
        return values.model_copy(update={field: put_value(getattr(values, field), below, new)})
    if isinstance(values, list | tuple) and isinstance(here, int) and here <= len(values):
        there = values[here] if here < len(values) else None  # one more, where there is none
        return type(values)((*values[:here], put_value(there, below, new), *values[here + 1 :]))
    if not (values is None or isinstance(values, Mapping)):
        raise InputError.saying_text("variations", "short form", key=f"`{here}`")
    values = values or {}
    key = _find_key(values, here)
    return {**values, key: put_value(values.get(key), below, new)}


MOST_VARIANTS = 500
"""As many may come of all sweeps of a scenario."""


def list_variants(scenario: Scenario) -> dict[str, Variant]:
    """List the variants of a scenario by id; of a sweep each choice: `share-1` and so on."""
    known, found = scenario.said.assumptions, dict[str, Variant]()
    for id_, variant in scenario.said.variants.items():
        if not variant.sweep:
            found[id_] = variant
            continue
        choices = itertools.product(*variant.sweep.values())
        for number, values in enumerate(itertools.islice(choices, MOST_VARIANTS + 1), 1):
            chosen = dict(zip(variant.sweep, values, strict=True))
            told = ", ".join(f"{key} {value}" for key, value in chosen.items())
            said = {
                "name": f"{variant.name or id_}: {told}",
                "assume": {**variant.assume, **{k: v for k, v in chosen.items() if k in known}},
                "set": {**variant.set, **{k: v for k, v in chosen.items() if k not in known}},
                "scale": variant.scale,
            }
            found[f"{id_}-{number}"] = Variant.model_validate(said)
    return found


def choose_variants(scenario: Scenario, wanted: str) -> dict[str, Variant]:
    """Find variants by ids, parted by commas, of sweeps too, or `all`. Returns them by id."""
    known = list_variants(scenario)
    if wanted == "all" and known:
        return known
    chosen, sweeps = dict[str, Variant](), scenario.said.variants.keys() - known.keys()
    for one in filter(None, map(str.strip, wanted.split(","))):
        mine = [id_ for id_ in known if id_ == one or one in sweeps & {id_.rpartition("-")[0]}]
        if not mine:
            hint = suggest(one, list(known))
            raise InputError.saying_text("variations", "no variant", given=f"`{one}`", hint=hint)
        chosen |= {id_: known[id_] for id_ in mine}
    return chosen


def edit_for_variant(scenario: Scenario, variant: Variant) -> Edits:
    """Give what a variant writes where, or an `InputError`: nothing there, or written twice."""
    parts: list[Mapping[Trail, Any]] = []
    known = scenario.said.assumptions
    for name, level in variant.assume.items():
        if name not in known:
            given, hint = f"`{name}`", suggest(name, list(known))
            raise InputError.saying_text("variations", "no assumption", given=given, hint=hint)
        parts.append(edit_for(scenario, known[name], level))
    for path, value in variant.set.items():
        trail = split_path(path)
        find_value(scenario, trail[:-1] if len(trail) > 1 else trail)
        parts.append({trail: write_plain(value)})
    parts += (scale_amounts(list_amounts(scenario, one.amounts), one.by) for one in variant.scale)
    edits: dict[Trail, Any] = {}
    for part in parts:
        if twice := edits.keys() & part.keys():
            path = ".".join(map(str, min(twice, key=str)))
            raise InputError.saying_text("variations", "said twice", key=f"`{path}`")
        edits |= part
    return edits


def check_variants(scenario: Scenario, tree: Tree) -> None:
    """Note variants that change what is not there, what they change twice, and too many of them."""
    if len(found := list_variants(scenario)) > MOST_VARIANTS:
        told = say_text("variations", "too many", most=MOST_VARIANTS, count=len(found))
        tree.tell(tree.place(("variants",)), told)
        return
    for id_, variant in found.items():
        own = id_ if id_ in scenario.said.variants else id_.rpartition("-")[0]
        with tree.telling(("variants", own)):
            for trail, value in edit_for_variant(scenario, variant).items():
                put_value(tree.values, trail, value)


VARYING = ("assumptions", "variants")
"""Sections that say what may be otherwise, and nothing of the scenario itself."""
BORDER_M = 1.0
"""A site this near a zone lies in it: coordinates are no better than that. [m]"""
_FOR = re.compile(r"(?:(.*)\s)?(?:for|til)\s(.*)", re.IGNORECASE)
_GROUPED = {"da": re.compile(r"(?<=\d)\.(?=\d{3}\b)"), "en": re.compile(r"(?<=\d),(?=\d{3}\b)")}
"""Marks of thousands, as each language writes them."""


def add_newcomer(
    scenario: Scenario,
    region: Region,
    at: str,
    said: str,
    *,
    need: bool = False,
    window: tuple[str | None, str | None] = (None, None),
) -> tuple[Scenario, str]:
    """Give a scenario with one site more, and its id.

    `at`: lon and lat in degrees; `said`: an amount of a material that is offered, as in `6 000 t
    clean_clay_soil`, or of a use that is a `need`, as in `500 m3 compacted fill` or `500 t
    fill_sand for fill`, by ids or names; `window`: its first and last period. `InputError`: what
    cannot be read, or lies outside the `region`.
    """
    lon, lat = check_degrees(*_read_place(at), region)
    first, last = (one and look_up(scenario, [("periods", one)])[0] for one in window)
    order = [*map([*scenario.periods].index, filter(None, (first, last)))]
    if order != sorted(order):
        raise InputError.saying_text("said", "window", first=str(first), last=str(last))
    quantity, what = _read_amount(said)
    due: dict[str, Any] = {"amount": quantity, "first": first, "last": last}
    entries: dict[str, Any]
    if need:
        use, materials = _read_need(scenario, what)
        entries = {"needs": (NeedEntry(use=use, materials=materials, **due),)}
        material = scenario.catalogue.uses[use].reference_material
    else:
        (material,) = look_up(scenario, [("materials", what)])
        entries = {"offers": (OfferEntry(material=material, **due),)}
    if scenario.weigh(quantity, material) <= 0:
        raise InputError(say("an amount must be above 0"))
    id_ = "newcomer"
    while id_ in scenario.sites:
        id_ += "_"
    site = Site(name=str(say("The newcomer")), lon=lon, lat=lat, **entries)
    place, zones = shapely.Point(project(lon, lat, region.crs)[0]), list(scenario.said.zones)
    for number, area in scenario.areas.items():
        if shapely.dwithin(place, area, BORDER_M):
            zones[number] = zones[number].model_copy(update={"sites": (*zones[number].sites, id_)})
    return scenario.saying(sites={**scenario.sites, id_: site}, zones=tuple(zones)), id_


def _read_need(scenario: Scenario, what: str) -> tuple[str, tuple[str, ...] | None]:
    parts = _FOR.fullmatch(what)
    only, use = (parts[1], parts[2]) if parts else (None, what)
    (use,) = look_up(scenario, [("uses", use)])
    return use, tuple(look_up(scenario, [("materials", only)])) if only else None


def _read_place(given: str) -> tuple[float, float]:
    """Read `12.1,55.6`, or with decimal commas `12,1 55,6`. [degrees]"""
    parts = re.split(r"[;\s]+|,\s+", given.strip()) if re.search(r"[;\s]", given.strip()) else ()
    with refusing("usage", "no place", given=given):
        lon, lat = (float(one.replace(",", ".")) for one in parts or given.split(","))
    return lon, lat


def _read_amount(given: str) -> tuple[Quantity, str]:
    """Part a line into an amount, its thousands as the reader marks them, and what it is of."""
    words = _GROUPED[spoken_language()].sub(" ", given).split()
    refused: InputError | None = None
    for count in range(1, len(words) + 1):
        try:
            quantity = read_quantity(" ".join(words[:count]))
        except InputError as error:
            refused = refused or error
            continue
        if quantity.unit == "m3" and " ".join(words[count : count + 1]).lower() in CONDITIONS:
            continue
        if what := " ".join(words[count:]):
            return quantity, what
        refused = None
    raise refused or InputError.saying_text("usage", "no amount here", given=f"`{given}`")


_ARROW = re.compile(r"\s*(?:→|->|>)\s*")
_LANE = ["origin", "destination", "material", "period"]
_FIRST_ROW = 2
"""Of the first flow in `flows.csv`, below the heads."""


def choose_flows(scenario: Scenario, flows: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Pick flows by their rows in `flows.csv`, or all between two sites: `GIVER→TAKER`.

    `InputError`: none is wanted, there is none such, or what is meant stays where it is.
    """
    leaving = flows["origin"] != flows["destination"]
    chosen = pd.Series(False, index=flows.index)
    for word in wanted or [""]:
        giver, *taker = _ARROW.split(word, maxsplit=1)
        mine = pd.Series((flows.index + _FIRST_ROW).astype(str) == word.strip(), flows.index)
        if taker:
            ends = look_up(scenario, [("sites", giver), ("sites", taker[0])])
            mine = (flows[["origin", "destination"]] == ends).all(axis=1)
        if not (mine & leaving).any():
            last = str(max(flows.index, default=0) + _FIRST_ROW)
            key = "flow that stays" if mine.any() else "flow" if word else "no flow"
            raise InputError.saying_text("usage", key, given=f"`{word}`", last=last)
        chosen |= mine
    return flows[chosen & leaving]


def write_locked(scenario: Scenario, source: Path, flows: pd.DataFrame) -> Path:
    """Write a scenario beside its `source` that extends it, and has flows as agreements; give it.

    Amounts are least ones, rounded down to the kilogram, so that the plan they are of keeps all of
    them. A variant without each, and one without any, price them. `InputError`: no plan could keep
    them, as the checks of a file have it.
    """
    language, own = scenario.said.language, write_plain(scenario.said.agreements)
    summed = flows.groupby(_LANE, sort=False, observed=True)["tonnes"].sum()
    new = write_agreements(summed, lambda tonnes: f"{math.floor(1000 * tonnes) / 1000} t")
    variants = dict[str, Any]()
    for number, one in enumerate(new):
        told = {end: scenario.site_name(one[end]) for end in ("giver", "taker")}
        told |= {"material": scenario.catalogue.materials[one["material"]].called(language)}
        name = say("without {giver} → {taker}, {material} {period}", **told, period=one["from"])
        leave = {f"agreements.{len(own) + number}.at_least": "0 t"}
        variants[f"without_{number + 1}"] = {"name": name.render(language)[:200], "set": leave}
    name = say("without what is locked")
    variants["without_any"] = {"name": name.render(language), "set": {"agreements": own}}
    agreed = [*own, *new]
    scenario.change({"agreements": agreed, "variants": variants})
    text = write_sections(extends=source.name, agreements=agreed, variants=variants)
    return write_whole(name_free(source.with_name(f"{source.stem}_locked.yaml")), text)
