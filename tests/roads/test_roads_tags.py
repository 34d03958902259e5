"""What the tags of OpenStreetMap mean to a heavy truck."""

import math
from itertools import pairwise
import pytest
from raastof_geo.roads.mapped.tags import (
    find_doubts,
    read_barrier,
    read_class,
    read_road,
    read_turn,
    read_turn_rules,
)
from raastof_geo.roads.mapped.value import read_mass_t, read_metres, read_minutes
from raastof_geo.roads.road import LIMITS, SURFACES, Access, Road, join_tags, split_tags

OPEN_VALUES = ["yes", "designated", "permissive", "official", "discouraged", "unsigned"]
LOCAL_VALUES = [
    "destination",
    "delivery",
    "private",
    "permit",
    "customers",
    "residents",
    "employees",
    "local",
]
CLOSED_VALUES = [
    "no",
    "restricted",
    "agricultural",
    "forestry",
    "agricultural;forestry",
    "military",
    "emergency",
    "bus",
    "psv",
    "taxi",
    "use_sidepath",
]
CHAIN = ["hgv", "motor_vehicle", "vehicle", "access"]


def way(**tags: str) -> Road | None:
    """Read a residential street with tags, `__` for `:`."""
    named = {key.replace("__", ":"): value for key, value in tags.items()}
    return read_road({"highway": "residential", **named})


def ferry(**tags: str) -> Road | None:
    return read_road({"route": "ferry", **tags})


def directions(**tags: str) -> tuple[bool, bool, Access]:
    found = way(**tags)
    return found.forward, found.backward, found.access


def rule_of(tags: dict[str, str]) -> str | None:
    """Say what a restriction is to every truck; none where it is none."""
    (found,) = read_turn(tags, None)
    return None if found == "free" else found


def doubt_turn(tags: dict[str, str]) -> bool:
    """Tell whether a restriction is in doubt."""
    return read_turn_rules(tags)[1]


def limits_of(tags: dict[str, str]) -> dict[str, float]:
    values = zip(LIMITS, read_road({"highway": "residential", **tags}).limits, strict=True)
    return {name: value for name, value in values if not math.isnan(value)}


def is_same(one: float, other: float) -> bool:
    return one == pytest.approx(other, abs=1e-6, nan_ok=True)


# Masses, lengths, durations.


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("7.5", 7.5),
        ("7,5", 7.5),
        ("7.5 t", 7.5),
        ("7.5t", 7.5),
        ("7,5 T", 7.5),
        (" 12 ", 12),
        ("12 ton", 12),
        ("12 tons", 12),
        ("12 tonnes", 12),
        ("12 tonne", 12),
        ("12 t.", 12),
        ("12 metric tons", 12),
        ("3500 kg", 3.5),
        ("3500kg", 3.5),
        ("3.500 kg", 3.5),
        ("3,500 kg", 3.5),
        ("950.5 kg", 0.9505),
        ("16000 lbs", 7.257478),
        ("16000 lb", 7.257478),
        ("16,000 lbs", 7.257478),
        ("16 000 lbs", 7.257478),
        ("10 st", 9.071847),
        ("10 short tons", 9.071847),
        ("10 lt", 10.160469),
        ("10 cwt", 0.508023),
        ("7.500", 7.5),
        ("12;7.5", 7.5),
        ("12 t; 3500 kg", 3.5),
        ("none;7.5", 7.5),
        ("7.5;", 7.5),
        ("7.5;heavy", 7.5),
    ],
)
def test_a_mass_is_read_in_every_customary_spelling(text, tonnes):
    """Comma or point, with a unit or without (tonnes); the lowest of several counts."""
    assert is_same(read_mass_t(text), tonnes)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("3.8", 3.8),
        ("3,8", 3.8),
        ("3,8 m", 3.8),
        ("3.8m", 3.8),
        ("4 metres", 4),
        ("4 meter", 4),
        ("380 cm", 3.8),
        ("3800 mm", 3.8),
        ("12'6\"", 3.81),
        ("12' 6\"", 3.81),
        ("12'-6\"", 3.81),
        ("12′6″", 3.81),
        ("12’6”", 3.81),
        ("12'6''", 3.81),
        ("12'6", 3.81),
        ("12 ft 6 in", 3.81),
        ("12ft6in", 3.81),
        ("12 feet 6 inches", 3.81),
        ("12 FT", 3.6576),
        ("12'", 3.6576),
        ("12.5'", 3.81),
        ('150"', 3.81),
        ("150 in", 3.81),
        ("4.2;3.8", 3.8),
        ("4.2 m; 12'6\"", 3.81),
        ("default;4", 4),
    ],
)
def test_a_length_is_read_in_every_customary_spelling(text, metres):
    """Metres where no unit is given, else centimetres, or feet and inches."""
    assert is_same(read_metres(text), metres)


@pytest.mark.parametrize(
    "text",
    ["none", "None", "default", "unsigned", "no", "unlimited", "below_default", "none;default"],
)
@pytest.mark.parametrize("read", [read_mass_t, read_metres])
def test_words_for_no_limit_are_infinite(read, text):
    """Where the sign is missing or lifts the limit, there is none."""
    assert read(text) == math.inf


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ";",
        "low",
        "0",
        "0 t",
        "0 m",
        "-3",
        "-3.8 m",
        "3.8.1",
        "3 8",
        "4-5",
        "~4",
        "<4",
        "yes",
        "nan",
        "inf",
        "infinity",
        "1e3",
        "4 @ (Mo-Fr)",
        "3,5,5",
        "t",
        "9" * 40,
        "½",
        "4 parsecs",
    ],
)
@pytest.mark.parametrize("read", [read_mass_t, read_metres])
def test_what_is_no_limit_cannot_be_read(read, text):
    """Nought, negative numbers, ranges and words are NaN, not a limit."""
    assert math.isnan(read(text))


