"""Legs on roads: what limits, signs, periods, ferries and bridges do to them."""

import textwrap
from concurrent.futures import Future, ProcessPoolExecutor
import pandas as pd
import pytest
from two_ways import EDGES, LONG_KM, NODES, SHORT_KM, WORLD, limit
from worlds import make_network, make_scenario
from raastof_geo.errors import RoadDataError, ScenarioError
from raastof_geo.legs.legs import price_legs, price_more
from raastof_geo.legs.roads import Haulage, RoadPrices
from raastof_geo.roads.road import LIMITS, Access, Road
from raastof_geo.roads.routing.drive import size_truck
from raastof_geo.roads.routing.router import WeightedRoads
from raastof_geo.roads.snap import place_stops, snap_sites

pytestmark = pytest.mark.usefixtures("english")


def legs_of(middle: Road, network: str = "{}", **more):
    scenario = make_scenario(WORLD.replace("{NETWORK}", network))
    plain = Road("secondary")
    roads = make_network(NODES, EDGES, roads=[plain, middle, plain, plain, plain], **more)
    return price_legs(scenario, roads, snap_sites(roads, scenario.sites))


def lengths(legs, vehicle="tipper_4_axle", period="2027"):
    rows = legs.frame.query("vehicle == @vehicle and period == @period")
    return rows[["length_km", "return_km"]].iloc[0].tolist()


def test_without_limits_a_truck_goes_straight():
    """The world's short way is the short way."""
    assert lengths(legs_of(Road("secondary"))) == pytest.approx([SHORT_KM, SHORT_KM], abs=0.1)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"maxweight_t": 18}, [LONG_KM, SHORT_KM]),
        ({"maxweight_t": 12}, [LONG_KM, LONG_KM]),
        ({"maxweight_t": 32}, [SHORT_KM, SHORT_KM]),
        ({"maxweightrating_t": 18}, [LONG_KM, LONG_KM]),
        ({"maxaxleload_t": 8}, [LONG_KM, SHORT_KM]),
        ({"maxheight_m": 4.0}, [LONG_KM, LONG_KM]),
        ({"maxheight_m": 4.1}, [SHORT_KM, SHORT_KM]),
        ({"maxwidth_m": 2.5}, [LONG_KM, LONG_KM]),
        ({"maxlength_m": 9}, [LONG_KM, LONG_KM]),
        ({"maxlength_m": 12}, [SHORT_KM, SHORT_KM]),
    ],
)
def test_each_limit_binds_the_loaded_and_the_empty_truck_as_it_should(limits, expected):
    """Actual mass and axle load are less for an empty truck; the rest does not change."""
    legs = legs_of(Road("secondary", limits=limit(**limits)))
    assert lengths(legs) == pytest.approx(expected, abs=0.1)


def test_a_limit_on_length_binds_the_longer_truck_only():
    """Each truck has its own route."""
    legs = legs_of(Road("secondary", limits=limit(maxlength_m=12)))
    assert lengths(legs) == pytest.approx([SHORT_KM, SHORT_KM], abs=0.1)
    assert lengths(legs, "truck_trailer_7_axle") == pytest.approx([LONG_KM, LONG_KM], abs=0.1)


@pytest.mark.parametrize("access", [Access.CLOSED, Access.LOCAL])
def test_a_closed_or_local_road_is_no_way_through(access):
    """`destination` in the middle is as closed as `no`."""
    assert lengths(legs_of(Road("secondary", access=access))) == pytest.approx(
        [LONG_KM, LONG_KM], abs=0.1
    )


def test_roads_behind_a_private_road_are_local_too():
    """A yard that is reached over a private road is no way through."""
    plain, private = Road("service"), Road("service", access=Access.LOCAL)
    network = make_network(
        [(12.0, 55.4), (12.1, 55.4), (12.1, 55.41), (12.1, 55.42), (12.0, 55.42)],
        [(0, 1), (1, 2), (2, 3)],
        roads=[plain, private, plain],
        lengths_m=[5000, 500, 300],
    )
    assert network.local.tolist() == [False, True, True]


