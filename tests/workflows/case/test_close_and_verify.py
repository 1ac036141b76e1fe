"""A closed case: nothing in it can change unnoticed, and what changed is named."""

from __future__ import annotations

import html
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters import case_folder
from cautery.adapters._files import write_whole
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import CauteryError, EvidenceError, InputError, StorageError
from cautery.evidence.leaf import leaf_of
from cautery.evidence.manifest import Manifest, sums
from cautery.evidence.signing import signed_note
from cautery.model import digest_of, to_json
from cautery.model.ledger import append
from cautery.model.records import CaseClosed
from cautery.workflows.case.close import close_case
from cautery.workflows.case.manifest import finish_cut_closing
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import Verified, verify_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = FixedClock(NOON)
HOWTO = Path(__file__).parents[3] / "docs/howto/check-a-case-without-cautery.md"


def store_of(folder: Path) -> FolderStore:
    return FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)


def begun(folder: Path) -> Case:
    """An open case with two exhibits, one of them confidential, and their records."""
    case = open_case(folder / "case", store=store_of(folder), clock=CLOCK)
    case.ledger.append("case.opened", {"mandate": "x"}, at=NOON)
    for data, subject in ((b"segment", None), (b"line=secret", "source:1")):
        exhibit = case.vault.seal(
            data, media_type="text/plain", at=NOON, clock=CLOCK.offset(), subject=subject
        )
        case.ledger.append("exhibit.sealed", {"exhibit": to_json(exhibit)}, at=NOON)
    case.ledger.checkpoint(case.signer, at=NOON)
    case.ledger.append("verdict", {"observations": [{"exhibits": [exhibit.id]}]}, at=NOON)
    case.write("report.html", b"<h1>LAB</h1>")
    return case


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    close_case(begun(folder), at=NOON)
    return folder


@pytest.fixture
def closed(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return tmp_path / "case"


def verified(path: Path, public_key: Path | None = None) -> Verified:
    return verify_case(path, store=FolderStore(), public_key=public_key)


def contents(path: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(one.relative_to(path)): (one.read_bytes(), one.stat().st_mtime_ns)
        for one in path.rglob("*")
        if one.is_file()
    }


def names(path: Path) -> list[str]:
    return sorted(contents(path))


def database(case: Path) -> sqlite3.Connection:
    return sqlite3.connect(case / "ledger.sqlite", isolation_level=None)


def sign_again(folder: Path) -> None:
    """Make the manifest fit what lies in the case now, as only the key's holder can."""
    case, keys = folder / "case", store_of(folder).keys(folder / "case")
    for stale in ("manifest.sha256", "manifest.note"):
        (case / stale).unlink()
    raw = contents(case)
    listed = sums({name: digest_of(one[0])[7:] for name, one in raw.items()})
    root = re.search(r"ledger (\d+) (\w+)", (folder / "old.note").read_text())
    assert root is not None
    manifest = Manifest(
        case=keys.case,
        files=len(raw),
        size=sum(len(one[0]) for one in raw.values()),
        digest=digest_of(listed),
        records=int(root[1]),
        root=bytes.fromhex(root[2]),
    )
    (case / "manifest.sha256").write_bytes(listed)
    # Cautery's signer would refuse, but whoever holds the key needs no signer.
    [secret] = (folder / "keys").glob("case-*.key")
    private = Ed25519PrivateKey.from_private_bytes(secret.read_bytes())
    note = signed_note(manifest.text, name=keys.signer.name, private=private)
    (case / "manifest.note").write_text(note)


def test_a_closed_case_verifies_and_counts_what_it_holds(closed: Path) -> None:
    found = verified(closed)
    assert (found.files, found.records, found.checkpoints) == (5, 5, 2)
    assert (found.exhibits, found.named) == (2, 2)


def test_without_a_key_it_is_only_consistent(closed: Path) -> None:
    found = verified(closed)
    assert (found.authentic, found.statement) == (False, "consistent with the key in the case")


def test_with_the_key_it_is_authentic(closed: Path, tmp_path: Path) -> None:
    key = shutil.copy(closed / "keys/case.pub", tmp_path / "handed-over.pub")
    assert verified(closed, Path(key)).statement.startswith("authentic: signed by cautery/case-")


def test_a_key_taken_from_the_case_makes_nothing_authentic(closed: Path) -> None:
    assert not verified(closed, closed / "keys/case.pub").authentic


def test_another_key_does_not_verify(closed: Path, tmp_path: Path) -> None:
    other = KeyFolder(tmp_path / "others").create_case()
    (tmp_path / "other.pub").write_text(f"{other.verifier}\n")
    with pytest.raises(EvidenceError, match=r"manifest\.note"):
        verified(closed, tmp_path / "other.pub")


def test_the_summary_says_what_was_checked(closed: Path) -> None:
    lines = dict(verified(closed).summary())
    assert lines["verdict"] == "consistent with the key in the case"
    assert lines["records"].startswith("5;")


def test_what_was_verified_has_a_json_form(closed: Path) -> None:
    assert to_json(verified(closed))["records"] == 5


def test_verifying_changes_no_byte_and_leaves_no_file(closed: Path) -> None:
    before = contents(closed)
    verified(closed)
    assert contents(closed) == before


def test_a_case_verifies_from_a_folder_that_cannot_be_written(closed: Path) -> None:
    for one in [closed, *closed.rglob("*")]:
        one.chmod(0o555 if one.is_dir() else 0o444)
    try:
        assert verified(closed).records == 5
    finally:
        for one in [closed, *closed.rglob("*")]:
            one.chmod(0o755 if one.is_dir() else 0o644)


@pytest.mark.parametrize(
    "name", ["manifest.note", "manifest.sha256", "keys/case.pub", "report.html"]
)
def test_no_bit_of_a_small_file_can_change_unnoticed(closed: Path, name: str) -> None:
    path = closed / name
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)


