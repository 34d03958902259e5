"""Problems with published optima, told as scenarios."""

from __future__ import annotations

import json
from typing import Any

import pytest
from worlds import make_legs, make_scenario

from raastof_geo.assignment import assign


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
