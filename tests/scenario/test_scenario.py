"""Reading scenarios: every mistake at once, with its place, and what was probably meant."""

from __future__ import annotations

import re
import textwrap
import time
import zipfile
import pytest
from worlds import PIT_AND_PROJECT, make_scenario, refusal
from raastof_geo.errors import ScenarioError
from raastof_geo.language import speaking
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.reading.tree import parse_tree
from raastof_geo.scenario.said.entry import Role

SITE = "lon: 12.10, lat: 55.45"


pytestmark = pytest.mark.usefixtures("english")


def with_road(place: str) -> str:
    """The small world with its project elsewhere."""
    assert SITE in PIT_AND_PROJECT
    return PIT_AND_PROJECT.replace(SITE, place)


MISTAKES = """\
title: Many mistakes
language: en
periods: [2027, 2028]
vehicels: [tipper_4_axle]
sites:
  harbour:
    lon: 55.45
    lat: 12.10
    needs:
      - {use: basecourse, amount: 100 t}
      - {use: fill, amount: 100}
  School:
    lon: 12.2
    lat: 55.5
    offers:
      - material: crushed_concret
        amount: 12.000 t
      - {material: crushed_brick, amount: 5 t, from: 2028, to: 2027}
  pit:
    lon: 12.2
    pit: {supplies: [fill_sand], capacity: 5 t}
targets: {secondary_share: {at_least: 20}}
"""


def test_all_mistakes_are_reported_at_once():
    """Every mistake at once, each with file:line:column and what was probably meant."""
    lines = refusal(MISTAKES).splitlines()
    expected = [
        ("world.yaml:4:1: ", "vehicels", "did you mean `vehicles`?"),
        ("world.yaml:8:", "sites.harbour.lat", "lon and lat look swapped"),
        ("world.yaml:10:15: ", "needs[0].use", "did you mean `base_course`?"),
        ("world.yaml:11:29: ", "needs[1].amount", "of what?"),
        ("world.yaml:12:3: ", "School", "cannot be an id"),
        ("world.yaml:16:19: ", "material", "did you mean `crushed_concrete` (Crushed conc"),
        ("world.yaml:17:17: ", "amount", "can be read as `12 000` or as `12.0`"),
        ("world.yaml:18:64: ", "offers[1].to", "`from: 2028` comes after `to: 2027`"),
        ("world.yaml:21:34: ", "capacity", "is not a key here"),
        ("world.yaml:22:39: ", "at_least", "write `20 %`"),
    ]
    for place, where, what in expected:
        assert any(line.startswith(place) and where in line and what in line for line in lines), (
            f"{place} {where} {what}\n" + "\n".join(lines)
        )
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert places == sorted(places)


def test_mistakes_are_reported_in_danish_as_well():
    """The same findings in the same places, in the reader's language."""
    english = refusal(MISTAKES).splitlines()
    with speaking("da"):
        danish = refusal(MISTAKES).splitlines()
    assert [line.split(" ")[0] for line in danish] == [line.split(" ")[0] for line in english]


def test_yaml_1_2_holds():
    """`NO` is a text, `1e3` a number, `12:30:00` a text, dates stay text."""
    tree = parse_tree(
        textwrap.dedent("""\
            country: NO
            yes_or: yes
            really: true
            number: 1e3
            clock: 12:30:00
            day: 2027-05-31
            padded: 0123
            hex: 0x1F
            nothing: ~
            quoted: "1e3"
            grouped: 12_000
            """),
        file="a.yaml",
    )
    assert tree.values == {
        "country": "NO",
        "yes_or": "yes",
        "really": True,
        "number": 1000.0,
        "clock": "12:30:00",
        "day": "2027-05-31",
        "padded": "0123",
        "hex": 31,
        "nothing": None,
        "quoted": "1e3",
        "grouped": "12_000",
    }
    assert not tree.findings


def test_two_equal_keys_are_refused():
    """Two equal keys are refused, and the first of them is named."""
    assert "world.yaml:2:1: `title` stands here twice, first in line 1" in refusal(
        "title: One\ntitle: Two\n"
    )