@pytest.mark.parametrize("text", ["5'14\"", "4 t", "4 kg", "'6\"", "12 ft 6 in 3", "3m80"])
def test_what_is_no_length_cannot_be_read(text):
    """A mass is no length, and fourteen inches are more than a foot."""
    assert math.isnan(read_metres(text))


@pytest.mark.parametrize("text", ["4 m", "12'6\"", "7.5 t total", "7.5 stone"])
def test_what_is_no_mass_cannot_be_read(text):
    """A length is no mass, nor is a number with a remark."""
    assert math.isnan(read_mass_t(text))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:25", 25),
        ("1:10", 70),
        ("01:10:00", 70),
        ("00:00:30", 0.5),
        ("25", 25),
        ("2.5", 2.5),
        ("PT25M", 25),
        ("PT1H10M", 70),
        ("pt1h", 60),
        ("PT90S", 1.5),
        ("P1DT2H", 1560),
        ("25 min", 25),
        ("25min", 25),
        ("25 minutes", 25),
        ("25 minutter", 25),
        ("1 h 10 min", 70),
        ("1h10", 70),
        ("1 h", 60),
        ("1,5 h", 90),
        ("1 time 10 minutter", 70),
        (" 00:25 ", 25),
    ],
)
def test_a_duration_is_read_in_every_customary_spelling(text, minutes):
    """Clock, ISO 8601, words, or a bare number of minutes."""
    assert is_same(read_minutes(text), minutes)


@pytest.mark.parametrize(
    "text",
    ["", "00:00", "0", "PT", "P", "PT0M", "-5", "00:75", "1:2", "soon", "00:25;00:30", "20-30 min"],
)
def test_what_is_no_duration_cannot_be_read(text):
    """Nought, ranges and words are NaN."""
    assert math.isnan(read_minutes(text))


# Which ways are roads.


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "service", "area": "yes"},
        {"highway": "construction", "construction": "primary"},
        {"highway": "proposed", "proposed": "primary"},
        {"highway": "cycleway"},
        {"highway": "footway"},
        {"highway": "ferry"},
        {"building": "yes"},
        {},
    ],
)
def test_what_is_no_road_is_none(tags):
    """Areas, works, plans and paths are no roads."""
    assert read_road(tags) is None
    assert read_class(tags) is None


def test_a_road_without_classification_counts_as_unclassified():
    """`highway=road` is a road of which nobody has said more."""
    assert way(highway="road").road_class == "unclassified"


def test_a_plain_street_is_open_and_tells_nothing():
    """Without tags that restrict, a road is open both ways and keeps no tags."""
    assert way() == Road("residential", limits=way().limits)
    assert all(map(math.isnan, way().limits))
    assert way(highway="living_street").access is Access.OPEN
    assert way(highway="trunk", motorroad="yes").access is Access.OPEN


@pytest.mark.parametrize(
    ("tags", "access"),
    [
        ({}, None),
        ({"access": "yes"}, None),
        ({"foot": "yes", "bicycle": "yes"}, None),
        ({"foot": "yes", "motor_vehicle": "no"}, None),
        ({"hgv": "no"}, None),
        ({"vehicle": "yes", "motor_vehicle": "no"}, None),
        ({"motor_vehicle": "perhaps"}, None),
        ({"motor_vehicle": "yes"}, Access.OPEN),
        ({"motorcar": "yes"}, Access.OPEN),
        ({"vehicle": "yes"}, Access.OPEN),
        ({"hgv": "designated", "motor_vehicle": "no"}, Access.OPEN),
        ({"motor_vehicle": "yes", "access": "private"}, Access.OPEN),
        ({"motor_vehicle": "private"}, Access.LOCAL),
        ({"motor_vehicle": "yes", "hgv": "no"}, Access.CLOSED),
        ({"motor_vehicle": "no", "motorcar": "yes"}, Access.CLOSED),
    ],
)
def test_a_ferry_must_say_that_it_takes_motor_vehicles(tags, access):
    """A passenger boat is no road; a car ferry without trucks is a closed one."""
    found = ferry(**tags)
    assert (found and found.access) == access
    assert found is None or found.road_class == "ferry"


def test_a_ferry_says_how_long_it_takes():
    """`duration` counts on ferries, and nowhere else."""
    assert ferry(motor_vehicle="yes", duration="00:25").duration_min == 25
    assert math.isnan(ferry(motor_vehicle="yes", duration="a while").duration_min)
    assert math.isnan(ferry(motor_vehicle="yes").duration_min)
    assert math.isnan(way(duration="00:25").duration_min)


# Access.


@pytest.mark.parametrize("tag", CHAIN)
@pytest.mark.parametrize(
    ("values", "access"),
    [(OPEN_VALUES, Access.OPEN), (LOCAL_VALUES, Access.LOCAL), (CLOSED_VALUES, Access.CLOSED)],
)
def test_each_access_tag_opens_restricts_or_closes(tag, values, access):
    """Each tag of the hierarchy decides where it stands alone; a closed road is still a road."""
    for value in values:
        assert way(**{tag: value}).access is access


