"""What the catalogue knows of materials: better serves lesser, nothing without a source."""

import itertools
import re
import textwrap
import numpy as np
import pandas as pd
import pytest
from worlds import PIT_AND_PROJECT, make_legs, make_scenario
from raastof_geo.assignment import build_problem
from raastof_geo.emissions.vehicle import energy_by_speed
from raastof_geo.errors import InputError
from raastof_geo.figures.figure import Figure
from raastof_geo.figures.vocabulary import (
    CO2E,
    COST,
    COST_WITH_CO2,
    PREPARATION,
    PROCESSING,
    TRANSPORT_TTW,
)
from raastof_geo.language import format_day, speaking
from raastof_geo.outputs.plan import describe_plan
from raastof_geo.outputs.warning import warn
from raastof_geo.scenario.catalogue import load_catalogue
from raastof_geo.scenario.telling.words import (
    FROM_BETTER_TO_LESSER,
    CatalogueEntry,
    explain_entry,
    explain_fit,
    list_catalogue,
)

pytestmark = pytest.mark.usefixtures("english")

CATALOGUE = load_catalogue()
RANK = {"forbidden": 0, "conditional": 1, "allowed": 2}
LAND_FROM_MOST_SENSITIVE = ("open_land", "built_up", "road")
EMISSIONS = ("upstream_kg_co2e", "disposal_kg_co2e")


def rank(material, use):
    fit = CATALOGUE.fit(material, use)
    return 0 if fit is None else RANK[fit.verdict]


def explain(material, use, *, catalogue=CATALOGUE, **where):
    return "\n".join(explain_fit(catalogue, material, use, "en", **where))


def own_catalogue(text):
    """The catalogue of a scenario with entries of its own."""
    return make_scenario(PIT_AND_PROJECT + textwrap.dedent(text)).catalogue


@pytest.mark.parametrize("material", CATALOGUE.materials)
def test_better_serves_lesser(material):
    """Down from base course to noise barrier, no material is ever judged more strictly."""
    ranks = [rank(material, use) for use in FROM_BETTER_TO_LESSER]
    assert ranks == sorted(ranks), dict(zip(FROM_BETTER_TO_LESSER, ranks, strict=True))


def test_lesser_does_not_serve_better():
    """Each step of the chain turns somebody away who may serve the next."""
    for better, lesser in itertools.pairwise(FROM_BETTER_TO_LESSER):
        assert any(rank(one, better) < rank(one, lesser) for one in CATALOGUE.materials)


@pytest.mark.parametrize("use", CATALOGUE.uses)
def test_what_a_use_is_counted_in_may_serve_it(use):
    """Tonnes of a need are tonnes of a material that could fill it."""
    reference = CATALOGUE.uses[use].reference_material
    assert CATALOGUE.fit(reference, use).verdict == "allowed"
    assert CATALOGUE.ratio(reference, use) == pytest.approx(1)
    assert CATALOGUE.materials[reference].origin == "virgin"


def test_every_rule_says_where_it_stands():
    """A verdict has a rule and a citation: an id of the sources, or a text of its own."""
    fits = [fit for uses in CATALOGUE.fits.values() for fit in uses.values()]
    moves = [move for classes in CATALOGUE.soil_moves.values() for move in classes.values()]
    for rule in (*fits, *moves):
        assert rule.rule != "scenario"
        assert rule.citation in CATALOGUE.sources or " " in rule.citation
    assert {rule.condition for rule in (*fits, *moves)} - {None} == set(CATALOGUE.conditions)


@pytest.mark.parametrize("path", CATALOGUE.figures())
def test_every_figure_says_where_it_is_from(path):
    """Unit, source and day; what is judged is not called seen, and the other way round."""
    figure = CATALOGUE.figures()[path]
    assert figure.unit
    assert figure.valid_from
    assert figure.source in CATALOGUE.sources or " " in figure.source
    assert figure.source != "judgement" or figure.evidence == "judgement"