def test_dates_in_periods():
    """A period of one's own has days."""
    text = PIT_AND_PROJECT.replace(
        "[2027, 2028]", "[{id: phase-1, start: 2027-01-01, end: 2027-06-30}, 2027-Q3, 2028-02]"
    )
    periods = make_scenario(text).periods
    assert [str(period.end) for period in periods.values()] == [
        "2027-06-30",
        "2027-09-30",
        "2028-02-29",
    ]
    assert list(periods) == ["phase-1", "2027-q3", "2028-02"]


@pytest.mark.parametrize(
    ("periods", "message"),
    [
        ("[2028, 2027]", "starts before"),
        ("[2027, 2027-Q1]", "starts before"),
        ("[soon]", "`soon` is not a period"),
        ("[2027-13]", "is not a period"),
        ("[]", "at least one entry"),
        ("2027", "must be a list"),
        ("[{id: a, start: 2027-02-01, end: 2027-01-01}]", "ends before it starts"),
    ],
)
def test_periods_that_make_no_sense(periods, message):
    """Periods are in order, without overlap."""
    text = PIT_AND_PROJECT.replace("periods: [2027, 2028]", f"periods: {periods}")
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("lon: 55.45, lat: 12.10", "lon and lat look swapped"),
        ("lon: 695000, lat: 6150000", "looks like EPSG:25832"),
        ("lon: 2.35, lat: 48.86", "do not lie in the region of the roads"),
        ("crs: EPSG:25832, easting: 12.1, northing: 55.45", "look like degrees"),
        ("crs: EPSG:25832, easting: 6150000, northing: 695000", "look swapped"),
        ("crs: EPSG:25832, easting: 320000, northing: 6150000", "looks like EPSG:25833"),
        ("crs: EPSG:25833, easting: 695000, northing: 6150000", "looks like EPSG:25832"),
        ("easting: 695000, northing: 6150000", "need `crs:`, such as `crs: EPSG:25832`"),
        ("crs: EPSG:25832, lon: 12.1, lat: 55.45", "easting and northing, not lon and lat"),
        ("lon: 12.1", "needs `lon` and `lat`"),
        ("crs: WGS85, lon: 12.1, lat: 55.45", "EPSG:25832"),
        ("crs: EPSG:1, easting: 12.1, northing: 55.45", "no coordinate system that is known"),
        ("crs: EPSG:31467, easting: 695000, northing: 6150000", "looks like EPSG:25832"),
        ("lon: .nan, lat: 55.45", "must be a finite number"),
        ("lon: east, lat: 55.45", "must be a number"),
    ],
)
def test_coordinates_that_look_wrong(place, message):
    """Swapped, projected and foreign coordinates are told apart."""
    found = refusal(with_road(place))
    assert message in found
    assert found.startswith("world.yaml:8:")


@pytest.mark.parametrize(
    "roads",
    [
        "targets: {passages: [{at: [55.45, 12.10], at_most_per_period: 10}]}",
        "network: {changes: [{at: [55.45, 12.10], closed: true}]}",
    ],
)
def test_a_road_at_a_swapped_place_is_refused_where_it_stands(roads):
    """Whatever names a road by its place is checked on reading."""
    found = refusal(f"{PIT_AND_PROJECT}{roads}\n")
    assert "lon and lat look swapped" in found
    assert re.match(r"world\.yaml:\d+:\d+: .*\.at", found)


def test_projected_coordinates_are_understood():
    """EPSG:25832 and EPSG:25833 give the same place."""
    from raastof_geo.region.projection import project

    [[east, north]] = project(12.10, 55.45)
    text = with_road(f"crs: EPSG:25832, easting: {east}, northing: {north}")
    assert make_scenario(text).sites["road"].lon_lat == pytest.approx((12.10, 55.45), abs=1e-7)


