"""Reading scenarios: sets, names, periods, contradictions, formats, and what is worth a warning."""

from __future__ import annotations

import re
import textwrap
import pytest
from places import CASES, SCENARIOS
from worlds import EVERYTHING, PIT_AND_PROJECT, make_scenario, refusal
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError, Place, ScenarioError
from raastof_geo.scenario import ScenarioFile, read_scenario
from raastof_geo.scenario.identity import find_id
from raastof_geo.scenario.scenario import Scenario

REFUSED = CASES / "scenarios"


pytestmark = pytest.mark.usefixtures("english")


def world(*changes: tuple[str, str], more: str = "") -> str:
    """The small world with some of its words changed, and with more at its end."""
    text = PIT_AND_PROJECT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text + textwrap.dedent(more)


def everything(old: str, new: str) -> str:
    assert old in EVERYTHING
    return EVERYTHING.replace(old, new)


@pytest.mark.parametrize(
    ("case", "place", "sentence"),
    [
        (
            "agreement_above_offer",
            "5:45",
            "80 t are to go, and `o` can give 50 t in that time: 30 t too much",
        ),
        (
            "lot_above_offer",
            "7:76",
            "50 t of `clean_clay_soil` must leave `o`, and the smallest lot is 100 t (line 5)",
        ),
        ("depot_material_twice", "11:42", "`clean_clay_soil` stands twice in this list"),
        ("period_id_twice", "3:56", "period `a` stands here twice"),
        ("vehicle_twice", "4:27", "`tipper_4_axle` stands twice in this list"),
    ],
)
def test_cases_are_refused_with_their_place(case, place, sentence, capsys):
    """What cannot be meant is refused with exit code 2, file:line:column and what to do."""
    assert run_command(["check", str(REFUSED / f"{case}.yaml"), "--lang", "en"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"{case}.yaml:{place}: " in told
    assert sentence in told
    assert told.count(f"{case}.yaml:") == 1


def test_danish_words_are_taken_or_answered(danish):
    """`bærelag` is taken; the rest is refused in one answer, each with its proposal."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(REFUSED / "danish_words.yaml")
    lines = [line.split(".yaml:")[1] for line in str(caught.value).splitlines()]
    expected = [
        ("3:27: ", "`tog` er ikke en lastbil", "`truck_trailer_7_axle` (7-akslet vogntog"),
        ("5:62: ", "`9.000`", "`9 000`"),
        ("6:76: ", "offers[0].amount: m3", "`4000 m3 in_situ`"),
        (
            "6:97: ",
            "`knust_beton`",
            "mente du `crushed_concrete` (Knust beton 0/31,5 (genbrugsstabil))",
        ),
        ("7:23: ", "ombyttede", ""),
        ("7:59: ", "kapacitet", "mente du `capacity_per_period` eller `capacity_total`?"),
        ("8:39: ", "`20`", "`20 %`"),
    ]
    assert len(lines) == len(expected), lines
    for line, (place, what, hint) in zip(lines, expected, strict=True):
        assert line.startswith(place)
        assert what in line
        assert hint in line


SETS = [
    (world(("[clean_clay_soil]", "[clean_clay_soil, clean_clay_soil]")), "`clean_clay_soil`"),
    (world(("[fill_sand]", "[fill_sand, fill_sand]")), "`fill_sand`"),
    (world(("use: fill,", "use: fill, materials: [fill_sand, fill_sand],")), "`fill_sand`"),
    (world(("[tipper_4_axle]", "[tipper_4_axle, 4-axle tipper]")), "`tipper_4_axle`"),
    (everything("vehicles: [tipper_4_axle],", "vehicles: [tipper_4_axle, tipper_4_axle],"), "`tip"),
    (everything("[sort_here]", "[sort_here, Sort]"), "`sort_here`"),
    (world(more="accepted_conditions: [sieved, sieved]\n"), "`sieved`"),
    (world(more="outputs: [plan, map, plan]\n"), "`plan`"),
    (world(more="objectives: [cost_dkk, tonne_km, cost_dkk]\n"), "`cost_dkk`"),
    (world(more="objectives: [{minimise: [cost_dkk, cost_dkk]}]\n"), "`cost_dkk`"),
    (
        world(
            more="""\
            objectives:
              - minimise: [upstream_kg_co2e, disposal_kg_co2e]
              - minimise: [disposal_kg_co2e, upstream_kg_co2e]
            """
        ),
        "`disposal_kg_co2e+upstream_kg_co2e`",
    ),
    (world(more="network: {municipalities: [Greve, greve]}\n"), "`Greve`"),
    (world(more="network: {changes: [{way: [7, 8, 7], closed: true}]}\n"), "`7`"),
    (world(more="baseline: {pits: [pit, pit]}\n"), "`pit`"),
    (world(more="baseline: {receivers: [tip, tip]}\n"), "`tip`"),
    (world(more="baseline: {vehicles: [tipper_4_axle, tipper_4_axle]}\n"), "`tipper_4_axle`"),
    (
        world(
            more="""\
            agreements:
              - {giver: digging, taker: road, at_least: 5 t}
              - {giver: digging, taker: road, at_least: 5 t}
            """
        ),
        "this entry",
    ),
    (
        world(
            more="""\
            targets:
              at_most: [{measure: cost_dkk, at_most: 5}, {measure: cost_dkk, at_most: 5}]
            """
        ),
        "this entry",
    ),
]


@pytest.mark.parametrize(("text", "what"), SETS, ids=range(len(SETS)))
def test_nothing_stands_twice_in_a_set(text, what):
    """Lists that are sets refuse duplicates, with the place of the second one."""
    [line] = refusal(text).splitlines()
    assert re.match(r"world\.yaml:\d+:\d+: ", line)
    assert what in line
    assert "stands twice in th" in line


def test_the_second_of_two_is_the_one_that_is_placed():
    """The place is that of the second one, which is the one to drop."""
    text = world(("[clean_clay_soil]", "[clean_clay_soil, crushed_brick, clean_clay_soil]"))
    line = next(line for line in text.splitlines() if "crushed_brick" in line)
    assert f":{line.rindex('clean_clay_soil') + 1}: " in refusal(text)


def test_two_keys_that_mean_the_same_are_refused():
    """An id and its name as keys of one mapping are one thing said twice."""
    text = world(
        (
            "accepts: [clean_clay_soil]",
            "accepts: [clean_clay_soil], gate_fee_dkk_per_t: "
            "{clean_clay_soil: 5, 'Ren lerjord, moræneler (klasse 0-1)': 6}",
        )
    )
    assert "and `clean_clay_soil` are the same: keep one of them" in refusal(text)


@pytest.mark.parametrize(
    ("periods", "sentence"),
    [
        ("[2027-Q3, 2027-q3]", "`2027-Q3` stands here twice"),
        ("[2027, {id: a, start: 2027-01-01, end: 2027-12-31}]", "has the same days as `2027`"),
        ("[2027, 2027]", "`2027` stands here twice"),
    ],
)
def test_periods_that_are_one(periods, sentence):
    """Two periods with one id, or with the same days, are refused at the second."""
    text = world(("[2027, 2028]", periods))
    found = refusal(text)
    assert sentence in found
    assert found.count("world.yaml:") == 1
    assert found.startswith("world.yaml:4:")
    assert not found.startswith("world.yaml:4:11:")


# Names


def test_names_are_taken_wherever_an_id_is():
    """Exact names in either language, in any case and with blanks around, become the id."""
    plain = """\
        title: Names
        periods: [2027]
        vehicles: [tipper_4_axle]
        accepted_conditions: [sieved]
        sites:
          road:
            name: Vej ved Køge
            lon: 12.10
            lat: 55.45
            land: road
            vehicles: [tipper_4_axle]
            municipality: Køge
            needs: [{use: base_course, amount: 10 t, materials: [crushed_concrete, stable_gravel]}]
          digging:
            lon: 12.2
            lat: 55.5
            offers: [{material: concrete_rubble, amount: 5 loads tipper_4_axle}]
          pit:
            lon: 12.15
            lat: 55.63
            pit: {supplies: [stable_gravel], price_dkk_per_t: {stable_gravel: 9}}
          tip:
            lon: 12.19
            lat: 55.46
            receiver:
              accepts: [concrete_rubble, crusher_residue]
              gate_fee_dkk_per_t: {concrete_rubble: 4}
              disposal_kg_co2e: {concrete_rubble: 2}
          works:
            lon: 12.2
            lat: 55.5
            plant: {recipes: [crush_concrete], dkk_per_t: {crush_concrete: 3}}
          store:
            lon: 12.2
            lat: 55.5
            depot:
              materials: [crushed_concrete]
              capacity: 9 t
              start: {crushed_concrete: 2 t}
              end: {crushed_concrete: 1 t}
        fleet: {tipper_4_axle: {number: 3}}
        agreements: [{giver: pit, taker: road, material: stable_gravel, at_most: 9 t}]
        baseline:
          pits: [pit]
          legs: [{giver: pit, taker: road, material: stable_gravel}]
        """
    named = plain
    for id_, name in [
        ("tipper_4_axle", "4-akslet tipbil"),
        ("sieved", "sorteret (HARPET) og  prøvet"),
        ("land: road", "land: vej"),
        ("municipality: Køge", "municipality: KØGE KOMMUNE"),
        ("base_course", "' Bærelag '"),
        ("crushed_concrete", "'knust beton 0/31,5 (genbrugsstabil)'"),
        ("stable_gravel", "Base gravel SG II 0/31.5"),
        ("concrete_rubble", "betonbrokker"),
        ("crush_concrete", "Crushing concrete"),
        ("taker: road", "taker: vej ved køge"),
    ]:
        assert id_ in named
        named = named.replace(id_, name)
    named = named.replace("5 loads 4-akslet tipbil", "5 loads")
    with_ids, with_names = make_scenario(plain), make_scenario(named)
    ids, names = (
        scenario.said.model_dump(exclude={"sites": {"digging"}})
        for scenario in (with_ids, with_names)
    )
    names["sites"]["road"]["name"] = ids["sites"]["road"]["name"]
    assert names == ids
    assert with_names.offers == with_ids.offers


def test_names_as_keys_of_a_scenarios_own_rules():
    """A rule under the name of a material is laid over the built-in one of that material."""
    own = """\
        catalogue:
          fits: {'Ren lerjord, moræneler (klasse 0-1)': {Fyld: {verdict: forbidden}}}
        """
    scenario = make_scenario(world(more=own))
    fits = scenario.catalogue.fits["clean_clay_soil"]
    assert fits["fill"].verdict == "forbidden"
    assert set(fits) == set(make_scenario(PIT_AND_PROJECT).catalogue.fits["clean_clay_soil"])
    wrong = refusal(world(more=own.replace("forbidden", "forbiden")))
    assert "did you mean `forbidden`?" in wrong
    assert wrong.startswith(f"world.yaml:{PIT_AND_PROJECT.count(chr(10)) + 2}:")


def test_a_name_of_two_is_refused_with_both_ids():
    """A name that two sites have does not say which of them is meant."""
    text = world(
        ("{lon: 12.15,", "{name: Here, lon: 12.15,"),
        ("{lon: 12.10,", "{name: here, lon: 12.10,"),
        more="agreements: [{giver: digging, taker: HERE, at_most: 5 t}]\n",
    )
    assert "`HERE` is the name of several: write the id of the one you mean, `road` or `pit`" in (
        refusal(text)
    )


def test_an_id_wins_over_a_name():
    """A word that is an id means its own entry, whatever others are called."""
    text = world(
        ("{lon: 12.15,", "{name: tip, lon: 12.15,"),
        more="agreements: [{giver: digging, taker: tip, at_most: 5 t}]\n",
    )
    assert make_scenario(text).said.agreements[0].taker == "tip"


@pytest.mark.parametrize(
    ("section", "given", "hint"),
    [
        ("uses", "bærlag", "mente du `base_course` (Bærelag)?"),
        ("uses", "Base corse", "mente du `base_course` (Bærelag)?"),
        (
            "materials",
            "knust_beton",
            "`crushed_concrete` (Knust beton 0/31,5 (genbrugsstabil)) eller",
        ),
        ("materials", "muld", "`topsoil` (Muld (klasse 1))"),
        ("recipes", "knusning af teglsten", "mente du `crush_brick` (Knusning af tegl)?"),
        ("land", "byen", "der er `open_land` (Åbent land), `built_up` (Bebygget), `road` (Vej)"),
        ("materials", "xyz", "`raastof materials` viser alle"),
    ],
)
def test_near_misses_are_suggested_in_both_languages(section, given, hint, danish):
    """What was probably meant is looked for among ids and names of both languages."""
    catalogue = make_scenario(PIT_AND_PROJECT).catalogue
    with pytest.raises(InputError, match="er ikke") as caught:
        find_id(section, given, catalogue.names(section))
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("title:", "titel:", "`title`"),
        ("periods:", "perioder:", "`periods`"),
        ("sites:", "lokaliteter:", "`sites`"),
        ("needs:", "behov:", "`needs`"),
        ("offers:", "overskud:", "`offers`"),
        ("amount: 1000 t", "mængde: 1000 t", "`amount`"),
        ("lat: 55.59", "lat: 55.59, kommune: Greve".replace(", ", "\n    "), "`municipality`"),
        ("lat: 55.59", "lat: 55.59\n    matrikel: 12a Greve By", "`land_register`"),
        ("capacity_total", "kapacitet", "`capacity_per_period` or `capacity_total`"),
        ("accepts", "materialer", "`accepts`"),
        ("supplies", "leverer", "`supplies`"),
    ],
)
def test_danish_keys_get_the_english_one(old, new, hint):
    """A key in Danish is answered with the key, once: what is then missing is no second mistake."""
    found = refusal(world((old, new)))
    assert f"did you mean {hint}?" in found
    assert "is missing" not in found
    assert found.count("world.yaml:") == 1


def test_a_site_says_its_address_and_its_number_in_the_land_register():
    """Texts are kept as they are, whatever stands in them; not said, they are empty."""
    said = 'lat: 55.59\n    address: "=1+1; Ringvej"\n    land_register: 12a Greve By'
    sites = make_scenario(world(("lat: 55.59", said))).sites.values()
    told = {(site.address, site.land_register) for site in sites}
    assert told == {("=1+1; Ringvej", "12a Greve By"), ("", "")}


# Periods


QUARTERS = "[2027-Q1, 2027-Q2, 2027-Q3, 2027-Q4]"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("2026-Q3", "it has `2027-Q1`, `2027-Q2`, `2027-Q3` and `2027-Q4`"),
        ("2027-06-30", "did you mean `2027-Q2`?"),
        ("2027-05", "did you mean `2027-Q2`?"),
        ("2027", "that time is `2027-Q1` to `2027-Q4` here"),
        ("1. kvt. 2028", "it has `2027-Q1`"),
        ("2027-Q5", "it has `2027-Q1`"),
        ("2027-02-31", "it has `2027-Q1`"),
        ("summer", "there are `2027-Q1`"),
    ],
)
def test_dates_and_quarters_lead_to_the_scenarios_periods(given, hint):
    """A quarter or date that is no period here is answered with the periods there are then."""
    text = world(("[2027, 2028]", QUARTERS), ("amount: 1000 t", f"amount: 1000 t, from: {given}"))
    found = refusal(text)
    assert f"`{given}` is not a period of this scenario; " in found
    assert hint in found


@pytest.mark.parametrize("given", ["2027-q3", "2027-K3", "Q3 2027", "3. kvt. 2027", "2027 Q3"])
def test_quarters_are_understood_as_people_write_them(given):
    """One quarter has many ways of writing, in the list of periods and where it is named."""
    text = world(("[2027, 2028]", QUARTERS), ("amount: 600 t", f"amount: 600 t, from: {given}"))
    assert make_scenario(text).offers[0].periods == ("2027-q3", "2027-q4")
    assert list(make_scenario(world(("[2027, 2028]", f"[{given}]"))).periods) == ["2027-q3"]


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("2028-1", "write `2028-Q1` or `2028-01`"),
        ("2027-06-30", "write `2027-Q2` or `2027-06`"),
        ("soon", "write a year `2027`"),
    ],
)
def test_a_wrong_period_is_told_once(entry, hint):
    """One wrong entry in `periods` is one mistake, however often it is referred to."""
    text = world(
        ("[2027, 2028]", f"[2027, {entry}]"),
        ("amount: 1000 t", f"amount: 1000 t, from: {entry}"),
        ("amount: 600 t", f"amount: 600 t, to: {entry}"),
    )
    [line] = refusal(text).splitlines()
    assert f"periods[1]: `{entry}` is not a period: {hint}" in line


# One mistake, one sentence


def test_an_unknown_site_is_told_once():
    """What is unknown in several places is told at the first, with the lines of the others."""
    text = world(
        more="""\
        agreements:
          - {giver: digging, taker: harbour, at_most: 5 t}
          - {giver: harbour, taker: road, at_most: 5 t}
        baseline:
          pits: [pit, harbour]
        """
    )
    line = PIT_AND_PROJECT.count("\n") + 2
    [told] = refusal(text).splitlines()
    assert told.startswith(f"world.yaml:{line}:29: agreements[0].taker: `harbour` is not a site")
    assert told.endswith(f"(line {line + 1}, {line + 3} as well)")


def test_missing_sites_are_told_once():
    """A file without sites has one mistake, whatever refers to them."""
    text = "title: a\nperiods: [2027]\nagreements: [{giver: a, taker: b, at_most: 5 t}]\n"
    assert refusal(text) == "world.yaml:1:1: sites is missing"


def test_mistakes_in_catalogue_and_scenario_come_together():
    """Every mistake at once, in the scenario's own catalogue too."""
    text = world(
        ("amount: 1000 t", "amount: 1000"),
        more="catalogue: {vehicles: {tipper_4_axle: {payload_t: -1}}}\n",
    )
    found = refusal(text)
    assert "payload_t" in found
    assert "of what?" in found


def test_a_comma_in_a_coordinate():
    """A decimal comma is answered with the number as it is to be written."""
    text = world(("    lon: 12.26\n", "    lon: 12,26\n"))
    assert "sites.digging.lon must be a number, got `12,26`: write a point, `12.26`" in (
        refusal(text)
    )


# Contradictions


AGREED = [
    (
        "{giver: digging, taker: road, at_least: 700 t}",
        "700 t are to go, and `digging` can give 600 t in that time: 100 t too much",
    ),
    (
        "{giver: pit, taker: road, tonnes: 1800 t}",
        "1,800 t are to go, and `road` can take 1,000 t in that time: 800 t too much",
    ),
    (
        "{giver: pit, taker: road, from: 2028, at_least: 950 t}",
        "950 t are to go, and `pit` can give 900 t in that time: 50 t too much",
    ),
    (
        "{giver: digging, taker: road, material: crushed_brick, tonnes: 5 t}",
        "`digging` does not give `crushed_brick`; it gives `clean_clay_soil`",
    ),
    (
        "{giver: pit, taker: tip, tonnes: 5 t}",
        "`tip` may take no `fill_sand`: it is not among what it accepts from `pit`",
    ),
]


@pytest.mark.parametrize(("entry", "sentence"), AGREED)
def test_an_agreement_that_cannot_be_kept(entry, sentence):
    """An agreement above what there is, or between those who cannot deal, is refused."""
    [line] = refusal(world(more=f"agreements: [{entry}]\n")).splitlines()
    assert sentence in line
    place = PIT_AND_PROJECT.count("\n") + 1
    column = re.search(r"(tonnes|at_least): ", entry)
    assert column is not None
    assert line.startswith(f"world.yaml:{place}:{len('agreements: [') + column.end() + 1}: ")


def test_contradictions_come_with_other_mistakes_between_entries():
    """A wrong role, a truck that is not used and an agreement that is too large: one answer."""
    text = world(
        more="""\
        fleet: {tip_semitrailer: {number: 1}}
        baseline: {pits: [tip]}
        agreements:
          - {giver: tip, taker: road, tonnes: 5 t}
          - {giver: digging, taker: road, tonnes: 700 t}
        """
    )
    assert len(refusal(text).splitlines()) == 4


def test_agreements_that_can_be_kept():
    """Exactly what there is may be agreed; a stockpile carries it to later periods."""
    make_scenario(world(more="agreements: [{giver: digging, taker: road, tonnes: 600 t}]\n"))
    early = ("amount: 600 t", "amount: 600 t, to: 2027")
    late = "agreements: [{giver: digging, taker: road, from: 2028, tonnes: 600 t}]\n"
    assert "in this window" in refusal(world(early, more=late))
    pile = ("    offers:", "    stockpile: {capacity: 600 t}\n    offers:")
    make_scenario(world(early, pile, more=late))


def test_an_agreement_by_a_rule_that_forbids_it():
    """A taker that may not take a material by the rules is told, with what says why."""
    text = world(
        ("clean_clay_soil", "heavily_polluted_soil"),
        more="agreements: [{giver: digging, taker: road, tonnes: 5 t}]\n",
    )
    assert "`raastof why heavily_polluted_soil fill` tells why" in refusal(text)


def test_agreements_that_are_too_much_together():
    """Several agreements of one giver exceed its offers, though none of them does alone."""
    text = world(
        more="""\
        agreements:
          - {giver: digging, taker: road, at_least: 400 t}
          - {giver: digging, taker: tip, tonnes: 300 t}
        """
    )
    [line] = refusal(text).splitlines()
    first = PIT_AND_PROJECT.count("\n") + 2
    assert line.startswith(f"world.yaml:{first + 1}:")
    assert (
        f"together with line {first}, 700 t are agreed, and `digging` can give 600 t in that "
        "time: 100 t too much"
    ) in line


def test_agreements_about_the_same_tonnes_do_not_add_up():
    """Two sentences about the same tonnes are no sum: only what must be apart is added."""
    text = world(
        more="""\
        agreements:
          - {giver: digging, taker: road, at_least: 400 t}
          - {giver: digging, taker: road, material: clean_clay_soil, at_least: 300 t}
          - {giver: digging, taker: tip, at_least: 200 t}
        """
    )
    assert len(make_scenario(text).said.agreements) == 3


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        ("tonnes: 50 t", "forbidden: true", 0),
        ("tonnes: 50 t", "tonnes: 40 t", 40),
        ("at_most: 40 t", "material: clean_clay_soil, from: 2028, at_least: 50 t", 40),
    ],
)
def test_agreements_against_each_other(first, second, allowed):
    """What one agreement asks for and another does not allow is refused at the second."""
    pair = "giver: digging, taker: road"
    text = world(more=f"agreements:\n  - {{{pair}, {first}}}\n  - {{{pair}, {second}}}\n")
    [line] = refusal(text).splitlines()
    row = PIT_AND_PROJECT.count("\n") + 2
    assert line.startswith(f"world.yaml:{row + 1}:")
    assert f"contradicts the agreement in line {row}: one asks for 50 t" in line
    assert f"the other allows {allowed} t" in line