def test_every_source_is_used():
    """The list of sources holds nothing that nobody cites."""
    fits = [fit.citation for uses in CATALOGUE.fits.values() for fit in uses.values()]
    moves = [move.citation for land in CATALOGUE.soil_moves.values() for move in land.values()]
    laws = [law.citation for law in CATALOGUE.legal_regimes.values()]
    every = CATALOGUE.figures().values()
    figures = [source for figure in every for source in (figure.source, figure.range_source)]
    assert set(CATALOGUE.sources) == {*fits, *moves, *laws, *figures} & set(CATALOGUE.sources)


def test_every_figure_is_counted_by_its_evidence(starter_result):
    """What was not seen in a source that holds stands in plan.json, figure for figure."""
    result, _ = starter_result
    first, figures = result.scenario.said.periods[0].start, result.scenario.catalogue.figures()
    gone = {path for path, one in figures.items() if one.valid_to and one.valid_to < first}
    doubtful = {
        state: sorted(p for p, one in figures.items() if one.evidence == state and p not in gone)
        for state in ("copy", "judgement")
    }
    doubtful["expired"] = sorted(gone)
    assert describe_plan(result)["catalogue"]["doubtful"] == doubtful
    seen = len(figures) - sum(map(len, doubtful.values()))
    counted = [str(one) for one in warn(result) if str(one).startswith("Of the catalogue's")]
    numbers = [*map(len, doubtful.values())]
    assert [int(one) for one in re.findall(r"\d+", counted[0])] == [len(figures), seen, *numbers]
    assert doubtful["judgement"]
    assert seen


@pytest.mark.parametrize("name", CATALOGUE.materials)
def test_every_material_has_its_law_names_and_densities(name):
    """Both languages, a legal regime, and no lighter in the layer than on the truck."""
    material = CATALOGUE.materials[name]
    assert set(material.name) == {"da", "en"}
    assert material.legal_regime in CATALOGUE.legal_regimes
    assert material.density_compacted.value >= material.density_loose.value
    if material.density_in_situ is not None:
        assert material.density_in_situ.value > material.density_loose.value
    wanted = "upstream_kg_co2e" if material.origin == "virgin" else "disposal_kg_co2e"
    for field in EMISSIONS:
        figure = getattr(material, field)
        assert (figure is not None) == (field == wanted)
        assert figure is None or figure.unit == "kg CO2e/t"


def test_soil_of_every_class_is_there():
    """From class 0 to 4; dearer to get rid of as it gets dirtier; soil comes under its order."""
    fees = {}
    for material in CATALOGUE.materials.values():
        if material.soil_class is not None:
            assert material.legal_regime == "soil_notification"
            if material.gate_fee is not None:
                fees.setdefault(material.soil_class, []).append(material.gate_fee.value)
    assert set(fees) == set(CATALOGUE.soil_classes) == {0, 1, 2, 3, 4}
    cheapest = [min(fees[one]) for one in sorted(fees)]
    assert cheapest == sorted(cheapest)
    assert cheapest[0] < cheapest[-1]


@pytest.mark.parametrize("name", CATALOGUE.recipes)
def test_recipes_conserve_mass(name):
    """What goes in comes out, and only lime adds to it."""
    recipe = CATALOGUE.recipes[name]
    lime = 0.015 if "lime" in name else 0
    assert sum(share.value for share in recipe.inputs.values()) == pytest.approx(1)
    assert sum(share.value for share in recipe.outputs.values()) == pytest.approx(1 + lime)
    assert not set(recipe.inputs) & set(recipe.outputs)


@pytest.mark.parametrize("name", CATALOGUE.recipes)
def test_what_plants_make_can_go_somewhere(name):
    """Every output has a use, or a fee at a receiver; and one of them is worth the work."""
    recipe = CATALOGUE.recipes[name]
    for output in recipe.outputs:
        usable = any(rank(output, use) for use in CATALOGUE.uses)
        assert usable or CATALOGUE.materials[output].gate_fee is not None, output
    gained = [
        (output, use)
        for output in recipe.outputs
        for use in CATALOGUE.uses
        if all(rank(output, use) > rank(one, use) for one in recipe.inputs)
    ]
    assert gained


def test_a_dirtier_class_is_never_judged_better():
    """On each kind of land, verdicts fall with the class."""
    for land, moves in CATALOGUE.soil_moves.items():
        ranks = [RANK[moves[one].verdict] for one in sorted(CATALOGUE.soil_classes)]
        assert ranks == sorted(ranks, reverse=True), land
        assert ranks[0] == RANK["allowed"]
        assert ranks[-1] == RANK["forbidden"]


