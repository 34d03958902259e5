"""What a figure carries beside its value: its range, evidence, days, and the year of a price."""

import datetime
import pytest
from pydantic import TypeAdapter, ValidationError
from worlds import PIT_AND_PROJECT, make_scenario
from raastof_geo.figures.figure import Density, EnergyCurve, Figure, NonNegativeFigure, Yearly
from raastof_geo.records.ledger import KeptFactor, _tell_source

pytestmark = pytest.mark.usefixtures("english")


def read(kind, **given):
    return TypeAdapter(kind).validate_python({"source": "a letter", **given})


@pytest.mark.parametrize(
    ("said", "evidence"),
    [(True, "seen"), (False, "judgement"), ("yes", "seen"), ("no", "judgement")],
)
def test_verified_of_older_files_is_read(said, evidence):
    """What was verified was seen; what nobody vouched for is judgement."""
    assert read(Figure, value=3, verified=said).evidence == evidence
    assert "verified" not in read(Figure, value=3, verified=said).model_dump()


@pytest.mark.parametrize(
    "said", [{}, {"verified": "perhaps"}, {"verified": True, "evidence": "copy"}]
)
def test_evidence_is_said_once(said):
    """Neither not at all, nor in a word that nobody knows, nor twice."""
    with pytest.raises(ValidationError):
        read(Figure, value=3, **said)


@pytest.mark.parametrize("ends", [{"low": 3.1}, {"high": 2.9}, {"low": 1, "high": 2}])
def test_the_range_holds_the_value(ends):
    """Low ≤ value ≤ high, of one number and of factors about one."""
    with pytest.raises(ValidationError, match="low ≤ 3 ≤ high"):
        read(Figure, value=3, evidence="seen", **ends)
    factors = {f"{end}_factor": value / 3 for end, value in ends.items()}
    with pytest.raises(ValidationError, match="low ≤ 1 ≤ high"):
        read(Yearly, by_year={2030: 3}, evidence="seen", **factors)


def test_the_ends_are_bounded_as_the_value_is():
    """No density of nothing, not even at the low end."""
    with pytest.raises(ValidationError, match="must be above 0"):
        read(Density, value=1.5, low=0, evidence="seen")
    with pytest.raises(ValidationError, match="must be at most 1,000,000"):
        read(NonNegativeFigure, value=1.5, high=1e7, evidence="seen")


def test_every_kind_of_figure_goes_to_the_ends_of_its_range():
    """Numbers have ends, series factors; without a range there is no end to go to."""
    one = read(Figure, value=3, low=2, high=5, evidence="seen")
    assert (one.at("low").value, one.at("high").value) == (2, 5)
    assert read(Figure, value=3, evidence="seen").at("low") is None
    yearly = read(Yearly, value=3.0, low=2.7, evidence="seen")
    assert yearly.at("low").in_year(2031) == pytest.approx(2.7)
    assert yearly.at("high") is None
    use = {"speed_km_h": [50], "empty": [20], "full": [30], "evidence": "copy"}
    curve = read(EnergyCurve, **use, high_factor=1.1)
    assert curve.at("high").full == (pytest.approx(33),)
    assert curve.at("low") is None


def test_what_held_to_a_day_before_the_plan_begins_has_expired():
    """The last day still counts; without a day asked of, the evidence stands."""
    one = read(Figure, value=3, evidence="copy", valid_to=datetime.date(2025, 12, 22))
    assert one.state(datetime.date(2025, 12, 22)) == "copy"
    assert one.state(datetime.date(2025, 12, 23)) == "expired"
    assert one.state(None) == "copy"


def test_a_scenario_knows_the_state_of_its_figures_when_it_begins():
    """`valid_to` is held against the first day of the first period."""
    world = PIT_AND_PROJECT + (
        "catalogue:\n  materials:\n    fill_sand:\n"
        "      density_loose: {value: 1.7, source: x, evidence: copy, valid_to: 2020-01-01}\n"
    )
    assert make_scenario(world).states()["materials.fill_sand.density_loose"] == "expired"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"low": 0.0, "high": 4.0}, "3 kr./t (0–4); source"),
        ({"low": 2.0, "high": None}, "3 kr./t (2–?); source"),
        ({"price_year": 2015}, "3 kr./t, price of 2015, not indexed; source"),
        (
            {"price_year": 2030, "indexed": True, "high": 4.0},
            "(?–4), in the prices of 2030; source",
        ),
    ],
)
def test_ranges_and_price_years_are_told_beside_the_value(given, words):
    """As much as is known, and a price always with its year."""
    none = dict.fromkeys(KeptFactor._fields)
    figure = {"value": 3.0, "unit": "kr./t", "source": "x", "evidence": "seen", "note": ""}
    told = _tell_source(KeptFactor(**none | {"name": "a"} | figure | given))
    assert words in str(told)
