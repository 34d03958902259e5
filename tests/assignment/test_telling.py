"""What is said where no plan exists, and of legs that are not used, is true and can be acted on."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from places import CASES
from scipy.optimize import linprog
from strategies import World, choice_worlds, whole_worlds
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import RULES, Row, assign, compare_sites, explain_why_not
from raastof_geo.assignment.rules.choices import bound_everything
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.row import Programme, build_programme, sum_of
from raastof_geo.assignment.telling import case
from raastof_geo.assignment.telling.case import Case, Laid, find_largest_share
from raastof_geo.assignment.telling.conflict import explain_conflict, find_binding, try_repairs
from raastof_geo.assignment.telling.why_not import list_priced_rows
from raastof_geo.errors import NoPlanError, SolverError
from raastof_geo.language import speaking
from raastof_geo.scenario.parties import Idle, Lack, find_idle
from raastof_geo.scenario.said.file import Agreement, Choices
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.units import Quantity


def read_case(name: str, **replaced: str) -> Scenario:
    """Read a case with some of its words replaced, underscores for what is not a name."""
    text = (CASES / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return make_scenario(text)


def west_zealand(*changes: tuple[str, str]) -> Scenario:
    """Read the planner's scenario of 14 sites, with changes."""
    return read_case("west_zealand", **dict(changes))


@pytest.fixture(autouse=True, scope="module")
def _made_up_again():
    """Made-up roads can be made up again for another scenario, as real ones are priced again."""

    def again(legs, scenario):
        kilometres = getattr(legs, "kilometres", None)
        return None if kilometres is None else make_legs(scenario, kilometres)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case, "price_again", again)
        yield


def legs_of(scenario: Scenario, kilometres=10.0):
    """Make up roads that can be made up again for another scenario."""
    legs = make_legs(scenario, kilometres)
    object.__setattr__(legs, "kilometres", kilometres)
    return legs


def complain(scenario: Scenario, language: str = "da") -> list[str]:
    """Give what is said about a scenario that has no plan."""
    with speaking(language), pytest.raises(NoPlanError) as caught:
        assign(scenario, legs_of(scenario))
    with speaking(language):
        return str(caught.value).splitlines()


def said(scenario: Scenario, **changes: object) -> Scenario:
    """Give a scenario made in Python, which nobody has checked while reading."""
    return dataclasses.replace(scenario, said=scenario.said.model_copy(update=changes))


def agree(giver: str, taker: str, **more: object) -> Agreement:
    """Make an agreement."""
    return Agreement.model_construct(giver=giver, taker=taker, **more)


# --- the planner's cases, in Danish -------------------------------------------------------------

DALMOSE = "Knuseplads ved Dalmose (`knuser_dalmose`)"
RESIDUE = "Sorteringsrest fra knusning (træ, plast, armering) (`crusher_residue`)"


@pytest.mark.usefixtures("catalogue_of_the_audit")
def test_a_target_beyond_supply_says_how_much_there_is():
    """A target beyond supply says how much there is, and that no capacity is in the way."""
    told = complain(west_zealand(("at_least: 20 %", "at_least: 40 %")))
    assert told[0] == (
        "opgjort i referenceton kan af behovet på 184.200 t højst 49.145 t (26,7 %) dækkes med "
        "genanvendte materialer uden jord efter reglerne; `targets.secondary_share` kræver "
        "73.680 t (40 %), altså 24.535 t mere"
    )
    assert told[1] == (
        "ingen kapacitet, tidsramme, aftale eller betingelse, der blev prøvet, holder andelen "
        "nede; der skal udbydes mere, eller mere af det udbudte skal kunne bruges: der udbydes "
        "48.500 t genanvendte materialer uden jord efter vægt, og et lettere materiale dækker "
        "flere referenceton, end det vejer"
    )
    binding = [line for line in told if line.startswith("bindende")]
    assert binding
    assert not any("mellemdepot" in line for line in binding)
    assert (
        "bindende: overskuddet af Betonbrokker på Nedrivning af værftshal i Korsør "
        "(`nedrivning_korsoer`) i 2027-q1–2027-q3, grænse 18.000 t"
    ) in binding
    assert told[-1].startswith("udvej 1: sænk targets.secondary_share.at_least til 26,7 %; så ")


