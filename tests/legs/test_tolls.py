"""The truck toll by year, weight, emission class and road; trucks from their first legal day."""

from dataclasses import replace
from pathlib import Path
import numpy as np
import pytest
from two_ways import EDGES, NODES, WORLD
from worlds import make_network, make_scenario, refusal
from raastof_geo.assignment import assign, build_problem
from raastof_geo.figures.vocabulary import CO2E, COST, COST_WITH_CO2, TOLL, TOLL_CO2, TRANSPORT_TTW
from raastof_geo.legs.legs import LEG_KEYS, price_legs
from raastof_geo.roads.load import load_network
from raastof_geo.roads.road import Road
from raastof_geo.roads.snap import snap_sites
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.reading.read import read_scenario

pytestmark = pytest.mark.usefixtures("english")

TODAY = load_catalogue()
FROZEN = Path(__file__).parents[1] / "frozen" / "region_sjaelland.yaml"
SECONDARY, PRIMARY, TRACK = Road("secondary"), Road("primary"), Road("track")


def legs_of(road: Road, more: str = "", text: str = WORLD):
    scenario = make_scenario(text.replace("{NETWORK}", "{}") + more)
    roads = make_network(NODES, EDGES, roads=[road] * len(EDGES))
    return price_legs(scenario, roads, snap_sites(roads, scenario.sites))


def tolls(legs):
    """Give what a tonne pays and the kilometres it pays for, by truck and period."""
    frame = legs.frame.set_index(["vehicle", "period"])
    paid = (frame["toll_dkk_per_t"] * frame["load_t"]).round(9)
    return {key: (paid[key], frame["toll_km"][key]) for key in frame.index}


def test_the_rates_are_those_of_the_tables():
    """2025: 1.00 and 1.10; from 2028: 1.22 and 1.30 in class 1, 0.16 for electric trucks."""
    catalogue = TODAY
    rates = {
        name: [catalogue.toll_dkk_per_km(catalogue.vehicles[name], year) for year in (2027.9, 2028)]
        for name in ("tipper_4_axle", "truck_trailer_7_axle", "truck_trailer_7_axle_electric")
    }
    assert rates == {
        "tipper_4_axle": [1.00, 1.22],
        "truck_trailer_7_axle": [1.10, 1.30],
        "truck_trailer_7_axle_electric": [0.13, 0.16],
    }
    rows = catalogue.tolls["from_2028"].dkk_per_km
    assert [rows[weight][1] for weight in rows] == [1.04, 1.11, 1.22, 1.30]
    assert [rows[weight][2] for weight in rows] == [0.91, 0.99, 1.09, 1.16]
    assert catalogue.tolls["from_2025"].at("high").dkk_per_km["over_32_t"][1] > 1.3


@pytest.mark.parametrize(
    ("year", "weight", "co2", "part"),
    [
        (2027, "to_18_t", 1, 0.86 * 0.43),  # 0.37 of 0.86 is what was seen
        (2027, "to_32_t", 1, 0.43),
        (2027, "to_32_t", 2, 0.92 - 0.57),
        (2027, "to_32_t", 4, 0.0),
        (2027, "to_32_t", 5, 0.0),
        (2028, "over_32_t", 1, 1.30 * 0.43),
        (2028, "over_32_t", 2, 1.16 - 1.30 * 0.57),
        (2028, "over_32_t", 3, 0.0),  # whose rate was not seen
        (2024, "to_32_t", 1, 0.0),
    ],
)
def test_how_much_of_a_toll_is_a_price_of_co2(year, weight, co2, part):
    truck = TODAY.vehicles["tipper_4_axle"]
    truck = truck.model_copy(update={"toll_weight": weight, "toll_co2": co2})
    assert TODAY.toll_co2_dkk_per_km(truck, year + 0.5) == pytest.approx(part)
    own = truck.model_copy(update={"toll_dkk_per_km": TODAY.ferry.fare_dkk_per_km})
    assert TODAY.toll_co2_dkk_per_km(own, year + 0.5) == 0


