"""Flows of a plan as agreements: a file that extends the scenario, and what each of them costs."""

import pytest
from commands import run
from places import ROOT
from raastof_geo import read_scenario
from raastof_geo.figures.vocabulary import TRANSPORT_WTW
from raastof_geo.pipeline import compare_variants, run_scenario, solve_scenario
from raastof_geo.scenario.said.file import Agreement
from raastof_geo.scenario.varied import choose_flows, list_variants, write_plain

LANE = ["origin", "destination", "material", "period"]
FORMS = """
variants:
  by_cost: {set: {objectives: [cost_dkk]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("locked")
    (place / "koege.yaml").write_bytes((ROOT / "scenarios" / "koege_bugt.yaml").read_bytes())
    (place / "base.yaml").write_text(f"extends: koege.yaml\n{FORMS}", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def ran(folder):
    return run_scenario(folder / "base.yaml", into=folder / "results", sensitivity=False)


def sum_up(flows):
    return flows.groupby(LANE, observed=True)["tonnes"].sum()


def test_all_flows_locked_give_the_same_plan(ran, folder, capsys):
    result, results = ran
    assert run("lock", results, "--all", "--scenario", folder / "base.yaml") == 0
    path = folder / "base_locked.yaml"
    assert f"raastof run {path} --variants all" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").startswith('extends: "base.yaml"\n')
    locked = read_scenario(path)
    again = solve_scenario(locked)
    assert sum_up(again.plan.flows).to_dict() == pytest.approx(
        sum_up(result.plan.flows).to_dict(), abs=0.01
    )
    assert again.effect.books.total(TRANSPORT_WTW) == pytest.approx(
        result.effect.books.total(TRANSPORT_WTW)
    )
    own = len(result.scenario.said.agreements)
    assert len(locked.said.agreements) == own + len(sum_up(result.plan.flows))
    assert next(iter(list_variants(locked))) == "by_cost"
    path.unlink()


def test_parts_are_written_in_the_order_in_which_they_are_declared():
    """Equal inputs give equal bytes, whatever order sets of words have in this process."""
    said = {"to": "2028", "at_least": "5 t", "taker": "b", "giver": "a", "from": "2027"}
    written = write_plain(Agreement.model_validate(said, context={}))
    order = [field.alias or name for name, field in Agreement.model_fields.items()]
    assert [*written] == [one for one in order if one in said]


def test_a_flow_of_a_variant_costs_what_solving_says(ran, folder, capsys):
    """What is best by cost emits more: locked into the plan by emissions, it costs that much."""
    result, _ = ran
    other, results = run_scenario(
        folder / "base.yaml", into=folder / "results", sensitivity=False, variant="by_cost"
    )
    mine, theirs = sum_up(result.plan.flows), sum_up(other.plan.flows)
    lane = theirs.sub(mine, fill_value=0.0).reindex(theirs.index).idxmax()
    lanes = other.plan.flows[LANE].astype(str).apply(tuple, axis=1)
    rows = [2 + at for at in lanes.index[lanes == lane]]
    assert run("lock", results, *rows, "--scenario", folder / "base.yaml") == 0
    capsys.readouterr()
    path = folder / "base_locked.yaml"
    locked = solve_scenario(read_scenario(path))
    by_hand = dict(zip(("giver", "taker", "material", "from"), lane, strict=True))
    by_hand |= {"to": lane[3], "at_least": f"{theirs[lane]:.3f} t"}
    base = result.scenario
    again = solve_scenario(
        base.change({"agreements": [*base.values.get("agreements", ()), by_hand]})
    )
    free = result.effect.books.total(TRANSPORT_WTW)
    cost = locked.effect.books.total(TRANSPORT_WTW) - free
    assert cost == pytest.approx(again.effect.books.total(TRANSPORT_WTW) - free, rel=1e-4)
    assert cost > 1.0
    cases, _ = compare_variants(locked, "without_1,without_any", into=folder / "compared")
    for case in cases[1:]:
        assert float(case.found.totals[TRANSPORT_WTW]) == pytest.approx(free)
    assert "→" in cases[1].title
    path.unlink()


def test_flows_are_named_by_row_or_by_their_ends(ran):
    result, _ = ran
    scenario, flows = result.scenario, result.plan.flows
    first = flows.iloc[0]
    names = (scenario.site_name(first["origin"]), scenario.site_name(first["destination"]))
    by_row = choose_flows(scenario, flows, ["2"])
    assert by_row.index.tolist() == [0]
    for arrow in ("→", "->", " > "):
        found = choose_flows(scenario, flows, [arrow.join(names)])
        assert {*zip(found["origin"], found["destination"], strict=True)} == {
            (first["origin"], first["destination"])
        }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["1"], "from 2 to"),
        (["999"], "`999` is no flow of the plan"),
        (["nowhere→nobody"], "`nowhere` is not a site here"),
        ([], "--all"),
        (["2", "--scenario", "gone.yaml"], "gone.yaml"),
    ],
)
def test_what_cannot_be_locked(ran, folder, capsys, words, told):
    _, results = ran
    rest = [] if "--scenario" in words else ["--scenario", folder / "base.yaml"]
    assert run("lock", results, *words, *rest) == 2
    assert told in capsys.readouterr().err
    assert not list(folder.glob("*_locked*"))


OWN = """
title: Own soil
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  works:
    lon: 12.10
    lat: 55.45
    offers: [{material: clean_clay_soil, amount: 500 t}]
    needs: [{use: fill, amount: 300 t}]
