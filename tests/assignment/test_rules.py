"""What each rule means, in the smallest worlds; rules of one's own; other ways to stop."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import signal
import textwrap
import threading
import numpy as np
import pytest
from scipy.optimize import linprog
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import RULES, Row, assign, build_problem, explain_why_not
from raastof_geo.assignment import plan as planning
from raastof_geo.errors import InputError, NoPlanError, ScenarioError, SolverError
from raastof_geo.language import speaking

pytestmark = pytest.mark.usefixtures("english", "module_of_the_audit")


def solve(text: str, kilometres=10.0, **choices):
    scenario = make_scenario(text)
    return assign(scenario, make_legs(scenario, kilometres), **choices)


def moved(plan, origin: str, destination: str, **labels) -> float:
    flows = plan.flows
    keep = (flows["origin"] == origin) & (flows["destination"] == destination)
    for name, label in labels.items():
        keep &= flows[name] == label
    return float(flows.loc[keep, "tonnes"].sum())


# --- everything together ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything():
    with speaking("en"):
        return solve(EVERYTHING, lambda a, b: 5.0 + (len(a) * 7 + len(b) * 3) % 11)


def test_a_world_with_everything_is_solved_and_proved(everything):
    """Plants, depots, trucks, targets, agreements and decisions in one programme."""
    plan = everything
    assert plan.certificate.feasible
    assert plan.certificate.gap <= 1e-6
    assert moved(plan, "digging", "store") >= 50 - 1e-6
    assert moved(plan, "digging", "tip", period="2027") == pytest.approx(30)
    assert moved(plan, "store", "tip") == 0
    assert moved(plan, "pit", "road", period="2028") <= 700
    assert plan.objectives["kg_co2e_wtw"] == pytest.approx(plan.amounts["kg_co2e_wtw"])


def test_lots_partners_and_trucks_are_kept(everything):
    """No flow between sites below a lot, no site with too many partners, no truck where barred."""
    flows = everything.flows
    apart = flows[flows["origin"] != flows["destination"]]
    lots = apart.groupby(["origin", "destination", "material", "period"])["tonnes"].sum()
    assert (lots >= 25 - 1e-6).all()
    pairs = {frozenset(pair) for pair in apart[["origin", "destination"]].to_numpy().tolist()}
    for site in ("road", "digging"):
        assert sum(site in pair for pair in pairs) <= 4
    touching = flows[(flows["origin"] == "road") | (flows["destination"] == "road")]
    assert set(touching["vehicle"]) == {"tipper_4_axle"}


def test_depots_balance(everything):
    """What lies there at the end is what was there before, and came, less what left."""
    flows, stored = everything.flows, everything.stored
    lying = 40.0
    for period in ("2027", "2028"):
        comes = moved(everything, "digging", "store", period=period)
        leaves = flows.loc[(flows["origin"] == "store") & (flows["period"] == period), "tonnes"]
        lying += comes - float(leaves.sum())
        here = stored[(stored["depot"] == "store") & (stored["period"] == period)]["tonnes"].sum()
        assert here == pytest.approx(lying, abs=1e-4)
    assert lying == pytest.approx(20, abs=1e-4)


def test_coordinated_trucks_balance(everything):
    """Coordinated trucks leave each site as often as they come to it."""
    flows, trips = everything.flows, everything.empty_trips
    for vehicle, period in {*zip(flows["vehicle"], flows["period"], strict=True)}:
        mine = flows[(flows["vehicle"] == vehicle) & (flows["period"] == period)]
        mine = mine[mine["origin"] != mine["destination"]]
        empty = trips[(trips["vehicle"] == vehicle) & (trips["period"] == period)]
        for site in {*mine["origin"], *mine["destination"]}:
            comes = mine[mine["destination"] == site]
            leaves = mine[mine["origin"] == site]
            loaded = 0.5 * (
                (comes["tonnes"] / comes["load_t"]).sum()
                - (leaves["tonnes"] / leaves["load_t"]).sum()
            )
            unloaded = (
                empty.loc[empty["destination"] == site, "trips"].sum()
                - empty.loc[empty["origin"] == site, "trips"].sum()
            )
            assert loaded + unloaded == pytest.approx(0, abs=1e-4)


def test_the_same_plan_again():
    """Equal scenarios give equal bytes."""
    text = EVERYTHING.split("choices:")[0] + "objectives: [kg_co2e_wtw, cost_dkk, tonne_km]\n"
    text = text.replace(", opens: {cost_dkk: 5000, kg_co2e: 10}", "")
    assert solve(text).flows.to_json() == solve(text).flows.to_json()


# --- trucks ----------------------------------------------------------------------------------


def test_return_loads_save_exactly_the_empty_way():
    """Two opposite flows of one truck: full coordination needs no empty kilometre."""
    text = """
    title: There and back
    language: en
    periods: [2027]
    vehicles: [tipper_4_axle]
    sites:
      east:
        lon: 12.1
        lat: 55.5
        offers: [{material: clean_clay_soil, amount: 900 t}]
        needs: [{use: base_course, amount: 900 t, materials: [crushed_concrete]}]
      west:
        lon: 12.2
        lat: 55.5
        offers: [{material: crushed_concrete, amount: 990 t, must_leave: false}]
        needs: [{use: fill, amount: 900 t, materials: [clean_clay_soil]}]
    """
    alone = solve(text).amounts
    half = solve(textwrap.dedent(text) + "return_loads: {share: 50 %}\n")
    full = solve(textwrap.dedent(text) + "return_loads: {share: 100 %}\n")
    none = solve(textwrap.dedent(text) + "return_loads: {share: 0 %}\n").amounts
    assert none["vehicle_km"] == pytest.approx(alone["vehicle_km"])
    loads = (full.flows["tonnes"] / full.flows["load_t"]).sum()
    there, back = sorted(full.flows["tonnes"] / full.flows["load_t"])
    assert alone["vehicle_km"] == pytest.approx(20 * loads)
    assert full.amounts["vehicle_km"] == pytest.approx(10 * loads + 10 * (back - there))
    assert full.amounts["vehicle_km"] < half.amounts["vehicle_km"] < alone["vehicle_km"]


def test_a_fleet_of_electric_trucks_is_used_up_first():
    """At most n electric tippers: they do what they can, diesel does the rest."""
    text = PIT_AND_PROJECT.replace(
        "vehicles: [tipper_4_axle]", "vehicles: [tipper_4_axle, tipper_4_axle_electric]"
    )
    scenario = make_scenario(
        text
        + "fleet: {tipper_4_axle_electric: {hours_per_period: 12}}\nobjectives: [kg_co2e_wtw]\n"
    )
    legs = make_legs(scenario)
    electric = legs.frame["vehicle"] == "tipper_4_axle_electric"
    legs.frame.loc[electric, "kg_co2e_wtw_per_t"] *= 0.1
    plan = assign(scenario, legs)
    hours = plan.fleet.set_index(["vehicle", "period"])["work_h"]
    assert hours["tipper_4_axle_electric"].to_dict() == {
        "2027": pytest.approx(12),
        "2028": pytest.approx(12),
    }
    assert hours["tipper_4_axle"].sum() > 0


def test_a_number_of_trucks_becomes_hours_of_the_period():
    """A truck works the catalogue's hours a year, for the days of the period."""
    text = PIT_AND_PROJECT + "fleet: {tipper_4_axle: {number: 1}}\n"
    scenario = make_scenario(text.replace("[2027, 2028]", "[2027-Q1, 2027-Q2]"))
    problem = build_problem(scenario, make_legs(scenario))
    fleet_kept = next(rule for rule in RULES if rule.__name__ == "fleet_kept")
    first, second = fleet_kept(problem)
    year = scenario.catalogue.truck_hours_per_year.value
    assert first.limit == pytest.approx(year * 90 / 365.25)
    assert second.limit == pytest.approx(year * 91 / 365.25)


