"""What a planner meets at the command line: help, usage, names, lists, languages, pipes."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
import pytest
from commands import run
from places import ROOT
from raastof_geo.cli.terminal import clean, quote, tell_items
from raastof_geo.language import speaking
from raastof_geo.outputs.tables.summary import _plain
from raastof_geo.records.ledger import tell_unit

ENGLISH = (
    "Usage:",
    "Options",
    "Arguments",
    "Commands",
    "Try '",
    "Missing",
    "No such",
    "Got unexpected",
    "Invalid value",
    "Show this message",
    "required",
)


@pytest.fixture(autouse=True)
def _nobody_asks(monkeypatch):
    monkeypatch.delenv("RAASTOF_LANG", raising=False)


@pytest.fixture
def starter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("new", "start", language="da")
    path = tmp_path / "start.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}outputs: [plan, summary]\n", encoding="utf-8")
    return path


MISTAKES = {
    "a Danish word for a command": (["kør", "x.yaml"], "mente du `raastof run`?"),
    "another one": (["tjek"], "mente du `raastof check`?"),
    "help as a word": (["hjælp"], "mente du `raastof --help`?"),
    "a slip of the pen": (["chek"], "mente du `raastof check`?"),
    "a word of another kind": (["zzzzzzz"], "der er run, check, route"),
    "below a command": (["network", "byg"], "mente du `raastof network build`?"),
    "no argument": (["explain"], "RESULTATER mangler: En mappe, som `raastof run` har skrevet"),
    "no second argument": (["why", "crushed_concrete"], "ANVENDELSE mangler"),
    "no scenario": (
        ["run"],
        "SCENARIE mangler: Scenariets fil (YAML), et regneark eller en GeoPackage",
    ),
    "too many": (["run", "mit", "scenarie.yaml"], "navne med mellemrum sættes i anførselstegn"),
    "an option's slip": (["run", "x.yaml", "--verbos"], "mente du `--verbose`?"),
    "an unknown option": (
        ["check", "x.yaml", "--zzz"],
        "der er --page, --mark, --merged, --variant, --anywhere, --lang",
    ),
    "no value": (["run", "x.yaml", "--into"], "`--into` skal have en værdi efter sig"),
    "a value too many": (["run", "x.yaml", "--verbose=1"], "`--verbose` tager ingen værdi"),
    "no command": (["--lang", "da"], "hvilken kommando? Der er run, check"),
    "no option that has to be": (["network", "build", "x.osm"], "--into mangler"),
    "metres in words": (
        ["network", "build", "x.osm", "--into", "y", "--buffer-m", "langt"],
        "--buffer-m skal være meter",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_usage_errors_are_danish(capsys, case):
    """Every mistake of usage ends with 2 and a Danish sentence that says what to write."""
    arguments, words = MISTAKES[case]
    assert run(*arguments, language="da") == 2
    told = capsys.readouterr().err
    assert words in told
    assert not [one for one in ENGLISH if one in told]


@pytest.mark.parametrize("case", MISTAKES)
def test_usage_errors_are_english_where_english_is_spoken(capsys, case):
    """The same in English has no Danish in it."""
    arguments = [one if one != "da" else "en" for one in MISTAKES[case][0]]
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert not [one for one in ("Brug:", "mente du", "mangler", "skal ", "der er") if one in told]
    assert told.strip()


COMMANDS = [
    [],
    ["run"],
    ["check"],
    ["route"],
    ["verify"],
    ["explain"],
    ["open"],
    ["sensitivity"],
    ["why-not"],
    ["materials"],
    ["why"],
    ["new"],
    ["network"],
    ["network", "info"],
    ["network", "build"],
    ["network", "fetch"],
    ["cache"],
    ["cache", "info"],
    ["cache", "clear"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_danish(capsys, command):
    """No word of the library that reads arguments is left in any help."""
    assert run(*command, "--help", language="da") == 0
    told = capsys.readouterr().out
    assert told.startswith("Brug: raastof")
    assert "--help" in told
    assert not [one for one in ENGLISH if one in told]
    for line in told.splitlines():
        assert len(line) <= 80


def test_help_names_what_is_written(capsys):
    """Arguments have Danish names, options their values and what they are else."""
    assert run("run", "--help", language="da") == 0
    told = capsys.readouterr().out
    assert "raastof run SCENARIE [TILVALG]" in told
    assert "--into MAPPE" in told
    assert "[ellers: results]" in told
    assert "--lang da|en" in told


# Names.


def test_names_of_either_language_are_taken(capsys):
    """`why` takes exact Danish and English names, in whatever case."""
    asked = (
        ["crushed_concrete", "base_course", "--land", "road"],
        ["Knust beton 0/31,5 (genbrugsstabil)", "bærelag", "--land", "vej"],
        ["CRUSHED CONCRETE 0/31.5", "Base course", "--land", "Road"],
    )
    answers = set()
    for one in asked:
        assert run("why", *one) == 0
        answers.add(capsys.readouterr().out)
    assert len(answers) == 1


def test_near_misses_are_told_at_once_and_in_both_languages(capsys):
    """Three wrong words, three suggestions with id and name."""
    assert run("why", "knust beton", "bærelagg", "--land", "vejj", language="da") == 2
    told = capsys.readouterr().err
    assert "`crushed_concrete` (Knust beton 0/31,5 (genbrugsstabil))" in told
    assert "`base_course` (Bærelag)" in told
    assert "`road` (Vej)" in told


def test_sites_materials_trucks_and_periods_are_found_by_name(starter, capsys):
    """`why-not` and `route` take the names that people read."""
    names = ("Byggeplads i Greve", "Vejprojekt ved Køge")
    assert (
        run("why-not", starter, *names, "Knust beton 0/31,5 (genbrugsstabil)", language="da") == 0
    )
    by_name = capsys.readouterr().out
    assert run("why-not", starter, "byggeplads", "vejprojekt", "crushed_concrete") == 0
    assert capsys.readouterr().out == by_name
    more = ("--vehicle", "4-akslet tipbil", "--period", "2028", "--no-plan")
    assert run("route", starter, *names, *more, language="da") == 0
    assert Path("byggeplads-vejprojekt.html").is_file()
    assert run("why-not", starter, "Byggeplads i Grev", "vejprojekt", "muldd", language="da") == 2
    told = capsys.readouterr().err
    assert "mente du `byggeplads` (Byggeplads i Greve)" in told
    assert "muld" in told


# Lists.


def test_materials_lists_what_a_scenario_may_name(capsys):
    """Uses, recipes with what they make, conditions, land and trucks, in Danish."""
    assert run("materials", language="da") == 0
    told = capsys.readouterr().out
    for line in (
        "crushed_concrete: Knust beton 0/31,5 (genbrugsstabil)",
        "base_course: Bærelag (ton Stabilt grus SG II 0/31,5)",
        "crush_concrete: Knusning af beton (1 t Betonbrokker → 0,93 t Knust beton 0/31,5 (",
        "light_traffic: Kun let trafik",
        "open_land: Åbent land",
        "tipper_4_axle: 4-akslet tipbil",
    ):
        assert f"\n  {line}" in told


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_narrow_terminals_cut_nothing_away(monkeypatch, capsys, columns):
    """Whatever the width, every word of the list is there."""
    assert run("materials") == 0
    wide = capsys.readouterr().out.split()
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run("materials") == 0
    narrow = capsys.readouterr().out
    assert "".join(narrow.split()) == "".join(wide)
    assert max(map(len, narrow.splitlines())) <= max(columns, 25)


def test_explain_without_a_figure_lists_the_figures(starter_result, capsys):
    """Every figure with value, unit and title, and what it can be narrowed down to."""
    assert run("explain", starter_result[1], language="da") == 0
    told = capsys.readouterr().out
    ledger = json.loads((starter_result[1] / "ledger.json").read_text(encoding="utf-8"))
    for side in ("plan", "baseline", "saved"):
        for part, unit in ledger["units"].items():
            line = next(one for one in told.splitlines() if one.startswith(f"{side}.{part} = "))
            with speaking("da"):
                assert f" {tell_unit(unit)} (" in line
            assert not line.endswith("()")
    assert "@project= byggeplads" in told
    assert "plan.loads = " in told
    assert " loads (" not in told
    narrowed = next(word for word in told.split() if "saved.cost_dkk@project=" in word)
    figure = shlex.split(narrowed.rstrip(":"))[0]
    assert run("explain", starter_result[1], figure) == 0


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("saved", "`saved.tonnes`"),
        ("kg_co2e_wtw", "`plan.kg_co2e_wtw`, `baseline.kg_co2e_wtw`, `saved.kg_co2e_wtw`"),
        ("plan-kg_co2e_wtw", "`plan.kg_co2e_wtw`"),
        ("plan.kg_co2_wtw", "`kg_co2e_wtw`"),
    ],
)
def test_a_near_miss_of_a_figure_is_suggested(starter_result, capsys, asked, near):
    """A half figure is told which whole ones there are."""
    assert run("explain", starter_result[1], asked) == 2
    assert near in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["{}", "[]", '{"format": "raastof_geo ledger 2"}', "\x00"])
def test_a_damaged_ledger_is_told(tmp_path, capsys, damage):
    """Whatever stands in the ledger: a sentence, exit 2."""
    (tmp_path / "ledger.json").write_text(damage, encoding="utf-8")
    for more in ([], ["plan.cost_dkk"]):
        assert run("explain", tmp_path, *more) == 2
        assert "ledger" in capsys.readouterr().err


# New.


@pytest.mark.parametrize("name", ["mit scenarie", "æøå", "a'b", 'a"b', "under/mappe/nyt", "$HOME"])
def test_new_prints_a_command_that_works(tmp_path, monkeypatch, capsys, name):
    """Blanks, quotes, æøå, dollars and folders: the printed line runs as it is pasted."""
    monkeypatch.chdir(tmp_path)
    assert run("new", name) == 0
    _, _, command = capsys.readouterr().out.partition("\n")
    program, *arguments = shlex.split(command)
    assert program == "raastof"
    assert arguments == ["run", f"{name}.yaml"]
    assert run("check", *arguments[1:]) == 0


def test_new_with_a_dash_is_no_option(tmp_path, monkeypatch, capsys):
    """A name that begins with a dash is printed as a path."""
    monkeypatch.chdir(tmp_path)
    assert run("new", "--", "-x") == 0
    assert run(*shlex.split(capsys.readouterr().out.splitlines()[-1])[1:2], "./-x.yaml") == 0


def test_new_refuses_what_is_no_name_and_what_is_there(tmp_path, monkeypatch, capsys):
    """An empty name, a folder's name and an existing file are refused with a sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("mine")
    assert run("new", "") == 2
    assert "no name for a scenario" in capsys.readouterr().err
    assert run("new", "sub/") == 2
    assert run("new", "once") == 0
    assert run("new", "once") == 2
    assert "once.yaml is there already" in capsys.readouterr().err
    assert run("new", "taken/inside") in (2, 4)
    assert (tmp_path / "taken").read_text() == "mine"


