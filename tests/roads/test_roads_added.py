"""To add a limit on trucks, or a tag that says what a road is: one entry, and all know it."""

import dataclasses
import json
import math
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
import numpy as np
import pytest
from everywhere import EVERY_OUTPUT, go_everywhere
from places import CASES
from two_ways import LONG_KM, MAPPED_WORLD, SHORT_KM, write_map
from worlds import make_network
from raastof_geo.cli import run_command
from raastof_geo.errors import RoadDataError
from raastof_geo.outputs.warning import warn
from raastof_geo.pipeline import solve_scenario
from raastof_geo.roads.road import Road, align_limits
from raastof_geo.roads.store import explain_gaps, read_network, write_network
from raastof_geo.scenario import read_scenario

ROADS = CASES / "roads"
LIMITED = {"maxtandemweight": "12", "lit": "yes"}


pytestmark = pytest.mark.usefixtures("english")


def later(folder: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    """Run a command, or those given, in a version that knows a limit and a field more."""
    command = [sys.executable, ROADS / "added" / "registered.py", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, input=given
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def tell_all(folder: Path, commands: list[list[str]]) -> list[str]:
    """Run commands in the later version, and give what each told."""
    return later(folder, given=json.dumps(commands)).split("\x1e")[:-1]


def write_scenario(folder: Path, network: str = "file: roads.npz", site: str = "") -> Path:
    text = MAPPED_WORLD.replace("file: map.osm", network).replace(
        "road: {lon", f"road: {{{site}lon"
    )
    file = folder / "world.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Give a network file that the later version has made, once for all tests."""
    made: dict[tuple[str, ...], Path] = {}

    def copy(folder: Path, middle: dict[str, str]) -> Path:
        if tuple(middle) not in made:
            place = tmp_path_factory.mktemp("later")
            write_map(place / "map.osm", middle)
            later(place, "network", "build", "map.osm", "--whole", "--into", str(place))
            made[tuple(middle)] = place / "roads.npz"
        return Path(shutil.copy(made[tuple(middle)], folder))

    return copy


def lengths(file: Path) -> list[float]:
    return solve_scenario(read_scenario(file)).legs.frame.iloc[0][["length_km"]].tolist()


def test_an_added_limit_reaches_files_routes_and_messages(build, tmp_path):
    """From OpenStreetMap to the file, the way round, and the sentence that says why."""
    build(tmp_path, LIMITED)
    scenario = write_scenario(tmp_path)
    told = later(tmp_path, "route", str(scenario), "pit", "road")
    assert "Broen: limit on tandem load: 12 t, the truck has 18 t" in told
    assert f"{LONG_KM:.1f} km" in told
    assert "not know" not in later(tmp_path, "network", "info", "roads.npz")


def test_an_added_limit_can_be_set_by_a_change_and_by_a_site(build, tmp_path):
    """`network.changes` and `truck_limits` take it by its name, and the catalogue tells the size.

    An axle load shrinks with the empty truck, so that it goes straight home.
    """
    build(tmp_path, {})
    change = "file: roads.npz, changes: [{name: Broen, maxtandemload_t: 12}]"
    scenario = write_scenario(tmp_path, change)
    asked = [["route", str(scenario), "pit", "road"], ["materials", "tipper_4_axle"]]
    route, truck = tell_all(tmp_path, asked)
    assert route.count("limit on tandem load: 12 t, the truck has 18 t") == 1
    assert "Tandem load: 18 t" in truck
    for room_t, code in ((18, 0), (17.9, 3)):
        site = f"truck_limits: {{maxtandemload_t: {room_t}}}, "
        scenario = write_scenario(tmp_path, site=site)
        told = later(tmp_path, "run", str(scenario), "--into", "results", code=code)
        assert ("`truck_limits`" in told) == bool(code)


def test_an_added_limit_and_an_added_field_go_everywhere(build, tmp_path):
    """Every output, every answer in both languages, and what was written is read again."""
    build(tmp_path, LIMITED)
    scenario = write_scenario(tmp_path)
    text = scenario.read_text(encoding="utf-8")
    text = re.sub(r"outputs: .*\n", EVERY_OUTPUT, text)
    scenario.write_text(text, encoding="utf-8")

    told = go_everywhere(partial(tell_all, tmp_path), scenario, "pit", "road", "fill_sand")
    assert "Broen: limit on tandem load: 12 t, the truck has 18 t" in told["route"]
    again = read_network(tmp_path / "roads.npz")
    assert again.extra["fields"]["lit"].count(True) == 1


def test_a_file_of_a_later_version_keeps_what_is_not_known(build, tmp_path, capsys):
    """Unknown fields and limits are told, and written again: the later version finds them."""
    file = build(tmp_path, LIMITED)
    network = read_network(file)
    assert network.extra["fields"]["lit"].count(True) == 1
    assert network.extra["limits"]["maxtandemload_t"].count(12.0) == 1
    assert run_command(["network", "info", str(file)]) == 0
    assert "kept in the file: `lit`, `maxtandemload_t`" in capsys.readouterr().out
    before = file.read_bytes()
    write_network(network, file)
    again = read_network(file)
    assert (again.extra, again.digest) == (network.extra, network.digest)
    assert network.digest != dataclasses.replace(network, extra={}).digest
    scenario = write_scenario(tmp_path)
    told = later(tmp_path, "route", str(scenario), "pit", "road")
    assert "limit on tandem load: 12 t" in told
    assert len(before) == pytest.approx(file.stat().st_size, rel=0.05)


def test_limits_that_are_not_known_are_warned_of(build, tmp_path):
    """Trucks are not held against them: the way is straight, and the reader is told."""
    build(tmp_path, LIMITED)
    result = solve_scenario(read_scenario(write_scenario(tmp_path)))
    assert result.legs.frame["length_km"].iloc[0] == pytest.approx(SHORT_KM, abs=0.02)
    told = [str(one) for one in warn(result)]
    assert any("`maxtandemload_t`. No truck is held against them" in one for one in told)


def test_a_file_from_before_lacks_what_was_added_and_says_so(tmp_path):
    """A network file of today, read by the later version: the default, and a sentence."""
    write_map(tmp_path / "map.osm", LIMITED)
    whole = ["network", "build", str(tmp_path / "map.osm"), "--whole", "--into", str(tmp_path)]
    assert run_command(whole) == 0
    told = later(tmp_path, "network", "info", "roads.npz")
    assert "taken as nothing said: `lit`, `maxtandemload_t`" in told
    scenario = write_scenario(tmp_path)
    told = later(tmp_path, "check", str(scenario))
    assert "does not know the limits `maxtandemload_t`, so no truck is held against them" in (
        " ".join(told.split())
    )


def test_the_cache_of_another_version_is_not_taken(tmp_path):
    """Roads of one file of OpenStreetMap are kept apart where they have other fields."""
    write_map(tmp_path / "map.osm", LIMITED)
    scenario = write_scenario(tmp_path, "file: map.osm")
    assert lengths(scenario) == [pytest.approx(SHORT_KM, abs=0.02)]
    told = later(tmp_path, "route", str(scenario), "pit", "road")
    assert "limit on tandem load: 12 t" in told


def test_a_file_of_an_older_format_says_what_to_do():
    """It is not guessed at: both formats are named, and the command that makes it again."""
    with pytest.raises(RoadDataError, match=r"format 2, this version reads 3.*network build"):
        read_network(ROADS / "format_2" / "roads.npz")


def test_the_fingerprint_is_that_of_what_is_read(file, tmp_path):
    """A network, written again, is the same network."""
    network = read_network(file)
    again = read_network(write_network(network, tmp_path / "again.npz"))
    assert again.digest == network.digest


def change_table(file: Path, change) -> Path:
    """Rewrite the table of roads in a file."""
    with np.load(file, allow_pickle=False) as archive:
        columns = {label: archive[label] for label in archive.files}
    table = json.loads(columns["roads"].tobytes())
    change(table)
    np.savez(file, **{**columns, "roads": np.frombuffer(json.dumps(table).encode(), np.uint8)})
    return file


@pytest.fixture
def file(tmp_path) -> Path:
    roads = [
        Road("secondary", limits=align_limits({"maxwidth_m": 2.5}), toll=True),
        Road("service"),
    ]
    network = make_network([(12, 55), (12.1, 55), (12.2, 55)], [(0, 1), (1, 2)], roads=roads)
    return write_network(network, tmp_path / "roads.npz")


def test_every_field_and_limit_stands_in_the_file_by_name(file):
    """A column for each, even where every road is alike."""
    with np.load(file, allow_pickle=False) as archive:
        table = json.loads(archive["roads"].tobytes())
    assert table["fields"]["road_class"] == ["secondary", "service"]
    assert table["fields"]["access"] == {"all": "open"}
    assert table["limits"]["maxwidth_m"] == [2.5, None]
    assert table["limits"]["maxheight_m"] == {"all": None}


def test_the_order_in_a_file_means_nothing(file):
    """Columns in any order are the same roads."""

    def turn_round(table):
        for kind in ("fields", "limits"):
            table[kind] = dict(reversed(table[kind].items()))

    before = read_network(file)
    assert repr(read_network(change_table(file, turn_round)).roads) == repr(before.roads)


def test_a_field_that_is_missing_gets_the_default_and_stays_missing(file):
    """It is told after the file was written again too, and the limits that are there hold."""

    def forget(table):
        del table["fields"]["surface"], table["limits"]["maxheight_m"], table["fields"]["tags"]

    network = read_network(change_table(file, forget))
    assert network.lacking == ("surface", "tags", "maxheight_m")
    assert network.roads[0].surface == ""
    assert math.isnan(network.roads[0].limits[3])
    assert network.roads[0].limits[4] == 2.5
    assert read_network(write_network(network, file)).lacking == network.lacking
    assert [str(one) for one in explain_gaps(network)] == [
        "The file of the road network A small world does not know the limits `maxheight_m`, so no"
        " truck is held against them. Make it again with `raastof network build`.",
        "The file of the road network A small world does not know of its roads: `surface`. Trucks"
        " take every road as if nothing were said of it. Make it again with `raastof network"
        " build`.",
    ]


def test_a_missing_field_that_is_filled_in_is_kept(file):
    """What somebody sets on the roads is written, whatever the file lacked."""
    network = read_network(change_table(file, lambda table: table["fields"].pop("surface")))
    roads = tuple(dataclasses.replace(road, surface="gravel") for road in network.roads)
    again = read_network(write_network(dataclasses.replace(network, roads=roads), file))
    assert (again.lacking, again.roads[1].surface) == ((), "gravel")


@pytest.mark.parametrize(
    ("kind", "name", "column"),
    [
        ("fields", "road_class", None),
        ("fields", "lit", [True]),
        ("fields", "lit", "yes"),
        ("limits", "maxtandemload_t", [1, 2, 3]),
        ("fields", "access", {"all": 2}),
        ("limits", "maxwidth_m", {"all": -2}),
        ("limits", "maxwidth_m", {"some": 2}),
    ],
)
def test_a_column_that_does_not_describe_the_roads_is_refused(file, kind, name, column):
    """Too short, too long, no column at all, or values that no road has: the file is damaged."""

    def spoil(table):
        table[kind].pop(name, None)
        table[kind] |= {} if column is None else {name: column}

    with pytest.raises(RoadDataError, match=r"roads\.npz cannot be read as a road network"):
        read_network(change_table(file, spoil))


def test_unknown_columns_of_other_roads_are_not_written(file):
    """Whoever exchanges the roads has to exchange what is said of them too."""
    network = read_network(
        change_table(file, lambda table: table["fields"].update(lit=[True, False]))
    )
    one = dataclasses.replace(network, roads=(*network.roads, Road("track")))
    with pytest.raises(RoadDataError, match="unknown column lit does not describe its roads"):
        write_network(one, file)


def test_unknown_words_about_the_file_are_kept(file):
    """Metadata of a later version comes back too."""
    network = read_network(file)
    told = dataclasses.replace(network, extra={"metadata": {"licence_until": "2030"}})
    assert read_network(write_network(told, file)).extra == told.extra