def test_a_narrow_site_gets_small_trucks():
    """Truck limits of a site bar the trucks that are larger."""
    text = PIT_AND_PROJECT.replace(
        "vehicles: [tipper_4_axle]", "vehicles: [tipper_4_axle, truck_trailer_7_axle]"
    ).replace(
        "{lon: 12.10, lat: 55.45,", "{lon: 12.10, lat: 55.45, truck_limits: {maxlength_m: 12},"
    )
    flows = solve(text).flows
    assert set(flows[flows["destination"] == "road"]["vehicle"]) == {"tipper_4_axle"}
    wide = solve(text.replace("maxlength_m: 12", "maxlength_m: 25")).flows
    assert set(wide[wide["destination"] == "road"]["vehicle"]) == {"truck_trailer_7_axle"}


# --- targets ---------------------------------------------------------------------------------


def test_passages_are_limited():
    """No more trips through a municipality than may: the far tip takes the rest."""
    text = (
        PIT_AND_PROJECT + "targets: {passages: [{municipality: Greve, at_most_per_period: 60}]}\n"
    )
    plan = solve(text)
    trips = plan.flows["tonnes"] / plan.flows["load_t"] * plan.flows["passages_0"]
    by_period = trips.groupby(plan.flows["period"]).sum()
    assert (by_period <= 60 + 1e-6).all()
    with pytest.raises(NoPlanError, match=r"limit under `targets\.passages`"):
        solve(text.replace("60}", "20}"))


