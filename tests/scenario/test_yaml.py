"""Scenario files as YAML: any bytes are read or refused, and every slip has its sentence."""

from __future__ import annotations

from pathlib import Path
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import CASES
from worlds import PIT_AND_PROJECT, refusal
from raastof_geo.errors import RaastofError, ScenarioError
from raastof_geo.scenario import read_scenario
from raastof_geo.scenario.reading.nodes import MOST_LEVELS, MOST_VALUES, read_plain
from raastof_geo.scenario.reading.tree import LARGEST_FILE_BYTES, parse_tree

REFUSED = CASES / "scenarios"


pytestmark = pytest.mark.usefixtures("english")


def slips(text: str) -> list[str]:
    """What is told of the form of a text, however it ends."""
    try:
        return [str(finding) for finding in parse_tree(text, file="a.yaml").findings]
    except ScenarioError as error:
        return [str(finding) for finding in error.findings]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("merge_bomb", r":11:3: catalogue\.x0 is not a key here"),
        ("surrogate", r":8:76: a character that no text may hold stands here, U\+D800"),
        ("int_5000_digits", r":10:22: co2_price_dkk_per_t must be a finite number"),
        ("yaml_1_1_directive", r":1:1: a line that begins with `%` .* always YAML 1\.2"),
        ("amount_1e308", r":8:76: .*amount: an amount must be at most 1,000,000,000 t"),
        ("infinite_amount", r":7:59: .*amount: an amount must be at most 1,000,000,000 t"),
        ("negative_fuel_factor", r":10:52: .*kg_co2e_wtw_per_unit: must be at least 0, got -5"),
    ],
)
def test_files_that_once_crashed_or_were_believed(file, message):
    """No traceback and no false answer: each is refused with its place."""
    with pytest.raises(ScenarioError, match=message):
        read_scenario(REFUSED / f"{file}.yaml")


