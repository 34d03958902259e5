"""Variants: other forms of a scenario, read, refused, solved beside it and compared."""

import re
from pathlib import Path
import openpyxl
import pytest
from raastof_geo import load_result, read_scenario, solve_scenario
from raastof_geo.cli.app import run_command
from raastof_geo.errors import ScenarioError
from raastof_geo.figures.vocabulary import CO2E
from raastof_geo.language import speaking
from raastof_geo.pipeline import compare_variants
from raastof_geo.scenario.reading.read import read_variant
from raastof_geo.scenario.varied import list_variants
from raastof_geo.spread import working

SCENARIO = Path(__file__).parents[2] / "scenarios" / "koege_bugt.yaml"
FORMS = """
assumptions:
  jord: {name: Jord, value: 1, low: 0.5, high: 1.5, scale: {offers: {}}, source: skøn}
variants:
  mere_jord: {name: Mere jord, assume: {jord: 1.5}}
  halve_behov: {scale: {amounts: {needs: {}}, by: 50 %}}
  maal:
    sweep: {targets.secondary_share.at_least: [10 %, 99 %], jord: [1.2]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("variants")
    (place / "koege_bugt.yaml").write_bytes(SCENARIO.read_bytes())
    (place / "base.yaml").write_text(f"extends: koege_bugt.yaml\n{FORMS}", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def scenario(folder):
    return read_scenario(folder / "base.yaml")


@pytest.fixture(scope="module")
def result(scenario):
    return solve_scenario(scenario)


def _sum(entries):
    return sum(one.tonnes for one in entries)


def test_a_sweep_is_one_variant_for_each_choice(scenario):
    found = list_variants(scenario)
    assert list(found) == ["mere_jord", "halve_behov", "maal-1", "maal-2"]
    assert found["maal-2"].set == {"targets.secondary_share.at_least": "99 %"}
    assert found["maal-2"].assume == {"jord": 1.2}


def test_a_variant_is_what_its_file_would_give_by_hand(scenario, folder):
    more, half = (read_variant(scenario, one) for one in ("mere_jord", "halve_behov"))
    assert _sum(more.offers) == pytest.approx(1.5 * _sum(scenario.offers))
    assert _sum(more.needs) == pytest.approx(_sum(scenario.needs))
    assert _sum(half.needs) == pytest.approx(0.5 * _sum(scenario.needs))
    text = (folder / "koege_bugt.yaml").read_text(encoding="utf-8")
    (folder / "hand.yaml").write_text(text.replace("at_least: 20 %", "at_least: 10 %"), "utf-8")
    swept, hand = read_variant(scenario, "maal-1"), read_scenario(folder / "hand.yaml")
    assert swept.said.targets == hand.said.targets
    assert len({one.digest for one in (scenario, more, half, swept)}) == 4
    assert (more.id, more.said.title) == ("base-mere_jord", f"{scenario.said.title} · Mere jord")


def test_what_extends_another_file_keeps_the_place_of_each_value(folder, capsys):
    assert run_command(["check", str(folder / "base.yaml"), "--merged", "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"targets\.secondary_share\.at_least: 20 %  # .*koege_bugt\.yaml:108:", told)
    assert re.search(r"assumptions\.jord\.low: 0\.5  # .*base\.yaml:4:", told)
    command = ["check", str(folder / "base.yaml"), "--merged", "--variant", "maal-1"]
    assert run_command(command) == 0
    told = capsys.readouterr().out
    assert re.search(r"targets\.secondary_share\.at_least: 10 %  # .*base\.yaml:\d+:", told)
    assert re.search(r"offers\.0\.amount: 6000 m3 in_situ  # .*base\.yaml:8:", told)


def test_the_values_above_lie_over_those_below(folder):
    (folder / "over.yaml").write_text(
        "extends: base.yaml\ntitle: Over\ntargets: {secondary_share: {at_least: 5 %}}\n", "utf-8"
    )
    over = read_scenario(folder / "over.yaml")
    assert over.said.title == "Over"
    assert over.said.targets.first_share.at_least == pytest.approx(0.05)
    assert over.said.targets.first_share.definition == "with_clean_soil"
    assert list(over.said.variants) == ["mere_jord", "halve_behov", "maal"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a: {}", "a variant says what is otherwise"),
        ("a: {assume: {jor: 1}}", "`jor` is not one of `assumptions`; did you mean `jord`"),
        ("a: {set: {targets.secondary_shar.at_least: 1}}", "did you mean `secondary_share`"),
        ("a: {scale: {amounts: {offers: {material: rail_ballast}}, by: 2}}", "no amount of the"),
        ("a: {scale: {amounts: {offers: {}}, by: 2}, assume: {jord: 1.2}}", "is changed twice"),
        ("a: {set: {title: x}, sweep: {title: [y]}}", "`title` is changed twice"),
        ("a: {sweep: {title: []}}", "title"),
        (f"a: {{sweep: {{title: {list(range(501))}}}}}", "more than 500"),
        ("a: {set: {sites.nowhere.lon: 1}}", "leads nowhere"),
    ],
)
def test_what_a_variant_may_not_say(folder, said, told):
    text = FORMS.split("variants:", maxsplit=1)[0]
    path = folder / "wrong.yaml"
    path.write_text(f"extends: koege_bugt.yaml\nlanguage: en\n{text}variants:\n  {said}\n", "utf-8")
    with speaking("en"):
        with pytest.raises(ScenarioError) as found:
            read_scenario(path)
        message = str(found.value)
    assert told in message
    assert "wrong.yaml:" in message


@pytest.mark.parametrize("name", ["below/koege_bugt.yaml", "../koege_bugt.yaml", "{}"])
def test_what_is_extended_may_lie_in_another_folder(folder, tmp_path, name):
    home, base = tmp_path / "home", folder / "koege_bugt.yaml"
    (home / "below").mkdir(parents=True)
    for place in (tmp_path, home / "below"):
        (place / base.name).write_bytes(base.read_bytes())
    path, name = home / "over.yaml", name.format(base.as_posix())
    path.write_text(f"extends: {name}\nlanguage: en\ntitle: []\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"over.yaml:3:8: title skal være.*men er `\[\]`"):
        read_scenario(path, anywhere=True)
    path.write_text(f"extends: {name}\ntitle: Over\n", encoding="utf-8")
    assert read_scenario(path, anywhere=True).said.title == "Over"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gone.yaml", "gone.yaml"),
        ("wrong.yaml", "leads back"),
        ("../base.yaml", "folder"),
        (".", "`.`"),
    ],
)
def test_a_file_that_cannot_be_extended(folder, name, told):
    path = folder / "wrong.yaml"
    path.write_text(f"extends: {name}\nlanguage: en\n", encoding="utf-8")
    with speaking("en"):
        with pytest.raises(ScenarioError) as found:
            read_scenario(path)
        assert told in str(found.value)


def test_variants_are_solved_as_their_files_would_be(result, tmp_path):
    cases, into = compare_variants(result, "all", into=tmp_path)
    assert [one.title for one in cases[1:3]] == ["Mere jord", "halve_behov"]
    assert cases[4].found is None
    assert "99 %" in cases[4].refused
    alone = solve_scenario(read_variant(result.scenario, "mere_jord"))
    assert cases[1].found.totals.to_dict() == pytest.approx(alone.effect.books.totals.to_dict())
    assert cases[1].found.headlines.saved_dkk == pytest.approx(alone.effect.whole.dkk)
    page = (into / "comparison.html").read_text(encoding="utf-8")
    assert "Mere jord" in page
    assert cases[4].refused.split(";")[0] in page.replace("&#34;", '"').replace("&#39;", "'")


def test_changes_add_up(result, tmp_path):
    """Flows that change add up to what the plans move, and projects to what all of them save."""
    cases, into = compare_variants(result, "mere_jord", into=tmp_path)
    book = openpyxl.load_workbook(into / "comparison.xlsx")
    first, second = (one.found for one in cases)
    sheets = {name.split(" ", 1)[-1]: book[name] for name in book.sheetnames}
    flows = list(sheets["Strømme, der ændrer sig"].iter_rows(2, values_only=True))
    moved = sum(row[6] for row in flows)
    assert moved == pytest.approx(second.flows["tonnes"].sum() - first.flows["tonnes"].sum(), abs=1)
    kinds = {row[3] for row in flows}
    assert kinds == {"kommer til", "vokser", "bliver mindre", "forsvinder"}
    for row in flows:
        assert (row[3] == "kommer til") == (row[4] == 0)
        assert (row[3] == "forsvinder") == (row[5] == 0)
    projects = sheets["Hvem vinder, og hvem taber"].iter_rows(2, values_only=True)
    saved = sum(one[1] for one in projects)
    more = [float(one.saved[CO2E].sum()) for one in (first, second)]
    assert saved == pytest.approx((more[1] - more[0]) / 1000, abs=0.01)


def test_any_number_of_workers_writes_the_same_comparison(result, tmp_path):
    _, alone = compare_variants(result, "all", into=tmp_path / "1")
    with working(2, ready="json") as team:
        _, beside = compare_variants(result, "all", into=tmp_path / "2", executor=team)
    for name in ("comparison.html", "comparison.xlsx"):
        assert (alone / name).read_bytes() == (beside / name).read_bytes()


def test_runs_are_compared_from_their_folders(folder, tmp_path, capsys):
    for variant in ("", "mere_jord"):
        command = ["run", str(folder / "base.yaml"), "--into", str(tmp_path), "--no-sensitivity"]
        assert run_command([*command, *(["--variant", variant] if variant else [])]) == 0
    folders = [tmp_path / "base", tmp_path / "base-mere_jord"]
    assert load_result(folders[1]).scenario.said.title.endswith("Mere jord")
    assert run_command(["verify", str(folders[1])]) == 0
    assert run_command(["compare", *map(str, folders), "--into", str(tmp_path / "c")]) == 0
    assert "comparison.html" in capsys.readouterr().out
    page = (tmp_path / "c" / "comparison.html").read_text(encoding="utf-8")
    assert "sites.boligomraade_solroed.offers.0.amount.value" in page
    assert run_command(["compare", str(tmp_path / "nowhere")]) == 2


def test_a_variant_that_is_not_there(folder, capsys):
    command = ["run", str(folder / "base.yaml"), "--into", str(folder / "none")]
    assert run_command([*command, "--variant", "mere_jor"]) == 2
    assert "mente du `mere_jord`" in capsys.readouterr().err
    assert run_command([*command, "--variant", "maal"]) == 2
    assert "`maal` betyder flere" in capsys.readouterr().err
    for wanted in (["mere_jor"], ["all", "--variant", "mere_jord"]):
        assert run_command([*command, "--variants", *wanted]) == 2
        assert "er ikke en variant" in capsys.readouterr().err
    assert not (folder / "none").exists()
