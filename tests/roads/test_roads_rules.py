"""What tags with suffixes and conditions mean to each truck, in either direction."""

import itertools
import math
import numpy as np
import pytest
from worlds import make_network
from raastof_geo.roads.mapped.tags import (
    find_doubts,
    flip_tags,
    read_barrier,
    read_clauses,
    read_key,
    read_road,
)
from raastof_geo.roads.road import Access, Road
from raastof_geo.roads.routing.drive import judge_roads, size_truck
from raastof_geo.scenario.catalogue import load_catalogue

TRUCKS = load_catalogue().vehicles
RIGID, TRAILER, SEMI = "tipper_4_axle", "truck_trailer_7_axle", "tip_semitrailer"
OPEN, LOCAL, CLOSED = "open", "local", "closed"
_NAMES = {Access.OPEN: OPEN, Access.LOCAL: LOCAL, Access.CLOSED: CLOSED}


def judge(road: Road, vehicle: str, load: str) -> tuple[list[str], list[float]]:
    """Say what a road is to a truck along it and against it, and at which limit of speed."""
    return judge_each([road], vehicle, load)[0]


def judge_each(roads: list[Road], vehicle: str, load: str) -> list[tuple[list[str], list[float]]]:
    places = [(12.0, 55.4), (12.1, 55.4)]
    network = make_network(places, [(0, 1)] * len(roads), roads=roads)
    found = judge_roads(network, size_truck(TRUCKS[vehicle], load), np.zeros(len(roads), bool))
    local, said = found.local, []
    for edge, road in enumerate(roads):
        ways = []
        for side, signed in enumerate((road.forward, road.backward)):
            shut = not signed or found.closed[side, edge] or road.access is Access.CLOSED
            ways.append(CLOSED if shut else LOCAL if local[side, edge] else OPEN)
        said.append((ways, found.maxspeed_km_h[[0, -1], edge].tolist()))
    return said


def meets(tags: dict[str, str], vehicle: str = RIGID, load: str = "full") -> str:
    """Say what a road is to a truck, once where both directions are alike."""
    ahead, back = judge(read_road({"highway": "secondary", **tags}), vehicle, load)[0]
    return ahead if ahead == back else f"{ahead} / {back}"


WAYS = {"": None, "yes": (1, 0), "-1": (0, 1), "no": (1, 1)}
ONEWAY_KEYS = ["oneway", "oneway:conditional", "oneway:hgv", "oneway:hgv:conditional"]


def decide_oneway(said: tuple[str, ...], weight_t: float, *, implied: bool) -> tuple[int, int]:
    """Say which ways are open, the key closest to the truck first, written from the rule alone."""
    plain, heavy_plain, hgv, heavy_hgv = (WAYS[one] for one in said)
    heavy = weight_t > 20
    ranked = [heavy_hgv if heavy else None, hgv, heavy_plain if heavy else None, plain]
    return next((one for one in ranked if one), (1, 0) if implied else (1, 1))


@pytest.mark.parametrize("implied", [False, True])
@pytest.mark.parametrize("side", ["", "forward", "backward"])
def test_oneways_are_told_alike_of_a_way_and_of_its_like_drawn_the_other_way_round(implied, side):
    """All of `oneway`, its condition, that for trucks and its condition, beside a limit."""
    cases = [*itertools.product(WAYS, repeat=4)]
    roads = []
    for said in cases:
        pairs = zip(ONEWAY_KEYS, said, strict=True)
        tags = {key: f"{one} @ (weight>20)" if "cond" in key else one for key, one in pairs if one}
        tags |= {"junction": "roundabout"} if implied else {}
        tags |= {f"maxheight:{side}": "3.5"} if side else {}
        some = tags, flip_tags(tags, "secondary")
        roads += [read_road({"highway": "secondary", **one}) for one in some]
    for load, weight_t in (("full", 32), ("empty", 14)):
        found = [ways for ways, _ in judge_each(roads, RIGID, load)]
        for said, drawn, other in zip(cases, found[::2], found[1::2], strict=True):
            ahead, back = decide_oneway(said, weight_t, implied=implied)
            ways = [bool(ahead and side != "forward"), bool(back and side != "backward")]
            right = [OPEN if one else CLOSED for one in ways]
            assert (drawn, other[::-1]) == (right, right), said


