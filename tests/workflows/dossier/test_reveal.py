"""A record that is withheld can be opened later, and no other can take its place."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import bagit
import pytest

from cautery.adapters import custody_file
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.bag import SIGNATURE, TAG_MANIFEST
from cautery.evidence.custody import CustodyAct
from cautery.model import digest_of
from cautery.wiring import custody
from cautery.workflows.dossier.extract import Extract, commitment, extract_of

from .conftest import Made, loaded
from .test_command import WHO, cautery


@pytest.fixture
def handed(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case and its bag for the public, whose salts lie beside it."""
    shutil.copytree(made.path, tmp_path / "case")
    handing = ("dossier", tmp_path / "case", "--for", "public", *WHO, "--key", made.key)
    assert cautery(monkeypatch, *handing, "-o", tmp_path / "bag") == 0
    return tmp_path


def reveal(handed: Path, made: Made, monkeypatch, record: int) -> int:
    return cautery(
        monkeypatch, "custody", "reveal", handed / "case", handed / "bag.openings.json",
        "--record", record, *WHO, "--key", made.key, "-o", handed / "opening.json",
    )  # fmt: skip


def withheld(handed: Path) -> list[int]:
    return sorted(map(int, json.loads((handed / "bag.openings.json").read_text())["salts"]))


def test_a_withheld_record_is_opened_and_checked(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    record = withheld(handed)[-1]
    assert reveal(handed, made, monkeypatch, record) == 0
    line = custody.chain_of(handed / "case")[-1]
    assert (line.act, line.to) == (CustodyAct.HANDED_OVER, "Court of Roma")
    assert line.what.startswith(f"record {record}, withheld by the dossier sha256:")
    capsys.readouterr()
    assert cautery(monkeypatch, "verify", handed / "bag", "--opening", handed / "opening.json") == 3
    shown = capsys.readouterr().out
    assert f"record {record} is the one that was withheld, and stands in the signed" in shown
    assert "pirate.example" in shown  # what the public is not shown, and now is


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3")
def test_the_commands_of_the_page_check_it_too(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert reveal(handed, made, monkeypatch, withheld(handed)[0]) == 0
    page = (handed / "bag/VERIFY.md").read_text()
    [commands] = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert "OPENING=opening.json\n" in commands
    commands = commands.replace("opening.json", str(handed / "opening.json"))
    done = subprocess.run(
        ["bash", "-eu", "-c", commands], cwd=handed / "bag", capture_output=True, text=True,
        check=True, env={"WORK": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    *_, promised, computed = done.stdout.splitlines()
    assert promised == computed.split()[0]


def test_another_record_or_salt_or_dossier_is_refused(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reveal(handed, made, monkeypatch, withheld(handed)[0]) == 0
    whole = json.loads((handed / "opening.json").read_text())

    def checked(**changed: object) -> None:
        (handed / "opening.json").write_text(json.dumps({**whole, **changed}))
        custody.check_opened(handed / "bag", handed / "opening.json", public_key=None)

    checked()
    for changed, why in (
        ({"leaf": whole["leaf"] + " "}, "not the one that was withheld"),
        ({"salt": "0" * 64}, "not the one that was withheld"),
        ({"record": withheld(handed)[1]}, "not the one that was withheld"),
        ({"record": 10**9}, "does not withhold record"),
        ({"dossier": "sha256:" + "0" * 64}, "another dossier"),
        ({"more": 1}, "not an opening"),
        ({"path": whole["path"][1:]}, "is not in the log of"),
        ({"path": ["zz"]}, "not an opening"),
        ({"leaf": "\ud800"}, "not an opening"),
        ({"salt": whole["salt"] + "zz"}, "not an opening"),
        ({"dossier": whole["dossier"] + "0"}, "not an opening"),
    ):
        with pytest.raises(EvidenceError, match=why):
            checked(**changed)


def test_a_record_that_was_never_in_the_case_is_not_the_one_that_was_withheld(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Who signs the bag makes its commitments: here to a record that the case does not hold."""
    record = withheld(handed)[0]
    assert reveal(handed, made, monkeypatch, record) == 0
    whole = json.loads((handed / "opening.json").read_text())
    leaf, salt = '{"at":"2026-11-24T12:00:00.000000Z","body":{},"kind":"confession"}', bytes(32)
    with closing(sqlite3.connect(handed / "bag/data/extract/ledger.sqlite")) as ledger, ledger:
        promised = (commitment(salt, leaf.encode()), record)
        ledger.execute("UPDATE withheld SET commitment = ? WHERE idx = ?", promised)
    resigned = bagit.Bag(str(handed / "bag"))
    resigned.save(manifests=True)
    listed = (handed / "bag" / TAG_MANIFEST).read_bytes()
    (handed / "bag" / SIGNATURE).write_bytes(loaded(made.key).sign(listed))
    false = {**whole, "dossier": digest_of(listed), "salt": salt.hex(), "leaf": leaf}
    checked = ("verify", handed / "bag", "--opening", handed / "opening.json")
    (handed / "opening.json").write_text(json.dumps(false))
    assert cautery(monkeypatch, *checked) == 1
    assert f"leaf {record} is not in the log" in capsys.readouterr().err
    (handed / "opening.json").write_text(json.dumps({**false, "path": []}))
    assert cautery(monkeypatch, *checked) == 3
    said = capsys.readouterr().out
    assert "nothing shows that it stands in the case" in said
    assert "is the one that was withheld" not in said


def test_no_record_is_opened_without_its_line_of_custody(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(custody_file, "add_to_custody", full)
    assert reveal(handed, made, monkeypatch, withheld(handed)[0]) == 1
    assert not (handed / "opening.json").exists()


def test_what_is_shown_is_not_opened(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shown = min(set(range(200)) - set(withheld(handed)))
    assert reveal(handed, made, monkeypatch, shown) == 2
    assert "is not withheld" in capsys.readouterr().err
    assert not (handed / "opening.json").exists()
    assert len(custody.chain_of(handed / "case")) == 1


def test_a_case_has_no_openings(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    opening = ("--opening", handed / "bag.openings.json")
    assert cautery(monkeypatch, "verify", handed / "case", *opening) == 2
    assert cautery(monkeypatch, "verify", handed / "bag", *opening) == 1
    assert sys.argv  # both said why
    assert "only a dossier withholds records" in capsys.readouterr().err


def test_a_further_dossier_of_that_name_leaves_the_salts_of_the_first(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    salts = (handed / "bag.openings.json").read_bytes()
    (handed / "bag").rename(handed / "sent")  # it leaves the house
    handing = ("dossier", handed / "case", "--for", "public", *WHO, "--key", made.key)
    assert cautery(monkeypatch, *handing, "-o", handed / "bag") == 2
    assert "the salts of another dossier lie there" in capsys.readouterr().err
    assert (handed / "bag.openings.json").read_bytes() == salts
    assert not (handed / "bag").exists()
    assert len(custody.chain_of(handed / "case")) == 1


def test_no_dossier_is_there_without_its_salts(
    handed: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something comes to lie at their place while the dossier is made."""
    taken = handed / "second.openings.json"

    def later(*arguments: object, **options: object) -> Extract:
        taken.write_text("of somebody else")
        return extract_of(*arguments, **options)

    monkeypatch.setattr("cautery.workflows.dossier.build.extract_of", later)
    handing = ("dossier", handed / "case", "--for", "public", *WHO, "--key", made.key)
    assert cautery(monkeypatch, *handing, "-o", handed / "second") == 1
    assert taken.read_text() == "of somebody else"
    assert not (handed / "second").exists()
    assert len(custody.chain_of(handed / "case")) == 1