def test_no_byte_of_an_exhibit_can_change_unnoticed(closed: Path) -> None:
    for path in [one for one in (closed / "vault").rglob("*") if one.is_file()]:
        whole = path.read_bytes()
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 0x80
            path.write_bytes(changed)
            with pytest.raises(EvidenceError, match=path.name):
                verified(closed)
        path.write_bytes(whole)


def test_no_byte_of_the_ledger_can_change_unnoticed(closed: Path) -> None:
    path = closed / "ledger.sqlite"
    whole = path.read_bytes()
    for place in [*range(100), *range(100, len(whole), 61), len(whole) - 1]:
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(EvidenceError, match=r"ledger\.sqlite"):
            verified(closed)


def test_with_the_key_given_a_changed_file_is_named_just_so(closed: Path, tmp_path: Path) -> None:
    key = Path(shutil.copy(closed / "keys/case.pub", tmp_path / "handed-over.pub"))
    for name in names(closed):
        whole = (closed / name).read_bytes()
        (closed / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed, key)
        (closed / name).write_bytes(whole)


@pytest.mark.parametrize("edit", [lambda raw: raw + b"\0", lambda raw: raw[:-1], lambda raw: b""])
def test_a_file_that_grew_or_shrank_is_named(closed: Path, edit: Callable[[bytes], bytes]) -> None:
    for name in names(closed):
        whole = (closed / name).read_bytes()
        (closed / name).write_bytes(edit(whole))
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)
        (closed / name).write_bytes(whole)


def test_a_file_that_was_removed_is_named(closed: Path) -> None:
    for name in names(closed):
        (closed / name).rename(closed.parent / "aside")
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)
        (closed.parent / "aside").rename(closed / name)


@pytest.mark.parametrize(
    "name", ["notes.txt", "ledger.sqlite-wal", "ledger.sqlite-journal", "keys/b.pub", "vault/ab/cd"]
)
def test_a_file_that_was_added_is_named(closed: Path, name: str) -> None:
    (closed / name).parent.mkdir(exist_ok=True)
    (closed / name).write_bytes(b"")
    with pytest.raises(EvidenceError, match=re.escape(name)):
        verified(closed)


def test_a_renamed_file_is_named(closed: Path) -> None:
    (closed / "report.html").rename(closed / "Report.html")
    with pytest.raises(EvidenceError, match=r"eport\.html"):
        verified(closed)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "add",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to("/"),
    ],
)
@pytest.mark.parametrize("name", ["extra", "vault/extra", "vault/zz"])
def test_what_is_no_file_is_named_and_not_followed(closed: Path, name: str, add) -> None:
    add(closed / name)
    with pytest.raises(EvidenceError, match=re.escape(name)):
        verified(closed)


@pytest.mark.timeout(10)
def test_a_pipe_or_link_in_place_of_a_file_is_named(closed: Path) -> None:
    for name in names(closed):
        aside = (closed / name).rename(closed.parent / "aside")
        os.mkfifo(closed / name)
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)
        (closed / name).unlink()
        (closed / name).symlink_to(aside)
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)
        (closed / name).unlink()
        aside.rename(closed / name)


@pytest.mark.timeout(10)
def test_a_folder_replaced_by_a_link_is_not_followed(closed: Path) -> None:
    shutil.move(closed / "keys", closed.parent / "outside")
    (closed / "keys").symlink_to(closed.parent / "outside")
    with pytest.raises(EvidenceError, match="keys"):
        verified(closed)