def test_a_planned_leg_above_the_offer():
    """What the baseline says is planned cannot be more than there is either."""
    legs = "baseline: {legs: [{giver: digging, taker: tip, tonnes: 700 t}]}\n"
    assert "`digging` can give 600 t" in refusal(world(more=legs))


def test_lots_that_are_too_large():
    """A lot above a need that only takes so much, or above a locked agreement, is refused."""
    keep = ("amount: 600 t", "amount: 600 t, must_leave: false")
    assert "`road` can take at most 1,105.26 t at once" in refusal(
        world(keep, more="choices: {smallest_lot: 1200 t}\n")
    ).replace("1,105.3", "1,105.26")
    text = world(
        more="""\
        choices: {smallest_lot: 100 t}
        agreements: [{giver: digging, taker: tip, tonnes: 50 t}]
        """
    )
    assert "50 t are agreed, and the smallest lot is 100 t" in refusal(text)


def test_two_offers_make_one_lot():
    """Lots are of a material from site to site: two offers of a site may go as one."""
    two = (
        "offers: [{material: clean_clay_soil, amount: 600 t}]",
        "offers: [{material: clean_clay_soil, amount: 60 t}, "
        "{material: clean_clay_soil, amount: 50 t}]",
    )
    told = make_scenario(world(two, more="choices: {smallest_lot: 100 t}\n")).warnings
    assert not any("lot" in str(one) for one in told)
    apart = two[1].replace("60 t", "60 t, to: 2027").replace("50 t", "50 t, from: 2028")
    found = refusal(world((two[0], apart), more="choices: {smallest_lot: 100 t}\n"))
    assert "60 t of `clean_clay_soil` must leave" in found
    assert "50 t of `clean_clay_soil` must leave" in found