def test_more_sensitive_land_never_takes_more():
    """Open land takes no more than built-up land, and that no more than a road."""
    assert tuple(CATALOGUE.land) == tuple(CATALOGUE.soil_moves) == LAND_FROM_MOST_SENSITIVE
    for one in CATALOGUE.soil_classes:
        moves = [CATALOGUE.soil_moves[land][one] for land in LAND_FROM_MOST_SENSITIVE]
        ranks = [RANK[move.verdict] for move in moves]
        assert ranks == sorted(ranks), one
    clean = [RANK[CATALOGUE.soil_moves[land][1].verdict] for land in LAND_FROM_MOST_SENSITIVE]
    assert clean[0] < clean[1]


def test_soil_fits_no_use_that_its_class_rules_out():
    """Class 4 serves nothing, and class 2 and 3 nothing without a permit."""
    for name, material in CATALOGUE.materials.items():
        if (material.soil_class or 0) >= 2:
            fits = CATALOGUE.fits[name].values()
            wanted = {"forbidden"} if material.soil_class == 4 else {"conditional", "forbidden"}
            assert {fit.verdict for fit in fits} <= wanted
            assert {fit.condition for fit in fits} <= {None, "permit_section_19_33"}


def test_virgin_figures_are_the_danish_ones():
    """Each product has its own of the national tool; rock's is the quarry's, without the sea."""
    dug = {name: one.upstream_kg_co2e for name, one in CATALOGUE.materials.items()}
    products = {"fill_sand": 1.82, "sub_base_gravel": 3.19, "stable_gravel": 3.67}
    products |= {"pit_soil": 2.74, "screened_topsoil": 1.23, "marine_gravel": 11.25}
    assert {name: dug[name].value for name in products} == products
    assert {dug[name].source for name in products} == {"infralca_3_1"}
    assert dug["crushed_rock"].low <= 3.43 < dug["crushed_rock"].value < 4.30
    sea = 1000 * CATALOGUE.sea.open_kg_co2e_per_tonne_km.value
    assert 8.2 <= dug["crushed_rock"].value + sea <= 9.1
    lime = CATALOGUE.recipes["stabilise_clay_with_lime"].kg_co2e_per_t
    assert lime.value == pytest.approx(0.015 * 1135, abs=0.05)
    assert lime.high == pytest.approx(0.02 * 1444, abs=0.15)


@pytest.mark.parametrize(
    ("material", "use", "where", "sentences"),
    [
        (
            "crushed_concrete",
            "base_course",
            {},
            [
                "Yes: Crushed concrete 0/31.5 may serve Base course (land: Built-up).",
                "Rule concrete-base allows",
                "Danish Road Directorate guide",
                "0.976 t of Crushed concrete 0/31.5 replaces 1 t of Base gravel",
                "compacted densities: 2 over 2.05 t/m3",
                "It is no soil",
                "has no dates",
            ],
        ),
        (
            "crushed_asphalt",
            "asphalt_aggregate",
            {},
            ["1.000 t of Crushed asphalt", "The rule states this ratio: 1 t/t"],
        ),
        (
            "clean_clay_soil",
            "sub_base",
            {},
            ["Not yet:", "Condition `lime_stabilised`, not accepted: Stabilised with lime"],
        ),
        (
            "clean_clay_soil",
            "sub_base",
            {"accepted": ["lime_stabilised"]},
            ["Yes:", "condition is accepted", "Condition `lime_stabilised`, accepted"],
        ),
        (
            "clean_clay_soil",
            "fill",
            {"land": "open_land"},
            ["Not yet:", "Condition `documented_class_0`, not accepted", "class-0-on-open-land"],
        ),
        (
            "clean_clay_soil",
            "sub_base",
            {"land": "open_land", "accepted": ["lime_stabilised"]},
            ["Not yet:", "`lime_stabilised`, accepted", "`documented_class_0`, not accepted"],
        ),
        (
            "slightly_polluted_soil",
            "fill",
            {"land": "open_land", "accepted": ["permit_section_19_33"]},
            [
                "No: Slightly polluted soil",
                "rule clean-soil-on-open-land forbids soil of Class 2",
                "makes Washed sand from soil of it, which may serve Fill",
            ],
        ),
        (
            "clean_clay_soil",
            "base_course",
            {},
            [
                "No: Clean clay soil",
                "No rule of the catalogue speaks of",
                "never the reverse: Clean clay soil, moraine (class 0-1) reaches no higher than "
                "Sub-base",
                "may serve: Fill, Noise barrier",
                "Base course may be served by: Crushed concrete 0/31.5, Base gravel SG II 0/31.5",
            ],
        ),
        (
            "concrete_rubble",
            "sub_base",
            {},
            [
                "Rule crush-first forbids Concrete rubble in Sub-base",
                "recipe Crushing concrete makes Crushed concrete 0/31.5",
                "goes to a plant or a receiver",
            ],
        ),
        (
            "incinerator_slag",
            "sub_base",
            {},
            ["holds from 15 Dec 2016 until it is changed", "number not seen", "drinking-water"],
        ),
    ],
)
def test_a_verdict_comes_with_its_reasons(material, use, where, sentences):
    """Ruling, rule, citation, dates, condition, ratio, land, and what to do instead."""
    said = explain(material, use, **where)
    for sentence in sentences:
        assert sentence in said