def test_quotes_are_those_of_the_shell():
    """What needs none gets none."""
    assert quote("mit.yaml") == "mit.yaml"
    assert quote("mit scenarie.yaml") == "'mit scenarie.yaml'"


# Language.


def test_lang_governs_results_too(starter, tmp_path):
    """`--lang en` writes English results of a Danish scenario, and plan.json says so."""
    text = starter.read_text(encoding="utf-8").replace("[plan, summary]", "[plan, summary, report]")
    starter.write_text(text, encoding="utf-8")
    for place in (["--lang", "en", "run"], ["run", "--lang", "en"]):
        assert run(*place, starter, "--into", tmp_path / "en") == 0
        folder = tmp_path / "en" / "start"
        summary = (folder / "summary.md").read_text(encoding="utf-8")
        assert "## Can the share be reached?" in summary
        assert '<html lang="en"' in (folder / "report.html").read_text(encoding="utf-8")
        assert '"en"' in json.dumps(json.loads((folder / "plan.json").read_text("utf-8")))


def test_raastof_lang_is_for_the_terminal_only(starter, tmp_path, monkeypatch, capsys):
    """The environment changes what is spoken, not what is written."""
    monkeypatch.setenv("RAASTOF_LANG", "en")
    assert run("run", starter, "--into", tmp_path / "da") == 0
    assert "Warnings" in capsys.readouterr().out
    summary = (tmp_path / "da" / "start" / "summary.md").read_text(encoding="utf-8")
    assert "## Advarsler" in summary