DEPOT = "{materials: [clean_clay_soil, fill_sand], capacity: 300 t"


@pytest.mark.parametrize(
    ("stock", "sentence"),
    [
        ("start: {clean_clay_soil: 200 t, fill_sand: 150 t}", "350 t lie here, and there is room"),
        ("end: {clean_clay_soil: 301 t}", "301 t lie here, and there is room for 300 t"),
        ("start: {crushed_brick: 5 t}", "`crushed_brick` is not kept here, only"),
        ("end: {crushed_brick: 5 t}", "`crushed_brick` is not kept here, only"),
        ("capacity_per_period: 5 m3 loose", "say it in tonnes"),
    ],
)
def test_stocks_that_a_depot_cannot_have(stock, sentence):
    """A depot holds no more than its capacity, and nothing that it does not keep."""
    depot = f"  heap: {{lon: 12.2, lat: 55.5, depot: {DEPOT}, {stock}}}}}\n"
    [line] = refusal(PIT_AND_PROJECT + depot).splitlines()
    assert sentence in line
    assert line.startswith(f"world.yaml:{PIT_AND_PROJECT.count(chr(10)) + 1}:")


def test_a_stockpile_keeps_what_its_site_offers():
    """A stockpile that starts with what its site does not offer is refused at that material."""
    text = world(
        ("    offers:", "    stockpile: {capacity: 9 t, start: {fill_sand: 1 t}}\n    offers:")
    )
    assert "sites.digging.stockpile.start.fill_sand: `fill_sand` is not kept here" in refusal(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("supplies: [fill_sand]", "supplies: [fill_sand], price_dkk_per_t: {stable_gravel: 5}"),
        (
            "accepts: [clean_clay_soil]",
            "accepts: [clean_clay_soil], gate_fee_dkk_per_t: {fill_sand: 5}",
        ),
        (
            "accepts: [clean_clay_soil]",
            "accepts: [clean_clay_soil], disposal_kg_co2e: {fill_sand: 5}",
        ),
    ],
)
def test_prices_of_what_is_not_done_here(old, new):
    """A price of a material that a place does not have would count for nothing, and is refused."""
    assert "here, so this would count for nothing" in refusal(world((old, new)))