@pytest.mark.parametrize(("near", "far"), list(pairwise(CHAIN)))
def test_the_tag_closest_to_trucks_decides(near, far):
    """`hgv` overrides `motor_vehicle`, that `vehicle`, that `access`."""
    assert way(**{near: "yes", far: "no"}).access is Access.OPEN
    assert way(**{near: "no", far: "yes"}).access is Access.CLOSED
    assert way(**{near: "destination", far: "no"}).access is Access.LOCAL


def test_tags_of_others_say_nothing_about_trucks():
    """Cars, vans, bicycles and buses have tags of their own; `goods` is a van of at most 3.5 t."""
    assert way(motorcar="no", bicycle="no", bus="no", foot="private").access is Access.OPEN
    assert way(goods="no").access is Access.OPEN
    assert way(goods="yes", motor_vehicle="no").access is Access.CLOSED
    assert way(goods="delivery", access="no").access is Access.CLOSED


@pytest.mark.parametrize(
    ("value", "access"),
    [
        ("no;destination", Access.LOCAL),
        ("customers; delivery", Access.LOCAL),
        ("private;yes", Access.OPEN),
        ("agricultural;forestry", Access.CLOSED),
        ("forestry; agricultural", Access.CLOSED),
        ("no;perhaps", Access.CLOSED),
        ("Destination", Access.LOCAL),
    ],
)
def test_the_most_open_of_several_values_counts(value, access):
    """`no;destination` lets those in who have an errand."""
    assert way(motor_vehicle=value).access is access


def test_unknown_access_leaves_the_question_to_the_next_tag():
    """A value nobody has defined neither opens nor closes."""
    assert way(hgv="perhaps", access="private").access is Access.LOCAL
    assert way(hgv="perhaps", motor_vehicle="", access="no").access is Access.CLOSED
    assert way(hgv="perhaps").access is Access.OPEN


@pytest.mark.parametrize("value", ["driveway", "parking_aisle", "drive-through"])
def test_nobody_hauls_gravel_through_driveways_and_car_parks(value):
    """They serve the first and the last stretch, unless the sign is about trucks themselves."""
    assert way(highway="service", service=value).access is Access.LOCAL
    assert way(highway="service", service=value, access="yes").access is Access.LOCAL
    assert way(highway="service", service=value, access="no").access is Access.CLOSED
    assert way(highway="service", service=value, hgv="yes").access is Access.OPEN


@pytest.mark.parametrize("tags", [{}, {"service": "alley"}, {"service": "yard"}])
def test_other_service_roads_are_open(tags):
    """A service road is open unless it says otherwise."""
    assert way(highway="service", **tags).access is Access.OPEN


def test_emergency_access_is_closed():
    """What is built for fire engines is closed to trucks."""
    assert way(highway="service", service="emergency_access").access is Access.CLOSED


def test_soft_tracks_are_local():
    """A track of grade 4 or 5 carries no through traffic; grade 1 to 3 does."""
    for grade in ("grade4", "grade5"):
        assert way(highway="track", tracktype=grade).access is Access.LOCAL
        assert way(highway="track", tracktype=grade, access="no").access is Access.CLOSED
        assert way(highway="unclassified", tracktype=grade).access is Access.OPEN
    for grade in ("grade1", "grade2", "grade3"):
        assert way(highway="track", tracktype=grade).access is Access.OPEN
    assert way(highway="track").access is Access.OPEN
    assert way(highway="track", motor_vehicle="forestry").access is Access.CLOSED


def test_fords_are_closed():
    """No truck is sent through water."""
    assert way(ford="yes").access is Access.CLOSED
    assert way(ford="stream").access is Access.CLOSED
    assert way(ford="no").access is Access.OPEN


# Directions.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("yes", (True, False, Access.OPEN)),
        ("true", (True, False, Access.OPEN)),
        ("1", (True, False, Access.OPEN)),
        ("-1", (False, True, Access.OPEN)),
        ("reverse", (False, True, Access.OPEN)),
        ("no", (True, True, Access.OPEN)),
        ("alternating", (True, True, Access.OPEN)),
        ("perhaps", (True, True, Access.OPEN)),
        ("reversible", (True, True, Access.CLOSED)),
    ],
)
def test_oneway_says_which_way_traffic_runs(value, expected):
    """`oneway` opens one direction or both; a reversible road is closed."""
    assert directions(oneway=value) == expected


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "tertiary", "junction": "roundabout"},
        {"highway": "tertiary", "junction": "circular"},
        {"highway": "motorway"},
        {"highway": "motorway_link"},
    ],
)
def test_roundabouts_and_motorways_run_one_way(tags):
    """A roundabout or a motorway is one-way without saying so, unless it says no."""
    assert directions(**tags) == (True, False, Access.OPEN)
    assert directions(**tags, oneway="no") == (True, True, Access.OPEN)


def test_oneway_for_trucks_overrides_oneway_for_all():
    """`oneway:hgv` counts before `oneway:motor_vehicle`, and that before `oneway`."""
    assert directions(oneway="yes", oneway__motor_vehicle="no")[:2] == (True, True)
    assert directions(oneway__hgv="-1", oneway__motor_vehicle="no")[:2] == (False, True)
    assert directions(oneway__hgv="yes")[:2] == (True, False)
    assert directions(oneway__hgv="perhaps", oneway="yes")[:2] == (True, False)


@pytest.mark.parametrize("tag", CHAIN)
def test_one_direction_can_be_closed(tag):
    """`hgv:backward=no` and its kin close that direction only."""
    assert directions(**{f"{tag}__backward": "no"}) == (True, False, Access.OPEN)
    assert directions(**{f"{tag}__forward": "no"}) == (False, True, Access.OPEN)
    assert directions(**{f"{tag}__forward": "no", tag: "yes"}) == (False, True, Access.OPEN)
    assert directions(**{f"{tag}__backward": "destination"}) == (True, True, Access.OPEN)
    assert directions(**{f"{tag}__backward": "yes", tag: "no"}) == (False, True, Access.OPEN)