def test_a_language_that_is_none_counts_as_none(starter, monkeypatch, capsys):
    """RAASTOF_LANG=klingon: the scenario's own language is spoken."""
    monkeypatch.setenv("RAASTOF_LANG", "klingon")
    text = starter.read_text(encoding="utf-8").replace("language: da", "language: en")
    starter.write_text(text, encoding="utf-8")
    assert run("check", starter, language="da") == 0
    assert "The scenario can be read" in capsys.readouterr().out


# Check and run.


def test_check_says_what_its_metres_are(starter, capsys):
    """Each site with metres and the road, under a line that says what they mean."""
    assert run("check", starter, language="da") == 0
    told = capsys.readouterr().out
    assert told.startswith("Så langt ligger hver lokalitet fra den vej, som dens lastbiler bruger:")
    assert "  grusgrav: " in told
    assert " m til " in told


def test_run_repeats_the_warnings_of_check(starter, capsys, tmp_path):
    """Another municipality is told by `check`, by `run` and in the summary, under a heading."""
    text = starter.read_text(encoding="utf-8")
    text = text.replace("lon: 12.15", "municipality: Næstved\n    lon: 12.15")
    starter.write_text(text, encoding="utf-8")
    words = "scenariet siger Næstved, men koordinaterne ligger i"
    assert run("check", starter, language="da") == 0
    assert words in capsys.readouterr().out
    assert run("run", starter, "--into", tmp_path, language="da") == 0
    told = capsys.readouterr().out
    assert told.index("Kan andelen nås?") < told.index("Advarsler") < told.index(words)
    summary = (tmp_path / "start" / "summary.md").read_text(encoding="utf-8")
    assert summary.index("## Advarsler") < summary.index(words)


