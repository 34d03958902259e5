"""Load slips: read, refused cell by cell, measured as a plan is, and the rest planned anew."""

import csv
import datetime
import html
import re
import openpyxl
import pandas as pd
import pytest
from commands import run
from places import ROOT
from worlds import make_legs, make_scenario
from raastof_geo import read_scenario
from raastof_geo.assignment import assign
from raastof_geo.effect.actual import DEVIATIONS, follow_plan
from raastof_geo.effect.measure import measure_effect
from raastof_geo.errors import InputError
from raastof_geo.figures.vocabulary import CO2E, COST, TONNES, TRANSPORT_WTW
from raastof_geo.language import speaking
from raastof_geo.legs.legs import LEG_KEYS
from raastof_geo.outputs.documents.reality import write_reality
from raastof_geo.pipeline import run_scenario
from raastof_geo.scenario.tables.delivery import read_deliveries

LANE = ["origin", "destination", "material"]
SMALL = """
title: A small world
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle, truck_trailer_7_axle]
sites:
  road:
    {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1800 t}]}
  digging:
    lon: 12.26
    lat: 55.59
    offers: [{material: clean_sandy_soil, amount: 600 t}]
  pit:
    {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand], capacity_per_period: 1500 t}}
  far_pit:
    {lon: 12.25, lat: 55.63, pit: {supplies: [fill_sand], capacity_per_period: 1500 t}}
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [clean_sandy_soil], capacity_total: 5000 t}
"""
KM = {("pit", "road"): 10.0, ("far_pit", "road"): 20.0, ("digging", "road"): 5.0}
HEADS = ("date", "from", "to", "material", "amount [t]", "loads", "truck", "distance")


def price(_legs, scenario):
    return make_legs(scenario, KM)


def write_slips(path, rows, heads=HEADS, separator=";"):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([heads, *rows])
    return path


def follow(text, rows, folder, until=None):
    """Plan a small world, and hold its plan against slips."""
    scenario = make_scenario(text)
    legs = make_legs(scenario, KM)
    plan = assign(scenario, legs)
    slips = read_deliveries(write_slips(folder / "slips.csv", rows), scenario)
    return plan, slips, follow_plan(scenario, plan, legs, slips, until=until, price=price)


def added(reality, figure="transport_kg_co2e"):
    return {name: -getattr(saved, figure) for name, saved in reality.deviations.items()}


def total(plan, measure=CO2E):
    return float(plan.problem.measure(measure) @ plan.proof.values)


ONE_PIT = """
title: One pit
language: en
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 900 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
"""


def test_each_cause_is_what_a_hand_counts(tmp_path):
    """900 t were planned; 480 t came in 40 loads, over 15 km instead of 10."""
    rows = [
        (f"2027-05-{day:02}", "pit", "road", "fill_sand", "120", "10", "", "15 km")
        for day in (3, 4, 5, 6)
    ]
    end = datetime.date(2027, 12, 31)
    plan, slips, reality = follow(ONE_PIT, rows, tmp_path, end)
    assert not slips.mistakes
    load_t = float(plan.flows["load_t"].iloc[0])
    per_load = float(plan.flows["kg_co2e_wtw"].sum() / 900 * load_t)
    planned, scaled = 900 / load_t * per_load, 480 / load_t * per_load
    assert reality.planned.total(TRANSPORT_WTW) == pytest.approx(planned)
    assert reality.driven.books.total(TRANSPORT_WTW) == pytest.approx(40 * per_load * 1.5)
    found = added(reality)
    assert list(found) == list(DEVIATIONS)
    assert found["amount"] == pytest.approx(scaled - planned)
    assert found["distance"] == pytest.approx(0.5 * scaled)
    assert found["load"] == pytest.approx(40 * per_load * 1.5 - 1.5 * scaled)
    assert [found[one] for one in ("time", "partner", "vehicle")] == pytest.approx([0, 0, 0])
    assert reality.rest is None
    assert not reality.refused