def test_a_bare_number_is_refused():
    """Tonnes, cubic metres and loads differ: a number needs its unit."""
    found = refusal(PIT_AND_PROJECT.replace("amount: 1000 t", "amount: 1000"))
    assert "sites.road.needs[0].amount" in found
    assert "of what?" in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title:", "titel:", "did you mean `title`?"),
        ("needs:", "need:", "did you mean `needs`?"),
        ("amount: 1000 t", "amuont: 1000 t", "did you mean `amount`?"),
        ("amount: 1000 t", "amount: 1000 t, form: 2027", "did you mean `from`?"),
        ("capacity_total", "capacity_totl", "did you mean `capacity_total`?"),
        ("tipper_4_axle", "tipper_4_axel", "did you mean `tipper_4_axle` (4-axle tipper)?"),
        ("language: en", "language: english", "must be one of `da`, `en`"),
        ("amount: 1000 t", "amount: 1000 t, amount_per_period: 5 t", "not both"),
        ("needs: [{use: fill, amount: 1000 t}]", "note: none", "at least one of"),
    ],
)
def test_unknown_keys_and_words(old, new, message):
    """No key that is not known; the nearest one is offered."""
    assert message in refusal(PIT_AND_PROJECT.replace(old, new))


def test_alias_bombs_are_refused_quickly(monkeypatch):
    """A file that refers to itself too often is refused before it fills the memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    monkeypatch.setattr("raastof_geo.scenario.reading.nodes.MOST_VALUES", 50_000)
    begun = time.monotonic()
    assert "refers to itself too often" in refusal("\n".join(lines))
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}"])
def test_a_file_inside_itself_is_refused(text):
    """A value cannot contain itself."""
    assert "refers to itself" in refusal(text)


def test_deep_nesting_is_refused():
    """Brackets without end are a mistake, not a crash."""
    for depth in (60, 300):
        with pytest.raises(ScenarioError):
            make_scenario("a: " + "[" * depth + "]" * depth)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"title: K\xf8ge\n", r"a\.yaml:1:9: the file must be UTF-8"),
        (b"title: a\nnote: \xff\n", r"a\.yaml:2:7: the file must be UTF-8"),
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"- a\n- b\n", "a scenario is a list of `key: value`"),
        (b"just words\n", "a scenario is a list of `key: value`"),
        (b"title: [a\n", r"a\.yaml:1:8: the bracket `\[` that opens here is not closed"),
        (b"title: a\n  b: c\n", r"a\.yaml:2:3: this line is indented deeper"),
        (b"title: a\x00b\n", r"a\.yaml:1:9: a character that no text may hold .* U\+0000"),
        (b"title: !!python/object:os.system x\n", "is missing"),
        (b"{}\n", "title is missing"),
    ],
)
def test_files_that_are_not_scenarios(tmp_path, content, message):
    """Not UTF-8, empty, not YAML, not a mapping: each is said with its place."""
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError, match=message):
        read_scenario(file)


def test_a_folder_and_a_missing_file(tmp_path):
    """A folder instead of a file, and no file at all."""
    with pytest.raises(ScenarioError, match="is a folder: name a scenario file in it"):
        read_scenario(tmp_path)
    with pytest.raises(ScenarioError, match="does not exist"):
        read_scenario(tmp_path / "none.yaml")


def test_a_byte_order_mark_does_not_hurt(tmp_path):
    """Windows editors put a mark before the text."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + PIT_AND_PROJECT.encode().replace(b"\n", b"\r\n"))
    assert read_scenario(file).said.title == "A small world"


