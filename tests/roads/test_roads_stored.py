"""A stored network whose columns were exchanged, cut or made up is never believed."""

import json
import re
import zipfile
from pathlib import Path
import networkx
import numpy as np
import pytest
import shapely
from raastof_geo.errors import RoadDataError
from raastof_geo.roads.load import from_osmnx, load_network
from raastof_geo.roads.store import STORED_COLUMNS, read_network

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    """The built-in network, column by column."""
    import raastof_geo

    file = Path(raastof_geo.__file__).parent / "data" / "roads.npz"
    with np.load(file, allow_pickle=False) as archive:
        return {label: archive[label] for label in archive.files}


def refuse(columns: dict[str, np.ndarray], folder: Path, sentence: str) -> None:
    file = folder / "roads.npz"
    np.savez(file, **columns)
    with pytest.raises(RoadDataError, match=re.escape(sentence)) as caught:
        read_network(file)
    assert "roads.npz cannot be read as a road network" in str(caught.value)


def with_turn(columns: dict[str, np.ndarray], **change: list[int]) -> dict[str, np.ndarray]:
    """Add a turn restriction of two arcs, or one that is wrong."""
    turn = {"turn_only": [0], "turn_size": [2], "turn_arc": [0, 2], **change}
    return {**columns, **{label: np.array(column, np.int32) for label, column in turn.items()}}


def test_a_turn_that_is_right_is_read(stored, tmp_path):
    """The restriction that the next tests break is one that is read."""
    np.savez(tmp_path / "roads.npz", **with_turn(stored))
    assert read_network(tmp_path / "roads.npz").turns[0].arcs == (0, 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"turn_only": [0, 1]}, "its columns differ in length"),
        ({"turn_only": []}, "its columns differ in length"),
        ({"turn_size": [3]}, "turn_size does not count what turn_arc holds"),
        ({"turn_arc": [0]}, "turn_size does not count what turn_arc holds"),
        ({"turn_size": [0], "turn_arc": []}, "turn_size holds numbers that are too small"),
        ({"turn_only": [7]}, "turn_only holds numbers that mean nothing"),
        ({"turn_arc": [0, 1_000_000]}, "a turn names an edge that does not exist"),
    ],
)
def test_turns_of_another_length_are_refused(stored, tmp_path, change, sentence):
    """Each restriction has a size, and all sizes together are the arcs."""
    refuse(with_turn(stored, **change), tmp_path, sentence)


@pytest.mark.parametrize(
    ("label", "change", "sentence"),
    [
        ("length_cm", lambda column: column * 0, "m long, which its shape cannot be"),
        ("length_cm", lambda column: column * 0 + 2_000_000_000, "which its shape cannot be"),
        ("length_cm", lambda column: -column, "a length is negative or missing"),
        ("length_cm", lambda column: column[::-1], "which its shape cannot be"),
        ("length_cm", lambda column: column.astype(float), "length_cm does not hold whole numbers"),
        ("inner_lon", lambda column: column[:-1], "its columns differ in length"),
        ("inner_count", lambda column: column + 1, "inner_count does not count what inner_lon"),
        ("inner_count", lambda column: column - 1, "inner_count holds numbers that are too small"),
        ("directions", lambda column: column + 4, "directions holds numbers that mean nothing"),
        ("node_lon", lambda column: column * 20, "a place lies outside the Earth"),
        ("road", lambda column: column + 10_000, "does not exist"),
        ("tail", lambda column: column + 10, "it is damaged"),
    ],
)
def test_a_column_that_cannot_be_is_named(stored, tmp_path, label, change, sentence):
    """Lengths fit shapes, counts fit what they count, places lie on the Earth."""
    refuse({**stored, label: change(stored[label])}, tmp_path, sentence)


def test_one_false_length_among_all_is_found(stored, tmp_path):
    """A single edge of 1,000 km, or of 1 m instead of 500, is named with its place."""
    lengths = stored["length_cm"].copy()
    edge = int(np.argmax(lengths > 200_000))
    for wrong in (100_000_000, 100):
        lengths[edge] = wrong
        refuse({**stored, "length_cm": lengths}, tmp_path, f"edge {edge:,} at ")


def test_any_two_columns_exchanged_are_noticed(stored, tmp_path):
    """Whatever column stands in the place of another, the file is refused."""
    believed = []
    for one in STORED_COLUMNS:
        for other in STORED_COLUMNS:
            same = len(stored[one]) == len(stored[other]) == 0 or one == other
            if same or (one, other) in _ALIKE:
                continue
            file = tmp_path / "roads.npz"
            np.savez(file, **{**stored, one: stored[other]})
            try:
                read_network(file)
            except RoadDataError:
                continue
            believed.append((one, other))
    assert not believed, repr(believed)