def test_longer_ways_stay_in_the_new_plan_and_the_rest_is_as_far_as_ever(tmp_path):
    """Half of 900 t came over 15 km instead of 10 by May; the other half is planned over 10."""
    rows = [("2027-05-03", "pit", "road", "fill_sand", "450", "25", "", "15 km")]
    plan, _, reality = follow(ONE_PIT, rows, tmp_path)
    half = float(plan.flows["kg_co2e_wtw"].sum()) / 2
    driven = reality.driven.books.total(TRANSPORT_WTW)
    assert driven == pytest.approx(25 * 1.5 * half / 450 * plan.flows["load_t"].iloc[0])
    assert reality.rest.total(TRANSPORT_WTW) == pytest.approx(half)
    assert reality.books.total(TRANSPORT_WTW) == pytest.approx(driven + half)


def test_the_page_of_what_is_over(tmp_path):
    """No day is left to plan: the new plan is what was driven, month by month."""
    rows = [("2027-05-03", "pit", "road", "fill_sand", "450", "25", "", "")]
    plan, _, reality = follow(ONE_PIT, rows, tmp_path, datetime.date(2027, 12, 31))
    effect = measure_effect(plan.scenario, plan.problem.legs, plan)
    folder = write_reality(plan.scenario, effect, reality, tmp_path / "into")
    book = openpyxl.load_workbook(folder / "actuals.xlsx")
    months = {row[0]: row[2:] for row in book["Months"].iter_rows(2, values_only=True)}
    driven = reality.driven.books.total(CO2E) / 1000
    assert months["2027-05"] == pytest.approx((driven, driven))
    assert not any(map(any, (told for month, told in months.items() if month != "2027-05")))


def test_other_partners_and_trucks_are_told_apart(tmp_path):
    """The plan takes 1,200 t from the near pit; they came from the far one, partly by tipper."""
    rows = [
        ("2028-03-01", "digging", "road", "clean_sandy_soil", "600", "17", "", ""),
        ("2028-03-01", "far_pit", "road", "fill_sand", "600", "33.333", "tipper_4_axle", ""),
        ("2028-03-02", "far_pit", "road", "fill_sand", "600", "16.667", "truck_trailer_7_axle", ""),
    ]
    plan, _, reality = follow(SMALL, rows, tmp_path, datetime.date(2028, 12, 31))
    legs = plan.problem.legs.frame.set_index(list(LEG_KEYS))["kg_co2e_wtw_per_t"]
    best = str(plan.flows["vehicle"].iloc[0])
    near, far, other = (
        legs.loc[(pit, "road", "fill_sand", truck, "2028")]
        for pit, truck in (("pit", best), ("far_pit", best), ("far_pit", "tipper_4_axle"))
    )
    found = added(reality)
    assert found["partner"] == pytest.approx(1200 * (far - near), rel=1e-6)
    assert found["vehicle"] == pytest.approx(600 * (other - far), rel=1e-6)
    assert found["amount"] == pytest.approx(0, abs=1e-6)
    whole = reality.driven.books.totals - reality.planned.totals
    for figure, name in (("transport_kg_co2e", TRANSPORT_WTW), ("kg_co2e", CO2E)):
        assert sum(added(reality, figure).values()) == pytest.approx(whole[name], abs=1e-6)


def test_the_rest_is_what_solving_with_the_past_held_gives(tmp_path):
    """What came in 2027 from the wrong pit is held; the new plan is the best that goes on so."""
    rows = [
        ("2027-03-01", "far_pit", "road", "fill_sand", "700", "20", "truck_trailer_7_axle", ""),
        ("2027-03-02", "digging", "tip", "clean_sandy_soil", "100", "3", "", ""),
    ]
    plan, _, reality = follow(SMALL, rows, tmp_path, datetime.date(2027, 12, 31))
    held = [
        {"giver": "far_pit", "taker": "road", "tonnes": "700 t", "from": "2027", "to": "2027"},
        {"giver": "digging", "taker": "tip", "tonnes": "100 t", "from": "2027", "to": "2027"},
        *(
            {"giver": one, "taker": "road", "forbidden": True, "from": "2027", "to": "2027"}
            for one in ("pit", "digging")
        ),
    ]
    scenario = plan.scenario.change({"agreements": held})
    again = assign(scenario, make_legs(scenario, KM))
    moved = reality.books.lines.query("kind == 'moves'").groupby(LANE)[TONNES].sum()
    wanted = again.flows.groupby(LANE, observed=True)["tonnes"].sum()
    assert moved[moved > 1e-6].to_dict() == pytest.approx(wanted.to_dict())
    driven = reality.driven.books.total(CO2E)
    assert reality.books.total(CO2E) == pytest.approx(driven + reality.rest.total(CO2E))
    assert (reality.rest.lines.groupby(LANE)[TONNES].sum() > -1e-6).all()


