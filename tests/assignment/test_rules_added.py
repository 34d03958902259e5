"""To add a rule: one function with its declaration, and all know it."""

from __future__ import annotations

import pickle
from dataclasses import replace
import numpy as np
import openpyxl
import pytest
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo import Result, measure_effect, price_legs, write_outputs
from raastof_geo.assignment import RULES, Row, assign, build_problem, explain_why_not
from raastof_geo.assignment.rules import lay_programme, lay_rows
from raastof_geo.assignment.rules.masses import pits_permitted
from raastof_geo.assignment.statement.row import About, Family, declare
from raastof_geo.assignment.telling.case import Laid
from raastof_geo.assignment.telling.conflict import try_repairs
from raastof_geo.assignment.telling.names import call
from raastof_geo.errors import NoPlanError
from raastof_geo.language import speaking
from raastof_geo.pipeline import place_scenario
from raastof_geo.records.verify import check_results
from raastof_geo.scenario.output import EVERY_OUTPUT
from raastof_geo.units import Quantity

# --- this is all that a rule is ------------------------------------------------------------------

LOADS = {"road": 40.0}
"""The most loads through the gate of a site in a period."""
GATES_KEPT = Family(
    "gates_kept",
    call({"da": "læs gennem porten", "en": "loads through the gate"}),
    unit=call({"da": "læs", "en": "loads"}),
    raised_by="gates.{site}.loads_per_period",
    limits="places",
)


@declare(GATES_KEPT)
def gates_kept(problem):
    r"""No more loads pass a gate than may: :math:`\sum_c x_c / l_c \le n` in each period."""
    loads = 1.0 / problem.leg("load_t")
    for site, most in LOADS.items():
        here = problem.of("destination", site)
        for number, period in enumerate(problem.scenario.periods):
            columns = here[problem.moves.period[here] == number]
            about = About(site, period, site=site)
            yield Row(GATES_KEPT, about, columns, loads[columns], "<=", most)


# -------------------------------------------------------------------------------------------------

ADDED = (*RULES, gates_kept)
TWO_TRUCKS = PIT_AND_PROJECT.replace(
    "vehicles: [tipper_4_axle]", "vehicles: [tipper_4_axle, truck_trailer_7_axle]"
).replace("amount: 1000 t}", "amount: 1000 t, to: 2027}")
TITLES = {"da": "læs gennem porten: `road` (2027)", "en": "loads through the gate: `road` (2027)"}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def price(scenario):
    return dearer(make_legs(scenario, lambda origin, _: 20.0 if origin == "far" else 10.0))


def dearer(legs):
    """Make the larger truck the dearer one, so that only the gate asks for it."""
    frame = legs.frame.copy()
    big = frame["vehicle"] == "truck_trailer_7_axle"
    frame.loc[big, ["kg_co2e_wtw_per_t", "kg_co2e_ttw_per_t"]] *= 10
    return replace(legs, frame=frame)


def refuse(scenario, legs, rules=ADDED) -> NoPlanError:
    with pytest.raises(NoPlanError) as error:
        assign(scenario, legs, rules=rules)
    return error.value


def repair(scenario, legs, rules):
    """Give what would help, without telling it."""
    problem = build_problem(scenario, legs)
    rows, programme = lay_programme(problem, lay_rows(problem, rules))
    case = Laid(problem, rows, programme, rules).leave_decisions()
    return try_repairs(case, share=None)[0]


def test_an_added_rule_binds_and_keeps_the_trucks_that_it_needs():
    """It counts loads, and nothing says that it is blind to trucks: the larger one stays."""
    scenario = make_scenario(TWO_TRUCKS)
    legs = price(scenario)
    free, held = (assign(scenario, legs, rules=rules) for rules in (RULES, ADDED))
    assert set(free.flows["vehicle"]) == {"tipper_4_axle"}
    assert "truck_trailer_7_axle" in set(held.flows["vehicle"])
    loads = held.flows[held.flows["destination"] == "road"]
    assert (loads["tonnes"] / loads["load_t"]).sum() == pytest.approx(LOADS["road"])
    assert held.certificate.holds
    prices = held.shadow_prices.set_index(["rule", "label"])["shadow_price"]
    assert prices["gates_kept", "road@2027"] < 0


