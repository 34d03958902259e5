"""Nothing that people read can be changed without being named, and no bytes bring a traceback."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
import numpy as np
import pytest
from raastof_geo.cli import run_command
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.records.exchange import MANIFEST, describe_files, read_manifest, write_manifest
from raastof_geo.records.ledger import explain_figure
from raastof_geo.records.proof import read_proof
from raastof_geo.records.record import pack_values, render_values
from raastof_geo.records.verify import Verdict, check_results

CORE = ("plan.json", "proof.npz", "flows.csv")


pytestmark = pytest.mark.usefixtures("english")


def list_files(folder: Path) -> None:
    """Write the manifest where the run has not."""
    if not (folder / MANIFEST.name).exists():
        write_manifest(describe_files(folder, version="0"), folder)


@pytest.fixture(scope="module")
def starter(starter_result, tmp_path_factory) -> Path:
    """Everything that the starter scenario writes, with its manifest."""
    folder = tmp_path_factory.mktemp("changes") / "starter"
    shutil.copytree(starter_result[1], folder)
    list_files(folder)
    return folder


@pytest.fixture
def results(starter, tmp_path) -> Path:
    return Path(shutil.copytree(starter, tmp_path / "results"))


@pytest.fixture
def small(results) -> Path:
    """The plan, its proof and its table only, so that a thousand checks are quick."""
    for item in results.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name not in CORE:
            item.unlink()
    list_files(results)
    return results


@pytest.fixture
def _proof_once(small, monkeypatch):
    """Unpack the proof of `small` once: where it stays as it is, it is the same every time."""
    found = read_proof(small / "proof.npz")
    monkeypatch.setattr("raastof_geo.records.verify.read_proof", lambda path: found)


def told(verdict: Verdict) -> list[str]:
    return [str(finding) for finding in verdict.findings]


def noted(verdict: Verdict) -> list[str]:
    return [str(note) for note in verdict.notes]


def check_or_refuse(folder: Path) -> list[str]:
    """Give what was found, or the sentence with which the files were refused."""
    try:
        return told(check_results(folder))
    except InputError as error:
        return [str(error)]


def list_leaves(values: Any, field: str = "") -> Iterator[tuple[str, Any, Any, Any]]:
    """Give every value that holds no others: its name, where it lies, its key, itself."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in pairs:
        name = f"{field}[{key}]" if isinstance(key, int) else f"{field}.{key}".lstrip(".")
        if isinstance(value, dict | list) and value:
            yield from list_leaves(value, name)
        else:
            yield name, values, key, value


def change_value(value: Any, draw: random.Random) -> Any:
    """Change a value a little, or to another type."""
    others: list[Any] = [None, [], {}, "", 0, True, 1e300, "\ud800"]
    if isinstance(value, bool):
        others += [not value, int(value)]
    elif isinstance(value, int):
        others += [value + 1, float(value), str(value)]
    elif isinstance(value, float):
        others += [float(np.nextafter(value, np.inf)), -value - 1, str(value)]
    elif isinstance(value, str):
        others += [value + " ", value.upper() + "x", [value]]
    return draw.choice([one for one in others if repr(one) != repr(value)])


def write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values), encoding="utf-8")


# --- single changes -----------------------------------------------------------------------------


def test_results_as_they_were_written_stand(starter):
    """Nothing is found and nothing is noted where nothing was changed."""
    verdict = check_results(starter)
    assert told(verdict) == noted(verdict) == []
    assert verdict.untouched


@pytest.mark.usefixtures("_proof_once")
def test_every_value_of_the_plan_is_protected(small):
    """Each leaf of plan.json, changed by itself, is named by its place."""
    file = small / "plan.json"
    whole = file.read_bytes()
    plan, draw = json.loads(whole), random.Random(12)
    count = 0
    for name, place, key, value in list(list_leaves(plan)):
        place[key] = change_value(value, draw)
        write_json(file, plan)
        found = check_or_refuse(small)
        assert any(f"plan.json: {name} is" in one for one in found), (name, place[key], found)
        place[key] = value
        count += 1
    assert count > 900


