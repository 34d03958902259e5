"""A quote for a newcomer, and the value of one more, as people get them: pages and the terminal."""

from __future__ import annotations

import re
import openpyxl
import pytest
from commands import run
from test_index import Reader
from raastof_geo.assignment.adjusting.worth import measure_worth
from raastof_geo.language import speaking
from raastof_geo.outputs.worth import list_worth, write_worth
from raastof_geo.pipeline import run_scenario
from raastof_geo.recall import load_result

WORLD = """
title: A small world
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
outputs: [plan, proof, worth, workbook]
sites:
  road:
    {name: "The <road>", lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t, from: 2028}]}
  digging:
    lon: 12.26
    lat: 55.59
    offers:
      - {material: clean_clay_soil, amount: 600 t}
      - {material: slightly_polluted_soil, amount: 5 t}
  pit:
    {lon: 12.15, lat: 55.633, pit: {supplies: [fill_sand], capacity_per_period: 900 t}}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [clean_clay_soil, slightly_polluted_soil], capacity_total: 605 t}
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A world on real roads, solved and written."""
    folder = tmp_path_factory.mktemp("quote")
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    return run_scenario(folder / "world.yaml", into=folder)


def read(page):
    """A page, its text, and that it asks nobody for anything."""
    text = page.read_text(encoding="utf-8")
    assert Reader(text).fetched == []
    assert "://" not in re.sub(r'xmlns="[^"]*"', "", text)
    return text


def test_the_page_of_values_ranks_what_one_more_saves(solved):
    """Its first sentence, its map, both tables; names are escaped, what is not possible is said."""
    result, folder = solved
    page = read(folder / "worth.html")
    assert "the value of one more" in page
    assert "The &lt;road&gt;" in page
    assert "<road>" not in page
    assert "there is less than a load" in page  # of polluted soil there are 5 t
    with speaking("en"):
        values, waits = (one.rows for one in list_worth(result.scenario, result.worth))
    assert len(values) == 5
    kg = [row[4] for row in values if isinstance(row[4], float)]
    assert min(kg) == kg[0] or kg[0] >= 0
    assert {row[2] for row in waits} == {"1 earlier"}


def test_the_workbook_has_all_of_it(solved):
    """Two sheets, numbers as numbers."""
    result, folder = solved
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    sheet = book["One load more and less"]
    assert sheet.max_row == 1 + len(result.worth.values)
    told = {row[0].value: row[4].value for row in sheet.iter_rows(min_row=2)}
    found = {one.site: one.more for one in result.worth.values}
    assert told["pit"] == pytest.approx(found["pit"].kg_co2e)
    assert book["Waiting"].max_row == 1 + sum(len(one.waits) for one in result.worth.values)


def test_values_are_not_asked_of_results_whose_file_is_gone(solved, tmp_path):
    """What limits alone decide is found from a folder too; the rest says what it lacks."""
    result, folder = solved
    again = load_result(folder)
    found = measure_worth(again.plan)
    told = {one.trail: one.more for one in found.values}
    assert {one.trail: one.more for one in result.worth.values} == told
    assert all(isinstance(told, str) for one in found.values for told in one.waits.values())
    assert write_worth(again, tmp_path).is_file()


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_quote_is_told_and_written(solved, tmp_path, capsys, language):
    """The first partners in the terminal, all of them and the reasons on a page to mail."""
    _, folder = solved
    page = tmp_path / "quote.html"
    offer = ["--offer", "6 000 t clean_clay_soil", "--at", "12.2,55.5"]
    assert run("quote", folder, *offer, "--page", page, "--lang", language, language=language) == 0
    told = capsys.readouterr().out
    assert told.startswith("1. ")
    assert str(page) in told
    text = read(page)
    assert f'lang="{language}"' in text
    assert "The &lt;road&gt;" in text
    assert "6.000" in text if language == "da" else "6,000" in text
    assert "<svg" in text
    other = ["--offer", "7 000 t clean_clay_soil", "--at", "12.2,55.5"]
    assert run("quote", folder, *other, "--page", page, "--lang", language, language=language) == 0
    assert not (tmp_path / "set_aside").exists()  # what is ours and unchanged is replaced
    page.write_text(page.read_text(encoding="utf-8") + "My note", encoding="utf-8")
    assert run("quote", folder, *offer, "--page", page, "--lang", language, language=language) == 0
    assert "My note" in (tmp_path / "set_aside" / "quote.html").read_text(encoding="utf-8")


def test_a_need_is_quoted_from_a_pit(solved, tmp_path, capsys):
    """Sand from the pit, soil from the digging."""
    _, folder = solved
    need = ["--at", "12.2,55.5", "--page", tmp_path / "quote.html"]
    assert run("quote", folder, "--need", "50 t fill_sand for fill", *need) == 0
    told = capsys.readouterr().out
    assert "pit" in told
    assert "2. " not in told
    assert run("quote", folder, "--need", "50 t unbound_base", *need, language="en") == 2
    assert "did you mean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--offer", "6 t clay", "--at", "12.2,55.5"], "did you mean"),
        (["--offer", "6 t clean_clay_soil", "--at", "12.6,55.1"], "from the nearest"),
        (["--offer", "6 t clean_clay_soil", "--at", "55.5,12.2"], "swapped"),
        (["--at", "12.2,55.5"], "--offer or --need"),
        (["--offer", "6 t clean_clay_soil", "--at", "12.2,55.5", "--from", "2031"], "2027"),
    ],
)
def test_what_cannot_be_quoted_is_refused_in_a_sentence(solved, tmp_path, capsys, words, told):
    """Off the road, unknown, swapped, of no period: and nothing is written."""
    _, folder = solved
    page = tmp_path / "quote.html"
    assert run("quote", folder, *words, "--page", page, "--lang", "en", language="en") == 2
    assert told in capsys.readouterr().err
    assert not page.exists()