@pytest.mark.parametrize("language", ["da", "en"])
def test_why_not_names_the_added_rule(language):
    """What stands in the way of another pit is the distance, and the full gate, by its title."""
    scenario = make_scenario(
        TWO_TRUCKS + "  far: {lon: 12.3, lat: 55.6, pit: {supplies: [fill_sand]}}\n"
    )
    plan = assign(scenario, price(scenario), rules=ADDED)
    [reason] = explain_why_not(plan, "far", "road")
    assert reason.kind == "costs_more"
    with speaking(language):
        assert TITLES[language] in str(reason.message)


@pytest.mark.parametrize("language", ["da", "en"])
def test_where_the_added_rule_leaves_no_plan_the_message_names_it(language, monkeypatch):
    """Its title and its unit are told in both languages, and how much more would do."""
    monkeypatch.setitem(LOADS, "road", 5.0)
    scenario = make_scenario(TWO_TRUCKS)
    error = refuse(scenario, price(scenario))
    with speaking(language):
        told = str(error)
    words = {"da": ("bindende", "hæv", "læs"), "en": ("binding", "raise", "loads")}[language]
    assert f"{words[0]}: {TITLES[language]}" in told, told
    raised = next(line for line in told.splitlines() if f"{words[1]} {TITLES[language]}" in line)
    assert words[2] in raised.replace(TITLES[language], "")