def test_the_closest_tag_of_a_direction_decides():
    """`hgv:backward=yes` lifts `vehicle:backward=no`."""
    assert directions(vehicle__backward="no", hgv__backward="yes")[:2] == (True, True)
    assert directions(vehicle__backward="yes", hgv__backward="no")[:2] == (True, False)


def test_a_road_closed_in_each_direction_is_closed():
    """It keeps the directions that other traffic has."""
    assert directions(hgv__forward="no", hgv__backward="no") == (True, True, Access.CLOSED)
    assert directions(oneway="yes", hgv__forward="no") == (True, False, Access.CLOSED)
    assert directions(oneway="-1", hgv__forward="no") == (False, True, Access.OPEN)


# Limits.


@pytest.mark.parametrize(
    ("tag", "limit", "text", "value"),
    [
        ("maxweight", "maxweight_t", "7,5 t", 7.5),
        ("maxweight:hgv", "maxweight_t", "12", 12),
        ("maxgcweight", "maxweight_t", "44", 44),
        ("maxweightrating", "maxweightrating_t", "3.5", 3.5),
        ("maxweightrating:hgv", "maxweightrating_t", "3500 kg", 3.5),
        ("maxgcweightrating", "maxweightrating_t", "40", 40),
        ("maxaxleload", "maxaxleload_t", "8", 8),
        ("maxheight", "maxheight_m", "12'6\"", 3.81),
        ("maxheight:physical", "maxheight_m", "4.1", 4.1),
        ("maxwidth", "maxwidth_m", "2,5 m", 2.5),
        ("maxwidth:physical", "maxwidth_m", "250 cm", 2.5),
        ("maxlength", "maxlength_m", "12", 12),
        ("maxlength:hgv", "maxlength_m", "10", 10),
        ("maxbogieweight", "maxbogieload_t", "16", 16),
        ("maxbogieload", "maxbogieload_t", "16", 16),
        ("maxunladenweight", "maxempty_t", "10 t", 10),
        ("maxaxles", "maxaxles", "3", 3),
        ("hgv:maxweight", "maxweight_t", "12", 12),
    ],
)
def test_each_limit_is_read_from_its_tags(tag, limit, text, value):
    """Each tag fills one limit, and is kept."""
    assert limits_of({tag: text}) == {limit: pytest.approx(value)}
    assert split_tags(read_road({"highway": "service", tag: text}).tags) == {tag: text}


@pytest.mark.parametrize(
    ("tags", "limits"),
    [
        ({"maxweight": "12", "maxweight:hgv": "7.5"}, {"maxweight_t": 7.5}),
        ({"maxweight": "3.5", "maxweight:hgv": "12"}, {"maxweight_t": 12}),
        ({"maxweight": "3.5", "maxweight:hgv": "none"}, {}),
        ({"maxweight": "none", "maxgcweight": "44"}, {"maxweight_t": 44}),
        ({"maxheight": "4.2", "maxheight:physical": "4.4"}, {"maxheight_m": 4.2}),
        ({"maxheight": "low", "maxheight:physical": "4.4"}, {"maxheight_m": 4.4}),
        ({"maxweight": "12", "maxheight": "4"}, {"maxweight_t": 12, "maxheight_m": 4}),
    ],
)
def test_the_lowest_limit_of_a_kind_counts(tags, limits):
    """Of several tags; that for trucks replaces the same tag for all."""
    assert limits_of(tags) == limits


@pytest.mark.parametrize("value", ["none", "default", "unsigned", "low", "0", "-4", ""])
def test_no_limit_and_unreadable_limits_do_not_bind(value):
    """Both are NaN; what cannot be read is kept, so that it can be found."""
    assert limits_of({"maxheight": value}) == {}


# Speed, name, built-up area, surface, toll.


@pytest.mark.parametrize(
    ("tags", "km_h"),
    [
        ({"maxspeed": "80"}, 80),
        ({"maxspeed": "50 mph"}, 80.5),
        ({"maxspeed": "60 km/h"}, 60),
        ({"maxspeed": "DK:urban"}, 50),
        ({"maxspeed": "DK:rural"}, 80),
        ({"maxspeed": "110", "maxspeed:hgv": "70"}, 70),
        ({"maxspeed": "80;60"}, 60),
        ({"maxspeed:type": "DK:urban"}, 50),
        ({"maxspeed": "signals", "maxspeed:type": "DK:rural"}, 80),
        ({"maxspeed": "80", "maxspeed:forward": "50"}, 50),
        ({"maxspeed": "50 km/t"}, 50),
        ({"maxspeed": "walk"}, 5),
        ({"maxspeed": "DK:zone30"}, 30),
        ({"maxspeed": "DK:zone:30"}, 30),
        ({"maxspeed": "GB:20"}, 32.2),
        ({"zone:maxspeed": "DK:30"}, 30),
        ({"maxspeed": "50", "zone:maxspeed": "DK:30"}, 50),
        ({"maxspeed": "none", "maxspeed:hgv": "60"}, 60),
    ],
)
def test_maxspeed_is_read_in_km_per_hour(tags, km_h):
    """Signed limits come in km/h, mph and as national rules; that for trucks wins."""
    assert read_road({"highway": "primary", **tags}).maxspeed_km_h == pytest.approx(km_h)