def test_a_receiver_on_land_that_the_soil_may_not_come_to():
    """A receiver said to be on open land does not accept polluted soil; one with no land may."""
    polluted = ("[clean_clay_soil]", "[clean_clay_soil, slightly_polluted_soil]")
    make_scenario(world(polluted))
    found = refusal(world(polluted, ("    lat: 55.46\n", "    lat: 55.46\n    land: open_land\n")))
    assert "`tip` accepts `slightly_polluted_soil`, but such soil may not come to" in found
    assert "(rule `clean-soil-on-open-land`)" in found


# Warnings


def test_what_is_worth_a_warning_has_its_place():
    """Lots above an optional offer, idle agreements, materials that do not fit: read, and told."""
    text = world(
        (
            "use: fill,",
            "use: fill, materials: [fill_sand, clean_clay_soil, crushed_rock, milled_asphalt],",
        ),
        ("amount: 600 t", "amount: 60 t, must_leave: false"),
        more="""\
        choices: {smallest_lot: 100 t}
        agreements: [{giver: pit, taker: tip, forbidden: true}]
        """,
    )
    told = [str(warning) for warning in make_scenario(text).warnings]
    assert any(
        one.startswith("world.yaml:8:") and "`milled_asphalt`" in one and "raastof why" in one
        for one in told
    )
    assert any("60 t of `clean_clay_soil`, less than the smallest lot" in one for one in told)
    assert any("nothing can go from `pit` to `tip`" in one for one in told)
    places = [warning.place.line for warning in make_scenario(text).warnings]
    assert places == sorted(places)
    (land,) = make_scenario(PIT_AND_PROJECT).warnings
    assert "`land` is not said here, and is taken to be `built_up`" in str(land)


