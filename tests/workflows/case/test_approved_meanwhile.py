"""What ends a referral while somebody signs it stops the signature."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import HOST, PEOPLE, Work, key_of

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.person_keys import load_approver
from cautery.errors import ApprovalError
from cautery.model import Reason
from cautery.model.ledger import append, contents
from cautery.model.message import as_written
from cautery.model.records import ApprovalGiven, EntryWithdrawn
from cautery.workflows.case import referral as approving
from cautery.workflows.case.referral import approve_referral, filed_referral, sign


def test_a_withdrawal_at_the_moment_of_the_signature_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    work = Work(tmp_path, now)
    drafted = work.plain_referral()
    ledger = FolderStore().ledger(work.path, read_only=False)
    seen = ledger.size() - 1

    def signs(*arguments: Any, **more: Any) -> object:
        monkeypatch.setattr(approving, "sign", sign)
        append(
            ledger,
            EntryWithdrawn(
                at=now,
                referral=drafted.id,
                target=HOST,
                reasons=(Reason(code="x", text=as_written("it is shared now")),),
                published=(),
            ),
            at=now,
        )
        return sign(*arguments, **more)

    monkeypatch.setattr(approving, "sign", signs)
    with pytest.raises(ApprovalError, match=r"entry\.withdrawn"):
        approve_referral(
            ledger,
            drafted.id,
            shown=filed_referral(ledger, drafted.id).digest,
            name=PEOPLE[0],
            key=load_approver(key_of(tmp_path, PEOPLE[0])),
            now=now,
            seen=seen,
        )
    assert list(contents(ledger, ApprovalGiven)) == []
    ledger.close()
