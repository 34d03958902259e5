"""Problems with published optima, told as scenarios."""

from __future__ import annotations

import itertools
import json
from typing import Any
import numpy as np
import pytest
from places import ROOT
from scipy.optimize import linprog
from scipy.sparse.csgraph import floyd_warshall
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.errors import NoPlanError, ScenarioError
from raastof_geo.language import speaking
from raastof_geo.scenario.said.file import Choices


def say_scenario(sites: dict[str, Any], **more: Any):
    said = {
        "title": "A textbook case",
        "language": "en",
        "periods": [2027],
        "vehicles": ["tipper_4_axle"],
        "objectives": ["tonne_km"],
        "sites": {
            site: {"lon": 12 + number / 100, "lat": 55.5, **entry}
            for number, (site, entry) in enumerate(sites.items())
        },
    }
    return make_scenario(json.dumps({**said, **more}))


def gives(tonnes: float, **more: Any) -> dict[str, Any]:
    offer = {"material": "clean_clay_soil", "amount": f"{tonnes} t", "must_leave": False}
    return {"offers": [{**offer, **more}]}


def needs(tonnes: float, **more: Any) -> dict[str, Any]:
    return {"needs": [{"use": "fill", "amount": f"{tonnes} t", **more}]}


def test_gams_transport():
    """Dantzig's plants and markets: 153.675 thousand dollars.

    G. B. Dantzig, Linear Programming and Extensions, 1963, chapter 3.3; model `trnsport` of the
    GAMS library: freight 90 dollars per case and thousand miles.
    """
    miles = {
        ("seattle", "new-york"): 2.5,
        ("seattle", "chicago"): 1.7,
        ("seattle", "topeka"): 1.8,
        ("san-diego", "new-york"): 2.5,
        ("san-diego", "chicago"): 1.8,
        ("san-diego", "topeka"): 1.4,
    }
    scenario = say_scenario(
        {
            "seattle": gives(350),
            "san-diego": gives(600),
            "new-york": needs(325),
            "chicago": needs(300),
            "topeka": needs(275),
        }
    )
    plan = assign(scenario, make_legs(scenario, miles))
    assert plan.objectives["tonne_km"] * 90 / 1000 == pytest.approx(153.675, rel=1e-12)
    assert plan.certificate.holds


def test_hitchcock():
    """Three factories and four warehouses: Hitchcock's kind of problem, optimum 743.

    Supplies 7, 9, 18 and demands 5, 8, 7, 14 (H. A. Taha and many others; the optimum is 743).
    """
    cost = [[19, 30, 50, 10], [70, 30, 40, 60], [40, 8, 70, 20]]
    lengths = {
        (f"f{i}", f"w{j}"): float(c) for i, row in enumerate(cost) for j, c in enumerate(row)
    }
    sites = {f"f{i}": gives(tonnes) for i, tonnes in enumerate((7, 9, 18))}
    sites |= {f"w{j}": needs(tonnes) for j, tonnes in enumerate((5, 8, 7, 14))}
    scenario = say_scenario(sites)
    plan = assign(scenario, make_legs(scenario, lengths))
    assert plan.objectives["tonne_km"] == pytest.approx(743, rel=1e-12)


def test_three_powers_and_four_cities():
    """Winston's Powerco: 35, 50 and 40 against 45, 20, 30 and 30; optimum 1,020.

    W. L. Winston, Operations Research: Applications and Algorithms, chapter 7, example 1.
    """
    cost = [[8, 6, 10, 9], [9, 12, 13, 7], [14, 9, 16, 5]]
    lengths = {
        (f"p{i}", f"c{j}"): float(c) for i, row in enumerate(cost) for j, c in enumerate(row)
    }
    sites = {f"p{i}": gives(tonnes) for i, tonnes in enumerate((35, 50, 40))}
    sites |= {f"c{j}": needs(tonnes) for j, tonnes in enumerate((45, 20, 30, 30))}
    scenario = say_scenario(sites)
    plan = assign(scenario, make_legs(scenario, lengths))
    assert plan.objectives["tonne_km"] == pytest.approx(1020, rel=1e-12)


def test_inventory_over_quarters():
    """Winston's Sailco: sailboats over four quarters with stock; optimum 78,450 dollars.

    W. L. Winston, Operations Research: Applications and Algorithms, section 3.10: demand 40, 60,
    75, 25; 40 a quarter at 400 dollars, more at 450; holding 20 a boat and quarter; 10 in stock.
    """
    quarters = ["2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4"]
    demand = [40, 60, 75, 25]
    sites: dict[str, Any] = {
        "regular": {
            "pit": {
                "supplies": ["fill_sand"],
                "price_dkk_per_t": {"fill_sand": 400},
                "capacity_per_period": "40 t",
            }
        },
        "overtime": {"pit": {"supplies": ["fill_sand"], "price_dkk_per_t": {"fill_sand": 450}}},
        "store": {
            "depot": {
                "materials": ["fill_sand"],
                "capacity": "1000 t",
                "start": {"fill_sand": "10 t"},
                "handling_dkk_per_t": 0,
                "handling_kg_co2e_per_t": 0,
                "storing_dkk_per_t": 20,
            }
        },
        "market": {
            "needs": [
                {"use": "fill", "amount": f"{tonnes} t", "from": quarter, "to": quarter}
                for quarter, tonnes in zip(quarters, demand, strict=True)
            ]
        },
    }
    scenario = say_scenario(
        sites,
        periods=quarters,
        objectives=["cost_dkk"],
        catalogue={"materials": {"fill_sand": {"tax": 0}}},
    )
    plan = assign(scenario, make_legs(scenario, 0.0))
    assert plan.objectives["cost_dkk"] == pytest.approx(78_450, rel=1e-12)
    assert plan.stored.set_index("period")["tonnes"].to_dict() == {"2027-q1": 10.0}


