"""Danish and English: nothing untranslated, and numbers as readers write them.

`python tools/translate.py` brings the Danish catalogue up to date.
"""

import ast
import re
from collections import defaultdict
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from translate import extract_messages, list_remarks
from raastof_geo.language import (
    DATA_FOLDER,
    LANGUAGES,
    LOCALES,
    as_language,
    format_number,
    read_texts,
    say,
    say_count,
    speaking,
)
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.telling.words import CatalogueWords

FOLDER = ROOT / "raastof_geo" / "locale" / "da" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"(?<!\{)\{\w+\}(?!\})")


@pytest.fixture(scope="module")
def entries():
    with (FOLDER / "raastof_geo.po").open("rb") as file:
        return {entry.id: entry for entry in read_po(file, locale="da") if entry.id}


def test_every_message_has_its_danish(entries):
    """No message of the source is missing, empty, fuzzy or left over."""
    found = extract_messages()
    assert set(entries) == found
    assert [one.id for one in entries.values() if not all(list_of(one)) or one.fuzzy] == []


def test_each_text_that_is_asked_for_is_there():
    """What `say_text` and `saying_text` name stands in the table, and nothing is left over."""
    for part, keys in asked_texts().items():
        assert keys <= read_texts(part).keys(), part
        words = {
            word for source in SOURCES if f'"{part}"' in source for word in WORD.findall(source)
        }
        if part == "no roads":  # by endings of files, which are data
            lines = (DATA_FOLDER / "endings.txt").read_text(encoding="utf-8").splitlines()
            words |= {line.partition(": ")[2] for line in lines}
        assert read_texts(part).keys() <= words, part


SOURCES = [file.read_text("utf-8") for file in (ROOT / "raastof_geo").rglob("*.py")]
WORD = re.compile(r'"([^"\n]+)"')


def asked_texts():
    """The keys that stand in calls, by their part."""
    asked = defaultdict(set)
    for call in (one for source in SOURCES for one in ast.walk(ast.parse(source))):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in TELLERS:
            part, *keys = (getattr(one, "value", None) for one in call.args[:2])
            if isinstance(part, str):
                asked[part] |= {key for key in keys if isinstance(key, str)}
    return asked


TELLERS = ("say_text", "saying_text")


def test_placeholders_are_kept(entries):
    """A translation fills in the same values as its source."""
    for entry in entries.values():
        if isinstance(entry.id, str):
            assert set(PLACEHOLDER.findall(entry.id)) == set(PLACEHOLDER.findall(entry.string))


def test_the_compiled_catalogue_is_the_written_one(entries):
    """What is read at run time is what translators wrote."""
    with (FOLDER / "raastof_geo.mo").open("rb") as file:
        compiled = {plain_id(entry): list_of(entry) for entry in read_mo(file) if entry.id}
    assert compiled == {plain_id(entry): list_of(entry) for entry in entries.values()}


def plain_id(entry):
    return tuple(entry.id) if isinstance(entry.id, list | tuple) else entry.id


def list_of(entry):
    return [entry.string] if isinstance(entry.string, str) else list(entry.string)


def test_numbers_are_written_as_readers_write_them():
    """1.234,5 in Danish, 1,234.5 in English."""
    assert format_number(1234.5, digits=1, language="da") == "1.234,5"
    assert format_number(1234.5, digits=1, language="en") == "1,234.5"


def test_a_message_is_translated_when_it_is_read():
    """The language that counts is the reader's, not the writer's."""
    message = say("must be above 0, got {value}", value=-2)
    with speaking("da"):
        assert str(message) == "skal være over 0, men er -2"
    with speaking("en"):
        assert str(message) == "must be above 0, got -2"


def test_counts_pick_their_form():
    """One thing and many things are told apart."""
    with speaking("en"):
        assert str(say_count("{count} site", "{count} sites", count=1)) == "1 site"
        assert str(say_count("{count} site", "{count} sites", count=2)) == "2 sites"


def test_languages_are_recognised():
    """`da_DK.UTF-8` is Danish, and `xx` is nothing."""
    assert as_language("da_DK.UTF-8") == "da"
    assert as_language("EN") == "en"
    assert as_language("xx") is None


def test_no_message_hides_in_an_f_string():
    """Messages inside f-strings are found by some Python versions only, so there are none."""
    for file in (ROOT / "raastof_geo").rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"""f["'].*\{[^}]*\bsay(_count)?\(""", line), (file.name, line)


def test_half_a_character_is_shown_as_a_question_mark():
    """What a damaged file says of itself can be printed and written wherever it is told."""
    for language in ("da", "en"):
        with speaking(language):
            told = str(say("{file} is damaged: run the scenario again", file="a\ud800b"))
        assert told.encode("utf-8")
        assert "a?b" in told


