"""Sites on islands, off the road, and beside roads that trucks may not use."""

import re
import pytest
from places import CASES
from worlds import make_network
from raastof_geo.cli import run_command
from raastof_geo.errors import NoPlanError, ScenarioError, SnapError
from raastof_geo.legs.detour import explain_route
from raastof_geo.pipeline import place_scenario, read_for_roads, solve_scenario
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.mapped.tags import read_road
from raastof_geo.roads.routing.islands import explain_islands, group_sites
from raastof_geo.roads.snap import ISLAND_M, explain_moves, snap_sites
from raastof_geo.roads.store import read_network, write_network
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.said.site import Site

ROADS = CASES / "roads"
HEAD = """
title: Islands
language: en
periods: [2027]
vehicles: [tipper_4_axle]
outputs: [plan, summary]
"""


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def write(tmp_path):
    """Write a scenario on one of the small road maps."""

    def written(case, sites, network=""):
        (tmp_path / "roads.osm").write_bytes((ROADS / case / "roads.osm").read_bytes())
        path = tmp_path / "world.yaml"
        text = f"{HEAD}network: {{file: roads.osm{network}}}\nsites:\n{sites}"
        path.write_text(text, encoding="utf-8")
        return path

    return written


BOTH_WHOLE = """
  a: {lon: 12.001586, lat: 55.5, offers: [{material: clean_clay_soil, amount: 100 t}]}
  b: {lon: 12.0142739, lat: 55.5, receiver: {accepts: [clean_clay_soil]}}
  c: {lon: 12.4773812, lat: 55.5, needs: [{use: fill, amount: 100 t}]}
  d: {lon: 12.490069, lat: 55.5, pit: {supplies: [fill_sand]}}
"""
ONE_SHORT = """
  a: {lon: 12.001586, lat: 55.5, offers: [{material: clean_clay_soil, amount: 100 t}]}
  b: {lon: 12.0142739, lat: 55.5, receiver: {accepts: [clean_clay_soil]}, pit: {supplies: [fill_sand]}}
  c: {lon: 12.4773812, lat: 55.5, needs: [{use: fill, amount: 100 t}]}
"""  # noqa: E501


def test_each_island_is_solved_by_itself(write):
    """Two groups of sites, each with what it needs: a plan exists, and nothing crosses."""
    result = solve_scenario(read_scenario(write("two_islands", BOTH_WHOLE)))
    flows = result.plan.flows[["origin", "destination"]].to_records(index=False).tolist()
    assert sorted(flows) == [("a", "b"), ("d", "c")]


def test_check_names_the_islands(write, capsys):
    """`check` tells the groups of sites that cannot reach each other, and ends with 0."""
    assert run_command(["check", str(write("two_islands", BOTH_WHOLE))]) == 0
    told = capsys.readouterr().out
    assert "the sites lie on 2 islands without a road between them" in told
    assert "`a`, `b`; `c`, `d`" in told
    assert "snap_limit_m" not in told


def test_no_plan_names_the_islands(write):
    """Where an island lacks something, the answer names the groups and no limit to raise."""
    with pytest.raises(NoPlanError, match=r"2 islands.*`a`, `b`; `c`") as caught:
        solve_scenario(read_scenario(write("two_islands", ONE_SHORT)))
    assert "snap_limit_m" not in str(caught.value)
    assert "no leg from" not in str(caught.value)


def test_a_short_road_without_a_way_out_is_passed_over(write, capsys):
    """A site beside 500 m of road that leads nowhere moves to the others, and is told of."""
    sites = """
  a: {lon: 12.001586, lat: 55.5, offers: [{material: clean_clay_soil, amount: 100 t}]}
  c: {lon: 12.0039651, lat: 55.4937050, needs: [{use: fill, amount: 100 t}]}
  p: {lon: 12.0142746, lat: 55.5, pit: {supplies: [fill_sand]}, receiver: {accepts: [clean_clay_soil]}}
"""  # noqa: E501
    assert run_command(["check", str(write("island_near", sites))]) == 0
    told = capsys.readouterr().out
    assert "`c` lies 701 m from the nearest road that trucks reach" in told
    assert "those metres are not counted" in told
    assert "was passed over: no road leads from it to the other roads and back" in told