def test_every_name_in_the_plan_is_protected(small):
    """Each part of plan.json that is taken out or added is named by its place."""
    file = small / "plan.json"
    plan = json.loads(file.read_bytes())
    for part, field in ((plan, ""), (plan["effect"], "effect."), (plan["flows"][1], "flows[1].")):
        for key in list(part):
            kept = dict(part)
            part["extra"] = part.pop(key)
            write_json(file, plan)
            found = " ".join(check_or_refuse(small))
            if field or key != "format":
                assert f"plan.json: {field}{key} is missing, the proof has" in found
                assert re.search(
                    rf"plan\.json: {re.escape(field)}extra is .*, the proof has none", found
                )
            else:
                assert "plan.json: format is null" in found
            part.clear()
            part.update(kept)


@pytest.mark.usefixtures("_proof_once")
def test_every_cell_of_the_table_is_protected(small):
    """Each cell of flows.csv, changed by itself, is named by row and column."""
    file = small / "flows.csv"
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";"))
    header, draw = rows[0], random.Random(3)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            other = draw.choice(
                ["", cell + "0", "1" + cell, "'" + cell, cell + ";", 'a"\n;', "\x00"]
            )
            row[column] = other
            with file.open("w", encoding="utf-8-sig", newline="") as target:
                csv.writer(target, delimiter=";", lineterminator="\n").writerows(rows)
            row[column] = cell
            [found, *_] = told(check_results(small))
            assert f"flows.csv: row {number}, {header[column]}: " in found


def test_every_bit_of_the_proof_is_protected(small):
    """A flipped bit of proof.npz is found, and the file named."""
    file = small / "proof.npz"
    whole, draw = file.read_bytes(), random.Random(5)
    for _ in range(300):
        at, bit = draw.randrange(len(whole)), draw.randrange(8)
        changed = bytearray(whole)
        changed[at] ^= 1 << bit
        file.write_bytes(changed)
        found = check_or_refuse(small)
        assert any("proof.npz" in one for one in found), (at, bit)


def test_rows_of_the_table_are_counted(small):
    """A row more or less, or one with a cell more, is named."""
    file = small / "flows.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-1]), encoding="utf-8")
    assert told(check_results(small)) == [
        f"flows.csv: {len(lines) - 2} rows below the header, plan.json has {len(lines) - 1} flows"
    ]
    lines[1] = lines[1].replace("\n", ";x\n")
    file.write_text("".join(lines), encoding="utf-8")
    assert told(check_results(small)) == ["flows.csv: row 2 has 27 cells, not 26"]
    file.write_bytes("".join(lines).encode("utf-16"))
    assert told(check_results(small)) == ["flows.csv: row 1 is not UTF-8"]


@pytest.mark.parametrize("name", ["plan.json", "flows.csv"])
def test_other_white_space_is_a_note(small, name):
    """A file that was written otherwise, with the same values, is named; the plan stands."""
    file = small / name
    if name == "plan.json":
        write_json(file, json.loads(file.read_bytes()))
    else:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    verdict = check_results(small)
    said = f"{name} was changed after it was written, though every value in it is the same"
    assert (told(verdict), noted(verdict)) == ([], [said])
    (small / MANIFEST.name).unlink()
    assert said in noted(check_results(small))


# --- other files --------------------------------------------------------------------------------


def others(folder: Path) -> list[str]:
    return [name for name in read_manifest(folder).files if name not in CORE]


def test_every_other_file_is_named(results):
    """A byte changed in a page, workbook, document, map layer or ledger: said, and judged apart."""
    draw = random.Random(7)
    names = others(results)
    assert {"report.html", "plan.xlsx", "report.docx", "plan.gpkg", "ledger.json"} <= set(names)
    for name in names:
        file = results / name
        whole = file.read_bytes()
        changed = bytearray(whole)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        file.write_bytes(changed)
        verdict = check_results(results)
        assert noted(verdict) == [f"{name} was changed after it was written"]
        assert verdict.holds
        assert not verdict.untouched
        file.write_bytes(whole)


