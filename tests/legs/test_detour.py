"""Why this way round?"""

import re
import numpy as np
import pytest
from two_ways import EDGES, NODES, WORLD, limit
from worlds import make_network, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError, NoRouteError
from raastof_geo.language import speaking
from raastof_geo.legs.detour import explain_route
from raastof_geo.legs.legs import price_legs
from raastof_geo.legs.roads import RoadPrices
from raastof_geo.outputs.pages.beside import draw_route, explain_detour
from raastof_geo.roads.edges import Turn
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.snap import place_stops, snap_sites
from raastof_geo.roads.store import write_network

pytestmark = pytest.mark.usefixtures("english")


def world(middle, network="{}", **more):
    scenario = make_scenario(WORLD.replace("{NETWORK}", network))
    plain = Road("secondary", name="Landevejen")
    roads = make_network(NODES, EDGES, roads=[plain, middle, plain, plain, plain], **more)
    anchors = snap_sites(roads, scenario.sites)
    return scenario, roads, anchors


def detour_of(middle, network="{}", **more):
    scenario, roads, anchors = world(middle, network, **more)
    prices = RoadPrices(scenario, roads, place_stops(anchors))
    return explain_route(prices, "pit", "road")


LOW = Road("secondary", name="Broen", limits=limit(maxheight_m=3.5), tags="maxheight=3.5")


def test_a_detour_names_the_road_the_tag_and_the_price():
    """The way round, what it costs in km and kg, and the way in OpenStreetMap to look at."""
    detour = detour_of(LOW)
    (obstacle,) = detour.trips[0].obstacles
    assert (obstacle.name, obstacle.way, obstacle.tags) == ("Broen", 2, "maxheight=3.5")
    assert str(obstacle.reason) == "limit on height: 3.5 m, the truck has 4.1 m"
    assert detour.trips[0].longer("km") == pytest.approx(15.54 - 12.68, abs=0.02)
    assert detour.longer("km") == pytest.approx(2 * (15.54 - 12.68), abs=0.04)
    assert detour.longer("kg_co2e") > 1
    assert obstacle.length_m == pytest.approx(6336, abs=1)


@pytest.mark.parametrize(
    ("middle", "network", "reason"),
    [
        (Road("secondary", access=Access.CLOSED, tags="hgv=no"), "{}", "closed to trucks"),
        (
            Road("secondary", access=Access.LOCAL, tags="hgv=destination"),
            "{}",
            "first and the last stretch only",
        ),
        (Road("secondary", limits=limit(maxweight_t=20)), "{}", "limit on weight: 20 t"),
        (
            Road("secondary"),
            "{changes: [{way: 2, closed: true, note: Works}]}",
            "closed by the scenario: Works",
        ),
        (
            Road("secondary"),
            "{changes: [{way: 2, maxaxleload_t: 8, note: Works}]}",
            "limit on axle load: 8 t, the truck has 10 t",
        ),
        (Road("ferry"), "{ferries: false}", "the scenario takes none"),
    ],
)
def test_each_reason_is_told_in_words(middle, network, reason):
    """Signs, limits, changes of the scenario and ferries each have their sentence."""
    lengths = [3200, 300, 3200, 4600, 4600]  # a ferry so short that a truck would take it
    detour = detour_of(middle, network, lengths_m=lengths)
    assert reason in str(detour.trips[0].obstacles[0].reason)


def test_a_limit_on_a_road_for_errands_is_what_closes_it():
    """In the middle of the way the truck could not pass it even if it had an errand there."""
    limits = limit(maxweight_t=7.5)
    middle = Road("secondary", access=Access.LOCAL, limits=limits, tags="maxweight=7.5")
    (obstacle,) = detour_of(middle).trips[0].obstacles
    assert str(obstacle.reason) == "limit on weight: 7.5 t, the truck has 32 t"


def test_a_forbidden_turn_is_named():
    """A turn restriction is an obstacle too."""
    turns = (Turn(False, (0, 2)),)
    detour = detour_of(Road("secondary", name="Broen"), turns=turns)
    (obstacle,) = detour.trips[0].obstacles
    assert (obstacle.name, str(obstacle.reason)) == (
        "Broen",
        "the turn into this road is forbidden",
    )
    assert not detour.trips[1].obstacles


