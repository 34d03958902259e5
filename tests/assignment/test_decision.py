"""Either-or decisions against trying all of them, branched on and with cuts."""

from __future__ import annotations

import itertools
import numpy as np
import pytest
from scipy.optimize import linprog
from raastof_geo.assignment.solving import solve as decision
from raastof_geo.assignment.solving.price_in import Clock, How
from raastof_geo.assignment.solving.stated import Run
from raastof_geo.assignment.statement.row import Row, build_programme

PLACES, SITES, SEEDS = 4, 4, 15


def ask(name, columns, coefficients, sense, limit):
    """Make a row of lists."""
    return Row(name, "", np.array(columns), np.array(coefficients, float), sense, float(limit))


def make_case(seed):
    """Draw sites whose tonnes go to places that cost something to open, or to one that is open."""
    drawn = np.random.default_rng(seed)
    moves = SITES * (PLACES + 1)
    number = np.arange(moves).reshape(SITES, PLACES + 1)
    opened = moves + np.arange(PLACES)
    whole = np.arange(moves + PLACES) >= moves
    tonnes, room = drawn.integers(50, 400, SITES), drawn.integers(150, 900, PLACES)
    room //= 4 if seed % 5 == 4 else 1
    rows = [
        ask("sent", number[at], np.ones(PLACES + 1), "=", float(tonnes[at])) for at in range(SITES)
    ]
    for at in range(PLACES):
        into = [*number[:, at].tolist(), int(opened[at])]
        rows.append(ask("room", into, [1.0] * SITES + [-float(room[at])], "<=", 0.0))
        rows.append(ask("either", [int(opened[at])], [1.0], "<=", 1.0))
        if seed % 3 == 1:  # what is opened has to be used
            rows.append(ask("used", into, [1.0] * SITES + [-0.4 * room[at]], ">=", 0.0))
    if seed % 2:
        rows.append(ask("count", opened, np.ones(PLACES), "<=" if seed % 4 == 1 else ">=", 2.0))
    if seed % 5 == 4:  # the open one has next to no room, so that some cases have no plan
        rows.append(ask("open", number[:, PLACES], np.ones(SITES), "<=", 40.0))
    per_t = np.append(drawn.uniform(1, 9, (SITES, PLACES)), np.full((SITES, 1), 14.0), axis=1)
    costs = [np.append(per_t.ravel(), drawn.uniform(100, 900, PLACES))]
    costs.append(np.append(drawn.uniform(1, 5, moves), drawn.uniform(0, 50, PLACES)))
    return build_programme(rows, whole), costs


def try_all(programme, costs, tolerance):
    """Give the least of each objective over all decisions, one after the other; none: no plan."""
    matrix, sense = programme.matrix.toarray(), programme.sense
    limit, ends = programme.limit, []
    for cost in costs:
        every = []
        for choice in itertools.product((0.0, 1.0), repeat=PLACES):
            least = np.r_[np.zeros(len(cost) - PLACES), choice]
            most = np.r_[np.full(len(cost) - PLACES, np.inf), choice]
            found = linprog(
                cost,
                A_ub=np.vstack([matrix[sense < 0], -matrix[sense > 0]]),
                b_ub=np.r_[limit[sense < 0], -limit[sense > 0]],
                A_eq=matrix[sense == 0],
                b_eq=limit[sense == 0],
                bounds=np.c_[least, most],
            )
            if found.status == 0:
                every.append(found.fun)
        if not every:
            return None
        ends.append(min(every))
        matrix, sense = np.vstack([matrix, cost]), np.append(sense, -1)
        limit = np.append(limit, ends[-1] * (1 + tolerance) + 1e-6)
    return ends


