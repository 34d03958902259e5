"""From a hand-written file of OpenStreetMap to the way that a truck takes."""

import pytest
from two_ways import LONG_KM, MAPPED_WORLD, SHORT_KM, write_map, write_tags
from raastof_geo.cli import run_command
from raastof_geo.legs.legs import price_legs
from raastof_geo.pipeline import place_scenario
from raastof_geo.roads.mapped.build import build_network, lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.road import Access
from raastof_geo.roads.store import read_network, write_network
from raastof_geo.scenario import read_scenario

pytestmark = pytest.mark.usefixtures("english")


def price_world(folder):
    scenario = read_scenario(folder / "world.yaml")
    return price_legs(scenario, *place_scenario(scenario))


@pytest.fixture
def drive(tmp_path):
    """Write a map whose straight road has tags, and tell how long the truck's ways are."""

    def lengths(middle=None, node=None, relations=""):
        write_map(tmp_path / "map.osm", middle or {}, node, relations)
        (tmp_path / "world.yaml").write_text(MAPPED_WORLD, encoding="utf-8")
        legs = price_world(tmp_path)
        return legs.frame[["length_km", "return_km"]].iloc[0].tolist()

    return lengths


ROUND, STRAIGHT = [LONG_KM, LONG_KM], [SHORT_KM, SHORT_KM]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, STRAIGHT),
        ({"hgv": "no"}, ROUND),
        ({"access": "no"}, ROUND),
        ({"access": "no", "hgv": "yes"}, STRAIGHT),
        ({"hgv": "destination"}, ROUND),
        ({"access": "private"}, ROUND),
        ({"motor_vehicle": "permit"}, ROUND),
        ({"maxweight": "18 t"}, [LONG_KM, SHORT_KM]),
        ({"maxweight": "18,5"}, [LONG_KM, SHORT_KM]),
        ({"maxweight": "40000 lbs"}, [LONG_KM, SHORT_KM]),
        ({"maxweight": "7.5"}, ROUND),
        ({"maxweight:hgv": "7500 kg"}, ROUND),
        ({"maxweightrating": "12"}, ROUND),
        ({"maxaxleload": "8 t"}, [LONG_KM, SHORT_KM]),
        ({"maxheight": "3.5 m"}, ROUND),
        ({"maxheight": "12'6&quot;"}, ROUND),
        ({"maxheight": "default"}, STRAIGHT),
        ({"maxwidth": "230 cm"}, ROUND),
        ({"maxlength": "9"}, ROUND),
        ({"maxlength": "12"}, STRAIGHT),
        ({"maxheight": "lavt"}, STRAIGHT),
        ({"maxweight:conditional": "7.5 @ (22:00-06:00)"}, STRAIGHT),
        ({"oneway": "yes"}, [SHORT_KM, LONG_KM]),
        ({"oneway": "-1"}, [LONG_KM, SHORT_KM]),
        ({"oneway": "reversible"}, ROUND),
        ({"junction": "roundabout"}, [SHORT_KM, LONG_KM]),
        ({"ford": "yes"}, ROUND),
        ({"hgv:backward": "no"}, [SHORT_KM, LONG_KM]),
        ({"highway": "construction"}, ROUND),
        ({"highway": "service", "service": "driveway"}, ROUND),
        ({"motor_vehicle": "no", "goods": "yes"}, ROUND),
        ({"maxweight:forward": "10"}, [LONG_KM, SHORT_KM]),
        ({"maxweight:backward": "10"}, [SHORT_KM, LONG_KM]),
        ({"hgv:conditional": "no @ (weight > 12)"}, ROUND),
        ({"hgv:conditional": "no @ (weight > 20)"}, [LONG_KM, SHORT_KM]),
        ({"hgv:conditional": "no @ (length > 12)"}, STRAIGHT),
        ({"maxweight": "18", "maxweight:conditional": "none @ destination"}, [LONG_KM, SHORT_KM]),
        ({"hgv:forward": "destination"}, [LONG_KM, SHORT_KM]),
        ({"trailer": "no"}, STRAIGHT),
        ({"maxbogieweight": "12"}, [LONG_KM, SHORT_KM]),
        ({"oneway": "yes", "oneway:hgv": "no"}, STRAIGHT),
        ({"maxspeed:forward": "10"}, [LONG_KM, SHORT_KM]),
    ],
)
def test_tags_of_a_way_lead_trucks_round_it(drive, tags, expected):
    """Each rule, from the file to the kilometres there and back."""
    assert drive(tags) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"barrier": "bollard"}, ROUND),
        ({"barrier": "gate"}, STRAIGHT),
        ({"barrier": "gate", "access": "private"}, ROUND),
        ({"barrier": "lift_gate", "hgv": "no"}, ROUND),
        ({"barrier": "height_restrictor", "maxheight": "3.8"}, ROUND),
        ({"barrier": "height_restrictor", "maxheight": "4.4"}, STRAIGHT),
        ({"barrier": "cattle_grid"}, STRAIGHT),
        ({"barrier": "hampshire_gate"}, STRAIGHT),
        ({"traffic_calming": "table", "maxweight": "18"}, [LONG_KM, SHORT_KM]),
        ({"maxheight:conditional": "3.8 @ (axles>2)", "highway": "crossing"}, ROUND),
        ({"highway": "crossing", "access": "no"}, STRAIGHT),
        ({"ford": "yes"}, ROUND),
    ],
)
def test_barriers_on_a_node_lead_trucks_round_it(drive, tags, expected):
    """A node in the middle of a way may close it."""
    assert drive(node=tags) == pytest.approx(expected, abs=0.02)


