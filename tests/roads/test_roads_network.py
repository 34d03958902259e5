"""The network of roads and its file."""

import dataclasses
import zipfile
from pathlib import Path
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from raastof_geo.errors import OutputError, RoadDataError
from raastof_geo.region.projection import measure_steps
from raastof_geo.roads.edges import ATTRIBUTION, NetworkMetadata, Turn
from raastof_geo.roads.load import load_network
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.road import ROAD_CLASSES, Access, Road, align_limits
from raastof_geo.roads.store import read_network, write_network

ARRAYS = [
    field.name
    for field in dataclasses.fields(RoadNetwork)
    if field.name
    not in ("roads", "metadata", "turns", "some_turns", "extra", "lacking", "own_region")
]


pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(scope="module")
def built_in() -> RoadNetwork:
    return load_network()


@pytest.fixture
def network() -> RoadNetwork:
    """Three nodes, a bent edge, a one-way edge and an edge parallel to it."""
    lon, lat = np.array([12.0, 12.01, 12.02]), np.array([55.4, 55.41, 55.4])
    return RoadNetwork(
        node_lon=lon,
        node_lat=lat,
        tail=np.array([0, 1, 2], np.int32),
        head=np.array([1, 2, 1], np.int32),
        length_m=np.array([1330.5, 1280.25, 1290.0]),
        forward=np.array([True, True, False]),
        backward=np.array([True, False, True]),
        road=np.array([1, 0, 2], np.int32),
        roads=(
            Road("unclassified", limits=align_limits({"maxweight_t": 7.5}), tags="maxweight=7.5"),
            Road("primary", name="E47 Sydmotorvejen", maxspeed_km_h=80.0, built_up=False),
            Road("ferry", name="Ærøfærgen", access=Access.LOCAL, duration_min=25.0, toll=True),
        ),
        point_start=np.array([0, 4, 6, 8], np.int32),
        lon=np.array([12.0, 12.003, 12.005, 12.01, 12.01, 12.02, 12.02, 12.01]),
        lat=np.array([55.4, 55.402, 55.407, 55.41, 55.41, 55.4, 55.4, 55.41]),
        metadata=NetworkMetadata("A small world", "2021-08-05", 15.0, (12.0, 55.4, 12.02, 55.41)),
        way=np.array([12, 2**40, 0]),
        turns=(Turn(False, (0, 2)), Turn(True, (2, 4, 1))),
    )


def test_reading_gives_what_was_written(network, tmp_path):
    """Every array, name and note survives the file."""
    again = read_network(write_network(network, tmp_path / "roads.npz"))
    for label in ARRAYS:
        one, other = getattr(network, label), getattr(again, label)
        assert one.dtype == other.dtype, label
        np.testing.assert_array_equal(one, other, err_msg=label)
    assert repr(again.roads) == repr(network.roads)
    assert again.turns == network.turns
    assert again.metadata == network.metadata
    assert again.digest == network.digest


def test_equal_networks_give_equal_bytes(network, tmp_path):
    """The file depends on the network and on nothing else."""
    one = write_network(network, tmp_path / "one.npz").read_bytes()
    other = write_network(dataclasses.replace(network), tmp_path / "b" / "other.npz").read_bytes()
    assert one == other


def test_writing_what_was_read_gives_the_same_bytes(built_in, tmp_path):
    """The built-in network comes back byte by byte."""
    first = write_network(built_in, tmp_path / "one.npz")
    second = write_network(read_network(first), tmp_path / "two.npz")
    assert first.read_bytes() == second.read_bytes()


def test_the_digest_changes_with_the_content(network):
    """Another length, name or date is another network."""
    others = (
        dataclasses.replace(network, length_m=network.length_m + 1),
        dataclasses.replace(network, roads=(*network.roads[:2], Road("ferry"))),
        dataclasses.replace(
            network, metadata=dataclasses.replace(network.metadata, osm_date="2022-01-01")
        ),
    )
    assert len({network.digest, *(other.digest for other in others)}) == 4