def _remove(file: Path) -> None:
    file.unlink()


def _lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _replace_by_link(file: Path) -> None:
    whole = file.with_name("elsewhere")
    file.rename(whole)
    file.symlink_to(whole)


def _replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_remove, "is missing"),
        (_lengthen, "was changed after it was written"),
        (_replace_by_folder, "is no longer a file"),
        (_replace_by_link, "is no longer a file"),
        (_replace_by_pipe, "is no longer a file"),
    ],
)
def test_what_became_of_a_page_is_said(results, change, said, capsys):
    """A user's note in the report leaves the plan as it is: 0, and with --strict 3."""
    change(results / "report.html")
    assert run_command(["verify", str(results), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("no plan under these assumptions has less than")
    assert f"report.html {said}" in out
    assert run_command(["verify", str(results), "--strict", "--lang", "en"]) == 3


@pytest.mark.parametrize("change", [_replace_by_folder, _replace_by_pipe, _remove])
@pytest.mark.parametrize("name", [*CORE, MANIFEST.name])
def test_what_became_of_the_plan_is_said(results, name, change):
    """A folder, a pipe or nothing in the place of a file is named, and never waited for."""
    change(results / name)
    try:
        verdict = check_results(results)
        found = noted(verdict) if name == MANIFEST.name else told(verdict)
    except InputError as error:
        found = [str(error)]
    assert any(name in one for one in found), found


def test_files_of_a_user_are_left_alone(results):
    """What the manifest does not list is not ours to judge."""
    (results / "notes.txt").write_text("mine", encoding="utf-8")
    (results / "projects" / "more.html").write_text("mine", encoding="utf-8")
    assert check_results(results).untouched


def test_without_its_manifest_the_rest_is_checked(results, capsys):
    """Where the manifest is gone or damaged, that is said, and values are still compared."""
    (results / MANIFEST.name).write_bytes(b"{}")
    (results / "report.html").unlink()
    assert run_command(["verify", str(results), "--lang", "en"]) == 0
    assert "manifest.json is not as it was written: whether pages" in capsys.readouterr().out
    (results / MANIFEST.name).unlink()
    assert run_command(["verify", str(results), "--lang", "en", "--strict"]) == 3
    assert "manifest.json is missing: whether pages" in capsys.readouterr().out
    table = results / "flows.csv"
    table.write_bytes(table.read_bytes().replace(b",0;", b",5;", 1))
    assert run_command(["verify", str(results), "--lang", "en"]) == 3


def rewrite_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest, and its own digest with it."""
    values = json.loads((folder / MANIFEST.name).read_bytes())
    del values["sha256"]
    change(values)
    text = json.dumps(values, ensure_ascii=True, sort_keys=True)
    values |= {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    (folder / MANIFEST.name).write_text(
        json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\x00b", "C:x", "a\\b"]
)
def test_a_manifest_leads_nowhere_else(small, name):
    """Nothing outside the folder is looked at, whatever a manifest lists."""
    rewrite_manifest(
        small, lambda values: values["files"].update({name: {"sha256": "0" * 64, "bytes": 1}})
    )
    [note] = noted(check_results(small))
    assert note.startswith("manifest.json is not as it was written: whether pages")


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.update(files=[1]),
        lambda values: values["files"].update(x=3),
        lambda values: values["files"].update(x={"sha256": 1, "bytes": "many"}),
        lambda values: values["files"].update(x={"sha256": 1, "bytes": 1e999}),
        lambda values: values.update(files={}, format=["raastof_geo results 2"]),
        lambda values: values.pop("raastof_geo"),
    ],
)
def test_an_odd_manifest_is_said(small, change):
    """A manifest of other types is a note or a refusal, and no traceback."""
    rewrite_manifest(small, change)
    try:
        found = noted(check_results(small))
    except InputError as error:
        found = [str(error)]
    assert "manifest.json" in found[0]


# --- formats ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("raastof_geo plan 2", "older version of raastof_geo.*run the scenario again"),
        ("raastof_geo plan 1", "older version of raastof_geo.*run the scenario again"),
        ("raastof_geo plan 4", "newer version of raastof_geo.*bring raastof_geo up to date"),
        ("raastof_geo proof 2", "`raastof run` writes"),
        ("raastof_geo plan 3 ", "`raastof run` writes"),
        (3, "`raastof run` writes"),
    ],
)
def test_plans_of_other_formats_are_refused(small, found, said):
    """An older plan is told to be run again, a newer one to need a newer version."""
    plan = json.loads((small / "plan.json").read_bytes())
    write_json(small / "plan.json", plan | {"format": found})
    with pytest.raises(InputError, match=f"plan.json: format is .*{said}"):
        check_results(small)


def change_proof(folder: Path, **arrays: Any) -> None:
    """Change arrays of the proof, and let plan.json and the manifest speak of the changed file."""
    file = folder / "proof.npz"
    with np.load(file) as old:
        np.savez_compressed(file, **({name: old[name] for name in old.files} | arrays))
    agree(folder)


def agree(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_bytes())
    plan["proof"]["sha256"] = hashlib.sha256((folder / "proof.npz").read_bytes()).hexdigest()
    (folder / "plan.json").write_text(render_values(plan), encoding="utf-8")
    (folder / MANIFEST.name).unlink(missing_ok=True)
    list_files(folder)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("1", "older version.*run the scenario again"),
        ("3", "older version.*run the scenario again"),
        ("5", "newer version"),
    ],
)
def test_proofs_of_other_formats_are_refused(small, found, said):
    """So with proofs."""
    change_proof(small, format=np.array(f"raastof_geo proof {found}"))
    with pytest.raises(InputError, match=f"proof.npz: format is .*{said}"):
        check_results(small)


# --- independence -------------------------------------------------------------------------------


def change_everywhere(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change plan.json and the copy that the proof keeps, with every digest."""
    plan = json.loads((folder / "plan.json").read_bytes())
    change(plan)
    link = plan.pop("proof", {})
    write_json(folder / "plan.json", plan | {"proof": link})
    change_proof(folder, plan=packed(plan))


def packed(plan: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(pack_values(plan), np.uint8)


def _swap_trucks(plan):
    plan["flows"][0]["vehicle"] = "barrow"


def _swap_takers(plan):
    one, two = plan["flows"][0], plan["flows"][1]
    for key in ("taker", "destination", "taker_kind"):
        one[key], two[key] = two[key], one[key]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_swap_trucks, r"flows\[0\]\.vehicle"),
        (_swap_takers, r"flows\[[01]\]\.taker"),
        (lambda plan: plan["flows"][0].update(period="1999"), r"flows\[0\]\.period"),
        (lambda plan: plan["flows"][0].update(material="peat"), r"flows\[0\]\.material"),
        (lambda plan: plan["flows"][0].update(loads=1), r"flows\[0\]\.loads"),
        (lambda plan: plan["flows"][0].update(drive_h=1.0), r"flows\[0\]\.drive_h"),
        (lambda plan: plan["flows"][0].update(kg_co2e_ttw=1.0), r"flows\[0\]\.kg_co2e_ttw"),
        (lambda plan: plan["flows"][0].update(tonnes=1.0), r"flows\[0\]\.tonnes"),
        (lambda plan: plan["flows"].reverse(), r"flows\[0\]\.\w+"),
        (lambda plan: plan["flows"].pop(), r"has \d+ flows, proof.npz has"),
        (lambda plan: plan["flows"][0].update(dkk_per_t=1e3), r"flows\[0\]\.dkk"),
        (
            lambda plan: plan["baseline_flows"][0].update(length_km=1e3),
            r"baseline_flows\[0\]\.tonne_km",
        ),
        (lambda plan: plan["amounts"].update(haul_dkk=1.0), r"amounts\.haul_dkk"),
        (lambda plan: plan["objectives"].update(cost_dkk=1.0), r"objectives\.cost_dkk"),
        (lambda plan: plan["effect"]["saved"].update(cost_dkk=9e9), r"effect\.saved\.cost_dkk"),
        (lambda plan: plan["effect"]["plan"].update(tonnes=9e9), r"effect\.plan\.tonnes"),
        (lambda plan: plan["effect"]["baseline"].update(loads=9), r"effect\.baseline\.loads"),
        (lambda plan: plan["effect"].update(saved_share=0.99), r"effect\.saved_share"),
        (lambda plan: plan["certificate"].update(holds=False), r"certificate\.holds"),
        (lambda plan: plan["certificate"].update(gap=0.5), r"certificate\.gap"),
        (lambda plan: plan["certificate"].update(objective=1.0), r"certificate\.objective"),
        (lambda plan: plan["certificate"].update(linear_bound=1e9), r"certificate\.linear_bound"),
        (lambda plan: plan["certificate"].update(lower_bound=1e9), r"cannot be proved"),
        (lambda plan: plan.update(columns=1), r"for columns"),
        (lambda plan: plan["constraints"][0].update(limit=1.0), r"constraints\[0\]\.limit"),
        (lambda plan: plan["constraints"][0].update(label="x"), r"constraints\[0\]\.label"),
        (lambda plan: plan["constraints"][0].update(shadow_price=1e6), r"\[0\]\.shadow_price"),
        (lambda plan: plan["names"]["sites"].update(plan="x"), None),
    ],
)
def test_what_follows_from_the_proof_is_recounted(small, change, said):
    """A lie told in plan.json and in the copy of the proof alike is named where it is recounted."""
    if said is None:
        site = next(iter(json.loads((small / "plan.json").read_bytes())["names"]["sites"]))
        said, change = (
            rf"names\.sites\.{site}",
            lambda plan: plan["names"]["sites"].update({site: "x"}),
        )
    change_everywhere(small, change)
    found = told(check_results(small))
    assert any(re.search(said, one) for one in found), found
    assert not any("the proof has" in one for one in found)