# Formats


def test_newer_formats_are_refused_before_all_else():
    """A file of a later version is refused with what to do, whatever else it says."""
    found = refusal("format: 4\ntitle: a\nnew_key: 5\n")
    assert found.startswith("world.yaml:1:9: this file is of format 4")
    assert "pip install --upgrade raastof_geo" in found
    assert found.count("world.yaml:") == 1
    assert "must be at least 1" in refusal(world(more="format: 0\n"))


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_scenarios_are_of_today(file):
    """What we ship says its format, and reading it warns of nothing."""
    scenario = read_scenario(file)
    assert scenario.said.format == 3
    assert scenario.warnings == ()


# Places


def test_a_scenario_knows_where_its_entries_stand():
    """Later stations can name file, line and column of a site, a role, an offer, an agreement."""
    scenario = make_scenario(EVERYTHING)
    lines = EVERYTHING.splitlines()
    site = scenario.place_of("sites", "digging")
    assert site == Place("world.yaml", lines.index("  digging:") + 1, 3)
    offer = scenario.place_of("sites", "digging", "offers", 0)
    assert offer is not None
    assert lines[offer.line - 1][offer.column - 1 :].startswith("{material: clean_clay_soil")
    role = scenario.place_of("sites", "tip", "receiver")
    assert role is not None
    assert lines[role.line - 1][role.column - 1 :].startswith("receiver:")
    agreement = scenario.place_of("agreements", 1)
    assert agreement is not None
    assert lines[agreement.line - 1][agreement.column - 1 :].startswith("{giver: pit")