def test_the_repair_names_the_number_that_relaxes_the_added_rule(monkeypatch):
    """With as many loads as it says there is a plan, and with one less there is none."""
    monkeypatch.setitem(LOADS, "road", 5.0)
    scenario = make_scenario(TWO_TRUCKS)
    legs = price(scenario)
    [change] = [one for one in repair(scenario, legs, ADDED) if one.row is not None]
    assert change.row == (GATES_KEPT, About("road", "2027", site="road"))
    assert change.row.family.number(change.row.about) == "gates.road.loads_per_period"
    monkeypatch.setitem(LOADS, "road", change.limit - 1)
    refuse(scenario, legs)
    monkeypatch.setitem(LOADS, "road", change.limit)
    assert assign(scenario, legs, rules=ADDED).certificate.holds


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Every output of a plan in which the added rule binds, in both languages."""
    found = {}
    for language in ("da", "en"):
        folder = tmp_path_factory.mktemp(language) / "results"
        text = TWO_TRUCKS.replace("language: en", f"language: {language}")
        with speaking(language):
            scenario = make_scenario(text)
            network, anchors = place_scenario(scenario)
            legs = dearer(price_legs(scenario, network, anchors))
            plan = assign(scenario, legs, rules=ADDED)
            effect = measure_effect(scenario, legs, plan)
            result = Result(scenario, network, anchors, legs, plan, effect)
            found[language] = result, write_outputs(result, folder)
    return found


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_output_knows_the_added_rule(written, language):
    """The report and the workbook call it by its title, the plan and the proof by its name."""
    result, folder = written[language]
    assert result.scenario.said.outputs == EVERY_OUTPUT
    assert TITLES[language].replace("`", "") in (
        (folder / "appendix.html").read_text(encoding="utf-8").replace("`", "")
    )
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    cells = {str(cell).replace("`", "") for row in rows for cell in row}
    assert any(TITLES[language].replace("`", "") in cell for cell in cells)
    assert '"gates_kept"' in (folder / "plan.json").read_text(encoding="utf-8")
    with np.load(folder / "proof.npz") as proof:
        assert "gates_kept: road@2027" in proof["row_name"].tolist()


def test_what_is_written_of_an_added_rule_is_verified(written):
    """Somebody who knows nothing of the rule finds it kept, and the plan the best under it."""
    verdict = check_results(written["en"][1])
    assert verdict.holds, verdict


def test_an_added_rule_travels_and_starts_warm(written):
    """It is found again by its name, and what rows are about by its value."""
    plan = written["en"][0].plan
    rules, rows = pickle.loads(pickle.dumps((plan.rules, plan.proof.rows)))  # noqa: S301 - ours
    assert rules[-1] is gates_kept
    assert rows == plan.proof.rows
    warm = assign(plan.problem.scenario, plan.problem.legs, rules=ADDED, start=plan)
    assert warm.flows["tonnes"].tolist() == pytest.approx(plan.flows["tonnes"].tolist())


def test_a_rule_that_declares_nothing_works_and_is_told_by_its_name():
    """It keeps all trucks, is broken last, and offers no number to raise."""

    def few_loads(problem):
        columns = problem.of("destination", "road")
        loads = 1.0 / problem.leg("load_t")[columns]
        yield Row("few_loads", "road", columns, loads, "<=", 5.0)

    scenario = make_scenario(TWO_TRUCKS)
    rules = (*RULES, few_loads)
    told = str(refuse(scenario, price(scenario), rules))
    assert "few_loads (road)" in told
    assert "raise few_loads" not in told
    assert not any(one.row for one in repair(scenario, price(scenario), rules))
    [row] = few_loads(build_problem(scenario, price(scenario)))
    assert (row.family.bends, row.family.raised_by, row.family.title) == ("last", "", None)


# --- ours keep the same house rules --------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    scenario = make_scenario(EVERYTHING)
    problem = build_problem(scenario, make_legs(scenario))
    problem = replace(problem, alone=dict.fromkeys(("road", "digging"), 1e6))
    return {rule: list(rule(problem)) for rule in RULES}


def test_every_row_is_of_a_family_that_its_rule_declares(rows):
    for rule, mine in rows.items():
        names = {family.name for family in rule.families}
        assert {row.rule for row in mine} <= names, rule
        assert all(row.family in rule.families for row in mine), rule
    families = [family for rule in RULES for family in rule.families]
    titles = {(family.name, str(family.title)) for family in families}
    assert len(titles) == len({family.name for family in families})
    assert all(family.title is not None for family in families)


def test_what_a_row_is_about_reads_as_its_label(rows):
    """No two rows of a family and a sense have the same label; proofs hang on it."""
    for mine in rows.values():
        assert all(row.label == str(row.about) for row in mine)
        told = [(row.rule, row.label, row.sense) for row in mine]
        assert len(told) == len(set(told))


def test_a_number_that_a_row_names_stands_in_the_scenario(rows):
    """`sites.pit.pit.capacity_per_period` and the like can be looked up, and hold a number."""
    said = make_scenario(EVERYTHING).said
    numbers = {row.family.number(row.about) for mine in rows.values() for row in mine} - {""}
    assert len(numbers) >= 8
    for number in numbers:
        assert look_up(said, number) is not None, number


def look_up(said, number: str):
    found = said
    for key in number.split("."):
        if isinstance(found, dict):
            found = found[key]
        else:
            found = found[int(key)] if isinstance(found, tuple) else getattr(found, key)
    return found


def test_raising_the_number_in_the_scenario_is_the_repair():
    """Written where it says, the limit that a repair names makes a plan possible."""
    text = PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_per_period: 100 t")
    scenario = make_scenario(text)
    legs = make_legs(scenario)
    refuse(scenario, legs, RULES)
    change = next(one for one in repair(scenario, legs, RULES) if one.row is not None)
    assert change.row.family in pits_permitted.families
    assert change.row.family.number(change.row.about) == "sites.pit.pit.capacity_per_period"
    site = scenario.sites["pit"]
    pit = site.pit.model_copy(update={"capacity_per_period": Quantity(change.limit, "t")})
    sites = {**scenario.sites, "pit": site.model_copy(update={"pit": pit})}
    relaxed = replace(scenario, said=scenario.said.model_copy(update={"sites": sites}))
    assert assign(relaxed, make_legs(relaxed)).certificate.holds