def test_a_nearer_road_that_is_closed_to_trucks_is_named(write, capsys):
    """The warning has the metres, the nearer road's tag, and is repeated by `run`."""
    sites = """
  a: {lon: 12.001586, lat: 55.5, pit: {supplies: [fill_sand]}}
  s: {lon: 12.0158598, lat: 55.504946, needs: [{use: fill, amount: 100 t}]}
"""
    path = write("site_on_hgv_no", sites)
    for command in (["check", str(path)], ["run", str(path), "--into", str(path.parent / "out")]):
        assert run_command(command) == 0
        told = capsys.readouterr().out
        assert "`s` lies 551 m from the nearest road" in told
        assert "passed over: closed to trucks (hgv=no)" in told
    summary = (path.parent / "out" / "world" / "summary.md").read_text(encoding="utf-8")
    assert "lies 551 m from the nearest road" in summary


UNDER_A_BRIDGE = """
  a: {lon: 12.001586, lat: 55.5, pit: {supplies: [fill_sand]}}
  u: {lon: 12.0158757, lat: 55.500036, needs: [{use: fill, amount: 100 t}]}
"""


def test_a_street_is_preferred_to_the_bridge_above_it(write):
    """The bridge is a metre away, the street four: 0.90 km on the street, not 7.1 round it."""
    result = solve_scenario(read_scenario(write("site_under_bridge", UNDER_A_BRIDGE)))
    assert result.legs.frame.length_km.iloc[0] == pytest.approx(0.90, abs=0.01)
    assert result.network.called(result.anchors.edges["u"]) == "Gade"


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({"bridge": "yes"}, 1),
        ({"bridge": "viaduct", "layer": "2"}, 2),
        ({"bridge": "no", "layer": "1"}, 0),
        ({"tunnel": "yes"}, -1),
        ({"tunnel": "yes", "layer": "-2"}, -2),
        ({"tunnel": "building_passage"}, 0),
        ({"bridge": "yes", "layer": "high"}, 1),
        ({}, 0),
    ],
)
def test_bridges_and_tunnels_have_a_level(tags, level):
    """A street has 0, with or without a layer."""
    assert read_road({"highway": "residential", **tags}).level == level


@pytest.mark.parametrize(("kind", "told"), [("bridge", "a bridge"), ("tunnel", "a tunnel")])
def test_a_site_on_a_bridge_or_in_a_tunnel_is_told(write, capsys, kind, told):
    """Half a kilometre from any street there is nothing but the bridge."""
    sites = UNDER_A_BRIDGE.replace("lat: 55.500036", "lat: 55.51")
    path = write("site_under_bridge", sites)
    if kind == "tunnel":
        roads = path.parent / "roads.osm"
        text = roads.read_text(encoding="utf-8").replace('k="bridge"', 'k="tunnel"')
        roads.write_text(text.replace('v="1"/><tag k="name"', 'v="-1"/><tag k="name"'), "utf-8")
    assert run_command(["check", str(path)]) == 0
    found = capsys.readouterr().out
    assert f"It was put on {told} (Motortrafikvej), since no street is near" in found


def test_a_level_is_kept_in_a_file_and_read_again(tmp_path):
    """A network file keeps it by its name."""
    network = lay_network(read_osm(ROADS / "site_under_bridge" / "roads.osm"))
    again = read_network(write_network(network, tmp_path / "roads.npz"))
    assert again.level.tolist() == network.level.tolist()
    assert 1 in again.level


WET = """
title: At sea
language: en
periods: [2027]
vehicles: [tipper_4_axle]
network: {snap_limit_m: 2000}
outputs: [plan, summary]
sites:
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
  wet: {lon: 12.25, lat: 55.53, needs: [{use: fill, amount: 100 t}]}
"""


def test_a_way_over_water_is_told(tmp_path, capsys):
    """A site in Køge Bugt is led ashore, and both `check` and the summary say so."""
    path = tmp_path / "world.yaml"
    path.write_text(WET, encoding="utf-8")
    assert run_command(["check", str(path)]) == 0
    assert "`wet` lies 1,452 m from the nearest road" in (told := capsys.readouterr().out)
    assert "leads over water" in told
    assert run_command(["run", str(path), "--into", str(tmp_path / "out")]) == 0
    summary = tmp_path / "out" / "world" / "summary.md"
    assert "leads over water" in summary.read_text(encoding="utf-8")


