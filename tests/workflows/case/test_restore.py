"""A case goes back to an older copy by two approvers, on record, and never by fewer."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError, InputError
from cautery.evidence.leaf import leaf_of
from cautery.evidence.merkle import Frontier, inclusion_proof, leaf_hash
from cautery.evidence.note import open_checkpoint
from cautery.evidence.restoring import require_two_people, restore_text
from cautery.model.ledger import append
from cautery.model.records import CaseRestored, RestoredBy, RootOfRecords
from cautery.workflows.case import verify_records
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.restore import Restored, restore_case
from cautery.workflows.case.verify import Verified, verify_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RETURN_BY_NOBODY = CaseRestored(
    from_=RootOfRecords(size=3, root="00" * 32),
    to=RootOfRecords(size=2, root="00" * 32),
    records=2,
    why="x",
    text="",
    by=(),
    named=False,
)
ANNA, BEN, EVE = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))


def store_of(folder: Path) -> FolderStore:
    return FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)


def opened(folder: Path) -> Case:
    return open_case(folder / "case", store=store_of(folder), clock=FixedClock(NOON))


def approver(name: str, key: Ed25519PrivateKey) -> dict[str, str]:
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return {"name": name, "role": "legal", "public_key": public}


def write(case: Case, numbers: range) -> None:
    for number in numbers:
        case.ledger.append("verdict", {"number": number}, at=NOON)
        if number % 4 == 3:
            case.ledger.checkpoint(case.signer, at=NOON)


def lost(
    folder: Path,
    approvers: list[dict[str, str]],
    *,
    kind: str = "case.opened",
    body: dict[str, object] | None = None,
) -> None:
    """Make a case of 21 records of which a copy of 11 is left, 9 of them signed."""
    case = opened(folder)
    if body is None:
        body = {"mandate": {"approvers": approvers}}
    case.ledger.append(kind, body, at=NOON)
    write(case, range(10))
    shutil.copytree(case.path, folder / "backup", ignore=shutil.ignore_patterns("ledger*"))
    with (
        closing(sqlite3.connect(case.path / "ledger.sqlite")) as here,
        closing(sqlite3.connect(folder / "backup/ledger.sqlite")) as copy,
    ):
        here.backup(copy)
    write(case, range(10, 20))
    case.leave()
    shutil.rmtree(case.path)
    shutil.copytree(folder / "backup", case.path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lost(tmp_path, [approver("A. Legal", ANNA), approver("B. Duty", BEN)])
    return tmp_path


def restored(
    folder: Path,
    *people: tuple[str, Ed25519PrivateKey],
    why: str = "the disk broke",
) -> Restored:
    return restore_case(
        folder / "case", store=store_of(folder), clock=FixedClock(NOON), why=why, people=people
    )


def closed(folder: Path) -> Verified:
    close_case(opened(folder), at=NOON)
    return verify_case(folder / "case", store=FolderStore())


def test_an_older_copy_opens_after_two_approvers_took_it_back(folder: Path) -> None:
    with pytest.raises(EvidenceError, match="older copy"):
        opened(folder)
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    assert case.ledger.size() == 12
    case.leave()


def test_verifying_says_from_where_to_where_by_whom_and_why(folder: Path) -> None:
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN), why="the disk  broke")
    assert closed(folder).restored == (
        (
            "record 11: from 21 signed records to 9 and 2 that no signed root covered (2 verdict),"
            " by A. Legal and B. Duty, its approvers: the disk broke"
        ),
    )


@pytest.mark.parametrize(
    "people",
    [
        (),
        (("A. Legal", ANNA),),
        (("A. Legal", ANNA), ("A. Legal", ANNA)),
        (("A. Legal", ANNA), ("a.  legal", BEN)),
        (("A. Legal", ANNA), ("B. Duty", ANNA)),
        (("A. Legal", ANNA), ("B. Duty", EVE)),
        (("A. Legal", BEN), ("B. Duty", ANNA)),
        (("A. Legal", ANNA), ("Eve", EVE)),
    ],
    ids=[
        "nobody",
        "one",
        "one twice",
        "one under two spellings",
        "one key twice",
        "a name with another key",
        "names swapped",
        "a stranger",
    ],
)
def test_others_cannot_take_it_back(
    folder: Path, people: tuple[tuple[str, Ed25519PrivateKey], ...]
) -> None:
    with pytest.raises(EvidenceError):
        restored(folder, *people)
    with pytest.raises(EvidenceError, match="older copy"):
        opened(folder)


def test_the_signer_itself_refuses_what_the_workflow_would_not_ask(folder: Path) -> None:
    store = store_of(folder)
    keys = store.keys(folder / "case")
    ledger = store.ledger(folder / "case", read_only=True)
    leaves = [leaf for _, _, leaf in ledger.leaves()]
    note = list(ledger.checkpoints())[-1]
    ledger.close()
    last = keys.signer.last()
    assert last is not None
    target = open_checkpoint(note, keys.verifier)
    forged = leaves[0].replace(b"A. Legal", b"E. Legal")
    text = restore_text(
        keys.case, last=(last.size, last.root), to=(target.size, target.root), at="2026Z", why="x"
    )
    people = [
        RestoredBy(
            name=name,
            key=key.public_key().public_bytes_raw().hex(),
            signature=key.sign(text.encode()).hex(),
        )
        for name, key in (("E. Legal", ANNA), ("B. Duty", BEN))
    ]
    proof = inclusion_proof([leaf_hash(one) for one in leaves[: target.size]], 0)
    with pytest.raises(EvidenceError):
        keys.signer.go_back(text, signatures=people, checkpoint=note, opened=forged, proof=proof)
    with pytest.raises(EvidenceError, match="not an approver"):
        keys.signer.go_back(text, signatures=people, checkpoint=note, opened=leaves[0], proof=proof)
    with pytest.raises(EvidenceError, match="this checkpoint was not signed"):
        keys.signer.go_back(
            text,
            signatures=people,
            checkpoint=note.replace("\n9\n", "\n8\n"),
            opened=leaves[0],
            proof=proof,
        )


def test_a_case_that_holds_what_was_signed_last_has_no_way_back(tmp_path: Path) -> None:
    case = opened(tmp_path)
    write(case, range(10))
    case.leave()
    with pytest.raises(InputError, match="there is nothing to restore"):
        restored(tmp_path, ("A. Legal", ANNA), ("B. Duty", BEN))


def test_an_older_copy_of_a_closed_case_is_not_taken_back(tmp_path: Path) -> None:
    lost(tmp_path, [approver("A. Legal", ANNA), approver("B. Duty", BEN)])
    backup = tmp_path / "backup"
    restored(tmp_path, ("A. Legal", ANNA), ("B. Duty", BEN))
    closed(tmp_path)
    shutil.rmtree(tmp_path / "case")
    shutil.copytree(backup, tmp_path / "case")
    with pytest.raises(EvidenceError, match="was closed at"):
        restored(tmp_path, ("A. Legal", ANNA), ("B. Duty", BEN))
    with pytest.raises(EvidenceError, match="was closed at"):
        opened(tmp_path)


def test_an_edited_copy_is_not_taken_back(folder: Path) -> None:
    database = sqlite3.connect(folder / "case/ledger.sqlite", isolation_level=None)
    database.execute(
        "UPDATE entries SET leaf = CAST(replace(leaf, '\"number\":2', '\"number\":7') AS BLOB) WHERE idx = 3"
    )
    database.close()
    with pytest.raises(EvidenceError, match="does not agree"):
        restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))


def test_a_copy_without_any_checkpoint_proves_nothing(folder: Path) -> None:
    database = sqlite3.connect(folder / "case/ledger.sqlite", isolation_level=None)
    database.execute("DELETE FROM checkpoints")
    database.close()
    with pytest.raises(EvidenceError, match="no checkpoint was ever signed"):
        restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))


@pytest.mark.parametrize("why", ["", "  ", "x" * 501])
def test_a_return_without_a_reason_is_refused(folder: Path, why: str) -> None:
    with pytest.raises(InputError):
        restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN), why=why)


def test_of_a_case_without_approvers_it_is_said_that_it_names_nobody(tmp_path: Path) -> None:
    lost(tmp_path, [])
    restored(tmp_path, ("Anna", ANNA), ("Eve", EVE))
    [said] = closed(tmp_path).restored
    assert "by Anna and Eve, who are not approvers named in the case" in said


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("verdict", {}),
        ("case.opened", {"mandate": "x"}),
        (
            "case.opened",
            {"mandate": {"approvers": [approver("Anna", ANNA), approver("Anna", BEN)]}},
        ),
        (
            "case.opened",
            {"mandate": {"approvers": [approver("Anna", ANNA) | {"public_key": "PEM # anna"}]}},
        ),
    ],
    ids=["does not open a case", "no mandate", "two of one name", "an odd key"],
)
def test_where_the_first_record_does_not_say_who_may_nobody_takes_it_back(
    tmp_path: Path, kind: str, body: dict[str, object]
) -> None:
    lost(tmp_path, [], kind=kind, body=body)
    with pytest.raises(EvidenceError, match="approvers cannot be read from the first record"):
        restored(tmp_path, ("Anna", ANNA), ("Eve", EVE))
    with pytest.raises(EvidenceError, match="older copy"):
        opened(tmp_path)


def test_of_an_operations_case_too(tmp_path: Path) -> None:
    lost(tmp_path, [], kind="operation.opened", body={})
    restored(tmp_path, ("Anna", ANNA), ("Eve", EVE))
    [said] = closed(tmp_path).restored
    assert "by Anna and Eve, who are not approvers named in the case" in said


def test_a_record_that_claims_a_return_is_checked(tmp_path: Path) -> None:
    case = opened(tmp_path)
    case.ledger.append(
        "case.restored", {"by": [], "text": "", "from": {}, "to": {}, "why": "x"}, at=NOON
    )
    append(case.ledger, RETURN_BY_NOBODY, at=NOON)
    case.leave()
    for number, restored_by in enumerate(closed(tmp_path).restored):
        assert f"record {number}: not proven to be signed by two people" in restored_by


def test_records_that_no_root_covered_are_on_record_and_verifying_says_so(folder: Path) -> None:
    """Whoever held the copy appended to it before it was taken back."""
    with closing(sqlite3.connect(folder / "case/ledger.sqlite")) as copy:
        leaves = [(11 + n, f"kind-{n}", leaf_of(f"kind-{n}", {}, NOON)) for n in range(30)]
        copy.executemany("INSERT INTO entries VALUES (?, ?, ?)", leaves)
        copy.commit()
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    [entry] = case.ledger.read(kinds=("case.restored",))
    assert entry.record.body["unsigned"] == {"verdict": 2} | {f"kind-{n}": 1 for n in range(30)}
    case.leave()
    [said] = closed(folder).restored
    assert "to 9 and 32 that no signed root covered (2 verdict, 1 kind-0, 1 kind-1, " in said
    assert ", 1 kind-18, and 11 more kinds), by A. Legal and B. Duty" in said


def test_only_what_two_people_signed_is_said_of_a_return(folder: Path, tmp_path: Path) -> None:
    """The insider writes other words around a text that was signed, here and in another case."""
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    [entry] = case.ledger.read(kinds=("case.restored",))
    forged = dict(entry.record.body) | {
        "from": {"size": 9999, "root": "00" * 32},
        "to": {"size": 3, "root": "00" * 32},
        "why": "the evidence for the defence is gone",
    }
    case.ledger.append("case.restored", forged, at=NOON)
    case.leave()
    genuine, again = closed(folder).restored
    assert genuine.startswith("record 11: from 21 signed records to 9 and 2 that no signed root ")
    assert again == "record 12: repeated: an earlier record has the same signed text"

    other = opened(tmp_path / "other")
    mandate = {"approvers": [approver("A. Legal", ANNA), approver("B. Duty", BEN)]}
    other.ledger.append("case.opened", {"mandate": mandate, "key": str(other.verifier)}, at=NOON)
    other.ledger.append("case.restored", forged, at=NOON)
    other.leave()
    [said] = closed(tmp_path / "other").restored
    assert said.startswith(
        "record 1: not proven to be signed by two people (the text restores case "
    )


def signed_return(case: Case, *, to: tuple[int, bytes], why: str = "x") -> dict[str, object]:
    """Return the body of a return that both approvers have signed."""
    last = (99, bytes(32))
    text = restore_text(case.id, last=last, to=to, at="2026-11-24T12:00:00.000000Z", why=why)
    roots = [{"size": size, "root": root.hex()} for size, root in (last, to)]
    people = [
        {
            "name": name,
            "key": key.public_key().public_bytes_raw().hex(),
            "signature": key.sign(text.encode()).hex(),
        }
        for name, key in (("A. Legal", ANNA), ("B. Duty", BEN))
    ]
    body = {"from": roots[0], "to": roots[1], "records": 9, "why": why, "text": text}
    return body | {"by": people, "named": True}


def root_of(case: Case, size: int) -> bytes:
    frontier = Frontier()
    for _, _, leaf in [*case.ledger.leaves()][:size]:
        frontier = frontier.append(leaf_hash(leaf))
    return frontier.root()


def test_a_return_to_a_root_that_these_records_do_not_have_is_not_believed(folder: Path) -> None:
    """The approvers signed it for another copy; the insider appends it here."""
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    for to in ((9, bytes(32)), (5000, bytes(32)), (0, bytes(32))):
        case.ledger.append("case.restored", signed_return(case, to=to), at=NOON)
    case.leave()
    _, *forged = closed(folder).restored
    assert [said.partition(": ")[2] for said in forged] == [
        f"not a restoration of these records: they do not begin with the {size} records that its "
        "text names"
        for size in (9, 5000, 0)
    ]


def test_of_thousands_of_returns_few_signatures_are_checked_and_few_lines_are_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The insider appends what costs most, and the genuine return is said all the same."""
    monkeypatch.setattr(verify_records, "MOST_JUDGED", 12)
    monkeypatch.setattr(verify_records, "MOST_LINES", 8)
    checked: list[str] = []

    def counted(text: str, *arguments: Any, **options: Any) -> bool:
        checked.append(text)
        return require_two_people(text, *arguments, **options)

    monkeypatch.setattr(verify_records, "require_two_people", counted)
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    for number in range(20):
        other = signed_return(case, to=(9, bytes(32)), why=f"another copy {number}")
        case.ledger.append("case.restored", other, at=NOON)
    newest = case.ledger.size()
    root = root_of(case, newest)
    for number in range(20):
        body = signed_return(case, to=(newest, root), why=f"forged {number}")
        forged = body | {"by": [one | {"signature": "00" * 64} for one in body["by"]]}
        case.ledger.append("case.restored", forged, at=NOON)
    case.leave()
    said = closed(folder).restored
    assert len(set(checked)) == 12
    assert said[0].startswith("record 11: from 21 signed records to 9 and ")
    assert said[-1] == "and 32 more of this sort"
    assert len(said) == 1 + 8 + 1


def test_a_return_to_a_root_after_which_more_was_signed_is_not_believed(folder: Path) -> None:
    """The approvers signed it for a copy that was then given up for this one."""
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    case = opened(folder)
    body = signed_return(case, to=(9, root_of(case, 9)))
    case.ledger.append("case.restored", body, at=NOON)
    case.leave()
    _, again = closed(folder).restored
    assert again == (
        "record 12: not a restoration of these records: it goes back to 9 records, but 12 were "
        "signed before it"
    )


def test_a_return_is_believed_although_a_stranger_removed_its_checkpoint(folder: Path) -> None:
    restored(folder, ("A. Legal", ANNA), ("B. Duty", BEN))
    with closing(sqlite3.connect(folder / "case/ledger.sqlite")) as database:
        database.execute("DELETE FROM checkpoints WHERE size = 9")
        database.commit()
    [said] = closed(folder).restored
    assert said.startswith("record 11: from 21 signed records to 9 and ")