def test_only_what_is_forbidden_is_told_what_else_to_do():
    """Advice belongs to a no."""
    assert "may be served by" not in explain("crushed_concrete", "base_course")
    assert "may be served by" not in explain("clean_clay_soil", "sub_base")
    assert "may be served by" in explain("clean_clay_soil", "base_course")


def test_what_may_serve_instead_heeds_the_land():
    """Clean soil is no free alternative in the open land."""
    names = [CATALOGUE.materials[one].called("en") for one in ("clean_clay_soil", "fill_sand")]
    for land, free in (("built_up", names), ("open_land", names[1:])):
        line = next(
            one
            for one in explain("heavily_polluted_soil", "fill", land=land).splitlines()
            if one.startswith("Fill may be served by:")
        )
        assert [name for name in names if name in line] == free


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("crushed_concret", "fill"), "not a material here; did you mean `crushed_concrete`"),
        (("crushed_concrete", "fil"), "not a use here; did you mean `fill`"),
        (("crushed_concrete", "fill", "open_lnd"), "did you mean `open_land`"),
        (("crushed_concrete", "fill", "sea"), "there are `open_land`, `built_up`, `road`"),
    ],
)
def test_unknown_names_are_answered_with_a_suggestion(arguments, message):
    """A slip of the pen is told what it may have meant."""
    material, use, *land = arguments
    with pytest.raises(InputError, match=message):
        explain(material, use, **dict(zip(["land"], land, strict=False)))


def test_an_unknown_material_cannot_be_explained():
    """A material is looked up by its id."""
    with pytest.raises(InputError, match="did you mean `topsoil`"):
        explain_entry(CATALOGUE, "topsoill", "en")


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("material", CATALOGUE.materials)
def test_all_of_a_material_is_told(material, language):
    """Every figure with its source, the law with its citation, every recipe, every use."""
    one = CATALOGUE.materials[material]
    said = "\n".join(explain_entry(CATALOGUE, material, language))
    for field in type(one).model_fields:
        figure = getattr(one, field)
        if isinstance(figure, Figure):
            assert CATALOGUE.cite(figure.source) in said
            assert figure.unit in said
            assert format_day(figure.valid_from, language) in said
    assert CATALOGUE.cite(CATALOGUE.legal_regimes[one.legal_regime].citation) in said
    for name, recipe in CATALOGUE.recipes.items():
        about = material in recipe.inputs or material in recipe.outputs
        assert (f"`{name}`" in said) == about
    for use in CATALOGUE.uses:
        assert not rank(material, use) or CATALOGUE.uses[use].called(language) in said
    assert "{" not in said