def test_water_is_unknown_where_no_coast_is(write, capsys):
    """Outside the built-in municipalities nothing is said of water."""
    path = write("island_near", "")
    roads = path.parent / "roads.osm"
    roads.write_text(roads.read_text(encoding="utf-8").replace('lon="12.', 'lon="9.'), "utf-8")
    path.write_text(
        HEAD
        + """network: {file: roads.osm}
sites:
  a: {lon: 9.0015860, lat: 55.5, offers: [{material: clean_clay_soil, amount: 100 t}]}
  c: {lon: 9.0039651, lat: 55.4937050, receiver: {accepts: [clean_clay_soil]}}
""",
        encoding="utf-8",
    )
    assert run_command(["check", str(path)]) == 0
    told = capsys.readouterr().out
    assert "`c` lies 701 m" in told
    assert "leads over water" not in told


def test_the_way_to_the_road_counts_where_it_is_asked_for(write):
    """551 m each way at 20 km/h: kilometres, hours and energy grow by that, tolls do not."""
    sites = """
  a: {lon: 12.001586, lat: 55.5, pit: {supplies: [fill_sand]}}
  s: {lon: 12.0158598, lat: 55.504946, needs: [{use: fill, amount: 100 t}]}
"""
    path = write("site_on_hgv_no", sites)
    without = solve_scenario(read_scenario(path))
    path.write_text(path.read_text("utf-8").replace(".osm}", ".osm, access_way: true}"), "utf-8")
    counted = solve_scenario(read_scenario(path))
    metres = float(without.anchors.frame["snap_m"].sum())
    assert metres == pytest.approx(551, abs=1)
    before, after = without.legs.frame.iloc[0], counted.legs.frame.iloc[0]
    for km in ("length_km", "return_km"):
        assert after[km] - before[km] == pytest.approx(metres / 1000)
    assert after.drive_h - before.drive_h == pytest.approx(2 * metres / 1000 / 20)
    assert after.energy > before.energy
    assert after.kg_co2e_wtw_per_t > before.kg_co2e_wtw_per_t
    assert after.toll_dkk_per_t == before.toll_dkk_per_t
    trip = explain_route(counted.legs.roads, "a", "s").trips[0]
    assert trip.figures.km == pytest.approx(after.length_km)
    assert any(
        "count as driven" in str(one)
        for one in explain_moves(
            counted.network, counted.scenario.sites, counted.anchors, counted=True
        )
    )


def test_a_ferry_that_is_closed_to_trucks_is_named(write, capsys):
    """Two islands, and the ferry between them says `hgv=no`: the answer has its name and tag."""
    path = write("two_islands", BOTH_WHOLE)
    roads = path.parent / "roads.osm"
    text = roads.read_text(encoding="utf-8")
    nodes = re.findall(r'<node id="(\d+)" lon="([0-9.]+)"', text)
    west = max((one for one in nodes if float(one[1]) < 12.2), key=lambda one: float(one[1]))[0]
    east = min((one for one in nodes if float(one[1]) > 12.2), key=lambda one: float(one[1]))[0]
    ferry = (
        f'<way id="900" version="1"><nd ref="{west}"/><nd ref="{east}"/><tag k="route" v="ferry"/>'
        '<tag k="name" v="Sundfærgen"/><tag k="motor_vehicle" v="yes"/><tag k="hgv" v="no"/></way>'
    )
    roads.write_text(text.replace("</osm>", ferry + "</osm>"), encoding="utf-8")
    assert run_command(["check", str(path)]) == 0
    told = capsys.readouterr().out
    assert "a ferry between them is closed to trucks: Sundfærgen (hgv=no" in told


def square(lon, lat, east_m):
    """Four corners of a square, as wide as said."""
    step = east_m / 62_900
    return [(lon, lat), (lon + step, lat), (lon + step, lat + step / 2), (lon, lat + step / 2)]


RING = [(0, 1), (1, 2), (2, 3), (3, 0)]


def make_islands(island_m):
    """A ring of some 12 km, and 600 m south of it another with this much road."""
    corners = square(12.0, 55.4, 4000) + square(12.0, 55.39, island_m / 4)
    extra = [(12.06, 55.45)]
    edges = [*RING, *[(one + 4, other + 4) for one, other in RING], (2, 8)]
    return make_network(corners + extra, edges)


