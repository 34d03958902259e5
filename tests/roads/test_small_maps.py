"""Small maps, each with something that maps have: how far a full truck drives, and what is told.

A straight road of three ways, 1, 2 and 3, with node 9 amid the second; way 4 leads round it.
"""

from dataclasses import replace
import numpy as np
import pytest
from two_ways import write_tags
from raastof_geo.errors import RoadDataError
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.mapped.tags import find_doubts
from raastof_geo.roads.routing.drive import bind_turns, judge_roads, size_truck
from raastof_geo.roads.routing.graph import RoadStop, build_graph
from raastof_geo.roads.routing.router import load_router
from raastof_geo.scenario.catalogue import load_catalogue

TRUCK = load_catalogue().vehicles["tipper_4_axle"]
STRAIGHT, ROUND = 1.27, 3.49
"""From the middle of way 1 to that of way 3. [km]"""
NODES = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (3, 0), 5: (2, 1), 6: (1, 1), 9: (1.5, 0)}
WAYS = {1: [1, 2], 2: [2, 9, 3], 3: [3, 4], 4: [2, 6, 5, 3]}


def write(folder, *, nodes=None, ways=None, tags=None, at=None, relations="", sign=""):
    """Write a map; `tags`: of way 2; `at`: tags of nodes; `sign`: of all ids."""
    at, body = at or {}, ""
    for ref, (east, north) in {**NODES, **(nodes or {})}.items():
        place = f'lon="{12 + 0.01 * east}" lat="{55.4 + 0.01 * north}"'
        body += f'<node id="{sign}{ref}" {place}>{write_tags(at.get(ref, {}))}</node>'
    for way, refs in {**WAYS, **(ways or {})}.items():
        points = "".join(f'<nd ref="{sign}{ref}"/>' for ref in refs)
        said = (tags or {}) if way == 2 else {}
        said = said if "route" in said else {"highway": "secondary", **said}
        body += f'<way id="{sign}{way}">{points}{write_tags(said)}</way>'
    relations = relations.replace('ref="', f'ref="{sign}')
    (folder / "map.osm").write_text(f'<osm version="0.6">{body}{relations}</osm>', encoding="utf-8")
    return lay_network(read_osm(folder / "map.osm"))


def relate(tags, *members, number=1):
    """Write a restriction; members as `n2 via`."""
    kinds = {"n": "node", "w": "way"}
    said = (one.split() for one in members)
    listed = (f'<member type="{kinds[r[0]]}" ref="{r[1:]}" role="{role}"/>' for r, role in said)
    whole = write_tags({"type": "restriction", **tags}).replace(">7", "&gt;7")
    return f'<relation id="{number}">{"".join(listed)}{whole}</relation>'


def drive(network):
    """Measure the truck's way from way 1 to way 3, and back; infinite where there is none. [km]"""
    truck = size_truck(TRUCK, "full")
    bound = [network.some_turns[row] for row in bind_turns(network.some_turns, truck)]
    network = replace(network, turns=(*network.turns, *bound))
    judged = judge_roads(network, truck, np.zeros(network.edge_count, bool))
    router = load_router(build_graph(network))
    edge, side = router.graph.edge, (~router.graph.ahead).astype(int)
    weight = np.where(judged.closed[side, edge], np.inf, router.graph.length_km)
    ends = [RoadStop(int(np.flatnonzero(abs(network.way) == way)[0]), 0.5) for way in (1, 3)]
    found = router.weigh(weight, judged.local[side, edge]).routes(ends, ends[::-1])
    km = np.where(found.exists, found.sums({"km": router.graph.length_km})["km"], np.inf)
    return km.round(2).tolist()


def count_doubts(network):
    """Count what is told of roads, and of turns."""
    doubts = sum(len(find_doubts(road.tags)) for road in network.roads)
    return doubts + network.metadata.doubtful_turns