@pytest.mark.parametrize("more", ["", "return_loads: {share: 50 %}\n"])
def test_what_the_toll_holds_of_a_price_of_co2_is_not_priced_again(more):
    """12.68 km of a secondary road: 43 % of the toll of diesel in 2028 is off, of 2027 nothing."""
    legs = legs_of(SECONDARY, "co2_price_dkk_per_t: 1500\n" + more)
    problem = build_problem(legs.roads.scenario, legs)
    held = problem.measure(TOLL_CO2)
    assert held == pytest.approx(
        problem.measure(TOLL) * np.where(problem.measure(TOLL) > 0, 0.43, 0), rel=1e-9
    )
    assert (held > 0).any()
    assert (held[problem.block("moves")] == 0).any()
    priced = 1.5 * problem.measure(CO2E) - 0.859 * problem.measure(TRANSPORT_TTW)
    assert problem.measure(COST_WITH_CO2) == pytest.approx(problem.measure(COST) + priced - held)


def test_a_secondary_road_is_tolled_from_2028():
    """12.68 km there and back; untolled in 2027, 1.22 and 1.30 DKK/km in 2028."""
    found = tolls(legs_of(SECONDARY))
    there_and_back = 2 * 12.68
    assert found["tipper_4_axle", "2027"] == (0.0, 0.0)
    assert found["truck_trailer_7_axle", "2027"] == (0.0, 0.0)
    for truck, rate in (("tipper_4_axle", 1.22), ("truck_trailer_7_axle", 1.30)):
        paid, km = found[truck, "2028"]
        assert km == pytest.approx(there_and_back, abs=0.02)
        assert paid == pytest.approx(rate * km)


def test_a_primary_road_is_tolled_in_both_years_and_a_track_in_none():
    primary = tolls(legs_of(PRIMARY))
    for period, rate in (("2027", 1.00), ("2028", 1.22)):
        paid, km = primary["tipper_4_axle", period]
        assert paid == pytest.approx(rate * km) and km > 25
    assert set(tolls(legs_of(TRACK)).values()) == {(0.0, 0.0)}


def test_only_the_toll_differs_between_the_years():
    frame = legs_of(SECONDARY).frame.query("vehicle == 'tipper_4_axle'").set_index("period")
    for name in ("length_km", "return_km", "work_h", "load_t"):
        assert frame[name]["2027"] == frame[name]["2028"]
    more = frame["haul_dkk_per_t"]["2028"] - frame["haul_dkk_per_t"]["2027"]
    assert more == pytest.approx(frame["toll_dkk_per_t"]["2028"])


def test_a_kilometre_in_a_zone_costs_half_as_much_again():
    """Copenhagen; on the main road of 2025 as on every road of 2028."""
    text = WORLD.replace("lon: 12.20, lat: 55.40", "lon: 12.57, lat: 55.69").replace(
        "lon: 12.00, lat: 55.40", "lon: 12.54, lat: 55.69"
    )
    scenario = make_scenario(text.replace("{NETWORK}", "{}"))
    roads = make_network([(12.54, 55.69), (12.57, 55.69)], [(0, 1)], roads=[PRIMARY])
    legs = price_legs(scenario, roads, snap_sites(roads, scenario.sites))
    for truck in legs.frame.itertuples():
        assert truck.toll_km == pytest.approx(1.5 * (truck.length_km + truck.return_km))


def test_a_toll_of_its_own_is_paid_in_every_year():
    own = "catalogue: {vehicles: {tipper_4_axle: {toll_dkk_per_km: 2}}}\n"
    found = tolls(legs_of(PRIMARY, own))
    for period in ("2027", "2028"):
        paid, km = found["tipper_4_axle", period]
        assert paid == pytest.approx(2 * km)


def test_empty_trips_pay_the_toll_of_their_year():
    trips = legs_of(SECONDARY, "return_loads: {share: 50 %}\n").empty_trips
    trips = trips.query("vehicle == 'tipper_4_axle'").set_index("period")
    assert trips.toll_dkk["2027"] == 0
    assert trips.toll_dkk["2028"] == pytest.approx(1.22 * trips.length_km["2028"])
    hire = 925 * trips.drive_h["2028"]
    assert trips.dkk["2028"] == pytest.approx(hire + trips.toll_dkk["2028"])