@pytest.mark.parametrize("value", ["none", "signals", "fast", "", "0", "-50", "DE:rural"])
def test_a_speed_that_is_no_number_is_unknown(value):
    """What gives no limit is NaN, not nought."""
    assert math.isnan(way(maxspeed=value).maxspeed_km_h)


def test_number_and_name_make_one_name():
    """Number first, without blanks; several numbers with a stroke."""
    found = way(highway="motorway", ref="E 47;E 55", name="Sydmotorvejen")
    assert found.name == "E47/E55 Sydmotorvejen"
    assert way().name == ""


@pytest.mark.parametrize(
    ("tags", "built_up"),
    [
        ({"zone:traffic": "DK:urban"}, True),
        ({"zone:traffic": "DK:rural"}, False),
        ({"zone:traffic": "SE:urban"}, True),
        ({"zone:traffic": "BE-VLG:rural"}, False),
        ({"maxspeed:type": "DK:urban"}, True),
        ({"source:maxspeed": "DK:rural"}, False),
        ({"source:maxspeed": "DK:30"}, True),
        ({"maxspeed:type": "DK:zone30"}, True),
        ({"zone:maxspeed": "DK:40"}, True),
        ({"zone:maxspeed": "DE:zone:30"}, True),
        ({"zone:maxspeed": "DK:80"}, None),
        ({"maxspeed": "DK:urban"}, True),
        ({"maxspeed": "DK:rural"}, False),
        ({"maxspeed": "50"}, None),
        ({"maxspeed:type": "sign"}, None),
        ({"source:maxspeed": "DK:motorway"}, None),
        ({"zone:traffic": "DK:rural", "maxspeed": "DK:urban"}, False),
        ({"zone:traffic": "perhaps", "maxspeed": "DK:urban"}, True),
        ({}, None),
    ],
)
def test_zones_tell_whether_a_road_is_built_up(tags, built_up):
    """`zone:traffic` before the kind of speed limit, None where nothing is said."""
    assert read_road({"highway": "residential", **tags}).built_up is built_up


@pytest.mark.parametrize(
    ("value", "surface"),
    [
        ("asphalt", "paved"),
        ("paved", "paved"),
        ("concrete:plates", "paved"),
        ("paving_stones", "paved"),
        ("sett", "rough"),
        ("cobblestone", "rough"),
        ("unhewn_cobblestone", "rough"),
        ("gravel", "gravel"),
        ("fine_gravel", "gravel"),
        ("compacted", "gravel"),
        ("unpaved", "gravel"),
        ("ground", "ground"),
        ("dirt", "ground"),
        ("grass", "ground"),
        ("sand", "ground"),
        ("asphalt;gravel", "gravel"),
        ("Asphalt", "paved"),
        ("cheese", ""),
        ("", ""),
    ],
)
def test_surfaces_are_reduced_to_a_few(value, surface):
    """The roughest counts where there are several; an unknown one is nothing."""
    assert way(surface=value).surface == surface
    assert surface in SURFACES


def test_the_grade_of_a_track_tells_its_surface():
    """Only where `surface` does not, and only of tracks."""
    grades = {f"grade{n}": way(highway="track", tracktype=f"grade{n}").surface for n in range(1, 6)}
    assert list(grades.values()) == ["paved", "gravel", "ground", "ground", "ground"]
    assert way(highway="track", tracktype="grade5", surface="asphalt").surface == "paved"
    assert way(highway="track", tracktype="grade2", surface="cheese").surface == "gravel"
    assert way(highway="service", tracktype="grade2").surface == ""
    assert way(highway="track", tracktype="grade9").surface == ""


@pytest.mark.parametrize(
    ("tags", "toll"),
    [
        ({"toll": "yes"}, True),
        ({"toll:hgv": "yes"}, True),
        ({"toll": "no", "toll:hgv": "yes"}, True),
        ({"toll": "yes", "toll:hgv": "no"}, False),
        ({"toll": "no"}, False),
        ({}, False),
    ],
)
def test_toll_is_what_trucks_pay(tags, toll):
    """The tag for trucks wins."""
    assert read_road({"highway": "trunk", **tags}).toll is toll


# Tags that are kept.


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({"maxweight": "7.5", "hgv": "no", "name": "Vej"}, "hgv=no; maxweight=7.5"),
        ({"access": "yes", "hgv": "designated", "motor_vehicle": "permissive"}, ""),
        ({"vehicle": "official", "access": "discouraged"}, "access=discouraged"),
        ({"hgv": "perhaps"}, "hgv=perhaps"),
        ({"hgv:backward": "no", "hgv:forward": "yes"}, "hgv:backward=no"),
        ({"maxheight": "default", "maxweight": "none"}, ""),
        ({"maxheight": "low"}, "maxheight=low"),
        ({"hgv:conditional": "no @ (22:00-06:00)"}, "hgv:conditional=no @ (22:00-06:00)"),
        ({"maxweight:conditional": "none @ dry"}, "maxweight:conditional=none @ dry"),
        ({"vehicle:forward:conditional": "no @ wet"}, "vehicle:forward:conditional=no @ wet"),
        (
            {"maxspeed:conditional": "60 @ wet", "oneway:conditional": "yes @ wet"},
            "maxspeed:conditional=60 @ wet; oneway:conditional=yes @ wet",
        ),
        ({"maxspeed": "fast", "oneway": "perhaps"}, "maxspeed=fast; oneway=perhaps"),
        ({"maxspeed": "50", "oneway": "no", "maxspeed:type": "sign"}, ""),
        ({"hgv:lanes": "yes|no"}, "hgv:lanes=yes|no"),
        ({"hgv:note": "no", "source:maxspeed": "sign", "goods": "no", "bus:conditional": "x"}, ""),
        ({"oneway": "reversible"}, "oneway=reversible"),
        ({"oneway": "yes", "junction": "roundabout"}, ""),
        ({"ford": "stream"}, "ford=stream"),
        ({"ford": "no"}, ""),
        ({"service": "driveway"}, "service=driveway"),
        ({"service": "emergency_access"}, "service=emergency_access"),
        ({"service": "alley"}, ""),
        ({"highway": "track", "tracktype": "grade4"}, "tracktype=grade4"),
        ({"highway": "track", "tracktype": "grade2"}, ""),
        ({"tracktype": "grade4", "motorcar": "yes", "barrier": "fence"}, ""),
    ],
)
def test_a_road_keeps_the_tags_that_restrict(tags, text):
    """Sorted, and only those that restrict, have conditions or explain."""
    assert read_road({"highway": "service", **tags}).tags == text