_ALIKE = {("way", label) for label in STORED_COLUMNS} | {
    ("road", "tail"),
    ("road", "way"),
    ("road", "directions"),
    ("road", "inner_count"),
    ("directions", "way"),
}
"""Numbers that could be right: ids of ways mean nothing here, each small number is the number of
some road, and all ways of the built-in network are 0, which closes every road."""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maxspeed_km_h", "50"),
        ("maxspeed_km_h", float("inf")),
        ("maxspeed_km_h", -5),
        ("name", 7),
        ("access", -1),
        ("access", "maybe"),
        ("maxweight_t", [1.0]),
        ("maxweight_t", -1.0),
        ("maxheight_m", "low"),
        ("toll", "yes"),
        ("surface", "lava"),
        ("duration_min", float("nan")),
    ],
)
def test_the_table_of_roads_is_looked_at(stored, tmp_path, field, value):
    """Speeds and limits are numbers, names are texts, in each road that there is."""
    roads = json.loads(stored["roads"].tobytes())
    kind = "fields" if field in roads["fields"] else "limits"
    column = roads[kind][field]
    column = column if isinstance(column, list) else [column["all"]] * roads["count"]
    column[5] = value
    text = json.dumps({**roads, kind: {**roads[kind], field: column}}).encode()
    refuse({**stored, "roads": np.frombuffer(text, np.uint8)}, tmp_path, "it is damaged")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("simplified_m", -1),
        ("simplified_m", float("inf")),
        ("bounds", [0, 0, 0]),
        ("bounds", [0, 0, 999, 0]),
        ("title", 7),
        ("osm_date", None),
        ("doubtful_turns", "many"),
    ],
)
def test_what_a_file_says_of_itself_is_looked_at(stored, tmp_path, field, value):
    """Texts are texts, bounds lie on the Earth, and no shift is negative."""
    text = json.dumps({**json.loads(stored["metadata"].tobytes()), field: value}).encode()
    refuse({**stored, "metadata": np.frombuffer(text, np.uint8)}, tmp_path, "it is damaged")


def test_a_small_file_that_unpacks_without_end_is_refused(stored, tmp_path):
    """160 MB of zeros in 160 kB: no road packs like that, and the memory is not filled."""
    file = tmp_path / "roads.npz"
    np.savez_compressed(file, **{**stored, "way": np.zeros(20_000_000, np.int64)})
    with zipfile.ZipFile(file) as archive:
        assert sum(member.file_size for member in archive.infolist()) > 150_000_000
    with pytest.raises(RoadDataError, match="cannot be read as a road network"):
        read_network(file)


def test_the_built_in_network_holds_what_is_asked_of_all(stored, tmp_path):
    """None of the checks refuses the roads that come with the package."""
    np.savez(tmp_path / "roads.npz", **stored)
    assert read_network(tmp_path / "roads.npz").digest == load_network().digest


@pytest.mark.parametrize(
    ("node", "edge", "sentence"),
    [
        ({"y": 91.0}, {}, "node 1 at longitude 12.1, latitude 91.0, which is not on the Earth"),
        ({"x": float("nan")}, {}, "which is not on the Earth"),
        ({"x": "east"}, {}, "node 1 at longitude east"),
        ({}, {"length": float("nan")}, "with length=nan; a length is a number of metres"),
        ({}, {"length": -5.0}, "with length=-5.0"),
        ({}, {"length": "long"}, "with length=long"),
        ({}, {"geometry": shapely.Point(1, 2)}, "whose geometry is no line on the Earth"),
        ({}, {"geometry": shapely.LineString()}, "whose geometry is no line"),
        ({}, {"geometry": shapely.LineString([(0, 0), (0, 99)])}, "whose geometry is no line"),
    ],
)
def test_a_graph_off_the_earth_names_node_or_edge(node, edge, sentence):
    """Places and lengths of a graph are looked at before anything is made of them."""
    graph = networkx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, **{"x": 12.1, "y": 55.4, **node})
    graph.add_node(2, x=12.2, y=55.4)
    graph.add_edge(1, 2, **{"highway": "primary", "osmid": 3, "length": 6400.0, **edge})
    with pytest.raises(RoadDataError, match=re.escape(sentence)):
        from_osmnx(graph)


def test_a_coordinate_system_that_is_none_is_named():
    """What PROJ does not know is said, and not thrown."""
    graph = networkx.MultiDiGraph(crs="epsg:999999")
    graph.add_node(1, x=12.1, y=55.4)
    graph.add_node(2, x=12.2, y=55.4)
    graph.add_edge(1, 2, highway="primary", length=6400.0)
    with pytest.raises(RoadDataError, match="coordinate system epsg:999999 is not known"):
        from_osmnx(graph)