def test_no_project_is_worse_off_than_alone():
    """Without fairness the digging site pays for the others' gain; with it, it does not."""
    text = PIT_AND_PROJECT + "objectives: [transport_kg_co2e_wtw]\n"
    far = {("digging", "road"): 30.0, ("pit", "road"): 60.0, ("digging", "tip"): 10.0}
    free = solve(text, far)
    assert moved(free, "digging", "road") == 600
    fair = solve(
        text + "targets: {fairness: {measure: transport_kg_co2e_wtw, worse_by_at_most: 0 %}}\n", far
    )
    kg = fair.flows[fair.flows["origin"] == "digging"]
    half = np.where(kg["destination"] == "road", 0.5, 1.0)
    alone = 600 * 2 * 10 / 18
    assert (kg["kg_co2e_wtw"] * half).sum() <= alone + 1e-3
    assert moved(fair, "digging", "road") < 600


def test_a_tolerance_is_spent_on_the_next_objective():
    """The first objective may be worsened by its tolerance, and by no more."""
    far = {("digging", "road"): 10.0, ("pit", "road"): 10.0, ("digging", "tip"): 9.0}
    text = PIT_AND_PROJECT + "objectives: [{minimise: transport_kg_co2e_wtw, tolerance: %s}, %s]\n"
    exact = solve(text % ("0 %", "landfill_tonnes"), far)
    loose = solve(text % ("10 %", "virgin_tonnes"), far)
    first = "transport_kg_co2e_wtw"
    assert loose.objectives[first] <= exact.objectives[first] * 1.1 + 1e-6
    assert exact.certificate.gap <= 1e-6
    assert loose.finished


def test_objectives_add_up_parts():
    """Emissions by part can be chosen, added up, and priced into money."""
    plan = solve(
        PIT_AND_PROJECT
        + "objectives: [[transport_kg_co2e_wtw, upstream_kg_co2e]]\n".replace(
            "[[", "[{minimise: ["
        ).replace("]]", "]}]")
    )
    amounts = plan.amounts
    assert plan.objectives["transport_kg_co2e_wtw+upstream_kg_co2e"] == pytest.approx(
        amounts["transport_kg_co2e_wtw"] + amounts["upstream_kg_co2e"]
    )
    assert amounts["cost_with_co2_dkk"] == pytest.approx(
        amounts["cost_dkk"] + 0.86 * amounts["kg_co2e_wtw"]
    )
    parts = ("transport_kg_co2e_wtw", "upstream_kg_co2e", "processing_kg_co2e", "disposal_kg_co2e")
    assert amounts["kg_co2e_wtw"] == pytest.approx(sum(amounts[part] for part in parts))


# --- rules of one's own ----------------------------------------------------------------------


def test_a_rule_of_ones_own_is_kept_and_proved():
    """A function that yields named rows with coefficients; pricing and proof stay valid."""

    def half_of_the_soil_to_the_tip(problem):
        columns = problem.find(origin="digging", destination="tip")
        yield Row("my_rule", "half", columns, np.ones(len(columns)), ">=", 300.0)

    plan = solve(PIT_AND_PROJECT, rules=[*RULES, half_of_the_soil_to_the_tip])
    assert moved(plan, "digging", "tip") == 300
    assert plan.certificate.holds
    [row] = plan.shadow_prices[plan.shadow_prices["rule"] == "my_rule"].to_dict(orient="records")
    assert row["used"] == pytest.approx(300)