@pytest.mark.parametrize(
    ("tags", "access", "doubts"),
    [
        ({"motorcar": "no"}, Access.OPEN, ["motorcar"]),
        ({"motorcar": "no", "psv": "yes"}, Access.OPEN, ["motorcar"]),
        ({"motorcar": "private", "bus": "designated"}, Access.OPEN, ["motorcar"]),
        ({"motorcar:forward": "no"}, Access.OPEN, ["motorcar:forward"]),
        ({"motorcar": "no", "hgv": "perhaps"}, Access.OPEN, ["hgv", "motorcar"]),
        (
            {"motorcar": "no", "hgv:conditional": "no @ Su"},
            Access.OPEN,
            ["hgv:conditional", "motorcar"],
        ),
        ({"motorcar": "no", "psv": "yes", "hgv": "yes"}, Access.OPEN, []),
        ({"motorcar": "no", "motor_vehicle": "yes"}, Access.OPEN, []),
        ({"motorcar": "no", "access": "destination"}, Access.LOCAL, []),
        ({"motorcar": "no", "access": "no", "psv": "yes"}, Access.CLOSED, []),
        ({"motorcar": "yes"}, Access.OPEN, []),
        ({"psv": "yes"}, Access.OPEN, []),
        ({"bus": "designated", "vehicle": "no"}, Access.CLOSED, []),
    ],
)
def test_a_road_that_is_closed_to_cars_is_open_to_trucks_and_in_doubt(tags, access, doubts):
    """`motorcar` is a sister of `hgv`, yet a sign against cars often means all motor vehicles."""
    road = way(**{key.replace(":", "__"): value for key, value in tags.items()})
    assert road.access is access
    assert [key for _, key, _ in find_doubts(road.tags)] == doubts
    gate = read_barrier({"barrier": "gate", **tags})
    assert [key for _, key, _ in find_doubts(gate.tags if gate else "")] == doubts
    block = read_barrier({"barrier": "block", **tags})
    assert not block or "motorcar" not in block.tags


def test_a_ferry_keeps_its_tags_on_cars():
    """They count for trucks where nothing is said of these, and are told."""
    assert ferry(motorcar="permit").tags == "motorcar=permit"
    assert ferry(motorcar="permit").access is Access.LOCAL
    assert ferry(motor_vehicle="yes", motorcar="no").tags == ""


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"hgv": "no"},
        {"hgv": "no", "maxweight": "7.5"},
        {"access": "agricultural;forestry"},
        {"access": "customers; delivery"},
        {"access": "; hgv=no"},
        {"hgv:conditional": "no @ (06:00-09:00; 15:00-17:00); yes @ (weight<=12)"},
        {"maxheight": "100 %", "hgv": "%3B", "access": "a=b;c%d%25"},
        {"maxheight": "", "hgv": " no "},
    ],
)
def test_kept_tags_come_back_as_they_were(tags):
    """Joining and splitting is a round trip for any value."""
    assert split_tags(join_tags(tags)) == tags
    assert list(split_tags(join_tags(tags))) == sorted(tags)


# Barriers.


@pytest.mark.parametrize(
    "kind",
    [
        "cattle_grid",
        "border_control",
        "toll_booth",
        "sally_port",
        "gate",
        "lift_gate",
        "swing_gate",
        "entrance",
        "kerb",
        "height_restrictor",
        "arch",
        "no",
        "spikes",
        "coupure",
        "bump_gate",
        "sliding_beam",
    ],
)
def test_a_truck_passes_barriers_made_for_vehicles(kind):
    """Gates are open unless they say otherwise."""
    assert read_barrier({"barrier": kind}) is None
    assert read_barrier({"barrier": kind, "access": "yes"}) is None
    assert read_barrier({"barrier": kind, "hgv": "no"}).access is Access.CLOSED


@pytest.mark.parametrize(
    "kind",
    [
        "bollard",
        "block",
        "jersey_barrier",
        "cycle_barrier",
        "motorcycle_barrier",
        "stile",
        "wedge",
        "kissing_gate",
        "turnstile",
        "chain",
        "debris",
        "log",
        "rope",
        "bus_trap",
        "sump_buster",
        "planter",
        "fence",
        "wall",
        "hedge",
        "dragon",
        "yes",
    ],
)
def test_a_truck_does_not_pass_other_barriers(kind):
    """Bollards, and what nobody knows, close the way unless a tag lets trucks through."""
    assert read_barrier({"barrier": kind}) == Road(
        "service",
        access=Access.CLOSED,
        limits=read_barrier({"barrier": kind}).limits,
        tags=f"barrier={kind}",
    )
    assert read_barrier({"barrier": kind, "hgv": "yes"}) is None
    assert read_barrier({"barrier": kind, "access": "no", "motor_vehicle": "yes"}) is None
    assert read_barrier({"barrier": kind, "bicycle": "yes"}).access is Access.CLOSED