@pytest.mark.parametrize(("metres", "alone"), [(8 * ISLAND_M, True), (ISLAND_M / 4, False)])
def test_an_island_is_what_has_roads_of_its_own(metres, alone):
    """A site on an island with two kilometres of road stays there; by a yard it moves."""
    network = make_islands(metres)
    sites = {
        "main": Site(lon=12.01, lat=55.4, pit={"supplies": ["fill_sand"]}),
        "south": Site(lon=12.0005, lat=55.39, pit={"supplies": ["fill_sand"]}),
    }
    anchors = snap_sites(network, sites, limit_m=5000)
    groups = group_sites(network, anchors.edges, ferries=True)
    assert (groups["main"] != groups["south"]) is alone
    assert bool(explain_islands(network, anchors.edges, ferries=True)) is alone


FERRY_ISLAND = """
title: Agersø
language: en
periods: [2027]
vehicles: [tipper_4_axle]
network: {{ferries: {ferries}}}
outputs: [plan, summary]
sites:
  island: {{lon: 11.20, lat: 55.21, needs: [{{use: fill, amount: 100 t}}]}}
  pit: {{lon: 11.40, lat: 55.30, pit: {{supplies: [fill_sand]}}}}
"""


def test_a_site_that_only_a_ferry_reaches_is_told(tmp_path, capsys):
    """With ferries the site is reached, and a warning names the ferry's doubt."""
    path = tmp_path / "agersoe.yaml"
    path.write_text(FERRY_ISLAND.format(ferries="true"), encoding="utf-8")
    assert run_command(["check", str(path)]) == 0
    assert "only a ferry reaches `island`" in capsys.readouterr().out


def test_a_closed_ferry_is_named_where_it_is_the_reason(tmp_path, capsys):
    """Without ferries the island is one of its own, and the ferry to it has its name."""
    path = tmp_path / "agersoe.yaml"
    path.write_text(FERRY_ISLAND.format(ferries="false"), encoding="utf-8")
    assert run_command(["check", str(path)]) == 0
    assert "`network.ferries` is false: Agersøfærgen" in capsys.readouterr().out
    assert run_command(["run", str(path), "--into", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err
    assert "2 islands" in told
    assert "Agersøfærgen" in told


OFF = """title: Off the roads
language: en
periods: [2027]
sites:
  pit: {lon: 11.40, lat: 55.30, pit: {supplies: [fill_sand]}}
  wet:
    lon: 10.95
    lat: 55.33
    needs: [{use: fill, amount: 100 t}]
"""


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (10.95, 55.33, r"\(9\.9 km from Nyborg\) lies 7\.8 km from .* in the sea or outside"),
        (10.40, 55.40, r"lies \d+\.\d km from .* in the sea or outside their area"),
        (15.10, 55.10, r"`wet` lies \d+\.\d km from .* in the sea or outside their area"),
    ],
)
def test_a_site_off_the_roads_has_its_place_and_fitting_advice(tmp_path, lon, lat, words):
    """Line and column, the nearest town, and no limit to raise for what lies in the sea."""
    path = tmp_path / "off.yaml"
    path.write_text(OFF.replace("10.95", str(lon)).replace("55.33", str(lat)), encoding="utf-8")
    read = read_for_roads(path)
    with pytest.raises(SnapError, match=words) as caught:
        place_scenario(read)
    told = str(caught.value)
    assert "off.yaml:7:5: `wet`" in told
    assert "snap_limit_m" not in told


def test_a_site_a_little_beyond_the_limit_may_raise_it(tmp_path):
    """Some hundred metres beyond: check the coordinates, or raise the limit."""
    text = OFF.replace("sites:", "network: {snap_limit_m: 5}\nsites:").replace("10.95", "11.41")
    path = tmp_path / "near.yaml"
    path.write_text(text.replace("55.33", "55.301"), encoding="utf-8")
    with pytest.raises(SnapError, match=r"limit is 5 m: check its coordinates, or raise"):
        place_scenario(read_for_roads(path))


def test_a_site_off_the_roads_is_told_with_the_other_mistakes(tmp_path):
    """A typo elsewhere does not hide a site in the sea: both stand in one answer, in order."""
    path = tmp_path / "off.yaml"
    path.write_text(OFF.replace("supplies: [fill_sand]", "supplis: [fill_sand]"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_for_roads(path)
    told = [str(one) for one in caught.value.findings]
    assert any("supplis" in one for one in told)
    assert any("off.yaml:7:5: `wet`" in one and "sea" in one for one in told)
    assert [one.place.line for one in caught.value.findings] == sorted(
        one.place.line for one in caught.value.findings
    )