def test_a_rule_of_ones_own_that_leaves_no_plan_is_named():
    """It takes part in the conflict under its own name."""

    def too_much(problem):
        columns = problem.find(origin="digging")
        yield Row("my_rule", "too much", columns, np.ones(len(columns)), ">=", 900.0)

    with pytest.raises(NoPlanError, match=r"my_rule \(too much\)|lacks|no place to go"):
        solve(PIT_AND_PROJECT, rules=[*RULES, too_much])


@pytest.mark.parametrize(
    ("columns", "coefficients", "limit"),
    [
        ([10_000], [1.0], 5.0),
        ([0], [float("nan")], 5.0),
        ([0, 1], [1.0], 5.0),
        ([0], [1.0], np.inf),
    ],
)
def test_a_rule_that_names_no_column_is_refused(columns, coefficients, limit):
    """Mistakes in a rule of one's own are told with the rule's name."""

    def wrong(problem):
        yield Row("my_rule", "x", np.array(columns), np.array(coefficients), "<=", limit)

    with pytest.raises(ValueError, match="rule my_rule, row x"):
        solve(PIT_AND_PROJECT, rules=[*RULES, wrong])


# --- stopping --------------------------------------------------------------------------------


def test_a_new_quantity_is_solved_from_the_old_plan():
    """With `start` the result is the same as without it."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    plan = assign(scenario, legs)
    other = make_scenario(PIT_AND_PROJECT.replace("amount: 600 t", "amount: 450 t"))
    fresh, warm = assign(other, legs), assign(other, legs, start=plan)
    assert warm.flows.to_json() == fresh.flows.to_json()
    assert warm.certificate == fresh.certificate


def test_another_scenario_does_not_start_from_a_foreign_plan():
    """Where more than quantities differ, the result is the same as without it, too."""
    scenario = make_scenario(PIT_AND_PROJECT)
    legs = make_legs(scenario)
    plan = assign(scenario, legs)
    other = make_scenario(PIT_AND_PROJECT.replace("amount: 600 t}", "amount: 600 t, to: 2027}"))
    warm = assign(other, legs, start=plan)
    assert warm.flows.to_json() == assign(other, legs).flows.to_json()


def large_world(count: int):
    """Many givers and takers, so that columns have to be priced in."""
    rng = np.random.default_rng(7)
    sites = {}
    for number in range(count):
        tonnes = int(rng.integers(100, 900))
        need = {"use": "fill", "amount": f"{tonnes} t"}
        offer = {"material": "clean_clay_soil", "amount": f"{tonnes + 50} t", "must_leave": False}
        sites[f"n{number}"] = {"lon": 12.0, "lat": 55.5, "needs": [need]}
        sites[f"o{number}"] = {"lon": 12.0, "lat": 55.5, "offers": [offer]}
    place = {site: rng.random(2) * 100 for site in sites}
    said = {
        "title": "Large",
        "language": "en",
        "periods": [2027],
        "vehicles": ["tipper_4_axle"],
        "sites": sites,
    }
    scenario = make_scenario(json.dumps(said))
    return scenario, make_legs(
        scenario, lambda one, other: float(np.hypot(*(place[one] - place[other])))
    )


@pytest.fixture(scope="module")
def large():
    return large_world(160)


def test_most_legs_are_priced_and_never_written(large):
    """25,600 columns, a few thousand of them written out; the proof covers all."""
    scenario, legs = large
    plan = assign(scenario, legs)
    assert plan.certificate.priced_columns == 160 * 160
    assert plan.certificate.written_columns < 6_000
    assert plan.certificate.holds
    programme = plan.proof.programme
    equal, most = programme.sense == 0, programme.sense < 0
    matrix = programme.matrix.tocsr()
    answer = linprog(
        plan.proof.cost,
        A_ub=matrix[np.flatnonzero(most)],
        b_ub=programme.limit[most],
        A_eq=matrix[np.flatnonzero(equal)],
        b_eq=programme.limit[equal],
        method="highs",
    )
    assert plan.certificate.objective == pytest.approx(answer.fun, rel=1e-9)


def test_a_time_limit_gives_the_best_plan_so_far_with_its_gap(large):
    """An early stop is said, and the gap is honest: not below the true one."""
    scenario, legs = large
    best = assign(scenario, legs).certificate.objective
    hurried = dataclasses.replace(
        scenario,
        said=scenario.said.model_copy(
            update={"solving": scenario.said.solving.model_copy(update={"time_limit_s": 0.02})}
        ),
    )
    try:
        plan = assign(hurried, legs)
    except SolverError as error:
        assert "time was up before any plan was found" in str(error)
        return
    assert not plan.finished
    assert plan.certificate.feasible
    assert plan.certificate.objective >= best - 1e-6
    assert plan.certificate.lower_bound <= best + 1e-6


def test_one_interruption_gives_the_plan_so_far(large, monkeypatch):
    """Ctrl-C once ends the search with what there is; the handler is put back.

    It comes while the search asks for the second time whether to stop, never before or after:
    from a thread with a clock it came now and then when the search was over, into whatever
    Python was doing, and stood as an ignored KeyboardInterrupt below a green run.
    """
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    scenario, legs = large
    before = signal.getsignal(signal.SIGINT)
    real = planning._interruptible
    asked = []

    @contextlib.contextmanager
    def interrupted_while_asking():
        with real() as interrupted:

            def ask() -> bool:
                asked.append(None)
                if len(asked) == 2:
                    signal.raise_signal(signal.SIGINT)
                return interrupted()

            yield ask

    monkeypatch.setattr(planning, "_interruptible", interrupted_while_asking)
    try:
        plan = assign(scenario, legs)
        assert plan.certificate.feasible
        assert not plan.finished
    except SolverError as error:
        assert "time was up" in str(error)
    assert len(asked) >= 2
    assert signal.getsignal(signal.SIGINT) is before


# --- why not ---------------------------------------------------------------------------------


def whys(plan, giver, taker, material=None):
    return {
        reason.kind: str(reason.message) for reason in explain_why_not(plan, giver, taker, material)
    }


@pytest.fixture(scope="module")
def answered():
    text = """
    title: Why not
    language: en
    periods: [2027, 2028]
    vehicles: [tipper_4_axle]
    sites:
      road: {lon: 12.10, lat: 55.45, needs: [{use: base_course, amount: 500 t, to: 2027}]}
      garden: {lon: 12.10, lat: 55.46, land: open_land, needs: [{use: fill, amount: 100 t}]}
      lane:
        lon: 12.13
        lat: 55.46
        truck_limits: {maxweight_t: 10}
        needs: [{use: noise_barrier, amount: 0 t}]
      concrete:
        lon: 12.2
        lat: 55.5
        offers: [{material: crushed_concrete, amount: 300 t, must_leave: false}]
      far:
        lon: 12.3
        lat: 55.5
        offers: [{material: crushed_concrete, amount: 300 t, must_leave: false}]
      later:
        lon: 12.2
        lat: 55.51
        offers: [{material: crushed_concrete, amount: 300 t, from: 2028, must_leave: false}]
      brick:
        lon: 12.2
        lat: 55.52
        offers: [{material: crushed_concrete_brick, amount: 300 t, must_leave: false}]
      polluted:
        lon: 12.2
        lat: 55.53
        offers: [{material: slightly_polluted_soil, amount: 300 t}]
      pit: {lon: 12.15, lat: 55.63, pit: {supplies: [stable_gravel, fill_sand]}}
      near_tip:
        lon: 12.19
        lat: 55.46
        receiver: {accepts: [slightly_polluted_soil], capacity_total: 200 t}
      far_tip: {lon: 12.19, lat: 55.46, receiver: {accepts: [slightly_polluted_soil]}}
    agreements: [{giver: concrete, taker: garden, forbidden: true, note: neighbours}]
    """
    lengths = {
        ("concrete", "road"): 5.0,
        ("far", "road"): 40.0,
        ("pit", "road"): 10.0,
        ("polluted", "near_tip"): 3.0,
        ("polluted", "far_tip"): 30.0,
    }
    with speaking("en"):
        return solve(text, lengths)


@pytest.mark.parametrize(
    ("giver", "taker", "kind", "sentence"),
    [
        ("concrete", "road", "in_plan", "it is in the plan: 300 t of Crushed concrete"),
        ("far", "road", "costs_more", "it would cost 3.28 kg CO2e for each tonne more"),
        ("later", "road", "time", "no overlap in time: .* is there in 2028, and wanted in 2027"),
        ("brick", "road", "rule", "only under the condition `light_traffic`"),
        ("polluted", "road", "rule", "no rule of the catalogue lets"),
        ("polluted", "garden", "rule", "may not come to land of the kind `open_land`"),
        (
            "concrete",
            "garden",
            "agreement",
            r"the scenario forbids it \(`agreements`\): neighbours",
        ),
        ("concrete", "lane", "truck", "no truck of the scenario has room at both"),
        ("concrete", "near_tip", "not_wanted", "does not take Crushed concrete"),
        ("polluted", "near_tip", "in_plan", "200 t"),
        ("pit", "near_tip", "not_wanted", "does not take|a pit does not send to a receiver"),
    ],
)
def test_why_not(answered, giver, taker, kind, sentence):
    """The rule that blocks it, or time, truck, agreement, fullness, or what it would cost."""
    told = whys(answered, giver, taker)
    assert kind in told, told
    assert re.search(sentence, told[kind]), told


def test_a_full_receiver_is_named():
    """A cheaper place that is full stands in the way, and is named with its permit."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount: 1600 t") + (
        "  full:\n    lon: 12.2\n    lat: 55.46\n"
        "    receiver: {accepts: [clean_clay_soil], capacity_total: 100 t}\n"
        "  other:\n    lon: 12.2\n    lat: 55.47\n"
        "    offers: [{material: clean_clay_soil, amount: 50 t}]\n"
    )
    lengths = {("digging", "full"): 1.0, ("digging", "tip"): 50.0, ("other", "full"): 30.0}
    lengths |= {("other", "tip"): 31.0, ("other", "road"): 90.0, ("digging", "road"): 5.0}
    plan = solve(text, lengths)
    told = whys(plan, "other", "full")
    assert "full: permit of the receiver: `full`" in told["costs_more"]