def read_style():
    """Read the words that docs/style.md is against, each with what is written instead."""
    text = (ROOT / "docs" / "style.md").read_text(encoding="utf-8")
    table = text.split("## Ord")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    return {
        word: preferred.strip()
        for preferred, against, _ in rows[1:]
        for word in re.findall(r"`([^`]+)`", against)
    }


def list_danish(entries):
    """Give everything that is said in Danish: messages without what is filled in, and names."""
    for entry in entries.values():
        for text in list_of(entry):
            yield PLACEHOLDER.sub("", re.sub(r"`[^`]*`", "", text))
    catalogue = load_catalogue()
    for group in ("materials", "uses", "vehicles", "recipes", "fuels", "soil_mappings"):
        for one in getattr(catalogue, group).values():
            yield one.called("da")


@pytest.mark.parametrize("word", read_style())
def test_danish_is_that_of_the_trade(entries, word):
    """No text has a word that docs/style.md is against."""
    found = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    wrong = [text for text in list_danish(entries) if found.search(text)]
    assert wrong == [], f"write: {read_style()[word]}"


def test_the_style_speaks_of_words():
    """The table is read: some rows, and none against what it prefers."""
    style = read_style()
    assert len(style) > 40
    assert {"tons", "DKK", "jomfrueligt", "voksestedet"} <= {*style}
    for preferred in style.values():
        assert not any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", preferred) for word in style)


def test_sources_have_their_danish():
    """What a figure or a rule rests on is told in the reader's language."""
    catalogue = load_catalogue()
    for name in catalogue.sources:
        with speaking("da"):
            danish = catalogue.cite(name)
        with speaking("en"):
            assert danish
            assert catalogue.cite(name)
        assert not re.search(r"\b(the|of|and|judgement|order)\b", danish), danish
    with speaking("da"):
        assert catalogue.cite("judgement").startswith("Forfatternes skøn")


def test_what_the_catalogue_remarks_has_its_danish(entries):
    """Every note, source and citation of a figure or rule is Danish, or a title quoted as it is."""
    remarks = {*list_remarks()}
    assert len(remarks) > 150
    english = re.compile(r"\b(the|of|and|with|from|not|found|only|between|taken|was|price list)\b")
    for remark in remarks:
        danish = entries[remark].string
        assert not english.search(danish), danish
        numbers = danish.replace("InfraLCA 3.1", "")
        assert not re.search(r"(?<![\d.])\d+\.\d{1,2}(?![\d.])", numbers), danish
    with speaking("da"):
        assert load_catalogue().cite("Nothing is emitted by the vehicle").startswith("Køretøjet")
        assert load_catalogue().cite("Somebody else's {note}") == "Somebody else's {note}"


def test_every_figure_of_the_catalogue_has_a_name():
    """Readers meet what a figure is and whose, never its path; no two are called the same."""
    catalogue = load_catalogue()
    for language in ("da", "en"):
        words = CatalogueWords(catalogue, language)
        named = {path: words.name_figure(path) for path in catalogue.figures()}
        assert [path for path, name in named.items() if "_" in name or name == path] == []
        assert len({*named.values()}) == len(named)
    assert CatalogueWords(catalogue, "da").name_figure("nothing.of.ours") == "nothing.of.ours"
    words = CatalogueWords(catalogue, "da")
    assert words.name_figure("materials.fill_sand.price") == "Pris ab grav: Fyldsand"
    assert words.name_figure("fits.clean_clay_soil.sub_base.dkk_per_t").endswith(", Bundsikring")


def test_a_part_of_the_texts_says_a_key_once():
    """A key that stood twice would be answered by the text that is meant for something else."""
    blocks = (DATA_FOLDER / "texts.txt").read_text(encoding="utf-8").split("\n\n")
    for head, *lines in (block.splitlines() for block in blocks if block[:1] == "["):
        keys = [line.partition(": ")[0] for line in lines]
        assert len(keys) == len({*keys}), (head, {key for key in keys if keys.count(key) > 1})


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.floats(-1e17, 1e17) | st.decimals(-9999, 9999, places=3), digits=st.integers(0, 9))
def test_numbers_are_written_as_babel_writes_them(language, value, digits):
    """Though most are written without asking it."""
    value = float(value)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    told = format_number(value, digits=digits, language=language)
    if abs(value) < 1e16:
        rounded = round(value, digits) + 0.0
        assert told == format_decimal(rounded, format=pattern, locale=LOCALES[language])