@pytest.mark.usefixtures("catalogue_of_the_audit")
def test_a_target_held_down_by_a_small_crusher():
    """What limits the share is said: the plant's capacity, with its limit and unit."""
    told = complain(
        west_zealand(
            ("at_least: 20 %", "at_least: 55 %"),
            ("capacity_per_period: 15 000 t", "capacity_per_period: 150 t"),
        )
    )
    assert (
        "tilsammen skal 24.000 t Betonbrokker, Blandede beton- og teglbrokker væk fra Nedrivning "
        f"af værftshal i Korsør (`nedrivning_korsoer`); kun {DALMOSE} må tage imod det og har "
        "plads til højst 450 t: 23.550 t for lidt"
    ) in told
    assert (
        "uden grænser for, hvad råstofgrave, modtagere, anlæg og mellemdepoter må levere, tage "
        "imod og rumme, kunne højst 26,7 % være genanvendte materialer uden jord"
    ) in told
    assert (
        f"bindende: anlæggets kapacitet: {DALMOSE} (2027-q1, 2027-q2, 2027-q3, 2027-q4, 2028-q1, "
        "2028-q2), grænse 150 t"
    ) in told


def test_residue_without_a_receiver_is_the_reason():
    """Residue unaccepted: no receiver takes it, an agreement forbids the rest, nothing is full."""
    told = complain(west_zealand(("crusher_residue, ", "")))
    assert told[0] == (
        "18.000 t af 18.000 t Betonbrokker fra Nedrivning af værftshal i Korsør "
        "(`nedrivning_korsoer`) i 2027-q1–2027-q3 har intet sted at komme hen: aftalen om, at "
        "Nedrivning af værftshal i Korsør (`nedrivning_korsoer`) ikke sender noget til "
        "Affaldscenter ved Næstved (Faxe Ladeplads-vejen) (`modtager_naestved`) i 2027-q1–2028-q2 "
        f"udelukker det; {DALMOSE} kan aldrig bruge opskriften Knusning af beton "
        f"(`crush_concrete`): ingen tager imod {RESIDUE} herfra: føj det til "
        "`accepts` på en modtager"
    )
    assert not any("hæv" in line for line in told)
    assert any(
        re.match(rf"udvej 1: lad .* tage imod {re.escape(RESIDUE)}; så", one) for one in told
    )


def test_a_receiver_without_the_soil():
    """Nobody takes the soil: no `kun ingen`, and the condition that would open a use."""
    told = complain(
        west_zealand(
            ("class_0_topsoil, slightly_polluted_soil,", "class_0_topsoil,"),
            ("crusher_residue, slightly_polluted_soil,", "crusher_residue,"),
        )
    )
    assert told[0] == (
        "7.200 t af 7.200 t Lettere forurenet jord (klasse 2) fra Udvidelse af Ringstedgade i "
        "Næstved (`vej_naestved`) i 2027-q2–2027-q3 har intet sted at komme hen: intet behov må "
        "bruge det i den tid, og ingen modtager tager imod det; tilføj en modtager, eller sæt "
        "`must_leave: false`"
    )
    assert sum(line.startswith("udvej") for line in told) == 6