"""
ROAD = "  road: {lon: 12.14, lat: 55.49, needs: [{use: fill, amount: 200 t}]}\n"


@pytest.mark.parametrize("road", [ROAD, ""])
def test_what_stays_on_its_own_site_is_not_locked(tmp_path, capsys, road):
    """Nobody agrees with itself, whether all is locked or a row is named."""
    tip = "  tip: {lon: 12.19, lat: 55.46, receiver: {accepts: [clean_clay_soil]}}\n"
    text = OWN + (road or tip) + "capture: {default: 1.0}\n"
    text = text if road else text.replace("500 t", "300 t")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    result, results = run_scenario(tmp_path / "own.yaml", into=tmp_path, sensitivity=False)
    flows = result.plan.flows
    own = (flows["origin"] == flows["destination"]).to_numpy().nonzero()[0]
    assert len(own)
    assert run("lock", results, 2 + own[0], "--scenario", tmp_path / "own.yaml") == 2
    assert f"`{2 + own[0]}` stays on its own site" in capsys.readouterr().err
    assert run("lock", results, "--all", "--scenario", tmp_path / "own.yaml") == 0
    locked = read_scenario(tmp_path / "own_locked.yaml").said.agreements
    assert [(one.giver, one.taker) for one in locked] == ([("works", "road")] if road else [])


@pytest.mark.parametrize("form", ["--xlsx", "--gpkg"])
def test_a_scenario_of_tables_is_extended_as_one_of_text(folder, tmp_path, form, capsys):
    """What is locked of it can be read, with the amounts and places that it has."""
    assert run("export", folder / "koege.yaml", form, "--into", tmp_path) == 0
    tables = tmp_path / f"koege.{form[2:]}"
    result, results = run_scenario(tables, into=tmp_path, sensitivity=False)
    row = int((result.plan.flows["origin"] != result.plan.flows["destination"]).argmax())
    assert run("lock", results, row + 2, "--scenario", tables) == 0
    locked = read_scenario(tmp_path / "koege_locked.yaml")
    assert locked.offers == result.scenario.offers
    assert [one.giver for one in locked.said.agreements] == [result.plan.flows["origin"].iat[row]]
    again = compare_variants(solve_scenario(locked), "without_any", into=tmp_path)[0]
    totals = (one.found.totals.to_dict() for one in again)
    assert next(totals) == pytest.approx(next(totals))
    over = tmp_path / "over.yaml"
    over.write_text(f"extends: {tables.name}\nlanguage: en\ntitle: []\n", encoding="utf-8")
    assert run("check", over) == 2
    assert "over.yaml:3:8: title must be a text, got `[]`" in capsys.readouterr().err
    tables.write_bytes(b"no table")
    assert run("check", over) == 2
    assert "over.yaml:1:10: " in capsys.readouterr().err


def test_results_of_another_state_of_the_file_are_refused(ran, folder, tmp_path, capsys):
    _, results = ran
    changed = folder / "changed.yaml"
    changed.write_text("extends: base.yaml\ntitle: Other\n", encoding="utf-8")
    slips = tmp_path / "slips.csv"
    slips.write_text("date;from;to;material;amount\n", encoding="utf-8")
    assert run("actuals", results, slips, "--scenario", changed) == 2
    assert "not as it was" in capsys.readouterr().err
    changed.unlink()