def test_only_what_was_said_is_said_of_half_a_character():
    """A text that cannot be written anywhere is told once, and nothing follows from it."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(REFUSED / "surrogate.yaml")
    assert len(caught.value.findings) == 1


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("title: a\nsites:\n\tx: 1\n", "3:1", "a tab stands here: write spaces instead"),
        ("sites:\n  x:\n  \tname: a\n", "3:3", "a tab stands here"),
        ("title: a\nlanguage:da\nb: 1\n", "2:1", "after the colon: write `language: da`"),
        ("a:\n  - use:fill\n    b: 5 t\n", "2:5", "after the colon: write `use: fill`"),
        ("a:\n  - use:fill\n", "2:5", "after the colon: write `use: fill`"),
        ("title:foo\nlanguage:da\n", "1:1", "after the colon: write `title: foo`"),
        ("a:\n  pit:{supplies: [x]}\n", "2:3", "write `pit: {supplies: [x]}`"),
        ("a: {amount:6 000 t}\n", "1:5", "after the colon: write `amount: 6 000 t`"),
        ("name: Sorø: x\nlon: 3\n", "1:7", 'needs quotes: write `name: "Sorø: x"`'),
        ("a: {name: Sorø: x, lon: 3}\n", "1:11", 'needs quotes: write `"Sorø: x"`'),
        ("a: {use: fill amount: 5 t}\n", "1:15", "a comma is missing before `amount:`"),
        ('a: {use: "x" amount: 5 t}\n', "1:14", "a comma is missing here"),
        ("a: [1,,2]\n", "1:7", "a value is missing before `,`"),
        ("title: a\n  b: c\n", "2:3", "this line is indented deeper than the one above"),
        ("a:\n    b: 1\n  c: 2\n", "3:3", "begins in column 3, the one above in column 5"),
        ("a:\n  - b: 1\n   c: 2\n", "3:4", "begins in column 4, the one above in column 5"),
        ("a:\n  - b\n - c\n", "3:2", "begins in column 2, the one above in column 3"),
        ("a:\n  - b: 3\n    - c: 2\n", "3:5", "begins in column 5, the one above in column 3"),
        ("a:\n  - b\n    - c\n", "2:5", "the dashes of a list must stand below each other"),
        ('title: "abc\nb: c\n', "1:8", 'the quote " that opens here is never closed'),
        ("title: 'Møn's klint'\n", "1:13", "the quoted text ends here, and more follows"),
        ("a: [1, 2\nb: 3\n", "1:4", "the bracket `[` that opens here is not closed: add `]`"),
        ("a:\n  - {b: 1\n  - {c: 2}\n", "2:5", "the bracket `{` that opens here is not closed"),
        ("a: {b: 1}}\n", "1:10", "`}` closes or parts nothing here"),
        ("a: {b: 1} c\n", "1:11", "nothing may follow the bracket"),
        ("a:\n  -foo\n", "2:3", "after the dash: write `- foo`"),
        ("a:\n  -{use: x}\n", "2:3", "after the dash: write `- {use:`"),
        ("a:\n  -use: x\n   b: 3\n", "2:3", "after the dash: write `- use: x`"),
        ("needs: - {use: x}\n", "1:8", "on a line of its own below `needs:`"),
        ("name: @home\n", "1:7", 'begins with `@` needs quotes: write `"@home"`'),
        ("name: `x`\n", "1:7", "begins with '`' needs quotes"),
        ("name: %x\n", "1:7", "begins with `%` needs quotes"),
        ("name: * x\n", "1:7", "begins with `*` needs quotes"),
        ("name: *x\n", "1:7", "begins with `*` needs quotes"),
        ("name: & y\n", "1:7", "begins with `&` needs quotes"),
        ("name: &x y\n", "1:7", "begins with `&` needs quotes"),
        ("name: !x y\n", "1:7", "begins with `!` needs quotes"),
        ("name: >5 t\n", "1:7", "begins with `>` needs quotes"),
        ("name: ? x\n", "1:7", "begins with `?` needs quotes"),
        ("a: {name: @home, b: 3}\n", "1:11", 'write `"@home"`'),
        ("title: a\nlanguage\nb: 1\n", "2:1", "a colon is missing in `language`"),
        ('a: "C:\\Data"\n', "1:7", "a backslash between double quotes"),
        ("a: 1\n%b\nc: 2\n", "2:1", "a line that begins with `%`"),
        ("%TAG ! x:\n---\na: 1\n", "1:1", "a line that begins with `%`"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document begins here"),
        ("a: &a [*a]\n", "1:8", "a value refers to itself"),
        ("a: &a {<<: *a}\n", "1:12", "a value refers to itself"),
        ("x: 3\na: {<<: x}\n", "2:9", "`<<` needs a mapping"),
        ("? [a]\n: 1\nb: 2\n", "1:3", "a key must be a single word or number"),
        ("a: !!int 5\n", "1:4", "`!!int` is a tag that a scenario does not know"),
        ("a: !!python/object:os.system x\n", "1:4", "a tag that a scenario does not know"),
        ("a: !!set {b}\n", "1:4", "`!!set` is a tag that a scenario does not know"),
        ("a: 1\nb: \ufeffx\n", "2:4", "no text may hold stands here, U+FEFF"),
        ("a: \ud800\n", "1:4", "no text may hold stands here, U+D800"),
        ('a: "\\0"\n', "1:4", "no text may hold stands here, U+0000"),
        ('"\\ufffe": 1\n', "1:1", "no text may hold stands here, U+FFFE"),
        ('b: 1\na: "\\U00110000"\n', "2:2", "this line cannot be understood"),
    ],
)
def test_each_slip_has_its_sentence(text, place, message):
    """The common slips of YAML are told where they stand, in words of ours, and told once."""
    [told] = slips(text)
    assert told.startswith(f"a.yaml:{place}: ")
    assert message in told


@pytest.mark.parametrize(
    ("entry", "value", "message"),
    [
        ("35.000,5 ton", "35000.5 ton", "parts `35.000,5 ton` in two: write `35000.5 ton`, or put"),
        ("12,5 t", "12.5 t", "write `12.5 t`, or put it in quotes"),
        ("2,5", 2.5, "parts `2,5` in two: write `2.5`"),
        ("11,372", 11.372, "write `11.372`"),
        ("2,5 %", "2.5 %", "write `2.5 %`"),
        ("22,000 t", "22 000 t", "write `22 000 t` for thousands, `22.000 t` for decimals"),
    ],
)
def test_a_comma_between_braces(entry, value, message):
    """A comma parts values between braces; the number is put together, and nothing else is said."""
    tree = parse_tree(f"a: {{x: {entry}, y: 1}}\n", file="a.yaml")
    [told] = map(str, tree.findings)
    assert told.startswith("a.yaml:1:8: ")
    assert message in told
    assert tree.values == {"a": {"x": value, "y": 1}}


def test_slips_in_a_scenario_bring_no_others():
    """What a slip makes of the values is not held against the scenario."""
    for old, new in [
        ("amount: 1000 t", "amount: 1000,5 t"),
        ("{use: fill, amount: 1000 t}", "{use:fill, amount:1000 t}"),
        ("lon: 12.10", "lon: 12,10"),
        ("[tipper_4_axle]", "\n  -tipper_4_axle"),
    ]:
        assert len(refusal(PIT_AND_PROJECT.replace(old, new)).splitlines()) <= 2


def test_slips_are_told_in_danish(danish):
    """No word of the parser stands in a sentence, in neither language."""
    assert slips("a:\n\tb: 1\n") == [
        "a.yaml:2:1: her står en tabulator: skriv mellemrum i stedet, to for hvert trin af "
        "indrykning"
    ]
    assert "Notesblok med Gem som → Kodning: UTF-8" in danish_refusal(b"title: K\xf8ge\n")


def danish_refusal(content: bytes) -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_bytes(content)
        with pytest.raises(ScenarioError) as caught:
            read_scenario(file)
        return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_other_encodings_are_told_how_to_become_utf_8(tmp_path, encoding):
    """A file in another encoding is refused with what to do about it."""
    file = tmp_path / "a.yaml"
    file.write_bytes("title: Køge\n".encode(encoding))
    with pytest.raises(ScenarioError, match="UTF-8"):
        read_scenario(file)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("Null", None),
        ("TRUE", True),
        ("yes", "yes"),
        ("NO", "NO"),
        ("-12", -12),
        ("+12", 12),
        ("0", 0),
        ("0123", "0123"),
        ("0o17", 15),
        ("0x1F", 31),
        ("12_000", "12_000"),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e3", 1000.0),
        ("1:30", "1:30"),
        ("12:30:00", "12:30:00"),
        ("2027-05-31", "2027-05-31"),
        ("-.inf", float("-inf")),
        ("inf", "inf"),
        ("1e400", float("inf")),
        ("9" * 18, 10**18 - 1),
        ("9" * 30, 1e30),
        ("9" * 5000, float("inf")),
    ],
)
def test_plain_words_follow_yaml_1_2(text, value):
    """The core schema decides, whatever the reader thinks; digits behind a zero stay an id."""
    found = read_plain(text)
    assert found == value
    assert type(found) is type(value)


def test_what_is_marked_as_a_text_is_one():
    """The tag without a name says that nothing is read out of a word."""
    assert parse_tree("f: ! 7\n", file="a.yaml").values == {"f": "7"}


def test_keys_are_texts():
    """Numbers, truth values and nothing are taken as they are written where they are keys."""
    tree = parse_tree("1: a\nnull: b\ntrue: c\n0.50: d\n2027-05-31: e\n", file="a.yaml")
    assert list(tree.values) == ["1", "null", "true", "0.50", "2027-05-31"]


def test_merges():
    """What stands beside `<<` wins over what it brings, and of several mappings the first."""
    text = """\