def test_nothing_that_was_read_can_be_changed(built_in):
    """Arrays of a network from a file are read-only."""
    with pytest.raises(ValueError, match="read-only"):
        built_in.length_m[0] = 0


def test_the_file_holds_plain_arrays(network, tmp_path):
    """NumPy opens it without unpickling anything."""
    file = write_network(network, tmp_path / "roads.npz")
    with np.load(file, allow_pickle=False) as archive:
        assert archive["inner_lon"].dtype == np.int32
        assert all(archive[label].ndim == 1 for label in archive.files)


def damage(file: Path, kind: str) -> None:
    content = file.read_bytes()
    if kind == "empty":
        file.write_bytes(b"")
    elif kind == "cut short":
        file.write_bytes(content[: len(content) // 2])
    elif kind == "words":
        file.write_text("not a network")
    elif kind == "flipped":
        middle = len(content) // 3
        file.write_bytes(content[:middle] + bytes(64) + content[middle + 64 :])
    elif kind == "half the edges":
        _rewrite(file, head=lambda column: column[:1])
    elif kind == "wild index":
        _rewrite(file, head=lambda column: column + 1000)
    elif kind == "fractions":
        _rewrite(file, length_cm=lambda column: column.astype(float))
    elif kind == "no metadata":
        _rewrite(file, metadata=lambda column: column[:3])


def _rewrite(file: Path, **changes) -> None:
    with np.load(file, allow_pickle=False) as archive:
        columns = {label: archive[label] for label in archive.files}
    np.savez(
        file, **{**columns, **{label: change(columns[label]) for label, change in changes.items()}}
    )


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "cut short",
        "words",
        "flipped",
        "half the edges",
        "wild index",
        "fractions",
        "no metadata",
    ],
)
def test_a_damaged_file_says_so(network, tmp_path, kind):
    """Damage is one sentence with the name of the file and what to do."""
    file = write_network(network, tmp_path / "roads.npz")
    damage(file, kind)
    with pytest.raises(RoadDataError, match=r"roads\.npz cannot be read as a road network"):
        read_network(file)


@pytest.mark.parametrize("step", range(0, 100, 7))
def test_cutting_a_file_anywhere_is_noticed(network, tmp_path, step):
    """However much is missing, it is never taken for a network."""
    file = write_network(network, tmp_path / "roads.npz")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * step // 100])
    with pytest.raises(RoadDataError):
        read_network(file)


def test_a_foreign_file_says_so(tmp_path):
    """A file of NumPy arrays, or of anything else, is not a network."""
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    with pytest.raises(RoadDataError, match="is not a road network of raastof_geo"):
        read_network(tmp_path / "foreign.npz")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(RoadDataError, match="is not a road network of raastof_geo"):
        read_network(tmp_path / "other.zip")
    np.save(tmp_path / "single.npy", np.zeros(3))
    with pytest.raises(RoadDataError, match="cannot be read as a road network"):
        read_network(tmp_path / "single.npy")


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    """Neither is a network."""
    with pytest.raises(RoadDataError, match="There is no road network file"):
        read_network(tmp_path / "nothing.npz")
    with pytest.raises(RoadDataError, match="is a folder"):
        load_network(tmp_path)


