"""Businesses have an account, every krone has a payee, and a division that leaves nobody worse."""

from __future__ import annotations

from pathlib import Path
import numpy as np
import pytest
from raastof_geo.effect.saving import Transfers, tabulate_payments
from raastof_geo.figures.vocabulary import COST, GATE, HANDLING, SOLD, parts_of
from raastof_geo.outputs.documents.effects import list_payees, say_transfer, tabulate_accounts
from raastof_geo.pipeline import read_for_roads, solve_scenario

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"


@pytest.fixture(scope="module")
def recycler():
    return solve_scenario(read_for_roads(CASES / "recycler_sells_and_receives.yaml"))


def test_a_recycler_has_an_account_and_no_effect(recycler):
    effect = recycler.effect
    assert recycler.scenario.businesses == {"plads", "grav"}
    for books in (effect.books, effect.baseline_books):
        assert "plads" not in books.by("project").index
        assert "plads" not in books.tonnes_by_project
    assert sorted(effect.transfers.saved_dkk) == ["ned", "vej"]
    before, plan = (
        tabulate_payments(books).query("party == 'plads'")[GATE].sum()
        for books in (effect.baseline_books, effect.books)
    )
    assert before - plan == pytest.approx(-500_000)  # 10,000 t at 50 kr. at its gate, and then none


@pytest.mark.usefixtures("english")
def test_its_account_says_what_it_loses(recycler):
    (table,) = tabulate_accounts(recycler.scenario, recycler.effect)
    row = next(row for row in table.rows if row[0] == "Genbrugspladsen")
    assert row[1:3] == ("500", "0")
    assert row[-1] == "-501"  # nor does it sell its ten tonnes, at 55 kr., which it does without


def test_what_comes_to_a_business_is_to_and_from_projects_only(recycler):
    """Ten thousand tonnes that a project sends to another are counted at both, once each."""
    moved = recycler.effect.books.tonnes_by_project
    assert moved["ned"] == pytest.approx(10_000)
    assert moved["vej"] == pytest.approx(
        recycler.plan.flows.query("destination == 'vej'")["tonnes"].sum()
    )


@pytest.mark.parametrize("name", ["koege_bugt", "motorvej", "vordingborg_2016"])
def test_every_krone_has_a_payer_and_a_payee(name):
    result = solve_scenario(read_for_roads(ROOT / "scenarios" / f"{name}.yaml"))
    effect, parts = result.effect, list(parts_of(COST))
    for books in (effect.books, effect.baseline_books):
        payments = tabulate_payments(books)
        paid = payments[payments["sort"] == "project"][parts].to_numpy().sum()
        got = -payments[payments["sort"] != "project"][parts].to_numpy().sum()
        assert paid == pytest.approx(books.total(COST), rel=1e-9)
        assert got == pytest.approx(paid, rel=1e-9)
        assert np.abs(payments[parts].sum()).max() < 1e-3
    told = list_payees(result.scenario, effect)
    assert sum(plan for _, _, plan in told) == pytest.approx(effect.books.total(COST), abs=100)
    assert sum(before for _, before, _ in told) == pytest.approx(
        effect.baseline_books.total(COST), abs=100
    )


def test_what_is_loaded_at_a_stockpile_is_paid_to_somebody():
    result = solve_scenario(read_for_roads(ROOT / "scenarios" / "motorvej.yaml"))
    books = result.effect.books
    heaped = books.lines["giver"].str.contains("/stockpile") & (books.lines[HANDLING] > 0)
    assert heaped.any()
    payments = tabulate_payments(books).set_index("sort")
    assert payments.loc[["contractors"], HANDLING].sum() == pytest.approx(
        -books.lines.loc[heaped, HANDLING].sum()
    )


def test_only_projects_sell_to_each_other(recycler):
    lines = recycler.effect.books.lines
    assert not lines.loc[lines["origin"] == "plads", SOLD].any()


# --- divisions ------------------------------------------------------------------------------------


def divide(saved: dict[str, float], gross: dict[str, float]) -> dict[str, float]:
    """Divide by hand what all save together, in proportion to cost. [DKK]"""
    total, cost = sum(saved.values()), sum(gross.values())
    return {name: total * gross[name] / cost - saved[name] for name in saved}


def test_the_same_share_for_everybody(recycler):
    """Each ends up having saved the same share of what it paid: nobody is worse off."""
    effect = recycler.effect
    transfers = effect.transfers
    before = effect.baseline_books.by("project")[COST]
    gross = {name: float(before[name]) for name in transfers.saved_dkk}
    assert transfers.paid("same_share") == pytest.approx(divide(dict(transfers.saved_dkk), gross))
    assert sum(transfers.paid("same_share").values()) == pytest.approx(0, abs=1e-6)
    assert transfers.leaves_nobody_worse_off("same_share")
    assert transfers.support_dkk == 0


def test_where_all_lose_together_support_is_named():
    transfers = Transfers({"one": 100.0, "two": -400.0}, {"equal": {"one": -150.0, "two": -150.0}})
    assert transfers.support_dkk == 300.0
    assert not transfers.leaves_nobody_worse_off("equal")


@pytest.mark.usefixtures("danish")
def test_transfers_are_said_in_words(recycler):
    assert "betaler 1,5 mio. kr. til de øvrige" in str(say_transfer("same_share", -1_487_000))
    assert "får 2,0 mio. kr. fra de øvrige" in str(say_transfer("equal", 2_000_000))