def test_without_a_detour_nothing_stands_in_the_way():
    """The straight way is the legal way."""
    detour = detour_of(Road("secondary"))
    assert not detour.trips[0].obstacles
    assert detour.longer("km") == pytest.approx(0, abs=1e-6)
    assert not detour.doubts


def test_suspect_tags_are_listed():
    """Tags that cannot be read or hold at times only are worth a look."""
    tags = "maxheight=lav; maxweight:conditional=7.5 @ (Mo-Fr)"
    detour = detour_of(Road("secondary", name="Broen", tags=tags))
    assert {(doubt.key, doubt.name) for doubt in detour.doubts} == {
        ("maxheight", "Broen"),
        ("maxweight:conditional", "Broen"),
    }


def test_the_price_a_year_is_that_of_the_plan():
    """Loads of the plan times what the way round costs each of them."""
    scenario, roads, anchors = world(LOW)
    legs = price_legs(scenario, roads, anchors)
    detour = explain_route(legs.roads, "pit", "road", flows=assign(scenario, legs).flows)
    loads = np.ceil(100 / legs.frame["load_t"].max())
    assert detour.loads_per_year == pytest.approx(loads / 2, rel=0.01)
    told = "\n".join(explain_detour(scenario, detour))
    assert "Broen: limit on height: 3.5 m, the truck has 4.1 m (6,336 m) [maxheight=3.5]" in told
    assert "https://www.openstreetmap.org/way/2" in told
    assert "loads a year" in told


def test_a_truck_that_cannot_go_at_all_is_told_why():
    """No legal route: the reasons are the error."""
    scenario = make_scenario(WORLD.replace("{NETWORK}", "{}"))
    roads = make_network(NODES[:4], EDGES[:3], roads=[Road("secondary"), LOW, Road("secondary")])
    stops = place_stops(snap_sites(roads, scenario.sites))
    prices = RoadPrices(scenario, roads, stops)
    with pytest.raises(NoRouteError, match=r"Broen \(limit on height: 3.5 m"):
        explain_route(prices, "pit", "road")


def test_unknown_sites_trucks_and_periods_are_told_at_once():
    """Every mistake in one answer."""
    scenario, roads, anchors = world(LOW)
    prices = RoadPrices(scenario, roads, place_stops(anchors))
    with speaking("en"), pytest.raises(InputError) as caught:
        explain_route(prices, "pit", "rod", "bicycle", period="2099")
    told = str(caught.value)
    assert "`rod` is not a site here; did you mean `road`" in told
    assert "`bicycle` is not a vehicle here" in told
    assert "`2099` is not a period of this scenario" in told


def test_the_page_holds_both_routes_and_harms_nobody():
    """Names from the map and the scenario are escaped."""
    wicked = Road(
        "secondary", name="</script><script>alert(1)//", access=Access.CLOSED, tags="hgv=no"
    )
    scenario, roads, anchors = world(wicked)
    prices = RoadPrices(scenario, roads, place_stops(anchors))
    page = draw_route(scenario, roads, explain_route(prices, "pit", "road"))
    assert "<script>alert" not in page
    assert re.search(r'"legal":"[^" ]+ [^" ]+","free":"[^" ]+ [^" ]+"', page)
    assert 'src="http' not in page
    assert "default-src 'none'" in page


def test_the_command_prints_and_draws(tmp_path, capsys):
    """`raastof route` from a file: sentences, and a page."""
    _, roads, _ = world(LOW)
    write_network(roads, tmp_path / "roads.npz")
    text = WORLD.replace("{NETWORK}", "{file: roads.npz}")
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    arguments = ["route", str(tmp_path / "world.yaml"), "pit", "road", "--lang", "en"]
    page = tmp_path / "way.html"
    assert run_command([*arguments, "--map", str(page)]) == 0
    told = capsys.readouterr().out
    assert "The way round costs 5.7 km" in told
    assert "Under the plan" in told
    assert page.exists()
    assert run_command([*arguments, "--map", str(page), "--no-plan"]) == 0
    assert "Under the plan" not in capsys.readouterr().out
    assert run_command([*arguments, "--map", str(tmp_path)]) == 4
    assert run_command(["route", str(tmp_path / "world.yaml"), "pit", "rod"]) == 2
