"""Quantities of the trade."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raastof_geo.errors import InputError
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.units import Quantity, read_quantity, read_share

pytestmark = pytest.mark.usefixtures("english")


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("12 000 t", Quantity(12000, "t")),
        ("12\u00a0000 t", Quantity(12000, "t")),
        ("12_000 t", Quantity(12000, "t")),
        ("1 234 567 t", Quantity(1234567, "t")),
        ("12000t", Quantity(12000, "t")),
        ("1e3 t", Quantity(1000, "t")),
        ("0 t", Quantity(0, "t")),
        ("2.5 kt", Quantity(2500, "t")),
        ("2,5 kt", Quantity(2500, "t")),
        ("500 kg", Quantity(0.5, "t")),
        ("3 tonnes", Quantity(3, "t")),
        ("5000 m3 in_situ", Quantity(5000, "m3", "in_situ")),
        ("5000 m³ fast", Quantity(5000, "m3", "in_situ")),
        ("5000 fm3", Quantity(5000, "m3", "in_situ")),
        ("5000 m3 løs", Quantity(5000, "m3", "loose")),
        ("5000 m3 komprimeret", Quantity(5000, "m3", "compacted")),
        ("5000 m3", Quantity(5000, "m3")),
        ("80 loads", Quantity(80, "loads")),
        ("80 læs", Quantity(80, "loads")),
        ("80 loads tipper_4_axle", Quantity(80, "loads", vehicle="tipper_4_axle")),
    ],
)
def test_amounts_as_people_write_them(text, quantity):
    """Amounts are a number and a unit, in Danish or English words."""
    assert read_quantity(text) == quantity


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (12000, r"12,000 of what\?|12000 of what\?"),
        ("12000", "of what"),
        (2.5, "of what"),
        (True, "is not an amount"),
        (None, "is not an amount"),
        ([], "is not an amount"),
        ("", "is not an amount"),
        ("t", "is not an amount"),
        ("many t", "is not an amount"),
        ("5 bushels", "is not an amount"),
        ("5 t loose", "is not an amount"),
        ("5 m3 wet", "is not an amount"),
        ("1 2 3 t", "is not an amount"),
        ("-5 t", "at least 0, got `-5 t`"),
        ("12.000 t", r"can be read as `12 000` or as `12\.0`"),
        ("1,234 t", r"can be read as `1 234` or as `1\.234`"),
    ],
)
def test_what_is_not_clear_is_refused(given, message):
    """A bare number, an unknown unit and a number of two readings are refused."""
    with pytest.raises(InputError, match=message):
        read_quantity(given)


@given(st.text(max_size=30) | st.integers() | st.floats())
def test_any_input_is_understood_or_refused(given):
    """Whatever comes, the answer is an amount of at least 0 or a sentence."""
    try:
        quantity = read_quantity(given)
    except InputError as error:
        assert str(error)
    else:
        assert quantity.value >= 0


@given(st.integers(0, 10**9))
def test_grouped_and_plain_numbers_are_the_same(number):
    """Thousands may be separated with spaces."""
    grouped = f"{number:,}".replace(",", " ")
    assert read_quantity(f"{grouped} t") == read_quantity(f"{number} t")


@pytest.mark.parametrize(
    ("given", "share"), [("20 %", 0.2), ("12,5%", 0.125), (0.2, 0.2), (0, 0), (1, 1), ("100 %", 1)]
)
def test_shares(given, share):
    """A share is per cent or a number from 0 to 1."""
    assert read_share(given) == pytest.approx(share)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (20, "write `20 %`"),
        ("120 %", "between 0 % and 100 %"),
        (-0.1, "between 0 % and 100 %"),
        (500, "between 0 % and 100 %"),
        ("a fifth", "is not a share"),
        (True, "is not a share"),
    ],
)
def test_shares_of_two_readings_are_refused(given, message):
    """A bare number above 1 may be meant as per cent."""
    with pytest.raises(InputError, match=message):
        read_share(given)


@pytest.mark.parametrize(
    ("text", "material", "tonnes"),
    [
        ("100 t", "clean_clay_soil", 100),
        ("100 m3 in_situ", "clean_clay_soil", 180),
        ("100 m3 loose", "clean_clay_soil", 148),
        ("100 m3 compacted", "clean_clay_soil", 190),
        ("10 loads tipper_4_axle", "stable_gravel", 180),
        ("10 loads tipper_4_axle", "crushed_brick", 168),
    ],
)
def test_volumes_become_tonnes_by_their_condition(text, material, tonnes):
    """Volumes enter in a stated condition and are converted once."""
    found = load_catalogue().tonnes(read_quantity(text), material, ("tipper_4_axle",))
    assert found == pytest.approx(tonnes)


@pytest.mark.parametrize(
    ("text", "material", "message"),
    [
        ("100 m3", "clean_clay_soil", r"in which condition\?"),
        ("100 m3 in_situ", "stable_gravel", "no density in_situ of `stable_gravel`"),
        ("10 loads", "stable_gravel", r"loads of which truck\?"),
        ("10 loads lorry", "stable_gravel", "`lorry` is not a vehicle"),
    ],
)
def test_what_cannot_be_weighed_is_refused(text, material, message):
    """Condition, density and truck have to be known."""
    with pytest.raises(InputError, match=message):
        load_catalogue().tonnes(read_quantity(text), material, ("tipper_4_axle", "tip_semitrailer"))
