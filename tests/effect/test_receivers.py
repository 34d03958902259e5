"""Kinds of receivers, their days, samples of soil, depots by the month, and who gets the money."""

import pytest
from worlds import make_legs, make_scenario, refusal
from raastof_geo.assignment import assign
from raastof_geo.effect import measure_effect
from raastof_geo.effect.saving import tabulate_payments
from raastof_geo.errors import NoPlanError
from raastof_geo.scenario.parties import list_givers, list_takers

pytestmark = pytest.mark.usefixtures("english")

WORLD = """
title: Where soil goes
language: en
format: 3
periods: [2030, 2031]
vehicles: [tipper_4_axle]
sites:
  digging:
    lon: 12.1
    lat: 55.45
    land: built_up
    soil_mapping: {MAPPING}
    offers: [{material: {MATERIAL}, amount: 600 t}]
  tip:
    lon: 12.19
    lat: 55.46
    receiver: {accepts: [{MATERIAL}], {RECEIVER}}
"""


def text_of(receiver="kind: soil_bank", mapping="unmapped", material="clean_clay_soil") -> str:
    text = WORLD.replace("{RECEIVER}", receiver).replace("{MAPPING}", mapping)
    return text.replace("{MATERIAL}", material)


def books_of(text: str):
    scenario = make_scenario(text)
    legs = make_legs(scenario)
    return measure_effect(scenario, legs, assign(scenario, legs)).books


def costs(books) -> dict[str, float]:
    return {name: books.total(name) for name in ("gate_dkk", "landfill_tax_dkk", "sampling_dkk")}


# --- kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receiver", "gate", "tax", "landfilled"),
    [
        ("kind: landfill", 400, 475, 600),
        ("kind: soil_bank", 75, 0, 0),
        ("kind: harbour_fill", 75, 0, 0),
        ("kind: recycler", 75, 0, 0),
        ("capacity_total: 900 t", 75, 0, 0),
        ("kind: landfill, gate_fee_dkk_per_t: {clean_clay_soil: 140}", 140, 475, 600),
    ],
)
def test_a_landfill_pays_tax_and_the_others_do_not(receiver, gate, tax, landfilled):
    books = books_of(text_of(receiver))
    assert costs(books) == pytest.approx(
        {"gate_dkk": 600 * gate, "landfill_tax_dkk": 600 * tax, "sampling_dkk": 0}
    )
    assert books.total("landfill_tonnes") == landfilled
    paid = tabulate_payments(books).set_index("sort")
    if tax:
        assert paid.loc["waste_tax", "landfill_tax_dkk"] == pytest.approx(-600 * tax)
    parts = paid.drop(columns="party")
    assert float(parts.to_numpy().sum()) == pytest.approx(0, abs=1e-6)


def test_polluted_soil_costs_a_landfill_what_was_seen():
    """REFA 2022: 577 and 475 = 1,052 DKK/t."""
    books = books_of(text_of("kind: landfill", material="heavily_polluted_soil"))
    assert books.total("gate_dkk") + books.total("landfill_tax_dkk") == pytest.approx(600 * 1052)


def test_reception_emits_as_what_it_is():
    """In a landfill 0.14 kg/t or more; put to use nothing."""
    assert books_of(text_of("kind: landfill")).total("disposal_kg_co2e") > 0
    assert books_of(text_of("kind: soil_bank")).total("disposal_kg_co2e") == 0


def test_a_landfill_of_an_older_file_has_its_tax_in_its_fees():
    old = text_of("landfill: true").replace("format: 3", "format: 2")
    scenario = make_scenario(old)
    (receiver,) = scenario.receivers
    assert (receiver.landfill, receiver.landfill_tax_dkk_per_t) == (True, 0)


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ("kind: landfil", "is not a kind of receiver here; did you mean `landfill`?"),
        ("kind: landfill, landfill: true", "say `kind`, or `landfill` as older files do, not both"),
        (
            "opens_on: 2032-01-01",
            "open through no period of the scenario (closed before 1 Jan 2032)",
        ),
        ("opens_on: 2031-01-01, closes_on: 2030-01-01", "`closes_on: 2030-01-01` comes before"),
        ("closes_on: never", "closes_on"),
    ],
)
def test_what_is_wrong_with_a_receiver_has_its_place(receiver, said):
    told = refusal(text_of(receiver))
    assert said in told
    assert "world.yaml:17:" in told


# --- days -----------------------------------------------------------------------------------------


def test_nothing_comes_where_it_is_closed():
    """Closed after 30 June 2031: open in 2030 only, and a warning says so of 2031."""
    text = text_of("kind: soil_bank, closes_on: 2031-06-30")
    scenario = make_scenario(text)
    assert [one.periods for one in scenario.receivers] == [("2030",)]
    assert any(
        "in a part of 2031 only (closed after 30 Jun 2031)" in str(one.message)
        for one in scenario.warnings
    )
    flows = assign(scenario, make_legs(scenario)).flows
    assert set(flows["period"]) == {"2030"}


def test_every_place_can_have_days():
    text = (
        text_of()
        + """\
  works: {lon: 12.2, lat: 55.5, plant: {recipes: [sieve_sandy_soil], opens_on: 2031-01-01}}
  pit: {lon: 12.2, lat: 55.5, pit: {supplies: [fill_sand], closes_on: 2030-12-31}}
  store:
    lon: 12.2
    lat: 55.5
    depot: {materials: [clean_clay_soil], capacity: 9 t, opens_on: 2031-01-01}
"""
    )
    scenario = make_scenario(text)
    givers = {one.site: one.periods for one in list_givers(scenario)}
    takers = {one.site: next(iter(one.accepts.values())).periods for one in list_takers(scenario)}
    assert (givers["works"], givers["pit"], givers["store"]) == (("2031",), ("2030",), ("2031",))
    assert (takers["works"], takers["store"]) == (("2031",), ("2031",))