def test_a_scenario_made_in_python_has_no_places():
    """A scenario needs no file: it is checked alike, and has neither places nor warnings."""
    read = make_scenario(PIT_AND_PROJECT)
    said = ScenarioFile.model_validate(
        read.said.model_dump(by_alias=True, exclude_unset=True)
        | {
            "sites": {
                "pit": {"lon": 12.15, "lat": 55.63, "pit": {"supplies": ["fill_sand"]}},
                "road": {"lon": 12.1, "lat": 55.4, "needs": [{"use": "fill", "amount": "5 t"}]},
            }
        },
        context={},
    )
    made = Scenario(id="made", digest="", said=said, catalogue=read.catalogue)
    assert made.needs[0].tonnes == 5
    assert made.warnings == ()
    assert made.place_of("sites", "pit") is None
    with pytest.raises(ValueError, match="stands twice"):
        ScenarioFile.model_validate(
            {
                "title": "a",
                "periods": [2027],
                "sites": {"pit": {"lon": 12.15, "lat": 55.63, "pit": {"supplies": ["a", "a"]}}},
            }
        )


def test_a_catalogue_may_be_a_file(tmp_path):
    """It counts as if it stood in the scenario; mistakes are told by its own lines."""
    own = tmp_path / "sweden.yaml"
    own.write_text(
        "soil_classes: {0: {da: KM, en: Sensitive use}}\n"
        "materials:\n  clean_clay_soil:\n"
        "    density_loose: {value: 1.5, unit: t/m3, source: SGU, evidence: judgement,\n"
        "      valid_from: 2024-01-01}\n",
        encoding="utf-8",
    )
    file = tmp_path / "scenario.yaml"
    text = PIT_AND_PROJECT + "catalogue: sweden.yaml\n"
    file.write_text(text, encoding="utf-8")
    read = read_scenario(file)
    assert read.catalogue.soil_classes[0]["en"] == "Sensitive use"
    assert read.catalogue.materials["clean_clay_soil"].density_loose.value == 1.5
    file.write_text(text.replace("sweden.yaml", "nowhere.yaml"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"scenario\.yaml:\d+:\d+: .*nowhere\.yaml"):
        read_scenario(file)
    own.write_text("materials:\n  clean_clay_soil: {density_loose: heavy}\n", encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"sweden\.yaml:2:\d+: .*density_loose"):
        read_scenario(file)


def test_half_a_character_out_of_python_is_refused_as_in_a_file():
    """No file can hold it, so it has no digest either."""
    sites = {"a": {"lon": 12.1, "lat": 55.4, "pit": {"supplies": ["fill_sand"]}}}
    with pytest.raises(ScenarioError, match=r"U\+D800"):
        read_scenario({"title": "half \ud800", "periods": [2027], "sites": sites})
