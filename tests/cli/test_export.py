"""``cautery export``: what is written, recorded, refused and said."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.exchange import identity
from tests.form_case import made_case

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError
from cautery.model import Regime, digest_of
from cautery.model.ledger import contents
from cautery.model.records import ExchangeExported
from cautery.wiring import notices
from cautery.wiring.cases import reading, reading_store
from cautery.wiring.custody import chain_of
from cautery.wiring.postbox import PostboxSettings
from cautery.wiring.taxii import package_of
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.exchange.of_watch import DEFAULT_MARKING

from .conftest import Ran

EDGE = "edge.pirate.example"


@pytest.fixture(autouse=True)
def _formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.installed(monkeypatch)
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return made_case(tmp_path, EDGE)


def exports_in(case: Path) -> list[ExchangeExported]:
    with reading(case) as opened:
        return [record for _, record in contents(opened.ledger, ExchangeExported)]


def closed(case: Path, tmp_path: Path) -> None:
    opened = open_case(case, store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock())
    try:
        close_case(opened, at=opened.clock.now())
    finally:
        opened.leave()


def test_a_file_its_losses_and_a_record(cautery: Callable[..., Ran], case: Path) -> None:
    ran = cautery("export", case, "--to", "forgetful", "--why", "request 12")
    assert (ran.code, ran.out) == (0, "")
    out = Path("m-forgetful.json")
    raw = out.read_bytes()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    report = json.loads(Path("m-forgetful.json.losses.json").read_text())
    assert report["digest"] == digest_of(raw)
    assert {(loss["noun"], loss["field"]) for loss in report["losses"]} >= {("stream", "text")}
    assert "stays" not in report
    (record,) = exports_in(case)
    assert (record.format, record.to, record.why) == ("forgetful", None, "request 12")
    assert record.digest == digest_of(raw)
    assert record.marking.words == "TLP:AMBER PAP:AMBER"
    assert "it has no place for words" in ran.err
    assert "SomeTool: drops relations" in ran.err


def test_json_is_the_report_and_nothing_lies_beside(
    cautery: Callable[..., Ran], case: Path
) -> None:
    ran = cautery("export", case, "--to", "identity", "--json", "-o", "out.json")
    report = json.loads(ran.out)
    assert (report["losses"], report["unforeseen"], report["file"]) == ([], 0, "out.json")
    assert sorted(path.name for path in Path().iterdir()) == ["out.json"]


def test_the_marking_is_the_users(cautery: Callable[..., Ran], case: Path) -> None:
    ran = cautery(
        "export", case, "--to", "identity", "--marking", "TLP:GREEN", "--pap", "PAP:CLEAR"
    )
    assert ran.code == 0
    assert exports_in(case)[0].marking.words == "TLP:GREEN PAP:CLEAR"
    wrong = cautery("export", case, "--to", "identity", "--marking", "TLP:PINK", "-o", "x.json")
    assert wrong.code == 2
    assert "TLP:PINK" in wrong.err


def test_strict_writes_and_records_nothing_where_something_is_lost(
    cautery: Callable[..., Ran], case: Path
) -> None:
    ran = cautery("export", case, "--to", "forgetful", "--strict")
    assert ran.code != 0
    assert "forgetful does not keep everything" in ran.err
    assert list(Path().iterdir()) == []
    assert exports_in(case) == []
    assert cautery("export", case, "--to", "identity", "--strict").code == 0


def test_a_file_that_is_there_stays_unless_told(cautery: Callable[..., Ran], case: Path) -> None:
    Path("out.json").write_text("mine")
    ran = cautery("export", case, "--to", "identity", "-o", "out.json")
    assert ran.code == 2
    assert "exists already" in ran.err
    assert Path("out.json").read_text() == "mine"
    assert exports_in(case) == []
    assert cautery("export", case, "--to", "identity", "-o", "out.json", "--force").code == 0
    assert Path("out.json").read_text() != "mine"


def test_nothing_is_written_into_the_case(cautery: Callable[..., Ran], case: Path) -> None:
    ran = cautery("export", case, "--to", "identity", "-o", case / "out.json")
    assert ran.code == 2
    assert "inside the case" in ran.err
    assert exports_in(case) == []


def test_a_closed_case_has_a_line_in_its_chain_and_no_record(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    closed(case, tmp_path)
    ran = cautery("export", case, "--to", "identity", "--for", "ISP One", "--why", "request 12")
    assert ran.code == 0
    assert "the case is closed" in ran.err
    (line,) = chain_of(case)
    raw = Path("m-for-ISP-One-identity.json").read_bytes()
    assert (line.to, line.why, line.digest) == ("ISP One", "request 12", digest_of(raw))
    assert line.what == "export identity, TLP:AMBER PAP:AMBER"
    assert exports_in(case) == []


def test_a_watch_of_the_police_needs_a_reason(cautery: Callable[..., Ran], tmp_path: Path) -> None:
    case = made_case(tmp_path / "police", EDGE, regime=Regime.LED)
    ran = cautery("export", case, "--to", "identity")
    assert ran.code == 2
    assert "2016/680" in ran.err
    assert exports_in(case) == []
    assert cautery("export", case, "--to", "identity", "--why", "request 12").code == 0


def test_a_format_that_is_none_is_named_with_those_that_are(
    cautery: Callable[..., Ran], case: Path
) -> None:
    ran = cautery("export", case, "--to", "excel")
    assert ran.code == 2
    assert "there is no format 'excel'" in ran.err
    assert "identity" in ran.err


def test_a_folder_that_is_no_case_is_refused(cautery: Callable[..., Ran], tmp_path: Path) -> None:
    assert cautery("export", tmp_path, "--to", "identity").code == 2


# -- the case of an operation ----------------------------------------------------------------

TABLE = """
[operation]
id = "op-1"
name = "Example"
regime = "led"
legal_basis = "a decree"
opened_at = 2026-03-02T08:00:00Z
"""
AGENCY = """
[[agency]]
id = "{id}"
name = "{id}"
country = "{country}"
role = "{role}"
competence = ["investigate"]
contact = "desk of {id}"
zone = "UTC"
"""
FOUND = {
    "subject": "host:panel.example",
    "about": "asset",
    "text": "it is the panel",
    "kind": "fact",
    "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"]},
}


@pytest.fixture
def desk(cautery: Callable[..., Ran], tmp_path: Path) -> Path:
    agencies = [("it-postal", "IT", "lead"), ("bg-gdbop", "BG", "participant")]
    rows = (AGENCY.format(id=name, country=land, role=role) for name, land, role in agencies)
    (tmp_path / "op.toml").write_text(TABLE + "".join(rows))
    case = tmp_path / "rome"
    opened = cautery(
        "operation", "open", tmp_path / "op.toml", "--agency", "it-postal", "--case", case
    )
    assert opened.code == 0, opened.err
    secret = FOUND | {"text": "hidden", "marking": {"tlp": "TLP:RED", "pap": "PAP:RED"}}
    (tmp_path / "found.jsonl").write_text(f"{json.dumps(FOUND)}\n{json.dumps(secret)}\n")
    assert cautery("operation", "state", case, tmp_path / "found.jsonl").code == 0
    return case


def test_an_operation_is_exported_for_one_agency_with_a_reason(
    cautery: Callable[..., Ran], desk: Path
) -> None:
    for missing in (("--why", "x"), ("--for", "bg-gdbop")):
        assert cautery("export", desk, "--to", "identity", *missing).code == 2
    refused = cautery(
        *("export", desk, "--to", "identity", "--for", "bg-gdbop", "--why", "x"),
        *("--marking", "TLP:CLEAR"),
    )
    assert "a marking of its own" in refused.err
    assert exports_in(desk) == []
    ran = cautery("export", desk, "--to", "identity", "--for", "bg-gdbop", "--why", "request 12")
    assert ran.code == 0, ran.err
    text = Path("op-1-for-bg-gdbop-identity.json").read_text()
    assert "panel.example" in text
    assert "hidden" not in text
    (record,) = exports_in(desk)
    assert (record.to, record.why, record.who) == ("bg-gdbop", "request 12", "desk of it-postal")
    assert len(record.statements) == 1


def test_who_was_given_a_statement_in_a_file_must_be_told_its_correction(
    cautery: Callable[..., Ran], desk: Path
) -> None:
    ran = cautery("export", desk, "--to", "identity", "--for", "bg-gdbop", "--why", "request 12")
    assert ran.code == 0
    ((_, statement),) = exports_in(desk)[0].statements
    told = cautery("operation", "correct", desk, statement, "--text", "it is not", "--withdraw")
    assert told.code == 0, told.err
    assert "bg-gdbop" in told.out + told.err
    again = cautery(
        *("export", desk, "--to", "identity", "--for", "bg-gdbop", "--why", "x", "--force"),
    )
    assert again.code == 0
    assert '"revoked":true' in Path("op-1-for-bg-gdbop-identity.json").read_text()


@pytest.mark.parametrize("way", ["export", "taxii", "form", "mail", "trust"])
def test_nothing_leaves_under_approvers_whom_somebody_wrote_into_the_first_record(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path, way: str
) -> None:
    """Whoever can write to a case, and has no key, names no approver of its own."""
    ledger = case / "ledger.sqlite"
    with sqlite3.connect(ledger) as database:
        ((leaf,),) = database.execute("SELECT leaf FROM entries WHERE idx = 0")
        forged = leaf.replace(b"A. Legal", b"M. Allory")
        database.execute("UPDATE entries SET leaf = ? WHERE idx = 0", (forged,))
    for at_first in (True, False):
        words = "does not agree" if at_first else "no signed root covers its first record"
        with pytest.raises(EvidenceError, match=words):
            leave(way, cautery, case, tmp_path)
        with sqlite3.connect(ledger) as database:
            database.execute("DELETE FROM checkpoints")


def leave(way: str, cautery: Callable[..., Ran], case: Path, folder: Path) -> None:
    if way == "taxii":
        package_of(case, DEFAULT_MARKING, reading_store())
    if way == "mail":
        settings = PostboxSettings(mail=None, api=None)
        notices.preview(case, "N-0123456789ab", postbox=settings, remind=False, confirmed={})
    commands: dict[str, tuple[object, ...]] = {
        "export": ("export", case, "--to", "identity", "-o", folder / "out.json"),
        "form": ("form", "write", "es/address-list", case, "-o", folder / "out.pdf", "--draft"),
        "trust": ("lists", "trust", case, "provider"),
    }
    ran = cautery(*commands[way])
    assert not [*folder.glob("out.*")]
    assert ran.code == 1
    raise EvidenceError(ran.err)