@pytest.mark.parametrize(
    ("tags", "access"),
    [
        ({"access": "private"}, Access.LOCAL),
        ({"access": "no"}, Access.CLOSED),
        ({"access": "no", "hgv": "destination"}, Access.LOCAL),
        ({"locked": "yes"}, Access.LOCAL),
        ({"locked": "yes", "access": "no"}, Access.CLOSED),
    ],
)
def test_access_tags_decide_at_a_gate(tags, access):
    """A private or locked gate is for those who have an errand behind it."""
    assert read_barrier({"barrier": "gate", **tags}).access is access


def test_a_lock_gives_way_to_access_tags_and_matters_at_gates_only():
    """`access=yes` opens a locked gate, and a lock opens no bollard."""
    assert read_barrier({"barrier": "gate", "locked": "yes", "access": "yes"}) is None
    assert read_barrier({"barrier": "gate", "locked": "no"}) is None
    assert read_barrier({"barrier": "bollard", "locked": "yes"}).access is Access.CLOSED


def test_a_barrier_keeps_its_limits():
    """A height restrictor lets low trucks through."""
    found = read_barrier({"barrier": "height_restrictor", "maxheight": "2.2"})
    assert found.access is Access.OPEN
    assert found.limits[LIMITS.index("maxheight_m")] == 2.2
    assert found.tags == "barrier=height_restrictor; maxheight=2.2"
    found = read_barrier({"barrier": "bollard", "maxwidth": "2", "name": "Pullert"})
    assert found.access is Access.CLOSED
    assert found.limits[LIMITS.index("maxwidth_m")] == 2
    assert read_barrier({"barrier": "gate", "maxheight": "none"}) is None


@pytest.mark.parametrize("tags", [{"maxheight": "low"}, {"hgv:conditional": "no @ (22:00-06:00)"}])
def test_an_open_barrier_in_doubt_is_kept(tags):
    """What cannot be read does not bind, but is not lost."""
    found = read_barrier({"barrier": "gate", **tags})
    assert found.access is Access.OPEN
    assert all(map(math.isnan, found.limits))
    assert len(find_doubts(found.tags)) == 1


def test_a_ford_on_a_node_is_closed():
    """Whatever else stands there."""
    assert read_barrier({"ford": "yes"}).access is Access.CLOSED
    assert read_barrier({"ford": "yes"}).tags == "ford=yes"
    assert read_barrier({"ford": "stream", "barrier": "gate", "hgv": "yes"}).access is Access.CLOSED
    assert read_barrier({"ford": "no"}) is None


@pytest.mark.parametrize("tags", [{}, {"highway": "crossing"}, {"access": "no"}])
def test_other_nodes_are_no_barriers(tags):
    """Only `barrier` and `ford` on a node matter."""
    assert read_barrier(tags) is None


# Turns.


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("no_left_turn", "no"),
        ("no_right_turn", "no"),
        ("no_straight_on", "no"),
        ("no_u_turn", "no"),
        ("no_entry", "no"),
        ("no_exit", "no"),
        ("only_left_turn", "only"),
        ("only_right_turn", "only"),
        ("only_straight_on", "only"),
        ("no_left_turn;no_u_turn", "no"),
    ],
)
@pytest.mark.parametrize(
    "tag", ["restriction", *(f"restriction:{kind}" for kind in ("hgv", "motor_vehicle"))]
)
def test_a_restriction_forbids_or_commands_a_turn(tag, value, rule):
    """`no_…` and `only_…`, for all or for trucks."""
    tags = {"type": "restriction", tag: value}
    assert rule_of(tags) == rule
    assert not doubt_turn(tags)


def test_the_restriction_closest_to_trucks_counts():
    """`restriction:hgv` before `restriction:motor_vehicle` before `restriction`."""
    assert rule_of({"restriction": "no_left_turn", "restriction:hgv": "only_left_turn"}) == "only"
    tags = {"restriction:motor_vehicle": "no_exit", "restriction:hgv": "only_straight_on"}
    assert rule_of(tags) == "only"


@pytest.mark.parametrize("kind", ["bus", "motorcar", "bicycle", "psv", "caravan", "goods"])
def test_restrictions_for_others_do_not_bind_trucks(kind):
    """A turn that cars or buses may not make is no matter of trucks."""
    tags = {"type": "restriction", f"restriction:{kind}": "no_left_turn", "hour_on": "07:00"}
    assert rule_of(tags) is None
    assert not doubt_turn(tags)


@pytest.mark.parametrize("value", ["hgv", "motor_vehicle", "bus;hgv", "psv; vehicle"])
def test_exceptions_for_trucks_free_them(value):
    """`except` lists who may turn."""
    tags = {"restriction": "no_left_turn", "except": value, "day_on": "Monday"}
    assert rule_of(tags) is None
    assert not doubt_turn(tags)


@pytest.mark.parametrize("value", ["bus", "psv;bicycle", "motorcar", "goods", ""])
def test_exceptions_for_others_do_not_free_trucks(value):
    """Buses may turn, trucks may not."""
    assert rule_of({"restriction": "no_left_turn", "except": value}) == "no"