def test_what_runs_is_held_in_the_period_that_runs(tmp_path):
    """Half of a pit's year is dug by June: the other half is what it may still dig."""
    rows = [("2028-05-01", "pit", "road", "fill_sand", "1400", "40", "truck_trailer_7_axle", "")]
    text = SMALL.replace("amount: 600 t", "amount: 60 t")
    _, _, reality = follow(text, rows, tmp_path)
    assert reality.driven.ahead == ["2028"]
    lines = reality.books.lines
    dug = lines[(lines["origin"] == "pit") & (lines["period"] == "2028")]["tonnes"].sum()
    assert 1400 - 1e-6 <= dug <= 1500 + 1e-6
    assert not lines[lines["period"] == "2027"]["tonnes"].any()
    came = lines[lines["destination"] == "road"]["reference_tonnes"].sum()
    assert came == pytest.approx(1800)


def test_a_plant_keeps_what_it_has_not_sent_on(tmp_path):
    """100 t came in 2027 and 30 t of what is made of them went on: 70 % are sent on in 2028."""
    text = """
    title: A plant
    language: en
    periods: [2027, 2028]
    vehicles: [tipper_4_axle]
    sites:
      road: {lon: 12.10, lat: 55.45, needs: [{use: base_course, amount: 60 t}]}
      old: {lon: 12.2, lat: 55.5, offers: [{material: concrete_rubble, amount: 100 t}]}
      works: {lon: 12.19, lat: 55.46, plant: {recipes: [crush_concrete]}}
      tip:
        lon: 12.15
        lat: 55.63
        receiver: {accepts: [crusher_residue, crushed_concrete, concrete_rubble]}
      pit: {lon: 12.15, lat: 55.6, pit: {supplies: [stable_gravel]}}
    """
    rows = [
        ("2027-05-01", "old", "works", "concrete_rubble", "100", "6", "", ""),
        ("2027-06-01", "works", "road", "crushed_concrete", "30", "2", "", ""),
    ]
    plan, _, reality = follow(text, rows, tmp_path, datetime.date(2027, 12, 31))
    made = plan.scenario.plants[0].processes[0].outputs
    rest = reality.rest.lines.query("kind == 'moves' and origin == 'works'")
    sent = rest.groupby("material")["tonnes"].sum()
    assert sent["crushed_concrete"] == pytest.approx(100 * made["crushed_concrete"] - 30)
    assert sent["crusher_residue"] == pytest.approx(100 * made["crusher_residue"])
    assert not reality.refused


def test_a_rest_without_a_plan_says_why(tmp_path):
    rows = [("2027-05-01", "pit", "road", "fill_sand", "100", "6", "", "")]
    text = SMALL.replace("amount: 600 t", "amount: 600 t, to: 2027").replace(
        "capacity_total: 5000 t", "capacity_per_period: 100 t"
    )
    text = text.replace(
        "use: fill, amount: 1800 t", "use: fill, amount: 1800 t, materials: [fill_sand]"
    )
    with pytest.raises(Exception, match="digging"):
        follow(text, rows, tmp_path)  # there is no plan to begin with
    text = text.replace(
        "capacity_per_period: 100 t", "capacity_per_period: 400 t, closes_on: 2027-12-31"
    )
    text = text.replace("amount: 600 t, to: 2027", "amount: 400 t, to: 2027")
    _, _, reality = follow(text, rows, tmp_path, datetime.date(2027, 12, 31))
    assert reality.rest is reality.books is None
    assert "digging" in str(reality.refused[0])


SECRETS = ("AB 12 345", "Jens Hansen", "ZX98765")