def test_a_conflict_tells_that_a_place_is_closed():
    text = text_of("kind: soil_bank, opens_on: 2031-01-01").replace("600 t}", "600 t, to: 2030}")
    scenario = make_scenario(text)
    with pytest.raises(NoPlanError) as caught:
        assign(scenario, make_legs(scenario))
    assert "is closed before 1 Jan 2031: nothing can come or go there in 2030" in str(caught.value)


# --- soil -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "material", "per_sample"),
    [
        ("mapped", "clean_clay_soil", 30),
        ("area_classified", "clean_clay_soil", 120),
        ("road", "slightly_polluted_soil", 120),
        ("unmapped", "clean_clay_soil", None),
        ("unmapped", "class_0_clay_soil", 30),
        ("area_classified", "class_0_clay_soil", 30),
        ("mapped", "concrete_rubble", None),
    ],
)
def test_soil_is_sampled_by_the_ground_that_it_leaves(mapping, material, per_sample):
    """1,000 DKK for each sample, paid by who gives to the laboratory."""
    books = books_of(text_of("kind: recycler", mapping, material))
    due = 600 / per_sample * 1000 if per_sample else 0
    assert books.total("sampling_dkk") == pytest.approx(due)
    assert books.by("project").loc["digging", "sampling_dkk"] == pytest.approx(due)
    paid = tabulate_payments(books).set_index("sort")
    if due:
        assert paid.loc["laboratories", "sampling_dkk"] == pytest.approx(-due)


def test_soil_that_stays_is_not_sampled():
    text = text_of(mapping="mapped").replace(
        "    offers:", "    needs: [{use: fill, amount: 100 t}]\n    offers:"
    )
    books = books_of(text)
    left = books.lines.query("origin != destination")["tonnes"].sum()
    assert left < 600 - 90
    assert books.total("sampling_dkk") == pytest.approx(left / 30 * 1000)


def test_soil_of_unknown_ground_is_told():
    text = text_of().replace("    soil_mapping: unmapped\n", "")
    (told,) = [str(one.message) for one in make_scenario(text).warnings]
    assert "600 t of soil come from sites without `soil_mapping`" in told


def test_class_3_is_polluted_and_goes_into_no_fill():
    """A9: class 2 by permit; class 3 to cleaning or landfill, as its name and as its class."""
    catalogue = make_scenario(text_of()).catalogue
    two, three = (catalogue.materials[one] for one in ("slightly_polluted_soil", "polluted_soil"))
    assert (two.soil_class, two.name["da"]) == (2, "Lettere forurenet jord (klasse 2)")
    assert (three.soil_class, three.name["da"]) == (3, "Forurenet jord (klasse 3)")
    for land in catalogue.land:
        assert catalogue.soil_move("polluted_soil", land).verdict == "forbidden"
    verdicts = {fit.verdict for fit in catalogue.fits["polluted_soil"].values()}
    assert verdicts == {"forbidden"}
    assert catalogue.fit("slightly_polluted_soil", "fill").verdict == "conditional"
    assert catalogue.soil_categories == {0: 1, 1: 1, 2: 2}


# --- depots ---------------------------------------------------------------------------------------


def stored(depot: str) -> float:
    """Give what it costs to keep 600 t from 2030 to 2031. [DKK]"""
    text = text_of("kind: soil_bank, opens_on: 2031-01-01").replace("600 t}", "600 t, to: 2030}")
    text += f"""\
  store:
    lon: 12.2
    lat: 55.5
    depot: {{materials: [clean_clay_soil], capacity: 900 t{depot}}}
"""
    books = books_of(text)
    assert books.total("handling_dkk") == pytest.approx(600 * 2 * 19)
    return books.total("storing_dkk")


def test_a_depot_costs_by_the_month():
    """From the middle of 2030 to the middle of 2031: 12 months at 8 DKK, or as said."""
    assert stored("") == pytest.approx(600 * 12 * 8, rel=1e-3)
    assert stored(", storing_dkk_per_t_month: 2") == pytest.approx(600 * 12 * 2, rel=1e-3)
    assert stored(", storing_dkk_per_t: 5") == pytest.approx(600 * 5)


# --- what is offered twice ------------------------------------------------------------------------


TWICE = (
    text_of("kind: recycler", material="concrete_rubble")
    + """\
  rgs:
    lon: 12.2
    lat: 55.5
    offers: [{material: crushed_concrete, amount: 90 t, must_leave: false}]
    plant: {recipes: [crush_concrete]}
"""
)


def test_what_a_recycler_offers_of_others_demolition_is_told():
    (told,) = make_scenario(TWICE).warnings
    assert "what `rgs` offers of `crushed_concrete` (90 t in all)" in str(told.message)
    assert "(`digging`, 600 t)" in str(told.message)
    assert told.place.line == 21


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("must_leave: false", "must_leave: false, made_elsewhere: true"),
        ("crushed_concrete, amount", "crushed_asphalt, amount"),
        ("plant: {recipes", "project: rgs\n    plant: {recipes"),
    ],
)
def test_what_is_of_something_else_is_not(old, new):
    """From outside, of another material, or of a project, whose own demolition it may be."""
    assert make_scenario(TWICE.replace(old, new)).warnings == ()