@pytest.mark.parametrize(
    ("tags", "there", "back", "doubts"),
    [
        ({}, STRAIGHT, STRAIGHT, 0),
        ({"access": "no", "hgv": "destination"}, ROUND, ROUND, 0),
        ({"access": "agricultural, forestry"}, ROUND, ROUND, 0),
        ({"access": "no", "motor_vehicle": "forestry, delivery"}, ROUND, ROUND, 0),
        ({"motor_vehicle:conditional": "no @ (weight&gt;7.5)"}, ROUND, ROUND, 0),
        ({"motor_vehicle:conditional": "no @ (hgv AND weight&gt;7,5 t)"}, ROUND, ROUND, 0),
        ({"motor_vehicle:conditional": "no @ (7.5&lt;weight)"}, STRAIGHT, STRAIGHT, 1),
        ({"hgv:conditional": "no @ (weight&gt;7.5 AND destination)"}, STRAIGHT, STRAIGHT, 0),
        ({"maxweight": "7.5 t"}, ROUND, ROUND, 0),
        ({"maxweight": "16,5"}, ROUND, ROUND, 0),
        ({"maxweight": "20 mt"}, STRAIGHT, STRAIGHT, 1),
        ({"maxweight:hgv:conditional": "16.5 @ (axles&gt;3)"}, ROUND, ROUND, 0),
        ({"maxweight:hgv:conditional": "7.5 @ (22:00-06:00)"}, STRAIGHT, STRAIGHT, 1),
        ({"maxheight": "default"}, STRAIGHT, STRAIGHT, 0),
        ({"maxheight": "below_default"}, STRAIGHT, STRAIGHT, 0),
        ({"hgv:forward": "no"}, ROUND, STRAIGHT, 0),
        ({"junction": "roundabout"}, STRAIGHT, ROUND, 0),
        ({"junction": "roundabout", "oneway": "-1"}, ROUND, STRAIGHT, 0),
        ({"oneway": "Yes"}, STRAIGHT, ROUND, 0),
        ({"oneway": "-1", "maxweight:backward": "10"}, ROUND, ROUND, 0),
        ({"oneway": "-1", "maxweight:forward": "10"}, ROUND, STRAIGHT, 0),
        ({"opening_hours": "Mo-Fr 06:00-18:00"}, STRAIGHT, STRAIGHT, 1),
        ({"opening_hours": "24/7"}, STRAIGHT, STRAIGHT, 0),
        ({"route": "ferry", "motor_vehicle": "yes", "hgv": "no"}, ROUND, ROUND, 0),
        ({"route": "ferry", "motor_vehicle": "yes"}, STRAIGHT, STRAIGHT, 0),
    ],
)
def test_tags_of_the_straight_way(tags, there, back, doubts, tmp_path):
    """What a truck does there and back, and how much is told as a doubt."""
    network = write(tmp_path, tags=tags)
    assert (drive(network), count_doubts(network)) == ([there, back], doubts)


@pytest.mark.parametrize(
    ("tags", "km", "doubts"),
    [
        ({"barrier": "gate", "access": "no", "hgv": "destination"}, ROUND, 0),
        ({"barrier": "gate", "hgv:forward": "no"}, ROUND, 0),
        ({"barrier": "gate", "access:conditional": "no @ (22:00-06:00)"}, STRAIGHT, 1),
        ({"barrier": "gate", "opening_hours": "Mo-Fr 06:00-18:00"}, STRAIGHT, 1),
        ({"barrier": "gate", "motorcar": "no", "psv": "yes"}, STRAIGHT, 1),
        ({"barrier": "hampshire_gate;gate"}, STRAIGHT, 0),
        ({"barrier": "gate; bollard"}, ROUND, 0),
        ({"barrier": "height_restrictor", "maxheight": "below_default"}, STRAIGHT, 0),
        ({"maxweight:hgv:forward": "7.5"}, ROUND, 0),
        ({"maxheight:forward:conditional": "3.5 @ (axles&gt;2)"}, ROUND, 0),
        ({"highway": "turning_circle"}, STRAIGHT, 0),
    ],
)
def test_tags_of_a_node_amid_the_straight_way(tags, km, doubts, tmp_path):
    """Alike there and back: a node has no direction."""
    network = write(tmp_path, at={9: tags})
    assert (drive(network), count_doubts(network)) == ([km, km], doubts)


