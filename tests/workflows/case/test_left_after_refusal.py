"""A case says of itself when something left it that an approver had refused before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.lists import MANDATE
from tests.nights import REFERRAL
from tests.projections.test_courses import NOTICE
from tests.workflows.case.test_close_and_verify import CLOCK, NOON, store_of, verified

from cautery.model import Notice, Referral, digest_of
from cautery.model.ledger import append
from cautery.model.records import (
    ActRefused,
    CaseOpened,
    ListSent,
    NoticeSending,
    NoticeUnsent,
    ReferralPublished,
)
from cautery.model.records.acting import Effect
from cautery.model.records.noticing import SendMeans
from cautery.projections.refusals import text_signed
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case

DIGEST = digest_of(b"x")
PUBLISHED = ReferralPublished(referral=REFERRAL.id, intermediary="Example ISP", at=NOON)
LISTED = ListSent(
    intermediary="Example ISP",
    list="L",
    version=2,
    digest=DIGEST,
    referrals=("R-0", REFERRAL.id),
    withdrawn=(),
    exhibit=DIGEST,
    effect=Effect.APPLIED,
    applied_at=None,
    reason=None,
    refused=(),
    at=NOON,
)
SENDING = NoticeSending(
    notice=NOTICE.id,
    means=SendMeans.MAIL,
    to="abuse@host.example",
    message_id="<1@x>",
    by="A. Legal",
    exhibit=DIGEST,
    reminder=False,
    at=NOON,
)


def refused(act: Referral | Notice, by: str = "B") -> ActRefused:
    return ActRefused(id=act.id, subject=text_signed(act, MANDATE), by=by, why="too wide", at=NOON)


def findings(folder: Path, records: Sequence[object]) -> list[str]:
    case = open_case(folder / "case", store=store_of(folder), clock=CLOCK)
    opened = CaseOpened(mandate=MANDATE, version="", lab=True, key=str(case.signer.key))
    for second, record in enumerate((opened, REFERRAL, NOTICE, *records)):
        append(case.ledger, record, at=NOON + timedelta(seconds=second))
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOON + timedelta(minutes=1))
    return [finding for finding in verified(folder / "case").findings if "refused" in finding]


@pytest.mark.parametrize(
    ("act", "leaving", "how"),
    [
        (REFERRAL, PUBLISHED, "was published to Example ISP"),
        (REFERRAL, LISTED, "was on a list sent to Example ISP"),
        (NOTICE, SENDING, "was sent to abuse@host.example"),
    ],
)
def test_verify_names_what_left_after_it_was_refused(
    tmp_path: Path, act: Referral | Notice, leaving: object, how: str
) -> None:
    [finding] = findings(tmp_path, [refused(act), leaving, leaving])
    assert finding == (
        f"record 4: {act.id} {how}, although record 3 says that B had refused it before"
    )


def test_verify_heeds_no_refusal_by_a_stranger_or_of_another_text(tmp_path: Path) -> None:
    forged = (refused(REFERRAL, by="Nobody"), replace(refused(REFERRAL), subject=DIGEST))
    assert findings(tmp_path, [*forged, PUBLISHED, LISTED]) == []


def test_a_refusal_of_what_has_left_says_nothing_of_it(tmp_path: Path) -> None:
    assert (
        findings(tmp_path, [PUBLISHED, SENDING, refused(REFERRAL), refused(NOTICE), LISTED]) == []
    )


def test_what_was_about_to_leave_and_did_not_has_not_left(tmp_path: Path) -> None:
    unsent = NoticeUnsent(notice=NOTICE.id, message_id=SENDING.message_id, at=NOON)
    assert findings(tmp_path / "a", [refused(NOTICE), SENDING, unsent]) == []
    again = findings(tmp_path / "b", [refused(NOTICE), SENDING, unsent, SENDING])
    assert [finding.partition(":")[0] for finding in again] == ["record 6"]
