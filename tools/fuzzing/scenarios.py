"""Make up scenarios of every feature, and spoil some of them."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from fuzzing.spoil import list_leaves, spoil_bytes, spoil_leaf

SURPLUS = ("clean_clay_soil", "clean_sandy_soil", "slightly_polluted_soil", "crushed_concrete")
RUBBLE = ("concrete_rubble", "asphalt_slabs")
USES = ("fill", "sub_base", "base_course", "noise_barrier", "trench")
VIRGIN = ("fill_sand", "sub_base_gravel", "stable_gravel", "crushed_rock")
RECEIVED = (*SURPLUS, *RUBBLE, "crusher_residue")
TRUCKS = ("tipper_4_axle", "truck_trailer_7_axle", "tipper_4_axle_electric")
MEASURES = ("kg_co2e_wtw", "cost_dkk", "tonne_km", "virgin_tonnes", "drive_h", "landfill_tonnes")

QUICK_OUTPUTS = ["plan", "flows", "proof", "ledger", "summary"]


def make_scenario(dice: Random) -> bytes:
    """Make a scenario and spoil it or not.

    Three in ten are whole; in five values are moved, each to one that may stand there;
    the others are spoiled, in their tree or in their bytes.
    """
    tree = make_tree(dice)
    how = dice.random()
    if 0.3 <= how < 0.8:
        for _ in range(dice.randint(1, 3)):
            _move(tree, dice)
    elif 0.8 <= how < 0.92:
        for _ in range(dice.randint(1, 2)):
            spoil_leaf(tree, dice)
    text = _write(tree, dice)
    if how >= 0.97:
        text = _harden(tree, dice)
    data = text.encode("utf-8", "surrogatepass")
    return spoil_bytes(data, dice) if 0.92 <= how < 0.97 else data


def _harden(tree: dict[str, Any], dice: Random) -> str:
    """Write a tree key by key, with a line before or after that is hard on readers of YAML."""
    line, text = dice.choice(HARD_LINES), _write_keys(tree)
    return f"{line}\n{text}" if line.startswith("%") or dice.random() < 0.5 else f"{text}{line}\n"


HARD_LINES: tuple[str, ...] = (
    "%YAML 1.1\n---",
    "a: &a {<<: *a}",
    "x: !!int abc",
    "x: !!python/object:os.system {}",
    "x: 1:30",
    "x: " + "9" * 5000,
    "x: 1e400",
    "x: [" * 2000,
    "? {a: b}\n: c",
    "x: &x [" + "1," * 50 + "1]\ny: [" + ",".join(["*x"] * 50) + "]",
    "\t- a",
    "x: >\n" + "y" * 10_000,
    "sites: {}",
    "m0: &m0 {a: 1}\n"
    + "\n".join(f"m{n + 1}: &m{n + 1} {{<<: [{', '.join([f'*m{n}'] * 8)}]}}" for n in range(12)),
)


def make_tree(dice: Random) -> dict[str, Any]:
    """Make up a scenario in which a plan most often exists."""
    periods = [[2027], [2027, 2028], ["2027-Q1", "2027-Q2", "2027-Q3"]][dice.randrange(3)]
    trucks = dice.sample(TRUCKS, dice.randint(1, 2))
    sites: dict[str, Any] = {
        "pit": {"pit": {"supplies": list(VIRGIN)}},
        "tip": {"receiver": {"accepts": list(RECEIVED)}},
    }
    for number in range(dice.randint(1, 3)):
        sites[f"p{number}"] = _make_project(dice, periods)
    for name, make in (("works", _make_plant), ("store", _make_depot), ("pit2", _make_pit)):
        if dice.random() < 0.35:
            sites[name] = make(dice)
    for site in sites.values():
        site |= {
            "lon": round(dice.uniform(12.05, 12.25), 4),
            "lat": round(dice.uniform(55.42, 55.6), 4),
        }
    tree: dict[str, Any] = {
        "title": dice.choice(("A world", "Åby & Ærø <b>", "=1+1")),
        "language": dice.choice(("da", "en")),
        "periods": periods,
        "vehicles": trucks,
        "sites": sites,
        "outputs": list(QUICK_OUTPUTS),
        "network": {"snap_limit_m": 20_000},
    }
    if dice.random() < 0.8:
        tree["effect"] = {"causes": False, "shapley": False}  # each takes further solves
    for name, make in _FEATURES.items():
        if dice.random() < 0.2:
            made = make(dice, tree)
            tree[name] = {**tree.get(name, {}), **made} if isinstance(made, dict) else made
    return tree


def _amount(dice: Random) -> str:
    unit = dice.choice(("t", "t", "t", "m3 in_situ", "kt"))
    tonnes = dice.choice((1, 37.5, 400, 1200, 9000)) if unit != "kt" else dice.choice((1, 2.5))
    return f"{tonnes} {unit}"


def _tonnes(dice: Random) -> str:
    return f"{dice.choice((5, 37.5, 400, 1200, 9000))} t"


def _window(dice: Random, periods: list[Any]) -> dict[str, Any]:
    found = {}
    first = dice.randrange(len(periods))
    if dice.random() < 0.3:
        found["from"] = periods[first]
    if dice.random() < 0.3:
        found["to"] = periods[dice.randrange(first, len(periods))]
    return found


def _make_project(dice: Random, periods: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if dice.random() < 0.7:
        found["needs"] = [
            {"use": dice.choice(USES[:3]), "amount": _tonnes(dice), **_window(dice, periods)}
            for _ in range(dice.randint(1, 2))
        ]
    if dice.random() < 0.7 or not found:
        found["offers"] = [_make_offer(dice, periods) for _ in range(dice.randint(1, 2))]
    if "offers" in found and dice.random() < 0.2:
        found["stockpile"] = {"capacity": _tonnes(dice), "end": dice.choice(("any", "empty"))}
    return found


def _make_offer(dice: Random, periods: list[Any]) -> dict[str, Any]:
    offer = {"material": dice.choice(SURPLUS + RUBBLE), "amount": _amount(dice)}
    if dice.random() < 0.3:
        offer["must_leave"] = False
    return {**offer, **_window(dice, periods)}


def _make_pit(dice: Random) -> dict[str, Any]:
    pit: dict[str, Any] = {"supplies": dice.sample(VIRGIN, dice.randint(1, 3))}
    return {"pit": _with_limits(pit, dice)}


def _make_plant(dice: Random) -> dict[str, Any]:
    recipes = dice.sample(("crush_concrete", "crush_asphalt", "sieve_sandy_soil"), 2)
    return {"plant": _with_limits({"recipes": recipes}, dice)}


def _make_depot(dice: Random) -> dict[str, Any]:
    materials = dice.sample(SURPLUS, dice.randint(1, 2))
    depot: dict[str, Any] = {"materials": materials, "capacity": "9000 t"}
    if dice.random() < 0.4:
        depot["start"] = {materials[0]: "40 t"}
    if dice.random() < 0.6:
        depot["end"] = dice.choice(("any", "empty", {materials[0]: "30 t"}))
    return {"depot": _with_limits(depot, dice)}


def _with_limits(party: dict[str, Any], dice: Random) -> dict[str, Any]:
    if dice.random() < 0.3:
        party["capacity_per_period"] = _tonnes(dice)
    if dice.random() < 0.3:
        party["opens"] = {"cost_dkk": dice.choice((0, 5000)), "kg_co2e": dice.choice((0, 10))}
    return party


def _make_targets(dice: Random, tree: dict[str, Any]) -> dict[str, Any]:
    targets = {
        "secondary_share": {"at_least": dice.choice(("5 %", "30 %", "90 %"))},
        "at_most": [{"measure": dice.choice(MEASURES), "at_most": dice.choice((500, 1e6, 1e9))}],
        "passages": [{"municipality": "Greve", "at_most_per_period": dice.choice((30, 3000))}],
        "fairness": {"measure": dice.choice(MEASURES[:2]), "worse_by_at_most": "50 %"},
    }
    names = dice.sample(sorted(targets), dice.randint(1, 2))
    return {name: targets[name] for name in names}


def _make_agreements(dice: Random, tree: dict[str, Any]) -> list[dict[str, Any]]:
    sites = sorted(tree["sites"])
    says = dice.choice(({"at_least": "20 t"}, {"at_most": "300 t"}, {"forbidden": True}))
    return [{"giver": dice.choice(sites), "taker": dice.choice(sites), **says}]


def _make_objectives(dice: Random, tree: dict[str, Any]) -> list[Any]:
    first, second = dice.sample(MEASURES[:4], 2)
    return [first, {"minimise": second, "tolerance": dice.choice((0, "1 %"))}]


_FEATURES: dict[str, Any] = {
    "targets": _make_targets,
    "agreements": _make_agreements,
    "objectives": _make_objectives,
    "fleet": lambda dice, tree: {tree["vehicles"][0]: {"number": dice.choice((1, 5, 50))}},
    "return_loads": lambda dice, tree: {"share": dice.choice((0, "50 %", "100 %"))},
    "choices": lambda dice, tree: dice.choice(
        ({"partners_at_most": dice.randint(1, 4)}, {"smallest_lot": dice.choice(("5 t", "25 t"))})
    ),
    "baseline": lambda dice, tree: {"pits": ["pit"], "receivers": ["tip"]},
    "effect": lambda dice, tree: {"shared_legs": dice.choice(("half", "giver", "taker"))},
    "co2_price_dkk_per_t": lambda dice, tree: dice.choice((0, 750, 1e5)),
}


def _move(tree: dict[str, Any], dice: Random) -> None:
    """Change one value to another that may stand there."""
    path = dice.choice(list_leaves(tree["sites"]))
    holder: Any = tree["sites"]
    for step in path[:-1]:
        holder = holder[step]
    if not path or not isinstance(holder, dict | list):
        return
    last, value = path[-1], holder[path[-1]]
    if last in ("lon", "lat"):
        holder[last] = round(value + dice.uniform(-0.02, 0.02), 4)
    elif last == "amount":
        holder[last] = _amount(dice)
    elif isinstance(value, str) and value.endswith(" t"):
        holder[last] = _tonnes(dice)
    elif last in ("from", "to"):
        holder[last] = dice.choice(tree["periods"])
    elif last == "material":
        holder[last] = dice.choice(SURPLUS + RUBBLE)
    elif last == "use":
        holder[last] = dice.choice(USES)
    elif last == "must_leave":
        holder[last] = not value
    elif isinstance(value, int | float):
        holder[last] = dice.choice((0, value * 2, value / 2, value + 1))


def _write(tree: dict[str, Any], dice: Random) -> str:
    """Write a tree as YAML: as JSON in a line, or key by key at the top."""
    if dice.random() < 0.5:
        return json.dumps(tree, ensure_ascii=dice.random() < 0.5)
    return _write_keys(tree)


def _write_keys(tree: dict[str, Any]) -> str:
    return "".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in tree.items()
    )