def test_an_agreement_that_is_larger_than_all_surplus():
    """An agreement is named by its sites, amount and time, and the most that can go is said."""
    scenario = west_zealand()
    first, *rest = scenario.said.agreements
    larger = first.model_copy(update={"at_least": Quantity(80_000.0, "t")})
    told = complain(said(scenario, agreements=(larger, *rest)))
    bolig, vold = (
        "Boligområde Tidselbjerget, Slagelse (`bolig_slagelse`)",
        "Støjvold langs motorvejen ved Ringsted (`stoejvold_ringsted`)",
    )
    assert told[0] == (
        f"aftalen mellem {bolig} og {vold} (mindst 80.000 t af alle materialer tilsammen i "
        f"2027-q1–2028-q2) kan ikke holdes, der mangler 38.900 t: højst 41.100 t kan køres "
        "dertil efter reglerne"
    )
    assert not any("mellemdepot" in line for line in told)
    assert (
        f"bindende: overskuddet af Ren lerjord, moræneler (klasse 0-1) på {bolig} i 2027-q1, "
        "2027-q2, 2027-q3, 2027-q4, grænse 9.000 t"
    ) in told


def test_a_need_that_one_pit_cannot_meet():
    """40,000 t are there, and 50,000 t are missing; nothing is negative."""
    told = complain(read_case("impossible"))
    assert told[0] == (
        "Vejen (`vej`) mangler 50.000 t af 90.000 t til Bærelag i 2027: taget for sig kan højst "
        "40.000 t af det dækkes efter reglerne, fra `grav`; tilføj et udbud eller en råstofgrav, "
        "eller hæv det, der binder"
    )
    assert "bindende: råstofgravens tilladelse: Graven (`grav`) (2027), grænse 40.000 t" in told
    assert told[1].startswith("34.000 t af 54.000 t Lettere forurenet jord")
    assert "højst 20.000 t af det køres væk efter reglerne, til `modt`" in told[1]
    assert told[2].startswith("4.737 t af 10.000 t Knust beton")
    assert "højst 5.263 t af det køres væk efter reglerne, til `vej`" in told[2]
    assert not any(re.search(r"(?<![\w–-])[-−]\d", line) for line in told)
    cited = [line for line in told if "reglen" in line]
    assert len(cited) == 1
    assert cited[0].startswith("Lettere forurenet jord (klasse 2) må kun bruges til Støjvold på")


# --- contradictions that reading may let pass ---------------------------------------------------


def test_agreements_that_are_too_much_together():
    """Each of two agreements could be kept, but the surplus is not enough for both."""
    scenario = said(
        make_scenario(PIT_AND_PROJECT),
        agreements=(
            agree("digging", "tip", at_least=Quantity(400.0, "t")),
            agree("digging", "road", at_least=Quantity(300.0, "t")),
        ),
    )
    told = complain(scenario, "en")
    assert re.match(
        r"the agreement between `digging` and `(tip|road)` \(at least (400|300) t of any material "
        r"in 2027–2028\) cannot be kept, 100 t are missing: at most (300|200) t can go "
        r"under the rules$",
        told[0],
    ), told
    assert (
        "binding: surplus of Clean clay soil, moraine (class 0-1) at `digging` in 2027–2028, "
        "limit 600 t"
    ) in told
    assert any(re.match(r"repair \d: lower the agreement .* to (300|200) t; then", o) for o in told)


def test_an_agreement_that_is_larger_than_the_need():
    """An agreement that asks for more than its taker can use."""
    scenario = said(
        make_scenario(PIT_AND_PROJECT.replace("amount: 600 t", "amount: 6000 t")),
        agreements=(agree("digging", "road", tonnes=Quantity(2000.0, "t")),),
    )
    told = complain(scenario, "en")
    assert told[0].endswith("at most 1,000 t can go under the rules")


def test_an_agreement_that_nothing_may_follow():
    """An agreement between sites of which one has nothing that the other may use."""
    scenario = said(
        make_scenario(PIT_AND_PROJECT),
        agreements=(agree("pit", "tip", at_least=Quantity(5.0, "t")),),
    )
    told = complain(scenario, "en")
    assert told[0] == (
        "the agreement between `pit` and `tip` (at least 5 t of any material in 2027–2028) cannot "
        "be kept, 5 t are missing: nothing that `pit` has may go to `tip` in that time"
    )