@pytest.mark.timeout(10)
def test_a_file_blown_up_to_a_terabyte_is_not_read(closed: Path) -> None:
    for name in names(closed):
        whole = (closed / name).read_bytes()
        os.truncate(closed / name, 1 << 40)
        with pytest.raises(EvidenceError, match=re.escape(name)):
            verified(closed)
        (closed / name).write_bytes(whole)


def test_an_open_case_is_said_to_be_open(tmp_path: Path) -> None:
    case = begun(tmp_path)
    with pytest.raises(EvidenceError, match="this case is still open"):
        verified(case.path)
    case.leave()
    with pytest.raises(EvidenceError, match="this case is still open"):
        verified(case.path)


def test_a_folder_that_is_no_case_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a case"):
        verified(tmp_path)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"x\"', '\"y\"') AS BLOB)",
            "root|agree",
        ),
        ("UPDATE entries SET leaf = CAST(leaf || ' ' AS BLOB) WHERE idx = 1", "8785"),
        ("UPDATE entries SET leaf = CAST(leaf AS TEXT) WHERE idx = 1", "not bytes"),
        ("UPDATE entries SET kind = 'x' WHERE idx = 1", "record 1"),
        ("DELETE FROM entries WHERE idx = 1", "record 2"),
        ("DELETE FROM entries WHERE idx = 4", "do not hash"),
        ("DELETE FROM checkpoints", "no checkpoint"),
        ("UPDATE checkpoints SET size = 1, note = replace(note, '3', '4')", "checkpoint 0"),
        ("CREATE TABLE more (x)", "tables"),
    ],
)
def test_even_the_keys_holder_cannot_edit_a_record(closed: Path, statement: str, said: str) -> None:
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    with database(closed) as opened:
        opened.execute(statement)
    opened.close()
    sign_again(closed.parent)
    with pytest.raises(EvidenceError, match=rf"ledger\.sqlite.*({said})"):
        verified(closed)


def test_an_exhibit_that_a_record_names_must_be_there(closed: Path) -> None:
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    exhibit = digest_of(b"segment")[7:]
    shutil.rmtree(closed / "vault" / exhibit[:2])
    sign_again(closed.parent)
    with pytest.raises(EvidenceError, match=f"record 1.*{exhibit}.*not in the vault"):
        verified(closed)


def test_an_exhibit_is_named_by_its_digest(closed: Path) -> None:
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    exhibit = digest_of(b"segment")[7:]
    (closed / "vault" / exhibit[:2] / exhibit).write_bytes(b"another")
    sign_again(closed.parent)
    with pytest.raises(EvidenceError, match=f"{exhibit}: a file in the vault whose name is not"):
        verified(closed)


def test_a_case_signed_again_unchanged_verifies(closed: Path) -> None:
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    sign_again(closed.parent)
    assert verified(closed).records == 5


def test_nothing_is_written_into_a_closed_case(closed: Path) -> None:
    with pytest.raises(InputError, match="closed"):
        open_case(closed, store=store_of(closed.parent), clock=CLOCK)


def test_a_case_is_not_closed_twice_nor_touched_by_leaving(tmp_path: Path) -> None:
    case = begun(tmp_path)
    close_case(case, at=NOON)
    before = contents(case.path)
    with pytest.raises(InputError, match="closed"):
        close_case(case, at=NOON)
    case.leave()
    assert contents(case.path) == before


def test_an_erased_case_still_verifies(tmp_path: Path) -> None:
    case = begun(tmp_path)
    close_case(case, at=NOON)
    assert case.vault.erase("source:1") == 1
    assert verified(case.path).exhibits == 2