def test_which_plants_to_open():
    """Gurobi's five plants and four warehouses: three stay open, and it costs 210,500 dollars.

    Example `facility` of Gurobi's documentation: fixed costs, capacities and transport costs
    are as there; the optimum closes the plant of fixed cost 17,000.
    """
    fixed = [12000, 15000, 17000, 13000, 16000]
    capacity = [20, 22, 17, 19, 18]
    demand = [15, 18, 14, 20]
    transport = [
        [4000, 2000, 3000, 2500, 4500],
        [2500, 2600, 3400, 3000, 4000],
        [1200, 1800, 2600, 4100, 3000],
        [2200, 2600, 3100, 3700, 3200],
    ]
    sites: dict[str, Any] = {
        f"plant-{p}": {
            "pit": {
                "supplies": ["fill_sand"],
                "price_dkk_per_t": {"fill_sand": 0},
                "capacity_total": f"{capacity[p]} t",
                "opens": {"cost_dkk": fixed[p]},
            }
        }
        for p in range(5)
    }
    sites |= {f"warehouse-{w}": needs(tonnes) for w, tonnes in enumerate(demand)}
    scenario = say_scenario(
        sites, objectives=["cost_dkk"], catalogue={"materials": {"fill_sand": {"tax": 0}}}
    )
    load_t = make_legs(scenario, 1.0).frame["load_t"].iloc[0]
    lengths = {
        (f"plant-{p}", f"warehouse-{w}"): transport[w][p] * load_t / 20
        for w in range(4)
        for p in range(5)
    }
    plan = assign(scenario, make_legs(scenario, lengths))
    assert plan.objectives["cost_dkk"] == pytest.approx(210_500, rel=1e-9)
    opened = plan.openings[plan.openings["opened"].astype(bool)]["site"].tolist()
    assert opened == ["plant-0", "plant-1", "plant-3", "plant-4"]
    assert plan.certificate.gap <= 1e-6


def test_five_medians_of_a_hundred_nodes():
    """OR-Library's pmed1: 100 nodes, 200 edges, five medians; the optimum is 5,819.

    J. E. Beasley, A note on solving large p-median problems, European Journal of Operational
    Research 21 (1985); the file is `pmed1.txt` of the OR-Library, MIT License.
    """
    lines = (ROOT / "tests" / "cases" / "pmed1.txt").read_text("utf-8").splitlines()
    head, *edges = (tuple(map(int, line.split())) for line in lines)
    graph = np.zeros((head[0], head[0]))
    for one, other, length in edges:
        graph[one - 1, other - 1] = graph[other - 1, one - 1] = length
    nodes, far = range(head[0]), floyd_warshall(graph)
    sites = {f"from-{at}": gives(1, must_leave=True) for at in nodes}
    tip = {"receiver": {"accepts": ["clean_clay_soil"], "opens": {}}}
    sites |= {f"to-{at}": tip for at in nodes}
    scenario = say_scenario(sites, choices={"openings": {"exactly": head[2]}})
    lengths = {(f"from-{i}", f"to-{j}"): far[i, j] for i, j in itertools.product(nodes, nodes)}
    plan = assign(scenario, make_legs(scenario, lengths))
    assert plan.objectives["tonne_km"] == pytest.approx(5819, rel=1e-9)
    assert plan.certificate.holds
    assert plan.openings["opened"].sum() == head[2]