@pytest.mark.parametrize(
    ("tags", "road_class", "flipped"),
    [
        ({"oneway": "reverse"}, "", {"oneway": "yes"}),
        ({"oneway": "reversible"}, "", {"oneway": "reversible"}),
        ({"oneway:bicycle": "-1"}, "", {"oneway:bicycle": "-1"}),
        ({"oneway": "no"}, "motorway", {"oneway": "no"}),
        ({}, "motorway_link", {"oneway": "-1"}),
        ({"oneway": "perhaps"}, "motorway", {"oneway": "-1"}),
        ({"oneway:conditional": "yes @ (Mo; Tu); -1@(weight>7.5); no @ bus"}, "",
         {"oneway:conditional": "-1 @ (Mo; Tu); yes@(weight>7.5); no @ bus"}),
        ({"oneway:hgv:conditional": "-1 @ Mo 07:00-09:00; Tu 10:00-12:00"}, "",
         {"oneway:hgv:conditional": "yes @ Mo 07:00-09:00; Tu 10:00-12:00"}),
        ({"maxspeed:hgv:backward:conditional": "30 @ (weight>12)", "hgv:forward": "no"}, "",
         {"maxspeed:hgv:forward:conditional": "30 @ (weight>12)", "hgv:backward": "no"}),
    ],
)  # fmt: skip
def test_tags_are_turned_round(tags, road_class, flipped):
    """Directions in keys and in values, and what a class says without words."""
    assert flip_tags(tags, road_class) == flipped