def test_a_case_is_opened_again_and_goes_on(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.leave()
    second = open_case(first.path, store=store_of(tmp_path), clock=CLOCK)
    assert (second.id, second.pseudonyms.of("anna")) == (first.id, first.pseudonyms.of("anna"))
    second.ledger.append("watch.resumed", {}, at=NOON)
    second.write("report.html", b"<h1>LAB</h1>")
    close_case(second, at=NOON)
    assert verified(second.path).records == 6


def test_a_closing_cut_short_is_done_again(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.ledger.append("case.closed", {"at": "x", "records": 4}, at=NOON)
    first.ledger.checkpoint(first.signer, at=NOON)
    first.leave()
    (first.path / "manifest.sha256").write_text("half")
    (first.path / "vault" / ".writing-999999999-x").write_text("half")
    second = open_case(first.path, store=store_of(tmp_path), clock=CLOCK)
    second.write("report.html", b"<h1>LAB</h1>")
    close_case(second, at=NOON)
    assert verified(second.path).records == 6


def test_a_closing_cut_short_before_its_last_write_is_finished(tmp_path: Path) -> None:
    case = begun(tmp_path)
    close_case(case, at=NOON)
    before = contents(case.path)
    (case.path / "manifest.note").unlink()
    (case.path / "vault" / ".writing-999999999-x").write_text("half")
    assert finish_cut_closing(case.path, store=store_of(tmp_path))
    assert {name: raw for name, (raw, _) in contents(case.path).items()} == {
        name: raw for name, (raw, _) in before.items()
    }
    (case.path / "manifest.note").unlink()
    with pytest.raises(InputError, match="closed; the last write of the closing was missing"):
        open_case(case.path, store=store_of(tmp_path), clock=CLOCK)
    assert not any("closes the case" in one for one in verified(case.path).findings)


def test_a_closing_that_met_a_full_disk_at_its_last_write_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "write", full_at_the_note)
        with pytest.raises(StorageError, match="full"):
            close_case(case, at=NOON)
    close_case(case, at=NOON)
    assert verified(case.path).records == 5


def test_every_folder_is_flushed_before_a_list_of_its_files_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, flushed, told = begun(tmp_path), set[Path](), case_folder.sync_folder

    def heard(path: Path) -> None:
        assert not (case.path / "manifest.note").exists()
        flushed.add(path)
        told(path)

    monkeypatch.setattr(case_folder, "sync_folder", heard)
    close_case(case, at=NOON)
    assert flushed == {case.path, *(one for one in case.path.rglob("*") if one.is_dir())}


def full_at_the_note(_: FolderStore, path: Path, name: str, content: bytes) -> None:
    if name == "manifest.note":
        raise StorageError("full")
    write_whole(path / name, content)


def add_a_record(case: Path) -> None:
    with closing(database(case)) as ledger:
        leaf = leaf_of("verdict", {"forged": True}, NOON)
        ledger.execute("INSERT INTO entries VALUES (5, 'verdict', ?)", (leaf,))


def add_a_file(case: Path) -> None:
    (case / "exhibit.mp4").write_bytes(b"planted")


def take_its_list(case: Path) -> None:
    (case / "report.html").write_text("another")
    (case / "manifest.sha256").unlink()


@pytest.mark.parametrize("edit", [add_a_record, add_a_file, take_its_list])
def test_a_closed_case_is_not_signed_anew(closed: Path, edit: Callable[[Path], None]) -> None:
    """The insider takes the note away and edits the case; the key's holder closes it again."""
    (closed / "manifest.note").unlink()
    edit(closed)
    store = store_of(closed.parent)
    for again in (
        lambda: open_case(closed, store=store, clock=CLOCK),
        lambda: finish_cut_closing(closed, store=store),
    ):
        with pytest.raises(
            EvidenceError, match=r"was closed at .*, but its manifest\.note is missing"
        ):
            again()
    assert not (closed / "manifest.note").exists()


def test_a_case_of_two_closings_says_so(tmp_path: Path) -> None:
    case = begun(tmp_path)
    append(case.ledger, CaseClosed(at=NOON, records=4), at=NOON)
    case.ledger.append("case.closed", {"at": "x", "records": 4}, at=NOON)
    close_case(case, at=NOON)
    misshapen, closings, *_ = verified(case.path).findings
    assert misshapen.startswith("record 5: a case.closed record with an invalid form")
    assert closings.startswith("record 4 already closes the case, but the last record is 6")


def test_a_case_is_not_closed_under_another_writer(tmp_path: Path) -> None:
    first = begun(tmp_path)
    second = open_case(first.path, store=store_of(tmp_path), clock=CLOCK)
    with pytest.raises(StorageError, match="another process"):
        close_case(first, at=NOON)
    second.leave()
    close_case(first, at=NOON)
    assert verified(first.path).records == 5


READ_ON = """
import sqlite3, sys
reader = sqlite3.connect(f"file:{sys.argv[1]}/ledger.sqlite?mode=ro", uri=True)
reader.execute("BEGIN")
rows = reader.execute("SELECT idx FROM entries ORDER BY idx")
first = rows.fetchmany(1)
print("reading", flush=True)
sys.stdin.readline()
print(len(first) + len(rows.fetchall()), flush=True)
"""


def test_processes_in_mid_read_do_not_stop_a_case_from_closing(tmp_path: Path) -> None:
    case = begun(tmp_path)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ_ON, case.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
    close_case(case, at=NOON)
    assert verified(case.path).records == 5
    assert [reader.communicate("on\n", timeout=30)[0] for reader in readers] == ["4\n"] * 3
    assert verified(case.path).records == 5
    assert "ledger.sqlite" in names(case.path)
    assert not [name for name in names(case.path) if name.startswith("ledger.sqlite-")]


def test_who_reads_a_case_while_it_is_closed_sees_its_last_record(tmp_path: Path) -> None:
    case = begun(tmp_path)
    watching = open_case(case.path, store=FolderStore(), clock=CLOCK, read_only=True)
    assert watching.ledger.size() == 4
    close_case(case, at=NOON)
    assert [one.record.kind for one in watching.ledger.read()][-1] == "case.closed"
    watching.leave()
    assert verified(case.path).records == 5


@pytest.mark.parametrize("last", ["copy", "rename", "remove -shm", "remove -wal", "flush"])
def test_a_case_killed_as_its_ledger_is_settled_is_closed_again(tmp_path: Path, last: str) -> None:
    case = begun(tmp_path)
    case.leave()
    code = (
        "import functools, os, pathlib, sys\n"
        "from cautery.adapters._ledger_sqlite import SqliteDatabase\n"
        "from cautery.adapters.case_folder import FolderStore\n"
        "from cautery.adapters.clock import SystemClock\n"
        "from cautery.adapters.keys_file import KeyFolder\n"
        "from cautery.workflows.case.close import close_case\n"
        "from cautery.workflows.case.open import open_case\n"
        "top, last = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "SqliteDatabase.settle = functools.partialmethod(\n"
        "    SqliteDatabase.settle, step=lambda step: step != last or os._exit(9))\n"
        "case = open_case(top / 'case', store=FolderStore(KeyFolder(top / 'keys')),"
        " clock=SystemClock())\n"
        "case.write('report.html', b'')\n"
        "reading = open_case(top / 'case', store=FolderStore(), clock=SystemClock(), read_only=True)\n"
        "close_case(case, at=case.clock.now())\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path, last], check=False, timeout=60)
    assert killed.returncode == 9
    again = open_case(case.path, store=store_of(tmp_path), clock=CLOCK)
    assert [one.record.kind for one in again.ledger.read()][-1] == "case.closed"
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(case.path).records == 6


def test_a_case_opened_to_be_read_shows_records_and_no_secret(closed: Path) -> None:
    before = contents(closed)
    case = open_case(closed, store=FolderStore(), clock=CLOCK, read_only=True)
    assert [one.record.kind for one in case.ledger.read()][-1] == "case.closed"
    with pytest.raises(InputError, match="read-only"):
        _ = case.pseudonyms
    case.leave()
    assert contents(closed) == before


def test_keys_are_not_kept_in_the_case(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must not be inside the case"):
        open_case(tmp_path, store=store_of(tmp_path), clock=CLOCK)


@pytest.mark.parametrize("name", ["holiday.jpg", "mandate.toml"])
def test_a_folder_with_other_things_is_not_made_a_case(tmp_path: Path, name: str) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / name).write_bytes(b"")
    with pytest.raises(InputError, match=re.escape(name)):
        open_case(tmp_path / "case", store=store_of(tmp_path), clock=CLOCK)


def test_a_mandate_that_a_stranger_lays_into_a_case_is_not_signed_with_it(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (case.path / "mandate.toml").write_text("[mandate]\nwho = 'Mallory'\n")
    with pytest.raises(InputError, match=r"mandate\.toml: not a file that Cautery writes") as told:
        close_case(case, at=NOON)
    assert "Move it out" in told.value.hint
    (case.path / "mandate.toml").unlink()
    close_case(case, at=NOON)
    assert "mandate.toml" not in (case.path / "manifest.sha256").read_text()


def test_what_is_left_of_a_case_is_not_made_another(tmp_path: Path) -> None:
    case = begun(tmp_path)
    case.leave()
    for lost in ("keys/case.pub", "ledger.sqlite"):
        (case.path / lost).unlink()
    before = contents(case.path)
    with pytest.raises(
        EvidenceError, match=r"ledger and key of the case are missing, but vault/.* is there"
    ):
        open_case(case.path, store=store_of(tmp_path), clock=CLOCK)
    assert contents(case.path) == before
    assert len(list((tmp_path / "keys").glob("*.key"))) == 1
    shutil.rmtree(case.path / "vault")
    (case.path / "keys/approver-1.pub").write_text("a key")
    with pytest.raises(EvidenceError, match=r"keys/approver-1\.pub is there"):
        open_case(case.path, store=store_of(tmp_path), clock=CLOCK)


def test_a_beginning_that_was_cut_short_is_begun_again(tmp_path: Path) -> None:
    for folder in ("keys", "vault/ab"):
        (tmp_path / "case" / folder).mkdir(parents=True)
    (tmp_path / "case/keys/.writing-999999999-x").write_text("half")
    case = open_case(tmp_path / "case", store=store_of(tmp_path), clock=CLOCK)
    assert case.ledger.size() == 0
    case.leave()


def test_a_link_in_a_case_is_named_before_it_is_closed(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (case.path / "link").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="link"):
        close_case(case, at=NOON)


def test_a_file_that_was_changed_since_it_was_written_is_not_signed(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (case.path / "report.html").write_text("<h1>FORGED</h1>")
    with pytest.raises(EvidenceError, match=r"report\.html: changed since it was written"):
        close_case(case, at=NOON)
    assert not (case.path / "manifest.note").exists()


def test_a_file_that_is_gone_since_it_was_written_is_missed(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (case.path / "report.html").unlink()
    with pytest.raises(EvidenceError, match=r"report\.html: missing"):
        close_case(case, at=NOON)


@pytest.mark.parametrize(
    "name",
    [
        "report.pdf",
        "report (corrected).html",
        "operation.html",
        "keys/a-legal.pub",
        "notes/1.txt",
        "ledger.sqlite-journal",
    ],
)
def test_a_file_that_the_case_did_not_write_is_not_signed(tmp_path: Path, name: str) -> None:
    case = begun(tmp_path)
    (case.path / name).parent.mkdir(exist_ok=True)
    (case.path / name).write_text("planted")
    with pytest.raises(InputError) as caught:
        close_case(case, at=NOON)
    assert str(case.path / name) in str(caught.value)
    assert "out of the case" in caught.value.hint
    assert [entry.record.kind for entry in case.ledger.read()][-1] != "case.closed"
    (case.path / name).unlink()
    close_case(case, at=NOON)
    assert verified(case.path).files == 5


@pytest.mark.parametrize("left", [b"", bytes(512), b"\0" + b"x" * 4096])
def test_a_spent_journal_that_a_crash_left_is_removed(tmp_path: Path, left: bytes) -> None:
    """A kill, or a power cut, while SQLite switches the ledger to its write-ahead log."""
    case = begun(tmp_path)
    (case.path / "ledger.sqlite-journal").write_bytes(left)
    close_case(case, at=NOON)
    assert verified(case.path).files == 5


def test_a_link_in_a_journals_place_is_not_followed(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (tmp_path / "outside").write_bytes(b"")
    (case.path / "ledger.sqlite-journal").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match=r"sqlite-journal: a symbolic link"):
        close_case(case, at=NOON)
    assert (tmp_path / "outside").exists()


def test_a_case_opened_again_signs_no_report_of_an_earlier_process(tmp_path: Path) -> None:
    begun(tmp_path).leave()
    again = open_case(tmp_path / "case", store=store_of(tmp_path), clock=CLOCK)
    with pytest.raises(InputError, match=r"report\.html"):
        close_case(again, at=NOON)
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(again.path).files == 5


ABSENT = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"exhibit": ABSENT}, "its exhibit sha256:0000"),
        ({"cover": "front page"}, "its cover 'front page' is not a valid digest"),
        ({"exhibit": {"id": ABSENT, "size": 3}}, "not in the vault"),
        ({"table": 5}, "its table '5' is not a valid digest"),
    ],
)
def test_a_record_of_an_exhibit_that_is_not_there_costs_itself_alone(
    tmp_path: Path, body: dict[str, object], words: str
) -> None:
    case = begun(tmp_path)
    case.ledger.append("note", body, at=NOON)
    close_case(case, at=NOON)
    [finding] = [one for one in verified(case.path).findings if one.startswith("record 4:")]
    assert words in finding
    assert finding.endswith("already so when the case was closed")


def test_an_exhibit_that_is_gone_at_the_close_is_told_by_every_record_of_it(tmp_path: Path) -> None:
    case = begun(tmp_path)
    [exhibit] = [
        entry.record.body["exhibit"]["id"]
        for entry in case.ledger.read(kinds=("exhibit.sealed",))
        if entry.record.body["exhibit"]["confidential"]
    ]
    case.vault.path_of(exhibit).unlink()  # type: ignore[attr-defined]
    close_case(case, at=NOON)
    found = verified(case.path)
    assert (found.exhibits, found.named) == (1, 1)
    told = [one for one in found.findings if "not in the vault" in one]
    assert [one.split(":")[0] for one in told] == ["record 2", "record 3"]


def test_an_exhibit_that_goes_after_the_close_is_missed(closed: Path) -> None:
    next(one for one in (closed / "vault").rglob("*") if one.is_file()).unlink()
    with pytest.raises(EvidenceError, match="missing"):
        verified(closed)


def test_an_edited_exhibit_keeps_a_case_from_closing(tmp_path: Path) -> None:
    case = begun(tmp_path)
    exhibit = next(one for one in (case.path / "vault").rglob("*") if one.is_file())
    kept = exhibit.read_bytes()
    exhibit.write_bytes(b"edited" + kept[6:])
    with pytest.raises(EvidenceError, match="whose name is not its digest"):
        close_case(case, at=NOON)
    assert not (case.path / "manifest.note").exists()
    case.leave()
    exhibit.write_bytes(kept)
    again = open_case(case.path, store=store_of(tmp_path), clock=CLOCK)
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(case.path).named == 2


def test_a_stray_file_in_the_vault_keeps_a_case_from_closing(tmp_path: Path) -> None:
    case = begun(tmp_path)
    (case.path / "vault/00").mkdir(exist_ok=True)
    (case.path / "vault/00/stray").write_text("planted")
    with pytest.raises(EvidenceError, match="vault/00/stray") as caught:
        close_case(case, at=NOON)
    assert "out of the case" in caught.value.hint


def test_a_terabyte_of_nothing_in_the_vault_is_not_digested(tmp_path: Path) -> None:
    case = begun(tmp_path)
    path = case.path / "vault" / "ab" / ("ab" * 32)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InputError, match="larger than the largest allowed exhibit"):
        close_case(case, at=NOON)
    path.unlink()
    close_case(case, at=NOON)
    assert verified(case.path).verdict == "consistent"


def test_a_case_whose_holder_signed_a_terabyte_of_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(tmp_path)
    close_case(case, at=NOON)
    monkeypatch.setattr("cautery.workflows.case.verify.MAX_EXHIBIT_BYTES", 5)
    with pytest.raises(EvidenceError, match="larger than the largest allowed exhibit"):
        verified(case.path)


def test_a_last_record_that_excuses_everything_excuses_nothing_that_was_not_so(
    tmp_path: Path,
) -> None:
    case = begun(tmp_path)
    case.ledger.append("case.closed", {"unproven": [0, 1, 2, "x"]}, at=NOON)
    close_case(case, at=NOON)
    assert not [one for one in verified(case.path).findings if "when the case was closed" in one]


def test_approvers_keys_lie_in_the_closed_case(tmp_path: Path) -> None:
    case = begun(tmp_path)
    close_case(case, at=NOON, public_keys={"approver-1": case.verifier})
    assert (case.path / "keys/approver-1.pub").read_text() == f"{case.verifier}\n"
    assert verified(case.path).files == 6


def test_a_case_that_met_a_full_disk_is_closed_when_there_is_room(tmp_path: Path) -> None:
    case = begun(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        with pytest.raises(StorageError):
            case.ledger.append("x", {"x": "y" * 10_000}, at=NOON)
        with pytest.raises(StorageError):
            close_case(case, at=NOON)
        case.leave()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    again = open_case(case.path, store=store_of(tmp_path), clock=CLOCK)
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(case.path).exhibits == 2


def test_a_case_killed_with_9_is_resumed_closed_and_verified(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from datetime import UTC, datetime\n"
        "from cautery.adapters.case_folder import FolderStore\n"
        "from cautery.adapters.clock import SystemClock\n"
        "from cautery.adapters.keys_file import KeyFolder\n"
        "from cautery.model import to_json\n"
        "from cautery.workflows.case.open import open_case\n"
        "top = pathlib.Path(sys.argv[1])\n"
        "case = open_case(top / 'case', store=FolderStore(KeyFolder(top / 'keys')), clock=SystemClock())\n"
        "for n in range(10**6):\n"
        "    now = case.clock.now()\n"
        "    exhibit = case.vault.seal(b'%d' % n, media_type='text/plain', at=now,"
        " clock=case.clock.offset(), subject='s' if n % 2 else None)\n"
        "    case.ledger.append('exhibit.sealed', {'exhibit': to_json(exhibit)}, at=now)\n"
        "    print(exhibit.id, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait(timeout=30)
    process.stdout.close()
    sealed = {line.strip() for line in lines if line.endswith("\n")}
    case = open_case(tmp_path / "case", store=store_of(tmp_path), clock=CLOCK)
    kept = {one.record.body["exhibit"]["id"] for one in case.ledger.read(kinds=("exhibit.sealed",))}
    close_case(case, at=NOON)
    assert len(sealed) >= 30
    assert sealed <= kept
    assert verified(case.path).named == len(kept)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOWTO.read_text(), re.DOTALL)


@pytest.fixture
def by_hand(closed: Path) -> Callable[[], str]:
    missing = [one for one in ("openssl", "sha256sum", "sqlite3") if shutil.which(one) is None]
    if missing:
        pytest.skip(f"the guide's own commands are not installed: {', '.join(missing)}")

    def run() -> str:
        done = subprocess.run(
            ["sh", "-c", "\n".join(blocks("sh"))],
            cwd=closed,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_the_guide_checks_a_case_by_common_tools(by_hand, closed: Path) -> None:
    before = contents(closed)
    said = by_hand()
    for line in (
        "Signature Verified Successfully",
        "the list is the one that was signed",
        "every listed file is as it was",
        "no file was added",
        "no links, pipes or devices",
        '4|case.closed|{"at":',
    ):
        assert line in said
    assert contents(closed) == before


@pytest.mark.parametrize(
    ("name", "unsaid"),
    [
        ("manifest.note", "Signature Verified Successfully"),
        ("manifest.sha256", "the list is the one that was signed"),
        ("report.html", "every listed file is as it was"),
        ("new", "no file was added"),
    ],
)
def test_the_guide_finds_what_was_changed(by_hand, closed: Path, name: str, unsaid: str) -> None:
    raw = (closed / name).read_bytes() if (closed / name).exists() else b"x"
    (closed / name).write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
    assert unsaid not in by_hand()


def test_the_commands_that_the_report_prints_check_the_signature(
    closed: Path, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    template = files("cautery.pages.case_report").joinpath("report.html.j2").read_text()
    [commands] = [
        html.unescape(block)
        for block in re.findall(r"<pre>(.*?)</pre>", template, re.DOTALL)
        if "pkeyutl" in block
    ]
    run = partial(subprocess.run, capture_output=True, text=True, check=False)
    commands = commands.replace("KEY |", f"{closed / 'keys/case.pub'} |")
    assert "Signature Verified Successfully" in run(["sh", "-c", commands], cwd=closed).stdout
    note = closed / "manifest.note"
    note.write_bytes(note.read_bytes().replace(b"files ", b"files 1"))
    assert "Verified" not in run(["sh", "-c", commands], cwd=closed).stdout


def test_the_guide_recomputes_the_signed_root(closed: Path) -> None:
    script = blocks("python")[0]
    before = contents(closed)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=closed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified(closed).root in done.stdout
    assert contents(closed) == before


def test_the_guides_script_finds_an_edited_record(closed: Path) -> None:
    script = blocks("python")[0]
    with database(closed) as opened:
        opened.execute("UPDATE entries SET leaf = x'7b7d' WHERE idx = 0")
    opened.close()
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=closed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "edited before record 3" in done.stderr


def test_every_failure_is_one_of_ours(closed: Path) -> None:
    import random

    rng = random.Random(7)
    path = closed / "ledger.sqlite"
    whole = path.read_bytes()
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 40)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed)
        sign_again(closed.parent)
        try:
            verified(closed)
        except CauteryError:
            continue


def test_a_record_larger_than_any_is_not_read_into_memory(closed: Path) -> None:
    shutil.copy(closed / "manifest.note", closed.parent / "old.note")
    with database(closed) as opened:
        opened.execute("UPDATE entries SET leaf = zeroblob(60000000) WHERE idx = 1")
    opened.close()
    sign_again(closed.parent)
    with pytest.raises(EvidenceError, match="record 1: larger than a record can be"):
        verified(closed)


def test_the_reserve_is_given_back_for_the_report(tmp_path: Path) -> None:
    case = begun(tmp_path)
    assert (case.path / ".reserve").stat().st_size == 16 << 20
    case.make_room()
    assert not (case.path / ".reserve").exists()
    case.leave()


def test_the_cases_own_key_by_a_hard_link_makes_nothing_authentic(
    closed: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "handed-over.pub"
    os.link(closed / "keys/case.pub", linked)
    found = verified(closed, linked)
    assert (found.authentic, found.statement) == (False, "consistent with the key in the case")


def test_a_case_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        (tmp_path / "case").mkdir(mode=0o755)
        case = begun(tmp_path)
        (case.path / "report.html").unlink()
        open_to_others = [
            f"{one.relative_to(tmp_path)} {one.stat().st_mode & 0o777:03o}"
            for one in (case.path, *case.path.rglob("*"))
            if one.stat().st_mode & 0o077
        ]
        case.leave()
    finally:
        os.umask(before)
    assert open_to_others == []