def write_year(result, path, months=18, extra=()):
    """Write slips of the plan's first months as a weighbridge does, with plates and names."""
    scenario, rows = result.scenario, []
    for flow in result.plan.flows.itertuples():
        span = scenario.periods[flow.period]
        for month in range(12):
            if (span.start.year - 2027) * 12 + month >= months:
                continue
            due = min(1.0, (months - 12 * (span.start.year - 2027)) / 12)
            tonnes = flow.tonnes * (1.0 if due == 1 else 182 / 366) / (12 * due)
            rows.append(
                [
                    f"15.{month + 1:02}.{span.start.year}",
                    scenario.site_name(flow.origin),
                    flow.destination,
                    scenario.catalogue.materials[flow.material].called("da"),
                    f"{tonnes:,.6f}".translate(str.maketrans(",.", ".,")),
                    f"{tonnes / flow.load_t:.9f}".replace(".", ","),
                    scenario.catalogue.vehicles[flow.vehicle].called("da")
                    if flow.Index % 2
                    else "",
                    f"S{len(rows)}",
                    SECRETS[0],
                    SECRETS[1],
                ]
            )
    heads = ["Dato", "Læssested", "Modtager", "Materiale", "Netto (t)", "Antal læs", "Køretøjstype"]
    heads += ["Vejeseddel nr.", "Reg.nr.", "Chauffør"]
    return write_slips(path, [*rows, *extra], heads), heads, len(rows)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    into = tmp_path_factory.mktemp("motorvej")
    result, folder = run_scenario(
        ROOT / "scenarios" / "motorvej.yaml", into=into, sensitivity=False
    )
    return result, folder


@pytest.fixture(scope="module")
def scenario():
    return read_scenario(ROOT / "scenarios" / "motorvej.yaml")


def test_slips_of_the_plan_give_the_plan_again(ran, scenario, tmp_path):
    """Eighteen months driven as planned: nothing deviates, and the rest goes on as planned."""
    result, _ = ran
    path, _, count = write_year(result, tmp_path / "slips.csv")
    slips = read_deliveries(path, scenario)
    assert (len(slips.found), slips.mistakes) == (count, [])
    assert slips.unread == ["Reg.nr.", "Chauffør"]
    until = datetime.date(2028, 6, 30)
    reality = follow_plan(scenario, result.plan, result.legs, slips, until=until)
    planned = reality.planned.total(TRANSPORT_WTW)
    assert max(map(abs, added(reality).values())) < 1e-6 * planned
    for figure in (CO2E, COST):
        whole = result.effect.books.total(figure)
        assert reality.books.total(figure) == pytest.approx(whole, rel=1e-5)
        parts = reality.driven.books.total(figure) + reality.rest.total(figure)
        assert parts == pytest.approx(reality.books.total(figure))
    own = result.effect.books.lines
    share = own["period"].map(reality.driven.share).fillna(1.0)
    assert planned == pytest.approx((own[TRANSPORT_WTW] * share).sum(), rel=1e-4)
    driven = reality.driven.slips.groupby(LANE)["tonnes"].sum()
    rest = reality.rest.lines.query("kind == 'moves'").groupby(LANE)[TONNES].sum()
    assert rest.min() > -1e-3
    moved = result.plan.flows.groupby(LANE, observed=True)["tonnes"].sum()
    assert rest.add(driven, fill_value=0).to_dict() == pytest.approx(moved.to_dict(), rel=1e-4)
    lines = reality.books.lines
    left = lines[lines["giver_kind"] == "offer"]["tonnes"].sum()
    assert left == pytest.approx(sum(one.tonnes for one in scenario.offers))
    met = lines["reference_tonnes"].sum()
    assert met == pytest.approx(sum(one.tonnes for one in scenario.needs))
    saved = reality.baseline.totals - reality.driven.books.totals
    assert 0 < saved[TRANSPORT_WTW] < result.effect.saved["kg_co2e_wtw"]