def test_lots_that_are_larger_than_what_there_is():
    """The tonnes fit, and the lot does not: the lots that would do are told, none negative."""
    scenario = said(make_scenario(PIT_AND_PROJECT), choices=Choices(smallest_lot="1200 t"))
    told = complain(scenario, "en")
    assert told[:3] == [
        "the tonnes fit, but not with `choices.smallest_lot` of 1,200 t: without it there is a "
        "plan",
        "nearest to a plan is one that sends only 600 t of Clean clay soil, moraine (class 0-1) "
        "from `digging` to `road` in 2027",
        "nearest to a plan is one that sends only 400 t of Fill sand from `pit` to `road` in 2027",
    ]
    assert told[3].startswith("repair 1: give up `choices.smallest_lot`; then a plan exists with")


def test_lots_that_do_not_add_up():
    """Where no offer is smaller than a lot, the nearest plan with a smaller lot is told."""
    text = PIT_AND_PROJECT.replace("amount: 600 t", "amount: 900 t, to: 2027").replace(
        "capacity_total: 5000 t", "capacity_per_period: 350 t"
    )
    text = text.replace("amount: 1000 t", "amount: 1000 t, materials: [clean_clay_soil, fill_sand]")
    scenario = said(make_scenario(text), choices=Choices(smallest_lot="580 t"))
    told = complain(scenario, "en")
    assert told[0].startswith("the tonnes fit, but not with `choices.smallest_lot` of 580 t")
    assert re.match(
        r"nearest to a plan is one that sends only \d+ t of [\w ,()-]+ from `\w+` to `\w+` in \d+$",
        told[1],
    ), told


def test_two_kinds_of_decision_that_only_exclude_a_plan_together():
    """Where no kind of decision is to blame alone, all are named."""
    text = PIT_AND_PROJECT.replace("capacity_per_period: 900 t", "capacity_total: 700 t")
    scenario = said(make_scenario(text), choices=Choices(partners_at_most=1, smallest_lot="5000 t"))
    told = complain(scenario, "en")
    assert told[0] == (
        "the tonnes fit, but not with the either-or decisions together: `choices.smallest_lot` of "
        "5,000 t, `choices.partners_at_most` of 1"
    )


# --- recipes and legs that can never be used ----------------------------------------------------


def test_recipes_that_can_never_run():
    """A recipe is told with what keeps it from running, and every one that lacks the same."""
    idle = find_idle(west_zealand(("crusher_residue, ", "")))
    residue = Lack("nobody", "crusher_residue", "output")
    assert idle[0] == Idle("knuser_dalmose", "crush_concrete", (residue,))
    assert len(idle) == 4


def test_a_recipe_without_input():
    """What nobody offers is named."""
    slabs = Lack("nobody", "asphalt_slabs", "input")
    assert find_idle(west_zealand()) == (Idle("knuser_dalmose", "crush_asphalt", (slabs,)),)


def test_an_impossible_leg_is_not_as_good():
    """A crusher that can never run is never `just as good`, in `why-not` and on the map."""
    scenario = west_zealand(
        ("crusher_residue, ", ""),
        (
            "  - {giver: nedrivning_korsoer, taker: modtager_naestved, forbidden: true, "
            "note: Korsør vil have betonen knust}\n",
            "",
        ),
        ("at_least: 20 %", "at_least: 1 %"),
    )
    plan = assign(scenario, legs_of(scenario))
    with speaking("da"):
        reasons = explain_why_not(plan, "nedrivning_korsoer", "knuser_dalmose")
        assert [reason.kind for reason in reasons] == ["impossible", "impossible"]
        assert str(reasons[0].message) == (
            f"umuligt: {DALMOSE} kan aldrig bruge opskriften Knusning af beton (`crush_concrete`): "
            f"ingen tager imod {RESIDUE} herfra: føj det til `accepts` på en modtager"
        )
        best = compare_sites(plan)["nedrivning_korsoer", "knuser_dalmose"]
        assert best.kind == "impossible"
        need = explain_why_not(plan, "grav_bromme", "omfart_slagelse")
    assert "til Bærelag i 2027-q3–2028-q1" in " ".join(str(one.message) for one in need)


