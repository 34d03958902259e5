"""Not all that is on offer can be put to use."""

from __future__ import annotations

import pytest
from worlds import make_legs, make_scenario, refusal
from raastof_geo.assignment import assign
from raastof_geo.errors import NoPlanError

pytestmark = pytest.mark.usefixtures("english")

WORLD = """
title: A surplus of which a third can be used
language: en
periods: [2027, 2028]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  cut: {lon: 12.11, lat: 55.45, offers: [{material: clean_clay_soil, amount: 600 t}]}
  pit: {lon: 12.12, lat: 55.45, pit: {supplies: [fill_sand]}}
  tip: {lon: 12.13, lat: 55.45, receiver: {accepts: [clean_clay_soil]}}
"""
KM = {("cut", "road"): 1.0, ("cut", "tip"): 9.0, ("pit", "road"): 9.0}
PART = "capture: {clean_clay_soil: {value: 35 %, low: 25 %, high: 80 %, source: a study}}\n"


def used(more: str = "") -> float:
    scenario = make_scenario(WORLD + more)
    flows = assign(scenario, make_legs(scenario, KM)).flows
    return float(flows.loc[flows["taker_kind"] == "need"].query("origin == 'cut'")["tonnes"].sum())


@pytest.mark.parametrize(
    ("capture", "tonnes"),
    [
        ("", 600),
        (PART, 210),
        ("capture: {default: 35 %}\n", 210),
        ("capture: {default: 10 %, clean_clay_soil: 50 %}\n", 300),
        ("capture: {default: 0 %}\n", 0),
        ("capture: {default: 100 %}\n", 600),
    ],
)
def test_no_more_is_put_to_use_than_can_be(capture, tonnes):
    """All periods together; the rest goes to reception."""
    assert used(capture) == pytest.approx(tonnes)


def test_what_is_promised_can_be_used():
    """An agreement that names the material is among what can be used."""
    promise = "agreements: [{giver: cut, taker: road, material: clean_clay_soil, tonnes: 400 t}]\n"
    assert used(PART + promise) == pytest.approx(400)
    assert "say which `material`" in refusal(
        WORLD + PART + promise.replace("material: clean_clay_soil, ", "")
    )


def test_a_heap_changes_nothing_of_it():
    """What lies in a stockpile has not been asked yet; 50 t that lay there at the start have."""
    pile = "stockpile: {capacity: 900 t, start: {clean_clay_soil: 50 t}}, offers"
    text = (WORLD + PART).replace("offers", pile)
    scenario = make_scenario(text)
    flows = assign(scenario, make_legs(scenario, {**KM, ("cut", "cut"): 0.0})).flows
    met = flows[(flows["taker_kind"] == "need") & (flows["origin"] == "cut")]["tonnes"].sum()
    assert met == pytest.approx(210 + 50)


def test_a_share_out_of_reach_names_it():
    asked = "targets: {secondary_share: {at_least: 50 %}}\n"
    scenario = make_scenario(WORLD + PART + asked)
    with pytest.raises(NoPlanError) as error:
        assign(scenario, make_legs(scenario, KM))
    told = str(error.value)
    assert "if all that is on offer could be put to use" in told
    assert "what can be put to use of the surplus" in told


def test_an_odd_share_is_refused():
    assert "must lie between" in refusal(WORLD + "capture: {default: {value: 35 %, low: 40 %}}\n")
    assert "capture.granite" in refusal(WORLD + "capture: {granite: 35 %}\n")