GOOD = ["15.03.2027", "fabrik", "knuser", "Betonbrokker", "20", "1", "", "", *SECRETS[:2]]
MISTAKES = {  # what is changed in a good slip, and the column and words by which it is named
    "no site": ({1: ""}, "B", "nothing stands here"),
    "unknown site": ({1: "knusr"}, "B", "did you mean `knuser`"),
    "a person for a site": ({2: SECRETS[1]}, "C", "no site of the scenario is called so"),
    "unknown material": ({3: SECRETS[2]}, "D", "no material is called so"),
    "wrong material": ({3: "stable_gravel"}, "A", "may not go"),
    "wrong way": ({1: "knuser", 2: "fabrik"}, "A", "may not go"),
    "other time": ({1: "sygehus", 0: "15.03.2029"}, "A", "but in: `2027`, `2028`"),
    "kilograms": ({4: "20.480,0"}, "E", "another unit"),
    "pieces": ({4: "20 stk"}, "E", "no amount"),
    "no amount": ({4: ""}, "E", "nothing stands here"),
    "negative": ({4: "-20"}, "E", "above 0"),
    "nothing": ({4: "0"}, "E", "above 0"),
    "a word": ({4: SECRETS[0]}, "E", "no amount"),
    "no loads": ({5: "ingen"}, "F", "a number above 0"),
    "no day": ({0: "31.02.2027"}, "A", "no day"),
    "before all": ({0: "15.03.2026"}, "A", "no period"),
    "empty day": ({0: ""}, "A", "nothing stands here"),
    "twice": ({7: "S0"}, "H", "row 2"),
}


def break_slip(changes):
    return [changes.get(at, cell) for at, cell in enumerate(GOOD)]


def make_mistakes():
    wrong = [break_slip(changes) for changes, *_ in MISTAKES.values()]
    for number, row in enumerate(wrong):
        row[7] = row[7] or f"W{number}"
    return [*wrong, ["", "", "", "I alt", "99.999,0", "", "", "", "", ""]]


def test_every_mistake_is_named_by_its_cell(ran, scenario, tmp_path):
    result, _ = ran
    path, _, count = write_year(result, tmp_path / "slips.csv", 12, make_mistakes())
    with speaking("en"):
        slips = read_deliveries(path, scenario)
        reality = follow_plan(scenario, result.plan, result.legs, slips)
        told = [str(one) for one in slips.mistakes]
    assert len(told) == len(MISTAKES)
    for number, (name, (_, column, words)) in enumerate(MISTAKES.items()):
        cell = f"{column}{count + 2 + number} "
        [mine] = [one for one in told if cell in one] or [f"{name}: not told"]
        assert words in mine, name
    assert len(reality.driven.slips) == count
    assert slips.left_out_t == pytest.approx(20 * (len(MISTAKES) - 6))
    planned = result.plan.flows.query("period == '2027'")["tonnes"].sum()
    assert reality.driven.slips["tonnes"].sum() == pytest.approx(planned)


def test_a_site_that_is_left_with_less_than_nothing_has_no_part_in_what_is_common(ran):
    books = ran[0].effect.books
    share = (books.lines["origin"] != "fabrik") - 1e-9
    left = books.times(share.astype(float))
    projects = left.by("project")
    assert (books.lines["kind"] == "processes").any()
    assert projects[CO2E].sum() == pytest.approx(left.total(CO2E))


LATE = """
title: One pit
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1800 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand], capacity_per_period: 1500 t}}
"""


def test_a_rest_without_a_plan_is_told_with_what_binds(tmp_path, capsys):
    """By March 2028 nothing has come, and the pit may not dig all of it in a year."""
    file, slips = tmp_path / "late.yaml", tmp_path / "slips.csv"
    file.write_text(LATE, "utf-8")
    _, folder = run_scenario(file, into=tmp_path, sensitivity=False)
    write_slips(slips, [("2028-03-01", "pit", "road", "fill_sand", "20", "1", "", "")])
    words = ["actuals", folder, slips, "--scenario", file, "--into", tmp_path / "into"]
    assert run(*words) == 3
    assert "limit 1,500 t" in capsys.readouterr().out
    book = openpyxl.load_workbook(tmp_path / "into" / "late_actuals" / "actuals.xlsx")
    assert [one.max_column for one in (book["Months"], book["Flows"])] == [3, 5]