@pytest.mark.parametrize(
    "where",
    [
        "name: Broen",
        "name: e47",
        "way: 2",
        "way: [2, 77]",
        "at: [12.1, 55.4003]",
        "polygon: [[12.09, 55.39], [12.11, 55.39], [12.11, 55.41]]",
    ],
)
def test_a_bridge_may_be_limited_from_next_year(where):
    """A change holds in its window, and names roads by name, number, id, place or area."""
    change = f"{{changes: [{{{where}, maxweight_t: 20, from: 2028, note: Repair}}]}}"
    legs = legs_of(Road("secondary", name="E47 Broen"), change)
    assert lengths(legs) == pytest.approx([SHORT_KM, SHORT_KM], abs=0.1)
    assert lengths(legs, period="2028") == pytest.approx([LONG_KM, SHORT_KM], abs=0.1)
    assert legs.spell("2027") != legs.spell("2028")
    assert len(legs.draw([("pit", "road", "tipper_4_axle", "2028")])[0]) == 5
    assert len(legs.draw([("pit", "road", "tipper_4_axle", "2027")])[0]) == 4


def test_a_closed_road_and_a_change_for_one_truck():
    """`closed: true` closes, and `vehicles` says to whom."""
    change = "{changes: [{way: 2, closed: true, vehicles: [truck_trailer_7_axle]}]}"
    legs = legs_of(Road("secondary"), change)
    assert lengths(legs)[0] == pytest.approx(SHORT_KM, abs=0.1)
    assert lengths(legs, "truck_trailer_7_axle")[0] == pytest.approx(LONG_KM, abs=0.1)


def test_an_own_speed_makes_a_way_slower():
    """`speed_km_h` replaces whatever class and signs say, and the route follows it."""
    slow = legs_of(
        Road("secondary", maxspeed_km_h=80), "{route_by: time, changes: [{way: 2, speed_km_h: 10}]}"
    )
    assert lengths(slow)[0] == pytest.approx(LONG_KM, abs=0.1)


def test_changes_that_fit_no_road_are_all_told():
    """Names are suggested, ids and places explained, all at once."""
    changes = (
        "{changes: [{name: Brøen, closed: true}, {way: 99, closed: true},"
        " {at: [12.6, 55.9], closed: true}]}"
    )
    with pytest.raises(RoadDataError) as caught:
        legs_of(Road("secondary", name="E47 Broen"), changes)
    told = str(caught.value)
    assert "no road is called `Brøen`; did you mean `E47 Broen`?" in told
    assert "no road has the id 99" in told
    assert "no road lies within 100 m of 12.6, 55.9" in told


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("{name: A, way: 1, closed: true}", "one of `name`, `way`, `at`, `polygon`"),
        ("{closed: true}", "one of `name`, `way`, `at`, `polygon`"),
        ("{name: A}", "say what changes"),
        ("{name: A, maxweight_t: -3}", "must be above 0"),
        ("{name: A, closed: true, from: 2028, to: 2027}", "comes after"),
        ("{at: [55.4, 12.1], closed: true}", "lon"),
    ],
)
def test_a_change_says_where_and_what(change, sentence):
    """Half a change is refused with its place in the file."""
    with pytest.raises(ScenarioError, match=sentence):
        make_scenario(WORLD.replace("{NETWORK}", f"{{changes: [{change}]}}"))


