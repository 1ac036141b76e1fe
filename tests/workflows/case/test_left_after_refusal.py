"""A case says of itself when something left it that an approver had refused before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.workflows.case.test_close_and_verify import NOON, begun, verified

from cautery.model import digest_of
from cautery.model.ledger import append
from cautery.model.records import (
    ActRefused,
    ListSent,
    NoticeSending,
    NoticeUnsent,
    ReferralPublished,
)
from cautery.model.records.acting import Effect
from cautery.model.records.noticing import SendMeans
from cautery.workflows.case.close import close_case

DIGEST = digest_of(b"x")
PUBLISHED = ReferralPublished(referral="R-1", intermediary="Example ISP", at=NOON)
LISTED = ListSent(
    intermediary="Example ISP",
    list="L",
    version=2,
    digest=DIGEST,
    referrals=("R-0", "R-1"),
    withdrawn=(),
    exhibit=DIGEST,
    effect=Effect.APPLIED,
    applied_at=None,
    reason=None,
    refused=(),
    at=NOON,
)
SENDING = NoticeSending(
    notice="N-1",
    means=SendMeans.MAIL,
    to="abuse@host.example",
    message_id="<1@x>",
    by="A. Legal",
    exhibit=DIGEST,
    reminder=False,
    at=NOON,
)


def refused(act: str) -> ActRefused:
    return ActRefused(id=act, subject=DIGEST, by="B. Boss", why="too wide", at=NOON)


def findings(folder: Path, records: Sequence[object]) -> list[str]:
    case = begun(folder)
    for second, record in enumerate(records):
        append(case.ledger, record, at=NOON + timedelta(seconds=second))
    close_case(case, at=NOON + timedelta(minutes=1))
    return [finding for finding in verified(folder / "case").findings if "refused" in finding]


@pytest.mark.parametrize(
    ("act", "leaving", "how"),
    [
        ("R-1", PUBLISHED, "R-1 was published to Example ISP"),
        ("R-1", LISTED, "R-1 was on a list sent to Example ISP"),
        ("N-1", SENDING, "N-1 was sent to abuse@host.example"),
    ],
)
def test_verify_names_what_left_after_it_was_refused(
    tmp_path: Path, act: str, leaving: object, how: str
) -> None:
    [finding] = findings(tmp_path, [refused(act), leaving, leaving])
    assert finding == f"record 5: {how}, although record 4 says that B. Boss had refused it before"


def test_a_refusal_of_what_has_left_says_nothing_of_it(tmp_path: Path) -> None:
    assert findings(tmp_path, [PUBLISHED, SENDING, refused("R-1"), refused("N-1"), LISTED]) == []


def test_what_was_about_to_leave_and_did_not_has_not_left(tmp_path: Path) -> None:
    unsent = NoticeUnsent(notice="N-1", message_id=SENDING.message_id, at=NOON)
    assert findings(tmp_path / "a", [refused("N-1"), SENDING, unsent]) == []
    again = findings(tmp_path / "b", [refused("N-1"), SENDING, unsent, SENDING])
    assert [finding.partition(":")[0] for finding in again] == ["record 7"]