a: &a {x: 1, y: 2}
b: &b {y: 3, z: 4}
c: {<<: [*a, *b], x: 5}
d: {<<: *a}
"""
    tree = parse_tree(text, file="a.yaml")
    assert tree.values["c"] == {"x": 5, "y": 2, "z": 4}
    assert tree.values["d"] == {"x": 1, "y": 2}
    assert str(tree.place(("c", "z"))) == "a.yaml:2:17"
    assert str(tree.place(("c", "x"))) == "a.yaml:3:22"


def test_folded_texts_hold_nothing_but_their_words():
    """A text folded with `>` is its lines, joined by spaces."""
    tree = parse_tree("a: >\n  one\n  two\n\n  three\n", file="a.yaml")
    assert tree.values == {"a": "one two\nthree\n"}


def test_alias_and_merge_bombs_share_one_budget():
    """What anchors and merges repeat is counted together."""
    entries = ", ".join(f"k{n}: {n}" for n in range(100))
    many = "".join(f"x{n}: {{<<: [*a], y: *a}}\n" for n in range(MOST_VALUES // 200))
    assert "refers to itself too often" in refusal(f"a: &a {{{entries}}}\n{many}")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 10_000,
        "{" * 10_000,
        "- " * 10_000 + "a",
        "? " * 10_000 + "a",
        "\n".join(" " * level + "a:" for level in range(MOST_LEVELS + 2)),
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100)),
        "".join(f"? &a{n} {{<<: *a{n - 1}}}\n: 1\n" for n in range(1, 100)).replace("*a0", "{}")
        + "z: *a99\n",
    ],
)
def test_what_is_too_deep_is_refused(text):
    """Brackets, indents, anchors and merges may stand inside each other fifty deep."""
    assert "more than 50 deep" in refusal(text)


def test_what_is_too_long_is_refused(tmp_path, monkeypatch):
    """A file of many small keys is left at the bound, a larger one is not even read."""
    monkeypatch.setattr("raastof_geo.scenario.reading.nodes.MOST_VALUES", 1000)
    keys = "".join(f"k{number}: {number}\n" for number in range(600))
    assert "a.yaml:500:7: the file holds more than 1,000 values" in slips(keys + "\t")[0]
    file = tmp_path / "a.yaml"
    file.write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    with pytest.raises(ScenarioError, match="larger than 3 MB"):
        read_scenario(file)


def test_a_tag_without_end_is_refused():
    """A tag is as short as a word."""
    assert "begins with `!` needs quotes" in refusal("a: !" + "x" * 1_000_000)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="a:-?!&*<>|{}[],'\"\\%@`#\t\n 01.e~", max_size=60))
def test_any_text_is_read_or_refused(text):
    """Whatever stands in a file, the answer is values or sentences with places."""
    try:
        tree = parse_tree(text, file="a.yaml")
    except RaastofError as error:
        findings = error.findings
    else:
        findings = tree.findings
    assert all(finding.place is not None and str(finding) for finding in findings)