def restrict(number: int = 1, **tags: str) -> str:
    """Restrict going on from the first road to the second; tags with `__` for `:`."""
    said = {key.replace("__", ":"): value for key, value in tags.items()}
    return (
        f'<relation id="{number}"><member type="way" ref="1" role="from"/>'
        '<member type="node" ref="2" role="via"/><member type="way" ref="2" role="to"/>'
        + write_tags({"type": "restriction", **said}).replace(">=", "&gt;=")
        + "</relation>"
    )


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"restriction": "no_straight_on"}, [LONG_KM, SHORT_KM]),
        ({"restriction__conditional": "no_straight_on @ (weight>=7.5)"}, [LONG_KM, SHORT_KM]),
        ({"restriction__hgv__conditional": "no_straight_on @ (axles>=3)"}, [LONG_KM, SHORT_KM]),
        ({"restriction__conditional": "no_straight_on @ (weight>=40)"}, STRAIGHT),
        ({"restriction__conditional": "no_straight_on @ (Mo-Fr 07:00-09:00)"}, STRAIGHT),
        (
            {"restriction": "no_straight_on", "restriction__conditional": "none @ (length>=9)"},
            STRAIGHT,
        ),
        ({"restriction": "no_straight_on", "except": "hgv_articulated"}, [LONG_KM, SHORT_KM]),
        ({"restriction": "no_straight_on_on_red"}, STRAIGHT),
        ({"restriction__goods": "no_straight_on"}, STRAIGHT),
    ],
)
def test_turn_restrictions_lead_trucks_round(drive, tags, expected):
    """No straight on at the end of the first road, on the way there, for those that it binds."""
    assert drive(relations=restrict(**tags)) == pytest.approx(expected, abs=0.02)


def test_restrictions_that_contradict_each_other_close_nothing(drive, tmp_path):
    """To go on is forbidden by one and prescribed by the other: both are left out, and counted."""
    both = restrict(restriction="no_straight_on") + restrict(2, restriction="only_straight_on")
    assert drive(relations=both) == pytest.approx(STRAIGHT, abs=0.02)
    assert lay_network(read_osm(tmp_path / "map.osm")).metadata.doubtful_turns == 2


