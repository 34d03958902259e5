"""The page's own code solves edited plans as the house does, and its proof believes no solver."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from places import SCENARIOS
from strategies import worlds
from tryouts import KINDS, Page, join, page_of
from v8 import V8
from worlds import make_legs, make_scenario
from raastof_geo.assignment import assign
from raastof_geo.assignment.adjusting.reaction import lay_open, react
from raastof_geo.errors import NoPlanError
from raastof_geo.language import speaking
from raastof_geo.outputs.pages.map import MapStory, draw_map
from raastof_geo.outputs.pages.page import LATER
from raastof_geo.outputs.template import read_asset
from raastof_geo.pipeline import run_scenario, solve_scenario
from raastof_geo.scenario.reading.read import read_scenario, read_variant


@pytest.fixture(scope="module")
def v8(tmp_path_factory):
    found = V8(tmp_path_factory.mktemp("v8"))
    for name in LATER[:3]:
        found.run(f"((raastof) => {{{read_asset(f'pages/{name}.js')}}})(globalThis.raastof)")
    yield found.run
    found.close()


@pytest.fixture(scope="module")
def town(v8):
    return Page(v8, solve_scenario(read_scenario(SCENARIOS / "koege_bugt.yaml")))


@pytest.mark.parametrize("kind", KINDS)
def test_edits_of_each_kind_give_the_plan_of_the_edited_file(town, kind):
    chance = random.Random(kind)
    for _ in range(2):
        town.check(town.draw(chance, kind))


def test_edits_that_pile_up_give_the_plan_of_the_edited_file(town):
    chance = random.Random(0)
    for _ in range(8):
        town.check(join(*(town.draw(chance, chance.choice(KINDS)) for _ in range(3))))


def test_no_plan_is_proved_and_says_how_far_one_could_get(town):
    found = town.answer({"aims": {0: 0.999}})
    assert found["none"] and found["proved"]
    lacking = town.run("page.reach({aims: {0: 0.999}}).lacks")
    assert [one["row"] for one in lacking] == [town.told["aims"][0]["row"]]
    needed = town.told["aims"][0]["limit"]
    most = 0.999 - lacking[0]["t"] / needed
    assert not town.answer({"aims": {0: most - 1e-6}})["none"]
    assert town.answer({"aims": {0: most + 1e-6}})["none"]


def test_falsified_steps_are_never_believed(town):
    """Numbers that the solver counts on are changed on the way; what is proved is still right."""
    told = town.run(
        """(() => {
            let seed = 1, falsified = 0, believed = 0, wrong = 0;
            const draw = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
            const edits = [];
            page.told.adjustable.forEach((one, at) => {
                for (const times of [0.1, 0.5, 1.5, 2]) {
                    edits.push({ entries: { [at]: { value: one.value * times } } });
                }
            });
            const truth = edits.map((one) => page.answer(one));
            const cost = page.cost[page.told.objectives[0]];
            const comes = ({ x }) => x && x.reduce((sum, t, j) => sum + t * cost[j], 0);
            const basis = page.basis;
            while (falsified < 1000) {
                const at = Math.floor(draw() * edits.length);
                let left = Math.floor(draw() * 4), done = false;
                const tamper = (solver, r) => {
                    if (done || left-- > 0) return;
                    solver.work[r] *= 1 + (draw() < 0.5 ? -0.5 : 3) * draw();
                    if (draw() < 0.5) solver.limit[r] += 1000 * draw();
                    done = true;
                };
                page.basis = [];
                const found = page.answer(edits[at], tamper);
                falsified += done ? 1 : 0;
                if (!found.proved) continue;
                believed++;
                const [own, real] = [comes(found), comes(truth[at])];
                if (found.none !== truth[at].none) wrong++;
                else if (own !== undefined && Math.abs(own - real) > 1e-5 * Math.abs(real)) wrong++;
            }
            page.basis = basis;
            return { falsified, believed, wrong };
        })()"""
    )
    assert told["falsified"] == 1000 and told["wrong"] == 0, told


def test_what_is_left_out_of_a_page_is_never_taken_for_proved(v8, town):
    """With few columns some answers are the best in the page only; what is proved is the plan."""
    few = Page(v8, town.result, most=town.told["columns"] - 12)
    assert few.told["columns"] < town.told["columns"] and few.told["left"]["least"] > 0
    chance = random.Random(1)
    edits = [{}, *(few.draw(chance, kind) for kind in ("value", "aims", "closed", "shift") * 4)]
    answers = [few.answer(one) for one in edits]
    assert any(one["beyond"] for one in answers) and any(one["proved"] for one in answers)
    proved = [few.name(one["flows"]) for one in answers if one["proved"]]
    edits = [edit for edit, one in zip(edits, answers, strict=True) if one["proved"]]
    whole = Page(v8, town.result)
    assert [whole.name(whole.answer(one)["flows"]) for one in edits] == [
        pytest.approx(one, abs=1e-3) for one in proved
    ]


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(worlds())
def test_random_worlds_give_the_plan_of_the_edited_file(v8, world):
    try:
        page = page_of(v8, world)
    except NoPlanError:
        return
    chance = random.Random(world.seed)
    for kind in KINDS:
        page.check(page.draw(chance, kind))


@pytest.fixture(scope="module")
def road(v8, english_road):
    return Page(v8, english_road[0])


def test_a_decision_is_tried_both_ways(road):
    assert len(road.run("page.whole")) == 1
    chance = random.Random(2)
    for kind in ("aims", "first", "aims", "first"):
        road.check(road.draw(chance, kind))


@pytest.mark.slow
def test_the_region_gives_the_plan_of_the_edited_file(v8):
    page = Page(v8, solve_scenario(read_scenario(SCENARIOS / "region_sjaelland.yaml")))
    chance = random.Random(3)
    for kind in KINDS:
        page.check(page.draw(chance, kind))
    page.check(join(*(page.draw(chance, kind) for kind in KINDS[:4])))


FAIR = """
title: Fair
language: en
periods: [2027]
vehicles: [tipper_4_axle]
sites:
  road: {lon: 12.10, lat: 55.45, needs: [{use: fill, amount: 1000 t}]}
  pit: {lon: 12.15, lat: 55.63, pit: {supplies: [fill_sand]}}
