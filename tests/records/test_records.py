"""What records say of their formats, and of what the system refuses."""

import errno
import json
import os
import numpy as np
import pytest
from raastof_geo import load_result
from raastof_geo.cli import run_command
from raastof_geo.errors import DamagedError, OutputError, RecordError, tell_reason
from raastof_geo.language import speaking
from raastof_geo.records.exchange import MANIFEST, Manifest, exchanging, write_manifest
from raastof_geo.records.ledger import LEDGER, explain_figure
from raastof_geo.records.proof import PLAN, PROOF, read_copy, read_plan, read_proof
from raastof_geo.records.record import Record, pack_values, read_values
from raastof_geo.records.verify import check_results

OTHERS = [
    (99, "written by a newer version of raastof_geo.*bring raastof_geo up to date"),
    (0, "written by an older version of raastof_geo.*run the scenario again"),
    (None, "`raastof run` writes"),
]
"""Number of a format, and what is said: to bring up to date, to run again, or what a run writes."""


def named(record: Record, number: int | None) -> str:
    kind = record.format.rpartition(" ")[0]
    return "something else" if number is None else f"{kind} {number}"


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


@pytest.mark.parametrize(("number", "said"), OTHERS)
def test_a_ledger_of_another_format_says_what_to_do(tmp_path, number, said):
    file = tmp_path / LEDGER.name
    file.write_text(json.dumps({"format": named(LEDGER, number)}))
    for place in (file, tmp_path):
        with pytest.raises(RecordError, match=rf"ledger\.json: format is .*{said}"):
            explain_figure(place, "plan.kg_co2e_wtw")


@pytest.mark.parametrize(("number", "said"), OTHERS)
def test_a_plan_of_another_format_says_what_to_do(tmp_path, number, said):
    """Also the copy of it in a proof; and by which version it was written, where it says so."""
    values = {"format": named(PLAN, number), "versions": {"raastof_geo": "9.1"}}
    (tmp_path / PLAN.name).write_text(json.dumps(values))
    with pytest.raises(RecordError, match=rf"plan\.json: format is .*{said}") as error:
        read_plan(tmp_path / PLAN.name)
    assert ("raastof_geo (9.1)" in str(error.value)) == (number is not None)
    with pytest.raises(RecordError, match=rf"proof\.npz: format is .*{said}"):
        read_copy(pack_values(values))
    for read in (check_results, load_result):
        with pytest.raises(RecordError, match=said):
            read(tmp_path)


@pytest.mark.parametrize(("number", "said"), OTHERS)
def test_a_proof_of_another_format_says_what_to_do(tmp_path, number, said):
    """Its other parts need not even be there."""
    np.savez_compressed(tmp_path / PROOF.name, format=np.array(named(PROOF, number)))
    with pytest.raises(RecordError, match=rf"proof\.npz: format is .*{said}"):
        read_proof(tmp_path / PROOF.name)


@pytest.mark.parametrize(("number", "said"), OTHERS)
def test_a_manifest_of_another_format_says_what_to_do(starter_result, number, said, tmp_path):
    """To `verify`; a run writes over older results, and not over newer ones."""
    _, folder = starter_result
    for name in (PLAN.name, PROOF.name):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    write_manifest(Manifest({}, "9.1", named(MANIFEST, number)), tmp_path)
    with pytest.raises(RecordError, match=rf"manifest\.json: format is .*{said}"):
        check_results(tmp_path)
    if number == 99:
        with (
            pytest.raises(OutputError, match=r"newer version, 9\.1"),
            exchanging(tmp_path, version="1"),
        ):
            pass


def test_a_format_is_judged_by_its_number_not_its_letters():
    """10 is newer than 9; a number with a zero before it is none that we write."""
    record = Record("a.json", "raastof_geo a 9", most_bytes=10)
    judged = [
        record.judge(f"raastof_geo a {number}") for number in ("9", "10", "8", "x", "9 ", "09")
    ]
    assert judged == ["same", "newer", "older", "foreign", "foreign", "foreign"]
    assert record.judge("raastof_geo b 9") == "foreign"
    assert record.judge(9) == "foreign"


def test_what_is_no_json_of_ours_is_damaged():
    """A name twice, no number, no object, nesting without end."""
    for data in (
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"[]",
        b"\xff",
        b'{"a":' * 99 + b"1" + b"}" * 99,
    ):
        with pytest.raises(DamagedError, match=r"a\.json is not what `raastof run` wrote"):
            read_values(data, file="a.json")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda folder: (folder / "proof.npz").write_bytes(b"PK"), 3),
        (lambda folder: (folder / "plan.json").write_bytes(b"{"), 3),
        (lambda folder: (folder / "plan.json").write_text('{"format": "a plan"}'), 2),
        (lambda folder: (folder / "proof.npz").unlink(), 2),
    ],
)
def test_verify_ends_with_three_where_something_was_changed(
    starter_result, tmp_path, change, code, capsys
):
    """As the README has it: 3 for what was changed, 2 for what is no folder of results."""
    _, folder = starter_result
    for name in (PLAN.name, PROOF.name):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    change(tmp_path)
    assert run_command(["verify", str(tmp_path), "--lang", "en"]) == code
    printed = capsys.readouterr()
    assert ("the results do not stand the check" in printed.out) == (code == 3)
    assert ("The input is refused" in printed.err) == (code == 2)


def test_the_system_speaks_the_language_of_the_reader():
    """Common reasons in our words, others by their number; never in the system's own language."""

    def refused(number: int) -> str:
        return str(tell_reason(OSError(number, os.strerror(number), "a file")))

    assert refused(errno.ENOSPC) == "the disk is full"
    assert refused(errno.ECHILD) == f"system error {errno.ECHILD}"
    assert tell_reason(OSError("made up")) == "made up"
    assert tell_reason(ValueError("odd")) == "odd"
    with speaking("da"):
        assert refused(errno.ENOSPC) == "disken er fuld"
        assert refused(errno.EACCES) == "brugeren har ikke lov"
        assert refused(errno.ECHILD) == f"systemfejl {errno.ECHILD}"
