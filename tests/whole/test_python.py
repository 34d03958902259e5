"""A programme goes in and out by frames, with every check that a file undergoes."""

import concurrent.futures
import datetime
import doctest
import importlib
import re
import subprocess
import sys
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from places import ROOT, SCENARIOS
import raastof_geo
from raastof_geo import InputError, load_result, read_scenario, solve_scenario
from raastof_geo.errors import ScenarioError
from raastof_geo.outputs.write import write_outputs
from raastof_geo.scenario.said.entry import OfferEntry
from raastof_geo.scenario.said.file import ScenarioFile

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
[PROGRAMME] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHIPPED = sorted(SCENARIOS.glob("*.yaml"))


@pytest.fixture(scope="module")
def koege():
    return read_scenario(SCENARIOS / "koege_bugt.yaml")


@pytest.fixture(scope="module")
def result(koege):
    return solve_scenario(koege)


def test_the_programme_of_the_page_runs(tmp_path, english):
    """As it stands: in a process of its own, with an executor of processes."""
    (tmp_path / "programme.py").write_text(PROGRAMME, encoding="utf-8")
    code = (
        "import programme\n"
        "if __name__ == '__main__':\n"
        "    first, second = programme.main()\n"
        "    served = first.plan.flows.query(\"taker_kind == 'need'\").groupby('material').tonnes\n"
        "    print(served.sum().round(3).to_dict())\n"
        "    flows = second.plan.flows\n"
        "    trailer = flows.query(\"vehicle == 'truck_trailer_7_axle'\").tonnes.sum()\n"
        "    assert 0 < trailer <= 3000.001, trailer\n"
    )
    (tmp_path / "ask.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "ask.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "sites.plads.offers[0].material" in done.stdout
    assert "`clean_clay_soil`" in done.stdout
    assert "'clean_clay_soil': 7000.0" in done.stdout
    assert "LINESTRING" in done.stdout


def test_the_programme_of_the_page_is_typed(tmp_path):
    """`mypy --strict` finds nothing; libraries without types of their own are the only excuse."""
    (tmp_path / "programme.py").write_text(PROGRAMME, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\nstrict = True\n[mypy-geopandas.*]\nignore_missing_imports = True\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "programme.py", "--config-file", "mypy.ini"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_page_names_what_the_door_has():
    """All public names, and no other."""
    named = re.findall(r"`(\w+)`", PAGE.split("<!-- names -->")[1])
    assert sorted([*named, "__version__"]) == sorted(raastof_geo.__all__)


@pytest.mark.parametrize("room", ["scenario.scenario", "scenario.reading.read", "pipeline"])
def test_examples_run(room, monkeypatch):
    """What docstrings show is what comes."""
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(f"raastof_geo.{room}"))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_the_same_out_of_python(path):
    """Its parts as types, put into a mapping and read again."""
    scenario = read_scenario(path)
    said = {name: getattr(scenario.said, name) for name in scenario.said.model_fields_set}
    again = read_scenario(said, name=scenario.id, anywhere=True)
    assert again.said == scenario.said
    assert again.catalogue == scenario.catalogue
    assert again.id == scenario.id
    assert len(again.digest) == 64


def test_values_of_python_are_read(english):
    """Dates, numbers of NumPy, tuples, types and plain texts, one beside the other."""
    days = {"start": datetime.date(2027, 1, 1), "end": datetime.date(2027, 3, 31)}
    offers = (OfferEntry(material="clean_clay_soil", amount="5 t"),)
    site = {"lon": np.float64(12.1), "lat": np.float32(55.5), "offers": offers}
    said = {"title": "t", "periods": [{"id": "spring", **days}], "sites": {"plads": site}}
    scenario = read_scenario(said, name="made")
    assert [(one.name, one.tonnes) for one in scenario.offers] == [("plads/1-clean_clay_soil", 5.0)]
    assert scenario.id == "made"
    assert scenario.digest == read_scenario(said, name="made").digest
    assert scenario.digest != read_scenario({**said, "title": "u"}, name="made").digest


def test_mistakes_name_their_path_and_no_line(english):
    """All at once, and nothing is accepted that a file could not say."""
    site = {"lon": 12.1, "lat": 55.5, "needs": [{"use": "fil", "amount": "5 t"}]}
    said = {"title": "t", "periods": [2027], "sites": {"vej": site, "b": {"lat": 55.0}}}
    agreement = {"giver": "vej", "taker": "nobody", "amount": "1 t"}
    with pytest.raises(ScenarioError) as refused:
        read_scenario({**said, "agreements": [agreement]}, name="made")
    told = str(refused.value)
    for part in ("made: sites.vej.needs[0].use: `fil`", "sites.b", "`nobody`"):
        assert part in told
    assert not re.search(r":\d+:\d+", told)


def test_the_types_alone_are_refused(english):
    """They cannot know the catalogue; what is wrong in them would be found by nobody."""
    pit = {"lon": 12.15, "lat": 55.63, "pit": {"supplies": ["no_such_material"]}}
    with pytest.raises(ValueError, match="read_scenario"):
        ScenarioFile(title="t", periods=[2027], sites={"a": pit})


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({"sites.vejprojekt_grev.needs.0.amount": "1 t"}, "did you mean `vejprojekt_greve`"),
        ({"sites.vejprojekt_greve.neds.0.amount": "1 t"}, "did you mean `needs`"),
        ({"sites.vejprojekt_greve.needs.7.amount": "1 t"}, "leads nowhere"),
        ({"sites.vejprojekt_greve.needs.0.amount": 5}, "5 of what"),
        ({"co2_price": 3}, "did you mean `co2_price_dkk_per_t`"),
        ({"targets.secondary_share": 2}, "targets.secondary_share"),
    ],
)
def test_a_change_is_checked(koege, english, edits, told):
    with pytest.raises(InputError, match=re.escape(told)):
        koege.change(edits)