"""


def react_to(text):
    scenario = make_scenario(text)
    plan = assign(scenario, make_legs(scenario))
    opened = lay_open(plan, lambda _legs, other: make_legs(other))
    return react(opened, plan)


def test_a_need_moves_the_target_too():
    moved = react_to(FAIR + "targets: {secondary_share: {at_least: 0 %}}\n")
    assert moved.found.keys[0] == (0, 0)
    names = [str(name.family) for name in moved.names]
    rows = dict(zip(names, moved.found.slope[0].tolist(), strict=True))
    assert rows == {"needs_met": 1.0} | {name: 0.0 for name in names if name != "needs_met"}
    assert moved.aims[0].limit == pytest.approx(1000.0)
    assert moved.aims[0].crossed.tolist() == [pytest.approx([0.0, 1.0])]


def test_what_rests_on_another_programme_is_for_the_planner():
    moved = react_to(FAIR + "targets: {fairness: {measure: cost_dkk}}\n")
    assert moved is not None and not moved.found.keys


def test_what_is_not_in_proportion_is_for_the_planner():
    """What is locked may be more than the share that can be put to use: the larger one counts."""
    offer = "[{material: clean_sandy_soil, amount: 500 t, must_leave: false}]"
    dig = f"sites:\n  dig: {{lon: 12.2, lat: 55.5, offers: {offer}}}"
    text = FAIR.replace("sites:", dig)
    free = react_to(text + "capture: {default: 50 %}\n")
    locked = react_to(
        text + "capture: {default: 50 %}\nagreements: "
        "[{giver: dig, taker: road, material: clean_sandy_soil, at_least: 200 t}]\n"
    )
    assert len(free.found.keys) == len(locked.found.keys) + 1


def test_a_motorway_takes_little_room_in_its_page(english_road):
    with speaking("en"):
        assert 10_000 < len(MapStory(english_road[0]).what_if) < 45_000


def test_a_map_that_nobody_wants_to_try_out_has_nothing_of_it(town):
    result, scenario = town.result, town.result.scenario
    still = scenario.saying(map=scenario.said.map.model_copy(update={"what_if": False}))
    page = draw_map(replace(result, scenario=still)).get_root().render()
    assert 'id="whatif' not in page


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried")
    text = (SCENARIOS / "koege_bugt.yaml").read_text(encoding="utf-8")
    text = text.replace("language: da", "language: en")
    outputs = "\noutputs: [map, projects, plan, proof]\n"
    (folder / "town.yaml").write_text(text + outputs, encoding="utf-8")
    return run_scenario(folder / "town.yaml", into=folder, sensitivity=False)[1]


def test_pages_of_projects_have_nothing_of_it(written):
    pages = list((written / "projects").rglob("*.html"))
    assert pages
    assert all('"whatif' not in one.read_text(encoding="utf-8") for one in pages)


@pytest.fixture
def visit(chromium, written):
    """Open the map offline in a browser; nothing fails, and nobody is asked."""
    playwright = pytest.importorskip("playwright.sync_api")
    asked, failed, browsers = [], [], []
    with playwright.sync_playwright() as started:

        def opened(*flags, width=1440, height=900, **options):
            browser = started.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", *flags]
            )
            browsers.append(browser)
            size = {"width": width, "height": height}
            page = browser.new_context(viewport=size, offline=True, **options).new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.on("console", lambda message: failed.append(message.text))
            page.goto((written / "map.html").as_uri())
            if options.get("java_script_enabled", True):
                page.wait_for_selector("[data-flows]")
            return page

        yield opened
        for browser in browsers:
            browser.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert failed == []


def begin(page):
    page.focus("#whatif summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#whatif[data-state=ready]", state="attached", timeout=20_000)


def halve_an_amount(page):
    """Halve the first amount of a site that is chosen by name."""
    page.focus("#whatif-site")
    page.keyboard.type("New distributor road"[:1])
    page.select_option("#whatif-site", index=1)
    amount = page.locator("#whatif input[type=number]").first
    amount.fill(str(float(amount.input_value()) / 2))
    amount.press("Enter")
    page.wait_for_selector('#whatif[data-edits="1"]', state="attached")


def halves(file, patch):
    """Whether what the panel shows, pasted into the file, is a variant with half of one amount."""
    pasted = file.with_name("pasted.yaml")
    pasted.write_text(f"{file.read_text(encoding='utf-8')}\n{patch}\n", encoding="utf-8")
    scenario = read_scenario(pasted)
    entries = [list_entries(one) for one in (scenario, read_variant(scenario, "my_change"))]
    changed = [(old, new) for old, new in zip(*entries, strict=True) if old != new]
    return [new / old for old, new in changed] == [pytest.approx(0.5)]


def list_entries(scenario):
    return [one.tonnes for one in (*scenario.offers, *scenario.needs)]


def test_a_change_is_made_by_keys_and_undone(visit, written):
    page = visit()
    assert page.evaluate("raastof.Programme === undefined")  # nothing is read before it is wanted
    begin(page)
    assert page.get_attribute("#whatif", "data-proved") == "true"
    halve_an_amount(page)
    assert page.get_attribute("#whatif", "data-proved") == "true"
    page.wait_for_selector('.folium-map[data-mode="change"]')
    told = page.inner_text("#tried")
    assert told.startswith("Your change, not the agreed plan.")
    assert "Proved: under these conditions no plan emits less." in told
    assert page.inner_text("#sentence").startswith("Your change, not the agreed plan")
    digest = hashlib.sha256((written / "proof.npz").read_bytes()).hexdigest()
    patch = page.input_value("#whatif textarea")
    assert f"# proof.npz sha256: {digest}" in patch and "\n      sites." in patch
    assert halves(written.parent / "town.yaml", patch)
    page.click("#twin summary")
    page.wait_for_selector("#rows tbody tr")
    page.locator("#whatif li button").press("Enter")
    page.wait_for_selector('.folium-map[data-mode="plan"]')
    assert page.get_attribute("#whatif", "data-edits") == "0"
    assert page.evaluate("document.activeElement.id") == "whatif-site"


def test_no_plan_names_who_is_in_conflict(visit):
    page = visit()
    begin(page)
    share = page.locator("#whatif > div > label > input[type=number]")
    share.fill("99.9")
    share.press("Enter")
    page.wait_for_selector('#whatif[data-none="true"][data-proved="true"]', state="attached")
    told = page.inner_text("#tried")
    assert "no plan keeps the rules" in told and "Lacking at least" in told
    assert "As far as one gets" in told


def test_a_place_and_a_flow_are_chosen_on_the_map(visit):
    page = visit()
    begin(page)
    page.locator(".leaflet-marker-icon.site").first.press("Enter")
    page.wait_for_selector("#whatif fieldset, #whatif div > button")
    page.keyboard.press("Escape")
    page.click("#twin summary")
    page.locator("#rows tbody button").first.press("Enter")
    page.wait_for_function("document.querySelectorAll('#whatif legend').length > 1")


def test_it_works_where_nothing_is_compiled(visit):
    page = visit("--js-flags=--jitless")
    begin(page)
    halve_an_amount(page)
    assert page.get_attribute("#whatif", "data-proved") == "true"


def test_without_script_the_page_reads_as_one_that_has_nothing_of_it(visit):
    page = visit(java_script_enabled=False)
    assert page.locator("#whatif").count() == 0
    told = page.inner_text("body")
    assert "flows.csv has the same figures" in told
    for word in ("What if", "variants:", "Your change"):
        assert word not in told


def test_the_panel_holds_what_the_map_promises(visit):
    """Axe finds nothing, a phone shows all of it, and paper has nothing of it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    page.tap("#toggle")
    page.tap("#whatif summary")
    page.wait_for_selector("#whatif[data-state=ready]", state="attached", timeout=20_000)
    halve_an_amount(page)
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = "[...document.querySelectorAll('#whatif *')].every((one) => one.offsetWidth <= 390)"
    assert page.evaluate(wide)
    assert page.evaluate("document.querySelector('#whatif').scrollWidth") <= 390
    page.emulate_media(media="print")
    assert page.is_hidden("#whatif")
