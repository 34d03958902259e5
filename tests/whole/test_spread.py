"""Work side by side: the same answers from however many, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import pytest
from raastof_geo.errors import InputError
from raastof_geo.language import say
from raastof_geo.spread import spread, working

SCENARIO = Path(__file__).parents[2] / "scenarios" / "koege_bugt.yaml"


def _multiply(factor, number):
    time.sleep(0.02)  # long enough for others to begin
    return factor * number, os.getpid()


def _refuse(shared, number):
    if number == 1:
        raise InputError(say("FIGURE"))
    return number


def _wait(place, number):
    (Path(place) / str(number)).write_text(str(os.getpid()))
    time.sleep(60)


@pytest.fixture(scope="module")
def team():
    with working(2, ready="json") as found:
        yield found


def test_answers_come_in_order_and_others_work_too(team):
    workers = set[int]()

    def done():
        found = list(spread(team, _multiply, 3, range(60)))
        assert [product for product, _ in found] == [3 * number for number in range(60)]
        workers.update(worker for _, worker in found)
        return len(workers) == 2  # whoever is awake first may do all of it

    _until(done)


def _look(place, _number):
    return len(list(place.iterdir()))


def test_what_a_team_shares_lies_in_one_file_while_it_works(team):
    """However many tasks there are; where none can be written, each task carries it."""
    place = Path(team.folder)
    assert set(spread(team, _look, place, range(40))) == {1}
    assert not any(place.iterdir())
    team.folder = str(place / "gone")
    try:
        assert [product for product, _ in spread(team, _multiply, 3, range(4))] == [0, 3, 6, 9]
    finally:
        team.folder = str(place)


def test_any_executor_serves():
    with ThreadPoolExecutor(3) as threads:
        found = [product for product, _ in spread(threads, _multiply, "a", range(5))]
    assert found == ["", "a", "aa", "aaa", "aaaa"]


def test_without_anybody_all_is_done_here():
    with working(1, ready="json") as nobody:
        assert nobody is None
        assert {worker for _, worker in spread(nobody, _multiply, 1, [1, 2])} == {os.getpid()}
    assert not list(spread(None, _multiply, 1, []))


def test_an_error_of_one_is_the_error_of_all(team):
    with pytest.raises(InputError, match="TAL"):
        list(spread(team, _refuse, None, range(5)))
    assert [product for product, _ in spread(team, _multiply, 1, range(3))] == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed in another way there")
def test_workers_do_not_outlive_who_wants_their_work(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    from test_spread import _wait; from raastof_geo.spread import spread, working\n"
        "    with working(3, ready='json') as team:\n"
        "        list(spread(team, _wait, sys.argv[2], range(3)))\n"
    )
    script, place = tmp_path / "script.py", tmp_path / "place"
    script.write_text(code)
    place.mkdir()
    here = str(Path(__file__).parent)
    own = {**os.environ, "TMPDIR": str(place)}
    run = subprocess.Popen([sys.executable, script, here, tmp_path], env=own)
    _until(lambda: len(list(tmp_path.glob("[0-9]"))) == 3)
    workers = {int(one.read_text()) for one in tmp_path.glob("[0-9]")} - {run.pid}
    assert len(workers) == 2
    assert any(place.iterdir())
    run.send_signal(signal.SIGKILL)
    run.wait()
    _until(lambda: not any(map(_lives, workers)))
    assert not any(place.iterdir())  # nothing that they shared is left behind


def _until(come):
    end = time.monotonic() + 60
    while not come():
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(process):
    """Whether a process runs; one that has ended and that nobody asks about does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return Path("/proc").is_dir() is False and _answers(process)
    return state != "Z"


def _answers(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_writes_the_same_bytes_however_many_work(tmp_path):
    """Outputs, baselines and assumptions: every file but for nothing."""
    text = SCENARIO.read_text(encoding="utf-8")
    text += """
assumptions:
  soil: {name: Jord, value: 1, low: 0.9, high: 1.1, scale: {offers: {}}, source: skøn}
  use: {name: Behov, value: 1, low: 0.9, high: 1.1, scale: {needs: {}}, source: skøn}
"""
    scenario = tmp_path / "bay.yaml"
    scenario.write_text(text, encoding="utf-8")
    found = []
    for workers in ("1", "2", "3"):
        into = tmp_path / workers
        command = [sys.executable, "-m", "raastof_geo.cli", "run", scenario, "--into", into]
        subprocess.run([*command, "--workers", workers], check=True, capture_output=True)
        files = sorted(one for one in into.rglob("*") if one.is_file())
        found.append({str(one.relative_to(into)): one.read_bytes() for one in files})
    assert found[0]
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_a_mistake_in_an_output_leaves_nothing_half_written(tmp_path):
    """The template of the report is no Word file: told as without others, and no folder."""
    (tmp_path / "house.docx").write_bytes(b"no Word")
    scenario = tmp_path / "bay.yaml"
    said = "\nreport: {template: house.docx}\n"
    scenario.write_text(SCENARIO.read_text(encoding="utf-8") + said, encoding="utf-8")
    told = set()
    for workers in ("1", "2"):
        command = [
            sys.executable,
            "-m",
            "raastof_geo.cli",
            "run",
            scenario,
            "--into",
            tmp_path / "o",
        ]
        done = subprocess.run(
            [*command, "--workers", workers], check=False, capture_output=True, text=True
        )
        assert done.returncode in (2, 4)
        told.add((done.returncode, done.stderr))
        assert not (tmp_path / "o").exists()
    assert len(told) == 1