def test_numbers_are_written_for_the_reader():
    """A decimal comma in Danish, a point in English, and no decimal lost."""
    assert "0,14 kg CO2e/t" in "\n".join(explain_entry(CATALOGUE, "polluted_soil", "da"))
    assert "0.14 kg CO2e/t (0.14–13.64)" in "\n".join(
        explain_entry(CATALOGUE, "polluted_soil", "en")
    )
    assert "1,052 DKK/t (577–1,175)" in "\n".join(
        explain_entry(CATALOGUE, "heavily_polluted_soil", "en")
    )


def test_a_doubtful_figure_is_called_so():
    """What nobody has seen in a source says so beside its value."""
    lines = explain_entry(CATALOGUE, "stable_gravel", "en")
    price = next(line for line in lines if line.startswith("Price at the pit"))
    assert "100 DKK/t (80–130), price of 2024, not indexed" in price
    assert "; judgement)" in price
    upstream = next(line for line in lines if line.startswith("Emission of digging"))
    assert "3.67 kg CO2e/t (2.6–4.6)" in upstream
    assert "; seen in a copy of the source)" in upstream
    expired = "\n".join(explain_entry(CATALOGUE, "concrete_gravel", "en"))
    assert "valid to 22 Dec 2025; " in expired
    lines = explain_entry(CATALOGUE, "crushed_concrete", "en")
    assert "judgement)" in next(one for one in lines if one.startswith("Density on the truck"))


def test_the_list_has_everything_that_a_scenario_may_name():
    """Every material, use, recipe, condition, kind of land and truck, with id, name and purpose."""
    sections = list_catalogue(CATALOGUE, "en").values()
    found = [[row.id for row in rows] for rows in sections]
    parts = ("materials", "uses", "recipes", "conditions", "land", "vehicles")
    assert found == [list(getattr(CATALOGUE, part)) for part in parts]
    rows = {row.id: row for rows in sections for row in rows}
    assert rows["incinerator_slag"].about.startswith("secondary, category 3, ")
    assert "Class 0 (background)" in rows["class_0_clay_soil"].about
    assert rows["sub_base_gravel"].about.startswith("virgin")
    assert rows["crushed_asphalt"].about.endswith("Asphalt circular")
    assert rows["base_course"] == CatalogueEntry(
        "base_course", "Base course", "tonnes of Base gravel SG II 0/31.5"
    )
    assert rows["crush_concrete"].about.startswith("1 t Concrete rubble → ")
    assert "Sorting residue of crushing" in rows["crush_concrete"].about


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("base_course", "Base course (`base_course`), a use"),
        ("bærelag", "Base course (`base_course`), a use"),
        ("crush_concrete", "residue included, has somebody who takes it"),
        ("Kalkstabiliseret", "It lets Clean clay soil, moraine (class 0-1) serve"),
        ("tipper_4_axle", "It runs on Diesel."),
        ("Åbent land", "Open land (`open_land`), a kind of land"),
        ("Knust beton 0/31,5 (genbrugsstabil)", "Crushed concrete 0/31.5 (`crushed_concrete`)"),
    ],
)
def test_any_entry_is_told_by_id_or_name(asked, answer):
    """A use, recipe, condition, truck or land is told of as a material is, by either name."""
    assert answer in "\n".join(explain_entry(CATALOGUE, asked, "en"))