def test_a_network_outside_the_folder_is_refused(tmp_path):
    """A stranger's scenario cannot make us read files elsewhere, links included."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "roads.npz").write_bytes(b"x")
    file = home / "a.yaml"
    for name in ("../roads.npz", (tmp_path / "roads.npz").as_posix()):
        file.write_text(PIT_AND_PROJECT + f"network: {{file: '{name}'}}\n", encoding="utf-8")
        with pytest.raises(ScenarioError, match=r"a\.yaml:\d+:\d+: network\.file: it leads out"):
            read_scenario(file)
        assert read_scenario(file, anywhere=True).said.network.file.is_file()
    (home / "link.npz").symlink_to(tmp_path / "roads.npz")
    file.write_text(PIT_AND_PROJECT + "network: {file: link.npz}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="leads out of the scenario's folder"):
        read_scenario(file)
    file.write_text(PIT_AND_PROJECT + "network: {file: none.npz}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"`none\.npz` does not exist"):
        read_scenario(file)


PAGE = "<w:document><w:body><w:p/><w:sectPr><w:pgSz/></w:sectPr></w:body></w:document>"


def test_a_template_is_looked_at_before_anything_is_solved(tmp_path):
    """It lies beside the scenario, is a Word document, and has neither macros nor a huge inside."""
    home = tmp_path / "home"
    home.mkdir()
    file = home / "a.yaml"

    def pack(name, kind="document", **more):
        """Write what begins as a Word file does."""
        main = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}.main+xml"
        parts = {"[Content_Types].xml": main, "_rels/.rels": "", "word/document.xml": PAGE}
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as package:
            for part, text in (parts | {"word/styles.xml": ""} | more).items():
                package.writestr(part, text)

    def read(name, **options):
        file.write_text(PIT_AND_PROJECT + f"report: {{template: '{name}'}}\n", encoding="utf-8")
        return read_scenario(file, **options)

    pack(home / "good.docx")
    pack(tmp_path / "away.docx")
    pack(home / "bare.docx", **{"word/document.xml": "<w:document><w:body/></w:document>"})
    pack(home / "macros.docx", kind="document.macroEnabled")
    pack(home / "huge.docx", **{"word/media/a.bin": "0" * 20_000_001})
    (home / "old.docx").write_bytes(b"\xd0\xcf\x11\xe0" * 100)
    pack(home / "half.docx")
    (home / "half.docx").write_bytes((home / "half.docx").read_bytes()[:-40])
    assert read("good.docx").said.report.template.name == "good.docx"
    place = r"a\.yaml:\d+:\d+: report\.template: it"
    for name, refused in {
        "../away.docx": f"{place} leads out",
        "none.docx": "`none.docx` does not exist",
        "macros.docx": "no macros",
        "huge.docx": "larger than 20 MB",
        "old.docx": "no Word document",
        "half.docx": "no Word document",
        "bare.docx": "`bare.docx` says no page size: open it in Word and save it again",
    }.items():
        with pytest.raises(ScenarioError, match=refused):
            read(name)
    assert read("../away.docx", anywhere=True).said.report.template is not None


def test_the_head_of_a_report_is_read_and_checked():
    """Who, for whom, when and which; a wrong key or day is refused with its place."""
    said = make_scenario(
        PIT_AND_PROJECT + "report: {author: A, client: B, date: 2026-11-27, version: '1.0'}\n"
    ).said.report
    assert (said.author, said.client, said.version) == ("A", "B", "1.0")
    assert said.date.isoformat() == "2026-11-27"
    assert said.model_dump(mode="json")["date"] == "2026-11-27"
    for wrong, sentence in (
        ("{forfatter: A}", "did you mean `author`"),
        ("{date: 2026-13-01}", "date"),
        (f"{{author: {'x' * 10_001}}}", "author"),
    ):
        assert sentence in refusal(PIT_AND_PROJECT + f"report: {wrong}\n")


def test_a_catalogue_figure_can_be_replaced_with_its_source():
    """A scenario may replace any part of the catalogue; the figure carries its source."""
    own = """\
        catalogue:
          vehicles:
            tipper_4_axle:
              payload_t: {value: 17, unit: t, source: Weighbridge 2027, verified: true}
        """
    scenario = make_scenario(PIT_AND_PROJECT + textwrap.dedent(own))
    payload = scenario.catalogue.vehicles["tipper_4_axle"].payload_t
    assert (payload.value, payload.source) == (17, "Weighbridge 2027")
    assert scenario.catalogue.vehicles["tipper_4_axle"].body_m3.value == 14


def test_a_bare_figure_is_the_scenarios_own():
    """A bare number in a catalogue entry has the scenario as its source."""
    own = "catalogue: {vehicles: {tipper_4_axle: {payload_t: 17}}}\n"
    payload = make_scenario(PIT_AND_PROJECT + own).catalogue.vehicles["tipper_4_axle"].payload_t
    assert (payload.value, payload.source) == (17, "scenario")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("{vehicles: {tipper_4_axle: {payload_t: {value: 17}}}}", "payload_t.source is missing"),
        ("{vehicles: {tipper_4_axle: {payload_t: -1}}}", "must be above 0"),
        ("{vehicles: {tipper_4_axle: {payload_t: heavy}}}", "payload_t"),
        ("{vehicles: {tipper_4_axle: {paylod_t: 17}}}", "did you mean `payload_t`?"),
        ("{vehicles: {tipper_4_axle: {fuel: disel}}}", "did you mean `diesel`?"),
        ("{uses: {dam: {name: {en: Dam}, reference_material: mud}}}", "`mud` is not a material"),
        ("{fits: {fill_sand: {fill: {verdict: conditional}}}}", "`condition` belongs"),
        ("[1]", "must be a mapping"),
        ("{materials: 5}", "catalogue.materials must be a mapping"),
    ],
)
def test_mistakes_in_a_catalogue_entry_have_their_place(own, message):
    """The scenario's own entries are checked like everything else."""
    found = refusal(PIT_AND_PROJECT + f"catalogue: {own}\n")
    last = PIT_AND_PROJECT.count("\n") + 1
    assert message in found
    assert f"world.yaml:{last}:" in found