def test_a_class_without_a_rate_is_refused_with_its_place():
    text = WORLD.replace("{NETWORK}", "{}")
    told = refusal(text + "catalogue: {vehicles: {tipper_4_axle: {toll_co2: 3}}}\n")
    assert "`tolls.from_2028` has no toll for its `toll_weight` and `toll_co2`" in told
    assert "world.yaml:9:" in told or "world.yaml:10:" in told


def test_the_audited_catalogue_keeps_its_toll(catalogue_of_the_audit):
    """One rate for all years, on motorways, trunk and primary roads alone."""
    assert set(tolls(legs_of(SECONDARY)).values()) == {(0.0, 0.0)}
    found = tolls(legs_of(PRIMARY))
    for truck, rate in (("tipper_4_axle", 1.0), ("truck_trailer_7_axle", 1.1)):
        for period in ("2027", "2028"):
            paid, km = found[truck, period]
            assert paid == pytest.approx(rate * km) and km > 25


@pytest.mark.slow
def test_the_audited_plan_pays_six_times_the_toll_from_2028(catalogue_of_the_audit):
    """A7: 39.7 instead of 6.6 M DKK on the same 702 flows of 2030-32."""
    scenario = read_scenario(FROZEN)
    roads = load_network()
    anchors = snap_sites(roads, scenario.sites)
    legs = price_legs(scenario, roads, anchors)
    flows = assign(scenario, legs, explain=False).flows
    trucks = {
        name: truck.model_copy(
            update={
                "toll_dkk_per_km": None,
                "toll_weight": TODAY.vehicles[name].toll_weight,
                "toll_co2": TODAY.vehicles[name].toll_co2,
            }
        )
        for name, truck in scenario.catalogue.vehicles.items()
    }
    changed = scenario.catalogue.model_copy(update={"vehicles": trucks, "tolls": TODAY.tolls})
    today = price_legs(replace(scenario, catalogue=changed), roads, anchors)
    moved = flows[[*LEG_KEYS, "tonnes"]]
    paid = []
    for one in (legs, today):
        on_legs = moved.merge(one.frame[[*LEG_KEYS, "toll_dkk_per_t"]], on=list(LEG_KEYS))
        paid.append(float((on_legs["tonnes"] * on_legs["toll_dkk_per_t"]).sum()))
    assert len(flows) == 702
    assert paid == pytest.approx([6_598_116, 39_688_119], rel=1e-6)


# --- trucks that are not legal yet ----------------------------------------------------------------


YOUNG = WORLD.replace("periods: [2027, 2028]", "periods: [2026, 2027]").replace(
    "truck_trailer_7_axle]", "truck_trailer_7_axle_58]"
)


def test_a_truck_is_used_from_its_first_legal_period():
    """7 axles at 58 t from 1 January 2027, which is told; a payload of 37.5 t."""
    legs = legs_of(SECONDARY, text=YOUNG)
    found = legs.frame.groupby("vehicle")["period"].agg(sorted)
    assert found["tipper_4_axle"] == ["2026", "2027"]
    assert found["truck_trailer_7_axle_58"] == ["2027"]
    load = legs.frame.set_index("vehicle").load_t["truck_trailer_7_axle_58"]
    assert np.allclose(load, 37.5)
    (told,) = legs.roads.scenario.warnings
    assert "`truck_trailer_7_axle_58` is legal from 1 Jan 2027 only" in str(told.message)
    assert "not used in 2026" in str(told.message)


def test_a_period_without_a_legal_truck_is_refused():
    told = refusal(YOUNG.replace("{NETWORK}", "{}").replace("tipper_4_axle, ", ""))
    assert "world.yaml:4:" in told
    assert "no truck of `vehicles` is legal in `2026`" in told


def test_a_day_within_a_period_is_not_all_of_it():
    """Legal from 1 July: not in 2027, but in the second half of it."""
    text = YOUNG.replace("periods: [2026, 2027]", "periods: [2027-q2, 2027-q3]")
    text += "catalogue: {vehicles: {truck_trailer_7_axle_58: {legal_from: 2027-07-01}}}\n"
    found = legs_of(SECONDARY, text=text).frame.groupby("vehicle")["period"].agg(sorted)
    assert found["truck_trailer_7_axle_58"] == ["2027-q3"]
