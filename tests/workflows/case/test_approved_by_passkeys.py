"""A case whose approvers sign by passkeys: what is recorded, what `verify` says of it, offline."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lists import MANDATE, NOW, ORDER, READ, entry, referral
from tests.passkeys import PRESENT, SYNCABLE, VERIFIED, Device

from cautery.act import approve, list_subject
from cautery.act.signatures import PasskeyAnswer, statement_of, to_sign
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import ApprovalError, EvidenceError
from cautery.model import Approver, Reason
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.model.records import ApprovalGiven, CaseOpened, EntryWithdrawn
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import approve_referral, filed_referral
from cautery.workflows.case.verify import verify_case

SUBJECT, OTHER = referral(entry("a.example")), referral(entry("b.example"))
DIGEST = list_subject(SUBJECT, ORDER)
DEVICES = {"A": Device.of(1), "B": Device.of(2)}
APPROVERS = tuple(
    Approver(name=name, role="legal", public_key=device.text) for name, device in DEVICES.items()
)


@pytest.fixture
def case(tmp_path: Path) -> Any:
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    opened = open_case(tmp_path / "case", store=store, clock=FixedClock(NOW))
    mandate = replace(MANDATE, approvers=APPROVERS)
    begun = CaseOpened(mandate=mandate, version="", lab=False, key=opened.signer.key)
    append(opened.ledger, begun, at=NOW)
    for drafted in (SUBJECT, OTHER):
        append(opened.ledger, drafted, at=NOW)
    yield opened
    opened.ledger.close()
    store.release(opened.path)


def answer(
    case: Case, name: str, subject: Any = DIGEST, at: Any = NOW, **how: Any
) -> PasskeyAnswer:
    """Return what a person's passkey answers that is asked to sign an act of the case."""
    opening = opening_of(case.ledger)
    approver = next(one for one in opening.mandate.approvers if one.name == name)
    asked = to_sign(subject, approver=approver, at=at, signed_for=opening.signed_for)
    return PasskeyAnswer(DEVICES[name].signature(statement_of(asked), **how), at)


def sign(
    case: Case, name: str, key: PasskeyAnswer, *, now: Any = NOW, seen: int | None = None
) -> Any:
    return approve_referral(
        case.ledger, SUBJECT.id, shown=DIGEST, name=name, key=key, now=now, seen=seen
    )


def test_two_passkeys_approve_and_the_closed_case_is_checked_offline(case: Case) -> None:
    for name in DEVICES:
        sign(case, name, answer(case, name))
    filed = filed_referral(case.ledger, SUBJECT.id)
    opening = opening_of(case.ledger)
    approved = approve(
        filed.referral,
        filed.approvals,
        mandate=opening.mandate,
        signed_for=opening.signed_for,
        now=NOW,
        confirmed=READ,
    )
    assert [each.approver for each in approved.approvals] == ["A", "B"]
    close_case(case, at=NOW)
    assert verify_case(case.path, store=FolderStore()).notes == ()


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"subject": list_subject(OTHER, ORDER)}, "another text"),
        ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
        ({"origin": "https://evil.example"}, "another site"),
    ],
)
def test_what_does_not_sign_this_act_is_not_recorded(
    case: Case, how: dict[str, Any], match: str
) -> None:
    size = case.ledger.size()
    with pytest.raises(ApprovalError, match=match):
        sign(case, "A", answer(case, "A", **how))
    assert case.ledger.size() == size


def test_an_answer_that_took_too_long_is_not_recorded(case: Case) -> None:
    kept = answer(case, "A")
    with pytest.raises(ApprovalError, match="took too long"):
        sign(case, "A", kept, now=NOW + timedelta(minutes=6))
    with pytest.raises(ApprovalError, match="took too long"):
        sign(case, "A", answer(case, "A", at=NOW + timedelta(hours=1)))


def test_one_answer_sent_twice_approves_once(case: Case) -> None:
    kept = answer(case, "A")
    sign(case, "A", kept)
    with pytest.raises(ApprovalError, match="already signed"):
        sign(case, "A", kept)
    assert len(filed_referral(case.ledger, SUBJECT.id).approvals) == 1


def test_who_signs_after_the_other_does_so_and_after_a_withdrawal_is_told(case: Case) -> None:
    seen = case.ledger.size() - 1
    sign(case, "A", answer(case, "A"), seen=seen)
    sign(case, "B", answer(case, "B"), seen=seen)  # that A signed changes nothing for B
    withdrawn = EntryWithdrawn(
        at=NOW,
        referral=SUBJECT.id,
        target="a.example",
        reasons=(Reason(code="x", text=as_written("x")),),
        published=(),
    )
    append(case.ledger, withdrawn, at=NOW)
    later = NOW + timedelta(hours=25)  # yesterday's signatures have aged: both may sign again
    with pytest.raises(ApprovalError, match="has gone on since you saw it"):
        sign(case, "A", answer(case, "A", at=later), now=later, seen=seen)


def test_an_approval_that_anybody_appended_is_named_and_counts_for_nothing(case: Case) -> None:
    good = sign(case, "A", answer(case, "A"))
    kept = answer(case, "B", subject=list_subject(OTHER, ORDER))  # for the other act, replayed
    for forged in (
        replace(good, approver="B"),
        replace(good, approver="B", signature=kept.signature),
        replace(good, at=NOW + timedelta(seconds=1)),
    ):
        append(case.ledger, ApprovalGiven.of(SUBJECT.id, forged), at=NOW)
    assert [one.approver for one in filed_referral(case.ledger, SUBJECT.id).approvals] == ["A"]
    close_case(case, at=NOW)
    notes = verify_case(case.path, store=FolderStore()).notes
    assert len(notes) == 3
    assert all("does not hold and counts for nothing" in note for note in notes)
    assert "B's signature does not verify: the passkey signed another text" in notes[0]


def test_a_tampered_approval_breaks_the_case(case: Case) -> None:
    good = sign(case, "A", answer(case, "A"))
    close_case(case, at=NOW)
    path = case.path / "ledger.sqlite"
    raw = path.read_bytes()
    signature = good.signature.rsplit(" ", 1)[1].encode()
    assert signature in raw
    path.chmod(0o600)
    path.write_bytes(
        raw.replace(signature, base64.b64encode(b"x" * len(base64.b64decode(signature))))
    )
    with pytest.raises(EvidenceError, match="changed: its digest differs"):
        verify_case(case.path, store=FolderStore())