def test_what_no_truck_can_reach_is_absent_and_told():
    """An unreachable pair is no leg, and says whether any truck could go there."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    low = Road("secondary", limits=limit(maxheight_m=3))
    plain = Road("secondary")
    network = make_network(NODES[:4], EDGES[:3], roads=[plain, low, plain])
    legs = price_legs(scenario, network, snap_sites(network, scenario.sites))
    assert legs.frame.empty
    assert set(legs.lost["vehicle"]) == {"tipper_4_axle", "truck_trailer_7_axle"}
    assert set(legs.lost["reason"]) == {
        "every way is closed to this truck, by signs, limits or changes of the scenario"
    }
    assert legs.lost[["origin", "destination"]].drop_duplicates().to_numpy().tolist() == [
        ["pit", "road"]
    ]


def test_a_ferry_takes_as_long_as_its_duration_says():
    """The whole ferry takes its duration, however many edges it has."""
    sea = Road("ferry", duration_min=30)
    plain = Road("secondary")
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    network = make_network(
        [(12.0, 55.4), (12.05, 55.4), (12.1, 55.4), (12.15, 55.4), (12.2, 55.4)],
        [(0, 1), (1, 2), (2, 3), (3, 4)],
        roads=[plain, sea, sea, plain],
        lengths_m=[3000, 2000, 6000, 3000],
    )
    network.way[1:3] = 7
    legs = price_legs(scenario, network, snap_sites(network, scenario.sites))
    leg = legs.frame.query("vehicle == 'tipper_4_axle'").iloc[0]
    assert leg["ferry_km"] == pytest.approx(16)
    mean = scenario.catalogue.speeds["secondary"].mean_km_h.value
    assert leg["drive_h"] == pytest.approx(2 * (0.5 + 6 / mean))


def test_without_ferries_what_lies_beyond_the_sea_is_lost():
    """`ferries: false` takes them out of every truck's roads."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{ferries: false}"))
    network = make_network(
        NODES[:4], EDGES[:3], roads=[Road("secondary"), Road("ferry"), Road("secondary")]
    )
    anchors = snap_sites(network, scenario.sites)
    legs = price_legs(scenario, network, anchors)
    assert legs.frame.empty
    assert len(legs.lost)


def test_a_fixed_link_is_paid_once_each_way():
    """Whoever crosses the line of the Great Belt pays its fare, there and back."""
    text = textwrap.dedent(WORLD.replace("{NETWORK}", "{}")) + (
        "catalogue: {fixed_links: {belt: {name: {en: Belt}, line: [[12.1, 55.3], [12.1, 55.42]],"
        " fare_dkk: 700}}}\n"
    )
    scenario = make_scenario(text)
    plain = Road("secondary")
    network = make_network(NODES[:4], EDGES[:3], roads=[plain, plain, plain])
    legs = price_legs(scenario, network, snap_sites(network, scenario.sites))
    assert set(legs.frame["link_dkk"]) == {1400.0}
    leg = legs.frame.iloc[0]
    without = price_legs(
        make_scenario(WORLD.replace("{NETWORK}", "{}")),
        network,
        snap_sites(network, scenario.sites),
    ).frame.iloc[0]
    assert leg["haul_dkk_per_t"] - without["haul_dkk_per_t"] == pytest.approx(1400 / leg["load_t"])


def test_an_empty_truck_weighs_gross_less_payload():
    """Mass and axle load shrink alike; size and papers do not."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    truck = scenario.catalogue.vehicles["tipper_4_axle"]
    full, empty = (
        dict(zip(LIMITS, size_truck(truck, load).size, strict=True)) for load in ("full", "empty")
    )
    assert (full["maxweight_t"], empty["maxweight_t"]) == (32, 14)
    assert empty["maxaxleload_t"] == pytest.approx(full["maxaxleload_t"] * 14 / 32)
    assert (empty["maxweightrating_t"], empty["maxheight_m"]) == (32, full["maxheight_m"])


def test_changing_tonnes_recomputes_no_distance(monkeypatch):
    """Distances hang on roads, trucks and places; a second run with other tonnes reads them."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    network = make_network(NODES, EDGES, lengths_m=[3100, 6100, 3200, 4000, 4001])
    anchors = snap_sites(network, scenario.sites)
    first = price_legs(scenario, network, anchors)
    monkeypatch.setattr(RoadPrices, "weigh", None)
    other = make_scenario(WORLD.replace("{NETWORK}", "{}").replace("100 t", "250 t"))
    again = price_legs(other, network, anchors)
    pd.testing.assert_frame_equal(first.frame, again.frame)


def test_pairs_that_may_deal_now_are_priced_beside_those_that_are_known(monkeypatch):
    """Figures are those of a run that prices all; nothing new, nothing is priced."""
    text = WORLD.replace("{NETWORK}", "{}")
    network = make_network(NODES, EDGES, lengths_m=[3100, 6100, 3200, 4000, 4001])
    scenario, other = (make_scenario(text.replace("fill_sand", one)) for one in WARES)
    anchors = snap_sites(network, scenario.sites)
    legs, whole = (price_legs(one, network, anchors) for one in (scenario, other))
    more = price_more(legs, other)
    assert len(legs.frame) < len(more.frame)
    pd.testing.assert_frame_equal(more.frame, whole.frame, check_exact=True)
    monkeypatch.setattr(RoadPrices, "weigh", None)
    assert price_more(more, other) is more