@pytest.mark.parametrize("choices", [{}, {"openings": {"at_most": 16}}])
def test_capacitated_warehouses(choices):
    """OR-Library's cap41: 16 warehouses of 5,000, 50 customers; the optimum is 1,040,444.375.

    J. E. Beasley, An algorithm for solving large capacitated warehouse location problems, European
    Journal of Operational Research 33 (1988); `cap41.txt` of the OR-Library, MIT License. Costs are
    told as emissions, of a tonne on its way and of opening once.
    """
    lines = (ROOT / "tests" / "cases" / "cap41.txt").read_text("utf-8").splitlines()
    (count, _), *rows = (tuple(map(float, line.split())) for line in lines)
    places, customers = rows[: int(count)], rows[int(count) :]
    sites = {f"from-{at}": gives(one[0], must_leave=True) for at, one in enumerate(customers)}
    for at, (room, fixed) in enumerate(places):
        tip = {"accepts": ["clean_clay_soil"], "capacity_total": f"{room:.0f} t"}
        sites[f"to-{at}"] = {"receiver": {**tip, "opens": {"kg_co2e": fixed}}}
    aim = {"minimise": ["transport_kg_co2e_wtw", "processing_kg_co2e"]}
    scenario = say_scenario(sites, objectives=[aim], choices=choices)
    load_t = make_legs(scenario, 1.0).frame["load_t"].iloc[0]
    lengths = {
        (f"from-{at}", f"to-{to}"): cost / one[0] * load_t / 2
        for at, one in enumerate(customers)
        for to, cost in enumerate(one[1:])
    }
    plan = assign(scenario, make_legs(scenario, lengths))
    assert next(iter(plan.objectives.values())) == pytest.approx(1_040_444.375, rel=1e-9)
    assert plan.certificate.holds


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ({"exactly": 2}, 2, 2),
        ({"at_most": 3}, 0, 3),
        ({"at_least": 4}, 4, 9),
        ([{"of": ["to-0", "to-1", "to-2"], "at_most": 1}, {"at_most": 3}], 0, 3),
    ],
)
def test_as_many_are_opened_as_may_be(said, least, most):
    """Nine candidates with room and fixed emissions: every choice of them enumerated."""
    rng = np.random.default_rng(7)
    far = np.c_[rng.integers(5, 60, (6, 9)), np.full(6, 90)].astype(float)
    fixed, room = rng.integers(20, 90, 9), rng.integers(20, 50, 9)
    tip, tonnes = {"accepts": ["clean_clay_soil"]}, [10 + at for at in range(6)]
    opens = [
        {"capacity_total": f"{room[at]} t", "opens": {"kg_co2e": int(fixed[at])}} for at in range(9)
    ]
    sites = {f"from-{at}": gives(tonnes[at], must_leave=True) for at in range(6)}
    sites |= {f"to-{at}": {"receiver": tip | opens[at]} for at in range(9)}
    sites["to-9"] = {"receiver": tip}
    aim = {"minimise": ["transport_kg_co2e_wtw", "processing_kg_co2e"]}
    scenario = say_scenario(sites, objectives=[aim], choices={"openings": said})
    ends = itertools.product(range(6), range(10))
    legs = make_legs(scenario, {(f"from-{i}", f"to-{j}"): far[i, j] for i, j in ends})
    plan = assign(scenario, legs)
    kg = 2 * far / legs.frame["load_t"].iloc[0]
    best = min(
        ship(kg[:, [*chosen, 9]], tonnes, room[list(chosen)]) + fixed[list(chosen)].sum()
        for count in range(least, most + 1)
        for chosen in itertools.combinations(range(9), count)
        if not isinstance(said, list) or len({0, 1, 2} & set(chosen)) <= 1
    )
    assert next(iter(plan.objectives.values())) == pytest.approx(best, rel=1e-9)
    assert plan.certificate.holds
    assert least <= plan.openings["opened"].sum() <= most


def ship(kg, tonnes, room):
    """Give the least emission of a transport problem, the last receiver without a limit."""
    rows, columns = kg.shape
    leaves = np.kron(np.eye(rows), np.ones(columns))
    comes = np.kron(np.ones(rows), np.eye(columns))[:-1]
    full = {"A_ub": comes, "b_ub": room} if columns > 1 else {}
    return linprog(kg.ravel(), A_eq=leaves, b_eq=tonnes, **full).fun


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"of": ["from-0"], "at_most": 1}, "`from-0` has nothing that `opens`"),
        ({"exactly": 3}, "at least 3, and at most 2 of 2 candidates"),
        ({"at_least": 2, "at_most": 1}, "at least 2, and at most 1 of 2 candidates"),
    ],
)
def test_openings_that_cannot_be(said, told):
    tip = {"receiver": {"accepts": ["clean_clay_soil"], "opens": {}}}
    sites = {"from-0": gives(1), "to-0": tip, "to-1": tip}
    with pytest.raises(ScenarioError) as found:
        say_scenario(sites, choices={"openings": said})
    with speaking("en"):
        assert told in str(found.value)


def test_too_few_openings_are_named_where_there_is_no_plan():
    """One of two full receivers may open: there is no room, and giving up the limit is a repair."""
    tip = {"receiver": {"accepts": ["clean_clay_soil"], "capacity_total": "6 t", "opens": {}}}
    sites = {"from-0": gives(10, must_leave=True), "to-0": tip, "to-1": tip}
    scenario = say_scenario(sites, choices={"openings": {"at_most": 1}})
    with pytest.raises(NoPlanError) as found:
        assign(scenario, make_legs(scenario))
    with speaking("en"):
        assert "`choices.openings`" in str(found.value)
    assert assign(scenario.saying(choices=Choices()), make_legs(scenario)).certificate.holds