def test_a_workbook_says_the_same(ran, scenario, tmp_path):
    """Days and numbers are those of a spreadsheet; what stands in the cells is the same."""
    result, _ = ran
    path, heads, _ = write_year(result, tmp_path / "slips.csv", 12, make_mistakes())
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    book = openpyxl.Workbook()
    book.active.append(heads)
    for row in rows:
        cells = list(row)
        for at in (4, 5):
            plain = re.fullmatch(r"-?[\d.]+(,\d+)?", row[at])
            cells[at] = float(row[at].replace(".", "").replace(",", ".")) if plain else row[at]
        if re.fullmatch(r"15\.\d\d\.\d{4}", row[0]):
            cells[0] = datetime.datetime.strptime(row[0], "%d.%m.%Y")
        book.active.append([one if one != "" else None for one in cells])
    book.save(tmp_path / "slips.xlsx")
    first, second = (
        read_deliveries(tmp_path / f"slips.{one}", scenario) for one in ("csv", "xlsx")
    )
    for one in (first, second):
        follow_plan(scenario, result.plan, result.legs, one)
    cells = [
        [(one.place.line, one.place.column, one.message.text) for one in it.mistakes]
        for it in (first, second)
    ]
    assert cells[0] == cells[1]
    told = [pd.DataFrame(one.found).drop(columns="place") for one in (first, second)]
    pd.testing.assert_frame_equal(*told)


def test_no_plate_and_no_name_is_told_anywhere(ran, tmp_path, capsys):
    result, folder = ran
    path, *_ = write_year(result, tmp_path / "slips.csv", 12, make_mistakes())
    source = ROOT / "scenarios" / "motorvej.yaml"
    words = ["actuals", folder, path, "--scenario", source, "--into", tmp_path / "into"]
    assert run(*words) == 0
    said = capsys.readouterr()
    into = tmp_path / "into" / "motorvej_actuals"
    page = html.unescape((into / "actuals.html").read_text(encoding="utf-8"))
    book = openpyxl.load_workbook(into / "actuals.xlsx")
    cells = [str(one.value) for sheet in book for row in sheet.iter_rows() for one in row]
    for text in (said.out, said.err, page, "\n".join(cells)):
        assert not [one for one in SECRETS if one in text]
    assert "Reg.nr., Chauffør" in said.out
    assert len(list(book.worksheets[-1])) == 1 + len(MISTAKES)
    assert run(*words, "--strict") == 2
    assert "række 2" in capsys.readouterr().err
    check_sums({sheet.title: list(sheet.iter_rows(2, values_only=True)) for sheet in book})


def check_sums(sheets):
    """Months, projects and causes add up to the figures; what opens has no month (12 t CO2e)."""
    _, served, planned, driven, before, plan, new = sheets["I tal"][0]
    months = [sum(column) for column in list(zip(*sheets["Måneder"], strict=True))[1:]]
    assert months == pytest.approx([plan - 12, driven, new - 12], rel=1e-6)
    each = [sum(column) for column in list(zip(*sheets["Måneder og projekter"], strict=True))[2:]]
    assert each == pytest.approx(months)
    projects = list(zip(*sheets["Udledning pr. projekt, t CO2e"], strict=True))[1:]
    assert [sum(one) for one in projects] == pytest.approx(
        [served, planned, driven, before, plan, new]
    )
    *causes, together = sheets["Hvorfor"]
    assert sum(row[2] for row in causes) == pytest.approx(together[2])
    assert together[2] == pytest.approx(driven - planned)
    flows = [row for row in sheets["Transporter"] if isinstance(row[5], float | int)]
    assert all(row[4] <= row[5] + 1e-3 for row in flows)


def test_the_example_that_comes_along(ran, scenario):
    """Fill sand from the pit is no match of the plan, and the rest goes on without it."""
    result, _ = ran
    slips = read_deliveries(ROOT / "scenarios" / "motorvej_sedler.csv", scenario)
    assert (len(slips.found), slips.mistakes, slips.unread) == (8, [], ["Reg.nr."])
    until = datetime.date(2027, 3, 31)
    reality = follow_plan(scenario, result.plan, result.legs, slips, until=until)
    assert not reality.refused
    whole = reality.driven.books.totals - reality.planned.totals
    assert sum(added(reality).values()) == pytest.approx(whole[TRANSPORT_WTW])
    lines = reality.rest.lines.query("kind == 'moves' and period == '2027'")
    assert lines.groupby(LANE)[TONNES].sum().min() > -1e-6
    assert reality.books.lines["reference_tonnes"].sum() == pytest.approx(400_000)


