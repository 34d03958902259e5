"""The other forms of a scenario that its file lists, each as the values that it changes."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from raastof_geo.errors import Finding, InputError
from raastof_geo.language import list_codes, say_text
from raastof_geo.scenario.fault import finding_at
from raastof_geo.scenario.identity import suggest
from raastof_geo.scenario.reading.tree import Trail, Tree
from raastof_geo.scenario.said.file import Variant
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import (
    Edits,
    edit_for,
    find_value,
    list_amounts,
    put_value,
    scale_amounts,
    split_path,
    write_plain,
)

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
    """Give variants by their ids, parted by commas, or `all`; a sweep also by its own id."""
    known = list_variants(scenario)
    if wanted == "all" and known:
        return known
    chosen: dict[str, Variant] = {}
    for one in filter(None, map(str.strip, wanted.split(","))):
        swept = one in scenario.said.variants and one not in known
        mine = [id_ for id_ in known if id_ == one or (swept and id_.rpartition("-")[0] == one)]
        if not mine:
            hint = suggest(one, list(known))
            raise InputError.saying_text("variations", "no variant", given=f"`{one}`", hint=hint)
        chosen |= {id_: known[id_] for id_ in mine}
    return chosen


def find_variant(scenario: Scenario, wanted: str) -> tuple[str, Variant]:
    """Give the one variant with an id, and its id, or an `InputError`: none or several."""
    chosen = choose_variants(scenario, wanted)
    if len(chosen) != 1:
        told = {"given": f"`{wanted}`", "ids": list_codes(chosen)}
        raise InputError.saying_text("variations", "one variant", **told)
    return next(iter(chosen.items()))


def edit_for_variant(scenario: Scenario, variant: Variant) -> Edits:
    """Give what a variant writes where, or an `InputError`: nothing there, or written twice."""
    parts: list[Mapping[Trail, Any]] = []
    known = scenario.said.assumptions
    for name, level in variant.assume.items():
        if name not in known:
            told = {"given": f"`{name}`", "hint": suggest(name, list(known))}
            raise InputError.saying_text("variations", "no assumption", **told)
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


def check_variants(scenario: Scenario, tree: Tree) -> Iterator[Finding]:
    """Find variants that change what is not there, what they change twice, and too many of them."""
    found = list_variants(scenario)
    if len(found) > MOST_VARIANTS:
        told = {"most": MOST_VARIANTS, "count": len(found)}
        yield Finding(say_text("variations", "too many", **told), tree.place(("variants",)))
        return
    for id_, variant in found.items():
        own = id_ if id_ in scenario.said.variants else id_.rpartition("-")[0]
        try:
            for trail, value in edit_for_variant(scenario, variant).items():
                put_value(tree.values, trail, value)
        except InputError as error:
            for one in error.findings:
                yield finding_at(tree, ("variants", own), one.message)