def test_the_route_tells_of_doubts_on_its_way(tmp_path, capsys, monkeypatch):
    """A road's condition on the hour and an unknown restriction, each with its reason."""
    monkeypatch.chdir(tmp_path)
    tags = {"hgv:conditional": "no @ (22:00-06:00)", "maxweight:lanes": "3|"}
    relation = restrict(restriction="no_straight_on_on_red")
    write_map(tmp_path / "map.osm", tags, {}, relation)
    (tmp_path / "world.yaml").write_text(MAPPED_WORLD, encoding="utf-8")
    assert run_command(["route", str(tmp_path / "world.yaml"), "pit", "road"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for part in (
        "hgv:conditional=no @ (22:00-06:00)",
        "maxweight:lanes=3|",
        "restriction=no_straight_on_on_red",
    ):
        assert part in told


IN_DOUBT = {"hgv": "no", "hgv:conditional": "yes @ (06:00-18:00)"}


def write_dead_end(folder, tags):
    """Write the map with a dead end of 560 m in two ways, and a scenario with a site beside it."""
    nodes = '<node id="8" lon="12.20" lat="55.4045"/><node id="9" lon="12.20" lat="55.405"/>'
    ways = "".join(
        f'<way id="{way}"><nd ref="{one}"/><nd ref="{other}"/>{write_tags(tags)}</way>'
        for way, one, other in ((8, 5, 8), (9, 8, 9))
    )
    text = MAPPED_WORLD.replace("lon: 12.20, lat: 55.40", "lon: 12.2001, lat: 55.4047")
    (folder / "world.yaml").write_text(text, encoding="utf-8")
    return write_map(folder / "map.osm", {}, None, nodes + ways)


@pytest.mark.parametrize("built", [False, True])
def test_doubts_of_a_dead_end_beside_a_site_are_told(built, tmp_path, capsys, monkeypatch):
    """The site is served from the next road, so that no route runs there: of a file, and of a pack
    that keeps larger closed roads for it."""
    monkeypatch.chdir(tmp_path)
    file = write_dead_end(tmp_path, {"highway": "secondary", **IN_DOUBT})
    if built:
        write_network(build_network(read_osm(file)), tmp_path / "roads.npz")
        text = (tmp_path / "world.yaml").read_text("utf-8").replace("map.osm", "roads.npz")
        (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    assert run_command(["route", "world.yaml", "pit", "road"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "hgv:conditional=yes @ (06:00-18:00) holds at some times only" in told
    assert "way/9" in told or built


@pytest.mark.parametrize(
    ("tags", "dropped"),
    [
        ({"highway": "secondary", **IN_DOUBT}, 0),
        ({"highway": "secondary", "hgv": "no"}, 0),
        ({"highway": "residential", "hgv:conditional": "no @ (22:00-06:00)"}, 2),
        ({"highway": "residential"}, 0),
    ],
)
def test_minor_roads_in_doubt_that_a_pack_leaves_out_are_counted(tags, dropped, tmp_path):
    """Of those it keeps every doubt is in the file."""
    told = []
    network = build_network(read_osm(write_dead_end(tmp_path, tags)), progress=told.append)
    said = [str(one) for one in told if "in doubt" in str(one)]
    assert said == [f"{dropped} minor roads with tags in doubt are left out"] * bool(dropped)
    assert any("conditional" in road.tags for road in network.roads) == (
        IN_DOUBT.items() <= tags.items()
    )


@pytest.mark.parametrize(
    ("middle", "km"),
    [
        ({"maxweight": "7.5"}, None),
        ({"maxweight": "7.5", "maxweight:conditional": "none @ destination"}, 6.34),
        ({"maxweight": "7.5", "maxweight:conditional": "none @ (Mo-Fr)"}, None),
        ({"hgv": "no", "hgv:conditional": "yes @ delivery"}, 6.34),
    ],
)
def test_who_has_an_errand_may_come(middle, km, tmp_path):
    """A site on a road that is closed to heavy trucks but for those who come to it."""
    write_map(tmp_path / "map.osm", middle)
    text = MAPPED_WORLD.replace("lon: 12.20", "lon: 12.11")
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    legs = price_world(tmp_path).frame
    assert [round(one, 1) for one in legs.length_km] == ([] if km is None else [7.0])


def test_routes_are_kept_by_what_is_local_to_the_truck(tmp_path):
    """The same truck, but for what it pulls, weighs roads alike and may not go through this one."""
    write_map(tmp_path / "map.osm", {"hgv_articulated": "destination"})
    for pulls, way_km in (("nothing", SHORT_KM), ("semitrailer", LONG_KM)):
        catalogue = f"catalogue: {{vehicles: {{tipper_4_axle: {{pulls: {pulls}}}}}}}\n"
        (tmp_path / "world.yaml").write_text(MAPPED_WORLD + catalogue, encoding="utf-8")
        assert price_world(tmp_path).frame.length_km[0] == pytest.approx(way_km, abs=0.02)


@pytest.mark.parametrize(
    ("errands", "more"),
    [
        ({"maxweight": "7.5", "maxweight:conditional": "none @ destination"}, []),
        # Low trucks have a way out that is open to all.
        ({"access": "destination"}, [([6, 3], {"maxheight": "3.5"})]),
        ({"access": "destination"}, [([6, 3], {"maxheight:conditional": "3.5 @ (axles>2)"})]),
    ],
)
def test_a_yard_behind_a_road_for_errands_is_reached(errands, more, tmp_path):
    """Streets that are open, but that this truck only reaches over such a road, are no trap."""
    body = "".join(
        f'<node id="{number}" lon="{12 + 0.01 * east}" lat="{55.4 + 0.01 * north}"/>'
        for number, (east, north) in enumerate([(0, 0), (4, 0), (8, 0), (4, 1), (4, 2), (6, 2)], 1)
    )
    ways = [([1, 2, 3], {}), ([2, 4], errands), ([4, 5], {}), ([5, 6], {}), *more]
    for number, (refs, tags) in enumerate(ways, 1):
        points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        said = write_tags({"highway": "secondary", **tags})
        body += f'<way id="{number}">{points}{said}</way>'
    (tmp_path / "map.osm").write_text(f'<osm version="0.6">{body}</osm>', encoding="utf-8")
    text = MAPPED_WORLD.replace("lon: 12.20, lat: 55.40", "lon: 12.055, lat: 55.42")
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    legs = price_world(tmp_path).frame
    assert legs[["length_km", "return_km"]].iloc[0].tolist() == pytest.approx([5.7, 5.7], abs=0.1)


def test_a_built_network_keeps_rules_and_conditional_turns(tmp_path):
    """Through joining and the file; of a way that is drawn the other way round, turned round."""
    relation = restrict(restriction__conditional="no_straight_on @ (weight>=7.5)")
    file = write_map(tmp_path / "map.osm", {"maxweight:forward": "10"}, {}, relation)
    network = build_network(read_osm(file))
    again = read_network(write_network(network, tmp_path / "roads.npz"))
    assert again.digest == network.digest
    assert again.some_turns == network.some_turns != ()
    rules = [road.rules for road in again.roads if road.rules]
    assert rules == ["maxweight:forward=10"]
    file = write_map(tmp_path / "map.osm", {"maxweight:forward": "10", "oneway": "-1"})
    rules = [road.rules for road in build_network(read_osm(file)).roads if road.rules]
    assert rules[-1] == "maxweight:backward=10; oneway=yes"


def test_a_whole_network_keeps_closed_roads_and_ids(tmp_path):
    """Everything in the file is there, with the id of its way and the tags that restrict."""
    file = write_map(tmp_path / "map.osm", {"hgv": "no", "maxheight": "lavt"})
    network = lay_network(read_osm(file))
    assert sorted(network.way.tolist()) == [1, 2, 3, 4]
    closed = network.roads[network.road[network.way.tolist().index(2)]]
    assert closed.access == Access.CLOSED
    assert closed.tags == "hgv=no; maxheight=lavt"


def test_restrictions_at_some_times_only_are_counted(tmp_path):
    """What is not guessed is told."""
    relation = (
        '<relation id="1"><member type="way" ref="1" role="from"/>'
        '<member type="node" ref="2" role="via"/><member type="way" ref="2" role="to"/>'
        + write_tags({"type": "restriction", "restriction:conditional": "no_straight_on @ (Mo-Fr)"})
        + "</relation>"
    )
    network = lay_network(read_osm(write_map(tmp_path / "map.osm", {}, {}, relation)))
    assert network.metadata.doubtful_turns == 1
    assert not len(network.turns)


def test_a_map_runs_through_the_command_line(tmp_path, capsys):
    """A planner's file of OpenStreetMap is all that `raastof run` needs, once and again."""
    write_map(tmp_path / "map.osm", {"maxheight": "3.5"})
    (tmp_path / "world.yaml").write_text(MAPPED_WORLD, encoding="utf-8")
    for _ in range(2):
        command = ["run", str(tmp_path / "world.yaml"), "--into", str(tmp_path / "results")]
        assert run_command(command) == 0
    assert run_command(["network", "info", str(tmp_path / "map.osm")]) == 0
    told = capsys.readouterr().out
    assert "Edges: 4" in told


def test_only_what_lies_in_some_municipalities_is_read(tmp_path):
    """`municipalities` clips the file, with a margin."""
    write_map(tmp_path / "map.osm", {})
    text = MAPPED_WORLD.replace("file: map.osm", "file: map.osm, municipalities: [Lejre]")
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no roads inside the bounds"):
        place_scenario(read_scenario(tmp_path / "world.yaml"))
    text = MAPPED_WORLD.replace("file: map.osm", "file: map.osm, municipalities: [Køge, Faxe]")
    (tmp_path / "world.yaml").write_text(text, encoding="utf-8")
    network, _ = place_scenario(read_scenario(tmp_path / "world.yaml"))
    assert network.edge_count > 0


def test_building_a_whole_network_from_the_command_line(tmp_path, capsys):
    """`--whole` keeps all, `--box` and `--within` clip."""
    from raastof_geo.roads.store import read_network

    file = write_map(tmp_path / "map.osm", {"hgv": "no"})
    build = ["network", "build", str(file), "--into", str(tmp_path)]
    assert run_command([*build, "--whole"]) == 0
    assert read_network(tmp_path / "roads.npz").edge_count == 4
    assert run_command([*build, "--whole", "--box", "11.9,55.3,12.12,55.5"]) == 0
    clipped = read_network(tmp_path / "roads.npz")
    assert clipped.edge_count < 4
    assert run_command([*build, "--box", "1,2,3,4", "--municipality", "Køge"]) == 2
    assert run_command([*build, "--within", str(tmp_path / "none.geojson")]) == 2