@pytest.mark.parametrize(
    "tags",
    [
        {"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"},
        {"restriction:hgv:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"},
        {"restriction": "no_left_turn", "day_on": "Monday", "day_off": "Friday"},
        {"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"},
        {"restriction": "perhaps"},
        {"restriction": "only_u_turn_on_green"},
        {"restriction": "no"},
        {"restriction": "no_left_turn;only_straight_on"},
    ],
)
def test_restrictions_at_times_are_not_guessed(tags):
    """They bind nobody, but are doubts, as are those that cannot be read."""
    assert rule_of({"type": "restriction", **tags}) is None
    assert doubt_turn({"type": "restriction", **tags})


def test_a_restriction_at_all_times_binds_beside_one_at_times():
    """The plain tag counts where both stand; the other is a doubt."""
    tags = {"restriction": "no_left_turn", "restriction:conditional": "none @ (22:00-06:00)"}
    assert rule_of(tags) == "no"
    assert doubt_turn(tags)


def test_an_unreadable_restriction_leaves_the_question_to_the_next_tag():
    """As with access tags."""
    tags = {"restriction:hgv": "perhaps", "restriction": "no_left_turn"}
    assert rule_of(tags) == "no"
    assert doubt_turn(tags)


@pytest.mark.parametrize(
    "tags", [{}, {"type": "restriction"}, {"type": "route", "restriction": "no_exit"}]
)
def test_what_is_no_restriction_binds_nobody(tags):
    """Other relations are no rule on turns, and no doubt."""
    assert rule_of(tags) is None
    assert not doubt_turn(tags)


# Doubts.


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("hgv:conditional", "no @ (22:00-06:00; Su)", "conditional"),
        ("maxweight:conditional", "none @ dry", "conditional"),
        ("access:backward:conditional", "no @ wet", "conditional"),
        ("maxheight", "low", "unreadable"),
        ("maxheight", "", "unreadable"),
        ("maxheight", "0", "unreadable"),
        ("maxheight", "4;low", "unreadable"),
        ("maxbogieweight", "heavy", "unreadable"),
        ("maxweight:hgv", "-3", "unreadable"),
        ("maxheight", "1.4", "implausible"),
        ("maxheight", "38", "implausible"),
        ("maxheight:physical", "38 cm", "implausible"),
        ("maxweight", "0.9", "implausible"),
        ("maxweight", "3500", "implausible"),
        ("maxgcweightrating", "44000", "implausible"),
        ("maxwidth", "1.2", "implausible"),
        ("maxlength", "2.5", "implausible"),
        ("maxaxleload", "0.5", "implausible"),
        ("hgv", "perhaps", "unknown_access"),
        ("hgv", "", "unknown_access"),
        ("access", "no;perhaps", "unknown_access"),
        ("motor_vehicle:forward", "sometimes", "unknown_access"),
    ],
)
def test_tags_that_deserve_a_look_are_found(key, value, kind):
    """Conditions, and limits and access that cannot be read or believed."""
    kept = read_road({"highway": "primary", key: value}).tags
    assert find_doubts(kept) == ((kind, key, value),)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"hgv": "no", "maxweight": "7.5 t", "maxheight": "12'6\""},
        {"access": "customers; delivery", "hgv": "agricultural;forestry"},
        {"maxheight": "1.5", "maxwidth": "1.5", "maxlength": "3", "maxaxleload": "1"},
        {"maxheight": "10", "maxweight": "200", "maxweightrating": "1"},
        {"maxheight": "none;4"},
        {"ford": "yes", "oneway": "reversible", "service": "driveway"},
    ],
)
def test_tags_that_are_clear_are_no_doubts(tags):
    """A limit at the edge of what is plausible is believed."""
    assert find_doubts(read_road({"highway": "primary", **tags}).tags) == ()


@pytest.mark.parametrize("key", ["tidal", "ice_road", "winter_road"])
def test_a_road_that_is_there_at_some_times_only_is_in_doubt(key):
    """As the road to Mandø, over which the tide goes: nobody can tell when a truck comes."""
    found = way(**{key: "yes"})
    assert found.access is Access.OPEN
    assert found.tags == f"{key}=yes"
    assert find_doubts(found.tags) == (("conditional", key, "yes"),)
    assert not way(**{key: "no"}).tags
    assert find_doubts(read_road({"highway": "track", key: "yes"}).tags)


def test_a_road_that_nothing_on_wheels_passes_is_closed():
    """What is merely bad is not, and a rule of the same road does not open it."""
    found = way(smoothness="impassable")
    assert (found.access, found.tags) == (Access.CLOSED, "smoothness=impassable")
    assert way(smoothness="very_bad") == way()
    ruled = way(smoothness="impassable", maxweight__forward="10")
    assert ruled.access is Access.CLOSED
    assert "smoothness=impassable" in ruled.rules


def test_the_height_below_a_bridge_is_about_boats():
    found = way(bridge="yes", maxheight__marine="4")
    assert not found.tags
    assert limits_of({"maxheight:marine": "4"}) == {}


@pytest.mark.parametrize("kind", ["no_right_turn_on_red", "no_left_turn_on_red", "no_turn_on_red"])
def test_what_is_forbidden_at_a_red_light_only_is_no_restriction(kind):
    assert rule_of({"restriction": kind}) is None
    assert not doubt_turn({"restriction": kind})


def test_every_doubt_of_a_road_is_found():
    """Each on its own, in the order of the tags."""
    kept = way(maxweight="heavy", hgv="perhaps", access__conditional="no @ wet", maxheight="4").tags
    assert [kind for kind, _, _ in find_doubts(kept)] == [
        "conditional",
        "unknown_access",
        "unreadable",
    ]
