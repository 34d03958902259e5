"""Files of roads that are broken: a sentence that names file, place and what is wrong."""

import bz2
import gzip
import itertools
import re
import subprocess
import sys
from pathlib import Path
import osmium
import pytest
from places import CASES
from raastof_geo.errors import OutputError, RoadDataError
from raastof_geo.roads.load import load_network
from raastof_geo.roads.mapped.osm import open_writer, read_osm
from raastof_geo.roads.store import read_network, write_network

LAT_91 = CASES / "roads" / "node_at_lat_91.osm"
TOWN = LAT_91.read_text(encoding="utf-8").replace("lat='91'", "lat='55.45'")
NODE = "<node id='2' lat='55.45' lon='12.115' version='1'/>"
RESTRICTS = (
    "<tag k='type' v='restriction'/><tag k='restriction' v='no_left_turn'/></relation></osm>"
)


pytestmark = pytest.mark.usefixtures("english")


def write(folder: Path, text: str | bytes, name: str = "town.osm") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python as a process of its own."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def complain(file: Path, sentence: str) -> None:
    """The file is refused with this sentence, which names the file."""
    with pytest.raises(RoadDataError, match=re.escape(sentence)) as caught:
        read_osm(file)
    assert file.name in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_node_beyond_the_pole_ends_no_process(tmp_path):
    """Latitude 91 is refused with a sentence, exit 2; osmium would end the process (134)."""
    build = ("-m", "raastof_geo.cli", "network", "build", LAT_91)
    done = run(*build, "--into", tmp_path, "--lang", "en")
    assert done.returncode == 2, done.stderr
    told = " ".join(done.stderr.split())
    assert 'node 1 has lat="91"; lat goes from -90 to 90' in told
    assert "Traceback" not in told
    assert "terminate" not in told


@pytest.mark.parametrize(
    ("places", "label", "value"),
    [
        ("lat='91' lon='12.1'", "lat", "91"),
        ("lat='-90.0000001' lon='12.1'", "lat", "-90.0000001"),
        ("lat='55.4' lon='190'", "lon", "190"),
        ("lat='55.4' lon='1e9'", "lon", "1e9"),
        ("lat='nan' lon='12.1'", "lat", "nan"),
        ("lat='inf' lon='12.1'", "lat", "inf"),
        ("lat='55.4.5' lon='12.1'", "lat", "55.4.5"),
        ("lat='55,45' lon='12,1'", "lat", "55,45"),
        ("lat='' lon='12.1'", "lat", ""),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_a_place_that_is_none_is_named(tmp_path, places, label, value, pack):
    """Latitude or longitude off the Earth, or no number: node, value and line are named."""
    text = TOWN.replace(NODE, f"<node id='2' {places}/>")
    ending = {gzip.compress: ".gz", bz2.compress: ".bz2"}.get(pack, "")
    file = write(tmp_path, pack(text.encode()), f"town.osm{ending}")
    complain(file, f'town.osm{ending}:4:1: node 2 has {label}="{value}"')


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("id='2'", "id=''", 'a node has the id ""'),
        ("id='2'", "id='2b'", 'a node has the id "2b"'),
        ("id='2'", "id='99999999999999999999'", 'a node has the id "99999999999999999999"'),
        ("<nd ref='2'/>", "<nd ref='x'/>", 'way 100 names "x" as a member'),
        ("id='100'", "id='1.5'", 'a way has the id "1.5"'),
        ("v='80'", f"v='{'x' * 1025}'", "way 100 has a tag of 1,025 bytes"),
        ("version='0.6'", "version='0.5'", 'version 0.6; this file says "0.5"'),
        ("v='80'", "v='\x00'", "the XML is broken here"),
        ("v='80'/>", "v='80'>", "the XML is broken here"),
    ],
)
def test_a_broken_element_is_named(tmp_path, old, new, sentence):
    """Ids, members, tags and signs that cannot be: the object, or else line and column."""
    assert old in TOWN
    complain(write(tmp_path, TOWN.replace(old, new, 1)), sentence)


def test_a_member_without_a_number_is_named(tmp_path):
    """A turn restriction names ways by whole numbers."""
    text = TOWN.replace(
        "</osm>", f"<relation id='7'><member type='way' ref='x' role='from'/>{RESTRICTS}"
    )
    complain(write(tmp_path, text), 'relation 7 names "x" as a member')


