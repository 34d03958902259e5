"""The command line: exit codes, languages, and answers that can be acted on."""

import re
import subprocess
import sys
import pytest
from commands import run
from raastof_geo.cli.terminal import pick_language


@pytest.fixture
def starter(tmp_path, monkeypatch, starter_text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAASTOF_LANG", raising=False)
    path = tmp_path / "start.yaml"
    path.write_text(starter_text, encoding="utf-8")
    return path


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_starter_scenario_runs(tmp_path, monkeypatch, capsys, language):
    """`new` writes a commented scenario that runs as it is."""
    monkeypatch.chdir(tmp_path)
    assert run("new", "mit", "--lang", language, language=language) == 0
    assert run("run", "mit.yaml", "--into", "ud", language=language) == 0
    assert (tmp_path / "ud" / "mit" / "map.html").is_file()
    assert ("Plan" in capsys.readouterr().out) and (tmp_path / "mit.yaml").read_text(
        encoding="utf-8"
    ).startswith("#")


def test_new_never_overwrites(starter, capsys):
    """An existing file is kept."""
    before = starter.read_text(encoding="utf-8")
    assert run("new", "start") == 2
    assert "already" in capsys.readouterr().err
    assert starter.read_text(encoding="utf-8") == before


def test_check_solves_nothing(starter, tmp_path, capsys):
    """`check` reads, snaps and reports, and writes no results."""
    assert run("check", starter) == 0
    out = capsys.readouterr().out
    assert "gravel_pit" in out
    assert not (tmp_path / "results").exists()


BROKEN = {
    "typo": ("needs:", "neds:", 2, "did you mean `needs`?"),
    "swapped": ("lon: 12.10\n    lat: 55.45", "lon: 55.45\n    lat: 12.10", 2, "swapped"),
    "bare": ("40 000 t", "40000", 2, "of what?"),
    "far": ("lon: 12.10\n    lat: 55.45", "lon: 11.90\n    lat: 56.50", 2, "in the sea or outside"),
    "full": ("capacity_per_period: 500 000 t", "capacity_per_period: 1 000 t", 3, "lacks"),
    "homeless": ("accepts: [clean_clay_soil, crushed_concrete]", "accepts: [crushed_brick]", 0, ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_scenarios_are_answered(starter, capsys, case):
    """Each broken scenario gets its exit code and a sentence that can be acted on."""
    old, new, code, words = BROKEN[case]
    text = starter.read_text(encoding="utf-8")
    assert old in text
    starter.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert run("run", starter) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_missing_tonnes_are_named_by_use_and_place(starter, capsys):
    """Where no plan exists, the answer names the use, the place and the tonnes."""
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("500 000 t", "1 000 t"), encoding="utf-8")
    assert run("run", starter) == 3
    said = capsys.readouterr().err
    assert "Road project near Køge" in said
    assert "Base course" in said or "Fill" in said


def test_an_unwritable_folder_is_something_outside(starter, tmp_path, capsys):
    """A results folder that is a file ends with code 4 and a sentence."""
    (tmp_path / "taken").write_text("")
    assert run("run", starter, "--into", tmp_path / "taken") == 4
    assert "is a file, and results need a folder" in capsys.readouterr().err


def test_a_scenario_that_is_not_there(tmp_path, capsys):
    """A missing file is named."""
    assert run("run", tmp_path / "nothing.yaml") == 2
    assert "does not exist" in capsys.readouterr().err


def test_mistakes_are_told_in_the_scenarios_language(starter, capsys, monkeypatch):
    """A Danish scenario is answered in Danish."""
    monkeypatch.delenv("RAASTOF_LANG", raising=False)
    text = starter.read_text(encoding="utf-8").replace("language: en", "language: da")
    starter.write_text(text.replace("needs:", "neds:", 1), encoding="utf-8")
    assert run("run", starter, language="da") == 2
    assert "mente du `needs`" in capsys.readouterr().err


def test_language_is_picked_from_option_then_environment(monkeypatch):
    """`--lang` beats RAASTOF_LANG, and Danish comes first."""
    monkeypatch.delenv("RAASTOF_LANG", raising=False)
    assert pick_language([]) == "da"
    monkeypatch.setenv("RAASTOF_LANG", "en_GB.UTF-8")
    assert pick_language([]) == "en"
    assert pick_language(["run", "--lang", "da"]) == "da"
    assert pick_language(["--lang=en"]) == "en"


def test_an_unknown_language_or_option_is_refused(starter, capsys):
    """Wrong options end with code 2."""
    assert run("run", starter, "--lang", "xx") == 2
    assert run("run", starter, "--nonsense") == 2
    assert "Traceback" not in capsys.readouterr().err


def test_help_and_version_start_without_heavy_libraries():
    """Help imports none of the heavy libraries."""
    code = (
        "import sys; sys.argv = ['raastof', '--help']\n"
        "from raastof_geo.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'pandas', 'geopandas', 'scipy', 'pulp', 'folium', 'osmnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "network" in done.stdout


def test_network_info_tells_source_and_licence(capsys):
    """The built-in network names its date and licence."""
    assert run("network", "info") == 0
    out = capsys.readouterr().out
    assert "2021-08-05" in out
    assert "ODbL 1.0" in out


def test_a_refused_language_is_told_in_the_one_around(starter, capsys, monkeypatch):
    """Whoever asks for a language there is not is answered in that of RAASTOF_LANG."""
    monkeypatch.setenv("RAASTOF_LANG", "en")
    assert pick_language(["check", "--lang", "xx"]) == "en"
    assert pick_language(["check", "--lang=xx"]) == "en"


def test_a_site_without_a_name_is_listed_by_its_id(starter, capsys):
    """No empty brackets stand behind it."""
    text = re.sub(r"(?m)^    name: .*\n", "", starter.read_text(encoding="utf-8"))
    starter.write_text(text, encoding="utf-8")
    assert run("why-not", starter, "qqq", "road_project") == 2
    told = capsys.readouterr().err
    assert "`gravel_pit`" in told
    assert "()" not in told


def test_a_picture_is_not_told_to_be_saved_as_text(tmp_path, capsys):
    """A file with bytes of no text is no scenario that was saved in another encoding."""
    file = tmp_path / "p.yaml"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x9b\xf1")
    assert run("check", file) == 2
    assert "UTF-8" not in capsys.readouterr().err
    file.write_bytes("title: x".encode("utf-16"))
    assert run("check", file) == 2
    assert "UTF-8" in capsys.readouterr().err