# --- all of it, in random worlds ----------------------------------------------------------------

UGLY = (
    r"(?<![\w.,/–-])[-−]\d",
    r"kun ingen|only nobody|\bNone\b|\bnan\b|\binf\b",
    r"\d[eE][-+]\d",
    r"(?<![\w`-])\d+-(project|pit|tip|works|store)",
    r"/\d+-|@\d|\bbounded\b|lots_|_kept\b|_met\b|_permitted\b",
    r"(grænse|limit) [\d.,]+(?![\d.,]| \w)",
    r" 0 t too little| 0 t for lidt|  ",
    r"\{|\}",
    r"(?<![\w–-])[-−][\d.,]+ (t|loads|læs|km|%)(?!\w)",
)
"""What no sentence may have in it."""
SOME = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclasses.dataclass(frozen=True)
class Stuck:
    """A world without a plan, and what its diagnosis is made of."""

    world: World
    case: Case


def get_stuck(world: World) -> Stuck:
    """Give a world's programme where it has no plan; other worlds are passed over."""
    legs = legs_of(world.scenario, world.kilometres)
    try:
        assign(world.scenario, legs, explain=False)
    except NoPlanError:
        pass
    except SolverError:
        assume(False)
    else:
        assume(False)
    problem = build_problem(world.scenario, legs)
    if world.scenario.said.targets.fairness is not None:
        assume(False)
    rows = [row for rule in RULES for row in rule(problem)]
    programme = build_programme(rows, problem.whole)
    rows += list(bound_everything(problem, programme.bounded))
    programme = build_programme(rows, problem.whole)
    return Stuck(world, Laid(problem, rows, programme, RULES).leave_decisions())


def check_sentences(stuck: Stuck) -> None:
    """Hold every sentence in both languages against what none may have in it."""
    told = explain_conflict(stuck.case.whole)
    assert told
    for language in ("da", "en"):
        with speaking(language):
            for message in told:
                for ugly in UGLY:
                    assert not re.search(ugly, str(message)), str(message)


def solve_again(programme: Programme, cost: np.ndarray, limit: np.ndarray) -> float | None:
    """Solve a linear programme with SciPy."""
    matrix = programme.matrix.tocsr()
    less, same, more = (programme.sense == one for one in (-1, 0, 1))
    from scipy.sparse import vstack

    found = linprog(
        cost,
        A_ub=vstack([matrix[less], -matrix[more]]),
        b_ub=np.concatenate([limit[less], -limit[more]]),
        A_eq=matrix[same],
        b_eq=limit[same],
        method="highs",
    )
    return float(found.fun) if found.status == 0 else None


@SOME
@given(whole_worlds())
def test_what_is_told_where_tonnes_do_not_fit(world):
    """No sentence is nonsense, what binds binds, and every repair has its plan."""
    stuck = get_stuck(world)
    check_sentences(stuck)
    check_binding(stuck)
    check_repairs(stuck)


@SOME
@given(choice_worlds())
def test_what_is_told_where_decisions_leave_no_plan(world):
    """The same with either-or decisions, of which nothing relaxed is told as a fact."""
    stuck = get_stuck(world)
    check_sentences(stuck)
    check_repairs(stuck)


def check_binding(stuck: Stuck) -> None:
    """Try whether one unit more room on a row leaves less missing, with another solver."""
    violation = stuck.case.violation
    programme, (cost,) = violation.found.programme, violation.found.costs
    least = solve_again(programme, cost, programme.limit)
    assert least == pytest.approx(violation.found.value, rel=1e-6, abs=1e-6)
    binding = find_binding(stuck.case)
    assert len(binding) <= 10
    for at in binding:
        answers = []
        for way in (-1.0, 1.0):
            limit = programme.limit.copy()
            limit[at] += way
            answers.append(solve_again(programme, cost, limit))
        assert min(answer for answer in answers if answer is not None) < least - 5e-7