@pytest.mark.parametrize(
    ("giver", "taker", "material", "sentence"),
    [
        ("concret", "road", None, "did you mean `concrete`"),
        ("concrete", "rode", None, "did you mean `road`"),
        ("near_tip", "road", None, "`near_tip` has nothing to give"),
        ("concrete", "pit", None, "`pit` takes nothing"),
        ("concrete", "road", "crushed_brick", "`concrete` does not give `crushed_brick`"),
    ],
)
def test_why_not_asks_for_sites_that_are_there(answered, giver, taker, material, sentence):
    """Unknown sites and materials are told, with what was probably meant."""
    with pytest.raises(InputError, match=sentence):
        explain_why_not(answered, giver, taker, material)


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{number: 2, km_per_period: 9000}", "{}", "say at least one of `number`"),
        ("fleet: {truck_trailer_7_axle", "fleet: {tip_semitrailer", "is not among `vehicles`"),
        (
            "giver: digging, taker: store, at_least: 50 t",
            "giver: digging, taker: store",
            "say one of `tonnes`",
        ),
        ("giver: pit, taker: road,", "giver: tip, taker: road,", "`tip` has nothing to give"),
        ("share: 50 %", "share: 150 %", "share"),
        ("recipes: [sort_here]", "recipes: [sort_her]", "did you mean `sort_here`"),
        ("inputs: {clean_clay_soil: 1}", "inputs: {clean_clay_soil: 0.5}", "must add up to 1"),
        ("clean_sandy_soil: 0.75", "clean_sandy_soil: 2.75", "cannot make 3 t out of 1 t"),
        ("municipality: Greve", "municipality: Greeve", "did you mean `Greve`"),
        ("minimise: cost_dkk", "minimise: [cost_dkk, tonne_km]", "have different units"),
        ("capacity: 300 t", "capacity: 300 m3 loose", "several materials of different density"),
        (
            "    offers: [{material: clean_clay_soil, amount: 600 t, to: 2027}]\n",
            "    needs: [{use: fill, amount: 1 t}]\n",
            "`stockpile` keeps a site's own `offers`",
        ),
        ("smallest_lot: 25 t", "smallest_lot: 25 m3 loose", "say it in tonnes"),
    ],
)
def test_mistakes_in_new_keys_are_told(old, new, sentence):
    """The rule, what came, and where, for every new key."""
    assert old in EVERYTHING
    with pytest.raises(ScenarioError, match=sentence) as caught:
        make_scenario(EVERYTHING.replace(old, new))
    assert "world.yaml:" in str(caught.value)
