"""Random worlds for Hypothesis: small, but with everything in them that a rule speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from hypothesis import reject
from hypothesis import strategies as st
from worlds import Kilometres, make_legs, random_kilometres, scenario_of
from raastof_geo.assignment import Plan, assign
from raastof_geo.errors import NoPlanError, ScenarioError
from raastof_geo.legs.legs import Legs
from raastof_geo.scenario.scenario import Scenario

SURPLUS = ("clean_clay_soil", "clean_sandy_soil", "crushed_concrete")
USES = ("fill", "sub_base", "base_course", "noise_barrier")
VIRGIN = ("fill_sand", "sub_base_gravel", "stable_gravel")


@dataclass(frozen=True)
class World:
    """A scenario as plain values, and the lengths of its legs."""

    said: dict[str, Any]
    seed: int
    steps: int
    factor: float = 1.0

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario. Worlds whose agreements or lots cannot be are drawn anew."""
        try:
            return scenario_of(self.said)
        except ScenarioError as error:
            if all(re.search(r"agreements\b|smallest lot", str(one)) for one in error.findings):
                reject()
            raise

    @cached_property
    def kilometres(self) -> Kilometres:
        """Lengths by names, not by order."""
        return random_kilometres(self.seed, steps=self.steps)

    @cached_property
    def legs(self) -> Legs:
        """Legs without roads."""
        return make_legs(self.scenario, self.kilometres, factor=self.factor)

    def with_(self, **changes: Any) -> World:
        """Give the world with other values at the top of its scenario."""
        return World({**self.said, **changes}, self.seed, self.steps, self.factor)

    def scaled(self, factor: float) -> World:
        """Give the world with every amount, and all that limits amounts, times a factor."""
        return World(_scale(self.said, factor), self.seed, self.steps, self.factor)

    def times(self, factor: float) -> World:
        """Give the world in which every leg costs more."""
        return replace(self, factor=self.factor * factor)

    def in_order(self, sites: Iterable[str]) -> World:
        """Give the world with its sites in another order."""
        return self.with_(sites={site: self.said["sites"][site] for site in sites})


def plan_or_none(world: World, **choices: Any) -> Plan | None:
    """Give the plan of a world, none where there is none."""
    try:
        return assign(world.scenario, world.legs, explain=False, **choices)
    except NoPlanError:
        return None


SCALED = {
    "cost_dkk",
    "kg_co2e",
    "at_most",
    "at_most_per_period",
    "hours_per_period",
    "km_per_period",
    "number",
}
"""Numbers without a unit that grow with the amounts."""


def _scale(said: Any, factor: float, key: str = "") -> Any:
    if isinstance(said, dict):
        return {name: _scale(value, factor, name) for name, value in said.items()}
    if isinstance(said, list):
        return [_scale(value, factor, key) for value in said]
    if isinstance(said, str) and said.endswith(" t"):
        tonnes = float(said[:-2].replace(" ", "")) * factor
        return f"{tonnes:.15f}".rstrip("0").rstrip(".") + " t"
    if isinstance(said, int | float) and not isinstance(said, bool) and key in SCALED:
        return said * factor
    return said


@st.composite
def _windows(draw: st.DrawFn, periods: list[int]) -> dict[str, int]:
    first = draw(st.integers(0, len(periods) - 1))
    last = draw(st.integers(first, len(periods) - 1))
    window = {"from": periods[first], "to": periods[last]}
    return draw(st.sampled_from([{}, window]))


@st.composite
def _stocks(draw: st.DrawFn, periods: list[int], key: str, ids: tuple[str, ...]) -> dict[str, Any]:
    amount = draw(st.sampled_from(["amount", "amount", "amount_per_period"]))
    tonnes = f"{draw(st.integers(1, 60)) * 50} t"
    return {key: draw(st.sampled_from(ids)), amount: tonnes, **draw(_windows(periods))}