@pytest.mark.parametrize("few", [16, 0], ids=["branches", "cuts"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_best_of_all_decisions_is_found_and_bounded(monkeypatch, seed, few):
    """By branches as with cuts: the best of both objectives, its bound, or none where none is."""
    monkeypatch.setattr(decision, "_FEW", few)
    programme, costs = make_case(seed)
    tolerance = 0.03 * (seed % 3)
    right = try_all(programme, costs, tolerance)
    found = decision.decide(programme, costs, [tolerance, 0.0], How(Clock()), 0.0)
    if right is None:
        assert found is None
        return
    assert found.lower_bound == pytest.approx(right[0], rel=1e-6)
    whole = programme.whole
    assert set(found.values[whole].tolist()) <= {0.0, 1.0}
    # With these decisions, the second objective is as small as it can be.
    rows = [ask("is", [at], [1.0], "=", found.values[at]) for at in np.flatnonzero(whole)]
    assert (
        try_all(programme.with_rows(*rows), costs, tolerance)[0]
        <= right[0] * (1 + tolerance) + 1e-3
    )
    held = Row(
        "held", "", np.arange(len(costs[0])), costs[0], "<=", right[0] * (1 + tolerance) + 1e-3
    )
    second = try_all(programme.with_rows(*rows, held), [costs[1]], 0.0)
    assert second[0] == pytest.approx(right[1], rel=1e-5)


def test_some_cases_have_a_plan_and_some_have_none():
    """Else the test above would tell half of it."""
    answers = [try_all(*make_case(seed), 0.0) is None for seed in range(SEEDS)]
    assert any(answers) and not all(answers)


def test_more_branches_than_cuts_would_take_are_given_up(monkeypatch):
    """What branches cannot finish, cuts do, with the same answer."""
    programme, costs = make_case(1)
    asked = [programme, costs, [0.0, 0.0], How(Clock()), 0.0]
    right = decision.decide(*asked)
    monkeypatch.setattr(decision, "_RUNS", 2)
    found = decision.decide(*asked)
    assert found.values.tolist() == right.values.tolist()
    assert found.lower_bound == pytest.approx(right.lower_bound, rel=1e-6)
    assert len(found.columns) == programme.column_count


@pytest.mark.parametrize("few", [16, 0], ids=["branches", "cuts"])
@pytest.mark.parametrize("looks", range(1, 14))
def test_time_that_is_up_gives_the_best_so_far(monkeypatch, looks, few):
    """The bound is then below the best of all, and what is decided, if anything, is a plan."""
    monkeypatch.setattr(decision, "_FEW", few)
    programme, costs = make_case(2)
    right = try_all(programme, costs, 0.0)
    left = iter([False] * looks)
    clock = Clock(None, lambda: next(left, True))
    found = decision.decide(programme, costs, [0.0, 0.0], How(clock), 0.0)
    if found is not None:
        assert found.lower_bound <= right[0] + 1e-6
        whole = np.flatnonzero(programme.whole)
        rows = [ask("is", [at], [1.0], "=", found.values[at]) for at in whole]
        assert try_all(programme.with_rows(*rows), costs[:1], 0.0)[0] >= right[0] - 1e-6


def test_what_branches_found_is_kept_where_cuts_find_nothing(monkeypatch):
    """Time may be up between the two."""
    programme, costs = make_case(2)
    monkeypatch.setattr(decision, "_RUNS", 2)
    nothing = Run(np.zeros(programme.column_count), feasible=False), -np.inf
    monkeypatch.setattr(decision._Tree, "_cut", lambda *_: nothing)
    found = decision.decide(programme, costs, [0.0, 0.0], How(Clock()), 0.0)
    assert found is not None
    assert found.lower_bound <= try_all(programme, costs, 0.0)[0] + 1e-6


@pytest.mark.parametrize("few", [16, 0], ids=["branches", "cuts"])
def test_what_is_closed_is_not_decided_on(monkeypatch, few):
    """Neither a decision nor what it would open may be closed and used."""
    monkeypatch.setattr(decision, "_FEW", few)
    programme, costs = make_case(0)
    free = decision.decide(programme, costs[:1], [0.0], How(Clock()), 0.0)
    opened = np.flatnonzero(free.values)
    closed = np.zeros(programme.column_count, bool)
    closed[opened[0]] = True
    rows = [ask("shut", [opened[0]], [1.0], "<=", 0.0)]
    right = try_all(programme.with_rows(*rows), costs[:1], 0.0)
    found = decision.decide(programme, costs[:1], [0.0], How(Clock(), closed), 0.0)
    assert found.values[opened[0]] == 0.0
    assert found.lower_bound == pytest.approx(right[0], rel=1e-6)
    assert right[0] > free.lower_bound
