"""Amounts and figures are finite and plausible, and any number can be written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.errors import InputError, ScenarioError
from raastof_geo.figures.figure import (
    Density,
    EnergyCurve,
    NonNegativeFigure,
    Rate,
    Speed,
    Sum,
    Yearly,
)
from raastof_geo.language import format_number, say
from raastof_geo.units import Quantity, join_at_comma, read_quantity, read_share, suggest_number

pytestmark = pytest.mark.usefixtures("english")


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("1e9 t", Quantity(1e9, "t")),
        ("1000 mt", Quantity(1e9, "t")),
        ("1e9 m3 loose", Quantity(1e9, "m3", "loose")),
        ("100 000 000 loads", Quantity(1e8, "loads")),
        ("1 kg", Quantity(0.001, "t")),
        ("0.000001 t", Quantity(1e-6, "t")),
        ("0 kg", Quantity(0, "t")),
        ("35.000,5 t", Quantity(35000.5, "t")),
        ("35,000.5 t", Quantity(35000.5, "t")),
        ("1.234.567 t", Quantity(1234567, "t")),
        ("1,234,567 t", Quantity(1234567, "t")),
    ],
)
def test_the_largest_and_the_smallest_amounts(text, quantity):
    """From a gram to a billion tonnes; a number of one reading may bear marks of thousands."""
    assert read_quantity(text) == quantity


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e400 t", "at most 1,000,000,000 t, got `1e400 t`"),
        ("9e307 kt", "at most 1,000,000,000 t"),
        ("1e308 t", "at most 1,000,000,000 t"),
        ("1001 mt", "at most 1,000,000,000 t"),
        ("1e10 m3 in_situ", "at most 1,000,000,000 m3"),
        ("1e10 fm3", "at most 1,000,000,000 m3"),
        ("1e9 loads", "at most 100,000,000 loads"),
        ("9" * 150 + " t", "at most 1,000,000,000 t"),
        ("1e-320 t", "0 or at least 0.000001 t, got `1e-320 t`"),
        ("0.0001 kg", "0 or at least 0.000001 t"),
        ("1" * 5000 + " t", "is not an amount"),
        ("12.34.56 t", "is not an amount"),
        ("1.234,567.8 t", "is not an amount"),
    ],
)
def test_amounts_beyond_any_plan_are_refused(text, message):
    """An amount is at most a billion tonnes or cubic metres, and at least a gram."""
    with pytest.raises(InputError, match=message) as caught:
        read_quantity(text)
    assert len(str(caught.value)) < 400


def test_zero_has_no_sign():
    """`-0 t` is nothing, and prints as nothing."""
    assert str(read_quantity("-0 t").value) == "0.0"


@pytest.mark.parametrize("given", ["1e400 %", float("inf"), float("nan"), "-1e-9 %", 1e308])
def test_shares_are_finite(given):
    """A share lies between 0 and 1, whatever else is tried."""
    with pytest.raises(InputError, match="between 0 % and 100 %"):
        read_share(given)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("11,372", "11.372"),
        ("-0,5", "-0.5"),
        ("6.150.000,5", "6150000.5"),
        ("11.372", None),
        ("1,2,3", None),
        ("Køge, 5", None),
        ("", None),
    ],
)
def test_a_decimal_comma_is_recognised(text, number):
    """What is meant by a number with a comma can be proposed."""
    assert suggest_number(text) == number


@pytest.mark.parametrize(
    ("before", "after", "meant"),
    [
        ("35.000", "5 ton", ("35000.5 ton",)),
        ("22", "000 t", ("22 000 t", "22.000 t")),
        ("11", "372", ("11.372",)),
        ("fill", "5 t", None),
        ("12", "use", None),
        ("2027-05", "5", None),
    ],
)
def test_halves_of_a_number_are_put_together(before, after, meant):
    """A comma between braces parts a number; other neighbours are left alone."""
    assert join_at_comma(before, after) == meant


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (NonNegativeFigure, -0.5, r"must be at least 0, got -0\.5"),
        (NonNegativeFigure, 1e7, "must be at most 1,000,000, got 10,000,000"),
        (NonNegativeFigure, 1e-320, r"must be at least 0\.000000001"),
        (NonNegativeFigure, float("inf"), "finite number"),
        (NonNegativeFigure, float("nan"), "finite number"),
        (Density, 0, "must be above 0, got 0"),
        (Density, 0.001, "must be at least 0.01, got 0.001"),
        (Density, 100, "must be at most 25"),
        (Speed, 0.5, "must be at least 1"),
        (Speed, 1000, "must be at most 300"),
        (Yearly, -5, "must be at least 0, got -5"),
        (Yearly, 1e7, "must be at most 1,000,000"),
        (
            Yearly,
            {"by_year": {2027: 3, 2030: -1}, "source": "x", "verified": True},
            "must be at least 0, got -1",
        ),
        (
            Yearly,
            {"by_year": {10**400: 3}, "source": "x", "verified": True},
            "years of `by_year` lie between 1900 and 2200",
        ),
        (Rate, -1e7, "must be at most 1,000,000"),
        (Sum, -1.0, "must be at least 0"),
        (Sum, 1e13, "must be at most 1,000,000,000,000"),
    ],
)
def test_figures_beyond_any_plan_are_refused(kind, given, message):
    """Figures of every kind are finite, and lie within what the trade could mean by them."""
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(kind).validate_python(given)


def test_the_energy_of_trucks_is_bounded():
    """Speeds and uses of a curve are finite, too."""
    said = {"source": "x", "verified": True, "speed_km_h": [50], "empty": [30]}
    with pytest.raises(ValidationError, match="must be at most 1,000,000"):
        EnergyCurve(**said, full=[1e7])
    with pytest.raises(ValidationError, match=r"must be at least 0\.0001"):
        EnergyCurve(**said, full=[1e-300])


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("{fuels: {diesel: {kg_co2e_ttw_per_unit: -1}}}", "diesel.kg_co2e_ttw_per_unit"),
        ("{vehicles: {tipper_4_axle: {idle_per_h: -1}}}", "tipper_4_axle.idle_per_h"),
        ("{vehicles: {tipper_4_axle: {hire_dkk_per_h: 1e300}}}", "hire_dkk_per_h"),
        ("{materials: {fill_sand: {density_loose: 1e-320}}}", "density_loose"),
        ("{materials: {fill_sand: {price: 1e300}}}", "fill_sand.price"),
        ("{materials: {fill_sand: {upstream_kg_co2e: -3}}}", "fill_sand.upstream_kg_co2e"),
        ("{speeds: {motorway: {mean_km_h: 1e-5}}}", "motorway.mean_km_h"),
    ],
)
def test_a_catalogue_of_ones_own_is_bounded_with_place(entry, place):
    """A negative or endless figure is refused where it stands."""
    with pytest.raises(ScenarioError, match=rf"world\.yaml:19:\d+: catalogue\.\S*{place}: must be"):
        make_scenario(PIT_AND_PROJECT + f"catalogue: {entry}\n")


def test_what_people_read_has_a_name():
    """A name in no language at all is refused."""
    with pytest.raises(ScenarioError, match=r"world\.yaml:19:\d+: catalogue\.vehicles\..*\.name"):
        make_scenario(PIT_AND_PROJECT + "catalogue: {vehicles: {own: {name: {}}}}\n")


BOUNDS = [
    ("1e9 t", ""),
    ("1e-6 t", ""),
    ("0.001 t", ""),
    ("1e9 m3 compacted", ""),
    ("1e9 t", "{materials: {fill_sand: {price: 1e6}, clean_clay_soil: {gate_fee: 1e6}}}"),
    ("1e-6 t", "{materials: {fill_sand: {price: 1e6}}}"),
    ("1e9 t", "{materials: {fill_sand: {price: 1e-9, upstream_kg_co2e: 1e6}}}"),
    ("1e9 t", "{vehicles: {tipper_4_axle: {payload_t: 1e-4}}}"),
    ("1e9 t", "{fits: {clean_clay_soil: {fill: {verdict: allowed, ratio: 1e6}}}}"),
]


@pytest.mark.parametrize(("amount", "catalogue"), BOUNDS)
def test_what_is_within_the_bounds_is_solved(amount, catalogue):
    """A scenario at the bounds has a proved plan, not a solver that gives up."""
    text = PIT_AND_PROJECT.replace(", capacity_per_period: 900 t", "")
    text = text.replace("[clean_clay_soil], capacity_total: 5000 t", "[clean_clay_soil]")
    text = text.replace("1000 t", amount).replace("600 t", amount.replace("compacted", "loose"))
    text += "objectives: [cost_dkk, kg_co2e_wtw]\n"
    scenario = make_scenario(text + (f"catalogue: {catalogue}\n" if catalogue else ""))
    plan = assign(scenario, make_legs(scenario))
    assert plan.certificate.holds


@settings(deadline=None)  # the first one reads how a language writes numbers
@given(st.floats() | st.integers(), st.integers(0, 12), st.sampled_from(["da", "en"]))
def test_any_number_can_be_written(value, digits, language):
    """Writing a number never fails, however large or small it is."""
    assert format_number(value, digits=digits, language=language)
    assert say("{value}", value=value).render(language)


@pytest.mark.parametrize(
    ("value", "danish"),
    [
        (float("inf"), "∞"),
        (float("-inf"), "-∞"),
        (float("nan"), "–"),
        (1e308, "1E308"),
        (-1.5e20, "-1,5E20"),
        (10**400, "∞"),
        (123456789012345.0, "123.456.789.012.345"),
        (-0.0, "0"),
    ],
)
def test_numbers_too_large_to_read(value, danish):
    """What has no end is said so, and what is too long is written with a power of ten."""
    assert format_number(value, language="da") == danish


@pytest.mark.parametrize("payload", ["50", "32"])
def test_a_truck_weighs_something_itself(payload):
    """A load as heavy as truck and load together is refused: both figures, where, what to do."""
    own = f"catalogue: {{vehicles: {{tipper_4_axle: {{gross_t: 32, payload_t: {payload}}}}}}}\n"
    with pytest.raises(ScenarioError) as refused:
        make_scenario(PIT_AND_PROJECT + own)
    assert str(refused.value) == (
        "world.yaml:19:39: catalogue.vehicles.tipper_4_axle: the truck and its load weigh 32 t "
        f"(`gross_t`), and the load alone {payload} t (`payload_t`): raise `gross_t`, or lower "
        "`payload_t`"
    )