# Tags; then what the road is to a full tipper of 32 t, 4 axles, 9.5 m; to the same one empty,
# 14 t; and to a truck and trailer of 56 t, 7 axles, 18.75 m.
CASES: list[tuple[dict[str, str], str, str, str]] = [
    ({}, OPEN, OPEN, OPEN),
    # Vans are no trucks.
    ({"goods": "no"}, OPEN, OPEN, OPEN),
    ({"motor_vehicle": "no", "goods": "yes"}, CLOSED, CLOSED, CLOSED),
    ({"access": "no", "goods": "delivery"}, CLOSED, CLOSED, CLOSED),
    ({"goods:conditional": "no @ (weight>1)"}, OPEN, OPEN, OPEN),
    ({"maxweight:goods": "2"}, OPEN, OPEN, OPEN),
    # Directions.
    ({"maxweight:forward": "10"}, f"{CLOSED} / {OPEN}", f"{CLOSED} / {OPEN}", f"{CLOSED} / {OPEN}"),
    ({"maxweight:backward": "18"}, f"{OPEN} / {CLOSED}", OPEN, f"{OPEN} / {CLOSED}"),
    ({"maxweight": "10", "maxweight:forward": "40"}, f"{OPEN} / {CLOSED}", f"{OPEN} / {CLOSED}",
     CLOSED),
    ({"maxheight:forward": "3.8"}, *(f"{CLOSED} / {OPEN}",) * 3),
    ({"maxheight:both_ways": "3.8"}, CLOSED, CLOSED, CLOSED),
    ({"hgv:forward": "no"}, *(f"{CLOSED} / {OPEN}",) * 3),
    ({"motor_vehicle:backward": "no"}, *(f"{OPEN} / {CLOSED}",) * 3),
    ({"motor_vehicle:backward": "no", "hgv": "yes"}, *(f"{OPEN} / {CLOSED}",) * 3),
    ({"motor_vehicle:backward": "no", "hgv:backward": "yes"}, OPEN, OPEN, OPEN),
    ({"hgv": "no", "hgv:backward": "yes"}, *(f"{CLOSED} / {OPEN}",) * 3),
    ({"hgv:forward": "destination"}, *(f"{LOCAL} / {OPEN}",) * 3),
    ({"oneway": "yes", "oneway:hgv": "no"}, OPEN, OPEN, OPEN),
    ({"oneway:trailer": "yes"}, OPEN, OPEN, f"{OPEN} / {CLOSED}"),
    ({"oneway": "yes", "oneway:conditional": "no @ (weight<20)"}, f"{OPEN} / {CLOSED}", OPEN,
     f"{OPEN} / {CLOSED}"),
    ({"oneway:bicycle": "no", "oneway": "yes"}, *(f"{OPEN} / {CLOSED}",) * 3),
    # Kinds of truck.
    ({"trailer": "no"}, OPEN, OPEN, CLOSED),
    ({"trailer": "no", "hgv": "designated"}, OPEN, OPEN, CLOSED),
    ({"trailer": "yes", "hgv": "no"}, CLOSED, CLOSED, CLOSED),
    ({"trailer:forward": "no"}, OPEN, OPEN, f"{CLOSED} / {OPEN}"),
    ({"trailer": "destination"}, OPEN, OPEN, LOCAL),
    ({"trailer:conditional": "no @ (length>18)"}, OPEN, OPEN, CLOSED),
    ({"hgv:trailer": "no"}, OPEN, OPEN, CLOSED),
    ({"maxlength:trailer": "12"}, OPEN, OPEN, CLOSED),
    ({"hgv_articulated": "no"}, OPEN, OPEN, OPEN),
    ({"maxlength:hgv_articulated": "12"}, OPEN, OPEN, OPEN),
    ({"maxweight:bus": "5", "maxheight:coach": "2"}, OPEN, OPEN, OPEN),
    # Limits.
    ({"maxweightrating": "20"}, CLOSED, CLOSED, CLOSED),
    ({"maxweightrating:hgv": "20"}, CLOSED, CLOSED, CLOSED),
    ({"maxunladenweight": "15"}, OPEN, OPEN, CLOSED),
    ({"maxbogieweight": "16"}, CLOSED, OPEN, CLOSED),
    ({"maxaxleload:hgv": "8"}, CLOSED, OPEN, CLOSED),
    ({"maxaxles": "4"}, OPEN, OPEN, CLOSED),
    ({"hgv:maxweight": "40"}, OPEN, OPEN, CLOSED),
    ({"maxweight:hgv": "80000 lbs"}, OPEN, OPEN, CLOSED),
    ({"maxlength:forward": "40'"}, OPEN, OPEN, f"{CLOSED} / {OPEN}"),
    ({"maxheight:conditional": "13'0\" @ (length>12)"}, OPEN, OPEN, CLOSED),
    ({"maxweight": "3.5", "maxweight:hgv": "40"}, OPEN, OPEN, CLOSED),
    # Conditions on size.
    ({"hgv:conditional": "no @ (weight > 12)"}, CLOSED, CLOSED, CLOSED),
    ({"hgv:conditional": "no @ weight>20 t"}, CLOSED, OPEN, CLOSED),
    ({"hgv:conditional": "no @ (weight>=32)"}, CLOSED, OPEN, CLOSED),
    ({"hgv:conditional": "no @ (weight>32)"}, OPEN, OPEN, CLOSED),
    ({"access:conditional": "no @ (maxweight>7.5)"}, CLOSED, CLOSED, CLOSED),
    ({"access:conditional": "no @ (weight>7.5)", "hgv": "yes"}, OPEN, OPEN, OPEN),
    ({"hgv:conditional": "no @ (length>10 m)"}, OPEN, OPEN, CLOSED),
    ({"hgv:conditional": "no @ (height>4 AND length>12)"}, OPEN, OPEN, CLOSED),
    ({"hgv:conditional": "no @ ((weight>20) AND (axles<5))"}, CLOSED, OPEN, OPEN),
    ({"hgv:conditional": "no @ (weightrating>20)"}, CLOSED, CLOSED, CLOSED),
    ({"hgv:conditional": "no @ (axleload > 9)"}, CLOSED, OPEN, CLOSED),
    ({"hgv:conditional": "no @ (trailer)"}, OPEN, OPEN, CLOSED),
    ({"motor_vehicle:conditional": "no @ (weight>12); yes @ (weight>30)"}, OPEN, CLOSED, OPEN),
    ({"motor_vehicle:conditional": "yes @ (weight>30); no @ (weight>12)"}, CLOSED, CLOSED, CLOSED),
    ({"hgv": "no", "hgv:conditional": "yes @ (weight<=20)"}, CLOSED, OPEN, CLOSED),
    ({"hgv": "no", "hgv:conditional": "destination @ (weight<=40)"}, LOCAL, LOCAL, CLOSED),
    ({"hgv:backward:conditional": "no @ (weight>20)"}, f"{OPEN} / {CLOSED}", OPEN,
     f"{OPEN} / {CLOSED}"),
    ({"maxweight": "7.5", "maxweight:conditional": "40 @ (axles>=4)"}, OPEN, OPEN, CLOSED),
    ({"maxweight:hgv:forward:conditional": "7.5 @ (axles>3)"}, *(f"{CLOSED} / {OPEN}",) * 3),
    ({"maxweight:conditional": "7.5 @ (psv)"}, OPEN, OPEN, OPEN),
    # Conditions on the errand.
    ({"maxweight": "18", "maxweight:conditional": "none @ destination"}, LOCAL, OPEN, LOCAL),
    ({"maxweight": "18", "maxweight:conditional": "none @ (delivery)"}, LOCAL, OPEN, LOCAL),
    ({"maxweight": "18", "maxweight:conditional": "40 @ destination"}, LOCAL, OPEN, CLOSED),
    ({"hgv": "no", "hgv:conditional": "yes @ delivery"}, LOCAL, LOCAL, LOCAL),
    ({"hgv": "no", "hgv:conditional": "yes @ (delivery AND weight<20)"}, CLOSED, LOCAL, CLOSED),
    ({"hgv": "destination"}, LOCAL, LOCAL, LOCAL),
    ({"hgv": "discouraged"}, OPEN, OPEN, OPEN),
    ({"access": "no", "hgv:conditional": "permit @ (weight>40)"}, CLOSED, CLOSED, LOCAL),
    # Clocks, weather and what nobody understands are left out.
    ({"hgv:conditional": "no @ (22:00-06:00)"}, OPEN, OPEN, OPEN),
    ({"hgv:conditional": "no @ (Mo-Fr 07:00-09:00 AND weight>12)"}, OPEN, OPEN, OPEN),
    ({"hgv": "no", "hgv:conditional": "yes @ (Sa,Su); destination @ (weight<40)"}, LOCAL, LOCAL,
     CLOSED),
    ({"maxweight": "7.5", "maxweight:conditional": "none @ snow"}, CLOSED, CLOSED, CLOSED),
    ({"oneway:conditional": "yes @ (07:00-09:00)"}, OPEN, OPEN, OPEN),
    ({"hgv:lanes": "no|yes"}, OPEN, OPEN, OPEN),
    ({"hgv:purple": "no"}, OPEN, OPEN, OPEN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "full", "empty", "trailer"), CASES, ids=[str(c[0]) for c in CASES]
)
def test_tags_are_decided_for_each_truck(tags, full, empty, trailer):
    """A full tipper, the same one empty, and a full truck with its trailer."""
    found = meets(tags), meets(tags, load="empty"), meets(tags, TRAILER)
    assert found == (full, empty, trailer)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"hgv_articulated": "no"}, CLOSED),
        ({"hgv_articulated": "yes", "hgv": "no"}, OPEN),
        ({"maxlength:hgv_articulated": "12"}, CLOSED),
        ({"maxlength:hgv_articulated": "17"}, OPEN),
        ({"trailer": "no"}, CLOSED),
        ({"hgv:conditional": "no @ hgv_articulated"}, CLOSED),
    ],
)
def test_a_semitrailer_is_articulated_and_a_trailer(tags, expected):
    """`hgv_articulated` is closer to it than `hgv`."""
    assert meets(tags, SEMI) == expected