def test_a_new_material_can_be_added():
    """A scenario may add materials and fits of its own."""
    own = """\
        catalogue:
          materials:
            chalk:
              {name: {en: Chalk}, origin: secondary, density_loose: 1.2, density_compacted: 1.9}
          fits: {chalk: {fill: {verdict: allowed}}}
        """
    text = PIT_AND_PROJECT.replace("material: clean_clay_soil", "material: chalk")
    text = text.replace("accepts: [clean_clay_soil]", "accepts: [chalk]")
    scenario = make_scenario(text + textwrap.dedent(own))
    assert scenario.offers[0].material == "chalk"
    assert scenario.needs[0].ratios["chalk"] == pytest.approx(1.0)


def test_a_baseline_names_sites_with_that_role():
    """The pits of a baseline are pits."""
    assert "baseline.pits: `tip` has no `pit:`" in refusal(
        PIT_AND_PROJECT + "baseline: {pits: [tip]}\n"
    )
    assert "did you mean `pit`?" in refusal(PIT_AND_PROJECT + "baseline: {pits: [pitt]}\n")


def test_windows_and_amounts_per_period():
    """An amount is due once in its window, or again in each period of it."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount_per_period: 300 t")
    offers = make_scenario(text).offers
    assert [(offer.tonnes, offer.periods) for offer in offers] == [
        (300, ("2027",)),
        (300, ("2028",)),
    ]
    assert len({offer.id for offer in offers}) == 2


@pytest.mark.parametrize("written", ["1e3", "2.50", "0x1F", "+5", "0123", "7"])
def test_a_number_where_a_text_is_wanted_stays_as_written(written):
    """`description: 1e3` is not told as `1000.0`."""
    tree = parse_tree(f"title: {written}\n", file="a.yaml")
    assert str(tree.values["title"]) == written
    said = make_scenario(PIT_AND_PROJECT + f"description: {written}\n").said
    assert said.description == written


def test_a_role_knows_who_may_give_to_it():
    """Nobody digs in order to dump, or moves from heap to heap; a role is the text of its name."""
    assert Role.PIT not in Role.RECEIVER.takes_from
    assert Role.DEPOT not in Role.DEPOT.takes_from
    assert [role for role in Role if role.converts()] == ["plant", "depot", "stockpile"]
    assert [role for role in Role if not role.gives()] == ["need", "receiver"]
    assert [role for role in Role if not role.takes()] == ["offer", "pit"]