def test_a_change_leaves_the_scenario_alone(koege):
    """Changed, changed again, and one more of a list."""
    path = "sites.vejprojekt_greve.needs"
    less = koege.change({f"{path}.0.amount": "7 t"})
    assert (less.needs[0].tonnes, koege.needs[0].tonnes) == (7.0, 12_000.0)
    more = less.change(
        {
            f"{path}.{len(less.sites['vejprojekt_greve'].needs)}": less.said.sites[
                "vejprojekt_greve"
            ].needs[0]
        }
    )
    assert len(more.needs) == len(koege.needs) + 1
    assert [one.tonnes for one in more.needs if one.site == "vejprojekt_greve"][-1] == 7.0


def test_frames_are_keyed_by_labels(result):
    """Sites, routes, segments and projects, with the sums of the plan."""
    plan, sites, routes = result.plan.flows, result.sites(), result.routes()
    assert list(sites.index) == list(result.scenario.sites)
    assert sites["sent_tonnes"].sum() == pytest.approx(plan["tonnes"].sum())
    assert routes.index.names == ["origin", "destination", "material", "vehicle", "period"]
    assert routes["tonnes"].sum() == pytest.approx(plan["tonnes"].sum())
    assert routes.crs == sites.crs == result.burden().crs == "EPSG:25832"
    one = plan.iloc[0]
    key = tuple(one[list(routes.index.names)])
    assert routes.loc[[key], "tonnes"].sum() >= one["tonnes"] - 1e-9
    before = result.routes(before=True)
    assert before["tonnes"].sum() == pytest.approx(result.effect.baseline_flows["tonnes"].sum())
    assert result.burden(by_period=True)["loaded_trips"].sum() == pytest.approx(
        result.burden()["loaded_trips"].sum()
    )


def test_the_effect_by_project_adds_up(result):
    """In every figure, to the difference of the totals."""
    table = result.effect.by_project()
    saved = result.effect.saved["all_kg_co2e_wtw"] / 1000
    assert table["saved_t_co2e_wtw"].sum() == pytest.approx(saved)
    assert table["before_cost_dkk"].sum() == pytest.approx(result.effect.baseline.cost_dkk)
    for name in [one for one in table if one.startswith("saved_")]:
        part = name.removeprefix("saved_")
        pd.testing.assert_series_equal(
            table[name], table[f"before_{part}"] - table[f"plan_{part}"], check_names=False
        )


def test_a_result_of_a_folder_gives_the_same_frames(result, tmp_path):
    """Recalled, with roads made again where lines are asked for."""
    again = load_result(write_outputs(result, tmp_path / "koege_bugt"))
    pd.testing.assert_frame_equal(again.sites(), result.sites())
    pd.testing.assert_frame_equal(again.effect.by_project(), result.effect.by_project())
    assert_geodataframe_equal(again.routes(), result.routes())


def test_an_executor_changes_nothing(koege, result):
    """Threads here; processes in the programme of the page."""
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        other = solve_scenario(koege, executor=executor)
    assert other.effect.saved == result.effect.saved
    for one, two in zip(other.effect.baselines, result.effect.baselines, strict=True):
        pd.testing.assert_frame_equal(one.flows, two.flows)


def test_the_effect_is_plotted(result):
    """A bar for each project, as long as the column says."""
    axes = result.effect.plot()
    widths = sorted(bar.get_width() for bar in axes.patches)
    assert widths == pytest.approx(sorted(result.effect.by_project()["saved_t_co2e_wtw"]))


def test_the_routes_are_explored_without_a_tile_server(result, tmp_path):
    """Every flow that is driven is on the map."""
    pytest.importorskip("mapclassify")
    page = result.explore().get_root().render()
    assert "tile.openstreetmap" not in page
    driven = result.routes()["geometry"].notna().sum()
    assert page.count('"type": "LineString"') == driven
