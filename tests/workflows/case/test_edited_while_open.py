"""An open case is edited by somebody who has the folder, and not its keys."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError
from cautery.evidence.leaf import leaf_of
from cautery.model import digest_of
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import verify_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def opened(folder: Path) -> Case:
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)
    return open_case(folder / "case", store=store, clock=FixedClock(NOON))


def begun(folder: Path, name: str = "verdict") -> Path:
    """Leave an open case of 20 records with three checkpoints, as a kill leaves it."""
    case = opened(folder)
    for number in range(20):
        case.ledger.append(name, {"number": number}, at=NOON)
        if number in {5, 11, 19}:
            case.ledger.checkpoint(case.signer, at=NOON)
    case.ledger.close()
    case.store.release(case.path)
    return case.path


def database(case: Path) -> sqlite3.Connection:
    return sqlite3.connect(case / "ledger.sqlite", isolation_level=None)


def edit(case: Path) -> None:
    leaf = leaf_of("verdict", {"number": 777}, NOON)
    database(case).execute("UPDATE entries SET leaf = ? WHERE idx = 8", (leaf,))


def edit_and_forget(case: Path) -> None:
    """Edit a record and delete the checkpoints that covered it."""
    edit(case)
    database(case).execute("DELETE FROM checkpoints")


def cut(case: Path) -> None:
    """Leave what the first checkpoint covers: as valid as an old backup."""
    database(case).execute("DELETE FROM entries WHERE idx >= 6")
    database(case).execute("DELETE FROM checkpoints WHERE size > 6")


def cut_and_refill(case: Path) -> None:
    cut(case)
    for number in range(6, 20):
        leaf = leaf_of("verdict", {"number": -number}, NOON)
        database(case).execute("INSERT INTO entries VALUES (?, 'verdict', ?)", (number, leaf))


def empty(case: Path) -> None:
    database(case).execute("DELETE FROM entries")
    database(case).execute("DELETE FROM checkpoints")


def remove_the_ledger(case: Path) -> None:
    (case / "ledger.sqlite").unlink()


def hide(case: Path) -> None:
    """File a record under another kind, so that who asks for its kind does not see it."""
    database(case).execute("UPDATE entries SET kind = 'note' WHERE idx = 8")


def file_under_bytes(case: Path) -> None:
    """File a record under a kind that is no text: SQLite keeps it, and no text equals it."""
    database(case).execute("UPDATE entries SET kind = CAST(kind AS BLOB) WHERE idx = 8")


def add_the_last_possible(case: Path) -> None:
    """Add a row with the highest number there is, so that none can follow."""
    database(case).execute("INSERT INTO entries VALUES (9223372036854775807, 'verdict', x'7b7d')")


def take_another(case: Path) -> None:
    """Put another case's ledger, valid under its own key, in this one's place."""
    other = begun(case.parent / "other", "note")
    shutil.copy(other / "ledger.sqlite", case / "ledger.sqlite")


def take_out_one(case: Path) -> None:
    database(case).execute("DELETE FROM entries WHERE idx = 8")


def put_one_before_the_first(case: Path) -> None:
    leaf = leaf_of("approval.given", {"referral": "R-1"}, NOON)
    database(case).execute("INSERT INTO entries VALUES (-1, 'approval.given', ?)", (leaf,))


def stop_checkpoints_from_being_kept(case: Path) -> None:
    """File one under a size that no later one reaches: none is kept any more."""
    database(case).execute("UPDATE checkpoints SET size = 1000000 WHERE size = 6")


ATTACKS = [
    edit, edit_and_forget, cut, cut_and_refill, empty, remove_the_ledger, hide, take_another,
    take_out_one, file_under_bytes,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_edited_case_is_not_gone_on_with(tmp_path: Path, attack: Callable[[Path], None]) -> None:
    attack(begun(tmp_path))
    with pytest.raises(EvidenceError) as caught:
        opened(tmp_path).leave()
    assert "restore" in caught.value.hint or "checkpoint" in str(caught.value)


@pytest.mark.parametrize(
    "attack",
    [
        edit, edit_and_forget, cut, cut_and_refill, empty, hide, put_one_before_the_first,
        stop_checkpoints_from_being_kept,
    ],
)  # fmt: skip
def test_a_case_that_is_edited_under_its_writer_is_not_closed(
    tmp_path: Path, attack: Callable[[Path], None]
) -> None:
    begun(tmp_path)
    case = opened(tmp_path)
    attack(case.path)
    with pytest.raises(EvidenceError):
        close_case(case, at=NOON)
    assert not (case.path / "manifest.note").exists()
    case.ledger.close()
    case.store.release(case.path)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (put_one_before_the_first, "record -1 stands before the first"),
        (stop_checkpoints_from_being_kept, "filed under 1000000 records, but it signs 6"),
    ],
)
def test_what_would_be_passed_over_is_named(
    tmp_path: Path, attack: Callable[[Path], None], words: str
) -> None:
    attack(begun(tmp_path))
    with pytest.raises(EvidenceError, match=words):
        opened(tmp_path)


def test_an_edited_case_is_still_there_byte_for_byte(tmp_path: Path) -> None:
    path = begun(tmp_path)
    edit_and_forget(path)
    before = database(path).execute("SELECT * FROM entries").fetchall()
    with pytest.raises(EvidenceError):
        opened(tmp_path)
    assert database(path).execute("SELECT * FROM entries").fetchall() == before


def test_what_differs_is_said(tmp_path: Path) -> None:
    edit_and_forget(begun(tmp_path))
    with pytest.raises(
        EvidenceError, match="its first 20 records differ from those that were signed"
    ):
        opened(tmp_path)


def test_how_far_the_records_hold_is_said(tmp_path: Path) -> None:
    path = begun(tmp_path)
    database(path).execute("UPDATE entries SET leaf = x'00' WHERE idx = 15")
    database(path).execute("DELETE FROM checkpoints WHERE size = 20")
    leaf = leaf_of("verdict", {"number": 777}, NOON)
    database(path).execute("UPDATE entries SET leaf = ? WHERE idx = 15", (leaf,))
    with pytest.raises(EvidenceError, match="they agree up to record 12"):
        opened(tmp_path)


def test_an_older_copy_is_said_to_be_one(tmp_path: Path) -> None:
    cut(begun(tmp_path))
    with pytest.raises(EvidenceError, match=r"6 records, but 20 were signed .* an older copy"):
        opened(tmp_path)


def test_checkpoints_that_are_gone_are_on_record(tmp_path: Path) -> None:
    path = begun(tmp_path)
    database(path).execute("DELETE FROM checkpoints")
    case = opened(tmp_path)
    [entry] = case.ledger.read(kinds=("case.reopened",))
    assert (entry.record.body["checkpoint"], entry.record.body["unsigned"]) == (None, {})
    close_case(case, at=NOON)
    assert verify_case(path, store=FolderStore()).records == 22


def test_what_somebody_appended_meanwhile_is_on_record(tmp_path: Path) -> None:
    path = begun(tmp_path)
    leaf = leaf_of("approval.given", {"referral": "R-1"}, NOON)
    database(path).execute("INSERT INTO entries VALUES (20, 'approval.given', ?)", (leaf,))
    case = opened(tmp_path)
    [entry] = case.ledger.read(kinds=("case.reopened",))
    assert entry.record.body["unsigned"] == {"approval.given": 1}
    case.leave()


def test_a_case_that_was_left_in_order_is_reopened_without_a_word(tmp_path: Path) -> None:
    begun(tmp_path)
    case = opened(tmp_path)
    case.ledger.append("verdict", {"number": 20}, at=NOON)
    case.leave()
    again = opened(tmp_path)
    assert not list(again.ledger.read(kinds=("case.reopened",)))
    again.leave()


def test_beside_a_writer_unsigned_records_are_as_they_should_be(tmp_path: Path) -> None:
    begun(tmp_path)
    watching = opened(tmp_path)
    watching.ledger.append("verdict", {"number": 20}, at=NOON)
    beside = opened(tmp_path)
    assert not list(beside.ledger.read(kinds=("case.reopened",)))
    beside.leave()
    watching.leave()


def test_the_last_root_lies_with_the_keys_for_their_owner_only(tmp_path: Path) -> None:
    path = begun(tmp_path)
    [file] = (tmp_path / "keys").glob("case-*.last")
    assert file.read_text().startswith("20 ")
    assert file.stat().st_mode & 0o077 == 0
    assert not list(path.rglob("*.last"))


def test_a_last_root_that_cannot_be_read_is_no_licence(tmp_path: Path) -> None:
    begun(tmp_path)
    [file] = (tmp_path / "keys").glob("case-*.last")
    file.write_text("junk")
    with pytest.raises(EvidenceError, match="not hold the last signed root"):
        opened(tmp_path)


NO_RECORDS = {
    "not valid JSON": b'garbage,"kind":"approval.given"}',
    "filed as another kind": leaf_of("verdict", {}, NOON),
    "a space": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a": 1},"kind":"approval.given"}',
    "deep": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":%s%s},"kind":"approval.given"}'
    % (b"[" * 5000, b"]" * 5000),
    "infinite": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":1e400},"kind":"approval.given"}',
    "not UTF-8": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":"\xff"},"kind":"approval.given"}',
    "half a character": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":"\\ud800"},'
    b'"kind":"approval.given"}',
    "a member twice": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":1,"a":1},'
    b'"kind":"approval.given"}',
    "5000 digits": b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":%s},"kind":"approval.given"}'
    % (b"9" * 5000),
    "invalid time": b'{"at":"x","body":{},"kind":"approval.given"}',
}


def put(case: Path, leaf: bytes) -> int:
    (index,) = database(case).execute("SELECT MAX(idx) + 1 FROM entries").fetchone()
    database(case).execute("INSERT INTO entries VALUES (?, 'approval.given', ?)", (index, leaf))
    return int(index)


@pytest.mark.parametrize("leaf", NO_RECORDS.values(), ids=NO_RECORDS)
def test_a_row_that_is_no_record_is_never_signed_and_stops_nothing(
    tmp_path: Path, leaf: bytes
) -> None:
    path = begun(tmp_path)
    put(path, leaf)
    case = opened(tmp_path)
    put(path, leaf)  # one more, while the case is open
    assert not list(case.ledger.read(kinds=("approval.given",)))
    case.ledger.append("verdict", {"number": 20}, at=NOON)
    put(path, leaf)
    case.ledger.checkpoint(case.signer, at=NOON)
    replaced = [entry.record.body for entry in case.ledger.read(kinds=("row.replaced",))]
    assert [one["row"] for one in replaced] == [20, 22, 24]
    assert {one["sha256"] for one in replaced} == {digest_of(leaf)}
    assert {one["filed_as"] for one in replaced} == {"approval.given"}
    put(path, leaf)
    close_case(case, at=NOON)
    found = verify_case(path, store=FolderStore())
    assert found.records == 27
    assert len([one for one in found.findings if "put an invalid row" in one]) == 4


def test_a_row_after_which_none_can_follow_is_said_to_be_no_ledger_s(tmp_path: Path) -> None:
    add_the_last_possible(begun(tmp_path))
    with pytest.raises(EvidenceError, match="too large"):
        opened(tmp_path)


def test_a_signed_row_that_is_edited_to_no_record_is_not_replaced(tmp_path: Path) -> None:
    path = begun(tmp_path)
    database(path).execute("UPDATE entries SET leaf = x'00' WHERE idx = 8")
    with pytest.raises(EvidenceError, match="does not agree"):
        opened(tmp_path)
    assert database(path).execute("SELECT leaf FROM entries WHERE idx = 8").fetchone() == (b"\0",)


@pytest.mark.parametrize("change", [edit, hide, take_out_one])
def test_what_is_changed_after_the_roots_were_compared_is_not_read(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """Else what a person sends would be judged by records that nobody signed for."""
    case = opened(begun(tmp_path).parent)
    assert len(list(case.ledger.read(kinds=("verdict",)))) == 20
    change(case.path)
    for kinds in (("verdict",), ()):
        with pytest.raises(EvidenceError, match="record 8"):
            list(case.ledger.read(kinds=kinds))
    case.ledger.close()
    case.store.release(case.path)


def test_what_no_root_covers_may_still_come_and_go(tmp_path: Path) -> None:
    path = begun(tmp_path)
    leaf = leaf_of("verdict", {"number": 20}, NOON)
    case = opened(tmp_path)
    size = case.ledger.size()
    database(path).execute("INSERT INTO entries VALUES (?, 'verdict', ?)", (size, leaf))
    assert len(list(case.ledger.read(kinds=("verdict",)))) == 21
    database(path).execute("DELETE FROM entries WHERE idx = ?", (size,))
    assert len(list(case.ledger.read(kinds=("verdict",), since=5))) == 15
    case.ledger.close()
    case.store.release(case.path)