@pytest.mark.parametrize("part", ["materials", "uses", "recipes", "conditions", "land", "vehicles"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_every_entry_can_be_told(part, language):
    """No entry of the catalogue is without an answer."""
    with speaking(language):
        for one, called in CATALOGUE.names(part).items():
            lines = explain_entry(CATALOGUE, one, language)
            assert called[language] in lines[0]


def test_what_nothing_is_called_is_suggested():
    """A near miss is told in both languages."""
    with pytest.raises(InputError, match=r"did you mean `base_course`"):
        explain_entry(CATALOGUE, "bærelagg", "en")


def test_a_scenario_may_judge_otherwise():
    """A fit of the scenario's own changes what is said, dates included."""
    catalogue = own_catalogue("""\
        catalogue:
          fits:
            crushed_concrete:
              base_course:
                {verdict: forbidden, rule: our-own, citation: Council of 2027, valid_to: 2029-12-31}
            clean_clay_soil:
              base_course: {verdict: allowed, rule: our-clay, citation: Trial of 2026, ratio: 1.25}
        """)
    said = explain("crushed_concrete", "base_course", catalogue=catalogue)
    assert "No: Crushed concrete" in said
    assert "Rule our-own forbids" in said
    assert "Council of 2027" in said
    assert "holds until 31 Dec 2029" in said
    said = explain("clean_clay_soil", "base_course", catalogue=catalogue)
    assert "Yes: Clean clay soil" in said
    assert "1.250 t of Clean clay soil" in said


def test_a_material_of_the_scenario_needs_no_law():
    """A new material is explained by what little there is of it."""
    catalogue = own_catalogue("""\
        catalogue:
          materials:
            chalk:
              {name: {en: Chalk}, origin: secondary, density_loose: 1.2, density_compacted: 1.9}
          fits:
            chalk:
              fill:
                verdict: allowed
                rule: chalk
                citation: Trial of 2026
                valid_from: 2027-01-01
                valid_to: 2028-12-31
        """)
    said = explain("chalk", "fill", catalogue=catalogue)
    assert "Yes: Chalk may serve Fill" in said
    assert "holds from 1 Jan 2027 to 31 Dec 2028" in said
    assert "Law: the catalogue names none." in said
    assert "1.000 t of Chalk" in said
    assert "May serve: Fill" in explain_entry(catalogue, "chalk", "en")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sand", ["fill_sand", "street_sweepings", "washed_sand", "washed_pit_sand"]),
        ("beton", ["crushed_concrete", "crushed_concrete_brick", "mixed_rubble"]),
    ],
)
def test_every_material_that_fits_a_word_is_offered(given, meant):
    """Of several kinds of sand none is guessed: all whose id or name holds the word are offered."""
    with speaking("en"), pytest.raises(InputError) as refused:
        explain_entry(CATALOGUE, given, "en")
    message = refused.value.findings[0].message.render("en")
    assert "did you mean" in message
    assert all(f"`{one}`" in message for one in meant)


@pytest.mark.parametrize("path", CATALOGUE.figures())
def test_every_figure_has_a_range_or_says_why_not(path):
    """Two ends, or a reason; and a price is of a year."""
    figure = CATALOGUE.figures()[path]
    assert bool(figure.no_range) != (figure.at("low") is not None and figure.at("high") is not None)
    assert ("DKK" in figure.unit) == (figure.price_year is not None)
    assert figure.price_year is None or figure.price_year <= 2026
    known = figure.range_source in {*CATALOGUE.sources, ""} or " " in figure.range_source
    assert known


def test_figures_beside_ours_are_ours():
    """What is said to be ours beside the national tool's is what the catalogue counts with."""
    ours = {name: one.ours.value for name, one in CATALOGUE.beside.items()}
    assert ours["grid"] == CATALOGUE.fuels["electricity"].kg_co2e_wtw_per_unit.in_year(2030)
    diesel = CATALOGUE.fuels["diesel"].kg_co2e_wtw_per_unit.in_year(2030)
    assert ours["diesel"] == diesel
    assert ours["concrete_gravel"] == CATALOGUE.materials["concrete_gravel"].upstream_kg_co2e.value
    for name, truck in (
        ("lorry_4_axle", "tipper_4_axle"),
        ("lorry_7_axle", "truck_trailer_7_axle"),
    ):
        vehicle = CATALOGUE.vehicles[truck]
        empty, full = energy_by_speed(vehicle, np.array([50.0, 60.0]))
        per_tkm = (empty + full) * diesel / vehicle.payload_t.value
        assert per_tkm.min() <= ours[name] <= per_tkm.max() * 1.05


def test_a_price_moves_with_its_index():
    """A price of a year that the index covers is carried, range and all; another stays as it is."""
    world = PIT_AND_PROJECT + (
        "price_year: 2026\n"
        "catalogue:\n"
        "  price_indices:\n"
        "    earthworks: {by_year: {2022: 100, 2026: 120}, source: a letter, evidence: seen}\n"
    )
    moved, kept = make_scenario(world).catalogue, CATALOGUE
    sand, was = moved.materials["fill_sand"].price, kept.materials["fill_sand"].price
    assert sand.value == pytest.approx(was.value * 120 / 110)
    assert sand.high == pytest.approx(was.high * 120 / 110)
    assert (sand.price_year, sand.indexed) == (2026, True)
    for path in ("fixed_links.great_belt.fare_dkk", "materials.fill_sand.tax"):
        assert moved.figures()[path] == kept.figures()[path]
    narrow = world.replace("2022: 100", "2025: 100")
    assert make_scenario(narrow).catalogue.materials["fill_sand"].price == was
    assert make_scenario(world.replace("price_year: 2026\n", "")).catalogue.figures() == {
        **kept.figures(),
        "price_indices.earthworks": moved.price_indices["earthworks"],
    }