OVER_NODE = ("w1 from", "n2 via", "w2 to")
OVER_WAY = ("w1 from", "w2 via", "w3 to")
NO = {"restriction": "no_straight_on"}


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("tags", "members", "km", "doubts"),
    [
        (NO, OVER_NODE, ROUND, 0),
        (NO, OVER_WAY, ROUND, 0),
        ({**NO, "except": "psv"}, OVER_WAY, ROUND, 0),
        ({**NO, "except": "hgv"}, OVER_WAY, STRAIGHT, 0),
        ({**NO, "except": "psv, hgv"}, OVER_NODE, STRAIGHT, 0),
        ({"restriction:conditional": "no_straight_on @ (weight>7.5)"}, OVER_WAY, ROUND, 0),
        ({"restriction:conditional": "no_straight_on @ (Mo-Fr)"}, OVER_WAY, STRAIGHT, 1),
        ({**NO, "opening_hours": "Mo-Fr"}, OVER_NODE, STRAIGHT, 1),
        ({**NO, "except:conditional": "hgv @ (22:00-06:00)"}, OVER_NODE, STRAIGHT, 1),
        ({**NO, "type": "restriction:hgv"}, OVER_NODE, ROUND, 0),
        ({**NO, "type": "restriction:hgv"}, OVER_WAY, ROUND, 0),
        ({**NO, "type": "restriction:bus"}, OVER_NODE, STRAIGHT, 0),
        ({**NO, "opening_hours": "24/7"}, OVER_NODE, ROUND, 0),
        ({"restriction": "only_straight_on"}, OVER_WAY, STRAIGHT, 0),
        ({"restriction": "only_left_turn"}, ("w1 from", "n2 via", "w4 to"), ROUND, 0),
        ({"restriction": "no_u_turn"}, ("w1 from", "n2 via", "w1 to"), STRAIGHT, 0),
        # Nobody can tell where these hold.
        (NO, ("w1 from", "w2 to"), STRAIGHT, 1),
        (NO, ("w1 from", "n2 via", "n3 via", "w2 to"), STRAIGHT, 1),
        (NO, ("w1 from", "n2 intersection", "w2 to"), STRAIGHT, 1),
        ({"restriction:bus": "no_straight_on"}, ("w1 from", "w2 to"), STRAIGHT, 0),
        # Of what another file has they say nothing here.
        (NO, ("w1 from", "n2 via", "w77 to"), STRAIGHT, 0),
        (NO, ("w1 from", "n77 via", "w2 to"), STRAIGHT, 0),
    ],
)
def test_restrictions_on_going_straight_on(tags, members, km, doubts, sign, tmp_path):
    """On the way there only; at a turning circle too, and where all ids are negative."""
    at = {2: {"highway": "turning_circle"}}
    network = write(tmp_path, at=at, relations=relate(tags, *members), sign=sign)
    assert (drive(network), count_doubts(network)) == ([km, STRAIGHT], doubts)


@pytest.mark.parametrize(
    ("ways", "members", "km"),
    [
        ({7: [9]}, None, STRAIGHT),
        ({7: []}, None, STRAIGHT),
        ({7: [2, 2]}, None, STRAIGHT),
        ({7: [2, 8]}, None, STRAIGHT),
        ({2: [2, 2, 9, 9, 3, 3]}, None, STRAIGHT),
        ({2: [2, 9, 3, 99]}, None, STRAIGHT),
        ({2: [2, 99, 3]}, None, ROUND),
        ({2: [2, 3, 5, 9, 2]}, None, STRAIGHT),
        ({1: [1, 8], 7: [8, 2]}, None, STRAIGHT),
        ({1: [1, 8], 7: [8, 2]}, ("w7 from", "n2 via", "w2 to"), ROUND),
        ({1: [1, 8], 7: [8, 2]}, ("w1 from", "w7 via", "w2 to"), ROUND),
    ],
)
def test_ways_of_no_length_of_one_node_or_without_a_node(ways, members, km, tmp_path):
    """Node 8 lies where node 2 does; node 99 is in no file."""
    relations = relate(NO, *members) if members else ""
    network = write(tmp_path, nodes={8: NODES[2]}, ways=ways, relations=relations)
    assert drive(network) == [km, ROUND if ways.get(2) == [2, 99, 3] else STRAIGHT]


def test_a_file_whose_roads_lack_their_nodes_is_refused(tmp_path):
    """Not taken for an empty network."""
    with pytest.raises(RoadDataError):
        write(tmp_path, ways={1: [1, 99], 2: [99], 3: [99, 4], 4: []})