HOSTILE = "<b>x</b> [y](http://z) *a* _b_ `c d` | # ~~e~~ &lt; \\\\"


def test_nothing_of_a_stranger_acts_as_markup_in_the_summary(starter, tmp_path):
    """Title, sites, materials, recipes and conditions: every character of markup is escaped."""
    text = starter.read_text(encoding="utf-8")
    quoted = json.dumps(HOSTILE)
    text = text.replace("title: Mit første scenarie", f"title: {quoted}\ndescription: {quoted}")
    text = text.replace("name: Byggeplads i Greve", f"name: {quoted}")
    text += f"catalogue:\n  materials:\n    crushed_concrete: {{name: {{da: {quoted}, en: x}}}}\n"
    text += f"  vehicles:\n    tipper_4_axle: {{name: {{da: {quoted}, en: x}}}}\n"
    text += f"    truck_trailer_7_axle: {{name: {{da: {quoted}, en: x}}}}\n"
    starter.write_text(text, encoding="utf-8")
    assert run("run", starter, "--into", tmp_path / "out", language="da") == 0
    summary = (tmp_path / "out" / "start" / "summary.md").read_text(encoding="utf-8")
    for raw in ("<b>", "[y](", " *a*", " _b_", "`c d`", "~~e", " | #", "x</b"):
        assert raw not in summary
    assert summary.count(r"\<b\>x\</b\> \[y\](http://z) \*a\* \_b\_ \`c d\` \|") >= 6
    table = [line for line in summary.splitlines() if line.startswith("| ")]
    widths = {line.replace(r"\|", "").count("|") for line in table}
    assert widths == {4, 6, 8, 10}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.835", "1.835"),
        ("-5", "-5"),
        ("2. kvartal", r"2\. kvartal"),
        ("3) c", r"3\) c"),
        ("- a", r"\- a"),
        ("---", r"\---"),
        ("=", r"\="),
    ],
)
def test_only_what_begins_a_list_or_a_rule_is_escaped(text, plain):
    """A number at the start of a cell is read as a number, in Markdown and as plain text."""
    assert _plain(text) == plain


STEERING = "a\x1b[31mb\x07\x9bc\u202ed"


def test_a_title_cannot_steer_the_terminal(starter, tmp_path, capsys):
    """Escape sequences, bells and marks that turn text around do not reach the terminal."""
    text = starter.read_text(encoding="utf-8")
    title = json.dumps("ac\u202ed")
    starter.write_text(text.replace("Mit første scenarie", title), encoding="utf-8")
    assert run("run", starter, "--into", tmp_path / "out", language="da") == 0
    told = capsys.readouterr()
    assert "acd" in told.out
    assert run("x\x1b[31my", language="da") == 2
    told_all = told.out + told.err + capsys.readouterr().err
    assert not set(told_all) & set("\x1b\x07\x9b\u202e")
    assert clean(STEERING) == "a[31mbcd"


def test_a_long_word_is_folded_and_kept(monkeypatch, capsys):
    """Nothing is lost where a word is longer than the line."""
    monkeypatch.setenv("COLUMNS", "80")
    tell_items("x" * 500, indent="  ")
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) < 80
    assert "".join(told.split()) == "x" * 500


# The other end of the pipe.


def start(command, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    line = f"{shlex.quote(sys.executable)} -m raastof_geo.cli {command}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        env=environment,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize(
    "command",
    [
        "materials | head -n 1",
        "materials | true",
        "materials >&-",
        "materials nothing 2>&-",
        "--help >&- 2>&-",
        "network info | head -n 1",
    ],
)
def test_nobody_has_to_listen(command):
    """A closed pipe, a closed output: no traceback, and no code that is not ours."""
    done = start(command)
    assert b"Traceback" not in done.stderr + done.stdout
    assert b"Exception ignored" not in done.stderr
    assert done.returncode in (0, 2)


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize("encoding", ["ascii", "cp850", "latin-1"])
def test_every_terminal_is_written_to(encoding):
    """Æ, ø, å and arrows go to whatever the terminal speaks."""
    done = start("materials crush_concrete", PYTHONIOENCODING=encoding, LC_ALL="C")
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_thousands_of_mistakes_are_counted(starter, capsys):
    """The first mistakes are told one by one, the others are counted."""
    more = "".join(f"unknown_{number}: 1\n" for number in range(1000))
    starter.write_text(starter.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert run("check", starter, language="en") == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 202
    assert told[-1] == "  … og 800 til"