@st.composite
def _limits(draw: st.DrawFn, least: int) -> dict[str, str]:
    limits = {
        "capacity_per_period": f"{draw(st.integers(least, 120)) * 50} t",
        "capacity_total": f"{draw(st.integers(least, 240)) * 50} t",
    }
    kept = draw(
        st.sampled_from([(), (), ("capacity_per_period",), ("capacity_total",), (*limits,)])
    )
    return {name: limits[name] for name in kept}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw 1-3 periods, 1-4 offers, 1-4 needs, 1-2 pits, 1-2 receivers, and perhaps a target."""
    periods = [2027, 2028, 2029][: draw(st.integers(1, 3))]
    projects: dict[str, dict[str, Any]] = {}
    for role, key, ids in (("offers", "material", SURPLUS), ("needs", "use", USES)):
        for _ in range(draw(st.integers(1, 4))):
            entry = draw(_stocks(periods, key, ids))
            if role == "offers":
                entry["must_leave"] = draw(st.booleans())
                entry["price_dkk_per_t"] = draw(st.sampled_from([0, 0, 20, -30]))
            site = projects.setdefault(f"project-{draw(st.integers(0, 4))}", {})
            site.setdefault(role, []).append(entry)
    sites = dict(projects)
    for number in range(draw(st.integers(1, 2))):
        few = draw(st.lists(st.sampled_from(VIRGIN), min_size=1, unique=True))
        supplies = draw(st.sampled_from([list(VIRGIN), list(VIRGIN), few]))
        sites[f"pit-{number}"] = {"pit": {"supplies": supplies, **draw(_limits(40))}}
    for number in range(draw(st.integers(1, 2))):
        few = draw(st.lists(st.sampled_from(SURPLUS), min_size=1, unique=True))
        accepts = draw(st.sampled_from([list(SURPLUS), list(SURPLUS), few]))
        sites[f"tip-{number}"] = {"receiver": {"accepts": accepts, **draw(_limits(20))}}
    first = draw(st.sampled_from(["transport_kg_co2e_wtw", "transport_kg_co2e_wtw", "cost_dkk"]))
    rest = [name for name in ("cost_dkk", "tonne_km") if name != first]
    said: dict[str, Any] = {
        "title": "A random world",
        "language": "en",
        "periods": periods,
        "vehicles": draw(
            st.sampled_from([["tipper_4_axle"], ["tipper_4_axle", "truck_trailer_7_axle"]])
        ),
        "sites": {
            site: {"lon": 12.0 + 0.01 * number, "lat": 55.5, **entry}
            for number, (site, entry) in enumerate(sites.items())
        },
        "objectives": [first, *rest],
    }
    if draw(st.sampled_from([False, False, True])):
        share = draw(st.sampled_from([0.05, 0.2, 0.5]))
        definition = draw(st.sampled_from(["with_clean_soil", "without_soil"]))
        said["targets"] = {"secondary_share": {"at_least": share, "definition": definition}}
    if draw(st.booleans()):
        said["accepted_conditions"] = ["sieved", "lime_stabilised"]
    return World(said, draw(st.integers(0, 10_000)), draw(st.sampled_from([3, 10_000])))


# --- worlds with everything in them -------------------------------------------------------------

MAKES = {
    "turn_clay": {
        "name": {"en": "Turn clay"},
        "inputs": {"clean_clay_soil": 1},
        "outputs": {"clean_sandy_soil": 0.7, "slightly_polluted_soil": 0.3},
        "kg_co2e_per_t": 2,
        "dkk_per_t": 30,
    },
    "mix_concrete": {
        "name": {"en": "Mix"},
        "inputs": {"crushed_concrete": 0.6, "clean_sandy_soil": 0.4},
        "outputs": {"crushed_concrete_brick": 0.9, "crusher_residue": 0.1},
        "kg_co2e_per_t": 3,
        "dkk_per_t": 45,
    },
    "pick_gravel": {
        "name": {"en": "Pick the gravel out of sand"},
        "inputs": {"fill_sand": 1},
        "outputs": {"concrete_gravel": 0.1, "crusher_residue": 0.9},
        "kg_co2e_per_t": 1,
        "dkk_per_t": 1,
    },
    "wash_soil": {
        "name": {"en": "Wash"},
        "inputs": {"slightly_polluted_soil": 1},
        "outputs": {"clean_sandy_soil": 0.1, "crusher_residue": 0.9},
        "kg_co2e_per_t": 4,
        "dkk_per_t": 60,
    },
}
"""Recipes; of the last two little is wanted and most is residue."""
FITS = {"concrete_gravel": {"base_course": {"verdict": "allowed", "rule": "gravel-any"}}}
STORED = ("clean_clay_soil", "clean_sandy_soil", "crushed_concrete", "fill_sand", "stable_gravel")
RECEIVED = (*SURPLUS, "slightly_polluted_soil", "crusher_residue", "crushed_concrete_brick")
FIRSTS = (
    "transport_kg_co2e_wtw",
    "kg_co2e_wtw",
    "cost_dkk",
    "cost_with_co2_dkk",
    "vehicle_km",
    "virgin_tonnes",
    "landfill_tonnes",
    "drive_h",
    ["transport_kg_co2e_wtw", "disposal_kg_co2e"],
)


_KINDS = "kind", ["soil_bank", "landfill"]


@st.composite
def _stores(draw: st.DrawFn) -> dict[str, Any]:
    store: dict[str, Any] = {"capacity": f"{draw(st.integers(1, 30)) * 50} t"}
    if draw(st.booleans()):
        store["end"] = "any"
    if draw(st.booleans()):
        key = draw(st.sampled_from(["storing_dkk_per_t", "storing_dkk_per_t_month"]))
        store[key] = draw(st.integers(0, 9))
    return store


@st.composite
def _depots(draw: st.DrawFn) -> dict[str, Any]:
    """Draw depots, some of which have to end with more than anybody needs."""
    store = draw(_stores())
    store["materials"] = draw(st.lists(st.sampled_from(STORED), min_size=1, unique=True))
    if draw(st.sampled_from([False, False, True])):
        store["start"] = {store["materials"][0]: f"{draw(st.integers(1, 4)) * 10} t"}
        store["capacity"] = "1500 t"
    if draw(st.sampled_from([False, False, True])):
        kept = draw(st.sampled_from(store["materials"]))
        store["end"] = {kept: f"{draw(st.sampled_from([10, 300, 5000, 200_000]))} t"}
        store["capacity"] = "210 000 t"
    if draw(st.sampled_from([False, False, True])):
        store["capacity_per_period"] = f"{draw(st.integers(1, 20)) * 50} t"
    return store


@st.composite
def _targets(draw: st.DrawFn, periods: list[int]) -> dict[str, Any]:
    targets: dict[str, Any] = {}
    if draw(st.booleans()):
        definition = draw(st.sampled_from(["with_clean_soil", "without_soil", "cut_in_virgin"]))
        share = {"at_least": draw(st.sampled_from([0.05, 0.2])), "definition": definition}
        if draw(st.booleans()):
            share["period"] = draw(st.sampled_from(periods))
        if draw(st.booleans()):
            share |= {"goal": True, "at_least": draw(st.sampled_from([0.3, 0.9]))}
        targets["secondary_share"] = share
    if draw(st.sampled_from([False, False, True])):
        measure = draw(st.sampled_from(["virgin_tonnes", "landfill_tonnes", "kg_co2e_wtw"]))
        cap: dict[str, Any] = {"measure": measure, "at_most": draw(st.integers(20, 400)) * 100}
        if draw(st.booleans()):
            cap["period"] = draw(st.sampled_from(periods))
        targets["at_most"] = [cap]
    if draw(st.sampled_from([False, False, True])):
        most = draw(st.integers(10, 200)) * 10
        targets["passages"] = [{"municipality": "Greve", "at_most_per_period": most}]
    return targets


@st.composite
def _little_wanted(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw sites whose need is met, or might be, by a tenth of what goes through a plant."""
    materials = draw(st.sampled_from([["concrete_gravel"], ["concrete_gravel", "stable_gravel"]]))
    need = {"use": "base_course", "amount": f"{draw(st.integers(1, 60)) * 50} t"}
    price = {"stable_gravel": draw(st.sampled_from([50, 5000]))}
    works = {"recipes": draw(st.sampled_from([["pick_gravel"], ["pick_gravel", "wash_soil"]]))}
    if draw(st.sampled_from([False, False, True])):
        works["capacity_per_period"] = f"{draw(st.integers(1, 60)) * 1000} t"
    return {
        "picky": {"needs": [{**need, "materials": materials}]},
        "sand": {"pit": {"supplies": ["fill_sand"]}},
        "dear": {"pit": {"supplies": ["stable_gravel"], "price_dkk_per_t": price}},
        "picking": {"plant": works},
        "heap": {"receiver": {"accepts": ["crusher_residue"]}},
    }