@pytest.mark.parametrize(
    ("tags", "speeds"),
    [
        ({"maxspeed:forward": "20", "maxspeed:backward": "80"}, (20, 80)),
        ({"maxspeed": "80", "maxspeed:forward": "50"}, (50, 80)),
        ({"maxspeed:hgv:forward": "30", "maxspeed": "60"}, (30, 60)),
        ({"maxspeed:hgv": "60", "maxspeed:forward": "50"}, (50, 60)),
        ({"maxspeed:conditional": "60 @ (weight>20)", "maxspeed": "80"}, (60, 60)),
        ({"maxspeed:conditional": "60 @ (22:00-06:00)", "maxspeed": "80"}, (80, 80)),
        ({"maxspeed:hgv:conditional": "40 @ (weight>50)", "maxspeed": "80"}, (80, 80)),
        ({"maxspeed:trailer": "50", "maxspeed": "80"}, (80, 80)),
        ({"maxspeed:hgv": "none", "maxspeed:forward": "none", "maxspeed": "50"}, (math.nan,) * 2),
        ({"maxspeed:bus": "30", "maxspeed:advisory": "30", "maxspeed": "70"}, (70, 70)),
        ({"maxspeed:forward": "fast", "maxspeed:type": "DK:zone30"}, (30, 30)),
    ],
)
def test_speeds_are_read_for_each_direction(tags, speeds):
    """Of a full tipper of 32 t."""
    found = judge(read_road({"highway": "secondary", **tags}), RIGID, "full")[1]
    assert found == pytest.approx(list(speeds), nan_ok=True)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"barrier": "gate", "hgv:conditional": "no @ (weight>20)"}, (CLOSED, OPEN)),
        ({"barrier": "bollard", "hgv:conditional": "yes @ (weight<20)"}, (CLOSED, OPEN)),
        ({"barrier": "gate", "maxheight:forward": "3.5"}, (CLOSED, CLOSED)),
        ({"maxweight": "18"}, (CLOSED, OPEN)),
        ({"traffic_calming": "table", "maxheight": "3.8"}, (CLOSED, CLOSED)),
        ({"maxweight:conditional": "18 @ (axles>2)"}, (CLOSED, OPEN)),
        ({"maxweight": "18", "access": "no"}, (CLOSED, OPEN)),
    ],
)
def test_limits_and_conditions_on_nodes_bind(tags, expected):
    """Of barriers and of plain nodes, to a full truck and an empty one; a node has no direction."""
    road = read_barrier(tags)
    found = tuple(judge(road, RIGID, load)[0][0] for load in ("full", "empty"))
    assert found == expected


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("hgv:conditional", "no @ (22:00-06:00)", "conditional"),
        ("hgv:forward:conditional", "no @ (Mo-Fr)", "conditional"),
        ("maxweight:conditional", "none @ (weight>3 AND winter)", "conditional"),
        ("maxspeed:conditional", "60 @ wet", "conditional"),
        ("oneway:conditional", "yes @ (Mo-Fr 07:00-09:00; Sa 10:00-12:00)", "conditional"),
        ("hgv:conditional", "no @ (colour=red)", "unclear"),
        ("hgv:conditional", "no", "unclear"),
        ("hgv:conditional", "perhaps @ (weight>12)", "unknown_access"),
        ("maxweight:conditional", "heavy @ (axles>2)", "unreadable"),
        ("maxspeed:conditional", "60 @ destination", "unclear"),
        ("hgv:lanes", "no|yes", "lanes"),
        ("maxheight:lanes", "4.2|3.8", "lanes"),
        ("maxweight:purple", "3", "unknown_key"),
        ("maxheight:forward", "low", "unreadable"),
        ("maxspeed:backward", "fast", "unreadable"),
        ("oneway:hgv", "perhaps", "unreadable"),
        ("oneway:forward", "yes", "unknown_key"),
        ("maxweight:hgv_articulated", "3500", "implausible"),
        ("trailer", "perhaps", "unknown_access"),
    ],
)
def test_what_is_not_decided_is_told(key, value, kind):
    """Each with its reason; nothing of the family is passed over in silence."""
    kept = read_road({"highway": "primary", key: value}).tags
    assert find_doubts(kept) == ((kind, key, value),)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hgv:conditional", "no @ (weight>12)"),
        ("maxweight:conditional", "none @ destination"),
        ("hgv:conditional", "no @ bus"),
        ("bus:conditional", "no @ (22:00-06:00)"),
        ("goods:lanes", "no|yes"),
        ("maxweight:note", "unclear"),
        ("maxspeed:forward", "50"),
        ("trailer", "no"),
    ],
)
def test_what_is_decided_is_no_doubt(key, value):
    """Nor what is about others."""
    assert find_doubts(read_road({"highway": "primary", key: value}).tags) == ()


def test_keys_are_taken_apart_in_any_order():
    """Kind before or after what is said, direction and condition at the end."""
    one, other = read_key("maxweight:hgv:forward:conditional"), read_key("hgv:maxweight:forward")
    assert (one.base, one.kinds, one.direction, one.conditional) == (
        *("maxweight", {"hgv"}, "forward", True),
    )
    assert other == one._replace(conditional=False)
    assert read_key("maxheight:physical").base == "maxheight:physical"
    assert read_key("highway") is read_key("source:maxspeed") is read_key("motorcar") is None


def test_clauses_are_split_outside_brackets():
    """Opening hours hold `;` of their own, in brackets or without."""
    found = read_clauses("no @ (Mo 07:00-09:00; Tu 10:00-12:00); yes @ (weight<3.5)")
    assert [value for value, _ in found] == ["no", "yes"]
    assert [value for value, _ in read_clauses("no @ Mo 07:00-09:00; Tu 10:00-12:00")] == ["no"]