def test_slips_before_anything_is_planned(tmp_path):
    """All that was driven is deviation then: of the amount, for nothing was planned to be moved."""
    rows = [("2027-05-01", "pit", "road", "fill_sand", "180", "10", "", "")]
    text = SMALL.replace("amount: 1800 t", "amount: 1800 t, from: 2028").replace(
        "amount: 600 t", "amount: 600 t, from: 2028"
    )
    with pytest.raises(InputError, match="2028"):
        follow(text, rows, tmp_path)
    rows = [("2027-05-01", "far_pit", "road", "fill_sand", "180", "10", "", "")]
    text = ONE_PIT.replace("[2027]", "[2027, 2028]").replace("  pit:", "  far_pit:")
    plan, _, reality = follow(text.replace("far_pit]", "pit]"), rows, tmp_path)
    assert plan.flows["period"].tolist() == ["2027"]
    assert reality.planned.total(TONNES) == pytest.approx(900 * 121 / 365)


def test_headings_may_be_named(tmp_path, capsys):
    scenario = make_scenario(SMALL)
    row = ("3/4-27", "pit", "road", "fill_sand", "18,5", "2 m3")
    path = write_slips(tmp_path / "a.csv", [row], ("D", "A", "B", "M", "T", "V"), ",")
    with (
        speaking("en"),
        pytest.raises(InputError, match="`date`, `from`, `to`, `material`, `amount`"),
    ):
        read_deliveries(path, scenario)
    named = {"date": "D", "from": "A", "to": "B", "material": "M", "amount": "V"}
    [found] = read_deliveries(path, scenario, columns=named).found
    density = scenario.catalogue.materials["fill_sand"].density_loose.value
    assert found.day == datetime.date(2027, 4, 3)
    assert found.tonnes == pytest.approx(2 * density)
    with speaking("en"), pytest.raises(InputError, match="no column has the heading"):
        read_deliveries(path, scenario, columns={**named, "loads": "L"})
    with speaking("en"), pytest.raises(InputError, match="`lods` is no key"):
        read_deliveries(path, scenario, columns={**named, "lods": "T"})
    assert run("actuals", tmp_path, path, "--columns", "date") == 2
    assert "--columns" in capsys.readouterr().err
    assert run("actuals", tmp_path, path, "--until", "soon") == 2
    assert "--until" in capsys.readouterr().err


def test_loads_alone_are_those_of_the_truck(tmp_path):
    scenario = make_scenario(SMALL)
    heads = ("date", "from", "to", "material", "loads", "truck")
    rows = [("2027-04-03", "pit", "road", "fill_sand", "3", one) for one in ("tipper_4_axle", "")]
    slips = read_deliveries(write_slips(tmp_path / "a.csv", rows, heads), scenario)
    [found], [wrong] = slips.found, slips.mistakes
    density = scenario.catalogue.materials["fill_sand"].density_loose.value
    assert found.tonnes == pytest.approx(
        3 * scenario.catalogue.vehicles["tipper_4_axle"].load_t(density)
    )
    assert (found.loads, wrong.place.line, wrong.place.column) == (3, 3, 5)


def test_kilograms_have_one_reading(tmp_path):
    """Of tonnes `35.500` has two, and weighbridges weigh to no gram."""
    heads = (*HEADS[:4], "Netto (kg)")
    row = ("2027-04-03", "pit", "road", "fill_sand", "35.500")
    path = write_slips(tmp_path / "a.csv", [row], heads)
    [found] = read_deliveries(path, make_scenario(SMALL)).found
    assert found.tonnes == pytest.approx(35.5)


def test_slips_of_another_unit_of_length(tmp_path):
    rows = [
        ("2027-05-01", "pit", "road", "fill_sand", "18", "", "", one) for one in ("10000", "11")
    ]
    _, slips, reality = follow(ONE_PIT, rows, tmp_path)
    [wrong] = slips.mistakes
    with speaking("en"):
        assert "10 km by road" in str(wrong)
    assert reality.driven.flows["length_km"].tolist() == [11.0]