@st.composite
def _much_kept(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw a depot that has to end with far more than anybody needs, and a pit for it."""
    material = draw(st.sampled_from(["fill_sand", "stable_gravel"]))
    tonnes = draw(st.sampled_from([5000, 300_000, 4_000_000]))
    store = {"materials": [material], "end": {material: f"{tonnes} t"}}
    limit = draw(st.sampled_from([{}, {}, {"capacity_per_period": f"{tonnes} t"}]))
    return {
        "keeping": {"depot": {**store, "capacity": f"{tonnes + 500} t", **limit}},
        "digging": {"pit": {"supplies": [material]}},
    }


@st.composite
def whole_worlds(draw: st.DrawFn) -> World:
    """Draw worlds with plants, depots, stockpiles, fleets, coordinated trucks, limits and deals."""
    world = draw(worlds())
    said = dict(world.said)
    periods = said["periods"]
    sites = {
        site: {key: value for key, value in entry.items() if key not in ("lon", "lat")}
        for site, entry in said["sites"].items()
    }
    said["catalogue"] = {"recipes": MAKES, "fits": FITS}
    if draw(st.booleans()):
        for entry in sites.values():
            if entry.keys() & {"offers", "needs"}:
                entry["project"] = draw(st.sampled_from(["north", "south"]))
    for number in range(draw(st.integers(0, 2))):
        recipes = draw(st.lists(st.sampled_from(list(MAKES)), min_size=1, unique=True))
        sites[f"works-{number}"] = {"plant": {"recipes": recipes, **draw(_limits(10))}}
    for number in range(draw(st.integers(0, 2))):
        sites[f"store-{number}"] = {"depot": draw(_depots())}
    if draw(st.sampled_from([False, False, False, True])):
        sites |= draw(st.one_of(_little_wanted(), _much_kept()))
    for entry in sites.values():
        if entry.get("offers") and draw(st.sampled_from([False, False, True])):
            entry["stockpile"] = draw(_stores())
        if entry.get("needs") and draw(st.sampled_from([False, False, False, True])):
            entry["vehicles"] = ["tipper_4_axle"]
        if draw(st.sampled_from([False, False, False, True])):
            entry["truck_limits"] = {"maxlength_m": 12}
        if entry.get("offers") and draw(st.sampled_from([False, False, True])):
            entry["soil_mapping"] = draw(st.sampled_from(["mapped", "area_classified"]))
        if entry.get("receiver"):
            entry["receiver"]["accepts"] = list(RECEIVED)
            key, choices = draw(st.sampled_from([_KINDS, ("landfill", [False, True])]))
            entry["receiver"][key] = draw(st.sampled_from(choices))
    said["sites"] = {
        site: {"lon": 12.0 + 0.01 * number, "lat": 55.5, **entry}
        for number, (site, entry) in enumerate(sites.items())
    }
    said["targets"] = draw(_targets(periods))
    if draw(st.booleans()):
        said["return_loads"] = {"share": draw(st.sampled_from([0, 0.3, 1.0]))}
    if draw(st.sampled_from([False, False, True])):
        vehicle = draw(st.sampled_from(said["vehicles"]))
        name = draw(st.sampled_from(["hours_per_period", "km_per_period", "number"]))
        least = {"hours_per_period": 50, "km_per_period": 500, "number": 0.05}[name]
        said["fleet"] = {vehicle: {name: least * draw(st.integers(1, 40))}}
    givers = [site for site, entry in sites.items() if entry.keys() & {"offers", "pit", "depot"}]
    takers = [
        site for site, entry in sites.items() if entry.keys() & {"needs", "receiver", "depot"}
    ]
    if draw(st.sampled_from([False, False, True])):
        agreement = {"giver": draw(st.sampled_from(givers)), "taker": draw(st.sampled_from(takers))}
        agreement |= draw(
            st.sampled_from(
                [{"forbidden": True}, {"at_most": "60 t"}, {"at_least": "10 t"}, {"tonnes": "20 t"}]
            )
        )
        said["agreements"] = [agreement]
    if draw(st.sampled_from([False, False, True])):
        role = draw(st.sampled_from(["pit", "receiver"]))
        said["baseline"] = {f"{role}s": [site for site in sites if role in sites[site]][:1]}
    first = draw(st.sampled_from(FIRSTS))
    rest = [name for name in ("cost_dkk", "tonne_km") if name != first]
    said["objectives"] = [{"minimise": first}, *rest]
    return World(said, world.seed, world.steps)


@st.composite
def greedy_worlds(draw: st.DrawFn) -> World:
    """Draw worlds with a plan, in which places need far more than is wanted of them."""
    periods = [2027, 2028][: draw(st.integers(1, 2))]
    kind = draw(st.sampled_from(["yields", "yields", "ends", "both"]))
    sites: dict[str, Any] = {}
    if kind != "ends":
        sites |= draw(_little_wanted())
    if kind != "yields":
        sites |= draw(_much_kept())
    soil = draw(_stocks(periods, "material", ("clean_sandy_soil",)))
    sites["hole"] = {"offers": [{**soil, "must_leave": draw(st.booleans())}]}
    sites["tip"] = {"receiver": {"accepts": list(RECEIVED)}}
    said: dict[str, Any] = {
        "title": "A greedy world",
        "language": "en",
        "periods": periods,
        "vehicles": draw(
            st.sampled_from([["tipper_4_axle"], ["tipper_4_axle", "truck_trailer_7_axle"]])
        ),
        "catalogue": {"recipes": MAKES, "fits": FITS},
        "sites": {
            site: {"lon": 12.0 + 0.01 * number, "lat": 55.5, **entry}
            for number, (site, entry) in enumerate(sites.items())
        },
        "objectives": [
            draw(st.sampled_from(["cost_dkk", "cost_dkk", "kg_co2e_wtw", "virgin_tonnes"])),
            "tonne_km",
        ],
    }
    if draw(st.sampled_from([False, False, True])):
        said["return_loads"] = {"share": draw(st.sampled_from([0.3, 1.0]))}
    return World(said, draw(st.integers(0, 10_000)), draw(st.sampled_from([3, 10_000])))


def every_world() -> st.SearchStrategy[World]:
    """Draw worlds of both kinds: three of those with everything for each greedy one."""
    return st.one_of(whole_worlds(), whole_worlds(), whole_worlds(), greedy_worlds())


@st.composite
def choice_worlds(draw: st.DrawFn) -> World:
    """Draw worlds with sites to open, few partners, and smallest lots."""
    world = draw(st.one_of(whole_worlds(), greedy_worlds()))
    said = dict(world.said)
    sites = said["sites"]
    for site in list(sites):
        for role in OPENED:
            if role in sites[site] and draw(st.booleans()):
                opens = {"cost_dkk": draw(st.integers(0, 50)) * 100, "kg_co2e": 40}
                sites = _open(sites, site, role, opens)
    said["sites"] = sites
    choices: dict[str, Any] = {}
    if draw(st.booleans()):
        choices["partners_at_most"] = draw(st.integers(2, 4))
    if draw(st.booleans()):
        choices["smallest_lot"] = f"{draw(st.integers(1, 8)) * 5} t"
    said["choices"] = choices
    return World(said, world.seed, world.steps)


OPENED = ("pit", "receiver", "plant", "depot")
"""Roles of sites that can be candidates."""


def _open(
    sites: dict[str, Any], site: str, role: str, opens: dict[str, float]
) -> dict[str, dict[str, Any]]:
    return {**sites, site: {**sites[site], role: {**sites[site][role], "opens": opens}}}


def with_openings(world: World, opens: dict[str, float]) -> World:
    """Give the world in which every place is a candidate on the same terms."""
    sites = world.said["sites"]
    for site in world.said["sites"]:
        for role in OPENED:
            if role in sites[site]:
                sites = _open(sites, site, role, opens)
    return world.with_(sites=sites)