def test_sieving_and_crushing_are_never_free():
    """What is sieved on condition takes a sieve, and what is offered as made took the making."""
    for material, uses in CATALOGUE.fits.items():
        for use, fit in uses.items():
            if fit.condition in ("sieved", "lime_stabilised"):
                assert fit.kg_co2e_per_t.value > 0, (material, use)
                assert fit.dkk_per_t.value > 0, (material, use)
    raw = {name for recipe in CATALOGUE.recipes.values() for name in recipe.inputs}
    for recipe in CATALOGUE.recipes.values():
        for name in recipe.outputs.keys() - raw:
            made = CATALOGUE.materials[name]
            used = any(fit.verdict != "forbidden" for fit in CATALOGUE.fits.get(name, {}).values())
            waste = ("ballast_fines", "washing_silt", "sieve_oversize")
            if used and name not in waste:
                assert made.preparation_kg_co2e_per_t.value > 0, name
                assert made.preparation_dkk_per_t.value > 0, name


def test_crushed_material_carries_its_crushing_to_whoever_uses_it():
    """2.0 kg and 30 DKK a tonne where it is used, none at a receiver; what the offer says first."""
    world = """
        title: Crushed concrete on offer
        periods: [2027]
        vehicles: [tipper_4_axle]
        objectives: [cost_dkk]
        sites:
          heap: {lon: 12.1, lat: 55.4, offers: [{material: crushed_concrete, amount: 100 t}]}
          road: {lon: 12.2, lat: 55.4, needs: [{use: fill, amount: 50 t}]}
          tip: {lon: 12.3, lat: 55.4, receiver: {accepts: [crushed_concrete]}}
        """
    own = world.replace("amount: 100 t", "amount: 100 t, preparation_dkk_per_t: 0")
    for text, dkk_per_t in ((world, 30.0), (own, 0.0)):
        scenario = make_scenario(text)
        roads = {("heap", "road"): 10.0, ("heap", "tip"): 1.0}
        problem = build_problem(scenario, make_legs(scenario, roads))
        moved = pd.DataFrame({"taker": problem.labels("taker_kind")})
        moved["kg"], moved["dkk"] = problem.measure(PROCESSING), problem.measure(PREPARATION)
        terms = moved.groupby("taker")[["kg", "dkk"]].max()
        assert terms.loc["need"].tolist() == [2.0, dkk_per_t]
        assert terms.loc["receiver"].tolist() == [0.0, 0.0]


def test_reception_follows_the_kind_of_receiver():
    """A landfill emits, another receiver does not; an older catalogue has one figure for both."""
    sand = CATALOGUE.materials["clean_sandy_soil"]
    assert sand.reception_kg_co2e(landfill=True) == 0.14
    assert sand.reception_kg_co2e(landfill=False) == 0
    older = sand.model_copy(update={"reuse_kg_co2e": None})
    assert older.reception_kg_co2e(landfill=False) == 0.14


def test_the_tax_in_the_price_of_fuel_is_not_priced_twice():
    """At the price of the tax, what leaves the exhaust costs nothing more, and the rest does."""
    scenario = make_scenario(PIT_AND_PROJECT + "co2_price_dkk_per_t: 859\n")
    problem = build_problem(scenario, make_legs(scenario, {("pit", "project"): 10.0}))
    added = problem.measure(COST_WITH_CO2) - problem.measure(COST)
    beyond = problem.measure(CO2E) - problem.measure(TRANSPORT_TTW)
    assert added == pytest.approx(0.859 * beyond)
    assert (problem.measure(TRANSPORT_TTW) > 0).any()
