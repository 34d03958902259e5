"""From a hand-written file of OpenStreetMap to the way that a truck takes."""

import pytest
from two_ways import LONG_KM, MAPPED_WORLD, SHORT_KM, write_map, write_tags

from raastof_geo.cli import run_command
from raastof_geo.pipeline import place_scenario, solve_scenario
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.mapped.ways import lay_network
from raastof_geo.roads.road import Access
from raastof_geo.scenario import read_scenario

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def drive(tmp_path):
    """Write a map whose straight road has tags, and tell how long the truck's ways are."""

    def lengths(middle=None, node=None, relations=""):
        write_map(tmp_path / "map.osm", middle or {}, node, relations)
        (tmp_path / "world.yaml").write_text(MAPPED_WORLD, encoding="utf-8")
        legs = solve_scenario(read_scenario(tmp_path / "world.yaml")).legs
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
        ({"ford": "yes"}, ROUND),
    ],
)
def test_barriers_on_a_node_lead_trucks_round_it(drive, tags, expected):
    """A node in the middle of a way may close it."""
    assert drive(node=tags) == pytest.approx(expected, abs=0.02)


def test_a_turn_restriction_leads_trucks_round(drive):
    """No straight on at the end of the first road, on the way there."""
    relation = (
        '<relation id="1"><member type="way" ref="1" role="from"/>'
        '<member type="node" ref="2" role="via"/><member type="way" ref="2" role="to"/>'
        + write_tags({"type": "restriction", "restriction": "no_straight_on"})
        + "</relation>"
    )
    assert drive(relations=relation) == pytest.approx([LONG_KM, SHORT_KM], abs=0.02)


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
    from raastof_geo.roads.stored.store import read_network

    file = write_map(tmp_path / "map.osm", {"hgv": "no"})
    build = ["network", "build", str(file), "--into", str(tmp_path)]
    assert run_command([*build, "--whole"]) == 0
    assert read_network(tmp_path / "roads.npz").edge_count == 4
    assert run_command([*build, "--whole", "--box", "11.9,55.3,12.12,55.5"]) == 0
    clipped = read_network(tmp_path / "roads.npz")
    assert clipped.edge_count < 4
    assert run_command([*build, "--box", "1,2,3,4", "--municipality", "Køge"]) == 2
    assert run_command([*build, "--within", str(tmp_path / "none.geojson")]) == 2