def test_another_version_of_the_format_says_so(network, tmp_path):
    """A file of a later version names both versions."""
    file = write_network(network, tmp_path / "roads.npz")
    _rewrite(
        file,
        metadata=lambda column: np.frombuffer(
            column.tobytes().replace(b'"format":3', b'"format":9'), np.uint8
        ),
    )
    with pytest.raises(RoadDataError, match="format 9, this version reads 3"):
        read_network(file)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"length_m": np.array([1.0, -1.0, 1.0])}, "a length is negative"),
        ({"head": np.array([1, 2, 7], np.int32)}, "does not exist"),
        ({"road": np.array([0, 0, 99], np.int32)}, "does not exist"),
        ({"way": np.array([0])}, "differ in length"),
        ({"turns": (Turn(False, (0, 6)),)}, "a turn names an edge"),
        ({"node_lon": np.array([12.0, 12.01, 13.0])}, "does not end where its edge ends"),
    ],
)
def test_a_network_that_contradicts_itself_is_not_written(network, tmp_path, change, sentence):
    """Mistakes are found before they reach a file."""
    with pytest.raises(RoadDataError, match=sentence):
        write_network(dataclasses.replace(network, **change), tmp_path / "roads.npz")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_leaves_nothing_behind(network, tmp_path):
    """A folder in the way is an error of output, and no draft stays."""
    (tmp_path / "roads.npz").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_network(network, tmp_path / "roads.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["roads.npz"]


# The built-in network.


def test_the_built_in_network_says_where_it_comes_from(built_in):
    """Attribution, date and tolerance are in the file."""
    assert built_in.metadata.attribution == ATTRIBUTION
    assert "OpenStreetMap" in ATTRIBUTION
    assert "ODbL" in ATTRIBUTION
    assert built_in.metadata.osm_date == "2021-08-05"
    assert built_in.metadata.largest_shift_m <= built_in.metadata.simplified_m == 15.0


def test_every_node_is_reachable_both_ways(built_in):
    """From anywhere a truck gets everywhere."""
    there, back = built_in.forward, built_in.backward
    start = np.concatenate((built_in.tail[there], built_in.head[back]))
    end = np.concatenate((built_in.head[there], built_in.tail[back]))
    size = built_in.node_count
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(size, size))
    assert connected_components(graph, directed=True, connection="strong")[0] == 1
    assert (there | back).all()


def test_no_edge_is_a_loop(built_in):
    """An edge has two ends."""
    assert (built_in.tail != built_in.head).all()


def test_no_road_is_shorter_than_it_is_drawn(built_in):
    """Length is that of the mapped road, so at least that of the drawn one."""
    lon, lat = built_in.lon, built_in.lat
    step = measure_steps(lon[:-1], lat[:-1], lon[1:], lat[1:])
    step[built_in.point_start[1:-1] - 1] = 0
    drawn = np.add.reduceat(step, built_in.point_start[:-1])
    assert (built_in.length_m >= drawn - 1e-6).all()
    assert built_in.length_m.sum() < drawn.sum() * 1.02


def test_every_municipality_has_roads(built_in):
    """All 17 of Region Sjælland and all of the capital region are in it."""
    found = set(built_in.region.locate(built_in.node_lon, built_in.node_lat))
    assert set(built_in.region.names) <= found


@pytest.mark.parametrize(
    ("island", "lon", "lat"),
    [
        ("Orø", 11.82, 55.77),
        ("Sejerø", 11.143, 55.888),
        ("Nekselø", 11.295, 55.785),
        ("Agersø", 11.20, 55.21),
        ("Omø", 11.155, 55.165),
        ("Fejø", 11.42, 54.945),
        ("Femø", 11.54, 54.97),
        ("Askø", 11.49, 54.895),
        ("Bogø", 12.05, 54.925),
        ("Nyord", 12.20, 55.045),
    ],
)
def test_the_islands_are_reached(built_in, island, lon, lat):
    """Islands with a car ferry or a bridge have a node nearby."""
    gap = measure_steps(
        np.full(built_in.node_count, lon),
        np.full(built_in.node_count, lat),
        built_in.node_lon,
        built_in.node_lat,
    )
    assert gap.min() < 1500, island


def test_ferries_join_what_lies_in_the_network(built_in):
    """No ferry ends where no road goes on."""
    ferry = built_in.road_class == ROAD_CLASSES.index("ferry")
    on_land = set(built_in.tail[~ferry]) | set(built_in.head[~ferry])
    assert ferry.any()
    assert set(built_in.tail[ferry]) | set(built_in.head[ferry]) <= on_land
