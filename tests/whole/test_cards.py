"""What a thing shows of itself: in a line, and in a notebook."""

import re
from pathlib import Path
import pytest
from raastof_geo import read_scenario
from raastof_geo.language import Fact, Shown, format_number, speaking
from raastof_geo.pipeline import solve_scenario

ROOT = Path(__file__).parents[2]
PARTS = ("scenario", "network", "anchors", "legs", "plan", "effect")


@pytest.fixture(scope="module")
def result():
    return solve_scenario(read_scenario(ROOT / "scenarios" / "koege_bugt.yaml"))


def all_of(result):
    return [result, *(getattr(result, part) for part in PARTS)]


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_line_is_short_and_says_what_it_is(result, language):
    """Under 200 letters, its class first, with figures in it."""
    with speaking(language):
        for one in all_of(result):
            line = repr(one)
            assert len(line) < 200
            assert line.startswith(f"<{type(one).__name__}")
            assert re.search(r"\d", line)
            assert "\n" not in line


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_notebook_shows_the_main_figures(result, language):
    """Each as a row, in the language that is spoken."""
    with speaking(language):
        plan = result.plan
        for one in all_of(result):
            table = one._repr_html_()
            _, facts = one.show()
            assert table.count("<tr>") == len(facts) >= 3
            assert all(str(fact.title) in table and fact.value in table for fact in facts)
        saved = format_number(result.effect.saved["kg_co2e_wtw"] / 1000, digits=1)
        flows, best = str(len(plan.flows)), next(iter(plan.objectives.values()))
        for table in (result._repr_html_(), plan._repr_html_()):
            assert f">{flows}<" in table
            assert format_number(best) in table
        assert saved in result._repr_html_()
        assert saved in result.effect._repr_html_()
        assert ("Transporter" if language == "da" else "Legs") in result.legs._repr_html_()


class Odd(Shown):
    """A thing whose name is somebody's own."""

    def show(self):
        return "<b>a & b</b>", (Fact('"x"', "<script>"), Fact("long", "y" * 500))


def test_names_of_somebodys_own_are_escaped_and_cut():
    """No markup of a name reaches a page, and no length of it a line."""
    table = Odd()._repr_html_()
    assert "<script>" not in table
    assert "<b>" not in table
    assert "&lt;b&gt;a &amp; b&lt;/b&gt;" in table
    assert len(repr(Odd())) < 200