def test_a_relation_that_holds_itself_is_read(tmp_path):
    """Relations that name each other lead nowhere, and nothing follows them."""
    text = TOWN.replace(
        "</osm>", f"<relation id='7'><member type='relation' ref='7' role='from'/>{RESTRICTS}"
    )
    assert len(read_osm(write(tmp_path, text)).turns) == 0


def test_a_file_cut_short_says_where_it_ends(tmp_path):
    """In XML the element that is open is named; a packed file that ends early says so."""
    complain(write(tmp_path, TOWN[:-8]), "the file ends here in the middle of `<way>` 109")
    for pack, name in ((gzip.compress, "a.osm.gz"), (bz2.compress, "a.osm.bz2")):
        file = write(tmp_path, pack(TOWN.encode())[:-40], name)
        complain(file, "is packed, and damaged or cut short")


def test_entities_are_refused_and_never_expanded(tmp_path):
    """Ten entities of ten each, seven deep, would be ten million letters."""
    names = "abcdefgh"
    bomb = f'<!ENTITY a "{"x" * 10}">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise(names)
    )
    text = f'<?xml version="1.0"?><!DOCTYPE osm [{bomb}]><osm version="0.6">&h;</osm>'
    complain(write(tmp_path, text), "XML entities are declared here")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.osm", "<html><body>504</body></html>", "this one with `<html>`"),
        ("a.osm", '{"version": 0.6, "elements": []}', "it holds JSON"),
        ("a.osm.pbf", TOWN, "Let the name end in .osm."),
        ("a.json", "{}", "it holds JSON"),
        ("a.geojson", "{}", "it holds shapes without the tags and junctions"),
        ("a.osc", TOWN, "holds only what was edited"),
        ("a.osc.gz", gzip.compress(TOWN.encode()), "holds only what was edited"),
        ("a.osm.zip", "PK", "it is packed as ZIP"),
        ("a.yaml", "{}", "that is a scenario or an area"),
    ],
)
def test_what_is_something_else_is_called_by_its_name(tmp_path, name, content, sentence):
    """A file of another kind is told as what it is, to those who load and those who build."""
    file = write(tmp_path, content, name)
    for read in (read_osm, load_network):
        with pytest.raises(RoadDataError, match=re.escape(sentence)):
            read(file)


def test_pbf_named_osm_says_which_ending_is_right(tmp_path):
    """Binary data under a name of XML: the name is wrong, not the file."""
    file = tmp_path / "town.osm.pbf"
    with open_writer(str(file)) as writer:
        osmium.apply(osmium.io.Reader(str(write(tmp_path, TOWN))), writer)
    assert len(read_osm(file).way) > 0
    wrong = file.rename(tmp_path / "pbf.osm")
    complain(wrong, "Let the name end in .osm.pbf.")


def test_osm_xml_is_a_file_of_openstreetmap(tmp_path):
    """`roads.osm.xml` is read by its content, as `roads.osm` is."""
    one = load_network(write(tmp_path, TOWN, "town.osm.xml"))
    assert one.digest != ""
    assert one.edge_count == load_network(write(tmp_path, TOWN, "town.osm")).edge_count


def test_a_place_off_the_earth_in_pbf_names_the_node(tmp_path):
    """PBF can hold latitude 91 too, in a number of five bytes."""
    file = tmp_path / "town.osm.pbf"
    text = TOWN.replace(NODE, "<node id='2' lat='89' lon='12.115'/>")
    form = osmium.io.File(str(file), "pbf,pbf_compression=none,pbf_dense_nodes=false")
    with open_writer(form) as writer:
        osmium.apply(osmium.io.Reader(str(write(tmp_path, text))), writer)
    data = file.read_bytes()
    assert data.count(as_varint(89)) == 1
    file.write_bytes(data.replace(as_varint(89), as_varint(91)))
    complain(file, "node 2 lies at longitude 12.115, latitude 91, which is not on the Earth")


def as_varint(degrees: int) -> bytes:
    """Give degrees as PBF does: steps of 1e-7, twice as large, seven bits a byte."""
    left, found = 2 * degrees * 10_000_000, []
    while left:
        found.append(left & 127 | (128 if left > 127 else 0))
        left >>= 7
    return bytes(found)