@pytest.mark.parametrize("key", ["giver", "taker"])
def test_labels_are_checked_against_rows(small, key):
    """An offer's row is about what that offer gives: exchanged labels are noticed."""
    with np.load(small / "proof.npz") as old:
        labels = old[key]
    change_proof(small, **{key: labels[::-1]})
    assert any("proof.npz: the rule" in one for one in told(check_results(small)))


# --- whatever bytes -----------------------------------------------------------------------------


def hostile_json() -> Iterator[bytes]:
    deep = 100_000
    yield from (b"", b"{", b"null", b"[]", b"\xff\xfe", b"\x00" * 100, b'"\\ud800"', b"1e999")
    yield from (b"[" * deep, b'{"a":' * deep, b"[" * 900 + b"]" * 900)
    yield from (b'{"format": NaN}', b'{"a": -Infinity}', b'{"a": ' + b"9" * 6000 + b"}")
    yield b'{"format": "raastof_geo plan 3", "format": "raastof_geo plan 3"}'
    yield b'{"format": "raastof_geo plan 3"}'
    yield b'{"format": "raastof_geo plan 3", "proof": ' + b"[" * 100 + b"]" * 100 + b"}"
    yield b'{"format": "raastof_geo plan 99999999999999999999"}'


@pytest.mark.parametrize("name", [*CORE, MANIFEST.name, "ledger.json"])
def test_hostile_files_are_answered(results, name):
    """Empty, cut, deep, endless numbers, no text: a sentence that names the file."""
    whole = (results / name).read_bytes()
    cuts = [whole[: len(whole) * part // 7] for part in range(7)]
    for data in [*hostile_json(), *cuts, whole * 2, os.urandom(5000)]:
        (results / name).write_bytes(data)
        if name == "ledger.json":
            with pytest.raises(InputError, match=r"ledger\.json"):
                explain_figure(results, "plan.cost_dkk")
            assert any(name in one for one in noted(check_results(results)))
        elif name == MANIFEST.name:
            assert any(name in one for one in noted(check_results(results)))
        else:
            assert any(name in one for one in check_or_refuse(results)), data[:50]


def test_a_ledger_of_other_types_is_refused(results):
    """A ledger whose values were changed explains something, or is refused with a sentence."""
    file, draw = results / "ledger.json", random.Random(9)
    ledger = json.loads(file.read_bytes())
    leaves = draw.sample(list(list_leaves(ledger)), 150)
    parts = [("", ledger, key, value) for key, value in ledger.items() if key != "format"]
    refused = 0
    for _, place, key, value in [*leaves, *parts]:
        place[key] = change_value(value, draw)
        write_json(file, ledger)
        try:
            explain_figure(results, "saved.cost_dkk")
        except InputError as error:
            refused += "ledger.json" in str(error)
        place[key] = value
    assert refused > 10


def test_a_thousand_mutations_bring_no_traceback(small):
    """Bytes changed, cut, doubled or put in: findings or a sentence, never another error."""
    draw = random.Random(1234)
    wholes = {name: (small / name).read_bytes() for name in [*CORE, MANIFEST.name]}
    for _ in range(1000):
        name = draw.choice(list(wholes))
        data = bytearray(wholes[name])
        for _ in range(draw.choice([1, 1, 2, 8])):
            at = draw.randrange(len(data))
            match draw.randrange(5):
                case 0:
                    data[at] ^= 1 << draw.randrange(8)
                case 1:
                    del data[at : at + draw.choice([1, 10, 1000])]
                case 2:
                    data[at:at] = draw.randbytes(draw.choice([1, 10]))
                case 3:
                    data[at:at] = draw.choice(
                        [b'"', b"{", b"[", b"null", b"1e999", b"-", b"\n", b";"]
                    )
                case _:
                    data[at:at] = data[at : at + 50]
            if not data:
                break
        (small / name).write_bytes(data)
        try:
            verdict = check_results(small)
            found = [*told(verdict), *noted(verdict)]
        except RaastofError as error:
            found = [str(error)]
        assert bytes(data) == wholes[name] or any(name in one for one in found), found
        (small / name).write_bytes(wholes[name])


def odd_arrays(array: np.ndarray) -> Iterator[np.ndarray]:
    """Give arrays of other kinds, shapes and sizes, and with numbers that are none."""
    yield np.array(0)
    yield np.array([])
    yield np.array(["x"] * array.size)
    yield np.zeros(array.shape, np.complex128)
    yield np.array(["2027-01-01"] * array.size, "M8[D]")
    yield np.zeros(array.shape, [("a", "f8"), ("b", "i4")])
    yield array.reshape(1, *array.shape)
    yield np.concatenate([array.ravel(), array.ravel()])
    yield array.ravel()[:-1]
    if array.dtype.kind in "fi":
        large = array.copy()
        large.flat[:1] = (
            np.finfo(array.dtype).max if array.dtype.kind == "f" else np.iinfo(array.dtype).max
        )
        yield large
        yield -array - 1
        yield array.astype(">f8")
        with np.errstate(over="ignore"):
            yield array.astype(np.float16)
        yield array.astype(np.longdouble)
        yield np.full(array.shape, np.nan)
        yield np.full(array.shape, np.inf)
    if array.dtype.kind == "u":
        yield np.frombuffer(b'{"format": "raastof_geo plan 3"}', np.uint8)
        yield np.frombuffer(b"[" * 5000, np.uint8)
    if array.dtype.kind == "U":
        yield np.char.add(array, "x")
        yield np.full(array.shape, "[" * 3000)
        yield np.full(array.shape, "[1, null]")


def test_odd_proofs_are_answered(small):
    """Whatever arrays a proof holds: findings or a sentence that names it."""
    with np.load(small / "proof.npz") as old:
        arrays = {name: old[name] for name in old.files}
    for name, array in arrays.items():
        for odd in odd_arrays(array):
            if odd.dtype == array.dtype and np.array_equal(odd, array):
                continue
            buffer = io.BytesIO()
            np.savez(buffer, **(arrays | {name: odd}))
            (small / "proof.npz").write_bytes(buffer.getvalue())
            agree(small)
            check_or_refuse(small)
        missing = {key: value for key, value in arrays.items() if key != name}
        np.savez(small / "proof.npz", **missing)
        assert "proof.npz" in check_or_refuse(small)[0]


def test_pickles_and_bombs_are_refused(small):
    """Objects are not unpacked, nor is a file that would fill the memory."""
    with np.load(small / "proof.npz") as old:
        arrays = {name: old[name] for name in old.files}
    np.savez(small / "proof.npz", **(arrays | {"row_name": np.array([print], object)}))
    with pytest.raises(InputError, match=r"proof\.npz is damaged.*`row_name`"):
        check_results(small)
    with zipfile.ZipFile(small / "proof.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", b"\0" * 70_000_000)
    with pytest.raises(InputError, match="holds more than a proof can"):
        check_results(small)
    (small / "proof.npz").unlink()
    np.savez_compressed(small / "proof.npz", **arrays)
    with zipfile.ZipFile(small / "proof.npz", "a") as archive:
        archive.comment = b"x" * 100
    assert any("proof.npz was changed" in one for one in told(check_results(small)))


def test_types_of_any_part_may_be_wrong(small):
    """A copy in the proof that lies about its types is refused or recounted, never a traceback."""
    plan = json.loads((small / "plan.json").read_bytes())
    plan.pop("proof")
    with np.load(small / "proof.npz") as old:
        arrays = {name: old[name] for name in old.files}
    draw = random.Random(77)
    places = [(plan, key) for key in plan]
    places += [
        (plan[part], key) for part in ("certificate", "effect", "names") for key in plan[part]
    ]
    places += [(plan["flows"], 0), (plan["constraints"], 0), (plan["scenario"], "said")]
    places += [(plan["flows"][0], key) for key in plan["flows"][0]]
    for place, key in places:
        for odd in draw.sample([None, [], {}, "x", 1, True, 1e308, [[]], [{}], {"a": {}}], 2):
            value, place[key] = place[key], odd
            np.savez(small / "proof.npz", **(arrays | {"plan": packed(plan)}))
            write_json(small / "plan.json", plan | {"proof": {}})
            check_or_refuse(small)
            place[key] = value


def test_an_empty_table_is_said(small):
    """A table without a row has no rows to count."""
    (small / "flows.csv").write_bytes(b"")
    said = told(check_results(small))
    assert len(said) == 1
    assert said[0].startswith("flows.csv is empty, plan.json has ")


@pytest.mark.parametrize("name", ["plan.json", "proof.npz"])
@pytest.mark.parametrize("data", [None, b"x"])
def test_what_else_differs_is_told_with_a_refusal(results, name, data):
    """Where plan or proof cannot be read, every other file that differs is named all the same."""
    (results / "report.html").write_text("mine")
    (results / "flows.csv").unlink()
    if data is None:
        (results / name).unlink()
    else:
        (results / name).write_bytes(data)
    with pytest.raises(InputError, match=name) as caught:
        check_results(results)
    assert [str(one) for one in caught.value.findings[1:]] == [
        "flows.csv is missing",
        "report.html was changed after it was written",
    ]


# --- explaining ---------------------------------------------------------------------------------


def test_factors_are_written_as_the_reader_writes_numbers(results, danish):
    """In Danish a point parts thousands, so no factor has one where its decimals begin."""
    steps = [str(one) for one in explain_figure(results, "plan.transport_kg_co2e_wtw").steps]
    factors = [found[1] for one in steps if (found := re.search(r" x ([\d.,]+) kg CO2e/l", one))]
    # In the middle of 2028, between 3.26 in 2024 and 3.14 in 2030.
    assert set(factors) == {"3,17003"}


def test_a_figure_of_nothing_and_names_that_are_not_there(results):
    """A figure that no line has any of says so; what cannot be meant brings what there is."""
    told = explain_figure(results, "plan.opening_dkk")
    assert (told.value, [str(one) for one in told.steps]) == (0, ["no line has any of it"])
    with pytest.raises(InputError, match=r"`zzz` is not known here; there are `\w+`") as caught:
        explain_figure(results, "saved.cost_dkk@project=zzz")
    assert "``" not in str(caught.value)