def check_repairs(stuck: Stuck) -> None:
    """Make each repair again, and find the plan that it is said to have."""
    case, world = stuck.case, stuck.world
    share = None
    if any(case.rows[at].rule == "secondary_share_reached" for at in case.violation.short):
        found = find_largest_share(case)
        share = None if found is None else found.share
    repairs, _ = try_repairs(case, share)
    for repair in repairs[:3]:
        scenario, rules = world.scenario, RULES
        if repair.said is not None:
            scenario = dataclasses.replace(scenario, said=repair.said)
        else:
            rules = tuple(_raise(rule, repair.row, repair.limit) for rule in RULES)
        plan = assign(scenario, legs_of(scenario, world.kilometres), rules=rules, explain=False)
        assert plan.certificate.objective <= repair.objective + 1e-6 * abs(repair.objective) + 1e-3


def _raise(rule, row, limit):
    def raised(problem) -> Iterator[Row]:
        for one in rule(problem):
            hit = one.name == row and one.sense == "<="
            yield dataclasses.replace(one, limit=limit) if hit else one

    return raised


@SOME
@given(whole_worlds())
def test_why_not_is_true(world):
    """A leg is called impossible, as good, or dearer as another solver finds it to be."""
    try:
        plan = assign(world.scenario, world.legs, explain=False)
    except (NoPlanError, SolverError):
        assume(False)
    programme, cost = plan.proof.programme, plan.proof.cost
    scale = float(np.abs(cost).max(initial=1.0))
    least = plan.certificate.objective
    pairs = sorted(compare_sites(plan))
    for giver, taker in pairs[:: max(1, len(pairs) // 4)][:4]:
        for reason in explain_why_not(plan, giver, taker):
            if reason.kind not in ("impossible", "as_good", "costs_more"):
                continue
            columns = plan.problem.find(giver=reason.giver, taker=reason.taker)
            answers = {}
            for tonnes in (1.0, 0.01):
                forced = programme.with_rows(sum_of("sent", "", columns, ">=", tonnes))
                answers[tonnes] = solve_again(forced, cost, forced.limit)
            if reason.kind == "impossible":
                assert answers[0.01] is None, str(reason.message)
                continue
            tonnes = 1.0 if answers[1.0] is not None else 0.01
            rise = (answers[tonnes] - least) / tonnes
            assert reason.more_per_t == pytest.approx(rise, rel=1e-3, abs=1e-4 * scale)
            if reason.kind == "as_good":
                assert rise <= 1e-4 * scale


def test_limits_of_two_places_are_told_apart_whatever_their_names():
    """What stands after a hyphen is a use where it is a need, and part of a name elsewhere."""
    scenario = make_scenario(
        """
        title: Pits with hyphens
        language: en
        periods: [2027]
        vehicles: [tipper_4_axle]
        sites:
          near-road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 9 000 t}]}
          north-pit: {lon: 12.15, lat: 55.6, pit: {supplies: [fill_sand], capacity_total: 3000 t}}
          south-pit: {lon: 12.12, lat: 55.5, pit: {supplies: [fill_sand], capacity_total: 4000 t}}
          far-off: {lon: 11.9, lat: 55.2, pit: {supplies: [fill_sand]}}
        """
    )
    km = {("north-pit", "near-road"): 20.0, ("south-pit", "near-road"): 6.0}
    plan = assign(scenario, make_legs(scenario, {**km, ("far-off", "near-road"): 40.0}))
    groups = {row.group: row for row in list_priced_rows(plan, least=1e-6)}
    assert {"fill", "north-pit", "south-pit"} <= groups.keys()
    assert groups["north-pit"].shadow_price > groups["south-pit"].shadow_price