WARES = "fill_sand", "fill_sand, sub_base_gravel"


class _Begun(ProcessPoolExecutor):
    """Processes that stand in this one, and count what they are given."""

    given = 0

    def submit(self, fn, /, *args, **kwargs):
        type(self).given += 1
        task = Future()
        task.set_result(fn(*args, **kwargs))
        return task


def test_routes_found_side_by_side_are_found_once_and_give_the_same_legs(monkeypatch, tmp_path):
    """A truck's routes full and back are a task each; few are not worth one."""
    text = WORLD.replace("{NETWORK}", "{}")
    scenario = make_scenario(text)
    network = make_network(NODES, EDGES, lengths_m=[3100, 6100, 3200, 4000, 4001])
    anchors = snap_sites(network, scenario.sites)
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "one"))
    alone = price_legs(scenario, network, anchors, executor=_Begun(1))
    assert _Begun.given == 0
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr("raastof_geo.legs.legs._MOST_ALONE", 0)
    asked, sums = [], WeightedRoads.sums
    monkeypatch.setattr(WeightedRoads, "sums", lambda *of: asked.append(1) or sums(*of))
    together = price_legs(scenario, network, anchors, executor=_Begun(1))
    assert _Begun.given == len(asked) == 2 * len(scenario.said.vehicles)
    pd.testing.assert_frame_equal(alone.frame, together.frame, check_exact=True)
    pd.testing.assert_frame_equal(alone.lost, together.lost, check_exact=True)


def test_one_more_site_asks_for_its_own_routes_only(monkeypatch, tmp_path):
    """What is known of the others is read; figures are those of a run that knew nothing."""
    text = WORLD.replace("{NETWORK}", "{}")
    more = text.replace(
        "  road:", "  other: {lon: 12.1, lat: 55.43, pit: {supplies: [fill_sand]}}\n  road:"
    )
    network = make_network(NODES, EDGES, lengths_m=[3100, 6100, 3200, 4000, 4001])
    asked = []
    sums = WeightedRoads.sums

    def count(self, origins, destinations, quantities):
        asked.append(len(origins))
        return sums(self, origins, destinations, quantities)

    monkeypatch.setattr(WeightedRoads, "sums", count)
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "one"))

    def price(said):
        asked.clear()
        scenario = make_scenario(said)
        return price_legs(scenario, network, snap_sites(network, scenario.sites)).frame, sum(asked)

    (few, first), (many, then), (_, last), (less, none) = map(price, (text, more, more, text))
    assert (len(many), first, then, last, none) == (2 * len(few), 4, 4, 0, 0)
    pd.testing.assert_frame_equal(few, less, check_exact=True)
    monkeypatch.setenv("RAASTOF_CACHE", str(tmp_path / "other"))
    afresh, all_of_them = price(more)
    assert all_of_them == first + then
    pd.testing.assert_frame_equal(many, afresh, check_exact=True)


def test_the_sums_of_a_leg_are_those_of_its_arcs():
    """Kilometres, hours and energy of a leg add up over the edges of its routes."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    network = make_network(NODES, EDGES)
    anchors = snap_sites(network, scenario.sites)
    legs = price_legs(scenario, network, anchors)
    roads = RoadPrices(scenario, network, place_stops(anchors))
    prices = Haulage(roads, "tipper_4_axle", ()).prices
    there = roads.find([("pit", "road")], "tipper_4_axle")
    driven = there.shares(0)
    leg = legs.frame.query("vehicle == 'tipper_4_axle'").iloc[0]
    assert leg["length_km"] == pytest.approx(
        (prices.quantities["km"][there.arcs(0)] * driven).sum()
    )


def test_a_truck_whose_size_is_not_said_has_the_largest_legal_one():
    """Sizes default to Danish ones, each with its source."""
    from raastof_geo.emissions.vehicle import Vehicle

    for name, value in (("height_m", 4.10), ("width_m", 2.55), ("length_m", 18.75)):
        figure = Vehicle.model_fields[name].default
        assert figure.value == value
        assert figure.source
        assert figure.unit == "m"