def test_nodes_that_would_be_mixed_up_are_refused(tmp_path):
    """Larger ids than 2^53 could be taken for each other."""
    number = "9007199254740993"
    text = TOWN.replace("id='2'", f"id='{number}'").replace("ref='2'", f"ref='{number}'")
    complain(write(tmp_path, text), "more than 9,007,199,254,740,991")


def test_what_does_no_harm_is_read(tmp_path):
    """A node twice, a way of one node, unknown members and much text change nothing."""
    plain = load_network(write(tmp_path, TOWN))
    for place, (old, new) in enumerate(
        [
            (NODE, NODE + NODE),
            ("</osm>", "<way id='9'><nd ref='1'/><tag k='highway' v='primary'/></way></osm>"),
            ("</osm>", "<way id='9'><nd ref='77'/><tag k='highway' v='primary'/></way></osm>"),
            ("</osm>", f"{'x' * 100_000}</osm>"),
        ]
    ):
        network = load_network(write(tmp_path, TOWN.replace(old, new), f"{place}.osm"))
        assert network.edge_count == plain.edge_count
        assert network.length_m.sum() == pytest.approx(plain.length_m.sum())


def test_a_way_of_100_000_nodes_is_read(tmp_path):
    """No way is too long: it has an edge between each two of its nodes."""
    long = "<way id='9'>" + "<nd ref='1'/><nd ref='2'/>" * 50_000
    text = TOWN.replace("</osm>", f"{long}<tag k='highway' v='primary'/></way></osm>")
    plain = load_network(write(tmp_path, TOWN))
    assert load_network(write(tmp_path, text, "b.osm")).edge_count == plain.edge_count + 99_999


def test_half_letters_in_names_are_replaced(tmp_path):
    """A surrogate, which no text may hold, becomes a mark; the network can be stored."""
    text = TOWN.replace("</osm>", "<way id='9'><nd ref='1'/><nd ref='2'/>")
    named = f"{text}<tag k='highway' v='primary'/><tag k='name' v='Vej'/></way></osm>"
    file = tmp_path / "town.osm.pbf"
    form = osmium.io.File(str(file), "pbf,pbf_compression=none")
    with open_writer(form) as writer:
        osmium.apply(osmium.io.Reader(str(write(tmp_path, named))), writer)
    data = file.read_bytes()
    assert data.count(b"Vej") == 1
    file.write_bytes(data.replace(b"Vej", b"\xed\xa0\x80"))
    network = load_network(file)
    assert "\ufffd" in {road.name for road in network.roads}
    assert read_network(write_network(network, tmp_path / "a.npz")).digest == network.digest


def test_text_that_is_not_utf8_is_refused(tmp_path):
    """Bytes that are no letters are damage, not a wrong name of the file."""
    file = tmp_path / "town.osm.pbf"
    form = osmium.io.File(str(file), "pbf,pbf_compression=none")
    with open_writer(form) as writer:
        osmium.apply(osmium.io.Reader(str(write(tmp_path, TOWN))), writer)
    file.write_bytes(file.read_bytes().replace(b"secondary", b"\xff\xfe\xfdondary"))
    complain(file, "it is damaged, cut short or something else")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_writer_that_fails_raises_and_ends_no_process(tmp_path):
    """A full disk is an error like any other; osmium's own destructor would end the process."""
    code = (
        "import osmium, sys; from raastof_geo.roads.mapped.osm import open_writer\n"
        "try:\n"
        "    with open_writer(osmium.io.File('/dev/full', 'opl'), overwrite=True) as writer:\n"
        "        osmium.apply(osmium.io.Reader(sys.argv[1]), writer)\n"
        "except RuntimeError as error: print('raised', error)\n"
    )
    done = run("-c", code, write(tmp_path, TOWN))
    assert done.returncode == 0, done.stderr
    assert "raised" in done.stdout


def test_a_full_folder_for_temporary_files_is_no_fault_of_the_roads(tmp_path, monkeypatch):
    """Where the lines cannot be written, the folder is blamed, exit 4."""

    def fail(*_, **__):
        raise RuntimeError("Can not write to writer when in status 'closed' or 'error'")

    monkeypatch.setattr("raastof_geo.roads.mapped.osm._write_lines", fail)
    with pytest.raises(OutputError, match="folder for temporary files"):
        read_osm(write(tmp_path, TOWN))
